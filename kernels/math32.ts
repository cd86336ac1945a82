// Transcendental functions of four float32 at a time, within 2 units in the last place of the exact result, denormal
// results included. There is no fused multiply-add: every processor gives the same bits. Where float32 would need many
// corrections to be that exact, two pairs of float64 lanes ("pairs") with a shorter polynomial are faster and better.
import { acos_v64, asin_v64, atan2_v64, atan_v64, cosh_v64, sinh_v64, tan_v64, withHuge } from "./math64";

/** 1.5 * 2^23: adding it rounds a small float to an integer, which then stands in the low bits of the sum. */
const ROUND: f32 = 12582912.0;
const BIAS: f32 = 127.0;
/** Added to an exponent that is split into two factors. */
const SPLIT: f32 = 2 * BIAS;
// The same for float64 lanes.
const ROUND_64: f64 = 6755399441055744.0;
const BIAS_64: f64 = 1023.0;
const LOG2_E_64: f64 = 1.4426950408889634;
const SQRT_HALF_BITS_64: i64 = 0x3fe6a09e667f3bcd;

const LOG2_E: f32 = 1.4426950408889634;
const LN2: f32 = 0.6931471805599453;
/** ln 2 in two parts; the upper one has 15 bits, so that its product with an exponent is exact. */
const LN2_UPPER: f32 = 0.693145751953125;
const LN2_LOWER: f32 = 1.4286068203094173e-6;
const SQRT_HALF_BITS: i32 = 0x3f3504f3;
const SMALLEST_NORMAL: f32 = 1.17549435e-38;

const HUGE_ANGLE: f32 = 1048576.0;

// @ts-ignore: decorator
@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** a + b c, rounded twice. */
// @ts-ignore: decorator
@inline
function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(a, f32x4.mul(b, c));
}

/** a + b c in float64 lanes, rounded twice. */
// @ts-ignore: decorator
@inline
function multiplyAddPair(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(a, f64x2.mul(b, c));
}

/** Keeps x within [low, high]; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function clamp_v32(x: v128, low: f32, high: f32): v128 {
  return f32x4.pmax(f32x4.pmin(x, splat(high)), splat(low));
}

// @ts-ignore: decorator
@inline
function signBit(x: v128): v128 {
  return v128.and(x, i32x4.splat(0x80000000));
}

/** The upper 12 bits of the mantissa: products of such halves are exact. */
// @ts-ignore: decorator
@inline
function upperHalf(x: v128): v128 {
  return v128.and(x, i32x4.splat(0xfffff000));
}

/** a^2 - square, where square is a^2 rounded. */
// @ts-ignore: decorator
@inline
function squareError(a: v128, square: v128): v128 {
  const a1 = upperHalf(a);
  const a2 = f32x4.sub(a, a1);
  const upper = multiplyAdd(f32x4.sub(f32x4.mul(a1, a1), square), f32x4.add(a1, a1), a2);
  return multiplyAdd(upper, a2, a2);
}

/** a + b - sum, where sum is a + b rounded and |a| >= |b| or a = 0. */
// @ts-ignore: decorator
@inline
function sumError(a: v128, b: v128, sum: v128): v128 {
  return f32x4.add(f32x4.sub(a, sum), b);
}

/** The lower two lanes as float64. */
// @ts-ignore: decorator
@inline
export function lowerPair(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}

/** The upper two lanes as float64. */
// @ts-ignore: decorator
@inline
export function upperPair(x: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
}

/** Four float32 from two pairs of float64. */
// @ts-ignore: decorator
@inline
export function joinPairs(lower: v128, upper: v128): v128 {
  return i64x2.shuffle(f32x4.demote_f64x2_zero(lower), f32x4.demote_f64x2_zero(upper), 0, 2);
}

// ---- Powers of e and 2, and what is made of them.

/** (2^r - 1) / r in float64 lanes for |r| <= 1/2, with about 34 good bits. */
// @ts-ignore: decorator
@inline
function exp2Slope(r: v128): v128 {
  let p = f64x2.splat(1.5195422749437817e-5);
  p = multiplyAddPair(f64x2.splat(0.00015466761793281406), r, p);
  p = multiplyAddPair(f64x2.splat(0.001333393819666086), r, p);
  p = multiplyAddPair(f64x2.splat(0.009618038170519622), r, p);
  p = multiplyAddPair(f64x2.splat(0.05550410363188324), r, p);
  p = multiplyAddPair(f64x2.splat(0.24022651066242381), r, p);
  return multiplyAddPair(f64x2.splat(0.6931471805050154), r, p);
}

