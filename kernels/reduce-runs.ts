// Reductions of contiguous [outer, n, inner] to [outer, inner], running along n: cut into units of work (reduce-
// pieces.ts), whose results are combined and written. Stretches depend on the shape only and are combined in order, so
// any number of threads gives the same bits.
import { double, setDouble, setWord, word } from "./lanes";
import { chunkOf, parallelFor, scratch, TASK_ARGUMENTS, worthSharing } from "./parallel";
import { COLUMNS, RESULT_BYTES } from "./reduce-pieces";

/**
 * Reduces `rows` rows, `stride` elements apart, of `columns` neighbouring columns (one if stride is 1). `second` is
 * what else the operation reads: the other factor of a product, or a number for each column. Column c's result goes to
 * results[c], with a correction or an index in results[COLUMNS + c].
 */
type Piece = (x: usize, second: usize, rows: i32, stride: i32, columns: i32, results: usize) => void;

/** Elements that are worth a thread's while. */
export const GRAIN = 32768;
/** With fewer lines of work than this, n is cut into at most as many stretches as STRETCHES says. */
const FEW = 16;
const STRETCHES = 64;
/** Stretches begin at multiples of this many rows. */
const ALIGNMENT = 512;

/** Where a thread keeps the first row of its stretch, and a vector of columns for the operations that need one. */
export const RELATIVE = 1 << 20;
export const SHIFTS = RELATIVE + 64;

// How the results of stretches are combined.
export const ADD = 0;
export const MULTIPLY = 1;
export const MULTIPLY_INTEGERS = 2;
export const LARGEST = 3;
export const SMALLEST = 4;
export const FIRST_LARGEST = 5;
export const FIRST_SMALLEST = 6;
export const REPLACE = 7;

// What is written.
export const F32 = 0;
export const F64 = 1;
export const I32 = 2;
export const INDEX = 3;
export const ANY = 4;
export const ALL = 5;

/** Whether a is preferred to b as an extremum: NaN before all else, and the earlier of equals. */
// @ts-ignore: decorator
@inline
function prefers(how: i32, a: f64, b: f64): bool {
  if (a != a) return b == b;
  return how == FIRST_LARGEST ? a > b : a < b;
}

/** Combines the results of a line's stretches in order; they end up in the first. */
function combine(how: i32, results: usize, stretches: i32, columns: i32): void {
  for (let c = 0; c < columns; c++) {
    const target = results + 8 * c;
    let high = load<f64>(target);
    let low = load<f64>(target, 8 * COLUMNS);
    for (let i = 1; i < stretches; i++) {
      const nextHigh = load<f64>(target + i * RESULT_BYTES);
      const nextLow = load<f64>(target + i * RESULT_BYTES, 8 * COLUMNS);
      if (how == ADD) {
        const sum = high + nextHigh;
        const part = sum - high;
        low += high - (sum - part) + (nextHigh - part) + nextLow;
        high = sum;
      } else if (how == MULTIPLY) {
        high *= nextHigh;
      } else if (how == MULTIPLY_INTEGERS) {
        high = <f64>(<i32>high * <i32>nextHigh);
      } else if (how == LARGEST) {
        high = max<f64>(high, nextHigh);
      } else if (how == SMALLEST) {
        high = min<f64>(high, nextHigh);
      } else if (prefers(how, nextHigh, high)) {
        high = nextHigh;
        low = nextLow;
      }
    }
    store<f64>(target, high);
    store<f64>(target, low, 8 * COLUMNS);
  }
}

/** Writes the results of a line, sums with their corrections: unless that is NaN, as the sum is infinite then. */
function write(args: usize, results: usize, columns: i32, out: usize): void {
  const kind = word(args, 9);
  const corrected = word(args, 8) == ADD;
  const divisor = f64x2.splat(double(args, 0));
  for (let c = 0; c < columns; c += 2) {
    let value = v128.load(results + 8 * c);
    const low = v128.load(results + 8 * c, 8 * COLUMNS);
    if (corrected) value = f64x2.add(value, v128.and(low, f64x2.eq(low, low)));
    value = f64x2.div(value, divisor);
    const two = c + 1 < columns;
    if (kind == F32) {
      const rounded = f32x4.demote_f64x2_zero(value);
      if (two) v128.store64_lane(out + 4 * c, rounded, 0);
      else v128.store32_lane(out + 4 * c, rounded, 0);
    } else if (kind == F64) {
      if (two) v128.store(out + 8 * c, value);
      else v128.store64_lane(out + 8 * c, value, 0);
    } else {
      writeWhole(args, kind, f64x2.extract_lane(kind == INDEX ? low : value, 0), out, c);
      if (two) writeWhole(args, kind, f64x2.extract_lane(kind == INDEX ? low : value, 1), out, c + 1);
    }
  }
}

