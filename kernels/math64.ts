// Transcendental functions of two float64 at a time, within about 2 units in the last place. As in math32.ts there is no
// multiply-add, so that every processor gives the same bits.

/** 1.5 * 2^52: adding it rounds a small float to an integer, which then stands in the low bits of the sum. */
const ROUND: f64 = 6755399441055744.0;
/** Added to an exponent before `scale`: twice the bias of float64, as the scaling is split into two factors. */
const SPLIT: f64 = 2046.0;

const LOG2_E: f64 = 1.4426950408889634;
/** ln 2 in two parts; the upper one has 42 bits, so that its product with an exponent is exact. */
const LN2_UPPER: f64 = 0.6931471805598903;
const LN2_LOWER: f64 = 5.497923018708371e-14;
const SQRT_HALF_BITS: i64 = 0x3fe6a09e667f3bcd;
const MANTISSA: i64 = 0xfffffffffffff;

@inline
function splat(value: f64): v128 {
  return f64x2.splat(value);
}

/** a + b c, rounded twice. */
@inline
function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(a, f64x2.mul(b, c));
}

/** Keeps x within [low, high]; NaN stays NaN. */
@inline
export function clamp_v64(x: v128, low: f64, high: f64): v128 {
  return f64x2.pmax(f64x2.pmin(x, splat(high)), splat(low));
}

@inline
function signBit(x: v128): v128 {
  return v128.and(x, i64x2.splat(0x8000000000000000));
}

/** The upper 26 bits of the mantissa: products of such halves are exact. */
@inline
function upperHalf(x: v128): v128 {
  return v128.and(x, i64x2.splat(0xfffffffff8000000));
}

/** a b - product, where product is a b rounded (Dekker). */
@inline
function productError(a: v128, b: v128, product: v128): v128 {
  const a1 = upperHalf(a);
  const a2 = f64x2.sub(a, a1);
  const b1 = upperHalf(b);
  const b2 = f64x2.sub(b, b1);
  const upper = f64x2.sub(f64x2.mul(a1, b1), product);
  return multiplyAdd(multiplyAdd(multiplyAdd(upper, a1, b2), a2, b1), a2, b2);
}

/** x - n ln 2. */
@inline
function withoutTwos(x: v128, n: v128): v128 {
  return f64x2.sub(f64x2.sub(x, f64x2.mul(n, splat(LN2_UPPER))), f64x2.mul(n, splat(LN2_LOWER)));
}

/** e^r - 1 - r for |r| <= ln(2)/2. */
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

/** p 2^n, where `biased` is the float n + SPLIT + ROUND. Two factors, so that a denormal result is rounded once. */
@inline
function scale(p: v128, biased: v128): v128 {
  const half = i64x2.shr_u(biased, 1);
  const rest = i64x2.sub(biased, half);
  return f64x2.mul(f64x2.mul(p, i64x2.shl(half, 52)), i64x2.shl(rest, 52));
}

/** e^x. */
@inline
export function exp_v64(x: v128): v128 {
  const bounded = clamp_v64(x, -746.0, 710.0);
  const biased = f64x2.add(f64x2.mul(bounded, splat(LOG2_E)), splat(ROUND + SPLIT));
  const r = withoutTwos(bounded, f64x2.sub(biased, splat(ROUND + SPLIT)));
  return scale(f64x2.add(splat(1.0), f64x2.add(r, expTail(r))), biased);
}

