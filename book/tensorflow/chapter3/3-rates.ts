// Chapter 3, what the program leaves open: other learning rates, and how many steps the textbook's curve takes.
import { NonFiniteLossError } from "nabla";
import type { Experiment } from "../../experiment.ts";
import type { Loaded } from "../framework/data.ts";
import { AT_THE_EDGE, type Curve, trainWithFit } from "../framework/program.ts";
import { accuracyChart, digitsFor, lossChart, type Named, settings } from "./3-program.ts";

const RATES = [0.001, 0.003, 0.01, 0.015, 0.03] as const;

const learningRates: Experiment = {
  id: "tensorflow/3-learning-rates",
  title: { en: "What other learning rates do", zh: "其他学习率的表现" },
  section: "3",
  kind: "experiment",
  settings: { ...settings, epochs: 5, rate: RATES.join(", ") },
  read: ["book/tensorflow/framework/program.ts", "book/tensorflow/chapter3/3-rates.ts"],
  needs: ["mnist"],
  async run(context) {
    const data = { ...(await digitsFor(context)), epochs: context.pick({ quick: 2, full: 5 }) };
    const shifted = (set: Loaded): Loaded => ({ x: set.x.add(1).div(2), y: set.y });
    const fromZero = { ...data, train: shifted(data.train), test: shifted(data.test) };
    const run = async (options: typeof data, learningRate: number): Promise<Curve | null> => {
      try {
        return await trainWithFit({ ...options, seed: context.seed, learningRate });
      } catch (error) {
        if (error instanceof NonFiniteLossError) return null;
        throw error;
      }
    };
    const runs: { rate: number; symmetric: Curve | null; positive: Curve | null }[] = [];
    for (const rate of RATES)
      runs.push({ rate, symmetric: await run(data, rate), positive: await run(fromZero, rate) });
    const largest = (of: "symmetric" | "positive") =>
      Math.max(...runs.filter((one) => one[of] !== null).map(({ rate }) => rate));
    const shown = (curve: Curve | null) => (curve === null ? "–" : curve.loss.at(-1)!.toFixed(3));
    const right = (curve: Curve | null) => (curve === null ? "–" : `${(100 * curve.accuracy.at(-1)!).toFixed(1)}%`);
    return {
      measured: { largestStable: largest("symmetric"), largestStableFromZero: largest("positive") },
      figures: [
        {
          name: "rates",
          chart: lossChart(
            runs.flatMap(({ rate, symmetric }) =>
              symmetric === null ? [] : [{ name: { en: `rate ${rate}`, zh: `学习率 ${rate}` }, y: symmetric.loss }],
            ),
            { en: "Training error by rate, inputs in [-1, 1]", zh: "不同学习率的训练误差，输入在 [-1, 1]" },
            true,
          ),
        },
      ],
      tables: [
        {
          title: { en: `After ${data.epochs} epochs; – diverged`, zh: `${data.epochs} 轮之后；– 表示发散` },
          columns: [
            { en: "rate", zh: "学习率" },
            { en: "loss, [-1, 1]", zh: "损失，[-1, 1]" },
            { en: "test accuracy", zh: "测试准确率" },
            { en: "loss, [0, 1]", zh: "损失，[0, 1]" },
            { en: "test accuracy", zh: "测试准确率" },
          ],
          rows: runs.map(({ rate, symmetric, positive }) => [
            rate,
            shown(symmetric),
            right(symmetric),
            shown(positive),
            right(positive),
          ]),
        },
      ],
    };
  },
  about: {
    en: "The rate that the listing leaves open, varied: 0.001 to 0.03, with inputs in [-1, 1] as in the textbook and with inputs in [0, 1]. Most pixels are paper, which is -1 in the first and 0 in the second; a common offset of all inputs makes one direction of the loss very steep, and that direction limits the rate.",
    zh: "对资料中未给出的学习率做变化：0.001 到 0.03，输入分别取教材的 [-1, 1] 与 [0, 1]。大多数像素是空白，前者记为 -1，后者记为 0；所有输入共有的偏移使损失在某个方向上非常陡，学习率就受这个方向限制。",
  },
  claims: [
    {
      measure: "largestStable",
      says: {
        en: "the largest of the rates that does not diverge with inputs in [-1, 1]",
        zh: "输入在 [-1, 1] 时不发散的最大学习率",
      },
      accept: { equals: 0.01 },
      because: {
        en: "so from sixteen starts in twenty; from the others (seeds 5, 12, 14 and 15) it is 0.003",
        zh: "二十个初值中有十六个如此，其余（种子 5、12、14、15）为 0.003",
      },
    },
    {
      measure: "largestStableFromZero",
      says: {
        en: "inputs in [0, 1] bear a larger one",
        zh: "输入在 [0, 1] 时可以取得更大",
      },
      accept: { atLeast: 0.015 },
      because: { en: "the next larger rate of the list, or more", zh: "列表中的下一个学习率或更大" },
    },
  ],
};

