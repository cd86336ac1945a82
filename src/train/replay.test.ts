// Steps that are replayed end with the bits of steps that are not, whatever the model; and those that can't be replayed say why.
import { describe, expect, test } from "vitest";
import {
  Adam,
  BatchNormalization,
  Dense,
  Dropout,
  fit,
  Generator,
  input,
  keep,
  Layer,
  type LayerConfig,
  Lion,
  type Loss,
  lossFor,
  Model,
  memory,
  NAdam,
  NonFiniteLossError,
  type Optimizer,
  RAdam,
  RMSProp,
  random,
  type Samples,
  Sequential,
  SGD,
  type Shape,
  startProfiling,
  type Tensor,
  Trainer,
  type TrainerOptions,
  tensor,
  zeros,
} from "../node.ts";
import { scope } from "../tensor/tensor.ts";

/** Points in a square; class 1 inside a circle. */
function circle(n: number): Samples {
  return keep(
    scope(() => {
      const x = random.uniform([n, 2], -1, 1, { generator: new Generator(1) });
      return { x, y: x.square().sum(1).less(0.5).cast("int32") };
    }),
  );
}

const data = circle(100);

interface Setup {
  layers: () => Layer[];
  loss?: Loss;
  optimizer?: () => Optimizer;
  samples?: Samples;
  batchSize?: number;
  shuffle?: boolean;
  dtype?: "float32" | "float64";
}

const softmaxNet = (...between: Layer[]): Layer[] => [
  new Dense(12, { activation: "tanh" }),
  ...between,
  new Dense(2, { activation: "softmax" }),
];

function trainerOf(setup: Setup, options: Partial<TrainerOptions> = {}): Trainer {
  const { samples = data, dtype = "float32" } = setup;
  const model = new Sequential(setup.layers(), { inputShape: samples.x.shape.slice(1), seed: 3, dtype });
  return new Trainer(model, samples, {
    loss: setup.loss ?? lossFor("softmaxCrossEntropy"),
    optimizer: setup.optimizer?.() ?? new SGD({ learningRate: 0.1 }),
    batchSize: setup.batchSize ?? 10,
    shuffle: setup.shuffle ?? true,
    seed: 5,
    ...options,
  });
}

/** All that a run has come to, to the bit. */
function outcome(trainer: Trainer): unknown {
  const numbers = Object.fromEntries(
    Object.entries(trainer.tensors()).map(([name, x]) => [name, Array.from(x.dataSync())]),
  );
  const gradients = trainer.model.parameters.map(({ tensor: x }) => x.gradient && Array.from(x.gradient.dataSync()));
  return { state: trainer.state(), numbers, gradients };
}

const setups: Record<string, Setup> = {
  "sigmoid, quadratic, SGD": {
    layers: () => [new Dense(8, { activation: "sigmoid" }), new Dense(2, { activation: "sigmoid" })],
    loss: lossFor("quadratic"),
  },
  "softmax, Adam with weight decay and clipping": {
    layers: () => softmaxNet(),
    optimizer: () => new Adam({ learningRate: 0.02, weightDecay: 0.01, clipNorm: 0.5 }),
  },
  "dropout draws as it would": { layers: () => softmaxNet(new Dropout(0.4), new Dense(6, { activation: "gelu" })) },
  "batch normalisation follows the batches": { layers: () => softmaxNet(new BatchNormalization({ momentum: 0.8 })) },
  "a last batch that is short": { layers: () => softmaxNet(new Dropout(0.2)), batchSize: 7 },
  "no shuffling: batches are windows on the data": { layers: () => softmaxNet(), shuffle: false },
  "rows that are not contiguous": {
    layers: () => softmaxNet(),
    samples: { x: keep(scope(() => data.x.T.clone())).T, y: data.y },
    shuffle: false,
  },
  "rows that lie backwards": {
    layers: () => softmaxNet(),
    samples: { x: keep(scope(() => data.x.flip())), y: data.y },
    shuffle: false,
  },
  "one output, classes by its sign": {
    layers: () => [new Dense(6, { activation: "relu" }), new Dense(1, { activation: "sigmoid" })],
    loss: lossFor("crossEntropy"),
    samples: { x: data.x, y: data.y.reshape([100, 1]) },
  },
  "values, no classes": {
    layers: () => [new Dense(6, { activation: "softplus" }), new Dense(1)],
    loss: lossFor("huber"),
    samples: { x: data.x, y: keep(scope(() => data.x.sum(1, true))) },
  },
  float64: { layers: () => softmaxNet(), dtype: "float64" },
  AMSGrad: { layers: () => softmaxNet(), optimizer: () => new Adam({ learningRate: 0.02, amsGrad: true }) },
  "RMSProp centred": { layers: () => softmaxNet(), optimizer: () => new RMSProp({ centred: true }) },
  NAdam: { layers: () => softmaxNet(), optimizer: () => new NAdam() },
  RAdam: { layers: () => softmaxNet(), optimizer: () => new RAdam({ learningRate: 0.02 }) },
  Lion: { layers: () => softmaxNet(), optimizer: () => new Lion({ learningRate: 0.01, weightDecay: 0.1 }) },
};

