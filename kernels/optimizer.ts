// Optimiser updates, each one pass over contiguous parameters p, their gradients g and the method's state.
// Formulas as PyTorch computes them. Numbers that are the same for all elements are worked out once, in float64, and
// rounded to the type. Weight decay adds weightDecay * p to the gradient, except in AdamW.
import { double, setDouble } from "./lanes";
import { average, CHEAP, COSTLY, gradientOf, number, padded, update } from "./optimizer-stretch";
import { TASK_ARGUMENTS } from "./parallel";
import { Row } from "./split";

// ---- Gradient descent: p -= rate * g

// @ts-ignore: decorator
@inline
function sgdLoop<T>(row: Row, p: usize, g: usize, n: i32): void {
  const decay = number<T>(0);
  const rate = number<T>(1);
  for (; n >= 16 / sizeof<T>(); n -= 16 / sizeof<T>()) {
    const x = v128.load(p);
    v128.store(p, v128.sub<T>(x, v128.mul<T>(rate, gradientOf<T>(g, x, true, decay))));
    p += 16;
    g += 16;
  }
  if (n > 0) padded(row, sizeof<T>(), p, g, 0, 0, n);
}

// ---- Momentum: v = momentum * v + g; p -= rate * v. Nesterov: p -= rate * (g + momentum * v)

// @ts-ignore: decorator
@inline
function momentumLoop<T>(nesterov: bool, row: Row, p: usize, g: usize, v: usize, n: i32): void {
  const decays = double(TASK_ARGUMENTS, 0) != 0;
  const decay = number<T>(0);
  const rate = number<T>(1);
  const momentum = number<T>(2);
  for (; n >= 16 / sizeof<T>(); n -= 16 / sizeof<T>()) {
    const x = v128.load(p);
    const gradient = gradientOf<T>(g, x, decays, decay);
    const velocity = v128.add<T>(v128.mul<T>(momentum, v128.load(v)), gradient);
    v128.store(v, velocity);
    const change = nesterov ? v128.add<T>(gradient, v128.mul<T>(momentum, velocity)) : velocity;
    v128.store(p, v128.sub<T>(x, v128.mul<T>(rate, change)));
    p += 16;
    g += 16;
    v += 16;
  }
  if (n > 0) padded(row, sizeof<T>(), p, g, v, 0, n);
}

// ---- AdaGrad: h += g^2; RMSProp: h = decay * h + (1 - decay) * g^2; both: p -= rate * g / (sqrt(h) + epsilon)

// @ts-ignore: decorator
@inline
function squaresLoop<T>(forgets: bool, row: Row, p: usize, g: usize, h: usize, n: i32): void {
  const decays = double(TASK_ARGUMENTS, 0) != 0;
  const decay = number<T>(0);
  const rate = number<T>(1);
  const epsilon = number<T>(2);
  const kept = number<T>(3);
  const fresh = number<T>(4);
  for (; n >= 16 / sizeof<T>(); n -= 16 / sizeof<T>()) {
    const x = v128.load(p);
    const gradient = gradientOf<T>(g, x, decays, decay);
    const square = v128.mul<T>(gradient, gradient);
    const before = v128.load(h);
    const squares = forgets ? average<T>(before, kept, square, fresh) : v128.add<T>(before, square);
    v128.store(h, squares);
    const change = v128.div<T>(gradient, v128.add<T>(v128.sqrt<T>(squares), epsilon));
    v128.store(p, v128.sub<T>(x, v128.mul<T>(rate, change)));
    p += 16;
    g += 16;
    h += 16;
  }
  if (n > 0) padded(row, sizeof<T>(), p, g, h, 0, n);
}

// ---- AdaDelta: the change is sqrt(d + epsilon) / sqrt(h + epsilon) * g, with running means h of g^2, d of its square

