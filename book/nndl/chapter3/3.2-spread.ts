// Section 3.2, an observation of the text: runs from different starting weights get stuck now and then, and agree better with L2.
import type { Experiment } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { deviation, percent } from "../curves.ts";
import { type Cost, study } from "../framework/study.ts";

/** More than this many points below the best run of its kind: stuck. */
const STUCK = 5;

const spread: Experiment = {
  id: "nndl/3.2-spread",
  title: { en: "Runs from different weights, with and without L2", zh: "不同初始权重的多次运行：有无 L2 的差别" },
  section: "3.2",
  kind: "experiment",
  settings: { epochs: 40, batchSize: 10, etaQuadratic: 3, etaCrossEntropy: 0.5, lambdaOverN: 1e-4 },
  read: ["book/nndl/framework/study.ts", "book/nndl/chapter3/3.2-spread.ts"],
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const training = first(data.training, context.pick({ quick: 1000, full: 5000 }));
    const seeds = context.seeds(6, 5);
    const finals = async (cost: Cost, hidden: number, eta: number, lambda: number) => {
      const found: number[] = [];
      for (const seed of seeds) {
        context.log(`${cost}, lambda ${lambda}, seed ${seed}`);
        const { accuracy } = await study({
          sizes: [784, hidden, 10],
          cost,
          weights: "normal",
          training,
          epochs: 40,
          eta,
          lambda,
          seed,
          monitor: { test: data.test },
          every: 40,
        });
        found.push(percent(accuracy.test.at(-1) ?? 0));
      }
      return found;
    };
    const lambda = training.count / 10_000;
    const plain = await finals("quadratic", 100, 3, 0);
    const regularised = await finals("quadratic", 100, 3, lambda);
    const full = context.form === "full";
    const entropyPlain = full ? await finals("crossEntropy", 30, 0.5, 0) : [];
    const entropyRegularised = full ? await finals("crossEntropy", 30, 0.5, lambda) : [];
    const stuckOf = (runs: readonly number[]) => runs.filter((value) => value < Math.max(...runs) - STUCK).length;
    return {
      measured: {
        stuck: stuckOf(plain),
        stuckWithL2: stuckOf(regularised),
        ratioOfDeviations: deviation(regularised) / deviation(plain),
        worstGain: Math.min(...regularised) - Math.min(...plain),
        plain,
        regularised,
        ...(full && {
          entropyPlain,
          entropyRegularised,
          entropyRatioOfDeviations: deviation(entropyRegularised) / deviation(entropyPlain),
        }),
      },
      figures: [
        {
          name: "runs",
          chart: {
            kind: "scatter",
            title: { en: "Final test accuracy by seed", zh: "各种子的最终测试集准确率" },
            xAxis: { label: { en: "seed", zh: "种子" }, min: seeds[0] - 1, max: (seeds.at(-1) ?? 0) + 1 },
            yAxis: { label: { en: "test accuracy in per cent", zh: "测试集准确率（%）" } },
            series: [
              { name: { en: "quadratic cost", zh: "二次代价" }, x: seeds, y: plain },
              { name: { en: "quadratic cost with L2", zh: "二次代价加 L2" }, x: seeds, y: regularised },
              ...(full
                ? [
                    { name: { en: "cross-entropy", zh: "交叉熵" }, x: seeds, y: entropyPlain },
                    { name: { en: "cross-entropy with L2", zh: "交叉熵加 L2" }, x: seeds, y: entropyRegularised },
                  ]
                : []),
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The text observes that unregularised runs sometimes get stuck while regularised ones replicate. Here both run from many random weights N(0, 1), under the quadratic cost with 100 hidden neurons, where runs do get stuck, and in the full form also under cross-entropy with 30, where they do not. Compared are the standard deviation of the final test accuracy and the worst run; stuck is a run more than 5 points below the best of its kind. Full: 6 seeds, 5,000 images, λ = 0.5, 40 epochs. Quick: 5 seeds, 1,000 images, λ = 0.1, 40 epochs.",
    zh: "原文说，不加正则化的运行有时会「卡住」，加了正则化则容易复现。这里让两者从多组随机权重 N(0, 1) 出发：先用二次代价和 100 个隐藏神经元，此时确实会卡住；完整形式还用交叉熵和 30 个隐藏神经元，此时不会。比较最终测试集准确率的标准差和最差的一次；比同类最好的一次低 5 个百分点以上算卡住。完整形式：6 个种子、5,000 幅图像、λ = 0.5、40 个迭代期。快速形式：5 个种子、1,000 幅图像、λ = 0.1、40 个迭代期。",
  },
  claims: [
    {
      measure: "stuck",
      says: { en: "some runs without L2 get stuck: how many", zh: "不加 L2 时有的运行会卡住：次数" },
      accept: { quick: null, full: { atLeast: 1 } },
      because: {
        en: "occasionally is at least once in six; five seeds need not show it",
        zh: "「偶尔」即六次中至少一次；五个种子未必出现",
      },
    },
    {
      measure: "stuckWithL2",
      says: { en: "none with L2", zh: "加 L2 时一次也没有" },
      accept: { equals: 0 },
    },
    {
      measure: "ratioOfDeviations",
      says: {
        en: "regularised runs repeat much better: ratio of standard deviations, L2 to none",
        zh: "加正则化后更容易复现：标准差之比（L2 比无）",
      },
      accept: { quick: { atMost: 0.35 }, full: { atMost: 0.5 } },
      because: {
        en: "six seeds give each deviation to about a third; in the quick form twenty draws of five seeds had 0.014 to 0.056 (of three seeds, which now and then has no run that gets stuck, up to 0.63)",
        zh: "六个种子能把标准差定到约三分之一的误差；快速形式中二十次各取五个种子，为 0.014 至 0.056（若只取三个，偶尔没有一次卡住，可达 0.63）",
      },
    },
    {
      measure: "worstGain",
      says: {
        en: "the worst regularised run is better than the worst without, in points",
        zh: "最差的一次：加正则化比不加高出的百分点",
      },
      accept: { quick: { between: [11, 32] }, full: { between: [5, 40] } },
      because: {
        en: "above 0 is better, and noise is below a point. Quick: twenty draws of five seeds had 22 to 30; full: 18.9",
        zh: "大于 0 即更好，噪声不到一个百分点。快速：二十次各取五个种子，为 22 至 30；完整：18.9",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [spread];
