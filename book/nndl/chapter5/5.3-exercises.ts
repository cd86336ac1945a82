// Exercises of chapter 5: how rarely a factor of the product reaches 1, the neuron that passes its input on, and activations with a larger slope.
import type { Experiment } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { median } from "../curves.ts";
import { study } from "../framework/study.ts";
import { identityNeuron, sigmoid, sigmoidPrime, windowWidth } from "../programs/gradients.ts";

const read = ["book/nndl/programs/gradients.ts", "book/nndl/chapter5/5.3-exercises.ts"];

/** Width found by scanning activations instead of by the formula. */
function scannedWidth(w: number): number {
  const steps = 400_000;
  let inside = 0;
  for (let i = 0; i < steps; i++) if (Math.abs(w) * sigmoidPrime(w * ((2 * i) / steps - 1)) >= 1) inside += 1;
  return (2 * inside) / steps;
}

export const window: Experiment = {
  id: "nndl/5.3-window",
  title: { en: "How rarely |wσ′| reaches 1", zh: "|wσ′| 多难达到 1" },
  section: "5.3, problems",
  kind: "exercise",
  read,
  async run() {
    const ws = Array.from({ length: 4001 }, (_, i) => 4 + i / 100);
    const widths = ws.map(windowWidth);
    const widest = Math.max(...widths);
    const checked = [4.5, 5, 6.9, 10, 20, 40];
    return {
      measured: {
        formulaError: Math.max(...checked.map((w) => Math.abs(windowWidth(w) - scannedWidth(w)))),
        widthAt4: windowWidth(4),
        widest,
        widestAt: ws[widths.indexOf(widest)],
      },
      figures: [
        {
          name: "width",
          chart: {
            kind: "line",
            title: {
              en: "Width of the range in which |wσ′(wa + b)| ≥ 1",
              zh: "|wσ′(wa + b)| ≥ 1 成立的激活值范围宽度",
            },
            xAxis: { label: "|w|" },
            yAxis: { label: { en: "width", zh: "宽度" }, min: 0 },
            series: [{ name: { en: "width", zh: "宽度" }, x: ws, y: widths }],
          },
        },
      ],
    };
  },
  about: {
    en: "|wσ′(wa + b)| ≥ 1 needs |w| ≥ 4, and then holds for activations in a range of width (2/|w|) ln(|w|(1 + √(1 − 4/|w|))/2 − 1) only. The formula is compared with a scan, and its maximum is looked for.",
    zh: "|wσ′(wa + b)| ≥ 1 要求 |w| ≥ 4，而且只在宽度为 (2/|w|) ln(|w|(1 + √(1 − 4/|w|))/2 − 1) 的激活值范围内成立。把公式与逐点扫描的结果比较，并找出它的最大值。",
  },
  claims: [
    {
      measure: "formulaError",
      says: { en: "largest difference of the formula from a scan", zh: "公式与扫描结果的最大差" },
      expected: 0,
      accept: { within: 2e-5 },
      because: { en: "the scan's steps are 5e-6 wide", zh: "扫描的步长为 5e-6" },
    },
    {
      measure: "widthAt4",
      says: { en: "at |w| = 4 the width is 0", zh: "|w| = 4 时宽度为 0" },
      expected: 0,
      accept: { equals: 0 },
    },
    {
      measure: "widest",
      says: { en: "the largest width", zh: "最大的宽度" },
      reported: 0.45,
      accept: { within: 0.005 },
      because: { en: "two digits are printed", zh: "书中只给两位" },
    },
    {
      measure: "widestAt",
      says: { en: "the |w| where it is largest", zh: "宽度最大处的 |w|" },
      reported: 6.9,
      accept: { within: 0.05 },
      because: { en: "two digits are printed", zh: "书中只给两位" },
    },
  ],
};

/**
 * The smallest largest error of w2 sigma(w1 x + b) against x on [0, 1] for a given w1, over b; w2 is the best for each. Without a bias after it.
 */
export function bestWithoutOffset(w1: number): number {
  const xs = Array.from({ length: 101 }, (_, i) => i / 100);
  let best = Number.POSITIVE_INFINITY;
  for (let b = -15; b <= 5; b += 0.05) {
    const s = xs.map((x) => sigmoid(w1 * x + b));
    // The largest error is a convex function of w2: ternary search.
    let [low, high] = [0, 1.5 / s[50]];
    const errorOf = (w2: number): number => Math.max(...xs.map((x, i) => Math.abs(w2 * s[i] - x)));
    for (let step = 0; step < 40; step++) {
      const [left, right] = [low + (high - low) / 3, high - (high - low) / 3];
      if (errorOf(left) < errorOf(right)) high = right;
      else low = left;
    }
    best = Math.min(best, errorOf((low + high) / 2));
  }
  return best;
}

