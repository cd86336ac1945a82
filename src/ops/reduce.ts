// Operations that fold axes away: means, products, extremes, counts, spread and norms.
import { finite, flag } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { full } from "../tensor/create.ts";
import { record, tracked, withRecording } from "../tensor/graph.ts";
import { normaliseAxes, sizeOf } from "../tensor/shape.ts";
import { empty, packed, type Tensor } from "../tensor/tensor.ts";
import { abs, div, mul, sub } from "./arithmetic.ts";
import { sum, unfold } from "./broadcast.ts";
import { cast, number, real } from "./cast.ts";
import { where } from "./choice.ts";
import { equal } from "./comparison.ts";
import { type Axes, checkNotEmpty, fold, type Plan, plan } from "./folding.ts";
import { concat } from "./join.ts";
import { flip, slice } from "./slices.ts";
import { reshape, transpose } from "./views.ts";

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
  return div(sum(input, axes, keepDims), n);
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
    const rows = reshape(transpose(input, order), [sizeOf(p.shape), p.n]);
    const others = mul(productBefore(rows), flip(productBefore(flip(rows, 1)), 1));
    const inverse = order.map((_, i) => order.indexOf(i));
    const moved = reshape(
      others,
      order.map((i) => input.shape[i]),
    );
    return [mul(unfold(dy, p, input.shape), transpose(moved, inverse))];
  });
}

/** Along rows: the product of all earlier elements, 1 for the first. */
function productBefore(rows: Tensor): Tensor {
  const [count, length] = rows.shape as [number, number];
  if (length <= 1) return full([count, length], 1, rows.dtype);
  // Doubling: after step s each element holds the product of the 2^s elements before it.
  let y = shiftRight(rows, 1);
  for (let shift = 1; shift < length; shift *= 2) y = mul(y, shiftRight(y, shift));
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
    const hit = cast(equal(input, unfold(y, p, input.shape)), dy.dtype);
    const share = div(hit, sum(hit, p.axes, true));
    return [mul(unfold(dy, p, input.shape), share)];
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
  // A device compares whole numbers as they are, and has no float64.
  const source = input.dtype === "int32" && !engine().asynchronous ? { ...p, source: cast(p.source, "float64") } : p;
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
  return fold("any", plan("any", cast(x, "bool"), axes), keepDims, "bool");
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
  return fold("all", plan("all", cast(x, "bool"), axes), keepDims, "bool");
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
  return fold("countNonZero", plan("countNonZero", cast(x, "bool"), axes), keepDims, "int32");
}

/**
 * Variance over axes: sum((x - mean)^2) / (n - correction). Shape as in `sum`; int32 and bool become float32.
 *
 * Gradient: 2 dy (x - mean) / (n - correction).
 * @param correction 0 (default): the variance of a population; 1: the estimate from a sample. With n or more, nothing is
 * left to divide by: Infinity, or NaN where all elements are equal.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * variance(tensor([1, 2, 3, 4])).item(); // 1.25
 * ```
 */
export function variance(x: Tensor, axes?: Axes, keepDims = false, correction = 0): Tensor {
  const input = real("variance", x);
  const p = plan("variance", input, axes);
  const { y, centre, divisor } = spread("variance", input, p, keepDims, correction);
  if (!tracked(input)) return y;
  return record("variance", y, [input], (dy) => {
    const distance = sub(input, tracked(input) ? mean(input, p.axes, true) : centre);
    return [mul(unfold(dy, p, input.shape), mul(distance, 2 / divisor))];
  });
}

/**
 * Standard deviation over axes: the square root of `variance`, with its shape and options.
 *
 * Right also where the squares overflow or underflow. Gradient: dy (x - mean) / ((n - correction) y), 0 where y is 0.
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * standardDeviation(tensor([1, 3])).item(); // 1
 * ```
 */
export function standardDeviation(x: Tensor, axes?: Axes, keepDims = false, correction = 0): Tensor {
  const input = real("standardDeviation", x);
  const p = plan("standardDeviation", input, axes);
  const { y, centre, divisor } = spread("standardDeviation", input, p, keepDims, correction);
  if (!tracked(input)) return y;
  return record("standardDeviation", y, [input], (dy) => {
    const distance = sub(input, tracked(input) ? mean(input, p.axes, true) : centre);
    const scale = unfold(mul(where(equal(y, 0), 1, y), divisor), p, input.shape);
    return [mul(unfold(dy, p, input.shape), div(distance, scale))];
  });
}

interface Spread {
  y: Tensor;
  /** The mean, its axes kept. */
  centre: Tensor;
  divisor: number;
}

/** Runs the kernel of that name, which measures the distance of x from its mean; with what its gradient needs. */
function spread(operation: string, x: Tensor, p: Plan, keepDims: boolean, correction: number): Spread {
  flag(operation, "keepDims", keepDims);
  finite(operation, "the correction", correction);
  const divisor = Math.max(0, p.n - correction);
  const centre = withRecording(false, () => mean(x, p.axes, true));
  const y = empty(operation, keepDims ? p.keptShape : p.shape, x.dtype);
  if (y.size > 0) engine().kernel(operation, x.dtype, p.source, packed(centre), y, p.outer, p.n, p.inner, divisor);
  return { y, centre, divisor };
}

/**
 * Length of vectors over axes. Order 2 (default): root of the sum of squares; 1: sum of absolute values; Infinity: the
 * largest absolute value. Shape as in `sum`; int32 and bool become float32.
 *
 * Right also where the squares overflow or underflow. Gradient of order 2: dy x / y, 0 where y is 0.
 * @throws RangeError for another order, or an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * norm(tensor([3, -4])).item(); // 5
 * norm(tensor([3, -4]), undefined, false, 1).item(); // 7
 * ```
 */
export function norm(x: Tensor, axes?: Axes, keepDims = false, order: 1 | 2 | typeof Infinity = 2): Tensor {
  const input = real("norm", x);
  if (order === 1) return sum(abs(input), axes, keepDims);
  if (order === Number.POSITIVE_INFINITY) {
    checkNotEmpty("norm", plan("norm", input, axes), input);
    return max(abs(input), axes, keepDims);
  }
  if (order !== 2) throw new RangeError(`norm: order must be 1, 2 or Infinity, got ${quote(order)}`);
  const p = plan("norm", input, axes);
  const y = fold("norm", p, keepDims, input.dtype);
  if (!tracked(input)) return y;
  return record("norm", y, [input], (dy) => {
    const direction = div(input, unfold(where(equal(y, 0), 1, y), p, input.shape));
    return [mul(unfold(dy, p, input.shape), direction)];
  });
}
