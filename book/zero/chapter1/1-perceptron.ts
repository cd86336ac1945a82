// Part 1, the perceptron: gates by hand, a gate that is learnt, and the one that no perceptron can learn.
import type { ScatterChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Perceptron } from "../programs/perceptron.ts";

const read = ["book/zero/programs/perceptron.ts", "book/zero/chapter1/1-perceptron.ts"];

/** In the order in which the series trains. */
const INPUTS = [
  [1, 1],
  [0, 0],
  [1, 0],
  [0, 1],
] as const;
const AND = [1, 0, 0, 0] as const;
const XOR = [0, 0, 1, 1] as const;

/** The four points by class, and the line w x + b = 0 where there is one. */
function plane(title: { en: string; zh: string }, labels: readonly number[], unit?: Perceptron): ScatterChart {
  const pointsOf = (label: number) => INPUTS.filter((_, i) => labels[i] === label);
  const line = (x: number) => (unit === undefined ? 0 : -(unit.bias + unit.weights[0] * x) / unit.weights[1]);
  return {
    kind: "scatter",
    title,
    xAxis: { label: "x1", min: -0.5, max: 1.5 },
    yAxis: { label: "x2", min: -0.5, max: 1.5 },
    series: [
      ...[0, 1].map((label) => ({
        name: { en: `class ${label}`, zh: `类别 ${label}` },
        x: pointsOf(label).map(([x]) => x),
        y: pointsOf(label).map(([, y]) => y),
      })),
      ...(unit === undefined
        ? []
        : [
            {
              name: { en: "w x + b = 0", zh: "w x + b = 0" },
              x: [-0.5, 1.5],
              y: [line(-0.5), line(1.5)],
              style: "line" as const,
            },
          ]),
    ],
  };
}

const learnAnd: Experiment = {
  id: "zero/1-and",
  title: { en: "A perceptron learns AND", zh: "感知器学习 AND" },
  section: "1",
  kind: "experiment",
  settings: { iterations: 10, rate: 0.1 },
  read,
  async run() {
    const unit = new Perceptron(2);
    const trace: number[] = [];
    for (let pass = 0; pass < 10; pass++) {
      unit.oneIteration(INPUTS, AND, 0.1);
      trace.push(...unit.weights, unit.bias);
    }
    return {
      measured: {
        weights: unit.weights,
        bias: unit.bias,
        answers: INPUTS.map((input) => unit.predict(input)),
        trace: trace.slice(0, 12),
      },
      figures: [
        { name: "and", chart: plane({ en: "AND, and the line that was learnt", zh: "AND 与学到的分界线" }, AND, unit) },
      ],
    };
  },
  about: {
    en: "Four samples, ten passes, rate 0.1, everything from 0. The rule corrects the weights only after a wrong answer, so it stops by itself once all four answers are right: after the fourth pass nothing moves any more.",
    zh: "四个样本，迭代十轮，学习率 0.1，参数全部从 0 开始。只有答错时规则才修正权重，因此四个答案都正确之后便自行停止：第四轮之后参数不再变化。",
  },
  claims: [
    {
      measure: "weights",
      says: { en: "the trained weights", zh: "训练后的权重" },
      reported: [0.1, 0.2],
      accept: { within: 1e-12 },
      because: { en: "sums of tenths in float64", zh: "float64 中若干个 0.1 之和" },
    },
    {
      measure: "bias",
      says: { en: "the trained bias", zh: "训练后的偏置" },
      reported: -0.2,
      accept: { within: 1e-12 },
      because: { en: "sums of tenths in float64", zh: "float64 中若干个 0.1 之和" },
    },
    {
      measure: "answers",
      says: { en: "answers to 11, 00, 10, 01", zh: "对 11、00、10、01 的回答" },
      reported: AND,
      accept: { equals: AND },
    },
    {
      measure: "trace",
      says: { en: "w1, w2, b after each of the first four passes", zh: "前四轮每轮之后的 w1、w2、b" },
      reported: [0, 0.1, -0.1, 0, 0.1, -0.2, 0.1, 0.1, -0.2, 0.1, 0.2, -0.2],
      accept: { within: 1e-12 },
      because: { en: "sums of tenths in float64", zh: "float64 中若干个 0.1 之和" },
    },
  ],
};

const tryXor: Experiment = {
  id: "zero/1-xor",
  title: { en: "No perceptron learns XOR", zh: "感知器学不会 XOR" },
  section: "1",
  kind: "experiment",
  settings: { iterations: 1000, rate: 0.1 },
  read,
  async run() {
    const unit = new Perceptron(2);
    let passesWithoutMistake = 0;
    for (let pass = 0; pass < 1000; pass++) {
      unit.oneIteration(INPUTS, XOR, 0.1);
      if (INPUTS.every((input, i) => unit.predict(input) === XOR[i])) passesWithoutMistake += 1;
    }
    return {
      measured: { passesWithoutMistake },
      figures: [
        { name: "xor", chart: plane({ en: "XOR: no line separates the classes", zh: "XOR：没有直线能分开两类" }, XOR) },
      ],
    };
  },
  about: {
    en: "The same rule on the same inputs with the labels of XOR. No line separates the classes, so some answer is always wrong and the weights never come to rest.",
    zh: "同样的规则、同样的输入，标签换成 XOR。没有直线能分开两类，因此总有答案是错的，权重永远不会停下来。",
  },
  claims: [
    {
      measure: "passesWithoutMistake",
      says: { en: "XOR can't be separated: no pass is without a mistake", zh: "XOR 线性不可分：没有一轮全部答对" },
      accept: { equals: 0 },
    },
  ],
};

export const experiments: readonly Experiment[] = [learnAnd, tryXor];
