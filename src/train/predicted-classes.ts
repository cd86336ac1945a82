// Which class outputs stand for, and how often it is the true one.
import { engine } from "../engine/engine.ts";
import { argmax, cast, greater } from "../ops/index.ts";
import { reshape } from "../ops/views.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Outputs [n, ...] as [n, numbers]. */
export function inRows(x: Tensor): Tensor {
  return x.rank === 2 ? x : reshape(x, [x.shape[0], -1]);
}

/** The class each row of outputs [n, classes] stands for, int32 [n]: the largest; with one output, 1 above the threshold and else 0. */
export function classIndices(outputs: Tensor, threshold: number): Tensor {
  const rows = inRows(outputs);
  if (rows.shape[1] !== 1) return argmax(rows, 1);
  return cast(greater(reshape(rows, [-1]), threshold), "int32");
}

/** `classIndices` in JavaScript. */
export function predictedClasses(outputs: Tensor, threshold: number): Int32Array {
  if (!engine().asynchronous) return classIndices(outputs, threshold).dataSync() as Int32Array;
  // The engine may know values that it was given; what is computed of them comes later.
  const n = outputs.shape[0];
  const values = outputs.dataSync();
  const width = values.length / n;
  return Int32Array.from({ length: n }, (_, row) => {
    if (width === 1) return Number(values[row] > threshold);
    let best = 0;
    for (let k = 1; k < width; k++) {
      const [value, most] = [values[row * width + k], values[row * width + best]];
      if (value > most || (Number.isNaN(value) && !Number.isNaN(most))) best = k;
    }
    return best;
  });
}

/** Number of samples whose predicted class is the true one: `classes[rows[i]]` for sample i, `classes[i]` without `rows`. */
export function countCorrect(predicted: Int32Array, classes: Int32Array, rows: Int32Array | null = null): number {
  let correct = 0;
  for (let i = 0; i < predicted.length; i++) if (predicted[i] === classes[rows === null ? i : rows[i]]) correct += 1;
  return correct;
}

/** The same where a sample has several places: of those that count for something, [right ones, all]. */
export function countCorrectAt(
  predicted: Int32Array,
  classes: Int32Array,
  rows: Int32Array | null,
  places: number,
  weights: ArrayLike<number> | null,
): [number, number] {
  let correct = 0;
  let counted = 0;
  for (let i = 0; i < predicted.length; i++) {
    if (weights !== null && !(weights[i] > 0)) continue;
    const sample = (i / places) | 0;
    const row = rows === null ? i : rows[sample] * places + (i - sample * places);
    counted += 1;
    if (predicted[i] === classes[row]) correct += 1;
  }
  return [correct, counted];
}
