// Digits for demonstrations, in a worker: those that Nabla draws, which are everywhere, or MNIST, where the server has it.
import { digits, mnist } from "nabla";
import { type DigitSet, digitSet } from "../../../book/mnist.ts";
import type { DigitSource } from "./digit-sources.ts";

/** The first so many images for training and for test. @throws Error where MNIST is not at hand, with what to do. */
export async function digitsFrom(
  source: DigitSource,
  training: number,
  test: number,
): Promise<{ training: DigitSet; test: DigitSet }> {
  const both = source === "mnist" ? await mnist() : digits({ train: training, test });
  const part = ({ images, labels }: { images: Uint8Array; labels: Uint8Array }, count: number): DigitSet =>
    digitSet(images.subarray(0, count * 784), labels.subarray(0, count));
  return { training: part(both.train, training), test: part(both.test, test) };
}
