import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Chart } from "./chart.ts";
import { renderChart, renderSvg } from "./svg.ts";

const field = { x: [0, 1, 2, 3], y: [0, 1, 2], z: [0, 1, 2].map((y) => [0, 1, 2, 3].map((x) => x * y)) };
const both = { en: "accuracy", zh: "准确率" };

const charts: readonly Chart[] = [
  {
    kind: "line",
    title: "Loss",
    xAxis: { label: "epoch" },
    yAxis: { label: both },
    series: [
      { name: "training", y: [3, 2, 1] },
      { name: "validation", y: [3, null, 2], style: "dashed" },
    ],
    marks: [{ axis: "y", at: 2.5, label: "target" }],
  },
  { kind: "scatter", title: "Points", series: [{ name: "a", x: [1, 2, 3], y: [1, 4, 9] }] },
  { kind: "band", title: "Seeds", bands: [{ name: "SGD", low: [1, 2], high: [2, 3], middle: [1.5, 2.5] }] },
  { kind: "bar", title: "Bars", categories: ["one", "two"], series: [{ name: "a", values: [1, -2] }] },
  {
    kind: "bar",
    title: "Lying",
    direction: "horizontal",
    stacked: true,
    categories: ["one", "two"],
    series: [
      { name: "a", values: [1, 2] },
      { name: "b", values: [3, 4] },
    ],
  },
  { kind: "histogram", title: "Spread", bins: 4, series: [{ name: "a", values: [0, 1, 2, 3, 4] }] },
  {
    kind: "heat-map",
    title: "Grid",
    rows: ["r0", "r1"],
    columns: ["c0", "c1"],
    values: [
      [1, 2],
      [null, 4],
    ],
    numbers: true,
  },
  {
    kind: "confusion",
    title: "Mistakes",
    classes: ["cat", "dog"],
    counts: [
      [95, 5],
      [0, 90],
    ],
  },
  { kind: "contour", title: "Valley", ...field, paths: [{ name: "descent", x: [3, 1], y: [2, 1] }] },
  { kind: "surface", title: "Hill", ...field, xAxis: { label: "w1" } },
  { kind: "images", title: "Digits", images: [{ width: 1, height: 1, pixels: [7], caption: "seven" }] },
  {
    kind: "network",
    title: "Net",
    layers: [
      { name: "input", units: 784 },
      { name: "hidden", units: 3, note: "sigmoid", labels: ["a", "b", "c"] },
    ],
  },
  {
    kind: "tree",
    title: "Cats",
    nodes: [
      { label: "1.5", value: 1.5 },
      { parent: 0, label: "2", value: -2 },
      { parent: 1, label: "the" },
      { parent: 1, label: "cat", value: 3 },
      { parent: 0, label: "sat" },
    ],
    low: "bad",
    high: "good",
  },
];

const count = (text: string, part: string | RegExp) => text.split(part).length - 1;
/** A chain to the right over n + 1 words. */
const chain = (n: number) => [
  { label: "0" },
  ...Array.from({ length: n }, (_, i) => [
    { parent: 2 * i, label: `w${i}` },
    { parent: 2 * i, label: i === n - 1 ? `w${n}` : "0" },
  ]).flat(),
];
const of = (title: string) => charts.find((chart) => chart.title === title) as Chart;

