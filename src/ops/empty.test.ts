// Tensors without elements: every operation, with each axis of its operands empty in turn, writes its whole result and gradient. Memory is filled
// with one pattern before the first run and with another before the second: what an operation left unwritten would differ.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { engine } from "../engine/engine.ts";
import * as nb from "../node.ts";
import { backward, scope, sum, Tensor, tensor } from "../node.ts";
import * as operations from "./index.ts";

type Operands = (...shape: number[]) => Tensor;

/** Shapes and the call; the numbers of `shape` stand for lengths that are 0 in turn. */
interface Case {
  shape: readonly number[];
  call: (x: Operands, labels: Operands, ...lengths: number[]) => unknown;
}

const elementwise =
  "neg abs sign floor ceil round trunc square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh " +
  "erf sigmoid relu leakyRelu elu softplus silu gelu gaussian step isnan isinf isfinite logicalNot clone flatten";
const pairs =
  "add sub mul div floorDivide remainder pow maximum minimum atan2 equal notEqual less lessEqual greater greaterEqual logicalAnd logicalOr logicalXor";
const reductions = "sum mean prod max min any all countNonZero variance standardDeviation norm logSumExp argmax argmin";
const alongAxis = "softmax logSoftmax cumsum cumprod sort argsort flip";

const named = nb as unknown as Record<string, (...operands: unknown[]) => unknown>;

const cases: Record<string, Case> = {};
for (const name of elementwise.split(" ")) cases[name] = { shape: [2, 3], call: (x, _, a, b) => named[name](x(a, b)) };
for (const name of pairs.split(" ")) {
  cases[name] = { shape: [2, 3], call: (x, _, a, b) => named[name](x(a, b), x(a, b)) };
  cases[`${name}, broadcast`] = { shape: [2, 3], call: (x, _, a, b) => named[name](x(a, 1), x(b)) };
  if (!name.startsWith("logical"))
    cases[`${name}, number`] = { shape: [2, 3], call: (x, _, a, b) => named[name](x(a, b), 2) };
}
for (const name of reductions.split(" ")) {
  cases[name] = { shape: [2, 3], call: (x, _, a, b) => named[name](x(a, b)) };
  for (const axis of [0, 1, 2]) {
    cases[`${name}, axis ${axis}`] = { shape: [2, 3, 4], call: (x, _, a, b, c) => named[name](x(a, b, c), axis) };
    cases[`${name}, axis ${axis} kept`] = {
      shape: [2, 3, 4],
      call: (x, _, a, b, c) => named[name](x(a, b, c), axis, true),
    };
  }
}
for (const name of alongAxis.split(" ")) {
  for (const axis of [0, 1, 2]) {
    cases[`${name}, axis ${axis}`] = { shape: [2, 3, 4], call: (x, _, a, b, c) => named[name](x(a, b, c), axis) };
  }
}

