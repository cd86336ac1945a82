// Filters, feature maps, mistakes, ensembles, dead units and distributions, on models whose numbers are known by hand.
import { describe, expect, test } from "vitest";
import {
  Activation,
  Add,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Dense,
  Dropout,
  Flatten,
  grad,
  input,
  MaxPooling2D,
  Model,
  network3,
  ones,
  Reshape,
  resnet,
  Sequential,
  type Tensor,
  tensor,
  zeros,
} from "../index.ts";
import {
  activationDistributions,
  deadUnits,
  distributionOf,
  ensemble,
  ensembleMistakes,
  featureMaps,
  filters,
  gradientDistributions,
  layerOutputs,
  mistakes,
  mistakesIn,
  pictureOf,
} from "./index.ts";

const count = (shape: readonly number[]): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(Array.from({ length: size }, (_, i) => i)).reshape([...shape]);
};

describe("filters", () => {
  test("of convolutions are their windows, of every channel", () => {
    const conv = new Conv2D(2, [1, 2], { weights: () => count([2, 3, 1, 2]) });
    const model = new Sequential([conv, new Flatten(), new Dense(2)], { inputShape: [3, 4, 4] });
    const found = filters(model);
    expect(found).toMatchObject({ layer: "0.conv2d", type: "conv2d", channels: 3, height: 1, width: 2 });
    expect(found.filters.map((values) => [...values])).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ]);
  });

  test("of transposed convolutions have the filter's axis second; over time the height is 1", () => {
    const up = new Conv2DTranspose(2, 1, {
      weights: () =>
        tensor([
          [[[1]], [[2]]],
          [[[3]], [[4]]],
        ]),
    });
    const { filters: all } = filters(new Sequential([up], { inputShape: [2, 3, 3] }));
    expect(all.map((values) => [...values])).toEqual([
      [1, 3],
      [2, 4],
    ]);
    const time = filters(
      new Sequential([new Conv1D(2, 3, { weights: () => count([2, 4, 3]) })], { inputShape: [9, 4] }),
    );
    expect(time).toMatchObject({ channels: 4, height: 1, width: 3 });
    expect([...time.filters[1].slice(0, 3)]).toEqual([12, 13, 14]);
  });

  test("of a dense layer are pictures of its inputs", () => {
    const weights = () =>
      tensor([
        [1, 10],
        [2, 20],
        [3, 30],
        [4, 40],
      ]);
    const model = new Sequential([new Dense(2, { weights })], { inputShape: [4] });
    expect(filters(model)).toMatchObject({ channels: 1, height: 2, width: 2, type: "dense" });
    expect([...filters(model).filters[1]]).toEqual([10, 20, 30, 40]);
    expect(filters(model, { picture: [1, 4] })).toMatchObject({ height: 1, width: 4 });
    expect(() => filters(model, { picture: [3, 2] })).toThrow("of the 4 inputs of 0.dense, got [3, 2]");
  });

  test("are found in models within models, and what has none says which have", () => {
    const model = new Sequential([new Reshape([1, 28, 28]), network3({ seed: 1 })], { inputShape: [784] });
    expect(filters(model).layer).toBe("1.sequential.0.conv2d");
    expect(filters(model, { layer: "1.sequential.2.conv2d" })).toMatchObject({ channels: 20, height: 5, width: 5 });
    expect(pictureOf(model)).toEqual([1, 28, 28]);
    expect(() => filters(model, { layer: "0.reshape" })).toThrow(
      'layer "0.reshape" has no filters; those that have are 1.sequential.0.conv2d, 1.sequential.2.conv2d',
    );
    expect(() => filters(model, { layer: "conv" })).toThrow(
      'has no layer "conv"; it has 0.reshape, 1.sequential.0.conv2d',
    );
    expect(() => filters(new Sequential([new Flatten()], { inputShape: [2, 2] }))).toThrow(
      "no layer of the model has filters",
    );
  });

  test("of a residual network by name, in colour", () => {
    const model = resnet(18, { inputShape: [3, 16, 16], classes: 5, stem: "small" });
    expect(filters(model)).toMatchObject({ channels: 3, height: 3, width: 3 });
  });
});

