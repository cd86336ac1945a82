// A pen on paper: lines become ink with soft edges. Only + - * / and square roots, so that the same line is the same ink on every machine.
import type { Ink } from "./ink.ts";

/** Points of lines and the pen's radius at each; `lift[k]` is 1 where the pen does not draw from point k - 1 to point k. */
export interface PenLine {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly radius: Float64Array;
  readonly lift: Uint8Array;
}

/** Inks the first `count` points of a line: a pixel's value follows its distance to the nearest piece of line, and fades over `fade` pixels at the edge. */
export function inkLine(
  line: PenLine,
  count: number,
  fade: number,
  canvas: Float64Array | Float32Array,
  width: number,
  height: number,
): void {
  const { x, y, radius, lift } = line;
  const sharpness = 1 / fade;
  for (let i = 1; i < count; i++) {
    if (lift[i] === 1) continue;
    const [x0, y0, r0] = [x[i - 1], y[i - 1], radius[i - 1]];
    const dx = x[i] - x0;
    const dy = y[i] - y0;
    const dr = radius[i] - r0;
    const reach = Math.max(r0, radius[i]) + fade / 2;
    const inverse = 1 / (dx * dx + dy * dy + 1e-9);
    const firstRow = Math.max(0, Math.ceil(Math.min(y0, y[i]) - reach - 0.5));
    const lastRow = Math.min(height - 1, Math.floor(Math.max(y0, y[i]) + reach - 0.5));
    const firstColumn = Math.max(0, Math.ceil(Math.min(x0, x[i]) - reach - 0.5));
    const lastColumn = Math.min(width - 1, Math.floor(Math.max(x0, x[i]) + reach - 0.5));
    for (let row = firstRow; row <= lastRow; row++) {
      const py = row + 0.5 - y0;
      for (let column = firstColumn; column <= lastColumn; column++) {
        const px = column + 0.5 - x0;
        const along = Math.max(0, Math.min(1, (px * dx + py * dy) * inverse));
        const ox = px - along * dx;
        const oy = py - along * dy;
        const value = (r0 + along * dr - Math.sqrt(ox * ox + oy * oy)) * sharpness + 0.5;
        const at = row * width + column;
        if (value > canvas[at]) canvas[at] = value;
      }
    }
  }
}

/** The ink of strokes, each a list x0, y0, x1, y1, ... in pixels, that a pen of this radius leaves; a stroke of one point is a dot. */
export function inkOfStrokes(
  strokes: readonly (readonly number[])[],
  { width, height, radius }: { readonly width: number; readonly height: number; readonly radius: number },
): Ink {
  const points = strokes.flatMap((stroke) => {
    const twice = stroke.length === 2 ? [...stroke, ...stroke] : stroke;
    return Array.from({ length: twice.length >> 1 }, (_, k) => ({
      x: twice[2 * k],
      y: twice[2 * k + 1],
      first: k === 0,
    }));
  });
  const line: PenLine = {
    x: Float64Array.from(points, ({ x }) => x),
    y: Float64Array.from(points, ({ y }) => y),
    radius: new Float64Array(points.length).fill(radius),
    lift: Uint8Array.from(points, ({ first }) => Number(first)),
  };
  const values = new Float32Array(width * height);
  inkLine(line, points.length, 1, values, width, height);
  for (let p = 0; p < values.length; p++) values[p] = Math.min(1, values[p]);
  return { width, height, values };
}
