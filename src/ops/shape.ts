// Operations that move or repeat elements without changing them. Those that can, return a view: the same memory, seen with other strides.
import { engine } from "../engine/engine.ts";
import { zeros } from "../tensor/create.ts";
import { isRecording, record, tracked } from "../tensor/graph.ts";
import {
  broadcastShapes,
  checkShape,
  formatShape,
  normaliseAxes,
  normaliseAxis,
  type Shape,
  sameShape,
  sizeOf,
} from "../tensor/shape.ts";
import { empty, packed, type Tensor, windowOf } from "../tensor/tensor.ts";
import { cast, checkTensor, where } from "./elementwise.ts";
import { sum, sumTo } from "./reduce.ts";

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
  const unknown = shape.indexOf(-1);
  let target = [...shape];
  if (unknown >= 0) {
    const known = sizeOf(shape.filter((_, i) => i !== unknown));
    if (shape.indexOf(-1, unknown + 1) >= 0)
      throw new RangeError(`reshape: only one length may be -1, got ${formatShape(shape)}`);
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
  const order = axes
    ? axes.map((axis) => normaliseAxis("transpose", axis, x.rank))
    : x.shape.map((_, i) => x.rank - 1 - i);
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new RangeError(
      `transpose: [${String(axes)}] must name each of the ${x.rank} axes of ${formatShape(x.shape)} once`,
    );
  }
  const y = windowOf(
    x,
    order.map((axis) => x.shape[axis]),
    x.offset,
    order.map((axis) => x.strides[axis]),
  );
  if (!tracked(x)) return y;
  return record("transpose", y, [x], (dy) => {
    const inverse = new Array<number>(order.length);
    order.forEach((axis, i) => {
      inverse[axis] = i;
    });
    return [transpose(dy, inverse)];
  });
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
  return transpose(
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
  return transpose(x, order);
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

/** A range along an axis: from `start` to before `stop`, every `step`-th; a negative step runs backwards. Already resolved, in bounds. */
export interface AxisWindow {
  start: number;
  step: number;
  length: number;
}

/** The window given along each axis, a view. Gradient: dy in its place among zeros. Internal: `slice` and indexing resolve bounds. */
export function windowAlongAxes(operation: string, x: Tensor, windows: readonly AxisWindow[]): Tensor {
  let offset = x.offset;
  const strides = x.strides.map((stride, axis) => {
    const { start, step, length } = windows[axis];
    if (length > 0) offset += start * stride;
    return stride * step;
  });
  const y = windowOf(
    x,
    windows.map((w) => w.length),
    offset,
    strides,
  );
  return tracked(x) ? record(operation, y, [x], (dy) => [placeAmongZeros(dy, x.shape, windows)]) : y;
}

/** dy at the windows of a tensor that is 0 elsewhere: the gradient of a window. Its own gradient is the window. */
function placeAmongZeros(dy: Tensor, shape: Shape, windows: readonly AxisWindow[]): Tensor {
  const y = zeros(shape, dy.dtype);
  const place = windowAlongAxes("place", y, windows);
  if (dy.size > 0) engine().copy(dy, place);
  return tracked(dy) ? record("place", y, [dy], (g) => [windowAlongAxes("slice", g, windows)]) : y;
}

/** Resolves Python's slice rules: missing and negative bounds, bounds beyond the end, negative steps. */
export function resolveSlice(operation: string, length: number, start?: number, stop?: number, step = 1): AxisWindow {
  for (const bound of [start, stop, step]) {
    if (bound !== undefined && !Number.isInteger(bound)) {
      throw new RangeError(
        `${operation}: slice bounds and steps must be whole numbers, got ${String(start)}:${String(stop)}:${step}`,
      );
    }
  }
  if (step === 0) throw new RangeError(`${operation}: a slice's step must not be 0`);
  const clamp = (bound: number, low: number, high: number): number =>
    Math.min(Math.max(bound < 0 ? bound + length : bound, low), high);
  if (step > 0) {
    const from = start === undefined ? 0 : clamp(start, 0, length);
    const to = stop === undefined ? length : clamp(stop, 0, length);
    return { start: from, step, length: Math.max(0, Math.ceil((to - from) / step)) };
  }
  const from = start === undefined ? length - 1 : clamp(start, -1, length - 1);
  const to = stop === undefined ? -1 : clamp(stop, -1, length - 1);
  return { start: from, step, length: Math.max(0, Math.ceil((to - from) / step)) };
}

/**
 * Part of one axis, a view: from `start` to before `stop`, every `step`-th; negative bounds count from the end, as in
 * Python.
 *
 * Gradient: dy in its place, 0 elsewhere.
 * @throws RangeError for bounds that are not whole numbers, a step of 0, or an axis that is out of range; TypeError if
 * x is not a tensor.
 * @example
 * ```ts
 * slice(tensor([0, 1, 2, 3]), 1, 3).toArray(); // [1, 2]
 * slice(tensor([0, 1, 2, 3]), undefined, undefined, -2).toArray(); // [3, 1]
 * ```
 */
export function slice(x: Tensor, start?: number, stop?: number, step = 1, axis = 0): Tensor {
  checkTensor("slice", x);
  const along = normaliseAxis("slice", axis, x.rank);
  return windowAlongAxes(
    "slice",
    x,
    x.shape.map((length, i) =>
      i === along ? resolveSlice("slice", length, start, stop, step) : { start: 0, step: 1, length },
    ),
  );
}

/**
 * Order reversed along the axes, all of them by default; a view.
 *
 * Gradient: dy reversed.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * flip(tensor([[1, 2], [3, 4]]), 1).toArray(); // [[2, 1], [4, 3]]
 * ```
 */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  checkTensor("flip", x);
  const reversed = normaliseAxes("flip", axes, x.rank);
  const windows = x.shape.map((length, axis) =>
    reversed.includes(axis) ? { start: length - 1, step: -1, length } : { start: 0, step: 1, length },
  );
  return windowAlongAxes("flip", x, windows);
}

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
  if (tensors.length === 0) throw new RangeError("concat: needs at least one tensor");
  for (const x of tensors) checkTensor("concat", x);
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
  if (tensors.length === 0) throw new RangeError("stack: needs at least one tensor");
  for (const x of tensors) {
    checkTensor("stack", x);
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
 * Cut along an axis, into a number of equal parts or into parts of the given lengths; views.
 *
 * Gradient: dy of each part in its place.
 * @throws RangeError if the length can't be cut so; TypeError if x is not a tensor.
 * @example
 * ```ts
 * split(tensor([1, 2, 3, 4]), 2); // [[1, 2], [3, 4]]
 * split(tensor([1, 2, 3, 4]), [1, 3]); // [[1], [2, 3, 4]]
 * ```
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  checkTensor("split", x);
  const along = normaliseAxis("split", axis, x.rank);
  const length = x.shape[along];
  let lengths: readonly number[];
  if (typeof parts === "number") {
    if (!Number.isInteger(parts) || parts < 1 || length % parts !== 0) {
      throw new RangeError(`split: axis ${along} of length ${length} can't be cut into ${parts} equal parts`);
    }
    lengths = new Array<number>(parts).fill(length / parts);
  } else {
    lengths = parts;
    if (sizeOf([lengths.reduce((a, b) => a + b, 0)]) !== length) {
      throw new RangeError(
        `split: lengths [${lengths.join(", ")}] must add up to ${length}, the length of axis ${along}`,
      );
    }
  }
  let start = 0;
  return lengths.map((part) => {
    start += part;
    return slice(x, start - part, start, 1, along);
  });
}

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

