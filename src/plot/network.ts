// A network as its columns of neurons, with the connections between them; long columns are shortened in the middle.
import type { NetworkChart, NetworkLayer } from "./chart.ts";
import { say, valueAt } from "./chart.ts";
import type { Canvas, Drawing } from "./frame.ts";
import { drawHeading } from "./frame.ts";
import { short, shorten, svgText, textWidth, wrapText } from "./markup.ts";
import type { Readout } from "./readout.ts";
import { formatNumber } from "./scale.ts";

interface Column {
  readonly layer: NetworkLayer;
  readonly x: number;
  /** The circles that are drawn: which unit, and how high. Empty for feature maps. */
  readonly units: readonly { readonly index: number; readonly y: number }[];
  readonly shortened: boolean;
}

export function drawNetwork(canvas: Canvas, chart: NetworkChart): Drawing {
  const { palette, language, width, height } = canvas;
  const heading = drawHeading(canvas, { title: say(chart.title, language) });
  const room = width / chart.layers.length - 8;
  const said = chart.layers.map((layer) => ({
    name: say(layer.name, language),
    size: sizeOf(layer),
    note: say(layer.note, language),
  }));
  // Where names do not fit below their columns these are numbered, and a list says what they are.
  const listed = said.some(({ name, size }) => isCut(name, 12, room) || isCut(size, 11, room));
  const captions = said.map(({ name, size, note }, i) =>
    listed
      ? { name: [String(i + 1)], rest: [] }
      : {
          name: wrapText(name, 12, room, 2),
          rest: [...wrapText(size, 11, room, 2), ...wrapText(note, 11, room, 3)],
        },
  );
  const list = listed ? said.map(({ name, size, note }, i) => lineOf(i, name, size, note, width)) : [];
  const lines = Math.max(...captions.map(({ name, rest }) => name.length + rest.length));
  const top = heading.bottom + 10;
  // A list comes below what would be there without it: columns keep room to be seen.
  const bottom = listed ? Math.max(top + 130, height - 27 - list.length * 17) : height - lines * 15 - 12;
  const middle = (top + bottom) / 2;

  const step = width / chart.layers.length;
  const mostRows = Math.max(3, Math.min(chart.mostUnits ?? 12, Math.floor((bottom - top) / 9)));
  const rows = Math.max(...chart.layers.map((layer) => rowsOf(layer, mostRows)));
  // Few neurons are drawn large: then weights and labels have room.
  const spacing = Math.min(rows <= 4 ? 72 : 34, (bottom - top) / Math.max(rows, 1));
  const radius = Math.max(2.5, Math.min(rows <= 4 ? 15 : 12, spacing * 0.36, step * 0.2));
  const columns = chart.layers.map((layer, i) => columnOf(layer, (i + 0.5) * step, middle, spacing, mostRows));

  const parts: string[] = [heading.markup];
  for (let i = 1; i < columns.length; i++)
    parts.push(drawConnections(canvas, columns[i - 1], columns[i], radius, middle));
  columns.forEach((column, i) => {
    parts.push(
      column.layer.maps === undefined
        ? drawUnits(canvas, column, i, columns.length - 1, radius, middle)
        : drawMaps(canvas, column, middle),
    );
    const { name, rest } = captions[i];
    let y = bottom + 20;
    for (const line of name) {
      parts.push(svgText(line, column.x, y, { fill: palette.ink, size: 12, weight: 600, anchor: "middle" }));
      y += 15;
    }
    for (const line of rest) {
      parts.push(svgText(line, column.x, y, { fill: palette.muted, size: 11, anchor: "middle" }));
      y += 15;
    }
  });
  list.forEach((line, i) => {
    parts.push(svgText(line, 0, bottom + 50 + 17 * i, { fill: palette.muted, size: 12 }));
  });
  const taken = listed ? bottom + 50 + 17 * (list.length - 1) + 8 : height;
  return {
    markup: parts.filter((part) => part !== "").join("\n"),
    height: taken,
    readout: readoutOf({ ...canvas, height: taken }, columns, radius),
  };
}

