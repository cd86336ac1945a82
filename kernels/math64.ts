// Transcendental functions of two float64 at a time, within about 2 units in the last place. There is no fused
// multiply-add: every processor gives the same bits. Each function reduces its argument to a short interval, where a
// polynomial fitted by us (least maximum error) serves; where one float64 is too short for a step, its rounding error
// travels along in a second. Functions that are long and seldom used are calls, the others are inlined into loops.

/** 1.5 * 2^52: adding it rounds a small float to an integer, which then stands in the low bits of the sum. */
const ROUND: f64 = 6755399441055744.0;
const BIAS: f64 = 1023.0;
/** Added to an exponent that is split into two factors. */
const SPLIT: f64 = 2 * BIAS;

const LOG2_E: f64 = 1.4426950408889634;
/** ln 2 in two parts; the upper one has 42 bits, so that its product with an exponent is exact. */
const LN2_UPPER: f64 = 0.6931471805598903;
const LN2_LOWER: f64 = 5.497923018708371e-14;
const SQRT_HALF_BITS: i64 = 0x3fe6a09e667f3bcd;
const MANTISSA: i64 = 0xfffffffffffff;
const SMALLEST_NORMAL: f64 = 2.2250738585072014e-308;

const PI_UPPER: f64 = 3.141592653589793;
const PI_LOWER: f64 = 1.2246467991473532e-16;
const TWO_OVER_PI: f64 = 0.6366197723675814;
/** From here on a multiple of pi/2 is found by `reduceHuge`. */
const HUGE_ANGLE: f64 = 1048576.0;

// @ts-ignore: decorator
@inline
function splat(value: f64): v128 {
  return f64x2.splat(value);
}

/** a + b c, rounded twice. */
// @ts-ignore: decorator
@inline
function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(a, f64x2.mul(b, c));
}

/** Keeps x within [low, high]; NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function clamp_v64(x: v128, low: f64, high: f64): v128 {
  return f64x2.pmax(f64x2.pmin(x, splat(high)), splat(low));
}

// @ts-ignore: decorator
@inline
function signBit(x: v128): v128 {
  return v128.and(x, i64x2.splat(0x8000000000000000));
}

/** The upper 26 bits of the mantissa: products of such halves are exact. */
// @ts-ignore: decorator
@inline
function upperHalf(x: v128): v128 {
  return v128.and(x, i64x2.splat(0xfffffffff8000000));
}

/** a b - product, where product is a b rounded (Dekker 1971). */
// @ts-ignore: decorator
@inline
function productError(a: v128, b: v128, product: v128): v128 {
  const a1 = upperHalf(a);
  const a2 = f64x2.sub(a, a1);
  const b1 = upperHalf(b);
  const b2 = f64x2.sub(b, b1);
  const upper = f64x2.sub(f64x2.mul(a1, b1), product);
  return multiplyAdd(multiplyAdd(multiplyAdd(upper, a1, b2), a2, b1), a2, b2);
}

/** a + b - sum, where sum is a + b rounded and |a| >= |b| or a = 0. */
// @ts-ignore: decorator
@inline
function sumError(a: v128, b: v128, sum: v128): v128 {
  return f64x2.add(f64x2.sub(a, sum), b);
}

// ---- Powers of e and 2.

/** x - n ln 2. */
// @ts-ignore: decorator
@inline
function withoutTwos(x: v128, n: v128): v128 {
  return f64x2.sub(f64x2.sub(x, f64x2.mul(n, splat(LN2_UPPER))), f64x2.mul(n, splat(LN2_LOWER)));
}

/** e^r - 1 - r for |r| <= ln(2)/2. */
// @ts-ignore: decorator
@inline
function expTail(r: v128): v128 {
  let p = splat(2.0982875624757707e-9);
  p = multiplyAdd(splat(2.511081891726303e-8), p, r);
  p = multiplyAdd(splat(2.7557161781220117e-7), p, r);
  p = multiplyAdd(splat(2.755724039044032e-6), p, r);
  p = multiplyAdd(splat(2.4801587368979086e-5), p, r);
  p = multiplyAdd(splat(0.00019841269888275383), p, r);
  p = multiplyAdd(splat(0.0013888888888878596), p, r);
  p = multiplyAdd(splat(0.008333333333321468), p, r);
  p = multiplyAdd(splat(0.04166666666666667), p, r);
  p = multiplyAdd(splat(0.16666666666666677), p, r);
  p = multiplyAdd(splat(0.5), p, r);
  return f64x2.mul(f64x2.mul(r, r), p);
}

/** e^r 2^n, where `biased` is the float n + SPLIT + ROUND. Two factors, so that a denormal is rounded once. */
// @ts-ignore: decorator
@inline
function expScaled(r: v128, biased: v128): v128 {
  const p = f64x2.add(splat(1.0), f64x2.add(r, expTail(r)));
  const half = i64x2.shr_u(biased, 1);
  const rest = i64x2.sub(biased, half);
  return f64x2.mul(f64x2.mul(p, i64x2.shl(half, 52)), i64x2.shl(rest, 52));
}

/** e^(upper + lower) 2^twos, for upper within [-800, 740] and lower small beside it. */
// @ts-ignore: decorator
@inline
function expOfSum(upper: v128, lower: v128, twos: f64): v128 {
  const biased = multiplyAdd(splat(ROUND + SPLIT + twos), upper, splat(LOG2_E));
  const r = withoutTwos(upper, f64x2.sub(biased, splat(ROUND + SPLIT + twos)));
  return expScaled(f64x2.add(r, lower), biased);
}

