// Section 6.2: the training set expanded by moves of one pixel, and larger fully connected layers on it.
import type { Experiment } from "../../experiment.ts";
import { bookNetwork, gain, train, trainedTable, validationFigure } from "../framework/network3-study.ts";

const read = [
  "book/nndl/programs/network3.ts",
  "book/nndl/programs/translation.ts",
  "book/nndl/programs/book-networks.ts",
  "book/nndl/framework/network3-sgd.ts",
  "book/nndl/framework/network3-study.ts",
  "book/nndl/chapter6/6.2-more-data.ts",
];
const layers = "20 filters 5x5, pool, 40 filters 5x5, pool";
const settings = { epochs: 60, images: 250_000, eta: 0.03, lambda: 0.1, "mini-batch": 10 };
/** Steps on 500 images: 2,000 as they are and expanded, so that they have all been learnt by heart; and 500. */
const [PLAIN, EXPANDED_LONG, EXPANDED] = [
  { images: 500, epochs: 40 },
  { images: 500, epochs: 8 },
  { images: 500, epochs: 2 },
];
const ACCURACY = { en: "test accuracy in percent", zh: "测试集准确率（%）" };

const expansion: Experiment = {
  id: "nndl/6.2-expanded-data",
  title: { en: "6.E: 250,000 images from 50,000", zh: "6.E：把 50,000 幅图像扩充为 250,000 幅" },
  section: "6.2",
  kind: "experiment",
  settings: { network: `${layers}, 100, softmax; ReLU`, ...settings },
  read,
  needs: ["mnist"],
  hours: 1,
  async run(context) {
    const [plain, expanded] = [
      await train(context, bookNetwork("6.D"), context.seed, PLAIN),
      await train(context, bookNetwork("6.E"), context.seed, EXPANDED_LONG),
    ];
    return {
      measured: { test: expanded.test, gain: gain([expanded], [plain]) },
      tables: [trainedTable([plain, expanded])],
      figures: [
        validationFigure({ en: "The training set as it is and expanded", zh: "原样与扩充后的训练集" }, [
          plain,
          expanded,
        ]),
      ],
    };
  },
  about: {
    en: "expand_mnist.py puts beside each image the four that are moved by one pixel, and shuffles the 250,000 once; nothing else about 6.D changes, so that an epoch is five times as long. Images are made when their mini-batch comes, so the set takes no memory. Quick: 500 images, 2,000 steps with and without expansion, so that the moves alone make the difference: by then the 500 are known by heart.",
    zh: "expand_mnist.py 给每幅图像加上四个方向各平移一个像素的四幅，并把 250,000 幅打乱一次；6.D 的其他一切不变，因此一个迭代期长了五倍。图像在轮到它的小批量时才生成，训练集不占内存。快速形式：500 幅图像，扩充与不扩充各 2,000 步，差别只来自平移：这时 500 幅图像早已背熟。",
  },
  claims: [
    {
      measure: "test",
      says: ACCURACY,
      reported: 99.37,
      accept: { quick: { between: [88.3, 91.8] }, full: { within: 0.12 } },
      because: {
        en: "Full: 10,000 test images leave 0.08 points to chance. Quick: 89.1 to 90.9 over seeds 1 to 10, with a standard deviation of 0.6; each image five times, unmoved: 86.3 to 87.4 over four seeds",
        zh: "完整：10,000 幅测试图像有 0.08 个百分点的偶然。快速：种子 1 到 10 为 89.1 到 90.9，标准差 0.6；每幅图像原样出现五次则四个种子为 86.3 到 87.4",
      },
    },
    {
      measure: "gain",
      says: {
        en: "points that the expansion wins (the book: 99.37 against 99.23)",
        zh: "扩充带来的百分点（书中：99.37 对 99.23）",
      },
      reported: 0.14,
      accept: { quick: { between: [1.4, 5.2] }, full: { between: [0, 0.35] } },
      because: {
        en: "Full: above 0, and the book's 0.14 give or take the chance of two accuracies. Quick: 2.1 to 4.3 over seeds 1 to 10, with a standard deviation of 0.7; each image five times, unmoved: -0.4 to 1.0 over four seeds",
        zh: "完整：大于 0，与书中的 0.14 相差不超过两个准确率的偶然。快速：种子 1 到 10 为 2.1 到 4.3，标准差 0.7；每幅图像原样出现五次则四个种子为 -0.4 到 1.0",
      },
    },
  ],
};

