// From a model to an ONNX file and back: the graph that is read computes what the model computes.
import { describe, expect, test } from "vitest";
import { readOnnx } from "../../src/io/onnx/graph.ts";
import { exportOnnx } from "../../src/io/onnx/index.node.ts";
import { type Model, scope, Tensor } from "../../src/node.ts";
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

describe("models by name", () => {
  // Others are made of the same layers, only more of them.
  const small = ZOO.filter(({ title }) => !/alexnet|vgg|resnet(34|101|152)|all outputs/.test(title));
  test.each(small.map((each) => [each.title, each] as const))("%s", (_, each) => {
    expectSameAgain(each, each.make("float32"), 2, 1e-5);
  });
});
