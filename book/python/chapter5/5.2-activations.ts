// Section 5.2, activations: each with its derivative as a figure, and how many rectifiers are off before anything is learnt.
import { Dense, fit, Sequential, SGD, scope } from "nabla";
import type { Experiment, Figure } from "../../experiment.ts";
import { first, toSamples } from "../../mnist.ts";
import { type Activation, gaussian, leakyRelu, linear, relu, sigmoid, step, tanh } from "../programs/activations.ts";

const read = ["book/python/programs/activations.ts", "book/python/chapter5/5.2-activations.ts"];

const ALL: readonly { name: string; title: { en: string; zh: string }; activation: Activation }[] = [
  { name: "linear", title: { en: "Linear, 0.5 x + 1", zh: "线性函数 0.5 x + 1" }, activation: linear(0.5, 1) },
  { name: "step", title: { en: "Step", zh: "阶跃函数" }, activation: step },
  { name: "sigmoid", title: { en: "Sigmoid", zh: "Sigmoid 函数" }, activation: sigmoid },
  { name: "tanh", title: { en: "Hyperbolic tangent", zh: "双曲正切函数" }, activation: tanh },
  { name: "gaussian", title: { en: "Gaussian, exp(-x²)", zh: "高斯函数 exp(-x²)" }, activation: gaussian() },
  { name: "relu", title: { en: "ReLU", zh: "ReLU 函数" }, activation: relu },
  {
    name: "leaky-relu",
    title: { en: "Leaky ReLU, slope 1/100 below 0", zh: "Leaky ReLU，负半轴斜率 1/100" },
    activation: leakyRelu(),
  },
];

function figureOf({ name, title, activation }: (typeof ALL)[number]): Figure {
  const x = Array.from({ length: 241 }, (_, i) => (i - 120) / 30);
  return {
    name,
    chart: {
      kind: "line",
      title,
      xAxis: { label: "x" },
      series: [
        { name: "f(x)", x, y: x.map(activation.f) },
        { name: "f'(x)", x, y: x.map(activation.derivative), style: "dashed" },
      ],
    },
    width: 560,
    height: 340,
  };
}

/** Largest difference between the derivative and a central difference, at points away from corners and jumps. */
export function derivativeError({ f, derivative }: Activation): number {
  const h = 1e-5;
  const points = [-3.1, -1.7, -0.6, -0.2, 0.3, 0.9, 2.2, 3.7];
  return Math.max(...points.map((x) => Math.abs((f(x + h) - f(x - h)) / (2 * h) - derivative(x))));
}

const figures: Experiment = {
  id: "python/5.2-activations",
  title: { en: "Activations and their derivatives", zh: "激活函数及其导数" },
  section: "5.2",
  kind: "figure",
  read,
  async run() {
    const grid = Array.from({ length: 241 }, (_, i) => (i - 120) / 30);
    const steepest = [sigmoid, tanh, relu].map(({ derivative }) => Math.max(...grid.map(derivative)));
    return {
      measured: { derivativeError: Math.max(...ALL.map(({ activation }) => derivativeError(activation))), steepest },
      figures: ALL.map(figureOf),
    };
  },
  about: {
    en: "The seven activations of the section, each with its derivative. The derivatives are compared with differences, and the largest slope of each says how well an error signal passes through a unit on its way down.",
    zh: "本节的七个激活函数及各自的导数。导数与差分比较；最大斜率说明误差信号向下传播经过一个单元时能保留多少。",
  },
  claims: [
    {
      measure: "derivativeError",
      says: { en: "each derivative is one: largest difference from differences", zh: "导数正确：与差分的最大差" },
      expected: 0,
      accept: { atMost: 1e-9 },
      because: {
        en: "central differences with step 1e-5: h^2 / 6 times a third derivative, and rounding",
        zh: "步长 1e-5 的中心差分：h^2 / 6 乘三阶导数，再加舍入",
      },
    },
    {
      measure: "steepest",
      says: {
        en: "largest slopes of sigmoid, tanh, ReLU",
        zh: "Sigmoid、tanh、ReLU 的最大斜率",
      },
      expected: [0.25, 1, 1],
      accept: { within: 1e-12 },
      because: { en: "float64; all three are reached on the grid", zh: "float64；三者都在网格点上取到" },
    },
  ],
};

