// Sorting against JavaScript's stable sort, with a small scratch memory too, so that merges must cut and rotate their runs.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadKernels } from "./load.ts";

const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array };
type Type = keyof typeof arrays;

/** NaN last, equals (0 and -0 among them) in their order. */
function positions(x: number[]): number[] {
  const rank = (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a < b ? -1 : a > b ? 1 : 0;
  };
  return x.map((_, i) => i).sort((i, j) => rank(x[i], x[j]));
}

describe.each(["strict", "relaxed"] as const)("sorting (%s)", (kind) => {
  const k = loadKernels(kind, 128);
  const scratch = k.reserve(1 << 20);

  function check(type: Type, x: number[], rows: number): void {
    const n = rows === 0 ? 0 : x.length / rows;
    const values = new arrays[type](x);
    const address = k.put(values);
    const [out, indices, workspace] = [k.reserve(8 * x.length), k.reserve(4 * x.length), k.reserve(4 * n)];
    const order = Array.from({ length: rows }, (_, r) => positions(Array.from(values.subarray(r * n, (r + 1) * n))));
    const sorted = order.flatMap((places, r) => places.map((i) => values[r * n + i]));
    k.exports[`argsort_${type}`](address, indices, rows, n, workspace);
    expect(Array.from(k.i32(indices, x.length))).toEqual(order.flat());
    k.exports[`sort_${type}`](address, out, rows, n);
    expect(Array.from(k[type](out, x.length))).toEqual(sorted);
    k.exports[`sort_${type}`](address, address, rows, n);
    expect(Array.from(k[type](address, x.length))).toEqual(sorted);
  }

  const types = ["f32", "f64", "i32"] as const;
  const value = (type: Type): fc.Arbitrary<number> =>
    type === "i32"
      ? fc.oneof(fc.integer(), fc.integer({ min: -3, max: 3 }))
      : fc.oneof(fc.float(), fc.constantFrom(0, -0, 1, -1, NaN, Infinity, -Infinity));

  it.each(types)("sort and argsort of %s rows: ascending, stable, NaN last", (type) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(value(type), { maxLength: 70 }), (rows, x) => {
        check(type, Array.from({ length: rows }, () => x).flat(), rows);
      }),
      { numRuns: 60 },
    );
    check(type, [], 0);
  });

  it.each(types)("sort and argsort of %s with a scratch memory of 64 bytes", (type) => {
    k.exports["setScratch"](scratch, 64);
    fc.assert(
      fc.property(fc.array(value(type), { minLength: 20, maxLength: 400 }), (x) => {
        check(type, x, 1);
      }),
      { numRuns: 40 },
    );
    k.exports["setScratch"](scratch, 1 << 20);
  });

  it.each(types)("sort of a long %s row, of many rows, and of rows in order and in reverse", (type) => {
    const noise = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.trunc(Math.sin(i * 12.9898) * 5e4));
    check(type, noise(30_011), 1);
    check(type, noise(20_000), 1000);
    check(
      type,
      Array.from({ length: 5000 }, (_, i) => i),
      1,
    );
    check(
      type,
      Array.from({ length: 5000 }, (_, i) => -i),
      1,
    );
    check(type, new Array(1000).fill(7), 1);
  });
});
