// The `NeuralNetwork` class of chapter 5: samples are columns, the whole training set is one step, hidden layers may drop units, and a line of
// progress is printed at intervals.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { type Activation, relu, sigmoid } from "./activations.ts";

/** Added inside logarithms, so that an output of exactly 0 or 1 costs much, but not infinity. */
export const EPSILON = 1e-8;

/** A loss with the output activation that belongs to it: together their error signal is a - y. */
export interface Loss {
  readonly output: (z: Matrix) => Matrix;
  /** Mean over the samples. */
  readonly cost: (a: Matrix, y: Matrix) => number;
  /** Share of samples that are right. */
  readonly accuracy: (a: Matrix, y: Matrix) => number;
}

function meanOf(a: Matrix, y: Matrix, term: (a: number, y: number) => number): number {
  return a.zip(y, term).sum() / a.columns;
}

/** Binary cross-entropy of sigmoid outputs, right or wrong at the threshold 0.5. */
export const bCe: Loss = {
  output: (z) => z.map(sigmoid.f),
  cost: (a, y) => meanOf(a, y, (p, t) => -(t * Math.log(p + EPSILON) + (1 - t) * Math.log(1 - p + EPSILON))),
  accuracy(a, y) {
    const wrong = a.zip(y, (p, t) => (p > 0.5 === t > 0.5 ? 0 : 1)).sums("columns");
    return wrong.values.filter((count) => count === 0).length / a.columns;
  },
};

/** Categorical cross-entropy of softmax outputs, right where the largest output is that of the class. */
export const cCe: Loss = {
  output: softmax,
  cost: (a, y) => meanOf(a, y, (p, t) => -t * Math.log(p + EPSILON)),
  accuracy(a, y) {
    const [answers, classes] = [argmaxOfColumns(a), argmaxOfColumns(y)];
    return answers.filter((answer, i) => answer === classes[i]).length / a.columns;
  },
};

/** Of each column; the largest is taken off first, so that e^z can't overflow. */
function softmax(z: Matrix): Matrix {
  const largest = new Matrix(1, z.columns).map(() => Number.NEGATIVE_INFINITY);
  z.values.forEach((value, at) => {
    largest.values[at % z.columns] = Math.max(largest.values[at % z.columns], value);
  });
  const powers = z.zip(largest, (value, most) => Math.exp(value - most));
  return powers.zip(powers.sums("columns"), (power, sum) => power / sum);
}

function argmaxOfColumns(a: Matrix): number[] {
  return Array.from({ length: a.columns }, (_, j) => {
    let best = 0;
    for (let i = 1; i < a.rows; i++) if (a.at(i, j) > a.at(best, j)) best = i;
    return best;
  });
}

export interface NeuralNetworkOptions {
  /** Training samples [features, m] and their targets [outputs, m]. */
  readonly x: Matrix;
  readonly y: Matrix;
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly loss: Loss;
  /** Of the hidden layers; default ReLU. */
  readonly activation?: Activation;
  readonly random: Random;
}

export interface Gradients {
  readonly w: Matrix[];
  readonly b: Matrix[];
}

export class NeuralNetwork {
  readonly x: Matrix;
  readonly y: Matrix;
  /** w[l] is [units, inputs], b[l] a column. */
  readonly w: Matrix[] = [];
  readonly b: Matrix[] = [];
  readonly loss: Loss;
  private readonly activation: Activation;
  private readonly random: Random;
  /** Of the last pass: weighted sums, outputs (a[0] are the inputs), and what each hidden output was multiplied by. */
  private z: Matrix[] = [];
  private a: Matrix[] = [];
  private masks: Matrix[] = [];

  constructor({ x, y, hidden, loss, activation = relu, random }: NeuralNetworkOptions) {
    this.x = x;
    this.y = y;
    this.loss = loss;
    this.activation = activation;
    this.random = random;
    const sizes = [x.rows, ...hidden, y.rows];
    for (let l = 1; l < sizes.length; l++) {
      const deviation = Math.sqrt(2 / sizes[l - 1]);
      this.w.push(Matrix.fill(sizes[l], sizes[l - 1], () => random.normal(0, deviation)));
      this.b.push(new Matrix(sizes[l], 1));
    }
  }