/** 2^t in float64 lanes for |t| <= 1000. What overflows in float32, or is denormal, does so when pairs are joined. */
// @ts-ignore: decorator
@inline
function exp2Pair(t: v128): v128 {
  const biased = f64x2.add(t, f64x2.splat(ROUND_64 + BIAS_64));
  const r = f64x2.sub(t, f64x2.sub(biased, f64x2.splat(ROUND_64 + BIAS_64)));
  return f64x2.mul(multiplyAddPair(f64x2.splat(1.0), r, exp2Slope(r)), i64x2.shl(biased, 52));
}

/** 2^t - 1 in float64 lanes for |t| <= 1000, as accurate near zero as far from it. */
// @ts-ignore: decorator
@inline
function exp2MinusOnePair(t: v128): v128 {
  const biased = f64x2.add(t, f64x2.splat(ROUND_64 + BIAS_64));
  const r = f64x2.sub(t, f64x2.sub(biased, f64x2.splat(ROUND_64 + BIAS_64)));
  const s = i64x2.shl(biased, 52);
  return multiplyAddPair(f64x2.sub(s, f64x2.splat(1.0)), s, f64x2.mul(r, exp2Slope(r)));
}

/** e^r - 1 - r for |r| <= ln(2)/2. */
// @ts-ignore: decorator
@inline
function expTail(r: v128): v128 {
  let p = multiplyAdd(splat(0.008367099), splat(0.001391772), r);
  p = multiplyAdd(splat(0.041666612), p, r);
  p = multiplyAdd(splat(0.16666539), p, r);
  p = multiplyAdd(splat(0.5), p, r);
  return f32x4.mul(f32x4.mul(r, r), p);
}

/** e^(a - b) 2^n, `biased` being the float n + SPLIT + ROUND. Two factors, so that a denormal is rounded once. */
// @ts-ignore: decorator
@inline
function expScaled(a: v128, b: v128, biased: v128): v128 {
  const r = f32x4.sub(a, b);
  const rest = f32x4.sub(f32x4.sub(a, r), b);
  const sum = f32x4.add(splat(1.0), r);
  const p = f32x4.add(sum, f32x4.add(sumError(splat(1.0), r, sum), f32x4.add(rest, expTail(r))));
  const half = i32x4.shr_u(biased, 1);
  return f32x4.mul(f32x4.mul(p, i32x4.shl(half, 23)), i32x4.shl(i32x4.sub(biased, half), 23));
}

/** e^x for x within [-160, 90]. */
// @ts-ignore: decorator
@inline
function expBounded(x: v128): v128 {
  const biased = multiplyAdd(splat(ROUND + SPLIT), x, splat(LOG2_E));
  const n = f32x4.sub(biased, splat(ROUND + SPLIT));
  return expScaled(f32x4.sub(x, f32x4.mul(n, splat(LN2_UPPER))), f32x4.mul(n, splat(LN2_LOWER)), biased);
}

/** e^x. */
// @ts-ignore: decorator
@inline
export function exp_v32(x: v128): v128 {
  return expBounded(clamp_v32(x, -105.0, 89.5));
}

/** 2^x. */
// @ts-ignore: decorator
@inline
export function exp2_v32(x: v128): v128 {
  const bounded = clamp_v32(x, -151.0, 129.0);
  const biased = f32x4.add(bounded, splat(ROUND + SPLIT));
  const part = f32x4.sub(bounded, f32x4.sub(biased, splat(ROUND + SPLIT)));
  return expScaled(f32x4.mul(part, splat(LN2)), splat(0.0), biased);
}

/** e^x - 1. */
// @ts-ignore: decorator
@inline
export function expm1_v32(x: v128): v128 {
  const bounded = clamp_v32(x, -20.0, 88.8);
  const biased = multiplyAdd(splat(ROUND + BIAS - 1), bounded, splat(LOG2_E));
  const n = f32x4.sub(biased, splat(ROUND + BIAS - 1));
  const r = f32x4.sub(f32x4.sub(bounded, f32x4.mul(n, splat(LN2_UPPER))), f32x4.mul(n, splat(LN2_LOWER)));
  // Half the result, so that no power of two overflows: (s - 1/2) + s r + s tail with s a power of two.
  const s = i32x4.shl(biased, 23);
  const first = f32x4.sub(s, splat(0.5));
  const second = f32x4.mul(s, r);
  const sum = f32x4.add(first, second);
  const half = f32x4.add(sum, multiplyAdd(sumError(first, second, sum), s, expTail(r)));
  return v128.bitselect(x, f32x4.add(half, half), f32x4.lt(f32x4.abs(x), splat(2e-8)));
}

