// Philox4x32-10 by its published vectors, each distribution by its formula on the words of an independent Philox, and
// the distributions' moments.
import { describe, expect, it } from "vitest";
import { loadKernels } from "./load.ts";

type Words = [number, number, number, number];

/** Philox4x32-10 word by word, in whole numbers of any size. */
function philox(key: [number, number], counter: bigint): Words {
  const mask = 0xffffffffn;
  let [c0, c1, c2, c3] = [0n, 32n, 64n, 96n].map((shift) => (counter >> shift) & mask);
  let [k0, k1] = [BigInt(key[0] >>> 0), BigInt(key[1] >>> 0)];
  for (let round = 0; round < 10; round++) {
    const p0 = c0 * 0xd2511f53n;
    const p1 = c2 * 0xcd9e8d57n;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number) as Words;
}

// The counter of the first block, which carries into its upper half within the first calls.
const key: [number, number] = [0x12345678, 0x9abcdef0 | 0];
const counter: [number, number] = [0xfffffffe | 0, 7];
const first = (7n << 32n) | 0xfffffffen;
const stream = Array.from({ length: 40 }, (_, block) => philox(key, first + BigInt(block))).flat();
const fraction32 = (w: number): number => (w >>> 8) / 2 ** 24;
const fraction64 = (w0: number, w1: number): number => ((w0 >>> 5) * 2 ** 26 + (w1 >>> 6)) / 2 ** 53;
const f = Math.fround;

