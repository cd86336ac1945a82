// Models by name: how many numbers they have, layer by layer where the papers or what is known of them says so; that pictures go through; that they
// learn. Counts are taken from the layers before memory is reserved for parameters: VGG-19 alone has 575 MB of them.
import { describe, expect, test } from "vitest";
import {
  type BaseLayer,
  Generator,
  loadModel,
  type Model,
  type ModelOptions,
  type OpenShape,
  ones,
  random,
  type Symbolic,
  saveModel,
  scope,
  Trainer,
  tensor,
  zeros,
} from "../../node.ts";
import { planOf } from "../graph.ts";
import { type AlexNetOptions, alexnet, alexnetLayers } from "./alexnet.ts";
import { DIGIT_CODES } from "./digit-codes.ts";
import { googlenet, googlenetGraph } from "./googlenet.ts";
import { C3_CONNECTIONS, lenet5, lenet5Layers } from "./lenet.ts";
import { network3, network3Layers } from "./network3.ts";
import { resnet, resnetGraph } from "./resnet.ts";
import { vgg, vggLayers } from "./vgg.ts";

interface Row {
  name: string;
  parameters: number;
  shape: OpenShape;
}

const sizeOf = (layer: BaseLayer, state = false): number =>
  layer.parameters.reduce((sum, p) => sum + (p.isState || (p.frozen && !state) ? 0 : p.size), 0);

/** The layers of a line, connected. */
function rowsOf({ layers, inputShape }: { layers: readonly BaseLayer[]; inputShape: OpenShape }): Row[] {
  let shapes: readonly OpenShape[] = [inputShape];
  return layers.map((layer) => {
    shapes = layer.connect(shapes);
    return { name: layer.name, parameters: sizeOf(layer), shape: shapes[0]! };
  });
}

/** The layers of a graph. */
function graphRows({ inputs, outputs }: ModelOptions): Row[] {
  const ends = "shape" in outputs ? [outputs as Symbolic] : Object.values(outputs as Record<string, Symbolic>);
  const { steps } = planOf("test", [inputs as Symbolic], ends);
  return steps.map(({ layer, call }) => ({
    name: layer.name,
    parameters: sizeOf(layer),
    shape: call.outputs[0]!.shape,
  }));
}

const total = (rows: readonly Row[]): number => rows.reduce((sum, { parameters }) => sum + parameters, 0);
/** Counts of the layers that have parameters. */
const counts = (rows: readonly Row[]): number[] => rows.map(({ parameters }) => parameters).filter((n) => n > 0);

