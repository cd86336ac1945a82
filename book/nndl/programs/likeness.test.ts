import { describe, expect, it } from "vitest";
import { likeness } from "./likeness.ts";

const filter = (value: (x: number, y: number) => number) =>
  Float64Array.from({ length: 25 }, (_, i) => value(i % 5, Math.floor(i / 5)));

describe("likeness of neighbours, Moran's I", () => {
  it("is high for halves of light and dark, -1 for a chessboard, and does not see scale or offset", () => {
    const halves = filter((x) => (x < 2 ? -1 : 1));
    // 40 pairs; mean 0.2: -1 is 1.2 below it, 1 is 0.8 above. 15 + 20 pairs within the halves and 5 across, worked by hand.
    const sum = 13 * 1.2 ** 2 + 22 * 0.8 ** 2 - 5 * 1.2 * 0.8;
    expect(likeness(halves, 5)).toBeCloseTo(((25 / 40) * sum) / (10 * 1.2 ** 2 + 15 * 0.8 ** 2), 12);
    expect(
      likeness(
        halves.map((w) => 3 * w - 7),
        5,
      ),
    ).toBeCloseTo(likeness(halves, 5), 12);
    const chess = filter((x, y) => ((x + y) % 2 === 0 ? 1 : -1));
    // Mean 1/25: every pair multiplies 24/25 by -26/25; squares add up to 25 - 1/25.
    expect(likeness(chess, 5)).toBeCloseTo(((25 / 40) * -40 * (24 * 26)) / 625 / (25 - 1 / 25), 12);
  });
});