Object.assign(cases, {
  clip: { shape: [2, 3], call: (x, _, a, b) => nb.clip(x(a, b), -1, 1) },
  cast: { shape: [2, 3], call: (x, _, a, b) => nb.cast(x(a, b), "float64") },
  where: { shape: [2, 3], call: (x, _, a, b) => nb.where(x(a, b).greater(0), x(a, b), x(b)) },
  "norm, order 1": { shape: [2, 3], call: (x, _, a, b) => nb.norm(x(a, b), 1, false, 1) },
  "norm, largest": { shape: [2, 3], call: (x, _, a, b) => nb.norm(x(a, b), 1, false, Number.POSITIVE_INFINITY) },
  median: { shape: [2, 3], call: (x, _, a, b) => nb.median(x(a, b), 1) },
  quantile: { shape: [2, 3], call: (x, _, a, b) => nb.quantile(x(a, b), [0.2, 0.5], 0) },
  topK: { shape: [2, 3], call: (x, _, a, b) => Object.values(nb.topK(x(a, b), Math.min(b, 2))) },
  unique: { shape: [2, 3], call: (x, _, a, b) => Object.values(nb.unique(x(a, b))) },
  bincount: { shape: [3], call: (_, labels, a) => nb.bincount(labels(a)) },
  histogram: { shape: [2, 3], call: (x, _, a, b) => Object.values(nb.histogram(x(a, b), 2)) },
  searchSorted: { shape: [2, 3], call: (x, _, a, b) => nb.searchSorted(x(a), x(b)) },
  reshape: { shape: [2, 3], call: (x, _, a, b) => nb.reshape(x(a, b), [b, a]) },
  transpose: { shape: [2, 3], call: (x, _, a, b) => nb.transpose(x(a, b)).clone() },
  broadcastTo: { shape: [2, 3], call: (x, _, a, b) => nb.broadcastTo(x(1, b), [a, b]).clone() },
  slice: { shape: [4, 3], call: (x, _, a, b) => nb.slice(x(a, b), 1, 3).clone() },
  concat: { shape: [2, 3], call: (x, _, a, b) => nb.concat([x(a, b), x(2, b)]) },
  stack: { shape: [2, 3], call: (x, _, a, b) => nb.stack([x(a, b), x(a, b)], 1) },
  split: { shape: [4, 3], call: (x, _, a, b) => nb.split(x(a, b), 2) },
  tile: { shape: [2, 3], call: (x, _, a, b) => nb.tile(x(a, b), [2, 2]) },
  repeat: { shape: [2, 3], call: (x, _, a, b) => nb.repeat(x(a, b), 2, 1) },
  pad: {
    shape: [2, 3],
    call: (x, _, a, b) =>
      nb.pad(x(a, b), [
        [1, 0],
        [0, 1],
      ]),
  },
  roll: { shape: [2, 3], call: (x, _, a, b) => nb.roll(x(a, b), 1, 0) },
  lowerTriangle: { shape: [2, 3], call: (x, _, a, b) => nb.lowerTriangle(x(a, b)) },
  upperTriangle: { shape: [2, 3], call: (x, _, a, b) => nb.upperTriangle(x(a, b)) },
  diagonal: { shape: [2, 3], call: (x, _, a, b) => nb.diagonal(x(a, b)).clone() },
  trace: { shape: [2, 3], call: (x, _, a, b) => nb.trace(x(a, b)) },
  get: { shape: [2, 3], call: (x, labels, a, b) => x(3, b).get(labels(a)) },
  gather: { shape: [2, 3], call: (x, labels, a, b) => nb.gather(x(3, b), labels(a)) },
  scatterAdd: { shape: [2, 3], call: (x, labels, a, b) => nb.scatterAdd(x(3, b), labels(a), x(a, b)) },
  takeAlongAxis: { shape: [2, 3], call: (x, labels, a, b) => nb.takeAlongAxis(x(a, 4), labels(a, b)) },
  embedding: { shape: [2, 3], call: (x, labels, a, b) => nb.embedding(x(4, b), labels(a)) },
  maskedSelect: { shape: [2, 3], call: (x, _, a, b) => nb.maskedSelect(x(a, b), x(a, b).greater(0)) },
  nonZero: { shape: [2, 3], call: (x, _, a, b) => nb.nonZero(x(a, b)) },
  oneHot: { shape: [2, 3], call: (_, labels, a, b) => nb.oneHot(labels(a), b) },
  set: { shape: [2, 3], call: (_, labels, a, b) => labels(a, b).set([":", ":"], 1) },
  matmul: { shape: [2, 3, 4], call: (x, _, a, b, c) => nb.matmul(x(a, b), x(b, c)) },
  "matmul, batched": { shape: [2, 3, 4, 5], call: (x, _, a, b, c, d) => nb.matmul(x(a, b, c), x(a, c, d)) },
  "matmul, vector": { shape: [2, 3], call: (x, _, a, b) => nb.matmul(x(a, b), x(b)) },
  "matmul, vectors": { shape: [3], call: (x, _, a) => nb.matmul(x(a), x(a)) },
  dot: { shape: [2, 3, 4, 5], call: (x, _, a, b, c, d) => nb.dot(x(a, b, c), x(d, c, b)) },
  "dot, vector": { shape: [2, 3, 4], call: (x, _, a, b, c) => nb.dot(x(a, b, c), x(c)) },
  outer: { shape: [2, 3], call: (x, _, a, b) => nb.outer(x(a), x(b)) },
  linear: { shape: [2, 3, 4], call: (x, _, a, b, c) => nb.linear(x(a, b), x(b, c), x(c), "relu") },
  "linear, vector": { shape: [3, 4], call: (x, _, a, b) => nb.linear(x(a), x(a, b), x(b), "sigmoid") },
  einsum: { shape: [2, 3, 4], call: (x, _, a, b, c) => nb.einsum("ij,jk->ki", x(a, b), x(b, c)) },
  meanSquaredError: { shape: [2, 3], call: (x, _, a, b) => nb.meanSquaredError(x(a, b), x(a, b)) },
  quadraticCost: { shape: [2, 3], call: (x, _, a, b) => nb.quadraticCost(x(a, b), x(a, b)) },
  meanAbsoluteError: { shape: [2, 3], call: (x, _, a, b) => nb.meanAbsoluteError(x(a, b), x(a, b)) },
  huber: { shape: [2, 3], call: (x, _, a, b) => nb.huber(x(a, b), x(a, b)) },
  binaryCrossEntropy: { shape: [2, 3], call: (x, _, a, b) => nb.binaryCrossEntropy(x(a, b), x(a, b)) },
  binaryCrossEntropyWithLogits: {
    shape: [2, 3],
    call: (x, _, a, b) => nb.binaryCrossEntropyWithLogits(x(a, b), x(a, b)),
  },
  softmaxCrossEntropy: { shape: [2, 3], call: (x, labels, a, b) => nb.softmaxCrossEntropy(x(a, b), labels(a)) },
  "softmaxCrossEntropy, probabilities": {
    shape: [2, 3],
    call: (x, labels, a, b) => nb.softmaxCrossEntropy(x(a, b), labels(a, b).cast("float32")),
  },
  negativeLogLikelihood: { shape: [2, 3], call: (x, labels, a, b) => nb.negativeLogLikelihood(x(a, b), labels(a)) },
  conv1d: { shape: [2, 3, 5, 4], call: (x, _, n, c, w, f) => nb.conv1d(x(n, c, w), x(f, c, 2), x(f)) },
  conv2d: { shape: [2, 3, 5, 6, 4], call: (x, _, n, c, h, w, f) => nb.conv2d(x(n, c, h, w), x(f, c, 2, 2), x(f)) },
  convTranspose2d: {
    shape: [2, 3, 5, 6, 4],
    call: (x, _, n, c, h, w, f) => nb.convTranspose2d(x(n, c, h, w), x(c, f, 2, 2), x(f)),
  },
  maxPool1d: { shape: [2, 3, 4], call: (x, _, n, c, w) => nb.maxPool1d(x(n, c, w), 2) },
  maxPool2d: { shape: [2, 3, 4, 6], call: (x, _, n, c, h, w) => nb.maxPool2d(x(n, c, h, w), 2) },
  avgPool1d: { shape: [2, 3, 4], call: (x, _, n, c, w) => nb.avgPool1d(x(n, c, w), 2) },
  avgPool2d: { shape: [2, 3, 4, 6], call: (x, _, n, c, h, w) => nb.avgPool2d(x(n, c, h, w), 2) },
  l2Pool2d: { shape: [2, 3, 4, 6], call: (x, _, n, c, h, w) => nb.l2Pool2d(x(n, c, h, w), 2) },
  globalAvgPool2d: { shape: [2, 3, 4, 6], call: (x, _, n, c, h, w) => nb.globalAvgPool2d(x(n, c, h, w)) },
  globalMaxPool2d: { shape: [2, 3, 4, 6], call: (x, _, n, c, h, w) => nb.globalMaxPool2d(x(n, c, h, w)) },
  batchNorm: {
    shape: [2, 3, 4],
    call: (x, _, n, c, w) => Object.values(nb.batchNorm(x(n, c, w), x(c), x(c))),
  },
  batchNormInference: {
    shape: [2, 3, 4],
    call: (x, _, n, c, w) => nb.batchNormInference(x(n, c, w), x(c).add(1), x(c).add(1), x(c), x(c)),
  },
  layerNorm: { shape: [2, 3, 4], call: (x, _, n, c, w) => nb.layerNorm(x(n, c, w), x(w), x(w)) },
  localResponseNorm: { shape: [2, 3, 4, 5], call: (x, _, n, c, h, w) => nb.localResponseNorm(x(n, c, h, w), 3) },
  rnn: {
    shape: [2, 3, 4, 5],
    call: (x, _, t, n, i, s) =>
      Object.values(nb.rnn(x(t, n, i), x(n, s), { inputWeights: x(s, i), stateWeights: x(s, s), inputBias: x(s) })),
  },
  lstm: {
    shape: [2, 3, 4, 5],
    call: (x, _, t, n, i, s) =>
      Object.values(
        nb.lstm(x(t, n, i), x(n, s), x(n, s), {
          inputWeights: x(4 * s, i),
          stateWeights: x(4 * s, s),
          inputBias: x(4 * s),
        }),
      ),
  },
  gru: {
    shape: [2, 3, 4, 5],
    call: (x, _, t, n, i, s) =>
      Object.values(
        nb.gru(x(t, n, i), x(n, s), { inputWeights: x(3 * s, i), stateWeights: x(3 * s, s), stateBias: x(3 * s) }),
      ),
  },
  treeRnn: { shape: [3], call: (x, _, d) => Object.values(nb.treeRnn(x(3, d), [[0, 1], 2], x(d, 2 * d))) },
  "treeRnn, a leaf": { shape: [3], call: (x, _, d) => Object.values(nb.treeRnn(x(3, d), 1, x(d, 2 * d))) },
} satisfies Record<string, Case>);

