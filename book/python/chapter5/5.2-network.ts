// Section 5.2, the NeuralNetwork class at work: two classes in the plane, dropout on few digits, and why the logarithm needs an epsilon.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import type { DigitSet } from "../../mnist.ts";
import { Random } from "../../random.ts";
import { tanh } from "../programs/activations.ts";
import { bCe, cCe, EPSILON, NeuralNetwork } from "../programs/neural-network.ts";

const read = ["book/python/programs/neural-network.ts", "book/python/chapter5/5.2-network.ts"];

/** Two half moons that reach into one another; columns of two numbers, and the class. */
export function moons(count: number, random: Random): { x: Matrix; y: Matrix } {
  const x = new Matrix(2, count);
  const y = new Matrix(1, count);
  for (let j = 0; j < count; j++) {
    const label = j % 2;
    const angle = random.uniform(0, Math.PI);
    const [a, b] = label === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
    x.values[j] = a + random.normal(0, 0.15);
    x.values[count + j] = b + random.normal(0, 0.15);
    y.values[j] = label;
  }
  return { x, y };
}

/** A generator that can be wound back, so that every pass drops the same units. */
class Rewindable extends Random {
  private readonly drawn: number[] = [];
  private at = 0;

  override uniform(low = 0, high = 1): number {
    if (this.at === this.drawn.length) this.drawn.push(super.uniform());
    return low + (high - low) * this.drawn[this.at++];
  }

  rewind(): void {
    this.at = 0;
  }
}

/**
 * Gradients against central differences of cost plus lambda / 2m sum w^2, over all parameters: largest difference. With `keepProb` below 1
 * every pass drops the units that the first one dropped: `rewind` sees to it.
 */
export function largestGradientError(network: NeuralNetwork, lambda: number, keepProb = 1, rewind = () => {}): number {
  const m = network.y.columns;
  const pass = () => {
    rewind();
    return network.feedForward(keepProb);
  };
  const objective = () =>
    network.loss.cost(pass(), network.y) + (lambda / (2 * m)) * network.w.reduce((sum, w) => sum + w.times(w).sum(), 0);
  pass();
  const { w, b } = network.backPropagate(lambda);
  const h = 1e-5;
  let largest = 0;
  const compare = (values: Float64Array, gradients: Float64Array) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      values[i] = value + h;
      const above = objective();
      values[i] = value - h;
      const below = objective();
      values[i] = value;
      largest = Math.max(largest, Math.abs((above - below) / (2 * h) - gradients[i]));
    }
  };
  network.w.forEach((matrix, l) => {
    compare(matrix.values, w[l].values);
    compare(network.b[l].values, b[l].values);
  });
  return largest;
}

const PROGRESS = /^Epoch\[\d+\] : Cost = \d+\.\d+ ; Acc = \d+\.\d+% ; Time Taken = \d+\.\d+s$/;