function writeWhole(args: usize, kind: i32, value: f64, out: usize, c: i32): void {
  if (kind == ANY) store<u8>(out + c, value > 0 ? 1 : 0);
  else if (kind == ALL) store<u8>(out + c, value == <f64>word(args, 4) ? 1 : 0);
  else store<i32>(out + 4 * c, <i32>(<i64>value));
}

/** Bytes of an output element of each kind. */
// @ts-ignore: decorator
@inline
function outBytes(kind: i32): i32 {
  return kind == F64 ? 8 : kind >= ANY ? 1 : 4;
}

/**
 * Runs `work` over x. `size`: bytes of an element of x. `perRow`: whether `second` advances with the rows of one column
 * (a factor) or has one element for each result. `whole`: the rows must not be cut.
 */
export function reduce(
  work: Piece, size: i32, how: i32, kind: i32, x: usize, second: usize, out: usize,
  outer: i32, n: i32, inner: i32, divisor: f64, perRow: bool, whole: bool,
): void {
  const strips = (inner + COLUMNS - 1) / COLUMNS;
  const lines = outer * strips;
  if (lines == 0) return;
  const width = min(inner, COLUMNS);
  let stretch = n;
  let stretches = 1;
  if (!whole && lines < FEW && <i64>n * width > 2 * GRAIN) {
    stretch = max(GRAIN / width, (n + STRETCHES - 1) / STRETCHES);
    stretch = ((stretch + ALIGNMENT - 1) / ALIGNMENT) * ALIGNMENT;
    stretches = (n + stretch - 1) / stretch;
  }
  const partial = scratch + RESULT_BYTES;
  setWord(0, load<u32>(changetype<usize>(work)));
  setWord(1, size);
  setWord(2, strips);
  setWord(3, stretches);
  setWord(4, n);
  setWord(5, inner);
  setWord(6, stretch);
  setWord(7, perRow ? 1 : 0);
  setWord(8, how);
  setWord(9, kind);
  setWord(10, x);
  setWord(11, second);
  setWord(12, out);
  setWord(13, partial);
  setDouble(0, divisor);
  const units = lines * stretches;
  const elements = <i64>outer * n * inner;
  if (!worthSharing(elements, GRAIN)) reduceTask(TASK_ARGUMENTS, 0, units);
  else parallelFor(reduceTask, TASK_ARGUMENTS, units, max(1, chunkOf(elements, GRAIN) / max(1, min(stretch, GRAIN) * width)));
  if (stretches == 1) return;
  for (let line = 0; line < lines; line++) {
    const first = (line % strips) * COLUMNS;
    const target = out + ((line / strips) * inner + first) * outBytes(kind);
    const results = partial + line * stretches * RESULT_BYTES;
    const columns = min(COLUMNS, inner - first);
    combine(how, results, stretches, columns);
    write(TASK_ARGUMENTS, results, columns, target);
  }
}

function reduceTask(args: usize, start: i32, end: i32): void {
  const work = word(args, 0);
  const size = word(args, 1);
  const strips = word(args, 2);
  const stretches = word(args, 3);
  const n = word(args, 4);
  const inner = word(args, 5);
  const stretch = word(args, 6);
  const perRow = word(args, 7) != 0;
  const outSize = outBytes(word(args, 9));
  // Unit (group * strips + strip) * stretches + part, counted upwards: divisions would cost as much as short rows.
  let part = start % stretches;
  let strip = (start / stretches) % strips;
  let group = start / stretches / strips;
  for (let unit = start; unit < end; unit++) {
    const from = part * stretch;
    const rows = min(stretch, n - from);
    const first = strip * COLUMNS;
    const columns = min(COLUMNS, inner - first);
    const source = word(args, 10) + ((group * n + from) * inner + first) * size;
    const other = word(args, 11) + (perRow ? from : group * inner + first) * size;
    const results = stretches == 1 ? scratch : word(args, 13) + unit * RESULT_BYTES;
    store<i32>(scratch + RELATIVE, from);
    call_indirect<void>(work, source, other, rows, inner, columns, results);
    if (stretches == 1) write(args, results, columns, word(args, 12) + (group * inner + first) * outSize);
    if (++part < stretches) continue;
    part = 0;
    if (++strip < strips) continue;
    strip = 0;
    group += 1;
  }
}
