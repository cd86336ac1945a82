// Copies, fills, selection, casts and ranges against plain loops.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Kernels, loadKernels } from "./load.ts";

const bySize = { 1: Uint8Array, 4: Int32Array, 8: Float64Array };
const byType = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array };
type Size = 1 | 4 | 8;
type Type = keyof typeof byType;
type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

function view(k: Kernels, size: Size, address: number, n: number): Values {
  return size === 1 ? k.u8(address, n) : size === 4 ? k.i32(address, n) : k.f64(address, n);
}

/** Distinct values: 0, 1, 2 and so on, which bytes repeat. */
function counting(size: Size, n: number): Values {
  return new bySize[size](n).map((_: number, i: number) => i + 1);
}

/** dst[...] = src[...] by the definition of strides. */
function copied(src: Values, dst: Values, shape: number[], strides: number[][], starts: number[]): Values {
  const n = shape.reduce((x, y) => x * y, 1);
  for (let flat = 0; flat < n; flat++) {
    const at = [...starts];
    for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
      const index = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
      at[0] += index * strides[0][axis];
      at[1] += index * strides[1][axis];
    }
    dst[at[1]] = src[at[0]];
  }
  return dst;
}

/** Strides of a dense array whose axes lie in the given order, with gaps and reversed axes. */
function dense(shape: number[], order: number[], gap: number[], reversed: boolean[]): [number[], number, number] {
  const strides = shape.map(() => 0);
  let start = 0;
  let reach = 1;
  for (const axis of order.toReversed()) {
    const stride = reach * gap[axis];
    strides[axis] = reversed[axis] ? -stride : stride;
    if (reversed[axis]) start += stride * (shape[axis] - 1);
    reach += stride * (shape[axis] - 1);
  }
  return [strides, start, reach];
}

function firstDifference(actual: Values, expected: Values): number {
  return actual.findIndex((x: number, i: number) => !Object.is(x, expected[i]));
}

