// Normalisation over a batch (by channel), over a row, and over neighbouring channels, each with its gradient, and the
// sums by channel that go with it. Arrays by channel are [outer, channels, inner]. Means and variances take two passes;
// sums of float32 are kept in float32 for some hundred terms and in float64 beyond, in an order that the shapes fix.
import { lanes, loadPart, setDouble, setWord, double, storePart, word } from "./lanes";
import { pow_v32 } from "./math32";
import { pow_v64 } from "./math64";
import { chunkOf, parallelFor, scratch, Task, TASK_ARGUMENTS, worthSharing } from "./parallel";

const X = 0;
const DY = 1;
const Y = 2;
const GAMMA = 3;
const BETA = 4;
const MEAN = 5;
const VARIANCE = 6;
const D_GAMMA = 7;
const D_BETA = 8;
const OUTER = 9;
const CHANNELS = 10;
const INNER = 11;
const SIZE = 12;
const ACCUMULATE = 13;
// Doubles.
const EPSILON = 0;
const ALPHA = 1;
const EXPONENT = 2;
const BIAS = 3;

/** Terms of a sum that are added in the array's own type before the sum goes on in float64. */
const RUN: i32 = 256;
/** Elements in a chunk. */
const GRAIN: i32 = 8192;
/** Vectors of neighbouring columns that one task walks through together: a cache line of each row. */
const COLUMN_VECTORS: i32 = 4;

function distribute(task: Task, count: i32, work: i32): void {
  const total = <i64>count * work;
  const grain = max(1, min(count, chunkOf(total, GRAIN) / max(1, work)));
  parallelFor(task, TASK_ARGUMENTS, count, worthSharing(total, GRAIN) ? grain : max(1, count));
}

// ---- Sums along a run of neighbours

// @ts-ignore: decorator
@inline
function total<T>(vector: v128): f64 {
  if (sizeof<T>() == 8) return f64x2.extract_lane(vector, 0) + f64x2.extract_lane(vector, 1);
  const low = f64x2.promote_low_f32x4(vector);
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(vector, vector, 1, 0));
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

const PLAIN = 0;
const SQUARES = 1;
const PRODUCTS = 2;

/** A term of a sum: x, (x - centre)^2, or d (x - centre). */
// @ts-ignore: decorator
@inline
function summand<T>(kind: i32, x: v128, d: v128, centre: v128): v128 {
  if (kind == PLAIN) return x;
  const away = v128.sub<T>(x, centre);
  return v128.mul<T>(kind == SQUARES ? away : d, away);
}

/** The sum over n neighbours. What fills up the last vector adds nothing: it holds the centre, or meets a d of 0. */
// @ts-ignore: decorator
@inline
function sumRun<T>(kind: i32, x: usize, d: usize, n: i32, centre: T): f64 {
  const middle = v128.splat<T>(centre);
  const zero = v128.splat<T>(<T>0);
  let sum: f64 = 0;
  while (n >= 2 * lanes<T>()) {
    let a = zero;
    let b = zero;
    const end = x + (min(n, RUN) & -(2 * lanes<T>())) * sizeof<T>();
    n -= <i32>(end - x) / sizeof<T>();
    for (; x < end; x += 32) {
      const d0 = kind == PRODUCTS ? v128.load(d) : zero;
      const d1 = kind == PRODUCTS ? v128.load(d, 16) : zero;
      a = v128.add<T>(a, summand<T>(kind, v128.load(x), d0, middle));
      b = v128.add<T>(b, summand<T>(kind, v128.load(x, 16), d1, middle));
      d += 32;
    }
    sum += total<T>(v128.add<T>(a, b));
  }
  for (; n > 0; n--) {
    const value = load<T>(x);
    if (kind == PLAIN) sum += <f64>value;
    else if (kind == SQUARES) sum += <f64>((value - centre) * (value - centre));
    else sum += <f64>(load<T>(d) * (value - centre));
    x += sizeof<T>();
    d += sizeof<T>();
  }
  return sum;
}

function sumPlain<T>(x: usize, n: i32): f64 {
  return sumRun<T>(PLAIN, x, 0, n, <T>0);
}

function sumSquares<T>(x: usize, n: i32, centre: T): f64 {
  return sumRun<T>(SQUARES, x, 0, n, centre);
}

function sumProducts<T>(x: usize, d: usize, n: i32, centre: T): f64 {
  return sumRun<T>(PRODUCTS, x, d, n, centre);
}

// ---- Sums down columns (channels whose elements lie side by side)

