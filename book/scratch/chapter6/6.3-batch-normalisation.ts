// Chapter 6, batch normalisation against none, from initial weights of sixteen scales.
import { SGD } from "nabla";
import type { Text } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { first, toSamples } from "../../mnist.ts";
import { accuracyChart, meanOf } from "../curves.ts";
import { buildNetwork, trainAndMeasure } from "../framework/study.ts";

/** From 1 down to 1e-4. */
export const SCALES: readonly number[] = Array.from({ length: 16 }, (_, i) => 10 ** ((-4 * i) / 15));

export const batchNormalisation: Experiment = {
  id: "scratch/6.3-batch-normalisation",
  title: { en: "Batch normalisation against none", zh: "批归一化的效果" },
  section: "6.3",
  kind: "experiment",
  settings: { network: "784-100x5-10", images: 1000, epochs: 20, batch: 100, rate: 0.01, scales: "1 … 1e-4" },
  read: [
    "book/scratch/programs/batch-normalization.ts",
    "src/nn/layers/batch-normalisation.ts",
    "book/scratch/chapter6/6.3-batch-normalisation.ts",
  ],
  needs: ["mnist"],
  async run({ seed, pick, mnist, log }) {
    const training = toSamples(first((await mnist()).training, 1000));
    const scales = pick({ quick: SCALES.filter((_, i) => i % 3 === 0), full: SCALES });
    const epochs = pick({ quick: 10, full: 20 });
    const curve = (scale: number, useBatchnorm: boolean): number[] => {
      const model = buildNetwork({
        ...{ sizes: [784, 100, 100, 100, 100, 100, 10], weightInitStd: scale, seed, useBatchnorm },
      });
      return trainAndMeasure({
        ...{ model, optimizer: new SGD({ learningRate: 0.01 }), training, batchSize: 100, seed },
        ...{ iterations: 10 * epochs, every: 10, sets: { training } },
      }).accuracy["training"];
    };
    const runs = scales.map((scale) => {
      const [without, withIt] = [curve(scale, false), curve(scale, true)];
      log(`scale ${scale.toPrecision(3)}: ${without.at(-1)} without, ${withIt.at(-1)} with`);
      return { scale, without, withIt };
    });
    const last = (values: readonly number[]) => values[values.length - 1];
    const [without, withIt]: Text[] = [
      { en: "without", zh: "无批归一化" },
      { en: "batch normalisation", zh: "批归一化" },
    ];
    const nearest = (wanted: number) =>
      runs.reduce((best, run) =>
        Math.abs(Math.log(run.scale / wanted)) < Math.abs(Math.log(best.scale / wanted)) ? run : best,
      );
    const shown = nearest(0.04);
    return {
      measured: {
        faster: runs.filter((run) => meanOf(run.withIt) > meanOf(run.without)).length,
        stuckWithout: runs.filter((run) => last(run.without) < 0.2).length,
        stuckWith: runs.filter((run) => last(run.withIt) < 0.2).length,
      },
      figures: [
        {
          name: "by-scale",
          chart: {
            kind: "line",
            title: { en: `Training accuracy after ${epochs} epochs`, zh: `${epochs} 轮后的训练准确率` },
            xAxis: { label: { en: "standard deviation of the initial weights", zh: "初始权重的标准差" }, scale: "log" },
            yAxis: { label: { en: "accuracy", zh: "准确率" }, min: 0, max: 1, format: "percent" },
            series: [
              { name: withIt, x: scales, y: runs.map((run) => last(run.withIt)), style: "line-points" },
              { name: without, x: scales, y: runs.map((run) => last(run.without)), style: "line-points" },
            ],
          },
        },
        {
          name: "by-epoch",
          chart: accuracyChart(
            {
              en: `Training accuracy, weights of sd ${shown.scale.toPrecision(2)}`,
              zh: `训练准确率，权重标准差 ${shown.scale.toPrecision(2)}`,
            },
            [
              { name: withIt, y: shown.withIt },
              { name: without, y: shown.without, style: "dashed" },
            ],
          ),
        },
        ...([true, false] as const).map((used) => ({
          name: used ? "all-with" : "all-without",
          chart: {
            kind: "heat-map" as const,
            title: used
              ? { en: "Training accuracy with batch normalisation", zh: "有批归一化的训练准确率" }
              : { en: "Training accuracy without", zh: "无批归一化的训练准确率" },
            rows: scales.map((scale) => scale.toPrecision(2)),
            columns: Array.from({ length: epochs }, (_, i) => String(i + 1)),
            values: runs.map((run) => (used ? run.withIt : run.without)),
            xAxis: { label: { en: "epoch", zh: "轮数" } },
            yAxis: { label: { en: "sd of the weights", zh: "权重标准差" } },
            min: 0,
            max: 1,
            valueLabel: { en: "accuracy", zh: "准确率" },
          },
        })),
      ],
    };
  },
  about: {
    en: "Six layers on 1000 images, 20 epochs, from weights of 16 different scales, each with and without batch normalisation. Without it a network learns only where the scale happens to be right; with it nearly everywhere, and faster.",
    zh: "六层网络、1000 张图像、20 轮，16 种权重尺度，各做有无批归一化两次。没有批归一化时，只有尺度恰好合适才能学习；有了它，几乎处处能学，而且更快。",
  },
  claims: [
    {
      measure: "faster",
      says: {
        en: "scales of 16 at which batch normalisation learns faster: nearly all (mean training accuracy over the epochs)",
        zh: "16 种尺度中批归一化学得更快的个数：几乎全部（各轮训练准确率的平均）",
      },
      accept: { quick: { atLeast: 4 }, full: { atLeast: 13 } },
      because: {
        en: "nearly all leaves out the few scales that suit the network by chance: 14 of 16, and 5 of 6 on seeds 1 to 4 in the quick form",
        zh: "除去恰好适合网络的个别尺度：16 种中有 14 种；quick 形式种子 1 到 4 均为 6 种中的 5 种",
      },
    },
    {
      measure: "stuckWithout",
      says: {
        en: "scales at which nothing is learnt without it (accuracy below 0.2)",
        zh: "没有它就学不到东西的尺度个数（准确率低于 0.2）",
      },
      accept: { quick: { atLeast: 2 }, full: { atLeast: 6 } },
      because: {
        en: "only scales near He's 0.05 for 784 inputs and 0.14 for 100 let a signal through: 14 of 16, and 5 of 6 in the quick form are stuck",
        zh: "只有接近 He 初始值（784 个输入为 0.05，100 个输入为 0.14）的尺度能让信号通过：16 种中 14 种、quick 形式 6 种中 5 种学不到东西",
      },
    },
    {
      measure: "stuckWith",
      says: {
        en: "scales at which nothing is learnt with it: at most the smallest few",
        zh: "有它仍学不到东西的尺度个数：至多最小的几个",
      },
      accept: { quick: { atMost: 1 }, full: { atMost: 3 } },
      because: {
        en: "none in either form; few means at most a fifth",
        zh: "两种形式都没有；个别即不超过五分之一",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [batchNormalisation];
