// Networks that PyTorch exported to ONNX (test/oracle/pytorch-onnx.py): read here, they answer as there.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readOnnx } from "../../src/io/onnx/graph.ts";
import { describeOnnx, type OnnxTensor } from "../../src/io/onnx/index.node.ts";
import { Tensor, tensor } from "../../src/node.ts";

interface Numbers {
  shape: number[];
  dtype: "float32" | "int64";
  data: number[];
}

interface Case {
  name: string;
  opset: number;
  onnx: string;
  inputs: Record<string, Numbers>;
  outputs: Record<string, Numbers>;
}

const oracle = fileURLToPath(new URL("../oracle/pytorch-onnx.json", import.meta.url));
const { cases } = JSON.parse(readFileSync(oracle, "utf8")) as { cases: Case[] };

const fed = ({ shape, dtype, data }: Numbers): Tensor | OnnxTensor =>
  dtype === "int64"
    ? { type: "int64", shape, data: BigInt64Array.from(data, BigInt) }
    : tensor(Float32Array.from(data), { shape });

describe.each(cases.map((each) => [each.name, each] as const))("%s", (_, { onnx, opset, inputs, outputs }) => {
  const bytes = new Uint8Array(Buffer.from(onnx, "base64"));

  test("answers as PyTorch does", () => {
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, x]) => [name, fed(x)]));
    const results = readOnnx(bytes).run(feeds);
    expect(Object.keys(results)).toEqual(Object.keys(outputs));
    for (const [name, { shape, data }] of Object.entries(outputs)) {
      const y = results[name] as Tensor;
      expect(y).toBeInstanceOf(Tensor);
      expect(y.shape).toEqual(shape);
      y.dataSync().forEach((value, i) => {
        expect(Math.abs(value - data[i])).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(data[i])));
      });
    }
  });

  test("is described", () => {
    const summary = describeOnnx(bytes);
    expect(summary.opsets).toEqual({ "ai.onnx": opset });
    expect(summary.producer).toMatch(/^pytorch 1\.13/);
    expect(summary.inputs.map(({ name }) => name)).toEqual(Object.keys(inputs));
    expect(summary.inputs[0].shape?.[0]).toBe("batch");
    expect(summary.parameters).toBeGreaterThan(10);
  });
});
