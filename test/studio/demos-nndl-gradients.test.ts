// The demonstrations of Nielsen's chapters 2 and 5, about gradients, as a reader uses them.
import { describe, expect, test } from "vitest";
import { executable, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`demonstrations of gradients${whyNot}`, () => {
  const studio = useStudio();

  describe("a chain of four neurons", () => {
    test("weights of 1: every factor is below a quarter, and the gradient falls by their product", async () => {
      const demo = await studio.open("/demos/chain");
      for (const k of [2, 3, 4]) expect(await demo.number(`factor ${k}`)).toBeLessThan(0.25);
      const product =
        (await demo.number("factor 2")) * (await demo.number("factor 3")) * (await demo.number("factor 4"));
      expect(await demo.number("product")).toBeCloseTo(product, 12);
      expect(await demo.number("ratio")).toBeLessThan(1 / 16);
    });

    test("w = 100, b = -100a: each factor is 25, until a bias is off", async () => {
      const demo = await studio.open("/demos/chain");
      await demo.press("exploding");
      for (const k of [1, 2, 3, 4]) expect(await demo.number(`factor ${k}`)).toBeCloseTo(25, 9);
      expect(await demo.number("product")).toBeCloseTo(25 ** 3, 5);
      await demo.set("b2", -40);
      expect(await demo.number("factor 2")).toBeLessThan(1);
      await demo.press("common");
      expect(await demo.number("factor 1")).toBeLessThan(0.25);
    });
  });

  describe("which layer learns how fast", () => {
    test("sigmoid layers: the deeper, the slower the first; ReLU with He's weights is even", async () => {
      const demo = await studio.open("/demos/gradients?layers=2");
      const two = await demo.until("ratio", Number.isFinite);
      expect(two).toBeGreaterThan(2);
      await demo.set("layers", 4);
      const four = await demo.until("ratio", (ratio) => ratio > 2 * two);
      await demo.choose("activation", "relu");
      await demo.choose("weights", "he");
      const even = await demo.until("ratio", (ratio) => ratio < four / 5);
      expect(even).toBeGreaterThan(0.1);
      expect(even).toBeLessThan(5);
    });

    test("trains 200 steps, and the first layer stays slower", async () => {
      const demo = await studio.open("/demos/gradients?layers=3");
      await demo.press("train");
      await demo.until("steps", (steps) => steps === 200);
      expect(await demo.control("train").textContent()).toContain("Train");
    });
  });

  describe("a demon in the network", () => {
    test("the measured ratio comes to delta, and all paths together are backpropagation, at any neuron", async () => {
      const demo = await studio.open("/demos/demon");
      // The weights have 3 x 2 paths from a neuron of the first layer to the cost, 2 from the second, 1 from the last.
      const count: Record<string, number> = { "1,2": 6, "2,3": 2, "3,1": 1 };
      await demo.set("Δz", 0.001);
      for (const [neuron, paths] of Object.entries(count)) {
        await demo.press(`neuron ${neuron}`);
        expect(await demo.number("count")).toBe(paths);
        const delta = await demo.number("delta");
        expect(Math.abs((await demo.number("measured")) - delta)).toBeLessThan(1e-3);
        await demo.set("paths", 6);
        expect(await demo.number("sum")).toBeCloseTo(await demo.number("gradient"), 12);
      }
      await demo.set("paths", 0);
      expect(await demo.number("sum")).toBe(0);
    });
  });

  describe("what backpropagation saves", () => {
    test("784-30-10 has 23,860 numbers and takes 23,861 passes; both gradients agree", async () => {
      const demo = await studio.open("/demos/cost-counter?inputs=784");
      expect(await demo.until("passes", (passes) => passes === 23_861)).toBe(23_861);
      expect(await demo.number("numbers")).toBe(23_860);
      expect(await demo.number("difference")).toBeLessThan(1e-4);
      expect(await demo.number("times")).toBeGreaterThan(100);
    });

    test("differences to both sides take two passes a number, and are nearer", async () => {
      const demo = await studio.open("/demos/cost-counter?inputs=4&hidden=5&outputs=3&epsilon=0.001");
      const one = await demo.until("difference", Number.isFinite);
      expect(await demo.number("passes")).toBe(44);
      await demo.choose("kind", "central");
      expect(await demo.until("passes", (passes) => passes === 86)).toBe(86);
      expect(await demo.number("difference")).toBeLessThan(one / 10);
    });
  });
});
