// Steps that are taken many in one call end with the bits of steps that are taken one by one, whatever the network, and stop where one of them fails.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type ActivationName,
  BatchNormalization,
  Dense,
  Dropout,
  Generator,
  keep,
  type Layer,
  lossFor,
  NonFiniteLossError,
  type Optimizer,
  type OptimizerName,
  optimizerByName,
  random,
  type Samples,
  type Schedule,
  Sequential,
  SGD,
  schedule,
  scope,
  startProfiling,
  Trainer,
  zeros,
} from "../node.ts";
import { Burst } from "./burst.ts";

const data: Samples = keep(
  scope(() => {
    const x = random.uniform([90, 3], -1, 1, { generator: new Generator(1) });
    return { x, y: x.square().sum(1).less(0.9).cast("int32") };
  }),
);
const values: Samples = { x: data.x, y: keep(scope(() => data.x.sum(1, true).exp())) };

interface Setup {
  readonly layers: () => Layer[];
  readonly optimizer?: () => Optimizer;
  readonly schedule?: () => Schedule;
  readonly samples?: Samples;
  readonly loss?: Parameters<typeof lossFor>[0];
  readonly batchSize?: number;
  readonly shuffle?: boolean;
  readonly dtype?: "float32" | "float64";
}

const softmaxNet = (...between: Layer[]): Layer[] => [
  new Dense(6, { activation: "tanh" }),
  ...between,
  new Dense(2, { activation: "softmax" }),
];

function trainerOf(setup: Setup, replay: boolean): Trainer {
  const { samples = data, dtype = "float32", loss = "softmaxCrossEntropy" } = setup;
  const model = new Sequential(setup.layers(), { inputShape: samples.x.shape.slice(1), seed: 3, dtype });
  return new Trainer(model, samples, {
    loss: lossFor(loss),
    optimizer: setup.optimizer?.() ?? new SGD({ learningRate: 0.1 }),
    schedule: setup.schedule?.(),
    batchSize: setup.batchSize ?? 10,
    shuffle: setup.shuffle ?? true,
    seed: 5,
    replay,
  });
}

/** Steps are taken many at once only where they are short: however long they take on this machine. */
function pretendQuick(trainer: Trainer): void {
  const bursts = trainer["bursts"];
  if (bursts !== null) bursts.pace = 1e-6;
}

/** Takes steps, many at once as soon as they can be. True if some were. */
function hurry(trainer: Trainer, count: number): boolean {
  let together = false;
  const end = trainer.optimizer.iterations + count;
  trainer.takeSteps(2);
  while (trainer.optimizer.iterations < end) {
    pretendQuick(trainer);
    trainer.takeSteps(Math.min(11, end - trainer.optimizer.iterations));
    together ||= trainer["bursts"]?.["burst"] instanceof Burst;
  }
  return together;
}

function oneByOne(trainer: Trainer, count: number): void {
  for (let step = 0; step < count; step++) trainer.takeStep();
}

/** All that a run has come to, to the bit. */
function outcome(trainer: Trainer): unknown {
  const numbers = Object.entries(trainer.tensors()).map(([name, x]) => [name, Array.from(x.dataSync())]);
  const gradients = trainer.model.parameters.map(({ tensor: x }) => x.gradient && Array.from(x.gradient.dataSync()));
  return { state: trainer.state(), learningRate: trainer.optimizer.learningRate, numbers, gradients };
}

function expectSame(setup: Setup, { together = true, count = 60 } = {}): void {
  const [plain, quick] = [trainerOf(setup, false), trainerOf(setup, true)];
  oneByOne(plain, count);
  expect(hurry(quick, count)).toBe(together);
  expect(outcome(quick)).toEqual(outcome(plain));
  expect(quick.takeSteps(1)).toEqual(plain.takeStep());
}

