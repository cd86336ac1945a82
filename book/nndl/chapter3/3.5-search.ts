// Section 3.5, the search by program: grid, random and Bayesian search on the same budget, and why gradient descent does not find lambda and
// the learning rate.
import type { ContourChart, Text } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { mean, percent } from "../curves.ts";
import { study } from "../framework/study.ts";
import { trainer } from "../framework/trials.ts";
import {
  bayesianSearch,
  bestSoFar,
  type Dimension,
  fitProcess,
  gridSearch,
  type Proposer,
  randomSearch,
  search,
  type Told,
  valuesAt,
} from "../programs/search.ts";
import type { Trial } from "../programs/strategy.ts";

const SPACE: readonly Dimension[] = [
  { name: "eta", low: 0.001, high: 10, scale: "log" },
  { name: "lambda", low: 0.01, high: 100, scale: "log" },
];

const METHODS = [
  { name: { en: "grid", zh: "网格搜索" }, make: (random: Random): Proposer => gridSearch(2, 5, random) },
  { name: { en: "random", zh: "随机搜索" }, make: (random: Random): Proposer => randomSearch(2, random) },
  { name: { en: "Bayesian", zh: "贝叶斯搜索" }, make: (random: Random): Proposer => bayesianSearch(2, random) },
] as const;

/** Where trials were made, over the scores that a Gaussian process expects from all of them. */
function mapOf(title: Text, told: readonly Told[], all: readonly Told[]): ContourChart {
  const process = fitProcess(all);
  const steps = Array.from({ length: 33 }, (_, i) => i / 32);
  const xs = steps.map((u) => Math.log10(valuesAt(SPACE, [u, 0])["eta"]));
  const ys = steps.map((u) => Math.log10(valuesAt(SPACE, [0, u])["lambda"]));
  const place = ({ point }: Told): [number, number] => {
    const values = valuesAt(SPACE, point);
    return [Math.log10(values["eta"]), Math.log10(values["lambda"])];
  };
  const best = told.reduce((a, b) => (b.score > a.score ? b : a));
  return {
    kind: "contour",
    title,
    xAxis: { label: "log10 η" },
    yAxis: { label: "log10 λ" },
    x: xs,
    y: ys,
    z: steps.map((v) => steps.map((u) => process.at([u, v]).mean)),
    valueLabel: { en: "expected accuracy", zh: "预期准确率" },
    paths: [
      {
        name: { en: "trials", zh: "试验" },
        x: told.map((each) => place(each)[0]),
        y: told.map((each) => place(each)[1]),
        style: "points",
      },
      { name: { en: "best", zh: "最好" }, x: [place(best)[0]], y: [place(best)[1]], style: "points", colour: 3 },
    ],
  };
}

