// Updates that grew out of Adam and RMSProp: AMSGrad, NAdam and RAdam, Lion, RMSProp about the mean. As in optimizer.ts: one pass over
// parameters p, their gradients g and the method's state, numbers that are the same for all elements worked out once in float64.
import { double, lanes, loadPart, setDouble, storePart } from "./lanes";
import { average, CHEAP, COSTLY, decayed, number, update } from "./optimizer-stretch";
import { TASK_ARGUMENTS } from "./parallel";

/** The next vector of n elements that are left, zeros after the last. */
// @ts-ignore: decorator
@inline
function take<T>(pointer: usize, n: i32): v128 {
  return n >= lanes<T>() ? v128.load(pointer) : loadPart<T>(pointer, n);
}

// @ts-ignore: decorator
@inline
function put<T>(pointer: usize, value: v128, n: i32): void {
  if (n >= lanes<T>()) v128.store(pointer, value);
  else storePart<T>(pointer, value, n);
}

// ---- AMSGrad: Adam whose divisor is the largest running mean of g^2 so far, w. Row loops have four arrays: w lies as many bytes
// behind v for every element, and the doubles tell how many.

// @ts-ignore: decorator
@inline
function amsGradLoop<T>(decoupled: bool, p: usize, g: usize, m: usize, v: usize, n: i32): void {
  const decays = double(TASK_ARGUMENTS, 0) != 0;
  const decay = number<T>(0);
  const rate = number<T>(1);
  const epsilon = number<T>(2);
  const kept1 = number<T>(3);
  const fresh1 = number<T>(4);
  const kept2 = number<T>(5);
  const fresh2 = number<T>(6);
  const correction = number<T>(7);
  let w = <usize>(<i64>v + <i64>double(TASK_ARGUMENTS, 8));
  for (; n > 0; n -= lanes<T>()) {
    let x = take<T>(p, n);
    const gradient = decayed<T>(take<T>(g, n), x, !decoupled && decays, decay);
    if (decoupled) x = v128.mul<T>(x, decay);
    const mean = average<T>(take<T>(m, n), kept1, gradient, fresh1);
    const squares = average<T>(take<T>(v, n), kept2, v128.mul<T>(gradient, gradient), fresh2);
    const largest = v128.max<T>(take<T>(w, n), squares);
    put<T>(m, mean, n);
    put<T>(v, squares, n);
    put<T>(w, largest, n);
    const change = v128.div<T>(mean, v128.add<T>(v128.mul<T>(v128.sqrt<T>(largest), correction), epsilon));
    put<T>(p, v128.sub<T>(x, v128.mul<T>(rate, change)), n);
    p += 16;
    g += 16;
    m += 16;
    v += 16;
    w += 16;
  }
}

/** Every number of AMSGrad but the weight decay. */
function setAmsGrad(
  apart: f64, rate: f64, beta1: f64, beta2: f64, epsilon: f64, correction1: f64, correction2: f64,
): void {
  setDouble(1, rate / correction1);
  setDouble(2, epsilon);
  setDouble(3, beta1);
  setDouble(4, 1 - beta1);
  setDouble(5, beta2);
  setDouble(6, 1 - beta2);
  setDouble(7, 1 / sqrt(correction2));
  setDouble(8, apart);
}

// ---- Adam with two rates: p -= (gradientRate * g + meanRate * m) / (correction * sqrt(v) + epsilon). NAdam mixes the gradient in;
// RAdam leaves it out, and at first, with correction 0 and epsilon 1, the divisor too.

// @ts-ignore: decorator
@inline
function mixedAdamLoop<T>(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  const decays = double(TASK_ARGUMENTS, 0) != 0;
  const decay = number<T>(0);
  const gradientRate = number<T>(1);
  const meanRate = number<T>(2);
  const kept1 = number<T>(3);
  const fresh1 = number<T>(4);
  const kept2 = number<T>(5);
  const fresh2 = number<T>(6);
  const epsilon = number<T>(7);
  const correction = number<T>(8);
  for (; n > 0; n -= lanes<T>()) {
    const x = take<T>(p, n);
    const gradient = decayed<T>(take<T>(g, n), x, decays, decay);
    const mean = average<T>(take<T>(m, n), kept1, gradient, fresh1);
    const squares = average<T>(take<T>(v, n), kept2, v128.mul<T>(gradient, gradient), fresh2);
    put<T>(m, mean, n);
    put<T>(v, squares, n);
    const mixed = v128.add<T>(v128.mul<T>(gradientRate, gradient), v128.mul<T>(meanRate, mean));
    const change = v128.div<T>(mixed, v128.add<T>(v128.mul<T>(v128.sqrt<T>(squares), correction), epsilon));
    put<T>(p, v128.sub<T>(x, change), n);
    p += 16;
    g += 16;
    m += 16;
    v += 16;
  }
}

