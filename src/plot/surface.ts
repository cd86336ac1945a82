// A surface over a plane, seen from above at an angle: parallel projection, far patches first, coloured by height.
import type { Axis, SurfaceChart } from "./chart.ts";
import { say, valueAt } from "./chart.ts";
import type { Canvas, Drawing } from "./frame.ts";
import { drawHeading } from "./frame.ts";
import { short, svgText, textWidth } from "./markup.ts";
import type { Edge, Readout } from "./readout.ts";
import { axisRange, extentOf } from "./scale.ts";
import { rampColour } from "./theme.ts";

// Beyond this many patches a side the eye sees no difference and the file only grows.
const mostPatches = 48;

type Corner = readonly [number, number, number];

export function drawSurface(canvas: Canvas, chart: SurfaceChart): Drawing {
  const { palette, language } = canvas;
  const heading = drawHeading(canvas, { title: say(chart.title, language) });
  const wish = { count: 5, ends: "snug" } as const;
  const xRange = axisRange(chart.xAxis, ...extentOf([chart.x]), wish);
  const yRange = axisRange(chart.yAxis, ...extentOf([chart.y]), wish);
  const zRange = axisRange(chart.zAxis, ...extentOf(chart.z), { count: canvas.height < 320 ? 3 : 5, ends: "round" });
  const unit = (range: { min: number; max: number }, value: number) =>
    (2 * (value - range.min)) / (range.max - range.min) - 1;

  // The box is [-1, 1] in x and y and [-tall, tall] in z; depth grows away from the viewer.
  const tall = 0.62;
  const turn = ((chart.azimuth ?? 35) * Math.PI) / 180;
  const tilt = (Math.min(85, Math.max(5, chart.elevation ?? 28)) * Math.PI) / 180;
  const depthOf = (x: number, y: number) => x * Math.sin(turn) + y * Math.cos(turn);
  const flat = ([x, y, z]: Corner): [number, number] => [
    x * Math.cos(turn) - y * Math.sin(turn),
    -z * tall * Math.cos(tilt) - depthOf(x, y) * Math.sin(tilt),
  ];
  const corners = [-1, 1].flatMap((x) => [-1, 1].flatMap((y) => [-1, 1].map((z) => flat([x, y, z]))));
  const left = Math.min(...corners.map(([x]) => x));
  const right = Math.max(...corners.map(([x]) => x));
  const top = Math.min(...corners.map(([, y]) => y));
  const bottom = Math.max(...corners.map(([, y]) => y));

  const zLabels = Math.max(...zRange.ticks.map((tick) => textWidth(tick.label, 12)));
  const room = {
    left: zLabels + 22,
    top: heading.bottom + 26,
    right: canvas.width - 22,
    bottom: canvas.height - 44,
  };
  const scale = Math.min((room.right - room.left) / (right - left), (room.bottom - room.top) / (bottom - top));
  const shiftX = (room.left + room.right) / 2 - (scale * (left + right)) / 2;
  const shiftY = (room.top + room.bottom) / 2 - (scale * (top + bottom)) / 2;
  const place = (corner: Corner): [number, number] => {
    const [x, y] = flat(corner);
    return [shiftX + scale * x, shiftY + scale * y];
  };
  const at = (corner: Corner) => place(corner).map(short).join(" ");

  // The walls stand on the far sides; the labels of x and y on the near ones.
  const farX = depthOf(1, 0) >= 0 ? 1 : -1;
  const farY = depthOf(0, 1) >= 0 ? 1 : -1;
  const parts: string[] = [heading.markup];
  const lines: string[] = [];
  for (const tick of xRange.ticks) {
    const x = unit(xRange, tick.at);
    lines.push(`M${at([x, -1, -1])}L${at([x, 1, -1])}M${at([x, farY, -1])}L${at([x, farY, 1])}`);
  }
  for (const tick of yRange.ticks) {
    const y = unit(yRange, tick.at);
    lines.push(`M${at([-1, y, -1])}L${at([1, y, -1])}M${at([farX, y, -1])}L${at([farX, y, 1])}`);
  }
  for (const tick of zRange.ticks) {
    const z = unit(zRange, tick.at);
    lines.push(`M${at([-farX, farY, z])}L${at([farX, farY, z])}L${at([farX, -farY, z])}`);
  }
  parts.push(`<path d="${lines.join("")}" fill="none" stroke="${palette.grid}"/>`);
  parts.push(
    `<path d="M${at([-farX, farY, -1])}L${at([-farX, -farY, -1])}L${at([farX, -farY, -1])}M${at([-farX, farY, -1])}L${at([-farX, farY, 1])}" fill="none" stroke="${palette.axis}"/>`,
  );

  parts.push(
    drawPatches(canvas, chart, depthOf, (i, j, z) => [unit(xRange, i), unit(yRange, j), unit(zRange, z)], place),
  );

  const centre = place([0, 0, -1]);
  const label = (text: string, [x, y]: [number, number], fill: string) => {
    const anchor = x < centre[0] - 4 ? "end" : x > centre[0] + 4 ? "start" : "middle";
    parts.push(svgText(text, x, y + 4, { fill, anchor }));
  };
  // All labels of an edge are moved away from it in one direction, so that they stand in a row.
  const moved = (corner: Corner, outward: Corner, distance: number): [number, number] => {
    const [x, y] = place(corner);
    const [x1, y1] = place(outward);
    const [dx, dy] = [x1 - centre[0], y1 - centre[1]];
    const length = Math.hypot(dx, dy) || 1;
    return [x + (dx / length) * distance, y + (dy / length) * distance];
  };
  for (const tick of xRange.ticks) {
    label(tick.label, moved([unit(xRange, tick.at), -farY, -1], [0, -farY, -1], 13), palette.muted);
  }
  for (const tick of yRange.ticks) {
    label(tick.label, moved([-farX, unit(yRange, tick.at), -1], [-farX, 0, -1], 13), palette.muted);
  }
  // The lowest would meet the last label of y at the corner.
  for (const tick of zRange.ticks.slice(1)) {
    const [x, y] = place([-farX, farY, unit(zRange, tick.at)]);
    parts.push(svgText(tick.label, x - 8, y, { fill: palette.muted, anchor: "end", baseline: "middle" }));
  }
  const xName = say(chart.xAxis?.label, language);
  const yName = say(chart.yAxis?.label, language);
  if (xName !== "") label(xName, moved([0, -farY, -1], [0, -farY, -1], 34), palette.ink);
  if (yName !== "") label(yName, moved([-farX, 0, -1], [-farX, 0, -1], 34), palette.ink);
  const zName = say(chart.zAxis?.label, language);
  if (zName !== "") {
    const [x, y] = place([-farX, farY, 1]);
    parts.push(svgText(zName, Math.max(0, x - 8 - zLabels), y - 14, { fill: palette.ink }));
  }
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
    depth: [depthOf(1, 0), depthOf(0, 1)],
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

function drawPatches(
  canvas: Canvas,
  chart: SurfaceChart,
  depthOf: (x: number, y: number) => number,
  unit: (x: number, y: number, z: number) => Corner,
  place: (corner: Corner) => [number, number],
): string {
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
