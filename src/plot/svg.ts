// renderSvg: a chart as an SVG document, in Node or a browser, with no DOM. The same chart and options give the same
// bytes every time.
import { knownOptions } from "../engine/checks.ts";
import { drawBars, drawHistogram } from "./bars.ts";
import type { Chart, Language } from "./chart.ts";
import { say } from "./chart.ts";
import { checkChart } from "./check.ts";
import { drawCurves } from "./curves.ts";
import { drawConfusion, drawContour, drawHeatMap } from "./fields.ts";
import { checkForm, SVG_OPTIONS } from "./form.ts";
import type { Canvas, Drawing } from "./frame.ts";
import { wrapSvg } from "./frame.ts";
import { drawImages } from "./images.ts";
import { drawNetwork } from "./network.ts";
import type { Readout } from "./readout.ts";
import { drawSurface } from "./surface.ts";
import type { Theme } from "./theme.ts";
import { palettes } from "./theme.ts";
import { drawTree, treeHeight } from "./tree.ts";

export interface SvgOptions {
  /** In pixels, the margin included. Default 640. */
  readonly width?: number;
  /** Default by kind: 380; square plots are taller, a grid of images takes what it needs. */
  readonly height?: number;
  /** Default `"en"`. */
  readonly language?: Language;
  /** `"light"` (default), `"dark"`, or `"page"`: colours as CSS variables, no margin, no paper. */
  readonly theme?: Theme;
  /** Begins the ids inside; charts that share a page need different ones. Default `"chart"`. */
  readonly id?: string;
}

/** @throws Error where the chart cannot be drawn (see `checkChart`), or the size is too small to draw in. */
export function renderSvg(chart: Chart, options: SvgOptions = {}): string {
  return renderChart(chart, options).svg;
}

/** A drawing's longest side, in pixels. */
const LARGEST_SIDE = 20_000;

/** The SVG, and what a page needs to answer the pointer over it. */
export function renderChart(chart: Chart, options: SvgOptions = {}): { svg: string; readout?: Readout } {
  knownOptions("renderSvg", options, ["width", "height", "language", "theme", "id"]);
  checkChart(chart);
  checkForm("renderSvg", SVG_OPTIONS, options, "options");
  const theme = options.theme ?? "light";
  const width = options.width ?? 640;
  const height = options.height ?? usualHeight(chart, width);
  if (width > LARGEST_SIDE || height > LARGEST_SIDE) {
    throw new Error(`renderSvg: ${width} by ${height} is too large; at most ${LARGEST_SIDE} pixels a side are drawn`);
  }
  if (!(width >= 160 && height >= 80)) {
    throw new Error(`renderSvg: ${width} by ${height} is too small; at least 160 by 80 pixels are needed`);
  }
  const margin = theme === "page" ? 0 : 16;
  const canvas: Canvas = {
    width: width - 2 * margin,
    height: height - 2 * margin,
    palette: palettes[theme],
    language: options.language ?? "en",
    id: options.id ?? "chart",
  };
  const drawing = draw(canvas, chart);
  const label = say(chart.title, canvas.language) || chart.kind;
  return { svg: wrapSvg(canvas, drawing, label, margin, margin > 0), readout: drawing.readout };
}

function usualHeight(chart: Chart, width: number): number {
  switch (chart.kind) {
    case "confusion":
      return Math.round(Math.min(width, 560) * 0.9);
    case "heat-map":
      return Math.round(Math.min(720, Math.max(180, (width * chart.rows.length) / chart.columns.length) + 70));
    case "contour":
    case "surface":
      return Math.round(Math.min(width, 640) * 0.75 + 60);
    case "bar":
      return chart.direction === "horizontal"
        ? Math.max(200, 90 + 28 * chart.categories.length)
        : Math.round(Math.min(380, Math.max(280, width * 0.6)));
    case "network":
      return 320;
    case "tree":
      return Math.ceil(treeHeight(chart, width - 32));
    default:
      return Math.round(Math.min(380, Math.max(280, width * 0.6)));
  }
}

function draw(canvas: Canvas, chart: Chart): Drawing {
  switch (chart.kind) {
    case "line":
    case "scatter":
    case "band":
      return drawCurves(canvas, chart);
    case "bar":
      return drawBars(canvas, chart);
    case "histogram":
      return drawHistogram(canvas, chart);
    case "heat-map":
      return drawHeatMap(canvas, chart);
    case "confusion":
      return drawConfusion(canvas, chart);
    case "contour":
      return drawContour(canvas, chart);
    case "surface":
      return drawSurface(canvas, chart);
    case "images":
      return drawImages(canvas, chart);
    case "network":
      return drawNetwork(canvas, chart);
    case "tree":
      return drawTree(canvas, chart);
  }
}