/** Share of the outputs of each hidden layer that are 0, over all images. */
function shareOff(model: Sequential, x: ReturnType<typeof toSamples>["x"], hidden: number): number[] {
  return scope(() => {
    return model.layers.slice(0, hidden).map((layer) => {
      const h = model.upTo(layer.name).call(x);
      return h.equal(0).cast("float32").mean().item();
    });
  });
}

const sparsity: Experiment = {
  id: "python/5.2-sparsity",
  title: { en: "Rectifiers are sparse from the start", zh: "整流单元一开始就是稀疏的" },
  section: "5.2",
  kind: "experiment",
  settings: { sizes: "784-256-256-10", images: 2000, starts: 5 },
  read,
  needs: ["mnist"],
  async run({ mnist, seed, pick }) {
    const digits = await mnist();
    const samples = toSamples(first(digits.training, pick({ quick: 2000, full: 20_000 })));
    const looked = toSamples(first(digits.validation, 2000)).x;
    const build = (start: number) =>
      new Sequential(
        [
          new Dense(256, { activation: "relu" }),
          new Dense(256, { activation: "relu" }),
          new Dense(10, { activation: "softmax" }),
        ],
        { inputShape: [784], seed: start },
      );
    const starts = Array.from({ length: 5 }, (_, i) => shareOff(build(seed + i), looked, 2));
    const model = build(seed);
    const epochs = pick({ quick: 5, full: 10 });
    const after: number[][] = [shareOff(model, looked, 2)];
    await fit(model, samples, {
      epochs,
      loss: "softmaxCrossEntropy",
      optimizer: new SGD({ learningRate: 0.1 }),
      seed,
      callbacks: [
        {
          onEpochEnd() {
            after.push(shareOff(model, looked, 2));
          },
        },
      ],
    });
    const all = starts.flat();
    const last = after.at(-1)!;
    return {
      measured: {
        offAtStart: all.reduce((sum, share) => sum + share, 0) / all.length,
        activeAfterTraining: 1 - (last[0] + last[1]) / 2,
        shares: all,
      },
      figures: [
        {
          name: "off",
          chart: {
            kind: "line",
            title: { en: "Share of rectifiers that give 0", zh: "输出为 0 的整流单元比例" },
            xAxis: { label: { en: "epoch", zh: "训练轮次" } },
            yAxis: { label: { en: "off", zh: "关闭" }, format: "percent", min: 0, max: 1 },
            series: [0, 1].map((layer) => ({
              name: { en: `hidden layer ${layer + 1}`, zh: `隐藏层 ${layer + 1}` },
              x: after.map((_, i) => i),
              y: after.map((shares) => shares[layer]),
            })),
            marks: [{ axis: "y", at: 0.5, label: "50%" }],
          },
        },
      ],
    };
  },
  about: {
    en: "With weights drawn symmetrically around 0 a weighted sum is as often below 0 as above, so that half of all rectifiers give 0 before anything is learnt. That is counted on MNIST in two hidden layers of 256, and again after training. The text sets it beside the brain, where 1 to 4% of neurons are active at a time: the network stays far from that.",
    zh: "权重关于 0 对称抽取，加权和小于 0 与大于 0 的机会相同，因此训练之前就有一半整流单元输出 0。这里在 MNIST 上统计两个 256 单元隐藏层，训练后再统计一次。教材以大脑作比：同一时刻只有 1% 到 4% 的神经元活跃，网络与此相去甚远。",
  },
  claims: [
    {
      measure: "offAtStart",
      says: { en: "about half of the units are off at the start", zh: "开始时约一半单元关闭" },
      reported: 0.5,
      accept: { within: 0.05 },
      because: {
        en: "all images share their paper and much of their ink, so a unit is often on or off for most of them: 512 units in five starts leave a deviation of about 2%",
        zh: "图像之间空白与笔迹大多相同，一个单元往往对多数图像同开同关：五次初始化共 2,560 个单元，标准差约 2%",
      },
    },
    {
      measure: "activeAfterTraining",
      says: {
        en: "the share that is active after training lies above the brain's 1 to 4%",
        zh: "训练后活跃的比例高于大脑的 1% 到 4%",
      },
      accept: { atLeast: 0.04 },
      because: { en: "the upper end of the biological range that the text gives", zh: "教材所给生物范围的上限" },
    },
  ],
};

export const experiments: readonly Experiment[] = [figures, sparsity];
