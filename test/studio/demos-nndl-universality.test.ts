// The demonstrations of Nielsen's chapter 4, as a reader uses them.
import { describe, expect, test } from "vitest";
import { executable, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`demonstrations of Nielsen's chapter 4${whyNot}`, () => {
  const studio = useStudio();

  describe("from a neuron to a step, and to a bump", () => {
    test("the step stands at -b/w, whose slope is w/4", async () => {
      const demo = await studio.open("/demos/hidden-steps");
      expect(await demo.number("place")).toBe(0.5);
      await demo.set("w", 100);
      await demo.set("b", -40);
      expect(await demo.number("place")).toBeCloseTo(0.4, 12);
      expect(await demo.number("steepest")).toBe(25);
      await demo.choose("view", "step");
      await demo.set("s", 0.25);
      expect(await demo.number("bias")).toBe(-250);
    });

    test("two steps add their outgoing weights; opposite ones are a bump", async () => {
      const demo = await studio.open("/demos/hidden-steps?view=two");
      expect(await demo.number("middle")).toBeCloseTo(0.8, 9);
      expect(await demo.number("right")).toBeCloseTo(1.4, 9);
      await demo.choose("view", "bump");
      await demo.set("h", -1.5);
      expect(await demo.number("middle")).toBeCloseTo(-1.5, 9);
      expect(await demo.number("right")).toBeCloseTo(0, 9);
      await demo.drag("Height of the bump", 0, -60);
      expect(await demo.number("middle")).toBeGreaterThan(-1.5);
    });
  });

  describe("any function, by hand", () => {
    const verdict = (demo: Awaited<ReturnType<typeof studio.open>>) =>
      demo.page.locator('[data-name="verdict"]').getAttribute("data-value");

    test("the goal of 0.40 is out of reach of zeros, and reached by the fit", async () => {
      const demo = await studio.open("/demos/five-bumps");
      expect(await demo.number("deviation")).toBeGreaterThan(0.4);
      expect(await verdict(demo)).toBe("open");
      await demo.press("fit");
      expect(await demo.number("deviation")).toBeLessThan(0.4);
      expect(await verdict(demo)).toBe("won");
      const five = await demo.number("output deviation");
      // Twice the bumps, half the error.
      await demo.set("bumps", 40);
      await demo.press("fit");
      expect(await demo.number("neurons")).toBe(80);
      expect((await demo.number("output deviation")) / five).toBeLessThan(0.25);
    });

    test("a bump is dragged to the curve, and brings the deviation down", async () => {
      const demo = await studio.open("/demos/five-bumps");
      const before = await demo.number("deviation");
      await demo.drag("Height of bump 1", 0, 60);
      expect(await demo.number("deviation")).toBeLessThan(before);
      await demo.press("zero");
      expect(await demo.number("deviation")).toBeCloseTo(before, 12);
    });
  });

  describe("other neurons, and steps that are not sharp", () => {
    test("the step is as high as the limits differ; ReLU and linear neurons have none", async () => {
      const demo = await studio.open("/demos/activations");
      expect(await demo.number("height")).toBe(2.5);
      await demo.choose("s", "tanh");
      expect(await demo.number("height")).toBe(2);
      await demo.choose("s", "arctan");
      expect(await demo.number("height")).toBeCloseTo(Math.PI, 12);
      await demo.choose("s", "linear");
      expect(await demo.number("height")).toBeNaN();
    });

    test("two families shifted by half a bump come closer than one; M families of n + 2 bumps have 2 M (n + 2) neurons", async () => {
      const demo = await studio.open("/demos/activations");
      const one = await demo.number("mean");
      await demo.set("M", 2);
      expect(await demo.number("mean")).toBeLessThan(one);
      expect(await demo.number("neurons")).toBe(2 * 2 * 12);
    });
  });
});
