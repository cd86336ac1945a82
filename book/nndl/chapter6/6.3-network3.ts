// Section 6.3: network3's conventions, its log, and the equations of backpropagation with convolution and pooling.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { first } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { gradientsOnFramework, onFramework, stepOnFramework } from "../framework/network3.ts";
import { Network } from "../programs/network3.ts";
import {
  type ActivationFn,
  ConvPoolLayer,
  FullyConnectedLayer,
  ReLU,
  SoftmaxLayer,
  sigmoid,
  tanh,
} from "../programs/network3-layers.ts";

const read = [
  "book/nndl/programs/network3.ts",
  "book/nndl/programs/network3-layers.ts",
  "book/nndl/chapter6/6.3-network3.ts",
];

/** Two convolutions, a fully connected layer, softmax, on images of 10x10 with two maps; the softmax starts at random too. */
function smallNetwork(random: Random, pooling: "max" | "l2", activationFn: ActivationFn): Network {
  const network = new Network(
    [
      new ConvPoolLayer([3, 2, 3, 3], [4, 2, 10, 10], random, { activationFn, pooling }),
      new ConvPoolLayer([4, 3, 2, 3], [4, 3, 4, 4], random, { activationFn, pooling, poolsize: [3, 1] }),
      new FullyConnectedLayer(8, 6, random, { activationFn }),
      new SoftmaxLayer(6, 3, random),
    ],
    4,
  );
  for (const { values } of [network.last.w, network.last.b]) {
    for (let i = 0; i < values.length; i++) values[i] = random.normal();
  }
  return network;
}

function batch(random: Random): { x: Matrix; y: number[] } {
  return { x: Matrix.fill(4, 200, () => random.normal()), y: [0, 1, 2, 3].map(() => random.below(3)) };
}

/** Largest |difference| / (|gradient| + 1e-3) between backpropagation and central differences, by kind of layer. */
function worstDifferences(network: Network, x: Matrix, y: number[]): number[] {
  const step = 1e-5;
  network.backprop(x, y);
  const gradients = network.layers.map(({ dw, db }) => ({ w: dw.copy(), b: db.copy() }));
  return network.layers.map((layer, l) => {
    let worst = 0;
    for (const of of ["w", "b"] as const) {
      const { values } = layer[of];
      for (let i = 0; i < values.length; i++) {
        const value = values[i];
        values[i] = value + step;
        const above = network.cost(x, y);
        values[i] = value - step;
        const below = network.cost(x, y);
        values[i] = value;
        const gradient = gradients[l][of].values[i];
        worst = Math.max(worst, Math.abs((above - below) / (2 * step) - gradient) / (Math.abs(gradient) + 1e-3));
      }
    }
    return worst;
  });
}

const equations: Experiment = {
  id: "nndl/6.3-equations",
  title: { en: "Backpropagation with convolution and pooling", zh: "带卷积与池化的反向传播" },
  section: "6.3, problems",
  kind: "exercise",
  settings: { network: "3 maps 3x3, pool 2x2 - 4 maps 2x3, pool 3x1 - 6 - softmax 3", step: 1e-5 },
  read: [...read, "book/nndl/framework/network3.ts"],
  async run({ seed, seeds }) {
    const worst = { max: [0, 0, 0, 0], l2: [0, 0, 0, 0] };
    for (const s of seeds(10, 2)) {
      for (const pooling of ["max", "l2"] as const) {
        for (const activationFn of [sigmoid, tanh, ReLU]) {
          const random = new Random(s);
          const network = smallNetwork(random, pooling, activationFn);
          const { x, y } = batch(random);
          worstDifferences(network, x, y).forEach((difference, l) => {
            worst[pooling][l] = Math.max(worst[pooling][l], difference);
          });
        }
      }
    }
    const random = new Random(seed);
    const network = smallNetwork(random, "max", sigmoid);
    const model = onFramework(network);
    let [gradientDifference, weightDifference] = [0, 0];
    for (let step = 0; step < 50; step++) {
      const { x, y } = batch(random);
      const { gradients } = gradientsOnFramework(model, x, y);
      network.backprop(x, y);
      network.layers.forEach(({ dw, db }, l) => {
        gradientDifference = Math.max(
          gradientDifference,
          largest(dw.values, gradients[2 * l]),
          largest(db.values, gradients[2 * l + 1]),
        );
      });
      network.updateMiniBatch(x, y, 0.3, 0.5, 10);
      stepOnFramework(model, gradients, 0.3, 0.05);
    }
    network.layers.forEach(({ w, b }, l) => {
      weightDifference = Math.max(
        weightDifference,
        largest(w.values, model.values[2 * l]),
        largest(b.values, model.values[2 * l + 1]),
      );
    });
    return {
      measured: {
        maxPooling: Math.max(...worst.max),
        l2Pooling: Math.max(...worst.l2),
        framework: gradientDifference,
        trajectory: weightDifference,
      },
    };
  },
  about: {
    en: "The problem: how do the four equations change with convolutional and pooling layers? The guide derives them. Here every weight and bias of small networks is moved by 0.00001 and the slope compared with backpropagation by hand, for max and for L2 pooling and three activations; then gradients and fifty steps with L2 regularisation are compared with the framework's automatic differentiation.",
    zh: "问题：有了卷积层和池化层，四个方程怎样改变？推导见指南。这里把小网络的每个权重和偏置移动 0.00001，把变化率与手写的反向传播比较，最大池化与 L2 池化、三种激活函数都检查；再把梯度和带 L2 正则化的五十步训练与框架的自动微分比较。",
  },
  claims: [
    {
      measure: "maxPooling",
      says: {
        en: "max pooling: largest difference, relative to |gradient| + 0.001",
        zh: "最大池化：最大差，相对于 |梯度| + 0.001",
      },
      accept: { atMost: 1e-5 },
      because: {
        en: "8.5e-8 over two seeds, three activations each; a wrong sign, factor or index is off by 0.1 and more. Where a pool or a ReLU stands within 1e-5 of a tie, differences see both sides; no seed from 1 to 10 did",
        zh: "两个种子、各三种激活函数：8.5e-8；符号、系数或下标出错会差 0.1 以上。池或 ReLU 恰在 1e-5 之内相等时差分会跨到另一侧；种子 1 到 10 都没有遇到",
      },
    },
    {
      measure: "l2Pooling",
      says: { en: "L2 pooling: the same", zh: "L2 池化：同上" },
      accept: { atMost: 1e-5 },
      because: { en: "the same", zh: "同上" },
    },
    {
      measure: "framework",
      says: { en: "largest difference from the framework's gradients", zh: "与框架梯度的最大差" },
      accept: { atMost: 1e-13 },
      because: { en: "float64 sums in another order", zh: "float64 求和次序不同" },
    },
    {
      measure: "trajectory",
      says: { en: "largest difference of a weight after 50 steps", zh: "50 步之后权重的最大差" },
      accept: { atMost: 1e-11 },
      because: { en: "rounding carried through 50 steps", zh: "经 50 步积累的舍入" },
    },
  ],
};

