// Chapter 4: losses, derivatives from differences, and gradient descent with a learning rate that is right, too large and too small.
import { backward, softmaxCrossEntropy, tensor } from "nabla";
import type { ContourChart } from "nabla/plot";
import type { Chapter, Experiment } from "../experiment.ts";
import { Matrix } from "../matrix.ts";
import { softmax } from "./activations.ts";
import { crossEntropyError, DELTA, sumSquaredError } from "./losses.ts";
import { forwardDiff, gradientDescent, numericalDiff, numericalGradient } from "./numerical.ts";
import { PRINTED_DIGITS, ROUNDING } from "./texts.ts";

const list = (matrix: Matrix): number[] => [...matrix.values];

const RIGHT = [0.1, 0.05, 0.6, 0, 0.05, 0.1, 0, 0.1, 0, 0];
const WRONG = [0.1, 0.05, 0.1, 0, 0.05, 0.1, 0, 0.6, 0, 0];
const TWO = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0];

const losses: Experiment = {
  id: "scratch/4-losses",
  title: { en: "Two losses", zh: "两种损失函数" },
  section: "4.2",
  kind: "construction",
  about: {
    en: "What an answer costs: half the sum of squares, and cross-entropy with 1e-7 inside the logarithm. The true digit is 2; the first answer gives it 0.6, the second gives 0.6 to the 7. Labels as one-hot rows and as class indices must cost the same.",
    zh: "一个输出的代价：半平方和，以及对数里加 1e-7 的交叉熵。正确答案是 2；第一个输出给它 0.6，第二个把 0.6 给了 7。标签用 one-hot 行或类别下标，代价必须相同。",
  },
  read: ["book/scratch/losses.ts", "book/scratch/chapter4.ts"],
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
};

/** The book's first function: its derivative at 5 is 0.2, at 10 it is 0.3. */
const function1 = (x: number): number => 0.01 * x ** 2 + 0.1 * x;
/** x0^2 + x1^2 */
const function2 = (x: Matrix): number => x.values.reduce((sum, value) => sum + value * value, 0);

