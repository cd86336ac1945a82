// Inverse functions in float64 lanes: of the hyperbolic functions, by logarithms, and of Gauss's error function, by polynomials fitted by us
// (least maximum error). float32 takes the same way, two lanes at a time, and is rounded once.
import { log1p_v64, log_v64 } from "./math64";

const LN2: f64 = 0.6931471805599453;
/** From here on x^2 + 1 is x^2. */
const LARGE: f64 = 268435456;

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

// @ts-ignore: decorator
@inline
function withSign(magnitude: v128, x: v128): v128 {
  return v128.or(magnitude, v128.and(x, i64x2.splat(0x8000000000000000)));
}

/** asinh x = ln(a + sqrt(a^2 + 1)) with the sign of x, a = |x|; near 0 as ln(1 + ...), far from it as ln 2a. */
export function asinh_v64(x: v128): v128 {
  const a = f64x2.abs(x);
  const square = f64x2.mul(a, a);
  const root = f64x2.sqrt(f64x2.add(square, splat(1.0)));
  const near = log1p_v64(f64x2.add(a, f64x2.div(square, f64x2.add(splat(1.0), root))));
  const far = f64x2.add(log_v64(a), splat(LN2));
  const y = v128.bitselect(far, near, f64x2.ge(a, splat(LARGE)));
  // So small a number is its own result, and stays denormal.
  return withSign(v128.bitselect(a, y, f64x2.lt(a, splat(1e-9))), x);
}

/** acosh x = ln(x + sqrt(x^2 - 1)) with t = x - 1 as ln(1 + t + sqrt(2 t + t^2)); NaN below 1. */
export function acosh_v64(x: v128): v128 {
  const t = f64x2.sub(x, splat(1.0));
  const root = f64x2.sqrt(f64x2.add(f64x2.add(t, t), f64x2.mul(t, t)));
  const near = log1p_v64(f64x2.add(t, root));
  const far = f64x2.add(log_v64(x), splat(LN2));
  const y = v128.bitselect(far, near, f64x2.ge(x, splat(LARGE)));
  return v128.or(y, f64x2.lt(x, splat(1.0)));
}

/** atanh x = ln((1 + a) / (1 - a)) / 2 with the sign of x, a = |x|, as ln(1 + 2 a / (1 - a)); infinite at 1, NaN above. */
export function atanh_v64(x: v128): v128 {
  const a = f64x2.abs(x);
  const ratio = f64x2.div(f64x2.add(a, a), f64x2.sub(splat(1.0), a));
  const y = f64x2.mul(splat(0.5), log1p_v64(ratio));
  return withSign(v128.bitselect(a, v128.or(y, f64x2.gt(a, splat(1.0))), f64x2.lt(a, splat(1e-9))), x);
}

/** erfinv(x) / x for w = -ln(1 - x^2) within [0, 6.25]. */
function inverseNear(w: v128): v128 {
  const t = f64x2.sub(w, splat(3.125));
  let p = multiplyAdd(splat(-2.066512290849532e-23), t, splat(8.751072876689289e-24));
  p = multiplyAdd(splat(-8.939816028233079e-22), t, p);
  p = multiplyAdd(splat(4.451868771212042e-21), t, p);
  p = multiplyAdd(splat(3.436692017610773e-20), t, p);
  p = multiplyAdd(splat(-3.8102647888380196e-19), t, p);
  p = multiplyAdd(splat(3.839151461338951e-19), t, p);
  p = multiplyAdd(splat(1.6032279738868198e-17), t, p);
  p = multiplyAdd(splat(-1.1993096951056196e-16), t, p);
  p = multiplyAdd(splat(-4.4566279312457524e-17), t, p);
  p = multiplyAdd(splat(6.506534100630622e-15), t, p);
  p = multiplyAdd(splat(-3.9985878911671944e-14), t, p);
  p = multiplyAdd(splat(-8.065259523413162e-14), t, p);
  p = multiplyAdd(splat(2.630373958471594e-12), t, p);
  p = multiplyAdd(splat(-1.2979007233325543e-11), t, p);
  p = multiplyAdd(splat(-5.4142573216591555e-11), t, p);
  p = multiplyAdd(splat(1.051223776455646e-09), t, p);
  p = multiplyAdd(splat(-4.112661339212262e-09), t, p);
  p = multiplyAdd(splat(-2.9070391764287315e-08), t, p);
  p = multiplyAdd(splat(4.2347881791557626e-07), t, p);
  p = multiplyAdd(splat(-1.3654691755436831e-06), t, p);
  p = multiplyAdd(splat(-1.3882523394698667e-05), t, p);
  p = multiplyAdd(splat(0.0001867342080197054), t, p);
  p = multiplyAdd(splat(-0.0007407025341544105), t, p);
  p = multiplyAdd(splat(-0.006033670871426841), t, p);
  p = multiplyAdd(splat(0.2401581824255883), t, p);
  p = multiplyAdd(splat(1.6536545626831027), t, p);
  return p;
}

