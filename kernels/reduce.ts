// Reductions of contiguous [outer, n, inner] to [outer, inner], running along n.
// A unit of work covers up to 32 neighbouring columns and a stretch of n, and leaves a float64 result for each column.
// Stretches depend on the shape only and are combined in order, so any number of threads gives the same bits.
// Sums add up short blocks in vector lanes and the blocks' sums in float64 (float64: with their rounding errors kept),
// so the error does not grow with n.
import { double, loadPart, setDouble, setWord, word } from "./lanes";
import { exp_v32 } from "./math32";
import { exp_v64, log_v64 } from "./math64";
import { chunkOf, parallelFor, scratch, Task, TASK_ARGUMENTS, worthSharing } from "./parallel";

/**
 * Reduces `rows` rows, `stride` elements apart, of `columns` neighbouring columns (one if stride is 1). `second` is
 * what else the operation reads: the other factor of a product, or a number for each column. Column c's result goes to
 * results[c], with a correction or an index in results[COLUMNS + c].
 */
type Piece = (x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize) => void;

const SUM = 0;
const SUM_SQUARES = 1;
const SUM_ABS = 2;
const CENTRED = 3;
const DOT = 4;
const SHIFTED_EXP = 5;
const MAX = 6;
const MIN = 7;
const PROD = 8;

/** Columns of a unit, and the bytes of its results. */
const COLUMNS = 32;
const RESULT_BYTES = 2 * 8 * COLUMNS;

