// Section 3.6, variations on gradient descent: the Hessian, momentum, and the other methods that the section names, on surfaces that can be
// drawn and on digits.
import {
  binaryCrossEntropyWithLogits,
  conjugateGradient,
  gradientDescent,
  hessian,
  lbfgs,
  type MinimiserStep,
  Momentum,
  matmul,
  Nesterov,
  newton,
  type Objective,
  type Optimizer,
  SGD,
  scope,
  type Tensor,
  tensor,
  updateTensors,
  valueAndGrad,
} from "nabla";
import type { ContourChart, PointSeries } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import type { DigitSet } from "../../mnist.ts";
import { onlyDigits } from "../framework/trials.ts";

/** The images with each block of 4 by 4 pixels averaged: 49 numbers. */
function small49(set: DigitSet): number[][] {
  return Array.from({ length: set.count }, (_, image) => {
    const cells = new Array<number>(49).fill(0);
    for (let p = 0; p < 784; p++) {
      cells[7 * Math.floor(Math.floor(p / 28) / 4) + Math.floor((p % 28) / 4)] += set.images[image * 784 + p] / 16;
    }
    return cells;
  });
}

/** The cost of one sigmoid neuron that tells two digits apart, with L2: a function of 49 weights and a bias. */
function neuronCost(set: DigitSet, lambda: number): Objective {
  const rows = small49(set).map((cells) => [...cells, 1]);
  const x = tensor(rows, "float64");
  const y = tensor(
    Array.from(set.labels, (label) => [label]),
    "float64",
  );
  const weights = tensor([...new Array<number>(49).fill(lambda / (2 * set.count)), 0], "float64");
  return (w) =>
    binaryCrossEntropyWithLogits(matmul(x, w.reshape([50, 1])), y, { reduction: "rows" }).add(
      w.mul(w).mul(weights).sum(),
    );
}

/** x^2 / 2 + 2 y^2 + x y - x: a bowl with its lowest point at (4/3, -1/3). */
const bowl: Objective = (v) => {
  const a = tensor(
    [
      [1, 1],
      [1, 4],
    ],
    "float64",
  );
  const column = v.reshape([2, 1]);
  return matmul(column.reshape([1, 2]), matmul(a, column))
    .sum()
    .mul(0.5)
    .sub(v.mul(tensor([1, 0], "float64")).sum());
};

