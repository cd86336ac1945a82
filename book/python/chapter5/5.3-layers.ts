// Section 5.3: the text's convolution and pooling, the fully connected layer as matrix products, global average pooling.

import { correlate } from "../../correlation.ts";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { placesOf } from "../../sizes.ts";
import { Volume } from "../../volume.ts";
import { FullyConnected, globalAveragePooling, globalAveragePoolingBackward } from "../programs/fully-connected.ts";

const rowsOf = (text: string) => text.split("/").map((row) => [...row].map(Number));

const convolution: Experiment = {
  id: "python/5.3-convolution",
  title: { en: "The text's convolution and pooling", zh: "教材的卷积与池化" },
  section: "5.3",
  kind: "construction",
  settings: { image: "5x5", filter: "3x3", bias: 0 },
  read: ["book/correlation.ts", "book/sizes.ts", "book/python/chapter5/5.3-layers.ts"],
  async run() {
    const image = Volume.from([rowsOf("11100/01110/00111/00110/01100")]);
    const filter = Volume.from([rowsOf("101/010/101")]);
    const side = placesOf("convolution", "side", 5, 3);
    const map = new Volume(1, side, side);
    correlate(image, filter, map);
    const grid = Volume.from([rowsOf("1124/5678/3210/1234")]);
    const pools = [0, 2].flatMap((i) =>
      [0, 2].map((j) => [grid.at(0, i, j), grid.at(0, i, j + 1), grid.at(0, i + 1, j), grid.at(0, i + 1, j + 1)]),
    );
    return {
      measured: {
        map: [...map.values].map((value) => Math.max(0, value)),
        max: pools.map((pool) => Math.max(...pool)),
        mean: pools.map((pool) => pool.reduce((sum, value) => sum + value) / 4),
      },
    };
  },
  about: {
    en: "The numeric examples: a 5x5 image with a 3x3 filter, bias 0 and ReLU, and 2x2 pooling of a 4x4 grid.",
    zh: "教材的数值例子：5x5 图像与 3x3 滤波器，偏置 0，ReLU；以及 4x4 网格的 2x2 池化。",
  },
  claims: [
    {
      measure: "map",
      says: { en: "the feature map; its first cell is 4", zh: "特征图；第一格为 4" },
      reported: [4, 3, 4, 2, 4, 3, 2, 3, 4],
      accept: { equals: [4, 3, 4, 2, 4, 3, 2, 3, 4] },
    },
    {
      measure: "max",
      says: { en: "max pooling", zh: "最大池化" },
      reported: [6, 8, 3, 4],
      accept: { equals: [6, 8, 3, 4] },
    },
    { measure: "mean", says: { en: "mean pooling", zh: "平均池化" }, accept: { equals: [3.25, 5.25, 2, 2] } },
  ],
};

/** Largest difference of the layer's gradients of sum y^2 / 2 from central differences. */
function gradientError(random: Random): number {
  const layer = new FullyConnected(5, 3, random);
  const x = Matrix.fill(4, 5, () => random.normal());
  const dx = layer.backward(layer.forward(x));
  const exact = [dx, layer.dw, layer.db].map(({ values }) => values.slice());
  const loss = () => layer.forward(x).norm() ** 2 / 2;
  return Math.max(
    ...[x, layer.w, layer.b].flatMap(({ values }, k) =>
      [...values.keys()].map((i) => Math.abs(slope(loss, values, i) - exact[k][i])),
    ),
  );
}

function slope(loss: () => number, values: Float64Array, i: number): number {
  const [value, h] = [values[i], 1e-5];
  values[i] = value + h;
  const above = loss();
  values[i] = value - h;
  const below = loss();
  values[i] = value;
  return (above - below) / (2 * h);
}

