// Chapter 1, sections 1.2, 1.4 and 1.7: diagrams of networks, samples of the data, digits that are hard to read.
import { predict, scope } from "nabla";
import type { NetworkChart } from "nabla/plot";
import type { Both, Experiment } from "../experiment.ts";
import { first, pictureOf, toSamples } from "../mnist.ts";
import { Random } from "../random.ts";
import { accuracyChart, bestOf, type Run, train } from "./chapter1-study.ts";
import { Network } from "./network.ts";

const read = ["book/nndl/network.ts", "book/nndl/chapter1-figures.ts"];
const INPUT: Both = { en: "input", zh: "输入层" };
const OUTPUT: Both = { en: "output", zh: "输出层" };
const hidden = (number?: number): Both => ({
  en: `hidden${number ? ` ${number}` : ""}`,
  zh: `隐藏层${number ? ` ${number}` : ""}`,
});
const digits = Array.from({ length: 10 }, (_, i) => `${i}`);

const diagrams: Experiment = {
  id: "nndl/1.diagrams",
  title: { en: "Networks as diagrams", zh: "网络示意图" },
  section: "1.4",
  kind: "figure",
  about: {
    en: "A network with one hidden layer, one with two, and the 784-15-10 that reads digits; with the shapes that network.py gives to the weights.",
    zh: "一个隐藏层的网络、两个隐藏层的网络，以及识别数字的 784-15-10；并给出 network.py 中各权重的形状。",
  },
  read,
  claims: [
    {
      measure: "shapes",
      says: {
        en: "Network([2, 3, 1]) has weights of shape 3×2 and 1×3",
        zh: "Network([2, 3, 1]) 的权重形状为 3×2 与 1×3",
      },
      reported: [3, 2, 1, 3],
      accept: { equals: [3, 2, 1, 3] },
    },
    {
      measure: "parameters",
      says: {
        en: "numbers to learn in 784-15-10: 784 · 15 + 15 + 15 · 10 + 10",
        zh: "784-15-10 中要学习的数：784 · 15 + 15 + 15 · 10 + 10",
      },
      accept: { equals: 11_935 },
    },
  ],
  async run({ seed }) {
    const count = ({ weights, biases }: Network) =>
      [...weights, ...biases].reduce((sum, { values }) => sum + values.length, 0);
    const small = new Network([2, 3, 1], new Random(seed));
    const layered: NetworkChart = {
      kind: "network",
      title: { en: "Two hidden layers", zh: "两个隐藏层" },
      layers: [
        { name: INPUT, units: 6 },
        { name: hidden(1), units: 4 },
        { name: hidden(2), units: 3 },
        { name: OUTPUT, units: 1 },
      ],
    };
    const digitNet: NetworkChart = {
      kind: "network",
      title: { en: "784-15-10: a network that reads digits", zh: "784-15-10：识别数字的网络" },
      layers: [
        { name: INPUT, units: 784, note: { en: "28 × 28 pixels", zh: "28 × 28 个像素" } },
        { name: hidden(), units: 15, note: "sigmoid" },
        { name: OUTPUT, units: 10, labels: digits, note: "sigmoid" },
      ],
      mostUnits: 15,
    };
    return {
      measured: {
        shapes: small.weights.flatMap(({ shape }) => [...shape]),
        parameters: count(new Network([784, 15, 10], new Random(seed))),
      },
      figures: [
        { name: "layers", chart: layered },
        { name: "digits", chart: digitNet, height: 520 },
      ],
    };
  },
};

/** A question for each part of a picture, and for one of them the questions that decide it. */
const face: Experiment = {
  id: "nndl/1.face",
  title: { en: "Is it a face? Questions within questions", zh: "是人脸吗？问题中的问题" },
  section: "1.7",
  kind: "figure",
  about: {
    en: "How a deep network may come to a decision: a hard question is broken into simpler ones, each answered by a network of its own, and these again, down to questions about single pixels. The book draws it and trains nothing.",
    zh: "深层网络可能怎样作出判断：把困难的问题分解为较简单的问题，各由一个子网络回答，再继续分解，直到关于单个像素的问题。书中只画出这一设想，并未训练。",
  },
  read: ["book/nndl/chapter1-figures.ts"],
  claims: [],
  async run() {
    const parts: Both[] = [
      { en: "eye, top left?", zh: "左上有眼睛？" },
      { en: "eye, top right?", zh: "右上有眼睛？" },
      { en: "nose in the middle?", zh: "中间有鼻子？" },
      { en: "mouth at the bottom?", zh: "下方有嘴？" },
      { en: "hair on top?", zh: "上方有头发？" },
    ];
    const eye: Both[] = [
      { en: "an eyebrow?", zh: "有眉毛？" },
      { en: "eyelashes?", zh: "有睫毛？" },
      { en: "an iris?", zh: "有虹膜？" },
    ];
    const chart = (title: Both, questions: readonly Both[], decision: Both): NetworkChart => ({
      kind: "network",
      title,
      layers: [
        { name: { en: "sub-networks", zh: "子网络" }, units: questions.length, labels: questions },
        { name: { en: "decision", zh: "判断" }, units: 1, labels: [decision] },
      ],
    });
    return {
      measured: {},
      figures: [
        {
          name: "face",
          chart: chart({ en: "Is it a face?", zh: "是人脸吗？" }, parts, { en: "a face?", zh: "人脸？" }),
          height: 320,
        },
        {
          name: "eye",
          chart: chart({ en: "One of these questions, broken up", zh: "其中一个问题的分解" }, eye, {
            en: "eye, top left?",
            zh: "左上有眼睛？",
          }),
          height: 320,
        },
      ],
    };
  },
};