export const hessianMethods: Experiment = {
  id: "nndl/3.6-hessian",
  title: { en: "The Hessian: how far a quadratic picture carries", zh: "黑塞矩阵：二次近似管用到多远" },
  section: "3.6",
  kind: "experiment",
  settings: { images: 500, lambda: 0.5 },
  read: ["book/nndl/chapter3/3.6-techniques.ts", "src/optim/small.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training } = await context.mnist();
    const onBowl = newton(bowl, [-3, 2], { lineSearch: false });
    const cost = neuronCost(onlyDigits(training, [0, 1], 500), 0.5);
    const start = new Array<number>(50).fill(0);
    const curveOf = (run: (onStep: (step: MinimiserStep) => void) => unknown): MinimiserStep[] => {
      const steps: MinimiserStep[] = [];
      run((step) => steps.push(step));
      return steps;
    };
    const tolerance = 1e-3;
    const second = curveOf((onStep) => newton(cost, start, { onStep, gradientTolerance: 1e-8 }));
    const lowest = second[second.length - 1].value;
    // 2 / (largest eigenvalue of the Hessian at the start) bounds stable rates: here by its trace, which is larger.
    const trace = scope(() => {
      const h = hessian(cost, tensor(start, "float64")).toArray() as number[][];
      return h.reduce((sum, row, i) => sum + row[i], 0);
    });
    const rate = 2 / trace;
    const descent = curveOf((onStep) =>
      gradientDescent(cost, start, {
        ...{ learningRate: rate, steps: context.pick({ quick: 3000, full: 20_000 }) },
        gradientTolerance: tolerance,
        onStep,
      }),
    );
    const reached = (steps: readonly MinimiserStep[]): number =>
      steps.find(({ gradientNorm }) => gradientNorm <= tolerance)?.iteration ?? steps.length;

    // How well (105) describes the cost around a point on the way down.
    const point = second[1].x;
    const errorOf = (scale: number): number =>
      scope(() => {
        const w = tensor(point, "float64");
        const step = point.map((_, i) => scale * Math.sin(i + 1));
        const [value, [gradient]] = valueAndGrad<readonly [Tensor]>(cost)(w);
        const h = hessian(cost, w).toArray() as number[][];
        const linear = (gradient.toArray() as number[]).reduce((sum, g, i) => sum + g * step[i], 0);
        const quadratic = h.reduce(
          (sum, row, i) => sum + step[i] * row.reduce((inner, each, j) => inner + each * step[j], 0),
          0,
        );
        const there = cost(
          tensor(
            point.map((each, i) => each + step[i]),
            "float64",
          ),
        ).item();
        return Math.abs(there - (value.item() + linear + quadratic / 2));
      });

    // x^2 - y^2 + y^4 / 2: a saddle at the origin, lowest points at y = 1 and y = -1.
    let [x, y] = [0.8, 0.3];
    for (let i = 0; i < 20; i++) [x, y] = [x - (2 * x) / 2, y - (2 * y ** 3 - 2 * y) / (6 * y * y - 2)];
    let [u, v] = [0.8, 0.3];
    for (let i = 0; i < 400; i++) [u, v] = [u - 0.05 * 2 * u, v - 0.05 * (2 * v ** 3 - 2 * v)];
    return {
      measured: {
        stepsOnBowl: onBowl.iterations,
        errorRatio: errorOf(0.02) / errorOf(0.01),
        newtonSteps: reached(second),
        descentSteps: reached(descent),
        rawNewtonEndsAtSaddle: Math.hypot(x, y) < 1e-6 && Math.abs(Math.abs(v) - 1) < 1e-6,
        entries: 1e7 ** 2,
        hessianEntries: 50 * 50,
      },
      figures: [
        {
          name: "cost",
          chart: {
            kind: "line",
            title: { en: "Zeros against ones: how far above the lowest cost", zh: "区分 0 与 1：代价高出最低值多少" },
            xAxis: { label: { en: "step", zh: "步" }, scale: "log" },
            yAxis: { label: { en: "cost above its minimum", zh: "代价与最小值之差" }, scale: "log" },
            series: [
              { name: { en: "gradient descent", zh: "梯度下降" }, steps: descent },
              { name: { en: "Newton", zh: "牛顿法" }, steps: second },
            ].map(({ name, steps }) => {
              // Rounding leaves nothing to see below 1e-12.
              const shown = steps.filter(({ iteration, value }) => iteration > 0 && value - lowest > 1e-12);
              return { name, x: shown.map(({ iteration }) => iteration), y: shown.map(({ value }) => value - lowest) };
            }),
          },
        },
      ],
    };
  },
  about: {
    en: "Newton's step Δw = −H⁻¹∇C is exact where the cost is quadratic. On a neuron that tells zeros from ones by 49 averaged pixels it needs a handful of steps where gradient descent needs hundreds. Two reasons why it is not used for networks are shown too: the matrix has n² entries, and where the cost curves downwards the whole step leads to a saddle point.",
    zh: "牛顿步 Δw = −H⁻¹∇C 在代价是二次函数时是精确的。让一个神经元用 49 个平均像素区分 0 和 1，它只需寥寥几步，梯度下降却要几百步。网络训练中为何不用它，这里也给出两个原因：矩阵有 n² 个元素；在代价向下弯曲的地方，整步会走向鞍点。",
  },
  claims: [
    {
      measure: "stepsOnBowl",
      says: { en: "steps on a quadratic bowl", zh: "二次函数碗上所需的步数" },
      expected: 1,
      accept: { equals: 1 },
    },
    {
      measure: "errorRatio",
      says: {
        en: "formula (105) leaves out the third order: halving Δw divides its error by 8",
        zh: "式 (105) 略去三阶项：Δw 减半，误差变为八分之一",
      },
      expected: 8,
      accept: { within: 0.5 },
      because: {
        en: "the fourth order remains, in proportion to the length of Δw",
        zh: "余下的四阶项与 Δw 的长度成比例",
      },
    },
    {
      measure: "newtonSteps",
      says: { en: "fewer steps than gradient descent: Newton's", zh: "步数少于梯度下降：牛顿法的步数" },
      accept: { between: [2, 20] },
      because: { en: "digits double with each step near the minimum", zh: "接近最低点时每一步有效数字翻倍" },
    },
    {
      measure: "descentSteps",
      says: { en: "those of gradient descent to the same precision", zh: "梯度下降达到同样精度的步数" },
      accept: { atLeast: 200 },
      because: {
        en: "it needs as many steps as the Hessian's eigenvalues differ by factors",
        zh: "步数随黑塞矩阵特征值的悬殊程度增长",
      },
    },
    {
      measure: "rawNewtonEndsAtSaddle",
      says: {
        en: "Newton's whole step is drawn to a saddle point from which gradient descent falls away",
        zh: "牛顿整步被吸向鞍点，而梯度下降会离开它",
      },
      accept: { equals: true },
    },
    {
      measure: "entries",
      says: { en: "ten million weights: entries of the Hessian", zh: "一千万个权重时黑塞矩阵的元素个数" },
      reported: 1e14,
      accept: { equals: 1e14 },
    },
  ],
};

