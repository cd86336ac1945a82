// Chapter 3: activation functions, softmax that does not overflow, and the forward pass of a three-layer network.
import { tensor } from "nabla";
import type { LineChart } from "nabla/plot";
import type { Chapter, Experiment } from "../experiment.ts";
import { Matrix } from "../matrix.ts";
import { naiveSoftmax, relu, sigmoid, softmax, stepFunction } from "./activations.ts";
import { PRINTED_DIGITS, ROUNDING } from "./texts.ts";
import { forward, initNetwork } from "./three-layer.ts";

const list = (matrix: Matrix): number[] => [...matrix.values];

const activations: Experiment = {
  id: "scratch/3-activations",
  title: { en: "Step, sigmoid and ReLU", zh: "阶跃函数、sigmoid 与 ReLU" },
  section: "3.2",
  kind: "figure",
  about: {
    en: "The perceptron's step and the neuron's sigmoid side by side: both go from 0 to 1, but only one has a slope to learn from. ReLU passes on what is positive.",
    zh: "感知机的阶跃函数与神经元的 sigmoid：两者都从 0 变到 1，但只有后者有可用于学习的斜率。ReLU 只让正数通过。",
  },
  read: ["book/scratch/activations.ts", "book/scratch/chapter3.ts"],
  claims: [
    {
      measure: "sigmoid",
      says: { en: "sigmoid of 0.3, 0.7, 1.1", zh: "0.3、0.7、1.1 的 sigmoid" },
      reported: [0.57444252, 0.66818777, 0.75026011],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "sigmoidOnFramework",
      says: { en: "the same on the framework", zh: "框架上的同样结果" },
      reported: [0.57444252, 0.66818777, 0.75026011],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "steps",
      says: { en: "step of -1, 0, 1, 2", zh: "-1、0、1、2 的阶跃函数值" },
      accept: { equals: [0, 0, 1, 1] },
    },
    {
      measure: "relu",
      says: { en: "ReLU of -1, 0, 1, 2", zh: "-1、0、1、2 的 ReLU" },
      accept: { equals: [0, 0, 1, 2] },
    },
  ],
  async run() {
    const x = Matrix.row(Array.from({ length: 1001 }, (_, i) => (i - 500) / 100));
    const some = Matrix.row([0.3, 0.7, 1.1]);
    const few = Matrix.row([-1, 0, 1, 2]);
    const chart = (title: LineChart["title"], series: LineChart["series"], top: number): LineChart => ({
      kind: "line",
      title,
      xAxis: { label: "x", min: -5, max: 5 },
      yAxis: { label: "y", min: -0.1, max: top },
      series,
    });
    return {
      measured: {
        sigmoid: list(sigmoid(some)),
        sigmoidOnFramework: Array.from(tensor([0.3, 0.7, 1.1], "float64").sigmoid().dataSync()),
        steps: list(stepFunction(few)),
        relu: list(relu(few)),
      },
      figures: [
        {
          name: "step-sigmoid",
          chart: chart(
            { en: "Step against sigmoid", zh: "阶跃函数与 sigmoid" },
            [
              { name: "sigmoid", x: list(x), y: list(sigmoid(x)) },
              { name: { en: "step", zh: "阶跃函数" }, x: list(x), y: list(stepFunction(x)), style: "dashed" },
            ],
            1.1,
          ),
        },
        {
          name: "relu",
          chart: chart("ReLU", [{ name: "ReLU", x: list(x), y: list(relu(x)) }], 5.1),
        },
      ],
    };
  },
};

const SCORES = [0.3, 2.9, 4.0];
const LARGE = [1010, 1000, 990];

const softmaxes: Experiment = {
  id: "scratch/3-softmax",
  title: { en: "Softmax without overflow", zh: "不溢出的 softmax" },
  section: "3.5",
  kind: "experiment",
  about: {
    en: "exp(1010) is beyond the largest float64, so the formula as it stands gives infinity / infinity. A constant taken off all scores cancels in the quotient; the largest score is the constant with which no exponent is positive.",
    zh: "exp(1010) 超出 float64 的范围，按公式直接计算得到 无穷大 / 无穷大。所有输入减去同一常数，商不变；减去最大值，就不再有正的指数。",
  },
  read: ["book/scratch/activations.ts", "book/scratch/chapter3.ts"],
  claims: [
    {
      measure: "scores",
      says: { en: "softmax of 0.3, 2.9, 4.0", zh: "0.3、2.9、4.0 的 softmax" },
      reported: [0.01821127, 0.24519181, 0.73659691],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "naiveIsNan",
      says: {
        en: "done naively, 1010, 1000, 990 give three times nan",
        zh: "直接计算 1010、1000、990，三个结果都是 nan",
      },
      reported: 3,
      accept: { equals: 3 },
    },
    {
      measure: "large",
      says: { en: "with the maximum subtracted", zh: "减去最大值之后" },
      reported: [9.999546e-1, 4.53978686e-5, 2.06106005e-9],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "largeInUnits",
      says: {
        en: "the small ones to nine digits: in units of 1e-5 and 1e-9",
        zh: "两个小数值精确到九位：以 1e-5 和 1e-9 为单位",
      },
      reported: [4.53978686, 2.06106005],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "frameworkDifference",
      says: { en: "the framework's softmax differs by nothing but rounding", zh: "框架的 softmax 只有舍入差异" },
      accept: { atMost: 1e-15 },
      because: ROUNDING,
    },
  ],
  async run() {
    const large = list(softmax(Matrix.row(LARGE)));
    const framework = Array.from(tensor(LARGE, "float64").softmax().dataSync());
    return {
      measured: {
        scores: list(softmax(Matrix.row(SCORES))),
        naiveIsNan: list(naiveSoftmax(Matrix.row(LARGE))).filter(Number.isNaN).length,
        large,
        largeInUnits: [large[1] * 1e5, large[2] * 1e9],
        frameworkDifference: Math.max(...framework.map((value, i) => Math.abs(value - large[i]))),
      },
    };
  },
};

