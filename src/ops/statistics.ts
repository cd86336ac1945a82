// Statistics of several variables, differences and interpolation; and what asks whether numbers agree or are numbers at all.
import { finite, flag, knownOptions, list, notNegative, whole } from "../engine/checks.ts";
import { withRecording } from "../tensor/graph.ts";
import { formatShape, normaliseAxis } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { abs, add, div, mul, sub } from "./arithmetic.ts";
import { cast, number, real } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { clip, maximum, minimum, where } from "./choice.ts";
import { equal, greater, greaterEqual, isnan, less, lessEqual, logicalAnd, logicalOr } from "./comparison.ts";
import { diagonal } from "./diagonals.ts";
import { sqrt } from "./exponentials.ts";
import { gather } from "./gather.ts";
import { stack } from "./join.ts";
import { matmul } from "./linalg.ts";
import { nonZero } from "./masks.ts";
import { all, mean } from "./reduce.ts";
import { slice } from "./slices.ts";
import { quantile, searchSorted } from "./sorting.ts";
import { expandDims, reshape, transpose } from "./views.ts";

/**
 * The value below which q percent of the elements lie, along an axis (of all elements by default): `quantile(x, q / 100)`.
 *
 * Gradient: to the two neighbours in order, by their weights.
 * @throws RangeError unless 0 <= q <= 100, or over no elements; TypeError if x is not a tensor.
 * @example
 * ```ts
 * percentile(tensor([1, 2, 3, 4]), 50).item(); // 2.5
 * percentile(tensor([1, 2, 3, 4]), [0, 100]).toArray(); // [1, 4]
 * ```
 */
export function percentile(x: Tensor, q: number | readonly number[], axis?: number, keepDims = false): Tensor {
  checkTensor("percentile", x);
  for (const share of typeof q === "number" ? [q] : list("percentile", "q, if not a number,", q)) {
    if (!(finite("percentile", "q", share) >= 0 && share <= 100)) {
      throw new RangeError(`percentile: q must be between 0 and 100, got ${share}`);
    }
  }
  return quantile(x, typeof q === "number" ? q / 100 : q.map((share) => share / 100), axis, keepDims);
}

/**
 * Covariance of variables, NumPy's cov: x [variables, observations], C_ij = sum_k (x_ik - m_i) (x_jk - m_j) / (n - correction), m_i
 * the mean of row i, gives [variables, variables]; a vector is one variable and gives a scalar.
 *
 * Gradient by x: ((dy + dy^T) (x - m)) / (n - correction).
 * @param correction 1 (default): the estimate from a sample; 0: that of a population.
 * @throws RangeError unless x has one or two axes and more observations than `correction`; TypeError if x is not a tensor.
 * @example
 * ```ts
 * covariance(tensor([[1, 2, 3], [6, 4, 2]])).toArray(); // [[1, -2], [-2, 4]]
 * ```
 */
export function covariance(x: Tensor, correction = 1): Tensor {
  const input = variablesOf("covariance", x);
  finite("covariance", "correction", correction);
  const observations = input.shape[1]!;
  if (observations <= correction) {
    throw new RangeError(
      `covariance: needs more observations than the correction ${correction}, got ${observations}; observations are columns`,
    );
  }
  const centred = sub(input, mean(input, 1, true));
  const c = div(matmul(centred, transpose(centred)), observations - correction);
  return x.rank === 1 ? reshape(c, []) : c;
}

function variablesOf(operation: string, x: Tensor): Tensor {
  const input = real(operation, x);
  if (input.rank !== 1 && input.rank !== 2) {
    throw new RangeError(`${operation}: x must be [variables, observations] or a vector, got ${formatShape(x.shape)}`);
  }
  return input.rank === 1 ? expandDims(input, 0) : input;
}

/**
 * Pearson's correlation of variables, NumPy's corrcoef: R_ij = C_ij / sqrt(C_ii C_jj) with C the `covariance`, from -1 to 1. Shapes
 * as there. NaN for a variable that is constant.
 *
 * Gradient: that of the formula.
 * @throws RangeError unless x has one or two axes and at least two observations; TypeError if x is not a tensor.
 * @example
 * ```ts
 * correlation(tensor([[1, 2, 3], [6, 4, 2]])).toArray(); // [[1, -1], [-1, 1]]
 * ```
 */