/** e^x. */
// @ts-ignore: decorator
@inline
export function exp_v64(x: v128): v128 {
  const bounded = clamp_v64(x, -746.0, 710.0);
  const biased = multiplyAdd(splat(ROUND + SPLIT), bounded, splat(LOG2_E));
  return expScaled(withoutTwos(bounded, f64x2.sub(biased, splat(ROUND + SPLIT))), biased);
}

/** 2^x. */
// @ts-ignore: decorator
@inline
export function exp2_v64(x: v128): v128 {
  const bounded = clamp_v64(x, -1076.0, 1025.0);
  const biased = f64x2.add(bounded, splat(ROUND + SPLIT));
  const r = f64x2.sub(bounded, f64x2.sub(biased, splat(ROUND + SPLIT)));
  return expScaled(f64x2.mul(r, splat(0.6931471805599453)), biased);
}

/** (e^x - 1) / 2 for x within [-40, 709.9]: half, so that no power of two in it overflows. */
// @ts-ignore: decorator
@inline
function halfExpMinusOne(x: v128): v128 {
  const biased = multiplyAdd(splat(ROUND + BIAS - 1), x, splat(LOG2_E));
  const r = withoutTwos(x, f64x2.sub(biased, splat(ROUND + BIAS - 1)));
  // (s - 1/2) + s r + s tail with s a power of two; the first sum's rounding error is carried on.
  const s = i64x2.shl(biased, 52);
  const first = f64x2.sub(s, splat(0.5));
  const second = f64x2.mul(s, r);
  const sum = f64x2.add(first, second);
  return f64x2.add(sum, multiplyAdd(sumError(first, second, sum), s, expTail(r)));
}

/** e^x - 1. */
// @ts-ignore: decorator
@inline
export function expm1_v64(x: v128): v128 {
  const half = halfExpMinusOne(clamp_v64(x, -40.0, 709.9));
  const tiny = f64x2.lt(f64x2.abs(x), splat(5e-17));
  return v128.bitselect(x, f64x2.add(half, half), tiny);
}

/** tanh x = m / (m + 1) with m = (e^(2|x|) - 1) / 2, which is as accurate near zero as far from it. */
// @ts-ignore: decorator
@inline
export function tanh_v64(x: v128): v128 {
  const a = f64x2.pmin(f64x2.abs(x), splat(20.0));
  const m = halfExpMinusOne(f64x2.add(a, a));
  return v128.or(f64x2.div(m, f64x2.add(m, splat(1.0))), signBit(x));
}

/** sinh x = (e^x - e^-x) / 2; below 1 a polynomial, as the difference would cancel. */
export function sinh_v64(x: v128): v128 {
  const a = f64x2.abs(x);
  const half = expOfSum(f64x2.pmin(a, splat(711.0)), splat(0.0), -1);
  const large = f64x2.sub(half, f64x2.div(splat(0.25), half));
  const z = f64x2.mul(x, x);
  let p = multiplyAdd(splat(1.6056689089099739e-10), z, splat(7.775609881012942e-13));
  p = multiplyAdd(splat(2.505213065845064e-8), z, p);
  p = multiplyAdd(splat(2.7557319108546034e-6), z, p);
  p = multiplyAdd(splat(0.0001984126984158917), z, p);
  p = multiplyAdd(splat(0.008333333333332915), z, p);
  p = multiplyAdd(splat(0.16666666666666669), z, p);
  const small = multiplyAdd(x, x, f64x2.mul(z, p));
  return v128.bitselect(small, v128.or(large, signBit(x)), f64x2.lt(a, splat(1.0)));
}

/** cosh x = (e^x + e^-x) / 2. */
export function cosh_v64(x: v128): v128 {
  const half = expOfSum(f64x2.pmin(f64x2.abs(x), splat(711.0)), splat(0.0), -1);
  return f64x2.add(half, f64x2.div(splat(0.25), half));
}

/** 1 / (1 + e^-x), written with e^-|x| so that nothing overflows and small results keep their digits. */
// @ts-ignore: decorator
@inline
export function sigmoid_v64(x: v128): v128 {
  const z = exp_v64(f64x2.neg(f64x2.abs(x)));
  const upper = v128.bitselect(z, splat(1.0), f64x2.lt(x, splat(0.0)));
  return f64x2.div(upper, f64x2.add(splat(1.0), z));
}

/** x / (1 + e^-x). The power of e stays 2^53 times too large to the end: it may be denormal where the result is not. */
// @ts-ignore: decorator
@inline
export function silu_v64(x: v128): v128 {
  const bounded = f64x2.pmax(x, splat(-760.0));
  const z = expOfSum(f64x2.neg(f64x2.pmin(f64x2.abs(bounded), splat(760.0))), splat(0.0), 53);
  const negative = f64x2.lt(x, splat(0.0));
  const down = splat(1.1102230246251565e-16);
  const upper = v128.bitselect(f64x2.mul(bounded, z), bounded, negative);
  const y = f64x2.div(upper, multiplyAdd(splat(1.0), z, down));
  return v128.bitselect(f64x2.mul(y, down), y, negative);
}

