// What operations ask of their operands before they run.
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export { checkTensor, checkTensors } from "../tensor/check.ts";

/** Throws unless the tensors have one shape. */
export function checkSameShape(operation: string, a: Tensor, b: Tensor, roles: string): void {
  if (!sameShape(a.shape, b.shape)) {
    throw new RangeError(
      `${operation}: ${roles} must have the same shape, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
}
