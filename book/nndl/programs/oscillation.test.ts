import { describe, expect, it } from "vitest";
import { shareUp } from "./oscillation.ts";

describe("shareUp", () => {
  it("is 0 for a smooth fall, a half for a curve that comes back to where it was, and counts from an epoch on", () => {
    expect(shareUp([5, 4, 2, 1])).toBe(0);
    expect(shareUp([3, 1, 3])).toBe(0.5);
    // 4 down, 1 up, 1 down: one of six; from epoch 2 on one of two.
    expect(shareUp([5, 1, 2, 1])).toBeCloseTo(1 / 6, 12);
    expect(shareUp([5, 1, 2, 1], 2)).toBe(0.5);
  });
});
