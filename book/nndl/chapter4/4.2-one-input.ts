// Chapter 4, one input: a neuron becomes a step, and two steps a bump.
import type { PointSeries } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { bump, OneHiddenLayer, sigmoid, step } from "../programs/universality.ts";

const read = ["book/nndl/programs/universality.ts", "book/nndl/chapter4/4.2-one-input.ts"];
const xs = Array.from({ length: 601 }, (_, i) => i / 600);
const unit = { label: "x", min: 0, max: 1 };

/** A curve over [0, 1]. */
const over = (name: PointSeries["name"], f: (x: number) => number, more: Partial<PointSeries> = {}): PointSeries => ({
  name,
  x: xs,
  y: xs.map(f),
  ...more,
});

export const neuron: Experiment = {
  id: "nndl/4.2-neuron",
  title: { en: "One hidden neuron, by weight and bias", zh: "一个隐藏神经元：权重与偏置的作用" },
  section: "4.2",
  kind: "figure",
  read,
  async run() {
    const pairs = [
      [8, -4],
      [8, 4],
      [3, 4],
      [105, 4],
    ];
    const neuronOf = (w: number, b: number) => {
      const network = new OneHiddenLayer([{ weights: [w], bias: b, out: 1 }]);
      return (x: number) => network.weightedSum([x]);
    };
    const [left, right] = [neuronOf(8, 4), neuronOf(8, -4)];
    const moved = xs.map((x) => Math.abs(left(x - 1) - right(x)));
    // The middle lies outside [0, 1] where b is positive, so the slope is taken there, between two near points.
    const slopeAtMiddle = (w: number, b: number) => {
      const [f, middle, h] = [neuronOf(w, b), -b / w, 1e-5 / w];
      return (f(middle + h) - f(middle - h)) / (2 * h);
    };
    return {
      measured: {
        shapeChange: Math.max(...moved),
        middleOfFirst: bisect((x) => right(x) - 0.5),
        steepness: [slopeAtMiddle(3, 4), slopeAtMiddle(8, -4), slopeAtMiddle(105, 4)],
      },
      figures: [
        {
          name: "curves",
          chart: {
            kind: "line",
            title: { en: "Output of a hidden neuron, σ(wx + b)", zh: "隐藏神经元的输出 σ(wx + b)" },
            xAxis: { label: "x", min: -1, max: 1 },
            yAxis: { label: "a", min: 0, max: 1 },
            series: pairs.map(([w, b]) => {
              const x = Array.from({ length: 601 }, (_, i) => -1 + i / 300);
              return { name: `w = ${w}, b = ${b}`, x, y: x.map((at) => sigmoid(w * at + b)) };
            }),
          },
          caption: {
            en: "Shown from -1 on: with b = 4 the middle of the curve lies left of 0.",
            zh: "横轴从 -1 画起：b = 4 时曲线的中点在 0 的左边。",
          },
        },
      ],
    };
  },
  about: {
    en: "σ(wx + b) over x from 0 to 1. The bias moves the curve without changing its shape, the weight makes it steeper; what counts is where it passes 1/2, at s = -b/w. Our copy of the book prints the first pair's weight as 28 and the last pair's as 105; the first is taken as 8, with which the pairs form a series, and the last as printed.",
    zh: "在 0 到 1 上画出 σ(wx + b)。偏置只移动曲线而不改变形状，权重使它变陡；关键是曲线经过 1/2 的位置 s = -b/w。我们手头的版本把第一对的权重印成 28、最后一对印成 105；前者按 8 处理（这样几组参数前后连贯），后者照印。",
  },
  claims: [
    {
      measure: "shapeChange",
      says: {
        en: "changing the bias doesn't change the shape: largest difference of the two w = 8 curves, one moved onto the other",
        zh: "改变偏置不改变形状：把两条 w = 8 的曲线移到一起后的最大差",
      },
      accept: { atMost: 1e-12 },
      because: { en: "float64 rounding", zh: "float64 舍入" },
    },
    {
      measure: "middleOfFirst",
      says: { en: "w = 8, b = -4 passes 1/2 at s = -b/w", zh: "w = 8、b = -4 的曲线在 s = -b/w 处经过 1/2" },
      expected: 0.5,
      accept: { within: 1e-12 },
      because: { en: "float64 rounding", zh: "float64 舍入" },
    },
    {
      measure: "steepness",
      says: {
        en: "a larger weight is steeper: largest slope for w = 3, 8, 105",
        zh: "权重越大越陡：w = 3、8、105 时的最大斜率",
      },
      expected: [0.75, 2, 26.25],
      accept: { within: 1e-7 },
      because: {
        en: "w/4 at the middle; a central difference with 1e-5 loses eleven digits' worth of rounding",
        zh: "在中点处为 w/4；步长 1e-5 的中心差分约有 1e-11 的相对舍入",
      },
    },
  ],
};

