// The same elements under another shape or in another order of axes, where possible as a view: the same memory, seen with other strides.

import { list } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { record, tracked } from "../tensor/graph.ts";
import {
  checkLengths,
  checkShape,
  formatShape,
  normaliseAxes,
  normaliseAxis,
  type Shape,
  sizeOf,
} from "../tensor/shape.ts";
import { empty, packed, type Tensor, windowOf } from "../tensor/tensor.ts";
import { checkTensor } from "./check.ts";

/**
 * The elements in row-major order under another shape; one length may be -1 and follows from the others. A view where x
 * is row-major, else a copy.
 *
 * Gradient: dy in the shape of x.
 * @throws RangeError if the sizes differ, or more than one length is -1; TypeError if x is not a tensor.
 * @example
 * ```ts
 * reshape(tensor([1, 2, 3, 4]), [2, -1]).toArray(); // [[1, 2], [3, 4]]
 * ```
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor("reshape", x);
  const target = inferLength(x, shape);
  const base = packed(x);
  const y = windowOf(base, target, base.offset, null);
  return tracked(x) ? record("reshape", y, [x], (dy) => [reshape(dy, x.shape)]) : y;
}

function inferLength(x: Tensor, shape: Shape): Shape {
  checkLengths("reshape", shape);
  const unknown = shape.indexOf(-1);
  let target = [...shape];
  if (unknown >= 0) {
    const others = shape.filter((_, i) => i !== unknown);
    if (shape.indexOf(-1, unknown + 1) >= 0)
      throw new RangeError(`reshape: only one length may be -1, got ${formatShape(shape)}`);
    checkShape("reshape", others);
    const known = sizeOf(others);
    if (known === 0 || x.size % known !== 0) {
      throw new RangeError(
        `reshape: ${x.size} elements of shape ${formatShape(x.shape)} can't be divided into ${formatShape(shape)}`,
      );
    }
    target = target.map((length, i) => (i === unknown ? x.size / known : length));
  }
  checkShape("reshape", target);
  if (sizeOf(target) !== x.size) {
    throw new RangeError(
      `reshape: shape ${formatShape(x.shape)} has ${x.size} elements, ${formatShape(target)} would have ${sizeOf(target)}`,
    );
  }
  return target;
}

/**
 * All elements in one axis, row-major: [a, b, ...] to [a b ...]. A view where x is row-major, else a copy.
 *
 * Gradient: dy in the shape of x.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * flatten(tensor([[1, 2], [3, 4]])).toArray(); // [1, 2, 3, 4]
 * ```
 */
export function flatten(x: Tensor): Tensor {
  return reshape(x, [-1]);
}

/**
 * Axes in another order, a view: axis i of the result is axis `axes[i]` of x. Without `axes` they are reversed.
 *
 * Gradient: dy with the order undone.
 * @throws RangeError unless `axes` names every axis once; TypeError if x is not a tensor.
 * @example
 * ```ts
 * transpose(tensor([[1, 2], [3, 4]])).toArray(); // [[1, 3], [2, 4]]
 * transpose(zeros([2, 3, 4]), [1, 2, 0]).shape; // [3, 4, 2]
 * ```
 */
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  checkTensor("transpose", x);
  return permuted(x, axes === undefined ? x.shape.map((_, i) => x.rank - 1 - i) : orderOf(x, axes));
}

/** The axes in an order that names each of them once. */
function permuted(x: Tensor, order: readonly number[]): Tensor {
  const { strides } = x;
  const shape = new Array<number>(order.length);
  const steps = new Array<number>(order.length);
  for (let i = 0; i < order.length; i++) {
    shape[i] = x.shape[order[i]];
    steps[i] = strides[order[i]];
  }
  const y = windowOf(x, shape, x.offset, steps);
  if (!tracked(x)) return y;
  return record("transpose", y, [x], (dy) => {
    const inverse = new Array<number>(order.length);
    order.forEach((axis, i) => {
      inverse[axis] = i;
    });
    return [permuted(dy, inverse)];
  });
}

function orderOf(x: Tensor, axes: readonly number[]): number[] {
  const order = Array.from(list("transpose", "axes", axes), (axis) => normaliseAxis("transpose", axis, x.rank));
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new RangeError(
      `transpose: ${quote(axes)} must name each of the ${x.rank} axes of ${formatShape(x.shape)} once`,
    );
  }
  return order;
}

/**
 * Two axes exchanged, a view.
 *
 * Gradient: dy with the same axes exchanged.
 * @throws RangeError for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * swapAxes(zeros([2, 3, 4]), 0, 2).shape; // [4, 3, 2]
 * ```
 */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  checkTensor("swapAxes", x);
  const first = normaliseAxis("swapAxes", a, x.rank);
  const second = normaliseAxis("swapAxes", b, x.rank);
  return permuted(
    x,
    x.shape.map((_, i) => (i === first ? second : i === second ? first : i)),
  );
}

/**
 * One axis taken to another place, a view; the others keep their order.
 *
 * Gradient: dy with the axis taken back.
 * @throws RangeError for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * moveAxis(zeros([2, 3, 4]), 0, -1).shape; // [3, 4, 2]
 * ```
 */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  checkTensor("moveAxis", x);
  const source = normaliseAxis("moveAxis", from, x.rank);
  const target = normaliseAxis("moveAxis", to, x.rank);
  const order = x.shape.map((_, i) => i).filter((axis) => axis !== source);
  order.splice(target, 0, source);
  return permuted(x, order);
}

/**
 * A new axis of length 1 at `axis` of the result, a view.
 *
 * Gradient: dy in the shape of x.
 * @throws RangeError for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * expandDims(zeros([3]), 0).shape; // [1, 3]
 * ```
 */
export function expandDims(x: Tensor, axis: number): Tensor {
  checkTensor("expandDims", x);
  const at = normaliseAxis("expandDims", axis, x.rank + 1);
  const y = windowOf(x, x.shape.toSpliced(at, 0, 1), x.offset, x.strides.toSpliced(at, 0, 1));
  return tracked(x) ? record("expandDims", y, [x], (dy) => [reshape(dy, x.shape)]) : y;
}

/**
 * x without its axes of length 1, all of them or the named ones; a view.
 *
 * Gradient: dy in the shape of x.
 * @throws RangeError if a named axis is longer than 1 or out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * squeeze(zeros([1, 3, 1])).shape; // [3]
 * ```
 */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  checkTensor("squeeze", x);
  const named = axes === undefined ? undefined : normaliseAxes("squeeze", axes, x.rank);
  const drop = named ?? x.shape.flatMap((length, i) => (length === 1 ? [i] : []));
  for (const axis of drop) {
    if (x.shape[axis] !== 1)
      throw new RangeError(`squeeze: axis ${axis} of ${formatShape(x.shape)} has length ${x.shape[axis]}, not 1`);
  }
  const left = <T>(list: readonly T[]): T[] => list.filter((_, i) => !drop.includes(i));
  const y = windowOf(x, left(x.shape), x.offset, left(x.strides));
  return tracked(x) ? record("squeeze", y, [x], (dy) => [reshape(dy, x.shape)]) : y;
}

/**
 * A copy with memory of its own, row-major. Shape and dtype: those of x.
 *
 * Gradient: dy.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * clone(tensor([1, 2])).toArray(); // [1, 2]
 * ```
 */
export function clone(x: Tensor): Tensor {
  checkTensor("clone", x);
  const y = empty("clone", x.shape, x.dtype);
  if (x.size > 0) engine().copy(x, y);
  return tracked(x) ? record("clone", y, [x], (dy) => [dy]) : y;
}
