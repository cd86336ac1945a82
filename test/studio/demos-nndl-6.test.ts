// The demonstrations of Nielsen's sixth chapter, as a reader uses them. The numbers that must appear are the book's, or worked by hand.
import { describe, expect, test } from "vitest";
import { executable, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`demonstrations of Nielsen's sixth chapter${whyNot}`, () => {
  const studio = useStudio();

  describe("what a hidden neuron sees", () => {
    test("24 by 24 neurons, 26 parameters a map, 520 for 20, beside 23,550", async () => {
      const demo = await studio.open("/demos/receptive-fields");
      expect(await demo.number("neurons")).toBe(576);
      expect(await demo.number("parameters")).toBe(26);
      await demo.set("maps", 20);
      expect(await demo.number("parameters")).toBe(520);
      expect(await demo.number("full")).toBe(23_550);
      await demo.set("stride", 2);
      expect(await demo.number("neurons")).toBe(144);
    });

    test("numbers in cells are large enough to read on a phone, however many cells there are", async () => {
      const demo = await studio.open("/demos/receptive-fields?side=9", { language: "zh", width: 390 });
      await demo.page.locator('[data-cells="weights"] [data-cell], [data-cells="weights"] rect').first().waitFor();
      expect(await demo.smallLetters()).toEqual([]);
      // 4 / 81 with the minus of the lower half: as many digits as there is room for.
      expect(await demo.page.locator('[data-cells="weights"]').textContent()).toContain("0.05");
      expect(await demo.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    });

    test("pressing in the map moves the field; its answer is sigma of what the cells say", async () => {
      const demo = await studio.open("/demos/receptive-fields");
      const map = demo.page.locator('[data-pixels="map"] svg');
      const box = (await map.boundingBox())!;
      await map.click({ position: { x: (10.5 / 24) * box.width, y: (4.5 / 24) * box.height } });
      const query = await demo.query();
      expect([query.get("row"), query.get("column")]).toEqual(["4", "10"]);
      const numbers = (name: string) =>
        demo.page
          .locator(`[data-cells="${name}"] [data-cell]`)
          .evaluateAll((cells) => cells.map((cell) => Number((cell as SVGElement).dataset["number"])));
      const [weights, below] = [await numbers("weights"), await numbers("below")];
      const z = weights.reduce((sum, weight, i) => sum + weight * below[i], 0);
      expect(await demo.number("z")).toBeCloseTo(z, 9);
      expect(await demo.number("answer")).toBeCloseTo(1 / (1 + Math.exp(-z)), 9);
    });
  });

  describe("pooling", () => {
    test("of 1124/5678/3210/1234: the first region has 6, the root of 63, and 3.25", async () => {
      const demo = await studio.open("/demos/pooling");
      expect(await demo.number("max")).toBe(6);
      expect(await demo.number("l2")).toBe(Math.sqrt(63));
      expect(await demo.number("mean")).toBe(3.25);
      await demo.page.locator('[data-cells="pooled"] [data-cell="0,1"]').click();
      expect(await demo.number("max")).toBe(8);
      expect(await demo.number("l2")).toBe(Math.sqrt(133));
      await demo.choose("pool", "4");
      expect(await demo.number("after")).toBe(1);
      expect(await demo.number("max")).toBe(8);
    });

    test("a cell is changed by its field and by the keys; the map is shifted", async () => {
      const demo = await studio.open("/demos/pooling");
      const cell = demo.page.locator('[data-cells="map"] [data-cell="0,0"]');
      await cell.click();
      await demo.set("cell", 20);
      expect(await demo.number("max")).toBe(20);
      await cell.focus();
      await demo.page.keyboard.press("+");
      expect(await demo.number("max")).toBe(21);
      await demo.set("shift", 4);
      expect(await demo.number("mean")).toBe(0);
    });
  });
});
