// Systems of equations, inverses and determinants: NumPy's numbers, what defines them, and gradients of both orders.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { close, expectBothOrders, hilbert, matrices, randomMatrix } from "../../../test/ops/matrices.ts";
import * as nb from "../../node.ts";
import { det, inv, slogdet, solve, type Tensor, tensor, zeros } from "../../node.ts";

const a = tensor(
  [
    [4, -2, 1],
    [3, 6, -4],
    [2, 1, 8],
  ],
  "float64",
);

describe("NumPy's values", () => {
  test("solve, inv, det, slogdet of a matrix", () => {
    close(solve(a, tensor([12, -25, 32], "float64")), [1, -2, 4], 1e-14);
    close(
      inv(a),
      [
        [0.1977186311787072, 0.06463878326996199, 0.0076045627376425855],
        [-0.12167300380228137, 0.11406844106463879, 0.07224334600760456],
        [-0.034220532319391636, -0.030418250950570342, 0.11406844106463879],
      ],
      1e-15,
    );
    expect(det(a).item()).toBeCloseTo(263, 11);
    expect(slogdet(a).sign.item()).toBe(1);
    expect(slogdet(a).logAbsDet.item()).toBeCloseTo(Math.log(263), 13);
  });

  test("rows are exchanged where a pivot is 0, and the sign with them", () => {
    const swap = tensor([
      [0, 1],
      [1, 0],
    ]);
    expect(inv(swap).toArray()).toEqual(swap.toArray());
    expect(det(swap).item()).toBe(-1);
    expect(solve(swap, tensor([5, 7])).toArray()).toEqual([7, 5]);
    expect(slogdet(swap).sign.item()).toBe(-1);
  });

  test("float32 stays float32, int32 and bool become it, float32 with float64 is float64", () => {
    const whole = tensor(new Int32Array([2, 0, 0, 4]), { shape: [2, 2] });
    for (const y of [inv(whole), det(whole), slogdet(whole).logAbsDet, solve(whole, tensor([1, 1]))])
      expect(y.dtype).toBe("float32");
    expect(inv(tensor([[true]])).dtype).toBe("float32");
    expect(solve(whole, tensor([1, 1], "float64")).dtype).toBe("float64");
  });

  test("b of one axis is a vector, of more axes matrices; leading axes broadcast", () => {
    const batch = nb.stack([a, a.mul(2)]);
    expect(solve(batch, zeros([3])).shape).toEqual([2, 3]);
    expect(solve(batch, zeros([3, 4])).shape).toEqual([2, 3, 4]);
    expect(solve(a, zeros([5, 1, 3, 4])).shape).toEqual([5, 1, 3, 4]);
    expect(solve(batch, zeros([5, 1, 3, 4])).shape).toEqual([5, 2, 3, 4]);
    const b = randomMatrix([5, 1, 3, 4]);
    close(batch.matmul(solve(batch, b)), nb.broadcastTo(b, [5, 2, 3, 4]).toArray(), 1e-13);
  });

  test("views are read where they lie", () => {
    close(inv(a.T), inv(a).T.toArray(), 1e-15);
    expect(a.det().item()).toBe(det(a).item());
    close(a.solve(a.get(":", 0)), [1, 0, 0], 1e-15);
  });
});

