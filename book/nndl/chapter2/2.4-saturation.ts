// Section 2.4, what the equations say before any computation: where learning is slow.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Network } from "../programs/network.ts";

const saturation: Experiment = {
  id: "nndl/2.4-saturation",
  title: { en: "What makes a weight learn slowly", zh: "权重为何学得慢" },
  section: "2.4",
  kind: "experiment",
  read: ["book/nndl/programs/network.ts", "book/nndl/chapter2/2.4-saturation.ts"],
  async run({ seed }) {
    const network = new Network([1, 1], new Random(seed));
    network.weights = [Matrix.column([0])];
    const gradient = (a: number, z: number) => {
      network.biases = [Matrix.column([z])];
      return network.backprop(Matrix.column([a]), Matrix.column([0])).weights[0].at(0, 0);
    };
    const zs = Array.from({ length: 121 }, (_, i) => -6 + i / 10);
    return {
      measured: { proportional: gradient(0.1, 1) / gradient(1, 1), saturated: gradient(1, 6) / gradient(1, 1) },
      figures: [
        {
          name: "gradient",
          chart: {
            kind: "line",
            title: { en: "∂C/∂w of a neuron that should answer 0", zh: "目标为 0 的神经元的 ∂C/∂w" },
            xAxis: { label: { en: "weighted input z", zh: "加权输入 z" } },
            yAxis: { label: "∂C/∂w" },
            series: [1, 0.5, 0.1].map((a) => ({
              name: { en: `input ${a}`, zh: `输入 ${a}` },
              x: zs,
              y: zs.map((z) => gradient(a, z)),
            })),
          },
        },
      ],
    };
  },
  about: {
    en: "Reading the four equations: ∂C/∂w = a_in δ_out is small where the input activation is small or the output neuron saturated, σ′(z) ≈ 0. One neuron with input a and weighted input z, target 0: the size of its gradient over both.",
    zh: "解读四个方程：∂C/∂w = a_in δ_out 在输入激活很小、或输出神经元饱和（σ′(z) ≈ 0）时很小。一个神经元，输入为 a，加权输入为 z，目标为 0：梯度大小随二者的变化。",
  },
  claims: [
    {
      measure: "proportional",
      says: {
        en: "a tenth of the input activation gives a tenth of the gradient",
        zh: "输入激活为十分之一，梯度也为十分之一",
      },
      expected: 0.1,
      accept: { within: 1e-12 },
      because: { en: "rounding of float64", zh: "float64 的舍入" },
    },
    {
      measure: "saturated",
      says: {
        en: "a saturated neuron (z = 6) has a small gradient though its answer is as wrong as can be: over that at z = 1",
        zh: "饱和的神经元（z = 6）虽错得最厉害，梯度却很小：与 z = 1 处之比",
      },
      accept: { atMost: 0.05 },
      because: { en: "σ(6)σ′(6) / σ(1)σ′(1) = 0.017.", zh: "σ(6)σ′(6) / σ(1)σ′(1) = 0.017。" },
    },
  ],
};

export const experiments: readonly Experiment[] = [saturation];
