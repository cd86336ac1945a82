// Section 6.2: five networks vote, and what they answer wrong together: the label in the upper right corner, the answer in the lower right.
import { ensembleMistakes } from "nabla/inspect";
import { mistakesChart } from "nabla/plot";
import type { Experiment, RunContext } from "../../experiment.ts";
import { SETTINGS, testPictures, trainedNetwork } from "../framework/inside.ts";
import { overSeeds } from "../framework/over-seeds.ts";

const NETWORKS = 5;

const errors: Experiment = {
  id: "nndl/6.2-ensemble-errors",
  title: { en: "What five networks answer wrong together", zh: "五个网络一起答错的数字" },
  section: "6.2",
  kind: "figure",
  settings: { ...SETTINGS, networks: NETWORKS, images: "1,000" },
  read: ["book/nndl/framework/inside.ts", "book/nndl/chapter6/6.2-ensemble-errors.ts"],
  needs: ["mnist"],
  async run(context: RunContext) {
    const data = await context.mnist();
    return overSeeds(context, async (seed) => {
      const training = { images: 1000, epochs: 3 };
      const models = [];
      for (let i = 0; i < NETWORKS; i++) {
        models.push(await trainedNetwork(data, 100 * seed + i, training));
        context.log(`network ${i + 1} of ${NETWORKS}`);
      }
      const test = testPictures(data, 2000);
      const n = test.x.shape[0];
      const found = ensembleMistakes(models, test);
      const wrong = found.mistakes.length;
      const single = found.wrongByModel.reduce((sum, count) => sum + count, 0) / NETWORKS;
      const split = found.mistakes.filter(({ answers, label }) => answers.includes(label)).length;
      context.log(`${found.wrongByModel.join(", ")} wrong alone, ${wrong} together, of ${n}`);
      const pictures = { height: 28, width: 28, pixels: data.test.images };
      return {
        measured: {
          wrongAlone: single / n,
          wrongTogether: wrong / n,
          share: wrong / single,
          beatsBest: Math.min(...found.wrongByModel) - wrong,
          knownToOne: split / wrong,
          disagreements: found.disagreements.length / n,
          moreDisagreement:
            found.mistakes.filter(({ agreement }) => agreement < 1).length / wrong - found.disagreements.length / n,
        },
        figures: [
          {
            name: "wrong",
            chart: mistakesChart(pictures, found.mistakes, { title: errors.title, most: 40 }),
          },
        ],
      };
    });
  },
  about: {
    en: "The book's best result is a vote of five networks, and it shows the 33 of 10,000 test images that the vote gets wrong: the label top right, the answer bottom right. Here are the mistakes of five networks after a short training, which are more; what is measured is what a vote does to them: how many are left, at how many of those one of the five was right, and how much more often the five disagree there than elsewhere.",
    zh: "书中最好的结果来自五个网络的投票，并展示了 10,000 幅测试图像中投票仍答错的 33 幅：右上角为标签，右下角为答案。这里是五个网络经过短时训练后的错误，数量更多；测量的是投票的作用：还剩多少错误，其中有多少是五个网络中有一个答对的，以及在这些图像上五个网络的分歧比别处多多少。",
  },
  claims: [
    {
      measure: "share",
      says: { en: "mistakes of the vote, as a share of one network's", zh: "投票的错误数与单个网络之比" },
      accept: { between: [0.56, 0.98] },
      because: {
        en: "Nine seeds: 0.66 to 0.89, standard deviation 0.07; a vote never made it worse",
        zh: "九个种子：0.66 到 0.89，标准差 0.07；投票从未使错误变多",
      },
    },
    {
      measure: "knownToOne",
      says: {
        en: "of its mistakes, so many were answered right by one of the five",
        zh: "投票答错的图像中，五个网络中有一个答对的比例",
      },
      accept: { between: [0.42, 0.69] },
      because: {
        en: "Nine seeds: 0.49 to 0.62, standard deviation 0.04; three and a half of them either way",
        zh: "九个种子：0.49 到 0.62，标准差 0.04；两侧各取三倍半",
      },
    },
    {
      measure: "moreDisagreement",
      says: {
        en: "the five disagree there more often than on all images",
        zh: "在这些图像上五个网络的分歧比全部图像上多",
      },
      accept: { between: [0.16, 0.58] },
      because: {
        en: "Nine seeds: 0.229 to 0.415, standard deviation 0.058; three and a half of them either way",
        zh: "九个种子：0.229 到 0.415，标准差 0.058；两侧各取三倍半",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [errors];
