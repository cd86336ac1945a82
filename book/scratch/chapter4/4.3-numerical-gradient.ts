// Section 4.3: derivatives by differences, forward and central.
import { backward, softmaxCrossEntropy, tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { softmax } from "../programs/activations.ts";
import { crossEntropyError, DELTA } from "../programs/losses.ts";
import { forwardDiff, numericalDiff, numericalGradient } from "../programs/numerical.ts";

export const list = (matrix: Matrix): number[] => [...matrix.values];

/** The book's first function: its derivative at 5 is 0.2, at 10 it is 0.3. */
const function1 = (x: number): number => 0.01 * x ** 2 + 0.1 * x;

/** x0^2 + x1^2 */
export const function2 = (x: Matrix): number => x.values.reduce((sum, value) => sum + value * value, 0);

const differences: Experiment = {
  id: "scratch/4.3-numerical-gradient",
  title: { en: "Derivatives from differences", zh: "数值微分" },
  section: "4.3",
  kind: "experiment",
  settings: { h: 1e-4 },
  read: ["book/scratch/programs/numerical.ts", "book/scratch/chapter4/4.3-numerical-gradient.ts"],
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
  about: {
    en: "Central differences with h = 1e-4, in one variable, in two, and for the 2x3 weights of a network. A step of 1e-50 disappears in rounding and gives 0. The error is measured over a range of steps against the derivative of exp at 1, which is known: a smaller step is better only down to a point.",
    zh: "步长 h = 1e-4 的中心差分：一元、二元，以及一个网络的 2×3 权重。步长 1e-50 会被舍入吞没，得到 0。用 exp 在 1 处的已知导数，测出误差随步长的变化：步长并非越小越好。",
  },
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
};

export const experiments: readonly Experiment[] = [differences];
