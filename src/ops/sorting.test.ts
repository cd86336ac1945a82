// Sorting, ranking and counting against JavaScript's own sort and plain loops; gradients against differences.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as nb from "../node.ts";
import {
  argsort,
  bincount,
  histogram,
  median,
  quantile,
  searchSorted,
  sort,
  sum,
  type Tensor,
  tensor,
  topK,
  unique,
  zeros,
} from "../node.ts";

/** Ascending, NaN last. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : Number(a > b);
}

/** Numbers among which equal ones are frequent. */
const number = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -5, max: 5 }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5) },
);

/** A tensor of rank 1 to 3 with its numbers, and one of its axes. */
const array = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }).chain((shape) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return fc.tuple(fc.constant(shape), fc.array(number, { minLength: size, maxLength: size }), fc.nat(shape.length - 1));
});

/** Every line of numbers along an axis: the flat positions of its elements. */
function linesAlong(shape: readonly number[], axis: number): number[][] {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const n = shape[axis];
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const lines: number[][] = [];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) lines.push(Array.from({ length: n }, (_, k) => (o * n + k) * inner + i));
  }
  return lines;
}

const dtypes = fc.constantFrom("float32" as const, "float64" as const);

describe("order along an axis", () => {
  test("sort, argsort and topK are JavaScript's stable sort of every line", () => {
    fc.assert(
      fc.property(array, fc.boolean(), fc.nat(5), dtypes, ([shape, values, axis], descending, take, dtype) => {
        nb.scope(() => {
          const x = tensor(Float64Array.from(values), { shape, dtype });
          const k = Math.min(take, shape[axis]);
          const sorted = sort(x, axis, descending).dataSync();
          const order = argsort(x, axis, descending).dataSync();
          const best = topK(x, k, axis, descending);
          expect(best.values.shape).toEqual(shape.with(axis, k));
          const bestValues = best.values.dataSync();
          const bestLines = linesAlong(best.values.shape, axis);
          linesAlong(shape, axis).forEach((line, l) => {
            const positions = line.map((_, i) => i);
            positions.sort((i, j) => {
              const by = compare(values[line[i]], values[line[j]]);
              return descending ? -by : by;
            });
            const expected = positions.map((i) => values[line[i]]);
            expect(line.map((at) => sorted[at])).toEqual(expected);
            expect(line.map((at) => order[at])).toEqual(positions);
            if (k > 0) expect(bestLines[l].map((at) => bestValues[at])).toEqual(expected.slice(0, k));
          });
        });
      }),
      { numRuns: 1000 },
    );
  });

  test("long rows, whole numbers, truth values", () => {
    const x = nb.random.integers([3, 5000], -1000, 1000, { generator: new nb.Generator(3) });
    const rows = x.toArray() as number[][];
    expect(sort(x).toArray()).toEqual(rows.map((row) => row.toSorted((a, b) => a - b)));
    expect(nb.takeAlongAxis(x, argsort(x)).toArray()).toEqual(sort(x).toArray());
    expect(sort(tensor([true, false, true])).toArray()).toEqual([false, true, true]);
    expect(sort(tensor([3, 1, 2])).dtype).toBe("float32");
  });

  test("empty axes, and mistakes", () => {
    expect(sort(zeros([2, 0])).shape).toEqual([2, 0]);
    expect(argsort(zeros([0, 2]), 0, true).shape).toEqual([0, 2]);
    expect(topK(zeros([3]), 0).values.shape).toEqual([0]);
    expect(() => sort(tensor(1))).toThrow("sort: a scalar has no axis to sort along");
    expect(() => topK(zeros([3]), 4)).toThrow(
      "topK: k must be a whole number from 0 to 3, the length of axis 0; got 4",
    );
    expect(() => sort(zeros([3]), 1)).toThrow("sort: axis 1 is out of range");
  });

  const x = tensor([
    [0.3, -0.7, 0.9, 0.1],
    [-0.2, 0.8, 0.4, -0.5],
  ]);

  test.each<[string, (z: Tensor) => Tensor]>([
    ["sort", (z) => sort(z)],
    ["sort downwards along axis 0", (z) => sort(z, 0, true)],
    ["topK", (z) => topK(z, 2).values],
    ["topK of the smallest", (z) => topK(z, 3, 1, false).values],
    ["median", (z) => median(z, 1)],
    ["median of all", (z) => median(z)],
    ["quantile", (z) => quantile(z, [0.1, 0.5, 1], 1)],
    ["unique", (z) => unique(z).values],
  ])("gradient of %s, and the gradient of that", (_, f) => {
    const weights = (y: Tensor): Tensor => sum(y.pow(3).mul(nb.arange(1, y.size + 1, 1, "float64").reshape(y.shape)));
    const loss = (z: Tensor): Tensor => weights(f(z));
    nb.expectGradients(loss, [x]);
    nb.expectGradients((z: Tensor) => sum(nb.grad(loss)(z).square()), [x]);
  });
});

describe("distinct elements", () => {
  test("unique: values ascending, how often, and where each element is among them", () => {
    fc.assert(
      fc.property(array, ([shape, values]) => {
        nb.scope(() => {
          const { values: found, counts, inverse } = unique(tensor(Float64Array.from(values), { shape }));
          const expected = [...new Set(values.map((v) => (v === 0 ? 0 : v)))].sort(compare);
          expect([...found.dataSync()]).toEqual(expected);
          expect([...counts.dataSync()]).toEqual(
            expected.map((v) => values.filter((w) => v === w || (Number.isNaN(v) && Number.isNaN(w))).length),
          );
          expect(inverse.shape).toEqual(shape);
          expect([...nb.gather(found, inverse).dataSync()]).toEqual(values);
        });
      }),
      { numRuns: 500 },
    );
  });

  test("of nothing, nothing", () => {
    expect(unique(zeros([0])).values.shape).toEqual([0]);
    expect(unique(zeros([0])).counts.shape).toEqual([0]);
  });
});

