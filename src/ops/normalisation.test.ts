// Normalisation against the oracle, against its formulas in plain loops, and against differences to second order.
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { describeGolden } from "../../test/golden.ts";
import { goldenRunners } from "../../test/golden-runners.ts";
import * as nb from "../node.ts";
import { Generator, random, scope, type Tensor } from "../node.ts";

describeGolden("norm", goldenRunners.norm);

const normal = (shape: readonly number[], seed: number, dtype: "float32" | "float64" = "float64"): Tensor =>
  random.normal([...shape], 0.5, 2, { dtype, generator: new Generator(seed) });

function expectNear(actual: Tensor, expected: ArrayLike<number>, tolerance: number): void {
  const values = actual.dataSync();
  expect(values.length).toBe(expected.length);
  for (let i = 0; i < values.length; i++) {
    const error = Math.abs(values[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
    if (!(error <= tolerance)) throw new Error(`element ${i}: got ${values[i]}, expected ${expected[i]}`);
  }
}

const tolerances = { float32: 2e-5, float64: 1e-12 } as const;
const dtypes = ["float32", "float64"] as const;

/** z and its gradient for groups of positions that share a mean and a variance. */
function normalised(x: ArrayLike<number>, g: ArrayLike<number>, groups: number[][], epsilon: number) {
  const z = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const means: number[] = [];
  const variances: number[] = [];
  for (const group of groups) {
    const mean = (f: (i: number) => number): number => group.reduce((sum, i) => sum + f(i), 0) / group.length;
    const centre = mean((i) => x[i]);
    const variance = mean((i) => (x[i] - centre) ** 2);
    const inverse = 1 / Math.sqrt(variance + epsilon);
    for (const i of group) z[i] = (x[i] - centre) * inverse;
    const [meanOfG, meanOfGz] = [mean((i) => g[i]), mean((i) => g[i] * z[i])];
    for (const i of group) dx[i] = inverse * (g[i] - meanOfG - z[i] * meanOfGz);
    means.push(centre);
    variances.push(variance);
  }
  return { z, dx, means, variances };
}

describe("batchNorm: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, channel by channel", () => {
  const shapes = fc.record({
    outer: fc.integer({ min: 1, max: 9 }),
    channels: fc.integer({ min: 1, max: 9 }),
    inner: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 2 }),
    seed: fc.nat(1000),
  });
  it.each(dtypes)("with its gradients, mean and variance, for any shape in %s", (dtype) => {
    fc.assert(
      fc.property(shapes, ({ outer, channels, inner, seed }) => {
        scope(() => {
          const shape = [outer, channels, ...inner];
          const span = inner.reduce((a, b) => a * b, 1);
          const x = normal(shape, seed, dtype).requireGradient();
          const gamma = normal([channels], seed + 1, dtype).requireGradient();
          const beta = normal([channels], seed + 2, dtype).requireGradient();
          const dy = normal(shape, seed + 3, dtype);
          const groups = Array.from({ length: channels }, (_, c) =>
            Array.from({ length: outer * span }, (_, i) => (Math.floor(i / span) * channels + c) * span + (i % span)),
          );
          const [xs, gs, bs, dys] = [x, gamma, beta, dy].map((t) => t.dataSync()) as [
            Float64Array,
            Float64Array,
            Float64Array,
            Float64Array,
          ];
          const channelOf = (i: number): number => Math.floor(i / span) % channels;
          const scaled = dys.map((value, i) => value * gs[channelOf(i)]);
          const expected = normalised(xs, scaled, groups, 0.01);
          const { y, mean, variance } = nb.batchNorm(x, gamma, beta, { epsilon: 0.01 });
          const tolerance = tolerances[dtype];
          expectNear(
            y,
            expected.z.map((z, i) => z * gs[channelOf(i)] + bs[channelOf(i)]),
            tolerance,
          );
          expectNear(mean, expected.means, tolerance);
          expectNear(variance, expected.variances, tolerance);
          expect(mean.tracked || variance.tracked).toBe(false);
          nb.backward(y, dy);
          expectNear(x.gradient!, expected.dx, 4 * tolerance);
          expectNear(
            gamma.gradient!,
            groups.map((group) => group.reduce((sum, i) => sum + dys[i] * expected.z[i], 0)),
            4 * tolerance,
          );
          expectNear(
            beta.gradient!,
            groups.map((group) => group.reduce((sum, i) => sum + dys[i], 0)),
            4 * tolerance,
          );
        });
      }),
      { numRuns: 500 },
    );
  });

  test("statistics of many samples far from 0 keep their digits in float32", () => {
    for (const shape of [
      [40_000, 5],
      [10, 5, 4000],
    ]) {
      const x = random.normal(shape, 1000, 1, { generator: new Generator(1) });
      const { y, variance } = nb.batchNorm(x, nb.ones([5]), nb.zeros([5]));
      const exact = nb.variance(nb.cast(x, "float64"), shape.length === 2 ? 0 : [0, 2]);
      expectNear(variance, exact.dataSync(), 1e-5);
      expect(Math.abs(nb.mean(nb.cast(y, "float64")).item())).toBeLessThan(1e-4);
    }
  });

  test("axis -1 takes the last axis for channels", () => {
    const x = normal([3, 4, 5], 1);
    const [gamma, beta] = [normal([5], 2), normal([5], 3)];
    const moved = nb.batchNorm(nb.moveAxis(x, -1, 1), gamma, beta).y;
    expectNear(nb.batchNorm(x, gamma, beta, { axis: -1 }).y, nb.moveAxis(moved, 1, -1).dataSync(), 1e-13);
  });
});

