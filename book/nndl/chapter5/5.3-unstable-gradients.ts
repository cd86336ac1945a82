// Section 5.3: the gradient in a chain of single neurons, vanishing and exploding.
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { median } from "../curves.ts";
import { type Chain, chainGradient, explodingChain, runChain, sigmoidPrime } from "../programs/gradients.ts";

const read = ["book/nndl/programs/gradients.ts", "book/nndl/chapter5/5.3-unstable-gradients.ts"];

/** (y - a)^2 / 2 of the last neuron. */
function chainCost(chain: Chain, input: number, target: number): number {
  const { a } = runChain(chain, input);
  return (target - a[a.length - 1]) ** 2 / 2;
}

/** The gradient by the biases from differences of the cost. */
function chainGradientByDifferences(chain: Chain, input: number, target: number, step = 1e-5): number[] {
  return chain.biases.map((_, l) => {
    const moved = (by: number): Chain => ({
      weights: chain.weights,
      biases: chain.biases.map((b, k) => (k === l ? b + by : b)),
    });
    return (chainCost(moved(step), input, target) - chainCost(moved(-step), input, target)) / (2 * step);
  });
}

export const chain: Experiment = {
  id: "nndl/5.3-chain",
  title: { en: "A chain of four neurons", zh: "四个神经元的链" },
  section: "5.3",
  kind: "experiment",
  settings: { neurons: 4, chains: 10_000 },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const draw = (): Chain => ({
      weights: Array.from({ length: 4 }, () => random.normal()),
      biases: Array.from({ length: 4 }, () => random.normal()),
    });
    const ratios: number[] = [];
    let [below, error] = [0, 0];
    for (let i = 0; i < 10_000; i++) {
      const each = draw();
      const gradient = chainGradient(each, 0.5, 0);
      ratios.push(Math.abs(gradient[2] / gradient[0]));
      const { z } = runChain(each, 0.5);
      below += [1, 2, 3].filter((k) => Math.abs(each.weights[k] * sigmoidPrime(z[k])) < 0.25).length;
      if (i >= 100) continue;
      const slow = chainGradientByDifferences(each, 0.5, 0);
      error = Math.max(error, ...gradient.map((value, l) => Math.abs(value - slow[l])));
    }
    const x = Array.from({ length: 161 }, (_, i) => -4 + i / 20);
    return {
      measured: {
        formulaError: error,
        slopeAtZero: sigmoidPrime(0),
        shareBelowQuarter: below / 30_000,
        medianRatio: median(ratios),
        shareOf16: ratios.filter((ratio) => ratio >= 16).length / ratios.length,
      },
      figures: [
        {
          name: "slope",
          width: 560,
          height: 360,
          chart: {
            kind: "line",
            title: { en: "Derivative of the sigmoid", zh: "S 型函数的导数" },
            xAxis: { label: "z" },
            yAxis: { label: "σ′(z)", min: 0 },
            series: [{ name: "σ′(z)", x, y: x.map(sigmoidPrime) }],
          },
        },
        {
          name: "ratios",
          chart: {
            kind: "histogram",
            title: {
              en: "How much larger ∂C/∂b3 is than ∂C/∂b1, 10,000 chains",
              zh: "∂C/∂b3 是 ∂C/∂b1 的多少倍，一万条链",
            },
            xAxis: { label: { en: "log10 of the ratio", zh: "比值的 log10" } },
            bins: 40,
            measure: "share",
            series: [{ name: { en: "chains", zh: "链" }, values: ratios.map(Math.log10).filter((value) => value < 5) }],
            marks: [{ axis: "x", at: Math.log10(16), label: "16" }],
          },
        },
      ],
    };
  },
  about: {
    en: "One neuron a layer: the gradient by the first bias is σ′(z₁) w₂ σ′(z₂) w₃ σ′(z₃) w₄ σ′(z₄) ∂C/∂a₄. σ′ is at most 1/4, and weights from N(0, 1) are mostly below 1 in size, so each factor wσ′ is mostly below 1/4. ∂C/∂b₁ has two such factors more than ∂C/∂b₃: the book expects it to be smaller by 16 or more. Many random chains show how often.",
    zh: "每层一个神经元：第一个偏置的梯度是 σ′(z₁) w₂ σ′(z₂) w₃ σ′(z₃) w₄ σ′(z₄) ∂C/∂a₄。σ′ 不超过 1/4，而 N(0, 1) 的权重绝对值大多小于 1，所以每个因子 wσ′ 大多小于 1/4。∂C/∂b₁ 比 ∂C/∂b₃ 多两个这样的因子：书中预计它小到十六分之一以下。用大量随机的链看这种情况有多常见。",
  },
  claims: [
    {
      measure: "formulaError",
      says: { en: "largest difference of the product from differences of the cost", zh: "乘积公式与代价差分的最大差" },
      expected: 0,
      accept: { within: 1e-9 },
      because: { en: "central differences with a step of 1e-5 in float64", zh: "float64 下步长 1e-5 的中心差分" },
    },
    {
      measure: "slopeAtZero",
      says: { en: "σ′ is largest at 0", zh: "σ′ 在 0 处最大" },
      expected: 0.25,
      accept: { equals: 0.25 },
    },
    {
      measure: "shareBelowQuarter",
      says: { en: "share of factors |wσ′(z)| below 1/4: usually", zh: "因子 |wσ′(z)| 小于 1/4 的比例：通常如此" },
      accept: { atLeast: 0.68 },
      because: {
        en: "|w| < 1 alone, which is enough for it, has probability 0.683",
        zh: "仅 |w| < 1 就足够，其概率为 0.683",
      },
    },
    {
      measure: "medianRatio",
      says: {
        en: "∂C/∂b₃ is a factor of 16 or more larger than ∂C/∂b₁: median of the chains",
        zh: "∂C/∂b₃ 比 ∂C/∂b₁ 大 16 倍以上：各链的中位数",
      },
      reported: 16,
      accept: { atLeast: 16 },
      because: { en: "a lower bound wherever both factors are below 1/4", zh: "两个因子都小于 1/4 时的下界" },
    },
  ],
};

