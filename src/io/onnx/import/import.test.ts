// Networks from ONNX files as models: what becomes a parameter, batches, names, training, and what is refused.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  BatchNormalization,
  backward,
  Conv2D,
  Dense,
  evaluate,
  Flatten,
  fit,
  LSTM,
  loadModel,
  MaxPooling2D,
  predict,
  predictAll,
  random,
  Sequential,
  saveModel,
  type Tensor,
  tensor,
} from "../../../node.ts";
import { exportOnnx } from "../export/export.ts";
import { readOnnx } from "../graph.ts";
import { loadOnnx } from "../load.node.ts";
import { ELEMENT_CODE, type ElementType, type OnnxTensor, tensorProto } from "../onnx-tensor.ts";
import { writeModelProto } from "../proto/file.ts";
import { ATTRIBUTE_TYPE, type AttributeProto, type GraphProto, type NodeProto } from "../proto/messages.ts";
import type { Draft } from "../proto/wire.ts";
import { importOnnx } from "./model.ts";

type Port = [name: string, type: ElementType, shape: readonly (number | string)[]];

const port = ([name, type, shape]: Port) => ({
  name,
  type: {
    tensorType: {
      elemType: ELEMENT_CODE[type],
      shape: { dim: shape.map((length) => (typeof length === "number" ? { dimValue: length } : { dimParam: length })) },
    },
  },
});

const node = (
  opType: string,
  input: string[],
  output: string[],
  attribute: Draft<AttributeProto>[] = [],
  more: Draft<NodeProto> = {},
): Draft<NodeProto> => ({ opType, input, output, attribute, name: `the ${opType}`, ...more });

const int = (name: string, value: number): Draft<AttributeProto> => ({
  name,
  type: ATTRIBUTE_TYPE.INT,
  i: BigInt(value),
});
const body = (name: string, graph: Draft<GraphProto>): Draft<AttributeProto> => ({
  name,
  type: ATTRIBUTE_TYPE.GRAPH,
  g: graph,
});

const floats = (shape: number[], values: number[]): OnnxTensor => ({
  type: "float32",
  shape,
  data: Float32Array.from(values),
});
const ints = (...values: number[]): OnnxTensor => ({
  type: "int64",
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
});

function file(
  nodes: Draft<NodeProto>[],
  inputs: Port[],
  outputs: Port[],
  weights: Record<string, OnnxTensor> = {},
  opset = 17,
  more: object = {},
): Uint8Array {
  return writeModelProto({
    irVersion: 8,
    opsetImport: [{ version: opset }, { domain: "local", version: 1 }],
    graph: {
      name: "g",
      node: nodes,
      input: inputs.map(port),
      output: outputs.map(port),
      initializer: Object.entries(weights).map(([name, value]) => tensorProto(value, name)),
    },
    ...more,
  });
}

const lists = (x: unknown) => (x as Tensor).toArray();

