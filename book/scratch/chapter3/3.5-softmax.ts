// Section 3.5: softmax, and the overflow that it hides.
import { tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { naiveSoftmax, softmax } from "../programs/activations.ts";
import { PRINTED_DIGITS, ROUNDING } from "../texts.ts";
import { list } from "./3.2-activations.ts";

const SCORES = [0.3, 2.9, 4.0];

const LARGE = [1010, 1000, 990];

const softmaxes: Experiment = {
  id: "scratch/3.5-softmax",
  title: { en: "Softmax without overflow", zh: "不溢出的 softmax" },
  section: "3.5",
  kind: "experiment",
  read: ["book/scratch/programs/activations.ts", "book/scratch/chapter3/3.5-softmax.ts"],
  async run() {
    const large = list(softmax(Matrix.row(LARGE)));
    const framework = Array.from(tensor(LARGE, "float64").softmax().dataSync());
    return {
      measured: {
        scores: list(softmax(Matrix.row(SCORES))),
        naiveIsNan: list(naiveSoftmax(Matrix.row(LARGE))).filter(Number.isNaN).length,
        large,
        largeInUnits: [large[1] * 1e5, large[2] * 1e9],
        frameworkDifference: Math.max(...framework.map((value, i) => Math.abs(value - large[i]))),
      },
    };
  },
  about: {
    en: "exp(1010) is beyond the largest float64, so the formula as it stands gives infinity / infinity. A constant taken off all scores cancels in the quotient; the largest score is the constant with which no exponent is positive.",
    zh: "exp(1010) 超出 float64 的范围，按公式直接计算得到 无穷大 / 无穷大。所有输入减去同一常数，商不变；减去最大值，就不再有正的指数。",
  },
  claims: [
    {
      measure: "scores",
      says: { en: "softmax of 0.3, 2.9, 4.0", zh: "0.3、2.9、4.0 的 softmax" },
      reported: [0.01821127, 0.24519181, 0.73659691],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "naiveIsNan",
      says: {
        en: "done naively, 1010, 1000, 990 give three times nan",
        zh: "直接计算 1010、1000、990，三个结果都是 nan",
      },
      reported: 3,
      accept: { equals: 3 },
    },
    {
      measure: "large",
      says: { en: "with the maximum subtracted", zh: "减去最大值之后" },
      reported: [9.999546e-1, 4.53978686e-5, 2.06106005e-9],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "largeInUnits",
      says: {
        en: "the small ones to nine digits: in units of 1e-5 and 1e-9",
        zh: "两个小数值精确到九位：以 1e-5 和 1e-9 为单位",
      },
      reported: [4.53978686, 2.06106005],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "frameworkDifference",
      says: { en: "the framework's softmax differs by nothing but rounding", zh: "框架的 softmax 只有舍入差异" },
      accept: { atMost: 1e-15 },
      because: ROUNDING,
    },
  ],
};

export const experiments: readonly Experiment[] = [softmaxes];
