// The four figures that `nabla bench` measures, each the best of as many tries as fit into a second or two.
import { engineStatus } from "../../src/engine/configure.ts";
import type { EngineStatus } from "../../src/engine/engine.ts";
import { Dense } from "../../src/nn/layers/dense.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { add } from "../../src/ops/arithmetic.ts";
import { matmul } from "../../src/ops/linalg.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { ones, tensor } from "../../src/tensor/create.ts";
import { random } from "../../src/tensor/random.ts";
import { keep, scope } from "../../src/tensor/tensor.ts";
import { lossFor } from "../../src/train/losses.ts";
import { Trainer } from "../../src/train/trainer.ts";

export interface Figure {
  /** Key in the JSON object; its end is the unit. */
  key: string;
  name: string;
  value: number;
  unit: string;
  meaning: string;
}

const PRODUCT_SIZE = 1024;
/** float32 numbers in 16 MiB. */
const ARRAY_LENGTH = 4 << 20;
const IMAGES = 10_000;
const OPERATIONS = 10_000;

/** The engine once all its threads have started; after two seconds as it is. */
export async function ready(): Promise<EngineStatus> {
  const end = performance.now() + 2000;
  let status = engineStatus();
  while (status.threadsReady < status.threads && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    status = engineStatus();
  }
  return status;
}

/** Seconds of the fastest run among those that fit into the time; at least one. */
async function fastest(seconds: number, run: () => unknown): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let best = Number.POSITIVE_INFINITY;
  do {
    const began = performance.now();
    await run();
    best = Math.min(best, (performance.now() - began) / 1000);
  } while (performance.now() < end);
  return best;
}

async function product(): Promise<Figure> {
  const n = PRODUCT_SIZE;
  const [a, b] = keep(scope(() => [random.uniform([n, n]), random.uniform([n, n])] as const));
  const seconds = await fastest(1, () => scope(() => matmul(a, b).size));
  return {
    key: "matrixProductGflops",
    name: "matrix product",
    value: (2 * n ** 3) / seconds / 1e9,
    unit: "GFLOP/s",
    meaning: `for ${n} x ${n} matrices: about the speed of large dense layers`,
  };
}

async function training(): Promise<Figure> {
  const activation = "sigmoid";
  const model = new Sequential([new Dense(30, { activation }), new Dense(10, { activation })], { inputShape: [784] });
  const data = keep(
    scope(() => ({
      x: random.uniform([IMAGES, 784]),
      y: tensor(Int32Array.from({ length: IMAGES }, (_, i) => i % 10)),
    })),
  );
  const options = { loss: lossFor("quadratic"), optimizer: new SGD({ learningRate: 0.5 }), batchSize: 10 };
  const trainer = new Trainer(model, data, { ...options, shuffle: true, seed: 1 });
  const seconds = await fastest(3, () => trainer.finishEpoch());
  const rate = IMAGES / seconds;
  return {
    key: "trainingImagesPerSecond",
    name: "training",
    value: rate,
    unit: "images/s",
    meaning: `a 784-30-10 network in batches of 10: an epoch of 50,000 digits takes ${(50_000 / rate).toFixed(2)} s`,
  };
}

async function elementwise(): Promise<Figure> {
  const [x, y] = keep(scope(() => [ones([ARRAY_LENGTH]), ones([ARRAY_LENGTH])] as const));
  const seconds = await fastest(1, () => scope(() => add(x, y).size));
  return {
    key: "elementwiseGigabytesPerSecond",
    name: "elementwise",
    value: (3 * 4 * ARRAY_LENGTH) / seconds / 1e9,
    unit: "GB/s",
    meaning: "x + y for arrays of 16 MiB: memory is the limit of such operations, not arithmetic",
  };
}

async function overhead(): Promise<Figure> {
  const [x, y] = keep(scope(() => [ones([1]), ones([1])] as const));
  const seconds = await fastest(1, () =>
    scope(() => {
      for (let i = 0; i < OPERATIONS; i++) add(x, y);
    }),
  );
  return {
    key: "overheadNanoseconds",
    name: "overhead",
    value: (seconds / OPERATIONS) * 1e9,
    unit: "ns",
    meaning: "x + y of one number each: what any operation costs before it computes anything",
  };
}

/** In the order in which they are told. */
export const MEASUREMENTS: readonly (() => Promise<Figure>)[] = [product, training, elementwise, overhead];
