// The optimisers on the device: trajectories as PyTorch computes them, and the variants that the oracle does not have as the CPU computes them.
import { afterAll, beforeAll, describe, test } from "vitest";
import { engine } from "../../src/engine/engine.ts";
import { collectStorages } from "../../src/engine/storage.ts";
import { Parameter, ParameterBlock } from "../../src/nn/parameters.ts";
import { Generator, startEngine, tensor } from "../../src/node.ts";
import { type Optimizer, type OptimizerName, optimizerByName } from "../../src/optim/index.ts";
import { expectClose, goldenFound, readGolden } from "../golden.ts";
import { noDevice, whyNoDevice } from "./device.ts";

interface GoldenRun {
  name: string;
  attrs: Record<string, number>;
  start: { data: number[] };
  gradients: { shape: [number, number]; data: number[] };
  trajectory: { data: number[] };
}

/** The parameters after every step. */
async function trajectory(optimizer: Optimizer, start: number[], gradients: number[][]): Promise<Float32Array[]> {
  const parameter = new Parameter("w", [start.length], { initialiser: () => tensor(start), decay: true });
  const block = new ParameterBlock([parameter], "float32", new Generator(0));
  const reads: Promise<Float32Array>[] = [];
  for (const gradient of gradients) {
    const slot = parameter.tensor.node!.slot!;
    engine().write(slot.tensor, Float32Array.from(gradient));
    slot.fresh = false;
    optimizer.step(block);
    reads.push(parameter.tensor.data() as Promise<Float32Array>);
  }
  return Promise.all(reads);
}

const variants: [OptimizerName, Record<string, unknown>][] = [
  ["sgd", { weightDecay: 0.1, l1: 0.01 }],
  ["momentum", { weightDecay: 0.1 }],
  ["nesterov", {}],
  ["adam", { amsGrad: true, weightDecay: 0.01 }],
  ["adamW", { weightDecay: 0.1, amsGrad: true }],
  ["rmsProp", { centred: true }],
  ["adaDelta", {}],
  ["nAdam", {}],
  ["rAdam", {}],
  ["lion", { weightDecay: 0.1 }],
  ["sgd", { clipNorm: 0.5 }],
  ["sgd", { clipValue: 0.3 }],
];
const start = [1, -2, 0.5, 0, 3];
const gradients = Array.from({ length: 6 }, (_, t) => start.map((_, i) => Math.sin(3 * t + i)));

describe.skipIf(noDevice !== undefined)(`optimisers on the device${whyNoDevice}`, () => {
  const expected: Float32Array[][] = [];
  beforeAll(async () => {
    await startEngine({ engine: "wasm", threads: 1 });
    for (const [name, options] of variants) {
      expected.push(await trajectory(optimizerByName(name, options), start, gradients));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    await startEngine({ engine: "webgpu" });
  });
  afterAll(() => collectStorages());

  const { cases } = goldenFound ? readGolden<{ cases: GoldenRun[] }>("optimizer") : { cases: [] };
  test.each(cases)("the oracle's $name", async ({ name, attrs, start, gradients, trajectory: wanted }) => {
    const [steps, n] = gradients.shape;
    const all = Array.from({ length: steps }, (_, t) => gradients.data.slice(t * n, (t + 1) * n));
    const found = await trajectory(optimizerByName(name.split(" ")[0], attrs), start.data, all);
    found.forEach((values, t) => {
      expectClose(values, wanted.data.slice(t * n, (t + 1) * n), `after step ${t}`);
    });
  });

  test.each(variants.map(([name, options], i) => [`${name} ${JSON.stringify(options)}`, i] as const))(
    "%s",
    async (_, i) => {
      const [name, options] = variants[i];
      const found = await trajectory(optimizerByName(name, options), start, gradients);
      found.forEach((values, t) => {
        expectClose(values, expected[i][t], `after step ${t}`);
      });
    },
  );
});
