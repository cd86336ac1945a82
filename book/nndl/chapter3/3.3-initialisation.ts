// Section 3.3, starting weights on MNIST: what N(0, 1/n) gains over N(0, 1), and how regularisation turns the one into the other.
import type { Experiment, RunContext } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { type Curve, curvesByEpoch, EPOCH, median, percent, VALIDATION_ACCURACY } from "../curves.ts";
import { type Study, study } from "../framework/study.ts";
import { NEW, OLD } from "./3.3-saturation.ts";

const read = ["book/nndl/framework/study.ts", "book/nndl/chapter3/3.3-initialisation.ts"];
type Start = "normal" | "scaled";

async function compare(context: RunContext, hidden: number, seeds: readonly number[]): Promise<Record<Start, Study[]>> {
  const data = await context.mnist();
  const training = first(data.training, context.pick({ quick: 10_000, full: 50_000 }));
  const found: Record<Start, Study[]> = { normal: [], scaled: [] };
  for (const weights of ["normal", "scaled"] as const) {
    for (const seed of seeds) {
      context.log(`${hidden} hidden neurons, weights ${weights}, seed ${seed}`);
      found[weights].push(
        await study({
          sizes: [784, hidden, 10],
          cost: "crossEntropy",
          weights,
          training,
          epochs: context.pick({ quick: 5, full: 30 }),
          eta: 0.1,
          lambda: training.count / 10_000,
          seed,
          monitor: { validation: data.validation },
        }),
      );
    }
  }
  return found;
}

function comparisonOf(
  hidden: number,
  id: string,
  seedCount: number,
  claims: Experiment["claims"],
  about: Experiment["about"],
): Experiment {
  return {
    id,
    title: {
      en: `Old and new starting weights, ${hidden} hidden neurons`,
      zh: `新旧两种初始权重，${hidden} 个隐藏神经元`,
    },
    section: "3.3",
    kind: "experiment",
    settings: { hidden, epochs: 30, batchSize: 10, eta: 0.1, lambda: 5 },
    read: read,
    needs: ["mnist"],
    async run(context) {
      const { normal, scaled } = await compare(context, hidden, context.seeds(seedCount));
      const at = (studies: readonly Study[], index: number) =>
        studies.map(({ accuracy }) => percent(accuracy.validation.at(index) ?? 0));
      const [oldFirst, newFirst, oldFinal, newFinal] = [at(normal, 0), at(scaled, 0), at(normal, -1), at(scaled, -1)];
      const curve = (name: Curve["name"], { epochs, accuracy }: Study): Curve => ({
        name,
        epochs,
        values: accuracy.validation,
      });
      return {
        measured: {
          oldFirst: median(oldFirst),
          newFirst: median(newFirst),
          oldFinal: median(oldFinal),
          newFinal: median(newFinal),
          head: median(newFirst) - median(oldFirst),
          difference: median(newFinal) - median(oldFinal),
          oldFirstBySeed: oldFirst,
          newFirstBySeed: newFirst,
          oldFinalBySeed: oldFinal,
          newFinalBySeed: newFinal,
        },
        figures: [
          {
            name: "accuracy",
            chart: curvesByEpoch(
              { en: `Validation accuracy, ${hidden} hidden neurons`, zh: `验证集准确率，${hidden} 个隐藏神经元` },
              [curve(OLD, normal[0]), curve(NEW, scaled[0])],
              { y: { label: VALIDATION_ACCURACY, format: "percent" } },
            ),
          },
        ],
      };
    },
    about,
    claims,
  };
}

