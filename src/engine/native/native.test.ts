// The native engine gives what the kernels give: products of any strides and cuts, with bias and activation, and convolutions with their
// gradients, on one thread and on two.
import { spawnSync } from "node:child_process";
import { describe, expect, test, vi } from "vitest";
import { describeGolden } from "../../../test/golden.ts";
import { goldenRunners } from "../../../test/golden-runners.ts";
import * as nb from "../../node.ts";
import { configureEngine, engineFor, engineStatus } from "../configure.ts";
import { type Engine, engine, type FusedActivation, type MatrixView, setEngine } from "../engine.ts";
import { WasmEngine } from "../wasm/engine.ts";
import { NativeEngine } from "./engine.ts";
import { missingReason, nativeLibraries } from "./library.ts";
import { leadingDimension } from "./products.ts";

const found = nativeLibraries();
const skipped = found === null ? ` (skipped: ${missingReason()})` : "";

/** Computes one product again and again while signals arrive. */
const SIGNALLED = `
  import { Worker } from "node:worker_threads";
  const nabla = await import(${JSON.stringify(new URL("../../../dist/node.js", import.meta.url).href)});
  let heard = 0;
  process.on("SIGWINCH", () => { heard += 1; });
  nabla.configureEngine({ engine: "native", threads: 2 });
  const [a, b] = [nabla.ones([40, 100]), nabla.ones([100, 64])];
  const send = 'setInterval(() => { for (let i = 0; i < 20; i++) process.kill(process.pid, "SIGWINCH"); }, 1)';
  const sender = new Worker(send, { eval: true });
  await new Promise((resolve) => sender.once("online", resolve));
  let [products, wrong] = [0, 0];
  for (const end = Date.now() + 1500; Date.now() < end; products++) {
    nabla.scope(() => { if (nabla.matmul(a, b).sum().item() !== 40 * 64 * 100) wrong += 1; });
  }
  await sender.terminate();
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(JSON.stringify({ products, wrong, heard }));
  process.exit(0);
`;

/** One product as the engine sees it: sizes, strides in elements, and what is fused. */
interface Case {
  name: string;
  sizes: [m: number, n: number, k: number];
  transposeA?: boolean;
  transposeB?: boolean;
  /** Elements of a row beyond the matrix. */
  gap?: number;
  batch?: number;
  /** One matrix B for the whole batch. */
  sharedB?: boolean;
  /** Elements between neighbours of a row; the library can't take 2. */
  step?: number;
  accumulate?: boolean;
  bias?: boolean;
  activation?: FusedActivation;
}

const cases: Case[] = [
  { name: "plain", sizes: [37, 53, 71] },
  { name: "one row", sizes: [1, 300, 200] },
  { name: "one column", sizes: [300, 1, 200] },
  { name: "one step", sizes: [200, 300, 1] },
  { name: "one row, transposed B", sizes: [1, 300, 200], transposeB: true },
  { name: "one column, transposed A", sizes: [300, 1, 200], transposeA: true },
  { name: "transposed A", sizes: [96, 64, 48], transposeA: true },
  { name: "transposed B", sizes: [96, 64, 48], transposeB: true },
  { name: "both transposed, rows apart", sizes: [50, 60, 70], transposeA: true, transposeB: true, gap: 3 },
  { name: "rows apart", sizes: [50, 60, 70], gap: 5 },
  { name: "strides that no library takes", sizes: [50, 60, 70], step: 2 },
  { name: "accumulated", sizes: [64, 64, 64], accumulate: true },
  { name: "bias", sizes: [64, 100, 64], bias: true },
  { name: "bias and sigmoid", sizes: [10, 30, 784], bias: true, activation: "sigmoid" },
  { name: "bias and tanh", sizes: [33, 65, 129], bias: true, activation: "tanh" },
  { name: "relu alone", sizes: [33, 65, 129], activation: "relu" },
  { name: "cut for threads", sizes: [257, 391, 123], bias: true, activation: "relu" },
  { name: "cut for threads, transposed", sizes: [784, 256, 64], transposeA: true, accumulate: true },
  { name: "batch of small ones", sizes: [20, 30, 40], batch: 37, bias: true, activation: "tanh" },
  { name: "batch of large ones", sizes: [200, 180, 160], batch: 3 },
  { name: "batch with one B", sizes: [40, 50, 60], batch: 9, sharedB: true, transposeB: true },
];

