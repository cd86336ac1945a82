// Section 3.6, momentum on digits: how much it gains, what goes wrong outside 0 to 1, and how it compares with the other methods that the
// section names when all train the same network.
import {
  AdaGrad,
  Adam,
  binaryCrossEntropyWithLogits,
  conjugateGradient,
  lbfgs,
  type MinimiserStep,
  Momentum,
  matmul,
  Nesterov,
  NonFiniteLossError,
  type Objective,
  type Optimizer,
  oneHot,
  RMSProp,
  SGD,
  tensor,
} from "nabla";
import type { Experiment } from "../../experiment.ts";
import { type DigitSet, first, toSamples } from "../../mnist.ts";
import { curvesByEpoch, percent } from "../curves.ts";
import { buildNetwork, type StudyOptions, study } from "../framework/study.ts";
import { growthRate, rollWithMomentum } from "../programs/momentum.ts";

const read = ["book/nndl/chapter3/3.6-momentum.ts", "book/nndl/programs/network2.ts", "src/optim/sgd.ts"];
const TRAINING_COST = { en: "cost on training data", zh: "训练集上的代价" };

const MOMENTA = [0, 0.3, 0.6, 0.9, 0.99] as const;

export const momentumSweep: Experiment = {
  id: "nndl/3.6-momentum",
  title: { en: "Momentum from 0 to 0.99", zh: "动量从 0 到 0.99" },
  section: "3.6",
  kind: "experiment",
  settings: { hidden: 30, eta: 0.025, batchSize: 10, lambda: 5 },
  read,
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const n = context.pick({ quick: 5_000, full: 50_000 });
    const set = first(training, n);
    const common: Omit<StudyOptions, "eta"> = {
      ...{ sizes: [784, 30, 10], cost: "crossEntropy", weights: "scaled", training: set, seed: context.seed },
      ...{ lambda: (5 * n) / 50_000, epochs: context.pick({ quick: 5, full: 10 }) },
      monitor: { training: set, validation: context.pick({ quick: first(validation, 2000), full: validation }) },
    };
    const runs = [];
    for (const momentum of MOMENTA) {
      runs.push(await study({ ...common, eta: 0.025, optimizer: (options) => new Momentum({ ...options, momentum }) }));
      context.log(`momentum ${momentum}: cost ${runs.at(-1)?.cost["training"].at(-1)?.toFixed(4)}`);
    }
    runs.push(await study({ ...common, eta: 0.25 }));
    const names = [...MOMENTA.map((mu) => `μ = ${mu}`), { en: "η = 0.25, no momentum", zh: "η = 0.25，无动量" }];
    const costs = runs.map((run) => run.cost["training"]);
    const accuracy = runs.map((run) => Math.max(...run.accuracy["validation"]));
    return {
      measured: {
        fasterUpTo09: [1, 2, 3].every((i) => costs[i][0] < costs[i - 1][0]),
        overshoots: costs[4][costs[4].length - 1] > costs[3][costs[3].length - 1],
        gainOverPlain: 100 * (accuracy[3] - accuracy[5]),
        bestAccuracies: accuracy.map(percent),
      },
      figures: [
        {
          name: "cost",
          chart: curvesByEpoch(
            { en: "Training cost with momentum, η = 0.025", zh: "带动量的训练代价，η = 0.025" },
            runs.map((run, i) => ({
              name: names[i],
              epochs: run.epochs,
              values: costs[i],
              style: i === 5 ? ("dashed" as const) : undefined,
            })),
            { y: { label: TRAINING_COST } },
          ),
        },
      ],
    };
  },
  about: {
    en: "v → μv − η∇C, w → w + v with η = 0.025 and five values of μ, which 1 − μ makes a friction. In a steady slope the velocity grows to η/(1 − μ) times the gradient. So a control is run beside them: plain gradient descent with η = 0.25, ten times the rate, against μ = 0.9.",
    zh: "v → μv − η∇C、w → w + v，η = 0.025，μ 取五个值；1 − μ 相当于摩擦。坡度不变时速度会增长到梯度的 η/(1 − μ) 倍。因此旁边放一个对照：不用动量、学习率放大十倍（η = 0.25）的普通梯度下降，与 μ = 0.9 比较。",
  },
  claims: [
    {
      measure: "fasterUpTo09",
      says: {
        en: "after the first epoch the cost is lower, the larger μ is, from 0 to 0.9",
        zh: "第一个迭代期后，μ 从 0 到 0.9 越大代价越低",
      },
      accept: { equals: true },
    },
    {
      measure: "overshoots",
      says: {
        en: "with too little friction one overshoots: at the end μ = 0.99 has a higher cost than 0.9",
        zh: "摩擦太小就会冲过头：最后 μ = 0.99 的代价高于 0.9",
      },
      accept: { equals: true },
    },
    {
      measure: "gainOverPlain",
      says: {
        en: "what μ = 0.9 gains over the tenfold rate, in points of validation accuracy: the speed is that of the larger rate",
        zh: "μ = 0.9 比十倍学习率的验证集准确率高多少个百分点：快慢主要来自等效的学习率",
      },
      accept: { quick: { between: [-2, 2] }, full: { between: [-0.5, 0.5] } },
      because: { en: "two runs with other random numbers differ by as much", zh: "两次随机数不同的训练也会相差这么多" },
    },
  ],
};

