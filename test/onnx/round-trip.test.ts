// From a model to an ONNX file and back: the graph that is read computes what the model computes.
import { describe, expect, test } from "vitest";
import { describeOnnx, exportOnnx, importOnnx, readOnnx } from "../../src/io/onnx/index.node.ts";
import { Dense, fit, input, Model, scope, Tensor, tensor } from "../../src/node.ts";
import { batchesOf, CASES, type ExportCase, filled, ZOO } from "./cases.ts";

/** |a - b| <= tolerance (1 + |b|) */
function expectClose(actual: unknown, expected: Tensor, tolerance: number, what: string): void {
  expect(actual, what).toBeInstanceOf(Tensor);
  const y = actual as Tensor;
  expect([y.dtype, y.shape], what).toEqual([expected.dtype, expected.shape]);
  const [a, b] = [y.dataSync(), expected.dataSync()];
  for (let i = 0; i < b.length; i++) {
    const close = Math.abs(a[i] - b[i]) <= tolerance * (1 + Math.abs(b[i]));
    if (!close) throw new Error(`${what}, element ${i}: got ${a[i]}, expected ${b[i]}`);
  }
}

function expectSameAgain(each: ExportCase, model: Model, n: number, tolerance: number): void {
  const graph = readOnnx(exportOnnx(model));
  for (const inputs of batchesOf(each, model, n)) {
    scope(() => {
      const results = Object.values(graph.run(inputs));
      const expected = Object.entries(model.callAll(inputs));
      expect(results).toHaveLength(expected.length);
      expected.forEach(([name, y], i) => {
        expectClose(results[i], y, tolerance, name);
      });
    });
  }
}

describe("layers", () => {
  test.each(CASES.map((each) => [each.title, each] as const))("%s", (_, each) => {
    expectSameAgain(each, filled(each.make("float32")), 4, 2e-6);
  });

  // In float64 but for what ONNX Runtime has in float32 alone, which is given so.
  test.each(CASES.map((each) => [each.title, each] as const))("float64: %s", (_, each) => {
    expectSameAgain(each, filled(each.make("float64")), 4, 2e-6);
  });
});

describe("networks from files", () => {
  const each = ZOO.find(({ title }) => title === "lenet5 usual")!;
  const inputs = (model: Model): Tensor => Object.values(batchesOf(each, model, 6)[0])[0];

  test("are models again: the same answers, and they train and go back with what they have learnt", async () => {
    const model = each.make("float32");
    const bytes = exportOnnx(model, { metadata: { classes: "a, b, c" } });
    const imported = importOnnx(bytes);
    const x = inputs(model);
    expectClose(imported.call(x), model.call(x), 1e-6, "imported");
    // As it came, nothing is lost.
    expect(exportOnnx(imported)).toEqual(bytes);
    const y = tensor([0, 1, 2, 0, 1, 2], "int32");
    const { epochs } = await fit(imported, { x, y }, { epochs: 20, learningRate: 0.01, seed: 1 });
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0].loss / 2);
    const learnt = exportOnnx(imported, { name: "fine", metadata: { note: "tuned" } });
    expect(describeOnnx(learnt)).toMatchObject({ graph: "fine", metadata: { classes: "a, b, c", note: "tuned" } });
    expectClose(importOnnx(learnt).call(x), imported.call(x), 1e-6, "after training");
    expect(learnt).not.toEqual(bytes);
  });

  test("a part of another model does not go back", () => {
    const imported = importOnnx(exportOnnx(each.make("float32")), { name: "backbone.onnx" });
    const x = input([1, 28, 28]);
    const larger = new Model({ inputs: x, outputs: new Dense(2).apply(imported.apply(x)) });
    expect(() => exportOnnx(larger)).toThrow("goes back by itself only, not as a part of another model");
    expect(() => exportOnnx(imported, { dtype: "float64" })).toThrow("keeps its element types; leave dtype out");
  });
});

describe("models by name", () => {
  // Others are made of the same layers, only more of them.
  const small = ZOO.filter(({ title }) => !/alexnet|vgg|resnet(34|101|152)|all outputs/.test(title));
  test.each(small.map((each) => [each.title, each] as const))("%s", (_, each) => {
    expectSameAgain(each, each.make("float32"), 2, 1e-5);
  });
});
