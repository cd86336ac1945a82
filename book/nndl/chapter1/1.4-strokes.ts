// Section 1.4, what hidden neurons may look for: a 0 made up of four strokes, as the text imagines it.
import type { Experiment } from "../../experiment.ts";
import { imageAt } from "../../mnist.ts";
import { meanImages } from "../programs/baselines.ts";
import { CENTRE, quarters, strength } from "../programs/strokes.ts";

const read = ["book/nndl/programs/strokes.ts", "book/nndl/programs/baselines.ts", "book/nndl/chapter1/1.4-strokes.ts"];

/** Four strokes that make up a 0, and whether all four being there tells a 0 from other digits. */
const strokes: Experiment = {
  id: "nndl/1.4-strokes",
  title: { en: "A 0 as four strokes", zh: "由四段笔画组成的 0" },
  section: "1.4",
  kind: "figure",
  read,
  needs: ["mnist"],
  async run(context) {
    const { training, test } = await context.mnist();
    const zero = test.labels.indexOf(0);
    const image = imageAt(test, zero);
    const parts = quarters(image);
    const together = image.map((_, p) => parts.reduce((sum, part) => sum + part[p], 0));
    const detectors = quarters(meanImages(training)[0]);
    const score = (index: number) => {
      const ink = imageAt(test, index);
      return Math.min(...detectors.map((weights) => strength(weights, ink))) - strength(CENTRE, ink);
    };
    const scores = Float64Array.from({ length: test.count }, (_, i) => score(i));
    return {
      measured: {
        partsSum: Math.max(...together.map((value, p) => Math.abs(value - image[p]))),
        separation: Math.round(1000 * areaUnderCurve(scores, test.labels, 0)) / 1000,
      },
      figures: [
        {
          name: "parts",
          chart: {
            kind: "images",
            title: { en: "A 0 and its four parts", zh: "一个 0 和它的四部分" },
            images: [image, ...parts].map((pixels, i) => ({
              width: 28,
              height: 28,
              pixels: Array.from(pixels, (value) => Math.round(255 * value)),
              caption: i === 0 ? { en: "the digit", zh: "数字" } : { en: `part ${i}`, zh: `第 ${i} 部分` },
            })),
            colours: "ink",
            columns: 5,
          },
          width: 640,
          height: 180,
        },
      ],
    };
  },
  about: {
    en: "The heuristic by which the text explains ten outputs: hidden neurons may look for parts of a digit, and if the four parts of a 0 are all there, it is likely a 0. The parts are cut from a 0 of the test set. Four detectors by hand, whose weights are the quarters of the mean 0, and an output that wants the weakest of the four strong and the centre empty, show how far the idea carries.",
    zh: "书中用来解释十个输出的直观想法：隐藏神经元可以寻找数字的各个部分，若 0 的四部分都在，它多半就是 0。四部分从测试集的一个 0 上切出。再用四个手工检测器（权重取自平均 0 的四个四分之一），要求四者中最弱的也强、且中心为空，看看这个想法能走多远。",
  },
  claims: [
    {
      measure: "partsSum",
      says: {
        en: "the four parts together are the 0: largest difference of a pixel",
        zh: "四部分合起来就是这个 0：像素的最大差",
      },
      expected: 0,
      accept: { equals: 0 },
    },
    {
      measure: "separation",
      says: {
        en: "all four parts present speaks for a 0: probability that a 0 scores higher than another digit",
        zh: "四部分都在说明是 0：一个 0 的得分高于其他数字的概率",
      },
      accept: { atLeast: 0.9 },
      because: {
        en: "1/2 would be chance; the text only says that it is a heuristic.",
        zh: "随机为 1/2；书中只说这是一种直观想法。",
      },
    },
  ],
};

/** Probability that an image of `digit` scores higher than another: by ranks. */
function areaUnderCurve(scores: Float64Array, labels: Uint8Array, digit: number): number {
  const order = [...scores.keys()].sort((a, b) => scores[a] - scores[b]);
  let others = 0;
  let below = 0;
  let count = 0;
  for (const i of order) {
    if (labels[i] === digit) {
      below += others;
      count += 1;
    } else others += 1;
  }
  return below / (count * others);
}

export const experiments: readonly Experiment[] = [strokes];
