// What the reader is made of: the guide's Markdown as pieces of a page, and the figures of its pages in the page's own colours.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { allEntries, SOURCES } from "../../book/library.ts";
import { type GuideBlock, readGuide, slugOf } from "../../scripts/studio/guide-markdown.ts";
import { renderSvg } from "../../src/plot/svg.ts";
import { readerPath } from "../../studio/src/reader/path.ts";
import { onPage, TITLE_HEIGHT, titleIn, withoutTitle } from "../../studio/src/reader/recorded.ts";

const pageOf = new Map([
  ["nndl/1.3-sigmoid", "nndl-1"],
  ["nndl/1.3-sigmoid-slope", "nndl-1"],
  ["nndl/2.4-equations", "nndl-2"],
]);
const read = (markdown: string) => readGuide(markdown, { page: "nndl-1", pageOf });
const htmlOf = (markdown: string) =>
  read(markdown)
    .blocks.flatMap((block) => (block.kind === "html" ? [block.html] : []))
    .join("");

describe("a page of the guide", () => {
  test("experiments stand below the first paragraph, list or table that names them, each once, and others' stay where they belong", () => {
    const { title, blocks } = read(
      "# One\n\nNothing.\n\n- `nndl/1.3-sigmoid-slope`\n- `npx nabla book run nndl/1.3-sigmoid`\n\n`nndl/1.3-sigmoid` again, and `nndl/2.4-equations`.\n",
    );
    expect(title).toBe("One");
    expect(blocks.map((block) => (block.kind === "experiments" ? block.ids : block.kind))).toEqual([
      "html",
      "html",
      ["nndl/1.3-sigmoid-slope", "nndl/1.3-sigmoid"],
      "html",
    ]);
  });

  test("a line of Chinese goes on in the next without a space, one of English with it", () => {
    expect(htmlOf("该位为 1 的\n数字，\n取 `a`\n与 b\nc")).toContain("该位为 1 的数字，取 <code>a</code>\n与 b\nc");
  });

  test("a figure is its experiment's: the longest id that its name begins with", () => {
    expect(read("![The slope](../figures/nndl-1.3-sigmoid-slope-curve.svg)").blocks).toEqual([
      {
        kind: "figure",
        file: "nndl-1.3-sigmoid-slope-curve.svg",
        caption: "The slope",
        experiment: "nndl/1.3-sigmoid-slope",
        name: "curve",
      },
    ]);
    expect(() => read("![x](../figures/other-1-x.svg)")).toThrow("no experiment draws other-1-x.svg");
    expect(() => read("![x](../images/report.png)")).toThrow("is no figure of an experiment");
  });

  test.each([
    ["[a](../../book/nndl/programs/network.ts)", 'href="#/source/book/nndl/programs/network.ts"'],
    ["[a](../../book/nndl/chapter1)", 'href="#/source/book/nndl/chapter1"'],
    ["[a](nndl-2.md)", 'href="#/book/nndl/2"'],
    ["[a](nndl-2.md#the-four)", 'href="#/book/nndl/2?at=the-four"'],
    ["[a](#here)", 'href="#/book/nndl/1?at=here"'],
    ["[a](https://example.org/x)", 'href="https://example.org/x" target="_blank" rel="noopener"'],
    ["[a](guide/sequences.md)", 'data-outside="guide/sequences.md"'],
    ["`nndl/2.4-equations`", 'href="#/book/nndl/2?at=nndl%2F2.4-equations"'],
    ["`npx nabla book run nndl/1.3-sigmoid --full`", 'href="#/book/nndl/1?at=nndl%2F1.3-sigmoid"'],
  ])("%s leads to its place in the studio", (markdown, expected) => {
    expect(htmlOf(markdown)).toContain(`<a ${expected}>`);
  });

  test("formulas are set, in lines and by themselves; prices are none, and what KaTeX can't read is an error", () => {
    expect(htmlOf("With $a_1 \\cdot b$ it is.")).toContain('<span class="formula whole"><span class="katex">');
    expect(htmlOf("Text:\n$$\na^2\n$$\nmore")).toContain(
      '<div class="display" tabindex="0"><span class="katex-display">',
    );
    const beside = htmlOf("$$a = {b \\quad c}, \\qquad \\begin{matrix} d \\quad e \\end{matrix} \\quad f$$");
    expect(beside.split('<span class="katex-display">')).toHaveLength(4);
    expect(htmlOf("From $5 to $6.")).toContain("From $5 to $6.");
    expect(htmlOf("`$x$` is code")).toContain("<code>$x$</code>");
    expect(() => htmlOf("$\\nothing$")).toThrow("nothing");
  });

  test("markers of numbers are gone, HTML is text, code is coloured and names its file", () => {
    expect(htmlOf("It is <!--=nndl/1.3-sigmoid x-->4.03<!--/-->.")).toBe("<p>It is 4.03.</p>\n");
    expect(htmlOf("<b>x</b>")).toContain("&lt;b&gt;x&lt;/b&gt;");
    const code = htmlOf("```ts book/nndl/programs/network.ts\nconst a = 1;\n```\n");
    expect(code).toContain('<a href="#/source/book/nndl/programs/network.ts">');
    expect(code).toContain('<span class="hljs-keyword">const</span>');
  });

  test("anchors are GitHub's", () => {
    expect(slugOf("Why moving the images still helps")).toBe("why-moving-the-images-still-helps");
    expect(slugOf("LSTM：门与状态")).toBe("lstm门与状态");
  });
});

