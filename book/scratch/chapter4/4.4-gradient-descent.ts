// Section 4.4: gradient descent with the numerical gradient.
import type { ContourChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { gradientDescent, numericalGradient } from "../programs/numerical.ts";
import { PRINTED_DIGITS } from "../texts.ts";
import { function2, list } from "./4.3-numerical-gradient.ts";

/** x0^2 + x1^2 on a grid, with a path over it. */
function bowl(title: ContourChart["title"], history: readonly Matrix[]): ContourChart {
  const side = Array.from({ length: 46 }, (_, i) => -4.5 + i / 5);
  return {
    kind: "contour",
    title,
    xAxis: { label: "x0" },
    yAxis: { label: "x1" },
    x: side,
    y: side,
    z: side.map((b) => side.map((a) => a * a + b * b)),
    levels: [1, 4, 9, 16, 25],
    paths: [
      {
        name: { en: "descent", zh: "下降路径" },
        x: history.map((point) => point.values[0]),
        y: history.map((point) => point.values[1]),
        style: "line-points",
      },
    ],
  };
}

const descent: Experiment = {
  id: "scratch/4.4-gradient-descent",
  title: { en: "Descent, and its learning rate", zh: "梯度下降与学习率" },
  section: "4.4",
  kind: "experiment",
  settings: { steps: 100, start: "(-3, 4)", rates: "0.1, 10, 1e-10" },
  read: ["book/scratch/programs/numerical.ts", "book/scratch/chapter4/4.4-gradient-descent.ts"],
  async run() {
    const start = Matrix.row([-3, 4]);
    const run = (lr: number) => gradientDescent(function2, start, lr, 100);
    const [right, tooLarge, tooSmall] = [0.1, 10, 1e-10].map(run);
    let exact = -3;
    for (let i = 0; i < 100; i++) exact -= 10 * 2 * exact;
    const distance = (history: readonly Matrix[]) => history.map((point) => point.norm());
    const from0 = Array.from({ length: 101 }, (_, i) => i);
    return {
      measured: {
        right: list(right.x).map((value) => value * 1e10),
        tooLarge: list(tooLarge.x).map((value) => value * 1e-13),
        tooSmall: list(tooSmall.x),
        gradientWhereItStopped: list(numericalGradient(function2, tooLarge.x)),
        exactGrowth: Math.abs(exact),
        startIsKept: list(start),
      },
      figures: [
        {
          name: "path",
          chart: bowl({ en: "Rate 0.1 from (-3, 4)", zh: "学习率 0.1，从 (-3, 4) 出发" }, right.history),
          width: 560,
          height: 520,
        },
        {
          name: "rates",
          chart: {
            kind: "line",
            title: { en: "Distance from the minimum", zh: "到最小值点的距离" },
            xAxis: { label: { en: "step", zh: "步数" } },
            yAxis: { label: { en: "distance", zh: "距离" }, scale: "log" },
            series: [
              { name: "lr = 0.1", x: from0, y: distance(right.history) },
              { name: "lr = 10", x: from0, y: distance(tooLarge.history) },
              { name: "lr = 1e-10", x: from0, y: distance(tooSmall.history) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "100 steps down x0² + x1² from (-3, 4). Rate 0.1 takes a fifth off each coordinate a step; rate 10 multiplies it by -19; rate 1e-10 hardly moves. The divergence comes to rest at about 1e13, which no exact descent would: there h = 1e-4 is less than the distance of two neighbouring float64 numbers, and the numerical gradient becomes 0.",
    zh: "从 (-3, 4) 出发，沿 x0² + x1² 下降 100 步。学习率 0.1 每步使坐标缩小五分之一；学习率 10 每步乘以 -19；学习率 1e-10 几乎不动。发散停在约 1e13 处，精确的下降不会这样：在那里 h = 1e-4 小于相邻 float64 数的间距，数值梯度变成了 0。",
  },
  claims: [
    {
      measure: "right",
      says: {
        en: "rate 0.1 ends at (-6.11e-10, 8.15e-10), here in units of 1e-10",
        zh: "学习率 0.1 到达 (-6.11e-10, 8.15e-10)，单位 1e-10",
      },
      reported: [-6.11110793, 8.14814391],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "tooLarge",
      says: {
        en: "rate 10 ends at (-2.59e13, -1.30e12), here in units of 1e13",
        zh: "学习率 10 到达 (-2.59e13, -1.30e12)，单位 1e13",
      },
      reported: [-2.58983747, -0.129524862],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "tooSmall",
      says: { en: "rate 1e-10 ends at (-2.99999994, 3.99999992)", zh: "学习率 1e-10 到达 (-2.99999994, 3.99999992)" },
      reported: [-2.99999994, 3.99999992],
      accept: { within: 5e-9 },
      because: PRINTED_DIGITS,
    },
    {
      measure: "gradientWhereItStopped",
      says: { en: "where rate 10 came to rest the numerical gradient is 0", zh: "学习率 10 停下之处，数值梯度为 0" },
      accept: { equals: [0, 0] },
    },
    {
      measure: "exactGrowth",
      says: {
        en: "with the exact gradient it would be at 19^100 times the start",
        zh: "若用精确梯度，将到达起点的 19^100 倍",
      },
      accept: { atLeast: 1e127 },
      because: { en: "19^100 is 7.5e127", zh: "19^100 为 7.5e127" },
    },
    {
      measure: "startIsKept",
      says: {
        en: "the start is as it was: the Python function moves the array it is given",
        zh: "起点保持不变：Python 函数会改动传入的数组",
      },
      accept: { equals: [-3, 4] },
    },
  ],
};

export const experiments: readonly Experiment[] = [descent];
