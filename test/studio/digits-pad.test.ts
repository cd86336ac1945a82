import { describe, expect, test } from "vitest";
import { readStrokes, simplify, writeStrokes } from "../../studio/src/digits/pad.ts";

describe("strokes in an address", () => {
  test("come back as they were, in whole units", () => {
    const strokes = [
      [0, 0, 300, 300],
      [899, 35.4],
    ];
    const written = writeStrokes(strokes);
    expect(written).toBe("00008c8c.oz0z");
    expect(readStrokes(written)).toEqual([
      [0, 0, 300, 300],
      [899, 35],
    ]);
  });

  test("what is no point is left out", () => {
    expect(readStrokes("")).toEqual([]);
    expect(readStrokes("...")).toEqual([]);
    expect(readStrokes("0101zz")).toEqual([[1, 1]]);
    expect(readStrokes("<script>.0a0b")).toEqual([
      [Number.parseInt("sc", 36), Number.parseInt("ri", 36)],
      [10, 11],
    ]);
  });
});

describe("simplify", () => {
  test("keeps the ends and corners of a stroke, and nothing on a straight line", () => {
    const straight = Array.from({ length: 50 }, (_, k) => [10 + 2 * k, 20 + k]).flat();
    expect(simplify(straight, 300)).toEqual([10, 20, 108, 69]);
    const corner = [...straight, ...Array.from({ length: 30 }, (_, k) => [108, 70 + k]).flat()];
    expect(simplify(corner, 300)).toEqual([10, 20, 108, 69, 108, 99]);
  });

  test("of a circle no point that is kept strays by more than a unit from what was drawn", () => {
    const circle = Array.from({ length: 200 }, (_, k) => {
      const angle = (2 * Math.PI * k) / 199;
      return [150 + 100 * Math.cos(angle), 150 + 100 * Math.sin(angle)];
    }).flat();
    const kept = simplify(circle, 300);
    expect(kept.length).toBeLessThan(100);
    for (let k = 0; k < kept.length; k += 2) {
      expect(Math.abs(Math.hypot(kept[k] - 150, kept[k + 1] - 150) - 100)).toBeLessThan(1);
    }
  });

  test("a dot is a dot, and what runs off the sheet ends at its edge", () => {
    expect(simplify([5.4, 6.6], 300)).toEqual([5, 7]);
    expect(simplify([-20, 10, 400, 10], 300)).toEqual([0, 10, 300, 10]);
  });
});
