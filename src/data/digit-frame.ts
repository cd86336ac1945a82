// Frames the ink of one digit as MNIST was made: scaled into 20x20 pixels, centred by its mass in 28x28.
import { type Box, boxAround, cutOut, type Ink } from "./ink.ts";
import type { Picture } from "./picture.ts";

const side = 28;
const box = 20;
/** Strokes thinner than this many pixels, once framed, are thickened to it: MNIST's own are rarely thinner. */
const thinnestStroke = 1.9;

/**
 * The ink within `frame` as 784 numbers from 0 to 1, row by row: in proportion, the longer side 20 pixels, the centre of mass at the pixel (14, 14).
 * Very thin strokes are thickened.
 */
export function frameDigit(ink: Ink, frame: Box): Float32Array {
  return centre(intoBox(thicken(ink, frame)));
}

/**
 * The numbers of a picture that is framed as MNIST frames its own already: 28x28 in grey, light on black, the longer side of its ink 19 or 20 pixels,
 * centred by mass to the pixel. All but one of the 20,000 that were looked at are so; what is centred by hand is so by chance at most.
 * @returns undefined for any other picture
 */
export function framedAlready({ width, height, channels, data }: Picture): Float32Array | undefined {
  if (width !== side || height !== side) return undefined;
  const colours = channels > 2 ? 3 : 1;
  const values = new Float32Array(side * side);
  for (let p = 0; p < values.length; p++) {
    const at = p * channels;
    for (let c = 1; c < colours; c++) if (data[at + c] !== data[at]) return undefined;
    if (channels % 2 === 0 && data[at + colours] !== 255) return undefined;
    values[p] = data[at] / 255;
  }
  const { left, top, right, bottom } = boxAround({ width, height, values }, Number.MIN_VALUE);
  const longer = Math.max(right - left, bottom - top);
  if (longer < box - 1 || longer > box) return undefined;
  const { x, y } = centreOfMass(values);
  const nearest = 0.55;
  return Math.abs(side / 2 - x) < nearest && Math.abs(side / 2 - y) < nearest ? values : undefined;
}

/** How wide the strokes within `frame` are on average, in pixels: a stroke as wide as w has two edges, so its area is about half of w for each unit of edge. */
export function strokeWidthOf(ink: Ink, frame: Box): number {
  let [area, edge] = [0, 0];
  for (let row = frame.top; row < frame.bottom; row++) {
    for (let column = frame.left; column < frame.right; column++) {
      const p = row * ink.width + column;
      area += ink.values[p];
      const right = column + 1 < ink.width ? ink.values[p + 1] : 0;
      const down = row + 1 < ink.height ? ink.values[p + ink.width] : 0;
      edge += Math.sqrt((ink.values[p] - right) ** 2 + (ink.values[p] - down) ** 2);
    }
  }
  return (2 * area) / Math.max(edge, 1e-9);
}

/** Cuts the ink out, with strokes at least as thick as MNIST's thin ones will be once it is framed. */
function thicken(ink: Ink, frame: Box): Ink {
  const extent = Math.max(frame.right - frame.left, frame.bottom - frame.top);
  const strokeWidth = strokeWidthOf(ink, frame);
  // Thickening enlarges the box too: solve (w + 2r) * 20 / (extent + 2r) = thinnest for r.
  const radius = (thinnestStroke * extent - box * strokeWidth) / (2 * (box - thinnestStroke));
  if (radius <= 0) return cutOut(ink, frame, 0);
  const cut = cutOut(ink, frame, Math.ceil(radius) + 1);
  const spreadOut = { ...cut, values: spread(cut, radius) };
  return cutOut(spreadOut, boxAround(spreadOut), 0);
}

/** Each pixel takes the strongest ink within `radius`, fading over the last pixel. */
function spread(ink: Ink, radius: number): Float32Array {
  const { width, height, values } = ink;
  const reach = Math.ceil(radius);
  const result = new Float32Array(values);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = values[row * width + column];
      if (value < 0.1) continue;
      for (let dy = -reach; dy <= reach; dy++) {
        for (let dx = -reach; dx <= reach; dx++) {
          const [y, x] = [row + dy, column + dx];
          if (y < 0 || x < 0 || y >= height || x >= width) continue;
          const near = Math.max(0, Math.min(1, radius + 0.5 - Math.sqrt(dx * dx + dy * dy)));
          const q = y * width + x;
          if (value * near > result[q]) result[q] = value * near;
        }
      }
    }
  }
  return result;
}

/** Scales the ink so that its longer side is 20 pixels, within 28x28: each pixel is the mean over its area. The shorter side
 * comes to whole pixels too, so that edges stay sharp. */
function intoBox(ink: Ink): Float32Array {
  const { width, height, values } = ink;
  const scale = box / Math.max(width, height);
  const columns = Math.max(1, Math.round(width * scale));
  const rows = Math.max(1, Math.round(height * scale));
  const left = (side - columns) >> 1;
  const top = (side - rows) >> 1;
  const samples = scale < 1 ? Math.ceil(2 / scale) : 4;
  const canvas = new Float32Array(side * side);
  let strongest = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let j = 0; j < samples; j++) {
        const y = ((row + (j + 0.5) / samples) * height) / rows;
        for (let i = 0; i < samples; i++) {
          const x = ((column + (i + 0.5) / samples) * width) / columns;
          sum += scale > 1 ? between(ink, x, y) : values[Math.floor(y) * width + Math.floor(x)];
        }
      }
      const p = (top + row) * side + left + column;
      canvas[p] = sum / (samples * samples);
      strongest = Math.max(strongest, canvas[p]);
    }
  }
  return canvas.map((value) => value / strongest);
}

/** Ink at a point between pixels' centres, so that enlarged pictures show no steps. */
function between(ink: Ink, x: number, y: number): number {
  const { width, height, values } = ink;
  const u = Math.max(0, Math.min(width - 1, x - 0.5));
  const v = Math.max(0, Math.min(height - 1, y - 0.5));
  const [column, row] = [Math.floor(u), Math.floor(v)];
  const [fx, fy] = [u - column, v - row];
  const at = (c: number, r: number) => values[Math.min(height - 1, r) * width + Math.min(width - 1, c)];
  const upper = at(column, row) * (1 - fx) + at(column + 1, row) * fx;
  const lower = at(column, row + 1) * (1 - fx) + at(column + 1, row + 1) * fx;
  return upper * (1 - fy) + lower * fy;
}

function centreOfMass(canvas: Float32Array): { x: number; y: number } {
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let p = 0; p < canvas.length; p++) {
    mass += canvas[p];
    sumX += canvas[p] * (p % side);
    sumY += canvas[p] * Math.floor(p / side);
  }
  return { x: sumX / mass, y: sumY / mass };
}

/** Moves the picture by whole pixels so that its centre of mass comes to the middle. MNIST's middle is the pixel with index 14. */
function centre(canvas: Float32Array): Float32Array {
  const { x: massX, y: massY } = centreOfMass(canvas);
  const middle = side / 2;
  const most = (side - box) / 2;
  const shiftX = Math.max(-most, Math.min(most, Math.round(middle - massX)));
  const shiftY = Math.max(-most, Math.min(most, Math.round(middle - massY)));
  const centred = new Float32Array(canvas.length);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [y, x] = [row - shiftY, column - shiftX];
      if (y >= 0 && y < side && x >= 0 && x < side) centred[row * side + column] = canvas[y * side + x];
    }
  }
  return centred;
}
