// Elements repeated: a whole tensor side by side, or each element by itself.
import { checkShape, normaliseAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { broadcastTo } from "./broadcast.ts";
import { checkTensor } from "./check.ts";
import { expandDims, flatten, reshape } from "./views.ts";

/**
 * x repeated as a block, `repetitions[i]` times along axis i; the shorter of shape and repetitions is filled up with 1
 * in front.
 *
 * Gradient: dy summed over the repetitions.
 * @throws RangeError for repetitions that are not whole numbers from 0 on; TypeError if x is not a tensor.
 * @example
 * ```ts
 * tile(tensor([1, 2]), [2, 2]).toArray(); // [[1, 2, 1, 2], [1, 2, 1, 2]]
 * ```
 */
export function tile(x: Tensor, repetitions: readonly number[]): Tensor {
  checkTensor("tile", x);
  checkShape("tile", repetitions);
  const rank = Math.max(x.rank, repetitions.length);
  const lengths = [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  const times = [...new Array<number>(rank - repetitions.length).fill(1), ...repetitions];
  // Each axis becomes a pair (repetition, position); broadcasting the first of each pair is the whole operation.
  const pairs = lengths.flatMap((length) => [1, length]);
  const repeated = lengths.flatMap((length, i) => [times[i], length]);
  const squeezed = dropOnes(pairs, repeated);
  const y = broadcastTo(reshape(x, squeezed.from), squeezed.to);
  return reshape(
    y,
    lengths.map((length, i) => length * times[i]),
  );
}

/** Leaves out positions where both lists have 1, so that the rank stays within bounds. */
function dropOnes(from: number[], to: number[]): { from: number[]; to: number[] } {
  const kept = from.flatMap((length, i) => (length === 1 && to[i] === 1 ? [] : [i]));
  return { from: kept.map((i) => from[i]), to: kept.map((i) => to[i]) };
}

/**
 * Each element, or each slice along `axis`, `times` times in a row; without an axis x is flattened first.
 *
 * Gradient: dy summed over the repetitions.
 * @throws RangeError for times that is not a whole number from 0 on, or an axis that is out of range; TypeError if x is
 * not a tensor.
 * @example
 * ```ts
 * repeat(tensor([1, 2]), 2).toArray(); // [1, 1, 2, 2]
 * repeat(tensor([[1, 2], [3, 4]]), 2, 1).toArray(); // [[1, 1, 2, 2], [3, 3, 4, 4]]
 * ```
 */
export function repeat(x: Tensor, times: number, axis?: number): Tensor {
  checkTensor("repeat", x);
  checkShape("repeat", [times]);
  if (axis === undefined) return repeat(flatten(x), times, 0);
  const along = normaliseAxis("repeat", axis, x.rank);
  const shape = x.shape.toSpliced(along + 1, 0, times);
  return reshape(broadcastTo(expandDims(x, along + 1), shape), x.shape.with(along, x.shape[along] * times));
}
