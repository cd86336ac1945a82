// What a first hour with the library meets: options misspelt, losses that can't fit, figures that are not there, trainings that end early.
import { afterEach, describe, expect, test, vi } from "vitest";
import { platform } from "../engine/platform.ts";
import * as nb from "../node.ts";
import {
  type Callback,
  customLoss,
  customMetric,
  Dense,
  earlyStopping,
  evaluate,
  type FitOptions,
  fit,
  Generator,
  predict,
  progress,
  random,
  runEpochs,
  type Samples,
  Sequential,
  scope,
  type Tensor,
  Trainer,
  tensor,
} from "../node.ts";
import { keep } from "../tensor/tensor.ts";

const classifier = (): Sequential =>
  new Sequential([new Dense(6, { activation: "tanh" }), new Dense(2, { activation: "softmax" })], {
    inputShape: [2],
    seed: 1,
  });
const regressor = (): Sequential => new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });

const circle: Samples = keep(
  scope(() => {
    const x = random.uniform([60, 2], -1, 1, { generator: new Generator(1) });
    return { x, y: x.square().sum(1).less(0.5).cast("int32") };
  }),
);
/** y = 2x + 1 */
const line: Samples = keep(
  scope(() => {
    const x = nb.linspace(0, 1, 40).reshape([40, 1]);
    return { x, y: x.mul(2).add(1) };
  }),
);

const loose = (options: object): FitOptions => options as FitOptions;

describe("options", () => {
  const refused: readonly (readonly [object, string])[] = [
    [{ epoch: 1 }, "fit: there is no option epoch (did you mean epochs?); the options are loss, optimizer,"],
    [{ validationData: line }, "fit: there is no option validationData (here it is validation)"],
    [{ validation_data: line }, "fit: there is no option validation_data (here it is validation)"],
    [{ lr: 1 }, "fit: there is no option lr (here it is learningRate)"],
    [{ batch_size: 8 }, "fit: there is no option batch_size (did you mean batchSize?)"],
    [{ epochs: "3" }, 'fit: epochs must be a whole number of at least 0, got "3"'],
    [{ epochs: 1.5 }, "fit: epochs must be a whole number of at least 0, got 1.5"],
    [{ batchSize: Number.NaN }, "fit: batchSize must be a whole number of at least 1, got NaN"],
    [{ batchSize: "32" }, 'fit: batchSize must be a whole number of at least 1, got "32"'],
    [{ shuffle: 1 }, "fit: shuffle must be true or false, got 1"],
    [{ seed: -1 }, "fit: seed must be a whole number of at least 0, got -1"],
    [{ verbose: 1 }, "fit: verbose must be true or false, got 1"],
    [{ learningRate: "0.1" }, 'fit: learningRate must be a finite number of at least 0, got "0.1"'],
    [{ optimizer: new nb.SGD(), learningRate: 1 }, "fit: the optimiser has a learning rate already, 0.01"],
    [
      { optimizer: { type: "sgd" } },
      'fit: optimizer must be a name such as "adam", or an optimiser such as new Adam()',
    ],
    [{ callbacks: earlyStopping() }, "fit: callbacks must be an array"],
    [
      { callbacks: [{ onEpochend() {} }] },
      "callbacks[0] has onEpochend, which is never called (did you mean onEpochEnd?)",
    ],
    [{ callbacks: [{ onStep: 3 }] }, "fit: callbacks[0].onStep must be a function, got 3"],
    [{ signal: new AbortController() }, "fit: signal must be the signal of an AbortController"],
    [{ monitor: "val_loss" }, "fit: monitor must be one of loss, accuracy, validationLoss, validationAccuracy"],
    [{ validation: line.x }, "fit: validation: the data must be { x, y }"],
    [{ metrics: ["mae"] }, 'metric: unknown name "mae" (here it is meanAbsoluteError)'],
    [{ loss: "mse" }, 'loss: unknown name "mse" (here it is meanSquaredError)'],
    [{ optimizer: "AdamW" }, 'optimizer: unknown name "AdamW" (did you mean adamW?); use one of sgd, momentum'],
    [{ optimizer: "rmsprop" }, 'optimizer: unknown name "rmsprop" (did you mean rmsProp?)'],
    [{ loss: "toString" }, 'loss: unknown name "toString"; use one of'],
    [{ loss: {} }, "loss: needs a name, a function (outputs, targets) => tensor, or what customLoss gives; got {}"],
  ];
  test.each(refused.map(([options, message]) => [message, options] as const))("%s", async (message, options) => {
    await expect(fit(regressor(), line, loose({ loss: "meanSquaredError", ...options }))).rejects.toThrow(message);
  });

  test.each([
    ["sampleWeight", " (did you mean sampleWeights?)"],
    ["sample_weight", " (did you mean sampleWeights?)"],
    ["weights", " (here it is sampleWeights)"],
  ])("data whose weights are called %s are refused by fit, evaluate and Trainer", async (name, hint) => {
    const data = { ...circle, [name]: nb.ones([60]) };
    const expected = `the data have no "${name}"${hint}; they are { x, y, sampleWeights }`;
    await expect(fit(classifier(), data)).rejects.toThrow(`fit: ${expected}`);
    await expect(fit(classifier(), circle, { validation: data })).rejects.toThrow(`fit: validation: ${expected}`);
    expect(() => evaluate(classifier(), data)).toThrow(`evaluate: ${expected}`);
    expect(() => new Trainer(classifier(), data)).toThrow(`Trainer: ${expected}`);
    // What else data may carry is nobody's business.
    expect(
      evaluate(classifier(), { ...circle, names: ["a", "b"], weightsOfModel: "w.bin" } as Samples).loss,
    ).toBeGreaterThan(0);
  });

  test.each([0, -1, 1.5, Number.NaN, "8", Number.POSITIVE_INFINITY])(
    "a batch size of %o is refused by evaluate and predict",
    (batchSize) => {
      const options = { batchSize } as { batchSize: number };
      const expected = /batchSize must be a whole number of at least 1, got/;
      expect(() => evaluate(classifier(), circle, options)).toThrow(expected);
      expect(() => predict(classifier(), circle.x, options)).toThrow(expected);
    },
  );

  test("a trainer's defaults are those of fit", async () => {
    const [byFit, byTrainer] = [classifier(), classifier()];
    await fit(byFit, circle, { epochs: 2 });
    await runEpochs(new Trainer(byTrainer, circle), { epochs: 2 });
    expect(byTrainer.block.values.dataSync()).toEqual(byFit.block.values.dataSync());
    expect(() => new Trainer(classifier(), circle, { batch: 3 } as object)).toThrow(
      "Trainer: there is no option batch (did",
    );
  });
});