/** erfinv(x) / x for s = sqrt(w) within [2.5, 4]. */
function inverseFar(s: v128): v128 {
  const t = f64x2.sub(s, splat(3.25));
  let p = multiplyAdd(splat(7.602734181548034e-09), t, splat(-1.4414402902576647e-09));
  p = multiplyAdd(splat(-1.1037793186805448e-08), t, p);
  p = multiplyAdd(splat(-2.069721217948336e-08), t, p);
  p = multiplyAdd(splat(1.2617019273822622e-07), t, p);
  p = multiplyAdd(splat(-2.4575721605517875e-07), t, p);
  p = multiplyAdd(splat(-2.3768438869458365e-08), t, p);
  p = multiplyAdd(splat(1.4817686493076977e-06), t, p);
  p = multiplyAdd(splat(-3.987383279152877e-06), t, p);
  p = multiplyAdd(splat(2.9325103785542764e-06), t, p);
  p = multiplyAdd(splat(1.2465490012885596e-05), t, p);
  p = multiplyAdd(splat(-4.732066388775043e-05), t, p);
  p = multiplyAdd(splat(6.828703766281446e-05), t, p);
  p = multiplyAdd(splat(2.4031510350318603e-05), t, p);
  p = multiplyAdd(splat(-0.00035503780550499826), t, p);
  p = multiplyAdd(splat(0.000953289341795833), t, p);
  p = multiplyAdd(splat(-0.001688275535921936), t, p);
  p = multiplyAdd(splat(0.002491442097947516), t, p);
  p = multiplyAdd(splat(-0.003751208508212327), t, p);
  p = multiplyAdd(splat(0.005370914553555193), t, p);
  p = multiplyAdd(splat(1.0052589676941652), t, p);
  p = multiplyAdd(splat(3.0838856104922208), t, p);
  return p;
}

/** erfinv(x) / x for s = sqrt(w) within [4, 6.125], beyond which there is no float64 below 1. */
function inverseFarthest(s: v128): v128 {
  const t = f64x2.sub(s, splat(5.0625));
  let p = multiplyAdd(splat(2.6048228659691358e-11), t, splat(-1.4386446242363291e-11));
  p = multiplyAdd(splat(7.826551524548171e-11), t, p);
  p = multiplyAdd(splat(-3.7346007841372697e-10), t, p);
  p = multiplyAdd(splat(9.87011400656914e-10), t, p);
  p = multiplyAdd(splat(-2.449011385263865e-09), t, p);
  p = multiplyAdd(splat(5.382653799987644e-09), t, p);
  p = multiplyAdd(splat(-1.0372598334526127e-08), t, p);
  p = multiplyAdd(splat(2.0345516823606276e-08), t, p);
  p = multiplyAdd(splat(-5.2295574459178795e-08), t, p);
  p = multiplyAdd(splat(1.955868508334529e-07), t, p);
  p = multiplyAdd(splat(-8.872288603049178e-07), t, p);
  p = multiplyAdd(splat(4.11535735939531e-06), t, p);
  p = multiplyAdd(splat(-1.8062951474179973e-05), t, p);
  p = multiplyAdd(splat(7.010167454796058e-05), t, p);
  p = multiplyAdd(splat(-0.00019677853808005522), t, p);
  p = multiplyAdd(splat(-0.0001773033612940883), t, p);
  p = multiplyAdd(splat(1.0102806778035616), t, p);
  p = multiplyAdd(splat(4.913049587233785), t, p);
  return p;
}

/** erfinv x: x times a function of w = -ln(1 - x^2) (the variable is Giles' 2010); infinite at -1 and 1, NaN beyond. */
export function erfinv_v64(x: v128): v128 {
  const one = splat(1.0);
  const a = f64x2.abs(x);
  const w = f64x2.neg(log_v64(f64x2.mul(f64x2.sub(one, a), f64x2.add(one, a))));
  const s = f64x2.sqrt(w);
  let p = v128.bitselect(inverseFar(s), inverseFarthest(s), f64x2.lt(s, splat(4.0)));
  p = v128.bitselect(inverseNear(w), p, f64x2.lt(w, splat(6.25)));
  const y = f64x2.mul(a, p);
  const edge = v128.bitselect(splat(Infinity), y, f64x2.eq(a, one));
  return withSign(v128.or(edge, f64x2.gt(a, one)), x);
}