/** Steps of a training optimiser on a function of two numbers. */
function follow(f: Objective, start: readonly number[], optimizer: Optimizer, steps: number): number[][] {
  const x = tensor([...start], "float64");
  const path = [[...start]];
  for (let i = 0; i < steps; i++) {
    scope(() => {
      const [, gradients] = valueAndGrad<readonly [Tensor]>(f)(x);
      updateTensors(optimizer, [x], gradients);
    });
    path.push(x.toArray() as number[]);
    if (!path[path.length - 1].every((value) => Math.abs(value) < 1e6)) break;
  }
  return path;
}

const valleyAt = (x: number, y: number): number => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
/** Rosenbrock's valley: (1 - x)^2 + 100 (y - x^2)^2, lowest at (1, 1). */
const valley: Objective = (v) => {
  const x = v.mul(tensor([1, 0], "float64")).sum();
  const y = v.mul(tensor([0, 1], "float64")).sum();
  return x.mul(-1).add(1).square().add(y.sub(x.square()).square().mul(100));
};

function contour(
  title: ContourChart["title"],
  f: (x: number, y: number) => number,
  [x0, x1, y0, y1]: readonly number[],
  paths: readonly PointSeries[],
  levels: readonly number[],
): ContourChart {
  const at = (low: number, high: number): number[] =>
    Array.from({ length: 81 }, (_, i) => low + ((high - low) * i) / 80);
  const [x, y] = [at(x0, x1), at(y0, y1)];
  const z = y.map((b) => x.map((a) => f(a, b)));
  return { kind: "contour", title, xAxis: { label: "w1" }, yAxis: { label: "w2" }, x, y, z, levels, paths };
}

const pathSeries = (name: PointSeries["name"], path: readonly (readonly number[])[], most = 400): PointSeries => ({
  name,
  x: path.slice(0, most).map(([x]) => x),
  y: path.slice(0, most).map(([, y]) => y),
  style: path.length > 60 ? "line" : "line-points",
});

