// Charts of what inspect finds: the conventions of the book, read back from the drawings.
import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import type { NetworkChart } from "./chart.ts";
import { imageAddress } from "./images.ts";
import {
  attackChart,
  featureMapsChart,
  filtersChart,
  filtersOverEpochsChart,
  mistakesChart,
  type Pictures,
  saliencyChart,
  successChart,
} from "./inside.ts";
import { renderChart, renderSvg } from "./svg.ts";

const bytesOf = (address: string): number[] => [
  ...decode(Uint8Array.from(atob(address.split(",")[1]), (character) => character.charCodeAt(0))).data,
];

/** The addresses of a drawing's images, overlays apart. */
const imagesIn = (svg: string): string[] =>
  [...svg.matchAll(/<image (?!data-over)[^>]*href="([^"]+)"/g)].map((m) => m[1]);

describe("shades", () => {
  it("are lighter for smaller, more negative numbers (Nielsen, chapter 6)", () => {
    expect(bytesOf(imageAddress({ width: 3, height: 1, pixels: [-2, 0, 2] }, "shades"))).toEqual([255, 128, 0]);
    expect(bytesOf(imageAddress({ width: 2, height: 1, pixels: [5, 5] }, "shades"))).toEqual([128, 128]);
    expect(bytesOf(imageAddress({ width: 2, height: 1, pixels: [1, null] }, "shades"))).toEqual([128, 128]);
  });

  it("are by each image's range, or by that of all", () => {
    const images = [
      [0, 1],
      [0, 2],
    ].map((pixels) => ({ width: 2, height: 1, pixels }));
    const drawn = (scale: "each" | "all") =>
      imagesIn(renderSvg({ kind: "images", images, colours: "shades", scale })).map(bytesOf);
    expect(drawn("each")).toEqual([
      [255, 0],
      [255, 0],
    ]);
    expect(drawn("all")).toEqual([
      [255, 128],
      [255, 0],
    ]);
  });
});

describe("filtersChart", () => {
  const filters = [
    [-1, 0, 0, 3],
    [2, 2, 2, 1],
  ];

  it("is a picture a filter, shaded each by itself; other channels are further pictures, three are colours", () => {
    const chart = filtersChart({ channels: 1, height: 2, width: 2, filters });
    expect(imagesIn(renderSvg(chart)).map(bytesOf)).toEqual([
      [255, 191, 191, 0],
      [0, 0, 0, 255],
    ]);
    const two = filtersChart({ channels: 2, height: 1, width: 2, filters });
    expect([two.images.length, two.columns]).toEqual([4, 2]);
    const rgb = filtersChart({ channels: 3, height: 1, width: 1, filters: [[-1, 0, 1]] });
    expect(rgb.images[0]).toMatchObject({ colours: "rgb", pixels: [0, 128, 255] });
  });

  it("over epochs is a row an epoch", () => {
    const at = (epoch: number) => ({ epoch, filters: { channels: 2, height: 1, width: 2, filters } });
    const chart = filtersOverEpochsChart([at(1), at(5)]);
    expect(chart.columns).toBe(2);
    expect(chart.images.map(({ pixels }) => pixels)).toEqual([
      [-1, 0],
      [2, 2],
      [-1, 0],
      [2, 2],
    ]);
    expect(renderSvg(chart)).toContain(">epoch 5</text>");
  });

  it("says what does not fit", () => {
    expect(() => filtersChart({ channels: 1, height: 2, width: 2, filters: [[1]] })).toThrow(
      "filter 0 holds 1 weights; 1 x 2 x 2 are 4",
    );
    expect(() => filtersChart(undefined as never)).toThrow(
      "filtersChart: the filters, as filters(model) gives them, must be an object",
    );
    expect(() => filtersOverEpochsChart([])).toThrow("there are no epochs");
  });
});

