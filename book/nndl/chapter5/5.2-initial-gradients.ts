// Section 5.2: how fast the hidden layers learn, at the start and over training.
import type { BarChart, LineChart } from "nabla/plot";
import type { Both, Experiment, RunContext } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { first } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { curvesByEpoch, median } from "../curves.ts";
import { hiddenGradientLengths } from "../framework/layer-gradients.ts";
import { study } from "../framework/study.ts";
import { DeepNetwork, layerNorms } from "../programs/gradients.ts";
import { hiddenLayers, sizesOf } from "./5-depth.ts";

const layerName = (index: number): Both => ({ en: `hidden layer ${index + 1}`, zh: `第 ${index + 1} 个隐藏层` });

/** The first images as columns, with their targets. */
async function columnsOf(context: RunContext, count: number): Promise<{ x: Matrix; y: Matrix }> {
  const { training } = await context.mnist();
  const { images, labels } = first(training, count);
  return {
    x: Matrix.fill(784, count, (pixel, image) => images[image * 784 + pixel]),
    y: Matrix.fill(10, count, (digit, image) => (labels[image] === digit ? 1 : 0)),
  };
}

/** What the book measures at the start of training, for 2, 3 and 4 hidden layers. */
const INITIAL = [
  [0.07, 0.31],
  [0.012, 0.06, 0.283],
  [0.003, 0.017, 0.07, 0.285],
] as const;

const initialGradients: Experiment = {
  id: "nndl/5.2-initial-gradients",
  title: { en: "Gradients by layer before training", zh: "训练之前各层的梯度" },
  section: "5.2",
  kind: "experiment",
  settings: { images: 1000, hidden: 30 },
  read: ["book/nndl/programs/gradients.ts", "book/nndl/chapter5/5.2-initial-gradients.ts"],
  needs: ["mnist"],
  async run(context) {
    const { x, y } = await columnsOf(context, context.pick({ quick: 250, full: 1000 }));
    const seeds = context.seeds(20, 6);
    const norms: number[][][] = [];
    let neurons: Matrix[] = [];
    for (const count of [2, 3, 4]) {
      norms.push(
        seeds.map((seed) => {
          const gradient = new DeepNetwork(sizesOf(count), new Random(seed)).getAverageGradient(x, y);
          if (count === 2 && seed === seeds[0]) neurons = gradient;
          return layerNorms(gradient);
        }),
      );
      context.log(
        `${count} hidden: ${norms
          .at(-1)?.[0]
          .map((norm) => norm.toFixed(4))
          .join(", ")}`,
      );
    }
    const medians = norms.map((of) => of[0].map((_, layer) => median(of.map((each) => each[layer]))));
    const ascending = norms.flat().filter((layers) => layers.every((norm, l) => l === 0 || norm > layers[l - 1]));
    const bars: BarChart = {
      kind: "bar",
      title: { en: "Six neurons of each layer, two hidden layers", zh: "每层六个神经元，两个隐藏层" },
      categories: Array.from({ length: 6 }, (_, j) => ({ en: `neuron ${j + 1}`, zh: `神经元 ${j + 1}` })),
      yAxis: { label: { en: "size of ∂C/∂b", zh: "∂C/∂b 的大小" } },
      series: [0, 1].map((layer) => ({
        name: layerName(layer),
        values: Array.from(neurons[layer].values.subarray(0, 6), Math.abs),
      })),
    };
    const spread = norms[2];
    return {
      measured: {
        logOfBookOverMedian: INITIAL.flatMap((layers, i) => layers.map((norm, l) => Math.log2(norm / medians[i][l]))),
        laterLearnFaster: ascending.length / norms.flat().length,
        firstOf2: norms[0][0].map((norm) => Number(norm.toPrecision(3))),
      },
      figures: [
        { name: "neurons", chart: bars },
        {
          name: "distribution",
          chart: {
            kind: "band",
            title: { en: "Four hidden layers: lowest to highest of the seeds", zh: "四个隐藏层：各种子的最低到最高" },
            xAxis: { label: { en: "hidden layer", zh: "隐藏层" }, min: 1, max: 4 },
            yAxis: { label: { en: "length of the gradient |δ|", zh: "梯度的长度 |δ|" }, scale: "log" },
            bands: [
              {
                name: { en: "seeds, with median", zh: "各种子及其中位数" },
                low: [0, 1, 2, 3].map((l) => Math.min(...spread.map((each) => each[l]))),
                high: [0, 1, 2, 3].map((l) => Math.max(...spread.map((each) => each[l]))),
                middle: medians[2],
              },
            ],
            series: [{ name: { en: "book", zh: "原书" }, y: INITIAL[2], style: "points", colour: 1 }],
          },
        },
      ],
      tables: [
        {
          title: {
            en: `Length of the gradient by layer, ${seeds.length} seeds`,
            zh: `各层梯度的长度，${seeds.length} 个种子`,
          },
          columns: [
            { en: "hidden layers", zh: "隐藏层数" },
            { en: "layer", zh: "层" },
            { en: "book", zh: "原书" },
            { en: "lowest", zh: "最低" },
            { en: "median", zh: "中位数" },
            { en: "highest", zh: "最高" },
          ],
          rows: norms.flatMap((of, i) =>
            of[0].map((_, layer) => {
              const values = of.map((each) => each[layer]);
              const shown = [Math.min(...values), medians[i][layer], Math.max(...values)];
              return [i + 2, layer + 1, INITIAL[i][layer], ...shown.map((value) => value.toPrecision(3))];
            }),
          ),
        },
      ],
    };
  },
  about: {
    en: "The gradient by each neuron's bias, averaged over 1,000 images, says how fast the neuron learns; the length of a layer's gradients how fast the layer does. The book prints one random draw for each network. Here the draws of many seeds give a distribution, in which the printed values can be placed. Computed by hand.",
    zh: "每个神经元偏置的梯度（对 1,000 张图像取平均）说明它学得多快；一层梯度的长度说明这一层学得多快。书中对每个网络只印了一次随机抽取的结果。这里用许多种子得到分布，看书中的数值落在哪里。全部手写计算。",
  },
  claims: [
    {
      measure: "logOfBookOverMedian",
      says: {
        en: "the printed lengths against the medians here, as powers of two (2, 3, then 4 hidden layers): 0 is the same",
        zh: "书中的长度与这里的中位数之比，以 2 的几次方表示（2、3、4 个隐藏层）：0 表示相同",
      },
      accept: { between: [-1.6, 1.6] },
      because: {
        en: "one draw; the first layer of the deepest network varies by a factor of three between seeds, later ones less",
        zh: "书中只是一次抽取；最深网络的第一层在种子之间可差三倍，后面的层小一些",
      },
    },
    {
      measure: "laterLearnFaster",
      says: {
        en: "share of the draws in which every layer's gradient is longer than that of the layer before",
        zh: "每一层的梯度都比前一层长的抽取所占的比例",
      },
      reported: 1,
      accept: { atLeast: 0.95 },
      because: { en: "a statement on typical networks, not on all", zh: "说的是典型的网络，不是所有的" },
    },
  ],
};

