// Losses: one number for a batch, with the gradient the books derive. Rows are samples: the last axis holds a sample's outputs.
import { isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { anyTracked, record, tracked, withRecording } from "../tensor/graph.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { empty, packed, type Tensor } from "../tensor/tensor.ts";
import { sigmoid } from "./activations.ts";
import { abs, add, mul, neg, square, sub } from "./arithmetic.ts";
import { sum } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkSameShape, checkTensor } from "./check.ts";
import { maximum, where } from "./choice.ts";
import { lessEqual } from "./comparison.ts";
import { log } from "./exponentials.ts";
import { oneHot } from "./onehot.ts";
import { mean } from "./reduce.ts";
import { logSoftmax, softmax } from "./softmax.ts";

function pair(operation: string, predictions: Tensor, targets: Tensor): Tensor {
  checkTensor(operation, predictions);
  checkTensor(operation, targets);
  checkSameShape(operation, predictions, targets, "predictions and targets");
  return cast(targets, isFloat(predictions.dtype) ? predictions.dtype : "float32");
}

function rowsOf(operation: string, x: Tensor): number {
  if (x.rank === 0) throw new RangeError(`${operation}: needs a batch: [samples, outputs], got a scalar`);
  return x.shape[0];
}

/**
 * Mean of (p - t)^2 over every element, a scalar.
 *
 * Gradient by p: 2 (p - t) / size.
 * @throws RangeError if the shapes differ; TypeError unless both are tensors.
 * @example
 * ```ts
 * meanSquaredError(tensor([[1, 2]]), tensor([[0, 0]])).item(); // 2.5
 * ```
 */
export function meanSquaredError(predictions: Tensor, targets: Tensor): Tensor {
  const t = pair("meanSquaredError", predictions, targets);
  return squaredDifference("meanSquaredError", predictions, t, 1 / predictions.size);
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
  const t = pair("quadraticCost", predictions, targets);
  return squaredDifference("quadraticCost", predictions, t, 0.5 / rowsOf("quadraticCost", predictions));
}

/** factor times the sum of squared differences, one node: the gradient is 2 factor (p - t). */
function squaredDifference(operation: string, p: Tensor, t: Tensor, factor: number): Tensor {
  const difference = noRecord(() => sub(p, t));
  const total = empty(operation, [], difference.dtype);
  engine().reduce("sumSquares", difference, total, 1, difference.size, 1);
  const y = noRecord(() => mul(total, factor));
  if (!anyTracked(p, t)) return y;
  return record(operation, y, [p, t], (dy) => {
    const d = mul(anyTracked(p, t) ? sub(p, t) : difference, mul(dy, 2 * factor));
    return [p.node ? d : undefined, t.node ? neg(d) : undefined];
  });
}

function noRecord<R>(body: () => R): R {
  return withRecording(false, body);
}

/**
 * Mean of |p - t| over every element, a scalar.
 *
 * Gradient by p: sign(p - t) / size.
 * @throws RangeError if the shapes differ; TypeError unless both are tensors.
 * @example
 * ```ts
 * meanAbsoluteError(tensor([1, 2]), tensor([0, 0])).item(); // 1.5
 * ```
 */
export function meanAbsoluteError(predictions: Tensor, targets: Tensor): Tensor {
  return mean(abs(sub(predictions, pair("meanAbsoluteError", predictions, targets))));
}

/**
 * Huber's loss (1964), mean over every element: with d = p - t, d^2/2 where |d| <= delta, else delta (|d| - delta/2). A
 * scalar.
 *
 * Gradient by p: d cut to [-delta, delta], divided by size.
 * @param delta where the square ends, above 0; default 1.
 * @throws RangeError if the shapes differ or delta is not above 0; TypeError unless both are tensors.
 * @example
 * ```ts
 * huber(tensor([3]), tensor([0])).item(); // 2.5
 * ```
 */
