// The drawing pad of Nielsen's first chapter, and "504192" cut, as a reader uses them.
import { describe, expect, test } from "vitest";
import { executable, type Probe, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`the drawing pad${whyNot}`, () => {
  const studio = useStudio();
  const ready = (demo: Probe) => demo.page.locator('[data-ready="true"]').waitFor();
  const cut = (demo: Probe, way: string) => demo.page.locator(`[data-cut="${way}"]`).getAttribute("data-text");
  const frames = (demo: Probe) => demo.page.locator('[data-pad="line"] g.frame').count();

  test("504192 is cut into six by the ink; by confidence alone there are over a hundred thousand ways", async () => {
    const demo = await studio.open("/demos/drawing-pad?images=6000");
    await ready(demo);
    await expect.poll(() => cut(demo, "ink")).toMatch(/^\d{6}$/);
    const right = [...((await cut(demo, "ink")) ?? "")].filter((digit, i) => digit === "504192"[i]).length;
    expect(right).toBeGreaterThanOrEqual(5);
    expect(await frames(demo)).toBe(6);
    expect(await cut(demo, "confidence")).toMatch(/^\d{6}$/);
    expect(await demo.number("trials")).toBeGreaterThan(100_000);
    expect(await demo.number("read confidence")).toBeGreaterThan(10 * (await demo.number("read ink")));
    await demo.choose("method", "confidence");
    expect(await frames(demo)).toBe(6);
    expect((await demo.query()).get("method")).toBe("confidence");

    // Other digits, as many pieces; a link shows the same.
    await demo.control("digits").fill("770");
    for (const way of ["ink", "confidence"]) await expect.poll(() => cut(demo, way)).toMatch(/^\d{3}$/);
    const [ink, confidence] = [await cut(demo, "ink"), await cut(demo, "confidence")];
    const again = await studio.open(`/demos/drawing-pad?${await demo.query()}`);
    await ready(again);
    await expect.poll(() => cut(again, "ink")).toBe(ink);
    await expect.poll(() => cut(again, "confidence")).toBe(confidence);
  });

  test("digits that are brought together touch, and are cut through the ink", async () => {
    const demo = await studio.open("/demos/drawing-pad?images=2000&digits=1100");
    await ready(demo);
    await expect.poll(() => frames(demo)).toBe(4);
    expect(await demo.page.locator('[data-touches="true"]').count()).toBe(0);
    await demo.set("gap", -0.1);
    await demo.page.locator('[data-touches="true"]').first().waitFor();
  });

  test("a digit is drawn with the keys alone, and read; a line is drawn over what is written, and cleared", async () => {
    const demo = await studio.open("/demos/drawing-pad?images=2000");
    await ready(demo);
    const { page } = demo;
    await page.locator('[data-pad="one"]').focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press("Shift+ArrowUp");
    await page.keyboard.press("Space");
    for (let i = 0; i < 8; i++) await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Space");
    await demo.until("answer first", (digit) => digit === 1);
    await page.locator('[data-pad="line"]').focus();
    await page.keyboard.press("Delete");
    await expect.poll(() => cut(demo, "ink")).toBeNull();
    await page.keyboard.press("Space");
    for (let i = 0; i < 4; i++) await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Escape");
    await expect.poll(() => frames(demo)).toBe(1);
    expect((await demo.query()).get("line")).toMatch(/^[0-9a-z]{8}$/);
    await demo.press("again");
    await expect.poll(() => frames(demo)).toBe(6);
  });
});