/** Sums of `count` neighbouring columns, at most a vector, down `rows` rows `step` bytes apart, to `out` as f64. */
// @ts-ignore: decorator
@inline
function sumColumns<T>(
  kind: i32, x: usize, d: usize, rows: i32, step: usize, count: i32, centre: v128, out: usize,
): void {
  const zero = v128.splat<T>(<T>0);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const whole = count == lanes<T>();
  while (rows > 0) {
    let sum = zero;
    const run = min(rows, RUN);
    rows -= run;
    for (let i = 0; i < run; i++) {
      const value = whole ? v128.load(x) : loadPart<T>(x, count);
      let factor = zero;
      if (kind == PRODUCTS) factor = whole ? v128.load(d) : loadPart<T>(d, count);
      sum = v128.add<T>(sum, summand<T>(kind, value, factor, centre));
      x += step;
      d += step;
    }
    if (sizeof<T>() == 8) {
      low = f64x2.add(low, sum);
    } else {
      low = f64x2.add(low, f64x2.promote_low_f32x4(sum));
      high = f64x2.add(high, f64x2.promote_low_f32x4(i64x2.shuffle(sum, sum, 1, 0)));
    }
  }
  v128.store(out, low);
  if (sizeof<T>() == 4) v128.store(out, high, 16);
}

