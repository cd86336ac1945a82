// Layers and models: shapes, parameters, gradients, and the errors that guard them.

import { describe, expect, test } from "vitest";
import {
  expectGradients,
  Generator,
  loadModel,
  random,
  type Shape,
  saveModel,
  scope,
  type Tensor,
  tensor,
} from "../node.ts";
import {
  ACTIVATIONS,
  Activation,
  Dense,
  Dropout,
  Flatten,
  type INITIALISERS,
  initialise,
  Layer,
  type LayerConfig,
  registerLayer,
  Sequential,
} from "./index.ts";
import { fixedShape } from "./shapes.ts";

const context = { training: true, generator: new Generator(0) };

describe("Sequential", () => {
  test("784-30-10 has 23,860 parameters, and says so", () => {
    const model = new Sequential([new Flatten(), new Dense(30, { activation: "sigmoid" }), new Dense(10)], {
      inputShape: [28, 28],
    });
    expect(model.parameterCount).toBe(23860);
    expect(model.outputShape).toEqual([10]);
    expect(model.summary().split("\n")).toEqual([
      "layer       output shape   parameters",
      "-------------------------------------",
      "input       (28, 28)                0",
      "0.flatten   (784,)                  0",
      "1.dense     (30,)              23,550",
      "2.dense     (10,)                 310",
      "-------------------------------------",
      "23,860 parameters",
    ]);
  });

  test("parameters are windows on one block, their gradients on another", () => {
    const model = new Sequential([new Dense(3, { bias: "normal" }), new Dense(2)], { inputShape: [4], seed: 2 });
    const storages = new Set(model.parameters.map((parameter) => parameter.tensor.storage));
    expect(storages.size).toBe(1);
    expect(model.block.ranges.map(({ decay }) => decay)).toEqual([true, false]);
    const names = model.parameters.map((parameter) => parameter.name);
    expect(names).toEqual(["0.dense.weights", "0.dense.bias", "1.dense.weights", "1.dense.bias"]);
  });

  test("the same seed gives the same parameters, another seed others", () => {
    const make = (seed: number): ArrayLike<number> =>
      new Sequential([new Dense(5)], { inputShape: [3], seed }).block.values.dataSync();
    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
  });

  test("dropout does not change the initial parameters", () => {
    const plain = new Sequential([new Dense(5), new Dense(2)], { inputShape: [3], seed: 1 });
    const dropped = new Sequential([new Dense(5), new Dropout(0.5), new Dense(2)], { inputShape: [3], seed: 1 });
    expect(dropped.block.values.dataSync()).toEqual(plain.block.values.dataSync());
  });

  test("its architecture makes the same model again", () => {
    const model = new Sequential(
      [
        new Flatten(),
        new Dense(4, { activation: "tanh", bias: null }),
        new Dropout(0.2, "atTest"),
        new Activation("softmax"),
      ],
      {
        inputShape: [2, 3],
      },
    );
    const again = Sequential.fromConfig(JSON.parse(JSON.stringify(model.config())));
    expect(again.config()).toEqual(model.config());
    expect(again.parameterCount).toBe(24);
  });

  test("errors say what is wrong", () => {
    expect(() => new Sequential([], { inputShape: [1] })).toThrow(/at least one layer/);
    expect(() => new Sequential([new Dense(1)], {} as { inputShape: number[] })).toThrow(
      /needs the shape of one input/,
    );
    expect(() => new Sequential([new Dense(3)], { inputShape: [1, 28, 28] })).toThrow(
      /0\.dense: a dense layer takes vectors.*Flatten/,
    );
    expect(() => new Dense(0)).toThrow(/units must be a whole number of at least 1, got 0/);
    expect(() => new Dense(3, { activation: "sigmoidal" as "sigmoid" })).toThrow(/unknown name "sigmoidal"/);
    // Not with all that it holds.
    expect(() => new Activation(tensor([1]) as unknown as "relu")).toThrow(
      /^activation: unknown name a tensor of shape \(1,\); use one of /,
    );
    expect(() => new Dropout(1)).toThrow(/below 1, got 1/);
    const model = new Sequential([new Dense(3)], { inputShape: [4] });
    expect(() => model.call(tensor([[1, 2, 3]]))).toThrow(/inputs must have shape \(n, 4\), got \(1, 3\)/);
    expect(() => new Sequential(model.layers, { inputShape: [4] })).toThrow(/part of a model already/);
    expect(() =>
      Sequential.fromConfig({ type: "sequential", inputShape: [1], dtype: "float32", layers: [{ type: "magic" }] }),
    ).toThrow(/unknown type "magic"/);
  });
});

