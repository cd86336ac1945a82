// Softmax along rows of contiguous [rows, n], its logarithm, and the cross-entropies that are fused with it.
// With the row's largest element m, softmax is e^(x - m) / s and s = sum of e^(x - m): nothing overflows, and s >= 1.
// A row with NaN or +inf, or with -inf only, comes out as NaN.
import { loadPart, setWord, storePart, word } from "./lanes";
import { exp_v32, softplus_v32 } from "./math32";
import { exp_v64, log_v64, softplus_v64 } from "./math64";
import { parallelFor, Task, TASK_ARGUMENTS } from "./parallel";
import { split } from "./split";

/** Elements that a thread takes at once; four such portions are worth waking the others. */
const GRAIN = 4096;

/** Vectors that are added in the type's own precision before float64 takes over. */
const BLOCK = 64;

// ---- Parts of a row

// @ts-ignore: decorator
@inline
function exponential<T>(x: v128): v128 {
  return sizeof<T>() == 4 ? exp_v32(x) : exp_v64(x);
}

/** A vector from a row of which n elements are left. */
// @ts-ignore: decorator
@inline
function loadRest<T>(x: usize, n: i32): v128 {
  return n >= 16 / sizeof<T>() ? v128.load(x) : loadPart<T>(x, n);
}

// @ts-ignore: decorator
@inline
function storeRest<T>(out: usize, value: v128, n: i32): void {
  if (n >= 16 / sizeof<T>()) v128.store(out, value);
  else storePart<T>(out, value, n);
}

/** Keeps the lanes that belong to the n elements left and sets the others to 0. */
// @ts-ignore: decorator
@inline
function keepRest<T>(value: v128, n: i32): v128 {
  if (n >= 16 / sizeof<T>()) return value;
  if (sizeof<T>() == 8) return v128.and(value, i64x2(-1, 0));
  return v128.and(value, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(n)));
}

/** The sum of a vector's lanes in float64. */
// @ts-ignore: decorator
@inline
function laneSum<T>(value: v128): f64 {
  if (sizeof<T>() == 8) return f64x2.extract_lane(value, 0) + f64x2.extract_lane(value, 1);
  const low = f64x2.promote_low_f32x4(value);
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(value, value, 1, 1));
  const pairs = f64x2.add(low, high);
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
}

/** The largest element; NaN is passed over, as it shows in the exponentials. */
// @ts-ignore: decorator
@inline
function rowMaximum<T>(x: usize, n: i32): T {
  const count = 16 / sizeof<T>();
  let m0 = v128.splat<T>(<T>-Infinity);
  let m1 = m0;
  let m2 = m0;
  let m3 = m0;
  for (; n >= 4 * count; n -= 4 * count) {
    m0 = v128.pmax<T>(m0, v128.load(x));
    m1 = v128.pmax<T>(m1, v128.load(x, 16));
    m2 = v128.pmax<T>(m2, v128.load(x, 32));
    m3 = v128.pmax<T>(m3, v128.load(x, 48));
    x += 64;
  }
  for (; n >= count; n -= count) {
    m0 = v128.pmax<T>(m0, v128.load(x));
    x += 16;
  }
  for (; n > 0; n--) {
    m1 = v128.pmax<T>(m1, v128.load_splat<T>(x));
    x += sizeof<T>();
  }
  m0 = v128.pmax<T>(v128.pmax<T>(m0, m1), v128.pmax<T>(m2, m3));
  m0 = v128.pmax<T>(m0, i64x2.shuffle(m0, m0, 1, 0));
  if (sizeof<T>() == 4) m0 = v128.pmax<T>(m0, i32x4.shuffle(m0, m0, 1, 0, 3, 2));
  return v128.extract_lane<T>(m0, 0);
}

/** Writes e^(x - m) to `out`, unless that is 0, and returns the sum. */
// @ts-ignore: decorator
@inline
function rowExponentials<T>(x: usize, m: T, out: usize, n: i32): f64 {
  const count = 16 / sizeof<T>();
  const shift = v128.splat<T>(m);
  let total: f64 = 0;
  while (n >= count) {
    let sum = v128.splat<T>(<T>0);
    const end = max(count, n - BLOCK * count + 1);
    for (; n >= end; n -= count) {
      const e = exponential<T>(v128.sub<T>(v128.load(x), shift));
      if (out != 0) v128.store(out, e);
      sum = v128.add<T>(sum, e);
      x += 16;
      out += out != 0 ? 16 : 0;
    }
    total += laneSum<T>(sum);
  }
  if (n == 0) return total;
  const e = exponential<T>(v128.sub<T>(loadPart<T>(x, n), shift));
  if (out != 0) storePart<T>(out, e, n);
  return total + laneSum<T>(keepRest<T>(e, n));
}