function largest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (value, i) => Math.abs(value - b[i])).reduce((most, value) => Math.max(most, value), 0);
}

function deviationOf(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

const conventions: Experiment = {
  id: "nndl/6.3-network3",
  title: { en: "network3's conventions and its log", zh: "network3 的约定与日志" },
  section: "6.3",
  kind: "construction",
  settings: { network: "784-30-10, softmax", images: 300, eta: 0.1, "mini-batch": 10 },
  read,
  needs: ["mnist"],
  async run({ mnist, seed, log }) {
    const data = await mnist();
    const random = new Random(seed);
    const layers = [
      new ConvPoolLayer([20, 1, 5, 5], [10, 1, 28, 28], random),
      new ConvPoolLayer([40, 20, 5, 5], [10, 20, 12, 12], random),
      new FullyConnectedLayer(640, 100, random),
      new FullyConnectedLayer(640, 1000, random),
    ];
    const expected = [Math.sqrt(1 / 125), Math.sqrt(1 / 250), 0.1, Math.sqrt(1 / 1000)];
    const network = new Network([new FullyConnectedLayer(784, 30, random), new SoftmaxLayer(30, 10, random)], 10);
    const lines: string[] = [];
    const result = network.SGD(
      first(data.training, 300),
      3,
      10,
      0.1,
      first(data.validation, 100),
      first(data.test, 100),
      0.1,
      (line) => {
        lines.push(line);
        log(line);
      },
    );
    return {
      measured: {
        deviations: layers.map(({ w }, l) => deviationOf(w.values) / expected[l]),
        firstCost: result.costs[0],
        firstLine: lines[0],
        secondLine: lines[1].replace(/[\d.]+%/, "{1:.2%}"),
        lastLines: lines
          .slice(-3)
          .map((line) => line.replace(/[\d.]+%/, "{0}").replace(/\d+$/, "{1}"))
          .join(" / "),
        epochs: result.validationAccuracies.length,
      },
    };
  },
  about: {
    en: "network3 differs from network2 in much that its text does not dwell on: weights start with variance 1/n_out instead of 1/n_in, and the softmax at 0, so that the first cost is ln 10; data are not shuffled; lambda is divided by the number of mini-batches; a convolutional layer pools before it adds its bias; dropout does not scale in training. The log lines are the book's, letter by letter.",
    zh: "network3 与 network2 有许多不同，正文并未细说：权重方差取 1/n_out 而不是 1/n_in；softmax 的权重从 0 开始，因此第一个代价为 ln 10；数据不打乱；λ 除以小批量的个数；卷积层先池化再加偏置；dropout 训练时不放大。日志与书中逐字相同。",
  },
  claims: [
    {
      measure: "deviations",
      says: {
        en: "starting weights over sqrt(1/125), sqrt(1/250), 0.1, sqrt(1/1000)",
        zh: "初始权重的标准差与 sqrt(1/125)、sqrt(1/250)、0.1、sqrt(1/1000) 之比",
      },
      reported: [1, 1, 1, 1],
      accept: { within: 0.12 },
      because: {
        en: "500 draws in the first layer: four standard errors of 1 / sqrt(1000) each",
        zh: "第一层只有 500 个抽样：四个标准误差，每个 1 / sqrt(1000)",
      },
    },
    {
      measure: "firstCost",
      says: { en: "the first cost: ln 10", zh: "第一个代价：ln 10" },
      reported: Math.LN10,
      accept: { within: 1e-12 },
      because: { en: "float64 rounding", zh: "float64 舍入" },
    },
    {
      measure: "firstLine",
      says: { en: "the first line", zh: "第一行" },
      accept: { equals: "Training mini-batch number 0" },
    },
    {
      measure: "secondLine",
      says: { en: "after an epoch", zh: "一轮之后" },
      accept: { equals: "Epoch 0: validation accuracy {1:.2%}" },
    },
    {
      measure: "lastLines",
      says: { en: "the last three", zh: "最后三行" },
      accept: {
        equals:
          "Finished training network. / Best validation accuracy of {0} obtained at iteration {1} / Corresponding test accuracy of {0}",
      },
    },
    { measure: "epochs", says: { en: "one validation an epoch", zh: "每轮验证一次" }, accept: { equals: 3 } },
  ],
};

export const experiments: readonly Experiment[] = [conventions, equations];