/** Elements that are worth a thread's while. */
const GRAIN = 32768;
/** With fewer lines of work than this, n is cut into at most as many stretches as STRETCHES says. */
const FEW = 16;
const STRETCHES = 64;
/** Stretches begin at multiples of this many rows. */
const ALIGNMENT = 512;

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
function joinScalar<T>(operation: i32, a: T, b: T): T {
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
function clear(results: usize, count: i32): void {
  const zero = f64x2.splat(0);
  for (let c = 0; c < count; c += 2) {
    v128.store(results + 8 * c, zero);
    v128.store(results + 8 * c, zero, 8 * COLUMNS);
  }
}

// ---- One column: n is contiguous

// @ts-ignore: decorator
@inline
function row<T>(operation: i32, x: usize, second: usize, n: i32, results: usize): void {
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
function piece<T>(
  operation: i32, x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize,
): void {
  if (stride == 1) row<T>(operation, x, second, rows, results);
  else columnsOf<T>(operation, x, second, rows, stride, columns, results);
}

/** Products run through n in order and in float64, where float32 factors of very different sizes do not overflow. */
// @ts-ignore: decorator
@inline
function productPiece<T>(x: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
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

// ---- Combining and finishing

// How the results of stretches are combined.
const ADD = 0;
const MULTIPLY = 1;
const MULTIPLY_INTEGERS = 2;
const LARGEST = 3;
const SMALLEST = 4;
const FIRST_LARGEST = 5;
const FIRST_SMALLEST = 6;
const REPLACE = 7;

// What is written.
const F32 = 0;
const F64 = 1;
const I32 = 2;
const INDEX = 3;
const ANY = 4;
const ALL = 5;

/** Whether a is preferred to b as an extremum: NaN before all else, and the earlier of equals. */
// @ts-ignore: decorator
@inline
function prefers(how: i32, a: f64, b: f64): bool {
  if (a != a) return b == b;
  return how == FIRST_LARGEST ? a > b : a < b;
}

/** Combines the results of a line's stretches in order; they end up in the first. */
function combine(how: i32, results: usize, stretches: i32, columns: i32): void {
  for (let c = 0; c < columns; c++) {
    const target = results + 8 * c;
    let high = load<f64>(target);
    let low = load<f64>(target, 8 * COLUMNS);
    for (let i = 1; i < stretches; i++) {
      const nextHigh = load<f64>(target + i * RESULT_BYTES);
      const nextLow = load<f64>(target + i * RESULT_BYTES, 8 * COLUMNS);
      if (how == ADD) {
        const sum = high + nextHigh;
        const part = sum - high;
        low += high - (sum - part) + (nextHigh - part) + nextLow;
        high = sum;
      } else if (how == MULTIPLY) {
        high *= nextHigh;
      } else if (how == MULTIPLY_INTEGERS) {
        high = <f64>(<i32>high * <i32>nextHigh);
      } else if (how == LARGEST) {
        high = max<f64>(high, nextHigh);
      } else if (how == SMALLEST) {
        high = min<f64>(high, nextHigh);
      } else if (prefers(how, nextHigh, high)) {
        high = nextHigh;
        low = nextLow;
      }
    }
    store<f64>(target, high);
    store<f64>(target, low, 8 * COLUMNS);
  }
}

/** Writes the results of a line, sums with their corrections: unless that is NaN, as the sum is infinite then. */
function write(args: usize, results: usize, columns: i32, out: usize): void {
  const kind = word(args, 9);
  const corrected = word(args, 8) == ADD;
  const divisor = f64x2.splat(double(args, 0));
  for (let c = 0; c < columns; c += 2) {
    let value = v128.load(results + 8 * c);
    const low = v128.load(results + 8 * c, 8 * COLUMNS);
    if (corrected) value = f64x2.add(value, v128.and(low, f64x2.eq(low, low)));
    value = f64x2.div(value, divisor);
    const two = c + 1 < columns;
    if (kind == F32) {
      const rounded = f32x4.demote_f64x2_zero(value);
      if (two) v128.store64_lane(out + 4 * c, rounded, 0);
      else v128.store32_lane(out + 4 * c, rounded, 0);
    } else if (kind == F64) {
      if (two) v128.store(out + 8 * c, value);
      else v128.store64_lane(out + 8 * c, value, 0);
    } else {
      writeWhole(args, kind, f64x2.extract_lane(kind == INDEX ? low : value, 0), out, c);
      if (two) writeWhole(args, kind, f64x2.extract_lane(kind == INDEX ? low : value, 1), out, c + 1);
    }
  }
}

function writeWhole(args: usize, kind: i32, value: f64, out: usize, c: i32): void {
  if (kind == ANY) store<u8>(out + c, value > 0 ? 1 : 0);
  else if (kind == ALL) store<u8>(out + c, value == <f64>word(args, 4) ? 1 : 0);
  else store<i32>(out + 4 * c, <i32>(<i64>value));
}

/** Bytes of an output element of each kind. */
// @ts-ignore: decorator
@inline
function outBytes(kind: i32): i32 {
  return kind == F64 ? 8 : kind >= ANY ? 1 : 4;
}

/**
 * Runs `work` over x. `size`: bytes of an element of x. `perRow`: whether `second` advances with the rows of one column
 * (a factor) or has one element for each result. `whole`: the rows must not be cut.
 */
function reduce(
  work: Piece, size: i32, how: i32, kind: i32, x: usize, second: usize, out: usize,
  outer: i32, n: i32, inner: i32, divisor: f64, perRow: bool, whole: bool,
): void {
  const strips = (inner + COLUMNS - 1) / COLUMNS;
  const lines = outer * strips;
  if (lines == 0) return;
  const width = min(inner, COLUMNS);
  let stretch = n;
  let stretches = 1;
  if (!whole && lines < FEW && <i64>n * width > 2 * GRAIN) {
    stretch = max(GRAIN / width, (n + STRETCHES - 1) / STRETCHES);
    stretch = ((stretch + ALIGNMENT - 1) / ALIGNMENT) * ALIGNMENT;
    stretches = (n + stretch - 1) / stretch;
  }
  const partial = scratch + RESULT_BYTES;
  setWord(0, load<u32>(changetype<usize>(work)));
  setWord(1, size);
  setWord(2, strips);
  setWord(3, stretches);
  setWord(4, n);
  setWord(5, inner);
  setWord(6, stretch);
  setWord(7, perRow ? 1 : 0);
  setWord(8, how);
  setWord(9, kind);
  setWord(10, x);
  setWord(11, second);
  setWord(12, out);
  setWord(13, partial);
  setDouble(0, divisor);
  const units = lines * stretches;
  const elements = <i64>outer * n * inner;
  if (!worthSharing(elements, GRAIN)) reduceTask(TASK_ARGUMENTS, 0, units);
  else parallelFor(reduceTask, TASK_ARGUMENTS, units, max(1, chunkOf(elements, GRAIN) / max(1, min(stretch, GRAIN) * width)));
  if (stretches == 1) return;
  for (let line = 0; line < lines; line++) {
    const first = (line % strips) * COLUMNS;
    const target = out + ((line / strips) * inner + first) * outBytes(kind);
    const results = partial + line * stretches * RESULT_BYTES;
    const columns = min(COLUMNS, inner - first);
    combine(how, results, stretches, columns);
    write(TASK_ARGUMENTS, results, columns, target);
  }
}

function reduceTask(args: usize, start: i32, end: i32): void {
  const work = word(args, 0);
  const size = word(args, 1);
  const strips = word(args, 2);
  const stretches = word(args, 3);
  const n = word(args, 4);
  const inner = word(args, 5);
  const stretch = word(args, 6);
  const perRow = word(args, 7) != 0;
  const outSize = outBytes(word(args, 9));
  // Unit (group * strips + strip) * stretches + part, counted upwards: divisions would cost as much as short rows.
  let part = start % stretches;
  let strip = (start / stretches) % strips;
  let group = start / stretches / strips;
  for (let unit = start; unit < end; unit++) {
    const from = part * stretch;
    const rows = min(stretch, n - from);
    const first = strip * COLUMNS;
    const columns = min(COLUMNS, inner - first);
    const source = word(args, 10) + ((group * n + from) * inner + first) * size;
    const other = word(args, 11) + (perRow ? from : group * inner + first) * size;
    const results = stretches == 1 ? scratch : word(args, 13) + unit * RESULT_BYTES;
    store<i32>(scratch + RELATIVE, from);
    call_indirect<void>(work, source, other, rows, inner, columns, results);
    if (stretches == 1) write(args, results, columns, word(args, 12) + (group * inner + first) * outSize);
    if (++part < stretches) continue;
    part = 0;
    if (++strip < strips) continue;
    strip = 0;
    group += 1;
  }
}

// ---- Positions of extrema

/** Where a thread keeps the first row of its stretch, and a vector of columns for the operations that need one. */
const RELATIVE = 1 << 20;
const SHIFTS = RELATIVE + 64;

/** Finds the extremum first, then where it first stands. NaN is found by being unequal to itself. */
// @ts-ignore: decorator
@inline
function positionPiece<T>(x: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  const from = load<i32>(scratch + RELATIVE);
  for (let c = 0; c < columns; c++) {
    const wanted = <T>load<f64>(results + 8 * c);
    let at = x + c * sizeof<T>();
    let r = 0;
    if (stride == 1) r = skipOthers<T>(at, rows, wanted);
    at += r * stride * sizeof<T>();
    for (; r < rows - 1; r++) {
      const value = load<T>(at);
      if (value == wanted || value != value) break;
      at += stride * sizeof<T>();
    }
    store<f64>(results + 8 * (c + COLUMNS), <f64>(from + r));
  }
}

/** How many elements, in whole vectors, certainly come before the first that equals `wanted` or is NaN. */
// @ts-ignore: decorator
@inline
function skipOthers<T>(x: usize, n: i32, wanted: T): i32 {
  const count = 16 / sizeof<T>();
  const target = v128.splat<T>(wanted);
  let i = 0;
  for (; i + count <= n; i += count) {
    const value = v128.load(x);
    let found = v128.eq<T>(value, target);
    if (isFloat<T>()) found = v128.or(found, v128.ne<T>(value, value));
    if (v128.any_true(found)) break;
    x += 16;
  }
  return i;
}

// ---- Log of the sum of exponentials: m + ln(sum of e^(x - m)) with the largest element m

/** Uses the results of a search for the maximum. An infinite m is left out: e^x then says all there is. */
// @ts-ignore: decorator
@inline
function logSumExpPiece<T>(x: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  const shifts = scratch + SHIFTS;
  for (let c = 0; c < columns; c++) {
    const m = load<f64>(results + 8 * c);
    store<T>(shifts + c * sizeof<T>(), <T>(abs(m) == Infinity ? 0 : m));
  }
  piece<T>(SHIFTED_EXP, x, shifts, rows, stride, columns, results);
  for (let c = 0; c < columns; c++) {
    const sum = load<f64>(results + 8 * c);
    const correction = load<f64>(results + 8 * (c + COLUMNS));
    const total = correction == correction ? sum + correction : sum;
    const logarithm = f64x2.extract_lane(log_v64(f64x2.splat(total)), 0);
    store<f64>(results + 8 * c, <f64>load<T>(shifts + c * sizeof<T>()) + logarithm);
  }
}

// ---- Bytes: how many are not 0

function countPiece_u8(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  clear(results, columns);
  if (stride == 1) {
    let total = 0;
    const zero = i8x16.splat(0);
    for (; rows >= 16; rows -= 16) {
      total += popcnt(i8x16.bitmask(i8x16.ne(v128.load(x), zero)));
      x += 16;
    }
    for (; rows > 0; rows--) {
      total += load<u8>(x) != 0 ? 1 : 0;
      x += 1;
    }
    store<f64>(results, total);
    return;
  }
  for (; rows > 0; rows--) {
    for (let c = 0; c < columns; c++) {
      if (load<u8>(x + c) != 0) store<f64>(results + 8 * c, load<f64>(results + 8 * c) + 1);
    }
    x += stride;
  }
}

// ---- Running sums and products

/** One column, or columns side by side with their totals in scratch memory. Float32 totals are kept in float64. */
// @ts-ignore: decorator
@inline
function runningColumns<T, Total>(operation: i32, x: usize, out: usize, rows: i32, step: i32, columns: i32): void {
  const start = operation == PROD ? <Total>1 : <Total>0;
  if (columns == 1) {
    let total = start;
    for (; rows > 0; rows--, x += step, out += step) {
      total = joinScalar<Total>(operation, total, <Total>load<T>(x));
      store<T>(out, <T>total);
    }
    return;
  }
  for (let c = 0; c < columns; c++) store<Total>(scratch + 8 * c, start);
  for (; rows > 0; rows--, x += step, out += step) {
    for (let c = 0; c < columns; c++) {
      const at = c * sizeof<T>();
      const total = joinScalar<Total>(operation, load<Total>(scratch + 8 * c), <Total>load<T>(x + at));
      store<Total>(scratch + 8 * c, total);
      store<T>(out + at, <T>total);
    }
  }
}

// @ts-ignore: decorator
@inline
function runningTask<T, Total>(operation: i32, args: usize, start: i32, end: i32): void {
  const n = word(args, 0);
  const inner = word(args, 1);
  const strips = word(args, 2);
  for (let unit = start; unit < end; unit++) {
    const first = (unit % strips) * COLUMNS;
    const offset = ((unit / strips) * n * inner + first) * sizeof<T>();
    const columns = min(COLUMNS, inner - first);
    const step = inner * sizeof<T>();
    runningColumns<T, Total>(operation, word(args, 3) + offset, word(args, 4) + offset, n, step, columns);
  }
}

function running(task: Task, x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  const strips = (inner + COLUMNS - 1) / COLUMNS;
  setWord(0, n);
  setWord(1, inner);
  setWord(2, strips);
  setWord(3, x);
  setWord(4, out);
  const width = min(inner, COLUMNS);
  const least = GRAIN / 4 / max(1, min(n, GRAIN) * width);
  const units = outer * strips;
  const fork = <i64>outer * n * inner > GRAIN;
  parallelFor(task, TASK_ARGUMENTS, units, fork ? max(1, least) : max(1, units));
}

// ---- What the engine calls

function sumPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f32>(SUM, x, 0, rows, stride, columns, results);
}

export function sum_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(sumPiece_f32, 4, ADD, F32, x, 0, out, outer, n, inner, 1, false, false);
}

function sumPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f64>(SUM, x, 0, rows, stride, columns, results);
}

