// Part 6: the LSTM layer, its gradient check, and what the listed program leaves out.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { largestDifference, lstmForm } from "../framework/same-recurrent.ts";
import type { CheckedGradient } from "../programs/gradient-check.ts";
import { LstmLayer } from "../programs/lstm.ts";
import { PrintedLstmLayer } from "../programs/lstm-as-printed.ts";
import { dataSet } from "../programs/rnn.ts";
import { gradientCheck, readSequence, relativeError } from "../programs/through-time.ts";

const rounding = { en: "the last bits of float64", zh: "float64 的最后几位" };
const ones = (steps: number) => Array.from({ length: steps }, () => Matrix.column([1]));

/** One unit with all weights 0.5 and no biases. */
function halves(): LstmLayer {
  const layer = new LstmLayer(1, 1, 0.1, new Random(1));
  for (const { name, values } of layer.parameters) values.values.fill(name.startsWith("b") ? 0 : 0.5);
  return layer;
}

const first = (list: readonly Matrix[]) => list.slice(1).map(({ values }) => values[0]);

const layer: Experiment = {
  id: "zero/6-lstm",
  title: { en: "Three switches and a cell", zh: "三个开关与一个单元" },
  section: "6",
  kind: "construction",
  settings: { units: 1, weights: 0.5, inputs: "1, 1, 1" },
  read: ["book/zero/programs/lstm.ts", "book/zero/framework/same-recurrent.ts", "book/zero/chapter6/6-lstm.ts"],
  async run({ seed }) {
    const one = halves();
    readSequence(one, ones(3));
    // A cell that is written once, kept for forty steps by f = 1 and i = 0, and then cleared by f = 0.
    const held = halves();
    const gates = (f: number, i: number) => {
      held.gates.f.b.values[0] = f;
      held.gates.i.b.values[0] = i;
    };
    held.resetState();
    held.forward(Matrix.column([1]));
    const written = held.cList[1].values[0];
    gates(800, -800);
    for (let t = 0; t < 40; t++) held.forward(Matrix.column([1]));
    const kept = held.cList[41].values[0];
    gates(-800, -800);
    held.forward(Matrix.column([1]));
    const random = new Random(seed);
    const wide = new LstmLayer(4, 3, 1e-3, random, { reach: 0.8 });
    const xs = Array.from({ length: 8 }, () => Matrix.fill(4, 1, () => random.uniform(-1, 1)));
    const steps = Array.from({ length: 42 }, (_, t) => t + 1);
    return {
      measured: {
        c: first(one.cList),
        h: first(one.hList),
        parameters: new LstmLayer(3, 2, 1e-3, random).parameterCount,
        arrays: wide.parameters.length,
        kept: kept - written,
        cleared: held.cList[42].values[0],
        framework: Math.max(
          largestDifference(wide, lstmForm(wide), xs, "last"),
          largestDifference(wide, lstmForm(wide), xs, "every"),
        ),
      },
      figures: [
        {
          name: "gates",
          chart: {
            kind: "line",
            title: { en: "Written, kept for forty steps, cleared", zh: "写入，保持四十步，清除" },
            xAxis: { label: { en: "step", zh: "时刻" } },
            yAxis: { min: -0.1, max: 1.1 },
            series: [
              { name: { en: "forget gate f", zh: "遗忘门 f" }, x: steps, y: first(held.fList) },
              { name: { en: "input gate i", zh: "输入门 i" }, x: steps, y: first(held.iList) },
              { name: { en: "output gate o", zh: "输出门 o" }, x: steps, y: first(held.oList) },
              { name: { en: "cell c", zh: "单元状态 c" }, x: steps, y: first(held.cList), style: "dashed" },
            ],
          },
        },
        {
          name: "unrolled",
          chart: {
            kind: "heat-map",
            title: { en: "Everything in three steps, all weights 0.5", zh: "三个时刻的全部数值，权重均为 0.5" },
            rows: ["f", "i", "o", "c~", "c", "h"],
            columns: ["1", "2", "3"],
            xAxis: { label: { en: "step", zh: "时刻" } },
            values: [one.fList, one.iList, one.oList, one.ctList, one.cList, one.hList].map(first),
            numbers: true,
            min: 0,
            max: 1,
          },
          height: 380,
        },
      ],
    };
  },
  about: {
    en: "A plain recurrent layer multiplies what it knows by W at every step. An LSTM has a cell beside it, which is only added to: a forget gate says how much of it stays, an input gate how much of the new goes in, an output gate how much is shown. At their ends the gates are switches: f = 1 and i = 0 keep a number for forty steps to the last bit, f = 0 clears it. By hand, beside the framework's layer.",
    zh: "普通循环层每一步都把记住的东西乘以 W。LSTM 另有一个只做加法的单元状态：遗忘门决定保留多少，输入门决定写入多少，输出门决定给出多少。门在两端时就是开关：f = 1、i = 0 把一个数保持四十步，一位不差；f = 0 将它清除。这里是手写的，与框架的层对照。",
  },
  claims: [
    {
      measure: "c",
      says: {
        en: "c of one unit, all weights 0.5, x = 1, steps 1 to 3",
        zh: "一个单元，权重均为 0.5，x = 1，时刻 1 到 3 的 c",
      },
      expected: [0.28764913664496794, 0.5241157233866811, 0.7230616145300965],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "h",
      says: { en: "and h = o tanh(c)", zh: "以及 h = o tanh(c)" },
      expected: [0.17426971865610508, 0.3090589306416473, 0.40719065514408254],
      accept: { within: 1e-14 },
      because: rounding,
    },
    {
      measure: "arrays",
      says: { en: "twelve arrays of weights and biases", zh: "十二个权重与偏置数组" },
      accept: { equals: 12 },
    },
    {
      measure: "parameters",
      says: { en: "LstmLayer(3, 2): 4 ((n + x) n + n)", zh: "LstmLayer(3, 2)：4 ((n + x) n + n)" },
      accept: { equals: 48 },
    },
    {
      measure: "kept",
      says: { en: "f = 1, i = 0 for forty steps: what the cell loses", zh: "f = 1、i = 0 四十步：单元状态的损失" },
      accept: { equals: 0 },
    },
    { measure: "cleared", says: { en: "f = 0, i = 0: what is left", zh: "f = 0、i = 0：剩下" }, accept: { equals: 0 } },
    {
      measure: "framework",
      says: {
        en: "by hand and the framework's lstm, eight steps: largest difference of outputs and gradients",
        zh: "手写与框架的 lstm，八个时刻：输出与梯度的最大差",
      },
      accept: { atMost: 1e-13 },
      because: {
        en: "the same sums in another order; 4e-16 to 2e-15",
        zh: "同样的和，次序不同；约 4e-16 到 2e-15",
      },
    },
  ],
};

