// Statistics, grids and what asks whether numbers agree, against NumPy's values (2.4).
import { describe, expect, it } from "vitest";
import {
  allclose,
  argwhere,
  correlation,
  covariance,
  diff,
  expectGradients,
  grad,
  interp,
  logspace,
  meshgrid,
  nanToNum,
  percentile,
  type Tensor,
  tensor,
  zeros,
} from "../node.ts";

const X = tensor(
  [
    [2, 4.5, 1, 3],
    [1, -1, 0.5, 2],
    [0, 1, 1, 5],
  ],
  "float64",
);
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function near(x: Tensor, values: number[]): void {
  const got = [...x.dataSync()];
  expect(got).toHaveLength(values.length);
  got.forEach((value, i) => {
    expect(Math.abs(value - values[i]), `element ${i}: ${value}, not ${values[i]}`).toBeLessThan(1e-9);
  });
}

describe("several variables", () => {
  it("covariance is sum (x - m) (x - m)^T / (n - 1), NumPy's cov", () => {
    near(covariance(X), [
      ...[2.2291666666666665, -0.8541666666666666, 0.7083333333333333],
      ...[-0.8541666666666666, 1.5625, 1.7083333333333333],
      ...[0.7083333333333333, 1.7083333333333333, 4.916666666666666],
    ]);
    near(
      covariance(X, 0),
      [...covariance(X).dataSync()].map((c) => c * 0.75),
    );
    near(covariance(X.get(0)), [2.2291666666666665]);
    expect(covariance(X.get(0)).shape).toEqual([]);
  });

  it("correlation is C_ij / sqrt(C_ii C_jj), NumPy's corrcoef; of a constant it is NaN", () => {
    near(correlation(X), [
      ...[1, -0.45767936919247704, 0.21395923021427615],
      ...[-0.45767936919247704, 1, 0.6163497429623197],
      ...[0.21395923021427615, 0.6163497429623197, 1],
    ]);
    expect(
      correlation(
        tensor([
          [1, 2],
          [3, 3],
        ]),
      ).toArray(),
    ).toEqual([
      [1, nan],
      [nan, nan],
    ]);
    expect(correlation(X.get(0)).item()).toBeCloseTo(1, 12);
  });

  it("gradients", () => {
    const weights = tensor(
      [
        [1, 2, 3],
        [0.5, -1, 2],
        [4, 1, 0.3],
      ],
      "float64",
    );
    expectGradients((x) => covariance(x).mul(weights).sum(), [X]);
    expectGradients((x) => correlation(x).mul(weights).sum(), [X]);
  });

  it("what can't be one is an error", () => {
    expect(() => covariance(zeros([2, 1]))).toThrow(
      "needs more observations than the correction 1, got 1; observations are columns",
    );
    expect(() => covariance(zeros([2, 2, 2]))).toThrow(
      "x must be [variables, observations] or a vector, got (2, 2, 2)",
    );
    expect(() => correlation(tensor(1))).toThrow("correlation: x must be");
  });
});

describe("percentile", () => {
  it("is the quantile of a hundredth, along an axis or of all", () => {
    near(percentile(X, 30), [1]);
    near(percentile(X, 85), [3.525]);
    near(percentile(X, [0, 25, 90], 1), [1, -1, 0, 1.75, 0.125, 0.75, 4.05, 1.7, 3.8]);
    expect(percentile(X, 50, 0, true).shape).toEqual([1, 4]);
    expect(X.percentile(50, 0).shape).toEqual([4]);
    expect(() => percentile(X, 101)).toThrow("percentile: q must be between 0 and 100, got 101");
  });
});

describe("diff", () => {
  it("x_(i+1) - x_i, several times, along an axis; the axis runs out", () => {
    near(diff(X), [2.5, -3.5, 2, -2, 1.5, 1.5, 1, 0, 4]);
    near(diff(X, 2), [-6, 5.5, 3.5, 0, -1, 4]);
    near(diff(X, 1, 0), [-1, -5.5, -0.5, -1, -1, 2, 0.5, 3]);
    expect(diff(X, 9).shape).toEqual([3, 0]);
    expect(diff(X, 0)).toBe(X);
    expect(diff(tensor([true, false, true])).toArray()).toEqual([-1, 1]);
    expectGradients((x) => diff(x, 2).square().sum(), [X]);
    expect(() => diff(X, -1)).toThrow("diff: order must be a whole number of at least 0, got -1");
  });
});

describe("interp", () => {
  const points = tensor([1, 2, 4], "float64");
  const values = tensor([10, 20, -10], "float64");

  it("lies on the line between neighbouring points, at the ends outside, NaN for NaN", () => {
    const x = tensor([0, 1, 1.25, 2, 3, 4, 9, nan], "float64");
    expect(interp(x, points, values).toArray()).toEqual([10, 10, 12.5, 20, 5, -10, -10, nan]);
    expect(interp(x, points, values, { left: -1, right: inf }).toArray()).toEqual([-1, 10, 12.5, 20, 5, -10, inf, nan]);
    expect(interp(tensor([[1.5]]), points, values).toArray()).toEqual([[15]]);
    expect(interp(tensor([0, 1, 2, nan]), tensor([1]), tensor([7])).toArray()).toEqual([7, 7, 7, nan]);
  });

  it("gradients by x and by the values", () => {
    expectGradients((x, v) => interp(x, points, v).square().sum(), [tensor([0.5, 1.3, 2.7, 9], "float64"), values]);
    near(grad((x: Tensor) => interp(x, points, values).sum())(tensor([0, 1.5, 3, 9])), [0, 10, -15, 0]);
  });

  it("refuses points that do not ascend, and lengths that differ", () => {
    expect(() => interp(points, tensor([1, 1]), tensor([1, 2]))).toThrow(
      "points must ascend, but that at position 1 is 1; sort",
    );
    expect(() => interp(points, points, tensor([1]))).toThrow(
      "interp: points and values must be vectors of one length",
    );
    expect(() => interp(points, points, values, { period: 1 } as object)).toThrow("there is no option period");
  });
});