describe("the same bits as without replaying", () => {
  test.each(Object.entries(setups))("%s", async (_, setup) => {
    const plain = trainerOf(setup, { replay: false });
    const replayed = trainerOf(setup);
    for (let epoch = 0; epoch < 3; epoch++) {
      expect(await replayed.finishEpoch()).toEqual(await plain.finishEpoch());
      expect(outcome(replayed)).toEqual(outcome(plain));
    }
    expect(replayed.replaying).toEqual({ active: true, obstacle: null });
    expect(plain.replaying).toEqual({ active: false, obstacle: "the option replay is false" });
  });

  test("gradients are there to see after every step", () => {
    const setup = setups["softmax, Adam with weight decay and clipping"]!;
    const [plain, replayed] = [trainerOf(setup, { replay: false }), trainerOf(setup)];
    for (let step = 0; step < 8; step++) {
      expect(replayed.takeStep()).toEqual(plain.takeStep());
      expect(outcome(replayed)).toEqual(outcome(plain));
    }
  });

  test("a run that was saved and restored, before and after the recording", async () => {
    const setup = setups["dropout draws as it would"]!;
    const whole = trainerOf(setup);
    const states = [];
    for (let step = 0; step < 7; step++) {
      whole.takeStep();
      const tensors = Object.fromEntries(Object.entries(whole.tensors()).map(([name, x]) => [name, keep(x.clone())]));
      states.push({ state: whole.state(), tensors });
    }
    await whole.finishEpoch();
    for (const { state, tensors } of states) {
      const resumed = trainerOf(setup);
      // In the middle of a recording of its own, too.
      for (let step = 0; step < 4; step++) resumed.takeStep();
      resumed.restore(state, tensors);
      await resumed.finishEpoch();
      expect(outcome(resumed)).toEqual(outcome(whole));
    }
  });

  test("while a profiler comes and goes", async () => {
    const setup = setups["softmax, Adam with weight decay and clipping"]!;
    const [plain, replayed] = [trainerOf(setup, { replay: false }), trainerOf(setup)];
    await replayed.finishEpoch();
    const profiler = startProfiling();
    await replayed.finishEpoch();
    profiler.stop();
    await replayed.finishEpoch();
    for (let epoch = 0; epoch < 3; epoch++) await plain.finishEpoch();
    expect(outcome(replayed)).toEqual(outcome(plain));
    const seen = Object.fromEntries(profiler.operations.map((each) => [each.operation, each.calls]));
    expect(seen["adam"]).toBe(20);
    expect(seen["matmul"]).toBe(50);
  });

  test("where the gradient of a parameter is collected in another place, from then on", () => {
    const setup = setups["values, no classes"]!;
    const [plain, replayed] = [trainerOf(setup, { replay: false }), trainerOf(setup)];
    for (const trainer of [plain, replayed]) {
      for (let step = 0; step < 4; step++) trainer.takeStep();
      const node = trainer.model.parameters[0]!.tensor.node!;
      node.slot = { ...node.slot! };
      for (let step = 0; step < 4; step++) trainer.takeStep();
    }
    expect(outcome(replayed)).toEqual(outcome(plain));
  });

  test("through fit, which takes the option", async () => {
    const run = async (replay?: boolean): Promise<number[]> => {
      const model = new Sequential(softmaxNet(), { inputShape: [2], seed: 1 });
      const history = await fit(model, data, { epochs: 3, batchSize: 8, replay });
      return history.epochs.map(({ loss }) => loss);
    };
    const losses = await run();
    expect(await run(false)).toEqual(losses);
  });
});

