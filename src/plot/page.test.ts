import { describe, expect, it } from "vitest";
import type { Page } from "./page.ts";
import { renderPage } from "./page.ts";
import { formatNumber } from "./scale.ts";

const page: Page = {
  title: { en: "Results", zh: "结果" },
  sections: [
    {
      heading: "Curves",
      blocks: [
        { kind: "chart", chart: { kind: "line", series: [{ name: "a</script>", y: [1, 2, 3] }] } },
        { kind: "figures", figures: [{ label: "accuracy", value: "97%" }] },
        { kind: "table", table: { columns: [{ label: "x" }], rows: [["<b>"]] } },
        { kind: "code", code: "a < b" },
      ],
    },
  ],
};

describe("renderPage", () => {
  const html = renderPage(page);

  it("is complete without a network and without JavaScript", () => {
    expect(html).toMatch(/^<!doctype html>/);
    expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|src="(?!data:)|@import|url\((?!#)/);
    expect(html).toContain("<svg");
    expect(html).toContain(">97%<");
  });

  it("carries a chart for wide screens and one for phones, with ids of their own", () => {
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((found) => found[1]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(html).toContain('class="drawing wide"');
    expect(html).toContain('class="drawing narrow"');
  });

  it("escapes text in markup and in data", () => {
    expect(html).toMatch(/<td[^>]*>&lt;b&gt;<\/td>/);
    expect(html).toContain("a &lt; b");
    expect(html).not.toContain("a</script>");
  });

  it("carries a script that stands on its own", () => {
    const script = /<script>(\(function[\s\S]+?)<\/script>/.exec(html)?.[1] ?? "";
    expect(() => new Function(script)).not.toThrow();
    expect(script).not.toMatch(/__vite|__name|import/);
    const write = new Function(`return ${formatNumber.toString()}`)() as typeof formatNumber;
    expect(write(12345.6)).toBe("12,346");
  });

  it("gives every role a colour in light and in dark", () => {
    const used = new Set([...html.matchAll(/var\((--[a-z-]+\d*)\)/g)].map((found) => found[1]));
    for (const name of used) expect(html.split(`${name}:`).length - 1, name).toBeGreaterThanOrEqual(2);
  });

  it("speaks the language asked for", () => {
    expect(renderPage({ ...page, language: "zh" })).toContain("<title>结果</title>");
    expect(renderPage({ ...page, language: "zh" })).toContain('<html lang="zh">');
  });
});
