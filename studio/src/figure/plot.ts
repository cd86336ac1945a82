// What a plot draws, as data, and where it falls on the screen. Axes are ranged and ticked by src/plot, as in reports; what is here is drawn many
// times a second and answers the pointer, for which a chart library is too slow and too large.
import { type AxisRange, axisRange, extentOf, thin } from "../../../src/plot/scale.ts";

type Numbers = ArrayLike<number>;

/** Every axis says what it counts, but one on which words stand: they say it themselves. */
export type PlotAxis = AxisSettings &
  ({ readonly label: string } | { readonly label?: string; readonly names: readonly string[] });

export interface AxisSettings {
  readonly min?: number;
  readonly max?: number;
  readonly scale?: "linear" | "log";
  readonly format?: "number" | "percent";
  /** Steps of less than one make no sense: epochs. */
  readonly whole?: boolean;
  /** What stands at 1, 2, 3, ... in place of numbers: words, methods. */
  readonly names?: readonly string[];
}

/** A number is a series of the palette: 0 blue, 1 orange, 2 green, ...; else a colour of CSS. */
export type Colour = number | string;

export type Layer =
  | {
      readonly kind: "line";
      readonly x: Numbers;
      readonly y: Numbers;
      readonly colour?: Colour;
      /** With a name it stands in the legend and the read-out. */
      readonly name?: string;
      readonly dashed?: boolean;
      readonly width?: number;
      readonly faint?: boolean;
    }
  | {
      readonly kind: "points";
      readonly x: Numbers;
      readonly y: Numbers;
      readonly colour?: Colour;
      readonly name?: string;
      readonly radius?: number;
      readonly hollow?: boolean;
    }
  | {
      /** From y to `base`, a number or a second curve. */
      readonly kind: "area";
      readonly x: Numbers;
      readonly y: Numbers;
      readonly base?: number | Numbers;
      readonly colour?: Colour;
      readonly name?: string;
    }
  | {
      /** Bars from 0, centred on x, as wide as `width` in the numbers of x. */
      readonly kind: "bars";
      readonly x: Numbers;
      readonly y: Numbers;
      readonly width: number;
      readonly colour?: Colour | readonly Colour[];
      readonly name?: string;
    }
  | {
      readonly kind: "rule";
      readonly axis: "x" | "y";
      readonly at: number;
      readonly label?: string;
      readonly colour?: Colour;
    }
  | {
      /** A picture of values over the whole plane: `values[row * columns + column]`, the first row at the top. */
      readonly kind: "field";
      readonly values: Numbers;
      readonly columns: number;
      readonly rows: number;
      /** Values at the ends of the ramp. */
      readonly range: readonly [number, number];
      /** "classes": values are class + confidence. */
      readonly palette?: "diverging" | "sequential" | "classes";
      /** In steps instead of without a break: so many. */
      readonly steps?: number;
    };

