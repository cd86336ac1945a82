// Section 5.2, batch against stochastic gradient descent: 300,000 samples, gradient evaluations counted, and the two paths.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { batchDescent, cost, type RegressionData, stochasticDescent } from "../programs/gradient-descent.ts";
import { solveSymmetric } from "../programs/least-squares.ts";

const SAMPLES = 300_000;
const START = [4, -1];
const RATES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5];

/** y = 1 + 2 x + noise, x uniform in [0, 3]. */
function line(random: Random): RegressionData {
  const x = new Float64Array(2 * SAMPLES);
  const y = new Float64Array(SAMPLES);
  for (let i = 0; i < SAMPLES; i++) {
    x[2 * i] = 1;
    x[2 * i + 1] = random.uniform(0, 3);
    y[i] = 1 + 2 * x[2 * i + 1] + random.normal(0, 0.5);
  }
  return { x, y, features: 2 };
}

function bestTheta({ x, y }: RegressionData): number[] {
  const [products, sides] = [new Matrix(2, 2), new Matrix(2, 1)];
  y.forEach((value, i) => {
    for (let a = 0; a < 2; a++) {
      sides.values[a] += x[2 * i + a] * value;
      for (let b = 0; b < 2; b++) products.values[2 * a + b] += x[2 * i + a] * x[2 * i + b];
    }
  });
  return [...solveSymmetric(products, sides).values];
}

/** Length of the path over the distance that it covers: 1 for a straight one. */
function detour(path: readonly (readonly number[])[]): number {
  const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(a[0] - b[0], a[1] - b[1]);
  const length = path.slice(1).reduce((sum, at, i) => sum + distance(at, path[i]), 0);
  return length / distance(path[0], path.at(-1)!);
}

