// Operations of two arrays against the same formula in a plain loop: every mode, broadcasting, lengths around the vector
// width, and the values at the edge of the format (NaN, infinities, signed zeros, denormals, -2^31).
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Kernels, loadKernels } from "./load.ts";

type Type = "f32" | "f64" | "i32" | "u8";
type Values = Float32Array | Float64Array | Int32Array | Uint8Array;
type Formula = (a: number, b: number) => number;

const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array };
const special: Record<Type, number[]> = {
  f32: [0, -0, 1, -1, 0.5, 3, NaN, Infinity, -Infinity, 1e-45, -1e-40, 3.4028234663852886e38, 7.25, -2.5],
  f64: [0, -0, 1, -1, 0.5, 3, NaN, Infinity, -Infinity, 5e-324, -1e-310, 1.7976931348623157e308, 7.25, -2.5],
  i32: [0, 1, -1, 2, -2, 7, -7, 2147483647, -2147483648, 65536],
  u8: [0, 1, 2, 255],
};
const value: Record<Type, fc.Arbitrary<number>> = {
  f32: fc.oneof(fc.float(), fc.float({ min: -10, max: 10, noNaN: true }), fc.constantFrom(...special.f32)),
  f64: fc.oneof(fc.double(), fc.double({ min: -10, max: 10, noNaN: true }), fc.constantFrom(...special.f64)),
  i32: fc.oneof(fc.integer(), fc.integer({ min: -9, max: 9 }), fc.constantFrom(...special.i32)),
  u8: fc.integer({ min: 0, max: 3 }),
};

/** Wraps a formula in double precision so that every step is rounded to the type. */
const rounded = (type: Type): ((x: number) => number) =>
  type === "f32" ? Math.fround : type === "i32" ? (x) => x | 0 : (x) => x;

function remainder(a: number, b: number): number {
  const rest = a % b;
  if (rest === 0) return b < 0 || Object.is(b, -0) ? -0 : 0;
  return rest < 0 !== b < 0 ? rest + b : rest;
}

function powInteger(a: number, b: number): number {
  if (b < 0) return a === 1 ? 1 : a === -1 ? (b % 2 === 0 ? 1 : -1) : 0;
  return Number(BigInt.asIntN(32, modularPower(BigInt(a), BigInt(b))));
}

function modularPower(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n;
  const half = modularPower(base, exponent / 2n) ** 2n % 2n ** 32n;
  return (exponent % 2n ? half * base : half) % 2n ** 32n;
}

function formulas(type: Type): Record<string, Formula> {
  const r = rounded(type);
  const compare: Record<string, Formula> = {
    equal: (a, b) => +(a === b),
    notEqual: (a, b) => +(a !== b),
    less: (a, b) => +(a < b),
    lessEqual: (a, b) => +(a <= b),
    greater: (a, b) => +(a > b),
    greaterEqual: (a, b) => +(a >= b),
  };
  if (type === "u8") {
    return {
      ...compare,
      logicalAnd: (a, b) => +(a !== 0 && b !== 0),
      logicalOr: (a, b) => +(a !== 0 || b !== 0),
      logicalXor: (a, b) => +((a !== 0) !== (b !== 0)),
    };
  }
  const ring: Record<string, Formula> = {
    add: (a, b) => r(a + b),
    sub: (a, b) => r(a - b),
    mul: type === "i32" ? Math.imul : (a, b) => r(a * b),
    maximum: Math.max,
    minimum: Math.min,
  };
  if (type === "i32") {
    return {
      ...compare,
      ...ring,
      floorDivide: (a, b) => (b === 0 ? 0 : Math.floor(a / b) | 0),
      remainder: (a, b) => (b === 0 ? 0 : remainder(a, b) | 0),
      pow: powInteger,
    };
  }
  return {
    ...compare,
    ...ring,
    div: (a, b) => r(a / b),
    remainder: (a, b) => r(remainder(a, b)),
    sigmoidGradient: (dy, y) => r(r(dy * y) * r(1 - y)),
    tanhGradient: (dy, y) => r(dy * r(1 - r(y * y))),
    reluGradient: (dy, y) => (y <= 0 ? 0 : dy),
  };
}

const comparisons = new Set(["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"]);
const isBytes = (name: string, type: Type): boolean => type === "u8" || comparisons.has(name);

function view(k: Kernels, type: Type, address: number, n: number): Values {
  return k[type](address, n);
}

const cases = (["f32", "f64", "i32", "u8"] as const).flatMap((type) =>
  Object.entries(formulas(type)).map(([name, formula]) => ({ name, type, formula })),
);

