import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import {
  bayesianSearch,
  bestSoFar,
  expectedImprovement,
  gridSearch,
  type Point,
  processOf,
  randomSearch,
  search,
  type Told,
  valuesAt,
} from "./search.ts";

/** A hill with its top, 1, at (0.7, 0.2); steep along the first axis, flat along the second. */
const hill = ([x, y]: Point): number => Math.exp(-20 * (x - 0.7) ** 2 - 0.5 * (y - 0.2) ** 2);

describe("search space", () => {
  it("has equal factors for equal steps on a logarithmic scale", () => {
    const space = [
      { name: "eta", low: 0.001, high: 10, scale: "log" },
      { name: "share", low: 0, high: 0.5, scale: "linear" },
    ] as const;
    expect(valuesAt(space, [0, 0])).toEqual({ eta: 0.001, share: 0 });
    expect(valuesAt(space, [0.5, 0.5])["eta"]).toBeCloseTo(0.1, 12);
    expect(valuesAt(space, [1, 1])["eta"]).toBeCloseTo(10, 12);
    expect(valuesAt(space, [1, 1])["share"]).toBe(0.5);
  });
});

describe("grid search", () => {
  it("tries every combination once and then ends", async () => {
    const told = await search(gridSearch(2, 3, new Random(1)), 100, async (point) => hill(point));
    expect(told).toHaveLength(9);
    expect(new Set(told.map(({ point }) => point.join())).size).toBe(9);
    for (const { point } of told) for (const u of point) expect([1 / 6, 0.5, 5 / 6]).toContainEqual(u);
  });
});

describe("the Gaussian process", () => {
  const told: Told[] = [0, 0.3, 0.5, 0.9].map((x) => ({ point: [x], score: Math.sin(5 * x) }));
  const process = processOf(told, [0.4], 1e-8);

  it("goes through what it was told, and is certain there", () => {
    for (const { point, score } of told) {
      expect(process.at(point).mean).toBeCloseTo(score, 5);
      expect(process.at(point).deviation).toBeLessThan(1e-3);
    }
  });

  it("is less certain between, and back at the mean far away", () => {
    expect(process.at([0.7]).deviation).toBeGreaterThan(0.01);
    const mean = told.reduce((sum, { score }) => sum + score, 0) / 4;
    expect(process.at([50]).mean).toBeCloseTo(mean, 9);
  });

  it("is the solution of K alpha = y for two points, by hand", () => {
    // Scores -1 and 1 have mean 0 and deviation 1. alpha = (-1, 1) / (1 - k); the mean in the middle is 0 by symmetry.
    const two = processOf(
      [
        { point: [0], score: -1 },
        { point: [1], score: 1 },
      ],
      [1],
      0,
    );
    const r = Math.sqrt(5);
    const k = (1 + r + (r * r) / 3) * Math.exp(-r);
    expect(two.at([0.5]).mean).toBeCloseTo(0, 12);
    const [near, far] = [0.25, 0.75].map((d) => (1 + r * d + (r * d) ** 2 / 3) * Math.exp(-r * d));
    expect(two.at([0.25]).mean).toBeCloseTo((-near + far) / (1 - k), 12);
    // ln p = -(y K^-1 y + ln det K) / 2
    expect(two.evidence).toBeCloseTo(-(2 / (1 - k) + Math.log(1 - k * k)) / 2, 12);
  });
});

describe("expected improvement", () => {
  it("is what the average over the normal distribution says", () => {
    for (const [mean, deviation, best] of [
      [0, 1, 0],
      [0.5, 0.3, 0.7],
      [-1, 2, 0.2],
    ]) {
      let sum = 0;
      const steps = 40_000;
      for (let i = 0; i < steps; i++) {
        const z = -8 + (16 * (i + 0.5)) / steps;
        const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
        sum += Math.max(0, mean + deviation * z - best) * density * (16 / steps);
      }
      expect(expectedImprovement({ mean, deviation }, best)).toBeCloseTo(sum, 5);
    }
  });

  it("is nothing where the value is certain and not better", () => {
    expect(expectedImprovement({ mean: 0.4, deviation: 0 }, 0.5)).toBe(0);
    expect(expectedImprovement({ mean: 0.6, deviation: 0 }, 0.5)).toBeCloseTo(0.1, 12);
  });
});

describe("the three searches on a hill", () => {
  const end = async (make: (random: Random) => ReturnType<typeof randomSearch>): Promise<number> => {
    let sum = 0;
    for (const seed of [1, 2, 3, 4, 5]) {
      const told = await search(make(new Random(seed)), 16, async (point) => hill(point));
      sum += bestSoFar(told)[15] / 5;
    }
    return sum;
  };

  it("Bayesian search comes nearest to the top with the same number of trials", async () => {
    const grid = await end((random) => gridSearch(2, 4, random));
    const random = await end((source) => randomSearch(2, source));
    const bayesian = await end((source) => bayesianSearch(2, source, 5, 200));
    expect(bayesian).toBeGreaterThan(0.98);
    expect(bayesian).toBeGreaterThan(grid);
    expect(bayesian).toBeGreaterThan(random);
  });

  it("the same seed proposes the same points", async () => {
    const run = () => search(bayesianSearch(2, new Random(7), 3, 50), 8, async (point) => hill(point));
    expect(await run()).toEqual(await run());
  });

  it("keeps the best so far", () => {
    expect(bestSoFar([1, 3, 2].map((score) => ({ point: [], score })))).toEqual([1, 3, 3]);
  });
});
