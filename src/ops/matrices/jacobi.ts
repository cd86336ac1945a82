// Singular values on numbers. A = Q R first, and then Jacobi's rotations from the left turn the rows of R orthogonal to each other, two at a time,
// sweep by sweep: J R = S V^T, so A = (Q J^T) S V^T. Slower than bidiagonalisation, but small singular values come out as exact as large ones.
// Golub and Van Loan, Matrix Computations, section 8.6.3; Demmel and Veselic (1992), "Jacobi's method is more accurate than QR".
import { orthogonal, triangulate } from "./householder.ts";
import { scaleFor } from "./scale.ts";

/** A = u diag(s) vt, s descending. */
export interface SingularParts {
  u: Float64Array;
  s: Float64Array;
  vt: Float64Array;
}

/** Six to ten are usual; those who need more have rows of rounding errors, which are replaced. */
const SWEEPS = 40;
/** Squared length of a row that counts as 0 beside elements of about 1. */
const NOTHING = 1e-290;

function transposeOf(a: Float64Array, m: number, n: number): Float64Array {
  const t = new Float64Array(a.length);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) t[j * m + i] = a[i * n + j];
  return t;
}

/** Row i becomes c a - s b and row j becomes s a + c b. */
function rotateRows(x: Float64Array, n: number, i: number, j: number, c: number, s: number): void {
  for (let k = 0; k < n; k++) {
    const a = x[i * n + k];
    const b = x[j * n + k];
    x[i * n + k] = c * a - s * b;
    x[j * n + k] = s * a + c * b;
  }
}

function product(x: Float64Array, n: number, i: number, j: number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += x[i * n + k] * x[j * n + k];
  return sum;
}

/** Turns the rows of r [n, n] orthogonal and `turns` along; whether they became so. */
function orthogonalise(r: Float64Array, turns: Float64Array, n: number): boolean {
  const tolerance = Number.EPSILON * Math.sqrt(n);
  const squares = Float64Array.from({ length: n }, (_, i) => product(r, n, i, i));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let still = true;
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        if (squares[i] < NOTHING || squares[j] < NOTHING) continue;
        const dot = product(r, n, i, j);
        if (Math.abs(dot) <= tolerance * Math.sqrt(squares[i]) * Math.sqrt(squares[j])) continue;
        still = false;
        const zeta = (squares[j] - squares[i]) / (2 * dot);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const c = 1 / Math.hypot(1, tangent);
        rotateRows(r, n, i, j, c, c * tangent);
        rotateRows(turns, n, i, j, c, c * tangent);
        squares[i] = product(r, n, i, i);
        squares[j] = product(r, n, j, j);
      }
    }
    if (still) return true;
  }
  return false;
}

/** Fills the rows of x [n, n] from `known` on with what makes an orthonormal basis of the rows before. */
function complete(x: Float64Array, n: number, known: number): void {
  const columns = transposeOf(x.subarray(0, known * n), known, n);
  const taus = triangulate(columns, n, known);
  const basis = transposeOf(orthogonal(columns, taus, n, known, n), n, n);
  x.set(basis.subarray(known * n), known * n);
}

/** Singular values and vectors of a [m, n]: as many vectors as values, or `full` bases: u [m, m], vt [n, n]. */
export function singularParts(a: Float64Array, m: number, n: number, full: boolean): SingularParts {
  if (m < n) {
    const { u, s, vt } = singularParts(transposeOf(a, m, n), n, m, full);
    return { u: transposeOf(vt, m, m), s, vt: transposeOf(u, n, full ? n : m) };
  }
  const scale = scaleFor(a);
  const reflections = a.map((value) => value * scale);
  const taus = triangulate(reflections, m, n);
  const width = full ? m : n;
  const q = orthogonal(reflections, taus, m, n, width);
  const r = reflections.slice(0, n * n);
  const turns = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    r.fill(0, i * n, i * n + i);
    turns[i * n + i] = 1;
  }
  const orthogonalRows = orthogonalise(r, turns, n);
  const lengths = Float64Array.from({ length: n }, (_, i) => {
    const square = product(r, n, i, i);
    return square < NOTHING ? 0 : Math.sqrt(square);
  });
  const order = Array.from(lengths.keys()).sort((i, j) => lengths[j] - lengths[i]);
  const s = Float64Array.from(order, (i) => lengths[i] / scale);

  const vt = new Float64Array(n * n);
  const least = orthogonalRows || n === 0 ? 0 : n * Number.EPSILON * lengths[order[0]];
  let known = 0;
  while (known < n && lengths[order[known]] > least) {
    const i = order[known];
    for (let k = 0; k < n; k++) vt[known * n + k] = r[i * n + k] / lengths[i];
    known += 1;
  }
  if (known < n) complete(vt, n, known);

  // Columns of Q beyond the n-th belong to the full basis as they are.
  const u = q.slice();
  for (let i = 0; i < m; i++) {
    for (let c = 0; c < n; c++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += q[i * width + k] * turns[order[c] * n + k];
      u[i * width + c] = sum;
    }
  }
  return { u, s, vt };
}
