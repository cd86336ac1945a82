// Element-by-element functions of one array: out[i] = f(x[i]) for i from 0 to n - 1. `out` may be x itself.
// An operation is a class with one method on vectors and no fields; loops are compiled once for each class, with the
// method inlined. Floats obey IEEE 754 throughout: NaN stays NaN, and signed zeros, infinities and denormals are right.
import { copyBytes, double, lanes, setDouble, setWord, word } from "./lanes";
import {
  acos_v32, asin_v32, atan_v32, cos_v32, cosh_v32, erf_v32, exp2_v32, exp_v32, expm1_v32, gaussian_v32, gelu_v32,
  log10_v32, log1p_v32, log2_v32, log_v32, sigmoid_v32, silu_v32, sin_v32, sinh_v32, softplus_v32, tan_v32, tanh_v32,
} from "./math32";
import {
  acos_v64, asin_v64, atan_v64, cos_v64, cosh_v64, erf_v64, exp2_v64, exp_v64, expm1_v64, gaussian_v64, gelu_v64,
  log10_v64, log1p_v64, log2_v64, log_v64, sigmoid_v64, silu_v64, sin_v64, sinh_v64, softplus_v64, tan_v64, tanh_v64,
} from "./math64";
import { chunkOf, parallelFor, scratch, TASK_ARGUMENTS, worthSharing } from "./parallel";

// Elements that a thread takes at once: of operations that wait for memory, and of those that compute.
const LIGHT = 32768;
const HEAVY = 8192;

// ---- Loops

/** The operation itself. It has no fields, so that no object need exist. */
// @ts-ignore: decorator
@inline
function apply<T, Op>(x: v128): v128 {
  return changetype<Op>(0).run<T>(x);
}

/**
 * n elements on this thread. Two vectors a round, because compilers load an operation's constants in every round. What
 * remains takes the same way through scratch memory, so that an element's result does not depend on where it stands.
 */
function stretch<T, Op>(x: usize, out: usize, n: i32): void {
  const count = 2 * lanes<T>();
  for (; n >= count; n -= count) {
    const first = apply<T, Op>(v128.load(x));
    const second = apply<T, Op>(v128.load(x, 16));
    v128.store(out, first);
    v128.store(out, second, 16);
    x += 32;
    out += 32;
  }
  if (n <= 0) return;
  copyBytes(x, scratch, n * sizeof<T>());
  stretch<T, Op>(scratch, scratch, count);
  copyBytes(scratch, out, n * sizeof<T>());
}

/** n elements on all threads, in portions of `grain`. */
function map<T, Op>(x: usize, out: usize, n: i32, grain: i32): void {
  if (!worthSharing(n, grain)) {
    stretch<T, Op>(x, out, n);
    return;
  }
  setWord(0, x);
  setWord(1, out);
  const task = (args: usize, start: i32, end: i32): void => {
    const offset = <usize>start * sizeof<T>();
    stretch<T, Op>(<usize>word(args, 0) + offset, <usize>word(args, 1) + offset, end - start);
  };
  parallelFor(task, TASK_ARGUMENTS, n, chunkOf(n, grain));
}

/** As `stretch`, of an operation with two numbers. */
function stretchWith<T, Op>(x: usize, out: usize, n: i32, a: f64, b: f64): void {
  const count = 2 * lanes<T>();
  const first = v128.splat<T>(changetype<Op>(0).first<T>(a));
  const second = v128.splat<T>(changetype<Op>(0).second<T>(b));
  for (; n >= count; n -= count) {
    const y1 = changetype<Op>(0).run<T>(v128.load(x), first, second);
    const y2 = changetype<Op>(0).run<T>(v128.load(x, 16), first, second);
    v128.store(out, y1);
    v128.store(out, y2, 16);
    x += 32;
    out += 32;
  }
  if (n <= 0) return;
  copyBytes(x, scratch, n * sizeof<T>());
  stretchWith<T, Op>(scratch, scratch, count, a, b);
  copyBytes(scratch, out, n * sizeof<T>());
}

