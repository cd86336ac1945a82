// What a reduction makes of one unit of work: up to 32 neighbouring columns and a stretch of n, with a float64 result
// for each column. Sums add up short blocks in vector lanes and the blocks' sums in float64 (float64: with their
// rounding errors kept), so the error does not grow with n.
import { loadPart } from "./lanes";
import { exp_v32 } from "./math32";
import { exp_v64 } from "./math64";

export const SUM = 0;
export const SUM_SQUARES = 1;
export const SUM_ABS = 2;
export const CENTRED = 3;
export const DOT = 4;
export const SHIFTED_EXP = 5;
export const MAX = 6;
export const MIN = 7;
export const PROD = 8;

/** Columns of a unit, and the bytes of its results. */
export const COLUMNS = 32;
export const RESULT_BYTES = 2 * 8 * COLUMNS;

/** Rows that are added in the type's own precision before float64 takes over, a lane at a time. */
const BLOCK_ROWS = 32;
const BLOCK_STEPS = 16;

// ---- What is accumulated, and how

// @ts-ignore: decorator
@inline
function term<T>(operation: i32, x: v128, second: v128): v128 {
  if (isFloat<T>()) {
    if (operation == SUM_SQUARES) return v128.mul<T>(x, x);
    if (operation == SUM_ABS) return v128.abs<T>(x);
    if (operation == DOT) return v128.mul<T>(x, second);
    if (operation == CENTRED) {
      const distance = v128.sub<T>(x, second);
      return v128.mul<T>(distance, distance);
    }
    if (operation == SHIFTED_EXP) {
      const shifted = v128.sub<T>(x, second);
      return sizeof<T>() == 4 ? exp32(shifted) : exp64(shifted);
    }
  }
  return x;
}

// As calls: the loops below would otherwise repeat them a dozen times.
function exp32(x: v128): v128 {
  return exp_v32(x);
}
function exp64(x: v128): v128 {
  return exp_v64(x);
}

// @ts-ignore: decorator
@inline
function join<T>(operation: i32, a: v128, b: v128): v128 {
  // For floats one instruction that passes over a NaN in b; those are looked for aside, as max<f32> would cost eight.
  if (operation == MAX) return isFloat<T>() ? v128.pmax<T>(a, b) : v128.max<T>(a, b);
  if (operation == MIN) return isFloat<T>() ? v128.pmin<T>(a, b) : v128.min<T>(a, b);
  if (operation == PROD) return v128.mul<T>(a, b);
  return v128.add<T>(a, b);
}

/** Marks the lanes where x is NaN, for extrema. */
// @ts-ignore: decorator
@inline
function markNaN<T>(operation: i32, marks: v128, x: v128): v128 {
  return isExtremum<T>(operation) ? v128.or(marks, v128.ne<T>(x, x)) : marks;
}

// @ts-ignore: decorator
@inline
function markFour<T>(operation: i32, marks: v128, a: v128, b: v128, c: v128, d: v128): v128 {
  if (!isExtremum<T>(operation)) return marks;
  const first = v128.or(v128.ne<T>(a, a), v128.ne<T>(b, b));
  return v128.or(marks, v128.or(first, v128.or(v128.ne<T>(c, c), v128.ne<T>(d, d))));
}

// @ts-ignore: decorator
@inline
function isExtremum<T>(operation: i32): bool {
  return isFloat<T>() && (operation == MAX || operation == MIN);
}

// @ts-ignore: decorator
@inline
export function joinScalar<T>(operation: i32, a: T, b: T): T {
  if (operation == MAX) return max<T>(a, b);
  if (operation == MIN) return min<T>(a, b);
  if (operation == PROD) return <T>(a * b);
  return <T>(a + b);
}

// @ts-ignore: decorator
@inline
function identity<T>(operation: i32): T {
  if (operation == PROD) return <T>1;
  if (isFloat<T>()) {
    if (operation == MAX) return <T>-Infinity;
    if (operation == MIN) return <T>Infinity;
  } else {
    if (operation == MAX) return <T>i32.MIN_VALUE;
    if (operation == MIN) return <T>i32.MAX_VALUE;
  }
  return <T>0;
}

/** The rounding error of sum = a + b (Knuth). */
// @ts-ignore: decorator
@inline
function sumError(a: v128, b: v128, sum: v128): v128 {
  const part = f64x2.sub(sum, a);
  return f64x2.add(f64x2.sub(a, f64x2.sub(sum, part)), f64x2.sub(b, part));
}

