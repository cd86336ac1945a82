// Products of a few rows with a matrix that is used many times: the matrix is packed once, in panels two vectors wide,
// and a tile of four rows keeps its 4 x 2 sums in registers. Each element is one sum in the order of its depth, whatever
// the rows beside it, so results do not depend on how rows are shared among threads.
import { lanes } from "./lanes";
import { parallelFor, TASK_ARGUMENTS } from "./parallel";

/** Rows of a tile. */
export const TILE_ROWS = 4;

/** Columns of a panel. */
// @ts-ignore: decorator
@inline
export function panelWidth<T>(): i32 {
  return 2 * lanes<T>();
}

/** Panels that `columns` columns take; the last one is filled up with zeros. */
// @ts-ignore: decorator
@inline
export function panelCount<T>(columns: i32): i32 {
  return (columns + panelWidth<T>() - 1) / panelWidth<T>();
}

/** Bytes of one panel. */
// @ts-ignore: decorator
@inline
export function panelBytes<T>(depth: i32): i32 {
  return 32 * depth;
}

/** c + a b, rounded once where that is fast and its bits are free to differ. */
// @ts-ignore: decorator
@inline
function multiplyAdd<T>(c: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(c, v128.mul<T>(a, b));
}

/** Packs the matrix [depth, columns] with the given strides (in elements) into panels at `out`. */
// @ts-ignore: decorator
@inline
export function packPanels<T>(
  source: usize, depth: i32, columns: i32, depthStride: i32, columnStride: i32, out: usize,
): void {
  store<u32>(TASK_ARGUMENTS, <u32>source);
  store<i32>(TASK_ARGUMENTS, depth, 4);
  store<i32>(TASK_ARGUMENTS, columns, 8);
  store<i32>(TASK_ARGUMENTS, depthStride * sizeof<T>(), 12);
  store<i32>(TASK_ARGUMENTS, columnStride * sizeof<T>(), 16);
  store<u32>(TASK_ARGUMENTS, <u32>out, 20);
  const panels = panelCount<T>(columns);
  const grain = max(1, 16384 / (depth * panelWidth<T>() + 1));
  if (sizeof<T>() == 4) parallelFor(packSome32, TASK_ARGUMENTS, panels, grain);
  else parallelFor(packSome64, TASK_ARGUMENTS, panels, grain);
}

function packSome32(args: usize, start: i32, end: i32): void {
  packSome<f32>(args, start, end);
}
function packSome64(args: usize, start: i32, end: i32): void {
  packSome<f64>(args, start, end);
}

// @ts-ignore: decorator
@inline
function packSome<T>(args: usize, start: i32, end: i32): void {
  const source = <usize>load<u32>(args);
  const depth = load<i32>(args, 4);
  const columns = load<i32>(args, 8);
  const depthStep = load<i32>(args, 12);
  const columnStep = load<i32>(args, 16);
  const width = panelWidth<T>();
  for (let panel = start; panel < end; panel++) {
    let out = <usize>load<u32>(args, 20) + panel * panelBytes<T>(depth);
    const first = panel * width;
    const present = min(width, columns - first);
    let row = source + first * columnStep;
    let k = 0;
    if (present == width && depthStep == sizeof<T>()) {
      for (; k <= depth - lanes<T>(); k += lanes<T>()) {
        turn<T>(row, columnStep, out);
        turn<T>(row + lanes<T>() * columnStep, columnStep, out + 16);
        out += 32 * lanes<T>();
        row += 16;
      }
    } else if (present == width && columnStep == sizeof<T>()) {
      for (; k < depth; k++) {
        v128.store(out, v128.load(row));
        v128.store(out, v128.load(row, 16), 16);
        out += 32;
        row += depthStep;
      }
    }
    for (; k < depth; k++) {
      let element = row;
      for (let j = 0; j < present; j++) {
        store<T>(out + j * sizeof<T>(), load<T>(element));
        element += columnStep;
      }
      for (let j = present; j < width; j++) store<T>(out + j * sizeof<T>(), <T>0);
      out += 32;
      row += depthStep;
    }
  }
}

/** A square of as many columns as a vector has lanes, each contiguous, as rows 32 bytes apart. */
// @ts-ignore: decorator
@inline
function turn<T>(column: usize, columnStep: usize, out: usize): void {
  const a = v128.load(column);
  const b = v128.load(column + columnStep);
  if (sizeof<T>() == 8) {
    v128.store(out, i64x2.shuffle(a, b, 0, 2));
    v128.store(out, i64x2.shuffle(a, b, 1, 3), 32);
    return;
  }
  const c = v128.load(column + 2 * columnStep);
  const d = v128.load(column + 3 * columnStep);
  const lowAB = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const lowCD = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const highAB = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const highCD = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(out, i64x2.shuffle(lowAB, lowCD, 0, 2));
  v128.store(out, i64x2.shuffle(lowAB, lowCD, 1, 3), 32);
  v128.store(out, i64x2.shuffle(highAB, highCD, 0, 2), 64);
  v128.store(out, i64x2.shuffle(highAB, highCD, 1, 3), 96);
}

