// What all normalisations share: the words of their tasks, and sums along runs of neighbours and down columns. Arrays
// by channel are [outer, channels, inner]. Sums of float32 are kept in float32 for some hundred terms and in float64
// beyond, in an order that the shapes fix.
import { lanes, loadPart, setWord, storePart } from "./lanes";
import { chunkOf, parallelFor, Task, TASK_ARGUMENTS, worthSharing } from "./parallel";

export const X = 0;
export const DY = 1;
export const Y = 2;
export const GAMMA = 3;
export const BETA = 4;
export const MEAN = 5;
export const VARIANCE = 6;
export const D_GAMMA = 7;
export const D_BETA = 8;
export const OUTER = 9;
export const CHANNELS = 10;
export const INNER = 11;
export const SIZE = 12;
export const ACCUMULATE = 13;
// Doubles.
export const EPSILON = 0;
export const ALPHA = 1;
export const EXPONENT = 2;
export const BIAS = 3;

/** Terms of a sum that are added in the array's own type before the sum goes on in float64. */
export const RUN: i32 = 256;
/** Elements in a chunk. */
const GRAIN: i32 = 8192;
/** Vectors of neighbouring columns that one task walks through together: a cache line of each row. */
const COLUMN_VECTORS: i32 = 4;

export function distribute(task: Task, count: i32, work: i32): void {
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

export const PLAIN = 0;
export const SQUARES = 1;
export const PRODUCTS = 2;

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

export function sumPlain<T>(x: usize, n: i32): f64 {
  return sumRun<T>(PLAIN, x, 0, n, <T>0);
}

export function sumSquares<T>(x: usize, n: i32, centre: T): f64 {
  return sumRun<T>(SQUARES, x, 0, n, centre);
}

export function sumProducts<T>(x: usize, d: usize, n: i32, centre: T): f64 {
  return sumRun<T>(PRODUCTS, x, d, n, centre);
}

// ---- Sums down columns (channels whose elements lie side by side)

/** Sums of `count` neighbouring columns, at most a vector, down `rows` rows `step` bytes apart, to `out` as f64. */
// @ts-ignore: decorator
@inline
export function sumColumns<T>(
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
export function fromDoubles<T>(from: usize, factor: f64): v128 {
  const scale = f64x2.splat(factor);
  const low = f64x2.mul(v128.load(from), scale);
  if (sizeof<T>() == 8) return low;
  const high = f64x2.mul(v128.load(from, 16), scale);
  return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** 1 / sqrt(variance + epsilon) of each column, from variances as f64s. */
// @ts-ignore: decorator
@inline
export function inverseDeviations<T>(from: usize, factor: f64, epsilon: f64): v128 {
  const one = f64x2.splat(1);
  const scale = f64x2.splat(factor);
  const extra = f64x2.splat(epsilon);
  const low = f64x2.div(one, f64x2.sqrt(f64x2.add(f64x2.mul(v128.load(from), scale), extra)));
  if (sizeof<T>() == 8) return low;
  const high = f64x2.div(one, f64x2.sqrt(f64x2.add(f64x2.mul(v128.load(from, 16), scale), extra)));
  return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

// @ts-ignore: decorator
@inline
export function valueAt<T>(pointer: usize, index: i32, missing: T): T {
  return pointer == 0 ? missing : load<T>(pointer + index * sizeof<T>());
}

// @ts-ignore: decorator
@inline
export function loadPartOrAll<T>(pointer: usize, n: i32): v128 {
  return n == lanes<T>() ? v128.load(pointer) : loadPart<T>(pointer, n);
}

// @ts-ignore: decorator
@inline
export function storePartOrAll<T>(pointer: usize, value: v128, n: i32): void {
  if (n == lanes<T>()) v128.store(pointer, value);
  else storePart<T>(pointer, value, n);
}

// @ts-ignore: decorator
@inline
export function setShape(outer: i32, channels: i32, inner: i32): void {
  setWord(OUTER, outer);
  setWord(CHANNELS, channels);
  setWord(INNER, inner);
}

/** Distributes vectors of columns, a cache line's worth at least. */
// @ts-ignore: decorator
@inline
export function distributeColumns<T>(task: Task, columns: i32, rows: i32): void {
  const vectors = (columns + lanes<T>() - 1) / lanes<T>();
  const total = <i64>columns * rows;
  const grain = max(COLUMN_VECTORS, chunkOf(total, GRAIN) / max(1, rows * lanes<T>()));
  parallelFor(task, TASK_ARGUMENTS, vectors, worthSharing(total, GRAIN) ? grain : max(1, vectors));
}