/** As `map`, of an operation with two numbers. */
function mapWith<T, Op>(x: usize, out: usize, n: i32, a: f64, b: f64, grain: i32): void {
  if (!worthSharing(n, grain)) {
    stretchWith<T, Op>(x, out, n, a, b);
    return;
  }
  setWord(0, x);
  setWord(1, out);
  setDouble(0, a);
  setDouble(1, b);
  const task = (args: usize, start: i32, end: i32): void => {
    const offset = <usize>start * sizeof<T>();
    const from = <usize>word(args, 0) + offset;
    stretchWith<T, Op>(from, <usize>word(args, 1) + offset, end - start, double(args, 0), double(args, 1));
  };
  parallelFor(task, TASK_ARGUMENTS, n, chunkOf(n, grain));
}

/** n elements on this thread to bytes 0 or 1, of an operation that sets all bits of a lane or none. */
function testStretch<T, Op>(x: usize, out: usize, n: i32): void {
  for (; n >= 16; n -= 16) {
    v128.store(out, v128.and(sixteenMasks<T, Op>(x), i8x16.splat(1)));
    x += 16 * sizeof<T>();
    out += 16;
  }
  for (; n > 0; n--) {
    store<u8>(out, u8(v128.any_true(apply<T, Op>(v128.load_splat<T>(x)))));
    x += sizeof<T>();
    out += 1;
  }
}

/** The masks of sixteen elements, a byte each. */
// @ts-ignore: decorator
@inline
function sixteenMasks<T, Op>(x: usize): v128 {
  if (sizeof<T>() == 1) return apply<T, Op>(v128.load(x));
  const size: usize = 4 * sizeof<T>();
  const lower = i16x8.narrow_i32x4_s(fourMasks<T, Op>(x), fourMasks<T, Op>(x + size));
  const upper = i16x8.narrow_i32x4_s(fourMasks<T, Op>(x + 2 * size), fourMasks<T, Op>(x + 3 * size));
  return i8x16.narrow_i16x8_s(lower, upper);
}

/** The masks of four elements, a word each. */
// @ts-ignore: decorator
@inline
function fourMasks<T, Op>(x: usize): v128 {
  const first = apply<T, Op>(v128.load(x));
  if (sizeof<T>() == 4) return first;
  return v128.shuffle<i32>(first, apply<T, Op>(v128.load(x, 16)), 0, 2, 4, 6);
}

/** As `map`, to bytes. */
function test<T, Op>(x: usize, out: usize, n: i32): void {
  if (n <= 2 * LIGHT) {
    testStretch<T, Op>(x, out, n);
    return;
  }
  setWord(0, x);
  setWord(1, out);
  const task = (args: usize, start: i32, end: i32): void => {
    const from = <usize>word(args, 0) + <usize>start * sizeof<T>();
    testStretch<T, Op>(from, <usize>word(args, 1) + start, end - start);
  };
  parallelFor(task, TASK_ARGUMENTS, n, LIGHT);
}

// ---- Operations that are a few instructions

// @ts-ignore: decorator
@inline
function zero<T>(): v128 {
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

@final
class Elu {
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
    const below = sizeof<T>() == 4 ? expm1_v32(x) : expm1_v64(x);
    return v128.bitselect(x, v128.mul<T>(alpha, below), v128.gt<T>(x, zero));
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

// ---- Functions

@final
class Exp {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? exp_v32(x) : exp_v64(x);
  }
}

@final
class Exp2 {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? exp2_v32(x) : exp2_v64(x);
  }
}

@final
class Expm1 {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? expm1_v32(x) : expm1_v64(x);
  }
}

@final
class Log {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? log_v32(x) : log_v64(x);
  }
}

@final
class Log2 {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? log2_v32(x) : log2_v64(x);
  }
}

