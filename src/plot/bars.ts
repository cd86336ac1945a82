// Bar charts and histograms.
import type { BarChart, HistogramChart, ValueSeries } from "./chart.ts";
import { say, valueAt } from "./chart.ts";
import { plainNumbers } from "./curves.ts";
import type { Canvas, Drawing, LegendItem } from "./frame.ts";
import { short } from "./markup.ts";
import type { Geometry } from "./plane.ts";
import { axisValue, drawPlane, toPixel } from "./plane.ts";
import { axisRange, binValues, extentOf, formatNumber } from "./scale.ts";
import { seriesColour } from "./theme.ts";

export function drawBars(canvas: Canvas, chart: BarChart): Drawing {
  const { language } = canvas;
  const horizontal = chart.direction === "horizontal";
  const stacked = chart.stacked ?? false;
  const names = chart.categories.map((category) => say(category, language));
  const items = itemsOf(canvas, chart.series);
  const values = chart.series.map((series) => names.map((_, i) => valueAt(series.values, i)));

  const reached = stacked ? stackEnds(values) : values;
  const range = axisRange(chart.yAxis, ...extentOf(reached), {
    count: Math.max(3, horizontal ? canvas.width / 90 : canvas.height / 60),
    ends: "round",
    zero: chart.yAxis?.scale !== "log",
  });
  const numbers = { kind: "numbers", range, axis: chart.yAxis, gridLines: true } as const;
  const categories = { kind: "names", names, label: say(chart.xAxis?.label, language), downwards: horizontal } as const;
  // What the upper left corner names is the vertical axis; lying bars have their values below.
  const { markup, geometry } = drawPlane(canvas, {
    heading: {
      title: say(chart.title, language),
      legend: items.length > 1 ? items : [],
      yLabel: horizontal ? categories.label : say(chart.yAxis?.label, language),
    },
    x: horizontal ? numbers : categories,
    y: horizontal ? categories : numbers,
    marks: values.map((list, id) => ({
      kind: "bars",
      id,
      values: list.map((value) => axisValue(range, value)),
      stacked,
    })),
    colours: new Map(items.map(({ id, colour }) => [id, colour])),
    references: chart.marks,
  });
  const { box } = geometry;
  const [start, length] = horizontal ? [box.top, box.height] : [box.left, box.width];
  return {
    markup,
    height: canvas.height,
    readout: {
      kind: "stretches",
      box,
      horizontal,
      percent: chart.yAxis?.format === "percent",
      from: Array.from({ length: names.length + 1 }, (_, i) => start + (length * i) / names.length),
      names,
      series: items.map(({ id, name, colour }) => ({ id, name, colour, values: plainNumbers(values[id]) })),
    },
  };
}

function itemsOf(canvas: Canvas, list: readonly ValueSeries[]): LegendItem[] {
  return list.map((series, id) => ({
    id,
    name: say(series.name, canvas.language),
    colour: seriesColour(canvas.palette, series.colour ?? id),
    mark: "square",
  }));
}

/** How far the stacks reach, up and down: positive values are stacked apart from negative ones. */
function stackEnds(values: readonly (readonly number[])[]): number[][] {
  const up = values[0].map((_, i) => values.reduce((sum, list) => sum + Math.max(0, list[i] || 0), 0));
  const down = values[0].map((_, i) => values.reduce((sum, list) => sum + Math.min(0, list[i] || 0), 0));
  return [up, down];
}

export function drawHistogram(canvas: Canvas, chart: HistogramChart): Drawing {
  const { language } = canvas;
  const items = itemsOf(canvas, chart.series);
  const bins = binValues(
    chart.series.map((series) => series.values),
    chart.bins ?? 30,
  );
  const { edges } = bins;
  const percent = chart.measure === "share";
  const yAxis = percent ? ({ format: "percent", ...chart.yAxis } as const) : chart.yAxis;
  const log = yAxis?.scale === "log";
  const heights = bins.counts.map((counts) => {
    const total = counts.reduce((sum, count) => sum + count, 0) || 1;
    return counts.map((count, bin) => {
      if (chart.measure === "share") return count / total;
      if (chart.measure === "density") return count / total / (edges[bin + 1] - edges[bin]);
      return count;
    });
  });
  // An empty bin has no place on a logarithmic axis: it is left out, the smallest that is there stands above the bottom.
  const shown = heights.map((list) => list.map((height) => (log && height === 0 ? Number.NaN : height)));
  const [low, high] = extentOf(shown);
  const xRange = axisRange(chart.xAxis, edges[0], edges[edges.length - 1], {
    count: Math.max(3, canvas.width / 90),
    ends: "snug",
  });
  const yRange = axisRange(yAxis, log ? low / 2 : low, high, {
    count: Math.max(3, canvas.height / 60),
    ends: "round",
    zero: !log,
    whole: chart.measure === undefined || chart.measure === "count",
  });
  const several = items.length > 1;
  const bars = (plot: Geometry) => {
    const floor = toPixel(plot.y, log ? yRange.min : 0);
    return shown
      .map((list, id) => {
        const outline = list.map((height, bin) => {
          if (Number.isNaN(height) || height === 0) return "";
          const left = toPixel(plot.x, edges[bin]);
          const width = toPixel(plot.x, edges[bin + 1]) - left;
          const top = toPixel(plot.y, height);
          const gap = !several && width > 4 ? 1 : 0;
          return `M${short(left)} ${short(floor)}V${short(top)}h${short(width - gap)}V${short(floor)}Z`;
        });
        const opacity = several ? 0.5 : 0.85;
        return `<path data-series="${id}" d="${outline.join("")}" fill="${items[id].colour}" fill-opacity="${opacity}"/>`;
      })
      .join("");
  };
  const { markup, geometry } = drawPlane(canvas, {
    heading: {
      title: say(chart.title, language),
      legend: several ? items : [],
      yLabel: say(chart.yAxis?.label, language),
    },
    x: { kind: "numbers", range: xRange, axis: chart.xAxis, gridLines: false },
    y: { kind: "numbers", range: yRange, axis: yAxis, gridLines: true },
    over: bars,
    references: chart.marks,
  });
  return {
    markup,
    height: canvas.height,
    readout: {
      kind: "stretches",
      box: geometry.box,
      horizontal: false,
      percent,
      from: edges.map((edge) => toPixel(geometry.x, edge)),
      names: edges.slice(1).map((edge, i) => `${formatNumber(edges[i])} … ${formatNumber(edge)}`),
      series: items.map(({ id, name, colour }) => ({ id, name, colour, values: plainNumbers(heights[id]) })),
    },
  };
}
