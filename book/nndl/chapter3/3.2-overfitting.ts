// Section 3.2, overfitting: a network with 23,860 parameters on 1,000 images, its four curves, and the same network on all 50,000 images.
import type { Experiment } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { type Curve, curvesByEpoch, mean, median, percent, TEST_ACCURACY } from "../curves.ts";
import { type Study, study } from "../framework/study.ts";
import { Network } from "../programs/network2.ts";

const read = [
  "book/nndl/programs/network2.ts",
  "book/nndl/framework/study.ts",
  "book/nndl/chapter3/3.2-overfitting.ts",
];
const COST = { en: "cost", zh: "代价" };
const ACCURACY = { en: "accuracy", zh: "准确率" };

/** The epoch at which a curve is lowest. */
export function epochOfMinimum(epochs: readonly number[], values: readonly number[]): number {
  return epochs[values.indexOf(Math.min(...values))];
}

const overfitting: Experiment = {
  id: "nndl/3.2-overfitting",
  title: { en: "Overfitting 1,000 images", zh: "在 1,000 幅图像上过拟合" },
  section: "3.2",
  kind: "experiment",
  settings: { hidden: 30, images: 1000, epochs: 400, batchSize: 10, eta: 0.5 },
  read,
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const training = first(data.training, 1000);
    const epochs = context.pick({ quick: 100, full: 400 });
    const studies: Study[] = [];
    for (const seed of context.seeds(3)) {
      context.log(`seed ${seed}`);
      studies.push(
        await study({
          sizes: [784, 30, 10],
          cost: "crossEntropy",
          weights: "normal",
          training,
          epochs,
          eta: 0.5,
          seed,
          monitor: { training, test: data.test },
          every: studies.length === 0 ? 1 : epochs,
        }),
      );
    }
    const [shown] = studies;
    const finals = studies.map(({ accuracy }) => percent(accuracy.test.at(-1) ?? 0));
    const trainings = studies.map(({ accuracy }) => percent(accuracy.training.at(-1) ?? 0));
    const testCost = shown.cost.test;
    const around = (epoch: number) => mean(shown.accuracy.test.slice(epoch - 11, epoch + 10));
    const falls = shown.cost.training.slice(1).filter((cost, i) => cost < shown.cost.training[i]).length;
    const one = (name: Curve["name"], values: readonly number[]): Curve[] => [{ name, epochs: shown.epochs, values }];
    const late = context.pick({ quick: 50, full: 200 });
    return {
      measured: {
        finalAccuracy: median(finals),
        trainingAccuracy: Math.min(...trainings),
        gap: median(trainings.map((value, i) => Math.round(100 * (value - finals[i])) / 100)),
        epochOfLowestTestCost: epochOfMinimum(shown.epochs, testCost),
        testCostRise: (testCost.at(-1) ?? 0) / Math.min(...testCost),
        trainingCostFalls: falls / (shown.epochs.length - 1),
        ...(context.form === "full" && {
          accuracyAround200: 100 * around(200),
          gainAfter280: 100 * (mean(shown.accuracy.test.slice(-21)) - around(280)),
        }),
        finals,
      },
      figures: [
        {
          name: "training-cost",
          chart: curvesByEpoch(
            { en: "Cost on the training data, later half", zh: "训练集代价（后半程）" },
            one({ en: "training data", zh: "训练集" }, shown.cost.training),
            { y: { label: COST }, from: late },
          ),
        },
        {
          name: "test-accuracy",
          chart: curvesByEpoch(
            { en: "Accuracy on the test data, later half", zh: "测试集准确率（后半程）" },
            one({ en: "test data", zh: "测试集" }, shown.accuracy.test),
            { y: { label: TEST_ACCURACY, format: "percent" }, from: late },
          ),
        },
        {
          name: "test-cost",
          chart: curvesByEpoch(
            { en: "Cost on the test data", zh: "测试集代价" },
            one({ en: "test data", zh: "测试集" }, testCost),
            { y: { label: COST } },
          ),
        },
        {
          name: "accuracies",
          chart: curvesByEpoch(
            { en: "Accuracy on training and test data", zh: "训练集与测试集准确率" },
            [
              ...one({ en: "training data", zh: "训练集" }, shown.accuracy.training),
              ...one({ en: "test data", zh: "测试集" }, shown.accuracy.test),
            ],
            { y: { label: ACCURACY, format: "percent" } },
          ),
        },
      ],
    };
  },
  about: {
    en: "The network of nndl/3.1-cross-entropy-30 on the first 1,000 training images for 400 epochs. The cost on the training data keeps falling while the accuracy on the test data stops, the cost on the test data turns and rises early, and the network ends knowing all its training images by heart. Full: three seeds, the final accuracy is their median and the curves are those of the first. Quick: 100 epochs, one seed.",
    zh: "nndl/3.1-cross-entropy-30 的网络，只用前 1,000 幅训练图像训练 400 个迭代期。训练集上的代价一直下降，测试集准确率却不再提高，测试集代价很早就掉头上升，最终网络把训练图像全都背了下来。完整形式：三个种子，最终准确率取中位数，曲线取第一个种子。快速形式：100 个迭代期、一个种子。",
  },
  claims: [
    {
      measure: "finalAccuracy",
      says: { en: "final test accuracy in per cent", zh: "最终测试集准确率（%）" },
      reported: 82.27,
      accept: { between: [81, 85] },
      because: {
        en: "starting weights decide: our three seeds end at 82.1 to 83.1, the book's run at 82.27",
        zh: "取决于初始权重：我们的三个种子为 82.1 至 83.1，原书的一次为 82.27",
      },
    },
    {
      measure: "trainingAccuracy",
      says: { en: "all 1,000 training images are classified correctly", zh: "1,000 幅训练图像全部分类正确" },
      reported: 100,
      accept: { quick: { between: [99.8, 100] }, full: { equals: 100 } },
      because: {
        en: "quick: after 100 epochs eight of ten seeds have all of them, two lack one image",
        zh: "快速：100 个迭代期后，十个种子中八个全部正确，两个还差一幅",
      },
    },
    {
      measure: "gap",
      says: {
        en: "accuracy on training data less that on test data, in points",
        zh: "训练集与测试集准确率之差（百分点）",
      },
      reported: 17.73,
      accept: { between: [15, 19] },
      because: { en: "100 less the band of the final accuracy", zh: "100 减去最终准确率的范围" },
    },
    {
      measure: "epochOfLowestTestCost",
      says: { en: "the cost on the test data is lowest near this epoch", zh: "测试集代价在这个迭代期前后最低" },
      reported: 15,
      accept: { within: 10 },
      because: { en: "read off a plot, and flat around its minimum", zh: "读自曲线图，且最低点附近平坦" },
    },
    {
      measure: "testCostRise",
      says: { en: "and has risen at the end, to this multiple of its minimum", zh: "结束时已上升到最小值的这个倍数" },
      accept: { atLeast: 1.1 },
      because: { en: "a rise by a tenth is more than the noise of the curve", zh: "上升十分之一，超出曲线的噪声" },
    },
    {
      measure: "trainingCostFalls",
      says: {
        en: "the cost on the training data falls in (nearly) every epoch: share of epochs",
        zh: "训练集代价几乎每个迭代期都下降：所占比例",
      },
      accept: { quick: { atLeast: 0.8 }, full: { atLeast: 0.9 } },
      because: {
        en: "the text says smoothly; early epochs jump at batches of ten",
        zh: "原文说平滑下降；小批量为十，开头的迭代期会有跳动",
      },
    },
    {
      measure: "accuracyAround200",
      says: {
        en: "just under 82 per cent at epoch 200 (mean of 21 epochs)",
        zh: "第 200 个迭代期略低于 82%（前后 21 个迭代期的均值）",
      },
      reported: 82,
      accept: { quick: null, full: { within: 2 } },
      because: { en: "the same spread over seeds as at the end", zh: "与最终值相同的种子间波动" },
    },
    {
      measure: "gainAfter280",
      says: {
        en: "from epoch 280 on it pretty much stops improving: last 21 epochs less those around 280, in points",
        zh: "第 280 个迭代期之后基本不再提高：最后 21 个迭代期的均值减去 280 前后的均值（百分点）",
      },
      expected: 0,
      accept: { quick: null, full: { within: 0.3 } },
      because: {
        en: "pretty much: a small part of the 17 points that are missing",
        zh: "「基本」：与还差的 17 个百分点相比很小",
      },
    },
  ],
};

