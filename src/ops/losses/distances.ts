// How far distributions and directions are apart. The last axis holds a distribution or a vector.

import { finite, oneOf } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { relu } from "../activations.ts";
import { mul, square, sub } from "../arithmetic.ts";
import { sum } from "../broadcast.ts";
import { cast } from "../cast.ts";
import { checkTensor } from "../check.ts";
import { maximum, where } from "../choice.ts";
import { equal, greater } from "../comparison.ts";
import { rsqrt } from "../exponentials.ts";
import { logProbability } from "./log-probability.ts";
import { floatPair, foldLoss, type LossOptions, reductionOf, samplesOf } from "./reduction.ts";

/** What `klDivergence` takes. */
export interface DivergenceOptions extends LossOptions {
  /** What the predictions are: probabilities (default), or their logarithms, as `logSoftmax` gives them. */
  predictions?: "probabilities" | "logProbabilities";
}

/**
 * Kullback-Leibler divergence of predicted distributions p from the targets t: sum over the last axis of t (ln t - ln p), with
 * 0 ln 0 = 0, by default its mean over samples. Shapes [..., classes]; [...] with reduction "none". Logarithms of
 * probabilities stop at -100.
 *
 * Gradient by p: -t / p, p in it at least 1e-12; by ln p: -t.
 * @throws RangeError if the shapes differ or are those of a scalar; TypeError unless both are tensors, or for an unknown option.
 * @example
 * ```ts
 * klDivergence(tensor([[0.25, 0.75]]), tensor([[0.5, 0.5]])).item(); // 0.1438410: ln(2) / 2 + ln(2 / 3) / 2
 * ```
 */
export function klDivergence(predictions: Tensor, targets: Tensor, options: DivergenceOptions = {}): Tensor {
  const operation = "klDivergence";
  reductionOf(operation, options, ["predictions"]);
  const kinds = ["probabilities", "logProbabilities"] as const;
  const kind = oneOf(operation, "predictions", options.predictions ?? "probabilities", kinds);
  const [p, t] = floatPair(operation, predictions, targets);
  samplesOf(operation, p);
  // A class that can't be counts for nothing, though its logarithm may be -Infinity.
  const logP = kind === "probabilities" ? logProbability(p) : where(equal(t, 0), 0, p);
  return foldLoss(operation, sum(mul(t, sub(logProbability(t), logP)), -1), options);
}

/**
 * Cosine of the angle between vectors along an axis, the last by default: sum(a b) / (|a| |b|), lengths counted as at least
 * 1e-8: 0 for a vector of zeros. Shapes: [..., d] and [..., d], which may broadcast, give [...].
 *
 * Gradient by a: (b / |b| - y a / |a|) / |a|.
 * @throws RangeError if the shapes do not broadcast or the axis is out of range; TypeError unless both are tensors.
 * @example
 * ```ts
 * cosineSimilarity(tensor([[1, 0], [1, 1]]), tensor([[0, 2], [3, 3]])).toArray(); // [0, 1]
 * ```
 */
export function cosineSimilarity(a: Tensor, b: Tensor, axis = -1): Tensor {
  checkTensor("cosineSimilarity", a);
  checkTensor("cosineSimilarity", b);
  return mul(sum(mul(a, b), axis), mul(inverseLength(a, axis), inverseLength(b, axis)));
}

/** 1 / max(|x|, 1e-8) along an axis. */
function inverseLength(x: Tensor, axis: number): Tensor {
  return rsqrt(maximum(cast(sum(square(x), axis), x.dtype === "float64" ? "float64" : "float32"), 1e-16));
}

/**
 * Cosine distance of predictions from targets: 1 - `cosineSimilarity` along the last axis, from 0 (the same direction) to 2, by
 * default its mean over samples. Shapes [..., d]; [...] with reduction "none".
 *
 * Gradient: that of `cosineSimilarity`, negative.
 * @throws RangeError if the shapes differ or are those of a scalar; TypeError unless both are tensors, or for an unknown option.
 * @example
 * ```ts
 * cosineDistance(tensor([[1, 0], [1, 1]]), tensor([[0, 2], [3, 3]])).item(); // 0.5
 * ```
 */
export function cosineDistance(predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  reductionOf("cosineDistance", options);
  const [p, t] = floatPair("cosineDistance", predictions, targets);
  samplesOf("cosineDistance", p);
  return foldLoss("cosineDistance", sub(1, cosineSimilarity(p, t)), options);
}

/** What `cosineEmbeddingLoss` takes. */
export interface CosineEmbeddingOptions extends LossOptions {
  /** How alike unlike pairs may be, from -1 to 1; default 0. */
  margin?: number;
}

/**
 * Loss of pairs that should be alike or not: with c the `cosineSimilarity` of rows of a and b, 1 - c where the target is 1, and
 * max(0, c - margin) where it is -1; by default its mean over the pairs. Shapes: a and b [n, d], targets [n].
 *
 * Gradient: that of c, negative for like pairs.
 * @throws RangeError if the shapes do not fit or the margin is not from -1 to 1; TypeError unless all are tensors, or for an
 * unknown option.
 * @example
 * ```ts
 * const [a, b] = [tensor([[1, 0], [1, 1]]), tensor([[0, 2], [3, 3]])];
 * cosineEmbeddingLoss(a, b, tensor([1, -1]), { reduction: "none" }).toArray(); // [1, 1]
 * ```
 */
export function cosineEmbeddingLoss(
  a: Tensor,
  b: Tensor,
  targets: Tensor,
  options: CosineEmbeddingOptions = {},
): Tensor {
  const operation = "cosineEmbeddingLoss";
  reductionOf(operation, options, ["margin"]);
  const margin = finite(operation, "margin", options.margin ?? 0);
  if (Math.abs(margin) > 1) throw new RangeError(`${operation}: margin must be from -1 to 1, got ${quote(margin)}`);
  const [x, y] = floatPair(operation, a, b);
  checkTensor(operation, targets);
  if (x.rank !== 2 || targets.rank !== 1 || targets.size !== x.shape[0]) {
    throw new RangeError(
      `${operation}: needs rows [n, d] and targets [n], 1 for alike and -1 for unlike, got ${formatShape(x.shape)} and ${formatShape(targets.shape)}`,
    );
  }
  const c = cosineSimilarity(x, y);
  return foldLoss(operation, where(greater(targets, 0), sub(1, c), relu(sub(c, margin))), options);
}
