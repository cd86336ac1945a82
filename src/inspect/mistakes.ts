// What a model answers wrong: which samples, with which answers, and how sure it was.

import { noGrad } from "../autograd/grad.ts";
import { checkSamples, type Samples } from "../data/batches.ts";
import { rowsOf } from "../data/row-order.ts";
import { knownOptions, oneOf, whole } from "../engine/checks.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { concat } from "../ops/join.ts";
import { softmax } from "../ops/softmax.ts";
import { checkTensor } from "../tensor/check.ts";
import { formatShape } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { inRows } from "../train/predicted-classes.ts";
import { type Classes, classesFor, outputsOf } from "./inputs.ts";

/** A sample that was answered wrong. */
export interface Mistake {
  /** Its place among the samples. */
  index: number;
  /** The true class. */
  label: number;
  /** The class that was answered. */
  answer: number;
  /** The probability that the answer was given. */
  confidence: number;
  /** The probabilities of all classes. */
  probabilities: number[];
  /** -ln of the probability that the true class was given, at most 27.6: of 1e-12. */
  loss: number;
}

/** What `mistakes` takes. */
export interface MistakesOptions {
  /** "loss" (default): the least probability of the true class first; "confidence": the surest answer first; "index": as the samples come. */
  order?: "loss" | "confidence" | "index";
  /** How many at most; default all. */
  most?: number;
}

const OPTIONS = ["order", "most"];
const TINY = 1e-12;

/**
 * The samples that a model answers wrong: which, the true class, the answer, and how sure it was. Probabilities are the outputs of softmax, the shares of
 * sigmoid outputs in their sum, and softmax of outputs without an activation.
 * @throws RangeError if the samples do not fit the model, or labels are no classes of it.
 * @example
 * ```ts
 * const weights = () => tensor([[1, -1], [-1, 1]]);
 * const model = new Sequential([new Dense(2, { weights, activation: "softmax" })], { inputShape: [2] });
 * const data = { x: tensor([[2, 0], [0, 2]]), y: tensor([0, 0], "int32") };
 * mistakes(model, data).map(({ index, label, answer }) => [index, label, answer]); // [[1, 0, 1]]
 * ```
 */
export function mistakes(model: Model, data: Samples, options: MistakesOptions = {}): Mistake[] {
  const owner = "mistakes";
  checkModel(owner, model);
  knownOptions(owner, options, OPTIONS);
  checkSamples(owner, data);
  return scope(() => mistakesIn(probabilitiesOf(owner, model, data.x), data.y, options));
}

/**
 * As `mistakes`, of outputs that are there already: [n, classes], or one a sample, the probability of class 1. Rows are read as shares of their sum.
 * @throws RangeError for outputs that are no probabilities, or labels that are none of the classes.
 * @example
 * ```ts
 * const outputs = tensor([[0.75, 0.25], [0.5, 1.5]]);
 * mistakesIn(outputs, [1, 1])[0]; // { index: 0, label: 1, answer: 0, confidence: 0.75, probabilities: [0.75, 0.25], loss: 1.3862943611198906 }
 * ```
 */
export function mistakesIn(outputs: Tensor, labels: Classes, options: MistakesOptions = {}): Mistake[] {
  const owner = "mistakesIn";
  checkTensor(owner, outputs);
  knownOptions(owner, options, OPTIONS);
  const order = oneOf(owner, "order", options.order ?? "loss", ["loss", "confidence", "index"] as const);
  const most = options.most === undefined ? Number.POSITIVE_INFINITY : whole(owner, "most", options.most, 0);
  const rows = sharesOf(owner, outputs);
  const wanted = classesFor(owner, "labels", labels, rows.length, rows[0]?.length ?? 2);
  const found: Mistake[] = [];
  rows.forEach((probabilities, index) => {
    const answer = largestOf(probabilities);
    const label = wanted[index];
    if (answer === label) return;
    const loss = -Math.log(Math.max(probabilities[label], TINY));
    found.push({ index, label, answer, confidence: probabilities[answer], probabilities, loss });
  });
  if (order === "loss") found.sort((a, b) => b.loss - a.loss || a.index - b.index);
  if (order === "confidence") found.sort((a, b) => b.confidence - a.confidence || a.index - b.index);
  return found.slice(0, most);
}

/** The place of the largest number, the first of equals. */
export function largestOf(values: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Each row of outputs as probabilities that add up to 1; of one output p, [1 - p, p]. */
export function sharesOf(owner: string, outputs: Tensor): number[][] {
  if (outputs.rank === 0 || outputs.size === 0) {
    throw new RangeError(
      `${owner}: outputs must be [n, classes] with at least one sample, got ${formatShape(outputs.shape)}`,
    );
  }
  const n = outputs.shape[0];
  const count = outputs.size / n;
  const values = outputs.dataSync();
  return Array.from({ length: n }, (_, i) => {
    const row = Array.from({ length: count }, (__, j) => Number(values[i * count + j]));
    const bad = row.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY));
    if (bad >= 0 || (count === 1 && row[0] > 1)) {
      throw new RangeError(
        `${owner}: outputs are probabilities from 0 on, got ${row[Math.max(0, bad)]} for sample ${i}; give them after softmax or sigmoid`,
      );
    }
    if (count === 1) return [1 - row[0], row[0]];
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((value) => (sum > 0 ? value / sum : 1 / count));
  });
}

/** The model's outputs for all samples as numbers from 0 on: softmax or sigmoid where it ends in neither. */
export function probabilitiesOf(owner: string, model: Model, x: Tensor): Tensor {
  checkTensor(owner, x);
  const count = outputsOf(owner, model);
  return scope(() =>
    noGrad(() => {
      const [input] = model.inOrder(x);
      const n = input.shape[0];
      const parts: Tensor[] = [];
      for (let start = 0; start < n; start += 1000) {
        parts.push(
          scope(() => {
            const rows = inRows(model.call(rowsOf(input, start, Math.min(n, start + 1000))));
            if (model.outputActivation !== "linear") return rows.clone();
            return count > 1 ? softmax(rows, 1) : rows.sigmoid();
          }),
        );
      }
      return parts.length === 1 ? parts[0] : concat(parts);
    }),
  );
}
