// Products with a factor A that is mostly zeros: the black pixels of a digit, the words that a text does not have. A strip of four rows of A
// meets a row of B with four values; where all four are zero, nothing is added to C, and the step is left out. Nothing else changes: what is
// left is added in the same order, so the bits are those of the whole product, but for the sign of a zero where a sum has underflown to it.
// B has to be finite, for zero times infinity is no zero. float32 only.
import { put, putLast, maskAfter, multiplyAdd, Tiles } from "./gemm-micro";
import { lanes } from "./lanes";

/** Steps up to which a strip is taken whole or not at all: a loop so short costs less than a wrong guess of the processor how long it will be. */
const SHORT: i32 = 24;
/** Places of A that are tried. */
const TRIED: i32 = 64;

/**
 * Whether enough of A is zero for `tileNonzero` to be faster, as far as some samples of its strips tell. Over few steps it takes only A whose
 * rows lie side by side, as that of a gradient of weights, and C that is written, not added to.
 */
export function looksSparse(a: usize, aRow: usize, aStep: usize, m: i32, k: i32, accumulate: bool): bool {
  const strips = m / 4;
  const short = k <= SHORT;
  if (strips == 0 || (short && (aRow != 4 || m % 4 != 0 || accumulate))) return false;
  const rows = min(strips, 8);
  const steps = min(k, TRIED / rows);
  let zeros = 0;
  for (let i = 0; i < rows; ++i) {
    const strip = a + <usize>(i * strips / rows * 4) * aRow;
    for (let j = 0; j < steps; ++j) {
      const at = strip + <usize>(<i64>(j * rows + i) * k / (steps * rows)) * aStep;
      const bits = load<u32>(at) | load<u32>(at + aRow) | load<u32>(at + 2 * aRow) | load<u32>(at + 3 * aRow);
      zeros += i32(bits == 0);
    }
  }
  // Two fifths; where only whole strips count, two thirds.
  return (short ? 3 : 5) * zeros >= 2 * rows * steps;
}

/** Whether k rows of n >= 4 elements are free of NaN and infinity: times zero, these are NaN, and stay it in a sum. */
export function isFinite(b: usize, bStep: usize, k: i32, n: i32): bool {
  const row = <usize>n * 4;
  // Without gaps, all rows are one.
  let rows = k, length = row;
  if (bStep == row && <i64>k * n < 1 << 28) {
    rows = 1;
    length *= k;
  }
  const zero = f32x4.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  for (; rows > 0; --rows) {
    const last = b + length - 16;
    let at = b;
    for (; at + 48 <= last; at += 64) {
      s0 = multiplyAdd<f32>(v128.load(at), zero, s0);
      s1 = multiplyAdd<f32>(v128.load(at, 16), zero, s1);
      s2 = multiplyAdd<f32>(v128.load(at, 32), zero, s2);
      s3 = multiplyAdd<f32>(v128.load(at, 48), zero, s3);
    }
    for (; at < last; at += 16) s0 = multiplyAdd<f32>(v128.load(at), zero, s0);
    s1 = multiplyAdd<f32>(v128.load(last), zero, s1);
    b += bStep;
  }
  const sum = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  return v128.all_true<i32>(f32x4.eq(sum, sum));
}

/** One value from each of up to four rows. */
function quadAt(a: usize, aRow: usize, rows: i32): v128 {
  let quad = v128.load32_zero(a);
  if (rows > 1) quad = v128.load32_lane(a + aRow, quad, 1);
  if (rows > 2) quad = v128.load32_lane(a + 2 * aRow, quad, 2);
  if (rows > 3) quad = v128.load32_lane(a + 3 * aRow, quad, 3);
  return quad;
}

/**
 * C = A B over few steps, without the strips of four rows of A that are zero: those of C are filled with zeros. The rows of A lie side by
 * side, so that four values are one vector. m is a multiple of 4.
 */
