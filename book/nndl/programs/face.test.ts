import { describe, expect, it } from "vitest";
import { answer, drawFace, faceNetwork, PARTS, type Part, pixelsOf } from "./face.ts";

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const without = (...missing: Part[]) => drawFace(PARTS.filter((part) => !missing.includes(part)));

describe("is it a face?", () => {
  it("no two parts share a pixel, and each has some", () => {
    const sum = new Float64Array(784);
    for (const part of PARTS) {
      const pixels = pixelsOf(part);
      expect(pixels.reduce((a, b) => a + b)).toBeGreaterThan(2);
      pixels.forEach((value, p) => {
        sum[p] += value;
      });
    }
    expect(Math.max(...sum)).toBe(1);
  });

  it("a part that is there is a yes of σ(10), one that is not a no; five yeses are a face", () => {
    const face = answer(faceNetwork(), drawFace(PARTS));
    expect(face.of.map(({ name }) => name)).toEqual(["hair", "left eye", "right eye", "nose", "mouth"]);
    expect(face.of[0].a).toBeCloseTo(sigmoid(10), 9);
    expect(face.a).toBeGreaterThan(0.99);
    const nothing = answer(faceNetwork(), new Float64Array(784));
    expect(nothing.of[0].a).toBeCloseTo(sigmoid(-10), 9);
    expect(nothing.a).toBeLessThan(0.01);
  });

  it("an eye is there with two of its three parts; a face may lack one of five", () => {
    const one = answer(faceNetwork(), without("left iris"));
    expect(one.of[1].a).toBeGreaterThan(0.99);
    expect(one.a).toBeGreaterThan(0.99);
    const blind = answer(faceNetwork(), without("left iris", "left brow"));
    expect(blind.of[1].a).toBeLessThan(0.01);
    expect(blind.a).toBeGreaterThan(0.9);
    expect(answer(faceNetwork(), without("left iris", "left brow", "hair")).a).toBeLessThan(0.1);
    expect(answer(faceNetwork(3), without("left iris", "left brow", "hair")).a).toBeGreaterThan(0.9);
  });

  it("a black picture is none: ink beside a part speaks against it", () => {
    expect(answer(faceNetwork(), new Float64Array(784).fill(1)).a).toBeLessThan(0.01);
  });
});
