// Elements selected by truth, and the positions where they stand.
import type { Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { truePositions, unravel } from "./positions.ts";
import { takeRows } from "./rows.ts";

/**
 * The elements of x where the mask is true, in row-major order. Shape: [count]; the mask is bool and broadcast to x.
 *
 * Gradient: dy in the places of the elements, 0 elsewhere.
 * @throws TypeError unless x is a tensor and the mask a bool one; RangeError if it can't be broadcast to x.
 * @example
 * ```ts
 * maskedSelect(tensor([1, 2, 3]), tensor([true, false, true])).toArray(); // [1, 3]
 * ```
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  checkTensor("maskedSelect", x);
  checkTensor("maskedSelect", mask);
  if (mask.dtype !== "bool") throw new TypeError(`maskedSelect: the mask must be bool, got ${mask.dtype}`);
  return takeRows("maskedSelect", x, ...rowsWhere(broadcastTo(mask, x.shape)));
}

function rowsWhere(mask: Tensor): [rows: Tensor, width: number, shape: Shape] {
  const rows = truePositions(mask);
  return [rows, 1, rows.shape];
}

/**
 * Positions of the elements that are not 0, in row-major order: one int32 tensor [count] an axis, as NumPy gives them.
 * `x.get(...nonZero(x))` are the elements themselves.
 *
 * No gradient.
 * @throws RangeError for a scalar; TypeError if x is not a tensor.
 * @example
 * ```ts
 * const [rows, columns] = nonZero(tensor([[0, 5], [7, 0]]));
 * rows.toArray(); // [0, 1]
 * columns.toArray(); // [1, 0]
 * ```
 */
export function nonZero(x: Tensor): Tensor[] {
  checkTensor("nonZero", x);
  if (x.rank === 0) throw new RangeError("nonZero: a scalar has no axes to give positions along");
  return unravel(truePositions(cast(x, "bool")), x.shape);
}
