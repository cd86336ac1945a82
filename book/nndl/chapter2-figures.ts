// Chapter 2, sections 2.1 to 2.5: how weights are numbered, the cost as a function of the outputs, and what saturation does to learning.
import type { NetworkChart } from "nabla/plot";
import type { Experiment } from "../experiment.ts";
import { Matrix } from "../matrix.ts";
import { Random } from "../random.ts";
import { quadraticCost } from "./finite-differences.ts";
import { Network } from "./network.ts";

const labels: Experiment = {
  id: "nndl/2.labels",
  title: { en: "Which weight is w³₂₄", zh: "w³₂₄ 是哪个权重" },
  section: "2.1",
  kind: "figure",
  about: {
    en: "The notation: w³₂₄ joins neuron 4 of layer 2 to neuron 2 of layer 3. The order of the indices looks wrong until one writes a layer as w a + b: with j before k no transposition is needed. Checked on the program: a change of that one number of the matrix moves the weighted input of that one neuron by the change times the activation.",
    zh: "记号：w³₂₄ 连接第 2 层的第 4 个神经元与第 3 层的第 2 个神经元。下标的次序看似颠倒，直到把一层写成 w a + b：j 在 k 之前就无需转置。用程序检验：改变矩阵中的这一个数，只有那一个神经元的加权输入变化，变化量为改动乘以激活。",
  },
  read: ["book/nndl/network.ts", "book/nndl/chapter2-figures.ts"],
  claims: [
    {
      measure: "moved",
      says: {
        en: "weighted inputs of layer 3 that move when w³₂₄ changes: the second only, by the activation of neuron 4",
        zh: "改变 w³₂₄ 时第 3 层移动的加权输入：只有第二个，移动量为第 4 个神经元的激活",
      },
      accept: { equals: true },
    },
  ],
  async run({ seed }) {
    const network = new Network([3, 6, 3], new Random(seed));
    const w3 = network.weights[1];
    const a2 = Matrix.column([0.1, 0.2, 0.3, 0.5, 0.6, 0.7]);
    const before = w3.dot(a2);
    // Counted from 0: row 1, column 3.
    w3.values[1 * w3.columns + 3] += 1;
    const change = w3.dot(a2).minus(before);
    const numbers = (units: number) => Array.from({ length: units }, (_, i) => `${i + 1}`);
    const chart: NetworkChart = {
      kind: "network",
      title: {
        en: "w³₂₄: from neuron 4 of layer 2 to neuron 2 of layer 3",
        zh: "w³₂₄：从第 2 层的神经元 4 到第 3 层的神经元 2",
      },
      layers: [
        { name: { en: "layer 1", zh: "第 1 层" }, units: 3, labels: numbers(3) },
        { name: { en: "layer 2", zh: "第 2 层" }, units: 6, labels: numbers(6) },
        {
          name: { en: "layer 3", zh: "第 3 层" },
          units: 3,
          labels: numbers(3),
          weights: Array.from({ length: 3 }, (_, j) =>
            Array.from({ length: 6 }, (_, k) => (j === 1 && k === 3 ? 1 : 0)),
          ),
        },
      ],
    };
    return {
      measured: { moved: change.at(0, 0) === 0 && change.at(2, 0) === 0 && Math.abs(change.at(1, 0) - 0.5) < 1e-12 },
      figures: [{ name: "network", chart }],
    };
  },
};

