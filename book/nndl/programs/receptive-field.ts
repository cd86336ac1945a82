// Section 6.1: what one hidden neuron sees of the image, and how many hidden neurons a map has.
import { placesOf } from "../../sizes.ts";
import type { Volume } from "../../volume.ts";

/** The first row and column of the receptive field of hidden neuron (j, k), for fields that move by `stride`. */
export function fieldOf([j, k]: readonly [number, number], stride: number): [row: number, column: number] {
  return [j * stride, k * stride];
}

/** The side of a feature map: fields of `side` in an image of `image`, moved by `stride`, as many as fit. A rim that no field reaches is left. */
export function mapSide(image: number, side: number, stride: number): number {
  return placesOf("mapSide", "image", image - ((image - side) % stride), side, 0, stride);
}

/** Weights and biases of so many feature maps: each has one filter and one bias, shared by all of its neurons. */
export function sharedParameters(maps: number, side: number): number {
  return maps * (side * side + 1);
}

/** Equation 125 without the activation: b + sum over l, m of w_lm a_j+l,k+m; for a stride j and k are multiplied by it. */
export function hiddenNeuron(
  image: Volume,
  weights: Volume,
  bias: number,
  neuron: readonly [number, number],
  stride = 1,
): number {
  const [row, column] = fieldOf(neuron, stride);
  let sum = bias;
  for (let l = 0; l < weights.height; l++) {
    for (let m = 0; m < weights.width; m++) sum += weights.at(0, l, m) * image.at(0, row + l, column + m);
  }
  return sum;
}
