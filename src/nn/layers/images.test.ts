// Layers for images and sequences: what shapes they make, how they start, masks, and what they say of what they can't take.
import { describe, expect, test } from "vitest";
import {
  AveragePooling2D,
  BatchNormalization,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Dense,
  DepthwiseConv2D,
  Flatten,
  GaussianNoise,
  Generator,
  GlobalAveragePooling1D,
  GlobalMaxPooling1D,
  GroupNormalization,
  input,
  Lambda,
  type Layer,
  LayerNormalization,
  LocalResponseNormalization,
  loadModel,
  MaxPooling1D,
  MaxPooling2D,
  modelFromConfig,
  type OpenShape,
  ones,
  PartiallyConnectedConv2D,
  Permute,
  PReLU,
  RadialBasis,
  Reshape,
  random,
  SeparableConv2D,
  Sequential,
  SpatialDropout2D,
  Subsampling2D,
  saveModel,
  Trainer,
  tensor,
  UpSampling2D,
  ZeroPadding2D,
  zeros,
} from "../../node.ts";

const shapeOf = (layer: Layer, shape: OpenShape): OpenShape => layer.apply(input(shape)).shape;
const context = { training: false, generator: new Generator(0) };

describe("open lengths", () => {
  test("stay open, and any length runs", () => {
    const layers = [
      new Conv2D(4, 3, { padding: "same", activation: "relu" }),
      new BatchNormalization(),
      new MaxPooling2D(),
      new Conv2DTranspose(2, 2, { stride: 2 }),
      new UpSampling2D(),
      new ZeroPadding2D(),
    ];
    const model = new Sequential(layers, { inputShape: [3, null, null] });
    expect(model.outputShape).toEqual([2, null, null]);
    expect(model.call(zeros([2, 3, 8, 6])).shape).toEqual([2, 2, 18, 14]);
    expect(model.call(zeros([1, 3, 4, 4])).shape).toEqual([1, 2, 10, 10]);
    const sequences = new Sequential([new Conv1D(4, 3), new MaxPooling1D(2)], { inputShape: [null, 5] });
    expect(sequences.outputShape).toEqual([null, 4]);
    expect(sequences.call(zeros([2, 9, 5])).shape).toEqual([2, 3, 4]);
  });

  test("are closed by a shape that follows, or stay open in it", () => {
    expect(shapeOf(new Reshape([-1, 4]), [null, 2])).toEqual([null, 4]);
    expect(shapeOf(new Reshape([2, -1]), [4, 3])).toEqual([2, 6]);
    expect(shapeOf(new Permute([2, 1]), [null, 3])).toEqual([3, null]);
  });
});

describe("initialisation", () => {
  // N(0, 2 / fanIn) and N(0, 2 / (fanIn + fanOut)): the fans are those of the connections that there are.
  test.each<[string, Layer, number[], number]>([
    ["He before relu: fan-in 8 x 9", new Conv2D(64, 3, { activation: "relu" }), [8, 9, 9], 2 / 72],
    ["Xavier in groups: (4 x 9 + 32 x 9) / 2", new Conv2D(64, 3, { groups: 2 }), [8, 9, 9], 2 / (36 + 288)],
    ["depthwise: 9 and 18", new DepthwiseConv2D(3, { depthMultiplier: 2 }), [256, 9, 9], 2 / 27],
    ["transposed: 32 x 16 / 4 and 16 x 16", new Conv2DTranspose(16, 4, { stride: 2 }), [32, 9, 9], 2 / (128 + 256)],
    ["over time: 64 x 3", new Conv1D(32, 3, { activation: "relu" }), [9, 64], 2 / 192],
  ])("%s", (_, layer, inputShape, variance) => {
    const model = new Sequential([layer], { inputShape, seed: 5 });
    const measured = model.parameters[0]!.tensor.square().mean().item();
    expect(Math.abs(measured / variance - 1)).toBeLessThan(0.1);
    expect(model.parameters[1]!.tensor.abs().max().item()).toBe(0);
  });
});