/** x[i] * factor, in place. */
// @ts-ignore: decorator
@inline
function scaleRow<T>(x: usize, factor: f64, n: i32): void {
  const factors = v128.splat<T>(<T>factor);
  for (; n > 0; n -= 16 / sizeof<T>()) {
    storeRest<T>(x, v128.mul<T>(loadRest<T>(x, n), factors), n);
    x += 16;
  }
}

function logarithm(x: f64): f64 {
  return f64x2.extract_lane(log_v64(f64x2.splat(x)), 0);
}

/** The sum of a[i] * b[i] (or of a[i] if b is 0). */
// @ts-ignore: decorator
@inline
function rowSum<T>(a: usize, b: usize, n: i32): f64 {
  const count = 16 / sizeof<T>();
  let total: f64 = 0;
  while (n > 0) {
    let sum = v128.splat<T>(<T>0);
    const end = max(0, n - BLOCK * count);
    for (; n > end; n -= count) {
      const value = loadRest<T>(a, n);
      sum = v128.add<T>(sum, b == 0 ? value : v128.mul<T>(value, loadRest<T>(b, n)));
      a += 16;
      if (b != 0) b += 16;
    }
    total += laneSum<T>(sum);
  }
  return total;
}

// ---- Rows

// @ts-ignore: decorator
@inline
function softmaxRow<T>(x: usize, out: usize, n: i32): void {
  const sum = rowExponentials<T>(x, rowMaximum<T>(x, n), out, n);
  scaleRow<T>(out, 1 / sum, n);
}

// @ts-ignore: decorator
@inline
function logSoftmaxRow<T>(x: usize, out: usize, n: i32): void {
  const m = rowMaximum<T>(x, n);
  const maximum = v128.splat<T>(m);
  const logSum = v128.splat<T>(<T>logarithm(rowExponentials<T>(x, m, 0, n)));
  for (; n > 0; n -= 16 / sizeof<T>()) {
    storeRest<T>(out, v128.sub<T>(v128.sub<T>(loadRest<T>(x, n), maximum), logSum), n);
    x += 16;
    out += 16;
  }
}

// @ts-ignore: decorator
@inline
function softmaxGradientRow<T>(y: usize, dy: usize, out: usize, n: i32): void {
  const sum = v128.splat<T>(<T>rowSum<T>(y, dy, n));
  for (; n > 0; n -= 16 / sizeof<T>()) {
    storeRest<T>(out, v128.mul<T>(loadRest<T>(y, n), v128.sub<T>(loadRest<T>(dy, n), sum)), n);
    y += 16;
    dy += 16;
    out += 16;
  }
}

// @ts-ignore: decorator
@inline
function logSoftmaxGradientRow<T>(y: usize, dy: usize, out: usize, n: i32): void {
  const sum = v128.splat<T>(<T>rowSum<T>(dy, 0, n));
  for (; n > 0; n -= 16 / sizeof<T>()) {
    const softmax = exponential<T>(loadRest<T>(y, n));
    storeRest<T>(out, v128.sub<T>(loadRest<T>(dy, n), v128.mul<T>(softmax, sum)), n);
    y += 16;
    dy += 16;
    out += 16;
  }
}

/**
 * What of a row's loss is known before the logarithm: its label's logit behind the largest, in `own`; e^(x - m) as
 * the gradient; and their sum. The loss is NaN for a label outside [0, n): nothing beyond the row is read or written.
 */
// @ts-ignore: decorator
@inline
function crossEntropySum<T>(logits: usize, label: i32, gradient: usize, n: i32): f64 {
  const m = rowMaximum<T>(logits, n);
  own = <u32>label < <u32>n ? <f64>load<T>(logits + label * sizeof<T>()) - <f64>m : NaN;
  return rowExponentials<T>(logits, m, gradient, n);
}

