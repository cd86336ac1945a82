// The gradient by brute force (chapter 2, equation 46): change one number, see how the cost changes. As many forward passes as there are
// numbers, and one more: what backpropagation saves.
import { Matrix } from "../../matrix.ts";
import { type Nabla, type Network, sigmoid } from "./network.ts";

/** C_x = 1/2 |y - a|^2. */
export function quadraticCost(output: Matrix, y: Matrix): number {
  return output.minus(y).values.reduce((sum, value) => sum + value * value, 0) / 2;
}

export interface Differences {
  readonly nabla: Nabla;
  readonly forwardPasses: number;
}

/**
 * (C(w + e) - C(w)) / e for every weight and bias. "central" takes (C(w + e) - C(w - e)) / 2e instead: twice the passes,
 * and an error that falls with e^2.
 */
export function finiteDifferences(
  network: Network,
  x: Matrix,
  y: Matrix,
  epsilon: number,
  kind: "forward" | "central" = "forward",
): Differences {
  let forwardPasses = 0;
  const cost = () => {
    forwardPasses += 1;
    return quadraticCost(network.feedforward(x), y);
  };
  const here = kind === "forward" ? cost() : 0;
  const slopes = (numbers: Matrix) => {
    const result = new Matrix(numbers.rows, numbers.columns);
    const { values } = numbers;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      values[i] = value + epsilon;
      const above = cost();
      values[i] = value - epsilon;
      result.values[i] = kind === "forward" ? (above - here) / epsilon : (above - cost()) / (2 * epsilon);
      values[i] = value;
    }
    return result;
  };
  const nabla = { biases: network.biases.map(slopes), weights: network.weights.map(slopes) };
  return { nabla, forwardPasses };
}

/** The cost when a demon sits in neuron j of layer l (0: the first after the inputs) and adds dz to its weighted input. */
export function costWithDemon(network: Network, x: Matrix, y: Matrix, l: number, j: number, dz: number): number {
  let a = x;
  network.weights.forEach((w, layer) => {
    const z = w.dot(a).plus(network.biases[layer]);
    if (layer === l) z.values[j] += dz;
    a = sigmoid(z);
  });
  return quadraticCost(a, y);
}

/** All numbers of a gradient in one list, biases first. */
export function flatten({ biases, weights }: Nabla): Float64Array {
  return Float64Array.from([...biases, ...weights].flatMap(({ values }) => [...values]));
}

/** Length of the difference over length of the second: 0 where gradients agree. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let length = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    length += b[i] ** 2;
  }
  return Math.sqrt(difference / length);
}
