// Products and convolutions in every way that they are cut: a device takes one of them by size, and what stands in for one another.
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { setEngine } from "../../src/engine/engine.ts";
import { collectStorages } from "../../src/engine/storage.ts";
import { startWebGpu } from "../../src/engine/webgpu/start.ts";
import * as nb from "../../src/node.ts";
import { backward, scope, type Tensor } from "../../src/node.ts";
import { noDevice, whyNoDevice } from "./device.ts";

// Tiles for graphics processors take long to compile for what stands in for one.
vi.setConfig({ testTimeout: 600_000 });

const draw = (shape: number[], seed: number): Tensor =>
  nb.random.uniform(shape, -1, 1, { generator: new nb.Generator(seed) }).requireGradient();

/** Results and gradients: whole tiles and their edges, strides along both axes, batches, long sums, bias and activation. */
const jobs: Record<string, () => Tensor[]> = {
  "beyond a tile on all sides": () => product(draw([70, 33], 1), draw([33, 67], 2)),
  "operands that lie along their rows": () => {
    const [a, b] = [draw([40, 70], 3), draw([66, 40], 4)];
    return withGradients(nb.matmul(a.T, b.T), [a, b]);
  },
  "a batch": () => product(draw([3, 20, 18], 5), draw([3, 18, 9], 6)),
  "one row, one column": () => product(draw([1, 50], 7), draw([50, 1], 8)),
  "a long sum": () => {
    const [a, b] = [draw([5, 3000], 9), draw([3000, 6], 10)];
    return withGradients(nb.matmul(a, b).mul(0.02), [a, b]);
  },
  "a layer": () => {
    const [x, w, b] = [draw([65, 20], 11), draw([20, 70], 12), draw([70], 13)];
    return withGradients(nb.linear(x, w, b, "sigmoid"), [x, w, b]);
  },
  convolution: () => {
    const [x, w, b] = [draw([3, 4, 11, 10], 14), draw([6, 2, 3, 3], 15), draw([6], 16)];
    return withGradients(nb.conv2d(x, w, b, { stride: 2, padding: 1, groups: 2 }), [x, w, b]);
  },
  "convolution of many places, whose gradient by the weights is a long sum": () => {
    const [x, w] = [draw([4, 2, 24, 24], 17), draw([5, 2, 3, 3], 18)];
    return withGradients(nb.conv2d(x, w, null, {}), [x, w]);
  },
};

function withGradients(y: Tensor, inputs: readonly Tensor[]): Tensor[] {
  backward(nb.sum(nb.square(y)));
  return [y, ...inputs.flatMap((x) => x.gradient ?? [])];
}

function product(a: Tensor, b: Tensor): Tensor[] {
  return withGradients(nb.matmul(a, b), [a, b]);
}

async function compute(job: () => Tensor[]): Promise<ArrayLike<number>[]> {
  const reads: Promise<ArrayLike<number>>[] = [];
  scope(() => {
    for (const y of job()) reads.push(y.data());
  });
  return Promise.all(reads);
}

describe.skipIf(noDevice !== undefined)(`tiles of products${whyNoDevice}`, () => {
  const expected = new Map<string, ArrayLike<number>[]>();
  beforeAll(async () => {
    await nb.startEngine({ engine: "wasm", threads: 1 });
    for (const [name, job] of Object.entries(jobs)) expected.set(name, await compute(job));
  });
  afterAll(() => collectStorages());

  describe.each(["large", "small", "direct"] as const)("%s", (tiling) => {
    beforeAll(async () => setEngine(await startWebGpu({ tiling })));

    test.each(Object.keys(jobs))("%s", async (name) => {
      const actual = await compute(jobs[name]);
      actual.forEach((values, k) => {
        const wanted = expected.get(name)![k];
        for (let i = 0; i < values.length; i++) {
          const error = Math.abs(values[i] - wanted[i]) / (1 + Math.abs(wanted[i]));
          if (!(error <= 5e-5)) throw new Error(`result ${k}, element ${i}: ${values[i]}, on the CPU ${wanted[i]}`);
        }
      });
    });
  });
});