/** The row's label's logit behind the largest. */
let own: f64 = 0;

// @ts-ignore: decorator
@inline
function crossEntropyGradient<T>(gradient: usize, label: i32, sum: f64, n: i32): void {
  scaleRow<T>(gradient, 1 / sum, n);
  if (<u32>label >= <u32>n) return;
  const at = gradient + label * sizeof<T>();
  store<T>(at, load<T>(at) - <T>1);
}

/** Rows two by two, for a logarithm of two numbers takes as long as one of one. */
// @ts-ignore: decorator
@inline
function crossEntropyRows<T>(logits: usize, labels: usize, loss: usize, gradient: usize, rows: i32, n: i32): void {
  const bytes = n * sizeof<T>();
  while (rows > 0) {
    const two = rows > 1;
    const first = load<i32>(labels);
    let sums = f64x2.splat(crossEntropySum<T>(logits, first, gradient, n));
    let owns = f64x2.splat(own);
    let second = 0;
    if (two) {
      second = load<i32>(labels, 4);
      sums = f64x2.replace_lane(sums, 1, crossEntropySum<T>(logits + bytes, second, gradient == 0 ? 0 : gradient + bytes, n));
      owns = f64x2.replace_lane(owns, 1, own);
    }
    const losses = f64x2.sub(log_v64(sums), owns);
    store<T>(loss, <T>f64x2.extract_lane(losses, 0));
    if (two) store<T>(loss + sizeof<T>(), <T>f64x2.extract_lane(losses, 1));
    if (gradient != 0) {
      crossEntropyGradient<T>(gradient, first, f64x2.extract_lane(sums, 0), n);
      if (two) crossEntropyGradient<T>(gradient + bytes, second, f64x2.extract_lane(sums, 1), n);
      gradient += 2 * bytes;
    }
    logits += 2 * bytes;
    labels += 8;
    loss += 2 * sizeof<T>();
    rows -= 2;
  }
}

/** -sum of t log softmax(x) = (sum of t) log s - sum of t (x - m). */
// @ts-ignore: decorator
@inline
function softCrossEntropyRow<T>(logits: usize, targets: usize, loss: usize, gradient: usize, n: i32): void {
  const m = rowMaximum<T>(logits, n);
  const weight = rowSum<T>(targets, 0, n);
  const own = shiftedSum<T>(logits, m, targets, n);
  const sum = rowExponentials<T>(logits, m, gradient, n);
  store<T>(loss, <T>(weight * logarithm(sum) - own));
  if (gradient == 0) return;
  const factors = v128.splat<T>(<T>(weight / sum));
  for (; n > 0; n -= 16 / sizeof<T>()) {
    const softmax = v128.mul<T>(loadRest<T>(gradient, n), factors);
    storeRest<T>(gradient, v128.sub<T>(softmax, loadRest<T>(targets, n)), n);
    gradient += 16;
    targets += 16;
  }
}

/** The sum of t[i] (x[i] - m). */
// @ts-ignore: decorator
@inline
function shiftedSum<T>(x: usize, m: T, t: usize, n: i32): f64 {
  const count = 16 / sizeof<T>();
  const shift = v128.splat<T>(m);
  let total: f64 = 0;
  while (n > 0) {
    let sum = v128.splat<T>(<T>0);
    const end = max(0, n - BLOCK * count);
    for (; n > end; n -= count) {
      const product = v128.mul<T>(loadRest<T>(t, n), v128.sub<T>(loadRest<T>(x, n), shift));
      sum = v128.add<T>(sum, keepRest<T>(product, n));
      x += 16;
      t += 16;
    }
    total += laneSum<T>(sum);
  }
  return total;
}

// ---- All rows

/** Arguments a, b, c, d and n of a task over rows. */
function overRows(task: Task, a: usize, b: usize, c: usize, d: usize, rows: i32, n: i32): void {
  setWord(0, a);
  setWord(1, b);
  setWord(2, c);
  setWord(3, d);
  setWord(4, n);
  const large = <i64>rows * n > 4 * GRAIN;
  parallelFor(task, TASK_ARGUMENTS, rows, large ? max(1, GRAIN / max(1, n)) : max(1, rows));
}

// ---- What the engine calls

