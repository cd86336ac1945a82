// Eigenvalues and eigenvectors of symmetric matrices. Both results have a gradient rule of their own, and what arrives at both is added.
import { record, tracked } from "../../tensor/graph.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, mul } from "../arithmetic.ts";
import { matmul } from "../linalg.ts";
import { forEachMatrix, nameOfMatrix, readSquare, transposed, written } from "./operands.ts";
import { checkDistinct, inverseGaps, onDiagonal } from "./spectra.ts";
import { eigenParts } from "./tridiagonal.ts";

/** v inner v^T, made symmetric. */
function turnedBack(vectors: Tensor, inner: Tensor): Tensor {
  const g = matmul(matmul(vectors, inner), transposed(vectors));
  return mul(add(g, transposed(g)), 0.5);
}

/**
 * Eigenvalues w, ascending, and orthonormal eigenvectors, the columns of v, of symmetric x: x v = v diag(w). Shapes: x [..., n, n], eigenvalues
 * [..., n], eigenvectors [..., n, n]. Only x's lower triangle is read, as NumPy does; what stands above is taken to be the same. A vector may have
 * either sign. Computed in float64; int32 and bool become float32.
 *
 * Gradients, with F[i, j] = 1 / (w[j] - w[i]), 0 on the diagonal, and G the sum of diag(dw) and F * (v^T dv): v G v^T, made symmetric as x is.
 * Losses should not depend on the signs.
 *
 * Source: Golub and Van Loan, Matrix Computations, section 8.3; Giles (2008), "An extended collection of matrix derivative results for forward
 * and reverse mode algorithmic differentiation".
 * @throws RangeError if a matrix is not square or not finite, and where the gradient of vectors is asked for that belong to equal eigenvalues;
 * TypeError if x is not a tensor.
 * @example
 * ```ts
 * const { eigenvalues } = eigh(tensor([[2, 0], [0, 1]]));
 * eigenvalues.toArray(); // [1, 2]
 * ```
 */
export function eigh(x: Tensor): { eigenvalues: Tensor; eigenvectors: Tensor } {
  const matrices = readSquare("eigh", x);
  const { x: input, rows: n, count } = matrices;
  const w = new Float64Array(count * n);
  forEachMatrix(matrices, (a, position) => {
    const parts = eigenParts(a, n);
    if (parts === null) throw new Error(`eigh: ${nameOfMatrix(matrices.batch, position)}: the steps do not settle`);
    w.set(parts.values, position * n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[j * n + i] = parts.vectors[i * n + j];
  });
  const eigenvalues = written(matrices, [n], w);
  const eigenvectors = written(matrices, [n, n], matrices.values);
  if (!tracked(input)) return { eigenvalues, eigenvectors };
  record("eigh", eigenvalues, [input], (dw) => [turnedBack(eigenvectors, onDiagonal(dw))]);
  record("eigh", eigenvectors, [input], (dv) => {
    checkDistinct("eigh", "eigenvalues", eigenvalues);
    return [turnedBack(eigenvectors, mul(inverseGaps(eigenvalues), matmul(transposed(eigenvectors), dv)))];
  });
  return { eigenvalues, eigenvectors };
}
