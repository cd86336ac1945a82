// What the functions of this room are given: a model of one input and one output, a batch that fits it, classes, and the score of a class.
import { noGrad } from "../autograd/grad.ts";
import { rowsOf } from "../data/row-order.ts";
import { finite, list, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { fitsOpenShape, formatOpen } from "../nn/shapes.ts";
import { mul, neg } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast } from "../ops/cast.ts";
import { concat } from "../ops/join.ts";
import { oneHot } from "../ops/onehot.ts";
import { reshape } from "../ops/views.ts";
import { checkTensor } from "../tensor/check.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import { scope, Tensor } from "../tensor/tensor.ts";
import { inRows, predictedClasses } from "../train/predicted-classes.ts";

/** Samples at a time where gradients are taken: they need what every layer gave. */
export const BATCH = 100;
/** Samples at a time where only answers are wanted. */
const ANSWERS = 1000;

/** Throws unless the model has one output, and one input of real numbers: an index can't be moved a little. */
export function checkPictureModel(owner: string, model: Model): Model {
  checkModel(owner, model);
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new RangeError(
      `${owner}: is for models of one input and one output; this one has ${model.inputs.length} and ${model.outputs.length}: make a Model of those wanted`,
    );
  }
  if (model.inputs[0].dtype === "int32") {
    throw new TypeError(
      `${owner}: the model's input are indices, which can't be changed a little; make a Model that begins behind its embedding`,
    );
  }
  return model;
}

/** The batch [n, ...input shape] in the model's dtype. @throws RangeError if it does not fit. */
export function checkBatch(owner: string, model: Model, x: Tensor): Tensor {
  checkTensor(owner, x);
  const { shape } = model.inputs[0];
  if (fitsOpenShape(x.shape, shape) && x.shape[0] > 0) return cast(x, model.dtype);
  const single = x.rank === shape.length && shape.every((length, i) => length === null || length === x.shape[i]);
  throw new RangeError(
    `${owner}: x must be a batch of shape ${formatOpen(["n", ...shape] as never)} with at least one sample, got ${formatShape(x.shape)}` +
      (single ? `; one sample is a batch of one: reshape([1, ${x.shape.join(", ")}])` : ""),
  );
}

/** The number of numbers that the model gives for a sample. */
export function outputsOf(owner: string, model: Model): number {
  const { shape } = model.outputs[0];
  if (shape.length === 0) return 1;
  const size = shape.length === 1 ? shape[0] : null;
  if (size === null) {
    throw new RangeError(
      `${owner}: the model gives ${formatOpen(shape)} for a sample, and one row of classes is needed: end it in Flatten and Dense, or give a score of your own`,
    );
  }
  return size;
}

/** Classes that the model tells: its outputs, or two for one output. */
export function classesOf(owner: string, model: Model): number {
  return Math.max(2, outputsOf(owner, model));
}

/** The boundary between class 0 and 1 of a model of one output: 1/2 of a sigmoid, else 0. */
export function thresholdOf(model: Model): number {
  return model.outputActivation === "sigmoid" ? 0.5 : 0;
}

/** The class that the model answers for each sample. */
export function answersOf(model: Model, x: Tensor): Int32Array {
  return scope(() => noGrad(() => predictedClasses(model.call(x), thresholdOf(model))));
}

/** The same, so many samples at a time that memory holds what the layers give. */
export function allAnswers(model: Model, x: Tensor): Int32Array {
  const answers = new Int32Array(x.shape[0]);
  for (let start = 0; start < answers.length; start += ANSWERS) {
    const stop = Math.min(answers.length, start + ANSWERS);
    answers.set(
      scope(() => answersOf(model, rowsOf(x, start, stop))),
      start,
    );
  }
  return answers;
}

/** One class for all samples, or one for each. */
export type Classes = number | readonly number[] | Tensor;

/** The classes as one a sample. @throws RangeError if there are more or fewer than samples, or one that the model does not tell. */
export function classesFor(owner: string, name: string, given: Classes, n: number, classes: number): Int32Array {
  const values =
    typeof given === "number"
      ? new Array<number>(n).fill(given)
      : given instanceof Tensor
        ? Array.from(given.dataSync(), Number)
        : [...list(owner, name, given)];
  if (values.length !== n || (given instanceof Tensor && given.rank !== 1)) {
    throw new RangeError(
      `${owner}: ${name} must be one class, or one for each of the ${n} samples, got ${given instanceof Tensor ? `a tensor of shape ${formatShape(given.shape)}` : values.length}`,
    );
  }
  values.forEach((value, i) => {
    if (Number.isInteger(value) && value >= 0 && value < classes) return;
    const where = typeof given === "number" ? "" : ` at position ${i}`;
    throw new RangeError(`${owner}: ${name}${where} is ${quote(value)}; the model's classes are 0 to ${classes - 1}`);
  });
  return Int32Array.from(values);
}