let pattern = 0;
const { allocate: own, isZeros } = engine();

beforeEach(() => {
  const current = engine();
  current.allocate = (bytes, label, dtype, shape) => {
    const storage = own.call(current, bytes, label, dtype, shape);
    const size = Math.floor(storage.bytes / 4);
    if (size > 0) current.fill(new Tensor(storage, "int32", [size], size), pattern);
    return storage;
  };
  current.isZeros = () => false;
});
afterEach(() => {
  engine().allocate = own;
  engine().isZeros = isZeros;
});

/** All numbers that come out: results, and gradients by every operand. Or the error's message. */
function run({ call }: Case, lengths: readonly number[]): string {
  return scope(() => {
    const operands: Tensor[] = [];
    const make: Operands = (...shape) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1) / 2);
      operands.push(tensor(values, { shape }).requireGradient());
      return operands.at(-1)!;
    };
    try {
      const result = call(make, (...shape) => nb.zeros(shape, "int32"), ...lengths);
      const outputs = (Array.isArray(result) ? result : [result]).filter((each) => each instanceof Tensor);
      const followed = outputs.filter((each) => each.tracked);
      if (followed.length > 0) backward(followed.map((output) => sum(output)).reduce((a, b) => a.add(b)));
      const show = (x: Tensor | null): string => (x === null ? "none" : `${x.dtype}[${x.shape}](${x.dataSync()})`);
      return [...outputs.map(show), ...operands.map((x) => show(x.gradient))].join("\n");
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      return `${error.constructor.name} ${error.message}`;
    }
  });
}

