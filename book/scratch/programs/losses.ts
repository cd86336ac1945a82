// What a network's answer costs. Rows are samples; the labels t are one-hot rows or class indices.
import type { Matrix } from "../../matrix.ts";

export type Labels = Matrix | readonly number[];

/** Keeps the logarithm of 0 finite. */
export const DELTA = 1e-7;

/** Half the sum of squares: sum (y - t)^2 / 2. */
export function sumSquaredError(y: Matrix, t: Matrix): number {
  return 0.5 * y.zip(t, (a, b) => (a - b) ** 2).sum();
}

/** -sum t ln(y + delta), divided by the number of samples. */
export function crossEntropyError(y: Matrix, t: Labels, delta = DELTA): number {
  let sum = 0;
  for (let i = 0; i < y.rows; i++) {
    if (!isOneHot(t)) sum -= Math.log(y.at(i, t[i]) + delta);
    else for (let k = 0; k < y.columns; k++) if (t.at(i, k) !== 0) sum -= t.at(i, k) * Math.log(y.at(i, k) + delta);
  }
  return sum / y.rows;
}

export function isOneHot(t: Labels): t is Matrix {
  return !Array.isArray(t);
}

/** The class of each row: given, or where the 1 stands. */
export function classesOf(t: Labels): readonly number[] {
  return isOneHot(t) ? t.toRows().map((row) => row.indexOf(Math.max(...row))) : t;
}
