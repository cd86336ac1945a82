// Rows chosen by number: gather, scatter, masks, one-hot rows, and training batches from bytes.
// No index is checked here: the engine does so once with checkIndices. What adds up into the same row does so in the
// order of the indices; threads share such work by columns, so the order stays.
import { copyBytes, double, loadPart, setDouble, setWord, storePart, word } from "./lanes";
import { parallelFor, Task, TASK_ARGUMENTS } from "./parallel";

/** Elements that a thread takes at once; four such portions are worth waking the others. */
const GRAIN = 32768;

/** Words 0 to 4 of the task: source, indices, target, count, elements of a row. */
function setRows(source: usize, indices: usize, target: usize, count: i32, rowElements: i32): void {
  setWord(0, source);
  setWord(1, indices);
  setWord(2, target);
  setWord(3, count);
  setWord(4, rowElements);
}

/** Runs a task on stretches of the index list. */
function byRows(task: Task, count: i32, rowElements: i32): void {
  const large = <i64>count * rowElements > 4 * GRAIN;
  parallelFor(task, TASK_ARGUMENTS, count, large ? max(1, GRAIN / rowElements) : max(1, count));
}

/** Runs a task on all indices and stretches of a row. */
function byColumns(task: Task, count: i32, rowElements: i32): void {
  const large = <i64>count * rowElements > 4 * GRAIN;
  // Whole cache lines, so that threads do not write to the same one.
  const stretch = max(16, (GRAIN / max(1, count)) & -16);
  parallelFor(task, TASK_ARGUMENTS, rowElements, large ? stretch : max(1, rowElements));
}

// ---- Gather: out[k] = x[indices[k]]

/** Bytes of a cache line. */
const LINE: usize = 64;
/** Rows whose lines are read in turn: five are no faster than one after the other, and more than ten bring nothing. */
const TOGETHER: i32 = 16;

/**
 * Copies some rows line by line: the first line of each row, then the second. Rows that lie anywhere in a large array are not in a cache; row
 * after row would wait for the memory of one at a time, and this way it waits for several.
 */
function gatherLines(x: usize, indices: usize, out: usize, count: i32, rowBytes: usize): void {
  let at: usize = 0;
  for (; at + LINE <= rowBytes; at += LINE) {
    let to = out + at;
    for (let k = 0; k < count; k++) {
      const from = x + load<i32>(indices + 4 * k) * rowBytes + at;
      const v0 = v128.load(from), v1 = v128.load(from, 16), v2 = v128.load(from, 32), v3 = v128.load(from, 48);
      v128.store(to, v0);
      v128.store(to, v1, 16);
      v128.store(to, v2, 32);
      v128.store(to, v3, 48);
      to += rowBytes;
    }
  }
  if (at == rowBytes) return;
  for (let k = 0; k < count; k++) {
    copyBytes(x + load<i32>(indices + 4 * k) * rowBytes + at, out + k * rowBytes + at, rowBytes - at);
  }
}

// @ts-ignore: decorator
@inline
function gatherTask<T>(args: usize, start: i32, end: i32): void {
  const x = word(args, 0);
  const indices = word(args, 1);
  const rowBytes = word(args, 4) * sizeof<T>();
  let out = word(args, 2) + start * rowBytes;
  if (rowBytes >= 4 * LINE) {
    for (let k = start; k < end; k += TOGETHER) {
      const count = min(TOGETHER, end - k);
      gatherLines(x, indices + 4 * k, out, count, rowBytes);
      out += count * rowBytes;
    }
    return;
  }
  for (let k = start; k < end; k++) {
    const row = x + load<i32>(indices + 4 * k) * rowBytes;
    if (rowBytes == sizeof<T>()) store<T>(out, load<T>(row));
    else copyBytes(row, out, rowBytes);
    out += rowBytes;
  }
}

function gatherTask_1(args: usize, start: i32, end: i32): void {
  gatherTask<u8>(args, start, end);
}
export function gatherRows_1(x: usize, indices: usize, out: usize, count: i32, rowElements: i32): void {
  setRows(x, indices, out, count, rowElements);
  byRows(gatherTask_1, count, rowElements);
}

function gatherTask_4(args: usize, start: i32, end: i32): void {
  gatherTask<u32>(args, start, end);
}
export function gatherRows_4(x: usize, indices: usize, out: usize, count: i32, rowElements: i32): void {
  setRows(x, indices, out, count, rowElements);
  byRows(gatherTask_4, count, rowElements);
}

