// Models as ONNX files: what other people's tools make of them, and what is said of models that can't be put so.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exportOnnx, saveOnnx } from "../../src/io/onnx/index.node.ts";
import { readModelProto } from "../../src/io/onnx/proto/file.ts";
import * as nabla from "../../src/node.ts";
import {
  BaseLayer,
  characterLSTM,
  Dense,
  GRU,
  input,
  Lambda,
  Layer,
  type LayerConfig,
  Model,
  MultiLayer,
  type OpenShape,
  type Parameter,
  RecurrentLayer,
  Sequential,
  scope,
  type Tensor,
  TreeLayer,
  TreeLSTM,
  TreeRNN,
  zeros,
} from "../../src/node.ts";
import { batchesOf, CASES, type ExportCase, filled, ZOO } from "./cases.ts";
import { checked, checkerFound, inRuntime, runtimeFound } from "./runtime.ts";

/** |a - b| <= 1e-5 (1 + |b|) */
function expectSame(actual: Tensor, expected: Tensor, what: string): void {
  expect(actual.shape, what).toEqual(expected.shape);
  expect(actual.dtype, what).toBe(expected.dtype);
  const [a, b] = [actual.dataSync(), expected.dataSync()];
  for (let i = 0; i < b.length; i++) {
    const close = Math.abs(a[i] - b[i]) <= 1e-5 * (1 + Math.abs(b[i]));
    if (!close) throw new Error(`${what}, element ${i}: got ${a[i]}, expected ${b[i]}`);
  }
}

async function expectSameInRuntime(each: ExportCase, model: Model, n: number): Promise<void> {
  const bytes = exportOnnx(model);
  for (const inputs of batchesOf(each, model, n)) {
    const results = await inRuntime(bytes, inputs);
    scope(() => {
      const expected = model.callAll(inputs);
      const names = Object.keys(results);
      expect(names).toHaveLength(model.outputs.length);
      Object.entries(expected).forEach(([name, y], i) => {
        // An output that is called as an input is has another name.
        if (!model.inputs.some((input) => input.name === name)) expect(names[i]).toBe(name);
        expectSame(results[names[i]], y, name);
      });
    });
  }
}

const WHERE = "(NABLA_ONNXRUNTIME names a folder with onnxruntime-node)";

describe.skipIf(!runtimeFound)(`ONNX Runtime computes the same ${WHERE}`, () => {
  for (const dtype of ["float32", "float64"] as const) {
    test.each(CASES.map((each) => [each.title, each] as const))(`${dtype}: %s`, async (_, each) => {
      await expectSameInRuntime(each, filled(each.make(dtype)), 4);
    });
  }

  test.each(ZOO.map((each) => [each.title, each] as const))("%s", async (_, each) => {
    await expectSameInRuntime(each, each.make("float32"), 2);
  });

  test("states that go on are inputs and outputs", async () => {
    const options = { symbols: 9, embedding: 4, units: 5, layers: 2, stateful: true, batchSize: 3, seed: 1 };
    const model = filled(characterLSTM(options));
    model.resetStates();
    const bytes = exportOnnx(model);
    let states: Record<string, Tensor> = {
      "1.lstm.state": zeros([2, 3, 5]),
      "1.lstm.cell": zeros([2, 3, 5]),
    };
    const each: ExportCase = { ...ZOO.find(({ title }) => title === "characterLSTM")!, lengths: [[4], [1], [6]] };
    for (const inputs of batchesOf(each, model, 3)) {
      const results = await inRuntime(bytes, { ...inputs, ...states });
      expectSame(results[model.outputs[0].name], model.call(inputs), "output");
      states = Object.fromEntries(Object.keys(states).map((name) => [name, results[`${name}.next`]]));
    }
  });

  test("layers of your own, with their exports", async () => {
    const model = filled(new Sequential([new Dense(4), new Scaled(), new Twofold()], { inputShape: [3], seed: 1 }));
    const bytes = exportOnnx(model, {
      layers: {
        scaled: (_, [x], scope) => scope.node("Mul", [x, scope.parameter("factors")!]),
        twofold: (layer, [x], scope) => {
          const [first, second] = (layer as Twofold).children;
          const [y] = scope.call(first, [x], scope.shapes);
          return scope.node("Add", [y, scope.call(second, [x], scope.shapes)[0]]);
        },
      },
    });
    const x = nabla.random.normal([2, 3]);
    const results = await inRuntime(bytes, { input: x });
    expectSame(results["2.twofold"], model.call(x), "output");
  });
});