/** Makes one number a sample, [n], of the model's outputs [n, ...]. */
export type Score = (outputs: Tensor) => Tensor;

/** What is explained: a class (for all samples, or for each), or a number that a function makes of the outputs. */
export type Target = Classes | Score;

/** What says which number is explained. */
export interface TargetOptions {
  /** The class, or a function that makes a score [n] of the outputs; default: the class that the model answers. */
  target?: Target;
  /**
   * "logit": the class's output before softmax or sigmoid (default): it does not saturate, and other classes have no say in it. "probability": the output
   * itself. A function is given those outputs.
   */
  of?: "logit" | "probability";
  /** Samples at a time; default 100. */
  batchSize?: number;
}

/** The names of `TargetOptions`. */
export const TARGET_OPTIONS = ["target", "of", "batchSize"];

/** The score of each class in `classes`: its output; for one output that of class 1, and less it (or 1 less it) for class 0. */
export function scoreOfClasses(classes: Int32Array, ofProbability: boolean): Score {
  return (outputs) => {
    const rows = inRows(outputs);
    const chosen = tensor(Int32Array.from(classes), { shape: [classes.length] });
    if (rows.shape[1] > 1) return sum(mul(rows, oneHot(chosen, rows.shape[1], rows.dtype)), 1);
    const signs = tensor(
      Array.from(classes, (label) => (label === 1 ? 1 : -1)),
      { dtype: rows.dtype as "float32" },
    );
    const score = mul(reshape(rows, [-1]), signs);
    if (!ofProbability) return score;
    const rest = tensor(
      Array.from(classes, (label) => (label === 1 ? 0 : 1)),
      { dtype: rows.dtype as "float32" },
    );
    return neg(neg(score).sub(rest));
  };
}

/** A function's score, looked at. */
export function checkedScore(owner: string, score: Score): Score {
  return (outputs) => {
    const value: unknown = score(outputs);
    const n = outputs.shape[0];
    if (value instanceof Tensor && value.size === n) return value.rank === 1 ? value : reshape(value, [n]);
    throw new TypeError(
      `${owner}: target must make one number a sample, a tensor of shape (${n},), got ${quote(value)}`,
    );
  };
}

/** Runs `body` on so many samples at a time, and joins what it gives along the first axis. */
export function inBatches(x: Tensor, size: number, body: (batch: Tensor, start: number) => Tensor): Tensor {
  return scope(() => {
    const n = x.shape[0];
    if (n <= size) return body(x, 0);
    const parts: Tensor[] = [];
    for (let start = 0; start < n; start += size) {
      const stop = Math.min(n, start + size);
      parts.push(scope(() => body(rowsOf(x, start, stop), start)));
    }
    return concat(parts);
  });
}

/** The option batchSize. */
export function batchSizeOf(owner: string, options: { batchSize?: number }): number {
  return whole(owner, "batchSize", options.batchSize ?? BATCH, 1);
}

/** The range that inputs stay in. @throws unless it is null or [low, high] */
export function rangeOf(
  owner: string,
  range: readonly [number, number] | null | undefined,
): readonly [number, number] | null {
  if (range === null) return null;
  const [low, high] = range === undefined ? [0, 1] : list(owner, "clip", range);
  if (range !== undefined && range.length !== 2)
    throw new RangeError(`${owner}: clip is [lowest, highest], got ${quote(range)}`);
  finite(owner, "clip[0]", low);
  finite(owner, "clip[1]", high);
  if (low < high) return [low, high];
  throw new RangeError(`${owner}: clip must ascend, got ${quote(range)}`);
}

/** Throws where inputs lie outside of the range: to bring them in would change what is looked at. */
export function checkInRange(owner: string, x: Tensor, range: readonly [number, number] | null): void {
  const values = x.dataSync();
  const bad = values.findIndex(
    (value) => !Number.isFinite(value) || (range !== null && (value < range[0] || value > range[1])),
  );
  if (bad < 0) return;
  throw new RangeError(
    range === null || !Number.isFinite(values[bad])
      ? `${owner}: x holds ${values[bad]} at position ${bad}`
      : `${owner}: x holds ${values[bad]}, outside of clip [${range.join(", ")}]; set clip to the range of the data, or to null for none`,
  );
}
