// Part 2, gradient descent itself: in one dimension, uphill, and over a whole data set or sample by sample.
import type { PointSeries } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { ascend, descend } from "../programs/descent.ts";
import { LinearUnit, leastSquares } from "../programs/linear-unit.ts";
import { SALARIES, YEARS } from "../programs/salaries.ts";

const read = ["book/zero/programs/descent.ts", "book/zero/programs/linear-unit.ts", "book/zero/chapter2/2-descent.ts"];

const range = (from: number, to: number, count: number) =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

/** A path of x over the curve that it runs on. */
const onCurve = (name: PointSeries["name"], f: (x: number) => number, path: readonly number[]): PointSeries => ({
  name,
  x: path,
  y: path.map(f),
  style: "line-points",
});

export const descentInOneDimension: Experiment = {
  id: "zero/2-descent",
  title: { en: "Descent in one dimension, and its step size", zh: "一维梯度下降与步长" },
  section: "2",
  kind: "figure",
  settings: { f: "(x - 2)^2 + 1", start: -2, steps: 12, rates: "0.02, 0.2, 1.05" },
  read,
  async run() {
    const f = (x: number) => (x - 2) ** 2 + 1;
    const slope = (x: number) => 2 * (x - 2);
    const [slow, good, wild] = [0.02, 0.2, 1.05].map((rate) => descend(slope, -2, rate, 12));
    const bumpy = (x: number) => (x * x - 1) ** 2 + 0.3 * x;
    const bumpySlope = (x: number) => 4 * x * (x * x - 1) + 0.3;
    const [left, right] = [-2, 2].map((start) => descend(bumpySlope, start, 0.03, 400));
    const wide = range(-4, 8, 121);
    const narrow = range(-2, 2, 121);
    return {
      measured: {
        arrives: good[12],
        crawls: Math.abs(slow[12] - 2),
        leaves: Math.abs(wild[12] - 2),
        valleys: [left[400], right[400]],
      },
      figures: [
        {
          name: "rates",
          chart: {
            kind: "scatter",
            title: { en: "f(x) = (x - 2)² + 1, from x0 = -2", zh: "f(x) = (x - 2)² + 1，从 x0 = -2 出发" },
            xAxis: { label: "x", min: -4, max: 8 },
            yAxis: { label: "f(x)", min: 0, max: 38 },
            series: [
              { name: "f", x: wide, y: wide.map(f), style: "line", colour: 6 },
              onCurve({ en: "rate 0.02: slow", zh: "步长 0.02：太慢" }, f, slow),
              onCurve({ en: "rate 0.2: arrives", zh: "步长 0.2：到达" }, f, good),
              onCurve({ en: "rate 1.05: leaves", zh: "步长 1.05：发散" }, f, wild.slice(0, 5)),
            ],
          },
        },
        {
          name: "valleys",
          chart: {
            kind: "scatter",
            title: { en: "Two valleys: the start decides", zh: "两个谷：起点决定终点" },
            xAxis: { label: "x", min: -2, max: 2 },
            yAxis: { label: "f(x)" },
            series: [
              { name: "f", x: narrow, y: narrow.map(bumpy), style: "line", colour: 6 },
              onCurve({ en: "from -2", zh: "从 -2 出发" }, bumpy, left.slice(0, 40)),
              onCurve({ en: "from 2", zh: "从 2 出发" }, bumpy, right.slice(0, 40)),
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "x0, x1, ... on a parabola: a good rate arrives, a small one crawls, one that is too large jumps out of the valley. On a curve with two valleys the start decides which of them is found.",
    zh: "在抛物线上依次得到 x0、x1、……：步长合适时很快到达谷底，太小则进展缓慢，太大则越跳越远。曲线有两个谷时，落入哪一个取决于起点。",
  },
  claims: [
    {
      measure: "arrives",
      says: {
        en: "the right rate comes to the minimum at 2: x12 with rate 0.2",
        zh: "步长合适时到达最小点 2：步长 0.2 时的 x12",
      },
      expected: 2,
      accept: { within: 0.01 },
      because: {
        en: "each step leaves 0.6 of the distance: 4 * 0.6^12 = 0.0087",
        zh: "每一步剩下距离的 0.6：4 × 0.6^12 = 0.0087",
      },
    },
    {
      measure: "crawls",
      says: {
        en: "too small a rate is slow: distance that is left with rate 0.02",
        zh: "步长太小则太慢：步长 0.02 时剩下的距离",
      },
      accept: { atLeast: 2 },
      because: {
        en: "each step leaves 0.96 of the distance: 4 * 0.96^12 = 2.45",
        zh: "每一步剩下距离的 0.96：4 × 0.96^12 = 2.45",
      },
    },
    {
      measure: "leaves",
      says: {
        en: "too large a rate leaves the valley: distance with rate 1.05",
        zh: "步长太大则离开山谷：步长 1.05 时的距离",
      },
      accept: { atLeast: 4 },
      because: { en: "it starts at a distance of 4", zh: "起点的距离为 4" },
    },
    {
      measure: "valleys",
      says: {
        en: "a curve that is not convex has local minima: where -2 and 2 lead",
        zh: "非凸函数有局部极小值：从 -2 和 2 出发的终点",
      },
      expected: [-1.0355787, 0.9601496],
      accept: { within: 1e-6 },
      because: {
        en: "the roots of 4x^3 - 4x + 0.3, given with seven decimals",
        zh: "4x^3 - 4x + 0.3 的根，给出七位小数",
      },
    },
  ],
};

export const ascent: Experiment = {
  id: "zero/2-ascent",
  title: { en: "Gradient ascent", zh: "梯度上升" },
  section: "2",
  kind: "exercise",
  settings: { f: "x e^(-x)", start: 0, rate: 0.5, steps: 60 },
  read,
  async run() {
    const f = (x: number) => x * Math.exp(-x);
    const path = ascend((x) => (1 - x) * Math.exp(-x), 0, 0.5, 60);
    const x = range(-0.2, 3, 121);
    return {
      measured: { top: path[60], falls: path.slice(1).filter((_, i) => f(path[i + 1]) < f(path[i])).length },
      figures: [
        {
          name: "ascent",
          chart: {
            kind: "scatter",
            title: { en: "Climbing x e⁻ˣ", zh: "沿 x e⁻ˣ 上升" },
            xAxis: { label: "x", min: -0.2, max: 3 },
            yAxis: { label: "f(x)" },
            series: [
              { name: "f", x, y: x.map(f), style: "line", colour: 6 },
              onCurve({ en: "ascent from 0", zh: "从 0 上升" }, f, path),
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "With a plus sign the same rule climbs to a maximum; the series mentions it and leaves it out. Climbing f is descending -f.",
    zh: "把减号换成加号，同一规则就朝最大值上升；原文提到但没有实现。让 f 上升等价于让 -f 下降。",
  },
  claims: [
    {
      measure: "top",
      says: { en: "the maximum of x e^(-x)", zh: "x e^(-x) 的最大值点" },
      expected: 1,
      accept: { within: 1e-4 },
      because: {
        en: "near 1 each step leaves 1 - 0.5/e = 0.82 of the distance; 60 steps leave some 1e-5",
        zh: "在 1 附近每一步剩下距离的 1 - 0.5/e = 0.82；60 步之后约剩 1e-5",
      },
    },
    {
      measure: "falls",
      says: { en: "steps at which f fell", zh: "f 下降的步数" },
      accept: { equals: 0 },
    },
  ],
};

interface Path {
  readonly w: number[];
  readonly b: number[];
  readonly error: number[];
}

/** `step` once per point of the path. */
function walk(
  count: number,
  step: (unit: LinearUnit, i: number) => void,
  inputs: readonly (readonly number[])[],
): Path {
  const unit = new LinearUnit(1);
  const path: Path = { w: [], b: [], error: [] };
  for (let i = 0; i <= count; i++) {
    if (i > 0) step(unit, i - 1);
    path.w.push(unit.weights[0]);
    path.b.push(unit.bias);
    path.error.push(unit.error(inputs, SALARIES));
  }
  return path;
}

/** At the bottom rounding moves the error by a few units of its last digit; that is no rise. */
const rises = ({ error }: Path) => error.filter((value, i) => i > 0 && value > error[i - 1] * (1 + 1e-12)).length;
const lengthOf = ({ w, b }: Path) =>
  w.slice(1).reduce((sum, _, i) => sum + Math.hypot(w[i + 1] - w[i], b[i + 1] - b[i]), 0);

export const batchAndStochastic: Experiment = {
  id: "zero/2-batch-and-stochastic",
  title: { en: "Batch descent and stochastic descent", zh: "批量下降与随机下降" },
  section: "2",
  kind: "experiment",
  settings: { rate: 0.05, "steps of batch descent": 200, "passes of stochastic descent": 200 },
  read,
  async run() {
    const mean = YEARS.reduce((sum, years) => sum + years, 0) / YEARS.length;
    const deviation = Math.sqrt(YEARS.reduce((sum, years) => sum + (years - mean) ** 2, 0) / YEARS.length);
    const centred = YEARS.map((years) => (years - mean) / deviation);
    const inputs = centred.map((years) => [years]);
    const best = leastSquares(centred, SALARIES);
    const batch = walk(200, (unit) => unit.oneBatchStep(inputs, SALARIES, 0.05), inputs);
    const one = (unit: LinearUnit, i: number) => {
      const at = i % inputs.length;
      unit.oneIteration([inputs[at]], [SALARIES[at]], 0.05);
    };
    const stochastic = walk(200 * inputs.length, one, inputs);
    const plain = YEARS.map((years) => [years]);
    const diverging = walk(50, (unit) => unit.oneBatchStep(plain, SALARIES, 0.01), plain);
    const afterOnePass = (stochastic.error[inputs.length] / batch.error[1]).toFixed(3);
    const w = range(-400, 5400, 61);
    const b = range(-400, 7000, 61);
    const unit = new LinearUnit(1);
    const errorAt = (slope: number, intercept: number) => {
      unit.weights = [slope];
      unit.bias = intercept;
      return unit.error(inputs, SALARIES) / 1e6;
    };
    return {
      measured: {
        batchRises: rises(batch),
        stochasticRises: rises(stochastic) / (stochastic.error.length - 1),
        lengthRatio: lengthOf(stochastic) / lengthOf(batch),
        diverges: diverging.error[50] / diverging.error[0],
      },
      figures: [
        {
          name: "paths",
          chart: {
            kind: "contour",
            title: { en: "Two ways down the squared error", zh: "沿平方误差下降的两条路线" },
            xAxis: { label: { en: "w, per standard deviation of years", zh: "w（年限每个标准差）" } },
            yAxis: { label: { en: "b, at the mean years", zh: "b（平均年限处）" } },
            x: w,
            y: b,
            z: b.map((intercept) => w.map((slope) => errorAt(slope, intercept))),
            levelScale: "log",
            valueLabel: { en: "E, millions", zh: "E（百万）" },
            paths: [
              { name: { en: "batch", zh: "批量" }, x: batch.w, y: batch.b, colour: 3 },
              {
                name: { en: "stochastic", zh: "随机" },
                x: stochastic.w.slice(0, 101),
                y: stochastic.b.slice(0, 101),
                colour: 4,
              },
              {
                name: { en: "least squares", zh: "最小二乘" },
                x: [best.slope],
                y: [best.intercept],
                style: "points",
                colour: 1,
              },
            ],
          },
          height: 520,
        },
        {
          name: "errors",
          chart: {
            kind: "line",
            title: { en: "Error by samples seen", zh: "误差与看过的样本数" },
            xAxis: { label: { en: "samples", zh: "样本数" }, max: 200 },
            yAxis: { label: { en: "E, millions", zh: "E（百万）" }, scale: "log" },
            series: [
              {
                name: { en: "batch", zh: "批量" },
                x: batch.error.slice(0, 41).map((_, i) => 5 * i),
                y: batch.error.slice(0, 41).map((e) => e / 1e6),
                colour: 3,
              },
              {
                name: { en: "stochastic", zh: "随机" },
                x: stochastic.error.slice(0, 201).map((_, i) => i),
                y: stochastic.error.slice(0, 201).map((e) => e / 1e6),
                colour: 4,
              },
            ],
          },
        },
      ],
      notes: [
        {
          en: `After one pass the stochastic error is ${afterOnePass} times that of one batch step: at the same small rate five small steps add up to about the one large step. What stochastic descent saves shows on large sets, where it has moved long before a pass is over.`,
          zh: `看过一遍数据之后，随机下降的误差是批量下降走一步之后的 ${afterOnePass} 倍：学习率同样小时，五个小步合起来大约等于一个大步。随机下降的好处在大数据集上才显出来：一遍还没看完，它早已走了很多步。`,
        },
      ],
    };
  },
  about: {
    en: "The picture of the text with real numbers: batch descent walks straight down the error of all samples, stochastic descent takes a step for every sample and staggers, but has moved five times when batch descent moves once. Years are measured in standard deviations from their mean here, so that the valley is round and both paths can be seen; on the years as they are the batch rule diverges at the text's rate of 0.01, because it adds the gradients up.",
    zh: "用真实数据画出原文的示意图：批量下降沿全部样本的误差径直向下；随机下降每看一个样本走一步，路线摇摆，但批量下降走一步时它已走了五步。这里把年限减去平均值、再除以标准差，使误差的谷变圆，两条路线都看得清楚；若直接用原来的年限，取原文的学习率 0.01 时批量规则会发散，因为它把各样本的梯度相加。",
  },
  claims: [
    {
      measure: "batchRises",
      says: {
        en: "batch descent goes down at every step: steps at which E rose",
        zh: "批量下降步步向下：E 上升的步数",
      },
      accept: { equals: 0 },
    },
    {
      measure: "stochasticRises",
      says: {
        en: "stochastic descent does not: share of steps at which E rose",
        zh: "随机下降则不然：E 上升的步数所占比例",
      },
      accept: { atLeast: 0.05 },
      because: {
        en: "the text speaks of noise and gives no number; a twentieth is clearly not none",
        zh: "原文只说有噪声，没有数字；二十分之一显然不是零",
      },
    },
    {
      measure: "lengthRatio",
      says: { en: "its path is longer by the factor", zh: "它的路线更长，倍数为" },
      accept: { atLeast: 1.5 },
      because: {
        en: "straight against noisy in the text's picture, without a number",
        zh: "原文图中一条直、一条曲折，没有数字",
      },
    },
    {
      measure: "diverges",
      says: {
        en: "on the years as they are, batch descent at 0.01: E after 50 steps over E before",
        zh: "用原来的年限、学习率 0.01 的批量下降：50 步之后的 E 与之前的 E 之比",
      },
      accept: { atLeast: 1 },
      because: {
        en: "larger than before is divergence; the largest eigenvalue is 205.7, so rates above 2/205.7 = 0.0097 diverge",
        zh: "变大即发散；最大特征值为 205.7，学习率超过 2/205.7 = 0.0097 就发散",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [descentInOneDimension, ascent, batchAndStochastic];
