// What a model is trained for and judged by: which loss fits its last layer and the targets, the targets as the loss takes them, and the loss of
// a batch. No loss is chosen where none follows from model and data, and none is taken whose figure would mean nothing.
import type { Samples } from "../data/batches.ts";
import type { Model } from "../nn/model.ts";
import { cast } from "../ops/cast.ts";
import { asLabels } from "../ops/labels.ts";
import { oneHot } from "../ops/onehot.ts";
import { reshape } from "../ops/views.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Loss, type LossLike, lossFor } from "./losses.ts";

const FOR_VALUES = "meanSquaredError, meanAbsoluteError, huber or quadratic";

/** Whether the loss is the library's of that name. */
const isNamed = (loss: Loss, name: "softmaxCrossEntropy" | "crossEntropy"): boolean => loss === lossFor(name);

/**
 * The loss asked for, or the one that follows from the model's end and the targets:
 * softmaxCrossEntropy for softmax over several outputs, with class indices or rows of shares; crossEntropy for sigmoid outputs, with
 * class indices or truth values.
 * @throws TypeError, with the losses that fit, if none follows, or the one asked for can't fit.
 */
export function objectiveFor(operation: string, model: Model, y: Tensor, wanted: LossLike | undefined): Loss {
  const outputs = model.outputShape.at(-1) ?? 1;
  const end = model.outputs[0].activation;
  if (wanted === undefined) {
    const shares = y.rank === 2 && y.shape[1] === outputs;
    if (end === "softmax" && outputs > 1 && (y.rank === 1 || shares)) return lossFor("softmaxCrossEntropy");
    if (end === "sigmoid" && (y.dtype === "int32" || y.dtype === "bool")) return lossFor("crossEntropy");
    throw new TypeError(
      `${operation}: no loss follows from a model that ends in ${end ?? "a layer of your own"} with ${outputs} output${outputs === 1 ? "" : "s"} and ${y.dtype} targets ` +
        `of shape ${formatShape(y.shape)}; give one. For values: loss: ${FOR_VALUES}. For classes: softmaxCrossEntropy with a last layer ` +
        "of one output a class and softmax, or crossEntropy with sigmoid",
    );
  }
  const loss = lossFor(wanted);
  if (isNamed(loss, "softmaxCrossEntropy") && outputs === 1) {
    throw new TypeError(
      `${operation}: softmaxCrossEntropy over one output is 0 whatever the model does; for values use ${FOR_VALUES}, ` +
        "for two classes crossEntropy with a sigmoid output, or two outputs with softmax",
    );
  }
  if (isNamed(loss, "softmaxCrossEntropy") && end !== undefined && end !== "softmax") {
    throw new TypeError(
      `${operation}: softmaxCrossEntropy takes the outputs for probabilities, but the model ends in ${end}; end it in softmax, ` +
        "or give the function softmaxCrossEntropy itself as the loss, which takes what comes before a softmax",
    );
  }
  return loss;
}

/**
 * Class indices in whatever dtype, as `tensor([0, 1])` makes them, as int32; other targets as they are.
 * @throws TypeError if the loss takes class indices only, and one is not whole.
 */
export function labelsOrValues(loss: Loss, model: Model, y: Tensor): Tensor {
  if (y.rank !== 1 || y.dtype === "int32") return y;
  if (loss.targets === "classes") return asLabels(loss.name, y);
  const oneOfSeveral = (model.outputShape.at(-1) ?? 1) > 1;
  return oneOfSeveral && y.dataSync().every((value) => Number.isInteger(value)) ? asLabels(loss.name, y) : y;
}

/** Targets as the loss wants them, in the model's dtype: one value a sample, [n], stands beside one output, [n, 1]. Made once for a whole data set. */
export function targetsFor(loss: Loss, model: Model, y: Tensor): Tensor {
  const { outputShape, dtype } = model;
  const outputs = outputShape.at(-1) ?? 1;
  if (y.dtype === "int32" && y.rank === 1) {
    if (loss.targets === "classes") return y;
    if (outputs > 1 || outputShape.length === 0) return oneHot(y, outputs, dtype);
  }
  if (loss.targets === "classes" && y.dtype === "int32" && !(y.rank === 2 && y.shape[1] === outputs)) {
    throw new TypeError(`${loss.name}: class indices must have shape (n,), got ${formatShape(y.shape)}`);
  }
  const values = cast(y, dtype);
  return y.rank === 1 && outputShape.length === 1 && outputs === 1 ? reshape(values, [y.shape[0], 1]) : values;
}

/** Loss of a batch, and what its accuracy is counted on: logits where the loss starts from them. */
export function lossOf(
  loss: Loss,
  model: Model,
  batch: Samples,
  training: boolean,
): { value: Tensor; outputs: Tensor; threshold: number } {
  if (loss.fromLogits !== undefined && loss.fromLogits.activation === model.outputActivation) {
    const outputs = model.logits(batch.x, { training });
    return { value: loss.fromLogits.compute(outputs, batch.y), outputs, threshold: 0 };
  }
  const outputs = model.call(batch.x, { training });
  return { value: loss.compute(outputs, batch.y), outputs, threshold: 0.5 };
}
