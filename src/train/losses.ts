// Losses by name, each with the activation that belongs to it: where the model ends in that activation, the loss starts from the logits, which
// is exact for outputs near 0 and 1 and cheaper.
import { callable, flag, knownOptions, oneOf, text } from "../engine/checks.ts";
import { byNameIn } from "../engine/names.ts";
import { quote } from "../engine/quote.ts";
import { type ActivationName, activationByName } from "../nn/activations.ts";
import { mul, square, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { greater } from "../ops/comparison.ts";
import { exp } from "../ops/exponentials.ts";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits, hinge } from "../ops/losses/binary.ts";
import { negativeLogLikelihood, softmaxCrossEntropy } from "../ops/losses/classes.ts";
import { cosineDistance, klDivergence } from "../ops/losses/distances.ts";
import type { LossOptions } from "../ops/losses/reduction.ts";
import {
  gaussianNegativeLogLikelihood,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  poissonNegativeLogLikelihood,
  quadraticCost,
} from "../ops/losses/regression.ts";
import { mean } from "../ops/reduce.ts";
import { slice } from "../ops/slices.ts";
import { logSoftmax } from "../ops/softmax.ts";
import { reshape } from "../ops/views.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A loss of each row, [rows], where rows count differently; `labelSmoothing` is that of the cross-entropies, 0 for none. */
export type LossRows = (outputs: Tensor, targets: Tensor, labelSmoothing: number) => Tensor;

/** A loss as training uses it: a function of outputs and targets, and what belongs to it. */
export interface Loss {
  name: string;
  /** What the targets must be: class indices as they are, or one number an output (class indices become one-hot rows). */
  targets: "classes" | "values";
  /** From the model's outputs: one number, the mean over the samples, or one a sample, [n], of which training takes the mean. */
  compute(outputs: Tensor, targets: Tensor): Tensor;
  /** The same from the outputs before `activation`. */
  fromLogits?: {
    activation: ActivationName;
    compute(logits: Tensor, targets: Tensor): Tensor;
    /** @internal */
    rows?: LossRows;
  };
  /**
   * How `compute` is for rows that count differently. Where it is left out, `compute` has to give one number a sample for that.
   * @internal
   */
  rows?: LossRows;
  /** Whether `rows` smooths labels. @internal */
  smooths?: boolean;
  /** true: depends on its arguments alone, so that `fit` may replay its kernels without calling it. The losses by name do. */
  repeatable?: true;
}

/** What a loss is of the elements of a row: their mean, or their sum. */
const eachRow =
  (fold: (x: Tensor, axis: number) => Tensor, terms: LossRows): LossRows =>
  (outputs, targets, smoothing) => {
    const of = terms(outputs, targets, smoothing);
    return of.rank === 1 ? of : fold(of.rank === 2 ? of : reshape(of, [of.shape[0], -1]), 1);
  };

const each = { reduction: "none" } as const;
const sumOf = (x: Tensor, axis: number): Tensor => sum(x, axis);
const meanOf = (x: Tensor, axis: number): Tensor => mean(x, axis);

/** The loss of outputs [n, ...] and their targets: one number, a mean over the samples, or one a sample, [n]. */
export type LossFunction = (outputs: Tensor, targets: Tensor) => Tensor;

/** What stands for a loss: a name, a function, or a loss made by hand or by `customLoss`. */
export type LossLike = LossName | Loss | LossFunction;

/** The hinge loss of targets -1 and 1, or 0 and 1 as classes are written. */
function hingeOfSigns(outputs: Tensor, targets: Tensor): Tensor {
  return hinge(outputs, greater(targets, 0));
}

const hingeRows = eachRow(meanOf, (p, t) => hinge(p, greater(t, 0), each));

/** Outputs [n, 2 k]: k means, then the logarithms of k variances. */
function gaussianOfOutputs(outputs: Tensor, targets: Tensor, options?: LossOptions): Tensor {
  const k = (outputs.shape.at(-1) ?? 1) / 2;
  const t = targets.rank === 1 && k === 1 ? reshape(targets, [-1, 1]) : targets;
  if (outputs.rank !== 2 || !Number.isInteger(k) || !sameShape(t.shape, [outputs.shape[0], k])) {
    throw new RangeError(
      "loss gaussian: outputs are [n, 2 k], k means and the logarithms of their variances, for targets [n, k]; " +
        `got outputs ${formatShape(outputs.shape)} and targets ${formatShape(targets.shape)}`,
    );
  }
  return gaussianNegativeLogLikelihood(slice(outputs, 0, k, 1, 1), t, exp(slice(outputs, k, undefined, 1, 1)), options);
}

