// Moving elements without changing them, and changing their type: strided copies, fills, selection, casts, ranges.
// A strided copy first brings its axes into the order in which the destination lies and merges those that run on; what
// remains is runs, repeated elements, transposed planes (in tiles, 4 x 4 in registers), or single elements.
import { notEqual_f32, notEqual_f64, notEqual_i32 } from "./comparison";
import { copyBytes, setWord, word } from "./lanes";
import { chunkOf, parallelFor, scratch, TASK_ARGUMENTS, worthSharing } from "./parallel";
import { split } from "./split";
import { advance, firstOffset, secondOffset, seek } from "./walk";

/** Elements that a thread takes at once. Four such stretches are worth waking the others. */
const GRAIN = 32768;

// ---- Strided copy

// The ordered axes, eight words each.
const SHAPE = 16;
const SOURCE = 24;
const TARGET = 32;

const RUN = 0;
const REPEAT = 1;
const SINGLES = 2;
const PLANE = 3;

/** Sides of a tile of a transposed plane: along the source's run, and along the destination's. */
const TILE_SOURCE = 32;
const TILE_TARGET = 32;

// @ts-ignore: decorator
@inline
function axisWord(base: i32, axis: i32): i32 {
  return word(TASK_ARGUMENTS, base + axis);
}

function setAxis(axis: i32, size: i32, source: i32, target: i32): void {
  setWord(SHAPE + axis, size);
  setWord(SOURCE + axis, source);
  setWord(TARGET + axis, target);
}

/** Writes the axes longer than 1, by falling stride in the destination, and returns how many; -1 if one is empty. */
function orderAxes(rank: i32, shape: usize, srcStrides: usize, dstStrides: usize): i32 {
  let axes = 0;
  for (let axis = 0; axis < rank; axis++) {
    const size = load<i32>(shape + 4 * axis);
    if (size == 0) return -1;
    if (size == 1) continue;
    const source = load<i32>(srcStrides + 4 * axis);
    const target = load<i32>(dstStrides + 4 * axis);
    let at = axes++;
    for (; at > 0 && abs(axisWord(TARGET, at - 1)) < abs(target); at--) {
      setAxis(at, axisWord(SHAPE, at - 1), axisWord(SOURCE, at - 1), axisWord(TARGET, at - 1));
    }
    setAxis(at, size, source, target);
  }
  return axes;
}

/** Joins an axis to the one before it where both arrays simply run on, and returns how many are left, at least 1. */
function mergeAxes(axes: i32): i32 {
  if (axes == 0) {
    setAxis(0, 1, 1, 1);
    return 1;
  }
  let last = 0;
  for (let axis = 1; axis < axes; axis++) {
    const size = axisWord(SHAPE, axis);
    const source = axisWord(SOURCE, axis);
    const target = axisWord(TARGET, axis);
    if (axisWord(SOURCE, last) == source * size && axisWord(TARGET, last) == target * size) {
      setAxis(last, axisWord(SHAPE, last) * size, source, target);
    } else {
      setAxis(++last, size, source, target);
    }
  }
  return last + 1;
}

/** Brings an axis along which the source runs to the place before the last; false if there is none. */
function bringRunningAxis(axes: i32): bool {
  for (let axis = axes - 2; axis >= 0; axis--) {
    if (axisWord(SOURCE, axis) != 1) continue;
    const size = axisWord(SHAPE, axis);
    const target = axisWord(TARGET, axis);
    for (; axis < axes - 2; axis++) {
      setAxis(axis, axisWord(SHAPE, axis + 1), axisWord(SOURCE, axis + 1), axisWord(TARGET, axis + 1));
    }
    setAxis(axis, size, 1, target);
    return true;
  }
  return false;
}

