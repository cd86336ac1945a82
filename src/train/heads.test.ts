// Several inputs and outputs, labels at every step, rows that count differently: what training makes of them, by hand values and by what they must equal.
import { describe, expect, test } from "vitest";
import {
  Activation,
  Add,
  type AnySamples,
  arange,
  concat,
  confusionMatrix,
  customLoss,
  Dataset,
  Dense,
  Dropout,
  Embedding,
  evaluate,
  eye,
  Flatten,
  fit,
  Generator,
  input,
  keep,
  Layer,
  type LayerConfig,
  Model,
  meanSquaredError,
  negativeLogLikelihood,
  type OpenShape,
  ones,
  predict,
  predictAll,
  random,
  Sequential,
  softmaxCrossEntropy,
  splitSamples,
  type Tensor,
  Trainer,
  type TrainerOptions,
  tensor,
  zeros,
} from "../node.ts";
import { scope } from "../tensor/tensor.ts";

const generator = new Generator(3);
const data = keep(
  scope(() => {
    const a = random.normal([50, 3], 0, 1, { generator });
    const b = random.normal([50, 2], 0, 1, { generator });
    return { a, b, kind: a.sum(1).greater(0).cast("int32"), value: b.sum(1, true).add(a.sum(1, true)) };
  }),
);
const samples = { x: { a: data.a, b: data.b }, y: { kind: data.kind, value: data.value } };

/** Two inputs; a class and a value. */
function twoHeads(dropout = 0): Model {
  const [a, b] = [input([3], { name: "a" }), input([2], { name: "b" })];
  const shared = new Dense(8, { activation: "tanh" });
  const both = new Add().apply([shared.apply(a), new Dense(8, { activation: "tanh" }).apply(b)]);
  const hidden = dropout > 0 ? new Dropout(dropout).apply(both) : both;
  return new Model({
    inputs: { a, b },
    outputs: { kind: new Dense(2, { activation: "softmax" }).apply(hidden), value: new Dense(1).apply(hidden) },
    seed: 1,
  });
}

const options = { loss: { value: "meanSquaredError" }, lossWeights: { value: 0.5 }, batchSize: 16 } as const;

function outcome(trainer: Trainer): unknown {
  const tensors = Object.entries(trainer.tensors()).map(([name, x]) => [name, Array.from(x.dataSync())]);
  return [trainer.state(), tensors];
}

const copyOf = (trainer: Trainer): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(trainer.tensors()).map(([name, x]) => [name, keep(x.clone())]));

