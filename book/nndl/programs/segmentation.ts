// Cutting a string of digits into digits (chapter 1, section 1.2): every way to cut is a trial, the digit classifier scores each piece by how sure
// it is, and the trial whose pieces are all read with confidence wins. Trials share pieces, so that dynamic programming tries them all at once.

/** A grey picture of height 28, ink 0 to 1, row by row. */
export interface StringImage {
  readonly width: number;
  readonly values: Float32Array;
}

const HEIGHT = 28;

export interface Piece {
  /** Columns from `start` up to `end`. */
  readonly start: number;
  readonly end: number;
}

/** What the classifier makes of a piece. */
export interface Reading {
  readonly digit: number;
  /** 0 to 1. */
  readonly confidence: number;
}

/** What a network of ten sigmoid outputs reads: sure means that the one is near 1 and all others are near 0, since each speaks for itself. */
export function readingOf(outputs: ArrayLike<number>): Reading {
  const all = Array.from(outputs);
  const digit = all.indexOf(Math.max(...all));
  return { digit, confidence: all.reduce((product, value, j) => product * (j === digit ? value : 1 - value), 1) };
}

/** Digits side by side, `gaps[i]` empty columns before digit i; with the columns that each takes. */
export function writeString(
  digits: readonly Float64Array[],
  gaps: readonly number[],
): { image: StringImage; spans: Piece[] } {
  const inked = digits.map(columnsWithInk);
  const starts: number[] = [];
  let x = 0;
  inked.forEach(({ start, end }, i) => {
    x += gaps[i];
    starts.push(x);
    x += end - start;
  });
  const width = x + 2;
  const values = new Float32Array(width * HEIGHT);
  digits.forEach((digit, i) => {
    const { start, end } = inked[i];
    for (let row = 0; row < HEIGHT; row++) {
      for (let column = start; column < end; column++) {
        const at = row * width + starts[i] + column - start;
        values[at] = Math.max(values[at], digit[row * HEIGHT + column]);
      }
    }
  });
  return {
    image: { width, values },
    spans: inked.map(({ start, end }, i) => ({ start: starts[i], end: starts[i] + end - start })),
  };
}

function columnsWithInk(digit: Float64Array): Piece {
  const has = (column: number) =>
    Array.from({ length: HEIGHT }, (_, row) => digit[row * HEIGHT + column]).some((value) => value > 0.1);
  const columns = Array.from({ length: HEIGHT }, (_, column) => column).filter(has);
  return { start: columns[0] ?? 0, end: (columns.at(-1) ?? HEIGHT - 1) + 1 };
}

/** A piece as an image of 28 by 28 with its ink in the middle, as MNIST frames its digits: centred by mass. Null where there is no ink. */
export function frame({ width, values }: StringImage, { start, end }: Piece): Float32Array | null {
  let mass = 0;
  let [x, y] = [0, 0];
  for (let row = 0; row < HEIGHT; row++) {
    for (let column = start; column < end; column++) {
      const value = values[row * width + column];
      mass += value;
      x += value * column;
      y += value * row;
    }
  }
  if (mass < 5) return null;
  const [right, down] = [Math.round(13.5 - x / mass), Math.round(13.5 - y / mass)];
  const result = new Float32Array(HEIGHT * HEIGHT);
  for (let row = 0; row < HEIGHT; row++) {
    for (let column = start; column < end; column++) {
      const [toX, toY] = [column + right, row + down];
      if (toX >= 0 && toX < HEIGHT && toY >= 0 && toY < HEIGHT)
        result[toY * HEIGHT + toX] = values[row * width + column];
    }
  }
  return result;
}

/** Places where one may cut: every `step` columns, and both ends. */
export function cutPlaces(width: number, step: number): number[] {
  const places = Array.from({ length: Math.ceil(width / step) }, (_, i) => i * step);
  return [...places, width];
}

/** All pieces between two cuts that are neither too narrow nor too wide for a digit. */
export function piecesBetween(cuts: readonly number[], narrowest: number, widest: number): Piece[] {
  return cuts.flatMap((start) =>
    cuts.filter((end) => end - start >= narrowest && end - start <= widest).map((end) => ({ start, end })),
  );
}

/** How many trials there are: ways to put `count` of the pieces side by side from the first column to the last. */
export function countTrials(width: number, pieces: readonly Piece[], count: number): number {
  let ways = new Map<number, number>([[0, 1]]);
  for (let k = 0; k < count; k++) {
    const next = new Map<number, number>();
    for (const { start, end } of pieces) {
      const before = ways.get(start);
      if (before !== undefined) next.set(end, (next.get(end) ?? 0) + before);
    }
    ways = next;
  }
  return ways.get(width) ?? 0;
}

/**
 * The best trial of all that cut into `count` pieces: the one with the largest product of confidences.
 * `readings[i]` is what the classifier makes of `pieces[i]`.
 */
export function segment(
  width: number,
  pieces: readonly Piece[],
  readings: readonly (Reading | null)[],
  count: number,
): { pieces: Piece[]; digits: number[]; score: number } | null {
  // After k rounds: the best way to cut the columns up to x into k pieces, by x.
  interface Way {
    readonly score: number;
    readonly last: number;
    readonly before: Way | null;
  }
  let ways = new Map<number, Way | null>([[0, null]]);
  for (let k = 0; k < count; k++) {
    const next = new Map<number, Way | null>();
    pieces.forEach(({ start, end }, last) => {
      const reading = readings[last];
      if (reading === null || !ways.has(start)) return;
      const before = ways.get(start)!;
      const score = (before?.score ?? 0) + Math.log(Math.max(reading.confidence, 1e-9));
      const known = next.get(end);
      if (known === undefined || known === null || score > known.score) next.set(end, { score, last, before });
    });
    ways = next;
  }
  let way = ways.get(width) ?? null;
  if (way === null) return null;
  const { score } = way;
  const chosen: number[] = [];
  for (; way !== null; way = way.before) chosen.unshift(way.last);
  return { pieces: chosen.map((i) => pieces[i]), digits: chosen.map((i) => readings[i]!.digit), score };
}
