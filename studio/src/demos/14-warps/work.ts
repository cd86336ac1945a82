// A digit by what it shows, and copies of it as a training would see them: changed by chance, within bounds.
import { augment, Dataset, tensor } from "nabla";
import { imageAt } from "../../../../book/mnist.ts";
import { digitsOnce } from "../../compute/digit-networks.ts";
import type { DigitSource } from "../../compute/digit-sources.ts";

const IMAGES = 1000;

/** The `which`-th image of a digit, from 0; after the last comes the first. */
export async function picture(source: DigitSource, digit: number, which: number): Promise<Float64Array> {
  const { training } = await digitsOnce(source, IMAGES, 100);
  const places = Array.from(training.labels.keys()).filter((i) => training.labels[i] === digit);
  if (places.length === 0) throw new Error(`there is no ${digit} among the first ${IMAGES} images`);
  return imageAt(training, places[which % places.length]);
}

interface Bounds {
  readonly degrees: number;
  readonly pixels: number;
  readonly lean: number;
  readonly alpha: number;
  readonly sigma: number;
  readonly seed: number;
}

/** So many copies, each changed by chance within the bounds, one after the other: 784 numbers each. */
export async function copies(
  pixels: Float64Array,
  count: number,
  { degrees, pixels: most, lean, alpha, sigma, seed }: Bounds,
): Promise<Float32Array> {
  const x = tensor(
    Float32Array.from({ length: count * 784 }, (_, i) => pixels[i % 784]),
    { shape: [count, 28, 28] },
  );
  const [changed] = await Dataset.fromTensors({ x })
    .map(augment.elastic({ alpha, sigma, seed }))
    .map(augment.rotate(degrees, { seed }))
    .map(augment.skew(lean, { seed }))
    .map(augment.shift(most, { seed }))
    .batch(count)
    .toArray();
  return changed.x.dataSync() as Float32Array;
}
