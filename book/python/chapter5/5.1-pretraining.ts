// Section 5.1, many layers: a deep belief network that dreams digits, and whether a pre-trained start beats a random one on few labels.
import { Dense, Generator, keep, random, Sequential, scope, type Tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { first, toSamples } from "../../mnist.ts";
import { buildClassifier, fineTune, labelledImages } from "../framework/fine-tuning.ts";
import {
  eachBatch,
  pretrain,
  TensorAutoencoder,
  TensorDeepBeliefNetwork,
  type TensorLayer,
  TensorRbm,
} from "../framework/pretraining.ts";
import { picturesOf } from "./5.1-layers.ts";

const files = [
  "book/python/programs/rbm.ts",
  "book/python/programs/deep-belief-network.ts",
  "book/python/framework/pretraining.ts",
];

interface Sizes {
  readonly sizes: readonly number[];
  readonly epochs: number;
  readonly wakeSleepEpochs: number;
}

/** Restricted Boltzmann machines stacked greedily on x, and a copy of them after wake and sleep. */
function deepBeliefNetwork(
  x: Tensor,
  { sizes, epochs, wakeSleepEpochs }: Sizes,
  generator: Generator,
  log: (line: string) => void,
): { greedy: TensorLayer[]; network: TensorDeepBeliefNetwork } {
  const machines = sizes.slice(1).map((hidden, i) => new TensorRbm(sizes[i], hidden, generator));
  pretrain(machines, x, {
    ...{ epochs, batchSize: 100, rate: 0.1, generator },
    onEpoch: (layer, epoch) => log(`machine ${layer}, epoch ${epoch}`),
  });
  // The top machine goes on learning in wake-sleep; what greedy training ended with is put aside.
  const greedy = machines.map(({ weights, hiddenBias }) =>
    keep(scope(() => ({ weights: weights.clone(), bias: hiddenBias.clone() }))),
  );
  const network = new TensorDeepBeliefNetwork(machines, generator);
  for (let epoch = 1; epoch <= wakeSleepEpochs; epoch++) {
    eachBatch(x, 100, generator, (batch) => network.wakeSleep(batch, 0.02));
    log(`wake-sleep, epoch ${epoch}`);
  }
  return { greedy, network };
}

/** Mean distance from each row of `from` to the nearest row of `to`: |a - b|^2 = |a|^2 - 2 a b + |b|^2. */
function meanNearest(from: Tensor, to: Tensor): number {
  return scope(() => {
    const squares = to.square().sum(1).expandDims(0);
    const distances = from.square().sum(1, true).add(squares).sub(from.matmul(to.T).mul(2));
    return distances.min(1).maximum(0).sqrt().mean().item();
  });
}

const dreams: Experiment = {
  id: "python/5.1-dbn",
  title: { en: "What a deep belief network dreams", zh: "深度信念网络的“梦”" },
  section: "5.1",
  kind: "experiment",
  settings: { sizes: "784-400-200-200", batch: 100, rate: 0.1, "rate (wake-sleep)": 0.02, "Gibbs steps": 200 },
  read: [...files, "book/python/chapter5/5.1-pretraining.ts"],
  needs: ["mnist"],
  async run({ mnist, pick, seed, log }) {
    const digits = await mnist();
    const x = toSamples(first(digits.training, pick({ quick: 3000, full: 20_000 }))).x;
    const held = toSamples(first(digits.validation, 500)).x;
    const generator = new Generator(seed);
    const shape = pick<Sizes>({
      quick: { sizes: [784, 200, 100], epochs: 8, wakeSleepEpochs: 2 },
      full: { sizes: [784, 400, 200, 200], epochs: 20, wakeSleepEpochs: 10 },
    });
    const { network } = deepBeliefNetwork(x, shape, generator, log);
    const below = shape.sizes.at(-2)!;
    const start = random.bernoulli([500, below], 0.5, { dtype: "float32", generator });
    const samples = network.generate(start, pick({ quick: 100, full: 200 }));
    const { independent, near } = scope(() => {
      const pixels = random.uniform([500, 784], 0, 1, { generator }).less(x.mean(0)).cast("float32");
      // All as black and white: probabilities are smoother than images, and so nearer to anything.
      const sharp = (images: Tensor) => images.greater(0.5).cast("float32");
      const distances = [samples, held, pixels].map((from) => meanNearest(sharp(from), sharp(x)));
      return { independent: keep(pixels), near: distances };
    });
    const [dreamt, real, noise] = near;
    return {
      measured: { likeness: (noise - dreamt) / (noise - real), distances: near },
      figures: [
        {
          name: "samples",
          chart: {
            kind: "images",
            title: { en: "Digits that the network dreams", zh: "网络“梦”到的数字" },
            images: picturesOf(samples, 40),
            colours: "ink",
            columns: 10,
          },
        },
        {
          name: "independent",
          chart: {
            kind: "images",
            title: { en: "Independent pixels of the same mean brightness", zh: "平均亮度相同但像素独立" },
            images: picturesOf(independent, 10),
            colours: "ink",
            columns: 10,
          },
        },
      ],
      tables: [
        {
          title: { en: "Mean distance to the nearest training image", zh: "与最近训练图像的平均距离" },
          columns: [
            { en: "images", zh: "图像" },
            { en: "distance", zh: "距离" },
          ],
          rows: [
            ["DBN", dreamt],
            ["MNIST", real],
            ["p(pixel)", noise],
          ],
        },
      ],
    };
  },
  about: {
    en: "Three machines stacked greedily on unlabelled digits, then wake-sleep with weights of its own for each direction. To see what it believes in, its top machine goes up and down from random states, and one pass down makes images. How digit-like they are is measured by the distance to the nearest training image, all in black and white, with unseen real digits at one end and independent pixels of the same brightness at the other.",
    zh: "在无标签的数字上逐层贪心堆叠三个玻尔兹曼机，再做两个方向各有权重的 wake-sleep。为了看它相信什么，让最上层从随机状态上下往返，再向下一遍生成图像。生成的图像有多像数字，用（黑白化之后）与最近训练图像的距离衡量：一端是没见过的真实数字，另一端是亮度相同但像素独立的图像。",
  },
  claims: [
    {
      measure: "likeness",
      says: {
        en: "the dreams resemble digits: where they lie between independent pixels (0) and real unseen digits (1)",
        zh: "生成的图像像数字：处于独立像素（0）与真实未见数字（1）之间的位置",
      },
      accept: { quick: { atLeast: 0.4 }, full: { atLeast: 0.6 } },
      because: {
        en: "the text claims a model that generates, without a measure; typical digits lie nearer to the training set than real ones do, so that values above 1 are possible",
        zh: "教材只说模型能够生成，没有度量；典型的数字比真实数字更靠近训练集，因此也可能超过 1",
      },
    },
  ],
};

const STARTS = ["random", "greedy", "wakeSleep", "autoencoder"] as const;
type StartName = (typeof STARTS)[number];
const NAMES: Record<StartName, { en: string; zh: string }> = {
  random: { en: "random start", zh: "随机初值" },
  greedy: { en: "RBMs, greedy", zh: "逐层 RBM" },
  wakeSleep: { en: "RBMs, then wake-sleep", zh: "逐层 RBM + wake-sleep" },
  autoencoder: { en: "stacked autoencoder", zh: "堆叠自编码器" },
};

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const pretraining: Experiment = {
  id: "python/5.1-pretraining",
  title: { en: "Pre-trained against random start", zh: "预训练初值与随机初值" },
  section: "5.1",
  kind: "experiment",
  settings: {
    sizes: "784-400-200-10",
    unlabelled: 10_000,
    labelled: "100, 300, 1000",
    epochs: 50,
    batch: 10,
    rates: "0.1, 1",
  },
  read: [...files, "book/python/framework/fine-tuning.ts", "book/python/chapter5/5.1-pretraining.ts"],
  needs: ["mnist"],
  async run({ mnist, pick, seeds, log }) {
    const digits = await mnist();
    const test = toSamples(first(digits.test, pick({ quick: 2000, full: 10_000 })));
    const { sizes, epochs, wakeSleepEpochs } = pick<Sizes>({
      quick: { sizes: [784, 200, 100], epochs: 25, wakeSleepEpochs: 0 },
      full: { sizes: [784, 400, 200], epochs: 20, wakeSleepEpochs: 5 },
    });
    const counts = pick({ quick: [100], full: [100, 300, 1000] });
    const rates = pick({ quick: [1], full: [0.1, 1] });
    const starts: readonly StartName[] = pick<readonly StartName[]>({ quick: ["random", "greedy"], full: STARTS });
    const tried = seeds(3);
    // accuracy[start][count][seed], and that of a modern network at a random start beside it.
    const accuracy = Object.fromEntries(STARTS.map((name) => [name, counts.map((): number[] => [])]));
    const rectified = counts.map((): number[] => []);
    for (const seed of tried) {
      const generator = new Generator(seed);
      const x = toSamples(first(digits.training, pick({ quick: 3000, full: 10_000 }))).x;
      const { greedy, network } = deepBeliefNetwork(x, { sizes, epochs, wakeSleepEpochs }, generator, log);
      const layers: Partial<Record<StartName, readonly TensorLayer[]>> = {
        random: [],
        greedy,
        wakeSleep: network.upward,
      };
      if (starts.includes("autoencoder")) {
        const coders = sizes.slice(1).map((hidden, i) => new TensorAutoencoder(sizes[i], hidden, generator));
        pretrain(coders, x, { epochs, batchSize: 100, rate: 0.1, generator });
        layers.autoencoder = coders.map((coder) => coder.upward);
      }
      for (const [at, count] of counts.entries()) {
        // Other labelled images for every seed.
        const labelled = labelledImages(digits.training, count, 3000 * (seed % 10));
        const options = { labelled, test, epochs: 50, batchSize: 10, seed };
        const best = async (build: () => Sequential) => {
          const found: number[] = [];
          for (const rate of rates) found.push(await fineTune(build(), { ...options, rate }));
          return Math.max(...found);
        };
        for (const name of starts) {
          accuracy[name][at].push(await best(() => buildClassifier(sizes, seed, layers[name])));
          log(`seed ${seed}, ${count} labels, ${name}: ${accuracy[name][at].at(-1)}`);
        }
        if (starts.length > 2) {
          const found: number[] = [];
          for (const rate of [0.03, 0.1])
            found.push(await fineTune(rectifierNetwork(sizes, seed), { ...options, rate }));
          rectified[at].push(Math.max(...found));
        }
      }
    }
    const gainsOf = (name: StartName) =>
      counts.map((_, at) => accuracy[name][at].map((value, i) => value - accuracy["random"][at][i]));
    const greedyGains = gainsOf("greedy");
    const percent = (values: readonly number[]) =>
      values.length === 0 ? "–" : values.map((value) => (100 * value).toFixed(2)).join(" / ");
    return {
      measured: {
        gains: greedyGains.map(mean),
        worstGain: Math.min(...greedyGains.flat()),
        ...(starts.length > 2 && {
          autoencoderGain: mean(gainsOf("autoencoder").at(-1)!),
          wakeSleepGains: gainsOf("wakeSleep").map(mean),
        }),
      },
      figures:
        counts.length === 1
          ? []
          : [
              {
                name: "accuracy",
                chart: {
                  kind: "band",
                  title: { en: "Test accuracy by the number of labels", zh: "测试准确率与标签数" },
                  xAxis: { label: { en: "labelled images", zh: "标注图像数" }, scale: "log" },
                  yAxis: { label: { en: "accuracy", zh: "准确率" }, format: "percent" },
                  bands: starts.map((name) => ({
                    name: NAMES[name],
                    x: counts,
                    low: accuracy[name].map((values) => Math.min(...values)),
                    high: accuracy[name].map((values) => Math.max(...values)),
                    middle: accuracy[name].map(mean),
                  })),
                },
              },
            ],
      tables: [
        {
          title: {
            en: `Test accuracy in percent, seeds ${tried.join(", ")}`,
            zh: `测试准确率（%），种子 ${tried.join("、")}`,
          },
          columns: [
            { en: "start", zh: "初值" },
            ...counts.map((count) => ({ en: `${count} labels`, zh: `${count} 个标签` })),
          ],
          rows: [
            ...starts.map((name) => [NAMES[name].en, ...accuracy[name].map(percent)]),
            ...(starts.length > 2 ? [["ReLU, random (He)", ...rectified.map(percent)]] : []),
          ],
        },
      ],
    };
  },
  about: {
    en: "The recipe of 2006: learn layer after layer without labels, tune the whole by wake-sleep, then by backpropagation from few labels. Four starts for the same network of sigmoid units: random (Glorot), restricted Boltzmann machines stacked greedily, the same after wake-sleep, and stacked autoencoders. All see the same labelled images for the same number of epochs; each is given the better of two learning rates, so that none is held back by a rate that suits another.",
    zh: "2006 年的做法：先逐层无监督学习，再用 wake-sleep 整体调整，最后用少量标签做反向传播。同一个 sigmoid 网络取四种初值：随机（Glorot）、逐层贪心的受限玻尔兹曼机、其后再做 wake-sleep、堆叠自编码器。所有初值使用同样的标注图像与轮次；各取两个学习率中较好的一个，避免某个初值因学习率不合适而吃亏。",
  },
  claims: [
    {
      measure: "gains",
      says: {
        en: "a pre-trained start beats a random one on few labels: gain in test accuracy by greedy RBMs, for each number of labels, mean over seeds",
        zh: "标签少时预训练初值优于随机初值：逐层 RBM 带来的测试准确率提升，对每种标签数，取各种子的平均",
      },
      accept: { quick: { between: [0.012, 0.14] }, full: { between: [0.01, 0.14] } },
      because: {
        en: "the text states the direction; one point is three standard errors of 10,000 test images, while the choice of labelled images varies accuracy by two points at 100 labels, for all starts alike. Quick: ten seeds gained 3.7 to 10 points; a start that is ignored gains 0",
        zh: "教材只说了方向；一个百分点是 10,000 张测试图像标准误的三倍；100 个标签时，标注图像的选取会使准确率变化约两个百分点，但对各初值相同。快速：十个种子提高 3.7 到 10 个百分点；初值若被忽略则为 0",
      },
    },
    {
      measure: "worstGain",
      says: {
        en: "and in every single run: smallest gain over seeds and numbers of labels",
        zh: "而且每次运行都如此：各种子与标签数中的最小提升",
      },
      accept: { quick: { between: [0.012, 0.14] }, full: { between: [0.002, 0.1] } },
      because: { en: "the direction is the claim", zh: "所声称的只是方向" },
    },
    {
      measure: "autoencoderGain",
      says: {
        en: "stacked autoencoders help as well: gain at the largest number of labels, mean over seeds",
        zh: "堆叠自编码器也有帮助：标签最多时的提升，取各种子的平均",
      },
      accept: { quick: null, full: { atLeast: 0 } },
      because: { en: "the direction is the claim", zh: "所声称的只是方向" },
    },
  ],
};

/** What one would start with today: rectifiers and He's random weights. */
function rectifierNetwork(sizes: readonly number[], seed: number): Sequential {
  return new Sequential(
    [
      ...sizes.slice(1).map((units) => new Dense(units, { activation: "relu" })),
      new Dense(10, { activation: "softmax" }),
    ],
    { inputShape: [sizes[0]], seed },
  );
}

export const experiments: readonly Experiment[] = [dreams, pretraining];
