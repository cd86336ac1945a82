// Chapter 6, initial weights: what they do to the activations, and what that does to learning.

import { SGD } from "nabla";
import type { HistogramChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { toSamples } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { endOf, lossChart, meanOf, smooth } from "../curves.ts";
import { allTraining, buildNetwork, trainByIterations } from "../framework/study.ts";
import { relu, sigmoid, tanh } from "../programs/activations.ts";

const ACTIVATIONS = { sigmoid, tanh, relu } as const;
type ActivationName = keyof typeof ACTIVATIONS;

const SPREADS = {
  "1": { value: 1, name: { en: "sd 1", zh: "标准差 1" } },
  "0.01": { value: 0.01, name: { en: "sd 0.01", zh: "标准差 0.01" } },
  xavier: { value: Math.sqrt(1 / 100), name: { en: "Xavier, sqrt(1/100)", zh: "Xavier，sqrt(1/100)" } },
  he: { value: Math.sqrt(2 / 100), name: { en: "He, sqrt(2/100)", zh: "He，sqrt(2/100)" } },
} as const;
type SpreadName = keyof typeof SPREADS;

/** The activations of five layers of 100 units behind 1000 samples of N(0, 1), weights N(0, spread^2). */
export function activationsByLayer(activation: ActivationName, spread: number, seed: number): Matrix[] {
  const random = new Random(seed);
  const normal = (rows: number, columns: number, deviation: number) =>
    Matrix.fill(rows, columns, () => random.normal(0, deviation));
  let x = normal(1000, 100, 1);
  return Array.from({ length: 5 }, () => {
    x = ACTIVATIONS[activation](x.dot(normal(100, 100, spread)));
    return x;
  });
}

function deviationOf({ values }: Matrix): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

const shareOf = ({ values }: Matrix, test: (value: number) => boolean): number =>
  values.filter(test).length / values.length;

/** Those that the book shows; tanh is its hint. */
const SHOWN: readonly (readonly [ActivationName, SpreadName])[] = [
  ["sigmoid", "1"],
  ["sigmoid", "0.01"],
  ["sigmoid", "xavier"],
  ["tanh", "xavier"],
  ["relu", "0.01"],
  ["relu", "xavier"],
  ["relu", "he"],
];

/** Of ReLU only what is above 0: the zeros, half of all values, would hide the rest. */
function histogram(activation: ActivationName, spread: SpreadName, layers: readonly Matrix[]): HistogramChart {
  const [low, high] = { sigmoid: [0, 1], tanh: [-1, 1], relu: [0, 2] }[activation];
  const { name } = SPREADS[spread];
  const positive = activation === "relu";
  return {
    kind: "histogram",
    title: {
      en: positive ? `ReLU, ${name.en}: values above 0` : `${activation}, ${name.en}`,
      zh: positive ? `ReLU，${name.zh}：大于 0 的值` : `${activation}，${name.zh}`,
    },
    xAxis: { label: { en: "activation", zh: "激活值" }, min: low, max: high },
    yAxis: { label: { en: "share", zh: "占比" }, format: "percent" },
    measure: "share",
    bins: Array.from({ length: 41 }, (_, i) => low + ((high - low) * i) / 40),
    series: [0, 2, 4].map((layer) => ({
      name: { en: `layer ${layer + 1}`, zh: `第 ${layer + 1} 层` },
      values: positive ? layers[layer].values.filter((value) => value > 0) : layers[layer].values,
    })),
  };
}

export const histograms: Experiment = {
  id: "scratch/6.2-activation-histograms",
  title: { en: "Activations by initial weights", zh: "权重初始值与激活值分布" },
  section: "6.2",
  kind: "experiment",
  settings: { samples: 1000, units: 100, layers: 5 },
  read: ["book/scratch/programs/activations.ts", "book/scratch/chapter6/6.2-weights.ts"],
  async run({ seed }) {
    const all = SHOWN.map(([activation, spread]) => ({
      activation,
      spread,
      layers: activationsByLayer(activation, SPREADS[spread].value, seed),
    }));
    const of = (activation: ActivationName, spread: SpreadName) =>
      all.find((run) => run.activation === activation && run.spread === spread)!.layers;
    const [mean, last] = [({ values }: Matrix) => meanOf([...values]), 4];
    const ratio = (layers: readonly Matrix[]) => deviationOf(layers[last]) / deviationOf(layers[0]);
    return {
      measured: {
        saturated: shareOf(of("sigmoid", "1")[last], (value) => value < 0.1 || value > 0.9),
        alike: deviationOf(of("sigmoid", "0.01")[last]),
        xavierSpread: deviationOf(of("sigmoid", "xavier")[last]),
        tanhMean: mean(of("tanh", "xavier")[last]),
        reluShrinking: ratio(of("relu", "xavier")),
        reluKept: ratio(of("relu", "he")),
        reluVanishing: mean(of("relu", "0.01")[last]),
      },
      tables: [
        {
          title: { en: "Standard deviation of the activations by layer", zh: "各层激活值的标准差" },
          columns: [{ en: "network", zh: "网络" }, "1", "2", "3", "4", "5"],
          rows: all.map(({ activation, spread, layers }) => [
            `${activation}, ${spread}`,
            ...layers.map((layer) => deviationOf(layer).toPrecision(3)),
          ]),
        },
      ],
      figures: all.map(({ activation, spread, layers }) => ({
        name: `${activation}-${spread.replace("0.01", "small").replace(/^1$/, "one")}`,
        chart: histogram(activation, spread, layers),
        height: 320,
      })),
    };
  },
  about: {
    en: "1000 samples through five layers of 100 units, nothing learnt: only the standard deviation of the weights differs. Where activations crowd at 0 and 1 the sigmoid's slope vanishes; where all are alike 100 units say no more than one. Xavier's weights keep tanh and sigmoid spread, He's keep ReLU.",
    zh: "1000 个样本通过五层、每层 100 个单元的网络，没有任何学习，只改变权重的标准差。激活值挤在 0 和 1 处时 sigmoid 的斜率消失；激活值几乎相同时，100 个单元只相当于一个。Xavier 初始值使 sigmoid、tanh 的激活值保持分散，He 初始值使 ReLU 保持分散。",
  },
  claims: [
    {
      measure: "saturated",
      says: {
        en: "sigmoid, sd 1: most activations of layer 5 are within 0.1 of 0 or 1",
        zh: "sigmoid、标准差 1：第 5 层多数激活值距 0 或 1 不到 0.1",
      },
      accept: { atLeast: 0.5 },
      because: { en: "most is more than half", zh: "多数即过半" },
    },
    {
      measure: "alike",
      says: {
        en: "sigmoid, sd 0.01: layer 5 is concentrated at 0.5; its standard deviation",
        zh: "sigmoid、标准差 0.01：第 5 层集中在 0.5 附近；其标准差",
      },
      accept: { atMost: 0.03 },
      because: {
        en: "100 inputs of 0.5 with weights of sd 0.01 have sd 0.05; the sigmoid's slope makes 0.0125 of it",
        zh: "100 个 0.5 的输入、权重标准差 0.01，加权和的标准差为 0.05；乘以 sigmoid 的斜率为 0.0125",
      },
    },
    {
      measure: "xavierSpread",
      says: {
        en: "sigmoid, Xavier: layer 5 stays spread; its standard deviation",
        zh: "sigmoid、Xavier：第 5 层保持分散；其标准差",
      },
      accept: { between: [0.08, 0.2] },
      because: {
        en: "inputs of about 0.5 with weights of sd 0.1 have sd 0.5, and the slope is at most 1/4: about 0.12",
        zh: "约 0.5 的输入、权重标准差 0.1，加权和标准差约 0.5，斜率至多 1/4：约 0.12",
      },
    },
    {
      measure: "tanhMean",
      says: { en: "tanh, Xavier: a bell about 0; mean of layer 5", zh: "tanh、Xavier：以 0 为中心的钟形；第 5 层均值" },
      accept: { between: [-0.05, 0.05] },
      because: {
        en: "100 units that are symmetric about 0, each with 1000 dependent values: the mean of means scatters by less than 0.02",
        zh: "100 个关于 0 对称的单元，各 1000 个相关的值：总均值的波动小于 0.02",
      },
    },
    {
      measure: "reluShrinking",
      says: {
        en: "ReLU, Xavier: shrinks with depth; sd of layer 5 by that of layer 1",
        zh: "ReLU、Xavier：逐层变小；第 5 层与第 1 层标准差之比",
      },
      accept: { between: [0.15, 0.4] },
      because: {
        en: "each of four layers halves the mean square: (1/2)^(4/2) = 0.25; 100 units let a layer scatter by 10%",
        zh: "四层各使均方减半：(1/2)^(4/2) = 0.25；每层 100 个单元，波动约 10%",
      },
    },
    {
      measure: "reluKept",
      says: { en: "ReLU, He: stays spread; the same ratio", zh: "ReLU、He：保持分散；同一比值" },
      accept: { between: [0.6, 1.6] },
      because: { en: "1 in expectation; 10% a layer, and more for chance", zh: "期望为 1；每层波动 10%，另留余量" },
    },
    {
      measure: "reluVanishing",
      says: {
        en: "ReLU, sd 0.01: nearly nothing arrives; mean of layer 5",
        zh: "ReLU、标准差 0.01：几乎没有信号到达；第 5 层均值",
      },
      accept: { atMost: 1e-4 },
      because: { en: "each layer multiplies by about 0.07: 0.07⁵ = 2e-6", zh: "每层约乘以 0.07：0.07⁵ = 2e-6" },
    },
  ],
};

const INITS = { "std = 0.01": 0.01, Xavier: "xavier", He: "he" } as const;

export const initOnMnist: Experiment = {
  id: "scratch/6.2-init-mnist",
  title: { en: "MNIST by initial weights", zh: "不同初始值在 MNIST 上的比较" },
  section: "6.2",
  kind: "experiment",
  settings: { network: "784-100-100-100-100-10", iterations: 2000, batch: 128, rate: 0.01 },
  read: [
    "book/scratch/programs/multi-layer-net.ts",
    "book/scratch/framework/study.ts",
    "book/scratch/chapter6/6.2-weights.ts",
  ],
  needs: ["mnist"],
  async run({ seeds, pick, mnist, log }) {
    const training = toSamples(allTraining(await mnist()));
    const iterations = pick({ quick: 500, full: 2000 });
    const names = Object.keys(INITS) as (keyof typeof INITS)[];
    const each = seeds(3);
    const runs = each.map((seed) =>
      names.map((name) => {
        const model = buildNetwork({ sizes: [784, 100, 100, 100, 100, 10], weightInitStd: INITS[name], seed });
        const optimizer = new SGD({ learningRate: 0.01 });
        const losses = trainByIterations({ model, optimizer, training, iterations, batchSize: 128, seed });
        log(`seed ${seed}, ${name}: ${endOf(losses, iterations / 10).toFixed(4)}`);
        return losses;
      }),
    );
    const ends = runs.map((losses) => losses.map((curve) => endOf(curve, iterations / 10)));
    return {
      measured: {
        smallStays: Math.min(...ends.map(([small]) => small / Math.log(10))),
        heBeforeXavier: Math.max(...ends.map(([, xavier, he]) => he / xavier)),
        xavierLearns: Math.max(...ends.map(([, xavier]) => xavier / Math.log(10))),
      },
      tables: [
        {
          title: { en: "Training loss, mean of the last tenth", zh: "训练损失，最后十分之一的平均" },
          columns: [{ en: "seed", zh: "种子" }, ...names],
          rows: ends.map((row, i) => [each[i], ...row.map((value) => value.toFixed(4))]),
        },
      ],
      figures: [
        {
          name: "loss",
          chart: lossChart(
            { en: "Three kinds of initial weights, SGD", zh: "三种初始权重，SGD" },
            names.map((name, i) => ({ name, y: smooth(runs[0][i]) })),
            2.5,
          ),
        },
      ],
    };
  },
  about: {
    en: "The five-layer ReLU network with SGD from three kinds of initial weights. With a standard deviation of 0.01 hardly any signal reaches the output and hardly any gradient comes back: the loss stays at ln 10.",
    zh: "五层 ReLU 网络、SGD，三种初始权重。标准差为 0.01 时，几乎没有信号到达输出，也几乎没有梯度传回：损失停在 ln 10。",
  },
  claims: [
    {
      measure: "smallStays",
      says: {
        en: "sd 0.01 learns nothing: the loss at the end, by ln 10",
        zh: "标准差 0.01 学不到东西：最终损失与 ln 10 之比",
      },
      accept: { atLeast: 0.99 },
      because: {
        en: "ln 10 = 2.3026 is the loss of one who knows nothing; 1% for the mini-batches",
        zh: "ln 10 = 2.3026 是一无所知时的损失；小批量波动留 1%",
      },
    },
    {
      measure: "heBeforeXavier",
      says: {
        en: "both others learn, He's faster: its loss at the end, by Xavier's",
        zh: "另两种都能学习，He 更快：最终损失与 Xavier 之比",
      },
      accept: { atMost: 1 },
      because: { en: "faster is a lower loss at the same iteration", zh: "更快即在同一迭代处损失更低" },
    },
    {
      measure: "xavierLearns",
      says: { en: "Xavier's loss at the end, by ln 10", zh: "Xavier 的最终损失与 ln 10 之比" },
      accept: { quick: { atMost: 0.7 }, full: { atMost: 0.25 } },
      because: {
        en: "seeds 1 to 4 gave 0.41 to 0.55 after 500 iterations, seeds 1 to 3 gave 0.13 to 0.14 after 2,000",
        zh: "种子 1 到 4：500 次迭代后为 0.41 到 0.55；种子 1 到 3：2,000 次后为 0.13 到 0.14",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [histograms, initOnMnist];
