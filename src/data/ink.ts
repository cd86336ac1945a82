// Ink on paper, as strengths from 0 to 1, and the pieces that hang together in it.

/** Strength of ink from 0 (paper) to 1. */
export interface Ink {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  /** Exclusive. */
  readonly right: number;
  readonly bottom: number;
}

/** Clears specks of dust, and shadows that come in from the edge, out of `ink`; returns the box around what is left. */
export function dropSpecks(ink: Ink): Box {
  const { width, height, values } = ink;
  const pieces = findPieces(ink);
  const largest = Math.max(...pieces.areas);
  const midmost = pieces.areas.some((area, k) => !pieces.touchesEdge[k] && area > 0.25 * largest);
  const mainArea = Math.max(...pieces.areas.filter((_, k) => !midmost || !pieces.touchesEdge[k]));
  const kept = pieces.areas.map((area, k) => area >= 0.03 * mainArea && !(midmost && pieces.touchesEdge[k]));
  const stays = new Uint8Array(values.length);
  for (let p = 0; p < values.length; p++) {
    if (pieces.of[p] < 0 || !kept[pieces.of[p]]) continue;
    const [row, column] = [Math.floor(p / width), p % width];
    // The soft edge of a stroke belongs to it.
    for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
      for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) stays[y * width + x] = 1;
    }
  }
  for (let p = 0; p < values.length; p++) if (stays[p] === 0) values[p] = 0;
  return boxAround(ink);
}

/** The smallest box that holds all ink but its faintest traces, or whatever is at least so strong. */
export function boxAround(ink: Ink, least = 0.05): Box {
  const { width, height, values } = ink;
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let p = 0; p < values.length; p++) {
    if (values[p] < least) continue;
    const [row, column] = [Math.floor(p / width), p % width];
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row + 1);
  }
  return { left, top, right, bottom };
}

/** Connected pieces of ink above a third, diagonals included: the piece of each pixel (-1 for paper) and the pieces' areas. */
export function findPieces(ink: Ink): { of: Int32Array; areas: number[]; touchesEdge: boolean[] } {
  const { width, height, values } = ink;
  const of = new Int32Array(values.length).fill(-1);
  const areas: number[] = [];
  const touchesEdge: boolean[] = [];
  const open: number[] = [];
  for (let start = 0; start < values.length; start++) {
    if (values[start] < 1 / 3 || of[start] >= 0) continue;
    const piece = areas.length;
    areas.push(0);
    touchesEdge.push(false);
    of[start] = piece;
    open.push(start);
    while (open.length > 0) {
      const p = open.pop() as number;
      const [row, column] = [Math.floor(p / width), p % width];
      areas[piece]++;
      if (row === 0 || column === 0 || row === height - 1 || column === width - 1) touchesEdge[piece] = true;
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          const q = y * width + x;
          if (of[q] < 0 && values[q] >= 1 / 3) {
            of[q] = piece;
            open.push(q);
          }
        }
      }
    }
  }
  return { of, areas, touchesEdge };
}

/** What lies in a part of the ink, with so many pixels of paper around it. */
export function cutOut(ink: Ink, frame: Box, air: number): Ink {
  const width = frame.right - frame.left + 2 * air;
  const height = frame.bottom - frame.top + 2 * air;
  const values = new Float32Array(width * height);
  for (let row = frame.top; row < frame.bottom; row++) {
    const from = row * ink.width;
    const to = (row - frame.top + air) * width + air;
    values.set(ink.values.subarray(from + frame.left, from + frame.right), to);
  }
  return { width, height, values };
}
