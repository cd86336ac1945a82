// Reads a line of digits with a network that reads single ones. The line is cut wherever it might be (string-slices.ts); every piece between two cuts
// is framed as MNIST was made and read; and of all ways to put pieces side by side the one wins that is read surest, and cuts where a writer would part.
import { knownOptions, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { frameDigit } from "./digit-frame.ts";
import { findInk } from "./find-ink.ts";
import type { Box, Ink } from "./ink.ts";
import { checkPicture, type Picture } from "./picture.ts";
import { inkOfSlices, type Slices, sliceLine, unionOf } from "./string-slices.ts";

/**
 * A network as the reader asks it: `count` pictures of 784 numbers each, one after another, to as many rows of outputs, one an output class. The first ten are
 * the digits; any further class is none.
 */
export type ReadPictures = (pictures: Float32Array, count: number) => ArrayLike<number>;

/** What `readDigitString` takes. */
export interface DigitStringOptions {
  /** How many digits there are, where that is known. */
  count?: number;
}

/** A piece of the line, and what is read in it. */
export interface DigitPiece {
  readonly digit: number;
  /** Share of the network's outputs that says so, 0 to 1. */
  readonly probability: number;
  /** All outputs as shares of their sum. */
  readonly probabilities: readonly number[];
  /** What the network saw: 784 numbers from 0 to 1. */
  readonly pixels: Float32Array;
  /** Where it stands in the picture, in its pixels; right and bottom are exclusive. */
  readonly box: Box;
  /** Whether ink had to be cut to part it from the piece before: the digits touch, or one was cut in two. */
  readonly touches: boolean;
}

/** A line that was read. */
export interface DigitString {
  /** The digits: "504192". */
  readonly text: string;
  readonly pieces: readonly DigitPiece[];
  /** How many pieces were read to find these. */
  readonly tried: number;
}

/** Pictures are reduced to at most this many pixels on the longer side. */
const WORKING_SIDE = 1200;
/** Of the line, in pixels, when it is cut. */
const LINE_HEIGHT = 64;
/** Slices of one digit. */
const MOST_SLICES = 6;
/** A digit is at most so wide, in heights of the line. */
const WIDEST = 1.5;
/** What a cut through ink costs, and what each stroke that it crosses, as a factor e^-x of probability. */
const CUTTING = 0.5;
const CROSSING = 0.3;
/** What it costs more where all that is cut is no wider than one digit may be; nothing where it is as wide as two. */
const SINGLE = 3;
const ONE_WIDE = 0.9;
const TWO_WIDE = 1.35;
/** What it costs to leave paper uncut, for each height of the line, and at all. */
const LEAVING = 9;
const LEAVING_AT_ALL = 0.8;
/** Lower than this share of the line's height a piece is no digit; what it costs to be lower still. */
const LOWEST = 0.6;
const LOW = 12;
/** Wider than this, in heights of the line, hardly a digit is; what it costs to be wider still. */
const WIDE = 0.95;
const WIDER = 8;

/**
 * Reads a line of digits, dark on light or light on dark, from left to right: cut into pieces, each framed as MNIST was made and read by `read`. Digits may
 * touch: ink that hangs together is cut along paths that cross little of it, and of all ways to cut the surest reading wins. Digits that overlap widely, or hang
 * together along a stroke, are beyond it; such pieces have a low `probability`.
 *
 * The score of a way to cut is the sum over its pieces of log probability, less what speaks against a cut: strokes that it crosses, pieces too low or too
 * wide; and against leaving one out: paper between.
 * @param options `count`: how many digits there are; default: as many as are found.
 * @throws if the picture's size and data do not agree, if no ink is found, if `read` gives no ten outputs a picture, or if the ink falls into fewer pieces
 * than `count`.
 *
 * Source of the method: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998, section V: heuristic
 * over-segmentation.
 * @example
 * ```ts
 * // Two bars, read as ones by whoever says 1 to all.
 * const data = new Uint8Array(60 * 40).fill(255).map((_, i) => ([15, 45].some((x) => Math.abs((i % 60) - x) < 3) ? 0 : 255));
 * const ones = (_: Float32Array, count: number) => new Float32Array(10 * count).map((_value, i) => (i % 10 === 1 ? 0.91 : 0.01));
 * readDigitString({ width: 60, height: 40, channels: 1, data }, ones).text; // "11"
 * ```
 */
export function readDigitString(picture: Picture, read: ReadPictures, options: DigitStringOptions = {}): DigitString {
  const owner = "readDigitString";
  knownOptions(owner, options, ["count"]);
  const checked = checkPicture(owner, picture);
  if (typeof read !== "function") {
    throw new TypeError(`${owner}: read must be a function from pictures to outputs, got ${quote(read)}`);
  }
  const count = options.count === undefined ? undefined : whole(owner, "count", options.count, 1);
  const { ink, frame, factor, origin } = findInk(checked, WORKING_SIDE);
  const { pieces, ...rest } = readInkLine(ink, frame, read, count);
  const place = ({ left, top, right, bottom }: Box): Box => ({
    left: origin.left + left * factor,
    top: origin.top + top * factor,
    right: origin.left + right * factor,
    bottom: origin.top + bottom * factor,
  });
  return { ...rest, pieces: pieces.map((piece) => ({ ...piece, box: place(piece.box) })) };
}

/** The same of ink that is known; boxes are in its pixels. */
export function readInkLine(ink: Ink, frame: Box, read: ReadPictures, count?: number): DigitString {
  const [small, scale] = toLineHeight(ink, frame);
  const slices = sliceLine(small, { left: 0, top: 0, right: small.width, bottom: small.height });
  const candidates = candidatesOf(slices);
  readAll(candidates, read);
  const chosen = bestWay(candidates, slices, count);
  if (chosen === undefined) {
    throw new Error(
      `readDigitString: the ink falls into ${slices.boxes.length} pieces at most, and ${count} digits were asked for; leave count out, or part the digits`,
    );
  }
  const pieces = chosen.map(
    ({ from, pixels, box, probabilities, digit }): DigitPiece => ({
      ...{ digit, probability: probabilities[digit], probabilities, pixels },
      box: {
        left: frame.left + box.left * scale,
        top: frame.top + box.top * scale,
        right: frame.left + box.right * scale,
        bottom: frame.top + box.bottom * scale,
      },
      touches: slices.boundaries[from].cut,
    }),
  );
  return { text: pieces.map(({ digit }) => digit).join(""), pieces, tried: candidates.length };
}

/** Ink reduced to the height that lines are cut at, each pixel the mean of what it covers; and how many pixels of before one is now. */
function toLineHeight(ink: Ink, frame: Box): [Ink, number] {
  const scale = Math.max(1, (frame.bottom - frame.top) / LINE_HEIGHT);
  const width = Math.max(1, Math.ceil((frame.right - frame.left) / scale));
  const height = Math.max(1, Math.ceil((frame.bottom - frame.top) / scale));
  const values = new Float32Array(width * height);
  const edges = (k: number, start: number, end: number): [number, number] => {
    const from = Math.min(end - 1, start + Math.floor(k * scale));
    return [from, Math.max(from + 1, Math.min(end, start + Math.floor((k + 1) * scale)))];
  };
  for (let row = 0; row < height; row++) {
    const [y0, y1] = edges(row, frame.top, frame.bottom);
    for (let column = 0; column < width; column++) {
      const [x0, x1] = edges(column, frame.left, frame.right);
      let sum = 0;
      for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) sum += ink.values[y * ink.width + x];
      values[row * width + column] = sum / ((y1 - y0) * (x1 - x0));
    }
  }
  return [{ width, height, values }, scale];
}

