// Section 5.4: the shopping of apples and oranges, backwards.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { AddLayer, MulLayer } from "../programs/graph-layers.ts";
import { numericalGradient } from "../programs/numerical.ts";
import { ROUNDING } from "../texts.ts";

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
  id: "scratch/5.4-apples",
  title: { en: "Buying apples and oranges", zh: "买苹果和橘子" },
  section: "5.4",
  kind: "construction",
  settings: { apple: 100, apples: 2, orange: 150, oranges: 3, tax: 1.1 },
  read: ["book/scratch/programs/graph-layers.ts", "book/scratch/chapter5/5.4-apples.ts"],
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
  about: {
    en: "Two apples at 100 with 10% tax cost 220; with three oranges at 150 it is 715. Backwards through the same graph comes how much the price changes with each input: an apple's price counts 2.2 times, one more apple costs 110.",
    zh: "两个单价 100 的苹果，税率 10%，共 220；再加三个单价 150 的橘子，共 715。沿同一计算图反向传播，得到价格对每个输入的变化率：苹果单价的影响是 2.2 倍，多买一个苹果要多付 110。",
  },
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
};

export const experiments: readonly Experiment[] = [shopping];