/** |w| over the steps of v = mu v - eta w, w = w + v, for the cost w^2 / 2. */
function swing(momentum: number, eta: number, steps: number): number[] {
  return rollWithMomentum(1, momentum, eta, steps).map(({ w }) => Math.abs(w));
}

/** By how much the largest |w| of 60 steps differs a step from that of the 60 before. */
function growth(size: readonly number[]): number {
  const largest = (from: number): number => Math.max(...size.slice(from, from + 60));
  return (largest(121) / largest(61)) ** (1 / 60);
}

const WRONG = [0, 0.9, 1.1, -0.5, -1.1] as const;

export const momentumGoneWrong: Experiment = {
  id: "nndl/3.6-momentum-wrong",
  title: { en: "Momentum above 1 and below 0", zh: "动量大于 1 与小于 0" },
  section: "3.6, exercises",
  kind: "exercise",
  settings: { eta: 0.1, images: 1000 },
  read: ["book/nndl/programs/momentum.ts", ...read],
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const set = first(training, 1000);
    const end = async (momentum: number): Promise<{ cost: number; accuracy: number }> => {
      try {
        const run = await study({
          ...{ sizes: [784, 10], cost: "crossEntropy", weights: "scaled", training: set, seed: context.seed },
          ...{ eta: 0.05, epochs: 10, monitor: { training: set, validation: first(validation, 1000) } },
          optimizer: (options) => new Momentum({ ...options, momentum }),
        });
        return { cost: run.cost["training"][9], accuracy: run.accuracy["validation"][9] };
      } catch (error) {
        if (!(error instanceof NonFiniteLossError)) throw error;
        return { cost: Number.POSITIVE_INFINITY, accuracy: 0 };
      }
    };
    const [none, above, negative] = [await end(0), await end(1.1), await end(-0.5)];
    const sizes = WRONG.map((mu) => swing(mu, 0.1, 200));
    return {
      measured: {
        growth: sizes.map(growth),
        negativeIsSlower: negative.cost > none.cost,
        aboveOneIsLost: !Number.isFinite(above.cost) || none.accuracy - above.accuracy > 0.5,
        costs: [none.cost, negative.cost],
      },
      figures: [
        {
          name: "swing",
          chart: {
            kind: "line",
            title: { en: "|w| on C = w²/2, η = 0.1", zh: "C = w²/2 上的 |w|，η = 0.1" },
            xAxis: { label: { en: "step", zh: "步" } },
            yAxis: { label: "|w|", scale: "log", min: 1e-4, max: 1e4 },
            series: WRONG.map((mu, i) => ({
              name: `μ = ${mu}`,
              x: sizes[i].slice(0, 101).map((_, step) => step),
              // Passing through 0 is a gap of the logarithm, not of the path.
              y: sizes[i].slice(0, 101).map((size) => (size >= 1e-4 && size <= 1e4 ? size : null)),
            })),
          },
        },
      ],
    };
  },
  about: {
    en: "On C = w²/2 the two formulas are a recurrence whose roots have the product μ. So for |μ| > 1 one of them is larger than 1 in size: the weight runs away, whatever η is. For μ between −1 and 0 each step is taken back in part by the next, and descent is slower than without momentum. The same is then tried on digits.",
    zh: "在 C = w²/2 上，两个式子合成一个递推，其特征根之积为 μ。所以 |μ| > 1 时必有一个根的绝对值大于 1：无论 η 多大，权重都会跑飞。μ 在 −1 与 0 之间时，每一步都被下一步收回一部分，比没有动量还慢。再用手写数字验证。",
  },
  claims: [
    {
      measure: "growth",
      says: {
        en: "change of |w| a step for μ = 0, 0.9, 1.1, −0.5, −1.1, against the larger root",
        zh: "μ = 0、0.9、1.1、−0.5、−1.1 时 |w| 每步的变化，与较大的根相比",
      },
      expected: WRONG.map((mu) => growthRate(mu, 0.1)),
      accept: { within: 0.005 },
      because: {
        en: "measured over 60 steps; where w swings its peaks fall between steps",
        zh: "在 60 步上测量；w 来回摆动时峰值不一定正好落在某一步",
      },
    },
    {
      measure: "negativeIsSlower",
      says: {
        en: "digits: μ = −0.5 ends with a higher training cost than no momentum",
        zh: "手写数字：μ = −0.5 最后的训练代价高于无动量",
      },
      accept: { equals: true },
    },
    {
      measure: "aboveOneIsLost",
      says: {
        en: "digits: with μ = 1.1 the parameters outgrow every number, or the accuracy is below that of no momentum by 50 points",
        zh: "手写数字：μ = 1.1 时参数溢出，或准确率比无动量低 50 个百分点以上",
      },
      accept: { equals: true },
    },
  ],
};

