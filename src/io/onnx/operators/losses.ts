// Losses of classes.
import { div, mul, neg } from "../../../ops/arithmetic.ts";
import { sum } from "../../../ops/broadcast.ts";
import { cast } from "../../../ops/cast.ts";
import { where } from "../../../ops/choice.ts";
import { equal } from "../../../ops/comparison.ts";
import { gather, takeAlongAxis } from "../../../ops/gather.ts";
import { mean } from "../../../ops/reduce.ts";
import { logSoftmax } from "../../../ops/softmax.ts";
import { expandDims, reshape } from "../../../ops/views.ts";
import { onesLike } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { axisOf, type Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromTensor } from "../run/value.ts";

/** Of log probabilities [n, classes, ...] and classes [n, ...], with weights a class and a class that does not count. */
function lossOf(call: Call, logs: Tensor): Tensor {
  const { attributes } = call;
  const labels = cast(call.tensor(1), "int32");
  const ignored = attributes.has("ignore_index") ? equal(labels, attributes.int("ignore_index", 0)) : null;
  const known = ignored === null ? labels : where(ignored, 0, labels);
  const picked = reshape(takeAlongAxis(logs, expandDims(known, 1), 1), labels.shape);
  let weights: Tensor | null = call.has(2) ? gather(call.tensor(2), known) : null;
  if (ignored !== null) weights = where(ignored, 0, weights ?? onesLike(picked));
  const terms = neg(weights === null ? picked : mul(picked, weights));
  const reduction = attributes.text("reduction", "mean");
  if (reduction === "none") return terms;
  if (reduction === "sum") return sum(terms);
  return weights === null ? mean(terms) : div(sum(terms), sum(weights));
}

function negativeLogLikelihood(call: Call): ArrayValue[] {
  return [fromTensor(lossOf(call, call.tensor(0)), call.value(0).type)];
}

function softmaxCrossEntropy(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const logs = logSoftmax(x, axisOf(1, x.rank));
  return [fromTensor(lossOf(call, logs), type), fromTensor(logs, type)];
}

/** Operators of this family. */
export const losses: OperatorTable = {
  NegativeLogLikelihoodLoss: entry(negativeLogLikelihood),
  SoftmaxCrossEntropyLoss: entry(softmaxCrossEntropy),
};
