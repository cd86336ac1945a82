// Handwriting-like digits made on the spot, so that a network can be trained with nothing downloaded. A sample is a drawing (digit-strokes.ts)
// bent, slanted and scaled as no two hands agree, inked with a pen of varying width, and then framed exactly as MNIST frames its digits.
//
// The drawing uses only + - * / and square roots, which IEEE 754 fixes to the last bit: the same seed gives the same bytes on every machine.
import { knownOptions, oneOf, whole } from "../engine/checks.ts";
import { digitStyles } from "./digit-strokes.ts";
import type { ImageSet, TrainAndTest } from "./image-set.ts";
import { inkLine, type PenLine } from "./pen.ts";
import { type PhiloxStream, philoxStream } from "./philox.ts";

const side = 28;
const pixels = side * side;
const box = 20;
const margin = (side - box) / 2;
const pointsPerSpan = 5;

interface Style {
  readonly share: number;
  /** One flat list x0, y0, x1, y1, ... for each drawing. */
  readonly drawings: readonly Float64Array[];
  /** Runs of points that are one smooth curve: neighbouring runs share a corner point or are parted by a pen lift. */
  readonly runs: readonly { readonly from: number; readonly to: number; readonly stroke: number }[];
  readonly strokes: number;
}

function parseStyle(drawings: readonly string[], share: number): Style {
  const runs: { from: number; to: number; stroke: number }[] = [];
  const coordinates = drawings.map((drawing, which) => {
    const flat: number[] = [];
    for (const [stroke, text] of drawing.split("|").entries()) {
      const words = text.trim().split(/\s+/);
      let from = flat.length / 2;
      for (const [k, word] of words.entries()) {
        const [x, y] = word.replace("!", "").split(",").map(Number);
        flat.push(x, y);
        const here = flat.length / 2 - 1;
        const last = k === words.length - 1;
        if (which === 0 && here > from && (last || word.endsWith("!"))) {
          runs.push({ from, to: here, stroke });
          from = here;
        }
      }
    }
    return Float64Array.from(flat);
  });
  return { share, drawings: coordinates, runs, strokes: drawings[0].split("|").length };
}

const styles: readonly (readonly Style[])[] = digitStyles.map((ways) => {
  const total = ways.reduce((sum, way) => sum + way.weight, 0);
  return ways.map((way) => parseStyle(way.drawings, way.weight / total));
});

/** A smooth wave of period 1 between -1 and 1, made of parabolas. */
function wave(x: number): number {
  const p = 2 * (x - Math.floor(x));
  return p < 1 ? 4 * p * (1 - p) : -4 * (p - 1) * (2 - p);
}

/** A positive factor around 1: as likely to be f as 1/f. `spread` is about the standard deviation of its logarithm. */
function factor(random: PhiloxStream, spread: number): number {
  const half = Math.max(-0.9, Math.min(0.9, (random.bell() * spread) / 2));
  return (1 + half) / (1 - half);
}

/** Which supply of digits to draw from: the two never share a random number. */
export type DigitPart = "train" | "test";

const purpose = { train: 0, test: 1, trainLabels: 2, testLabels: 3, hand: 4 } as const;

/** Working memory of the painter: made once per set. */
interface Easel extends PenLine {
  readonly random: PhiloxStream;
  readonly control: Float64Array;
  readonly canvas: Float64Array;
}

function createEasel(seed: number): Easel {
  const most = 256;
  return {
    random: philoxStream(seed),
    control: new Float64Array(most),
    x: new Float64Array(most),
    y: new Float64Array(most),
    radius: new Float64Array(most),
    lift: new Uint8Array(most),
    canvas: new Float64Array(pixels),
  };
}

function chooseStyle(random: PhiloxStream, label: number): Style {
  let left = random.uniform();
  for (const style of styles[label]) {
    left -= style.share;
    if (left < 0) return style;
  }
  return styles[label][0];
}

