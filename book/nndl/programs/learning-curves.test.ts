// Curves whose parameters are known are found again.
import { expect, test } from "vitest";
import { fitLogarithm, fitPower } from "./learning-curves.ts";

const sizes = [100, 300, 1000, 3000, 10_000];

test("a + b n^-c: its floor and its values beyond the points", () => {
  const truth = (n: number) => 3 + 200 * n ** -0.6;
  const curve = fitPower(sizes, sizes.map(truth), true);
  expect(curve.limit).toBeCloseTo(3, 6);
  expect(curve.at(50_000)).toBeCloseTo(truth(50_000), 6);
  expect(curve.misfit).toBeLessThan(1e-20);
});

test("b n^-c has no floor, and a floor is never below 0", () => {
  const truth = (n: number) => 150 * n ** -0.45;
  expect(fitPower(sizes, sizes.map(truth), false).at(1e6)).toBeCloseTo(truth(1e6), 9);
  expect(
    fitPower(
      sizes,
      sizes.map((n) => 40 - 4 * Math.log(n)),
      true,
    ).limit,
  ).toBe(0);
});

test("a line over ln n", () => {
  const curve = fitLogarithm(
    sizes,
    sizes.map((n) => 40 - 3 * Math.log(n)),
  );
  expect(curve.at(1e6)).toBeCloseTo(40 - 3 * Math.log(1e6), 9);
  expect(curve.limit).toBe(-Infinity);
});

test("too few points, or errors of 0, are refused", () => {
  expect(() => fitPower([1, 2], [3, 2], true)).toThrow("needs 3 sizes");
  expect(() => fitPower([1, 2, 3], [3, 2], true)).toThrow("got 3 and 2");
  expect(() => fitLogarithm([1, 2], [3, 0])).toThrow("above 0");
});
