// Arithmetic on each element by itself, with broadcasting. Every function shows its value and, beside it, its gradient rule; rules are
// written in operations, so that gradients have gradients.
import type { Tensor, TensorLike } from "../tensor/tensor.ts";
import { checkTensor } from "./check.ts";
import { binary, combineAs, constantByPieces, differentiable, dtypeOfPair, run } from "./dispatch.ts";

/**
 * Sum: y = a + b. Shapes broadcast; the dtype is the later one of bool (which counts as int32 here), int32, float32,
 * float64. A number takes the dtype of the tensor, but makes an int32 one float32 if int32 does not hold it. int32 wraps
 * around at 2^31.
 *
 * Gradients: dy, dy, each summed over the axes along which its operand was repeated.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * add(tensor([1, 2]), 1).toArray(); // [2, 3]
 * add(tensor([[1], [2]]), tensor([10, 20])).toArray(); // [[11, 21], [12, 22]]
 * ```
 */
export function add(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "add",
    a,
    b,
    (dy) => dy,
    (dy) => dy,
  );
}

/**
 * Difference: y = a - b. Shapes and dtypes as in `add`.
 *
 * Gradients: dy, -dy.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * sub(1, tensor([1, 2])).toArray(); // [0, -1]
 * ```
 */
export function sub(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "sub",
    a,
    b,
    (dy) => dy,
    (dy) => neg(dy),
  );
}

/**
 * Product, element by element: y = a b. Shapes and dtypes as in `add`. For matrices see `matmul`.
 *
 * Gradients: dy b, dy a.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * mul(tensor([1, 2]), tensor([3, 4])).toArray(); // [3, 8]
 * ```
 */
export function mul(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "mul",
    a,
    b,
    (dy, _, right) => mul(dy, right),
    (dy, left) => mul(dy, left),
  );
}

/**
 * Quotient: y = a / b. Shapes broadcast; int32 and bool become float32.
 *
 * Gradients: dy / b, -dy a / b^2.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * div(tensor([1, 2]), 2).toArray(); // [0.5, 1]
 * ```
 */
export function div(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "div",
    a,
    b,
    (dy, _, right) => div(dy, right),
    (dy, __, right, y) => neg(div(mul(dy, y), right)),
    true,
  );
}

/**
 * Largest whole number not above a / b. Shapes and dtypes as in `add`; an int32 divided by 0 gives 0, as in NumPy.
 *
 * No gradient: the function is constant by pieces.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * floorDivide(tensor([7, -7]), 2).toArray(); // [3, -4]
 * ```
 */
export function floorDivide(a: TensorLike, b: TensorLike): Tensor {
  const dtype = dtypeOfPair("floorDivide", a, b);
  return combineAs("floorDivide", a, b, dtype === "bool" ? "int32" : dtype);
}

/**
 * Remainder with the sign of b: y = a - b floor(a / b). Shapes and dtypes as in `add`.
 *
 * Gradients: dy, -dy floor(a / b).
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * remainder(tensor([7, -7]), 3).toArray(); // [1, 2]
 * ```
 */
export function remainder(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "remainder",
    a,
    b,
    (dy) => dy,
    (dy, left, right) => neg(mul(dy, floorDivide(left, right))),
  );
}

/**
 * Negative: y = -x. Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * Gradient: -dy.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * neg(tensor([1, -2])).toArray(); // [-1, 2]
 * ```
 */
export function neg(x: Tensor): Tensor {
  checkTensor("neg", x);
  if (x.dtype === "int32") return run("neg", x);
  return differentiable("neg", x, (dy) => neg(dy));
}

/**
 * Absolute value: y = |x|. Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * Gradient: dy sign(x).
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * abs(tensor([1, -2])).toArray(); // [1, 2]
 * ```
 */
export function abs(x: Tensor): Tensor {
  checkTensor("abs", x);
  if (x.dtype === "int32") return run("abs", x);
  return differentiable("abs", x, (dy, input) => mul(dy, sign(input)));
}

/**
 * Sign: -1, 0 or 1, NaN for NaN. Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * sign(tensor([-3, 0, 2])).toArray(); // [-1, 0, 1]
 * ```
 */
export function sign(x: Tensor): Tensor {
  checkTensor("sign", x);
  return x.dtype === "int32" ? run("sign", x) : constantByPieces("sign", x);
}

/**
 * Square: y = x^2. Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * Gradient: 2 x dy.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * square(tensor([3, -1])).toArray(); // [9, 1]
 * ```
 */
export function square(x: Tensor): Tensor {
  checkTensor("square", x);
  if (x.dtype === "int32") return run("square", x);
  return differentiable("square", x, (dy, input) => mul(mul(dy, input), 2));
}

/**
 * Reciprocal: y = 1 / x. Shape: that of x; int32 and bool become float32.
 *
 * Gradient: -dy y^2.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * reciprocal(tensor([4, -0.5])).toArray(); // [0.25, -2]
 * ```
 */
export function reciprocal(x: Tensor): Tensor {
  return differentiable("reciprocal", x, (dy, _, y) => neg(mul(dy, square(y))));
}
