// What the oracle has no case for: the same functions on the CPU and on the device, with their gradients, on inputs that reach every way through the
// kernels (short and long rows, strides, masks, large sums); and random numbers, whose bits are the same.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectStorages } from "../../src/engine/storage.ts";
import * as nb from "../../src/node.ts";
import { backward, keep, scope, sum, type Tensor, tensor } from "../../src/node.ts";
import { noDevice, whyNoDevice } from "./device.ts";

/** Computes something of tensors, some of which may be differentiated. */
interface Case {
  name: string;
  inputs: Record<string, { shape: number[]; from?: number; to?: number; classes?: number; fixed?: boolean }>;
  run(inputs: Record<string, Tensor>): Tensor | Tensor[];
  /** Largest difference allowed, relative to 1 + |value|; 0 for the same bits. Default 2e-5. */
  tolerance?: number;
}

const rows = (shape: number[], from = -2, to = 2) => ({ shape, from, to });
const fixed = (shape: number[], from = -2, to = 2) => ({ shape, from, to, fixed: true });
const indices = (shape: number[], classes: number) => ({ shape, classes, fixed: true });
const generator = (): nb.Generator => new nb.Generator(7);

const recurrent = (gates: number) => ({
  x: rows([5, 3, 4]),
  inputWeights: rows([gates * 6, 4], -0.5, 0.5),
  stateWeights: rows([gates * 6, 6], -0.5, 0.5),
  inputBias: rows([gates * 6], -0.5, 0.5),
  stateBias: rows([gates * 6], -0.5, 0.5),
});
const lengths = tensorLater(() => tensor([5, 2, 0], "int32"));

/** A tensor made on the engine that runs. */
function tensorLater(make: () => Tensor): () => Tensor {
  return make;
}

const unary: [name: string, from: number, to: number][] = [
  ...(["exp2", "expm1", "sin", "cos", "tan", "sinh", "cosh", "asinh", "erf", "gelu", "mish", "softsign", "selu"].map(
    (name) => [name, -3, 3],
  ) as [string, number, number][]),
  ...(["log2", "log10", "log1p", "rsqrt", "acosh"].map((name) => [name, 1.1, 40]) as [string, number, number][]),
  ...(["asin", "acos", "atanh", "erfinv"].map((name) => [name, -0.99, 0.99]) as [string, number, number][]),
  ...(["silu", "softplus", "logSigmoid", "hardSigmoid", "geluTanh", "elu", "atan", "gaussian", "round", "trunc"].map(
    (name) => [name, -6, 6],
  ) as [string, number, number][]),
];