const ofOutputs: Experiment = {
  id: "nndl/2.cost",
  title: { en: "The cost is a function of the outputs", zh: "代价是输出的函数" },
  section: "2.3",
  kind: "figure",
  about: {
    en: "The second assumption about the cost: it depends on the network only through the outputs a. For two outputs and y = (1, 0) one can draw it; the line is where a 2-3-2 network's outputs go while it learns that one example, and the cost along it falls.",
    zh: "关于代价的第二个假设：它只通过输出 a 依赖于网络。对两个输出、y = (1, 0) 可以画出来；线条是 2-3-2 网络学习这一个样本时输出走过的路，沿途代价下降。",
  },
  settings: { network: "[2, 3, 2]", eta: 1, steps: 60 },
  read: ["book/nndl/network.ts", "book/nndl/chapter2-figures.ts"],
  claims: [
    {
      measure: "falls",
      says: { en: "every step lowers the cost", zh: "每一步都使代价下降" },
      accept: { equals: true },
    },
  ],
  async run({ seed }) {
    const network = new Network([2, 3, 2], new Random(seed));
    const [x, y] = [Matrix.column([0.5, -0.3]), Matrix.column([1, 0])];
    const outputs = [network.feedforward(x)];
    for (let i = 0; i < 60; i++) {
      network.updateMiniBatch([{ x, y }], 1);
      outputs.push(network.feedforward(x));
    }
    const costs = outputs.map((a) => quadraticCost(a, y));
    const axis = Array.from({ length: 41 }, (_, i) => i / 40);
    return {
      measured: { falls: costs.slice(1).every((cost, i) => cost < costs[i]), firstAndLast: [costs[0], costs.at(-1)!] },
      figures: [
        {
          name: "outputs",
          chart: {
            kind: "contour",
            title: {
              en: "C = ½‖y − a‖² for y = (1, 0), and the way of a learning network",
              zh: "y = (1, 0) 时的 C = ½‖y − a‖²，以及学习中网络的轨迹",
            },
            xAxis: { label: "a1", min: 0, max: 1 },
            yAxis: { label: "a2", min: 0, max: 1 },
            x: axis,
            y: axis,
            z: axis.map((a2) => axis.map((a1) => quadraticCost(Matrix.column([a1, a2]), y))),
            paths: [
              {
                name: { en: "outputs, step by step", zh: "逐步的输出" },
                x: outputs.map((a) => a.at(0, 0)),
                y: outputs.map((a) => a.at(1, 0)),
                style: "line-points",
              },
            ],
          },
          width: 560,
          height: 500,
        },
      ],
    };
  },
};

const saturation: Experiment = {
  id: "nndl/2.saturation",
  title: { en: "What makes a weight learn slowly", zh: "权重为何学得慢" },
  section: "2.4",
  kind: "experiment",
  about: {
    en: "Reading the four equations: ∂C/∂w = a_in δ_out is small where the input activation is small or the output neuron saturated, σ′(z) ≈ 0. One neuron with input a and weighted input z, target 0: the size of its gradient over both.",
    zh: "解读四个方程：∂C/∂w = a_in δ_out 在输入激活很小、或输出神经元饱和（σ′(z) ≈ 0）时很小。一个神经元，输入为 a，加权输入为 z，目标为 0：梯度大小随二者的变化。",
  },
  read: ["book/nndl/network.ts", "book/nndl/chapter2-figures.ts"],
  claims: [
    {
      measure: "proportional",
      says: {
        en: "a tenth of the input activation gives a tenth of the gradient",
        zh: "输入激活为十分之一，梯度也为十分之一",
      },
      reported: 0.1,
      accept: { within: 1e-12 },
      because: { en: "rounding of float64", zh: "float64 的舍入" },
    },
    {
      measure: "saturated",
      says: {
        en: "a saturated neuron (z = 6) has a small gradient though its answer is as wrong as can be: over that at z = 1",
        zh: "饱和的神经元（z = 6）虽错得最厉害，梯度却很小：与 z = 1 处之比",
      },
      accept: { atMost: 0.05 },
      because: { en: "σ(6)σ′(6) / σ(1)σ′(1) = 0.017.", zh: "σ(6)σ′(6) / σ(1)σ′(1) = 0.017。" },
    },
  ],
  async run({ seed }) {
    const network = new Network([1, 1], new Random(seed));
    network.weights = [Matrix.column([0])];
    const gradient = (a: number, z: number) => {
      network.biases = [Matrix.column([z])];
      return network.backprop(Matrix.column([a]), Matrix.column([0])).weights[0].at(0, 0);
    };
    const zs = Array.from({ length: 121 }, (_, i) => -6 + i / 10);
    return {
      measured: { proportional: gradient(0.1, 1) / gradient(1, 1), saturated: gradient(1, 6) / gradient(1, 1) },
      figures: [
        {
          name: "gradient",
          chart: {
            kind: "line",
            title: { en: "∂C/∂w of a neuron that should answer 0", zh: "目标为 0 的神经元的 ∂C/∂w" },
            xAxis: { label: { en: "weighted input z", zh: "加权输入 z" } },
            yAxis: { label: "∂C/∂w" },
            series: [1, 0.5, 0.1].map((a) => ({
              name: { en: `input ${a}`, zh: `输入 ${a}` },
              x: zs,
              y: zs.map((z) => gradient(a, z)),
            })),
          },
        },
      ],
    };
  },
};

export const figures: readonly Experiment[] = [labels, ofOutputs];
export const readings: readonly Experiment[] = [saturation];
