// Sums, products, counts and variances along an axis, and the logarithm of a sum of exponentials.
import { maxPiece_f32, maxPiece_f64 } from "./extrema";
import { log_v64 } from "./math64";
import { scratch } from "./parallel";
import {
  CENTRED, clear, COLUMNS, DOT, piece, PROD, productPiece, row, SHIFTED_EXP, SUM, SUM_ABS, SUM_SQUARES,
} from "./reduce-pieces";
import { ADD, ALL, ANY, F32, F64, I32, MULTIPLY, MULTIPLY_INTEGERS, reduce, REPLACE, SHIFTS } from "./reduce-runs";

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
