// Section 3.5, how to choose hyper-parameters: the search that starts with no signal at all, and what the learning rate does to the training
// cost. Stopping and schedules, searches by program, and the techniques of section 3.6 stand in files of their own.
import { NonFiniteLossError, noGrad, scope } from "nabla";
import type { Experiment, RunContext } from "../../experiment.ts";
import { type DigitSet, first, toSamples } from "../../mnist.ts";
import { curvesByEpoch, percent, VALIDATION_ACCURACY } from "../curves.ts";
import { type Study, type StudyOptions, study } from "../framework/study.ts";
import { shareUp } from "../programs/oscillation.ts";

/** How many images show each digit: what a network that always gives the same answer gets right. */
export function classCounts(set: DigitSet): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const label of set.labels) counts[label] += 1;
  return counts;
}

interface Counts {
  /** Answers by the largest output in float64, the first of equal ones, as NumPy's argmax on the book's outputs. */
  readonly byOutput: number[];
  /** Answers by the largest weighted input, as the framework counts: outputs that round to the same number still differ here. */
  readonly byInput: number[];
}

/**
 * Counts of right answers after each epoch. Where the weights grow beyond all numbers they become NaN, and so do the outputs: NumPy's argmax
 * then takes the first place, so that the answer is always 0.
 */
async function counts(options: Omit<StudyOptions, "monitor">, validation: DigitSet): Promise<Counts> {
  const found: Counts = { byOutput: [], byInput: [] };
  const { x } = toSamples(validation);
  const read = ({ model }: Study): undefined => {
    const z = scope(() => noGrad(() => model.logits(x).toArray() as number[][]));
    const right = (answer: (row: number[]) => number): number =>
      z.filter((row, i) => answer(row) === validation.labels[i]).length;
    const largest = (row: readonly number[]): number => row.indexOf(Math.max(...row));
    found.byInput.push(right(largest));
    found.byOutput.push(right((row) => largest(row.map((value) => 1 / (1 + Math.exp(-value))))));
  };
  try {
    await study({ ...options, onEpoch: read });
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    const zeros = classCounts(validation)[0];
    for (const list of [found.byOutput, found.byInput]) while (list.length < options.epochs) list.push(zeros);
  }
  return found;
}

const FAST_LOOP = [
  { eta: 10, lambda: 1000, book: [10, 10, 10] },
  { eta: 10, lambda: 20, book: [12, 14, 25, 18] },
  { eta: 100, lambda: 20, book: [10, 10, 10, 10] },
  { eta: 1, lambda: 20, book: [62, 42, 43, 61] },
] as const;