interface Candidate {
  /** Slices `from` up to `to`. */
  readonly from: number;
  readonly to: number;
  readonly box: Box;
  readonly pixels: Float32Array;
  probabilities: number[];
  digit: number;
}

function candidatesOf(slices: Slices): Candidate[] {
  const { boxes, height } = slices;
  const candidates: Candidate[] = [];
  for (let from = 0; from < boxes.length; from++) {
    for (let to = from + 1; to <= Math.min(boxes.length, from + MOST_SLICES); to++) {
      const box = boxes.slice(from, to).reduce(unionOf);
      if (to > from + 1 && box.right - box.left > WIDEST * height) break;
      const { ink } = inkOfSlices(slices, from, to);
      const frame = { left: 0, top: 0, right: ink.width, bottom: ink.height };
      candidates.push({ from, to, box, pixels: frameDigit(ink, frame), probabilities: [], digit: 0 });
    }
  }
  return candidates;
}

function readAll(candidates: readonly Candidate[], read: ReadPictures): void {
  const pictures = new Float32Array(784 * candidates.length);
  candidates.forEach(({ pixels }, k) => {
    pictures.set(pixels, 784 * k);
  });
  const outputs = read(pictures, candidates.length);
  const classes = outputs.length / candidates.length;
  if (!Number.isInteger(classes) || classes < 10) {
    throw new Error(
      `readDigitString: read gave ${outputs.length} numbers for ${candidates.length} pictures; ten or more are expected for each`,
    );
  }
  candidates.forEach((candidate, k) => {
    const row = Array.from({ length: classes }, (_, c) => outputs[k * classes + c]);
    const sum = row.reduce((a, b) => a + b, 0);
    candidate.probabilities = row.map((value) => (sum > 0 ? value / sum : 1 / classes));
    const digits = candidate.probabilities.slice(0, 10);
    candidate.digit = digits.indexOf(Math.max(...digits));
  });
}

