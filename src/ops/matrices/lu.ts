// Gaussian elimination on numbers: P A = L U with partial pivoting, in place. Golub and Van Loan, Matrix Computations, section 3.4.

/** Which row of A stands where, and the sign of that order. */
export interface Elimination {
  order: Int32Array;
  sign: number;
  /** The first column without a pivot other than 0, or -1: the matrix is singular then. */
  missing: number;
}

/** Overwrites a [n, n] with U on and above the diagonal and L, whose diagonal is 1, below. */
export function eliminate(a: Float64Array, n: number): Elimination {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  let sign = 1;
  let missing = -1;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    if (a[pivot * n + k] === 0) {
      if (missing < 0) missing = k;
      continue;
    }
    if (pivot !== k) {
      sign = -sign;
      const row = a.slice(k * n, (k + 1) * n);
      a.copyWithin(k * n, pivot * n, (pivot + 1) * n);
      a.set(row, pivot * n);
      [order[k], order[pivot]] = [order[pivot], order[k]];
    }
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / a[k * n + k];
      a[i * n + k] = factor;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return { order, sign, missing };
}

/** A^-1 b for b [n, columns], from what `eliminate` made of A. */
export function substitute(
  lu: Float64Array,
  order: Int32Array,
  n: number,
  b: Float64Array,
  columns: number,
): Float64Array {
  const x = new Float64Array(n * columns);
  for (let i = 0; i < n; i++) x.set(b.subarray(order[i] * columns, (order[i] + 1) * columns), i * columns);
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) subtractRow(x, columns, i, j, lu[i * n + j]);
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) subtractRow(x, columns, i, j, lu[i * n + j]);
    const pivot = lu[i * n + i];
    for (let c = 0; c < columns; c++) x[i * columns + c] /= pivot;
  }
  return x;
}

/** Row i loses `factor` times row j. */
function subtractRow(x: Float64Array, columns: number, i: number, j: number, factor: number): void {
  if (factor === 0) return;
  for (let c = 0; c < columns; c++) x[i * columns + c] -= factor * x[j * columns + c];
}
