// The demonstrations of "Deep Learning from Zero", as a reader uses them. The numbers that must appear are the text's, or worked by hand
// (shared/spec/second-half.md, b).
import { describe, expect, test } from "vitest";
import { executable, type Probe, useStudio, whyNot } from "./studio.ts";

/** The numbers of a drawing of cells, row by row. */
async function cells(demo: Probe, name: string): Promise<number[][]> {
  return demo.page.locator(`[data-cells="${name}"]`).evaluate((svg) => {
    const rows: number[][] = [];
    for (const cell of svg.querySelectorAll<SVGElement>("[data-cell]")) {
      const [row] = cell.dataset["cell"]!.split(",").map(Number);
      rows[row] ??= [];
      rows[row].push(Number(cell.dataset["number"]));
    }
    return rows;
  });
}

async function pick(demo: Probe, name: string, row: number, column: number): Promise<void> {
  await demo.page.locator(`[data-cells="${name}"] [data-cell="${row},${column}"]`).click();
}

describe.skipIf(executable === undefined)(`demonstrations of "Deep Learning from Zero"${whyNot}`, () => {
  const studio = useStudio();

  describe("a filter, step by step", () => {
    test("the text's image: 434/243/234 with stride 1, 44/24 with stride 2; the first sum is 4", async () => {
      const demo = await studio.open("/demos/convolution-stepper");
      expect(await demo.number("sum")).toBe(4);
      expect(await cells(demo, "output0")).toEqual([
        [4, 3, 4],
        [2, 4, 3],
        [2, 3, 4],
      ]);
      await demo.set("S", 2);
      expect(await cells(demo, "output0")).toEqual([
        [4, 4],
        [2, 4],
      ]);
      await demo.set("S", 3);
      await demo.page.locator('[data-name="unfit"]').waitFor();
      await demo.set("P", 2);
      expect(await demo.number("size")).toBe(3);
    });

    test("turned, another filter gives another map: 331/134/-134 and 133/132/330", async () => {
      const demo = await studio.open("/demos/convolution-stepper");
      await demo.page.getByText("not symmetric", { exact: true }).click();
      expect((await cells(demo, "output0")).flat()).toEqual([3, 3, 1, 1, 3, 4, -1, 3, 4]);
      await demo.press("flip");
      expect((await cells(demo, "output0")).flat()).toEqual([1, 3, 3, 1, 3, 2, 3, 3, 0]);
    });

    test("product by product, and an image that is changed", async () => {
      const demo = await studio.open("/demos/convolution-stepper?steps=0");
      const sums = [];
      for (let i = 0; i < 9; i++) {
        await demo.press("step");
        sums.push(await demo.number("sum"));
      }
      expect(sums).toEqual([1, 1, 2, 2, 3, 3, 3, 3, 4]);
      await pick(demo, "image0", 0, 0);
      await demo.set("cell", 7);
      expect((await cells(demo, "output0"))[0]).toEqual([10, 3, 4]);
    });

    test("init_test: three channels, two filters, 56 parameters", async () => {
      const demo = await studio.open("/demos/convolution-stepper");
      await demo.choose("example", "deep");
      expect(await demo.number("parameters")).toBe(56);
      expect(await demo.number("bias")).toBe(1);
      expect(await demo.number("size")).toBe(3);
      // By PyTorch's conv2d.
      expect((await cells(demo, "output0")).flat()).toEqual([6, 7, 5, 3, -1, -1, 2, -1, 4]);
      expect((await cells(demo, "output1")).flat()).toEqual([2, -5, -8, 1, -4, -4, 0, -5, -5]);
    });
  });

  describe("the error travels back through a filter", () => {
    test("5 16 12 / 22 60 40 / 21 52 32; the middle gets four errors", async () => {
      const demo = await studio.open("/demos/sensitivity-padding");
      expect(await cells(demo, "back")).toEqual([
        [5, 16, 12],
        [22, 60, 40],
        [21, 52, 32],
      ]);
      expect(await demo.number("back")).toBe(60);
      expect(await demo.number("sum")).toBe(60);
      expect(await demo.number("terms")).toBe(4);
      await pick(demo, "back", 0, 0);
      expect(await demo.number("back")).toBe(5);
      expect(await demo.number("terms")).toBe(1);
      await pick(demo, "back", 0, 1);
      expect(await demo.number("sum")).toBe(16);
    });

    test("stride 2 puts zeros between, and each input hears of one error", async () => {
      const demo = await studio.open("/demos/sensitivity-padding");
      await demo.choose("stride", "2");
      expect((await cells(demo, "padded")).slice(1, 4)).toEqual([
        [0, 5, 0, 6, 0],
        [0, 0, 0, 0, 0],
        [0, 7, 0, 8, 0],
      ]);
      expect((await cells(demo, "back"))[0]).toEqual([5, 10, 6, 12]);
      expect(await demo.number("terms")).toBe(1);
    });
  });

  describe("pooling, backward", () => {
    test("max: to the largest alone; mean: a quarter to each; nothing is lost", async () => {
      const demo = await studio.open("/demos/pooling-backward");
      expect(await cells(demo, "output")).toEqual([
        [6, 8],
        [3, 4],
      ]);
      expect((await cells(demo, "back")).flat()).toEqual([0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1]);
      await demo.choose("method", "mean");
      expect((await cells(demo, "back")).flat()).toEqual(new Array(16).fill(0.25));
      expect(await demo.number("total back")).toBe(4);
    });

    test("overlapping windows: the 9 gets 4; the listed code gives it 1", async () => {
      const demo = await studio.open("/demos/pooling-backward?windows=overlapping");
      expect((await cells(demo, "back"))[1][1]).toBe(4);
      await demo.press("printed");
      expect((await cells(demo, "back"))[1][1]).toBe(1);
      expect(await demo.number("total back")).toBe(1);
    });
  });

  describe("how many parameters", () => {
    test("a hundred million, or 56 whatever the image", async () => {
      const demo = await studio.open("/demos/parameter-counter");
      await demo.set("W", 1000);
      expect(await demo.number("full")).toBe(100_000_100);
      await demo.set("D", 3);
      await demo.set("N", 2);
      await demo.set("F", 3);
      expect(await demo.number("conv")).toBe(56);
      await demo.set("W", 7);
      expect(await demo.number("conv")).toBe(56);
    });

    test("VGG-16: 138,357,544 parameters, 15,470,264,320 multiply-adds, 89.4% fully connected; LeNet-5: 61,706", async () => {
      const demo = await studio.open("/demos/parameter-counter");
      expect(await demo.number("network parameters")).toBe(138_357_544);
      expect(await demo.number("network work")).toBe(15_470_264_320);
      expect(await demo.number("network share")).toBeCloseTo(0.894, 3);
      await demo.choose("network", "LeNet-5");
      expect(await demo.number("network parameters")).toBe(61_706);
    });
  });

  describe("a recurrent network, unrolled", () => {
    test("1.1^100 and 0.9^100 are left of the error, and are the bound", async () => {
      const demo = await studio.open("/demos/unrolling?f=identity&steps=101");
      expect((await demo.number("left")) / 13_780.6123398222).toBeCloseTo(1, 6);
      expect((await demo.number("bound")) / 13_780.6123398222).toBeCloseTo(1, 6);
      await demo.set("W", 0.9);
      expect((await demo.number("left")) / 2.65613988875875e-5).toBeCloseTo(1, 6);
      await demo.choose("f", "sigmoid");
      // A quarter of the stretch a step, at most.
      expect(await demo.number("left")).toBeLessThan(await demo.number("bound"));
      await demo.set("T", 4);
      expect(await demo.number("bound")).toBeCloseTo(0.225 ** 3, 12);
    });

    test("with W = 1.2 training explodes; clipped it comes down from the cliff", async () => {
      const demo = await studio.open("/demos/unrolling?scale=1.2");
      const exploded = await demo.number("exploded");
      expect(exploded).toBeGreaterThanOrEqual(2);
      expect(exploded).toBeLessThanOrEqual(5);
      expect(await demo.number("first")).toBeCloseTo((1.2 ** 29 - 0.5) ** 2 / 2, 6);
      await demo.press("clip");
      expect(await demo.number("clipped")).toBeLessThan((await demo.number("first")) / 1000);
      await demo.set("W", 0.9);
      expect(await demo.number("exploded")).toBe(0);
    });
  });

  describe("the gates of an LSTM", () => {
    const verdict = (demo: Probe) => demo.page.locator('[data-name="verdict"]').getAttribute("data-value");

    test("f = 1 and i = 0 keep the cell exactly, f = 0.9 leaves 0.9^n", async () => {
      const demo = await studio.open("/demos/lstm-gates");
      expect(await demo.number("taken")).toBe(Math.tanh(1));
      expect(await demo.number("share")).toBe(1);
      expect(await verdict(demo)).toBe("kept");
      await demo.set("f", 0.9);
      // Thirteen words between, and three more to where it is asked for.
      expect(await demo.number("share")).toBeCloseTo(0.9 ** 16, 12);
      await demo.set("f", 0);
      expect(await demo.number("kept")).toBe(0);
      expect(await verdict(demo)).toBe("lost");
    });

    test("a gate that leaks lets other words in; one that is shut takes nothing in", async () => {
      const demo = await studio.open("/demos/lstm-gates?iElsewhere=0.2");
      expect(await verdict(demo)).toBe("disturbed");
      expect(await demo.number("share")).not.toBe(1);
      await demo.set("i", 0);
      expect(await verdict(demo)).toBe("never");
    });

    test("an open forget gate hands back more than the plain layer, a half open one does not", async () => {
      const demo = await studio.open("/demos/lstm-gates");
      expect(await demo.number("lstm 20")).toBeGreaterThan(10 * (await demo.number("rnn 20")));
      await demo.set("bias", 0);
      // Half a step for twenty steps is about a millionth.
      expect(await demo.number("lstm 20")).toBeLessThan(1e-3);
    });
  });

  describe("a gap that only what follows can fill", () => {
    test("both ways puts 买 into the text's sentence; forwards alone can't know", async () => {
      const demo = await studio.open("/demos/cloze");
      await demo.until("epochs", (epochs) => epochs === 25);
      const both = await demo.until("both", (p) => p > 0.8);
      expect(both).toBeLessThanOrEqual(1);
      const forwards = await demo.number("forwards");
      expect(forwards).toBeGreaterThan(0.02);
      expect(forwards).toBeLessThan(0.75);
      expect(await demo.number("share both")).toBeGreaterThan(0.9);
      expect(await demo.number("share forwards")).toBeLessThan(0.65);
      // Before the gap nothing changes, so the forward network's three answers add up to one, whatever stands behind.
      let sum = 0;
      for (const ending of ["0", "1", "2"]) {
        await demo.choose("ending", ending);
        await demo.page.waitForTimeout(500);
        sum += await demo.number("forwards");
        expect(await demo.number("both")).toBeGreaterThan(0.8);
      }
      expect(sum).toBeGreaterThan(0.9);
      expect(sum).toBeLessThanOrEqual(1);
    });
  });
});