/** One value of each column, from f64s at `from`, times `factor`. */
// @ts-ignore: decorator
@inline
function fromDoubles<T>(from: usize, factor: f64): v128 {
  const scale = f64x2.splat(factor);
  const low = f64x2.mul(v128.load(from), scale);
  if (sizeof<T>() == 8) return low;
  const high = f64x2.mul(v128.load(from, 16), scale);
  return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** 1 / sqrt(variance + epsilon) of each column, from variances as f64s. */
// @ts-ignore: decorator
@inline
function inverseDeviations<T>(from: usize, factor: f64, epsilon: f64): v128 {
  const one = f64x2.splat(1);
  const scale = f64x2.splat(factor);
  const extra = f64x2.splat(epsilon);
  const low = f64x2.div(one, f64x2.sqrt(f64x2.add(f64x2.mul(v128.load(from), scale), extra)));
  if (sizeof<T>() == 8) return low;
  const high = f64x2.div(one, f64x2.sqrt(f64x2.add(f64x2.mul(v128.load(from, 16), scale), extra)));
  return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

// ---- Batch normalisation

/** y = (x - centre) scale + shift along n neighbours. */
function affineRun<T>(x: usize, y: usize, n: i32, centre: T, scale: T, shift: T): void {
  const c = v128.splat<T>(centre);
  const s = v128.splat<T>(scale);
  const b = v128.splat<T>(shift);
  for (; n >= lanes<T>(); n -= lanes<T>()) {
    v128.store(y, v128.add<T>(v128.mul<T>(v128.sub<T>(v128.load(x), c), s), b));
    x += 16;
    y += 16;
  }
  if (n > 0) storePart<T>(y, v128.add<T>(v128.mul<T>(v128.sub<T>(loadPart<T>(x, n), c), s), b), n);
}

// @ts-ignore: decorator
@inline
function valueAt<T>(pointer: usize, index: i32, missing: T): T {
  return pointer == 0 ? missing : load<T>(pointer + index * sizeof<T>());
}

function batchNormTask<T>(args: usize, start: i32, end: i32): void {
  const outer = word(args, OUTER);
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  const count = <f64>outer * <f64>inner;
  const step = channels * inner * <i32>sizeof<T>();
  for (let channel = start; channel < end; channel++) {
    const x = <usize>word(args, X) + channel * inner * sizeof<T>();
    const y = <usize>word(args, Y) + channel * inner * sizeof<T>();
    let sum: f64 = 0;
    for (let i = 0; i < outer; i++) sum += sumPlain<T>(x + i * step, inner);
    const mean = <T>(sum / count);
    sum = 0;
    for (let i = 0; i < outer; i++) sum += sumSquares<T>(x + i * step, inner, mean);
    const variance = sum / count;
    store<T>(<usize>word(args, MEAN) + channel * sizeof<T>(), mean);
    store<T>(<usize>word(args, VARIANCE) + channel * sizeof<T>(), <T>variance);
    const gamma = <f64>load<T>(<usize>word(args, GAMMA) + channel * sizeof<T>());
    const scale = <T>(gamma / sqrt<f64>(variance + double(args, EPSILON)));
    const beta = load<T>(<usize>word(args, BETA) + channel * sizeof<T>());
    for (let i = 0; i < outer; i++) affineRun<T>(x + i * step, y + i * step, inner, mean, scale, beta);
  }
}

/** The same where channels lie side by side (inner = 1): a vector of channels at a time. Tasks: vectors. */
function batchNormColumnsTask<T>(args: usize, start: i32, end: i32): void {
  const outer = word(args, OUTER);
  const channels = word(args, CHANNELS);
  const step = channels * <i32>sizeof<T>();
  const share: f64 = 1.0 / <f64>outer;
  for (let vector = start; vector < end; vector++) {
    const n = min(lanes<T>(), channels - vector * lanes<T>());
    const at = 16 * vector;
    let x = <usize>word(args, X) + at;
    let y = <usize>word(args, Y) + at;
    sumColumns<T>(PLAIN, x, 0, outer, step, n, v128.splat<T>(<T>0), scratch);
    const mean = fromDoubles<T>(scratch, share);
    sumColumns<T>(SQUARES, x, 0, outer, step, n, mean, scratch);
    storePartOrAll<T>(<usize>word(args, MEAN) + at, mean, n);
    storePartOrAll<T>(<usize>word(args, VARIANCE) + at, fromDoubles<T>(scratch, share), n);
    const gamma = loadPartOrAll<T>(<usize>word(args, GAMMA) + at, n);
    const scale = v128.mul<T>(gamma, inverseDeviations<T>(scratch, share, double(args, EPSILON)));
    const beta = loadPartOrAll<T>(<usize>word(args, BETA) + at, n);
    for (let i = 0; i < outer; i++) {
      const away = v128.sub<T>(loadPartOrAll<T>(x, n), mean);
      storePartOrAll<T>(y, v128.add<T>(v128.mul<T>(away, scale), beta), n);
      x += step;
      y += step;
    }
  }
}

// @ts-ignore: decorator
@inline
function loadPartOrAll<T>(pointer: usize, n: i32): v128 {
  return n == lanes<T>() ? v128.load(pointer) : loadPart<T>(pointer, n);
}

// @ts-ignore: decorator
@inline
function storePartOrAll<T>(pointer: usize, value: v128, n: i32): void {
  if (n == lanes<T>()) v128.store(pointer, value);
  else storePart<T>(pointer, value, n);
}

/** dx = gamma r (dy - mean of dy - z mean of (dy z)) with r = 1 / sqrt(variance + epsilon), z = (x - mean) r. */
function batchNormGradientTask<T>(args: usize, start: i32, end: i32): void {
  const outer = word(args, OUTER);
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  const count = <f64>outer * <f64>inner;
  const step = channels * inner * <i32>sizeof<T>();
  for (let channel = start; channel < end; channel++) {
    const at = channel * inner * <i32>sizeof<T>();
    const x = <usize>word(args, X) + at;
    const dy = <usize>word(args, DY) + at;
    const dx = <usize>word(args, Y) + at;
    const mean = load<T>(<usize>word(args, MEAN) + channel * sizeof<T>());
    const variance = <f64>load<T>(<usize>word(args, VARIANCE) + channel * sizeof<T>());
    const inverse = 1.0 / sqrt<f64>(variance + double(args, EPSILON));
    let sum: f64 = 0;
    let products: f64 = 0;
    for (let i = 0; i < outer; i++) {
      sum += sumPlain<T>(dy + i * step, inner);
      products += sumProducts<T>(x + i * step, dy + i * step, inner, mean);
    }
    products *= inverse;
    store<T>(<usize>word(args, D_GAMMA) + channel * sizeof<T>(), <T>products);
    store<T>(<usize>word(args, D_BETA) + channel * sizeof<T>(), <T>sum);
    if (word(args, Y) == 0) continue;
    const scale = <f64>load<T>(<usize>word(args, GAMMA) + channel * sizeof<T>()) * inverse;
    const slope = <T>(-scale * inverse * products / count);
    const shift = <T>(-scale * sum / count);
    for (let i = 0; i < outer; i++) {
      gradientRun<T>(x + i * step, dy + i * step, dx + i * step, inner, mean, <T>scale, slope, shift);
    }
  }
}

/** dx = dy scale + (x - centre) slope + shift along n neighbours. */
function gradientRun<T>(x: usize, dy: usize, dx: usize, n: i32, centre: T, scale: T, slope: T, shift: T): void {
  const c = v128.splat<T>(centre);
  const g = v128.splat<T>(scale);
  const s = v128.splat<T>(slope);
  const b = v128.splat<T>(shift);
  for (; n > 0; n -= lanes<T>()) {
    const part = min(n, lanes<T>());
    const away = v128.sub<T>(loadPartOrAll<T>(x, part), c);
    const product = v128.mul<T>(loadPartOrAll<T>(dy, part), g);
    storePartOrAll<T>(dx, v128.add<T>(v128.add<T>(product, v128.mul<T>(away, s)), b), part);
    x += 16;
    dy += 16;
    dx += 16;
  }
}

function batchNormGradientColumnsTask<T>(args: usize, start: i32, end: i32): void {
  const outer = word(args, OUTER);
  const channels = word(args, CHANNELS);
  const step = channels * <i32>sizeof<T>();
  const share: f64 = 1.0 / <f64>outer;
  for (let vector = start; vector < end; vector++) {
    const n = min(lanes<T>(), channels - vector * lanes<T>());
    const at = 16 * vector;
    let x = <usize>word(args, X) + at;
    let dy = <usize>word(args, DY) + at;
    let dx = <usize>word(args, Y) + at;
    const mean = loadPartOrAll<T>(<usize>word(args, MEAN) + at, n);
    const variance = loadPartOrAll<T>(<usize>word(args, VARIANCE) + at, n);
    if (sizeof<T>() == 8) {
      v128.store(scratch, variance);
    } else {
      v128.store(scratch, f64x2.promote_low_f32x4(variance));
      v128.store(scratch, f64x2.promote_low_f32x4(i64x2.shuffle(variance, variance, 1, 0)), 16);
    }
    const inverse = inverseDeviations<T>(scratch, 1, double(args, EPSILON));
    sumColumns<T>(PLAIN, dy, 0, outer, step, n, mean, scratch);
    const sum = fromDoubles<T>(scratch, 1);
    const meanOfDy = fromDoubles<T>(scratch, share);
    sumColumns<T>(PRODUCTS, x, dy, outer, step, n, mean, scratch);
    const products = v128.mul<T>(fromDoubles<T>(scratch, 1), inverse);
    storePartOrAll<T>(<usize>word(args, D_GAMMA) + at, products, n);
    storePartOrAll<T>(<usize>word(args, D_BETA) + at, sum, n);
    if (word(args, Y) == 0) continue;
    const scale = v128.mul<T>(loadPartOrAll<T>(<usize>word(args, GAMMA) + at, n), inverse);
    const slope = v128.mul<T>(v128.mul<T>(scale, inverse), v128.mul<T>(products, v128.splat<T>(<T>-share)));
    const shift = v128.neg<T>(v128.mul<T>(scale, meanOfDy));
    for (let i = 0; i < outer; i++) {
      const away = v128.sub<T>(loadPartOrAll<T>(x, n), mean);
      const product = v128.mul<T>(loadPartOrAll<T>(dy, n), scale);
      storePartOrAll<T>(dx, v128.add<T>(v128.add<T>(product, v128.mul<T>(away, slope)), shift), n);
      x += step;
      dy += step;
      dx += step;
    }
  }
}

// ---- By channel: affine map and sum

/** y = (x - mean) gamma + beta, mean and beta 0 where there is none. Tasks: outer times channels. */
function channelAffineTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  for (let task = start; task < end; task++) {
    const channel = task % channels;
    const at = task * inner * <i32>sizeof<T>();
    const centre = valueAt<T>(<usize>word(args, MEAN), channel, <T>0);
    const scale = valueAt<T>(<usize>word(args, GAMMA), channel, <T>1);
    const shift = valueAt<T>(<usize>word(args, BETA), channel, <T>0);
    affineRun<T>(<usize>word(args, X) + at, <usize>word(args, Y) + at, inner, centre, scale, shift);
  }
}

/** The same with inner = 1: rows. Tasks: rows. */
function rowAffineTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  const mean = <usize>word(args, MEAN);
  const gamma = <usize>word(args, GAMMA);
  const beta = <usize>word(args, BETA);
  const zero = v128.splat<T>(<T>0);
  const one = v128.splat<T>(<T>1);
  for (let row = start; row < end; row++) {
    const x = <usize>word(args, X) + row * channels * sizeof<T>();
    const y = <usize>word(args, Y) + row * channels * sizeof<T>();
    for (let i = 0; i < channels; i += lanes<T>()) {
      const n = min(lanes<T>(), channels - i);
      const at = i * <i32>sizeof<T>();
      const centre = mean == 0 ? zero : loadPartOrAll<T>(mean + at, n);
      const scale = gamma == 0 ? one : loadPartOrAll<T>(gamma + at, n);
      const shift = beta == 0 ? zero : loadPartOrAll<T>(beta + at, n);
      const away = v128.sub<T>(loadPartOrAll<T>(x + at, n), centre);
      storePartOrAll<T>(y + at, v128.add<T>(v128.mul<T>(away, scale), shift), n);
    }
  }
}