const demos: Experiment = {
  id: "nndl/3.5-demos",
  title: { en: "From no signal to a first signal", zh: "从毫无信号到第一点信号" },
  section: "3.5",
  kind: "experiment",
  settings: { hidden: 30, eta: 10, lambda: 1000, batchSize: 10, epochs: 30 },
  read: ["book/nndl/chapter3/3.5-demonstrations.ts", "book/nndl/framework/study.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const common = { cost: "crossEntropy", weights: "scaled", seed: context.seed } as const;
    // lambda / n stays 1000 / 50,000.
    const n = context.pick({ quick: 10_000, full: 50_000 });
    const large = await counts(
      {
        ...common,
        ...{ sizes: [784, 30, 10], training: first(training, n), eta: 10, lambda: n / 50 },
        epochs: context.pick({ quick: 3, full: 30 }),
      },
      validation,
    );
    const small = { training: first(training, 1000), validation: first(validation, 100) };
    const loop: number[][] = [];
    let byInput: number[] = [];
    for (const { eta, lambda } of FAST_LOOP) {
      const found = await counts(
        { ...common, sizes: [784, 10], training: small.training, eta, lambda, epochs: 30 },
        small.validation,
      );
      loop.push(found.byOutput);
      if (eta === 100) byInput = found.byInput;
      context.log(`eta ${eta}, lambda ${lambda}: ${loop.at(-1)?.slice(0, 8)}`);
    }
    const best = loop.map((run) => Math.max(...run.slice(0, 4)));
    const known = classCounts(validation);
    return {
      measured: {
        bookCountsAreClassCounts: [1030, 990, 1009, 983, 967].every((count) => known.includes(count)),
        bestOfLarge: percent(Math.max(...large.byOutput) / validation.count),
        sameAnswerAlways: large.byOutput.every((count) => known.includes(count)),
        bestOfStep1: Math.max(...loop[0]),
        bestOfStep2: best[1],
        bestOfStep3: Math.max(...loop[2].slice(0, 4)),
        bestOfStep4: best[3],
        step3ByWeightedInputs: byInput.slice(0, 4),
      },
      figures: [
        {
          name: "fast-loop",
          chart: curvesByEpoch(
            { en: "The fast loop: four settings in turn", zh: "快速循环：依次试四组设置" },
            FAST_LOOP.map(({ eta, lambda }, i) => ({
              name: `η = ${eta}, λ = ${lambda}`,
              epochs: loop[i].map((_, epoch) => epoch + 1),
              values: loop[i].map((count) => count / 100),
              style: i === 0 ? ("dashed" as const) : undefined,
            })),
            {
              y: {
                label: { en: "accuracy on 100 validation images", zh: "100 张验证图像上的准确率" },
                min: 0,
                max: 1,
                format: "percent",
              },
            },
          ),
        },
      ],
      tables: [
        {
          title: { en: "Right answers of 100 after epochs 1 to 8", zh: "第 1 至 8 个迭代期后 100 张中答对的张数" },
          columns: [
            { en: "settings", zh: "设置" },
            { en: "book", zh: "原书" },
            { en: "here", zh: "本次" },
          ],
          rows: FAST_LOOP.map(({ eta, lambda, book }, i) => [
            `η = ${eta}, λ = ${lambda}`,
            book.join(", "),
            loop[i].slice(0, 8).join(", "),
          ]),
        },
      ],
      notes: [
        {
          en: "η = 10 with λ = 1000 and n = 1,000 multiplies every weight by 1 − ηλ/n = −9 at each step: soon they are beyond all numbers, and NumPy's argmax of NaN is 0. Ten of the 100 images show a 0.",
          zh: "n = 1,000 时，η = 10、λ = 1000 使每一步都把权重乘以 1 − ηλ/n = −9：权重很快溢出，而 NumPy 对 NaN 取 argmax 得 0。100 张图像中恰有 10 张是 0。",
        },
        {
          en: `With η = 100 the weighted inputs are in the hundred thousands, so that outputs are exactly 1 or exactly 0 in float64; of equal ones argmax takes the first, again the 0. Whoever compares weighted inputs finds ${byInput.slice(0, 4).join(", ")} right after the first four epochs: the network knows a little more than its outputs can say.`,
          zh: `η = 100 时带权输入达几十万，float64 的输出恰为 1 或恰为 0；相等时 argmax 取第一个，又是 0。改为比较带权输入，前四个迭代期后答对 ${byInput.slice(0, 4).join("、")} 张：网络知道的比它的输出能表达的略多。`,
        },
      ],
    };
  },
  about: {
    en: "A network with η = 10 and λ = 1000 learns nothing: it answers with the same digit always, and the counts that the book prints are the numbers of threes, twos, eights, fours and sixes among the 10,000 validation images. The way out is to make trials cheap: no hidden layer, 1,000 images, 100 for validation, and then to change one thing at a time.",
    zh: "η = 10、λ = 1000 的网络什么也学不到：它总是给出同一个数字，书中印出的那些计数正是一万张验证图像里 3、2、8、4、6 的个数。出路是让每次试验变得便宜：去掉隐藏层，只用 1,000 张训练图像、100 张验证图像，然后每次只改一个超参数。",
  },
  claims: [
    {
      measure: "bookCountsAreClassCounts",
      says: {
        en: "1030, 990, 1009, 983 and 967 are numbers of images of one digit each",
        zh: "1030、990、1009、983、967 各是某一个数字的图像张数",
      },
      accept: { equals: true },
    },
    {
      measure: "bestOfLarge",
      says: {
        en: "η = 10, λ = 1000: best accuracy in percent, at chance",
        zh: "η = 10、λ = 1000：最高准确率（百分数），与瞎猜相当",
      },
      reported: 10.3,
      accept: { between: [8, 12] },
      because: { en: "one digit is on 9.15 to 10.9 percent of the images", zh: "每个数字占图像的 9.15% 到 10.9%" },
    },
    {
      measure: "bestOfStep1",
      says: { en: "fast loop, η = 10, λ = 1000: best of 100", zh: "快速循环，η = 10、λ = 1000：100 张中最好答对几张" },
      reported: 10,
      accept: { equals: 10 },
    },
    {
      measure: "bestOfStep2",
      says: {
        en: "λ = 20: a signal, best of 100 in four epochs",
        zh: "λ = 20：有了信号，四个迭代期内 100 张中最好答对几张",
      },
      reported: 25,
      accept: { between: [15, 45] },
      because: {
        en: "updates this long throw the network about: with seeds 1 to 10 the best of four epochs is 24 to 37",
        zh: "步子这么大，网络被甩来甩去：种子 1 到 10，四个迭代期中的最好值为 24 到 37",
      },
    },
    {
      measure: "bestOfStep3",
      says: { en: "η = 100: the signal is lost again", zh: "η = 100：信号又消失了" },
      reported: 10,
      accept: { between: [6, 14] },
      because: { en: "one digit is on 6 to 14 of the 100 images", zh: "每个数字占 100 张图像中的 6 到 14 张" },
    },
    {
      measure: "bestOfStep4",
      says: { en: "η = 1: much better, best of 100 in four epochs", zh: "η = 1：好得多，四个迭代期内的最好值" },
      reported: 62,
      accept: { between: [52, 82] },
      because: {
        en: "with seeds 1 to 10 the best of four epochs is 61 to 73",
        zh: "种子 1 到 10，四个迭代期中的最好值为 61 到 73",
      },
    },
  ],
};