type Float = "float32" | "float64";

function matrix(
  view: nb.Tensor,
  rows: number,
  columns: number,
  transposed: boolean,
  { gap = 0, step = 1 }: Case,
  repeated: boolean,
): MatrixView {
  const length = ((transposed ? rows : columns) + gap) * step;
  const batchStride = repeated ? 0 : length * (transposed ? columns : rows);
  const [rowStride, columnStride] = transposed ? [step, length] : [length, step];
  return { view, offset: view.offset, rowStride, columnStride, batchStride };
}

/** A case's operands, the same on every engine, and its product. */
function product(c: Case, dtype: Float): ArrayLike<number> {
  return nb.scope(() => {
    const [m, n, k] = c.sizes;
    const { gap = 0, step = 1, batch = 1 } = c;
    nb.random.seed(7);
    const fill = (rows: number, columns: number): nb.Tensor =>
      nb.cast(nb.random.normal([batch * (rows + gap) * (columns + gap) * step * step]), dtype);
    const a = fill(m, k);
    const b = fill(k, n);
    const out = nb.cast(nb.random.normal([batch, m, n]), dtype);
    const bias = c.bias ? nb.cast(nb.random.normal([n]), dtype) : undefined;
    const left = matrix(a, m, k, c.transposeA ?? false, c, false);
    const right = matrix(b, k, n, c.transposeB ?? false, c, c.sharedB ?? false);
    engine().matmul(left, right, out, m, n, k, batch, { accumulate: c.accumulate, bias, activation: c.activation });
    return out.dataSync();
  });
}