export const automatedSearch: Experiment = {
  id: "nndl/3.5-search",
  title: { en: "Grid, random and Bayesian search on one budget", zh: "同样预算下的网格、随机与贝叶斯搜索" },
  section: "3.5",
  kind: "experiment",
  settings: { trials: 25, images: 1000, epochs: 10, batchSize: 10 },
  read: ["book/nndl/programs/search.ts", "book/nndl/chapter3/3.5-search.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, validation, test } = await context.mnist();
    const trials = context.pick({ quick: 25, full: 25 });
    const set = first(training, 1000);
    const watched = first(validation, 1000);
    const train = trainer([784, 10], set, watched, context.seed);
    const epochs = context.pick({ quick: 5, full: 10 });
    const scoreOf = async (point: readonly number[]): Promise<number> => {
      const { eta, lambda } = valuesAt(SPACE, point);
      return Math.max(...(await train({ eta, lambda, batchSize: 10 }, epochs)).accuracy);
    };
    const runs: Told[][][] = METHODS.map(() => []);
    for (const seed of context.seeds(5)) {
      for (const [i, { name, make }] of METHODS.entries()) {
        const told = await search(make(new Random(seed)), trials, scoreOf);
        runs[i].push(told);
        context.log(`seed ${seed}, ${name.en}: ${percent(Math.max(...told.map(({ score }) => score)))}%`);
      }
    }
    const averaged = runs.map((of) =>
      Array.from({ length: trials }, (_, i) => mean(of.map((told) => bestSoFar(told)[i]))),
    );
    const ends = averaged.map((curve) => curve[trials - 1]);
    const best = runs.flat(2).reduce((a, b) => (b.score > a.score ? b : a));
    const chosen = valuesAt(SPACE, best.point);
    const winner = await study({
      ...{ sizes: [784, 10], cost: "crossEntropy", weights: "scaled", training: set, seed: context.seed, epochs },
      ...{ eta: chosen["eta"], lambda: chosen["lambda"], monitor: { test } },
    });
    return {
      measured: {
        worstBest: percent(Math.min(...ends)),
        spread: 100 * (Math.max(...ends) - Math.min(...ends)),
        bayesianIsNotBehind: ends[2] >= ends[1],
        afterAllTrials: ends.map(percent),
        trialsToWithinOnePoint: averaged.map((curve) => curve.findIndex((value) => value >= best.score - 0.01) + 1),
        bestEta: Number(chosen["eta"].toPrecision(3)),
        bestLambda: Number(chosen["lambda"].toPrecision(3)),
        bestOnValidation: percent(best.score),
        sameOnTest: percent(Math.max(...winner.accuracy["test"])),
      },
      figures: [
        {
          name: "best-so-far",
          chart: {
            kind: "line",
            title: { en: "Best accuracy so far, mean of the repetitions", zh: "至今最好的准确率（多次重复的平均）" },
            xAxis: { label: { en: "trial", zh: "第几次试验" }, min: 1, max: trials },
            yAxis: { label: { en: "best validation accuracy", zh: "最好的验证集准确率" }, format: "percent" },
            series: averaged.map((y, i) => ({ name: METHODS[i].name, y })),
          },
        },
        ...METHODS.map(({ name }, i) => ({
          name: name.en.toLowerCase(),
          width: 560,
          chart: mapOf(
            { en: `Where the ${name.en} search looked`, zh: `${name.zh}试过的地方` },
            runs[i][0],
            runs.flatMap((of) => of[0]),
          ),
        })),
      ],
    };
  },
  about: {
    en: "Learning rate and λ of the network without hidden layer on 1,000 images, 25 trainings for each method: a grid of five by five, points at random, and a Gaussian process that goes where it expects most improvement. The score is the accuracy on 1,000 validation images; the winner is then measured on test images that took no part in the choice.",
    zh: "为不带隐藏层的网络在 1,000 张图像上搜索学习率与 λ，每种方法训练 25 次：五乘五的网格、随机取点，以及用高斯过程到预期提升最大的地方去试。得分是 1,000 张验证图像上的准确率；最后在没有参与选择的测试图像上衡量胜出者。",
  },
  claims: [
    {
      measure: "worstBest",
      says: {
        en: "by machine as well as by hand: the best accuracy of the method that did worst, in percent; the book's fast loop had 62 by then",
        zh: "机器不输于人：三种方法中最差者的最好准确率（百分数）；书中手工快速循环此时为 62",
      },
      reported: 62,
      accept: { atLeast: 80 },
      because: { en: "the book had tried four settings, here it is 25", zh: "书中只试了四组设置，这里试了 25 组" },
    },
    {
      measure: "spread",
      says: {
        en: "points between the best and the worst method after all trials: few in two dimensions",
        zh: "全部试验之后，最好与最差的方法相差的百分点：二维时很小",
      },
      accept: { atMost: 2.5 },
      because: {
        en: "a cell of the grid spans a factor of six in each value, so the grid may miss the best place by a point or two",
        zh: "网格的一格在每个值上跨约六倍，因此网格可能离最好的地方差一两个百分点",
      },
    },
    {
      measure: "bayesianIsNotBehind",
      says: {
        en: "after 25 trials Bayesian search is not behind random search, on average over the repetitions",
        zh: "25 次试验后，贝叶斯搜索按多次重复的平均不落后于随机搜索",
      },
      accept: { quick: null, full: { equals: true } },
    },
  ],
};

