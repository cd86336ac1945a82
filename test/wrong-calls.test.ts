// Slips that users make, and what they are told: the operation, what was given, and what works. The sweep (test/fuzz) makes the others.
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as inspect from "../src/inspect/index.ts";
import * as onnx from "../src/io/onnx/index.node.ts";
import * as nabla from "../src/node.ts";
import * as play from "../src/play/index.node.ts";
import * as plot from "../src/plot/index.ts";
import { complaintAbout, complaintOf } from "./fuzz/calls/judge.mjs";
import { functionsOf, LONG_BY_DEFAULT } from "./fuzz/calls/programs.mjs";

const { Dense, Sequential, expandDims, fit, ones, predict, stack, sum, tensor, zeros } = nabla;

const x = tensor([
  [1, 2],
  [3, 4],
]);
const model = new Sequential([new Dense(2)], { inputShape: [2] });
const wrong = (value: unknown) => value as never;

test.each<[string, () => unknown, string]>([
  [
    "axes in an object",
    () => x.sum(wrong({ axis: 1 })),
    "sum: axes are given as a number or an array of numbers, sum(1) or sum([0, 1]), got { axis: 1 }",
  ],
  [
    "axes in a tensor",
    () => sum(x, wrong(tensor([1]))),
    "sum: axes are given as a number or an array of numbers, sum(1) or sum([0, 1]), got a tensor of shape (1,)",
  ],
  ["more axes than there are", () => sum(x, new Array(2 ** 32 - 1)), "sum: 4294967295 axes"],
  [
    "a plain array for a tensor",
    () => nabla.matmul(x, wrong([[1], [2]])),
    "matmul: needs a tensor, got [[1], [2]]; wrap it in tensor(...)",
  ],
  [
    "a plain array among tensors",
    () => stack([x, wrong([1, 2])]),
    "stack: the first argument[1] must be a tensor, got [1, 2]; wrap it in tensor(...)",
  ],
  ["a flag that is none", () => sum(x, 0, wrong("yes")), 'sum: keepDims must be true or false, got "yes"'],
  ["an offset that is no number", () => x.diagonal(Number.NaN), "diagonal: the offset must be a whole number, got NaN"],
  [
    "a function that is none",
    () => nabla.grad(wrong(x)),
    "grad: the argument must be a function, got a tensor of shape (2, 2)",
  ],
  [
    "a class for a function",
    () => nabla.scope(wrong(Dense)),
    "scope: the argument must be a function, got the class Dense",
  ],
  ["a name of every object", () => new nabla.Activation(wrong("toString")), 'activation: unknown name "toString"'],
  [
    "samples at a time",
    () => predict(model, x, { batchSize: Number.NaN }),
    "predict: batchSize must be a whole number of at least 1, got NaN",
  ],
  [
    "none at a time",
    () => predict(model, x, { batchSize: 0 }),
    "predict: batchSize must be a whole number of at least 1, got 0",
  ],
  [
    "a billion classes",
    () => nabla.confusionMatrix(model, { x, y: tensor([0, 1], "int32") }, 1e9),
    "confusionMatrix: a table of 1000000000 classes is too large",
  ],
  [
    "a label beyond the classes",
    () => nabla.confusionMatrix(model, { x, y: tensor([0, 7], "int32") }),
    "confusionMatrix: label 7 at position 1 is not in 0 to 1",
  ],
  [
    "a ninth axis",
    () => expandDims(zeros([1, 1, 1, 1, 1, 1, 1, 1]), 0),
    "rank 9 of shape (1, 1, 1, 1, 1, 1, 1, 1, 1) is above the largest, 8",
  ],
  ["a ninth axis by stacking", () => stack([ones([1, 1, 1, 1, 1, 1, 1, 1])]), "rank 9 of shape"],
])("%s", (_, call, message) => {
  expect(call).toThrow(message);
});

test("fit without data, without targets, with plain arrays, without a model", async () => {
  const needed = "fit: the data must be { x, y }, two tensors";
  await expect(fit(model, wrong(undefined))).rejects.toThrow(`${needed}: inputs [n, ...]`);
  await expect(fit(model, wrong({ x }))).rejects.toThrow("got { x: a tensor of shape (2, 2) }");
  await expect(fit(model, wrong({ x: [[1, 2]], y: [0] }))).rejects.toThrow("got { x: [an array of 2], y: [0] }");
  await expect(fit(wrong("model"), { x, y: x })).rejects.toThrow(
    'the model must be a model (Sequential or Model), got "model"',
  );
});

