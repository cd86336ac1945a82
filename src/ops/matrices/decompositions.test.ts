// Cholesky, QR, singular values and eigenvalues: NumPy's numbers, what defines them, matrices in bad condition, and gradients of both orders.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { close, expectBothOrders, hilbert, matrices, randomMatrix } from "../../../test/ops/matrices.ts";
import * as nb from "../../node.ts";
import { cholesky, eigh, eye, qr, svd, type Tensor, tensor, zeros } from "../../node.ts";

const symmetric = tensor(
  [
    [4, 2, -2],
    [2, 10, 2],
    [-2, 2, 5],
  ],
  "float64",
);
const tall = tensor(
  [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  "float64",
);
const t = (x: Tensor): Tensor => x.swapAxes(-1, -2);
const unit = (n: number): nb.NestedArray => eye(n).toArray();
/** Symmetric, with eigenvalues from about 1 on. */
const positive = (x: Tensor): Tensor => x.matmul(t(x)).add(eye(x.shape.at(-2)!, undefined, 0, x.dtype));
const symmetrised = (x: Tensor): Tensor => x.add(t(x));
const diagonal = (s: Tensor): Tensor => s.expandDims(-1).mul(eye(s.shape.at(-1)!, undefined, 0, s.dtype));
/** Shapes up to 30 by 30, of any rank. */
const rectangles = fc.record({
  m: fc.integer({ min: 1, max: 30 }),
  n: fc.integer({ min: 1, max: 30 }),
  rank: fc.integer({ min: 0, max: 30 }),
  seed: fc.nat(1e6),
});
const precisions = [
  ["float64", 1e-10],
  ["float32", 1e-4],
] as const;

describe("NumPy's values", () => {
  test("cholesky", () => {
    close(
      cholesky(symmetric),
      [
        [2, 0, 0],
        [1, 3, 0],
        [-1, 1, Math.sqrt(3)],
      ],
      1e-15,
    );
  });

  test("qr, signs included; reduced, with more rows and with more columns", () => {
    const { q, r } = qr(tall);
    close(
      q,
      [
        [-0.16903085094570325, 0.8970852271450607],
        [-0.50709255283711, 0.27602622373694136],
        [-0.8451542547285166, -0.34503277967117696],
      ],
      1e-14,
    );
    close(
      r,
      [
        [-5.916079783099616, -7.437357441610946],
        [0, 0.828078671210825],
      ],
      1e-14,
    );
    const wide = qr(tall.T);
    close(
      wide.q,
      [
        [-0.44721359549995787, -0.8944271909999157],
        [-0.8944271909999157, 0.4472135954999581],
      ],
      1e-14,
    );
    close(
      wide.r,
      [
        [-2.23606797749979, -4.919349550499537, -7.602631123499284],
        [0, -0.8944271909999149, -1.7888543819998306],
      ],
      1e-14,
    );
  });

  test("svd: values, and vectors but for their signs", () => {
    const { u, s, vh } = svd(tall);
    close(s, [9.525518091565107, 0.5143005806586443], 1e-14);
    close(
      u.abs(),
      [
        [0.22984769640007147, 0.8834610176985255],
        [0.5247448187602937, 0.24078249213254635],
        [0.8196419411205159, 0.4018960334334318],
      ],
      1e-14,
    );
    close(
      vh.abs(),
      [
        [0.6196294838293404, 0.7848944532670524],
        [0.7848944532670524, 0.6196294838293404],
      ],
      1e-14,
    );
    const full = svd(tall, { fullMatrices: true });
    close(full.u.get(":", 2).abs(), [0.4082482904638627, 0.8164965809277263, 0.40824829046386313], 1e-14);
    expect(svd(tall.T, { fullMatrices: true }).vh.shape).toEqual([3, 3]);
  });

  test("eigh: values ascending, and vectors but for their signs", () => {
    const { eigenvalues, eigenvectors } = eigh(symmetric);
    close(eigenvalues, [1.507872211560437, 6.5393634036622075, 10.95276438477735], 1e-14);
    close(
      eigenvectors.abs(),
      [
        [0.7347577723307531, 0.648097080177426, 0.20025281687168422],
        [0.31458116727244045, 0.0640144863883585, 0.9470696039520764],
        [0.6009739638262692, 0.7588625173230852, 0.25091427740368255],
      ],
      1e-14,
    );
  });

  test("cholesky and eigh read the lower triangle only", () => {
    const lower = nb.lowerTriangle(symmetric).add(nb.upperTriangle(nb.fullLike(symmetric, 1e300), 1));
    expect(cholesky(lower).toArray()).toEqual(cholesky(symmetric).toArray());
    expect(eigh(lower).eigenvalues.toArray()).toEqual(eigh(symmetric).eigenvalues.toArray());
  });

  test("int32 and bool become float32; methods are the functions", () => {
    const whole = tensor(new Int32Array([2, 1, 1, 2]), { shape: [2, 2] });
    const results = [cholesky(whole), ...Object.values(qr(whole)), ...Object.values(svd(whole))];
    for (const y of [...results, eigh(whole).eigenvectors, svd(tensor([[true]])).s]) expect(y.dtype).toBe("float32");
    expect(symmetric.cholesky().toArray()).toEqual(cholesky(symmetric).toArray());
    expect(tall.svd({ fullMatrices: true }).u.shape).toEqual([3, 3]);
    expect(tall.qr().q.shape).toEqual([3, 2]);
    expect(symmetric.eigh().eigenvalues.shape).toEqual([3]);
  });
});

describe.each(precisions)("what defines them, in %s", (dtype, tolerance) => {
  test("L L^T = A, L a lower triangle", () => {
    fc.assert(
      fc.property(matrices, ({ n, seed }) => {
        nb.scope(() => {
          const x = positive(randomMatrix([2, n, n], seed, dtype));
          const l = cholesky(x);
          close(l.matmul(t(l)), x.toArray(), tolerance);
          expect(nb.lowerTriangle(l).toArray()).toEqual(l.toArray());
        });
      }),
    );
  });

  test("A = Q R, Q orthonormal, R an upper triangle", () => {
    fc.assert(
      fc.property(rectangles, ({ m, n, seed }) => {
        nb.scope(() => {
          const x = randomMatrix([2, m, n], seed, dtype);
          const { q, r } = qr(x);
          const k = Math.min(m, n);
          expect([q.shape, r.shape]).toEqual([
            [2, m, k],
            [2, k, n],
          ]);
          close(q.matmul(r), x.toArray(), tolerance);
          close(t(q).matmul(q), [unit(k), unit(k)], tolerance);
          expect(nb.upperTriangle(r).toArray()).toEqual(r.toArray());
        });
      }),
    );
  });

  test("A = U S V^T of every rank, thin and full, U and V orthonormal, s descending and as many above rounding as the rank", () => {
    fc.assert(
      fc.property(rectangles, fc.boolean(), ({ m, n, rank, seed }, fullMatrices) => {
        nb.scope(() => {
          const k = Math.min(m, n);
          const inner = Math.min(rank, k);
          const x = randomMatrix([m, inner], seed, dtype).matmul(randomMatrix([inner, n], seed + 1, dtype));
          const { u, s, vh } = svd(x, { fullMatrices });
          expect([u.shape, s.shape, vh.shape]).toEqual(fullMatrices ? [[m, m], [k], [n, n]] : [[m, k], [k], [k, n]]);
          close(
            u
              .slice(0, k, 1, -1)
              .mul(s)
              .matmul(vh.slice(0, k, 1, 0)),
            x.toArray(),
            tolerance,
          );
          close(t(u).matmul(u), unit(u.shape[1]), tolerance);
          close(vh.matmul(t(vh)), unit(vh.shape[0]), tolerance);
          const values = [...s.dataSync()];
          expect(values).toEqual(values.toSorted((a, b) => b - a));
          expect(values.filter((value) => value > tolerance * (values[0] || 1)).length).toBeLessThanOrEqual(inner);
          expect(values.every((value) => value >= 0)).toBe(true);
        });
      }),
    );
  });

  test("A V = V diag(w), V orthonormal, w ascending", () => {
    fc.assert(
      fc.property(matrices, ({ n, seed }) => {
        nb.scope(() => {
          const x = symmetrised(randomMatrix([2, n, n], seed, dtype));
          const { eigenvalues, eigenvectors } = eigh(x);
          close(x.matmul(eigenvectors), eigenvectors.mul(eigenvalues.expandDims(-2)).toArray(), tolerance);
          close(t(eigenvectors).matmul(eigenvectors), [unit(n), unit(n)], tolerance);
          expect(eigenvalues.toArray()).toEqual(eigenvalues.sort().toArray());
        });
      }),
    );
  });
});

describe("matrices at the edge", () => {
  test("Hilbert's matrix of 8 rows: the smallest singular value is 1.111539e-10", () => {
    expect(svd(hilbert(8)).s.get(7).item() / 1.111539e-10).toBeCloseTo(1, 5);
    expect(Math.abs(eigh(hilbert(8)).eigenvalues.get(0).item() - 1.111539e-10)).toBeLessThan(1e-15);
    expect(svd(hilbert(8)).s.get(0).item()).toBeCloseTo(1.69593899692195, 13);
    const l = cholesky(hilbert(12));
    close(l.matmul(t(l)), hilbert(12).toArray(), 1e-15);
    const { u, s, vh } = svd(hilbert(12));
    close(u.mul(s).matmul(vh), hilbert(12).toArray(), 1e-14);
    close(qr(hilbert(12)).q.T.matmul(qr(hilbert(12)).q), unit(12), 1e-14);
  });

  test("repeated values: the identity, zeros, two equal pairs", () => {
    expect(svd(eye(3)).s.toArray()).toEqual([1, 1, 1]);
    expect(svd(zeros([2, 3])).s.toArray()).toEqual([0, 0]);
    close(svd(zeros([2, 3]), { fullMatrices: true }).vh.abs(), unit(3), 0);
    expect(eigh(eye(3).mul(-2)).eigenvalues.toArray()).toEqual([-2, -2, -2]);
    const { q } = qr(randomMatrix([4, 4]));
    const x = q.mul(tensor([3, 3, -1, -1], "float64")).matmul(q.T);
    close(eigh(x).eigenvalues, [-1, -1, 3, 3], 1e-14);
    close(svd(x).s, [3, 3, 1, 1], 1e-14);
    const { eigenvectors, eigenvalues } = eigh(x);
    close(x.matmul(eigenvectors), eigenvectors.mul(eigenvalues).toArray(), 1e-14);
    expect(
      eigh(
        tensor([
          [0, 1],
          [1, 0],
        ]),
      ).eigenvalues.toArray(),
    ).toEqual([-1, 1]);
  });

  test("elements whose squares overflow or vanish", () => {
    for (const scale of [1e300, 1e-300]) {
      close(svd(tall.mul(scale)).s.div(scale), [9.525518091565107, 0.5143005806586443], 1e-14);
      close(
        eigh(symmetric.mul(scale)).eigenvalues.div(scale),
        [1.507872211560437, 6.5393634036622075, 10.95276438477735],
        1e-14,
      );
      close(qr(tall.mul(scale)).r.div(scale).abs().get(0), [5.916079783099616, 7.437357441610946], 1e-14);
    }
  });

  test("no rows, no columns, no matrices", () => {
    expect(cholesky(zeros([0, 0])).shape).toEqual([0, 0]);
    expect(cholesky(zeros([0, 2, 2])).shape).toEqual([0, 2, 2]);
    expect(qr(zeros([0, 3])).r.shape).toEqual([0, 3]);
    expect(qr(zeros([3, 0])).q.shape).toEqual([3, 0]);
    expect(qr(zeros([0, 3, 2])).q.shape).toEqual([0, 3, 2]);
    expect(svd(zeros([0, 3])).vh.shape).toEqual([0, 3]);
    expect(svd(zeros([3, 0])).s.shape).toEqual([0]);
    expect(svd(zeros([0, 3]), { fullMatrices: true }).vh.toArray()).toEqual(unit(3));
    expect(svd(zeros([3, 0]), { fullMatrices: true }).u.toArray()).toEqual(unit(3));
    expect(svd(zeros([0, 3, 2])).u.shape).toEqual([0, 3, 2]);
    expect(eigh(zeros([0, 0])).eigenvectors.shape).toEqual([0, 0]);
    expect(eigh(zeros([0, 2, 2])).eigenvalues.shape).toEqual([0, 2]);
  });
});

describe("gradients", () => {
  const square = randomMatrix([3, 3], 7);
  const batch = randomMatrix([2, 3, 3], 8);

  test("cholesky, of both orders; symmetric", () => {
    expectBothOrders((x) => cholesky(positive(x)), [square]);
    expectBothOrders((x) => cholesky(positive(x)), [batch]);
    const g = nb.grad((x: Tensor) => cholesky(x).sum())(symmetric);
    close(g, g.T.toArray(), 1e-15);
  });

  test.each([
    ["square", [3, 3]],
    ["with more rows", [4, 2]],
    ["with more columns", [2, 4]],
    ["in a batch", [2, 3, 2]],
  ] as const)("qr %s: q and r, of both orders", (_, shape) => {
    const x = randomMatrix(shape, 9);
    expectBothOrders((z) => qr(z).q, [x]);
    expectBothOrders((z) => qr(z).r, [x]);
    expectBothOrders((z) => qr(z).q.exp().matmul(qr(z).r), [x]);
  });

  test.each([
    ["square", [3, 3]],
    ["with more rows", [4, 2]],
    ["with more columns", [2, 4]],
    ["in a batch", [2, 3, 2]],
  ] as const)("svd %s: values and vectors but for their signs, of both orders", (_, shape) => {
    // Singular values apart, since differences are as exact as they are.
    const [m, n] = shape.slice(-2);
    const x = randomMatrix(shape, 10)
      .mul(0.3)
      .add(eye(m, n, 0, "float64").mul(nb.arange(1, n + 1, 1, "float64")));
    expectBothOrders((z) => svd(z).s, [x]);
    expectBothOrders((z) => svd(z).u.square(), [x]);
    expectBothOrders((z) => svd(z).vh.square(), [x]);
    expectBothOrders(
      (z) => {
        const { u, s, vh } = svd(z);
        return u.mul(s.exp().expandDims(-2)).matmul(vh);
      },
      [x],
    );
  });

  test("eigh: values and vectors but for their signs, of both orders", () => {
    for (const x of [square, batch]) {
      expectBothOrders((z) => eigh(symmetrised(z)).eigenvalues, [x]);
      expectBothOrders((z) => eigh(symmetrised(z)).eigenvectors.square(), [x]);
      expectBothOrders(
        (z) => {
          const { eigenvalues, eigenvectors } = eigh(symmetrised(z));
          return eigenvectors.matmul(diagonal(eigenvalues.exp())).matmul(t(eigenvectors));
        },
        [x],
      );
    }
  });

  test("equal values have a gradient: that of the sum of singular values of 2 I is I, of the eigenvalues of any matrix I", () => {
    const two = eye(3, 3, 0, "float64").mul(2);
    close(nb.grad((x: Tensor) => svd(x).s.sum())(two), unit(3), 1e-15);
    close(nb.grad((x: Tensor) => eigh(x).eigenvalues.sum())(two), unit(3), 1e-15);
    close(
      nb.grad((x: Tensor) => svd(x, { fullMatrices: true }).s.sum())(tall),
      nb
        .grad((x: Tensor) => svd(x).s.sum())(tall)
        .toArray(),
      0,
    );
  });
});

describe("errors name the matrix and the remedy", () => {
  const indefinite = tensor([
    [1, 2],
    [2, 1],
  ]);
  const column = (f: (x: Tensor) => Tensor, x: Tensor) => (): unknown => nb.grad((z: Tensor) => f(z).square().sum())(x);
  const cases: [string, () => unknown, RegExp][] = [
    [
      "not positive definite",
      () => cholesky(nb.stack([eye(2), indefinite])),
      /^RangeError: cholesky: matrix \[1\] of the batch of shape \(2,\) is not positive definite: its first 2 rows .* identity .* eigh/,
    ],
    [
      "zero is not positive",
      () => cholesky(zeros([1, 1])),
      /cholesky: the matrix is not positive definite: its first 1/,
    ],
    ["cholesky, not square", () => cholesky(zeros([2, 3])), /cholesky: needs square matrices/],
    ["eigh, not square", () => eigh(zeros([2, 3])), /eigh: needs square matrices .* got shape \(2, 3\)/],
    ["qr of a vector", () => qr(zeros([3])), /qr: needs matrices in the last two axes, got shape \(3,\)/],
    ["svd of a scalar", () => svd(tensor(1)), /svd: needs matrices/],
    ["svd of NaN", () => svd(tensor([[1], [Number.NaN]])), /svd: the matrix has NaN in row 1, column 0/],
    ["eigh of infinity", () => eigh(tensor([[Number.NEGATIVE_INFINITY]])), /eigh: the matrix has -Infinity/],
    ["qr of NaN", () => qr(tensor([[Number.NaN]])), /qr: the matrix has NaN/],
    ["no tensor", () => svd([[1]] as unknown as Tensor), /svd: needs a tensor/],
    ["an unknown option", () => svd(eye(2), { full: true } as object), /svd: there is no option full/],
    [
      "an option of another kind",
      () => svd(eye(2), { fullMatrices: 1 as unknown as boolean }),
      /fullMatrices must be true or false/,
    ],
    [
      "vectors of equal eigenvalues",
      column((x) => eigh(x).eigenvectors, eye(2)),
      /eigh: gradient: .* equal eigenvalues \(0 and 1: 1, 1\)/,
    ],
    ["vectors of equal singular values", column((x) => svd(x).u, eye(2)), /svd: gradient: .* equal singular values/],
    [
      "vectors of a singular value 0 that fill up a basis",
      column(
        (x) => svd(x).u,
        tensor([
          [1, 0],
          [0, 0],
          [0, 0],
        ]),
      ),
      /svd: gradient: .* has the singular value 0/,
    ],
    ["whole bases", column((x) => svd(x, { fullMatrices: true }).u, tall), /svd: gradient: with fullMatrices/],
    [
      "q of dependent columns",
      column(
        (x) => qr(x).q,
        tensor([
          [1, 2],
          [2, 4],
          [3, 6],
        ]),
      ),
      /qr: gradient: the matrix has dependent columns: column 1/,
    ],
  ];
  test.each(cases)("%s", (_, call, message) => {
    let error: unknown;
    try {
      call();
    } catch (thrown) {
      error = thrown;
    }
    expect(String(error)).toMatch(message);
  });
});