async function use<T extends Engine>(next: T): Promise<T> {
  const before = engine();
  if (before instanceof WasmEngine) before.close();
  setEngine(next);
  for (let i = 0; i < 500 && next.status().threadsReady < next.status().threads; i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return next;
}

/** A convolution: [batch, channels, height and width, filters, kernel, padding, stride, dilation]. */
const convolutions = {
  "first layer": [10, 1, 28, 20, 5, 0, 1, 1],
  "second layer": [10, 20, 12, 40, 5, 0, 1, 1],
  "a rest of the batch": [37, 20, 12, 40, 5, 0, 1, 1],
  padded: [64, 32, 14, 64, 3, 1, 1, 1],
  "strides that leave rows unread": [13, 17, 12, 33, 3, 1, 2, 1],
  dilated: [11, 20, 12, 24, 4, 2, 3, 1],
  "dilated and padded": [5, 8, 20, 16, 3, 2, 1, 2],
  "one by one": [5, 16, 8, 16, 1, 0, 1, 1],
  "one by one, many pixels": [3, 48, 20, 66, 1, 0, 1, 1],
  "one by one, filters shared": [1, 64, 32, 128, 1, 0, 1, 1],
  "one by one, strides": [2, 32, 33, 64, 1, 0, 2, 1],
  "one by one, padded": [2, 32, 20, 64, 1, 1, 1, 1],
  "one image": [1, 3, 64, 16, 7, 3, 2, 1],
  "one image, filters shared": [1, 64, 28, 128, 3, 1, 1, 1],
  "two images, filters shared": [2, 48, 20, 96, 3, 1, 2, 1],
  "many channels": [4, 128, 12, 160, 3, 1, 1, 1],
} as const satisfies Record<string, readonly number[]>;

type Activation = NonNullable<nb.ConvolutionOptions["activation"]>;

/** Result and gradients, those of weights and bias collected twice. */
function convolution(name: keyof typeof convolutions, activation: Activation): Record<string, ArrayLike<number>> {
  const [batch, channels, length, filters, kernel, padding, stride, dilation] = convolutions[name];
  return nb.scope(() => {
    nb.random.seed(3);
    const x = nb.random.normal([batch, channels, length, length]).requireGradient();
    const w = nb.random.normal([filters, channels, kernel, kernel], 0, 1 / kernel).requireGradient();
    const b = nb.random.normal([filters]).requireGradient();
    const y = nb.conv2d(x, w, b, { padding, stride, dilation, activation });
    const weights = nb.random.normal(y.shape);
    nb.backward(nb.sum(nb.mul(y, weights)));
    nb.backward(nb.sum(nb.mul(nb.conv2d(x, w, b, { padding, stride, dilation }), weights)));
    return Object.fromEntries(
      Object.entries({ y, x: x.gradient!, w: w.gradient!, b: b.gradient! }).map(([key, value]) => [
        `${name}, ${activation}, ${key}`,
        value.dataSync(),
      ]),
    );
  });
}

async function convolved(next: Engine): Promise<Record<string, ArrayLike<number>>> {
  await use(next);
  const names = Object.keys(convolutions) as (keyof typeof convolutions)[];
  return Object.assign(
    {},
    ...names.map((name, i) => convolution(name, (["none", "relu", "sigmoid"] as const)[i % 3]!)),
  );
}

const lstms = {
  plain: { sizes: [20, 32, 16, 24] },
  "with first states": { sizes: [7, 5, 10, 21], first: true },
  backwards: { sizes: [9, 33, 12, 65], first: true, direction: "backward" },
  truncated: { sizes: [10, 20, 16, 64], truncate: 4 },
  "one step": { sizes: [1, 20, 16, 64], first: true },
  "one step of one sequence": { sizes: [1, 1, 16, 96], first: true },
  "one step without a state": { sizes: [1, 20, 16, 64] },
  "two steps": { sizes: [2, 9, 16, 64], first: true, direction: "backward" },
  "without tanh": { sizes: [6, 16, 8, 64], cellActivation: "none" },
} as const satisfies Record<string, nb.LstmOptions & { sizes: readonly number[]; first?: boolean }>;

/** Outputs, last states and gradients of a layer over [steps, batch, inputs] with a state of `size`. */
function lstm(name: keyof typeof lstms): Record<string, ArrayLike<number>> {
  const { sizes, first = false, ...options } = { first: false, ...lstms[name] };
  const [steps, batch, inputs, size] = sizes;
  return nb.scope(() => {
    nb.random.seed(11);
    const x = nb.random.normal([steps, batch, inputs]).requireGradient();
    const inputWeights = nb.random.normal([4 * size, inputs], 0, 0.2).requireGradient();
    const stateWeights = nb.random.normal([4 * size, size], 0, 0.2).requireGradient();
    const inputBias = nb.random.normal([4 * size]).requireGradient();
    const [h0, c0] = first ? [0, 1].map(() => nb.random.normal([batch, size]).requireGradient()) : [null, null];
    const { outputs, state, cell } = nb.lstm(x, h0!, c0!, { inputWeights, stateWeights, inputBias }, options);
    nb.backward(
      nb
        .sum(outputs.mul(outputs))
        .add(nb.sum(state))
        .add(nb.sum(cell.mul(cell))),
    );
    const all = { outputs, state, cell, x: x.gradient, inputWeights: inputWeights.gradient };
    const rest = { stateWeights: stateWeights.gradient, h0: h0?.gradient, c0: c0?.gradient };
    return Object.fromEntries(
      Object.entries({ ...all, ...rest }).flatMap(([key, value]) =>
        value ? [[`lstm ${name}, ${key}`, value.dataSync()] as const] : [],
      ),
    );
  });
}

const grus = {
  plain: { sizes: [20, 32, 16, 24], biases: true },
  "without biases": { sizes: [6, 17, 16, 24] },
  "with first states": { sizes: [7, 5, 10, 21], first: true, biases: true },
  backwards: { sizes: [9, 33, 12, 65], first: true, biases: true, direction: "backward" },
  truncated: { sizes: [10, 20, 16, 64], truncate: 4, biases: true },
  "one step": { sizes: [1, 20, 16, 64], first: true },
  "one step without a state": { sizes: [1, 20, 16, 64], biases: true },
  "two steps": { sizes: [2, 9, 16, 64], first: true, direction: "backward" },
  "reset before": { sizes: [8, 33, 16, 25], reset: "before", biases: true },
  "reset before, first states": { sizes: [8, 33, 16, 25], reset: "before", first: true, truncate: 3 },
  "reset before, backwards": { sizes: [2, 5, 7, 22], reset: "before", direction: "backward", biases: true },
  "update writes": { sizes: [7, 20, 16, 24], update: "writes", first: true, biases: true },
  "both other ways": { sizes: [7, 20, 16, 24], update: "writes", reset: "before", first: true, biases: true },
} as const satisfies Record<string, nb.GruOptions & { sizes: readonly number[]; first?: boolean; biases?: boolean }>;

function gru(name: keyof typeof grus): Record<string, ArrayLike<number>> {
  const { sizes, first = false, biases = false, ...options } = { first: false, biases: false, ...grus[name] };
  const [steps, batch, inputs, size] = sizes;
  return nb.scope(() => {
    nb.random.seed(12);
    const make = (shape: number[], deviation = 1): nb.Tensor => nb.random.normal(shape, 0, deviation).requireGradient();
    const leaves: Record<string, nb.Tensor> = {
      x: make([steps, batch, inputs]),
      inputWeights: make([3 * size, inputs], 0.2),
      stateWeights: make([3 * size, size], 0.2),
    };
    if (biases) Object.assign(leaves, { inputBias: make([3 * size]), stateBias: make([3 * size]) });
    if (first) leaves["h0"] = make([batch, size]);
    const {
      x,
      h0 = null,
      ...parameters
    } = leaves as Record<"x" | "inputWeights" | "stateWeights", nb.Tensor> & {
      h0?: nb.Tensor;
    };
    const { outputs, state } = nb.gru(x, h0, parameters, options);
    nb.backward(nb.sum(outputs.mul(outputs)).add(nb.sum(state)));
    const all = {
      outputs,
      state,
      ...Object.fromEntries(Object.entries(leaves).map(([key, leaf]) => [key, leaf.gradient!])),
    };
    return Object.fromEntries(
      Object.entries(all).map(([key, value]) => [`gru ${name}, ${key}`, value.dataSync()] as const),
    );
  });
}

const rnns = {
  tanh: { sizes: [20, 32, 16, 24] },
  "sigmoid, first states": { sizes: [7, 5, 10, 21], first: true, nonlinearity: "sigmoid" },
  "relu, backwards": { sizes: [9, 33, 12, 65], first: true, nonlinearity: "relu", direction: "backward" },
  "none, truncated": { sizes: [10, 20, 16, 64], truncate: 4, nonlinearity: "none" },
  "two steps": { sizes: [2, 9, 16, 64], first: true, direction: "backward" },
  "one step": { sizes: [1, 20, 16, 64], first: true },
} as const satisfies Record<string, nb.RnnOptions & { sizes: readonly number[]; first?: boolean }>;

function rnn(name: keyof typeof rnns): Record<string, ArrayLike<number>> {
  const { sizes, first = false, ...options } = { first: false, ...rnns[name] };
  const [steps, batch, inputs, size] = sizes;
  return nb.scope(() => {
    nb.random.seed(13);
    const x = nb.random.normal([steps, batch, inputs]).requireGradient();
    const inputWeights = nb.random.normal([size, inputs], 0, 0.2).requireGradient();
    const stateWeights = nb.random.normal([size, size], 0, 0.1).requireGradient();
    const h0 = first ? nb.random.normal([batch, size]).requireGradient() : null;
    const { outputs, state } = nb.rnn(x, h0, { inputWeights, stateWeights }, options);
    nb.backward(nb.sum(outputs.mul(outputs)).add(nb.sum(state)));
    const leaves = [x, inputWeights, stateWeights, ...(h0 === null ? [] : [h0])];
    const all = [outputs, state, ...leaves.map((leaf) => leaf.gradient!)];
    return Object.fromEntries(all.map((value, i) => [`rnn ${name}, ${i}`, value.dataSync()] as const));
  });
}

async function remembered(next: Engine): Promise<Record<string, ArrayLike<number>>> {
  await use(next);
  const every = <N extends string>(cases: Record<N, unknown>, run: (name: N) => Record<string, ArrayLike<number>>) =>
    (Object.keys(cases) as N[]).map(run);
  return Object.assign({}, ...every(lstms, lstm), ...every(grus, gru), ...every(rnns, rnn));
}

function expectNear(actual: Record<string, ArrayLike<number>>, expected: Record<string, ArrayLike<number>>): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const largest = Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const got = actual[name]!;
    for (let i = 0; i < values.length; i++) {
      if (!(Math.abs(got[i]! - values[i]!) <= 1e-5 * largest)) {
        throw new Error(`${name}, element ${i}: got ${got[i]}, expected ${values[i]}, of ${largest} at most`);
      }
    }
  }
}