const samples: Experiment = {
  id: "nndl/1.samples",
  title: { en: "Digits of MNIST, and some that are hard to read", zh: "MNIST 的数字，以及一些难认的数字" },
  section: "1.4",
  kind: "figure",
  about: {
    en: "The first training images, and test images of which a briefly trained network is surest of a wrong digit. Some of these even people doubt, which is why the text takes 9,979 of 10,000 for as good as people.",
    zh: "训练集的前几张图像，以及训练不久的网络最自信却认错的测试图像。其中有些连人也会犹豫，所以书中认为 10,000 张中认对 9,979 张已达到人的水平。",
  },
  read: ["book/nndl/chapter1-figures.ts"],
  needs: ["mnist"],
  claims: [
    {
      measure: "sizes",
      says: { en: "images for training, validation and test", zh: "训练、验证和测试图像的数量" },
      reported: [50_000, 10_000, 10_000],
      accept: { equals: [50_000, 10_000, 10_000] },
    },
    {
      measure: "firstLabels",
      says: { en: "MNIST begins with", zh: "MNIST 开头的数字" },
      reported: [5, 0, 4, 1, 9, 2],
      accept: { equals: [5, 0, 4, 1, 9, 2] },
    },
  ],
  async run(context) {
    const { training, validation, test } = await context.mnist();
    const run = await train({
      sizes: [784, 30, 10],
      epochs: context.pick({ quick: 2, full: 10 }),
      eta: 3,
      seed: context.seed,
      training: context.pick({ quick: first(training, 20_000), full: training }),
      test,
    });
    const outputs = scope(() => predict(run.model, toSamples(test).x).dataSync());
    const wrong = Array.from({ length: test.count }, (_, i) => {
      const row = Array.from(outputs.subarray(10 * i, 10 * i + 10));
      const answer = row.indexOf(Math.max(...row));
      return { i, answer, sureness: row[answer] };
    }).filter(({ i, answer }) => answer !== test.labels[i]);
    wrong.sort((a, b) => b.sureness - a.sureness);
    return {
      measured: {
        sizes: [training.count, validation.count, test.count],
        firstLabels: Array.from(training.labels.subarray(0, 6)),
        misread: wrong.length,
      },
      figures: [
        {
          name: "digits",
          chart: {
            kind: "images",
            title: { en: "The first 40 training images", zh: "前 40 张训练图像" },
            images: Array.from({ length: 40 }, (_, i) => pictureOf(training, i)),
            colours: "ink",
            columns: 10,
          },
          height: 340,
        },
        {
          name: "hard",
          chart: {
            kind: "images",
            title: { en: "Hard to read: label → confident wrong answer", zh: "难认的数字：标签 → 自信的错误答案" },
            images: wrong.slice(0, 20).map(({ i, answer }) => pictureOf(test, i, `${test.labels[i]} → ${answer}`)),
            colours: "ink",
            columns: 10,
          },
          height: 260,
        },
      ],
    };
  },
};

const RATES = [0.3, 3] as const;

const noHidden: Experiment = {
  id: "nndl/1.x-no-hidden",
  title: { en: "Two layers only: 784-10", zh: "只有两层：784-10" },
  section: "1.6",
  kind: "exercise",
  about: {
    en: "The exercise: a network without hidden layer, trained likewise; what accuracy can be had? Less than with one, and less than the architecture allows: weights from N(0, 1) give each output a weighted sum of a deviation near 10, so that most outputs begin saturated, some for good. The same network from weights of deviation 1/28, which chapter 3 explains, shows what was lost by that.",
    zh: "练习：没有隐藏层的网络，同样训练，能达到怎样的准确率？不如有隐藏层的网络，也不及这一结构所能达到的：取自 N(0, 1) 的权重使每个输出的加权输入标准差约为 10，大多数输出一开始就饱和，有的再也出不来。同一网络改用标准差 1/28 的初始权重（第 3 章会解释）再训练一次，就看得出因此损失了多少。",
  },
  settings: { network: "[784, 10]", epochs: 30, "mini-batch": 10, eta: RATES.join(", ") },
  read,
  needs: ["mnist"],
  claims: [
    {
      measure: "best",
      says: {
        en: "what accuracy can you achieve? (percent; the book gives none)",
        zh: "能达到怎样的准确率？（百分比；书中未给出）",
      },
      accept: { quick: { atLeast: 40 }, full: { between: [73, 92] } },
      because: {
        en: "Each lost digit costs about ten points: four seeds at η = 3.0 had 74, 75, 83 and 84 after 8 epochs. Quick has 4 epochs on 10,000 images.",
        zh: "每丢失一个数字约损失十个百分点：η = 3.0 时四个种子 8 个迭代期后为 74、75、83 和 84。快速形式在 10,000 张图像上训练 4 个迭代期。",
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
};

export const figures: readonly Experiment[] = [diagrams, samples, face];
export const exercises: readonly Experiment[] = [noHidden];
