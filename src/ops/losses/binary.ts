// Losses of yes or no: each output is a question of its own. Rows are samples.

import { finite, oneOf, positive } from "../../engine/checks.ts";
import { engine } from "../../engine/engine.ts";
import { quote } from "../../engine/quote.ts";
import { anyTracked, record } from "../../tensor/graph.ts";
import { formatShape } from "../../tensor/shape.ts";
import { empty, packed, type Tensor } from "../../tensor/tensor.ts";
import { relu, sigmoid } from "../activations.ts";
import { add, div, mul, neg, square, sub } from "../arithmetic.ts";
import { sum } from "../broadcast.ts";
import { cast } from "../cast.ts";
import { checkTensor } from "../check.ts";
import { logProbability } from "./log-probability.ts";
import {
  floatPair,
  foldLoss,
  foldTerms,
  type LossOptions,
  type Reduction,
  reductionOf,
  samplesOf,
  sampleWeightsFor,
} from "./reduction.ts";

/** What the binary cross-entropies take. */
export interface BinaryLossOptions extends Omit<LossOptions, "reduction"> {
  /** As every loss, or "rows": sum over a sample's outputs, mean over samples, as the books have it. */
  reduction?: Reduction | "rows";
  /** How much each output counts, [outputs]: its terms are multiplied by it. */
  classWeights?: Tensor;
  /** s, from 0 up to 1: targets t become t (1 - s) + s / 2. Default 0. */
  labelSmoothing?: number;
}

type BinaryReduction = Reduction | "rows";
const OWN = ["classWeights", "labelSmoothing"];

/** The option labelSmoothing, a share from 0 on and below 1. */
export function smoothingOf(operation: string, options: { labelSmoothing?: number }): number {
  const s = finite(operation, "labelSmoothing", options.labelSmoothing ?? 0);
  if (s < 0 || s >= 1)
    throw new RangeError(`${operation}: labelSmoothing must be at least 0 and below 1, got ${quote(s)}`);
  return s;
}

function smoothed(operation: string, t: Tensor, options: BinaryLossOptions): Tensor {
  const s = smoothingOf(operation, options);
  return s === 0 ? t : add(mul(t, 1 - s), s / 2);
}

/** Terms [n, ...] folded, each output weighed. */
function foldBinary(operation: string, terms: Tensor, reduction: BinaryReduction, options: BinaryLossOptions): Tensor {
  const samples = sampleWeightsFor(operation, terms, options.sampleWeights);
  const outputs = options.classWeights === undefined ? null : outputWeights(operation, terms, options.classWeights);
  if (reduction === "rows") {
    const n = samplesOf(operation, terms);
    const weighted = outputs === null ? terms : mul(terms, outputs);
    if (samples === null) return mul(sum(weighted), 1 / n);
    return div(sum(mul(weighted, samples)), sum(samples));
  }
  return foldTerms(terms, reduction, samples && outputs ? mul(samples, outputs) : (samples ?? outputs));
}

function outputWeights(operation: string, terms: Tensor, weights: Tensor): Tensor {
  checkTensor(operation, weights);
  if (terms.rank === 0 || weights.rank !== 1 || weights.size !== terms.shape.at(-1)) {
    throw new RangeError(
      `${operation}: classWeights must be one weight an output, for ${formatShape(terms.shape)} of shape (${terms.shape.at(-1) ?? "outputs"},), got ${formatShape(weights.shape)}`,
    );
  }
  return cast(weights, terms.dtype);
}

/**
 * Cross-entropy of sigmoid outputs p in (0, 1): -(t ln p + (1 - t) ln(1 - p)), by default the sum over outputs, mean over
 * samples (Nielsen, equation 63). Shapes [n, ...]. Logarithms stop at -100.
 *
 * Gradient by p: (p - t) / (n p (1 - p)), its divisors at least 1e-12: large and finite where p is 0 or 1. Together with a
 * sigmoid use `binaryCrossEntropyWithLogits`, which has no such division.
 * @throws RangeError if the shapes differ or are those of a scalar; TypeError unless both are tensors, or for an unknown option.
 * @example
 * ```ts
 * binaryCrossEntropy(tensor([[0.5]]), tensor([[1]])).item(); // 0.6931472
 * ```
 */