describe("the guide itself", () => {
  const homes = new Map(allEntries().map(({ chapter, experiment }) => [experiment.id, chapter.guide]));
  const root = fileURLToPath(new URL("../../docs", import.meta.url));
  const pagesIn = (language: string) =>
    SOURCES.flatMap(({ chapters }) => chapters).map(({ guide }) => ({
      guide,
      ...readGuide(readFileSync(`${root}/${language}/${guide}.md`, "utf8"), { page: guide, pageOf: homes }),
    }));
  const wordsOf = (html: string): string =>
    html
      .replace(/<(code|annotation)\b[^>]*>.*?<\/\1>/gs, "")
      .replace(/<[^>]*>/g, "")
      .replaceAll("&quot;", '"');

  // A mark of stress ends at a full stop only before a space: "**一句。**二" stays as it was written, here and on GitHub.
  test.each(["en", "zh"])("nothing of Markdown's own marks is left in the words: %s", (language) => {
    const left = pagesIn(language).flatMap(({ guide, blocks }) =>
      blocks.flatMap((block) => {
        const text = block.kind === "figure" ? block.caption : "html" in block ? wordsOf(block.html) : "";
        return (/.{0,30}(?:\*\*|`|\]\(|\$\$|\\[a-z]+|&lt;\/?[a-z]+&gt;).{0,30}/s.exec(text) ?? []).map(
          (found) => `${guide}: ${found}`,
        );
      }),
    );
    expect(left).toEqual([]);
  });

  test.each(["en", "zh"])("a link to a place leads to a heading or an experiment that is there: %s", (language) => {
    const pages = pagesIn(language);
    const places = new Set(
      pages.flatMap(({ guide, blocks }) =>
        blocks
          .flatMap((block) => (block.kind === "heading" ? [block.id] : block.kind === "experiments" ? block.ids : []))
          .map((at) => `#${readerPath(guide)}?at=${encodeURIComponent(at)}`),
      ),
    );
    const links = pages.flatMap(({ blocks }) =>
      blocks.flatMap((block) =>
        "html" in block ? [...block.html.matchAll(/href="(#\/book\/[^"]+\?at=[^"]*)"/g)] : [],
      ),
    );
    expect(links.length).toBeGreaterThan(100);
    expect(links.map(([, href]) => href).filter((href) => !places.has(href))).toEqual([]);
  });

  test.each(["en", "zh"])(
    "every experiment stands on its chapter's page, once, and every link leads somewhere: %s",
    (language) => {
      for (const { guide, experiments } of SOURCES.flatMap(({ chapters }) => chapters)) {
        const { title, blocks } = readGuide(readFileSync(`${root}/${language}/${guide}.md`, "utf8"), {
          page: guide,
          pageOf: homes,
        });
        expect(title, guide).not.toBe("");
        const ids = blocks.flatMap((block) => (block.kind === "experiments" ? block.ids : []));
        expect([...ids].sort(), guide).toEqual(experiments.map(({ id }) => id).sort());
        const places = blocks.flatMap((block: GuideBlock) => (block.kind === "heading" ? [block.id] : []));
        expect(new Set(places).size, guide).toBe(places.length);
        const html = blocks.map((block) => ("html" in block ? block.html : "")).join("");
        const sources = [...html.matchAll(/href="#\/source\/([^"]+)"/g)].map(([, path]) => path);
        expect(
          sources.filter((path) => !existsSync(`${root}/../${path}`)),
          guide,
        ).toEqual([]);
        // The only pages that the reader lacks are those on the framework.
        const outside = [...html.matchAll(/data-outside="([^"]+)"/g)].map(([, path]) => path);
        expect(
          outside.filter((path) => !/^guide\/[\w-]+\.md$/.test(path)),
          guide,
        ).toEqual([]);
      }
    },
  );
});

test("a recorded figure takes the page's colours: none of its own is left, and its ids are its own", () => {
  const curve = { name: "a", x: [0, 1], y: [0, 1] };
  const chart = {
    kind: "line",
    title: "T",
    xAxis: { label: "x" },
    yAxis: {},
    series: [curve, { ...curve, name: "b" }],
  } as const;
  const recorded = renderSvg(chart, { width: 400 });
  const svg = onPage(recorded, "figure-7");
  expect(svg.match(/#[0-9a-f]{6}"/g)).toBeNull();
  expect(svg).toContain('fill="var(--ink)"');
  expect(svg).toContain('id="figure-7-plot"');
  expect(svg).toContain("url(#figure-7-c0)");
  expect(svg).not.toMatch(/[#"]chart-/);
  expect(svg).not.toMatch(/<svg [^>]* width="/);

  expect(titleIn(recorded)).toBe("T");
  const bare = withoutTitle(recorded);
  expect(titleIn(bare)).toBeUndefined();
  const [of, from] = [recorded, bare].map((one) => /viewBox="0 (\d+) 400 (\d+)"/.exec(one)!.slice(1).map(Number));
  expect([from[0] - of[0], of[1] - from[1]]).toEqual([TITLE_HEIGHT, TITLE_HEIGHT]);
});