/** Adds a vector of T to as many float64 results and their corrections. */
// @ts-ignore: decorator
@inline
function addTo<T>(results: usize, value: v128): void {
  if (sizeof<T>() == 4) {
    v128.store(results, f64x2.add(v128.load(results), f64x2.promote_low_f32x4(value)));
    const upper = f64x2.promote_low_f32x4(i64x2.shuffle(value, value, 1, 1));
    v128.store(results, f64x2.add(v128.load(results, 16), upper), 16);
  } else {
    const before = v128.load(results);
    const sum = f64x2.add(before, value);
    const correction = v128.load(results, 8 * COLUMNS);
    v128.store(results, sum);
    v128.store(results, f64x2.add(correction, sumError(before, value, sum)), 8 * COLUMNS);
  }
}

/** Writes a vector of T as float64 results. */
// @ts-ignore: decorator
@inline
function put<T>(results: usize, value: v128): void {
  if (sizeof<T>() == 8) {
    v128.store(results, value);
  } else if (isFloat<T>()) {
    v128.store(results, f64x2.promote_low_f32x4(value));
    v128.store(results, f64x2.promote_low_f32x4(i64x2.shuffle(value, value, 1, 1)), 16);
  } else {
    v128.store(results, f64x2.convert_low_i32x4_s(value));
    v128.store(results, f64x2.convert_low_i32x4_s(i64x2.shuffle(value, value, 1, 1)), 16);
  }
}

// @ts-ignore: decorator
@inline
function isAdditive<T>(operation: i32): bool {
  return isFloat<T>() && operation < MAX;
}

/** Sets `count` results and their corrections to 0. */
// @ts-ignore: decorator
@inline
export function clear(results: usize, count: i32): void {
  const zero = f64x2.splat(0);
  for (let c = 0; c < count; c += 2) {
    v128.store(results + 8 * c, zero);
    v128.store(results + 8 * c, zero, 8 * COLUMNS);
  }
}

// ---- One column: n is contiguous

// @ts-ignore: decorator
@inline
export function row<T>(operation: i32, x: usize, second: usize, n: i32, results: usize): void {
  const count = 16 / sizeof<T>();
  const start = v128.splat<T>(identity<T>(operation));
  const fixed = operation == CENTRED || operation == SHIFTED_EXP ? v128.load_splat<T>(second) : start;
  const additive = isAdditive<T>(operation);
  const block = additive ? BLOCK_STEPS * 4 * count : i32.MAX_VALUE;
  clear(results, count);
  let partial = start;
  let marks = v128.splat<i32>(0);
  while (n >= count) {
    let a0 = start;
    let a1 = start;
    let a2 = start;
    let a3 = start;
    let left = min(block, n);
    n -= left;
    for (; left >= 4 * count; left -= 4 * count) {
      const s0 = operation == DOT ? v128.load(second) : fixed;
      const s1 = operation == DOT ? v128.load(second, 16) : fixed;
      const s2 = operation == DOT ? v128.load(second, 32) : fixed;
      const s3 = operation == DOT ? v128.load(second, 48) : fixed;
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const x2 = v128.load(x, 32);
      const x3 = v128.load(x, 48);
      a0 = join<T>(operation, a0, term<T>(operation, x0, s0));
      a1 = join<T>(operation, a1, term<T>(operation, x1, s1));
      a2 = join<T>(operation, a2, term<T>(operation, x2, s2));
      a3 = join<T>(operation, a3, term<T>(operation, x3, s3));
      marks = markFour<T>(operation, marks, x0, x1, x2, x3);
      x += 64;
      if (operation == DOT) second += 64;
    }
    for (; left >= count; left -= count) {
      const x0 = v128.load(x);
      a0 = join<T>(operation, a0, term<T>(operation, x0, operation == DOT ? v128.load(second) : fixed));
      marks = markNaN<T>(operation, marks, x0);
      x += 16;
      if (operation == DOT) second += 16;
    }
    n += left;
    const sum = join<T>(operation, join<T>(operation, a0, a1), join<T>(operation, a2, a3));
    if (additive) addTo<T>(results, sum);
    else partial = join<T>(operation, partial, sum);
  }
  if (additive) {
    let rest: f64 = 0;
    for (; n > 0; n--) {
      const other = operation == DOT ? loadOne<T>(second) : fixed;
      rest += <f64>v128.extract_lane<T>(term<T>(operation, loadOne<T>(x), other), 0);
      x += sizeof<T>();
      if (operation == DOT) second += sizeof<T>();
    }
    addLanes<T>(results, rest);
  } else {
    let result = v128.extract_lane<T>(partial, 0);
    result = joinScalar<T>(operation, result, v128.extract_lane<T>(partial, 1));
    if (sizeof<T>() == 4) {
      result = joinScalar<T>(operation, result, v128.extract_lane<T>(partial, 2));
      result = joinScalar<T>(operation, result, v128.extract_lane<T>(partial, 3));
    }
    for (; n > 0; n--) {
      result = joinScalar<T>(operation, result, load<T>(x));
      x += sizeof<T>();
    }
    if (isExtremum<T>(operation) && v128.any_true(marks)) result = <T>NaN;
    store<f64>(results, <f64>result);
  }
}