const OPTIMIZERS: readonly OptimizerName[] = [
  ...(["sgd", "momentum", "nesterov", "adaGrad", "rmsProp", "adaDelta"] as const),
  ...(["adam", "adamW", "nAdam", "rAdam", "lion"] as const),
];

/** NAdam raises a number to a fraction at every step, which takes memory: no call with numbers that can be told in advance. */
const isPlain = (name: OptimizerName): boolean => name !== "nAdam";

describe("the same bits as one by one", () => {
  test.each(OPTIMIZERS)("optimiser %s", (name) => {
    const optimizer = (): Optimizer => optimizerByName(name, { learningRate: 0.02 });
    expectSame({ layers: () => softmaxNet(), optimizer }, { together: isPlain(name) });
  });

  const setups: Record<string, Setup> = {
    "random numbers are drawn as they would be": { layers: () => softmaxNet(new Dropout(0.4)) },
    "batch normalisation follows the batches": { layers: () => softmaxNet(new BatchNormalization({ momentum: 0.8 })) },
    "a last batch that is short": { layers: () => softmaxNet(new Dropout(0.2)), batchSize: 7 },
    "no shuffling": { layers: () => softmaxNet(), shuffle: false },
    "values, no classes": { layers: () => [new Dense(4), new Dense(1)], samples: values, loss: "meanSquaredError" },
    float64: { layers: () => softmaxNet(), dtype: "float64" },
    "penalties of both kinds": {
      layers: () => softmaxNet(),
      optimizer: () => new SGD({ learningRate: 0.1, weightDecay: 0.01, l1: 0.002 }),
    },
    "the learning rate follows a schedule": {
      layers: () => softmaxNet(),
      schedule: () => schedule.exponential(0.2, { factor: 0.97, unit: "step" }),
    },
  };
  test.each(Object.entries(setups))("%s", (_, setup) => {
    expectSame(setup);
  });

  test("of any small network", () => {
    const activations: ActivationName[] = ["sigmoid", "tanh", "relu", "gelu", "softplus", "elu", "linear"];
    const layer = fc.record({ units: fc.integer({ min: 1, max: 9 }), activation: fc.constantFrom(...activations) });
    const network = fc.record({
      hidden: fc.array(layer, { maxLength: 3 }),
      dropout: fc.boolean(),
      normalised: fc.boolean(),
      optimizer: fc.constantFrom(...OPTIMIZERS),
      weightDecay: fc.constantFrom(0, 0.01),
      l1: fc.constantFrom(0, 0.001),
      batchSize: fc.integer({ min: 1, max: 17 }),
      shuffle: fc.boolean(),
      classes: fc.boolean(),
      dtype: fc.constantFrom("float32" as const, "float64" as const),
    });
    fc.assert(
      fc.property(network, ({ hidden, dropout, normalised, optimizer, weightDecay, l1, classes, ...rest }) => {
        expectSame(
          {
            layers: () => [
              ...hidden.map(({ units, activation }) => new Dense(units, { activation })),
              ...(normalised && rest.batchSize > 1 ? [new BatchNormalization()] : []),
              ...(dropout ? [new Dropout(0.3)] : []),
              new Dense(classes ? 2 : 1, { activation: classes ? "softmax" : "linear" }),
            ],
            optimizer: () => optimizerByName(optimizer, { learningRate: 0.01, weightDecay, l1 }),
            samples: classes ? data : values,
            loss: classes ? "softmaxCrossEntropy" : "meanSquaredError",
            ...rest,
          },
          { count: 40, together: isPlain(optimizer) },
        );
      }),
      { numRuns: 25 },
    );
  });

  test("where every step needs the gradients' norm, they are taken one by one", () => {
    const optimizer = (): Optimizer => new SGD({ learningRate: 0.1, clipNorm: 0.5 });
    expectSame({ layers: () => softmaxNet(), optimizer }, { together: false });
  });

  test("through finishEpoch, figures of the epoch too", async () => {
    const setup = setups["a last batch that is short"]!;
    const [plain, quick] = [trainerOf(setup, false), trainerOf(setup, true)];
    for (let epoch = 0; epoch < 4; epoch++) {
      pretendQuick(quick);
      expect(await quick.finishEpoch()).toEqual(await plain.finishEpoch());
    }
    expect(quick["bursts"]?.["burst"]).toBeInstanceOf(Burst);
    expect(outcome(quick)).toEqual(outcome(plain));
  });
});

