// Section 6.4: overfitting 300 images, and what weight decay and dropout do to it.
import { SGD } from "nabla";
import type { Claim, Experiment } from "../../experiment.ts";
import { first, type Mnist, toSamples } from "../../mnist.ts";
import { accuracyChart, meanOf, TEST, TRAINING } from "../curves.ts";
import { buildNetwork, trainAndMeasure } from "../framework/study.ts";

export const SIZES = [784, 100, 100, 100, 100, 100, 100, 10];

interface Curves {
  readonly epochs: number[];
  readonly training: number[];
  readonly test: number[];
}

/** 300 images, mini-batches of 100, SGD with rate 0.01. */
function trainOn300(
  { training, test }: Mnist,
  options: { epochs: number; every: number; seed: number; weightDecay?: number; dropout?: number },
): Curves {
  const { seed, every, dropout = 0 } = options;
  const few = toSamples(first(training, 300));
  const model = buildNetwork({ sizes: SIZES, seed, useDropout: dropout > 0, dropoutRatio: dropout });
  const run = trainAndMeasure({
    model,
    optimizer: new SGD({ learningRate: 0.01, weightDecay: options.weightDecay ?? 0 }),
    training: few,
    ...{ iterations: 3 * options.epochs, batchSize: 100, seed, every: 3 * every },
    sets: { training: few, test: toSamples(test) },
  });
  return {
    epochs: run.points.map((iteration) => iteration / 3),
    training: run.accuracy["training"],
    test: run.accuracy["test"],
  };
}

const last = (values: readonly number[]): number => values[values.length - 1];

const gapOf = ({ training, test }: Curves): number => last(training) - last(test);

/**
 * The gap where the curve first reached this training accuracy, between two points of it by proportion. Whoever learns
 * less has a smaller gap anyway: this is what the gap would be by stopping there.
 */
function gapAt({ training, test }: Curves, reached: number): number {
  const i = training.findIndex((value) => value >= reached);
  if (i <= 0) return training[0] - test[0];
  const share = (reached - training[i - 1]) / (training[i] - training[i - 1]);
  return reached - (test[i - 1] + share * (test[i] - test[i - 1]));
}

function figure(name: string, title: { en: string; zh: string }, { epochs, training, test }: Curves) {
  return {
    name,
    chart: accuracyChart(title, [
      { name: TRAINING, x: epochs, y: training },
      { name: TEST, x: epochs, y: test, style: "dashed" },
    ]),
  };
}

const read = [
  "book/scratch/programs/multi-layer-net.ts",
  "book/scratch/framework/study.ts",
  "book/scratch/chapter6/6.4-overfitting.ts",
];

export const overfitting: Experiment = {
  id: "scratch/6.4-overfitting",
  title: { en: "Overfitting on 300 images", zh: "300 张图像上的过拟合" },
  section: "6.4",
  kind: "experiment",
  settings: { network: "784-100x6-10", images: 300, epochs: 201, batch: 100, rate: 0.01 },
  read,
  needs: ["mnist"],
  async run({ seeds, pick, mnist }) {
    const data = await mnist();
    const every = pick({ quick: 20, full: 3 });
    const each = seeds(3);
    const runs = each.map((seed) => trainOn300(data, { epochs: 201, every, seed }));
    return {
      measured: {
        training: Math.min(...runs.map((run) => last(run.training))),
        gap: Math.min(...runs.map(gapOf)),
      },
      tables: [
        table(
          each,
          runs.map((run) => [run]),
        ),
      ],
      figures: [figure("accuracy", { en: "300 images, seven layers", zh: "300 张图像，七层网络" }, runs[0])],
    };
  },
  about: {
    en: "A network of seven layers and few images, so that it learns them by heart: training accuracy reaches 100%, test accuracy stays far below.",
    zh: "七层网络、很少的图像，使它死记硬背：训练准确率达到 100%，测试准确率远低于此。",
  },
  claims: [
    {
      measure: "training",
      says: { en: "training accuracy after 201 epochs", zh: "201 轮后的训练准确率" },
      reported: 1,
      accept: { atLeast: 0.99 },
      because: {
        en: "seeds 1 to 4 reached 1; three images of 300 may be missing",
        zh: "种子 1 到 4 都达到 1；允许差 300 张中的三张",
      },
    },
    {
      measure: "gap",
      says: { en: "test accuracy stays far below: the gap", zh: "测试准确率远低于此：差距" },
      accept: { atLeast: 0.15 },
      because: {
        en: "seeds 1 to 4 gave 0.23 to 0.26, most of it from which 300 images these are",
        zh: "种子 1 到 4 为 0.23 到 0.26，主要取决于是哪 300 张图像",
      },
    },
  ],
};

