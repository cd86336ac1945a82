// Trainings on the device end as they do on the CPU: the same data, starting values and random numbers, to the same losses and accuracies.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectStorages } from "../../src/engine/storage.ts";
import type { FitOptions } from "../../src/node.ts";
import * as nb from "../../src/node.ts";
import { noDevice, whyNoDevice } from "./device.ts";

interface Job {
  name: string;
  input: number[];
  layers(): ConstructorParameters<typeof nb.Sequential>[0];
  options: FitOptions;
}

const jobs: Job[] = [
  {
    name: "dense, dropout, Adam with clipNorm",
    input: [20],
    layers: () => [new nb.Dense(24, { activation: "relu" }), new nb.Dropout(0.2)],
    options: { optimizer: "adam", learningRate: 0.01, clipNorm: 1 },
  },
  {
    name: "convolution, batch normalisation, pooling, momentum",
    input: [1, 8, 8],
    layers: () => [
      new nb.Conv2D(6, 3, { padding: 1 }),
      new nb.BatchNormalization(),
      new nb.MaxPooling2D(2),
      new nb.Flatten(),
    ],
    options: { optimizer: "momentum", learningRate: 0.05 },
  },
  {
    name: "LSTM, RMSProp, gathered gradients, averages",
    input: [6, 5],
    layers: () => [new nb.LSTM(8)],
    options: { optimizer: "rmsProp", learningRate: 0.01, accumulate: 2, averageDecay: 0.9 },
  },
];

const CLASSES = 4;
const SAMPLES = 96;

/** The same numbers on every engine: made in JavaScript. */
function samplesOf(input: number[]): { x: nb.Tensor; y: nb.Tensor } {
  const size = input.reduce((a, b) => a * b, 1);
  let state = 1;
  const draw = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24 - 0.5;
  };
  const values = Float32Array.from({ length: SAMPLES * size }, draw);
  const classes = Int32Array.from({ length: SAMPLES }, (_, i) => {
    const [a, b] = [values[i * size], values[i * size + 1]];
    return Number(a > 0) + 2 * Number(b > 0);
  });
  return { x: nb.tensor(values, { shape: [SAMPLES, ...input] }), y: nb.tensor(classes) };
}

/** Figures of all epochs, of an evaluation, and outputs. */
async function run({ input, layers, options }: Job): Promise<number[]> {
  const model = new nb.Sequential([...layers(), new nb.Dense(CLASSES, { activation: "softmax" })], {
    inputShape: input,
    seed: 1,
  });
  const data = samplesOf(input);
  const history = await nb.fit(model, data, { epochs: 2, batchSize: 16, validation: data, ...options });
  const { metrics } = await nb.evaluateAsync(model, data, { metrics: ["f1"] });
  const outputs = await nb.predict(model, data.x).data();
  return [
    ...history.epochs.flatMap((e) => [e.loss, e.accuracy!, e.validationLoss!, e.validationAccuracy!]),
    ...Object.values(metrics),
    ...outputs.slice(0, 8),
  ].map(Number);
}

async function clean(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    collectStorages();
  }
}