const threeLayers: Experiment = {
  id: "scratch/3-forward",
  title: { en: "Three layers forward", zh: "三层网络的前向传播" },
  section: "3.4",
  kind: "construction",
  about: {
    en: "Inference is matrix products and activations, nothing else: 2 inputs, 3 and 2 hidden units, 2 outputs with given weights. Each value on the way is compared with what the notes print, by hand and on the framework.",
    zh: "推理只是矩阵乘法加激活函数：2 个输入，3 个和 2 个隐藏单元，2 个输出，权重给定。途中每个数值都与笔记所印的比较，手写版与框架版各一遍。",
  },
  read: ["book/scratch/three-layer.ts", "book/scratch/chapter3.ts"],
  claims: [
    {
      measure: "product",
      says: { en: "[1, 2] times [[1, 3, 5], [2, 4, 6]]", zh: "[1, 2] 乘以 [[1, 3, 5], [2, 4, 6]]" },
      reported: [5, 11, 17],
      accept: { equals: [5, 11, 17] },
    },
    {
      measure: "a1",
      says: { en: "A1 = X W1 + B1", zh: "A1 = X W1 + B1" },
      reported: [0.3, 0.7, 1.1],
      accept: { within: 1e-15 },
      because: ROUNDING,
    },
    {
      measure: "z1",
      says: { en: "Z1 = sigmoid(A1)", zh: "Z1 = sigmoid(A1)" },
      reported: [0.57444252, 0.66818777, 0.75026011],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "y",
      says: { en: "the output", zh: "输出" },
      reported: [0.31682708, 0.69627909],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "frameworkDifference",
      says: { en: "the framework's output differs by nothing but rounding", zh: "框架的输出只有舍入差异" },
      accept: { atMost: 1e-15 },
      because: ROUNDING,
    },
  ],
  async run() {
    const network = initNetwork();
    const { a1, z1, y } = forward(network, Matrix.row([1.0, 0.5]));
    const on = (matrix: Matrix) => tensor(matrix.toRows(), "float64");
    const { W1, b1, W2, b2, W3, b3 } = network;
    const hidden = tensor([[1.0, 0.5]], "float64")
      .matmul(on(W1))
      .add(on(b1))
      .sigmoid()
      .matmul(on(W2))
      .add(on(b2))
      .sigmoid();
    const framework = Array.from(hidden.matmul(on(W3)).add(on(b3)).dataSync());
    const product = Matrix.row([1, 2]).dot(
      Matrix.from([
        [1, 3, 5],
        [2, 4, 6],
      ]),
    );
    const weights = (W: Matrix) => W.transposed.toRows();
    return {
      measured: {
        product: list(product),
        a1: list(a1),
        z1: list(z1),
        y: list(y),
        frameworkDifference: Math.max(...framework.map((value, i) => Math.abs(value - y.values[i]))),
      },
      figures: [
        {
          name: "network",
          chart: {
            kind: "network",
            title: { en: "The network, with its values for 1.0, 0.5", zh: "网络，以及输入为 1.0、0.5 时的数值" },
            layers: [
              { name: { en: "input", zh: "输入层" }, units: 2, labels: ["1.0", "0.5"] },
              {
                name: { en: "hidden 1", zh: "隐藏层 1" },
                units: 3,
                note: "sigmoid",
                labels: list(z1).map((v) => v.toFixed(2)),
                weights: weights(W1),
              },
              { name: { en: "hidden 2", zh: "隐藏层 2" }, units: 2, note: "sigmoid", weights: weights(W2) },
              {
                name: { en: "output", zh: "输出层" },
                units: 2,
                note: { en: "identity", zh: "恒等函数" },
                labels: list(y).map((v) => v.toFixed(2)),
                weights: weights(W3),
              },
            ],
          },
        },
      ],
    };
  },
};

export const chapter: Chapter = {
  title: { en: "Neural networks", zh: "神经网络" },
  guide: "scratch-3",
  experiments: [activations, softmaxes, threeLayers],
};
