// Element-by-element operations of one array that are a few instructions: out[i] = f(x[i]) for i from 0 to n - 1.
// Floats obey IEEE 754 throughout: NaN stays NaN, and signed zeros, infinities and denormals are right.
import { LIGHT, map, mapWith, test } from "./unary-loops";

// @ts-ignore: decorator
@inline
export function zero<T>(): v128 {
  return v128.splat<T>(<T>0);
}

// @ts-ignore: decorator
@inline
function one<T>(): v128 {
  return v128.splat<T>(<T>1);
}

@final
class Neg {
  @inline
  run<T>(x: v128): v128 {
    return v128.neg<T>(x);
  }
}

@final
class Abs {
  @inline
  run<T>(x: v128): v128 {
    return v128.abs<T>(x);
  }
}

/** 1, 0 or -1; NaN for NaN. */
@final
class Sign {
  @inline
  run<T>(x: v128): v128 {
    const positive = v128.gt<T>(x, zero<T>());
    const negative = v128.lt<T>(x, zero<T>());
    if (isInteger<T>()) return v128.sub<T>(negative, positive);
    const y = v128.sub<T>(v128.and(positive, one<T>()), v128.and(negative, one<T>()));
    return v128.or(y, v128.ne<T>(x, x));
  }
}

@final
class Floor {
  @inline
  run<T>(x: v128): v128 {
    return v128.floor<T>(x);
  }
}

@final
class Ceil {
  @inline
  run<T>(x: v128): v128 {
    return v128.ceil<T>(x);
  }
}

/** To the nearest integer, halves to the even one. */
@final
class Round {
  @inline
  run<T>(x: v128): v128 {
    return v128.nearest<T>(x);
  }
}

@final
class Trunc {
  @inline
  run<T>(x: v128): v128 {
    return v128.trunc<T>(x);
  }
}

@final
class Square {
  @inline
  run<T>(x: v128): v128 {
    return v128.mul<T>(x, x);
  }
}

@final
class Sqrt {
  @inline
  run<T>(x: v128): v128 {
    return v128.sqrt<T>(x);
  }
}

@final
class Rsqrt {
  @inline
  run<T>(x: v128): v128 {
    return v128.div<T>(one<T>(), v128.sqrt<T>(x));
  }
}

@final
class Reciprocal {
  @inline
  run<T>(x: v128): v128 {
    return v128.div<T>(one<T>(), x);
  }
}

/** max(x, 0). Adding 0 makes -0 a 0. */
@final
class Relu {
  @inline
  run<T>(x: v128): v128 {
    return v128.add<T>(v128.pmax<T>(x, zero<T>()), zero<T>());
  }
}

/** 1 for positive numbers, otherwise 0. */
@final
class Step {
  @inline
  run<T>(x: v128): v128 {
    return v128.and(v128.gt<T>(x, zero<T>()), one<T>());
  }
}

@final
class IsNan {
  @inline
  run<T>(x: v128): v128 {
    return v128.ne<T>(x, x);
  }
}

@final
class IsInf {
  @inline
  run<T>(x: v128): v128 {
    return v128.eq<T>(v128.abs<T>(x), v128.splat<T>(<T>Infinity));
  }
}

@final
class IsFinite {
  @inline
  run<T>(x: v128): v128 {
    return v128.lt<T>(v128.abs<T>(x), v128.splat<T>(<T>Infinity));
  }
}

@final
class LogicalNot {
  @inline
  run<T>(x: v128): v128 {
    return v128.eq<T>(x, zero<T>());
  }
}

// ---- Operations with numbers: `first` and `second` turn them into what `run` gets in its second and third argument

@final
class LeakyRelu {
  @inline
  first<T>(alpha: f64): T {
    return <T>alpha;
  }
  @inline
  second<T>(_: f64): T {
    return <T>0;
  }
  @inline
  run<T>(x: v128, alpha: v128, zero: v128): v128 {
    return v128.bitselect(x, v128.mul<T>(alpha, x), v128.gt<T>(x, zero));
  }
}

/** Of integers, to those that lie within the bounds. */
@final
class Clip {
  @inline
  first<T>(low: f64): T {
    return <T>(isInteger<T>() ? ceil(low) : low);
  }
  @inline
  second<T>(high: f64): T {
    return <T>(isInteger<T>() ? floor(high) : high);
  }
  @inline
  run<T>(x: v128, low: v128, high: v128): v128 {
    if (isInteger<T>()) return v128.min<T>(v128.max<T>(x, low), high);
    return v128.pmin<T>(v128.pmax<T>(x, low), high);
  }
}

// ---- Exports

export function neg_f32(x: usize, out: usize, n: i32): void {
  map<f32, Neg>(x, out, n, LIGHT);
}
export function neg_f64(x: usize, out: usize, n: i32): void {
  map<f64, Neg>(x, out, n, LIGHT);
}
export function neg_i32(x: usize, out: usize, n: i32): void {
  map<i32, Neg>(x, out, n, LIGHT);
}

