// Part 6: the GRU with its training, and how much of an error each of the three layers hands back through time.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { gruForm, largestDifference } from "../framework/same-recurrent.ts";
import { GruLayer } from "../programs/gru.ts";
import { handedBack } from "../programs/handed-back.ts";
import { gradientCheck, readSequence, relativeError, type TimeLayer } from "../programs/through-time.ts";

const rounding = { en: "the last bits of float64", zh: "float64 的最后几位" };

/** The first number of the output is to follow four targets, as in the Python textbook's demonstration; E = sum of squares, one update a pass. */
function follow(layer: TimeLayer, xs: readonly Matrix[], targets: readonly number[], updates: number): number[] {
  const losses: number[] = [];
  for (let i = 0; i < updates; i++) {
    readSequence(layer, xs);
    const off = layer.outputs.map(({ values }, t) => values[0] - targets[t]);
    losses.push(off.reduce((sum, value) => sum + value * value, 0));
    layer.backward(
      layer.outputs.map((output, t) => {
        const delta = new Matrix(output.rows, 1);
        delta.values[0] = 2 * off[t];
        return delta;
      }),
    );
    layer.update();
  }
  return losses;
}

const gru: Experiment = {
  id: "zero/6-gru",
  title: { en: "The GRU, trained", zh: "GRU 及其训练" },
  section: "6",
  kind: "exercise",
  settings: { states: 20, inputs: 10, steps: 4, rate: 0.1, updates: 200 },
  read: [
    "book/zero/programs/gru.ts",
    "book/zero/programs/through-time.ts",
    "book/zero/framework/same-recurrent.ts",
    "book/zero/chapter6/6-gru.ts",
  ],
  async run({ seed }) {
    const one = new GruLayer(1, 1, 0.1, new Random(1));
    for (const { values } of one.parameters) values.values.fill(0.5);
    readSequence(
      one,
      Array.from({ length: 3 }, () => Matrix.column([1])),
    );
    const random = new Random(seed);
    const wide = new GruLayer(3, 2, 1e-3, random, 0.7);
    const xs = Array.from({ length: 6 }, () => Matrix.fill(3, 1, () => random.uniform(-1, 1)));
    const checked = [...gradientCheck(wide, xs, "last", 1e-5), ...gradientCheck(wide, xs, "every", 1e-5)];
    const worst = Math.max(...checked.map(([, pairs]) => relativeError(pairs)));
    const held = new GruLayer(1, 1, 0.1, new Random(1), 0.5);
    readSequence(held, [Matrix.column([1])]);
    const before = held.hList[1].values[0];
    held.gates.z.Wx.values[0] = -1e6;
    for (let t = 0; t < 40; t++) held.forward(Matrix.column([1]));
    const learner = new GruLayer(10, 20, 0.1, random, 0.3);
    const inputs = Array.from({ length: 4 }, () => Matrix.fill(10, 1, () => random.uniform()));
    const losses = follow(learner, inputs, [-0.5, 0.2, 0.1, -0.5], 200);
    return {
      measured: {
        h: one.hList.slice(1).map(({ values }) => values[0]),
        parameters: wide.parameterCount,
        worst,
        framework: largestDifference(wide, gruForm(wide), xs, "every"),
        kept: held.hList[41].values[0] - before,
        first: losses[0],
        last: losses[losses.length - 1],
      },
      figures: [
        {
          name: "loss",
          chart: {
            kind: "line",
            title: { en: "A GRU by hand learns -0.5, 0.2, 0.1, -0.5", zh: "手写的 GRU 学习 -0.5、0.2、0.1、-0.5" },
            xAxis: { label: { en: "updates", zh: "更新次数" } },
            yAxis: { label: { en: "loss", zh: "损失" }, scale: "log" },
            series: [{ name: "GRU", y: losses }],
          },
        },
      ],
    };
  },
  about: {
    en: "The text shows the GRU's forward pass and leaves its training to the reader. Here it is: the derivation stands at the head of the program, a gradient check over every weight and input confirms it, the framework's gru agrees (with the reset gate before the product and z as the share of the new), and the layer learns to answer four numbers.",
    zh: "原文只给出 GRU 的前向计算，把训练留给读者。这里补上：推导写在程序开头，对全部权重与输入做梯度检查，框架的 gru（重置门在乘积之前，z 是新状态所占的份额）给出相同的数，并且这个层学会了回答四个数。",
  },
  claims: [
    {
      measure: "h",
      says: {
        en: "h of one unit, all weights 0.5, x = 1, steps 1 to 3",
        zh: "一个单元，权重均为 0.5，x = 1，时刻 1 到 3 的 h",
      },
      expected: [0.28764913664496794, 0.44849024459521564, 0.5319273708371206],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "parameters",
      says: { en: "3 n (n + x) for n = 2, x = 3", zh: "n = 2、x = 3 时的 3 n (n + x)" },
      accept: { equals: 30 },
    },
    {
      measure: "worst",
      says: { en: "relative error of the worst gradient over six steps", zh: "六个时刻，最差梯度的相对误差" },
      accept: { atMost: 1e-7 },
      because: {
        en: "8e-10 to 1e-8 over ten seeds",
        zh: "十个种子为 8e-10 到 1e-8",
      },
    },
    {
      measure: "framework",
      says: { en: "by hand and the framework's gru: largest difference", zh: "手写与框架的 gru：最大差" },
      accept: { atMost: 1e-13 },
      because: rounding,
    },
    {
      measure: "kept",
      says: { en: "z = 0 keeps h for forty steps: what it loses", zh: "z = 0 把 h 保持四十步：损失" },
      accept: { equals: 0 },
    },
    {
      measure: "last",
      says: { en: "the loss after 200 updates", zh: "200 次更新之后的损失" },
      accept: { between: [1e-15, 2e-3] },
      because: {
        en: "5e-12 to 1.7e-4 over ten seeds, by how well the random inputs can be told apart",
        zh: "十个种子为 5e-12 到 1.7e-4，取决于随机输入是否容易区分",
      },
    },
    {
      measure: "first",
      says: { en: "and before the first", zh: "第一次更新之前" },
      accept: { between: [0.2, 2] },
      because: {
        en: "0.43 to 1.09 over ten seeds",
        zh: "十个种子为 0.43 到 1.09",
      },
    },
  ],
};

