// How a block is cut into pieces, and in which order they are begun.
import fc from "fast-check";
import { expect, test } from "vitest";
import { planPieces } from "./gradient-exchange.ts";

/** Parameters of these sizes, each at a multiple of 16 numbers. */
function placesOf(sizes: readonly number[]): { start: number; stop: number }[] {
  let at = 0;
  return sizes.map((size) => {
    const start = at;
    at += Math.ceil(size / 16) * 16;
    return { start, stop: start + size };
  });
}

test("what backward completes first is begun first: the last layers, and the biases with the first layer's", () => {
  // Weights of three layers, then their biases; backward completes layer 2, 1, 0.
  const places = placesOf([100, 100, 100, 16, 16, 16]);
  expect(planPieces(places, [2, 5, 1, 4, 0, 3], 100)).toEqual([
    [2, 3],
    [1, 2],
    [0, 1],
    [3, 6],
  ]);
});

test("property: every parameter is in one piece, pieces are neighbours within and no longer than asked unless of one", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 1000 }),
      fc.integer(),
      (sizes, numbers, seed) => {
        const places = placesOf(sizes);
        // Some order, in which some are missing: frozen ones.
        const order = sizes.map((_, i) => i).sort((a, b) => ((a * 7919 + seed) % 13) - ((b * 7919 + seed) % 13));
        const pieces = planPieces(places, order.slice(1), numbers);
        const held = pieces.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
        expect(held.sort((a, b) => a - b)).toEqual(sizes.map((_, i) => i));
        for (const [from, to] of pieces) {
          if (to - from > 1) expect(places[to - 1].stop - places[from].start).toBeLessThanOrEqual(numbers);
        }
        // Whoever is begun later is complete later.
        const ready = pieces.map(([from, to]) => {
          const times = Array.from({ length: to - from }, (_, i) => order.slice(1).indexOf(from + i));
          return times.includes(-1) ? Number.POSITIVE_INFINITY : Math.max(...times);
        });
        for (let i = 1; i < ready.length; i++) expect(ready[i]).toBeGreaterThanOrEqual(ready[i - 1]);
      },
    ),
  );
});