function scoreOf({ from, to, box, probabilities, digit }: Candidate, { boundaries, height }: Slices): number {
  let score = Math.log(Math.max(probabilities[digit], 1e-6));
  const [wide, high] = [box.right - box.left, box.bottom - box.top];
  score -= LOW * Math.max(0, LOWEST - high / height);
  score -= WIDER * Math.max(0, wide / height - WIDE);
  const before = boundaries[from];
  if (before.cut) {
    const single = Math.max(0, Math.min(1, (TWO_WIDE - before.width) / (TWO_WIDE - ONE_WIDE)));
    score -= CUTTING + CROSSING * before.crossed + SINGLE * single;
  }
  for (let k = from + 1; k < to; k++) {
    const { cut, gap } = boundaries[k];
    if (!cut) score -= LEAVING_AT_ALL + LEAVING * Math.max(0, gap);
  }
  return score;
}

/** The way from the first slice to behind the last with the largest sum of scores, of `count` pieces where that is given. */
function bestWay(candidates: readonly Candidate[], slices: Slices, count: number | undefined): Candidate[] | undefined {
  interface Way {
    readonly score: number;
    readonly last: Candidate;
    readonly before: Way | undefined;
  }
  const end = slices.boxes.length;
  // By slice that comes next, and, where the count is given, by pieces so far.
  const most = count ?? 0;
  const ways = Array.from({ length: end + 1 }, () => new Map<number, Way>());
  for (const candidate of candidates) {
    const { from, to } = candidate;
    const own = scoreOf(candidate, slices);
    const starts: [number, Way | undefined][] = from === 0 ? [[0, undefined]] : [...ways[from]];
    for (const [pieces, before] of starts) {
      const so = count === undefined ? 0 : pieces + 1;
      if (so > most) continue;
      const score = (before?.score ?? 0) + own;
      const known = ways[to].get(so);
      if (known === undefined || score > known.score) ways[to].set(so, { score, last: candidate, before });
    }
  }
  let way = ways[end].get(most);
  if (way === undefined) return undefined;
  const chosen: Candidate[] = [];
  for (; way !== undefined; way = way.before) chosen.unshift(way.last);
  return chosen;
}