const WIDTH = 16;
const STEPS = 40;

const bars: Experiment = {
  id: "zero/6-gradient-bars",
  title: { en: "How much of an error comes back: RNN, LSTM, GRU", zh: "误差传回多少：RNN、LSTM、GRU" },
  section: "6",
  kind: "figure",
  settings: { states: WIDTH, steps: STEPS, "state weights": "a rotation", "forget bias": 3 },
  read: [
    "book/zero/programs/rnn.ts",
    "book/zero/programs/lstm.ts",
    "book/zero/programs/gru.ts",
    "book/zero/programs/handed-back.ts",
    "book/zero/chapter6/6-gru.ts",
  ],
  async run({ seed }) {
    const { rnn: plain, lstm: open, halfOpen: shut, gru: gated } = handedBack(seed, WIDTH, STEPS);
    const back = [0, 5, 10, 15, 20, 30];
    return {
      measured: {
        rnn20: plain[20],
        lstm20: open[20],
        lstmHalf20: shut[20],
        gru20: gated[20],
        ratio: open[20] / plain[20],
      },
      figures: [
        {
          name: "bars",
          chart: {
            kind: "bar",
            title: { en: "What is left of an error after so many steps back", zh: "传回若干步之后误差还剩多少" },
            categories: back.map(String),
            xAxis: { label: { en: "steps back", zh: "往回的步数" } },
            yAxis: { scale: "log", min: 1e-8 },
            series: [
              { name: "RNN", values: back.map((k) => plain[k]) },
              { name: { en: "LSTM, f near 1", zh: "LSTM，f 接近 1" }, values: back.map((k) => open[k]) },
              { name: { en: "LSTM, f about 1/2", zh: "LSTM，f 约 1/2" }, values: back.map((k) => shut[k]) },
              { name: "GRU", values: back.map((k) => gated[k]) },
            ],
          },
        },
      ],
    };
  },
  about: {
    en: "The text's bars: an error at the last step, and how much of it is there k steps before. The plain layer's W is a rotation, the best case; still tanh's slopes eat it. The cell of an LSTM whose forget gates stand open hands nearly all of it back, one whose gates start half open loses half a step: a forget bias above 0 is where LSTMs should begin. A GRU whose update gates stand at one half loses as much.",
    zh: "原文的梯度条形图：误差在最后一步，k 步之前还剩多少。普通循环层的 W 取旋转矩阵，已是最好的情形，tanh 的斜率还是把它吃掉。遗忘门敞开的 LSTM 经单元状态几乎全部传回；门半开时每步损失一半，所以 LSTM 的遗忘门偏置应从大于 0 开始。更新门停在一半的 GRU 损失同样多。",
  },
  claims: [
    {
      measure: "rnn20",
      says: { en: "RNN: left after twenty steps", zh: "RNN：二十步之后剩下" },
      accept: { between: [9e-6, 9e-3] },
      because: {
        en: "9e-5 to 9e-4 over ten seeds, a factor of ten to either side",
        zh: "十个种子为 9e-5 到 9e-4，两侧各放宽十倍",
      },
    },
    {
      measure: "lstm20",
      says: { en: "LSTM with forget gates near 1", zh: "遗忘门接近 1 的 LSTM" },
      accept: { between: [0.12, 0.8] },
      because: {
        en: "0.24 to 0.40 over ten seeds",
        zh: "十个种子为 0.24 到 0.40",
      },
    },
    {
      measure: "lstmHalf20",
      says: { en: "LSTM with forget gates about 1/2", zh: "遗忘门约 1/2 的 LSTM" },
      accept: { between: [1e-7, 2e-4] },
      because: {
        en: "9e-7 to 1.7e-5 over ten seeds; 0.5^20 is 9.5e-7",
        zh: "十个种子为 9e-7 到 1.7e-5；0.5^20 是 9.5e-7",
      },
    },
    {
      measure: "gru20",
      says: { en: "GRU, gates about 1/2", zh: "GRU，门约 1/2" },
      accept: { between: [2e-7, 8e-5] },
      because: {
        en: "2e-6 to 8e-6 over ten seeds",
        zh: "十个种子为 2e-6 到 8e-6",
      },
    },
    {
      measure: "ratio",
      says: { en: "LSTM with open gates over RNN", zh: "遗忘门敞开的 LSTM 与 RNN 之比" },
      accept: { atLeast: 50 },
      because: {
        en: "265 to 4,460 over ten seeds",
        zh: "十个种子为 265 到 4,460",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [gru, bars];
