// Section 6.2: how large the book's networks are, how long they train, and how much lambda means.
import type { Experiment } from "../../experiment.ts";
import { BOOK_NETWORKS, iterationsOf, parametersOf, sidesOf } from "../programs/book-networks.ts";

const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
const PARAMETERS = [79510, 289630, 85670, 85670, 85670, 215870, 671570, 95770, 306170, 1672570, 1672570];
const ITERATIONS = [300_000, 300_000, 300_000, 300_000, ...Array(6).fill(1_500_000), 1_000_000];

const networks: Experiment = {
  id: "nndl/6.2-parameters",
  title: { en: "The book's networks in numbers", zh: "书中各网络的数字" },
  section: "6.2",
  kind: "construction",
  read: ["book/nndl/programs/book-networks.ts", "book/nndl/chapter6/6.2-networks.ts"],
  async run() {
    const shares = BOOK_NETWORKS.map((network) => {
      const counts = parametersOf(network);
      return sum(counts.slice(network.cp.length)) / sum(counts);
    });
    const ciresan = [784, 2500, 2000, 1500, 1000, 500, 10];
    return {
      measured: {
        sides: sidesOf([20, 40]),
        layersOf6C: parametersOf(BOOK_NETWORKS[2]),
        parameters: BOOK_NETWORKS.map((network) => sum(parametersOf(network))),
        withoutFullyConnected: [[20], [20, 40]].map((cp) => sum(parametersOf({ cp, full: [] }))),
        iterations: BOOK_NETWORKS.map(iterationsOf),
        shrink: [50_000, 250_000].map((images) => Number(((0.03 * 0.1) / (images / 10)).toPrecision(12))),
        lambdaOfNetwork2: 0.1 * (50_000 / (50_000 / 10)),
        ciresan: sum(ciresan.slice(1).map((width, l) => (ciresan[l] + 1) * width)),
        ensembleErrors: Math.round((1 - 0.9967) * 10_000),
        shareOfFullyConnected: shares.slice(1),
      },
      tables: [
        {
          title: { en: "Section 6.2", zh: "6.2 节" },
          columns: [
            { en: "network", zh: "网络" },
            { en: "convolutions", zh: "卷积" },
            { en: "fully connected", zh: "全连接" },
            { en: "parameters", zh: "参数" },
            { en: "of them fully connected", zh: "其中全连接" },
            { en: "steps", zh: "步数" },
            { en: "book's test accuracy, percent", zh: "书中测试准确率，%" },
          ],
          rows: BOOK_NETWORKS.map((network, i) => [
            network.name,
            network.cp.join("-"),
            network.full.join("-"),
            sum(parametersOf(network)),
            `${(100 * shares[i]).toFixed(1)}%`,
            iterationsOf(network),
            network.reported ?? "",
          ]),
        },
      ],
      figures: [
        {
          name: "sizes",
          chart: {
            kind: "bar",
            title: { en: "Parameters of the book's networks", zh: "书中各网络的参数个数" },
            categories: BOOK_NETWORKS.map(({ name }) => name),
            yAxis: { label: { en: "parameters", zh: "参数" } },
            stacked: true,
            series: [
              {
                name: { en: "convolutional", zh: "卷积层" },
                values: BOOK_NETWORKS.map((n) => sum(parametersOf(n).slice(0, n.cp.length))),
              },
              {
                name: { en: "fully connected and softmax", zh: "全连接层与 softmax" },
                values: BOOK_NETWORKS.map((n) => sum(parametersOf(n).slice(n.cp.length))),
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "What each network of the section holds, how many steps it is trained, and how little lambda = 0.1 takes off a weight in one of them. Two things surprise: a second convolution makes the network smaller, because the fully connected layer sees 640 neurons instead of 2,880; and the convolutions hold a few percent of the parameters wherever there is a large fully connected layer.",
    zh: "这一节每个网络有多少参数、训练多少步，以及 λ = 0.1 每步让权重缩小多少。有两点出人意料：加一个卷积层反而使网络变小，因为全连接层面对的是 640 个而不是 2,880 个神经元；只要有大的全连接层，卷积层就只占百分之几的参数。",
  },
  claims: [
    {
      measure: "sides",
      says: { en: "sides with two convolutions", zh: "两个卷积层时的边长" },
      reported: [28, 24, 12, 8, 4],
      accept: { equals: [28, 24, 12, 8, 4] },
    },
    {
      measure: "layersOf6C",
      says: { en: "layers of 6.C", zh: "6.C 各层" },
      accept: { equals: [520, 20040, 64100, 1010] },
    },
    {
      measure: "parameters",
      says: { en: "parameters of all of them", zh: "各网络的参数" },
      accept: { equals: PARAMETERS },
    },
    {
      measure: "withoutFullyConnected",
      says: {
        en: "without a fully connected layer (exercise): one and two convolutions",
        zh: "去掉全连接层（练习）：一个和两个卷积层",
      },
      accept: { equals: [29330, 26970] },
    },
    { measure: "iterations", says: { en: "steps", zh: "步数" }, accept: { equals: ITERATIONS } },
    {
      measure: "shrink",
      says: {
        en: "share that lambda takes off a weight in a step: 50,000 and 250,000 images",
        zh: "λ 每步让权重缩小的比例：50,000 与 250,000 幅图像",
      },
      accept: { equals: [6e-7, 1.2e-7] },
    },
    {
      measure: "lambdaOfNetwork2",
      says: { en: "lambda = 0.1 here is network2's", zh: "这里的 λ = 0.1 相当于 network2 的" },
      accept: { equals: 1 },
    },
    {
      measure: "ciresan",
      says: { en: "Ciresan's fully connected network of 2010", zh: "Ciresan 2010 年的全连接网络" },
      accept: { equals: 11_972_510 },
    },
    {
      measure: "ensembleErrors",
      says: { en: "an ensemble with 99.67 percent: errors of 10,000", zh: "99.67% 的集成：10,000 幅中的错误" },
      reported: 33,
      accept: { equals: 33 },
    },
  ],
};

export const experiments: readonly Experiment[] = [networks];
