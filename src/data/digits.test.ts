import { describe, expect, it } from "vitest";
import { digitStyles } from "./digit-strokes.ts";
import { digits, drawDigits } from "./digits.ts";
import { checkImageSet, type ImageSet } from "./image-set.ts";

const pixels = 28 * 28;

function image(set: ImageSet, index: number): Uint8Array {
  return set.images.subarray(index * pixels, (index + 1) * pixels);
}

/** FNV-1a: enough to notice a single changed byte. */
function fingerprint(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}

describe("digit styles", () => {
  it("every drawing of a style has the same points, corners and pen lifts", () => {
    const outline = (drawing: string) => drawing.replace(/-?\d+,-?\d+/g, "p").replace(/\s+/g, " ");
    for (const [digit, styles] of digitStyles.entries()) {
      for (const style of styles) {
        const outlines = new Set(style.drawings.map(outline));
        expect([digit, style.name, outlines.size]).toEqual([digit, style.name, 1]);
        expect(style.drawings[0]).toMatch(/^(-?\d+,-?\d+!?( \| | |$))+$/);
      }
    }
  });
});

describe("drawDigits", () => {
  const set = drawDigits(1000, 5);

  it("gives 28x28 images with labels 0-9", () => {
    expect(checkImageSet(set)).toMatchObject({ count: 1000, height: 28, width: 28, classes: 10 });
  });

  it("every ten samples hold each digit once, in varying order", () => {
    const orders = new Set<string>();
    for (let start = 0; start < 1000; start += 10) {
      const ten = Array.from(set.labels.subarray(start, start + 10));
      orders.add(ten.join(""));
      expect([...ten].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(orders.size).toBeGreaterThan(95);
  });

  it("sample i depends only on seed and i", () => {
    const some = drawDigits(25, 5, { first: 493 });
    expect(some.labels).toEqual(set.labels.subarray(493, 518));
    expect(some.images).toEqual(set.images.subarray(493 * pixels, 518 * pixels));
    expect(drawDigits(10, 6).images).not.toEqual(drawDigits(10, 5).images);
  });

  it("same seed, same bytes, on every machine (changes only with the drawings or the painter)", () => {
    expect(fingerprint(set.images)).toBe("a8adec62");
    expect(fingerprint(set.labels)).toBe("a4ef7faf");
  });

  it("frames as MNIST: longer side 20 pixels, centre of mass at (14, 14)", () => {
    for (let index = 0; index < set.count; index++) {
      const values = image(set, index);
      let [left, top, right, bottom, mass, sumX, sumY] = [28, 28, -1, -1, 0, 0, 0];
      for (const [p, value] of values.entries()) {
        if (value === 0) continue;
        const [x, y] = [p % 28, Math.floor(p / 28)];
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
        mass += value;
        sumX += value * x;
        sumY += value * y;
      }
      const extent = Math.max(right - left, bottom - top) + 1;
      expect(extent).toBeGreaterThanOrEqual(19);
      expect(extent).toBeLessThanOrEqual(21);
      expect(Math.abs(sumX / mass - 14)).toBeLessThanOrEqual(0.51);
      expect(Math.abs(sumY / mass - 14)).toBeLessThanOrEqual(0.51);
    }
  });

  it("no two samples are alike", () => {
    expect(new Set(Array.from({ length: set.count }, (_, k) => fingerprint(image(set, k)))).size).toBe(set.count);
  });

  it("the ten means tell most unseen digits apart, but far from all: there is something to learn", () => {
    const { train, test } = digits({ train: 2000, test: 500, seed: 3 });
    const means = Array.from({ length: 10 }, () => new Float64Array(pixels));
    for (let index = 0; index < train.count; index++) {
      const mean = means[train.labels[index]];
      for (const [p, value] of image(train, index).entries()) mean[p] += value / (train.count / 10);
    }
    let right = 0;
    for (let index = 0; index < test.count; index++) {
      const values = image(test, index);
      const distances = means.map((mean) => mean.reduce((sum, value, p) => sum + (value - values[p]) ** 2, 0));
      if (distances.indexOf(Math.min(...distances)) === test.labels[index]) right++;
    }
    expect(right / test.count).toBeGreaterThan(0.7);
    expect(right / test.count).toBeLessThan(0.95);
  });

  it.each([-1, 2.5, Number.NaN])("refuses the count %d", (count) => {
    expect(() => drawDigits(count)).toThrow(`drawDigits: count must be a whole number of at least 0, got ${count}`);
  });
});

describe("digits", () => {
  it("training and test set share no sample, and other seeds give others", () => {
    const one = digits({ train: 300, test: 300, seed: 1 });
    const two = digits({ train: 300, test: 300, seed: 2 });
    const all = [one.train, one.test, two.train, two.test];
    const prints = all.flatMap((set) => Array.from({ length: set.count }, (_, k) => fingerprint(image(set, k))));
    expect(new Set(prints).size).toBe(1200);
  });
});
