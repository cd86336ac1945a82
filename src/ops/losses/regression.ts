// Losses between numbers and numbers. Rows are samples: the last axis holds a sample's outputs.
import { flag, oneOf, positive } from "../../engine/checks.ts";
import { engine } from "../../engine/engine.ts";
import { anyTracked, record, tracked, withRecording } from "../../tensor/graph.ts";
import { formatShape } from "../../tensor/shape.ts";
import { empty, type Tensor } from "../../tensor/tensor.ts";
import { abs, add, div, mul, neg, square, sub } from "../arithmetic.ts";
import { broadcastsTo, broadcastTo } from "../broadcast.ts";
import { cast } from "../cast.ts";
import { checkTensor } from "../check.ts";
import { clip, maximum, where } from "../choice.ts";
import { greater, lessEqual } from "../comparison.ts";
import { exp, log } from "../exponentials.ts";
import { floatPair, foldLoss, type LossOptions, reductionOf, samplesOf } from "./reduction.ts";

/**
 * Squared error: (p - t)^2, its mean over every element by default.
 *
 * Gradient by p: 2 (p - t) / size.
 * @throws RangeError if the shapes differ; TypeError unless both are tensors, or for an unknown option.
 * @example
 * ```ts
 * meanSquaredError(tensor([[1, 2]]), tensor([[0, 0]])).item(); // 2.5
 * meanSquaredError(tensor([1, 2]), tensor([0, 0]), { reduction: "none" }).toArray(); // [1, 4]
 * ```
 */
export function meanSquaredError(predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  const operation = "meanSquaredError";
  const reduction = reductionOf(operation, options);
  const [p, t] = floatPair(operation, predictions, targets);
  if (reduction !== "none" && options.sampleWeights === undefined) {
    return squaredDifference(operation, p, t, reduction === "sum" ? 1 : 1 / p.size);
  }
  return foldLoss(operation, square(sub(p, t)), options);
}

/**
 * Quadratic cost: (1/2n) sum over the n samples of |p - t|^2 (Nielsen, equation 6). Shapes [n, ...] give a scalar.
 *
 * Gradient by p: (p - t) / n.
 * @throws RangeError if the shapes differ or are those of a scalar; TypeError unless both are tensors.
 * @example
 * ```ts
 * quadraticCost(tensor([[1, 2]]), tensor([[0, 0]])).item(); // 2.5
 * ```
 */
export function quadraticCost(predictions: Tensor, targets: Tensor): Tensor {
  const [p, t] = floatPair("quadraticCost", predictions, targets);
  return squaredDifference("quadraticCost", p, t, 0.5 / samplesOf("quadraticCost", p));
}

/** factor times the sum of squared differences, one node: the gradient is 2 factor (p - t). */
function squaredDifference(operation: string, p: Tensor, t: Tensor, factor: number): Tensor {
  const difference = withRecording(false, () => sub(p, t));
  const total = empty(operation, [], difference.dtype);
  engine().reduce("sumSquares", difference, total, 1, difference.size, 1);
  const y = withRecording(false, () => mul(total, factor));
  if (!anyTracked(p, t)) return y;
  return record(operation, y, [p, t], (dy) => {
    const d = mul(anyTracked(p, t) ? sub(p, t) : difference, mul(dy, 2 * factor));
    return [p.node ? d : undefined, t.node ? neg(d) : undefined];
  });
}

/**
 * Absolute error: |p - t|, its mean over every element by default.
 *
 * Gradient by p: sign(p - t) / size.
 * @throws RangeError if the shapes differ; TypeError unless both are tensors, or for an unknown option.
 * @example
 * ```ts
 * meanAbsoluteError(tensor([1, 2]), tensor([0, 0])).item(); // 1.5
 * ```
 */
export function meanAbsoluteError(predictions: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  reductionOf("meanAbsoluteError", options);
  const [p, t] = floatPair("meanAbsoluteError", predictions, targets);
  return foldLoss("meanAbsoluteError", abs(sub(p, t)), options);
}

/** What `huber` takes. */
export interface HuberOptions extends LossOptions {
  /** Where the square ends, above 0; default 1. */
  delta?: number;
}

/**
 * Huber's loss (1964): with d = p - t, d^2/2 where |d| <= delta, else delta (|d| - delta/2); its mean over every element by
 * default.
 *
 * Gradient by p: d cut to [-delta, delta], divided by size.
 * @throws RangeError if the shapes differ or delta is not above 0; TypeError unless both are tensors, or for an unknown option.
 * @example
 * ```ts
 * huber(tensor([3]), tensor([0])).item(); // 2.5
 * huber(tensor([3]), tensor([0]), { delta: 2 }).item(); // 4
 * ```
 */