/** What `pad` puts outside: a value, the edge element, the mirror image without the edge, or with it, or the other end. */
export type PadMode = "constant" | "edge" | "reflect" | "symmetric" | "wrap";

/** Source position of each position along a padded axis; -1 for the constant. */
function paddedPositions(length: number, before: number, after: number, mode: PadMode): number[] {
  return Array.from({ length: before + length + after }, (_, i) => {
    const position = i - before;
    if (position >= 0 && position < length) return position;
    if (mode === "constant") return -1;
    if (mode === "edge") return position < 0 ? 0 : length - 1;
    if (mode === "wrap") return ((position % length) + length) % length;
    const period = mode === "reflect" ? Math.max(1, 2 * (length - 1)) : 2 * length;
    const within = ((position % period) + period) % period;
    if (within < length) return within;
    return mode === "reflect" ? period - within : period - 1 - within;
  });
}

/**
 * x with `[before, after]` elements added along each axis: [a, b] becomes [before + a + after, ...].
 *
 * Gradient: dy inside; modes other than "constant" add up what was repeated.
 * @param widths a pair for each axis of x.
 * @throws RangeError unless there is a pair of whole numbers from 0 on for each axis, or if a mode would repeat
 * elements of an axis without any; TypeError if x is not a tensor.
 * @example
 * ```ts
 * pad(tensor([1, 2]), [[1, 1]]).toArray(); // [0, 1, 2, 0]
 * pad(tensor([1, 2, 3]), [[2, 0]], "reflect").toArray(); // [3, 2, 1, 2, 3]
 * ```
 */