describe("an architecture is looked at whole before anything is made of it", () => {
  const make = (layer: unknown) => () =>
    Sequential.fromConfig({ type: "sequential", inputShape: [2], dtype: "float32", layers: [layer] } as never);

  test.each([
    [{ type: "constructor" }, /layers\[0\]: unknown type "constructor"; there are activation, /],
    [{ type: "__proto__" }, /unknown type "__proto__"/],
    [{ type: 3 }, /unknown type 3/],
    [null, /layers\[0\]: the configuration must be an object, got null/],
    [{ type: "dense" }, /layers\[0\] \(dense\): units must be a whole number of at least 1, got undefined/],
    [{ type: "dense", units: "3" }, /units must be a whole number of at least 1, got "3"/],
    [{ type: "dense", units: 3, bias: "no" }, /bias must be true or false, got "?no/],
    [{ type: "dense", units: 3, activation: "toString" }, /activation must be one of linear, .*got "toString"/],
    [{ type: "dense", units: 3, unit: 4 }, /there is no option unit \(did you mean units\?\)/],
    [{ type: "dropout", rate: null }, /rate must be at least 0 and below 1, got null/],
    [{ type: "dropout", rate: 0.5, scaling: "sometimes" }, /scaling must be one of inverted, atTest/],
    [{ type: "batchNormalization", epsilon: null }, /epsilon must be a finite number of at least 0, got null/],
    [{ type: "batchNormalization", momentum: "0.9" }, /momentum must be at least 0 and below 1, got "0.9"/],
    [{ type: "flatten", axis: 1 }, /there is no option axis/],
  ])("%j", (layer, message) => {
    expect(make(layer)).toThrow(message);
  });

  test("its own settings too", () => {
    const layers = [{ type: "flatten" }];
    const from = (config: object) => () => Sequential.fromConfig(config as never);
    expect(from({ type: "sequential", inputShape: "2", dtype: "float32", layers })).toThrow(
      /inputShape must be a list/,
    );
    expect(from({ type: "sequential", inputShape: [2], dtype: "int32", layers })).toThrow(
      /dtype must be float32 or float64/,
    );
    expect(from({ type: "sequential", inputShape: [2], dtype: {}, layers })).toThrow(/unknown dtype \{\}/);
    expect(from({ type: "sequential", inputShape: [2], dtype: "float32", layers, depth: 1 })).toThrow(
      /no option depth/,
    );
  });
});

describe("layers of one's own", () => {
  class Scale extends Layer {
    readonly type = "nnTestScale";
    constructor(readonly factor: number) {
      super();
    }
    build(inputShape: Shape): Shape {
      return inputShape;
    }
    call(x: Tensor): Tensor {
      return x.mul(this.factor);
    }
    config(): LayerConfig {
      return { type: this.type, factor: this.factor };
    }
  }

  test("are found by loadModel once they are registered", () => {
    const bytes = saveModel(new Sequential([new Scale(3)], { inputShape: [1] }));
    expect(() => loadModel(bytes)).toThrow(
      /unknown type "nnTestScale"; there are .*A layer of your own has to be registered before: registerLayer\("nnTestScale"/,
    );
    registerLayer("nnTestScale", ({ factor }) => new Scale(Number(factor)));
    expect(
      loadModel(bytes)
        .call(tensor([[2]]))
        .toArray(),
    ).toEqual([[6]]);
  });

  test("can't take the place of the library's, and must be made of a function", () => {
    expect(() => registerLayer("dense", () => new Scale(1))).toThrow(/dense is a layer of the library/);
    expect(() => registerLayer("", () => new Scale(1))).toThrow(/the type must be a name/);
    expect(() => registerLayer("x", new Scale(1) as never)).toThrow(/needs a function .* to a layer, got a Scale/);
    registerLayer("nnTestNone", () => ({}) as Layer);
    const config = { type: "sequential", inputShape: [1], dtype: "float32", layers: [{ type: "nnTestNone" }] } as const;
    expect(() => Sequential.fromConfig(config as never)).toThrow(
      /the function given to registerLayer must return a layer, got \{\}/,
    );
  });
});

describe("layers pass the gradient check, in float64", () => {
  const cases: [string, () => Layer, number[]][] = [
    ...ACTIVATIONS.filter((name) => name !== "step").map((name): [string, () => Layer, number[]] => [
      `dense ${name}`,
      () => new Dense(4, { activation: name, bias: "normal" }),
      [3],
    ]),
    ...ACTIVATIONS.filter((name) => name !== "step").map((name): [string, () => Layer, number[]] => [
      `activation ${name}`,
      () => new Activation(name),
      [5],
    ]),
    ["flatten", () => new Flatten(), [2, 3]],
    ["dense without bias", () => new Dense(2, { bias: null }), [3]],
  ];
  test.each(cases)("%s", (_, make, inputShape) => {
    scope(() => {
      const layer = make();
      const model = new Sequential([layer], { inputShape, seed: 3, dtype: "float64" });
      const x = random.normal([3, ...inputShape], 0, 1, { dtype: "float64", generator: new Generator(4) });
      const weight = random.normal([3, ...fixedShape("test", model.outputShape)], 0, 1, {
        dtype: "float64",
        generator: new Generator(5),
      });
      expectGradients((input) => layer.call(input, context).mul(weight).sum(), [x]);
      // By the parameters: each is replaced by the argument in turn.
      for (const parameter of layer.parameters) {
        const value = parameter.tensor;
        expectGradients(
          (p) => {
            parameter.place(p);
            const y = layer.call(x, context).mul(weight).sum();
            parameter.place(value);
            return y;
          },
          [value.clone()],
        );
      }
    });
  });
});

describe("dropout", () => {
  const x = tensor(new Float32Array(10_000).fill(1), { shape: [100, 100] });
  const share = (y: Tensor): number => y.notEqual(0).cast("float32").mean().item();

  test("keeps the expectation while training: what is kept is divided by what is left", () => {
    const y = new Dropout(0.25).call(x, { training: true, generator: new Generator(1) });
    expect(share(y)).toBeCloseTo(0.75, 1);
    expect(y.max().item()).toBeCloseTo(4 / 3, 5);
  });

  test("does nothing when not training", () => {
    expect(new Dropout(0.25).call(x, { training: false, generator: new Generator(1) })).toBe(x);
  });

  test("scaled at test, as network3 does it", () => {
    const layer = new Dropout(0.25, "atTest");
    expect(
      layer
        .call(x, { training: true, generator: new Generator(1) })
        .max()
        .item(),
    ).toBe(1);
    expect(
      layer
        .call(x, { training: false, generator: new Generator(1) })
        .max()
        .item(),
    ).toBe(0.75);
  });
});

describe("initialisers", () => {
  const draw = (name: (typeof INITIALISERS)[number]): Float32Array =>
    initialise(name, {
      shape: [400, 100],
      dtype: "float32",
      generator: new Generator(1),
      fanIn: 400,
      fanOut: 100,
    }).dataSync() as Float32Array;
  const deviation = (values: Float32Array): number =>
    Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

  test.each([
    ["normal", 1],
    ["scaled", 1 / 20],
    ["xavier", Math.sqrt(2 / 500)],
    ["xavierUniform", Math.sqrt(2 / 500)],
    ["he", Math.sqrt(2 / 400)],
    ["heUniform", Math.sqrt(2 / 400)],
  ] as const)("%s has standard deviation %f", (name, expected) => {
    expect(deviation(draw(name)) / expected).toBeCloseTo(1, 1);
  });

  test("zeros and ones, and an unknown name", () => {
    expect(deviation(draw("zeros"))).toBe(0);
    expect(deviation(draw("ones"))).toBe(1);
    expect(() => draw("glorot" as "he")).toThrow(/unknown name "glorot"; use one of zeros, ones, normal, scaled/);
  });
});
