// Where a line of digits may be cut. Ink that hangs together is one digit or several that touch; so each such part is cut further, along the paths
// from top to bottom that cross the least ink. Whether a cut is one between digits, the reader of the pieces decides: see digit-string.ts.
import { strokeWidthOf } from "./digit-frame.ts";
import { type Box, boxAround, cutOut, findPieces, type Ink } from "./ink.ts";

/** What lies before a slice. */
export interface Boundary {
  /** Whether what hangs together, or stands above each other, was cut here; else there is paper between. */
  readonly cut: boolean;
  /** Strokes that the cut crosses. */
  readonly crossed: number;
  /** How wide what was cut is, in heights of the line. */
  readonly width: number;
  /** Paper between the slice before and this one, in heights of the line; below 0 where they stand above each other. */
  readonly gap: number;
}

/** A line of digits in slices from left to right, none of which is more than one digit if all went well. */
export interface Slices {
  readonly ink: Ink;
  /** The slice of each pixel; -1 for paper. */
  readonly of: Int32Array;
  readonly boxes: readonly Box[];
  /** `boundaries[k]` lies before slice k. */
  readonly boundaries: readonly Boundary[];
  /** Of the line, in pixels: that of most digits in it. */
  readonly height: number;
}

/** Parts whose columns overlap by this share of the narrower one belong together: the two strokes of a 5 or a 4. */
const OVERLAP = 0.75;
/** Parts narrower than this share of the line's height are not cut. */
const NARROW = 0.5;
/** No slice is narrower than this share of the line's height. */
const MARGIN = 0.12;
/** How far a cut may stray to either side, in heights of the line. */
const STRAY = 0.15;
/** Strokes that a cut may cross. */
const MOST_CROSSED = 2.4;
/** For each height of the line that a part is wide. */
const MOST_CUTS = 5;
/** A slice has at least as much ink as a stroke of this share of the line's height. */
const LEAST_STROKE = 0.45;

/** Slices of the ink within `frame`. */
export function sliceLine(whole: Ink, frame: Box): Slices {
  const ink = cutOut(whole, frame, 0);
  const parts = partsOf(ink);
  const heights = parts.map(({ box }) => box.bottom - box.top).sort((a, b) => a - b);
  const height = heights[Math.floor(0.8 * (heights.length - 1))];
  const strokeWidth = strokeWidthOf(ink, { left: 0, top: 0, right: ink.width, bottom: ink.height });
  const of = new Int32Array(ink.values.length).fill(-1);
  const boundaries: Boundary[] = [];
  const boxes: Box[] = [];
  parts.forEach((part, k) => {
    const cuts = cutsOf(ink, part, height, strokeWidth);
    const first = boxes.length;
    for (let row = part.box.top; row < part.box.bottom; row++) {
      for (let column = part.box.left; column < part.box.right; column++) {
        const p = row * ink.width + column;
        if (!part.has(p)) continue;
        of[p] = first + cuts.filter(({ path }) => path[row - part.box.top] <= column).length;
      }
    }
    const gap = k === 0 ? 0 : (part.box.left - parts[k - 1].box.right) / height;
    boundaries.push({ cut: false, crossed: 0, width: 0, gap });
    const width = (part.box.right - part.box.left) / height;
    for (const { crossed } of cuts) boundaries.push({ cut: true, crossed, width, gap: 0 });
    for (let slice = first; slice <= first + cuts.length; slice++) boxes.push(boxOf(ink, of, slice));
  });
  return { ink, of, boxes, boundaries, height };
}

/** The ink of slices `from` up to `to` alone. */
export function inkOfSlices({ ink, of, boxes }: Slices, from: number, to: number): { ink: Ink; frame: Box } {
  const frame = boxes.slice(from, to).reduce(unionOf);
  const values = ink.values.map((value, p) => (of[p] >= from && of[p] < to ? value : 0));
  const alone = { ...ink, values };
  return { ink: cutOut(alone, frame, 0), frame };
}

export function unionOf(a: Box, b: Box): Box {
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

function boxOf(ink: Ink, of: Int32Array, slice: number): Box {
  return boxAround({ ...ink, values: ink.values.map((value, p) => (of[p] === slice ? value : 0)) });
}

interface Part {
  readonly box: Box;
  has(pixel: number): boolean;
}

/** Ink that hangs together, with what stands above and below it, from left to right. */
function partsOf(ink: Ink): Part[] {
  const { width, height, values } = ink;
  const { of, areas } = findPieces(ink);
  const labels = withSoftEdges(ink, of);
  const boxes: (Box | undefined)[] = areas.map(() => undefined);
  for (let p = 0; p < values.length; p++) {
    if (labels[p] < 0) continue;
    const [row, column] = [Math.floor(p / width), p % width];
    const pixel = { left: column, top: row, right: column + 1, bottom: row + 1 };
    const before = boxes[labels[p]];
    boxes[labels[p]] = before === undefined ? pixel : unionOf(before, pixel);
  }
  // Each piece's group is that of the piece it was joined to.
  const groups = areas.map((_, k) => ({
    members: new Set([k]),
    box: boxes[k] ?? { left: 0, top: 0, right: 0, bottom: height },
  }));
  for (let joined = true; joined; ) {
    joined = false;
    search: for (let a = 0; a < groups.length; a++) {
      for (let b = a + 1; b < groups.length; b++) {
        const [one, other] = [groups[a].box, groups[b].box];
        const common = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const narrower = Math.min(one.right - one.left, other.right - other.left);
        if (common < OVERLAP * narrower) continue;
        for (const member of groups[b].members) groups[a].members.add(member);
        groups[a].box = unionOf(one, other);
        groups.splice(b, 1);
        joined = true;
        break search;
      }
    }
  }
  return groups
    .sort((a, b) => a.box.left + a.box.right - b.box.left - b.box.right)
    .map(({ members, box }) => ({ box, has: (pixel) => members.has(labels[pixel]) }));
}

/** The soft edge of a stroke belongs to it. */
function withSoftEdges({ width, height, values }: Ink, of: Int32Array): Int32Array {
  const labels = Int32Array.from(of);
  for (let p = 0; p < values.length; p++) {
    if (of[p] >= 0 || values[p] === 0) continue;
    const [row, column] = [Math.floor(p / width), p % width];
    for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
        if (of[y * width + x] >= 0) labels[p] = of[y * width + x];
      }
    }
  }
  return labels;
}

