// Transcendental functions of four float32 at a time. The common path has no branch and no multiply-add, so that every
// processor gives the same bits. Results lie within 2 units in the last place, denormal numbers included.

/** 1.5 * 2^23: adding it rounds a small float to an integer, which then stands in the low bits of the sum. */
const ROUND: f32 = 12582912.0;
/** Added to an exponent before `scale`: twice the bias of float32, as the scaling is split into two factors. */
const SPLIT: f32 = 254.0;

const LOG2_E: f32 = 1.4426950408889634;
/** ln 2 in two parts; the upper one has 15 bits, so that its product with an exponent is exact. */
const LN2_UPPER: f32 = 0.693145751953125;
const LN2_LOWER: f32 = 1.4286068203094173e-6;
const SQRT_HALF_BITS: i32 = 0x3f3504f3;

@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** a + b c, rounded twice. */
@inline
function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(a, f32x4.mul(b, c));
}

/** Keeps x within [low, high]; NaN stays NaN. */
@inline
export function clamp_v32(x: v128, low: f32, high: f32): v128 {
  return f32x4.pmax(f32x4.pmin(x, splat(high)), splat(low));
}

@inline
function signBit(x: v128): v128 {
  return v128.and(x, i32x4.splat(0x80000000));
}

/** x - n ln 2. */
@inline
function withoutTwos(x: v128, n: v128): v128 {
  return f32x4.sub(f32x4.sub(x, f32x4.mul(n, splat(LN2_UPPER))), f32x4.mul(n, splat(LN2_LOWER)));
}

/** e^r - 1 - r for |r| <= ln(2)/2. */
@inline
function expTail(r: v128): v128 {
  let p = splat(0.001391772);
  p = multiplyAdd(splat(0.008367099), p, r);
  p = multiplyAdd(splat(0.041666612), p, r);
  p = multiplyAdd(splat(0.16666539), p, r);
  p = multiplyAdd(splat(0.5), p, r);
  return f32x4.mul(f32x4.mul(r, r), p);
}

/** p 2^n, where `biased` is the float n + SPLIT + ROUND. Two factors, so that a denormal result is rounded once. */
@inline
function scale(p: v128, biased: v128): v128 {
  const half = i32x4.shr_u(biased, 1);
  const rest = i32x4.sub(biased, half);
  return f32x4.mul(f32x4.mul(p, i32x4.shl(half, 23)), i32x4.shl(rest, 23));
}

/** e^x. */
@inline
export function exp_v32(x: v128): v128 {
  const bounded = clamp_v32(x, -105.0, 89.5);
  const biased = f32x4.add(f32x4.mul(bounded, splat(LOG2_E)), splat(ROUND + SPLIT));
  const r = withoutTwos(bounded, f32x4.sub(biased, splat(ROUND + SPLIT)));
  return scale(f32x4.add(splat(1.0), f32x4.add(r, expTail(r))), biased);
}

/** ln x. */
@inline
export function log_v32(x: v128): v128 {
  const tiny = f32x4.lt(x, splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, splat(8388608.0)), x, tiny);
  const bits = i32x4.sub(scaled, i32x4.splat(SQRT_HALF_BITS));
  const mantissa = i32x4.add(v128.and(bits, i32x4.splat(0x7fffff)), i32x4.splat(SQRT_HALF_BITS));
  const exponent = f32x4.sub(f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23)), v128.and(tiny, splat(23.0)));
  const f = f32x4.sub(mantissa, splat(1.0));
  const s = f32x4.div(f, f32x4.add(splat(2.0), f));
  const z = f32x4.mul(s, s);
  let p = multiplyAdd(splat(0.39977568), z, splat(0.29871595));
  p = f32x4.mul(z, multiplyAdd(splat(0.66666776), z, p));
  const halfSquare = f32x4.mul(f32x4.mul(splat(0.5), f), f);
  const lower = multiplyAdd(f32x4.mul(exponent, splat(LN2_LOWER)), s, f32x4.add(halfSquare, p));
  const y = f32x4.add(
    f32x4.mul(exponent, splat(LN2_UPPER)),
    f32x4.sub(f, f32x4.sub(halfSquare, lower)),
  );
  // Outside (0, inf): a negative number gets all bits set, which is NaN; NaN and inf are their own logarithms.
  const zero = f32x4.eq(x, splat(0.0));
  const outside = v128.bitselect(splat(-Infinity), v128.or(x, f32x4.lt(x, splat(0.0))), zero);
  const inside = v128.and(f32x4.gt(x, splat(0.0)), f32x4.lt(x, splat(Infinity)));
  return v128.bitselect(y, outside, inside);
}

