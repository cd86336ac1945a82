// The demonstrations of Nielsen's book, as a reader uses them. The numbers that must appear are the book's, or follow from its formulas.
import { describe, expect, test } from "vitest";
import { executable, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`demonstrations of Nielsen's book${whyNot}`, () => {
  const studio = useStudio();

  describe("from the sigmoid to the step", () => {
    test("the curve turns at -b/w and passes one half there, whatever c is", async () => {
      const demo = await studio.open("/demos/sigmoid-to-step");
      await demo.set("w", 10);
      await demo.set("b", -3);
      expect(await demo.number("place")).toBeCloseTo(0.3, 12);
      expect(await demo.number("width")).toBeCloseTo((2 * Math.log(9)) / 10, 12);
      await demo.set("c", 1000);
      // At x = 0.6 the neuron now says what the perceptron says: sigma(3000) = 1.
      expect(await demo.number("sigmoid")).toBe(1);
      expect(await demo.number("perceptron")).toBe(1);
      await demo.set("b", -6);
      expect(await demo.number("sigmoid")).toBe(0.5);
      expect(await demo.number("perceptron")).toBe(0);
    });

    test("the point is moved with the pointer and with the keys", async () => {
      const demo = await studio.open("/demos/sigmoid-to-step?w=1&b=0");
      const before = await demo.number("sigmoid");
      await demo.drag("Input that is read off", 120, 0);
      const dragged = await demo.number("sigmoid");
      expect(dragged).toBeGreaterThan(before);
      await demo.page.locator('[data-handle="Input that is read off"]').press("ArrowLeft");
      expect(await demo.number("sigmoid")).toBeLessThan(dragged);
      const x = Number((await demo.query()).get("x"));
      expect(await demo.number("sigmoid")).toBeCloseTo(1 / (1 + Math.exp(-x)), 5);
    });
  });

  describe("a ball in a bowl", () => {
    const verdict = (demo: Awaited<ReturnType<typeof studio.open>>) =>
      demo.page.locator('[data-name="verdict"]').getAttribute("data-value");

    test("crawls at 0.01, converges at 0.25, swings at 0.8, diverges at 1", async () => {
      const demo = await studio.open("/demos/bowl-descent?steps=30");
      const found: Record<number, string | null> = {};
      for (const eta of [0.01, 0.25, 0.8, 1]) {
        await demo.set("η", eta);
        found[eta] = await verdict(demo);
      }
      expect(found).toEqual({ 0.01: "crawls", 0.25: "converges", 0.8: "swings", 1: "diverges" });
    });

    test("one step from (-1.6, 1.8) with eta = 0.25 leads from C = 2.74 to 1.4625...", async () => {
      const demo = await studio.open("/demos/bowl-descent");
      expect(await demo.number("first")).toBeCloseTo(2.74, 12);
      await demo.press("step");
      // v = (-1.6, 1.8) - 0.25 (-2.3, 1) = (-1.025, 1.55)
      expect(await demo.number("cost")).toBeCloseTo(1.025 ** 2 + 1.55 ** 2 / 2 - (1.025 * 1.55) / 2, 12);
    });

    test("runs until it is paused, and starts over", async () => {
      const demo = await studio.open("/demos/bowl-descent");
      await demo.press("play");
      await demo.until("steps", (steps) => steps >= 3);
      await demo.press("play");
      const steps = await demo.number("steps");
      await demo.page.waitForTimeout(600);
      expect(await demo.number("steps")).toBe(steps);
      await demo.press("restart");
      expect(await demo.number("steps")).toBe(0);
    });
  });

  describe("a neuron that is badly wrong", () => {
    test("from w = b = 2 the quadratic cost is flat for about 150 epochs, cross-entropy is not", async () => {
      const demo = await studio.open("/demos/toy-neurons");
      const flat = await demo.number("quadratic flat");
      expect(flat).toBeGreaterThan(120);
      expect(flat).toBeLessThan(180);
      expect(await demo.number("entropy flat")).toBeLessThan(10);
      // The book: outputs 0.98 and 0.82 at the two starts.
      expect(await demo.number("quadratic output")).toBeCloseTo(0.98, 2);
      await demo.press("easy");
      expect(await demo.number("quadratic output")).toBeCloseTo(0.82, 2);
    });

    test("as the book's page computes it: 0.59 after 50 epochs", async () => {
      const demo = await studio.open("/demos/toy-neurons?epoch=50");
      await demo.press("book");
      expect(await demo.number("entropy output")).toBeCloseTo(0.59, 2);
    });
  });

  describe("momentum", () => {
    test("0.8 is at the bottom long before plain descent; above 1 the weight runs away", async () => {
      const demo = await studio.open("/demos/momentum?steps=60");
      expect(await demo.number("with")).toBeLessThan(0.1 * (await demo.number("without")));
      // Complex roots: their size is sqrt(mu).
      expect(await demo.number("growth")).toBeCloseTo(Math.sqrt(0.8), 12);
      await demo.set("μ", 1.1);
      expect(await demo.number("growth")).toBeGreaterThan(1);
      await demo.set("steps", 200);
      expect(await demo.number("with")).toBeGreaterThan(1000);
    });
  });

  describe("questions within questions", () => {
    const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

    test("a 0 has all four strokes; without one of them it is none; most zeros are told from most other digits", async () => {
      const demo = await studio.open("/demos/strokes");
      const zero = await demo.until("zero", Number.isFinite);
      expect(zero).toBeGreaterThan(0.5);
      expect(await demo.number("hidden 5")).toBeLessThan(0.5);
      await demo.press("quarter 3");
      // Nothing is left there: sigma(20 (0 - 0.5)).
      expect(await demo.number("hidden 3")).toBeCloseTo(sigmoid(-10), 9);
      expect(await demo.number("zero")).toBeLessThan(0.01);
      await demo.press("quarter 3");
      expect(await demo.number("zero")).toBe(zero);
      const zeros = await demo.until("zeros", Number.isFinite);
      expect(zeros).toBeGreaterThan(0.5);
      expect(await demo.number("others")).toBeLessThan(0.25);
      // A higher threshold finds fewer of either.
      await demo.set("threshold", 1);
      expect(await demo.until("zeros", (share) => share < zeros)).toBeLessThan(zeros);
    });

    test("an eye lacks two of three parts and is none; a face lacks one of five answers, not two", async () => {
      const demo = await studio.open("/demos/strokes?view=face");
      const [yes, no] = [sigmoid(10), sigmoid(-10)];
      const eye = sigmoid(10 * (3 * yes - 1.5));
      expect(await demo.number("left eye")).toBeCloseTo(eye, 9);
      expect(await demo.number("face")).toBeCloseTo(sigmoid(10 * (3 * yes + 2 * eye - 3.5)), 9);
      await demo.press("left brow");
      expect(await demo.number("left eye")).toBeGreaterThan(0.99);
      await demo.press("left iris");
      expect(await demo.number("left eye")).toBeCloseTo(sigmoid(10 * (yes + 2 * no - 1.5)), 9);
      expect(await demo.number("face")).toBeGreaterThan(0.9);
      // The mouth, in the picture itself.
      const face = demo.page.locator('[data-pixels="face"] svg');
      const box = (await face.boundingBox())!;
      await face.click({ position: { x: (13.5 / 28) * box.width, y: (23.5 / 28) * box.height } });
      expect(await demo.number("mouth")).toBeCloseTo(no, 9);
      expect(await demo.number("face")).toBeLessThan(0.1);
      await demo.set("needed", 3);
      expect(await demo.number("face")).toBeGreaterThan(0.9);
    });

    test("the network within the network opens and closes, by its key as well", async () => {
      const demo = await studio.open("/demos/strokes?view=face");
      const right = demo.page.locator('[data-network="right eye"]');
      const iris = demo.page.locator('[data-answer="right iris"]');
      expect(await iris.count()).toBe(0);
      await right.click();
      expect(Number(await iris.getAttribute("data-number"))).toBeCloseTo(sigmoid(10), 9);
      await right.focus();
      await demo.page.keyboard.press("Enter");
      expect(await iris.count()).toBe(0);
      expect(await right.getAttribute("aria-expanded")).toBe("false");
    });
  });
});
