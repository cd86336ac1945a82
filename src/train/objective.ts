// What a model is trained for and judged by: a head for every output with targets, with the loss that fits its last layer and the targets. No loss is
// chosen where none follows from model and data, and none is taken whose figure would mean nothing.
import type { AnySamples } from "../data/batches.ts";
import { finite, list, notNegative, share, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { ActivationName } from "../nn/activations.ts";
import type { Batches, Model, ModelOutput } from "../nn/model.ts";
import type { OpenShape } from "../nn/shapes.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Loss, type LossLike, type LossRows, lossFor } from "./losses.ts";
import { checkNames, countOf, type PerOutput, perOutput } from "./per-output.ts";

/** What says how outputs and targets are compared. */
export interface ObjectiveOptions {
  /**
   * A name, a function (outputs, targets) => tensor, or a loss made by hand; for several outputs a list or a record by name, or one for
   * all. Default: softmaxCrossEntropy for an output that ends in softmax over several numbers, with class indices or rows of shares;
   * crossEntropy for one that ends in sigmoid, with class indices or truth values. Otherwise it has to be given.
   */
  loss?: PerOutput<LossLike>;
  /** What each output's loss is multiplied by in the sum, a list or a record by name; default 1. */
  lossWeights?: readonly number[] | Readonly<Record<string, number>>;
  /**
   * How much samples of each class count, from class 0 on; for several outputs a list or a record of such lists. The loss is the weighted
   * mean. Default: all alike.
   */
  classWeights?: PerOutput<readonly number[]>;
  /** Samples, or steps of a sequence, whose class index is this number count for nothing: padding. Default: there is none. */
  ignoreIndex?: PerOutput<number>;
  /**
   * s, from 0 up to 1: a share s of every target is spread evenly over all classes (Szegedy et al. 2016). For the cross-entropies.
   * Default 0.
   */
  labelSmoothing?: PerOutput<number>;
}

/** The names of `ObjectiveOptions`. */
export const OBJECTIVE_OPTIONS = ["loss", "lossWeights", "classWeights", "ignoreIndex", "labelSmoothing"];

/** An output of a model, and what it is trained for. */
export interface Head {
  readonly name: string;
  /** Which of the model's outputs. */
  readonly index: number;
  /** Of the output, without the batch axis. */
  readonly shape: OpenShape;
  readonly activation: ActivationName | undefined;
  readonly loss: Loss;
  readonly lossWeight: number;
  readonly classWeights: readonly number[] | undefined;
  readonly ignoreIndex: number | undefined;
  readonly labelSmoothing: number;
  /** Whether the loss starts from the outputs before their activation. */
  readonly fromLogits: boolean;
  /** The loss of each row, from the same outputs as the loss. */
  readonly rows: LossRows | undefined;
}

const FOR_VALUES = "meanSquaredError, meanAbsoluteError, huber or quadratic";

/** Whether the loss is the library's of that name. */
export const isNamed = (loss: Loss, name: "softmaxCrossEntropy" | "crossEntropy"): boolean => loss === lossFor(name);

/** Throws for options that can be none for any model. */
export function checkObjective(owner: string, options: ObjectiveOptions): void {
  if (isLoss(options.loss)) lossFor(options.loss as LossLike);
  if (options.lossWeights !== undefined) {
    for (const weight of Object.values(options.lossWeights)) finite(owner, "lossWeights", weight as number);
  }
}

const isLoss = (value: unknown): boolean =>
  typeof value === "string" ||
  typeof value === "function" ||
  (typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    ("compute" in value || Object.keys(value).length === 0));
const isNumber = (value: unknown): boolean => typeof value === "number";
const isNumbers = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every((element) => typeof element === "number");

/** The targets of each output by its place; undefined for those that have none. */
export function byOutput(owner: string, what: string, model: Model, given: Batches): (Tensor | undefined)[] {
  const names = model.outputs.map(({ name }) => name);
  const all: readonly Tensor[] | null = given instanceof Tensor ? [given] : Array.isArray(given) ? given : null;
  if (all === null) {
    checkNames(owner, what, Object.keys(given), names);
    return names.map((name) => (given as Readonly<Record<string, Tensor>>)[name]);
  }
  if (all.length !== names.length) {
    throw new RangeError(
      `${owner}: ${what} ${all.length === 1 ? "is one tensor" : `are ${all.length} tensors`}, and the model has ${countOf(names)}; give one for each, or a record by name`,
    );
  }
  return [...all];
}

/**
 * The heads of a model for these targets.
 * @throws TypeError, RangeError for options that do not fit, with what would.
 */
export function headsFor(owner: string, model: Model, { y }: AnySamples, options: ObjectiveOptions): readonly Head[] {
  const names = model.outputs.map(({ name }) => name);
  const targets = byOutput(owner, "y", model, y);
  const losses = perOutput(owner, "loss", names, options.loss, isLoss);
  const lossWeights = perOutput<number>(owner, "lossWeights", names, options.lossWeights, () => false);
  const classWeights = perOutput<readonly number[]>(owner, "classWeights", names, options.classWeights, isNumbers);
  const ignored = perOutput(owner, "ignoreIndex", names, options.ignoreIndex, isNumber);
  const smoothing = perOutput(owner, "labelSmoothing", names, options.labelSmoothing, isNumber);
  const heads: Head[] = [];
  model.outputs.forEach((output, index) => {
    const wanted = targets[index];
    if (wanted === undefined) {
      if (typeof options.loss === "object" && losses[index] !== undefined && !isLoss(options.loss)) {
        throw new TypeError(`${owner}: output ${output.name} has a loss and no targets; name it in y, too`);
      }
      return;
    }
    const who = names.length === 1 ? owner : `${owner}: output ${output.name}`;
    const loss = lossOf(who, output, wanted, losses[index]);
    const { fromLogits } = loss;
    const starts = fromLogits !== undefined && fromLogits.activation === (output.activation ?? "linear");
    const labelSmoothing = share(who, "labelSmoothing", smoothing[index] ?? 0);
    if (labelSmoothing > 0 && loss.smooths !== true) {
      throw new TypeError(
        `${who}: labelSmoothing is for softmaxCrossEntropy and crossEntropy, and the loss is ${loss.name}`,
      );
    }
    const { name, shape, activation } = output;
    const ignoreIndex = ignored[index];
    heads.push({
      ...{ name, index, shape, activation, loss, labelSmoothing },
      lossWeight: finite(who, "lossWeights", lossWeights[index] ?? 1),
      classWeights: classWeights[index]?.map((weight, k) => notNegative(who, `classWeights[${k}]`, weight)),
      ignoreIndex: ignoreIndex === undefined ? undefined : whole(who, "ignoreIndex", ignoreIndex, -(2 ** 31)),
      fromLogits: starts,
      rows: starts ? fromLogits.rows : loss.rows,
    });
  });
  return heads;
}

/** The loss asked for, or the one that follows from the output's end and the targets. */
function lossOf(owner: string, output: ModelOutput, y: Tensor, wanted: LossLike | undefined): Loss {
  const { shape, activation: end } = output;
  const outputs = shape.at(-1) ?? 1;
  if (wanted === undefined) {
    const shares = y.rank === shape.length + 1 && y.shape.at(-1) === outputs;
    // Labels that are too few for the places are told to the user where the targets are looked at.
    if (end === "softmax" && outputs > 1 && (y.rank <= shape.length || shares)) return lossFor("softmaxCrossEntropy");
    if (end === "sigmoid" && (y.dtype === "int32" || y.dtype === "bool")) return lossFor("crossEntropy");
    throw new TypeError(
      `${owner}: no loss follows from a model that ends in ${end ?? "a layer of your own"} with ${outputs} output${outputs === 1 ? "" : "s"} and ${y.dtype} targets ` +
        `of shape ${formatShape(y.shape)}; give one. For values: loss: ${FOR_VALUES}. For classes: softmaxCrossEntropy with a last layer ` +
        "of one output a class and softmax, or crossEntropy with sigmoid",
    );
  }
  const loss = lossFor(wanted);
  if (isNamed(loss, "softmaxCrossEntropy") && outputs === 1) {
    throw new TypeError(
      `${owner}: softmaxCrossEntropy over one output is 0 whatever the model does; for values use ${FOR_VALUES}, ` +
        "for two classes crossEntropy with a sigmoid output, or two outputs with softmax",
    );
  }
  if (isNamed(loss, "softmaxCrossEntropy") && end !== undefined && end !== "softmax") {
    throw new TypeError(
      `${owner}: softmaxCrossEntropy takes the outputs for probabilities, but the model ends in ${end}; end it in softmax, ` +
        "or give the function softmaxCrossEntropy itself as the loss, which takes what comes before a softmax",
    );
  }
  return loss;
}

/** The one head's loss. */
export function onlyLoss(heads: readonly Head[]): Loss {
  if (heads.length === 1) return heads[0].loss;
  throw new RangeError(`trainer: has a loss for each of ${heads.length} outputs; see trainer.heads`);
}

export function checkClassWeights(owner: string, head: Head, classes: number): void {
  const { classWeights } = head;
  if (classWeights === undefined || list(owner, "classWeights", classWeights).length === classes) return;
  throw new RangeError(
    `${owner}: classWeights must be one weight a class, ${classes} of them, got ${quote([...classWeights])}`,
  );
}
