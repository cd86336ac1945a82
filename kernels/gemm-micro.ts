// The inner loops of a matrix product. A tile of C stays in registers while one block of k runs over it. Tiles of
// outer products give each element one chain of multiply-adds in the order of k, whatever the size of the tile: every
// way to cut a product gives the same bits. Tiles of dot products, for factors contiguous along k, keep one partial
// sum a lane. V8 moves all loads of a loop body to its start, so a tile's rows * vectors + rows + vectors must stay
// within 15 registers, or 14 without fused multiply-add.

import { lanes } from "./lanes";

/** Vectors in the widest tile of 1 to 4 rows. */
// @ts-ignore: decorator
@inline
export function widest(rows: i32): i32 {
  if (rows == 4) return 2;
  if (rows == 3) return ASC_FEATURE_RELAXED_SIMD ? 3 : 2;
  return rows == 2 ? 4 : 6;
}

/**
 * Tiles of C, one after the other: C[r, :] (+)= sum over p < depth of A[r, p] B[p, :]. Strides are in bytes: `next`
 * leads to the following tile, `row` to the next row, `step` to the next p. The last vector of each row begins `back`
 * bytes early, so that a width which is no multiple of a vector touches nothing beyond it.
 */
// @ts-ignore: decorator
@unmanaged
export class Tiles {
  count: i32;
  depth: i32;
  add: bool;
  sparse: bool;
  a: usize;
  aNext: usize;
  aRow: usize;
  aStep: usize;
  b: usize;
  bNext: usize;
  bStep: usize;
  bBack: usize;
  c: usize;
  cNext: usize;
  cRow: usize;
  cBack: usize;
}

// @ts-ignore: decorator
@inline
export function multiplyAdd<T>(x: v128, y: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(x, y, sum);
  return v128.add<T>(v128.mul<T>(x, y), sum);
}

// A vector of zeros and one of ones: a load in between masks out the first lanes.
const MASKS: usize = memory.data<i32>([0, 0, 0, 0, -1, -1, -1, -1], 16);

/** All bits set, except in the first `bytes` bytes. */
// @ts-ignore: decorator
@inline
export function maskAfter(bytes: usize): v128 {
  return v128.load(MASKS + 16 - bytes);
}

// @ts-ignore: decorator
@inline
export function put<T>(c: usize, value: v128, add: bool): void {
  v128.store(c, add ? v128.add<T>(v128.load(c), value) : value);
}

/** Stores the last vector of a row. Lanes outside `fresh` belong to the vector before it: they are not added twice. */
// @ts-ignore: decorator
@inline
export function putLast<T>(c: usize, value: v128, add: bool, fresh: v128): void {
  if (add) {
    const old = v128.load(c);
    value = v128.bitselect(v128.add<T>(old, value), old, fresh);
  }
  v128.store(c, value);
}