@final
class Log10 {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? log10_v32(x) : log10_v64(x);
  }
}

@final
class Log1p {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? log1p_v32(x) : log1p_v64(x);
  }
}

@final
class Sin {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? sin_v32(x) : sin_v64(x);
  }
}

@final
class Cos {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? cos_v32(x) : cos_v64(x);
  }
}

@final
class Tan {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? tan_v32(x) : tan_v64(x);
  }
}

@final
class Asin {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? asin_v32(x) : asin_v64(x);
  }
}

@final
class Acos {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? acos_v32(x) : acos_v64(x);
  }
}

@final
class Atan {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? atan_v32(x) : atan_v64(x);
  }
}

@final
class Sinh {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? sinh_v32(x) : sinh_v64(x);
  }
}

@final
class Cosh {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? cosh_v32(x) : cosh_v64(x);
  }
}

@final
class Tanh {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? tanh_v32(x) : tanh_v64(x);
  }
}

@final
class Sigmoid {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? sigmoid_v32(x) : sigmoid_v64(x);
  }
}

@final
class Softplus {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? softplus_v32(x) : softplus_v64(x);
  }
}

@final
class Silu {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? silu_v32(x) : silu_v64(x);
  }
}

@final
class Gelu {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? gelu_v32(x) : gelu_v64(x);
  }
}

@final
class Erf {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? erf_v32(x) : erf_v64(x);
  }
}