export function sum_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(sumPiece_f64, 8, ADD, F64, x, 0, out, outer, n, inner, 1, false, false);
}

function sumSquaresPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f32>(SUM_SQUARES, x, 0, rows, stride, columns, results);
}

export function sumSquares_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(sumSquaresPiece_f32, 4, ADD, F32, x, 0, out, outer, n, inner, 1, false, false);
}

function sumSquaresPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f64>(SUM_SQUARES, x, 0, rows, stride, columns, results);
}

export function sumSquares_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(sumSquaresPiece_f64, 8, ADD, F64, x, 0, out, outer, n, inner, 1, false, false);
}

function sumAbsPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f32>(SUM_ABS, x, 0, rows, stride, columns, results);
}

export function sumAbs_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(sumAbsPiece_f32, 4, ADD, F32, x, 0, out, outer, n, inner, 1, false, false);
}

function sumAbsPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f64>(SUM_ABS, x, 0, rows, stride, columns, results);
}

export function sumAbs_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(sumAbsPiece_f64, 8, ADD, F64, x, 0, out, outer, n, inner, 1, false, false);
}

function sumPiece_i32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<i32>(SUM, x, 0, rows, stride, columns, results);
}

export function sum_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(sumPiece_i32, 4, ADD, I32, x, 0, out, outer, n, inner, 1, false, false);
}

function prodPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  productPiece<f32>(x, rows, stride, columns, results);
}

export function prod_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(prodPiece_f32, 4, MULTIPLY, F32, x, 0, out, outer, n, inner, 1, false, false);
}

function prodPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  productPiece<f64>(x, rows, stride, columns, results);
}

export function prod_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(prodPiece_f64, 8, MULTIPLY, F64, x, 0, out, outer, n, inner, 1, false, false);
}

function prodPiece_i32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<i32>(PROD, x, 0, rows, stride, columns, results);
}

export function prod_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(prodPiece_i32, 4, MULTIPLY_INTEGERS, I32, x, 0, out, outer, n, inner, 1, false, false);
}

function maxPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f32>(MAX, x, 0, rows, stride, columns, results);
}

export function max_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(maxPiece_f32, 4, LARGEST, F32, x, 0, out, outer, n, inner, 1, false, false);
}

function maxPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f64>(MAX, x, 0, rows, stride, columns, results);
}

export function max_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(maxPiece_f64, 8, LARGEST, F64, x, 0, out, outer, n, inner, 1, false, false);
}

function maxPiece_i32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<i32>(MAX, x, 0, rows, stride, columns, results);
}

export function max_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(maxPiece_i32, 4, LARGEST, I32, x, 0, out, outer, n, inner, 1, false, false);
}

function minPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f32>(MIN, x, 0, rows, stride, columns, results);
}

export function min_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(minPiece_f32, 4, SMALLEST, F32, x, 0, out, outer, n, inner, 1, false, false);
}

function minPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f64>(MIN, x, 0, rows, stride, columns, results);
}

export function min_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(minPiece_f64, 8, SMALLEST, F64, x, 0, out, outer, n, inner, 1, false, false);
}

function minPiece_i32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<i32>(MIN, x, 0, rows, stride, columns, results);
}

export function min_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(minPiece_i32, 4, SMALLEST, I32, x, 0, out, outer, n, inner, 1, false, false);
}

function argmaxPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  maxPiece_f32(x, 0, rows, stride, columns, results);
  positionPiece<f32>(x, rows, stride, columns, results);
}

export function argmax_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(argmaxPiece_f32, 4, FIRST_LARGEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argmaxPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  maxPiece_f64(x, 0, rows, stride, columns, results);
  positionPiece<f64>(x, rows, stride, columns, results);
}

export function argmax_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(argmaxPiece_f64, 8, FIRST_LARGEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argmaxPiece_i32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  maxPiece_i32(x, 0, rows, stride, columns, results);
  positionPiece<i32>(x, rows, stride, columns, results);
}

export function argmax_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(argmaxPiece_i32, 4, FIRST_LARGEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argminPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  minPiece_f32(x, 0, rows, stride, columns, results);
  positionPiece<f32>(x, rows, stride, columns, results);
}

export function argmin_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(argminPiece_f32, 4, FIRST_SMALLEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argminPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  minPiece_f64(x, 0, rows, stride, columns, results);
  positionPiece<f64>(x, rows, stride, columns, results);
}

export function argmin_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(argminPiece_f64, 8, FIRST_SMALLEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argminPiece_i32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  minPiece_i32(x, 0, rows, stride, columns, results);
  positionPiece<i32>(x, rows, stride, columns, results);
}