describe("memory", () => {
  test("stays flat while steps are replayed", async () => {
    const trainer = trainerOf(setups["dropout draws as it would"]!);
    await trainer.finishEpoch();
    trainer.takeStep();
    const { tensors, bytes } = memory();
    for (let step = 1; step < 10; step++) trainer.takeStep();
    expect(trainer.replaying.active).toBe(true);
    expect(memory()).toMatchObject({ tensors, bytes });
  });

  test.each([true, false])(
    "an epoch leaves nothing: after 2,000 of 8 steps as after 20 (replay: %s)",
    async (replay) => {
      const trainer = trainerOf({ ...setups["dropout draws as it would"]!, batchSize: 13 }, { replay });
      expect(trainer.stepsPerEpoch).toBe(8);
      while (trainer.epoch < 20) await trainer.finishEpoch();
      const { tensors, bytes } = memory();
      while (trainer.epoch < 2000) await trainer.finishEpoch();
      // Less, where the collector has meanwhile found what tests before this one left.
      expect(memory().tensors).toBeLessThanOrEqual(tensors);
      expect(memory().bytes).toBeLessThanOrEqual(bytes);
    },
  );
});

test("steps go on in the next epoch, to the bits of finishEpoch", async () => {
  const setup = { ...setups["dropout draws as it would"]!, batchSize: 40 };
  const [byStep, byEpoch] = [trainerOf(setup), trainerOf(setup)];
  const infos = Array.from({ length: 9 }, () => byStep.takeStep());
  expect(infos.map(({ epoch, step }) => [epoch, step])).toEqual(
    [0, 1, 2].flatMap((epoch) => [0, 1, 2].map((step) => [epoch, step])),
  );
  const means = [];
  for (let epoch = 0; epoch < 3; epoch++) means.push((await byEpoch.finishEpoch())!.loss);
  expect([2, 5, 8].map((last) => infos[last].meanLoss)).toEqual(means);
  await byStep.finishEpoch();
  expect(outcome(byStep)).toEqual(outcome(byEpoch));
});

describe("errors are those of a step that is not replayed", () => {
  test("a loss that becomes NaN, before the update", () => {
    const samples = {
      x: keep(tensor([1, 1, 1, Number.NaN]).reshape([4, 1])),
      y: keep(tensor([1, 1, 1, 1]).reshape([4, 1])),
    };
    const setup = { layers: () => [new Dense(1)], loss: lossFor("meanSquaredError"), samples, batchSize: 1 };
    const trainer = trainerOf(setup, { shuffle: false });
    for (let step = 0; step < 3; step++) trainer.takeStep();
    expect(trainer.replaying.active).toBe(true);
    const before = Array.from(trainer.model.block.values.dataSync());
    expect(() => trainer.takeStep()).toThrow(NonFiniteLossError);
    expect(() => trainer.takeStep()).toThrow(/epoch 1, step 4/);
    expect(Array.from(trainer.model.block.values.dataSync())).toEqual(before);
  });

  test("a label that is no class, in the middle of an epoch", () => {
    const samples = { x: data.x.slice(0, 4), y: keep(tensor([0, 1, 0, 2], "int32")) };
    const trainer = trainerOf({ layers: () => softmaxNet(), samples, batchSize: 1 }, { shuffle: false });
    for (let step = 0; step < 3; step++) trainer.takeStep();
    expect(trainer.replaying.active).toBe(true);
    expect(() => trainer.takeStep()).toThrow("softmaxCrossEntropy: class index 2 at position 0 is not in 0 to 1");
  });
});

