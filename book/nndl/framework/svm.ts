// A support vector machine for digits, as LIBSVM with the defaults of the scikit-learn of 2015 builds it: the kernel exp(-gamma |x - x'|^2) with
// gamma = 1/784, C = 1, one machine for each of the 45 pairs of digits, the digit with most votes. Kernels are matrix products on the framework.
import { matmul, scope, type Tensor, tensor } from "nabla";
import type { DigitSet } from "../../mnist.ts";
import { solveTwoClasses } from "../programs/smo.ts";

const PIXELS = 784;
const CLASSES = 10;
/** Rows of a kernel matrix that are computed at a time: bounds what stands in the engine's memory. */
const ROWS = 1000;

export interface SvmOptions {
  /** Bound of the multipliers: what an example on the wrong side may cost. Default 1. */
  readonly C?: number;
  /** Default 1/784. */
  readonly gamma?: number;
  /** Default 0.001. */
  readonly tolerance?: number;
  /** Hears after each of the 45 machines. */
  readonly onPair?: (pair: number, of: number) => void;
}

export interface Svm {
  readonly gamma: number;
  /** All support vectors of all machines, 784 numbers each. */
  readonly supports: Float32Array;
  readonly supportCount: number;
  /** The two digits of each machine; a positive output is a vote for the first. */
  readonly pairs: readonly (readonly [number, number])[];
  /** `supportCount` rows of one column a machine: alpha y. */
  readonly coefficients: Float32Array;
  readonly biases: Float32Array;
  /** Steps that were taken, over all machines. */
  readonly iterations: number;
}

/**
 * Trains on all images of a set. Takes memory for the kernel within each digit and that between two: about 1.3 GB for
 * 50,000 images, 13 MB for 5,000.
 */
export function trainSvm(set: DigitSet, options: SvmOptions = {}): Svm {
  const { C = 1, gamma = 1 / PIXELS, tolerance = 1e-3, onPair } = options;
  const members = Array.from({ length: CLASSES }, (_, digit) => indicesOf(set.labels, digit));
  const images = members.map((indices) => gather(set.images, indices));
  const present = members.flatMap((indices, digit) => (indices.length > 0 ? [digit] : []));
  const pairs = present.flatMap((a) => present.filter((b) => b > a).map((b) => [a, b] as const));
  // The kernel within a digit serves nine machines.
  const within = images.map((of) => kernelMatrix(of, of, gamma));
  const solutions = pairs.map(([a, b], pair) => {
    const between = kernelMatrix(images[a], images[b], gamma);
    const [na, nb] = [members[a].length, members[b].length];
    const rows = rowsOfPair(within[a], between, transposed(between, na, nb), within[b], na, nb);
    const y = new Int8Array(na + nb).fill(1, 0, na).fill(-1, na);
    const solution = solveTwoClasses({ y, first: rows(), second: rows(), diagonal: 1, C, tolerance });
    onPair?.(pair + 1, pairs.length);
    const weights = solution.alpha.map((alpha, t) => alpha * y[t]);
    return { ...solution, weights, examples: [...members[a], ...members[b]] };
  });

  const rowOf = new Map<number, number>();
  for (const { weights, examples } of solutions) {
    examples.forEach((example, t) => {
      if (weights[t] !== 0 && !rowOf.has(example)) rowOf.set(example, rowOf.size);
    });
  }
  const coefficients = new Float32Array(rowOf.size * pairs.length);
  solutions.forEach(({ weights, examples }, pair) => {
    examples.forEach((example, t) => {
      if (weights[t] !== 0) coefficients[rowOf.get(example)! * pairs.length + pair] = weights[t];
    });
  });
  return {
    gamma,
    supports: gather(set.images, Int32Array.from(rowOf.keys())),
    supportCount: rowOf.size,
    pairs,
    coefficients,
    biases: Float32Array.from(solutions, ({ bias }) => bias),
    iterations: solutions.reduce((sum, { iterations }) => sum + iterations, 0),
  };
}

