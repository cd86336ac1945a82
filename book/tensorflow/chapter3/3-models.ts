// Chapter 3, models: why classes are written one-hot, what a linear model can't do, and layers on top of layers.
import { cast, concat, expandDims, oneHot, scope } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { CLASSES, inRows, loadData } from "../framework/data.ts";
import { bestLinearModel, classesOf, confusionOf, outputsOf, shareRight } from "../framework/linear-limit.ts";
import { AT_THE_EDGE, buildLinearModel, trainWithFit } from "../framework/program.ts";
import { linear, StackedNetwork } from "../programs/stacked.ts";

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

const encoding: Experiment = {
  id: "tensorflow/3-encoding",
  title: { en: "Number encoding against one-hot", zh: "数字编码与 one-hot 编码" },
  section: "3",
  kind: "experiment",
  read: ["book/tensorflow/framework/linear-limit.ts", "book/tensorflow/chapter3/3-models.ts"],
  needs: ["mnist"],
  async run({ mnist, pick }) {
    const digits = await mnist();
    const { train, test } = loadData(digits, pick({ quick: 6000, full: 60_000 }), pick({ quick: 4000, full: 10_000 }));
    const labels = test.y.dataSync();
    const [x, xTest] = [inRows(train).x, inRows(test).x];
    // Both targets side by side, so that the equations are set up once: columns 0 to 9 are one-hot, column 10 is the number.
    const outputs = scope(() => {
      const targets = concat([oneHot(train.y, CLASSES, "float64"), expandDims(cast(train.y, "float64"), 1)], 1);
      return outputsOf(bestLinearModel(x, targets), xTest).toRows();
    });
    const hot = classesOf(Matrix.from(outputs.map((row) => row.slice(0, CLASSES))));
    const numbers = classesOf(Matrix.column(outputs.map((row) => row[CLASSES])));
    const [numberAccuracy, oneHotAccuracy] = [shareRight(numbers, labels), shareRight(hot, labels)];
    const neighbours = (predicted: readonly number[]) => {
      const wrong = predicted.map((digit, i) => Math.abs(digit - labels[i])).filter((distance) => distance > 0);
      return wrong.filter((distance) => distance === 1).length / wrong.length;
    };
    return {
      measured: {
        oneHotGain: oneHotAccuracy - numberAccuracy,
        neighbourShare: neighbours(numbers),
        numberAccuracy,
        oneHotAccuracy,
        oneHotNeighbourShare: neighbours(hot),
      },
      figures: [
        {
          name: "number",
          chart: {
            kind: "confusion",
            title: { en: "Target: the label as a number", zh: "目标：标签本身的数值" },
            classes: DIGITS,
            counts: confusionOf(numbers, labels),
          },
          width: 560,
          height: 520,
        },
        {
          name: "one-hot",
          chart: {
            kind: "confusion",
            title: { en: "Target: one-hot rows", zh: "目标：one-hot 行向量" },
            classes: DIGITS,
            counts: confusionOf(hot, labels),
          },
          width: 560,
          height: 520,
        },
      ],
    };
  },
  about: {
    en: "If the label itself is the target, one output must say 3 for a three: that puts a four close to a three and far from a nine, although digits have no such order. One-hot gives each class an output of its own. Both targets are given to the same linear model, and both are solved exactly by least squares, so no learning rate blurs the comparison.",
    zh: "若直接以标签为目标，一个输出就要对“三”说 3：于是 4 离 3 近而离 9 远，可数字类别之间并没有这种顺序。one-hot 给每个类别一个独立的输出。这里把两种目标交给同一个线性模型，都用最小二乘精确求解，比较不受学习率影响。",
  },
  claims: [
    {
      measure: "oneHotGain",
      says: {
        en: "one-hot targets suit classification; here: how much more of the test set they get right",
        zh: "one-hot 目标适合分类；此处：测试集上多答对的比例",
      },
      accept: { atLeast: 0.3 },
      because: {
        en: "the book gives no figure; three in ten is far beyond sampling noise (0.5 points on 10,000 images)",
        zh: "书中没有给出数字；三成远超抽样误差（10,000 张图像上约 0.5 个百分点）",
      },
    },
    {
      measure: "neighbourShare",
      says: {
        en: "numbers impose an order: share of the number model's mistakes that name a neighbour of the digit",
        zh: "数字编码强加了顺序：该模型的错误中，答成相邻数字的比例",
      },
      accept: { atLeast: 0.4 },
      because: {
        en: "mistakes without order would name a neighbour in 20% of cases (18 of the 90 wrong pairs)",
        zh: "若错误与顺序无关，答成相邻数字的比例应为 20%（90 种错误配对中的 18 种）",
      },
    },
  ],
};

