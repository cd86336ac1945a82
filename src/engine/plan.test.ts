import fc from "fast-check";
import { expect, test } from "vitest";
import { type Lifetime, planMemory } from "./plan.ts";

const lifetimes: fc.Arbitrary<Lifetime[]> = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 0, max: 5000 }), first: fc.nat(40), length: fc.nat(12) })
    .map(({ bytes, first, length }) => ({ bytes, first, last: first + length })),
  { maxLength: 60 },
);

test("what lives at the same time never overlaps, is aligned and lies inside", () => {
  fc.assert(
    fc.property(lifetimes, (given) => {
      const { offsets, bytes } = planMemory(given);
      given.forEach((one, i) => {
        expect(offsets[i]! % 64).toBe(0);
        expect(offsets[i]! + one.bytes).toBeLessThanOrEqual(bytes);
        given.forEach((other, j) => {
          if (i === j || one.first > other.last || one.last < other.first) return;
          const apart = offsets[i]! + one.bytes <= offsets[j]! || offsets[j]! + other.bytes <= offsets[i]!;
          expect(apart).toBe(true);
        });
      });
    }),
  );
});

test("needs no more than everything side by side, nor less than the fullest step", () => {
  const rounded = ({ bytes }: Lifetime): number => Math.max(64, Math.ceil(bytes / 64) * 64);
  fc.assert(
    fc.property(lifetimes, (given) => {
      const { bytes } = planMemory(given);
      expect(bytes).toBeLessThanOrEqual(given.reduce((sum, one) => sum + rounded(one), 0));
      for (let step = 0; step <= 52; step++) {
        const alive = given.filter(({ first, last }) => first <= step && step <= last);
        expect(bytes).toBeGreaterThanOrEqual(alive.reduce((sum, one) => sum + rounded(one), 0));
      }
    }),
  );
});

test("a chain in which each result is needed by the next only takes two places", () => {
  const chain = Array.from({ length: 20 }, (_, i) => ({ bytes: 1000, first: i, last: i + 1 }));
  expect(planMemory(chain).bytes).toBe(2 * 1024);
});

test("nothing at all", () => {
  expect(planMemory([])).toEqual({ offsets: [], bytes: 0 });
});
