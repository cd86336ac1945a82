// One file for a model or a whole run: gone on with to the same bits, refused with what to do where it does not fit.
import { describe, expect, test } from "vitest";
import {
  bestCheckpoint,
  csvLog,
  customLoss,
  Dense,
  Dropout,
  earlyStopping,
  fit,
  Generator,
  input,
  keep,
  Layer,
  type LayerConfig,
  loadModel,
  loadTraining,
  Model,
  Momentum,
  random,
  readSafetensors,
  registerLayer,
  runEpochs,
  type Samples,
  Sequential,
  type Shape,
  saveModel,
  saveTraining,
  schedule,
  type Tensor,
  Trainer,
  type TrainerOptions,
  tensor,
  transfer,
  writeSafetensors,
} from "../node.ts";
import { scope } from "../tensor/tensor.ts";

const data: Samples = keep(
  scope(() => {
    const x = random.normal([50, 3], 0, 1, { generator: new Generator(1) });
    return { x, y: x.sum(1).greater(0).cast("int32") };
  }),
);
const net = (): Sequential =>
  new Sequential([new Dense(6, { activation: "tanh" }), new Dropout(0.3), new Dense(2, { activation: "softmax" })], {
    inputShape: [3],
    seed: 3,
  });

const outcome = (trainer: Trainer): unknown => [
  trainer.state(),
  Object.entries(trainer.tensors()).map(([name, x]) => [name, Array.from(x.dataSync())]),
];