class Scale extends Layer {
  readonly type = "scale";
  seen = 0;
  build(inputShape: Shape): Shape {
    return inputShape;
  }
  call(x: Tensor): Tensor {
    this.seen += 1;
    return x.mul(this.seen);
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}

class Peek extends Scale {
  static override readonly repeatable = true;
  override call(x: Tensor): Tensor {
    return x.mul(1 + Math.abs(x.sum().item()));
  }
}

class Double extends Scale {
  static override readonly repeatable = true;
  override call(x: Tensor): Tensor {
    this.seen += 1;
    return x.mul(2);
  }
}

class Inherited extends Double {}

describe("what is not replayed", () => {
  const own: Loss = { name: "mine", targets: "classes", compute: lossFor("softmaxCrossEntropy").compute };

  test.each<[string, Setup, string]>([
    [
      "a layer that does not say so",
      { layers: () => softmaxNet(new Scale()) },
      "layer 1.scale does not say that it is repeatable",
    ],
    ["a subclass of one that does", { layers: () => softmaxNet(new Inherited()) }, "layer 1.scale does not say"],
    ["a layer that looks at values", { layers: () => softmaxNet(new Peek()) }, "it looks at values while it runs"],
    ["a loss of one's own", { layers: () => softmaxNet(), loss: own }, "loss mine does not say that it is repeatable"],
    [
      "a changed copy of a loss",
      { layers: () => softmaxNet(), loss: { ...lossFor("softmaxCrossEntropy") } },
      "loss softmaxCrossEntropy does not",
    ],
  ])("%s", async (_, setup, obstacle) => {
    const [plain, trainer] = [trainerOf(setup, { replay: false }), trainerOf(setup)];
    await plain.finishEpoch();
    await trainer.finishEpoch();
    expect(trainer.replaying.active).toBe(false);
    expect(trainer.replaying.obstacle).toContain(obstacle);
    expect(outcome(trainer)).toEqual(outcome(plain));
  });

  test("a model of another class, or a layer whose call was replaced", () => {
    class Mine extends Sequential {}
    const options = { loss: own, optimizer: new SGD(), batchSize: 10, shuffle: true, seed: 1 };
    const mine = new Trainer(new Mine(softmaxNet(), { inputShape: [2] }), data, options);
    expect(mine.replaying.obstacle).toBe("the model is a Mine, which does not say that it is repeatable");
    const layers = softmaxNet();
    layers[0]!.call = (x) => x.mul(1);
    expect(trainerOf({ layers: () => layers }).replaying.obstacle).toContain("layer 0.dense does not say");
  });

  test("layers and losses that say so are called once, then no more", async () => {
    const layer = new Double();
    const trainer = trainerOf({ layers: () => softmaxNet(layer), loss: { ...own, repeatable: true } });
    await trainer.finishEpoch();
    expect(trainer.replaying).toEqual({ active: true, obstacle: null });
    expect(layer.seen).toBe(1);
  });
});

test("no step needs more memory than the plan, and the first gives the bits of one that runs as it is", () => {
  const first = (replay: boolean): { peak: number; loss: number; values: ArrayLike<number> } => {
    const layers = Array.from({ length: 24 }, () => new Dense(128, { activation: "relu" }));
    const model = new Sequential([...layers, new Dropout(0.5), new Dense(2, { activation: "softmax" })], {
      inputShape: [128],
      seed: 1,
    });
    const data = { x: random.normal([512, 128], 0, 1, { generator: new Generator(2) }), y: zeros([512], "int32") };
    const optimizer = new SGD({ learningRate: 0.01 });
    const trainer = new Trainer(model, data, { loss: "softmaxCrossEntropy", optimizer, batchSize: 512, replay });
    const before = memory().bytes;
    const { loss } = trainer.takeStep();
    return { peak: memory().peakBytes - before, loss, values: model.block.values.dataSync() };
  };
  // The peak is the process's: what needs less goes first.
  const [planned, asItIs] = [first(true), first(false)];
  expect(planned.peak).toBeLessThan(0.6 * asItIs.peak);
  expect(planned.loss).toBe(asItIs.loss);
  expect(planned.values).toEqual(asItIs.values);
});

// A model of some of the layers takes the parameters into a block of its own when it is made, and when it trains.
test.each([true, false])(
  "replay %s: a model learns the same where another has its layers in the meantime",
  (replay) => {
    const losses = (disturbed: boolean): number[] => {
      const x = input([2]);
      const hidden = new Dense(12, { activation: "tanh" }).apply(x);
      const model = new Model({ inputs: x, outputs: new Dense(2, { activation: "softmax" }).apply(hidden), seed: 1 });
      const inside = (): Model => new Model({ inputs: x, outputs: hidden });
      if (disturbed) inside();
      const trainer = new Trainer(model, data, { batchSize: 20, seed: 1, replay });
      return Array.from({ length: 12 }, (_, i) => {
        if (disturbed && i % 4 === 3) void inside().block;
        return trainer.takeStep().loss;
      });
    };
    const alone = losses(false);
    expect(losses(true)).toEqual(alone);
    expect(alone[11]).toBeLessThan(alone[0]);
  },
);
