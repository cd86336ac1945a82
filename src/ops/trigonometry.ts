// Trigonometric and hyperbolic functions of each element; angles are in radians.
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { add, div, mul, neg, square, sub } from "./arithmetic.ts";
import { where } from "./choice.ts";
import { equal } from "./comparison.ts";
import { binary, differentiable } from "./dispatch.ts";
import { rsqrt } from "./exponentials.ts";

/**
 * Sine of x in radians. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy cos(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sin(tensor([0, Math.PI / 2])).toArray(); // [0, 1]
 * ```
 */
export function sin(x: Tensor): Tensor {
  return differentiable("sin", x, (dy, input) => mul(dy, cos(input)));
}

/**
 * Cosine of x in radians. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -dy sin(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * cos(tensor([0, Math.PI])).toArray(); // [1, -1]
 * ```
 */
export function cos(x: Tensor): Tensor {
  return differentiable("cos", x, (dy, input) => neg(mul(dy, sin(input))));
}

/**
 * Tangent of x in radians. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy (1 + y^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * tan(tensor([0, Math.PI / 4])).toArray(); // [0, 1]
 * ```
 */
export function tan(x: Tensor): Tensor {
  return differentiable("tan", x, (dy, _, y) => mul(dy, add(square(y), 1)));
}

/**
 * Inverse sine in radians, from -pi/2 to pi/2; NaN outside -1 to 1. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / sqrt(1 - x^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * asin(tensor([0, 1])).toArray(); // [0, 1.5707964]
 * ```
 */
export function asin(x: Tensor): Tensor {
  return differentiable("asin", x, (dy, input) => mul(dy, rsqrt(sub(1, square(input)))));
}

/**
 * Inverse cosine in radians, from 0 to pi; NaN outside -1 to 1. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -dy / sqrt(1 - x^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * acos(tensor([1, 0])).toArray(); // [0, 1.5707964]
 * ```
 */
export function acos(x: Tensor): Tensor {
  return differentiable("acos", x, (dy, input) => neg(mul(dy, rsqrt(sub(1, square(input))))));
}

/**
 * Inverse tangent in radians, between -pi/2 and pi/2. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / (1 + x^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * atan(tensor([0, 1])).toArray(); // [0, 0.7853982]
 * ```
 */
export function atan(x: Tensor): Tensor {
  return differentiable("atan", x, (dy, input) => div(dy, add(square(input), 1)));
}

/**
 * Angle of the point (x, y) in radians, from -pi to pi. Shapes broadcast; int32 and bool become float32.
 *
 * Gradients by y and x: dy x / (x^2 + y^2), -dy y / (x^2 + y^2).
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * atan2(tensor([1]), tensor([-1])).toArray(); // [2.3561945]
 * ```
 */
export function atan2(y: TensorLike, x: TensorLike): Tensor {
  const squares = (p: TensorLike, q: TensorLike): Tensor => add(mulAny(p, p), mulAny(q, q));
  return binary(
    "atan2",
    y,
    x,
    (dy, a, b) => mul(dy, div(b, squares(a, b))),
    (dy, a, b) => neg(mul(dy, div(a, squares(a, b)))),
    true,
  );
}

function mulAny(a: TensorLike, b: TensorLike): TensorLike {
  return typeof a === "number" && typeof b === "number" ? a * b : mul(a, b);
}

/**
 * Hyperbolic sine: y = (e^x - e^-x) / 2. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy cosh(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sinh(tensor([0, 1])).toArray(); // [0, 1.1752012]
 * ```
 */
export function sinh(x: Tensor): Tensor {
  return differentiable("sinh", x, (dy, input) => mul(dy, cosh(input)));
}

/**
 * Hyperbolic cosine: y = (e^x + e^-x) / 2. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy sinh(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * cosh(tensor([0, 1])).toArray(); // [1, 1.5430807]
 * ```
 */
export function cosh(x: Tensor): Tensor {
  return differentiable("cosh", x, (dy, input) => mul(dy, sinh(input)));
}

/**
 * Hyperbolic tangent: y = (e^x - e^-x) / (e^x + e^-x). Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy (1 - y^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * tanh(tensor([0, 1])).toArray(); // [0, 0.7615942]
 * ```
 */
export function tanh(x: Tensor): Tensor {
  return differentiable("tanh", x, (dy, _, y) => tanhGradient(dy, y));
}

/**
 * Inverse hyperbolic sine: y = ln(x + sqrt(x^2 + 1)), as accurate near 0. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / sqrt(x^2 + 1).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * asinh(tensor([0, 1])).toArray(); // [0, 0.8813736]
 * ```
 */
export function asinh(x: Tensor): Tensor {
  return differentiable("asinh", x, (dy, input) => mul(dy, rsqrt(add(square(input), 1))));
}

/**
 * Inverse hyperbolic cosine: y = ln(x + sqrt(x^2 - 1)), NaN below 1. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: dy / sqrt(x^2 - 1).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * acosh(tensor([1, 2])).toArray(); // [0, 1.3169579]
 * ```
 */
export function acosh(x: Tensor): Tensor {
  return differentiable("acosh", x, (dy, input) => mul(dy, rsqrt(mul(sub(input, 1), add(input, 1)))));
}

/**
 * Inverse hyperbolic tangent: y = ln((1 + x) / (1 - x)) / 2, infinite at -1 and 1, NaN beyond. Shape: that of x; int32 and bool
 * become float32.
 *
 * Gradient: dy / (1 - x^2).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * atanh(tensor([0, 0.5])).toArray(); // [0, 0.5493061]
 * ```
 */
export function atanh(x: Tensor): Tensor {
  return differentiable("atanh", x, (dy, input) => div(dy, mul(sub(1, input), add(input, 1))));
}

/**
 * Length of the hypotenuse: y = sqrt(a^2 + b^2), where squares would overflow or vanish too; infinite beside an infinity.
 * Shapes broadcast; int32 and bool become float32.
 *
 * Gradients: dy a / y, dy b / y; 0 where y is 0.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * hypot(tensor([3, 1e30]), tensor([4, 0])).toArray(); // [5, 1e30]
 * ```
 */
export function hypot(a: TensorLike, b: TensorLike): Tensor {
  const share = (dy: Tensor, side: TensorLike, y: Tensor): Tensor => {
    const zero = equal(y, 0);
    return mul(dy, where(zero, 0, div(side, where(zero, 1, y))));
  };
  return binary(
    "hypot",
    a,
    b,
    (dy, left, _, y) => share(dy, left, y),
    (dy, _, right, y) => share(dy, right, y),
    true,
  );
}

/** dy (1 - y^2), in one pass. Internal: the gradient of tanh from its result. */
export function tanhGradient(dy: Tensor, y: Tensor): Tensor {
  return binary(
    "tanhGradient",
    dy,
    y,
    (g, _, v) => tanhGradient(g, v as Tensor),
    (g, u, v) => mul(mul(mul(g, u), v), -2),
  );
}
