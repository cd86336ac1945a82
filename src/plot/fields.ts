// Tables and fields of numbers as colours: heat map, confusion matrix, contours.
import type { ConfusionChart, ContourChart, HeatMapChart } from "./chart.ts";
import { say, valueAt } from "./chart.ts";
import { regionAbove } from "./contour.ts";
import { curvesOf, legendOf, marksOf, plainNumbers } from "./curves.ts";
import type { Canvas, Drawing, RampLegend } from "./frame.ts";
import { short, svgText, textWidth } from "./markup.ts";
import { drawPlane, toPixel } from "./plane.ts";
import type { Box } from "./readout.ts";
import { axisRange, extentOf, formatNumber, formatPercent, roundStep } from "./scale.ts";
import { rampColour, textOnRamp } from "./theme.ts";

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly colour: string;
  readonly text: string;
  readonly textColour: string;
}

function drawCells(box: Box, rows: number, columns: number, cells: readonly Cell[]): string {
  const width = box.width / columns;
  const height = box.height / rows;
  const gap = Math.min(width, height) >= 12 ? 1 : 0;
  // One path a colour: a table of ten thousand cells stays a small file.
  const outlines = new Map<string, string[]>();
  for (const { row, column, colour } of cells) {
    const outline = `M${short(box.left + column * width + gap / 2)} ${short(box.top + row * height + gap / 2)}h${short(width - gap)}v${short(height - gap)}h${short(gap - width)}Z`;
    const list = outlines.get(colour);
    if (list === undefined) outlines.set(colour, [outline]);
    else list.push(outline);
  }
  const parts = Array.from(outlines, ([colour, list]) => {
    // Without a gap neighbours would show a hair of background between them.
    const edges = gap === 0 ? ' shape-rendering="crispEdges"' : "";
    return `<path d="${list.join("")}" fill="${colour}"${edges}/>`;
  });
  const widest = Math.max(1, ...cells.map((cell) => textWidth(cell.text, 1)));
  const size = Math.min(13, Math.floor(height * 0.6), Math.floor((width - 2) / widest));
  if (size >= 6) {
    for (const { row, column, text, textColour } of cells) {
      if (text === "") continue;
      const style = { fill: textColour, size, anchor: "middle", baseline: "middle" } as const;
      parts.push(svgText(text, box.left + (column + 0.5) * width, box.top + (row + 0.5) * height, style));
    }
  }
  return parts.join("\n");
}

export function drawHeatMap(canvas: Canvas, chart: HeatMapChart): Drawing {
  const { palette, language } = canvas;
  const diverging = chart.colours === "diverging";
  const colours = diverging ? palette.diverging : palette.sequential;
  let [low, high] = extentOf(chart.values);
  if (diverging) high = Math.max(Math.abs(low), Math.abs(high));
  high = chart.max ?? high;
  low = diverging ? -high : (chart.min ?? low);
  const rows = chart.rows.map((name) => say(name, language));
  const columns = chart.columns.map((name) => say(name, language));
  const cells: Cell[] = [];
  for (let row = 0; row < rows.length; row++) {
    for (let column = 0; column < columns.length; column++) {
      const value = valueAt(chart.values[row], column);
      if (Number.isNaN(value)) continue;
      const share = high > low ? (value - low) / (high - low) : 0.5;
      const text = chart.numbers ? formatNumber(value, 3) : "";
      const textColour = textOnRamp(palette, share, diverging);
      cells.push({ row, column, colour: rampColour(colours, share), text, textColour });
    }
  }
  const yLabel = say(chart.yAxis?.label, language);
  const valueLabel = say(chart.valueLabel, language);
  const { markup, geometry } = drawPlane(canvas, {
    heading: {
      title: say(chart.title, language),
      ramp: { label: valueLabel, colours, low: formatNumber(low, 3), high: formatNumber(high, 3) },
      yLabel,
    },
    x: { kind: "names", names: columns, label: say(chart.xAxis?.label, language) },
    y: { kind: "names", names: rows, downwards: true },
    over: (plot) => drawCells(plot.box, rows.length, columns.length, cells),
  });
  return {
    markup,
    height: canvas.height,
    readout: {
      kind: "cells",
      box: geometry.box,
      rows,
      columns,
      rowLabel: yLabel,
      columnLabel: say(chart.xAxis?.label, language),
      valueLabel,
      values: chart.values.map((row) => plainNumbers(Array.from(row, (_, i) => valueAt(row, i)))),
    },
  };
}

const words = {
  label: { en: "label", zh: "标签" },
  prediction: { en: "read as", zh: "识别为" },
  images: { en: "images", zh: "图像数" },
  mistakes: { en: "mistakes, share of their label", zh: "错误占该标签的比例" },
  ofLabel: { en: "of this label", zh: "占该标签" },
} as const;