describe("what changes in between is seen", () => {
  const between: Record<string, (trainer: Trainer) => void> = {
    "another learning rate": ({ optimizer }) => {
      optimizer.learningRate = 0.013;
    },
    "weights that are set": ({ model }) => {
      scope(() => model.setWeights(model.parameters.map(({ tensor: x }) => x.mul(0.5))));
    },
    "a layer that is frozen": ({ model }) => {
      model.layers[0]!.trainable = false;
    },
    "memory that has grown": () => {
      scope(() => zeros([6_000_000]));
    },
    "a profiler that comes and goes": (trainer) => {
      const profiler = startProfiling();
      trainer.takeSteps(5);
      profiler.stop();
    },
    "a state that is restored": (trainer) => {
      scope(() => {
        const kept = Object.entries(trainer.tensors()).map(([name, x]) => [name, x.clone()] as const);
        const state = trainer.state();
        oneByOne(trainer, 4);
        trainer.restore(state, Object.fromEntries(kept));
      });
    },
  };
  test.each(Object.entries(between))("%s", (_, change) => {
    const setup: Setup = { layers: () => softmaxNet(new Dropout(0.1)) };
    const [plain, quick] = [trainerOf(setup, false), trainerOf(setup, true)];
    oneByOne(plain, 30);
    expect(hurry(quick, 30)).toBe(true);
    for (const trainer of [plain, quick]) change(trainer);
    oneByOne(plain, 30);
    hurry(quick, 30);
    expect(outcome(quick)).toEqual(outcome(plain));
  });
});

describe("a step that fails", () => {
  test("ends the call: the steps before it are taken, it is not", () => {
    const setup: Setup = {
      layers: () => [new Dense(3, { activation: "relu" }), new BatchNormalization(), new Dropout(0.2), new Dense(1)],
      optimizer: () => new SGD({ learningRate: 1e9 }),
      samples: values,
      loss: "meanSquaredError",
    };
    const calm: Setup = { ...setup, optimizer: () => new SGD({ learningRate: 0.01 }) };
    const [plain, quick] = [trainerOf(calm, false), trainerOf(calm, true)];
    oneByOne(plain, 25);
    expect(hurry(quick, 25)).toBe(true);
    for (const { optimizer } of [plain, quick]) optimizer.learningRate = 1e9;
    const errorOf = (body: () => void): NonFiniteLossError => {
      try {
        body();
      } catch (error) {
        expect(error).toBeInstanceOf(NonFiniteLossError);
        return error as NonFiniteLossError;
      }
      throw new Error("numbers that grow a billion times a step stayed finite");
    };
    const expected = errorOf(() => oneByOne(plain, 1000));
    pretendQuick(quick);
    const given = errorOf(() => quick.takeSteps(1000));
    expect([given.message, given.epoch, given.step]).toEqual([expected.message, expected.epoch, expected.step]);
    expect(quick.optimizer.iterations).toBe(plain.optimizer.iterations);
    const withoutGradients = (trainer: Trainer): unknown => ({ ...(outcome(trainer) as object), gradients: undefined });
    expect(withoutGradients(quick)).toEqual(withoutGradients(plain));
  });

  test("what is no number of steps is refused", () => {
    const trainer = trainerOf({ layers: () => softmaxNet() }, true);
    for (const count of [0, -1, 1.5, Number.NaN]) {
      expect(() => trainer.takeSteps(count)).toThrow(/takeSteps: count must be a whole number of at least 1/);
    }
    expect(trainer.optimizer.iterations).toBe(0);
  });
});
