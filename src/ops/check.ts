// What operations ask of their operands before they run.
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Throws unless `x` is a tensor: the usual slip is a plain array. */
export function checkTensor(operation: string, x: unknown): asserts x is Tensor {
  if (x instanceof Tensor) return;
  const what = Array.isArray(x) ? "an array; wrap it in tensor(...)" : x === null ? "null" : `${typeof x} ${String(x)}`;
  throw new TypeError(`${operation}: needs a tensor, got ${what}`);
}

/** Throws unless the tensors have one shape. */
export function checkSameShape(operation: string, a: Tensor, b: Tensor, roles: string): void {
  if (!sameShape(a.shape, b.shape)) {
    throw new RangeError(
      `${operation}: ${roles} must have the same shape, got ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
    );
  }
}
