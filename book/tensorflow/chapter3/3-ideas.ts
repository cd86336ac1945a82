// Chapter 3, ideas: losses, underfitting and overfitting, activations, and gradients that nobody has to derive.
import { GradientTape, relu, scope, sigmoid, softmax, type Tensor, tensor } from "nabla";
import type { LineChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { noisyPoints, Polynomial, truth } from "../../python/programs/polynomial.ts";
import { Random } from "../../random.ts";
import { sumOfSquares } from "../framework/program.ts";
import { StackedNetwork } from "../programs/stacked.ts";

function linspace(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}

const loss: Experiment = {
  id: "tensorflow/3-loss",
  title: { en: "Squared error and cross-entropy", zh: "均方误差与交叉熵" },
  section: "3",
  kind: "experiment",
  read: ["book/tensorflow/framework/program.ts", "book/tensorflow/chapter3/3-ideas.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const out = Array.from({ length: 40 }, () => random.normal());
    const hot = Array.from({ length: 40 }, (_, i) => (i % 10 === Math.floor(i / 10) ? 1 : 0));
    const sumOverMean = scope(() => {
      const [o, y] = [out, hot].map((values) => tensor(values, { dtype: "float64", shape: [4, 10] }));
      return sumOfSquares(o, y).item() / o.sub(y).square().mean().item();
    });
    const probabilities = linspace(0.001, 0.999, 500);
    // Two classes, the true one first: a logit of ln(p / (1 - p)) gives it probability p.
    const gradientAt = (p: number, lossOf: (answer: Tensor) => Tensor): number =>
      scope(() => {
        const z = tensor([[Math.log(p / (1 - p)), 0]], "float64");
        const tape = new GradientTape();
        const value = tape.record([z], () => lossOf(softmax(z)));
        return tape.gradient(value, [z])[0].get(0, 0).item();
      });
    const squared = (answer: Tensor) => sumOfSquares(answer, tensor([[1, 0]], "float64"));
    const cross = (answer: Tensor) => answer.get(0, 0).log().neg();
    const sampled = probabilities.filter((_, i) => i % 5 === 0);
    return {
      measured: {
        sumOverMean,
        crossEntropyGradient: Math.abs(gradientAt(0.001, cross)),
        squaredErrorGradient: Math.abs(gradientAt(0.001, squared)),
      },
      figures: [
        {
          name: "losses",
          chart: {
            kind: "line",
            title: {
              en: "Loss against the probability of the true class (two classes)",
              zh: "损失与真实类别概率的关系（两类）",
            },
            xAxis: { label: { en: "probability of the true class p", zh: "真实类别的概率 p" } },
            yAxis: { label: { en: "loss", zh: "损失" } },
            series: [
              {
                name: { en: "squared error", zh: "平方误差" },
                x: probabilities,
                y: probabilities.map((p) => 2 * (1 - p) ** 2),
              },
              {
                name: { en: "cross-entropy", zh: "交叉熵" },
                x: probabilities,
                y: probabilities.map((p) => -Math.log(p)),
              },
            ],
          },
        },
        {
          name: "gradients",
          chart: {
            kind: "line",
            title: {
              en: "Size of the gradient by the logit of the true class",
              zh: "对真实类别 logit 的梯度大小",
            },
            xAxis: { label: { en: "probability of the true class p", zh: "真实类别的概率 p" } },
            yAxis: { label: { en: "size of the gradient", zh: "梯度大小" } },
            series: [
              {
                name: { en: "squared error", zh: "平方误差" },
                x: sampled,
                y: sampled.map((p) => Math.abs(gradientAt(p, squared))),
              },
              {
                name: { en: "cross-entropy", zh: "交叉熵" },
                x: sampled,
                y: sampled.map((p) => Math.abs(gradientAt(p, cross))),
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The program sums the squared differences to the one-hot row over all ten outputs and divides by the batch. That is ten times what a mean over all numbers would be, and so are its gradients: a learning rate belongs to one of the two. Cross-entropy, the usual choice for classes, is compared where it matters: at an answer that is confidently wrong.",
    zh: "程序把输出与 one-hot 行之差的平方在十个输出上求和，再除以批大小。这是对所有数取平均的十倍，梯度也是十倍：学习率总是针对其中一种而言。分类问题通常选交叉熵，这里在差别最大的地方比较：自信的错误答案。",
  },
  claims: [
    {
      measure: "sumOverMean",
      says: {
        en: "sum over 10 outputs divided by the batch is 10 times the mean over all numbers",
        zh: "对 10 个输出求和再除以批大小，是对所有数取平均的 10 倍",
      },
      expected: 10,
      accept: { within: 1e-9 },
      because: { en: "rounding in float64", zh: "float64 舍入" },
    },
    {
      measure: "crossEntropyGradient",
      says: {
        en: "cross-entropy still learns from a confidently wrong answer: size of its gradient by the logit of the true class at p = 0.001",
        zh: "面对自信的错误答案，交叉熵仍能学习：p = 0.001 时对真实类别 logit 的梯度大小",
      },
      accept: { atLeast: 0.99 },
      because: {
        en: "the gradient is p - 1; 0.001 off 1, and rounding",
        zh: "梯度为 p - 1；与 1 相差 0.001，再加舍入",
      },
    },
    {
      measure: "squaredErrorGradient",
      says: {
        en: "squared error of the same softmax output hardly does",
        zh: "同一 softmax 输出的平方误差几乎不再学习",
      },
      accept: { atMost: 0.01 },
      because: {
        en: "by the chain rule its gradient carries a factor p = 0.001, and what is left is at most 4",
        zh: "由链式法则，其梯度带有因子 p = 0.001，其余部分至多为 4",
      },
    },
  ],
};

const fits: Experiment = {
  id: "tensorflow/3-fits",
  title: { en: "Underfitting and overfitting", zh: "欠拟合与过拟合" },
  section: "3",
  kind: "figure",
  settings: { points: 15, degrees: "1, 3, 12", noise: 0.25 },
  read: ["book/python/programs/polynomial.ts", "book/tensorflow/chapter3/3-ideas.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const points = noisyPoints(15, random);
    // Between the outermost points only: beyond them every polynomial does as it likes.
    const fresh = noisyPoints(1000, random, 0.25, [points.x[0], points.x.at(-1)!]);
    const models = [1, 3, 12].map((degree) => Polynomial.fit(points, degree));
    const [line, cubic, high] = models.map((model) => ({ training: model.error(points), fresh: model.error(fresh) }));
    const x = linspace(points.x[0], points.x.at(-1)!, 300);
    const chart: LineChart = {
      kind: "line",
      title: { en: "Three fits to the same 15 points", zh: "对同样 15 个点的三种拟合" },
      xAxis: { label: "x", min: 0, max: 1 },
      yAxis: { label: "y", min: -2, max: 2 },
      series: [
        { name: { en: "points", zh: "样本点" }, x: points.x, y: points.y, style: "points", colour: 0 },
        { name: { en: "sine", zh: "正弦" }, x, y: x.map(truth), style: "dashed", colour: 4 },
        { name: { en: "degree 1: underfits", zh: "1 次：欠拟合" }, x, y: models[0].at(x), colour: 1 },
        { name: { en: "degree 3: fits", zh: "3 次：合适" }, x, y: models[1].at(x), colour: 2 },
        { name: { en: "degree 12: overfits", zh: "12 次：过拟合" }, x, y: models[2].at(x), colour: 3 },
      ],
    };
    return {
      measured: {
        underfits: line.training / cubic.training,
        overfitsTraining: high.training / cubic.training,
        overfitsFresh: high.fresh / cubic.fresh,
      },
      figures: [{ name: "fits", chart }],
      tables: [
        {
          title: { en: "Mean squared error", zh: "均方误差" },
          columns: [
            { en: "degree", zh: "次数" },
            { en: "on the 15 points", zh: "15 个训练点" },
            { en: "on 1,000 fresh points", zh: "1,000 个新点" },
          ],
          rows: [line, cubic, high].map(({ training, fresh: other }, i) => [[1, 3, 12][i], training, other]),
        },
      ],
    };
  },
  about: {
    en: "A straight line, a cubic and a polynomial of degree 12 through the same 15 noisy points of a sine. The line cannot follow the curve; the high degree follows the noise. Errors on the points and on 1,000 fresh ones tell the two apart: only the latter rises again.",
    zh: "用直线、三次多项式和 12 次多项式拟合同样 15 个带噪声的正弦采样点。直线跟不上曲线，高次多项式跟上了噪声。训练点与 1,000 个新点上的误差把两者区分开来：只有后者会重新上升。",
  },
  claims: [
    {
      measure: "underfits",
      says: {
        en: "the line underfits: its error on the points themselves is the largest, times that of the cubic",
        zh: "直线欠拟合：连训练点上的误差也最大，是三次多项式的若干倍",
      },
      accept: { atLeast: 1.5 },
      because: {
        en: "a sine's best line leaves a variance of 0.2 beside the noise of 0.06; 15 noisy points let the ratio vary",
        zh: "正弦的最佳直线除 0.06 的噪声外还剩约 0.2 的方差；15 个带噪声的点使该比值有所波动",
      },
    },
    {
      measure: "overfitsTraining",
      says: {
        en: "degree 12 fits the points better than the cubic: ratio of the errors on the points",
        zh: "12 次多项式比三次更贴合训练点：训练误差之比",
      },
      accept: { atMost: 1 },
      because: { en: "the cubic is one of its cases", zh: "三次多项式是它的特例" },
    },
    {
      measure: "overfitsFresh",
      says: {
        en: "and is worse on fresh points: ratio of the errors there",
        zh: "而在新点上更差：新点误差之比",
      },
      accept: { atLeast: 1.5 },
      because: {
        en: "between points it swings by any amount, so only a lower bound can be given",
        zh: "点与点之间它可以任意摆动，因此只能给下界",
      },
    },
  ],
};

function activationChart(name: { en: string; zh: string }, f: (x: Tensor) => Tensor): LineChart {
  const x = linspace(-6, 6, 241);
  return scope(() => {
    const at = tensor(x, "float64");
    const tape = new GradientTape();
    const y = tape.record([at], () => f(at));
    const slope = tape.gradient(y.sum(), [at])[0];
    return {
      kind: "line",
      title: { en: `${name.en} and its derivative`, zh: `${name.zh}及其导数` },
      xAxis: { label: "x" },
      series: [
        { name: name.en, x, y: [...y.dataSync()] },
        { name: { en: "derivative", zh: "导数" }, x, y: [...slope.dataSync()], style: "dashed" },
      ],
    };
  });
}

const activations: Experiment = {
  id: "tensorflow/3-activations",
  title: { en: "Sigmoid and ReLU", zh: "Sigmoid 与 ReLU" },
  section: "3",
  kind: "figure",
  read: ["book/tensorflow/chapter3/3-ideas.ts"],
  async run() {
    const charts = [
      activationChart({ en: "Sigmoid", zh: "Sigmoid" }, sigmoid),
      activationChart({ en: "ReLU", zh: "ReLU" }, relu),
    ];
    const [sigmoidSlopes, reluSlopes] = charts.map((chart) => Array.from(chart.series[1].y) as number[]);
    return {
      measured: { sigmoidSlope: Math.max(...sigmoidSlopes), reluSlopes: [reluSlopes[100], reluSlopes[140]] },
      figures: charts.map((chart, i) => ({ name: ["sigmoid", "relu"][i], chart })),
    };
  },
  about: {
    en: "The two activations of the chapter with their derivatives, which the tape finds. The sigmoid's slope is at most a quarter and vanishes on both sides; the ReLU's is 0 or 1.",
    zh: "本章的两个激活函数及其导数，导数由梯度带求得。Sigmoid 的斜率最大为四分之一，两侧趋于零；ReLU 的斜率非 0 即 1。",
  },
  claims: [
    {
      measure: "sigmoidSlope",
      says: { en: "the sigmoid's largest slope", zh: "Sigmoid 的最大斜率" },
      expected: 0.25,
      accept: { within: 1e-12 },
      because: {
        en: "float64; the grid holds x = 0, where the largest slope is",
        zh: "float64；网格含 x = 0，即斜率最大处",
      },
    },
    {
      measure: "reluSlopes",
      says: { en: "the ReLU's slopes at -1 and 1", zh: "ReLU 在 -1 和 1 处的斜率" },
      expected: [0, 1],
      accept: { equals: [0, 1] },
    },
  ],
};

const autodiff: Experiment = {
  id: "tensorflow/3-autodiff",
  title: { en: "Automatic differentiation", zh: "自动求导" },
  section: "3",
  kind: "experiment",
  settings: { sizes: "6-5-4-3", batch: 8 },
  read: ["book/tensorflow/programs/stacked.ts", "book/tensorflow/chapter3/3-ideas.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const network = new StackedNetwork([6, 5, 4, 3], random);
    for (const layer of network.layers) layer.b = layer.b.map(() => random.normal(0, 0.1));
    const x = Matrix.fill(8, 6, () => random.normal());
    const y = Matrix.fill(8, 3, (i, j) => (i % 3 === j ? 1 : 0));
    const byHand = network.gradients(x, y).flatMap(({ w, b }) => [...w.values, ...b.values]);
    const byTape = tapeGradients(network, x, y);
    const largest = (other: readonly number[]) => Math.max(...other.map((value, i) => Math.abs(value - byTape[i])));
    const steps = Array.from({ length: 22 }, (_, i) => 10 ** (-i / 2 - 0.5));
    const errors = steps.map((step) => largest(differences(network, x, y, step)));
    return {
      measured: { tapeAgainstHand: largest(byHand), bestDifference: Math.min(...errors), parameters: byHand.length },
      figures: [
        {
          name: "differences",
          chart: {
            kind: "line",
            title: {
              en: "Error of central differences against their step",
              zh: "中心差分的误差与步长",
            },
            xAxis: { label: { en: "step", zh: "步长" }, scale: "log" },
            yAxis: { label: { en: "largest error", zh: "最大误差" }, scale: "log" },
            series: [
              { name: { en: "central differences", zh: "中心差分" }, x: steps, y: errors, style: "line-points" },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The gradients of a small stack (6-5-4-3, ReLU) three ways: by the tape, by formulas derived by hand, and by differences. Tape and formulas agree to the last digits. Differences never do: a large step jumps across a kink of the ReLU, a small one loses digits in the subtraction.",
    zh: "一个小网络（6-5-4-3，ReLU）的梯度用三种方法求：梯度带、手推公式、差分。前两者一致到末位；差分则不然：步长大会跨过 ReLU 的折点，步长小则相减丢失有效数字。",
  },
  claims: [
    {
      measure: "tapeAgainstHand",
      says: { en: "the tape gives what the derivation gives: largest difference", zh: "梯度带与手推结果相同：最大差" },
      expected: 0,
      accept: { atMost: 1e-12 },
      because: { en: "the same sums in float64, in another order", zh: "同样的 float64 求和，次序不同" },
    },
    {
      measure: "bestDifference",
      says: {
        en: "differences come close at best: smallest error over all steps",
        zh: "差分至多接近：所有步长中的最小误差",
      },
      accept: { between: [1e-14, 1e-7] },
      because: {
        en: "central differences of a piecewise quadratic are exact but for rounding, about 1e-16 / step",
        zh: "分段二次函数的中心差分除舍入外是精确的，舍入约为 1e-16 / 步长",
      },
    },
  ],
};

/** Gradients by the tape, in the order W1, b1, W2, ... */
export function tapeGradients(network: StackedNetwork, x: Matrix, y: Matrix): number[] {
  return scope(() => {
    const asTensor = (m: Matrix) => tensor(m.values, { shape: m.shape });
    const variables = network.layers.flatMap(({ w, b }) => [asTensor(w), asTensor(b)]);
    const [input, target] = [asTensor(x), asTensor(y)];
    const tape = new GradientTape();
    const value = tape.record(variables, () => {
      const h1 = relu(input.matmul(variables[0]).add(variables[1]));
      const h2 = relu(h1.matmul(variables[2]).add(variables[3]));
      return sumOfSquares(h2.matmul(variables[4]).add(variables[5]), target);
    });
    return tape.gradient(value, variables).flatMap((gradient) => [...gradient.dataSync()]);
  });
}

function differences(network: StackedNetwork, x: Matrix, y: Matrix, step: number): number[] {
  return network.layers.flatMap(({ w, b }) =>
    [w, b].flatMap((m) =>
      [...m.values].map((value, i) => {
        m.values[i] = value + step;
        const above = network.loss(x, y);
        m.values[i] = value - step;
        const below = network.loss(x, y);
        m.values[i] = value;
        return (above - below) / (2 * step);
      }),
    ),
  );
}

export const experiments: readonly Experiment[] = [loss, fits, activations, autodiff];