interface Cut {
  /** Its column in each row of the part's box: what lies left of it is before the cut. */
  readonly path: Int32Array;
  readonly crossed: number;
  readonly cost: number;
  readonly column: number;
}

/** The cuts of a part that cross little ink: where no cut nearby crosses less. */
function cutsOf(ink: Ink, part: Part, height: number, strokeWidth: number): Cut[] {
  const { box } = part;
  const margin = Math.max(2, Math.round(MARGIN * height));
  if (box.right - box.left < NARROW * height) return [];
  const all: Cut[] = [];
  for (let column = box.left + margin; column <= box.right - margin; column++) {
    all.push(cheapestPath(ink, part, column, Math.max(1, Math.round(STRAY * height)), strokeWidth));
  }
  const kept: Cut[] = [];
  const most = (MOST_CUTS * (box.right - box.left)) / height;
  for (const cut of [...all].sort((a, b) => a.cost - b.cost)) {
    if (cut.crossed > MOST_CROSSED || kept.length >= most) break;
    if (kept.every(({ path }) => distance(path, cut.path) >= margin)) kept.push(cut);
  }
  kept.sort((a, b) => a.column - b.column);
  // What is less than a short stroke is no digit: of the cuts beside it the one that crosses more is given up.
  const least = LEAST_STROKE * height * strokeWidth;
  for (;;) {
    const masses = massesBetween(ink, part, kept);
    const poor = masses.findIndex((mass) => mass < least);
    if (poor < 0 || kept.length === 0) return kept;
    const [before, after] = [kept[poor - 1], kept[poor]];
    kept.splice(after === undefined || (before !== undefined && before.cost > after.cost) ? poor - 1 : poor, 1);
  }
}

/** How many columns lie between two cuts on average. */
function distance(one: Int32Array, other: Int32Array): number {
  return one.reduce((sum, column, row) => sum + Math.abs(column - other[row]), 0) / one.length;
}

/** The ink before, between and behind cuts. */
function massesBetween(ink: Ink, { box, has }: Part, cuts: readonly Cut[]): number[] {
  const masses = new Array<number>(cuts.length + 1).fill(0);
  for (let row = box.top; row < box.bottom; row++) {
    for (let column = box.left; column < box.right; column++) {
      const p = row * ink.width + column;
      if (has(p)) masses[cuts.filter(({ path }) => path[row - box.top] <= column).length] += ink.values[p];
    }
  }
  return masses;
}

/** The path from top to bottom, near a column, that crosses the least ink and strays the least. */
function cheapestPath(ink: Ink, part: Part, column: number, stray: number, strokeWidth: number): Cut {
  const { box } = part;
  const [from, to] = [Math.max(box.left + 1, column - stray), Math.min(box.right - 1, column + stray)];
  const width = to - from + 1;
  const rows = box.bottom - box.top;
  const sideways = 0.12 * strokeWidth;
  const inkAt = (row: number, k: number): number => {
    const p = (box.top + row) * ink.width + from + k;
    return part.has(p) ? ink.values[p] : 0;
  };
  let costs = Float64Array.from({ length: width }, (_, k) => 0.05 * Math.abs(from + k - column));
  const steps = new Int8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const next = new Float64Array(width);
    for (let k = 0; k < width; k++) {
      let [best, step] = [costs[k], 0];
      if (k > 0 && costs[k - 1] + sideways < best) [best, step] = [costs[k - 1] + sideways, -1];
      if (k < width - 1 && costs[k + 1] + sideways < best) [best, step] = [costs[k + 1] + sideways, 1];
      next[k] = best + inkAt(row, k);
      steps[row * width + k] = step;
    }
    costs = next;
  }
  let k = costs.reduce((best, cost, at) => (cost < costs[best] ? at : best), 0);
  const cost = costs[k] / strokeWidth;
  const path = new Int32Array(rows);
  let crossed = 0;
  for (let row = rows - 1; row >= 0; row--) {
    path[row] = from + k;
    crossed += inkAt(row, k);
    k += steps[row * width + k];
  }
  return { path, crossed: crossed / strokeWidth, cost, column };
}
