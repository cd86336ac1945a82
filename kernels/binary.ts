// Operations of two arrays, element by element: arithmetic, comparisons, and the gradients of sigmoid, tanh and relu.
// Each operation is one row loop. The second operand (mode 1) or the first (mode 2) may be a single element: it is
// written all over 64 bytes of scratch memory and read from there with a step of 0, so all three modes are one loop.
// The broadcasting forms walk the outer axes and call the row loop; rows with other strides are gathered first.
import { loadPart, setWord, storePart, word } from "./lanes";
import { atan2_v32, pow_v32 } from "./math32";
import { atan2_v64, pow_v64 } from "./math64";
import { chunkOf, parallelFor, scratch, TASK_ARGUMENTS, worthSharing } from "./parallel";
import { Row, split, tableIndex } from "./split";
import { advance, firstOffset, secondOffset, seek } from "./walk";

const ADD = 0;
const SUB = 1;
const MUL = 2;
const DIV = 3;
const MAXIMUM = 4;
const MINIMUM = 5;
const SIGMOID_GRADIENT = 6;
const TANH_GRADIENT = 7;
const RELU_GRADIENT = 8;
const POW = 9;
const ATAN2 = 10;
const FLOOR_DIVIDE = 11;
const REMAINDER = 12;
const EQUAL = 13;
const NOT_EQUAL = 14;
const LESS = 15;
const LESS_EQUAL = 16;
const GREATER = 17;
const GREATER_EQUAL = 18;
const AND = 19;
const OR = 20;
const XOR = 21;

/** Longest stretch that a thread takes at once: some microseconds of work. */
const CHEAP = 32768;
const COSTLY = 1024;

// ---- Rows

// @ts-ignore: decorator
@inline
function apply<T>(operation: i32, a: v128, b: v128): v128 {
  if (operation == ADD) return v128.add<T>(a, b);
  if (operation == SUB) return v128.sub<T>(a, b);
  if (operation == MUL) return v128.mul<T>(a, b);
  if (operation == MAXIMUM) return v128.max<T>(a, b);
  if (operation == MINIMUM) return v128.min<T>(a, b);
  if (isFloat<T>()) {
    if (operation == DIV) return v128.div<T>(a, b);
    const one = v128.splat<T>(<T>1);
    if (operation == SIGMOID_GRADIENT) return v128.mul<T>(v128.mul<T>(a, b), v128.sub<T>(one, b));
    if (operation == TANH_GRADIENT) return v128.mul<T>(a, v128.sub<T>(one, v128.mul<T>(b, b)));
    if (operation == RELU_GRADIENT) return v128.and(a, v128.gt<T>(b, v128.splat<T>(<T>0)));
    if (operation == POW) return sizeof<T>() == 4 ? pow_v32(a, b) : pow_v64(a, b);
    if (operation == ATAN2) return sizeof<T>() == 4 ? atan2_v32(a, b) : atan2_v64(a, b);
  }
  return unreachable();
}

/** Writes the element at `pointer` all over the first 64 bytes of scratch memory and returns their address. */
// @ts-ignore: decorator
@inline
function repeated<T>(pointer: usize): usize {
  const value = v128.load_splat<T>(pointer);
  v128.store(scratch, value);
  v128.store(scratch, value, 16);
  v128.store(scratch, value, 32);
  v128.store(scratch, value, 48);
  return scratch;
}

// @ts-ignore: decorator
@inline
function vectorRow<T>(operation: i32, mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  const count = 16 / sizeof<T>();
  const aStep: usize = mode == 2 ? 0 : 16;
  const bStep: usize = mode == 1 ? 0 : 16;
  if (mode == 2) a = repeated<T>(a);
  if (mode == 1) b = repeated<T>(b);
  if (operation < POW) {
    const aStep2: usize = 2 * aStep;
    const bStep2: usize = 2 * bStep;
    const aStep3: usize = 3 * aStep;
    const bStep3: usize = 3 * bStep;
    for (; n >= 4 * count; n -= 4 * count) {
      const r0 = apply<T>(operation, v128.load(a), v128.load(b));
      const r1 = apply<T>(operation, v128.load(a + aStep), v128.load(b + bStep));
      const r2 = apply<T>(operation, v128.load(a + aStep2), v128.load(b + bStep2));
      const r3 = apply<T>(operation, v128.load(a + aStep3), v128.load(b + bStep3));
      v128.store(out, r0);
      v128.store(out, r1, 16);
      v128.store(out, r2, 32);
      v128.store(out, r3, 48);
      a += 4 * aStep;
      b += 4 * bStep;
      out += 64;
    }
  }
  for (; n >= count; n -= count) {
    v128.store(out, apply<T>(operation, v128.load(a), v128.load(b)));
    a += aStep;
    b += bStep;
    out += 16;
  }
  if (n > 0) storePart<T>(out, apply<T>(operation, loadPart<T>(a, n), loadPart<T>(b, n)), n);
}

