// The studio around its pages: addresses, undo, languages, colours, the keyboard, saving a figure, and what axe says of every page.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BOOK_PATHS, DEMO_PATHS } from "./paths.ts";
import { executable, useStudio, whyNot } from "./studio.ts";

describe.skipIf(executable === undefined)(`the studio${whyNot}`, () => {
  const studio = useStudio();

  test("a link shows what one sees, after a reload too", async () => {
    const demo = await studio.open("/demos/sigmoid-to-step");
    await demo.set("w", 20);
    await demo.set("b", -5);
    expect([...(await demo.query())]).toEqual([
      ["w", "20"],
      ["b", "-5"],
    ]);
    await demo.page.reload();
    expect(await demo.number("place")).toBe(0.25);
    const other = await studio.open(new URL(demo.page.url()).hash.slice(1));
    expect(await other.number("place")).toBe(0.25);
  });

  test("what an address says wrongly is passed over or brought into range", async () => {
    const demo = await studio.open("/demos/sigmoid-to-step?w=nonsense&b=1e9&x=%E0%A4&step=maybe&other=1");
    expect(await demo.number("place")).toBe(-125);
    expect(await demo.number("perceptron")).toBe(1);
  });

  test("undo and redo, by button and by key; what is undone can be undone no further", async () => {
    const demo = await studio.open("/demos/sigmoid-to-step?w=5");
    await demo.set("w", 10);
    await demo.query();
    await demo.set("w", 40);
    await demo.query();
    expect(await demo.number("place")).toBe(0.1);
    await demo.press("undo");
    expect(await demo.number("place")).toBe(0.4);
    await demo.page.locator("h1").click();
    await demo.page.keyboard.press("Control+z");
    expect(await demo.number("place")).toBe(0.8);
    expect(await demo.control("undo").isDisabled()).toBe(true);
    await demo.page.keyboard.press("Control+Shift+z");
    expect(await demo.number("place")).toBe(0.4);
    await demo.press("reset");
    expect(await demo.number("place")).toBe(0.5);
  });

  test("a field says what it can't take, and keeps the value before", async () => {
    const demo = await studio.open("/demos/sigmoid-to-step?w=5");
    const field = demo.control("w").locator('input[type="text"]');
    await field.fill("abc");
    await demo.page.getByText("Not a number").waitFor();
    await field.fill("5000");
    await demo.page.getByText("Between −100 and 100").waitFor();
    expect(await demo.number("place")).toBe(0.8);
    await field.press("Escape");
    expect(await field.inputValue()).toBe("5");
  });

  test("the browser's language and colours, and others by choice, which are remembered", async () => {
    const page = await studio.open("/", { language: "zh", dark: true });
    const root = page.page.locator("html");
    expect(await root.getAttribute("lang")).toBe("zh");
    expect(await root.getAttribute("data-theme")).toBe("dark");
    await page.page.getByRole("button", { name: "English" }).click();
    await page.page.getByRole("button", { name: "Switch to light colours" }).click();
    expect(await page.page.locator("h1").textContent()).toBe("See a network learn");
    await page.page.reload();
    expect(await root.getAttribute("lang")).toBe("en");
    expect(await root.getAttribute("data-theme")).toBe("light");
  });

  test("an address without a page says so", async () => {
    const page = await studio.open("/demos/nothing");
    expect(await page.page.locator("h1").textContent()).toBe("There is no such page");
  });

  test("the page is isolated, so that it may have threads", async () => {
    const page = await studio.open("/");
    expect(await page.page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
  });

  test("a figure is saved as SVG, with its colours, and as PNG of twice its size", async () => {
    const demo = await studio.open("/demos/bowl-descent?steps=5");
    const save = async (format: string) => {
      const [download] = await Promise.all([
        demo.page.waitForEvent("download"),
        demo.page.getByRole("button", { name: `Save as ${format}: The bowl from above` }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`the-bowl-from-above.${format.toLowerCase()}`);
      return readFileSync(await download.path());
    };
    const svg = (await save("SVG")).toString();
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 /);
    expect(svg.includes("var(--")).toBe(false);
    // The field, and the ball's path in orange.
    expect(svg.includes("data:image/png;base64,")).toBe(true);
    expect(svg.includes("rgb(208, 104, 30)")).toBe(true);
    const png = await save("PNG");
    const width = Number(/width="([\d.]+)"/.exec(svg)?.[1]);
    expect(png.readUInt32BE(16)).toBe(Math.round(2 * Math.round(width)));
  });

  test("a program is read in the studio as it is in the package", async () => {
    const page = await studio.open("/source/book/nndl/programs/bowl.ts");
    expect(await page.page.locator("pre").textContent()).toContain("export function rollDown");
  });

  test("by keyboard alone from the first page into a demonstration, and its slider", async () => {
    const { page } = await studio.open("/");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator('[data-control="w"]').waitFor();
    const slider = page.locator('[data-control="w"] input[type="range"]');
    await slider.focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.locator('[data-control="w"] input[type="text"]').inputValue()).toBe("8.5");
  });

  // One page for all addresses: what is asked is how each looks, not how it is reached.
  test.each([
    { language: "en", dark: false, width: 1280 },
    { language: "zh", dark: true, width: 360 },
  ] as const)(
    "$language, dark $dark, $width wide: nothing bars a reader, nothing is wider than the window, cut, on top of another or, on a phone, too small",
    async (opening) => {
      const probe = await studio.open("/", opening);
      const found: Record<string, unknown> = {};
      for (const path of ["/", "/playground", "/digits", "/nowhere", ...BOOK_PATHS, ...DEMO_PATHS]) {
        await probe.goTo(path);
        const barriers = await probe.barriers();
        const over = await probe.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        const collisions = await probe.collisions();
        const small = opening.width < 400 ? await probe.smallLetters() : [];
        if (barriers.length + collisions.length + small.length > 0 || over > 0) {
          found[path] = { barriers, collisions, small, over };
        }
      }
      expect(found).toEqual({});
    },
    // A few seconds a page, and there are many.
    300_000,
  );
});
