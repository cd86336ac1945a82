// Precision, recall and F1: counts of classes taken for each other, gathered over all batches.
import { knownOptions, oneOf, whole } from "../engine/checks.ts";
import type { AccumulatingMetric, MetricInput } from "./metrics.ts";
import { inRows, predictedClasses } from "./predicted-classes.ts";

/** What `metric.precision`, `metric.recall` and `metric.f1` take. */
export interface ClassMetricOptions {
  /**
   * `binary`: of one class against all others; `macro`: the mean over the classes that occur; `micro`: of all decisions together. Default
   * binary for two classes, macro for more.
   */
  average?: "binary" | "macro" | "micro";
  /** With `binary`: the class in question; default 1. */
  positiveClass?: number;
}

/** Of a class: how often it was rightly named, wrongly named, and missed. */
interface Counts {
  hits: number;
  falseAlarms: number;
  misses: number;
}

/** 0 where there is nothing to divide by, as scikit-learn has it. */
const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

function classMetric(
  name: string,
  figure: (counts: Counts) => number,
  options: ClassMetricOptions,
): AccumulatingMetric {
  const owner = `metric.${name}`;
  knownOptions(owner, options, ["average", "positiveClass"]);
  const { average, positiveClass = 1 } = options;
  if (average !== undefined) oneOf(owner, "average", average, ["binary", "macro", "micro"]);
  whole(owner, "positiveClass", positiveClass, 0);
  return {
    name,
    start() {
      const of = new Map<number, Counts>();
      let width = 2;
      const countsOf = (label: number): Counts => {
        const known = of.get(label) ?? { hits: 0, falseAlarms: 0, misses: 0 };
        of.set(label, known);
        return known;
      };
      return {
        add({ outputs, classes }: MetricInput) {
          if (classes === null) throw new TypeError(`${name}: the targets are values, not classes`);
          width = Math.max(2, inRows(outputs).shape[1]);
          predictedClasses(outputs, 0.5).forEach((guess, i) => {
            if (guess === classes[i]) countsOf(guess).hits += 1;
            else {
              countsOf(guess).falseAlarms += 1;
              countsOf(classes[i]).misses += 1;
            }
          });
        },
        result() {
          const how = average ?? (width === 2 ? "binary" : "macro");
          if (how === "binary") return figure(countsOf(positiveClass));
          const all = [...of.values()];
          if (how === "macro") return all.reduce((sum, counts) => sum + figure(counts), 0) / all.length;
          const total = (key: keyof Counts): number => all.reduce((sum, counts) => sum + counts[key], 0);
          return figure({ hits: total("hits"), falseAlarms: total("falseAlarms"), misses: total("misses") });
        },
      };
    },
  };
}

/**
 * Precision: hits / (hits + false alarms), which share of what was named as a class is of it. 0 where nothing was.
 * @throws TypeError, RangeError for options out of range, or that there are not.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [1] });
 * const data = { x: tensor([[0.9], [0.8], [0.1]]), y: tensor([[1], [0], [1]]) };
 * const options = { loss: "crossEntropy", metrics: [metric.precision()] } as const;
 * evaluate(model, data, options).metrics; // { precision: 1 / 2 }
 * ```
 */
export function precision(options: ClassMetricOptions = {}): AccumulatingMetric {
  return classMetric("precision", ({ hits, falseAlarms }) => ratio(hits, hits + falseAlarms), options);
}

/**
 * Recall: hits / (hits + misses), which share of what is of a class was named as it. 0 where nothing is.
 * @throws TypeError, RangeError for options out of range, or that there are not.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [1] });
 * const data = { x: tensor([[0.9], [0.8], [0.1]]), y: tensor([[1], [0], [1]]) };
 * const options = { loss: "crossEntropy", metrics: [metric.recall()] } as const;
 * evaluate(model, data, options).metrics; // { recall: 1 / 2 }
 * ```
 */
export function recall(options: ClassMetricOptions = {}): AccumulatingMetric {
  return classMetric("recall", ({ hits, misses }) => ratio(hits, hits + misses), options);
}

/**
 * F1, the harmonic mean of precision and recall: 2 hits / (2 hits + false alarms + misses).
 * @throws TypeError, RangeError for options out of range, or that there are not.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [1] });
 * const data = { x: tensor([[0.9], [0.8], [0.1]]), y: tensor([[1], [0], [1]]) };
 * const options = { loss: "crossEntropy", metrics: [metric.f1({ average: "macro" })] } as const;
 * evaluate(model, data, options).metrics; // { f1: 1 / 4 }
 * ```
 */
export function f1(options: ClassMetricOptions = {}): AccumulatingMetric {
  return classMetric(
    "f1",
    ({ hits, falseAlarms, misses }) => ratio(2 * hits, 2 * hits + falseAlarms + misses),
    options,
  );
}