describe("training", () => {
  it.each([
    [
      "dense layers",
      () =>
        new Sequential([new Dense(8, { activation: "tanh" }), new Dense(3, { activation: "softmax" })], {
          inputShape: [4],
          seed: 1,
        }),
      [4],
      5,
    ],
    [
      "convolution and pooling",
      () =>
        new Sequential(
          [
            new Conv2D(3, 3, { activation: "relu" }),
            new MaxPooling2D(2),
            new Flatten(),
            new Dense(3, { activation: "softmax" }),
          ],
          {
            inputShape: [1, 8, 8],
            seed: 1,
          },
        ),
      [1, 8, 8],
      5,
    ],
    [
      "an LSTM",
      () => new Sequential([new LSTM(5), new Dense(3, { activation: "softmax" })], { inputShape: [6, 2], seed: 1 }),
      [6, 2],
      // The standard has two biases where the layer has one, and an optimiser moves both.
      2,
    ],
  ] as const)("%s: the imported network learns what the exported one does", async (_, make, shape, digits) => {
    const [own, other] = [make(), importOnnx(exportOnnx(make()))];
    const x = random.normal([60, ...shape]);
    const y = random.integers([60], 0, 3);
    const options = { epochs: 3, batchSize: 20, learningRate: 0.01, seed: 3, loss: "softmaxCrossEntropy" } as const;
    expect(lists(predict(other, x))).toEqual(lists(predict(own, x)));
    const [a, b] = [await fit(own, { x, y }, options), await fit(other, { x, y }, options)];
    for (const [i, { loss }] of b.epochs.entries()) expect(loss).toBeCloseTo(a.epochs[i].loss!, digits);
    expect(evaluate(other, { x, y }).loss).toBeLessThan(a.epochs[0].loss!);
  });

  it("batch normalisation in training mode uses the batch while training, and keeps new running statistics", () => {
    const weights = { g: floats([1], [1]), b: floats([1], [0]), m: floats([1], [0]), v: floats([1], [1]) };
    const bytes = file(
      [
        node(
          "BatchNormalization",
          ["x", "g", "b", "m", "v"],
          ["y", "m2", "v2"],
          [int("training_mode", 1), { name: "momentum", type: 1, f: 0.5 }, { name: "epsilon", type: 1, f: 0 }],
        ),
      ],
      [["x", "float32", ["n", 1]]],
      [["y", "float32", ["n", 1]]],
      weights,
    );
    const model = importOnnx(bytes);
    expect(model.parameters.map(({ name, isState }) => [name, isState])).toEqual([
      ["onnx.g", false],
      ["onnx.b", false],
      ["onnx.m", true],
      ["onnx.v", true],
    ]);
    const x = tensor([[1], [3]]);
    expect(lists(model.call(x))).toEqual([[1], [3]]);
    // mean 2, population variance 1
    expect(lists(model.call(x, { training: true }))).toEqual([[-1], [1]]);
    expect(lists(model.weights()[2])).toEqual([1]);
    expect(lists(model.weights()[3])).toEqual([1]);
    expect(lists(model.call(x))).toEqual([[0], [2]]);
  });

  it("a network with batch normalisation comes back with its statistics", () => {
    const own = new Sequential([new Dense(3), new BatchNormalization()], { inputShape: [2], seed: 1 });
    own.call(random.normal([50, 2]), { training: true });
    const x = random.normal([4, 2]);
    const [a, b] = [predict(own, x).dataSync(), predict(importOnnx(exportOnnx(own)), x).dataSync()];
    for (const [i, value] of a.entries()) expect(b[i]).toBeCloseTo(value, 5);
  });

  it("gradients reach every weight", () => {
    const model = importOnnx(
      exportOnnx(
        new Sequential([new LSTM(3), new Dense(2, { activation: "sigmoid" })], { inputShape: [4, 2], seed: 1 }),
      ),
    );
    backward(
      model
        .call(random.normal([3, 4, 2]))
        .square()
        .sum(),
    );
    for (const {
      name,
      tensor: { gradient },
    } of model.parameters)
      expect([name, gradient?.abs().sum().item()]).not.toEqual([name, 0]);
  });
});

describe("what is a parameter", () => {
  const bytes = file(
    [
      node("MatMul", ["x", "w"], ["a"]),
      node("Add", ["a", "b"], ["c"]),
      node("Mul", ["c", "scale"], ["d"]),
      node("Pow", ["d", "two"], ["e"]),
      node("Clip", ["e", "low", ""], ["y"]),
    ],
    [["x", "float32", ["n", 2]]],
    [["y", "float32", ["n", 1]]],
    {
      w: floats([2, 1], [1, 2]),
      b: floats([1], [0.5]),
      scale: floats([], [2]),
      two: floats([], [2]),
      low: floats([], [-1]),
    },
  );

  it("weights and biases are; a factor, a power and a bound are not", () => {
    expect(importOnnx(bytes).parameters.map(({ name }) => name)).toEqual(["onnx.w", "onnx.b"]);
    // (2 (1 * 1 + 2 * 1 + 0.5))^2
    expect(predict(importOnnx(bytes), tensor([[1, 1]])).item()).toBe(49);
  });

  it("biases of one number all over that an exporter keeps once are trained by themselves; other arrays stay shared", () => {
    const shared = file(
      [
        node("MatMul", ["x", "w"], ["a"]),
        node("Add", ["a", "zero"], ["b"]),
        node("MatMul", ["b", "w"], ["c"]),
        node("Add", ["c", "zero"], ["y"]),
      ],
      [["x", "float32", ["n", 2]]],
      [["y", "float32", ["n", 2]]],
      { w: floats([2, 2], [1, 2, 3, 4]), zero: floats([2], [0, 0]) },
    );
    const model = importOnnx(shared);
    expect(model.parameters.map(({ name }) => name)).toEqual(["onnx.w", "onnx.zero", "onnx.zero_2"]);
    backward(model.call(tensor([[1, 1]])).sum());
    expect(model.parameters.map(({ tensor: { gradient } }) => lists(gradient)).slice(1)).toEqual([
      [3, 7],
      [1, 1],
    ]);
    expect(loadModel(saveModel(model)).parameterCount).toBe(8);
  });

  it("`parameters` says otherwise", () => {
    expect(importOnnx(bytes, { parameters: (name) => name === "scale" }).parameters.map(({ name }) => name)).toEqual([
      "onnx.scale",
    ]);
  });

  it("summary names nodes, shapes and parameters", () => {
    expect(importOnnx(bytes).summary()).toContain("the MatMul (MatMul)");
    expect(
      importOnnx(bytes)
        .summaryRows()
        .map(({ outputShape, parameters }) => [outputShape, parameters]),
    ).toEqual([
      [[1], 2],
      [[1], 1],
      [[1], 0],
      [[1], 0],
      [[1], 0],
    ]);
  });

  it("saveModel and loadModel keep graph and weights", () => {
    const model = importOnnx(bytes);
    model.parameters[1].assign(tensor([1.5]));
    expect(predict(loadModel(saveModel(model)), tensor([[1, 1]])).item()).toBe(81);
  });
});

