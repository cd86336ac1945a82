// Products with a factor that is mostly zeros: steps are left out, and the bits are those of the whole product.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadKernels } from "./load.ts";

interface Case {
  m: number;
  n: number;
  k: number;
  /** Share of A that is zero. */
  zeros: number;
  /** Zeros come in runs so long, along k. */
  run: number;
  transposed: boolean;
  /** Elements between the rows of B, beyond n. */
  gap: number;
  accumulate: boolean;
  bias: boolean;
  activation: number;
  seed: number;
}

function generator(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const cases: fc.Arbitrary<Case> = fc.record({
  m: fc.integer({ min: 4, max: 210 }),
  n: fc.integer({ min: 16, max: 90 }),
  k: fc.integer({ min: 1, max: 1100 }),
  zeros: fc.double({ min: 0.3, max: 1, noNaN: true }),
  run: fc.integer({ min: 1, max: 40 }),
  transposed: fc.boolean(),
  gap: fc.constantFrom(0, 0, 3),
  accumulate: fc.boolean(),
  bias: fc.boolean(),
  activation: fc.integer({ min: 0, max: 3 }),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

/** Columns so few that a product of them is computed whole. */
const NARROW = 8;

describe.each(["strict", "relaxed"] as const)("gemm with zeros in A, %s", (kind) => {
  function run(test: Case, spoil?: (a: Float32Array, b: Float32Array) => void) {
    const kernels = loadKernels(kind, 16);
    const { m, n, k, transposed, gap, accumulate, activation } = test;
    const next = generator(test.seed);
    const a = new Float32Array(m * k);
    for (let i = 0; i < m; i++) {
      for (let p = 0; p < k; p += test.run) {
        const zero = next() < test.zeros;
        for (let q = p; q < Math.min(k, p + test.run); q++)
          a[transposed ? q * m + i : i * k + q] = zero ? 0 : next() - 0.5;
      }
    }
    const row = n + gap;
    const b = Float32Array.from({ length: k * row }, () => next() - 0.5);
    spoil?.(a, b);
    const start = Float32Array.from({ length: m * n }, () => next());
    const bias = test.bias ? kernels.put(Float32Array.from({ length: n }, next)) : 0;
    const [atA, atB] = [kernels.put(a), kernels.put(b)];
    const [aRow, aColumn] = transposed ? [1, m] : [k, 1];
    const add = accumulate ? 1 : 0;
    const gemm = kernels.exports["gemm_f32"]!;
    const whole = kernels.put(start);
    gemm(m, n, k, atA, aRow!, aColumn!, atB, row, 1, whole, n, add, bias, activation);
    // Some columns at a time: how a product is cut changes no bit.
    const parts = kernels.put(start);
    for (let j = 0; j < n; ) {
      const columns = n - j < 2 * NARROW ? n - j : NARROW;
      if (columns >= 16) throw new Error("the expected product may not leave anything out");
      const from = bias === 0 ? 0 : bias + 4 * j;
      gemm(m, columns, k, atA, aRow!, aColumn!, atB + 4 * j, row, 1, parts + 4 * j, n, add, from, activation);
      j += columns;
    }
    return { whole: kernels.f32(whole, m * n).slice(), parts: kernels.f32(parts, m * n).slice() };
  }

  it("has the bits of the product with all steps", () => {
    fc.assert(
      fc.property(cases, (test) => {
        const { whole, parts } = run(test);
        expect(whole).toEqual(parts);
      }),
      { numRuns: 60 },
    );
  });

  const pixels = { zeros: 1, run: 1, gap: 0, accumulate: false, bias: false, activation: 0, seed: 1 };
  const shapes = [
    { ...pixels, m: 10, n: 30, k: 784, transposed: false },
    { ...pixels, m: 784, n: 30, k: 10, transposed: true },
    { ...pixels, m: 784, n: 40, k: 64, transposed: true },
    { ...pixels, m: 11, n: 33, k: 640, transposed: false, accumulate: true },
  ];

  it.each(shapes)("of zeros only: m $m, n $n, k $k", (test) => {
    const { whole, parts } = run(test);
    expect(whole).toEqual(parts);
    if (!test.accumulate) expect(whole.every((value) => Object.is(value, 0))).toBe(true);
  });

  it.each(shapes)("zero times infinity and NaN stays NaN: m $m, n $n, k $k", (test) => {
    for (const value of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]) {
      const column = test.n - 1;
      const { whole, parts } = run(test, (_, b) => {
        b[(test.k - 1) * test.n + column] = value;
      });
      expect(whole).toEqual(parts);
      const nan = Array.from(whole, Number.isNaN);
      expect(nan).toEqual(nan.map((_, at) => at % test.n === column));
    }
  });

  it("NaN and infinity in A count, and so does a negative zero's sign nowhere", () => {
    const test = { ...shapes[0]!, seed: 3 };
    const { whole, parts } = run(test, (a) => {
      a[5] = Number.NaN;
      a[784 + 7] = Number.POSITIVE_INFINITY;
      a[2 * 784 + 9] = -0;
    });
    expect(whole).toEqual(parts);
    expect(whole[0]).toBeNaN();
    expect(Math.abs(whole[30]!)).toBe(Number.POSITIVE_INFINITY);
    expect(whole[60]).toBe(0);
  });
});
