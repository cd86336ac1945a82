// Chapter 2, sections 2.7 to 2.9: what backpropagation saves against finite differences, and the sum over all paths that it computes.
import type { NetworkChart } from "nabla/plot";
import type { Both, Experiment } from "../experiment.ts";
import { Matrix } from "../matrix.ts";
import { Random } from "../random.ts";
import { finiteDifferences, flatten, relativeDifference } from "./finite-differences.ts";
import { gradientOnFramework } from "./framework.ts";
import { Network } from "./network.ts";
import { pathsFrom } from "./paths.ts";

const columnOf = (rows: number, random: Random) => Matrix.fill(rows, 1, () => random.uniform());

/** Seconds of the fastest of several calls: what the machine can do when nobody disturbs it. */
function fastest(times: number, call: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    call();
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  return best;
}

const cost: Experiment = {
  id: "nndl/2.finite-differences",
  title: { en: "Backpropagation against finite differences", zh: "反向传播与有限差分" },
  section: "2.7",
  kind: "experiment",
  about: {
    en: "Equation (46) needs no theory: change a weight a little and compute the cost again. For a million weights that is a million and one forward passes, where backpropagation needs one forward and one backward. Both are run on one example of 784-30-10, whose 23,860 numbers take 23,861 passes; they agree, and so does automatic differentiation.",
    zh: "公式 (46) 不需要理论：把一个权重改动一点，再算一遍代价。一百万个权重就要一百万零一次前向传播，而反向传播只需一次前向和一次反向。两种方法都在 784-30-10 的一个样本上运行，它的 23,860 个数需要 23,861 次前向传播；二者结果一致，自动微分的结果也一致。",
  },
  settings: { network: "[784, 30, 10]", epsilon: 1e-6 },
  read: ["book/nndl/finite-differences.ts", "book/nndl/network.ts"],
  claims: [
    {
      measure: "forwardPasses",
      says: { en: "one forward pass for each number, and one more", zh: "每个数一次前向传播，另加一次" },
      reported: 23_861,
      accept: { equals: 23_861 },
    },
    {
      measure: "difference",
      says: { en: "both give the gradient: relative difference", zh: "二者都给出梯度：相对差" },
      accept: { atMost: 1e-4 },
      because: {
        en: "A forward difference with 10⁻⁶ is wrong by half the second derivative times 10⁻⁶ and by rounding over 10⁻⁶.",
        zh: "步长 10⁻⁶ 的前向差分，误差为二阶导数之半乘以 10⁻⁶，以及舍入误差除以 10⁻⁶。",
      },
    },
    {
      measure: "framework",
      says: {
        en: "backpropagation by hand against automatic differentiation: relative difference",
        zh: "手写反向传播与自动微分：相对差",
      },
      accept: { atMost: 1e-13 },
      because: { en: "rounding of float64", zh: "float64 的舍入" },
    },
    {
      measure: "timesFaster",
      says: {
        en: "backpropagation costs about two forward passes, so it is thousands of times faster",
        zh: "反向传播约相当于两次前向传播，因此快数千倍",
      },
      accept: { atLeast: 500 },
      because: {
        en: "23,861 passes over the cost of a few; by how much depends on the machine and on what else it does.",
        zh: "23,861 次传播与几次传播之比；具体倍数取决于机器及其负载。",
      },
    },
    {
      measure: "orders",
      says: {
        en: "error falls as ε for forward differences, as ε² for central ones: slope between 10⁻² and 10⁻³",
        zh: "前向差分的误差随 ε 减小，中心差分随 ε² 减小：10⁻² 与 10⁻³ 之间的斜率",
      },
      reported: [1, 2],
      accept: { within: 0.1 },
      because: { en: "The next term of the series is still there.", zh: "级数的下一项仍然存在。" },
    },
  ],
  async run({ seed }) {
    const random = new Random(seed);
    const network = new Network([784, 30, 10], random);
    // Weights of deviation 1/28 leave no neuron saturated, so that no part of the gradient is lost in rounding.
    network.weights = network.weights.map((w) => w.times(1 / 28));
    const [x, y] = [columnOf(784, random), columnOf(10, random)];
    const byBackprop = network.backprop(x, y);
    const start = performance.now();
    const { nabla, forwardPasses } = finiteDifferences(network, x, y, 1e-6);
    const slow = (performance.now() - start) / 1000;
    const fast = fastest(50, () => network.backprop(x, y));

    const small = new Network([4, 5, 3], random);
    const [u, v] = [columnOf(4, random), columnOf(3, random)];
    const exact = flatten(small.backprop(u, v));
    const epsilons = Array.from({ length: 23 }, (_, i) => 10 ** (-1 - i / 2));
    const errors = (kind: "forward" | "central") =>
      epsilons.map((epsilon) =>
        relativeDifference(flatten(finiteDifferences(small, u, v, epsilon, kind).nabla), exact),
      );
    const [forward, central] = [errors("forward"), errors("central")];
    const order = (list: readonly number[]) => Math.log10(list[2] / list[4]);
    return {
      measured: {
        forwardPasses,
        difference: relativeDifference(flatten(nabla), flatten(byBackprop)),
        framework: relativeDifference(flatten(gradientOnFramework(network, x, y)), flatten(byBackprop)),
        timesFaster: Math.round(slow / fast),
        secondsByDifferences: slow,
        secondsByBackprop: fast,
        orders: [order(forward), order(central)],
      },
      figures: [
        {
          name: "errors",
          chart: {
            kind: "line",
            title: { en: "Error of finite differences by step", zh: "有限差分的误差与步长" },
            xAxis: { label: "ε", scale: "log" },
            yAxis: { label: { en: "relative error of the gradient", zh: "梯度的相对误差" }, scale: "log" },
            series: [
              {
                name: { en: "(C(w+ε) − C(w)) / ε", zh: "(C(w+ε) − C(w)) / ε" },
                x: epsilons,
                y: forward,
                style: "line-points",
              },
              {
                name: { en: "(C(w+ε) − C(w−ε)) / 2ε", zh: "(C(w+ε) − C(w−ε)) / 2ε" },
                x: epsilons,
                y: central,
                style: "line-points",
              },
            ],
          },
        },
      ],
    };
  },
};

