// Section 1.6, an exercise: a network without hidden neurons.
import type { Experiment } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { accuracyChart, bestOf, type Run, train } from "../framework/first-networks.ts";

const read = ["book/nndl/programs/network.ts", "book/nndl/chapter1/1.6-no-hidden.ts"];

const RATES = [0.3, 3] as const;

const noHidden: Experiment = {
  id: "nndl/1.6-no-hidden",
  title: { en: "Two layers only: 784-10", zh: "只有两层：784-10" },
  section: "1.6",
  kind: "exercise",
  settings: { network: "[784, 10]", epochs: 30, "mini-batch": 10, eta: RATES.join(", ") },
  read,
  needs: ["mnist"],
  async run(context) {
    const { training, test } = await context.mnist();
    const set = context.pick({ quick: first(training, 10_000), full: training });
    const epochs = context.pick({ quick: 4, full: 30 });
    const lesson = { sizes: [784, 10], epochs, seed: context.seed, training: set, test };
    const runs: Run[] = [];
    for (const eta of RATES) runs.push(await train({ ...lesson, eta }));
    const small = await train({ ...lesson, eta: 0.3, weights: "scaled" });
    const best = bestOf(runs);
    return {
      measured: {
        best: best.best,
        bestEta: RATES[runs.indexOf(best)],
        bestOfEach: runs.map((run) => run.best),
        smallWeights: small.best,
      },
      figures: [
        {
          name: "accuracy",
          chart: accuracyChart({ en: "784-10 without hidden layer", zh: "没有隐藏层的 784-10" }, [
            ...runs.map(({ percent }, i) => ({ name: { en: `η = ${RATES[i]}`, zh: `η = ${RATES[i]}` }, percent })),
            { name: { en: "η = 0.3, small weights", zh: "η = 0.3，小的初始权重" }, percent: small.percent },
          ]),
        },
      ],
    };
  },
  about: {
    en: "The exercise: a network without hidden layer, trained likewise; what accuracy can be had? Less than with one, and less than the architecture allows: weights from N(0, 1) give each output a weighted sum of a deviation near 10, so that most outputs begin saturated, some for good. The same network from weights of deviation 1/28, which chapter 3 explains, shows what was lost by that.",
    zh: "练习：没有隐藏层的网络，同样训练，能达到怎样的准确率？不如有隐藏层的网络，也不及这一结构所能达到的：取自 N(0, 1) 的权重使每个输出的加权输入标准差约为 10，大多数输出一开始就饱和，有的再也出不来。同一网络改用标准差 1/28 的初始权重（第 3 章会解释）再训练一次，就看得出因此损失了多少。",
  },
  claims: [
    {
      measure: "best",
      says: {
        en: "what accuracy can you achieve? (percent; the book gives none)",
        zh: "能达到怎样的准确率？（百分比；书中未给出）",
      },
      accept: { quick: { between: [15, 92] }, full: { between: [73, 92] } },
      because: {
        en: "Each lost digit costs about ten points: four seeds at η = 3.0 had 74, 75, 83 and 84 after 8 epochs. Quick has 4 epochs on 10,000 images, and more outputs that are stuck: seeds 11 to 20 had 39 to 79, 58 ± 12.",
        zh: "每丢失一个数字约损失十个百分点：η = 3.0 时四个种子 8 个迭代期后为 74、75、83 和 84。快速形式在 10,000 张图像上训练 4 个迭代期，卡住的输出更多：种子 11 至 20 为 39 至 79，58 ± 12。",
      },
    },
    {
      measure: "smallWeights",
      says: { en: "the same network from small weights, η = 0.3", zh: "同一网络，小的初始权重，η = 0.3" },
      accept: { between: [87, 93] },
      because: {
        en: "Linear classifiers of MNIST end between 91 and 93; quick sees a fifth of the images.",
        zh: "MNIST 的线性分类器最终在 91 至 93 之间；快速形式只看五分之一的图像。",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [noHidden];