export function argmin_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(argminPiece_i32, 4, FIRST_SMALLEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function logSumExpPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  maxPiece_f32(x, 0, rows, stride, columns, results);
  logSumExpPiece<f32>(x, rows, stride, columns, results);
}

export function logSumExp_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(logSumExpPiece_f32, 4, REPLACE, F32, x, 0, out, outer, n, inner, 1, false, true);
}

function logSumExpPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  maxPiece_f64(x, 0, rows, stride, columns, results);
  logSumExpPiece<f64>(x, rows, stride, columns, results);
}

export function logSumExp_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(logSumExpPiece_f64, 8, REPLACE, F64, x, 0, out, outer, n, inner, 1, false, true);
}

export function any_u8(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(countPiece_u8, 1, ADD, ANY, x, 0, out, outer, n, inner, 1, false, false);
}

export function all_u8(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(countPiece_u8, 1, ADD, ALL, x, 0, out, outer, n, inner, 1, false, false);
}

export function countNonZero_u8(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(countPiece_u8, 1, ADD, I32, x, 0, out, outer, n, inner, 1, false, false);
}

function dotPiece_f32(x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  row<f32>(DOT, x, second, rows, results);
}

/** out[0] = the sum of a[i] * b[i]. */
export function dot_f32(a: usize, b: usize, out: usize, n: i32): void {
  reduce(dotPiece_f32, 4, ADD, F32, a, b, out, 1, n, 1, 1, true, false);
}

function dotPiece_f64(x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  row<f64>(DOT, x, second, rows, results);
}

/** out[0] = the sum of a[i] * b[i]. */
export function dot_f64(a: usize, b: usize, out: usize, n: i32): void {
  reduce(dotPiece_f64, 8, ADD, F64, a, b, out, 1, n, 1, 1, true, false);
}

function variancePiece_f32(x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f32>(CENTRED, x, second, rows, stride, columns, results);
}

/** The sum of (x - mean)^2 along n, over `divisor`; `mean` is [outer, inner]. */
export function variance_f32(
  x: usize, mean: usize, out: usize, outer: i32, n: i32, inner: i32, divisor: f64,
): void {
  reduce(variancePiece_f32, 4, ADD, F32, x, mean, out, outer, n, inner, divisor, false, false);
}

function variancePiece_f64(x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f64>(CENTRED, x, second, rows, stride, columns, results);
}

/** The sum of (x - mean)^2 along n, over `divisor`; `mean` is [outer, inner]. */
export function variance_f64(
  x: usize, mean: usize, out: usize, outer: i32, n: i32, inner: i32, divisor: f64,
): void {
  reduce(variancePiece_f64, 8, ADD, F64, x, mean, out, outer, n, inner, divisor, false, false);
}

function cumsumTask_f32(args: usize, start: i32, end: i32): void {
  runningTask<f32, f64>(SUM, args, start, end);
}
export function cumsum_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  running(cumsumTask_f32, x, out, outer, n, inner);
}

function cumsumTask_f64(args: usize, start: i32, end: i32): void {
  runningTask<f64, f64>(SUM, args, start, end);
}
export function cumsum_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  running(cumsumTask_f64, x, out, outer, n, inner);
}

function cumsumTask_i32(args: usize, start: i32, end: i32): void {
  runningTask<i32, i32>(SUM, args, start, end);
}
export function cumsum_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  running(cumsumTask_i32, x, out, outer, n, inner);
}

function cumprodTask_f32(args: usize, start: i32, end: i32): void {
  runningTask<f32, f64>(PROD, args, start, end);
}
export function cumprod_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  running(cumprodTask_f32, x, out, outer, n, inner);
}

function cumprodTask_f64(args: usize, start: i32, end: i32): void {
  runningTask<f64, f64>(PROD, args, start, end);
}
export function cumprod_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  running(cumprodTask_f64, x, out, outer, n, inner);
}

function cumprodTask_i32(args: usize, start: i32, end: i32): void {
  runningTask<i32, i32>(PROD, args, start, end);
}
export function cumprod_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  running(cumprodTask_i32, x, out, outer, n, inner);
}
