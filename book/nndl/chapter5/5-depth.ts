// Chapter 5, its opening: more hidden layers, hardly any better.
import type { LineChart } from "nabla/plot";
import type { Both, Experiment } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { curvesByEpoch, median, percent, VALIDATION_ACCURACY } from "../curves.ts";
import { type Study, study } from "../framework/study.ts";

const DEPTHS = [1, 2, 3, 4] as const;

/** [784, 30, ..., 30, 10] with so many hidden layers. */
export function sizesOf(hiddenLayers: number): number[] {
  return [784, ...new Array<number>(hiddenLayers).fill(30), 10];
}

export const hiddenLayers = (count: number): Both => ({
  en: `${count} hidden layer${count === 1 ? "" : "s"}`,
  zh: `${count} 个隐藏层`,
});

const REPORTED = [96.48, 96.9, 96.57, 96.53] as const;

/** Where the quick form stops, on its way there: wider than ten seeds by about half of their spread on either side. */
const QUICK = [
  [90.5, 92.5],
  [87.8, 91.3],
  [56, 86],
  [8, 25],
] as const;

const depth: Experiment = {
  id: "nndl/5-depth",
  title: { en: "One to four hidden layers", zh: "一到四个隐藏层" },
  section: "5",
  kind: "experiment",
  settings: { eta: 0.1, batchSize: 10, lambda: 5, epochs: 30 },
  read: ["book/nndl/chapter5/5-depth.ts", "book/nndl/framework/study.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, validation } = await context.mnist();
    const n = context.pick({ quick: 5_000, full: 50_000 });
    const runs: Study[][] = [];
    for (const count of DEPTHS) {
      const of: Study[] = [];
      for (const seed of context.seeds(3)) {
        of.push(
          await study({
            ...{ sizes: sizesOf(count), cost: "crossEntropy", weights: "scaled", eta: 0.1, seed },
            ...{ training: first(training, n), lambda: (5 * n) / 50_000 },
            epochs: context.pick({ quick: 8, full: 30 }),
            monitor: { validation: context.pick({ quick: first(validation, 2_000), full: validation }) },
          }),
        );
        context.log(
          `${count} hidden, seed ${seed}: ${percent(Math.max(...(of.at(-1)?.accuracy["validation"] ?? [])))}%`,
        );
      }
      runs.push(of);
    }
    const bests = runs.map((of) => of.map(({ accuracy }) => percent(Math.max(...accuracy["validation"]))));
    const medians = bests.map(median);
    const byDepth = (from: number): LineChart =>
      curvesByEpoch(
        from === 1
          ? { en: "Validation accuracy by depth", zh: "不同深度的验证集准确率" }
          : { en: `The same from epoch ${from} on`, zh: `同上，从第 ${from} 个迭代期起` },
        runs.map((of, i) => ({
          name: hiddenLayers(DEPTHS[i]),
          epochs: of[0].epochs,
          values: of[0].epochs.map((_, epoch) => median(of.map(({ accuracy }) => accuracy["validation"][epoch]))),
        })),
        { y: { label: VALIDATION_ACCURACY, format: "percent" }, from },
      );
    return {
      measured: {
        ...Object.fromEntries(DEPTHS.map((count, i) => [`best${count}`, medians[i]])),
        gainOfDepth: medians[3] - medians[1],
      },
      figures: [
        { name: "accuracy", chart: byDepth(1) },
        // Where the first epochs of the deepest network would hide all else.
        { name: "late", chart: byDepth(context.pick({ quick: 4, full: 8 })) },
      ],
      tables: [
        {
          title: { en: "Best accuracy of each seed, in percent", zh: "每个种子的最好准确率（百分数）" },
          columns: [
            { en: "hidden layers", zh: "隐藏层数" },
            { en: "book", zh: "原书" },
            ...context.seeds(3).map((seed) => ({ en: `seed ${seed}`, zh: `种子 ${seed}` })),
          ],
          rows: DEPTHS.map((count, i) => [count, REPORTED[i], ...bests[i]]),
        },
      ],
    };
  },
  about: {
    en: "Hidden layers of 30 neurons are added one by one, everything else stays as it is. One would expect a deeper network to do better, at worst the same, since the added layers could do nothing. The second layer helps a little, more do not.",
    zh: "隐藏层每层 30 个神经元，一层一层地加，其余不变。按理说网络越深应当越好，至少不会更差，因为多出来的层可以什么都不做。第二层略有帮助，再加就没有用了。",
  },
  claims: [
    ...DEPTHS.map((count, i) => ({
      measure: `best${count}`,
      says: {
        en: `${hiddenLayers(count).en}: best validation accuracy in percent, median of the seeds`,
        zh: `${hiddenLayers(count).zh}：最好的验证集准确率（百分数），各种子的中位数`,
      },
      reported: REPORTED[i],
      accept: { quick: { between: QUICK[i] }, full: { within: 0.5 } },
      because: {
        en: "10,000 images: one standard deviation is 0.18 points; networks with other random weights differ by about 0.2. Quick: 4,000 steps instead of 150,000, after which the deeper networks have hardly begun; ten seeds had 91.1 to 91.9, 88.8 to 90.5, 64 to 79 and 10 to 19.",
        zh: "一万张图像的一个标准差为 0.18 个百分点；随机权重不同的网络约差 0.2。快速：只有 4,000 步而非 150,000 步，较深的网络几乎还没有开始学；十个种子依次为 91.1 至 91.9、88.8 至 90.5、64 至 79、10 至 19。",
      },
    })),
    {
      measure: "gainOfDepth",
      says: { en: "points that four hidden layers gain over two: none", zh: "四个隐藏层比两个多得的百分点：没有" },
      expected: -0.37,
      accept: { quick: { between: [-85, -62] }, full: { between: [-1.2, 0.2] } },
      because: {
        en: "the spread of the seeds; the quick form stops where four layers have hardly begun: ten seeds had -79 to -71",
        zh: "各种子之间的差异；快速形式停在四层网络刚开始学习之处：十个种子为 -79 至 -71",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [depth];