/** Accuracy at the end: of the network as it is, and with what is tried against overfitting. */
function table(seeds: readonly number[], runs: readonly (readonly Curves[])[], tried = "") {
  const columns = [TRAINING, TEST];
  return {
    title: { en: "Accuracy at the end", zh: "最终准确率" },
    columns: [
      { en: "seed", zh: "种子" },
      ...columns,
      ...(tried === "" ? [] : columns.map(({ en, zh }) => ({ en: `${tried}: ${en}`, zh: `${tried}：${zh}` }))),
    ],
    rows: runs.map((row, i) => [
      seeds[i],
      ...row.flatMap(({ training, test }) => [last(training).toFixed(4), last(test).toFixed(4)]),
    ]),
  };
}

/** What weight decay and dropout both have to show beside a smaller gap. */
const LESS_BY_HEART: readonly Claim[] = [
  {
    measure: "thanByStopping",
    says: {
      en: "the gap is smaller than that of the plain network when it knew as many training images: by, mean of the seeds",
      zh: "比普通网络训练准确率相同时的差距也小：各种子平均减小",
    },
    accept: { between: [0.01, 0.25] },
    because: {
      en: "the sign is what matters, beyond a hundredth of noise; quick: ten seeds gave 0.03 to 0.07 with weight decay, 0.09 to 0.15 with dropout; full: 0.046 and 0.076",
      zh: "只看正负号，且须超出百分之一的噪声；快速：十个种子，权值衰减为 0.03 到 0.07，Dropout 为 0.09 到 0.15；完整：0.046 与 0.076",
    },
  },
  {
    measure: "training",
    says: { en: "training accuracy no longer reaches 100%", zh: "训练准确率不再达到 100%" },
    accept: { between: [0.3, 0.9967] },
    because: { en: "one image of 300 is 0.0033", zh: "300 张中的一张为 0.0033" },
  },
];

export const weightDecay: Experiment = {
  id: "scratch/6.4-weight-decay",
  title: { en: "Weight decay 0.1", zh: "权值衰减 0.1" },
  section: "6.4",
  kind: "experiment",
  settings: { network: "784-100x6-10", images: 300, epochs: 201, batch: 100, rate: 0.01, lambda: 0.1 },
  read,
  needs: ["mnist"],
  async run({ seeds, pick, mnist }) {
    const data = await mnist();
    const every = pick({ quick: 40, full: 3 });
    const each = seeds(3);
    const runs = each.map((seed) => ({
      plain: trainOn300(data, { epochs: 201, every, seed }),
      decayed: trainOn300(data, { epochs: 201, every, seed, weightDecay: 0.1 }),
    }));
    return {
      measured: {
        smallerGap: Math.min(...runs.map(({ plain, decayed }) => gapOf(plain) - gapOf(decayed))),
        thanByStopping: meanOf(runs.map(({ plain, decayed }) => gapAt(plain, last(decayed.training)) - gapOf(decayed))),
        training: Math.max(...runs.map(({ decayed }) => last(decayed.training))),
      },
      tables: [
        table(
          each,
          runs.map(({ plain, decayed }) => [plain, decayed]),
          "lambda 0.1",
        ),
      ],
      figures: [figure("accuracy", { en: "Weight decay 0.1", zh: "权值衰减 0.1" }, runs[0].decayed)],
    };
  },
  about: {
    en: "The same 300 images with lambda/2 times the sum of squared weights added to the loss, lambda = 0.1, beside the same seed without. The gap becomes smaller, and the training images are no longer learnt by heart.",
    zh: "同样 300 张图像，损失加上 lambda/2 乘权重平方和，lambda = 0.1，与同一种子不加的情形对照。差距变小，训练图像也不再能全部记住。",
  },
  claims: [
    {
      measure: "smallerGap",
      says: { en: "the gap is smaller than without, on every seed: by", zh: "每个种子上差距都比不加时小，减小" },
      accept: { quick: { between: [0.015, 0.14] }, full: { between: [0.03, 0.14] } },
      because: {
        en: "quick: ten seeds gave 0.04 to 0.10; full, the smallest of three: 0.065",
        zh: "快速：十个种子为 0.04 到 0.10；完整形式三个种子的最小值为 0.065",
      },
    },
    ...LESS_BY_HEART,
  ],
};

