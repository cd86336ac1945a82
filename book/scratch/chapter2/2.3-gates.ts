// Section 2.3: AND, NAND and OR as perceptrons.
import type { ScatterChart, Text } from "nabla/plot";
import type { Claim, Experiment } from "../../experiment.ts";
import { AND, NAND, OR, thresholdGate } from "../programs/gates.ts";

const read = ["book/scratch/programs/gates.ts", "book/scratch/chapter2/2.3-gates.ts"];

/** In the order in which the book prints them. */
export const INPUTS = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

export const answers = (gate: (x1: number, x2: number) => number): number[] => INPUTS.map(([x1, x2]) => gate(x1, x2));

export const TRUTH = { AND: [0, 0, 0, 1], NAND: [1, 1, 1, 0], OR: [0, 1, 1, 1], XOR: [0, 1, 1, 0] } as const;

export function truthClaim(name: keyof typeof TRUTH, weights: string): Claim {
  return {
    measure: name,
    says: { en: `${name} with ${weights}, on 00, 10, 01, 11`, zh: `${name}（${weights}）对 00、10、01、11 的输出` },
    reported: TRUTH[name],
    accept: { equals: TRUTH[name] },
  };
}

/** The four inputs by answer, and lines b + w1 x1 + w2 x2 = 0. */
export function plane(
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
  id: "scratch/2.3-gates",
  title: { en: "AND, NAND and OR", zh: "与门、与非门、或门" },
  section: "2.3",
  kind: "construction",
  settings: { AND: "0.5, 0.5, -0.7", NAND: "-0.5, -0.5, 0.7", OR: "0.5, 0.5, -0.2" },
  read,
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
  about: {
    en: "One unit, three gates: only the numbers differ. The threshold form and the bias form are the same unit, with b = -theta.",
    zh: "同一个单元，三种门：只是参数不同。阈值写法与偏置写法是同一个单元，b = -theta。",
  },
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
};

export const experiments: readonly Experiment[] = [gates];
