// Every layer on the device: outputs, and gradients by its inputs and parameters, as on the CPU.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectStorages } from "../../src/engine/storage.ts";
import {
  backward,
  Generator,
  input,
  type Layer,
  Model,
  MultiLayer,
  random,
  scope,
  startEngine,
  type Tensor,
} from "../../src/node.ts";
import { ROWS, type Row, SEQUENCE_ROWS } from "../layer-rows.ts";
import { noDevice, whyNoDevice } from "./device.ts";

/** Outputs and gradients, one after the other. */
function compute(row: Row): Promise<Float32Array[]> {
  const reads: Promise<Float32Array>[] = [];
  scope(() => {
    const inputs = row.shapes.map((shape) => input(shape));
    const layer = row.make();
    const output = layer instanceof MultiLayer ? layer.apply(inputs) : (layer as Layer).apply(inputs[0]);
    const model = new Model({ inputs, outputs: output, seed: 3 });
    const xs = row.shapes.map((shape, i) => random.normal([2, ...shape], 0, 1, { generator: new Generator(10 + i) }));
    for (const x of xs) x.requireGradient();
    const y = model.call(xs, { training: true }) as Tensor;
    const weight = random.normal([...y.shape], 0, 1, { generator: new Generator(30) });
    model.block.clearGradients();
    backward(y.mul(weight).sum());
    model.block.completeGradients();
    const all = [y, ...xs.flatMap((x) => x.gradient ?? []), model.block.gradients];
    for (const x of all) reads.push(x.data() as Promise<Float32Array>);
  });
  return Promise.all(reads);
}

describe.skipIf(noDevice !== undefined)(`every layer on the device${whyNoDevice}`, () => {
  const rows = [...ROWS, ...SEQUENCE_ROWS];
  const expected: Float32Array[][] = [];
  beforeAll(async () => {
    await startEngine({ engine: "wasm", threads: 1 });
    for (const row of rows) expected.push(await compute(row));
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collectStorages();
    }
    await startEngine({ engine: "webgpu" });
  });
  afterAll(() => collectStorages());

  test.each(rows.map(({ title }, i) => [title, i] as const))("%s", async (_, i) => {
    const actual = await compute(rows[i]);
    expect(actual.map(({ length }) => length)).toEqual(expected[i].map(({ length }) => length));
    actual.forEach((values, k) => {
      values.forEach((value, j) => {
        const wanted = expected[i][k][j];
        const error = Math.abs(value - wanted) / (1 + Math.abs(wanted));
        if (!(error <= 5e-5)) throw new Error(`result ${k}, element ${j}: ${value}, on the CPU ${wanted}`);
      });
    });
  });
});