/** Names of the parameters whose gradients agree with differences to four digits. */
const passing = (checked: ReadonlyMap<string, CheckedGradient[]>) =>
  [...checked].filter(([name, pairs]) => name !== "x" && relativeError(pairs) < 1e-4).map(([name]) => name);

const check: Experiment = {
  id: "zero/6-gradient-check",
  title: { en: "The LSTM's gradient check, and what it did not see", zh: "LSTM 的梯度检查，以及它没看到的" },
  section: "6",
  kind: "experiment",
  settings: { inputs: 3, states: 2, epsilon: 0.001, steps: "2; 3", weights: "±0.0001; ±0.1; ±0.5" },
  read: [
    "book/zero/programs/lstm.ts",
    "book/zero/programs/lstm-as-printed.ts",
    "book/zero/programs/through-time.ts",
    "book/zero/chapter6/6-lstm.ts",
  ],
  async run({ seed }) {
    const text = new PrintedLstmLayer(3, 2, 1e-3, new Random(seed));
    const pairs = gradientCheck(text, dataSet(2), "last", 1e-3).get("Wfh")!;
    const [g00, g01, g10, g11] = pairs.map(({ actual }) => actual);
    readSequence(text, dataSet(2));
    const c1 = text.cList[1].values;
    const estimate = [0, 1].flatMap((i) => [0, 1].map((j) => (c1[i] * c1[j]) / 16));
    const make = (Kind: typeof LstmLayer, reach: number) => new Kind(3, 2, 1e-3, new Random(seed), { reach });
    const two = gradientCheck(make(PrintedLstmLayer, 0.5), dataSet(2), "last", 1e-4);
    const three = gradientCheck(make(PrintedLstmLayer, 0.5), dataSet(3), "last", 1e-4);
    const mended = [2, 3, 6].map((steps) => gradientCheck(make(LstmLayer, 0.1), dataSet(steps), "last", 1e-4));
    const everywhere = gradientCheck(make(LstmLayer, 0.5), dataSet(6), "every", 1e-4);
    const worst = (checked: ReadonlyMap<string, CheckedGradient[]>) =>
      Math.max(...[...checked.values()].map(relativeError));
    const names = [...three.keys()].filter((name) => name !== "x");
    const right = gradientCheck(make(LstmLayer, 0.5), dataSet(3), "last", 1e-4);
    return {
      measured: {
        digits: Math.max(...pairs.map(({ expected, actual }) => Math.abs(expected - actual) / Math.abs(actual))),
        symmetric: Math.max(Math.abs(g01 - g10), Math.abs(Math.abs(g01) - Math.sqrt(g00 * g11))) / Math.abs(g01),
        estimate: Math.max(
          ...estimate.map((value, i) => Math.abs(value - pairs[i].actual) / Math.abs(pairs[i].actual)),
        ),
        passTwo: passing(two).join(" "),
        forgetThree: relativeError(three.get("Wfh")!),
        inputThree: relativeError(three.get("Wix")!),
        mended: Math.max(...mended.map(worst)),
        everyLoss: worst(everywhere),
      },
      figures: [
        {
          name: "errors",
          chart: {
            kind: "bar",
            title: {
              en: "Relative error of each gradient, three steps, as printed",
              zh: "各梯度的相对误差，三个时刻，按原文",
            },
            categories: names,
            yAxis: { label: { en: "relative error", zh: "相对误差" }, min: 0 },
            series: [
              {
                name: { en: "as printed", zh: "按原文" },
                values: names.map((name) => relativeError(three.get(name)!)),
              },
              { name: { en: "mended", zh: "改正后" }, values: names.map((name) => relativeError(right.get(name)!)) },
            ],
          },
        },
      ],
      tables: [
        {
          title: { en: "The text's check of Wfh, printed program", zh: "原文对 Wfh 的检查，原文程序" },
          columns: ["", "expected", "actual"],
          rows: pairs.map(({ expected, actual }, i) => [
            `weights(${Math.floor(i / 2)},${i % 2})`,
            expected.toExponential(4),
            actual.toExponential(4),
          ]),
        },
      ],
      notes: [
        {
          en: "Why the text's check passes: with two steps the cell path leads only to step 1, where c0 = 0 and h0 = 0 hide every error in W_f and in what multiplies h. And its update ends with an error: it names gradients (Whf_grad, Whx_grad, Whi_grad, Wof_grad, Wcf_grad) that the program does not have.",
          zh: "原文的检查为何通过：只有两个时刻时，单元状态的通路只通到时刻 1，而 c0 = 0、h0 = 0 掩盖了 W_f 以及所有乘以 h 的权重的错误。另外它的 update 会报错：其中的 Whf_grad、Whx_grad、Whi_grad、Wof_grad、Wcf_grad 在程序里并不存在。",
        },
      ],
    };
  },
  about: {
    en: "The text's check looks at W_fh after two steps with weights of 0.0001, and prints 1.39e-9 twice. It passes, though the formulas and the program leave out the way back through the cell, dc_t/dc_(t-1) = f_t: the very thing that an LSTM is made for. The weights of the inputs get the last step's gradient alone, two biases get another gate's. Which of the twelve a check of two steps finds, what three steps find, and the mended layer.",
    zh: "原文的检查取两个时刻、权重约 0.0001，只看 W_fh，两次打印 1.39e-9。它通过了，尽管公式和程序都漏掉了沿单元状态往回的通路 dc_t/dc_(t-1) = f_t，而这正是 LSTM 的意义所在。输入的权重只得到最后一步的梯度，两个偏置用了别的门的误差项。这里看两个时刻的检查能发现十二个中的哪些，三个时刻又能发现哪些，以及改正后的层。",
  },
  claims: [
    {
      measure: "digits",
      says: {
        en: "the text's check: expected and actual agree to four digits (largest relative difference)",
        zh: "原文的检查：expected 与 actual 四位相同（最大相对差）",
      },
      accept: { atMost: 1e-4 },
      because: {
        en: "7e-9 to 5e-7 over ten seeds; four digits are 1e-4",
        zh: "十个种子为 7e-9 到 5e-7；四位相当于 1e-4",
      },
    },
    {
      measure: "symmetric",
      says: {
        en: "as printed: g01 = g10 = sqrt(g00 g11), relative difference",
        zh: "与原文打印的一样：g01 = g10 = sqrt(g00 g11)，相对差",
      },
      accept: { atMost: 0.002 },
      because: {
        en: "5e-6 to 9e-5 over ten seeds: the rule holds up to terms of the weights' size, 1e-4",
        zh: "十个种子为 5e-6 到 9e-5：该关系只差权重大小（1e-4）的项",
      },
    },
    {
      measure: "estimate",
      says: {
        en: "for tiny weights dE/dW_fh[i,j] is c1_i c1_j / 16: relative difference",
        zh: "权重很小时 dE/dW_fh[i,j] 约为 c1_i c1_j / 16：相对差",
      },
      accept: { atMost: 0.002 },
      because: {
        en: "1e-4 to 6e-4 over ten seeds",
        zh: "十个种子为 1e-4 到 6e-4",
      },
    },
    {
      measure: "passTwo",
      says: { en: "as printed, two steps: the gradients that pass", zh: "按原文，两个时刻：通过检查的梯度" },
      accept: { equals: "Wfh Wfx bf Wih Woh Wch" },
    },
    {
      measure: "forgetThree",
      says: {
        en: "as printed, three steps, weights up to 0.5: relative error of W_fh",
        zh: "按原文，三个时刻，权重在 ±0.5 内：W_fh 的相对误差",
      },
      accept: { between: [0.02, 0.9] },
      because: {
        en: "0.08 to 0.29 over ten seeds; the right gradient leaves 1e-8",
        zh: "十个种子为 0.08 到 0.29；正确的梯度只差 1e-8",
      },
    },
    {
      measure: "inputThree",
      says: { en: "and of W_ix", zh: "以及 W_ix" },
      accept: { between: [0.03, 0.9] },
      because: {
        en: "0.07 to 0.42 over ten seeds; the right gradient leaves 1e-8",
        zh: "十个种子为 0.07 到 0.42；正确的梯度只差 1e-8",
      },
    },
    {
      measure: "mended",
      says: {
        en: "mended, weights up to 0.1, two, three and six steps: worst of twelve and the inputs",
        zh: "改正后，权重在 ±0.1 内，二、三、六个时刻：十二个及输入中最差的",
      },
      accept: { atMost: 1e-6 },
      because: {
        en: "6e-8 to 3e-7 over ten seeds, rounding of differences of 1e-4 beside small gradients",
        zh: "十个种子为 6e-8 到 3e-7：步长 1e-4 的差分舍入，梯度较小",
      },
    },
    {
      measure: "everyLoss",
      says: {
        en: "weights up to 0.5, six steps, an error at every step",
        zh: "权重在 ±0.5 内，六个时刻，每个时刻都有误差",
      },
      accept: { atMost: 1e-6 },
      because: {
        en: "3e-8 to 1.5e-7 over ten seeds",
        zh: "十个种子为 3e-8 到 1.5e-7",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [layer, check];
