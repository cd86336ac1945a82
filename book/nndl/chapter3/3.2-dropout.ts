// Section 3.2, dropout: the book cites Hinton's 98.4 to 98.7 per cent; here a network of its own shows what dropout and L2 do, alone and together.
import type { Experiment } from "../../experiment.ts";
import { first } from "../../mnist.ts";
import { type Curve, curvesByEpoch, percent, TEST_ACCURACY } from "../curves.ts";
import { type Study, study } from "../framework/study.ts";

const VARIANTS = [
  { key: "none", name: { en: "neither", zh: "都不用" }, dropout: 0, lambda: 0 },
  { key: "l2", name: { en: "L2", zh: "L2" }, dropout: 0, lambda: 1e-4 },
  { key: "dropout", name: { en: "dropout", zh: "弃权" }, dropout: 0.5, lambda: 0 },
  { key: "both", name: { en: "dropout and L2", zh: "弃权加 L2" }, dropout: 0.5, lambda: 1e-4 },
] as const;
type Key = (typeof VARIANTS)[number]["key"];

const dropout: Experiment = {
  id: "nndl/3.2-dropout",
  title: { en: "Dropout: half of the hidden neurons at a time", zh: "弃权（dropout）：每次只用一半隐藏神经元" },
  section: "3.2",
  kind: "experiment",
  settings: { hidden: "100, 400", batchSize: 10, eta: 0.5, dropout: 0.5 },
  read: ["book/nndl/programs/network2.ts", "book/nndl/framework/study.ts", "book/nndl/chapter3/3.2-dropout.ts"],
  needs: ["mnist"],
  async run(context) {
    const data = await context.mnist();
    const training = first(data.training, context.pick({ quick: 1000, full: 5000 }));
    const widths = context.pick({ quick: [100], full: [100, 400] });
    // What few images tell of one network is within its noise: the quick form takes the mean of three.
    const seeds = context.seeds(1, 3);
    const networks: { hidden: number; key: Key; seed: number; study: Study }[] = [];
    const all = widths.flatMap((hidden) => seeds.map((seed) => ({ hidden, seed })));
    for (const { hidden, seed } of all) {
      for (const { key, name, dropout: rate, lambda } of VARIANTS) {
        context.log(`${hidden} hidden neurons, ${name.en}, seed ${seed}`);
        const recorded = await study({
          sizes: [784, hidden, 10],
          cost: "crossEntropy",
          weights: "scaled",
          training,
          epochs: context.pick({ quick: 30, full: 60 }),
          eta: 0.5,
          lambda: lambda * training.count,
          dropout: rate,
          seed,
          monitor: { training, test: data.test },
          every: context.pick({ quick: 6, full: 4 }),
        });
        networks.push({ hidden, key, seed, study: recorded });
      }
    }
    const of = (hidden: number, key: Key) => networks.filter((each) => each.hidden === hidden && each.key === key);
    const mean = (hidden: number, key: Key, measure: (study: Study) => number) =>
      of(hidden, key).reduce((sum, each) => sum + measure(each.study), 0) / seeds.length;
    const bestOf = ({ accuracy }: Study) => percent(Math.max(...accuracy.test));
    const gapOf = ({ accuracy: { training: known, test } }: Study) => percent((known.at(-1) ?? 0) - (test.at(-1) ?? 0));
    const best = (hidden: number, key: Key) => mean(hidden, key, bestOf);
    const gain = (hidden: number, key: Key) => Math.round(100 * (best(hidden, key) - best(hidden, "none"))) / 100;
    const gap = (hidden: number, key: Key) => mean(hidden, key, gapOf);
    const widest = Math.max(...widths);
    return {
      measured: {
        gain: gain(widest, "dropout"),
        gainWithL2: gain(widest, "both"),
        gapShrinks: gap(widest, "dropout") / gap(widest, "none"),
        ...(widths.length > 1 && { widthHelps: gain(widest, "dropout") - gain(100, "dropout") }),
      },
      tables: [
        {
          title: {
            en: "Best test accuracy, and final training less test accuracy",
            zh: "最佳测试集准确率，以及最终训练集与测试集准确率之差",
          },
          columns: [
            { en: "hidden neurons", zh: "隐藏神经元" },
            { en: "network", zh: "网络" },
            { en: "best, %", zh: "最佳（%）" },
            { en: "gap, points", zh: "差距（百分点）" },
          ],
          rows: networks.map(({ hidden, key, study: one }) => [hidden, key, bestOf(one), gapOf(one)]),
        },
      ],
      figures: [
        {
          name: "accuracy",
          chart: curvesByEpoch(
            {
              en: `Test accuracy, ${widest} hidden neurons, ${training.count} images`,
              zh: `测试集准确率，${widest} 个隐藏神经元，${training.count} 幅图像`,
            },
            VARIANTS.map(({ key, name }): Curve => {
              const { epochs, accuracy } = of(widest, key)[0].study;
              return { name, epochs, values: accuracy.test };
            }),
            { y: { label: TEST_ACCURACY, format: "percent" } },
          ),
        },
        {
          name: "network",
          chart: {
            kind: "network",
            title: { en: "Half of the hidden neurons left out", zh: "一半隐藏神经元被弃权" },
            layers: [
              { name: { en: "inputs", zh: "输入" }, units: 3 },
              {
                name: { en: "hidden", zh: "隐藏层" },
                units: 6,
                labels: ["", "×", "×", "", "×", ""],
                weights: halfLeftOut(6, 3),
              },
              { name: { en: "outputs", zh: "输出" }, units: 3, weights: new Array(3).fill([1, 0, 0, 1, 0, 1]) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "Each step trains a random half of the hidden neurons. The book cites 98.4 per cent without and 98.7 with dropout and a form of L2, on networks with hundreds of hidden neurons. Measured here on few images, where overfitting is plain: neither, L2 (λ/n = 1/10,000), dropout, and both. network2.ts draws one half a mini-batch and halves the outgoing weights afterwards, as the book tells it; the framework, which is used here, draws one for every image and doubles what is kept while training. Full: 5,000 images, 60 epochs, 100 and 400 hidden neurons; the claims are about 400. Quick: 1,000 images, 30 epochs, 100 hidden neurons, the mean of three seeds.",
    zh: "每一步只训练随机选出的一半隐藏神经元。书中引用的结果是不用 98.4%，用弃权加一种 L2 后 98.7%，网络有数百个隐藏神经元。这里在少量图像（过拟合明显）上比较：都不用、只用 L2（λ/n = 1/10,000）、只用弃权、两者都用。network2.ts 按书中的说法，每个小批量抽取一半，之后把输出权重减半；这里用的框架则对每幅图像各抽一次，并在训练时把保留的输出加倍。完整形式：5,000 幅图像、60 个迭代期，100 与 400 个隐藏神经元，论断针对 400 个。快速形式：1,000 幅图像、30 个迭代期、100 个隐藏神经元，取三个种子的平均。",
  },
  claims: [
    {
      measure: "gain",
      says: {
        en: "dropout against neither, in points of best test accuracy (cited, with L2: 0.3)",
        zh: "只用弃权比都不用提高的百分点（最佳测试集准确率；引用的结果连同 L2 为 0.3）",
      },
      accept: { quick: { between: [0.04, 1.2] }, full: { between: [0.2, 1.8] } },
      because: {
        en: "another network and less data: the direction is claimed, above noise. Quick: the mean of three networks, over twenty seeds 0.25 to 0.82; full: seed 1 gained 0.96. Without dropout both networks are one and the gain is 0.",
        zh: "网络不同、数据更少，只看方向，且须超出噪声。快速：三个网络的平均，二十个种子提高 0.25 至 0.82；完整：种子 1 提高 0.96。若弃权不起作用，两个网络相同，差为 0。",
      },
    },
    {
      measure: "gainWithL2",
      says: { en: "dropout and L2 against neither, in points", zh: "弃权加 L2 比都不用提高的百分点" },
      reported: 0.3,
      accept: { quick: { between: [0.04, 1.2] }, full: { between: [0.2, 1.8] } },
      because: {
        en: "as above. Quick: twenty seeds gained 0.23 to 0.78; full: seed 1 gained 0.62.",
        zh: "同上。快速：二十个种子提高 0.23 至 0.78；完整：种子 1 提高 0.62。",
      },
    },
    {
      measure: "widthHelps",
      says: {
        en: "half a small layer is too small: dropout's gain with 400 hidden neurons less that with 100, in points",
        zh: "小的隐藏层去掉一半就太小了：弃权在 400 个与 100 个隐藏神经元上收益之差（百分点）",
      },
      accept: { quick: null, full: { between: [0.1, 2] } },
      because: {
        en: "above 0 the wider network gains more; a tenth is the noise of one run. Seed 1: 0.84.",
        zh: "大于 0 即更宽的网络收益更大；单次运行的噪声约零点一。种子 1 为 0.84。",
      },
    },
    {
      measure: "gapShrinks",
      says: {
        en: "dropout lessens overfitting: training less test accuracy, dropout to neither",
        zh: "弃权减轻过拟合：训练与测试准确率之差，弃权与都不用之比",
      },
      accept: { between: [0.6, 0.995] },
      because: {
        en: "below 1 is less. Quick: twenty seeds had 0.92 to 0.994; full: seed 1 had 0.85. It is 1 where dropout does nothing.",
        zh: "小于 1 即减轻。快速：二十个种子为 0.92 至 0.994；完整：种子 1 为 0.85。弃权不起作用时为 1。",
      },
    },
  ],
};

/** Connections into a layer whose neurons 1, 2 and 4 are left out. */
function halfLeftOut(units: number, inputs: number): number[][] {
  return Array.from({ length: units }, (_, j) => new Array<number>(inputs).fill([1, 2, 4].includes(j) ? 0 : 1));
}

export const experiments: readonly Experiment[] = [dropout];