/** e^(-x^2), with the rounding error of the square carried on. */
// @ts-ignore: decorator
@inline
export function gaussian_v64(x: v128): v128 {
  const a = f64x2.pmin(f64x2.abs(x), splat(28.0));
  const square = f64x2.mul(a, a);
  return expOfSum(f64x2.neg(square), f64x2.neg(productError(a, a, square)), 0);
}

/** e^(a^2) erfc(a) for a within [0, 28]: a polynomial in (a - 2) / (a + 2), over a + 2. */
// @ts-ignore: decorator
@inline
function scaledErfc(a: v128): v128 {
  const inverse = f64x2.div(splat(1.0), f64x2.add(a, splat(2.0)));
  const t = f64x2.mul(f64x2.sub(a, splat(2.0)), inverse);
  let p = multiplyAdd(splat(-7.920723560199528e-9), t, splat(-1.2877761114331302e-9));
  p = multiplyAdd(splat(-9.444160146927935e-9), t, p);
  p = multiplyAdd(splat(3.353453098763261e-8), t, p);
  p = multiplyAdd(splat(1.0186553567491506e-7), t, p);
  p = multiplyAdd(splat(2.695475164802766e-8), t, p);
  p = multiplyAdd(splat(-3.0936622173957673e-7), t, p);
  p = multiplyAdd(splat(-5.953579772297527e-7), t, p);
  p = multiplyAdd(splat(-1.1992118996575403e-8), t, p);
  p = multiplyAdd(splat(2.014999778409584e-6), t, p);
  p = multiplyAdd(splat(3.6518929129525875e-6), t, p);
  p = multiplyAdd(splat(-1.1305865682373632e-6), t, p);
  p = multiplyAdd(splat(-1.612395006554378e-5), t, p);
  p = multiplyAdd(splat(-2.1694815472044365e-5), t, p);
  p = multiplyAdd(splat(3.414964033599503e-5), t, p);
  p = multiplyAdd(splat(0.00014447046599363135), t, p);
  p = multiplyAdd(splat(3.4371318481686925e-5), t, p);
  p = multiplyAdd(splat(-0.0006630734665765197), t, p);
  p = multiplyAdd(splat(-0.0008372960509976063), t, p);
  p = multiplyAdd(splat(0.0030906120558814457), t, p);
  p = multiplyAdd(splat(0.00647918506710902), t, p);
  p = multiplyAdd(splat(-0.021510661889331577), t, p);
  p = multiplyAdd(splat(-0.03644223150686293), t, p);
  p = multiplyAdd(splat(0.2794720925560516), t, p);
  p = multiplyAdd(splat(-0.6871606844138107), t, p);
  p = multiplyAdd(splat(1.021582705242023), t, p);
  return f64x2.mul(p, inverse);
}

/** erf x = 1 - erfc x, and x times a polynomial in x^2 below 3/4. */
// @ts-ignore: decorator
@inline
export function erf_v64(x: v128): v128 {
  const a = f64x2.pmin(f64x2.abs(x), splat(28.0));
  const z = f64x2.mul(a, a);
  const bell = expOfSum(f64x2.neg(z), f64x2.neg(productError(a, a, z)), 0);
  const large = f64x2.sub(splat(1.0), f64x2.mul(bell, scaledErfc(a)));
  let p = multiplyAdd(splat(-1.599971295466488e-7), z, splat(1.1674355096490617e-8));
  p = multiplyAdd(splat(1.6438238185283525e-6), z, p);
  p = multiplyAdd(splat(-1.4924731792635025e-5), z, p);
  p = multiplyAdd(splat(0.00012055312844225493), z, p);
  p = multiplyAdd(splat(-0.0008548326827785481), z, p);
  p = multiplyAdd(splat(0.0052239776264206075), z, p);
  p = multiplyAdd(splat(-0.026866170645567462), z, p);
  p = multiplyAdd(splat(0.11283791670959087), z, p);
  p = multiplyAdd(splat(-0.37612638903183887), z, p);
  p = multiplyAdd(splat(0.1283791670955126), z, p);
  const small = multiplyAdd(a, a, p);
  return v128.or(v128.bitselect(small, large, f64x2.lt(a, splat(0.75))), signBit(x));
}

/** x Phi(x), Phi being the normal distribution's erfc(-x / sqrt 2) / 2. Powers of e are too large, as in silu. */
// @ts-ignore: decorator
@inline
export function gelu_v64(x: v128): v128 {
  const bounded = f64x2.pmax(x, splat(-39.5));
  const a = f64x2.pmin(f64x2.abs(bounded), splat(39.5));
  const square = f64x2.mul(a, a);
  const half = splat(-0.5);
  const bell = expOfSum(f64x2.mul(half, square), f64x2.mul(half, productError(a, a, square)), 52);
  const q = f64x2.mul(bell, scaledErfc(f64x2.mul(a, splat(0.7071067811865476))));
  const down = splat(1.1102230246251565e-16);
  const negative = f64x2.mul(f64x2.mul(bounded, q), down);
  const positive = f64x2.mul(x, f64x2.sub(splat(1.0), f64x2.mul(q, down)));
  return v128.bitselect(negative, positive, f64x2.lt(x, splat(0.0)));
}

