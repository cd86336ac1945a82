// Mini-batches for programs by hand.
import { Matrix } from "../../matrix.ts";
import type { DigitSet } from "../../mnist.ts";

const PIXELS = 784;

/** The images of these numbers as rows, and their digits. */
export function rowsOf(set: DigitSet, indices: readonly number[]): { x: Matrix; t: number[] } {
  const x = new Matrix(indices.length, PIXELS);
  indices.forEach((index, i) => {
    x.values.set(set.images.subarray(index * PIXELS, (index + 1) * PIXELS), i * PIXELS);
  });
  return { x, t: indices.map((index) => set.labels[index]) };
}