function channelSumTask<T>(args: usize, start: i32, end: i32): void {
  const inner = word(args, INNER);
  const step = word(args, CHANNELS) * inner * <i32>sizeof<T>();
  for (let channel = start; channel < end; channel++) {
    const x = <usize>word(args, X) + channel * inner * sizeof<T>();
    let sum: f64 = 0;
    for (let i = 0; i < word(args, OUTER); i++) sum += sumPlain<T>(x + i * step, inner);
    const y = <usize>word(args, Y) + channel * sizeof<T>();
    store<T>(y, word(args, ACCUMULATE) ? load<T>(y) + <T>sum : <T>sum);
  }
}

function columnSumTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  for (let vector = start; vector < end; vector++) {
    const n = min(lanes<T>(), channels - vector * lanes<T>());
    const y = <usize>word(args, Y) + 16 * vector;
    const x = <usize>word(args, X) + 16 * vector;
    sumColumns<T>(PLAIN, x, 0, word(args, OUTER), channels * sizeof<T>(), n, v128.splat<T>(<T>0), scratch);
    let sum = fromDoubles<T>(scratch, 1);
    if (word(args, ACCUMULATE)) sum = v128.add<T>(loadPartOrAll<T>(y, n), sum);
    storePartOrAll<T>(y, sum, n);
  }
}

