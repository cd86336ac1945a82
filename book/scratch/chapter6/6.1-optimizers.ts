// Chapter 6, optimisers: their paths through a long valley, and their speed on MNIST.

import { AdaGrad, Adam, Momentum, type Optimizer, SGD, tensor, updateTensors } from "nabla";
import type { ContourChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { toSamples } from "../../mnist.ts";
import { endOf, lossChart, smooth } from "../curves.ts";
import { allTraining, buildNetwork, trainByIterations } from "../framework/study.ts";
import * as byHand from "../programs/optimizers.ts";

/** f(x, y) = x^2 / 20 + y^2 has the gradient (x / 10, 2 y): flat along x, steep along y. */
const slope = (x: number, y: number): [number, number] => [x / 10, 2 * y];

const START = [-7, 2] as const;
const STEPS = 30;

interface Path {
  readonly name: "SGD" | "Momentum" | "AdaGrad" | "Adam";
  readonly rate: number;
  readonly hand: () => byHand.Optimizer;
  readonly framework: () => Optimizer;
}

/** The learning rates of the book's figures. */
export const PATHS: readonly Path[] = [
  {
    name: "SGD",
    rate: 0.95,
    hand: () => new byHand.SGD(0.95),
    framework: () => new SGD({ learningRate: 0.95 }),
  },
  {
    name: "Momentum",
    rate: 0.1,
    hand: () => new byHand.Momentum(0.1),
    framework: () => new Momentum({ learningRate: 0.1 }),
  },
  {
    name: "AdaGrad",
    rate: 1.5,
    hand: () => new byHand.AdaGrad(1.5),
    framework: () => new AdaGrad({ learningRate: 1.5 }),
  },
  {
    name: "Adam",
    rate: 0.3,
    hand: () => new byHand.Adam(0.3),
    framework: () => new Adam({ learningRate: 0.3, epsilon: 1e-7 }),
  },
];

/** Every point of a path, the start included. */
export function pathByHand(optimizer: byHand.Optimizer): [number, number][] {
  const params = { x: Matrix.row([START[0]]), y: Matrix.row([START[1]]) };
  const points: [number, number][] = [[...START]];
  for (let i = 0; i < STEPS; i++) {
    const [x, y] = slope(params.x.values[0], params.y.values[0]);
    optimizer.update(params, { x: Matrix.row([x]), y: Matrix.row([y]) });
    points.push([params.x.values[0], params.y.values[0]]);
  }
  return points;
}

export function pathOnFramework(optimizer: Optimizer): [number, number][] {
  const point = tensor([...START], "float64");
  const points: [number, number][] = [[...START]];
  for (let i = 0; i < STEPS; i++) {
    const [x, y] = point.dataSync();
    updateTensors(optimizer, [point], [tensor(slope(x, y), "float64")]);
    points.push([...point.dataSync()] as [number, number]);
  }
  return points;
}

/** Times that y changes its sign: how often the path crosses the valley. */
const crossings = (points: readonly [number, number][]): number =>
  points.filter(([, y], i) => i > 0 && Math.sign(y) !== Math.sign(points[i - 1][1])).length;

function valley(name: string, rate: number, points: readonly [number, number][]): ContourChart {
  const x = Array.from({ length: 101 }, (_, i) => -10 + i / 5);
  const y = Array.from({ length: 51 }, (_, j) => -5 + j / 5);
  return {
    kind: "contour",
    title: { en: `${name}, rate ${rate}`, zh: `${name}，学习率 ${rate}` },
    xAxis: { label: "x", min: -10, max: 10 },
    yAxis: { label: "y", min: -5, max: 5 },
    x,
    y,
    z: y.map((b) => x.map((a) => a ** 2 / 20 + b ** 2)),
    levels: [0.25, 1, 2, 4, 7, 11, 16, 22],
    paths: [
      { name, x: points.map(([a]) => a), y: points.map(([, b]) => b), style: "line-points" },
      { name: { en: "minimum", zh: "最小值点" }, x: [0], y: [0], style: "points" },
    ],
  };
}

export const paths: Experiment = {
  id: "scratch/6.1-paths",
  title: { en: "Optimisers in a long valley", zh: "狭长山谷中的优化路径" },
  section: "6.1",
  kind: "experiment",
  settings: { start: "(-7, 2)", steps: STEPS, SGD: 0.95, Momentum: 0.1, AdaGrad: 1.5, Adam: 0.3 },
  read: ["book/scratch/programs/optimizers.ts", "book/scratch/chapter6/6.1-optimizers.ts"],
  async run() {
    const runs = PATHS.map((path) => ({ ...path, points: pathByHand(path.hand()) }));
    const difference = PATHS.map((path, i) => {
      const other = pathOnFramework(path.framework());
      return Math.max(...runs[i].points.flatMap(([x, y], k) => [Math.abs(x - other[k][0]), Math.abs(y - other[k][1])]));
    });
    return {
      measured: {
        sgdCrossings: crossings(runs[0].points),
        sgdEnd: runs[0].points[STEPS],
        otherCrossings: runs.slice(1).map(({ points }) => crossings(points)),
        frameworkDifference: Math.max(...difference.slice(0, 3)),
        adamDifference: difference[3],
      },
      tables: [
        {
          title: { en: "After 30 steps", zh: "30 步之后" },
          columns: [{ en: "optimiser", zh: "优化器" }, "x", "y", { en: "changes of y's sign", zh: "y 变号次数" }],
          rows: runs.map(({ name, points }) => [
            name,
            ...points[STEPS].map((value) => value.toPrecision(4)),
            crossings(points),
          ]),
        },
      ],
      figures: runs.map(({ name, rate, points }) => ({
        name: name.toLowerCase(),
        chart: valley(name, rate, points),
        width: 640,
        height: 420,
      })),
    };
  },
  about: {
    en: "30 steps down x²/20 + y² from (-7, 2). The gradient points across the valley, not along it: plain descent zig-zags, momentum swings but gathers speed, AdaGrad and Adam give each coordinate a step of its own. By hand and on the framework.",
    zh: "从 (-7, 2) 出发，沿 x²/20 + y² 走 30 步。梯度指向山谷对面而非谷底：SGD 呈之字形，Momentum 摆动但逐渐加速，AdaGrad 和 Adam 让每个坐标有各自的步长。手写与框架各走一遍。",
  },
  claims: [
    {
      measure: "sgdCrossings",
      says: { en: "SGD zig-zags: y changes sign at every step", zh: "SGD 走之字形：每一步 y 都变号" },
      accept: { equals: STEPS },
    },
    {
      measure: "sgdEnd",
      says: { en: "where it must end: -7 · 0.905³⁰, 2 · 0.9³⁰", zh: "必然的终点：-7 · 0.905³⁰、2 · 0.9³⁰" },
      expected: [-7 * 0.905 ** 30, 2 * 0.9 ** 30],
      accept: { within: 1e-13 },
      because: { en: "thirty roundings", zh: "三十次舍入" },
    },
    {
      measure: "otherCrossings",
      says: {
        en: "Momentum, AdaGrad and Adam cross the valley less often",
        zh: "Momentum、AdaGrad、Adam 穿越山谷的次数更少",
      },
      accept: { atMost: 10 },
      because: { en: "a third of SGD's", zh: "不到 SGD 的三分之一" },
    },
    {
      measure: "frameworkDifference",
      says: {
        en: "SGD, Momentum and AdaGrad on the framework: the same paths",
        zh: "框架上的 SGD、Momentum、AdaGrad：路径相同",
      },
      accept: { atMost: 1e-13 },
      because: {
        en: "rounding; momentum is written with another sign and scale",
        zh: "舍入；Momentum 的写法差一个符号和系数",
      },
    },
    {
      measure: "adamDifference",
      says: {
        en: "Adam's epsilon stands elsewhere in the book: nearly the same path",
        zh: "书中 Adam 的 epsilon 位置不同：路径几乎相同",
      },
      accept: { atMost: 1e-3 },
      because: {
        en: "1e-7 beside an uncorrected root of at least 0.02 in the first steps changes them by at most 1e-5 of their length; thirty steps of 0.3 add up to less than 1e-4",
        zh: "前几步未校正的根号值至少 0.02，旁边加 1e-7 至多改变步长的 1e-5；三十步、每步 0.3，累计小于 1e-4",
      },
    },
  ],
};

const OPTIMIZERS = {
  SGD: () => new SGD({ learningRate: 0.01 }),
  Momentum: () => new Momentum({ learningRate: 0.01, momentum: 0.9 }),
  AdaGrad: () => new AdaGrad({ learningRate: 0.01 }),
  Adam: () => new Adam({ learningRate: 0.001, epsilon: 1e-7 }),
} as const;

export const optimizersOnMnist: Experiment = {
  id: "scratch/6.1-optimizers-mnist",
  title: { en: "Four optimisers on MNIST", zh: "四种优化器在 MNIST 上的比较" },
  section: "6.1",
  kind: "experiment",
  settings: { network: "784-100-100-100-100-10", iterations: 2000, batch: 128, rates: "0.01, 0.01, 0.01, 0.001" },
  read: [
    "book/scratch/programs/optimizers.ts",
    "book/scratch/framework/study.ts",
    "book/scratch/chapter6/6.1-optimizers.ts",
  ],
  needs: ["mnist"],
  async run({ seeds, pick, mnist, log }) {
    const training = toSamples(allTraining(await mnist()));
    const iterations = pick({ quick: 250, full: 2000 });
    const names = Object.keys(OPTIMIZERS) as (keyof typeof OPTIMIZERS)[];
    const each = seeds(3);
    const runs = each.map((seed) =>
      names.map((name) => {
        const model = buildNetwork({ sizes: [784, 100, 100, 100, 100, 10], seed });
        const optimizer = OPTIMIZERS[name]();
        const losses = trainByIterations({ model, optimizer, training, iterations, batchSize: 128, seed });
        log(`seed ${seed}, ${name}: ${endOf(losses, iterations / 10).toFixed(4)}`);
        return losses;
      }),
    );
    const ends = runs.map((losses) => losses.map((curve) => endOf(curve, iterations / 10)));
    const ratios = ends.map(([sgd, ...others]) => sgd / Math.max(...others));
    return {
      measured: {
        sgdIsSlowest: ratios.every((ratio) => ratio > 1),
        sgdToOthers: Math.min(...ratios),
        slowestOther: Math.max(...ends.flatMap(([, ...others]) => others)),
        ends: ends[0],
      },
      tables: [
        {
          title: { en: "Training loss, mean of the last tenth", zh: "训练损失，最后十分之一的平均" },
          columns: [{ en: "seed", zh: "种子" }, ...names],
          rows: ends.map((row, i) => [each[i], ...row.map((value) => value.toFixed(4))]),
        },
      ],
      figures: [
        {
          name: "loss",
          chart: lossChart(
            { en: "Four optimisers, the same network", zh: "同一网络，四种优化器" },
            names.map((name, i) => ({ name, y: smooth(runs[0][i]) })),
            1,
          ),
        },
      ],
    };
  },
  about: {
    en: "A network of five layers, four of 100 ReLU units, from the same weights and on the same mini-batches, each optimiser with its usual rate. Compared is the training loss, averaged over the last tenth of the iterations.",
    zh: "五层网络，四个 100 个 ReLU 单元的隐藏层；从相同权重出发、用相同的小批量，各优化器取惯用学习率。比较最后十分之一迭代的平均训练损失。",
  },
  claims: [
    {
      measure: "sgdIsSlowest",
      says: { en: "the other three learn faster than SGD", zh: "另外三种都比 SGD 学得快" },
      accept: { equals: true },
    },
    {
      measure: "slowestOther",
      says: {
        en: "and they have learnt: training loss of the slowest of the three at the end",
        zh: "而且确实学会了：三者中最慢者的最终训练损失",
      },
      accept: { quick: { atMost: 0.32 }, full: { atMost: 0.12 } },
      because: {
        en: "the figure shows them near 0; ten seeds gave 0.24 to 0.27 after 250 iterations",
        zh: "原图中接近 0；250 次迭代后十个种子为 0.24 到 0.27",
      },
    },
    {
      measure: "sgdToOthers",
      says: { en: "SGD's loss, divided by the worst of the others'", zh: "SGD 的损失与另外三种中最差者之比" },
      accept: { atLeast: 1.3 },
      because: {
        en: "seeds 1 to 4 gave 2.3 to 2.9 after 250 iterations, seeds 1 to 3 gave 2.9 to 3.1 after 2,000",
        zh: "种子 1 到 4：250 次迭代后为 2.3 到 2.9；种子 1 到 3：2,000 次后为 2.9 到 3.1",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [paths, optimizersOnMnist];
