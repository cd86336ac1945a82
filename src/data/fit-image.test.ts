import { describe, expect, it } from "vitest";
import { drawDigits } from "./digits.ts";
import { fitAsMnist } from "./fit-image.ts";
import type { Picture } from "./picture.ts";

const side = 28;
const set = drawDigits(20, 11);

/** The digits as numbers from 0 to 1, the way a network sees them. */
const originals = Array.from({ length: set.count }, (_, k) =>
  Float32Array.from(set.images.subarray(k * 784, (k + 1) * 784), (value) => value / 255),
);

/** Strength of ink of a digit drawn `size` pixels large, at a place in it. */
function smooth(index: number, x: number, y: number, size: number): number {
  const digit = originals[index];
  const at = (column: number, row: number) =>
    column < 0 || row < 0 || column >= side || row >= side ? 0 : digit[row * side + column];
  const [u, v] = [((x + 0.5) * side) / size - 0.5, ((y + 0.5) * side) / size - 0.5];
  const [column, row] = [Math.floor(u), Math.floor(v)];
  const [fx, fy] = [u - column, v - row];
  const upper = at(column, row) * (1 - fx) + at(column + 1, row) * fx;
  const lower = at(column, row + 1) * (1 - fx) + at(column + 1, row + 1) * fx;
  return upper * (1 - fy) + lower * fy;
}

type Colour = readonly number[];

/** A picture of `width` x `height` with digit `index` at (left, top), `size` large; `paper` and `ink` give the bytes of a pixel. */
function paint(
  index: number,
  layout: { width: number; height: number; left: number; top: number; size: number },
  paper: (x: number, y: number) => Colour,
  ink: Colour,
): Picture {
  const { width, height, left, top, size } = layout;
  const data = new Uint8Array(width * height * ink.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const strength = smooth(index, x - left, y - top, size);
      const under = paper(x, y);
      for (let c = 0; c < ink.length; c++) {
        data[(y * width + x) * ink.length + c] = Math.round(strength * ink[c] + (1 - strength) * under[c]);
      }
    }
  }
  return { width, height, channels: ink.length, data };
}

const square = { width: 280, height: 280, left: 0, top: 0, size: 280 };

/** Cosine of the angle between two pictures, 1 for the same picture, at the best of the shifts by a pixel: centring goes by whole pixels,
 * so where the centre of mass lies between two, either is right. */
function likeness(a: Float32Array, b: Float32Array): number {
  let best = 0;
  for (const dy of [-1, 0, 1]) {
    for (const dx of [-1, 0, 1]) {
      let [ab, aa, bb] = [0, 0, 0];
      for (let row = 1; row < side - 1; row++) {
        for (let column = 1; column < side - 1; column++) {
          const u = a[(row + dy) * side + column + dx];
          const v = b[row * side + column];
          ab += u * v;
          aa += u * u;
          bb += v * v;
        }
      }
      best = Math.max(best, ab / Math.sqrt(aa * bb));
    }
  }
  return best;
}

function worstLikeness(make: (index: number) => Picture): number {
  return Math.min(...Array.from({ length: set.count }, (_, k) => likeness(fitAsMnist(make(k)), originals[k])));
}

describe("a digit that is framed already passes through unchanged", () => {
  const stored = (index: number): Picture => ({
    ...{ width: side, height: side, channels: 1 },
    data: set.images.subarray(index * 784, (index + 1) * 784),
  });
  const inChannels = (index: number, channels: 2 | 3 | 4): Picture => {
    const { data } = stored(index);
    const colours = channels === 3 || channels === 4 ? 3 : 1;
    const bytes = Array.from(data).flatMap((value) => [
      ...new Array<number>(colours).fill(value),
      ...(channels === 3 ? [] : [255]),
    ]);
    return { width: side, height: side, channels, data: Uint8Array.from(bytes) };
  };

  it("as bytes from 0 to 255, also stored in colours or with alpha", () => {
    for (let k = 0; k < set.count; k++) {
      expect(fitAsMnist(stored(k))).toEqual(originals[k]);
      for (const channels of [2, 3, 4] as const) expect(fitAsMnist(inChannels(k, channels))).toEqual(originals[k]);
    }
  });

  it("but not one that is off the centre, coloured, transparent in part or of another size", () => {
    const moved = new Uint8Array(784);
    moved.set(stored(0).data.subarray(0, 784 - 2 * side), 2 * side);
    expect(fitAsMnist({ ...stored(0), data: moved })).not.toEqual(Float32Array.from(moved, (value) => value / 255));
    const coloured = inChannels(0, 3);
    coloured.data[3 * 400] ^= 1;
    expect(fitAsMnist(coloured)).not.toEqual(originals[0]);
    const clear = inChannels(0, 2);
    clear.data[1] = 0;
    expect(fitAsMnist(clear)).not.toEqual(originals[0]);
  });
});

