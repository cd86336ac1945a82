// The dtype of a tensor, changed; and what operations make of dtypes that they do not compute in.
import { checkDType, type DType, isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { record, tracked } from "../tensor/graph.ts";
import { empty, packed, type Tensor } from "../tensor/tensor.ts";
import { checkTensor } from "./check.ts";

/**
 * The same values in another dtype. Shape: that of x. To int32 fractions are cut off, numbers beyond its range go to
 * its ends and NaN to 0; to bool everything but 0 is true.
 *
 * Gradient: dy in the dtype of x, between float32 and float64.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * cast(tensor([1.7, -1.7]), "int32").toArray(); // [1, -1]
 * ```
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  checkTensor("cast", x);
  if (x.dtype === dtype) return x;
  checkDType("cast", dtype);
  const y = empty("cast", x.shape, dtype);
  if (x.size > 0) engine().cast(packed(x), y);
  return tracked(x) && isFloat(dtype) ? record("cast", y, [x], (dy) => [cast(dy, x.dtype)]) : y;
}

/** int32 and bool operands of a function with real values become float32. */
export function real(operation: string, x: Tensor): Tensor {
  checkTensor(operation, x);
  return isFloat(x.dtype) ? x : cast(x, "float32");
}

/** bool counts as 0 and 1. */
export function number(operation: string, x: Tensor): Tensor {
  checkTensor(operation, x);
  return x.dtype === "bool" ? cast(x, "int32") : x;
}
