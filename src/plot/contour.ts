// Contours of a grid of values by marching squares. The grid gets a rim of minus infinity at the border's own place, so
// that every contour closes; gaps in the values are minus infinity too, and become holes.
import type { Numbers } from "./chart.ts";
import { valueAt } from "./chart.ts";

export interface Region {
  /** Closed rings around the region, for filling (even-odd). */
  readonly fill: string;
  /** The rings without the stretches along the border and around gaps, for drawing lines. */
  readonly lines: string;
}

interface Vertex {
  readonly x: number;
  readonly y: number;
  /** On the border or beside a gap, not a true crossing of the level. */
  readonly border: boolean;
}

// Which edges of a cell a ring enters and leaves by, for each set of corners inside the region (1 lower left, 2 lower
// right, 4 upper right, 8 upper left); the inside is on the left. B, R, T, L: bottom, right, top, left.
const walks: readonly string[] = [
  "",
  "BL",
  "RB",
  "RL",
  "TR",
  "",
  "TB",
  "TL",
  "LT",
  "BT",
  "",
  "RT",
  "LR",
  "BR",
  "LB",
  "",
];
const saddles: Readonly<Record<number, readonly [string, string]>> = { 5: ["BLTR", "BRTL"], 10: ["RBLT", "LBRT"] };

/** The region where `z >= level`, in SVG path syntax, with `place` giving the drawing's coordinates of a point. */
export function regionAbove(
  x: Numbers,
  y: Numbers,
  z: readonly Numbers[],
  level: number,
  place: (x: number, y: number) => readonly [number, number],
): Region {
  const columns = x.length + 2;
  const rows = y.length + 2;
  const clamp = (index: number, length: number) => Math.min(length - 1, Math.max(0, index - 1));
  const xAt = (i: number) => valueAt(x, clamp(i, x.length));
  const yAt = (j: number) => valueAt(y, clamp(j, y.length));
  const zAt = (i: number, j: number) => {
    if (i === 0 || j === 0 || i === columns - 1 || j === rows - 1) return Number.NEGATIVE_INFINITY;
    const value = valueAt(z[j - 1], i - 1);
    return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
  };

  // An edge is known by its lower or left end and its direction.
  const edgeOf = (i: number, j: number, side: string): number => {
    if (side === "B") return 2 * (j * columns + i);
    if (side === "T") return 2 * ((j + 1) * columns + i);
    if (side === "L") return 2 * (j * columns + i) + 1;
    return 2 * (j * columns + i + 1) + 1;
  };
  const next = new Map<number, number>();
  for (let j = 0; j < rows - 1; j++) {
    for (let i = 0; i < columns - 1; i++) {
      const corners = [zAt(i, j), zAt(i + 1, j), zAt(i + 1, j + 1), zAt(i, j + 1)];
      let inside = 0;
      corners.forEach((value, k) => {
        if (value >= level) inside |= 1 << k;
      });
      const saddle = saddles[inside];
      const joined = saddle !== undefined && corners.reduce((sum, value) => sum + value, 0) / 4 >= level;
      const walk = saddle === undefined ? walks[inside] : saddle[joined ? 1 : 0];
      for (let k = 0; k < walk.length; k += 2) next.set(edgeOf(i, j, walk[k]), edgeOf(i, j, walk[k + 1]));
    }
  }

  const vertexOn = (edge: number): Vertex => {
    const start = edge >> 1;
    const [i, j] = [start % columns, Math.floor(start / columns)];
    const [i2, j2] = (edge & 1) === 0 ? [i + 1, j] : [i, j + 1];
    const [a, b] = [zAt(i, j), zAt(i2, j2)];
    const border = !Number.isFinite(a) || !Number.isFinite(b);
    const share = border ? (Number.isFinite(a) ? 0 : 1) : (level - a) / (b - a);
    const [px, py] = place(xAt(i) + (xAt(i2) - xAt(i)) * share, yAt(j) + (yAt(j2) - yAt(j)) * share);
    return { x: px, y: py, border };
  };

  const fill: string[] = [];
  const lines: string[] = [];
  const point = (vertex: Vertex) => `${vertex.x.toFixed(1)} ${vertex.y.toFixed(1)}`;
  while (next.size > 0) {
    const ring: Vertex[] = [];
    let edge = next.keys().next().value as number;
    while (next.has(edge)) {
      ring.push(vertexOn(edge));
      const following = next.get(edge) as number;
      next.delete(edge);
      edge = following;
    }
    fill.push(`M${ring.map(point).join("L")}Z`);
    let drawing = false;
    for (let k = 0; k < ring.length; k++) {
      const [from, to] = [ring[k], ring[(k + 1) % ring.length]];
      if (from.border || to.border) drawing = false;
      else {
        lines.push(drawing ? `L${point(to)}` : `M${point(from)}L${point(to)}`);
        drawing = true;
      }
    }
  }
  return { fill: fill.join(""), lines: lines.join("") };
}
