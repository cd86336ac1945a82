// Part 3, networks of neurons: the pictures of the text, backpropagation worked on a small network, and how large a network is.
import type { NetworkLayer } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { Network as ObjectNetwork, sigmoid } from "../programs/bp.ts";
import { Network } from "../programs/fc.ts";
import { norm } from "../programs/loader.ts";

const range = (from: number, to: number, count: number) =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

const inputs = { en: "inputs", zh: "输入层" };
const hidden = { en: "hidden", zh: "隐藏层" };
const outputs = { en: "outputs", zh: "输出层" };

const pictures: Experiment = {
  id: "zero/3-network",
  title: { en: "Sigmoid neurons in layers", zh: "分层的 sigmoid 神经元" },
  section: "3",
  kind: "figure",
  read: ["book/zero/programs/bp.ts", "book/zero/chapter3/3-network.ts"],
  async run() {
    const z = range(-6, 6, 121);
    const y = z.map(sigmoid);
    const derivative = y.map((value) => value * (1 - value));
    const slope = z.map((at) => (sigmoid(at + 1e-4) - sigmoid(at - 1e-4)) / 2e-4);
    const numbered = (labels: number[], name: NetworkLayer["name"]): NetworkLayer => ({
      name,
      units: labels.length,
      labels: labels.map(String),
    });
    return {
      measured: { derivative: Math.max(...derivative.map((value, i) => Math.abs(value - slope[i]))) },
      figures: [
        {
          name: "sigmoid",
          chart: {
            kind: "line",
            title: { en: "The sigmoid and its derivative", zh: "sigmoid 函数及其导数" },
            xAxis: { label: "x" },
            yAxis: { label: "y" },
            series: [
              { name: "sigmoid(x)", x: z, y },
              { name: "y (1 − y)", x: z, y: derivative },
            ],
          },
        },
        {
          name: "numbered",
          chart: {
            kind: "network",
            title: { en: "The network of the text: nodes 1 to 9", zh: "原文中的网络：节点 1 到 9" },
            layers: [numbered([1, 2, 3], inputs), numbered([4, 5, 6, 7], hidden), numbered([8, 9], outputs)],
          },
          height: 380,
        },
        {
          name: "chain",
          chart: {
            kind: "network",
            title: {
              en: "Three hidden layers: a1 = f(W1 x), a2 = f(W2 a1), a3 = f(W3 a2), y = f(W4 a3)",
              zh: "三个隐藏层：a1 = f(W1 x)，a2 = f(W2 a1)，a3 = f(W3 a2)，y = f(W4 a3)",
            },
            layers: [
              { name: "x", units: 4 },
              { name: "a1", units: 5, note: "W1" },
              { name: "a2", units: 5, note: "W2" },
              { name: "a3", units: 4, note: "W3" },
              { name: "y", units: 2, note: "W4" },
            ],
          },
          height: 380,
        },
      ],
    };
  },
  about: {
    en: "A neuron is a perceptron whose step became a sigmoid. Its derivative is y (1 - y), so backpropagation needs the outputs only.",
    zh: "神经元就是把阶跃换成 sigmoid 的感知器。它的导数是 y (1 - y)，所以反向传播只需要输出值。",
  },
  claims: [
    {
      measure: "derivative",
      says: {
        en: "the derivative is y (1 - y): largest difference from the slope, over -6 to 6",
        zh: "导数为 y (1 - y)：在 -6 到 6 上与差商的最大差",
      },
      accept: { atMost: 1e-8 },
      because: {
        en: "a central difference with 1e-4 is right to about 1e-9 here",
        zh: "步长 1e-4 的中心差商在这里约准到 1e-9",
      },
    },
  ],
};

