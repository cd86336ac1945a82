// Chapter 4, the problem on one hidden layer: steps in any direction, round towers by summing many of them, and any function of two inputs.
import type { Experiment } from "../../experiment.ts";
import { deviation, logit, OneHiddenLayer } from "../programs/universality.ts";
import {
  crossingStrips,
  hills,
  ringWeights,
  roundTower,
  roundTowers,
  stepTowards,
  stripTowards,
} from "../programs/universality-towers.ts";
import { grid, surface } from "./4.3-many-inputs.ts";

export const oneLayer: Experiment = {
  id: "nndl/4.3-one-hidden-layer",
  title: { en: "Two inputs, a single hidden layer", zh: "两个输入，只用一个隐藏层" },
  section: "4.3",
  kind: "exercise",
  settings: { directions: 24, w: "1000; 4N for the soft towers" },
  read: ["book/nndl/programs/universality-towers.ts", "book/nndl/chapter4/4.3-one-layer.ts"],
  async run({ pick, log }) {
    const angle = Math.PI / 6;
    const turned = new OneHiddenLayer([stepTowards(angle, 0.6, 1000)]);
    const beside = (s: number) => turned.weightedSum([s * Math.cos(angle), s * Math.sin(angle)]);

    const centre = [0.5, 0.5] as const;
    const strips = new OneHiddenLayer(crossingStrips(centre, 0.1, 24, 1000));
    const circle = (radius: number) =>
      Array.from({ length: 97 }, (_, k) => [
        0.5 + radius * Math.cos((2 * Math.PI * k) / 97),
        0.5 + radius * Math.sin((2 * Math.PI * k) / 97),
      ]);
    const mean = (network: OneHiddenLayer, points: readonly number[][]) =>
      points.reduce((sum, at) => sum + network.weightedSum(at), 0) / points.length;

    const spacing = 0.1;
    const weights = ringWeights([1, ...new Array<number>(7).fill(0)]);
    const tower = new OneHiddenLayer(roundTower(centre, weights, spacing, 64, 60));
    const beyond = [0.25, 0.3, 0.35, 0.4, 0.45].flatMap(circle).map((at) => Math.abs(tower.weightedSum(at)));

    const counts = pick({ quick: [4, 6], full: [4, 6, 8] });
    const networks = counts.map((n) => new OneHiddenLayer(roundTowers((x, y) => logit(hills(x, y)), n, 4 * n)));
    const points = grid(pick({ quick: 13, full: 20 }));
    const errors = networks.map((network, i) => {
      const error = deviation(
        points,
        (at) => network.output(at),
        ([x, y]) => hills(x, y),
      ).mean;
      log(`${counts[i]} by ${counts[i]}: ${network.neurons.length} neurons, mean error ${error.toFixed(4)}`);
      return error;
    });
    const coarse = Array.from({ length: 21 }, (_, i) => i / 20);
    return {
      measured: {
        direction: [beside(0.55), beside(0.65)],
        stripsFarAway: mean(strips, circle(0.3)),
        towerFarAway: Math.max(...beyond) / tower.weightedSum(centre),
        functionError: errors.slice(1).map((error, i) => error / errors[i]),
      },
      figures: [
        {
          name: "direction",
          chart: surface(
            { en: "A bump in the direction of 30 degrees, w = 100", zh: "朝 30 度方向的凸块，w = 100" },
            (x, y) => new OneHiddenLayer(stripTowards(angle, [0.5, 0.5], 0.15, 100, 1)).weightedSum([x, y]),
          ),
        },
        {
          name: "strips",
          chart: surface(
            { en: "24 strips through one point: a tower with a wide skirt", zh: "过一点的 24 条条带：塔外拖着宽裙边" },
            (x, y) => strips.weightedSum([x, y]),
          ),
        },
        {
          name: "round-tower",
          chart: surface(
            { en: "Wider strips with negative weights take the skirt away", zh: "权重为负的更宽条带消去裙边" },
            (x, y) => tower.weightedSum([x, y]),
          ),
        },
        {
          name: "function",
          chart: {
            ...surface(
              {
                en: "A function by 6 by 6 round towers, one hidden layer",
                zh: "用 6×6 座圆塔逼近函数，只有一个隐藏层",
              },
              () => 0,
            ),
            x: coarse,
            y: coarse,
            z: coarse.map((y) => coarse.map((x) => networks[1].output([x, y]))),
          },
        },
      ],
      tables: [
        {
          title: { en: "Round towers for a function of two inputs", zh: "用圆塔逼近二元函数" },
          columns: ["N", { en: "hidden neurons", zh: "隐藏神经元" }, { en: "mean error", zh: "平均误差" }],
          rows: counts.map((n, i) => [n, networks[i].neurons.length, Number(errors[i].toFixed(4))]),
        },
      ],
    };
  },
  about: {
    en: "The book's problem in its three parts. (a) Weights w cos α and w sin α turn a step into any direction. (b) Strips in many directions through one point add up to a round tower, but it falls off like 1/d only: at distance d from the centre of a tower of radius r the share 2/π asin(r/d) of the strips is met. Wider strips with negative weights, found by solving a small linear system, take that away. (c) Round towers with soft edges on a grid, each as high as σ⁻¹(f) at its centre, approximate any function.",
    zh: "书中习题的三个部分。(a) 权重取 w cos α 与 w sin α，阶跃就可以朝任意方向。(b) 过同一点的许多方向的条带相加得到圆塔，但塔外只按 1/d 衰减：在离半径为 r 的塔中心 d 处，会遇到比例为 2/π asin(r/d) 的条带。再加上权重为负的更宽条带（由一个小线性方程组求得），就能把它抵消。(c) 在网格上排列边缘柔和的圆塔，每座的高度取其中心处的 σ⁻¹(f)，即可逼近任何函数。",
  },
  claims: [
    {
      measure: "direction",
      says: {
        en: "(a) a step towards 30 degrees: values on both sides of its line, 0.05 away",
        zh: "(a) 朝 30 度的阶跃：直线两侧 0.05 处的值",
      },
      expected: [0, 1],
      accept: { within: 1e-9 },
      because: { en: "σ(±50)", zh: "σ(±50)" },
    },
    {
      measure: "stripsFarAway",
      says: { en: "(b) strips alone: height at d = 3r, by the formula", zh: "(b) 只有条带：d = 3r 处的高度，按公式" },
      expected: (2 / Math.PI) * Math.asin(1 / 3),
      accept: { within: 0.03 },
      because: {
        en: "24 directions count the share in steps of 1/24 = 0.04",
        zh: "24 个方向以 1/24 = 0.04 为单位计数",
      },
    },
    {
      measure: "towerFarAway",
      says: {
        en: "(b) with wider strips the tower is round and stands alone: largest height beyond 2.5 r, over the height at the centre",
        zh: "(b) 加上更宽的条带后圆塔独立：2.5 r 以外的最大高度与中心高度之比",
      },
      accept: { atMost: 0.1 },
      because: {
        en: "64 directions leave a few hundredths, against 0.26 for strips alone",
        zh: "64 个方向剩下百分之几，只有条带时为 0.26",
      },
    },
    {
      measure: "functionError",
      says: {
        en: "(c) mean error for a function of two inputs, for growing N: each over the one before",
        zh: "(c) 逼近二元函数的平均误差，N 增大时每个与前一个之比",
      },
      accept: { atMost: 0.7 },
      because: {
        en: "soft towers have errors of order 1/N²: (4/6)² = 0.44, (6/8)² = 0.56",
        zh: "柔和的圆塔误差为 1/N² 阶：(4/6)² = 0.44，(6/8)² = 0.56",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [oneLayer];