describe("several inputs and outputs", () => {
  test("the loss is the weighted sum of the heads' losses, and figures go by name", () => {
    const model = twoHeads();
    const { kind, value } = model.callAll(samples.x);
    const losses = [negativeLogLikelihood(kind, data.kind).item(), meanSquaredError(value, data.value).item()];
    const found = evaluate(model, samples, { ...options, batchSize: 20, metrics: { kind: ["f1"], value: ["r2"] } });
    expect(found.loss).toBeCloseTo(losses[0] + losses[1] / 2, 5);
    expect(Object.keys(found.heads!)).toEqual(["kind.loss", "kind.accuracy", "value.loss"]);
    expect(found.heads!["kind.loss"]).toBeCloseTo(losses[0], 5);
    expect(found.heads!["value.loss"]).toBeCloseTo(losses[1], 5);
    expect(Object.keys(found.metrics)).toEqual(["kind.f1", "value.r2"]);
    expect(found.accuracy).toBeNaN();
  });

  test("fit learns both, and the history has figures of each, in training and validation", async () => {
    const history = await fit(twoHeads(), samples, {
      ...options,
      ...{ epochs: 60, learningRate: 0.02, validationSplit: 10, metrics: { value: ["meanAbsoluteError"] } },
    });
    const [first, last] = [history.epochs[0], history.epochs.at(-1)!];
    expect(Object.keys(last.heads!)).toEqual([
      "kind.loss",
      "kind.accuracy",
      "value.loss",
      "kind.validationLoss",
      "kind.validationAccuracy",
      "value.validationLoss",
    ]);
    expect(last.accuracy).toBeUndefined();
    expect(last.heads!["value.loss"]).toBeLessThan(first.heads!["value.loss"] / 4);
    expect(last.heads!["kind.accuracy"]).toBeGreaterThan(0.9);
    expect(last.metrics!["value.meanAbsoluteError"]).toBeGreaterThan(0);
    expect(last.loss).toBeCloseTo(last.heads!["kind.loss"] + last.heads!["value.loss"] / 2, 5);
  });

  test.each<[string, Partial<TrainerOptions>]>([
    ["plain", {}],
    ["with smoothing and class weights", { labelSmoothing: { kind: 0.1 }, classWeights: { kind: [1, 3] } }],
    ["gathered and averaged", { accumulate: 3, averageDecay: 0.9, clipNorm: 0.5 }],
  ])("replayed, and stopped and restored, to the bits of eager: %s", async (_, more) => {
    const make = (replay: boolean): Trainer => new Trainer(twoHeads(0.2), samples, { ...options, ...more, replay });
    const [plain, replayed] = [make(false), make(true)];
    const states = [];
    for (let step = 0; step < 11; step++) {
      expect(replayed.takeStep()).toEqual(plain.takeStep());
      expect(outcome(replayed)).toEqual(outcome(plain));
      states.push({ state: JSON.parse(JSON.stringify(plain.state())), tensors: copyOf(plain) });
    }
    expect(replayed.replaying).toEqual({ active: true, obstacle: null });
    const end = await plain.finishEpoch();
    for (const at of [1, 4, 6, 9]) {
      const resumed = make(true);
      resumed.restore(states[at].state, states[at].tensors);
      while (resumed.epoch < 2) await resumed.finishEpoch();
      expect(await resumed.finishEpoch()).toEqual(end);
      expect(outcome(resumed)).toEqual(outcome(plain));
    }
  });

  test("lists in their order are the same as records", () => {
    const lists = { x: [data.a, data.b], y: [data.kind, data.value] } as const;
    const [byName, byPlace] = [
      new Trainer(twoHeads(), samples, options),
      new Trainer(twoHeads(), lists, {
        ...options,
        loss: ["softmaxCrossEntropy", "meanSquaredError"],
        lossWeights: [1, 0.5],
      }),
    ];
    expect(byPlace.takeStep()).toEqual(byName.takeStep());
    expect(byPlace.heads.map(({ name, loss }) => [name, loss.name])).toEqual([
      ["kind", "softmaxCrossEntropy"],
      ["value", "meanSquaredError"],
    ]);
    expect(() => byPlace.loss).toThrow("trainer: has a loss for each of 2 outputs; see trainer.heads");
  });

  test("an output without targets is not trained", async () => {
    const trainer = new Trainer(twoHeads(), { x: samples.x, y: { value: data.value } }, { loss: "huber" });
    expect(trainer.heads.map(({ name }) => name)).toEqual(["value"]);
    expect(Object.keys((await trainer.finishEpoch())!.heads!)).toEqual(["value.loss"]);
  });

  test("predict gives each by name, whatever the batches", () => {
    const model = twoHeads();
    const [small, large] = [predictAll(model, samples.x, { batchSize: 7 }), predictAll(model, samples.x)];
    expect(Object.keys(small)).toEqual(["kind", "value"]);
    expect(small["kind"].dataSync()).toEqual(large["kind"].dataSync());
    expect(small["value"].shape).toEqual([50, 1]);
    expect(() => predict(model, samples.x)).toThrow(
      /the model has 2 outputs \(kind, value\); predictAll gives them all/,
    );
  });

  test("the confusion matrix is of the head that is named", () => {
    const counts = confusionMatrix(twoHeads(), samples, { output: "kind" });
    expect(counts.flat().reduce((sum, count) => sum + count)).toBe(50);
    expect(() => confusionMatrix(twoHeads(), samples)).toThrow(/has 2 outputs; say which: \{ output: "kind" \}/);
    expect(() => confusionMatrix(twoHeads(), samples, { output: "mind" })).toThrow(
      /no output "mind"; it has kind, value/,
    );
  });

  test("splitSamples cuts all of them", () => {
    const [one, two] = splitSamples({ ...samples, sampleWeights: ones([50]) }, 0.2);
    expect(one.x.a.shape).toEqual([40, 3]);
    expect(two.y.value.shape).toEqual([10, 1]);
    expect((two.sampleWeights as Tensor).shape).toEqual([10]);
  });

  const x = samples.x;
  const loose = (value: unknown): AnySamples => value as AnySamples;
  test.each<[AnySamples, object, string]>([
    [
      loose({ x, y: data.kind }),
      options,
      "Trainer: y is one tensor, and the model has 2 outputs (kind, value); give one for each, or a record by name",
    ],
    [
      loose({ x, y: { kind: data.kind, vlaue: data.value } }),
      options,
      'y names "vlaue", and the model has no such output; its outputs are kind, value',
    ],
    [loose({ x: { a: data.a, c: data.b }, y: samples.y }), options, 'x names "c", and the model has no such input'],
    [
      loose({ x: data.a, y: samples.y }),
      options,
      "x holds 1 tensor, and the model takes 2 inputs (a, b); give them as a list, or by name",
    ],
    [loose({ x: { a: data.a }, y: samples.y }), options, "x has nothing for the input b"],
    [samples, { loss: ["huber"] }, "loss has 1 entries, the model 2 outputs (kind, value)"],
    [samples, { loss: { value: "huber", kin: "huber" } }, 'loss names "kin", and the model has no such output'],
    [samples, {}, "output value: no loss follows from a model that ends in linear with 1 output"],
    [samples, { ...options, lossWeights: { value: Number.NaN } }, "lossWeights must be a finite number"],
    [
      samples,
      { ...options, labelSmoothing: 0.1 },
      "output value: labelSmoothing is for softmaxCrossEntropy and crossEntropy, and the loss is meanSquaredError",
    ],
    [
      samples,
      { ...options, classWeights: { kind: [1, 2, 3] } },
      "output kind: classWeights must be one weight a class, 2 of them, got [1, 2, 3]",
    ],
    [samples, { ...options, ignoreIndex: { value: 3 } }, "output value: ignoreIndex is for class indices"],
    [loose({ x, y: {} }), options, "the data must be { x, y }"],
    [loose({ x, y: { kind: data.kind } }), options, "output value has a loss and no targets; name it in y, too"],
    [
      loose({ x, y: { ...samples.y, kind: data.kind.slice(0, 49) } }),
      options,
      "x.a (50, 3) and y.kind (49,) must hold the same number",
    ],
  ])("what does not fit says so: %#", (given, how, message) => {
    expect(() => new Trainer(twoHeads(), given, how)).toThrow(message);
  });
});