const linearLimits: Experiment = {
  id: "tensorflow/3-linear-limits",
  title: { en: "The limits of a linear model", zh: "线性模型的局限" },
  section: "3",
  kind: "experiment",
  settings: { batch: 512, epochs: 50, "rate (linear)": 0.001, "rate (network)": 0.01 },
  read: [
    "book/tensorflow/framework/linear-limit.ts",
    "book/tensorflow/framework/program.ts",
    "book/tensorflow/chapter3/3-models.ts",
  ],
  needs: ["mnist"],
  async run({ mnist, pick, seed, log }) {
    const digits = await mnist();
    const { train, test } = loadData(digits, pick({ quick: 6000, full: 60_000 }), pick({ quick: 4000, full: 10_000 }));
    const epochs = pick({ quick: 12, full: 50 });
    const options = { train, test, epochs, seed, log, batchSize: pick({ quick: 128, full: 512 }) };
    const line = await trainWithFit({ ...options, learningRate: 0.001 }, buildLinearModel(seed));
    const network = await trainWithFit(options);
    const diverging = await trainWithFit({ ...options, epochs: 1 }, buildLinearModel(seed)).then(
      (curve) => curve.loss[0] > 10,
      () => true,
    );
    const exact = scope(() => bestLinearModel(inRows(train).x, oneHot(train.y, CLASSES, "float64")));
    const fitted = outputsOf(exact, inRows(train).x);
    const labels = train.y.dataSync();
    const residuals = Array.from({ length: CLASSES }, (_, k) => {
      let sum = 0;
      for (let i = 0; i < fitted.rows; i++) sum += fitted.at(i, k) - (labels[i] === k ? 1 : 0);
      return Math.abs(sum / fitted.rows);
    });
    const exactAccuracy = shareRight(classesOf(outputsOf(exact, inRows(test).x)), test.y.dataSync());
    const [linearAccuracy, networkAccuracy] = [line, network].map((curve) => curve.accuracy.at(-1)!);
    const weights = line.model.trainableVariables[0].dataSync();
    return {
      measured: {
        networkGain: networkAccuracy - exactAccuracy,
        meanResidual: Math.max(...residuals),
        linearDiverges: diverging,
        linearAccuracy,
        exactAccuracy,
        networkAccuracy,
      },
      notes: [
        {
          en: "The linear model starts from 0. Started at random like the network it ended lower in the full form, at 81.4% (seed 1): its loss is flat in most directions, and what the start puts there stays.",
          zh: "线性模型从 0 开始。若像网络那样随机初始化，完整形式的终点更低，为 81.4%（种子 1）：损失在大多数方向上平坦，初值带来的成分会一直留着。",
        },
      ],
      figures: [
        {
          name: "accuracy",
          chart: {
            kind: "line",
            title: { en: "Test accuracy: a linear model and a network", zh: "测试准确率：线性模型与网络" },
            xAxis: { label: { en: "epoch", zh: "训练轮次" } },
            yAxis: { label: { en: "accuracy", zh: "准确率" }, format: "percent" },
            series: [
              { name: { en: "linear 784-10", zh: "线性 784-10" }, y: line.accuracy },
              { name: { en: "network 784-256-128-10", zh: "网络 784-256-128-10" }, y: network.accuracy },
            ],
            marks: [{ axis: "y", at: exactAccuracy, label: { en: "best linear model", zh: "最优线性模型" } }],
          },
        },
        {
          name: "templates",
          chart: {
            kind: "images",
            title: {
              en: "What the linear model learnt: one template a digit",
              zh: "线性模型学到的：每个数字一个模板",
            },
            images: DIGITS.map((caption, digit) => ({
              width: 28,
              height: 28,
              pixels: Array.from({ length: 784 }, (_, pixel) => weights[10 * pixel + digit]),
              caption,
            })),
            colours: "diverging",
            columns: 5,
          },
        },
      ],
    };
  },
  about: {
    en: `A linear model can do no better than one template a digit. Trained on MNIST it is set beside the network with two hidden layers, and beside the exact least-squares solution, which no further training could beat on the training set. The linear model learns at 0.001: at 0.01 it diverges, which is measured as well.${AT_THE_EDGE.en}`,
    zh: `线性模型至多为每个数字学到一个模板。这里在 MNIST 上训练它，与带两个隐藏层的网络比较，也与最小二乘的精确解比较；在训练集上，再多的训练也不会好过精确解。线性模型的学习率取 0.001：取 0.01 时会发散，这一点也做了测量。${AT_THE_EDGE.zh}`,
  },
  claims: [
    {
      measure: "meanResidual",
      says: {
        en: "it is the least-squares solution: with a bias, the errors on the training images add up to 0, for each output; largest mean",
        zh: "它确为最小二乘解：有偏置时，每个输出在训练图像上的误差之和为 0；最大平均值",
      },
      expected: 0,
      accept: { within: 1e-4 },
      because: { en: "the ridge of a millionth, and rounding", zh: "百万分之一的岭，加上舍入" },
    },
    {
      measure: "networkGain",
      says: {
        en: "the network gets more right than any linear model: test accuracy minus that of the best linear model",
        zh: "网络优于任何线性模型：测试准确率减去最优线性模型的准确率",
      },
      accept: { quick: null, full: { atLeast: 0.07 } },
      because: {
        en: "the textbook reports 97-98% for the network; least squares on MNIST is known to stay near 86%. The quick form trains on 6,000 images for 12 epochs in batches of 128, which decides nothing: -0.22 to 0.04 over seeds 2 to 4, 11 to 13 and 16 to 18; with seeds 14 and 15 its training blows up",
        zh: "教材中网络为 97-98%；MNIST 上的最小二乘已知约为 86%。快速形式只用 6,000 张图像、每批 128 张训练 12 轮，不足以判定：种子 2 到 4、11 到 13、16 到 18 为 -0.22 到 0.04；种子 14 与 15 的训练发散",
      },
    },
    {
      measure: "exactAccuracy",
      says: {
        en: "the best linear model stays in the eighties: test accuracy of the exact least-squares solution",
        zh: "最优线性模型只有八成多：最小二乘精确解的测试准确率",
      },
      accept: { quick: { between: [0.72, 0.9] }, full: { between: [0.84, 0.88] } },
      because: {
        en: "the textbook only says that a linear model is not enough; with all 60,000 images the value is known to be about 86%, with 6,000 it is lower by what 785 unknowns overfit",
        zh: "教材只说线性模型不够；用 60,000 张图像时已知约为 86%，只用 6,000 张时因 785 个未知数过拟合而更低",
      },
    },
    {
      measure: "linearDiverges",
      says: {
        en: "0.01, the rate of the network, is beyond what the linear model bears",
        zh: "网络所用的 0.01 超出了线性模型能承受的学习率",
      },
      accept: { equals: true },
    },
  ],
};