export function huber(predictions: Tensor, targets: Tensor, delta = 1): Tensor {
  if (!(delta > 0)) throw new RangeError(`huber: delta must be above 0, got ${delta}`);
  const difference = sub(predictions, pair("huber", predictions, targets));
  const distance = abs(difference);
  const inner = mul(square(difference), 0.5);
  const outer = mul(sub(distance, 0.5 * delta), delta);
  return mean(where(lessEqual(distance, delta), inner, outer));
}

/** Probabilities closer to 0 or 1 than this are moved there before their logarithm is taken; below float32's resolution at 1. */
const SMALLEST: Record<string, number> = { float32: 1e-37, float64: 1e-300 };

function safeLog(p: Tensor): Tensor {
  return log(maximum(p, SMALLEST[p.dtype] ?? 1e-37));
}

/**
 * Cross-entropy of sigmoid outputs p in (0, 1): -sum over outputs of t ln p + (1 - t) ln(1 - p), mean over samples
 * (Nielsen, equation 63). Shapes [n, ...] give a scalar.
 *
 * Gradient by p: (p - t) / (n p (1 - p)). Together with a sigmoid use `binaryCrossEntropyWithLogits`, which has no such
 * division.
 * @throws RangeError if the shapes differ or are those of a scalar; TypeError unless both are tensors.
 * @example
 * ```ts
 * binaryCrossEntropy(tensor([[0.5]]), tensor([[1]])).item(); // 0.6931472
 * ```
 */
export function binaryCrossEntropy(predictions: Tensor, targets: Tensor): Tensor {
  const t = pair("binaryCrossEntropy", predictions, targets);
  const p = isFloat(predictions.dtype) ? predictions : cast(predictions, "float32");
  const terms = add(mul(t, safeLog(p)), mul(sub(1, t), safeLog(sub(1, p))));
  return mul(sum(terms), -1 / rowsOf("binaryCrossEntropy", p));
}