/** b to the power of e, modulo 2^32. A negative exponent truncates 1 / b^|e|: 0 unless b is 1 or -1. */
function powInteger(b: i32, e: i32): i32 {
  if (e < 0) return b == 1 ? 1 : b == -1 ? 1 - ((e & 1) << 1) : 0;
  let result = 1;
  for (; e > 0; e >>= 1) {
    if (e & 1) result *= b;
    b *= b;
  }
  return result;
}

/** What is left of a after whole multiples of b, with the sign of b: a - floor(a / b) * b without its rounding. */
// @ts-ignore: decorator
@inline
function remainderFloat<T>(a: T, b: T): T {
  const rest = a % b;
  if (rest == 0) return copysign<T>(<T>0, b);
  return rest < 0 != b < 0 ? rest + b : rest;
}

/** floor(a / b), found from the exact remainder: the division's rounding cannot lift it to the next whole number. */
// @ts-ignore: decorator
@inline
function floorDivideFloat<T>(a: T, b: T): T {
  if (b == 0) return a / b;
  const rest = a % b;
  let quotient = (a - rest) / b;
  if (rest != 0 && rest < 0 != b < 0) quotient -= 1;
  if (quotient == 0) return copysign<T>(<T>0, a / b);
  return nearest<T>(quotient);
}

// @ts-ignore: decorator
@inline
function applyScalar<T>(operation: i32, a: T, b: T): T {
  if (isFloat<T>()) return operation == FLOOR_DIVIDE ? floorDivideFloat<T>(a, b) : remainderFloat<T>(a, b);
  if (operation == POW) return powInteger(a, b);
  // Division by 0 and -2^31 / -1 would trap.
  if (b == 0) return 0;
  if (b == -1) return operation == FLOOR_DIVIDE ? 0 - a : 0;
  const rest = a % b;
  const adjust = rest != 0 && (rest ^ b) < 0;
  if (operation == FLOOR_DIVIDE) return adjust ? a / b - 1 : a / b;
  return adjust ? rest + b : rest;
}

// @ts-ignore: decorator
@inline
function scalarRow<T>(operation: i32, mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  const aStep: usize = mode == 2 ? 0 : sizeof<T>();
  const bStep: usize = mode == 1 ? 0 : sizeof<T>();
  if (mode == 2) a = repeated<T>(a);
  if (mode == 1) b = repeated<T>(b);
  for (; n > 0; n--) {
    store<T>(out, applyScalar<T>(operation, load<T>(a), load<T>(b)));
    a += aStep;
    b += bStep;
    out += sizeof<T>();
  }
}

// @ts-ignore: decorator
@inline
function compare<T>(operation: i32, a: v128, b: v128): v128 {
  if (operation == EQUAL) return v128.eq<T>(a, b);
  if (operation == NOT_EQUAL) return v128.ne<T>(a, b);
  if (operation == LESS) return v128.lt<T>(a, b);
  if (operation == LESS_EQUAL) return v128.le<T>(a, b);
  if (operation == GREATER) return v128.gt<T>(a, b);
  if (operation == GREATER_EQUAL) return v128.ge<T>(a, b);
  if (sizeof<T>() == 1) {
    // Any byte but 0 counts as true.
    const zero = i8x16.splat(0);
    const notA = i8x16.eq(a, zero);
    const notB = i8x16.eq(b, zero);
    if (operation == AND) return v128.not(v128.or(notA, notB));
    if (operation == OR) return v128.not(v128.and(notA, notB));
    if (operation == XOR) return v128.xor(notA, notB);
  }
  return unreachable();
}

/** The comparisons of four elements as four 32-bit masks. */
// @ts-ignore: decorator
@inline
function compareFour<T>(operation: i32, a: usize, b: usize): v128 {
  const mask = compare<T>(operation, v128.load(a), v128.load(b));
  if (sizeof<T>() == 4) return mask;
  const upper = compare<T>(operation, v128.load(a, 16), v128.load(b, 16));
  return i32x4.shuffle(mask, upper, 0, 2, 4, 6);
}

