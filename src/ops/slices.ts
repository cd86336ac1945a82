// Ranges along axes, as views: the same memory from another start and with other strides.
import { list, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { zeros } from "../tensor/create.ts";
import { record, tracked } from "../tensor/graph.ts";
import { normaliseAxes, normaliseAxis, type Shape } from "../tensor/shape.ts";
import { type Tensor, windowOf } from "../tensor/tensor.ts";
import { checkTensor } from "./check.ts";

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
      throw new RangeError(`${operation}: slice bounds and steps must be whole numbers, got ${quote(bound)}`);
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
 * Python. Short for `get` with one range: `x.slice(1, 3)` is `x.get("1:3")`.
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
      throw new RangeError(`split: axis ${along} of length ${length} can't be cut into ${quote(parts)} equal parts`);
    }
    lengths = new Array<number>(parts).fill(length / parts);
  } else {
    lengths = list("split", "what is not a number of equal parts", parts);
    for (const part of lengths) whole("split", "a length", part, 0);
    if (lengths.reduce((a, b) => a + b, 0) !== length) {
      throw new RangeError(`split: lengths ${quote(lengths)} must add up to ${length}, the length of axis ${along}`);
    }
  }
  let start = 0;
  return lengths.map((part) => {
    start += part;
    return slice(x, start - part, start, 1, along);
  });
}