describe("layerOutputs and featureMaps", () => {
  test("are what upTo gives, for every layer of a graph with a shared one", () => {
    const x = input([3]);
    const shared = new Dense(3, { name: "shared", weights: "ones" });
    const sum = new Add({ name: "sum" }).apply([shared.apply(x), shared.apply(shared.apply(x))]);
    const model = new Model({ inputs: x, outputs: sum });
    const found = layerOutputs(model, tensor([[1, 1, 1]]));
    expect(found.map(({ layer }) => layer).sort()).toEqual(["shared", "shared#2", "shared#3", "sum"]);
    expect(found.at(-1)!.output.toArray()).toEqual(model.call(tensor([[1, 1, 1]])).toArray());
  });

  test("agree with the model's own run on a residual network, whatever the batches", () => {
    const model = resnet(18, { inputShape: [3, 8, 8], classes: 4, stem: "small", seed: 2 });
    const x = count([3, 3, 8, 8]).div(576);
    const all = layerOutputs(model, x, { batchSize: 2 });
    expect(all.at(-1)!.output.sub(model.call(x)).abs().max().item()).toBeLessThan(1e-6);
    expect(all.length).toBeGreaterThan(40);
  });

  test("give maps of pictures, curves of sequences, and of rows when asked", () => {
    const conv = new Conv2D(2, 2, { weights: "ones" });
    const model = new Sequential([conv, new Dropout(0.5), new MaxPooling2D(), new Flatten(), new Dense(2)], {
      inputShape: [1, 3, 3],
    });
    const x = count([2, 1, 3, 3]);
    const maps = featureMaps(model, x, { sample: 1 });
    expect(maps.map(({ layer }) => layer)).toEqual(["0.conv2d", "2.maxPooling2d"]);
    // 9 + 10 + 12 + 13, and so on.
    expect([...maps[0].maps[0]]).toEqual([44, 48, 56, 60]);
    expect(maps[1]).toMatchObject({ height: 1, width: 1 });
    expect(featureMaps(model, x, { layers: "4.dense" })[0]).toMatchObject({ height: 1, width: 2 });
    const time = new Sequential([new Conv1D(2, 1, { weights: () => tensor([[[1]], [[2]]]) })], { inputShape: [3, 1] });
    expect(featureMaps(time, tensor([[[1], [2], [3]]]))[0].maps.map((map) => [...map])).toEqual([
      [1, 2, 3],
      [2, 4, 6],
    ]);
    expect(() => featureMaps(model, x, { sample: 2 })).toThrow("there is no sample 2 in a batch of 2");
  });
});

describe("mistakes", () => {
  test("are sorted by loss, confidence or place, and cut", () => {
    const outputs = tensor([
      [0.9, 0.1],
      [0.6, 0.4],
      [0.2, 0.8],
      [0.99, 0.01],
    ]);
    const labels = [1, 1, 1, 1];
    const by = (order: "loss" | "confidence" | "index", most?: number) =>
      mistakesIn(outputs, labels, { order, ...(most && { most }) }).map(({ index }) => index);
    expect([by("loss"), by("confidence", 2), by("index")]).toEqual([
      [3, 0, 1],
      [3, 0],
      [0, 1, 3],
    ]);
    expect(mistakesIn(outputs, labels)[0].loss).toBeCloseTo(-Math.log(0.01), 5);
  });

  test("read sigmoid outputs as shares, one output as the probability of class 1, and bare outputs through softmax", () => {
    expect(mistakesIn(tensor([[0.2, 0.6]]), [0])[0].probabilities.map((p) => p.toFixed(2))).toEqual(["0.25", "0.75"]);
    const [one] = mistakesIn(tensor([[0.75]]), [0]);
    expect([one.answer, one.confidence]).toEqual([1, 0.75]);
    const bare = new Sequential([new Dense(2, { weights: () => tensor([[0, 1]]) })], { inputShape: [1] });
    const [found] = mistakes(bare, { x: tensor([[2]]), y: tensor([0], "int32") });
    expect(found.confidence).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
    expect(() => mistakesIn(tensor([[-1, 2]]), [0])).toThrow("give them after softmax or sigmoid");
  });
});