// @ts-ignore: decorator
@inline
function adaDeltaLoop<T>(row: Row, p: usize, g: usize, h: usize, d: usize, n: i32): void {
  const decays = double(TASK_ARGUMENTS, 0) != 0;
  const decay = number<T>(0);
  const rate = number<T>(1);
  const epsilon = number<T>(2);
  const kept = number<T>(3);
  const fresh = number<T>(4);
  for (; n >= 16 / sizeof<T>(); n -= 16 / sizeof<T>()) {
    const x = v128.load(p);
    const gradient = gradientOf<T>(g, x, decays, decay);
    const squares = average<T>(v128.load(h), kept, v128.mul<T>(gradient, gradient), fresh);
    v128.store(h, squares);
    const before = v128.load(d);
    const scale = v128.div<T>(v128.sqrt<T>(v128.add<T>(before, epsilon)), v128.sqrt<T>(v128.add<T>(squares, epsilon)));
    const change = v128.mul<T>(scale, gradient);
    v128.store(d, average<T>(before, kept, v128.mul<T>(change, change), fresh));
    v128.store(p, v128.sub<T>(x, v128.mul<T>(rate, change)));
    p += 16;
    g += 16;
    h += 16;
    d += 16;
  }
  if (n > 0) padded(row, sizeof<T>(), p, g, h, d, n);
}

// ---- Adam: m and v are the running means of g and g^2, divided by their corrections 1 - beta^t;
// p -= rate * m / (sqrt(v) + epsilon). AdamW shrinks p by rate * weightDecay beforehand instead of adding to g.

// @ts-ignore: decorator
@inline
function adamLoop<T>(decoupled: bool, row: Row, p: usize, g: usize, m: usize, v: usize, n: i32): void {
  const decays = double(TASK_ARGUMENTS, 0) != 0;
  const decay = number<T>(0);
  const rate = number<T>(1);
  const epsilon = number<T>(2);
  const kept1 = number<T>(3);
  const fresh1 = number<T>(4);
  const kept2 = number<T>(5);
  const fresh2 = number<T>(6);
  const correction = number<T>(7);
  for (; n >= 16 / sizeof<T>(); n -= 16 / sizeof<T>()) {
    let x = v128.load(p);
    const gradient = decoupled ? v128.load(g) : gradientOf<T>(g, x, decays, decay);
    if (decoupled) x = v128.mul<T>(x, decay);
    const mean = average<T>(v128.load(m), kept1, gradient, fresh1);
    const squares = average<T>(v128.load(v), kept2, v128.mul<T>(gradient, gradient), fresh2);
    v128.store(m, mean);
    v128.store(v, squares);
    const change = v128.div<T>(mean, v128.add<T>(v128.mul<T>(v128.sqrt<T>(squares), correction), epsilon));
    v128.store(p, v128.sub<T>(x, v128.mul<T>(rate, change)));
    p += 16;
    g += 16;
    m += 16;
    v += 16;
  }
  if (n > 0) padded(row, sizeof<T>(), p, g, m, v, n);
}

/** Adam's numbers from the second on: the corrections go into the step's size and the factor of sqrt(v). */
function setAdam(rate: f64, beta1: f64, beta2: f64, epsilon: f64, correction1: f64, correction2: f64): void {
  setDouble(1, rate / correction1);
  setDouble(2, epsilon);
  setDouble(3, beta1);
  setDouble(4, 1 - beta1);
  setDouble(5, beta2);
  setDouble(6, 1 - beta2);
  setDouble(7, 1 / sqrt(correction2));
}

// ---- Changes of gradients and parameters alone

/** Within [-limit, limit]; the order of the operands lets NaN pass. */
// @ts-ignore: decorator
@inline
function clipLoop<T>(row: Row, x: usize, n: i32): void {
  const high = number<T>(0);
  const low = v128.neg<T>(high);
  for (; n >= 16 / sizeof<T>(); n -= 16 / sizeof<T>()) {
    v128.store(x, v128.pmax<T>(v128.pmin<T>(v128.load(x), high), low));
    x += 16;
  }
  if (n > 0) padded(row, sizeof<T>(), x, 0, 0, 0, n);
}

// @ts-ignore: decorator
@inline
function scaleLoop<T>(row: Row, x: usize, n: i32): void {
  const factor = number<T>(0);
  for (; n >= 16 / sizeof<T>(); n -= 16 / sizeof<T>()) {
    v128.store(x, v128.mul<T>(v128.load(x), factor));
    x += 16;
  }
  if (n > 0) padded(row, sizeof<T>(), x, 0, 0, 0, n);
}