describe("a loss is chosen only where it follows", () => {
  const ending = (units: number, activation: nb.ActivationName): Sequential =>
    new Sequential([new Dense(units, { activation })], { inputShape: [2] });

  test.each([
    ["softmax", 2, circle.y, "softmaxCrossEntropy"],
    ["softmax", 2, nb.oneHot(circle.y, 2), "softmaxCrossEntropy"],
    ["softmax", 2, nb.oneHot(circle.y, 2, "int32"), "softmaxCrossEntropy"],
    ["softmax", 2, circle.y.cast("float32"), "softmaxCrossEntropy"],
    ["sigmoid", 1, circle.y, "crossEntropy"],
    ["sigmoid", 2, circle.y, "crossEntropy"],
    ["sigmoid", 1, circle.y.cast("bool"), "crossEntropy"],
  ] as const)("%s over %i outputs", (activation, units, y, name) => {
    const trainer = new Trainer(ending(units, activation), { x: circle.x, y });
    expect(trainer.loss.name).toBe(name);
    const first = trainer.takeStep();
    expect(first.loss).toBeGreaterThan(0);
    expect(first.accuracy).toBeGreaterThanOrEqual(0);
  });

  test("a regression has to name its own, and is told which there are", async () => {
    await expect(fit(regressor(), line)).rejects.toThrow(
      /fit: no loss follows from a model that ends in linear with 1 output and float32 targets of shape \(40, 1\); give one\. For values: loss: meanSquaredError, meanAbsoluteError, huber or quadratic/,
    );
    expect(() => evaluate(regressor(), line)).toThrow(/evaluate: no loss follows/);
    expect(() => new Trainer(ending(2, "linear"), circle)).toThrow(/ends in linear with 2 outputs and int32 targets/);
  });

  test("softmaxCrossEntropy is refused where its figure would mean nothing", async () => {
    const loss = "softmaxCrossEntropy";
    await expect(fit(regressor(), line, { loss })).rejects.toThrow(/over one output is 0 whatever the model does/);
    await expect(fit(ending(2, "linear"), circle, { loss })).rejects.toThrow(
      /but the model ends in linear; end it in softmax/,
    );
  });

  test("targets [n] stand beside one output [n, 1]", async () => {
    const flat = { x: line.x, y: line.y.reshape([40]) };
    const [one, two] = [regressor(), regressor()];
    const loss = (p: Tensor, t: Tensor): Tensor => p.sub(t).square().mean();
    const a = await fit(one, flat, { loss, epochs: 2 });
    const b = await fit(two, line, { loss, epochs: 2 });
    expect(a.epochs.map((epoch) => epoch.loss)).toEqual(b.epochs.map((epoch) => epoch.loss));
  });
});

