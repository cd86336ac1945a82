// Graph models: what is connected, who owns which parameters, and how they are saved.
import { describe, expect, test } from "vitest";
import {
  Activation,
  Adam,
  BatchNormalization,
  backward,
  capture,
  Dense,
  Dropout,
  Generator,
  grad,
  input,
  Layer,
  type LayerConfig,
  loadModel,
  Model,
  type ModelConfig,
  MultiLayer,
  memory,
  modelFromConfig,
  type OpenShape,
  ones,
  predict,
  random,
  registerLayer,
  Sequential,
  SGD,
  type Symbolic,
  saveModel,
  scope,
  type Tensor,
  Trainer,
  tensor,
  zeros,
} from "../node.ts";

class Sum extends MultiLayer {
  static override readonly repeatable = true;
  readonly type = "testSum";
  build([a]: readonly OpenShape[]): readonly OpenShape[] {
    return [a];
  }
  call(xs: readonly Tensor[]): readonly Tensor[] {
    return [xs.reduce((sum, x) => sum.add(x))];
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}
registerLayer("testSum", () => new Sum());

/** Splits [n, 2 k] in halves. */
class Halves extends MultiLayer {
  static override readonly repeatable = true;
  readonly type = "testHalves";
  build([[width]]: readonly OpenShape[]): readonly OpenShape[] {
    return [[width! / 2], [width! / 2]];
  }
  call([x]: readonly Tensor[]): readonly Tensor[] {
    return x.split(2, 1);
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}
registerLayer("testHalves", () => new Halves());

/** x + f(x), made of a dense layer and batch normalisation. */
class Residual extends Layer {
  static override readonly repeatable = true;
  readonly type = "testResidual";
  private readonly dense: Dense;
  private readonly norm = this.owns("norm", new BatchNormalization());
  constructor(readonly units: number) {
    super();
    this.dense = this.owns("inner", new Dense(units, { activation: "tanh" }));
  }
  build(inputShape: OpenShape): OpenShape {
    this.norm.build(this.dense.build(inputShape));
    return inputShape;
  }
  call(x: Tensor, context: Parameters<Layer["call"]>[1]): Tensor {
    return x.add(this.norm.call(this.dense.call(x), context));
  }
  config(): LayerConfig {
    return { type: this.type, units: this.units };
  }
}
registerLayer("testResidual", ({ units }) => new Residual(Number(units)));

const normal = (shape: number[], seed = 1) => random.normal(shape, 0, 1, { generator: new Generator(seed) });

/** Two inputs, a shared layer, a branch, two outputs. */
function branches(seed = 1): Model {
  const [a, b] = [input([3], { name: "a" }), input([3], { name: "b" })];
  const shared = new Dense(4, { activation: "tanh", name: "shared" });
  const sum = new Sum().apply([shared.apply(a), shared.apply(b)]);
  const [left, right] = new Halves().applyAll(sum);
  return new Model({
    inputs: [a, b],
    outputs: { value: new Dense(1).apply(left), kind: new Dense(2, { activation: "softmax" }).apply(right) },
    seed,
  });
}

const round = (model: Model): Model => loadModel(saveModel(model));

describe("a graph", () => {
  test("computes what its layers compute, in the order of their needs", () => {
    const model = branches();
    const [x, y] = [normal([5, 3]), normal([5, 3], 2)];
    const { value, kind } = model.callAll([x, y]);
    const w = new Map(model.named.map(({ name, parameter }) => [name, parameter.tensor]));
    const hidden = (z: Tensor) => z.matmul(w.get("shared.weights")!).add(w.get("shared.bias")!).tanh();
    const [left, right] = hidden(x).add(hidden(y)).split(2, 1);
    const names = model.layers.map(({ name }) => name);
    expect(names).toEqual(["shared", "1.testSum", "2.testHalves", "3.dense", "4.dense"]);
    const affine = (z: Tensor, name: string) => z.matmul(w.get(`${name}.weights`)!).add(w.get(`${name}.bias`)!);
    expect(value.sub(affine(left, "3.dense")).abs().max().item()).toBeLessThan(1e-6);
    expect(kind.sub(affine(right, "4.dense").softmax()).abs().max().item()).toBeLessThan(1e-6);
    expect(model.outputs.map(({ name, shape, activation }) => [name, shape, activation])).toEqual([
      ["value", [1], "linear"],
      ["kind", [2], "softmax"],
    ]);
    expect(model.parameterCount).toBe(16 + 3 + 6);
  });

  test("takes batches as a list or by name, and says what is missing", () => {
    const model = branches();
    const [a, b] = [normal([5, 3]), normal([5, 3], 2)];
    expect(model.callAll({ b, a })["value"].toArray()).toEqual(model.callAll([a, b])["value"].toArray());
    expect(() => model.callAll(a)).toThrow(/takes 2 inputs \(a, b\), got 1/);
    expect(() => model.callAll({ a } as Record<string, Tensor>)).toThrow(/input b must be a tensor, got undefined/);
    expect(() => model.callAll({ a, b, c: b })).toThrow(/has no input "c"; its inputs are a, b/);
    expect(() => model.callAll([a, normal([4, 3])])).toThrow(/input b holds 4 samples, a 5/);
    expect(() => model.callAll([a, normal([5, 2])])).toThrow(/input b must have shape \(n, 3\), got \(5, 2\)/);
    expect(() => model.call([a, b])).toThrow(/has 2 outputs, not one.*callAll/);
    expect(() => model.inputShape).toThrow(/has 2 inputs, not one/);
  });

  // As two networks that play against each other are trained: one learns twice, then what goes through it learns.
  test.each(["clears after the forward pass", "clears after the step", "captured"])(
    "models of the same layers learn in turns by hand, whenever the block is asked for: %s",
    (way) => {
      const train = (early: boolean): unknown[] => {
        const [shared, z] = [new Dense(1, { weights: "ones" }), input([2])];
        const judge = new Sequential([new Dense(3, { activation: "tanh" }), shared], { inputShape: [2], seed: 1 });
        const whole = new Model({ inputs: z, outputs: judge.apply(new Dense(2).apply(z)), seed: 2 });
        const turns = [judge, whole].map((model) => {
          const optimizer = new SGD({ learningRate: 0.1 });
          const step = (x: Tensor): void =>
            scope(() => {
              // What is asked for before anything runs has always been right.
              if (early) model.block.clearGradients();
              const loss = model.call(x).sub(1).square().mean();
              if (!early && way !== "clears after the step") model.block.clearGradients();
              backward(loss);
              optimizer.step(model.block);
              if (!early && way === "clears after the step") model.block.clearGradients();
            });
          return !early && way === "captured" ? capture(step) : step;
        });
        // Long enough alone to be replayed, then in turns.
        for (const who of [0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1])
          turns[who](normal([4, 2], who + 1));
        return whole.parameters.map(({ tensor: x }) => x.toArray());
      };
      expect(train(false)).toEqual(train(true));
    },
  );

  test("has gradients through shared layers that are the sums of their uses", () => {
    const x = input([2]);
    const twice = new Dense(2, { weights: "ones", bias: null });
    const model = new Model({ inputs: x, outputs: twice.apply(twice.apply(x)), dtype: "float64" });
    const data = random.normal([3, 2], 0, 1, { dtype: "float64", generator: new Generator(1) });
    backward(model.call(data).sum());
    const w = ones([2, 2], "float64");
    const expected = grad((v: Tensor) => data.matmul(v).matmul(v).sum())(w) as Tensor;
    expect(model.parameters[0].tensor.gradient!.sub(expected).abs().max().item()).toBeLessThan(1e-12);
  });

  test("is saved and loaded to the same bits: shared layers, several outputs, models in models", () => {
    const inner = new Sequential([new Dense(3, { activation: "relu" }), new Residual(3)], { inputShape: [3], seed: 4 });
    const [a, b] = [input([3], { name: "a" }), input([3], { name: "b" })];
    const sum = new Sum().apply([inner.apply(a), inner.apply(b)]);
    const model = new Model({ inputs: [a, b], outputs: [new Dense(2).apply(sum), sum], seed: 5 });
    model.callAll([normal([6, 3]), normal([6, 3], 3)], { training: true });
    const again = round(model);
    const data = [normal([5, 3], 7), normal([5, 3], 8)];
    const [before, after] = [model.callAll(data), again.callAll(data)];
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const name of Object.keys(before)) expect(after[name].toArray()).toEqual(before[name].toArray());
    expect(again.config()).toEqual(model.config());
    expect(again.summary()).toBe(model.summary());
    expect(model.named.map(({ name }) => name)).toContain("0.sequential.1.testResidual.inner.weights");
    expect(saveModel(again)).toEqual(saveModel(model));
  });

  test("a deep one needs no deep stack", () => {
    const x = input([1]);
    let y: Symbolic = x;
    for (let i = 0; i < 3000; i++) y = new Activation("linear").apply(y);
    expect(new Model({ inputs: x, outputs: y }).call(tensor([[5]])).item()).toBe(5);
  });

  test("a long one that is only asked for its outputs needs the memory of a few layers", () => {
    let before = 0;
    let most = 0;
    class Watch extends Layer {
      readonly type = "watch";
      build(shape: OpenShape): OpenShape {
        return shape;
      }
      call(y: Tensor): Tensor {
        most = Math.max(most, memory().bytes - before);
        return y;
      }
      config(): LayerConfig {
        return { type: this.type };
      }
    }
    const kinds = [() => new Dense(100, { activation: "tanh" }), () => new Dropout(0.5), () => new Watch()];
    const model = new Sequential(
      Array.from({ length: 60 }, (_, i) => kinds[i % 3]()),
      { inputShape: [100], seed: 1 },
    );
    const x = normal([1000, 100]);
    before = memory().bytes;
    const y = predict(model, x);
    // The layer's inputs and outputs; all twenty would be 8 MB.
    expect(most).toBeLessThanOrEqual(2 * 4 * x.size);
    expect(y.sub(model.call(x)).abs().max().item()).toBe(0);
  });

  test("summary says what each layer is applied to where that is not the row above", () => {
    const lines = branches().summary().split("\n");
    expect(lines[0]).toMatch(/layer +output shape +parameters +applied to/);
    expect(lines.find((line) => line.startsWith("1.testSum"))).toMatch(/\(4,\) +0 +shared, shared$/);
    expect(lines.find((line) => line.startsWith("4.dense"))).toMatch(/\(2,\) +6 +2\.testHalves\[1\]$/);
    expect(lines.at(-1)).toBe("25 parameters");
    expect(new Sequential([new Dense(2), new BatchNormalization()], { inputShape: [1] }).summary()).toMatch(
      /8 parameters, and 4 that are not trained$/,
    );
  });
});

describe("who owns parameters", () => {
  test("a model within another keeps the values that it had, and both are trained on them", () => {
    const inner = new Sequential([new Dense(2, { activation: "tanh" })], { inputShape: [3], seed: 9 });
    const values = inner.weights().map((w) => w.toArray());
    const x = input([3]);
    const outer = new Model({ inputs: x, outputs: new Dense(1).apply(inner.apply(x)), seed: 1 });
    expect(
      outer
        .weights()
        .slice(0, 2)
        .map((w) => w.toArray()),
    ).toEqual(values);
    backward(outer.call(normal([4, 3])).sum());
    new SGD({ learningRate: 0.1 }).step(outer.block);
    outer.block.clearGradients();
    expect(inner.weights().map((w) => w.toArray())).toEqual(
      outer
        .weights()
        .slice(0, 2)
        .map((w) => w.toArray()),
    );
    expect(inner.weights()[0].toArray()).not.toEqual(values[0]);
    // And the other way round.
    const sgd = new SGD({ learningRate: 0.1 });
    const { block } = inner;
    backward(inner.call(normal([4, 3])).sum());
    sgd.step(block);
    expect(outer.weights()[0].toArray()).toEqual(inner.weights()[0].toArray());
  });

  test("a model that ends earlier shows what a layer gives, after training too", () => {
    const model = new Sequential([new Dense(3, { activation: "relu", name: "features" }), new Dense(1)], {
      inputShape: [2],
    });
    const features = model.upTo("features");
    const x = normal([4, 2]);
    const trainer = new Trainer(model, { x, y: ones([4, 1]) }, { loss: "meanSquaredError", batchSize: 2 });
    trainer.takeStep();
    trainer.takeStep();
    const [w, b] = model.weights();
    expect(features.call(x).sub(x.matmul(w).add(b).relu()).abs().max().item()).toBeLessThan(1e-6);
    expect(features.outputShape).toEqual([3]);
    expect(() => model.upTo("nothing")).toThrow(/no layer "?nothing"?; it has features, 1\.dense/);
  });

  test("setWeights takes what weights gives, all or nothing", () => {
    const [a, b] = [branches(1), branches(2)];
    b.setWeights(a.weights());
    expect(saveModel(b)).toEqual(saveModel(a));
    const before = saveModel(b);
    const values = a.weights();
    values[values.length - 1] = zeros([7]);
    values[0] = ones(values[0].shape);
    expect(() => b.setWeights(values)).toThrow(/4\.dense\.bias/);
    expect(() => b.setWeights(values.slice(1))).toThrow(/has 6 parameters, got 5/);
    expect(saveModel(b)).toEqual(before);
  });
});

describe("freezing", () => {
  const data = { x: normal([12, 2]), y: normal([12, 1], 5) };
  const make = () =>
    new Sequential([new Dense(3, { activation: "tanh" }), new BatchNormalization(), new Dense(1)], {
      inputShape: [2],
      seed: 3,
    });
  const trainerOf = (model: Model, replay = true) =>
    new Trainer(model, data, {
      loss: "meanSquaredError",
      optimizer: new Adam({ weightDecay: 0.1 }),
      batchSize: 4,
      replay,
    });
  const values = (model: Model) => model.weights().map((w) => w.toArray());

  test.each([true, false])(
    "holds parameters still, weight decay and memory included, until it ends (replay: %s)",
    (replay) => {
      const model = make();
      const trainer = trainerOf(model, replay);
      for (let i = 0; i < 6; i++) trainer.takeStep();
      model.layers[0].trainable = false;
      expect(model.parameterCount).toBe(6 + 4);
      expect(model.trainableVariables).toHaveLength(4);
      const before = values(model);
      for (let i = 0; i < 6; i++) trainer.takeStep();
      const after = values(model);
      expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
      expect(after.at(-1)).not.toEqual(before.at(-1));
      model.layers[0].trainable = true;
      for (let i = 0; i < 6; i++) trainer.takeStep();
      expect(values(model)[0]).not.toEqual(before[0]);
    },
  );

  test("batch normalisation that is frozen keeps its running statistics", () => {
    const model = make();
    model.layers[1].trainable = false;
    const trainer = trainerOf(model);
    const before = model.layers[1].parameters.map(({ tensor: t }) => t.toArray());
    for (let i = 0; i < 5; i++) trainer.takeStep();
    expect(model.layers[1].parameters.map(({ tensor: t }) => t.toArray())).toEqual(before);
  });

  test("is part of the configuration", () => {
    const model = new Sequential([new Dense(2, { trainable: false, name: "base" }), new Dense(1)], { inputShape: [2] });
    expect(model.parameterCount).toBe(3);
    const again = round(model);
    expect(again.parameterCount).toBe(3);
    expect(again.layers[0].name).toBe("base");
    expect(again.layers[0].trainable).toBe(false);
  });
});

describe("penalties and constraints", () => {
  test("a penalty is part of the loss and of the gradient: l1 sum |w| + l2 sum w^2", () => {
    const model = new Sequential([new Dense(1, { weights: "ones", kernelPenalty: { l1: 0.5, l2: 0.25 } })], {
      inputShape: [2],
    });
    expect(model.penalty()!.item()).toBeCloseTo(0.5 * 2 + 0.25 * 2, 6);
    const trainer = new Trainer(
      model,
      { x: zeros([4, 2]), y: zeros([4, 1]) },
      { loss: "meanSquaredError", optimizer: new SGD({ learningRate: 0.1 }), batchSize: 4 },
    );
    expect(trainer.takeStep().loss).toBeCloseTo(1.5, 6);
    // w - 0.1 (0.5 sign w + 0.5 w)
    expect((model.weights()[0].toArray() as number[][]).flat()[0]).toBeCloseTo(0.9, 6);
    expect(round(model).penalty()!.item()).toBeCloseTo(0.5 * 1.8 + 0.25 * 2 * 0.81, 5);
  });

  test.each([
    ["maxNorm", { maxNorm: 1 }, [0.6, 0.8]],
    ["norm", { norm: 2 }, [1.2, 1.6]],
  ] as const)("%s holds after a step", (_, kernelConstraint, expected) => {
    const make = (weights: number[][]) =>
      new Sequential([new Dense(2, { weights: () => tensor(weights), kernelConstraint })], { inputShape: [2] });
    const model = make([
      [3, 0.1],
      [4, 0.1],
    ]);
    const options = { loss: "meanSquaredError", optimizer: new SGD({ learningRate: 0 }), batchSize: 1 } as const;
    new Trainer(model, { x: zeros([1, 2]), y: zeros([1, 2]) }, options).takeStep();
    const [[a, c], [b]] = model.weights()[0].toArray() as number[][];
    expect(a).toBeCloseTo(expected[0], 6);
    expect(b).toBeCloseTo(expected[1], 6);
    expect(c).toBeCloseTo("norm" in kernelConstraint ? Math.SQRT2 : 0.1, 6);
  });
});

describe("bad input", () => {
  const x = input([2], { name: "x" });
  const y = new Dense(1).apply(x);
  test.each<[string, () => unknown, RegExp]>([
    [
      "an input that is missing",
      () => new Model({ inputs: input([2]), outputs: y }),
      /needs an input "?x"? of shape \(2,\)/,
    ],
    [
      "an input that nothing needs",
      () => new Model({ inputs: [x, input([1], { name: "idle" })], outputs: y }),
      /no output depends on input idle/,
    ],
    [
      "a tensor as input",
      () => new Dense(1).apply(zeros([1, 2]) as unknown as Symbolic),
      /needs a symbolic input.*a tensor goes into/,
    ],
    ["no outputs", () => new Model({ inputs: x, outputs: [] }), /outputs must be at least one symbolic tensor/],
    [
      "an unknown option",
      () => new Model({ inputs: x, outputs: y, input: x } as never),
      /there is no option input \(did you mean inputs\?\)/,
    ],
    [
      "one name twice",
      () => {
        const z = new Dense(2, { name: "same" }).apply(x);
        return new Model({ inputs: x, outputs: new Dense(2, { name: "same" }).apply(z) });
      },
      /two layers have the name "same"/,
    ],
    ["a name that files can't hold", () => new Dense(1, { name: "a.b" }), /a name is made of letters/],
    [
      "a shared layer on inputs of two sizes",
      () => {
        const dense = new Dense(1);
        dense.apply(x);
        dense.apply(input([3]));
      },
      /dense: is shared between inputs for which its weights would have shapes \(2, 1\) and \(3, 1\)/,
    ],
    [
      "models of two dtypes",
      () => {
        const inner = new Sequential([new Dense(2)], { inputShape: [2], dtype: "float64" });
        return new Model({ inputs: x, outputs: inner.apply(x) });
      },
      /is float64 in the model that it comes from, this one float32/,
    ],
    [
      "a layer twice in a line",
      () => {
        const dense = new Dense(2);
        return new Sequential([dense, dense], { inputShape: [2] });
      },
      /is part of a model already/,
    ],
    [
      "layers by name that are not there",
      () => new Sequential([new Dense(1)], { inputShape: [1] }).layer("x"),
      /has no layer "x"/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });

  test("layers whose model could not be made can be used with the right shape", () => {
    const layers = [new Dense(3), new Dropout(0.1), new Dense(2)];
    expect(() => new Sequential(layers, { inputShape: [1, 2, 3] })).toThrow(/takes vectors/);
    const wrong = [new Dense(3), new Residual(4)];
    expect(() => new Sequential([...wrong, {} as Layer], { inputShape: [4] })).toThrow(
      /element 2 of the list is no layer/,
    );
    expect(new Sequential(layers, { inputShape: [5] }).parameterCount).toBe(18 + 8);
  });

  test.each<[string, (config: ModelConfig) => void, RegExp]>([
    [
      "calls of layers that are not there",
      (c) => (((c as never)["calls"] as { layer: number }[])[0].layer = 9),
      /calls\[0\] is of layer 9/,
    ],
    [
      "values that are not there yet",
      (c) => (((c as never)["calls"] as { inputs: number[][] }[])[0].inputs = [[7, 0]]),
      /calls\[0\]\.inputs\[0\] is \[7, ?0\], where nothing is yet/,
    ],
    ["no outputs", (c) => ((c as Record<string, unknown>)["outputs"] = 3), /outputs must be an array/],
    [
      "an unknown type",
      (c) => ((c as Record<string, unknown>)["type"] = "constructor"),
      /unknown type of model "constructor"/,
    ],
  ])("a configuration with %s", (_, spoil, message) => {
    const config = JSON.parse(JSON.stringify(branches().config())) as ModelConfig;
    spoil(config);
    expect(() => modelFromConfig(config)).toThrow(message);
  });
});