export function huber(predictions: Tensor, targets: Tensor, options: HuberOptions = {}): Tensor {
  reductionOf("huber", options, ["delta"]);
  const delta = positive("huber", "delta", options.delta ?? 1);
  const [p, t] = floatPair("huber", predictions, targets);
  const [difference, terms] = withRecording(false, () => {
    const d = sub(p, t);
    const distance = abs(d);
    const outer = mul(sub(distance, 0.5 * delta), delta);
    return [d, where(lessEqual(distance, delta), mul(square(d), 0.5), outer)];
  });
  if (!anyTracked(p, t)) return foldLoss("huber", terms, options);
  record("huber", terms, [p, t], (dy) => {
    const slope = mul(dy, clip(anyTracked(p, t) ? sub(p, t) : difference, -delta, delta));
    return [p.node ? slope : undefined, t.node ? neg(slope) : undefined];
  });
  return foldLoss("huber", terms, options);
}

/** What `poissonNegativeLogLikelihood` takes. */
export interface PoissonOptions extends LossOptions {
  /** What the predictions are: expected counts (default), or their logarithms, which may have any sign. */
  predictions?: "rates" | "logRates";
  /** Adds ln t!, by Stirling's formula for t > 1: it changes no gradient. Default false. */
  full?: boolean;
}

/**
 * Negative log-likelihood of counts t under Poisson's distribution with rates p: p - t ln(p + 1e-8); of log-rates p,
 * e^p - t p. Its mean over every element by default.
 *
 * Gradient by a rate: 1 - t / (p + 1e-8); by a log-rate: e^p - t; both divided by size.
 * @throws RangeError if the shapes differ; TypeError unless both are tensors, or for an unknown option.
 * @example
 * ```ts
 * poissonNegativeLogLikelihood(tensor([2]), tensor([3])).item(); // -0.0794415: 2 - 3 ln 2
 * poissonNegativeLogLikelihood(tensor([0]), tensor([3]), { predictions: "logRates" }).item(); // 1
 * ```
 */
export function poissonNegativeLogLikelihood(
  predictions: Tensor,
  targets: Tensor,
  options: PoissonOptions = {},
): Tensor {
  const operation = "poissonNegativeLogLikelihood";
  reductionOf(operation, options, ["predictions", "full"]);
  const kind = oneOf(operation, "predictions", options.predictions ?? "rates", ["rates", "logRates"]);
  const full = flag(operation, "full", options.full ?? false);
  const [p, t] = floatPair(operation, predictions, targets);
  const terms = kind === "rates" ? sub(p, mul(t, log(add(p, 1e-8)))) : sub(exp(p), mul(t, p));
  return foldLoss(operation, full ? add(terms, logFactorial(t)) : terms, options);
}

/** ln t! by Stirling, t ln t - t + ln(2 pi t) / 2 for t > 1, else 0. */
function logFactorial(t: Tensor): Tensor {
  const large = greater(t, 1);
  const safe = where(large, t, 1);
  const stirling = add(sub(mul(safe, log(safe)), safe), mul(log(mul(safe, 2 * Math.PI)), 0.5));
  return where(large, stirling, 0);
}

/** What `gaussianNegativeLogLikelihood` takes. */
export interface GaussianOptions extends LossOptions {
  /** Variances below this count as this, above 0; default 1e-6. */
  epsilon?: number;
  /** Adds ln(2 pi) / 2, which changes no gradient. Default false. */
  full?: boolean;
}

/**
 * Negative log-likelihood of t under normal distributions with means p and variances v (Nix & Weigend 1994):
 * (ln v + (p - t)^2 / v) / 2, its mean over every element by default. v has the shape of p or broadcasts to it.
 *
 * Gradients: by p (p - t) / v; by v (1 - (p - t)^2 / v) / (2 v), also where v is below epsilon, so that it can grow again.
 * @throws RangeError if the shapes do not fit or epsilon is not above 0; TypeError unless all are tensors, or for an unknown option.
 * @example
 * ```ts
 * gaussianNegativeLogLikelihood(tensor([3]), tensor([1]), tensor([1])).item(); // 2
 * ```
 */
export function gaussianNegativeLogLikelihood(
  predictions: Tensor,
  targets: Tensor,
  variances: Tensor,
  options: GaussianOptions = {},
): Tensor {
  const operation = "gaussianNegativeLogLikelihood";
  reductionOf(operation, options, ["epsilon", "full"]);
  const epsilon = positive(operation, "epsilon", options.epsilon ?? 1e-6);
  const full = flag(operation, "full", options.full ?? false);
  const [p, t] = floatPair(operation, predictions, targets);
  checkTensor(operation, variances);
  if (!broadcastsTo(variances.shape, p.shape)) {
    throw new RangeError(
      `${operation}: variances of shape ${formatShape(variances.shape)} can't be broadcast to the predictions' ${formatShape(p.shape)}`,
    );
  }
  const v = atLeast(broadcastTo(cast(variances, p.dtype), p.shape), epsilon);
  const terms = mul(add(log(v), div(square(sub(p, t)), v)), 0.5);
  return foldLoss(operation, full ? add(terms, 0.5 * Math.log(2 * Math.PI)) : terms, options);
}

/** max(x, least), but with the gradient of x: what was lifted can still move. */
function atLeast(x: Tensor, least: number): Tensor {
  const y = withRecording(false, () => maximum(x, least));
  return tracked(x) ? record("atLeast", y, [x], (dy) => [dy]) : y;
}
