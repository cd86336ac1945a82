import { describe, expect, test } from "vitest";
import { Random } from "./random.ts";

const drawn = (seed: number, count: number, draw: (random: Random) => number): number[] => {
  const random = new Random(seed);
  return Array.from({ length: count }, () => draw(random));
};
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: readonly number[]) => mean(values.map((value) => (value - mean(values)) ** 2));

describe("random numbers", () => {
  test("the same seed gives the same numbers, another seed others", () => {
    expect(drawn(1, 100, (r) => r.uniform())).toEqual(drawn(1, 100, (r) => r.uniform()));
    expect(drawn(1, 100, (r) => r.uniform())).not.toEqual(drawn(2, 100, (r) => r.uniform()));
  });

  test("uniform: in [low, high), mean 1/2 and variance 1/12 of the unit interval", () => {
    const values = drawn(3, 20_000, (r) => r.uniform());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    // Five standard errors of 20,000 draws.
    expect(Math.abs(mean(values) - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / 20_000));
    expect(variance(values)).toBeCloseTo(1 / 12, 2);
    const wide = drawn(4, 1000, (r) => r.uniform(-3, 5));
    expect(wide.every((value) => value >= -3 && value < 5)).toBe(true);
  });

  test("normal: mean and deviation as asked, 68% within one deviation", () => {
    const values = drawn(5, 20_000, (r) => r.normal(2, 3));
    expect(Math.abs(mean(values) - 2)).toBeLessThan((5 * 3) / Math.sqrt(20_000));
    expect(Math.sqrt(variance(values))).toBeCloseTo(3, 1);
    expect(mean(values.map((value) => (Math.abs(value - 2) < 3 ? 1 : 0)))).toBeCloseTo(0.6827, 1);
  });

  test("below: every whole number from 0 up to the count, about equally often", () => {
    const counts = [0, 0, 0, 0, 0, 0];
    for (const value of drawn(6, 12_000, (r) => r.below(6))) counts[value] += 1;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(2000));
  });

  test("shuffle: the same elements, any of them anywhere", () => {
    const random = new Random(7);
    const firsts = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const list = random.shuffle([0, 1, 2, 3, 4]);
      expect([...list].sort()).toEqual([0, 1, 2, 3, 4]);
      firsts.add(list[0]);
    }
    expect(firsts.size).toBe(5);
  });
});
