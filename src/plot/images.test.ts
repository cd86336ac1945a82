import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { imageAddress } from "./images.ts";

function read(address: string) {
  const [head, body] = address.split(",");
  expect(head).toBe("data:image/png;base64");
  return decode(
    Uint8Array.from(atob(body), (character) => character.charCodeAt(0)),
    { checkCrc: true },
  );
}

describe("small images as PNG, read back by an independent decoder", () => {
  it("grey: 0 black, 255 white, values outside are clamped, gaps are 0", () => {
    const image = read(imageAddress({ width: 3, height: 2, pixels: [0, 128, 255, -5, 300, null] }));
    expect([image.width, image.height, image.channels]).toEqual([3, 2, 1]);
    expect([...image.data]).toEqual([0, 128, 255, 0, 255, 0]);
  });

  it("ink: 255 is ink, dark on light paper, light on dark", () => {
    const digit = { width: 2, height: 1, pixels: [0, 255] };
    expect([...read(imageAddress(digit, "ink")).data]).toEqual([255, 0]);
    expect([...read(imageAddress(digit, "ink", true)).data]).toEqual([0, 255]);
  });

  it("rgb: three values a pixel", () => {
    const image = read(imageAddress({ width: 1, height: 2, pixels: [1, 2, 3, 4, 5, 6] }, "rgb"));
    expect(image.channels).toBe(3);
    expect([...image.data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("diverging: zero is transparent, the largest magnitude opaque, signs differ in hue", () => {
    const image = read(imageAddress({ width: 3, height: 1, pixels: [-2, 0, 1] }, "diverging"));
    const colours = [...image.data].map((index) => image.palette?.[index] ?? []);
    expect(colours.map((colour) => colour[3])).toEqual([255, 0, 132]);
    expect(colours[0][2]).toBeGreaterThan(colours[0][0]);
    expect(colours[2][0]).toBeGreaterThan(colours[2][2]);
  });

  it("an image larger than one stored block (65535 bytes)", () => {
    const pixels = Uint8Array.from({ length: 300 * 300 }, (_, i) => i % 251);
    expect(read(imageAddress({ width: 300, height: 300, pixels })).data).toEqual(pixels);
  });
});
