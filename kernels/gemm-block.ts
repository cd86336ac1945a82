// A matrix product on one thread: which inner loop, what to copy first, how to cut it so that each part stays in cache.
// An element of C is the sum, in order, of blocks of at most 512 products along k; how m and n are cut changes no bit.
import { dotBlock, multiplyAdd, sweepOf, Tiles, widest } from "./gemm-micro";
import { copyTwoPanels, packLines } from "./gemm-pack";
import { tileNonzero } from "./gemm-zeros";
import { lanes, loadPart, storePart } from "./lanes";
import { sigmoid_v32, tanh_v32 } from "./math32";
import { sigmoid_v64, tanh_v64 } from "./math64";
import { scratch } from "./parallel";

/** C[m,n] = activation(A[m,k] B[k,n] + bias[n]), or with `accumulate` C + A B in place of A B; strides in bytes. */
// @ts-ignore: decorator
@unmanaged
export class Product {
  m: i32;
  n: i32;
  k: i32;
  a: usize;
  aRow: usize;
  aStep: usize;
  b: usize;
  bStep: usize;
  bColumn: usize;
  c: usize;
  cRow: usize;
  accumulate: bool;
  bias: usize;
  activation: i32;
  /** Much of A is zero and all of B finite: see gemm-zeros. */
  sparse: bool;
}

// 512 steps of one tile's columns of B (16 KiB) and rows of A (8 KiB, 16 in f64) fit in 48 KiB of first-level cache.
const DEPTH: i32 = 512;
// Bytes of A (in second-level cache) and of B (in scratch memory) that a block of rows or columns holds at that depth.
const ROWS_BYTES: i32 = 384 << 10;
const COLUMNS_BYTES: i32 = 1 << 20;

// Where things lie in a thread's 2 MiB of scratch memory, after the tiles in hand: products, and copies of A and B.
export const PART: usize = 128;
const TRANSPOSED: usize = 256;
const NARROW: usize = 1 << 10;
const A_PANELS: usize = 16 << 10;
const B_PANELS: usize = 448 << 10;
/** Numbers of steps, for products that leave some out. */
const LISTS: usize = 1792 << 10;

/** Addresses apart by multiples of this share so few cache sets that they push each other out. */
const CONFLICT: usize = 4096;

/** Whether `multiply` copies B first: tiles cannot read it, or would read it with a stride that caches bear badly. */
export function packsB<T>(m: i32, bStep: usize, bColumn: usize): bool {
  if (bColumn != sizeof<T>()) return true;
  return bStep % CONFLICT == 0 ? m >= 10 : bStep >= 1024 && m >= 128;
}

/** The same for A, which tiles can read at any strides. */
export function packsA<T>(n: i32, aStep: usize): bool {
  return aStep % CONFLICT == 0 ? n >= 16 : aStep >= 1024 && n >= 64;
}

/** Dot products need rows of A and columns of B that are contiguous; with a short k their final sums cost too much. */
// @ts-ignore: decorator
@inline
function usesDots<T>(p: Product): bool {
  if (p.aStep != sizeof<T>()) return false;
  return p.n < lanes<T>() ? p.k >= lanes<T>() : p.bStep == sizeof<T>() && p.k > 16;
}

/** First step of a block of k. The blocks differ in length by at most one. */
// @ts-ignore: decorator
@inline
function firstStep(block: i32, blocks: i32, k: i32): i32 {
  return <i32>((<i64>k * block) / blocks);
}

/** Multiply-adds up to which cutting and copying cost more than reading where things lie. */
const SMALL: i32 = 1024;

/**
 * A product so small that deciding how to cut it would take longer than the product: the same chain of multiply-adds for each element as in tiles, four
 * columns at a time.
 */
function multiplySmall<T>(p: Product): void {
  const size = sizeof<T>();
  const m = p.m, n = p.n, k = p.k;
  const aRow = p.aRow, aStep = p.aStep;
  for (let j = 0; j < n; j += lanes<T>()) {
    const width = min(lanes<T>(), n - j);
    const whole = width == lanes<T>();
    let b = p.b + <usize>j * p.bColumn;
    let bStep = p.bStep;
    if (!whole || p.bColumn != size) {
      b = gatherColumns<T>(width, k, b, bStep, p.bColumn);
      bStep = 16;
    }
    let a = p.a;
    let c = p.c + <usize>j * size;
    for (let i = 0; i < m; ++i) {
      let sum = v128.splat<T>(0);
      let x = a, y = b;
      for (let q = k; q != 0; --q) {
        sum = multiplyAdd<T>(v128.load_splat<T>(x), v128.load(y), sum);
        x += aStep;
        y += bStep;
      }
      if (whole) v128.store(c, p.accumulate ? v128.add<T>(v128.load(c), sum) : sum);
      else storePart<T>(c, p.accumulate ? v128.add<T>(loadPart<T>(c, width), sum) : sum, width);
      a += aRow;
      c += p.cRow;
    }
  }
  finish<T>(p, 0, m, 0, n);
}