export const dropout: Experiment = {
  id: "scratch/6.4-dropout",
  title: { en: "Dropout 0.2", zh: "Dropout 0.2" },
  section: "6.4",
  kind: "experiment",
  settings: { network: "784-100x6-10", images: 300, epochs: 301, batch: 100, rate: 0.01, dropout: 0.2 },
  read: ["book/scratch/programs/layers.ts", ...read],
  needs: ["mnist"],
  async run({ seeds, pick, mnist }) {
    const data = await mnist();
    const [epochs, every] = [pick({ quick: 150, full: 301 }), pick({ quick: 50, full: 7 })];
    const each = seeds(3);
    const runs = each.map((seed) => ({
      plain: trainOn300(data, { epochs, every, seed }),
      dropped: trainOn300(data, { epochs, every, seed, dropout: 0.2 }),
    }));
    return {
      measured: {
        smallerGap: Math.min(...runs.map(({ plain, dropped }) => gapOf(plain) - gapOf(dropped))),
        thanByStopping: meanOf(runs.map(({ plain, dropped }) => gapAt(plain, last(dropped.training)) - gapOf(dropped))),
        training: Math.max(...runs.map(({ dropped }) => last(dropped.training))),
      },
      tables: [
        table(
          each,
          runs.map(({ plain, dropped }) => [plain, dropped]),
          "Dropout 0.2",
        ),
      ],
      figures: [
        figure("without", { en: "Without dropout", zh: "无 Dropout" }, runs[0].plain),
        figure("with", { en: "Dropout 0.2", zh: "Dropout 0.2" }, runs[0].dropped),
      ],
    };
  },
  about: {
    en: "The same 300 images for 301 epochs with a fifth of each hidden layer's outputs left out at every step, beside the same seed without. Each step trains another part of the network; at test all of it answers, scaled by 0.8.",
    zh: "同样 300 张图像、301 轮，每步随机去掉各隐藏层五分之一的输出，与同一种子不加的情形对照。每步训练网络的不同部分；测试时全部参与，输出乘以 0.8。",
  },
  claims: [
    {
      measure: "smallerGap",
      says: { en: "the gap is smaller than without, on every seed: by", zh: "每个种子上差距都比不加时小，减小" },
      accept: { quick: { between: [0.07, 0.27] }, full: { between: [0.04, 0.27] } },
      because: {
        en: "quick: ten seeds gave 0.12 to 0.20; full, the smallest of three: 0.11",
        zh: "快速：十个种子为 0.12 到 0.20；完整形式三个种子的最小值为 0.11",
      },
    },
    ...LESS_BY_HEART,
  ],
};

export const experiments: readonly Experiment[] = [overfitting, weightDecay, dropout];
