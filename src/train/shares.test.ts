// Who computes what: every row is somebody's, and the tree of sums is one tree for any number of ranks.
import fc from "fast-check";
import { expect, test } from "vitest";
import { cut, nodesOf, seedOfPart, shareOf } from "./shares.ts";

const all = (size: number): number[] => Array.from({ length: size }, (_, rank) => rank);

test("property: shares follow each other, differ by a row at most, and count 1 together", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 40 }), (rows, size) => {
      const shares = all(size).map((rank) => shareOf(rows, size, rank));
      expect(shares.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
      if (rows < size) {
        // All compute all of it, and one tells what came out.
        expect(shares.every(({ start, stop }) => start === 0 && stop === rows)).toBe(true);
        expect(shares.map(({ counted }) => counted)).toEqual(all(size).map((rank) => rank === 0));
        return;
      }
      let at = 0;
      for (const { start, stop, weight, counted } of shares) {
        expect(start).toBe(at);
        expect(stop - start - Math.floor(rows / size)).toBeOneOf([0, 1]);
        expect(weight).toBe((stop - start) / rows);
        expect(counted).toBe(true);
        at = stop;
      }
      expect(at).toBe(rows);
    }),
  );
});

test("7 rows for 3 ranks: 3, 2 and 2", () => {
  expect(all(3).map((rank) => shareOf(7, 3, rank))).toEqual([
    { start: 0, stop: 3, weight: 3 / 7, counted: true },
    { start: 3, stop: 5, weight: 2 / 7, counted: true },
    { start: 5, stop: 7, weight: 2 / 7, counted: true },
  ]);
});

/** How the root is put together of leaves, in words: ((0+1)+(2+3)). */
function sumIn(leaves: number, size: number): string {
  const known = new Map<string, string>();
  const words = (from: number, to: number): string => {
    if (to - from === 1) return String(from);
    const middle = (from + to) >> 1;
    return `(${words(from, middle)}+${words(middle, to)})`;
  };
  for (const rank of all(size)) {
    for (const { from, to } of nodesOf(leaves, size, rank)) known.set(`${from}-${to}`, words(from, to));
  }
  const join = (from: number, to: number): string => {
    const given = known.get(`${from}-${to}`);
    if (given !== undefined) return given;
    expect(to - from).toBeGreaterThan(1);
    const middle = (from + to) >> 1;
    return `(${join(from, middle)}+${join(middle, to)})`;
  };
  return join(0, leaves);
}

test("property: the same additions in the same order for any number of ranks", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 50 }), (leaves, size) => {
      expect(sumIn(leaves, size)).toBe(sumIn(leaves, 1));
      const mine = all(size).flatMap((rank) => nodesOf(leaves, size, rank));
      let at = 0;
      for (const { from, to } of mine) {
        expect(from).toBe(at);
        at = to;
      }
      expect(at).toBe(leaves);
    }),
  );
});

test("four micro-batches: ((0+1)+(2+3)); of three ranks the first brings 0+1, the others one each", () => {
  expect(sumIn(4, 3)).toBe("((0+1)+(2+3))");
  expect(all(3).map((rank) => nodesOf(4, 3, rank))).toEqual([
    [{ from: 0, to: 2 }],
    [{ from: 2, to: 3 }],
    [{ from: 3, to: 4 }],
  ]);
});

test("twelve micro-batches are 12, 6, 4 or 3 for each of 1, 2, 3 or 4 ranks", () => {
  for (const size of [1, 2, 3, 4]) {
    for (const rank of all(size)) expect(cut(12, size, rank + 1) - cut(12, size, rank)).toBe(12 / size);
  }
});

test("parts draw from seeds of their own, the first from the model's", () => {
  expect(seedOfPart(7, 0)).toBe(7);
  const seeds = [0, 1, 2 ** 53 - 1].flatMap((seed) => all(100).map((part) => seedOfPart(seed, part)));
  expect(new Set(seeds).size).toBe(seeds.length);
  for (const seed of seeds) expect(Number.isSafeInteger(seed) && seed >= 0).toBe(true);
});