// ---- Layer normalisation: rows [outer, inner]

function layerNormTask<T>(args: usize, start: i32, end: i32): void {
  const n = word(args, INNER);
  const means = <usize>word(args, MEAN);
  for (let row = start; row < end; row++) {
    const at = row * n * <i32>sizeof<T>();
    const x = <usize>word(args, X) + at;
    const y = <usize>word(args, Y) + at;
    const mean = <T>(sumPlain<T>(x, n) / <f64>n);
    const variance = sumSquares<T>(x, n, mean) / <f64>n;
    const inverse = <T>(1.0 / sqrt<f64>(variance + double(args, EPSILON)));
    if (means != 0) {
      store<T>(means + row * sizeof<T>(), mean);
      store<T>(<usize>word(args, VARIANCE) + row * sizeof<T>(), inverse);
    }
    const c = v128.splat<T>(mean);
    const r = v128.splat<T>(inverse);
    for (let i = 0; i < n; i += lanes<T>()) {
      const part = min(lanes<T>(), n - i);
      const z = v128.mul<T>(v128.sub<T>(loadPartOrAll<T>(x + i * sizeof<T>(), part), c), r);
      const gamma = loadPartOrAll<T>(<usize>word(args, GAMMA) + i * sizeof<T>(), part);
      const beta = loadPartOrAll<T>(<usize>word(args, BETA) + i * sizeof<T>(), part);
      storePartOrAll<T>(y + i * sizeof<T>(), v128.add<T>(v128.mul<T>(z, gamma), beta), part);
    }
  }
}

/** dx = r (g - mean of g - z mean of (g z)) with g = dy gamma, z = (x - mean) r. */
function layerNormGradientTask<T>(args: usize, start: i32, end: i32): void {
  const n = word(args, INNER);
  for (let row = start; row < end; row++) {
    const at = row * n * <i32>sizeof<T>();
    const x = <usize>word(args, X) + at;
    const dy = <usize>word(args, DY) + at;
    const dx = <usize>word(args, Y) + at;
    const mean = load<T>(<usize>word(args, MEAN) + row * sizeof<T>());
    const inverse = load<T>(<usize>word(args, VARIANCE) + row * sizeof<T>());
    for (let i = 0; i < n; i += lanes<T>()) {
      const part = min(lanes<T>(), n - i);
      const gamma = loadPartOrAll<T>(<usize>word(args, GAMMA) + i * sizeof<T>(), part);
      storePartOrAll<T>(dx + i * sizeof<T>(), v128.mul<T>(loadPartOrAll<T>(dy + i * sizeof<T>(), part), gamma), part);
    }
    const sum = sumPlain<T>(dx, n);
    const products = sumProducts<T>(x, dx, n, mean) * <f64>inverse;
    const slope = <T>(-(<f64>inverse) * <f64>inverse * products / <f64>n);
    gradientRun<T>(x, dx, dx, n, mean, inverse, slope, <T>(-(<f64>inverse) * sum / <f64>n));
  }
}

/** dgamma = sum of dy z and dbeta = sum of dy over the rows. Tasks: vectors of columns. */
function layerNormParametersTask<T>(args: usize, start: i32, end: i32): void {
  const rows = word(args, OUTER);
  const columns = word(args, INNER);
  const step = columns * <i32>sizeof<T>();
  const zero = v128.splat<T>(<T>0);
  for (let vector = start; vector < end; vector++) {
    const n = min(lanes<T>(), columns - vector * lanes<T>());
    let x = <usize>word(args, X) + 16 * vector;
    let dy = <usize>word(args, DY) + 16 * vector;
    sumColumns<T>(PLAIN, dy, 0, rows, step, n, zero, scratch);
    storePartOrAll<T>(<usize>word(args, D_BETA) + 16 * vector, fromDoubles<T>(scratch, 1), n);
    let sum = zero;
    let all = zero;
    let mean = <usize>word(args, MEAN);
    let inverse = <usize>word(args, VARIANCE);
    for (let row = 1; row <= rows; row++) {
      const away = v128.sub<T>(loadPartOrAll<T>(x, n), v128.load_splat<T>(mean));
      const z = v128.mul<T>(away, v128.load_splat<T>(inverse));
      sum = v128.add<T>(sum, v128.mul<T>(loadPartOrAll<T>(dy, n), z));
      if (row % RUN == 0) {
        all = v128.add<T>(all, sum);
        sum = zero;
      }
      x += step;
      dy += step;
      mean += sizeof<T>();
      inverse += sizeof<T>();
    }
    storePartOrAll<T>(<usize>word(args, D_GAMMA) + 16 * vector, v128.add<T>(all, sum), n);
  }
}

// ---- Local response normalisation: d = bias + alpha (sum of x^2 over `size` channels), y = x d^-exponent

