import { describe, expect, it } from "vitest";
import { hiddenAnswers, outputAnswer, quarterOf, quarters, strength, strokeNetwork } from "./strokes.ts";

/** A ring about the centre of the image: a 0. */
const zero = Float64Array.from({ length: 784 }, (_, p) => {
  const r = Math.hypot((p % 28) - 13.5, Math.floor(p / 28) - 13.5);
  return Math.abs(r - 8) < 1.5 ? 1 : 0;
});
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

describe("a 0 as four strokes", () => {
  it("its quarters add up to it, and each shows itself with strength 1", () => {
    const parts = quarters(zero);
    expect(zero.every((value, p) => value === parts[0][p] + parts[1][p] + parts[2][p] + parts[3][p])).toBe(true);
    for (const part of parts) expect(strength(part, zero)).toBe(1);
    expect([0, 27, 27 * 28, 783].map(quarterOf)).toEqual([0, 1, 2, 3]);
  });

  it("hidden neurons say σ(20 (strength − 0.5)), and the output that all four are there", () => {
    const network = strokeNetwork(zero);
    hiddenAnswers(network, zero).forEach((a, j) => {
      expect(a).toBeCloseTo(j < 4 ? sigmoid(10) : sigmoid(-10), 9);
    });
    expect(outputAnswer(network, zero)).toBeGreaterThan(0.99);
  });

  it("with a quarter missing it is no 0, nor with ink in the centre", () => {
    const network = strokeNetwork(zero);
    const missing = zero.map((value, p) => (quarterOf(p) === 2 ? 0 : value));
    expect(hiddenAnswers(network, missing)[2]).toBeCloseTo(sigmoid(-10), 9);
    expect(outputAnswer(network, missing)).toBeLessThan(0.01);
    const filled = zero.map((value, p) =>
      Math.max(value, Math.hypot((p % 28) - 13.5, Math.floor(p / 28) - 13.5) < 4 ? 1 : 0),
    );
    expect(outputAnswer(network, filled)).toBeLessThan(0.01);
  });
});