describe.each(["strict", "relaxed"] as const)("moving elements (%s)", (kind) => {
  const k = loadKernels(kind, 256);

  function checkCopy(size: Size, shape: number[], strides: number[][], starts: number[], reaches: number[]): void {
    const src = counting(size, reaches[0]);
    const dst = new bySize[size](reaches[1]);
    const [from, to] = [k.put(src), k.put(dst)];
    const addresses = [shape, ...strides].map((list) => k.put(Int32Array.from(list)));
    k.exports[`copyStrided_${size}`](shape.length, ...addresses, from + starts[0] * size, to + starts[1] * size);
    expect(firstDifference(view(k, size, to, dst.length), copied(src, dst, shape, strides, starts))).toBe(-1);
  }

  it.each([1, 4, 8] as const)("copyStrided_%i follows any strides on both sides", (size) => {
    const axis = fc.record({
      size: fc.integer({ min: 1, max: 6 }),
      gap: fc.tuple(fc.constantFrom(1, 1, 2), fc.constantFrom(1, 1, 3)),
      reversed: fc.tuple(fc.constantFrom(false, false, true), fc.constantFrom(false, false, true)),
      repeated: fc.constantFrom(false, false, false, true),
      keys: fc.tuple(fc.nat(9), fc.nat(9)),
    });
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 5 }), (axes) => {
        const shape = axes.map((x) => x.size);
        const sides = [0, 1].map((side) => {
          const order = axes.map((_, i) => i).sort((i, j) => axes[i].keys[side] - axes[j].keys[side]);
          const gaps = axes.map((x) => x.gap[side]);
          return dense(
            shape,
            order,
            gaps,
            axes.map((x) => x.reversed[side] && !x.repeated),
          );
        });
        const source = sides[0][0].map((stride, i) => (axes[i].repeated ? 0 : stride));
        checkCopy(size, shape, [source, sides[1][0]], [sides[0][1], sides[1][1]], [sides[0][2], sides[1][2]]);
      }),
      { numRuns: 200 },
    );
  });

  it.each([1, 4, 8] as const)("copyStrided_%i transposes planes of every size around a tile", (size) => {
    for (const [m, n] of [
      [1, 1],
      [3, 5],
      [4, 4],
      [31, 33],
      [32, 64],
      [67, 35],
      [129, 2],
      [2, 129],
    ]) {
      checkCopy(
        size,
        [m, n],
        [
          [1, m],
          [n, 1],
        ],
        [0, 0],
        [m * n, m * n],
      );
    }
    // Large enough for more than one thread; a batch of planes.
    checkCopy(
      size,
      [7, 160, 190],
      [
        [160 * 190, 1, 160],
        [160 * 190, 190, 1],
      ],
      [0, 0],
      [212_800, 212_800],
    );
  });

  it("copyStrided copies nothing for an empty shape and one element for rank 0", () => {
    const to = k.put(new Int32Array(2));
    const from = k.put(Int32Array.of(5, 6));
    const shape = k.put(Int32Array.of(2, 0));
    k.exports["copyStrided_4"](2, shape, shape, shape, from, to);
    expect(Array.from(k.i32(to, 2))).toEqual([0, 0]);
    k.exports["copyStrided_4"](0, shape, shape, shape, from, to);
    expect(Array.from(k.i32(to, 2))).toEqual([5, 0]);
  });

  it.each([1, 4, 8] as const)("fill_%i writes n elements, no more", (size) => {
    for (const n of [0, 1, 3, 4, 15, 16, 17, 63, 64, 65, 600_001]) {
      const out = k.put(new bySize[size](n + 1));
      k.exports[`fill_${size}`](out, n, k.put(bySize[size].of(7)));
      const filled = new bySize[size](n + 1).fill(7, 0, n);
      expect(firstDifference(view(k, size, out, n + 1), filled)).toBe(-1);
    }
  });

  it.each([1, 4, 8] as const)("where_%i takes a where the condition is not 0, else b", (size) => {
    for (const n of [0, 1, 15, 16, 17, 50, 140_001]) {
      const condition = Uint8Array.from({ length: n }, (_, i) => ((i * i) % 7 < 3 ? 0 : (i % 255) + 1));
      const a = counting(size, n);
      const b = new bySize[size](n).map((_: number, i: number) => 200 - i);
      const out = k.put(new bySize[size](n));
      k.exports[`where_${size}`](k.put(condition), k.put(a), k.put(b), out, n);
      const chosen = a.map((x: number, i: number) => (condition[i] !== 0 ? x : b[i]));
      expect(firstDifference(view(k, size, out, n), chosen)).toBe(-1);
    }
  });

  const types = Object.keys(byType) as Type[];
  const pairs = types.flatMap((from) => types.filter((to) => to !== from).map((to) => ({ from, to })));
  const edge = [0, -0, 0.5, -0.5, 1.9, -1.9, 2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1, 1e300, -1e300, NaN];
  edge.push(Infinity, -Infinity, 16777217, 1e-45, 1e-40, 255.5, 256);

  it.each(pairs)("cast from $from to $to truncates, saturates, sends NaN to 0, and makes u8 a test for 0", (pair) => {
    for (const n of [0, 1, 2, 3, 4, 5, 19, 20, 140_003]) {
      const x = new byType[pair.from](n).map((_: number, i: number) => edge[i % edge.length]);
      const out = k.reserve(8 * n + 8);
      k.exports[`cast_${pair.from}_${pair.to}`](k.put(x), out, n);
      const expected = new byType[pair.to](n).map((_: number, i: number) => {
        if (pair.to === "u8") return x[i] !== 0 ? 1 : 0;
        if (pair.to !== "i32") return x[i];
        return Number.isNaN(x[i]) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x[i])));
      });
      expect(firstDifference(k[pair.to](out, n), expected)).toBe(-1);
    }
  });

  it.each(["f32", "f64", "i32"] as const)("arange_%s is start + i * step in double precision, rounded once", (type) => {
    for (const [start, step] of [
      [0, 1],
      [-1, 0.1],
      [5, -2.5],
      [1e9, 1e9],
    ]) {
      const n = 37;
      const out = k.reserve(8 * n);
      k.exports[`arange_${type}`](out, n, start, step);
      const exact = Array.from({ length: n }, (_, i) => start + i * step);
      const limited = exact.map((x) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))));
      expect(k[type](out, n)).toEqual(byType[type].from(type === "i32" ? limited : exact));
    }
  });
});
