// Section 3.1, exercises around one neuron: the slope of the sigmoid and where the rule "a sixth of the learning rate" comes from, targets that
// are not 0 or 1, why y and a can't change places, and linear outputs, for which the quadratic cost is no slower.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { CrossEntropyCost, QuadraticCost } from "../programs/costs.ts";
import { NEURONS } from "../programs/neurons.ts";

const read = ["book/nndl/programs/costs.ts", "book/nndl/chapter3/3.1-one-neuron.ts"];
const sigma = (z: number) => 1 / (1 + Math.exp(-z));
const slope = (z: number) => sigma(z) * (1 - sigma(z));
const grid = (from: number, to: number, steps: number) =>
  Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps);

const saturation: Experiment = {
  id: "nndl/3.1-sigmoid",
  title: { en: "The sigmoid and its slope", zh: "S 型函数及其导数" },
  section: "3.1",
  kind: "figure",
  read,
  async run() {
    const zs = grid(-8, 8, 160);
    const midpoints = Array.from({ length: 1000 }, (_, i) => (i + 0.5) / 1000);
    const inverse = (a: number) => Math.log(a / (1 - a));
    return {
      measured: {
        identityError: Math.max(...zs.map((z) => Math.abs((sigma(z + 1e-4) - sigma(z - 1e-4)) / 2e-4 - slope(z)))),
        largestSlope: Math.max(...zs.map(slope)),
        meanSlope: midpoints.reduce((sum, a) => sum + slope(inverse(a)), 0) / 1000,
      },
      figures: [
        {
          name: "sigmoid",
          chart: {
            kind: "line",
            title: { en: "A saturated neuron has no slope to learn from", zh: "饱和的神经元没有可供学习的斜率" },
            xAxis: { label: "z" },
            yAxis: { min: 0, max: 1 },
            series: [
              { name: "σ(z)", x: zs, y: zs.map(sigma) },
              { name: "σ'(z)", x: zs, y: zs.map(slope) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The slope σ' = σ(1 - σ) is largest at 0, where it is 1/4, and almost 0 where the output is near 0 or 1. Averaged over all outputs between 0 and 1 it is 1/6: the reason for trying a sixth of the quadratic cost's learning rate with cross-entropy.",
    zh: "导数 σ' = σ(1 - σ) 在 0 处最大，为 1/4；输出接近 0 或 1 时几乎为 0。对 0 到 1 之间的所有输出取平均，它等于 1/6：换用交叉熵时先试二次代价学习率的六分之一，理由就在这里。",
  },
  claims: [
    {
      measure: "identityError",
      says: {
        en: "σ' = σ(1 - σ), against central differences on [-8, 8]",
        zh: "σ' = σ(1 - σ)，与 [-8, 8] 上的中心差分相比",
      },
      accept: { atMost: 1e-9 },
      because: { en: "differences with step 1e-4 in float64", zh: "float64，步长 1e-4 的差分" },
    },
    {
      measure: "largestSlope",
      says: { en: "the largest slope", zh: "最大的导数" },
      expected: 0.25,
      accept: { equals: 0.25 },
    },
    {
      measure: "meanSlope",
      says: { en: "the integral of σ' by σ from 0 to 1", zh: "σ' 对 σ 从 0 到 1 的积分" },
      expected: 1 / 6,
      accept: { within: 1e-6 },
      because: { en: "midpoint rule with 1000 steps: error 8e-8", zh: "1000 步中点法：误差 8e-8" },
    },
  ],
};

const crossEntropyOf = (a: number, y: number) => CrossEntropyCost.fn(Matrix.column([a]), Matrix.column([y]));
const entropy = (y: number) => crossEntropyOf(y, y);

const targets: Experiment = {
  id: "nndl/3.1-soft-targets",
  title: { en: "Cross-entropy with targets between 0 and 1", zh: "目标在 0 与 1 之间的交叉熵" },
  section: "3.1",
  kind: "exercise",
  read,
  async run() {
    const ys = [0.1, 0.3, 0.5, 0.8];
    const found = ys.map((y) => goldenSection((a) => crossEntropyOf(a, y), 1e-6, 1 - 1e-6));
    const exchanged = (a: number, y: number) => -(a * Math.log(y) + (1 - a) * Math.log(1 - y));
    const outputs = grid(0.01, 0.99, 98);
    return {
      measured: {
        minima: found,
        excess: Math.max(...ys.map((y, i) => Math.abs(crossEntropyOf(found[i], y) - entropy(y)))),
        exchangedInfinite: [0, 1].every((y) => outputs.every((a) => exchanged(a, y) === Number.POSITIVE_INFINITY)),
      },
      figures: [
        {
          name: "soft-targets",
          chart: {
            kind: "line",
            title: { en: "Cross-entropy by output, and its minima", zh: "交叉熵随输出的变化及其最小值" },
            xAxis: { label: { en: "output a", zh: "输出 a" }, min: 0, max: 1 },
            yAxis: { label: { en: "cost", zh: "代价" }, min: 0, max: 3 },
            series: [
              ...ys.map((y) => ({
                name: `y = ${y}`,
                x: outputs,
                // Beyond the frame there is nothing to see.
                y: outputs.map((a) => (crossEntropyOf(a, y) <= 3 ? crossEntropyOf(a, y) : null)),
              })),
              {
                name: { en: "minima: binary entropy", zh: "最小值：二元熵" },
                x: ys,
                y: ys.map(entropy),
                style: "points" as const,
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "For a target y between 0 and 1 the cross-entropy is still smallest where σ(z) = y, but the minimum is not 0: it is the binary entropy of y (64). With y and a exchanged, targets 0 and 1 would make the cost infinite for every output.",
    zh: "目标 y 在 0 与 1 之间时，交叉熵仍在 σ(z) = y 处最小，但最小值不是 0，而是 y 的二元熵（64）。若把 y 与 a 对调，目标为 0 或 1 时任何输出的代价都是无穷大。",
  },
  claims: [
    {
      measure: "minima",
      says: {
        en: "where the cost is smallest, for y = 0.1, 0.3, 0.5, 0.8",
        zh: "y = 0.1、0.3、0.5、0.8 时代价最小的输出",
      },
      expected: [0.1, 0.3, 0.5, 0.8],
      accept: { within: 1e-6 },
      because: {
        en: "golden-section search on a minimum that is flat to first order",
        zh: "黄金分割搜索，最小值附近一阶平坦",
      },
    },
    {
      measure: "excess",
      says: { en: "the minimum is the binary entropy", zh: "最小值等于二元熵" },
      accept: { atMost: 1e-12 },
      because: { en: "float64", zh: "float64" },
    },
    {
      measure: "exchangedInfinite",
      says: {
        en: "with y and a exchanged the cost is infinite for y = 0 and y = 1",
        zh: "对调 y 与 a 后，y = 0 和 y = 1 时代价为无穷大",
      },
      accept: { equals: true },
    },
  ],
};

/** Where a function with one minimum is smallest. */
function goldenSection(f: (x: number) => number, from: number, to: number): number {
  const share = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  while (high - low > 1e-9) {
    const [left, right] = [high - share * (high - low), low + share * (high - low)];
    if (f(left) < f(right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}

const linear: Experiment = {
  id: "nndl/3.1-linear-outputs",
  title: { en: "Quadratic cost with linear output neurons", zh: "线性输出神经元与二次代价" },
  section: "3.1",
  kind: "exercise",
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const difference = (f: (x: number) => number, x: number) => (f(x + 1e-4) - f(x - 1e-4)) / 2e-4;
    const errors = { linear: 0, crossEntropy: 0, weight: 0 };
    const column = (value: number) => Matrix.column([value]);
    const worst = (key: keyof typeof errors, error: number) => {
      errors[key] = Math.max(errors[key], Math.abs(error));
    };
    let slopeAtZeroInput = 0;
    for (let trial = 0; trial < 500; trial++) {
      const [z, y, target, weight, input] = [
        random.normal(0, 2),
        random.normal(),
        random.below(2),
        random.normal(),
        random.normal(),
      ];
      const delta = QuadraticCost.delta(column(z), column(z), column(y), NEURONS.linear).values[0];
      worst("linear", difference((at) => QuadraticCost.fn(column(at), column(y)), z) - delta);
      worst("crossEntropy", difference((at) => crossEntropyOf(sigma(at), target), z) - (sigma(z) - target));
      const byWeight = (x: number) => difference((w) => crossEntropyOf(sigma(w * x + z), target), weight);
      worst("weight", byWeight(input) - input * (sigma(weight * input + z) - target));
      slopeAtZeroInput = Math.max(slopeAtZeroInput, Math.abs(byWeight(0)));
    }
    return {
      measured: {
        linearError: errors.linear,
        crossEntropyError: errors.crossEntropy,
        weightError: errors.weight,
        slopeAtZeroInput,
      },
    };
  },
  about: {
    en: "If the output neurons are linear, the quadratic cost has the error a - y as well (68 to 70): the slow learning comes from the pair of quadratic cost and sigmoid, not from the quadratic cost. The gradients by weights keep the factor x_j, whatever the cost (61): a weight can't learn from an input that is 0.",
    zh: "输出神经元是线性的时，二次代价的误差同样是 a - y（68 至 70）：学得慢源于二次代价与 S 型神经元的搭配，而不是二次代价本身。对权重的梯度无论用哪种代价都带因子 x_j（61）：输入为 0 时权重学不到东西。",
  },
  claims: [
    {
      measure: "linearError",
      says: {
        en: "linear outputs: the slope of (a - y)²/2 by z is a - y",
        zh: "线性输出：(a - y)²/2 对 z 的导数为 a - y",
      },
      accept: { atMost: 1e-8 },
      because: { en: "central differences with step 1e-4", zh: "步长 1e-4 的中心差分" },
    },
    {
      measure: "crossEntropyError",
      says: {
        en: "sigmoid outputs: the slope of the cross-entropy by z is a - y (66)",
        zh: "S 型输出：交叉熵对 z 的导数为 a - y（66）",
      },
      accept: { atMost: 1e-6 },
      because: { en: "central differences with step 1e-4", zh: "步长 1e-4 的中心差分" },
    },
    {
      measure: "weightError",
      says: { en: "the slope by weight w_j is x_j (a - y) (61)", zh: "对权重 w_j 的导数为 x_j (a - y)（61）" },
      accept: { atMost: 1e-6 },
      because: { en: "central differences with step 1e-4", zh: "步长 1e-4 的中心差分" },
    },
    {
      measure: "slopeAtZeroInput",
      says: { en: "and 0 for an input of 0", zh: "输入为 0 时导数为 0" },
      accept: { equals: 0 },
    },
  ],
};

export const experiments: readonly Experiment[] = [saturation, targets, linear];
