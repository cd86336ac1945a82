// Chapter 4, one input: bumps side by side approximate any function, and the better the more there are.
import type { PointSeries } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import {
  bumps,
  deviation,
  f113,
  logit,
  middles,
  OneHiddenLayer,
  order,
  overlappingBumps,
} from "../programs/universality.ts";

const read = ["book/nndl/programs/universality.ts", "book/nndl/chapter4/4.2-bumps.ts"];
const xs = Array.from({ length: 601 }, (_, i) => i / 600);
const unit = { label: "x", min: 0, max: 1 };

/** A curve over [0, 1]. */
const over = (name: PointSeries["name"], f: (x: number) => number, more: Partial<PointSeries> = {}): PointSeries => ({
  name,
  x: xs,
  y: xs.map(f),
  ...more,
});

const target = (x: number) => logit(f113(x));
const points = middles(2000).map((x) => [x]);

export const fiveBumps: Experiment = {
  id: "nndl/4.2-five-bumps",
  title: { en: "Five bumps for the function (113)", zh: "用五个凸块逼近函数 (113)" },
  section: "4.2",
  kind: "construction",
  settings: { bumps: 5, "hidden neurons": 10, w: 1000 },
  read,
  async run() {
    const [middle, median] = (["middle", "median"] as const).map(
      (height) => new OneHiddenLayer(bumps(target, 5, 1000, height)),
    );
    const [byMiddle, byMedian] = [middle, median].map((network) =>
      deviation(
        points,
        (x) => network.weightedSum(x),
        ([x]) => target(x),
      ),
    );
    const output = deviation(
      points,
      (x) => median.output(x),
      ([x]) => f113(x),
    );
    return {
      measured: { median: byMedian.mean, middle: byMiddle.mean, outputDeviation: output.mean },
      figures: [
        {
          name: "sum",
          chart: {
            kind: "line",
            title: { en: "The weighted sum aims at σ⁻¹(f(x))", zh: "加权和逼近 σ⁻¹(f(x))" },
            xAxis: unit,
            yAxis: { label: { en: "weighted sum", zh: "加权和" } },
            series: [
              over("σ⁻¹(f(x))", target),
              over({ en: "five bumps, medians", zh: "五个凸块，取中位数" }, (x) => median.weightedSum([x])),
            ],
          },
        },
        {
          name: "output",
          chart: {
            kind: "line",
            title: { en: "The output, and the function (113)", zh: "网络输出与函数 (113)" },
            xAxis: unit,
            yAxis: { label: { en: "output", zh: "输出" }, min: 0, max: 1 },
            series: [
              over("f(x)", f113),
              over({ en: "network of 10 hidden neurons", zh: "10 个隐藏神经元的网络" }, (x) => median.output([x])),
            ],
          },
        },
      ],
      notes: [
        {
          en: `With values at the middle the mean deviation is ${byMiddle.mean.toFixed(3)}: not every formula for the heights reaches the goal. Medians: ${byMedian.mean.toFixed(3)}, and ${output.mean.toFixed(3)} after the sigmoid.`,
          zh: `取中点的值时平均偏差为 ${byMiddle.mean.toFixed(3)}，可见并非任何公式都能达标。取中位数时为 ${byMedian.mean.toFixed(3)}，经过 sigmoid 之后为 ${output.mean.toFixed(3)}。`,
        },
      ],
    };
  },
  about: {
    en: "The book asks its reader to draw f(x) = 0.2 + 0.4x² + 0.3x sin(15x) + 0.05 cos(50x) with the sliders of five bumps, until the mean deviation is at most 0.40. The output neuron is a sigmoid, so the weighted sum aims at σ⁻¹(f(x)), and the deviation is counted there. Heights by two formulas: the value at a bump's middle, and the median over its interval, which is what makes the mean deviation least.",
    zh: "书中请读者拖动五个凸块的滑块，画出 f(x) = 0.2 + 0.4x² + 0.3x sin(15x) + 0.05 cos(50x)，使平均偏差不超过 0.40。输出神经元是 sigmoid，所以加权和要逼近的是 σ⁻¹(f(x))，偏差也在那里计算。高度由两个公式给出：凸块中点处的值，以及区间上的中位数——后者使平均偏差最小。",
  },
  claims: [
    {
      measure: "median",
      says: { en: "a mean deviation of at most 0.40 can be reached", zh: "平均偏差可以达到 0.40 以下" },
      reported: 0.4,
      accept: { atMost: 0.4 },
      because: { en: "the goal of the book's game", zh: "书中游戏的目标" },
    },
  ],
};