/** Copies columns of B, no more than a vector holds, one vector a row. */
function gatherColumns<T>(width: i32, k: i32, b: usize, bStep: usize, bColumn: usize): usize {
  const copy = scratch + B_PANELS;
  let to = copy;
  if (bColumn == sizeof<T>()) {
    for (let q = k; q != 0; --q, to += 16, b += bStep) v128.store(to, loadPart<T>(b, width));
    return copy;
  }
  for (let q = k; q != 0; --q, to += 16, b += bStep) {
    v128.store(to, f64x2.splat(0));
    let from = b;
    for (let lane = 0; lane < width; ++lane, from += bColumn) store<T>(to + <usize>lane * sizeof<T>(), load<T>(from));
  }
  return copy;
}

/** Computes a product on the calling thread, in its scratch memory. */
export function multiply<T>(p: Product): void {
  const size = sizeof<T>();
  const m = p.m, n = p.n, k = p.k;
  if (m <= 0 || n <= 0) return;
  if (k <= 0) {
    if (!p.accumulate) {
      for (let i = 0; i < m; ++i) memory.fill(p.c + <usize>i * p.cRow, 0, <usize>n * size);
    }
    finish<T>(p, 0, m, 0, n);
    return;
  }
  const dot = usesDots<T>(p);
  if (!dot && !p.sparse && <i64>m * n * k <= SMALL) {
    multiplySmall<T>(p);
    return;
  }
  const narrow = n < lanes<T>();
  if (n == 1 && m >= lanes<T>() && p.cRow == size && !dot) {
    multiplyColumn<T>(p);
    return;
  }
  const rowBlock = ROWS_BYTES / (DEPTH * <i32>size);
  const columnBlock = COLUMNS_BYTES / (DEPTH * <i32>size);
  const blocks = (k - 1) / DEPTH + 1;
  const t = changetype<Tiles>(scratch);
  for (let block = 0; block < blocks; ++block) {
    const first = firstStep(block, blocks, k);
    const depth = firstStep(block + 1, blocks, k) - first;
    const add = p.accumulate || block > 0;
    t.depth = depth;
    t.add = add;
    t.sparse = p.sparse && !dot && !narrow;
    for (let j = 0; j < n; ) {
      // What is left is never narrower than a vector.
      const width = n - j < columnBlock + lanes<T>() ? n - j : columnBlock;
      let b = p.b + <usize>first * p.bStep + <usize>j * p.bColumn;
      let bColumn = p.bColumn;
      let panel: usize = 0;
      t.bStep = p.bStep;
      if (dot) {
        if (p.bStep != size) {
          bColumn = <usize>depth * size;
          b = copyColumns<T>(n, depth, b, p.bStep, p.bColumn);
        }
      } else if (narrow) {
        t.bStep = 16;
        b = padColumns<T>(n, depth, b, p.bStep, p.bColumn);
      } else if (packsB<T>(m, p.bStep, p.bColumn)) {
        panel = <usize>depth * 32;
        t.bStep = 32;
        b = packColumns<T>(width, depth, b, p.bStep, p.bColumn);
      }
      const pack = packsA<T>(width, p.aStep);
      for (let i = 0; i < m; i += rowBlock) {
        const rows = min(rowBlock, m - i);
        const a = p.a + <usize>first * p.aStep + <usize>i * p.aRow;
        const c = p.c + <usize>i * p.cRow + <usize>j * size;
        if (dot) {
          dotBlock<T>(rows, width, depth, a, p.aRow, b, bColumn, c, p.cRow, add);
        } else if (narrow) {
          narrowRows<T>(t, rows, n, a, p.aRow, p.aStep, b, c, p.cRow, add);
        } else {
          t.cRow = p.cRow;
          tileRows<T>(t, rows, width, a, p.aRow, p.aStep, pack, b, panel, c);
        }
        if (block == blocks - 1) finish<T>(p, i, rows, j, width);
      }
      j += width;
    }
  }
}

/** A single column as the row of the transposed product, whose elements fill vectors. */
function multiplyColumn<T>(p: Product): void {
  const row = changetype<Product>(scratch + TRANSPOSED);
  row.m = 1;
  row.n = p.m;
  row.k = p.k;
  row.a = p.b;
  row.aRow = 0;
  row.aStep = p.bStep;
  row.b = p.a;
  row.bStep = p.aStep;
  row.bColumn = p.aRow;
  row.c = p.c;
  row.cRow = 0;
  row.accumulate = p.accumulate;
  row.bias = 0;
  row.activation = 0;
  row.sparse = false;
  multiply<T>(row);
  finish<T>(p, 0, p.m, 0, 1);
}

