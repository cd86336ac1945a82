// Repeating elements along an axis and adding them up: each is the gradient of the other.
import { record, tracked } from "../tensor/graph.ts";
import { broadcastShapes, checkShape, formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { type Tensor, windowOf } from "../tensor/tensor.ts";
import { number } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { type Axes, fold, type Plan, plan } from "./folding.ts";
import { reshape } from "./views.ts";

/**
 * x repeated to a larger shape by the rules of broadcasting: axes are aligned at the end, a length of 1 repeats. A view
 * that copies nothing.
 *
 * Gradient: dy summed over what was repeated.
 * @throws RangeError if x does not broadcast to the shape; TypeError if x is not a tensor.
 * @example
 * ```ts
 * broadcastTo(tensor([1, 2]), [3, 2]).toArray(); // [[1, 2], [1, 2], [1, 2]]
 * ```
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  checkTensor("broadcastTo", x);
  checkShape("broadcastTo", shape);
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape)) {
    throw new RangeError(
      `broadcastTo: ${formatShape(x.shape)} can't be broadcast to the smaller ${formatShape(shape)}`,
    );
  }
  const lead = shape.length - x.rank;
  const strides = shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : x.strides[i - lead]));
  const y = windowOf(x, [...shape], x.offset, strides);
  return tracked(x) ? record("broadcastTo", y, [x], (dy) => [sumTo(dy, x.shape)]) : y;
}

/** Whether a value of one shape can stand wherever the other shape is asked for. */
export function broadcastsTo(from: Shape, to: Shape): boolean {
  const lead = to.length - from.length;
  return lead >= 0 && from.every((length, i) => length === 1 || length === to[i + lead]);
}

/**
 * Sum over axes. Shape: that of x without the axes, or with length 1 there if `keepDims`; bool counts as int32. Sums of
 * int32 wrap around at 2^31, as all arithmetic on it does: cast to float64 what may be larger.
 *
 * The order of additions is fixed and pairwise-like, whatever the number of threads: same numbers, same bits.
 * Gradient: dy to every element.
 * @param axes one axis, several, or (left out) all; negative ones count from the end.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * sum(tensor([[1, 2], [3, 4]]), 0).toArray(); // [4, 6]
 * ```
 */
export function sum(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const input = number("sum", x);
  const p = plan("sum", input, axes);
  const y = fold("sum", p, keepDims, input.dtype);
  return tracked(input) ? record("sum", y, [input], (dy) => [unfold(dy, p, input.shape)]) : y;
}

/** Sums x down to a shape that broadcasts to x's: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((length, i) => (i < lead || (shape[i - lead] === 1 && length !== 1) ? [i] : []));
  const y = axes.length > 0 ? sum(x, axes, true) : x;
  return reshape(y, shape);
}

/** dy spread back over the folded axes. */
export function unfold(dy: Tensor, p: Plan, shape: Shape): Tensor {
  return broadcastTo(reshape(dy, p.keptShape), shape);
}
