// Finds the ink in a picture of any size and colours. Ink is whatever differs from the paper, and the paper is a smooth surface fitted to most of
// the picture: so dark on light and light on dark, grey and colour, and uneven light are one and the same case.
import { type Box, dropSpecks, type Ink } from "./ink.ts";
import type { Picture } from "./picture.ts";

/** One or more planes of numbers of the same size. */
interface Planes {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Float32Array[];
}

/** The ink of a picture. */
export interface FoundInk {
  readonly ink: Ink;
  /** Around all of it. */
  readonly frame: Box;
  /** How many pixels of the picture a pixel of the ink is wide. */
  readonly factor: number;
  /** The part of the picture that the ink was found in. */
  readonly origin: Box;
}

/**
 * Finds the ink in a picture, which is reduced to at most `workingSide` pixels on the longer side.
 * @throws if there is none
 */
export function findInk(picture: Picture, workingSide: number): FoundInk {
  const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height };
  const first = inkWithin(picture, whole, workingSide);
  const { frame, factor } = first;
  // What is small in a large picture has lost its detail by the reduction: look again, closer.
  const closer = factor > 1 && Math.max(frame.right - frame.left, frame.bottom - frame.top) < workingSide / 2;
  return closer ? inkWithin(picture, enlarge(frame, first, whole), workingSide) : first;
}

/** Finds the ink in a part of the picture. */
function inkWithin(picture: Picture, part: Box, workingSide: number): FoundInk {
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
function enlarge(frame: Box, found: FoundInk, limits: Box): Box {
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
      "no ink found: the picture is one even colour, or too noisy to tell ink from paper; give a picture of a digit that stands out from its background",
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