describe("numbers of parameters", () => {
  test("LeNet-5, original: 60,000 trained, 840 fixed, 340,908 connections", () => {
    const { layers, inputShape } = lenet5Layers({ variant: "original", inputShape: [1, 32, 32] });
    const rows = rowsOf({ layers, inputShape });
    expect(rows.filter(({ parameters }) => parameters > 0).map(({ name, parameters }) => [name, parameters])).toEqual([
      ["C1", 156],
      ["S2", 12],
      ["C3", 1516],
      ["S4", 32],
      ["C5", 48_120],
      ["F6", 10_164],
    ]);
    expect(total(rows)).toBe(60_000);
    expect(sizeOf(layers.at(-1)!, true)).toBe(840);
    // A filter's connections are its numbers at every place; a unit of S sees four others and its bias.
    const connections = rows.map(({ name, parameters, shape }) => {
      const places = shape.slice(1).reduce<number>((product, length) => product * length!, 1);
      return name.startsWith("S") ? 5 * shape[0]! * places : name === "output" ? 840 : parameters * places;
    });
    expect(connections.reduce((sum, n) => sum + n)).toBe(340_908);
    expect(C3_CONNECTIONS.map(({ length }) => length)).toEqual([3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 6]);
    // Every map of S2 goes to ten of C3.
    expect([0, 1, 2, 3, 4, 5].map((map) => C3_CONNECTIONS.flat().filter((c) => c === map).length)).toEqual(
      Array(6).fill(10),
    );
  });

  test("LeNet-5: 61,706, and Caffe's 431,080", () => {
    const usual = counts(rowsOf(lenet5Layers({})));
    expect(usual).toEqual([156, 2_416, 48_120, 10_164, 850]);
    expect(usual.reduce((a, b) => a + b)).toBe(61_706);
    const caffe = counts(rowsOf(lenet5Layers({ variant: "caffe" })));
    expect(caffe).toEqual([520, 25_050, 400_500, 5_010]);
    expect(caffe.reduce((a, b) => a + b)).toBe(431_080);
  });

  test.each([
    [{ convolutions: 0, hidden: [100] }, 79_510],
    [{ convolutions: 1, hidden: [100] }, 289_630],
    [{ convolutions: 2, hidden: [100] }, 85_670],
    [{ convolutions: 2, hidden: [300] }, 215_870],
    [{ convolutions: 2, hidden: [1000] }, 671_570],
    [{ convolutions: 2, hidden: [100, 100] }, 95_770],
    [{ convolutions: 2, hidden: [300, 300] }, 306_170],
    [{ convolutions: 2, hidden: [1000, 1000], dropout: 0.5 }, 1_672_570],
    [{ convolutions: 1, hidden: [] }, 29_330],
    [{ convolutions: 2, hidden: [] }, 26_970],
  ] as const)("network3 %j: %i", (options, expected) => {
    expect(total(rowsOf(network3Layers(options)))).toBe(expected);
  });

  test("network3 with L2 pooling: a pool of four equal neurons a gives 2 a, where the largest is a", () => {
    const outputs = (["max", "l2"] as const).map((pooling) => {
      const model = network3({ convolutions: 1, hidden: [], activation: "linear", pooling, seed: 1 });
      model.parameters[0].assign(ones([20, 1, 5, 5]));
      model.parameters[1].assign(zeros([20]));
      model.parameters[2].assign(ones([2880, 10]).div(2880));
      return model
        .logits(ones([1, 1, 28, 28]))
        .get(0, 0)
        .item();
    });
    expect(outputs[0] / 25).toBeCloseTo(1, 5);
    expect(outputs[1] / 50).toBeCloseTo(1, 5);
    expect(network3({ pooling: "l2" }).parameterCount).toBe(85_670);
  });

  test("network3: 28-24-12-8-4, and sizes of its layers", () => {
    const rows = rowsOf(network3Layers({}));
    expect(rows.slice(0, 4).map(({ shape }) => shape)).toEqual([
      [20, 24, 24],
      [20, 12, 12],
      [40, 8, 8],
      [40, 4, 4],
    ]);
    expect(counts(rows)).toEqual([520, 20_040, 64_100, 1_010]);
  });

  test("AlexNet: in two towers 60,965,224, in one 62,378,344, torchvision's 61,100,840", () => {
    const of = (options: AlexNetOptions): number[] => counts(rowsOf(alexnetLayers(options)));
    const dense = [37_752_832, 16_781_312, 4_097_000];
    expect(of({})).toEqual([34_944, 307_456, 885_120, 663_936, 442_624, ...dense]);
    expect(of({ variant: "oneTower" })).toEqual([34_944, 614_656, 885_120, 1_327_488, 884_992, ...dense]);
    expect(of({ variant: "torchvision" })).toEqual([23_296, 307_392, 663_936, 884_992, 590_080, ...dense]);
    expect(total(rowsOf(alexnetLayers({})))).toBe(60_965_224);
    expect(total(rowsOf(alexnetLayers({ variant: "oneTower" })))).toBe(62_378_344);
    expect(total(rowsOf(alexnetLayers({ variant: "torchvision" })))).toBe(61_100_840);
  });

  test("AlexNet: 55-27-27-13-13-6 for 227 pixels, and for 224 with 2 around", () => {
    for (const side of [227, 224]) {
      const rows = rowsOf(alexnetLayers({ inputShape: [3, side, side] }));
      const sides = ["conv1", "pool1", "conv2", "pool2", "conv5", "pool5"].map(
        (name) => rows.find((row) => row.name === name)!.shape[1],
      );
      expect(sides).toEqual([55, 27, 27, 13, 13, 6]);
    }
  });

  test("AlexNet has 659,272 units", () => {
    const rows = rowsOf(alexnetLayers({}));
    const units = rows
      .filter(({ parameters }) => parameters > 0)
      .map(({ shape }) => shape.reduce<number>((product, length) => product * length!, 1));
    expect(units).toEqual([290_400, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000]);
    expect(units.reduce((a, b) => a + b)).toBe(659_272);
  });

  test.each([
    [11, 132_863_336, 132_868_840],
    [13, 133_047_848, 133_053_736],
    [16, 138_357_544, 138_365_992],
    [19, 143_667_240, 143_678_248],
  ] as const)("VGG-%i: %i, with batch normalisation %i", (depth, plain, normalised) => {
    const rows = rowsOf(vggLayers(depth, {}));
    expect(total(rows)).toBe(plain);
    expect(total(rowsOf(vggLayers(depth, { batchNormalization: true })))).toBe(normalised);
    // The depth counts layers with weights, and the maps end at 7 by 7.
    expect(counts(rows)).toHaveLength(depth);
    expect(rows.find(({ name }) => name === "pool5")!.shape).toEqual([512, 7, 7]);
  });

  test.each([
    [18, 11_689_512],
    [34, 21_797_672],
    [50, 25_557_032],
    [101, 44_549_160],
    [152, 60_192_808],
  ] as const)("ResNet-%i: %i", (depth, expected) => {
    const rows = graphRows(resnetGraph(depth, {}));
    expect(total(rows)).toBe(expected);
    expect(total(graphRows(resnetGraph(depth, { strideIn: "1x1" })))).toBe(expected);
    const counted = rows.filter(({ name }) => /conv\d$/.test(name) || name === "fc");
    expect(counted).toHaveLength(depth);
    expect(rows.findLast(({ name }) => name.endsWith("add"))!.shape).toEqual([depth < 50 ? 512 : 2048, 7, 7]);
  });

  test("GoogLeNet, the paper's: 6,998,552, with auxiliary heads 13,378,280, module by module", () => {
    const rows = graphRows(googlenetGraph({}));
    expect(total(rows)).toBe(6_998_552);
    expect(total(graphRows(googlenetGraph({ auxiliary: true })))).toBe(13_378_280);
    const modules = ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"];
    const own = (module: string) => rows.filter(({ name }) => name.startsWith(`inception${module}`));
    expect(modules.map((module) => total(own(module)))).toEqual([
      ...[163_696, 388_736, 376_176, 449_160, 510_104, 605_376, 868_352, 1_043_456, 1_444_080],
    ]);
    expect(modules.map((module) => own(module).at(-1)!.shape[0])).toEqual([
      ...[256, 480, 512, 512, 512, 528, 832, 832, 1024],
    ]);
    const sides = ["conv1", "pool1", "conv2", "pool2", "inception3b", "inception4e", "inception5b"].map(
      (name) => rows.find((row) => row.name === name)!.shape[1],
    );
    expect(sides).toEqual([112, 56, 56, 28, 28, 14, 7]);
  });

  test("GoogLeNet, torchvision's: 6,624,904, with auxiliary heads 13,004,888", () => {
    expect(total(graphRows(googlenetGraph({ variant: "torchvision" })))).toBe(6_624_904);
    expect(total(graphRows(googlenetGraph({ variant: "torchvision", auxiliary: true })))).toBe(13_004_888);
  });
});

