// A surface over a plane, seen from above at an angle: where its points, walls and labels lie in a drawing. Reports draw it once (surface.ts); the
// studio turns it. The projection is parallel: equal lengths stay equal, and it is linear.
import { short } from "./markup.ts";
import type { AxisRange } from "./scale.ts";

type Point = readonly [x: number, y: number];
/** In the box: -1 to 1 along each axis. */
export type Corner = readonly [x: number, y: number, z: number];

interface SurfaceLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "middle" | "end";
  /** Numbers at the ticks, or the names of the axes. */
  readonly role: "tick" | "name";
  /** Beside its place, at the height of its middle. */
  readonly beside?: boolean;
}

export interface SurfaceView {
  /** Where numbers of the three axes fall in the box. */
  unit(x: number, y: number, z: number): Corner;
  /** Pixels of a point of the box. */
  place(corner: Corner): [number, number];
  /** Grows away from the reader. */
  depth(x: number, y: number): number;
  /** Lines at the ticks on the floor and on the two walls behind, and the edges where these meet, as the d of paths. */
  readonly grid: string;
  readonly edges: string;
  readonly labels: readonly SurfaceLabel[];
}

interface Seen {
  readonly ranges: { readonly x: AxisRange; readonly y: AxisRange; readonly z: AxisRange };
  readonly names: { readonly x: string; readonly y: string; readonly z: string };
  /** Degrees about the vertical, and degrees from which one looks down, 5 to 85. */
  readonly azimuth: number;
  readonly elevation: number;
  readonly room: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
  /** Pixels that the labels of the third axis take. */
  readonly zLabels: number;
  /** Keep the scale of every angle, so that a surface that is turned does not breathe. */
  readonly steady?: boolean;
}

// The box is as high as this part of its sides.
const tall = 0.62;

export function surfaceView(seen: Seen): SurfaceView {
  const { ranges, names, room } = seen;
  const along = (range: AxisRange, value: number) => (2 * (value - range.min)) / (range.max - range.min) - 1;
  const turn = (seen.azimuth * Math.PI) / 180;
  const tilt = (Math.min(85, Math.max(5, seen.elevation)) * Math.PI) / 180;
  const depth = (x: number, y: number) => x * Math.sin(turn) + y * Math.cos(turn);
  const flat = ([x, y, z]: Corner): Point => [
    x * Math.cos(turn) - y * Math.sin(turn),
    -z * tall * Math.cos(tilt) - depth(x, y) * Math.sin(tilt),
  ];
  const corners = [-1, 1].flatMap((x) => [-1, 1].flatMap((y) => [-1, 1].map((z) => flat([x, y, z]))));
  // The widest that the box gets: its floor seen along a diagonal.
  const wide = Math.SQRT2;
  const high = tall * Math.cos(tilt) + Math.SQRT2 * Math.sin(tilt);
  const [left, right, top, bottom] = seen.steady
    ? [-wide, wide, -high, high]
    : [
        Math.min(...corners.map(([x]) => x)),
        Math.max(...corners.map(([x]) => x)),
        Math.min(...corners.map(([, y]) => y)),
        Math.max(...corners.map(([, y]) => y)),
      ];
  const scale = Math.min((room.right - room.left) / (right - left), (room.bottom - room.top) / (bottom - top));
  const shiftX = (room.left + room.right) / 2 - (scale * (left + right)) / 2;
  const shiftY = (room.top + room.bottom) / 2 - (scale * (top + bottom)) / 2;
  const place = (corner: Corner): [number, number] => {
    const [x, y] = flat(corner);
    return [shiftX + scale * x, shiftY + scale * y];
  };
  const at = (corner: Corner) => place(corner).map(short).join(" ");

  // The walls stand on the far sides; the labels of x and y on the near ones.
  const farX = depth(1, 0) >= 0 ? 1 : -1;
  const farY = depth(0, 1) >= 0 ? 1 : -1;
  const lines: string[] = [];
  for (const tick of ranges.x.ticks) {
    const x = along(ranges.x, tick.at);
    lines.push(`M${at([x, -1, -1])}L${at([x, 1, -1])}M${at([x, farY, -1])}L${at([x, farY, 1])}`);
  }
  for (const tick of ranges.y.ticks) {
    const y = along(ranges.y, tick.at);
    lines.push(`M${at([-1, y, -1])}L${at([1, y, -1])}M${at([farX, y, -1])}L${at([farX, y, 1])}`);
  }
  for (const tick of ranges.z.ticks) {
    const z = along(ranges.z, tick.at);
    lines.push(`M${at([-farX, farY, z])}L${at([farX, farY, z])}L${at([farX, -farY, z])}`);
  }

  const centre = place([0, 0, -1]);
  const labels: SurfaceLabel[] = [];
  const label = (text: string, [x, y]: Point, role: SurfaceLabel["role"]) => {
    const anchor = x < centre[0] - 4 ? "end" : x > centre[0] + 4 ? "start" : "middle";
    labels.push({ text, x, y: y + 4, anchor, role });
  };
  // All labels of an edge are moved away from it in one direction, so that they stand in a row.
  const moved = (corner: Corner, outward: Corner, distance: number): Point => {
    const [x, y] = place(corner);
    const [x1, y1] = place(outward);
    const [dx, dy] = [x1 - centre[0], y1 - centre[1]];
    const length = Math.hypot(dx, dy) || 1;
    return [x + (dx / length) * distance, y + (dy / length) * distance];
  };
  for (const tick of ranges.x.ticks) {
    label(tick.label, moved([along(ranges.x, tick.at), -farY, -1], [0, -farY, -1], 13), "tick");
  }
  for (const tick of ranges.y.ticks) {
    label(tick.label, moved([-farX, along(ranges.y, tick.at), -1], [-farX, 0, -1], 13), "tick");
  }
  // The third axis stands at the outermost edge of the walls that is to the left. Of its numbers the lowest would meet the last of y at the corner.
  const upright =
    place([-farX, farY, -1])[0] <= place([farX, -farY, -1])[0] ? ([-farX, farY] as const) : ([farX, -farY] as const);
  for (const tick of ranges.z.ticks.slice(1)) {
    const [x, y] = place([...upright, along(ranges.z, tick.at)]);
    labels.push({ text: tick.label, x: x - 8, y, anchor: "end", role: "tick", beside: true });
  }
  if (names.x !== "") label(names.x, moved([0, -farY, -1], [0, -farY, -1], 34), "name");
  if (names.y !== "") label(names.y, moved([-farX, 0, -1], [-farX, 0, -1], 34), "name");
  if (names.z !== "") {
    const [x, y] = place([...upright, 1]);
    labels.push({ text: names.z, x: Math.max(0, x - 8 - seen.zLabels), y: y - 14, anchor: "start", role: "name" });
  }
  const foot = (corner: Point): string => at([...corner, -1]);
  return {
    unit: (x, y, z) => [along(ranges.x, x), along(ranges.y, y), along(ranges.z, z)],
    place,
    depth,
    grid: lines.join(""),
    edges: `M${foot([-farX, farY])}L${foot([-farX, -farY])}L${foot([farX, -farY])}M${foot(upright)}L${at([...upright, 1])}`,
    labels,
  };
}
