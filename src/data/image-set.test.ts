import { expect, it } from "vitest";
import { checkImageSet } from "./image-set.ts";

const sound = {
  images: new Uint8Array(12),
  labels: Uint8Array.of(0, 9, 3),
  count: 3,
  height: 2,
  width: 2,
  classes: 10,
};

it("a sound set passes through", () => {
  expect(checkImageSet(sound)).toBe(sound);
});

it("names the first label that is too high, and where", () => {
  const set = { ...sound, labels: Uint8Array.of(1, 10, 200) };
  expect(() => checkImageSet(set, "mine")).toThrow("mine: label 10 at position 1 (counted from 0) is not below 10");
});

it("refuses another number of labels than images, wrong lengths, and no images", () => {
  expect(() => checkImageSet({ ...sound, labels: Uint8Array.of(1, 2) })).toThrow("3 images but 2 labels");
  expect(() => checkImageSet({ ...sound, images: new Uint8Array(11) })).toThrow("take 12 bytes, but there are 11");
  const none = { ...sound, images: new Uint8Array(0), labels: new Uint8Array(0), count: 0 };
  expect(() => checkImageSet(none)).toThrow("holds no images");
});
