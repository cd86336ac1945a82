// The classifiers of chapter 1 without a network, the hand-set binary output layer, cutting a string into digits.
import { describe, expect, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import type { DigitSet } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { descend } from "../chapter1/1.5-descent.ts";
import { classifyByDarkness, classifyByMeanImage, countRight, guess, meanDarkness } from "./baselines.ts";
import { binaryCode, binaryOutputLayer } from "./binary-output.ts";
import { sigmoid } from "./network.ts";
import { cutPlaces, frame, piecesBetween, segment, writeString } from "./segmentation.ts";

/** Image i is all of one grey; labels cycle through the ten digits, and digit d has grey d / 10. */
const greys: DigitSet = {
  images: Float32Array.from({ length: 20 * 784 }, (_, p) => (Math.floor(p / 784) % 10) / 10),
  labels: Uint8Array.from({ length: 20 }, (_, i) => i % 10),
  count: 20,
};

describe("baselines", () => {
  test("mean darkness and the nearest mean image read images that differ by their grey", () => {
    meanDarkness(greys).forEach((mean, digit) => {
      expect(mean).toBeCloseTo(digit / 10, 6);
    });
    expect(countRight(classifyByDarkness(greys, greys), greys)).toBe(20);
    expect(countRight(classifyByMeanImage(greys, greys), greys)).toBe(20);
  });

  test("guesses are digits, each about as often", () => {
    const many: DigitSet = { images: new Float32Array(0), labels: new Uint8Array(5000), count: 5000 };
    const counts = new Array<number>(10).fill(0);
    for (const digit of guess(many, new Random(1))) counts[digit] += 1;
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
  });
});

test("the binary layer's bits are right for every digit under the exercise's assumption", () => {
  const { weights, biases } = binaryOutputLayer();
  for (let digit = 0; digit < 10; digit++) {
    const outputs = Matrix.fill(10, 1, (i) => (i === digit ? 0.99 : 0.01));
    const bits = sigmoid(weights.dot(outputs).plus(biases)).values;
    expect([...bits].map(Math.round)).toEqual(binaryCode(digit));
  }
  expect(binaryCode(6)).toEqual([0, 1, 1, 0]);
});

test("gradient descent on v^2 multiplies v by 1 - 2 eta", () => {
  expect(descend((v) => 2 * v, 2, 0.25, 3)).toEqual([2, 1, 0.5, 0.25]);
});

describe("cutting a string", () => {
  /** A digit of a known width: a block of ink in columns 10 up to 10 + width. */
  const block = (width: number) =>
    Float64Array.from({ length: 784 }, (_, p) => (p % 28 >= 10 && p % 28 < 10 + width && p >= 280 && p < 504 ? 1 : 0));

  test("strings hold their digits side by side, with the gaps that were asked for", () => {
    const { image, spans } = writeString([block(4), block(6)], [1, 3]);
    expect(spans).toEqual([
      { start: 1, end: 5 },
      { start: 8, end: 14 },
    ]);
    expect(image.values.reduce((sum, value) => sum + value, 0)).toBe(10 * 8);
  });

  test("a framed piece has its ink in the middle, and an empty one is no digit", () => {
    const { image } = writeString([block(4), block(6)], [1, 3]);
    const framed = frame(image, { start: 0, end: 6 })!;
    expect(framed.reduce((sum, value) => sum + value, 0)).toBe(4 * 8);
    const centre = framed.reduce((sum, value, p) => sum + value * (p % 28), 0) / 32;
    expect(Math.abs(centre - 13.5)).toBeLessThanOrEqual(0.5);
    expect(frame(image, { start: 5, end: 8 })).toBeNull();
  });

  test("the trial with the largest product of confidences wins", () => {
    const pieces = piecesBetween(cutPlaces(12, 2), 2, 8);
    // Sure of 0..4 and 4..12 only.
    const readings = pieces.map(({ start, end }) => {
      const sure = (start === 0 && end === 4) || (start === 4 && end === 12);
      return { digit: end - start, confidence: sure ? 0.9 : 0.2 };
    });
    const found = segment(12, pieces, readings, 2)!;
    expect(found.pieces).toEqual([
      { start: 0, end: 4 },
      { start: 4, end: 12 },
    ]);
    expect(found.digits).toEqual([4, 8]);
    expect(found.score).toBeCloseTo(2 * Math.log(0.9), 12);
    expect(segment(12, pieces, readings, 1)).toBeNull();
  });
});