export const surfacePaths: Experiment = {
  id: "nndl/3.6-surface",
  title: { en: "Six ways down a valley", zh: "下到谷底的六种走法" },
  section: "3.6",
  kind: "experiment",
  settings: { eta: 0.001, momentum: 0.9 },
  read: ["book/nndl/chapter3/3.6-techniques.ts", "src/optim/small.ts", "src/optim/sgd.ts"],
  async run(context) {
    const start = [-1.2, 1];
    const small = 1e-8;
    const limit = context.pick({ quick: 30_000, full: 60_000 });
    const below = (path: readonly (readonly number[])[]): number => {
      const at = path.findIndex(([x, y]) => valleyAt(x, y) < small);
      return at < 0 ? Number.POSITIVE_INFINITY : at;
    };
    const first = {
      descent: follow(valley, start, new SGD({ learningRate: 0.001 }), limit),
      momentum: follow(valley, start, new Momentum({ learningRate: 0.001, momentum: 0.9 }), limit / 5),
      nesterov: follow(valley, start, new Nesterov({ learningRate: 0.001, momentum: 0.9 }), limit / 5),
    };
    const options = { path: true, gradientTolerance: 1e-4 };
    const conjugate = conjugateGradient(valley, start, options);
    const quasi = lbfgs(valley, start, options);
    const second = newton(valley, start, options);
    const counts = [below(first.descent), below(first.momentum), below(first.nesterov)];
    const evaluations = [conjugate.evaluations, quasi.evaluations, second.evaluations];
    context.log(`gradients: ${[...counts, ...evaluations].join(", ")}`);

    const longBowl = (x: number, y: number): number => (x * x) / 2 + 10 * y * y;
    const asTensor: Objective = (v) =>
      v
        .mul(v)
        .mul(tensor([0.5, 10], "float64"))
        .sum();
    const plain = follow(asTensor, [-4, 1], new SGD({ learningRate: 0.095 }), 40);
    const heavy = follow(asTensor, [-4, 1], new Momentum({ learningRate: 0.02, momentum: 0.8 }), 40);
    const levels = [0.1, 0.5, 1, 3, 10, 30, 100, 300, 1000];
    const box = [-1.8, 1.5, -0.8, 1.8];
    const names = {
      descent: { en: "gradient descent, 400 steps", zh: "梯度下降，400 步" },
      momentum: { en: "momentum 0.9, 400 steps", zh: "动量 0.9，400 步" },
      nesterov: { en: "Nesterov 0.9, 400 steps", zh: "Nesterov 0.9，400 步" },
    };
    return {
      measured: {
        momentumGain: counts[0] / counts[1],
        secondOrderGain: counts[1] / Math.max(...evaluations),
        crossings: plain.slice(1, 21).filter(([, y], i) => Math.sign(y) !== Math.sign(plain[i][1])).length,
        gradients: [...counts, ...evaluations],
        newtonSteps: second.iterations,
      },
      figures: [
        {
          name: "first-order",
          chart: contour(
            { en: "Rosenbrock's valley by gradients alone", zh: "只用梯度走 Rosenbrock 山谷" },
            valleyAt,
            box,
            [
              pathSeries(names.descent, first.descent),
              pathSeries(names.momentum, first.momentum),
              pathSeries(names.nesterov, first.nesterov),
            ],
            levels,
          ),
        },
        {
          name: "second-order",
          chart: contour(
            { en: "The same with curvature", zh: "利用曲率走同一个山谷" },
            valleyAt,
            box,
            [
              pathSeries({ en: "conjugate gradients", zh: "共轭梯度" }, conjugate.path ?? []),
              pathSeries("L-BFGS", quasi.path ?? []),
              pathSeries({ en: "Newton", zh: "牛顿法" }, second.path ?? []),
            ],
            levels,
          ),
        },
        {
          name: "bowl",
          chart: contour(
            { en: "A long bowl: without and with momentum", zh: "狭长的碗：没有动量与有动量" },
            longBowl,
            [-4.5, 2, -1.6, 1.6],
            [
              pathSeries({ en: "gradient descent, η = 0.095", zh: "梯度下降，η = 0.095" }, plain),
              pathSeries({ en: "momentum 0.8, η = 0.02", zh: "动量 0.8，η = 0.02" }, heavy),
            ],
            [0.1, 0.5, 1, 2, 4, 8, 12, 18],
          ),
        },
      ],
      tables: [
        {
          title: {
            en: "Gradients until the cost is below 10⁻⁸ (the last three: until they end)",
            zh: "代价降到 10⁻⁸ 以下所用的梯度次数（后三种：到结束为止）",
          },
          columns: [
            { en: "gradient descent", zh: "梯度下降" },
            { en: "momentum", zh: "动量" },
            "Nesterov",
            { en: "conjugate gradients", zh: "共轭梯度" },
            "L-BFGS",
            { en: "Newton", zh: "牛顿法" },
          ],
          rows: [[...counts, ...evaluations]],
        },
      ],
    };
  },
  about: {
    en: "Rosenbrock's curved valley, from (−1.2, 1): gradient descent, momentum, Nesterov, conjugate gradients, L-BFGS and Newton, and how many gradients each needs until the cost is below 10⁻⁸. On a second surface, a long bowl, the picture of the book: plain steps cross the bowl from side to side, momentum turns them along it.",
    zh: "在 Rosenbrock 弯曲的山谷里从 (−1.2, 1) 出发：梯度下降、动量、Nesterov、共轭梯度、L-BFGS 与牛顿法，各需多少次梯度才把代价降到 10⁻⁸ 以下。另一个曲面是狭长的碗，即书中的图：普通的步子在碗的两壁之间来回，动量把它们转到沿碗底的方向。",
  },
  claims: [
    {
      measure: "momentumGain",
      says: {
        en: "momentum is faster: gradients of plain descent for each one of momentum",
        zh: "动量更快：普通梯度下降所用梯度次数是动量的几倍",
      },
      accept: { between: [5, 15] },
      because: {
        en: "along a valley a momentum of 0.9 multiplies the rate by up to 1 / (1 − 0.9) = 10",
        zh: "沿着山谷，0.9 的动量把学习率最多放大到 1 / (1 − 0.9) = 10 倍",
      },
    },
    {
      measure: "secondOrderGain",
      says: {
        en: "conjugate gradients, L-BFGS and Newton need far fewer gradients than momentum: the worst of the three, times so many fewer",
        zh: "共轭梯度、L-BFGS 和牛顿法用的梯度远少于动量：三者中最差的也少这么多倍",
      },
      accept: { atLeast: 5 },
      because: {
        en: "they use how the surface curves, momentum only how it slopes",
        zh: "它们利用曲面如何弯曲，动量只利用坡度",
      },
    },
    {
      measure: "crossings",
      says: {
        en: "in the long bowl plain steps change side at each of the first 20 steps",
        zh: "在狭长的碗里，普通步子前 20 步每步都换边",
      },
      accept: { equals: 20 },
    },
  ],
};

export const experiments: readonly Experiment[] = [hessianMethods, surfacePaths];
