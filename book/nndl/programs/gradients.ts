// Where gradients vanish and explode, by hand: a network of sigmoid layers whose gradient is looked at layer by layer (the book's
// `generate_gradient.py`), the chain of single neurons behind the explanation of section 5.3, and its exercises.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";

export function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

export function sigmoidPrime(z: number): number {
  return sigmoid(z) * (1 - sigmoid(z));
}

/** Sigmoid layers with the cross-entropy cost; weights N(0, 1 / inputs), biases N(0, 1). Samples are columns. */
export class DeepNetwork {
  readonly sizes: readonly number[];
  /** For each layer after the inputs, [neurons, inputs]. */
  readonly weights: Matrix[];
  /** For each layer after the inputs, [neurons, 1]. */
  readonly biases: Matrix[];

  constructor(sizes: readonly number[], random: Random) {
    this.sizes = sizes;
    this.biases = sizes.slice(1).map((y) => Matrix.fill(y, 1, () => random.normal()));
    this.weights = sizes.slice(1).map((y, l) => Matrix.fill(y, sizes[l], () => random.normal() / Math.sqrt(sizes[l])));
  }

  /** Weighted inputs z and activations a of every layer; `activations[0]` are the inputs. */
  feedforward(x: Matrix): { zs: Matrix[]; activations: Matrix[] } {
    const zs: Matrix[] = [];
    const activations = [x];
    this.weights.forEach((w, l) => {
      zs.push(w.dot(activations[l]).plus(this.biases[l]));
      activations.push(zs[l].map(sigmoid));
    });
    return { zs, activations };
  }

  /** The errors delta of every layer, a column a sample: BP1 for the cross-entropy, then BP2 backwards. */
  deltas(x: Matrix, y: Matrix): Matrix[] {
    const { zs, activations } = this.feedforward(x);
    const deltas: Matrix[] = [];
    let delta = activations[activations.length - 1].minus(y);
    deltas.unshift(delta);
    for (let l = this.weights.length - 2; l >= 0; l--) {
      delta = this.weights[l + 1].transposed.dot(delta).times(zs[l].map(sigmoidPrime));
      deltas.unshift(delta);
    }
    return deltas;
  }

  /** The gradient by the biases of every layer, averaged over the samples: the book's `get_average_gradient`. */
  getAverageGradient(x: Matrix, y: Matrix): Matrix[] {
    return this.deltas(x, y).map((delta) => delta.sums("rows").map((sum) => sum / x.columns));
  }

  /**
   * The error of layer `l` (from 0) of one sample by formula (124), all at once: Sigma'(z^l) (w^{l+1})^T Sigma'(z^{l+1}) ... grad_a C.
   * Sigma'(z) is the diagonal matrix of the sigma'(z_j).
   */
  errorByProduct(x: Matrix, y: Matrix, l: number): Matrix {
    const { zs, activations } = this.feedforward(x);
    const output = activations[activations.length - 1];
    // Cross-entropy: dC/da_j = (a_j - y_j) / (a_j (1 - a_j)).
    const gradient = output.minus(y).zip(
      output.map((a) => a * (1 - a)),
      (difference, slope) => difference / slope,
    );
    const diagonal = (z: Matrix): Matrix =>
      Matrix.fill(z.rows, z.rows, (i, j) => (i === j ? sigmoidPrime(z.values[i]) : 0));
    let product = diagonal(zs[l]);
    for (let k = l + 1; k < zs.length; k++) product = product.dot(this.weights[k].transposed).dot(diagonal(zs[k]));
    return product.dot(gradient);
  }
}

/** The length of each hidden layer's gradient by its biases: its speed of learning. */
export function layerNorms(gradient: readonly Matrix[]): number[] {
  return gradient.slice(0, -1).map((layer) => layer.norm());
}

/** A chain of neurons, one a layer: a_l = sigma(w_l a_{l-1} + b_l). `weights[0]` joins the input to the first. */
export interface Chain {
  readonly weights: readonly number[];
  readonly biases: readonly number[];
}

/** Weighted inputs and activations; `a[0]` is the input. */
export function runChain({ weights, biases }: Chain, input: number): { z: number[]; a: number[] } {
  const z: number[] = [];
  const a = [input];
  weights.forEach((w, l) => {
    z.push(w * a[l] + biases[l]);
    a.push(sigmoid(z[l]));
  });
  return { z, a };
}

/** The chain of the text: all weights 100, biases that hold every weighted input at 0. */
export function explodingChain(neurons: number, input: number): Chain {
  const weights = new Array<number>(neurons).fill(100);
  const biases: number[] = [];
  let a = input;
  for (let l = 0; l < neurons; l++) {
    biases.push(-100 * a);
    a = sigmoid(100 * a + biases[l]);
  }
  return { weights, biases };
}

/**
 * The gradient by the bias of each neuron for the cost C = (y - a)^2 / 2, by the product of section 5.3: dC/db_l = sigma'(z_l) times the
 * factors w_k sigma'(z_k) of all neurons k after it, times dC/da of the last.
 */
export function chainGradient(chain: Chain, input: number, target: number): number[] {
  const { z, a } = runChain(chain, input);
  const last = a[a.length - 1] - target;
  return z.map((own, l) => {
    let product = sigmoidPrime(own);
    for (let k = l + 1; k < z.length; k++) product *= chain.weights[k] * sigmoidPrime(z[k]);
    return product * last;
  });
}

/**
 * How wide the range of activations a is in which |w sigma'(w a + b)| >= 1, whatever b:
 * (2 / |w|) ln(|w| (1 + sqrt(1 - 4 / |w|)) / 2 - 1). Zero up to |w| = 4.
 */
export function windowWidth(w: number): number {
  const size = Math.abs(w);
  if (size <= 4) return 0;
  return (2 / size) * Math.log((size * (1 + Math.sqrt(1 - 4 / size))) / 2 - 1);
}

/**
 * A neuron with an output weight that passes x in [0, 1] on: small inputs keep sigma near its middle, where it is almost a line; the output
 * weight undoes the slope. Without a bias after it the output is w2 sigma(w1 x + b); `offset` is what a bias there takes off.
 */
export function identityNeuron(w1: number): { b: number; w2: number; offset: number; output: (x: number) => number } {
  const b = -w1 / 2;
  const w2 = 1 / (w1 * sigmoidPrime(0));
  const offset = w2 / 2 - 0.5;
  return { b, w2, offset, output: (x) => w2 * sigmoid(w1 * x + b) - offset };
}
