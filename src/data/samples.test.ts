import { expect, test } from "vitest";
import { memory } from "../node.ts";
import { toSamples } from "./samples.ts";

const set = (count: number) => ({
  images: Uint8Array.from({ length: count * 6 }, (_, i) => (i * 7) % 256),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
  ...{ count, height: 2, width: 3, classes: 10 },
});

test.each([1, 43, 30_000])("every shade divided by 255, rounded once, in rows and as images: %i pictures", (count) => {
  const given = set(count);
  const expected = Float32Array.from(given.images, (shade) => Math.fround(shade / 255));
  const rows = toSamples(given);
  expect(rows.x.shape).toEqual([count, 6]);
  expect(rows.x.dataSync()).toEqual(expected);
  expect(rows.y.dataSync()).toEqual(Int32Array.from(given.labels));
  const images = toSamples(given, "images");
  expect(images.x.shape).toEqual([count, 1, 2, 3]);
  expect(images.x.dataSync()).toEqual(expected);
});

test("holds no more than the samples", () => {
  const before = memory();
  const { x, y } = toSamples(set(100));
  expect(memory().bytes - before.bytes).toBe(4 * (x.size + y.size));
});
