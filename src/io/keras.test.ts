// Weights of TensorFlow.js, which wrote them, and of Keras, laid out as its sources have them (test/oracle/tfjs-models.mjs), in models of Nabla: TensorFlow.js's outputs.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inFolder } from "../../test/python.ts";
import {
  Activation,
  type BaseLayer,
  BatchNormalization,
  Bidirectional,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Dense,
  DepthwiseConv2D,
  Embedding,
  Flatten,
  GRU,
  type H5Wasm,
  LayerNormalization,
  LSTM,
  loadKeras,
  loadParameters,
  loadTfjs,
  PReLU,
  readKeras,
  readPyTorch,
  readTfjs,
  SeparableConv2D,
  Sequential,
  type TensorFile,
  tensor,
  tfjsFiles,
  transpose,
} from "../node.ts";
import { writeZip } from "./zip.ts";

interface Numbers {
  shape: number[];
  data: number[];
}
interface Case {
  json: string;
  weights: string;
  keras3: string;
  keras2: string;
  x: Numbers;
  y: Numbers;
}
const { cases } = JSON.parse(readFileSync(new URL("../../test/oracle/tfjs-models.json", import.meta.url), "utf8")) as {
  cases: Record<string, Case>;
};
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

const sequences = { returnSequences: true };
const normal = { epsilon: 1e-3 };
const layers: Record<string, () => BaseLayer[]> = {
  dense: () => [new Dense(4, { activation: "tanh" }), new Dense(2, { bias: null })],
  pictures: () => [
    ...[new Conv2D(3, [3, 2]), new BatchNormalization(normal), new Activation("relu")],
    ...[new DepthwiseConv2D(2, { depthMultiplier: 2 }), new Flatten(), new BatchNormalization(normal), new Dense(2)],
  ],
  separable: () => [new SeparableConv2D(3, 2), new Conv2DTranspose(2, 3, { stride: 2 })],
  slopes: () => [new Conv2D(3, 1), new PReLU({ sharedAxes: [2, 3] })],
  series: () => [new Conv1D(3, 2), new LayerNormalization()],
  lstm: () => [new Embedding(5, 3), new LSTM(2, sequences)],
  gru: () => [new GRU(3, { ...sequences, reset: "before" })],
  "both directions": () => [new Bidirectional(new LSTM(2, sequences))],
};
/** Pictures have their channels last there. */
const PICTURES = new Set(["pictures", "separable", "slopes"]);

function modelOf(name: string): Sequential {
  const [, ...shape] = cases[name].x.shape;
  return new Sequential(layers[name](), { inputShape: PICTURES.has(name) ? [shape[2], shape[0], shape[1]] : shape });
}

function expectOutputs(name: string, file: TensorFile): void {
  const model = modelOf(name);
  const report = loadParameters(model, file, { from: "keras" });
  expect(report).toMatchObject({ missing: [], mismatched: [], notes: [] });
  expect(report.unexpected.filter((key) => !key.startsWith("optimizer"))).toEqual([]);
  const { x, y } = cases[name];
  let inputs = tensor(x.data, { shape: x.shape, dtype: name === "lstm" ? "int32" : "float32" });
  if (PICTURES.has(name)) inputs = transpose(inputs, [0, 3, 1, 2]);
  let outputs = model.call(inputs);
  if (outputs.rank === 4) outputs = transpose(outputs, [0, 2, 3, 1]);
  expect(outputs.shape).toEqual(y.shape);
  outputs.dataSync().forEach((value, i) => {
    expect(Math.abs(value - y.data[i]), `element ${i}: ${value}, not ${y.data[i]}`).toBeLessThan(2e-5);
  });
}

// Not a literal: the checker would ask for its types.
const H5WASM = "h5wasm";
const h5wasm = (await import(H5WASM).catch(() => undefined)) as H5Wasm | undefined;
const without = h5wasm === undefined ? "h5wasm is not installed" : "h5wasm";

describe.each(Object.keys(cases))("%s", (name) => {
  test("weights of TensorFlow.js give its outputs", () => {
    expectOutputs(name, readTfjs(cases[name].json, [bytesOf(cases[name].weights)]));
  });

  test.skipIf(h5wasm === undefined)(`laid out as Keras 3 has them (${without})`, async () => {
    expectOutputs(name, await readKeras(bytesOf(cases[name].keras3), h5wasm!));
  });

  test.skipIf(h5wasm === undefined)(`laid out as Keras 2 has them (${without})`, async () => {
    expectOutputs(name, await readKeras(bytesOf(cases[name].keras2), h5wasm!));
  });
});

