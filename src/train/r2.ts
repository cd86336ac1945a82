// The coefficient of determination: how much better than the mean of the targets the outputs are.
import type { AccumulatingMetric, MetricInput } from "./metrics.ts";
import { inRows } from "./predicted-classes.ts";

/** What is known of one output. Sums are of differences from its first target, so that nothing cancels. */
interface Sums {
  first: number;
  sum: number;
  squares: number;
  errors: number;
}

/**
 * R^2 = 1 - sum (t - p)^2 / sum (t - mean t)^2 of each output, and their mean. For an output whose targets are all alike: 1 if it is exact, else 0, as
 * in scikit-learn.
 */
export function r2(): AccumulatingMetric {
  return {
    name: "r2",
    start() {
      let count = 0;
      let outputs: Sums[] = [];
      return {
        add(batch: MetricInput) {
          const [p, t] = [inRows(batch.outputs), inRows(batch.targets)];
          const width = p.shape[1];
          if (t.shape[1] !== width) throw new TypeError("r2: the targets are classes, not values; use accuracy");
          const [given, wanted] = [p.dataSync(), t.dataSync()];
          if (count === 0) {
            outputs = Array.from({ length: width }, (_, k) => ({
              first: Number(wanted[k]),
              sum: 0,
              squares: 0,
              errors: 0,
            }));
          }
          for (let i = 0; i < given.length; i++) {
            const of = outputs[i % width];
            const target = Number(wanted[i]);
            of.sum += target - of.first;
            of.squares += (target - of.first) ** 2;
            of.errors += (target - Number(given[i])) ** 2;
          }
          count += p.shape[0];
        },
        result() {
          const scores = outputs.map(({ sum, squares, errors }) => {
            const spread = squares - (sum * sum) / count;
            return spread > 0 ? 1 - errors / spread : Number(errors === 0);
          });
          return scores.reduce((total, score) => total + score, 0) / scores.length;
        },
      };
    },
  };
}
