// Random tensors from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). The generator is a key and a
// counter: equal seeds give equal numbers on every machine and with any number of threads, and its whole state fits in a checkpoint.
import { fields, knownOptions, numeric, whole } from "../engine/checks.ts";
import { checkDType, type DType, isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { noteDraw } from "../engine/recording.ts";
import { checkShape, type Shape } from "./shape.ts";
import { empty, type Tensor } from "./tensor.ts";

/** The state of a generator, as JSON. */
export interface RandomState {
  seed: number;
  /** Blocks of four 32-bit words used so far. */
  counter: number;
}

/**
 * A stream of random numbers. Equal seeds give equal numbers on every machine; two generators with different seeds are
 * independent.
 * @example
 * ```ts
 * const a = new Generator(7);
 * const b = new Generator(7);
 * random.normal([3], 0, 1, { generator: a }).equal(random.normal([3], 0, 1, { generator: b })).toArray(); // [true, true, true]
 * ```
 */
export class Generator {
  private seedValue: number;
  private counter = 0;

  /** @throws RangeError unless `seed` is a whole number from 0 to 2^53 - 1. */
  constructor(seed: number) {
    this.seedValue = checkSeed(seed);
  }

  /**
   * Starts again from a seed.
   * @throws RangeError unless `seed` is a whole number from 0 to 2^53 - 1.
   */
  reseed(seed: number): void {
    this.seedValue = checkSeed(seed);
    this.counter = 0;
  }

  /** Where the stream stands, for `restore`. */
  state(): RandomState {
    return { seed: this.seedValue, counter: this.counter };
  }

  /**
   * Continues from a saved state, to the same numbers.
   * @throws RangeError for a seed or counter that is not a whole number from 0 on.
   */
  restore(state: RandomState): void {
    const { seed, counter } = fields("Generator.restore", "the state", state);
    whole("Generator.restore", "counter", counter, 0);
    this.seedValue = checkSeed(seed);
    this.counter = counter;
  }

  /**
   * Key and counter for a kernel that uses `blocks` blocks.
   * @internal
   */
  take(blocks: number): [number, number, number, number] {
    const numbers = this.next(blocks);
    noteDraw(numbers, () => this.next(blocks));
    return numbers;
  }

  private next(blocks: number): [number, number, number, number] {
    const { seedValue, counter } = this;
    this.counter += blocks;
    return [seedValue | 0, (seedValue / 2 ** 32) | 0, counter | 0, (counter / 2 ** 32) | 0];
  }
}

function checkSeed(seed: number): number {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`seed: must be a whole number from 0 to 2^53 - 1, got ${quote(seed)}`);
  return seed;
}

const defaultGenerator = new Generator(0);

/** What random tensors take as their last argument. */
export interface RandomOptions {
  /** float32 by default, bool for `bernoulli`; `integers` and `permutation` are int32. */
  dtype?: DType;
  /** Default: the global generator, which `random.seed` sets. */
  generator?: Generator;
}

const OPTIONS = ["dtype", "generator"];

function floatTensor(operation: string, shape: Shape, options: RandomOptions): Tensor {
  knownOptions(operation, options, OPTIONS);
  checkShape(operation, shape);
  const dtype = checkDType(operation, options.dtype ?? "float32");
  if (!isFloat(dtype)) throw new TypeError(`${operation}: dtype must be float32 or float64, got ${dtype}`);
  return empty(operation, [...shape], dtype);
}

function blocksFor(x: Tensor): number {
  return Math.ceil(x.size / (x.dtype === "float64" ? 2 : 4));
}

function checkFinite(operation: string, ...values: number[]): void {
  for (const value of values) {
    if (!Number.isFinite(value)) {
      throw new RangeError(`${operation}: parameters must be finite numbers, got ${quote(value)}`);
    }
  }
}

/** The generator to draw from. */
function generatorOf(operation: string, options: RandomOptions): Generator {
  const generator = options.generator ?? defaultGenerator;
  if (generator instanceof Generator) return generator;
  throw new TypeError(`${operation}: generator must be a Generator, got ${quote(generator)}`);
}

/** Throws where a number that a kernel computes with is infinite in the dtype. */
function checkRange(operation: string, dtype: DType, ...values: number[]): void {
  const most = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
  for (const value of values) {
    if (Math.abs(value) <= most) continue;
    const remedy = dtype === "float32" ? "choose a smaller range, or dtype float64" : "choose a smaller range";
    throw new RangeError(`${operation}: ${value} is beyond ${dtype}, whose largest number is ${most}; ${remedy}`);
  }
}

/**
 * Random tensors. All take `{ dtype, generator }` as their last argument; without a generator they use the global one.
 * @namespace
 */