function copyStrided(
  size: i32, rank: i32, shape: usize, srcStrides: usize, dstStrides: usize, src: usize, dst: usize,
): void {
  let axes = orderAxes(rank, shape, srcStrides, dstStrides);
  if (axes < 0) return;
  axes = mergeAxes(axes);
  const n = axisWord(SHAPE, axes - 1);
  const source = axisWord(SOURCE, axes - 1);
  const dense = axisWord(TARGET, axes - 1) == 1;
  let kind = SINGLES;
  if (dense && source == 1) kind = RUN;
  else if (dense && source == 0) kind = REPEAT;
  else if (dense && bringRunningAxis(axes)) kind = PLANE;

  const outer = kind == PLANE ? axes - 2 : axes - 1;
  let places = 1;
  for (let axis = 0; axis < outer; axis++) places *= axisWord(SHAPE, axis);
  const m = kind == PLANE ? axisWord(SHAPE, outer) : 1;
  // A place is one row, in stretches, or one plane, in tiles.
  const across = kind == PLANE ? (n + TILE_TARGET - 1) / TILE_TARGET : (n + GRAIN - 1) / GRAIN;
  const parts = kind == PLANE ? across * ((m + TILE_SOURCE - 1) / TILE_SOURCE) : across;
  setWord(0, size);
  setWord(1, kind);
  setWord(2, outer);
  setWord(3, across);
  setWord(4, parts);
  setWord(5, src);
  setWord(6, dst);
  setWord(7, m);
  setWord(8, n);
  const units = places * parts;
  const elements = <i64>places * m * n;
  if (!worthSharing(elements, GRAIN)) copyTask(TASK_ARGUMENTS, 0, units);
  else parallelFor(copyTask, TASK_ARGUMENTS, units, max(1, <i32>((chunkOf(elements, GRAIN) * <i64>units) / elements)));
}

function copyTask(args: usize, start: i32, end: i32): void {
  const size = word(args, 0);
  if (size == 1) copyUnits<u8>(args, start, end);
  else if (size == 4) copyUnits<u32>(args, start, end);
  else copyUnits<u64>(args, start, end);
}

// @ts-ignore: decorator
@inline
function copyUnits<T>(args: usize, start: i32, end: i32): void {
  const kind = word(args, 1);
  const outer = word(args, 2);
  const across = word(args, 3);
  const parts = word(args, 4);
  const m = word(args, 7);
  const n = word(args, 8);
  const shape = args + 4 * SHAPE;
  const srcStrides = args + 4 * SOURCE;
  const dstStrides = args + 4 * TARGET;
  const inner = outer + (kind == PLANE ? 1 : 0);
  const source = word(args, SOURCE + inner);
  const target = word(args, TARGET + inner);
  seek(scratch, outer, shape, srcStrides, dstStrides, start / parts);
  let part = start % parts;
  for (let unit = start; unit < end; unit++) {
    const src = word(args, 5) + firstOffset(scratch) * sizeof<T>();
    const dst = word(args, 6) + secondOffset(scratch) * sizeof<T>();
    if (kind == PLANE) {
      const i = (part / across) * TILE_SOURCE;
      const j = (part % across) * TILE_TARGET;
      const dstRow = word(args, TARGET + outer);
      const tileSrc = src + (i + j * source) * sizeof<T>();
      const tileDst = dst + (i * dstRow + j) * sizeof<T>();
      transposeTile<T>(tileSrc, source, tileDst, dstRow, min(TILE_SOURCE, m - i), min(TILE_TARGET, n - j));
    } else {
      const first = part * GRAIN;
      const count = min(GRAIN, n - first);
      const a = src + first * source * sizeof<T>();
      const b = dst + first * target * sizeof<T>();
      if (kind == RUN) copyBytes(a, b, count * sizeof<T>());
      else if (kind == REPEAT) fill<T>(b, count, load<T>(a));
      else copySingles<T>(a, source, b, target, count);
    }
    if (++part < parts) continue;
    part = 0;
    advance(scratch, outer, shape, srcStrides, dstStrides);
  }
}

// @ts-ignore: decorator
@inline
function copySingles<T>(src: usize, srcStride: i32, dst: usize, dstStride: i32, n: i32): void {
  const srcStep = srcStride * sizeof<T>();
  const dstStep = dstStride * sizeof<T>();
  for (; n > 0; n--) {
    store<T>(dst, load<T>(src));
    src += srcStep;
    dst += dstStep;
  }
}

/** dst[i * dstRow + j] = src[j * srcRow + i] for i < m, j < n. */
// @ts-ignore: decorator
@inline
function transposeTile<T>(src: usize, srcRow: i32, dst: usize, dstRow: i32, m: i32, n: i32): void {
  const srcStep = srcRow * sizeof<T>();
  const dstStep = dstRow * sizeof<T>();
  const side = sizeof<T>() == 4 ? 4 : sizeof<T>() == 8 ? 2 : 1;
  const mWhole = m - (m % side);
  const nWhole = n - (n % side);
  for (let i = 0; i < mWhole; i += side) {
    let a = src + i * sizeof<T>();
    let b = dst + i * dstStep;
    for (let j = 0; j < nWhole; j += side) {
      transposeBlock<T>(a, srcStep, b, dstStep);
      a += side * srcStep;
      b += side * sizeof<T>();
    }
    for (let k = 0; k < side; k++) {
      copySingles<T>(a + k * sizeof<T>(), srcRow, b + k * dstStep, 1, n - nWhole);
    }
  }
  for (let i = mWhole; i < m; i++) copySingles<T>(src + i * sizeof<T>(), srcRow, dst + i * dstStep, 1, n);
}