const pictures = (n: number, shape: readonly number[], seed = 1) =>
  random.normal([n, ...shape], 0, 1, { generator: new Generator(seed) });

/** Shares of the classes for some pictures: positive, of sum 1. */
function expectShares(model: Model, shape: readonly number[], classes: number): void {
  const y = model.call(pictures(2, shape));
  expect(y.shape).toEqual([2, classes]);
  expect(y.sum(1).sub(1).abs().max().item()).toBeLessThan(1e-5);
  expect(y.min().item()).toBeGreaterThanOrEqual(0);
}

describe("pictures go through", () => {
  const small = { inputShape: [3, 32, 32], classes: 5 };

  test("LeNet-5 and network3", () => {
    for (const variant of ["usual", "caffe"] as const) expectShares(lenet5({ variant }), [1, 28, 28], 10);
    expectShares(lenet5({ inputShape: [3, 32, 32], classes: 7 }), [3, 32, 32], 7);
    expectShares(network3({ convolutions: 1, dropout: 0.5 }), [1, 28, 28], 10);
  });

  test("LeNet-5's original gives minus the squared distance from each code, and is saved with them", () => {
    const model = lenet5({ variant: "original", seed: 2 });
    const x = pictures(3, [1, 28, 28]);
    const features = model.upTo("F6").call(x);
    const [y, f] = [model.call(x).toArray() as number[][], features.toArray() as number[][]];
    f.forEach((row, n) => {
      DIGIT_CODES.forEach((code, digit) => {
        const distance = row.reduce((sum, value, j) => sum + (value - code[j]!) ** 2, 0);
        expect(Math.abs(y[n]![digit]! + distance) / distance).toBeLessThan(1e-5);
      });
    });
    const again = loadModel(saveModel(model));
    expect(again.parameterCount).toBe(60_000);
    expect(again.call(x).dataSync()).toEqual(model.call(x).dataSync());
    // Codes differ in several pixels.
    const apart = DIGIT_CODES.flatMap((a, i) =>
      DIGIT_CODES.slice(i + 1).map((b) => a.filter((pixel, j) => pixel !== b[j]).length),
    );
    expect(Math.min(...apart)).toBeGreaterThanOrEqual(5);
  });

  test.each([11, 13, 16, 19] as const)("VGG-%i, plain and normalised", (depth) => {
    for (const batchNormalization of [false, true]) {
      scope(() => {
        const options = { ...small, hidden: [16], pooledSize: 1, batchNormalization };
        expectShares(vgg(depth, options), [3, 32, 32], 5);
      });
    }
  });

  test.each([18, 34, 50, 101, 152] as const)("ResNet-%i", (depth) => {
    scope(() => {
      expectShares(resnet(depth, { inputShape: [3, null, null], classes: 5 }), [3, 40, 32], 5);
    });
  });

  test.each(["paper", "torchvision"] as const)("GoogLeNet, %s", (variant) => {
    scope(() => {
      expectShares(googlenet({ variant, ...small }), [3, 32, 32], 5);
    });
    scope(() => {
      const model = googlenet({ variant, auxiliary: true, inputShape: [3, 96, 96], classes: 5 });
      const y = model.callAll(pictures(1, [3, 96, 96]));
      expect(Object.entries(y).map(([name, { shape }]) => [name, shape])).toEqual([
        ["main", [1, 5]],
        ["auxiliary1", [1, 5]],
        ["auxiliary2", [1, 5]],
      ]);
    });
  });

  test.each(["twoTowers", "oneTower", "torchvision"] as const)("AlexNet, %s", (variant) => {
    scope(() => {
      expectShares(alexnet({ variant, inputShape: [3, 67, 67], classes: 5 }), [3, 67, 67], 5);
    });
  });

  test("AlexNet at full size", () => {
    scope(() => {
      expectShares(alexnet({ classes: 5 }), [3, 227, 227], 5);
    });
  });
});

