// A network3 by hand on the framework's operations, with equal weights in float64: for comparing gradients and steps.
import { backward, conv2d, l2Pool2d, maxPool2d, scope, softmaxCrossEntropy, type Tensor, tensor } from "nabla";
import type { Matrix } from "../../matrix.ts";
import type { Network } from "../programs/network3.ts";
import { type ActivationFn, ConvPoolLayer, FullyConnectedLayer } from "../programs/network3-layers.ts";

export interface FrameworkNetwork {
  readonly network: Network;
  /** Weights and biases of every layer, one after the other, in the by-hand network's order of numbers. */
  readonly values: Float64Array[];
}

/** A copy of the network's weights; dropout is not taken over. */
export function onFramework(network: Network): FrameworkNetwork {
  return { network, values: network.layers.flatMap(({ w, b }) => [w.values.slice(), b.values.slice()]) };
}

function activate(z: Tensor, { name }: ActivationFn): Tensor {
  if (name === "sigmoid") return z.sigmoid();
  if (name === "tanh") return z.tanh();
  return name === "ReLU" ? z.relu() : z;
}

/** dC/dw and dC/db of the log-likelihood of a mini-batch by automatic differentiation, and the cost. */
export function gradientsOnFramework(
  { network, values }: FrameworkNetwork,
  x: Matrix,
  y: readonly number[],
): { gradients: Float64Array[]; cost: number } {
  return scope(() => {
    const parameters = network.layers.flatMap((layer, l) => {
      const shape = layer instanceof ConvPoolLayer ? [...layer.filterShape] : [...layer.w.shape];
      const bias = layer.b.values.length;
      return [
        tensor(values[2 * l], { shape, dtype: "float64" }).requireGradient(),
        tensor(values[2 * l + 1], { shape: [bias], dtype: "float64" }).requireGradient(),
      ];
    });
    let a = tensor(x.values, { shape: [...x.shape], dtype: "float64" });
    network.layers.forEach((layer, l) => {
      const [w, b] = parameters.slice(2 * l);
      if (layer instanceof ConvPoolLayer) {
        const [, maps, height, width] = layer.imageShape;
        const pool = layer.pooling === "max" ? maxPool2d : l2Pool2d;
        const pooled = pool(conv2d(a.reshape([x.rows, maps, height, width]), w), layer.poolsize);
        a = activate(pooled.add(b.reshape([1, b.shape[0], 1, 1])), layer.activationFn).reshape([x.rows, -1]);
      } else {
        const z = a.matmul(w).add(b);
        a = layer instanceof FullyConnectedLayer ? activate(z, layer.activationFn) : z;
      }
    });
    const cost = softmaxCrossEntropy(a, tensor(Int32Array.from(y)));
    backward(cost);
    return {
      cost: cost.item() as number,
      gradients: parameters.map(({ gradient }) => Float64Array.from(gradient!.flatten().toArray() as number[])),
    };
  });
}

/** w -= eta (gradient + decay w), b -= eta gradient. */
export function stepOnFramework(
  { values }: FrameworkNetwork,
  gradients: readonly Float64Array[],
  eta: number,
  decay: number,
): void {
  values.forEach((list, k) => {
    for (let i = 0; i < list.length; i++) list[i] -= eta * (gradients[k][i] + (k % 2 === 0 ? decay * list[i] : 0));
  });
}
