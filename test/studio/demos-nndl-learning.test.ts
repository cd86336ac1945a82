// The demonstrations of Nielsen's chapter 3, as a reader uses them.
import { describe, expect, test } from "vitest";
import { executable, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`demonstrations of Nielsen's chapter 3${whyNot}`, () => {
  const studio = useStudio();

  describe("softmax", () => {
    test("the book's table at z4 = 0.5 and 5; the outputs add up to 1", async () => {
      const demo = await studio.open("/demos/softmax");
      // Printed: .31454 .00950 .63340 .04257, and .06567 .00198 .13225 .80010.
      expect(await demo.number("a1")).toBeCloseTo(0.31454, 4);
      expect(await demo.number("a4")).toBeCloseTo(0.04257, 4);
      await demo.set("z4", 5);
      expect(await demo.number("a1")).toBeCloseTo(0.06567, 4);
      expect(await demo.number("a4")).toBeCloseTo(0.8001, 4);
      expect(await demo.number("sum")).toBeCloseTo(1, 12);
    });

    test("c = 0.01 brings all near a quarter, c = 100 gives everything to the largest; a sigmoid's outputs add up to what they may", async () => {
      const demo = await studio.open("/demos/softmax");
      await demo.set("c", 0.01);
      for (const j of [1, 2, 3, 4]) expect(Math.abs((await demo.number(`a${j}`)) - 0.25)).toBeLessThan(0.01);
      await demo.set("c", 100);
      expect(await demo.number("a3")).toBeCloseTo(1, 12);
      await demo.set("c", 1);
      await demo.press("sigmoid");
      const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
      expect(await demo.number("sigmoid sum")).toBeCloseTo(
        [2.5, -1, 3.2, 0.5].map(sigmoid).reduce((a, b) => a + b),
        10,
      );
    });

    test("an input is dragged up, and takes from the others", async () => {
      const demo = await studio.open("/demos/softmax");
      await demo.drag("z4", 0, -100);
      expect(await demo.number("a4")).toBeGreaterThan(0.3);
      expect(await demo.number("a3")).toBeLessThan(0.5);
      expect(await demo.number("sum")).toBeCloseTo(1, 12);
    });
  });

  describe("where the weights begin", () => {
    test("22.4 with N(0, 1) and 1.22 with N(0, 1/n) for 1,000 inputs, half of them on", async () => {
      const demo = await studio.open("/demos/starting-weights");
      expect(await demo.number("theory old")).toBeCloseTo(Math.sqrt(501), 12);
      expect(await demo.number("theory scaled")).toBeCloseTo(Math.sqrt(1.5), 12);
      // 4,000 neurons: standard errors 0.25 and 0.014.
      const old = await demo.until("deviation old", Number.isFinite);
      expect(Math.abs(old - 22.4)).toBeLessThan(1);
      expect(Math.abs((await demo.number("deviation scaled")) - 1.22)).toBeLessThan(0.06);
      // Beyond 4.6 lie 84 % of a Gaussian of deviation 22.4.
      expect(Math.abs((await demo.number("saturated old")) - 0.84)).toBeLessThan(0.03);
      expect(await demo.number("saturated scaled")).toBeLessThan(0.01);
    });

    test("no input on: the bias alone is left", async () => {
      const demo = await studio.open("/demos/starting-weights?share=0");
      expect(await demo.number("theory old")).toBe(1);
      expect(await demo.until("deviation old", Number.isFinite)).toBeCloseTo(1, 1);
      const before = await demo.number("deviation old");
      await demo.press("again");
      expect(await demo.until("deviation old", (value) => value !== before)).toBeCloseTo(1, 1);
    });
  });

  describe("three learning rates", () => {
    test("0.025 falls smoothly, 0.25 lower, 2.5 shakes; the link trains again to the same numbers", async () => {
      const demo = await studio.open("/demos/learning-rates?epochs=15&images=500");
      await demo.press("train");
      await demo.page.getByText("All four are trained.").waitFor();
      const costs = await Promise.all([0, 1, 2].map((i) => demo.number(`cost ${i}`)));
      expect(costs[1]).toBeLessThan(costs[0]);
      expect(await demo.number("up 0")).toBeLessThan(0.01);
      expect(await demo.number("up 2")).toBeGreaterThan(0.15);
      await demo.query();
      const other = await studio.open(new URL(demo.page.url()).hash.slice(1));
      await other.page.getByText("All four are trained.").waitFor();
      expect(await Promise.all([0, 1, 2].map((i) => other.number(`cost ${i}`)))).toEqual(costs);
    });

    test("stops when asked to", async () => {
      const demo = await studio.open("/demos/learning-rates?epochs=100&images=2000&train=1");
      await demo.until("cost 0", Number.isFinite);
      await demo.press("train");
      expect(await demo.control("train").textContent()).toContain("Train");
      expect(await demo.number("cost 1")).toBeNaN();
    });
  });

  describe("ten points, and how many parameters", () => {
    test("degree 9 meets all ten points, and is worse than a line at new ones", async () => {
      const demo = await studio.open("/demos/polynomial");
      expect(await demo.number("at points")).toBeLessThan(1e-8);
      const ninth = await demo.number("at new");
      await demo.set("degree", 1);
      expect(await demo.number("at points")).toBeGreaterThan(0.05);
      const line = await demo.number("at new");
      expect(line).toBeLessThan(ninth);
      // A line that is close to the truth errs by the noise, 0.15.
      expect(Math.abs(line - 0.15)).toBeLessThan(0.06);
      await demo.press("again");
      expect(await demo.number("at new")).not.toBe(line);
    });

    test("a point is dragged, and the curve of degree 9 follows it", async () => {
      const demo = await studio.open("/demos/polynomial");
      const before = await demo.number("at new");
      await demo.drag("Point 5", 0, -80);
      expect(await demo.number("at points")).toBeLessThan(1e-8);
      expect(await demo.number("at new")).not.toBe(before);
    });
  });

  describe("more digits from what there is", () => {
    test("a shift moves all ink alike, half a turn moves the corners most, and the elastic field grows with α", async () => {
      const demo = await studio.open("/demos/warps");
      await demo.press("shift");
      // 2 to the right, 2 up.
      expect(await demo.number("mean")).toBeCloseTo(Math.sqrt(8), 9);
      expect(await demo.number("largest")).toBeCloseTo(Math.sqrt(8), 9);
      await demo.press("rotate");
      await demo.set("angle", 180);
      expect(await demo.number("largest")).toBeCloseTo(2 * 13.5 * Math.SQRT2, 9);
      await demo.press("elastic");
      const once = await demo.number("mean");
      // About 1.4 pixels in each direction, in the middle; less at the edges.
      expect(once).toBeGreaterThan(0.8);
      expect(once).toBeLessThan(2.2);
      await demo.set("α", 68);
      expect(await demo.number("mean")).toBeCloseTo(2 * once, 9);
      await demo.set("seed", 2);
      expect(await demo.number("mean")).not.toBeCloseTo(2 * once, 3);
      await demo.press("none");
      expect(await demo.number("largest")).toBe(0);
    });

    test("ink that stays inside is kept; copies without any change are the digit itself", async () => {
      const demo = await studio.open("/demos/warps?angle=0&alpha=0");
      await demo.until("ink", (share) => share === 1);
      await demo.until("copies", Number.isFinite);
      const painted = () =>
        demo.page.evaluate(() => {
          const pixels = (canvas: Element) => (canvas as HTMLCanvasElement).toDataURL();
          const before = document.querySelector('[data-pixels="before"] canvas')!;
          return {
            before: pixels(before),
            copies: [...document.querySelectorAll('[data-name="copies"] canvas')].map(pixels),
          };
        });
      await expect.poll(async () => new Set((await painted()).copies).size).toBe(1);
      const same = await painted();
      expect(same.copies[0]).toBe(same.before);
      await demo.press("elastic");
      await expect.poll(async () => new Set((await painted()).copies).size).toBe(16);
    });
  });
});