/** The cost of [784, 10] on a whole set as a function of its 7,850 parameters, for methods that take whole gradients. */
function wholeCost(set: DigitSet, lambda: number): Objective {
  const { x, y } = toSamples(set);
  const [inputs, targets] = [tensor(x, "float64"), oneHot(y, 10, "float64")];
  return (v) => {
    const weights = v.slice(0, 7840).reshape([784, 10]);
    const z = matmul(inputs, weights).add(v.slice(7840, 7850));
    return binaryCrossEntropyWithLogits(z, targets, { reduction: "rows" }).add(
      weights
        .square()
        .sum()
        .mul(lambda / 2 / set.count),
    );
  };
}

const TRAINERS: readonly { name: string; make: (options: { weightDecay: number; l1: number }) => Optimizer }[] = [
  { name: "SGD, η = 0.1", make: (options) => new SGD({ ...options, learningRate: 0.1 }) },
  { name: "Momentum 0.9, η = 0.01", make: (options) => new Momentum({ ...options, learningRate: 0.01 }) },
  { name: "Nesterov 0.9, η = 0.01", make: (options) => new Nesterov({ ...options, learningRate: 0.01 }) },
  { name: "AdaGrad, η = 0.01", make: (options) => new AdaGrad({ ...options, learningRate: 0.01 }) },
  { name: "RMSProp, η = 0.001", make: (options) => new RMSProp({ ...options, learningRate: 0.001 }) },
  { name: "Adam, η = 0.001", make: (options) => new Adam({ ...options, learningRate: 0.001 }) },
];