const allData: Experiment = {
  id: "nndl/3.2-all-images",
  title: { en: "The same network on all 50,000 images", zh: "同一网络用全部 50,000 幅图像训练" },
  section: "3.2",
  kind: "experiment",
  settings: { hidden: 30, images: 50_000, epochs: 30, batchSize: 10, eta: 0.5 },
  read,
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const training = first(data.training, context.pick({ quick: 10_000, full: 50_000 }));
    const { epochs, accuracy } = await study({
      sizes: [784, 30, 10],
      cost: "crossEntropy",
      weights: "normal",
      training,
      epochs: context.pick({ quick: 5, full: 30 }),
      eta: 0.5,
      seed: context.seed,
      monitor: { training, test: data.test },
    });
    const [trainingAccuracy, testAccuracy] = [accuracy.training, accuracy.test].map((curve) =>
      percent(curve.at(-1) ?? 0),
    );
    return {
      measured: { trainingAccuracy, testAccuracy, gap: Math.round(100 * (trainingAccuracy - testAccuracy)) / 100 },
      figures: [
        {
          name: "accuracies",
          chart: curvesByEpoch(
            { en: "Training and test accuracy with more data", zh: "更多数据下的训练集与测试集准确率" },
            [
              { name: { en: "training data", zh: "训练集" }, epochs, values: accuracy.training },
              { name: { en: "test data", zh: "测试集" }, epochs, values: accuracy.test },
            ],
            { y: { label: ACCURACY, format: "percent" } },
          ),
        },
      ],
    };
  },
  about: {
    en: "With fifty times the data the two accuracies stay close: more training data is the best cure for overfitting. The printed gap of 1.53 points does not follow from the printed accuracies, whose difference is 2.53. Full: 50,000 images, 30 epochs. Quick: 10,000 images, 5 epochs, for the gap only.",
    zh: "数据增加五十倍后，两条准确率曲线靠得很近：增加训练数据是防止过拟合的最好办法。原书印出的差距 1.53 与其印出的准确率不符，两者之差应为 2.53。完整形式：50,000 幅图像、30 个迭代期。快速形式：10,000 幅图像、5 个迭代期，只看差距。",
  },
  claims: [
    {
      measure: "trainingAccuracy",
      says: { en: "final accuracy on the training data in per cent", zh: "最终训练集准确率（%）" },
      reported: 97.86,
      accept: { quick: { between: [92.5, 95.4] }, full: { within: 0.7 } },
      because: {
        en: "one run each, and single epochs jump by a few tenths; quick: twenty seeds had 93.4 to 94.5",
        zh: "各只运行一次，相邻迭代期就会跳动零点几；快速：二十个种子为 93.4 至 94.5",
      },
    },
    {
      measure: "testAccuracy",
      says: { en: "final accuracy on the test data in per cent", zh: "最终测试集准确率（%）" },
      reported: 95.33,
      accept: { quick: { between: [88, 92.3] }, full: { within: 0.7 } },
      because: {
        en: "one run each, and single epochs jump by a few tenths; quick: twenty seeds had 89.1 to 91.1",
        zh: "各只运行一次，相邻迭代期就会跳动零点几；快速：二十个种子为 89.1 至 91.1",
      },
    },
    {
      measure: "gap",
      says: {
        en: "gap in points; printed as 1.53, corrected to 2.53",
        zh: "差距（百分点）；原书印作 1.53，更正为 2.53",
      },
      expected: 2.53,
      accept: { quick: { between: [2.3, 5.3] }, full: { within: 0.8 } },
      because: {
        en: "the difference of the two accuracies; quick: twenty seeds had 3.2 to 4.6, far below the 17.7 points of nndl/3.2-overfitting",
        zh: "两个准确率之差；快速：二十个种子为 3.2 至 4.6，远小于 nndl/3.2-overfitting 的 17.7 个百分点",
      },
    },
  ],
};