// ---- Logarithms. x = m 2^e with m in [sqrt(1/2), sqrt 2), f = m - 1, s = f / (2 + f), ln m = 2 artanh s.

/** Bits of a positive x, denormal ones made normal, moved so that e and m can be read off by the next two functions. */
// @ts-ignore: decorator
@inline
function centred(x: v128, tiny: v128): v128 {
  const scaled = v128.bitselect(f64x2.mul(x, splat(4503599627370496.0)), x, tiny);
  return i64x2.add(scaled, i64x2.splat(0x3ff0000000000000 - SQRT_HALF_BITS));
}

// @ts-ignore: decorator
@inline
function exponentOf(bits: v128, tiny: v128): v128 {
  const biased = v128.or(i64x2.shr_u(bits, 52), i64x2.splat(0x4330000000000000));
  return f64x2.sub(f64x2.sub(biased, splat(4503599627370496.0 + BIAS)), v128.and(tiny, splat(52.0)));
}

// @ts-ignore: decorator
@inline
function mantissaOf(bits: v128): v128 {
  return i64x2.add(v128.and(bits, i64x2.splat(MANTISSA)), i64x2.splat(SQRT_HALF_BITS));
}

/** ln(1 + f) - f + f^2/2. */
// @ts-ignore: decorator
@inline
function logTail(f: v128, halfSquare: v128): v128 {
  const s = f64x2.div(f, f64x2.add(splat(2.0), f));
  const z = f64x2.mul(s, s);
  let p = multiplyAdd(splat(0.15313820241304496), z, splat(0.14798395559668445));
  p = multiplyAdd(splat(0.18183572747308568), z, p);
  p = multiplyAdd(splat(0.22222198422982004), z, p);
  p = multiplyAdd(splat(0.2857142874372799), z, p);
  p = multiplyAdd(splat(0.3999999999940925), z, p);
  p = multiplyAdd(splat(0.6666666666666735), z, p);
  return f64x2.mul(s, multiplyAdd(halfSquare, z, p));
}

/** y where x lies in (0, inf); elsewhere what a logarithm of x is. */
// @ts-ignore: decorator
@inline
function logDomain(x: v128, y: v128): v128 {
  // A negative number gets all bits set, which is NaN; NaN and inf are their own logarithms.
  const outside = v128.or(x, f64x2.lt(x, splat(0.0)));
  const inside = v128.and(f64x2.gt(x, splat(0.0)), f64x2.lt(x, splat(Infinity)));
  return v128.bitselect(y, v128.bitselect(splat(-Infinity), outside, f64x2.eq(x, splat(0.0))), inside);
}

/** ln x + correction. */
// @ts-ignore: decorator
@inline
function logCorrected(x: v128, correction: v128): v128 {
  const tiny = f64x2.lt(x, splat(SMALLEST_NORMAL));
  const bits = centred(x, tiny);
  const e = exponentOf(bits, tiny);
  const f = f64x2.sub(mantissaOf(bits), splat(1.0));
  const halfSquare = f64x2.mul(f64x2.mul(splat(0.5), f), f);
  const lower = f64x2.add(multiplyAdd(correction, e, splat(LN2_LOWER)), logTail(f, halfSquare));
  const y = multiplyAdd(f64x2.sub(f, f64x2.sub(halfSquare, lower)), e, splat(LN2_UPPER));
  return logDomain(x, y);
}

/** ln x. */
// @ts-ignore: decorator
@inline
export function log_v64(x: v128): v128 {
  return logCorrected(x, splat(0.0));
}

/** ln(1 + x), with the rounding error of 1 + x carried on. */
// @ts-ignore: decorator
@inline
export function log1p_v64(x: v128): v128 {
  const u = f64x2.add(splat(1.0), x);
  const large = f64x2.sub(splat(1.0), f64x2.sub(u, x));
  const small = f64x2.sub(x, f64x2.sub(u, splat(1.0)));
  const lost = v128.bitselect(large, small, f64x2.gt(x, splat(1.0)));
  const y = logCorrected(u, f64x2.div(lost, u));
  return v128.bitselect(x, y, f64x2.lt(f64x2.abs(x), splat(1e-17)));
}

/** log of x to the base b, given 1 / ln b as a float of 26 bits and a rest, log_b 2 as one of 42 bits and a rest. */
// @ts-ignore: decorator
@inline
function logToBase(x: v128, inverse: f64, inverseRest: f64, two: f64, twoRest: f64): v128 {
  const tiny = f64x2.lt(x, splat(SMALLEST_NORMAL));
  const bits = centred(x, tiny);
  const e = exponentOf(bits, tiny);
  const f = f64x2.sub(mantissaOf(bits), splat(1.0));
  const halfSquare = f64x2.mul(f64x2.mul(splat(0.5), f), f);
  const l1 = upperHalf(f64x2.sub(f, halfSquare));
  const l2 = f64x2.add(f64x2.sub(f64x2.sub(f, l1), halfSquare), logTail(f, halfSquare));
  let lower = multiplyAdd(f64x2.mul(e, splat(twoRest)), l1, splat(inverseRest));
  lower = multiplyAdd(lower, l2, splat(inverse + inverseRest));
  const first = f64x2.mul(e, splat(two));
  const second = f64x2.mul(l1, splat(inverse));
  const sum = f64x2.add(first, second);
  return logDomain(x, f64x2.add(sum, f64x2.add(sumError(first, second, sum), lower)));
}

