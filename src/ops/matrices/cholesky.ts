// The Cholesky factor: the square root of a positive definite matrix that is a triangle.
import { tensor } from "../../tensor/create.ts";
import { record, tracked } from "../../tensor/graph.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul } from "../arithmetic.ts";
import { matmul } from "../linalg.ts";
import { forEachMatrix, nameOfMatrix, readSquare, transposed, written } from "./operands.ts";
import { solve } from "./solve.ts";

/** Overwrites a [n, n] with L; returns the first row whose pivot is not above 0, or -1. */
function factorise(a: Float64Array, n: number): number {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i * n + j];
      for (let k = 0; k < j; k++) rest -= a[i * n + k] * a[j * n + k];
      if (i === j && !(rest > 0)) return i;
      a[i * n + j] = i === j ? Math.sqrt(rest) : rest / a[j * n + j];
    }
    a.fill(0, i * n + i + 1, (i + 1) * n);
  }
  return -1;
}

/** 1 below the diagonal, 1/2 on it, 0 above. */
function halvedTriangle(like: Tensor): Tensor {
  const n = like.shape.at(-1)!;
  const values = Float64Array.from({ length: n * n }, (_, at) => {
    const above = (at % n) - Math.floor(at / n);
    return above > 0 ? 0 : above === 0 ? 0.5 : 1;
  });
  return tensor(values, { dtype: like.dtype, shape: [n, n] });
}

/**
 * The lower triangle L of positive definite x = L L^T. Shape: [..., n, n]. Only x's lower triangle is read, as NumPy does; what stands above is
 * taken to be the same. Computed in float64; int32 and bool become float32.
 *
 * Gradient, with P the lower triangle of L^T dL, its diagonal halved, and S = L^-T P L^-1: (S + S^T) / 2, symmetric as x is.
 *
 * Source: Golub and Van Loan, Matrix Computations, section 4.2; Murray (2016), "Differentiation of the Cholesky decomposition".
 * @throws RangeError if a matrix is not square, not positive definite or not finite; TypeError if x is not a tensor.
 * @example
 * ```ts
 * cholesky(tensor([[4, 2], [2, 10]])).toArray(); // [[2, 0], [1, 3]]
 * ```
 */
export function cholesky(x: Tensor): Tensor {
  const matrices = readSquare("cholesky", x);
  const { x: input, rows: n } = matrices;
  forEachMatrix(matrices, (a, position) => {
    const row = factorise(a, n);
    if (row >= 0) {
      throw new RangeError(
        `cholesky: ${nameOfMatrix(matrices.batch, position)} is not positive definite: its first ${row + 1} rows and columns are not; ` +
          "add a small multiple of the identity to it, or use eigh",
      );
    }
  });
  const y = written(matrices, [n, n], matrices.values);
  if (!tracked(input)) return y;
  return record("cholesky", y, [input], (dy) => {
    const t = transposed(y);
    const p = mul(matmul(t, dy), halvedTriangle(y));
    // L^-T P L^-1: from the left, and from the right as the transposed system.
    const s = transposed(solve(t, transposed(solve(t, p))));
    return [mul(add(s, transposed(s)), 0.5)];
  });
}
