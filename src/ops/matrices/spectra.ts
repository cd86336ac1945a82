// What the gradients of singular values and of eigenvalues share: vectors turn into each other the faster, the closer their values are.
import { eye } from "../../tensor/create.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul, reciprocal, sub } from "../arithmetic.ts";
import { expandDims } from "../views.ts";
import { nameOfMatrix } from "./operands.ts";

/** f[i, j] = 1 / (values[j] - values[i]), 0 where i = j: [..., n] to [..., n, n]. */
export function inverseGaps(values: Tensor): Tensor {
  const n = values.shape.at(-1)!;
  const unit = eye(n, n, 0, values.dtype);
  const others = sub(1, unit);
  // The diagonal's 0 becomes 1 before it is divided by.
  return mul(reciprocal(add(sub(expandDims(values, -2), expandDims(values, -1)), unit)), others);
}

/** The values as diagonal matrices: [..., n] to [..., n, n]. */
export function onDiagonal(values: Tensor): Tensor {
  const n = values.shape.at(-1)!;
  return mul(expandDims(values, -1), eye(n, n, 0, values.dtype));
}

/**
 * Throws where two neighbours among ordered values are equal to rounding: any turn of their vectors is as good, so they have no gradient.
 * `what` names the values: "singular values".
 */
export function checkDistinct(operation: string, what: string, values: Tensor): void {
  const n = values.shape.at(-1)!;
  const data = Float64Array.from(values.dataSync());
  const rounding = n * (values.dtype === "float32" ? 2 ** -23 : Number.EPSILON);
  for (let start = 0; start < data.length; start += n) {
    const row = data.subarray(start, start + n);
    const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (let i = 1; i < n; i++) {
      if (Math.abs(row[i] - row[i - 1]) > rounding * largest) continue;
      throw new RangeError(
        `${operation}: gradient: ${nameOfMatrix(values.shape.slice(0, -1), start / n)} has equal ${what} (${i - 1} and ${i}: ` +
          `${row[i - 1]}, ${row[i]}), so that their vectors are not determined; use the values alone, or add a little noise to it`,
      );
    }
  }
}
