// Losses by name, each with the activation that belongs to it: where the model ends in that activation, the loss starts from the logits, which
// is exact for outputs near 0 and 1 and cheaper.
import { quote } from "../engine/quote.ts";
import type { ActivationName } from "../nn/layers/activation.ts";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "../ops/losses/binary.ts";
import { negativeLogLikelihood, softmaxCrossEntropy } from "../ops/losses/classes.ts";
import { huber, meanAbsoluteError, meanSquaredError, quadraticCost } from "../ops/losses/regression.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A loss as training uses it: a function of outputs and targets, and what belongs to it. */
export interface Loss {
  name: string;
  /** What the targets must be: class indices as they are, or one number an output (class indices become one-hot rows). */
  targets: "classes" | "values";
  /** From the model's outputs. */
  compute(outputs: Tensor, targets: Tensor): Tensor;
  /** The same from the outputs before `activation`. */
  fromLogits?: { activation: ActivationName; compute(logits: Tensor, targets: Tensor): Tensor };
  /** true: depends on its arguments alone, so that `fit` may replay its kernels without calling it. The losses by name do. */
  repeatable?: true;
}

const byName = {
  /** (1/2n) sum |p - t|^2 */
  quadratic: { name: "quadratic", targets: "values", compute: quadraticCost },
  /** -sum t ln p + (1 - t) ln(1 - p), mean over samples, for sigmoid outputs */
  crossEntropy: {
    name: "crossEntropy",
    targets: "values",
    compute: binaryCrossEntropy,
    fromLogits: {
      activation: "sigmoid",
      compute: (z: Tensor, t: Tensor) => binaryCrossEntropyWithLogits(z, t, { reduction: "rows" }),
    },
  },
  /** -ln p[class], mean over samples, for softmax outputs */
  softmaxCrossEntropy: {
    name: "softmaxCrossEntropy",
    targets: "classes",
    compute: negativeLogLikelihood,
    fromLogits: { activation: "softmax", compute: softmaxCrossEntropy },
  },
  /** mean (p - t)^2 */
  meanSquaredError: { name: "meanSquaredError", targets: "values", compute: meanSquaredError },
  /** mean |p - t| */
  meanAbsoluteError: { name: "meanAbsoluteError", targets: "values", compute: meanAbsoluteError },
  /** squared near 0, linear beyond 1 */
  huber: { name: "huber", targets: "values", compute: huber },
} satisfies Record<string, Loss>;

/**
 * A loss by name: `quadratic`, `crossEntropy`, `softmaxCrossEntropy`, `meanSquaredError`, `meanAbsoluteError` or
 * `huber`; see `lossFor`.
 */
export type LossName = keyof typeof byName;

const own = new Set<Loss>(Object.values(byName));

/** Whether the loss is one of those by name. */
export function isOwnLoss(loss: Loss): boolean {
  return own.has(loss);
}

/** Names of all losses. */
export const LOSSES = Object.keys(byName) as LossName[];

/**
 * The loss of that name, or the one given. p are the model's outputs [n, ...], t the targets, sums over outputs, means
 * over samples:
 *
 * - `quadratic`: |p - t|^2 / 2
 * - `crossEntropy`: -sum of t ln p + (1 - t) ln(1 - p), for sigmoid outputs
 * - `softmaxCrossEntropy`: -ln p[class], for softmax outputs
 * - `meanSquaredError`: (p - t)^2, mean over outputs too
 * - `meanAbsoluteError`: |p - t|, mean over outputs too
 * - `huber`: with d = p - t, d^2 / 2 where |d| <= 1 and |d| - 1 / 2 beyond, mean over outputs too
 * @throws TypeError for an unknown name.
 * @example
 * ```ts
 * lossFor("quadratic").compute(tensor([[1, 2]]), tensor([[0, 0]])).item(); // 2.5
 * ```
 */
export function lossFor(loss: LossName | Loss): Loss {
  if (typeof loss === "object") return loss;
  const found: Loss | undefined = byName[loss];
  if (found === undefined) throw new TypeError(`loss: unknown name ${quote(loss)}; use one of ${LOSSES.join(", ")}`);
  return found;
}
