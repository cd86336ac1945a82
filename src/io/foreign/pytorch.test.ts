// Parameters of PyTorch in models of Nabla: the same outputs (test/oracle/pytorch-models.py), and what is reported where something does not fit.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inFolder, runPython, whyNoPython } from "../../../test/python.ts";
import {
  Activation,
  type BaseLayer,
  BatchNormalization,
  Bidirectional,
  Conv2D,
  Conv2DTranspose,
  Dense,
  DepthwiseConv2D,
  Embedding,
  Flatten,
  GRU,
  GroupNormalization,
  input,
  LayerNormalization,
  LSTM,
  loadParameters,
  Model,
  MultiHeadAttention,
  memory,
  PReLU,
  pyTorchParameters,
  RadialBasis,
  readPyTorch,
  resnet,
  Sequential,
  SimpleRNN,
  type Tensor,
  TransformerDecoder,
  TransformerEncoder,
  tensor,
  transfer,
  writePyTorch,
} from "../../node.ts";

interface Numbers {
  shape: number[];
  data: number[];
}
const { cases } = JSON.parse(
  readFileSync(new URL("../../../test/oracle/pytorch-models.json", import.meta.url), "utf8"),
) as {
  cases: Record<string, { file: string; x: Numbers; y: Numbers }>;
};
const fileOf = (name: string) => readPyTorch(new Uint8Array(Buffer.from(cases[name].file, "base64")), `${name}.pt`);

const sequences = { returnSequences: true };
const layers: Record<string, () => BaseLayer[]> = {
  dense: () => [new Dense(4, { activation: "tanh" }), new Dense(2, { bias: null })],
  pictures: () => [
    ...[new Conv2D(4, 3), new BatchNormalization(), new Activation("relu"), new DepthwiseConv2D(2), new Flatten()],
    new Dense(2),
  ],
  transposed: () => [new Conv2DTranspose(3, 3, { stride: 2 }), new PReLU({ sharedAxes: [2, 3] })],
  normalised: () => [new Dense(6), new LayerNormalization()],
  groups: () => [new Conv2D(4, 1), new GroupNormalization({ groups: 2 })],
  words: () => [new Embedding(5, 3), new Dense(2)],
  lstm: () => [new LSTM(4, { ...sequences, layers: 2 })],
  gru: () => [new GRU(4, sequences)],
  rnn: () => [new SimpleRNN(4, sequences)],
  "both directions": () => [new Bidirectional(new LSTM(2, sequences))],
  encoder: () => [new TransformerEncoder(2, 16), new TransformerEncoder(2, 16)],
};

function modelOf(name: string): Model {
  const shape = cases[name].x.shape.slice(1);
  if (name === "attention") {
    const x = input(shape);
    return new Model({ inputs: x, outputs: new MultiHeadAttention(2).apply(x) });
  }
  if (name === "decoder") {
    const x = input(shape);
    return new Model({ inputs: x, outputs: new TransformerDecoder(2, 16).apply([x, x]) });
  }
  return new Sequential(layers[name](), { inputShape: shape });
}

function expectOutputs(model: Model, { x, y }: { x: Numbers; y: Numbers }): void {
  const words = model.layers[0] instanceof Embedding;
  const got = model.call(tensor(x.data, { shape: x.shape, dtype: words ? "int32" : "float32" }));
  expect(got.shape).toEqual(y.shape);
  got.dataSync().forEach((value, i) => {
    expect(Math.abs(value - y.data[i]), `element ${i}: ${value}, not ${y.data[i]}`).toBeLessThan(2e-5);
  });
}

test.each(Object.keys(cases))("%s: PyTorch's parameters give PyTorch's outputs, and everything is used", (name) => {
  const model = modelOf(name);
  const report = loadParameters(model, fileOf(name), { from: "pytorch" });
  expect(report).toMatchObject({ missing: [], unexpected: [], mismatched: [], notes: [] });
  expect(report.transferred).toHaveLength(model.named.length);
  expectOutputs(model, cases[name]);
});

test.each(Object.keys(cases))("%s: and back again", (name) => {
  const model = modelOf(name);
  loadParameters(model, fileOf(name), { from: "pytorch" });
  const again = modelOf(name);
  loadParameters(again, readPyTorch(writePyTorch(pyTorchParameters(model))), { from: "pytorch" });
  expectOutputs(again, cases[name]);
});

