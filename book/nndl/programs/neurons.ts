// Neurons beyond the sigmoid one (section 3.6 and chapter 6 of the book): what a layer makes of its weighted inputs, and the derivative that
// backpropagation needs. Softmax stands apart: its outputs depend on all of the layer's weighted inputs, so it has no derivative neuron by neuron.
import type { Matrix } from "../../matrix.ts";

export interface Neuron {
  readonly name: NeuronName;
  /** Activations of a layer, from its weighted inputs. */
  fn(z: Matrix): Matrix;
  /** Derivative at each weighted input. */
  prime(z: Matrix): Matrix;
}

export type NeuronName = "sigmoid" | "tanh" | "relu" | "linear" | "softmax";

/** 1 / (1 + e^-z) */
export function sigmoid(z: Matrix): Matrix {
  return z.map((value) => 1 / (1 + Math.exp(-value)));
}

/** sigma (1 - sigma) */
export function sigmoidPrime(z: Matrix): Matrix {
  return sigmoid(z).map((a) => a * (1 - a));
}

/** e^z_j / sum_k e^z_k (78); the largest z is taken off first, which changes nothing but keeps e^z finite. */
export function softmax(z: Matrix): Matrix {
  const largest = z.values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = z.map((value) => Math.exp(value - largest));
  return powers.times(1 / powers.sum());
}

export const NEURONS: Readonly<Record<NeuronName, Neuron>> = {
  sigmoid: { name: "sigmoid", fn: sigmoid, prime: sigmoidPrime },
  tanh: { name: "tanh", fn: (z) => z.map(Math.tanh), prime: (z) => z.map((value) => 1 - Math.tanh(value) ** 2) },
  relu: {
    name: "relu",
    fn: (z) => z.map((value) => Math.max(0, value)),
    prime: (z) => z.map((value) => (value > 0 ? 1 : 0)),
  },
  linear: { name: "linear", fn: (z) => z.copy(), prime: (z) => z.map(() => 1) },
  softmax: {
    name: "softmax",
    fn: softmax,
    prime() {
      throw new Error("softmax: has no derivative neuron by neuron; use it for outputs, with the log-likelihood cost");
    },
  },
};
