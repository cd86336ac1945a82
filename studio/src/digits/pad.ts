// What a pad holds: strokes, each a list x0, y0, x1, y1, ... in units of the pad, which is 300 high and 300 or 900 wide. Written into an address as four
// characters a point and a dot between strokes.

export type Mode = "one" | "line";
export type Strokes = readonly (readonly number[])[];

export const HEIGHT = 300;
export const WIDTHS: Readonly<Record<Mode, number>> = { one: 300, line: 900 };
/** Of the ink, a unit of the pad. */
export const SCALE = 0.5;
/** Points that lie nearer to the line between their neighbours are left out, in units. */
const TOLERANCE = 0.9;
export const MOST_CHARACTERS = 12_000;

export function writeStrokes(strokes: Strokes): string {
  return strokes
    .map((stroke) => stroke.map((value) => Math.round(value).toString(36).padStart(2, "0")).join(""))
    .join(".");
}

/** What is no point is left out. */
export function readStrokes(text: string): number[][] {
  return text
    .split(".")
    .map((written) => {
      const values = (written.match(/[0-9a-z]{2}/g) ?? []).map((pair) => Number.parseInt(pair, 36));
      return values.slice(0, values.length - (values.length % 2));
    })
    .filter((stroke) => stroke.length > 0);
}

/** A stroke with the points that its shape needs (Douglas and Peucker 1973), in whole units within the pad. */
export function simplify(stroke: readonly number[], width: number): number[] {
  const points = Array.from({ length: stroke.length >> 1 }, (_, k) => ({
    x: Math.max(0, Math.min(width, Math.round(stroke[2 * k]))),
    y: Math.max(0, Math.min(HEIGHT, Math.round(stroke[2 * k + 1]))),
  }));
  const kept = new Set([0, points.length - 1]);
  const open: [number, number][] = [[0, points.length - 1]];
  for (let span = open.pop(); span !== undefined; span = open.pop()) {
    const [from, to] = span;
    let [far, farthest] = [0, TOLERANCE];
    for (let k = from + 1; k < to; k++) {
      const distance = distanceTo(points[k], points[from], points[to]);
      if (distance > farthest) [far, farthest] = [k, distance];
    }
    if (far === 0) continue;
    kept.add(far);
    open.push([from, far], [far, to]);
  }
  return [...kept].sort((a, b) => a - b).flatMap((k) => [points[k].x, points[k].y]);
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** From a point to the piece of line between two. */
function distanceTo(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const along = ((point.x - from.x) * dx + (point.y - from.y) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.max(0, Math.min(1, along));
  return Math.hypot(point.x - from.x - share * dx, point.y - from.y - share * dy);
}
