// How an operation of two arrays reaches all elements. The second operand (mode 1) or the first (mode 2) may be a
// single element: it is written all over 64 bytes of scratch memory and read from there with a step of 0, so all three
// modes are one row loop. The broadcasting forms walk the outer axes and call the row loop; rows with other strides
// are gathered first.
import { setWord, word } from "./lanes";
import { chunkOf, parallelFor, scratch, TASK_ARGUMENTS, worthSharing } from "./parallel";
import { Row, split, tableIndex } from "./split";
import { advance, firstOffset, secondOffset, seek } from "./walk";

/** Longest stretch that a thread takes at once: some microseconds of work. */
export const CHEAP = 32768;
export const COSTLY = 1024;

/** Writes the element at `pointer` all over the first 64 bytes of scratch memory and returns their address. */
// @ts-ignore: decorator
@inline
export function repeated<T>(pointer: usize): usize {
  const value = v128.load_splat<T>(pointer);
  v128.store(scratch, value);
  v128.store(scratch, value, 16);
  v128.store(scratch, value, 32);
  v128.store(scratch, value, 48);
  return scratch;
}

// ---- Large arrays

/** Runs a row loop on all threads. A single operand is copied first: `out` may cover it. */
export function spread(
  row: Row, grain: i32, inSize: i32, outSize: i32, mode: usize, a: usize, b: usize, out: usize, n: i32,
): void {
  const single = TASK_ARGUMENTS + 256;
  if (mode != 0) memory.copy(single, mode == 1 ? b : a, inSize);
  if (mode == 1) split(row, grain, n, mode, 0, a, inSize, single, 0, out, outSize);
  else if (mode == 2) split(row, grain, n, mode, 0, single, 0, b, inSize, out, outSize);
  else split(row, grain, n, mode, 0, a, inSize, b, inSize, out, outSize);
}

// ---- Broadcasting

// Where a thread keeps its place and its gathered rows: behind what the row loops use.
const PLACE = 512;
const GATHERED = 1024;

/** Elements of a row that are gathered at once. */
const PIECE = 512;

/**
 * out[i0, i1, ...] = a[i0 * aStrides[0] + ...] op b[i0 * bStrides[0] + ...], with `out` contiguous. A unit of work is a
 * stretch of a row, never longer than `grain`, so that the row loop does not split it again.
 */
export function broadcast(
  row: Row, grain: i32, inSize: i32, outSize: i32,
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  let rows = 1;
  for (let axis = 0; axis < rank - 1; axis++) rows *= load<i32>(shape + 4 * axis);
  const last = 4 * (rank - 1);
  const n = rank == 0 ? 1 : load<i32>(shape + last);
  if (rows == 0 || n == 0) return;
  const stretches = (n + grain - 1) / grain;
  setWord(0, tableIndex(row));
  setWord(1, grain);
  setWord(2, inSize);
  setWord(3, outSize);
  setWord(4, rank);
  setWord(5, shape);
  setWord(6, aStrides);
  setWord(7, bStrides);
  setWord(8, a);
  setWord(9, b);
  setWord(10, out);
  setWord(11, n);
  setWord(12, rank == 0 ? 0 : load<i32>(aStrides + last));
  setWord(13, rank == 0 ? 0 : load<i32>(bStrides + last));
  setWord(14, stretches);
  const units = rows * stretches;
  const work = <i64>rows * n;
  if (worthSharing(work, grain)) parallelFor(broadcastTask, TASK_ARGUMENTS, units, max(1, chunkOf(work, grain) / n));
  else broadcastTask(TASK_ARGUMENTS, 0, units);
}

function broadcastTask(args: usize, start: i32, end: i32): void {
  const grain = word(args, 1);
  const outSize = word(args, 3);
  const axes = word(args, 4) - 1;
  const shape = <usize>word(args, 5);
  const aStrides = <usize>word(args, 6);
  const bStrides = <usize>word(args, 7);
  const out = <usize>word(args, 10);
  const n = word(args, 11);
  const stretches = word(args, 14);
  const place = scratch + PLACE;

  seek(place, axes, shape, aStrides, bStrides, start / stretches);
  let row = start / stretches;
  let stretch = start % stretches;
  for (let unit = start; unit < end; unit++) {
    const first = stretch * grain;
    const outRow = out + (row * n + first) * outSize;
    stridedRow(args, firstOffset(place), secondOffset(place), first, outRow, min(grain, n - first));
    if (++stretch < stretches) continue;
    stretch = 0;
    row += 1;
    advance(place, axes, shape, aStrides, bStrides);
  }
}

/** Elements first to first + n - 1 of the rows that begin at elements aRow and bRow. */
// @ts-ignore: decorator
@inline
function stridedRow(args: usize, aRow: i32, bRow: i32, first: i32, out: usize, n: i32): void {
  const row = word(args, 0);
  const inSize = word(args, 2);
  const aStride = word(args, 12);
  const bStride = word(args, 13);
  const a = word(args, 8) + (aRow + first * aStride) * inSize;
  const b = word(args, 9) + (bRow + first * bStride) * inSize;
  if (aStride == 1 && bStride == 1) call_indirect<void>(row, 0, a, b, out, n);
  else if (aStride == 1 && bStride == 0) call_indirect<void>(row, 1, a, b, out, n);
  else if (aStride == 0 && bStride == 1) call_indirect<void>(row, 2, a, b, out, n);
  else if (n == 1) call_indirect<void>(row, 0, a, b, out, n);
  else gatheredRow(row, inSize, word(args, 3), aStride, bStride, a, b, out, n);
}

function gatheredRow(
  row: u32, inSize: i32, outSize: i32, aStride: i32, bStride: i32, a: usize, b: usize, out: usize, n: i32,
): void {
  const aPiece = scratch + GATHERED;
  const bPiece = aPiece + PIECE * 8;
  for (let i = 0; i < n; i += PIECE) {
    const count = min(PIECE, n - i);
    gather(inSize, a + i * aStride * inSize, aStride, aPiece, count);
    gather(inSize, b + i * bStride * inSize, bStride, bPiece, count);
    call_indirect<void>(row, 0, aPiece, bPiece, out + i * outSize, count);
  }
}

function gather(size: i32, x: usize, stride: i32, out: usize, n: i32): void {
  if (size == 1) gatherElements<u8>(x, stride, out, n);
  else if (size == 4) gatherElements<u32>(x, stride, out, n);
  else gatherElements<u64>(x, stride, out, n);
}

// @ts-ignore: decorator
@inline
function gatherElements<T>(x: usize, stride: i32, out: usize, n: i32): void {
  const step = stride * sizeof<T>();
  for (let i = 0; i < n; i++) {
    store<T>(out, load<T>(x));
    x += step;
    out += sizeof<T>();
  }
}