describe("batches, names and types", () => {
  it("a file for one sample at a time takes more in parts, gradients included", () => {
    const bytes = file(
      [node("Reshape", ["x", "shape"], ["flat"]), node("MatMul", ["flat", "w"], ["y"])],
      [["x", "float32", [1, 2, 1]]],
      [["y", "float32", [1, 1]]],
      { shape: ints(1, 2), w: floats([2, 1], [1, 10]) },
    );
    const model = importOnnx(bytes);
    expect(
      lists(
        predict(
          model,
          tensor([
            [[1], [2]],
            [[3], [4]],
            [[5], [6]],
          ]),
        ),
      ),
    ).toEqual([[21], [43], [65]]);
    backward(
      model
        .call(
          tensor([
            [[1], [2]],
            [[3], [4]],
          ]),
        )
        .sum(),
    );
    expect(lists(model.parameters[0].tensor.gradient)).toEqual([[4], [6]]);
  });

  it("a length that no part fits is named with the ways out", () => {
    const bytes = file([node("Relu", ["x"], ["y"])], [["x", "float32", [2, 1]]], [["y", "float32", [2, 1]]]);
    const x = tensor([[1], [-2], [3]]);
    expect(() => predict(importOnnx(bytes), x)).toThrow(
      /was exported for batches of 2, and 3 samples are no multiple of that; .* \{ batch: "free" \}/,
    );
    expect(lists(predict(importOnnx(bytes, { batch: "free" }), x))).toEqual([[1], [0], [3]]);
  });

  it("several inputs and outputs go by the file's names, whatever they are", () => {
    const bytes = file(
      [
        node("Gather", ["table", "ids:0"], ["words"]),
        node("Add", ["words", "input.1"], ["12"]),
        node("Neg", ["12"], ["neg"]),
      ],
      [
        ["ids:0", "int64", ["n"]],
        ["input.1", "float32", ["n", 2]],
      ],
      [
        ["12", "float32", ["n", 2]],
        ["neg", "float32", ["n", 2]],
      ],
      { table: floats([3, 2], [0, 1, 10, 11, 20, 21]) },
    );
    const model = importOnnx(bytes);
    expect(model.inputs.map(({ name, dtype }) => [name, dtype])).toEqual([
      ["ids:0", "int32"],
      ["input.1", "float32"],
    ]);
    const feeds = {
      "ids:0": tensor([2, -1], "int32"),
      "input.1": tensor([
        [1, 1],
        [2, 2],
      ]),
    };
    const outputs = predictAll(model, feeds);
    expect(lists(outputs["12"])).toEqual([
      [21, 22],
      [22, 23],
    ]);
    expect(lists(outputs["neg"])).toEqual([
      [-21, -22],
      [-22, -23],
    ]);
  });

  it("int64 is exact: 2^53 + 1 and an overflow that wraps", () => {
    const bytes = file(
      [node("Add", ["a", "b"], ["y"])],
      [
        ["a", "int64", [2]],
        ["b", "int64", [2]],
      ],
      [["y", "int64", [2]]],
    );
    const value = (...data: bigint[]): OnnxTensor => ({ type: "int64", shape: [2], data: BigInt64Array.from(data) });
    const { y } = readOnnx(bytes).run({ a: value(2n ** 53n, 2n ** 63n - 1n), b: value(1n, 1n) });
    expect([...(y as OnnxTensor).data]).toEqual([2n ** 53n + 1n, -(2n ** 63n)]);
  });

  it("shapes are followed where lengths are open: flatten by Shape, Gather, Concat", () => {
    const bytes = file(
      [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["n"]),
        node("Unsqueeze", ["n", "axes"], ["n1"]),
        node("Concat", ["n1", "rest"], ["target"], [int("axis", 0)]),
        node("Reshape", ["x", "target"], ["y"]),
      ],
      [["x", "float32", ["n", 2, 2]]],
      [["y", "float32", ["n", 4]]],
      { zero: { type: "int64", shape: [], data: BigInt64Array.of(0n) }, axes: ints(0), rest: ints(-1) },
    );
    const model = importOnnx(bytes);
    for (const n of [1, 3]) expect(predict(model, random.normal([n, 2, 2])).shape).toEqual([n, 4]);
  });
});