const cases: Case[] = [
  ...unary
    .filter(([name]) => name in nb)
    .map(([name, from, to]): Case => {
      const f = (nb as unknown as Record<string, (x: Tensor) => Tensor>)[name];
      return { name, inputs: { x: rows([301], from, to) }, run: ({ x }) => f(x), tolerance: 1e-4 };
    }),
  { name: "sin far out", inputs: { x: fixed([64], -1e6, 1e6) }, run: ({ x }) => [nb.sin(x), nb.cos(x)] },
  {
    name: "floorDivide and remainder",
    inputs: { a: fixed([200], -50, 50), b: fixed([200], -3, 3) },
    run: ({ a, b }) => [nb.floorDivide(a, b), nb.remainder(a, b)],
  },
  {
    name: "int32: floorDivide, remainder, pow",
    inputs: { a: indices([100], 40), b: indices([100], 9) },
    run: ({ a, b }) => [
      nb.floorDivide(a.sub(20), b.sub(4)),
      nb.remainder(a.sub(20), b.sub(4)),
      nb.pow(b.sub(4), a.mul(0).add(3)),
    ],
    tolerance: 0,
  },
  {
    name: "strided operands",
    inputs: { a: rows([7, 5, 3]), b: rows([3, 1, 7]) },
    run: ({ a, b }) => nb.mul(nb.transpose(a, [2, 1, 0]), b).get(":", "::-1", "1:6:2"),
  },
  {
    // The terms' sizes add up to 40,000: this is 1e-8 of it.
    ...{ name: "sums of many", inputs: { x: rows([40000]) }, tolerance: 4e-4 },
    run: ({ x }) => [x.sum(), x.max(), nb.norm(x)],
  },
  {
    name: "integers and truths, of many",
    inputs: { i: indices([30000], 1000), j: indices([20000, 2], 50) },
    run: ({ i, j }) => [
      i.sum(),
      nb.max(i),
      nb.min(i.sub(500)),
      nb.prod(j.mul(2).add(1), 0),
      nb.any(nb.equal(i, 999)),
      nb.all(nb.less(i, 1000)),
      nb.any(nb.greater(i, 2000)),
      nb.all(nb.notEqual(i, 7)),
      nb.equal(j, 3).sum(),
      nb.less(j, 20).sum(0),
    ],
    tolerance: 0,
  },
  {
    name: "the place of the largest: long rows with equal ones and NaN",
    inputs: { x: fixed([5, 700]), i: indices([4, 300], 9) },
    run: ({ x, i }) => {
      const holes = nb.where(nb.greater(x, 1.98), nb.full([5, 700], Number.NaN), x);
      return [x, holes, nb.round(x), nb.zeros([2, 200]), i].flatMap((y) => [nb.argmax(y, 1), nb.argmin(y, 1)]);
    },
    tolerance: 0,
  },
  {
    name: "norms and logarithms of sums of many",
    inputs: { x: rows([40000]), y: rows([20000, 2]) },
    run: ({ x, y }) => [nb.norm(x), nb.norm(x.mul(1e30)).div(1e30), nb.logSumExp(x), nb.logSumExp(y, 0)],
  },
  {
    name: "many rows added into few narrow ones, in their order",
    inputs: { w: rows([7, 1]), v: rows([300, 3]), i: indices([5000], 7), j: indices([5000], 300) },
    run: ({ w, v, i, j }) => [nb.embedding(w, i), nb.embedding(v, j)],
    tolerance: 1e-5,
  },
  {
    name: "sums down long columns",
    inputs: { x: rows([20000, 3]) },
    run: ({ x }) => [x.sum(0), x.min(0), nb.mean(x, 0)],
  },
  {
    name: "reductions of long rows",
    inputs: { x: rows([3, 300]) },
    run: ({ x }) => [
      nb.logSumExp(x, 1),
      nb.variance(x, 1),
      nb.standardDeviation(x, 1),
      nb.norm(x, 1),
      nb.prod(x.mul(0.9), 1),
    ],
  },
  {
    name: "norms where squares overflow",
    inputs: { x: fixed([50], 1e20, 3e20) },
    run: ({ x }) => [nb.norm(x).div(1e20), nb.norm(x.mul(1e-20).mul(1e-20)).mul(1e20)],
  },
  { name: "cumulative", inputs: { x: rows([4, 50]) }, run: ({ x }) => [nb.cumsum(x, 1), nb.cumprod(x.mul(0.8), 0)] },
  {
    name: "softmax of long rows",
    inputs: { x: rows([3, 200], -8, 8) },
    run: ({ x }) => [nb.softmax(x), nb.logSoftmax(x)],
  },
  {
    name: "cross-entropy of long rows",
    inputs: { x: rows([6, 150], -8, 8), t: indices([6], 150) },
    run: ({ x, t }) => nb.softmaxCrossEntropy(x, t),
  },
  { name: "products", inputs: { a: rows([70, 45]), b: rows([45, 66]) }, run: ({ a, b }) => nb.matmul(a, b) },
  {
    name: "a long sum",
    inputs: { a: rows([3, 5000]), b: rows([5000, 4]) },
    run: ({ a, b }) => nb.matmul(a, b).mul(0.01),
  },
  {
    name: "a layer: bias and activation",
    inputs: { x: rows([9, 20]), w: rows([20, 33]), b: rows([33]) },
    run: ({ x, w, b }) => [nb.linear(x, w, b, "tanh"), nb.linear(x, w, b, "relu")],
  },
  {
    name: "convolution with groups, stride, padding, dilation",
    inputs: { x: rows([2, 4, 9, 8]), w: rows([6, 2, 3, 3]), b: rows([6]) },
    run: ({ x, w, b }) => nb.conv2d(x, w, b, { stride: 2, padding: 1, groups: 2, dilation: 2 } as never),
  },
  {
    name: "transposed convolution",
    inputs: { x: rows([2, 3, 5, 5]), w: rows([3, 4, 3, 3]), b: rows([4]) },
    run: ({ x, w, b }) => nb.convTranspose2d(x, w, b, { stride: 2, padding: 1 }),
  },
  {
    name: "pooling",
    inputs: { x: rows([2, 3, 7, 8]) },
    run: ({ x }) => [
      nb.maxPool2d(x, 3, { stride: 2, padding: 1 }),
      nb.avgPool2d(x, 3, { stride: 2, padding: 1 }),
      nb.l2Pool2d(x, 2),
    ],
  },
  {
    name: "batch normalisation",
    inputs: { x: rows([6, 3, 5, 5]), gamma: rows([3]), beta: rows([3]) },
    run: ({ x, gamma, beta }) => nb.batchNorm(x, gamma, beta).y,
  },
  {
    name: "layer normalisation of long rows",
    inputs: { x: rows([5, 120]), gamma: rows([120]), beta: rows([120]) },
    run: ({ x, gamma, beta }) => nb.layerNorm(x, gamma, beta),
  },
  {
    name: "local response normalisation",
    inputs: { x: rows([2, 7, 3, 3]) },
    run: ({ x }) => nb.localResponseNorm(x, 4, { alpha: 0.1 }),
  },
  ...(["forward", "backward"] as const).flatMap((direction): Case[] => [
    {
      name: `rnn, ${direction}, with lengths`,
      inputs: recurrent(1),
      run: ({ x, ...p }) => nb.rnn(x, null, p as never, { direction, lengths: lengths() }).outputs,
    },
    {
      name: `lstm, ${direction}, with lengths`,
      inputs: recurrent(4),
      run: ({ x, ...p }) => {
        const { outputs, cell } = nb.lstm(x, null, null, p as never, { direction, lengths: lengths() });
        return [outputs, cell];
      },
    },
    {
      name: `gru, ${direction}, with lengths`,
      inputs: recurrent(3),
      run: ({ x, ...p }) => nb.gru(x, null, p as never, { direction, lengths: lengths() }).outputs,
    },
  ]),
  {
    name: "gru, reset before, truncated",
    inputs: recurrent(3),
    run: ({ x, ...p }) => nb.gru(x, null, p as never, { reset: "before", truncate: 2 } as never).outputs,
  },
  {
    name: "embedding, gather and negative positions",
    inputs: { w: rows([12, 5]), i: indices([3, 4], 12) },
    run: ({ w, i }) => [nb.embedding(w, i), nb.gather(w, tensor([-1, 0, -12, 3], "int32"))],
  },
  {
    name: "sorting",
    inputs: { x: rows([4, 37]) },
    run: ({ x }) => [nb.sort(x), nb.argsort(x), nb.topK(x, 5).values, nb.sort(x, 0, true)],
  },
  {
    name: "attention",
    inputs: { q: rows([2, 3, 4, 8]), k: rows([2, 3, 6, 8]), v: rows([2, 3, 6, 8]) },
    run: ({ q, k, v }) => nb.scaledDotProductAttention(q, k, v).outputs,
  },
  {
    name: "random numbers",
    inputs: {},
    run: () => {
      const from = generator();
      return [
        nb.random.uniform([1003], 0, 1, { generator: from }),
        nb.random.integers([1001], -5, 1000, { generator: from }),
        nb.random.bernoulli([1002], 0.3, { generator: from }),
        nb.random.bernoulli([101], 0.75, { generator: from, dtype: "float32", value: 2 }),
        nb.random.permutation(1000, { generator: from }),
        nb.random.uniform([50], -3, 5, { generator: from }),
      ];
    },
    tolerance: 0,
  },
  {
    name: "normal random numbers",
    inputs: {},
    run: () => nb.random.normal([4001], 1, 3, { generator: generator() }),
    tolerance: 1e-6,
  },
];

