import { describe, expect, it } from "vitest";
import { regionAbove } from "./contour.ts";

const same = (x: number, y: number) => [x, y] as const;
const axis = Array.from({ length: 41 }, (_, i) => -2 + i / 10);

function rings(path: string): [number, number][][] {
  return path
    .split("M")
    .slice(1)
    .map((ring) =>
      ring
        .replace(/Z$/, "")
        .split("L")
        .map((point) => point.split(" ").map(Number) as [number, number]),
    );
}

function area(ring: readonly [number, number][]): number {
  return ring.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = ring[(i + 1) % ring.length];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);
}

describe("contours by marching squares", () => {
  // Coordinates are written with one decimal, so the plane is magnified.
  const magnified = (x: number, y: number) => [1000 * x, 1000 * y] as const;

  it("x² + y² = 1: one closed ring, every point on the circle", () => {
    const z = axis.map((y) => axis.map((x) => -(x * x + y * y)));
    const region = regionAbove(axis, axis, z, -1, magnified);
    const [ring, ...others] = rings(region.fill);
    expect(others).toHaveLength(0);
    for (const [x, y] of ring) expect(Math.hypot(x, y) / 1000).toBeCloseTo(1, 2);
    expect(area(ring) / 1e6).toBeCloseTo(Math.PI, 1);
    expect(rings(region.lines).flat().length).toBeGreaterThanOrEqual(ring.length);
  });

  it("a region that reaches the border is closed along it, but no line is drawn there", () => {
    const z = axis.map(() => axis.map((x) => x));
    const region = regionAbove(axis, axis, z, 0.55, magnified);
    expect(area(rings(region.fill)[0]) / 1e6).toBeCloseTo(1.45 * 4, 6);
    for (const [x] of rings(region.lines).flat()) expect(x / 1000).toBeCloseTo(0.55, 6);
  });

  it("everything: the whole rectangle, no line", () => {
    const z = [
      [0, 0],
      [0, 0],
    ];
    expect(regionAbove([0, 1], [0, 1], z, -1, same)).toEqual({ fill: expect.stringContaining("M"), lines: "" });
    expect(regionAbove([0, 1], [0, 1], z, 1, same)).toEqual({ fill: "", lines: "" });
  });

  it("a gap is a hole", () => {
    const z = axis.map((y) => axis.map((x) => (Math.hypot(x, y) < 0.5 ? Number.NaN : 1)));
    const found = rings(regionAbove(axis, axis, z, 0, magnified).fill);
    expect(found).toHaveLength(2);
    expect(found.reduce((sum, ring) => sum + area(ring), 0) / 1e6).toBeLessThan(16);
  });

  it("a saddle is joined or parted by the mean of its corners", () => {
    const saddle = (middle: number) => [
      [1, -1 + middle],
      [-1 + middle, 1],
    ];
    expect(rings(regionAbove([0, 1], [0, 1], saddle(0.4), 0, same).fill)).toHaveLength(1);
    expect(rings(regionAbove([0, 1], [0, 1], saddle(-0.4), 0, same).fill)).toHaveLength(2);
  });
});