export function binaryCrossEntropy(predictions: Tensor, targets: Tensor, options: BinaryLossOptions = {}): Tensor {
  const operation = "binaryCrossEntropy";
  const reduction = reductionOf<BinaryReduction>(operation, options, OWN, ["rows", "mean", "sum", "none"]);
  const [p, given] = floatPair(operation, predictions, targets);
  const t = smoothed(operation, given, options);
  const terms = neg(add(mul(t, logProbability(p)), mul(sub(1, t), logProbability(sub(1, p)))));
  return foldBinary(operation, terms, reduction, options);
}

/**
 * Cross-entropy of sigmoid(z), stable for any z: max(z, 0) - z t + ln(1 + e^-|z|), its mean over every element by default.
 * Shapes [n, ...].
 *
 * Gradient by z: (sigmoid(z) - t) / count, count being what the mean is over.
 * @throws RangeError if the shapes differ or, by rows, are those of a scalar; TypeError unless both are tensors, or for an
 * unknown option.
 * @example
 * ```ts
 * binaryCrossEntropyWithLogits(tensor([[0]]), tensor([[1]])).item(); // 0.6931472
 * binaryCrossEntropyWithLogits(tensor([[0, 0]]), tensor([[1, 0]]), { reduction: "rows" }).item(); // 1.3862944
 * ```
 */
export function binaryCrossEntropyWithLogits(logits: Tensor, targets: Tensor, options: BinaryLossOptions = {}): Tensor {
  const operation = "binaryCrossEntropyWithLogits";
  const reduction = reductionOf<BinaryReduction>(operation, options, OWN, ["mean", "sum", "none", "rows"]);
  const [z, given] = floatPair(operation, logits, targets);
  const t = smoothed(operation, given, options);
  const terms = empty(operation, z.shape, z.dtype);
  if (z.size > 0) engine().kernel(operation, z.dtype, packed(z), packed(t), terms, z.size);
  const weighted = options.sampleWeights !== undefined || options.classWeights !== undefined;
  if (weighted || reduction === "none") {
    const y = anyTracked(z, t) ? record(operation, terms, [z, t], (dy) => logitGradients(z, t, dy)) : terms;
    return foldBinary(operation, y, reduction, options);
  }
  // The sum and its factor are part of the one node.
  const factor = reduction === "sum" ? 1 : 1 / (reduction === "mean" ? z.size : samplesOf(operation, z));
  const y = mul(sum(terms), factor);
  if (!anyTracked(z, t)) return y;
  return record(operation, y, [z, t], (dy) => logitGradients(z, t, mul(dy, factor)));
}

function logitGradients(z: Tensor, t: Tensor, scale: Tensor): (Tensor | undefined)[] {
  return [z.node ? mul(sub(sigmoid(z), t), scale) : undefined, t.node ? neg(mul(z, scale)) : undefined];
}

/** What `hinge` takes. */
export interface HingeOptions extends LossOptions {
  /** How far on the right side a prediction must lie, above 0; default 1. */
  margin?: number;
  /** 1 (default), or 2: the squared hinge. */
  power?: 1 | 2;
}

/**
 * Hinge loss of a support vector machine (Cortes & Vapnik 1995): max(0, margin - t p)^power, its mean over every element by
 * default. The targets are -1 and 1, or bool.
 *
 * Gradient by p: -t where t p < margin, else 0, divided by size; of the square -2 t max(0, margin - t p).
 * @throws RangeError if the shapes differ or margin is not above 0; TypeError unless both are tensors, for another power or an
 * unknown option.
 * @example
 * ```ts
 * hinge(tensor([0.5, 3, 1]), tensor([1, 1, -1])).item(); // 0.8333333: (0.5 + 0 + 2) / 3
 * ```
 */
export function hinge(predictions: Tensor, targets: Tensor, options: HingeOptions = {}): Tensor {
  reductionOf("hinge", options, ["margin", "power"]);
  const margin = positive("hinge", "margin", options.margin ?? 1);
  const power = oneOf("hinge", "power", options.power ?? 1, [1, 2]);
  const [p, given] = floatPair("hinge", predictions, targets);
  const t = targets.dtype === "bool" ? sub(mul(given, 2), 1) : given;
  const missing = relu(sub(margin, mul(t, p)));
  return foldLoss("hinge", power === 2 ? square(missing) : missing, options);
}
