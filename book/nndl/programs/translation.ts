// Moving images by whole pixels: for expanding the training set as expand_mnist.py does, and for asking what a layer makes of it.
import type { DigitSet } from "../../mnist.ts";

/** The image moved down and to the right (or up and left, where negative); zeros come in, what leaves is lost. */
export function shifted(image: ArrayLike<number>, down: number, right: number, side = 28): Float32Array {
  const result = new Float32Array(image.length);
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      const [from, column] = [i - down, j - right];
      if (from >= 0 && from < side && column >= 0 && column < side) result[i * side + j] = image[from * side + column];
    }
  }
  return result;
}

/** All images moved alike. */
export function shiftedSet(set: DigitSet, down: number, right: number): DigitSet {
  const images = new Float32Array(set.images.length);
  for (let k = 0; k < set.count; k++) {
    images.set(shifted(set.images.subarray(784 * k, 784 * (k + 1)), down, right), 784 * k);
  }
  return { images, labels: set.labels, count: set.count };
}

/** Each image, and it moved by a pixel down, up, right and left: five times as many, in the order of `order`. */
export function expanded(set: DigitSet, order: readonly number[]): DigitSet {
  const moves = [
    [0, 0],
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ];
  const images = new Float32Array(5 * set.images.length);
  const labels = new Uint8Array(5 * set.count);
  order.forEach((from, to) => {
    const [k, [down, right]] = [Math.floor(from / 5), moves[from % 5]];
    images.set(shifted(set.images.subarray(784 * k, 784 * (k + 1)), down, right), 784 * to);
    labels[to] = set.labels[k];
  });
  return { images, labels, count: 5 * set.count };
}
