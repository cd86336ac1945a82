// Everything with two axes. ECharts draws the axes and the common marks (lines, points, bars) to SVG without a browser;
// marks it does not know are drawn below or above its own, by the same geometry. ECharts paints in marker colours that
// stand for a role or a series: afterwards each becomes the palette's colour, and marks learn which series they show.
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Axis, Language, Mark } from "./chart.ts";
import { say } from "./chart.ts";
import type { Canvas, Heading } from "./frame.ts";
import { drawHeading } from "./frame.ts";
import { escapeMarkup, short, svgText, textWidth, wrapText } from "./markup.ts";
import type { Box, PixelScale } from "./readout.ts";
import type { AxisRange } from "./scale.ts";
import type { Palette } from "./theme.ts";

use([LineChart, ScatterChart, BarChart, CustomChart, GridComponent, SVGRenderer]);

export type PlaneAxis =
  | { readonly kind: "numbers"; readonly range: AxisRange; readonly axis?: Axis; readonly gridLines: boolean }
  | {
      readonly kind: "names";
      readonly names: readonly string[];
      readonly label?: string;
      readonly downwards?: boolean;
    };

/** Marks for ECharts; coordinates are the axes' own numbers, already logarithms on a logarithmic axis. */
export type PlaneMarks =
  | {
      readonly kind: "line";
      readonly id: number;
      readonly points: readonly (readonly [number, number])[];
      readonly dashed: boolean;
      readonly dots: boolean;
    }
  | { readonly kind: "points"; readonly id: number; readonly points: readonly (readonly [number, number])[] }
  | {
      readonly kind: "bars";
      readonly id: number;
      readonly values: readonly number[];
      readonly stacked: boolean;
    };

/** From the numbers of the axes to the drawing's coordinates. */
export interface Geometry {
  readonly box: Box;
  readonly x: PixelScale;
  readonly y: PixelScale;
}

export interface Plane {
  readonly heading: Heading;
  readonly x: PlaneAxis;
  readonly y: PlaneAxis;
  readonly marks?: readonly PlaneMarks[];
  /** The palette's colour of each series id. */
  readonly colours?: ReadonlyMap<number, string>;
  readonly under?: (geometry: Geometry) => string;
  readonly over?: (geometry: Geometry) => string;
  readonly references?: readonly Mark[];
}

/** A value as its axis counts it. */
export function axisValue(range: AxisRange, value: number): number {
  return range.log ? Math.log10(value) : value;
}

export function toPixel(scale: PixelScale, value: number): number {
  return scale.offset + scale.factor * (scale.log ? Math.log10(value) : value);
}

export function drawPlane(canvas: Canvas, plane: Plane): { markup: string; geometry: Geometry } {
  const heading = drawHeading(canvas, plane.heading);
  const xLabel = labelOf(plane.x, canvas.language);
  const bottom = xLabel === "" ? 2 : 24;
  const { svg, box } = drawByECharts(canvas, plane, heading.bottom + 6, bottom);
  const geometry: Geometry = {
    box,
    x: pixelScale(plane.x, box.left, box.width, canvas.language),
    // Upwards, unless names run downwards from the top.
    y: pixelScale(plane.y, box.top + box.height, -box.height, canvas.language),
  };
  const clip = `${canvas.id}-plot`;
  const clipPath = `<clipPath id="${clip}"><rect x="${short(box.left)}" y="${short(box.top)}" width="${short(box.width)}" height="${short(box.height)}"/></clipPath>`;
  const layer = (content: string | undefined) =>
    content === undefined || content === "" ? "" : `<g clip-path="url(#${clip})">${content}</g>`;
  const parts = [
    heading.markup,
    clipPath,
    layer(plane.under?.(geometry)),
    svg,
    layer(plane.over?.(geometry)),
    drawReferences(canvas, plane.references ?? [], geometry),
  ];
  if (xLabel !== "") {
    const style = { fill: canvas.palette.muted, anchor: "middle" } as const;
    parts.push(svgText(xLabel, box.left + box.width / 2, canvas.height - 5, style));
  }
  return { markup: parts.filter((part) => part !== "").join("\n"), geometry };
}

function labelOf(axis: PlaneAxis, language: Language): string {
  return axis.kind === "names" ? (axis.label ?? "") : say(axis.axis?.label, language);
}

function labelsOf(axis: PlaneAxis): string[] {
  return axis.kind === "names" ? [...axis.names] : ["", ...axis.range.ticks.map((tick) => tick.label)];
}

function pixelScale(axis: PlaneAxis, start: number, length: number, language: Language): PixelScale {
  const label = labelOf(axis, language);
  if (axis.kind === "names") {
    return { offset: start, factor: length / axis.names.length, log: false, percent: false, label };
  }
  const { range } = axis;
  const from = axisValue(range, range.min);
  const factor = length / (axisValue(range, range.max) - from);
  const percent = axis.axis?.format === "percent";
  return { offset: start - factor * from, factor, log: range.log, percent, label };
}

