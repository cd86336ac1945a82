// Activations and inverse functions of one array that came after those of functions.ts: mish, softsign, selu, logSigmoid, hardSigmoid, gelu by
// tanh; asinh, acosh, atanh, erfinv. Where float32 has no function of its own it takes the way of float64, two lanes at a time.
import { acosh_v64, asinh_v64, atanh_v64, erfinv_v64 } from "./math-inverse";
import { expm1_v32, joinPairs, lowerPair, softplus_v32, upperPair } from "./math32";
import { exp_v64, expm1_v64, sigmoid_v64, softplus_v64 } from "./math64";
import { HEAVY, LIGHT, map } from "./unary-loops";

const SELU_SCALE: f64 = 1.0507009873554805;
const SELU_ALPHA: f64 = 1.6732632423543772;

// @ts-ignore: decorator
@inline
function splat(value: f64): v128 {
  return f64x2.splat(value);
}

/** x tanh(ln(1 + e^x)) = x n / (n + 2), n = e^x (e^x + 2): x itself from 20 on. */
function mish_v64(x: v128): v128 {
  const bounded = f64x2.pmax(x, splat(-760.0));
  const w = exp_v64(f64x2.pmin(bounded, splat(20.0)));
  const n = f64x2.mul(w, f64x2.add(w, splat(2.0)));
  const y = f64x2.mul(bounded, f64x2.div(n, f64x2.add(n, splat(2.0))));
  return v128.bitselect(x, y, f64x2.gt(x, splat(20.0)));
}

/** x / (1 + e^(-2 u)) with u = sqrt(2 / pi) (x + 0.044715 x^3). */
function geluTanh_v64(x: v128): v128 {
  const bounded = f64x2.pmax(x, splat(-100.0));
  const cubic = f64x2.add(splat(1.5957691216057308), f64x2.mul(splat(0.07135481627260025), f64x2.mul(bounded, bounded)));
  return f64x2.mul(bounded, sigmoid_v64(f64x2.mul(bounded, cubic)));
}

@final
class Mish {
  @inline
  run<T>(x: v128): v128 {
    if (sizeof<T>() == 8) return mish_v64(x);
    return joinPairs(mish_v64(lowerPair(x)), mish_v64(upperPair(x)));
  }
}

@final
class GeluTanh {
  @inline
  run<T>(x: v128): v128 {
    if (sizeof<T>() == 8) return geluTanh_v64(x);
    return joinPairs(geluTanh_v64(lowerPair(x)), geluTanh_v64(upperPair(x)));
  }
}

/** x / (1 + |x|), which is the sign of an infinity. */
@final
class Softsign {
  @inline
  run<T>(x: v128): v128 {
    const a = v128.abs<T>(x);
    const one = v128.splat<T>(<T>1);
    const limit = v128.or(one, v128.and(x, v128.splat<T>(<T>-0.0)));
    const infinite = v128.eq<T>(a, v128.splat<T>(<T>Infinity));
    return v128.bitselect(limit, v128.div<T>(x, v128.add<T>(one, a)), infinite);
  }
}

/** scale x above 0, scale alpha (e^x - 1) below. */
@final
class Selu {
  @inline
  run<T>(x: v128): v128 {
    const grown = sizeof<T>() == 4 ? expm1_v32(x) : expm1_v64(x);
    const negative = v128.mul<T>(v128.splat<T>(<T>(SELU_SCALE * SELU_ALPHA)), grown);
    return v128.bitselect(v128.mul<T>(v128.splat<T>(<T>SELU_SCALE), x), negative, v128.gt<T>(x, v128.splat<T>(<T>0)));
  }
}

/** -ln(1 + e^-x). */
@final
class LogSigmoid {
  @inline
  run<T>(x: v128): v128 {
    const other = v128.neg<T>(x);
    return v128.neg<T>(sizeof<T>() == 4 ? softplus_v32(other) : softplus_v64(other));
  }
}

