// Sequences that lie step by step in memory: the values and gradients of those that lie sample by sample, and nothing copied on the way.
import { describe, expect, test } from "vitest";
import {
  Activation,
  Add,
  clone,
  concat,
  Dense,
  Embedding,
  embedding,
  evaluate,
  expectGradients,
  fit,
  Generator,
  input,
  LSTM,
  linear,
  Model,
  mul,
  random,
  Sequential,
  SGD,
  SimpleRNN,
  scope,
  sum,
  swapAxes,
  type Tensor,
  tensor,
} from "../node.ts";
import { isTimeFirst, timeFirst } from "./memory-order.ts";

const [N, TIME] = [3, 5];
const generator = new Generator(3);
const floats = (shape: number[]): Tensor => random.uniform(shape, -1, 1, { dtype: "float64", generator });
/** As timeFirst, and gradients follow. */
const turned = (x: Tensor): Tensor => swapAxes(clone(swapAxes(x, 0, 1)), 0, 1);
const indices = (words: number): Tensor => random.integers([N, TIME], 0, words, { generator });

describe("isTimeFirst", () => {
  test("of a view whose steps stand one after the other, and of no other", () => {
    const x = floats([TIME, N, 4]);
    expect(isTimeFirst(swapAxes(x, 0, 1))).toBe(true);
    expect(isTimeFirst(x)).toBe(false);
    expect(isTimeFirst(swapAxes(x, 1, 2))).toBe(false);
    expect(isTimeFirst(swapAxes(x, 0, 2))).toBe(false);
    expect(isTimeFirst(swapAxes(floats([TIME, N]), 0, 1))).toBe(true);
    expect(isTimeFirst(swapAxes(floats([TIME, N, 6]), 0, 1).slice(0, 3, 1, 2))).toBe(false);
    // One sample, or one step: both orders are the same.
    expect(isTimeFirst(swapAxes(floats([TIME, 1, 4]), 0, 1))).toBe(false);
  });

  test("timeFirst gives such a view of the same elements, and copies none that is one", () => {
    const x = floats([N, TIME, 2]);
    const y = timeFirst(x);
    expect(isTimeFirst(y)).toBe(true);
    expect(y.toArray()).toEqual(x.toArray());
    expect(timeFirst(y)).toBe(y);
  });
});

describe("operations that treat all places alike", () => {
  const weights = floats([4, 2]);
  const bias = floats([2]);
  const factors = floats([N, TIME, 2]);

  test.each(["none", "sigmoid", "tanh", "relu"] as const)("linear, %s: the same values and gradients", (activation) => {
    const x = floats([N, TIME, 4]);
    const y = linear(timeFirst(x), weights, bias, activation);
    expect(isTimeFirst(y)).toBe(true);
    expect(y.toArray()).toEqual(linear(x, weights, bias, activation).toArray());
    const inOrder = (z: Tensor, w: Tensor, b: Tensor): Tensor => sum(mul(linear(turned(z), w, b, activation), factors));
    scope(() => expectGradients(inOrder, [x, weights, bias], { tolerance: 1e-6 }));
  });

  test("embedding: the same values and gradients", () => {
    const [table, x] = [floats([7, 2]), indices(7)];
    const y = embedding(table, timeFirst(x));
    expect(isTimeFirst(y)).toBe(true);
    expect(y.toArray()).toEqual(embedding(table, x).toArray());
    scope(() => expectGradients((w) => sum(mul(embedding(w, timeFirst(x)), factors)), [table], { tolerance: 1e-6 }));
  });

  test("embedding: a position is told as the caller counts", () => {
    const x = tensor([0, 1, 2, 0, 9, 0], "int32").reshape([2, 3]);
    expect(() => embedding(floats([3, 2]), x)).toThrow("index 9 at position 4 ");
    expect(() => embedding(floats([3, 2]), timeFirst(x))).toThrow("index 9 at position 4 ");
  });
});

describe("a model that reads indices step by step", () => {
  const [x, last] = [indices(6), { returnSequences: true }];
  const layers = () => [new Embedding(6, 8), new LSTM(12, last), new SimpleRNN(4, last), new Dense(6)];

  test("computes in the order of its recurrent layers, and gives what it gave", () => {
    const model = new Sequential(layers(), { inputShape: [null], seed: 1 });
    const y = model.call(x);
    expect(isTimeFirst(y)).toBe(true);
    const one = Array.from({ length: N }, (_, i) => model.call(x.slice(i, i + 1)));
    expect(y.sub(concat(one)).abs().max().item()).toBeLessThan(1e-6);
  });

  test("only where nothing else reads the indices or their vectors", () => {
    const symbols = input([null], { dtype: "int32" });
    const vectors = new Embedding(6, 4).apply(symbols);
    const read = new LSTM(4, last).apply(vectors);
    const whole = new Model({ inputs: [symbols], outputs: [new Add().apply([read, vectors])] });
    expect(whole.call(x).contiguous).toBe(true);
    const plain = new Sequential([new Embedding(6, 4), new Dense(3)], { inputShape: [null] });
    expect(plain.call(x).contiguous).toBe(true);
  });

  test("counts in training what evaluation counts: nothing is learnt at a rate of 0", async () => {
    const model = new Sequential([...layers(), new Activation("softmax")], { inputShape: [null], seed: 2 });
    // Its own answers, but for every fourth place.
    const answers = model.call(x).argmax(2).toArray() as number[][];
    const labels = answers.map((steps, i) => steps.map((label, t) => (label + Number((i * TIME + t) % 4 === 0)) % 6));
    const samples = { x, y: tensor(labels, "int32") };
    const { loss, accuracy } = evaluate(model, samples);
    expect(accuracy).toBeCloseTo(11 / 15, 12);
    const { epochs } = await fit(model, samples, { optimizer: new SGD({ learningRate: 0 }), epochs: 2, batchSize: 2 });
    for (const epoch of epochs) {
      expect(epoch.accuracy).toBeCloseTo(11 / 15, 12);
      expect(epoch.loss).toBeCloseTo(loss, 6);
    }
  });
});