const steps: Experiment = {
  id: "tensorflow/3-steps",
  title: { en: "How many steps the curve takes", zh: "这条曲线需要多少步" },
  section: "3",
  kind: "experiment",
  settings: { ...settings, batch: "512, 128, 32" },
  read: ["book/tensorflow/framework/program.ts", "book/tensorflow/chapter3/3-rates.ts"],
  needs: ["mnist"],
  async run(context) {
    const data = { ...(await digitsFor(context)), epochs: context.pick({ quick: 4, full: 50 }) };
    const sizes = [512, 128, 32];
    const curves: Curve[] = [];
    for (const batchSize of sizes) {
      context.log(`batch ${batchSize}`);
      curves.push(await trainWithFit({ ...data, seed: context.seed, batchSize, log: context.log }));
    }
    const last = curves.map((curve) => curve.loss.at(-1)!);
    const named = (pick: (curve: Curve) => number[]): Named =>
      curves.map((curve, i) => ({ name: { en: `batch ${sizes[i]}`, zh: `批大小 ${sizes[i]}` }, y: pick(curve) }));
    return {
      measured: {
        lossAt32: last[2],
        accuracyAt32: curves[2].accuracy.at(-1)!,
        moreStepsLessLoss: last[0] > last[1] && last[1] > last[2],
        losses: last,
        accuracies: curves.map((curve) => curve.accuracy.at(-1)!),
      },
      figures: [
        {
          name: "loss",
          chart: lossChart(
            named((curve) => curve.loss),
            { en: "Training error by batch size, rate 0.01", zh: "不同批大小的训练误差，学习率 0.01" },
            true,
          ),
        },
        {
          name: "accuracy",
          chart: accuracyChart(
            named((curve) => curve.accuracy),
            { en: "Test accuracy by batch size", zh: "不同批大小的测试准确率" },
          ),
        },
      ],
    };
  },
  about: {
    en: `The program at its batch of 512 ends above the textbook's curve. Smaller batches at the same rate take more steps in as many epochs: 512, 128 and 32 are compared to see whether steps are what is missing.${AT_THE_EDGE.en}`,
    zh: `批大小为 512 时，程序的终点高于教材的曲线。学习率不变、轮次相同，批越小步数越多：比较 512、128 和 32，看看缺的是不是步数。${AT_THE_EDGE.zh}`,
  },
  claims: [
    {
      measure: "lossAt32",
      says: {
        en: "the textbook's final loss of about 0.1 or less, reached with batches of 32",
        zh: "批大小 32 时达到教材约 0.1 或更低的最终损失",
      },
      reported: 0.1,
      accept: { quick: null, full: { atMost: 0.12 } },
      because: { en: "read off a figure: two hundredths", zh: "读自图：允许 0.02" },
    },
    {
      measure: "accuracyAt32",
      says: { en: "and its accuracy of 97 to 98%", zh: "以及 97% 到 98% 的准确率" },
      reported: 0.975,
      accept: { quick: null, full: { within: 0.01 } },
      because: {
        en: "half a point for the range, half a point for reading it off a figure",
        zh: "区间本身半个百分点，读图再半个百分点",
      },
    },
    {
      measure: "moreStepsLessLoss",
      says: { en: "the more steps, the lower the loss", zh: "步数越多，损失越低" },
      accept: { equals: true },
    },
  ],
};

export const experiments: readonly Experiment[] = [learningRates, steps];
