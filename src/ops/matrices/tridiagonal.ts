// Eigenvalues of symmetric matrices on numbers: reflections on both sides leave three diagonals, and QL steps with shifts, made by rotations of
// neighbours, turn the outer two to 0. Golub and Van Loan, Matrix Computations, section 8.3; Wilkinson and Reinsch (1971), "Linear algebra".
import { makeReflection } from "./householder.ts";
import { scaleFor } from "./scale.ts";

/** Eigenvalues ascending, and the eigenvectors as the rows of a matrix. */
export interface EigenParts {
  values: Float64Array;
  vectors: Float64Array;
}

/** Steps that one eigenvalue may take; two are usual. */
const STEPS = 100;
/** Beside elements of about 1, what is off the diagonal and below this is 0. */
const NOTHING = 2 ** -90;

/** Reduces a [n, n], of which the lower triangle is read, to its three diagonals; the rows of `turn` hold the transformation. */
function tridiagonalise(
  a: Float64Array,
  n: number,
): { diagonal: Float64Array; beside: Float64Array; turn: Float64Array } {
  const taus = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k + 2 < n; k++) {
    const tau = makeReflection(a, (k + 1) * n + k, n, n - k - 1);
    taus[k] = tau;
    if (tau === 0) continue;
    const v = (i: number): number => (i === k + 1 ? 1 : a[i * n + k]);
    // w = tau A v - (tau / 2) (tau v^T A v) v, and A becomes A - v w^T - w v^T.
    w.fill(0);
    for (let i = k + 1; i < n; i++) {
      const vi = v(i);
      let sum = a[i * n + i] * vi;
      for (let j = k + 1; j < i; j++) {
        sum += a[i * n + j] * v(j);
        w[j] += a[i * n + j] * vi;
      }
      w[i] += sum;
    }
    let along = 0;
    for (let i = k + 1; i < n; i++) {
      w[i] *= tau;
      along += w[i] * v(i);
    }
    for (let i = k + 1; i < n; i++) w[i] -= (tau / 2) * along * v(i);
    for (let i = k + 1; i < n; i++) {
      const vi = v(i);
      for (let j = k + 1; j <= i; j++) a[i * n + j] -= vi * w[j] + w[i] * v(j);
    }
  }
  const diagonal = Float64Array.from({ length: n }, (_, i) => a[i * n + i]);
  const beside = Float64Array.from({ length: n }, (_, i) => (i + 1 < n ? a[(i + 1) * n + i] : 0));
  // Q = H0 H1 ... from the last on; its transpose is kept, so that an eigenvector is a row.
  const turn = new Float64Array(n * n);
  for (let i = 0; i < n; i++) turn[i * n + i] = 1;
  for (let k = n - 3; k >= 0; k--) {
    for (let row = k + 1; taus[k] !== 0 && row < n; row++) {
      let dot = turn[row * n + k + 1];
      for (let i = k + 2; i < n; i++) dot += turn[row * n + i] * a[i * n + k];
      turn[row * n + k + 1] -= taus[k] * dot;
      for (let i = k + 2; i < n; i++) turn[row * n + i] -= taus[k] * dot * a[i * n + k];
    }
  }
  return { diagonal, beside, turn };
}

/** Rows i and i + 1 turned by the angle of c and s. */
function rotateRows(x: Float64Array, n: number, i: number, c: number, s: number): void {
  for (let k = i * n; k < (i + 1) * n; k++) {
    const below = x[k + n];
    x[k + n] = s * x[k] + c * below;
    x[k] = c * x[k] - s * below;
  }
}

/** One implicit QL step on the block from `first` to `last`. */
function step(d: Float64Array, e: Float64Array, z: Float64Array, n: number, first: number, last: number): void {
  const half = (d[first + 1] - d[first]) / (2 * e[first]);
  const length = Math.hypot(half, 1);
  let g = d[last] - d[first] + e[first] / (half + (half < 0 ? -length : length));
  let [s, c, p] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = s * e[i];
    const b = c * e[i];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] -= p;
      e[last] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    const shifted = d[i + 1] - p;
    const t = (d[i] - shifted) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = shifted + p;
    g = c * t - b;
    rotateRows(z, n, i, c, s);
  }
  d[first] -= p;
  e[first] = g;
  e[last] = 0;
}

/** Eigenvalues and vectors of a symmetric matrix, of which the lower triangle is read; a [n, n] is overwritten. Null if they don't settle. */
export function eigenParts(a: Float64Array, n: number): EigenParts | null {
  for (let i = 0; i < n; i++) a.fill(0, i * n + i + 1, (i + 1) * n);
  const scale = scaleFor(a);
  for (let i = 0; i < a.length; i++) a[i] *= scale;
  const { diagonal: d, beside: e, turn } = tridiagonalise(a, n);
  for (let first = 0; first < n; first++) {
    for (let steps = 0; ; steps++) {
      let last = first;
      while (last + 1 < n) {
        const size = Math.abs(e[last]);
        if (size <= Number.EPSILON * (Math.abs(d[last]) + Math.abs(d[last + 1])) || size < NOTHING) break;
        last += 1;
      }
      if (last === first) break;
      if (steps === STEPS) return null;
      step(d, e, turn, n, first, last);
    }
  }
  const order = Array.from(d.keys()).sort((i, j) => d[i] - d[j]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, i) => {
    vectors.set(turn.subarray(from * n, (from + 1) * n), i * n);
  });
  return { values: Float64Array.from(order, (i) => d[i] / scale), vectors };
}
