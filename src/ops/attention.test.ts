// Attention against its formula in loops, and against differences.
import { describe, expect, test } from "vitest";
import {
  type AttentionOptions,
  type DType,
  expectGradients,
  Generator,
  random,
  scaledDotProductAttention,
  type Tensor,
  tensor,
  zeros,
} from "../node.ts";

const normal = (shape: number[], seed: number, dtype: DType = "float64"): Tensor =>
  random.normal(shape, 0, 1, { dtype, generator: new Generator(seed) });

type Rows = number[][];

/** softmax(q k^T / sqrt(d)) v for one matrix each, in loops. */
function byLoops(
  q: Rows,
  k: Rows,
  v: Rows,
  allowed: (i: number, j: number) => boolean,
): { outputs: Rows; weights: Rows } {
  const weights = q.map((query, i) => {
    const powers = k.map((key, j) =>
      allowed(i, j) ? Math.exp(query.reduce((sum, x, n) => sum + x * key[n], 0) / Math.sqrt(query.length)) : 0,
    );
    const total = powers.reduce((sum, x) => sum + x, 0);
    return powers.map((power) => (total === 0 ? 0 : power / total));
  });
  const outputs = weights.map((row) => v[0].map((_, n) => row.reduce((sum, weight, j) => sum + weight * v[j][n], 0)));
  return { outputs, weights };
}

// Two sequences of 4 keys; the first lacks its last, the second has none at all.
const padding = tensor([
  [true, true, true, false],
  [false, false, false, false],
]);
const lengths = [3, 0];

const variants: { name: string; options: AttentionOptions; allowed: (b: number, i: number, j: number) => boolean }[] = [
  { name: "all keys", options: {}, allowed: () => true },
  { name: "causal", options: { causal: true }, allowed: (_, i, j) => j <= i },
  {
    name: "unequal lengths",
    options: { mask: padding.reshape([2, 1, 4]) },
    allowed: (b, _, j) => j < lengths[b],
  },
  {
    name: "causal, unequal lengths",
    options: { mask: padding.reshape([2, 1, 4]), causal: true },
    allowed: (b, i, j) => j < lengths[b] && j <= i,
  },
];

describe.each(variants)("$name", ({ options, allowed }) => {
  const [q, k, v] = [normal([2, 3, 5], 1), normal([2, 4, 5], 2), normal([2, 4, 2], 3)];

  test.each(["float32", "float64"] as const)("follows the formula in %s", (dtype) => {
    const { outputs, weights } = scaledDotProductAttention(q.cast(dtype), k.cast(dtype), v.cast(dtype), options);
    expect([outputs.dtype, outputs.shape, weights.shape]).toEqual([dtype, [2, 3, 2], [2, 3, 4]]);
    for (const b of [0, 1]) {
      const rows = [q, k, v].map((x) => x.get(b).toArray() as Rows);
      const expected = byLoops(rows[0], rows[1], rows[2], (i, j) => allowed(b, i, j));
      const closeness = { absoluteTolerance: dtype === "float32" ? 1e-6 : 1e-14 };
      expect(outputs.get(b).allclose(tensor(expected.outputs, dtype), closeness)).toBe(true);
      expect(weights.get(b).allclose(tensor(expected.weights, dtype), closeness)).toBe(true);
    }
  });

  test("has exact gradients", () => {
    const weigh = normal([2, 3, 2], 4);
    expectGradients(
      (a: Tensor, b: Tensor, c: Tensor) => scaledDotProductAttention(a, b, c, options).outputs.mul(weigh).sum(),
      [q, k, v],
    );
  });
});

test("axes in front broadcast: many heads, one mask a sequence", () => {
  const [q, k, v] = [normal([2, 3, 4, 5], 5), normal([2, 3, 4, 5], 6), normal([2, 3, 4, 2], 7)];
  const mask = padding.reshape([2, 1, 1, 4]);
  const { outputs } = scaledDotProductAttention(q, k, v, { mask });
  const one = scaledDotProductAttention(q.get(0, 1), k.get(0, 1), v.get(0, 1), { mask: padding.get(0) });
  expect(outputs.get(0, 1).allclose(one.outputs, { absoluteTolerance: 1e-14 })).toBe(true);
  expect(outputs.get(1).abs().max().item()).toBe(0);
});

test("dropout leaves out weights and scales the others; the weights returned are those before", () => {
  const [q, k] = [zeros([50, 1]), zeros([40, 1])];
  const v = tensor(
    Float32Array.from({ length: 40 }, () => 1),
    { shape: [40, 1] },
  );
  const { outputs, weights } = scaledDotProductAttention(q, k, v, { dropout: 0.5, generator: new Generator(1) });
  expect(
    weights
      .sub(1 / 40)
      .abs()
      .max()
      .item(),
  ).toBe(0);
  expect(outputs.mean().item()).toBeCloseTo(1, 1);
  expect(outputs.standardDeviation().item()).toBeGreaterThan(0.05);
});

test("no queries, no keys, no batch", () => {
  const run = (b: number, t: number, s: number) =>
    scaledDotProductAttention(zeros([b, t, 3]), zeros([b, s, 3]), zeros([b, s, 2])).outputs;
  expect(run(2, 0, 4).shape).toEqual([2, 0, 2]);
  expect(run(0, 3, 4).shape).toEqual([0, 3, 2]);
  expect(run(1, 2, 0).toArray()).toEqual([
    [
      [0, 0],
      [0, 0],
    ],
  ]);
});

test("bad input is named", () => {
  const [q, k, v] = [zeros([2, 3]), zeros([4, 3]), zeros([4, 2])];
  const wrong = (value: unknown) => value as never;
  expect(() => scaledDotProductAttention(zeros([3]), k, v)).toThrow(
    /query must be \[..., positions, size\], got shape \(3,\)/,
  );
  expect(() => scaledDotProductAttention(wrong([[1]]), k, v)).toThrow(/query: needs a tensor/);
  expect(() => scaledDotProductAttention(q, zeros([4, 2]), v)).toThrow(/query \(2, 3\) and key \(4, 2\) need one size/);
  expect(() => scaledDotProductAttention(q, k, zeros([3, 2]))).toThrow(/key and value \(3, 2\) as many positions/);
  expect(() => scaledDotProductAttention(q, k, v, { mask: zeros([2, 4]) })).toThrow(
    /the mask must be bool, got float32/,
  );
  expect(() => scaledDotProductAttention(q, k, v, { mask: zeros([3, 4], "bool") })).toThrow(
    /a mask of shape \(3, 4\) can't be broadcast to \[..., queries, keys\], \(2, 4\)/,
  );
  expect(() => scaledDotProductAttention(q, k, v, { dropout: 1 })).toThrow(
    /dropout must be at least 0 and below 1, got 1/,
  );
  expect(() => scaledDotProductAttention(q, k, v, wrong({ isCausal: true }))).toThrow(/there is no option isCausal/);
});