export function abs_f32(x: usize, out: usize, n: i32): void {
  map<f32, Abs>(x, out, n, LIGHT);
}
export function abs_f64(x: usize, out: usize, n: i32): void {
  map<f64, Abs>(x, out, n, LIGHT);
}
export function abs_i32(x: usize, out: usize, n: i32): void {
  map<i32, Abs>(x, out, n, LIGHT);
}

export function sign_f32(x: usize, out: usize, n: i32): void {
  map<f32, Sign>(x, out, n, LIGHT);
}
export function sign_f64(x: usize, out: usize, n: i32): void {
  map<f64, Sign>(x, out, n, LIGHT);
}
export function sign_i32(x: usize, out: usize, n: i32): void {
  map<i32, Sign>(x, out, n, LIGHT);
}

export function floor_f32(x: usize, out: usize, n: i32): void {
  map<f32, Floor>(x, out, n, LIGHT);
}
export function floor_f64(x: usize, out: usize, n: i32): void {
  map<f64, Floor>(x, out, n, LIGHT);
}

export function ceil_f32(x: usize, out: usize, n: i32): void {
  map<f32, Ceil>(x, out, n, LIGHT);
}
export function ceil_f64(x: usize, out: usize, n: i32): void {
  map<f64, Ceil>(x, out, n, LIGHT);
}

export function round_f32(x: usize, out: usize, n: i32): void {
  map<f32, Round>(x, out, n, LIGHT);
}
export function round_f64(x: usize, out: usize, n: i32): void {
  map<f64, Round>(x, out, n, LIGHT);
}

export function trunc_f32(x: usize, out: usize, n: i32): void {
  map<f32, Trunc>(x, out, n, LIGHT);
}
export function trunc_f64(x: usize, out: usize, n: i32): void {
  map<f64, Trunc>(x, out, n, LIGHT);
}

export function square_f32(x: usize, out: usize, n: i32): void {
  map<f32, Square>(x, out, n, LIGHT);
}
export function square_f64(x: usize, out: usize, n: i32): void {
  map<f64, Square>(x, out, n, LIGHT);
}
export function square_i32(x: usize, out: usize, n: i32): void {
  map<i32, Square>(x, out, n, LIGHT);
}

export function sqrt_f32(x: usize, out: usize, n: i32): void {
  map<f32, Sqrt>(x, out, n, LIGHT);
}
export function sqrt_f64(x: usize, out: usize, n: i32): void {
  map<f64, Sqrt>(x, out, n, LIGHT);
}

export function rsqrt_f32(x: usize, out: usize, n: i32): void {
  map<f32, Rsqrt>(x, out, n, LIGHT);
}
export function rsqrt_f64(x: usize, out: usize, n: i32): void {
  map<f64, Rsqrt>(x, out, n, LIGHT);
}

export function reciprocal_f32(x: usize, out: usize, n: i32): void {
  map<f32, Reciprocal>(x, out, n, LIGHT);
}
export function reciprocal_f64(x: usize, out: usize, n: i32): void {
  map<f64, Reciprocal>(x, out, n, LIGHT);
}

export function relu_f32(x: usize, out: usize, n: i32): void {
  map<f32, Relu>(x, out, n, LIGHT);
}
export function relu_f64(x: usize, out: usize, n: i32): void {
  map<f64, Relu>(x, out, n, LIGHT);
}

export function step_f32(x: usize, out: usize, n: i32): void {
  map<f32, Step>(x, out, n, LIGHT);
}
export function step_f64(x: usize, out: usize, n: i32): void {
  map<f64, Step>(x, out, n, LIGHT);
}

export function isNan_f32(x: usize, out: usize, n: i32): void {
  test<f32, IsNan>(x, out, n);
}
export function isNan_f64(x: usize, out: usize, n: i32): void {
  test<f64, IsNan>(x, out, n);
}

export function isInf_f32(x: usize, out: usize, n: i32): void {
  test<f32, IsInf>(x, out, n);
}
export function isInf_f64(x: usize, out: usize, n: i32): void {
  test<f64, IsInf>(x, out, n);
}

export function isFinite_f32(x: usize, out: usize, n: i32): void {
  test<f32, IsFinite>(x, out, n);
}
export function isFinite_f64(x: usize, out: usize, n: i32): void {
  test<f64, IsFinite>(x, out, n);
}

export function logicalNot_u8(x: usize, out: usize, n: i32): void {
  test<u8, LogicalNot>(x, out, n);
}

export function leakyRelu_f32(x: usize, out: usize, n: i32, alpha: f64): void {
  mapWith<f32, LeakyRelu>(x, out, n, alpha, 0, LIGHT);
}
export function leakyRelu_f64(x: usize, out: usize, n: i32, alpha: f64): void {
  mapWith<f64, LeakyRelu>(x, out, n, alpha, 0, LIGHT);
}

export function clip_f32(x: usize, out: usize, n: i32, min: f64, max: f64): void {
  mapWith<f32, Clip>(x, out, n, min, max, LIGHT);
}
export function clip_f64(x: usize, out: usize, n: i32, min: f64, max: f64): void {
  mapWith<f64, Clip>(x, out, n, min, max, LIGHT);
}
export function clip_i32(x: usize, out: usize, n: i32, min: f64, max: f64): void {
  mapWith<i32, Clip>(x, out, n, min, max, LIGHT);
}