describe("losses and metrics of one's own", () => {
  test("a function is a loss: the mean of squares by hand is meanSquaredError", async () => {
    const run = async (loss: FitOptions["loss"]): Promise<number[]> =>
      (await fit(regressor(), line, { loss, epochs: 3 })).epochs.map((epoch) => epoch.loss);
    const byHand = await run((p, t) => p.sub(t).square().mean());
    (await run("meanSquaredError")).forEach((value, i) => {
      expect(byHand[i]).toBeCloseTo(value, 6);
    });
    // The operation, from logits, on one-hot rows.
    const linear = new Sequential([new Dense(2)], { inputShape: [2], seed: 1 });
    const history = await fit(linear, circle, { loss: nb.softmaxCrossEntropy, epochs: 1 });
    expect(history.epochs[0].loss).toBeGreaterThan(0);
    expect(history.epochs[0].accuracy).toBeGreaterThan(0);
  });

  test("customLoss: a name, targets as they are, and steps that are replayed", async () => {
    const loss = customLoss((p, t) => nb.negativeLogLikelihood(p, t), {
      name: "own",
      targets: "classes",
      repeatable: true,
    });
    const trainer = new Trainer(classifier(), circle, { loss, batchSize: 10 });
    for (let i = 0; i < 4; i++) trainer.takeStep();
    expect(trainer.replaying).toEqual({ active: true, obstacle: null });
    const plain = new Trainer(classifier(), circle, { loss: (p, t) => p.sub(t).square().mean() });
    expect(plain.replaying.obstacle).toBe("loss custom does not say that it is repeatable");
    expect(() => customLoss((p) => p, { repeatible: true } as object)).toThrow(
      "there is no option repeatible (did you mean repeatable?)",
    );
  });

  test("what gives no number is named", async () => {
    await expect(fit(regressor(), line, { loss: (p, t) => p.sub(t).square() })).rejects.toThrow(
      /loss custom: must give a tensor of one number, or of one a sample, got a tensor of shape \(32, 1\); take its mean\(\)/,
    );
    await expect(fit(regressor(), line, { loss: (() => 3) as never })).rejects.toThrow(
      /must give a tensor of one number, or of one a sample, got 3/,
    );
    const metrics = [() => tensor([1, 2])];
    expect(() => evaluate(regressor(), line, { loss: "huber", metrics })).toThrow(/metric custom: must give a number/);
  });

  test("a metric's function gives a batch's mean, or a figure a sample: the same whatever the batches", () => {
    const model = regressor();
    const mean = (p: Tensor, t: Tensor): Tensor => p.sub(t).abs().mean();
    const each = customMetric((p, t) => p.sub(t).abs().reshape([-1]), { name: "each" });
    const root = customMetric((p, t) => p.sub(t).square().mean().item(), { name: "root", finish: Math.sqrt });
    const metrics = [mean, each, root, "meanAbsoluteError", "rootMeanSquaredError"] as const;
    const found = evaluate(model, line, { loss: "huber", batchSize: 7, metrics }).metrics;
    expect(found["mean"]).toBeCloseTo(found["meanAbsoluteError"], 6);
    expect(found["each"]).toBeCloseTo(found["meanAbsoluteError"], 6);
    expect(found["root"]).toBeCloseTo(found["rootMeanSquaredError"], 6);
  });
});

