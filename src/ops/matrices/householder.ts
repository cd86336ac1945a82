// Householder's reflections H = I - tau v v^T on numbers: each turns what stands below the diagonal of a column to 0, so that their product is
// the Q of A = Q R. Golub and Van Loan, Matrix Computations, section 5.2; signs as LAPACK has them, and so NumPy.

/** Euclidean length of every `step`-th of `count` elements from `start` on, without overflow. */
function lengthOf(a: Float64Array, start: number, step: number, count: number): number {
  let largest = 0;
  for (let i = 0; i < count; i++) largest = Math.max(largest, Math.abs(a[start + i * step]));
  if (largest === 0) return 0;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (a[start + i * step] / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/**
 * Makes the reflection that turns the elements of a vector after its first to 0: overwrites the first with what it becomes and the others with
 * those of v, whose first is 1. Returns tau.
 */
export function makeReflection(a: Float64Array, start: number, step: number, count: number): number {
  const rest = lengthOf(a, start + step, step, count - 1);
  if (rest === 0) return 0;
  const first = a[start];
  const length = Math.hypot(first, rest);
  const becomes = first > 0 || Object.is(first, 0) ? -length : length;
  for (let i = 1; i < count; i++) a[start + i * step] /= first - becomes;
  a[start] = becomes;
  return (becomes - first) / becomes;
}

/** Applies the reflection whose v stands in column j of `reflections` [m, n] to columns `from` on of x [m, columns]. */
function reflect(
  reflections: Float64Array,
  n: number,
  j: number,
  tau: number,
  x: Float64Array,
  m: number,
  columns: number,
  from: number,
): void {
  if (tau === 0) return;
  const products = x.slice(j * columns, (j + 1) * columns);
  for (let i = j + 1; i < m; i++) {
    const v = reflections[i * n + j];
    for (let c = from; c < columns; c++) products[c] += v * x[i * columns + c];
  }
  for (let i = j; i < m; i++) {
    const v = tau * (i === j ? 1 : reflections[i * n + j]);
    for (let c = from; c < columns; c++) x[i * columns + c] -= v * products[c];
  }
}

/** Overwrites a [m, n] with R on and above the diagonal and each column's v below it; returns the taus. */
export function triangulate(a: Float64Array, m: number, n: number): Float64Array {
  const taus = new Float64Array(Math.min(m, n));
  for (let j = 0; j < taus.length; j++) {
    taus[j] = makeReflection(a, j * n + j, n, m - j);
    reflect(a, n, j, taus[j], a, m, n, j + 1);
  }
  return taus;
}

/** The first `columns` columns of Q, [m, columns], from what `triangulate` made of a matrix [m, n]. */
export function orthogonal(
  reflections: Float64Array,
  taus: Float64Array,
  m: number,
  n: number,
  columns: number,
): Float64Array {
  const q = new Float64Array(m * columns);
  for (let i = 0; i < Math.min(m, columns); i++) q[i * columns + i] = 1;
  for (let j = taus.length - 1; j >= 0; j--) reflect(reflections, n, j, taus[j], q, m, columns, j);
  return q;
}