/** Outputs and gradients, one after the other. */
type Results = { shape: readonly number[]; dtype: string; values: ArrayLike<number> }[];

async function compute({ inputs, run }: Case): Promise<Results> {
  const made = scope(() => {
    const draws = new nb.Generator(11);
    const tensors: Record<string, Tensor> = {};
    for (const [name, { shape, from = 0, to = 1, classes, fixed: still }] of Object.entries(inputs)) {
      const size = shape.reduce((a, b) => a * b, 1);
      // Made in JavaScript: the same on both.
      const numbers = Float64Array.from({ length: size }, () => draw(draws));
      tensors[name] =
        classes === undefined
          ? tensor(
              numbers.map((u) => from + u * (to - from)),
              { shape, dtype: "float32" },
            )
          : tensor(
              Int32Array.from(numbers, (u) => Math.floor(u * classes)),
              { shape },
            );
      if (!still) tensors[name].requireGradient();
    }
    const result = run(tensors);
    const outputs = Array.isArray(result) ? result : [result];
    const watched = Object.values(tensors).filter((x) => x.node !== null);
    if (watched.length > 0) {
      // Each output's elements count differently, so that no mistake cancels out.
      const parts = outputs
        .filter((y) => y.node !== null)
        .map((y) =>
          sum(
            y.mul(
              tensor(
                Float32Array.from({ length: y.size }, (_, i) => Math.cos(i)),
                { shape: [...y.shape] },
              ),
            ),
          ),
        );
      if (parts.length > 0) backward(parts.reduce((a, b) => a.add(b)));
    }
    return [...outputs, ...watched.flatMap((x) => x.gradient ?? [])].map((x) => keep(x));
  });
  const values = await Promise.all(made.map((x) => x.data()));
  return made.map(({ shape, dtype }, i) => ({ shape: [...shape], dtype, values: values[i] }));
}