/** Sixteen elements to sixteen bytes, 0 or 1. */
// @ts-ignore: decorator
@inline
function compareSixteen<T>(operation: i32, a: usize, aStep: usize, b: usize, bStep: usize): v128 {
  let mask: v128;
  if (sizeof<T>() == 1) {
    mask = compare<T>(operation, v128.load(a), v128.load(b));
  } else {
    const m0 = compareFour<T>(operation, a, b);
    const m1 = compareFour<T>(operation, a + aStep, b + bStep);
    const m2 = compareFour<T>(operation, a + 2 * aStep, b + 2 * bStep);
    const m3 = compareFour<T>(operation, a + 3 * aStep, b + 3 * bStep);
    mask = v128.narrow<i16>(v128.narrow<i32>(m0, m1), v128.narrow<i32>(m2, m3));
  }
  return v128.and(mask, i8x16.splat(1));
}

// @ts-ignore: decorator
@inline
function compareRow<T>(operation: i32, mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  const aStep: usize = mode == 2 ? 0 : 4 * sizeof<T>();
  const bStep: usize = mode == 1 ? 0 : 4 * sizeof<T>();
  if (mode == 2) a = repeated<T>(a);
  if (mode == 1) b = repeated<T>(b);
  for (; n >= 16; n -= 16) {
    v128.store(out, compareSixteen<T>(operation, a, aStep, b, bStep));
    a += 4 * aStep;
    b += 4 * bStep;
    out += 16;
  }
  if (n == 0) return;
  // The rest goes through a padded copy behind the single operands.
  const padded = scratch + 64;
  if (aStep != 0) {
    memory.copy(padded, a, n * sizeof<T>());
    a = padded;
  }
  if (bStep != 0) {
    memory.copy(padded + 128, b, n * sizeof<T>());
    b = padded + 128;
  }
  v128.store(padded + 256, compareSixteen<T>(operation, a, aStep, b, bStep));
  memory.copy(out, padded + 256, n);
}

// ---- Large arrays