/** tanh x = m / (m + 2) with m = e^(2x) - 1. */
// @ts-ignore: decorator
@inline
function tanhPair(x: v128): v128 {
  const m = exp2MinusOnePair(f64x2.mul(x, f64x2.splat(2 * LOG2_E_64)));
  return f64x2.div(m, f64x2.add(m, f64x2.splat(2.0)));
}

/** tanh x. */
// @ts-ignore: decorator
@inline
export function tanh_v32(x: v128): v128 {
  const bounded = clamp_v32(x, -10.0, 10.0);
  return v128.or(joinPairs(tanhPair(lowerPair(bounded)), tanhPair(upperPair(bounded))), signBit(x));
}

/** numerator / (1 + e^-x). */
// @ts-ignore: decorator
@inline
function logisticPair(numerator: v128, x: v128): v128 {
  const z = exp2Pair(f64x2.mul(x, f64x2.splat(-LOG2_E_64)));
  return f64x2.div(numerator, f64x2.add(f64x2.splat(1.0), z));
}

/** 1 / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function sigmoid_v32(x: v128): v128 {
  const bounded = clamp_v32(x, -125.0, 125.0);
  const one = f64x2.splat(1.0);
  return joinPairs(logisticPair(one, lowerPair(bounded)), logisticPair(one, upperPair(bounded)));
}

/** x / (1 + e^-x). */
// @ts-ignore: decorator
@inline
export function silu_v32(x: v128): v128 {
  const numerator = f32x4.pmax(x, splat(-125.0));
  const bounded = f32x4.pmin(numerator, splat(125.0));
  const lower = logisticPair(lowerPair(numerator), lowerPair(bounded));
  return joinPairs(lower, logisticPair(upperPair(numerator), upperPair(bounded)));
}

/** e^(-x^2), with the rounding error of the square carried on. */
// @ts-ignore: decorator
@inline
export function gaussian_v32(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), splat(11.0));
  const square = f32x4.mul(a, a);
  const biased = multiplyAdd(splat(ROUND + SPLIT), square, splat(-LOG2_E));
  const n = f32x4.sub(biased, splat(ROUND + SPLIT));
  const upper = f32x4.sub(f32x4.neg(square), f32x4.mul(n, splat(LN2_UPPER)));
  return expScaled(upper, multiplyAdd(squareError(a, square), n, splat(LN2_LOWER)), biased);
}

/** erf x: x times a polynomial in x^2 below 0.9, and 1 - e^p(x) above, p being ln erfc. */
// @ts-ignore: decorator
@inline
export function erf_v32(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), splat(4.0));
  let p = multiplyAdd(splat(4.3232235e-4), a, splat(-2.0912346e-5));
  p = multiplyAdd(splat(-0.004160576), a, p);
  p = multiplyAdd(splat(0.025091548), a, p);
  p = multiplyAdd(splat(-0.108236626), a, p);
  p = multiplyAdd(splat(-0.6333867), a, p);
  p = multiplyAdd(splat(-1.1294951), a, p);
  p = multiplyAdd(splat(1.7055002e-4), a, p);
  const large = f32x4.sub(splat(1.0), expBounded(p));
  const z = f32x4.mul(a, a);
  let q = multiplyAdd(splat(-8.1441615e-4), z, splat(8.392293e-5));
  q = multiplyAdd(splat(0.005200722), z, q);
  q = multiplyAdd(splat(-0.026859023), z, q);
  q = multiplyAdd(splat(0.112836815), z, q);
  q = multiplyAdd(splat(-0.37612632), z, q);
  q = multiplyAdd(splat(0.12837917), z, q);
  const small = multiplyAdd(a, a, q);
  return v128.or(v128.bitselect(small, large, f32x4.lt(a, splat(0.9))), signBit(x));
}

