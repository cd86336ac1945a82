// Products wait for what is done with their results, and single numbers for a kernel that wants them: no order of operations changes a value.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { collectStorages } from "../../src/engine/storage.ts";
import * as nb from "../../src/node.ts";
import { backward, scope, type Tensor } from "../../src/node.ts";
import { noDevice, whyNoDevice } from "./device.ts";

vi.setConfig({ testTimeout: 300_000 });

const SIDE = 6;

/** Made in JavaScript, so that both engines have the same. */
const draw = (shape: number[], seed: number): Tensor =>
  nb.tensor(
    Float32Array.from({ length: shape.reduce((n, side) => n * side, 1) }, (_, i) => Math.sin(seed + 1.7 * i)),
    { shape },
  );

/** What can be asked for next, of two arrays [SIDE, SIDE] that there are. */
const OPERATIONS: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  product: (x, y) => nb.matmul(x, y).div(SIDE),
  "product with a transposed left": (x, y) => nb.matmul(x.T, y).div(SIDE),
  "product with a transposed right": (x, y) => nb.matmul(x, y.T).div(SIDE),
  multiplied: (x, y) => x.mul(y),
  subtracted: (x, y) => x.sub(y),
  larger: (x, y) => nb.maximum(x, y),
  "sums of columns": (x, y) => y.add(x.sum(0).div(SIDE)),
  "a sum added": (x, y) => y.add(x.sum().div(SIDE * SIDE)),
  "a constant": (x) => x.mul(nb.ones([1])).add(nb.full([1], 0.5).mul(2)),
  "part of another": (x, y) => nb.concat([x.get("0:3"), y.get("3:6")], 0),
};
const names = Object.keys(OPERATIONS);

interface Step {
  name: string;
  first: number;
  second: number;
}

/** A program of these operations; only the last array and those that are used again are kept from the collector. */
function execute(program: readonly Step[]): Tensor {
  const arrays = [draw([SIDE, SIDE], 1), draw([SIDE, SIDE], 2)];
  for (const { name, first, second } of program) {
    const { length } = arrays;
    arrays.push(OPERATIONS[name](arrays[first % length], arrays[second % length]));
  }
  return arrays.slice(-2).reduce((sum, each) => sum.add(each));
}

/** A network's loss and gradients: relu, sigmoid and none, with and without bias. */
function gradients(): Tensor[] {
  const [x, y] = [draw([20, 7], 3), draw([20, 4], 4)];
  const parameters = [draw([7, 9], 5), draw([9], 6), draw([9, 8], 7), draw([8, 4], 8), draw([4], 9)].map((p) =>
    p.requireGradient(),
  );
  const [a, b, c, d, e] = parameters;
  const outputs = nb.linear(nb.linear(nb.linear(x, a, b, "relu"), c, null, "sigmoid"), d, e);
  const loss = nb.mean(nb.square(outputs.sub(y)));
  backward(loss);
  return [loss, ...parameters.map((p) => p.gradient!)];
}

/** Outputs and gradients of two convolutions, the first of which is rectified. */
function convolutions(): Tensor[] {
  const layers = [new nb.Conv2D(4, 3, { activation: "relu", padding: 1 }), new nb.Conv2D(5, 3, { padding: 1 })];
  const model = new nb.Sequential(layers, { inputShape: [3, 7, 6], seed: 1 });
  const y = model.call(draw([2, 3, 7, 6], 3), { training: true });
  model.block.clearGradients();
  backward(y.mul(draw([...y.shape], 6)).sum());
  return [y, model.block.gradients];
}

const valuesOf = async (make: () => Tensor[]): Promise<number[][]> =>
  (await Promise.all(scope(() => make().map((y) => y.data())))).map((values) => [...values].map(Number));

function expectClose(actual: number[][], wanted: number[][]): void {
  actual.forEach((values, k) => {
    values.forEach((value, i) => {
      const error = Math.abs(value - wanted[k][i]) / (1 + Math.abs(wanted[k][i]));
      if (!(error <= 5e-5)) throw new Error(`result ${k}, element ${i}: ${value}, on the CPU ${wanted[k][i]}`);
    });
  });
}

describe.skipIf(noDevice !== undefined)(`what waits on the device${whyNoDevice}`, () => {
  const programs = fc.sample(
    fc.array(fc.record({ name: fc.constantFrom(...names), first: fc.nat({ max: 20 }), second: fc.nat({ max: 20 }) }), {
      minLength: 4,
      maxLength: 14,
    }),
    { numRuns: 60, seed: 20 },
  );
  let expected: number[][];
  let expectedGradients: number[][];
  let expectedConvolutions: number[][];
  beforeAll(async () => {
    await nb.startEngine({ engine: "wasm", threads: 1 });
    expected = [];
    for (const program of programs) expected.push((await valuesOf(() => [execute(program)]))[0]);
    expectedGradients = await valuesOf(gradients);
    expectedConvolutions = await valuesOf(convolutions);
    await nb.startEngine({ engine: "webgpu" });
  });
  afterAll(() => collectStorages());

  test("programs in any order give what they give on the CPU", async () => {
    for (const [i, program] of programs.entries()) {
      const actual = await valuesOf(() => [execute(program)]);
      try {
        expectClose(actual, [expected[i]]);
      } catch (error) {
        throw new Error(`${JSON.stringify(program)}: ${(error as Error).message}`, { cause: error });
      }
    }
  });

  test("gradients of layers take a dispatch a product, and none for their biases and slopes", async () => {
    expectClose(await valuesOf(gradients), expectedGradients);
    const dispatches = (): number =>
      (nb.engineStatus() as unknown as { counts: { dispatches: number } }).counts.dispatches;
    const before = dispatches();
    scope(() => void gradients());
    await nb.zeros([1]).data();
    // Three products forward, five backward (none by x); difference, square, mean and their gradients.
    expect(dispatches() - before).toBeLessThanOrEqual(21);
  });

  test("the slope of a convolution before goes along with the gradient by the input", async () => {
    expectClose(await valuesOf(convolutions), expectedConvolutions);
    const dispatches = (): number =>
      (nb.engineStatus() as unknown as { counts: { dispatches: number } }).counts.dispatches;
    const before = dispatches();
    scope(() => void convolutions());
    await nb.zeros([1]).data();
    // Of them two are convolutions and three their gradients; the slope would be one more.
    expect(dispatches() - before).toBeLessThanOrEqual(18);
  });

  test("a number that was filled in is there for whoever looks", async () => {
    const seed = nb.ones([1]);
    const half = seed.mul(0.5);
    expect([...(await half.data())]).toEqual([0.5]);
    expect([...(await seed.data())]).toEqual([1]);
    expect([...(await nb.full([1], 1e-30).mul(1e-30).data())]).toEqual([0]);
    const row = nb.concat([half, nb.full([1], 3)], 0);
    expect([...(await row.data())]).toEqual([0.5, 3]);
    half.set("0:1", 7);
    expect([...(await half.add(seed).data())]).toEqual([8]);
  });
});
