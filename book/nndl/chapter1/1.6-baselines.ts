// Section 1.6, what a network is compared with: guessing, the darkness of the image, the nearest mean, a support vector machine.
import type { Experiment } from "../../experiment.ts";
import { first, type Mnist, pictureOf } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { toPercent } from "../framework/first-networks.ts";
import { classifySvm, trainSvm } from "../framework/svm.ts";
import {
  classifyByDarkness,
  classifyByMeanImage,
  countRight,
  guess,
  meanDarkness,
  meanImages,
} from "../programs/baselines.ts";

const read = ["book/nndl/programs/baselines.ts", "book/nndl/chapter1/1.6-baselines.ts"];

const shareRight = (answers: ArrayLike<number>, { test }: Mnist) => toPercent(countRight(answers, test) / test.count);

const chance: Experiment = {
  id: "nndl/1.6-random",
  title: { en: "Guessing a digit", zh: "随机猜数字" },
  section: "1.6",
  kind: "experiment",
  read,
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const answers = guess(data.test, new Random(context.seed));
    const shares = Array.from({ length: 10 }, (_, digit) =>
      toPercent(answers.filter((answer) => answer === digit).length / answers.length),
    );
    return { measured: { percent: shareRight(answers, data), shares } };
  },
  about: {
    en: "The baseline below all others: a digit at random for each test image.",
    zh: "最低的基线：对每张测试图像随机猜一个数字。",
  },
  claims: [
    {
      measure: "percent",
      says: { en: "right about one time in ten", zh: "大约十次中对一次" },
      reported: 10,
      accept: { within: 1.2 },
      because: {
        en: "Four standard deviations of 10,000 guesses: sqrt(0.1 · 0.9 / 10,000) is 0.3 points.",
        zh: "10,000 次猜测的四个标准差：sqrt(0.1 · 0.9 / 10,000) 为 0.3 个百分点。",
      },
    },
    {
      measure: "shares",
      says: {
        en: "at random: every digit is guessed as often as any other, percent of the guesses",
        zh: "随机：每个数字被猜的次数相同，占全部猜测的百分比",
      },
      expected: new Array<number>(10).fill(10),
      accept: { within: 1.2 },
      because: { en: "As above, for each of ten counts.", zh: "理由同上，对十个计数各自成立。" },
    },
  ],
};

const dark: Experiment = {
  id: "nndl/1.6-darkness",
  title: { en: "A digit by its mean darkness", zh: "按平均暗度识别数字" },
  section: "1.6",
  kind: "experiment",
  settings: { training: 50_000 },
  read,
  needs: ["mnist"],
  async run(context) {
    const { training, test } = await context.mnist();
    const means = meanDarkness(training);
    const right = countRight(classifyByDarkness(training, test), test);
    return {
      measured: { right, percent: toPercent(right / test.count), twoDarkerThanOne: means[2] > means[1] },
      figures: [
        {
          name: "means",
          chart: {
            kind: "bar",
            title: { en: "Mean darkness of each digit", zh: "每个数字的平均暗度" },
            categories: means.map((_, digit) => `${digit}`),
            xAxis: { label: { en: "digit", zh: "数字" } },
            yAxis: { label: { en: "mean of the pixels, 0 white, 1 black", zh: "像素均值，0 为白，1 为黑" }, min: 0 },
            series: [{ name: { en: "mean darkness", zh: "平均暗度" }, values: means }],
          },
        },
      ],
    };
  },
  about: {
    en: "A 2 usually takes more ink than a 1. For each digit the mean darkness over the 50,000 training images is computed; a test image is taken for the digit whose mean is nearest to its own darkness. There is nothing random in it, so the book's count should come out exactly.",
    zh: "数字 2 通常比 1 更暗。在 50,000 张训练图像上计算每个数字的平均暗度；测试图像归为平均暗度与之最接近的数字。这里没有任何随机性，因此应当得到与书中完全相同的个数。",
  },
  claims: [
    {
      measure: "right",
      says: { en: "of the 10,000 test images", zh: "10,000 张测试图像中" },
      reported: 2225,
      accept: { equals: 2225 },
    },
    {
      measure: "twoDarkerThanOne",
      says: { en: "a 2 is darker than a 1 on average", zh: "平均而言 2 比 1 更暗" },
      accept: { equals: true },
    },
  ],
};

