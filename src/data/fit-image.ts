// Turns a picture of one digit, of any size and colours, into what a network trained on MNIST expects.
// Ink is whatever differs from the paper, and the paper is a smooth surface fitted to most of the picture: so dark on light and light
// on dark, grey and colour, and uneven light are one and the same case. The ink is then framed as MNIST was made.

import { fields } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";

/** A picture in memory: 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) bytes a pixel, row by row from the top left. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

const side = 28;
const box = 20;
/** Pictures are reduced to at most this many pixels on the longer side before anything is measured. */
const workingSide = 320;
/** Strokes thinner than this many pixels, once framed, are thickened to it: MNIST's own are rarely thinner. */
const thinnestStroke = 1.9;

/** One or more planes of numbers of the same size. */
interface Planes {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Float32Array[];
}

/** Strength of ink from 0 (paper) to 1. */
interface Ink {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

interface Box {
  readonly left: number;
  readonly top: number;
  /** Exclusive. */
  readonly right: number;
  readonly bottom: number;
}

/** Fits a picture of a digit as MNIST was made: the ink scaled, in proportion, into 20x20 pixels with antialiasing, its centre of mass
 * at the pixel (14, 14) of 28x28; 0 is paper and 1 is ink. Very thin strokes are thickened, specks are dropped.
 *
 * @returns 784 numbers from 0 to 1, row by row
 * @throws if the picture's size and data do not agree, or if there is no ink to be found
 *
 * Source of the framing: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
 * @example
 * ```ts
 * // A vertical bar, dark on light, 40 by 60 pixels.
 * const data = new Uint8Array(40 * 60).fill(255).map((_, i) => (Math.abs((i % 40) - 20) < 3 ? 0 : 255));
 * fitAsMnist({ width: 40, height: 60, channels: 1, data }).length; // 784
 * ```
 */
export function fitAsMnist(picture: Picture): Float32Array {
  const { width, height, channels, data } = fields(
    "fitAsMnist",
    "the picture, { width, height, channels, data },",
    picture,
  );
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new Error(`fitAsMnist: a picture of ${quote(width)}x${quote(height)} pixels has no content`);
  }
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4) {
    throw new Error(
      `fitAsMnist: ${quote(channels)} channels; a picture has 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA)`,
    );
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new TypeError(`fitAsMnist: data must be the pixels' bytes, a Uint8Array, got ${quote(data)}`);
  }
  if (data.length !== width * height * channels) {
    throw new Error(
      `fitAsMnist: ${width}x${height} pixels of ${channels} channels take ${width * height * channels} bytes, but there are ${data.length}`,
    );
  }
  const whole = { left: 0, top: 0, right: width, bottom: height };
  const first = inkWithin(picture, whole);
  let ink = first.ink;
  let frame = first.frame;
  // A digit that is small in a large picture has lost its detail by the reduction: look again, closer.
  const closer = first.factor > 1 && Math.max(frame.right - frame.left, frame.bottom - frame.top) < workingSide / 2;
  if (closer) {
    const again = inkWithin(picture, enlarge(frame, first, whole));
    ink = again.ink;
    frame = again.frame;
  }
  return centre(intoBox(thicken(ink, frame)));
}

/** Finds the ink in a part of the picture; `factor` is by how much that part was reduced, `origin` where it started. */
function inkWithin(picture: Picture, part: Box): { ink: Ink; frame: Box; factor: number; origin: Box } {
  const factor = Math.max(1, Math.max(part.right - part.left, part.bottom - part.top) / workingSide);
  const { width, height, planes, alpha } = reduce(picture, part, factor);
  const colours = alpha ? layOnPaper({ width, height, planes }, alpha) : { width, height, planes };
  const inner = withoutFrame(colours);
  const ink = strengthOfInk(crop(colours, inner));
  const frame = dropSpecks(ink);
  const origin = {
    left: part.left + inner.left * factor,
    top: part.top + inner.top * factor,
    right: part.left + inner.right * factor,
    bottom: part.top + inner.bottom * factor,
  };
  return { ink, frame, factor, origin };
}

/** The part of the picture around what was found, with paper on all sides to measure against. */
function enlarge(frame: Box, found: { factor: number; origin: Box }, limits: Box): Box {
  const { factor, origin } = found;
  const air = 0.25 * Math.max(frame.right - frame.left, frame.bottom - frame.top) + 2;
  return {
    left: Math.max(limits.left, Math.floor(origin.left + (frame.left - air) * factor)),
    top: Math.max(limits.top, Math.floor(origin.top + (frame.top - air) * factor)),
    right: Math.min(limits.right, Math.ceil(origin.left + (frame.right + air) * factor)),
    bottom: Math.min(limits.bottom, Math.ceil(origin.top + (frame.bottom + air) * factor)),
  };
}