/** Runs a row loop on all threads. A single operand is copied first: `out` may cover it. */
function spread(
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
function broadcast(
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

// ---- What the engine calls: two lines an operation and type

// @ts-ignore: decorator
@inline
function cheap<T>(operation: i32, row: Row, mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  if (worthSharing(n, CHEAP)) spread(row, CHEAP, sizeof<T>(), sizeof<T>(), mode, a, b, out, n);
  else vectorRow<T>(operation, mode, a, b, out, n);
}

// @ts-ignore: decorator
@inline
function costly<T>(operation: i32, row: Row, mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  if (n > 4 * COSTLY) spread(row, COSTLY, sizeof<T>(), sizeof<T>(), mode, a, b, out, n);
  else vectorRow<T>(operation, mode, a, b, out, n);
}

// @ts-ignore: decorator
@inline
function scalar<T>(operation: i32, row: Row, mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  if (n > 4 * COSTLY) spread(row, COSTLY, sizeof<T>(), sizeof<T>(), mode, a, b, out, n);
  else scalarRow<T>(operation, mode, a, b, out, n);
}

// @ts-ignore: decorator
@inline
function comparison<T>(operation: i32, row: Row, mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  if (worthSharing(n, CHEAP)) spread(row, CHEAP, sizeof<T>(), 1, mode, a, b, out, n);
  else compareRow<T>(operation, mode, a, b, out, n);
}

// f32

export function add_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f32>(ADD, add_f32, mode, a, b, out, n);
}
export function add_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(add_f32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function sub_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f32>(SUB, sub_f32, mode, a, b, out, n);
}
export function sub_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(sub_f32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function mul_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f32>(MUL, mul_f32, mode, a, b, out, n);
}
export function mul_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(mul_f32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function div_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f32>(DIV, div_f32, mode, a, b, out, n);
}
export function div_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(div_f32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function maximum_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f32>(MAXIMUM, maximum_f32, mode, a, b, out, n);
}
export function maximum_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(maximum_f32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function minimum_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f32>(MINIMUM, minimum_f32, mode, a, b, out, n);
}
export function minimum_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(minimum_f32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function sigmoidGradient_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f32>(SIGMOID_GRADIENT, sigmoidGradient_f32, mode, a, b, out, n);
}
export function sigmoidGradient_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(sigmoidGradient_f32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function tanhGradient_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f32>(TANH_GRADIENT, tanhGradient_f32, mode, a, b, out, n);
}
export function tanhGradient_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(tanhGradient_f32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function reluGradient_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f32>(RELU_GRADIENT, reluGradient_f32, mode, a, b, out, n);
}
export function reluGradient_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(reluGradient_f32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function pow_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  costly<f32>(POW, pow_f32, mode, a, b, out, n);
}
export function pow_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(pow_f32, COSTLY, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function atan2_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  costly<f32>(ATAN2, atan2_f32, mode, a, b, out, n);
}
export function atan2_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(atan2_f32, COSTLY, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function floorDivide_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  scalar<f32>(FLOOR_DIVIDE, floorDivide_f32, mode, a, b, out, n);
}
export function floorDivide_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(floorDivide_f32, COSTLY, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function remainder_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  scalar<f32>(REMAINDER, remainder_f32, mode, a, b, out, n);
}
export function remainder_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(remainder_f32, COSTLY, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

// f64

export function add_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f64>(ADD, add_f64, mode, a, b, out, n);
}
export function add_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(add_f64, CHEAP, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function sub_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f64>(SUB, sub_f64, mode, a, b, out, n);
}
export function sub_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(sub_f64, CHEAP, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function mul_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f64>(MUL, mul_f64, mode, a, b, out, n);
}
export function mul_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(mul_f64, CHEAP, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function div_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f64>(DIV, div_f64, mode, a, b, out, n);
}
export function div_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(div_f64, CHEAP, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function maximum_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f64>(MAXIMUM, maximum_f64, mode, a, b, out, n);
}
export function maximum_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(maximum_f64, CHEAP, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function minimum_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f64>(MINIMUM, minimum_f64, mode, a, b, out, n);
}
export function minimum_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(minimum_f64, CHEAP, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function sigmoidGradient_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f64>(SIGMOID_GRADIENT, sigmoidGradient_f64, mode, a, b, out, n);
}
export function sigmoidGradient_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(sigmoidGradient_f64, CHEAP, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function tanhGradient_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f64>(TANH_GRADIENT, tanhGradient_f64, mode, a, b, out, n);
}
export function tanhGradient_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(tanhGradient_f64, CHEAP, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function reluGradient_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<f64>(RELU_GRADIENT, reluGradient_f64, mode, a, b, out, n);
}
export function reluGradient_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(reluGradient_f64, CHEAP, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function pow_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  costly<f64>(POW, pow_f64, mode, a, b, out, n);
}
export function pow_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(pow_f64, COSTLY, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function atan2_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  costly<f64>(ATAN2, atan2_f64, mode, a, b, out, n);
}
export function atan2_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(atan2_f64, COSTLY, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function floorDivide_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  scalar<f64>(FLOOR_DIVIDE, floorDivide_f64, mode, a, b, out, n);
}
export function floorDivide_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(floorDivide_f64, COSTLY, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

export function remainder_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  scalar<f64>(REMAINDER, remainder_f64, mode, a, b, out, n);
}
export function remainder_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(remainder_f64, COSTLY, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
}

// i32

export function add_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<i32>(ADD, add_i32, mode, a, b, out, n);
}
export function add_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(add_i32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function sub_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<i32>(SUB, sub_i32, mode, a, b, out, n);
}
export function sub_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(sub_i32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function mul_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<i32>(MUL, mul_i32, mode, a, b, out, n);
}
export function mul_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(mul_i32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function maximum_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<i32>(MAXIMUM, maximum_i32, mode, a, b, out, n);
}
export function maximum_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(maximum_i32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function minimum_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  cheap<i32>(MINIMUM, minimum_i32, mode, a, b, out, n);
}
export function minimum_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(minimum_i32, CHEAP, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function floorDivide_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  scalar<i32>(FLOOR_DIVIDE, floorDivide_i32, mode, a, b, out, n);
}
export function floorDivide_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(floorDivide_i32, COSTLY, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function remainder_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  scalar<i32>(REMAINDER, remainder_i32, mode, a, b, out, n);
}
export function remainder_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(remainder_i32, COSTLY, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

export function pow_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  scalar<i32>(POW, pow_i32, mode, a, b, out, n);
}
export function pow_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(pow_i32, COSTLY, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
}

// Comparisons: the result is u8, 0 or 1