export function correlation(x: Tensor): Tensor {
  const c = covariance(variablesOf("correlation", x));
  const deviations = sqrt(diagonal(c));
  const r = div(div(c, expandDims(deviations, 1)), deviations);
  // Rounding can take a product of roots a little beyond.
  const bounded = maximum(minimum(r, 1), -1);
  return x.rank === 1 ? reshape(bounded, []) : bounded;
}

/**
 * Differences of neighbours along an axis, the last by default: y_i = x_(i+1) - x_i, `order` times. The axis is `order` shorter;
 * bool counts as int32.
 *
 * Gradient: the difference of dy, negative, with dy at the ends.
 * @throws RangeError unless the order is a whole number from 0 on, or for a scalar or an axis out of range; TypeError if x is not a
 * tensor.
 * @example
 * ```ts
 * diff(tensor([1, 4, 9, 16])).toArray(); // [3, 5, 7]
 * diff(tensor([1, 4, 9, 16]), 2).toArray(); // [2, 2]
 * ```
 */
export function diff(x: Tensor, order = 1, axis = -1): Tensor {
  let y = number("diff", x);
  whole("diff", "order", order, 0);
  const at = normaliseAxis("diff", axis, x.rank);
  for (let k = 0; k < order && y.shape[at] > 0; k++) {
    y = sub(slice(y, 1, undefined, 1, at), slice(y, 0, -1, 1, at));
  }
  return y;
}

/** What `interp` takes. */
export interface InterpolationOptions {
  /** The value left of the first point; default: that of the first point. */
  left?: number;
  /** The value right of the last point; default: that of the last point. */
  right?: number;
}

/**
 * Straight lines between points, NumPy's interp: at x the value of the line from (points_i, values_i) to (points_(i+1),
 * values_(i+1)) between which x lies. Shape: that of x. NaN stays NaN.
 *
 * Gradients: by x the line's slope, 0 outside; by the values their weights. None by the points.
 * @throws RangeError unless points and values are vectors of one length, at least 1, and the points ascend; TypeError unless all are
 * tensors.
 * @example
 * ```ts
 * interp(tensor([0, 1.5, 9]), tensor([1, 2, 3]), tensor([10, 20, 40])).toArray(); // [10, 15, 40]
 * ```
 */
export function interp(x: Tensor, points: Tensor, values: Tensor, options: InterpolationOptions = {}): Tensor {
  knownOptions("interp", options, ["left", "right"]);
  const input = real("interp", x);
  checkTensor("interp", points);
  checkTensor("interp", values);
  const n = points.size;
  if (points.rank !== 1 || values.rank !== 1 || values.size !== n || n === 0) {
    throw new RangeError(
      `interp: points and values must be vectors of one length, at least 1, got ${formatShape(points.shape)} and ${formatShape(values.shape)}`,
    );
  }
  const known = withRecording(false, () => cast(points, input.dtype));
  const list = known.dataSync();
  const wrong = list.findIndex((point, i) => Number.isNaN(point) || (i > 0 && point <= list[i - 1]));
  if (wrong >= 0) {
    throw new RangeError(`interp: points must ascend, but that at position ${wrong} is ${list[wrong]}; sort them`);
  }
  const heights = cast(values, input.dtype);
  const [first, last] = [gather(heights, 0), gather(heights, n - 1)];
  let y: Tensor;
  if (n === 1) {
    y = add(mul(input, 0), first);
  } else {
    const below = withRecording(false, () => clip(sub(searchSorted(known, input, "right"), 1), 0, n - 2));
    const above = withRecording(false, () => add(below, 1));
    const [x0, x1] = [gather(known, below), gather(known, above)];
    const [y0, y1] = [gather(heights, below), gather(heights, above)];
    y = add(y0, mul(div(sub(y1, y0), sub(x1, x0)), sub(input, x0)));
  }
  y = where(greaterEqual(input, list[n - 1]), last, y);
  if (options.right !== undefined) y = where(greater(input, list[n - 1]), options.right, y);
  return where(less(input, list[0]), options.left ?? first, y);
}