/** Mixes the drawings of a style into one hand, and lets every point and every stroke stray a little. */
function sketch(easel: Easel, style: Style): void {
  const { random, control } = easel;
  const { drawings } = style;
  const size = drawings[0].length;
  control.fill(0, 0, size);
  let total = 0;
  const weights: number[] = [];
  for (let k = 0; k < drawings.length; k++) {
    // A high power favours one drawing, with a good dash of another now and then.
    const u = random.uniform();
    const weight = u * u * u * u * u * u;
    weights.push(weight);
    total += weight;
  }
  total += 1e-9;
  for (let k = 0; k < drawings.length; k++) {
    const weight = weights[k] / total;
    const drawing = drawings[k];
    for (let j = 0; j < size; j++) control[j] += weight * drawing[j];
  }
  const stray = 0.3 + 1.0 * random.uniform();
  for (let j = 0; j < size; j++) control[j] += stray * random.bell();
}

/** Runs a Catmull-Rom curve through each run of control points. Returns the number of polyline points. */
function trace(easel: Easel, style: Style): number {
  const { random, control, x, y, lift } = easel;
  let count = 0;
  let stroke = -1;
  let shiftX = 0;
  let shiftY = 0;
  for (const run of style.runs) {
    const lifted = run.stroke !== stroke;
    if (lifted) {
      stroke = run.stroke;
      shiftX = style.strokes > 1 ? 2 * random.bell() : 0;
      shiftY = style.strokes > 1 ? 2 * random.bell() : 0;
      x[count] = control[2 * run.from] + shiftX;
      y[count] = control[2 * run.from + 1] + shiftY;
      lift[count++] = 1;
    }
    for (let k = run.from; k < run.to; k++) {
      const before = Math.max(run.from, k - 1) * 2;
      const start = 2 * k;
      const end = start + 2;
      const after = Math.min(run.to, k + 2) * 2;
      for (let step = 1; step <= pointsPerSpan; step++) {
        const t = step / pointsPerSpan;
        const a = ((2 - t) * t - 1) * t * 0.5;
        const b = ((3 * t - 5) * t * t + 2) * 0.5;
        const c = ((4 - 3 * t) * t + 1) * t * 0.5;
        const d = (t - 1) * t * t * 0.5;
        x[count] = a * control[before] + b * control[start] + c * control[end] + d * control[after] + shiftX;
        y[count] =
          a * control[before + 1] + b * control[start + 1] + c * control[end + 1] + d * control[after + 1] + shiftY;
        lift[count++] = 0;
      }
    }
  }
  return count;
}

/** Bends the paper smoothly, shifts the proportions of upper and lower half, then rotates, slants and stretches. */
function distort(easel: Easel, count: number): void {
  const { random, x, y } = easel;
  for (let k = 0; k < 3; k++) {
    const frequencyX = (random.uniform() - 0.5) * 0.022;
    const frequencyY = (random.uniform() - 0.5) * 0.022;
    const phase = random.uniform();
    const amplitudeX = 1.4 * random.bell();
    const amplitudeY = 1.4 * random.bell();
    for (let i = 0; i < count; i++) {
      const bend = wave(frequencyX * x[i] + frequencyY * y[i] + phase);
      x[i] += amplitudeX * bend;
      y[i] += amplitudeY * bend;
    }
  }
  // Where the waist sits, how far the middle leans out, and whether head or foot is wider: the proportions in which hands differ most.
  const sag = 7 * random.bell();
  const lean = 4 * random.bell();
  const taper = 0.2 * random.bell();
  for (let i = 0; i < count; i++) {
    const u = x[i] - 35;
    const v = (y[i] - 50) / 50;
    const bow = 1 - v * v;
    x[i] += lean * bow + u * taper * v;
    y[i] += sag * bow;
  }
  // A rotation written in the tangent of half its angle needs no sine.
  const half = 0.06 * random.bell();
  const cosine = (1 - half * half) / (1 + half * half);
  const sine = (2 * half) / (1 + half * half);
  const slant = 0.06 + 0.21 * random.bell();
  const stretch = 1.1 * factor(random, 0.16);
  for (let i = 0; i < count; i++) {
    const u = (x[i] - 35 - slant * (y[i] - 50)) * stretch;
    const v = y[i] - 50;
    x[i] = cosine * u - sine * v;
    y[i] = sine * u + cosine * v;
  }
}

