// Section 6.5: learning rate and weight decay by random search.
import { evaluate, SGD } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { part, toSamples } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { buildNetwork, trainByIterations } from "../framework/study.ts";
import { SIZES } from "./6.4-overfitting.ts";

const read = [
  "book/scratch/programs/multi-layer-net.ts",
  "book/scratch/framework/study.ts",
  "book/scratch/chapter6/6.5-hyperparameter-search.ts",
];

export const search: Experiment = {
  id: "scratch/6.5-hyperparameter-search",
  title: { en: "Random search for rate and weight decay", zh: "学习率与权值衰减的随机搜索" },
  section: "6.5",
  kind: "experiment",
  settings: {
    trials: 100,
    images: 400,
    validation: 100,
    epochs: 50,
    batch: 100,
    rate: "1e-6 … 1e-2",
    decay: "1e-8 … 1e-4",
  },
  read,
  needs: ["mnist"],
  async run({ seed, pick, mnist, log }) {
    const { training } = await mnist();
    // The book shuffles, then takes the first fifth of 500 for validation.
    const [validation, few] = [toSamples(part(training, 0, 100)), toSamples(part(training, 100, 500))];
    const random = new Random(seed);
    const [trials, epochs] = [pick({ quick: 8, full: 100 }), 50];
    const results = Array.from({ length: trials }, (_, i) => {
      const weightDecay = 10 ** random.uniform(-8, -4);
      const lr = 10 ** random.uniform(-6, -2);
      const model = buildNetwork({ sizes: SIZES, seed: seed + i });
      const optimizer = new SGD({ learningRate: lr, weightDecay });
      trainByIterations({ model, optimizer, training: few, iterations: 4 * epochs, batchSize: 100, seed: seed + i });
      const { accuracy } = evaluate(model, validation);
      log(`val acc ${accuracy.toFixed(2)}, lr ${lr.toExponential(2)}, weight decay ${weightDecay.toExponential(2)}`);
      return { accuracy, lr, weightDecay };
    }).sort((a, b) => b.accuracy - a.accuracy);
    const best = results.slice(0, 5);
    const small = results.filter(({ lr }) => lr < 1e-4);
    return {
      measured: {
        bestRates: best.map(({ lr }) => lr),
        smallRates: Math.max(...small.map(({ accuracy }) => accuracy)),
      },
      tables: [
        {
          title: { en: "The best five", zh: "最好的五次" },
          columns: [
            { en: "validation accuracy", zh: "验证准确率" },
            { en: "rate", zh: "学习率" },
            { en: "weight decay", zh: "权值衰减" },
          ],
          rows: best.map(({ accuracy, lr, weightDecay }) => [
            accuracy.toFixed(2),
            lr.toExponential(2),
            weightDecay.toExponential(2),
          ]),
        },
      ],
      figures: [
        {
          name: "trials",
          chart: {
            kind: "scatter",
            title: { en: "Validation accuracy by learning rate", zh: "验证准确率与学习率" },
            xAxis: { label: { en: "learning rate", zh: "学习率" }, scale: "log" },
            yAxis: { label: { en: "validation accuracy", zh: "验证准确率" }, min: 0, max: 1, format: "percent" },
            series: [
              {
                name: { en: "trials", zh: "各次试验" },
                x: results.map(({ lr }) => lr),
                y: results.map(({ accuracy }) => accuracy),
              },
            ],
          },
        },
        {
          name: "by-decay",
          chart: {
            kind: "scatter",
            title: { en: "Validation accuracy by weight decay", zh: "验证准确率与权值衰减" },
            xAxis: { label: { en: "weight decay", zh: "权值衰减" }, scale: "log" },
            yAxis: { label: { en: "validation accuracy", zh: "验证准确率" }, min: 0, max: 1, format: "percent" },
            series: [
              {
                name: { en: "trials", zh: "各次试验" },
                x: results.map(({ weightDecay }) => weightDecay),
                y: results.map(({ accuracy }) => accuracy),
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "Learning rate 10^U(-6, -2) and weight decay 10^U(-8, -4), drawn at random 100 times; each trains for 50 epochs on 400 images and is judged on 100 others. The range in which the best lie is where one would search again.",
    zh: "学习率取 10^U(-6, -2)，权值衰减取 10^U(-8, -4)，随机抽取 100 次；每次用 400 张图像训练 50 轮，以另外 100 张评判。最好的结果所在的范围，就是下一次搜索的范围。",
  },
  claims: [
    {
      measure: "bestRates",
      says: {
        en: "the best five have learning rates from 0.001 to 0.01",
        zh: "最好的五次，学习率都在 0.001 到 0.01 之间",
      },
      accept: { quick: null, full: { between: [0.001, 0.01] } },
      because: { en: "the range that the book reads off its own result", zh: "书中从自己的结果读出的范围" },
    },
    {
      measure: "smallRates",
      says: {
        en: "rates below 1e-4 learn nothing in 50 epochs: the best accuracy among them",
        zh: "学习率低于 1e-4 时 50 轮内学不到东西：其中最高的准确率",
      },
      accept: { atMost: 0.3 },
      because: {
        en: "guessing gives 0.1; a hundred images and the luck of the initial weights give up to 0.25",
        zh: "瞎猜为 0.1；只有一百张图像，加上初始权重的偶然，可到 0.25",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [search];
