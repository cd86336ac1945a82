// Elements taken, or added, at positions along one axis.
import { engine } from "../engine/engine.ts";
import { arange } from "../tensor/create.ts";
import { isCollecting, record, tracked, withRecording } from "../tensor/graph.ts";
import { broadcastShapes, formatShape, normaliseAxis, sizeOf } from "../tensor/shape.ts";
import { type NestedArray, packed, type Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { broadcastsTo, broadcastTo } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { isTimeFirst } from "./memory-order.ts";
import { asPositions, resolvePositions } from "./positions.ts";
import { addRows, type Rows, rowsOf, takeRows } from "./rows.ts";
import { reshape, swapAxes } from "./views.ts";

function alongAxis(operation: string, x: Tensor, indices: Tensor | NestedArray, axis: number): Rows {
  const at = normaliseAxis(operation, axis, x.rank);
  const positions = resolvePositions(operation, asPositions(operation, indices), at, x.shape[at]);
  return rowsOf(operation, x, [{ axis: at, positions }], true);
}

/**
 * Slices of x at the given positions of an axis, NumPy's take: [..., n, ...] with indices [i, j] gives [..., i, j, ...].
 * Gradient: dy added up at the positions.
 * @throws RangeError for a position out of range; TypeError unless the indices are int32.
 * @example
 * ```ts
 * gather(tensor([[1, 2], [3, 4], [5, 6]]), [2, 0]).toArray(); // [[5, 6], [1, 2]]
 * ```
 */
export function gather(x: Tensor, indices: Tensor | NestedArray, axis = 0): Tensor {
  checkTensor("gather", x);
  const { base, rows, width, shape } = alongAxis("gather", x, indices, axis);
  return takeRows("gather", base, rows, width, shape);
}

/**
 * x with `updates` added at the given positions of an axis; a position that occurs several times gets all of them.
 * updates has (or broadcasts to) the shape that `gather(x, indices, axis)` has. Gradients: dy, and dy gathered.
 * @throws RangeError for a position out of range or updates that don't fit.
 * @example
 * ```ts
 * scatterAdd(tensor([0, 0, 0]), [2, 0, 2], tensor([1, 2, 3])).toArray(); // [2, 0, 4]
 * ```
 */
export function scatterAdd(x: Tensor, indices: Tensor | NestedArray, updates: Tensor, axis = 0): Tensor {
  checkTensor("scatterAdd", x);
  checkTensor("scatterAdd", updates);
  const { rows, width, shape } = alongAxis("scatterAdd", x, indices, axis);
  if (!broadcastsTo(updates.shape, shape)) {
    throw new RangeError(
      `scatterAdd: updates of shape ${formatShape(updates.shape)} can't be broadcast to ${formatShape(shape)}, the shape of what is indexed`,
    );
  }
  return add(x, addRows(broadcastTo(cast(updates, x.dtype), shape), rows, width, x.shape));
}

/**
 * One element for each index: y[i, j, k] = x[i, indices[i, j, k], k] (for axis 1). Axes beside `axis` broadcast. Undoes argsort: `takeAlongAxis(x, argsort(x))` is `sort(x)`.
 * Gradient: dy added up at the positions.
 * @throws RangeError for a position out of range, or if the ranks differ.
 * @example
 * ```ts
 * takeAlongAxis(tensor([[1, 2], [3, 4]]), tensor([[1], [0]], "int32"), 1).toArray(); // [[2], [3]]
 * ```
 */
export function takeAlongAxis(x: Tensor, indices: Tensor | NestedArray, axis = -1): Tensor {
  checkTensor("takeAlongAxis", x);
  const at = normaliseAxis("takeAlongAxis", axis, x.rank);
  const given = asPositions("takeAlongAxis", indices);
  if (given.rank !== x.rank) {
    throw new RangeError(
      `takeAlongAxis: indices of shape ${formatShape(given.shape)} must have as many axes as ${formatShape(x.shape)}`,
    );
  }
  const beside = broadcastShapes("takeAlongAxis", x.shape.with(at, 1), given.shape.with(at, 1));
  const n = x.shape[at];
  const base = broadcastTo(x, beside.with(at, n));
  const shape = beside.with(at, given.shape[at]);
  const positions = resolvePositions("takeAlongAxis", broadcastTo(given, shape), at, n);
  const outer = sizeOf(shape.slice(0, at));
  const inner = sizeOf(shape.slice(at + 1));
  let rows = reshape(positions, [outer, shape[at], inner]);
  if (inner > 1) rows = add(mul(rows, inner), arange(0, inner, 1, "int32"));
  if (outer > 1) rows = add(rows, reshape(mul(arange(0, outer, 1, "int32"), n * inner), [outer, 1, 1]));
  return takeRows("takeAlongAxis", base, rows, 1, shape);
}

/**
 * Rows of a table for each index: weights [words, size] and indices [...] give [..., size]. Gradient: dy added up in the rows that were taken.
 * @throws RangeError for an index that is not in 0 to words - 1.
 * @example
 * ```ts
 * embedding(tensor([[1, 2], [3, 4]]), tensor([1, 1], "int32")).toArray(); // [[3, 4], [3, 4]]
 * ```
 */
export function embedding(weights: Tensor, indices: Tensor | NestedArray): Tensor {
  checkTensor("embedding", weights);
  if (weights.rank !== 2) {
    throw new RangeError(`embedding: weights must be a matrix [words, size], got shape ${formatShape(weights.shape)}`);
  }
  const [words, size] = weights.shape as [number, number];
  const positions = asPositions("embedding", indices);
  const turned = positions.rank === 2 && isTimeFirst(positions);
  const rows = turned ? swapAxes(positions, 0, 1) : packed(positions);
  const bad = rows.size === 0 ? -1 : engine().kernel("checkIndices", "int32", rows, rows.size, words);
  if (bad >= 0) {
    const [n, time] = positions.shape;
    const position = turned ? (bad % n) * time + Math.floor(bad / n) : bad;
    throw new RangeError(
      `embedding: index ${engine().readElement(rows, bad)} at position ${position} is not in 0 to ${words - 1}`,
    );
  }
  const y = withRecording(false, () => takeRows("embedding", weights, rows, size, [...rows.shape, size]));
  const vectors = tracked(weights)
    ? record("embedding", y, [weights], (dy) => [embeddingGradient(weights, dy, rows)])
    : y;
  return turned ? swapAxes(vectors, 0, 1) : vectors;
}

/** dy added up in the rows, straight in the place where the gradient of the weights is collected if nothing follows gradients through it. */
function embeddingGradient(weights: Tensor, dy: Tensor, rows: Tensor): Tensor {
  const width = weights.shape[1];
  const slot = isCollecting() ? weights.node?.slot : null;
  if (!slot || tracked(dy) || dy.dtype !== slot.tensor.dtype || !slot.tensor.contiguous || slot.tensor.size === 0) {
    return addRows(dy, rows, width, weights.shape);
  }
  if (slot.fresh) engine().fill(slot.tensor, 0);
  if (dy.size > 0) engine().kernel("scatterAddRows", dy.dtype, rows, packed(dy), slot.tensor, rows.size, width);
  slot.fresh = false;
  return slot.tensor;
}