describe("pictures of 32 by 32 are learnt", () => {
  test.each<[string, () => Model]>([
    ["ResNet-18", () => resnet(18, { inputShape: [3, 32, 32], classes: 4, stem: "small" })],
    [
      "VGG-11 with batch normalisation",
      () =>
        vgg(11, {
          ...{ inputShape: [3, 32, 32], classes: 4, hidden: [64], pooledSize: 1 },
          ...{ batchNormalization: true, dropout: 0 },
        }),
    ],
  ])("%s", (_, make) => {
    scope(() => {
      const data = { x: pictures(4, [3, 32, 32]), y: tensor([0, 1, 2, 3], "int32") };
      const trainer = new Trainer(make(), data, { optimizer: "momentum", learningRate: 0.005, batchSize: 4 });
      const losses = Array.from({ length: 4 }, () => trainer.takeStep().loss);
      expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!);
      expect(trainer.replaying.active).toBe(true);
    });
  });
});

describe("bad input", () => {
  test.each<[string, () => unknown, RegExp]>([
    ["a depth that there is not", () => vgg(12 as never), /vgg: depth must be one of 11, 13, 16, 19, got 12/],
    [
      "a depth that there is not",
      () => resnet(20 as never),
      /resnet: depth must be one of 18, 34, 50, 101, 152, got 20/,
    ],
    ["a variant that there is not", () => lenet5({ variant: "modern" as never }), /lenet5: variant must be one of/],
    [
      "an option that there is not",
      () => alexnet({ numClasses: 10 } as never),
      /no option numClasses \(here it is classes/,
    ],
    ["no options but null", () => alexnet(null as never), /alexnet: /],
    ["vectors", () => resnet(18, { inputShape: [784] }), /resnet: takes inputs of 3 axes, \[channels, height, width\]/],
    ["no classes", () => googlenet({ classes: 0 }), /classes must be a whole number of at least 1, got 0/],
    ["pictures of another size", () => lenet5({ inputShape: [1, 64, 64] }), /pictures of 28 or 32 pixels.*resize them/],
    ["eleven digits", () => lenet5({ variant: "original", classes: 11 }), /tells ten digits by their codes, got 11/],
    ["too small pictures", () => vgg(11, { inputShape: [3, 16, 16] }), /pool5: a window that spans 2 is larger/],
    ["four convolutions", () => network3({ convolutions: 4 as never }), /convolutions must be one of 0, 1, 2, got 4/],
    ["mean pooling", () => network3({ pooling: "mean" as never }), /pooling must be one of "?max"?, "?l2"?/],
    ["sizes", () => vgg(11, { hidden: [0] }), /hidden\[0\] must be a whole number of at least 1, got 0/],
  ])("%s: %#", (_, make, message) => {
    expect(make).toThrow(message);
  });

  test("pictures that do not fit", () => {
    expect(() => lenet5().call(zeros([1, 1, 32, 32]))).toThrow(/inputs must have shape/);
  });
});