const descent: Experiment = {
  id: "python/5.2-descent",
  title: { en: "Batch against stochastic gradient descent", zh: "批量梯度下降与随机梯度下降" },
  section: "5.2",
  kind: "experiment",
  settings: { samples: SAMPLES, passes: 10, "rates (BGD)": RATES.join(", "), "rate (SGD)": 0.01 },
  read: ["book/python/programs/gradient-descent.ts", "book/python/chapter5/5.2-descent.ts"],
  async run({ seed }) {
    const data = line(new Random(seed));
    const best = bestTheta(data);
    const least = cost(data, best);
    const batches = RATES.map((rate) => ({ rate, run: batchDescent(data, START, rate, 10) }))
      .map(({ rate, run }) => ({ rate, run, excess: cost(data, run.theta) - least }))
      .filter(({ excess }) => Number.isFinite(excess))
      .sort((a, b) => a.excess - b.excess);
    const batch = batches[0];
    const smooth = batches.find(({ rate }) => rate === 0.2)!.run.path;
    const stochastic = stochasticDescent(data, START, 0.01, 100);
    const excess = cost(data, stochastic.theta) - least;
    const early = stochasticDescent(data, START, 0.01, 1, 2000);
    // J on a tenth of the data is enough to see when the early path falls below what ten passes of BGD reached.
    const tenth: RegressionData = {
      x: data.x.subarray(0, SAMPLES / 5),
      y: data.y.subarray(0, SAMPLES / 10),
      features: 2,
    };
    const level = cost(tenth, batch.run.theta);
    const samplesNeeded = early.path.findIndex((theta, i) => i % 10 === 0 && cost(tenth, theta) <= level);
    const more = batchDescent(data, START, batch.rate, 60).path;
    const passesNeeded = more.findIndex((theta) => cost(data, theta) - least <= excess);
    const axis = (low: number, high: number) => Array.from({ length: 61 }, (_, i) => low + ((high - low) * i) / 60);
    const [t0, t1] = [axis(-0.5, 5), axis(-1.5, 3.5)];
    const second = momentsOf(data);
    return {
      measured: {
        evaluations: [batch.run.evaluations, stochastic.evaluations],
        excessRatio: excess / batch.excess,
        detours: detour(early.path) - detour(batch.run.path),
        bestBatchRate: batch.rate,
        batchExcess: batch.excess,
        stochasticExcess: excess,
        samplesNeeded,
        passesNeeded,
      },
      figures: [
        {
          name: "paths",
          chart: {
            kind: "contour",
            title: {
              en: "Ten passes of BGD, the first 2,000 samples of SGD",
              zh: "BGD 的十遍与 SGD 的前 2,000 个样本",
            },
            xAxis: { label: "t0" },
            yAxis: { label: "t1" },
            x: t0,
            y: t1,
            z: t1.map((b) => t0.map((a) => least + second(a - best[0], b - best[1]))),
            levels: 10,
            levelScale: "log",
            valueLabel: "J / n",
            paths: [
              {
                name: { en: `BGD, rate ${batch.rate}`, zh: `BGD，学习率 ${batch.rate}` },
                x: batch.run.path.map(([a]) => a),
                y: batch.run.path.map(([, b]) => b),
                style: "line-points",
              },
              {
                name: { en: "BGD, rate 0.2", zh: "BGD，学习率 0.2" },
                x: smooth.map(([a]) => a),
                y: smooth.map(([, b]) => b),
                style: "line-points",
              },
              { name: "SGD", x: early.path.map(([a]) => a), y: early.path.map(([, b]) => b), style: "line" },
            ],
          },
          width: 640,
          height: 520,
        },
        {
          name: "evaluations",
          chart: {
            kind: "line",
            title: { en: "J above its minimum against gradient evaluations", zh: "J 超出最小值的部分与梯度计算次数" },
            xAxis: { label: { en: "gradient evaluations", zh: "梯度计算次数" }, scale: "log" },
            yAxis: { label: { en: "J / n - minimum", zh: "J / n - 最小值" }, scale: "log" },
            series: [
              {
                name: "BGD",
                x: batch.run.path.slice(1).map((_, i) => SAMPLES * (i + 1)),
                y: batch.run.path.slice(1).map((theta) => second(theta[0] - best[0], theta[1] - best[1])),
                style: "line-points",
              },
              ...[thinned(stochastic.path, 100)].map(({ x, thetas }) => ({
                name: "SGD",
                x,
                y: thetas.map((theta) => second(theta[0] - best[0], theta[1] - best[1])),
              })),
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The linear hypothesis h(x) = t0 + t1 x on 300,000 samples, J = 1/2 sum (h(x) - y)^2. Batch descent needs every sample's gradient for one step; stochastic descent takes a step after each. Ten passes of the former cost 3,000,000 evaluations, one pass of the latter 300,000. Batch descent is given the best of six rates, stochastic descent a single fixed one.",
    zh: "线性假设 h(x) = t0 + t1 x，300,000 个样本，J = 1/2 sum (h(x) - y)^2。批量下降每走一步需要全部样本的梯度，随机下降每个样本走一步。前者十遍共 3,000,000 次梯度计算，后者一遍 300,000 次。批量下降取六个学习率中最好的一个，随机下降只用一个固定值。",
  },
  claims: [
    {
      measure: "evaluations",
      says: { en: "gradient evaluations: ten passes of BGD, one of SGD", zh: "梯度计算次数：BGD 十遍，SGD 一遍" },
      reported: [3_000_000, 300_000],
      accept: { equals: [3_000_000, 300_000] },
    },
    {
      measure: "excessRatio",
      says: {
        en: "SGD reaches the same in one pass: its J above the minimum over that of BGD after ten",
        zh: "SGD 一遍就能达到同样的效果：其 J 超出最小值的部分与 BGD 十遍后的之比",
      },
      accept: { between: [0, 0.1] },
      because: {
        en: "the same or better, as the text says: far better here, 0.0002 to 0.008 over seeds",
        zh: "教材说相同或更好，这里好得多：各种子为 0.0002 到 0.008",
      },
    },
    {
      measure: "detours",
      says: {
        en: "a smooth path against a noisy one: length over distance, SGD's minus BGD's",
        zh: "平滑路径与抖动路径：路径长度与位移之比，SGD 减 BGD",
      },
      accept: { between: [2.5, 4.5] },
      because: {
        en: "the text shows it as a sketch; the seeds give 3.3 to 3.5 distances of detour",
        zh: "教材只给出示意图；各种子多绕 3.3 到 3.5 个位移",
      },
    },
  ],
};

/** J's rise above its minimum at a distance from it: it is a parabola, so that sums over the data need be taken once. */
function momentsOf({ x, y }: RegressionData): (d0: number, d1: number) => number {
  let [mean, square] = [0, 0];
  for (let i = 0; i < y.length; i++) {
    mean += x[2 * i + 1] / y.length;
    square += x[2 * i + 1] ** 2 / y.length;
  }
  return (d0, d1) => (d0 * d0 + 2 * mean * d0 * d1 + square * d1 * d1) / 2;
}

/** About 150 points of a path, evenly on a logarithmic axis; point i stands at `every` * i samples. */
function thinned(path: readonly number[][], every: number): { x: number[]; thetas: number[][] } {
  const last = path.length - 1;
  const indices = [...new Set(Array.from({ length: 150 }, (_, i) => Math.round(last ** (i / 149))))];
  return { x: indices.map((i) => every * i), thetas: indices.map((i) => path[i]) };
}

export const experiments: readonly Experiment[] = [descent];
