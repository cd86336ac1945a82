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

const MOVES = [
  [0, 0],
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
];

/**
 * Each image, and it moved by a pixel down, up, right and left: five times as many, in a given order. Images are made when they are asked for:
 * 250,000 of them at once take 784 MB.
 */
export class ExpandedSet {
  readonly count: number;
  private readonly set: DigitSet;
  private readonly order: ArrayLike<number>;

  /** `order` holds 0 to 5 times the images: number n is image n / 5, rounded down, by move n mod 5. */
  constructor(set: DigitSet, order: ArrayLike<number>) {
    if (order.length !== 5 * set.count) {
      throw new RangeError(`ExpandedSet: ${set.count} images take an order of ${5 * set.count}, got ${order.length}`);
    }
    this.set = set;
    this.order = order;
    this.count = order.length;
  }

  /** `count` images from place `start` of the order on. */
  part(start: number, count: number): DigitSet {
    const images = new Float32Array(784 * count);
    const labels = new Uint8Array(count);
    for (let to = 0; to < count; to++) {
      const from = this.order[start + to];
      const [k, [down, right]] = [Math.floor(from / 5), MOVES[from % 5]];
      images.set(shifted(this.set.images.subarray(784 * k, 784 * (k + 1)), down, right), 784 * to);
      labels[to] = this.set.labels[k];
    }
    return { images, labels, count };
  }
}

/** All of an `ExpandedSet` at once. */
export function expanded(set: DigitSet, order: readonly number[]): DigitSet {
  return new ExpandedSet(set, order).part(0, order.length);
}