function gatherTask_8(args: usize, start: i32, end: i32): void {
  gatherTask<u64>(args, start, end);
}
export function gatherRows_8(x: usize, indices: usize, out: usize, count: i32, rowElements: i32): void {
  setRows(x, indices, out, count, rowElements);
  byRows(gatherTask_8, count, rowElements);
}

// ---- Scatter: out[indices[k]] = values[k], the last one counts

// @ts-ignore: decorator
@inline
function scatterTask<T>(args: usize, start: i32, end: i32): void {
  const indices = word(args, 1);
  const count = word(args, 3);
  const rowBytes = word(args, 4) * sizeof<T>();
  const first = start * sizeof<T>();
  const bytes = (end - start) * sizeof<T>();
  let value = word(args, 0) + first;
  const out = word(args, 2) + first;
  for (let k = 0; k < count; k++) {
    copyBytes(value, out + load<i32>(indices + 4 * k) * rowBytes, bytes);
    value += rowBytes;
  }
}

function scatterTask_1(args: usize, start: i32, end: i32): void {
  scatterTask<u8>(args, start, end);
}
export function scatterRows_1(indices: usize, values: usize, out: usize, count: i32, rowElements: i32): void {
  setRows(values, indices, out, count, rowElements);
  byColumns(scatterTask_1, count, rowElements);
}

function scatterTask_4(args: usize, start: i32, end: i32): void {
  scatterTask<u32>(args, start, end);
}
export function scatterRows_4(indices: usize, values: usize, out: usize, count: i32, rowElements: i32): void {
  setRows(values, indices, out, count, rowElements);
  byColumns(scatterTask_4, count, rowElements);
}

function scatterTask_8(args: usize, start: i32, end: i32): void {
  scatterTask<u64>(args, start, end);
}
export function scatterRows_8(indices: usize, values: usize, out: usize, count: i32, rowElements: i32): void {
  setRows(values, indices, out, count, rowElements);
  byColumns(scatterTask_8, count, rowElements);
}

// ---- Scatter and add: out[indices[k]] += dy[k], in the order of k

// @ts-ignore: decorator
@inline
function scatterAddTask<T>(args: usize, start: i32, end: i32): void {
  const indices = word(args, 1);
  const count = word(args, 3);
  const rowBytes = word(args, 4) * sizeof<T>();
  const first = start * sizeof<T>();
  let dy = word(args, 0) + first;
  const out = word(args, 2) + first;
  for (let k = 0; k < count; k++) {
    addRow<T>(dy, out + load<i32>(indices + 4 * k) * rowBytes, end - start);
    dy += rowBytes;
  }
}

// @ts-ignore: decorator
@inline
function addRow<T>(x: usize, out: usize, n: i32): void {
  const count = 16 / sizeof<T>();
  for (; n >= count; n -= count) {
    v128.store(out, v128.add<T>(v128.load(out), v128.load(x)));
    x += 16;
    out += 16;
  }
  if (n > 0) storePart<T>(out, v128.add<T>(loadPart<T>(out, n), loadPart<T>(x, n)), n);
}

function scatterAddTask_f32(args: usize, start: i32, end: i32): void {
  scatterAddTask<f32>(args, start, end);
}
export function scatterAddRows_f32(indices: usize, dy: usize, out: usize, count: i32, rowElements: i32): void {
  setRows(dy, indices, out, count, rowElements);
  byColumns(scatterAddTask_f32, count, rowElements);
}

function scatterAddTask_f64(args: usize, start: i32, end: i32): void {
  scatterAddTask<f64>(args, start, end);
}
export function scatterAddRows_f64(indices: usize, dy: usize, out: usize, count: i32, rowElements: i32): void {
  setRows(dy, indices, out, count, rowElements);
  byColumns(scatterAddTask_f64, count, rowElements);
}

function scatterAddTask_i32(args: usize, start: i32, end: i32): void {
  scatterAddTask<i32>(args, start, end);
}
export function scatterAddRows_i32(indices: usize, dy: usize, out: usize, count: i32, rowElements: i32): void {
  setRows(dy, indices, out, count, rowElements);
  byColumns(scatterAddTask_i32, count, rowElements);
}

// ---- Masks and indices

/** Writes the positions of the bytes that are not 0 and returns how many there are. */
export function maskIndices(mask: usize, out: usize, n: i32): i32 {
  const start = out;
  const zero = i8x16.splat(0);
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    for (let bits = i8x16.bitmask(i8x16.ne(v128.load(mask + i), zero)); bits != 0; bits &= bits - 1) {
      store<i32>(out, i + ctz(bits));
      out += 4;
    }
  }
  for (; i < n; i++) {
    if (load<u8>(mask + i) == 0) continue;
    store<i32>(out, i);
    out += 4;
  }
  return <i32>((out - start) >> 2);
}

