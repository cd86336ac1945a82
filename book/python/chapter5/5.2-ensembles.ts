// Section 5.2, ensembles: bagging against trees that vary, boosting against stumps that are too simple.
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { adaBoost, bagging, boostedVote, meanPrediction, type Sample, Tree } from "../programs/ensembles.ts";
import { noisyPoints, truth } from "../programs/polynomial.ts";

const read = ["book/python/programs/ensembles.ts", "book/python/chapter5/5.2-ensembles.ts"];
const GRID = Array.from({ length: 201 }, (_, i) => i / 200);

const baggedTrees: Experiment = {
  id: "python/5.2-bagging",
  title: { en: "Remedy: bagging", zh: "对策：Bagging" },
  section: "5.2",
  kind: "experiment",
  settings: { samples: 100, trees: 50, depth: 8, draws: 20 },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const draws = Array.from({ length: 20 }, () => {
      const { x, y } = noisyPoints(100, random);
      const samples: Sample[] = x.map((at, i) => ({ x: [at], y: y[i], weight: 1 }));
      const tree = new Tree(samples, 8);
      const bag = bagging(samples, 50, 8, random);
      return { x, y, single: GRID.map((at) => tree.predict([at])), bag: GRID.map((at) => meanPrediction(bag, [at])) };
    });
    const split = (of: "single" | "bag") => {
      const mean = GRID.map((_, i) => draws.reduce((sum, draw) => sum + draw[of][i], 0) / draws.length);
      const average = (f: (i: number) => number) => GRID.reduce((sum, _, i) => sum + f(i), 0) / GRID.length;
      const bias = average((i) => (mean[i] - truth(GRID[i])) ** 2);
      const variance = average(
        (i) => draws.reduce((sum, draw) => sum + (draw[of][i] - mean[i]) ** 2, 0) / draws.length,
      );
      return { bias, variance, error: bias + variance };
    };
    const [single, bag] = [split("single"), split("bag")];
    const shown = draws[0];
    return {
      measured: {
        errorRatio: bag.error / single.error,
        varianceRatio: bag.variance / single.variance,
        biasChange: (bag.bias - single.bias) / single.error,
      },
      figures: [
        {
          name: "bagging",
          chart: {
            kind: "line",
            title: { en: "One tree and the mean of 50", zh: "一棵树与 50 棵树的平均" },
            xAxis: { label: "x" },
            yAxis: { label: "y" },
            series: [
              { name: { en: "samples", zh: "样本" }, x: shown.x, y: shown.y, style: "points", colour: 0 },
              { name: { en: "one tree", zh: "一棵树" }, x: GRID, y: shown.single, colour: 1 },
              { name: { en: "bag of 50", zh: "50 棵的平均" }, x: GRID, y: shown.bag, colour: 2 },
              { name: { en: "sine", zh: "正弦" }, x: GRID, y: GRID.map(truth), style: "dashed", colour: 4 },
            ],
          },
        },
      ],
      tables: [
        {
          title: { en: "Mean squared distance from the curve", zh: "与真实曲线的均方距离" },
          columns: ["", { en: "bias²", zh: "偏差²" }, { en: "variance", zh: "方差" }, { en: "together", zh: "合计" }],
          rows: [
            ["1", single.bias, single.variance, single.error],
            ["50", bag.bias, bag.variance, bag.error],
          ],
        },
      ],
    };
  },
  about: {
    en: "A deep regression tree follows the noise of its samples: on other samples it would be another tree. Bagging grows 50 trees, each on 100 samples drawn with replacement from the same 100, and averages them. Over 20 draws of the samples the error splits in two: how far the mean tree is from the curve (bias), and how much a tree varies around that mean (variance).",
    zh: "深的回归树跟着样本的噪声走：换一批样本就是另一棵树。Bagging 从同样 100 个样本中有放回地各抽 100 个，长出 50 棵树再取平均。对 20 批样本，误差分成两部分：平均树与曲线的距离（偏差），以及单棵树围绕平均的波动（方差）。",
  },
  claims: [
    {
      measure: "errorRatio",
      says: {
        en: "averaging lowers the error: that of the bag over that of a single tree",
        zh: "平均降低误差：Bagging 与单棵树之比",
      },
      accept: { atMost: 0.8 },
      because: {
        en: "the text names the remedy without a size; 20 draws leave the ratio some 5% of play",
        zh: "教材只提出对策，未给出大小；20 批样本使该比值约有 5% 的波动",
      },
    },
    {
      measure: "varianceRatio",
      says: { en: "it is the variance that falls: ratio", zh: "下降的是方差：之比" },
      accept: { atMost: 0.8 },
      because: {
        en: "bootstrap samples share 63% of their data, so that trees are alike and the variance can't fall by the factor 50",
        zh: "自助样本有 63% 相同，各树相似，方差不可能降到 1/50",
      },
    },
    {
      measure: "biasChange",
      says: {
        en: "and hardly the bias: its change as a share of the single tree's error",
        zh: "偏差几乎不变：其变化占单棵树误差的比例",
      },
      accept: { between: [-0.15, 0.15] },
      because: {
        en: "each bagged tree sees fewer different samples, which may blur it a little",
        zh: "每棵树见到的不同样本较少，可能略微模糊",
      },
    },
  ],
};

