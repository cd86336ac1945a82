import { expect, test } from "vitest";
import { growthRate, momentumStep, rollWithMomentum } from "./momentum.ts";

test("from w = 1 at rest, mu = 0.9, eta = 0.1: v = -0.1, w = 0.9; then v = -0.18, w = 0.72", () => {
  const first = momentumStep({ w: 1, v: 0 }, 0.9, 0.1);
  expect(first.v).toBeCloseTo(-0.1, 12);
  expect(first.w).toBeCloseTo(0.9, 12);
  const second = momentumStep(first, 0.9, 0.1);
  expect(second.v).toBeCloseTo(-0.18, 12);
  expect(second.w).toBeCloseTo(0.72, 12);
});

test("with mu = 0 it is gradient descent: w falls by the factor 1 - eta curvature", () => {
  const path = rollWithMomentum(2, 0, 0.1, 3, 4);
  expect(path[3].w).toBeCloseTo(2 * 0.6 ** 3, 12);
  expect(growthRate(0, 0.1, 4)).toBeCloseTo(0.6, 12);
});

test("complex roots have the size sqrt(mu); above mu = 1 the weight runs away", () => {
  expect(growthRate(0.81, 0.1)).toBeCloseTo(0.9, 12);
  expect(growthRate(1.21, 0.1)).toBeCloseTo(1.1, 12);
  const size = rollWithMomentum(1, 1.21, 0.1, 400).map(({ w }) => Math.abs(w));
  expect(Math.max(...size.slice(300))).toBeGreaterThan(1e10);
});
