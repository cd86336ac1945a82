// Chapter 5: gradients by a computational graph, first on single numbers, then through the layers of a network that reads digits.

import type { Chapter, Experiment } from "../experiment.ts";
import { Matrix } from "../matrix.ts";
import { Random } from "../random.ts";
import { gradientCheck, twoLayerMnist } from "./chapter5-mnist.ts";
import { AddLayer, MulLayer } from "./graph-layers.ts";
import { Affine, type Layer, Relu, Sigmoid, SoftmaxWithLoss } from "./layers.ts";
import { numericalGradient } from "./numerical.ts";
import { ROUNDING } from "./texts.ts";

/** Apples, then apples and oranges: forward, and the gradient of the price by everything that it depends on. */
export function buyApples(): { price: number; dApple: number; dAppleNum: number; dTax: number } {
  const mulAppleLayer = new MulLayer();
  const mulTaxLayer = new MulLayer();
  const applePrice = mulAppleLayer.forward(100, 2);
  const price = mulTaxLayer.forward(applePrice, 1.1);
  const [dApplePrice, dTax] = mulTaxLayer.backward(1);
  const [dApple, dAppleNum] = mulAppleLayer.backward(dApplePrice);
  return { price, dApple, dAppleNum, dTax };
}

export interface Shopping {
  price: number;
  dApple: number;
  dAppleNum: number;
  dOrange: number;
  dOrangeNum: number;
  dTax: number;
}

export function buyApplesAndOranges(apple = 100, appleNum = 2, orange = 150, orangeNum = 3, tax = 1.1): Shopping {
  const mulAppleLayer = new MulLayer();
  const mulOrangeLayer = new MulLayer();
  const addAppleOrangeLayer = new AddLayer();
  const mulTaxLayer = new MulLayer();
  const applePrice = mulAppleLayer.forward(apple, appleNum);
  const orangePrice = mulOrangeLayer.forward(orange, orangeNum);
  const allPrice = addAppleOrangeLayer.forward(applePrice, orangePrice);
  const price = mulTaxLayer.forward(allPrice, tax);
  const [dAllPrice, dTax] = mulTaxLayer.backward(1);
  const [dApplePrice, dOrangePrice] = addAppleOrangeLayer.backward(dAllPrice);
  const [dOrange, dOrangeNum] = mulOrangeLayer.backward(dOrangePrice);
  const [dApple, dAppleNum] = mulAppleLayer.backward(dApplePrice);
  return { price, dApple, dAppleNum, dOrange, dOrangeNum, dTax };
}

const shopping: Experiment = {
  id: "scratch/5-apples",
  title: { en: "Buying apples and oranges", zh: "买苹果和橘子" },
  section: "5.4",
  kind: "construction",
  about: {
    en: "Two apples at 100 with 10% tax cost 220; with three oranges at 150 it is 715. Backwards through the same graph comes how much the price changes with each input: an apple's price counts 2.2 times, one more apple costs 110.",
    zh: "两个单价 100 的苹果，税率 10%，共 220；再加三个单价 150 的橘子，共 715。沿同一计算图反向传播，得到价格对每个输入的变化率：苹果单价的影响是 2.2 倍，多买一个苹果要多付 110。",
  },
  settings: { apple: 100, apples: 2, orange: 150, oranges: 3, tax: 1.1 },
  read: ["book/scratch/graph-layers.ts", "book/scratch/chapter5.ts"],
  claims: [
    {
      measure: "applesPrice",
      says: { en: "price of two apples", zh: "两个苹果的价格" },
      reported: 220,
      accept: { within: 1e-12 },
      because: ROUNDING,
    },
    {
      measure: "applesGradients",
      says: { en: "by the apple's price, the number, the tax", zh: "对单价、个数、税率的导数" },
      reported: [2.2, 110, 200],
      accept: { within: 1e-12 },
      because: ROUNDING,
    },
    {
      measure: "price",
      says: { en: "price with three oranges", zh: "加三个橘子的价格" },
      reported: 715,
      accept: { within: 1e-12 },
      because: ROUNDING,
    },
    {
      measure: "gradients",
      says: {
        en: "by apple's price, orange's price, apples, oranges, tax",
        zh: "对苹果单价、橘子单价、苹果个数、橘子个数、税率的导数",
      },
      reported: [2.2, 3.3, 110, 165, 650],
      accept: { within: 1e-12 },
      because: ROUNDING,
    },
    {
      measure: "differences",
      says: { en: "differences give the same gradients", zh: "数值微分得到同样的导数" },
      accept: { atMost: 1e-7 },
      because: { en: "a price of 715 is rounded by 1e-13, divided by 2h", zh: "价格 715 的舍入误差 1e-13 除以 2h" },
    },
  ],
  async run() {
    const apples = buyApples();
    const both = buyApplesAndOranges();
    const numeric = numericalGradient(
      ({ values: [a, an, o, on, t] }) => buyApplesAndOranges(a, an, o, on, t).price,
      Matrix.row([100, 2, 150, 3, 1.1]),
    );
    const exact = [both.dApple, both.dAppleNum, both.dOrange, both.dOrangeNum, both.dTax];
    return {
      measured: {
        applesPrice: apples.price,
        applesGradients: [apples.dApple, apples.dAppleNum, apples.dTax],
        price: both.price,
        gradients: [both.dApple, both.dOrange, both.dAppleNum, both.dOrangeNum, both.dTax],
        differences: Math.max(...exact.map((value, i) => Math.abs(value - numeric.values[i]))),
      },
    };
  },
};