const RATES = [0.025, 0.25, 2.5] as const;

async function costCurves(context: RunContext): Promise<{ epochs: number; n: number; runs: Study[] }> {
  const { training, validation } = await context.mnist();
  const n = context.pick({ quick: 5_000, full: 50_000 });
  const epochs = context.pick({ quick: 12, full: 30 });
  const set = first(training, n);
  const runs: Study[] = [];
  for (const eta of [...RATES, "then"] as const) {
    const run = await study({
      ...{ sizes: [784, 30, 10], cost: "crossEntropy", weights: "scaled", training: set, epochs },
      eta: eta === "then" ? 0.25 : eta,
      lambda: (5 * n) / 50_000,
      seed: context.seed,
      monitor: { training: set, validation },
      onEpoch: ({ optimizer, epochs: done }) => {
        if (eta === "then" && done.length === Math.round((epochs * 2) / 3)) optimizer.learningRate = 0.025;
        return undefined;
      },
    });
    context.log(`eta ${eta}: cost ${run.cost["training"].at(-1)?.toFixed(4)}`);
    runs.push(run);
  }
  return { epochs, n, runs };
}

const learningRates: Experiment = {
  id: "nndl/3.5-learning-rates",
  title: { en: "Three learning rates, and one that is lowered", zh: "三个学习率，以及一次调低" },
  section: "3.5",
  kind: "experiment",
  settings: { hidden: 30, batchSize: 10, epochs: 30, lambda: 5 },
  read: [
    "book/nndl/chapter3/3.5-demonstrations.ts",
    "book/nndl/framework/study.ts",
    "book/nndl/programs/oscillation.ts",
  ],
  needs: ["mnist"],
  async run(context) {
    const { epochs, runs } = await costCurves(context);
    const costs = runs.map((run) => run.cost["training"]);
    const last = costs.map((cost) => cost[cost.length - 1]);
    const third = Math.round(epochs / 3);
    const names = [...RATES.map((eta) => `η = ${eta}`), { en: "0.25, then 0.025", zh: "先 0.25，后 0.025" }];
    const numbers = costs[0].map((_, i) => i + 1);
    return {
      measured: {
        upSmall: shareUp(costs[0]),
        upLarge: shareUp(costs[2], third),
        upMiddleLate: shareUp(costs[1], epochs - third),
        largestAboveMiddle: last[2] > last[1],
        loweringHelps: last[3] < last[1],
        finalCosts: last,
        bestValidation: runs.map((run) => percent(Math.max(...run.accuracy["validation"]))),
      },
      figures: [
        {
          name: "cost",
          chart: curvesByEpoch(
            { en: "Training cost under three learning rates", zh: "三个学习率下的训练代价" },
            costs.map((values, i) => ({
              name: names[i],
              epochs: numbers,
              values,
              style: i === 3 ? ("dashed" as const) : undefined,
            })),
            { y: { label: { en: "cost on training data", zh: "训练集上的代价" } } },
          ),
        },
        {
          name: "accuracy",
          chart: curvesByEpoch(
            { en: "The same runs on validation data", zh: "同样几次训练在验证集上的表现" },
            runs.map((run, i) => ({
              name: names[i],
              epochs: numbers,
              values: run.accuracy["validation"],
              style: i === 3 ? ("dashed" as const) : undefined,
            })),
            { y: { label: VALIDATION_ACCURACY, format: "percent" } },
          ),
        },
      ],
    };
  },
  about: {
    en: "The training cost under η = 0.025, 0.25 and 2.5. The smallest falls smoothly to the end; the middle one falls for about twenty epochs and then only fluctuates; the largest oscillates from early on. The book proposes to begin with 0.25 and to go on with 0.025 after twenty epochs; that is the fourth curve.",
    zh: "η = 0.025、0.25、2.5 时训练集上的代价。最小的一直平稳下降；中间的降约二十个迭代期，之后基本只是随机波动；最大的很早就开始振荡。书中建议先用 0.25，二十个迭代期后改用 0.025，这就是第四条曲线。",
  },
  claims: [
    {
      measure: "upSmall",
      says: {
        en: "η = 0.025 falls smoothly: share of the movement that is upwards",
        zh: "η = 0.025 平稳下降：变化量中向上的部分所占的比例",
      },
      accept: { atMost: 0.05 },
      because: { en: "a smooth fall has 0, pure oscillation 0.5", zh: "平稳下降为 0，纯粹的振荡为 0.5" },
    },
    {
      measure: "upLarge",
      says: {
        en: "η = 2.5 oscillates: the same share, after the first third",
        zh: "η = 2.5 振荡：前三分之一之后的同一比例",
      },
      accept: { quick: null, full: { atLeast: 0.3 } },
      because: { en: "a smooth fall has 0, pure oscillation 0.5", zh: "平稳下降为 0，纯粹的振荡为 0.5" },
    },
    {
      measure: "upMiddleLate",
      says: {
        en: "η = 0.25 fluctuates after twenty epochs: the same share, in the last third",
        zh: "η = 0.25 在二十个迭代期后波动：最后三分之一的同一比例",
      },
      accept: { quick: null, full: { atLeast: 0.25 } },
      because: { en: "a smooth fall has 0, pure oscillation 0.5", zh: "平稳下降为 0，纯粹的振荡为 0.5" },
    },
    {
      measure: "largestAboveMiddle",
      says: { en: "η = 2.5 ends with a higher cost than 0.25", zh: "η = 2.5 最后的代价高于 0.25" },
      accept: { equals: true },
    },
    {
      measure: "loweringHelps",
      says: {
        en: "0.25, then 0.025, ends with a lower cost than 0.25 alone",
        zh: "先 0.25 后 0.025，最后的代价低于一直用 0.25",
      },
      accept: { quick: null, full: { equals: true } },
    },
  ],
};

export const experiments: readonly Experiment[] = [demos, learningRates];