/** x + 3 within [0, 6], a sixth of it. */
@final
class HardSigmoid {
  @inline
  run<T>(x: v128): v128 {
    const six = v128.splat<T>(<T>6);
    const raised = v128.max<T>(v128.add<T>(x, v128.splat<T>(<T>3)), v128.splat<T>(<T>0));
    return v128.div<T>(v128.min<T>(raised, six), six);
  }
}

@final
class Asinh {
  @inline
  run<T>(x: v128): v128 {
    if (sizeof<T>() == 8) return asinh_v64(x);
    return joinPairs(asinh_v64(lowerPair(x)), asinh_v64(upperPair(x)));
  }
}

@final
class Acosh {
  @inline
  run<T>(x: v128): v128 {
    if (sizeof<T>() == 8) return acosh_v64(x);
    return joinPairs(acosh_v64(lowerPair(x)), acosh_v64(upperPair(x)));
  }
}

@final
class Atanh {
  @inline
  run<T>(x: v128): v128 {
    if (sizeof<T>() == 8) return atanh_v64(x);
    return joinPairs(atanh_v64(lowerPair(x)), atanh_v64(upperPair(x)));
  }
}

@final
class Erfinv {
  @inline
  run<T>(x: v128): v128 {
    if (sizeof<T>() == 8) return erfinv_v64(x);
    return joinPairs(erfinv_v64(lowerPair(x)), erfinv_v64(upperPair(x)));
  }
}

// ---- Exports

export function mish_f32(x: usize, out: usize, n: i32): void {
  map<f32, Mish>(x, out, n, HEAVY);
}
export function mish_f64(x: usize, out: usize, n: i32): void {
  map<f64, Mish>(x, out, n, HEAVY);
}

export function geluTanh_f32(x: usize, out: usize, n: i32): void {
  map<f32, GeluTanh>(x, out, n, HEAVY);
}
export function geluTanh_f64(x: usize, out: usize, n: i32): void {
  map<f64, GeluTanh>(x, out, n, HEAVY);
}

export function softsign_f32(x: usize, out: usize, n: i32): void {
  map<f32, Softsign>(x, out, n, LIGHT);
}
export function softsign_f64(x: usize, out: usize, n: i32): void {
  map<f64, Softsign>(x, out, n, LIGHT);
}

export function selu_f32(x: usize, out: usize, n: i32): void {
  map<f32, Selu>(x, out, n, HEAVY);
}
export function selu_f64(x: usize, out: usize, n: i32): void {
  map<f64, Selu>(x, out, n, HEAVY);
}

export function logSigmoid_f32(x: usize, out: usize, n: i32): void {
  map<f32, LogSigmoid>(x, out, n, HEAVY);
}
export function logSigmoid_f64(x: usize, out: usize, n: i32): void {
  map<f64, LogSigmoid>(x, out, n, HEAVY);
}

export function hardSigmoid_f32(x: usize, out: usize, n: i32): void {
  map<f32, HardSigmoid>(x, out, n, LIGHT);
}
export function hardSigmoid_f64(x: usize, out: usize, n: i32): void {
  map<f64, HardSigmoid>(x, out, n, LIGHT);
}

export function asinh_f32(x: usize, out: usize, n: i32): void {
  map<f32, Asinh>(x, out, n, HEAVY);
}
export function asinh_f64(x: usize, out: usize, n: i32): void {
  map<f64, Asinh>(x, out, n, HEAVY);
}

export function acosh_f32(x: usize, out: usize, n: i32): void {
  map<f32, Acosh>(x, out, n, HEAVY);
}
export function acosh_f64(x: usize, out: usize, n: i32): void {
  map<f64, Acosh>(x, out, n, HEAVY);
}

export function atanh_f32(x: usize, out: usize, n: i32): void {
  map<f32, Atanh>(x, out, n, HEAVY);
}
export function atanh_f64(x: usize, out: usize, n: i32): void {
  map<f64, Atanh>(x, out, n, HEAVY);
}

export function erfinv_f32(x: usize, out: usize, n: i32): void {
  map<f32, Erfinv>(x, out, n, HEAVY);
}
export function erfinv_f64(x: usize, out: usize, n: i32): void {
  map<f64, Erfinv>(x, out, n, HEAVY);
}