/** x Phi(x) in float64 lanes for x within [-14.7, inf): Phi(-a) is e^(-a^2/2) times a rational function of a. */
// @ts-ignore: decorator
@inline
function geluPair(x: v128): v128 {
  const a = f64x2.pmin(f64x2.abs(x), f64x2.splat(14.7));
  const bell = exp2Pair(f64x2.mul(f64x2.mul(a, a), f64x2.splat(-0.5 * LOG2_E_64)));
  let p = multiplyAddPair(f64x2.splat(0.040735534537568806), a, f64x2.splat(0.004131511738616117));
  p = multiplyAddPair(f64x2.splat(0.1835383550257587), a, p);
  p = multiplyAddPair(f64x2.splat(0.4387037599117625), a, p);
  p = multiplyAddPair(f64x2.splat(0.5000000029753728), a, p);
  let q = multiplyAddPair(f64x2.splat(0.10211515155510818), a, f64x2.splat(0.010356047785110132));
  q = multiplyAddPair(f64x2.splat(0.47027114760215216), a, q);
  q = multiplyAddPair(f64x2.splat(1.2037618549251943), a, q);
  q = multiplyAddPair(f64x2.splat(1.6752925080884147), a, q);
  q = multiplyAddPair(f64x2.splat(1.0), a, q);
  const tail = f64x2.div(f64x2.mul(bell, p), q);
  const above = f64x2.sub(f64x2.splat(1.0), tail);
  return f64x2.mul(x, v128.bitselect(tail, above, f64x2.lt(x, f64x2.splat(0.0))));
}

/** x Phi(x), Phi being the normal distribution's erfc(-x / sqrt 2) / 2. */
// @ts-ignore: decorator
@inline
export function gelu_v32(x: v128): v128 {
  const bounded = f32x4.pmax(x, splat(-14.6));
  return joinPairs(geluPair(lowerPair(bounded)), geluPair(upperPair(bounded)));
}

// ---- Logarithms. x = m 2^e with m in [sqrt(1/2), sqrt 2), f = m - 1, s = f / (2 + f), ln m = 2 artanh s.

/** x, denormal numbers made normal by 2^23. */
// @ts-ignore: decorator
@inline
function withoutDenormals(x: v128, tiny: v128): v128 {
  return v128.bitselect(f32x4.mul(x, splat(8388608.0)), x, tiny);
}

/** e of a normal x. */
// @ts-ignore: decorator
@inline
function exponentOf(x: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.sub(x, i32x4.splat(SQRT_HALF_BITS)), 23));
}

/** m of a normal x. */
// @ts-ignore: decorator
@inline
function mantissaOf(x: v128): v128 {
  const bits = v128.and(i32x4.sub(x, i32x4.splat(SQRT_HALF_BITS)), i32x4.splat(0x7fffff));
  return i32x4.add(bits, i32x4.splat(SQRT_HALF_BITS));
}

/** ln(1 + f) - f + f^2/2. */
// @ts-ignore: decorator
@inline
function logTail(f: v128, halfSquare: v128): v128 {
  const s = f32x4.div(f, f32x4.add(splat(2.0), f));
  const z = f32x4.mul(s, s);
  let p = multiplyAdd(splat(0.39977568), z, splat(0.29871595));
  p = multiplyAdd(splat(0.66666776), z, p);
  return f32x4.mul(s, multiplyAdd(halfSquare, z, p));
}

/** ln x + correction for a normal x; `tiny` lanes get the logarithm of x / 2^23. */
// @ts-ignore: decorator
@inline
function logNormal(x: v128, tiny: v128, correction: v128): v128 {
  const e = f32x4.sub(exponentOf(x), v128.and(tiny, splat(23.0)));
  const f = f32x4.sub(mantissaOf(x), splat(1.0));
  const halfSquare = f32x4.mul(f32x4.mul(splat(0.5), f), f);
  const lower = f32x4.add(multiplyAdd(correction, e, splat(LN2_LOWER)), logTail(f, halfSquare));
  return multiplyAdd(f32x4.sub(f, f32x4.sub(halfSquare, lower)), e, splat(LN2_UPPER));
}

/** y where x lies in (0, inf); elsewhere what a logarithm of x is. */
// @ts-ignore: decorator
@inline
function logDomain(x: v128, y: v128): v128 {
  // A negative number gets all bits set, which is NaN; NaN and inf are their own logarithms.
  const outside = v128.or(x, f32x4.lt(x, splat(0.0)));
  const inside = v128.and(f32x4.gt(x, splat(0.0)), f32x4.lt(x, splat(Infinity)));
  return v128.bitselect(y, v128.bitselect(splat(-Infinity), outside, f32x4.eq(x, splat(0.0))), inside);
}

