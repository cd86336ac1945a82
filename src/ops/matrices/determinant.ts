// Determinants, by elimination. Where a determinant is 0 the usual gradient, det(x) x^-T, is 0 times infinity; the matrix of cofactors, which it
// stands for, is there all the same, and singular values give it: cof(U S V^T) = det(U) det(V) U cof(S) V^T.
import { record, tracked } from "../../tensor/graph.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { mul } from "../arithmetic.ts";
import { singularParts } from "./jacobi.ts";
import { eliminate } from "./lu.ts";
import { forEachMatrix, type Matrices, overMatrices, readSquare, transposed, written } from "./operands.ts";
import { inverse } from "./solve.ts";

/** The determinant of a [n, n], which is overwritten. */
function determinantOf(a: Float64Array, n: number): number {
  let { sign: product } = eliminate(a, n);
  for (let i = 0; i < n; i++) product *= a[i * n + i];
  return product;
}

/** d det / d x, also where x is singular. */
function cofactors(x: Tensor): Tensor {
  const matrices = readSquare("det", x);
  const n = matrices.rows;
  forEachMatrix(matrices, (a) => {
    const { u, s, vt } = singularParts(a, n, n, false);
    const sign = Math.sign(determinantOf(u.slice(), n) * determinantOf(vt.slice(), n));
    const others = s.map((_, i) => s.reduce((product, value, j) => (i === j ? product : product * value), sign));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += u[i * n + k] * others[k] * vt[k * n + j];
        a[i * n + j] = sum;
      }
    }
  });
  return written(matrices, [n, n], matrices.values);
}

/**
 * The determinant. Shape: [..., n, n] to [...]; that of no rows is 1. Computed in float64; int32 and bool become float32. It overflows and
 * underflows soon: `slogdet` gives its logarithm.
 *
 * Gradient: dy det(x) x^-T, and dy times the cofactors where that is not finite, as for singular matrices; there it has no gradient of its own.
 *
 * Source: Golub and Van Loan, Matrix Computations, section 3.2.
 * @throws RangeError if a matrix is not square or not finite; TypeError if x is not a tensor.
 * @example
 * ```ts
 * det(tensor([[1, 2], [3, 4]])).item(); // -2
 * ```
 */
export function det(x: Tensor): Tensor {
  const matrices = readSquare("det", x);
  const { x: input, rows: n } = matrices;
  const values = new Float64Array(matrices.count);
  forEachMatrix(matrices, (a, i) => {
    values[i] = determinantOf(a, n);
  });
  const y = written(matrices, [], values);
  if (!tracked(input)) return y;
  if (y.dataSync().every((value) => value !== 0 && Number.isFinite(value))) {
    return record("det", y, [input], (dy) => [mul(overMatrices(mul(dy, y)), transposed(inverse("det", input)))]);
  }
  record("det", y, [input], (dy) => [mul(overMatrices(dy), cofactors(input))]);
  y.node!.firstOrderOnly = "a matrix is singular, or its determinant beyond the dtype; use slogdet, or float64";
  return y;
}

function signAndLogarithm(matrices: Matrices): { signs: Float64Array; logs: Float64Array } {
  const { rows: n, count } = matrices;
  const signs = new Float64Array(count);
  const logs = new Float64Array(count);
  forEachMatrix(matrices, (a, i) => {
    let { sign } = eliminate(a, n);
    let log = 0;
    for (let k = 0; k < n; k++) {
      sign *= Math.sign(a[k * n + k]);
      log += Math.log(Math.abs(a[k * n + k]));
    }
    signs[i] = sign;
    logs[i] = log;
  });
  return { signs, logs };
}

/**
 * The determinant as its sign and the logarithm of its absolute value: det = sign exp(logAbsDet). Shapes: [..., n, n] to [...] each. A singular
 * matrix has the sign 0 and the logarithm -Infinity. Computed in float64; int32 and bool become float32.
 *
 * Gradient of the logarithm: dy x^-T; the sign has none.
 * @throws RangeError if a matrix is not square or not finite, and where the gradient of a singular one is asked for; TypeError if x is not a
 * tensor.
 * @example
 * ```ts
 * slogdet(tensor([[1, 0], [0, -1]])).sign.item(); // -1
 * slogdet(tensor([[1, 0], [0, -1]])).logAbsDet.item(); // 0
 * ```
 */
export function slogdet(x: Tensor): { sign: Tensor; logAbsDet: Tensor } {
  const matrices = readSquare("slogdet", x);
  const { x: input } = matrices;
  const { signs, logs } = signAndLogarithm(matrices);
  const sign = written(matrices, [], signs);
  const y = written(matrices, [], logs);
  const logAbsDet = tracked(input)
    ? record("slogdet", y, [input], (dy) => [mul(overMatrices(dy), transposed(inverse("slogdet", input)))])
    : y;
  return { sign, logAbsDet };
}