const SIZES = [4, 4, 4, 4] as const;

/** The small network with only some connections drawn strongly. */
function diagram(title: Both, strong: (layer: number, to: number, from: number) => boolean): NetworkChart {
  return {
    kind: "network",
    title,
    layers: SIZES.map((units, layer) => ({
      name:
        layer === 0
          ? { en: "input", zh: "输入层" }
          : layer === SIZES.length - 1
            ? { en: "output", zh: "输出层" }
            : { en: `hidden ${layer}`, zh: `隐藏层 ${layer}` },
      units,
      ...(layer > 0 && {
        weights: Array.from({ length: units }, (_, to) =>
          Array.from({ length: SIZES[layer - 1] }, (_, from) => (strong(layer, to, from) ? 1 : 0)),
        ),
      }),
    })),
  };
}

const paths: Experiment = {
  id: "nndl/2.paths",
  title: { en: "A change that travels along every path", zh: "沿每条路径传播的变化" },
  section: "2.9",
  kind: "experiment",
  about: {
    en: "The big picture at the end of the chapter: ∂C/∂w is a sum over all paths from the weight to the cost, each the product of the rates along it (equation 53), and backpropagation is a clever way to compute that sum. In a network of four layers of four neurons one weight of the first layer has sixteen paths; they are listed and added.",
    zh: "本章结尾的全景：∂C/∂w 是从该权重到代价的所有路径之和，每条路径贡献沿途变化率之积（公式 53），而反向传播是计算这个和的巧妙办法。在四层、每层四个神经元的网络中，第一层的一个权重有十六条路径；这里逐条列出并相加。",
  },
  settings: { network: "[4, 4, 4, 4]", weight: "w from input 3 to neuron 2" },
  read: ["book/nndl/paths.ts", "book/nndl/chapter2-gradient.ts"],
  claims: [
    { measure: "count", says: { en: "paths: 4 · 4", zh: "路径条数：4 · 4" }, reported: 16, accept: { equals: 16 } },
    {
      measure: "difference",
      says: {
        en: "their sum is what backpropagation computes: relative difference",
        zh: "它们的和就是反向传播的结果：相对差",
      },
      accept: { atMost: 1e-12 },
      because: {
        en: "rounding of float64, where contributions of both signs cancel",
        zh: "float64 的舍入，正负贡献会相互抵消",
      },
    },
  ],
  async run({ seed }) {
    const random = new Random(seed);
    const network = new Network(SIZES, random);
    const [x, y] = [columnOf(4, random), columnOf(4, random)];
    const all = pathsFrom(network, x, y, 0, 1, 2);
    const sum = all.reduce((total, { rate }) => total + rate, 0);
    const byBackprop = network.backprop(x, y).weights[0].at(1, 2);
    const edge = (layer: number, to: number, from: number) => layer === 1 && to === 1 && from === 2;
    const onePath = [2, 1, 3, 0];
    return {
      measured: { count: all.length, difference: Math.abs(sum - byBackprop) / Math.abs(byBackprop), sum },
      figures: [
        {
          name: "one",
          chart: diagram(
            { en: "The change along one path", zh: "沿一条路径的变化" },
            (layer, to, from) => onePath[layer] === to && onePath[layer - 1] === from,
          ),
          height: 340,
        },
        {
          name: "all",
          chart: diagram(
            { en: "The change along all sixteen paths", zh: "沿全部十六条路径的变化" },
            (layer, to, from) => edge(layer, to, from) || (layer === 2 && from === 1) || layer === 3,
          ),
          height: 340,
        },
        {
          name: "rates",
          chart: {
            kind: "bar",
            title: { en: "What each path adds to ∂C/∂w", zh: "每条路径对 ∂C/∂w 的贡献" },
            categories: all.map(({ neurons }) => neurons.map((neuron) => neuron + 1).join("-")),
            xAxis: { label: { en: "neurons on the way, layer by layer", zh: "途经的神经元，逐层" } },
            yAxis: { label: { en: "rate", zh: "变化率" } },
            series: [{ name: { en: "contribution", zh: "贡献" }, values: all.map(({ rate }) => rate) }],
          },
          width: 900,
        },
      ],
    };
  },
};

export const gradientExperiments: readonly Experiment[] = [cost, paths];
