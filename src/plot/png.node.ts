// A chart as a PNG file, by resvg. It is an optional package: SVG and HTML need nothing, and most users never ask for PNG.
import type { Chart } from "./chart.ts";
import type { SvgOptions } from "./svg.ts";
import { renderSvg } from "./svg.ts";

export interface PngOptions extends SvgOptions {
  /** Pixels of the image for a pixel of the drawing. Default 2. */
  readonly scale?: number;
}

/** @throws Error where the package is missing: names the command that installs it. */
export async function renderPng(chart: Chart, options: PngOptions = {}): Promise<Uint8Array> {
  if (options.theme === "page") {
    throw new Error('renderPng: the theme "page" takes its colours from a page; use "light" or "dark"');
  }
  const { scale = 2, ...drawing } = options;
  const svg = renderSvg(chart, drawing);
  const { Resvg } = await loadResvg();
  const image = new Resvg(svg, { fitTo: { mode: "zoom", value: scale } });
  return image.render().asPng();
}

/** `load` is replaced in tests, to see what a user without the package sees. */
export async function loadResvg(load = () => import("@resvg/resvg-js")): Promise<typeof import("@resvg/resvg-js")> {
  try {
    return await load();
  } catch (cause) {
    throw new Error(
      "renderPng: PNG images need the package @resvg/resvg-js, which could not be loaded; install it with: npm install @resvg/resvg-js",
      { cause },
    );
  }
}