/** The position of the first index outside [0, limit), or -1. */
export function checkIndices(indices: usize, count: i32, limit: i32): i32 {
  const bound = i32x4.splat(limit);
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    if (v128.any_true(i32x4.ge_u(v128.load(indices + 4 * k), bound))) break;
  }
  for (; k < count; k++) {
    if (load<u32>(indices + 4 * k) >= <u32>limit) return k;
  }
  return -1;
}

// ---- One-hot: out[k, indices[k]] = 1, all else 0

/** An index outside [0, depth) leaves its row 0. */
// @ts-ignore: decorator
@inline
function oneHotTask<T>(args: usize, start: i32, end: i32): void {
  const indices = word(args, 1);
  const depth = word(args, 4);
  const out = word(args, 2);
  memory.fill(out + start * depth * sizeof<T>(), 0, (end - start) * depth * sizeof<T>());
  for (let k = start; k < end; k++) {
    const index = load<i32>(indices + 4 * k);
    if (<u32>index < <u32>depth) store<T>(out + (k * depth + index) * sizeof<T>(), <T>1);
  }
}

function oneHotTask_f32(args: usize, start: i32, end: i32): void {
  oneHotTask<f32>(args, start, end);
}
export function oneHot_f32(indices: usize, out: usize, count: i32, depth: i32): void {
  setRows(0, indices, out, count, depth);
  byRows(oneHotTask_f32, count, depth);
}

function oneHotTask_f64(args: usize, start: i32, end: i32): void {
  oneHotTask<f64>(args, start, end);
}
export function oneHot_f64(indices: usize, out: usize, count: i32, depth: i32): void {
  setRows(0, indices, out, count, depth);
  byRows(oneHotTask_f64, count, depth);
}

function oneHotTask_i32(args: usize, start: i32, end: i32): void {
  oneHotTask<i32>(args, start, end);
}
export function oneHot_i32(indices: usize, out: usize, count: i32, depth: i32): void {
  setRows(0, indices, out, count, depth);
  byRows(oneHotTask_i32, count, depth);
}

function oneHotTask_u8(args: usize, start: i32, end: i32): void {
  oneHotTask<u8>(args, start, end);
}
export function oneHot_u8(indices: usize, out: usize, count: i32, depth: i32): void {
  setRows(0, indices, out, count, depth);
  byRows(oneHotTask_u8, count, depth);
}

// ---- Training batches: out[k] = src[indices[k]] * scale + shift

// @ts-ignore: decorator
@inline
function scaledBytes(bytes: v128, scale: v128, shift: v128): v128 {
  const words = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
  const low = f64x2.convert_low_i32x4_s(words);
  const high = f64x2.convert_low_i32x4_s(i64x2.shuffle(words, words, 1, 1));
  const lowScaled = f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(low, scale), shift));
  const highScaled = f32x4.demote_f64x2_zero(f64x2.add(f64x2.mul(high, scale), shift));
  return i64x2.shuffle(lowScaled, highScaled, 0, 2);
}

function gatherBytesTask(args: usize, start: i32, end: i32): void {
  const src = word(args, 0);
  const indices = word(args, 1);
  const n = word(args, 4);
  const scale = f64x2.splat(double(args, 0));
  const shift = f64x2.splat(double(args, 1));
  let out = <usize>word(args, 2) + start * n * 4;
  for (let k = start; k < end; k++) {
    let row = <usize>src + load<i32>(indices + 4 * k) * n;
    let left = n;
    for (; left >= 4; left -= 4) {
      v128.store(out, scaledBytes(v128.load32_zero(row), scale, shift));
      row += 4;
      out += 16;
    }
    for (; left > 0; left--) {
      v128.store32_lane(out, scaledBytes(v128.load8_splat(row), scale, shift), 0);
      row += 1;
      out += 4;
    }
  }
}

/** Rows of bytes as float32, computed in float64 and rounded once. */
export function gatherBytesScaled(
  src: usize, indices: usize, out: usize, count: i32, rowElements: i32, scale: f64, shift: f64,
): void {
  setRows(src, indices, out, count, rowElements);
  setDouble(0, scale);
  setDouble(1, shift);
  byRows(gatherBytesTask, count, rowElements);
}
