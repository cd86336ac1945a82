// How operations on single elements run: dtypes, broadcasting and the record of a gradient rule, once for all. Internal.
import { type DType, isFloat, isInt32, promote } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { anyTracked, record, tracked } from "../tensor/graph.ts";
import { broadcastShapes, sameShape } from "../tensor/shape.ts";
import { empty, emptyLike, packed, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { sumTo } from "./broadcast.ts";
import { cast, real } from "./cast.ts";
import { checkTensor } from "./check.ts";

/** Runs the unary kernel of that name; a and b are its parameters. */
export function run(operation: string, x: Tensor, a?: number, b?: number, dtype: DType = x.dtype): Tensor {
  const y = emptyLike(operation, x, dtype);
  if (x.size > 0) engine().unary(operation, packed(x), y, a, b);
  return y;
}

type UnaryRule = (dy: Tensor, x: Tensor, y: Tensor) => Tensor;

/** A function of real values with a derivative. */
export function differentiable(operation: string, x: Tensor, rule: UnaryRule, a?: number, b?: number): Tensor {
  const input = real(operation, x);
  const y = run(operation, input, a, b);
  return tracked(input) ? record(operation, y, [input], (dy) => [rule(dy, input, y)]) : y;
}

/** A function whose derivative is 0 wherever it has one. */
export function constantByPieces(operation: string, x: Tensor): Tensor {
  return run(operation, real(operation, x));
}

/** Brings a number on either side into the dtype of the tensor on the other; a fraction makes an int32 or bool tensor float32. */
export function dtypeOfPair(operation: string, a: TensorLike, b: TensorLike): DType {
  if (typeof a === "number") {
    if (typeof b === "number") throw noTensor(operation);
    return dtypeWithNumber(operation, b, a);
  }
  if (typeof b === "number") return dtypeWithNumber(operation, a, b);
  checkTensor(operation, a);
  checkTensor(operation, b);
  return a.dtype === b.dtype ? a.dtype : promote(a.dtype, b.dtype);
}

function noTensor(operation: string): TypeError {
  return new TypeError(
    `${operation}: at least one operand must be a tensor; for numbers use JavaScript's own arithmetic`,
  );
}

function dtypeWithNumber(operation: string, x: Tensor, value: number): DType {
  checkTensor(operation, x);
  if (isFloat(x.dtype)) return x.dtype;
  return isInt32(value) ? "int32" : "float32";
}

/** Runs a binary kernel with operands already in `dtype`. */
export function combine(operation: string, a: TensorLike, b: TensorLike, result: DType): Tensor {
  if (typeof a === "number") {
    const y = emptyLike(operation, b as Tensor, result);
    if (y.size > 0) engine().binaryScalar(operation, packed(b as Tensor), a, y, true);
    return y;
  }
  if (typeof b === "number") {
    const y = emptyLike(operation, a, result);
    if (y.size > 0) engine().binaryScalar(operation, packed(a), b, y, false);
    return y;
  }
  const y = sameShape(a.shape, b.shape)
    ? emptyLike(operation, a, result)
    : empty(operation, broadcastShapes(operation, a.shape, b.shape), result);
  if (y.size > 0) engine().binary(operation, a, b, y);
  return y;
}

/** The same with operands of any dtype. */
export function combineAs(operation: string, a: TensorLike, b: TensorLike, dtype: DType): Tensor {
  return combine(
    operation,
    typeof a === "number" ? a : cast(a, dtype),
    typeof b === "number" ? b : cast(b, dtype),
    dtype,
  );
}

type BinaryRule = (dy: Tensor, a: TensorLike, b: TensorLike, y: Tensor) => Tensor;

/** A differentiable function of two operands; a rule is asked only for the operand whose gradient is followed. */
export function binary(
  operation: string,
  a: TensorLike,
  b: TensorLike,
  ruleA: BinaryRule,
  ruleB: BinaryRule,
  floatOnly = false,
): Tensor {
  let dtype = dtypeOfPair(operation, a, b);
  if (dtype === "bool" || (floatOnly && dtype === "int32")) dtype = floatOnly ? "float32" : "int32";
  const left = typeof a === "number" || a.dtype === dtype ? a : cast(a, dtype);
  const right = typeof b === "number" || b.dtype === dtype ? b : cast(b, dtype);
  const y = combine(operation, left, right, dtype);
  if (typeof left === "number") {
    if (!tracked(right as Tensor)) return y;
    const input = right as Tensor;
    return record(operation, y, [input], (dy) => [ruleB(dy, left, input, y)]);
  }
  if (typeof right === "number") {
    if (!tracked(left)) return y;
    return record(operation, y, [left], (dy) => [ruleA(dy, left, right, y)]);
  }
  if (!anyTracked(left, right)) return y;
  return record(operation, y, [left, right], (dy) => [
    left.node ? sumTo(ruleA(dy, left, right, y), left.shape) : undefined,
    right.node ? sumTo(ruleB(dy, left, right, y), right.shape) : undefined,
  ]);
}
