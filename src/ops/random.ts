// Draws that need operations: choices with and without probabilities, shuffles, the truncated normal distribution. Like all random numbers
// they come from Philox: equal seeds give equal results on any number of threads. Probabilities are added up in float64, one after the other.
import { finite, flag, knownOptions, numeric } from "../engine/checks.ts";
import { isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { withRecording } from "../tensor/graph.ts";
import { random as draws, type Generator, type RandomOptions } from "../tensor/random.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { empty, scope, Tensor } from "../tensor/tensor.ts";
import { erf, erfinv } from "./activations.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { clip } from "./choice.ts";
import { exp, log1p } from "./exponentials.ts";
import { gather } from "./gather.ts";
import { max } from "./reduce.ts";
import { slice } from "./slices.ts";
import { reshape } from "./views.ts";

/** The source of numbers of a draw whose dtype is given. */
export interface DrawOptions {
  /** Default: the global generator, which `random.seed` sets. */
  generator?: Generator;
}

/** What `random.choice` takes beside what to choose from and how many. */
export interface ChoiceOptions extends DrawOptions {
  /** Whether an element may be chosen again; default true. */
  replacement?: boolean;
  /** How likely each element is, [n], summing to 1; default: all alike. Without replacement: as the first of those left. */
  probabilities?: Tensor | readonly number[];
  /** The axis of a tensor whose slices are chosen; default 0. */
  axis?: number;
}

/** What `random.truncatedNormal` takes beside its parameters. */
export interface TruncatedOptions extends RandomOptions {
  /** The smallest value; default: two deviations below the mean. */
  low?: number;
  /** The largest value; default: two deviations above the mean. */
  high?: number;
}

/**
 * Elements of the truncated normal distribution that are drawn at a time: what it takes on the way is several times the result. An even number, so that
 * parts take from the generator what the whole would.
 */
const STRETCH = 1 << 18;

/** Positions k with sums[k - 1] <= u total < sums[k], for weights that are not all 0: never one of weight 0. */
function positionsOf(weights: ArrayLike<number>, start: number, n: number, u: Float64Array): Int32Array {
  const sums = new Float64Array(n);
  let total = 0;
  let last = 0;
  for (let i = 0; i < n; i++) {
    const weight = weights[start + i];
    total += weight;
    sums[i] = total;
    if (weight > 0) last = i;
  }
  return Int32Array.from(u, (share) => {
    const wanted = share * total;
    let [low, high] = [0, n];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle] > wanted) high = middle;
      else low = middle + 1;
    }
    // Rounding can take the product up to the total itself.
    return Math.min(low, last);
  });
}

function uniform(count: number, generator: Generator | undefined): Tensor {
  return draws.uniform([count], 0, 1, { dtype: "float64", ...(generator && { generator }) });
}

/**
 * Classes at random, with probabilities softmax(logits) along the last axis: logits [classes] give [count], logits
 * [n, classes] give [n, count]; int32.
 * @throws RangeError for other shapes, no classes, or logits of which none is above -Infinity, or any is NaN or Infinity.
 * @example
 * ```ts
 * random.categorical(tensor([-Infinity, 0]), 3).toArray(); // [1, 1, 1]
 * random.categorical(tensor([[0, 0], [1, 2]]), 5).shape; // [2, 5]
 * ```
 */
function categorical(logits: Tensor, count = 1, options: DrawOptions = {}): Tensor {
  const operation = "random.categorical";
  checkTensor(operation, logits);
  knownOptions(operation, options, ["generator"]);
  checkShape(operation, [count]);
  const classes = logits.shape.at(-1);
  if (classes === undefined || logits.rank > 2 || classes === 0) {
    throw new RangeError(
      `${operation}: logits must be [classes] or [n, classes] with classes, got ${formatShape(logits.shape)}`,
    );
  }
  const rows = logits.size / classes;
  const chosen = new Int32Array(rows * count);
  const [weights, u] = withRecording(false, () =>
    scope(() => {
      const z = cast(logits, "float64");
      if (rows === 0) return [new Float64Array(0), new Float64Array(0)];
      return [exp(sub(z, max(z, -1, true))).dataSync(), uniform(rows * count, options.generator).dataSync()];
    }),
  ) as [Float64Array, Float64Array];
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    // A row with NaN, Infinity or nothing but -Infinity has NaN here: its largest logit is taken off.
    if (weights.subarray(start, start + classes).some(Number.isNaN)) {
      throw new RangeError(`${operation}: logits of row ${row} must have a finite largest one, and no NaN`);
    }
    chosen.set(positionsOf(weights, start, classes, u.subarray(row * count, (row + 1) * count)), row * count);
  }
  return tensor(chosen, { shape: logits.rank === 1 ? [count] : [rows, count] });
}

