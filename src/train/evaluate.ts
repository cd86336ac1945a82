// A model applied to data, in batches, without recording.

import { noGrad } from "../autograd/grad.ts";
import { checkSamples, EpochOrder, rowsOf, type Samples } from "../data/batches.ts";
import { knownOptions, list, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { activationByName } from "../nn/activations.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { isFixed } from "../nn/shapes.ts";
import { cast } from "../ops/cast.ts";
import { concat } from "../ops/join.ts";
import { checkTensor } from "../tensor/check.ts";
import { empty, keep, scope, type Tensor } from "../tensor/tensor.ts";
import { type LossLike, lossFor } from "./losses.ts";
import { classesOf, countCorrect, type MetricLike, metricFor, predictedClasses } from "./metrics.ts";
import { labelsOrValues, lossOf, objectiveFor, targetsFor } from "./objective.ts";

/** What `evaluate` finds. */
export interface Evaluation {
  /** Mean over samples. */
  loss: number;
  /** Share of samples whose class is right, 0 to 1; NaN where the targets are values, not classes. */
  accuracy: number;
  samples: number;
  /** The metrics that were asked for. */
  metrics: Record<string, number>;
}

/** How `evaluate` goes about it. */
export interface EvaluateOptions {
  /** A name, a function (outputs, targets) => tensor, or a loss made by hand. Default: as for `fit`. */
  loss?: LossLike;
  /** Samples at a time; default 1000. */
  batchSize?: number;
  /** Further figures: names, functions, or made by hand. */
  metrics?: readonly MetricLike[];
}

/**
 * Mean loss, and share of samples whose class is right. Shapes: x [n, ...input shape]; y class indices [n] (int32) or
 * values [n, ...outputs]. With one output, above 1/2 is class 1.
 * @throws RangeError if there are no samples, x and y hold different numbers of them, or shapes do not fit the model;
 * TypeError for an unknown loss, one that can't fit, or if none is given and none follows from model and targets.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: () => eye(2), activation: "softmax" })], { inputShape: [2] });
 * const data = { x: tensor([[1, 0], [0, 1], [0, 1]]), y: tensor([0, 1, 0], "int32") };
 * evaluate(model, data).accuracy; // 2 / 3
 * ```
 */
export function evaluate(model: Model, data: Samples, options: EvaluateOptions = {}): Evaluation {
  knownOptions("evaluate", options, ["loss", "batchSize", "metrics"]);
  checkModel("evaluate", model);
  checkSamples("evaluate", data);
  const batchSize = whole("evaluate", "batchSize", options.batchSize ?? 1000, 1);
  const metrics = list("evaluate", "metrics", options.metrics ?? []).map(metricFor);
  const loss = objectiveFor("evaluate", model, data.y, options.loss);
  const activate = activationByName(model.outputActivation);
  return scope(() =>
    noGrad(() => {
      const y = labelsOrValues(loss, model, data.y);
      const samples = { x: cast(data.x, model.inputs[0].dtype), y: targetsFor(loss, model, y) };
      const classes = classesOf(y, loss);
      const order = new EpochOrder(samples, batchSize, null);
      const n = data.x.shape[0];
      let total = 0;
      let correct = 0;
      const sums = metrics.map(() => 0);
      for (let i = 0; i < order.batches; i++) {
        scope(() => {
          const batch = order.batch(i);
          const { value, outputs, threshold } = lossOf(loss, model, batch, false);
          total += value.item() * batch.x.shape[0];
          if (classes) correct += countCorrect(predictedClasses(outputs, threshold), classes, order.rows(i));
          if (metrics.length === 0) return;
          const wanted = classes && Int32Array.from(order.rows(i), (row) => classes[row]);
          const input = { outputs: threshold === 0 ? activate(outputs) : outputs, targets: batch.y, classes: wanted };
          metrics.forEach((metric, k) => {
            sums[k] += metric.sum(input);
          });
        });
      }
      const figures = metrics.map((metric, k) => [metric.name, metric.finish?.(sums[k] / n) ?? sums[k] / n]);
      const accuracy = classes ? correct / n : Number.NaN;
      return { loss: total / n, accuracy, samples: n, metrics: Object.fromEntries(figures) as Record<string, number> };
    }),
  );
}

/**
 * The model's outputs: x [n, ...input shape] to [n, ...output shape], `batchSize` (1000 by default) samples at a time.
 * Not recorded.
 * @throws RangeError if the shape does not fit the model.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [2] });
 * predict(model, tensor([[1, 2], [3, 4]])).toArray(); // [[3], [7]]
 * ```
 */
export function predict(model: Model, x: Tensor, options: { batchSize?: number } = {}): Tensor {
  knownOptions("predict", options, ["batchSize"]);
  checkModel("predict", model);
  checkTensor("predict", x);
  const size = whole("predict", "batchSize", options.batchSize ?? 1000, 1);
  return scope(() =>
    noGrad(() => {
      const input = cast(x, model.inputs[0].dtype);
      const n = x.shape[0] ?? 0;
      if (n <= size) return keepFresh(model.call(input), input);
      const { outputShape } = model;
      if (!isFixed(outputShape)) {
        // What the outputs' lengths are is known when they are there.
        return concat(
          Array.from({ length: Math.ceil(n / size) }, (_, i) =>
            scope(() => keepFresh(model.call(rowsOf(input, i * size, Math.min((i + 1) * size, n))), input)),
          ),
        );
      }
      const y = empty("predict", [n, ...outputShape], model.dtype);
      for (let start = 0; start < n; start += size) {
        scope(() => {
          const stop = Math.min(start + size, n);
          engine().copy(model.call(rowsOf(input, start, stop)), rowsOf(y, start, stop));
        });
      }
      return y;
    }),
  );
}

/** A model that only passes its input on returns it; the caller gets it as it is. */
function keepFresh(y: Tensor, input: Tensor): Tensor {
  return y.storage === input.storage ? keep(y) : y;
}

/** A larger table is no table any more, and takes gigabytes. */
const MOST_CLASSES = 10_000;

/**
 * Counts of true and predicted classes: row i, column j is how often class i was taken for j.
 * @throws RangeError if there are no samples, x and y hold different numbers of them, or shapes do not fit the model.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { weights: () => eye(2) })], { inputShape: [2] });
 * const data = { x: tensor([[1, 0], [0, 1], [0, 1]]), y: tensor([0, 1, 0], "int32") };
 * confusionMatrix(model, data); // [[1, 1], [0, 1]]
 * ```
 */
export function confusionMatrix(model: Model, data: Samples, classes?: number): number[][] {
  checkModel("confusionMatrix", model);
  checkSamples("confusionMatrix", data);
  const outputs = model.outputShape.at(-1) ?? 1;
  const count = whole("confusionMatrix", "classes", classes ?? Math.max(2, outputs), 2);
  if (count > MOST_CLASSES) {
    throw new RangeError(
      `confusionMatrix: a table of ${count} classes is too large, at most ${MOST_CLASSES} are counted`,
    );
  }
  const counts = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  scope(() => {
    const predicted = predictedClasses(predict(model, data.x), 0.5);
    const loss = lossFor("crossEntropy");
    const wanted = classesOf(labelsOrValues(loss, model, data.y), loss)!;
    predicted.forEach((guess, i) => {
      if (wanted[i] < 0 || wanted[i] >= count || guess >= count) {
        const found = wanted[i] < 0 || wanted[i] >= count ? `label ${wanted[i]}` : `prediction ${guess}`;
        throw new RangeError(
          `confusionMatrix: ${found} at position ${i} is not in 0 to ${count - 1}, the ${count} classes`,
        );
      }
      counts[wanted[i]!][guess] += 1;
    });
  });
  return counts;
}