test("lists that are mostly holes are no reason to walk through them", async () => {
  const holes = wrong(new Array(2 ** 32 - 1));
  const pair = nabla.Dataset.zip({ x: nabla.Dataset.from([holes, 2]), y: nabla.Dataset.from([1, 2]) });
  expect((await pair.toArray()).length).toBe(2);
  expect(() => nabla.Dataset.fromTensors({ x: holes, y: x })).toThrow("Dataset: x must be an array without holes");
  expect(() => new nabla.Sequential(holes, { inputShape: [2] })).toThrow("element 0 of the list is no layer");
  const symbol = nabla.input([2]);
  const graph = new nabla.Model({ inputs: symbol, outputs: new nabla.Dense(1).apply(symbol) });
  expect(() => new nabla.Model({ inputs: symbol, outputs: wrong(new Array(5)) })).toThrow("got undefined");
  expect(() => nabla.schedule.halving(0.4, { limit: holes })).toThrow("schedule.halving: limit must be a number");
  expect(() => graph.applyAll(holes)).toThrow("got undefined");
  expect(() => new nabla.Add().applyAll(holes)).toThrow("got undefined");
  expect(() => nabla.encodeTrees(holes)).toThrow("encodeTrees: trees must be an array without holes");
});

test("a layer of one's own whose settings are no JSON", () => {
  class Odd extends nabla.Layer {
    readonly type = "odd";
    build(shape: readonly (number | null)[]) {
      return shape;
    }
    call(z: nabla.Tensor) {
      return z;
    }
    config() {
      return { type: this.type, factor: wrong(5n) };
    }
  }
  const odd = new nabla.Sequential([new Odd()], { inputShape: [2] });
  expect(() => nabla.saveModel(odd)).toThrow("sequential: the settings of a layer can't be written as JSON");
});

test("what one argument was wrong in", async () => {
  expect(() => nabla.jvp(wrong(x), [x], [x])).toThrow("jvp: the first argument must be a function");
  expect(() => nabla.drawDigits(1, wrong({ x }))).toThrow("seed { x: a tensor of shape (2, 2) } is not usable");
  expect(() => nabla.random.shuffle(x, wrong([Symbol("s")]))).toThrow("there is no axis [Symbol(s)] in shape (2, 2)");
  const long = wrong("x".repeat(1e6));
  await expect(nabla.readImageFile(long)).rejects.toThrow(/^\.\.\.x{180}: the name is too long/);
});

test("arrays that hold themselves, and arrays nested beyond 8 axes, are errors", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  let deep: unknown = 1;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  for (const values of [cyclic, deep]) {
    expect(() => tensor(wrong(values))).toThrow(
      "tensor: arrays are nested deeper than the 8 axes that a tensor may have",
    );
    expect(() => nabla.gather(x, wrong(values))).toThrow(
      "gather: an index array is nested deeper than the 8 axes that a tensor may have",
    );
    expect(() => sum(x, wrong(values))).toThrow(/^sum: /);
  }
});

describe("every export", () => {
  const library = { ...nabla, ...plot, ...inspect, ...onnx, ...play } as Record<string, unknown>;
  const root = fileURLToPath(new URL("..", import.meta.url));
  // What changes the engine under the others' feet, and what draws for seconds when nobody says how much.
  const leftOut = /^(configureEngine|startEngine|digits)$/;
  const names = functionsOf(root, library).filter((name) => !leftOut.test(name) && !LONG_BY_DEFAULT.test(name));
  const values = [undefined, null, "text", [1, 2], { axis: 1 }];
  const calls = [[], ...values.map((value) => [value]), ...values.slice(1).map((value) => [x, value])];

  beforeAll(() => void vi.spyOn(console, "log").mockImplementation(() => {}));
  afterAll(() => void vi.restoreAllMocks());

  /** What is wrong with how a call ends, or undefined. */
  async function complaint(name: string, given: readonly unknown[]): Promise<string | undefined> {
    const path = name.replace(/^new /, "").split(".");
    const holder = path.slice(0, -1).reduce((object, key) => object[key] as Record<string, unknown>, library);
    const target = holder[path.at(-1)!] as (...values: unknown[]) => unknown;
    try {
      const result = name.startsWith("new ") ? Reflect.construct(target, given) : target.apply(holder, [...given]);
      return complaintOf(await result, nabla.Tensor);
    } catch (error) {
      return complaintAbout(error);
    }
  }

  test("called with nothing, undefined, null, a text, a plain array, or options in the wrong place ends in a value or in an error of ours", async () => {
    const complaints: string[] = [];
    for (const name of names) {
      for (const given of calls) {
        const what = await complaint(name, given);
        const last = JSON.stringify(given.at(-1));
        if (what !== undefined) complaints.push(`${name}, ${given.length} arguments, the last ${last}: ${what}`);
      }
    }
    expect(names.length).toBeGreaterThan(400);
    expect(complaints).toEqual([]);
  });
});
