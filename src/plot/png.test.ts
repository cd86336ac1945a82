import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import type { Chart } from "./chart.ts";
import { loadResvg, renderPng } from "./png.node.ts";

const chart: Chart = { kind: "line", series: [{ name: "a", y: [1, 2, 3] }] };

describe("renderPng", () => {
  it("draws at the size and scale asked for", async () => {
    const image = decode(await renderPng(chart, { width: 320, height: 200, scale: 1.5 }));
    expect([image.width, image.height]).toEqual([480, 300]);
    expect(new Set(image.data).size).toBeGreaterThan(4);
  });

  it("names the command that installs the missing package", async () => {
    const missing = () => Promise.reject(new Error("Cannot find package"));
    await expect(loadResvg(missing)).rejects.toThrow("npm install @resvg/resvg-js");
  });

  it("refuses the theme that only a page can colour", async () => {
    await expect(renderPng(chart, { theme: "page" })).rejects.toThrow('use "light" or "dark"');
  });
});