/** Chooses the pen and scales the line so that the longer side of its ink is 20 pixels, in a box that starts at (4, 4).
 * Returns over how many pixels the edge of the ink fades. */
function frame(easel: Easel, count: number): number {
  const { random, x, y, radius } = easel;
  const pen = 1.27 * factor(random, 0.25);
  const fade = 0.9 + 0.6 * random.uniform();
  const pressure = 0.05 + 0.2 * random.uniform();
  const rhythm = (0.5 + random.uniform()) / count;
  const phase = random.uniform();
  for (let i = 0; i < count; i++) radius[i] = pen * (1 + pressure * wave(rhythm * i + phase));

  const line = extent(easel, count, 1, 0);
  // Nobody writes a digit much wider than high, but the distortions together might.
  const squeeze = Math.min(1, (1.25 * line.height) / line.width);
  for (let i = 0; i < count; i++) x[i] *= squeeze;
  const longer = Math.max(line.width * squeeze, line.height);
  let scale = (box - 2 * pen - fade) / longer;
  // The pen's width varies along the line, so the first guess is off by a little.
  const guess = extent(easel, count, scale, fade / 2);
  scale += (box - Math.max(guess.width, guess.height)) / longer;
  const { left, top, width, height } = extent(easel, count, scale, fade / 2);
  const offsetX = margin + (box - width) / 2 - left;
  const offsetY = margin + (box - height) / 2 - top;
  for (let i = 0; i < count; i++) {
    x[i] = x[i] * scale + offsetX;
    y[i] = y[i] * scale + offsetY;
  }
  return fade;
}

