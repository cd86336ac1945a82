// Sorting along rows: ascending, stable, NaN last. A merge sort from runs of 16 upwards that works in place: a merge
// puts one run aside in a buffer; where that is too small, the runs are cut and rotated first until their parts fit.
// Positions are sorted by the same code: an element of type u32 stands for the number at that position.
import { setWord, word } from "./lanes";
import { parallelFor, scratch, scratchBytes, TASK_ARGUMENTS } from "./parallel";

/** Length of the runs that insertion sorts. */
const RUN = 16;
/** Elements that are worth waking the other threads for. */
const LARGE = 8192;

// ---- Order of elements: of type T, or of type u32 for positions in an array of T at `x`

// @ts-ignore: decorator
@inline
function less<E, T>(a: E, b: E, x: usize): bool {
  if (isInteger<E>() && !isSigned<E>()) {
    return load<T>(x + <usize>a * sizeof<T>()) < load<T>(x + <usize>b * sizeof<T>());
  }
  return a < b;
}

// @ts-ignore: decorator
@inline
function insertionSort<E, T>(base: usize, n: i32, x: usize): void {
  const end = base + n * sizeof<E>();
  for (let next = base + sizeof<E>(); next < end; next += sizeof<E>()) {
    const element = load<E>(next);
    let at = next;
    for (; at > base; at -= sizeof<E>()) {
      const before = load<E>(at - sizeof<E>());
      if (!less<E, T>(element, before, x)) break;
      store<E>(at, before);
    }
    store<E>(at, element);
  }
}

/** Merges the sorted [low, middle) and [middle, high) with the first put aside. */
// @ts-ignore: decorator
@inline
function mergeForward<E, T>(low: usize, middle: usize, high: usize, buffer: usize, x: usize): void {
  memory.copy(buffer, low, middle - low);
  let left = buffer;
  const leftEnd = buffer + (middle - low);
  let right = middle;
  let out = low;
  while (left < leftEnd && right < high) {
    // Without a branch: which run comes next is a coin toss that no processor foresees.
    const takeRight = -<usize>less<E, T>(load<E>(right), load<E>(left), x);
    store<E>(out, load<E>(left ^ ((left ^ right) & takeRight)));
    left += sizeof<E>() & ~takeRight;
    right += sizeof<E>() & takeRight;
    out += sizeof<E>();
  }
  memory.copy(out, left, leftEnd - left);
}

/** The same from the upper end, with the second put aside. */
// @ts-ignore: decorator
@inline
function mergeBackward<E, T>(low: usize, middle: usize, high: usize, buffer: usize, x: usize): void {
  memory.copy(buffer, middle, high - middle);
  let left = middle;
  let right = buffer + (high - middle);
  let out = high;
  while (left > low && right > buffer) {
    const a = left - sizeof<E>();
    const b = right - sizeof<E>();
    const takeLeft = -<usize>less<E, T>(load<E>(b), load<E>(a), x);
    out -= sizeof<E>();
    store<E>(out, load<E>(b ^ ((a ^ b) & takeLeft)));
    left -= sizeof<E>() & takeLeft;
    right -= sizeof<E>() & ~takeLeft;
  }
  memory.copy(out - (right - buffer), buffer, right - buffer);
}

function merge<E, T>(low: usize, middle: usize, high: usize, buffer: usize, capacity: usize, x: usize): void {
  if (low == middle || middle == high) return;
  if (!less<E, T>(load<E>(middle), load<E>(middle - sizeof<E>()), x)) return;
  if (middle - low <= capacity) {
    mergeForward<E, T>(low, middle, high, buffer, x);
    return;
  }
  if (high - middle <= capacity) {
    mergeBackward<E, T>(low, middle, high, buffer, x);
    return;
  }
  // Cut the first run in half, and the second where the cut's element belongs; what lies between changes places.
  const cut = low + ((middle - low) / sizeof<E>() / 2) * sizeof<E>();
  const pivot = load<E>(cut);
  let from = middle;
  let to = high;
  while (from < to) {
    const probe = from + ((to - from) / sizeof<E>() / 2) * sizeof<E>();
    if (less<E, T>(load<E>(probe), pivot, x)) from = probe + sizeof<E>();
    else to = probe;
  }
  reverse<E>(cut, middle);
  reverse<E>(middle, from);
  reverse<E>(cut, from);
  const joint = cut + (from - middle);
  merge<E, T>(low, cut, joint, buffer, capacity, x);
  merge<E, T>(joint, joint + (middle - cut), high, buffer, capacity, x);
}

function reverse<E>(from: usize, to: usize): void {
  for (to -= sizeof<E>(); from < to; from += sizeof<E>(), to -= sizeof<E>()) {
    const first = load<E>(from);
    store<E>(from, load<E>(to));
    store<E>(to, first);
  }
}

function mergeSort<E, T>(base: usize, n: i32, buffer: usize, capacity: usize, x: usize): void {
  for (let i = 0; i < n; i += RUN) insertionSort<E, T>(base + i * sizeof<E>(), min(RUN, n - i), x);
  const high = base + n * sizeof<E>();
  for (let width: usize = RUN * sizeof<E>(); width < high - base; width *= 2) {
    for (let low = base; low + width < high; low += 2 * width) {
      merge<E, T>(low, low + width, min(low + 2 * width, high), buffer, capacity, x);
    }
  }
}

// ---- Rows