const smaller = comparisonOf(
  30,
  "nndl/3.3-starts-30",
  2,
  [
    {
      measure: "oldFirst",
      says: { en: "old approach after the first epoch: below 87 per cent", zh: "旧方法，第一个迭代期后：低于 87%" },
      reported: 87,
      accept: { quick: { between: [69, 77.5] }, full: { between: [85.5, 88] } },
      because: {
        en: "mean of two seeds; the book shows one run. Quick, a fifth of the steps: ten seeds had 71.4 to 75.1",
        zh: "两个种子的平均；原书只展示一次运行。快速形式只有五分之一的步数：十个种子为 71.4 至 75.1",
      },
    },
    {
      measure: "newFirst",
      says: { en: "new approach after the first epoch: almost 93 per cent", zh: "新方法，第一个迭代期后：将近 93%" },
      reported: 93,
      accept: { quick: { between: [87, 90.2] }, full: { within: 1 } },
      because: {
        en: "mean of two seeds; the book shows one run. Quick: ten seeds had 88.1 to 89.2",
        zh: "两个种子的平均；原书只展示一次运行。快速：十个种子为 88.1 至 89.2",
      },
    },
    {
      measure: "head",
      says: {
        en: "the new approach is ahead after the first epoch, in points",
        zh: "第一个迭代期后新方法领先的百分点",
      },
      accept: { quick: { between: [11, 20] }, full: { between: [3, 9] } },
      because: {
        en: "almost 93 against below 87 is about six; half of it is a clear lead. Quick: ten seeds had 13.4 to 17.4",
        zh: "将近 93 对低于 87，约六个百分点；其一半已是明显领先。快速：十个种子为 13.4 至 17.4",
      },
    },
    {
      measure: "newFinal",
      says: { en: "new approach at the end: just over 96 per cent", zh: "新方法最终：略高于 96%" },
      reported: 96,
      accept: { quick: { between: [91.3, 93.3] }, full: { within: 0.8 } },
      because: {
        en: "mean of two seeds; the book shows one run. Quick: ten seeds had 92.0 to 92.6",
        zh: "两个种子的平均；原书只展示一次运行。快速：十个种子为 92.0 至 92.6",
      },
    },
    {
      measure: "difference",
      says: { en: "both end alike: difference in points", zh: "两者最终相近：相差的百分点" },
      expected: 0,
      accept: { quick: null, full: { within: 0.6 } },
      because: {
        en: "the plot's curves touch; single epochs jump by a few tenths",
        zh: "图中两条曲线重合；相邻迭代期会跳动零点几",
      },
    },
  ],
  {
    en: "The network with L2 from both kinds of starting weights, on the validation data. The new ones begin far ahead; the end is the same here. Full: 50,000 images, 30 epochs, means of two seeds. Quick: 10,000 images with λ = 1, 5 epochs.",
    zh: "带 L2 的网络从两种初始权重出发，在验证集上评估。新方法一开始就遥遥领先，最终结果在这里相同。完整形式：50,000 幅图像、30 个迭代期、两个种子的平均。快速形式：10,000 幅图像、λ = 1、5 个迭代期。",
  },
);

const larger = comparisonOf(
  100,
  "nndl/3.3-starts-100",
  1,
  [
    {
      measure: "head",
      says: {
        en: "the new approach is ahead after the first epoch, in points",
        zh: "第一个迭代期后新方法领先的百分点",
      },
      accept: { quick: { between: [5.8, 10.5] }, full: { between: [2, 6] } },
      because: {
        en: "the source has a plot only; full: seed 1 had 3.1. Quick: ten seeds had 7.2 to 9.0",
        zh: "原书只有图；完整：种子 1 为 3.1。快速：十个种子为 7.2 至 9.0",
      },
    },
    {
      measure: "difference",
      says: { en: "both end alike: difference in points", zh: "两者最终相近：相差的百分点" },
      expected: 0,
      accept: { quick: null, full: { within: 0.8 } },
      because: { en: "read off a plot; single epochs jump by a few tenths", zh: "读自曲线图；相邻迭代期会跳动零点几" },
    },
  ],
  {
    en: "As nndl/3.3-starts-30 with 100 hidden neurons. Full: 50,000 images, 30 epochs, one seed. Quick: 10,000 images with λ = 1, 5 epochs.",
    zh: "同 nndl/3.3-starts-30，隐藏神经元为 100 个。完整形式：50,000 幅图像、30 个迭代期、一个种子。快速形式：10,000 幅图像、λ = 1、5 个迭代期。",
  },
);

/** Root mean square of the weights into the hidden layer. */
function rootMeanSquare({ model }: Study): number {
  const weights = model.parameters[0].tensor.dataSync();
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += Number(weights[i]) ** 2;
  return Math.sqrt(sum / weights.length);
}

