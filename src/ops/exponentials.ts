// Exponentials, logarithms, powers and roots of each element.
import { fullLike } from "../tensor/create.ts";
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { add, div, mul, square, sub } from "./arithmetic.ts";
import { where } from "./choice.ts";
import { equal, greaterEqual, isfinite, logicalAnd, logicalNot } from "./comparison.ts";
import { binary, differentiable } from "./dispatch.ts";

/**
 * Exponential function: y = e^x. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy y.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * exp(tensor([0, 1])).toArray(); // [1, 2.7182817]
 * ```
 */
export function exp(x: Tensor): Tensor {
  return differentiable("exp", x, (dy, _, y) => mul(dy, y));
}

/**
 * Power of two: y = 2^x. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy y ln 2.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * exp2(tensor([3, -1])).toArray(); // [8, 0.5]
 * ```
 */
export function exp2(x: Tensor): Tensor {
  return differentiable("exp2", x, (dy, _, y) => mul(mul(dy, y), Math.LN2));
}

/**
 * y = e^x - 1, exact near 0. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy e^x.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * expm1(tensor([0, 1e-10])).toArray(); // [0, 1e-10]
 * ```
 */
export function expm1(x: Tensor): Tensor {
  return differentiable("expm1", x, (dy, _, y) => mul(dy, add(y, 1)));
}

/**
 * Natural logarithm: -Infinity at 0, NaN below. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / x.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * log(tensor([1, 2])).toArray(); // [0, 0.6931472]
 * ```
 */
export function log(x: Tensor): Tensor {
  return differentiable("log", x, (dy, input) => div(dy, input));
}

/**
 * Logarithm to base 2: -Infinity at 0, NaN below. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (x ln 2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * log2(tensor([8, 0.5])).toArray(); // [3, -1]
 * ```
 */
export function log2(x: Tensor): Tensor {
  return differentiable("log2", x, (dy, input) => div(dy, mul(input, Math.LN2)));
}

/**
 * Logarithm to base 10: -Infinity at 0, NaN below. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (x ln 10).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * log10(tensor([100])).toArray(); // [2]
 * ```
 */
export function log10(x: Tensor): Tensor {
  return differentiable("log10", x, (dy, input) => div(dy, mul(input, Math.LN10)));
}

/**
 * y = ln(1 + x), exact near 0; -Infinity at -1, NaN below. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (1 + x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * log1p(tensor([0, 1e-10])).toArray(); // [0, 1e-10]
 * ```
 */
export function log1p(x: Tensor): Tensor {
  return differentiable("log1p", x, (dy, input) => div(dy, add(input, 1)));
}

/**
 * Power: y = a^b. Shapes and dtypes as in `add`; an int32 to a negative power is 0 unless it is 1 or -1.
 *
 * Gradients: dy b a^(b - 1), 0 where b is 0, whatever a is; dy a^b ln a, 0 where a is 0 and b is not negative.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * pow(tensor([2, 3]), 2).toArray(); // [4, 9]
 * ```
 */
export function pow(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "pow",
    a,
    b,
    (dy, left, right) => {
      if (typeof right === "number") return right === 0 ? fullLike(dy, 0) : mul(dy, mul(pow(left, right - 1), right));
      // 1 / a, where b is 0, may be infinite; what is multiplied by b is 1 there instead.
      const lost = logicalAnd(equal(right, 0), logicalNot(isfinite(pow(left as Tensor, -1))));
      return mul(dy, mul(right, pow(left, where(lost, 0, sub(right, 1)))));
    },
    (dy, left, right, y) => {
      const positive = greaterEqual(right as Tensor, 0);
      if (typeof left === "number") return mul(dy, mul(y, left === 0 ? where(positive, 0, -Infinity) : Math.log(left)));
      return mul(dy, mul(y, log(where(logicalAnd(equal(left, 0), positive), 1, left))));
    },
  );
}

/**
 * Square root, NaN below 0. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (2 y).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sqrt(tensor([9, 2])).toArray(); // [3, 1.4142135]
 * ```
 */
export function sqrt(x: Tensor): Tensor {
  return differentiable("sqrt", x, (dy, _, y) => div(mul(dy, 0.5), y));
}

/**
 * Reciprocal of the square root: y = 1 / sqrt(x). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -dy y^3 / 2.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * rsqrt(tensor([4])).toArray(); // [0.5]
 * ```
 */
export function rsqrt(x: Tensor): Tensor {
  return differentiable("rsqrt", x, (dy, _, y) => mul(mul(dy, mul(y, square(y))), -0.5));
}