function softmaxTask_f32(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f32>();
    softmaxRow<f32>(word(args, 0) + at, word(args, 1) + at, n);
  }
}
/** out = softmax(x) along each row. */
export function softmax_f32(x: usize, out: usize, rows: i32, n: i32): void {
  overRows(softmaxTask_f32, x, out, 0, 0, rows, n);
}

function logSoftmaxTask_f32(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f32>();
    logSoftmaxRow<f32>(word(args, 0) + at, word(args, 1) + at, n);
  }
}
/** out = x - m - ln s along each row. */
export function logSoftmax_f32(x: usize, out: usize, rows: i32, n: i32): void {
  overRows(logSoftmaxTask_f32, x, out, 0, 0, rows, n);
}

function softmaxGradientTask_f32(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f32>();
    softmaxGradientRow<f32>(word(args, 0) + at, word(args, 1) + at, word(args, 2) + at, n);
  }
}
/** out = y (dy - sum of y dy), where y = softmax(x). */
export function softmaxGradient_f32(y: usize, dy: usize, out: usize, rows: i32, n: i32): void {
  overRows(softmaxGradientTask_f32, y, dy, out, 0, rows, n);
}

function logSoftmaxGradientTask_f32(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f32>();
    logSoftmaxGradientRow<f32>(word(args, 0) + at, word(args, 1) + at, word(args, 2) + at, n);
  }
}
/** out = dy - e^y (sum of dy), where y = logSoftmax(x). */
export function logSoftmaxGradient_f32(y: usize, dy: usize, out: usize, rows: i32, n: i32): void {
  overRows(logSoftmaxGradientTask_f32, y, dy, out, 0, rows, n);
}

function crossEntropyTask_f32(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  const gradient = word(args, 3);
  const at = start * n * sizeof<f32>();
  crossEntropyRows<f32>(
    word(args, 0) + at, word(args, 1) + 4 * start, word(args, 2) + start * sizeof<f32>(),
    gradient == 0 ? 0 : gradient + at, end - start, n,
  );
}
/**
 * losses[r] = -ln softmax(logits)[r, labels[r]], gradient = softmax - one-hot labels. `gradient` may be 0 (not wanted)
 * or `logits`.
 */
export function softmaxCrossEntropy_f32(
  logits: usize, labels: usize, losses: usize, gradient: usize, rows: i32, n: i32,
): void {
  overRows(crossEntropyTask_f32, logits, labels, losses, gradient, rows, n);
}

function softCrossEntropyTask_f32(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  const gradient = word(args, 3);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f32>();
    const loss = word(args, 2) + row * sizeof<f32>();
    softCrossEntropyRow<f32>(word(args, 0) + at, word(args, 1) + at, loss, gradient == 0 ? 0 : gradient + at, n);
  }
}
/**
 * losses[r] = -sum of targets ln softmax(logits), gradient = softmax (sum of targets) - targets. `gradient` may be 0 or
 * `logits`, but not `targets`.
 */
export function softmaxCrossEntropySoft_f32(
  logits: usize, targets: usize, losses: usize, gradient: usize, rows: i32, n: i32,
): void {
  overRows(softCrossEntropyTask_f32, logits, targets, losses, gradient, rows, n);
}

function softmaxTask_f64(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f64>();
    softmaxRow<f64>(word(args, 0) + at, word(args, 1) + at, n);
  }
}
/** out = softmax(x) along each row. */
export function softmax_f64(x: usize, out: usize, rows: i32, n: i32): void {
  overRows(softmaxTask_f64, x, out, 0, 0, rows, n);
}

function logSoftmaxTask_f64(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f64>();
    logSoftmaxRow<f64>(word(args, 0) + at, word(args, 1) + at, n);
  }
}
/** out = x - m - ln s along each row. */
export function logSoftmax_f64(x: usize, out: usize, rows: i32, n: i32): void {
  overRows(logSoftmaxTask_f64, x, out, 0, 0, rows, n);
}

function softmaxGradientTask_f64(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f64>();
    softmaxGradientRow<f64>(word(args, 0) + at, word(args, 1) + at, word(args, 2) + at, n);
  }
}
/** out = y (dy - sum of y dy), where y = softmax(x). */
export function softmaxGradient_f64(y: usize, dy: usize, out: usize, rows: i32, n: i32): void {
  overRows(softmaxGradientTask_f64, y, dy, out, 0, rows, n);
}

