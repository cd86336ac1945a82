import { describe, expect, it } from "vitest";
import { axisRange, binValues, extentOf, formatNumber, formatPercent, thin } from "./scale.ts";

const labels = (range: { ticks: readonly { label: string }[] }) => range.ticks.map((tick) => tick.label);

describe("numbers are written as a reader expects them", () => {
  it.each([
    [0, "0"],
    [50000, "50,000"],
    [1000, "1000"],
    [0.03714159, "0.03714"],
    [-2.5, "−2.5"],
    [3.14159e-7, "3.14×10⁻⁷"],
    [1e-5, "10⁻⁵"],
    [12345678, "1.23×10⁷"],
    [999.96, "1000"],
    [Number.NaN, "–"],
  ])("%s as %s", (value, text) => expect(formatNumber(value)).toBe(text));

  it("0.97631 as per cent", () => {
    expect(formatPercent(0.97631)).toBe("97.63%");
    expect(formatPercent(0.5, 0)).toBe("50%");
  });
});

describe("axes", () => {
  it("round ends and equal decimals: 0.87 to 0.973 is shown from 0.86 to 0.98", () => {
    const range = axisRange(undefined, 0.87, 0.973, { count: 5, ends: "round" });
    expect([range.min, range.max].map((value) => Number(value.toFixed(6)))).toEqual([0.86, 0.98]);
    expect(labels(range)).toEqual(["0.86", "0.88", "0.90", "0.92", "0.94", "0.96", "0.98"]);
  });

  it("zero is shown where it is near, not where it would flatten the curve", () => {
    expect(axisRange(undefined, 0.1, 2.3, { count: 5, ends: "round" }).min).toBe(0);
    expect(axisRange(undefined, 0.9, 1, { count: 5, ends: "round" }).min).toBeGreaterThan(0.85);
  });

  it("epochs have whole steps", () => {
    expect(labels(axisRange(undefined, 1, 3, { count: 8, ends: "snug", whole: true }))).toEqual(["1", "2", "3"]);
    expect(labels(axisRange(undefined, 1, 1, { count: 8, ends: "snug", whole: true }))).toEqual(["1"]);
  });

  it("per cent: shares do not pass 100%", () => {
    const range = axisRange({ format: "percent" }, 0.91, 0.997, { count: 5, ends: "round" });
    expect(range.max).toBe(1);
    expect(labels(range).at(-1)).toBe("100%");
  });

  it("given limits win", () => {
    const range = axisRange({ min: -1, max: 3 }, 0, 1, { count: 4, ends: "round" });
    expect([range.min, range.max]).toEqual([-1, 3]);
  });

  it("logarithmic: powers of ten over decades, 1-2-5 over one, linear steps within half of one", () => {
    const wish = { count: 6, ends: "round" } as const;
    expect(labels(axisRange({ scale: "log" }, 2e-5, 0.7, wish))).toEqual([
      "10⁻⁵",
      "0.0001",
      "0.001",
      "0.01",
      "0.1",
      "1",
    ]);
    expect(labels(axisRange({ scale: "log" }, 1.2, 18, wish))).toEqual(["1", "2", "5", "10", "20"]);
    expect(labels(axisRange({ scale: "log" }, 1.23, 1.9, wish))).toEqual([
      "1.2",
      "1.3",
      "1.4",
      "1.5",
      "1.6",
      "1.7",
      "1.8",
      "1.9",
    ]);
  });

  it("equal values still give an axis", () => {
    const range = axisRange(undefined, 5, 5, { count: 5, ends: "round" });
    expect(range.min).toBeLessThan(5);
    expect(range.max).toBeGreaterThan(5);
    expect(extentOf([[null, Number.NaN]])).toEqual([0, 1]);
  });
});

describe("histogram bins", () => {
  it("an inner edge belongs to the bin above, the last edge to the last bin", () => {
    expect(binValues([[0, 1, 1, 2, 3, 4]], [0, 1, 2, 4]).counts).toEqual([[1, 2, 3]]);
  });

  it("equal bins cover all series; values outside given edges and gaps are not counted", () => {
    const bins = binValues(
      [
        [0, 10],
        [5, null],
      ],
      2,
    );
    expect(bins.edges).toEqual([0, 5, 10]);
    expect(bins.counts).toEqual([
      [1, 1],
      [0, 1],
    ]);
    expect(binValues([[-1, 0.5, 9]], [0, 1]).counts).toEqual([[1]]);
  });
});

describe("thinning", () => {
  it("keeps a short series as it is", () => {
    expect(thin([3, 1, 2], 10)).toEqual([0, 1, 2]);
  });

  it("loses no spike and no gap of a long one, and keeps its ends", () => {
    const values = new Array<number>(10_000).fill(1);
    values[4321] = 9;
    values[777] = -9;
    values[5000] = Number.NaN;
    const kept = thin(values, 300);
    expect(kept.length).toBeLessThanOrEqual(302);
    for (const index of [0, 777, 4321, 5000, 9999]) expect(kept).toContain(index);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
  });
});