/** ln x. */
@inline
export function log_v64(x: v128): v128 {
  const tiny = f64x2.lt(x, splat(2.2250738585072014e-308));
  const scaled = v128.bitselect(f64x2.mul(x, splat(4503599627370496.0)), x, tiny);
  const bits = i64x2.add(scaled, i64x2.splat(0x3ff0000000000000 - SQRT_HALF_BITS));
  const exponent = f64x2.sub(
    f64x2.sub(
      v128.or(i64x2.shr_u(bits, 52), i64x2.splat(0x4330000000000000)),
      splat(4503599627370496.0 + 1023.0),
    ),
    v128.and(tiny, splat(52.0)),
  );
  const mantissa = i64x2.add(v128.and(bits, i64x2.splat(MANTISSA)), i64x2.splat(SQRT_HALF_BITS));
  const f = f64x2.sub(mantissa, splat(1.0));
  const s = f64x2.div(f, f64x2.add(splat(2.0), f));
  const z = f64x2.mul(s, s);
  let p = multiplyAdd(splat(0.15313820241304496), z, splat(0.14798395559668445));
  p = multiplyAdd(splat(0.18183572747308568), z, p);
  p = multiplyAdd(splat(0.22222198422982004), z, p);
  p = multiplyAdd(splat(0.2857142874372799), z, p);
  p = multiplyAdd(splat(0.3999999999940925), z, p);
  p = f64x2.mul(z, multiplyAdd(splat(0.6666666666666735), z, p));
  const halfSquare = f64x2.mul(f64x2.mul(splat(0.5), f), f);
  const lower = multiplyAdd(f64x2.mul(exponent, splat(LN2_LOWER)), s, f64x2.add(halfSquare, p));
  const y = f64x2.add(
    f64x2.mul(exponent, splat(LN2_UPPER)),
    f64x2.sub(f, f64x2.sub(halfSquare, lower)),
  );
  // Outside (0, inf): a negative number gets all bits set, which is NaN; NaN and inf are their own logarithms.
  const zero = f64x2.eq(x, splat(0.0));
  const outside = v128.bitselect(splat(-Infinity), v128.or(x, f64x2.lt(x, splat(0.0))), zero);
  const inside = v128.and(f64x2.gt(x, splat(0.0)), f64x2.lt(x, splat(Infinity)));
  return v128.bitselect(y, outside, inside);
}

/** tanh x = m / (m + 2) with m = e^(2|x|) - 1, which is as accurate near zero as far from it. */
@inline
export function tanh_v64(x: v128): v128 {
  const a = f64x2.pmin(f64x2.abs(x), splat(20.0));
  const doubled = f64x2.add(a, a);
  const biased = f64x2.add(f64x2.mul(doubled, splat(LOG2_E)), splat(ROUND + 1023.0));
  const r = withoutTwos(doubled, f64x2.sub(biased, splat(ROUND + 1023.0)));
  // m = (s - 1) + s r + s t with s a power of two; the first sum's rounding error is carried on.
  const s = i64x2.shl(biased, 52);
  const first = f64x2.sub(s, splat(1.0));
  const second = f64x2.mul(s, r);
  const sum = f64x2.add(first, second);
  const rest = f64x2.add(f64x2.sub(first, sum), second);
  const m = f64x2.add(sum, multiplyAdd(rest, s, expTail(r)));
  return v128.or(f64x2.div(m, f64x2.add(m, splat(2.0))), signBit(x));
}

/** 1 / (1 + e^-x), written with e^-|x| so that nothing overflows and small results keep their digits. */
@inline
export function sigmoid_v64(x: v128): v128 {
  const z = exp_v64(f64x2.neg(f64x2.abs(x)));
  const upper = v128.bitselect(z, splat(1.0), f64x2.lt(x, splat(0.0)));
  return f64x2.div(upper, f64x2.add(splat(1.0), z));
}

