// Order: sorting, ranking, quantiles, counting. A kernel finds the order; values that need a gradient are then gathered by it, so that the
// gradient of sorting is the gradient of gathering. NaN counts as larger than every number, as in NumPy.
import { flag, knownOptions, list } from "../engine/checks.ts";
import { isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { linspace, ones, tensor, zeros } from "../tensor/create.ts";
import { tracked, withRecording } from "../tensor/graph.ts";
import { checkShape, formatShape, normaliseAxis } from "../tensor/shape.ts";
import { empty, type NestedArray, packed, Tensor } from "../tensor/tensor.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { where } from "./choice.ts";
import { equal, isfinite, isnan } from "./comparison.ts";
import { gather, scatterAdd, takeAlongAxis } from "./gather.ts";
import { stack } from "./join.ts";
import { max, min } from "./reduce.ts";
import { flip, slice } from "./slices.ts";
import { flatten, moveAxis, reshape, squeeze } from "./views.ts";

/** bool is sorted as 0 and 1. */
function sortable(operation: string, x: Tensor): Tensor {
  checkTensor(operation, x);
  if (x.rank === 0) throw new RangeError(`${operation}: a scalar has no axis to sort along`);
  return x.dtype === "bool" ? cast(x, "int32") : x;
}

/** Runs `kernel` on contiguous rows along an axis: the axis is brought to the end and back. Not recorded. */
function alongRows(x: Tensor, axis: number, kernel: (rows: Tensor, count: number, n: number) => Tensor): Tensor {
  return withRecording(false, () => {
    const rows = packed(moveAxis(x, axis, -1));
    const n = x.shape[axis];
    return moveAxis(kernel(rows, n === 0 ? 0 : rows.size / n, n), -1, axis);
  });
}

function sortRows(rows: Tensor, count: number, n: number): Tensor {
  const y = empty("sort", rows.shape, rows.dtype);
  if (y.size > 0) engine().kernel("sort", rows.dtype, rows, y, count, n);
  return y;
}

function argsortRows(rows: Tensor, count: number, n: number): Tensor {
  const order = empty("argsort", rows.shape, "int32");
  const workspace = empty("argsort", [n], "int32");
  if (order.size > 0) engine().kernel("argsort", rows.dtype, rows, order, count, n, workspace);
  return order;
}

/**
 * Elements in ascending (or descending) order along an axis, the last by default. Gradient: dy back to where the elements came from.
 * @throws RangeError for a scalar.
 * @example
 * ```ts
 * sort(tensor([3, 1, 2])).toArray(); // [1, 2, 3]
 * ```
 */
export function sort(x: Tensor, axis = -1, descending = false): Tensor {
  const values = sortable("sort", x);
  flag("sort", "descending", descending);
  const at = normaliseAxis("sort", axis, values.rank);
  if (tracked(values)) return takeAlongAxis(values, argsort(values, at, descending), at);
  const y = alongRows(values, at, sortRows);
  const ordered = descending ? flip(y, at) : y;
  return x.dtype === "bool" ? cast(ordered, "bool") : packed(ordered);
}

/**
 * Positions that would sort x along an axis (the last by default), int32; equal elements keep their order, in both directions.
 * @throws RangeError for a scalar.
 * @example
 * ```ts
 * argsort(tensor([3, 1, 2])).toArray(); // [1, 2, 0]
 * ```
 */
export function argsort(x: Tensor, axis = -1, descending = false): Tensor {
  const values = sortable("argsort", x);
  flag("argsort", "descending", descending);
  const at = normaliseAxis("argsort", axis, values.rank);
  return withRecording(false, () => {
    if (!descending) return packed(alongRows(values, at, argsortRows));
    // Sorted from the other end and read backwards, so that equal elements keep their order.
    const backwards = flip(alongRows(flip(values, at), at, argsortRows), at);
    return sub(values.shape[at] - 1, backwards);
  });
}

/**
 * The k largest (or smallest) elements along an axis, in order, and where they were. Gradient of the values: dy back to their places.
 * @throws RangeError unless 0 <= k <= the axis's length.
 * @example
 * ```ts
 * topK(tensor([1, 4, 2, 3]), 2).indices.toArray(); // [1, 3]
 * ```
 */
export function topK(x: Tensor, k: number, axis = -1, largest = true): { values: Tensor; indices: Tensor } {
  const source = sortable("topK", x);
  flag("topK", "largest", largest);
  const at = normaliseAxis("topK", axis, source.rank);
  const n = source.shape[at];
  if (!Number.isInteger(k) || k < 0 || k > n) {
    throw new RangeError(`topK: k must be a whole number from 0 to ${n}, the length of axis ${at}; got ${quote(k)}`);
  }
  const indices = packed(slice(argsort(source, at, largest), 0, k, 1, at));
  return { values: takeAlongAxis(source, indices, at), indices };
}

/**
 * The distinct elements in ascending order, how often each occurs, and for each element of x its position among them (in the shape of x).
 * All NaN count as one. Gradient of the values: to the first of the equal elements.
 * @example
 * ```ts
 * unique(tensor([2, 1, 2])).counts.toArray(); // [1, 2]
 * ```
 */
export function unique(x: Tensor): { values: Tensor; counts: Tensor; inverse: Tensor } {
  checkTensor("unique", x);
  const flat = flatten(x);
  const order = argsort(flat);
  const positions = order.dataSync();
  const data = flat.dataSync();
  const inverse = new Int32Array(flat.size);
  const firsts: number[] = [];
  const counts: number[] = [];
  let last = Number.NaN;
  for (let i = 0; i < positions.length; i++) {
    const value = data[positions[i]!];
    const same = i > 0 && (value === last || (Number.isNaN(value) && Number.isNaN(last)));
    if (!same) {
      firsts.push(positions[i]);
      counts.push(0);
      last = value;
    }
    counts[counts.length - 1] += 1;
    inverse[positions[i]!] = firsts.length - 1;
  }
  return {
    values: gather(flat, tensor(Int32Array.from(firsts))),
    counts: tensor(Int32Array.from(counts)),
    inverse: tensor(inverse, { shape: x.shape }),
  };
}

/** x with the axis to fold at the end: the named one, or all elements in one. */
function folded(operation: string, x: Tensor, axis: number | undefined): { rows: Tensor; kept: number[] } {
  checkTensor(operation, x);
  const values = isFloat(x.dtype) ? x : cast(x, "float32");
  if (axis === undefined) {
    checkSome(operation, x.size, x);
    return { rows: flatten(values), kept: x.shape.map(() => 1) };
  }
  const at = normaliseAxis(operation, axis, values.rank);
  checkSome(operation, x.shape[at], x);
  return { rows: moveAxis(values, at, -1), kept: x.shape.with(at, 1) as number[] };
}

function checkSome(operation: string, count: number, x: Tensor): void {
  if (count === 0) throw new RangeError(`${operation}: no elements to rank in shape ${formatShape(x.shape)}`);
}

/** One position along the last axis. */
function at(x: Tensor, position: number): Tensor {
  return squeeze(slice(x, position, position + 1, 1, -1), -1);
}

/** NaN where the row has one: it is the last in order. */
function unlessNan(sorted: Tensor, y: Tensor): Tensor {
  return where(isnan(at(sorted, sorted.shape.at(-1)! - 1)), Number.NaN, y);
}

/**
 * The middle element in order along an axis (of all elements by default), the mean of the two middle ones if their number is even. NaN wins.
 * Gradient: dy to the middle element, half to each of two.
 * @throws RangeError over no elements.
 * @example
 * ```ts
 * median(tensor([4, 1, 3, 2])).item(); // 2.5
 * ```
 */
export function median(x: Tensor, axis?: number, keepDims = false): Tensor {
  const { rows, kept } = folded("median", x, axis);
  flag("median", "keepDims", keepDims);
  const sorted = sort(rows);
  const n = sorted.shape.at(-1)!;
  const upper = at(sorted, n >> 1);
  const middle = n % 2 === 1 ? upper : between(at(sorted, (n >> 1) - 1), upper, 0.5);
  const y = unlessNan(sorted, middle);
  return keepDims ? reshape(y, kept) : y;
}

/**
 * The value below which the share q of the elements lies, with linear interpolation between neighbours in order (NumPy's default). Several q give
 * a new first axis. NaN wins. Gradient: to the two neighbours, by their weights.
 * @throws RangeError unless 0 <= q <= 1, or over no elements.
 * @example
 * ```ts
 * quantile(tensor([1, 2, 3, 4, 5]), 0.25).item(); // 2
 * ```
 */
export function quantile(x: Tensor, q: number | readonly number[], axis?: number, keepDims = false): Tensor {
  checkTensor("quantile", x);
  flag("quantile", "keepDims", keepDims);
  const shares = typeof q === "number" ? [q] : list("quantile", "q, if not a number,", q);
  if (shares.length === 0) throw new RangeError("quantile: needs at least one share q");
  for (const share of shares) {
    if (typeof share !== "number" || !(share >= 0 && share <= 1))
      throw new RangeError(`quantile: q must be between 0 and 1, got ${quote(share)}`);
  }
  const { rows, kept } = folded("quantile", x, axis);
  const sorted = sort(rows);
  const results = Array.from(shares, (share) => {
    const position = share * (sorted.shape.at(-1)! - 1);
    const below = Math.floor(position);
    const lower = at(sorted, below);
    const weight = position - below;
    const y = weight === 0 ? lower : between(lower, at(sorted, below + 1), weight);
    const clean = unlessNan(sorted, y);
    return keepDims ? reshape(clean, kept) : clean;
  });
  return typeof q === "number" ? results[0] : stack(results);
}

/** a + (b - a) weight, exact where a = b, infinities included, and without overflow where they differ. */
function between(a: Tensor, b: Tensor, weight: number): Tensor {
  const apart = add(mul(a, 1 - weight), mul(b, weight));
  const same = where(isfinite(a), add(a, mul(sub(b, a), weight)), a);
  return where(equal(a, b), same, apart);
}

/**
 * How often each whole number from 0 on occurs; with `weights` (in the shape of x), the sum of the weights at each. The result has max(x) + 1 entries,
 * or `minLength` if that is more. Gradient by the weights: dy at each number.
 * @throws TypeError unless x is int32; RangeError for negative numbers.
 * @example
 * ```ts
 * bincount(tensor([0, 2, 2], "int32")).toArray(); // [1, 0, 2]
 * ```
 */
export function bincount(x: Tensor, options: { weights?: Tensor; minLength?: number } = {}): Tensor {
  const { weights, minLength = 0 } = knownOptions("bincount", options, ["weights", "minLength"]);
  checkTensor("bincount", x);
  if (weights !== undefined) checkTensor("bincount: weights", weights);
  checkShape("bincount", [minLength]);
  if (x.dtype !== "int32") throw new TypeError(`bincount: needs int32, got ${x.dtype}; cast it, or use histogram`);
  if (weights !== undefined && weights.size !== x.size) {
    throw new RangeError(
      `bincount: weights of shape ${formatShape(weights.shape)} do not fit numbers of shape ${formatShape(x.shape)}`,
    );
  }
  const smallest = x.size === 0 ? 0 : min(x).item();
  if (smallest < 0) throw new RangeError(`bincount: counts whole numbers from 0 on, got ${quote(smallest)}`);
  const length = Math.max(minLength, x.size === 0 ? 0 : max(x).item() + 1);
  checkShape("bincount", [length]);
  const rows = flatten(x);
  if (weights === undefined) return addAt(zeros([length], "int32"), rows, ones([x.size], "int32"));
  const values = isFloat(weights.dtype) ? weights : cast(weights, "float32");
  return addAt(zeros([length], values.dtype), rows, flatten(values));
}

/** More ranges than this take seconds and gigabytes, and are nothing that one looks at. */
const MOST_RANGES = 10_000_000;

/**
 * Counts of the elements in equal ranges between `range[0]` and `range[1]` (the smallest and largest element by default), and the ranges' edges.
 * A range holds its lower edge and not its upper one, except the last, which holds both. Elements outside, and NaN, are not counted. The edges are
 * float32 for float32, else float64, and are what is counted by.
 * @throws RangeError unless there is at least one range and its bounds are finite and ascending.
 * @example
 * ```ts
 * histogram(tensor([0, 1, 1, 4]), 2).counts.toArray(); // [3, 1]
 * ```
 */
export function histogram(x: Tensor, bins = 10, range?: readonly [number, number]): { counts: Tensor; edges: Tensor } {
  checkTensor("histogram", x);
  if (!Number.isInteger(bins) || bins < 1 || bins > MOST_RANGES) {
    throw new RangeError(
      `histogram: the number of ranges must be a whole number from 1 to ${MOST_RANGES}, got ${quote(bins)}`,
    );
  }
  const data = x.dataSync();
  let [low, high] = (range && list("histogram", "the range", range)) ?? [
    x.size === 0 ? 0 : min(x).item(),
    x.size === 0 ? 1 : max(x).item(),
  ];
  if (!Number.isFinite(low) || !Number.isFinite(high) || low > high) {
    throw new RangeError(`histogram: the range must be two finite numbers, ascending, got ${quote([low, high])}`);
  }
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  // Counted by the edges that are returned: rounded to float32 they are others.
  const edges = linspace(low, high, bins + 1, x.dtype === "float32" ? "float32" : "float64");
  const bounds = edges.dataSync();
  [low, high] = [bounds[0], bounds[bins]];
  const counts = new Int32Array(bins);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!(value >= low && value <= high)) continue;
    counts[Math.min(bins, insertion(bounds, value, true)) - 1] += 1;
  }
  return { counts: tensor(counts), edges };
}

