// Rows chosen by number against plain loops: repeated indices, rows of every length around a vector, and large arrays.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadKernels } from "./load.ts";

const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array };
type Type = keyof typeof arrays;
type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

function values(type: Type, n: number): Values {
  return new arrays[type](n).map((_: number, i: number) => (type === "u8" ? i * 37 : Math.sin(i) * 1000));
}

function firstDifference(actual: Values, expected: Values): number {
  return actual.findIndex((x: number, i: number) => !Object.is(x, expected[i]));
}

/** A table of rows, and indices into it. */
const tables = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  rowElements: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 150 })),
  picks: fc.array(fc.nat(8), { maxLength: 20 }),
});

describe.each(["strict", "relaxed"] as const)("rows by number (%s)", (kind) => {
  const k = loadKernels(kind, 256);
  const large = { rows: 50, rowElements: 257, picks: Array.from({ length: 700 }, (_, i) => (i * i * 7) % 50) };

  /** Runs `check` on random tables and one that is worth several threads. */
  function onTables(check: (rows: number, rowElements: number, indices: Int32Array) => void): void {
    const run = (t: typeof large): void =>
      check(
        t.rows,
        t.rowElements,
        Int32Array.from(t.picks, (p) => p % t.rows),
      );
    fc.assert(fc.property(tables, run), { numRuns: 60 });
    run(large);
  }

  const sizes = [
    { size: 1, type: "u8" },
    { size: 4, type: "i32" },
    { size: 8, type: "f64" },
  ] as const;

  it.each(sizes)("gatherRows_$size: out[k] = x[indices[k]]", ({ size, type }) => {
    onTables((rows, n, indices) => {
      const x = values(type, rows * n);
      const out = k.reserve(8 * indices.length * n);
      k.exports[`gatherRows_${size}`](k.put(x), k.put(indices), out, indices.length, n);
      const expected = new arrays[type](indices.length * n);
      indices.forEach((row, i) => {
        expected.set(x.subarray(row * n, (row + 1) * n), i * n);
      });
      expect(firstDifference(k[type](out, expected.length), expected)).toBe(-1);
    });
  });

  it.each(sizes)("scatterRows_$size: out[indices[k]] = values[k], the last one counts", ({ size, type }) => {
    onTables((rows, n, indices) => {
      const x = values(type, indices.length * n);
      const out = k.put(new arrays[type](rows * n).fill(5));
      k.exports[`scatterRows_${size}`](k.put(indices), k.put(x), out, indices.length, n);
      const expected = new arrays[type](rows * n).fill(5);
      indices.forEach((row, i) => {
        expected.set(x.subarray(i * n, (i + 1) * n), row * n);
      });
      expect(firstDifference(k[type](out, expected.length), expected)).toBe(-1);
    });
  });

  it.each(["f32", "f64", "i32"] as const)("scatterAddRows_%s adds in the order of the indices", (type) => {
    onTables((rows, n, indices) => {
      const dy = values(type, indices.length * n);
      const out = k.put(new arrays[type](rows * n).fill(5));
      k.exports[`scatterAddRows_${type}`](k.put(indices), k.put(dy), out, indices.length, n);
      const expected = new arrays[type](rows * n).fill(5);
      indices.forEach((row, i) => {
        for (let j = 0; j < n; j++) expected[row * n + j] += dy[i * n + j];
      });
      expect(firstDifference(k[type](out, expected.length), expected)).toBe(-1);
    });
  });

  it("maskIndices lists the positions of what is not 0", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 0, 1, 255), { maxLength: 100 }), (mask) => {
        const out = k.reserve(4 * mask.length + 4);
        const count = k.exports["maskIndices"](k.put(Uint8Array.from(mask)), out, mask.length);
        expect(Array.from(k.i32(out, count))).toEqual(mask.flatMap((m, i) => (m ? [i] : [])));
      }),
    );
  });

  it("checkIndices finds the first index outside [0, limit)", () => {
    const check = (indices: number[], limit: number): number =>
      k.exports["checkIndices"](k.put(Int32Array.from(indices)), indices.length, limit);
    expect(check([], 3)).toBe(-1);
    expect(check([0, 1, 2, 0, 1, 2, 0], 3)).toBe(-1);
    expect(check([0], 0)).toBe(0);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2, max: 100 }), { maxLength: 30 }), (indices) => {
        expect(check(indices, 99)).toBe(indices.findIndex((i) => i < 0 || i >= 99));
      }),
    );
  });

  it.each(["f32", "f64", "i32", "u8"] as const)("oneHot_%s has a 1 at the index; an index outside has none", (type) => {
    for (const [count, depth] of [
      [0, 3],
      [4, 1],
      [5, 10],
      [700, 300],
    ]) {
      const indices = Int32Array.from({ length: count }, (_, i) =>
        i % 7 === 3 ? (i % 2 ? -1 : depth) : (i * 3) % depth,
      );
      const out = k.put(new arrays[type](count * depth).fill(9));
      k.exports[`oneHot_${type}`](k.put(indices), out, count, depth);
      const expected = new arrays[type](count * depth);
      indices.forEach((index, i) => {
        if (index >= 0 && index < depth) expected[i * depth + index] = 1;
      });
      expect(firstDifference(k[type](out, count * depth), expected)).toBe(-1);
    }
  });

  it("gatherBytesScaled is byte * scale + shift, rounded once", () => {
    onTables((rows, n, indices) => {
      const x = values("u8", rows * n);
      const out = k.reserve(4 * indices.length * n);
      k.exports["gatherBytesScaled"](k.put(x), k.put(indices), out, indices.length, n, 1 / 255, -0.5);
      const expected = new Float32Array(indices.length * n).map(
        (_, i) => x[indices[Math.floor(i / n)] * n + (i % n)] * (1 / 255) - 0.5,
      );
      expect(firstDifference(k.f32(out, expected.length), expected)).toBe(-1);
    });
  });
});