/** Logarithm to the base 2. */
// @ts-ignore: decorator
@inline
export function log2_v64(x: v128): v128 {
  return logToBase(x, 1.4426950514316559, -1.0542692476429138e-8, 1.0, 0.0);
}

/** Logarithm to the base 10. */
// @ts-ignore: decorator
@inline
export function log10_v64(x: v128): v128 {
  return logToBase(x, 0.4342944845557213, -2.6524694553078553e-9, 0.30102999566395283, 2.8363394551044964e-14);
}

/** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|). */
// @ts-ignore: decorator
@inline
export function softplus_v64(x: v128): v128 {
  return f64x2.add(f64x2.pmax(x, splat(0.0)), log1p_v64(exp_v64(f64x2.neg(f64x2.abs(x)))));
}

/** x^y with the special cases of C: x^0 = 1^y = 1, a negative x needs an integer y. ln |x| is a sum of two floats. */
export function pow_v64(x: v128, y: v128): v128 {
  const a = f64x2.abs(x);
  const tiny = f64x2.lt(a, splat(SMALLEST_NORMAL));
  const bits = centred(a, tiny);
  const e = exponentOf(bits, tiny);

  // s, its square z, and t = 2/3 + 2/5 z + ..., each as an upper part and its rest.
  const f = f64x2.sub(mantissaOf(bits), splat(1.0));
  const d1 = f64x2.add(splat(2.0), f);
  const d2 = sumError(splat(2.0), f, d1);
  const s1 = f64x2.div(f, d1);
  const back = f64x2.mul(s1, d1);
  const missing = f64x2.sub(f64x2.sub(f64x2.sub(f, back), productError(s1, d1, back)), f64x2.mul(s1, d2));
  const s2 = f64x2.div(missing, d1);
  const z1 = f64x2.mul(s1, s1);
  const z2 = multiplyAdd(productError(s1, s1, z1), f64x2.add(s1, s1), s2);
  let p = multiplyAdd(splat(0.11675651702525339), z1, splat(0.119828910573636));
  p = multiplyAdd(splat(0.13336270398536543), z1, p);
  p = multiplyAdd(splat(0.15384558290034095), z1, p);
  p = multiplyAdd(splat(0.18181818845741532), z1, p);
  p = multiplyAdd(splat(0.22222222217778584), z1, p);
  p = multiplyAdd(splat(0.2857142857144387), z1, p);
  p = f64x2.mul(z1, multiplyAdd(splat(0.3999999999999998), z1, p));
  const t1 = f64x2.add(splat(0.6666666666666666), p);
  const t2 = f64x2.add(sumError(splat(0.6666666666666666), p, t1), splat(3.700743415417188e-17));

  // ln |x| = e ln 2 + 2 s + s z t.
  const w1 = f64x2.mul(z1, t1);
  const w2 = multiplyAdd(multiplyAdd(productError(z1, t1, w1), z1, t2), z2, t1);
  const v1 = f64x2.mul(s1, w1);
  const v2 = multiplyAdd(multiplyAdd(productError(s1, w1, v1), s1, w2), s2, w1);
  const twice = f64x2.add(s1, s1);
  const l1 = f64x2.add(twice, v1);
  const l2 = f64x2.add(sumError(twice, v1, l1), f64x2.add(v2, f64x2.add(s2, s2)));
  const e1 = f64x2.mul(e, splat(LN2_UPPER));
  const k1 = f64x2.add(e1, l1);
  const k2 = f64x2.add(sumError(e1, l1, k1), multiplyAdd(l2, e, splat(LN2_LOWER)));
  const g1 = f64x2.add(k1, k2);
  const g2 = sumError(k1, k2, g1);

  // y ln |x|. Beyond 2^66 a y says no more than 2^66 does.
  const bounded = clamp_v64(y, -7.378697629483821e19, 7.378697629483821e19);
  const zero = f64x2.eq(a, splat(0.0));
  const infinite = f64x2.eq(a, splat(Infinity));
  const endless = f64x2.mul(y, v128.bitselect(splat(-Infinity), splat(Infinity), zero));
  const h1 = f64x2.mul(bounded, g1);
  const upper = v128.bitselect(endless, h1, v128.or(zero, infinite));
  const lower = multiplyAdd(productError(bounded, g1, h1), bounded, g2);
  const moderate = f64x2.lt(f64x2.abs(upper), splat(800.0));
  let result = expOfSum(clamp_v64(upper, -800.0, 740.0), v128.and(lower, moderate), 0);

  const whole = f64x2.eq(f64x2.nearest(y), y);
  const halfOfY = f64x2.mul(y, splat(0.5));
  const odd = v128.andnot(whole, f64x2.eq(f64x2.nearest(halfOfY), halfOfY));
  result = v128.or(result, v128.and(signBit(x), odd));
  const noRoot = v128.andnot(v128.andnot(f64x2.lt(x, splat(0.0)), whole), infinite);
  result = v128.or(result, v128.or(noRoot, v128.or(f64x2.ne(x, x), f64x2.ne(y, y))));
  const one = v128.or(
    v128.or(f64x2.eq(x, splat(1.0)), f64x2.eq(y, splat(0.0))),
    v128.and(f64x2.eq(a, splat(1.0)), f64x2.eq(f64x2.abs(y), splat(Infinity))),
  );
  return v128.bitselect(splat(1.0), result, one);
}