export const sweep: Experiment = {
  id: "nndl/4.2-more-bumps",
  title: { en: "The error falls as neurons are added", zh: "神经元越多，误差越小" },
  section: "4.2",
  kind: "experiment",
  settings: { bumps: "5 to 320", w: 1000 },
  read,
  async run() {
    const counts = [5, 10, 20, 40, 80, 160, 320];
    const errors = counts.map((n) => {
      const network = new OneHiddenLayer(bumps(target, n, 1000));
      return deviation(
        points,
        (x) => network.output(x),
        ([x]) => f113(x),
      );
    });
    const means = errors.map(({ mean }) => mean);
    const beyond = counts.map((n) => {
      const network = new OneHiddenLayer(overlappingBumps(target, n, 20 * n, 1));
      return deviation(
        points,
        (x) => network.output(x),
        ([x]) => f113(x),
      ).largest;
    });
    const twenty = new OneHiddenLayer(bumps(target, 20, 1000));
    return {
      measured: {
        alwaysFalls: means.every((error, i) => i === 0 || error < means[i - 1]),
        order: order(counts, means),
        largestWithEnds: beyond[beyond.length - 1],
        finest: means[means.length - 1],
      },
      figures: [
        {
          name: "error",
          chart: {
            kind: "line",
            title: { en: "Error of the output by the number of hidden neurons", zh: "输出误差与隐藏神经元数" },
            xAxis: { label: { en: "hidden neurons", zh: "隐藏神经元数" }, scale: "log" },
            yAxis: { label: { en: "error", zh: "误差" }, scale: "log" },
            series: [
              { name: { en: "mean", zh: "平均" }, x: counts.map((n) => 2 * n), y: means, style: "line-points" },
              {
                name: { en: "largest", zh: "最大" },
                x: counts.map((n) => 2 * n),
                y: errors.map(({ largest }) => largest),
                style: "line-points",
              },
              {
                name: { en: "largest, with bumps beyond the ends and w = 20 N", zh: "最大，两端加凸块，w = 20 N" },
                x: counts.map((n) => 2 * n + 4),
                y: beyond,
                style: "line-points",
              },
            ],
          },
        },
        {
          name: "twenty",
          chart: {
            kind: "line",
            title: { en: "Twenty bumps, 40 hidden neurons", zh: "二十个凸块，40 个隐藏神经元" },
            xAxis: unit,
            yAxis: { label: { en: "output", zh: "输出" }, min: 0, max: 1 },
            series: [over("f(x)", f113), over({ en: "network", zh: "网络" }, (x) => twenty.output([x]))],
          },
        },
      ],
    };
  },
  about: {
    en: "The theorem's promise, measured: for every tolerance there are enough neurons. N bumps take 2N hidden neurons; N is doubled from 5 to 320 and the error of the output is taken. The mean falls without end; the largest does not, because the first and last step stand at the ends of [0, 1] and are half done there. A bump beyond either end, and steps that stay narrower than a bump (w = 20 N), mend that.",
    zh: "度量定理的承诺：无论要求多高的精度，只要神经元足够多就能达到。N 个凸块需要 2N 个隐藏神经元；N 从 5 逐次加倍到 320，测量输出的误差。平均误差不断下降，最大误差却不然：首尾两个阶跃正好立在 [0, 1] 的端点，在那里只走了一半。两端各多放一个凸块，并让阶跃始终比凸块窄（w = 20 N），即可解决。",
  },
  claims: [
    {
      measure: "alwaysFalls",
      says: {
        en: "more neurons approximate better: every doubling lowers the mean error",
        zh: "神经元越多逼近越好：每次加倍平均误差都下降",
      },
      accept: { equals: true },
    },
    {
      measure: "order",
      says: {
        en: "bumps of width 1/N have errors of order 1/N: the power of N",
        zh: "宽 1/N 的凸块误差为 1/N 阶：N 的幂次",
      },
      accept: { between: [-2, -0.9] },
      because: {
        en: "-1 for true steps; once a bump is hardly wider than a step of w = 1000 is, the steps round the staircase and the error falls faster",
        zh: "真正的阶跃为 -1；凸块窄到与 w = 1000 的阶跃宽度相当时，台阶被磨圆，误差下降得更快",
      },
    },
    {
      measure: "largestWithEnds",
      says: {
        en: "and so at every point: largest error with N = 320, a bump beyond either end, w = 20 N",
        zh: "而且处处如此：N = 320、两端各多一个凸块、w = 20 N 时的最大误差",
      },
      accept: { atMost: 0.012 },
      because: {
        en: "the slope of f is at most 7, so from a bump's middle it moves by 7/640 = 0.011 at most",
        zh: "f 的斜率至多为 7，所以离凸块中点至多变化 7/640 = 0.011",
      },
    },
    {
      measure: "finest",
      says: {
        en: "any accuracy: mean error with 640 hidden neurons",
        zh: "精度可以任意高：640 个隐藏神经元时的平均误差",
      },
      accept: { atMost: 0.001 },
      because: {
        en: "the book gives no number; a thousandth is beyond what a figure shows",
        zh: "书中没有数字；千分之一已超出图上能分辨的程度",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [fiveBumps, sweep];