// @ts-ignore: decorator
@inline
function loadOne<T>(pointer: usize): v128 {
  return sizeof<T>() == 4 ? v128.load32_zero(pointer) : v128.load64_zero(pointer);
}

/** Adds `rest` and the results of all lanes up to the first result. */
// @ts-ignore: decorator
@inline
function addLanes<T>(results: usize, rest: f64): void {
  if (sizeof<T>() == 4) {
    const pairs = f64x2.add(v128.load(results), v128.load(results, 16));
    store<f64>(results, f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1) + rest);
  } else {
    const values = v128.load(results);
    const others = i64x2.shuffle(values, values, 1, 1);
    const sum = f64x2.add(values, others);
    const corrections = v128.load(results, 8 * COLUMNS);
    const error = f64x2.extract_lane(sumError(values, others, sum), 0);
    v128.store(results, sum);
    const low = f64x2.extract_lane(corrections, 0) + f64x2.extract_lane(corrections, 1) + error;
    store<f64>(results, low, 8 * COLUMNS);
    addTo<f64>(results, f64x2.replace_lane(f64x2.splat(0), 0, rest));
  }
}

// ---- Several columns side by side

// @ts-ignore: decorator
@inline
function columnsOf<T>(
  operation: i32, x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize,
): void {
  const count = 16 / sizeof<T>();
  let hasNaN = false;
  const firstX = x;
  const firstResults = results;
  const all = columns;
  clear(results, columns + count - 1);
  if (operation != SHIFTED_EXP) {
    for (; columns >= 8 * count; columns -= 8 * count) {
      if (eightVectors<T>(operation, x, second, rows, stride, results)) hasNaN = true;
      x += 128;
      second += 128;
      results += 64 * count;
    }
  }
  for (; columns > 0; columns -= count) {
    if (oneVector<T>(operation, x, second, rows, stride, min(count, columns), results)) hasNaN = true;
    x += 16;
    second += 16;
    results += 8 * count;
  }
  if (isExtremum<T>(operation) && hasNaN) spreadNaN<T>(firstX, rows, stride, all, firstResults);
}

/** Makes NaN the result of every column that holds one. */
// @ts-ignore: decorator
@inline
function spreadNaN<T>(x: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  for (; rows > 0; rows--) {
    for (let c = 0; c < columns; c++) {
      const value = load<T>(x + c * sizeof<T>());
      if (value != value) store<f64>(results + 8 * c, NaN);
    }
    x += stride * sizeof<T>();
  }
}

/** Eight vectors of columns; true if an extremum met NaN. */
// @ts-ignore: decorator
@inline
function eightVectors<T>(operation: i32, x: usize, second: usize, rows: i32, stride: i32, results: usize): bool {
  const count = 16 / sizeof<T>();
  const step = stride * sizeof<T>();
  const start = v128.splat<T>(identity<T>(operation));
  const block = isAdditive<T>(operation) ? BLOCK_ROWS : i32.MAX_VALUE;
  const hasSecond = operation == CENTRED;
  let marks = v128.splat<i32>(0);
  do {
    let a0 = start;
    let a1 = start;
    let a2 = start;
    let a3 = start;
    let a4 = start;
    let a5 = start;
    let a6 = start;
    let a7 = start;
    const blockRows = min(block, rows);
    rows -= blockRows;
    for (let row = 0; row < blockRows; row++) {
      const x0 = v128.load(x);
      const x1 = v128.load(x, 16);
      const x2 = v128.load(x, 32);
      const x3 = v128.load(x, 48);
      const x4 = v128.load(x, 64);
      const x5 = v128.load(x, 80);
      const x6 = v128.load(x, 96);
      const x7 = v128.load(x, 112);
      a0 = join<T>(operation, a0, term<T>(operation, x0, hasSecond ? v128.load(second) : start));
      a1 = join<T>(operation, a1, term<T>(operation, x1, hasSecond ? v128.load(second, 16) : start));
      a2 = join<T>(operation, a2, term<T>(operation, x2, hasSecond ? v128.load(second, 32) : start));
      a3 = join<T>(operation, a3, term<T>(operation, x3, hasSecond ? v128.load(second, 48) : start));
      a4 = join<T>(operation, a4, term<T>(operation, x4, hasSecond ? v128.load(second, 64) : start));
      a5 = join<T>(operation, a5, term<T>(operation, x5, hasSecond ? v128.load(second, 80) : start));
      a6 = join<T>(operation, a6, term<T>(operation, x6, hasSecond ? v128.load(second, 96) : start));
      a7 = join<T>(operation, a7, term<T>(operation, x7, hasSecond ? v128.load(second, 112) : start));
      marks = markFour<T>(operation, marks, x0, x1, x2, x3);
      marks = markFour<T>(operation, marks, x4, x5, x6, x7);
      x += step;
    }
    deposit<T>(operation, results, a0);
    deposit<T>(operation, results + 8 * count, a1);
    deposit<T>(operation, results + 16 * count, a2);
    deposit<T>(operation, results + 24 * count, a3);
    deposit<T>(operation, results + 32 * count, a4);
    deposit<T>(operation, results + 40 * count, a5);
    deposit<T>(operation, results + 48 * count, a6);
    deposit<T>(operation, results + 56 * count, a7);
  } while (rows > 0);
  return v128.any_true(marks);
}

