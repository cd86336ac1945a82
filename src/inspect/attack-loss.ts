// The loss that an attack climbs, of a model and classes.
import type { Model } from "../nn/model.ts";
import { mul, neg, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { oneHot } from "../ops/onehot.ts";
import { max, mean } from "../ops/reduce.ts";
import { reshape } from "../ops/views.ts";
import { tensor } from "../tensor/create.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Loss, type LossLike, lossFor } from "../train/losses.ts";
import { inRows } from "../train/predicted-classes.ts";
import { outputsOf } from "./inputs.ts";

/** What `loss` of an attack may be. */
export type AttackLoss = LossLike | "margin";

/** A loss of a batch and its classes: one number, a mean over the samples. */
export type LossOfClasses = (x: Tensor, classes: Int32Array) => Tensor;

const FAR = 1e9;

/** max over other classes of z_j, less z of the class: z the outputs before softmax or sigmoid (Carlini & Wagner 2017). For one output z, -z of class 1. */
function margin(logits: Tensor, classes: Int32Array): Tensor {
  const rows = inRows(logits);
  const chosen = tensor(Int32Array.from(classes), { shape: [classes.length] });
  if (rows.shape[1] === 1) {
    const signs = tensor(
      Array.from(classes, (label) => (label === 1 ? -1 : 1)),
      { dtype: rows.dtype as "float32" },
    );
    return mean(mul(reshape(rows, [-1]), signs));
  }
  const mask = oneHot(chosen, rows.shape[1], rows.dtype);
  return mean(sub(max(sub(rows, mul(mask, FAR)), 1), sum(mul(rows, mask), 1)));
}

/**
 * The loss of a model's answers to a batch by classes: that named, or the one that fits the last layer.
 * @throws TypeError, RangeError where none follows, or one does not fit.
 */
export function attackLossOf(owner: string, model: Model, given: AttackLoss | undefined): LossOfClasses {
  const outputs = outputsOf(owner, model);
  if (given === "margin") return (x, classes) => margin(model.logits(x), classes);
  const activation = model.outputActivation;
  if (given === undefined && activation === "linear" && outputs > 1) {
    // Outputs without an activation are taken for logits.
    const { fromLogits } = lossFor("softmaxCrossEntropy");
    return (x, classes) => fromLogits!.compute(model.call(x), tensor(Int32Array.from(classes)));
  }
  const loss = given === undefined ? usualLoss(owner, activation) : lossFor(given);
  return (x, classes) => {
    const labels = tensor(Int32Array.from(classes), { shape: [classes.length] });
    const targets =
      loss.targets === "classes"
        ? labels
        : outputs === 1
          ? tensor(Array.from(classes), { shape: [classes.length, 1], dtype: model.dtype as "float32" })
          : oneHot(labels, outputs, model.dtype);
    const fromLogits = loss.fromLogits?.activation === activation ? loss.fromLogits : undefined;
    const value = fromLogits ? fromLogits.compute(model.logits(x), targets) : loss.compute(model.call(x), targets);
    return value.rank === 0 ? value : mean(value);
  };
}

function usualLoss(owner: string, activation: string): Loss {
  if (activation === "softmax") return lossFor("softmaxCrossEntropy");
  if (activation === "sigmoid") return lossFor("crossEntropy");
  throw new TypeError(
    `${owner}: no loss follows from a last layer that ends in ${activation}; name one, such as { loss: "margin" } or { loss: "meanSquaredError" }`,
  );
}

/** The gradient of minus the loss: what raises the classes' probability. */
export function towards(loss: LossOfClasses): LossOfClasses {
  return (x, classes) => neg(loss(x, classes));
}