/** x^y with the special cases of C: x^0 = 1^y = 1, a negative x needs an integer y. ln |x| is carried in two floats. */
export function pow_v64(x: v128, y: v128): v128 {
  const a = f64x2.abs(x);
  const tiny = f64x2.lt(a, splat(2.2250738585072014e-308));
  const scaled = v128.bitselect(f64x2.mul(a, splat(4503599627370496.0)), a, tiny);
  const bits = i64x2.add(scaled, i64x2.splat(0x3ff0000000000000 - SQRT_HALF_BITS));
  const exponent = f64x2.sub(
    f64x2.sub(
      v128.or(i64x2.shr_u(bits, 52), i64x2.splat(0x4330000000000000)),
      splat(4503599627370496.0 + 1023.0),
    ),
    v128.and(tiny, splat(52.0)),
  );
  const mantissa = i64x2.add(v128.and(bits, i64x2.splat(MANTISSA)), i64x2.splat(SQRT_HALF_BITS));

  // s = f / (2 + f), its square z, and t = 2/3 + z (...), each as an upper and a lower part.
  const f = f64x2.sub(mantissa, splat(1.0));
  const d1 = f64x2.add(splat(2.0), f);
  const d2 = f64x2.sub(f, f64x2.sub(d1, splat(2.0)));
  const s1 = f64x2.div(f, d1);
  const back = f64x2.mul(s1, d1);
  const remainder = f64x2.sub(f64x2.sub(f64x2.sub(f, back), productError(s1, d1, back)), f64x2.mul(s1, d2));
  const s2 = f64x2.div(remainder, d1);
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
  const t2 = f64x2.add(f64x2.add(f64x2.sub(splat(0.6666666666666666), t1), p), splat(3.700743415417188e-17));

  // ln m = 2 s + s (z t).
  const w1 = f64x2.mul(z1, t1);
  const w2 = multiplyAdd(multiplyAdd(productError(z1, t1, w1), z1, t2), z2, t1);
  const v1 = f64x2.mul(s1, w1);
  const v2 = multiplyAdd(multiplyAdd(productError(s1, w1, v1), s1, w2), s2, w1);
  const twice = f64x2.add(s1, s1);
  const l1 = f64x2.add(twice, v1);
  const l2 = f64x2.add(f64x2.add(f64x2.sub(twice, l1), v1), f64x2.add(v2, f64x2.add(s2, s2)));
  const e1 = f64x2.mul(exponent, splat(LN2_UPPER));
  const k1 = f64x2.add(e1, l1);
  const k2 = f64x2.add(f64x2.add(f64x2.sub(e1, k1), l1), multiplyAdd(l2, exponent, splat(LN2_LOWER)));
  const g1 = f64x2.add(k1, k2);
  const g2 = f64x2.add(f64x2.sub(k1, g1), k2);

  // y ln |x|; beyond 2^66 a y says no more than 2^66 does.
  const bounded = clamp_v64(y, -7.378697629483821e19, 7.378697629483821e19);
  let h1: v128 = f64x2.mul(bounded, g1);
  let h2: v128 = multiplyAdd(productError(bounded, g1, h1), bounded, g2);
  const zero = f64x2.eq(a, splat(0.0));
  const infinite = f64x2.eq(a, splat(Infinity));
  const extreme = v128.or(zero, infinite);
  h1 = v128.bitselect(f64x2.mul(y, v128.bitselect(splat(-Infinity), splat(Infinity), zero)), h1, extreme);
  h2 = v128.and(h2, f64x2.lt(f64x2.abs(h1), splat(800.0)));
  h1 = clamp_v64(h1, -800.0, 740.0);

  const biased = f64x2.add(f64x2.mul(h1, splat(LOG2_E)), splat(ROUND + SPLIT));
  const r = f64x2.add(withoutTwos(h1, f64x2.sub(biased, splat(ROUND + SPLIT))), h2);
  let result: v128 = scale(f64x2.add(splat(1.0), f64x2.add(r, expTail(r))), biased);

  const whole = f64x2.eq(f64x2.nearest(y), y);
  const half = f64x2.mul(y, splat(0.5));
  const odd = v128.andnot(whole, f64x2.eq(f64x2.nearest(half), half));
  result = v128.or(result, v128.and(signBit(x), odd));
  const noRoot = v128.andnot(v128.andnot(f64x2.lt(x, splat(0.0)), whole), infinite);
  result = v128.or(result, v128.or(noRoot, v128.or(f64x2.ne(x, x), f64x2.ne(y, y))));
  const one = v128.or(
    v128.or(f64x2.eq(x, splat(1.0)), f64x2.eq(y, splat(0.0))),
    v128.and(f64x2.eq(a, splat(1.0)), f64x2.eq(f64x2.abs(y), splat(Infinity))),
  );
  return v128.bitselect(splat(1.0), result, one);
}