describe("a digit comes back as it was, whatever the picture's colours and size", () => {
  const layouts: [string, (index: number) => Picture][] = [
    ["dark on light, grey", (k) => paint(k, square, () => [255], [0])],
    ["light on dark, grey", (k) => paint(k, square, () => [10], [240])],
    ["faint: 30 of 255 levels", (k) => paint(k, square, () => [200], [170])],
    ["grey with alpha, ink only in alpha", (k) => paint(k, square, () => [0, 0], [0, 255])],
    ["white ink on nothing", (k) => paint(k, square, () => [255, 255, 255, 0], [255, 255, 255, 255])],
    ["opaque paper with alpha", (k) => paint(k, square, () => [250, 250, 240, 255], [20, 20, 90, 255])],
    ["half transparent paper", (k) => paint(k, square, () => [255, 255, 255, 128], [0, 0, 0, 255])],
    ["colours of the same brightness", (k) => paint(k, square, () => [200, 60, 60], [60, 130, 60])],
    ["yellow on white", (k) => paint(k, square, () => [255, 255, 255], [255, 230, 0])],
    [
      "far off in a wide picture",
      (k) => paint(k, { width: 700, height: 300, left: 440, top: 30, size: 200 }, () => [255, 255, 255], [0, 0, 0]),
    ],
    [
      "small in a large picture",
      (k) => paint(k, { width: 1600, height: 1200, left: 200, top: 700, size: 160 }, () => [230], [30]),
    ],
    ["uneven light", (k) => paint(k, square, (x, y) => [120 + 0.25 * x + 0.2 * y - 0.0003 * (x - 140) ** 2], [20])],
    [
      "grain and dust",
      (k) =>
        paint(
          k,
          square,
          (x, y) => [
            225 + (((x * 7919 + y * 104729) % 23) - 11) - ((x >> 1) + y === 300 ? 150 : 0) * Number(x % 140 < 2),
          ],
          [30],
        ),
    ],
    [
      "inside a dark frame",
      (k) =>
        paint(
          k,
          { width: 320, height: 320, left: 20, top: 20, size: 280 },
          (x, y) => [Math.min(x, y, 319 - x, 319 - y) < 5 ? 0 : 255],
          [0],
        ),
    ],
    ["seventeen pixels", (k) => paint(k, { width: 22, height: 22, left: 0, top: 0, size: 22 }, () => [255], [0])],
  ];
  it.each(layouts)("%s", (_, make) => {
    expect(worstLikeness(make)).toBeGreaterThan(0.88);
  });
});

/** A circle of radius r drawn with a pen of the given width. */
function circle(size: number, pen: number): Picture {
  const data = new Uint8Array(size * size).fill(255);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const distance = Math.abs(Math.hypot(x - size / 2, y - size / 2) - 0.4 * size);
      data[y * size + x] = Math.round(255 * Math.max(0, Math.min(1, distance - pen / 2 + 0.5)));
    }
  }
  return { width: size, height: size, channels: 1, data };
}

describe("the framing", () => {
  it.each([1, 2, 4, 8])("a pen of %d pixels in a picture of 1000 still makes strokes of about two", (pen) => {
    const fitted = fitAsMnist(circle(1000, pen));
    const mass = fitted.reduce((sum, value) => sum + value, 0);
    const strokeWidth = mass / (Math.PI * 18);
    expect(strokeWidth).toBeGreaterThan(1.5);
    expect(strokeWidth).toBeLessThan(2.6);
    expect(Math.max(...fitted)).toBe(1);
  });

  it("the longer side is 20 pixels, the shorter in proportion, paper is exactly 0", () => {
    const bar = new Uint8Array(100 * 60).fill(255);
    for (let y = 10; y < 90; y++) bar.fill(0, y * 60 + 20, y * 60 + 36);
    const fitted = fitAsMnist({ width: 60, height: 100, channels: 1, data: bar });
    const inked = [...fitted.keys()].filter((p) => fitted[p] > 0.5);
    const columns = new Set(inked.map((p) => p % 28));
    const rows = new Set(inked.map((p) => Math.floor(p / 28)));
    expect([rows.size, columns.size]).toEqual([20, 4]);
    expect(fitted[0]).toBe(0);
  });

  it("the centre of mass is at the pixel (14, 14), as in MNIST", () => {
    for (let index = 0; index < set.count; index++) {
      const fitted = fitAsMnist(paint(index, square, () => [255], [0]));
      let [mass, x, y] = [0, 0, 0];
      for (const [p, value] of fitted.entries()) {
        mass += value;
        x += value * (p % 28);
        y += value * Math.floor(p / 28);
      }
      expect(Math.abs(x / mass - 14)).toBeLessThan(0.6);
      expect(Math.abs(y / mass - 14)).toBeLessThan(0.6);
    }
  });
});

describe("fitAsMnist refuses", () => {
  const blank = (value: (p: number) => number, channels = 1) => ({
    width: 50,
    height: 40,
    channels,
    data: Uint8Array.from({ length: 2000 * channels }, (_, p) => value(p)),
  });
  it.each([
    ["white", blank(() => 255)],
    ["black", blank(() => 0)],
    ["transparent", blank(() => 0, 4)],
    ["grain", blank((p) => 200 + ((p * 7919) % 9))],
    ["a smooth gradient", blank((p) => p % 50)],
  ])("a picture without ink: %s", (_, picture) => {
    expect(() => fitAsMnist(picture)).toThrow("no ink found");
  });

  it("sizes that do not agree", () => {
    expect(() => fitAsMnist({ width: 2, height: 2, channels: 3, data: new Uint8Array(4) })).toThrow(
      "2x2 pixels of 3 channels take 12 bytes, but there are 4",
    );
    expect(() => fitAsMnist({ width: 0, height: 2, channels: 1, data: new Uint8Array(0) })).toThrow("0x2 pixels");
    expect(() => fitAsMnist({ width: 1, height: 1, channels: 5, data: new Uint8Array(5) })).toThrow("5 channels");
  });
});