function sameBits(one: Record<string, ArrayLike<number>>, two: Record<string, ArrayLike<number>>): void {
  for (const [name, values] of Object.entries(one)) {
    const [a, b] = [values, two[name]!].map((list) => Buffer.from(new Float32Array(list).buffer));
    expect(a!.equals(b!), name).toBe(true);
  }
}

async function products(next: Engine): Promise<Record<string, ArrayLike<number>>> {
  await use(next);
  const results: Record<string, ArrayLike<number>> = {};
  for (const c of cases) {
    for (const dtype of ["float32", "float64"] as const) results[`${c.name}, ${dtype}`] = product(c, dtype);
  }
  return results;
}

test("leading dimension: rows or columns must be contiguous and not overlap", () => {
  expect(leadingDimension(3, 4, 4, 1)).toBe(4);
  expect(leadingDimension(3, 4, 9, 1)).toBe(9);
  expect(leadingDimension(3, 4, 1, 3)).toBe(-3);
  expect(leadingDimension(1, 4, 77, 1)).toBe(4);
  expect(leadingDimension(3, 1, 5, 99)).toBe(5);
  expect(leadingDimension(1, 4, 1, 6)).toBe(-6);
  expect(leadingDimension(3, 4, 0, 1)).toBe(0);
  expect(leadingDimension(3, 4, 8, 2)).toBe(0);
  expect(leadingDimension(3, 4, -4, 1)).toBe(0);
});

