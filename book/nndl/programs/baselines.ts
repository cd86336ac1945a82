// Classifiers of chapter 1 that are not networks: by chance, by mean darkness, by the nearest mean image. The support vector machine is in svm.ts.
import type { DigitSet } from "../../mnist.ts";
import type { Random } from "../../random.ts";

const PIXELS = 784;
const DIGITS = 10;

/** Chooses a digit for each image, whatever it shows. */
export function guess(set: DigitSet, random: Random): Uint8Array {
  return Uint8Array.from({ length: set.count }, () => random.below(DIGITS));
}

/** Mean of an image's pixels, 0 to 1: how much ink it takes. */
export function darkness(set: DigitSet, index: number): number {
  let sum = 0;
  for (let p = index * PIXELS; p < (index + 1) * PIXELS; p++) sum += set.images[p];
  return sum / PIXELS;
}

/** Mean darkness of each digit's images. */
export function meanDarkness(training: DigitSet): number[] {
  return meansBy(training.labels, (i) => darkness(training, i));
}

/** The digit whose mean darkness is nearest to the image's. */
export function classifyByDarkness(training: DigitSet, set: DigitSet): Uint8Array {
  const means = meanDarkness(training);
  return Uint8Array.from({ length: set.count }, (_, i) => nearest(means, darkness(set, i)));
}

/** Mean image of each digit, 784 numbers each. */
export function meanImages(training: DigitSet): Float64Array[] {
  const means = Array.from({ length: DIGITS }, () => new Float64Array(PIXELS));
  const counts = new Array<number>(DIGITS).fill(0);
  training.labels.forEach((label, i) => {
    counts[label] += 1;
    for (let p = 0; p < PIXELS; p++) means[label][p] += training.images[i * PIXELS + p];
  });
  return means.map((mean, digit) => mean.map((sum) => sum / counts[digit]));
}

/** The digit whose mean image is nearest, by the sum of squared differences. */
export function classifyByMeanImage(training: DigitSet, set: DigitSet): Uint8Array {
  const means = meanImages(training);
  return Uint8Array.from({ length: set.count }, (_, i) => {
    const distances = means.map((mean) => {
      let sum = 0;
      for (let p = 0; p < PIXELS; p++) sum += (set.images[i * PIXELS + p] - mean[p]) ** 2;
      return sum;
    });
    return distances.indexOf(Math.min(...distances));
  });
}

export function countRight(answers: ArrayLike<number>, set: DigitSet): number {
  let right = 0;
  set.labels.forEach((label, i) => {
    if (answers[i] === label) right += 1;
  });
  return right;
}

function nearest(means: readonly number[], value: number): number {
  return means.reduce((best, mean, i) => (Math.abs(mean - value) < Math.abs(means[best] - value) ? i : best), 0);
}

function meansBy(labels: Uint8Array, measure: (i: number) => number): number[] {
  const sums = new Array<number>(DIGITS).fill(0);
  const counts = new Array<number>(DIGITS).fill(0);
  labels.forEach((label, i) => {
    sums[label] += measure(i);
    counts[label] += 1;
  });
  return sums.map((sum, digit) => sum / counts[digit]);
}
