// Comparisons and logic of two arrays, element by element: the result is u8, 0 or 1. Each operation is one row loop;
// binary-loops.ts runs it over large and broadcast arrays.
import { broadcast, CHEAP, repeated, spread } from "./binary-loops";
import { scratch, worthSharing } from "./parallel";
import { Row } from "./split";

const EQUAL = 13;
const NOT_EQUAL = 14;
const LESS = 15;
const LESS_EQUAL = 16;
const GREATER = 17;
const GREATER_EQUAL = 18;
const AND = 19;
const OR = 20;
const XOR = 21;

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

// @ts-ignore: decorator
@inline
function comparison<T>(operation: i32, row: Row, mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  if (worthSharing(n, CHEAP)) spread(row, CHEAP, sizeof<T>(), 1, mode, a, b, out, n);
  else compareRow<T>(operation, mode, a, b, out, n);
}

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

/** Whether the number at x is finite: 1 or 0. */
export function finiteAt_f32(x: usize): i32 {
  return i32(isFinite<f32>(load<f32>(x)));
}
export function finiteAt_f64(x: usize): i32 {
  return i32(isFinite<f64>(load<f64>(x)));
}