export function equal_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f32>(EQUAL, equal_f32, mode, a, b, out, n);
}
export function equal_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(equal_f32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function equal_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f64>(EQUAL, equal_f64, mode, a, b, out, n);
}
export function equal_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(equal_f64, CHEAP, 8, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function equal_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<i32>(EQUAL, equal_i32, mode, a, b, out, n);
}
export function equal_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(equal_i32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function equal_u8(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<u8>(EQUAL, equal_u8, mode, a, b, out, n);
}
export function equal_u8_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(equal_u8, CHEAP, 1, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function notEqual_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f32>(NOT_EQUAL, notEqual_f32, mode, a, b, out, n);
}
export function notEqual_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(notEqual_f32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function notEqual_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f64>(NOT_EQUAL, notEqual_f64, mode, a, b, out, n);
}
export function notEqual_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(notEqual_f64, CHEAP, 8, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function notEqual_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<i32>(NOT_EQUAL, notEqual_i32, mode, a, b, out, n);
}
export function notEqual_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(notEqual_i32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function notEqual_u8(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<u8>(NOT_EQUAL, notEqual_u8, mode, a, b, out, n);
}
export function notEqual_u8_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(notEqual_u8, CHEAP, 1, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function less_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f32>(LESS, less_f32, mode, a, b, out, n);
}
export function less_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(less_f32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function less_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f64>(LESS, less_f64, mode, a, b, out, n);
}
export function less_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(less_f64, CHEAP, 8, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function less_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<i32>(LESS, less_i32, mode, a, b, out, n);
}
export function less_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(less_i32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function less_u8(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<u8>(LESS, less_u8, mode, a, b, out, n);
}
export function less_u8_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(less_u8, CHEAP, 1, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function lessEqual_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f32>(LESS_EQUAL, lessEqual_f32, mode, a, b, out, n);
}
export function lessEqual_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(lessEqual_f32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function lessEqual_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f64>(LESS_EQUAL, lessEqual_f64, mode, a, b, out, n);
}
export function lessEqual_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(lessEqual_f64, CHEAP, 8, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function lessEqual_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<i32>(LESS_EQUAL, lessEqual_i32, mode, a, b, out, n);
}
export function lessEqual_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(lessEqual_i32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function lessEqual_u8(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<u8>(LESS_EQUAL, lessEqual_u8, mode, a, b, out, n);
}
export function lessEqual_u8_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(lessEqual_u8, CHEAP, 1, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function greater_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f32>(GREATER, greater_f32, mode, a, b, out, n);
}
export function greater_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(greater_f32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function greater_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f64>(GREATER, greater_f64, mode, a, b, out, n);
}
export function greater_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(greater_f64, CHEAP, 8, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function greater_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<i32>(GREATER, greater_i32, mode, a, b, out, n);
}
export function greater_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(greater_i32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function greater_u8(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<u8>(GREATER, greater_u8, mode, a, b, out, n);
}
export function greater_u8_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(greater_u8, CHEAP, 1, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function greaterEqual_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f32>(GREATER_EQUAL, greaterEqual_f32, mode, a, b, out, n);
}
export function greaterEqual_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(greaterEqual_f32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function greaterEqual_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<f64>(GREATER_EQUAL, greaterEqual_f64, mode, a, b, out, n);
}
export function greaterEqual_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(greaterEqual_f64, CHEAP, 8, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function greaterEqual_i32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<i32>(GREATER_EQUAL, greaterEqual_i32, mode, a, b, out, n);
}
export function greaterEqual_i32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(greaterEqual_i32, CHEAP, 4, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function greaterEqual_u8(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<u8>(GREATER_EQUAL, greaterEqual_u8, mode, a, b, out, n);
}
export function greaterEqual_u8_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(greaterEqual_u8, CHEAP, 1, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function logicalAnd_u8(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<u8>(AND, logicalAnd_u8, mode, a, b, out, n);
}
export function logicalAnd_u8_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(logicalAnd_u8, CHEAP, 1, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function logicalOr_u8(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<u8>(OR, logicalOr_u8, mode, a, b, out, n);
}
export function logicalOr_u8_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(logicalOr_u8, CHEAP, 1, 1, rank, shape, aStrides, bStrides, a, b, out);
}

export function logicalXor_u8(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  comparison<u8>(XOR, logicalXor_u8, mode, a, b, out, n);
}
export function logicalXor_u8_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(logicalXor_u8, CHEAP, 1, 1, rank, shape, aStrides, bStrides, a, b, out);
}
