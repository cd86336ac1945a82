// The support vector machine: conditions of optimality, a problem solved by hand, digits.
import { digits } from "nabla";
import { describe, expect, test } from "vitest";
import type { DigitSet } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { solveTwoClasses } from "../programs/smo.ts";
import { classifySvm, trainSvm } from "./svm.ts";

/** Points in the plane, by the kernel exp(-|x - x'|^2). */
function solve(points: readonly (readonly [number, number])[], y: readonly number[], C: number) {
  const kernel = (i: number, j: number) =>
    Math.exp(-((points[i][0] - points[j][0]) ** 2 + (points[i][1] - points[j][1]) ** 2));
  const row = (i: number) => Float32Array.from(points, (_, j) => kernel(i, j));
  const solution = solveTwoClasses({ y: Int8Array.from(y), first: row, second: row, diagonal: 1, C, tolerance: 1e-6 });
  const output = (i: number) =>
    points.reduce((sum, _, j) => sum + solution.alpha[j] * y[j] * kernel(i, j), solution.bias);
  return { ...solution, output };
}

describe("sequential minimal optimisation", () => {
  test("two points: both multipliers are 1 / (1 - K), or C where that is more", () => {
    const points = [
      [0, 0],
      [1, 0],
    ] as const;
    const free = solve(points, [1, -1], 10);
    const expected = 1 / (1 - Math.exp(-1));
    expect(free.alpha[0]).toBeCloseTo(expected, 6);
    expect(free.alpha[1]).toBeCloseTo(expected, 6);
    expect(free.output(0)).toBeCloseTo(1, 6);
    expect(free.output(1)).toBeCloseTo(-1, 6);
    expect([...solve(points, [1, -1], 1).alpha]).toEqual([1, 1]);
  });

  test("conditions of optimality: outside the margin alpha = 0, on it between 0 and C, inside it C; sum of alpha y = 0", () => {
    const random = new Random(1);
    const points = Array.from({ length: 60 }, () => [random.normal(), random.normal()] as const);
    const y = points.map(([a, b]) => (a * b + 0.5 * random.normal() > 0 ? 1 : -1));
    const { alpha, output } = solve(points, y, 1);
    const kinds = { zero: 0, free: 0, bound: 0 };
    alpha.forEach((value, i) => {
      const margin = y[i] * output(i);
      if (value === 0) {
        kinds.zero += 1;
        expect(margin).toBeGreaterThan(1 - 1e-4);
      } else if (value === 1) {
        kinds.bound += 1;
        expect(margin).toBeLessThan(1 + 1e-4);
      } else {
        kinds.free += 1;
        expect(margin).toBeCloseTo(1, 4);
      }
    });
    expect(kinds.zero * kinds.free * kinds.bound).toBeGreaterThan(0);
    expect(alpha.reduce((sum, value, i) => sum + value * y[i], 0)).toBeCloseTo(0, 12);
  });
});

describe("digits", () => {
  const part = digits({ train: 400, test: 100, seed: 1 });
  const setOf = ({ images, labels }: { images: Uint8Array; labels: Uint8Array }): DigitSet => ({
    images: Float32Array.from(images, (byte) => byte / 255),
    labels,
    count: labels.length,
  });

  test("45 machines vote, and read most digits that they have not seen", () => {
    const [training, unseen] = [setOf(part.train), setOf(part.test)];
    const svm = trainSvm(training, { gamma: 1 / 78 });
    expect(svm.pairs).toHaveLength(45);
    const answers = classifySvm(svm, unseen);
    const right = answers.filter((digit, i) => digit === unseen.labels[i]).length;
    expect(right).toBeGreaterThan(80);
  });

  test("digits that are not there have no machine", () => {
    const all = setOf(part.train);
    const keep = [...all.labels.keys()].filter((i) => all.labels[i] < 2).slice(0, 40);
    const two: DigitSet = {
      images: Float32Array.from(keep.flatMap((i) => [...all.images.subarray(784 * i, 784 * i + 784)])),
      labels: Uint8Array.from(keep, (i) => all.labels[i]),
      count: keep.length,
    };
    const svm = trainSvm(two);
    expect(svm.pairs).toEqual([[0, 1]]);
    expect([...classifySvm(svm, two)].every((digit) => digit < 2)).toBe(true);
  });
});