@final
class Gaussian {
  @inline
  run<T>(x: v128): v128 {
    return sizeof<T>() == 4 ? gaussian_v32(x) : gaussian_v64(x);
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

export function exp_f32(x: usize, out: usize, n: i32): void {
  map<f32, Exp>(x, out, n, HEAVY);
}
export function exp_f64(x: usize, out: usize, n: i32): void {
  map<f64, Exp>(x, out, n, HEAVY);
}

export function exp2_f32(x: usize, out: usize, n: i32): void {
  map<f32, Exp2>(x, out, n, HEAVY);
}
export function exp2_f64(x: usize, out: usize, n: i32): void {
  map<f64, Exp2>(x, out, n, HEAVY);
}

export function expm1_f32(x: usize, out: usize, n: i32): void {
  map<f32, Expm1>(x, out, n, HEAVY);
}
export function expm1_f64(x: usize, out: usize, n: i32): void {
  map<f64, Expm1>(x, out, n, HEAVY);
}

export function log_f32(x: usize, out: usize, n: i32): void {
  map<f32, Log>(x, out, n, HEAVY);
}
export function log_f64(x: usize, out: usize, n: i32): void {
  map<f64, Log>(x, out, n, HEAVY);
}

export function log2_f32(x: usize, out: usize, n: i32): void {
  map<f32, Log2>(x, out, n, HEAVY);
}
export function log2_f64(x: usize, out: usize, n: i32): void {
  map<f64, Log2>(x, out, n, HEAVY);
}

export function log10_f32(x: usize, out: usize, n: i32): void {
  map<f32, Log10>(x, out, n, HEAVY);
}
export function log10_f64(x: usize, out: usize, n: i32): void {
  map<f64, Log10>(x, out, n, HEAVY);
}

export function log1p_f32(x: usize, out: usize, n: i32): void {
  map<f32, Log1p>(x, out, n, HEAVY);
}
export function log1p_f64(x: usize, out: usize, n: i32): void {
  map<f64, Log1p>(x, out, n, HEAVY);
}

export function sin_f32(x: usize, out: usize, n: i32): void {
  map<f32, Sin>(x, out, n, HEAVY);
}
export function sin_f64(x: usize, out: usize, n: i32): void {
  map<f64, Sin>(x, out, n, HEAVY);
}

export function cos_f32(x: usize, out: usize, n: i32): void {
  map<f32, Cos>(x, out, n, HEAVY);
}
export function cos_f64(x: usize, out: usize, n: i32): void {
  map<f64, Cos>(x, out, n, HEAVY);
}

export function tan_f32(x: usize, out: usize, n: i32): void {
  map<f32, Tan>(x, out, n, HEAVY);
}
export function tan_f64(x: usize, out: usize, n: i32): void {
  map<f64, Tan>(x, out, n, HEAVY);
}

export function asin_f32(x: usize, out: usize, n: i32): void {
  map<f32, Asin>(x, out, n, HEAVY);
}
export function asin_f64(x: usize, out: usize, n: i32): void {
  map<f64, Asin>(x, out, n, HEAVY);
}

export function acos_f32(x: usize, out: usize, n: i32): void {
  map<f32, Acos>(x, out, n, HEAVY);
}
export function acos_f64(x: usize, out: usize, n: i32): void {
  map<f64, Acos>(x, out, n, HEAVY);
}

export function atan_f32(x: usize, out: usize, n: i32): void {
  map<f32, Atan>(x, out, n, HEAVY);
}
export function atan_f64(x: usize, out: usize, n: i32): void {
  map<f64, Atan>(x, out, n, HEAVY);
}

export function sinh_f32(x: usize, out: usize, n: i32): void {
  map<f32, Sinh>(x, out, n, HEAVY);
}
export function sinh_f64(x: usize, out: usize, n: i32): void {
  map<f64, Sinh>(x, out, n, HEAVY);
}

export function cosh_f32(x: usize, out: usize, n: i32): void {
  map<f32, Cosh>(x, out, n, HEAVY);
}
export function cosh_f64(x: usize, out: usize, n: i32): void {
  map<f64, Cosh>(x, out, n, HEAVY);
}

export function tanh_f32(x: usize, out: usize, n: i32): void {
  map<f32, Tanh>(x, out, n, HEAVY);
}
export function tanh_f64(x: usize, out: usize, n: i32): void {
  map<f64, Tanh>(x, out, n, HEAVY);
}

export function sigmoid_f32(x: usize, out: usize, n: i32): void {
  map<f32, Sigmoid>(x, out, n, HEAVY);
}
export function sigmoid_f64(x: usize, out: usize, n: i32): void {
  map<f64, Sigmoid>(x, out, n, HEAVY);
}

export function softplus_f32(x: usize, out: usize, n: i32): void {
  map<f32, Softplus>(x, out, n, HEAVY);
}
export function softplus_f64(x: usize, out: usize, n: i32): void {
  map<f64, Softplus>(x, out, n, HEAVY);
}

export function silu_f32(x: usize, out: usize, n: i32): void {
  map<f32, Silu>(x, out, n, HEAVY);
}
export function silu_f64(x: usize, out: usize, n: i32): void {
  map<f64, Silu>(x, out, n, HEAVY);
}

export function gelu_f32(x: usize, out: usize, n: i32): void {
  map<f32, Gelu>(x, out, n, HEAVY);
}
export function gelu_f64(x: usize, out: usize, n: i32): void {
  map<f64, Gelu>(x, out, n, HEAVY);
}

export function erf_f32(x: usize, out: usize, n: i32): void {
  map<f32, Erf>(x, out, n, HEAVY);
}
export function erf_f64(x: usize, out: usize, n: i32): void {
  map<f64, Erf>(x, out, n, HEAVY);
}

export function gaussian_f32(x: usize, out: usize, n: i32): void {
  map<f32, Gaussian>(x, out, n, HEAVY);
}
export function gaussian_f64(x: usize, out: usize, n: i32): void {
  map<f64, Gaussian>(x, out, n, HEAVY);
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

export function elu_f32(x: usize, out: usize, n: i32, alpha: f64): void {
  mapWith<f32, Elu>(x, out, n, alpha, 0, HEAVY);
}
export function elu_f64(x: usize, out: usize, n: i32, alpha: f64): void {
  mapWith<f64, Elu>(x, out, n, alpha, 0, HEAVY);
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