describe("what defines them", () => {
  test.each([
    ["float64", 1e-10],
    ["float32", 1e-4],
  ] as const)("A solve(A, b) = b and inv(A) A = I in %s", (dtype, tolerance) => {
    fc.assert(
      fc.property(matrices, fc.integer({ min: 1, max: 4 }), ({ n, seed }, columns) => {
        nb.scope(() => {
          // A dominant diagonal keeps the condition small.
          const x = randomMatrix([2, n, n], seed, dtype).add(nb.eye(n, n, 0, dtype).mul(2 * n));
          const b = randomMatrix([2, n, columns], seed + 1, dtype);
          close(x.matmul(solve(x, b)), b.toArray(), tolerance);
          close(inv(x).matmul(x), nb.broadcastTo(nb.eye(n), [2, n, n]).toArray(), tolerance);
        });
      }),
    );
  });

  test("det(A B) = det(A) det(B), and slogdet is its logarithm", () => {
    fc.assert(
      fc.property(matrices, ({ n, seed }) => {
        nb.scope(() => {
          const [x, y] = [randomMatrix([n, n], seed), randomMatrix([n, n], seed + 1)];
          const both = det(x.matmul(y)).item();
          const product = det(x).item() * det(y).item();
          expect(Math.abs(both - product)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(product)));
          const { sign, logAbsDet } = slogdet(x);
          expect(sign.item()).toBe(Math.sign(det(x).item()));
          expect(logAbsDet.item()).toBeCloseTo(Math.log(Math.abs(det(x).item())), 9);
        });
      }),
    );
  });

  test("Hilbert's matrix of 8 rows: 1 / det is 3.653568471257345e32, its inverse whole, the corner 176679360", () => {
    const h = hilbert(8);
    expect(det(h).item() * 3.653568471257345e32).toBeCloseTo(1, 6);
    expect(slogdet(h).logAbsDet.item()).toBeCloseTo(-Math.log(3.653568471257345e32), 6);
    expect(inv(h).get(7, 7).item() / 176679360).toBeCloseTo(1, 6);
  });

  test("Hilbert's matrix of 12 rows (condition 2e16): the solution fits to rounding, whatever it is", () => {
    const b = nb.ones([12], "float64");
    close(hilbert(12).matmul(solve(hilbert(12), b)), b.toArray(), 1e-6);
  });

  test("a determinant beyond float32 is infinite or 0, its logarithm is not", () => {
    const large = nb.eye(10).mul(1e5);
    expect(det(large).item()).toBe(Number.POSITIVE_INFINITY);
    expect(slogdet(large).logAbsDet.item()).toBeCloseTo(50 * Math.log(10), 4);
    expect(det(nb.eye(10).mul(1e-5)).item()).toBe(0);
    expect(slogdet(nb.eye(10).mul(1e-5)).sign.item()).toBe(1);
  });

  test("no rows, and no matrices", () => {
    expect(inv(zeros([0, 0])).shape).toEqual([0, 0]);
    expect(inv(zeros([0, 3, 3])).shape).toEqual([0, 3, 3]);
    expect(solve(zeros([0, 0]), zeros([0, 4])).shape).toEqual([0, 4]);
    expect(solve(zeros([0, 0]), zeros([0])).shape).toEqual([0]);
    expect(solve(a, zeros([3, 0])).shape).toEqual([3, 0]);
    expect(solve(zeros([0, 3, 3]), zeros([3, 2])).shape).toEqual([0, 3, 2]);
    expect(det(zeros([0, 0])).item()).toBe(1);
    expect(det(zeros([2, 0, 0])).toArray()).toEqual([1, 1]);
    expect(det(zeros([0, 2, 2])).shape).toEqual([0]);
    expect(slogdet(zeros([0, 0])).sign.item()).toBe(1);
    expect(slogdet(zeros([0, 0])).logAbsDet.item()).toBe(0);
  });
});

