// The largest and the smallest element along an axis, and where they stand.
import { scratch } from "./parallel";
import { COLUMNS, MAX, MIN, piece } from "./reduce-pieces";
import {
  F32, F64, FIRST_LARGEST, FIRST_SMALLEST, I32, INDEX, LARGEST, reduce, RELATIVE, SMALLEST,
} from "./reduce-runs";

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

/** Elements of a row, and of all rows, up to which going through them one by one takes less time than cutting them into pieces. */
const SHORT: i32 = 32;
const FEW: i32 = 4096;

/** As `positionPiece` says it, of short rows; false if they are not. */
// @ts-ignore: decorator
@inline
function shortPositions<T>(largest: bool, x: usize, out: usize, outer: i32, n: i32, inner: i32): bool {
  if (inner != 1 || n > SHORT || n < 1 || outer > FEW / n) return false;
  for (; outer > 0; outer--) {
    let best = load<T>(x);
    let at = 0;
    for (let i = 1; i < n && best == best; i++) {
      const value = load<T>(x + i * sizeof<T>());
      if ((largest ? value > best : value < best) || value != value) {
        best = value;
        at = i;
      }
    }
    store<i32>(out, at);
    x += n * sizeof<T>();
    out += 4;
  }
  return true;
}

export function maxPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  piece<f32>(MAX, x, 0, rows, stride, columns, results);
}

export function max_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduce(maxPiece_f32, 4, LARGEST, F32, x, 0, out, outer, n, inner, 1, false, false);
}

export function maxPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
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
  if (shortPositions<f32>(true, x, out, outer, n, inner)) return;
  reduce(argmaxPiece_f32, 4, FIRST_LARGEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argmaxPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  maxPiece_f64(x, 0, rows, stride, columns, results);
  positionPiece<f64>(x, rows, stride, columns, results);
}

export function argmax_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  if (shortPositions<f64>(true, x, out, outer, n, inner)) return;
  reduce(argmaxPiece_f64, 8, FIRST_LARGEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argmaxPiece_i32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  maxPiece_i32(x, 0, rows, stride, columns, results);
  positionPiece<i32>(x, rows, stride, columns, results);
}

export function argmax_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  if (shortPositions<i32>(true, x, out, outer, n, inner)) return;
  reduce(argmaxPiece_i32, 4, FIRST_LARGEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argminPiece_f32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  minPiece_f32(x, 0, rows, stride, columns, results);
  positionPiece<f32>(x, rows, stride, columns, results);
}

export function argmin_f32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  if (shortPositions<f32>(false, x, out, outer, n, inner)) return;
  reduce(argminPiece_f32, 4, FIRST_SMALLEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argminPiece_f64(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  minPiece_f64(x, 0, rows, stride, columns, results);
  positionPiece<f64>(x, rows, stride, columns, results);
}

export function argmin_f64(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  if (shortPositions<f64>(false, x, out, outer, n, inner)) return;
  reduce(argminPiece_f64, 8, FIRST_SMALLEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}

function argminPiece_i32(x: usize, _second: usize, rows: i32, stride: i32, columns: i32, results: usize): void {
  minPiece_i32(x, 0, rows, stride, columns, results);
  positionPiece<i32>(x, rows, stride, columns, results);
}

export function argmin_i32(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  if (shortPositions<i32>(false, x, out, outer, n, inner)) return;
  reduce(argminPiece_i32, 4, FIRST_SMALLEST, INDEX, x, 0, out, outer, n, inner, 1, false, false);
}