// @ts-ignore: decorator
@inline
function axpyLoop<T>(row: Row, y: usize, x: usize, n: i32): void {
  const factor = number<T>(0);
  // Four vectors a round take a quarter less time: a round of one is mostly its own counting.
  for (; n >= 64 / sizeof<T>(); n -= 64 / sizeof<T>()) {
    const x0 = v128.load(x), x1 = v128.load(x, 16), x2 = v128.load(x, 32), x3 = v128.load(x, 48);
    const y0 = v128.load(y), y1 = v128.load(y, 16), y2 = v128.load(y, 32), y3 = v128.load(y, 48);
    v128.store(y, v128.add<T>(y0, v128.mul<T>(factor, x0)));
    v128.store(y, v128.add<T>(y1, v128.mul<T>(factor, x1)), 16);
    v128.store(y, v128.add<T>(y2, v128.mul<T>(factor, x2)), 32);
    v128.store(y, v128.add<T>(y3, v128.mul<T>(factor, x3)), 48);
    y += 64;
    x += 64;
  }
  for (; n >= 16 / sizeof<T>(); n -= 16 / sizeof<T>()) {
    v128.store(y, v128.add<T>(v128.load(y), v128.mul<T>(factor, v128.load(x))));
    y += 16;
    x += 16;
  }
  if (n > 0) padded(row, sizeof<T>(), y, x, 0, 0, n);
}

/** x - amount * sign(x), with sign(0) = 0. */
// @ts-ignore: decorator
@inline
function shrinkLoop<T>(row: Row, x: usize, n: i32): void {
  const amount = number<T>(0);
  const signBit = v128.splat<T>(<T>-0.0);
  for (; n >= 16 / sizeof<T>(); n -= 16 / sizeof<T>()) {
    const value = v128.load(x);
    const signed = v128.xor(amount, v128.and(value, signBit));
    v128.store(x, v128.sub<T>(value, v128.and(signed, v128.ne<T>(value, v128.splat<T>(<T>0)))));
    x += 16;
  }
  if (n > 0) padded(row, sizeof<T>(), x, 0, 0, 0, n);
}

// ---- What the engine calls

function sgdRow_f32(p: usize, g: usize, _c: usize, _d: usize, n: i32): void {
  sgdLoop<f32>(sgdRow_f32, p, g, n);
}
export function sgd_f32(p: usize, g: usize, n: i32, learningRate: f64, weightDecay: f64): void {
  if (weightDecay == 0) {
    axpy_f32(p, g, n, -learningRate);
    return;
  }
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  update<f32>(sgdRow_f32, CHEAP, p, g, 0, 0, n);
}

function momentumRow_f32(p: usize, g: usize, v: usize, _d: usize, n: i32): void {
  momentumLoop<f32>(false, momentumRow_f32, p, g, v, n);
}
export function momentum_f32(
  p: usize, g: usize, v: usize, n: i32, learningRate: f64, momentum: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, momentum);
  update<f32>(momentumRow_f32, CHEAP, p, g, v, 0, n);
}

function nesterovRow_f32(p: usize, g: usize, v: usize, _d: usize, n: i32): void {
  momentumLoop<f32>(true, nesterovRow_f32, p, g, v, n);
}
export function nesterov_f32(
  p: usize, g: usize, v: usize, n: i32, learningRate: f64, momentum: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, momentum);
  update<f32>(nesterovRow_f32, CHEAP, p, g, v, 0, n);
}

function adaGradRow_f32(p: usize, g: usize, h: usize, _d: usize, n: i32): void {
  squaresLoop<f32>(false, adaGradRow_f32, p, g, h, n);
}
export function adaGrad_f32(
  p: usize, g: usize, h: usize, n: i32, learningRate: f64, epsilon: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, epsilon);
  update<f32>(adaGradRow_f32, COSTLY, p, g, h, 0, n);
}

function rmsPropRow_f32(p: usize, g: usize, h: usize, _d: usize, n: i32): void {
  squaresLoop<f32>(true, rmsPropRow_f32, p, g, h, n);
}
export function rmsProp_f32(
  p: usize, g: usize, h: usize, n: i32, learningRate: f64, decay: f64, epsilon: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, epsilon);
  setDouble(3, decay);
  setDouble(4, 1 - decay);
  update<f32>(rmsPropRow_f32, COSTLY, p, g, h, 0, n);
}

