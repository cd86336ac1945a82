// Section 3.3, why N(0, 1) weights are a bad start: the weighted input of a neuron with many inputs spreads so far that the neuron is saturated
// before it has learnt anything.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { imageAt } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { deviation } from "../curves.ts";
import { Network } from "../programs/network2.ts";
import { sigmoid } from "../programs/neurons.ts";
import { saturatedShare, weightedInput } from "../programs/starting-weights.ts";

const read = [
  "book/nndl/programs/network2.ts",
  "book/nndl/programs/starting-weights.ts",
  "book/nndl/chapter3/3.3-saturation.ts",
];
export const OLD = { en: "old approach: N(0, 1)", zh: "旧方法：N(0, 1)" };
export const NEW = { en: "new approach: N(0, 1/n)", zh: "新方法：N(0, 1/n)" };

const spreadOfInputs: Experiment = {
  id: "nndl/3.3-weighted-input",
  title: { en: "How widely a neuron's weighted input spreads", zh: "神经元带权输入的分布有多宽" },
  section: "3.3",
  kind: "experiment",
  settings: { inputs: 1000, on: 500 },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const sample = (weightDeviation: number) =>
      Array.from({ length: 4000 }, () => weightedInput(random, 500, weightDeviation));
    const old = sample(1);
    const scaled = sample(1 / Math.sqrt(1000));
    const outputs = (zs: readonly number[]) => sigmoid(Matrix.column(zs)).values;
    const saturated = (zs: readonly number[]) => saturatedShare(outputs(zs));
    return {
      measured: {
        oldDeviation: deviation(old),
        newDeviation: deviation(scaled),
        oldSaturated: saturated(old),
        newSaturated: saturated(scaled),
      },
      figures: [
        {
          name: "weighted-inputs",
          chart: {
            kind: "histogram",
            title: { en: "Weighted inputs z of 4,000 neurons", zh: "4,000 个神经元的带权输入 z" },
            xAxis: { label: "z", min: -60, max: 60 },
            yAxis: { label: { en: "density", zh: "密度" } },
            measure: "density",
            bins: Array.from({ length: 121 }, (_, i) => i - 60),
            series: [
              { name: OLD, values: old },
              { name: NEW, values: scaled },
            ],
          },
        },
        {
          name: "outputs",
          chart: {
            kind: "histogram",
            title: { en: "Their outputs σ(z)", zh: "它们的输出 σ(z)" },
            xAxis: { label: { en: "output", zh: "输出" }, min: 0, max: 1 },
            yAxis: { label: { en: "share of neurons", zh: "神经元所占比例" }, format: "percent" },
            measure: "share",
            bins: 20,
            series: [
              { name: OLD, values: outputs(old) },
              { name: NEW, values: outputs(scaled) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "A neuron with 1,000 inputs, half of them on. With weights and bias N(0, 1) the weighted input z has standard deviation √501, about 22.4: the neuron is saturated almost surely. With weights N(0, 1/1000) it is √(3/2), about 1.22.",
    zh: "一个有 1,000 个输入的神经元，其中一半为 1。权重和偏置都取 N(0, 1) 时，带权输入 z 的标准差是 √501，约 22.4，神经元几乎必然饱和；权重取 N(0, 1/1000) 时是 √(3/2)，约 1.22。",
  },
  claims: [
    {
      measure: "oldDeviation",
      says: { en: "standard deviation of z, old approach: √501", zh: "旧方法下 z 的标准差：√501" },
      reported: 22.4,
      accept: { within: 0.7 },
      because: { en: "4,000 samples: an estimate with standard error 0.25", zh: "4,000 个样本，估计的标准误为 0.25" },
    },
    {
      measure: "newDeviation",
      says: { en: "standard deviation of z, new approach: √(3/2)", zh: "新方法下 z 的标准差：√(3/2)" },
      reported: 1.22,
      accept: { within: 0.045 },
      because: { en: "4,000 samples: an estimate with standard error 0.014", zh: "4,000 个样本，估计的标准误为 0.014" },
    },
    {
      measure: "oldSaturated",
      says: {
        en: "old approach: most neurons are saturated (σ' below 0.01), share",
        zh: "旧方法：大多数神经元饱和（σ' 小于 0.01），所占比例",
      },
      accept: { atLeast: 0.8 },
      because: {
        en: "a Gaussian of deviation 22.4 lies beyond ±4.6 with probability 0.84",
        zh: "标准差 22.4 的高斯分布落在 ±4.6 之外的概率为 0.84",
      },
    },
    {
      measure: "newSaturated",
      says: { en: "new approach: hardly any", zh: "新方法：几乎没有" },
      accept: { atMost: 0.005 },
      because: {
        en: "a Gaussian of deviation 1.22 lies beyond ±4.6 with probability 0.0002",
        zh: "标准差 1.22 的高斯分布落在 ±4.6 之外的概率为 0.0002",
      },
    },
  ],
};

const saturation: Experiment = {
  id: "nndl/3.3-saturation",
  title: { en: "Saturated hidden neurons on real digits", zh: "真实数字图像上饱和的隐藏神经元" },
  section: "3.3",
  kind: "figure",
  settings: { hidden: 30, images: 300, networks: 5 },
  read,
  needs: ["mnist"],
  async run(context) {
    const { training } = await context.mnist();
    const images = Array.from({ length: 300 }, (_, i) => Matrix.column(imageAt(training, i)));
    const outputs = (start: "normal" | "scaled"): number[] =>
      Array.from({ length: 5 }, (_, k) => k).flatMap((k) => {
        const net = new Network([784, 30, 10], { random: new Random(context.seed + k) });
        if (start === "normal") net.largeWeightInitializer();
        return images.flatMap((x) => [...sigmoid(net.weights[0].dot(x).plus(net.biases[0])).values]);
      });
    const [old, scaled] = [outputs("normal"), outputs("scaled")];
    return {
      measured: { oldSaturated: saturatedShare(old), newSaturated: saturatedShare(scaled) },
      figures: [
        {
          name: "outputs",
          chart: {
            kind: "histogram",
            title: { en: "Outputs of untrained hidden neurons on MNIST", zh: "未训练的隐藏神经元在 MNIST 上的输出" },
            xAxis: { label: { en: "output", zh: "输出" }, min: 0, max: 1 },
            yAxis: { label: { en: "share of outputs", zh: "输出所占比例" }, format: "percent" },
            measure: "share",
            bins: 20,
            series: [
              { name: OLD, values: old },
              { name: NEW, values: scaled },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "Outputs of the 30 hidden neurons of untrained networks on 300 MNIST images, for both ways to start the weights: the first are nearly all 0 or 1, the second spread over the middle.",
    zh: "未训练的网络中 30 个隐藏神经元在 300 幅 MNIST 图像上的输出：第一种初始化几乎全是 0 或 1，第二种分布在中间。",
  },
  claims: [
    {
      measure: "oldSaturated",
      says: { en: "old approach: share of outputs with σ' below 0.01", zh: "旧方法：σ' 小于 0.01 的输出所占比例" },
      accept: { atLeast: 0.4 },
      because: {
        en: "images are less inked than the example: on average about 100 of 784 inputs' worth",
        zh: "图像比书中例子的墨迹少：平均相当于 784 个输入中的一百个左右",
      },
    },
    {
      measure: "newSaturated",
      says: { en: "new approach: the same share", zh: "新方法：同样的比例" },
      accept: { atMost: 0.02 },
      because: { en: "z is of order 1 then", zh: "此时 z 的量级为 1" },
    },
  ],
};

export const experiments: readonly Experiment[] = [spreadOfInputs, saturation];
