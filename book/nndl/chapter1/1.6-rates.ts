// Chapter 1, section 1.6: what the learning rate does. Too small, too large, and the way in between.
import type { Experiment } from "../../experiment.ts";
import { type DigitSet, first } from "../../mnist.ts";
import { accuracyChart, answersOf, named, percentUnit, type Run, train } from "../framework/first-networks.ts";

const read = ["book/nndl/programs/network.ts", "book/nndl/framework/study.ts", "book/nndl/chapter1/1.6-rates.ts"];

/** Share of the images that get the commonest answer. */
function commonestAnswer(run: Run, set: DigitSet): number {
  const counts = new Array<number>(10).fill(0);
  for (const answer of Array.from(answersOf(run, set))) counts[answer] += 1;
  return Math.max(...counts) / set.count;
}

const tooSmall: Experiment = {
  id: "nndl/1.6-small-rate",
  title: { en: "A learning rate that is too small", zh: "过小的学习率" },
  section: "1.6",
  kind: "experiment",
  settings: { network: "[784, 100, 10]", epochs: 30, "mini-batch": 10, eta: 0.001, training: 50_000 },
  read,
  needs: ["mnist"],
  async run(context) {
    const { training, test } = await context.mnist();
    const epochs = context.pick({ quick: 6, full: 30 });
    // Two epochs at this rate move less than chance does.
    const since = context.pick({ quick: 1, full: 20 });
    const runs: Run[] = [];
    for (const seed of context.seeds(3)) {
      runs.push(await train({ sizes: [784, 100, 10], epochs, eta: 0.001, seed, training, test }));
      context.log(`seed ${seed}: ${runs.at(-1)!.percent.at(-1)} %`);
    }
    // The median seed by its last epoch: nothing is best about a rate that is too small.
    const median = runs.toSorted((a, b) => a.percent.at(-1)! - b.percent.at(-1)!)[Math.floor(runs.length / 2)];
    return {
      measured: {
        afterOne: median.percent[0],
        last: median.percent.at(-1)!,
        lastOfEach: runs.map(({ percent }) => percent.at(-1)!),
        stillImproves: runs.every(({ percent }) => percent[epochs - 1] > percent[since - 1]),
      },
      figures: [
        {
          name: "accuracy",
          chart: accuracyChart({ en: "784-100-10, η = 0.001", zh: "784-100-10，η = 0.001" }, named(runs)),
        },
      ],
    };
  },
  about: {
    en: "784-100-10 with η = 0.001: after 30 epochs it reads one digit in five, but it still improves, which is the hint to try a larger rate.",
    zh: "784-100-10，η = 0.001：30 个迭代期之后只能认出约五分之一的数字，但仍在进步，这提示应该增大学习率。",
  },
  claims: [
    {
      measure: "afterOne",
      says: { en: "after the first epoch, near chance", zh: "第一个迭代期之后，接近随机" },
      reported: 11.39,
      accept: { between: [1, 20] },
      because: {
        en: "A random network answers few digits, and how many it hits is luck: twenty seeds had 3.9 to 13.6, 10.2 ± 2.7.",
        zh: "随机网络只回答少数几个数字，命中多少靠运气：二十个种子为 3.9 至 13.6，10.2 ± 2.7。",
      },
    },
    {
      measure: "last",
      says: { en: "after the last epoch", zh: "最后一个迭代期之后" },
      reported: 21.42,
      accept: { quick: null, full: { between: [15, 45] } },
      because: {
        en: "How far a slow descent comes depends on where it starts: three seeds ended at 18.8, 26.6 and 27.8.",
        zh: "缓慢的下降能走多远取决于起点：三个种子最后为 18.8、26.6 和 27.8。",
      },
    },
    {
      measure: "stillImproves",
      says: {
        en: "it still improves, in the last third of the training",
        zh: "仍在进步：最后三分之一的训练中",
      },
      // So few epochs leave it to luck: of seeds 11 to 20 seven were better at the end than after the first epoch.
      accept: { quick: null, full: { equals: true } },
    },
  ],
};