// ---- Lion: c = beta1 m + (1 - beta1) g, m = beta2 m + (1 - beta2) g, p = p - rate sign(c), after p has shrunk by its factor

// @ts-ignore: decorator
@inline
function lionLoop<T>(p: usize, g: usize, m: usize, n: i32): void {
  const factor = number<T>(0);
  const rate = number<T>(1);
  const kept1 = number<T>(2);
  const fresh1 = number<T>(3);
  const kept2 = number<T>(4);
  const fresh2 = number<T>(5);
  const zero = v128.splat<T>(<T>0);
  const signBit = v128.splat<T>(<T>-0.0);
  for (; n > 0; n -= lanes<T>()) {
    const x = v128.mul<T>(take<T>(p, n), factor);
    const gradient = take<T>(g, n);
    const before = take<T>(m, n);
    const direction = average<T>(before, kept1, gradient, fresh1);
    put<T>(m, average<T>(before, kept2, gradient, fresh2), n);
    // The rate with the direction's sign, 0 for 0; a NaN stays one.
    const signed = v128.or(rate, v128.and(direction, signBit));
    const step = v128.and(signed, v128.ne<T>(direction, zero));
    const nan = v128.ne<T>(direction, direction);
    put<T>(p, v128.sub<T>(x, v128.bitselect(direction, step, nan)), n);
    p += 16;
    g += 16;
    m += 16;
  }
}

// ---- RMSProp about the mean: h and a are the running means of g^2 and g; p -= rate * g / (sqrt(h - a^2) + epsilon)

// @ts-ignore: decorator
@inline
function centredLoop<T>(p: usize, g: usize, h: usize, a: usize, n: i32): void {
  const decays = double(TASK_ARGUMENTS, 0) != 0;
  const decay = number<T>(0);
  const rate = number<T>(1);
  const epsilon = number<T>(2);
  const kept = number<T>(3);
  const fresh = number<T>(4);
  const zero = v128.splat<T>(<T>0);
  for (; n > 0; n -= lanes<T>()) {
    const x = take<T>(p, n);
    const gradient = decayed<T>(take<T>(g, n), x, decays, decay);
    const squares = average<T>(take<T>(h, n), kept, v128.mul<T>(gradient, gradient), fresh);
    const mean = average<T>(take<T>(a, n), kept, gradient, fresh);
    put<T>(h, squares, n);
    put<T>(a, mean, n);
    // Rounding can take a variance of nearly 0 below it.
    const variance = v128.max<T>(v128.sub<T>(squares, v128.mul<T>(mean, mean)), zero);
    const change = v128.div<T>(gradient, v128.add<T>(v128.sqrt<T>(variance), epsilon));
    put<T>(p, v128.sub<T>(x, v128.mul<T>(rate, change)), n);
    p += 16;
    g += 16;
    h += 16;
    a += 16;
  }
}

// ---- What the engine calls

function amsGradRow_f32(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  amsGradLoop<f32>(false, p, g, m, v, n);
}
export function amsGrad_f32(
  p: usize, g: usize, m: usize, v: usize, w: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction1: f64, correction2: f64,
): void {
  setDouble(0, weightDecay);
  setAmsGrad(<f64>(<i64>w - <i64>v), learningRate, beta1, beta2, epsilon, correction1, correction2);
  update<f32>(amsGradRow_f32, COSTLY, p, g, m, v, n);
}

function amsGradWRow_f32(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  amsGradLoop<f32>(true, p, g, m, v, n);
}
export function amsGradW_f32(
  p: usize, g: usize, m: usize, v: usize, w: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction1: f64, correction2: f64,
): void {
  setDouble(0, 1 - learningRate * weightDecay);
  setAmsGrad(<f64>(<i64>w - <i64>v), learningRate, beta1, beta2, epsilon, correction1, correction2);
  update<f32>(amsGradWRow_f32, COSTLY, p, g, m, v, n);
}