const means: Experiment = {
  id: "nndl/1.6-nearest-mean",
  title: { en: "A digit by the nearest mean image", zh: "按最近的平均图像识别数字" },
  section: "1.6",
  kind: "experiment",
  settings: { training: 50_000 },
  read,
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const { training, test } = data;
    const images = meanImages(training).map((mean, digit) => ({
      width: 28,
      height: 28,
      pixels: Array.from(mean, (value) => Math.round(255 * value)),
      caption: `${digit}`,
    }));
    return {
      measured: { percent: shareRight(classifyByMeanImage(training, test), data) },
      figures: [
        {
          name: "means",
          chart: {
            kind: "images",
            title: { en: "The mean image of each digit", zh: "每个数字的平均图像" },
            images,
            colours: "ink",
            columns: 5,
          },
          width: 600,
          height: 320,
        },
      ],
    };
  },
  about: {
    en: "The text says that simple ideas reach 20 to 50 percent without much trouble. One that is hardly harder than mean darkness does far better: the mean image of each digit, and the nearest of the ten.",
    zh: "书中说简单的想法不费力就能达到 20% 至 50%。有一个想法几乎不比平均暗度复杂，效果却好得多：计算每个数字的平均图像，取十个中最近的一个。",
  },
  claims: [
    {
      measure: "percent",
      says: { en: "20 to 50 percent are easy to reach by simple ideas", zh: "简单的想法容易达到 20% 至 50%" },
      accept: { atLeast: 50 },
      because: {
        en: "The text's range is what one reaches without trying hard, not a bound.",
        zh: "书中的范围是不费力就能达到的，并非上限。",
      },
    },
  ],
};

/** What a search over C and gamma comes to on MNIST, pixels from 0 to 1. */
const TUNED = { C: 5, gamma: 0.05 } as const;

const machine: Experiment = {
  id: "nndl/1.6-svm",
  title: { en: "A support vector machine", zh: "支持向量机" },
  section: "1.6",
  kind: "experiment",
  settings: { C: 1, gamma: "1/784", tolerance: 0.001, training: 50_000 },
  read: ["book/nndl/programs/smo.ts", "book/nndl/framework/svm.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, test } = await context.mnist();
    const set = context.pick({ quick: first(training, 5000), full: training });
    const svm = trainSvm(set, {
      onPair: (pair, of) => {
        if (pair % 9 === 0) context.log(`${pair} of ${of} machines`);
      },
    });
    const answers = classifySvm(svm, test);
    const wrong = [...answers.keys()].filter((i) => answers[i] !== test.labels[i]).slice(0, 20);
    return {
      measured: { right: countRight(answers, test), supportVectors: svm.supportCount, steps: svm.iterations },
      figures: [
        {
          name: "wrong",
          chart: {
            kind: "images",
            title: { en: "The first digits that it takes for another", zh: "最先认错的一些数字" },
            images: wrong.map((i) => pictureOf(test, i, `${test.labels[i]} → ${answers[i]}`)),
            colours: "ink",
            columns: 10,
          },
          height: 260,
        },
      ],
    };
  },
  about: {
    en: "scikit-learn's classifier out of the box, built here by itself: sequential minimal optimisation for each of the 45 pairs of digits, Gaussian kernel with gamma = 1/784, C = 1. Nothing in it is random. Quick trains on 5,000 images, full on all 50,000.",
    zh: "scikit-learn 默认设置的分类器，这里自行实现：对 45 对数字各用序列最小优化训练一个机器，高斯核 gamma = 1/784，C = 1。其中没有随机性。快速形式用 5,000 张图像训练，完整形式用全部 50,000 张。",
  },
  claims: [
    {
      measure: "right",
      says: { en: "of the 10,000 test images, default settings", zh: "10,000 张测试图像中，默认设置" },
      reported: 9435,
      accept: { quick: { between: [9070, 9100] }, full: { within: 10 } },
      because: {
        en: "The solution is defined up to the tolerance of the optimality conditions, which moves single images near a border. scikit-learn 1.2.1 with these settings reads 9434 (50,000 images) and 9085 (5,000).",
        zh: "解只确定到最优性条件的容差，边界附近的个别图像会变动。scikit-learn 1.2.1 在同样设置下认出 9434 张（50,000 张训练）和 9085 张（5,000 张训练）。",
      },
    },
  ],
};

