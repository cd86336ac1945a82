// `nabla model`: showing, converting and running files of networks, as a user would.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { describeOnnx, exportOnnx } from "../../src/io/onnx/index.node.ts";
import { readModelProto, writeModelProto } from "../../src/io/onnx/proto/file.ts";
import {
  Add,
  Dense,
  Dropout,
  Embedding,
  Flatten,
  input,
  loadModel,
  loadNpy,
  loadNpz,
  loadParameters,
  loadSafetensors,
  Model,
  random,
  Sequential,
  saveModel,
  saveNpy,
  saveNpz,
  saveSafetensors,
  saveTraining,
  Trainer,
  tensor,
} from "../../src/node.ts";
import { nabla, type Outcome, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

const model = new Sequential(
  [new Flatten(), new Dense(4, { activation: "relu" }), new Dropout(0.5), new Dense(2, { activation: "softmax" })],
  { inputShape: [2, 3], seed: 1 },
);
const [a, b] = [input([3], { name: "a" }), input([3], { name: "b" })];
const sum = new Dense(2, { name: "sum" }).apply(new Add().apply([a, b]));
const two = new Model({ inputs: { a, b }, outputs: { sum, again: new Dense(1).apply(sum) }, seed: 2 });
const x = random.normal([5, 2, 3], 0, 1);
const feeds = { a: random.normal([4, 3]), b: random.normal([4, 3]) };

function succeeded(...words: string[]): Outcome {
  const result = nabla(folder, ["model", ...words]);
  expect(result.status, result.stderr).toBe(0);
  return result;
}

function failed(status: number, ...words: string[]): string {
  const result = nabla(folder, ["model", ...words]);
  expect(result.status, result.stdout).toBe(status);
  return result.stderr;
}

beforeAll(async () => {
  writeFileSync(at("net.safetensors"), saveModel(model, { classes: "cat, dog" }));
  writeFileSync(at("two.safetensors"), saveModel(two));
  await saveNpy(at("x.npy"), x);
  await saveNpy(at("wide.npy"), x.cast("float64"));
  await saveNpy(at("a.npy"), feeds.a);
  await saveNpy(at("b.npy"), feeds.b);
  await saveSafetensors(at("tensors.safetensors"), { w: tensor([[1, 2]]), b: tensor([3]) }, { made: "by hand" });
});

describe("show", () => {
  test("a model", () => {
    const { stdout } = succeeded("show", "net.safetensors");
    expect(stdout).toContain("net.safetensors: a model of Nabla's, float32");
    expect(stdout).toContain(model.summary());
    expect(stdout).toContain("classes: cat, dog");
    expect(succeeded("show", "net.safetensors", "--json").json()).toMatchObject({
      ...{ file: "net.safetensors", format: "nabla", dtype: "float32", parameters: 38 },
      ...{ metadata: { classes: "cat, dog" }, inputs: [{ name: "input", shape: [null, 2, 3] }] },
      tensors: [
        { name: "1.dense.weights", shape: [6, 4] },
        { name: "1.dense.bias", shape: [4] },
        { name: "3.dense.weights", shape: [4, 2] },
        { name: "3.dense.bias", shape: [2] },
      ],
    });
  });

  test("a training file", () => {
    const own = new Sequential([new Dense(1)], { inputShape: [2] });
    const data = { x: random.normal([8, 2]), y: random.normal([8, 1]) };
    const trainer = new Trainer(own, data, { loss: "meanSquaredError", optimizer: "adam", batchSize: 4 });
    trainer.takeStep();
    writeFileSync(at("training.safetensors"), saveTraining(trainer));
    const { stdout } = succeeded("show", "training.safetensors");
    expect(stdout).toMatch(/beside the parameters: \d+ tensors, such as optimizer\./);
  });

  test("tensors without an architecture", () => {
    expect(succeeded("show", "tensors.safetensors").stdout).toBe(
      "tensors.safetensors: 2 tensors, 3 numbers\nb  (1,)    F32\nw  (1, 2)  F32\nmade: by hand\n",
    );
    expect(succeeded("show", "tensors.safetensors", "--json").json()).toMatchObject({
      ...{ format: "safetensors", metadata: { made: "by hand" } },
    });
  });

  test("an ONNX file", () => {
    writeFileSync(at("shown.onnx"), exportOnnx(model, { name: "net", metadata: { classes: "cat, dog" } }));
    const { stdout } = succeeded("show", "shown.onnx");
    expect(stdout).toMatch(/^shown.onnx: ONNX, IR version 8, operators ai.onnx 17, written by nabla \d/);
    expect(stdout).toMatch(/^input +input +float32 \(batch, 2, 3\)$/m);
    expect(stdout).toMatch(/^output +3.dense +float32 \(batch, 2\)$/m);
    expect(stdout).toMatch(/^38 parameters in 4 constants\n32 multiply-adds for one sample$/m);
    expect(stdout).toMatch(/^Gemm +2\nFlatten +1\nRelu +1\nSoftmax +1$/m);
    expect(succeeded("show", "shown.onnx", "--json").json()).toMatchObject({
      ...{ format: "onnx", irVersion: 8, opsets: { "ai.onnx": 17 }, graph: "net", parameters: 38, multiplyAdds: 32 },
      ...{ operators: { Gemm: 2, Flatten: 1, Relu: 1, Softmax: 1 }, metadata: { classes: "cat, dog" } },
    });
  });

  test("says what is wrong", () => {
    expect(failed(1, "show", "nothing.onnx")).toBe("error: there is no file nothing.onnx\n");
    writeFileSync(at("text.onnx"), "no model");
    expect(failed(1, "show", "text.onnx")).toMatch(/^error: text.onnx: .*the file is damaged or not an ONNX model/);
    writeFileSync(at("net.xyz"), "");
    expect(failed(1, "show", "net.xyz")).toContain("a file of this kind is not known; there are .safetensors, .onnx");
  });
});

describe("convert", () => {
  test("a model to ONNX, with its texts", () => {
    const { stdout } = succeeded("convert", "net.safetensors", "net.onnx");
    expect(stdout).toMatch(
      /^wrote net.onnx, [\d,]+ bytes\nkept +the network: 4 layers, 38 parameters\n +texts: classes\nlost /,
    );
    const bytes = new Uint8Array(readFileSync(at("net.onnx")));
    expect(bytes).toEqual(exportOnnx(model, { metadata: { classes: "cat, dog" } }));
    succeeded("convert", "net.safetensors", "wide.onnx", "--dtype", "float64");
    expect(describeOnnx(new Uint8Array(readFileSync(at("wide.onnx")))).inputs[0].type).toBe("float64");
  });

  test("ONNX to weights that a model of the same architecture takes", async () => {
    succeeded("convert", "net.safetensors", "back.onnx");
    const { stdout } = succeeded("convert", "back.onnx", "back.safetensors");
    expect(stdout).toContain("lost  the graph: operators, inputs and outputs\n");
    const again = new Sequential(
      [new Flatten(), new Dense(4, { activation: "relu" }), new Dense(2, { activation: "softmax" })],
      { inputShape: [2, 3], seed: 9 },
    );
    const { tensors, metadata } = await loadSafetensors(at("back.safetensors"));
    expect(metadata).toEqual({ classes: "cat, dog" });
    // One layer of dropout less before the last.
    const renamed = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name.replace(/^3/, "2"), t]));
    loadParameters(again, { tensors: renamed, metadata });
    expect(again.call(x).dataSync()).toEqual(model.call(x).dataSync());
  });

  test("ONNX whose weights are in a further file", async () => {
    const { graph, ...rest } = readModelProto(
      exportOnnx(new Sequential([new Dense(2)], { inputShape: [3], seed: 1 })),
      "a",
    );
    const pieces: Uint8Array[] = [];
    let offset = 0;
    const initializer = graph.initializer.map(({ rawData, ...proto }) => {
      const bytes = rawData!;
      const externalData = [
        { key: "location", value: "weights.bin" },
        { key: "offset", value: String(offset) },
        { key: "length", value: String(bytes.length) },
      ];
      pieces.push(bytes);
      offset += bytes.length;
      return { ...proto, dataLocation: 1, externalData };
    });
    const whole = graph.initializer.map((each) => each.rawData!);
    writeFileSync(at("apart.onnx"), writeModelProto({ ...rest, graph: { ...graph, initializer } }));
    expect(failed(1, "convert", "apart.onnx", "apart.npz")).toContain("weights.bin: there is no such file");
    writeFileSync(at("weights.bin"), Buffer.concat(pieces));
    succeeded("convert", "apart.onnx", "apart.npz");
    const tensors = await loadNpz(at("apart.npz"));
    const values = Object.values(tensors.tensors).map((each) => Buffer.from(each.dataSync().slice().buffer));
    expect(values).toEqual(whole.map((each) => Buffer.from(each)));
    await saveNpy(at("three.npy"), tensor([[0, 0, 0]]));
    expect(succeeded("run", "apart.onnx", "--input", "three.npy").stdout).toMatch(/float32 \(1, 2\): 0, 0$/m);
    expect(succeeded("show", "apart.onnx").stdout).toContain("weights.bin");
  });

  test("tensors between safetensors and npz, there and back", async () => {
    await saveNpz(at("arrays.npz"), { w: tensor([[1, 2]]), n: tensor([3], "int32") });
    expect(succeeded("convert", "arrays.npz", "arrays.safetensors").stdout).toContain("kept  2 tensors, 3 numbers\n");
    succeeded("convert", "arrays.safetensors", "again.npz");
    const { tensors } = await loadNpz(at("again.npz"));
    expect(tensors["w"].toArray()).toEqual([[1, 2]]);
    expect(tensors["n"].dtype).toBe("int32");
  });

  test("tensors to PyTorch's format and back", async () => {
    succeeded("convert", "arrays.npz", "arrays.pt");
    expect(succeeded("show", "arrays.pt").stdout).toMatch(/^arrays.pt: 2 tensors, 3 numbers of PyTorch's\n/);
    succeeded("convert", "arrays.pt", "from.safetensors");
    const { tensors } = await loadSafetensors(at("from.safetensors"));
    expect(tensors["w"].toArray()).toEqual([[1, 2]]);
  });

  test("weights of TensorFlow.js, from the files beside model.json", async () => {
    const weights = [{ name: "dense/kernel", shape: [1, 2], dtype: "float32" }];
    const manifest = { format: "layers-model", weightsManifest: [{ paths: ["w.bin"], weights }] };
    writeFileSync(at("model.json"), JSON.stringify(manifest));
    writeFileSync(at("w.bin"), new Uint8Array(Float32Array.of(1.5, -2).buffer));
    expect(succeeded("show", "model.json").stdout).toMatch(
      /^model.json: 1 tensor, 2 numbers of TensorFlow.js\ndense\/kernel +\(1, 2\) +float32\n/,
    );
    succeeded("convert", "model.json", "tfjs.safetensors");
    const { tensors } = await loadSafetensors(at("tfjs.safetensors"));
    expect(tensors["dense/kernel"].toArray()).toEqual([[1.5, -2]]);
  });

  test("a model of TensorFlow.js, architecture and all, to a model, to ONNX, and run", async () => {
    const weights = [
      { name: "d/kernel", shape: [2, 1], dtype: "float32" },
      { name: "d/bias", shape: [1], dtype: "float32" },
    ];
    const dense = {
      class_name: "Dense",
      config: { name: "d", units: 1, activation: "relu", batch_input_shape: [null, 2] },
    };
    const flip = { class_name: "RandomFlip", config: { name: "flip" } };
    const modelTopology = { class_name: "Sequential", config: { name: "s", layers: [dense, flip] } };
    const json = { format: "layers-model", modelTopology, weightsManifest: [{ paths: ["whole.bin"], weights }] };
    writeFileSync(at("whole.json"), JSON.stringify(json));
    writeFileSync(at("whole.bin"), new Uint8Array(Float32Array.of(1.5, -2, 3).buffer));
    const shown = succeeded("show", "whole.json");
    expect(shown.stdout).toMatch(/^whole\.json: a model of TensorFlow\.js, float32\n/);
    expect(shown.stderr).toContain("whole.json: flip: RandomFlip acts while training only, and is left out");
    succeeded("convert", "whole.json", "whole.onnx");
    succeeded("convert", "whole.json", "whole.safetensors");
    await saveNpy(at("pairs.npy"), tensor([[2, 1]]));
    for (const file of ["whole.json", "whole.onnx", "whole.safetensors"])
      expect(succeeded("run", file, "--input", "pairs.npy").stdout, file).toMatch(/\(1, 1\): 4\n/);
    writeFileSync(at("odd.json"), JSON.stringify(json).replace('"Dense"', '"Mine"'));
    expect(failed(1, "convert", "odd.json", "odd.onnx")).toContain("d (Mine): the layer is not supported");
    expect(succeeded("show", "odd.json").stdout).toContain(
      "not read as a model: odd.json: a layer has nothing that it could be here: d (Mine)",
    );
  });

  test("a model to npz loses its architecture and its texts, and says so", () => {
    const result = succeeded("convert", "net.safetensors", "net.npz", "--json").json();
    expect(result).toMatchObject({ from: "net.safetensors", to: "net.npz", kept: ["4 tensors, 38 numbers"] });
    expect(result["lost"]).toEqual(["the architecture", "texts: classes"]);
  });

  test("a training file to its model", () => {
    const { stdout } = succeeded("convert", "training.safetensors", "trained.safetensors");
    expect(stdout).toMatch(/lost +\d+ tensors of the training, such as optimizer\./);
    expect(loadModel(new Uint8Array(readFileSync(at("trained.safetensors")))).parameterCount).toBe(3);
  });

  test("a run, finished or not, to ONNX", () => {
    const words = ["train", "--dataset", "digits", "--hidden", "4", "--epochs", "1", "--seed", "1", "--out", "run"];
    const run = nabla(folder, words);
    expect(run.status, run.stderr).toBe(0);
    const { stdout, stderr } = succeeded("convert", "run", "run.onnx");
    expect(stderr).toBe("");
    expect(stdout).toContain("texts: classes, epochs\n");
    const summary = describeOnnx(new Uint8Array(readFileSync(at("run.onnx"))));
    expect(summary.outputs[0].shape).toEqual(["batch", 10]);
    expect(summary.metadata).toEqual({ classes: "10", epochs: "1" });
    const finished = readFileSync(at("run/model.safetensors"));
    writeFileSync(at("run/model.safetensors"), finished.subarray(0, 100));
    const rest = nabla(folder, ["model", "convert", "run", "checkpoint.onnx"]);
    expect(rest.status, rest.stderr).toBe(0);
    expect(rest.stderr).toMatch(/the file is damaged[\s\S]*run is not finished: using .*epoch-00001\.safetensors/);
  });

  test("says what can't be done, and writes nothing", () => {
    expect(failed(1, "convert", "tensors.safetensors", "no.onnx")).toContain("holds tensors and no architecture");
    expect(failed(2, "convert", "net.safetensors", "net.txt")).toContain("can't write a file of this kind");
    expect(failed(2, "convert", "net.safetensors", "./net.safetensors")).toContain("would be written over itself");
    expect(failed(2, "convert", "net.onnx", "other.onnx")).toContain("net.onnx is an ONNX file already");
    expect(failed(2, "convert", "net.safetensors", "net.npz", "--dtype", "float64")).toContain("--dtype is for ONNX");
    expect(failed(2, "convert", "net.safetensors")).toContain("missing required argument");
    expect(failed(1, "convert", "net.safetensors", "x.npy/no.onnx")).toContain("x.npy/no.onnx can't be written");
    for (const name of ["no.onnx", "net.txt", "other.onnx"]) expect(existsSync(at(name))).toBe(false);
  });
});

