// Section 3.2, why regularisation helps: ten noisy points, a ninth-order polynomial that meets them all, and a line that meets none.
import type { PointSeries } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { median } from "../curves.ts";
import { fitPolynomial, NOISE, noisyLine, rootMeanSquareError } from "../programs/polynomial.ts";

const polynomial: Experiment = {
  id: "nndl/3.2-polynomial",
  title: { en: "Ten noisy points: a ninth-order polynomial or a line", zh: "十个带噪声的点：九次多项式还是直线" },
  section: "3.2",
  kind: "experiment",
  settings: { points: 10, noise: NOISE, sets: 200 },
  read: ["book/nndl/programs/polynomial.ts", "book/nndl/chapter3/3.2-simplicity.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const sets = Array.from({ length: 200 }, () => {
      const { x, y } = noisyLine(random);
      const [line, ninth] = [fitPolynomial(x, y, 1), fitPolynomial(x, y, 9)];
      const fresh = noisyLine(random, 50);
      const beyond = Array.from({ length: 50 }, (_, i) => 1 + i / 100);
      const truth = beyond.map((at) => 2 * at);
      return {
        x,
        y,
        line,
        ninth,
        atPoints: [rootMeanSquareError(line, x, y), rootMeanSquareError(ninth, x, y)],
        fresh: rootMeanSquareError(ninth, fresh.x, fresh.y) / rootMeanSquareError(line, fresh.x, fresh.y),
        beyond: rootMeanSquareError(ninth, beyond, truth) / rootMeanSquareError(line, beyond, truth),
      };
    });
    const [shown] = sets;
    const grid = Array.from({ length: 201 }, (_, i) => i / 200);
    const observed: PointSeries = { name: { en: "ten points", zh: "十个点" }, x: shown.x, y: shown.y, colour: 0 };
    const curve = (name: PointSeries["name"], f: (x: number) => number, colour: number): PointSeries => ({
      name,
      x: grid,
      // The polynomial leaves the frame outside the points.
      y: grid.map((at) => (f(at) >= -1 && f(at) <= 3 ? f(at) : null)),
      style: "line",
      colour,
    });
    const plot = (title: { en: string; zh: string }, series: readonly PointSeries[]) =>
      ({
        kind: "scatter",
        title,
        xAxis: { label: "x", min: 0, max: 1 },
        yAxis: { label: "y", min: -1, max: 3 },
        series,
      }) as const;
    const ninth = curve({ en: "ninth order", zh: "九次多项式" }, shown.ninth, 1);
    const line = curve({ en: "line", zh: "直线" }, shown.line, 2);
    return {
      measured: {
        polynomialAtPoints: Math.max(...sets.map(({ atPoints }) => atPoints[1])),
        lineAtPoints: median(sets.map(({ atPoints }) => atPoints[0])),
        ratioOnNewPoints: median(sets.map(({ fresh }) => fresh)),
        ratioBeyond: median(sets.map(({ beyond }) => beyond)),
      },
      figures: [
        { name: "points", chart: plot({ en: "Ten points", zh: "十个点" }, [observed]) },
        {
          name: "ninth-order",
          chart: plot({ en: "A polynomial of ninth order", zh: "九次多项式" }, [observed, ninth]),
        },
        { name: "line", chart: plot({ en: "A line", zh: "一条直线" }, [observed, line]) },
        {
          name: "both",
          chart: plot({ en: "Both, with the truth y = 2x", zh: "两者与真实的 y = 2x" }, [
            observed,
            ninth,
            line,
            curve({ en: "y = 2x", zh: "y = 2x" }, (at) => 2 * at, 3),
          ]),
        },
      ],
    };
  },
  about: {
    en: "The book's argument for simple models, made measurable. Ten points of y = 2x with noise; the polynomial of ninth order passes through all ten, the line through none. On new points of the same kind, and beyond the range of the ten, the line is far better: the polynomial learnt the noise. Median over 200 sets of points. The points of the book's plot are not printed; these are our own.",
    zh: "把书中支持简单模型的论证变成可测量的实验。取 y = 2x 上十个带噪声的点；九次多项式通过全部十个点，直线一个也不通过。在同类的新点上、以及在十个点的范围之外，直线好得多：多项式学到的是噪声。取 200 组点的中位数。书中图上的点没有印出数值，这里用我们自己的点。",
  },
  claims: [
    {
      measure: "polynomialAtPoints",
      says: { en: "the polynomial meets its ten points exactly: error", zh: "多项式精确通过十个点：误差" },
      accept: { atMost: 1e-9 },
      because: { en: "float64", zh: "float64" },
    },
    {
      measure: "lineAtPoints",
      says: { en: "the line misses them by about the noise", zh: "直线与点的偏差约为噪声大小" },
      accept: { between: [0.08, 0.18] },
      because: { en: "noise of 0.15, less what two parameters take up", zh: "噪声为 0.15，减去两个参数吸收的部分" },
    },
    {
      measure: "ratioOnNewPoints",
      says: {
        en: "on new points between the old ones the polynomial is worse: ratio of errors",
        zh: "在旧点之间的新点上多项式更差：误差之比",
      },
      accept: { atLeast: 1.2 },
      because: { en: "median over 200 sets; above 1 is worse", zh: "200 组的中位数；大于 1 即更差" },
    },
    {
      measure: "ratioBeyond",
      says: {
        en: "beyond the points, up to x = 1.5, it is worse by orders of magnitude",
        zh: "在点的范围之外（到 x = 1.5）差几个数量级",
      },
      accept: { atLeast: 100 },
      because: { en: "x⁹ dominates for large x, as the text says", zh: "如原文所说，x 大时 x⁹ 占主导" },
    },
  ],
};

export const experiments: readonly Experiment[] = [polynomial];
