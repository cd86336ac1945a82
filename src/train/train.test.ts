// Training: what fit reports and guarantees, whatever the model.
import { describe, expect, test } from "vitest";
import * as nb from "../node.ts";
import {
  Dense,
  Dropout,
  earlyStopping,
  evaluate,
  fit,
  Generator,
  memory,
  predict,
  random,
  type Samples,
  Sequential,
  scope,
  Trainer,
  tensor,
} from "../node.ts";
import { keep } from "../tensor/tensor.ts";
import { LOSSES, lossFor } from "./losses.ts";

/** Points in a square; class 1 inside a circle. */
function circle(n: number, seed = 1): Samples {
  return keep(
    scope(() => {
      const x = random.uniform([n, 2], -1, 1, { generator: new Generator(seed) });
      return { x, y: x.square().sum(1).less(0.5).cast("int32") };
    }),
  );
}

const network = (seed = 1, dropout = 0): Sequential =>
  new Sequential(
    [
      new Dense(12, { activation: "tanh" }),
      ...(dropout > 0 ? [new Dropout(dropout)] : []),
      new Dense(2, { activation: "softmax" }),
    ],
    { inputShape: [2], seed },
  );

describe("fit", () => {
  test("learns, and the history tells how", async () => {
    const model = network();
    const data = circle(600);
    const history = await fit(model, data, { epochs: 40, learningRate: 0.02, validationSplit: 0.2 });
    expect(history.ended).toBe("finished");
    expect(history.epochs.map((epoch) => epoch.epoch)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const last = history.epochs.at(-1)!;
    expect(last.loss).toBeLessThan(history.epochs[0].loss / 2);
    expect(last.validationAccuracy).toBeGreaterThan(0.85);
    expect(last.learningRate).toBe(0.02);
    expect(evaluate(model, data).accuracy).toBeGreaterThan(0.88);
  });

  test.each(["float32", "float64"] as const)("every loss, in %s, goes down", async (dtype) => {
    const data = circle(200);
    for (const loss of LOSSES) {
      const classes = loss === "softmaxCrossEntropy";
      const model = new Sequential(
        [
          new Dense(8, { activation: "tanh" }),
          // Means, and logarithms of variances, of two values.
          loss === "gaussian" ? new Dense(4) : new Dense(2, { activation: classes ? "softmax" : "sigmoid" }),
        ],
        { inputShape: [2], seed: 1, dtype },
      );
      const samples = loss === "gaussian" ? { x: data.x, y: data.x } : data;
      const history = await fit(model, samples, { epochs: 8, loss, learningRate: 0.02 });
      expect(history.epochs.at(-1)!.loss, loss).toBeLessThan(history.epochs[0].loss);
    }
  });

  test("regression: targets are values, one output", async () => {
    const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
    const x = nb.linspace(0, 1, 64).reshape([64, 1]);
    await fit(model, { x, y: x.mul(2).add(1) }, { epochs: 200, loss: "meanSquaredError", learningRate: 0.05 });
    expect(predict(model, tensor([[0.5]])).item()).toBeCloseTo(2, 2);
  });

  test("a loss that starts from logits equals the same loss of the outputs", () => {
    scope(() => {
      const z = random.normal([6, 3], 0, 1, { dtype: "float64", generator: new Generator(3) });
      const labels = tensor([0, 1, 2, 0, 1, 2], "int32");
      const values = nb.oneHot(labels, 3, "float64");
      const entropy = lossFor("crossEntropy");
      expect(entropy.fromLogits!.compute(z, values).item()).toBeCloseTo(
        entropy.compute(z.sigmoid(), values).item(),
        10,
      );
      const soft = lossFor("softmaxCrossEntropy");
      expect(soft.fromLogits!.compute(z, labels).item()).toBeCloseTo(soft.compute(z.softmax(), labels).item(), 10);
      expect(soft.compute(z.softmax(), values).item()).toBeCloseTo(soft.compute(z.softmax(), labels).item(), 10);
    });
  });

  test("the same seeds give the same bits, other seeds do not", async () => {
    const run = async (seed: number): Promise<ArrayLike<number>> => {
      const model = network(1, 0.2);
      await fit(model, circle(100), { epochs: 3, batchSize: 10, seed });
      return model.block.values.dataSync();
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });

  test("memory stays flat over 100,000 steps", async () => {
    const model = new Sequential([new Dense(2, { activation: "sigmoid" })], { inputShape: [1], seed: 1 });
    const data = { x: tensor([[0], [1], [2], [3]]), y: tensor([0, 1, 0, 1], "int32") };
    const trainer = new Trainer(model, data, {
      loss: lossFor("quadratic"),
      optimizer: new nb.Adam(),
      batchSize: 1,
      shuffle: false,
      seed: 0,
    });
    const steps = async (epochs: number): Promise<void> => {
      for (let i = 0; i < epochs; i++) await trainer.finishEpoch();
    };
    await steps(10);
    const before = memory();
    await steps(25_000);
    expect(memory().tensors).toBe(before.tensors);
    expect(memory().bytes).toBe(before.bytes);
    expect(memory().heldBytes).toBe(before.heldBytes);
  });

  test("a step past the end of an epoch is the first of the next", async () => {
    const make = () =>
      new Trainer(network(2, 0.3), circle(25), { loss: lossFor("softmaxCrossEntropy"), batchSize: 10, seed: 4 });
    const [stepwise, epochwise] = [make(), make()];
    for (let i = 0; i < 3; i++) stepwise.takeStep();
    expect([stepwise.epoch, stepwise.step]).toEqual([0, 3]);
    const { epoch, step, seen } = stepwise.takeStep();
    expect([epoch, step, seen, stepwise.epoch]).toEqual([1, 0, 10, 1]);
    for (let i = 0; i < 5; i++) stepwise.takeStep();
    for (let i = 0; i < 3; i++) await epochwise.finishEpoch();
    for (const [name, values] of Object.entries(epochwise.tensors()))
      expect([...stepwise.tensors()[name].dataSync()]).toEqual([...values.dataSync()]);
  });

  test("stopped in the middle of an epoch and restored, a run goes on to the same bits", async () => {
    const data = circle(130);
    const make = (): { model: Sequential; trainer: Trainer } => {
      const model = network(2, 0.3);
      const optimizer = nb.optimizerByName("adam", { learningRate: 0.01 });
      return {
        model,
        trainer: new Trainer(model, data, {
          loss: lossFor("softmaxCrossEntropy"),
          optimizer,
          batchSize: 10,
          shuffle: true,
          seed: 4,
        }),
      };
    };
    const whole = make();
    for (let i = 0; i < 3; i++) await whole.trainer.finishEpoch();

    const first = make();
    await first.trainer.finishEpoch();
    for (let i = 0; i < 5; i++) first.trainer.takeStep();
    const state = JSON.parse(JSON.stringify(first.trainer.state()));
    const file = nb.readSafetensors(nb.writeSafetensors(first.trainer.tensors()));

    const second = make();
    second.trainer.restore(state, file.tensors);
    expect(second.trainer.epoch).toBe(1);
    const result = await second.trainer.finishEpoch();
    const last = await second.trainer.finishEpoch();
    expect(second.model.block.values.dataSync()).toEqual(whole.model.block.values.dataSync());
    expect(result!.loss).toBeGreaterThan(last!.loss);
  });

  test("callbacks see every step and epoch, and can stop", async () => {
    const seen: string[] = [];
    const history = await fit(network(), circle(40), {
      epochs: 5,
      batchSize: 20,
      callbacks: [
        {
          onStart: () => void seen.push("start"),
          onEpochStart: (epoch) => void seen.push(`epoch ${epoch}`),
          onStep: (info) => void seen.push(`step ${info.step + 1}/${info.steps}`),
          onEpochEnd: (record, context) => {
            seen.push(`done ${record.epoch}`);
            if (record.epoch === 2) context.stop();
          },
          onEnd: () => void seen.push("end"),
        },
      ],
    });
    expect(history.ended).toBe("stopped");
    expect(seen).toEqual([
      "start",
      "epoch 1",
      "step 1/2",
      "step 2/2",
      "done 1",
      "epoch 2",
      "step 1/2",
      "step 2/2",
      "done 2",
      "end",
    ]);
  });

  test("an error is told to callbacks, whatever they do with it, and is what fit throws", async () => {
    const seen: string[] = [];
    const training = fit(network(), circle(40), {
      epochs: 5,
      callbacks: [
        {
          onError: () => {
            seen.push("first");
            throw new Error("of the callback");
          },
        },
        {
          onEpochEnd: ({ epoch }) => {
            if (epoch === 2) throw new Error("the disk is full");
          },
          onEnd: () => void seen.push("end"),
          onError: (error, { history }) => void seen.push(`${(error as Error).message} after ${history.epochs.length}`),
        },
      ],
    });
    await expect(training).rejects.toThrow("the disk is full");
    expect(seen).toEqual(["first", "the disk is full after 2"]);
  });

  test("a signal ends it after the current step", async () => {
    const controller = new AbortController();
    let steps = 0;
    const history = await fit(network(), circle(40), {
      epochs: 5,
      batchSize: 10,
      signal: controller.signal,
      callbacks: [{ onStep: () => void (++steps === 6 && controller.abort()) }],
    });
    expect(history.ended).toBe("interrupted");
    expect(steps).toBe(6);
    expect(history.epochs).toHaveLength(1);
  });

  test("early stopping: no improvement in n epochs", async () => {
    const history = await fit(network(), circle(60), {
      epochs: 50,
      learningRate: 0,
      validationSplit: 20,
      callbacks: [earlyStopping({ patience: 3 })],
    });
    expect(history.epochs).toHaveLength(4);
    expect(history.ended).toBe("stopped");
  });

  test("a schedule sets the learning rate before every step, and can end training", async () => {
    const rates: number[] = [];
    const options = {
      epochs: 4,
      batchSize: 20,
      callbacks: [
        {
          onStep: (_: unknown, context: { optimizer: { learningRate: number } }) =>
            void rates.push(context.optimizer.learningRate),
        },
      ],
    };
    await fit(network(), circle(40), { ...options, schedule: nb.schedule.stepwise(0.08, { every: 2, factor: 0.5 }) });
    expect(rates).toEqual([0.08, 0.08, 0.08, 0.08, 0.04, 0.04, 0.04, 0.04]);
    const history = await fit(network(), circle(40), {
      epochs: 100,
      schedule: nb.schedule.halving(1e-9, { patience: 1, limit: 4 }),
    });
    expect(history.ended).toBe("stopped");
    expect(history.epochs.length).toBeLessThan(100);
  });

  test("a loss that is not finite stops at that step, before the update", async () => {
    const model = network();
    const before = model.block.values.dataSync();
    const data = { x: tensor([[Number.NaN, 1]]), y: tensor([0], "int32") };
    await expect(fit(model, data, { learningRate: 0.5 })).rejects.toThrow(
      /the loss became NaN at epoch 1, step 1;.*The data's x hold NaN or infinite values/,
    );
    expect(model.block.values.dataSync()).toEqual(before);
  });
});

test("many short trainings, each awaited, let what is left behind be given back", async () => {
  const data = circle(10);
  let highest = 0;
  for (let i = 0; i < 80; i++) {
    nb.zeros([2048, 2048]); // 16 MiB that nobody keeps
    await fit(network(), data, { epochs: 1 });
    highest = Math.max(highest, memory().bytes);
  }
  expect(highest).toBeLessThan(800 * 2 ** 20);
});

describe("evaluate and predict", () => {
  test("batches do not change the result", () => {
    const model = network();
    const data = circle(105);
    const [small, large] = [7, 1000].map((batchSize) => evaluate(model, data, { batchSize }));
    expect(small.accuracy).toBe(large.accuracy);
    expect(small.loss).toBeCloseTo(large.loss, 6);
    expect(predict(model, data.x, { batchSize: 8 }).dataSync()).toEqual(predict(model, data.x).dataSync());
  });

  test("the confusion matrix counts every sample once", () => {
    const counts = nb.confusionMatrix(network(), circle(50));
    expect(counts.flat().reduce((a, b) => a + b, 0)).toBe(50);
  });

  test("metrics are means over samples, and go with the history", async () => {
    const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [1] });
    const data = { x: tensor([[1], [2], [3]]), y: tensor([[1], [1], [7]]) };
    const { metrics, accuracy } = evaluate(model, data, {
      loss: "meanSquaredError",
      batchSize: 2,
      metrics: [
        "meanSquaredError",
        "rootMeanSquaredError",
        "meanAbsoluteError",
        { name: "largest", sum: ({ outputs }) => outputs.max().item() },
      ],
    });
    expect(metrics).toEqual({
      meanSquaredError: 17 / 3,
      rootMeanSquaredError: Math.sqrt(17 / 3),
      meanAbsoluteError: 5 / 3,
      largest: 5 / 3,
    });
    expect(accuracy).toBeNaN();
    expect(() => evaluate(model, data, { loss: "meanSquaredError", metrics: ["accuracy"] })).toThrow(
      /targets are values, not classes/,
    );
    expect(() => evaluate(model, data, { metrics: ["f2" as "accuracy"] })).toThrow(
      /unknown name "f2" \(did you mean f1\?\); use one of accuracy/,
    );
    const history = await fit(network(), circle(40), { metrics: ["accuracy", "top5Accuracy"], validationSplit: 10 });
    const [epoch] = history.epochs;
    expect(epoch.metrics).toEqual({ accuracy: epoch.validationAccuracy, top5Accuracy: 1 });
  });

  test("errors name what does not fit", async () => {
    const model = network();
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    await expect(fit(model, { x, y: tensor([1], "int32") })).rejects.toThrow(
      /x \(2, 2\) and y \(1,\) must hold the same number of samples/,
    );
    await expect(fit(model, { x, y: tensor([1, 0], "int32") }, { epochs: -1 })).rejects.toThrow(
      /fit: epochs must be a whole number of at least 0, got -1/,
    );
    await expect(fit(model, { x, y: tensor([1, 0], "int32") }, { batchSize: 0 })).rejects.toThrow(
      /fit: batchSize must be a whole number of at least 1, got 0/,
    );
    await expect(fit(model, { x, y: tensor([1, 2], "int32") })).rejects.toThrow(
      /class index 2 at position \d is not in 0 to 1/,
    );
    await expect(fit(model, { x, y: tensor([1, 0], "int32") }, { validationSplit: 2 })).rejects.toThrow(
      /of 2 samples, 2 can't be held out/,
    );
    await expect(fit(model, { x, y: tensor([1, 0], "int32") }, { loss: "magic" as "huber" })).rejects.toThrow(
      /loss: unknown name "magic"; use one of quadratic/,
    );
    await expect(fit(model, { x: tensor([[1, 2, 3]]), y: tensor([1], "int32") })).rejects.toThrow(
      /inputs must have shape \(n, 2\), got \(1, 3\)/,
    );
    expect(() => evaluate(model, { x: nb.zeros([0, 2]), y: nb.zeros([0], "int32") })).toThrow(/there are no samples/);
  });
});

test("epochs that are over at once let waiting events have their turn, too", async () => {
  const model = new Sequential([new Dense(1)], { inputShape: [3], seed: 1 });
  const x = random.normal([16, 3], 0, 1);
  // A timer ends it: without a turn it would go on for long.
  const ending = new AbortController();
  setTimeout(() => ending.abort(), 50);
  const options = { batchSize: 16, epochs: 200_000, loss: "meanSquaredError" } as const;
  await fit(model, { x, y: x.sum(1, true) }, { ...options, signal: ending.signal }).catch(() => undefined);
  expect(ending.signal.aborted).toBe(true);
});
