// Losses of one class out of several: a target is the class's index, or a probability for each class. Rows are samples.

import { whole } from "../../engine/checks.ts";
import { isFloat } from "../../engine/dtype.ts";
import { engine } from "../../engine/engine.ts";
import { record, tracked } from "../../tensor/graph.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { empty, packed, type Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, neg, sub } from "../arithmetic.ts";
import { sum } from "../broadcast.ts";
import { cast } from "../cast.ts";
import { checkTensor } from "../check.ts";
import { where } from "../choice.ts";
import { notEqual } from "../comparison.ts";
import { asLabels } from "../labels.ts";
import { oneHot } from "../onehot.ts";
import { mean } from "../reduce.ts";
import { logSoftmax, softmax } from "../softmax.ts";
import { expandDims } from "../views.ts";
import { smoothingOf } from "./binary.ts";
import { logProbability } from "./log-probability.ts";
import { type LossOptions, reductionOf, sampleWeightsFor } from "./reduction.ts";

/** What losses of classes take. */
export interface ClassLossOptions extends LossOptions {
  /** How much each class counts, [classes]. With it the mean is over the weights of the samples' classes. */
  classWeights?: Tensor;
  /** Samples whose class index is this number count for nothing: padding. Default: there is none. */
  ignoreIndex?: number;
  /** s, from 0 up to 1: a share s of every target is spread evenly over all classes (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number;
}

/** Class indices [n], or probabilities [n, classes]; the other one is null. */
interface Targets {
  labels: Tensor | null;
  probabilities: Tensor | null;
}

/** Which form the targets have, checked. */
function targetsOf(operation: string, scores: Tensor, targets: Tensor, ignoreIndex: number | undefined): Targets {
  const [n, classes] = scores.shape as [number, number];
  if (targets.rank === 1) {
    const labels = asLabels(operation, targets);
    if (ignoreIndex === undefined) checkClasses(operation, labels, n, classes);
    return { labels, probabilities: null };
  }
  if (!sameShape(targets.shape, scores.shape)) {
    throw new RangeError(
      `${operation}: targets must be ${n} class indices or probabilities of shape ${formatShape(scores.shape)}, got ${targets.dtype} ${formatShape(targets.shape)}`,
    );
  }
  if (ignoreIndex !== undefined) {
    throw new TypeError(
      `${operation}: ignoreIndex is for class indices; leave a row of probabilities out by sampleWeights`,
    );
  }
  return { labels: null, probabilities: cast(targets, scores.dtype) };
}

/** Scores [n, classes] as floats. */
function scoresOf(operation: string, name: string, scores: Tensor, targets: Tensor): Tensor {
  checkTensor(operation, scores);
  checkTensor(operation, targets);
  if (scores.rank !== 2)
    throw new RangeError(`${operation}: ${name} must be [samples, classes], got ${formatShape(scores.shape)}`);
  return isFloat(scores.dtype) ? scores : cast(scores, "float32");
}

function checkClasses(operation: string, labels: Tensor, n: number, classes: number): void {
  if (labels.shape[0] !== n) {
    throw new RangeError(`${operation}: ${n} samples need as many class indices, got ${labels.shape[0]}`);
  }
  const bad = n === 0 ? -1 : engine().kernel("checkIndices", "int32", packed(labels), n, classes);
  if (bad >= 0) {
    const value = engine().readElement(packed(labels), bad);
    throw new RangeError(`${operation}: class index ${value} at position ${bad} is not in 0 to ${classes - 1}`);
  }
}

/** The loss with its options, from what gives each sample's term: `rowsOf` of indices or of probabilities. */
function weighed(
  operation: string,
  scores: Tensor,
  targets: Tensor,
  options: ClassLossOptions,
  rowsOf: (targets: Targets) => Tensor,
): Tensor {
  const reduction = reductionOf(operation, options, ["classWeights", "ignoreIndex", "labelSmoothing"]);
  const [n, classes] = scores.shape as [number, number];
  const { classWeights, ignoreIndex } = options;
  const smoothing = smoothingOf(operation, options);
  if (ignoreIndex !== undefined) whole(operation, "ignoreIndex", ignoreIndex, -(2 ** 31));
  let { labels, probabilities } = targetsOf(operation, scores, targets, ignoreIndex);
  let kept: Tensor | null = null;
  if (labels !== null && ignoreIndex !== undefined) {
    kept = notEqual(labels, ignoreIndex);
    labels = where(kept, labels, 0);
    checkClasses(operation, labels, n, classes);
  }
  // What a sample counts for: in the mean, the weight of its class is that of the target before smoothing, as in PyTorch.
  let weights = sampleWeightsFor(operation, scores, options.sampleWeights)?.reshape([n]) ?? null;
  if (kept !== null) weights = weights === null ? cast(kept, scores.dtype) : where(kept, weights, 0);
  let divisors = weights;
  if (classWeights !== undefined || smoothing > 0) {
    const plain = probabilities ?? oneHot(labels!, classes, scores.dtype as "float32");
    let t = smoothing > 0 ? add(mul(plain, 1 - smoothing), smoothing / classes) : plain;
    if (classWeights !== undefined) {
      const perClass = classWeightsFor(operation, classWeights, scores);
      t = mul(t, perClass);
      const own = sum(mul(plain, perClass), 1);
      divisors = weights === null ? own : mul(weights, own);
    }
    [labels, probabilities] = [null, t];
  }
  const rows = rowsOf({ labels, probabilities });
  const terms = weights === null ? rows : mul(kept === null ? rows : where(kept, rows, 0), weights);
  if (reduction === "none") return terms;
  if (reduction === "sum") return sum(terms);
  return divisors === null ? mean(terms) : div(sum(terms), sum(divisors));
}

function classWeightsFor(operation: string, weights: Tensor, scores: Tensor): Tensor {
  checkTensor(operation, weights);
  const classes = scores.shape[1]!;
  if (weights.rank !== 1 || weights.size !== classes) {
    throw new RangeError(
      `${operation}: classWeights must be one weight a class, of shape (${classes},), got ${formatShape(weights.shape)}`,
    );
  }
  return cast(weights, scores.dtype);
}

/**
 * Cross-entropy of softmax(z), -sum over classes of t ln softmax(z), by default its mean over samples, stable for any z.
 * Shapes: z [n, classes]; the targets are class indices [n] or probabilities [n, classes]; [n] with reduction "none".
 *
 * Gradient by z: (softmax(z) - t) / n, computed in the same pass.
 * @throws RangeError if the shapes do not fit or an index is not a class; TypeError unless both are tensors, or for an unknown
 * option.
 * @example
 * ```ts
 * softmaxCrossEntropy(tensor([[0, 0]]), tensor([1], "int32")).item(); // 0.6931472
 * const [logits, labels] = [tensor([[0, 0], [5, 0]]), tensor([1, -1], "int32")];
 * softmaxCrossEntropy(logits, labels, { ignoreIndex: -1 }).item(); // 0.6931472
 * ```
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor, options?: ClassLossOptions): Tensor {
  const operation = "softmaxCrossEntropy";
  const z = scoresOf(operation, "logits", logits, targets);
  if (options !== undefined) return weighed(operation, z, targets, options, (t) => softmaxRows(z, t, "none"));
  return softmaxRows(z, targetsOf(operation, z, targets, undefined), "mean");
}

/** Each sample's cross-entropy, or their mean. */
function softmaxRows(z: Tensor, { labels, probabilities }: Targets, reduction: "mean" | "none"): Tensor {
  const n = z.shape[0];
  if (probabilities !== null && tracked(probabilities)) {
    const rows = neg(sum(mul(probabilities, logSoftmax(z)), 1));
    return reduction === "mean" ? mean(rows) : rows;
  }
  const { losses, gradient } = fusedSoftmax(z, labels, probabilities);
  const y = reduction === "mean" ? mean(losses) : losses;
  if (gradient === null) return y;
  return record("softmaxCrossEntropy", y, [z], (dy) => {
    // The stored gradient is a constant; where gradients of gradients are followed, it is rebuilt from operations.
    const difference = tracked(z) ? rebuilt(z, labels, probabilities) : gradient;
    return [mul(difference, reduction === "mean" ? mul(dy, 1 / n) : expandDims(dy, 1))];
  });
}

/** Losses [n] and, where z is followed, their gradient [n, classes] in one pass over the rows. */
function fusedSoftmax(
  z: Tensor,
  labels: Tensor | null,
  probabilities: Tensor | null,
): { losses: Tensor; gradient: Tensor | null } {
  const [n, classes] = z.shape as [number, number];
  const losses = empty("softmaxCrossEntropy", [n], z.dtype);
  const gradient = tracked(z) ? empty("softmaxCrossEntropy", z.shape, z.dtype) : null;
  if (z.size > 0) {
    const [name, targets] = labels ? ["softmaxCrossEntropy", labels] : ["softmaxCrossEntropySoft", probabilities!];
    engine().kernel(name as string, z.dtype, packed(z), packed(targets as Tensor), losses, gradient, n, classes);
  } else if (n > 0) {
    engine().fill(losses, 0); // the sum over no classes
  }
  return { losses, gradient };
}

function rebuilt(z: Tensor, labels: Tensor | null, probabilities: Tensor | null): Tensor {
  const p = softmax(z);
  if (labels) return sub(p, oneHot(labels, z.shape[1], z.dtype));
  return sub(mul(p, sum(probabilities!, -1, true)), probabilities!);
}

/**
 * Cross-entropy of probabilities p, such as softmax outputs: -ln p[i, label i], or -sum over classes of t ln p, by default its
 * mean over samples. Shapes: p [n, classes]; the targets are class indices [n] or probabilities [n, classes]; [n] with
 * reduction "none". Logarithms stop at -100.
 *
 * Gradient by p: -t / (n p), p in it at least 1e-12: large and finite where p is 0. Together with a softmax use
 * `softmaxCrossEntropy`.
 * @throws RangeError if the shapes do not fit or an index is not a class; TypeError unless both are tensors, or for an unknown
 * option.
 * @example
 * ```ts
 * negativeLogLikelihood(tensor([[0.5, 0.5]]), tensor([1], "int32")).item(); // 0.6931472
 * ```
 */
export function negativeLogLikelihood(predictions: Tensor, targets: Tensor, options: ClassLossOptions = {}): Tensor {
  const operation = "negativeLogLikelihood";
  const p = scoresOf(operation, "predictions", predictions, targets);
  return weighed(operation, p, targets, options, ({ labels, probabilities }) => {
    if (probabilities !== null) return neg(sum(mul(probabilities, logProbability(p)), 1));
    const hits = cast(oneHot(labels!, p.shape[1], "float32"), "bool");
    return neg(logProbability(sum(where(hits, p, 0), 1)));
  });
}