// ---- Circular functions. The argument is q quarter turns and an angle r + rest with |r| <= pi/4.

/** sin(r + rest). */
// @ts-ignore: decorator
@inline
function sinNearZero(r: v128, rest: v128): v128 {
  const z = f64x2.mul(r, r);
  let p = multiplyAdd(splat(-2.5050757151297517e-8), z, splat(1.58967062733167e-10));
  p = multiplyAdd(splat(2.7557313690353402e-6), z, p);
  p = multiplyAdd(splat(-0.0001984126982982082), z, p);
  p = multiplyAdd(splat(0.008333333333322462), z, p);
  p = multiplyAdd(splat(-0.16666666666666632), z, p);
  const cosine = f64x2.sub(splat(1.0), f64x2.mul(splat(0.5), z));
  return f64x2.add(r, multiplyAdd(f64x2.mul(f64x2.mul(z, r), p), rest, cosine));
}

/** cos(r + rest). */
// @ts-ignore: decorator
@inline
function cosNearZero(r: v128, rest: v128): v128 {
  const z = f64x2.mul(r, r);
  let p = multiplyAdd(splat(2.087576263793962e-9), z, splat(-1.136149674131744e-11));
  p = multiplyAdd(splat(-2.755731467547371e-7), z, p);
  p = multiplyAdd(splat(2.4801587290750667e-5), z, p);
  p = multiplyAdd(splat(-0.001388888888887648), z, p);
  p = multiplyAdd(splat(0.041666666666666616), z, p);
  const half = f64x2.mul(splat(0.5), z);
  const first = f64x2.sub(splat(1.0), half);
  const lost = f64x2.sub(f64x2.sub(splat(1.0), first), half);
  return f64x2.add(first, f64x2.add(lost, f64x2.sub(f64x2.mul(f64x2.mul(z, z), p), f64x2.mul(r, rest))));
}

/** sin(r + rest + q pi/2), q standing in the low bits of `quarters`. */
// @ts-ignore: decorator
@inline
function sinOfQuarters(r: v128, rest: v128, quarters: v128): v128 {
  const odd = i64x2.sub(i64x2.splat(0), v128.and(quarters, i64x2.splat(1)));
  const y = v128.bitselect(cosNearZero(r, rest), sinNearZero(r, rest), odd);
  return v128.xor(y, i64x2.shl(i64x2.shr_u(quarters, 1), 63));
}

/** sin(a + `quarter` pi/2) for 0 <= a < HUGE_ANGLE. */
// @ts-ignore: decorator
@inline
function sinShifted(a: v128, quarter: i64): v128 {
  // pi/2 in three parts: the products of n with the first two, of 33 bits each, are exact.
  const biased = multiplyAdd(splat(ROUND), a, splat(TWO_OVER_PI));
  const n = f64x2.sub(biased, splat(ROUND));
  const first = f64x2.sub(a, f64x2.mul(n, splat(1.5707963267341256)));
  const second = f64x2.mul(n, splat(6.077100506303966e-11));
  const third = f64x2.mul(n, splat(2.0222662487959506e-21));
  const angle = f64x2.sub(first, second);
  const lost = f64x2.sub(f64x2.sub(f64x2.sub(first, angle), second), third);
  const r = f64x2.add(angle, lost);
  return sinOfQuarters(r, sumError(angle, lost, r), i64x2.add(biased, i64x2.splat(quarter)));
}

/** sin x. */
// @ts-ignore: decorator
@inline
export function sin_v64(x: v128): v128 {
  const a = f64x2.abs(x);
  let y = sinShifted(a, 0);
  if (v128.any_true(f64x2.gt(a, splat(HUGE_ANGLE)))) y = withHuge(a, y, 0);
  return v128.xor(y, signBit(x));
}

/** cos x. */
// @ts-ignore: decorator
@inline
export function cos_v64(x: v128): v128 {
  const a = f64x2.abs(x);
  let y = sinShifted(a, 1);
  if (v128.any_true(f64x2.gt(a, splat(HUGE_ANGLE)))) y = withHuge(a, y, 1);
  return y;
}

/** tan x. */
export function tan_v64(x: v128): v128 {
  return f64x2.div(sin_v64(x), cos_v64(x));
}

/** sin(2 pi u) for |u| < 2^40; multiples of 1/4 are exact. */
// @ts-ignore: decorator
@inline
export function sinTurns_v64(u: v128): v128 {
  return sinOfTurns(u, 0);
}

/** cos(2 pi u) for |u| < 2^40; multiples of 1/4 are exact. */
// @ts-ignore: decorator
@inline
export function cosTurns_v64(u: v128): v128 {
  return sinOfTurns(u, 1);
}

// @ts-ignore: decorator
@inline
function sinOfTurns(u: v128, quarter: i64): v128 {
  const quarters = f64x2.mul(u, splat(4.0));
  const biased = f64x2.add(quarters, splat(ROUND));
  const part = f64x2.sub(quarters, f64x2.sub(biased, splat(ROUND)));
  const r = f64x2.mul(part, splat(PI_UPPER / 2));
  const rest = multiplyAdd(productError(part, splat(PI_UPPER / 2), r), part, splat(PI_LOWER / 2));
  return sinOfQuarters(r, rest, i64x2.add(biased, i64x2.splat(quarter)));
}