function tileStripsLeft(
  t: Tiles, m: i32, n: i32, a: usize, aStep: usize, b: usize, panel: usize, c: usize, packed: usize, places: usize,
): void {
  const depth = t.depth;
  const cDown = 4 * t.cRow;
  let to = packed, place = places;
  // Rows of C from here on are to be filled.
  let zeros = c;
  for (let i = 0; i < m; i += 4) {
    let any = f32x4.splat(0);
    let from = a, at = to;
    for (let p = depth; p > 0; --p) {
      const quad = v128.load(from);
      any = v128.or(any, quad);
      v128.store(at, quad);
      from += aStep;
      at += 16;
    }
    if (v128.any_true(any)) {
      store<u32>(place, c);
      place += 4;
      to = at;
      fillRows(zeros, c, t.cRow, n);
      zeros = c + cDown;
    }
    a += 16;
    c += cDown;
  }
  fillRows(zeros, c, t.cRow, n);
  t.a = packed;
  t.aNext = <usize>depth * 16;
  t.count = <i32>((place - places) >> 2);
  const bStep = t.bStep;
  for (let j = 0; j < n; j += 2 * lanes<f32>()) {
    // Places are addresses: what is added to them is a column.
    if (pointToColumns(t, j, n, b, bStep, panel, 0)) sweepPlaces(2, places, t.c, t);
    else sweepPlaces(1, places, t.c, t);
  }
  t.bStep = bStep;
}

/** Sets t to the columns of B and C from j on, up to two vectors of them; returns whether they are more than one. */
function pointToColumns(t: Tiles, j: i32, n: i32, b: usize, bStep: usize, panel: usize, c: usize): bool {
  const wide = 2 * lanes<f32>();
  const columns = min(n - j, wide);
  const pair = columns > lanes<f32>();
  // The last vector of a row begins early, so that it ends with the row; in a panel it already follows the others.
  t.cBack = <usize>((pair ? wide : lanes<f32>()) - columns) * 4;
  t.bBack = panel ? 0 : t.cBack;
  t.b = b + (panel ? <usize>(j / wide) * panel : <usize>j * 4);
  t.bStep = panel && !pair ? 16 : bStep;
  t.c = c + <usize>j * 4;
  return pair;
}

/** Fills rows of n elements with zeros, from one row up to another. */
function fillRows(from: usize, end: usize, cRow: usize, n: i32): void {
  const bytes = <usize>n * 4;
  if (bytes == cRow) {
    if (from < end) memory.fill(from, 0, end - from);
    return;
  }
  for (; from < end; from += cRow) memory.fill(from, 0, bytes);
}

/** Packed strips against `vectors` vectors of B, each to its own place in C. Not one with `sweepNonzero`: that took a sixth more time. */
// @ts-ignore: decorator
@inline
function sweepPlaces(vectors: i32, places: usize, column: usize, t: Tiles): void {
  const depth = t.depth, bStep = t.bStep, cRow = t.cRow;
  const last = <usize>(vectors - 1) * 16;
  const b = t.b, bLast = b + last - t.bBack;
  const toLast = last - t.cBack;
  let x = t.a;
  for (let count = t.count; count > 0; --count) {
    let y = b, yLast = bLast;
    const zero = f32x4.splat(0);
    let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
    for (let p = depth; p != 0; --p) {
      const x0 = v128.load32_splat(x), x1 = v128.load32_splat(x, 4);
      const x2 = v128.load32_splat(x, 8), x3 = v128.load32_splat(x, 12);
      const y1 = v128.load(yLast);
      s01 = multiplyAdd<f32>(x0, y1, s01);
      s11 = multiplyAdd<f32>(x1, y1, s11);
      s21 = multiplyAdd<f32>(x2, y1, s21);
      s31 = multiplyAdd<f32>(x3, y1, s31);
      if (vectors > 1) {
        const y0 = v128.load(y);
        s00 = multiplyAdd<f32>(x0, y0, s00);
        s10 = multiplyAdd<f32>(x1, y0, s10);
        s20 = multiplyAdd<f32>(x2, y0, s20);
        s30 = multiplyAdd<f32>(x3, y0, s30);
        y += bStep;
      }
      yLast += bStep;
      x += 16;
    }
    let to = <usize>load<u32>(places) + column;
    if (vectors > 1) v128.store(to, s00);
    v128.store(to + toLast, s01);
    to += cRow;
    if (vectors > 1) v128.store(to, s10);
    v128.store(to + toLast, s11);
    to += cRow;
    if (vectors > 1) v128.store(to, s20);
    v128.store(to + toLast, s21);
    to += cRow;
    if (vectors > 1) v128.store(to, s30);
    v128.store(to + toLast, s31);
    places += 4;
  }
}

