// The chart vocabulary: every figure of Nabla is one of these plain objects, and whoever draws it (SVG, PNG, a page)
// reads nothing else. Charts survive JSON: a value that is null or not finite is a gap, never an error.
import { quote } from "../engine/quote.ts";

export type Language = "en" | "zh";

/** A label in one language for all readers, or in both. */
export type Text = string | { readonly en: string; readonly zh: string };

/** Numbers as an array or a typed array; `null`, NaN and infinities are gaps. */
export type Numbers = ArrayLike<number | null>;

export interface Axis {
  readonly label?: Text;
  /** Default `"linear"`. A logarithmic axis takes positive values only. */
  readonly scale?: "linear" | "log";
  readonly min?: number;
  readonly max?: number;
  /** `"percent"` shows 0.97 as 97%. */
  readonly format?: "number" | "percent";
}

/** A straight reference line across the plot, at `at` on the named axis. */
export interface Mark {
  readonly axis: "x" | "y";
  readonly at: number;
  readonly label?: Text;
}

/** Points in drawing order. Without `x` they stand at 1, 2, 3, … */
export interface PointSeries {
  readonly name: Text;
  readonly x?: Numbers;
  readonly y: Numbers;
  /** Default: `"line"`, in a scatter chart `"points"`. */
  readonly style?: "line" | "dashed" | "line-points" | "points";
  /** Which colour of the palette, from 0; default: the place in the list. */
  readonly colour?: number;
}

/** A range `low..high` at each x, with an optional line in the middle. */
export interface BandSeries {
  readonly name: Text;
  readonly x?: Numbers;
  readonly low: Numbers;
  readonly high: Numbers;
  readonly middle?: Numbers;
  readonly colour?: number;
}

export interface ValueSeries {
  readonly name: Text;
  readonly values: Numbers;
  readonly colour?: number;
}

interface Titled {
  readonly title?: Text;
}

interface Plane extends Titled {
  readonly xAxis?: Axis;
  readonly yAxis?: Axis;
  readonly marks?: readonly Mark[];
}

export interface LineChart extends Plane {
  readonly kind: "line";
  readonly series: readonly PointSeries[];
}

export interface ScatterChart extends Plane {
  readonly kind: "scatter";
  readonly series: readonly PointSeries[];
}

export interface BandChart extends Plane {
  readonly kind: "band";
  readonly bands: readonly BandSeries[];
  readonly series?: readonly PointSeries[];
}

/** One bar a category and series, side by side or stacked; `yAxis` is the axis of values in both directions. */
export interface BarChart extends Plane {
  readonly kind: "bar";
  readonly categories: readonly Text[];
  readonly series: readonly ValueSeries[];
  readonly direction?: "vertical" | "horizontal";
  readonly stacked?: boolean;
}

/** How values are spread. `measure`: how many (`"count"`), which share of the series, or share per unit of x (`"density"`). */
export interface HistogramChart extends Plane {
  readonly kind: "histogram";
  readonly series: readonly ValueSeries[];
  /** The number of equal bins (default 30), or their ascending edges. */
  readonly bins?: number | readonly number[];
  readonly measure?: "count" | "share" | "density";
}

/** A table of numbers as colours: `values[row][column]`, first row on top. */
export interface HeatMapChart extends Titled {
  readonly kind: "heat-map";
  readonly rows: readonly Text[];
  readonly columns: readonly Text[];
  readonly values: readonly Numbers[];
  readonly xAxis?: Axis;
  readonly yAxis?: Axis;
  /** `"diverging"` is symmetric about zero. Default `"sequential"`. */
  readonly colours?: "sequential" | "diverging";
  readonly min?: number;
  readonly max?: number;
  /** Writes each value into its cell. */
  readonly numbers?: boolean;
  /** What the colours stand for. */
  readonly valueLabel?: Text;
}

/** `counts[label][prediction]`. Mistakes are coloured by their share of their label, so that they show beside the diagonal. */
export interface ConfusionChart extends Titled {
  readonly kind: "confusion";
  readonly classes: readonly Text[];
  readonly counts: readonly Numbers[];
}

/** Values over a grid: `z[j][i]` stands at `(x[i], y[j])`; x and y ascend. */
interface Field {
  readonly x: Numbers;
  readonly y: Numbers;
  readonly z: readonly Numbers[];
}

export interface ContourChart extends Plane, Field {
  readonly kind: "contour";
  /** How many levels (default 10), or the levels themselves. */
  readonly levels?: number | readonly number[];
  /** Spacing of levels that are only counted. Default `"linear"`. */
  readonly levelScale?: "linear" | "log";
  readonly valueLabel?: Text;
  /** Drawn over the contours: an optimiser's path, a point. */
  readonly paths?: readonly PointSeries[];
}