/** Averages blocks of `factor` x `factor` pixels, colours weighted by how opaque they are. */
function reduce(picture: Picture, part: Box, factor: number): Planes & { alpha: Float32Array | undefined } {
  const { width: stride, channels, data } = picture;
  const width = Math.max(1, Math.round((part.right - part.left) / factor));
  const height = Math.max(1, Math.round((part.bottom - part.top) / factor));
  const hasAlpha = channels === 2 || channels === 4;
  const colours = hasAlpha ? channels - 1 : channels;
  const planes = Array.from({ length: colours }, () => new Float32Array(width * height));
  const alpha = new Float32Array(width * height);
  const sums = new Float64Array(colours);
  const edge = (k: number, from: number, to: number, count: number) => from + Math.floor((k * (to - from)) / count);
  let transparent = false;
  for (let row = 0; row < height; row++) {
    const y0 = edge(row, part.top, part.bottom, height);
    const y1 = Math.max(y0 + 1, edge(row + 1, part.top, part.bottom, height));
    for (let column = 0; column < width; column++) {
      const x0 = edge(column, part.left, part.right, width);
      const x1 = Math.max(x0 + 1, edge(column + 1, part.left, part.right, width));
      sums.fill(0);
      let opacity = 0;
      for (let y = y0; y < y1; y++) {
        for (let x = x0; x < x1; x++) {
          const at = (y * stride + x) * channels;
          const weight = hasAlpha ? data[at + colours] / 255 : 1;
          opacity += weight;
          for (let c = 0; c < colours; c++) sums[c] += weight * data[at + c];
        }
      }
      const p = row * width + column;
      alpha[p] = opacity / ((y1 - y0) * (x1 - x0));
      if (alpha[p] < 0.999) transparent = true;
      for (let c = 0; c < colours; c++) planes[c][p] = opacity > 0 ? sums[c] / opacity : 0;
    }
  }
  return { width, height, planes, alpha: transparent ? alpha : undefined };
}

/** Fills what is transparent. If the picture brings its own paper, with its colour; if only ink is opaque, with what contrasts most. */
function layOnPaper(colours: Planes, alpha: Float32Array): Planes {
  const opaque: number[] = [];
  for (let p = 0; p < alpha.length; p++) if (alpha[p] > 0.5) opaque.push(p);
  const brightness = (p: number) => colours.planes.reduce((sum, plane) => sum + plane[p], 0) / colours.planes.length;
  const byBrightness = opaque.map(brightness);
  const at = (share: number) => quantile(byBrightness, share);
  const hasPaper = opaque.length > 0.5 * alpha.length && at(0.98) - at(0.02) > 40;
  const contrast = at(0.5) < 128 ? 255 : 0;
  const planes = colours.planes.map((plane) => {
    const paper = hasPaper ? median(opaque.map((p) => plane[p])) : contrast;
    return plane.map((value, p) => alpha[p] * value + (1 - alpha[p]) * paper);
  });
  return { ...colours, planes };
}

function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** The value below which `share` of the values lie, from a sample where they are many; 0 if there are none. */
function quantile(values: ArrayLike<number>, share: number): number {
  const every = Math.ceil(values.length / 10_000) || 1;
  const sample = new Float32Array(Math.ceil(values.length / every));
  for (let k = 0; k < sample.length; k++) sample[k] = values[k * every];
  return sample.sort()[Math.floor(share * (sample.length - 1))] ?? 0;
}

/** A screenshot may have a dark line around light paper. Where the border has another colour than most of the picture, and what lies
 * within the border starts evenly with that main colour, the border is not paper: returns what lies within. */
