// Every model by name, there and back: its parameters by PyTorch's names and by Keras', through files where they are small, into the model with other numbers. The same bits.
import { describe, expect, test } from "vitest";
import { ZOO } from "../../../test/onnx/cases.ts";
import * as models from "../../nn/models/index.ts";
import {
  full,
  type H5Wasm,
  kerasParameters,
  loadParameters,
  type Model,
  pyTorchParameters,
  readKeras,
  readPyTorch,
  scope,
  type Tensor,
  tensor,
  writeKeras,
  writePyTorch,
} from "../../node.ts";

// Not a literal: the checker would ask for its types.
const H5WASM = "h5wasm";
const h5wasm = (await import(H5WASM).catch(() => undefined)) as H5Wasm | undefined;

/** Larger ones are made of the same layers as smaller ones of their families, and take their time. */
const MOST = 30e6;
const TOO_LARGE = ["alexnet torchvision", "resnet101", "resnet152"];
/** Up to here the way goes through a file. */
const SMALL = 1e6;

/** What there is no place for, and what is said. */
const REFUSED: Readonly<Record<string, string>> = {
  "lenet5 original": "S2: LIBRARY has no layer of the type subsampling2d",
};

type Tensors = Record<string, Tensor>;
const libraries = [
  {
    name: "pytorch",
    library: "PyTorch",
    parameters: pyTorchParameters,
    throughFile: (tensors: Tensors) => readPyTorch(writePyTorch(tensors)).tensors,
  },
  {
    name: "keras",
    library: "Keras",
    parameters: kerasParameters,
    throughFile: async (tensors: Tensors) =>
      h5wasm === undefined ? tensors : (await readKeras(await writeKeras(tensors, h5wasm), h5wasm)).tensors,
  },
] as const;

const sizeOf = (model: Model): number => model.named.reduce((sum, { parameter }) => sum + parameter.size, 0);

/** No number is there twice in a parameter, and each parameter begins with another. */
function fillDistinctly(model: Model): void {
  for (const [k, { parameter }] of model.named.entries()) {
    const values = new Float32Array(parameter.size);
    for (let i = 0; i < values.length; i++) values[i] = (k + 1) / 64 + i / 1024;
    scope(() => parameter.assign(tensor(values, { shape: parameter.shape })));
  }
}

const bitsOf = (model: Model): Uint8Array[] =>
  model.named.map(({ parameter }) => {
    const { buffer, byteOffset, byteLength } = parameter.tensor.dataSync();
    return new Uint8Array(buffer, byteOffset, byteLength).slice();
  });

test("all builders are there, and what is left out is too large", () => {
  const titles = ZOO.map(({ title }) => title).filter((title) => !TOO_LARGE.includes(title));
  for (const builder of Object.keys(models))
    expect(
      titles.filter((each) => each.startsWith(builder)),
      builder,
    ).not.toEqual([]);
  expect(ZOO.map(({ title }) => title)).toEqual(expect.arrayContaining([...TOO_LARGE, ...Object.keys(REFUSED)]));
});

describe.each(ZOO.filter(({ title }) => !TOO_LARGE.includes(title)))("$title", ({ title, make }) => {
  test("to PyTorch's and Keras' names and back", async () => {
    const model = make("float32");
    expect(sizeOf(model)).toBeLessThan(MOST);
    fillDistinctly(model);
    const before = bitsOf(model);
    for (const { name, library, parameters, throughFile } of libraries) {
      if (REFUSED[title] !== undefined) {
        expect(() => parameters(model)).toThrow(REFUSED[title].replace("LIBRARY", library));
        continue;
      }
      let tensors: Tensors = parameters(model);
      if (sizeOf(model) < SMALL) tensors = await throughFile(tensors);
      scope(() => {
        for (const { parameter } of model.named) parameter.assign(full(parameter.shape as number[], -1));
      });
      const report = loadParameters(model, { tensors, metadata: {} }, { from: name });
      expect(report).toMatchObject({ missing: [], unexpected: [], mismatched: [], notes: [] });
      const different = bitsOf(model).map((bits, i) =>
        Buffer.compare(bits, before[i]) === 0 ? "" : model.named[i].name,
      );
      expect(different.filter((each) => each !== "")).toEqual([]);
    }
  });
});
