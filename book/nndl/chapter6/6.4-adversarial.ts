// Section 6.4: adversarial images, which look the same and are answered wrong; and images of nothing that a network is sure of.
import { foolingImages, iteratedGradient, successCurve } from "nabla/inspect";
import { attackChart, type SmallImage, successChart } from "nabla/plot";
import type { Experiment, RunContext } from "../../experiment.ts";
import type { DigitSet } from "../../mnist.ts";
import { SETTINGS, TRAINING, testPictures, trainedNetwork } from "../framework/inside.ts";
import { overSeeds } from "../framework/over-seeds.ts";

/** Lengths of the change: the root of the sum of its squares. A digit's own is about 9. */
const EPSILONS = [0, 0.5, 1, 1.5, 2, 2.5, 3];
/** What the claims and the pictures speak of: 2, 0.07 a pixel if all change alike. */
const SIZE = 2;

const adversarial: Experiment = {
  id: "nndl/6.4-adversarial",
  title: { en: "Adversarial images, and noise of the same size", zh: "对抗图像，以及同样大小的噪声" },
  section: "6.4",
  kind: "experiment",
  settings: { ...SETTINGS, length: SIZE, attack: "iterated gradient, 10 steps" },
  read: ["book/nndl/framework/inside.ts", "book/nndl/chapter6/6.4-adversarial.ts"],
  needs: ["mnist"],
  async run(context: RunContext) {
    const data = await context.mnist();
    return overSeeds(context, async (seed) => {
      const model = await trainedNetwork(data, seed, TRAINING);
      const test = testPictures(data, 200);
      const common = { epsilons: EPSILONS, norm: "2" } as const;
      const fast = successCurve(model, test, common);
      const iterated = successCurve(model, test, { ...common, attack: "iterated", steps: 10 });
      const at = EPSILONS.indexOf(SIZE);
      context.log(
        `of ${fast.attacked} right answers ${(100 * iterated.success[at]).toFixed(1)}% are turned, by noise ${(100 * fast.noise[at]).toFixed(1)}%`,
      );
      const few = test.x.slice(0, 6);
      const labels = test.y.slice(0, 6);
      const { x, before, after } = iteratedGradient(model, few, { epsilon: SIZE, norm: "2", steps: 10, labels });
      const pictures = { height: 28, width: 28, pixels: few.dataSync() as Float32Array };
      return {
        measured: {
          turned: iterated.success[at],
          turnedByNoise: fast.noise[at],
          turnedInOneStep: fast.success[at],
          turnedByHalfTheLength: iterated.success[EPSILONS.indexOf(SIZE / 2)],
          moreSteps: iterated.success[at] - fast.success[at],
        },
        figures: [
          {
            name: "curve",
            chart: successChart(
              { "one step": fast, "10 steps": iterated },
              {
                title: {
                  en: "Right answers that are turned, by the length of the change",
                  zh: "被改变的正确答案，随改动的长度",
                },
              },
            ),
          },
          {
            name: "images",
            chart: attackChart(
              pictures,
              { pixels: x.dataSync() as Float32Array, before, after },
              {
                title: {
                  en: "Changes of length 2: image, what is added, what is read then",
                  zh: "长度为 2 的改动：图像、所加的改动、此后的识别结果",
                },
              },
            ),
          },
        ],
      };
    });
  },
  about: {
    en: "The book reports on a paper of 2013: to images that a network reads right, changes too small to see can be added so that it reads them wrong, and such changes were found for every image that was tried. Here a change of bounded length (the root of the sum of its squares) is made along the gradient of the loss, away from the label: in one step, or in ten, each brought back to that length. The control is noise of equal length in a direction of chance.",
    zh: "书中介绍了 2013 年的一篇论文：对网络识别正确的图像，可以加上小到看不出的改动，使它识别错误；试过的每幅图像都能找到这样的改动。这里沿损失的梯度、朝远离标签的方向作长度（平方和的平方根）有界的改动：走一步，或走十步，每步都缩回到该长度之内。对照是方向随机、长度相同的噪声。",
  },
  claims: [
    {
      measure: "turned",
      says: {
        en: "for nearly every image read right there is a small change that turns the answer",
        zh: "几乎每幅识别正确的图像都有改变答案的微小改动",
      },
      accept: { between: [0.77, 0.99] },
      because: {
        en: "Ten seeds: 0.816 to 0.909, standard deviation 0.031; three and a half of them either way",
        zh: "十个种子：0.816 到 0.909，标准差 0.031；两侧各取三倍半",
      },
    },
    {
      measure: "turnedByNoise",
      says: { en: "noise of the same size leaves nearly all answers as they are", zh: "同样大小的噪声几乎不改变答案" },
      accept: { between: [0, 0.11] },
      because: {
        en: "Ten seeds: 0 to 0.071, standard deviation 0.019; three and a half of them",
        zh: "十个种子：0 到 0.071，标准差 0.019；取三倍半",
      },
    },
    {
      measure: "moreSteps",
      says: { en: "ten steps turn more than one", zh: "十步比一步改变更多答案" },
      accept: { between: [0.07, 0.31] },
      because: {
        en: "Ten seeds: 0.126 to 0.243, standard deviation 0.033; three and a half of them either way",
        zh: "十个种子：0.126 到 0.243，标准差 0.033；两侧各取三倍半",
      },
    },
  ],
};