describe.skipIf(h5wasm === undefined)(`files of Keras (${without})`, () => {
  test("on disk, and .keras with its configuration", async () => {
    await inFolder(async (folder) => {
      const weights = bytesOf(cases["dense"].keras3);
      writeFileSync(join(folder, "a.weights.h5"), weights);
      const zip = writeZip("test", [
        { name: "metadata.json", bytes: new TextEncoder().encode('{"keras_version":"3.5.0"}') },
        { name: "config.json", bytes: new TextEncoder().encode("{}") },
        { name: "model.weights.h5", bytes: weights },
      ]);
      writeFileSync(join(folder, "a.keras"), zip);
      expectOutputs("dense", await loadKeras(join(folder, "a.weights.h5")));
      const file = await loadKeras(join(folder, "a.keras"));
      expect(file.metadata).toEqual({ metadata: '{"keras_version":"3.5.0"}', config: "{}" });
      expect(file.tensors["optimizer/vars/0"].toArray()).toEqual([2 ** 40]);
    });
  });

  test("every type of number, in both byte orders, as h5py writes them (test/oracle/hdf5-types.py)", async () => {
    const path = new URL("../../test/oracle/hdf5-types.json", import.meta.url);
    const { file, values } = JSON.parse(readFileSync(path, "utf8")) as {
      file: string;
      values: Record<string, unknown>;
    };
    const { tensors } = await readKeras(bytesOf(file), h5wasm!);
    expect(Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, x.toArray()]))).toEqual(values);
    const { dtype } = tensors["bfloat16"];
    expect([dtype, tensors["bool"].dtype, tensors["types/big f8"].dtype]).toEqual(["float32", "bool", "float64"]);
    // int64 and uint32 may hold what int32 does not.
    expect([tensors["types/big i8"].dtype, tensors["types/big i2"].dtype]).toEqual(["float64", "int32"]);
  });

  test("texts beside the weights, and layers in their order", async () => {
    const { tensors, metadata } = await readKeras(bytesOf(cases["pictures"].keras2), h5wasm!);
    expect(metadata).toEqual({ keras_version: "2.4.0" });
    expect(Object.keys(tensors)[0]).toMatch(/^conv2d/);
  });

  test("what is damaged, or something else", async () => {
    const good = bytesOf(cases["dense"].keras3);
    await expect(readKeras(new Uint8Array(9), h5wasm!, "a.h5")).rejects.toThrow("a.h5: does not begin as HDF5 does");
    await expect(readKeras(good.slice(0, 200), h5wasm!, "a.h5")).rejects.toThrow(/^a\.h5: HDF5 can't be read/);
    const other = writeZip("test", [{ name: "x", bytes: good }]);
    await expect(readKeras(other, h5wasm!, "a.keras")).rejects.toThrow("a.keras: an archive without model.weights.h5");
    await expect(readKeras(good, {} as H5Wasm)).rejects.toThrow("readKeras: needs the package h5wasm to read HDF5");
  });
});

test("GRU that resets after the product: gates z r h and two rows of biases, against PyTorch's of the same numbers", () => {
  const oracle = JSON.parse(
    readFileSync(new URL("../../test/oracle/pytorch-models.json", import.meta.url), "utf8"),
  ) as {
    cases: Record<string, { file: string; x: Numbers; y: Numbers }>;
  };
  const { file, x, y } = oracle.cases["gru"];
  const theirs = readPyTorch(bytesOf(file)).tensors;
  const of = (name: string) => theirs[`rnn.${name}_l0`].toArray() as number[][];
  /** Rows r z n as columns z r h. */
  const columns = (rows: number[][]) =>
    rows[0].map((_, j) => [...rows.slice(4, 8), ...rows.slice(0, 4), ...rows.slice(8)].map((row) => row[j]));
  const bias = (name: string) => columns((of(name) as unknown as number[]).map((value) => [value]))[0];
  const tensors = {
    "gru/gru_cell/kernel:0": tensor(columns(of("weight_ih"))),
    "gru/gru_cell/recurrent_kernel:0": tensor(columns(of("weight_hh"))),
    "gru/gru_cell/bias:0": tensor([bias("bias_ih"), bias("bias_hh")]),
  };
  const model = new Sequential([new GRU(4, sequences)], { inputShape: x.shape.slice(1) });
  expect(loadParameters(model, { tensors, metadata: {} }, { from: "keras" }).transferred).toHaveLength(4);
  const got = model.call(tensor(x.data, { shape: x.shape })).dataSync();
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(y.data[i], 4);
  });
});