// Marker colours: #a000NN is a role, #bNNNN0 the series with that id.
const roles = { muted: "#a00001", axis: "#a00002", grid: "#a00003", paper: "#a00004" } as const;

function seriesMarker(id: number): string {
  return `#b${id.toString(16).padStart(4, "0")}0`;
}

type Option = Record<string, unknown>;

function drawByECharts(canvas: Canvas, plane: Plane, top: number, bottom: number): { svg: string; box: Box } {
  const chart = init(null, null, { renderer: "svg", ssr: true, width: canvas.width, height: canvas.height });
  let box: Box | undefined;
  // A mark that draws nothing, asked only for where the plot has been laid out.
  const probe: Option = {
    type: "custom",
    silent: true,
    data: [[0, 0]],
    renderItem: (params: { coordSys: { x: number; y: number; width: number; height: number } }) => {
      const { x, y, width, height } = params.coordSys;
      box = { left: x, top: y, width, height };
      return null;
    },
  };
  try {
    chart.setOption({
      animation: false,
      grid: {
        // ECharts reckons with narrow letters; where the font is wider, long labels would be cut.
        left: 0.1 * Math.max(...labelsOf(plane.y).map((label) => textWidth(label, 12))),
        right: 2,
        top,
        bottom,
        outerBoundsMode: "same",
        outerBoundsContain: "axisLabel",
      },
      xAxis: axisOption(plane.x, canvas, true),
      yAxis: axisOption(plane.y, canvas, false),
      series: [probe, ...(plane.marks ?? []).map(seriesOption)],
    });
    const svg = repaint(chart.renderToSVGString(), canvas.id, canvas.palette, plane.colours ?? new Map());
    if (box === undefined) throw new Error("chart: ECharts did not lay out the plot");
    return { svg, box };
  } finally {
    // An instance that is kept keeps the process alive.
    chart.dispose();
  }
}

/**
 * A line of text that the drawing library may keep in its tables of widths, which are plain objects: a name that every object has gets a space
 * behind it, which is not seen.
 */
function harmless(line: string): string {
  return line in Object.prototype ? `${line} ` : line;
}

function axisOption(plane: PlaneAxis, canvas: Canvas, horizontal: boolean): Option {
  const label = { color: roles.muted, fontSize: 12, margin: 8 };
  const line = { show: true, onZero: false, lineStyle: { color: roles.axis } };
  if (plane.kind === "names") {
    const count = plane.names.length;
    const room = horizontal ? (canvas.width - 40) / count - 6 : canvas.width * 0.4;
    const widest = Math.max(...plane.names.map((name) => Math.min(textWidth(name, 12), 3 * 12)));
    // Where not every name fits, every second, third, … is written.
    const every = horizontal
      ? Math.max(1, Math.ceil((widest + 6) / (room + 6)))
      : Math.ceil((15 * count) / canvas.height);
    const lines = plane.names.map((name) =>
      wrapText(name, 12, Math.max((room + 6) * every - 6, 14), horizontal ? 3 : 1)
        .map(harmless)
        .join("\n"),
    );
    return {
      type: "category",
      // Names come from files: the drawing library is told numbers, and looks up nothing by a name.
      data: lines.map((_, i) => String(i)),
      inverse: plane.downwards ?? false,
      axisLine: { ...line, show: plane.downwards !== true && horizontal },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: {
        ...label,
        interval: every - 1,
        lineHeight: 14,
        formatter: (number: string) => lines[Number(number)],
      },
    };
  }
  const { range } = plane;
  const places = range.ticks.map((tick) => axisValue(range, tick.at));
  return {
    type: "value",
    min: axisValue(range, range.min),
    max: axisValue(range, range.max),
    startValue: range.log ? axisValue(range, range.min) : 0,
    axisLine: { ...line, show: horizontal || !plane.gridLines },
    axisTick: { show: false, customValues: places },
    splitLine: { show: plane.gridLines, lineStyle: { color: roles.grid } },
    axisLabel: {
      ...label,
      customValues: places,
      formatter: (value: number) => {
        const nearest = places.reduce(
          (best, at, i) => (Math.abs(at - value) < Math.abs(places[best] - value) ? i : best),
          0,
        );
        return range.ticks[nearest]?.label ?? "";
      },
    },
  };
}

function seriesOption(marks: PlaneMarks): Option {
  const color = seriesMarker(marks.id);
  if (marks.kind === "bars") {
    return {
      type: "bar",
      silent: true,
      data: marks.values.map((value) => (Number.isNaN(value) ? "-" : value)),
      stack: marks.stacked ? "all" : undefined,
      barMaxWidth: 44,
      barGap: "10%",
      barCategoryGap: "32%",
      itemStyle: { color },
    };
  }
  if (marks.kind === "points") {
    return {
      type: "scatter",
      silent: true,
      data: marks.points.filter(isPoint),
      symbolSize: 6.5,
      itemStyle: { color, opacity: 0.8 },
    };
  }
  const dot = { symbol: "circle", symbolSize: 5 };
  return {
    type: "line",
    silent: true,
    // A point between two gaps has no line to be seen by.
    data: marks.points.map((point, i) => {
      const alone = isPoint(point) && !isPoint(marks.points[i - 1]) && !isPoint(marks.points[i + 1]);
      return alone ? { value: point, ...dot } : isPoint(point) ? point : ["-", "-"];
    }),
    symbol: marks.dots ? "circle" : "none",
    symbolSize: 5,
    showSymbol: true,
    lineStyle: { color, width: 2, type: marks.dashed ? [6, 4] : "solid", join: "round", cap: "round" },
    itemStyle: { color, borderWidth: 0 },
  };
}

