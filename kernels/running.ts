// Running sums and products along an axis, and running sums whose past decays.
import { setWord, word } from "./lanes";
import { parallelFor, scratch, Task, TASK_ARGUMENTS } from "./parallel";
import { COLUMNS, joinScalar, PROD, SUM } from "./reduce-pieces";
import { GRAIN } from "./reduce-runs";

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

/** y[i] = x[i] + factor[i] y[i - 1] along n, one column of each [outer, n, inner] after the other; y before the first is 0. */
// @ts-ignore: decorator
@inline
function decaying<T>(x: usize, factor: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  const step = <usize>inner * sizeof<T>();
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      let at = (<usize>i * n * inner + j) * sizeof<T>();
      let total: f64 = 0;
      for (let k = 0; k < n; k++, at += step) {
        total = k == 0 ? <f64>load<T>(x + at) : <f64>load<T>(x + at) + <f64>load<T>(factor + at) * total;
        store<T>(out + at, <T>total);
      }
    }
  }
}

export function decayingSum_f32(x: usize, factor: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  decaying<f32>(x, factor, out, outer, n, inner);
}

export function decayingSum_f64(x: usize, factor: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  decaying<f64>(x, factor, out, outer, n, inner);
}
