// Reductions of [outer, n, inner] along n against plain loops, and the accuracy that long sums must keep.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadKernels } from "./load.ts";

const arrays = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array };
type Type = keyof typeof arrays;
type Values = Float32Array | Float64Array | Int32Array | Uint8Array;

/** The elements of one line, in order along n. */
function line(x: Values, n: number, inner: number, o: number, i: number): number[] {
  return Array.from({ length: n }, (_, k) => x[(o * n + k) * inner + i]);
}

/** A sum in double precision that carries its rounding errors (Neumaier), so that it is right to the last bit or two. */
function total(xs: number[]): number {
  let sum = 0;
  let correction = 0;
  for (const x of xs) {
    const next = sum + x;
    correction += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return Number.isNaN(correction) ? sum : sum + correction;
}
const largest = (xs: number[]): number => xs.reduce((a, b) => Math.max(a, b), -Infinity);
const smallest = (xs: number[]): number => xs.reduce((a, b) => Math.min(a, b), Infinity);

/** First NaN, else the first of the extreme elements. */
function position(xs: number[], extreme: number): number {
  const nan = xs.findIndex(Number.isNaN);
  return nan >= 0 ? nan : xs.indexOf(extreme);
}

function logSumExp(xs: number[]): number {
  const m = largest(xs);
  return Number.isFinite(m) ? m + Math.log(total(xs.map((x) => Math.exp(x - m)))) : m;
}

interface Reduction {
  name: string;
  types: Type[];
  /** What the line comes to. Whatever rounds is compared with a tolerance that grows with the sum of |terms|. */
  value: (xs: number[]) => number;
  terms?: (xs: number[]) => number[];
  out?: Type;
}

const reductions: Reduction[] = [
  { name: "sum", types: ["f32", "f64"], value: total, terms: (xs) => xs },
  {
    name: "sumSquares",
    types: ["f32", "f64"],
    value: (xs) => total(xs.map((x) => x * x)),
    terms: (xs) => xs.map((x) => x * x),
  },
  { name: "sumAbs", types: ["f32", "f64"], value: (xs) => total(xs.map(Math.abs)), terms: (xs) => xs },
  {
    name: "prod",
    types: ["f32", "f64"],
    value: (xs) => xs.reduce((a, b) => a * b, 1),
    terms: (xs) => [xs.reduce((a, b) => a * b, 1)],
  },
  { name: "logSumExp", types: ["f32", "f64"], value: logSumExp, terms: (xs) => [logSumExp(xs), 1] },
  { name: "max", types: ["f32", "f64"], value: largest },
  { name: "min", types: ["f32", "f64"], value: smallest },
  { name: "max", types: ["i32"], value: (xs) => xs.reduce((a, b) => Math.max(a, b), -(2 ** 31)) },
  { name: "min", types: ["i32"], value: (xs) => xs.reduce((a, b) => Math.min(a, b), 2 ** 31 - 1) },
  { name: "sum", types: ["i32"], value: (xs) => xs.reduce((a, b) => (a + b) | 0, 0) },
  { name: "prod", types: ["i32"], value: (xs) => xs.reduce((a, b) => Math.imul(a, b), 1) },
  { name: "any", types: ["u8"], value: (xs) => +xs.some(Boolean), out: "u8" },
  { name: "all", types: ["u8"], value: (xs) => +xs.every(Boolean), out: "u8" },
  { name: "countNonZero", types: ["u8"], value: (xs) => xs.filter(Boolean).length, out: "i32" },
];
const positions: Reduction[] = [
  { name: "argmax", types: ["f32", "f64", "i32"], value: (xs) => position(xs, largest(xs)), out: "i32" },
  { name: "argmin", types: ["f32", "f64", "i32"], value: (xs) => position(xs, smallest(xs)), out: "i32" },
];
const cases = [...reductions, ...positions].flatMap((r) => r.types.map((type) => ({ ...r, type })));

/** A number in [-1, 1) for each (seed, i), so that shrinking keeps to shapes. */
function noise(seed: number, i: number): number {
  const x = Math.sin(seed * 12.9898 + i * 78.233) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

function fill(type: Type, n: number, seed: number): Values {
  const scale = type === "i32" ? 2 ** 31 : 3;
  return new arrays[type](n).map((_: number, i: number) => {
    const v = noise(seed, i);
    if (type === "u8") return noise(seed, 0) > 0.8 ? 1 : v > 0 ? Math.floor(v * 256) : 0;
    return type === "i32" && seed % 2 ? Math.trunc(4 * v) : scale * v;
  });
}

describe.each(["strict", "relaxed"] as const)("reductions (%s)", (kind) => {
  const k = loadKernels(kind, 256);

  function run(c: Reduction & { type: Type }, x: Values, outer: number, n: number, inner: number): Values {
    const outType = c.out ?? c.type;
    const out = k.reserve(8 * outer * inner + 8);
    k.u8(out, 8 * outer * inner + 8).fill(99);
    k.exports[`${c.name}_${c.type}`](k.put(x), out, outer, n, inner);
    expect(k.u8(out, 8 * outer * inner + 8)[outer * inner * arrays[outType].BYTES_PER_ELEMENT]).toBe(99);
    return k[outType](out, outer * inner).slice();
  }

  function check(c: Reduction & { type: Type }, x: Values, outer: number, n: number, inner: number): void {
    const actual = run(c, x, outer, n, inner);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const xs = line(x, n, inner, o, i);
        const expected = c.value(xs);
        const got = actual[o * inner + i];
        if (!c.terms || !Number.isFinite(expected)) {
          expect(got + 0).toBe(expected + 0);
          continue;
        }
        const unit = c.type === "f32" ? 2 ** -24 : 2 ** -53;
        const tolerance = 8 * unit * total(c.terms(xs).map(Math.abs)) + 1e-300;
        expect(Math.abs(got - expected), `${c.name} ${outer},${n},${inner}`).toBeLessThanOrEqual(tolerance);
      }
    }
  }

  it.each(cases)("$name of $type equals its formula for any shape", (c) => {
    const axis = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 70 }));
    // There is no position in an empty line.
    const along = axis.map((n) => Math.max(n, c.name.startsWith("arg") ? 1 : 0));
    fc.assert(
      fc.property(fc.nat(4), along, fc.oneof(fc.constant(1), axis), fc.nat(999), (outer, n, inner, seed) => {
        check(c, fill(c.type, outer * n * inner, seed), outer, n, inner);
      }),
      { numRuns: 20 },
    );
  });

  it.each(cases)("$name of $type combines stretches of a long n", (c) => {
    check(c, fill(c.type, 90_001, 5), 1, 90_001, 1);
    check(c, fill(c.type, 3 * 40_003, 6), 1, 40_003, 3);
  });

  const floats = cases.filter((c) => c.type === "f32" || c.type === "f64");
  it.each(floats)("$name of $type passes on NaN and infinities, wherever they stand", (c) => {
    for (const [n, inner] of [
      [1, 1],
      [5, 1],
      [37, 1],
      [70_001, 1],
      [9, 3],
      [70, 40],
    ]) {
      for (const specials of [[NaN], [Infinity], [-Infinity], [Infinity, -Infinity], [NaN, Infinity]]) {
        const x = fill(c.type, n * inner, 3);
        specials.forEach((value, i) => {
          x[(i * 7919 + 4 * inner) % x.length] = value;
        });
        const actual = run(c, x, 1, n, inner);
        for (let i = 0; i < inner; i += 1) {
          const expected = c.value(line(x, n, inner, 0, i));
          if (Number.isFinite(expected) && c.terms) expect(Math.abs(actual[i] / expected - 1)).toBeLessThan(1e-5);
          else expect(actual[i] + 0).toBe(expected + 0);
        }
      }
    }
  });

  it.each(["f32", "f64"] as const)("logSumExp of %s neither overflows nor underflows", (type) => {
    const c = { ...reductions[4], type };
    check(c, new arrays[type]([1000, 1000, 1000, -1000]), 1, 4, 1);
    check(c, new arrays[type]([-1000, -1001, -1000, -1002]), 1, 2, 2);
  });

  it.each(["f32", "f64"] as const)("sum of a million %s has the error of pairwise summation or less", (type) => {
    const n = 1_000_000;
    const x = new arrays[type](n).fill(0.1);
    const unit = type === "f32" ? 2 ** -24 : 2 ** -53;
    const exact = type === "f32" ? Math.fround(0.1) * n : 100_000;
    const c = { ...reductions[0], type };
    expect(Math.abs(run(c, x, 1, n, 1)[0] - exact) / exact).toBeLessThan(4 * unit);
    expect(Math.abs(run(c, x, 1, n / 2, 2)[1] - exact / 2) / exact).toBeLessThan(4 * unit);
  });

  it.each(["f32", "f64"] as const)("dot of %s is the sum of a[i] b[i]", (type) => {
    for (const n of [0, 1, 3, 4, 5, 16, 33, 1000, 150_001]) {
      const [a, b] = [fill(type, n, 1), fill(type, n, 2)];
      const out = k.reserve(8);
      k.exports[`dot_${type}`](k.put(a), k.put(b), out, n);
      const products = Array.from(a, (x, i) => x * b[i]);
      const tolerance = 4 * (type === "f32" ? 2 ** -24 : 2 ** -53) * total(products.map(Math.abs));
      expect(Math.abs(k[type](out, 1)[0] - total(products))).toBeLessThanOrEqual(tolerance);
    }
  });

  it.each(["f32", "f64"] as const)("variance of %s is the sum of (x - mean)^2 over the divisor", (type) => {
    for (const [outer, n, inner] of [
      [1, 1, 1],
      [2, 5, 1],
      [3, 100, 1],
      [2, 7, 3],
      [1, 130, 41],
      [1, 90_000, 1],
      [1, 9000, 13],
    ]) {
      const x = fill(type, outer * n * inner, 4).map((v: number) => v + 100);
      const means = new arrays[type](outer * inner).map((_: number, j: number) => {
        const xs = line(x, n, inner, Math.floor(j / inner), j % inner);
        return total(xs) / n;
      });
      const out = k.reserve(8 * outer * inner);
      k.exports[`variance_${type}`](k.put(x), k.put(means), out, outer, n, inner, n + 1);
      const actual = k[type](out, outer * inner);
      for (let j = 0; j < outer * inner; j++) {
        const xs = line(x, n, inner, Math.floor(j / inner), j % inner);
        const expected = total(xs.map((v) => (v - means[j]) ** 2)) / (n + 1);
        expect(Math.abs(actual[j] - expected)).toBeLessThanOrEqual((type === "f32" ? 1e-6 : 1e-14) * expected + 1e-300);
      }
    }
  });

  const running = (["f32", "f64", "i32"] as const).flatMap((type) =>
    ["cumsum", "cumprod"].map((name) => ({ name, type })),
  );
  it.each(running)("$name of $type runs along n and may write over its input", ({ name, type }) => {
    const step = (a: number, b: number): number => {
      if (type === "i32") return name === "cumsum" ? (a + b) | 0 : Math.imul(a, b);
      return name === "cumsum" ? a + b : a * b;
    };
    for (const [outer, n, inner] of [
      [0, 3, 2],
      [2, 0, 3],
      [1, 9, 1],
      [3, 6, 5],
      [2, 4, 70],
      [1, 50_000, 1],
    ]) {
      const x = fill(type, outer * n * inner, 8);
      const address = k.put(x);
      k.exports[`${name}_${type}`](address, address, outer, n, inner);
      const expected = x.slice();
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let sum = name === "cumsum" ? 0 : 1;
          line(x, n, inner, o, i).forEach((v, r) => {
            sum = step(sum, v);
            expected[(o * n + r) * inner + i] = sum;
          });
        }
      }
      const differs = k[type](address, x.length).findIndex((v: number, i: number) => !Object.is(v, expected[i]));
      expect(differs).toBe(-1);
    }
  });
});