describe.each(["strict", "relaxed"] as const)("two arrays, element by element (%s)", (kind) => {
  const k = loadKernels(kind, 256);

  it.each(cases)("$name of $type equals its formula in all three modes", ({ name, type, formula }) => {
    const kernel = k.exports[`${name}_${type}`];
    const outType = isBytes(name, type) ? "u8" : type;
    fc.assert(
      fc.property(fc.array(fc.tuple(value[type], value[type]), { maxLength: 45 }), fc.nat(2), (pairs, mode) => {
        const n = pairs.length;
        const a = new arrays[type](pairs.map((pair) => pair[0]));
        const b = new arrays[type](pairs.map((pair) => pair[1]));
        const out = k.reserve(8 * n + 8);
        k.u8(out, 8 * n + 8).fill(77);
        kernel(mode, k.put(a), k.put(b), out, n);
        const expected = Array.from(a, (_, i) => formula(a[mode === 2 ? 0 : i], b[mode === 1 ? 0 : i]));
        expect(Array.from(view(k, outType, out, n))).toEqual(expected);
        expect(k.u8(out, 8 * n + 8)[n * arrays[outType].BYTES_PER_ELEMENT]).toBe(77);
      }),
      { numRuns: 15 },
    );
  });

  it.each(cases)("$name of $type treats every pair of special values by the formula", ({ name, type, formula }) => {
    const pairs = special[type].flatMap((a) => special[type].map((b) => [a, b]));
    const a = new arrays[type](pairs.map((pair) => pair[0]));
    const b = new arrays[type](pairs.map((pair) => pair[1]));
    const out = k.reserve(8 * a.length);
    k.exports[`${name}_${type}`](0, k.put(a), k.put(b), out, a.length);
    const outType = isBytes(name, type) ? "u8" : type;
    expect(Array.from(view(k, outType, out, a.length))).toEqual(Array.from(a, (x, i) => formula(x, b[i])));
  });

  it.each(cases)("$name of $type broadcasts over any strides", ({ name, type, formula }) => {
    const kernel = k.exports[`${name}_${type}_strided`];
    const axis = fc.record({ size: fc.integer({ min: 0, max: 5 }), a: fc.nat(3), b: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 4 }), fc.infiniteStream(value[type]), (axes, stream) => {
        const shape = axes.map((x) => x.size);
        const [aStrides, aStart, aSize] = layout(axes.map((x) => [x.size, x.a]));
        const [bStrides, bStart, bSize] = layout(axes.map((x) => [x.size, x.b]));
        const a = new arrays[type](aSize).map(() => stream.next().value as number);
        const b = new arrays[type](bSize).map(() => stream.next().value as number);
        const n = shape.reduce((x, y) => x * y, 1);
        const out = k.reserve(8 * n);
        const bytes = arrays[type].BYTES_PER_ELEMENT;
        kernel(
          shape.length,
          k.put(Int32Array.from(shape)),
          k.put(Int32Array.from(aStrides)),
          k.put(Int32Array.from(bStrides)),
          k.put(a) + aStart * bytes,
          k.put(b) + bStart * bytes,
          out,
        );
        const expected = Array.from({ length: n }, (_, flat) =>
          formula(a[aStart + offset(flat, shape, aStrides)], b[bStart + offset(flat, shape, bStrides)]),
        );
        expect(Array.from(view(k, isBytes(name, type) ? "u8" : type, out, n))).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  it("takes arrays beyond one thread's stretch, in place, with the single operand inside the result", () => {
    const n = 300_001;
    const x = Float32Array.from({ length: n }, (_, i) => Math.sin(i));
    const address = k.put(x);
    k.exports["sub_f32"](1, address, address, address, n);
    expect(
      firstDifference(
        k.f32(address, n),
        x.map((v) => v - x[0]),
      ),
    ).toBe(-1);
  });

  it("broadcasts a row and a column over a large array", () => {
    const [rows, columns] = [700, 333];
    const x = Float32Array.from({ length: rows * columns }, (_, i) => Math.cos(i));
    const row = Float32Array.from({ length: columns }, (_, i) => i / 3);
    const column = Float32Array.from({ length: rows }, (_, i) => i / 7);
    const out = k.reserve(4 * x.length);
    const [shape, full] = [k.put(Int32Array.of(rows, columns)), k.put(Int32Array.of(columns, 1))];
    k.exports["add_f32_strided"](2, shape, full, k.put(Int32Array.of(0, 1)), k.put(x), k.put(row), out);
    expect(
      firstDifference(
        k.f32(out, x.length),
        x.map((v, i) => v + row[i % columns]),
      ),
    ).toBe(-1);
    k.exports["mul_f32_strided"](2, shape, full, k.put(Int32Array.of(1, 0)), k.put(x), k.put(column), out);
    const products = x.map((v, i) => v * column[Math.floor(i / columns)]);
    expect(firstDifference(k.f32(out, x.length), products)).toBe(-1);
  });

  it("splits one long row whose operands have strides of their own", () => {
    const n = 250_000;
    const x = Float64Array.from({ length: 2 * n }, (_, i) => i * 0.5);
    const y = Float64Array.from({ length: n }, (_, i) => i * 0.25);
    const out = k.reserve(8 * n);
    const one = k.put(Int32Array.of(n));
    const backwards = k.put(y) + 8 * (n - 1);
    k.exports["sub_f64_strided"](1, one, k.put(Int32Array.of(2)), k.put(Int32Array.of(-1)), k.put(x), backwards, out);
    expect(
      firstDifference(
        k.f64(out, n),
        y.map((_, i) => x[2 * i] - y[n - 1 - i]),
      ),
    ).toBe(-1);
  });

  it.each(["f32", "f64"] as const)("pow, atan2 and hypot of %s are within a few units in the last place", (type) => {
    const values = [0, -0, 1, -1, 0.5, 2, 3, -2, -3, 1e-3, 7.25, -2.5, NaN, Infinity, -Infinity];
    const pairs = values.flatMap((a) => values.map((b) => [a, b]));
    const a = new arrays[type](pairs.map((pair) => pair[0]));
    const b = new arrays[type](pairs.map((pair) => pair[1]));
    const out = k.reserve(8 * a.length);
    // C's pow, unlike JavaScript's, has 1 ** NaN = (-1) ** Infinity = 1.
    const pow = (x: number, y: number): number =>
      x === 1 || (Math.abs(x) === 1 && Math.abs(y) === Infinity) ? 1 : x ** y;
    for (const [name, formula] of [
      ["pow", pow],
      ["atan2", Math.atan2],
      ["hypot", Math.hypot],
    ] as const) {
      k.exports[`${name}_${type}`](0, k.put(a), k.put(b), out, a.length);
      view(k, type, out, a.length).forEach((got: number, i: number) => {
        const expected = formula(a[i], b[i]);
        if (!Number.isFinite(expected) || expected === 0) expect(got, `${name}(${a[i]}, ${b[i]})`).toBe(expected);
        else expect(Math.abs(got / expected - 1)).toBeLessThan(type === "f32" ? 3e-7 : 1e-15);
      });
    }
    // A tail gives the same bits as a whole vector.
    const base = new arrays[type](9).fill(1.7);
    k.exports[`pow_${type}`](1, k.put(base), k.put(arrays[type].of(2.3)), out, 9);
    expect(new Set(view(k, type, out, 9)).size).toBe(1);
  });

  it("floorDivide is floor(a / b), also where a / b rounds up to the next whole number", () => {
    const wholes = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(wholes, wholes), { minLength: 1, maxLength: 9 }), (pairs) => {
        for (const type of ["f32", "f64"] as const) {
          const a = new arrays[type](pairs.map((pair) => pair[0] / 8));
          const b = new arrays[type](pairs.map((pair) => (pair[1] || 1) / 8));
          const out = k.reserve(8 * a.length);
          k.exports[`floorDivide_${type}`](0, k.put(a), k.put(b), out, a.length);
          expect(Array.from(view(k, type, out, a.length), (x) => x + 0)).toEqual(
            Array.from(a, (x, i) => Math.floor(x / b[i]) + 0),
          );
        }
      }),
    );
    const out = k.reserve(64);
    const a = k.put(Float64Array.of(1, -1, 0, -0, 1, -1, 0, Infinity));
    const b = k.put(Float64Array.of(0.1, 0.1, 2, 2, 0, Infinity, 0, 1));
    k.exports["floorDivide_f64"](0, a, b, out, 8);
    expect(Array.from(k.f64(out, 8))).toEqual([9, -10, 0, -0, Infinity, -1, NaN, NaN]);
  });
});

/** Where two long arrays first differ, -1 if nowhere. */
function firstDifference(actual: Values, expected: Values): number {
  return actual.findIndex((x: number, i: number) => !Object.is(x, expected[i]));
}

/** Strides that step by `multiple` times what a dense layout needs, backwards for 3, and 0 for 0; start and size to fit. */
function layout(axes: number[][]): [number[], number, number] {
  const strides: number[] = [];
  let start = 0;
  let reach = 1;
  for (const [size, kind] of axes.toReversed()) {
    const stride = kind === 0 ? 0 : kind === 3 ? -reach : kind * reach;
    strides.unshift(stride);
    if (stride < 0) start += (Math.max(size, 1) - 1) * -stride;
    reach += Math.abs(stride) * (Math.max(size, 1) - 1);
  }
  return [strides, start, reach];
}

function offset(flat: number, shape: number[], strides: number[]): number {
  let result = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result += (flat % shape[axis]) * strides[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return result;
}
