// What losses have in common: terms, one an element or one a sample, are weighed and folded into one number.

import { knownOptions, oneOf } from "../../engine/checks.ts";
import { isFloat } from "../../engine/dtype.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div, mul } from "../arithmetic.ts";
import { sum } from "../broadcast.ts";
import { cast } from "../cast.ts";
import { checkSameShape, checkTensor } from "../check.ts";
import { mean } from "../reduce.ts";
import { reshape } from "../views.ts";

/** How a loss folds its terms: their mean, their sum, or not at all. */
export type Reduction = "mean" | "sum" | "none";

/** What every loss takes. */
export interface LossOptions {
  /** Default "mean". With weights it is the weighted mean: the sum of weights times terms, divided by the sum of the weights. */
  reduction?: Reduction;
  /** How much each sample counts, [n], from 0 on. */
  sampleWeights?: Tensor;
}

const OPTIONS = ["reduction", "sampleWeights"];

export const REDUCTIONS: readonly Reduction[] = ["mean", "sum", "none"];

/** The reduction that is asked for, after a look at the options' names. */
export function reductionOf<R extends string = Reduction>(
  operation: string,
  options: { reduction?: R },
  own: readonly string[] = [],
  reductions: readonly R[] = REDUCTIONS as readonly string[] as readonly R[],
): R {
  knownOptions(operation, options, OPTIONS, own);
  return oneOf(operation, "reduction", options.reduction ?? reductions[0], reductions);
}

/** The samples' weights in the dtype of the terms [n, ...], laid out to be multiplied with them; null where there are none. */
export function sampleWeightsFor(operation: string, terms: Tensor, weights: Tensor | undefined): Tensor | null {
  if (weights === undefined) return null;
  checkTensor(operation, weights);
  if (terms.rank === 0 || weights.rank !== 1 || weights.size !== terms.shape[0]) {
    throw new RangeError(
      `${operation}: sampleWeights must be one weight a sample, for ${formatShape(terms.shape)} of shape (${terms.shape[0] ?? "n"},), got ${formatShape(weights.shape)}`,
    );
  }
  return reshape(
    cast(weights, terms.dtype),
    terms.shape.map((length, axis) => (axis === 0 ? length : 1)),
  );
}

/** Terms folded. `weights`, if any, broadcast to the terms. */
export function foldTerms(terms: Tensor, reduction: Reduction, weights: Tensor | null): Tensor {
  const weighted = weights === null ? terms : mul(terms, weights);
  if (reduction === "none") return weighted;
  if (reduction === "sum") return sum(weighted);
  if (weights === null) return mean(terms);
  return div(sum(weighted), mul(sum(weights), terms.size / weights.size));
}

/** Terms [n, ...] folded as the options of every loss say. */
export function foldLoss(operation: string, terms: Tensor, options: LossOptions): Tensor {
  return foldTerms(terms, options.reduction ?? "mean", sampleWeightsFor(operation, terms, options.sampleWeights));
}

/** Predictions and targets of one shape, as floats. */
export function floatPair(operation: string, predictions: Tensor, targets: Tensor): [Tensor, Tensor] {
  checkTensor(operation, predictions);
  checkTensor(operation, targets);
  checkSameShape(operation, predictions, targets, "predictions and targets");
  const p = isFloat(predictions.dtype) ? predictions : cast(predictions, "float32");
  return [p, cast(targets, p.dtype)];
}

/** The number of samples, of predictions that have a batch axis. */
export function samplesOf(operation: string, x: Tensor): number {
  if (x.rank === 0) throw new RangeError(`${operation}: needs a batch: [samples, outputs], got a scalar`);
  return x.shape[0];
}
