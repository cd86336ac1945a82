// Section 3.2, the research problem: what do learning algorithms reach with unlimited data? Curves are fitted to small sets and carried on, and the largest
// set says which of them could be believed.
import type { Experiment, RunContext } from "../../experiment.ts";
import { type DigitSet, first } from "../../mnist.ts";
import { percent } from "../curves.ts";
import { study } from "../framework/study.ts";
import { classifyByMeanImage, countRight } from "../programs/baselines.ts";
import { fitLogarithm, fitPower } from "../programs/learning-curves.ts";

const ALGORITHMS = ["mean", "linear", "network"] as const;
type Algorithm = (typeof ALGORITHMS)[number];

const NAMES = {
  mean: { en: "nearest mean image", zh: "最近平均图像" },
  linear: { en: "no hidden layer", zh: "无隐藏层" },
  network: { en: "30 hidden neurons", zh: "30 个隐藏神经元" },
} as const;

async function errorOf(context: RunContext, algorithm: Algorithm, training: DigitSet, judged: DigitSet) {
  if (algorithm === "mean")
    return 100 - percent(countRight(classifyByMeanImage(training, judged), judged) / judged.count);
  const samples = context.pick({ quick: 40_000, full: 500_000 });
  const epochs = Math.max(context.pick({ quick: 4, full: 10 }), Math.round(samples / training.count));
  const { accuracy } = await study({
    sizes: algorithm === "linear" ? [784, 10] : [784, 30, 10],
    cost: "logLikelihood",
    weights: "scaled",
    training,
    epochs,
    eta: algorithm === "linear" ? 0.1 : 0.3,
    lambda: training.count / 10_000,
    seed: context.seed,
    monitor: { judged },
    every: epochs,
  });
  return 100 - percent(accuracy["judged"].at(-1) ?? 0);
}