/** The probabilities of n elements, checked. */
function probabilitiesOf(operation: string, given: Tensor | readonly number[], n: number): Float64Array {
  const shape = given instanceof Tensor ? given.shape : [given.length];
  if (shape.length !== 1 || shape[0] !== n) {
    throw new RangeError(
      `${operation}: probabilities must be one for each of ${n} elements, got ${formatShape(shape)}`,
    );
  }
  const values = given instanceof Tensor ? given.dataSync() : given;
  const p = Float64Array.from(values, (value) => numeric(operation, "a probability", value));
  const bad = p.findIndex((value) => !(value >= 0 && Number.isFinite(value)));
  if (bad >= 0) {
    throw new RangeError(`${operation}: probabilities must be from 0 to 1, got ${p[bad]} at position ${bad}`);
  }
  const total = p.reduce((a, b) => a + b, 0);
  const single = given instanceof Tensor && given.dtype === "float32";
  if (Math.abs(total - 1) > (single ? 1e-4 : 1e-8)) {
    throw new RangeError(`${operation}: probabilities must sum to 1, they sum to ${total}; divide them by their sum`);
  }
  return p;
}

/** The first `count` to arrive, where element i takes an exponentially distributed time of mean 1 / p_i: 0 never does. */
function race(operation: string, p: Float64Array, count: number, generator: Generator | undefined): Int32Array {
  const possible = p.reduce((a, value) => a + (value > 0 ? 1 : 0), 0);
  if (count > possible) {
    throw new RangeError(
      `${operation}: ${count} elements without replacement, but only ${possible} have a probability above 0`,
    );
  }
  const times = scope(() => log1p(mul(uniform(p.length, generator), -1)).dataSync()) as Float64Array;
  const order = Int32Array.from(p.keys()).sort((a, b) => -times[a] / p[a] - -times[b] / p[b] || a - b);
  return order.slice(0, count);
}

/**
 * Elements at random, as NumPy's choice: from a whole number n, numbers 0 to n - 1 (int32) in the shape given; from a tensor,
 * as many of its slices along an axis, [..., n, ...] giving [..., shape, ...]. Without replacement, and with probabilities,
 * each is drawn from those left, in proportion to their probabilities.
 * @param shape how many: a number, or a shape.
 * @throws RangeError for nothing to choose from, more elements than there are without replacement, or probabilities that are
 * negative or do not sum to 1; TypeError for an unknown option.
 * @example
 * ```ts
 * random.choice(10, [2, 3]).shape; // [2, 3]
 * random.choice(3, 3, { replacement: false }).sort().toArray(); // [0, 1, 2]
 * random.choice(tensor([[1, 2], [3, 4]]), 2, { probabilities: [0, 1] }).toArray(); // [[3, 4], [3, 4]]
 * ```
 */
function choice(from: number | Tensor, shape: number | Shape = 1, options: ChoiceOptions = {}): Tensor {
  const operation = "random.choice";
  knownOptions(operation, options, ["generator", "replacement", "probabilities", "axis"]);
  const { axis = 0, generator } = options;
  const replacement = flag(operation, "replacement", options.replacement ?? true);
  const wanted = typeof shape === "number" ? [shape] : shape;
  checkShape(operation, wanted);
  if (typeof from !== "number") checkTensor(operation, from);
  const n = typeof from === "number" ? from : lengthAt(from, axis);
  if (n === undefined || !Number.isInteger(n) || n < 0 || n >= 2 ** 31) {
    throw new RangeError(`${operation}: needs a whole number or a tensor with axis ${quote(axis)}, got ${quote(from)}`);
  }
  const count = sizeOf(wanted);
  if (count > 0 && n === 0) throw new RangeError(`${operation}: there is nothing to choose from`);
  if (!replacement && count > n) {
    throw new RangeError(`${operation}: ${count} elements without replacement, but there are only ${n}`);
  }
  const source = generator && { generator };
  const positions = withRecording(false, (): Tensor => {
    if (options.probabilities !== undefined) {
      const p = probabilitiesOf(operation, options.probabilities, n);
      const found = replacement
        ? scope(() => positionsOf(p, 0, n, uniform(count, generator).dataSync() as Float64Array))
        : race(operation, p, count, generator);
      return tensor(found, { shape: wanted });
    }
    if (count === 0) return tensor(new Int32Array(0), { shape: wanted });
    if (replacement) return draws.integers(wanted, 0, n, source);
    return slice(draws.permutation(n, source), 0, count).reshape(wanted);
  });
  return typeof from === "number" ? positions : gather(from, positions, axis);
}

