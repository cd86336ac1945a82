// Losses by name, each with the activation that belongs to it: where the model ends in that activation, the loss starts from the logits, which
// is exact for outputs near 0 and 1 and cheaper.
import type { ActivationName } from "../nn/layers/activation.ts";
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  negativeLogLikelihood,
  quadraticCost,
  softmaxCrossEntropy,
} from "../ops/loss.ts";
import { log } from "../ops/elementwise.ts";
import { maximum } from "../ops/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface Loss {
  name: string;
  /** What the targets must be: class indices as they are, or one number an output (class indices become one-hot rows). */
  targets: "classes" | "values";
  /** From the model's outputs. */
  compute(outputs: Tensor, targets: Tensor): Tensor;
  /** The same from the outputs before `activation`. */
  fromLogits?: { activation: ActivationName; compute(logits: Tensor, targets: Tensor): Tensor };
}

const byName = {
  /** (1/2n) sum |p - t|^2 */
  quadratic: { name: "quadratic", targets: "values", compute: quadraticCost },
  /** -sum t ln p + (1 - t) ln(1 - p), mean over samples, for sigmoid outputs */
  crossEntropy: {
    name: "crossEntropy",
    targets: "values",
    compute: binaryCrossEntropy,
    fromLogits: { activation: "sigmoid", compute: (z: Tensor, t: Tensor) => binaryCrossEntropyWithLogits(z, t, "rows") },
  },
  /** -ln p[class], mean over samples, for softmax outputs */
  softmaxCrossEntropy: {
    name: "softmaxCrossEntropy",
    targets: "classes",
    compute: (p: Tensor, t: Tensor) =>
      // Targets that are probabilities: softmax of ln p is p again.
      t.dtype === "int32" ? negativeLogLikelihood(p, t) : softmaxCrossEntropy(log(maximum(p, 1e-37)), t),
    fromLogits: { activation: "softmax", compute: softmaxCrossEntropy },
  },
  /** mean (p - t)^2 */
  meanSquaredError: { name: "meanSquaredError", targets: "values", compute: meanSquaredError },
  /** mean |p - t| */
  meanAbsoluteError: { name: "meanAbsoluteError", targets: "values", compute: meanAbsoluteError },
  /** squared near 0, linear beyond 1 */
  huber: { name: "huber", targets: "values", compute: (p: Tensor, t: Tensor) => huber(p, t) },
} satisfies Record<string, Loss>;

export type LossName = keyof typeof byName;

export const LOSSES = Object.keys(byName) as LossName[];

/** The loss of that name, or the one given. @throws TypeError for an unknown name. */
export function lossFor(loss: LossName | Loss): Loss {
  if (typeof loss === "object") return loss;
  const found: Loss | undefined = byName[loss];
  if (found === undefined) throw new TypeError(`loss: unknown name ${JSON.stringify(loss)}; use one of ${LOSSES.join(", ")}`);
  return found;
}
