// Section 5.2, the other programs: least squares, polynomials, descent, trees.
import { describe, expect, it } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { crossValidate } from "../chapter5/5.2-fits.ts";
import { adaBoost, bagging, boostedVote, meanPrediction, Tree } from "./ensembles.ts";
import { batchDescent, cost, stochasticDescent } from "./gradient-descent.ts";
import { leastSquares, solveSymmetric } from "./least-squares.ts";
import { noisyPoints, Polynomial } from "./polynomial.ts";

describe("least squares", () => {
  const random = new Random(1);
  const a = Matrix.fill(30, 5, () => random.normal());
  const y = Matrix.fill(30, 2, () => random.normal());

  it.each([0, 0.7])("reflections solve the normal equations, ridge %s", (lambda) => {
    const w = leastSquares(a, y, lambda);
    const ridge = Matrix.fill(5, 5, (i, j) => (i === j ? lambda : 0));
    const other = solveSymmetric(a.transposed.dot(a).plus(ridge), a.transposed.dot(y));
    expect(w.minus(other).norm()).toBeLessThan(1e-12);
  });

  it("refuses fewer equations than unknowns", () => {
    expect(() => leastSquares(new Matrix(2, 3), new Matrix(2, 1))).toThrow("ridge");
  });

  it("a polynomial of degree n - 1 goes through n points", () => {
    const points = noisyPoints(8, random);
    expect(Polynomial.fit(points, 7).error(points)).toBeLessThan(1e-18);
    expect(Polynomial.fit(points, 7, 1).error(points)).toBeGreaterThan(0.01);
  });

  it("cross-validation predicts each point from others: noise-free points of a cubic are predicted by a cubic only", () => {
    const x = Array.from({ length: 20 }, (_, i) => i / 19);
    const points = { x, y: x.map((at) => at ** 3 - at) };
    const order = new Random(2).shuffle(x.map((_, i) => i));
    expect(crossValidate(points, 3, order)).toBeLessThan(1e-18);
    expect(crossValidate(points, 2, order)).toBeGreaterThan(1e-6);
  });
});

describe("gradient descent", () => {
  const random = new Random(3);
  const x = Float64Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? 1 : random.uniform(0, 3)));
  const y = Float64Array.from({ length: 1000 }, (_, i) => 1 + 2 * x[2 * i + 1]);
  const data = { x, y, features: 2 };

  it("one step of BGD is the mean of the samples' gradients", () => {
    const tiny = { x: Float64Array.of(1, 1, 1, 2), y: Float64Array.of(3, 5), features: 2 };
    // Errors at theta = 0 are -3 and -5: gradient (-8, -13) / 2.
    expect(batchDescent(tiny, [0, 0], 0.1, 1).theta.map((value) => value.toFixed(6))).toEqual(["0.400000", "0.650000"]);
  });

  it("counts a gradient evaluation for every sample", () => {
    expect(batchDescent(data, [0, 0], 0.1, 10).evaluations).toBe(10_000);
    expect(stochasticDescent(data, [0, 0], 0.1, 100).evaluations).toBe(1000);
  });

  it("both come to the law behind data without noise", () => {
    expect(cost(data, batchDescent(data, [0, 0], 0.4, 500).theta)).toBeLessThan(1e-12);
    expect(cost(data, stochasticDescent(data, [0, 0], 0.1, 100).theta)).toBeLessThan(1e-6);
  });
});

describe("trees", () => {
  const samples = [0, 1, 2, 3].map((x) => ({ x: [x], y: x < 2 ? -1 : 1, weight: 1 }));

  it("a stump splits where it takes off the most error", () => {
    const tree = new Tree(samples, 1);
    expect([1.4, 1.6].map((x) => tree.predict([x]))).toEqual([-1, 1]);
  });

  it("weights move the leaves and the split", () => {
    const heavy = samples.map((sample, i) => ({ ...sample, y: i, weight: i === 0 ? 3 : 1 }));
    expect(new Tree(heavy, 0).predict([0])).toBeCloseTo((1 + 2 + 3) / 6, 12);
  });

  it("a bag is the mean of its trees", () => {
    const trees = bagging(samples, 7, 2, new Random(4));
    const mean = trees.reduce((sum, tree) => sum + tree.predict([0.5]), 0) / 7;
    expect(meanPrediction(trees, [0.5])).toBeCloseTo(mean, 12);
  });

  it("AdaBoost learns an interval, which no stump can", () => {
    const random = new Random(5);
    const interval = Array.from({ length: 80 }, () => {
      const x = random.uniform(-1, 1);
      return { x: [x], y: Math.abs(x) < 0.5 ? 1 : -1, weight: 1 };
    });
    const right = (rounds: number) => {
      const boosted = adaBoost(interval, rounds);
      return interval.filter(({ x, y }) => Math.sign(boostedVote(boosted, x)) === y).length / interval.length;
    };
    expect(right(1)).toBeLessThan(0.9);
    expect(right(30)).toBe(1);
  });
});
