// Operations that fold axes away, or run along one: sums, extremes, statistics, softmax, cumulative sums.
import { type DType, isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { full } from "../tensor/create.ts";
import { record, tracked } from "../tensor/graph.ts";
import { formatShape, normaliseAxes, normaliseAxis, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { empty, packed, type Tensor, windowOf } from "../tensor/tensor.ts";
import * as e from "./elementwise.ts";
import { broadcastTo, concat, flip, reshape, slice, transpose } from "./shape.ts";

/** Which axes to fold: one, several, or (undefined) all. */
export type Axes = number | readonly number[];

interface Plan {
  axes: number[];
  /** Row-major elements to reduce as [outer, n, inner]. */
  source: Tensor;
  outer: number;
  n: number;
  inner: number;
  /** Result's shape without and with the folded axes kept as 1. */
  shape: number[];
  keptShape: number[];
}

/** Lays x out as [outer, n, inner] with n the folded axes: no copy where they are neighbours in a row-major tensor. */
function plan(operation: string, x: Tensor, axes: Axes | undefined): Plan {
  const folded = normaliseAxes(operation, axes, x.rank);
  const shape: number[] = [];
  const keptShape: number[] = [];
  for (let i = 0; i < x.rank; i++) {
    const isFolded = folded.includes(i);
    if (!isFolded) shape.push(x.shape[i]);
    keptShape.push(isFolded ? 1 : x.shape[i]);
  }
  const neighbours = folded.length === 0 || folded.at(-1)! - folded[0] === folded.length - 1;
  if (neighbours) {
    const first = folded[0] ?? x.rank;
    const last = folded.at(-1) ?? x.rank - 1;
    const outer = sizeOf(x.shape.slice(0, first));
    const inner = sizeOf(x.shape.slice(last + 1));
    return {
      axes: folded,
      source: packed(x),
      outer,
      n: sizeOf(x.shape.slice(first, last + 1)),
      inner,
      shape,
      keptShape,
    };
  }
  const kept = x.shape.map((_, i) => i).filter((i) => !folded.includes(i));
  const order = [...kept, ...folded];
  const moved = windowOf(
    x,
    order.map((i) => x.shape[i]),
    x.offset,
    order.map((i) => x.strides[i]),
  );
  return {
    axes: folded,
    source: packed(moved),
    outer: sizeOf(shape),
    n: sizeOf(folded.map((i) => x.shape[i])),
    inner: 1,
    shape,
    keptShape,
  };
}

function fold(operation: string, p: Plan, keepDims: boolean, dtype: DType): Tensor {
  const y = empty(operation, keepDims ? p.keptShape : p.shape, dtype);
  if (y.size > 0) engine().reduce(operation, p.source, y, p.outer, p.n, p.inner);
  return y;
}

/** dy spread back over the folded axes. */
function unfold(dy: Tensor, p: Plan, shape: Shape): Tensor {
  return broadcastTo(reshape(dy, p.keptShape), shape);
}

function checkNotEmpty(operation: string, p: Plan, x: Tensor): void {
  if (p.n === 0)
    throw new RangeError(
      `${operation}: no elements to compare in axes [${p.axes.join(", ")}] of shape ${formatShape(x.shape)}`,
    );
}

function real(operation: string, x: Tensor): Tensor {
  e.checkTensor(operation, x);
  return isFloat(x.dtype) ? x : e.cast(x, "float32");
}

/** bool counts as 0 and 1. */
function number(operation: string, x: Tensor): Tensor {
  e.checkTensor(operation, x);
  return x.dtype === "bool" ? e.cast(x, "int32") : x;
}

/**
 * Sum over axes. Shape: that of x without the axes, or with length 1 there if `keepDims`; bool counts as int32.
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

/**
 * Mean over axes: sum(x) / n. Shape as in `sum`; int32 and bool become float32. NaN over no elements.
 *
 * Gradient: dy / n to every element.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * mean(tensor([[1, 2], [3, 6]]), 1).toArray(); // [1.5, 4.5]
 * ```
 */
export function mean(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const input = real("mean", x);
  const n = sizeOf(normaliseAxes("mean", axes, input.rank).map((axis) => input.shape[axis]));
  return e.div(sum(input, axes, keepDims), n);
}

/**
 * Product over axes, 1 over no elements. Shape and dtype as in `sum`.
 *
 * Gradient: dy times the product of the other elements, right also where elements are 0.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * prod(tensor([2, 3, 4])).item(); // 24
 * ```
 */
export function prod(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const input = number("prod", x);
  const p = plan("prod", input, axes);
  const y = fold("prod", p, keepDims, input.dtype);
  if (!tracked(input)) return y;
  return record("prod", y, [input], (dy) => {
    // The products of what stands before and after each element: right also where elements are 0.
    const order = [...input.shape.keys()].filter((i) => !p.axes.includes(i)).concat(p.axes);
    const rows = reshape(transpose(input, order), [sizeOf(p.shape), -1]);
    const others = e.mul(productBefore(rows), flip(productBefore(flip(rows, 1)), 1));
    const inverse = order.map((_, i) => order.indexOf(i));
    const moved = reshape(
      others,
      order.map((i) => input.shape[i]),
    );
    return [e.mul(unfold(dy, p, input.shape), transpose(moved, inverse))];
  });
}

/** Along rows: the product of all earlier elements, 1 for the first. */
function productBefore(rows: Tensor): Tensor {
  const [count, length] = rows.shape as [number, number];
  if (length <= 1) return full([count, length], 1, rows.dtype);
  // Doubling: after step s each element holds the product of the 2^s elements before it.
  let y = shiftRight(rows, 1);
  for (let shift = 1; shift < length; shift *= 2) y = e.mul(y, shiftRight(y, shift));
  return y;
}

function shiftRight(rows: Tensor, by: number): Tensor {
  const [count, length] = rows.shape as [number, number];
  const lead = full([count, Math.min(by, length)], 1, rows.dtype);
  return by >= length ? lead : concat([lead, slice(rows, 0, length - by, 1, 1)], 1);
}

function extreme(operation: "max" | "min", x: Tensor, axes: Axes | undefined, keepDims: boolean): Tensor {
  const input = number(operation, x);
  const p = plan(operation, input, axes);
  checkNotEmpty(operation, p, input);
  const y = fold(operation, p, keepDims, input.dtype);
  if (!tracked(input)) return y;
  return record(operation, y, [input], (dy) => {
    const hit = e.cast(e.equal(input, unfold(y, p, input.shape)), dy.dtype);
    const share = e.div(hit, sum(hit, p.axes, true));
    return [e.mul(unfold(dy, p, input.shape), share)];
  });
}

/**
 * Largest element over axes; NaN wins. Shape and dtype as in `sum`.
 *
 * Gradient: dy to the largest element, in equal parts where several are.
 * @throws RangeError over no elements, or for an axis that is out of range or named twice; TypeError if x is not a
 * tensor.
 * @example
 * ```ts
 * max(tensor([[1, 3], [4, 2]]), 1).toArray(); // [3, 4]
 * ```
 */
export function max(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return extreme("max", x, axes, keepDims);
}

/**
 * Smallest element over axes; NaN wins. Shape and dtype as in `sum`.
 *
 * Gradient: dy to the smallest element, in equal parts where several are.
 * @throws RangeError over no elements, or for an axis that is out of range or named twice; TypeError if x is not a
 * tensor.
 * @example
 * ```ts
 * min(tensor([[1, 3], [4, 2]]), 1).toArray(); // [1, 2]
 * ```
 */
export function min(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return extreme("min", x, axes, keepDims);
}

function position(operation: "argmax" | "argmin", x: Tensor, axis: number | undefined, keepDims: boolean): Tensor {
  const input = number(operation, x);
  const p = plan(operation, input, axis);
  checkNotEmpty(operation, p, input);
  const source = input.dtype === "int32" ? { ...p, source: e.cast(p.source, "float64") } : p;
  return fold(operation, source, keepDims, "int32");
}

/**
 * Position of the largest element along an axis, the first of equals. Shape as in `sum`; int32, without gradient.
 * @param axis left out: the position in all elements, row-major.
 * @throws RangeError over no elements or for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * argmax(tensor([[1, 3], [4, 2]]), 1).toArray(); // [1, 0]
 * ```
 */
export function argmax(x: Tensor, axis?: number, keepDims = false): Tensor {
  return position("argmax", x, axis, keepDims);
}

/**
 * Position of the smallest element along an axis, the first of equals. Shape as in `sum`; int32, without gradient.
 * @param axis left out: the position in all elements, row-major.
 * @throws RangeError over no elements or for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * argmin(tensor([[1, 3], [4, 2]]), 1).toArray(); // [0, 1]
 * ```
 */
export function argmin(x: Tensor, axis?: number, keepDims = false): Tensor {
  return position("argmin", x, axis, keepDims);
}

/**
 * Whether any element over axes is true (not 0); false over no elements. Shape as in `sum`; bool, without gradient.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * any(tensor([[0, 1], [0, 0]]), 1).toArray(); // [true, false]
 * ```
 */
export function any(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return fold("any", plan("any", e.cast(x, "bool"), axes), keepDims, "bool");
}

/**
 * Whether all elements over axes are true (not 0); true over no elements. Shape as in `sum`; bool, without gradient.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * all(tensor([[1, 1], [0, 1]]), 1).toArray(); // [true, false]
 * ```
 */
export function all(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return fold("all", plan("all", e.cast(x, "bool"), axes), keepDims, "bool");
}

/**
 * How many elements over axes are not 0. Shape as in `sum`; int32, without gradient.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * countNonZero(tensor([0, 1, 2])).item(); // 2
 * ```
 */
export function countNonZero(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return fold("countNonZero", plan("countNonZero", e.cast(x, "bool"), axes), keepDims, "int32");
}

/**
 * Variance over axes: sum((x - mean)^2) / (n - correction). Shape as in `sum`; int32 and bool become float32.
 *
 * Gradient: 2 dy (x - mean) / (n - correction).
 * @param correction 0 (default): the variance of a population; 1: the estimate from a sample.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * variance(tensor([1, 2, 3, 4])).item(); // 1.25
 * ```
 */
export function variance(x: Tensor, axes?: Axes, keepDims = false, correction = 0): Tensor {
  const input = real("variance", x);
  const p = plan("variance", input, axes);
  const divisor = p.n - correction;
  const centre = mean(input, p.axes, true);
  if (!tracked(input)) {
    const y = empty("variance", keepDims ? p.keptShape : p.shape, input.dtype);
    if (y.size > 0) engine().variance(p.source, packed(centre), y, p.outer, p.n, p.inner, divisor);
    return y;
  }
  return e.div(sum(e.square(e.sub(input, centre)), p.axes, keepDims), divisor);
}

/**
 * Standard deviation over axes: the square root of `variance`, with its shape and options.
 *
 * Gradient: dy (x - mean) / ((n - correction) y).
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * standardDeviation(tensor([1, 3])).item(); // 1
 * ```
 */
export function standardDeviation(x: Tensor, axes?: Axes, keepDims = false, correction = 0): Tensor {
  return e.sqrt(variance(x, axes, keepDims, correction));
}

/**
 * Length of vectors over axes. Order 2 (default): root of the sum of squares; 1: sum of absolute values; Infinity: the
 * largest absolute value. Shape as in `sum`; int32 and bool become float32.
 *
 * Gradient of order 2: dy x / y.
 * @throws RangeError for another order, or an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * norm(tensor([3, -4])).item(); // 5
 * norm(tensor([3, -4]), undefined, false, 1).item(); // 7
 * ```
 */
export function norm(x: Tensor, axes?: Axes, keepDims = false, order: 1 | 2 | typeof Infinity = 2): Tensor {
  const input = real("norm", x);
  if (order === 1) return sum(e.abs(input), axes, keepDims);
  if (order === Number.POSITIVE_INFINITY) return max(e.abs(input), axes, keepDims);
  if (order !== 2) throw new RangeError(`norm: order must be 1, 2 or Infinity, got ${String(order)}`);
  if (tracked(input)) return e.sqrt(sum(e.square(input), axes, keepDims));
  return e.sqrt(fold("sumSquares", plan("norm", input, axes), keepDims, input.dtype));
}

/**
 * ln(sum of e^x) over axes, without overflow. Shape as in `sum`; int32 and bool become float32.
 *
 * Gradient: dy e^(x - y), which is dy softmax(x).
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * logSumExp(tensor([1000, 1000])).item(); // 1000.6931472
 * ```
 */
export function logSumExp(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const input = real("logSumExp", x);
  const p = plan("logSumExp", input, axes);
  const y = fold("logSumExp", p, keepDims, input.dtype);
  if (!tracked(input)) return y;
  return record("logSumExp", y, [input], (dy) => [
    e.mul(unfold(dy, p, input.shape), e.exp(e.sub(input, unfold(y, p, input.shape)))),
  ]);
}

/** Applies a row kernel along an axis: the axis is brought to the end and back. */
function alongRows(
  operation: string,
  x: Tensor,
  axis: number,
  rowKernel: (rows: Tensor, count: number, n: number) => Tensor,
): Tensor {
  const at = normaliseAxis(operation, axis, x.rank);
  if (at === x.rank - 1) {
    const n = x.shape[at];
    return rowKernel(packed(x), n === 0 ? 0 : x.size / n, n);
  }
  const order = [...x.shape.keys()].filter((i) => i !== at).concat(at);
  const moved = packed(
    windowOf(
      x,
      order.map((i) => x.shape[i]),
      x.offset,
      order.map((i) => x.strides[i]),
    ),
  );
  const n = x.shape[at];
  const y = rowKernel(moved, n === 0 ? 0 : x.size / n, n);
  const inverse = order.map((_, i) => order.indexOf(i));
  return packed(
    windowOf(
      y,
      x.shape,
      y.offset,
      inverse.map((i) => y.strides[i]),
    ),
  );
}

function rows(operation: string, ...operands: Tensor[]): (source: Tensor, count: number, n: number) => Tensor {
  return (source, count, n) => {
    const y = empty(operation, source.shape, source.dtype);
    if (y.size > 0) engine().kernel(operation, y.dtype, source, ...operands, y, count, n);
    return y;
  };
}

/**
 * Softmax along an axis, the last by default: y = e^x / sum(e^x), without overflow. Shape: that of x; int32 and bool
 * become float32.
 *
 * Gradient: y (dy - sum(dy y)).
 * @throws RangeError for a scalar or an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * softmax(tensor([[0, 0], [0, Math.log(3)]])).toArray(); // [[0.5, 0.5], [0.25, 0.75]]
 * ```
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  const input = real("softmax", x);
  if (input.rank === 0) throw new RangeError("softmax: a scalar has no axis to normalise over");
  const y = alongRows("softmax", input, axis, rows("softmax"));
  if (!tracked(input)) return y;
  const at = normaliseAxis("softmax", axis, input.rank);
  return record("softmax", y, [input], (dy) => [softmaxGradient(y, dy, at)]);
}

/** y (dy - sum(dy y)): the gradient of softmax from its result. Fused where nothing follows gradients through it. */
function softmaxGradient(y: Tensor, dy: Tensor, axis: number): Tensor {
  if (!tracked(y) && !tracked(dy) && axis === y.rank - 1) {
    const dx = empty("softmaxGradient", y.shape, y.dtype);
    const n = y.shape[axis];
    if (dx.size > 0) engine().kernel("softmaxGradient", y.dtype, packed(y), packed(dy), dx, y.size / n, n);
    return dx;
  }
  return e.mul(y, e.sub(dy, sum(e.mul(dy, y), axis, true)));
}

/**
 * Logarithm of `softmax` along an axis, the last by default: y = x - ln(sum(e^x)), without overflow. Shape: that of x.
 *
 * Gradient: dy - softmax(x) sum(dy).
 * @throws RangeError for a scalar or an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * logSoftmax(tensor([0, 0])).toArray(); // [-0.6931472, -0.6931472]
 * ```
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const input = real("logSoftmax", x);
  if (input.rank === 0) throw new RangeError("logSoftmax: a scalar has no axis to normalise over");
  const y = alongRows("logSoftmax", input, axis, rows("logSoftmax"));
  if (!tracked(input)) return y;
  const at = normaliseAxis("logSoftmax", axis, input.rank);
  return record("logSoftmax", y, [input], (dy) => [e.sub(dy, e.mul(e.exp(y), sum(dy, at, true)))]);
}

function cumulative(operation: "cumsum" | "cumprod", x: Tensor, axis: number): Tensor {
  const at = normaliseAxis(operation, axis, x.rank);
  const y = empty(operation, x.shape, x.dtype);
  const outer = sizeOf(x.shape.slice(0, at));
  const inner = sizeOf(x.shape.slice(at + 1));
  if (y.size > 0) engine().reduce(operation, packed(x), y, outer, x.shape[at], inner);
  return y;
}

/**
 * Running sum along an axis, the first by default. Shape: that of x; bool counts as int32.
 *
 * Gradient: the running sum of dy from the other end.
 * @throws RangeError for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * cumsum(tensor([1, 2, 3])).toArray(); // [1, 3, 6]
 * ```
 */
export function cumsum(x: Tensor, axis = 0): Tensor {
  const input = number("cumsum", x);
  const y = cumulative("cumsum", input, axis);
  if (!tracked(input)) return y;
  return record("cumsum", y, [input], (dy) => [flip(cumsum(flip(dy, axis), axis), axis)]);
}

/**
 * Running product along an axis, the first by default. Shape: that of x; bool counts as int32.
 *
 * Gradient: the running sum of dy y from the other end, divided by x; elements of x must not be 0.
 * @throws RangeError for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * cumprod(tensor([1, 2, 3])).toArray(); // [1, 2, 6]
 * ```
 */
export function cumprod(x: Tensor, axis = 0): Tensor {
  const input = number("cumprod", x);
  const y = cumulative("cumprod", input, axis);
  if (!tracked(input)) return y;
  return record("cumprod", y, [input], (dy) => [e.div(flip(cumsum(flip(e.mul(dy, y), axis), axis), axis), input)]);
}