/** Steps whose first feature is 0 do not count. */
class ZeroMask extends Layer {
  static override readonly repeatable = true;
  readonly type = "zeroMask";
  override get makesMasks(): boolean {
    return true;
  }
  build(inputShape: OpenShape): OpenShape {
    return inputShape;
  }
  call(x: Tensor): Tensor {
    return x;
  }
  override maskOf(xs: readonly Tensor[]): readonly (Tensor | null)[] {
    return [xs[0].slice(0, 1, 1, 2).reshape(xs[0].shape.slice(0, 2)).notEqual(0)];
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}

describe("labels at every step", () => {
  const steps = keep(
    scope(() => {
      const x = random.normal([12, 5, 4], 0, 1, { generator });
      return { x, y: x.argmax(2) };
    }),
  );
  const tagger = (...before: Layer[]): Sequential =>
    new Sequential([...before, new Dense(8, { activation: "tanh" }), new Dense(4, { activation: "softmax" })], {
      inputShape: [null, 4],
      seed: 2,
    });

  test("loss and accuracy are means over all steps", () => {
    const model = tagger();
    const found = evaluate(model, steps, { batchSize: 5, metrics: ["accuracy", "perplexity"] });
    const p = model.call(steps.x).reshape([60, 4]);
    expect(found.loss).toBeCloseTo(negativeLogLikelihood(p, steps.y.reshape([60])).item(), 5);
    const right = p
      .argmax(1)
      .equal(steps.y.reshape([60]))
      .cast("float32")
      .mean()
      .item();
    expect(found.accuracy).toBeCloseTo(right, 6);
    expect(found.metrics["accuracy"]).toBeCloseTo(right, 6);
    expect(found.metrics["perplexity"]).toBeCloseTo(Math.exp(found.loss), 4);
    expect(
      confusionMatrix(model, steps)
        .flat()
        .reduce((sum, count) => sum + count),
    ).toBe(60);
  });

  test("a tagger learns, replayed to the bits of eager, and resumed", async () => {
    const make = (replay: boolean): Trainer =>
      new Trainer(tagger(), steps, { batchSize: 5, learningRate: 0.05, replay });
    const [plain, replayed] = [make(false), make(true)];
    for (let epoch = 0; epoch < 40; epoch++) expect(await replayed.finishEpoch()).toEqual(await plain.finishEpoch());
    expect(replayed.replaying.active).toBe(true);
    expect(evaluate(plain.model, steps).accuracy).toBeGreaterThan(0.95);
    plain.takeStep();
    const state = plain.state();
    expect(state.heads).toEqual([expect.objectContaining({ name: "1.dense", counted: 25 })]);
    const resumed = make(true);
    resumed.restore(JSON.parse(JSON.stringify(state)), copyOf(plain));
    expect(await resumed.finishEpoch()).toEqual(await plain.finishEpoch());
    expect(outcome(resumed)).toEqual(outcome(plain));
  });

  test("masked, ignored and weightless steps count for nothing: the same loss, accuracy and gradient as without them", () => {
    // Of 5 steps the last 2 are padding: their features are 0, their labels -1.
    const [short, padding] = [steps.x.slice(0, 3, 1, 1), zeros([12, 2, 4])];
    const labels = steps.y.slice(0, 3, 1, 1);
    const x = concat([short, padding], 1);
    const y = concat([labels, zeros([12, 2], "int32").sub(1)], 1);
    const zeroed = y.maximum(0).cast("int32");
    const sampleWeights = concat([ones([12, 3]), zeros([12, 2])], 1);
    const run = (model: Sequential, data: AnySamples, how: TrainerOptions = {}): unknown[] => {
      const trainer = new Trainer(model, data, { batchSize: 12, shuffle: false, ...how });
      const { loss, accuracy } = trainer.takeStep();
      const metrics = ["accuracy", "f1", "perplexity"] as const;
      const held = evaluate(trainer.model, data, { ...how, metrics } as object);
      return [
        loss,
        accuracy,
        held.loss,
        held.accuracy,
        ...Object.values(held.metrics),
        ...model.weights().flatMap((w) => Array.from(w.dataSync())),
      ];
    };
    const expected = run(tagger(), { x: short, y: labels }) as number[];
    const close = (found: unknown[]): void => {
      expect(found).toHaveLength(expected.length);
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 4);
      });
    };
    close(run(tagger(), { x, y }, { ignoreIndex: -1 }));
    close(run(tagger(), { x, y: zeroed, sampleWeights }));
    // The layer has a place, not a name: parameters start the same.
    close(run(tagger(new ZeroMask()), { x, y: zeroed }));
  });

  test("a mask is replayed to the bits of eager, and makes values at steps weigh as they should", () => {
    const x = steps.x.mul(random.bernoulli([12, 5, 1], 0.6, { generator }).cast("float32"));
    const model = (): Sequential => new Sequential([new ZeroMask(), new Dense(2)], { inputShape: [null, 4], seed: 1 });
    const y = zeros([12, 5, 2]);
    const make = (replay: boolean): Trainer =>
      new Trainer(model(), { x, y }, { loss: "meanSquaredError", batchSize: 4, replay });
    const [plain, replayed] = [make(false), make(true)];
    for (let step = 0; step < 7; step++) expect(replayed.takeStep()).toEqual(plain.takeStep());
    expect(outcome(replayed)).toEqual(outcome(plain));
    expect(replayed.replaying.active).toBe(true);
    const fresh = model();
    const squares = fresh.call(x).square().mean(2);
    const kept = x.slice(0, 1, 1, 2).reshape([12, 5]).notEqual(0).cast("float32");
    const expected = squares.mul(kept).sum().div(kept.sum()).item();
    expect(evaluate(fresh, { x, y }, { loss: "meanSquaredError", batchSize: 5 }).loss).toBeCloseTo(expected, 5);
  });

  test("where the model masks every step, training and judging say so, and the parameters stay finite", async () => {
    const [x, y] = [zeros([4, 3, 4]), zeros([4, 3], "int32")];
    const model = tagger(new ZeroMask());
    await expect(fit(model, { x, y }, { epochs: 1, batchSize: 2 })).rejects.toThrow(
      /training: all samples count for nothing: .* or the model masks every step/,
    );
    expect(() => evaluate(model, { x, y })).toThrow(/evaluate: all samples count for nothing/);
    for (const weights of model.weights()) expect(weights.dataSync().every(Number.isFinite)).toBe(true);
    // A batch of which nothing counts among others does no harm.
    const mixed = { x: concat([x, ones([4, 3, 4])]), y: concat([y, y]) };
    const history = await fit(model, mixed, { epochs: 2, batchSize: 2, shuffle: false });
    expect(history.epochs.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    expect(evaluate(model, mixed, { batchSize: 2 }).loss).toBeCloseTo(
      evaluate(model, { x: ones([4, 3, 4]), y }).loss,
      6,
    );
  });

  test("indices as floats: whole ones are taken, others are refused, in fit, evaluate and predict", async () => {
    const model = new Sequential([new Embedding(3, 2), new Dense(3, { activation: "softmax" })], {
      ...{ inputShape: [null], seed: 1 },
    });
    const y = tensor([[1, 2, 0]], "int32");
    const x = tensor([[0, 1, 2]], "float32");
    expect(predict(model, x).toArray()).toEqual(predict(model, x.cast("int32")).toArray());
    for (const wrong of [0.5, Number.NaN, 2 ** 31]) {
      const given = tensor([[0, wrong, 2]], "float32");
      const message = `x must be indices, whole numbers within int32, got ${wrong} at position 1`;
      expect(() => predict(model, given)).toThrow(`predict: ${message}`);
      expect(() => evaluate(model, { x: given, y })).toThrow(`evaluate: ${message}`);
      await expect(fit(model, { x: given, y }, { epochs: 1 })).rejects.toThrow(message);
    }
  });

  const dense = (shape: number[], units = 10): Sequential =>
    new Sequential([new Dense(units, { activation: "softmax" })], { inputShape: shape });
  test.each<[Sequential, AnySamples, object, RegExp]>([
    [
      dense([28, 28]),
      { x: zeros([2, 28, 28]), y: tensor([1, 2], "int32") },
      {},
      /the outputs \(n, 28, 10\) are 10 classes at each of 28 places, the labels \(2,\) one a sample\. For one answer a sample put Flatten before the last Dense .*; for one at each place, give labels \(n, 28\)/,
    ],
    [
      dense([4]),
      { x: zeros([2, 4]), y: zeros([2, 7], "int32") },
      { loss: "softmaxCrossEntropy" },
      /class indices must have shape \(n,\), got \(2, 7\); labels at every step need outputs at every step, \(n, 7, 10\)/,
    ],
    [
      dense([4]),
      { x: zeros([2, 4]), y: zeros([2, 7]) },
      { loss: "meanSquaredError" },
      /the outputs have shape \(n, 10\), the targets \(2, 7\); meanSquaredError compares them number by number/,
    ],
    [
      dense([3, 4]),
      { x: zeros([2, 3, 4]), y: zeros([2, 10]) },
      { loss: "huber" },
      /put Flatten before the last Dense for one answer a sample/,
    ],
    [
      tagger(),
      { x: zeros([2, 5, 4]), y: zeros([2, 6], "int32") },
      {},
      /output 1\.dense has shape \(2, 5, 4\), its targets \(2, 6\); they need the same steps/,
    ],
    [
      tagger(),
      { x: zeros([2, 5, 4]), y: zeros([2, 5], "int32").sub(1) },
      { ignoreIndex: -1 },
      /all samples count for nothing/,
    ],
    [
      tagger(),
      { x: zeros([2, 0, 4]), y: zeros([2, 0], "int32") },
      {},
      /targets of shape \(2, 0\) hold nothing to compare with; leave sequences of 0 steps out/,
    ],
    [
      dense([4]),
      { x: zeros([2, 4]), y: zeros([2], "int32"), sampleWeights: tensor([1, -1]) },
      {},
      /sampleWeights must be finite numbers from 0 on, got -1 at position 1/,
    ],
    [
      dense([4]),
      { x: zeros([2, 4]), y: zeros([2], "int32"), sampleWeights: ones([2, 3, 4]) },
      {},
      /sampleWeights must be one weight a sample, \(2,\), or one a step; got \(2, 3, 4\)/,
    ],
  ])("what does not fit says what to do: %#", (model, given, how, message) => {
    expect(() => new Trainer(model, given, how).takeStep()).toThrow(message);
  });
});