describe("pictures", () => {
  const pictures: Pictures = { height: 2, width: 1, pixels: [0, 1, 0.5, 0] };

  it("mistakes have the label in the upper right corner and the answer in the lower right", () => {
    const svg = renderSvg(mistakesChart(pictures, [{ index: 1, label: 4, answer: 9 }]), { width: 200 });
    const texts = [...svg.matchAll(/<text [^>]*?x="([\d.]+)" y="([\d.]+)"[^>]*>(\d)<\/text>/g)];
    const [label, answer] = texts.map(([, x, y, text]) => ({ x: Number(x), y: Number(y), text }));
    expect([label.text, answer.text]).toEqual(["4", "9"]);
    expect(label.x).toBe(answer.x);
    expect(label.y).toBeLessThan(answer.y);
    expect(label.x).toBeGreaterThan(80);
    // Ink: the half-full pixel is grey, the empty one white.
    expect(bytesOf(imagesIn(svg)[0])).toEqual([127, 255]);
    expect(
      mistakesChart(pictures, [{ index: 0, label: 0, answer: 1 }], { classNames: ["cat", "dog"] }).images[0]
        .bottomRight,
    ).toBe("dog");
    expect(() => mistakesChart(pictures, [{ index: 2, label: 0, answer: 1 }])).toThrow(
      "there is no picture 2 among 4 numbers of 2 each",
    );
  });

  it("in colour are planes in the data and interleaved in the drawing", () => {
    const one = { height: 1, width: 2, channels: 3, pixels: [0, 51, 102, 153, 204, 255], range: [0, 255] as const };
    const chart = mistakesChart(one, [{ index: 0, label: 1, answer: 2 }]);
    expect(chart.images[0]).toMatchObject({ colours: "rgb", pixels: [0, 102, 204, 51, 153, 255] });
  });

  it("saliency lies over the picture, half-transparent: blue below zero, orange above, nothing at zero", () => {
    const chart = saliencyChart({ height: 1, width: 3, pixels: [0, 1, 0] }, [-1, 0, 2]);
    const svg = renderSvg(chart);
    const [, over] = /<image data-over=""[^>]*href="([^"]+)"/.exec(svg)!;
    const image = decode(Uint8Array.from(atob(over.split(",")[1]), (character) => character.charCodeAt(0)));
    const colours = [...image.data].map((index) => image.palette![index]);
    expect(colours[1][3]).toBe(0);
    expect(colours[0][2]).toBeGreaterThan(colours[0][0]);
    expect(colours[2][0]).toBeGreaterThan(colours[2][2]);
    expect(colours[2][3]).toBeGreaterThan(colours[0][3]);
    expect(colours[2][3]).toBeLessThan(255);
    expect(() => saliencyChart(pictures, [1, 2, 3])).toThrow("maps must be 2 numbers a picture, got 3");
    expect(() =>
      renderSvg({ kind: "images", images: [{ width: 1, height: 1, pixels: [1], overlay: [1, 2] }] }),
    ).toThrow("image 0 has an overlay of 2 values for 1 x 1 pixels");
  });

  it("attacks are original, what was added, result", () => {
    const chart = attackChart(pictures, { pixels: [0.25, 1, 0.5, 0], before: [1, 2], after: [7, 2] });
    expect(chart.columns).toBe(3);
    expect(chart.images).toHaveLength(6);
    expect(chart.images[0].topRight).toBe("1");
    expect(chart.images[1].pixels).toEqual([0.25, 0]);
    expect(chart.images[2].bottomRight).toBe("7");
  });

  it("feature maps share their layer's range, so that a map that hardly answers is pale", () => {
    const svg = renderSvg(
      featureMapsChart({
        height: 1,
        width: 2,
        maps: [
          [0, 4],
          [0, 1],
        ],
      }),
    );
    expect(imagesIn(svg).map(bytesOf)).toEqual([
      [255, 0],
      [255, 191],
    ]);
  });
});

describe("successChart", () => {
  const curve = { epsilons: [0, 0.1], success: [0, 0.8], noise: [0, 0.1], accuracy: [1, 0.2], noiseAccuracy: [1, 0.9] };

  it("shows attacks by name and the noise beside them, in percent", () => {
    const chart = successChart({ fast: curve, iterated: { ...curve, success: [0, 1] } });
    expect(chart.series.map(({ y }) => y)).toEqual([
      [0, 0.8],
      [0, 1],
      [0, 0.1],
    ]);
    expect(successChart(curve, { show: "accuracy" }).series.map(({ y }) => y)).toEqual([
      [1, 0.2],
      [1, 0.9],
    ]);
    expect(renderSvg(chart)).toContain(">100%</text>");
  });
});

describe("a network's diagram", () => {
  const chart: NetworkChart = {
    kind: "network",
    layers: [
      ...Array.from({ length: 9 }, (_, i) => ({
        name: `${i}.maxPooling2d`,
        maps: { count: 20, height: 12, width: 12 },
      })),
      { name: "9.dense", units: 10, note: "10.activation" },
    ],
  };

  /** Where texts stand: their left and right ends, estimated broadly as the drawing does. */
  const textsOf = (svg: string) =>
    [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" font-size="(\d+)"( text-anchor="middle")?[^>]*>([^<]*)</g)].map(
      ([, x, y, size, middle, text]) => {
        const width = text.length * Number(size) * 0.6;
        const left = middle === undefined ? Number(x) : Number(x) - width / 2;
        return { left, right: left + width, y: Number(y), text };
      },
    );

  it.each([344, 1100])("has no names that overlap at a width of %i", (width) => {
    const { svg } = renderChart(chart, { width, theme: "page" });
    const texts = textsOf(svg);
    for (const a of texts)
      for (const b of texts) {
        if (a === b || a.y !== b.y) continue;
        expect(a.right <= b.left || b.right <= a.left, `${a.text} and ${b.text}`).toBe(true);
      }
    for (const { text, right, left } of texts) {
      expect(left, text).toBeGreaterThanOrEqual(-1);
      expect(right, text).toBeLessThanOrEqual(width);
      expect(text).not.toContain("…");
    }
    const [, height] = /viewBox="0 0 \d+ (\d+)"/.exec(svg)!;
    expect(Math.max(...texts.map(({ y }) => y))).toBeLessThanOrEqual(Number(height));
  });

  it("numbers its columns where names do not fit, and lists what they are", () => {
    const narrow = renderSvg(chart, { width: 344 });
    expect(narrow).toContain(">3  2.maxPooling2d: 20 × 12×12</text>");
    expect(narrow).toContain(">10  9.dense: 10, 10.activation</text>");
    expect(renderSvg(chart, { width: 1400 })).not.toContain(">10  9.dense");
  });
});