test.skipIf(!checkerFound)("the checker of the Python package onnx accepts all (python3-onnx)", () => {
  const files: Record<string, Uint8Array> = {};
  // What is made of the same layers as others, only more of them, is not sent through files.
  const small = ZOO.filter(({ title }) => !/alexnet|vgg|resnet(34|50|101|152)|all outputs/.test(title));
  [...CASES, ...small].forEach((each, i) => {
    const dtypes = i < CASES.length ? (["float32", "float64"] as const) : (["float32"] as const);
    for (const dtype of dtypes) {
      files[`${i} ${each.title.replaceAll("/", "-")} ${dtype}`] = exportOnnx(each.make(dtype));
    }
  });
  expect(checked(files)).toEqual([]);
});

/** What ONNX has no operators for: which rows a product takes is in the data. */
const OVER_TREES = { TreeLSTM: () => new TreeLSTM(2), TreeRNN: () => new TreeRNN() };

test("the cases hold every layer of the library", () => {
  const abstract: unknown[] = [BaseLayer, Layer, MultiLayer, RecurrentLayer, TreeLayer, Lambda, Model, Sequential];
  const wanted = Object.values(nabla).filter(
    (value) => typeof value === "function" && value.prototype instanceof BaseLayer && !abstract.includes(value),
  );
  const found = new Set<unknown>();
  const visit = (layer: BaseLayer): void => {
    found.add(layer.constructor);
    for (const child of layer.children) visit(child);
  };
  for (const each of CASES) visit(each.make("float32"));
  expect(wanted.length).toBeGreaterThan(50);
  expect(wanted.filter((kind) => !found.has(kind)).map((kind) => (kind as { name: string }).name)).toEqual(
    Object.keys(OVER_TREES),
  );
});

test.each(Object.entries(OVER_TREES))(
  "%s follows trees that are given as data: it is named and nothing is written",
  (name, make) => {
    const [x, trees] = [input([null, 3]), input([null, 2], { dtype: "int32" })];
    const model = new Model({ inputs: { x, trees }, outputs: { y: make().apply([x, trees]) } });
    expect(() => exportOnnx(model)).toThrow(new RegExp(name, "i"));
  },
);

