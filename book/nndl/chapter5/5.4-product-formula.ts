// Section 5.4: the product formula in layers of several neurons.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { DeepNetwork } from "../programs/gradients.ts";

const read = ["book/nndl/programs/gradients.ts", "book/nndl/chapter5/5.4-product-formula.ts"];

export const productFormula: Experiment = {
  id: "nndl/5.4-product",
  title: { en: "The product in layers", zh: "各层的乘积" },
  section: "5.4",
  kind: "construction",
  read,
  async run({ seed }) {
    const random = new Random(seed);
    const network = new DeepNetwork([20, 15, 12, 9, 10], random);
    const x = Matrix.fill(20, 1, () => random.uniform());
    const y = Matrix.fill(10, 1, (digit) => (digit === 3 ? 1 : 0));
    const deltas = network.deltas(x, y);
    const differences = deltas.flatMap((delta, l) => [
      ...delta.minus(network.errorByProduct(x, y, l)).values.map(Math.abs),
    ]);
    return { measured: { difference: Math.max(...differences) } };
  },
  about: {
    en: "In layers the product is one of matrices, δ^l = Σ′(z^l)(w^{l+1})ᵀ Σ′(z^{l+1}) … ∇ₐC, formula (124). Multiplied out as it stands it gives what backpropagation computes step by step.",
    zh: "在多层网络里，乘积变成矩阵的乘积：δ^l = Σ′(z^l)(w^{l+1})ᵀ Σ′(z^{l+1}) … ∇ₐC，即式 (124)。照原样乘出来，与反向传播一步步算出的结果相同。",
  },
  claims: [
    {
      measure: "difference",
      says: {
        en: "largest difference between (124) and backpropagation, any layer",
        zh: "式 (124) 与反向传播的最大差（所有层）",
      },
      expected: 0,
      accept: { within: 1e-12 },
      because: { en: "rounding in float64", zh: "float64 的舍入误差" },
    },
  ],
};

export const experiments: readonly Experiment[] = [productFormula];