const byName = {
  /** (1/2n) sum |p - t|^2 */
  quadratic: {
    name: "quadratic",
    targets: "values",
    compute: quadraticCost,
    rows: eachRow(sumOf, (p, t) => mul(square(sub(p, t)), 0.5)),
  },
  /** -sum t ln p + (1 - t) ln(1 - p), mean over samples, for sigmoid outputs */
  crossEntropy: {
    name: "crossEntropy",
    targets: "values",
    compute: binaryCrossEntropy,
    rows: eachRow(sumOf, (p, t, labelSmoothing) => binaryCrossEntropy(p, t, { ...each, labelSmoothing })),
    smooths: true,
    fromLogits: {
      activation: "sigmoid",
      compute: (z: Tensor, t: Tensor) => binaryCrossEntropyWithLogits(z, t, { reduction: "rows" }),
      rows: eachRow(sumOf, (z, t, labelSmoothing) => binaryCrossEntropyWithLogits(z, t, { ...each, labelSmoothing })),
    },
  },
  /** -ln p[class], mean over samples, for softmax outputs */
  softmaxCrossEntropy: {
    name: "softmaxCrossEntropy",
    targets: "classes",
    compute: (p: Tensor, t: Tensor) => negativeLogLikelihood(p, t),
    rows: (p: Tensor, t: Tensor, labelSmoothing: number) => negativeLogLikelihood(p, t, { ...each, labelSmoothing }),
    smooths: true,
    fromLogits: {
      activation: "softmax",
      compute: (z: Tensor, t: Tensor) => softmaxCrossEntropy(z, t),
      rows: (z: Tensor, t: Tensor, labelSmoothing: number) => softmaxCrossEntropy(z, t, { ...each, labelSmoothing }),
    },
  },
  /** mean (p - t)^2 */
  meanSquaredError: {
    name: "meanSquaredError",
    targets: "values",
    compute: meanSquaredError,
    rows: eachRow(meanOf, (p, t) => meanSquaredError(p, t, each)),
  },
  /** mean |p - t| */
  meanAbsoluteError: {
    name: "meanAbsoluteError",
    targets: "values",
    compute: meanAbsoluteError,
    rows: eachRow(meanOf, (p, t) => meanAbsoluteError(p, t, each)),
  },
  /** squared near 0, linear beyond 1 */
  huber: {
    name: "huber",
    targets: "values",
    compute: huber,
    rows: eachRow(meanOf, (p, t) => huber(p, t, each)),
  },
  /** sum t (ln t - ln p), mean over samples, for softmax outputs and rows of shares */
  klDivergence: {
    name: "klDivergence",
    targets: "values",
    compute: klDivergence,
    rows: (p: Tensor, t: Tensor) => klDivergence(p, t, each),
    fromLogits: {
      activation: "softmax",
      compute: (z: Tensor, t: Tensor) => klDivergence(logSoftmax(z), t, { predictions: "logProbabilities" }),
      rows: (z: Tensor, t: Tensor) => klDivergence(logSoftmax(z), t, { ...each, predictions: "logProbabilities" }),
    },
  },
  /** mean max(0, 1 - t p), t 1 for what is above 0 and -1 for the rest; the outputs' signs are the answers */
  hinge: {
    name: "hinge",
    targets: "values",
    compute: hingeOfSigns,
    rows: hingeRows,
    fromLogits: { activation: "linear", compute: hingeOfSigns, rows: hingeRows },
  },
  /** 1 - cos of the angle between p and t, mean over samples */
  cosineDistance: {
    name: "cosineDistance",
    targets: "values",
    compute: cosineDistance,
    rows: (p: Tensor, t: Tensor) => cosineDistance(p, t, each),
  },
  /** mean p - t ln p, for positive outputs, the rates of counts */
  poisson: {
    name: "poisson",
    targets: "values",
    compute: poissonNegativeLogLikelihood,
    rows: eachRow(meanOf, (p, t) => poissonNegativeLogLikelihood(p, t, each)),
  },
  /** mean (s + (m - t)^2 e^-s) / 2, for outputs m and s side by side: means and logarithms of variances */
  gaussian: {
    name: "gaussian",
    targets: "values",
    compute: (p: Tensor, t: Tensor) => gaussianOfOutputs(p, t),
    rows: eachRow(meanOf, (p, t) => gaussianOfOutputs(p, t, each)),
  },
} satisfies Record<string, Loss>;

/**
 * A loss by name: `quadratic`, `crossEntropy`, `softmaxCrossEntropy`, `meanSquaredError`, `meanAbsoluteError`, `huber`,
 * `klDivergence`, `hinge`, `cosineDistance`, `poisson` or `gaussian`; see `lossFor`.
 */
export type LossName = keyof typeof byName;

const table: ReadonlyMap<string, Loss> = new Map(Object.entries<Loss>(byName));

const own = new Set<Loss>(table.values());

/** Whether the loss is one of those by name. */
export function isOwnLoss(loss: Loss): boolean {
  return own.has(loss);
}

/** Names of all losses. */
export const LOSSES = Object.keys(byName) as LossName[];

/** What `customLoss` takes beside the function. */
export interface CustomLossOptions {
  /** As errors name it; default: the function's name, or "custom". */
  name?: string;
  /** As in `Loss`; default "values". */
  targets?: Loss["targets"];
  /** As in `Loss`. */
  fromLogits?: Loss["fromLogits"];
  /** As in `Loss`; default false. */
  repeatable?: boolean;
}