// @ts-ignore: decorator
@inline
function power<T>(x: v128, y: v128): v128 {
  return sizeof<T>() == 4 ? pow_v32(x, y) : pow_v64(x, y);
}

/** bias + alpha sum of squares over the window of `channel`, for a vector of places; `step` bytes between channels. */
// @ts-ignore: decorator
@inline
function denominator<T>(args: usize, x: usize, channel: i32, step: i32, n: i32): v128 {
  const size = word(args, SIZE);
  const first = max(0, channel - (size >> 1));
  const last = min(word(args, CHANNELS) - 1, channel + ((size - 1) >> 1));
  let sum = v128.splat<T>(<T>0);
  let at = x + first * step;
  for (let i = first; i <= last; i++) {
    const value = loadPartOrAll<T>(at, n);
    sum = v128.add<T>(sum, v128.mul<T>(value, value));
    at += step;
  }
  return v128.add<T>(v128.splat<T>(<T>double(args, BIAS)), v128.mul<T>(v128.splat<T>(<T>double(args, ALPHA)), sum));
}

/** Tasks: image, vector of places. */
function localResponseTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  const step = inner * <i32>sizeof<T>();
  const vectors = (inner + lanes<T>() - 1) / lanes<T>();
  const exponent = v128.splat<T>(<T>-double(args, EXPONENT));
  for (let task = start; task < end; task++) {
    const place = task % vectors;
    const n = min(lanes<T>(), inner - place * lanes<T>());
    const at = task / vectors * channels * step + 16 * place;
    const x = <usize>word(args, X) + at;
    const y = <usize>word(args, Y) + at;
    for (let channel = 0; channel < channels; channel++) {
      const factor = power<T>(denominator<T>(args, x, channel, step, n), exponent);
      storePartOrAll<T>(y + channel * step, v128.mul<T>(loadPartOrAll<T>(x + channel * step, n), factor), n);
    }
  }
}

/** dx[c] = dy[c] d[c]^-e - 2 alpha e x[c] (sum of dy x d^(-e-1) over the channels whose windows hold c). */
function localResponseGradientTask<T>(args: usize, start: i32, end: i32): void {
  const channels = word(args, CHANNELS);
  const inner = word(args, INNER);
  const size = word(args, SIZE);
  const step = inner * <i32>sizeof<T>();
  const vectors = (inner + lanes<T>() - 1) / lanes<T>();
  const exponent = v128.splat<T>(<T>-double(args, EXPONENT));
  const factor = v128.splat<T>(<T>(-2 * double(args, ALPHA) * double(args, EXPONENT)));
  const factors = scratch;
  const shares = scratch + 16 * channels;
  for (let task = start; task < end; task++) {
    const place = task % vectors;
    const n = min(lanes<T>(), inner - place * lanes<T>());
    const at = task / vectors * channels * step + 16 * place;
    const x = <usize>word(args, X) + at;
    const dy = <usize>word(args, DY) + at;
    const dx = <usize>word(args, Y) + at;
    for (let channel = 0; channel < channels; channel++) {
      const d = denominator<T>(args, x, channel, step, n);
      const root = power<T>(d, exponent);
      const product = v128.mul<T>(loadPartOrAll<T>(dy + channel * step, n), root);
      v128.store(factors + 16 * channel, product);
      v128.store(shares + 16 * channel, v128.div<T>(v128.mul<T>(product, loadPartOrAll<T>(x + channel * step, n)), d));
    }
    for (let channel = 0; channel < channels; channel++) {
      const first = max(0, channel - ((size - 1) >> 1));
      const last = min(channels - 1, channel + (size >> 1));
      let sum = v128.splat<T>(<T>0);
      for (let i = first; i <= last; i++) sum = v128.add<T>(sum, v128.load(shares + 16 * i));
      const own = v128.mul<T>(v128.mul<T>(loadPartOrAll<T>(x + channel * step, n), factor), sum);
      storePartOrAll<T>(dx + channel * step, v128.add<T>(v128.load(factors + 16 * channel), own), n);
    }
  }
}

// ---- Exports

// @ts-ignore: decorator
@inline
function setShape(outer: i32, channels: i32, inner: i32): void {
  setWord(OUTER, outer);
  setWord(CHANNELS, channels);
  setWord(INNER, inner);
}

/** Distributes vectors of columns, a cache line's worth at least. */
// @ts-ignore: decorator
@inline
function distributeColumns<T>(task: Task, columns: i32, rows: i32): void {
  const vectors = (columns + lanes<T>() - 1) / lanes<T>();
  const total = <i64>columns * rows;
  const grain = max(COLUMN_VECTORS, chunkOf(total, GRAIN) / max(1, rows * lanes<T>()));
  parallelFor(task, TASK_ARGUMENTS, vectors, worthSharing(total, GRAIN) ? grain : max(1, vectors));
}

