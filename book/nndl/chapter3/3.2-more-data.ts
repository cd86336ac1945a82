// Section 3.2, the size of the training set: accuracy from 100 to 50,000 images, and a better algorithm with less data against a plainer one with
// more.
import type { LineChart } from "nabla/plot";
import type { Experiment, RunContext } from "../../experiment.ts";
import { type DigitSet, first } from "../../mnist.ts";
import { percent } from "../curves.ts";
import { study } from "../framework/study.ts";
import { classifySvm, trainSvm } from "../framework/svm.ts";

const read = ["book/nndl/framework/study.ts", "book/nndl/chapter3/3.2-more-data.ts"];
const SIZE = { en: "training images", zh: "训练图像数" };
const ACCURACY = { en: "accuracy in per cent", zh: "准确率（%）" };

/** 30 epochs, more where that would be fewer than 600,000 samples (quick: 60,000 samples); lambda in proportion to n. */
async function networkAccuracy(context: RunContext, size: number): Promise<number> {
  const data = await context.mnist();
  const training = first(data.training, size);
  const epochs = context.pick({ quick: Math.round(60_000 / size), full: Math.max(30, Math.round(600_000 / size)) });
  context.log(`network on ${size} images, ${epochs} epochs`);
  const { accuracy } = await study({
    sizes: [784, 30, 10],
    cost: "crossEntropy",
    weights: "scaled",
    training,
    epochs,
    eta: 0.5,
    lambda: size / 10_000,
    seed: context.seed,
    monitor: { validation: data.validation },
    every: epochs,
  });
  return percent(accuracy.validation.at(-1) ?? 0);
}

function bySize(title: LineChart["title"], scale: "linear" | "log", series: LineChart["series"]): LineChart {
  return { kind: "line", title, xAxis: { label: SIZE, scale }, yAxis: { label: ACCURACY }, series };
}

const sizes: Experiment = {
  id: "nndl/3.2-more-data",
  title: { en: "Accuracy by the size of the training set", zh: "准确率随训练集大小的变化" },
  section: "3.2",
  kind: "experiment",
  settings: { hidden: 30, batchSize: 10, eta: 0.5, lambdaOverN: 1e-4 },
  read,
  needs: ["mnist"],
  async run(context) {
    const counts = context.pick({
      quick: [100, 300, 1000, 3000, 10_000],
      full: [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000],
    });
    const accuracy: number[] = [];
    for (const size of counts) accuracy.push(await networkAccuracy(context, size));
    const gains = accuracy.slice(1).map((value, i) => value - accuracy[i]);
    const series = [
      { name: { en: "neural network", zh: "神经网络" }, x: counts, y: accuracy, style: "line-points" as const },
    ];
    const title = { en: "Accuracy on the validation data", zh: "验证集准确率" };
    return {
      measured: { risesEverywhere: Math.min(...gains), lastGain: gains.at(-1) ?? 0, counts, accuracy },
      figures: [
        { name: "linear", chart: bySize(title, "linear", series) },
        { name: "logarithmic", chart: bySize(title, "log", series) },
      ],
    };
  },
  about: {
    en: "The 30-neuron network with L2 on ever more images; λ shrinks with n, and smaller sets get more epochs. On a linear axis the curve seems to level off; on a logarithmic one it still climbs at the end. Full: 100 to 50,000 images, 30 epochs, or as many as make 600,000 samples; validation data. Quick: 100 to 10,000 images, 60,000 samples each.",
    zh: "带 L2 的 30 神经元网络，训练图像逐渐增多；λ 随 n 缩小，较小的训练集用更多迭代期。横轴用线性刻度时曲线似乎趋于平坦，用对数刻度时可见末端仍在上升。完整形式：100 至 50,000 幅图像，30 个迭代期，不足 600,000 个样本时加至该数；在验证集上评估。快速形式：100 至 10,000 幅图像，各 60,000 个样本。",
  },
  claims: [
    {
      measure: "risesEverywhere",
      says: {
        en: "more data, more accuracy: smallest gain from one size to the next, in points",
        zh: "数据越多越准：相邻大小之间最小的提高（百分点）",
      },
      accept: { quick: { between: [0.2, 3.3] }, full: { between: [0.2, 3] } },
      because: {
        en: "each doubling helps by more than the noise of a run, two tenths; quick: ten seeds had at least 0.7 to 2.4",
        zh: "每次增加数据的收益都超过一次运行的波动（零点二）；快速：十个种子的最小值为 0.7 至 2.4",
      },
    },
    {
      measure: "lastGain",
      says: {
        en: "still rising at the largest set: gain over the last step, in points",
        zh: "到最大的训练集仍在上升：最后一步的提高（百分点）",
      },
      accept: { quick: { between: [0.2, 3.3] }, full: { between: [0.3, 2] } },
      because: {
        en: "quick: ten seeds had 0.7 to 2.4; full: seed 1 had 1.06",
        zh: "快速：十个种子为 0.7 至 2.4；完整：种子 1 为 1.06",
      },
    },
  ],
};