export const random = {
  /**
   * Sets the global generator's seed: what is drawn from now on is the same in every run.
   * @throws RangeError unless `seed` is a whole number from 0 to 2^53 - 1.
   * @example
   * ```ts
   * random.seed(1);
   * const first = random.uniform([2]);
   * random.seed(1);
   * random.uniform([2]).equal(first).toArray(); // [true, true]
   * ```
   */
  seed(seed: number): void {
    defaultGenerator.reseed(seed);
  },

  /**
   * The global generator, for saving and restoring its state.
   * @example
   * ```ts
   * const state = random.generator().state();
   * const first = random.uniform([2]);
   * random.generator().restore(state);
   * random.uniform([2]).equal(first).toArray(); // [true, true]
   * ```
   */
  generator(): Generator {
    return defaultGenerator;
  },

  /**
   * Uniform in [low, high).
   * @throws RangeError for bounds that are not finite, low above high, a range beyond the dtype or an impossible shape; TypeError for a dtype that is not float32
   * or float64.
   * @example
   * ```ts
   * random.uniform([2, 3], -1, 1).shape; // [2, 3]
   * ```
   */
  uniform(shape: Shape, low = 0, high = 1, options: RandomOptions = {}): Tensor {
    checkFinite("random.uniform", low, high);
    if (low > high) throw new RangeError(`random.uniform: low must not be above high, got ${low} and ${high}`);
    const x = floatTensor("random.uniform", shape, options);
    checkRange("random.uniform", x.dtype, low, high, high - low);
    const state = generatorOf("random.uniform", options).take(blocksFor(x));
    engine().kernel("uniform", x.dtype, x, x.size, ...state, low, high);
    return x;
  },

  /**
   * Normal with the given mean and standard deviation: density e^(-(x - mean)^2 / (2 deviation^2)) / (deviation sqrt(2
   * pi)).
   * @throws RangeError for parameters that are not finite, a negative deviation or an impossible shape; TypeError for a
   * dtype that is not float32 or float64.
   * @example
   * ```ts
   * random.normal([2, 3], 0, 0.1).shape; // [2, 3]
   * ```
   */
  normal(shape: Shape, mean = 0, deviation = 1, options: RandomOptions = {}): Tensor {
    checkFinite("random.normal", mean, deviation);
    if (deviation < 0)
      throw new RangeError(`random.normal: the standard deviation must not be negative, got ${quote(deviation)}`);
    const x = floatTensor("random.normal", shape, options);
    checkRange("random.normal", x.dtype, mean, deviation);
    const state = generatorOf("random.normal", options).take(blocksFor(x));
    engine().kernel("normal", x.dtype, x, x.size, ...state, mean, deviation);
    return x;
  },

  /**
   * Whole numbers in [low, high), all equally likely; int32.
   * @throws RangeError unless low and high are whole numbers within int32 and low < high, or for an impossible shape.
   * @example
   * ```ts
   * random.integers([5], 3, 4).toArray(); // [3, 3, 3, 3, 3]
   * ```
   */
  integers(shape: Shape, low: number, high: number, options: RandomOptions = {}): Tensor {
    knownOptions("random.integers", options, OPTIONS);
    checkShape("random.integers", shape);
    if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low || low < -(2 ** 31) || high > 2 ** 31 - 1) {
      throw new RangeError(
        `random.integers: needs whole numbers low < high within int32, got low ${quote(low)}, high ${quote(high)}`,
      );
    }
    const x = empty("random.integers", [...shape], "int32");
    const state = generatorOf("random.integers", options).take(Math.ceil(x.size / 4));
    engine().kernel("integers", "int32", x, x.size, ...state, low, high);
    return x;
  },

  /**
   * `value` (1 or true by default) with the given probability, else 0.
   * @throws RangeError unless the probability is from 0 to 1, or for an impossible shape; TypeError for int32.
   * @example
   * ```ts
   * random.bernoulli([4], 1).toArray(); // [true, true, true, true]
   * random.bernoulli([2], 1, { dtype: "float32", value: 2 }).toArray(); // [2, 2]
   * ```
   */
  bernoulli(shape: Shape, probability: number, options: RandomOptions & { value?: number } = {}): Tensor {
    checkShape("random.bernoulli", shape);
    numeric("random.bernoulli", "probability", probability);
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`random.bernoulli: a probability is between 0 and 1, got ${quote(probability)}`);
    }
    const { dtype: wanted, value = 1 } = knownOptions("random.bernoulli", options, OPTIONS, ["value"]);
    const dtype = checkDType("random.bernoulli", wanted ?? "bool");
    numeric("random.bernoulli", "value", value);
    if (dtype === "int32") throw new TypeError("random.bernoulli: dtype must be bool, float32 or float64, got int32");
    const x = empty("random.bernoulli", [...shape], dtype);
    const state = generatorOf("random.bernoulli", options).take(Math.ceil(x.size / 4));
    engine().kernel("bernoulli", dtype, x, x.size, ...state, probability, value);
    return x;
  },

  /**
   * The numbers 0 to n - 1 in random order, [n]; int32.
   * @throws RangeError if n is not a whole number from 0 on.
   * @example
   * ```ts
   * random.permutation(4).sort().toArray(); // [0, 1, 2, 3]
   * ```
   */
  permutation(n: number, options: RandomOptions = {}): Tensor {
    knownOptions("random.permutation", options, OPTIONS);
    checkShape("random.permutation", [n]);
    const x = empty("random.permutation", [n], "int32");
    const state = generatorOf("random.permutation", options).take(Math.ceil(n / 4));
    engine().kernel("permutation", "int32", x, n, ...state);
    return x;
  },
};
