// Section 3.4: three layers forward, by hand and on the framework.
import { tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { forward, initNetwork } from "../programs/three-layer.ts";
import { PRINTED_DIGITS, ROUNDING } from "../texts.ts";
import { list } from "./3.2-activations.ts";

const threeLayers: Experiment = {
  id: "scratch/3.4-forward",
  title: { en: "Three layers forward", zh: "三层网络的前向传播" },
  section: "3.4",
  kind: "construction",
  read: ["book/scratch/programs/three-layer.ts", "book/scratch/chapter3/3.4-forward.ts"],
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
  about: {
    en: "Inference is matrix products and activations, nothing else: 2 inputs, 3 and 2 hidden units, 2 outputs with given weights. Each value on the way is compared with what the notes print, by hand and on the framework.",
    zh: "推理只是矩阵乘法加激活函数：2 个输入，3 个和 2 个隐藏单元，2 个输出，权重给定。途中每个数值都与笔记所印的比较，手写版与框架版各一遍。",
  },
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
};

export const experiments: readonly Experiment[] = [threeLayers];
