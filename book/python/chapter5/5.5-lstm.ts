// Section 5.5: the LSTM of nodes, and its demonstration.
import type { Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import {
  demonstration,
  LstmNetwork,
  LstmParam,
  NODE_GATES,
  type NodeSlope,
  ToyLossLayer,
} from "../programs/lstm-nodes.ts";

const read = ["book/python/programs/lstm-nodes.ts", "book/python/chapter5/5.5-lstm.ts"];

/** The update, from 1, from which on the loss stays below 1e-3. */
function settled(losses: readonly number[]): number {
  return losses.findLastIndex((loss) => loss >= 1e-3) + 2;
}

const demo: Experiment = {
  id: "python/5.5-lstm",
  title: { en: "Four numbers to remember: the LSTM's demonstration", zh: "记住四个数：LSTM 的演示程序" },
  section: "5.5",
  kind: "experiment",
  settings: { cells: 100, inputs: 50, steps: 4, targets: "-0.5, 0.2, 0.1, -0.5", rate: 0.1, iterations: 100 },
  read,
  async run({ seed }) {
    const { losses, predictions, network } = demonstration(new Random(seed));
    const curved = demonstration(new Random(seed), { output: "tanh" }).losses;
    const halves = new LstmParam(1, 1, new Random(1));
    for (const gate of NODE_GATES) {
      halves.w[gate].values.fill(0.5);
      halves.b[gate].values.fill(0);
    }
    const small = new LstmNetwork(halves);
    for (let t = 0; t < 3; t++) small.xListAdd([1]);
    const at = losses.map((_, i) => i + 1);
    return {
      measured: {
        parameters: network.param.parameterCount,
        first: losses[0],
        last: losses[losses.length - 1],
        settled: settled(losses),
        lastTanh: curved[curved.length - 1],
        cells: small.nodeList.map(({ s }) => s[0]),
        outputs: small.nodeList.map(({ h }) => h[0]),
      },
      figures: [
        {
          name: "loss",
          chart: {
            kind: "line",
            title: { en: "Loss by iteration", zh: "损失与迭代次数" },
            xAxis: { label: { en: "iterations", zh: "迭代次数" } },
            yAxis: { scale: "log" },
            marks: [{ axis: "y", at: 1e-3, label: "0.001" }],
            series: [
              { name: "h = s o", y: losses },
              { name: "h = tanh(s) o", y: curved },
            ],
          },
        },
        {
          name: "predictions",
          chart: {
            kind: "line",
            title: { en: "The four answers", zh: "四个回答" },
            xAxis: { label: { en: "iterations", zh: "迭代次数" } },
            series: [0, 1, 2, 3].map((t) => ({
              name: `y${t + 1} → ${[-0.5, 0.2, 0.1, -0.5][t]}`,
              x: at,
              y: predictions.map((each) => each[t]),
            })),
          },
        },
      ],
    };
  },
  about: {
    en: "The text's program: an object for each time step, the steps linked, errors handed from node to node, the cell's own as diff_s. Fifty random numbers a step go in, the first of a hundred outputs is to be -0.5, 0.2, 0.1, -0.5. The output gate multiplies the cell itself, as the program prints it; with tanh of the cell, as other texts have it, it learns as well.",
    zh: "教材的程序：每个时刻一个对象，相互链接，误差在节点之间传递，单元状态的误差是 diff_s。每步输入五十个随机数，一百个输出中的第一个应依次为 -0.5、0.2、0.1、-0.5。输出门乘的是单元状态本身（程序如此）；换成其他教材的 tanh，也能学会。",
  },
  claims: [
    {
      measure: "parameters",
      says: { en: "4 ((n + x) n + n) for n = 100, x = 50", zh: "n = 100、x = 50 时的 4 ((n + x) n + n)" },
      accept: { equals: 60400 },
    },
    {
      measure: "last",
      says: { en: "the loss falls below 0.001: after 100 iterations", zh: "损失降到 0.001 以下：100 次迭代之后" },
      accept: { between: [1e-11, 1e-3] },
      because: {
        en: "6e-9 to 1.3e-4 over ten seeds",
        zh: "十个种子为 6e-9 到 1.3e-4",
      },
    },
    {
      measure: "settled",
      says: { en: "the iteration from which it stays there", zh: "从哪次迭代起保持在此之下" },
      accept: { between: [20, 95] },
      because: {
        en: "32 to 67 over ten seeds",
        zh: "十个种子为 32 到 67",
      },
    },
    {
      measure: "first",
      says: { en: "the loss before the first update", zh: "第一次更新之前的损失" },
      accept: { between: [0.25, 1.2] },
      because: {
        en: "0.48 to 0.74 over ten seeds",
        zh: "十个种子为 0.48 到 0.74",
      },
    },
    {
      measure: "lastTanh",
      says: {
        en: "with tanh of the cell: the loss after 100 iterations",
        zh: "用单元状态的 tanh：100 次迭代之后的损失",
      },
      accept: { between: [1e-8, 0.02] },
      because: {
        en: "1.2e-6 to 2.7e-3 over ten seeds: slower, as tanh holds the cell back",
        zh: "十个种子为 1.2e-6 到 2.7e-3：tanh 压住了单元状态，学得慢些",
      },
    },
    {
      measure: "cells",
      says: {
        en: "one cell, all weights 0.5, x = 1: s at the steps 1 to 3",
        zh: "一个单元，权重均为 0.5，x = 1：时刻 1 到 3 的 s",
      },
      expected: [0.28764913664496794, 0.5256708418296898, 0.7340632153385898],
      accept: { within: 1e-14 },
      because: { en: "the last bits of float64", zh: "float64 的最后几位" },
    },
    {
      measure: "outputs",
      says: { en: "and h = s o", zh: "以及 h = s o" },
      expected: [0.17904988921681764, 0.3381409958407423, 0.4854323317141844],
      accept: { within: 1e-14 },
      because: { en: "the last bits of float64", zh: "float64 的最后几位" },
    },
  ],
};

/** Relative error of one gate's gradients over five steps, against differences. */
function gateErrors(seed: number, slope: NodeSlope): number[] {
  const random = new Random(seed);
  const param = new LstmParam(3, 2, random, { slope });
  for (const gate of NODE_GATES)
    for (const w of [param.w[gate], param.b[gate]]) w.values.set(w.values.map((v) => 5 * v));
  const network = new LstmNetwork(param);
  const xs = Array.from({ length: 5 }, () => [random.uniform(-1, 1), random.uniform(-1, 1)]);
  const labels = xs.map(() => random.uniform(-1, 1));
  const loss = () => {
    network.xListClear();
    for (const x of xs) network.xListAdd(x);
    return network.yListIs(labels, new ToyLossLayer());
  };
  loss();
  const gradients = NODE_GATES.map((gate) => param.wDiff[gate].values.slice());
  return NODE_GATES.map((gate, g) => {
    const { values } = param.w[gate];
    const slopes = Array.from(values, (kept, i) => {
      values[i] = kept + 1e-5;
      const above = loss();
      values[i] = kept - 1e-5;
      const below = loss();
      values[i] = kept;
      return (above - below) / 2e-5;
    });
    return Math.hypot(...slopes.map((s, i) => s - gradients[g][i])) / Math.hypot(...slopes);
  });
}

const slopes: Experiment = {
  id: "python/5.5-slopes",
  title: { en: "One slope for all four gates", zh: "四个门用同一个斜率" },
  section: "5.5",
  kind: "experiment",
  settings: { cells: 3, inputs: 2, steps: 5 },
  read,
  async run({ seed }) {
    const [right, printed] = [gateErrors(seed, "right"), gateErrors(seed, "asPrinted")];
    const losses = demonstration(new Random(seed), { slope: "asPrinted" }).losses;
    return {
      measured: {
        right: Math.max(...right),
        printedG: printed[0],
        printedLast: losses[losses.length - 1],
      },
      figures: [
        {
          name: "errors",
          chart: {
            kind: "bar",
            title: { en: "How wrong the gradient of each gate's weights is", zh: "各门权重梯度的相对误差" },
            categories: [...NODE_GATES],
            yAxis: { label: { en: "relative error", zh: "相对误差" }, min: 0 },
            series: [
              { name: { en: "as printed", zh: "按教材" }, values: printed },
              { name: { en: "right", zh: "正确" }, values: right },
            ],
          },
          height: 320,
        },
      ],
    };
  },
  about: {
    en: "The snippet with which the section closes takes v (1 - v) as the slope of all four, though g is a tanh, whose slope is 1 - g^2. g starts near 0, and there v (1 - v) is near 0, too, with the sign of v: a gradient check finds it at once, and the demonstration learns nothing any more, since no error gets into the cell.",
    zh: "该节结尾的代码对四个门都用斜率 v (1 - v)，而 g 是 tanh，斜率应为 1 - g^2。g 一开始接近 0，那里 v (1 - v) 也接近 0，而且符号随 v 而变：梯度检查立刻就能发现，演示程序也什么都学不到，因为误差进不了单元状态。",
  },
  claims: [
    {
      measure: "right",
      says: { en: "right slopes: relative error of the worst gate", zh: "正确的斜率：最差的门的相对误差" },
      accept: { atMost: 1e-7 },
      because: {
        en: "4e-10 to 3e-9 over ten seeds",
        zh: "十个种子为 4e-10 到 3e-9",
      },
    },
    {
      measure: "printedG",
      says: { en: "as printed: relative error of g's weights", zh: "按教材：g 的权重的相对误差" },
      accept: { between: [0.4, 5] },
      because: {
        en: "0.59 to 3.8 over nineteen seeds; the right slope leaves 3e-9",
        zh: "十九个种子为 0.59 到 3.8；正确的斜率只差 3e-9",
      },
    },
    {
      measure: "printedLast",
      says: {
        en: "and the demonstration learns nothing: its loss after 100 iterations",
        zh: "演示程序什么也学不到：100 次迭代之后的损失",
      },
      accept: { between: [0.3, 1] },
      because: {
        en: "0.52 to 0.57 over ten seeds; the right slope comes to 6e-9 to 1.3e-4",
        zh: "十个种子为 0.52 到 0.57；用正确的斜率为 6e-9 到 1.3e-4",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [demo, slopes];
