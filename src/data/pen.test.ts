import { describe, expect, it } from "vitest";
import { inkOfStrokes } from "./pen.ts";

const paper = { width: 40, height: 30, radius: 2 };
const at = (ink: { width: number; values: Float32Array }, x: number, y: number) => ink.values[y * ink.width + x];

describe("inkOfStrokes", () => {
  it("a stroke of radius r is ink up to r from its line, half of it on the edge, and paper half a pixel beyond", () => {
    const ink = inkOfStrokes([[5.5, 15.5, 30.5, 15.5]], paper);
    for (const x of [5, 18, 30]) {
      expect(at(ink, x, 15)).toBe(1);
      expect(at(ink, x, 14)).toBe(1);
      expect(at(ink, x, 13)).toBe(0.5);
      expect(at(ink, x, 12)).toBe(0);
    }
    // Round at its end.
    expect(at(ink, 32, 15)).toBe(0.5);
    expect(at(ink, 32, 13)).toBe(0);
  });

  it("a stroke of one point is a dot; between strokes the pen is up", () => {
    const dots = inkOfStrokes(
      [
        [5.5, 15.5],
        [30.5, 15.5],
      ],
      paper,
    );
    expect([at(dots, 5, 15), at(dots, 30, 15), at(dots, 18, 15)]).toEqual([1, 1, 0]);
  });

  it("strokes that cross, or run off the paper, are no more than ink", () => {
    const ink = inkOfStrokes(
      [
        [-10, 15, 60, 15],
        [20, -10, 20, 60],
      ],
      paper,
    );
    expect(Math.max(...ink.values)).toBe(1);
    expect(at(ink, 0, 15)).toBe(1);
    expect(at(ink, 20, 0)).toBe(1);
  });

  it("no strokes, no ink", () => {
    expect(Math.max(...inkOfStrokes([], paper).values)).toBe(0);
  });
});
