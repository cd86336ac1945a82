// Section 2.3: the cost as a function of the outputs.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { quadraticCost } from "../programs/finite-differences.ts";
import { Network } from "../programs/network.ts";

const ofOutputs: Experiment = {
  id: "nndl/2.3-cost",
  title: { en: "The cost is a function of the outputs", zh: "代价是输出的函数" },
  section: "2.3",
  kind: "figure",
  settings: { network: "[2, 3, 2]", eta: 1, steps: 60 },
  read: ["book/nndl/programs/network.ts", "book/nndl/chapter2/2.3-cost.ts"],
  async run({ seed }) {
    const network = new Network([2, 3, 2], new Random(seed));
    const [x, y] = [Matrix.column([0.5, -0.3]), Matrix.column([1, 0])];
    const outputs = [network.feedforward(x)];
    for (let i = 0; i < 60; i++) {
      network.updateMiniBatch([{ x, y }], 1);
      outputs.push(network.feedforward(x));
    }
    const costs = outputs.map((a) => quadraticCost(a, y));
    const axis = Array.from({ length: 41 }, (_, i) => i / 40);
    return {
      measured: { falls: costs.slice(1).every((cost, i) => cost < costs[i]), firstAndLast: [costs[0], costs.at(-1)!] },
      figures: [
        {
          name: "outputs",
          chart: {
            kind: "contour",
            title: {
              en: "C = ½‖y − a‖² for y = (1, 0), and the way of a learning network",
              zh: "y = (1, 0) 时的 C = ½‖y − a‖²，以及学习中网络的轨迹",
            },
            xAxis: { label: "a1", min: 0, max: 1 },
            yAxis: { label: "a2", min: 0, max: 1 },
            x: axis,
            y: axis,
            z: axis.map((a2) => axis.map((a1) => quadraticCost(Matrix.column([a1, a2]), y))),
            paths: [
              {
                name: { en: "outputs, step by step", zh: "逐步的输出" },
                x: outputs.map((a) => a.at(0, 0)),
                y: outputs.map((a) => a.at(1, 0)),
                style: "line-points",
              },
            ],
          },
          width: 560,
          height: 500,
        },
      ],
    };
  },
  about: {
    en: "The second assumption about the cost: it depends on the network only through the outputs a. For two outputs and y = (1, 0) one can draw it; the line is where a 2-3-2 network's outputs go while it learns that one example, and the cost along it falls.",
    zh: "关于代价的第二个假设：它只通过输出 a 依赖于网络。对两个输出、y = (1, 0) 可以画出来；线条是 2-3-2 网络学习这一个样本时输出走过的路，沿途代价下降。",
  },
  claims: [
    {
      measure: "falls",
      says: { en: "every step lowers the cost", zh: "每一步都使代价下降" },
      accept: { equals: true },
    },
  ],
};

export const experiments: readonly Experiment[] = [ofOutputs];
