// Section 5.2, backpropagation with thresholds: the text's formulas against differences, and XOR.
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { ThreeLayerNetwork } from "../programs/three-layer.ts";

const XOR_INPUTS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const XOR = [[0], [1], [1], [0]];

export const threeLayers: Experiment = {
  id: "python/5.2-bp",
  title: { en: "Three layers with thresholds, by backpropagation", zh: "带阈值的三层 BP 网络" },
  section: "5.2",
  kind: "experiment",
  settings: { sizes: "2-4-1", eta: 0.5, passes: 5000 },
  read: ["book/python/programs/three-layer.ts", "book/python/chapter5/5.2-backpropagation.ts"],
  async run({ seed }) {
    const total = (network: ThreeLayerNetwork) => XOR_INPUTS.reduce((sum, x, i) => sum + network.error(x, XOR[i]), 0);
    const runs = [0, 1, 2, 3, 4].map((offset) => {
      const network = new ThreeLayerNetwork(2, 4, 1, new Random(seed + offset));
      const curve = [total(network)];
      for (let pass = 1; pass <= 5000; pass++) {
        XOR_INPUTS.forEach((x, i) => {
          network.train(x, XOR[i], 0.5);
        });
        if (pass % 50 === 0) curve.push(total(network));
      }
      const solved = XOR_INPUTS.every((x, i) => network.forward(x).o[0] > 0.5 === XOR[i][0] > 0.5);
      return { curve, solved };
    });
    const last = runs.map(({ curve }) => curve.at(-1)!).sort((a, b) => a - b);
    const at = runs[0].curve.map((_, i) => 50 * i);
    return {
      measured: {
        gradientError: gradientError(new ThreeLayerNetwork(3, 4, 2, new Random(seed))),
        updateError: updateError(new ThreeLayerNetwork(3, 4, 2, new Random(seed))),
        solved: runs.filter(({ solved }) => solved).length,
        error: last[2],
        finalErrors: last,
      },
      figures: [
        {
          name: "xor",
          chart: {
            kind: "line",
            title: { en: "XOR by backpropagation: five starts", zh: "BP 学习 XOR：五次初始化" },
            xAxis: { label: { en: "pass", zh: "轮次" } },
            yAxis: { label: { en: "E over the four samples", zh: "四个样本的 E" } },
            series: runs.map(({ curve }, i) => ({
              name: { en: `start ${i + 1}`, zh: `初值 ${i + 1}` },
              x: at,
              y: curve,
            })),
          },
        },
      ],
    };
  },
  about: {
    en: "The formulas of the text as they stand: delta of an output (d - o) o (1 - o), delta of a hidden unit the weighted sum of those times y (1 - y), weights moved by eta delta x, thresholds likewise as weights of the input -1. They are checked against differences of E = 1/2 sum (d - o)^2, and learn XOR, which no single neuron can.",
    zh: "照教材的公式：输出层 delta 为 (d - o) o (1 - o)，隐藏层 delta 为其加权和乘 y (1 - y)，权重移动 eta delta x，阈值视作输入 -1 的权重同样更新。先用 E = 1/2 sum (d - o)^2 的差分检验，再学习单个神经元学不会的 XOR。",
  },
  claims: [
    {
      measure: "gradientError",
      says: { en: "the deltas are the gradient of E: largest difference", zh: "delta 就是 E 的梯度：最大差" },
      expected: 0,
      accept: { atMost: 1e-8 },
      because: {
        en: "central differences with step 1e-5: about 1e-10 of curvature and rounding",
        zh: "步长 1e-5 的中心差分：曲率与舍入约 1e-10",
      },
    },
    {
      measure: "updateError",
      says: {
        en: "and training moves every weight and threshold down that gradient by eta: largest difference",
        zh: "训练使每个权重和阈值沿该梯度下降 eta 倍：最大差",
      },
      expected: 0,
      accept: { within: 1e-8 },
      because: { en: "central differences, as above", zh: "中心差分，同上" },
    },
    {
      measure: "solved",
      says: {
        en: "the network learns XOR: starts out of five that get all four right",
        zh: "网络学会 XOR：五次随机初始化中四个样本全对的次数",
      },
      accept: { atLeast: 4 },
      because: {
        en: "a start can end in a local minimum; with four hidden units that is rare, so that one in five is allowed",
        zh: "某次初始化可能陷入局部极小；四个隐藏单元时很少见，因此允许五次中一次",
      },
    },
    {
      measure: "error",
      says: { en: "the median of their final errors E", zh: "最终误差 E 的中位数" },
      accept: { atMost: 0.05 },
      because: {
        en: "E starts near 0.5; sigmoid outputs approach 0 and 1 slowly",
        zh: "E 起初约 0.5；sigmoid 输出缓慢趋近 0 和 1",
      },
    },
  ],
};

const [x, d] = [
  [0.3, -0.8, 0.5],
  [1, 0],
];

/** The slope of E by one number of the network, from its values a little to either side. */
function slopeOf(network: ThreeLayerNetwork, list: number[], i: number): number {
  const [value, h] = [list[i], 1e-5];
  list[i] = value + h;
  const above = network.error(x, d);
  list[i] = value - h;
  const below = network.error(x, d);
  list[i] = value;
  return (above - below) / (2 * h);
}

/** What one step of training does to every weight and threshold, against -eta times the slope of E: largest difference. */
function updateError(network: ThreeLayerNetwork): number {
  const eta = 0.5;
  const lists = [...network.w, ...network.v, network.hiddenThresholds, network.outputThresholds];
  const wanted = lists.map((list) => list.map((value, i) => value - eta * slopeOf(network, list, i)));
  network.train(x, d, eta);
  return Math.max(...lists.flatMap((list, k) => list.map((value, i) => Math.abs(value - wanted[k][i]))));
}

/** The deltas against central differences of E, for every weight and threshold: largest difference. */
export function gradientError(network: ThreeLayerNetwork): number {
  const { y, output, hidden } = network.deltas(x, d);
  const slope = (list: number[], i: number) => slopeOf(network, list, i);
  const off: number[] = [];
  const compare = (weights: number[][], thresholds: number[], deltas: number[], input: readonly number[]) => {
    deltas.forEach((signal, j) => {
      for (let i = 0; i < input.length; i++) off.push(Math.abs(slope(weights[j], i) + signal * input[i]));
      off.push(Math.abs(slope(thresholds, j) - signal));
    });
  };
  compare(network.v, network.outputThresholds, output, y);
  compare(network.w, network.hiddenThresholds, hidden, x);
  return Math.max(...off);
}

export const experiments: readonly Experiment[] = [threeLayers];