const tooLarge: Experiment = {
  id: "nndl/1.6-large-rate",
  title: { en: "A learning rate that is too large", zh: "过大的学习率" },
  section: "1.6",
  kind: "experiment",
  settings: { network: "[784, 30, 10]", epochs: 30, "mini-batch": 10, eta: 100, training: 50_000 },
  read,
  needs: ["mnist"],
  async run(context) {
    const { training, test } = await context.mnist();
    const epochs = context.pick({ quick: 1, full: 30 });
    const run = await train({ sizes: [784, 30, 10], epochs, eta: 100, seed: context.seed, training, test });
    return {
      measured: { last: run.percent.at(-1)!, commonestAnswer: commonestAnswer(run, test) },
      figures: [
        {
          name: "accuracy",
          chart: accuracyChart({ en: "784-30-10, η = 100", zh: "784-30-10，η = 100" }, named([run]), {
            min: 0,
            max: 0.2,
          }),
        },
      ],
    };
  },
  about: {
    en: "784-30-10 with η = 100. The book prints 1009 in its first epochs and 982 in its last: exactly as many nines and fours as the test set holds. The network has saturated and gives one answer whatever it is shown.",
    zh: "784-30-10，η = 100。书中开头打印 1009，结尾打印 982，恰好是测试集中 9 和 4 的个数：网络已经饱和，无论看到什么都给出同一个答案。",
  },
  claims: [
    {
      measure: "last",
      says: { en: `last epoch, ${percentUnit.en}`, zh: `最后一个迭代期，${percentUnit.zh}` },
      reported: 9.82,
      accept: { quick: { between: [3, 18] }, full: { between: [8.92, 11.35] } },
      because: {
        en: "Whoever always gives the same answer hits between 892 (fives) and 1135 (ones) of the 10,000. After the one epoch of the quick form half of the seeds still have two or three answers: seeds 11 to 20 had 6.9 to 13.7.",
        zh: "总是给出同一答案的人会命中 892（数字 5）至 1135（数字 1）张。快速形式只有一个迭代期，之后半数种子还有两三个答案：种子 11 至 20 为 6.9 至 13.7。",
      },
    },
    {
      measure: "commonestAnswer",
      says: {
        en: "it has one answer for all images: share of the commonest one",
        zh: "对所有图像只有一个答案：最常见答案所占的比例",
      },
      accept: { quick: { between: [0.45, 1] }, full: { between: [0.99, 1] } },
      because: {
        en: "Full: a handful of images may still make another output the larger one. Quick, one epoch: five of seeds 11 to 20 had over 0.99, the least 0.57; a network that reads has 0.12.",
        zh: "完整：仍可能有少数图像使另一个输出更大。快速（一个迭代期）：种子 11 至 20 中五个超过 0.99，最少为 0.57；会认数字的网络约为 0.12。",
      },
    },
  ],
};

const ETAS = [0.001, 0.01, 0.1, 1, 3] as const;

const rates: Experiment = {
  id: "nndl/1.6-rates",
  title: { en: "Feeling one's way to a learning rate", zh: "摸索学习率" },
  section: "1.6",
  kind: "experiment",
  settings: { network: "[784, 100, 10]", "mini-batch": 10, eta: ETAS.join(", ") },
  read,
  needs: ["mnist"],
  async run(context) {
    const { training, test } = await context.mnist();
    const set = context.pick({ quick: first(training, 10_000), full: training });
    const epochs = context.pick({ quick: 3, full: 10 });
    const runs: Run[] = [];
    for (const eta of ETAS)
      runs.push(await train({ sizes: [784, 100, 10], epochs, eta, seed: context.seed, training: set, test }));
    const last = runs.map(({ percent }) => percent.at(-1)!);
    return {
      measured: {
        last,
        risesToOne: last.slice(1, 4).every((value, i) => value > last[i]),
        gain: last[3] - last[0],
      },
      figures: [
        {
          name: "accuracy",
          chart: accuracyChart(
            { en: "One network, five learning rates", zh: "同一个网络，五个学习率" },
            runs.map(({ percent }, i) => ({ name: { en: `η = ${ETAS[i]}`, zh: `η = ${ETAS[i]}` }, percent })),
          ),
        },
      ],
    };
  },
  about: {
    en: "The text's way to a rate: 0.001 improves, so take 0.01; that is better, so go on, up to about 1.0, which comes near the 3.0 of the earlier runs. The same network from the same weights, once for each rate.",
    zh: "书中寻找学习率的办法：0.001 有进步，就试 0.01；更好，就继续增大，直到约 1.0，接近前面所用的 3.0。同一个网络、同样的初始权重，每个学习率各训练一次。",
  },
  claims: [
    {
      measure: "risesToOne",
      says: {
        en: "each step from 0.001 to 1.0 is better than the one before",
        zh: "从 0.001 到 1.0 每一步都比前一步好",
      },
      // After three epochs an output that is stuck weighs more than a step of the rate: seven of seeds 11 to 20 had this order.
      accept: { quick: null, full: { equals: true } },
    },
    {
      measure: "gain",
      says: { en: "1.0 against 0.001, points", zh: "1.0 比 0.001 高出的百分点" },
      accept: { quick: { between: [12, 80] }, full: { between: [30, 90] } },
      because: {
        en: "Quick: ten seeds had 20 to 64, few where several outputs were stuck; full: seed 1 had 53. A rate of 0.001 leaves the network near chance for so few epochs; one that learns reads most digits even where an output is stuck.",
        zh: "快速：十个种子为 20 至 64，几个输出卡住时较小；完整：种子 1 为 53。迭代期这样少时，0.001 使网络停在随机水平附近；能学习的网络即使有输出神经元卡住也能认出大部分数字。",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [tooSmall, tooLarge, rates];