describe("ConstantFill, which files of before version 9 have", () => {
  const value = { name: "value", type: ATTRIBUTE_TYPE.FLOAT, f: 2 };
  const list = (name: string, values: number[]) => ({
    name,
    type: ATTRIBUTE_TYPE.INTS,
    ints: BigInt64Array.from(values, BigInt),
  });
  it.each<[string, Draft<AttributeProto>[], Port[], Record<string, OnnxTensor>, unknown]>([
    ["its own shape", [value, list("shape", [1, 2])], [], {}, [[2, 2]]],
    ["an input's shape", [value, list("extra_shape", [2])], [["x", "float32", [1]]], { x: floats([1], [7]) }, [[2, 2]]],
    ["a shape that is given", [value, int("input_as_shape", 1)], [["x", "int64", [2]]], { x: ints(2, 1) }, [[2], [2]]],
    ["another type", [value, int("dtype", 6), list("shape", [2])], [], {}, [2, 2]],
  ])("fills %s", (_, attributes, inputs, feeds, expected) => {
    const filled = node("ConstantFill", Object.keys(feeds), ["y"], attributes);
    const run = (opset: number) =>
      readOnnx(file([filled], inputs, [["y", "float32", ["n"]]], {}, opset)).run(feeds)["y"];
    expect(lists(run(8))).toEqual(expected);
    expect(() => run(9)).toThrow("ConstantFill of version 9");
  });
});

describe("what an operator is given", () => {
  const zeros = (...shape: number[]) => floats(shape, new Array(shape.reduce((a, b) => a * b, 1)).fill(0));
  const run = (bytes: Uint8Array, feeds: Record<string, OnnxTensor>) => () =>
    readOnnx(bytes, { name: "a.onnx" }).run(feeds);

  it("of a type that it does not take is refused", () => {
    const bytes = file([node("Tanh", ["x"], ["y"])], [["x", "int64", [1]]], [["y", "float32", [1]]]);
    expect(run(bytes, { x: ints(1) })).toThrow(
      'a.onnx: node "the Tanh" (Tanh): does not take int64, of which it makes float32',
    );
  });

  it.each<[string, Record<string, OnnxTensor>, string]>([
    ["W", { w: zeros(2, 8, 2) }, "W has shape (2, 8, 2), and needs (1, 8, 2)"],
    ["R", { r: zeros(1, 9, 2) }, "R has shape (1, 9, 2), and needs (1, 8, 2)"],
    ["B", { b: floats([], [0]) }, "B has shape (), and needs (1, 16)"],
    ["lengths", { l: { type: "int32", shape: [3], data: Int32Array.of(1, 1, 1) } }, "has 3 lengths for a batch of 1"],
    ["initial_h", { h: zeros(1, 1, 3) }, "initial_h has shape (1, 1, 3), and needs (1, 1, 2)"],
    ["initial_c", { c: zeros(1, 2, 2) }, "initial_c has shape (1, 2, 2), and needs (1, 1, 2)"],
    ["P", { p: zeros(1, 8) }, "P has shape (1, 8), and needs (1, 6)"],
  ])("of another shape is told by name: LSTM's %s", (_, wrong, message) => {
    const given: Record<string, OnnxTensor> = { w: zeros(1, 8, 2), r: zeros(1, 8, 2), ...wrong };
    const names = ["w", "r", "b", "l", "h", "c", "p"].map((name) => (Object.hasOwn(given, name) ? name : ""));
    const lstm = node("LSTM", ["x", ...names], ["", "y"], [int("hidden_size", 2)]);
    const x: Port = ["x", "float32", [3, 1, 2]];
    const bytes = file([lstm], [x], [["y", "float32", [1, 1, 2]]], given);
    expect(run(bytes, { x: zeros(3, 1, 2) })).toThrow(`a.onnx: node "the LSTM" (LSTM): ${message}`);
  });
});

