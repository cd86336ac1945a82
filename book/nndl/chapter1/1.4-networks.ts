// Section 1.4: networks as diagrams, and the digits that they are to read.
import { predict, scope } from "nabla";
import type { NetworkChart } from "nabla/plot";
import type { Both, Experiment } from "../../experiment.ts";
import { first, pictureOf, toSamples } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { train } from "../framework/first-networks.ts";
import { Network } from "../programs/network.ts";

const read = ["book/nndl/programs/network.ts", "book/nndl/chapter1/1.4-networks.ts"];

const INPUT: Both = { en: "input", zh: "输入层" };

const OUTPUT: Both = { en: "output", zh: "输出层" };

const hidden = (number?: number): Both => ({
  en: `hidden${number ? ` ${number}` : ""}`,
  zh: `隐藏层${number ? ` ${number}` : ""}`,
});

const digits = Array.from({ length: 10 }, (_, i) => `${i}`);

const diagrams: Experiment = {
  id: "nndl/1.4-diagrams",
  title: { en: "Networks as diagrams", zh: "网络示意图" },
  section: "1.4",
  kind: "figure",
  read,
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
  about: {
    en: "A network with one hidden layer, one with two, and the 784-15-10 that reads digits; with the shapes that network.py gives to the weights.",
    zh: "一个隐藏层的网络、两个隐藏层的网络，以及识别数字的 784-15-10；并给出 network.py 中各权重的形状。",
  },
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
};

const samples: Experiment = {
  id: "nndl/1.4-samples",
  title: { en: "Digits of MNIST, and some that are hard to read", zh: "MNIST 的数字，以及一些难认的数字" },
  section: "1.4",
  kind: "figure",
  read: ["book/nndl/chapter1/1.4-networks.ts"],
  needs: ["mnist"],
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
  about: {
    en: "The first training images, and test images of which a briefly trained network is surest of a wrong digit. Some of these even people doubt, which is why the text takes 9,979 of 10,000 for as good as people.",
    zh: "训练集的前几张图像，以及训练不久的网络最自信却认错的测试图像。其中有些连人也会犹豫，所以书中认为 10,000 张中认对 9,979 张已达到人的水平。",
  },
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
};

export const experiments: readonly Experiment[] = [diagrams, samples];