/** ln x. */
// @ts-ignore: decorator
@inline
export function log_v32(x: v128): v128 {
  const tiny = f32x4.lt(x, splat(SMALLEST_NORMAL));
  return logDomain(x, logNormal(withoutDenormals(x, tiny), tiny, splat(0.0)));
}

/** ln(1 + x), with the rounding error of 1 + x carried on. */
// @ts-ignore: decorator
@inline
export function log1p_v32(x: v128): v128 {
  const u = f32x4.add(splat(1.0), x);
  const large = f32x4.sub(splat(1.0), f32x4.sub(u, x));
  const small = f32x4.sub(x, f32x4.sub(u, splat(1.0)));
  const lost = v128.bitselect(large, small, f32x4.gt(x, splat(1.0)));
  const y = logDomain(u, logNormal(u, splat(0.0), f32x4.div(lost, u)));
  return v128.bitselect(x, y, f32x4.lt(f32x4.abs(x), splat(1e-8)));
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). */
// @ts-ignore: decorator
@inline
export function softplus_v32(x: v128): v128 {
  const z = expBounded(f32x4.pmax(f32x4.neg(f32x4.abs(x)), splat(-105.0)));
  const u = f32x4.add(splat(1.0), z);
  const error = f32x4.mul(sumError(splat(1.0), z, u), f32x4.sub(splat(1.0), f32x4.mul(splat(0.5), z)));
  return f32x4.add(f32x4.pmax(x, splat(0.0)), logNormal(u, splat(0.0), error));
}

/** log of x to the base b, given 1 / ln b as a float of 12 bits and a rest, log_b 2 as one of 15 bits and a rest. */
// @ts-ignore: decorator
@inline
function logToBase(x: v128, inverse: f32, inverseRest: f32, two: f32, twoRest: f32): v128 {
  const tiny = f32x4.lt(x, splat(SMALLEST_NORMAL));
  const normal = withoutDenormals(x, tiny);
  const e = f32x4.sub(exponentOf(normal), v128.and(tiny, splat(23.0)));
  const f = f32x4.sub(mantissaOf(normal), splat(1.0));
  const halfSquare = f32x4.mul(f32x4.mul(splat(0.5), f), f);
  const l1 = upperHalf(f32x4.sub(f, halfSquare));
  const l2 = f32x4.add(f32x4.sub(f32x4.sub(f, l1), halfSquare), logTail(f, halfSquare));
  let lower = multiplyAdd(f32x4.mul(e, splat(twoRest)), l1, splat(inverseRest));
  lower = multiplyAdd(lower, l2, splat(inverse + inverseRest));
  const first = f32x4.mul(e, splat(two));
  const second = f32x4.mul(l1, splat(inverse));
  const sum = f32x4.add(first, second);
  return logDomain(x, f32x4.add(sum, f32x4.add(sumError(first, second, sum), lower)));
}

/** Logarithm to the base 2. */
// @ts-ignore: decorator
@inline
export function log2_v32(x: v128): v128 {
  return logToBase(x, 1.44287109375, -1.7605285e-4, 1.0, 0.0);
}

/** Logarithm to the base 10. */
// @ts-ignore: decorator
@inline
export function log10_v32(x: v128): v128 {
  return logToBase(x, 0.434326171875, -3.168997e-5, 0.301025390625, 4.605039e-6);
}

/** |x|^y in float64 lanes, with about 34 good bits; zero and infinite x are the caller's. */
// @ts-ignore: decorator
@inline
function powPair(x: v128, y: v128): v128 {
  const bits = i64x2.add(x, i64x2.splat(0x3ff0000000000000 - SQRT_HALF_BITS_64));
  const biased = v128.or(i64x2.shr_u(bits, 52), i64x2.splat(0x4330000000000000));
  const e = f64x2.sub(biased, f64x2.splat(4503599627370496.0 + BIAS_64));
  const m = i64x2.add(v128.and(bits, i64x2.splat(0xfffffffffffff)), i64x2.splat(SQRT_HALF_BITS_64));
  const f = f64x2.sub(m, f64x2.splat(1.0));
  const s = f64x2.div(f, f64x2.add(f64x2.splat(2.0), f));
  const z = f64x2.mul(s, s);
  let p = multiplyAddPair(f64x2.splat(0.3199337815982276), z, f64x2.splat(0.2825550775973554));
  p = multiplyAddPair(f64x2.splat(0.4122084235313731), z, p);
  p = multiplyAddPair(f64x2.splat(0.5770779530104324), z, p);
  p = multiplyAddPair(f64x2.splat(0.9617966940582136), z, p);
  p = multiplyAddPair(f64x2.splat(2.8853900817779268), z, p);
  const t = f64x2.mul(y, multiplyAddPair(e, s, p));
  return exp2Pair(f64x2.pmax(f64x2.pmin(t, f64x2.splat(200.0)), f64x2.splat(-200.0)));
}

