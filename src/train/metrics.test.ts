// Metrics, against values by hand.
import { describe, expect, test } from "vitest";
import { Activation, evaluate, METRICS, type MetricLike, metric, Sequential, tensor } from "../node.ts";

/** A model that passes its inputs on: they are its outputs. */
const through = (units: number): Sequential => new Sequential([new Activation("linear")], { inputShape: [units] });

function figures(
  outputs: number[][],
  y: number[] | number[][],
  metrics: readonly MetricLike[],
  batchSize = 3,
): unknown {
  const model = through(outputs[0].length);
  const labels = !Array.isArray(y[0]);
  const loss = outputs[0].length > 1 && labels ? "quadratic" : "crossEntropy";
  const data = { x: tensor(outputs), y: labels ? tensor(y as number[], "int32") : tensor(y as number[][]) };
  return evaluate(model, data, { loss: labels ? loss : "meanSquaredError", metrics, batchSize }).metrics;
}

describe("two classes, one output", () => {
  const scores = [[0.9], [0.8], [0.7], [0.6], [0.55], [0.4], [0.3], [0.3], [0.2], [0.1]];
  const labels = [1, 1, 0, 1, 0, 1, 0, 0, 1, 0];
  // Above 1/2: 5 named, of which 3 are of the class; 2 of 5 are missed.
  test("precision 3/5, recall 3/5, F1 3/5, area 18/25: of 25 pairs 18 are in order", () => {
    const found = figures(scores, labels, ["precision", "recall", "f1", "areaUnderCurve", "accuracy"]);
    expect(found).toEqual({ precision: 0.6, recall: 0.6, f1: 0.6, areaUnderCurve: 18 / 25, accuracy: 0.6 });
  });

  test("equal scores count half; one class alone has no area", () => {
    expect(figures([[0.5], [0.5], [0.2]], [1, 0, 0], ["areaUnderCurve"])).toEqual({ areaUnderCurve: 0.75 });
    expect(figures([[0.5], [0.4]], [1, 1], ["areaUnderCurve"])).toEqual({ areaUnderCurve: Number.NaN });
  });

  test("of the other class; 0 where nothing was named", () => {
    const other = { positiveClass: 0 };
    const metrics = [metric.precision(other), metric.recall(other)];
    expect(figures([[0.9], [0.8], [0.1]], [1, 0, 0], metrics)).toEqual({ precision: 1, recall: 0.5 });
    expect(figures([[0.1], [0.2]], [1, 0], ["precision", "recall", "f1"])).toEqual({ precision: 0, recall: 0, f1: 0 });
  });
});

describe("several classes", () => {
  const outputs = [
    [0.7, 0.2, 0.1],
    [0.1, 0.6, 0.3],
    [0.2, 0.3, 0.5],
    [0.4, 0.5, 0.1],
    [0.3, 0.3, 0.4],
    [0.6, 0.3, 0.1],
    [0.2, 0.7, 0.1],
  ];
  const labels = [0, 1, 2, 0, 1, 2, 1];
  // Predicted: 0 1 2 1 2 0 1. Hits: one, two, one; false alarms: one each; misses: one each.
  test("macro is the mean over classes, micro of all decisions", () => {
    const macro = figures(outputs, labels, ["precision", "recall", "f1"]) as Record<string, number>;
    for (const name of ["precision", "recall", "f1"]) expect(macro[name]).toBeCloseTo((1 / 2 + 2 / 3 + 1 / 2) / 3, 12);
    const micro = { average: "micro" } as const;
    expect(figures(outputs, labels, [metric.precision(micro), metric.f1(micro)])).toEqual({
      precision: 4 / 7,
      f1: 4 / 7,
    });
  });

  test("one against all others: area under the curve", () => {
    // Class 0: positive .7 .4 against .1 .2 .3 .6 .2: 9 of 10 pairs. Class 1: .6 .3 .7 against .2 .3 .5 .3: 4 + 2 + 4 (ties half) ... of 12.
    const pairs = (k: number): number => {
      const [own, rest] = [true, false].map((of) =>
        outputs.filter((_, i) => (labels[i] === k) === of).map((row) => row[k]),
      );
      let right = 0;
      for (const a of own) for (const b of rest) right += a > b ? 1 : a === b ? 0.5 : 0;
      return right / (own.length * rest.length);
    };
    const { areaUnderCurve } = figures(outputs, labels, ["areaUnderCurve"]) as Record<string, number>;
    expect(areaUnderCurve).toBeCloseTo((pairs(0) + pairs(1) + pairs(2)) / 3, 12);
    const weighted = figures(outputs, labels, [metric.areaUnderCurve({ average: "weighted" })]) as Record<
      string,
      number
    >;
    expect(weighted["areaUnderCurve"]).toBeCloseTo((2 * pairs(0) + 3 * pairs(1) + 2 * pairs(2)) / 7, 12);
  });

  test("among the k largest, and perplexity", () => {
    const found = figures(outputs, labels, [metric.topKAccuracy(2), "top5Accuracy", "perplexity"]) as Record<
      string,
      number
    >;
    // The last but one has its class last; the fifth shares places 2 and 3, of which the first is taken.
    expect(found["top2Accuracy"]).toBeGreaterThanOrEqual(5 / 7);
    expect(found["top5Accuracy"]).toBe(1);
    const mean = labels.reduce((sum, label, i) => sum - Math.log(outputs[i][label]), 0) / 7;
    expect(found["perplexity"]).toBeCloseTo(Math.exp(mean), 5);
  });
});

