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
  const { data, channels, height, width } = from;
  const { data: out } = to;
  const pixels = to.height * to.width;
  const size = height * width;
  for (let p = 0; p < pixels; p++) {
    const row = rows[p];
    const column = columns[p];
    const top = Math.floor(row);
    const left = Math.floor(column);
    const down = row - top;
    const right = column - left;
    const inside = top >= 0 && left >= 0 && top < height - 1 && left < width - 1;
    for (let c = 0, plane = 0, place = p; c < channels; c++, plane += size, place += pixels) {
      let a: number;
      let b: number;
      let d: number;
      let e: number;
      if (inside) {
        const at = plane + top * width + left;
        a = data[at];
        b = data[at + 1];
        d = data[at + width];
        e = data[at + width + 1];
      } else {
        a = pixelAt(from, plane, top, left, fill);
        b = pixelAt(from, plane, top, left + 1, fill);
        d = pixelAt(from, plane, top + 1, left, fill);
        e = pixelAt(from, plane, top + 1, left + 1, fill);
      }
      const above = a + (b - a) * right;
      out[place] = above + (d + (e - d) * right - above) * down;
    }
  }
}

/** A pixel of a plane, or what is seen beyond the edge. */
function pixelAt(from: Planes, plane: number, row: number, column: number, fill: number | "edge"): number {
  const { data, height, width } = from;
  if (row >= 0 && column >= 0 && row < height && column < width) return data[plane + row * width + column];
  if (fill !== "edge") return fill;
  const nearest = (value: number, size: number): number => Math.min(Math.max(value, 0), size - 1);
  return data[plane + nearest(row, height) * width + nearest(column, width)];
}

/** Fills `to` with what `from` shows from row `top` and column `left` on: rows are moved as a whole where they can be. */
export function copyWindow(from: Planes, to: Planes, top: number, left: number, fill: number | "edge"): void {
  const { data, channels, height, width } = from;
  const { data: out, height: rows, width: columns } = to;
  // Columns of the result that lie within the original.
  const start = Math.min(columns, Math.max(0, -left));
  const stop = Math.max(start, Math.min(columns, width - left));
  for (let c = 0, at = 0; c < channels; c++) {
    const plane = c * height * width;
    for (let y = 0; y < rows; y++, at += columns) {
      const row = fill === "edge" ? Math.min(Math.max(top + y, 0), height - 1) : top + y;
      if (fill !== "edge" && (row < 0 || row >= height)) {
        out.fill(fill, at, at + columns);
        continue;
      }
      const line = plane + row * width;
      const shift = line + left - at;
      for (let k = at + start; k < at + stop; k++) out[k] = data[k + shift];
      if (start > 0) out.fill(fill === "edge" ? data[line] : fill, at, at + start);
      if (stop < columns) out.fill(fill === "edge" ? data[line + width - 1] : fill, at + stop, at + columns);
    }
  }
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