function svmAccuracy(context: RunContext, training: DigitSet, judged: DigitSet): number {
  context.log(`support vector machine on ${training.count} images`);
  const found = classifySvm(trainSvm(training), judged);
  let right = 0;
  for (let i = 0; i < judged.count; i++) if (found[i] === judged.labels[i]) right += 1;
  return percent(right / judged.count);
}

const machines: Experiment = {
  id: "nndl/3.2-more-data-svm",
  title: {
    en: "Network against support vector machine, by training size",
    zh: "神经网络与支持向量机：不同训练集大小的比较",
  },
  section: "3.2",
  kind: "experiment",
  settings: { hidden: 30, batchSize: 10, eta: 0.5, lambdaOverN: 1e-4, C: 1, gamma: "1/784" },
  read: [...read, "book/nndl/framework/svm.ts", "book/nndl/programs/smo.ts"],
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const counts = context.pick({ quick: [300, 3000], full: [500, 1000, 5000, 10_000, 50_000] });
    const judged = context.pick({ quick: first(data.validation, 2000), full: data.validation });
    const network: number[] = [];
    const machine: number[] = [];
    for (const size of counts) {
      network.push(await networkAccuracy(context, size));
      machine.push(svmAccuracy(context, first(data.training, size), judged));
    }
    const smaller = context.pick({ quick: 0, full: counts.indexOf(5000) });
    return {
      measured: {
        ...(context.form === "full" && { svmWithMost: machine.at(-1) ?? 0, networkWith5000: network[smaller] }),
        networkAhead: Math.min(...network.map((value, i) => value - machine[i])),
        moreDataWins: (machine.at(-1) ?? 0) - network[smaller],
        counts,
        network,
        machine,
      },
      figures: [
        {
          name: "by-size",
          chart: bySize({ en: "Network and support vector machine", zh: "神经网络与支持向量机" }, "log", [
            { name: { en: "neural network", zh: "神经网络" }, x: counts, y: network, style: "line-points" },
            { name: { en: "support vector machine", zh: "支持向量机" }, x: counts, y: machine, style: "line-points" },
          ]),
        },
      ],
    };
  },
  about: {
    en: "The network of nndl/3.2-more-data beside a support vector machine with the defaults that scikit-learn had. The network is better at every size, and yet the machine with ten times the data beats it: more data can make up for a worse algorithm. Full: up to 50,000 images. Quick: the network on 300 and 3,000, the machine on 300 and 3,000, judged by the first 2,000 validation images.",
    zh: "把 nndl/3.2-more-data 的网络与取 scikit-learn 当年默认参数的支持向量机并列。同样大小下网络更好，但数据多十倍的支持向量机又能胜过网络：更多的数据可以弥补较差的算法。完整形式：最多 50,000 幅图像。快速形式：两者各用 300 和 3,000 幅，支持向量机用前 2,000 幅验证图像评估。",
  },
  claims: [
    {
      measure: "svmWithMost",
      says: { en: "support vector machine with 50,000 images, per cent", zh: "支持向量机，50,000 幅图像（%）" },
      reported: 94.48,
      accept: { quick: null, full: { within: 0.3 } },
      because: { en: "deterministic but for tolerances and which set it is judged by", zh: "除容差与评估集外是确定的" },
    },
    {
      measure: "networkWith5000",
      says: { en: "network with 5,000 images, per cent", zh: "神经网络，5,000 幅图像（%）" },
      reported: 93.24,
      accept: { quick: null, full: { within: 0.7 } },
      because: { en: "runs vary by a few tenths; one seed", zh: "各次运行波动零点几；一个种子" },
    },
    {
      measure: "networkAhead",
      says: {
        en: "at equal size the network is better: smallest lead, in points",
        zh: "同样大小下网络更好：最小的领先（百分点）",
      },
      accept: { quick: { between: [1.9, 4.1] }, full: { between: [0.7, 2.5] } },
      because: {
        en: "quick: ten seeds had 2.6 to 3.4; full: seed 1 had 1.42",
        zh: "快速：十个种子为 2.6 至 3.4；完整：种子 1 为 1.42",
      },
    },
    {
      measure: "moreDataWins",
      says: {
        en: "the machine with ten times the data beats the network, in points",
        zh: "数据多十倍的支持向量机胜过网络（百分点）",
      },
      expected: 1.24,
      accept: { quick: { between: [6, 9.2] }, full: { between: [0.7, 2.3] } },
      because: {
        en: "full: a lead of 1.24 points in the source; quick, with fewer images for both: ten seeds had 7.0 to 8.1",
        zh: "完整：原书领先 1.24 个百分点；快速形式双方图像都更少，十个种子为 7.0 至 8.1",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [sizes, machines];