function isPoint(point: readonly [number, number] | undefined): point is readonly [number, number] {
  return point !== undefined && !Number.isNaN(point[0]) && !Number.isNaN(point[1]);
}

/**
 * ECharts' SVG as it can stand in ours: without its outer element, style sheet and counters (which make two equal charts
 * differ), and with marker colours replaced.
 */
function repaint(svg: string, id: string, palette: Palette, colours: ReadonlyMap<number, string>): string {
  const roleColours = new Map<string, string>();
  for (const role of Object.keys(roles) as (keyof typeof roles)[]) roleColours.set(roles[role], palette[role]);
  return (
    svg
      .replace(/^<svg[^>]*>\s*<rect[^>]*><\/rect>\s*/, "")
      .replace(/<\/svg>\s*$/, "")
      .replace(/<style ?>[\s\S]*?<\/style>\s*/, "")
      .replace(/<defs >/g, "<defs>")
      .replace(/(id="|url\(#)zr\d+-c(\d+)/g, (_, before, number) => `${before}${escapeMarkup(id)}-c${number}`)
      .replace(/ (class|ecmeta_[a-z_]+|pointer-events|xml:space|stroke-miterlimit)="[^"]*"/g, "")
      .replace(/ style="font-size:([\d.]+)px;[^"]*"/g, ' font-size="$1"')
      .replace(
        / (fill|stroke)="(#a000[0-9a-f]{2})"/g,
        (_, attribute, marker) => ` ${attribute}="${roleColours.get(marker)}"`,
      )
      .replace(/<path [^>]*#b[0-9a-f]{4}0[^>]*>/g, (tag) => {
        const series = Number.parseInt(/#b([0-9a-f]{4})0/.exec(tag)?.[1] ?? "0", 16);
        const painted = tag.replace(/#b[0-9a-f]{4}0/g, escapeMarkup(colours.get(series) ?? palette.ink));
        return circleOf(painted).replace(/^<(\w+)/, `<$1 data-series="${series}"`);
      })
      .replace(/><\/(path|circle)>/g, "/>")
      // What neither fill nor stroke can show: the boxes that ECharts lays behind text.
      .replace(/<path (?![^>]*stroke=)[^>]*fill="none"[^>]*\/>\s*/g, "")
      .trim()
  );
}

/** ECharts draws a dot as a unit circle's path, scaled and moved; a circle element says the same in a third of the bytes. */
function circleOf(tag: string): string {
  const dot =
    /^<path d="M1 0A1 1 0 1 1 1 -0\.1A1 1 0 0 1 1 0" transform="matrix\(([\d.]+),0,0,[\d.]+,([-\d.]+),([-\d.]+)\)"/;
  const found = dot.exec(tag);
  if (found === null) return tag;
  const [whole, radius, x, y] = found;
  return `<circle cx="${short(Number(x))}" cy="${short(Number(y))}" r="${radius}"${tag.slice(whole.length)}`.replace(
    "></path>",
    "/>",
  );
}

function drawReferences(canvas: Canvas, references: readonly Mark[], geometry: Geometry): string {
  const { palette, language } = canvas;
  const { box } = geometry;
  const parts: string[] = [];
  for (const reference of references) {
    const vertical = reference.axis === "x";
    const at = toPixel(vertical ? geometry.x : geometry.y, reference.at);
    const inside = vertical
      ? at >= box.left - 0.5 && at <= box.left + box.width + 0.5
      : at >= box.top - 0.5 && at <= box.top + box.height + 0.5;
    if (!inside) continue;
    const line = vertical
      ? `M${short(at)} ${short(box.top)}v${short(box.height)}`
      : `M${short(box.left)} ${short(at)}h${short(box.width)}`;
    parts.push(`<path d="${line}" stroke="${palette.muted}" stroke-dasharray="2 3" fill="none"/>`);
    const label = say(reference.label, language);
    if (label === "") continue;
    const right = at + 6 + textWidth(label, 11) <= box.left + box.width;
    const text = vertical
      ? svgText(label, right ? at + 5 : at - 5, box.top + 11, {
          fill: palette.muted,
          size: 11,
          anchor: right ? "start" : "end",
        })
      : svgText(label, box.left + box.width - 2, at < box.top + 14 ? at + 13 : at - 5, {
          fill: palette.muted,
          size: 11,
          anchor: "end",
        });
    // A rim of paper keeps the label readable where it crosses a line.
    parts.push(text.replace("<text ", `<text stroke="${palette.paper}" stroke-width="3" paint-order="stroke" `));
  }
  return parts.join("\n");
}