/**
 * Positions of the elements that are not 0, a row each: [count, rank]; int32, without gradient. `nonZero` gives the same by axes.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * argwhere(tensor([[0, 1], [1, 1]])).toArray(); // [[0, 1], [1, 0], [1, 1]]
 * ```
 */
export function argwhere(x: Tensor): Tensor {
  checkTensor("argwhere", x);
  if (x.rank > 0) return stack(nonZero(x), 1);
  const count = nonZero(reshape(x, [1]))[0].size;
  return slice(reshape(cast(x, "int32"), [1, 1]), 0, 0, 1, 1).slice(0, count);
}

/** What `nanToNum` takes. */
export interface NanToNumOptions {
  /** In place of NaN; default 0. */
  nan?: number;
  /** In place of Infinity; default: the largest number of the dtype. */
  positiveInfinity?: number;
  /** In place of -Infinity; default: the lowest number of the dtype. */
  negativeInfinity?: number;
}

const LARGEST: Record<string, number> = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE };

/**
 * x with numbers in the place of NaN and infinities. Shape: that of x; int32 and bool, which have none, stay as they are.
 *
 * Gradient: dy where x is finite, else 0.
 * @throws TypeError if x is not a tensor or for an unknown option.
 * @example
 * ```ts
 * nanToNum(tensor([NaN, 1, Infinity]), { positiveInfinity: 9 }).toArray(); // [0, 1, 9]
 * ```
 */
export function nanToNum(x: Tensor, options: NanToNumOptions = {}): Tensor {
  checkTensor("nanToNum", x);
  knownOptions("nanToNum", options, ["nan", "positiveInfinity", "negativeInfinity"]);
  const largest = LARGEST[x.dtype];
  if (largest === undefined) return x;
  const { nan = 0, positiveInfinity = largest, negativeInfinity = -largest } = options;
  const above = where(equal(x, Number.POSITIVE_INFINITY), positiveInfinity, x);
  const within = where(equal(x, Number.NEGATIVE_INFINITY), negativeInfinity, above);
  return where(isnan(x), nan, within);
}

/** What `allclose` takes. */
export interface ClosenessOptions {
  /** Share of b's size that may lie between, from 0 on; default 1e-5. */
  relativeTolerance?: number;
  /** What may lie between whatever the size, from 0 on; default 1e-8. */
  absoluteTolerance?: number;
  /** Whether NaN is close to NaN; default false. */
  equalNaN?: boolean;
}

/**
 * Whether all elements agree, NumPy's allclose: |a - b| <= absoluteTolerance + relativeTolerance |b|, infinities only with
 * themselves. Shapes broadcast. A boolean: in conditions and tests.
 * @throws RangeError if the shapes do not broadcast or a tolerance is negative; TypeError unless both are tensors, or for an unknown
 * option.
 * @example
 * ```ts
 * allclose(tensor([1, 2]), tensor([1.000001, 2])); // true
 * allclose(tensor([1, 2]), tensor([1.1, 2]), { relativeTolerance: 0.01 }); // false
 * ```
 */
export function allclose(a: Tensor, b: Tensor, options: ClosenessOptions = {}): boolean {
  checkTensor("allclose", a);
  checkTensor("allclose", b);
  knownOptions("allclose", options, ["relativeTolerance", "absoluteTolerance", "equalNaN"]);
  const relative = notNegative("allclose", "relativeTolerance", options.relativeTolerance ?? 1e-5);
  const absolute = notNegative("allclose", "absoluteTolerance", options.absoluteTolerance ?? 1e-8);
  const equalNaN = flag("allclose", "equalNaN", options.equalNaN ?? false);
  return withRecording(false, () =>
    scope(() => {
      // In float64, where whole numbers of int32 and tolerances are what they are.
      const [x, y] = [cast(a, "float64"), cast(b, "float64")];
      const near = lessEqual(abs(sub(x, y)), add(mul(abs(y), relative), absolute));
      const finiteY = less(abs(y), Number.POSITIVE_INFINITY);
      let close = logicalOr(equal(x, y), logicalAnd(near, finiteY));
      if (equalNaN) close = logicalOr(close, logicalAnd(isnan(x), isnan(y)));
      return all(close).item() !== 0;
    }),
  );
}
