// Figures of merit beside the loss: each sums over samples, so that batches of any size give the same mean.
import { callable, knownOptions, text } from "../engine/checks.ts";
import { byNameIn } from "../engine/names.ts";
import { quote } from "../engine/quote.ts";
import { argmax, cast, greater, topK } from "../ops/index.ts";
import { reshape } from "../ops/views.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Loss, nameOf } from "./losses.ts";

/** What a metric sees of a batch. */
export interface MetricInput {
  /** The model's outputs [n, ...], after its last activation. */
  outputs: Tensor;
  /** The targets as the loss takes them. */
  targets: Tensor;
  /** The true class of each sample, where there are classes. */
  classes: Int32Array | null;
}

/** A figure that is a mean over samples: `sum` gives its sum over a batch, `finish` what becomes of the mean (a root, say). */
export interface Metric {
  name: string;
  sum(batch: MetricInput): number;
  finish?(mean: number): number;
}

function rowsOf(x: Tensor): Tensor {
  return x.rank === 2 ? x : reshape(x, [x.shape[0], -1]);
}

function perSample(name: string, of: (difference: Tensor) => Tensor, finish?: (mean: number) => number): Metric {
  return {
    name,
    sum: ({ outputs, targets }) => {
      const difference = rowsOf(outputs).sub(rowsOf(targets));
      return of(difference).sum().item() / difference.shape[1];
    },
    finish,
  };
}

const byName = {
  /** Share of samples whose class is right. */
  accuracy: {
    name: "accuracy",
    sum: ({ outputs, classes }) => countCorrect(predictedClasses(outputs, 0.5), needClasses("accuracy", classes)),
  } as Metric,
  /** Share of samples whose class is among the five largest outputs. */
  top5Accuracy: {
    name: "top5Accuracy",
    sum({ outputs, classes }) {
      const wanted = needClasses("top5Accuracy", classes);
      const k = Math.min(5, outputs.shape[1]);
      const best = topK(outputs, k).indices.dataSync();
      return wanted.reduce((sum, label, i) => sum + Number(best.subarray(i * k, (i + 1) * k).includes(label)), 0);
    },
  } as Metric,
  /** Mean of (p - t)^2 over every element. */
  meanSquaredError: perSample("meanSquaredError", (d) => d.square()),
  /** Mean of |p - t| over every element. */
  meanAbsoluteError: perSample("meanAbsoluteError", (d) => d.abs()),
  /** Root of the mean squared error. */
  rootMeanSquaredError: perSample("rootMeanSquaredError", (d) => d.square(), Math.sqrt),
};

/** A metric by name. */
export type MetricName = keyof typeof byName;

const table: ReadonlyMap<string, Metric> = new Map(Object.entries<Metric>(byName));

/** The names of all metrics. */
export const METRICS = Object.keys(byName) as MetricName[];

function needClasses(name: string, classes: Int32Array | null): Int32Array {
  if (classes === null)
    throw new TypeError(`${name}: the targets are values, not classes; use an error such as meanAbsoluteError`);
  return classes;
}

/** A figure of a batch: a mean over its samples as a number or a tensor of one, or a tensor [n] with a figure for each sample. */
export type MetricFunction = (outputs: Tensor, targets: Tensor, classes: Int32Array | null) => Tensor | number;

/** What stands for a metric: a name, a function, or a metric made by hand or by `customMetric`. */
export type MetricLike = MetricName | Metric | MetricFunction;

/**
 * A metric of your own. `compute` is given a batch: the model's outputs [n, ...], the targets as the loss takes them, and the classes
 * [n] where there are classes; the figure is the mean over all samples. `fit` and `evaluate` take the bare function, too.
 * @param options `name`, as the figures are called, default: the function's, or "custom"; `finish`: what becomes of the mean (a root, say).
 * @throws TypeError if `compute` is no function, or for options that there are not; when it is called, if it gives something else.
 * @example
 * ```ts
 * const close = customMetric((p, t) => p.sub(t).abs().lessEqual(0.5).cast("float32").mean(), { name: "close" });
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [1] });
 * const data = { x: tensor([[1], [2], [3]]), y: tensor([[1], [2], [9]]) };
 * evaluate(model, data, { loss: "meanSquaredError", metrics: [close] }).metrics["close"]; // 2 / 3
 * ```
 */
export function customMetric(
  compute: MetricFunction,
  options: { name?: string; finish?: (mean: number) => number } = {},
): Metric {
  const owner = "customMetric";
  knownOptions(owner, options, ["name", "finish"]);
  callable(owner, "the metric", compute);
  if (options.finish !== undefined) callable(owner, "finish", options.finish);
  const name = text(owner, "name", options.name ?? nameOf(compute));
  return {
    name,
    sum({ outputs, targets, classes }) {
      const figure: unknown = compute(outputs, targets, classes);
      const n = outputs.shape[0];
      if (typeof figure === "number") return figure * n;
      if (figure instanceof Tensor && figure.rank === 1 && figure.size === n) return figure.sum().item();
      if (figure instanceof Tensor && figure.size === 1) return Number(figure.item()) * n;
      throw new TypeError(
        `metric ${name}: must give a number, a tensor of one, or one of a figure a sample, (${n},); got ${quote(figure)}`,
      );
    },
    finish: options.finish,
  };
}

/**
 * The metric of that name, or the one given; a function becomes one as by `customMetric`.
 * @throws TypeError for an unknown name, or what is no metric.
 * @example
 * ```ts
 * metricFor("accuracy").name; // "accuracy"
 * ```
 */
export function metricFor(metric: MetricLike): Metric {
  if (typeof metric === "function") return customMetric(metric);
  if (typeof metric !== "object" || metric === null) return byNameIn("metric", metric, table);
  callable("metric", "sum", metric.sum);
  text("metric", "name", metric.name);
  return metric;
}

/**
 * The true classes of targets, or null where they are values: class indices as they are; rows of several outputs by their largest element; for one
 * output, bool and int32 targets, and those of crossEntropy, by 1/2.
 */
export function classesOf(targets: Tensor, loss: Loss): Int32Array | null {
  if (targets.dtype === "int32" && targets.rank === 1) return targets.dataSync() as Int32Array;
  const outputs = targets.rank < 2 ? 1 : targets.size / targets.shape[0];
  if (outputs > 1) return predictedClasses(targets, 0.5);
  const isClass = targets.dtype === "int32" || targets.dtype === "bool" || loss.name === "crossEntropy";
  return isClass ? predictedClasses(targets, 0.5) : null;
}

/** The class each row of outputs [n, classes] stands for, int32 [n]: the largest; with one output, 1 above the threshold and else 0. */
export function classIndices(outputs: Tensor, threshold: number): Tensor {
  const rows = rowsOf(outputs);
  if (rows.shape[1] !== 1) return argmax(rows, 1);
  return cast(greater(reshape(rows, [-1]), threshold), "int32");
}

/** `classIndices` in JavaScript. */
export function predictedClasses(outputs: Tensor, threshold: number): Int32Array {
  return classIndices(outputs, threshold).dataSync() as Int32Array;
}

/** Number of samples whose predicted class is the true one: `classes[rows[i]]` for sample i, `classes[i]` without `rows`. */
export function countCorrect(predicted: Int32Array, classes: Int32Array, rows: Int32Array | null = null): number {
  let correct = 0;
  for (let i = 0; i < predicted.length; i++) if (predicted[i] === classes[rows === null ? i : rows[i]]) correct += 1;
  return correct;
}
