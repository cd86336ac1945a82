// Receptive fields and pooling of section 6.1: the book's numbers, and worked ones.
import { describe, expect, it } from "vitest";
import { Volume } from "../../volume.ts";
import { pooled } from "./pooled.ts";
import { fieldOf, hiddenNeuron, mapSide, sharedParameters } from "./receptive-field.ts";

describe("receptive fields", () => {
  it("5 by 5 in 28 by 28 make 24 by 24; with stride 2, which leaves a rim, 12 by 12", () => {
    expect(mapSide(28, 5, 1)).toBe(24);
    expect(mapSide(28, 5, 2)).toBe(12);
    expect(mapSide(28, 28, 3)).toBe(1);
    expect(fieldOf([23, 0], 1)).toEqual([23, 0]);
    expect(fieldOf([3, 11], 2)).toEqual([6, 22]);
  });

  it("20 maps have 520 parameters", () => {
    expect(sharedParameters(20, 5)).toBe(520);
    expect(sharedParameters(1, 5)).toBe(26);
  });

  it("equation 125 by hand: image 123/456/789, weights 10/0-1, bias 0.5", () => {
    const image = new Volume(1, 3, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const weights = new Volume(1, 2, 2, [1, 0, 0, -1]);
    expect(hiddenNeuron(image, weights, 0.5, [0, 0])).toBe(1 - 5 + 0.5);
    expect(hiddenNeuron(image, weights, 0.5, [1, 1])).toBe(5 - 9 + 0.5);
  });

  it("a field larger than the image is an error", () => {
    expect(() => mapSide(4, 5, 1)).toThrow("mapSide: a window of 5 is larger than the padded image");
  });
});

describe("pooling of 1124/5678/3210/1234", () => {
  const map = new Volume(1, 4, 4, [1, 1, 2, 4, 5, 6, 7, 8, 3, 2, 1, 0, 1, 2, 3, 4]);

  it("max 6 8 3 4, mean 3.25 5.25 2 2, L2 the roots of 63, 133, 18 and 26", () => {
    expect([...pooled(map, "max").values]).toEqual([6, 8, 3, 4]);
    expect([...pooled(map, "mean").values]).toEqual([3.25, 5.25, 2, 2]);
    expect([...pooled(map, "l2").values]).toEqual([63, 133, 18, 26].map(Math.sqrt));
  });

  it("all of it at once, and not at all", () => {
    expect([...pooled(map, "max", 4).values]).toEqual([8]);
    expect([...pooled(map, "l2", 1).values]).toEqual([...map.values]);
  });

  it("several maps, and sizes that do not divide, are errors", () => {
    expect(() => pooled(new Volume(2, 4, 4), "max")).toThrow("pooled: takes one map, got 2");
    expect(() => pooled(map, "l2", 3)).toThrow("does not divide");
    expect(() => pooled(map, "mean", 3)).toThrow("does not divide");
  });
});