describe("quantiles", () => {
  test("median and quantile by their definition", () => {
    const finite = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(finite, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        nb.scope(() => {
          const x = tensor(Float64Array.from(values));
          const sorted = values.toSorted((a, b) => a - b);
          const at = q * (values.length - 1);
          const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
          expect(quantile(x, q).item()).toBeCloseTo(low + (high - low) * (at - Math.floor(at)), 12);
          const half = values.length / 2;
          const middle = (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
          expect(median(x).item()).toBe(middle);
          expect(quantile(x, 0.5).item()).toBeCloseTo(middle, 12);
        });
      }),
      { numRuns: 500 },
    );
  });

  test("along an axis, with the axis kept, several at once", () => {
    const x = tensor([
      [1, 9, 5],
      [2, 4, 8],
    ]);
    expect(median(x, 1).toArray()).toEqual([5, 4]);
    expect(median(x, 0, true).toArray()).toEqual([[1.5, 6.5, 6.5]]);
    expect(median(x, undefined, true).toArray()).toEqual([[4.5]]);
    expect(quantile(x, [0, 1], 1).toArray()).toEqual([
      [1, 2],
      [9, 8],
    ]);
    expect(quantile(x, 0.25, 0, true).shape).toEqual([1, 3]);
  });

  test("NaN wins, infinities stay", () => {
    expect(median(tensor([1, Number.NaN, 2])).item()).toBeNaN();
    expect(quantile(tensor([1, Number.NaN, 2]), 0).item()).toBeNaN();
    expect(quantile(tensor([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]), 0.3).item()).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(median(tensor([Number.NEGATIVE_INFINITY, 1])).item()).toBe(Number.NEGATIVE_INFINITY);
  });

  test("mistakes", () => {
    expect(() => median(zeros([0]))).toThrow("median: no elements to rank in shape (0,)");
    expect(() => quantile(zeros([2, 0]), 0.5, 1)).toThrow("no elements to rank");
    expect(() => quantile(zeros([2]), 1.5)).toThrow("q must be between 0 and 1, got 1.5");
    expect(() => quantile(zeros([2]), [])).toThrow("at least one");
  });
});

describe("counting", () => {
  test("bincount, with and without weights", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(6), { maxLength: 30 }), fc.nat(9), (numbers, minLength) => {
        nb.scope(() => {
          const x = tensor(Int32Array.from(numbers));
          const length = Math.max(minLength, ...numbers.map((value) => value + 1));
          const expected = Array.from({ length }, (_, i) => numbers.filter((value) => value === i).length);
          const counts = bincount(x, { minLength });
          expect(counts.dtype).toBe("int32");
          expect([...counts.dataSync()]).toEqual(expected);
          const weights = nb.full([numbers.length], 0.5, "float64");
          expect([...bincount(x, { weights, minLength }).dataSync()]).toEqual(expected.map((count) => count / 2));
        });
      }),
      { numRuns: 300 },
    );
    const x = tensor([0, 2, 2], "int32");
    nb.expectGradients((weights: Tensor) => sum(bincount(x, { weights }).square()), [tensor([0.1, 0.2, 0.3])]);
    expect(() => bincount(tensor([-1], "int32"))).toThrow("bincount: counts whole numbers from 0 on, got -1");
    expect(() => bincount(tensor([1]))).toThrow("needs int32, got float32");
    expect(() => bincount(x, { weights: zeros([2]) })).toThrow("weights of shape (2,) do not fit");
  });

  test("histogram: a range holds its lower edge, the last one both", () => {
    const x = tensor([0, 0.5, 1, 1.5, 2, 5, -1, Number.NaN]);
    const { counts, edges } = histogram(x, 2, [0, 2]);
    expect(counts.toArray()).toEqual([2, 3]);
    expect(edges.toArray()).toEqual([0, 1, 2]);
    expect(histogram(tensor([3, 3, 3]), 2).edges.toArray()).toEqual([2.5, 3, 3.5]);
    expect(histogram(zeros([0]), 3).counts.toArray()).toEqual([0, 0, 0]);
    expect(() => histogram(x, 0, [0, 1])).toThrow("whole number from 1 to 10000000, got 0");
    expect(() => histogram(x)).toThrow("range must be two finite numbers, ascending");
  });

  test("searchSorted: before equals, or after them; NaN at the end", () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 12 }), fc.array(number, { maxLength: 6 }), (list, wanted) => {
        nb.scope(() => {
          const sorted = list.toSorted(compare);
          const x = tensor(Float64Array.from(sorted));
          for (const side of ["left", "right"] as const) {
            const found = [...searchSorted(x, tensor(Float64Array.from(wanted)), side).dataSync()];
            const isBefore = (a: number, b: number): boolean =>
              side === "left" ? compare(a, b) < 0 : compare(a, b) <= 0;
            expect(found).toEqual(wanted.map((value) => sorted.filter((element) => isBefore(element, value)).length));
          }
        });
      }),
      { numRuns: 500 },
    );
    expect(searchSorted(tensor([0.1, 0.2]), 0.1, "right").item()).toBe(1);
    expect(() => searchSorted(zeros([2, 2]), 0)).toThrow("needs a vector");
    expect(() => searchSorted(zeros([2]), 0, "middle" as "left")).toThrow('"left" or "right"');
  });
});
