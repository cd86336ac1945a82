// The worker of the digits, with one more way to cut a line: the one that the text describes, by the classifier's confidence alone.

import {
  countTrials,
  cutPlaces,
  frame,
  type Piece,
  piecesBetween,
  readingOf,
  segment,
} from "../../../../book/nndl/programs/segmentation.ts";
import { boxAround } from "../../../../src/data/ink.ts";
import { inkOfStrokes } from "../../../../src/data/pen.ts";
import { entryOf, outputsOf } from "../../digits/entries.ts";
import type { Strokes } from "../../digits/pad.ts";

export * from "../../digits/work.ts";

/** Height of a digit, and of the picture around it, as the program has them. */
const [DIGIT, PICTURE] = [20, 28];
/** Cuts are tried at every second column; pieces are as wide as digits are. */
const [EVERY, NARROWEST, WIDEST] = [2, 4, 26];

export interface BookCut {
  readonly text: string;
  readonly pieces: readonly {
    readonly digit: number;
    readonly confidence: number;
    readonly left: number;
    readonly right: number;
  }[];
  /** Pieces that were read. */
  readonly read: number;
  /** Ways to put them side by side. */
  readonly trials: number;
}

/** Cuts a line into `count` digits as the experiment does. Undefined where there is no such way. */
export function cutByBook(strokes: Strokes, pen: number, id: string, count: number): BookCut | undefined {
  const [xs, ys] = [0, 1].map((axis) => strokes.flatMap((stroke) => stroke.filter((_, k) => k % 2 === axis)));
  if (xs.length === 0) return undefined;
  const [left, top] = [Math.min(...xs) - pen, Math.min(...ys) - pen];
  const scale = DIGIT / (Math.max(...ys) + pen - top);
  const air = (PICTURE - DIGIT) / 2;
  const width = Math.ceil((Math.max(...xs) + pen - left) * scale) + 2 * air;
  const ink = inkOfStrokes(
    strokes.map((stroke) => stroke.map((value, k) => (value - (k % 2 === 0 ? left : top)) * scale + air)),
    // As strokes of MNIST are: about two pixels.
    { width, height: PICTURE, radius: Math.max(0.95, pen * scale) },
  );
  const inked = boxAround(ink);
  const image = { width, values: ink.values };
  const pieces = piecesBetween(cutPlaces(width, EVERY), NARROWEST, WIDEST);
  const framed = pieces.map((piece) => frame(image, piece));
  const known = framed.flatMap((pixels, i) => (pixels === null ? [] : [i]));
  const all = new Float32Array(784 * known.length);
  known.forEach((i, k) => {
    all.set(framed[i]!, 784 * k);
  });
  const outputs = outputsOf(entryOf(id).model, all, known.length);
  const readings = pieces.map((): ReturnType<typeof readingOf> | null => null);
  known.forEach((i, k) => {
    readings[i] = readingOf(outputs.subarray(10 * k, 10 * k + 10));
  });
  const found = segment(width, pieces, readings, count);
  if (found === null) return undefined;
  const toUnits = (column: number): number =>
    (Math.min(Math.max(column, inked.left), inked.right) - air) / scale + left;
  return {
    text: found.digits.join(""),
    pieces: found.pieces.map((piece: Piece, i) => ({
      ...{ digit: found.digits[i], confidence: readings[pieces.indexOf(piece)]!.confidence },
      ...{ left: toUnits(piece.start), right: toUnits(piece.end) },
    })),
    read: known.length,
    trials: countTrials(width, pieces, count),
  };
}
