// The patches of a surface, as a component draws them: from the far ones to the near ones, coloured by height and by how the light falls.
import type { Corner, SurfaceView } from "../../../src/plot/surface-view.ts";
import { channelsOf, rampColour } from "../../../src/plot/theme.ts";

/** Heights over a grid: `z[row * x.length + column]`, rows along y. The lines of the grid need not be evenly spaced. */
export interface Heights {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly z: ArrayLike<number>;
}

export interface Patch {
  readonly row: number;
  readonly column: number;
  /** In pixels, around it. */
  readonly corners: readonly (readonly [x: number, y: number])[];
  readonly fill: string;
  /** How far its middle is from the reader. */
  readonly away: number;
}

/** From the upper left behind the reader. */
const LIGHT = [-0.35, 0.45, 0.82] as const;

/** The share of the light that a patch has: 1 where it faces the light, and never less than a part of it. */
function lit(normal: readonly number[], turn: readonly [number, number]): number {
  const length = Math.hypot(...normal) || 1;
  // The light turns with the reader, so that the same side of the drawing is always lit.
  const [right, away] = [normal[0] * turn[1] - normal[1] * turn[0], normal[0] * turn[0] + normal[1] * turn[1]];
  const facing = (LIGHT[0] * right - LIGHT[1] * away + LIGHT[2] * normal[2]) / length;
  return 0.62 + 0.42 * Math.max(0, facing);
}

function shaded(colour: string, share: number): string {
  return `rgb(${channelsOf(colour)
    .map((channel) => Math.round(Math.min(255, channel * share)))
    .join(" ")})`;
}

type Four = readonly [Corner, Corner, Corner, Corner];

/** Of the height of the box: where a cell rises more, it is cut, so that a cliff has the colours of its heights. */
const MOST_RISE = 0.3;

/** A cell that is steep, as strips one above the other. */
function strips([a, b, c, d]: Four): Four[] {
  const alongX = Math.abs(b[2] - a[2]) + Math.abs(c[2] - d[2]);
  const alongY = Math.abs(d[2] - a[2]) + Math.abs(c[2] - b[2]);
  const count = Math.ceil(Math.max(alongX, alongY) / 2 / MOST_RISE) || 1;
  if (count === 1) return [[a, b, c, d]];
  const between = (from: Corner, to: Corner, share: number): Corner => [
    from[0] + share * (to[0] - from[0]),
    from[1] + share * (to[1] - from[1]),
    from[2] + share * (to[2] - from[2]),
  ];
  return Array.from({ length: count }, (_, k): Four => {
    const [low, high] = [k / count, (k + 1) / count];
    return alongX > alongY
      ? [between(a, b, low), between(a, b, high), between(d, c, high), between(d, c, low)]
      : [between(a, d, low), between(b, c, low), between(b, c, high), between(a, d, high)];
  });
}

/**
 * Cell by cell from the far corner of the grid to the near one. Over a plane, seen in parallel, a cell can hide only cells of rows and columns
 * behind it, so this order is right whatever the spacing.
 */
export function patchesOf({ x, y, z }: Heights, view: SurfaceView, ramp: readonly string[]): Patch[] {
  const columns = Array.from({ length: x.length - 1 }, (_, i) => i);
  const rows = Array.from({ length: y.length - 1 }, (_, j) => j);
  const turn = [view.depth(1, 0), view.depth(0, 1)] as const;
  if (turn[0] > 0) columns.reverse();
  if (turn[1] > 0) rows.reverse();
  const corners = Array.from({ length: x.length * y.length }, (_, k) =>
    view.unit(x[k % x.length], y[Math.floor(k / x.length)], z[k]),
  );
  const patches: Patch[] = [];
  for (const row of rows) {
    for (const column of columns) {
      const at = row * x.length + column;
      const four: Four = [corners[at], corners[at + 1], corners[at + 1 + x.length], corners[at + x.length]];
      if (!four.every(([, , height]) => Number.isFinite(height))) continue;
      // The normal of both diagonals.
      const [a, b, c, d] = four;
      const [u, v] = [c.map((value, k) => value - a[k]), d.map((value, k) => value - b[k])];
      const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      const light = lit(normal, turn);
      const cut = strips(four).map((corners) => {
        const height = corners.reduce((sum, [, , z]) => sum + z, 0) / 4;
        return {
          ...{ row, column, corners: corners.map((corner) => view.place(corner)) },
          fill: shaded(rampColour(ramp, (height + 1) / 2), light),
          away: view.depth(corners[0][0] + corners[2][0], corners[0][1] + corners[2][1]),
        };
      });
      patches.push(...cut.sort((one, other) => other.away - one.away));
    }
  }
  return patches;
}

/** The patch that is seen at a place: the last that was drawn there. */
export function patchAt(patches: readonly Patch[], x: number, y: number): Patch | undefined {
  return patches.findLast(({ corners }) => {
    let inside = false;
    corners.forEach(([x1, y1], i) => {
      const [x2, y2] = corners[(i + 1) % corners.length];
      if (y1 > y !== y2 > y && x < x1 + ((y - y1) * (x2 - x1)) / (y2 - y1)) inside = !inside;
    });
    return inside;
  });
}

/** As the paper between the patches shines through. */
const SEAM = { opacity: 0.28, width: 0.6 };

export function paintPatches(canvas: HTMLCanvasElement, patches: readonly Patch[], paper: string): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const scale = globalThis.devicePixelRatio || 1;
  const { clientWidth: wide, clientHeight: high } = canvas;
  if (canvas.width !== Math.round(wide * scale)) canvas.width = Math.round(wide * scale);
  if (canvas.height !== Math.round(high * scale)) canvas.height = Math.round(high * scale);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, wide, high);
  context.lineJoin = "round";
  context.lineWidth = SEAM.width;
  context.strokeStyle = `rgb(${channelsOf(paper).join(" ")} / ${SEAM.opacity})`;
  for (const { corners, fill } of patches) {
    context.beginPath();
    for (const [x, y] of corners) context.lineTo(x, y);
    context.closePath();
    context.fillStyle = fill;
    context.fill();
    context.stroke();
  }
}

/** The same as paths, for files. */
export function patchesAsSvg(patches: readonly Patch[], paper: string): string {
  const seam = `stroke="${paper}" stroke-opacity="${SEAM.opacity}" stroke-width="${SEAM.width}" stroke-linejoin="round"`;
  const d = ({ corners }: Patch): string =>
    `M${corners.map((corner) => corner.map((pixel) => pixel.toFixed(1)).join(" ")).join("L")}Z`;
  return `<g ${seam}>${patches.map((patch) => `<path d="${d(patch)}" fill="${patch.fill}"/>`).join("")}</g>`;
}
