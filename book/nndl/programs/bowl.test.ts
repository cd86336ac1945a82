import { expect, test } from "vitest";
import { bowlCost, bowlGradient, rollDown } from "./bowl.ts";

test("C(1, 2) = 1 + 2 + 1 = 4, its gradient (2 + 1, 2 + 1/2)", () => {
  expect(bowlCost([1, 2])).toBe(4);
  expect(bowlGradient([1, 2])).toEqual([3, 2.5]);
});

test("the gradient is that of central differences", () => {
  const h = 1e-6;
  for (const [a, b] of [
    [0.3, -1.2],
    [-2, 0.7],
  ] as const) {
    const [slopeA, slopeB] = bowlGradient([a, b]);
    expect(slopeA).toBeCloseTo((bowlCost([a + h, b]) - bowlCost([a - h, b])) / (2 * h), 7);
    expect(slopeB).toBeCloseTo((bowlCost([a, b + h]) - bowlCost([a, b - h])) / (2 * h), 7);
  }
});

test("a step from (1, 2) with eta = 0.1 leads to (0.7, 1.75)", () => {
  const [start, next] = rollDown([1, 2], 0.1, 1);
  expect(start).toEqual([1, 2]);
  expect(next[0]).toBeCloseTo(0.7, 12);
  expect(next[1]).toBeCloseTo(1.75, 12);
});

// The Hessian ((2, 1/2), (1/2, 1)) has the eigenvalues (3 ± sqrt 2) / 2; descent converges for eta < 2 / 2.2071 = 0.9062.
test.each([
  [0.9, true],
  [0.91, false],
])("eta = %s: converges %s", (eta, converges) => {
  const end = bowlCost(rollDown([-1.6, 1.8], eta, 2000)[2000]);
  expect(end < 1e-6).toBe(converges);
});
