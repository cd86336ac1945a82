// The QR decomposition, by Householder's reflections.
import { record, tracked } from "../../tensor/graph.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, neg } from "../arithmetic.ts";
import { lowerTriangle } from "../diagonals.ts";
import { concat } from "../join.ts";
import { matmul } from "../linalg.ts";
import { slice } from "../slices.ts";
import { orthogonal, triangulate } from "./householder.ts";
import { forEachMatrix, type Matrices, nameOfMatrix, readMatrices, transposed, written } from "./operands.ts";
import { solve } from "./solve.ts";

function decompose(matrices: Matrices): { q: Tensor; r: Tensor } {
  const { count, rows: m, columns: n } = matrices;
  const k = Math.min(m, n);
  const q = new Float64Array(count * m * k);
  const r = new Float64Array(count * k * n);
  forEachMatrix(matrices, (a, position) => {
    const taus = triangulate(a, m, n);
    q.set(orthogonal(a, taus, m, n, k), position * m * k);
    for (let i = 0; i < k; i++) r.set(a.subarray(i * n + i, (i + 1) * n), (position * k + i) * n + i);
  });
  return { q: written(matrices, [m, k], q), r: written(matrices, [k, n], r) };
}

/** The gradient needs R's inverse. */
function checkFullRank(r: Tensor): void {
  const n = r.shape.at(-1)!;
  const data = Float64Array.from(r.dataSync());
  const rounding = n * (r.dtype === "float32" ? 2 ** -23 : Number.EPSILON);
  for (let start = 0; start < data.length; start += n * n) {
    const one = data.subarray(start, start + n * n);
    const largest = one.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    for (let i = 0; i < n; i++) {
      if (Math.abs(one[i * n + i]) > rounding * largest) continue;
      throw new RangeError(
        `qr: gradient: ${nameOfMatrix(r.shape.slice(0, -2), start / (n * n))} has dependent columns: column ${i} lies in the space of those ` +
          "before it, and q is not determined; add a little noise to it, or use svd",
      );
    }
  }
}

/** x [..., m, n] with m >= n. */
function tall(x: Tensor): { q: Tensor; r: Tensor } {
  const { q, r } = decompose(readMatrices("qr", x));
  if (!tracked(x)) return { q, r };
  /** (dQ + Q C) R^-T, with C the symmetric matrix whose lower triangle is that of M. */
  const gradient = (dq: Tensor | undefined, product: Tensor): Tensor => {
    checkFullRank(r);
    const symmetric = add(lowerTriangle(product), transposed(lowerTriangle(product, -1)));
    const turned = matmul(q, symmetric);
    return transposed(solve(r, transposed(dq === undefined ? turned : add(dq, turned))));
  };
  record("qr", q, [x], (dq) => [gradient(dq, neg(matmul(transposed(dq), q)))]);
  record("qr", r, [x], (dr) => [gradient(undefined, matmul(r, transposed(dr)))]);
  return { q, r };
}

/**
 * The decomposition x = q r into orthonormal columns and an upper triangle, reduced: for x [..., m, n] and k = min(m, n), q is [..., m, k] and r
 * [..., k, n]. Signs are NumPy's: r's diagonal may be negative. Computed in float64; int32 and bool become float32.
 *
 * Gradient, with M = r dr^T - dq^T q and C the symmetric matrix with M's lower triangle: (dq + q C) r^-T. Where m < n the first m columns of x
 * give q, and q^T times the others the rest of r.
 *
 * Source: Golub and Van Loan, Matrix Computations, section 5.2; Walter and Lehmann (2018), "Algorithmic differentiation of linear algebra
 * functions with application in optimum experimental design".
 * @throws RangeError if a matrix is not finite, and where the gradient of one with dependent columns is asked for; TypeError if x is not a tensor.
 * @example
 * ```ts
 * const { q, r } = qr(tensor([[3, 5], [4, 10]]));
 * matmul(q, r).round().toArray(); // [[3, 5], [4, 10]]
 * ```
 */
export function qr(x: Tensor): { q: Tensor; r: Tensor } {
  const matrices = readMatrices("qr", x);
  const { x: input, rows: m, columns: n } = matrices;
  if (!tracked(input)) return decompose(matrices);
  if (m >= n) return tall(input);
  const { q, r } = tall(slice(input, 0, m, 1, -1));
  return { q, r: concat([r, matmul(transposed(q), slice(input, m, n, 1, -1))], -1) };
}