/** The zero of a rising function on [0, 1]. */
function bisect(f: (x: number) => number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (f(middle) < 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export const steps: Experiment = {
  id: "nndl/4.2-step",
  title: { en: "A heavy weight makes a step", zh: "大权重得到阶跃" },
  section: "4.2",
  kind: "construction",
  settings: { w: 1000 },
  read,
  async run() {
    const one = step(0.2, 1000);
    const far = xs.filter((x) => Math.abs(x - 0.2) > 0.01);
    const unlike = far.map((x) => Math.abs(sigmoid(1000 * x + one.bias) - Number(x > 0.2)));
    return {
      measured: {
        position: bisect((x) => sigmoid(999 * x - 400) - 0.5),
        bias: one.bias,
        unlikeStep: Math.max(...unlike),
      },
      figures: [
        {
          name: "step",
          chart: {
            kind: "line",
            title: { en: "Steps at s = -b/w", zh: "位于 s = -b/w 的阶跃" },
            xAxis: unit,
            yAxis: { label: "a" },
            series: [
              over({ en: "w = 100, s = 0.3", zh: "w = 100，s = 0.3" }, (x) => sigmoid(100 * (x - 0.3))),
              over({ en: "w = 999, b = -400", zh: "w = 999，b = -400" }, (x) => sigmoid(999 * x - 400)),
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "With a large weight the neuron is nearly a step at s = -b/w. From here on a hidden neuron is described by s alone, with w = 1000 and b = -ws.",
    zh: "权重很大时，神经元几乎是一个位于 s = -b/w 的阶跃。此后隐藏神经元只用 s 一个数来描述，取 w = 1000，b = -ws。",
  },
  claims: [
    {
      measure: "position",
      says: { en: "w = 999, b = -400: the step stands at about", zh: "w = 999，b = -400：阶跃的位置约为" },
      reported: 0.4,
      accept: { within: 0.005 },
      because: { en: "printed with two decimals; 400/999 = 0.4004", zh: "原书给两位小数；400/999 = 0.4004" },
    },
    {
      measure: "bias",
      says: { en: "s = 0.2 with w = 1000 takes the bias", zh: "w = 1000 时，s = 0.2 需要的偏置" },
      reported: -200,
      accept: { equals: -200 },
    },
    {
      measure: "unlikeStep",
      says: {
        en: "with w = 1000: largest distance from a true step, further than 0.01 from s",
        zh: "w = 1000：在离 s 超过 0.01 处与真正阶跃的最大差",
      },
      accept: { atMost: 1e-4 },
      because: { en: "σ(-1000 * 0.01) = 4.5e-5", zh: "σ(-1000 × 0.01) = 4.5e-5" },
    },
  ],
};

export const bumpUp: Experiment = {
  id: "nndl/4.2-bump",
  title: { en: "Two steps make a bump", zh: "两个阶跃组成一个凸块" },
  section: "4.2",
  kind: "construction",
  settings: { s1: 0.4, s2: 0.6, w: 1000 },
  read,
  async run() {
    const network = new OneHiddenLayer(bump(0.4, 0.6, 0.8, 1000));
    const two = new OneHiddenLayer([...bump(0.4, 0.6, 0.8, 1000), ...bump(0.7, 0.9, -0.5, 1000)]);
    return {
      measured: {
        heights: [0.2, 0.5, 0.8].map((x) => network.weightedSum([x])),
        weightsOfNegative: bump(0.7, 0.9, -0.5, 1000).map(({ out }) => out),
      },
      figures: [
        {
          name: "bump",
          chart: {
            kind: "line",
            title: { en: "A bump of height 0.8", zh: "高 0.8 的凸块" },
            xAxis: unit,
            yAxis: { label: { en: "weighted sum", zh: "加权和" }, min: -0.2, max: 1 },
            series: [over({ en: "weighted sum", zh: "加权和" }, (x) => network.weightedSum([x]))],
          },
        },
        {
          name: "two-bumps",
          chart: {
            kind: "line",
            title: {
              en: "Two bumps, h = 0.8 and h = -0.5: four hidden neurons",
              zh: "两个凸块，h = 0.8 与 h = -0.5：四个隐藏神经元",
            },
            xAxis: unit,
            yAxis: { label: { en: "weighted sum", zh: "加权和" } },
            series: [over({ en: "weighted sum", zh: "加权和" }, (x) => two.weightedSum([x]))],
          },
        },
      ],
    };
  },
  about: {
    en: "Output weights of +h and -h on steps at s1 and s2 give height h between them and 0 elsewhere: if s1 < x < s2 then h else 0, written as a network.",
    zh: "位于 s1、s2 的两个阶跃，输出权重取 +h 与 -h，两者之间高度为 h，其余为 0：相当于用网络写出“若 s1 < x < s2 则 h，否则 0”。",
  },
  claims: [
    {
      measure: "heights",
      says: {
        en: "w1 = 0.8, w2 = -0.8: the weighted sum at x = 0.2, 0.5, 0.8",
        zh: "w1 = 0.8，w2 = -0.8：x = 0.2、0.5、0.8 处的加权和",
      },
      reported: [0, 0.8, 0],
      accept: { within: 1e-12 },
      because: { en: "σ(±100) is 0 or 1 to many digits", zh: "σ(±100) 与 0、1 相差无几" },
    },
    {
      measure: "weightsOfNegative",
      says: { en: "h = -0.5 means output weights", zh: "h = -0.5 对应的输出权重" },
      reported: [-0.5, 0.5],
      accept: { equals: [-0.5, 0.5] },
    },
  ],
};

export const experiments: readonly Experiment[] = [neuron, steps, bumpUp];