describe("records of a regression", () => {
  test("have no accuracy", async () => {
    const history = await fit(regressor(), line, { loss: "huber", validationSplit: 0.2 });
    expect(Object.keys(history.epochs[0])).toEqual([
      "epoch",
      "loss",
      "learningRate",
      "seconds",
      "samplesPerSecond",
      "validationLoss",
    ]);
  });

  test("and monitoring it says why", async () => {
    const stopping = earlyStopping({ monitor: "accuracy" });
    await expect(fit(regressor(), line, { loss: "huber", callbacks: [stopping] })).rejects.toThrow(
      /earlyStopping: the history has no accuracy: the targets are values, not classes; monitor a loss/,
    );
    const later = earlyStopping({ monitor: "validationLoss" });
    await expect(fit(regressor(), line, { loss: "huber", callbacks: [later] })).rejects.toThrow(
      /there are no validation data/,
    );
    const schedule = nb.schedule.halving(0.1);
    await expect(fit(regressor(), line, { loss: "huber", schedule })).rejects.toThrow(
      /fit: the history has no accuracy/,
    );
  });
});

describe("earlyStopping", () => {
  test("watches the loss of a regression: one that improves is not stopped", async () => {
    const options = { loss: "meanSquaredError", epochs: 30, callbacks: [earlyStopping()] } as const;
    expect((await fit(regressor(), line, options)).epochs).toHaveLength(30);
    expect((await fit(regressor(), line, { ...options, validationSplit: 0.2 })).epochs).toHaveLength(30);
  });

  test.each([false, true])("with restoreBest %s", async (restoreBest) => {
    const model = regressor();
    const values: ArrayLike<number>[] = [];
    // The rate is above what this parabola bears from the fourth epoch on.
    const schedule = nb.schedule.custom((epoch) => (epoch < 3 ? 0.1 : 1.2), { unit: "epoch" });
    const record: Callback = { onEpochEnd: () => void values.push(model.block.values.dataSync()) };
    const callbacks = [record, earlyStopping({ patience: 3, restoreBest })];
    const options = {
      loss: "meanSquaredError",
      optimizer: "sgd",
      batchSize: 40,
      epochs: 20,
      schedule,
      callbacks,
    } as const;
    const history = await fit(model, line, options);
    const losses = history.epochs.map((epoch) => epoch.loss);
    const best = losses.indexOf(Math.min(...losses));
    expect(history.ended).toBe("stopped");
    expect(losses).toHaveLength(best + 4);
    expect(model.block.values.dataSync()).toEqual(restoreBest ? values[best] : values.at(-1));
  });

  test("serves a second training anew", async () => {
    const stopping = earlyStopping({ patience: 2 });
    const options = {
      loss: "huber",
      epochs: 9,
      batchSize: 40,
      shuffle: false,
      learningRate: 0,
      callbacks: [stopping],
    } as const;
    expect((await fit(regressor(), line, options)).epochs).toHaveLength(3);
    expect((await fit(regressor(), line, options)).epochs).toHaveLength(3);
  });

  test("refuses options out of range", () => {
    expect(() => earlyStopping({ patience: 0 })).toThrow(/patience must be a whole number of at least 1, got 0/);
    expect(() => earlyStopping({ minimumChange: -1 })).toThrow(/minimumChange must be .* at least 0, got -1/);
    expect(() => earlyStopping({ min_delta: 1 } as object)).toThrow(/no option min_delta \(here it is minimumChange\)/);
    expect(() => earlyStopping({ restore_best_weights: true } as object)).toThrow(/\(here it is restoreBest\)/);
  });
});

describe("progress", () => {
  afterEach(() => void vi.restoreAllMocks());

  test("a line an epoch, and after the last", async () => {
    const lines: string[] = [];
    const callbacks = [progress({ every: 3, write: (text) => void lines.push(text) })];
    await fit(classifier(), circle, { epochs: 10, validationSplit: 0.5, metrics: ["accuracy"], callbacks });
    const figure = String.raw`\d+\.\d{4}`;
    const share = String.raw`\d+\.\d\d%`;
    const expected = `loss ${figure}  accuracy ${share}  validation loss ${figure}  validation accuracy ${share}  accuracy ${figure}  \\d+k? samples/s  \\d+\\.\\d\\d s`;
    expect(lines.map((text) => text.slice(0, 11))).toEqual([
      "epoch  3/10",
      "epoch  6/10",
      "epoch  9/10",
      "epoch 10/10",
    ]);
    for (const text of lines) expect(text.slice(13)).toMatch(new RegExp(`^${expected}$`));
  });

  test("verbose prints them, and silence is the default", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await fit(regressor(), line, { loss: "huber" });
    expect(log).not.toHaveBeenCalled();
    await fit(regressor(), line, { loss: "huber", verbose: true });
    expect(log.mock.calls).toEqual([[expect.stringMatching(/^epoch 1\/1 {2}loss \d\.\d{4} {2}\d+k? samples\/s/)]]);
  });

  test("on a terminal a line moves, and gives way", async () => {
    const written: string[] = [];
    vi.spyOn(platform(), "terminal").mockReturnValue({ columns: () => 40, write: (text) => void written.push(text) });
    await fit(classifier(), circle, { epochs: 2, batchSize: 20, verbose: true });
    expect(written[0]).toMatch(/^\repoch 1\/2 {2}█{8}░{16} {2}lo$/);
    expect(written[1]).toBe(`\r${" ".repeat(39)}\r`);
    expect(written[2]).toMatch(/^epoch 1\/2 {2}loss .*\n$/);
  });
});

