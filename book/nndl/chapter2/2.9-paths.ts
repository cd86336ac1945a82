// Section 2.9: the gradient as a sum over all paths from a weight to the cost.
import type { NetworkChart } from "nabla/plot";
import type { Both, Experiment } from "../../experiment.ts";
import { Random } from "../../random.ts";
import { Network } from "../programs/network.ts";
import { pathsFrom } from "../programs/paths.ts";
import { columnOf } from "./2.7-finite-differences.ts";

const SIZES = [4, 4, 4, 4] as const;

/** The small network with only some connections drawn strongly. */
function diagram(title: Both, strong: (layer: number, to: number, from: number) => boolean): NetworkChart {
  return {
    kind: "network",
    title,
    layers: SIZES.map((units, layer) => ({
      name:
        layer === 0
          ? { en: "input", zh: "输入层" }
          : layer === SIZES.length - 1
            ? { en: "output", zh: "输出层" }
            : { en: `hidden ${layer}`, zh: `隐藏层 ${layer}` },
      units,
      ...(layer > 0 && {
        weights: Array.from({ length: units }, (_, to) =>
          Array.from({ length: SIZES[layer - 1] }, (_, from) => (strong(layer, to, from) ? 1 : 0)),
        ),
      }),
    })),
  };
}

const paths: Experiment = {
  id: "nndl/2.9-paths",
  title: { en: "A change that travels along every path", zh: "沿每条路径传播的变化" },
  section: "2.9",
  kind: "experiment",
  settings: { network: "[4, 4, 4, 4]", weight: "w from input 3 to neuron 2" },
  read: ["book/nndl/programs/paths.ts", "book/nndl/chapter2/2.9-paths.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    const network = new Network(SIZES, random);
    const [x, y] = [columnOf(4, random), columnOf(4, random)];
    const all = pathsFrom(network, x, y, 0, 1, 2);
    const sum = all.reduce((total, { rate }) => total + rate, 0);
    const byBackprop = network.backprop(x, y).weights[0].at(1, 2);
    const edge = (layer: number, to: number, from: number) => layer === 1 && to === 1 && from === 2;
    const onePath = [2, 1, 3, 0];
    return {
      measured: { count: all.length, difference: Math.abs(sum - byBackprop) / Math.abs(byBackprop), sum },
      figures: [
        {
          name: "one",
          chart: diagram(
            { en: "The change along one path", zh: "沿一条路径的变化" },
            (layer, to, from) => onePath[layer] === to && onePath[layer - 1] === from,
          ),
          height: 340,
        },
        {
          name: "all",
          chart: diagram(
            { en: "The change along all sixteen paths", zh: "沿全部十六条路径的变化" },
            (layer, to, from) => edge(layer, to, from) || (layer === 2 && from === 1) || layer === 3,
          ),
          height: 340,
        },
        {
          name: "rates",
          chart: {
            kind: "bar",
            title: { en: "What each path adds to ∂C/∂w", zh: "每条路径对 ∂C/∂w 的贡献" },
            categories: all.map(({ neurons }) => neurons.map((neuron) => neuron + 1).join("-")),
            xAxis: { label: { en: "neurons on the way, layer by layer", zh: "途经的神经元，逐层" } },
            yAxis: { label: { en: "rate", zh: "变化率" } },
            series: [{ name: { en: "contribution", zh: "贡献" }, values: all.map(({ rate }) => rate) }],
          },
          width: 900,
        },
      ],
    };
  },
  about: {
    en: "The big picture at the end of the chapter: ∂C/∂w is a sum over all paths from the weight to the cost, each the product of the rates along it (equation 53), and backpropagation is a clever way to compute that sum. In a network of four layers of four neurons one weight of the first layer has sixteen paths; they are listed and added.",
    zh: "本章结尾的全景：∂C/∂w 是从该权重到代价的所有路径之和，每条路径贡献沿途变化率之积（公式 53），而反向传播是计算这个和的巧妙办法。在四层、每层四个神经元的网络中，第一层的一个权重有十六条路径；这里逐条列出并相加。",
  },
  claims: [
    { measure: "count", says: { en: "paths: 4 · 4", zh: "路径条数：4 · 4" }, expected: 16, accept: { equals: 16 } },
    {
      measure: "difference",
      says: {
        en: "their sum is what backpropagation computes: relative difference",
        zh: "它们的和就是反向传播的结果：相对差",
      },
      accept: { atMost: 1e-12 },
      because: {
        en: "rounding of float64, where contributions of both signs cancel",
        zh: "float64 的舍入，正负贡献会相互抵消",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [paths];
