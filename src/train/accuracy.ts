// How many samples a model gets right.
import { argmax } from "../ops/reduce.ts";
import { reshape } from "../ops/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The class of each target: class indices as they are, rows by their largest element, single values by rounding. */
export function classesOf(targets: Tensor): Int32Array {
  if (targets.dtype === "int32" && targets.rank === 1) return targets.dataSync() as Int32Array;
  return predictedClasses(targets, 0.5);
}

/** The class each row of outputs [n, classes] stands for: the largest; with one output, 1 above the threshold and else 0. */
export function predictedClasses(outputs: Tensor, threshold: number): Int32Array {
  const rows = outputs.rank === 2 ? outputs : reshape(outputs, [outputs.shape[0], -1]);
  if (rows.shape[1] !== 1) return argmax(rows, 1).dataSync() as Int32Array;
  return Int32Array.from(rows.dataSync() as Float32Array, (value) => (value > threshold ? 1 : 0));
}

/** Number of rows whose predicted class is the target's. */
export function countCorrect(outputs: Tensor, targets: Tensor, threshold = 0.5): number {
  const predicted = predictedClasses(outputs, threshold);
  const wanted = classesOf(targets);
  let correct = 0;
  for (let i = 0; i < predicted.length; i++) if (predicted[i] === wanted[i]) correct += 1;
  return correct;
}
