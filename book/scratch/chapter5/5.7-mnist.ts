// Chapter 5, on MNIST: the gradient check of the two-layer network, and its training by mini-batches, by hand and on the framework.
import { backward, SGD, scope, softmaxCrossEntropy, tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { type DigitSet, toSamples } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { accuracyChart, TEST, TRAINING } from "../curves.ts";
import { allTraining, buildNetwork, copyParams, drawBatch, trainAndMeasure } from "../framework/study.ts";
import { rowsOf } from "../programs/data.ts";
import { SGD as HandSGD, type Params } from "../programs/optimizers.ts";
import { TwoLayerNet } from "../programs/two-layer-net.ts";
import { READ_MNIST } from "../texts.ts";

/** Times that the faster of two is done, so that its time can be told. */
const REPEATS = 50;

function meanDifferences(a: Params, b: Params): number[] {
  return ["W1", "b1", "W2", "b2"].map((key) => {
    const { values } = a[key].minus(b[key]);
    return values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
  });
}

export const gradientCheck: Experiment = {
  id: "scratch/5.7-gradient-check",
  title: { en: "Gradient check on three images", zh: "用三张图像做梯度检验" },
  section: "5.7",
  kind: "experiment",
  settings: { network: "784-50-10", images: 3, "weight sd": 0.01, h: 1e-4 },
  read: [
    "book/scratch/programs/two-layer-net.ts",
    "book/scratch/programs/layers.ts",
    "book/scratch/chapter5/5.7-mnist.ts",
  ],
  needs: ["mnist"],
  async run({ seed, pick, mnist }) {
    const { training } = await mnist();
    const hidden = pick({ quick: 5, full: 50 });
    const { x, t } = rowsOf(training, [0, 1, 2]);
    const measure = (delta: number) => {
      const network = new TwoLayerNet(784, hidden, 10, { seed, delta });
      const start = performance.now();
      const numeric = network.numericalGradient(x, t);
      const middle = performance.now();
      for (let i = 0; i < REPEATS; i++) network.gradient(x, t);
      const speedup = ((middle - start) * REPEATS) / (performance.now() - middle);
      const size = Object.values(network.params).reduce((sum, { values }) => sum + values.length, 0);
      return { differences: meanDifferences(numeric, network.gradient(x, t)), passes: 2 * size, speedup };
    };
    const { differences, passes, speedup } = measure(0);
    const withDelta = measure(1e-7).differences;
    const row = (name: string, values: readonly number[]) => [name, ...values.map((value) => value.toExponential(1))];
    return {
      measured: { differences, withDelta: withDelta[3], passes },
      notes: [
        {
          en: `${passes} forward passes took ${speedup.toPrecision(2)} times as long as backpropagation.`,
          zh: `${passes} 次前向传播所用时间是反向传播的 ${speedup.toPrecision(2)} 倍。`,
        },
      ],
      tables: [
        {
          title: { en: `Mean differences, ${hidden} hidden units`, zh: `平均差异，${hidden} 个隐藏单元` },
          columns: [{ en: "loss", zh: "损失" }, "W1", "b1", "W2", "b2"],
          rows: [row("ln y", differences), row("ln(y + 1e-7)", withDelta)],
        },
      ],
    };
  },
  about: {
    en: "Backpropagation against numerical gradients, parameter by parameter, on the first three training images. Differences take two forward passes a parameter (79,520 for the book's network), backpropagation one forward and one backward. The book's loss has 1e-7 inside its logarithm, of which its gradient y - t knows nothing; without it the agreement is better by orders of magnitude, and the difference is measured.",
    zh: "在前三张训练图像上，逐个参数比较反向传播与数值梯度。数值微分每个参数要两次前向传播（书中的网络共 79,520 次），反向传播只要一次前向、一次反向。书中的损失在对数里加了 1e-7，而梯度 y - t 对此一无所知；去掉它，两者的吻合程度提高几个数量级，这里测出了这一差别。",
  },
  claims: [
    {
      measure: "differences",
      says: { en: "mean differences of W1, b1, W2, b2: about 1e-10", zh: "W1、b1、W2、b2 的平均差异：约 1e-10" },
      accept: { atMost: 1e-9 },
      because: {
        en: "rounding of the loss (1e-16) divided by 2h gives 1e-12, the formula's error h² times third derivatives up to 1e-10; an order above is allowed",
        zh: "损失的舍入误差 1e-16 除以 2h 约为 1e-12，差分公式的误差 h² 乘三阶导数至多约 1e-10；再放宽一个数量级",
      },
    },
    {
      measure: "withDelta",
      says: {
        en: "with 1e-7 in the logarithm the last bias is off by about 1e-7",
        zh: "对数里加 1e-7 时，最后一个偏置相差约 1e-7",
      },
      accept: { between: [3e-8, 5e-7] },
      because: {
        en: "1e-7 divided by the probability of the true class, 0.1, times gradients of 0.1 to 0.9",
        zh: "1e-7 除以正确类别的概率 0.1，再乘以 0.1 到 0.9 的梯度",
      },
    },
    {
      measure: "passes",
      says: {
        en: "forward passes that differences take: two a parameter",
        zh: "数值微分所需的前向传播次数：每个参数两次",
      },
      accept: { quick: null, full: { equals: 79_520 } },
    },
  ],
};

/** The same mini-batches by hand and on the framework, in float64 from equal weights: the loss of each iteration by both. */
export function trainTwice(
  training: DigitSet,
  hidden: number,
  iterations: number,
  seed: number,
): { byHand: number[]; onFramework: number[] } {
  const network = new TwoLayerNet(784, hidden, 10, { seed, delta: 0 });
  const model = buildNetwork({ sizes: [784, hidden, 10], seed, dtype: "float64" });
  copyParams(network.params, model);
  const generator = new Random(seed);
  const [handSGD, optimizer] = [new HandSGD(0.1), new SGD({ learningRate: 0.1 })];
  const [byHand, onFramework]: [number[], number[]] = [[], []];
  for (let i = 0; i < iterations; i++) {
    const { x, t } = rowsOf(training, drawBatch(generator, training.count, 100));
    const grads = network.gradient(x, t);
    byHand.push(network.lastLayer.loss);
    handSGD.update(network.params, grads);
    scope(() => {
      const inputs = tensor(x.values, { shape: x.shape, dtype: "float64" });
      const loss = softmaxCrossEntropy(model.logits(inputs, { training: true }), tensor(Int32Array.from(t)));
      onFramework.push(loss.item());
      model.block.clearGradients();
      backward(loss);
      optimizer.step(model.block);
    });
  }
  return { byHand, onFramework };
}

export const twoLayerMnist: Experiment = {
  id: "scratch/5.7-two-layer-mnist",
  title: { en: "The two-layer network reads digits", zh: "两层网络识别手写数字" },
  section: "5.7",
  kind: "experiment",
  settings: { network: "784-50-10", iterations: 10000, batch: 100, rate: 0.1, "weight sd": 0.01 },
  read: [
    "book/scratch/programs/two-layer-net.ts",
    "book/scratch/framework/study.ts",
    "book/scratch/chapter5/5.7-mnist.ts",
  ],
  needs: ["mnist"],
  async run({ seed, seeds, pick, mnist, log }) {
    const data = await mnist();
    const all = allTraining(data);
    const [training, test] = [toSamples(all), toSamples(data.test)];
    const iterations = pick({ quick: 1200, full: 10_000 });
    const runs = seeds(3).map((each) => {
      const model = buildNetwork({ sizes: [784, 50, 10], weightInitStd: 0.01, seed: each });
      const optimizer = new SGD({ learningRate: 0.1 });
      const run = trainAndMeasure({
        ...{ model, optimizer, training, iterations, batchSize: 100, seed: each, every: 600 },
        sets: { training, test },
      });
      log(`seed ${each}: test ${run.accuracy["test"].at(-1)}`);
      return run.accuracy;
    });
    const { byHand, onFramework } = trainTwice(all, 50, pick({ quick: 40, full: 600 }), seed);
    const last = (values: readonly number[]) => values[values.length - 1];
    const [first] = runs;
    return {
      measured: {
        testAccuracy: runs.map(({ test: curve }) => last(curve)),
        gap: Math.max(...runs.map((run) => last(run["training"]) - last(run["test"]))),
        handDifference: Math.max(...byHand.map((loss, i) => Math.abs(loss - onFramework[i]))),
      },
      notes: [READ_MNIST],
      figures: [
        {
          name: "accuracy",
          chart: {
            ...accuracyChart({ en: "784-50-10 by mini-batches", zh: "784-50-10，小批量训练" }, [
              { name: TRAINING, y: first["training"], style: "line-points" },
              { name: TEST, y: first["test"], style: "dashed" },
            ]),
            yAxis: { label: { en: "accuracy", zh: "准确率" }, min: 0.88, max: 1, format: "percent" },
          },
        },
      ],
    };
  },
  about: {
    en: "784-50-10 with ReLU, 10,000 iterations on mini-batches of 100 drawn at random from 60,000, rate 0.1. Accuracy on training and test images is taken once an epoch. The program by hand and the framework take the same batches from equal weights, and their losses are compared iteration by iteration.",
    zh: "784-50-10 网络，ReLU，从 60,000 张图像中随机抽取 100 张为小批量，迭代 10,000 次，学习率 0.1。每轮测一次训练集与测试集准确率。手写程序与框架从相同权重出发、用相同的小批量，逐次比较损失。",
  },
  claims: [
    {
      measure: "testAccuracy",
      says: { en: "test accuracy at the end", zh: "最终测试准确率" },
      accept: { quick: { between: [0.915, 0.94] }, full: { between: [0.96, 0.977] } },
      because: {
        en: "seeds 1 to 3 gave 0.927 to 0.929 after 1,200 iterations and 0.967 to 0.971 after 10,000",
        zh: "种子 1 到 3：1,200 次迭代后为 0.927 到 0.929，10,000 次后为 0.967 到 0.971",
      },
    },
    {
      measure: "gap",
      says: {
        en: "training and test accuracy stay together: no overfitting",
        zh: "训练与测试准确率几乎重合：没有过拟合",
      },
      accept: { quick: { atMost: 0.01 }, full: { atMost: 0.02 } },
      because: {
        en: "seeds 1 to 3 gave -0.004 to -0.003 after 1,200 iterations, at most 0.0095 after 10,000",
        zh: "种子 1 到 3：1,200 次迭代后为 -0.004 到 -0.003，10,000 次后至多 0.0095",
      },
    },
    {
      measure: "handDifference",
      says: { en: "largest difference of losses, by hand and on the framework", zh: "手写与框架逐次损失的最大差异" },
      accept: { atMost: 1e-12 },
      because: {
        en: "float64 sums in another order; rounding grows with the iterations",
        zh: "float64 求和次序不同；舍入误差随迭代增长",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [gradientCheck, twoLayerMnist];
