// The singular value decomposition. u, s and vh are three results of one operation: each has a gradient rule of its own, and what arrives
// at several of them is added.
import { flag, knownOptions } from "../../engine/checks.ts";
import { record, tracked } from "../../tensor/graph.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { add, div, mul, square, sub } from "../arithmetic.ts";
import { matmul } from "../linalg.ts";
import { expandDims } from "../views.ts";
import { singularParts } from "./jacobi.ts";
import { forEachMatrix, type Matrices, nameOfMatrix, readMatrices, transposed, written } from "./operands.ts";
import { checkDistinct, inverseGaps, onDiagonal } from "./spectra.ts";

/** Settings of `svd`. */
export interface SvdOptions {
  /** Whether u and vh are whole orthonormal bases, [..., m, m] and [..., n, n], as NumPy's are by default; default false. */
  fullMatrices?: boolean;
}

/** x = u diag(s) vh. */
export interface SvdResult {
  /** Orthonormal columns: [..., m, k], or [..., m, m]. */
  u: Tensor;
  /** Singular values, descending: [..., k]. */
  s: Tensor;
  /** Orthonormal rows: [..., k, n], or [..., n, n]. */
  vh: Tensor;
}

const OPTIONS = ["fullMatrices"] as const;

function decompose(matrices: Matrices, full: boolean): SvdResult {
  const { count, rows: m, columns: n } = matrices;
  const k = Math.min(m, n);
  const [width, height] = full ? [m, n] : [k, k];
  const u = new Float64Array(count * m * width);
  const s = new Float64Array(count * k);
  const vh = new Float64Array(count * height * n);
  forEachMatrix(matrices, (a, position) => {
    const parts = singularParts(a, m, n, full);
    u.set(parts.u, position * m * width);
    s.set(parts.s, position * k);
    vh.set(parts.vt, position * height * n);
  });
  return { u: written(matrices, [m, width], u), s: written(matrices, [k], s), vh: written(matrices, [height, n], vh) };
}

/** Vectors beside a singular value of 0 that fill up a basis are as good as any others. */
function checkFullRank(s: Tensor): void {
  const k = s.shape.at(-1)!;
  const at = s.dataSync().indexOf(0);
  if (at < 0) return;
  throw new RangeError(
    `svd: gradient: ${nameOfMatrix(s.shape.slice(0, -1), Math.floor(at / k))} has the singular value 0, so that its vectors are not ` +
      "determined; use the values alone, or add a little noise to it",
  );
}

/** du brought to x [m, n], u [m, k]: u (F * (u^T du - du^T u)) diag(s) vh + (I - u u^T) du diag(1 / s) vh. */
function gradientOfLeft(du: Tensor, u: Tensor, s: Tensor, vh: Tensor): Tensor {
  checkDistinct("svd", "singular values", s);
  const inner = matmul(transposed(u), du);
  const turn = mul(inverseGaps(square(s)), sub(inner, transposed(inner)));
  const row = expandDims(s, -2);
  let left = matmul(u, mul(turn, row));
  if (u.shape.at(-2)! > u.shape.at(-1)!) {
    checkFullRank(s);
    left = add(left, div(sub(du, matmul(u, inner)), row));
  }
  return matmul(left, vh);
}

/**
 * The singular value decomposition x = u diag(s) vh. For x [..., m, n] and k = min(m, n): u [..., m, k] and vh [..., k, n] with orthonormal columns
 * and rows, s [..., k] descending. With `fullMatrices` u and vh are whole bases, [..., m, m] and [..., n, n]. A pair of vectors may have either
 * sign. Computed in float64, small singular values as exactly as large ones; int32 and bool become float32.
 *
 * Gradients, with F[i, j] = 1 / (s[j]^2 - s[i]^2), 0 on the diagonal: of s it is u diag(ds) vh; of u it is
 * u (F * (u^T du - du^T u)) diag(s) vh + (I - u u^T) du diag(1 / s) vh, and of vh the same for x^T. Losses should not depend on the signs.
 *
 * Source: Demmel and Veselic (1992), "Jacobi's method is more accurate than QR"; Townsend (2016), "Differentiating the singular value
 * decomposition".
 * @throws RangeError if a matrix is not finite, and where the gradient of vectors is asked for that belong to equal singular values, or fill up a
 * basis; TypeError if x is not a tensor, or for an unknown option.
 * @example
 * ```ts
 * svd(tensor([[0, 2], [3, 0]])).s.toArray(); // [3, 2]
 * svd(tensor([[3, 4]]), { fullMatrices: true }).vh.shape; // [2, 2]
 * ```
 */
export function svd(x: Tensor, options: SvdOptions = {}): SvdResult {
  const { fullMatrices = false } = knownOptions("svd", options, OPTIONS);
  flag("svd", "fullMatrices", fullMatrices);
  const matrices = readMatrices("svd", x);
  const { x: input, rows: m, columns: n } = matrices;
  const result = decompose(matrices, fullMatrices);
  if (!tracked(input)) return result;
  const { u, s, vh } = result;
  if (fullMatrices && m !== n) {
    const refuse = (): never => {
      throw new RangeError(
        "svd: gradient: with fullMatrices the vectors that fill up the basis are not determined; leave it out where a gradient is followed",
      );
    };
    const thin = svd(input);
    record("svd", u, [input], refuse);
    record("svd", vh, [input], refuse);
    return { u, s: thin.s, vh };
  }
  record("svd", s, [input], (ds) => [matmul(matmul(u, onDiagonal(ds)), vh)]);
  record("svd", u, [input], (du) => [gradientOfLeft(du, u, s, vh)]);
  record("svd", vh, [input], (dvh) => [transposed(gradientOfLeft(transposed(dvh), transposed(vh), s, transposed(u)))]);
  return result;
}