describe("run", () => {
  test("a model on an array, to an array", async () => {
    const { stdout } = succeeded("run", "net.safetensors", "--input", "x.npy", "--output", "y.npy");
    expect(stdout).toBe("3.dense: float32 (5, 2), written to y.npy\n");
    expect((await loadNpy(at("y.npy"))).dataSync()).toEqual(model.call(x).dataSync());
  });

  test("prints what is not written", () => {
    const { stdout } = succeeded("run", "net.safetensors", "--input", "input=x.npy");
    expect(stdout).toMatch(/^3.dense: float32 \(5, 2\): 0\.\d+, (0\.\d+, ){7}\.\.\.\n$/);
    const { outputs } = succeeded("run", "net.safetensors", "--input", "x.npy", "--json").json();
    expect(outputs).toEqual({
      "3.dense": { shape: [5, 2], dtype: "float32", data: [...model.call(x).dataSync()] },
    });
  });

  test("numbers of NumPy's are read as the model's", () => {
    const result = succeeded("run", "net.safetensors", "--input", "wide.npy", "--json");
    expect(result.stderr).toBe("wide.npy is float64: read as float32\n");
  });

  test("several inputs and outputs by name", async () => {
    await saveNpz(at("feeds.npz"), feeds);
    const expected = two.callAll(feeds);
    succeeded("run", "two.safetensors", "--input", "feeds.npz", "--output", "all.npz");
    const { tensors } = await loadNpz(at("all.npz"));
    for (const [name, y] of Object.entries(expected)) expect(tensors[name].dataSync()).toEqual(y.dataSync());
    const words = ["--input", "b=b.npy", "--input", "a=a.npy", "--output", "sum=sum.npy"];
    expect(succeeded("run", "two.safetensors", ...words).stdout).toMatch(
      /^sum: .*written to sum.npy\nagain: float32 \(4, 1\): /,
    );
    expect((await loadNpy(at("sum.npy"))).dataSync()).toEqual(expected["sum"].dataSync());
  });

  test("an ONNX file, with indices as NumPy has them", async () => {
    succeeded("convert", "net.safetensors", "run.onnx");
    succeeded("run", "run.onnx", "--input", "wide.npy", "--output", "onnx.npy");
    const [got, wanted] = [await loadNpy(at("onnx.npy")), model.call(x)];
    expect(got.shape).toEqual([5, 2]);
    expect(got.sub(wanted).abs().max().item()).toBeLessThan(1e-6);
    const words = new Sequential([new Embedding(9, 2)], { inputShape: [null], seed: 1 });
    writeFileSync(at("words.onnx"), exportOnnx(words));
    await saveNpy(at("words.npy"), tensor([[1, 8, 3]], "int32"), { dtype: "int64" });
    const { outputs } = succeeded("run", "words.onnx", "--input", "words.npy", "--json").json();
    const expected = [...words.call(tensor([[1, 8, 3]], "int32")).dataSync()];
    expect(outputs).toEqual({ "0.embedding": { shape: [1, 3, 2], dtype: "float32", data: expected } });
    expect(failed(1, "run", "words.onnx", "--input", "x.npy")).toContain("has shape (5, 2, 3), and input input takes");
  });

  test("says what is wrong with names and shapes", async () => {
    await saveNpy(at("flat.npy"), random.normal([5, 6]));
    expect(failed(1, "run", "net.safetensors", "--input", "flat.npy")).toBe(
      "error: flat.npy has shape (5, 6), and input input takes (any, 2, 3)\n",
    );
    expect(failed(2, "run", "two.safetensors", "--input", "a=a.npy")).toContain("takes a, b; give --input b=FILE.npy");
    expect(failed(2, "run", "two.safetensors", "--input", "a.npy")).toContain(
      "there are 2 inputs; write NAME=FILE.npy",
    );
    expect(failed(2, "run", "two.safetensors", "--input", "c=a.npy")).toContain("there is no input c; there are a, b.");
  });

  test("says what is wrong with files, and what can't be run", () => {
    expect(failed(2, "run", "net.safetensors", "--input", "x.npy", "--input", "x.npy")).toContain("is given twice");
    expect(failed(2, "run", "net.safetensors", "--input", "x.csv")).toContain("inputs are read from .npy");
    expect(failed(2, "run", "net.safetensors", "--input", "x.npy", "--output", "y.csv")).toContain(
      "are written to .npy",
    );
    expect(failed(1, "run", "net.safetensors", "--input", "none.npy")).toContain("none.npy");
    expect(failed(1, "run", "tensors.safetensors", "--input", "x.npy")).toContain(
      "it holds tensors and no architecture",
    );
    expect(failed(2, "run", "net.safetensors")).toContain("--input");
  });
});