/** How often the slope of a curve changes, given at equal steps: 0 for a straight line. */
function kinksOf(y: readonly number[]): number {
  const slopes = y.slice(1).map((value, i) => value - y[i]);
  const largest = Math.max(...slopes.map(Math.abs));
  let kinks = 0;
  let inKink = false;
  for (let i = 1; i < slopes.length; i++) {
    const bends = Math.abs(slopes[i] - slopes[i - 1]) > 1e-9 * largest;
    if (bends && !inKink) kinks += 1;
    inKink = bends;
  }
  return kinks;
}

const stacked: Experiment = {
  id: "tensorflow/3-stacked",
  title: { en: "Layers on layers, and why they need an activation", zh: "层层堆叠，以及为什么需要激活函数" },
  section: "3",
  kind: "experiment",
  settings: { sizes: "784-256-128-10" },
  read: ["book/tensorflow/programs/stacked.ts", "book/tensorflow/chapter3/3-models.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const network = new StackedNetwork([784, 256, 128, 10], random);
    // Biases other than 0, so that kinks do not all sit at the origin.
    for (const layer of network.layers) layer.b = layer.b.map(() => random.normal(0, 0.5));
    const x = Matrix.fill(2, 784, () => random.uniform(-1, 1));
    const straight = network.layers.reduce((h, layer) => linear(h, layer), x);
    const [w, b] = network.layers.reduce(
      ([product, sum], layer) => [product.dot(layer.w), linear(sum, layer)],
      [Matrix.fill(784, 784, (i, j) => (i === j ? 1 : 0)), new Matrix(1, 784)],
    );
    const collapse = Math.max(...straight.minus(linear(x, { w, b })).values.map(Math.abs));

    const steps = 401;
    const at = Array.from({ length: steps }, (_, i) => (4 * i) / (steps - 1) - 2);
    const [from, along] = [x.toRows()[0], x.toRows()[1]];
    const line = Matrix.fill(steps, 784, (i, j) => from[j] + at[i] * along[j]);
    const bent = network.forward(line).at(-1)!;
    const plain = linear(line, { w, b });
    const first = (y: Matrix) => y.toRows().map((row) => row[0]);
    return {
      measured: {
        shapes: network.forward(x).flatMap((h) => [...h.shape]),
        collapse,
        kinksWithRelu: kinksOf(first(bent)),
        kinksWithout: kinksOf(first(plain)),
        parameters: network.layers.reduce((sum, layer) => sum + layer.w.values.length + layer.b.values.length, 0),
      },
      figures: [
        {
          name: "bent",
          chart: {
            kind: "line",
            title: {
              en: "One output along a line through the inputs",
              zh: "沿输入空间一条直线的某个输出",
            },
            xAxis: { label: { en: "position on the line", zh: "直线上的位置" } },
            yAxis: { label: { en: "output o1", zh: "输出 o1" } },
            series: [
              { name: { en: "with ReLU", zh: "有 ReLU" }, x: at, y: first(bent) },
              { name: { en: "without activation", zh: "无激活函数" }, x: at, y: first(plain) },
            ],
          },
        },
        {
          name: "network",
          chart: {
            kind: "network",
            title: { en: "The network of the chapter", zh: "本章的网络" },
            layers: [
              { name: { en: "image", zh: "图像" }, units: 784 },
              { name: "h1", units: 256, note: "ReLU" },
              { name: "h2", units: 128, note: "ReLU" },
              { name: { en: "output o", zh: "输出 o" }, units: 10, labels: DIGITS },
            ],
            mostUnits: 10,
          },
        },
      ],
    };
  },
  about: {
    en: "h1 = ReLU(W1 x + b1), h2 = ReLU(W2 h1 + b2), o = W3 h2 + b3. Without the ReLU the three layers are one: (x W1) W2 W3 is x times a single matrix, which is checked on numbers. With it the output along a line through the inputs is bent at every unit that switches on or off.",
    zh: "h1 = ReLU(W1 x + b1)，h2 = ReLU(W2 h1 + b2)，o = W3 h2 + b3。去掉 ReLU，三层就等于一层：(x W1) W2 W3 不过是 x 乘以一个矩阵，这里用数值验证。有了 ReLU，沿输入空间的一条直线，每当有单元开启或关闭，输出就弯折一次。",
  },
  claims: [
    {
      measure: "shapes",
      says: { en: "shapes of h1, h2 and o for a batch of 2", zh: "批大小为 2 时 h1、h2、o 的形状" },
      reported: [2, 256, 2, 128, 2, 10],
      accept: { equals: [2, 256, 2, 128, 2, 10] },
    },
    {
      measure: "collapse",
      says: {
        en: "without activations the stack is one linear layer: largest difference",
        zh: "没有激活函数时整个堆叠等于一个线性层：最大差",
      },
      expected: 0,
      accept: { atMost: 1e-10 },
      because: {
        en: "sums of up to 784 products in float64, in another order",
        zh: "float64 中至多 784 个乘积按不同次序求和",
      },
    },
    {
      measure: "kinksWithRelu",
      says: { en: "with ReLU the output is bent: kinks along a line", zh: "有 ReLU 时输出有弯折：沿一条线的弯折数" },
      accept: { atLeast: 10 },
      because: {
        en: "the textbook gives no number; each of 384 units may bend the line once, and one kink would already do",
        zh: "教材没有给出数字；384 个单元每个都可能弯折一次，而一处弯折已足以说明问题",
      },
    },
    {
      measure: "kinksWithout",
      says: { en: "kinks without activations", zh: "没有激活函数时的弯折数" },
      expected: 0,
      accept: { equals: 0 },
    },
  ],
};

export const experiments: readonly Experiment[] = [encoding, linearLimits, stacked];
