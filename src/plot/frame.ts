// What stands around every drawing: title, legend, the scale of a colour ramp, and the SVG element itself.
import type { Language } from "./chart.ts";
import { escapeMarkup, fontFamily, short, shorten, svgText, textWidth, wrapText } from "./markup.ts";
import type { Readout } from "./readout.ts";
import type { Palette } from "./theme.ts";

/** Where and how a drawing is made. Coordinates run from 0 to `width` and from 0 to `height`. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly palette: Palette;
  readonly language: Language;
  /** Begins every id in the drawing, so that several can stand in one page. */
  readonly id: string;
}

export interface Drawing {
  readonly markup: string;
  /** The height in fact taken; drawings with a natural height need not fill the canvas. */
  readonly height: number;
  readonly readout?: Readout;
}

export interface LegendItem {
  /** The `data-series` of the marks it names. */
  readonly id: number;
  readonly name: string;
  readonly colour: string;
  readonly mark: "line" | "dashed" | "dot" | "square";
}

export interface RampLegend {
  readonly label: string;
  readonly colours: readonly string[];
  readonly low: string;
  readonly high: string;
}

export interface Heading {
  readonly title: string;
  readonly legend?: readonly LegendItem[];
  readonly ramp?: RampLegend;
  /** Written over the vertical axis, where it is read without turning the head. */
  readonly yLabel?: string;
}

const legendSize = 12;
const legendRow = 20;

/** Draws what stands above the plot; `bottom` is where the plot may begin. */
export function drawHeading(canvas: Canvas, heading: Heading): { markup: string; bottom: number } {
  const { palette, width } = canvas;
  const parts: string[] = [];
  let y = 0;
  if (heading.title !== "") {
    // Bold letters are a tenth wider.
    for (const line of wrapText(heading.title, 15, width / 1.1, 3)) {
      y += 20;
      parts.push(svgText(line, 0, y - 4, { fill: palette.ink, size: 15, weight: 600 }));
    }
    y += 4;
  }
  if (heading.legend !== undefined && heading.legend.length > 0) {
    const placed = placeLegend(heading.legend, width);
    for (const { item, x, row, name } of placed) {
      parts.push(drawLegendItem(canvas, item, name, x, y + row * legendRow + legendRow / 2));
    }
    y += (placed[placed.length - 1].row + 1) * legendRow + 4;
  }
  if (heading.ramp !== undefined) {
    parts.push(drawRamp(canvas, heading.ramp, y + legendRow / 2));
    y += legendRow + 4;
  }
  if (heading.yLabel !== undefined && heading.yLabel !== "") {
    parts.push(svgText(shorten(heading.yLabel, 12, width), 0, y + 13, { fill: palette.muted }));
    y += 20;
  }
  return { markup: parts.join("\n"), bottom: y };
}

function placeLegend(items: readonly LegendItem[], width: number) {
  let x = 0;
  let row = 0;
  return items.map((item) => {
    const name = shorten(item.name, legendSize, width - swatchWidth(item));
    const needed = swatchWidth(item) + textWidth(name, legendSize);
    if (x > 0 && x + needed > width) {
      x = 0;
      row++;
    }
    const placed = { item, name, x, row };
    x += needed + 16;
    return placed;
  });
}

function swatchWidth(item: LegendItem): number {
  return item.mark === "dot" ? 14 : item.mark === "square" ? 18 : 24;
}

function drawLegendItem(canvas: Canvas, item: LegendItem, name: string, x: number, y: number): string {
  const swatch =
    item.mark === "dot"
      ? `<circle cx="${short(x + 4)}" cy="${short(y)}" r="4" fill="${item.colour}"/>`
      : item.mark === "square"
        ? `<rect x="${short(x)}" y="${short(y - 6)}" width="12" height="12" rx="2" fill="${item.colour}"/>`
        : `<path d="M${short(x)} ${short(y)}h18" stroke="${item.colour}" stroke-width="2.5" fill="none"${item.mark === "dashed" ? ' stroke-dasharray="5 3"' : ""}/>`;
  const text = x + swatchWidth(item);
  const label = svgText(name, text, y, { fill: canvas.palette.ink, size: legendSize, baseline: "middle" });
  const width = swatchWidth(item) + textWidth(name, legendSize);
  // The empty rectangle makes the whole item answer the pointer, not only its letters.
  const target = `<rect x="${short(x)}" y="${short(y - 10)}" width="${short(width)}" height="20" fill="none" pointer-events="all"/>`;
  return `<g data-legend="${item.id}">${target}${swatch}${label}</g>`;
}

function drawRamp(canvas: Canvas, ramp: RampLegend, y: number): string {
  const { palette, width } = canvas;
  const parts: string[] = [];
  const lowWidth = textWidth(ramp.low, 12);
  const barWidth = Math.min(132, Math.max(44, width - textWidth(ramp.label + ramp.low + ramp.high, 12) - 40));
  let x = 0;
  if (ramp.label !== "") {
    parts.push(svgText(ramp.label, 0, y, { fill: palette.muted, baseline: "middle" }));
    x = textWidth(ramp.label, 12) + 12;
  }
  parts.push(svgText(ramp.low, x, y, { fill: palette.ink, baseline: "middle" }));
  x += lowWidth + 6;
  const step = barWidth / ramp.colours.length;
  ramp.colours.forEach((colour, i) => {
    // A little wider than its step: no background shows between neighbours.
    const wide = i === ramp.colours.length - 1 ? step : step + 0.5;
    parts.push(
      `<rect x="${short(x + i * step)}" y="${short(y - 5)}" width="${short(wide)}" height="10" fill="${colour}"/>`,
    );
  });
  parts.push(svgText(ramp.high, x + barWidth + 6, y, { fill: palette.ink, baseline: "middle" }));
  return parts.join("");
}

/** The complete SVG document around a drawing; `margin` on all sides, on paper if `background`. */
export function wrapSvg(canvas: Canvas, drawing: Drawing, label: string, margin: number, background: boolean): string {
  const width = short(canvas.width + 2 * margin);
  const height = short(drawing.height + 2 * margin);
  const paper = background ? `<rect width="${width}" height="${height}" fill="${canvas.palette.paper}"/>\n` : "";
  const shift = margin === 0 ? "" : ` transform="translate(${margin} ${margin})"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="${background ? "img" : "group"}" aria-label="${escapeMarkup(label)}" font-family="${escapeMarkup(fontFamily)}" style="font-variant-numeric:tabular-nums">\n` +
    `${paper}<g${shift}>\n${drawing.markup}\n</g>\n</svg>`
  );
}