/** Numbers that network2 has to learn: those of its weights and biases. */
function parametersOf(sizes: readonly number[]): number {
  const { weights, biases } = new Network(sizes);
  return [...weights, ...biases].reduce((sum, { values }) => sum + values.length, 0);
}

const parameters: Experiment = {
  id: "nndl/3.2-parameters",
  title: { en: "How many parameters there are to overfit with", zh: "可供过拟合的参数有多少" },
  section: "3.2",
  kind: "construction",
  read: ["book/nndl/chapter3/3.2-overfitting.ts"],
  async run() {
    return { measured: { hidden30: parametersOf([784, 30, 10]), hidden100: parametersOf([784, 100, 10]) } };
  },
  about: {
    en: "Weights and biases of the two networks. With 100 hidden neurons there are more parameters than training images, and yet the network generalises.",
    zh: "两个网络的权重与偏置个数。有 100 个隐藏神经元时，参数比训练图像还多，网络却依然能泛化。",
  },
  claims: [
    {
      measure: "hidden30",
      says: { en: "[784,30,10]: nearly 24,000", zh: "[784,30,10]：近 24,000" },
      reported: 23_860,
      accept: { equals: 23_860 },
    },
    {
      measure: "hidden100",
      says: { en: "[784,100,10]: about 80,000", zh: "[784,100,10]：约 80,000" },
      reported: 80_000,
      accept: { within: 500 },
      because: { en: "the book rounds 79,510", zh: "原书对 79,510 取整" },
    },
  ],
};

export const experiments: readonly Experiment[] = [overfitting, allData, parameters];
