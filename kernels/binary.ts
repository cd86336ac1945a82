// Arithmetic of two arrays, element by element, and the gradients of sigmoid, tanh and relu. Each operation is one row
// loop; binary-loops.ts runs it over large and broadcast arrays.
import { broadcast, CHEAP, COSTLY, repeated, spread } from "./binary-loops";
import { loadPart, storePart } from "./lanes";
import { atan2_v32, joinPairs, lowerPair, pow_v32, upperPair } from "./math32";
import { atan2_v64, pow_v64 } from "./math64";
import { worthSharing } from "./parallel";
import { Row } from "./split";

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
const HYPOT = 13;

// ---- Lengths

/** sqrt(a^2 + b^2) where the squares neither overflow nor vanish: for numbers from 1e-150 to 1e150. */
// @ts-ignore: decorator
@inline
function lengthOf(a: v128, b: v128): v128 {
  return f64x2.sqrt(f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b)));
}

/** sqrt(a^2 + b^2), scaled by a power of two where squares would overflow or vanish. Infinite beside an infinity, whatever the other is. */
function hypot_v64(a: v128, b: v128): v128 {
  const one = f64x2.splat(1.0);
  const infinity = f64x2.splat(Infinity);
  const x = f64x2.abs(a);
  const y = f64x2.abs(b);
  const larger = f64x2.max(x, y);
  const huge = f64x2.gt(larger, f64x2.splat(1e150));
  const tiny = f64x2.lt(larger, f64x2.splat(1e-150));
  const down = v128.bitselect(f64x2.splat(2.409919865102884e-181), one, huge);
  const up = v128.bitselect(f64x2.splat(4.149515568880993e180), one, huge);
  const factor = v128.bitselect(f64x2.splat(4.149515568880993e180), down, tiny);
  const back = v128.bitselect(f64x2.splat(2.409919865102884e-181), up, tiny);
  const length = f64x2.mul(lengthOf(f64x2.mul(x, factor), f64x2.mul(y, factor)), back);
  return v128.bitselect(infinity, length, v128.or(f64x2.eq(x, infinity), f64x2.eq(y, infinity)));
}

function hypot_v32(a: v128, b: v128): v128 {
  const lower = lengthOf(lowerPair(a), lowerPair(b));
  const upper = lengthOf(upperPair(a), upperPair(b));
  const infinity = f32x4.splat(Infinity);
  const infinite = v128.or(f32x4.eq(f32x4.abs(a), infinity), f32x4.eq(f32x4.abs(b), infinity));
  return v128.bitselect(infinity, joinPairs(lower, upper), infinite);
}

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
    if (operation == RELU_GRADIENT) return v128.andnot(a, v128.le<T>(b, v128.splat<T>(<T>0)));
    if (operation == POW) return sizeof<T>() == 4 ? pow_v32(a, b) : pow_v64(a, b);
    if (operation == ATAN2) return sizeof<T>() == 4 ? atan2_v32(a, b) : atan2_v64(a, b);
    if (operation == HYPOT) return sizeof<T>() == 4 ? hypot_v32(a, b) : hypot_v64(a, b);
  }
  return unreachable();
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

// @ts-ignore: decorator
@inline
function floorDivideFloat<T>(a: T, b: T): T {
  return <T>floorDivide(<f64>a, <f64>b);
}

/**
 * floor(a / b). The rounded quotient is that of truncation or the next whole number away from 0; the exact remainder by
 * 2 b tells which, as it says whether the whole number is odd. From 2^53 on no fraction is left to cut off.
 */
function floorDivide(a: f64, b: f64): f64 {
  const ratio = a / b;
  const rest = a % b;
  if (b == 0) return ratio;
  // Not even a remainder of an infinite a; an infinite quotient of finite ones.
  if (rest != rest || abs(ratio) == Infinity) return rest != rest ? rest : ratio;
  let quotient = nearest<f64>(ratio);
  if (abs(quotient) < 9007199254740992) {
    const odd = a % (2 * b) != rest;
    if ((<i64>quotient & 1) != <i64>odd) quotient -= copysign<f64>(1, ratio);
    if (rest != 0 && rest < 0 != b < 0) quotient -= 1;
  }
  return quotient == 0 ? copysign<f64>(0, ratio) : quotient;
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

export function hypot_f32(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  costly<f32>(HYPOT, hypot_f32, mode, a, b, out, n);
}
export function hypot_f32_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(hypot_f32, COSTLY, 4, 4, rank, shape, aStrides, bStrides, a, b, out);
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

export function hypot_f64(mode: usize, a: usize, b: usize, out: usize, n: i32): void {
  costly<f64>(HYPOT, hypot_f64, mode, a, b, out, n);
}
export function hypot_f64_strided(
  rank: i32, shape: usize, aStrides: usize, bStrides: usize, a: usize, b: usize, out: usize,
): void {
  broadcast(hypot_f64, COSTLY, 8, 8, rank, shape, aStrides, bStrides, a, b, out);
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