const PIXELS = 784;

/** The mean image of a digit, [784]. */
function meanImage({ images, labels, count }: DigitSet, digit: number): Float64Array {
  const sum = new Float64Array(PIXELS);
  let many = 0;
  for (let i = 0; i < count; i++) {
    if (labels[i] !== digit) continue;
    many += 1;
    for (let p = 0; p < PIXELS; p++) sum[p] += images[i * PIXELS + p];
  }
  return sum.map((value) => value / many);
}

/** Pearson's correlation of two images. */
function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let [sa, sb] = [0, 0];
  for (let i = 0; i < n; i++) {
    sa += a[i];
    sb += b[i];
  }
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i] - sa / n, b[i] - sb / n];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}

const imageOf = (values: ArrayLike<number>, i: number, caption: string): SmallImage => ({
  ...{ width: 28, height: 28, caption },
  pixels: Array.from({ length: PIXELS }, (_, p) => 255 * values[i * PIXELS + p]),
});

const fooling: Experiment = {
  id: "nndl/6.4-fooling",
  title: { en: "Images of nothing that a network is sure of", zh: "空无一物却使网络确信的图像" },
  section: "6.4",
  kind: "experiment",
  settings: { ...SETTINGS, start: "uniform noise", confidence: 0.99 },
  read: ["book/nndl/framework/inside.ts", "book/nndl/chapter6/6.4-adversarial.ts"],
  needs: ["mnist"],
  async run(context: RunContext) {
    const data = await context.mnist();
    return overSeeds(context, async (seed) => {
      const model = await trainedNetwork(data, seed, TRAINING);
      const digits = Array.from({ length: 10 }, (_, digit) => digit);
      const { x, confidence, steps } = foolingImages(model, digits, { seed: seed, steps: 300, stepSize: 0.02 });
      const values = x.dataSync() as Float32Array;
      const means = digits.map((digit) => meanImage(data.training, digit));
      const like = digits.map((digit) =>
        correlation(values.subarray(digit * PIXELS, (digit + 1) * PIXELS), means[digit]),
      );
      // How alike real digits are to their mean, for comparison.
      const real = digits.map((digit) => {
        const i = data.test.labels.indexOf(digit);
        return correlation(data.test.images.subarray(i * PIXELS, (i + 1) * PIXELS), means[digit]);
      });
      const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
      context.log(`least confidence ${Math.min(...confidence).toFixed(4)}, ${Math.max(...steps)} steps at most`);
      return {
        measured: {
          sure: confidence.filter((value) => value >= 0.99).length,
          leastConfidence: Math.min(...confidence),
          mostSteps: Math.max(...steps),
          likeItsDigit: mean(like),
          realLikeTheirDigit: mean(real),
        },
        figures: [
          {
            name: "images",
            chart: {
              kind: "images",
              title: fooling.title,
              colours: "ink",
              images: digits.map((digit) =>
                imageOf(values, digit, `${digit}: ${(100 * confidence[digit]).toFixed(1)}%`),
              ),
              columns: 5,
            },
          },
        ],
      };
    });
  },
  about: {
    en: "From random noise the pixels are moved up the probability of a digit until the network gives it 99 percent. For each of the ten digits that takes some steps; what is seen is noise as before. Measured: the confidence, the steps, and how alike the images are to the mean image of their digit, beside real digits.",
    zh: "从随机噪声出发，沿某个数字的概率上升的方向移动像素，直到网络给它 99% 的概率。对十个数字都只需若干步；看上去仍是噪声。测量的是置信度、步数，以及这些图像与该数字平均图像的相似程度，旁边是真实数字的。",
  },
  claims: [
    {
      measure: "sure",
      says: { en: "of ten images so many reach 99 percent", zh: "十幅图像中达到 99% 的个数" },
      accept: { between: [8, 10] },
      because: {
        en: "Ten seeds: all ten, but nine for one of them, where a digit that the short training hardly knows stays at 68 percent",
        zh: "十个种子：都是十个，只有一个种子是九个：短时训练几乎没学会的一个数字停在 68%",
      },
    },
    {
      measure: "likeItsDigit",
      says: {
        en: "and none looks like its digit: correlation with the digit's mean image",
        zh: "但都不像该数字：与平均图像的相关系数",
      },
      accept: { between: [0.12, 0.27] },
      because: {
        en: "Ten seeds: 0.149 to 0.219, standard deviation 0.020; three and a half of them either way",
        zh: "十个种子：0.149 到 0.219，标准差 0.020；两侧各取三倍半",
      },
    },
    {
      measure: "realLikeTheirDigit",
      says: { en: "real digits, for comparison", zh: "真实数字，供比较" },
      accept: { between: [0.598, 0.6] },
      because: { en: "of the data alone: 0.5987", zh: "只取决于数据：0.5987" },
    },
  ],
};

export const experiments: readonly Experiment[] = [adversarial, fooling];