// @ts-ignore: decorator
@inline
function transposeBlock<T>(src: usize, srcStep: usize, dst: usize, dstStep: usize): void {
  if (sizeof<T>() == 1) {
    store<u8>(dst, load<u8>(src));
  } else if (sizeof<T>() == 8) {
    const r0 = v128.load(src);
    const r1 = v128.load(src + srcStep);
    v128.store(dst, i64x2.shuffle(r0, r1, 0, 2));
    v128.store(dst + dstStep, i64x2.shuffle(r0, r1, 1, 3));
  } else {
    const r0 = v128.load(src);
    const r1 = v128.load(src + srcStep);
    const r2 = v128.load(src + 2 * srcStep);
    const r3 = v128.load(src + 3 * srcStep);
    const low01 = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
    const low23 = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
    const high01 = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
    const high23 = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
    v128.store(dst, i64x2.shuffle(low01, low23, 0, 2));
    v128.store(dst + dstStep, i64x2.shuffle(low01, low23, 1, 3));
    v128.store(dst + 2 * dstStep, i64x2.shuffle(high01, high23, 0, 2));
    v128.store(dst + 3 * dstStep, i64x2.shuffle(high01, high23, 1, 3));
  }
}

export function copyStrided_1(
  rank: i32, shape: usize, srcStrides: usize, dstStrides: usize, src: usize, dst: usize,
): void {
  copyStrided(1, rank, shape, srcStrides, dstStrides, src, dst);
}
export function copyStrided_4(
  rank: i32, shape: usize, srcStrides: usize, dstStrides: usize, src: usize, dst: usize,
): void {
  copyStrided(4, rank, shape, srcStrides, dstStrides, src, dst);
}
export function copyStrided_8(
  rank: i32, shape: usize, srcStrides: usize, dstStrides: usize, src: usize, dst: usize,
): void {
  copyStrided(8, rank, shape, srcStrides, dstStrides, src, dst);
}

// ---- Fill

// @ts-ignore: decorator
@inline
function fill<T>(dst: usize, n: i32, value: T): void {
  const vector = v128.splat<T>(value);
  const count = 16 / sizeof<T>();
  for (; n >= 4 * count; n -= 4 * count) {
    v128.store(dst, vector);
    v128.store(dst, vector, 16);
    v128.store(dst, vector, 32);
    v128.store(dst, vector, 48);
    dst += 64;
  }
  for (; n > 0; n--) {
    store<T>(dst, value);
    dst += sizeof<T>();
  }
}

function fillRow_1(value: usize, _b: usize, _c: usize, dst: usize, n: i32): void {
  fill<u8>(dst, n, load<u8>(value));
}
function fillRow_4(value: usize, _b: usize, _c: usize, dst: usize, n: i32): void {
  fill<u32>(dst, n, load<u32>(value));
}
function fillRow_8(value: usize, _b: usize, _c: usize, dst: usize, n: i32): void {
  fill<u64>(dst, n, load<u64>(value));
}

/** Where the value is kept while threads write: the caller's may lie in `dst`. */
const VALUE: usize = TASK_ARGUMENTS + 256;

export function fill_1(dst: usize, n: i32, value: usize): void {
  store<u8>(VALUE, load<u8>(value));
  if (worthSharing(n, 4 * GRAIN)) split(fillRow_1, 4 * GRAIN, n, VALUE, 0, 0, 0, 0, 0, dst, 1);
  else fillRow_1(VALUE, 0, 0, dst, n);
}
export function fill_4(dst: usize, n: i32, value: usize): void {
  store<u32>(VALUE, load<u32>(value));
  if (worthSharing(n, GRAIN)) split(fillRow_4, GRAIN, n, VALUE, 0, 0, 0, 0, 0, dst, 4);
  else fillRow_4(VALUE, 0, 0, dst, n);
}
export function fill_8(dst: usize, n: i32, value: usize): void {
  store<u64>(VALUE, load<u64>(value));
  if (worthSharing(n, GRAIN)) split(fillRow_8, GRAIN, n, VALUE, 0, 0, 0, 0, 0, dst, 8);
  else fillRow_8(VALUE, 0, 0, dst, n);
}

// ---- Selection: out[i] = condition[i] != 0 ? a[i] : b[i]

