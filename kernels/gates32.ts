// The sigmoid and tanh of a recurrent layer's gates, four float32 at a time: within 3 units in the last place, for a fifth of what the functions of
// math32.ts take, which are within 2. A layer of 256 units over 128 steps computes them 5 million times, a good part of its time.
// There is no fused multiply-add: every processor gives the same bits.

/** 1.5 * 2^23, and with the exponent's bias: adding it rounds a small float to an integer, which then stands in the low bits of the sum. */
const ROUND_BIASED: f32 = 12582912.0 + 127.0;

// A number in memory becomes a vector in one instruction; one in the code takes three, every time.
const NUMBERS = memory.data<f32>([
  // log2 e, and ln 2 in two parts; the upper one has 15 bits, so that its product with an exponent is exact
  1.4426950408889634, 0.693145751953125, 1.4286068203094173e-6,
  ROUND_BIASED,
  // (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2, from the highest power: the largest error of e^r - 1 is least, 1.3e-8 of it
  0.0013882517, 0.0083665475, 0.0416672, 0.16666543, 0.49999997,
  1, 2,
  // Beyond these nothing changes any more, or 2^n is no normal number.
  87, -87, 10,
]);
const LOG2_E: usize = 0;
const LN2_UPPER: usize = 4;
const LN2_LOWER: usize = 8;
const ROUND: usize = 12;
const POWER_4: usize = 16;
const POWER_3: usize = 20;
const POWER_2: usize = 24;
const POWER_1: usize = 28;
const POWER_0: usize = 32;
const ONE: usize = 36;
const TWO: usize = 40;
const UPPER: usize = 44;
const LOWER: usize = 48;
const TANH_UPPER: usize = 52;

// @ts-ignore: decorator
@inline
function number(place: usize): v128 {
  return v128.load32_splat(NUMBERS + place);
}

/** The n nearest to x / ln 2, as n + ROUND_BIASED. */
// @ts-ignore: decorator
@inline
function rounded(x: v128): v128 {
  return f32x4.add(f32x4.mul(x, number(LOG2_E)), number(ROUND));
}

/** e^r - 1 for x = n ln 2 + r. */
// @ts-ignore: decorator
@inline
function expRest(x: v128, biased: v128): v128 {
  const n = f32x4.sub(biased, number(ROUND));
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(n, number(LN2_UPPER))), f32x4.mul(n, number(LN2_LOWER)));
  let p = f32x4.add(f32x4.mul(number(POWER_4), r), number(POWER_3));
  p = f32x4.add(f32x4.mul(p, r), number(POWER_2));
  p = f32x4.add(f32x4.mul(p, r), number(POWER_1));
  p = f32x4.add(f32x4.mul(p, r), number(POWER_0));
  return f32x4.add(r, f32x4.mul(f32x4.mul(r, r), p));
}

/** 1 / (1 + e^-x); at least 1.6e-38. NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function gateSigmoid(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(f32x4.neg(x), number(UPPER)), number(LOWER));
  const biased = rounded(bounded);
  const s = i32x4.shl(biased, 23);
  const power = f32x4.add(s, f32x4.mul(s, expRest(bounded, biased)));
  return f32x4.div(number(ONE), f32x4.add(number(ONE), power));
}

/** tanh x = m / (m + 2) with m = e^(2|x|) - 1, and the sign of x. NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function gateTanh(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), number(TANH_UPPER));
  const twice = f32x4.add(a, a);
  const biased = rounded(twice);
  const s = i32x4.shl(biased, 23);
  const m = f32x4.add(f32x4.mul(s, expRest(twice, biased)), f32x4.sub(s, number(ONE)));
  const sign = v128.and(x, i32x4.splat(0x80000000));
  return v128.or(f32x4.div(m, f32x4.add(m, number(TWO))), sign);
}
