import { describe, expect, it } from "vitest";
import { type ReadPictures, readDigitString } from "./digit-string.ts";
import { drawDigits } from "./digits.ts";
import type { Picture } from "./picture.ts";

const set = drawDigits(200, 3);
const pixelsOf = (index: number): Uint8Array => set.images.subarray(index * 784, (index + 1) * 784);
const lengths = Array.from({ length: set.count }, (_, k) => Math.hypot(...pixelsOf(k)));

/** Reads a picture as the digit of the set that it is most alike: right for these very digits, unsure of what is none. */
const nearest: ReadPictures = (pictures, count) => {
  const outputs = new Float32Array(10 * count);
  for (let n = 0; n < count; n++) {
    const picture = pictures.subarray(784 * n, 784 * (n + 1));
    const length = Math.hypot(...picture);
    for (let k = 0; k < set.count; k++) {
      const pixels = pixelsOf(k);
      let product = 0;
      for (let p = 0; p < 784; p++) product += picture[p] * pixels[p];
      const alike = Math.exp(30 * (product / (length * lengths[k]) - 1));
      const at = 10 * n + set.labels[k];
      outputs[at] = Math.max(outputs[at], alike);
    }
  }
  return outputs;
};

interface Line {
  readonly picture: Picture;
  /** First column with ink of each digit, and the column behind its last. */
  readonly spans: readonly [number, number][];
}

/** Digits of the set side by side, three times as large, dark on light, `gap` pixels of theirs between their ink. */
function write(text: string, gap: number, from = 0): Line {
  const scale = 3;
  const [height, air] = [34, 5];
  let x = air;
  const placed = [...text].map((digit, i) => {
    let index = from + i;
    while (set.labels[index] !== Number(digit)) index++;
    const pixels = pixelsOf(index);
    const columns = Array.from({ length: 28 }, (_, c) => c).filter((c) =>
      Array.from({ length: 28 }, (_, r) => pixels[28 * r + c]).some((value) => value > 85),
    );
    const [first, behind] = [columns[0], columns.at(-1)! + 1];
    const place = { pixels, first, behind, x };
    x += behind - first + gap;
    return place;
  });
  const width = x - gap + air;
  const data = new Uint8Array(width * height * scale * scale).fill(250);
  for (const { pixels, first, x: left } of placed) {
    for (let row = 0; row < 28 * scale; row++) {
      for (let column = 0; column < 28 * scale; column++) {
        const value = pixels[28 * Math.floor(row / scale) + Math.floor(column / scale)];
        const [toX, toY] = [scale * (left - first) + column, scale * 3 + row];
        if (value === 0 || toX < 0 || toX >= width * scale) continue;
        const at = toY * width * scale + toX;
        data[at] = Math.min(data[at], 250 - Math.round((230 * value) / 255));
      }
    }
  }
  return {
    picture: { width: width * scale, height: height * scale, channels: 1, data },
    spans: placed.map(({ x: left, first, behind }) => [scale * left, scale * (left + behind - first)]),
  };
}

describe("readDigitString", () => {
  it("cuts 504192 into six, where they stand", () => {
    const { picture, spans } = write("504192", 4);
    const { text, pieces } = readDigitString(picture, nearest);
    expect(text).toBe("504192");
    pieces.forEach(({ box, touches, digit, probability, probabilities, pixels }, i) => {
      expect(Math.abs(box.left - spans[i][0])).toBeLessThan(6);
      expect(Math.abs(box.right - spans[i][1])).toBeLessThan(6);
      expect(touches).toBe(false);
      expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      expect(probability).toBe(probabilities[digit]);
      expect(pixels.length).toBe(784);
    });
  });

  it("light on dark is the same line", () => {
    const { picture } = write("504192", 4);
    const dark = { ...picture, data: picture.data.map((value) => 255 - value) };
    expect(readDigitString(dark, nearest).text).toBe("504192");
  });

  it("one digit is a line of one, wide paper around it or not", () => {
    expect(readDigitString(write("7", 0).picture, nearest).text).toBe("7");
  });

  it("twenty lines of six, well apart: all are cut into six", () => {
    const lines = Array.from({ length: 20 }, (_, k) => {
      const text = Array.from({ length: 6 }, (_, i) => (7 * k + 3 * i * (k + 1)) % 10).join("");
      return { text, read: readDigitString(write(text, 4, 5 * k).picture, nearest).text };
    });
    expect(lines.filter(({ read }) => read.length !== 6)).toEqual([]);
    expect(lines.filter(({ text, read }) => text !== read).length).toBeLessThan(2);
  });

  it("digits that touch are cut, and it is said where; surest where their number is known", () => {
    const { picture } = write("504192", -1);
    const found = readDigitString(picture, nearest);
    expect(found.pieces.filter(({ touches }) => touches).length).toBeGreaterThan(0);
    const { text, pieces } = readDigitString(picture, nearest, { count: 6 });
    expect(text).toBe("504192");
    expect(pieces[0].touches).toBe(false);
    expect(pieces.filter(({ touches }) => touches).length).toBeGreaterThan(0);
  });

  it("a count that is known is kept: here the two bars of an eleven are one digit, or two", () => {
    const { picture } = write("11", 2);
    expect(readDigitString(picture, nearest).text).toBe("11");
    expect(readDigitString(picture, nearest, { count: 1 }).pieces.length).toBe(1);
    expect(readDigitString(picture, nearest, { count: 2 }).text).toBe("11");
    expect(() => readDigitString(picture, nearest, { count: 9 })).toThrow("9 digits were asked for");
  });

  it("a class behind the ten is no digit: what is of it weighs against the piece", () => {
    const withNone: ReadPictures = (pictures, count) => {
      const ten = nearest(pictures, count);
      return Float32Array.from({ length: 11 * count }, (_, i) =>
        i % 11 === 10 ? 1 : ten[10 * Math.floor(i / 11) + (i % 11)],
      );
    };
    const { text, pieces } = readDigitString(write("504192", 4).picture, withNone);
    expect(text).toBe("504192");
    for (const { probability } of pieces) expect(probability).toBeLessThan(0.5);
  });

  it("refuses what it cannot read", () => {
    const { picture } = write("12", 4);
    const blank = { width: 30, height: 20, channels: 1, data: new Uint8Array(600).fill(255) };
    expect(() => readDigitString(blank, nearest)).toThrow("no ink found");
    expect(() => readDigitString({ ...picture, width: 1 }, nearest)).toThrow("readDigitString: 1x");
    expect(() => readDigitString(picture, (_, count) => new Float32Array(9 * count))).toThrow("ten or more");
    expect(() => readDigitString(picture, "net" as never)).toThrow("read must be a function");
    expect(() => readDigitString(picture, nearest, { count: 0 })).toThrow("count");
    expect(() => readDigitString(picture, nearest, { number: 6 } as never)).toThrow("number");
  });
});