/** `y` with the lanes in which a is huge replaced by sin(a + `quarter` pi/2). */
export function withHuge(a: v128, y: v128, quarter: i32): v128 {
  const first = f64x2.extract_lane(a, 0);
  const second = f64x2.extract_lane(a, 1);
  if (first > HUGE_ANGLE) y = f64x2.replace_lane(y, 0, sinHuge(first, quarter));
  if (second > HUGE_ANGLE) y = f64x2.replace_lane(y, 1, sinHuge(second, quarter));
  return y;
}

/** The bits of 2/pi after the point, preceded by 64 zeros. */
const TWO_OVER_PI_BITS = memory.data<u64>([
  0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
  0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
  0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
  0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
  0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
  0xf0cfbc209af4361d,
]);

/** 64 bits of 2/pi from bit `position` of the table on. */
// @ts-ignore: decorator
@inline
function piBits(position: i32): u64 {
  const word = TWO_OVER_PI_BITS + (<usize>(position >> 6) << 3);
  const shift = <u64>(position & 63);
  const upper = load<u64>(word);
  return shift == 0 ? upper : (upper << shift) | (load<u64>(word, 8) >> (64 - shift));
}

/** The upper 64 bits of a b. */
function upperProduct(a: u64, b: u64): u64 {
  const a1 = a >> 32;
  const a0 = a & 0xffffffff;
  const b1 = b >> 32;
  const b0 = b & 0xffffffff;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const other = a0 * b1 + (middle & 0xffffffff);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}

/**
 * sin(a + `quarter` pi/2) for a > HUGE_ANGLE. a is a 53-bit integer times 2^e; of 2/pi only those bits matter whose
 * product with a is no multiple of 4 and still counts: 192 of them (Payne and Hanek 1983).
 */
function sinHuge(a: f64, quarter: i32): f64 {
  if (a == Infinity) return NaN;
  const bits = reinterpret<u64>(a);
  const e = <i32>(bits >> 52) - 1075;
  const m = (bits & 0xfffffffffffff) | 0x10000000000000;
  const w0 = piBits(e + 62 + 128);
  const w1 = piBits(e + 62 + 64);
  const w2 = piBits(e + 62);
  const r0 = m * w0;
  const carry = upperProduct(m, w0);
  const r1 = m * w1 + carry;
  const r2 = m * w2 + upperProduct(m, w1) + u64(r1 < carry);
  // Two bits count quarter turns; the rest, as a signed fraction of one, lies in [-1/2, 1/2).
  let quarters = <i64>(r2 >> 62) + quarter;
  let upper = (r2 << 2) | (r1 >> 62);
  let lower = (r1 << 2) | (r0 >> 62);
  const negative = <i64>upper < 0;
  if (negative) {
    quarters += 1;
    lower = ~lower + 1;
    upper = ~upper + u64(lower == 0);
  }
  const zeros = clz(upper);
  if (zeros != 0) {
    upper = (upper << zeros) | (lower >> (64 - zeros));
    lower <<= zeros;
  }
  const unit = reinterpret<f64>((<u64>(1023 - 53) - zeros) << 52);
  let part1 = <f64>(upper >> 11) * unit;
  let part2 = <f64>(((upper & 0x7ff) << 42) | (lower >> 22)) * unit * 1.1102230246251565e-16;
  if (negative) {
    part1 = -part1;
    part2 = -part2;
  }
  const r = part1 * (PI_UPPER / 2);
  const lost = f64x2.extract_lane(productError(splat(part1), splat(PI_UPPER / 2), splat(r)), 0);
  const rest = lost + (part1 * (PI_LOWER / 2) + part2 * (PI_UPPER / 2));
  return f64x2.extract_lane(sinOfQuarters(splat(r), splat(rest), i64x2.splat(quarters)), 0);
}

/** arcsin x - x, over x, for x^2 = z <= 1/4. */
// @ts-ignore: decorator
@inline
function asinTail(z: v128): v128 {
  let p = multiplyAdd(splat(-0.021080842840894738), z, splat(0.03268074853160781));
  p = multiplyAdd(splat(0.021763969528273364), z, p);
  p = multiplyAdd(splat(0.0036837821834913957), z, p);
  p = multiplyAdd(splat(0.010786053891015498), z, p);
  p = multiplyAdd(splat(0.011397917976194437), z, p);
  p = multiplyAdd(splat(0.013980935903102423), z, p);
  p = multiplyAdd(splat(0.01735160304441716), z, p);
  p = multiplyAdd(splat(0.022372215439190633), z, p);
  p = multiplyAdd(splat(0.030381942694073735), z, p);
  p = multiplyAdd(splat(0.04464285717482805), z, p);
  p = multiplyAdd(splat(0.07499999999970687), z, p);
  p = multiplyAdd(splat(0.1666666666666676), z, p);
  return f64x2.mul(z, p);
}