describe("ensembles", () => {
  /** Answers class 0 with probability p for x = 1. */
  const sure = (p: number): Sequential =>
    new Sequential([new Dense(2, { weights: () => tensor([[Math.log(p), Math.log(1 - p)]]), activation: "softmax" })], {
      inputShape: [1],
    });
  const x = tensor([[1]]);

  test("vote and mean may differ: two of three are for 0, the third is surer of 1", () => {
    const models = [sure(0.6), sure(0.6), sure(0.01)];
    expect(ensemble(models, x).answers).toEqual([0]);
    expect(ensemble(models, x).agreement[0]).toBeCloseTo(2 / 3, 12);
    expect(ensemble(models, x, { by: "mean" }).answers).toEqual([1]);
    expect(ensemble(models, x).probabilities.get(0, 0).item()).toBeCloseTo(1.21 / 3, 5);
  });

  test("equally many votes are decided by the mean", () => {
    expect(ensemble([sure(0.6), sure(0.01)], x).answers).toEqual([1]);
    expect(ensemble([sure(0.9), sure(0.4)], x).answers).toEqual([0]);
  });

  test("errors: each model's, those of all, disagreements", () => {
    const data = { x, y: tensor([1], "int32") };
    const found = ensembleMistakes([sure(0.6), sure(0.7), sure(0.2)], data);
    expect(found).toMatchObject({ wrongByModel: [1, 1, 0], wrongByAll: [], disagreements: [0] });
    expect(found.mistakes[0]).toMatchObject({ index: 0, label: 1, answer: 0, answers: [0, 0, 1] });
    expect(found.mistakes[0].confidence).toBeCloseTo(0.5, 6);
    expect(ensembleMistakes([sure(0.6)], data).wrongByAll).toEqual([0]);
    expect(() => ensemble([], x)).toThrow("needs at least one model");
    const three = new Sequential([new Dense(3, { activation: "softmax" })], { inputShape: [1] });
    expect(() => ensemble([sure(0.5), three], x)).toThrow("model 0 tells 2 classes and model 1 tells 3");
  });
});

describe("deadUnits", () => {
  test("are channels and neurons that never change", () => {
    const weights = () => tensor([[[[1]]], [[[-1]]]]);
    const model = new Sequential(
      [new Conv2D(2, 1, { weights, activation: "relu" }), new Flatten(), new Dense(1), new Activation("relu")],
      { inputShape: [1, 1, 2] },
    );
    const found = deadUnits(model, tensor([[[[1, 2]]], [[[0, 4]]]]), { layers: ["0.conv2d"], batchSize: 1 });
    expect(found).toEqual([{ layer: "0.conv2d", type: "conv2d", units: 2, dead: [1], active: [0.75, 0] }]);
    expect(() => deadUnits(model, zeros([1, 1, 1, 2]))).toThrow("at least two samples");
  });
});

describe("distributions", () => {
  test("count what is not finite apart, and make one bar of equal numbers", () => {
    const d = distributionOf("x", tensor([1, Number.NaN, 3, Number.POSITIVE_INFINITY]), { bins: 2 });
    expect(d).toMatchObject({ count: 4, nonFinite: 2, mean: 2, deviation: 1, smallest: 1, largest: 3, counts: [1, 1] });
    const same = distributionOf("x", ones([5]), { bins: 3 });
    expect(same.counts).toEqual([0, 5, 0]);
    expect(distributionOf("x", tensor([Number.NaN])).counts).toEqual([]);
  });

  test("of gradients are those of the loss, and leave the model's own as they were", () => {
    const model = new Sequential([new Dense(3, { activation: "tanh" }), new Dense(2, { activation: "softmax" })], {
      inputShape: [2],
      seed: 1,
    });
    const data = {
      x: tensor([
        [1, -1],
        [0.5, 2],
      ]),
      y: tensor([0, 1], "int32"),
    };
    const before = model.parameters.map(({ tensor: value }) => value.gradient?.toArray());
    const [first] = gradientDistributions(model, data);
    expect(model.parameters.map(({ tensor: value }) => value.gradient?.toArray())).toEqual(before);
    // The same by a function of the weights, written out.
    const [w1, b1, w2, b2] = model.weights();
    const loss = (w: Tensor): Tensor => {
      const p = data.x.matmul(w).add(b1).tanh().matmul(w2).add(b2).softmax(1);
      return p.get(0, 0).log().add(p.get(1, 1).log()).mul(-0.5);
    };
    const expected = grad(loss)(w1);
    expect(first.name).toBe("0.dense.weights");
    expect(first.norm).toBeCloseTo(expected.square().sum().sqrt().item(), 6);
    expect(first.largest).toBeCloseTo(expected.max().item(), 6);
  });

  test("of activations are by layer", () => {
    const model = new Sequential(
      [new Dense(2, { weights: () => tensor([[1, -1]]), activation: "relu" }), new Dense(1)],
      {
        inputShape: [1],
      },
    );
    const found = activationDistributions(model, tensor([[1], [3]]), { bins: 3, layers: "0.dense" });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ name: "0.dense", mean: 1, zeros: 0.5, counts: [2, 1, 1] });
  });
});