describe.skipIf(found === null)(`native engine${skipped}`, () => {
  test("products are the kernels' up to rounding, on one thread and on two", async () => {
    const expected = await products(new WasmEngine({ threads: 1 }));
    for (const threads of [1, 2]) {
      const actual = await products(NativeEngine.make({ threads, smallestProduct: 1 }));
      for (const [name, values] of Object.entries(expected)) {
        const tolerance = name.endsWith("float64") ? 1e-12 : 2e-5;
        const got = actual[name]!;
        for (let i = 0; i < values.length; i++) {
          if (!(Math.abs(got[i]! - values[i]!) <= tolerance * (10 + Math.abs(values[i]!)))) {
            throw new Error(`${name}, ${threads} threads, element ${i}: got ${got[i]}, expected ${values[i]}`);
          }
        }
      }
    }
  });

  test.skipIf(found?.float32.kind !== "onednn")("oneDNN gives the same bits on one thread and on two", async () => {
    const [one, two] = [1, 2].map((threads) => () => NativeEngine.make({ threads, smallestProduct: 1 }));
    sameBits(await products(one!()), await products(two!()));
    sameBits(await convolved(one!()), await convolved(two!()));
    sameBits(await remembered(one!()), await remembered(two!()));
  });

  test("above 2 GiB of memory the same bits come out", async () => {
    const engines = [() => new WasmEngine({ threads: 2 }), () => NativeEngine.make({ threads: 2, smallestProduct: 1 })];
    for (const make of engines) {
      for (const compute of [products, convolved, remembered]) {
        const low = await compute(make());
        const raised = make();
        // Nothing is written there, so that it takes no memory of the machine.
        expect(raised.allocateBytes(2 ** 31)).toBeGreaterThan(0);
        sameBits(low, await compute(raised));
      }
    }
  });

  test.skipIf(found?.float32.kind !== "onednn" || process.platform !== "linux")(
    "signals that come during products do no harm, and are heard",
    () => {
      // In a process of its own: without the remedy its heap is corrupted within milliseconds.
      const { status, signal, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", SIGNALLED], {
        encoding: "utf8",
        timeout: 300_000,
      });
      expect({ status, signal, stdout }).toMatchObject({ status: 0, signal: null });
      const { products, wrong, heard } = JSON.parse(stdout) as Record<string, number>;
      expect(products).toBeGreaterThan(100);
      expect(wrong).toBe(0);
      expect(heard).toBeGreaterThan(10);
    },
  );

  test("convolutions and their gradients are the kernels' up to rounding", async () => {
    const expected = await convolved(new WasmEngine({ threads: 1 }));
    const native = NativeEngine.make({ threads: 2, smallestProduct: 1 });
    const byLibrary = vi.spyOn(native["convolutions"], "run");
    const actual = await convolved(native);
    // A BLAS leaves the smallest images to the kernel.
    const all = found?.float32.kind === "onednn" ? 1 : 0.8;
    const done = byLibrary.mock.results.filter(({ value }) => value === true).length;
    expect(done).toBeGreaterThanOrEqual(all * byLibrary.mock.results.length);
    expectNear(actual, expected);
  });

  /** What a convolution gives again and again, while its weights are written in every way that there is. */
  async function rewritten(next: Engine): Promise<Record<string, ArrayLike<number>>> {
    await use(next);
    nb.random.seed(5);
    const results: Record<string, ArrayLike<number>> = {};
    const model = new nb.Sequential([new nb.Conv2D(64, 3, { padding: 1 })], { inputShape: [32, 16, 16], seed: 1 });
    const x = nb.random.normal([1, 32, 16, 16]);
    const y = nb.random.normal([1, 64, 16, 16]);
    const look = (name: string): void => {
      for (let i = 0; i < 3; i++) results[`${name}, ${i}`] = nb.scope(() => nb.predict(model, x).dataSync());
    };
    look("at first");
    const { tensor } = model.parameters[0]!;
    model.parameters[0]!.assign(nb.scope(() => nb.keep(tensor.mul(2))));
    look("assigned");
    nb.noGrad(() => tensor.set(0, 3));
    look("set");
    const optimizer = new nb.SGD({ learningRate: 0.01 });
    const learn = (): void => {
      model.block.clearGradients();
      nb.backward(nb.mean(nb.square(model.call(x).sub(y))));
      optimizer.step(model.block);
    };
    nb.scope(learn);
    look("stepped");
    // Two steps a call: the second one's weights are written within the program that is replayed.
    const twice = nb.capture(() => {
      learn();
      learn();
      return model.call(x).flatten();
    });
    for (let i = 0; i < 6; i++) {
      results[`captured ${i}`] = nb.scope(() => twice().dataSync());
      look(`after captured ${i}`);
    }
    expect(twice.active).toBe(true);
    // Weights that a replayed function computes anew in the same place.
    const factor = nb.ones([1]);
    const scaled = nb.capture((by: nb.Tensor) => nb.conv2d(x, tensor.mul(by)).flatten());
    for (let i = 0; i < 6; i++) {
      factor.set(0, i + 1);
      results[`scaled ${i}`] = nb.scope(() => scaled(factor).dataSync());
    }
    expect(scaled.active).toBe(true);
    // Weights that a replayed function writes between two passes that use them: it counts its writes when it has ended.
    const [first, other] = [nb.clone(tensor), nb.random.normal(tensor.shape)];
    const ask = (): nb.Tensor => nb.noGrad(() => nb.conv2d(x, tensor).flatten());
    const between = nb.capture(() => {
      const seen = [ask(), ask()];
      model.parameters[0]!.assign(other);
      seen.push(ask());
      model.parameters[0]!.assign(first);
      return nb.concat(seen);
    });
    for (let i = 0; i < 6; i++) results[`between ${i}`] = nb.scope(() => between().dataSync());
    expect(between.active).toBe(true);
    return results;
  }

  test("weights that are kept packed are those of the moment, however they are written", async () => {
    const expected = await rewritten(new WasmEngine({ threads: 1 }));
    expectNear(await rewritten(NativeEngine.make({ threads: 2, smallestProduct: 1 })), expected);
    if (found?.float32.kind !== "onednn") return;
    const native = NativeEngine.make({ threads: 1, smallestProduct: 1 });
    await use(native);
    const parts = vi.spyOn(native["host"], "fork");
    nb.scope(() => {
      const [x, w] = [nb.ones([1, 32, 8, 8]), nb.ones([64, 32, 3, 3])];
      const runs = [0, 1, 2, 3].map(() => {
        parts.mockClear();
        nb.noGrad(() => nb.conv2d(x, w));
        return parts.mock.calls.length;
      });
      expect(runs).toEqual([2, 2, 1, 1]);
    });
  });

  test("recurrent layers and their gradients are the kernels' up to rounding", async () => {
    const expected = await remembered(new WasmEngine({ threads: 1 }));
    for (const threads of [1, 2]) {
      expectNear(await remembered(NativeEngine.make({ threads, smallestProduct: 1 })), expected);
    }
  });

  test("kernels and products alternate on the same threads, also after the memory has grown", async () => {
    await use(NativeEngine.make({ threads: 2 }));
    nb.scope(() => {
      const x = nb.ones([256, 256]);
      const before = engine().memory().heldBytes;
      const large = nb.ones([40, 1024, 1024]);
      expect(engine().memory().heldBytes).toBeGreaterThan(before);
      expect(large.sum().item()).toBe(40 * 1024 * 1024);
      let y = x;
      for (let i = 0; i < 200; i++) y = nb.matmul(x, y).mul(1 / 256);
      expect(y.sub(1).abs().max().item()).toBeLessThan(1e-5);
    });
  });

  test("a product is whole when the workers have taken all of its parts", async () => {
    // With more threads than processors a worker often comes before the caller, and is then interrupted.
    const native = await use(NativeEngine.make({ threads: 16 }));
    nb.scope(() => {
      const [batch, n] = [4, 128];
      const [a, b, out] = [nb.ones([batch, n, n]), nb.ones([batch, n, n]), nb.zeros([batch, n, n])];
      const view = (x: nb.Tensor): MatrixView => ({
        ...{ view: x, offset: x.offset, rowStride: n, columnStride: 1, batchStride: n * n },
      });
      const first = out.storage.address / 4;
      for (let i = 0; i < 1500; i++) {
        native.fill(out, -1);
        native.matmul(view(a), view(b), out, n, n, n, batch);
        // Read where it stands, the last rows first: a copy would give late parts time.
        const values = native["f32"];
        for (let row = batch * n - 1; row >= 0; row--) {
          if (values[first + row * n] !== n) throw new Error(`product ${i}, row ${row} is wrong`);
        }
      }
    });
  });

  test("NaN and infinities come through", async () => {
    await use(NativeEngine.make({ threads: 1, smallestProduct: 1 }));
    nb.scope(() => {
      const a = nb.tensor([
        [Number.NaN, 1],
        [Number.POSITIVE_INFINITY, 1],
        [1, 1],
      ]);
      const y = nb.linear(a, nb.ones([2, 2]), nb.zeros([2]), "relu");
      expect(y.toArray()).toEqual([
        [Number.NaN, Number.NaN],
        [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
        [2, 2],
      ]);
    });
  });

  test("a tensor whose scope has ended is refused", async () => {
    await use(NativeEngine.make({ threads: 1, smallestProduct: 1 }));
    const x = nb.ones([2, 2]);
    let ended = x;
    nb.scope(() => {
      ended = nb.ones([2, 2]);
    });
    expect(() => nb.matmul(x, ended)).toThrow(/scope has ended/);
  });

  test("status names engine and library; auto takes it, unless the bits have to be the same everywhere", async () => {
    await use(new WasmEngine({ threads: 1 }));
    expect(engineFor({ engine: "auto" })).toBe("native");
    expect(engineFor({ engine: "auto", deterministic: true })).toBe("wasm");
    expect(() => engineFor({ engine: "native", deterministic: true })).toThrow(/can't be deterministic/);
    expect(NativeEngine.make({ threads: 1 }).status()).toMatchObject({
      engine: "native",
      library: expect.stringContaining(found!.float32.title),
    });
  });

  describe("on the oracle's cases", () => {
    test("engine", async () => {
      await use(NativeEngine.make({ threads: 2, smallestProduct: 1 }));
      expect(engineStatus().engine).toBe("native");
    });
    describeGolden("linalg", goldenRunners.linalg);
    describeGolden("conv", goldenRunners.conv);
  });
});

test("an unknown engine is named with those that there are", () => {
  expect(() => configureEngine({ engine: "gpu" as "wasm" })).toThrow(
    /unknown engine "gpu"; there are "auto", "wasm", "native"/,
  );
});