/** The digit of each image: every machine has one vote; of equally many, the smaller digit. */
export function classifySvm(svm: Svm, set: DigitSet): Uint8Array {
  const { supports, supportCount, pairs, coefficients, biases, gamma } = svm;
  const digits = new Uint8Array(set.count);
  scope(() => {
    const known = tensor(supports, { shape: [supportCount, PIXELS] });
    const weights = tensor(coefficients, { shape: [supportCount, pairs.length] });
    const offsets = tensor(biases, { shape: [pairs.length] });
    for (let start = 0; start < set.count; start += ROWS) {
      const count = Math.min(ROWS, set.count - start);
      const outputs = scope(() => {
        const unknown = tensor(set.images.subarray(start * PIXELS, (start + count) * PIXELS), {
          shape: [count, PIXELS],
        });
        return matmul(kernel(unknown, known, gamma), weights)
          .add(offsets)
          .dataSync();
      });
      for (let i = 0; i < count; i++) {
        const votes = new Uint8Array(CLASSES);
        pairs.forEach(([a, b], pair) => {
          votes[outputs[i * pairs.length + pair] > 0 ? a : b] += 1;
        });
        digits[start + i] = votes.indexOf(Math.max(...votes));
      }
    }
  });
  return digits;
}

/** exp(-gamma |a - b|^2) for every row a of A [m, 784] and b of B [n, 784]: [m, n]. */
function kernel(A: Tensor, B: Tensor, gamma: number): Tensor {
  const squares = (X: Tensor) => X.square().sum(1);
  const products = matmul(A, B.transpose()).mul(2 * gamma);
  return products
    .sub(squares(A).mul(gamma).reshape([A.shape[0], 1]))
    .sub(squares(B).mul(gamma))
    .exp();
}

/** The kernel between two lists of images, in memory of its own, row after row. */
function kernelMatrix(a: Float32Array, b: Float32Array, gamma: number): Float32Array {
  const [m, n] = [a.length / PIXELS, b.length / PIXELS];
  const result = new Float32Array(m * n);
  if (result.length === 0) return result;
  scope(() => {
    const B = tensor(b, { shape: [n, PIXELS] });
    for (let start = 0; start < m; start += ROWS) {
      const count = Math.min(ROWS, m - start);
      scope(() => {
        const A = tensor(a.subarray(start * PIXELS, (start + count) * PIXELS), { shape: [count, PIXELS] });
        result.set(kernel(A, B, gamma).dataSync() as Float32Array, start * n);
      });
    }
  });
  return result;
}

/** [m, n] to [n, m], in tiles that fit the cache. */
function transposed(matrix: Float32Array, m: number, n: number): Float32Array {
  const result = new Float32Array(matrix.length);
  const tile = 64;
  for (let top = 0; top < m; top += tile) {
    for (let left = 0; left < n; left += tile) {
      const [bottom, right] = [Math.min(top + tile, m), Math.min(left + tile, n)];
      for (let j = left; j < right; j++) for (let i = top; i < bottom; i++) result[j * m + i] = matrix[i * n + j];
    }
  }
  return result;
}

/** Makers of rows of the kernel of a pair, put together from its four blocks; each maker has its own memory. */
function rowsOfPair(
  aa: Float32Array,
  ab: Float32Array,
  ba: Float32Array,
  bb: Float32Array,
  na: number,
  nb: number,
): () => (i: number) => Float32Array {
  return () => {
    const row = new Float32Array(na + nb);
    return (i) => {
      const k = i - na;
      row.set(i < na ? aa.subarray(i * na, (i + 1) * na) : ba.subarray(k * na, (k + 1) * na));
      row.set(i < na ? ab.subarray(i * nb, (i + 1) * nb) : bb.subarray(k * nb, (k + 1) * nb), na);
      return row;
    };
  };
}

function indicesOf(labels: Uint8Array, digit: number): Int32Array {
  return Int32Array.from([...labels.keys()].filter((i) => labels[i] === digit));
}

function gather(images: Float32Array, indices: Int32Array): Float32Array {
  const result = new Float32Array(indices.length * PIXELS);
  indices.forEach((index, k) => {
    result.set(images.subarray(index * PIXELS, (index + 1) * PIXELS), k * PIXELS);
  });
  return result;
}