function adaDeltaRow_f32(p: usize, g: usize, h: usize, d: usize, n: i32): void {
  adaDeltaLoop<f32>(adaDeltaRow_f32, p, g, h, d, n);
}
export function adaDelta_f32(
  p: usize, g: usize, h: usize, d: usize, n: i32, learningRate: f64, decay: f64, epsilon: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, epsilon);
  setDouble(3, decay);
  setDouble(4, 1 - decay);
  update<f32>(adaDeltaRow_f32, COSTLY, p, g, h, d, n);
}

function adamRow_f32(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  adamLoop<f32>(false, adamRow_f32, p, g, m, v, n);
}
export function adam_f32(
  p: usize, g: usize, m: usize, v: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction1: f64, correction2: f64,
): void {
  setDouble(0, weightDecay);
  setAdam(learningRate, beta1, beta2, epsilon, correction1, correction2);
  update<f32>(adamRow_f32, COSTLY, p, g, m, v, n);
}

function adamWRow_f32(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  adamLoop<f32>(true, adamWRow_f32, p, g, m, v, n);
}
export function adamW_f32(
  p: usize, g: usize, m: usize, v: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction1: f64, correction2: f64,
): void {
  setDouble(0, 1 - learningRate * weightDecay);
  setAdam(learningRate, beta1, beta2, epsilon, correction1, correction2);
  update<f32>(adamWRow_f32, COSTLY, p, g, m, v, n);
}

function clipRow_f32(x: usize, _b: usize, _c: usize, _d: usize, n: i32): void {
  clipLoop<f32>(clipRow_f32, x, n);
}
export function clipValue_f32(g: usize, n: i32, limit: f64): void {
  setDouble(0, limit);
  update<f32>(clipRow_f32, CHEAP, g, 0, 0, 0, n);
}

function scaleRow_f32(x: usize, _b: usize, _c: usize, _d: usize, n: i32): void {
  scaleLoop<f32>(scaleRow_f32, x, n);
}
export function scale_f32(g: usize, n: i32, factor: f64): void {
  setDouble(0, factor);
  update<f32>(scaleRow_f32, CHEAP, g, 0, 0, 0, n);
}

function axpyRow_f32(y: usize, x: usize, _c: usize, _d: usize, n: i32): void {
  axpyLoop<f32>(axpyRow_f32, y, x, n);
}
/** y += factor * x. */
export function axpy_f32(y: usize, x: usize, n: i32, factor: f64): void {
  setDouble(0, factor);
  update<f32>(axpyRow_f32, CHEAP, y, x, 0, 0, n);
}

function shrinkRow_f32(x: usize, _b: usize, _c: usize, _d: usize, n: i32): void {
  shrinkLoop<f32>(shrinkRow_f32, x, n);
}
export function shrink_f32(p: usize, n: i32, amount: f64): void {
  setDouble(0, amount);
  update<f32>(shrinkRow_f32, CHEAP, p, 0, 0, 0, n);
}

function sgdRow_f64(p: usize, g: usize, _c: usize, _d: usize, n: i32): void {
  sgdLoop<f64>(sgdRow_f64, p, g, n);
}
export function sgd_f64(p: usize, g: usize, n: i32, learningRate: f64, weightDecay: f64): void {
  if (weightDecay == 0) {
    axpy_f64(p, g, n, -learningRate);
    return;
  }
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  update<f64>(sgdRow_f64, CHEAP, p, g, 0, 0, n);
}

function momentumRow_f64(p: usize, g: usize, v: usize, _d: usize, n: i32): void {
  momentumLoop<f64>(false, momentumRow_f64, p, g, v, n);
}
export function momentum_f64(
  p: usize, g: usize, v: usize, n: i32, learningRate: f64, momentum: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, momentum);
  update<f64>(momentumRow_f64, CHEAP, p, g, v, 0, n);
}

