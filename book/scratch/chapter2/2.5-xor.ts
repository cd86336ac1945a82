// Section 2.5: XOR from three gates, which one line can't part.
import type { Experiment } from "../../experiment.ts";
import { XOR } from "../programs/gates.ts";
import { answers, INPUTS, plane, TRUTH, truthClaim } from "./2.3-gates.ts";

const read = ["book/scratch/programs/gates.ts", "book/scratch/chapter2/2.5-xor.ts"];

/** Weights and bias from -1 to 1 in steps of 0.1. */
const GRID = Array.from({ length: 21 }, (_, i) => (i - 10) / 10);

const xor: Experiment = {
  id: "scratch/2.5-xor",
  title: { en: "XOR from the three", zh: "用三种门组成异或门" },
  section: "2.5",
  kind: "construction",
  read,
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
  about: {
    en: "XOR(x1, x2) = AND(NAND(x1, x2), OR(x1, x2)): two lines enclose the strip in which the answer is 1. A single unit can't do it; of all 9,261 with weights and bias on a grid from -1 to 1, none does, while AND and OR are found many times.",
    zh: "XOR(x1, x2) = AND(NAND(x1, x2), OR(x1, x2))：两条直线围出输出为 1 的带状区域。单个单元做不到：权重和偏置取遍 -1 到 1 的网格，共 9,261 种，没有一种是异或，而与门、或门都能找到许多。",
  },
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
};

export const experiments: readonly Experiment[] = [xor];