/** Sums of values at positions. */
function addAt(target: Tensor, positions: Tensor, values: Tensor): Tensor {
  return values.size === 0 ? target : scatterAdd(target, positions, values);
}

/** Whether a comes before b, NaN last. */
function before(a: number, b: number): boolean {
  return a < b || (Number.isNaN(b) && !Number.isNaN(a));
}

/** Where `value` goes in an ascending list: before its equals, or after them. */
function insertion(sorted: ArrayLike<number>, value: number, afterEquals: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = sorted[middle];
    if (afterEquals ? !before(value, found) : before(found, value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Where values would be inserted into an ascending vector to keep it ascending, int32 in the shape of `values`: before equal elements ("left") or after
 * them ("right"). No gradient.
 * @throws RangeError unless `sorted` is a vector.
 * @example
 * ```ts
 * searchSorted(tensor([1, 3, 5]), [3, 4]).toArray(); // [1, 2]
 * ```
 */
export function searchSorted(sorted: Tensor, values: Tensor | NestedArray, side: "left" | "right" = "left"): Tensor {
  checkTensor("searchSorted", sorted);
  if (sorted.rank !== 1) {
    throw new RangeError(`searchSorted: needs a vector in ascending order, got shape ${formatShape(sorted.shape)}`);
  }
  if (side !== "left" && side !== "right") {
    throw new RangeError(`searchSorted: side must be "left" or "right", got ${quote(side)}`);
  }
  const wanted = values instanceof Tensor ? values : tensor(values, isFloat(sorted.dtype) ? sorted.dtype : "float64");
  const list = sorted.dataSync();
  const result = Int32Array.from(wanted.dataSync(), (value) => insertion(list, value, side === "right"));
  return tensor(result, { shape: wanted.shape });
}