const largeData: Experiment = {
  id: "nndl/3.2-large-data",
  title: { en: "In the limit of very large data sets", zh: "数据量趋于无穷时" },
  section: "3.2, problems",
  kind: "exercise",
  settings: { batchSize: 10, lambdaOverN: 1e-4 },
  read: ["book/nndl/programs/learning-curves.ts", "book/nndl/chapter3/3.2-large-data.ts"],
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const sizes = context.pick({
      quick: [200, 400, 800, 1600, 3200, 16_000],
      full: [500, 1000, 2000, 4000, 8000, 50_000],
    });
    const judged = context.pick({ quick: first(data.test, 5000), full: data.test });
    const errors = {} as Record<Algorithm, number[]>;
    for (const algorithm of ALGORITHMS) {
      errors[algorithm] = [];
      for (const size of sizes) {
        errors[algorithm].push(await errorOf(context, algorithm, first(data.training, size), judged));
      }
      context.log(`${algorithm}: ${errors[algorithm].map((error) => error.toFixed(2)).join(", ")}`);
    }
    // The largest set takes no part in the fits.
    const known = sizes.slice(0, -1);
    const most = sizes.at(-1)!;
    const fits = ALGORITHMS.map((algorithm) => {
      const seen = errors[algorithm].slice(0, -1);
      const curves = {
        floor: fitPower(known, seen, true),
        power: fitPower(known, seen, false),
        line: fitLogarithm(known, seen),
      };
      return { algorithm, actual: errors[algorithm].at(-1)!, ...curves };
    });
    const network = fits[2];
    const miss = (which: "floor" | "power" | "line") =>
      fits.reduce((sum, fit) => sum + Math.abs(fit[which].at(most) - fit.actual), 0) / fits.length;
    const far = Array.from({ length: 61 }, (_, i) => known[0] * 10 ** (i / 12));
    return {
      measured: {
        floorMiss: miss("floor"),
        lineMiss: miss("line"),
        lineIsWorse: miss("line") - miss("floor"),
        limits: fits.map(({ floor }) => floor.limit),
        meanStays: fits[0].floor.limit,
        linearBehind: errors.linear.at(-1)! - errors.network.at(-1)!,
        lineFarOut: network.line.at(10 * most),
        networkLimit: network.floor.limit,
        errors: ALGORITHMS.map((algorithm) => errors[algorithm].at(-1)!),
      },
      figures: [
        {
          name: "extrapolated",
          chart: {
            kind: "line",
            title: { en: "Errors, and the curves carried on", zh: "错误率，以及向外延伸的拟合曲线" },
            xAxis: { label: { en: "training images", zh: "训练图像数" }, scale: "log" },
            yAxis: { label: { en: "errors in per cent", zh: "错误率（%）" }, min: 0 },
            series: fits.flatMap(({ algorithm, floor, power }, colour) => [
              { name: NAMES[algorithm], x: sizes, y: errors[algorithm], style: "points" as const, colour },
              {
                name: { en: `${NAMES[algorithm].en}: a + b n^-c`, zh: `${NAMES[algorithm].zh}：a + b n^-c` },
                x: far,
                y: far.map(floor.at),
                colour,
              },
              ...(algorithm === "network"
                ? [
                    {
                      name: { en: "b n^-c", zh: "b n^-c" },
                      x: far,
                      y: far.map(power.at),
                      style: "dashed" as const,
                      colour,
                    },
                  ]
                : []),
            ]),
          },
        },
      ],
      tables: [
        {
          title: {
            en: "Errors in per cent: at the largest set, as foretold, and in the limit",
            zh: "错误率（%）：最大训练集上、各曲线的预测、极限",
          },
          columns: [
            { en: "algorithm", zh: "算法" },
            { en: "measured", zh: "实测" },
            "a + b n^-c",
            "b n^-c",
            "a - b ln n",
            { en: "limit a", zh: "极限 a" },
          ],
          rows: fits.map(({ algorithm, actual, floor, power, line }) => [
            NAMES[algorithm].en,
            actual,
            floor.at(most),
            power.at(most),
            line.at(most),
            floor.limit,
          ]),
        },
      ],
    };
  },
  about: {
    en: "The research problem asks how algorithms would do with unlimited data, warns that fitting a curve and carrying it on depends on the kind of curve, and asks for a reason to prefer one. Here three kinds are fitted to errors on smaller sets, and the largest set, which they have not seen, decides. Three algorithms are compared by their limits: the nearest mean image, a network without and one with a hidden layer. Full: fitted on 500 to 8,000 images, judged at 50,000. Quick: on 200 to 3,200, judged at 16,000, with short trainings.",
    zh: "这道研究题问：数据无限时各算法能达到什么水平；它提醒说，拟合曲线再外推的结果取决于曲线的种类，并要求给出偏好某种曲线的理由。这里用三种曲线拟合较小训练集上的错误率，再由它们没有见过的最大训练集来裁决。按极限比较三种算法：最近平均图像、无隐藏层与有隐藏层的网络。完整形式：在 500 至 8,000 幅上拟合，在 50,000 幅上检验。快速形式：200 至 3,200 幅上拟合，16,000 幅上检验，训练较短。",
  },
  claims: [
    {
      measure: "floorMiss",
      says: {
        en: "a + b n^-c foretells the errors at the largest set: mean miss over the three algorithms, in points",
        zh: "a + b n^-c 预测最大训练集上的错误率：三种算法的平均偏差（百分点）",
      },
      accept: { quick: { atMost: 2.6 }, full: { atMost: 2 } },
      because: {
        en: "quick: ten seeds missed by 0.4 to 1.6; the largest set is five to six times the largest that was fitted",
        zh: "快速：十个种子偏差 0.4 至 1.6；最大训练集是拟合所用最大者的五至六倍",
      },
    },
    {
      measure: "lineIsWorse",
      says: {
        en: "a straight line over ln n, as the eye draws it, misses by more, in points",
        zh: "以 ln n 为横轴的直线（眼睛就是这样画的）偏差更大，多出的百分点",
      },
      accept: { quick: { between: [3.4, 8.6] }, full: { between: [1.7, 5] } },
      because: {
        en: "quick: ten seeds had 5.0 to 7.4, 6.0 ± 0.7; full: 3.3",
        zh: "快速：十个种子为 5.0 至 7.4，6.0 ± 0.7；完整：3.3",
      },
    },
    {
      measure: "meanStays",
      says: {
        en: "the nearest mean image has an error that no amount of data takes away: the floor of its curve, per cent",
        zh: "最近平均图像有一个再多数据也消除不了的错误率：其曲线的下限（%）",
      },
      accept: { quick: { between: [19, 21.5] }, full: { between: [15.5, 17.5] } },
      because: {
        en: "nothing random: 20.15 on the first 5,000 test images, which are the harder half; 16.4 in the full form",
        zh: "无随机性：前 5,000 幅测试图像（较难的一半）上为 20.15；完整形式为 16.4",
      },
    },
    {
      measure: "linearBehind",
      says: {
        en: "algorithms differ where the data end: errors without a hidden layer above those with 30 neurons, in points",
        zh: "在数据的尽头各算法并不相同：无隐藏层比 30 个神经元多出的错误率（百分点）",
      },
      accept: { quick: { between: [2, 5] }, full: { between: [3, 5.5] } },
      because: {
        en: "quick: ten seeds had 2.9 to 4.3, 3.5 ± 0.4; full: 4.2",
        zh: "快速：十个种子为 2.9 至 4.3，3.5 ± 0.4；完整：4.2",
      },
    },
    {
      measure: "lineFarOut",
      says: {
        en: "and carried on to ten times the data it foretells less than no errors: network, per cent",
        zh: "外推到十倍数据时，它预测的错误率竟小于零：网络（%）",
      },
      accept: { quick: { between: [-22, -6] }, full: { between: [-14, -4] } },
      because: {
        en: "seed 1 had -13.8, full -8.8; a slope that is off by 0.3 a doubling moves it by 2.3",
        zh: "种子 1 为 -13.8，完整形式 -8.8；每翻一倍的斜率若偏 0.3，此值移动 2.3",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [largeData];
