// Backpropagation as a sum over paths (chapter 2, equations 47 to 53): a change of one weight reaches the cost along every path of neurons from
// there to the outputs, and each path contributes the product of the rates along it.
import type { Matrix } from "../../matrix.ts";
import { type Network, sigmoid, sigmoidPrime } from "./network.ts";

export interface Path {
  /** A neuron of each layer, from the one the weight leads to up to an output. */
  readonly neurons: readonly number[];
  /** What it adds to dC/dw. */
  readonly rate: number;
}

/** All paths by which weight w^l_jk acts on the cost of (x, y); l = 0 is the first layer of weights. */
export function pathsFrom(network: Network, x: Matrix, y: Matrix, l: number, j: number, k: number): Path[] {
  const activations = [x];
  const zs = network.weights.map((w, layer) => {
    const z = w.dot(activations[layer]).plus(network.biases[layer]);
    activations.push(sigmoid(z));
    return z;
  });
  const slopes = zs.map(sigmoidPrime);
  const last = zs.length - 1;
  const byOutput = network.costDerivative(activations[last + 1], y);
  const follow = (layer: number, neurons: readonly number[], rate: number): Path[] => {
    const here = neurons.at(-1)!;
    if (layer === last) return [{ neurons, rate: rate * byOutput.at(here, 0) }];
    return Array.from({ length: network.sizes[layer + 2] }, (_, next) => next).flatMap((next) => {
      const factor = slopes[layer + 1].at(next, 0) * network.weights[layer + 1].at(next, here);
      return follow(layer + 1, [...neurons, next], rate * factor);
    });
  };
  return follow(l, [j], slopes[l].at(j, 0) * activations[l].at(k, 0));
}