describe("graphs within graphs", () => {
  it("a function of the model's own is put in, with its attribute", () => {
    const functions = [
      {
        ...{ name: "Scaled", domain: "local", input: ["x"], output: ["y"], attribute: ["alpha"] },
        node: [
          {
            opType: "LeakyRelu",
            input: ["x"],
            output: ["y"],
            attribute: [{ name: "alpha", refAttrName: "alpha", type: ATTRIBUTE_TYPE.FLOAT }],
          },
        ],
        opsetImport: [{ version: 17 }],
      },
    ];
    const call = node("Scaled", ["x"], ["y"], [{ name: "alpha", type: ATTRIBUTE_TYPE.FLOAT, f: 0.5 }], {
      domain: "local",
    });
    const bytes = file([call], [["x", "float32", ["n", 1]]], [["y", "float32", ["n", 1]]], {}, 17, { functions });
    expect(lists(predict(importOnnx(bytes), tensor([[-2], [2]])))).toEqual([[-1], [2]]);
  });

  it("a loop sees the values around it, and a function that calls itself is refused", () => {
    const scalar = (name: string, type: ElementType): Port => [name, type, []];
    const inner: Draft<GraphProto> = {
      node: [node("Identity", ["go"], ["on"]), node("Add", ["sum", "x"], ["next"])],
      input: [port(scalar("i", "int64")), port(scalar("go", "bool")), port(["sum", "float32", ["n"]])],
      output: [port(scalar("on", "bool")), port(["next", "float32", ["n"]])],
    };
    const bytes = file(
      [node("Loop", ["count", "", "x"], ["y"], [body("body", inner)])],
      [["x", "float32", ["n"]]],
      [["y", "float32", ["n"]]],
      { count: { type: "int64", shape: [], data: BigInt64Array.of(3n) } },
    );
    expect(lists(readOnnx(bytes).run({ x: tensor([1, 2]) })["y"])).toEqual([4, 8]);
    const functions = [
      {
        ...{ name: "F", domain: "local", input: ["x"], output: ["y"] },
        node: [node("F", ["x"], ["y"], [], { domain: "local" })],
        opsetImport: [{ domain: "local", version: 1 }],
      },
    ];
    const endless = file(
      [node("F", ["x"], ["y"], [], { domain: "local" })],
      [["x", "float32", [1]]],
      [["y", "float32", [1]]],
      {},
      17,
      { functions },
    );
    expect(() => readOnnx(endless)).toThrow("calls itself");
  });
});

