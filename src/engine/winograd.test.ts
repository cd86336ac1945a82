// Convolutions of 3 by 3 by minimal filtering give what the plain sum gives, up to rounding, on every engine that has them; they can be switched off.
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import * as nb from "../node.ts";
import { configureEngine, type EngineOptions, engineStatus } from "./configure.ts";
import { nativeLibraries } from "./native/library.ts";
import { nodePlatform } from "./platform.node.ts";
import { setPlatform } from "./platform.ts";

setPlatform({ ...nodePlatform, processors: () => 2 });
afterAll(() => setPlatform(nodePlatform));

interface Problem {
  batch: number;
  channels: number;
  size: [number, number];
  filters: number;
  padding: [number, number];
  activation: "none" | "relu" | "sigmoid";
}

/** Whole tiles; rests on every side and of channels; several blocks and slices; filters that lie in the slots; no padding; more than one of it. */
const problems: Problem[] = [
  { batch: 16, channels: 16, size: [8, 8], filters: 16, padding: [1, 1], activation: "none" },
  { batch: 5, channels: 18, size: [13, 15], filters: 21, padding: [1, 1], activation: "relu" },
  { batch: 6, channels: 20, size: [28, 28], filters: 24, padding: [1, 1], activation: "sigmoid" },
  { batch: 8, channels: 130, size: [7, 8], filters: 258, padding: [1, 1], activation: "relu" },
  { batch: 9, channels: 17, size: [14, 9], filters: 33, padding: [0, 0], activation: "none" },
  { batch: 7, channels: 33, size: [10, 11], filters: 17, padding: [2, 0], activation: "none" },
  // The same with as many channels as a library with wide instructions leaves to this way.
  { batch: 5, channels: 129, size: [13, 15], filters: 131, padding: [0, 1], activation: "relu" },
  { batch: 6, channels: 64, size: [14, 14], filters: 66, padding: [1, 1], activation: "none" },
  { batch: 6, channels: 63, size: [14, 14], filters: 64, padding: [1, 1], activation: "none" },
  { batch: 9, channels: 128, size: [8, 8], filters: 160, padding: [2, 2], activation: "none" },
];

/** Result and gradients, those of weights and bias collected twice; and of the transposed convolution of the result. */
function everything(p: Problem, dtype: "float32" | "float64" = "float32"): Record<string, number[]> {
  return nb.scope(() => {
    const normal = (seed: number, shape: number[], deviation = 1): nb.Tensor => {
      const values = nb.random.normal(shape, 0, deviation, { generator: new nb.Generator(seed) });
      return nb.cast(values, dtype);
    };
    const x = normal(1, [p.batch, p.channels, ...p.size]).requireGradient();
    const w = normal(2, [p.filters, p.channels, 3, 3], 1 / (3 * Math.sqrt(p.channels))).requireGradient();
    const b = normal(3, [p.filters]).requireGradient();
    const { padding, activation } = p;
    const y = nb.conv2d(x, w, b, { padding, activation });
    const dy = normal(4, [...y.shape]);
    nb.backward(nb.sum(nb.mul(y, dy)));
    nb.backward(nb.sum(nb.mul(nb.conv2d(x, w, b, { padding }), dy)));
    const back = nb.convTranspose2d(dy, normal(2, [...w.shape], 0.1), normal(5, [p.channels]), { padding, activation });
    const found = { y, x: x.gradient!, w: w.gradient!, b: b.gradient!, back };
    return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, Array.from(value.dataSync())]));
  });
}

async function on(options: EngineOptions): Promise<void> {
  configureEngine(options);
  while (engineStatus().threadsReady < engineStatus().threads) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** The largest difference, as a share of the largest number. */
function away(a: Record<string, number[]>, b: Record<string, number[]>): number {
  const shares = Object.entries(a).map(([name, values]) => {
    const largest = b[name]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return values.reduce((most, value, i) => Math.max(most, Math.abs(value - b[name]![i]!)), 0) / largest;
  });
  // NaN is the largest of all.
  return Math.max(...shares);
}

const library = nativeLibraries();
const engines = ["wasm", ...(library === null ? [] : ["native"])] as ("wasm" | "native")[];

/** Channels and filters from which on convolutions are done this way: what a library does with wide instructions is faster below 64. */
const fewest = { wasm: 16, native: /AVX-512/.test(library?.float32.title ?? "") ? 64 : 16 };

describe.each(engines)("%s", (engine) => {
  test.each(problems)(
    "$batch x $channels x $size to $filters: float64's results up to rounding, the same bits on two threads",
    async (p) => {
      await on({ engine, threads: 2 });
      const two = everything(p);
      const exact = everything(p, "float64");
      await on({ engine, threads: 1 });
      expect(everything(p)).toEqual(two);
      await on({ engine, threads: 2, winograd: false });
      const plain = everything(p);
      expect(away(two, exact)).toBeLessThan(5e-6);
      // It was another way, indeed, where it should be.
      const another = Math.min(p.channels, p.filters) >= fewest[engine];
      for (const name of ["y", "x", "w"]) {
        if (another) expect(two[name]).not.toEqual(plain[name]);
        else expect(two[name]).toEqual(plain[name]);
      }
      expect(away(plain, exact)).toBeLessThan(5e-6);
    },
  );
});

test("any shape: what the plain sum gives, up to rounding", async () => {
  const both = (least: number, most: number): fc.Arbitrary<[number, number]> =>
    fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));
  const shape = fc.record({
    batch: fc.integer({ min: 1, max: 9 }),
    channels: fc.integer({ min: 16, max: 40 }),
    filters: fc.integer({ min: 16, max: 40 }),
    size: both(3, 20),
    padding: both(0, 2),
    activation: fc.constantFrom("none" as const, "relu" as const),
  });
  await fc.assert(
    fc.asyncProperty(shape, async (p) => {
      await on({ engine: "wasm", threads: 1 });
      const quick = everything(p);
      await on({ engine: "wasm", threads: 1, winograd: false });
      expect(away(quick, everything(p))).toBeLessThan(5e-6);
    }),
    { numRuns: 12 },
  );
});

test("deterministic leaves it out: the bits of the plain sum", async () => {
  await on({ engine: "wasm", threads: 1, deterministic: true });
  const deterministic = everything(problems[0]!);
  await on({ engine: "wasm", threads: 1, deterministic: true, winograd: false });
  expect(everything(problems[0]!)).toEqual(deterministic);
});

test("NaN and infinity do not vanish", async () => {
  await on({ engine: "wasm", threads: 1 });
  const sums = nb.scope(() => {
    const values = new Float32Array(8 * 16 * 64);
    values[100] = Number.NaN;
    const y = nb.conv2d(nb.tensor(values).reshape([8, 16, 8, 8]), nb.ones([16, 16, 3, 3]), null, {
      padding: 1,
      activation: "relu",
    });
    return nb.sum(y, [1, 2, 3]).toArray() as number[];
  });
  expect(sums.map(Number.isNaN)).toEqual([true, false, false, false, false, false, false, false]);
});

test("winograd must be true or false", () => {
  expect(() => configureEngine({ winograd: "no" as unknown as boolean })).toThrow(/winograd/);
});