function withoutFrame(colours: Planes): Box {
  const { width, height, planes } = colours;
  const whole = { left: 0, top: 0, right: width, bottom: height };
  if (Math.min(width, height) < 16) return whole;
  const main = planes.map((plane) => median(plane));
  const differs = (p: number) => planes.some((plane, c) => Math.abs(plane[p] - main[c]) > 40);
  const shareOfOther = (inset: number): number => {
    let [other, total] = [0, 0];
    for (let row = inset; row < height - inset; row++) {
      const edgeRow = row === inset || row === height - 1 - inset;
      for (let column = inset; column < width - inset; column += edgeRow ? 1 : width - 1 - 2 * inset) {
        total++;
        if (differs(row * width + column)) other++;
      }
    }
    return other / total;
  };
  if (shareOfOther(0) < 0.9) return whole;
  const deepest = Math.floor(Math.min(width, height) / 8);
  for (let inset = 1; inset <= deepest; inset++) {
    if (shareOfOther(inset) < 0.1) {
      const within = Math.min(inset + 1, deepest);
      return { left: within, top: within, right: width - within, bottom: height - within };
    }
  }
  return whole;
}

function crop(colours: Planes, part: Box): Planes {
  const width = part.right - part.left;
  const height = part.bottom - part.top;
  const planes = colours.planes.map((plane) => {
    const cropped = new Float32Array(width * height);
    for (let row = 0; row < height; row++) {
      const from = (part.top + row) * colours.width + part.left;
      cropped.set(plane.subarray(from, from + width), row * width);
    }
    return cropped;
  });
  return { width, height, planes };
}

/** How much each pixel differs from the paper, scaled so that paper with its grain is 0 and strokes are 1. */
function strengthOfInk(colours: Planes): Ink {
  const { width, height, planes } = colours;
  const values = new Float32Array(width * height);
  for (const plane of planes) {
    const paper = fitPaper(plane, width, height);
    for (let p = 0; p < values.length; p++) values[p] = Math.max(values[p], Math.abs(plane[p] - paper[p]));
  }
  const threshold = otsu(values);
  const full = quantile(
    values.filter((value) => value > threshold),
    0.6,
  );
  const grain = 1.48 * median(values.filter((value) => value <= threshold));
  if (full < 10 || full < 5 * grain) {
    throw new Error(
      "no ink found: the picture is one even colour, or too noisy to tell ink from paper; give a picture of one digit that stands out from its background",
    );
  }
  const low = Math.min(0.6 * threshold, Math.max(3 * grain, 0.06 * full));
  const scale = 1 / (0.95 * full - low);
  for (let p = 0; p < values.length; p++) values[p] = Math.max(0, Math.min(1, (values[p] - low) * scale));
  return { width, height, values };
}

/** A quadratic surface through the paper: least squares, then again without what does not fit, which is the ink.
 * It starts from the median of the border, so ink may cover more than half of the picture. */
function fitPaper(plane: Float32Array, width: number, height: number): Float32Array {
  const border: number[] = [];
  const rim = Math.max(1, Math.round(Math.min(width, height) / 40));
  for (let row = 0; row < height; row++) {
    const wholeRow = row < rim || row >= height - rim;
    for (let column = 0; column < width; column++) {
      if (wholeRow || column < rim || column >= width - rim) border.push(plane[row * width + column]);
    }
  }
  // The surface is smooth: a sample of the pixels is enough to find it.
  const every = Math.max(1, Math.floor(Math.max(width, height) / 80));
  let surface = [median(border), 0, 0, 0, 0, 0];
  let tolerance = 60;
  for (let round = 0; round < 4; round++) {
    const normal = new Float64Array(6 * 7);
    const residuals: number[] = [];
    let used = 0;
    for (let row = every >> 1; row < height; row += every) {
      for (let column = every >> 1; column < width; column += every) {
        const value = plane[row * width + column];
        const [x, y] = [(2 * column + 1) / width - 1, (2 * row + 1) / height - 1];
        const residual = Math.abs(value - heightOf(surface, x, y));
        residuals.push(residual);
        if (residual > tolerance) continue;
        used++;
        const basis = [1, x, y, x * x, x * y, y * y, value];
        for (let i = 0; i < 6; i++) for (let j = 0; j < 7; j++) normal[i * 7 + j] += basis[i] * basis[j];
      }
    }
    if (used < 24 || used < 0.2 * residuals.length) break;
    // Where paper shows in few places its slope and curvature are a guess: hold them back.
    for (let i = 1; i < 6; i++) normal[i * 7 + i] += 0.02 * used;
    surface = solve(normal, 6);
    tolerance = Math.max(6, Math.min(tolerance, 4 * median(residuals)));
  }
  const paper = new Float32Array(plane.length);
  for (let row = 0, p = 0; row < height; row++) {
    const y = (2 * row + 1) / height - 1;
    for (let column = 0; column < width; column++, p++) paper[p] = heightOf(surface, (2 * column + 1) / width - 1, y);
  }
  return paper;
}

