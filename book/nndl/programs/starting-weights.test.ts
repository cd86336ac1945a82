import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { deviationOfWeightedInput, saturatedShare, weightedInput } from "./starting-weights.ts";

describe("starting weights", () => {
  it("the deviations of the book: 22.4 with N(0, 1) weights, 1.22 with N(0, 1/1000), 500 inputs on", () => {
    expect(deviationOfWeightedInput(500, 1)).toBeCloseTo(Math.sqrt(501), 12);
    expect(deviationOfWeightedInput(500, 1 / Math.sqrt(1000))).toBeCloseTo(Math.sqrt(1.5), 12);
  });

  it("drawn weighted inputs have them", () => {
    const random = new Random(3);
    const zs = Array.from({ length: 4000 }, () => weightedInput(random, 100, 0.5));
    const mean = zs.reduce((sum, z) => sum + z, 0) / zs.length;
    const deviation = Math.sqrt(zs.reduce((sum, z) => sum + (z - mean) ** 2, 0) / (zs.length - 1));
    // sqrt(26) = 5.099; the estimate's standard error is 5.099 / sqrt(8000) = 0.057.
    expect(Math.abs(deviation - Math.sqrt(26))).toBeLessThan(0.25);
    expect(Math.abs(mean)).toBeLessThan(0.35);
  });

  it("saturated are outputs whose slope is below a hundredth", () => {
    // 0.005 * 0.995 = 0.004975, 0.02 * 0.98 = 0.0196
    expect(saturatedShare([0.5, 0.005, 0.02, 0.999])).toBe(0.5);
  });
});