// @ts-ignore: decorator
@inline
function whereRow<T>(condition: usize, a: usize, b: usize, out: usize, n: i32): void {
  const zero = i8x16.splat(0);
  for (; n >= 16; n -= 16) {
    const mask = i8x16.ne(v128.load(condition), zero);
    if (sizeof<T>() == 1) {
      select(a, b, out, mask, 0);
    } else {
      const low = i16x8.extend_low_i8x16_s(mask);
      const high = i16x8.extend_high_i8x16_s(mask);
      selectEight<T>(a, b, out, low);
      selectEight<T>(a + 8 * sizeof<T>(), b + 8 * sizeof<T>(), out + 8 * sizeof<T>(), high);
    }
    condition += 16;
    a += 16 * sizeof<T>();
    b += 16 * sizeof<T>();
    out += 16 * sizeof<T>();
  }
  for (; n > 0; n--) {
    store<T>(out, load<u8>(condition) != 0 ? load<T>(a) : load<T>(b));
    condition += 1;
    a += sizeof<T>();
    b += sizeof<T>();
    out += sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function selectEight<T>(a: usize, b: usize, out: usize, mask: v128): void {
  const low = i32x4.extend_low_i16x8_s(mask);
  const high = i32x4.extend_high_i16x8_s(mask);
  if (sizeof<T>() == 4) {
    select(a, b, out, low, 0);
    select(a, b, out, high, 16);
  } else {
    select(a, b, out, i64x2.extend_low_i32x4_s(low), 0);
    select(a, b, out, i64x2.extend_high_i32x4_s(low), 16);
    select(a, b, out, i64x2.extend_low_i32x4_s(high), 32);
    select(a, b, out, i64x2.extend_high_i32x4_s(high), 48);
  }
}

// @ts-ignore: decorator
@inline
function select(a: usize, b: usize, out: usize, mask: v128, offset: usize): void {
  v128.store(out + offset, v128.bitselect(v128.load(a + offset), v128.load(b + offset), mask));
}

export function where_1(condition: usize, a: usize, b: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(where_1, GRAIN, n, condition, 1, a, 1, b, 1, out, 1);
  else whereRow<u8>(condition, a, b, out, n);
}
export function where_4(condition: usize, a: usize, b: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(where_4, GRAIN, n, condition, 1, a, 4, b, 4, out, 4);
  else whereRow<u32>(condition, a, b, out, n);
}
export function where_8(condition: usize, a: usize, b: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(where_8, GRAIN, n, condition, 1, a, 8, b, 8, out, 8);
  else whereRow<u64>(condition, a, b, out, n);
}

// ---- Casts: toward zero into integers, beyond the range to its end, NaN to 0; into u8 whether the value is not 0

/** Reads four elements as four (f32, i32, u8) or twice two (f64) lanes; writes them in the other type. */
// @ts-ignore: decorator
@inline
function castFour<F, T>(x: usize, out: usize): void {
  if (sizeof<F>() == 1) {
    const words = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(x)));
    writeWords<T>(words, out);
  } else if (sizeof<F>() == 8) {
    const low = v128.load(x);
    const high = v128.load(x, 16);
    if (isFloat<T>()) {
      v128.store(out, i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
    } else {
      v128.store(out, i64x2.shuffle(i32x4.trunc_sat_f64x2_s_zero(low), i32x4.trunc_sat_f64x2_s_zero(high), 0, 2));
    }
  } else if (isFloat<F>()) {
    const values = v128.load(x);
    if (isFloat<T>()) {
      v128.store(out, f64x2.promote_low_f32x4(values));
      v128.store(out, f64x2.promote_low_f32x4(i64x2.shuffle(values, values, 1, 1)), 16);
    } else {
      v128.store(out, i32x4.trunc_sat_f32x4_s(values));
    }
  } else {
    writeWords<T>(v128.load(x), out);
  }
}

/** Four i32 lanes as four elements of type T. */
// @ts-ignore: decorator
@inline
function writeWords<T>(words: v128, out: usize): void {
  if (isInteger<T>()) {
    v128.store(out, words);
  } else if (sizeof<T>() == 4) {
    v128.store(out, f32x4.convert_i32x4_s(words));
  } else {
    v128.store(out, f64x2.convert_low_i32x4_s(words));
    v128.store(out, f64x2.convert_low_i32x4_s(i64x2.shuffle(words, words, 1, 1)), 16);
  }
}

// @ts-ignore: decorator
@inline
function castRow<F, T>(x: usize, out: usize, n: i32): void {
  for (; n >= 4; n -= 4) {
    castFour<F, T>(x, out);
    x += 4 * sizeof<F>();
    out += 4 * sizeof<T>();
  }
  if (n == 0) return;
  memory.copy(scratch, x, n * sizeof<F>());
  castFour<F, T>(scratch, scratch + 64);
  memory.copy(out, scratch + 64, n * sizeof<T>());
}

function row_f32_f64(x: usize, _b: usize, _c: usize, out: usize, n: i32): void {
  castRow<f32, f64>(x, out, n);
}
function row_f32_i32(x: usize, _b: usize, _c: usize, out: usize, n: i32): void {
  castRow<f32, i32>(x, out, n);
}
function row_f64_f32(x: usize, _b: usize, _c: usize, out: usize, n: i32): void {
  castRow<f64, f32>(x, out, n);
}
function row_f64_i32(x: usize, _b: usize, _c: usize, out: usize, n: i32): void {
  castRow<f64, i32>(x, out, n);
}
function row_i32_f32(x: usize, _b: usize, _c: usize, out: usize, n: i32): void {
  castRow<i32, f32>(x, out, n);
}
function row_i32_f64(x: usize, _b: usize, _c: usize, out: usize, n: i32): void {
  castRow<i32, f64>(x, out, n);
}
function row_u8_f32(x: usize, _b: usize, _c: usize, out: usize, n: i32): void {
  castRow<u8, f32>(x, out, n);
}
function row_u8_f64(x: usize, _b: usize, _c: usize, out: usize, n: i32): void {
  castRow<u8, f64>(x, out, n);
}
function row_u8_i32(x: usize, _b: usize, _c: usize, out: usize, n: i32): void {
  castRow<u8, i32>(x, out, n);
}

export function cast_f32_f64(x: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(row_f32_f64, GRAIN, n, x, 4, 0, 0, 0, 0, out, 8);
  else castRow<f32, f64>(x, out, n);
}
export function cast_f32_i32(x: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(row_f32_i32, GRAIN, n, x, 4, 0, 0, 0, 0, out, 4);
  else castRow<f32, i32>(x, out, n);
}
export function cast_f64_f32(x: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(row_f64_f32, GRAIN, n, x, 8, 0, 0, 0, 0, out, 4);
  else castRow<f64, f32>(x, out, n);
}
export function cast_f64_i32(x: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(row_f64_i32, GRAIN, n, x, 8, 0, 0, 0, 0, out, 4);
  else castRow<f64, i32>(x, out, n);
}
export function cast_i32_f32(x: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(row_i32_f32, GRAIN, n, x, 4, 0, 0, 0, 0, out, 4);
  else castRow<i32, f32>(x, out, n);
}
export function cast_i32_f64(x: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(row_i32_f64, GRAIN, n, x, 4, 0, 0, 0, 0, out, 8);
  else castRow<i32, f64>(x, out, n);
}
export function cast_u8_f32(x: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(row_u8_f32, GRAIN, n, x, 1, 0, 0, 0, 0, out, 4);
  else castRow<u8, f32>(x, out, n);
}
export function cast_u8_f64(x: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(row_u8_f64, GRAIN, n, x, 1, 0, 0, 0, 0, out, 8);
  else castRow<u8, f64>(x, out, n);
}
export function cast_u8_i32(x: usize, out: usize, n: i32): void {
  if (worthSharing(n, GRAIN)) split(row_u8_i32, GRAIN, n, x, 1, 0, 0, 0, 0, out, 4);
  else castRow<u8, i32>(x, out, n);
}

/** Eight bytes of zeros: 0 in every type. */
const ZERO: usize = memory.data<f64>([0]);

export function cast_f32_u8(x: usize, out: usize, n: i32): void {
  notEqual_f32(1, x, ZERO, out, n);
}
export function cast_f64_u8(x: usize, out: usize, n: i32): void {
  notEqual_f64(1, x, ZERO, out, n);
}
export function cast_i32_u8(x: usize, out: usize, n: i32): void {
  notEqual_i32(1, x, ZERO, out, n);
}

// ---- Ranges: out[i] = start + i * step, rounded to the type

// @ts-ignore: decorator
@inline
function arange<T>(out: usize, n: i32, start: f64, step: f64): void {
  for (let i = 0; i < n; i++) {
    store<T>(out, <T>(start + <f64>i * step));
    out += sizeof<T>();
  }
}

export function arange_f32(out: usize, n: i32, start: f64, step: f64): void {
  arange<f32>(out, n, start, step);
}
export function arange_f64(out: usize, n: i32, start: f64, step: f64): void {
  arange<f64>(out, n, start, step);
}
export function arange_i32(out: usize, n: i32, start: f64, step: f64): void {
  arange<i32>(out, n, start, step);
}