/** `30`, or `20 × 12×12`. */
function sizeOf({ maps, units }: NetworkLayer): string {
  return maps === undefined ? formatNumber(units ?? 0, 9) : `${maps.count} × ${maps.height}×${maps.width}`;
}

/** Whether a text can't be written in so wide lines without leaving letters out. */
function isCut(text: string, size: number, room: number): boolean {
  return wrapText(text, size, room, 2).join(" ") !== text;
}

function lineOf(index: number, name: string, size: string, note: string, width: number): string {
  return shorten(`${index + 1}  ${name}: ${size}${note === "" ? "" : `, ${note}`}`, 12, width);
}

function readoutOf({ width, height, language }: Canvas, columns: readonly Column[], radius: number): Readout {
  return {
    kind: "network",
    box: { left: 0, top: 0, width, height },
    radius,
    columns: columns.map(({ layer, x, units }, i) => {
      const before = columns[i - 1]?.units ?? [];
      const weights =
        layer.weights && units.map((unit) => before.map(({ index }) => weightAt(layer, unit.index, index)));
      return {
        name: say(layer.name, language),
        x,
        units: units.map(({ index, y }) => [index, say(layer.labels?.[index], language), y] as const),
        ...(weights && before.length > 0 && { weights }),
      };
    }),
  };
}

/** JSON has no NaN. */
function weightAt({ weights }: NetworkLayer, unit: number, from: number): number | null {
  const weight = valueAt(weights![unit], from);
  return Number.isNaN(weight) ? null : weight;
}

function rowsOf(layer: NetworkLayer, most: number): number {
  return layer.units === undefined ? 1 : Math.min(layer.units, most);
}

/** Of a column that is too long, the first and the last units, with one row for the dots between them. */
function columnOf(layer: NetworkLayer, x: number, middle: number, spacing: number, most: number): Column {
  if (layer.units === undefined) return { layer, x, units: [], shortened: false };
  const rows = rowsOf(layer, most);
  const shortened = layer.units > rows;
  const rowY = (row: number) => middle + (row - (rows - 1) / 2) * spacing;
  const units: { index: number; y: number }[] = [];
  const gap = Math.floor(rows / 2);
  for (let row = 0; row < rows; row++) {
    if (shortened && row === gap) continue;
    const index = shortened && row > gap ? layer.units - rows + row : row;
    units.push({ index, y: rowY(row) });
  }
  return { layer, x, units, shortened };
}

function drawConnections(canvas: Canvas, from: Column, to: Column, radius: number, middle: number): string {
  const { palette } = canvas;
  if (from.units.length === 0 || to.units.length === 0) {
    // Between feature maps a connection is a window, not a line a neuron: an arrow says enough.
    const start = from.x + (from.units.length === 0 ? 34 : radius + 6);
    const end = to.x - (to.units.length === 0 ? 30 : radius + 8);
    if (end <= start + 4) return "";
    return `<path d="M${short(start)} ${short(middle)}H${short(end)}m-5 -4l5 4l-5 4" fill="none" stroke="${palette.axis}" stroke-width="1.2"/>`;
  }
  const weights = to.layer.weights;
  const line = (a: { y: number }, b: { y: number }) =>
    `M${short(from.x + radius)} ${short(a.y)}L${short(to.x - radius)} ${short(b.y)}`;
  if (weights === undefined) {
    const all = from.units.flatMap((a) => to.units.map((b) => line(a, b)));
    return `<path d="${all.join("")}" fill="none" stroke="${palette.axis}" stroke-opacity="0.45" stroke-width="0.6"/>`;
  }
  let largest = 0;
  for (const row of weights)
    for (let i = 0; i < row.length; i++) largest = Math.max(largest, Math.abs(valueAt(row, i)) || 0);
  const drawn: string[] = [];
  for (const b of to.units) {
    for (const a of from.units) {
      const weight = valueAt(weights[b.index], a.index) || 0;
      const strength = Math.abs(weight) / (largest || 1);
      const colour = palette.series[weight < 0 ? 0 : 1];
      drawn.push(
        `<path d="${line(a, b)}" fill="none" stroke="${colour}" stroke-width="${short(0.4 + 2.6 * strength)}" stroke-opacity="${short(0.25 + 0.75 * strength)}"/>`,
      );
    }
  }
  const count = from.units.length * to.units.length;
  const share = count <= 12 ? shareOf(from, to) : 0;
  for (const b of count <= 12 ? to.units : []) {
    for (const a of from.units) {
      const x = from.x + radius + share * (to.x - from.x - 2 * radius);
      const text = formatNumber(valueAt(weights[b.index], a.index), 3);
      const style = { fill: palette.ink, size: 11, anchor: "middle", baseline: "middle" } as const;
      const number = svgText(text, x, a.y + share * (b.y - a.y), style);
      drawn.push(number.replace("<text ", `<text stroke="${palette.paper}" stroke-width="4" paint-order="stroke" `));
    }
  }
  return drawn.join("\n");
}