/** Copies a few columns of B one after the other. */
function copyColumns<T>(width: i32, depth: i32, b: usize, bStep: usize, bColumn: usize): usize {
  const copy = scratch + B_PANELS;
  for (let j = 0; j < width; ++j) {
    packLines<T>(copy + <usize>(j * depth) * sizeof<T>(), sizeof<T>(), b + <usize>j * bColumn, 0, bStep, 1, depth);
  }
  return copy;
}

/** Copies columns of B, fewer than a vector holds, into a panel one vector wide. */
function padColumns<T>(width: i32, depth: i32, b: usize, bStep: usize, bColumn: usize): usize {
  const copy = scratch + B_PANELS;
  memory.fill(copy, 0, <usize>depth * 16);
  packLines<T>(copy, 16, b, bColumn, bStep, width, depth);
  return copy;
}

/** Copies columns of B into panels two vectors wide. The last vector begins early if the width is no multiple of it. */
function packColumns<T>(width: i32, depth: i32, b: usize, bStep: usize, bColumn: usize): usize {
  const copy = scratch + B_PANELS;
  const panel = <usize>depth * 32;
  const wide = 2 * lanes<T>();
  let to = copy;
  let j = 0;
  if (bColumn == sizeof<T>()) {
    for (; j + 2 * wide <= width; j += 2 * wide) {
      copyTwoPanels(to, panel, b + <usize>j * bColumn, bStep, depth);
      to += 2 * panel;
    }
  }
  for (; j + wide <= width; j += wide) {
    packLines<T>(to, 32, b + <usize>j * bColumn, bColumn, bStep, wide, depth);
    to += panel;
  }
  const rest = width - j;
  const last = b + <usize>(width - lanes<T>()) * bColumn;
  if (rest > lanes<T>()) {
    packLines<T>(to, 32, b + <usize>j * bColumn, bColumn, bStep, lanes<T>(), depth);
    packLines<T>(to + 16, 32, last, bColumn, bStep, lanes<T>(), depth);
  } else if (rest > 0) {
    packLines<T>(to, 16, last, bColumn, bStep, lanes<T>(), depth);
  }
  return copy;
}

/** Rows of C narrower than a vector are computed beside their place. */
function narrowRows<T>(
  t: Tiles, m: i32, n: i32, a: usize, aRow: usize, aStep: usize, b: usize, c: usize, cRow: usize, add: bool,
): void {
  let from = scratch + NARROW;
  t.add = false;
  t.cRow = 16;
  tileRows<T>(t, m, lanes<T>(), a, aRow, aStep, false, b, 0, from);
  for (let i = 0; i < m; ++i) {
    const x = v128.load(from);
    storePart<T>(c, add ? v128.add<T>(loadPart<T>(c, n), x) : x, n);
    from += 16;
    c += cRow;
  }
}

/**
 * Cuts rows into strips of four, or of three where the columns are just three vectors, and the rest into strips of two
 * or three, which fill the registers better than one. `pack` copies the strips of A first.
 */
function tileRows<T>(
  t: Tiles, m: i32, n: i32, a: usize, aRow: usize, aStep: usize, pack: bool, b: usize, panel: usize, c: usize,
): void {
  if (sizeof<T>() == 4 && t.sparse) {
    tileNonzero(t, m, n, a, aRow, aStep, b, panel, c, scratch + A_PANELS, scratch + LISTS);
    return;
  }
  const three = widest(3) == 3 && !panel && (n + lanes<T>() - 1) / lanes<T>() == 3;
  const rows = three ? 3 : 4;
  let strips = m / rows;
  let rest = m % rows;
  if (rest == 1 && strips > 0) {
    strips -= 1;
    rest += rows;
  }
  let source = a;
  t.aNext = <usize>rows * aRow;
  t.aRow = aRow;
  t.aStep = aStep;
  if (pack) {
    const step = <usize>rows * sizeof<T>();
    const strip = <usize>t.depth * step;
    source = scratch + A_PANELS;
    for (let i = 0; i < strips; ++i) {
      packLines<T>(source + <usize>i * strip, step, a + <usize>i * t.aNext, aRow, aStep, rows, t.depth);
    }
    t.aNext = strip;
    t.aRow = sizeof<T>();
    t.aStep = step;
  }
  tileStrips<T>(t, rows, strips, n, source, b, panel, c);
  t.aRow = aRow;
  t.aStep = aStep;
  let i = strips * rows;
  while (rest > 0) {
    const part = rest > 3 ? rest - 2 : rest;
    tileStrips<T>(t, part, 1, n, a + <usize>i * aRow, b, panel, c + <usize>i * t.cRow);
    i += part;
    rest -= part;
  }
}

