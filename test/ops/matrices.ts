// What the tests of inverses and decompositions share. Not part of the package.
import fc from "fast-check";
import { expect } from "vitest";
import * as nb from "../../src/node.ts";
import { type DType, type Tensor, tensor } from "../../src/node.ts";

/** Numbers of rows up to 30, and a seed for the elements. */
export const matrices = fc.record({ n: fc.integer({ min: 1, max: 30 }), seed: fc.nat(1e6) });

/** Elements uniform in [-1, 1). */
export function randomMatrix(shape: readonly number[], seed = 1, dtype: DType = "float64"): Tensor {
  return nb.random.uniform([...shape], -1, 1, { dtype, generator: new nb.Generator(seed) });
}

/** 1 / (i + j + 1): the known example of a matrix in bad condition. */
export function hilbert(n: number): Tensor {
  const values = Float64Array.from({ length: n * n }, (_, at) => 1 / (Math.floor(at / n) + (at % n) + 1));
  return tensor(values, { shape: [n, n] });
}

/** Every element within `tolerance` of the expected one, relative where that is above 1. */
export function close(actual: Tensor, expected: nb.NestedArray, tolerance: number): void {
  const wanted = tensor(expected, "float64");
  expect(actual.shape).toEqual(wanted.shape);
  const values = wanted.dataSync();
  let worst = 0;
  actual.dataSync().forEach((value, i) => {
    const error = Math.abs(value - values[i]) / Math.max(1, Math.abs(values[i]));
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  });
  expect(worst).toBeLessThanOrEqual(tolerance);
}

/** A scalar that weighs every element differently. */
function weighed(y: Tensor): Tensor {
  const weights = nb.random.uniform([...y.shape], 0.5, 1.5, { dtype: "float64", generator: new nb.Generator(12) });
  return y.mul(weights).sum();
}

/** Gradients against differences, and gradients of gradients. */
export function expectBothOrders(f: (...x: Tensor[]) => Tensor, operands: readonly Tensor[]): void {
  nb.scope(() => {
    const loss = (...x: Tensor[]): Tensor => weighed(f(...x));
    nb.expectGradients(loss, operands, { tolerance: 1e-6 });
    const slope = (...x: Tensor[]): Tensor =>
      nb
        .valueAndGrad(loss)(...x)[1]
        .map(weighed)
        .reduce((a, b) => a.add(b));
    nb.expectGradients(slope, operands, { tolerance: 1e-6 });
  });
}
