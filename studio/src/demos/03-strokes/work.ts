// The mean image of a 0, digits to try, and how often the network of strokes says 0 to each digit.
import { imageAt } from "../../../../book/mnist.ts";
import { meanImages } from "../../../../book/nndl/programs/baselines.ts";
import { outputAnswer, strokeNetwork } from "../../../../book/nndl/programs/strokes.ts";
import { digitsOnce } from "../../compute/digit-networks.ts";
import type { DigitSource } from "../../compute/digit-sources.ts";

const [IMAGES, TESTS] = [2000, 1000];

export async function meanZero(source: DigitSource): Promise<Float64Array> {
  return meanImages((await digitsOnce(source, IMAGES, TESTS)).training)[0];
}

/** The `which`-th test image of a digit, from 0; after the last comes the first. */
export async function picture(source: DigitSource, digit: number, which: number): Promise<Float64Array> {
  const { test } = await digitsOnce(source, IMAGES, TESTS);
  const places = Array.from(test.labels.keys()).filter((i) => test.labels[i] === digit);
  return imageAt(test, places[which % places.length]);
}

/** For each digit, the share of its test images that the output neuron calls a 0. */
export async function called(source: DigitSource, threshold: number): Promise<number[]> {
  const { test } = await digitsOnce(source, IMAGES, TESTS);
  const network = strokeNetwork(await meanZero(source), threshold);
  const [yes, all] = [new Array<number>(10).fill(0), new Array<number>(10).fill(0)];
  for (let i = 0; i < test.count; i++) {
    all[test.labels[i]] += 1;
    if (outputAnswer(network, imageAt(test, i)) > 0.5) yes[test.labels[i]] += 1;
  }
  return yes.map((count, digit) => count / all[digit]);
}
