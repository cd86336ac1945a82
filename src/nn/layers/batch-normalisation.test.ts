// The layer: batch statistics while training, running ones afterwards, and state that goes where the model goes.
import { describe, expect, test } from "vitest";
import {
  Adam,
  BatchNormalization,
  backward,
  Dense,
  expectGradients,
  Generator,
  loadModel,
  lossFor,
  type Model,
  type Parameter,
  random,
  readSafetensors,
  Sequential,
  SGD,
  saveModel,
  scope,
  type Tensor,
  Trainer,
  tensor,
  writeSafetensors,
} from "../../node.ts";

const context = { training: true, generator: new Generator(0) };

function named(model: Model, ending: string): Parameter {
  return model.parameters.find(({ name }) => name.endsWith(ending))!;
}

function values(x: Tensor): number[] {
  return Array.from(x.dataSync());
}

describe("training and evaluation", () => {
  const x = tensor([
    [1, 10],
    [3, 14],
  ]);

  test("while training, y = gamma (x - mean) / sqrt(variance + epsilon) + beta over the batch", () => {
    const model = new Sequential([new BatchNormalization({ epsilon: 0 })], { inputShape: [2] });
    named(model, "gamma").assign(tensor([1, 2]));
    named(model, "beta").assign(tensor([0, 5]));
    expect(model.call(x, { training: true }).toArray()).toEqual([
      [-1, 3],
      [1, 7],
    ]);
  });

  test("running = momentum running + (1 - momentum) batch, from mean 0 and variance 1", () => {
    const model = new Sequential([new BatchNormalization({ momentum: 0.75 })], { inputShape: [2], dtype: "float64" });
    const wide = x.cast("float64");
    model.call(wide, { training: true });
    expect(values(named(model, "runningMean").tensor)).toEqual([0.5, 3]);
    expect(values(named(model, "runningVariance").tensor)).toEqual([1, 1.75]);
    model.call(wide, { training: true });
    expect(values(named(model, "runningMean").tensor)).toEqual([0.875, 5.25]);
  });

  test("evaluation uses the running statistics and leaves them alone", () => {
    const model = new Sequential([new BatchNormalization({ epsilon: 0 })], { inputShape: [2] });
    expect(model.call(x).toArray()).toEqual(x.toArray());
    named(model, "runningMean").assign(tensor([1, 10]));
    named(model, "runningVariance").assign(tensor([4, 16]));
    expect(model.call(x).toArray()).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(values(named(model, "runningMean").tensor)).toEqual([1, 10]);
  });

  test("images are normalised channel by channel: [n, channels, height, width]", () => {
    const model = new Sequential([new BatchNormalization()], { inputShape: [2, 3, 3] });
    const images = random.normal([4, 2, 3, 3], 7, 3, { generator: new Generator(1) });
    const y = model.call(images, { training: true });
    expect(model.parameterCount).toBe(4);
    for (const channel of [0, 1]) {
      const part = y.swapAxes(0, 1).get(channel);
      expect(part.mean().item()).toBeCloseTo(0, 5);
      expect(part.variance().item()).toBeCloseTo(1, 4);
    }
  });
});

describe("gradients in float64", () => {
  test.each([[[3]], [[2, 2, 3]]])("through a batch of inputs of shape %j, and by gamma and beta", (inputShape) => {
    scope(() => {
      const layer = new BatchNormalization();
      new Sequential([layer], { inputShape, seed: 3, dtype: "float64" });
      const normal = (seed: number) =>
        random.normal([4, ...inputShape], 0, 1, { dtype: "float64", generator: new Generator(seed) });
      const [x, weight] = [normal(4), normal(5)];
      for (const training of [true, false]) {
        const call = (input: Tensor): Tensor =>
          layer
            .call(input, { ...context, training })
            .mul(weight)
            .sum();
        expectGradients(call, [x]);
        for (const parameter of layer.parameters.filter(({ trainable }) => trainable)) {
          const before = parameter.tensor;
          const moved = (p: Tensor): Tensor => {
            parameter.place(p);
            const y = call(x);
            parameter.place(before);
            return y;
          };
          expectGradients(moved, [before.clone()]);
        }
      }
    });
  });

  test("a graph made with running statistics that training changed since is refused, not wrong", () => {
    const model = new Sequential([new BatchNormalization()], { inputShape: [1] });
    const x = tensor([[1], [2]]).requireGradient();
    const y = model.call(x).sum();
    model.call(tensor([[5], [9]]), { training: true });
    expect(() => backward(y)).toThrow(/batchNormInference was overwritten/);
  });
});