/** The box around the line at a given scale: of the bare line without `edge`, else of its ink with so much of an edge. */
function extent(easel: Easel, count: number, scale: number, edge: number) {
  const { x, y, radius } = easel;
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    const half = edge > 0 ? radius[i] + edge : 0;
    left = Math.min(left, x[i] * scale - half);
    right = Math.max(right, x[i] * scale + half);
    top = Math.min(top, y[i] * scale - half);
    bottom = Math.max(bottom, y[i] * scale + half);
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** Adds the grain of paper and scanner where there is ink, and moves the ink by whole pixels to bring its centre of mass to the pixel (14, 14), as in MNIST. */
function develop(easel: Easel, out: Uint8Array, at: number): void {
  const { random, canvas } = easel;
  let [mass, sumX, sumY] = [0, 0, 0];
  const grain = 0.12 * random.uniform();
  let bits = 0;
  let left = 0;
  for (let row = 0, p = 0; row < side; row++) {
    for (let column = 0; column < side; column++, p++) {
      if (canvas[p] <= 0) continue;
      if (left === 0) {
        bits = random.word();
        left = 4;
      }
      const noise = (bits & 0xff) / 127.5 - 1;
      bits >>>= 8;
      left--;
      const value = Math.max(0, Math.min(1, Math.min(1, canvas[p]) + grain * noise));
      canvas[p] = value;
      mass += value;
      sumX += value * column;
      sumY += value * row;
    }
  }
  const middle = side / 2;
  const shiftX = Math.max(-margin, Math.min(margin, Math.round(middle - sumX / mass)));
  const shiftY = Math.max(-margin, Math.min(margin, Math.round(middle - sumY / mass)));
  for (let row = 0; row < side; row++) {
    const from = row - shiftY;
    for (let column = 0; column < side; column++) {
      const source = column - shiftX;
      const inside = from >= 0 && from < side && source >= 0 && source < side;
      out[at + row * side + column] = inside ? Math.round(255 * canvas[from * side + source]) : 0;
    }
  }
}

/** Label of sample `index`: every ten samples hold each digit once, in an order of their own. */
function shuffledTen(random: PhiloxStream, block: number, part: DigitPart): number[] {
  random.seek(block, purpose[`${part}Labels`]);
  const order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  for (let k = 9; k > 0; k--) {
    const other = random.below(k + 1);
    [order[k], order[other]] = [order[other], order[k]];
  }
  return order;
}

/** A picture is 784 bytes: more would not fit in one array. */
const MOST_DIGITS = 2_000_000;

/**
 * Draws handwriting-like digits: `count` pictures of 28 x 28 pixels, 0 background and 255 full ink, framed as MNIST: the
 * longer side 20 pixels, centred by mass.
 *
 * Sample i depends on the seed, the part and i alone, to the last bit on every machine: a longer set begins with the
 * shorter one, and `first` starts further on. Samples 0 to 9, 10 to 19, and so on hold every digit once.
 * @param seed a whole number from 0 to 2^53 - 1.
 * @param options `part`: the supply for training (default) or the independent one for test; `first`: index of the first
 * sample, default 0.
 * @throws RangeError for a count, a first sample or a seed that is not a whole number from 0 on.
 * @example
 * ```ts
 * const { images, labels } = drawDigits(10, 7);
 * images.length; // 7840
 * labels.toSorted(); // [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
 * ```
 */
export function drawDigits(count: number, seed = 1, options: { part?: DigitPart; first?: number } = {}): ImageSet {
  knownOptions("drawDigits", options, ["part", "first"]);
  const { part = "train", first = 0 } = options;
  oneOf("drawDigits", "part", part, ["train", "test"]);
  whole("drawDigits", "first", first, 0);
  if (whole("drawDigits", "count", count, 0) > MOST_DIGITS) {
    throw new RangeError(
      `drawDigits: at most ${MOST_DIGITS} digits are drawn at once, got ${count}; draw them in parts, from first on`,
    );
  }
  const easel = createEasel(seed);
  const images = new Uint8Array(count * pixels);
  const labels = new Uint8Array(count);
  let block = -1;
  let order: number[] = [];
  for (let k = 0; k < count; k++) {
    const index = first + k;
    if (Math.floor(index / 10) !== block) {
      block = Math.floor(index / 10);
      order = shuffledTen(easel.random, block, part);
    }
    const label = order[index % 10];
    labels[k] = label;
    easel.random.seek(index, purpose[part]);
    const style = chooseStyle(easel.random, label);
    sketch(easel, style);
    const points = trace(easel, style);
    distort(easel, points);
    const fade = frame(easel, points);
    easel.canvas.fill(0);
    inkLine(easel, points, fade, easel.canvas, side, side);
    develop(easel, images, k * pixels);
  }
  return { images, labels, count, height: side, width: side, classes: 10 };
}

/**
 * The strokes of one digit as some hand writes it, before it is framed: lists x0, y0, x1, y1, ... in a box of about 70 x 100, y downwards. The same seed
 * is the same hand.
 */
export function writeDigit(label: number, seed: number): number[][] {
  const easel = createEasel(seed);
  easel.random.seek(label, purpose.hand);
  const style = chooseStyle(easel.random, label);
  sketch(easel, style);
  const count = trace(easel, style);
  distort(easel, count);
  const strokes: number[][] = [];
  for (let k = 0; k < count; k++) {
    if (easel.lift[k] === 1) strokes.push([]);
    strokes.at(-1)!.push(easel.x[k], easel.y[k]);
  }
  return strokes;
}

/**
 * The data set that Nabla brings along: digits as `drawDigits` makes them, for training and, from an independent supply,
 * for test.
 * @param options `train` and `test`: numbers of pictures, default 20000 and 4000; `seed`: a whole number from 0 on,
 * default 1.
 * @throws RangeError for a number or a seed that is not a whole number from 0 on.
 * @example
 * ```ts
 * const { train, test } = digits({ train: 50, test: 10 });
 * [train.count, test.count]; // [50, 10]
 * ```
 */
export function digits(options: { train?: number; test?: number; seed?: number } = {}): TrainAndTest {
  knownOptions("digits", options, ["train", "test", "seed"]);
  const { train = 20_000, test = 4_000, seed = 1 } = options;
  return { train: drawDigits(train, seed, { part: "train" }), test: drawDigits(test, seed, { part: "test" }) };
}