function mixedAdamRow_f32(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  mixedAdamLoop<f32>(p, g, m, v, n);
}
export function mixedAdam_f32(
  p: usize, g: usize, m: usize, v: usize, n: i32, gradientRate: f64, meanRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, gradientRate);
  setDouble(2, meanRate);
  setDouble(3, beta1);
  setDouble(4, 1 - beta1);
  setDouble(5, beta2);
  setDouble(6, 1 - beta2);
  setDouble(7, epsilon);
  setDouble(8, correction);
  update<f32>(mixedAdamRow_f32, COSTLY, p, g, m, v, n);
}

function lionRow_f32(p: usize, g: usize, m: usize, _d: usize, n: i32): void {
  lionLoop<f32>(p, g, m, n);
}
export function lion_f32(
  p: usize, g: usize, m: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, weightDecay: f64,
): void {
  setDouble(0, 1 - learningRate * weightDecay);
  setDouble(1, learningRate);
  setDouble(2, beta1);
  setDouble(3, 1 - beta1);
  setDouble(4, beta2);
  setDouble(5, 1 - beta2);
  update<f32>(lionRow_f32, CHEAP, p, g, m, 0, n);
}

function centredRmsPropRow_f32(p: usize, g: usize, h: usize, a: usize, n: i32): void {
  centredLoop<f32>(p, g, h, a, n);
}
export function centredRmsProp_f32(
  p: usize, g: usize, h: usize, a: usize, n: i32, learningRate: f64, decay: f64, epsilon: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, epsilon);
  setDouble(3, decay);
  setDouble(4, 1 - decay);
  update<f32>(centredRmsPropRow_f32, COSTLY, p, g, h, a, n);
}

function amsGradRow_f64(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  amsGradLoop<f64>(false, p, g, m, v, n);
}
export function amsGrad_f64(
  p: usize, g: usize, m: usize, v: usize, w: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction1: f64, correction2: f64,
): void {
  setDouble(0, weightDecay);
  setAmsGrad(<f64>(<i64>w - <i64>v), learningRate, beta1, beta2, epsilon, correction1, correction2);
  update<f64>(amsGradRow_f64, COSTLY, p, g, m, v, n);
}

function amsGradWRow_f64(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  amsGradLoop<f64>(true, p, g, m, v, n);
}
export function amsGradW_f64(
  p: usize, g: usize, m: usize, v: usize, w: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction1: f64, correction2: f64,
): void {
  setDouble(0, 1 - learningRate * weightDecay);
  setAmsGrad(<f64>(<i64>w - <i64>v), learningRate, beta1, beta2, epsilon, correction1, correction2);
  update<f64>(amsGradWRow_f64, COSTLY, p, g, m, v, n);
}

function mixedAdamRow_f64(p: usize, g: usize, m: usize, v: usize, n: i32): void {
  mixedAdamLoop<f64>(p, g, m, v, n);
}
export function mixedAdam_f64(
  p: usize, g: usize, m: usize, v: usize, n: i32, gradientRate: f64, meanRate: f64, beta1: f64, beta2: f64, epsilon: f64,
  weightDecay: f64, correction: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, gradientRate);
  setDouble(2, meanRate);
  setDouble(3, beta1);
  setDouble(4, 1 - beta1);
  setDouble(5, beta2);
  setDouble(6, 1 - beta2);
  setDouble(7, epsilon);
  setDouble(8, correction);
  update<f64>(mixedAdamRow_f64, COSTLY, p, g, m, v, n);
}

function lionRow_f64(p: usize, g: usize, m: usize, _d: usize, n: i32): void {
  lionLoop<f64>(p, g, m, n);
}
export function lion_f64(
  p: usize, g: usize, m: usize, n: i32, learningRate: f64, beta1: f64, beta2: f64, weightDecay: f64,
): void {
  setDouble(0, 1 - learningRate * weightDecay);
  setDouble(1, learningRate);
  setDouble(2, beta1);
  setDouble(3, 1 - beta1);
  setDouble(4, beta2);
  setDouble(5, 1 - beta2);
  update<f64>(lionRow_f64, CHEAP, p, g, m, 0, n);
}

function centredRmsPropRow_f64(p: usize, g: usize, h: usize, a: usize, n: i32): void {
  centredLoop<f64>(p, g, h, a, n);
}
export function centredRmsProp_f64(
  p: usize, g: usize, h: usize, a: usize, n: i32, learningRate: f64, decay: f64, epsilon: f64, weightDecay: f64,
): void {
  setDouble(0, weightDecay);
  setDouble(1, learningRate);
  setDouble(2, epsilon);
  setDouble(3, decay);
  setDouble(4, 1 - decay);
  update<f64>(centredRmsPropRow_f64, COSTLY, p, g, h, a, n);
}