const training: Experiment = {
  id: "python/5.2-network",
  title: { en: "The NeuralNetwork class", zh: "NeuralNetwork 类" },
  section: "5.2",
  kind: "experiment",
  settings: { sizes: "2-16-16-1", samples: 300, alpha: 0.5, lambda: 0.01, keep_prob: 0.9, interval: 100 },
  read,
  async run({ seed, pick, log }) {
    const random = new Random(seed);
    const { x, y } = moons(300, random);
    const fresh = moons(2000, random);
    const network = new NeuralNetwork({ x, y, hidden: [16, 16], loss: bCe, random });
    const lines: string[] = [];
    const costs = network.startTraining(pick({ quick: 600, full: 2000 }), 0.5, 0.01, 0.9, 100, (line) => {
      lines.push(line);
      log(line);
    });
    const small = new NeuralNetwork({
      ...moons(12, random),
      hidden: [5, 4],
      loss: bCe,
      activation: tanh,
      random,
    });
    const masks = new Rewindable(seed);
    const dropping = new NeuralNetwork({
      ...moons(12, random),
      hidden: [8, 6],
      loss: bCe,
      activation: tanh,
      random: masks,
    });
    const grid = Array.from({ length: 50 }, (_, i) => i / 49);
    const across = grid.map((t) => -1.5 + 4 * t);
    const up = grid.map((t) => -1.1 + 2.7 * t);
    const answers = network.predict(
      Matrix.fill(2, 2500, (i, j) => (i === 0 ? across[j % 50] : up[Math.floor(j / 50)])),
    );
    const pointsOf = (label: number) => {
      const at = [...y.values.keys()].filter((j) => y.values[j] === label);
      return { x: at.map((j) => x.at(0, j)), y: at.map((j) => x.at(1, j)), style: "points" as const };
    };
    return {
      measured: {
        gradientError: largestGradientError(small, 0.1),
        gradientErrorWithDropout: largestGradientError(dropping, 0.1, 0.5, () => masks.rewind()),
        progressLine: lines.length > 0 && lines.every((line) => PROGRESS.test(line)),
        accuracy: bCe.accuracy(network.predict(fresh.x), fresh.y),
        trainingAccuracy: bCe.accuracy(network.predict(x), y),
        lastCost: costs.at(-1)!,
      },
      figures: [
        {
          name: "cost",
          chart: {
            kind: "line",
            title: { en: "Cost of each epoch, with dropout", zh: "每轮的损失（带 dropout）" },
            xAxis: { label: { en: "epoch", zh: "训练轮次" } },
            yAxis: { label: { en: "binary cross-entropy", zh: "二元交叉熵" }, min: 0 },
            series: [{ name: { en: "cost", zh: "损失" }, y: costs }],
          },
        },
        {
          name: "moons",
          chart: {
            kind: "contour",
            title: { en: "The network's answer in the plane", zh: "网络在平面上的回答" },
            xAxis: { label: "x1" },
            yAxis: { label: "x2" },
            x: across,
            y: up,
            z: up.map((_, j) => Array.from(answers.values.subarray(50 * j, 50 * j + 50))),
            levels: [0.1, 0.3, 0.5, 0.7, 0.9],
            valueLabel: { en: "probability of class 1", zh: "类别 1 的概率" },
            paths: [
              { name: { en: "class 0", zh: "类别 0" }, ...pointsOf(0) },
              { name: { en: "class 1", zh: "类别 1" }, ...pointsOf(1) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The class of the section: samples as columns, feedForward with inverted dropout, startTraining with full-batch descent and a line of progress every `interval` epochs, binary cross-entropy and the threshold 0.5. Its gradients are checked against differences, and it learns to part two half moons.",
    zh: "本节的类：样本按列存放，feedForward 带反向缩放的 dropout，startTraining 做全批量梯度下降，每隔 interval 轮打印一行进度，损失为二元交叉熵，阈值 0.5。先用差分检验梯度，再学习分开两个半月形。",
  },
  claims: [
    {
      measure: "gradientError",
      says: {
        en: "the gradients are those of cost plus penalty: largest difference",
        zh: "梯度等于损失加惩罚项的导数：最大差",
      },
      expected: 0,
      accept: { atMost: 1e-6 },
      because: {
        en: "the delta a - y leaves out the epsilon inside the logarithm, which changes the slope by 1e-8 / p at an answer p; one in a hundred would give 1e-6",
        zh: "delta a - y 忽略了对数内的 epsilon，它在答案为 p 处使斜率改变 1e-8 / p；p 为百分之一时即 1e-6",
      },
    },
    {
      measure: "gradientErrorWithDropout",
      says: {
        en: "and, where dropout leaves units out, those of the units that are left: largest difference at keep_prob 0.5",
        zh: "dropout 丢弃部分单元时，则是剩下单元的导数：keep_prob 为 0.5 时的最大差",
      },
      expected: 0,
      accept: { within: 1e-6 },
      because: { en: "as above; each pass drops the same units", zh: "同上；每遍丢弃同样的单元" },
    },
    {
      measure: "progressLine",
      says: {
        en: "the line of progress has the printed form: Epoch[i] : Cost = .. ; Acc = ..% ; Time Taken = ..s",
        zh: "进度行的格式与印刷的一致：Epoch[i] : Cost = .. ; Acc = ..% ; Time Taken = ..s",
      },
      accept: { equals: true },
    },
    {
      measure: "accuracy",
      says: { en: "the moons are parted: share right on fresh points", zh: "半月被分开：新点上的正确率" },
      accept: { atLeast: 0.93 },
      because: {
        en: "no figure in the text; the noise of 0.15 lets the moons touch, a straight line gets about 87%",
        zh: "教材没有给出数字；0.15 的噪声使两个半月相接，直线约能分对 87%",
      },
    },
  ],
};

/** Images of 14 x 14 as columns, each number the mean of 2 x 2 pixels, and one-hot columns. */
export function smallDigits(set: DigitSet, from: number, count: number): { x: Matrix; y: Matrix } {
  const x = Matrix.fill(196, count, (i, j) => {
    const corner = 784 * (from + j) + 56 * Math.floor(i / 14) + 2 * (i % 14);
    return (set.images[corner] + set.images[corner + 1] + set.images[corner + 28] + set.images[corner + 29]) / 4;
  });
  return { x, y: Matrix.fill(10, count, (i, j) => (set.labels[from + j] === i ? 1 : 0)) };
}

const dropout: Experiment = {
  id: "python/5.2-dropout",
  title: { en: "Dropout against overfitting", zh: "用 dropout 抑制过拟合" },
  section: "5.2",
  kind: "experiment",
  settings: { sizes: "196-64-10", samples: 300, alpha: 0.5, lambda: 0, keep_prob: "1, 0.5" },
  read,
  needs: ["mnist"],
  async run({ mnist, seed, pick, log }) {
    const digits = await mnist();
    const data = smallDigits(digits.training, 0, pick({ quick: 100, full: 300 }));
    const test = smallDigits(digits.test, 0, pick({ quick: 500, full: 2000 }));
    const epochs = pick({ quick: 100, full: 1000 });
    const points = pick({ quick: 5, full: 20 });
    const every = epochs / points;
    const runs = [1, 0.5].map((keepProb) => {
      const network = new NeuralNetwork({ ...data, hidden: [64], loss: cCe, random: new Random(seed) });
      const [training, held] = [[] as number[], [] as number[]];
      let printed = 0;
      for (let i = 0; i < points; i++) {
        printed = network.startTraining(every, 0.5, 0, keepProb, every, log).at(-1)!;
        training.push(cCe.cost(network.predict(data.x), data.y));
        held.push(cCe.cost(network.predict(test.x), test.y));
      }
      return { training, held, printed, accuracy: cCe.accuracy(network.predict(test.x), test.y) };
    });
    const [plain, dropped] = runs;
    const x = plain.held.map((_, i) => every * (i + 1));
    return {
      measured: {
        thinnedCost: dropped.printed / dropped.training.at(-1)!,
        gapReduction: plain.held.at(-1)! - dropped.held.at(-1)!,
        accuracyGain: dropped.accuracy - plain.accuracy,
        accuracies: [plain.accuracy, dropped.accuracy],
        testCosts: [plain.held.at(-1)!, dropped.held.at(-1)!],
      },
      figures: [
        {
          name: "cost",
          chart: {
            kind: "line",
            title: { en: "Cost on the training digits and on test digits", zh: "训练数字与测试数字上的损失" },
            xAxis: { label: { en: "epoch", zh: "训练轮次" } },
            yAxis: { label: { en: "categorical cross-entropy", zh: "分类交叉熵" }, min: 0 },
            series: [
              { name: { en: "test, all units", zh: "测试，全部单元" }, x, y: plain.held, colour: 0 },
              {
                name: { en: "training, all units", zh: "训练，全部单元" },
                x,
                y: plain.training,
                style: "dashed",
                colour: 0,
              },
              { name: { en: "test, keep_prob 0.5", zh: "测试，keep_prob 0.5" }, x, y: dropped.held, colour: 1 },
              {
                name: { en: "training, keep_prob 0.5", zh: "训练，keep_prob 0.5" },
                x,
                y: dropped.training,
                style: "dashed",
                colour: 1,
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The class with categorical cross-entropy on 300 digits of 14 x 14 pixels: few enough to be learnt by heart. Once with all hidden units and once with half of them dropped in every pass, as the section's default keep_prob of 0.5 has it; starts and steps are equal.",
    zh: "用分类交叉熵在 300 张 14 x 14 的数字上训练：少到可以背下来。一次保留全部隐藏单元，一次每遍丢弃一半，即本节 keep_prob 的默认值 0.5；初值与步数相同。",
  },
  claims: [
    {
      measure: "thinnedCost",
      says: {
        en: "each pass trains a network that lacks half of its units: the last cost that is printed over the cost with all units",
        zh: "每遍训练的都是缺了一半单元的网络：最后打印的损失与全部单元时的损失之比",
      },
      accept: { quick: { between: [2, 6.5] }, full: { atLeast: 1.5 } },
      because: {
        en: "quick: four seeds gave 3.2 to 4.3, and the longer it is trained, the more; it is 1 where dropout does nothing",
        zh: "快速：四个种子为 3.2 到 4.3，训练越久越大；dropout 不起作用时为 1",
      },
    },
    {
      measure: "gapReduction",
      says: {
        en: "dropout reduces overfitting: cost on the test images with all units minus that with dropout",
        zh: "dropout 减轻过拟合：测试损失，不用 dropout 减去用 dropout",
      },
      accept: { quick: null, full: { between: [0.004, 0.2] } },
      because: {
        en: "the text states the direction, not a size; full: seed 1 gave 0.019, and 0 is what dropout that does nothing gives. The quick form ends before overfitting begins",
        zh: "教材只说了方向，没有给出大小；完整形式：种子 1 为 0.019，dropout 不起作用时为 0。快速形式在过拟合开始之前就已结束",
      },
    },
    {
      measure: "accuracyGain",
      says: {
        en: "and does not cost accuracy: test accuracy with dropout minus without",
        zh: "且不损失准确率：测试准确率，用减去不用",
      },
      accept: { quick: { between: [-0.03, 0.03] }, full: { between: [-0.01, 0.05] } },
      because: {
        en: "one point is the deviation of the difference on 2,000 test images; the quick form has 500, and 100 digits to learn from",
        zh: "2,000 张测试图像时差值的标准差约一个百分点；快速形式只有 500 张，训练数字也只有 100 张",
      },
    },
  ],
};

const epsilon: Experiment = {
  id: "python/5.2-epsilon",
  title: { en: "An epsilon inside the logarithm", zh: "对数里的 epsilon" },
  section: "5.2",
  kind: "experiment",
  settings: { epsilon: EPSILON },
  read,
  async run() {
    const one = (p: number) => Matrix.from([[p]]);
    const sure = bCe.output(one(40)).at(0, 0);
    const plain = (p: number, t: number) => -(t * Math.log(p) + (1 - t) * Math.log(1 - p));
    const p = Array.from({ length: 999 }, (_, i) => (i + 1) / 1000);
    const shifts = p.flatMap((value) => [0, 1].map((t) => Math.abs(bCe.cost(one(value), one(t)) - plain(value, t))));
    const small = Array.from({ length: 121 }, (_, i) => 10 ** (-12 + i / 10));
    return {
      measured: {
        without: !Number.isFinite(plain(sure, 0)) && !Number.isFinite(plain(sure, 1)),
        bound: bCe.cost(one(sure), one(0)),
        shift: Math.max(...shifts),
        sigmoidOf40: sure,
      },
      figures: [
        {
          name: "epsilon",
          chart: {
            kind: "line",
            title: { en: "Cost of a wrong answer, with and without epsilon", zh: "错误答案的损失：加与不加 epsilon" },
            xAxis: { label: { en: "probability of the true class", zh: "真实类别的概率" }, scale: "log" },
            yAxis: { label: { en: "cost", zh: "损失" } },
            series: [
              {
                name: { en: "with epsilon 1e-8", zh: "epsilon = 1e-8" },
                x: small,
                y: small.map((value) => bCe.cost(one(value), one(1))),
              },
              {
                name: { en: "without", zh: "不加" },
                x: small,
                y: small.map((value) => plain(value, 1)),
                style: "dashed",
              },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "A sigmoid of 40 is exactly 1 in float64, and ln(1 - 1) is minus infinity: one such answer, if wrong, makes the mean cost infinite, and 0 times infinity makes it NaN even if right. An epsilon of 1e-8 inside the logarithm bounds the cost of a sample at 18.4 and changes it elsewhere by next to nothing.",
    zh: "sigmoid(40) 在 float64 中恰为 1，而 ln(1 - 1) 是负无穷：这样的答案若是错的，平均损失就成了无穷大；即便是对的，0 乘无穷也会得到 NaN。在对数里加 1e-8，单个样本的损失以 18.4 为上限，而在别处几乎不变。",
  },
  claims: [
    {
      measure: "without",
      says: {
        en: "without it, costs of sure answers, right and wrong, are no numbers",
        zh: "不加时，十分肯定的答案无论对错，损失都不是有限数",
      },
      accept: { equals: true },
    },
    {
      measure: "bound",
      says: { en: "with it a sample costs at most -ln(epsilon)", zh: "加上后单个样本的损失至多为 -ln(epsilon)" },
      expected: -Math.log(EPSILON),
      accept: { within: 1e-6 },
      because: { en: "rounding of 1 + 1e-8", zh: "1 + 1e-8 的舍入" },
    },
    {
      measure: "shift",
      says: {
        en: "and from p = 0.001 to 0.999 it changes a cost by next to nothing: largest shift",
        zh: "p 在 0.001 到 0.999 之间几乎不变：最大偏移",
      },
      accept: { atMost: 2e-5 },
      because: {
        en: "the derivative of ln p at 0.001 is 1000, times 1e-8, and as much again for 1 - p",
        zh: "ln p 在 0.001 处的导数为 1000，乘 1e-8，1 - p 一侧同样",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [training, epsilon, dropout];