describe("model.json", () => {
  const manifest = (weights: unknown, paths: unknown = ["a.bin"]): string =>
    JSON.stringify({ weightsManifest: [{ paths, weights }] });
  const floats = new Uint8Array(Float32Array.of(1, 2, 3).buffer);

  test("several files and groups, on disk; a list alone", async () => {
    const json = JSON.stringify([
      { paths: ["./a.bin", "sub/b.bin"], weights: [{ name: "x", shape: [3], dtype: "float32" }] },
      { paths: ["c.bin"], weights: [{ name: "y", shape: [2], dtype: "bool" }] },
    ]);
    expect(tfjsFiles(json)).toEqual(["a.bin", "sub/b.bin", "c.bin"]);
    await inFolder(async (folder) => {
      mkdirSync(join(folder, "sub"));
      writeFileSync(join(folder, "model.json"), json);
      writeFileSync(join(folder, "a.bin"), floats.subarray(0, 5));
      writeFileSync(join(folder, "sub/b.bin"), floats.subarray(5));
      writeFileSync(join(folder, "c.bin"), Uint8Array.of(1, 0));
      const { tensors } = await loadTfjs(join(folder, "model.json"));
      expect(tensors["x"].toArray()).toEqual([1, 2, 3]);
      expect(tensors["y"].toArray()).toEqual([true, false]);
    });
  });

  test("quantised to uint8, uint16 and float16, as io_utils.ts of tfjs-core 4.22 undoes it", () => {
    const weight = (name: string, dtype: string, quantization: unknown) => ({ name, shape: [2], dtype, quantization });
    const json = manifest([
      weight("a", "float32", { dtype: "uint8", scale: 0.5, min: -1 }),
      weight("b", "float32", { dtype: "uint16", scale: 0.25, min: 2 }),
      weight("c", "int32", { dtype: "uint8", scale: 1.5, min: 0.25 }),
      weight("d", "float32", { dtype: "float16" }),
    ]);
    const bytes = Uint8Array.of(0, 255, 0, 0, 0, 1, 1, 2, 0, 0x3c, 0, 0xc0);
    const { tensors } = readTfjs(json, [bytes]);
    expect(tensors["a"].toArray()).toEqual([-1, 126.5]);
    expect(tensors["b"].toArray()).toEqual([2, 66]);
    expect(tensors["c"].dtype).toBe("int32");
    expect(tensors["c"].toArray()).toEqual([2, 3]);
    expect(tensors["d"].toArray()).toEqual([1, -2]);
  });

  const x = { name: "x", shape: [3], dtype: "float32" };
  test.each<[string, string, Uint8Array[], RegExp]>([
    ["no JSON", "{", [], /is not JSON/],
    ["another model", "{}", [], /has no weightsManifest/],
    [
      "too few bytes",
      manifest([x]),
      [floats.subarray(1)],
      /weight "x" of shape \(3,\) ends beyond the 11 bytes of "a\.bin"/,
    ],
    ["too many", manifest([x]), [new Uint8Array(13)], /1 bytes follow the last weight in "a\.bin"/],
    ["too few files", manifest([x]), [], /names 1 files of weights, and 0 are given/],
    [
      "a path outside",
      manifest([x], ["../a.bin"]),
      [floats],
      /weights in "\.\.\/a\.bin", which is no path of a file below/,
    ],
    ["texts", manifest([{ ...x, dtype: "string" }]), [floats], /weight "x": dtype "string" is not supported/],
    ["a negative size", manifest([{ ...x, shape: [-3] }]), [floats], /the shape is \[-3\], not a list of sizes/],
    [
      "quantised without a scale",
      manifest([{ ...x, quantization: { dtype: "uint8" } }]),
      [floats],
      /quantised without scale and min/,
    ],
    [
      "quantised to int4",
      manifest([{ ...x, quantization: { dtype: "int4" } }]),
      [floats],
      /"float32" quantised to "int4" is not supported/,
    ],
    ["one name twice", manifest([x, x]), [new Uint8Array(24)], /two weights are called "x"/],
  ])("%s", (_, json, files, message) => {
    expect(() => readTfjs(json, files, "m.json")).toThrow(message);
    expect(() => readTfjs(json, files, "m.json")).toThrow(/^m\.json: /);
  });
});