const decay: Experiment = {
  id: "nndl/3.3-regularised-start",
  title: { en: "Regularisation turns the old weights into the new", zh: "正则化使旧的初始权重变成新的" },
  section: "3.3",
  kind: "exercise",
  settings: { hidden: 30, batchSize: 10, eta: 0.5, lambda: 5 },
  read: read,
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const training = first(data.training, context.pick({ quick: 10_000, full: 50_000 }));
    const sizes: Record<Start, number[]> = { normal: [], scaled: [] };
    for (const weights of ["normal", "scaled"] as const) {
      const spreadAtStart = weights === "normal" ? 1 : 1 / Math.sqrt(784);
      sizes[weights].push(spreadAtStart);
      await study({
        sizes: [784, 30, 10],
        cost: "crossEntropy",
        weights,
        training,
        epochs: context.pick({ quick: 20, full: 30 }),
        eta: 0.5,
        lambda: 5,
        seed: context.seed,
        onEpoch(progress) {
          sizes[weights].push(rootMeanSquare(progress));
          return undefined;
        },
      });
    }
    const { normal, scaled } = sizes;
    const end = normal.at(-1) ?? 0;
    const epochs = normal.map((_, i) => i);
    return {
      measured: {
        firstFactors: [1, 2, 3].map((epoch) => normal[epoch] / normal[epoch - 1]),
        endRatio: end / (scaled.at(-1) ?? 1),
        endInUnits: end * Math.sqrt(23_820),
        end,
      },
      figures: [
        {
          name: "size-of-weights",
          chart: {
            kind: "line",
            title: { en: "Root mean square of the hidden layer's weights", zh: "隐藏层权重的均方根" },
            xAxis: { label: EPOCH },
            yAxis: { scale: "log" },
            series: [
              { name: OLD, x: epochs, y: normal },
              { name: NEW, x: epochs, y: scaled },
              {
                name: { en: "decay alone: e^(-0.25 t)", zh: "仅有衰减：e^(-0.25 t)" },
                x: epochs.slice(0, 16),
                y: epochs.slice(0, 16).map((t) => Math.exp(-0.25 * t)),
                style: "dashed",
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The problem of the section: with N(0, 1) weights and L2, the first epochs are little else than decay, by the factor e^(-ηλ/m) an epoch, and the decay ends when the weights are about as large as 1/√n, n being the number of weights. Measured is the root mean square of the weights into the hidden layer. Full: 50,000 images, λ = 5, 30 epochs. Quick: 10,000 images, λ = 5, 20 epochs.",
    zh: "本节的问题：权重取 N(0, 1) 并加 L2 时，最初几个迭代期几乎只是衰减，每个迭代期乘以 e^(-ηλ/m)；当权重大小降到约 1/√n（n 为权重个数）时衰减结束。这里测量隐藏层权重的均方根。完整形式：50,000 幅图像、λ = 5、30 个迭代期。快速形式：10,000 幅图像、λ = 5、20 个迭代期。",
  },
  claims: [
    {
      measure: "firstFactors",
      says: { en: "decay in each of the first three epochs: e^(-0.25)", zh: "前三个迭代期各自的衰减因子：e^(-0.25)" },
      expected: [Math.exp(-0.25), Math.exp(-0.25), Math.exp(-0.25)],
      accept: { within: 0.05 },
      because: { en: "the data's own gradient adds a little", zh: "数据本身的梯度也起一点作用" },
    },
    {
      measure: "endRatio",
      says: {
        en: "at the end the weights are as large as those that started at N(0, 1/n): ratio",
        zh: "最终权重与从 N(0, 1/n) 出发的一样大：比值",
      },
      expected: 1,
      accept: { within: 0.1 },
      because: {
        en: "what is left of the start is e^-7.5 (full) and e^-5 (quick)",
        zh: "初始值的残留为 e^-7.5（完整）或 e^-5（快速）",
      },
    },
    {
      measure: "endInUnits",
      says: {
        en: "their size in units of 1/√n, n = 23,820 weights: about 1",
        zh: "以 1/√n（n = 23,820 个权重）为单位的大小：约为 1",
      },
      reported: 1,
      accept: { between: [0.1, 10] },
      because: { en: "the argument is a heuristic: an order of magnitude", zh: "论证是启发式的，只看数量级" },
      differs: {
        accept: { quick: { between: [20, 27] }, full: { between: [34, 46] } },
        cause: {
          en: "Two parts of the argument hold: the decay of the first epochs, and that both starts end at the same size. The third does not: the weights stay some 40 times above 1/√n (full form), and those that started smaller grow up to that size. What stops the decay is the balance with the data's gradient, which depends on λ/n and not on the number of weights: the root mean square ends at 0.26 with λ/n = 1/10,000 (full form) and at 0.15 with λ/n = 1/2,000 (quick form), on the same network.",
          zh: "论证的两部分成立：最初几个迭代期的衰减，以及两种起点最终大小相同。第三部分不成立：权重停在约 40 倍于 1/√n 处（完整形式），起点更小的权重反而长到这个大小。使衰减停止的是它与数据梯度之间的平衡，这取决于 λ/n 而不是权重个数：同一网络，λ/n = 1/10,000（完整形式）时均方根最终为 0.26，λ/n = 1/2,000（快速形式）时为 0.15。",
        },
      },
    },
  ],
};

const biases: Experiment = {
  id: "nndl/3.3-biases",
  title: { en: "How the biases start hardly matters", zh: "偏置怎样初始化几乎无所谓" },
  section: "3.3",
  kind: "experiment",
  settings: { hidden: 30, batchSize: 10, eta: 0.5, lambdaOverN: 1e-4, biases: "N(0, 1), 0" },
  read,
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const training = first(data.training, context.pick({ quick: 5000, full: 50_000 }));
    const seeds = context.seeds(3, 2);
    const train = async (start: "normal" | "zeros"): Promise<Study[]> => {
      const found: Study[] = [];
      for (const seed of seeds) {
        context.log(`biases ${start}, seed ${seed}`);
        const run = study({
          ...{ sizes: [784, 30, 10], cost: "crossEntropy", weights: "scaled", biases: start, training, seed },
          ...{ epochs: context.pick({ quick: 6, full: 20 }), eta: 0.5, lambda: training.count / 10_000 },
          monitor: { validation: data.validation },
        });
        found.push(await run);
      }
      return found;
    };
    const [normal, zeros] = [await train("normal"), await train("zeros")];
    const finals = [normal, zeros].map((runs) => runs.map(({ accuracy }) => percent(accuracy.validation.at(-1) ?? 0)));
    const gaps = finals[0].map((value, i) => value - finals[1][i]);
    const curve = (name: Curve["name"], { epochs, accuracy }: Study): Curve => ({
      name,
      epochs,
      values: accuracy.validation,
    });
    return {
      measured: {
        difference: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length,
        worst: Math.min(...finals.flat()),
        normal: finals[0],
        zeros: finals[1],
      },
      figures: [
        {
          name: "accuracy",
          chart: curvesByEpoch(
            { en: "Validation accuracy by the start of the biases", zh: "偏置初始化不同时的验证集准确率" },
            [
              curve({ en: "biases N(0, 1)", zh: "偏置 N(0, 1)" }, normal[0]),
              curve({ en: "biases 0", zh: "偏置 0" }, zeros[0]),
            ],
            { y: { label: VALIDATION_ACCURACY, format: "percent" } },
          ),
        },
      ],
    };
  },
  about: {
    en: "Having shrunk the weights, the text leaves the biases at N(0, 1): it doesn't much matter, some people start them at 0. Both are trained here from the same weights, on the same mini-batches. Full: 50,000 images, 20 epochs, three seeds. Quick: 5,000 images, 6 epochs, two seeds.",
    zh: "缩小权重之后，书中让偏置仍取 N(0, 1)：这没有多大关系，有人干脆取 0。这里两者从相同的权重出发、用相同的小批量训练。完整形式：50,000 幅图像、20 个迭代期、三个种子。快速形式：5,000 幅图像、6 个迭代期、两个种子。",
  },
  claims: [
    {
      measure: "difference",
      says: {
        en: "biases N(0, 1) against 0: difference of the final accuracies in points, mean of the seeds",
        zh: "偏置取 N(0, 1) 与取 0：最终准确率之差（百分点），各种子平均",
      },
      expected: 0,
      accept: { within: 0.6 },
      because: { en: "single epochs jump by a few tenths", zh: "相邻迭代期会跳动零点几" },
    },
    {
      measure: "worst",
      says: {
        en: "and both learn: the worst of all final accuracies in per cent",
        zh: "而且两者都学得会：最差的最终准确率（%）",
      },
      accept: { quick: { between: [90, 95] }, full: { between: [95, 97.5] } },
      because: {
        en: "nndl/3.3-starts-30 has just over 96 per cent with all images",
        zh: "nndl/3.3-starts-30 用全部图像略高于 96%",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [smaller, larger, biases, decay];
