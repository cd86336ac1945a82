// Tensors put together, and one put together from parts of itself.

import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { isRecording, record } from "../tensor/graph.ts";
import { formatShape, normaliseAxis, sameShape } from "../tensor/shape.ts";
import { empty, type Tensor } from "../tensor/tensor.ts";
import { checkTensor, checkTensors } from "./check.ts";
import { slice } from "./slices.ts";
import { expandDims } from "./views.ts";

/**
 * Tensors one after the other along an axis, which adds up; the other axes and the dtypes must agree.
 *
 * Gradient: the parts of dy.
 * @throws RangeError for an empty list or shapes that do not agree; TypeError if dtypes differ or an element is not a
 * tensor.
 * @example
 * ```ts
 * concat([tensor([[1, 2]]), tensor([[3, 4]])]).toArray(); // [[1, 2], [3, 4]]
 * ```
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  checkTensors("concat", "the first argument", tensors);
  if (tensors.length === 0) throw new RangeError("concat: needs at least one tensor");
  const first = tensors[0];
  const along = normaliseAxis("concat", axis, first.rank);
  for (const x of tensors) {
    const fits = x.rank === first.rank && x.shape.every((length, i) => i === along || length === first.shape[i]);
    if (!fits) {
      throw new RangeError(
        `concat: shapes ${formatShape(first.shape)} and ${formatShape(x.shape)} must agree in every axis but axis ${along}`,
      );
    }
    if (x.dtype !== first.dtype)
      throw new TypeError(`concat: dtypes ${first.dtype} and ${x.dtype} differ; cast one of them`);
  }
  const total = tensors.reduce((length, x) => length + x.shape[along], 0);
  const y = empty("concat", first.shape.with(along, total), first.dtype);
  const bounds: [number, number][] = [];
  let start = 0;
  for (const x of tensors) {
    const stop = start + x.shape[along];
    bounds.push([start, stop]);
    if (x.size > 0) engine().copy(x, slice(y, start, stop, 1, along));
    start = stop;
  }
  if (!isRecording() || tensors.every((x) => x.node === null)) return y;
  return record("concat", y, tensors, (dy) =>
    tensors.map((x, i) => (x.node ? slice(dy, bounds[i][0], bounds[i][1], 1, along) : undefined)),
  );
}

/**
 * Tensors of one shape side by side along a new axis: n times [a, b] gives [n, a, b] for axis 0.
 *
 * Gradient: the slices of dy.
 * @throws RangeError for an empty list or shapes that differ; TypeError if dtypes differ or an element is not a tensor.
 * @example
 * ```ts
 * stack([tensor([1, 2]), tensor([3, 4])], 1).toArray(); // [[1, 3], [2, 4]]
 * ```
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  checkTensors("stack", "the first argument", tensors);
  if (tensors.length === 0) throw new RangeError("stack: needs at least one tensor");
  for (const x of tensors) {
    if (!sameShape(x.shape, tensors[0].shape)) {
      throw new RangeError(
        `stack: shapes must be equal, got ${formatShape(tensors[0].shape)} and ${formatShape(x.shape)}`,
      );
    }
  }
  const at = normaliseAxis("stack", axis, tensors[0].rank + 1);
  return concat(
    tensors.map((x) => expandDims(x, at)),
    at,
  );
}

/**
 * Elements shifted along an axis; what leaves at one end comes in at the other.
 *
 * Gradient: dy shifted back.
 * @throws RangeError for a shift that is not a whole number or an axis that is out of range; TypeError if x is not a
 * tensor.
 * @example
 * ```ts
 * roll(tensor([1, 2, 3]), 1).toArray(); // [3, 1, 2]
 * ```
 */
export function roll(x: Tensor, shift: number, axis = 0): Tensor {
  checkTensor("roll", x);
  const along = normaliseAxis("roll", axis, x.rank);
  const length = x.shape[along];
  if (!Number.isInteger(shift)) throw new RangeError(`roll: the shift must be a whole number, got ${quote(shift)}`);
  const cut = length === 0 ? 0 : ((-shift % length) + length) % length;
  return cut === 0 ? x : concat([slice(x, cut, undefined, 1, along), slice(x, 0, cut, 1, along)], along);
}
