// Where numbers stop being what they seem: the ends of int32, quotients too large for a fraction, ranges that overflow, the edges of a histogram,
// shapes without elements.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as nb from "../node.ts";
import { backward, type Tensor, tensor } from "../node.ts";

const [low, high] = [-(2 ** 31), 2 ** 31 - 1];
const bools = (x: Tensor): unknown => x.toArray();

describe("int32 against numbers that it does not hold", () => {
  test("2^31 - 1 is below 2^31, and -2^31 is not below itself", () => {
    const ends = tensor([low, high], "int32");
    expect(bools(nb.less(ends, 2 ** 31))).toEqual([true, true]);
    expect(bools(nb.less(ends, low))).toEqual([false, false]);
    expect(bools(nb.equal(ends, low))).toEqual([true, false]);
    expect(bools(nb.greaterEqual(2 ** 31, ends))).toEqual([true, true]);
    expect(bools(nb.greater(ends, -Infinity))).toEqual([true, true]);
    expect(bools(nb.notEqual(ends, Number.NaN))).toEqual([true, true]);
  });

  test("16777217 is above 16777216.5, though float32 has neither", () => {
    expect(bools(nb.greater(tensor([16777217, 16777216], "int32"), 16777216.5))).toEqual([true, false]);
    expect(bools(nb.equal(tensor([16777217], "int32"), 16777216.5))).toEqual([false]);
  });

  test("bool counts as 0 and 1", () => {
    expect(bools(nb.less(tensor([false, true]), 0.5))).toEqual([true, false]);
  });

  test("every comparison is JavaScript's own", () => {
    const comparisons: [string, (a: number, b: number) => boolean][] = [
      ["equal", (a, b) => a === b],
      ["notEqual", (a, b) => a !== b],
      ["less", (a, b) => a < b],
      ["lessEqual", (a, b) => a <= b],
      ["greater", (a, b) => a > b],
      ["greaterEqual", (a, b) => a >= b],
    ];
    const number = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constantFrom(low - 1, low - 0.5, low, high, high + 0.5, 2 ** 31),
    );
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 5 }), number, (values, value) => {
        for (const [name, holds] of comparisons) {
          const f = (nb as unknown as Record<string, (a: Tensor | number, b: Tensor | number) => Tensor>)[name];
          const x = tensor(values, "int32");
          expect(bools(f(x, value)), name).toEqual(values.map((each) => holds(each, value)));
          expect(bools(f(value, x)), name).toEqual(values.map((each) => holds(value, each)));
        }
      }),
    );
  });
});

describe("what becomes int32 goes to its ends; what is computed in it wraps around", () => {
  const given = [3e9, -3e9, Infinity, -Infinity, Number.NaN, 1.9, -1.9];
  const kept = [high, low, high, low, 0, 1, -1];

  test("tensor, full, set, pad, cast, arange and linspace agree", () => {
    expect(tensor(given, "int32").toArray()).toEqual(kept);
    expect(tensor(Float64Array.from(given), "int32").toArray()).toEqual(kept);
    expect(nb.cast(tensor(given, "float64"), "int32").toArray()).toEqual(kept);
    given.forEach((value, i) => {
      expect(nb.full([1], value, "int32").toArray()).toEqual([kept[i]]);
      expect(nb.fullLike(tensor([0], "int32"), value).toArray()).toEqual([kept[i]]);
      expect(nb.zeros([1], "int32").set([0], value).toArray()).toEqual([kept[i]]);
      if (Number.isFinite(value))
        expect(nb.pad(tensor([7], "int32"), [[1, 0]], "constant", value).toArray()).toEqual([kept[i], 7]);
    });
    expect(nb.arange(0, 2e10, 1e10, "int32").toArray()).toEqual([0, high]);
    expect(nb.linspace(-4e9, 4e9, 3, "int32").toArray()).toEqual([low, 0, high]);
  });

  test("sums, products and arithmetic are taken modulo 2^32", () => {
    const x = tensor([high, 1], "int32");
    expect(nb.add(x, 1).toArray()).toEqual([low, 2]);
    expect(nb.sum(x).item()).toBe(low);
    expect(nb.cumsum(x).toArray()).toEqual([high, low]);
    expect(nb.prod(tensor([65536, 65536], "int32")).item()).toBe(0);
    expect(nb.mul(tensor([65537], "int32"), 65537).toArray()).toEqual([131073]);
    expect(nb.neg(tensor([low], "int32")).toArray()).toEqual([low]);
    expect(nb.mean(tensor([high, high], "int32")).item()).toBe(2 ** 31); // in float32
  });

  test("an operand outside int32 makes arithmetic float32", () => {
    expect(nb.add(tensor([1], "int32"), 2 ** 31).dtype).toBe("float32");
    expect(nb.add(tensor([1], "int32"), low).dtype).toBe("int32");
  });
});

