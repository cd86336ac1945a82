import { digits } from "nabla";
import { describe, expect, it } from "vitest";
import type { DigitSet } from "../../mnist.ts";
import { chapter as chapter5 } from "../chapter5/index.ts";
import { onlyDigits, trainer } from "../framework/trials.ts";
import { classCounts } from "./3.5-demonstrations.ts";
import { hyperparameters as chapter } from "./index.ts";

function drawn(count: number): DigitSet {
  const { images, labels } = digits({ train: count, test: 1, seed: 5 }).train;
  return { images: Float32Array.from(images, (value) => value / 255), labels, count };
}

describe("the reduced problem", () => {
  it("keeps images of the chosen digits in order, with labels from 0", () => {
    const set = drawn(200);
    const two = onlyDigits(set, [3, 8], 10);
    expect(two.count).toBe(10);
    expect([...new Set(two.labels)].sort()).toEqual([0, 1]);
    const place = set.labels.findIndex((label) => label === 3 || label === 8);
    expect([...two.images.subarray(0, 784)]).toEqual([...set.images.subarray(784 * place, 784 * (place + 1))]);
  });

  it("counts the images of each digit", () => {
    const set = drawn(200);
    expect(classCounts(set).reduce((sum, count) => sum + count, 0)).toBe(200);
  });
});

describe("a short training", () => {
  it("reports the cost before the first epoch and after each, and accuracies", async () => {
    const set = drawn(300);
    const trial = await trainer([784, 10], set, set, 1)({ eta: 0.2, lambda: 0, batchSize: 10 }, 3);
    expect(trial.cost).toHaveLength(4);
    expect(trial.accuracy).toHaveLength(3);
    expect(trial.cost[3]).toBeLessThan(trial.cost[0]);
    expect(trial.accuracy[2]).toBeGreaterThan(0.5);
  });

  it("has NaN for a cost once it diverges: 1 - eta lambda / n is -9", async () => {
    const set = drawn(100);
    const trial = await trainer([784, 10], set, set, 1)({ eta: 10, lambda: 100, batchSize: 10 }, 30);
    expect(trial.cost.at(-1)).toBeNaN();
  });
});

describe("the chapters", () => {
  it("have experiments with ids of their own, texts in both languages and a reason for every band", () => {
    const experiments = [...chapter.experiments, ...chapter5.experiments];
    expect(new Set(experiments.map(({ id }) => id)).size).toBe(experiments.length);
    for (const { id, about, claims } of experiments) {
      expect(about.zh, id).toMatch(/[\u4e00-\u9fff]/);
      expect(claims.length, id).toBeGreaterThan(0);
      for (const { accept, because, measure } of claims) {
        const bands = "quick" in accept ? [accept.quick, accept.full] : [accept];
        if (bands.some((band) => band !== null && !("equals" in band)))
          expect(because, `${id} ${measure}`).toBeDefined();
      }
    }
  });
});