/** Every element closed in order, and nothing that failed to become a number. */
function expectWellFormed(svg: string) {
  const open: string[] = [];
  for (const [, closing, name, rest] of svg.matchAll(/<(\/?)([a-zA-Z]+)([^<>]*)>/g)) {
    if (closing !== "") expect(open.pop()).toBe(name);
    else if (!rest.endsWith("/")) open.push(name);
  }
  expect(open).toEqual([]);
  expect(svg).not.toMatch(/NaN|undefined|Infinity|\[object/);
}

describe.each(charts.map((chart) => [`${chart.kind} "${chart.title}"`, chart] as const))("%s", (_, chart) => {
  it("is well-formed in each theme and language, from phone to page", () => {
    for (const theme of ["light", "dark", "page"] as const) {
      for (const width of [320, 900]) expectWellFormed(renderSvg(chart, { theme, width, language: "zh" }));
    }
  });

  it("is the same, byte for byte, when drawn again", () => {
    expect(renderSvg(chart)).toBe(renderSvg(chart));
  });

  it("survives JSON", () => {
    expect(renderSvg(JSON.parse(JSON.stringify(chart)))).toBe(renderSvg(chart));
  });

  it("shows its title and names no marker colour of the drawing machinery", () => {
    const svg = renderSvg(chart);
    expect(svg).toContain(`>${chart.title}</text>`);
    expect(svg).not.toMatch(/#a0000|#b0000|ecmeta|zr\d/);
  });
});

describe("what each kind shows", () => {
  it("line: a line a series with its number, legend, labels, ticks, reference", () => {
    const svg = renderSvg(of("Loss"));
    expect(svg).toMatch(/<path data-series="0" d="M[^"]+"/);
    expect(svg).toContain('<path data-series="1"');
    expect(svg).toContain("stroke-dasharray");
    for (const text of ["training", "validation", "epoch", "accuracy", "target", "2.0"])
      expect(svg).toContain(`>${text}<`);
    expect(count(svg, "data-legend")).toBe(2);
  });

  it("line: points between gaps are dots", () => {
    const chart: Chart = { kind: "line", series: [{ name: "a", y: [null, 2, null, 3, 4] }] };
    expect(count(renderSvg(chart), "<circle")).toBe(1);
  });

  it("one series needs no legend; the other language is shown on demand", () => {
    expect(renderSvg(of("Points"))).not.toContain("data-legend");
    expect(renderSvg(of("Loss"), { language: "zh" })).toContain(">准确率<");
  });

  it("scatter: a dot a point", () => {
    expect(count(renderSvg(of("Points")), '<circle data-series="0"')).toBe(3);
  });

  it("a logarithmic axis puts 1, 10 and 100 at equal distances", () => {
    const chart: Chart = {
      kind: "scatter",
      yAxis: { scale: "log" },
      series: [{ name: "a", x: [1, 2, 3], y: [1, 10, 100] }],
    };
    const heights = [...renderSvg(chart).matchAll(/<circle[^>]* cy="([\d.]+)"/g)].map((found) => Number(found[1]));
    expect(heights[0] - heights[1]).toBeCloseTo(heights[1] - heights[2], 1);
  });

  it("band: area and middle belong to one series", () => {
    expect(count(renderSvg(of("Seeds")), '<path data-series="0"')).toBe(2);
  });

  it("bar: a bar a value; histogram: one outline a bin that is not empty", () => {
    expect(count(renderSvg(of("Bars")), '<path data-series="0"')).toBe(2);
    expect(count(renderSvg(of("Lying")), /<path data-series="[01]"/)).toBe(4);
    const outline = /<path data-series="0" d="([^"]+)"/.exec(renderSvg(of("Spread")))?.[1] ?? "";
    expect(count(outline, "Z")).toBe(4);
  });

  it("heat map and confusion matrix: numbers in the cells, zeros left out, gaps empty", () => {
    const heat = renderSvg(of("Grid"));
    for (const text of ["r0", "c1", "1", "2", "4"]) expect(heat).toContain(`>${text}</text>`);
    const confusion = renderSvg(of("Mistakes"));
    for (const text of ["cat", "dog", "95", "90", "5", "5.0%", "read as"])
      expect(confusion).toContain(`>${text}</text>`);
  });

  it("contour: filled regions and the path over them", () => {
    const svg = renderSvg(of("Valley"));
    expect(count(svg, 'fill-rule="evenodd"')).toBeGreaterThan(4);
    expect(svg).toContain('<path data-series="0"');
    expect(svg).toContain(">descent</text>");
  });

  it("surface: a patch for each four neighbours", () => {
    expect(count(renderSvg(of("Hill")), /<path d="M[^"]+Z" fill=/)).toBe(3 * 2);
  });

  it("images: pixels and captions; network: long layers shortened", () => {
    expect(renderSvg(of("Digits"))).toContain(">seven</text>");
    expect(renderSvg(of("Digits"))).toContain('href="data:image/png;base64,');
    const net = renderSvg(of("Net"));
    expect(count(net, "<circle")).toBe(11 + 3 + 3);
    for (const text of ["784", "sigmoid", "hidden"]) expect(net).toContain(`>${text}</text>`);
  });

  it("network: the numbers of weights do not stand on each other", () => {
    for (const [from, to] of [
      [2, 3],
      [3, 2],
      [1, 4],
      [3, 4],
      [2, 2],
    ]) {
      const weights = Array.from({ length: to }, (_, i) => Array.from({ length: from }, (_, j) => 0.1 + i + j / 10));
      const layers = [
        { name: "in", units: from },
        { name: "out", units: to, weights },
      ];
      const svg = renderSvg({ kind: "network", layers }, { width: 720 });
      const heights = [...svg.matchAll(/<text stroke=[^>]* y="([\d.]+)"/g)]
        .map(([, y]) => Number(y))
        .sort((a, b) => a - b);
      expect(heights).toHaveLength(from * to);
      for (let i = 1; i < heights.length; i++)
        expect(heights[i] - heights[i - 1], `${from} to ${to}`).toBeGreaterThan(10);
    }
  });

  it("tree: words in a row with nodes above them, below each other where a row is too long; a chain of any depth", () => {
    const small = renderSvg(of("Cats"));
    for (const text of ["the", "cat", "sat", "1.5", "bad", "good"]) expect(small).toContain(`>${text}</text>`);
    const at = (svg: string, word: string) => {
      const [, x, y] = svg.match(new RegExp(`<text x="([^"]+)" y="([^"]+)"[^>]*>${word}</text>`))!.map(Number);
      return [x, y];
    };
    const [the, cat, sat] = ["the", "cat", "sat"].map((word) => at(small, word));
    expect(the[1]).toBe(sat[1]);
    expect(the[0] < cat[0] && cat[0] < sat[0]).toBe(true);
    const narrow = renderSvg({ ...of("Cats"), nodes: chain(40) } as Chart);
    const [first, last] = ["w0", "w40"].map((word) => at(narrow, word));
    expect(first[0]).toBe(last[0]);
    expect(first[1]).not.toBe(last[1]);
    expectWellFormed(renderSvg({ kind: "tree", nodes: chain(800) }));
    expectWellFormed(renderSvg({ kind: "tree", nodes: [{ label: "alone", value: 1 }] }));
  });

  it("draws categories of any name, each a bar of its own", () => {
    const categories = ["{value}", "{a|b}", "same", "same", "5", "-"];
    const svg = renderSvg(
      { kind: "bar", categories, series: [{ name: "{c}", values: categories.map((_, i) => i + 1) }] },
      { width: 900 },
    );
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text.trim());
    expect(texts.filter((text) => categories.includes(text) && text !== "5")).toEqual(
      categories.filter((name) => name !== "5"),
    );
  });

  it("escapes what it is given", () => {
    const evil = "<script>\"&'";
    const svg = renderSvg({
      kind: "line",
      title: evil,
      series: [
        { name: evil, y: [1, 2] },
        { name: "b", y: [1, 2] },
      ],
    });
    expect(svg).not.toContain("<script>");
    expect(svg).toContain("&lt;script&gt;&quot;&amp;&#39;");
    const bars = renderSvg({ kind: "bar", categories: [evil], series: [{ name: "a", values: [1] }] });
    expect(bars).not.toContain("<script>");
    expectWellFormed(bars);
  });

  it("5000 steps are thinned to what the width can show", () => {
    const y = Array.from({ length: 5000 }, (_, i) => Math.sin(i));
    expect(renderSvg({ kind: "line", series: [{ name: "a", y }] }).length).toBeLessThan(30_000);
  });

  it("sizes: natural heights, and a message where nothing could be drawn", () => {
    expect(renderSvg(of("Loss"), { width: 500, height: 300 })).toContain('width="500" height="300"');
    expect(() => renderSvg(of("Loss"), { width: 50 })).toThrow("too small; at least 160 by 80");
  });
});

