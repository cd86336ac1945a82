// Section 1.4, the idea by which the book explains ten outputs: hidden neurons that look for strokes of a 0, and an output neuron that says 0 if all of
// them are there. Weights are set by hand, from the mean image of a 0.
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Network, sigmoid } from "./network.ts";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
/** How steep a hidden neuron's answer is in the strength of its stroke. */
const STEEP = 20;
/** How strongly the output neuron listens to each hidden one. */
const HEED = 10;

/** 0 to 3: upper left, upper right, lower left, lower right. */
export function quarterOf(pixel: number): number {
  return (pixel % SIDE < SIDE / 2 ? 0 : 1) + (Math.floor(pixel / SIDE) < SIDE / 2 ? 0 : 2);
}

/** What each of the four quarters shows of an image, the rest left white. */
export function quarters(image: ArrayLike<number>): Float64Array[] {
  return [0, 1, 2, 3].map((quarter) =>
    Float64Array.from({ length: PIXELS }, (_, p) => (quarterOf(p) === quarter ? image[p] : 0)),
  );
}

/** A disc of radius 3 in the middle of the image, which a 0 leaves empty. */
export const CENTRE: Float64Array = Float64Array.from({ length: PIXELS }, (_, p) =>
  ((p % SIDE) - 13.5) ** 2 + (Math.floor(p / SIDE) - 13.5) ** 2 < 9 ? 1 : 0,
);

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let p = 0; p < PIXELS; p++) sum += a[p] * b[p];
  return sum;
}

/** How strongly an image shows a pattern: 1 where it is the pattern itself. */
export function strength(pattern: ArrayLike<number>, image: ArrayLike<number>): number {
  return dot(pattern, image) / dot(pattern, pattern);
}

/**
 * 784 inputs, five hidden neurons, one output. The first four say that a quarter of the mean 0 is there more strongly than `threshold`, the fifth that the
 * centre is inked so; the output needs the four and not the fifth.
 */
export function strokeNetwork(meanZero: ArrayLike<number>, threshold = 0.5): Network {
  const patterns = [...quarters(meanZero), CENTRE];
  const network = new Network([PIXELS, patterns.length, 1], new Random(0));
  const sizes = patterns.map((pattern) => dot(pattern, pattern));
  network.weights[0] = Matrix.fill(patterns.length, PIXELS, (j, p) => (STEEP * patterns[j][p]) / sizes[j]);
  network.biases[0] = Matrix.fill(patterns.length, 1, () => -STEEP * threshold);
  network.weights[1] = Matrix.row([HEED, HEED, HEED, HEED, -HEED]);
  // Between three of them and four.
  network.biases[1] = Matrix.column([-3.5 * HEED]);
  return network;
}

/** What the hidden neurons of a network answer. */
export function hiddenAnswers(network: Network, image: ArrayLike<number>): number[] {
  const z = network.weights[0].dot(Matrix.column(image)).plus(network.biases[0]);
  return Array.from(sigmoid(z).values);
}

/** What its output neuron answers. */
export function outputAnswer(network: Network, image: ArrayLike<number>): number {
  return network.feedforward(Matrix.column(image)).values[0];
}
