// The demonstration of Nielsen's section 4.3, in three dimensions, as a reader uses it.
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { executable, useStudio, whyNot } from "./studio.ts";

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

describe.skipIf(executable === undefined)(`towers over two inputs${whyNot}`, () => {
  const studio = useStudio();

  test("a step does not see the other input, and stands at -b/w", async () => {
    const demo = await studio.open("/demos/towers");
    expect([await demo.number("w1"), await demo.number("w2"), await demo.number("bias")]).toEqual([1000, 0, -500]);
    await demo.choose("axis", "y");
    await demo.set("s", 0.3);
    expect([await demo.number("w1"), await demo.number("w2"), await demo.number("bias")]).toEqual([0, 1000, -300]);
    await demo.choose("view", "bump");
    expect(await demo.number("inside")).toBeCloseTo(10, 9);
    expect(await demo.number("outside")).toBeCloseTo(0, 9);
  });

  test("the cross is h on its arms and 2h in the middle; behind a threshold of 3h/2 a tower is left", async () => {
    const demo = await studio.open("/demos/towers?view=cross");
    expect(await demo.number("centre")).toBeCloseTo(20, 9);
    expect(await demo.number("arm")).toBeCloseTo(10, 9);
    expect(await demo.number("corner")).toBeCloseTo(0, 9);
    await demo.choose("view", "tower");
    expect(await demo.number("centre")).toBeCloseTo(sigmoid(5), 9);
    expect(await demo.number("arm")).toBeCloseTo(sigmoid(-5), 9);
    await demo.set("b", -5);
    expect(await demo.number("arm")).toBeCloseTo(sigmoid(5), 9);
    await demo.set("h", 4);
    await demo.press("threshold");
    expect(await demo.number("bias")).toBe(-6);
    expect(await demo.number("centre")).toBeCloseTo(sigmoid(2), 9);
  });

  test("more towers come nearer to the function: four times as many, half the deviation", async () => {
    const demo = await studio.open("/demos/towers?view=towers");
    const five = await demo.number("deviation");
    expect(await demo.number("neurons")).toBe(100);
    await demo.set("n", 10);
    expect(await demo.number("neurons")).toBe(400);
    const ratio = (await demo.number("deviation")) / five;
    expect(ratio).toBeGreaterThan(0.35);
    expect(ratio).toBeLessThan(0.65);
  });

  test("is turned with the pointer and the keys, which stands in the address", async () => {
    const demo = await studio.open("/demos/towers?view=tower");
    await demo.drag("surface", 100, 60);
    let query = await demo.query();
    expect([query.get("azimuth"), query.get("elevation")]).toEqual(["-15", "52"]);
    await demo.page.locator('[data-handle="surface"]').focus();
    await demo.page.keyboard.press("ArrowRight");
    await demo.page.keyboard.press("Shift+ArrowUp");
    query = await demo.query();
    expect([query.get("azimuth"), query.get("elevation")]).toEqual(["-18", "37"]);
    const other = await studio.open(new URL(demo.page.url()).hash.slice(1));
    const path = ".surface .behind .edges";
    expect(await other.page.locator(path).getAttribute("d")).toBe(await demo.page.locator(path).getAttribute("d"));
  });

  test("what stands where the pointer is, is read there", async () => {
    const demo = await studio.open("/demos/towers?view=tower&elevation=80&azimuth=0");
    const surface = demo.page.locator('[data-handle="surface"]');
    const box = (await surface.boundingBox())!;
    await demo.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    const readout = demo.page.locator(".surface .readout");
    // The tower's middle: sigma(2 h + b) with h = 10, b = -15.
    await readout.getByText("0.993").waitFor();
    await demo.page.mouse.move(box.x + 4, box.y + 4);
    await readout.waitFor({ state: "detached" });
  });

  test("is saved as SVG and as PNG", async () => {
    const demo = await studio.open("/demos/towers?view=tower");
    const waiting = demo.page.waitForEvent("download");
    await demo.page.getByRole("button", { name: /^Save as SVG/ }).click();
    const file = await waiting;
    const svg = await readFile((await file.path())!, "utf8");
    expect(svg.split("<path").length).toBeGreaterThan(900);
    expect(svg).not.toContain("var(--");
    const picture = demo.page.waitForEvent("download");
    await demo.page.getByRole("button", { name: /^Save as PNG/ }).click();
    const bytes = await readFile((await (await picture).path())!);
    expect([...bytes.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
  });
});