/** Moves what is not NaN to the front, in order, and returns how many that is. `x` and `out` may be the same. */
// @ts-ignore: decorator
@inline
function numbersFirst<T>(x: usize, out: usize, n: i32): i32 {
  let count = 0;
  for (let i = 0; i < n; i++) {
    const value = load<T>(x + i * sizeof<T>());
    // A NaN is written too, and the next number over it.
    store<T>(out + count * sizeof<T>(), value);
    count += value == value ? 1 : 0;
  }
  for (let i = count; i < n; i++) store<T>(out + i * sizeof<T>(), <T>NaN);
  return count;
}

// @ts-ignore: decorator
@inline
function sortTask<T>(args: usize, start: i32, end: i32): void {
  const n = word(args, 0);
  for (let row = start; row < end; row++) {
    const x = word(args, 1) + row * n * sizeof<T>();
    const out = word(args, 2) + row * n * sizeof<T>();
    let count = n;
    if (isFloat<T>()) count = numbersFirst<T>(x, out, n);
    else memory.copy(out, x, n * sizeof<T>());
    mergeSort<T, T>(out, count, scratch, scratchBytes, 0);
  }
}

/** Writes the positions of what is not NaN, then those of NaN, each in order; returns how many the former are. */
// @ts-ignore: decorator
@inline
function positionsOfNumbers<T>(x: usize, out: usize, n: i32): i32 {
  let count = 0;
  for (let i = 0; i < n; i++) {
    const value = load<T>(x + i * sizeof<T>());
    store<i32>(out + 4 * count, i);
    count += value == value ? 1 : 0;
  }
  let at = count;
  for (let i = 0; at < n; i++) {
    const value = load<T>(x + i * sizeof<T>());
    if (value != value) store<i32>(out + 4 * at++, i);
  }
  return count;
}

// @ts-ignore: decorator
@inline
function argsortTask<T>(args: usize, start: i32, end: i32): void {
  const n = word(args, 0);
  const buffer = word(args, 3) == 0 ? scratch : word(args, 3);
  for (let row = start; row < end; row++) {
    const x = word(args, 1) + row * n * sizeof<T>();
    const out = word(args, 2) + 4 * row * n;
    mergeSort<u32, T>(out, positionsOfNumbers<T>(x, out, n), buffer, 4 * n, x);
  }
}

/** Words 0 to 3 of the task: n, source, target, and a buffer for positions (0: a thread's own). */
function setRows(n: i32, x: usize, out: usize, buffer: usize): void {
  setWord(0, n);
  setWord(1, x);
  setWord(2, out);
  setWord(3, buffer);
}

/** Rows that a thread takes at once. */
// @ts-ignore: decorator
@inline
function grain(rows: i32, n: i32): i32 {
  return <i64>rows * n > LARGE ? max(1, LARGE / 8 / max(1, n)) : max(1, rows);
}

// ---- What the engine calls

function sortTask_f32(args: usize, start: i32, end: i32): void {
  sortTask<f32>(args, start, end);
}
export function sort_f32(x: usize, out: usize, rows: i32, n: i32): void {
  setRows(n, x, out, 0);
  parallelFor(sortTask_f32, TASK_ARGUMENTS, rows, grain(rows, n));
}

function argsortTask_f32(args: usize, start: i32, end: i32): void {
  argsortTask<f32>(args, start, end);
}
/** `workspace`: n i32, for rows whose positions do not fit into a thread's scratch memory. */
export function argsort_f32(x: usize, indices: usize, rows: i32, n: i32, workspace: usize): void {
  const fits = 4 * <i64>n <= scratchBytes;
  setRows(n, x, indices, fits ? 0 : workspace);
  parallelFor(argsortTask_f32, TASK_ARGUMENTS, rows, fits ? grain(rows, n) : rows);
}

function sortTask_f64(args: usize, start: i32, end: i32): void {
  sortTask<f64>(args, start, end);
}
export function sort_f64(x: usize, out: usize, rows: i32, n: i32): void {
  setRows(n, x, out, 0);
  parallelFor(sortTask_f64, TASK_ARGUMENTS, rows, grain(rows, n));
}

function argsortTask_f64(args: usize, start: i32, end: i32): void {
  argsortTask<f64>(args, start, end);
}
/** `workspace`: n i32, for rows whose positions do not fit into a thread's scratch memory. */
export function argsort_f64(x: usize, indices: usize, rows: i32, n: i32, workspace: usize): void {
  const fits = 4 * <i64>n <= scratchBytes;
  setRows(n, x, indices, fits ? 0 : workspace);
  parallelFor(argsortTask_f64, TASK_ARGUMENTS, rows, fits ? grain(rows, n) : rows);
}

function sortTask_i32(args: usize, start: i32, end: i32): void {
  sortTask<i32>(args, start, end);
}
export function sort_i32(x: usize, out: usize, rows: i32, n: i32): void {
  setRows(n, x, out, 0);
  parallelFor(sortTask_i32, TASK_ARGUMENTS, rows, grain(rows, n));
}

function argsortTask_i32(args: usize, start: i32, end: i32): void {
  argsortTask<i32>(args, start, end);
}
/** `workspace`: n i32, for rows whose positions do not fit into a thread's scratch memory. */
export function argsort_i32(x: usize, indices: usize, rows: i32, n: i32, workspace: usize): void {
  const fits = 4 * <i64>n <= scratchBytes;
  setRows(n, x, indices, fits ? 0 : workspace);
  parallelFor(argsortTask_i32, TASK_ARGUMENTS, rows, fits ? grain(rows, n) : rows);
}