export interface SurfaceChart extends Titled, Field {
  readonly kind: "surface";
  readonly xAxis?: Axis;
  readonly yAxis?: Axis;
  readonly zAxis?: Axis;
  /** Degrees by which the surface is turned about the vertical. Default 35. */
  readonly azimuth?: number;
  /** Degrees from which one looks down on it, 5 to 85. Default 28. */
  readonly elevation?: number;
}

/** `pixels` row by row: `width * height` of them, three numbers each for `"rgb"`. */
export interface SmallImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Numbers;
  readonly caption?: Text;
  /** Written into the upper right corner: a picture's label. */
  readonly topRight?: Text;
  /** Written into the lower right corner, in another colour: what a network answers. */
  readonly bottomRight?: Text;
  /** Laid over the picture, half-transparent: any numbers, `width * height` of them, blue below zero and orange above. */
  readonly overlay?: Numbers;
  /** Default: those of the chart. */
  readonly colours?: ImageColours;
}

/**
 * `"ink"` (0 is paper, 255 is ink: handwriting), `"grey"` (0 black, 255 white), `"rgb"` (0 to 255), `"diverging"` (any numbers, symmetric about zero:
 * blue below, orange above), `"shades"` (any numbers, the smallest white and the largest black, as Nielsen's chapter 6 shades filters: lighter is smaller).
 */
export type ImageColours = "ink" | "grey" | "rgb" | "diverging" | "shades";

export interface ImagesChart extends Titled {
  readonly kind: "images";
  readonly images: readonly SmallImage[];
  readonly colours?: ImageColours;
  readonly columns?: number;
  /** For numbers of any size: the smallest and largest of each image for itself (default), or of all images. Overlays likewise. */
  readonly scale?: "each" | "all";
}

/** A column of the diagram: `units` neurons, or `maps` feature maps of `height` by `width`. */
export interface NetworkLayer {
  readonly name: Text;
  readonly units?: number;
  readonly maps?: { readonly count: number; readonly height: number; readonly width: number };
  /** What happens in the layer, below its name: `sigmoid`, `ReLU, dropout 0.5`. */
  readonly note?: Text;
  /** One a unit, written into the circles. */
  readonly labels?: readonly Text[];
  /** `weights[unit][input]` from the column before: colour by sign, width by size. */
  readonly weights?: readonly Numbers[];
}

export interface NetworkChart extends Titled {
  readonly kind: "network";
  readonly layers: readonly NetworkLayer[];
  /** Larger layers are shortened to this many circles. Default 12. */
  readonly mostUnits?: number;
}

export interface TreeChartNode {
  /** Place in the list of the node above it, which comes earlier; the first node, the root, has none. */
  readonly parent?: number;
  /** A leaf's word; in an inner node what is written into it. */
  readonly label?: Text;
  /** Its colour: from `min`, warm, to `max`, cold. Without one it has none. */
  readonly value?: number | null;
}

/** A tree over its leaves, which stand in a row, or below each other where a row is too long. */
export interface TreeChart extends Titled {
  readonly kind: "tree";
  /** Parents before their children, and children in their order. */
  readonly nodes: readonly TreeChartNode[];
  /** Ends of the colours; default: the least and the largest value. */
  readonly min?: number;
  readonly max?: number;
  /** What the ends are called; default: their numbers. */
  readonly low?: Text;
  readonly high?: Text;
  readonly valueLabel?: Text;
}

export type Chart =
  | LineChart
  | ScatterChart
  | BandChart
  | BarChart
  | HistogramChart
  | HeatMapChart
  | ConfusionChart
  | ContourChart
  | SurfaceChart
  | ImagesChart
  | NetworkChart
  | TreeChart;

export function say(text: Text | undefined, language: Language): string {
  if (text === undefined) return "";
  const said: unknown = typeof text === "string" ? text : text?.[language];
  if (typeof said !== "string") throw new TypeError(`say: a text is a string or { en, zh }, got ${quote(text)}`);
  return said;
}

/** A number that can be drawn, or NaN for a gap. */
export function valueAt(numbers: Numbers, index: number): number {
  const value = numbers[index];
  return typeof value === "number" && Number.isFinite(value) ? value : Number.NaN;
}

/** The x of point `index`: given, or counted from 1. */
export function positionAt(x: Numbers | undefined, index: number): number {
  return x === undefined ? index + 1 : valueAt(x, index);
}