describe("layerNorm: y = gamma (x - mean) / sqrt(variance + epsilon) + beta, row by row", () => {
  it.each(dtypes)("with its gradients for any shape in %s", (dtype) => {
    const shapes = fc.record({
      rows: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
      own: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 2 }),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(shapes, ({ rows, own, seed }) => {
        scope(() => {
          const shape = [...rows, ...own];
          const n = own.reduce((a, b) => a * b, 1);
          const x = normal(shape, seed, dtype).requireGradient();
          const gamma = normal(own, seed + 1, dtype).requireGradient();
          const beta = normal(own, seed + 2, dtype).requireGradient();
          const dy = normal(shape, seed + 3, dtype);
          const count = x.size / n;
          const groups = Array.from({ length: count }, (_, row) => Array.from({ length: n }, (_, i) => row * n + i));
          const [xs, gs, bs, dys] = [x, gamma, beta, dy].map((t) => t.dataSync()) as [
            Float64Array,
            Float64Array,
            Float64Array,
            Float64Array,
          ];
          const expected = normalised(
            xs,
            dys.map((value, i) => value * gs[i % n]),
            groups,
            0.01,
          );
          const y = nb.layerNorm(x, gamma, beta, { epsilon: 0.01, axes: own.map((_, i) => -1 - i) });
          const tolerance = tolerances[dtype];
          expectNear(
            y,
            expected.z.map((z, i) => z * gs[i % n] + bs[i % n]),
            tolerance,
          );
          nb.backward(y, dy);
          const sums = (f: (i: number) => number): number[] =>
            Array.from({ length: n }, (_, column) => groups.reduce((sum, group) => sum + f(group[column]), 0));
          expectNear(x.gradient!, expected.dx, 8 * tolerance);
          expectNear(
            gamma.gradient!,
            sums((i) => dys[i] * expected.z[i]),
            4 * tolerance,
          );
          expectNear(
            beta.gradient!,
            sums((i) => dys[i]),
            4 * tolerance,
          );
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe("groupNorm: PyTorch's values and gradients", () => {
  const wave = (shape: number[], step: number, start: number, dtype: "float32" | "float64"): Tensor =>
    nb
      .arange(
        0,
        shape.reduce((a, b) => a * b),
        1,
        "float64",
      )
      .mul(step)
      .add(start)
      .sin()
      .reshape(shape)
      .cast(dtype);
  /** Sums with cos(0.9 k) and cos(1.3 k): an element that is wrong shows in both. */
  const projections = (t: Tensor): number[] =>
    [0.9, 1.3].map((step) => [...t.dataSync()].reduce((sum, value, k) => sum + value * Math.cos(step * k), 0));
  // PyTorch 1.13, float64, epsilon 1e-3; the gradient of the sum of y with cos(0.9 k).
  it.each([
    [
      [2, 4, 3],
      2,
      [2.22952877, 3.56400262],
      [6.39317736, 1.89274038],
      [1.45450462, 0.103597225],
      [1.48426354, 1.11002873],
    ],
    [
      [2, 4, 3],
      4,
      [2.31579658, 4.00944988],
      [2.05787292, 1.26055323],
      [1.63569558, 0.293998537],
      [1.48426354, 1.11002873],
    ],
    [
      [1, 6, 2, 2],
      1,
      [-1.14954648, 0.0349180781],
      [0.905926876, -4.02938744],
      [0.876450634, 0.0162849917],
      [0.884785565, 1.24526863],
    ],
  ])("x %j in %i groups", (shape, groups, y, dx, dgamma, dbeta) => {
    for (const dtype of dtypes) {
      const x = wave(shape, 1.7, 0.3, dtype).requireGradient();
      const gamma = wave([shape[1]!], 1.1, 0.2, dtype).requireGradient();
      const beta = wave([shape[1]!], 0.7, 0.1, dtype).requireGradient();
      const value = nb.groupNorm(x, groups, gamma, beta, { epsilon: 1e-3 });
      const near = (t: Tensor, expected: readonly number[]): void =>
        projections(t).forEach((sum, i) => {
          expect(Math.abs(sum - expected[i]!)).toBeLessThan(dtype === "float32" ? 1e-5 : 1e-7);
        });
      near(value, y);
      nb.backward(value, nb.arange(0, value.size, 1, dtype).mul(0.9).cos().reshape(shape));
      near(x.gradient!, dx);
      near(gamma.gradient!, dgamma);
      near(beta.gradient!, dbeta);
    }
  });

  it("gradients of gradients, and what is refused", () => {
    const [x, gamma, beta] = [normal([2, 4, 2], 1), normal([4], 2), normal([4], 3)];
    const slope = (t: Tensor): Tensor =>
      (nb.grad((z: Tensor) => nb.groupNorm(z, 2, gamma, beta).square().sum())(t) as Tensor).square().sum();
    nb.expectGradients(slope, [x], { tolerance: 1e-5 });
    expect(() => nb.groupNorm(x, 3, gamma, beta)).toThrow(/groupNorm: 4 channels can't be divided into 3 groups/);
    expect(() => nb.groupNorm(x, 0, gamma, beta)).toThrow(/groups must be a whole number of at least 1, got 0/);
    expect(() => nb.groupNorm(x, 2, normal([2], 1), beta)).toThrow(/gamma and beta must have shape \(4,\)/);
    expect(() => nb.groupNorm(gamma, 1, gamma, beta)).toThrow(
      /x must be \[batch, channels, \.\.\.\], got shape \(4,\)/,
    );
    expect(() => nb.groupNorm(nb.zeros([0, 4]), 2, gamma, beta)).toThrow(/has no elements to take the mean of/);
  });
});

describe("localResponseNorm: y = x (k + alpha / size * sum of squares over `size` channels)^-beta", () => {
  it.each(dtypes)("with its gradient for any size and shape in %s", (dtype) => {
    const shapes = fc.record({
      shape: fc.tuple(
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
      ),
      size: fc.integer({ min: 1, max: 12 }),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(shapes, ({ shape, size, seed }) => {
        scope(() => {
          const [batch, channels] = shape;
          const inner = shape[2] * shape[3];
          const [alpha, beta, k] = [0.3, 0.75, 1.5];
          const x = normal(shape, seed, dtype).requireGradient();
          const dy = normal(shape, seed + 1, dtype);
          const [xs, dys] = [x.dataSync(), dy.dataSync()];
          const y = new Float64Array(xs.length);
          const dx = new Float64Array(xs.length);
          for (let n = 0; n < batch; n++) {
            for (let c = 0; c < channels; c++) {
              for (let s = 0; s < inner; s++) {
                const at = (channel: number): number => (n * channels + channel) * inner + s;
                const window = Array.from({ length: size }, (_, i) => c - Math.floor(size / 2) + i).filter(
                  (i) => i >= 0 && i < channels,
                );
                const d = k + (alpha / size) * window.reduce((sum, i) => sum + xs[at(i)] ** 2, 0);
                y[at(c)] = xs[at(c)] * d ** -beta;
                dx[at(c)] += dys[at(c)] * d ** -beta;
                for (const i of window) {
                  dx[at(i)] -= ((2 * alpha * beta) / size) * dys[at(c)] * xs[at(c)] * xs[at(i)] * d ** (-beta - 1);
                }
              }
            }
          }
          const result = nb.localResponseNorm(x, size, { alpha, beta, k });
          expectNear(result, y, tolerances[dtype]);
          nb.backward(result, dy);
          expectNear(x.gradient!, dx, 4 * tolerances[dtype]);
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe("gradients of normalisation equal differences, first and second order", () => {
  const weighted = (y: Tensor): Tensor => nb.sum(nb.square(y).mul(normal(y.shape, 77)));
  const inference = (x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor): Tensor =>
    nb.batchNormInference(x, mean, nb.square(variance), gamma, beta, { epsilon: 0.1 });
  const cases: [string, (...inputs: Tensor[]) => Tensor, number[][]][] = [
    ["batchNorm of rows", (x, g, b) => nb.batchNorm(x!, g!, b!).y, [[5, 3], [3], [3]]],
    ["batchNorm of images", (x, g, b) => nb.batchNorm(x!, g!, b!).y, [[2, 3, 2, 3], [3], [3]]],
    ["batchNormInference of rows", inference as (...inputs: Tensor[]) => Tensor, [[4, 3], [3], [3], [3], [3]]],
    ["batchNormInference of images", inference as (...inputs: Tensor[]) => Tensor, [[2, 3, 2, 2], [3], [3], [3], [3]]],
    ["layerNorm", (x, g, b) => nb.layerNorm(x!, g!, b!), [[3, 5], [5], [5]]],
    [
      "layerNorm over two axes",
      (x, g, b) => nb.layerNorm(x!, g!, b!, { axes: [-2, -1] }),
      [
        [2, 2, 3],
        [2, 3],
        [2, 3],
      ],
    ],
    ["localResponseNorm", (x) => nb.localResponseNorm(x!, 3, { alpha: 0.5, k: 2 }), [[2, 5, 2]]],
  ];
  it.each(cases)("%s", (_, f, shapes) => {
    const inputs = shapes.map((shape, i) => normal(shape, 10 + i));
    const first = nb.checkGradients((...z) => weighted(f(...z)), inputs);
    expect(first.maxRelativeError).toBeLessThan(1e-6);
    const second = nb.checkGradients((...z) => {
      const [, gradients] = nb.valueAndGrad((...v: readonly Tensor[]) => weighted(f(...v)))(...z);
      return gradients.map((g, i) => nb.sum(g.mul(normal(g.shape, 50 + i)))).reduce((a, b) => a.add(b));
    }, inputs);
    expect(second.maxRelativeError).toBeLessThan(1e-6);
  });
});

describe("normalisation says what does not fit", () => {
  const [x, three] = [nb.zeros([4, 3]), nb.ones([3])];
  const cases: [string, () => unknown, RegExp][] = [
    [
      "channels",
      () => nb.batchNorm(x, nb.ones([4]), three),
      /batchNorm: gamma and beta must have shape \(3,\).*got \(4,\)/,
    ],
    [
      "empty batch",
      () => nb.batchNorm(nb.zeros([0, 3]), three, three),
      /shape \(0, 3\) has no elements to take the mean of/,
    ],
    ["axis", () => nb.batchNorm(x, three, three, { axis: 2 }), /axis 2 is out of range/],
    [
      "epsilon",
      () => nb.batchNorm(x, three, three, { epsilon: -1 }),
      /epsilon must be a finite number from 0 on, got -1/,
    ],
    [
      "statistics",
      () => nb.batchNormInference(x, nb.ones([2]), three, three, three),
      /mean, variance, gamma and beta must have shape \(3,\).*got \(2,\)/,
    ],
    [
      "layer axes",
      () => nb.layerNorm(nb.zeros([2, 3, 4]), three, three, { axes: 1 }),
      /axes \[1\] must be the last ones of \(2, 3, 4\)/,
    ],
    [
      "layer shape",
      () => nb.layerNorm(x, nb.ones([4]), three),
      /layerNorm: gamma and beta must have shape \(3,\), got \(4,\)/,
    ],
    ["size", () => nb.localResponseNorm(x, 0), /size must be a whole number of at least 1, got 0/],
    ["rank", () => nb.localResponseNorm(three, 3), /x must be \[batch, channels, \.\.\.\], got shape \(3,\)/],
    ["alpha", () => nb.localResponseNorm(x, 3, { alpha: Number.NaN }), /alpha must be a finite number, got NaN/],
  ];
  it.each(cases)("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