const fullyConnected: Experiment = {
  id: "python/5.3-fully-connected",
  title: { en: "A fully connected layer as matrix products", zh: "全连接层写成矩阵乘积" },
  section: "5.3",
  kind: "construction",
  settings: { batch: 16, inputs: 800, outputs: 500 },
  read: ["book/python/programs/fully-connected.ts", "book/python/chapter5/5.3-layers.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const layer = new FullyConnected(800, 500, random);
    layer.forward(Matrix.fill(16, 800, () => random.normal()));
    layer.backward(Matrix.fill(16, 500, () => random.normal()));
    const shapes = Object.fromEntries(layer.products.map(({ name, shapes: text }) => [name, text]));
    return {
      measured: { ...shapes, inputs: 50 * 4 * 4, gradientError: gradientError(random) },
    };
  },
  about: {
    en: "50 maps of 4x4 are 800 inputs, with a batch of 16 and 500 outputs. Forward and backward are four products of matrices, and their shapes leave only one way to write each. They are recorded while the layer runs; a smaller layer is checked by differences.",
    zh: "50 张 4x4 的特征图是 800 个输入，批大小 16，输出 500。前向与反向一共四个矩阵乘积，由形状就能定出每一个的写法。形状在层运行时记录；另用差分检验一个小的层。",
  },
  claims: [
    {
      measure: "inputs",
      says: { en: "inputs: 50 · 4 · 4", zh: "输入：50 · 4 · 4" },
      reported: 800,
      accept: { equals: 800 },
    },
    { measure: "y", says: { en: "forward", zh: "前向" }, accept: { equals: "(16x800)(800x500) = 16x500" } },
    {
      measure: "dx",
      says: { en: "gradient by the input", zh: "对输入的梯度" },
      reported: "(16x500)(500x800) = 16x800",
      accept: { equals: "(16x500)(500x800) = 16x800" },
    },
    {
      measure: "dw",
      says: { en: "by the weights", zh: "对权重的梯度" },
      reported: "(500x16)(16x800) = 500x800",
      accept: { equals: "(500x16)(16x800) = 500x800" },
    },
    {
      measure: "db",
      says: { en: "by the bias", zh: "对偏置的梯度" },
      reported: "(500x16)(16x1) = 500x1",
      accept: { equals: "(500x16)(16x1) = 500x1" },
    },
    {
      measure: "gradientError",
      says: {
        en: "and they are the gradient: largest difference from central ones",
        zh: "并且确是梯度：与中心差分的最大差",
      },
      accept: { atMost: 1e-7 },
      because: {
        en: "the loss is quadratic, so only rounding is left: 1e-16 of about 30 over 2e-5; a wrong product is off by 1",
        zh: "损失是二次的，只剩舍入：约 30 的 1e-16 除以 2e-5；乘积写错会差 1",
      },
    },
  ],
};

const average: Experiment = {
  id: "python/5.3-global-average-pooling",
  title: { en: "Global average pooling in place of a fully connected layer", zh: "用全局平均池化代替全连接层" },
  section: "5.3",
  kind: "construction",
  settings: { maps: "512 of 7x7", classes: 1000 },
  read: ["book/python/programs/fully-connected.ts", "book/python/chapter5/5.3-layers.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const x = Matrix.fill(2, 3 * 4, () => random.normal());
    const loss = () => globalAveragePooling(x, 3).norm() ** 2 / 2;
    const gradient = globalAveragePoolingBackward(globalAveragePooling(x, 3), 4).values;
    const errors = [...x.values.keys()].map((i) => Math.abs(slope(loss, x.values, i) - gradient[i]));
    return {
      measured: {
        means: [...globalAveragePooling(Matrix.row([1, 2, 3, 4, 10, 20, 30, 40]), 2).values],
        shares: [...globalAveragePoolingBackward(Matrix.row([4, 8]), 4).values],
        gradientError: Math.max(...errors),
        fullyConnected: 512 * 7 * 7 * 4096 + 4096,
        averaged: 512 * 1000 + 1000,
      },
    };
  },
  about: {
    en: "A map becomes its mean: no weights, no fixed size of the image, and one number a channel for the last layer. The first fully connected layer of VGG-16 has 102,764,544 parameters; means of the same 512 maps straight to 1,000 classes take 513,000.",
    zh: "每张特征图变成它的平均值：没有权重，图像大小不限，每个通道给最后一层一个数。VGG-16 的第一个全连接层有 102,764,544 个参数；同样 512 张特征图取平均后直接接 1,000 类只要 513,000 个。",
  },
  claims: [
    {
      measure: "means",
      says: { en: "means of 1234 and 10 20 30 40", zh: "1234 与 10 20 30 40 的平均" },
      accept: { equals: [2.5, 25] },
    },
    {
      measure: "shares",
      says: { en: "back: equal shares of 4 and 8 for four places each", zh: "反向：4 与 8 平分给各自四个位置" },
      accept: { equals: [1, 1, 1, 1, 2, 2, 2, 2] },
    },
    {
      measure: "gradientError",
      says: { en: "largest difference from central ones", zh: "与中心差分的最大差" },
      accept: { atMost: 1e-9 },
      because: { en: "a quadratic loss of order 1: rounding over 2e-5", zh: "1 量级的二次损失：舍入除以 2e-5" },
    },
    {
      measure: "fullyConnected",
      says: { en: "VGG-16's first fully connected layer", zh: "VGG-16 的第一个全连接层" },
      accept: { equals: 102_764_544 },
    },
    {
      measure: "averaged",
      says: { en: "means to 1,000 classes", zh: "取平均后接 1,000 类" },
      accept: { equals: 513_000 },
    },
  ],
};

export const experiments: readonly Experiment[] = [convolution, fullyConnected, average];
