// Resizing of planes: sums of weights, shrinking without aliasing, growing by interpolation.
import { expect, test } from "vitest";
import { resizePlanes, toPlanes } from "./planes.ts";

test("one colour stays one colour in every size, plane by plane", () => {
  const planes = Uint8Array.from({ length: 2 * 12 }, (_, k) => (k < 12 ? 17 : 200));
  for (const [height, width] of [
    [1, 1],
    [2, 9],
    [7, 3],
    [40, 40],
  ]) {
    const resized = resizePlanes(planes, 2, 3, 4, height, width);
    expect(new Set(resized.subarray(0, height * width))).toEqual(new Set([17]));
    expect(new Set(resized.subarray(height * width))).toEqual(new Set([200]));
  }
});

test("to half the size: weights 1/8, 3/8, 3/8, 1/8 of the four pixels around, fewer at the edge", () => {
  const row = Uint8Array.from([0, 80, 160, 240, 160, 80, 0, 0]);
  const half = resizePlanes(row, 1, 1, 8, 1, 4);
  expect([...half]).toEqual([
    Math.round((3 * 0 + 3 * 80 + 160) / 7),
    Math.round((80 + 3 * 160 + 3 * 240 + 160) / 8),
    Math.round((240 + 3 * 160 + 3 * 80 + 0) / 8),
    Math.round((80 + 0) / 7),
  ]);
});

test("to twice the size: values between", () => {
  expect([...resizePlanes(Uint8Array.of(0, 100), 1, 1, 2, 1, 4)]).toEqual([0, 25, 75, 100]);
});

test("pixels become planes", () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
  expect([...toPlanes({ width: 2, height: 1, channels: 3, data }, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
  expect([...toPlanes({ width: 1, height: 1, channels: 2, data: Uint8Array.of(100, 51) }, 1)]).toEqual([224]);
});
