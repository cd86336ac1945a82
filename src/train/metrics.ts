// Figures of merit beside the loss. Most are means over samples; the others gather what they need from every batch and make their figure of it at the
// end. Both give the same whatever the batches.
import { callable, knownOptions, text, whole } from "../engine/checks.ts";
import { byNameIn } from "../engine/names.ts";
import { quote } from "../engine/quote.ts";
import { topK } from "../ops/index.ts";
import { Tensor } from "../tensor/tensor.ts";
import { areaUnderCurve } from "./area-under-curve.ts";
import { f1, precision, recall } from "./class-metrics.ts";
import { nameOf } from "./losses.ts";
import { countCorrect, inRows, predictedClasses } from "./predicted-classes.ts";
import { r2 } from "./r2.ts";

/** What a metric sees of a batch: the rows that count, which are samples, or steps where labels belong to steps. */
export interface MetricInput {
  /** The model's outputs [n, ...], after its last activation. */
  outputs: Tensor;
  /** The targets as the loss takes them. */
  targets: Tensor;
  /** The true class of each row, where there are classes. */
  classes: Int32Array | null;
}

/** A figure that is a mean over samples: `sum` gives its sum over a batch, `finish` what becomes of the mean (a root, say). */
export interface Metric {
  name: string;
  sum(batch: MetricInput): number;
  finish?(mean: number): number;
}

/** What gathers a figure over the batches of a pass. */
export interface MetricAccumulator {
  add(batch: MetricInput): void;
  /** The figure of all that was added. */
  result(): number;
}

/** A figure that is no mean over samples: `start` begins a pass. */
export interface AccumulatingMetric {
  name: string;
  start(): MetricAccumulator;
}

function perSample(name: string, of: (difference: Tensor) => Tensor, finish?: (mean: number) => number): Metric {
  return {
    name,
    sum: ({ outputs, targets }) => {
      const difference = inRows(outputs).sub(inRows(targets));
      return of(difference).sum().item() / difference.shape[1];
    },
    finish,
  };
}

/**
 * Share of samples whose class is among the k largest outputs. By name: `top5Accuracy`.
 * @throws RangeError unless k is a whole number from 1 on; TypeError, when it is computed, for targets that are no classes.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(3, { weights: () => eye(3) })], { inputShape: [3] });
 * const data = { x: tensor([[3, 2, 1], [3, 1, 2]]), y: tensor([1, 1], "int32") };
 * evaluate(model, data, { loss: "quadratic", metrics: [metric.topKAccuracy(2)] }).metrics; // { top2Accuracy: 1 / 2 }
 * ```
 */
function topKAccuracy(k: number): Metric {
  whole("metric.topKAccuracy", "k", k, 1);
  const name = `top${k}Accuracy`;
  return {
    name,
    sum({ outputs, classes }) {
      const wanted = needClasses(name, classes);
      const rows = inRows(outputs);
      const most = Math.min(k, rows.shape[1]);
      const best = topK(rows, most).indices.dataSync();
      return wanted.reduce((sum, label, i) => sum + Number(best.subarray(i * most, (i + 1) * most).includes(label)), 0);
    },
  };
}

const perplexity: Metric = {
  name: "perplexity",
  sum({ outputs, classes }) {
    const wanted = needClasses("perplexity", classes);
    const rows = inRows(outputs);
    const [shares, width] = [rows.dataSync(), rows.shape[1]];
    // One output is the share of class 1. Logarithms stop at -100, as those of the loss.
    const share = (i: number): number =>
      width > 1 ? Number(shares[i * width + wanted[i]]) : wanted[i] === 1 ? Number(shares[i]) : 1 - Number(shares[i]);
    let sum = 0;
    for (let i = 0; i < wanted.length; i++) sum -= Math.max(-100, Math.log(share(i)));
    return sum;
  },
  finish: Math.exp,
};