describe("rows that count differently", () => {
  const x = tensor([
    [1, 2, 0],
    [0, 1, 3],
    [2, 2, 1],
    [1, 0, 0],
  ]);
  const y = tensor([0, 2, 1, 0], "int32");
  const model = (): Sequential =>
    new Sequential([new Dense(3, { weights: () => eye(3) }), new Activation("softmax")], { inputShape: [3] });

  test("class weights are those of softmaxCrossEntropy", () => {
    const classWeights = [1, 2, 0.5];
    const found = evaluate(model(), { x, y }, { classWeights });
    expect(found.loss).toBeCloseTo(softmaxCrossEntropy(x, y, { classWeights: tensor(classWeights) }).item(), 6);
  });

  test("sample weights, smoothing and ignored labels are those of softmaxCrossEntropy", () => {
    const sampleWeights = tensor([1, 3, 0, 2]);
    const options = { labelSmoothing: 0.2, ignoreIndex: 2 };
    const found = evaluate(model(), { x, y, sampleWeights }, { ...options, batchSize: 3 });
    expect(found.loss).toBeCloseTo(softmaxCrossEntropy(x, y, { ...options, sampleWeights }).item(), 6);
    // Rows 0 and 3 count: argmax 1 and 0 against labels 0 and 0.
    expect(found.accuracy).toBe(0.5);
  });

  test.each(["quadratic", "crossEntropy", "meanSquaredError", "meanAbsoluteError", "huber"] as const)(
    "a sample of weight 2 counts like two of it, with %s",
    (loss) => {
      const net = new Sequential([new Dense(2, { activation: "sigmoid" })], { inputShape: [3], seed: 4 });
      const values = tensor([
        [0, 1],
        [1, 0],
        [1, 1],
        [0, 0],
      ]);
      const twice = { x: concat([x, x.slice(1, 2)]), y: concat([values, values.slice(1, 2)]) };
      const weighed = { x, y: values, sampleWeights: tensor([1, 2, 1, 1]) };
      expect(evaluate(net, weighed, { loss }).loss).toBeCloseTo(evaluate(net, twice, { loss }).loss, 6);
    },
  );

  test("a loss of one's own gives one number a sample for that, or says so", () => {
    const rows = customLoss((p, t) => p.sub(t).square().mean(1), { name: "rows" });
    const net = new Sequential([new Dense(2)], { inputShape: [3], seed: 4 });
    const given = { x, y: ones([4, 2]), sampleWeights: tensor([1, 2, 0, 1]) };
    expect(evaluate(net, given, { loss: rows }).loss).toBeCloseTo(
      evaluate(net, given, { loss: "meanSquaredError" }).loss,
      6,
    );
    expect(() => evaluate(net, given, { loss: (p, t) => p.sub(t).square().mean() })).toThrow(
      /loss custom: gives one number, and rows that count differently .* need one a row/,
    );
  });

  test("two classes of one sigmoid output have weights, too", () => {
    const net = new Sequential([new Dense(1, { activation: "sigmoid", weights: "ones" })], { inputShape: [3] });
    const [labels, ofRows] = [tensor([0, 1, 1, 0], "int32"), tensor([1, 4, 4, 1])];
    const found = evaluate(net, { x, y: labels }, { classWeights: [1, 4] }).loss;
    expect(found).toBeCloseTo(evaluate(net, { x, y: labels, sampleWeights: ofRows }).loss, 6);
  });
});

