// Sections 5.5 and 5.6: layers with a forward and a backward of their own, each checked by differences.
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { Affine, type Layer, Relu, Sigmoid, SoftmaxWithLoss } from "../programs/layers.ts";
import { numericalGradient } from "../programs/numerical.ts";

/** Largest difference between backward and differences, of sum(weights * forward(x)) by x. */
export function checkLayer(layer: Layer, x: Matrix, seed: number): number {
  const random = new Random(seed);
  const out = layer.forward(x, true);
  const weights = out.map(() => random.normal());
  const backward = layer.backward(weights);
  const numeric = numericalGradient((moved) => layer.forward(moved, true).times(weights).sum(), x.copy());
  return Math.max(...backward.minus(numeric).values.map(Math.abs));
}

const layers: Experiment = {
  id: "scratch/5.5-layers",
  title: { en: "Each layer's gradient, checked", zh: "逐层检验梯度" },
  section: "5.5-5.6",
  kind: "construction",
  read: ["book/scratch/programs/layers.ts", "book/scratch/chapter5/5.5-layers.ts"],
  async run({ seed }) {
    const random = new Random(seed);
    // At a distance from 0, where Relu has its kink.
    const matrix = (rows: number, columns: number) =>
      Matrix.fill(rows, columns, () => (random.uniform() < 0.5 ? -1 : 1) * random.uniform(0.1, 2));
    const x = matrix(4, 5);
    const affine = new Affine(matrix(5, 3), matrix(1, 3));
    const found: Record<string, number> = {
      Relu: checkLayer(new Relu(), x, seed),
      Sigmoid: checkLayer(new Sigmoid(), x, seed),
      "Affine, x": checkLayer(affine, x, seed),
    };
    const ones = affine.forward(x).map(() => 1);
    affine.backward(ones);
    const { dW, db } = affine;
    const sumOf = () => affine.forward(x).sum();
    const apart = (a: Matrix, b: Matrix) => Math.max(...a.minus(b).values.map(Math.abs));
    found["Affine, W"] = apart(dW, numericalGradient(sumOf, affine.W));
    found["Affine, b"] = apart(db, numericalGradient(sumOf, affine.b));
    const softmaxDifference = (delta: number): number => {
      const layer = new SoftmaxWithLoss(delta);
      const t = [0, 1, 2, 0];
      layer.forward(x, t);
      return apart(
        layer.backward(),
        numericalGradient((moved) => layer.forward(moved, t), x.copy()),
      );
    };
    found["SoftmaxWithLoss"] = softmaxDifference(0);
    const largest = Math.max(...Object.values(found));
    const softmaxWithDelta = softmaxDifference(1e-7);
    return {
      measured: { largest, softmaxWithDelta },
      tables: [
        {
          title: { en: "Largest difference from numerical gradients", zh: "与数值梯度的最大差异" },
          columns: [
            { en: "layer", zh: "层" },
            { en: "difference", zh: "差异" },
          ],
          rows: [
            ...Object.entries(found).map(([name, value]) => [name, value.toExponential(1)]),
            ["SoftmaxWithLoss, 1e-7", softmaxWithDelta.toExponential(1)],
          ],
        },
      ],
    };
  },
  about: {
    en: "Relu, Sigmoid, Affine and SoftmaxWithLoss, each alone: backward against differences on random numbers, for the input and, in Affine, for W and b.",
    zh: "Relu、Sigmoid、Affine、SoftmaxWithLoss 分别检验：用随机数比较 backward 与数值微分，对输入求导，Affine 还对 W 和 b 求导。",
  },
  claims: [
    {
      measure: "largest",
      says: { en: "largest difference of all layers", zh: "所有层的最大差异" },
      accept: { atMost: 1e-8 },
      because: { en: "h² = 1e-8 times third derivatives of less than 1", zh: "h² = 1e-8 乘以小于 1 的三阶导数" },
    },
    {
      measure: "softmaxWithDelta",
      says: {
        en: "with 1e-7 in the logarithm the gradient y - t belongs to another loss, and the difference shows it",
        zh: "对数里加上 1e-7 后，梯度 y - t 已不属于这个损失，差异可以测出",
      },
      accept: { between: [1e-8, 1e-5] },
      because: {
        en: "1e-7 divided by the probabilities, which are between 0.01 and 1",
        zh: "1e-7 除以概率，概率在 0.01 到 1 之间",
      },
    },
  ],
};

export const experiments: readonly Experiment[] = [layers];
