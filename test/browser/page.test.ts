// The figures of a page answer the pointer: what stands under it is said, with its numbers.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Chart } from "../../src/plot/chart.ts";
import { renderPage } from "../../src/plot/page.ts";
import { executable, launch, whyNot } from "./chromium.ts";

const CHARTS: Record<string, Chart> = {
  line: { kind: "line", series: [{ name: "loss", y: [3, 2, 1] }] },
  surface: {
    kind: "surface",
    x: [0, 1, 2],
    y: [0, 1, 2],
    z: [
      [0, 0, 0],
      [0, 7, 0],
      [0, 0, 0],
    ],
    zAxis: { label: "height" },
  },
  network: {
    kind: "network",
    layers: [
      { name: "inputs", units: 2, labels: ["x1", "x2"] },
      { name: "hidden", units: 1, weights: [[0.25, -4]] },
    ],
  },
  images: {
    kind: "images",
    images: [
      { width: 2, height: 2, pixels: [0, 255, 255, 0], caption: "a cross" },
      { width: 2, height: 2, pixels: [255, 0, 0, 255] },
    ],
  },
};

describe.skipIf(executable === undefined)(`a page in Chromium${whyNot}`, () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    page.on("pageerror", (error) => problems.push(error.message));
    const blocks = Object.values(CHARTS).map((chart) => ({ kind: "chart", chart, span: "half" }) as const);
    await page.setContent(renderPage({ title: "Figures", sections: [{ blocks }] }));
  });
  afterAll(async () => {
    await browser?.close();
  });

  /** What the read-out of a figure says, wherever the pointer stands in it. */
  function said(name: keyof typeof CHARTS): Promise<string[]> {
    const figure = page.locator("figure").nth(Object.keys(CHARTS).indexOf(name));
    // In the page, where it takes no turn of a protocol for every place.
    return figure.locator("[data-chart]:visible").evaluate((drawing) => {
      const svg = drawing.querySelector("svg")!;
      const note = drawing.querySelector<HTMLElement>(".readout")!;
      const texts = new Set<string>();
      const { left, top, width, height } = svg.getBoundingClientRect();
      for (let y = 2; y < height; y += 4) {
        for (let x = 2; x < width; x += 4) {
          svg.dispatchEvent(new PointerEvent("pointermove", { clientX: left + x, clientY: top + y }));
          if (!note.hidden) texts.add(note.textContent ?? "");
        }
      }
      return [...texts].sort();
    });
  }

  test("a curve says its value", async () => {
    expect(await said("line")).toEqual(["1loss3", "2loss2", "3loss1"]);
  });

  test("a surface says its height, and the peak stands before what lies behind it", async () => {
    const texts = await said("surface");
    expect(texts).toContain("x1y1height7");
    expect(texts).toContain("x0y0height0");
  });

  test("a neuron says the weights that lead to it, and shows its connections", async () => {
    const texts = await said("network");
    expect(texts).toEqual(["hidden 1inputs x10.25inputs x2−4", "inputs x1", "inputs x2"]);
  });

  test("an image is enlarged, and says its caption or its number", async () => {
    expect(await said("images")).toEqual(["2", "a cross"]);
    const figure = page.locator("figure").nth(3);
    const usual = await figure.locator("image").count();
    await figure.locator("image").first().hover();
    expect(await figure.locator("image").count()).toBe(usual + 1);
  });

  test("on a phone nothing is cut: rows of text are stacked, long tables show their first rows", async () => {
    const phone = await browser.newPage({ viewport: { width: 360, height: 780 } });
    const says = "what the source says of it, in a sentence that is long";
    const columns = ["claim", "reported", "measured", "holds"].map((label) => ({ label }));
    const claims = { columns, rows: [[says, "95.42", "95.33", "yes"]] };
    const epochs = { columns: [{ label: "epoch" }], rows: Array.from({ length: 30 }, (_, i) => [`${i + 1}`]) };
    const blocks = [claims, epochs].map((table) => ({ kind: "table", table, span: "full" }) as const);
    await phone.setContent(renderPage({ title: "Tables", sections: [{ blocks }] }));
    expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    for (const text of [says, "95.33"]) {
      const box = (await phone.getByText(text).boundingBox())!;
      expect(box.x + box.width, text).toBeLessThanOrEqual(360);
    }
    expect(await phone.getByRole("cell", { name: "30" }).isVisible()).toBe(false);
    await phone.getByText("22 more rows").click();
    expect(await phone.getByRole("cell", { name: "30" }).isVisible()).toBe(true);
    await phone.close();
  });

  test("without an error in the page", () => {
    expect(problems).toEqual([]);
  });
});