describe.each(["strict", "relaxed"] as const)("random numbers (%s)", (kind) => {
  const k = loadKernels(kind, 128);

  function draw(name: string, n: number, ...parameters: number[]): number[] {
    const type = name.slice(name.indexOf("_") + 1) as "f32" | "f64" | "i32" | "u8";
    const out = k.reserve(8 * n + 8);
    k.u8(out, 8 * n + 8).fill(77);
    k.exports[name](out, n, ...key, ...counter, ...parameters);
    expect(k.u8(out, 8 * n + 8)[n * k[type](out, 1).BYTES_PER_ELEMENT]).toBe(77);
    return Array.from(k[type](out, n));
  }

  it("philoxBlock gives Random123's published vectors", () => {
    const out = k.reserve(16);
    const block = (...values: number[]): string[] => {
      k.exports["philoxBlock"](out, ...values);
      return Array.from(k.i32(out, 4), (w) => (w >>> 0).toString(16));
    };
    expect(block(0, 0, 0, 0, 0, 0)).toEqual(["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]);
    expect(block(-1, -1, -1, -1, -1, -1)).toEqual(["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"]);
    expect(block(0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344)).toEqual([
      "d16cfe09",
      "94fdcceb",
      "5001e420",
      "24126ea1",
    ]);
  });

  it("uniform is low + (high - low) k / 2^24 or k / 2^53, block b at counter + b", () => {
    const expected = stream.map((w) => f(f(-3) + f(f(5) * f(fraction32(w)))));
    expect(draw("uniform_f32", 160, -3, 2)).toEqual(expected);
    const pairs = Array.from({ length: 80 }, (_, i) => fraction64(stream[2 * i], stream[2 * i + 1]));
    expect(draw("uniform_f64", 80, -3, 2)).toEqual(pairs.map((u) => -3 + 5 * u));
  });

  it("uniform never reaches high", () => {
    // Between 1 and 2 every float32 of the upper half is 2^-23 apart, so that sums of 24 bits could round up to 2.
    for (const n of [1, 100_000]) {
      const xs = draw("uniform_f32", n, 16777215, 16777216);
      expect(xs.every((x) => x === 16777215)).toBe(true);
    }
    expect(Math.max(...draw("uniform_f32", 100_000, -1, 0))).toBeLessThan(0);
    expect(draw("uniform_f64", 5, 2, 2)).toEqual([2, 2, 2, 2, 2]);
  });

  it("normal is mean + deviation sqrt(-2 ln u) (cos, sin)(2 pi v)", () => {
    const pair = (u: number, v: number): number[] => {
      const radius = Math.sqrt(-2 * Math.log(u));
      return [1 + 3 * radius * Math.cos(2 * Math.PI * v), 1 + 3 * radius * Math.sin(2 * Math.PI * v)];
    };
    const at = Array.from({ length: 80 }, (_, i) => 2 * i);
    const expected32 = at.flatMap((i) => pair(fraction32(stream[i]) + 2 ** -24, fraction32(stream[i + 1])));
    draw("normal_f32", 160, 1, 3).forEach((x, i) => {
      expect(Math.abs(x - expected32[i])).toBeLessThan(4e-6);
    });
    const fractions = at.map((i) => fraction64(stream[i], stream[i + 1]));
    const expected64 = Array.from({ length: 40 }, (_, i) =>
      pair(fractions[2 * i] + 2 ** -53, fractions[2 * i + 1]),
    ).flat();
    draw("normal_f64", 80, 1, 3).forEach((x, i) => {
      expect(Math.abs(x - expected64[i])).toBeLessThan(1e-14);
    });
  });

  it("integers is low + the upper half of word * (high - low)", () => {
    const scaled = (low: number, high: number): number[] =>
      stream.map((w) => low + Number((BigInt(w) * BigInt(high - low)) >> 32n));
    expect(draw("integers_i32", 160, -5, 12)).toEqual(scaled(-5, 12));
    expect(draw("integers_i32", 160, -(2 ** 31), 2 ** 31 - 1)).toEqual(scaled(-(2 ** 31), 2 ** 31 - 1));
  });

  it.each(["f32", "f64", "u8"])("bernoulli_%s is the value where word < p 2^32, else 0", (type) => {
    const expected = (p: number): number[] => stream.map((w) => (w < p * 2 ** 32 ? 2 : 0));
    for (const p of [0, 0.25, 0.7, 1]) expect(draw(`bernoulli_${type}`, 160, p, 2)).toEqual(expected(p));
    expect(draw(`bernoulli_${type}`, 3, NaN, 2)).toEqual([0, 0, 0]);
  });

  it("permutation is Fisher and Yates' shuffle, one word a step", () => {
    const expected = Array.from({ length: 100 }, (_, i) => i);
    for (let i = 99, step = 0; i > 0; i--, step++) {
      const j = Number((BigInt(stream[step]) * BigInt(i + 1)) >> 32n);
      [expected[i], expected[j]] = [expected[j], expected[i]];
    }
    expect(draw("permutation_i32", 100)).toEqual(expected);
    expect(draw("permutation_i32", 0)).toEqual([]);
    expect(draw("permutation_i32", 1)).toEqual([0]);
    expect(draw("permutation_i32", 5000).sort((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  const shapes: [string, ...number[]][] = [
    ["uniform_f32", 0, 1],
    ["uniform_f64", 0, 1],
    ["normal_f32", 0, 1],
    ["normal_f64", 0, 1],
    ["integers_i32", 0, 1000],
    ["bernoulli_f32", 0.5, 1],
    ["bernoulli_f64", 0.5, 1],
    ["bernoulli_u8", 0.5, 1],
  ];

  it.each(shapes)("%s has the same elements whatever n is", (name, ...parameters) => {
    const long = draw(name, 50, ...parameters);
    for (let n = 0; n < 50; n++) expect(draw(name, n, ...parameters)).toEqual(long.slice(0, n));
  });

  it.each(shapes)("%s has the moments of its distribution", (name, ...parameters) => {
    const n = 200_000;
    const [mean, variance] = {
      uniform: [0.5, 1 / 12],
      normal: [0, 1],
      integers: [499.5, (1e6 - 1) / 12],
      bernoulli: [0.5, 0.25],
    }[name.slice(0, name.indexOf("_")) as "uniform"];
    const xs = draw(name, n, ...parameters);
    const average = xs.reduce((a, b) => a + b, 0) / n;
    const spread = xs.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
    const lag = xs.slice(1).reduce((a, b, i) => a + (b - mean) * (xs[i] - mean), 0) / n;
    // Five standard errors.
    expect(Math.abs(average - mean)).toBeLessThan(5 * Math.sqrt(variance / n));
    expect(Math.abs(spread / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(lag / variance)).toBeLessThan(5 / Math.sqrt(n));
  });
});
