import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { fitPolynomial, NOISE, noisyLine, rootMeanSquareError } from "./polynomial.ts";

const X = [0, 0.3, 0.5, 0.7, 1.1, 1.4];

describe("fitPolynomial", () => {
  it("finds a cubic again from its points", () => {
    const cubic = (x: number) => 2 - x + 3 * x ** 3;
    const found = fitPolynomial(X, X.map(cubic), 3);
    for (const x of [-1, 0.2, 2]) expect(found(x)).toBeCloseTo(cubic(x), 10);
  });

  it("fits a line by least squares: slope and intercept from the normal equations", () => {
    // x: 0, 1, 2, y: 1, 2, 4: slope 3/2, intercept 5/6.
    const line = fitPolynomial([0, 1, 2], [1, 2, 4], 1);
    expect(line(0)).toBeCloseTo(5 / 6, 12);
    expect(line(1) - line(0)).toBeCloseTo(1.5, 12);
  });

  it("meets every point when its order is one less than their number, and refuses a higher one", () => {
    const y = [3, -1, 4, 1, -5, 9];
    expect(rootMeanSquareError(fitPolynomial(X, y, 5), X, y)).toBeLessThan(1e-10);
    expect(() => fitPolynomial(X, y, 6)).toThrow("order 6 needs more than 6 points");
  });
});

describe("noisyLine", () => {
  it("lies about y = 2x as widely as its noise says", () => {
    const { x, y } = noisyLine(new Random(1), 4000);
    expect(x[0]).toBe(0.5 / 4000);
    // The estimate's standard error is 0.15 / sqrt(8000) = 0.0017.
    expect(Math.abs(rootMeanSquareError((at) => 2 * at, x, y) - NOISE)).toBeLessThan(0.008);
  });
});