let state = 1;
function draw(_: nb.Generator): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return state / 0x80000000;
}

async function computeAll(): Promise<Results[]> {
  const all: Results[] = [];
  for (const each of cases) {
    state = 1;
    all.push(await compute(each));
  }
  return all;
}

describe.skipIf(noDevice !== undefined)(`on the CPU and on the device${whyNoDevice}`, () => {
  let expected: Results[];
  beforeAll(async () => {
    await nb.startEngine({ engine: "wasm", threads: 1 });
    expected = await computeAll();
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collectStorages();
    }
    await nb.startEngine({ engine: "webgpu" });
  });
  afterAll(() => collectStorages());

  test.each(cases.map(({ name }, i) => [name, i] as const))("%s", async (_, i) => {
    state = 1;
    const { tolerance = 2e-5 } = cases[i];
    const actual = await compute(cases[i]);
    expect(actual.length).toBe(expected[i].length);
    actual.forEach(({ shape, dtype, values }, k) => {
      const wanted = expected[i][k];
      expect([shape, dtype]).toEqual([wanted.shape, wanted.dtype]);
      for (let j = 0; j < values.length; j++) {
        const [a, b] = [values[j], wanted.values[j]];
        const near = Number.isFinite(b) ? Math.abs(a - b) <= tolerance * (1 + Math.abs(b)) : Object.is(a, b);
        if (!near) throw new Error(`result ${k}, element ${j}: ${a}, on the CPU ${b}`);
      }
    });
  });
});