// @ts-ignore: decorator
@inline
function sweep<T>(rows: i32, vectors: i32, close: bool, t: Tiles): void {
  const depth = t.depth, add = close ? false : t.add;
  const aNext = t.aNext, aRow = t.aRow, aStep = t.aStep;
  const bNext = t.bNext, bStep = t.bStep, bBack = t.bBack;
  const cNext = t.cNext, cRow = t.cRow, cBack = t.cBack;
  let a = t.a, b = t.b, c = t.c;
  const fresh = maskAfter(cBack);
  const last = <usize>(vectors - 1) * 16;
  for (let count = t.count; count > 0; --count) {
    let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
    let b0 = b, bLast = b + last - bBack;
    const zero = v128.splat<T>(0);
    let s00 = zero, s01 = zero, s02 = zero, s03 = zero, s04 = zero, s05 = zero;
    let s10 = zero, s11 = zero, s12 = zero, s13 = zero;
    let s20 = zero, s21 = zero, s22 = zero;
    let s30 = zero, s31 = zero;
    for (let p = depth; p != 0; --p) {
      const x0 = v128.load_splat<T>(a0);
      let x1 = x0, x2 = x0, x3 = x0;
      if (rows > 1) x1 = close ? v128.load_splat<T>(a0, sizeof<T>()) : v128.load_splat<T>(a1);
      if (rows > 2) x2 = close ? v128.load_splat<T>(a0, 2 * sizeof<T>()) : v128.load_splat<T>(a2);
      if (rows > 3) x3 = close ? v128.load_splat<T>(a0, 3 * sizeof<T>()) : v128.load_splat<T>(a3);
      const y0 = v128.load(vectors == 1 ? bLast : b0);
      s00 = multiplyAdd<T>(x0, y0, s00);
      if (rows > 1) s10 = multiplyAdd<T>(x1, y0, s10);
      if (rows > 2) s20 = multiplyAdd<T>(x2, y0, s20);
      if (rows > 3) s30 = multiplyAdd<T>(x3, y0, s30);
      if (vectors > 1) {
        const y1 = vectors == 2 ? v128.load(bLast) : v128.load(b0, 16);
        s01 = multiplyAdd<T>(x0, y1, s01);
        if (rows > 1) s11 = multiplyAdd<T>(x1, y1, s11);
        if (rows > 2) s21 = multiplyAdd<T>(x2, y1, s21);
        if (rows > 3) s31 = multiplyAdd<T>(x3, y1, s31);
      }
      if (vectors > 2) {
        const y2 = vectors == 3 ? v128.load(bLast) : v128.load(b0, 32);
        s02 = multiplyAdd<T>(x0, y2, s02);
        if (rows > 1) s12 = multiplyAdd<T>(x1, y2, s12);
        if (rows > 2) s22 = multiplyAdd<T>(x2, y2, s22);
      }
      if (vectors > 3) {
        const y3 = vectors == 4 ? v128.load(bLast) : v128.load(b0, 48);
        s03 = multiplyAdd<T>(x0, y3, s03);
        if (rows > 1) s13 = multiplyAdd<T>(x1, y3, s13);
      }
      if (vectors > 4) s04 = multiplyAdd<T>(x0, vectors == 5 ? v128.load(bLast) : v128.load(b0, 64), s04);
      if (vectors > 5) s05 = multiplyAdd<T>(x0, v128.load(bLast), s05);
      a0 += aStep;
      if (rows > 1 && !close) a1 += aStep;
      if (rows > 2 && !close) a2 += aStep;
      if (rows > 3 && !close) a3 += aStep;
      if (vectors > 1) b0 += bStep;
      bLast += bStep;
    }
    let to = c;
    const toLast = last - cBack;
    if (vectors > 1) put<T>(to, s00, add);
    if (vectors > 2) put<T>(to + 16, s01, add);
    if (vectors > 3) put<T>(to + 32, s02, add);
    if (vectors > 4) put<T>(to + 48, s03, add);
    if (vectors > 5) put<T>(to + 64, s04, add);
    const narrow = vectors == 1 ? s00 : vectors == 2 ? s01 : s02;
    putLast<T>(to + toLast, vectors < 4 ? narrow : vectors == 4 ? s03 : vectors == 5 ? s04 : s05, add, fresh);
    if (rows > 1) {
      to += cRow;
      if (vectors > 1) put<T>(to, s10, add);
      if (vectors > 2) put<T>(to + 16, s11, add);
      if (vectors > 3) put<T>(to + 32, s12, add);
      putLast<T>(to + toLast, vectors == 1 ? s10 : vectors == 2 ? s11 : vectors == 3 ? s12 : s13, add, fresh);
    }
    if (rows > 2) {
      to += cRow;
      if (vectors > 1) put<T>(to, s20, add);
      if (vectors > 2) put<T>(to + 16, s21, add);
      putLast<T>(to + toLast, vectors == 1 ? s20 : vectors == 2 ? s21 : s22, add, fresh);
    }
    if (rows > 3) {
      to += cRow;
      if (vectors > 1) put<T>(to, s30, add);
      putLast<T>(to + toLast, vectors == 1 ? s30 : s31, add, fresh);
    }
    a += aNext;
    b += bNext;
    c += cNext;
  }
}

/**
 * The loop over tiles of `rows` rows and `vectors` vectors, at most `widest(rows)`. `close`: the rows of A lie side by side, as in a transposed
 * matrix, and C is written, not added to; four of them are then read from one pointer, which leaves a short loop less to count.
 */