describe("gradients", () => {
  const x = randomMatrix([3, 3], 3).add(nb.eye(3, 3, 0, "float64").mul(3));

  test("solve by the matrix and by the right side, of both orders", () => {
    expectBothOrders(solve, [x, randomMatrix([3, 2], 4)]);
    expectBothOrders(solve, [x, randomMatrix([3], 4)]);
  });

  test("solve, broadcast: summed over what was repeated", () => {
    const batch = randomMatrix([2, 3, 3], 5).add(nb.eye(3, 3, 0, "float64").mul(3));
    expectBothOrders(solve, [batch, randomMatrix([3, 1], 6)]);
    expectBothOrders(solve, [x, randomMatrix([2, 3, 1], 6)]);
  });

  test("inv, det and slogdet, alone and in a batch, of both orders", () => {
    const batch = nb.stack([x, x.T.mul(-0.5)]);
    for (const operand of [x, batch]) {
      expectBothOrders(inv, [operand]);
      expectBothOrders(det, [operand]);
      expectBothOrders((z) => slogdet(z).logAbsDet, [operand]);
    }
  });

  test("det of singular matrices: the cofactors", () => {
    const gradient = (values: number[][]) => nb.grad((z: Tensor) => det(z).sum())(tensor(values, "float64"));
    close(
      gradient([
        [1, 2],
        [2, 4],
      ]),
      [
        [4, -2],
        [-2, 1],
      ],
      1e-14,
    );
    close(
      gradient([
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ]),
      [
        [-3, 6, -3],
        [6, -12, 6],
        [-3, 6, -3],
      ],
      1e-12,
    );
    expect(gradient(Array.from({ length: 3 }, () => [0, 0, 0])).toArray()).toEqual(zeros([3, 3]).toArray());
    nb.expectGradients(
      (z) => det(z).sum(),
      [nb.stack([x, nb.outer(tensor([1, 2, 3], "float64"), tensor([1, -1, 2], "float64"))])],
    );
    const second = () =>
      nb.grad((z: Tensor) =>
        nb
          .grad((w: Tensor) => det(w))(z)
          .square()
          .sum(),
      )(zeros([2, 2], "float64"));
    expect(second).toThrow(/det: its gradient has no gradient; a matrix is singular/);
  });
});

describe("errors name the matrix and the remedy", () => {
  const singular = tensor([
    [1, 2],
    [2, 4],
  ]);
  const cases: [string, () => unknown, RegExp][] = [
    ["singular", () => inv(singular), /^RangeError: inv: the matrix is singular: column 1 depends .* identity .* svd/],
    [
      "singular in a batch",
      () => solve(nb.stack([nb.stack([nb.eye(2), nb.eye(2)]), nb.stack([nb.eye(2), singular])]), zeros([2])),
      /^RangeError: solve: matrix \[1, 1\] of the batch of shape \(2, 2\) is singular/,
    ],
    [
      "the gradient of the logarithm of 0",
      () => nb.grad((z: Tensor) => slogdet(z).logAbsDet)(singular),
      /slogdet: the matrix is singular/,
    ],
    ["not square", () => det(zeros([2, 3])), /det: needs square matrices \[\.\.\., n, n\], got shape \(2, 3\)/],
    ["a vector", () => inv(zeros([2])), /inv: needs matrices in the last two axes, got shape \(2,\)/],
    [
      "NaN",
      () =>
        slogdet(
          tensor([
            [1, Number.NaN],
            [0, 1],
          ]),
        ),
      /slogdet: the matrix has NaN in row 0, column 1/,
    ],
    [
      "infinity in a batch",
      () => inv(tensor([[[1]], [[Number.POSITIVE_INFINITY]]])),
      /inv: matrix \[1\] of the batch of shape \(2,\) has Infinity in row 0, column 0/,
    ],
    ["NaN on the right", () => solve(nb.eye(1), tensor([Number.NaN])), /solve: the matrix has NaN/],
    ["a right side of another length", () => solve(nb.eye(2), zeros([3])), /needs b with 2 rows, got shape \(3, 1\)/],
    ["a scalar on the right", () => solve(nb.eye(2), tensor(1)), /b must be a vector .* got a scalar/],
    ["batches that do not broadcast", () => solve(zeros([2, 1, 1]), zeros([3, 1, 1])), /can't be broadcast/],
    ["no tensor", () => inv([[1]] as unknown as Tensor), /inv: needs a tensor, got \[\[1\]\]; wrap it/],
  ];
  test.each(cases)("%s", (_, call, message) => {
    expect(call).toThrow();
    try {
      call();
    } catch (error) {
      expect(String(error)).toMatch(message);
    }
  });
});