/** The length of an axis, undefined for one that is none. */
function lengthAt(x: Tensor, axis: number): number | undefined {
  return Number.isInteger(axis) ? x.shape.at(axis) : undefined;
}

/**
 * The slices of x along an axis, the first by default, in random order: a copy in the shape of x.
 *
 * Gradient: dy, put back in order.
 * @throws RangeError for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * random.shuffle(tensor([3, 1, 2])).sort().toArray(); // [1, 2, 3]
 * ```
 */
function shuffle(x: Tensor, axis = 0, options: DrawOptions = {}): Tensor {
  checkTensor("random.shuffle", x);
  knownOptions("random.shuffle", options, ["generator"]);
  const n = lengthAt(x, axis);
  if (n === undefined) {
    throw new RangeError(`random.shuffle: there is no axis ${quote(axis)} in shape ${formatShape(x.shape)}`);
  }
  return gather(x, draws.permutation(n, options.generator && { generator: options.generator }), axis);
}

/**
 * Normal within bounds: the normal distribution with the given mean and deviation, of which what lies outside [low, high] is
 * left out, by default what is further from the mean than two deviations (then the deviation of what is drawn is 0.8796 times
 * that given). By the inverse of the distribution function, one number a value.
 * @throws RangeError for parameters that are not finite, a deviation that is not above 0, bounds out of order or so far out
 * that less than a billionth of the distribution lies between them; TypeError for a dtype that is not float32 or float64.
 * @example
 * ```ts
 * random.truncatedNormal([1000]).abs().max().item() <= 2; // true
 * ```
 */
function truncatedNormal(shape: Shape, mean = 0, deviation = 1, options: TruncatedOptions = {}): Tensor {
  const operation = "random.truncatedNormal";
  knownOptions(operation, options, ["dtype", "generator", "low", "high"]);
  finite(operation, "mean", mean);
  if (!(finite(operation, "deviation", deviation) > 0)) {
    throw new RangeError(`${operation}: the deviation must be above 0, got ${deviation}`);
  }
  const low = finite(operation, "low", options.low ?? mean - 2 * deviation);
  const high = finite(operation, "high", options.high ?? mean + 2 * deviation);
  if (low >= high) throw new RangeError(`${operation}: low must be below high, got ${low} and ${high}`);
  const { dtype = "float32", generator } = options;
  if (!isFloat(dtype)) throw new TypeError(`${operation}: dtype must be float32 or float64, got ${quote(dtype)}`);
  return withRecording(false, () =>
    scope(() => {
      const standard = [low, high].map((bound) => (bound - mean) / deviation / Math.SQRT2);
      const [from, to] = erf(tensor(standard, "float64")).dataSync();
      if (to - from < 2e-9) {
        throw new RangeError(
          `${operation}: next to nothing of the normal distribution with mean ${mean} and deviation ${deviation} lies between ${low} and ${high}`,
        );
      }
      const part = (count: number): Tensor => {
        const u = draws.uniform([count], from, to, { dtype: "float64", ...(generator && { generator }) });
        return clip(cast(add(mul(erfinv(u), deviation * Math.SQRT2), mean), dtype), low, high);
      };
      const size = checkShape(operation, shape);
      if (size <= STRETCH) return reshape(part(size), shape);
      const all = empty(operation, [size], dtype);
      for (let start = 0; start < size; start += STRETCH) {
        const stop = Math.min(size, start + STRETCH);
        scope(() => engine().copy(part(stop - start), slice(all, start, stop)));
      }
      return reshape(all, shape);
    }),
  );
}

/**
 * Random tensors. All take options with `generator`, most with `dtype`, as their last argument; without a generator they use
 * the global one.
 * @namespace
 */
export const random = {
  ...draws,
  /** @function */
  categorical,
  /** @function */
  choice,
  /** @function */
  shuffle,
  /** @function */
  truncatedNormal,
};