/** Packs a strip of up to four rows at `to`, and the numbers of its steps at `list`; returns how many there are. */
function packStrip(to: usize, list: usize, a: usize, aRow: usize, aStep: usize, rows: i32, depth: i32): i32 {
  // Values of a step are written over by those of the next one, if all are zero. Written out, for these two places must stay in registers.
  let x = to, l = list;
  let p = 0;
  if (rows == 4 && aRow == 4) {
    for (; p < depth; ++p) {
      const quad = v128.load(a);
      v128.store(x, quad);
      store<i32>(l, p);
      const some = <usize>v128.any_true(quad);
      x += some << 4;
      l += some << 2;
      a += aStep;
    }
  } else if (aStep == 4) {
    const zero = f32x4.splat(0);
    for (; p + 4 <= depth; p += 4) {
      const x0 = v128.load(a);
      const x1 = rows > 1 ? v128.load(a + aRow) : zero;
      const x2 = rows > 2 ? v128.load(a + 2 * aRow) : zero;
      const x3 = rows > 3 ? v128.load(a + 3 * aRow) : zero;
      a += 16;
      // Four black pixels in a row are common.
      if (!v128.any_true(v128.or(v128.or(x0, x1), v128.or(x2, x3)))) continue;
      const low01 = i32x4.shuffle(x0, x1, 0, 4, 1, 5), high01 = i32x4.shuffle(x0, x1, 2, 6, 3, 7);
      const low23 = i32x4.shuffle(x2, x3, 0, 4, 1, 5), high23 = i32x4.shuffle(x2, x3, 2, 6, 3, 7);
      const q0 = i64x2.shuffle(low01, low23, 0, 2), q1 = i64x2.shuffle(low01, low23, 1, 3);
      const q2 = i64x2.shuffle(high01, high23, 0, 2), q3 = i64x2.shuffle(high01, high23, 1, 3);
      const some0 = <usize>v128.any_true(q0), some1 = <usize>v128.any_true(q1);
      const some2 = <usize>v128.any_true(q2), some3 = <usize>v128.any_true(q3);
      v128.store(x, q0);
      store<i32>(l, p);
      x += some0 << 4;
      l += some0 << 2;
      v128.store(x, q1);
      store<i32>(l, p + 1);
      x += some1 << 4;
      l += some1 << 2;
      v128.store(x, q2);
      store<i32>(l, p + 2);
      x += some2 << 4;
      l += some2 << 2;
      v128.store(x, q3);
      store<i32>(l, p + 3);
      x += some3 << 4;
      l += some3 << 2;
    }
  }
  for (; p < depth; ++p) {
    const quad = quadAt(a, aRow, rows);
    v128.store(x, quad);
    store<i32>(l, p);
    const some = <usize>v128.any_true(quad);
    x += some << 4;
    l += some << 2;
    a += aStep;
  }
  return <i32>((x - to) >> 4);
}