/** Covers strips of `rows` rows with tiles. B is read in panels `panel` bytes apart, or where it lies if that is 0. */
function tileStrips<T>(
  t: Tiles, rows: i32, strips: i32, n: i32, a: usize, b: usize, panel: usize, c: usize,
): void {
  const wide = panel ? 2 : widest(rows);
  const close = t.aRow == sizeof<T>() && !t.add;
  const tiles = n / (wide * lanes<T>());
  const cNext = <usize>wide * 16;
  const bNext = panel ? panel : cNext;
  const cDown = <usize>rows * t.cRow;
  t.bBack = 0;
  t.cBack = 0;
  if (tiles > 0) {
    const sweep = sweepOf<T>(rows, wide, close);
    if (tiles >= 4 * strips) {
      const aNext = t.aNext;
      t.count = tiles;
      t.aNext = 0;
      t.b = b;
      t.bNext = bNext;
      t.cNext = cNext;
      for (let i = 0; i < strips; ++i) {
        t.a = a + <usize>i * aNext;
        t.c = c + <usize>i * cDown;
        sweep(t);
      }
      t.aNext = aNext;
    } else {
      t.count = strips;
      t.a = a;
      t.bNext = 0;
      t.cNext = cDown;
      for (let j = 0; j < tiles; ++j) {
        t.b = b + <usize>j * bNext;
        t.c = c + <usize>j * cNext;
        sweep(t);
      }
    }
  }
  const rest = n - tiles * wide * lanes<T>();
  if (rest > 0) {
    const vectors = (rest + lanes<T>() - 1) / lanes<T>();
    const bStep = t.bStep;
    t.count = strips;
    t.a = a;
    t.b = b + <usize>tiles * bNext;
    t.bNext = 0;
    t.c = c + <usize>tiles * cNext;
    t.cNext = cDown;
    t.cBack = <usize>vectors * 16 - <usize>rest * sizeof<T>();
    // In a panel the last vector already follows the others.
    if (panel) t.bStep = <usize>vectors * 16;
    else t.bBack = t.cBack;
    sweepOf<T>(rows, vectors, close)(t);
    t.bStep = bStep;
  }
}

/** Adds the bias and applies the activation to a part of C that has just been written. */
function finish<T>(p: Product, i: i32, m: i32, j: i32, n: i32): void {
  const c = p.c + <usize>i * p.cRow + <usize>j * sizeof<T>();
  let bias = p.bias ? p.bias + <usize>j * sizeof<T>() : 0;
  if (n % lanes<T>() != 0 && n < 4 * lanes<T>() && p.cRow == <usize>n * sizeof<T>()) {
    // Short rows without gaps: as one row, most vectors are full.
    if (bias) finishRows<T>(0, m, n, c, p.cRow, bias);
    bias = 0;
    n *= m;
    m = 1;
  }
  switch (p.activation) {
    case 1: return finishRows<T>(1, m, n, c, p.cRow, bias);
    case 2: return finishRows<T>(2, m, n, c, p.cRow, bias);
    case 3: return finishRows<T>(3, m, n, c, p.cRow, bias);
    default: if (bias) finishRows<T>(0, m, n, c, p.cRow, bias);
  }
}

// @ts-ignore: decorator
@inline
function activate<T>(activation: i32, x: v128): v128 {
  if (activation == 1) return sizeof<T>() == 8 ? sigmoid_v64(x) : sigmoid_v32(x);
  if (activation == 2) return sizeof<T>() == 8 ? tanh_v64(x) : tanh_v32(x);
  // Only what is smaller gives way to zero: NaN stays.
  if (activation == 3) return v128.pmax<T>(x, v128.splat<T>(0));
  return x;
}

// @ts-ignore: decorator
@inline
function finishRows<T>(activation: i32, m: i32, n: i32, c: usize, cRow: usize, bias: usize): void {
  for (; m > 0; --m) {
    let to = c, from = bias;
    for (let left = n; left > 0; left -= lanes<T>()) {
      const whole = left >= lanes<T>();
      let x = whole ? v128.load(to) : loadPart<T>(to, left);
      if (bias) x = v128.add<T>(x, whole ? v128.load(from) : loadPart<T>(from, left));
      x = activate<T>(activation, x);
      if (whole) v128.store(to, x);
      else storePart<T>(to, x, left);
      to += 16;
      from += 16;
    }
    c += cRow;
  }
}
