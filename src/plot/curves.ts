// Line, scatter and band charts: points in a plane, with what the pointer reads from them.
import type { BandChart, BandSeries, LineChart, Numbers, PointSeries, ScatterChart } from "./chart.ts";
import { positionAt, say, valueAt } from "./chart.ts";
import type { Canvas, Drawing, LegendItem } from "./frame.ts";
import { short } from "./markup.ts";
import type { Geometry, PlaneMarks } from "./plane.ts";
import { axisValue, drawPlane, toPixel } from "./plane.ts";
import type { Readout, ReadoutSeries } from "./readout.ts";
import type { AxisRange } from "./scale.ts";
import { axisRange, extentOf, thin } from "./scale.ts";
import { seriesColour } from "./theme.ts";

/** A series as it is drawn: thinned to what the width can show, its colour and id settled. */
export interface Curve {
  readonly id: number;
  readonly name: string;
  readonly colour: string;
  readonly style: "line" | "dashed" | "line-points" | "points";
  readonly x: readonly number[];
  readonly y: readonly number[];
}

interface Band extends Omit<Curve, "style" | "y"> {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** Ids count from `firstId`, and with them the colours of series that name none. */
export function curvesOf(canvas: Canvas, list: readonly PointSeries[], usual: "line" | "points", firstId = 0): Curve[] {
  return list.map((series, index) => {
    const id = firstId + index;
    const style = series.style ?? usual;
    const kept = thin(series.y, style === "points" ? Number.POSITIVE_INFINITY : Math.max(300, canvas.width * 2));
    return {
      id,
      name: say(series.name, canvas.language),
      colour: seriesColour(canvas.palette, series.colour ?? id),
      style,
      x: kept.map((i) => positionAt(series.x, i)),
      y: kept.map((i) => valueAt(series.y, i)),
    };
  });
}

export function marksOf(curves: readonly Curve[], xRange: AxisRange, yRange: AxisRange): PlaneMarks[] {
  return curves.map((curve) => {
    const points = curve.x.map((x, i) => [axisValue(xRange, x), axisValue(yRange, curve.y[i])] as const);
    if (curve.style === "points") return { kind: "points", id: curve.id, points };
    const dots = curve.style === "line-points";
    return { kind: "line", id: curve.id, points, dashed: curve.style === "dashed", dots };
  });
}

export function legendOf(curves: readonly Curve[]): LegendItem[] {
  return curves.map(({ id, name, colour, style }) => {
    return { id, name, colour, mark: style === "points" ? "dot" : style === "dashed" ? "dashed" : "line" };
  });
}

/** Numbers for a page: gaps as null, and no more digits than can be read. */
export function plainNumbers(values: Iterable<number>): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? Number(value.toPrecision(6)) : null));
}

export function readoutSeries(curves: readonly Curve[]): ReadoutSeries[] {
  return curves.map(({ id, name, colour, x, y }) => {
    const there = x.map((value, i) => !Number.isNaN(value) && !Number.isNaN(y[i]));
    return {
      id,
      name,
      colour,
      x: plainNumbers(x.filter((_, i) => there[i])) as number[],
      y: plainNumbers(y.filter((_, i) => there[i])),
    };
  });
}

export function drawCurves(canvas: Canvas, chart: LineChart | ScatterChart | BandChart): Drawing {
  const bands = chart.kind === "band" ? bandsOf(canvas, chart.bands) : [];
  const middles = chart.kind === "band" ? middlesOf(canvas, chart.bands) : [];
  const own = chart.kind === "band" ? (chart.series ?? []) : chart.series;
  const extra = curvesOf(canvas, own, chart.kind === "scatter" ? "points" : "line", bands.length);
  const curves = [...middles, ...extra];

  const xs = [...bands, ...curves].map((each) => each.x);
  const ys: Numbers[] = [...curves.map((curve) => curve.y), ...bands.flatMap((band) => [band.low, band.high])];
  const whole = xs.every((list) => list.every((value) => Number.isNaN(value) || Number.isInteger(value)));
  const loose = chart.kind === "scatter";
  const xRange = axisRange(chart.xAxis, ...extentOf(xs), {
    count: Math.max(3, canvas.width / 90),
    ends: loose ? "loose" : "snug",
    whole: whole && !loose,
  });
  const yRange = axisRange(chart.yAxis, ...extentOf(ys), {
    count: Math.max(3, canvas.height / 50),
    ends: loose || xRange.ticks.length === 1 ? "loose" : "round",
  });

  const items: LegendItem[] = [
    ...bands.map(({ id, name, colour }) => ({ id, name, colour, mark: "square" as const })),
    ...legendOf(extra),
  ];
  const { markup, geometry } = drawPlane(canvas, {
    heading: {
      title: say(chart.title, canvas.language),
      legend: items.length > 1 ? items : [],
      yLabel: say(chart.yAxis?.label, canvas.language),
    },
    x: { kind: "numbers", range: xRange, axis: chart.xAxis, gridLines: loose },
    y: { kind: "numbers", range: yRange, axis: chart.yAxis, gridLines: true },
    marks: marksOf(curves, xRange, yRange),
    colours: new Map([...bands, ...curves].map(({ id, colour }) => [id, colour])),
    under: (plot) => bands.map((band) => bandPath(band, plot)).join(""),
    references: chart.marks,
  });

  const series: ReadoutSeries[] = [
    ...bands.map(({ id, name, colour, x, low, high }) => {
      return { id, name, colour, x: plainNumbers(x) as number[], y: plainNumbers(low), high: plainNumbers(high) };
    }),
    ...readoutSeries(chart.kind === "band" ? extra : curves),
  ];
  const inOrder = series.every(({ x }) => x.every((value, i) => i === 0 || value >= x[i - 1]));
  const readout: Readout = {
    kind: inOrder && !loose ? "column" : "nearest",
    box: geometry.box,
    x: geometry.x,
    y: geometry.y,
    series,
  };
  return { markup, height: canvas.height, readout };
}

function bandsOf(canvas: Canvas, list: readonly BandSeries[]): Band[] {
  return list.map((band, id) => {
    // Low and high are thinned alike, by what the band spans.
    const kept = thin(band.high, Math.max(300, canvas.width * 2));
    const usable = kept.filter((i) => !Number.isNaN(valueAt(band.low, i)) && !Number.isNaN(valueAt(band.high, i)));
    return {
      id,
      name: say(band.name, canvas.language),
      colour: seriesColour(canvas.palette, band.colour ?? id),
      x: usable.map((i) => positionAt(band.x, i)),
      low: usable.map((i) => valueAt(band.low, i)),
      high: usable.map((i) => valueAt(band.high, i)),
    };
  });
}

function middlesOf(canvas: Canvas, list: readonly BandSeries[]): Curve[] {
  return list.flatMap((band, id) => {
    if (band.middle === undefined) return [];
    const line: PointSeries = { name: band.name, x: band.x, y: band.middle, colour: band.colour ?? id };
    return curvesOf(canvas, [line], "line", id);
  });
}

function bandPath(band: Band, plot: Geometry): string {
  const at = (i: number, y: readonly number[]) =>
    `${short(toPixel(plot.x, band.x[i]))} ${short(toPixel(plot.y, y[i]))}`;
  const there = band.x.map((_, i) => at(i, band.high));
  const back = band.x.map((_, i) => at(i, band.low)).reverse();
  return `<path data-series="${band.id}" d="M${[...there, ...back].join("L")}Z" fill="${band.colour}" fill-opacity="0.2"/>`;
}
