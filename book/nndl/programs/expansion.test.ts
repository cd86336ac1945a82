import { describe, expect, it } from "vitest";
import { Random } from "../../random.ts";
import { affine, elastic, expand, rotation, skew, translation, type Warp, warpImage } from "./expansion.ts";

/** One pixel of ink. */
function dot(x: number, y: number): Float32Array {
  const image = new Float32Array(784);
  image[y * 28 + x] = 1;
  return image;
}

function brightest(image: Float32Array): [number, number] {
  const at = image.indexOf(Math.max(...image));
  return [at % 28, Math.floor(at / 28)];
}

describe("warps", () => {
  it("translation moves right and down", () => {
    expect(brightest(warpImage(dot(10, 12), translation(3, -2)))).toEqual([13, 10]);
  });

  it("rotation by 90 degrees is counter-clockwise: what is right of the centre goes above it", () => {
    expect(brightest(warpImage(dot(20, 13), rotation(90)))).toEqual([13, 7]);
  });

  it("rotation by 180 degrees turns the image around", () => {
    expect(brightest(warpImage(dot(20, 5), rotation(180)))).toEqual([7, 22]);
  });

  it("skew moves the upper part to the right", () => {
    expect(brightest(warpImage(dot(13, 3), skew(0.4)))[0]).toBeGreaterThan(15);
    expect(brightest(warpImage(dot(13, 24), skew(0.4)))[0]).toBeLessThan(11);
  });

  it("a warp between pixels shares the ink among four of them", () => {
    const moved = warpImage(dot(10, 10), translation(0.25, 0.5));
    expect([10, 11].flatMap((y) => [10, 11].map((x) => moved[y * 28 + x]))).toEqual([0.375, 0.125, 0.375, 0.125]);
  });

  it("elastic displacements of σ = 4, α = 34 are about a pixel and a half, and neighbours move together", () => {
    const squares: number[] = [];
    const steps: number[] = [];
    const random = new Random(1);
    for (let trial = 0; trial < 20; trial++) {
      const warp: Warp = elastic(random);
      for (let y = 8; y < 20; y++) {
        for (let x = 8; x < 20; x++) {
          const [here, next] = [warp(x, y)[0] - x, warp(x + 1, y)[0] - (x + 1)];
          squares.push(here ** 2);
          steps.push((here - next) ** 2);
        }
      }
    }
    const root = (values: number[]) => Math.sqrt(values.reduce((sum, value) => sum + value, 0) / values.length);
    expect(root(squares)).toBeGreaterThan(1);
    expect(root(squares)).toBeLessThan(1.8);
    expect(root(steps)).toBeLessThan(root(squares) / 3);
  });
});

describe("expand", () => {
  const set = { images: Float32Array.from([...dot(10, 10), ...dot(15, 15)]), labels: Uint8Array.of(3, 8), count: 2 };

  it("keeps the set and adds copies with the labels of their originals", () => {
    const larger = expand(set, 3, affine, 1);
    expect([...larger.labels]).toEqual([3, 8, 3, 3, 3, 8, 8, 8]);
    expect(larger.count).toBe(8);
    expect([...larger.images.subarray(0, 2 * 784)]).toEqual([...set.images]);
  });

  it("draws the same from the same seed", () => {
    expect(expand(set, 2, affine, 5).images).toEqual(expand(set, 2, affine, 5).images);
    expect(expand(set, 2, affine, 5).images).not.toEqual(expand(set, 2, affine, 6).images);
  });
});
