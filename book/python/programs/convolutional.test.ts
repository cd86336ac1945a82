// Section 5.3: the products with their shapes, global average pooling, and the counts of the networks it names.
import { backward, globalAvgPool2d, tensor } from "nabla";
import { describe, expect, it, test } from "vitest";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import {
  alexNet,
  alexNetTorchvision,
  googLeNet,
  leNet5,
  leNet5Original,
  leNet800,
  resNet,
  vgg,
  Walk,
} from "./architectures.ts";
import { FullyConnected, globalAveragePooling, globalAveragePoolingBackward } from "./fully-connected.ts";

const noise = (rows: number, columns: number, random: Random) => Matrix.fill(rows, columns, () => random.normal());

describe("the fully connected layer", () => {
  it("batch 16, 800 to 500: the text's products", () => {
    const random = new Random(1);
    const layer = new FullyConnected(800, 500, random);
    layer.forward(noise(16, 800, random));
    layer.backward(noise(16, 500, random));
    expect(layer.products).toEqual([
      { name: "y", shapes: "(16x800)(800x500) = 16x500" },
      { name: "dw", shapes: "(500x16)(16x800) = 500x800" },
      { name: "db", shapes: "(500x16)(16x1) = 500x1" },
      { name: "dx", shapes: "(16x500)(500x800) = 16x800" },
    ]);
  });

  it("its gradients equal the framework's", () => {
    const random = new Random(2);
    const layer = new FullyConnected(5, 3, random);
    layer.b.values.set([1, -2, 0.5]);
    const x = noise(4, 5, random);
    const y = layer.forward(x);
    const dx = layer.backward(y.map((value) => 2 * value));
    const of = (m: Matrix) => tensor(m.values, { shape: [...m.shape], dtype: "float64" }).requireGradient();
    const [tx, tw, tb] = [of(x), of(layer.w), of(layer.b)];
    backward(
      tx
        .matmul(tw.transpose())
        .add(tb.reshape([1, 3]))
        .square()
        .sum(),
    );
    for (const [byHand, framework] of [
      [dx, tx],
      [layer.dw, tw],
      [layer.db, tb],
    ] as const) {
      const expected = framework.gradient!.flatten().toArray() as number[];
      byHand.values.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 12);
      });
    }
  });
});

test("global average pooling: means, equal shares back, as the framework; sizes that do not divide", () => {
  const random = new Random(3);
  const x = noise(2, 3 * 4, random);
  const pooled = globalAveragePooling(x, 3);
  const tx = tensor(x.values, { shape: [2, 3, 2, 2], dtype: "float64" }).requireGradient();
  const framework = globalAvgPool2d(tx);
  const expected = framework.flatten().toArray() as number[];
  pooled.values.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 14);
  });
  backward(framework.square().sum());
  const gradient = tx.gradient!.flatten().toArray() as number[];
  globalAveragePoolingBackward(
    pooled.map((value) => 2 * value),
    4,
  ).values.forEach((value, i) => {
    expect(value).toBeCloseTo(gradient[i], 14);
  });
  expect(() => globalAveragePooling(x, 5)).toThrow(
    "rows of 12 numbers are no 5 channels of equal size; 10 or 15 would be",
  );
});

describe("networks by their numbers", () => {
  it("LeNet-5: 61,706 today; 60,000 and 340,908 connections as published; 431,080 for 800 to 500", () => {
    expect(leNet5().byLayer).toEqual([156, 2416, 48120, 10164, 850]);
    const { layers, connections } = leNet5Original();
    expect(layers).toEqual([156, 12, 1516, 32, 48120, 10164]);
    expect([layers.reduce((sum, count) => sum + count), connections]).toEqual([60_000, 340_908]);
    expect(leNet800().byLayer).toEqual([520, 25_050, 400_500, 5_010]);
  });

  it("AlexNet: 60,965,224 in two towers, 62,378,344 in one, 61,100,840 in torchvision; sizes 55 27 27 13 13 6; 659,272 units", () => {
    const two = alexNet(2);
    expect(two.byLayer).toEqual([34_944, 307_456, 885_120, 663_936, 442_624, 37_752_832, 16_781_312, 4_097_000]);
    expect([two.parameters, alexNet(1).parameters, alexNetTorchvision().parameters]).toEqual([
      60_965_224, 62_378_344, 61_100_840,
    ]);
    expect(alexNet(1).byLayer.slice(1, 5)).toEqual([614_656, 885_120, 1_327_488, 884_992]);
    expect(alexNetTorchvision().byLayer.slice(0, 5)).toEqual([23_296, 307_392, 663_936, 884_992, 590_080]);
    expect(two.rows.slice(0, 8).map(({ shape }) => shape[1])).toEqual([55, 27, 27, 13, 13, 13, 13, 6]);
    const units = two.rows.filter(({ parameters }) => parameters > 0).map(({ shape: [c, h, w] }) => c * h * w);
    expect(units.reduce((sum, count) => sum + count)).toBe(659_272);
    expect(new Walk(3, 224).conv(96, 11, { stride: 4, pad: 2 }).shape[1]).toBe(55);
    expect(new Walk(3, 224).conv(96, 11, { stride: 4 }).shape[1]).toBe(54);
  });

  it("VGG: 132,863,336 133,047,848 138,357,544 143,667,240, with batch normalisation 132,868,840 133,053,736 138,365,992 143,678,248", () => {
    const depths = [11, 13, 16, 19] as const;
    expect(depths.map((depth) => vgg(depth).parameters)).toEqual([132_863_336, 133_047_848, 138_357_544, 143_667_240]);
    expect(depths.map((depth) => vgg(depth, true).parameters)).toEqual([
      132_868_840, 133_053_736, 138_365_992, 143_678_248,
    ]);
    expect(vgg(16).byLayer).toEqual([
      1_792, 36_928, 73_856, 147_584, 295_168, 590_080, 590_080, 1_180_160, 2_359_808, 2_359_808, 2_359_808, 2_359_808,
      2_359_808, 102_764_544, 16_781_312, 4_097_000,
    ]);
    expect(vgg(16).multiplyAdds).toBe(15_470_264_320);
  });

  it("ResNet: 11,689,512 21,797,672 25,557,032 44,549,160 60,192,808", () => {
    expect(([18, 34, 50, 101, 152] as const).map((depth) => resNet(depth).parameters)).toEqual([
      11_689_512, 21_797_672, 25_557_032, 44_549_160, 60_192_808,
    ]);
  });

  it("GoogLeNet: 6,998,552 and 13,378,280 with heads; torchvision's 6,624,904 and 13,004,888; its modules", () => {
    const counts = (["paper", "torchvision"] as const).flatMap((form) =>
      [false, true].map((heads) => googLeNet(form, heads).walk.parameters),
    );
    expect(counts).toEqual([6_998_552, 13_378_280, 6_624_904, 13_004_888]);
    const { modules } = googLeNet();
    expect(modules.map(({ channels }) => channels)).toEqual([256, 480, 512, 512, 512, 528, 832, 832, 1024]);
    expect(modules.map(({ parameters }) => parameters)).toEqual([
      163_696, 388_736, 376_176, 449_160, 510_104, 605_376, 868_352, 1_043_456, 1_444_080,
    ]);
  });

  it("refuses what does not fit", () => {
    expect(() => new Walk(1, 4).conv(1, 7)).toThrow("a window of 7 is larger than the padded size");
    const walk = new Walk(1, 8);
    expect(() =>
      walk.branches(
        "add",
        (w) => w.conv(2, 3),
        (w) => w,
      ),
    ).toThrow("(2,6,6), (1,8,8) do not add");
  });
});
