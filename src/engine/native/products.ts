// Parts of matrix products: rectangles of one product, or some products of a batch.
import { type RunPart, TASK, type Thread } from "./thread.ts";

/** Words of the task. */
export const PRODUCT = {
  float64: TASK.kinds.float64Product,
  kind: TASK.kind,
  error: TASK.error,
  m: 2,
  n: 3,
  k: 4,
  transposeA: 5,
  a: 6,
  lda: 7,
  transposeB: 8,
  b: 9,
  ldb: 10,
  accumulate: 11,
  c: 12,
  bias: 13,
  activation: 14,
  /** Size of a rectangle, and rectangles side by side. */
  rows: 15,
  columns: 16,
  columnParts: 17,
  /** Products, how many make a part (0: parts are rectangles), and the bytes from one to the next. */
  batch: 18,
  items: 19,
  nextA: 20,
  nextB: 21,
  nextC: 22,
} as const;

export function productParts({ calls, task, kernels }: Thread, word: typeof PRODUCT): RunPart {
  const rectangle = (a: number, b: number, c: number, i: number, j: number, rows: number, columns: number): void => {
    const wide = task[word.kind] === word.float64;
    const size = wide ? 8 : 4;
    const transposeA = task[word.transposeA]!;
    const transposeB = task[word.transposeB]!;
    const lda = task[word.lda]!;
    const ldb = task[word.ldb]!;
    const ldc = task[word.n]!;
    const multiply = wide ? calls.float64! : calls.float32;
    const fromA = a + size * i * (transposeA ? 1 : lda);
    const fromB = b + size * j * (transposeB ? ldb : 1);
    const to = c + size * (i * ldc + j);
    const [k, accumulate] = [task[word.k]!, task[word.accumulate]!];
    const error = multiply(transposeA, transposeB, rows, columns, k, fromA, lda, fromB, ldb, accumulate, to, ldc);
    if (error !== 0) task[word.error] = error;
    const bias = task[word.bias]!;
    const activation = task[word.activation]!;
    if (bias !== 0 || activation !== 0) {
      const finish = wide ? kernels.finishProduct_f64 : kernels.finishProduct_f32;
      finish(rows, columns, to, ldc, bias === 0 ? 0 : bias + size * j, activation);
    }
  };

  return (part) => {
    const [a, b, c] = [task[word.a]!, task[word.b]!, task[word.c]!];
    const [m, n, items] = [task[word.m]!, task[word.n]!, task[word.items]!];
    if (items === 0) {
      const [rows, columns, columnParts] = [task[word.rows]!, task[word.columns]!, task[word.columnParts]!];
      const i = Math.floor(part / columnParts) * rows;
      const j = (part % columnParts) * columns;
      rectangle(a, b, c, i, j, Math.min(rows, m - i), Math.min(columns, n - j));
      return;
    }
    const [nextA, nextB, nextC] = [task[word.nextA]!, task[word.nextB]!, task[word.nextC]!];
    const end = Math.min(task[word.batch]!, (part + 1) * items);
    for (let item = part * items; item < end; item++) {
      rectangle(a + item * nextA, b + item * nextB, c + item * nextC, 0, 0, m, n);
    }
  };
}

/** Multiply-adds of the smallest part worth giving to another thread: four microseconds. */
const PART_WORK = 500_000;
/** Multiply-adds from which a product is cut fine enough for many threads. */
const LARGE_WORK = 32 * PART_WORK;
/** Parts begin at multiples of the tiles that libraries compute at once. */
const [ROW_UNIT, COLUMN_UNIT] = [8, 48];

/**
 * Distance between the rows of a matrix as it lies in memory, negative if it lies transposed; 0 if neither its rows nor its columns are
 * contiguous. A single row or column has any distance.
 */
export function leadingDimension(rows: number, columns: number, rowStride: number, columnStride: number): number {
  if (columnStride === 1 || columns === 1) {
    if (rows === 1) return columns;
    if (rowStride >= columns) return rowStride;
  }
  if (rowStride === 1 || rows === 1) {
    if (columns === 1) return -rows;
    if (columnStride >= rows) return -columnStride;
  }
  return 0;
}

/**
 * Into how many parts a product is cut. It depends on the work alone, never on the threads that are there: a library rounds differently for
 * another shape, and one thread must give the same bits as many.
 */
export function partsFor(work: number): number {
  const most = work >= LARGE_WORK ? 16 : 4;
  return Math.max(1, Math.min(most, Math.floor(work / PART_WORK)));
}

/** Cuts a product into about `wanted` rectangles: across the side that is longer, for each part copies what it needs of both factors. */
export function cutProduct(task: Uint32Array, m: number, n: number, wanted: number): number {
  let [rowParts, columnParts] = [1, 1];
  while (rowParts * columnParts < wanted) {
    const rows = m / rowParts;
    const columns = n / columnParts;
    const [tall, wide] = [rows >= 2 * ROW_UNIT, columns >= 2 * COLUMN_UNIT];
    if (!tall && !wide) break;
    if (tall && (!wide || rows >= columns)) rowParts *= 2;
    else columnParts *= 2;
  }
  const rows = Math.ceil(m / rowParts / ROW_UNIT) * ROW_UNIT;
  const columns = Math.ceil(n / columnParts / COLUMN_UNIT) * COLUMN_UNIT;
  task[PRODUCT.rows] = rows;
  task[PRODUCT.columns] = columns;
  task[PRODUCT.columnParts] = Math.ceil(n / columns);
  return Math.ceil(m / rows) * Math.ceil(n / columns);
}