describe("refusals", () => {
  const x: Port = ["x", "float32", ["n", 2]];
  const y: Port = ["y", "float32", ["n", 2]];

  it("all operators that are not supported are listed at once, with their nodes", () => {
    const bytes = file(
      [
        node("Foo", ["x"], ["a"]),
        node("Bar", ["a"], ["b"], [], { domain: "com.acme" }),
        node("Foo", ["b"], ["y"], [], { name: "last" }),
      ],
      [x],
      [y],
    );
    expect(() => importOnnx(bytes, { name: "net.onnx" })).toThrow(
      'net.onnx: uses operators that are not supported: Foo of version 17 (node "the Foo", node "last"); com.acme.Bar (node "the Bar")',
    );
  });

  it("a newer version of the operators, an input that nothing gives, a sparse array", () => {
    expect(() => importOnnx(file([node("Relu", ["x"], ["y"])], [x], [y], {}, 99))).toThrow(
      "was written for version 99 of ONNX's operators",
    );
    expect(() => importOnnx(file([node("Relu", ["z"], ["y"])], [x], [y]))).toThrow(
      'node "the Relu" (Relu): nothing before it gives its input "z"',
    );
    expect(() => importOnnx(file([node("Relu", ["x"], ["z"])], [x], [y]))).toThrow('nothing gives its output "y"');
  });

  it("what a node can't take is told with the node, inputs and shapes", () => {
    const bytes = file([node("MatMul", ["x", "w"], ["y"])], [x], [y], { w: floats([3, 2], [1, 2, 3, 4, 5, 6]) });
    expect(() => predict(importOnnx(bytes, { name: "m" }), tensor([[1, 2]]))).toThrow(
      /^m: node "the MatMul" \(MatMul\): matmul: .*\(1, ?2\)/,
    );
    expect(() => readOnnx(bytes).run({ x: tensor([[1, 2, 3]]) })).not.toThrow();
    expect(() => readOnnx(bytes, { name: "m" }).run({ x: tensor([[1, 2, 3, 4]]) })).toThrow(
      'm: input "x" has shape (n, 2) in the model, got (1, 4), and m: node',
    );
  });

  it("feeds of other names and types", () => {
    const graph = readOnnx(file([node("Relu", ["x"], ["y"])], [x], [y]), { name: "m" });
    expect(() => graph.run({})).toThrow('m: input "x" is missing');
    expect(() => graph.run({ x: tensor([[1, 2]]), z: tensor(1) })).toThrow('m: has no input "z"; its inputs are "x"');
    expect(() => graph.run({ x: tensor([[1, 2]], "int32") })).toThrow(
      'm: input "x" is float32 in the model, and the tensor int32',
    );
    expect(() => graph.run({ x: 5 as never })).toThrow("must be a tensor");
  });

  it("inputs and outputs that a model can't have", () => {
    expect(() => importOnnx(file([node("Neg", ["x"], ["y"])], [["x", "float32", []]], [["y", "float32", []]]))).toThrow(
      /input "x" has shape \(\), and a model's have a batch axis; readOnnx runs such graphs/,
    );
    expect(() =>
      importOnnx(file([node("Identity", ["x"], ["y"])], [["x", "string", ["n"]]], [["y", "string", ["n"]]])),
    ).toThrow("is no array of numbers");
    expect(() => importOnnx(new Uint8Array(3), { nme: "x" } as never)).toThrow("nme");
    expect(() => importOnnx("model.onnx" as never)).toThrow("importOnnx: needs the bytes of a file as a Uint8Array");
  });
});

describe("weights in other files", () => {
  const proto = { name: "w", dims: [2, 1], dataType: 1, dataLocation: 1 };
  const bytes = (location: string): Uint8Array =>
    writeModelProto({
      irVersion: 8,
      opsetImport: [{ version: 17 }],
      graph: {
        node: [node("MatMul", ["x", "w"], ["y"])],
        input: [port(["x", "float32", ["n", 2]])],
        output: [port(["y", "float32", ["n", 1]])],
        initializer: [
          {
            ...proto,
            externalData: [
              { key: "location", value: location },
              { key: "offset", value: "4" },
              { key: "length", value: "8" },
            ],
          },
        ],
      },
    });
  const data = new Uint8Array(Float32Array.of(99, 1, 10).buffer);

  it("are given as externalData, or read from the model's folder", async () => {
    expect(predict(importOnnx(bytes("w.bin"), { externalData: { "w.bin": data } }), tensor([[1, 2]])).item()).toBe(21);
    const folder = mkdtempSync(join(tmpdir(), "onnx-"));
    writeFileSync(join(folder, "m.onnx"), bytes("w.bin"));
    writeFileSync(join(folder, "w.bin"), data);
    expect(predict(await loadOnnx(join(folder, "m.onnx")), tensor([[1, 2]])).item()).toBe(21);
  });

  it("that are missing, too short, or outside the folder are named", async () => {
    expect(() => importOnnx(bytes("w.bin"))).toThrow(
      'tensor "w" is in another file, "w.bin"; give its bytes as externalData',
    );
    expect(() => importOnnx(bytes("w.bin"), { externalData: { "w.bin": data.subarray(0, 8) } })).toThrow(
      "bytes 4 to 12 are outside the 8",
    );
    const pointer = new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\nsize 12\n");
    expect(() => importOnnx(bytes("w.bin"), { name: "m.onnx", externalData: { "w.bin": pointer } })).toThrow(
      "m.onnx: w.bin: a Git LFS pointer instead of the file itself, which has 12 bytes",
    );
    const folder = mkdtempSync(join(tmpdir(), "onnx-"));
    writeFileSync(join(folder, "m.onnx"), bytes("../w.bin"));
    await expect(loadOnnx(join(folder, "m.onnx"))).rejects.toThrow("outside the model's folder");
    await expect(loadOnnx(join(folder, "none.onnx"))).rejects.toThrow("there is no such file");
  });
});