describe("gathered gradients", () => {
  const x = random.normal([20, 3], 0, 1, { generator });
  const y = x.sum(1, true);
  const make = (options: TrainerOptions): Trainer =>
    new Trainer(
      new Sequential([new Dense(4, { activation: "tanh" }), new Dense(1)], {
        inputShape: [3],
        seed: 1,
        dtype: "float64",
      }),
      { x, y },
      {
        ...{ loss: "meanSquaredError", optimizer: "sgd", learningRate: 0.1, shuffle: false },
        ...options,
      },
    );

  test("of two batches of 4 are those of one of 8, also where the last are fewer or short", async () => {
    const [gathered, whole] = [make({ batchSize: 4, accumulate: 2 }), make({ batchSize: 8 })];
    for (let epoch = 0; epoch < 3; epoch++) {
      await gathered.finishEpoch();
      await whole.finishEpoch();
    }
    expect(gathered.optimizer.iterations).toBe(9);
    const [a, b] = [gathered, whole].map(({ model }) => Array.from(model.block.values.dataSync()));
    a.forEach((value, i) => {
      expect(value).toBeCloseTo(b[i], 12);
    });
    // 20 = 2 x 8 + 4: the last update has a batch of 6 and one of 2.
    const [odd, even] = [make({ batchSize: 6, accumulate: 4 }), make({ batchSize: 20 })];
    await odd.finishEpoch();
    await even.finishEpoch();
    odd.model.weights().forEach((w, i) => {
      expect(w.sub(even.model.weights()[i]).abs().max().item()).toBeLessThan(1e-12);
    });
  });

  test("a state in the middle of gathering has them, and misses them where they are not", () => {
    const trainer = make({ batchSize: 4, accumulate: 3 });
    trainer.takeStep();
    const [state, tensors] = [trainer.state(), copyOf(trainer)];
    expect(Object.keys(tensors)).toContain("optimizer.gathered");
    const { "optimizer.gathered": _, ...without } = tensors;
    expect(() => make({ batchSize: 4, accumulate: 3 }).restore(state, without)).toThrow(
      /has no gathered gradients, this run needs them/,
    );
    expect(() => make({ batchSize: 4 }).restore(state, tensors)).toThrow(
      /has gathered gradients, and this run asks for none/,
    );
  });
});