const absent = whyNoPython("torch");
test.skipIf(absent)(`load_state_dict takes what is written (${absent ?? "torch"})`, async () => {
  await inFolder((folder) => {
    const model = modelOf("pictures");
    loadParameters(model, fileOf("pictures"), { from: "pytorch" });
    const names = model.named.map(({ name }) => name.replace(/\.[^.]*$/, ""));
    const modules = Object.fromEntries([...new Set(names)].map((layer, i) => [layer, String([0, 1, 3, 5][i])]));
    writeFileSync(join(folder, "a.pt"), writePyTorch(pyTorchParameters(model, { modules })));
    const shown = runPython(
      "torch",
      `import torch
from torch import nn
m = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 2, groups=4), nn.Flatten(), nn.Linear(36, 2))
print(m.load_state_dict(torch.load("a.pt", weights_only=True)))
print(list(m.eval()(torch.tensor(${JSON.stringify(cases["pictures"].x.data)}).reshape(2, 2, 6, 6)).flatten().tolist()))`,
      folder,
    );
    const [loaded, y] = shown.trim().split("\n");
    expect(loaded).toBe("<All keys matched successfully>");
    (JSON.parse(y) as number[]).forEach((value, i) => {
      expect(value).toBeCloseTo(cases["pictures"].y.data[i], 4);
    });
  });
});