describe("read-outs", () => {
  it("a line chart answers at each x with the value behind the pixel", () => {
    const { readout } = renderChart(of("Loss"));
    if (readout?.kind !== "column") throw new Error("expected a column read-out");
    expect(readout.series.map((series) => series.name)).toEqual(["training", "validation"]);
    expect(readout.series[1]).toMatchObject({ x: [1, 3], y: [3, 2] });
    const { box, x } = readout;
    expect(x.offset + x.factor * 1).toBeCloseTo(box.left, 6);
    expect(x.offset + x.factor * 3).toBeCloseTo(box.left + box.width, 6);
  });

  it("bars, cells, fields and pictures have theirs", () => {
    expect(
      ["Bars", "Spread", "Mistakes", "Valley", "Digits"].map((title) => renderChart(of(title)).readout?.kind),
    ).toEqual(["stretches", "stretches", "cells", "field", "images"]);
  });
});

it("property: every range of values can be drawn, with round, loose and given ends", () => {
  const value = fc
    .tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: -6, max: 6 }))
    .map(([digits, power]) => (digits / 1e6) * 10 ** power);
  fc.assert(
    fc.property(
      value,
      value,
      fc.constantFrom("line", "scatter"),
      fc.constantFrom("percent", undefined),
      fc.boolean(),
      (a, b, kind, format, given) => {
        fc.pre(a !== b);
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const yAxis = { ...(format && { format }), ...(given && { min, max }) };
        const chart = { kind, yAxis, series: [{ name: "a", x: [0, 1, 2], y: [a, b, (a + b) / 2] }] } as Chart;
        expect(renderSvg(chart, { width: 300, height: 200 })).toContain("<svg");
      },
    ),
    { numRuns: 200 },
  );
});

it("82.6% to 92.6%, whose lowest tick is 0.82 and not 0.8200000000000001", () => {
  const chart: Chart = {
    kind: "line",
    yAxis: { format: "percent" },
    series: [
      { name: "a", y: [0.82648, 0.91578] },
      { name: "b", y: [0.9183, 0.9257] },
    ],
  };
  expect(renderSvg(chart, { width: 400, height: 300 })).toContain("82%");
});