const differences: Experiment = {
  id: "scratch/4-numerical-gradient",
  title: { en: "Derivatives from differences", zh: "数值微分" },
  section: "4.3",
  kind: "experiment",
  about: {
    en: "Central differences with h = 1e-4, in one variable, in two, and for the 2x3 weights of a network. A step of 1e-50 disappears in rounding and gives 0. The error is measured over a range of steps against the derivative of exp at 1, which is known: a smaller step is better only down to a point.",
    zh: "步长 h = 1e-4 的中心差分：一元、二元，以及一个网络的 2×3 权重。步长 1e-50 会被舍入吞没，得到 0。用 exp 在 1 处的已知导数，测出误差随步长的变化：步长并非越小越好。",
  },
  settings: { h: 1e-4 },
  read: ["book/scratch/numerical.ts", "book/scratch/chapter4.ts"],
  claims: [
    {
      measure: "slopes",
      says: { en: "slope of 0.01 x² + 0.1 x at 5 and at 10", zh: "0.01 x² + 0.1 x 在 5 和 10 处的导数" },
      reported: [0.2, 0.3],
      accept: { within: 1e-10 },
      because: { en: "rounding of f, 1e-16, divided by 2h", zh: "f 的舍入误差 1e-16 除以 2h" },
    },
    {
      measure: "lostStep",
      says: { en: "with h = 1e-50 the difference is 0", zh: "h = 1e-50 时差为 0" },
      accept: { equals: 0 },
    },
    {
      measure: "gradients",
      says: {
        en: "gradients of x0² + x1² at (3, 4), (0, 2), (3, 0)",
        zh: "x0² + x1² 在 (3, 4)、(0, 2)、(3, 0) 处的梯度",
      },
      reported: [6, 8, 0, 4, 6, 0],
      accept: { within: 1e-9 },
      because: { en: "rounding of f, 1e-15, divided by 2h", zh: "f 的舍入误差 1e-15 除以 2h" },
    },
    {
      measure: "weights",
      says: {
        en: "gradient by the 2x3 weights: differences against the framework's backpropagation",
        zh: "对 2×3 权重的梯度：数值微分与框架反向传播之差",
      },
      accept: { atMost: 1e-6 },
      because: {
        en: "the loss by hand has 1e-7 inside its logarithm; that alone changes gradients by up to 1e-7 divided by the probability",
        zh: "手写损失的对数里加了 1e-7，仅此就使梯度变化至多 1e-7 除以概率",
      },
    },
    {
      measure: "weightsWithoutDelta",
      says: { en: "the same without 1e-7 in the logarithm", zh: "对数里不加 1e-7 时的同一差异" },
      accept: { atMost: 1e-9 },
      because: { en: "rounding of the loss, 1e-16, divided by 2h", zh: "损失的舍入误差 1e-16 除以 2h" },
    },
    {
      measure: "bestStep",
      says: { en: "the central difference is most exact near h = 1e-5", zh: "中心差分在 h = 1e-5 附近最精确" },
      accept: { between: [1e-6, 1e-4] },
      because: {
        en: "truncation h²/6 and rounding 1e-16/h are equal at 6e-6; rounding scatters the minimum by a step of the grid",
        zh: "截断误差 h²/6 与舍入误差 1e-16/h 在 6e-6 处相等；舍入使最小值在网格上左右移动一格",
      },
    },
  ],
  async run() {
    const steps = Array.from({ length: 29 }, (_, i) => 10 ** (-14 + i / 2));
    const central = steps.map((h) => Math.abs(numericalDiff(Math.exp, 1, h) - Math.E));
    const forward = steps.map((h) => Math.abs(forwardDiff(Math.exp, 1, h) - Math.E));
    const W = Matrix.from([
      [0.47355232, 0.9977393, 0.84668094],
      [0.85557411, 0.03563661, 0.69422093],
    ]);
    const x = Matrix.row([0.6, 0.9]);
    const differencesWith = (delta: number) =>
      numericalGradient((w) => crossEntropyError(softmax(x.dot(w)), [2], delta), W);
    const byDifferences = differencesWith(DELTA);
    const w = tensor(W.toRows(), "float64").requireGradient();
    backward(softmaxCrossEntropy(tensor(x.toRows(), "float64").matmul(w), tensor([2], "int32")));
    const byBackpropagation = Array.from(w.gradient!.dataSync());
    const apart = ({ values }: Matrix) => Math.max(...byBackpropagation.map((value, i) => Math.abs(value - values[i])));
    const points = [
      [3, 4],
      [0, 2],
      [3, 0],
    ];
    return {
      measured: {
        slopes: [numericalDiff(function1, 5), numericalDiff(function1, 10)],
        lostStep: numericalDiff(function1, 5, 1e-50),
        gradients: points.flatMap((point) => list(numericalGradient(function2, Matrix.row(point)))),
        weights: apart(byDifferences),
        weightsWithoutDelta: apart(differencesWith(0)),
        bestStep: steps[central.indexOf(Math.min(...central))],
      },
      tables: [
        {
          title: { en: "Gradient by the 2x3 weights", zh: "对 2×3 权重的梯度" },
          columns: [
            { en: "weight", zh: "权重" },
            { en: "by differences", zh: "数值微分" },
            { en: "backpropagation", zh: "反向传播" },
          ],
          rows: byBackpropagation.map((value, i) => [
            `W[${Math.floor(i / 3)}][${i % 3}]`,
            byDifferences.values[i].toFixed(8),
            value.toFixed(8),
          ]),
        },
      ],
      figures: [
        {
          name: "error-by-step",
          chart: {
            kind: "line",
            title: { en: "Error of the derivative of exp at 1, by step", zh: "exp 在 1 处导数的误差与步长" },
            xAxis: { label: "h", scale: "log" },
            yAxis: { label: { en: "error", zh: "误差" }, scale: "log" },
            series: [
              { name: { en: "central", zh: "中心差分" }, x: steps, y: central, style: "line-points" },
              { name: { en: "forward", zh: "前向差分" }, x: steps, y: forward, style: "line-points" },
            ],
          },
        },
      ],
    };
  },
};

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
  id: "scratch/4-gradient-descent",
  title: { en: "Descent, and its learning rate", zh: "梯度下降与学习率" },
  section: "4.4",
  kind: "experiment",
  about: {
    en: "100 steps down x0² + x1² from (-3, 4). Rate 0.1 takes a fifth off each coordinate a step; rate 10 multiplies it by -19; rate 1e-10 hardly moves. The divergence comes to rest at about 1e13, which no exact descent would: there h = 1e-4 is less than the distance of two neighbouring float64 numbers, and the numerical gradient becomes 0.",
    zh: "从 (-3, 4) 出发，沿 x0² + x1² 下降 100 步。学习率 0.1 每步使坐标缩小五分之一；学习率 10 每步乘以 -19；学习率 1e-10 几乎不动。发散停在约 1e13 处，精确的下降不会这样：在那里 h = 1e-4 小于相邻 float64 数的间距，数值梯度变成了 0。",
  },
  settings: { steps: 100, start: "(-3, 4)", rates: "0.1, 10, 1e-10" },
  read: ["book/scratch/numerical.ts", "book/scratch/chapter4.ts"],
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
};

export const chapter: Chapter = {
  title: { en: "Learning: losses, gradients, descent", zh: "神经网络的学习" },
  guide: "scratch-4",
  experiments: [losses, differences, descent],
};