/** Points of a square: 1 inside a circle that holds half of it, else -1. */
function disc(count: number, random: Random): Sample[] {
  return Array.from({ length: count }, () => {
    const x = [random.uniform(-1, 1), random.uniform(-1, 1)];
    return { x, y: x[0] ** 2 + x[1] ** 2 < 2 / Math.PI ? 1 : -1, weight: 1 };
  });
}

const boostedStumps: Experiment = {
  id: "python/5.2-boosting",
  title: { en: "Remedy: boosting", zh: "对策：Boosting" },
  section: "5.2",
  kind: "experiment",
  settings: { samples: 400, rounds: 200 },
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const [samples, fresh] = [disc(400, random), disc(2000, random)];
    const all = adaBoost(samples, 200);
    const rounds = [1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 160, all.length];
    const share = (count: number, on: readonly Sample[]) => {
      const some = all.slice(0, count);
      return on.filter(({ x, y }) => Math.sign(boostedVote(some, x)) === y).length / on.length;
    };
    const [training, held] = [samples, fresh].map((on) => rounds.map((count) => share(count, on)));
    const side = Array.from({ length: 61 }, (_, i) => -1 + i / 30);
    return {
      measured: { single: held[0], boosted: held.at(-1)!, rounds: all.length },
      figures: [
        {
          name: "rounds",
          chart: {
            kind: "line",
            title: { en: "AdaBoost by the number of stumps", zh: "AdaBoost 与树桩个数" },
            xAxis: { label: { en: "stumps", zh: "树桩个数" }, scale: "log" },
            yAxis: { label: { en: "right", zh: "正确率" }, format: "percent" },
            series: [
              { name: { en: "training points", zh: "训练点" }, x: rounds, y: training, style: "line-points" },
              { name: { en: "fresh points", zh: "新点" }, x: rounds, y: held, style: "line-points" },
            ],
          },
        },
        {
          name: "plane",
          chart: {
            kind: "contour",
            title: { en: "What 200 stumps say, and the circle", zh: "200 个树桩的判断与真实的圆" },
            xAxis: { label: "x1" },
            yAxis: { label: "x2" },
            x: side,
            y: side,
            z: side.map((b) => side.map((a) => boostedVote(all, [a, b]))),
            levels: [-0.3, -0.15, 0, 0.15, 0.3],
            valueLabel: { en: "vote, -1 to 1", zh: "投票，-1 到 1" },
            paths: [
              {
                name: { en: "circle", zh: "圆" },
                x: Array.from({ length: 101 }, (_, i) => Math.sqrt(2 / Math.PI) * Math.cos((i * Math.PI) / 50)),
                y: Array.from({ length: 101 }, (_, i) => Math.sqrt(2 / Math.PI) * Math.sin((i * Math.PI) / 50)),
                style: "line",
              },
            ],
          },
          width: 560,
          height: 560,
        },
      ],
    };
  },
  about: {
    en: "A stump asks one question of one coordinate: for points inside and outside a circle it underfits badly. AdaBoost adds 200 of them, each fitted with more weight on the points that those before got wrong.",
    zh: "决策树桩只就一个坐标问一个问题：对圆内圆外的点严重欠拟合。AdaBoost 累加 200 个树桩，每一个都对此前答错的点给予更大权重。",
  },
  claims: [
    {
      measure: "single",
      says: { en: "one stump underfits: share right on fresh points", zh: "一个树桩欠拟合：新点上的正确率" },
      accept: { atMost: 0.75 },
      because: {
        en: "no half plane parallel to an axis holds much more of the disc than of the rest",
        zh: "与坐标轴平行的半平面无法把圆内与圆外明显分开",
      },
    },
    {
      measure: "boosted",
      says: { en: "200 of them together do not", zh: "200 个合在一起则不然" },
      accept: { atLeast: 0.9 },
      because: {
        en: "sums of functions of single coordinates hold the circle exactly; 400 samples leave some points of play at its edge",
        zh: "单坐标函数之和可精确表示圆；400 个样本在圆周附近留下若干百分点的误差",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [baggedTrees, boostedStumps];