// @ts-ignore: decorator
@inline
function batchNorm<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  setWord(X, x);
  setWord(Y, y);
  setWord(GAMMA, gamma);
  setWord(BETA, beta);
  setWord(MEAN, mean);
  setWord(VARIANCE, variance);
  setDouble(EPSILON, epsilon);
  setShape(outer, channels, inner);
  if (inner == 1) {
    distributeColumns<T>((args, start, end) => batchNormColumnsTask<T>(args, start, end), channels, outer);
  } else {
    distribute((args, start, end) => batchNormTask<T>(args, start, end), channels, outer * inner);
  }
}

/**
 * y = (x - mean) / sqrt(variance + epsilon) gamma + beta, mean and variance (of the population) taken over outer and
 * inner and written to `mean` and `variance` [channels].
 */
export function batchNorm_f32(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  batchNorm<f32>(x, gamma, beta, y, mean, variance, outer, channels, inner, epsilon);
}

export function batchNorm_f64(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, variance: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  batchNorm<f64>(x, gamma, beta, y, mean, variance, outer, channels, inner, epsilon);
}

// @ts-ignore: decorator
@inline
function batchNormGradient<T>(
  x: usize, dy: usize, mean: usize, variance: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  setWord(X, x);
  setWord(DY, dy);
  setWord(MEAN, mean);
  setWord(VARIANCE, variance);
  setWord(GAMMA, gamma);
  setWord(Y, dx);
  setWord(D_GAMMA, dgamma);
  setWord(D_BETA, dbeta);
  setDouble(EPSILON, epsilon);
  setShape(outer, channels, inner);
  if (inner == 1) {
    distributeColumns<T>((args, start, end) => batchNormGradientColumnsTask<T>(args, start, end), channels, outer);
  } else {
    distribute((args, start, end) => batchNormGradientTask<T>(args, start, end), channels, outer * inner);
  }
}

/** The gradients of batchNorm by x (none if dx is 0), gamma and beta, from the mean and variance that it wrote. */
export function batchNormGradient_f32(
  x: usize, dy: usize, mean: usize, variance: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  batchNormGradient<f32>(x, dy, mean, variance, gamma, dx, dgamma, dbeta, outer, channels, inner, epsilon);
}

export function batchNormGradient_f64(
  x: usize, dy: usize, mean: usize, variance: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  outer: i32, channels: i32, inner: i32, epsilon: f64,
): void {
  batchNormGradient<f64>(x, dy, mean, variance, gamma, dx, dgamma, dbeta, outer, channels, inner, epsilon);
}

// @ts-ignore: decorator
@inline
function channelAffine<T>(
  x: usize, centre: usize, scale: usize, shift: usize, y: usize, outer: i32, channels: i32, inner: i32,
): void {
  setWord(X, x);
  setWord(MEAN, centre);
  setWord(GAMMA, scale);
  setWord(BETA, shift);
  setWord(Y, y);
  setShape(outer, channels, inner);
  if (inner == 1) distribute((args, start, end) => rowAffineTask<T>(args, start, end), outer, channels);
  else distribute((args, start, end) => channelAffineTask<T>(args, start, end), outer * channels, inner);
}

/** y = (x - centre) scale + shift, one value of each a channel; an address of 0 leaves it out. */
export function channelAffine_f32(
  x: usize, centre: usize, scale: usize, shift: usize, y: usize, outer: i32, channels: i32, inner: i32,
): void {
  channelAffine<f32>(x, centre, scale, shift, y, outer, channels, inner);
}

export function channelAffine_f64(
  x: usize, centre: usize, scale: usize, shift: usize, y: usize, outer: i32, channels: i32, inner: i32,
): void {
  channelAffine<f64>(x, centre, scale, shift, y, outer, channels, inner);
}

// @ts-ignore: decorator
@inline
function channelSum<T>(x: usize, y: usize, outer: i32, channels: i32, inner: i32, accumulate: i32): void {
  setWord(X, x);
  setWord(Y, y);
  setWord(ACCUMULATE, accumulate);
  setShape(outer, channels, inner);
  if (inner == 1) distributeColumns<T>((args, start, end) => columnSumTask<T>(args, start, end), channels, outer);
  else distribute((args, start, end) => channelSumTask<T>(args, start, end), channels, outer * inner);
}

/** y[channel] (+)= sum of x over outer and inner. */
export function channelSum_f32(x: usize, y: usize, outer: i32, channels: i32, inner: i32, accumulate: i32): void {
  channelSum<f32>(x, y, outer, channels, inner, accumulate);
}

export function channelSum_f64(x: usize, y: usize, outer: i32, channels: i32, inner: i32, accumulate: i32): void {
  channelSum<f64>(x, y, outer, channels, inner, accumulate);
}