describe("the report", () => {
  const weight = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const file = (tensors: Record<string, Tensor>) => ({ tensors, metadata: {} });
  const make = () =>
    new Sequential([new Dense(3, { name: "body" }), new Dense(2, { name: "head" })], { inputShape: [2], seed: 1 });

  test("a last layer for other classes is left as it was", () => {
    const model = make();
    const before = model.named.map(({ parameter }) => parameter.tensor.toArray());
    const theirs = file({
      "fc1.weight": weight,
      "fc1.bias": tensor([7, 8, 9]),
      "fc2.weight": tensor(new Float32Array(30), { shape: [10, 3] }),
      "fc2.bias": tensor(new Float32Array(10)),
    });
    const report = loadParameters(model, theirs, { from: "pytorch" });
    expect(report.transferred).toEqual(["body.weights", "body.bias"]);
    expect(report.sources).toEqual({ "body.weights": "fc1.weight", "body.bias": "fc1.bias" });
    expect(report.mismatched).toEqual([
      { name: "head.weights", from: [3, 10], to: [3, 2] },
      { name: "head.bias", from: [10], to: [2] },
    ]);
    const after = model.named.map(({ parameter }) => parameter.tensor.toArray());
    expect(after.slice(2)).toEqual(before.slice(2));
    expect(after[0]).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
  });

  test("names come before order; where neither tells, the caller does", () => {
    const square = (value: number) => tensor([value, value, value, value], { shape: [2, 2] });
    const layersOf = () =>
      new Sequential([new Dense(2, { name: "a", bias: null }), new Dense(2, { name: "b", bias: null })], {
        inputShape: [2],
      });
    const theirs = file({ "model.b.weight": square(2), "model.a.weight": square(1) });
    const model = layersOf();
    expect(loadParameters(model, theirs, { from: "pytorch" }).sources["a.weights"]).toBe("model.a.weight");
    const chosen = loadParameters(model, theirs, { from: "pytorch", modules: { a: "model.b" } });
    expect(chosen.sources).toEqual({ "a.weights": "model.b.weight", "b.weights": "model.a.weight" });
    expect(() => loadParameters(model, theirs, { from: "pytorch", modules: { z: "model.b" } })).toThrow(
      'file: modules: the model has no layer "z"; it has a, b',
    );
    expect(() => loadParameters(model, theirs, { from: "pytorch", modules: { a: "z" } })).toThrow(
      'the file has no module "z"; it has model.b, model.a',
    );
    const two = file({ "ema.a.weight": square(9), "net.a.weight": square(1) });
    expect(loadParameters(model, two, { from: "pytorch", prefix: "net." }).sources).toEqual({
      "a.weights": "net.a.weight",
    });
  });

  test("what is in the file beside it, what is missing, and a bias that the file has not", () => {
    const model = make();
    const report = loadParameters(
      model,
      file({ "x.weight": weight, "running.thing": tensor([1]), "x.num_batches_tracked": tensor(1, "int32") }),
      { from: "pytorch" },
    );
    expect(report.transferred).toEqual(["body.weights"]);
    expect(report.missing).toEqual(["body.bias", "head.weights", "head.bias"]);
    expect(report.unexpected).toEqual(["running.thing"]);
  });

  test("layers that PyTorch has otherwise, or not at all", () => {
    const other = new Sequential([new GRU(2, { reset: "before" }), new RadialBasis(2), new Dense(1)], {
      inputShape: [3, 2],
    });
    const report = loadParameters(other, file({ "fc.weight": tensor([[1, 2]]), "fc.bias": tensor([1]) }), {
      from: "pytorch",
    });
    expect(report.notes[0]).toMatch(/^0\.gru: PyTorch's GRU resets after the product/);
    expect(report.notes[1]).toBe("1.radialBasis: PyTorch has no layer of the type radialBasis");
    expect(() => pyTorchParameters(other)).toThrow("pyTorchParameters: 0.gru: PyTorch's GRU resets after the product");
  });

  test("nothing fits, NaN, and wrong options: errors, and the model as it was", () => {
    const model = make();
    const before = memory().tensors;
    const values = () => model.named.map(({ parameter }) => parameter.tensor.toArray());
    const kept = values();
    expect(() =>
      loadParameters(model, file({ "conv.weight": tensor([1], { shape: [1, 1, 1, 1] }) }), {
        from: "pytorch",
        name: "a.pt",
      }),
    ).toThrow(
      "a.pt: nothing in it fits the model as pytorch has it. The model's layers with parameters are body, head; the file's modules are conv",
    );
    expect(() =>
      loadParameters(model, file({ "x.weight": weight, "x.bias": tensor([1, Number.NaN, 3]) }), { from: "pytorch" }),
    ).toThrow("file: parameter body.bias holds NaN");
    expect(() => loadParameters(model, file({}), { from: "onnx" as never })).toThrow(
      "loadParameters: from must be one of pytorch, keras",
    );
    expect(() => loadParameters(model, file({}), { prefix: "a" })).toThrow(
      "loadParameters: prefix is for files of another library: give from, too",
    );
    expect(values()).toEqual(kept);
    expect(memory().tensors - before).toBeLessThan(10);
  });

  test("transfer between models says where from, too", () => {
    expect(transfer(make(), make()).sources["body.bias"]).toBe("body.bias");
  });
});

test("torchvision's ResNet-18, by its names and shapes, in order", () => {
  const model = resnet(18, { inputShape: [3, 32, 32] });
  const tensors: Record<string, Tensor> = {};
  const conv = (name: string, shape: number[]) => {
    tensors[`${name}.weight`] = tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape });
  };
  const norm = (name: string, channels: number) => {
    for (const key of ["weight", "bias", "running_mean", "running_var"])
      tensors[`${name}.${key}`] = tensor(new Float32Array(channels).fill(1));
  };
  conv("conv1", [64, 3, 7, 7]);
  norm("bn1", 64);
  let before = 64;
  [64, 128, 256, 512].forEach((width, stage) => {
    for (const i of [0, 1]) {
      const name = `layer${stage + 1}.${i}`;
      conv(`${name}.conv1`, [width, before, 3, 3]);
      norm(`${name}.bn1`, width);
      conv(`${name}.conv2`, [width, width, 3, 3]);
      norm(`${name}.bn2`, width);
      if (before !== width) {
        conv(`${name}.downsample.0`, [width, before, 1, 1]);
        norm(`${name}.downsample.1`, width);
      }
      before = width;
    }
  });
  conv("fc", [1000, 512]);
  tensors["fc.bias"] = tensor(new Float32Array(1000));
  const report = loadParameters(model, { tensors, metadata: {} }, { from: "pytorch" });
  expect(report).toMatchObject({ missing: [], mismatched: [], unexpected: [] });
  expect(report.sources["stage2_block1_project.weights"]).toBe("layer2.0.downsample.0.weight");
  expect(report.sources["stage2_block1_project_norm.gamma"]).toBe("layer2.0.downsample.1.weight");
  expect(report.sources["stage4_block2_conv2.weights"]).toBe("layer4.1.conv2.weight");
});
