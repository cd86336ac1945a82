import { describe, expect, it } from "vitest";
import {
  accuracyAfter,
  bestLambda,
  decreases,
  fastest,
  type Settings,
  standardError,
  type Train,
  threshold,
  walk,
} from "./strategy.ts";

/** Gradient descent on 0.4 w^2 has the threshold 2.5 exactly: a step multiplies the cost by (1 - 0.8 eta)^2. */
const parabola = (eta: number): number[] => [0, 1, 2, 3].map((step) => (1 - 0.8 * eta) ** (2 * step));

describe("decreases", () => {
  it("wants every epoch below the one before", () => {
    expect(decreases([3, 2, 1])).toBe(true);
    expect(decreases([3, 2, 2])).toBe(false);
    expect(decreases([3, 1, 2])).toBe(false);
  });

  it("takes NaN for no decrease", () => {
    expect(decreases([3, Number.NaN])).toBe(false);
    expect(decreases([3, Number.NaN, 1])).toBe(false);
  });
});

describe("threshold of the learning rate", () => {
  const search = async (falls: (eta: number) => boolean, start?: number): Promise<[number, number[]]> => {
    const tried: number[] = [];
    const found = await threshold(async (eta) => {
      tried.push(eta);
      return falls(eta);
    }, start);
    return [found, tried];
  };

  it("goes up by tens from 0.01, then tries 5 and 2 times the last that fell", async () => {
    expect(await search((eta) => eta <= 0.6)).toEqual([0.5, [0.01, 0.1, 1, 0.5]]);
    expect(await search((eta) => eta <= 0.3)).toEqual([0.2, [0.01, 0.1, 1, 0.5, 0.2]]);
  });

  it("goes down where 0.01 is too large already", async () => {
    expect(await search((eta) => eta <= 0.00015)).toEqual([0.0001, [0.01, 0.001, 0.0001, 0.0005, 0.0002]]);
  });

  it("finds 2 for a parabola whose threshold is 2.5", async () => {
    expect((await search((eta) => decreases(parabola(eta))))[0]).toBe(2);
  });

  it("gives up where no rate works", async () => {
    await expect(threshold(async () => false)).rejects.toThrow(/falls for no learning rate/);
  });
});

describe("lambda by validation accuracy", () => {
  /** Best at 20, a point less for each power of two away from it. */
  const accuracy = (lambda: number): number => 0.95 - 0.01 * Math.abs(Math.log2(lambda / 20));

  it("starts at 1, goes the way that improves, and refines by 2 and 5", async () => {
    const tried: number[] = [];
    const found = await bestLambda(async (lambda) => {
      tried.push(lambda);
      return accuracy(lambda);
    }, 10_000);
    expect(found).toBe(20);
    expect(tried).toEqual([1, 10, 100, 20, 50, 5, 2]);
  });

  it("does not follow chance: gains within the standard error count for nothing", async () => {
    let call = 0;
    const noise = [0, 0.002, 0.004, 0.001, 0.003, 0.002, 0.004];
    expect(await bestLambda(async () => 0.9 + noise[call++ % noise.length], 1000)).toBe(1);
    expect(standardError(0.9, 1000)).toBeCloseTo(0.0095, 4);
  });
});

describe("the walk", () => {
  it("sets the rate without regularisation, then lambda, then the rate again, and takes half of the threshold", async () => {
    // A cost that stops falling above 0.6 / (1 + lambda / 10), an accuracy that is best at lambda 10.
    const asked: Settings[] = [];
    const train: Train = async (settings, epochs) => {
      asked.push(settings);
      const falls = settings.eta <= 0.6 / (1 + settings.lambda / 10);
      return {
        cost: Array.from({ length: epochs + 1 }, (_, i) => (falls ? 1 / (1 + i) : 1 + i)),
        accuracy: Array.from({ length: epochs }, () => 0.9 - 0.02 * Math.abs(Math.log10(settings.lambda / 10))),
      };
    };
    const { settings, thresholds, steps } = await walk({ train, batchSize: 10, images: 10_000, watch: 3, epochs: 5 });
    expect(thresholds).toEqual([0.5, 0.2]);
    expect(settings).toEqual({ eta: 0.1, lambda: 10, batchSize: 10 });
    expect(steps).toHaveLength(asked.length);
    expect(steps.filter(({ rule }) => rule === "lambda").every(({ settings: { eta } }) => eta === 0.25)).toBe(true);
  });
});

describe("mini-batch sizes by seconds", () => {
  const races = [
    { batchSize: 1, seconds: [4, 8], accuracy: [0.9, 0.95] },
    { batchSize: 100, seconds: [1, 2, 3], accuracy: [0.6, 0.8, 0.85] },
  ];

  it("takes the accuracy of the last epoch that was done by then", () => {
    expect(accuracyAfter(races[1], 2.5)).toBe(0.8);
    expect(accuracyAfter(races[0], 3)).toBe(0);
  });

  it("is decided by the time that one has", () => {
    expect(fastest(races, 3)).toBe(100);
    expect(fastest(races, 5)).toBe(1);
  });
});
