import { describe, expect, it } from "vitest";
import { countTrials, cutPlaces, frame, piecesBetween, readingOf, segment, writeString } from "./segmentation.ts";

/** A picture of 28 by 28 with ink in some columns of its middle rows. */
function bar(first: number, behind: number): Float64Array {
  return Float64Array.from({ length: 784 }, (_, p) => {
    const [row, column] = [Math.floor(p / 28), p % 28];
    return row >= 4 && row < 24 && column >= first && column < behind ? 1 : 0;
  });
}

describe("readingOf", () => {
  it("is sure where one output is near 1 and all others are near 0", () => {
    const { digit, confidence } = readingOf([0, 0, 0.9, 0.5, 0, 0, 0, 0, 0, 0]);
    expect(digit).toBe(2);
    expect(confidence).toBeCloseTo(0.9 * 0.5, 12);
  });
});

describe("trials", () => {
  it("cutting 6 columns at every second into pieces of 2 or 4: 2+2+2, 2+4 and 4+2", () => {
    const pieces = piecesBetween(cutPlaces(6, 2), 2, 4);
    expect([1, 2, 3, 4].map((count) => countTrials(6, pieces, count))).toEqual([0, 2, 1, 0]);
  });

  it("the best of all is the one that trying each would find", () => {
    const pieces = piecesBetween(cutPlaces(12, 2), 2, 8);
    const readings = pieces.map(({ start, end }) => ({
      digit: (start + end) % 10,
      confidence: ((7 * start + 3 * end) % 17) / 17,
    }));
    const scores: number[] = [];
    const tryAll = (from: number, left: number, score: number): void => {
      if (left === 0) {
        if (from === 12) scores.push(score);
        return;
      }
      pieces.forEach(({ start, end }, i) => {
        if (start === from) tryAll(end, left - 1, score + Math.log(Math.max(readings[i].confidence, 1e-9)));
      });
    };
    tryAll(0, 3, 0);
    expect(scores.length).toBe(countTrials(12, pieces, 3));
    expect(segment(12, pieces, readings, 3)?.score).toBeCloseTo(Math.max(...scores), 12);
    expect(segment(12, pieces, readings, 7)).toBeNull();
  });
});

describe("strings", () => {
  it("digits stand side by side with the gaps that were asked for, and a piece is framed by its mass", () => {
    const { image, spans } = writeString([bar(10, 16), bar(4, 8)], [2, 3]);
    expect(spans).toEqual([
      { start: 2, end: 8 },
      { start: 11, end: 15 },
    ]);
    const framed = frame(image, spans[0])!;
    const columns = new Set(
      Array.from(framed.keys())
        .filter((p) => framed[p] > 0)
        .map((p) => p % 28),
    );
    expect([...columns].sort((a, b) => a - b)).toEqual([11, 12, 13, 14, 15, 16]);
    expect(frame(image, { start: 8, end: 11 })).toBeNull();
  });
});