/** x^y with the special cases of C: x^0 = 1^y = 1, a negative x needs an integer y. */
// @ts-ignore: decorator
@inline
export function pow_v32(x: v128, y: v128): v128 {
  const a = f32x4.abs(x);
  let result = joinPairs(powPair(lowerPair(a), lowerPair(y)), powPair(upperPair(a), upperPair(y)));
  const infinite = f32x4.eq(a, splat(Infinity));
  const extreme = v128.or(infinite, f32x4.eq(a, splat(0.0)));
  const grows = v128.xor(f32x4.lt(y, splat(0.0)), infinite);
  result = v128.bitselect(v128.and(grows, splat(Infinity)), result, extreme);
  const whole = f32x4.eq(f32x4.nearest(y), y);
  const half = f32x4.mul(y, splat(0.5));
  const odd = v128.andnot(whole, f32x4.eq(f32x4.nearest(half), half));
  result = v128.or(result, v128.and(signBit(x), odd));
  const noRoot = v128.andnot(v128.andnot(f32x4.lt(x, splat(0.0)), whole), infinite);
  result = v128.or(result, v128.or(noRoot, v128.or(f32x4.ne(x, x), f32x4.ne(y, y))));
  const one = v128.or(
    v128.or(f32x4.eq(x, splat(1.0)), f32x4.eq(y, splat(0.0))),
    v128.and(f32x4.eq(a, splat(1.0)), f32x4.eq(f32x4.abs(y), splat(Infinity))),
  );
  return v128.bitselect(splat(1.0), result, one);
}

// ---- Circular functions.

/** sin(a + `quarter` pi/2) in float64 lanes for 0 <= a < HUGE_ANGLE, with about 36 good bits. */
// @ts-ignore: decorator
@inline
function sinShiftedPair(a: v128, quarter: i64): v128 {
  const biased = multiplyAddPair(f64x2.splat(ROUND_64), a, f64x2.splat(0.6366197723675814));
  const n = f64x2.sub(biased, f64x2.splat(ROUND_64));
  // pi/2 in two parts; the product with the first, of 33 bits, is exact.
  const first = f64x2.sub(a, f64x2.mul(n, f64x2.splat(1.5707963267341256)));
  const r = f64x2.sub(first, f64x2.mul(n, f64x2.splat(6.077100506506192e-11)));
  const z = f64x2.mul(r, r);
  let p = multiplyAddPair(f64x2.splat(-0.00019839332403842695), z, f64x2.splat(2.7182772394938787e-6));
  p = multiplyAddPair(f64x2.splat(0.008333329383396404), z, p);
  p = multiplyAddPair(f64x2.splat(-0.1666666664167434), z, p);
  const sine = multiplyAddPair(r, f64x2.mul(r, z), p);
  let q = multiplyAddPair(f64x2.splat(2.4799534129412416e-5), z, f64x2.splat(-2.7211148581698875e-7));
  q = multiplyAddPair(f64x2.splat(-0.001388888382310676), z, q);
  q = multiplyAddPair(f64x2.splat(0.041666666623913495), z, q);
  q = multiplyAddPair(f64x2.splat(-0.5), z, q);
  const cosine = multiplyAddPair(f64x2.splat(1.0), z, q);
  const quarters = i64x2.add(biased, i64x2.splat(quarter));
  const odd = i64x2.sub(i64x2.splat(0), v128.and(quarters, i64x2.splat(1)));
  const y = v128.bitselect(cosine, sine, odd);
  return v128.xor(y, i64x2.shl(i64x2.shr_u(quarters, 1), 63));
}