describe("a loss that explodes", () => {
  test("but stays finite is remarked on, with a rate to try", async () => {
    const lines: string[] = [];
    const callbacks = [progress({ write: (text) => void lines.push(text) })];
    const options = { loss: "meanSquaredError", optimizer: "sgd", batchSize: 40, epochs: 6, learningRate: 30 } as const;
    const history = await fit(regressor(), line, { ...options, callbacks });
    expect(history.ended).toBe("finished");
    expect(history.remark).toMatch(
      /^the loss has grown from [\d.]+ to [\d.e+]+: training has exploded\. Try a lower learning rate \(it is 30\), for example 0\.01$/,
    );
    expect(lines.at(-1)).toBe(`remark: ${history.remark}`);
    expect((await fit(regressor(), line, { ...options, learningRate: 0.1 })).remark).toBeUndefined();
  });

  test.each([
    [1e30, "0.01"],
    [0.5, "0.01"],
    [0.03, "0.003"],
    [0.00123, "0.0001"],
  ])("to no number: from a rate of %d on, %s is tried", async (learningRate, tried) => {
    const model = regressor();
    model.parameters[0].assign(tensor([[1e30]]));
    const options = { loss: "meanSquaredError", optimizer: "sgd", learningRate } as const;
    await expect(fit(model, line, options)).rejects.toThrow(new RegExp(`\\(it is .*\\), for example ${tried}\\.$`));
  });

  test("because of the data says so", async () => {
    const data = { x: line.x, y: line.y.mul(Number.POSITIVE_INFINITY) };
    await expect(fit(regressor(), data, { loss: "huber" })).rejects.toThrow(/The data's y hold NaN or infinite values/);
  });
});

describe("callbacks that wait", () => {
  test("an abort ends the waiting", async () => {
    const controller = new AbortController();
    const hanging: Callback = {
      onEpochEnd() {
        setTimeout(() => controller.abort(), 10);
        return new Promise<void>(() => {});
      },
    };
    const history = await fit(regressor(), line, {
      loss: "huber",
      epochs: 3,
      callbacks: [hanging],
      signal: controller.signal,
    });
    expect(history.ended).toBe("interrupted");
    expect(history.epochs).toHaveLength(1);
  });

  test("what an asynchronous onStep is rejected with ends training", async () => {
    let steps = 0;
    const failing: Callback = {
      async onStep() {
        steps += 1;
        await Promise.resolve();
        if (steps >= 2) throw new Error("no room for step 2");
      },
    };
    const options = { loss: "huber", epochs: 50, batchSize: 10, callbacks: [failing] } as const;
    await expect(fit(regressor(), line, options)).rejects.toThrow("no room for step 2");
    expect(steps).toBe(4);
  });
});

test("one model is trained by one fit at a time; after it, whether it failed or not, by the next", async () => {
  const model = regressor();
  const first = fit(model, line, { loss: "huber", epochs: 3 });
  await expect(fit(model, line, { loss: "huber" })).rejects.toThrow(
    /the model is being trained already; await that training/,
  );
  expect((await first).epochs).toHaveLength(3);
  const failing = { onStart: () => Promise.reject(new Error("not today")) };
  await expect(fit(model, line, { loss: "huber", callbacks: [failing] })).rejects.toThrow("not today");
  expect((await fit(model, line, { loss: "huber" })).ended).toBe("finished");
});
