// A surface over a plane, seen from above at an angle: parallel projection, far patches first, coloured by height.
import type { Axis, SurfaceChart } from "./chart.ts";
import { say, valueAt } from "./chart.ts";
import type { Canvas, Drawing } from "./frame.ts";
import { drawHeading } from "./frame.ts";
import { svgText, textWidth } from "./markup.ts";
import type { Edge, Readout } from "./readout.ts";
import { axisRange, extentOf } from "./scale.ts";
import { type Corner, type SurfaceView, surfaceView } from "./surface-view.ts";
import { rampColour } from "./theme.ts";

// Beyond this many patches a side the eye sees no difference and the file only grows.
const mostPatches = 48;

export function drawSurface(canvas: Canvas, chart: SurfaceChart): Drawing {
  const { palette, language } = canvas;
  const heading = drawHeading(canvas, { title: say(chart.title, language) });
  const wish = { count: 5, ends: "snug" } as const;
  const xRange = axisRange(chart.xAxis, ...extentOf([chart.x]), wish);
  const yRange = axisRange(chart.yAxis, ...extentOf([chart.y]), wish);
  const zRange = axisRange(chart.zAxis, ...extentOf(chart.z), { count: canvas.height < 320 ? 3 : 5, ends: "round" });
  const zLabels = Math.max(...zRange.ticks.map((tick) => textWidth(tick.label, 12)));
  const view = surfaceView({
    ranges: { x: xRange, y: yRange, z: zRange },
    names: {
      x: say(chart.xAxis?.label, language),
      y: say(chart.yAxis?.label, language),
      z: say(chart.zAxis?.label, language),
    },
    azimuth: chart.azimuth ?? 35,
    elevation: chart.elevation ?? 28,
    room: {
      left: zLabels + 22,
      top: heading.bottom + 26,
      right: canvas.width - 22,
      bottom: canvas.height - 44,
    },
    zLabels,
  });
  const { place } = view;
  const parts = [
    heading.markup,
    `<path d="${view.grid}" fill="none" stroke="${palette.grid}"/>`,
    `<path d="${view.edges}" fill="none" stroke="${palette.axis}"/>`,
    drawPatches(canvas, chart, view),
    ...view.labels.map(({ text, x, y, anchor, role, beside }) =>
      svgText(text, x, y, {
        fill: role === "tick" ? palette.muted : palette.ink,
        anchor,
        ...(beside && { baseline: "middle" }),
      }),
    ),
  ];
  // A parallel projection is linear: three edges say where every point lies.
  const corner = place([-1, -1, -1]);
  const edge = (axis: Axis | undefined, range: { min: number; max: number }, far: Corner): Edge => {
    const [x, y] = place(far);
    const length = range.max - range.min;
    const pixels = [(x - corner[0]) / length, (y - corner[1]) / length] as const;
    return { label: say(axis?.label, language), percent: axis?.format === "percent", from: range.min, pixels };
  };
  const [columns, rows] = [kept(chart.x.length), kept(chart.y.length)];
  const readout: Readout = {
    kind: "surface",
    box: { left: 0, top: 0, width: canvas.width, height: canvas.height },
    corner,
    x: edge(chart.xAxis, xRange, [1, -1, -1]),
    y: edge(chart.yAxis, yRange, [-1, 1, -1]),
    z: edge(chart.zAxis, zRange, [-1, -1, 1]),
    depth: [view.depth(1, 0), view.depth(0, 1)],
    xs: columns.map((i) => valueAt(chart.x, i)),
    ys: rows.map((j) => valueAt(chart.y, j)),
    values: rows.map((j) => columns.map((i) => rounded(valueAt(chart.z[j], i)))),
  };
  return { markup: parts.filter((part) => part !== "").join("\n"), height: canvas.height, readout };
}

/** Six digits, which is more than a read-out shows; null where there is nothing to show. */
function rounded(value: number): number | null {
  return Number.isNaN(value) ? null : Number(value.toPrecision(6));
}

function drawPatches(canvas: Canvas, chart: SurfaceChart, { depth: depthOf, unit, place }: SurfaceView): string {
  const columns = kept(chart.x.length);
  const rows = kept(chart.y.length);
  const corner = (i: number, j: number) => unit(valueAt(chart.x, i), valueAt(chart.y, j), valueAt(chart.z[j], i));
  const patches: { depth: number; markup: string }[] = [];
  for (let j = 0; j + 1 < rows.length; j++) {
    for (let i = 0; i + 1 < columns.length; i++) {
      const four = [
        corner(columns[i], rows[j]),
        corner(columns[i + 1], rows[j]),
        corner(columns[i + 1], rows[j + 1]),
        corner(columns[i], rows[j + 1]),
      ];
      const height = four.reduce((sum, [, , z]) => sum + z, 0) / 4;
      if (Number.isNaN(height)) continue;
      const depth = four.reduce((sum, [x, y]) => sum + depthOf(x, y), 0) / 4;
      const outline = four.map((each) =>
        place(each)
          .map((value) => value.toFixed(1))
          .join(" "),
      );
      const colour = rampColour(canvas.palette.sequential, (height + 1) / 2);
      patches.push({ depth, markup: `<path d="M${outline.join("L")}Z" fill="${colour}"/>` });
    }
  }
  patches.sort((a, b) => b.depth - a.depth);
  const stroke = `stroke="${canvas.palette.paper}" stroke-opacity="0.45" stroke-width="0.6" stroke-linejoin="round"`;
  return `<g ${stroke}>\n${patches.map((patch) => patch.markup).join("\n")}\n</g>`;
}

function kept(length: number): number[] {
  const count = Math.min(length, mostPatches + 1);
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / (count - 1)));
}