// @ts-ignore: decorator
@inline
function layerNorm<T>(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, inverse: usize, rows: i32, n: i32, epsilon: f64,
): void {
  setWord(X, x);
  setWord(GAMMA, gamma);
  setWord(BETA, beta);
  setWord(Y, y);
  setWord(MEAN, mean);
  setWord(VARIANCE, inverse);
  setDouble(EPSILON, epsilon);
  setShape(rows, 1, n);
  distribute((args, start, end) => layerNormTask<T>(args, start, end), rows, n);
}

/** Rows: y = (x - mean) r gamma + beta, r = 1 / sqrt(variance + epsilon). Writes mean and r [rows] if asked for. */
export function layerNorm_f32(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, inverse: usize, rows: i32, n: i32, epsilon: f64,
): void {
  layerNorm<f32>(x, gamma, beta, y, mean, inverse, rows, n, epsilon);
}

export function layerNorm_f64(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, inverse: usize, rows: i32, n: i32, epsilon: f64,
): void {
  layerNorm<f64>(x, gamma, beta, y, mean, inverse, rows, n, epsilon);
}

// @ts-ignore: decorator
@inline
function layerNormGradient<T>(
  x: usize, dy: usize, mean: usize, inverse: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32,
): void {
  setWord(X, x);
  setWord(DY, dy);
  setWord(MEAN, mean);
  setWord(VARIANCE, inverse);
  setWord(GAMMA, gamma);
  setWord(Y, dx);
  setWord(D_GAMMA, dgamma);
  setWord(D_BETA, dbeta);
  setShape(rows, 1, n);
  if (dx != 0) distribute((args, start, end) => layerNormGradientTask<T>(args, start, end), rows, n);
  distributeColumns<T>((args, start, end) => layerNormParametersTask<T>(args, start, end), n, rows);
}

/** The gradients of layerNorm by x (none if dx is 0), gamma and beta, from the mean and r that it wrote. */
export function layerNormGradient_f32(
  x: usize, dy: usize, mean: usize, inverse: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32,
): void {
  layerNormGradient<f32>(x, dy, mean, inverse, gamma, dx, dgamma, dbeta, rows, n);
}

export function layerNormGradient_f64(
  x: usize, dy: usize, mean: usize, inverse: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32,
): void {
  layerNormGradient<f64>(x, dy, mean, inverse, gamma, dx, dgamma, dbeta, rows, n);
}

function setLocalResponse(
  x: usize, dy: usize, y: usize, batch: i32, channels: i32, inner: i32, size: i32, alpha: f64, exponent: f64, bias: f64,
): void {
  setWord(X, x);
  setWord(DY, dy);
  setWord(Y, y);
  setWord(SIZE, size);
  setDouble(ALPHA, alpha);
  setDouble(EXPONENT, exponent);
  setDouble(BIAS, bias);
  setShape(batch, channels, inner);
}

// @ts-ignore: decorator
@inline
function placeVectors<T>(): i32 {
  return (word(TASK_ARGUMENTS, INNER) + lanes<T>() - 1) / lanes<T>() * word(TASK_ARGUMENTS, OUTER);
}

/** y[c] = x[c] (bias + alpha sum of x^2 over channels c - size / 2 to c + (size - 1) / 2)^-exponent. */
export function localResponse_f32(
  x: usize, y: usize, batch: i32, channels: i32, inner: i32, size: i32, alpha: f64, exponent: f64, bias: f64,
): void {
  setLocalResponse(x, 0, y, batch, channels, inner, size, alpha, exponent, bias);
  distribute((args, start, end) => localResponseTask<f32>(args, start, end), placeVectors<f32>(), 64 * channels);
}

export function localResponse_f64(
  x: usize, y: usize, batch: i32, channels: i32, inner: i32, size: i32, alpha: f64, exponent: f64, bias: f64,
): void {
  setLocalResponse(x, 0, y, batch, channels, inner, size, alpha, exponent, bias);
  distribute((args, start, end) => localResponseTask<f64>(args, start, end), placeVectors<f64>(), 64 * channels);
}

/** The gradient of localResponse by x. Needs 32 bytes of scratch memory a channel. */
export function localResponseGradient_f32(
  x: usize, dy: usize, dx: usize, batch: i32, channels: i32, inner: i32, size: i32,
  alpha: f64, exponent: f64, bias: f64,
): void {
  setLocalResponse(x, dy, dx, batch, channels, inner, size, alpha, exponent, bias);
  const work = 64 * channels;
  distribute((args, start, end) => localResponseGradientTask<f32>(args, start, end), placeVectors<f32>(), work);
}

export function localResponseGradient_f64(
  x: usize, dy: usize, dx: usize, batch: i32, channels: i32, inner: i32, size: i32,
  alpha: f64, exponent: f64, bias: f64,
): void {
  setLocalResponse(x, dy, dx, batch, channels, inner, size, alpha, exponent, bias);
  const work = 64 * channels;
  distribute((args, start, end) => localResponseGradientTask<f64>(args, start, end), placeVectors<f64>(), work);
}