export const optimisersOnDigits: Experiment = {
  id: "nndl/3.6-optimisers",
  title: { en: "Eight methods on the same digits", zh: "八种方法训练同样的数字" },
  section: "3.6",
  kind: "experiment",
  settings: { images: 1000, lambda: 0.1, batchSize: 10 },
  read: [...read, "src/optim/small.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const set = first(training, 1000);
    const watched = first(validation, 1000);
    const lambda = 0.1;
    const passes = context.pick({ quick: 30, full: 100 });
    const network = { sizes: [784, 10], cost: "crossEntropy", weights: "scaled", seed: context.seed } as const;
    const curves: { name: string; x: number[]; y: number[]; accuracy: number }[] = [];
    for (const { name, make } of TRAINERS) {
      const run = await study({
        ...{ ...network, training: set, epochs: passes, eta: 0, lambda },
        monitor: { training: set, validation: watched },
        optimizer: ({ weightDecay, l1 }) => make({ weightDecay, l1 }),
      });
      const accuracy = run.accuracy["validation"][passes - 1];
      curves.push({ name, x: run.epochs, y: run.cost["training"], accuracy });
      context.log(`${name}: ${curves.at(-1)?.y.at(-1)}`);
    }
    const cost = wholeCost(set, lambda);
    // From the same weights as the others.
    const model = buildNetwork(network);
    const start = model.parameters.flatMap(({ tensor: values }) => Array.from(values.dataSync()));
    const { x: watchedX } = toSamples(watched);
    const accuracyOf = (parameters: readonly number[]): number => {
      const w = tensor(parameters.slice(0, 7840), "float64").reshape([784, 10]);
      const z = matmul(tensor(watchedX, "float64"), w).add(tensor(parameters.slice(7840), "float64"));
      const rows = z.toArray() as number[][];
      return rows.filter((row, i) => row.indexOf(Math.max(...row)) === watched.labels[i]).length / watched.count;
    };
    for (const [name, minimise] of [
      ["Conjugate gradients", conjugateGradient],
      ["L-BFGS", lbfgs],
    ] as const) {
      let gradients = 0;
      const counted: Objective = (v) => {
        gradients += 1;
        return cost(v);
      };
      const [x, y]: [number[], number[]] = [[], []];
      let last: number[] = start;
      const note = (step: MinimiserStep): void => {
        if (gradients > passes) return;
        x.push(gradients);
        y.push(step.value);
        last = step.x;
      };
      minimise(counted, start, { maxIterations: passes, gradientTolerance: 1e-6, onStep: note });
      curves.push({ name, x, y, accuracy: accuracyOf(last) });
      context.log(`${name}: ${y.at(-1)}`);
    }
    const last = curves.map(({ y }) => y[y.length - 1]);
    const afterFive = curves.map(({ x, y }) => y[x.findLastIndex((pass) => pass <= 5)]);
    const accuracies = curves.map(({ accuracy }) => accuracy);
    return {
      measured: {
        lbfgsIsLowest: last[7] === Math.min(...last),
        firstPass: Math.min(...afterFive.slice(0, 6)) < Math.min(...afterFive.slice(6)),
        accuracySpread: 100 * (Math.max(...accuracies) - Math.min(...accuracies)),
        finalCosts: last.map((value) => Number(value.toFixed(4))),
        accuracies: accuracies.map(percent),
      },
      figures: [
        {
          name: "cost",
          chart: {
            kind: "line",
            title: { en: "Training cost by passes over the data", zh: "训练代价随遍历数据的遍数" },
            xAxis: { label: { en: "passes over the data", zh: "遍历数据的遍数" } },
            yAxis: { label: TRAINING_COST, scale: "log" },
            series: curves.map(({ name, x, y }, i) => ({
              ...{ name, x, y },
              style: i >= 6 ? ("dashed" as const) : undefined,
            })),
          },
        },
      ],
    };
  },
  about: {
    en: "The network without hidden layer on 1,000 images with λ = 0.1: its cost has one minimum. Six methods take mini-batches of ten with their usual learning rates; conjugate gradients and L-BFGS take the whole set for each gradient. All are compared by passes over the data. The lowest cost and the best accuracy need not go together.",
    zh: "不带隐藏层的网络，1,000 张图像，λ = 0.1：代价只有一个最低点。六种方法用大小为十的小批量和各自常用的学习率；共轭梯度与 L-BFGS 每次梯度都用全部数据。大家按遍历数据的遍数比较。代价最低与准确率最高不一定是一回事。",
  },
  claims: [
    {
      measure: "lbfgsIsLowest",
      says: {
        en: "with as many passes over the data, L-BFGS has the lowest training cost",
        zh: "遍历数据的遍数相同时，L-BFGS 的训练代价最低",
      },
      accept: { equals: true },
    },
    {
      measure: "firstPass",
      says: {
        en: "in the first five passes mini-batches are ahead of both",
        zh: "在最初五遍里，小批量方法领先于这两种",
      },
      accept: { equals: true },
    },
    {
      measure: "accuracySpread",
      says: {
        en: "points of validation accuracy between the best and the worst at the end: they differ far less than the costs",
        zh: "最后验证集准确率最好与最差相差的百分点：远小于代价的差别",
      },
      accept: { atMost: 6 },
      because: {
        en: "1,000 validation images: one standard deviation is about a point",
        zh: "1,000 张验证图像：一个标准差约一个百分点",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [momentumSweep, momentumGoneWrong, optimisersOnDigits];
