// Least squares by hand: the weights that make |A w - y|^2 + lambda |w|^2 smallest. What iterative learning of a linear model converges to.
import { Matrix } from "../../matrix.ts";

/**
 * By Householder reflections, which stay accurate where the columns of A are nearly dependent (high powers of x). A ridge `lambda` is so many
 * further rows: sqrt(lambda) on the diagonal, 0 on the right.
 */
export function leastSquares(a: Matrix, y: Matrix, lambda = 0): Matrix {
  const extra = lambda > 0 ? a.columns : 0;
  const [m, n] = [a.rows + extra, a.columns];
  if (m < n) throw new RangeError(`leastSquares: ${a.rows} equations do not fix ${n} unknowns; give a ridge above 0`);
  const r = Matrix.fill(m, n, (i, j) => (i < a.rows ? a.at(i, j) : i - a.rows === j ? Math.sqrt(lambda) : 0)).values;
  const b = Matrix.fill(m, y.columns, (i, j) => (i < a.rows ? y.at(i, j) : 0)).values;
  for (let k = 0; k < n; k++) {
    let length = 0;
    for (let i = k; i < m; i++) length += r[i * n + k] ** 2;
    length = Math.sqrt(length);
    if (length === 0) throw new RangeError(`leastSquares: column ${k} depends on those before it; leave it out`);
    const head = r[k * n + k] > 0 ? -length : length;
    // The mirror's normal: the column minus what it becomes.
    const normal = new Float64Array(m);
    for (let i = k; i < m; i++) normal[i] = r[i * n + k];
    normal[k] -= head;
    const square = normal.reduce((sum, value) => sum + value * value, 0);
    const reflect = (values: Float64Array, columns: number, from: number) => {
      for (let j = from; j < columns; j++) {
        let along = 0;
        for (let i = k; i < m; i++) along += normal[i] * values[i * columns + j];
        const twice = (2 * along) / square;
        for (let i = k; i < m; i++) values[i * columns + j] -= twice * normal[i];
      }
    };
    reflect(r, n, k);
    reflect(b, y.columns, 0);
  }
  const w = new Matrix(n, y.columns);
  for (let j = 0; j < y.columns; j++) {
    for (let i = n - 1; i >= 0; i--) {
      let rest = b[i * y.columns + j];
      for (let p = i + 1; p < n; p++) rest -= r[i * n + p] * w.values[p * y.columns + j];
      w.values[i * y.columns + j] = rest / r[i * n + i];
    }
  }
  return w;
}

/** Solves S w = y for a symmetric positive definite S, by Cholesky's S = L L^T: what the normal equations A^T A w = A^T y need. */
export function solveSymmetric(s: Matrix, y: Matrix): Matrix {
  const [n, count] = [s.rows, y.columns];
  const l = s.copy().values;
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = l[i * n + j];
      for (let p = 0; p < j; p++) sum -= l[i * n + p] * l[j * n + p];
      if (i === j && !(sum > 0)) throw new RangeError(`solveSymmetric: not positive definite at row ${j}; add a ridge`);
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j];
    }
  }
  const w = y.copy();
  const x = w.values;
  for (let k = 0; k < count; k++) {
    for (let i = 0; i < n; i++) {
      for (let p = 0; p < i; p++) x[i * count + k] -= l[i * n + p] * x[p * count + k];
      x[i * count + k] /= l[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let p = i + 1; p < n; p++) x[i * count + k] -= l[p * n + i] * x[p * count + k];
      x[i * count + k] /= l[i * n + i];
    }
  }
  return w;
}