/** How far along the lines their numbers stand: nearer the start, where lines are still apart, and where no two numbers are on each other. */
function shareOf(from: Column, to: Column): number {
  const nearest = (share: number): number => {
    const heights = from.units.flatMap((a) => to.units.map((b) => a.y + share * (b.y - a.y))).sort((a, b) => a - b);
    return Math.min(...heights.slice(1).map((y, i) => y - heights[i]), Number.POSITIVE_INFINITY);
  };
  const shares = [0.36, 0.3, 0.24, 0.42, 0.18, 0.12];
  return shares.find((share) => nearest(share) >= 13) ?? shares.reduce((a, b) => (nearest(b) > nearest(a) ? b : a));
}

function drawUnits(
  canvas: Canvas,
  column: Column,
  place: number,
  last: number,
  radius: number,
  middle: number,
): string {
  const { palette, language } = canvas;
  const labels = column.units.map(({ index }) => say(column.layer.labels?.[index], language));
  const fits = labels.every((label) => textWidth(label, 11) <= 2 * radius - 1);
  const parts = column.units.map(({ y }, row) => {
    const fill = place === 0 ? palette.paper : palette.sequential[10];
    const circle = `<circle cx="${short(column.x)}" cy="${short(y)}" r="${short(radius)}" fill="${fill}" stroke="${palette.series[0]}" stroke-width="1.3"/>`;
    const label = labels[row];
    if (label === "") return circle;
    if (fits) {
      return (
        circle + svgText(label, column.x, y, { fill: palette.ink, size: 11, anchor: "middle", baseline: "middle" })
      );
    }
    const style = { fill: palette.ink, size: 11, baseline: "middle" } as const;
    if (place === 0) return circle + svgText(label, column.x - radius - 5, y, { ...style, anchor: "end" });
    if (place === last) return circle + svgText(label, column.x + radius + 5, y, style);
    return circle + svgText(label, column.x, y + radius + 9, { ...style, anchor: "middle" });
  });
  if (column.shortened) {
    const rows = column.units.length + 1;
    const gap = Math.floor(rows / 2);
    const before = column.units[gap - 1].y;
    const after = column.units[gap]?.y ?? 2 * middle - before;
    const centre = (before + after) / 2;
    for (const shift of [-4, 0, 4]) {
      parts.push(
        `<circle cx="${short(column.x)}" cy="${short(centre + shift * Math.min(1, radius / 5))}" r="1.2" fill="${palette.muted}"/>`,
      );
    }
  }
  return parts.join("\n");
}

function drawMaps(canvas: Canvas, column: Column, middle: number): string {
  const { palette } = canvas;
  const { count, height, width } = column.layer.maps as NonNullable<NetworkLayer["maps"]>;
  const shown = Math.min(count, 4);
  const side = Math.min(52, 16 + Math.sqrt(Math.max(height, width)) * 6);
  const w = side * Math.min(1, width / height);
  const h = side * Math.min(1, height / width);
  const parts: string[] = [];
  for (let i = shown - 1; i >= 0; i--) {
    const shift = (i - (shown - 1) / 2) * 5;
    const fill = count === 1 ? palette.paper : palette.sequential[10];
    parts.push(
      `<rect x="${short(column.x - w / 2 + shift)}" y="${short(middle - h / 2 - shift)}" width="${short(w)}" height="${short(h)}" fill="${fill}" stroke="${palette.series[0]}" stroke-width="1.2"/>`,
    );
  }
  return parts.join("\n");
}