export function pad(
  x: Tensor,
  widths: readonly (readonly [number, number])[],
  mode: PadMode = "constant",
  value = 0,
): Tensor {
  checkTensor("pad", x);
  if (widths.length !== x.rank) {
    throw new RangeError(
      `pad: needs a pair of widths for each of the ${x.rank} axes of ${formatShape(x.shape)}, got ${widths.length}`,
    );
  }
  for (const [before, after] of widths) checkShape("pad", [before, after]);
  if (mode === "constant") return padConstant(x, widths, value);
  let y = x;
  widths.forEach(([before, after], axis) => {
    if (before === 0 && after === 0) return;
    const length = x.shape[axis];
    if (length === 0)
      throw new RangeError(
        `pad: mode ${mode} needs elements to repeat, but axis ${axis} of ${formatShape(x.shape)} is empty`,
      );
    const positions = paddedPositions(length, before, after, mode);
    // Runs of neighbours are taken as slices, so that padding stays a few block copies.
    const parts: Tensor[] = [];
    for (let i = 0; i < positions.length; ) {
      const step = Math.sign((positions[i + 1] ?? positions[i]) - positions[i]) || 1;
      let count = 1;
      while (i + count < positions.length && positions[i + count] === positions[i] + step * count) count += 1;
      const start = positions[i];
      const stop = start + step * count;
      parts.push(slice(y, start, stop < 0 ? undefined : stop, step, axis));
      i += count;
    }
    y = concat(parts, axis);
  });
  return y;
}

function padConstant(x: Tensor, widths: readonly (readonly [number, number])[], value: number): Tensor {
  const windows = x.shape.map((length, i) => ({ start: widths[i][0], step: 1, length }));
  const shape = x.shape.map((length, i) => widths[i][0] + length + widths[i][1]);
  checkShape("pad", shape);
  const y = empty("pad", shape, x.dtype);
  engine().fill(y, value);
  if (x.size > 0) engine().copy(x, windowAlongAxes("pad", y, windows));
  return tracked(x) ? record("pad", y, [x], (dy) => [windowAlongAxes("slice", dy, windows)]) : y;
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
  if (!Number.isInteger(shift)) throw new RangeError(`roll: the shift must be a whole number, got ${shift}`);
  const cut = length === 0 ? 0 : ((-shift % length) + length) % length;
  return cut === 0 ? x : concat([slice(x, cut, undefined, 1, along), slice(x, 0, cut, 1, along)], along);
}

function triangle(operation: string, x: Tensor, inside: (row: number, column: number) => boolean): Tensor {
  checkTensor(operation, x);
  if (x.rank < 2) throw new RangeError(`${operation}: needs at least two axes, got shape ${formatShape(x.shape)}`);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const mask = zeros([rows, columns], x.dtype);
  const values = mask.dataSync();
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) if (inside(i, j)) values[i * columns + j] = 1;
  engine().write(mask, values);
  return mask;
}

