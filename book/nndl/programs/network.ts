// network.py by hand: a feedforward network of sigmoid neurons, stochastic gradient descent on the quadratic cost, gradients by backpropagation.
// Vectors are columns, w[j, k] joins neuron k of one layer to neuron j of the next, and one example passes through at a time, as in the book.
import { Matrix } from "../../matrix.ts";
import type { DigitSet } from "../../mnist.ts";
import type { Random } from "../../random.ts";

/** An input and the output that is wanted, both columns. */
export interface Example {
  readonly x: Matrix;
  readonly y: Matrix;
}

/** Gradients of the cost of one example, a matrix a layer. */
export interface Nabla {
  readonly biases: Matrix[];
  readonly weights: Matrix[];
}

export class Network {
  readonly sizes: readonly number[];
  readonly numLayers: number;
  biases: Matrix[];
  weights: Matrix[];
  protected readonly random: Random;

  /** Neurons of each layer, inputs first. Biases and weights start as Gaussian numbers of mean 0 and deviation 1. */
  constructor(sizes: readonly number[], random: Random) {
    this.sizes = sizes;
    this.numLayers = sizes.length;
    this.random = random;
    this.biases = sizes.slice(1).map((n) => Matrix.fill(n, 1, () => random.normal()));
    this.weights = sizes.slice(1).map((n, i) => Matrix.fill(n, sizes[i], () => random.normal()));
  }

  /** The output for input `a`: a' = sigmoid(w a + b), layer after layer (equation 22). */
  feedforward(a: Matrix): Matrix {
    let activation = a;
    this.weights.forEach((w, i) => {
      activation = sigmoid(w.dot(activation).plus(this.biases[i]));
    });
    return activation;
  }

  /** Epochs of mini-batches in random order. After each, `onEpoch` hears which it was and, given test data, how many are right. */
  SGD(
    trainingData: Example[],
    epochs: number,
    miniBatchSize: number,
    eta: number,
    testData?: DigitSet,
    onEpoch: (epoch: number, right: number | undefined) => void = () => {},
  ): void {
    for (let epoch = 0; epoch < epochs; epoch++) {
      this.random.shuffle(trainingData);
      for (let k = 0; k < trainingData.length; k += miniBatchSize) {
        this.updateMiniBatch(trainingData.slice(k, k + miniBatchSize), eta);
      }
      onEpoch(epoch, testData === undefined ? undefined : this.evaluate(testData));
    }
  }

  /** One step: w -> w - eta/m sum of dC_x/dw, and b likewise (equations 20 and 21). The last batch may be short. */
  updateMiniBatch(miniBatch: readonly Example[], eta: number): void {
    const nabla = this.zeroNabla();
    for (const { x, y } of miniBatch) this.backprop(x, y, nabla);
    this.descend(nabla, eta / miniBatch.length);
  }

  /** w -> w - step nabla, b likewise. */
  protected descend(nabla: Nabla, step: number): void {
    this.biases.forEach((b, i) => {
      addScaled(b, nabla.biases[i], -step);
    });
    this.weights.forEach((w, i) => {
      addScaled(w, nabla.weights[i], -step);
    });
  }

  protected zeroNabla(): Nabla {
    return {
      biases: this.biases.map(({ rows }) => new Matrix(rows, 1)),
      weights: this.weights.map(({ rows, columns }) => new Matrix(rows, columns)),
    };
  }

  /**
   * The gradient of the cost C_x of one example, added to `nabla`. The book returns a new one and adds outside; a new
   * matrix of all weights for every example takes longer to make than to compute.
   */
  backprop(x: Matrix, y: Matrix, nabla: Nabla = this.zeroNabla()): Nabla {
    // Forward, keeping every z and every activation.
    const activations = [x];
    const zs: Matrix[] = [];
    this.weights.forEach((w, i) => {
      const z = w.dot(activations[i]).plus(this.biases[i]);
      zs.push(z);
      activations.push(sigmoid(z));
    });
    // Backward: from the output, layer by layer.
    const last = this.weights.length - 1;
    let delta = this.costDerivative(activations[last + 1], y).times(sigmoidPrime(zs[last])); // BP1
    for (let l = last; l >= 0; l--) {
      if (l < last) delta = this.weights[l + 1].transposed.dot(delta).times(sigmoidPrime(zs[l])); // BP2
      addScaled(nabla.biases[l], delta, 1); // BP3
      addOuter(nabla.weights[l], delta, activations[l]); // BP4
    }
    return nabla;
  }

  /** How many images are read rightly: the digit is the output neuron with the highest activation. */
  evaluate(testData: DigitSet): number {
    let right = 0;
    for (let i = 0; i < testData.count; i++) {
      const x = Matrix.column(testData.images.subarray(i * 784, (i + 1) * 784));
      if (this.feedforward(x).argmax() === testData.labels[i]) right += 1;
    }
    return right;
  }

  /** dC_x/da of the quadratic cost. */
  costDerivative(outputActivations: Matrix, y: Matrix): Matrix {
    return outputActivations.minus(y);
  }
}

export function sigmoid(z: Matrix): Matrix {
  return z.map((value) => 1 / (1 + Math.exp(-value)));
}

export function sigmoidPrime(z: Matrix): Matrix {
  return z.map((value) => {
    const s = 1 / (1 + Math.exp(-value));
    return s * (1 - s);
  });
}

/** The column with 1.0 at place j and 0 elsewhere. */
export function vectorizedResult(j: number): Matrix {
  return Matrix.fill(10, 1, (i) => (i === j ? 1 : 0));
}

/** Training data as network.py takes them: pairs of columns. */
export function toExamples(set: DigitSet): Example[] {
  return Array.from({ length: set.count }, (_, i) => ({
    x: Matrix.column(set.images.subarray(i * 784, (i + 1) * 784)),
    y: vectorizedResult(set.labels[i]),
  }));
}

/** sum += delta a^T, in place. */
export function addOuter(sum: Matrix, delta: Matrix, a: Matrix): void {
  const [to, row, column] = [sum.values, a.values, delta.values];
  const n = row.length;
  for (let j = 0, at = 0; j < column.length; j++) {
    const factor = column[j];
    for (let k = 0; k < n; k++, at++) to[at] += factor * row[k];
  }
}

/** sum += factor * term, in place. */
export function addScaled(sum: Matrix, term: Matrix, factor: number): void {
  for (let i = 0; i < sum.values.length; i++) sum.values[i] += factor * term.values[i];
}