/**
 * Cross-entropy of sigmoid(z), stable for any z: max(z, 0) - z t + ln(1 + e^-|z|). Shapes [n, ...] give a scalar.
 *
 * Gradient by z: (sigmoid(z) - t) / count, count being what the mean is over.
 * @param reduction "mean" over every element (default), or "rows": sum over outputs, mean over samples, as the books
 * have it.
 * @throws RangeError if the shapes differ or, by rows, are those of a scalar; TypeError unless both are tensors.
 * @example
 * ```ts
 * binaryCrossEntropyWithLogits(tensor([[0]]), tensor([[1]])).item(); // 0.6931472
 * ```
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  reduction: "mean" | "rows" = "mean",
): Tensor {
  const t = pair("binaryCrossEntropyWithLogits", logits, targets);
  const z = isFloat(logits.dtype) ? logits : cast(logits, "float32");
  const factor = 1 / (reduction === "mean" ? z.size : rowsOf("binaryCrossEntropyWithLogits", z));
  const terms = empty("binaryCrossEntropyWithLogits", z.shape, z.dtype);
  if (z.size > 0) engine().kernel("binaryCrossEntropyWithLogits", z.dtype, packed(z), packed(t), terms, z.size);
  const y = mul(sum(terms), factor);
  if (!anyTracked(z, t)) return y;
  return record("binaryCrossEntropyWithLogits", y, [z, t], (dy) => {
    const scale = mul(dy, factor);
    return [z.node ? mul(sub(sigmoid(z), t), scale) : undefined, t.node ? neg(mul(z, scale)) : undefined];
  });
}

/**
 * Cross-entropy of softmax(z), -sum over classes of t ln softmax(z), mean over samples, stable for any z. Shapes: z [n,
 * classes]; the targets are class indices [n] (int32) or probabilities [n, classes]. A scalar.
 *
 * Gradient by z: (softmax(z) - t) / n, computed in the same pass.
 * @throws RangeError if the shapes do not fit or an index is not a class; TypeError unless both are tensors.
 * @example
 * ```ts
 * softmaxCrossEntropy(tensor([[0, 0]]), tensor([1], "int32")).item(); // 0.6931472
 * ```
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  checkTensor("softmaxCrossEntropy", logits);
  checkTensor("softmaxCrossEntropy", targets);
  const z = isFloat(logits.dtype) ? logits : cast(logits, "float32");
  if (z.rank !== 2)
    throw new RangeError(`softmaxCrossEntropy: logits must be [samples, classes], got ${formatShape(z.shape)}`);
  const [n, classes] = z.shape as [number, number];
  if (targets.dtype === "int32" && targets.rank === 1) {
    checkClasses("softmaxCrossEntropy", targets, n, classes);
    return fusedSoftmax(z, targets, null);
  }
  if (!sameShape(targets.shape, z.shape)) {
    throw new RangeError(
      `softmaxCrossEntropy: targets must be ${n} class indices (int32) or probabilities of shape ${formatShape(z.shape)}, got ${targets.dtype} ${formatShape(targets.shape)}`,
    );
  }
  const t = cast(targets, z.dtype);
  if (tracked(t)) return mul(sum(mul(t, logSoftmax(z))), -1 / n);
  return fusedSoftmax(z, null, t);
}

/** Loss and gradient in one pass over the rows. */
function fusedSoftmax(z: Tensor, labels: Tensor | null, probabilities: Tensor | null): Tensor {
  const [n, classes] = z.shape as [number, number];
  const losses = empty("softmaxCrossEntropy", [n], z.dtype);
  const wanted = tracked(z);
  const gradient = wanted ? empty("softmaxCrossEntropy", z.shape, z.dtype) : null;
  if (z.size > 0) {
    const [name, targets] = labels ? ["softmaxCrossEntropy", labels] : ["softmaxCrossEntropySoft", probabilities!];
    engine().kernel(name as string, z.dtype, packed(z), packed(targets as Tensor), losses, gradient, n, classes);
  }
  const y = mean(losses);
  if (!wanted) return y;
  return record("softmaxCrossEntropy", y, [z], (dy) => {
    // The stored gradient is a constant; where gradients of gradients are followed, it is rebuilt from operations.
    const difference = tracked(z) ? rebuilt(z, labels, probabilities) : gradient!;
    return [mul(difference, mul(dy, 1 / n))];
  });
}

function rebuilt(z: Tensor, labels: Tensor | null, probabilities: Tensor | null): Tensor {
  const p = softmax(z);
  if (labels) return sub(p, oneHot(labels, z.shape[1], z.dtype));
  return sub(mul(p, sum(probabilities!, -1, true)), probabilities!);
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

/**
 * Mean over samples of -ln p[i, label i]. Shapes: probabilities [n, classes], class indices [n] (int32). A scalar.
 *
 * Gradient by p: -1 / (n p) at the labels, 0 elsewhere. Together with a softmax use `softmaxCrossEntropy`.
 * @throws RangeError if the shapes do not fit or an index is not a class; TypeError unless both are tensors.
 * @example
 * ```ts
 * negativeLogLikelihood(tensor([[0.5, 0.5]]), tensor([1], "int32")).item(); // 0.6931472
 * ```
 */
export function negativeLogLikelihood(predictions: Tensor, labels: Tensor): Tensor {
  checkTensor("negativeLogLikelihood", predictions);
  checkTensor("negativeLogLikelihood", labels);
  if (predictions.rank !== 2 || labels.rank !== 1 || labels.dtype !== "int32") {
    throw new RangeError(
      `negativeLogLikelihood: needs probabilities [n, classes] and int32 class indices [n], got ${formatShape(predictions.shape)} and ${labels.dtype} ${formatShape(labels.shape)}`,
    );
  }
  const [n, classes] = predictions.shape as [number, number];
  checkClasses("negativeLogLikelihood", labels, n, classes);
  const hits = cast(oneHot(labels, classes, "float32"), "bool");
  const likelihood = sum(where(hits, predictions, 0), 1);
  return neg(mean(safeLog(likelihood)));
}
