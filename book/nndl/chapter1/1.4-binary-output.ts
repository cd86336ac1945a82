// Section 1.4, an exercise: four more neurons that write the digit in binary.
import { predict, scope } from "nabla";
import type { NetworkChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { first, toSamples } from "../../mnist.ts";
import { toPercent, train } from "../framework/first-networks.ts";
import { binaryOutputLayer } from "../programs/binary-output.ts";
import { sigmoid } from "../programs/network.ts";

const binary: Experiment = {
  id: "nndl/1.4-binary-output",
  title: { en: "Four output neurons that write the digit in binary", zh: "用四个输出神经元以二进制写出数字" },
  section: "1.4",
  kind: "exercise",
  settings: { weight: 10 },
  read: ["book/nndl/programs/binary-output.ts", "book/nndl/chapter1/1.4-binary-output.ts"],
  needs: ["mnist"],
  async run(context) {
    const { training, test } = await context.mnist();
    const layer = binaryOutputLayer();
    // Written out, beside the program's own code.
    const hasBit = (digit: number, bit: number) => Math.floor(digit / [8, 4, 2, 1][bit]) % 2 === 1;
    const bitsOf = (outputs: Matrix) => sigmoid(layer.weights.dot(outputs).plus(layer.biases));
    let worstCase = 1;
    for (let digit = 0; digit < 10; digit++) {
      // Every corner of the assumption: the others at 0 or 0.01, the right one at 0.99 or 1.
      for (let corner = 0; corner < 1024; corner++) {
        const on = (i: number) => ((corner >> i) & 1) === 1;
        const outputs = Matrix.fill(10, 1, (i) => (i === digit ? (on(i) ? 1 : 0.99) : on(i) ? 0.01 : 0));
        const bits = bitsOf(outputs).values;
        bits.forEach((value, bit) => {
          worstCase = Math.min(worstCase, hasBit(digit, bit) ? value : 1 - value);
        });
      }
    }
    const run = await train({
      sizes: [784, 30, 10],
      epochs: context.pick({ quick: 2, full: 10 }),
      eta: 3,
      seed: context.seed,
      training: context.pick({ quick: first(training, 20_000), full: training }),
      test,
    });
    const outputs = scope(() => predict(run.model, toSamples(test).x).dataSync());
    let same = 0;
    for (let i = 0; i < test.count; i++) {
      const column = Matrix.column(outputs.subarray(10 * i, 10 * i + 10));
      const digit = column.argmax();
      if (bitsOf(column).values.every((value, bit) => value > 0.5 === hasBit(digit, bit))) same += 1;
    }
    const chart: NetworkChart = {
      kind: "network",
      title: { en: "Ten outputs and their binary code", zh: "十个输出及其二进制编码" },
      layers: [
        { name: { en: "hidden", zh: "隐藏层" }, units: 15 },
        { name: { en: "old output", zh: "原输出层" }, units: 10, labels: Array.from({ length: 10 }, (_, i) => `${i}`) },
        {
          name: { en: "new output", zh: "新输出层" },
          units: 4,
          labels: ["8", "4", "2", "1"],
          weights: layer.weights.toRows(),
          note: { en: "orange +10, blue −10", zh: "橙色 +10，蓝色 −10" },
        },
      ],
    };
    return {
      measured: { worstCase, bitsGiveArgmax: toPercent(same / test.count) },
      figures: [{ name: "network", chart }],
    };
  },
  about: {
    en: "A further layer turns the ten outputs into the digit's binary code. The exercise asks for its weights, given that the right one of the ten is at least 0.99 and the others below 0.01. Weight +10 from every digit whose code has the bit, −10 from the others, bias 0: the worst case leaves no doubt. Then the layer is put onto a trained network, which keeps that promise for most images only.",
    zh: "再加一层，把十个输出变成数字的二进制编码。练习要求给出权重，前提是十个输出中正确的一个至少为 0.99，其余低于 0.01。编码含该位的数字取权重 +10，其余取 −10，偏置为 0：最坏情形下也毫无疑问。然后把这一层接到训练好的网络上，后者只对大多数图像遵守这一前提。",
  },
  claims: [
    {
      measure: "worstCase",
      says: {
        en: "under the exercise's assumption every bit is right: smallest activation on the right side, over all digits and corners",
        zh: "在练习的前提下每一位都对：所有数字和所有极端情形中正确一侧的最小激活",
      },
      accept: { atLeast: 0.99 },
      because: {
        en: "At least 9.9 − 9 · 0.1 = 9.0 on the right side of 0: σ(9) = 0.9999.",
        zh: "加权输入在正确一侧至少为 9.9 − 9 · 0.1 = 9.0：σ(9) = 0.9999。",
      },
    },
    {
      measure: "bitsGiveArgmax",
      says: {
        en: "on a trained network: test images whose four bits are the code of the largest output, percent",
        zh: "接在训练好的网络上：四个位恰为最大输出之编码的测试图像，百分比",
      },
      accept: { atLeast: 80 },
      because: {
        en: "Where two outputs or none are large the bits mix; how often depends on how well the network is trained.",
        zh: "两个输出都大或都小时各位会混淆；多常发生取决于网络训练得多好。",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [binary];