export function drawConfusion(canvas: Canvas, chart: ConfusionChart): Drawing {
  const { palette, language } = canvas;
  const names = chart.classes.map((name) => say(name, language));
  const counts = chart.counts.map((row) => names.map((_, column) => valueAt(row, column)));
  const totals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  const shareOf = (row: number, column: number) => (totals[row] === 0 ? 0 : counts[row][column] / totals[row]);
  let worst = 0;
  for (let row = 0; row < names.length; row++) {
    for (let column = 0; column < names.length; column++) {
      if (row !== column) worst = Math.max(worst, shareOf(row, column));
    }
  }
  const middle = (palette.diverging.length - 1) / 2;
  const mistakeColours = palette.diverging.slice(middle);
  const cells: Cell[] = [];
  for (let row = 0; row < names.length; row++) {
    for (let column = 0; column < names.length; column++) {
      const count = counts[row][column];
      const text = count === 0 ? "" : formatNumber(count);
      if (row === column) {
        const colour = rampColour(palette.diverging, 0.5 - 0.22 * Math.sqrt(shareOf(row, column)));
        cells.push({ row, column, colour, text, textColour: palette.ink });
        continue;
      }
      // From an eighth on, so that a single mistake already differs from none.
      const share = count === 0 ? 0 : 0.125 + 0.875 * (shareOf(row, column) / worst);
      const textColour = textOnRamp(palette, share, false);
      cells.push({ row, column, colour: rampColour(mistakeColours, share), text, textColour });
    }
  }
  const ramp: RampLegend = {
    label: say(words.mistakes, language),
    colours: mistakeColours,
    low: "0",
    high: formatPercent(worst, worst < 0.1 ? 1 : 0),
  };
  const { markup, geometry } = drawPlane(canvas, {
    heading: {
      title: say(chart.title, language),
      ramp: worst > 0 ? ramp : undefined,
      yLabel: say(words.label, language),
    },
    x: { kind: "names", names, label: say(words.prediction, language) },
    y: { kind: "names", names, downwards: true },
    over: (plot) => drawCells(plot.box, names.length, names.length, cells),
  });
  return {
    markup,
    height: canvas.height,
    readout: {
      kind: "cells",
      box: geometry.box,
      rows: names,
      columns: names,
      rowLabel: say(words.label, language),
      columnLabel: say(words.prediction, language),
      valueLabel: say(words.images, language),
      values: counts,
      shareOf: say(words.ofLabel, language),
    },
  };
}

/** The levels of a contour chart: given, or round numbers strictly inside the extent of the values. */
export function contourLevels(chart: ContourChart): number[] {
  if (typeof chart.levels === "object") return [...chart.levels];
  const count = chart.levels ?? 10;
  const [low, high] = extentOf(chart.z);
  if (chart.levelScale === "log") {
    const positive = chart.z.map((row) => Array.from(row, (_, i) => valueAt(row, i)).filter((value) => value > 0));
    const [from, to] = extentOf(positive).map(Math.log10);
    return Array.from({ length: count }, (_, i) => 10 ** (from + ((to - from) * (i + 1)) / (count + 1)));
  }
  const step = roundStep(high - low || 1, count);
  const levels: number[] = [];
  for (let k = Math.floor(low / step) + 1; k * step < high; k++) levels.push(k * step);
  return levels.length > 0 ? levels : [low];
}

export function drawContour(canvas: Canvas, chart: ContourChart): Drawing {
  const { palette, language } = canvas;
  const levels = contourLevels(chart);
  const paths = curvesOf(canvas, chart.paths ?? [], "line", 0).map((path, i) => {
    // The field is blue; paths begin with the colour that stands out from it.
    return chart.paths?.[i].colour === undefined ? { ...path, colour: palette.series[(i + 1) % 8] } : path;
  });
  const size = { count: Math.max(3, canvas.width / 90), ends: "snug" } as const;
  const xRange = axisRange(chart.xAxis, ...extentOf([chart.x]), size);
  const yRange = axisRange(chart.yAxis, ...extentOf([chart.y]), { ...size, count: Math.max(3, canvas.height / 60) });
  // The darkest steps of the ramp are left to what is drawn over the field.
  const colourOf = (step: number) => rampColour(palette.sequential, (0.8 * step) / levels.length);
  const valueLabel = say(chart.valueLabel, language);
  const legend = legendOf(paths);
  const { markup, geometry } = drawPlane(canvas, {
    heading: {
      title: say(chart.title, language),
      legend,
      ramp: {
        label: valueLabel,
        colours: Array.from({ length: levels.length + 1 }, (_, i) => colourOf(i)),
        low: formatNumber(levels[0], 3),
        high: formatNumber(levels[levels.length - 1], 3),
      },
      yLabel: say(chart.yAxis?.label, language),
    },
    x: { kind: "numbers", range: xRange, axis: chart.xAxis, gridLines: false },
    y: { kind: "numbers", range: yRange, axis: chart.yAxis, gridLines: false },
    marks: marksOf(paths, xRange, yRange),
    colours: new Map(paths.map(({ id, colour }) => [id, colour])),
    under: (plot) => {
      const place = (x: number, y: number) => [toPixel(plot.x, x), toPixel(plot.y, y)] as const;
      const everywhere = regionAbove(chart.x, chart.y, chart.z, -Number.MAX_VALUE, place);
      const parts = [`<path d="${everywhere.fill}" fill="${colourOf(0)}" fill-rule="evenodd"/>`];
      levels.forEach((level, i) => {
        const region = regionAbove(chart.x, chart.y, chart.z, level, place);
        if (region.fill === "") return;
        parts.push(`<path d="${region.fill}" fill="${colourOf(i + 1)}" fill-rule="evenodd"/>`);
        if (region.lines !== "") {
          parts.push(`<path d="${region.lines}" fill="none" stroke="${palette.paper}" stroke-opacity="0.55"/>`);
        }
      });
      return parts.join("\n");
    },
    references: chart.marks,
  });
  return {
    markup,
    height: canvas.height,
    readout: {
      kind: "field",
      box: geometry.box,
      x: geometry.x,
      y: geometry.y,
      valueLabel: valueLabel === "" ? "z" : valueLabel,
      xs: Array.from(chart.x, (_, i) => valueAt(chart.x, i)),
      ys: Array.from(chart.y, (_, i) => valueAt(chart.y, i)),
      z: chart.z.map((row) => plainNumbers(Array.from(row, (_, i) => valueAt(row, i)))),
    },
  };
}