const byName = {
  /** Share of samples whose class is right. */
  accuracy: {
    name: "accuracy",
    sum: ({ outputs, classes }) => countCorrect(predictedClasses(outputs, 0.5), needClasses("accuracy", classes)),
  } as Metric,
  /** Share of samples whose class is among the five largest outputs. */
  top5Accuracy: topKAccuracy(5),
  /** See `metric.precision`. */
  precision: precision(),
  /** See `metric.recall`. */
  recall: recall(),
  /** See `metric.f1`. */
  f1: f1(),
  /** See `metric.areaUnderCurve`. */
  areaUnderCurve: areaUnderCurve(),
  /** e to the mean cross-entropy: among how many equally likely classes the model is undecided. */
  perplexity,
  /** Mean of (p - t)^2 over every element. */
  meanSquaredError: perSample("meanSquaredError", (d) => d.square()),
  /** Mean of |p - t| over every element. */
  meanAbsoluteError: perSample("meanAbsoluteError", (d) => d.abs()),
  /** Root of the mean squared error. */
  rootMeanSquaredError: perSample("rootMeanSquaredError", (d) => d.square(), Math.sqrt),
  /** Share of the targets' variance that the outputs explain. */
  r2: r2(),
};

/** A metric by name. */
export type MetricName = keyof typeof byName;

const table: ReadonlyMap<string, Metric | AccumulatingMetric> = new Map(
  Object.entries<Metric | AccumulatingMetric>(byName),
);

/** The names of all metrics. */
export const METRICS = Object.keys(byName) as MetricName[];

/**
 * Metrics that take settings; without them their names do. Rows are samples, or steps of sequences where labels belong to steps; what
 * is masked, ignored or weighs 0 is left out.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(3, { weights: () => eye(3) })], { inputShape: [3] });
 * const data = { x: tensor([[3, 2, 1], [1, 3, 2], [3, 1, 2]]), y: tensor([0, 2, 1], "int32") };
 * const metrics = [metric.topKAccuracy(2), metric.f1({ average: "micro" })];
 * evaluate(model, data, { loss: "quadratic", metrics }).metrics; // { top2Accuracy: 2 / 3, f1: 1 / 3 }
 * ```
 * @namespace
 */
export const metric = {
  /** @function */
  topKAccuracy,
  /** @function */
  precision,
  /** @function */
  recall,
  /** @function */
  f1,
  /** @function */
  areaUnderCurve,
};

export function needClasses(name: string, classes: Int32Array | null): Int32Array {
  if (classes === null)
    throw new TypeError(`${name}: the targets are values, not classes; use an error such as meanAbsoluteError`);
  return classes;
}

/** A figure of a batch: a mean over its samples as a number or a tensor of one, or a tensor [n] with a figure for each sample. */
export type MetricFunction = (outputs: Tensor, targets: Tensor, classes: Int32Array | null) => Tensor | number;

/** What stands for a metric: a name, a function, or a metric made by hand, by `customMetric` or by `metric`. */
export type MetricLike = MetricName | Metric | AccumulatingMetric | MetricFunction;

/**
 * A metric of your own. `compute` is given a batch: the model's outputs [n, ...], the targets as the loss takes them, and the classes
 * [n] where there are classes; the figure is the mean over all samples. `fit` and `evaluate` take the bare function, too. For a figure
 * that is no mean, make an object `{ name, start() { ... return { add(batch), result() } } }`.
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
export function metricFor(given: MetricLike): Metric | AccumulatingMetric {
  if (typeof given === "function") return customMetric(given);
  if (typeof given !== "object" || given === null) return byNameIn("metric", given, table);
  if ("start" in given) callable("metric", "start", given.start);
  else callable("metric", "sum", given.sum);
  text("metric", "name", given.name);
  return given;
}

/** A pass of a metric that is a mean: what a batch adds to it are two numbers. */
export class MeanPass {
  private total = 0;
  private rows = 0;

  constructor(private readonly metric: Metric) {}

  countsOf(batch: MetricInput): [sum: number, rows: number] {
    return [this.metric.sum(batch), batch.outputs.shape[0]];
  }

  add(sum: number, rows: number): void {
    this.total += sum;
    this.rows += rows;
  }

  result(): number {
    const mean = this.total / this.rows;
    return this.metric.finish?.(mean) ?? mean;
  }
}