/** Strips of packed values against `vectors` vectors of B: as `sweep` in gemm-micro, step by step of each strip's list. */
// @ts-ignore: decorator
@inline
function sweepNonzero(vectors: i32, rows: i32, lists: usize, counts: usize, t: Tiles): void {
  const add = t.add;
  const aNext = t.aNext, bStep = t.bStep, cNext = t.cNext, cRow = t.cRow;
  const listNext = <usize>t.depth * 4;
  const last = <usize>(vectors - 1) * 16;
  const b = t.b, bLast = b + last - t.bBack;
  const toLast = last - t.cBack;
  const fresh = maskAfter(t.cBack);
  let a = t.a, c = t.c;
  for (let count = t.count; count > 0; --count) {
    let x = a, list = lists;
    const zero = f32x4.splat(0);
    let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
    for (let left = load<i32>(counts); left != 0; --left) {
      const offset = <usize>load<i32>(list) * bStep;
      const x0 = v128.load32_splat(x), x1 = v128.load32_splat(x, 4);
      const x2 = v128.load32_splat(x, 8), x3 = v128.load32_splat(x, 12);
      const y1 = v128.load(bLast + offset);
      s01 = multiplyAdd<f32>(x0, y1, s01);
      s11 = multiplyAdd<f32>(x1, y1, s11);
      s21 = multiplyAdd<f32>(x2, y1, s21);
      s31 = multiplyAdd<f32>(x3, y1, s31);
      if (vectors > 1) {
        const y0 = v128.load(b + offset);
        s00 = multiplyAdd<f32>(x0, y0, s00);
        s10 = multiplyAdd<f32>(x1, y0, s10);
        s20 = multiplyAdd<f32>(x2, y0, s20);
        s30 = multiplyAdd<f32>(x3, y0, s30);
      }
      x += 16;
      list += 4;
    }
    let to = c;
    if (vectors > 1) put<f32>(to, s00, add);
    putLast<f32>(to + toLast, s01, add, fresh);
    if (rows > 1) {
      to += cRow;
      if (vectors > 1) put<f32>(to, s10, add);
      putLast<f32>(to + toLast, s11, add, fresh);
    }
    if (rows > 2) {
      to += cRow;
      if (vectors > 1) put<f32>(to, s20, add);
      putLast<f32>(to + toLast, s21, add, fresh);
    }
    if (rows > 3) {
      to += cRow;
      if (vectors > 1) put<f32>(to, s30, add);
      putLast<f32>(to + toLast, s31, add, fresh);
    }
    a += aNext;
    c += cNext;
    lists += listNext;
    counts += 4;
  }
}

function sweepPairs(rows: i32, lists: usize, counts: usize, t: Tiles): void {
  sweepNonzero(2, rows, lists, counts, t);
}

function sweepSingles(rows: i32, lists: usize, counts: usize, t: Tiles): void {
  sweepNonzero(1, rows, lists, counts, t);
}

/**
 * C[m,n] (+)= A B for one block of k, without the steps at which a strip of A is zero. `packed` has room for the strips of A, 16 bytes a step,
 * `lists` for 4 bytes a step and a strip. B is read in panels `panel` bytes apart, or where it lies if that is 0; n >= lanes.
 */
export function tileNonzero(
  t: Tiles, m: i32, n: i32, a: usize, aRow: usize, aStep: usize, b: usize, panel: usize, c: usize, packed: usize, lists: usize,
): void {
  const depth = t.depth;
  if (depth <= SHORT) {
    tileStripsLeft(t, m, n, a, aStep, b, panel, c, packed, lists);
    return;
  }
  const strip = <usize>depth * 16;
  const list = <usize>depth * 4;
  const strips = m / 4;
  const rest = m % 4;
  const counts = lists + <usize>((m + 3) / 4) * list;
  for (let i = 0; i < m; i += 4) {
    const number = <usize>(i / 4);
    const to = packed + number * strip;
    const count = packStrip(to, lists + number * list, a + <usize>i * aRow, aRow, aStep, min(4, m - i), depth);
    store<i32>(counts + number * 4, count);
  }
  const bStep = t.bStep;
  const cDown = 4 * t.cRow;
  t.aNext = strip;
  t.cNext = cDown;
  for (let j = 0; j < n; j += 2 * lanes<f32>()) {
    const pair = pointToColumns(t, j, n, b, bStep, panel, c);
    t.a = packed;
    t.count = strips;
    if (pair) sweepPairs(4, lists, counts, t);
    else sweepSingles(4, lists, counts, t);
    if (rest > 0) {
      t.a = packed + <usize>strips * strip;
      t.c += <usize>strips * cDown;
      t.count = 1;
      if (pair) sweepPairs(rest, lists + <usize>strips * list, counts + <usize>strips * 4, t);
      else sweepSingles(rest, lists + <usize>strips * list, counts + <usize>strips * 4, t);
    }
  }
  t.bStep = bStep;
}