/**
 * A mask in the shape of x's last two axes: true on and below the `offset`-th diagonal (0: the main one, above it
 * positive). Its values are not read.
 * @throws RangeError for fewer than two axes; TypeError if x is not a tensor.
 * @example
 * ```ts
 * lowerMask(zeros([2, 2])).toArray(); // [[true, false], [true, true]]
 * ```
 */
export function lowerMask(x: Tensor, offset = 0): Tensor {
  return cast(
    triangle("lowerMask", x, (i, j) => j <= i + offset),
    "bool",
  );
}

/**
 * A mask in the shape of x's last two axes: true on and above the `offset`-th diagonal (0: the main one, above it
 * positive). Its values are not read.
 * @throws RangeError for fewer than two axes; TypeError if x is not a tensor.
 * @example
 * ```ts
 * upperMask(zeros([2, 2])).toArray(); // [[true, true], [false, true]]
 * ```
 */
export function upperMask(x: Tensor, offset = 0): Tensor {
  return cast(
    triangle("upperMask", x, (i, j) => j >= i + offset),
    "bool",
  );
}

/**
 * A copy with 0 above the `offset`-th diagonal of the last two axes: NumPy's tril. Gradient: dy on and below it.
 * @throws RangeError for fewer than two axes.
 * @example
 * ```ts
 * lowerTriangle(tensor([[1, 2], [3, 4]])).toArray(); // [[1, 0], [3, 4]]
 * ```
 */
export function lowerTriangle(x: Tensor, offset = 0): Tensor {
  return where(lowerMask(x, offset), x, 0);
}

/**
 * A copy with 0 below the `offset`-th diagonal of the last two axes: NumPy's triu. Gradient: dy on and above it.
 * @throws RangeError for fewer than two axes.
 * @example
 * ```ts
 * upperTriangle(tensor([[1, 2], [3, 4]])).toArray(); // [[1, 2], [0, 4]]
 * ```
 */
export function upperTriangle(x: Tensor, offset = 0): Tensor {
  return where(upperMask(x, offset), x, 0);
}

/**
 * The elements on the `offset`-th diagonal of a matrix (0: the main one, above it positive), a view: [m, n] to
 * [length].
 *
 * Gradient: dy on the diagonal, 0 elsewhere.
 * @throws RangeError unless x is a matrix; TypeError if x is not a tensor.
 * @example
 * ```ts
 * diagonal(tensor([[1, 2], [3, 4]])).toArray(); // [1, 4]
 * ```
 */
export function diagonal(x: Tensor, offset = 0): Tensor {
  checkTensor("diagonal", x);
  if (x.rank !== 2) throw new RangeError(`diagonal: needs a matrix, got shape ${formatShape(x.shape)}`);
  const [rows, columns] = x.shape as [number, number];
  const row = Math.max(0, -offset);
  const column = Math.max(0, offset);
  const length = Math.max(0, Math.min(rows - row, columns - column));
  const [rowStride, columnStride] = x.strides as [number, number];
  const start = length === 0 ? x.offset : x.offset + row * rowStride + column * columnStride;
  const y = windowOf(x, [length], start, [rowStride + columnStride]);
  if (!tracked(x)) return y;
  return record("diagonal", y, [x], (dy) => [diagonalMatrix(dy, [rows, columns], offset)]);
}

/** A matrix with `x` on its diagonal and 0 elsewhere: the gradient of `diagonal`. */
function diagonalMatrix(x: Tensor, shape: Shape, offset: number): Tensor {
  const y = zeros(shape, x.dtype);
  if (x.size > 0) engine().copy(x, diagonal(y, offset));
  return tracked(x) ? record("diagonalMatrix", y, [x], (dy) => [diagonal(dy, offset)]) : y;
}

/**
 * Sum of a matrix's diagonal: [m, n] to a scalar.
 *
 * Gradient: dy on the diagonal, 0 elsewhere.
 * @throws RangeError unless x is a matrix; TypeError if x is not a tensor.
 * @example
 * ```ts
 * trace(tensor([[1, 2], [3, 4]])).item(); // 5
 * ```
 */
export function trace(x: Tensor): Tensor {
  return sum(diagonal(x));
}
