// Data as training takes them: inputs in the model's dtype, targets as the losses take them, what each row counts, and the true classes that accuracy
// is counted against. Rows are samples, or, where labels or weights belong to steps of sequences, steps.
import { type AnySamples, checkSamples } from "../data/batches.ts";
import { type DType, isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import type { Batches, Model } from "../nn/model.ts";
import { formatOpen } from "../nn/shapes.ts";
import { mul } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/broadcast.ts";
import { cast } from "../ops/cast.ts";
import { asLabels } from "../ops/labels.ts";
import { oneHot } from "../ops/onehot.ts";
import { reshape } from "../ops/views.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { packed, Tensor } from "../tensor/tensor.ts";
import { isOwnLoss, type Loss } from "./losses.ts";
import { byOutput, checkClassWeights, type Head } from "./objective.ts";
import { checkNames, countOf } from "./per-output.ts";
import { predictedClasses } from "./predicted-classes.ts";
import { nothingCounts } from "./tally.ts";

/** A head's part of the data. */
export interface HeadData {
  /** How many of the first axes number the rows: 1 for samples, 2 for steps. */
  readonly lead: number;
  /** Rows in a sample. */
  readonly places: number;
  /** The true class of each row, where there are classes. */
  readonly classes: Int32Array | null;
  /** Where its targets are among the tensors. */
  readonly targets: number;
  /** Where its weights are, [n] or one a row; -1 where all count alike. */
  readonly weights: number;
}

/** Data as training takes them. */
export interface Prepared {
  /** Number of samples. */
  readonly count: number;
  /** The inputs in the model's order, then targets, then weights. */
  readonly tensors: readonly Tensor[];
  readonly heads: readonly HeadData[];
}

/**
 * The data made ready, once for a whole data set or for each batch that comes from elsewhere. `partial`: it is a share of a batch, of which no row need count.
 * @throws TypeError, RangeError where targets do not fit outputs, with what would mend it.
 */
export function prepare(
  owner: string,
  model: Model,
  heads: readonly Head[],
  data: AnySamples,
  partial = false,
): Prepared {
  const count = checkSamples(owner, data);
  const xs = byInput(owner, model, data.x);
  const ys = byOutput(owner, "y", model, data.y);
  const given = weightsByOutput(owner, model, data);
  const several = model.outputs.length > 1;
  const parts = heads.map((head) => {
    const who = several ? `${owner}: output ${head.name}` : owner;
    return partOf(who, model, head, ys[head.index]!, given[head.index], partial);
  });
  const tensors = [...xs, ...parts.map(({ targets }) => targets)];
  const prepared = parts.map(({ lead, places, classes, weights }, k): HeadData => {
    const at = weights === null ? -1 : tensors.push(weights) - 1;
    return { lead, places, classes, targets: xs.length + k, weights: at };
  });
  return { count, tensors, heads: prepared };
}

/**
 * The batches of each input, in the model's order and in its dtypes; shapes are looked at where they go through the model.
 * @throws TypeError, RangeError if they are not as many as the inputs.
 */
export function byInput(owner: string, model: Model, given: Batches): Tensor[] {
  const names = model.inputs.map(({ name }) => name);
  let xs: readonly (Tensor | undefined)[];
  if (given instanceof Tensor) xs = [given];
  else if (Array.isArray(given)) xs = given;
  else {
    checkNames(owner, "x", Object.keys(given), names, "input");
    xs = names.map((name) => (given as Readonly<Record<string, Tensor>>)[name]);
  }
  const missing = xs.indexOf(undefined);
  if (missing >= 0) throw new TypeError(`${owner}: x has nothing for the input ${names[missing]}`);
  if (xs.length !== names.length) {
    throw new RangeError(
      `${owner}: x holds ${xs.length} tensor${xs.length === 1 ? "" : "s"}, and the model takes ${countOf(names, "input")}; give them as a list, or by name`,
    );
  }
  return xs.map((x, i) => {
    const { name, dtype } = model.inputs[i];
    if (dtype === "int32") checkIndices(owner, several(names, name), x!);
    return cast(x!, dtype);
  });
}

const several = (names: readonly string[], name: string): string => (names.length > 1 ? `x of ${name}` : "x");

/** Throws where what is to be indices has parts, which a cast would cut off. Values that come later are not waited for. */
function checkIndices(owner: string, what: string, x: Tensor): void {
  if (!isFloat(x.dtype) || engine().asynchronous) return;
  const values = x.dataSync();
  const wrong = values.findIndex((value) => (value | 0) !== value);
  if (wrong < 0) return;
  throw new TypeError(
    `${owner}: ${what} must be indices, whole numbers within int32, got ${values[wrong]} at position ${wrong}`,
  );
}

function weightsByOutput(owner: string, model: Model, { sampleWeights }: AnySamples): (Tensor | undefined)[] {
  if (sampleWeights === undefined) return model.outputs.map(() => undefined);
  // One for all outputs is allowed, unlike targets.
  if (sampleWeights instanceof Tensor) return model.outputs.map(() => sampleWeights);
  return byOutput(owner, "sampleWeights", model, sampleWeights);
}

interface Part extends Omit<HeadData, "targets" | "weights"> {
  targets: Tensor;
  weights: Tensor | null;
}

function partOf(
  owner: string,
  model: Model,
  head: Head,
  given: Tensor,
  sampleWeights: Tensor | undefined,
  partial: boolean,
): Part {
  const { loss, shape } = head;
  const y = labelsOrValues(head, given);
  const labels = y.dtype === "int32" && isLabels(head, y);
  checkFit(owner, head, y, labels);
  if (y.size === 0) {
    throw new RangeError(
      `${owner}: targets of shape ${formatShape(y.shape)} hold nothing to compare with; leave sequences of 0 steps out`,
    );
  }
  const rank = shape.length + 1;
  const probabilities = !labels && loss.targets === "classes" && rank > 2 && y.rank === rank;
  let lead = labels || probabilities ? Math.max(1, rank - 1) : 1;
  if (sampleWeights !== undefined) {
    checkWeights(owner, sampleWeights, y, rank);
    lead = Math.max(lead, sampleWeights.rank);
  }
  if (model.makesMasks && rank > 2) lead = Math.max(lead, 2);
  const leading = y.shape.slice(0, lead);
  const places = leading.slice(1).reduce((product, length) => product * length, 1);
  const kept = labels && head.ignoreIndex !== undefined ? keptOf(y, head.ignoreIndex) : null;
  if (head.ignoreIndex !== undefined && !labels) {
    throw new TypeError(`${owner}: ignoreIndex is for class indices; weigh other targets 0 by sampleWeights`);
  }
  const mended = kept === null ? y : kept.labels;
  const classes = lead > 1 ? rowClasses(mended, head, labels, lead) : classesOf(mended, loss);
  const ofClasses = head.classWeights === undefined ? null : weighClasses(owner, head, mended, labels, lead);
  const factors = [
    sampleWeights === undefined ? null : asFactor(sampleWeights, lead, leading, model.dtype),
    ofClasses === null ? null : tensor(ofClasses, { shape: leading, dtype: model.dtype as "float32" }),
    kept === null ? null : asFactor(kept.kept, lead, leading, model.dtype),
  ].filter((factor) => factor !== null);
  const weights = factors.length === 0 ? null : packed(factors.reduce((product, factor) => mul(product, factor)));
  if (!partial && weights?.dataSync().every((weight) => weight === 0)) throw nothingCounts(owner);
  return { lead, places, classes, targets: targetsFor(head, model.dtype, mended, labels), weights };
}

/** Whether int32 targets are class indices, one at each place of the outputs. */
function isLabels({ shape }: Head, y: Tensor): boolean {
  return y.rank === 1 || (shape.length > 1 && y.rank === shape.length);
}

/**
 * Class indices in whatever dtype, as `tensor([0, 1])` makes them, as int32; other targets as they are.
 * @throws TypeError if the loss takes class indices only, and one is not whole.
 */
function labelsOrValues(head: Head, y: Tensor): Tensor {
  const { loss, shape } = head;
  if (!isLabels(head, y) || y.dtype === "int32") return y;
  if (loss.targets === "classes") return asLabels(loss.name, y);
  const oneOfSeveral = (shape.at(-1) ?? 1) > 1;
  return oneOfSeveral && y.dataSync().every((value) => Number.isInteger(value)) ? asLabels(loss.name, y) : y;
}

/**
 * Throws, with what to do, where targets can't be compared with the outputs. A loss of the user's own may compare what it likes, and the gaussian one,
 * which has two outputs for a target, looks itself.
 */
function checkFit(owner: string, { loss, shape }: Head, y: Tensor, labels: boolean): void {
  if (!isOwnLoss(loss) || loss.name === "gaussian") return;
  const outputs = shape.at(-1) ?? 1;
  const wanted = formatOpen(["n", ...shape] as never);
  const places = shape.slice(0, -1);
  const matches = (from: readonly (number | null)[]): boolean =>
    y.rank === from.length + 1 && from.every((length, i) => length === null || length === y.shape[i + 1]);
  if (labels && (loss.targets === "classes" || outputs > 1)) {
    if (shape.length <= 1 || matches(places)) return;
    if (y.rank === 1) {
      throw new RangeError(
        `${owner}: the outputs ${wanted} are ${outputs} classes at each of ${places.map((length) => length ?? "any number of").join(" x ")} places, the labels ${formatShape(y.shape)} one a sample. ` +
          "For one answer a sample put Flatten before the last Dense (after a recurrent layer: give only its last step); for one at each place, give labels " +
          formatOpen(["n", ...places] as never),
      );
    }
  }
  if (matches(shape)) return;
  if (loss.targets === "classes" && y.dtype === "int32") {
    const steps =
      shape.length === 1 && y.rank === 2 && y.shape[1] > 1
        ? `; labels at every step need outputs at every step, (n, ${y.shape[1]}, ${outputs}): let recurrent layers return their sequences, and leave Flatten out`
        : "";
    throw new TypeError(
      `${owner}: ${loss.name}: class indices must have shape ${formatOpen(["n", ...places] as never)}, got ${formatShape(y.shape)}${steps}`,
    );
  }
  // One value a sample beside one output, and at every place.
  if (outputs === 1 && matches(places)) return;
  const flatten =
    shape.length > 1 && (y.rank <= 2 || y.rank < shape.length)
      ? "; put Flatten before the last Dense for one answer a sample"
      : "";
  throw new RangeError(
    `${owner}: the outputs have shape ${wanted}, the targets ${formatShape(y.shape)}; ${loss.name} compares them number by number${flatten}`,
  );
}

function checkWeights(owner: string, weights: Tensor, y: Tensor, rank: number): void {
  const fits =
    weights.rank >= 1 &&
    weights.rank < Math.max(2, rank) + 1 &&
    weights.shape.every((length, axis) => axis >= y.rank || length === y.shape[axis]);
  if (!fits) {
    throw new RangeError(
      `${owner}: sampleWeights must be one weight a sample, (${y.shape[0]},), or one a step; got ${formatShape(weights.shape)} for targets ${formatShape(y.shape)}`,
    );
  }
  const values = weights.dataSync();
  const wrong = values.findIndex((value) => !(Number.isFinite(value) && value >= 0));
  if (wrong >= 0) {
    throw new RangeError(
      `${owner}: sampleWeights must be finite numbers from 0 on, got ${quote(values[wrong])} at position ${wrong}`,
    );
  }
}

/** Labels with those to be ignored replaced, and which were not. */
function keptOf(y: Tensor, ignoreIndex: number): { labels: Tensor; kept: Tensor } {
  const values = y.dataSync() as Int32Array;
  const kept = Uint8Array.from(values, (label) => Number(label !== ignoreIndex));
  const labels = values.map((label) => (label === ignoreIndex ? 0 : label));
  return { labels: tensor(labels, { shape: y.shape }), kept: tensor(kept, { shape: y.shape, dtype: "bool" }) };
}

/** Weights of the first axes as one a row. */
export function asFactor(x: Tensor, lead: number, leading: Shape, dtype: DType): Tensor {
  const values = cast(x, dtype as "float32");
  if (x.rank >= lead) return values;
  return broadcastTo(
    reshape(
      values,
      leading.map((length, axis) => (axis < x.rank ? length : 1)),
    ),
    leading,
  );
}

/** What each row counts by its class; the mean over the classes' shares where targets are shares. */
function weighClasses(owner: string, head: Head, y: Tensor, labels: boolean, lead: number): Float64Array {
  const weights = head.classWeights!;
  const outputs = head.shape.at(-1) ?? 1;
  const values = y.dataSync();
  const rows = y.shape.slice(0, lead).reduce((product, length) => product * length, 1);
  if (!labels && outputs > 1) {
    checkClassWeights(owner, head, outputs);
    const each = values.length / rows;
    return Float64Array.from({ length: rows }, (_, row) => {
      let sum = 0;
      for (let k = 0; k < each; k++) sum += Number(values[row * each + k]) * weights[k % outputs];
      return sum;
    });
  }
  checkClassWeights(owner, head, Math.max(2, outputs));
  if (values.length !== rows) {
    throw new RangeError(
      `${owner}: classWeights need one class a row, and the targets ${formatShape(y.shape)} have more`,
    );
  }
  // A label that is no class is the loss's to refuse.
  return Float64Array.from(values as ArrayLike<number>, (value) =>
    outputs > 1 ? (weights[Number(value)] ?? 1) : Number(value) * weights[1] + (1 - Number(value)) * weights[0],
  );
}

/** Targets as the loss wants them, in the model's dtype: one value a sample, [n], stands beside one output, [n, 1]. */
function targetsFor({ loss, shape }: Head, dtype: DType, y: Tensor, labels: boolean): Tensor {
  const outputs = shape.at(-1) ?? 1;
  if (labels) {
    if (loss.targets === "classes") return y;
    if (outputs > 1 || shape.length === 0) return oneHot(y, outputs, dtype);
  }
  const values = cast(y, dtype);
  const beside = outputs === 1 && shape.length > 0 && y.rank === shape.length;
  return beside ? reshape(values, [...y.shape, 1]) : values;
}

/**
 * The true classes of targets, or null where they are values: class indices as they are; rows of several outputs by their largest element; for one
 * output, bool and int32 targets, and those of crossEntropy, by 1/2.
 */
export function classesOf(targets: Tensor, loss: Loss): Int32Array | null {
  if (targets.dtype === "int32" && targets.rank === 1) return targets.dataSync() as Int32Array;
  const outputs = targets.rank < 2 ? 1 : targets.size / targets.shape[0];
  if (outputs > 1) return predictedClasses(targets, 0.5);
  return isClass(targets, loss) ? predictedClasses(targets, 0.5) : null;
}

const isClass = (targets: Tensor, loss: Loss): boolean =>
  targets.dtype === "int32" || targets.dtype === "bool" || loss.name === "crossEntropy";

/** `classesOf` at every step. */
function rowClasses(y: Tensor, { loss, shape }: Head, labels: boolean, lead: number): Int32Array | null {
  if (labels && y.rank === lead) return y.dataSync() as Int32Array;
  const outputs = shape.at(-1) ?? 1;
  const rows = y.shape.slice(0, lead).reduce((product, length) => product * length, 1);
  if (y.rank !== shape.length + 1 && !(outputs === 1 && y.size === rows)) return null;
  const classes = outputs > 1 ? loss.targets === "classes" || isClass(y, loss) : isClass(y, loss);
  return classes ? predictedClasses(reshape(y, [rows, -1]), 0.5) : null;
}