  /** Takes the first layers' weights from layers that were trained without labels (section 5.1); the others stay random. */
  startFrom(layers: readonly { readonly w: Matrix; readonly b: Matrix }[]): void {
    layers.forEach(({ w, b }, l) => {
      this.w[l] = w.copy();
      this.b[l] = b.copy();
    });
  }

  /**
   * Outputs [outputs, m]. Inverted dropout: each hidden output stays with probability `keepProb` and is then divided by it, so that the
   * expected sum into the next layer is the same with and without.
   */
  feedForward(keepProb = 1, x = this.x): Matrix {
    this.z = [];
    this.masks = [];
    this.a = [x];
    this.w.forEach((w, l) => {
      const z = w.dot(this.a[l]).plus(this.b[l]);
      this.z.push(z);
      if (l === this.w.length - 1) {
        this.a.push(this.loss.output(z));
        return;
      }
      const kept = () => (this.random.uniform() < keepProb ? 1 / keepProb : 0);
      const mask = keepProb < 1 ? Matrix.fill(z.rows, z.columns, kept) : Matrix.fill(z.rows, z.columns, () => 1);
      this.masks.push(mask);
      this.a.push(z.map(this.activation.f).times(mask));
    });
    return this.a.at(-1)!;
  }

  /** Gradients of the mean loss plus lambda / 2m sum w^2, for the units that the last pass kept. */
  backPropagate(lambda: number, y = this.y): Gradients {
    const m = y.columns;
    const gradients: Gradients = { w: [], b: [] };
    let delta = this.a.at(-1)!.minus(y);
    for (let l = this.w.length - 1; l >= 0; l--) {
      gradients.w.unshift(
        delta
          .dot(this.a[l].transposed)
          .plus(this.w[l].times(lambda))
          .times(1 / m),
      );
      gradients.b.unshift(delta.sums("rows").times(1 / m));
      if (l === 0) break;
      const slope = this.z[l - 1].map(this.activation.derivative).times(this.masks[l - 1]);
      delta = this.w[l].transposed.dot(delta).times(slope);
    }
    return gradients;
  }

  /** W -= alpha / m (delta a^T + lambda W), b -= alpha / m sum delta. */
  update({ w, b }: Gradients, alpha: number): void {
    this.w.forEach((_, l) => {
      this.w[l] = this.w[l].minus(w[l].times(alpha));
      this.b[l] = this.b[l].minus(b[l].times(alpha));
    });
  }

  /**
   * `epochs` steps of full-batch gradient descent. Every `interval` epochs `report` gets a line; the cost in it is that of the pass that was
   * trained, dropped units and all, and so is the accuracy. Returns the cost of every epoch.
   */
  startTraining(
    epochs: number,
    alpha: number,
    lambda: number,
    keepProb = 0.5,
    interval = 100,
    report: (line: string) => void = console.log,
  ): number[] {
    const costs: number[] = [];
    let start = performance.now();
    for (let i = 1; i <= epochs; i++) {
      const a = this.feedForward(keepProb);
      costs.push(this.loss.cost(a, this.y));
      this.update(this.backPropagate(lambda), alpha);
      if (i % interval === 0) {
        const accuracy = (100 * this.loss.accuracy(a, this.y)).toFixed(2);
        const seconds = ((performance.now() - start) / 1000).toFixed(2);
        report(`Epoch[${i}] : Cost = ${costs.at(-1)!.toFixed(4)} ; Acc = ${accuracy}% ; Time Taken = ${seconds}s`);
        start = performance.now();
      }
    }
    return costs;
  }

  predict(x: Matrix): Matrix {
    return this.feedForward(1, x);
  }
}
