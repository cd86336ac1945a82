// Chapter 2: gates as perceptrons whose weights are chosen by hand, and XOR from three of them.
import type { ScatterChart, Text } from "nabla/plot";
import type { Chapter, Claim, Experiment } from "../experiment.ts";
import { AND, NAND, OR, thresholdGate, XOR } from "./gates.ts";

const read = ["book/scratch/gates.ts", "book/scratch/chapter2.ts"];

/** In the order in which the book prints them. */
const INPUTS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

const answers = (gate: (x1: number, x2: number) => number): number[] => INPUTS.map(([x1, x2]) => gate(x1, x2));

const TRUTH = { AND: [0, 0, 0, 1], NAND: [1, 1, 1, 0], OR: [0, 1, 1, 1], XOR: [0, 1, 1, 0] } as const;

function truthClaim(name: keyof typeof TRUTH, weights: string): Claim {
  return {
    measure: name,
    says: { en: `${name} with ${weights}, on 00, 10, 01, 11`, zh: `${name}（${weights}）对 00、10、01、11 的输出` },
    reported: TRUTH[name],
    accept: { equals: TRUTH[name] },
  };
}

/** The four inputs by answer, and lines b + w1 x1 + w2 x2 = 0. */
function plane(
  title: Text,
  truth: readonly number[],
  lines: readonly { name: Text; w: readonly [number, number]; b: number }[],
): ScatterChart {
  const at = (answer: number) => INPUTS.filter((_, i) => truth[i] === answer);
  const ends = [-0.5, 1.5];
  return {
    kind: "scatter",
    title,
    xAxis: { label: "x1", min: -0.5, max: 1.5 },
    yAxis: { label: "x2", min: -0.5, max: 1.5 },
    series: [
      ...[0, 1].map((answer) => ({
        name: { en: `answer ${answer}`, zh: `输出 ${answer}` },
        x: at(answer).map(([x1]) => x1),
        y: at(answer).map(([, x2]) => x2),
      })),
      ...lines.map(({ name, w, b }) => ({
        name,
        x: ends,
        y: ends.map((x1) => -(b + w[0] * x1) / w[1]),
        style: "line" as const,
      })),
    ],
  };
}

const gates: Experiment = {
  id: "scratch/2-gates",
  title: { en: "AND, NAND and OR", zh: "与门、与非门、或门" },
  section: "2.3",
  kind: "construction",
  about: {
    en: "One unit, three gates: only the numbers differ. The threshold form and the bias form are the same unit, with b = -theta.",
    zh: "同一个单元，三种门：只是参数不同。阈值写法与偏置写法是同一个单元，b = -theta。",
  },
  settings: { AND: "0.5, 0.5, -0.7", NAND: "-0.5, -0.5, 0.7", OR: "0.5, 0.5, -0.2" },
  read,
  claims: [
    truthClaim("AND", "w = 0.5, 0.5; b = -0.7"),
    truthClaim("NAND", "w = -0.5, -0.5; b = 0.7"),
    truthClaim("OR", "w = 0.5, 0.5; b = -0.2"),
    {
      measure: "threshold",
      says: { en: "AND with the threshold 0.7 answers the same", zh: "阈值为 0.7 的与门给出相同的输出" },
      accept: { equals: TRUTH.AND },
    },
  ],
  async run() {
    return {
      measured: {
        AND: answers(AND),
        NAND: answers(NAND),
        OR: answers(OR),
        threshold: answers(thresholdGate(0.5, 0.5, 0.7)),
      },
      figures: [
        {
          name: "or",
          chart: plane({ en: "OR: one line divides the plane", zh: "或门：一条直线分开平面" }, TRUTH.OR, [
            { name: "-0.2 + 0.5 x1 + 0.5 x2 = 0", w: [0.5, 0.5], b: -0.2 },
          ]),
        },
      ],
    };
  },
};

/** Weights and bias from -1 to 1 in steps of 0.1. */
const GRID = Array.from({ length: 21 }, (_, i) => (i - 10) / 10);

const xor: Experiment = {
  id: "scratch/2-xor",
  title: { en: "XOR from the three", zh: "用三种门组成异或门" },
  section: "2.5",
  kind: "construction",
  about: {
    en: "XOR(x1, x2) = AND(NAND(x1, x2), OR(x1, x2)): two lines enclose the strip in which the answer is 1. A single unit can't do it; of all 9,261 with weights and bias on a grid from -1 to 1, none does, while AND and OR are found many times.",
    zh: "XOR(x1, x2) = AND(NAND(x1, x2), OR(x1, x2))：两条直线围出输出为 1 的带状区域。单个单元做不到：权重和偏置取遍 -1 到 1 的网格，共 9,261 种，没有一种是异或，而与门、或门都能找到许多。",
  },
  read,
  claims: [
    truthClaim("XOR", "NAND, OR, AND"),
    {
      measure: "singleUnits",
      says: { en: "single units that are XOR: none", zh: "能实现异或的单个单元：没有" },
      accept: { equals: 0 },
    },
    {
      measure: "singleAndUnits",
      says: { en: "the same search finds AND", zh: "同样的搜索能找到与门" },
      accept: { atLeast: 1 },
      because: { en: "one is known: the book's own", zh: "已知至少有一个：书中给出的那个" },
    },
  ],
  async run() {
    const count = (truth: readonly number[]): number => {
      let found = 0;
      for (const w1 of GRID) {
        for (const w2 of GRID) {
          for (const b of GRID)
            if (INPUTS.every(([x1, x2], i) => (b + w1 * x1 + w2 * x2 > 0 ? 1 : 0) === truth[i])) found++;
        }
      }
      return found;
    };
    return {
      measured: { XOR: answers(XOR), singleUnits: count(TRUTH.XOR), singleAndUnits: count(TRUTH.AND) },
      figures: [
        {
          name: "xor",
          chart: plane({ en: "XOR lies between two lines", zh: "异或位于两条直线之间" }, TRUTH.XOR, [
            { name: "OR", w: [0.5, 0.5], b: -0.2 },
            { name: "NAND", w: [-0.5, -0.5], b: 0.7 },
          ]),
        },
      ],
    };
  },
};

export const chapter: Chapter = {
  title: { en: "The perceptron", zh: "感知机" },
  guide: "scratch-2",
  experiments: [gates, xor],
};