/** Interleaves up to four rows of `depth` elements, `rowStep` bytes apart: out[k][row]. For a missing row, the first. */
export function packRows<T>(row: usize, rowStep: usize, rows: i32, depth: i32, out: usize): void {
  let a = row;
  let b = rows > 1 ? row + rowStep : row;
  let c = rows > 2 ? row + 2 * rowStep : row;
  let d = rows > 3 ? row + 3 * rowStep : row;
  const count = lanes<T>();
  for (; depth >= count; depth -= count) {
    const va = v128.load(a);
    const vb = v128.load(b);
    const vc = v128.load(c);
    const vd = v128.load(d);
    if (sizeof<T>() == 4) {
      const lowAB = i32x4.shuffle(va, vb, 0, 4, 1, 5);
      const lowCD = i32x4.shuffle(vc, vd, 0, 4, 1, 5);
      const highAB = i32x4.shuffle(va, vb, 2, 6, 3, 7);
      const highCD = i32x4.shuffle(vc, vd, 2, 6, 3, 7);
      v128.store(out, i64x2.shuffle(lowAB, lowCD, 0, 2));
      v128.store(out, i64x2.shuffle(lowAB, lowCD, 1, 3), 16);
      v128.store(out, i64x2.shuffle(highAB, highCD, 0, 2), 32);
      v128.store(out, i64x2.shuffle(highAB, highCD, 1, 3), 48);
    } else {
      v128.store(out, i64x2.shuffle(va, vb, 0, 2));
      v128.store(out, i64x2.shuffle(vc, vd, 0, 2), 16);
      v128.store(out, i64x2.shuffle(va, vb, 1, 3), 32);
      v128.store(out, i64x2.shuffle(vc, vd, 1, 3), 48);
    }
    a += 16;
    b += 16;
    c += 16;
    d += 16;
    out += 64;
  }
  for (; depth > 0; depth--) {
    store<T>(out, load<T>(a));
    store<T>(out + sizeof<T>(), load<T>(b));
    store<T>(out + 2 * sizeof<T>(), load<T>(c));
    store<T>(out + 3 * sizeof<T>(), load<T>(d));
    a += sizeof<T>();
    b += sizeof<T>();
    c += sizeof<T>();
    d += sizeof<T>();
    out += 4 * sizeof<T>();
  }
}

/**
 * out[row][column] = sum over k of rows[k][row] panel[k][column] for four rows and all columns of `count` panels, which
 * lie `panelStep` bytes apart; rows of `out` lie `outStep` bytes apart and have room for whole panels. Of the rows `present` are wanted: what the others
 * get is not to be looked at.
 */
export function productOfRows<T>(
  rows: usize, panel: usize, panelStep: usize, count: i32, depth: i32, out: usize, outStep: usize, present: i32,
): void {
  if (present == 1) {
    for (; count >= 4; count -= 4) {
      fourTilesOfRow<T>(rows, panel, panelStep, depth, out);
      panel += 4 * panelStep;
      out += 128;
    }
  }
  for (; count > 0; count--) {
    tile<T>(rows, panel, depth, out, outStep);
    panel += panelStep;
    out += 32;
  }
}

// @ts-ignore: decorator
@inline
function tile<T>(a: usize, b: usize, depth: i32, out: usize, outStep: usize): void {
  const size: usize = sizeof<T>();
  let c00 = v128.splat<T>(<T>0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<T>(a);
    c00 = multiplyAdd<T>(c00, a0, b0);
    c01 = multiplyAdd<T>(c01, a0, b1);
    const a1 = v128.load_splat<T>(a + size);
    c10 = multiplyAdd<T>(c10, a1, b0);
    c11 = multiplyAdd<T>(c11, a1, b1);
    const a2 = v128.load_splat<T>(a + 2 * size);
    c20 = multiplyAdd<T>(c20, a2, b0);
    c21 = multiplyAdd<T>(c21, a2, b1);
    const a3 = v128.load_splat<T>(a + 3 * size);
    c30 = multiplyAdd<T>(c30, a3, b0);
    c31 = multiplyAdd<T>(c31, a3, b1);
    a += 4 * size;
    b += 32;
  }
  v128.store(out, c00);
  v128.store(out, c01, 16);
  out += outStep;
  v128.store(out, c10);
  v128.store(out, c11, 16);
  out += outStep;
  v128.store(out, c20);
  v128.store(out, c21, 16);
  out += outStep;
  v128.store(out, c30);
  v128.store(out, c31, 16);
}

/** The first row's sums alone, of four panels side by side: one panel's would wait for each other. */
// @ts-ignore: decorator
@inline
function fourTilesOfRow<T>(a: usize, b: usize, panelStep: usize, depth: i32, out: usize): void {
  let c0 = v128.splat<T>(<T>0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let c4 = c0;
  let c5 = c0;
  let c6 = c0;
  let c7 = c0;
  let second = b + panelStep;
  let third = second + panelStep;
  let fourth = third + panelStep;
  for (let k = 0; k < depth; k++) {
    const a0 = v128.load_splat<T>(a);
    c0 = multiplyAdd<T>(c0, a0, v128.load(b));
    c1 = multiplyAdd<T>(c1, a0, v128.load(b, 16));
    c2 = multiplyAdd<T>(c2, a0, v128.load(second));
    c3 = multiplyAdd<T>(c3, a0, v128.load(second, 16));
    c4 = multiplyAdd<T>(c4, a0, v128.load(third));
    c5 = multiplyAdd<T>(c5, a0, v128.load(third, 16));
    c6 = multiplyAdd<T>(c6, a0, v128.load(fourth));
    c7 = multiplyAdd<T>(c7, a0, v128.load(fourth, 16));
    a += 4 * sizeof<T>();
    b += 32;
    second += 32;
    third += 32;
    fourth += 32;
  }
  v128.store(out, c0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
  v128.store(out, c4, 64);
  v128.store(out, c5, 80);
  v128.store(out, c6, 96);
  v128.store(out, c7, 112);
}