const worked: Experiment = {
  id: "zero/3-worked",
  title: { en: "Backpropagation worked on nodes 8, 4 and their weights", zh: "在节点 8、4 及其权重上演算反向传播" },
  section: "3",
  kind: "construction",
  settings: { network: "[3, 4, 2]", rate: 0.3 },
  read: ["book/zero/programs/bp.ts", "book/zero/chapter3/3-network.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const network = new ObjectNetwork([3, 4, 2], random);
    const [x, t, rate] = [[0.2, 0.7, 0.4], [0.9, 0.1], 0.3];
    // Node 4 is the first hidden one, nodes 8 and 9 the outputs.
    const [node4, [node8, node9]] = [network.layers[1].nodes[0], network.layers[2].nodes];
    const [w84, w94] = node4.downstream;
    const [w41] = node4.upstream;
    const w4b = node4.upstream[3];
    const [y8, y9] = network.predict(x);
    const a4 = node4.output;
    const delta8 = y8 * (1 - y8) * (t[0] - y8);
    const delta9 = y9 * (1 - y9) * (t[1] - y9);
    const delta4 = a4 * (1 - a4) * (w84.weight * delta8 + w94.weight * delta9);
    const expected = [w84.weight + rate * delta8 * a4, w41.weight + rate * delta4 * x[0], w4b.weight + rate * delta4];
    const error = () => network.predict(x).reduce((sum, y, i) => sum + (t[i] - y) ** 2 / 2, 0);
    const before = error();
    network.trainOneSample(t, x, rate);
    const deltas = [node8.delta - delta8, node9.delta - delta9, node4.delta - delta4];
    const updates = [w84, w41, w4b].map(({ weight }, i) => weight - expected[i]);
    const worst = (list: number[]) => Math.max(...list.map(Math.abs));
    return { measured: { deltas: worst(deltas), updates: worst(updates), errorFalls: error() < before } };
  },
  about: {
    en: "The text derives the deltas of an output node (8) and a hidden one (4), and the updates of w84, w41 and the bias w4b, in symbols. Here the symbols get numbers: the formulas are written out for these nodes and compared with what the object network does.",
    zh: "原文用符号推导了输出节点 8 与隐藏节点 4 的误差项，以及 w84、w41 和偏置 w4b 的更新。这里给符号代入数值：把这几个公式逐一写出，再与对象形式的网络所算出的比较。",
  },
  claims: [
    {
      measure: "deltas",
      says: {
        en: "delta8 = y8 (1 - y8)(t8 - y8), delta4 = a4 (1 - a4)(w84 delta8 + w94 delta9): largest difference",
        zh: "δ8 = y8 (1 - y8)(t8 - y8)，δ4 = a4 (1 - a4)(w84 δ8 + w94 δ9)：最大差",
      },
      accept: { atMost: 1e-15 },
      because: { en: "float64 rounding", zh: "float64 舍入" },
    },
    {
      measure: "updates",
      says: {
        en: "w84 += rate delta8 a4, w41 += rate delta4 x1, w4b += rate delta4: largest difference",
        zh: "w84 += η δ8 a4，w41 += η δ4 x1，w4b += η δ4：最大差",
      },
      accept: { atMost: 1e-15 },
      because: { en: "float64 rounding", zh: "float64 舍入" },
    },
    {
      measure: "errorFalls",
      says: { en: "the update lowers the sample's error", zh: "更新使该样本的误差下降" },
      accept: { equals: true },
    },
  ],
};

const sizes: Experiment = {
  id: "zero/3-sizes",
  title: { en: "Targets, parameters and rules of thumb", zh: "目标向量、参数个数与经验公式" },
  section: "3",
  kind: "construction",
  read: ["book/zero/programs/loader.ts", "book/zero/programs/fc.ts", "book/zero/chapter3/3-network.ts"],
  async run() {
    const network = new Network([784, 300, 10], new Random(0));
    const [n, l] = [784, 10];
    return {
      measured: {
        target: norm(2),
        parameters: network.parameterCount,
        heuristics: [Math.sqrt(n + l), Math.log2(n), Math.sqrt(n * l)],
      },
    };
  },
  about: {
    en: "What the text counts before it trains on MNIST: the target of a label, the parameters of [784, 300, 10], and three rules of thumb for the size of the hidden layer, whose answers lie far apart.",
    zh: "原文在训练 MNIST 之前算出的几样东西：标签对应的目标向量、[784, 300, 10] 的参数个数，以及估计隐藏层大小的三个经验公式——它们的答案相差很远。",
  },
  claims: [
    {
      measure: "target",
      says: { en: "the target of label 2", zh: "标签 2 的目标向量" },
      reported: [0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
      accept: { equals: [0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1] },
    },
    {
      measure: "parameters",
      says: { en: "300 (784 + 1) + 10 (300 + 1)", zh: "300 × (784 + 1) + 10 × (300 + 1)" },
      reported: 238510,
      accept: { equals: 238510 },
    },
    {
      measure: "heuristics",
      says: {
        en: "√(n + l), log₂ n and √(n l) for n = 784, l = 10",
        zh: "n = 784、l = 10 时的 √(n + l)、log₂ n 与 √(n l)",
      },
      reported: [28.178, 9.615, 88.544],
      accept: { within: 0.0005 },
      because: { en: "given with three decimals", zh: "给出三位小数" },
    },
  ],
};

export const experiments: readonly Experiment[] = [pictures, worked, sizes];
