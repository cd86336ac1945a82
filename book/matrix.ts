// Matrices for programs by hand: what the sources take from NumPy, in plain loops over float64 numbers.

/** A matrix; row i, column j stands at `values[i * columns + j]`. A vector is a matrix of one column. */
export class Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;

  constructor(rows: number, columns: number, values?: ArrayLike<number>) {
    if (values !== undefined && values.length !== rows * columns) {
      throw new RangeError(`Matrix: ${rows}x${columns} takes ${rows * columns} numbers, got ${values.length}`);
    }
    this.rows = rows;
    this.columns = columns;
    this.values = values === undefined ? new Float64Array(rows * columns) : new Float64Array(values);
  }

  static from(rows: readonly (readonly number[])[]): Matrix {
    const columns = rows[0]?.length ?? 0;
    if (rows.some((row) => row.length !== columns)) throw new RangeError("Matrix: rows differ in length");
    return new Matrix(rows.length, columns, rows.flat());
  }

  static column(values: ArrayLike<number>): Matrix {
    return new Matrix(values.length, 1, values);
  }

  static row(values: ArrayLike<number>): Matrix {
    return new Matrix(1, values.length, values);
  }

  /** Every element by `f(i, j)`. */
  static fill(rows: number, columns: number, f: (i: number, j: number) => number): Matrix {
    const result = new Matrix(rows, columns);
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result.values[i * columns + j] = f(i, j);
    return result;
  }

  at(i: number, j: number): number {
    return this.values[i * this.columns + j];
  }

  get shape(): readonly [number, number] {
    return [this.rows, this.columns];
  }

  copy(): Matrix {
    return new Matrix(this.rows, this.columns, this.values);
  }

  toRows(): number[][] {
    return Array.from({ length: this.rows }, (_, i) => [
      ...this.values.subarray(i * this.columns, (i + 1) * this.columns),
    ]);
  }

  map(f: (value: number) => number): Matrix {
    const result = new Matrix(this.rows, this.columns);
    for (let i = 0; i < this.values.length; i++) result.values[i] = f(this.values[i]);
    return result;
  }

  /** f of this and another, element by element; a column or a row stretches over the other axis, a number over both. */
  zip(other: Matrix | number, f: (a: number, b: number) => number): Matrix {
    if (typeof other === "number") return this.map((value) => f(value, other));
    const fits = (mine: number, theirs: number) => theirs === mine || theirs === 1;
    if (!fits(this.rows, other.rows) || !fits(this.columns, other.columns)) {
      throw new RangeError(`Matrix: shapes (${this.shape}) and (${other.shape}) do not fit element by element`);
    }
    const down = other.rows === 1 ? 0 : other.columns;
    const along = other.columns === 1 ? 0 : 1;
    const result = new Matrix(this.rows, this.columns);
    for (let i = 0, at = 0; i < this.rows; i++) {
      for (let j = 0; j < this.columns; j++, at++) {
        result.values[at] = f(this.values[at], other.values[i * down + j * along]);
      }
    }
    return result;
  }

  plus(other: Matrix | number): Matrix {
    return this.zip(other, (a, b) => a + b);
  }

  minus(other: Matrix | number): Matrix {
    return this.zip(other, (a, b) => a - b);
  }

  /** Element by element (Hadamard). */
  times(other: Matrix | number): Matrix {
    return this.zip(other, (a, b) => a * b);
  }

  /** Matrix product. */
  dot(other: Matrix): Matrix {
    const [m, k, n] = [this.rows, this.columns, other.columns];
    if (k !== other.rows) {
      throw new RangeError(
        `dot: shapes (${this.shape}) and (${other.shape}) not aligned: ${k} (dim 1) != ${other.rows} (dim 0)`,
      );
    }
    const result = new Matrix(m, n);
    const [a, b, c] = [this.values, other.values, result.values];
    if (n === 1) {
      for (let i = 0; i < m; i++) {
        // Two sums, so that an addition need not wait for the one before it.
        let [even, odd] = [0, 0];
        let p = 0;
        for (let at = i * k; p + 1 < k; p += 2, at += 2) {
          even += a[at] * b[p];
          odd += a[at + 1] * b[p + 1];
        }
        c[i] = p < k ? even + odd + a[i * k + p] * b[p] : even + odd;
      }
      return result;
    }
    for (let i = 0; i < m; i++) {
      for (let p = 0; p < k; p++) {
        const factor = a[i * k + p];
        if (factor === 0) continue;
        for (let j = 0, to = i * n, from = p * n; j < n; j++, to++, from++) c[to] += factor * b[from];
      }
    }
    return result;
  }

  get transposed(): Matrix {
    if (this.rows === 1 || this.columns === 1) return new Matrix(this.columns, this.rows, this.values);
    return Matrix.fill(this.columns, this.rows, (i, j) => this.at(j, i));
  }

  sum(): number {
    return this.values.reduce((sum, value) => sum + value, 0);
  }

  /** Sums over columns ("rows": one a row, as a column) or over rows ("columns": one a column, as a row). */
  sums(over: "rows" | "columns"): Matrix {
    const result = over === "rows" ? new Matrix(this.rows, 1) : new Matrix(1, this.columns);
    for (let i = 0, at = 0; i < this.rows; i++) {
      for (let j = 0; j < this.columns; j++, at++) result.values[over === "rows" ? i : j] += this.values[at];
    }
    return result;
  }

  /** Square root of the sum of squares. */
  norm(): number {
    return Math.sqrt(this.values.reduce((sum, value) => sum + value * value, 0));
  }

  /** Where the largest element stands, counted through all elements. */
  argmax(): number {
    let best = 0;
    for (let i = 1; i < this.values.length; i++) if (this.values[i] > this.values[best]) best = i;
    return best;
  }
}