const tuned: Experiment = {
  id: "nndl/1.6-svm-tuned",
  title: { en: "A support vector machine, tuned", zh: "调好参数的支持向量机" },
  section: "1.6",
  kind: "experiment",
  settings: { C: TUNED.C, gamma: TUNED.gamma, tolerance: 0.001, training: 50_000 },
  read: ["book/nndl/programs/smo.ts", "book/nndl/framework/svm.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, test } = await context.mnist();
    const set = context.pick({ quick: first(training, 2000), full: training });
    const rightWith = (options: { C?: number; gamma?: number }): number => {
      const svm = trainSvm(set, {
        ...options,
        onPair: (pair, of) => {
          if (pair % 9 === 0) context.log(`${pair} of ${of} machines`);
        },
      });
      return toPercent(countRight(classifySvm(svm, test), test) / test.count);
    };
    const percent = rightWith(TUNED);
    // What the defaults read is nndl/1.6-svm's business in the full form, and takes as long again.
    const usual = context.pick({ quick: () => rightWith({}), full: () => 94.35 })();
    return { measured: { percent, gain: Math.round(100 * (percent - usual)) / 100 } };
  },
  about: {
    en: "The text quotes 98.5 per cent for a machine whose two settings were tuned with care, and does not give them. C = 5 and gamma = 0.05 are taken here, as such a search finds them: a wider margin for exceptions, and a kernel that looks at neighbours six times as near as the default one. Full: all 50,000 images; the gain is over the book's 9,435 with the defaults. Quick: 2,000 images, with both settings.",
    zh: "书中引用了仔细调过两个参数的支持向量机：98.5%，但没有给出参数。这里取 C = 5、gamma = 0.05，这类搜索会找到的值：对例外的惩罚更重，核函数看的邻居比默认值近六倍。完整形式：全部 50,000 张图像，提高是相对于书中默认参数的 9,435。快速形式：2,000 张图像，两组参数都训练。",
  },
  claims: [
    {
      measure: "percent",
      says: { en: "percent of the 10,000 test images", zh: "占 10,000 张测试图像的百分比" },
      reported: 98.5,
      accept: { quick: { between: [92, 93.2] }, full: { within: 0.4 } },
      because: {
        en: "Other settings and 10,000 more training images may stand behind the figure; one standard deviation of 10,000 images is 0.12 points. Nothing is random, so quick allows for the tolerance and for another choice of 2,000 images.",
        zh: "书中的数字可能用了别的参数和多一万张的训练图像；10,000 张图像的一个标准差为 0.12 个百分点。没有随机性，快速形式只须容许求解容差和换一批 2,000 张图像。",
      },
    },
    {
      measure: "gain",
      says: { en: "what tuning adds to the defaults, in points", zh: "调参比默认参数提高的百分点" },
      expected: 4.15,
      accept: { quick: { between: [3.5, 5.5] }, full: { within: 0.5 } },
      because: {
        en: "98.5 less 94.35 in the text; with fewer images the defaults lose more",
        zh: "书中 98.5 减 94.35；图像越少，默认参数损失越多",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [chance, dark, means, machine, tuned];
