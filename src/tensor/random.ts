// Random tensors from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). The generator is a key and a
// counter: equal seeds give equal numbers on every machine and with any number of threads, and its whole state fits in a checkpoint.
import { checkDType, type DType, isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { checkShape, type Shape } from "./shape.ts";
import { empty, type Tensor } from "./tensor.ts";

/** The state of a generator, as JSON. */
export interface RandomState {
  seed: number;
  /** Blocks of four 32-bit words used so far. */
  counter: number;
}

/** A stream of random numbers. Two generators with different seeds are independent. */
export class Generator {
  private seedValue: number;
  private counter = 0;

  /** @throws RangeError unless `seed` is a whole number from 0 to 2^53 - 1. */
  constructor(seed: number) {
    this.seedValue = checkSeed(seed);
  }

  /** Starts again from a seed. */
  reseed(seed: number): void {
    this.seedValue = checkSeed(seed);
    this.counter = 0;
  }

  state(): RandomState {
    return { seed: this.seedValue, counter: this.counter };
  }

  /** Continues from a saved state, to the same numbers. */
  restore(state: RandomState): void {
    this.seedValue = checkSeed(state.seed);
    if (!Number.isSafeInteger(state.counter) || state.counter < 0) {
      throw new RangeError(`Generator.restore: counter must be a whole number from 0 on, got ${state.counter}`);
    }
    this.counter = state.counter;
  }

  /** Internal: key and counter for a kernel that uses `blocks` blocks. */
  take(blocks: number): [number, number, number, number] {
    const { seedValue, counter } = this;
    this.counter += blocks;
    return [seedValue | 0, (seedValue / 2 ** 32) | 0, counter | 0, (counter / 2 ** 32) | 0];
  }
}

function checkSeed(seed: number): number {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`seed: must be a whole number from 0 to 2^53 - 1, got ${seed}`);
  return seed;
}

const defaultGenerator = new Generator(0);

export interface RandomOptions {
  /** float32 by default; integers are int32. */
  dtype?: DType;
  /** Default: the global generator, which `seed` sets. */
  generator?: Generator;
}

function floatTensor(operation: string, shape: Shape, options: RandomOptions): Tensor {
  checkShape(operation, shape);
  const dtype = checkDType(operation, options.dtype ?? "float32");
  if (!isFloat(dtype)) throw new TypeError(`${operation}: dtype must be float32 or float64, got ${dtype}`);
  return empty(operation, [...shape], dtype);
}

function blocksFor(x: Tensor): number {
  return Math.ceil(x.size / (x.dtype === "float64" ? 2 : 4));
}

function checkFinite(operation: string, ...values: number[]): void {
  for (const value of values)
    if (!Number.isFinite(value)) throw new RangeError(`${operation}: parameters must be finite, got ${value}`);
}

/** Random tensors; all take `{ dtype, generator }` as their last argument. */
export const random = {
  /** Sets the global generator's seed. @example random.seed(1) */
  seed(seed: number): void {
    defaultGenerator.reseed(seed);
  },

  /** The global generator. */
  generator(): Generator {
    return defaultGenerator;
  },

  /** Uniform in [low, high). @example random.uniform([2, 3]).shape; // [2, 3] */
  uniform(shape: Shape, low = 0, high = 1, options: RandomOptions = {}): Tensor {
    checkFinite("random.uniform", low, high);
    const x = floatTensor("random.uniform", shape, options);
    const state = (options.generator ?? defaultGenerator).take(blocksFor(x));
    engine().kernel("uniform", x.dtype, x, x.size, ...state, low, high);
    return x;
  },

  /** Normal with the given mean and standard deviation. @example random.normal([100], 0, 0.1).dtype; // "float32" */
  normal(shape: Shape, mean = 0, deviation = 1, options: RandomOptions = {}): Tensor {
    checkFinite("random.normal", mean, deviation);
    if (deviation < 0)
      throw new RangeError(`random.normal: the standard deviation must not be negative, got ${deviation}`);
    const x = floatTensor("random.normal", shape, options);
    const state = (options.generator ?? defaultGenerator).take(blocksFor(x));
    engine().kernel("normal", x.dtype, x, x.size, ...state, mean, deviation);
    return x;
  },

  /** Whole numbers in [low, high), int32. @example random.integers([5], 0, 10).dtype; // "int32" */
  integers(shape: Shape, low: number, high: number, options: RandomOptions = {}): Tensor {
    checkShape("random.integers", shape);
    if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low || low < -(2 ** 31) || high > 2 ** 31 - 1) {
      throw new RangeError(
        `random.integers: needs whole numbers low < high within int32, got low ${low}, high ${high}`,
      );
    }
    const x = empty("random.integers", [...shape], "int32");
    const state = (options.generator ?? defaultGenerator).take(Math.ceil(x.size / 4));
    engine().kernel("integers", "int32", x, x.size, ...state, low, high);
    return x;
  },

  /** `value` with the given probability, else 0; bool by default. @example random.bernoulli([4], 0.5).dtype; // "bool" */
  bernoulli(shape: Shape, probability: number, options: RandomOptions & { value?: number } = {}): Tensor {
    checkShape("random.bernoulli", shape);
    if (!(probability >= 0 && probability <= 1)) {
      throw new RangeError(`random.bernoulli: a probability is between 0 and 1, got ${probability}`);
    }
    const dtype = checkDType("random.bernoulli", options.dtype ?? "bool");
    if (dtype === "int32") throw new TypeError("random.bernoulli: dtype must be bool, float32 or float64, got int32");
    const x = empty("random.bernoulli", [...shape], dtype);
    const state = (options.generator ?? defaultGenerator).take(Math.ceil(x.size / 4));
    engine().kernel("bernoulli", dtype, x, x.size, ...state, probability, options.value ?? 1);
    return x;
  },

  /** The numbers 0 to n - 1 in random order, int32. @example random.permutation(4).size; // 4 */
  permutation(n: number, options: RandomOptions = {}): Tensor {
    checkShape("random.permutation", [n]);
    const x = empty("random.permutation", [n], "int32");
    const state = (options.generator ?? defaultGenerator).take(Math.ceil(n / 4));
    engine().kernel("permutation", "int32", x, n, ...state);
    return x;
  },
};