/** Lengths with each axis 0 in turn, and with all of them 0. */
function emptied(shape: readonly number[]): number[][] {
  return [...shape.map((_, axis) => shape.with(axis, 0)), shape.map(() => 0)];
}

/** Twice, on memory of two patterns. */
function runTwice(each: Case, lengths: readonly number[]): [first: string, second: string] {
  pattern = 0x7fc12345;
  const first = run(each, lengths);
  pattern = 0x41414141;
  return [first, run(each, lengths)];
}

describe("nothing is left unwritten", () => {
  test.each(Object.entries(cases))("%s", (name, each) => {
    const [operation] = name.split(",");
    const [full, again] = runTwice(each, each.shape);
    expect(full, `[${each.shape}]`).not.toMatch(/^(Range|Type)Error/);
    expect(again, `[${each.shape}]`).toBe(full);
    for (const lengths of emptied(each.shape)) {
      const [first, second] = runTwice(each, lengths);
      expect(second, `[${lengths}]`).toBe(first);
      expect(first, `[${lengths}]`).not.toBe("");
      // What can't be done is said by the operation that was called, in its own words.
      if (/^(Range|Type)Error/.test(first))
        expect(first, `[${lengths}]`).toMatch(new RegExp(`^RangeError ${operation}: `));
    }
  });
});

// Operations that are not in the list above, or will be: called with whatever a tensor may stand for, they answer or refuse the same twice.
const unlisted = Object.entries(operations).filter(([name, value]) => typeof value === "function" && !(name in cases));
describe("nor by operations that are not listed", () => {
  const call =
    (
      operation: (...operands: unknown[]) => unknown,
      operands: (x: Operands, ...n: number[]) => unknown[],
    ): Case["call"] =>
    (x, _, ...lengths) =>
      operation(...operands(x, ...lengths));
  test.each(unlisted)("%s", (_, operation) => {
    const f = operation as (...operands: unknown[]) => unknown;
    for (const lengths of [...emptied([2, 3]), ...emptied([2, 2, 2])]) {
      for (const each of [
        call(f, (x, ...n) => [x(...n)]),
        call(f, (x, ...n) => [x(...n), x(...n)]),
        call(f, (x, ...n) => [x(...n), 1]),
        call(f, (x, ...n) => [[x(...n), x(...n)]]),
      ]) {
        const [first, second] = runTwice({ shape: lengths, call: each }, lengths);
        expect(second, `[${lengths}]`).toBe(first);
      }
    }
  });
});