// @ts-ignore: decorator
@inline
function sinShifted(a: v128, quarter: i32): v128 {
  const lower = lowerPair(a);
  const upper = upperPair(a);
  let y1 = sinShiftedPair(lower, quarter);
  let y2 = sinShiftedPair(upper, quarter);
  if (v128.any_true(f32x4.gt(a, splat(HUGE_ANGLE)))) {
    y1 = withHuge(lower, y1, quarter);
    y2 = withHuge(upper, y2, quarter);
  }
  return joinPairs(y1, y2);
}

/** sin x. */
// @ts-ignore: decorator
@inline
export function sin_v32(x: v128): v128 {
  return v128.xor(sinShifted(f32x4.abs(x), 0), signBit(x));
}

/** cos x. */
// @ts-ignore: decorator
@inline
export function cos_v32(x: v128): v128 {
  return sinShifted(f32x4.abs(x), 1);
}

/** tan x. */
// @ts-ignore: decorator
@inline
export function tan_v32(x: v128): v128 {
  return joinPairs(tan_v64(lowerPair(x)), tan_v64(upperPair(x)));
}

/** sin(2 pi u) for |u| < 2^20; multiples of 1/4 are exact. */
// @ts-ignore: decorator
@inline
export function sinTurns_v32(u: v128): v128 {
  return sinOfTurns(u, 0);
}

/** cos(2 pi u) for |u| < 2^20; multiples of 1/4 are exact. */
// @ts-ignore: decorator
@inline
export function cosTurns_v32(u: v128): v128 {
  return sinOfTurns(u, 1);
}

// @ts-ignore: decorator
@inline
function sinOfTurns(u: v128, quarter: i32): v128 {
  const quarters = f32x4.mul(u, splat(4.0));
  const biased = f32x4.add(quarters, splat(ROUND));
  const r = f32x4.mul(f32x4.sub(quarters, f32x4.sub(biased, splat(ROUND))), splat(1.5707963267948966));
  const z = f32x4.mul(r, r);
  let p = multiplyAdd(splat(0.00833219), z, splat(-1.9518408e-4));
  p = multiplyAdd(splat(-0.16666655), z, p);
  const sine = multiplyAdd(r, f32x4.mul(r, z), p);
  let q = multiplyAdd(splat(-0.0013887312), z, splat(2.4432742e-5));
  q = multiplyAdd(splat(0.041666646), z, q);
  q = multiplyAdd(splat(-0.5), z, q);
  const cosine = multiplyAdd(splat(1.0), z, q);
  const shifted = i32x4.add(biased, i32x4.splat(quarter));
  const odd = i32x4.sub(i32x4.splat(0), v128.and(shifted, i32x4.splat(1)));
  const y = v128.bitselect(cosine, sine, odd);
  return v128.xor(y, i32x4.shl(i32x4.shr_u(shifted, 1), 31));
}

/** arcsin x. */
// @ts-ignore: decorator
@inline
export function asin_v32(x: v128): v128 {
  return joinPairs(asin_v64(lowerPair(x)), asin_v64(upperPair(x)));
}

/** arccos x. */
// @ts-ignore: decorator
@inline
export function acos_v32(x: v128): v128 {
  return joinPairs(acos_v64(lowerPair(x)), acos_v64(upperPair(x)));
}

/** arctan x. */
// @ts-ignore: decorator
@inline
export function atan_v32(x: v128): v128 {
  return joinPairs(atan_v64(lowerPair(x)), atan_v64(upperPair(x)));
}

/** Angle of the point (x, y) in (-pi, pi], as C's atan2 with its signed zeros and infinities. */
// @ts-ignore: decorator
@inline
export function atan2_v32(y: v128, x: v128): v128 {
  const lower = atan2_v64(lowerPair(y), lowerPair(x));
  return joinPairs(lower, atan2_v64(upperPair(y), upperPair(x)));
}

/** Angle of the point (x, y): `atan2_v32` for one point. */
export function atan2_f32(y: f32, x: f32): f32 {
  return <f32>f64x2.extract_lane(atan2_v64(f64x2.splat(<f64>y), f64x2.splat(<f64>x)), 0);
}

/** sinh x. */
// @ts-ignore: decorator
@inline
export function sinh_v32(x: v128): v128 {
  return joinPairs(sinh_v64(lowerPair(x)), sinh_v64(upperPair(x)));
}

/** cosh x. */
// @ts-ignore: decorator
@inline
export function cosh_v32(x: v128): v128 {
  return joinPairs(cosh_v64(lowerPair(x)), cosh_v64(upperPair(x)));
}
