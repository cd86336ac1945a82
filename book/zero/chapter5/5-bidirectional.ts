// Part 5: bidirectional and deep recurrent networks.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { BidirectionalNetwork } from "../programs/bidirectional.ts";
import { TanhActivator } from "../programs/fc.ts";
import { slopeOf } from "../programs/gradient-check.ts";
import { relativeError } from "../programs/through-time.ts";

const options = (stateWidths: number[]) => ({
  stateWidths,
  inputWidth: 3,
  outputWidth: 2,
  activator: new TanhActivator(),
  outputActivator: new TanhActivator(),
  learningRate: 0.1,
  reach: 0.8,
});

/** Relative error of the worst gradient of a bidirectional network, over weights and inputs. */
function worstOfNetwork(network: BidirectionalNetwork, xs: readonly Matrix[]): number {
  const error = () => network.run(xs).reduce((sum, output) => sum + output.sum(), 0);
  error();
  network.backward(network.outputs.map((output) => output.map(() => 1)));
  const all = [
    ...network.parameters.map(({ values, gradient }) => ({ values: values.values, gradient: gradient.values.slice() })),
    ...network.inputDeltas.map((delta, t) => ({ values: xs[t].values, gradient: delta.values.slice() })),
  ];
  return Math.max(
    ...all.map(({ values, gradient }) =>
      relativeError(
        Array.from(gradient, (actual, i) => {
          const write = (value: number) => {
            values[i] = value;
          };
          return { expected: slopeOf(error, () => values[i], write, 1e-5), actual };
        }),
      ),
    ),
  );
}