describe("averages of the parameters", () => {
  const x = random.normal([16, 2], 0, 1, { generator });
  const data = { x, y: x.sum(1, true) };
  const net = (): Sequential => new Sequential([new Dense(1)], { inputShape: [2], seed: 1, dtype: "float64" });
  const how = { loss: "meanSquaredError", batchSize: 4, averageDecay: 0.8, optimizer: "sgd" } as const;

  test("follow a <- decay a + (1 - decay) p, are lent by withAverage, and end in the model after fit", async () => {
    const trainer = new Trainer(net(), data, how);
    let average = Array.from(trainer.model.block.values.dataSync());
    for (let step = 0; step < 6; step++) {
      trainer.takeStep();
      const now = Array.from(trainer.model.block.values.dataSync());
      average = average.map((a, i) => 0.8 * a + 0.2 * now[i]);
    }
    const own = Array.from(trainer.model.block.values.dataSync());
    trainer.withAverage(() => {
      Array.from(trainer.model.block.values.dataSync()).forEach((value, i) => {
        expect(value).toBeCloseTo(average[i], 12);
      });
      expect(() => trainer.takeStep()).toThrow(/step outside withAverage/);
      expect(() => trainer.tensors()).toThrow(/ask outside withAverage/);
    });
    expect(Array.from(trainer.model.block.values.dataSync())).toEqual(own);
    const fitted = net();
    const history = await fit(fitted, data, { ...how, epochs: 3, validation: data });
    expect(evaluate(fitted, data, { loss: "meanSquaredError" }).loss).toBe(history.epochs.at(-1)!.validationLoss);
    const plain = net();
    await fit(plain, data, { ...how, averageDecay: undefined, epochs: 3 });
    expect(plain.block.values.dataSync()).not.toEqual(fitted.block.values.dataSync());
  });
});