const speed: Experiment = {
  id: "nndl/5.2-speed",
  title: { en: "The speed of learning by layer, through training", zh: "训练过程中各层的学习速度" },
  section: "5.2",
  kind: "experiment",
  settings: { images: 1000, epochs: 500, eta: 0.1, lambda: 5, batchSize: 1000 },
  read: ["book/nndl/chapter5/5.2-initial-gradients.ts", "book/nndl/framework/layer-gradients.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training } = await context.mnist();
    const n = context.pick({ quick: 500, full: 1000 });
    const set = first(training, n);
    const epochs = context.pick({ quick: 200, full: 500 });
    const charts: { name: string; chart: LineChart }[] = [];
    const ratios: number[] = [];
    let [ordered, all] = [0, 0];
    for (const count of [2, 3, 4]) {
      const lengths: number[][] = Array.from({ length: count }, () => []);
      await study({
        ...{ sizes: sizesOf(count), cost: "crossEntropy", weights: "scaled", training: set, epochs, batchSize: n },
        ...{ eta: 0.1, lambda: (5 * n) / 1000, seed: context.seed },
        // An epoch is one step, and its gradients are still there.
        onEpoch: ({ model }) => {
          hiddenGradientLengths(model).forEach((length, l) => {
            lengths[l].push(length);
          });
          return undefined;
        },
      });
      ratios.push(median(lengths[0].map((length, epoch) => lengths[count - 1][epoch] / length)));
      for (let epoch = 0; epoch < epochs; epoch++) {
        all += 1;
        if (lengths.every((of, l) => l === 0 || of[epoch] > lengths[l - 1][epoch])) ordered += 1;
      }
      context.log(`${count} hidden: ratio ${ratios.at(-1)?.toFixed(1)}`);
      charts.push({
        name: `layers-${count}`,
        chart: curvesByEpoch(
          { en: `Speed of learning: ${hiddenLayers(count).en}`, zh: `学习速度：${hiddenLayers(count).zh}` },
          lengths.map((values, l) => ({ name: layerName(l), epochs: values.map((_, epoch) => epoch), values })),
          { y: { label: { en: "length of the gradient |δ|", zh: "梯度的长度 |δ|" }, scale: "log" } },
        ),
      });
    }
    return {
      measured: {
        ratioOf4: ratios[2],
        growsWithDepth: ratios[0] < ratios[1] && ratios[1] < ratios[2],
        orderKept: ordered / all,
        ratios: ratios.map((ratio) => Number(ratio.toFixed(1))),
      },
      figures: charts,
    };
  },
  about: {
    en: "Gradient descent on 1,000 images at once, 500 epochs, with 2, 3 and 4 hidden layers; before each step the length of each layer's gradient by its biases. The layers start far apart and stay apart: the first of four learns much more slowly than the last.",
    zh: "在全部 1,000 张图像上做（不分小批量的）梯度下降，500 个迭代期，隐藏层为 2、3、4 个；每一步之前记录各层偏置梯度的长度。各层一开始就相差很远，而且一直如此：四层中的第一层比最后一层慢得多。",
  },
  claims: [
    {
      measure: "ratioOf4",
      says: {
        en: "four hidden layers: how many times slower the first layer is than the last, median over training",
        zh: "四个隐藏层：第一层比最后一层慢多少倍（训练过程的中位数）",
      },
      reported: 100,
      accept: { quick: { between: [20, 110] }, full: { between: [25, 400] } },
      because: {
        en: '"roughly 100" in one draw; the draws of the start vary by a factor of three either way. Quick: ten seeds had 31 to 67',
        zh: "书中是一次抽取的“大约 100”；起点的抽取上下各差三倍。快速：十个种子为 31 至 67",
      },
    },
    {
      measure: "growsWithDepth",
      says: { en: "the more layers, the larger that ratio", zh: "层数越多，这个比值越大" },
      accept: { equals: true },
    },
    {
      measure: "orderKept",
      says: {
        en: "share of the epochs in which every layer is slower than the next, over the three networks",
        zh: "三个网络中，每层都比后一层慢的迭代期所占的比例",
      },
      accept: { atLeast: 0.7 },
      because: {
        en: "the printed plots show it for most of the time: neighbours may cross for a while; over twenty seeds it was 0.78 to 1",
        zh: "书中的图大部分时间如此，相邻的层偶尔会交叉；二十个种子为 0.78 到 1",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [initialGradients, speed];