describe("values", () => {
  const p = [
    [2.5, 0],
    [0, 2],
    [2, 8],
    [8, 1],
  ];
  const t = [
    [3, 1],
    [-0.5, 2],
    [2, 7],
    [7, 1],
  ];
  test("R2 is the mean over outputs; errors by hand", () => {
    const found = figures(p, t, ["r2", "meanAbsoluteError", "meanSquaredError", "rootMeanSquaredError"]) as Record<
      string,
      number
    >;
    // Output 1: 1 - 1.5 / 29.1875; output 2: 1 - 2 / 24.75.
    expect(found["r2"]).toBeCloseTo((1 - 1.5 / 29.1875 + 1 - 2 / 24.75) / 2, 12);
    expect(found["meanAbsoluteError"]).toBe(0.5);
    expect(found["meanSquaredError"]).toBe(3.5 / 8);
    expect(found["rootMeanSquaredError"]).toBe(Math.sqrt(3.5 / 8));
  });

  test("R2 of constant targets is 1 where they are met, else 0; large offsets cancel nothing", () => {
    expect(figures([[1], [1]], [[1], [1]], ["r2"])).toEqual({ r2: 1 });
    expect(figures([[1], [2]], [[1], [1]], ["r2"])).toEqual({ r2: 0 });
    const offset = 2 ** 23;
    const { r2 } = figures([[offset + 1], [offset + 1]], [[offset], [offset + 2]], ["r2"]) as Record<string, number>;
    expect(r2).toBe(0);
  });
});

test("figures do not depend on the batches", () => {
  const outputs = Array.from({ length: 20 }, (_, i) => [Math.sin(i), Math.cos(3 * i), Math.sin(5 * i + 1)]);
  const labels = outputs.map((_, i) => (i * 7) % 3);
  const metrics = ["precision", "recall", "f1", "areaUnderCurve", "top5Accuracy", "accuracy"] as const;
  expect(figures(outputs, labels, metrics, 3)).toEqual(figures(outputs, labels, metrics, 100));
});

test("a metric of one's own may gather what it likes", () => {
  const largest: MetricLike = {
    name: "largest",
    start() {
      let most = Number.NEGATIVE_INFINITY;
      return {
        add({ outputs }) {
          most = Math.max(most, outputs.max().item());
        },
        result: () => most,
      };
    },
  };
  expect(figures([[1], [5], [2], [3]], [[0], [0], [0], [0]], [largest, "meanAbsoluteError"])).toEqual({
    largest: 5,
    meanAbsoluteError: 11 / 4,
  });
});

test("what a metric can't be is told", () => {
  expect(() => metric.topKAccuracy(0)).toThrow("metric.topKAccuracy: k must be a whole number of at least 1, got 0");
  expect(() => metric.f1({ average: "weighted" as "macro" })).toThrow(
    /metric\.f1: average must be one of binary, macro, micro/,
  );
  expect(() => metric.areaUnderCurve({ mean: 1 } as object)).toThrow(/no option mean/);
  for (const name of METRICS.filter((each) => /accuracy|precision|recall|f1|Curve|perplexity/i.test(each))) {
    expect(() => figures([[1], [2]], [[0.5], [1.5]], [name]), name).toThrow(/the targets are values, not classes/);
  }
  expect(() => figures([[1, 2]], [1], ["auc" as "f1"])).toThrow(/unknown name "auc" \(here it is areaUnderCurve\)/);
});