describe("saveTraining and loadTraining", () => {
  test.each<[string, TrainerOptions, TrainerOptions]>([
    ["defaults", {}, {}],
    [
      "weights and smoothing",
      { batchSize: 8, classWeights: [1, 2], labelSmoothing: 0.1, optimizer: new Momentum() },
      {},
    ],
    [
      "gathered and averaged, not shuffled",
      { batchSize: 4, accumulate: 3, averageDecay: 0.9, shuffle: false, clipNorm: 1 },
      {},
    ],
    [
      "a schedule, which is made again",
      { batchSize: 8, schedule: schedule.onPlateau(0.1, { patience: 1 }) },
      { schedule: schedule.onPlateau(0.1, { patience: 1 }) },
    ],
  ])("from one file to the same bits: %s", async (_, options, again) => {
    const whole = new Trainer(net(), data, options);
    await whole.finishEpoch();
    whole.takeStep();
    const bytes = saveTraining(whole, { metadata: { note: "half-way" } });
    const { trainer, model, records, metadata } = loadTraining(bytes, data, again);
    expect(trainer.model).toBe(model);
    expect(metadata).toEqual({ note: "half-way" });
    expect(records).toEqual([]);
    expect(outcome(trainer)).toEqual(outcome(whole));
    for (const each of [whole, trainer]) while (each.epoch < 3) await each.finishEpoch();
    expect(outcome(trainer)).toEqual(outcome(whole));
    expect(saveTraining(trainer, { metadata })).toEqual(saveTraining(whole, { metadata }));
  });

  test("the history comes along, and runEpochs goes on with it", async () => {
    const trainer = new Trainer(net(), data);
    const history = await runEpochs(trainer, { epochs: 2 });
    const loaded = loadTraining(saveTraining(trainer, { history }), data);
    expect(loaded.records).toEqual(history.epochs);
    const { epochs } = await runEpochs(loaded.trainer, { epochs: 3, records: loaded.records });
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  });

  test("loadModel reads it, too", () => {
    const trainer = new Trainer(net(), data);
    trainer.takeStep();
    const model = loadModel(saveTraining(trainer));
    expect(model.call(data.x).dataSync()).toEqual(trainer.model.call(data.x).dataSync());
  });

  const changed = (bytes: Uint8Array, metadata: Record<string, string>): Uint8Array => {
    const file = readSafetensors(bytes);
    return writeSafetensors(file.tensors, { ...file.metadata, ...metadata });
  };

  test("a newer version, a model without a run, and damage are told", () => {
    const bytes = saveTraining(new Trainer(net(), data));
    const newer = changed(bytes, { version: "2" });
    const expected =
      "model.st: was written by a newer Nabla, its version is 2 and this one reads up to 1; update Nabla";
    expect(() => loadModel(newer, "model.st")).toThrow(expected);
    expect(() => loadTraining(newer, data, {}, "model.st")).toThrow(expected);
    expect(() => loadModel(changed(bytes, { version: "x" }))).toThrow(/its version is "x"; the file is damaged/);
    expect(() => loadTraining(saveModel(net()), data)).toThrow(
      /holds no training run, only a model: loadModel reads it/,
    );
    expect(() => loadTraining(changed(bytes, { training: "{" }), data)).toThrow(/the training state is not JSON/);
    expect(() => loadTraining(changed(bytes, { training: "{}" }), data)).toThrow(
      /the training state's settings must be an object/,
    );
    expect(loadModel(changed(saveModel(net()), { version: "1" })).parameterCount).toBe(38);
  });

  test("what no file holds has to be given again", () => {
    const own = customLoss((p, t) => p.sub(t).square().mean(1), { name: "own" });
    const bytes = saveTraining(new Trainer(net(), data, { loss: own }));
    expect(() => loadTraining(bytes, data)).toThrow(
      /the run had a loss of its own for 2\.dense, which no file holds; give it again/,
    );
    expect(loadTraining(bytes, data, { loss: own }).trainer.loss).toBe(own);
    const scheduled = saveTraining(new Trainer(net(), data, { schedule: schedule.cosine(0.1, { length: 9 }) }));
    expect(() => loadTraining(scheduled, data)).toThrow(/the run had a learning-rate schedule \(cosine\)/);
    const groups = [{ match: /bias/, learningRateFactor: 2 }];
    const trainer = new Trainer(net(), data, { optimizer: new Momentum({ groups }) });
    expect(() => loadTraining(saveTraining(trainer), data)).toThrow(/parameter groups, which no file holds/);
    expect(loadTraining(saveTraining(trainer), data, { optimizer: new Momentum({ groups }) }).trainer.epoch).toBe(0);
  });

  test("a layer that is not registered says what to register", () => {
    class Halve extends Layer {
      readonly type = "trainingTestHalve";
      build(inputShape: Shape): Shape {
        return inputShape;
      }
      call(x: Tensor): Tensor {
        return x.mul(0.5);
      }
      config(): LayerConfig {
        return { type: this.type };
      }
    }
    const model = new Sequential([new Halve(), new Dense(2, { activation: "softmax" })], { inputShape: [3] });
    const bytes = saveTraining(new Trainer(model, data));
    expect(() => loadTraining(bytes, data)).toThrow(
      /A layer of your own has to be registered before: registerLayer\("trainingTestHalve", \(config\) => new/,
    );
    registerLayer("trainingTestHalve", () => new Halve());
    expect(loadTraining(bytes, data).model.layers[0].type).toBe("trainingTestHalve");
  });
});

describe("transfer", () => {
  const twoLayers = (units: number, seed: number, dtype?: "float64"): Model => {
    const x = input([3]);
    const outputs = new Dense(units, { name: "head" }).apply(new Dense(4, { name: "body" }).apply(x));
    return new Model({ inputs: x, outputs, seed, dtype });
  };

  test("fills what fits by name, and reports the rest", () => {
    const [from, to] = [twoLayers(5, 1), twoLayers(2, 2)];
    const head = to.weights()[2].toArray();
    expect(transfer(from, to)).toEqual({
      transferred: ["body.weights", "body.bias"],
      missing: [],
      unexpected: [],
      mismatched: [
        { name: "head.weights", from: [4, 5], to: [4, 2] },
        { name: "head.bias", from: [5], to: [2] },
      ],
      sources: { "body.weights": "body.weights", "body.bias": "body.bias" },
      notes: [],
    });
    expect(to.weights()[0].dataSync()).toEqual(from.weights()[0].dataSync());
    expect(to.weights()[2].toArray()).toEqual(head);
  });

  test("from a file, of another dtype, chosen by an expression or by a function that renames", () => {
    const from = twoLayers(2, 1);
    const file = readSafetensors(saveTraining(new Trainer(from, { x: data.x, y: data.y }, { loss: "quadratic" })));
    const to = twoLayers(2, 2, "float64");
    const { transferred, unexpected } = transfer(file, to, { match: /^head/g });
    expect([transferred, unexpected]).toEqual([["head.weights", "head.bias"], ["body.bias", "body.weights"].sort()]);
    const other = new Sequential([new Dense(4), new Dense(2, { name: "last" })], { inputShape: [3], seed: 5 });
    const match = (name: string): string | null => (name.startsWith("0.") ? null : name.replace("last", "head"));
    expect(transfer(from, other, { match }).transferred).toEqual(["last.weights", "last.bias"]);
    expect(transfer(from, other).missing).toEqual(["0.dense.weights", "0.dense.bias", "last.weights", "last.bias"]);
    expect(() => transfer({} as never, to)).toThrow(/transfer: needs a model, or what readSafetensors gives/);
  });
});

describe("callbacks that keep what was best, and a table", () => {
  /** Loss by epoch: down, up, down. */
  const rates = schedule.custom((epoch) => [0.1, 0.1, 3, 0.1, 0.1][epoch] ?? 0.1, { unit: "epoch" });
  const line = { x: tensor([[0], [1], [2]]), y: tensor([[0], [2], [4]]) };
  const how = { loss: "meanSquaredError", optimizer: "sgd", batchSize: 3, epochs: 5, schedule: rates } as const;
  const regressor = (): Sequential => new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });

  test("bestCheckpoint saves whenever the figure is better than ever", async () => {
    const saved: [number, number][] = [];
    const save = (bytes: Uint8Array, record: { epoch: number; loss: number }): void => {
      saved.push([record.epoch, loadTraining(bytes, line, { schedule: rates }).trainer.epoch]);
    };
    const history = await fit(regressor(), line, {
      ...how,
      callbacks: [bestCheckpoint({ save, content: "training" })],
    });
    const losses = history.epochs.map(({ loss }) => loss);
    const better = losses.flatMap((loss, i) => (losses.slice(0, i).every((before) => loss < before) ? [i + 1] : []));
    expect(better.length).toBeLessThan(5);
    expect(saved).toEqual(better.map((epoch) => [epoch, epoch]));
    expect(() => bestCheckpoint({ save: 3 } as never)).toThrow("bestCheckpoint: save must be a function, got 3");
    expect(() => bestCheckpoint({ save, monitor: "val_loss" as "loss" })).toThrow(/monitor must be one of/);
  });

  test("metrics can be watched: errors downwards, others upwards", async () => {
    const epochs: number[] = [];
    const watch = (monitor: "metrics.r2" | "metrics.meanAbsoluteError"): Promise<unknown> => {
      epochs.length = 0;
      const callbacks = [bestCheckpoint({ save: (_, { epoch }) => void epochs.push(epoch), monitor })];
      return fit(regressor(), line, { ...how, metrics: ["r2", "meanAbsoluteError"], callbacks });
    };
    await watch("metrics.r2");
    expect(epochs.length).toBeGreaterThan(1);
    const byR2 = [...epochs];
    await watch("metrics.meanAbsoluteError");
    expect(epochs[0]).toBe(byR2[0]);
    const stopping = earlyStopping({ monitor: "metrics.f1" });
    await expect(fit(regressor(), line, { ...how, metrics: ["r2"], callbacks: [stopping] })).rejects.toThrow(
      /the history has no metrics\.f1.*; it has loss, metrics\.r2/,
    );
  });

  test("csvLog writes names once, and goes on where a run goes on", async () => {
    const lines: string[] = [];
    const callbacks = [csvLog({ write: async (text) => void lines.push(text) })];
    const comma = { name: "a,b", sum: () => 0 };
    const history = await fit(regressor(), line, { ...how, epochs: 2, metrics: [comma], callbacks });
    expect(lines[0]).toBe('epoch,loss,learningRate,seconds,samplesPerSecond,"metrics.a,b"');
    expect(lines[2].split(",").slice(0, 3)).toEqual(["2", String(history.epochs[1].loss), "0.1"]);
    const trainer = new Trainer(regressor(), line, { loss: "huber" });
    await runEpochs(trainer, { epochs: 1, callbacks, records: history.epochs, metrics: [comma] });
    expect(lines).toHaveLength(4);
    expect(lines[3].startsWith("1,")).toBe(true);
  });
});