function heightOf(surface: readonly number[], x: number, y: number): number {
  return surface[0] + surface[1] * x + surface[2] * y + surface[3] * x * x + surface[4] * x * y + surface[5] * y * y;
}

/** Gaussian elimination of a symmetric positive definite system given with its right-hand side as last column. */
function solve(rows: Float64Array, size: number): number[] {
  const stride = size + 1;
  for (let k = 0; k < size; k++) {
    for (let i = k + 1; i < size; i++) {
      const factor = rows[i * stride + k] / rows[k * stride + k];
      for (let j = k; j <= size; j++) rows[i * stride + j] -= factor * rows[k * stride + j];
    }
  }
  const solution = new Array<number>(size).fill(0);
  for (let k = size - 1; k >= 0; k--) {
    let sum = rows[k * stride + size];
    for (let j = k + 1; j < size; j++) sum -= rows[k * stride + j] * solution[j];
    solution[k] = sum / rows[k * stride + k];
  }
  return solution;
}

/** The threshold that splits values into two groups of least variance within. Source: N. Otsu, 1979. */
function otsu(values: Float32Array): number {
  const bins = 256;
  const histogram = new Float64Array(bins);
  for (const value of values) histogram[Math.min(bins - 1, Math.floor(value))]++;
  let [sum, below, sumBelow, best, threshold] = [0, 0, 0, -1, 0];
  for (let k = 0; k < bins; k++) sum += k * histogram[k];
  for (let k = 0; k < bins - 1; k++) {
    below += histogram[k];
    sumBelow += k * histogram[k];
    const above = values.length - below;
    if (below === 0 || above === 0) continue;
    const difference = sumBelow / below - (sum - sumBelow) / above;
    const between = below * above * difference * difference;
    if (between > best) {
      best = between;
      threshold = k + 1;
    }
  }
  return threshold;
}

/** Clears specks of dust, and shadows that come in from the edge, out of `ink`; returns the box around what is left. */
function dropSpecks(ink: Ink): Box {
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

/** The smallest box that holds all ink but its faintest traces. */
function boxAround(ink: Ink): Box {
  const { width, height, values } = ink;
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let p = 0; p < values.length; p++) {
    if (values[p] < 0.05) continue;
    const [row, column] = [Math.floor(p / width), p % width];
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row + 1);
  }
  return { left, top, right, bottom };
}

/** Connected pieces of ink above a third, diagonals included: the piece of each pixel (-1 for paper) and the pieces' areas. */
function findPieces(ink: Ink): { of: Int32Array; areas: number[]; touchesEdge: boolean[] } {
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

/** Cuts the ink out, with strokes at least as thick as MNIST's thin ones will be once it is framed. */
function thicken(ink: Ink, frame: Box): Ink {
  const extent = Math.max(frame.right - frame.left, frame.bottom - frame.top);
  // A stroke as wide as w has two edges: its area is about half of w for each unit of edge.
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
  const strokeWidth = (2 * area) / Math.max(edge, 1e-9);
  // Thickening enlarges the box too: solve (w + 2r) * 20 / (extent + 2r) = thinnest for r.
  const radius = (thinnestStroke * extent - box * strokeWidth) / (2 * (box - thinnestStroke));
  if (radius <= 0) return cutOut(ink, frame, 0);
  const cut = cutOut(ink, frame, Math.ceil(radius) + 1);
  const spreadOut = { ...cut, values: spread(cut, radius) };
  return cutOut(spreadOut, boxAround(spreadOut), 0);
}

function cutOut(ink: Ink, frame: Box, air: number): Ink {
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

/** Moves the picture by whole pixels so that its centre of mass comes to the middle. MNIST's middle is the pixel with index 14. */
function centre(canvas: Float32Array): Float32Array {
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let p = 0; p < canvas.length; p++) {
    mass += canvas[p];
    sumX += canvas[p] * (p % side);
    sumY += canvas[p] * Math.floor(p / side);
  }
  const middle = side / 2;
  const most = (side - box) / 2;
  const shiftX = Math.max(-most, Math.min(most, Math.round(middle - sumX / mass)));
  const shiftY = Math.max(-most, Math.min(most, Math.round(middle - sumY / mass)));
  const centred = new Float32Array(canvas.length);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [y, x] = [row - shiftY, column - shiftX];
      if (y >= 0 && y < side && x >= 0 && x < side) centred[row * side + column] = canvas[y * side + x];
    }
  }
  return centred;
}