function logSoftmaxGradientTask_f64(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f64>();
    logSoftmaxGradientRow<f64>(word(args, 0) + at, word(args, 1) + at, word(args, 2) + at, n);
  }
}
/** out = dy - e^y (sum of dy), where y = logSoftmax(x). */
export function logSoftmaxGradient_f64(y: usize, dy: usize, out: usize, rows: i32, n: i32): void {
  overRows(logSoftmaxGradientTask_f64, y, dy, out, 0, rows, n);
}

function crossEntropyTask_f64(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  const gradient = word(args, 3);
  const at = start * n * sizeof<f64>();
  crossEntropyRows<f64>(
    word(args, 0) + at, word(args, 1) + 4 * start, word(args, 2) + start * sizeof<f64>(),
    gradient == 0 ? 0 : gradient + at, end - start, n,
  );
}
/**
 * losses[r] = -ln softmax(logits)[r, labels[r]], gradient = softmax - one-hot labels. `gradient` may be 0 (not wanted)
 * or `logits`.
 */
export function softmaxCrossEntropy_f64(
  logits: usize, labels: usize, losses: usize, gradient: usize, rows: i32, n: i32,
): void {
  overRows(crossEntropyTask_f64, logits, labels, losses, gradient, rows, n);
}

function softCrossEntropyTask_f64(args: usize, start: i32, end: i32): void {
  const n = word(args, 4);
  const gradient = word(args, 3);
  for (let row = start; row < end; row++) {
    const at = row * n * sizeof<f64>();
    const loss = word(args, 2) + row * sizeof<f64>();
    softCrossEntropyRow<f64>(word(args, 0) + at, word(args, 1) + at, loss, gradient == 0 ? 0 : gradient + at, n);
  }
}
/**
 * losses[r] = -sum of targets ln softmax(logits), gradient = softmax (sum of targets) - targets. `gradient` may be 0 or
 * `logits`, but not `targets`.
 */
export function softmaxCrossEntropySoft_f64(
  logits: usize, targets: usize, losses: usize, gradient: usize, rows: i32, n: i32,
): void {
  overRows(softCrossEntropyTask_f64, logits, targets, losses, gradient, rows, n);
}

// ---- Binary cross-entropy of logits, element by element

/** max(z, 0) - z t + ln(1 + e^-|z|). */
// @ts-ignore: decorator
@inline
function binaryCrossEntropy<T>(z: v128, t: v128): v128 {
  const below = v128.neg<T>(v128.abs<T>(z));
  const linear = v128.sub<T>(v128.pmax<T>(z, v128.splat<T>(<T>0)), v128.mul<T>(z, t));
  return v128.add<T>(linear, sizeof<T>() == 4 ? softplus_v32(below) : softplus_v64(below));
}

// @ts-ignore: decorator
@inline
function binaryCrossEntropyRow<T>(z: usize, t: usize, out: usize, n: i32): void {
  for (; n > 0; n -= 16 / sizeof<T>()) {
    storeRest<T>(out, binaryCrossEntropy<T>(loadRest<T>(z, n), loadRest<T>(t, n)), n);
    z += 16;
    t += 16;
    out += 16;
  }
}

function binaryCrossEntropyRow_f32(z: usize, t: usize, _c: usize, out: usize, n: i32): void {
  binaryCrossEntropyRow<f32>(z, t, out, n);
}
export function binaryCrossEntropyWithLogits_f32(z: usize, t: usize, out: usize, n: i32): void {
  if (n > 4 * GRAIN) split(binaryCrossEntropyRow_f32, GRAIN, n, z, 4, t, 4, 0, 0, out, 4);
  else binaryCrossEntropyRow<f32>(z, t, out, n);
}

function binaryCrossEntropyRow_f64(z: usize, t: usize, _c: usize, out: usize, n: i32): void {
  binaryCrossEntropyRow<f64>(z, t, out, n);
}
export function binaryCrossEntropyWithLogits_f64(z: usize, t: usize, out: usize, n: i32): void {
  if (n > 4 * GRAIN) split(binaryCrossEntropyRow_f64, GRAIN, n, z, 8, t, 8, 0, 0, out, 8);
  else binaryCrossEntropyRow<f64>(z, t, out, n);
}
