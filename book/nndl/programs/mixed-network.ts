// Backpropagation when not every neuron is a sigmoid (two problems of chapter 2): each neuron may have a function of its own. Only two places of the
// algorithm change: the activation f(z) on the way forward, and f'(z) where sigma'(z) stood on the way back.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { addOuter, addScaled, type Nabla, Network } from "./network.ts";

export interface Neuron {
  readonly f: (z: number) => number;
  readonly prime: (z: number) => number;
}

const logistic = (z: number) => 1 / (1 + Math.exp(-z));

export const SIGMOID: Neuron = { f: logistic, prime: (z) => logistic(z) * (1 - logistic(z)) };
export const LINEAR: Neuron = { f: (z) => z, prime: () => 1 };

export class MixedNetwork extends Network {
  private readonly neuronAt: (l: number, j: number) => Neuron;

  /** `neuronAt(l, j)`: neuron j of layer l, 0 being the first layer after the inputs. */
  constructor(sizes: readonly number[], random: Random, neuronAt: (l: number, j: number) => Neuron) {
    super(sizes, random);
    this.neuronAt = neuronAt;
  }

  override feedforward(a: Matrix): Matrix {
    return this.forward(a).activations.at(-1)!;
  }

  private forward(x: Matrix): { zs: Matrix[]; activations: Matrix[] } {
    const activations = [x];
    const zs: Matrix[] = [];
    this.weights.forEach((w, l) => {
      const z = w.dot(activations[l]).plus(this.biases[l]);
      zs.push(z);
      activations.push(Matrix.fill(z.rows, 1, (j) => this.neuronAt(l, j).f(z.at(j, 0))));
    });
    return { zs, activations };
  }

  override backprop(x: Matrix, y: Matrix, nabla: Nabla = this.zeroNabla()): Nabla {
    const { zs, activations } = this.forward(x);
    const slopes = zs.map((z, l) => Matrix.fill(z.rows, 1, (j) => this.neuronAt(l, j).prime(z.at(j, 0))));
    const last = zs.length - 1;
    let delta = this.costDerivative(activations[last + 1], y).times(slopes[last]);
    for (let l = last; l >= 0; l--) {
      if (l < last) delta = this.weights[l + 1].transposed.dot(delta).times(slopes[l]);
      addScaled(nabla.biases[l], delta, 1);
      addOuter(nabla.weights[l], delta, activations[l]);
    }
    return nabla;
  }
}