/**
 * A loss of your own: `compute` makes one number of the model's outputs [n, ...] and their targets, a mean over the samples, so that
 * batches of any size weigh the same; or one number a sample, [n], of which training takes the mean: then samples may be weighed and
 * masked. Where labels belong to the steps of sequences, the steps are the samples. Gradients follow from the operations it uses. `fit`
 * takes the bare function, too; then all options have their defaults.
 *
 * With `targets: "values"` class indices come as one-hot rows, and one value a sample, [n], as [n, 1]; with "classes" as they are.
 * @param options `name`; `targets`; `fromLogits`, the same from the outputs before an activation; `repeatable`: it depends on its
 * arguments alone, so that `fit` may replay it.
 * @throws TypeError if `compute` is no function, or for options that there are not; when it is called, if it gives no such tensor.
 * @example
 * ```ts
 * const cubic = customLoss((p, t) => p.sub(t).abs().pow(3).mean(), { name: "cubic", repeatable: true });
 * cubic.compute(tensor([[3]]), tensor([[1]])).item(); // 8
 * ```
 */
export function customLoss(compute: LossFunction, options: CustomLossOptions = {}): Loss {
  const owner = "customLoss";
  knownOptions(owner, options, ["name", "targets", "fromLogits", "repeatable"]);
  callable(owner, "the loss", compute);
  const name = text(owner, "name", options.name ?? nameOf(compute));
  const targets = oneOf(owner, "targets", options.targets ?? "values", ["values", "classes"]);
  const { fromLogits } = options;
  if (fromLogits !== undefined) {
    knownOptions(`${owner}: fromLogits`, fromLogits, ["activation", "compute"]);
    activationByName(fromLogits.activation);
    callable(owner, "fromLogits.compute", fromLogits.compute);
  }
  return {
    name,
    targets,
    compute: (outputs, wanted) => figureOf(name, compute(outputs, wanted), outputs),
    ...(fromLogits && {
      fromLogits: {
        activation: fromLogits.activation,
        compute: (logits, wanted) => figureOf(name, fromLogits.compute(logits, wanted), logits),
      },
    }),
    ...(flag(owner, "repeatable", options.repeatable ?? false) && { repeatable: true as const }),
  };
}

/** A function's own name; one that is written where it is given is named by its place, which says nothing. */
export function nameOf(compute: { readonly name: string }): string {
  return ["", "loss", "compute"].includes(compute.name) ? "custom" : compute.name;
}

function figureOf(name: string, value: unknown, outputs: Tensor): Tensor {
  if (value instanceof Tensor && (value.size === 1 || (value.rank === 1 && value.size === outputs.shape[0])))
    return value;
  const what = value instanceof Tensor ? "; take its mean()" : "";
  throw new TypeError(`loss ${name}: must give a tensor of one number, or of one a sample, got ${quote(value)}${what}`);
}

/**
 * The loss of that name, or the one given; a function becomes one as by `customLoss`. p are the model's outputs [n, ...], t the
 * targets, sums over outputs, means over samples:
 *
 * - `quadratic`: |p - t|^2 / 2
 * - `crossEntropy`: -sum of t ln p + (1 - t) ln(1 - p), for sigmoid outputs
 * - `softmaxCrossEntropy`: -ln p[class], for softmax outputs
 * - `meanSquaredError`: (p - t)^2, mean over outputs too
 * - `meanAbsoluteError`: |p - t|, mean over outputs too
 * - `huber`: with d = p - t, d^2 / 2 where |d| <= 1 and |d| - 1 / 2 beyond, mean over outputs too
 * - `klDivergence`: sum of t (ln t - ln p), for softmax outputs and targets that are shares
 * - `hinge`: max(0, 1 - t p), mean over outputs too, with t = 1 for targets above 0 and -1 for the others; for linear outputs
 * - `cosineDistance`: 1 - p t / (|p| |t|)
 * - `poisson`: p - t ln p, mean over outputs too, for counts t and outputs above 0, such as softplus makes
 * - `gaussian`: (s + (m - t)^2 e^-s) / 2, mean over outputs too: linear outputs [n, 2 k] are k means m, then k logarithms of
 *   variances s, for targets [n, k] (Nix & Weigend 1994)
 * @throws TypeError for an unknown name, or what is no loss.
 * @example
 * ```ts
 * lossFor("quadratic").compute(tensor([[1, 2]]), tensor([[0, 0]])).item(); // 2.5
 * ```
 */
export function lossFor(loss: LossLike): Loss {
  if (typeof loss === "function") return customLoss(loss);
  if (typeof loss !== "object" || loss === null) return byNameIn("loss", loss, table);
  const { compute, targets, name } = loss;
  if (typeof compute !== "function") {
    throw new TypeError(
      `loss: needs a name, a function (outputs, targets) => tensor, or what customLoss gives; got ${quote(loss)}`,
    );
  }
  text("loss", "name", name);
  oneOf(`loss ${name}`, "targets", targets, ["values", "classes"]);
  return loss;
}