/** Largest difference between backward and differences, of sum(weights * forward(x)) by x. */
export function checkLayer(layer: Layer, x: Matrix, seed: number): number {
  const random = new Random(seed);
  const out = layer.forward(x, true);
  const weights = out.map(() => random.normal());
  const backward = layer.backward(weights);
  const numeric = numericalGradient((moved) => layer.forward(moved, true).times(weights).sum(), x.copy());
  return Math.max(...backward.minus(numeric).values.map(Math.abs));
}

const layers: Experiment = {
  id: "scratch/5-layers",
  title: { en: "Each layer's gradient, checked", zh: "逐层检验梯度" },
  section: "5.5-5.6",
  kind: "construction",
  about: {
    en: "Relu, Sigmoid, Affine and SoftmaxWithLoss, each alone: backward against differences on random numbers, for the input and, in Affine, for W and b.",
    zh: "Relu、Sigmoid、Affine、SoftmaxWithLoss 分别检验：用随机数比较 backward 与数值微分，对输入求导，Affine 还对 W 和 b 求导。",
  },
  read: ["book/scratch/layers.ts", "book/scratch/chapter5.ts"],
  claims: [
    {
      measure: "largest",
      says: { en: "largest difference of all layers", zh: "所有层的最大差异" },
      accept: { atMost: 1e-8 },
      because: { en: "h² = 1e-8 times third derivatives of less than 1", zh: "h² = 1e-8 乘以小于 1 的三阶导数" },
    },
    {
      measure: "softmaxWithDelta",
      says: {
        en: "with 1e-7 in the logarithm the gradient y - t belongs to another loss, and the difference shows it",
        zh: "对数里加上 1e-7 后，梯度 y - t 已不属于这个损失，差异可以测出",
      },
      accept: { between: [1e-8, 1e-5] },
      because: {
        en: "1e-7 divided by the probabilities, which are between 0.01 and 1",
        zh: "1e-7 除以概率，概率在 0.01 到 1 之间",
      },
    },
  ],
  async run({ seed }) {
    const random = new Random(seed);
    // At a distance from 0, where Relu has its kink.
    const matrix = (rows: number, columns: number) =>
      Matrix.fill(rows, columns, () => (random.uniform() < 0.5 ? -1 : 1) * random.uniform(0.1, 2));
    const x = matrix(4, 5);
    const affine = new Affine(matrix(5, 3), matrix(1, 3));
    const found: Record<string, number> = {
      Relu: checkLayer(new Relu(), x, seed),
      Sigmoid: checkLayer(new Sigmoid(), x, seed),
      "Affine, x": checkLayer(affine, x, seed),
    };
    const ones = affine.forward(x).map(() => 1);
    affine.backward(ones);
    const { dW, db } = affine;
    const sumOf = () => affine.forward(x).sum();
    const apart = (a: Matrix, b: Matrix) => Math.max(...a.minus(b).values.map(Math.abs));
    found["Affine, W"] = apart(dW, numericalGradient(sumOf, affine.W));
    found["Affine, b"] = apart(db, numericalGradient(sumOf, affine.b));
    const softmaxDifference = (delta: number): number => {
      const layer = new SoftmaxWithLoss(delta);
      const t = [0, 1, 2, 0];
      layer.forward(x, t);
      return apart(
        layer.backward(),
        numericalGradient((moved) => layer.forward(moved, t), x.copy()),
      );
    };
    found["SoftmaxWithLoss"] = softmaxDifference(0);
    const largest = Math.max(...Object.values(found));
    const softmaxWithDelta = softmaxDifference(1e-7);
    return {
      measured: { largest, softmaxWithDelta },
      tables: [
        {
          title: { en: "Largest difference from numerical gradients", zh: "与数值梯度的最大差异" },
          columns: [
            { en: "layer", zh: "层" },
            { en: "difference", zh: "差异" },
          ],
          rows: [
            ...Object.entries(found).map(([name, value]) => [name, value.toExponential(1)]),
            ["SoftmaxWithLoss, 1e-7", softmaxWithDelta.toExponential(1)],
          ],
        },
      ],
    };
  },
};

export const chapter: Chapter = {
  title: { en: "Backpropagation", zh: "误差反向传播法" },
  guide: "scratch-5",
  experiments: [shopping, layers, gradientCheck, twoLayerMnist],
};