export function sweepOf<T>(rows: i32, vectors: i32, close: bool): (t: Tiles) => void {
  if (close && rows == 4) {
    if (vectors == 2) return (t: Tiles): void => sweep<T>(4, 2, true, t);
    return (t: Tiles): void => sweep<T>(4, 1, true, t);
  }
  switch (rows * 10 + vectors) {
    case 42: return (t: Tiles): void => sweep<T>(4, 2, false, t);
    case 41: return (t: Tiles): void => sweep<T>(4, 1, false, t);
    case 33: return (t: Tiles): void => sweep<T>(3, 3, false, t);
    case 32: return (t: Tiles): void => sweep<T>(3, 2, false, t);
    case 31: return (t: Tiles): void => sweep<T>(3, 1, false, t);
    case 24: return (t: Tiles): void => sweep<T>(2, 4, false, t);
    case 23: return (t: Tiles): void => sweep<T>(2, 3, false, t);
    case 22: return (t: Tiles): void => sweep<T>(2, 2, false, t);
    case 21: return (t: Tiles): void => sweep<T>(2, 1, false, t);
    case 16: return (t: Tiles): void => sweep<T>(1, 6, false, t);
    case 15: return (t: Tiles): void => sweep<T>(1, 5, false, t);
    case 14: return (t: Tiles): void => sweep<T>(1, 4, false, t);
    case 13: return (t: Tiles): void => sweep<T>(1, 3, false, t);
    case 12: return (t: Tiles): void => sweep<T>(1, 2, false, t);
    default: return (t: Tiles): void => sweep<T>(1, 1, false, t);
  }
}

/** Four sums over lanes, each (x0 + x2) + (x1 + x3); of two lanes, the first two sums. */
// @ts-ignore: decorator
@inline
function laneSums<T>(s0: v128, s1: v128, s2: v128, s3: v128): v128 {
  if (sizeof<T>() == 8) return v128.add<T>(v128.shuffle<u64>(s0, s1, 0, 2), v128.shuffle<u64>(s0, s1, 1, 3));
  const low = v128.add<T>(v128.shuffle<u32>(s0, s1, 0, 4, 1, 5), v128.shuffle<u32>(s0, s1, 2, 6, 3, 7));
  const high = v128.add<T>(v128.shuffle<u32>(s2, s3, 0, 4, 1, 5), v128.shuffle<u32>(s2, s3, 2, 6, 3, 7));
  return v128.add<T>(v128.shuffle<u32>(low, high, 0, 1, 4, 5), v128.shuffle<u32>(low, high, 2, 3, 6, 7));
}

// @ts-ignore: decorator
@inline
function putScalar<T>(c: usize, value: T, add: bool): void {
  store<T>(c, add ? load<T>(c) + value : value);
}

/** Stores the lane sums of four vectors, `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function putSums<T>(c: usize, stride: usize, s0: v128, s1: v128, s2: v128, s3: v128, add: bool): void {
  const first = laneSums<T>(s0, s1, s2, s3);
  const second = sizeof<T>() == 8 ? laneSums<T>(s2, s3, s2, s3) : first;
  if (stride == sizeof<T>()) {
    put<T>(c, first, add);
    if (sizeof<T>() == 8) put<T>(c + 16, second, add);
    return;
  }
  putScalar<T>(c, v128.extract_lane<T>(first, 0), add);
  putScalar<T>(c + stride, v128.extract_lane<T>(first, 1), add);
  putScalar<T>(c + 2 * stride, v128.extract_lane<T>(second, sizeof<T>() == 8 ? 0 : 2), add);
  putScalar<T>(c + 3 * stride, v128.extract_lane<T>(second, sizeof<T>() == 8 ? 1 : 3), add);
}

/**
 * `count` groups of dot products: `lines` lines of X with `quad` (1 or 4) lines of Y, all contiguous, of `depth` >=
 * lanes elements. From group to group X moves `xNext` bytes and Y `yNext`; results lie `cLine` bytes apart along X and
 * `cQuad` along Y. A depth that is no multiple of a vector reads the last whole vector again, shifted, with the lanes
 * already counted set to zero in both factors.
 */
