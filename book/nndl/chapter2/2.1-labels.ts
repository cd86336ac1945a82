// Section 2.1: how weights, biases and activations are labelled, as figures.
import type { NetworkChart } from "nabla/plot";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Network } from "../programs/network.ts";

const labels: Experiment = {
  id: "nndl/2.1-labels",
  title: { en: "Which weight is w³₂₄", zh: "w³₂₄ 是哪个权重" },
  section: "2.1",
  kind: "figure",
  read: ["book/nndl/programs/network.ts", "book/nndl/chapter2/2.1-labels.ts"],
  async run({ seed }) {
    const network = new Network([3, 6, 3], new Random(seed));
    const w3 = network.weights[1];
    const a2 = Matrix.column([0.1, 0.2, 0.3, 0.5, 0.6, 0.7]);
    const before = w3.dot(a2);
    // Counted from 0: row 1, column 3.
    w3.values[1 * w3.columns + 3] += 1;
    const change = w3.dot(a2).minus(before);
    const numbers = (units: number) => Array.from({ length: units }, (_, i) => `${i + 1}`);
    const chart: NetworkChart = {
      kind: "network",
      title: {
        en: "w³₂₄: from neuron 4 of layer 2 to neuron 2 of layer 3",
        zh: "w³₂₄：从第 2 层的神经元 4 到第 3 层的神经元 2",
      },
      layers: [
        { name: { en: "layer 1", zh: "第 1 层" }, units: 3, labels: numbers(3) },
        { name: { en: "layer 2", zh: "第 2 层" }, units: 6, labels: numbers(6) },
        {
          name: { en: "layer 3", zh: "第 3 层" },
          units: 3,
          labels: numbers(3),
          weights: Array.from({ length: 3 }, (_, j) =>
            Array.from({ length: 6 }, (_, k) => (j === 1 && k === 3 ? 1 : 0)),
          ),
        },
      ],
    };
    return {
      measured: { moved: change.at(0, 0) === 0 && change.at(2, 0) === 0 && Math.abs(change.at(1, 0) - 0.5) < 1e-12 },
      figures: [{ name: "network", chart }],
    };
  },
  about: {
    en: "The notation: w³₂₄ joins neuron 4 of layer 2 to neuron 2 of layer 3. The order of the indices looks wrong until one writes a layer as w a + b: with j before k no transposition is needed. Checked on the program: a change of that one number of the matrix moves the weighted input of that one neuron by the change times the activation.",
    zh: "记号：w³₂₄ 连接第 2 层的第 4 个神经元与第 3 层的第 2 个神经元。下标的次序看似颠倒，直到把一层写成 w a + b：j 在 k 之前就无需转置。用程序检验：改变矩阵中的这一个数，只有那一个神经元的加权输入变化，变化量为改动乘以激活。",
  },
  claims: [
    {
      measure: "moved",
      says: {
        en: "weighted inputs of layer 3 that move when w³₂₄ changes: the second only, by the activation of neuron 4",
        zh: "改变 w³₂₄ 时第 3 层移动的加权输入：只有第二个，移动量为第 4 个神经元的激活",
      },
      accept: { equals: true },
    },
  ],
};

export const experiments: readonly Experiment[] = [labels];