describe("floorDivide is the floor of the quotient, not of its rounding", () => {
  test("1e16 / 3 in float64", () => {
    const a = tensor([1e16, -1e16, 9007199254740991], "float64");
    expect(nb.floorDivide(a, 3).toArray()).toEqual([3333333333333333, -3333333333333334, 3002399751580330]);
  });

  test("of whole numbers in float64 it is that of bigints", () => {
    const whole = fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
    const divisor = fc.integer({ min: 1, max: 1e6 });
    fc.assert(
      fc.property(whole, divisor, fc.boolean(), (a, size, negative) => {
        const b = negative ? -size : size;
        const [x, y] = [BigInt(a), BigInt(b)];
        const exact = x / y - (x % y !== 0n && x < 0n !== y < 0n ? 1n : 0n);
        expect(nb.floorDivide(tensor([a], "float64"), b).item() + 0).toBe(Number(exact));
      }),
    );
  });

  test("of float32 it is the exact floor, rounded once", () => {
    const number = fc.float({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 50), max: 2 ** 50 });
    const divisor = fc.float({ noNaN: true, min: Math.fround(0.01), max: 100 });
    fc.assert(
      fc.property(number, divisor, (a, b) => {
        fc.pre(Math.abs(a / b) < 2 ** 28);
        const exact = Math.round((a - (a % b)) / b) - (a % b < 0 ? 1 : 0);
        expect(nb.floorDivide(tensor([a]), b).item() + 0).toBe(Math.fround(exact) + 0);
      }),
    );
  });

  test("by 0, of and by infinities", () => {
    const quotients = nb.floorDivide(tensor([5, -5, 0, Infinity, 1, -1]), tensor([0, 0, 0, 3, Infinity, Infinity]));
    expect(quotients.toArray()).toEqual([Infinity, -Infinity, NaN, NaN, 0, -1]);
  });
});

describe("ranges", () => {
  test("uniform refuses low above high and a width beyond the dtype", () => {
    expect(() => nb.random.uniform([2], 2, 1)).toThrow("random.uniform: low must not be above high, got 2 and 1");
    expect(() => nb.random.uniform([2], -3e38, 3e38)).toThrow(/random.uniform: 6e\+38 is beyond float32.*float64/);
    expect(() => nb.random.uniform([2], 0, 1e39)).toThrow("random.uniform: 1e+39 is beyond float32");
    expect(() => nb.random.uniform([2], -1.7e308, 1.7e308, { dtype: "float64" })).toThrow("is beyond float64");
    expect(() => nb.random.normal([2], 1e39)).toThrow("random.normal: 1e+39 is beyond float32");
    const wide = nb.random.uniform([1000], -3e38, 3e38, { dtype: "float64" });
    expect(nb.max(wide).item()).toBeGreaterThan(2.9e38);
    expect(nb.min(wide).item()).toBeLessThan(-2.9e38);
    expect(nb.random.uniform([2], 1, 1).toArray()).toEqual([1, 1]);
  });

  test("linspace over more than the largest number", () => {
    expect(nb.linspace(-1.5e308, 1.5e308, 3, "float64").toArray()).toEqual([-1.5e308, 0, 1.5e308]);
  });

  test("a histogram counts by the edges that it returns", () => {
    const check = (x: Tensor, bins: number, range?: readonly [number, number]): void => {
      const { counts, edges } = nb.histogram(x, bins, range);
      const bounds = [...edges.dataSync()];
      const expected = new Array<number>(bins).fill(0);
      for (const value of x.dataSync()) {
        if (!(value >= bounds[0] && value <= bounds[bins])) continue;
        let bin = bins - 1;
        while (value < bounds[bin]) bin -= 1;
        expected[bin] += 1;
      }
      expect(counts.toArray(), `${bins} ranges`).toEqual(expected);
    };
    for (let bins = 1; bins <= 58; bins++) {
      check(nb.linspace(0, 1, bins + 1), bins);
      check(nb.linspace(0, 1, bins + 1), bins, [0, 1]);
      check(nb.linspace(-0.3, 0.7, bins + 1, "float64"), bins);
      check(nb.random.uniform([200], -1, 2), bins);
    }
    expect(nb.sum(nb.histogram(nb.linspace(0.1, 0.7, 59), 58, [0.1, 0.7]).counts).item()).toBe(59);
    const large = nb.histogram(tensor([16777216, 16777217, 16777217], "int32"), 2);
    expect(large.counts.toArray()).toEqual([1, 2]);
    expect(large.edges.toArray()).toEqual([16777216, 16777216.5, 16777217]);
  });
});

describe("dtype and shape are kept", () => {
  test("triangles of bool are bool", () => {
    const x = tensor([
      [true, true],
      [true, true],
    ]);
    expect(nb.lowerTriangle(x).dtype).toBe("bool");
    expect(nb.lowerTriangle(x).toArray()).toEqual([
      [true, false],
      [true, true],
    ]);
    expect(nb.upperTriangle(x).toArray()).toEqual([
      [true, true],
      [false, true],
    ]);
    expect(
      nb.lowerTriangle(
        tensor(
          [
            [1, 2],
            [3, 4],
          ],
          "int32",
        ),
      ).dtype,
    ).toBe("int32");
  });

  test("prod and dot of shapes without elements", () => {
    const x = nb.zeros([0, 3]).requireGradient();
    const product = nb.prod(x, 0);
    expect(product.toArray()).toEqual([1, 1, 1]);
    backward(nb.sum(product));
    expect(x.gradient!.shape).toEqual([0, 3]);
    expect(nb.dot(nb.zeros([2, 0, 3]), nb.zeros([4, 3, 5])).shape).toEqual([2, 0, 4, 5]);
    const inner = nb.dot(nb.zeros([2, 3, 0]), nb.zeros([4, 0, 5]));
    expect(inner.shape).toEqual([2, 3, 4, 5]);
    expect(nb.sum(inner).item()).toBe(0);
    expect(nb.dot(nb.zeros([2, 3, 0]), nb.zeros([0])).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(nb.outer(nb.zeros([0]), nb.zeros([2])).shape).toEqual([0, 2]);
  });
});