/** A block's outcome: sums add to the results; everything else is one block. */
// @ts-ignore: decorator
@inline
function deposit<T>(operation: i32, results: usize, value: v128): void {
  if (isAdditive<T>(operation)) addTo<T>(results, value);
  else put<T>(results, value);
}

/** Up to a vector of columns. Four rows have an accumulator each, as a single one would wait for its last addition. */
// @ts-ignore: decorator
@inline
function oneVector<T>(
  operation: i32, x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize,
): bool {
  const count = 16 / sizeof<T>();
  const step = stride * sizeof<T>();
  const start = v128.splat<T>(identity<T>(operation));
  const block = isAdditive<T>(operation) ? 4 * BLOCK_ROWS : i32.MAX_VALUE;
  const other =
    operation == CENTRED || operation == SHIFTED_EXP ? loadColumns<T>(second, columns, count) : start;
  let marks = v128.splat<i32>(0);
  do {
    let a0 = start;
    let a1 = start;
    let a2 = start;
    let a3 = start;
    let left = min(block, rows);
    rows -= left;
    for (; left >= 4; left -= 4) {
      const x0 = loadColumns<T>(x, columns, count);
      const x1 = loadColumns<T>(x + step, columns, count);
      const x2 = loadColumns<T>(x + 2 * step, columns, count);
      const x3 = loadColumns<T>(x + 3 * step, columns, count);
      a0 = join<T>(operation, a0, term<T>(operation, x0, other));
      a1 = join<T>(operation, a1, term<T>(operation, x1, other));
      a2 = join<T>(operation, a2, term<T>(operation, x2, other));
      a3 = join<T>(operation, a3, term<T>(operation, x3, other));
      marks = markFour<T>(operation, marks, x0, x1, x2, x3);
      x += 4 * step;
    }
    for (; left > 0; left--) {
      const x0 = loadColumns<T>(x, columns, count);
      a0 = join<T>(operation, a0, term<T>(operation, x0, other));
      marks = markNaN<T>(operation, marks, x0);
      x += step;
    }
    deposit<T>(operation, results, join<T>(operation, join<T>(operation, a0, a1), join<T>(operation, a2, a3)));
  } while (rows > 0);
  return v128.any_true(marks);
}

// @ts-ignore: decorator
@inline
function loadColumns<T>(x: usize, columns: i32, count: i32): v128 {
  return columns == count ? v128.load(x) : loadPart<T>(x, columns);
}

// @ts-ignore: decorator
@inline
export function piece<T>(
  operation: i32, x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize,
): void {
  if (stride == 1) row<T>(operation, x, second, rows, results);
  else columnsOf<T>(operation, x, second, rows, stride, columns, results);
}

/** Products run through n in order and in float64, where float32 factors of very different sizes do not overflow. */
// @ts-ignore: decorator
@inline
export function productPiece<T>(x: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  const step = stride * sizeof<T>();
  if (columns == 1) {
    let product: f64 = 1;
    for (; rows > 0; rows--, x += step) product *= <f64>load<T>(x);
    store<f64>(results, product);
    return;
  }
  for (let c = 0; c < columns; c++) store<f64>(results + 8 * c, 1);
  for (; rows > 0; rows--, x += step) {
    for (let c = 0; c < columns; c++) {
      store<f64>(results + 8 * c, load<f64>(results + 8 * c) * <f64>load<T>(x + c * sizeof<T>()));
    }
  }
}