describe("masks", () => {
  const x = tensor([
    [[1], [2], [30]],
    [[4], [5], [6]],
  ]);
  const masks = [
    tensor([
      [true, true, false],
      [false, false, false],
    ]),
  ];

  test("say which steps a sequence's mean and largest are of; 0 where none counts", () => {
    expect(new GlobalAveragePooling1D().call(x, { ...context, masks }).toArray()).toEqual([[1.5], [0]]);
    expect(new GlobalMaxPooling1D().call(x, { ...context, masks }).toArray()).toEqual([[2], [0]]);
    expect(new GlobalMaxPooling1D({ keepDims: true }).call(x, { ...context, masks }).toArray()).toEqual([[[2]], [[0]]]);
    expect(new GlobalAveragePooling1D().maskOf()).toEqual([null]);
  });
});

describe("noise", () => {
  test("has its deviation while training, whole channels fall together, and there is none afterwards", () => {
    const training = { training: true, generator: new Generator(3) };
    const noise = new GaussianNoise(0.5).call(zeros([4000]), training);
    expect(Math.abs(noise.mean().item())).toBeLessThan(0.04);
    expect(Math.abs(noise.standardDeviation().item() / 0.5 - 1)).toBeLessThan(0.05);
    const kept = new SpatialDropout2D(0.25).call(ones([50, 40, 2, 2]), training);
    expect(
      kept
        .max([2, 3])
        .sub(kept.min([2, 3]))
        .abs()
        .max()
        .item(),
    ).toBe(0);
    expect([...new Set(kept.dataSync())].sort()).toEqual([0, Math.fround(1 / 0.75)]);
    expect(Math.abs(kept.mean().item() - 1)).toBeLessThan(0.05);
    expect(new SpatialDropout2D(0.25).call(ones([1, 2, 1, 1]), context).toArray()).toEqual([[[[1]], [[1]]]]);
  });
});

