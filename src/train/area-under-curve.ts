// The area under the receiver operating characteristic, exactly: from the ranks of all scores, ties shared.
import { knownOptions, oneOf } from "../engine/checks.ts";
import type { AccumulatingMetric, MetricInput } from "./metrics.ts";
import { inRows } from "./predicted-classes.ts";

/** What `metric.areaUnderCurve` takes. */
export interface AreaOptions {
  /** For more than two classes, each against all others: `macro`, the mean over the classes that occur (default), or `weighted` by how often they do. */
  average?: "macro" | "weighted";
}

/**
 * How likely a sample of the class has a higher score than one of none (Fawcett 2006; Mann & Whitney 1947): (R - P (P + 1) / 2) / (P N), R the sum of
 * the ranks of the P positive samples among all P + N.
 */
function areaOf(scores: readonly number[], positive: readonly boolean[]): number {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a] - scores[b]);
  let [ranks, count] = [0, 0];
  for (let start = 0; start < order.length; ) {
    let stop = start + 1;
    while (stop < order.length && scores[order[stop]] === scores[order[start]]) stop += 1;
    // Ranks count from 1; equal scores share the mean of theirs.
    const rank = (start + stop + 1) / 2;
    for (let k = start; k < stop; k++) {
      if (!positive[order[k]]) continue;
      ranks += rank;
      count += 1;
    }
    start = stop;
  }
  const others = scores.length - count;
  return (ranks - (count * (count + 1)) / 2) / (count * others);
}

/**
 * Area under the receiver operating characteristic: 1 where every sample of a class scores higher than every other, 1/2 for chance. The
 * score is the class's output; of more than two classes each is set against all others (one-vs-rest). Exact, so that all scores are
 * held until the end; NaN where only one class occurs.
 * @throws TypeError for options out of range, or that there are not; when it is computed, for targets that are no classes.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [1] });
 * const data = { x: tensor([[0.9], [0.8], [0.1]]), y: tensor([[1], [0], [1]]) };
 * const options = { loss: "crossEntropy", metrics: [metric.areaUnderCurve()] } as const;
 * evaluate(model, data, options).metrics; // { areaUnderCurve: 1 / 2 }
 * ```
 */
export function areaUnderCurve(options: AreaOptions = {}): AccumulatingMetric {
  const owner = "metric.areaUnderCurve";
  knownOptions(owner, options, ["average"]);
  const average = oneOf(owner, "average", options.average ?? "macro", ["macro", "weighted"]);
  return {
    name: "areaUnderCurve",
    start() {
      /** Scores of each output. */
      let columns: number[][] = [];
      const labels: number[] = [];
      return {
        add({ outputs, classes }: MetricInput) {
          if (classes === null) throw new TypeError("areaUnderCurve: the targets are values, not classes");
          const rows = inRows(outputs);
          const width = rows.shape[1];
          const values = rows.dataSync();
          if (columns.length === 0) columns = Array.from({ length: width }, () => []);
          for (let i = 0; i < classes.length; i++) {
            labels.push(classes[i]);
            for (let k = 0; k < width; k++) columns[k].push(Number(values[i * width + k]));
          }
        },
        result() {
          const of = (column: number, label: number): number =>
            areaOf(
              columns[column],
              labels.map((each) => each === label),
            );
          if (columns.length <= 2) return of(columns.length - 1, 1);
          const present = columns.map((_, k) => k).filter((k) => labels.includes(k));
          if (average === "macro") return present.reduce((sum, k) => sum + of(k, k), 0) / present.length;
          return (
            present.reduce((sum, k) => sum + of(k, k) * labels.filter((each) => each === k).length, 0) / labels.length
          );
        },
      };
    },
  };
}