export const identity: Experiment = {
  id: "nndl/5.3-identity",
  title: { en: "The identity neuron", zh: "恒等神经元" },
  section: "5.3, problems",
  kind: "exercise",
  read,
  async run() {
    const xs = Array.from({ length: 101 }, (_, i) => i / 100);
    const errorOf = (w1: number): number => {
      const { output } = identityNeuron(w1);
      return Math.max(...xs.map((x) => Math.abs(output(x) - x)));
    };
    const w1s = [0.1, 0.2, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
    const without = w1s.map(bestWithoutOffset);
    return {
      measured: {
        errorOf05: errorOf(0.5),
        errorRatio: errorOf(0.5) / errorOf(0.25),
        smallWithoutBias: without[2],
        bestWithoutBias: Math.min(...without),
        bestWithoutBiasAt: w1s[without.indexOf(Math.min(...without))],
      },
      notes: [
        {
          en: "The problem's own form, w₂σ(w₁x + b) without a further bias, comes no nearer to x on [0, 1] than the error shown for any w₁ that is tried; with a bias in the next layer, which every network of the book has, the hint works.",
          zh: "习题自身的形式 w₂σ(w₁x + b) 后面没有偏置，对试过的任何 w₁ 都不能比图中的误差更接近 x；而下一层带偏置时（书中的网络都有），提示就管用了。",
        },
      ],
      figures: [
        {
          name: "error",
          chart: {
            kind: "line",
            title: { en: "Largest error of the identity neuron on [0, 1]", zh: "恒等神经元在 [0, 1] 上的最大误差" },
            xAxis: { label: "w1", scale: "log" },
            yAxis: { label: { en: "largest error", zh: "最大误差" }, scale: "log" },
            series: [
              {
                name: { en: "with a bias after it", zh: "其后带偏置" },
                x: w1s,
                y: w1s.map(errorOf),
                style: "line-points",
              },
              {
                name: { en: "without, best b and w2", zh: "不带，取最好的 b 与 w2" },
                x: w1s,
                y: without,
                style: "line-points",
              },
            ],
          },
        },
        {
          name: "outputs",
          chart: {
            kind: "line",
            title: { en: "Outputs of identity neurons", zh: "恒等神经元的输出" },
            xAxis: { label: "x" },
            yAxis: { label: { en: "output", zh: "输出" } },
            series: [
              ...[0.5, 2, 5].map((w1) => ({
                name: `w1 = ${w1}`,
                x: xs,
                y: xs.map((x) => identityNeuron(w1).output(x)),
              })),
              { name: "x", x: xs, y: xs, style: "dashed" as const },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "A layer that passes its input on would make depth harmless, so the problem asks for w₂ σ(w₁x + b) ≈ x on [0, 1], and hints at a small w₁. Around its middle σ is nearly a line of slope 1/4, so w₂ = 4/w₁ undoes the slope; but the line starts at 1/2, and only a bias of the next layer takes w₂/2 off. Without such a bias a small w₁ leads nowhere: its best error is measured beside.",
    zh: "如果有一层能把输入原样传下去，加深就无害了，所以习题要求 w₂ σ(w₁x + b) ≈ x（x 在 [0, 1] 上），并提示 w₁ 要小。σ 在中点附近几乎是斜率 1/4 的直线，w₂ = 4/w₁ 正好抵消斜率；但直线从 1/2 起步，必须由下一层的偏置减去 w₂/2 那部分。没有这样的偏置，小的 w₁ 毫无用处：旁边给出此时能达到的最小误差。",
  },
  claims: [
    {
      measure: "errorOf05",
      says: {
        en: "largest error on [0, 1] with w₁ = 0.5 and a bias after it",
        zh: "w₁ = 0.5、其后带偏置时 [0, 1] 上的最大误差",
      },
      accept: { atMost: 0.005 },
      because: {
        en: "the cubic term of σ: w₁²Δ³/12 with Δ = 1/2, here 0.0026",
        zh: "σ 的三次项：w₁²Δ³/12，Δ = 1/2，这里为 0.0026",
      },
    },
    {
      measure: "errorRatio",
      says: { en: "halving w₁ divides the error by 4", zh: "w₁ 减半，误差变为四分之一" },
      expected: 4,
      accept: { within: 0.1 },
      because: { en: "the fifth-order term remains", zh: "余下五次项" },
    },
    {
      measure: "smallWithoutBias",
      says: {
        en: "without a bias after it, w₁ = 0.5 can't do better than this error: the hint is not enough",
        zh: "其后不带偏置时，w₁ = 0.5 的误差至少这么大：单靠提示做不到",
      },
      accept: { atLeast: 0.25 },
      because: {
        en: "w₂σ(b) has to be near 0 at x = 0 and grow to 1: σ would have to grow many times over, a small w₁ does not let it",
        zh: "x = 0 处 w₂σ(b) 要接近 0，再增长到 1：σ 要增长许多倍，小的 w₁ 做不到",
      },
    },
  ],
};

const KINDS = ["sigmoid", "tanh", "relu"] as const;

export const largerSlope: Experiment = {
  id: "nndl/5.3-larger-slope",
  title: { en: "Activations with a larger slope", zh: "斜率更大的激活函数" },
  section: "5.3, exercises",
  kind: "exercise",
  settings: { images: 1000, hidden: 30, hiddenLayers: 4 },
  read: ["book/nndl/chapter5/5.3-exercises.ts", "book/nndl/framework/study.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training } = await context.mnist();
    const set = first(training, context.pick({ quick: 500, full: 1000 }));
    const seeds = context.seeds(20, 6);
    const lengths: Record<string, number[][]> = {};
    for (const activation of KINDS) {
      const of: number[][] = [];
      for (const seed of seeds) {
        const layers: number[] = [];
        await study({
          ...{ sizes: [784, 30, 30, 30, 30, 10], cost: "crossEntropy", weights: "scaled", activation, training: set },
          // One step that moves nothing leaves the gradients of the start.
          ...{ epochs: 1, batchSize: set.count, eta: 0, seed },
          onEpoch: ({ model }) => {
            const biases = model.parameters.filter(({ options }) => !options.decay).slice(0, 4);
            layers.push(...biases.map(({ tensor }) => Math.sqrt(tensor.gradient!.square().sum().item())));
            return undefined;
          },
        });
        of.push(layers);
      }
      lengths[activation] = of;
    }
    const ratio = (activation: string): number => median(lengths[activation].map((layers) => layers[3] / layers[0]));
    return {
      measured: { sigmoidRatio: ratio("sigmoid"), tanhRatio: ratio("tanh"), reluRatio: ratio("relu") },
      figures: [
        {
          name: "layers",
          chart: {
            kind: "line",
            title: { en: "Gradients before training, four hidden layers", zh: "训练之前的梯度，四个隐藏层" },
            xAxis: { label: { en: "hidden layer", zh: "隐藏层" }, min: 1, max: 4 },
            yAxis: { label: { en: "length of the gradient, median", zh: "梯度的长度（中位数）" }, scale: "log" },
            series: KINDS.map((activation) => ({
              name: activation === "relu" ? "ReLU" : activation === "sigmoid" ? { en: "sigmoid", zh: "S 型" } : "tanh",
              y: [0, 1, 2, 3].map((l) => median(lengths[activation].map((layers) => layers[l]))),
              style: "line-points" as const,
            })),
          },
        },
      ],
    };
  },
  about: {
    en: "The argument rests on σ′ ≤ 1/4. The exercise asks whether an activation with a larger derivative would avoid the problem. The slopes of tanh and of rectified linear neurons reach 1: four hidden layers of each, at the start of training, over several seeds. The gradients no longer shrink by a factor of four and more from layer to layer; that they stay stable is luck of the weights, whose size still enters each factor.",
    zh: "整个论证依赖 σ′ ≤ 1/4。习题问：导数更大的激活函数能否避免这个问题。tanh 与 ReLU 的斜率可达 1：各取四个隐藏层，在训练开始时，用若干种子测量。梯度不再每层缩小到四分之一以下；但是否保持稳定仍要看权重，每个因子里都有权重的大小。",
  },
  claims: [
    {
      measure: "sigmoidRatio",
      says: {
        en: "sigmoid: how many times longer the last hidden layer's gradient is than the first's, median",
        zh: "S 型：最后一个隐藏层的梯度是第一个的多少倍（中位数）",
      },
      expected: 95,
      accept: { between: [30, 300] },
      because: {
        en: "0.285 / 0.003 in the book's one draw; factors of three between draws",
        zh: "书中一次抽取为 0.285 / 0.003；不同抽取之间可差三倍",
      },
    },
    {
      measure: "tanhRatio",
      says: { en: "tanh: the same ratio", zh: "tanh：同一比值" },
      accept: { between: [0.2, 10] },
      because: {
        en: "weights N(0, 1/inputs): factors near 1 where neurons are not saturated, but biases N(0, 1) saturate some",
        zh: "权重 N(0, 1/输入数)：神经元不饱和时因子接近 1，但 N(0, 1) 的偏置会使一部分饱和",
      },
    },
    {
      measure: "reluRatio",
      says: { en: "rectified linear: the same ratio", zh: "ReLU：同一比值" },
      accept: { between: [0.1, 10] },
      because: {
        en: "slope 0 or 1: with these weights a factor of √2 a layer",
        zh: "斜率为 0 或 1：用这样的权重，每层约差 √2 倍",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [window, identity, largerSlope];