export const exploding: Experiment = {
  id: "nndl/5.3-exploding",
  title: { en: "Gradients that explode", zh: "爆炸的梯度" },
  section: "5.3",
  kind: "experiment",
  settings: { neurons: 4, weight: 100 },
  read,
  async run() {
    const gradient = chainGradient(explodingChain(4, 0.5), 0.5, 0);
    const offsets = Array.from({ length: 121 }, (_, i) => -0.3 + i / 200);
    const factor = (offset: number): number => 100 * sigmoidPrime(100 * offset);
    return {
      measured: {
        factors: [0, 1, 2].map((l) => gradient[l] / gradient[l + 1]),
        factorsOffByTenth: factor(0.1),
      },
      figures: [
        {
          name: "factor",
          chart: {
            kind: "line",
            title: {
              en: "|wσ′| for w = 100, as the activation moves off its place",
              zh: "w = 100 时，激活值偏离时的 |wσ′|",
            },
            xAxis: { label: { en: "how far the activation is off", zh: "激活值的偏离" } },
            yAxis: { label: "|wσ′(wa + b)|" },
            series: [{ name: "|wσ′|", x: offsets, y: offsets.map(factor) }],
            marks: [{ axis: "y", at: 1, label: "1" }],
          },
        },
      ],
    };
  },
  about: {
    en: "Weights of 100 and biases b = −100 a hold every weighted input at 0, where σ′ is 1/4: each factor wσ′ is 25, and the gradient grows by it from layer to layer, backwards. It takes some care to build such a chain, which is why gradients of sigmoid networks usually vanish: a bias that is off by 0.1 is enough for the factor to be below 1.",
    zh: "权重取 100，偏置取 b = −100 a，使每个带权输入都为 0，那里 σ′ = 1/4：每个因子 wσ′ 都是 25，梯度往前每一层就大 25 倍。造出这样的链要费些心思，所以 S 型网络的梯度通常是消失的：激活值只要偏离 0.1，因子就小于 1。",
  },
  claims: [
    {
      measure: "factors",
      says: { en: "by how much the gradient grows at each layer", zh: "每一层梯度增大的倍数" },
      reported: [25, 25, 25],
      accept: { within: 1e-9 },
      because: { en: "rounding in float64", zh: "float64 的舍入误差" },
    },
    {
      measure: "factorsOffByTenth",
      says: { en: "the same factor when the activation before is off by 0.1", zh: "前一个激活值偏离 0.1 时的同一因子" },
      accept: { atMost: 1 },
      because: {
        en: "the range in which the factor is at least 1 is narrow, see the exercise",
        zh: "因子不小于 1 的范围很窄，见习题",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [chain, exploding];