function nesterovRow_f64(p: usize, g: usize, v: usize, _d: usize, n: i32): void {
  momentumLoop<f64>(true, nesterovRow_f64, p, g, v, n);
}
export function nesterov_f64(
  p: usize, g: usize, v: usize, n: i32, learningRate: f64, momentum: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, momentum);
  update<f64>(nesterovRow_f64, CHEAP, p, g, v, 0, n);
}

function adaGradRow_f64(p: usize, g: usize, h: usize, _d: usize, n: i32): void {
  squaresLoop<f64>(false, adaGradRow_f64, p, g, h, n);
}
export function adaGrad_f64(
  p: usize, g: usize, h: usize, n: i32, learningRate: f64, epsilon: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, epsilon);
  update<f64>(adaGradRow_f64, COSTLY, p, g, h, 0, n);
}

function rmsPropRow_f64(p: usize, g: usize, h: usize, _d: usize, n: i32): void {
  squaresLoop<f64>(true, rmsPropRow_f64, p, g, h, n);
}
export function rmsProp_f64(
  p: usize, g: usize, h: usize, n: i32, learningRate: f64, decay: f64, epsilon: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, epsilon);
  setDouble(3, decay);
  setDouble(4, 1 - decay);
  update<f64>(rmsPropRow_f64, COSTLY, p, g, h, 0, n);
}

function adaDeltaRow_f64(p: usize, g: usize, h: usize, d: usize, n: i32): void {
  adaDeltaLoop<f64>(adaDeltaRow_f64, p, g, h, d, n);
}
export function adaDelta_f64(
  p: usize, g: usize, h: usize, d: usize, n: i32, learningRate: f64, decay: f64, epsilon: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, epsilon);
  setDouble(3, decay);
  setDouble(4, 1 - decay);
  update<f64>(adaDeltaRow_f64, COSTLY, p, g, h, d, n);
}

function adamRow_f64(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  adamLoop<f64>(false, adamRow_f64, p, g, m, v, n);
}
export function adam_f64(
  p: usize, g: usize, m: usize, v: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction1: f64, correction2: f64,
): void {
  setDouble(0, weightDecay);
  setAdam(learningRate, beta1, beta2, epsilon, correction1, correction2);
  update<f64>(adamRow_f64, COSTLY, p, g, m, v, n);
}

function adamWRow_f64(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  adamLoop<f64>(true, adamWRow_f64, p, g, m, v, n);
}
export function adamW_f64(
  p: usize, g: usize, m: usize, v: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction1: f64, correction2: f64,
): void {
  setDouble(0, 1 - learningRate * weightDecay);
  setAdam(learningRate, beta1, beta2, epsilon, correction1, correction2);
  update<f64>(adamWRow_f64, COSTLY, p, g, m, v, n);
}

function clipRow_f64(x: usize, _b: usize, _c: usize, _d: usize, n: i32): void {
  clipLoop<f64>(clipRow_f64, x, n);
}
export function clipValue_f64(g: usize, n: i32, limit: f64): void {
  setDouble(0, limit);
  update<f64>(clipRow_f64, CHEAP, g, 0, 0, 0, n);
}

function scaleRow_f64(x: usize, _b: usize, _c: usize, _d: usize, n: i32): void {
  scaleLoop<f64>(scaleRow_f64, x, n);
}
export function scale_f64(g: usize, n: i32, factor: f64): void {
  setDouble(0, factor);
  update<f64>(scaleRow_f64, CHEAP, g, 0, 0, 0, n);
}

function axpyRow_f64(y: usize, x: usize, _c: usize, _d: usize, n: i32): void {
  axpyLoop<f64>(axpyRow_f64, y, x, n);
}
/** y += factor * x. */
export function axpy_f64(y: usize, x: usize, n: i32, factor: f64): void {
  setDouble(0, factor);
  update<f64>(axpyRow_f64, CHEAP, y, x, 0, 0, n);
}

function shrinkRow_f64(x: usize, _b: usize, _c: usize, _d: usize, n: i32): void {
  shrinkLoop<f64>(shrinkRow_f64, x, n);
}
export function shrink_f64(p: usize, n: i32, amount: f64): void {
  setDouble(0, amount);
  update<f64>(shrinkRow_f64, CHEAP, p, 0, 0, 0, n);
}