/** arcsin x = pi/2 - 2 arcsin sqrt((1 - x) / 2) above 1/2. */
export function asin_v64(x: v128): v128 {
  const a = f64x2.abs(x);
  const large = f64x2.gt(a, splat(0.5));
  const z = v128.bitselect(f64x2.mul(f64x2.sub(splat(1.0), a), splat(0.5)), f64x2.mul(a, a), large);
  const s = v128.bitselect(f64x2.sqrt(z), a, large);
  const tail = f64x2.mul(s, asinTail(z));
  const rest = f64x2.sub(f64x2.add(tail, tail), splat(PI_LOWER / 2));
  const outer = f64x2.sub(splat(PI_UPPER / 2), f64x2.add(f64x2.add(s, s), rest));
  return v128.or(v128.bitselect(outer, f64x2.add(s, tail), large), signBit(x));
}

/** arccos x = pi/2 - arcsin x, and 2 arcsin sqrt((1 - |x|) / 2) or pi less that beyond 1/2. */
export function acos_v64(x: v128): v128 {
  const a = f64x2.abs(x);
  const large = f64x2.gt(a, splat(0.5));
  const z = v128.bitselect(f64x2.mul(f64x2.sub(splat(1.0), a), splat(0.5)), f64x2.mul(a, a), large);
  const s = v128.bitselect(f64x2.sqrt(z), a, large);
  const angle = multiplyAdd(s, s, asinTail(z));
  // base + (+-angle), the base being pi/2 within, 0 on the right and pi on the left.
  const left = v128.and(large, f64x2.lt(x, splat(0.0)));
  const right = v128.andnot(large, left);
  const base = v128.andnot(v128.bitselect(splat(PI_UPPER), splat(PI_UPPER / 2), left), right);
  const rest = v128.andnot(v128.bitselect(splat(PI_LOWER), splat(PI_LOWER / 2), left), right);
  const flipped = v128.xor(signBit(x), v128.andnot(i64x2.splat(0x8000000000000000), large));
  const signed = v128.xor(v128.bitselect(f64x2.add(angle, angle), angle, large), flipped);
  return f64x2.add(base, f64x2.add(signed, rest));
}

/** Angle of the point (x, y) in (-pi, pi], as C's atan2 with its signed zeros and infinities. */
export function atan2_v64(y: v128, x: v128): v128 {
  const ax = f64x2.abs(x);
  const ay = f64x2.abs(y);
  const steep = f64x2.gt(ay, ax);
  const infinite = v128.and(f64x2.eq(ax, splat(Infinity)), f64x2.eq(ay, splat(Infinity)));
  let lower = v128.bitselect(splat(1.0), v128.bitselect(ax, ay, steep), infinite);
  let upper = v128.bitselect(splat(1.0), v128.bitselect(ay, ax, steep), infinite);
  const factor = v128.bitselect(splat(0.0009765625), splat(1.0), f64x2.gt(upper, splat(1e300)));
  lower = f64x2.mul(lower, factor);
  upper = f64x2.mul(upper, factor);

  // arctan of lower / upper in [0, 1]; beyond tan(pi/8) as pi/4 + arctan((lower - upper) / (lower + upper)).
  const wide = f64x2.gt(lower, f64x2.mul(upper, splat(0.41421356237309503)));
  const numerator = v128.bitselect(f64x2.sub(lower, upper), lower, wide);
  const denominator = v128.bitselect(f64x2.add(lower, upper), upper, wide);
  const origin = f64x2.eq(upper, splat(0.0));
  const t = f64x2.div(numerator, v128.bitselect(splat(1.0), denominator, origin));
  const z = f64x2.mul(t, t);
  let p = multiplyAdd(splat(0.03807720167999641), z, splat(-0.01791989810143606));
  p = multiplyAdd(splat(-0.05039848908001515), z, p);
  p = multiplyAdd(splat(0.05848021885559049), z, p);
  p = multiplyAdd(splat(-0.06663124149977646), z, p);
  p = multiplyAdd(splat(0.07692062179454581), z, p);
  p = multiplyAdd(splat(-0.09090897881717291), z, p);
  p = multiplyAdd(splat(0.11111110788378412), z, p);
  p = multiplyAdd(splat(-0.14285714280311596), z, p);
  p = multiplyAdd(splat(0.1999999999995498), z, p);
  p = multiplyAdd(splat(-0.33333333333333204), z, p);
  const tail = f64x2.mul(f64x2.mul(t, z), p);

  // The angle is base +- t: mirrored at pi/4 for steep points, at pi/2 for those on the left.
  const left = i64x2.shr_s(x, 63);
  let base = v128.and(wide, splat(PI_UPPER / 4));
  let rest = v128.and(wide, splat(PI_LOWER / 4));
  base = v128.bitselect(f64x2.sub(splat(PI_UPPER / 2), base), base, steep);
  rest = v128.bitselect(f64x2.sub(splat(PI_LOWER / 2), rest), rest, steep);
  base = v128.bitselect(f64x2.sub(splat(PI_UPPER), base), base, left);
  rest = v128.bitselect(f64x2.sub(splat(PI_LOWER), rest), rest, left);
  const mirrored = signBit(v128.xor(steep, left));
  const angle = f64x2.add(v128.xor(t, mirrored), f64x2.add(v128.xor(tail, mirrored), rest));
  return v128.or(f64x2.add(base, angle), signBit(y));
}

/** arctan x. */
export function atan_v64(x: v128): v128 {
  return atan2_v64(x, splat(1.0));
}

/** Angle of the point (x, y): `atan2_v64` for one point. */
export function atan2_f64(y: f64, x: f64): f64 {
  return f64x2.extract_lane(atan2_v64(splat(y), splat(x)), 0);
}