const bidirectional: Experiment = {
  id: "zero/5-bidirectional",
  title: { en: "Bidirectional and deep recurrent networks", zh: "双向与深层循环神经网络" },
  section: "5",
  kind: "construction",
  settings: { inputs: 3, states: "4; 4 and 3", outputs: 2, steps: 5 },
  read: ["book/zero/programs/bidirectional.ts", "book/zero/programs/rnn.ts", "book/zero/chapter5/5-bidirectional.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const xs = Array.from({ length: 5 }, () => Matrix.fill(3, 1, () => random.uniform(-1, 1)));
    const network = new BidirectionalNetwork(options([4]), random);
    const outputs = network.run(xs);
    const [{ U, W }] = network.forwards.layers;
    const [{ U: UPrime, W: WPrime }] = network.backwards.layers;
    const f = (matrix: Matrix) => matrix.map(Math.tanh);
    // y2 of the text, for three inputs.
    const [, y2] = network.run(xs.slice(0, 3));
    const a2 = f(W.dot(f(U.dot(xs[0]))).plus(U.dot(xs[1])));
    const a2Prime = f(WPrime.dot(f(UPrime.dot(xs[2]))).plus(UPrime.dot(xs[1])));
    const y2Worked = f(network.V.dot(a2).plus(network.VPrime.dot(a2Prime)));
    const swapped = new BidirectionalNetwork(options([4]), random);
    for (const { name, values } of network.parameters) {
      const other = name.includes("'") ? name.replace("'", "") : `${name}'`;
      swapped.parameters.find((parameter) => parameter.name === other)!.values.values.set(values.values);
    }
    const mirrored = [...swapped.run([...xs].reverse())].reverse();
    const deep = new BidirectionalNetwork(options([4, 3]), random);
    const [before] = deep.run(xs);
    deep.VPrime.values.fill(0);
    const [without] = deep.run(xs);
    const changed = deep.run([xs[0], ...xs.slice(1).map((x) => x.times(-1))])[0];
    const dependence = (which: BidirectionalNetwork) => {
      which.run(xs);
      const zeros = which.outputs.map((output) => output.map(() => 0));
      which.backward(zeros.map((zero, t) => (t === 2 ? zero.map(() => 1) : zero)));
      return which.inputDeltas.map((delta) => delta.norm());
    };
    const both = dependence(network);
    network.VPrime.values.fill(0);
    const forwardsOnly = dependence(network);
    return {
      measured: {
        matrices: new Set(network.parameters.map(({ values }) => values)).size,
        worked: y2.minus(y2Worked).norm(),
        mirrored: Math.max(...outputs.map((output, t) => output.minus(mirrored[t]).norm())),
        gradients: worstOfNetwork(new BidirectionalNetwork(options([4]), random), xs),
        deepGradients: worstOfNetwork(new BidirectionalNetwork(options([4, 3]), random), xs),
        deepMatrices: deep.parameters.length,
        futureWithout: changed.minus(without).norm(),
        futureWith: before.minus(without).norm(),
      },
      figures: [
        {
          name: "dependence",
          chart: {
            kind: "bar",
            title: { en: "What the output of step 3 depends on: |do3/dx|", zh: "时刻 3 的输出取决于什么：|do3/dx|" },
            categories: xs.map((_, t) => `x${t + 1}`),
            yAxis: { min: 0 },
            series: [
              { name: { en: "both directions", zh: "双向" }, values: both },
              { name: { en: "forwards alone", zh: "只有正向" }, values: forwardsOnly },
            ],
          },
          height: 320,
        },
      ],
    };
  },
  about: {
    en: "To fill a gap one wants to know what comes behind it: a second layer reads from the end, with matrices of its own, and the output sees both. Deep networks stack such layers, one stack for each direction, which meet only at the output. Both by hand, with their gradients; the text shows formulas alone.",
    zh: "要填一个空，也想知道它后面是什么：第二个层从末尾读起，用自己的矩阵，输出同时看两者。深层网络把这样的层叠起来，每个方向一叠，只在输出处相遇。这里都是手写的，连同梯度；原文只有公式。",
  },
  claims: [
    {
      measure: "matrices",
      says: { en: "U, W, V, U', W', V': six, none shared", zh: "U、W、V、U'、W'、V'：六个，互不共享" },
      accept: { equals: 6 },
    },
    {
      measure: "worked",
      says: {
        en: "y2 = g(V A2 + V' A2'), A2 = f(W A1 + U x2), A2' = f(W' A3' + U' x2): difference",
        zh: "y2 = g(V A2 + V' A2')，A2 = f(W A1 + U x2)，A2' = f(W' A3' + U' x2)：差",
      },
      accept: { atMost: 1e-15 },
      because: { en: "the last bit", zh: "最后一位" },
    },
    {
      measure: "mirrored",
      says: {
        en: "the reversed input with the directions swapped gives the reversed outputs: largest difference",
        zh: "输入反转、两个方向的矩阵互换，输出恰好反转：最大差",
      },
      accept: { atMost: 1e-14 },
      because: { en: "sums in another order", zh: "求和次序不同" },
    },
    {
      measure: "gradients",
      says: { en: "relative error of the worst gradient", zh: "最差的梯度的相对误差" },
      accept: { atMost: 1e-7 },
      because: {
        en: "7e-11 to 2e-10 over ten seeds, the rounding of differences of 1e-5",
        zh: "十个种子为 7e-11 到 2e-10，即步长 1e-5 的差分的舍入",
      },
    },
    {
      measure: "deepMatrices",
      says: { en: "two layers a direction: ten matrices", zh: "每个方向两层：十个矩阵" },
      accept: { equals: 10 },
    },
    {
      measure: "deepGradients",
      says: { en: "and the worst gradient of the deep one", zh: "深层网络最差的梯度" },
      accept: { atMost: 1e-7 },
      because: { en: "the same differences", zh: "同样的差分" },
    },
    {
      measure: "futureWithout",
      says: {
        en: "the stacks meet only at the output: with V' = 0 what follows does not move the first output",
        zh: "两叠只在输出处相遇：V' = 0 时后面的输入不影响第一个输出",
      },
      accept: { equals: 0 },
    },
    {
      measure: "futureWith",
      says: { en: "with V' it does, by", zh: "有 V' 时影响它，幅度为" },
      accept: { atLeast: 0.01 },
      because: {
        en: "0.20 to 0.62 over ten seeds; without V' it is 0 to the last bit",
        zh: "十个种子为 0.20 到 0.62；没有 V' 时恰为 0",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [bidirectional];