/** A point that is dragged, or moved with the arrow keys. */
export interface Handle {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly colour?: Colour;
  /** Which way it can go; default both. */
  readonly along?: "x" | "y";
  move(x: number, y: number): void;
  /** What Enter or the space bar does where it stands. */
  press?(): void;
  /** For the keys alone: what the pointer does passes it by, and it is seen while it is focused. */
  readonly keysOnly?: boolean;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Between numbers and pixels. */
export interface Scales {
  readonly frame: Frame;
  /** How many lines below the first the word at each tick of x stands; empty where numbers do. */
  readonly lines: readonly number[];
  readonly x: AxisRange;
  readonly y: AxisRange;
  /** Pixels of a number. */
  px(x: number): number;
  py(y: number): number;
  /** The number at a pixel. */
  atX(px: number): number;
  atY(py: number): number;
}

const OFF_SCREEN = 1e5;

function mapping(range: AxisRange, from: number, to: number): [(value: number) => number, (pixel: number) => number] {
  const inner = range.log ? Math.log : (value: number) => value;
  const outer = range.log ? Math.exp : (value: number) => value;
  const [low, high] = [inner(range.min), inner(range.max)];
  const clamp = (pixel: number) => Math.max(-OFF_SCREEN, Math.min(OFF_SCREEN, pixel));
  return [
    (value) => clamp(from + ((inner(value) - low) / (high - low)) * (to - from)),
    (pixel) => outer(low + ((pixel - from) / (to - from)) * (high - low)),
  ];
}

function listsOf(layers: readonly Layer[], axis: "x" | "y"): Numbers[] {
  return layers.flatMap((layer): Numbers[] => {
    if (layer.kind === "field") return [];
    if (layer.kind === "rule") return layer.axis === axis ? [[layer.at]] : [];
    if (layer.kind === "bars" && axis === "y") return [layer.y, [0]];
    if (layer.kind === "bars") {
      const half = layer.width / 2;
      return [Array.from(layer.x, (x) => x - half), Array.from(layer.x, (x) => x + half)];
    }
    if (layer.kind === "area" && axis === "y" && layer.base !== undefined) {
      return [layer.y, typeof layer.base === "number" ? [layer.base] : layer.base];
    }
    return [layer[axis]];
  });
}

function rangeOf(axis: PlotAxis, layers: readonly Layer[], name: "x" | "y", count: number): AxisRange {
  const lists = listsOf(layers, name).map((list) =>
    Array.from(list, (value) => (Number.isFinite(value) && (axis.scale !== "log" || value > 0) ? value : Number.NaN)),
  );
  const [low, high] = extentOf(lists);
  return axisRange(axis, axis.scale === "log" && low <= 0 ? 1e-3 : low, high, {
    count,
    ends: name === "x" ? "snug" : "round",
    ...(axis.whole && { whole: true }),
  });
}

/** About seven pixels a digit. */
function widestLabel(range: AxisRange): number {
  return Math.max(...range.ticks.map(({ label }) => label.length), 1) * 7;
}

/** With as many ticks as stand beside each other. */
function xRange(axis: PlotAxis, layers: readonly Layer[], room: number): AxisRange {
  for (let count = Math.max(2, Math.round(room / 80)); ; count--) {
    const range = rangeOf(axis, layers, "x", count);
    if (count <= 2 || range.ticks.length * (widestLabel(range) + 14) <= room + 40) return range;
  }
}

/** How far the last number of x would reach beyond the drawing: half of it stands to the right of its tick. */
function beyond({ ticks, ...range }: AxisRange, { left, right, width }: Frame): number {
  const last = ticks.at(-1);
  if (last === undefined) return 0;
  const [px] = mapping({ ticks, ...range }, left, right);
  return Math.max(0, px(last.at) + last.label.length * 3.5 + 2 - width);
}

/** A line of words at the ticks of x, in pixels. */
export const WORD_LINE = 17;

/** About so many pixels: Chinese characters are twice as wide. */
const wordWidth = (word: string): number =>
  [...word].reduce((sum, character) => sum + (character > "\u2e80" ? 13 : 7.5), 0);

/** For each word the first line on which it does not lie on the one before it. */
function linesOf(names: readonly string[], slot: number): number[] {
  const ends: number[] = [];
  return names.map((name, i) => {
    const half = wordWidth(name) / 2;
    const free = ends.findIndex((end) => i * slot - half > end + 4);
    const line = free < 0 ? ends.length : free;
    ends[line] = i * slot + half;
    return line;
  });
}

export function layOut(
  axes: { readonly x: PlotAxis; readonly y: PlotAxis },
  layers: readonly Layer[],
  width: number,
  height: number,
): Scales {
  const y = rangeOf(axes.y, layers, "y", Math.max(2, Math.round(height / 60)));
  const [left, end] = [Math.min(width / 3, 14 + widestLabel(y) + (axes.y.label === undefined ? 0 : 20)), width - 14];
  const numbered = xRange(axes.x, layers, end - left);
  const { names } = axes.x;
  const lines = names ? linesOf(names, (end - left) / (numbered.max - numbered.min)) : [];
  const below = (axes.x.label === undefined ? 26 : 44) + WORD_LINE * Math.max(0, ...lines);
  const frame: Frame = { width, height, left, right: end, top: 12, bottom: height - below };
  const x = names ? { ...numbered, ticks: names.map((label, i) => ({ at: i + 1, label })) } : numbered;
  const right = frame.right - beyond(x, frame);
  const [px, atX] = mapping(x, frame.left, right);
  const [py, atY] = mapping(y, frame.bottom, frame.top);
  return { frame: { ...frame, right }, lines, x, y, px, py, atX, atY };
}

/** The d of a path through points; where a number is missing or is none, the path breaks. */
export function pathOf(xs: Numbers, ys: Numbers, { px, py, frame }: Scales): string {
  const most = Math.max(200, Math.round((frame.right - frame.left) * 2));
  const kept = xs.length > most ? thin(Array.from(ys), most) : undefined;
  let d = "";
  let pen = "M";
  const count = kept?.length ?? Math.min(xs.length, ys.length);
  for (let k = 0; k < count; k++) {
    const i = kept === undefined ? k : kept[k];
    const [x, y] = [px(xs[i]), py(ys[i])];
    if (Number.isNaN(x) || Number.isNaN(y)) {
      pen = "M";
      continue;
    }
    d += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return d;
}

/** The place of a line that is a single point yet: no stroke shows it. */
export function lonePoint(xs: Numbers, ys: Numbers): number | undefined {
  const found = Array.from(xs).flatMap((x, i) => (Number.isFinite(x) && Number.isFinite(ys[i]) ? [i] : []));
  return found.length === 1 ? found[0] : undefined;
}

/** Whether no layer has a number to show. */
export function isEmpty(layers: readonly Layer[]): boolean {
  return layers.every((layer) => {
    if (layer.kind === "rule") return true;
    return !Array.from(layer.kind === "field" ? layer.values : layer.y).some(Number.isFinite);
  });
}

/** The d of the surface between a curve and its base. */
export function areaOf(xs: Numbers, ys: Numbers, base: number | Numbers, scales: Scales): string {
  const below = typeof base === "number" ? Array.from(xs, () => base) : Array.from(base);
  const back = [...Array.from(xs).keys()].reverse();
  const upper = pathOf(xs, ys, scales);
  const lower = pathOf(
    back.map((i) => xs[i]),
    back.map((i) => below[i]),
    scales,
  );
  return upper === "" || lower === "" ? "" : `${upper}${lower.replace("M", "L")}Z`;
}

export function colourOf(colour: Colour | undefined, place: number): string {
  const chosen = colour ?? place;
  return typeof chosen === "number" ? `var(--series-${chosen % 8})` : chosen;
}

/** The index of the x that is nearest to one. */
export function nearest(xs: Numbers, x: number): number {
  let best = 0;
  for (let i = 1; i < xs.length; i++) if (Math.abs(xs[i] - x) < Math.abs(xs[best] - x)) best = i;
  return best;
}