describe("grids", () => {
  it("meshgrid: [n2, n1, n3] with xy, [n1, n2, n3] with ij", () => {
    const vectors = [tensor([1, 2, 3]), tensor([10, 20]), tensor([5])];
    const xy = meshgrid(vectors);
    expect(xy.map((x) => x.shape)).toEqual([
      [2, 3, 1],
      [2, 3, 1],
      [2, 3, 1],
    ]);
    expect(xy[0].toArray()).toEqual([
      [[1], [2], [3]],
      [[1], [2], [3]],
    ]);
    const ij = meshgrid(vectors, "ij");
    expect(ij[1].toArray()).toEqual([
      [[10], [20]],
      [[10], [20]],
      [[10], [20]],
    ]);
    expect(meshgrid([])).toEqual([]);
    expect(meshgrid([tensor(3)])[0].toArray()).toEqual([3]);
    expect(grad((a: Tensor) => meshgrid([a, tensor([1, 1, 1])])[0].sum())(tensor([1, 2])).toArray()).toEqual([3, 3]);
    expect(() => meshgrid([zeros([2, 2])])).toThrow("meshgrid: needs vectors, got shape (2, 2)");
    expect(() => meshgrid([], "yx" as "xy")).toThrow('indexing must be "xy" or "ij", got "yx"');
  });

  it("logspace: base^start to base^stop", () => {
    expect(logspace(-2, 2, 5, 10, "float64").toArray()).toEqual([0.01, 0.1, 1, 10, 100]);
    near(logspace(0, 1, 3, 2, "float64"), [1, Math.SQRT2, 2]);
    expect(() => logspace(0, 1, 3, 0)).toThrow("logspace: base must be a finite number above 0, got 0");
  });
});

describe("agreeing, being numbers, being somewhere", () => {
  it("allclose: |a - b| <= 1e-8 + 1e-5 |b|, infinities only with themselves, NaN if asked", () => {
    const close = (a: number, b: number, options = {}): boolean =>
      allclose(tensor([a], "float64"), tensor([b], "float64"), options);
    expect([close(1, 1.000009), close(1, 1.00002), close(0, 9e-9), close(0, 2e-8)]).toEqual([true, false, true, false]);
    expect([close(inf, inf), close(inf, -inf), close(1, inf), close(inf, 1)]).toEqual([true, false, false, false]);
    expect([close(nan, nan), close(nan, nan, { equalNaN: true }), close(nan, 1, { equalNaN: true })]).toEqual([
      false,
      true,
      false,
    ]);
    expect(close(10, 11, { relativeTolerance: 0.1, absoluteTolerance: 0 })).toBe(true);
    expect(allclose(tensor([[1, 1]]), tensor(1))).toBe(true);
    expect(allclose(zeros([0]), zeros([0]))).toBe(true);
    expect(allclose(tensor([2147483647], "int32"), tensor([2147483646], "int32"), { relativeTolerance: 0 })).toBe(
      false,
    );
    expect(() => allclose(zeros([2]), zeros([3]))).toThrow("can't be broadcast");
    expect(() => allclose(zeros([2]), zeros([2]), { rtol: 1 } as object)).toThrow("there is no option rtol");
  });

  it.each(["float32", "float64"] as const)(
    "nanToNum: 0, the largest and the lowest number, or those given; gradient dy where x was finite, %s",
    (dtype) => {
      const x = tensor([nan, inf, -inf, 1.5], dtype);
      const largest = dtype === "float32" ? 3.4028234663852886e38 : Number.MAX_VALUE;
      expect(nanToNum(x).toArray()).toEqual([0, largest, -largest, 1.5]);
      expect(x.nanToNum({ nan: 1, positiveInfinity: 2, negativeInfinity: 3 }).toArray()).toEqual([1, 2, 3, 1.5]);
      expect(grad((z: Tensor) => nanToNum(z).sum())(x).toArray()).toEqual([0, 0, 0, 1]);
      const whole = tensor([1, 2], "int32");
      expect(nanToNum(whole)).toBe(whole);
    },
  );

  it("argwhere: a row of positions for each element that is not 0", () => {
    expect(
      argwhere(
        tensor([
          [0, 2],
          [nan, 0],
        ]),
      ).toArray(),
    ).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(argwhere(zeros([2, 2])).shape).toEqual([0, 2]);
    expect(argwhere(tensor(5)).shape).toEqual([1, 0]);
    expect(argwhere(tensor(0)).shape).toEqual([0, 0]);
  });
});