describe("Lambda", () => {
  test("is tried for its shape, open lengths included", () => {
    expect(shapeOf(new Lambda((x) => x.sum(2)), [null, 4])).toEqual([null]);
    expect(shapeOf(new Lambda((x) => x.mean(1)), [null, 4])).toEqual([4]);
    expect(shapeOf(new Lambda((x) => x, { outputShape: [7] }), [7])).toEqual([7]);
  });

  test("says that it is not saved, and is replayed only where it says that it may be", () => {
    const make = (repeatable: boolean) =>
      new Sequential([new Dense(2), new Lambda((x) => x.mul(2), { repeatable, name: "twice" })], { inputShape: [2] });
    expect(() => saveModel(make(true))).toThrow(
      /twice: a function can't be saved, nor can a model with it; .*registerLayer/,
    );
    const data = { x: ones([4, 2]), y: ones([4, 2]) };
    const replaying = [true, false].map((repeatable) => {
      const trainer = new Trainer(make(repeatable), data, { loss: "meanSquaredError", batchSize: 2 });
      for (let i = 0; i < 4; i++) trainer.takeStep();
      return trainer.replaying;
    });
    expect(replaying[0]!.active).toBe(true);
    expect(replaying[1]!.obstacle).toMatch(/layer twice does not say that it is repeatable/);
  });

  test("has to return a batch", () => {
    expect(() => shapeOf(new Lambda(() => 3 as never), [2])).toThrow(/its function must return a tensor, got 3/);
    expect(() => shapeOf(new Lambda((x) => x.sum()), [2])).toThrow(/the first axis of the result must be the batch's/);
    expect(() => new Lambda("f" as never)).toThrow(/Lambda: the first argument must be a function/);
  });
});

describe("partial connections", () => {
  test("are those of a convolution whose other filters are 0", () => {
    const connections = [[1], [0, 2], [2, 0, 1]];
    const partial = new Sequential([new PartiallyConnectedConv2D(connections, 2)], { inputShape: [3, 4, 4], seed: 6 });
    const whole = new Sequential([new Conv2D(3, 2)], { inputShape: [3, 4, 4] });
    const own = partial.weights()[0]!.toArray() as number[][][];
    const zero = [
      [0, 0],
      [0, 0],
    ];
    let next = 0;
    const kernel = connections.map((row) => {
      const filter: number[][][] = [zero, zero, zero];
      for (const channel of row) filter[channel] = own[next++]!;
      return filter;
    });
    whole.setWeights([tensor(kernel), zeros([3])]);
    const x = random.normal([2, 3, 4, 4], 0, 1, { generator: new Generator(8) });
    expect(partial.call(x).sub(whole.call(x)).abs().max().item()).toBeLessThan(1e-6);
    expect(partial.parameterCount).toBe(6 * 4 + 3);
  });
});

test("a model of many layers is saved and loaded to the same bits", () => {
  const model = new Sequential(
    [
      new Conv2D(6, 3, { padding: "same", kernelPenalty: { l2: 1e-4 } }),
      new PReLU({ sharedAxes: [2, 3] }),
      new LocalResponseNormalization(),
      new SeparableConv2D(8, 3, { activation: "relu" }),
      new GroupNormalization({ groups: 4 }),
      new AveragePooling2D(2, { padding: "same" }),
      new Permute([2, 3, 1]),
      new LayerNormalization(),
      new Reshape([-1]),
      new Dense(3),
    ],
    { inputShape: [2, 8, 8], seed: 2 },
  );
  const again = loadModel(saveModel(model));
  expect(again.summary()).toBe(model.summary());
  const x = random.normal([3, 2, 8, 8], 0, 1, { generator: new Generator(1) });
  expect(again.call(x).dataSync()).toEqual(model.call(x).dataSync());
});

describe("bad input", () => {
  const image = [3, 8, 8];
  const on = (layer: Layer, inputShape: OpenShape) => () => new Sequential([layer], { inputShape });
  test.each<[string, () => unknown, RegExp]>([
    ["vectors", on(new Conv2D(2, 3), [8]), /0\.conv2d: takes inputs of 3 axes, \[channels, height, width\].*\(8,\)/],
    ["sequences", on(new Conv1D(2, 3), image), /0\.conv1d: takes inputs of 2 axes, \[time, features\]/],
    ["open channels", on(new Conv2D(2, 3), [null, 8, 8]), /needs a fixed number of channels \(axis 0 of one input\)/],
    ["a large window", on(new Conv2D(2, 9), image), /a window that spans 9 is larger than its input, 8 long/],
    ["a dilated window", on(new Conv2D(2, 5, { dilation: 2 }), image), /a window that spans 9 is larger/],
    ["a long window", on(new Conv1D(2, 4), [3, 2]), /a window that spans 4 is larger than its input, 3 long/],
    ["a large pool", on(new MaxPooling2D(9), image), /a window that spans 9 is larger/],
    ["groups for channels", on(new Conv2D(4, 3, { groups: 2 }), image), /3 channels can't be divided into 2 groups/],
    ["groups for filters", on(new Conv2D(4, 3, { groups: 3 }), image), /4 filters can't be divided into 3 groups/],
    ["groups of norms", on(new GroupNormalization(), image), /3 channels can't be divided into 32 groups/],
    ["no filters", () => new Conv2D(0, 3), /filters must be a whole number of at least 1, got 0/],
    ["half a filter", () => new Conv1D(2.5, 3), /filters must be a whole number of at least 1, got 2\.5/],
    ["no size", () => new Conv2D(2, undefined as never), /kernelSize must be a whole number of at least 1, or a pair/],
    ["a stride of 0", () => new Conv2D(2, 3, { stride: 0 }), /stride must be a whole number of at least 1/],
    ["a triple", () => new Conv2D(2, [1, 2, 3] as never), /kernelSize must be .* or a pair of them, got \[1, 2, 3\]/],
    ["another padding", () => new Conv2D(2, 3, { padding: "full" as never }), /"same" or "valid", got "full"/],
    ["causal images", () => new Conv2D(2, 3, { padding: "causal" as never }), /"same" or "valid", got "causal"/],
    ["full sequences", () => new Conv1D(2, 3, { padding: "full" as never }), /"valid" or "causal", got "full"/],
    [
      "wide pool padding",
      () => new MaxPooling2D(2, { padding: 2 }),
      /padding 2 is more than half of the window's size, 2/,
    ],
    [
      "an activation",
      () => new Conv2D(2, 3, { activation: "rely" as never }),
      /unknown name "rely" \(did you mean relu/,
    ],
    ["weights", () => new Conv2D(2, 3, { weights: "glorot" as never }), /initialiser: unknown name "glorot"/],
    ["a penalty", () => new Conv2D(2, 3, { kernelPenalty: { l3: 1 } as never }), /there is no option l3/],
    ["Keras' strides", () => new Conv2D(2, 3, { strides: 2 } as never), /no option strides \(here it is stride\)/],
    ["Keras' use_bias", () => new Conv2D(2, 3, { use_bias: false } as never), /no option use_bias \(here it is bias\)/],
    ["filters inside", () => new Conv2D(2, 3, { filters: 2 } as never), /filters is the first argument/],
    ["kernelSize inside", () => new Conv2D(2, { kernelSize: 3 } as never), /kernelSize must be a whole number/],
    ["Keras' layout", () => new Conv2D(2, 3, { dataFormat: "channelsLast" } as never), /Permute layer moves axes/],
    ["a regulariser", () => new Conv2D(2, 3, { kernelRegularizer: 1 } as never), /\(here it is kernelPenalty\)/],
    ["PyTorch's padding", () => new AveragePooling2D(2, { countIncludePad: true } as never), /countIncludePadding/],
    ["Keras' interpolation", () => new UpSampling2D(2, { interpolation: "nearest" } as never), /here it is method/],
    [
      "outputPadding beside same",
      on(new Conv2DTranspose(2, 3, { stride: 2, padding: "same", outputPadding: 1 }), image),
      /padding "same" makes the output input stride long; outputPadding has no place/,
    ],
    ["nothing left", on(new Conv2DTranspose(2, 1, { padding: 4 }), image), /nothing is left of the output/],
    ["a shape that does not fit", on(new Reshape([5]), [2, 3]), /\(2, 3\) can't be seen as \(5,\): 6 elements/],
    ["two that follow", () => new Reshape([-1, -1]), /only one length can follow/],
    ["open and closed", on(new Reshape([6]), [null, 2]), /can't be seen as \(6,\); a length that follows, -1/],
    ["an order", () => new Permute([1, 3]), /must name each axis once, from 1/],
    ["an order of others", on(new Permute([2, 1]), image), /is an order of 2 axes/],
    [
      "inner axes",
      on(new LayerNormalization({ axes: 1 }), image),
      /axes \[1\] must be the last ones of inputs \(3, 8, 8\)/,
    ],
    ["open steps", on(new LayerNormalization({ axes: [1, 2] }), [null, 4]), /needs a fixed number of elements/],
    ["slopes of open axes", on(new PReLU(), [3, null]), /needs a fixed number of elements, or a shared axis \(axis 1/],
    ["a table without rows", () => new PartiallyConnectedConv2D([], 3), /connections must have a list of channels/],
    [
      "a row twice",
      () => new PartiallyConnectedConv2D([[0, 0]], 3),
      /connections\[0\] must name at least one channel, and each once/,
    ],
    [
      "a channel too many",
      on(new PartiallyConnectedConv2D([[0], [3]], 3), image),
      /filter 1 is to see channel 3, and inputs have 3/,
    ],
    ["softmax of maps", () => new Subsampling2D(2, { activation: "softmax" }), /softmax is for the last axis/],
    ["no units", () => new RadialBasis(0), /units must be a whole number of at least 1, got 0/],
    ["noise below 0", () => new GaussianNoise(-1), /deviation must be a finite number of at least 0, got -1/],
    ["all channels", () => new SpatialDropout2D(1), /rate must be at least 0 and below 1, got 1/],
    [
      "a negative frame",
      () =>
        new ZeroPadding2D([
          [0, 0],
          [-1, 0],
        ]),
      /padding must be a whole number of at least 0/,
    ],
    ["a layer not in a model", () => new Conv2D(2, 3).call(zeros([1, 3, 8, 8])), /is not built; put it in a model/],
    [
      "images of another size",
      () =>
        new Sequential([new Conv2D(2, 3), new Flatten(), new Dense(1)], { inputShape: image }).call(
          zeros([1, 3, 9, 8]),
        ),
      /inputs must have shape \("?n"?, 3, 8, 8\), got \(1, 3, 9, 8\)/,
    ],
    [
      "PyTorch's name in a file",
      () =>
        modelFromConfig({ type: "sequential", inputShape: image, dtype: "float32", layers: [{ type: "maxPool2d" }] }),
      /unknown type "maxPool2d" \(here it is maxPooling2d\)/,
    ],
    [
      "a setting in a file",
      () =>
        modelFromConfig({
          ...{ type: "sequential", inputShape: image, dtype: "float32" },
          layers: [{ type: "conv2d", filters: 2, kernelSize: [3, "3"] }],
        }),
      /layers\[0\] \(conv2d\): kernelSize must be a whole number of at least 1/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});