// @ts-ignore: decorator
@inline
function dots<T>(
  lines: i32, quad: i32, count: i32, depth: i32,
  x: usize, xNext: usize, xLine: usize, y: usize, yNext: usize, yLine: usize,
  c: usize, cNext: usize, cLine: usize, cQuad: usize, add: bool,
): void {
  const whole = depth / lanes<T>();
  const rest = depth % lanes<T>();
  const back = <usize>(lanes<T>() - rest) * sizeof<T>();
  const fresh = maskAfter(back);
  for (; count > 0; --count) {
    let x0 = x, x1 = x + xLine;
    let y0 = y, y1 = y0 + yLine, y2 = y1 + yLine, y3 = y2 + yLine;
    const zero = v128.splat<T>(0);
    let s00 = zero, s01 = zero, s02 = zero, s03 = zero;
    let s10 = zero, s11 = zero, s12 = zero, s13 = zero;
    for (let p = whole; p != 0; --p) {
      const u0 = v128.load(x0), v0 = v128.load(y0);
      s00 = multiplyAdd<T>(u0, v0, s00);
      if (quad == 4) {
        const v1 = v128.load(y1), v2 = v128.load(y2), v3 = v128.load(y3);
        s01 = multiplyAdd<T>(u0, v1, s01);
        s02 = multiplyAdd<T>(u0, v2, s02);
        s03 = multiplyAdd<T>(u0, v3, s03);
        if (lines > 1) {
          const u1 = v128.load(x1);
          s10 = multiplyAdd<T>(u1, v0, s10);
          s11 = multiplyAdd<T>(u1, v1, s11);
          s12 = multiplyAdd<T>(u1, v2, s12);
          s13 = multiplyAdd<T>(u1, v3, s13);
          x1 += 16;
        }
        y1 += 16;
        y2 += 16;
        y3 += 16;
      }
      x0 += 16;
      y0 += 16;
    }
    if (rest) {
      const u0 = v128.and(v128.load(x0 - back), fresh), v0 = v128.and(v128.load(y0 - back), fresh);
      s00 = multiplyAdd<T>(u0, v0, s00);
      if (quad == 4) {
        const v1 = v128.and(v128.load(y1 - back), fresh);
        const v2 = v128.and(v128.load(y2 - back), fresh);
        const v3 = v128.and(v128.load(y3 - back), fresh);
        s01 = multiplyAdd<T>(u0, v1, s01);
        s02 = multiplyAdd<T>(u0, v2, s02);
        s03 = multiplyAdd<T>(u0, v3, s03);
        if (lines > 1) {
          const u1 = v128.and(v128.load(x1 - back), fresh);
          s10 = multiplyAdd<T>(u1, v0, s10);
          s11 = multiplyAdd<T>(u1, v1, s11);
          s12 = multiplyAdd<T>(u1, v2, s12);
          s13 = multiplyAdd<T>(u1, v3, s13);
        }
      }
    }
    if (quad == 4) {
      putSums<T>(c, cQuad, s00, s01, s02, s03, add);
      if (lines > 1) putSums<T>(c + cLine, cQuad, s10, s11, s12, s13, add);
    } else {
      putScalar<T>(c, v128.extract_lane<T>(laneSums<T>(s00, zero, zero, zero), 0), add);
    }
    x += xNext;
    y += yNext;
    c += cNext;
  }
}

/** C[m,n] (+)= A B for one block of k, rows of A and columns of B contiguous. Strides in bytes, depth >= lanes. */
export function dotBlock<T>(
  m: i32, n: i32, depth: i32, a: usize, aRow: usize, b: usize, bColumn: usize, c: usize, cRow: usize, add: bool,
): void {
  const size = sizeof<T>();
  const even = m & ~1;
  let j = 0;
  for (; j + 4 <= n; j += 4) {
    dots<T>(2, 4, m >> 1, depth, a, 2 * aRow, aRow, b, 0, bColumn, c, 2 * cRow, cRow, size, add);
    if (even < m) {
      dots<T>(1, 4, 1, depth, a + <usize>even * aRow, 0, 0, b, 0, bColumn, c + <usize>even * cRow, 0, 0, size, add);
    }
    b += 4 * bColumn;
    c += 4 * size;
  }
  const done = m & ~3;
  const aRest = a + <usize>done * aRow;
  for (; j < n; ++j) {
    dots<T>(1, 4, m >> 2, depth, b, 0, 0, a, 4 * aRow, aRow, c, 4 * cRow, 0, cRow, add);
    dots<T>(1, 1, m & 3, depth, b, 0, 0, aRest, aRow, 0, c + <usize>done * cRow, cRow, 0, 0, add);
    b += bColumn;
    c += size;
  }
}
