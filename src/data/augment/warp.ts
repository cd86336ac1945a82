// Pictures seen through a map of coordinates: each pixel of the result says where in the original it lies, and the four pixels around that place are
// mixed by their distance (bilinear interpolation).
import type { Planes } from "./pictures.ts";

/** Fills `to` from the places `rows`, `columns` of `from`, one for each pixel. */
export function sample(
  from: Planes,
  to: Planes,
  rows: ArrayLike<number>,
  columns: ArrayLike<number>,
  fill: number | "edge",
): void {
  const { channels, height, width } = from;
  const pixels = to.height * to.width;
  const size = height * width;
  const last = { row: height - 1, column: width - 1 };
  for (let p = 0; p < pixels; p++) {
    const row = rows[p];
    const column = columns[p];
    const top = Math.floor(row);
    const left = Math.floor(column);
    const down = row - top;
    const right = column - left;
    const inside = top >= 0 && left >= 0 && top < last.row && left < last.column;
    for (let c = 0; c < channels; c++) {
      const plane = c * size;
      let a: number;
      let b: number;
      let d: number;
      let e: number;
      if (inside) {
        const at = plane + top * width + left;
        a = from.data[at];
        b = from.data[at + 1];
        d = from.data[at + width];
        e = from.data[at + width + 1];
      } else {
        a = pixelAt(from, plane, top, left, fill);
        b = pixelAt(from, plane, top, left + 1, fill);
        d = pixelAt(from, plane, top + 1, left, fill);
        e = pixelAt(from, plane, top + 1, left + 1, fill);
      }
      const above = a + (b - a) * right;
      to.data[c * pixels + p] = above + (d + (e - d) * right - above) * down;
    }
  }
}

/** A pixel of a plane, or what is seen beyond the edge. */
export function pixelAt(from: Planes, plane: number, row: number, column: number, fill: number | "edge"): number {
  const { data, height, width } = from;
  if (row >= 0 && column >= 0 && row < height && column < width) return data[plane + row * width + column];
  if (fill !== "edge") return fill;
  const nearest = (value: number, size: number): number => Math.min(Math.max(value, 0), size - 1);
  return data[plane + nearest(row, height) * width + nearest(column, width)];
}

/**
 * Coordinates of a linear map around the centre: a pixel at (y, x) from the centre of the result shows what lies at (a y + b x, c y + d x) from the
 * centre of the original.
 */
export function linearMap(
  { height, width }: Planes,
  [a, b, c, d]: readonly [number, number, number, number],
): { rows: Float64Array; columns: Float64Array } {
  const rows = new Float64Array(height * width);
  const columns = new Float64Array(height * width);
  const [middle, centre] = [(height - 1) / 2, (width - 1) / 2];
  for (let y = 0, p = 0; y < height; y++) {
    for (let x = 0; x < width; x++, p++) {
      rows[p] = middle + a * (y - middle) + b * (x - centre);
      columns[p] = centre + c * (y - middle) + d * (x - centre);
    }
  }
  return { rows, columns };
}
