// Comparison, logic and kinds of numbers: what gives true or false, and has no gradient.
import { type DType, isFloat, isInt32 } from "../engine/dtype.ts";
import { Tensor, type TensorLike } from "../tensor/tensor.ts";
import { cast, real } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { combine, dtypeOfPair, run } from "./dispatch.ts";

/** float64, which holds both exactly, for whole numbers against a number that int32 does not hold. */
function exactDtype(a: TensorLike, b: TensorLike): DType | undefined {
  const [x, value] = typeof a === "number" ? [b, a] : [a, b];
  if (!(x instanceof Tensor) || typeof value !== "number" || isFloat(x.dtype) || isInt32(value)) return undefined;
  return "float64";
}

function compare(operation: string, a: TensorLike, b: TensorLike): Tensor {
  const dtype = exactDtype(a, b) ?? dtypeOfPair(operation, a, b);
  const left = typeof a === "number" || a.dtype === dtype ? a : cast(a, dtype);
  const right = typeof b === "number" || b.dtype === dtype ? b : cast(b, dtype);
  return combine(operation, left, right, "bool");
}

/**
 * Whether a = b, element by element; int32 is compared exactly with any number. NaN equals nothing. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * equal(tensor([1, 2]), 2).toArray(); // [false, true]
 * ```
 */
export function equal(a: TensorLike, b: TensorLike): Tensor {
  return compare("equal", a, b);
}

/**
 * Whether a differs from b, element by element. NaN differs from everything. Shapes broadcast; the result is bool and
 * has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * notEqual(tensor([1, 2]), 2).toArray(); // [true, false]
 * ```
 */
export function notEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare("notEqual", a, b);
}

/**
 * Whether a < b, element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * less(tensor([1, 2]), 2).toArray(); // [true, false]
 * ```
 */
export function less(a: TensorLike, b: TensorLike): Tensor {
  return compare("less", a, b);
}

/**
 * Whether a <= b, element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * lessEqual(tensor([1, 3]), 2).toArray(); // [true, false]
 * ```
 */
export function lessEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare("lessEqual", a, b);
}

/**
 * Whether a > b, element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * greater(tensor([1, 3]), 2).toArray(); // [false, true]
 * ```
 */
export function greater(a: TensorLike, b: TensorLike): Tensor {
  return compare("greater", a, b);
}

/**
 * Whether a >= b, element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * greaterEqual(tensor([1, 2]), 2).toArray(); // [false, true]
 * ```
 */
export function greaterEqual(a: TensorLike, b: TensorLike): Tensor {
  return compare("greaterEqual", a, b);
}

function logical(operation: string, a: Tensor, b: Tensor): Tensor {
  checkTensor(operation, a);
  checkTensor(operation, b);
  return combine(operation, cast(a, "bool"), cast(b, "bool"), "bool");
}

/**
 * Whether both are true (not 0), element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError unless both are tensors.
 * @example
 * ```ts
 * logicalAnd(tensor([true, true]), tensor([true, false])).toArray(); // [true, false]
 * ```
 */
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  return logical("logicalAnd", a, b);
}

/**
 * Whether at least one is true (not 0), element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError unless both are tensors.
 * @example
 * ```ts
 * logicalOr(tensor([true, false]), tensor([false, false])).toArray(); // [true, false]
 * ```
 */
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  return logical("logicalOr", a, b);
}

/**
 * Whether exactly one is true (not 0), element by element. Shapes broadcast; the result is bool and has no gradient.
 * @throws RangeError if the shapes do not broadcast; TypeError unless both are tensors.
 * @example
 * ```ts
 * logicalXor(tensor([true, true]), tensor([true, false])).toArray(); // [false, true]
 * ```
 */
export function logicalXor(a: Tensor, b: Tensor): Tensor {
  return logical("logicalXor", a, b);
}

/**
 * Whether x is false (0), element by element. Shape: that of x; the result is bool and has no gradient.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * logicalNot(tensor([true, false])).toArray(); // [false, true]
 * ```
 */
export function logicalNot(x: Tensor): Tensor {
  checkTensor("logicalNot", x);
  return run("logicalNot", cast(x, "bool"));
}

function classify(operation: string, x: Tensor): Tensor {
  return run(operation, real(operation, x), undefined, undefined, "bool");
}

/**
 * Whether an element is NaN. Shape: that of x; the result is bool and has no gradient.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * isnan(tensor([1, NaN])).toArray(); // [false, true]
 * ```
 */
export function isnan(x: Tensor): Tensor {
  return classify("isNan", x);
}

/**
 * Whether an element is infinite, of either sign. Shape: that of x; the result is bool and has no gradient.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * isinf(tensor([1, -Infinity])).toArray(); // [false, true]
 * ```
 */
export function isinf(x: Tensor): Tensor {
  return classify("isInf", x);
}

/**
 * Whether an element is neither infinite nor NaN. Shape: that of x; the result is bool and has no gradient.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * isfinite(tensor([1, NaN])).toArray(); // [true, false]
 * ```
 */
export function isfinite(x: Tensor): Tensor {
  return classify("isFinite", x);
}