class Scaled extends Layer {
  readonly type: string = "scaled";
  private factors: Parameter | undefined;
  build(inputShape: OpenShape): OpenShape {
    this.factors = this.declare("factors", inputShape as number[], { initialiser: "normal", decay: false });
    return inputShape;
  }
  call(x: Tensor): Tensor {
    return x.mul(this.factors!.tensor);
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}

class Twofold extends Layer {
  readonly type = "twofold";
  private readonly one = this.owns("one", new Dense(2, { activation: "relu" }));
  private readonly two = this.owns("two", new Dense(2));
  build(inputShape: OpenShape): OpenShape {
    this.one.build(inputShape);
    return this.two.build(inputShape);
  }
  call(x: Tensor): Tensor {
    return this.one.call(x).add(this.two.call(x));
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}

/** Says that it is a dense layer, and is not. */
class Doubling extends Dense {
  override call(x: Tensor): Tensor {
    return super.call(x).mul(2);
  }
}

describe("saveOnnx", () => {
  const model = new Sequential([new Dense(2)], { inputShape: [3], seed: 1 });

  test("writes the bytes of exportOnnx, into folders that are not there yet", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nabla-onnx-"));
    try {
      const path = join(folder, "new", "model.onnx");
      await saveOnnx(model, path, { name: "it" });
      expect(new Uint8Array(readFileSync(path))).toEqual(exportOnnx(model, { name: "it" }));
      await expect(saveOnnx(model, join(path, "below.onnx"))).rejects.toThrow(
        /^saveOnnx: .*below.onnx can't be written/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("writes nothing where a layer can't be put as ONNX", async () => {
    const folder = mkdtempSync(join(tmpdir(), "nabla-onnx-"));
    try {
      const strange = new Sequential([new Scaled()], { inputShape: [3] });
      await expect(saveOnnx(strange, join(folder, "model.onnx"))).rejects.toThrow("1 layer can't be put as ONNX");
      expect(readdirSync(folder)).toEqual([]);
      await expect(saveOnnx(model, 3 as never)).rejects.toThrow("saveOnnx: the path must be");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("exportOnnx", () => {
  const model = new Sequential([new Dense(4, { name: "hidden" }), new Dense(2)], { inputShape: [3], seed: 1 });

  test("gives names, dimensions, versions and texts", () => {
    const words = input([null], { name: "words", dtype: "int32" });
    const states = new GRU(3, { returnSequences: true }).apply(new nabla.Embedding(5, 2).apply(words));
    const each = new Dense(2, { name: "each" }).apply(states);
    const sequences = new Model({ inputs: words, outputs: each });
    const file = readModelProto(exportOnnx(sequences, { name: "tagger", metadata: { classes: "a, b" } }), "file");
    expect(file).toMatchObject({
      ...{ irVersion: 8, producerName: "nabla", opsetImport: [{ domain: "", version: 17 }] },
      metadataProps: [{ key: "classes", value: "a, b" }],
    });
    expect(file.producerVersion).toMatch(/^\d+\.\d+\.\d+$/);
    const { graph } = file;
    expect(graph.name).toBe("tagger");
    const dimensions = ({ type }: (typeof graph.input)[number]): unknown =>
      type!.tensorType!.shape!.dim.map(({ dimValue, dimParam }) => dimValue ?? dimParam);
    expect(graph.input.map((value) => [value.name, dimensions(value)])).toEqual([["words", ["batch", "time"]]]);
    expect(graph.output.map((value) => [value.name, dimensions(value)])).toEqual([["each", ["batch", "time", 2]]]);
    expect(graph.node.map(({ opType }) => opType)).toEqual(
      "Gather Transpose GRU Squeeze Transpose MatMul Add".split(" "),
    );
    const weights = graph.initializer.find(({ name }) => name === "each.weights")!;
    expect(weights.dims).toEqual([3, 2]);
  });

  test("several open inputs have open lengths of their own", () => {
    const [a, b] = ["a", "b"].map((name) => input([null, 2], { name }));
    const outputs = new nabla.Concatenate({ axis: 1 }).apply([a, b]);
    const { graph } = readModelProto(
      exportOnnx(new Model({ inputs: { a, b }, outputs: { outputs, c: new Dense(1).apply(b) } })),
      "file",
    );
    const all = [...graph.input, ...graph.output].map(({ type }) =>
      type!.tensorType!.shape!.dim.map(({ dimValue, dimParam }) => dimValue ?? dimParam),
    );
    expect(all).toEqual([
      ["batch", "a_time", 2],
      ["batch", "b_time", 2],
      ["batch", undefined, 2],
      ["batch", "b_time", 1],
    ]);
  });

  test("equal models give equal bytes", () => {
    expect(exportOnnx(model)).toEqual(exportOnnx(model));
  });

  test("what acts while training only is left out", () => {
    const layers = [new nabla.Dropout(0.5), new Dense(2), new nabla.GaussianNoise(0.1)];
    const { graph } = readModelProto(exportOnnx(new Sequential(layers, { inputShape: [3] })), "file");
    expect(graph.node.map(({ opType }) => opType)).toEqual(["Gemm"]);
  });

  test("another element type", () => {
    const wide = readModelProto(exportOnnx(model, { dtype: "float64" }), "file").graph;
    expect(wide.input[0].type!.tensorType!.elemType).toBe(11);
    const values = new Float64Array(wide.initializer[0].rawData!.slice().buffer);
    expect([...values]).toEqual([...model.parameters[0].tensor.dataSync()]);
  });

  test("lists every layer that can't be put as ONNX", () => {
    const layers = [
      new Lambda((x) => x.mul(2), { name: "half" }),
      new Scaled(),
      new Dense(2),
      new Doubling(3),
      new nabla.Reshape([3, 1, 1]),
      new nabla.L2Pooling2D(1),
    ];
    const strange = new Sequential(layers, { inputShape: [4] });
    expect(() => exportOnnx(strange)).toThrow(
      'exportOnnx: 3 layers can\'t be put as ONNX:\n  half (lambda): a function of your own can\'t be put as ONNX; make it a layer with an export\n  1.scaled (scaled): a layer of your own has no export; give one as layers: { "scaled": (layer, inputs, scope) => ... }\n  3.dense (dense): a layer of your own has no export; give one as layers: { "dense": (layer, inputs, scope) => ... }',
    );
  });

  test("says what of a layer can't be put as ONNX", () => {
    const open = { inputShape: [1, null, null] };
    const pool = new nabla.L2Pooling2D(2, { ceilMode: true });
    expect(() => exportOnnx(new Sequential([pool], open))).toThrow(
      "0.l2Pooling2d (l2Pooling2d): its windows are rounded up (ceilMode), and the length of its inputs is open; give the model's input a fixed shape",
    );
    const mean = new nabla.AveragePooling2D(2, { ceilMode: true, padding: 1 });
    expect(() => exportOnnx(new Sequential([mean], open))).toThrow("its padding counts, its windows are rounded up");
  });

  test("names what is wrong with its arguments", () => {
    expect(() => exportOnnx(undefined as never)).toThrow("exportOnnx: the model must be a model");
    expect(() => exportOnnx(model, { dtype: "float16" as never })).toThrow("exportOnnx: dtype must be");
    expect(() => exportOnnx(model, { opset: 18 } as never)).toThrow("there is no option opset");
    expect(() => exportOnnx(model, { metadata: { a: 1 } as never })).toThrow('exportOnnx: metadata "a" must be');
    expect(() => exportOnnx(model, { layers: { a: 1 } as never })).toThrow('exportOnnx: layers: "a"');
    const own = new Sequential([new Scaled()], { inputShape: [3] });
    const wrong = (inputs: unknown, attributes?: unknown) => (): Uint8Array =>
      exportOnnx(own, {
        layers: { scaled: (_, [x], scope) => scope.node("Elu", (inputs ?? [x]) as never, attributes as never) },
      });
    expect(() =>
      exportOnnx(own, {
        layers: { scaled: (_, [x], scope) => scope.node(...([[x], "Elu"] as unknown as [string, never])) },
      }),
    ).toThrow("0.scaled: an operator must be a string");
    expect(wrong(5)).toThrow("Elu: a node's inputs must be an array, got 5");
    expect(wrong([5])).toThrow("Elu: an input must be a value of the graph, got 5");
    expect(wrong(undefined, { alpha: -1n })).toThrow(
      'attribute "alpha": must be a whole number, a text, a list of one of them',
    );
    expect(wrong(undefined, { alpha: 1.5 })).toThrow('attribute "alpha": a number must be a whole number, got 1.5');
    expect(wrong(undefined, { alpha: { float: "1" } })).toThrow('attribute "alpha": float must be a number, got "1"');
    expect(() => exportOnnx(own, { layers: { scaled: () => 3 as never } })).toThrow(
      "exportOnnx: layer 0.scaled: scaled must return one value of the graph's, as scope.node gives",
    );
  });
});
