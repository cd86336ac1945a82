// Section 6.2: the filters that the first convolution learns, shaded as the book shades them, and what they answer to a digit.
import { evaluate } from "nabla";
import { featureMaps, filters, type LayerFilters } from "nabla/inspect";
import { featureMapsChart, filtersChart, filtersOverEpochsChart } from "nabla/plot";
import type { Experiment, RunContext } from "../../experiment.ts";
import { freshNetwork, SETTINGS, TRAINING, testPictures, trainedNetwork } from "../framework/inside.ts";
import { overSeeds } from "../framework/over-seeds.ts";
import { likeness } from "../programs/likeness.ts";

const meanLikeness = ({ filters: all, width }: LayerFilters): number =>
  all.reduce((sum, weights) => sum + likeness(weights, width), 0) / all.length;

const shown: Experiment = {
  id: "nndl/6.2-filters",
  title: { en: "The 20 filters that are learnt", zh: "学到的 20 个滤波器" },
  section: "6.2",
  kind: "figure",
  settings: SETTINGS,
  read: ["book/nndl/framework/inside.ts", "book/nndl/programs/likeness.ts", "book/nndl/chapter6/6.2-filters.ts"],
  needs: ["mnist"],
  async run(context: RunContext) {
    const data = await context.mnist();
    return overSeeds(context, async (seed) => {
      const start = filters(freshNetwork(seed));
      const epochs = [{ epoch: 0, filters: start }];
      const model = await trainedNetwork(data, seed, TRAINING, (now, epoch) => {
        epochs.push({ epoch, filters: filters(now) });
      });
      const test = testPictures(data, 500);
      const { accuracy } = evaluate(model, test);
      context.log(`accuracy ${(100 * accuracy).toFixed(1)}%`);
      const learnt = filters(model);
      const [maps] = featureMaps(model, test.x);
      const [before, after] = [meanLikeness(start), meanLikeness(learnt)];
      const { title } = shown;
      return {
        measured: {
          filters: learnt.filters.length,
          side: learnt.width,
          accuracy,
          likenessAtStart: before,
          likenessGained: after - before,
          answering: maps.maps.filter((map) => map.some((value) => value > 0)).length,
        },
        figures: [
          { name: "filters", chart: filtersChart(learnt, { title }) },
          {
            name: "epochs",
            chart: filtersOverEpochsChart(epochs, {
              title: { en: "The first ten from their start on", zh: "前十个滤波器从初始值开始的变化" },
              most: 10,
            }),
          },
          {
            name: "maps",
            chart: featureMapsChart(maps, {
              title: { en: "What they answer to the first test image, a 7", zh: "它们对第一幅测试图像（7）的响应" },
            }),
          },
        ],
      };
    });
  },
  about: {
    en: "Each of the 20 filters is a picture of 5 by 5 weights, lighter for smaller (more negative) ones, darker for larger ones. The book sees regions of light and dark in them, and concludes that the network learns spatial structure, though not what. Here the regions are measured: how alike neighbouring weights are, before the training and after it (Moran's I), beside how the filters grow and what they answer to a digit.",
    zh: "20 个滤波器各是一幅 5×5 的权重图，权重越小（越负）越浅，越大越深。书中看到其中有明暗分明的区域，由此认为网络学到了空间结构，尽管说不清是什么。这里测量这些区域：训练前后相邻权重有多相似（Moran's I）；旁边是滤波器的成长过程，以及它们对一个数字的响应。",
  },
  claims: [
    { measure: "filters", says: { en: "filters", zh: "滤波器个数" }, reported: 20, accept: { equals: 20 } },
    { measure: "side", says: { en: "side of a filter", zh: "滤波器边长" }, reported: 5, accept: { equals: 5 } },
    {
      measure: "likenessAtStart",
      says: { en: "likeness of neighbours at the start: chance, -1/24", zh: "初始时相邻权重的相似度：随机，-1/24" },
      expected: -1 / 24,
      accept: { within: 0.12 },
      because: {
        en: "The standard deviation of one filter's is about 0.13, of the mean over 20 about 0.03; four of them",
        zh: "单个滤波器的标准差约 0.13，20 个平均约 0.03；取四倍",
      },
    },
    {
      measure: "likenessGained",
      says: { en: "neighbours become alike: regions of light and dark", zh: "相邻权重变得相似：形成明暗区域" },
      accept: { between: [0.1, 0.48] },
      because: {
        en: "Ten seeds: 0.218 to 0.421, standard deviation 0.056; three and a half of them either way",
        zh: "十个种子：0.218 到 0.421，标准差 0.056；两侧各取三倍半",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [shown];
