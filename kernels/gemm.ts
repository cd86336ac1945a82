// Matrix products C = activation(A B + bias) with any strides of A and B, single or batched, on all threads. A large
// product is cut into a grid of smaller ones, each computed by one thread. The cut changes no bit of the result, so it
// may follow the number of threads.
import { multiply, packsA, packsB, PART, Product } from "./gemm-block";
import { isFinite, looksSparse } from "./gemm-zeros";
import { lanes } from "./lanes";
import { parallelFor, scratch, TASK_ARGUMENTS, threadCount } from "./parallel";

// @ts-ignore: decorator
@unmanaged
class Task extends Product {
  /** Size of a part of the grid, and parts side by side. */
  rows: i32;
  columns: i32;
  columnParts: i32;
  /** Bytes from one product of a batch to the next. */
  aBatch: usize;
  bBatch: usize;
  cBatch: usize;
}

/** Multiply-adds of the smallest part worth giving to another thread: about five microseconds. */
const PART_WORK: i64 = 250_000;
const MOST_WORK: i64 = 1 << 40;
/** Multiply-adds, and columns, from which it is worth looking for zeros in A. */
const SPARSE_WORK: i64 = 50_000;
const SPARSE_COLUMNS: i32 = 16;

function copyProduct(to: Product, from: Product): void {
  memory.copy(changetype<usize>(to), changetype<usize>(from), offsetof<Product>());
}

/** Parts `start` to `end` - 1 of the grid, numbered row by row. */
function multiplyParts<T>(args: usize, start: i32, end: i32): void {
  const task = changetype<Task>(args);
  const part = changetype<Product>(scratch + PART);
  for (let index = start; index < end; ++index) {
    const column = index % task.columnParts;
    const i = index / task.columnParts * task.rows;
    const j = column * task.columns;
    copyProduct(part, task);
    part.m = min(task.rows, task.m - i);
    part.n = column == task.columnParts - 1 ? task.n - j : task.columns;
    part.a += <usize>i * task.aRow;
    part.b += <usize>j * task.bColumn;
    part.c += <usize>i * task.cRow + <usize>j * sizeof<T>();
    if (task.bias) part.bias += <usize>j * sizeof<T>();
    multiply<T>(part);
  }
}

/** Products `start` to `end` - 1 of a batch. */
function multiplyItems<T>(args: usize, start: i32, end: i32): void {
  const task = changetype<Task>(args);
  const item = changetype<Product>(scratch + PART);
  for (let index = start; index < end; ++index) {
    copyProduct(item, task);
    item.a += <usize>index * task.aBatch;
    item.b += <usize>index * task.bBatch;
    item.c += <usize>index * task.cBatch;
    multiply<T>(item);
  }
}

/** Cuts the product into at least `wanted` parts, if they do not get too small, and runs them. */
function multiplyGrid<T>(task: Task, wanted: i32): void {
  const m = task.m, n = task.n;
  // Each part copies what it needs of A and B: cut the side whose cut repeats less of it.
  const rowWeight = packsB<T>(m, task.bStep, task.bColumn) ? 1 : 4;
  const columnWeight = packsA<T>(n, task.aStep) ? 1 : 4;
  let rowParts = 1, columnParts = 1;
  while (rowParts * columnParts < wanted) {
    const rows = m / rowParts, columns = n / columnParts;
    const wide = columns >= 4 * lanes<T>(), tall = rows >= 16;
    if (!wide && !tall) break;
    if (wide && (!tall || <i64>columns * columnWeight >= <i64>rows * rowWeight)) columnParts *= 2;
    else rowParts *= 2;
  }
  const unit = 2 * lanes<T>();
  const rows = (m + rowParts * 4 - 1) / (rowParts * 4) * 4;
  const columns = (n + columnParts * unit - 1) / (columnParts * unit) * unit;
  task.rows = rows;
  task.columns = columns;
  // Columns that are fewer than a vector holds go to the part before them.
  task.columnParts = (n - lanes<T>()) / columns + 1;
  const parts = (m + rows - 1) / rows * task.columnParts;
  const run = (args: usize, start: i32, end: i32): void => multiplyParts<T>(args, start, end);
  parallelFor(run, TASK_ARGUMENTS, parts, 1);
}