const larger: Experiment = {
  id: "nndl/6.2-larger-layer",
  title: { en: "6.F: 300 and 1,000 neurons in the fully connected layer", zh: "6.F：全连接层用 300 和 1,000 个神经元" },
  section: "6.2",
  kind: "experiment",
  settings: { network: `${layers}, 300 or 1,000, softmax; ReLU`, ...settings },
  read,
  needs: ["mnist"],
  hours: 3,
  async run(context) {
    const [hundred, more, most] = [
      await train(context, bookNetwork("6.E"), context.seed, EXPANDED),
      await train(context, bookNetwork("6.F, 300"), context.seed, EXPANDED),
      await train(context, bookNetwork("6.F, 1000"), context.seed, EXPANDED),
    ];
    return {
      measured: { test: [more.test, most.test], gain: [gain([more], [hundred]), gain([most], [hundred])] },
      tables: [trainedTable([hundred, more, most])],
      figures: [
        validationFigure({ en: "100, 300 and 1,000 neurons", zh: "100、300 与 1,000 个神经元" }, [hundred, more, most]),
      ],
    };
  },
  about: {
    en: "With more data there may be room for more neurons: the fully connected layer of 6.E with 300 and with 1,000. The book finds little in it, 99.46 and 99.43 against 99.37. Quick: 500 images expanded, 500 steps.",
    zh: "数据多了，也许容得下更多神经元：把 6.E 的全连接层换成 300 和 1,000 个。书中收获不大，99.46% 和 99.43% 对 99.37%。快速形式：500 幅图像扩充，500 步。",
  },
  claims: [
    {
      measure: "test",
      says: { en: "test accuracy in percent with 300 and 1,000", zh: "300 与 1,000 个神经元的测试集准确率（%）" },
      reported: [99.46, 99.43],
      accept: { quick: { between: [77, 91] }, full: { within: 0.11 } },
      because: {
        en: "Full: 10,000 test images leave 0.075 points to chance. Quick: ten seeds had 79.6 to 88.0",
        zh: "完整：10,000 幅测试图像有 0.075 个百分点的偶然。快速：十个种子为 79.6 至 88.0",
      },
    },
    {
      measure: "gain",
      says: {
        en: "points over 100 neurons (the book: 0.09 and 0.06)",
        zh: "比 100 个神经元提高的百分点（书中：0.09 与 0.06）",
      },
      accept: { quick: null, full: { between: [-0.1, 0.25] } },
      because: {
        en: "Full: the book's gains are within the chance of two accuracies. Quick: so few steps can't tell, ten seeds had -2.1 to 4.0",
        zh: "完整：书中的提高在两个准确率的偶然之内。快速：步数太少，无从判断，十个种子为 -2.1 至 4.0",
      },
    },
  ],
};

const extra: Experiment = {
  id: "nndl/6.2-extra-layer",
  title: { en: "6.G and 6.H: a second fully connected layer", zh: "6.G 与 6.H：再加一个全连接层" },
  section: "6.2",
  kind: "experiment",
  settings: { network: `${layers}, twice 100, 300 or 1,000, softmax; ReLU`, ...settings },
  read,
  needs: ["mnist"],
  hours: 5,
  async run(context) {
    const one = await train(context, bookNetwork("6.E"), context.seed, EXPANDED);
    const two = [];
    for (const name of context.pick({ quick: ["6.G", "6.H, 300"], full: ["6.G", "6.H, 300", "6.H, 1000"] })) {
      two.push(await train(context, bookNetwork(name), context.seed, EXPANDED));
    }
    return {
      measured: { test: two.map(({ test }) => test), gain: two.map((each) => gain([each], [one])) },
      tables: [trainedTable([one, ...two])],
      figures: [validationFigure({ en: "One fully connected layer and two", zh: "一个与两个全连接层" }, [one, ...two])],
    };
  },
  about: {
    en: "Another fully connected layer behind the first, of 100, 300 and 1,000 neurons each. In the book 99.43, 99.48 and 99.47 against 99.37: again not much. Quick: 100 and 300, 500 images expanded, 500 steps.",
    zh: "在第一个全连接层后再加一个，各 100、300、1,000 个神经元。书中为 99.43%、99.48%、99.47%，对 99.37%：还是不多。快速形式：100 与 300 个，500 幅图像扩充，500 步。",
  },
  claims: [
    {
      measure: "test",
      says: {
        en: "test accuracy in percent with twice 100, 300 and 1,000 (quick: without the last)",
        zh: "两层各 100、300、1,000 个神经元的测试集准确率（%；快速形式没有最后一个）",
      },
      reported: [99.43, 99.48, 99.47],
      accept: { quick: { between: [77, 91] }, full: { within: 0.12 } },
      because: {
        en: "Full: 10,000 test images leave 0.075 points to chance. Quick: ten seeds had 79.6 to 86.7",
        zh: "完整：10,000 幅测试图像有 0.075 个百分点的偶然。快速：十个种子为 79.6 至 86.7",
      },
    },
    {
      measure: "gain",
      says: {
        en: "points over one layer of 100 (the book: 0.06, 0.11, 0.10)",
        zh: "比一层 100 个神经元提高的百分点（书中：0.06、0.11、0.10）",
      },
      accept: { quick: null, full: { between: [-0.1, 0.3] } },
      because: {
        en: "Full: the book's gains are within the chance of two accuracies. Quick: so few steps can't tell, ten seeds had -4.5 to 3.2",
        zh: "完整：书中的提高在两个准确率的偶然之内。快速：步数太少，无从判断，十个种子为 -4.5 至 3.2",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [expansion, larger, extra];
