// What fails changes nothing: parameters from files, saved states, steps whose loss is no number.
import { describe, expect, test } from "vitest";
import {
  Adam,
  BatchNormalization,
  Dense,
  Dropout,
  fit,
  loadModel,
  loadParameters,
  type Optimizer,
  readSafetensors,
  Sequential,
  SGD,
  saveModel,
  schedule,
  type Tensor,
  Trainer,
  type TrainerState,
  tensor,
  writeSafetensors,
  zeros,
} from "../node.ts";

const normalised = (seed = 1): Sequential =>
  new Sequential([new BatchNormalization(), new Dropout(0.2), new Dense(1)], { inputShape: [2], seed });
const data = {
  x: tensor([
    [1, 2],
    [3, 5],
    [-1, 0],
    [2, 2],
  ]),
  y: tensor([[1], [2], [3], [4]]),
};
/** All that a model is. */
const contents = (model: Sequential): unknown => [
  model.parameters.map((parameter) => parameter.tensor.toArray()),
  model.generator.state(),
];

describe("a step whose loss is no number", () => {
  test("leaves running means and variances, parameters and random numbers as they were", () => {
    const model = normalised();
    const trainer = new Trainer(model, data, { loss: "meanSquaredError", batchSize: 2, shuffle: false });
    trainer.takeStep();
    const before = contents(model);
    const state = JSON.stringify(trainer.state());
    const broken = new Trainer(
      model,
      { x: data.x, y: data.y.mul(Number.NaN) },
      { loss: "meanSquaredError", batchSize: 2 },
    );
    expect(() => broken.takeStep()).toThrow(
      /the loss became NaN at epoch 1, step 1; the parameters are those before this step/,
    );
    expect(contents(model)).toEqual(before);
    expect(JSON.stringify(trainer.state())).toBe(state);
  });

  test("in a replayed one, too", () => {
    const model = normalised();
    const x = tensor([
      [1, 2],
      [3, 5],
      [-1, 0],
      [2, 2],
      [1, 1],
      [0, 1],
      [4, 4],
      [Number.NaN, 1],
    ]);
    const y = zeros([8, 1]);
    const trainer = new Trainer(model, { x, y }, { loss: "meanSquaredError", batchSize: 2, shuffle: false });
    for (let i = 0; i < 3; i++) trainer.takeStep();
    expect(trainer.replaying.active).toBe(true);
    const before = contents(model);
    expect(() => trainer.takeStep()).toThrow(/step 4;.*The data's x hold NaN/);
    expect(contents(model)).toEqual(before);
  });

  test("and so does one that fails otherwise: gradients that can't be clipped", () => {
    const model = normalised();
    // Finite losses with infinite gradients: the root of 0.
    const loss = (p: Tensor, t: Tensor): Tensor => p.mul(0).add(t.mul(0)).sqrt().mean();
    const trainer = new Trainer(model, data, { loss, optimizer: new SGD({ clipNorm: 1 }) });
    const before = contents(model);
    expect(() => trainer.takeStep()).toThrow(/the norm of the gradients is NaN/);
    expect(contents(model)).toEqual(before);
  });
});

describe("loadParameters", () => {
  const filed = (
    change: (tensors: Record<string, Tensor>) => void,
  ): { tensors: Record<string, Tensor>; metadata: Record<string, string> } => {
    const { tensors, metadata } = readSafetensors(saveModel(normalised(2)));
    const own = { ...tensors };
    change(own);
    return { tensors: own, metadata };
  };
  test.each([
    ["of another shape", zeros([2]), /parameter 2\.dense\.bias has shape \(2,\), the model's \(1,\)/],
    ["of another dtype", zeros([1], "float64"), /parameter 2\.dense\.bias is float64, the model's float32/],
    ["that is no tensor", [0] as unknown as Tensor, /parameter 2\.dense\.bias: needs a tensor/],
    ["with NaN", tensor([Number.NaN]), /file: parameter 2\.dense\.bias holds NaN \(element 0\), .*allowNonFinite/],
    ["with infinity", tensor([Number.POSITIVE_INFINITY]), /holds Infinity/],
    ["that is missing", undefined as unknown as Tensor, /has no parameter 2\.dense\.bias/],
  ])("with a last tensor %s takes none", (_, last, message) => {
    const model = normalised(1);
    const before = contents(model);
    const file = filed((tensors) => {
      if (last === undefined) delete tensors["2.dense.bias"];
      else tensors["2.dense.bias"] = last;
    });
    expect(() => loadParameters(model, file)).toThrow(message);
    expect(contents(model)).toEqual(before);
  });

  test("takes what is not finite where it is asked to", () => {
    const model = normalised(1);
    loadParameters(
      model,
      filed((tensors) => (tensors["2.dense.bias"] = tensor([Number.NaN]))),
      "file",
      { allowNonFinite: true },
    );
    expect(model.parameters.find(({ name }) => name === "2.dense.bias")!.tensor.item()).toBeNaN();
  });
});

describe("loadModel", () => {
  const bytesWith = (layers: readonly unknown[]): Uint8Array => {
    const { tensors, metadata } = readSafetensors(saveModel(normalised()));
    const architecture = JSON.stringify({ ...JSON.parse(metadata["architecture"]), layers });
    return writeSafetensors(tensors, { ...metadata, architecture });
  };
  test.each([
    [
      { type: "batchNormalization", momentum: 0.9, epsilon: null },
      /epsilon must be a finite number of at least 0, got null/,
    ],
    [
      { type: "batchNormalization", momentum: 0.9, epsilon: "1e-5" },
      /epsilon must be a finite number of at least 0, got "1e-5"/,
    ],
    [{ type: "constructor" }, /unknown type "constructor"/],
    [{ type: "__proto__" }, /unknown type "__proto__"/],
    [{ type: "dense", units: 1e99, activation: "linear", bias: true }, /units must be a whole number/],
  ])("names what is wrong with %o", (layer, message) => {
    const bytes = bytesWith([layer]);
    expect(() => loadModel(bytes, "a.safetensors")).toThrow(message);
    expect(() => loadModel(bytes, "a.safetensors")).toThrow(/^a\.safetensors: its architecture can't be built: /);
  });

  test("refuses parameters that are not finite unless asked", () => {
    const model = normalised();
    model.parameters.at(-1)!.assign(tensor([Number.POSITIVE_INFINITY]));
    const bytes = saveModel(model);
    expect(() => loadModel(bytes, "a.safetensors")).toThrow(/a\.safetensors: parameter 2\.dense\.bias holds Infinity/);
    expect(loadModel(bytes, "a.safetensors", { allowNonFinite: true }).parameters.at(-1)!.tensor.item()).toBe(
      Number.POSITIVE_INFINITY,
    );
  });
});

describe("Trainer.restore", () => {
  const make = (optimizer: Optimizer = new Adam(), seed = 1): Trainer =>
    new Trainer(normalised(seed), data, {
      loss: "meanSquaredError",
      optimizer,
      batchSize: 2,
      schedule: schedule.onPlateau(0.1, { patience: 2 }),
    });
  const everything = (trainer: Trainer): unknown => [
    trainer.state(),
    Object.entries(trainer.tensors()).map(([name, value]) => [name, value.toArray()]),
  ];
  const saved = (): { state: TrainerState; tensors: Record<string, Tensor> } => {
    const trainer = make(new Adam(), 7);
    for (let i = 0; i < 3; i++) trainer.takeStep();
    const { tensors } = readSafetensors(writeSafetensors(trainer.tensors()));
    return { state: JSON.parse(JSON.stringify(trainer.state())) as TrainerState, tensors };
  };
  type Change = (state: Record<string, unknown>, tensors: Record<string, Tensor>) => void;
  const changes: readonly [string, Change, RegExp][] = [
    [
      "epoch -3",
      (state) => void (state["epoch"] = -3),
      /the state's epoch must be a whole number of at least 0, got -3/,
    ],
    ["epoch 4.5", (state) => void (state["epoch"] = 4.5), /epoch must be a whole number/],
    ["step 1.5", (state) => void (state["step"] = 1.5), /step must be a whole number/],
    ["step 3 of 2", (state) => void (state["step"] = 3), /the state is after step 3, but an epoch has 2/],
    ["no loss", (state) => void (state["lossSum"] = null), /lossSum must be a finite number, got null/],
    ["no random numbers", (state) => void delete state["random"], /random must be an object, got undefined/],
    ["a broken seed", (state) => void (state["shuffle"] = { seed: "a", counter: 0 }), /seed/],
    [
      "another schedule",
      (state) => void (state["schedule"] = { type: "cosine" }),
      /can't be restored from the state of a schedule/,
    ],
    ["no schedule", (state) => void delete state["schedule"], /has no learning-rate schedule/],
    ["another optimiser", (state) => void (state["optimizer"] = { type: "sgd" }), /the state is of type "sgd"/],
    [
      "a parameter with NaN",
      (_, tensors) => void (tensors["2.dense.bias"] = tensor([Number.NaN])),
      /parameter 2\.dense\.bias holds NaN/,
    ],
    [
      "memory with NaN",
      (_, tensors) => void (tensors["optimizer.mean"] = tensor([Number.NaN])),
      /the optimiser's mean holds NaN/,
    ],
    [
      "no memory",
      (_, tensors) => void delete tensors["optimizer.mean"],
      /the slots are variance, expected mean, variance/,
    ],
    [
      "a parameter of another shape",
      (_, tensors) => void (tensors["2.dense.bias"] = zeros([3])),
      /has shape \(3,\), the model's \(1,\)/,
    ],
  ];
  test.each(changes)("with %s changes nothing", (_, change, message) => {
    const { state, tensors } = saved();
    change(state as unknown as Record<string, unknown>, tensors);
    const trainer = make();
    trainer.takeStep();
    const before = everything(trainer);
    expect(() => trainer.restore(state, tensors)).toThrow(message);
    expect(everything(trainer)).toEqual(before);
  });

  test("with nothing wrong takes all", () => {
    const { state, tensors } = saved();
    const trainer = make();
    trainer.restore(state, tensors);
    expect(JSON.parse(JSON.stringify(trainer.state()))).toEqual(state);
    expect(Object.keys(trainer.tensors()).map((name) => trainer.tensors()[name].toArray())).toEqual(
      Object.keys(trainer.tensors()).map((name) => tensors[name].toArray()),
    );
  });
});

test("a training that throws midway can be gone on with", async () => {
  const model = normalised();
  const failing = { onEpochEnd: () => Promise.reject(new Error("disk full")) };
  await expect(fit(model, data, { loss: "huber", callbacks: [failing] })).rejects.toThrow("disk full");
  expect((await fit(model, data, { loss: "huber" })).ended).toBe("finished");
});