// @ts-ignore: decorator
@inline
function gemmBatched<T>(
  batch: i32, aBatch: i32, bBatch: i32, cBatch: i32, m: i32, n: i32, k: i32,
  a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32, c: usize, cRow: i32,
  accumulate: i32, bias: usize, activation: i32,
): void {
  if (m <= 0 || n <= 0) return;
  const size = <usize>sizeof<T>();
  const task = changetype<Task>(TASK_ARGUMENTS);
  task.m = m;
  task.n = n;
  task.k = k;
  task.a = a;
  task.aRow = <usize>aRow * size;
  task.aStep = <usize>aColumn * size;
  task.b = b;
  task.bStep = <usize>bRow * size;
  task.bColumn = <usize>bColumn * size;
  task.c = c;
  task.cRow = <usize>cRow * size;
  task.accumulate = accumulate != 0;
  task.bias = bias;
  task.activation = activation;
  task.sparse = false;
  const threads = threadCount();
  const area = <i64>m * n;
  const work = area > MOST_WORK / (<i64>k + 1) ? MOST_WORK : area * k;
  const most = 4 * threads;
  const wanted = threads == 1 || work < 2 * PART_WORK ? 1 : <i32>min<i64>(work / PART_WORK, most);
  if (batch == 1) {
    // Decided for the whole product, so that its parts do not differ from it.
    if (sizeof<T>() == 4 && work >= SPARSE_WORK && n >= SPARSE_COLUMNS && bColumn == 1) {
      task.sparse = looksSparse(a, task.aRow, task.aStep, m, k, task.accumulate) && isFinite(b, task.bStep, k, n);
    }
    if (wanted > 1) multiplyGrid<T>(task, wanted);
    else multiply<T>(task);
    return;
  }
  task.aBatch = <usize>aBatch * size;
  task.bBatch = <usize>bBatch * size;
  task.cBatch = <usize>cBatch * size;
  if (wanted == most && batch < most) {
    for (let index = 0; index < batch; ++index) {
      multiplyGrid<T>(task, wanted);
      task.a += task.aBatch;
      task.b += task.bBatch;
      task.c += task.cBatch;
    }
  } else if (wanted == 1 && work * batch < 2 * PART_WORK) {
    multiplyItems<T>(TASK_ARGUMENTS, 0, batch);
  } else {
    const grain = <i32>max<i64>(1, PART_WORK / max<i64>(1, work));
    const run = (args: usize, start: i32, end: i32): void => multiplyItems<T>(args, start, end);
    parallelFor(run, TASK_ARGUMENTS, batch, grain);
  }
}

/**
 * C[m,n] = activation(A[m,k] B[k,n] + bias[n]), or with `accumulate` C + A B in place of A B. In elements, (i, p) of A
 * is at a + i aRow + p aColumn, (p, j) of B at b + p bRow + j bColumn, (i, j) of C at c + i cRow + j; C overlaps
 * neither. bias: address, or 0 for none. activation: 0 none, 1 sigmoid, 2 tanh, 3 relu.
 */
export function gemm_f32(
  m: i32, n: i32, k: i32, a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32,
  c: usize, cRow: i32, accumulate: i32, bias: usize, activation: i32,
): void {
  gemmBatched<f32>(1, 0, 0, 0, m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias, activation);
}
export function gemm_f64(
  m: i32, n: i32, k: i32, a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32,
  c: usize, cRow: i32, accumulate: i32, bias: usize, activation: i32,
): void {
  gemmBatched<f64>(1, 0, 0, 0, m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias, activation);
}

/** `batch` products of one shape, aBatch, bBatch, cBatch elements apart; 0 repeats a factor. All have the same bias. */
export function gemmBatched_f32(
  batch: i32, aBatch: i32, bBatch: i32, cBatch: i32, m: i32, n: i32, k: i32,
  a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32, c: usize, cRow: i32,
  accumulate: i32, bias: usize, activation: i32,
): void {
  gemmBatched<f32>(
    batch, aBatch, bBatch, cBatch, m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias, activation,
  );
}
export function gemmBatched_f64(
  batch: i32, aBatch: i32, bBatch: i32, cBatch: i32, m: i32, n: i32, k: i32,
  a: usize, aRow: i32, aColumn: i32, b: usize, bRow: i32, bColumn: i32, c: usize, cRow: i32,
  accumulate: i32, bias: usize, activation: i32,
): void {
  gemmBatched<f64>(
    batch, aBatch, bBatch, cBatch, m, n, k, a, aRow, aColumn, b, bRow, bColumn, c, cRow, accumulate, bias, activation,
  );
}