describe("a dataset", () => {
  const rows = Dataset.fromTensors({ x: { a: data.a, b: data.b }, y: { kind: data.kind, value: data.value } });

  test("of the same batches gives the bits that tensors give", async () => {
    const { batchSize, ...rest } = options;
    const [byTensors, byDataset] = [twoHeads(0.2), twoHeads(0.2)];
    const a = await fit(byTensors, samples, { ...options, epochs: 3, shuffle: false, validation: samples });
    const batches = rows.batch(batchSize);
    const b = await fit(byDataset, batches, { ...rest, epochs: 3, validation: batches });
    expect(byDataset.block.values.dataSync()).toEqual(byTensors.block.values.dataSync());
    const figures = (history: typeof a): unknown =>
      history.epochs.map(({ loss, heads }) => [loss, heads!["kind.accuracy"], heads!["value.loss"]]);
    expect(figures(b)).toEqual(figures(a));
    expect((await evaluate(byDataset, batches, rest)).loss).toBeCloseTo(evaluate(byTensors, samples, rest).loss, 6);
    const predicted = await predictAll(byDataset, batches);
    expect(predicted["kind"].dataSync()).toEqual(predictAll(byTensors, samples.x)["kind"].dataSync());
  });

  test("is shuffled, replayed, stopped and resumed to the same bits", async () => {
    const { batchSize, ...rest } = options;
    const make = (replay = true): Trainer =>
      new Trainer(twoHeads(0.2), rows.shuffle({ seed: 2 }).batch(batchSize), { ...rest, replay });
    const [plain, replayed] = [make(false), make()];
    for (let epoch = 0; epoch < 2; epoch++) expect(await replayed.finishEpoch()).toEqual(await plain.finishEpoch());
    expect(replayed.replaying.active).toBe(true);
    await plain.nextStep();
    await plain.nextStep();
    const resumed = make();
    resumed.restore(JSON.parse(JSON.stringify(plain.state())), copyOf(plain));
    expect(await resumed.finishEpoch()).toEqual(await plain.finishEpoch());
    expect(outcome(resumed)).toEqual(outcome(plain));
    expect(plain.stepsPerEpoch).toBe(4);
  });

  test("of one output has an accuracy; what it can't be given is named", async () => {
    const model = (): Sequential =>
      new Sequential([new Dense(2, { activation: "softmax" })], { inputShape: [3], seed: 1 });
    const batches = Dataset.fromTensors({ x: data.a, y: data.kind }).batch(10);
    const history = await fit(model(), batches, { epochs: 20, learningRate: 0.1 });
    expect(history.epochs.at(-1)!.accuracy).toBeGreaterThan(0.9);
    expect(history.epochs.at(-1)!.samplesPerSecond).toBeGreaterThan(0);
    const refused = (options: object): Promise<unknown> => fit(model(), batches, options);
    await expect(refused({ batchSize: 3 })).rejects.toThrow(
      /a dataset has batches of its own; leave batchSize out, and say data\.batch\(32\)/,
    );
    await expect(refused({ shuffle: true })).rejects.toThrow(/say data\.shuffle\(\)/);
    await expect(refused({ validationSplit: 0.1 })).rejects.toThrow(/a dataset is not split/);
    await expect(
      fit(
        model(),
        batches.filter(() => false),
      ),
    ).rejects.toThrow(/the dataset gives no batch/);
    await expect(fit(model(), Dataset.from([1, 2]) as never)).rejects.toThrow(/the data must be \{ x, y \}/);
    expect(() => new Trainer(model(), batches).takeStep()).toThrow(/call await trainer\.nextStep\(\)/);
  });

  test("of sequences in buckets records a program for each length", async () => {
    const tagger = new Sequential([new Dense(3, { activation: "softmax" })], { inputShape: [null, 2], seed: 1 });
    const lengths = [3, 5, 3, 5, 3, 5, 3, 5];
    const sequences = Dataset.from(
      lengths.map((n) => ({ x: random.normal([n, 2], 0, 1, { generator }), y: arange(n).remainder(3).cast("int32") })),
    );
    const trainer = new Trainer(
      tagger,
      sequences.bucketByLength({ boundaries: [3, 5], batchSize: 2, padding: { y: -1 } }),
      { ignoreIndex: -1 },
    );
    await trainer.finishEpoch();
    await trainer.finishEpoch();
    expect(trainer.replaying).toEqual({ active: true, obstacle: null });
    expect(trainer.sampleCount).toBe(8);
  });
});

test("Flatten is what the remedy says it is", async () => {
  const model = new Sequential([new Flatten(), new Dense(10, { activation: "softmax" })], { inputShape: [28, 28] });
  await fit(model, { x: zeros([4, 28, 28]), y: tensor([1, 2, 3, 4], "int32") });
});