describe.skipIf(noDevice !== undefined)(`trainings on the device${whyNoDevice}`, () => {
  const expected: number[][] = [];
  beforeAll(async () => {
    await clean();
    await nb.startEngine({ engine: "wasm", threads: 1 });
    for (const job of jobs) expected.push(await run(job));
    await clean();
    await nb.startEngine({ engine: "webgpu" });
  });
  afterAll(clean);

  test.each(jobs.map((job, i) => [job.name, i] as const))("%s", async (_, i) => {
    const actual = await run(jobs[i]);
    actual.forEach((value, k) => {
      expect(Math.abs(value - expected[i][k]), `figure ${k}`).toBeLessThanOrEqual(
        2e-4 * (1 + Math.abs(expected[i][k])),
      );
    });
  });

  test("a dataset's batches, one after the other, in training and in evaluation", async () => {
    const { x, y } = samplesOf([20]);
    const model = (): nb.Sequential =>
      new nb.Sequential([new nb.Dense(6, { activation: "tanh" }), new nb.Dense(CLASSES, { activation: "softmax" })], {
        inputShape: [20],
        seed: 1,
      });
    const options = { epochs: 2, optimizer: "sgd", learningRate: 0.1 } as const;
    const [whole, batches] = [model(), model()];
    const dataset = nb.Dataset.fromTensors({ x, y }).batch(16);
    const history = await nb.fit(whole, { x, y }, { ...options, batchSize: 16, shuffle: false });
    const again = await nb.fit(batches, dataset, { ...options, validation: dataset });
    again.epochs.forEach(({ loss, accuracy }, i) => {
      expect(loss).toBeCloseTo(history.epochs[i].loss, 5);
      expect(accuracy).toBeCloseTo(history.epochs[i].accuracy!, 5);
    });
    const { loss } = await nb.evaluateAsync(whole, { x, y });
    expect(again.epochs.at(-1)!.validationLoss).toBeCloseTo(loss, 5);
    expect((await nb.evaluateAsync(batches, dataset)).loss).toBeCloseTo(loss, 5);
  });

  test("steps are recorded and made again, and nothing of a step comes back but its figures", async () => {
    const model = new nb.Sequential(
      [new nb.Dense(8, { activation: "tanh" }), new nb.Dense(CLASSES, { activation: "softmax" })],
      {
        inputShape: [4],
        seed: 1,
      },
    );
    const trainer = new nb.Trainer(model, samplesOf([4]), { batchSize: 16 });
    await trainer.finishEpoch();
    expect(trainer.replaying).toEqual({ active: true, obstacle: null });
    const counts = (): { readBytes: number; submits: number } => (nb.engineStatus() as nb.WebGpuStatus).counts;
    const before = counts();
    await trainer.finishEpoch();
    const after = counts();
    // Of each of the six steps the loss, the 16 classes that were predicted, and how many labels are no class.
    expect(after.readBytes - before.readBytes).toBe(6 * (4 + 4 * 16 + 4));
    expect(() => trainer.takeStep()).toThrow(/await trainer.nextStep\(\)/);
    const info = await trainer.nextStep();
    expect(info?.loss).toBeGreaterThan(0);
    expect(trainer.state().step).toBe(1);
  });

  test("a loss that is not finite ends training, and the parameters are those before its step", async () => {
    const model = new nb.Sequential([new nb.Dense(1, { weights: "ones", bias: null })], { inputShape: [1] });
    const x = nb.tensor([[1], [2], [3], [Number.NaN], [5], [6], [7], [8]]);
    const trainer = new nb.Trainer(
      model,
      { x, y: nb.tensor([[2], [4], [6], [8], [10], [12], [14], [16]]) },
      {
        ...{ loss: "meanSquaredError", optimizer: "sgd", learningRate: 0.01, batchSize: 1, shuffle: false },
      },
    );
    const seen: number[] = [];
    await expect(trainer.finishEpoch(({ loss }) => seen.push(loss))).rejects.toThrow(
      /the loss became NaN at epoch 1, step 4; .*The data's x hold NaN/,
    );
    expect(seen.length).toBe(3);
    // w <- w - 0.01 * 2 (w x - 2 x) x for x = 1, 2, 3.
    let w = 1;
    for (const at of [1, 2, 3]) w -= 0.01 * 2 * (w * at - 2 * at) * at;
    expect((await model.parameters[0].tensor.data())[0]).toBeCloseTo(w, 5);
    expect(trainer.optimizer.iterations).toBe(3);
  });

  test("what is read at once has to be fetched before: a saved model is the same", async () => {
    const model = new nb.Sequential([new nb.Dense(3, { activation: "tanh" }), new nb.Dense(1)], {
      inputShape: [2],
      seed: 3,
    });
    const x = nb.tensor([
      [1, 2],
      [3, 4],
    ]);
    const before = await nb.predict(model, x).data();
    expect(() => model.parameters[0].tensor.mul(1).dataSync()).toThrow(/await tensor.data\(\), or call await prefetch/);
    await nb.prefetch(model.parameters.map(({ tensor }) => tensor));
    const again = nb.loadModel(nb.saveModel(model));
    expect(await nb.predict(again, x).data()).toEqual(before);
    expect(() => nb.evaluate(model, { x, y: nb.tensor([[1], [2]]) })).toThrow(/await evaluateAsync/);
  });

  test("what is written while a fetch waits is not taken for what it fetched", async () => {
    const x = nb.tensor([1, 2, 3]).mul(1);
    const waiting = nb.prefetch([x]);
    x.set([1], 7);
    await expect(waiting).rejects.toThrow("prefetch: tensors were computed while it waited");
    await nb.prefetch([x]);
    expect(x.toArray()).toEqual([1, 7, 3]);
  });
});