export const obstacle: Experiment = {
  id: "nndl/3.5-obstacle",
  title: { en: "Why gradient descent does not find λ and η", zh: "为何梯度下降找不到 λ 和 η" },
  section: "3.5, problems",
  kind: "exercise",
  settings: { images: 1000, hidden: 30, eta: 0.5 },
  read: ["book/nndl/chapter3/3.5-search.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const set = first(training, 1000);
    const watched = first(validation, 1000);
    const overfitting = trainer([784, 30, 10], set, watched, context.seed, "normal");
    const train = trainer([784, 10], set, watched, context.seed);
    const epochs = context.pick({ quick: 20, full: 100 });
    const lambdas = [0, 0.01, 0.03, 0.1, 0.3, 1, 3];
    const byLambda: Trial[] = [];
    for (const lambda of lambdas) byLambda.push(await overfitting({ eta: 0.5, lambda, batchSize: 10 }, epochs));
    const etas = Array.from({ length: 40 }, (_, i) => 0.1 * 10 ** (i / 39));
    const byEta: number[] = [];
    for (const eta of etas) byEta.push((await train({ eta, lambda: 0.1, batchSize: 10 }, 3)).accuracy[2]);
    const costs = byLambda.map(({ cost }) => cost[cost.length - 1]);
    const scores = byLambda.map(({ accuracy }) => accuracy[accuracy.length - 1]);
    const moves = byEta
      .slice(1)
      .map((value, i) => Math.sign(value - byEta[i]))
      .filter((sign) => sign !== 0);
    return {
      measured: {
        lambdaOfLowestCost: lambdas[costs.indexOf(Math.min(...costs))],
        lambdaOfBestAccuracy: lambdas[scores.indexOf(Math.max(...scores))],
        turns: moves.filter((sign, i) => i > 0 && sign !== moves[i - 1]).length,
        trainingCosts: costs.map((value) => Number(value.toFixed(4))),
        accuracies: scores.map(percent),
      },
      figures: [
        {
          name: "eta",
          chart: {
            kind: "line",
            title: { en: "Accuracy after three epochs against the learning rate", zh: "三个迭代期后的准确率与学习率" },
            xAxis: { label: { en: "learning rate", zh: "学习率" }, scale: "log" },
            yAxis: {
              label: { en: "accuracy on 1,000 validation images", zh: "1,000 张验证图像上的准确率" },
              format: "percent",
            },
            series: [{ name: { en: "λ = 0.1", zh: "λ = 0.1" }, x: etas, y: byEta, style: "line-points" }],
          },
        },
        {
          name: "lambda",
          chart: {
            kind: "line",
            title: { en: "Training cost and validation error against λ", zh: "训练代价与验证集错误率随 λ 的变化" },
            xAxis: { label: "λ", scale: "log" },
            yAxis: { min: 0 },
            series: [
              {
                name: { en: "training cost", zh: "训练代价" },
                x: lambdas.slice(1),
                y: costs.slice(1),
                style: "line-points",
              },
              {
                name: { en: "10 × validation error", zh: "10 × 验证集错误率" },
                x: lambdas.slice(1),
                y: scores.slice(1).map((score) => 10 * (1 - score)),
                style: "line-points",
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "λ: the cost contains (λ/2n) Σw², whose derivative by λ is never negative, so that gradient descent on the training cost always ends at λ = 0, where there is no regularisation. η: it is in no formula of the cost; what it changes is where training ends, and what one wants to improve, the accuracy, moves in steps of one image: between neighbouring rates it is level or jumps.",
    zh: "λ：代价里有 (λ/2n) Σw²，它对 λ 的导数永不为负，所以在训练代价上做梯度下降总会走到 λ = 0，也就是没有正则化。η：代价的公式里根本没有它；它改变的是训练走到哪里，而想要提高的准确率以一张图像为一级跳动：相邻的学习率之间不是不变就是跳变。",
  },
  claims: [
    {
      measure: "lambdaOfLowestCost",
      says: { en: "the λ with the lowest training cost", zh: "训练代价最低的 λ" },
      accept: { equals: 0 },
    },
    {
      measure: "lambdaOfBestAccuracy",
      says: { en: "the λ with the best validation accuracy is another", zh: "验证集准确率最好的 λ 不是它" },
      accept: { atLeast: 0.01 },
      because: { en: "anything but 0; the smallest λ tried is 0.01", zh: "只要不是 0；试过的最小 λ 为 0.01" },
    },
    {
      measure: "turns",
      says: {
        en: "how often the accuracy turns between rising and falling over 40 learning rates within a factor of ten",
        zh: "在相差十倍以内的 40 个学习率上，准确率在升降之间转向的次数",
      },
      accept: { atLeast: 3 },
      because: {
        en: "a function on which one can descend to its best point turns once; over twenty seeds it turned 3 to 18 times, 3 once",
        zh: "能靠下降找到最好点的函数只转向一次；二十个种子转向 3 至 18 次，只有一次为 3",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [automatedSearch, obstacle];