describe("state that is not trained", () => {
  const layers = () => [new Dense(4, { activation: "tanh" }), new BatchNormalization({ momentum: 0.8 }), new Dense(1)];
  const data = () => {
    const x = random.normal([24, 3], 2, 1, { generator: new Generator(7) });
    return { x, y: x.sum(1, true) };
  };
  const trainerOf = (model: Sequential, optimizer = new Adam({ learningRate: 0.01 })): Trainer =>
    new Trainer(model, data(), {
      ...{ loss: lossFor("meanSquaredError"), optimizer, batchSize: 8, shuffle: true, seed: 2 },
    });

  test("counts as no trainable parameter, is in no block, and no optimiser moves it", () => {
    const model = new Sequential(layers(), { inputShape: [3] });
    expect(model.parameterCount).toBe(16 + 8 + 5);
    expect(model.trainableVariables).toHaveLength(6);
    expect(model.parameters).toHaveLength(8);
    expect(model.summaryRows().map(({ parameters }) => parameters)).toEqual([16, 8, 5]);
    const before = values(named(model, "runningMean").tensor);
    backward(model.call(data().x).sum());
    new SGD({ learningRate: 1, weightDecay: 0.5 }).step(model.block);
    expect(values(named(model, "runningMean").tensor)).toEqual(before);
    expect(named(model, "runningMean").tensor.gradient).toBeNull();
  });

  test("weights are drawn the same with and without the layer", () => {
    const plain = new Sequential([new Dense(4), new Dense(1)], { inputShape: [3], seed: 5 });
    const normalised = new Sequential([new Dense(4), new BatchNormalization(), new Dense(1)], {
      ...{ inputShape: [3], seed: 5 },
    });
    expect(values(normalised.parameters[0].tensor)).toEqual(values(plain.parameters[0].tensor));
    expect(values(normalised.parameters.at(-2)!.tensor)).toEqual(values(plain.parameters[2].tensor));
  });

  test("is saved and loaded with the model", async () => {
    const model = new Sequential(layers(), { inputShape: [3], seed: 1 });
    await trainerOf(model).finishEpoch();
    const bytes = saveModel(model);
    expect(Object.keys(readSafetensors(bytes).tensors)).toContain("1.batchNormalization.runningVariance");
    const again = loadModel(bytes);
    expect(again.config()).toEqual(model.config());
    const { x } = data();
    expect(again.call(x).toArray()).toEqual(model.call(x).toArray());
    expect(values(named(again, "runningMean").tensor)).not.toEqual([0, 0, 0, 0]);
  });

  test("a run that goes on from a checkpoint ends with the same bits", async () => {
    const whole = new Sequential(layers(), { inputShape: [3], seed: 1 });
    const trainer = trainerOf(whole);
    trainer.takeStep();
    trainer.takeStep();
    const state = trainer.state();
    // As a checkpoint is written and read.
    const saved = readSafetensors(writeSafetensors(trainer.tensors(), {})).tensors;
    await trainer.finishEpoch();
    const other = new Sequential(layers(), { inputShape: [3], seed: 99 });
    const resumed = trainerOf(other);
    resumed.restore(state, saved);
    await resumed.finishEpoch();
    expect(Object.keys(saved)).toContain("1.batchNormalization.runningMean");
    whole.parameters.forEach((parameter, i) => {
      expect(values(other.parameters[i].tensor), parameter.name).toEqual(values(parameter.tensor));
    });
  });

  test("settings out of range and inputs without channels are refused", () => {
    expect(() => new BatchNormalization({ momentum: 1 })).toThrow(/momentum must be at least 0 and below 1, got 1/);
    expect(() => new BatchNormalization({ epsilon: -1 })).toThrow(
      /epsilon must be a finite number of at least 0, got -1/,
    );
    expect(() => new Sequential([new BatchNormalization()], { inputShape: [] })).toThrow(
      /needs inputs with a channels/,
    );
  });
});
