// Chapter 6: what helps learning. First the deeper network by hand, its gradients checked and compared; then the chapter's experiments.
import { backward, softmaxCrossEntropy, tensor } from "nabla";
import type { Experiment } from "../../experiment.ts";
import { Matrix } from "../../matrix.ts";
import { Random } from "../../random.ts";
import { buildNetwork, copyParams } from "../framework/study.ts";
import { MultiLayerNetExtend } from "../programs/multi-layer-net.ts";

const apart = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])));

/** Gradients of a network with batch normalisation: largest differences from numerical ones, and from the framework's. */
export function compareGradients(seed: number): { numerical: number; framework: number } {
  const random = new Random(seed);
  const sizes = [6, 5, 4, 3];
  const network = new MultiLayerNetExtend(6, [5, 4], 3, {
    ...{ useBatchnorm: true, activation: "sigmoid", weightInitStd: "xavier", seed, delta: 0 },
  });
  const x = Matrix.fill(8, 6, () => random.normal());
  const t = Array.from({ length: 8 }, () => random.below(3));
  const exact = network.gradient(x, t);
  const numeric = network.numericalGradient(x, t);
  const model = buildNetwork({ sizes, useBatchnorm: true, activation: "sigmoid", seed, dtype: "float64" });
  copyParams(network.params, model);
  const inputs = tensor(x.toRows(), "float64");
  backward(softmaxCrossEntropy(model.logits(inputs, { training: true }), tensor(Int32Array.from(t))));
  let framework = 0;
  let index = 0;
  for (const { name, trainable, tensor: values } of model.parameters) {
    if (!trainable) continue;
    const [, , kind] = name.split(".");
    if (kind === "weights") index += 1;
    const short = { weights: "W", bias: "b", gamma: "gamma", beta: "beta" }[kind];
    framework = Math.max(framework, apart(values.gradient!.dataSync(), exact[`${short}${index}`].values));
  }
  const numerical = Math.max(...Object.keys(exact).map((key) => apart(exact[key].values, numeric[key].values)));
  return { numerical, framework };
}

/** The parts of the deeper network beside batch normalisation: weight decay in its gradient, and dropout when it answers. */
function compareExtras(seed: number): { decay: number; dropoutAtTest: number } {
  const random = new Random(seed);
  const x = Matrix.fill(8, 6, () => random.normal());
  const t = Array.from({ length: 8 }, () => random.below(3));
  const decayed = new MultiLayerNetExtend(6, [5, 4], 3, {
    ...{ activation: "sigmoid", weightInitStd: "xavier", weightDecayLambda: 0.1, seed, delta: 0 },
  });
  const [exact, numeric] = [decayed.gradient(x, t), decayed.numericalGradient(x, t)];
  const dropping = { activation: "relu", useDropout: true, dropoutRatio: 0.3, seed } as const;
  const byHand = new MultiLayerNetExtend(6, [5, 4], 3, dropping);
  const model = buildNetwork({ ...dropping, sizes: [6, 5, 4, 3], dtype: "float64" });
  copyParams(byHand.params, model);
  return {
    decay: Math.max(...Object.keys(exact).map((key) => apart(exact[key].values, numeric[key].values))),
    dropoutAtTest: apart(byHand.predict(x).values, model.logits(tensor(x.toRows(), "float64")).dataSync()),
  };
}

const extended: Experiment = {
  id: "scratch/6.3-by-hand",
  title: { en: "Batch normalisation by hand, checked", zh: "手写批归一化的检验" },
  section: "6.3",
  kind: "construction",
  read: [
    "book/scratch/programs/batch-normalization.ts",
    "book/scratch/programs/multi-layer-net.ts",
    "book/scratch/chapter6/6.3-by-hand.ts",
  ],
  async run({ seed }) {
    return { measured: { ...compareGradients(seed), ...compareExtras(seed) } };
  },
  about: {
    en: "The gradient of batch normalisation goes back through the mean and the variance, in six steps by hand. A network of three layers with it is compared parameter by parameter with numerical gradients and with the framework, from equal weights. So are the two other additions of the chapter: weight decay in the gradient, and dropout when the network answers.",
    zh: "批归一化的梯度要穿过均值和方差传回去，手写共六步。一个带批归一化的三层网络，从相同权重出发，逐个参数与数值梯度、与框架比较。本章的另外两项同样检验：梯度中的权值衰减，以及推理时的 Dropout。",
  },
  claims: [
    {
      measure: "numerical",
      says: { en: "largest difference from numerical gradients", zh: "与数值梯度的最大差异" },
      accept: { atMost: 1e-6 },
      because: {
        en: "h² = 1e-8 times third derivatives, which batch normalisation enlarges where a batch's deviation is small",
        zh: "h² = 1e-8 乘以三阶导数；当批内标准差较小时，批归一化会放大它",
      },
    },
    {
      measure: "framework",
      says: { en: "largest difference from the framework's gradients", zh: "与框架梯度的最大差异" },
      accept: { atMost: 1e-12 },
      because: { en: "float64 sums in another order", zh: "float64 求和次序不同" },
    },
    {
      measure: "decay",
      says: {
        en: "with weight decay 0.1: largest difference from numerical gradients",
        zh: "加权值衰减 0.1：与数值梯度的最大差异",
      },
      accept: { atMost: 1e-8 },
      because: { en: "h² = 1e-8 times third derivatives below 1", zh: "h² = 1e-8 乘以小于 1 的三阶导数" },
    },
    {
      measure: "dropoutAtTest",
      says: {
        en: "with dropout 0.3, what the network answers: largest difference from the framework's",
        zh: "加 Dropout 0.3 时网络的回答：与框架的最大差异",
      },
      accept: { atMost: 1e-12 },
      because: { en: "float64 sums in another order", zh: "float64 求和次序不同" },
    },
  ],
};

export const experiments: readonly Experiment[] = [extended];
