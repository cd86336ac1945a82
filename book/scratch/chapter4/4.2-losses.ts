// Section 4.2: squared error and cross-entropy, for one sample and for a batch.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { crossEntropyError, sumSquaredError } from "../programs/losses.ts";
import { ROUNDING } from "../texts.ts";

const RIGHT = [0.1, 0.05, 0.6, 0, 0.05, 0.1, 0, 0.1, 0, 0];

const WRONG = [0.1, 0.05, 0.1, 0, 0.05, 0.1, 0, 0.6, 0, 0];

const TWO = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0];

const losses: Experiment = {
  id: "scratch/4.2-losses",
  title: { en: "Two losses", zh: "两种损失函数" },
  section: "4.2",
  kind: "construction",
  read: ["book/scratch/programs/losses.ts", "book/scratch/chapter4/4.2-losses.ts"],
  async run() {
    const both = Matrix.from([RIGHT, WRONG]);
    const oneHot = Matrix.from([TWO, TWO]);
    const [right, wrong, two] = [Matrix.row(RIGHT), Matrix.row(WRONG), Matrix.row(TWO)];
    const entropies = [crossEntropyError(right, two), crossEntropyError(wrong, two)];
    const batch = crossEntropyError(both, oneHot);
    const p = Array.from({ length: 200 }, (_, i) => (i + 1) / 200);
    return {
      measured: {
        squares: sumSquaredError(right, two),
        squaresWrong: sumSquaredError(wrong, two),
        entropies,
        batchDifference: Math.abs(batch - (entropies[0] + entropies[1]) / 2),
        byIndexDifference: Math.abs(batch - crossEntropyError(both, [2, 2])),
      },
      figures: [
        {
          name: "entropy",
          chart: {
            kind: "line",
            title: { en: "Cost of the probability given to the true class", zh: "正确类别所得概率对应的代价" },
            xAxis: { label: { en: "probability of the true class", zh: "正确类别的概率" }, min: 0, max: 1 },
            yAxis: { label: { en: "loss", zh: "损失" } },
            series: [
              { name: { en: "cross-entropy", zh: "交叉熵" }, x: p, y: p.map((value) => -Math.log(value)) },
              { name: { en: "half the square", zh: "半平方" }, x: p, y: p.map((value) => 0.5 * (1 - value) ** 2) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "What an answer costs: half the sum of squares, and cross-entropy with 1e-7 inside the logarithm. The true digit is 2; the first answer gives it 0.6, the second gives 0.6 to the 7. Labels as one-hot rows and as class indices must cost the same.",
    zh: "一个输出的代价：半平方和，以及对数里加 1e-7 的交叉熵。正确答案是 2；第一个输出给它 0.6，第二个把 0.6 给了 7。标签用 one-hot 行或类别下标，代价必须相同。",
  },
  claims: [
    {
      measure: "squares",
      says: { en: "half the sum of squares of the right answer", zh: "正确输出的半平方和" },
      reported: 0.0975,
      accept: { within: 1e-12 },
      because: ROUNDING,
    },
    {
      measure: "squaresWrong",
      says: { en: "of the wrong answer: (0.1² + 0.05² + 0.9² + 0.05² + 0.1² + 0.6²) / 2", zh: "错误输出的半平方和" },
      reported: 0.5975,
      accept: { within: 1e-12 },
      because: ROUNDING,
    },
    {
      measure: "entropies",
      says: {
        en: "cross-entropy of both: -ln(0.6 + 1e-7), -ln(0.1 + 1e-7)",
        zh: "两者的交叉熵：-ln(0.6 + 1e-7)、-ln(0.1 + 1e-7)",
      },
      reported: [0.510825457099338, 2.302584092994546],
      accept: { within: 1e-12 },
      because: ROUNDING,
    },
    {
      measure: "batchDifference",
      says: { en: "a batch costs the mean of its rows", zh: "小批量的代价是各行的平均" },
      accept: { atMost: 1e-15 },
      because: ROUNDING,
    },
    {
      measure: "byIndexDifference",
      says: { en: "class indices cost what one-hot rows cost", zh: "类别下标与 one-hot 行的代价相同" },
      accept: { equals: 0 },
    },
  ],
};

export const experiments: readonly Experiment[] = [losses];
