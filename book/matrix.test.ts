import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Matrix } from "./matrix.ts";

const matrixOf = (rows: number, columns: number) =>
  fc
    .array(fc.integer({ min: -9, max: 9 }), { minLength: rows * columns, maxLength: rows * columns })
    .map((values) => new Matrix(rows, columns, values));
const size = fc.integer({ min: 1, max: 6 });

describe("a matrix", () => {
  test("product: c[i][j] = sum over p of a[i][p] b[p][j], for any shapes", () => {
    const pairs = fc.tuple(size, size, size).chain(([m, k, n]) => fc.tuple(matrixOf(m, k), matrixOf(k, n)));
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const sum = (i: number, j: number) => {
          let total = 0;
          for (let p = 0; p < a.columns; p++) total += a.at(i, p) * b.at(p, j);
          return total;
        };
        expect(a.dot(b).toRows()).toEqual(Matrix.fill(a.rows, b.columns, sum).toRows());
      }),
    );
  });

  test("(a b)^T = b^T a^T, and transposing twice changes nothing", () => {
    const pairs = fc.tuple(size, size, size).chain(([m, k, n]) => fc.tuple(matrixOf(m, k), matrixOf(k, n)));
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        // -0 and 0 are the same here.
        const plain = (x: Matrix) => x.toRows().map((row) => row.map((value) => value + 0));
        expect(plain(a.dot(b).transposed)).toEqual(plain(b.transposed.dot(a.transposed)));
        expect(a.transposed.transposed.toRows()).toEqual(a.toRows());
      }),
    );
  });

  test("columns and rows stretch over the other axis, numbers over both", () => {
    const a = Matrix.from([
      [1, 2],
      [3, 4],
    ]);
    expect(a.plus(Matrix.column([10, 20])).toRows()).toEqual([
      [11, 12],
      [23, 24],
    ]);
    expect(a.times(Matrix.row([10, 20])).toRows()).toEqual([
      [10, 40],
      [30, 80],
    ]);
    expect(a.minus(1).toRows()).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test("sums, norm and the largest element", () => {
    const a = Matrix.from([
      [3, -4],
      [0, 12],
    ]);
    expect(a.sum()).toBe(11);
    expect(a.sums("rows").toRows()).toEqual([[-1], [12]]);
    expect(a.sums("columns").toRows()).toEqual([[3, 8]]);
    expect(a.norm()).toBe(13);
    expect(a.argmax()).toBe(3);
  });

  test("shapes that do not fit are named", () => {
    const [a, b] = [new Matrix(2, 3), new Matrix(2, 2)];
    expect(() => a.dot(b)).toThrow("dot: shapes (2,3) and (2,2) not aligned: 3 (dim 1) != 2 (dim 0)");
    expect(() => a.plus(b)).toThrow("shapes (2,3) and (2,2) do not fit");
    expect(() => new Matrix(2, 2, [1])).toThrow("2x2 takes 4 numbers, got 1");
    expect(() => Matrix.from([[1], [1, 2]])).toThrow("rows differ in length");
  });
});