/** tanh x = m / (m + 2) with m = e^(2|x|) - 1, which is as accurate near zero as far from it. */
@inline
export function tanh_v32(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), splat(10.0));
  const doubled = f32x4.add(a, a);
  const biased = f32x4.add(f32x4.mul(doubled, splat(LOG2_E)), splat(ROUND + 127.0));
  const r = withoutTwos(doubled, f32x4.sub(biased, splat(ROUND + 127.0)));
  // m = (s - 1) + s r + s t with s a power of two; the first sum's rounding error is carried on.
  const s = i32x4.shl(biased, 23);
  const first = f32x4.sub(s, splat(1.0));
  const second = f32x4.mul(s, r);
  const sum = f32x4.add(first, second);
  const rest = f32x4.add(f32x4.sub(first, sum), second);
  const m = f32x4.add(sum, multiplyAdd(rest, s, expTail(r)));
  return v128.or(f32x4.div(m, f32x4.add(m, splat(2.0))), signBit(x));
}

/** 1 / (1 + e^-x), written with e^-|x| so that nothing overflows and small results keep their digits. */
@inline
export function sigmoid_v32(x: v128): v128 {
  const z = exp_v32(f32x4.neg(f32x4.abs(x)));
  const upper = v128.bitselect(z, splat(1.0), f32x4.lt(x, splat(0.0)));
  return f32x4.div(upper, f32x4.add(splat(1.0), z));
}

/** Two float64 lanes of 2^(y log2 |x|) with about 35 good bits; zero, infinite and negative x are the caller's. */
@inline
function powCore(x: v128, y: v128): v128 {
  const bits = i64x2.add(x, i64x2.splat(0x3ff0000000000000 - 0x3fe6a09e667f3bcd));
  const exponent = f64x2.sub(
    v128.or(i64x2.shr_u(bits, 52), i64x2.splat(0x4330000000000000)),
    f64x2.splat(4503599627370496.0 + 1023.0),
  );
  const mantissa = i64x2.add(
    v128.and(bits, i64x2.splat(0xfffffffffffff)),
    i64x2.splat(0x3fe6a09e667f3bcd),
  );
  const f = f64x2.sub(mantissa, f64x2.splat(1.0));
  const s = f64x2.div(f, f64x2.add(f64x2.splat(2.0), f));
  const z = f64x2.mul(s, s);
  let p = f64x2.add(f64x2.splat(0.3199337815982276), f64x2.mul(z, f64x2.splat(0.2825550775973554)));
  p = f64x2.add(f64x2.splat(0.4122084235313731), f64x2.mul(z, p));
  p = f64x2.add(f64x2.splat(0.5770779530104324), f64x2.mul(z, p));
  p = f64x2.add(f64x2.splat(0.9617966940582136), f64x2.mul(z, p));
  p = f64x2.add(f64x2.splat(2.8853900817779268), f64x2.mul(z, p));
  const logarithm = f64x2.add(exponent, f64x2.mul(s, p));
  const product = f64x2.mul(y, logarithm);
  const t = f64x2.pmax(f64x2.pmin(product, f64x2.splat(200.0)), f64x2.splat(-200.0));
  const biased = f64x2.add(t, f64x2.splat(6755399441055744.0 + 1023.0));
  const r = f64x2.sub(t, f64x2.sub(biased, f64x2.splat(6755399441055744.0 + 1023.0)));
  let q = f64x2.add(f64x2.splat(0.00015466761793281406), f64x2.mul(r, f64x2.splat(1.5195422749437817e-5)));
  q = f64x2.add(f64x2.splat(0.001333393819666086), f64x2.mul(r, q));
  q = f64x2.add(f64x2.splat(0.009618038170519622), f64x2.mul(r, q));
  q = f64x2.add(f64x2.splat(0.05550410363188324), f64x2.mul(r, q));
  q = f64x2.add(f64x2.splat(0.24022651066242381), f64x2.mul(r, q));
  q = f64x2.add(f64x2.splat(0.6931471807050154), f64x2.mul(r, q));
  return f64x2.mul(f64x2.add(f64x2.splat(1.0), f64x2.mul(r, q)), i64x2.shl(biased, 52));
}

/** x^y with the special cases of C: x^0 = 1^y = 1, a negative x needs an integer y. Worked out in float64 lanes. */
@inline
export function pow_v32(x: v128, y: v128): v128 {
  const a = f32x4.abs(x);
  const low = f32x4.demote_f64x2_zero(powCore(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(y)));
  const high = f32x4.demote_f64x2_zero(
    powCore(
      f64x2.promote_low_f32x4(i64x2.shuffle(a, a, 1, 1)),
      f64x2.promote_low_f32x4(i64x2.shuffle(y, y, 1, 1)),
    ),
  );
  let result: v128 = i64x2.shuffle(low, high, 0, 2);
  const zero = f32x4.eq(a, splat(0.0));
  const infinite = f32x4.eq(a, splat(Infinity));
  const grows = v128.xor(f32x4.lt(y, splat(0.0)), infinite);
  result = v128.bitselect(v128.and(grows, splat(Infinity)), result, v128.or(zero, infinite));
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
