// Convolution, pooling and normalisation give the same bits on two threads as on one, with relaxed instructions and without.
import { afterAll, expect, test } from "vitest";
import { configureEngine, engineStatus } from "../engine/configure.ts";
import { nodePlatform } from "../engine/platform.node.ts";
import { setPlatform } from "../engine/platform.ts";
import * as nb from "../node.ts";
import { Generator, random, scope, type Tensor } from "../node.ts";

afterAll(() => setPlatform(nodePlatform));

/** Results and gradients of a function of arrays of the given shapes. */
function everything(f: (...inputs: Tensor[]) => Tensor, ...shapes: number[][]): Float32Array[] {
  const inputs = shapes.map((shape, i) => random.normal(shape, 0, 1, { generator: new Generator(i) }));
  const [y, pullBack] = nb.vjp((...x: readonly Tensor[]) => f(...x), ...inputs);
  const dy = random.normal([...y.shape], 0, 1, { generator: new Generator(99) });
  return [y, ...pullBack(dy)].map((x) => x.dataSync() as Float32Array);
}

function work(): Record<string, Float32Array[]> {
  const padded = { padding: 1, groups: 2 };
  return scope(() => ({
    conv: everything((x, w, b) => nb.conv2d(x!, w!, b!, { activation: "relu" }), [10, 3, 28, 28], [20, 3, 5, 5], [20]),
    wide: everything((x, w, b) => nb.conv2d(x!, w!, b!, padded), [1, 16, 64, 64], [24, 8, 3, 3], [24]),
    strided: everything(
      (x, w) => nb.conv2d(x!, w!, null, { stride: 2, padding: "same" }),
      [40, 8, 15, 15],
      [9, 8, 3, 3],
    ),
    transposed: everything((x, w) => nb.convTranspose2d(x!, w!, null, { stride: 2 }), [8, 16, 12, 12], [16, 8, 3, 3]),
    sequence: everything((x, w) => nb.conv1d(x!, w!, null, { padding: "same" }), [2, 8, 5000], [16, 8, 9]),
    max: everything((x) => nb.maxPool2d(x!, 2), [16, 20, 24, 24]),
    mean: everything((x) => nb.avgPool2d(x!, 3, { stride: 2, padding: 1 }), [16, 20, 24, 24]),
    batch: everything((x, g, b) => nb.batchNorm(x!, g!, b!).y, [32, 20, 12, 12], [20], [20]),
    rows: everything((x, g, b) => nb.batchNorm(x!, g!, b!).y, [512, 130], [130], [130]),
    layer: everything((x, g, b) => nb.layerNorm(x!, g!, b!), [400, 129], [129], [129]),
    response: everything((x) => nb.localResponseNorm(x!, 5), [4, 32, 13, 13]),
  }));
}

test.each([false, true])("deterministic: %s", async (deterministic) => {
  setPlatform({ ...nodePlatform, processors: () => 2 });
  configureEngine({ threads: 2, deterministic });
  for (let i = 0; i < 500 && engineStatus().threadsReady < 2; i++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(engineStatus().threadsReady).toBe(2);
  const two = work();
  configureEngine({ threads: 1, deterministic });
  const one = work();
  for (const [name, arrays] of Object.entries(one)) {
    arrays.forEach((values, i) => {
      const different = values.findIndex((value, j) => !Object.is(value, two[name][i][j]));
      expect(different, `${name}, array ${i}`).toBe(-1);
    });
  }
});
