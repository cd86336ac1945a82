// Blocks of 8x8 coefficients of a JPEG: how they are decoded from bits, at once (sequential) or a few bits of a few coefficients a scan
// (progressive), and how they become samples. Source: ITU-T T.81 (1992), sections A.3.3, F.2.2 and G.1.2.
import type { Bits, HuffmanTable } from "./jpeg-bits.ts";

/** Where the k-th coefficient in the order of the file stands in its block, row by row. */
export const ZIGZAG = Uint8Array.of(
  ...[
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28,
  ],
  ...[
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
    55,
  ],
  ...[62, 63],
);

/** What a scan sends: coefficients `first` to `last`, down to bit `low`; `refines` if their higher bits came before. */
export interface Progress {
  readonly first: number;
  readonly last: number;
  readonly low: number;
  readonly refines: boolean;
}

/** What is carried from block to block of a component in a scan. */
export interface Carried {
  /** The last block's first coefficient. */
  previous: number;
  /** Blocks that follow without anything new. */
  emptyBlocks: number;
}

const tooMany = () => new Error("a block of more than 64 coefficients");

function readDifference(bits: Bits, table: HuffmanTable): number {
  const length = bits.symbol(table);
  if (length > 15) throw new Error(`a coefficient of ${length} bits`);
  return bits.readSigned(length);
}

/** A whole block, as in baseline files. `block` is all 0. */
export function sequentialBlock(bits: Bits, block: Int16Array, dc: HuffmanTable, ac: HuffmanTable, carried: Carried) {
  block[0] = carried.previous += readDifference(bits, dc);
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(ac);
    const length = symbol & 15;
    if (length === 0 && symbol !== 0xf0) return;
    k += symbol >> 4;
    if (k > 63) throw tooMany();
    if (length > 0) block[ZIGZAG[k]] = bits.readSigned(length);
  }
}

/** The first coefficient in a progressive scan. */
export function progressiveMean(bits: Bits, block: Int16Array, dc: HuffmanTable, carried: Carried, scan: Progress) {
  if (scan.refines) {
    if (bits.read(1) === 1) block[0] |= 1 << scan.low;
  } else {
    block[0] = (carried.previous += readDifference(bits, dc)) << scan.low;
  }
}

/** The other coefficients in a progressive scan. */
export function progressiveBlock(bits: Bits, block: Int16Array, ac: HuffmanTable, carried: Carried, scan: Progress) {
  if (scan.refines) refine(bits, block, ac, carried, scan);
  else if (carried.emptyBlocks > 0) carried.emptyBlocks--;
  else {
    for (let k = scan.first; k <= scan.last; k++) {
      const symbol = bits.symbol(ac);
      const [zeros, length] = [symbol >> 4, symbol & 15];
      if (length === 0 && zeros < 15) {
        carried.emptyBlocks = (1 << zeros) - 1 + bits.read(zeros);
        return;
      }
      k += zeros;
      if (k > scan.last) throw tooMany();
      if (length > 0) block[ZIGZAG[k]] = bits.readSigned(length) << scan.low;
    }
  }
}

/** One more bit of each coefficient that is not 0 yet known, and new ones of the size of that bit between them. */
function refine(bits: Bits, block: Int16Array, ac: HuffmanTable, carried: Carried, scan: Progress): void {
  const one = 1 << scan.low;
  let k = scan.first;
  const correct = (at: number) => {
    if (bits.read(1) === 1 && (block[at] & one) === 0) block[at] += block[at] > 0 ? one : -one;
  };
  if (carried.emptyBlocks === 0) {
    for (; k <= scan.last; k++) {
      const symbol = bits.symbol(ac);
      const length = symbol & 15;
      let zeros = symbol >> 4;
      if (length === 0 && zeros < 15) {
        carried.emptyBlocks = (1 << zeros) + bits.read(zeros);
        break;
      }
      if (length > 1) throw new Error(`a correction of ${length} bits`);
      const value = length === 0 ? 0 : bits.read(1) === 1 ? one : -one;
      for (; k <= scan.last; k++) {
        const at = ZIGZAG[k];
        if (block[at] !== 0) correct(at);
        else if (zeros-- === 0) break;
      }
      if (k > scan.last) throw tooMany();
      if (value !== 0) block[ZIGZAG[k]] = value;
    }
  }
  if (carried.emptyBlocks > 0) {
    for (; k <= scan.last; k++) if (block[ZIGZAG[k]] !== 0) correct(ZIGZAG[k]);
    carried.emptyBlocks--;
  }
}

const [C1, C2, C3, C4, C5, C6, C7] = [1, 2, 3, 4, 5, 6, 7].map((k) => Math.cos((k * Math.PI) / 16) / 2);
const work = new Float64Array(64);

/** The inverse cosine transform: x = 128 + sum over u, v of c(u) c(v) / 4 F(u, v) cos((2x+1) u pi/16) cos((2y+1) v pi/16), with
 * F = `block` times `quantisation`, rounded to 0 to 255 into 8 rows of `plane` from `at` on. */
export function samplesOf(
  block: Int16Array,
  quantisation: Uint16Array,
  plane: Uint8ClampedArray,
  at: number,
  stride: number,
) {
  let flat = true;
  for (let k = 1; k < 64 && flat; k++) flat = block[k] === 0;
  if (flat) {
    const value = 128 + (block[0] * quantisation[0]) / 8;
    for (let row = 0; row < 8; row++) plane.fill(value, at + row * stride, at + row * stride + 8);
    return;
  }
  for (let k = 0; k < 64; k++) work[k] = block[k] * quantisation[k];
  for (let row = 0; row < 64; row += 8) transform(row, 1);
  for (let column = 0; column < 8; column++) transform(column, 8);
  for (let row = 0, k = 0; row < 8; row++) {
    for (let column = 0; column < 8; column++, k++) plane[at + row * stride + column] = work[k] + 128;
  }
}

/** One line of eight: even and odd coefficients apart, since the latter only change sign between x and 7 - x. */
function transform(from: number, step: number): void {
  const f1 = work[from + step];
  const f2 = work[from + 2 * step];
  const f3 = work[from + 3 * step];
  const f5 = work[from + 5 * step];
  const f6 = work[from + 6 * step];
  const f7 = work[from + 7 * step];
  const sum = C4 * (work[from] + work[from + 4 * step]);
  const difference = C4 * (work[from] - work[from + 4 * step]);
  const [outer, inner] = [C2 * f2 + C6 * f6, C6 * f2 - C2 * f6];
  const even0 = sum + outer;
  const even1 = difference + inner;
  const even2 = difference - inner;
  const even3 = sum - outer;
  const odd0 = C1 * f1 + C3 * f3 + C5 * f5 + C7 * f7;
  const odd1 = C3 * f1 - C7 * f3 - C1 * f5 - C5 * f7;
  const odd2 = C5 * f1 - C1 * f3 + C7 * f5 + C3 * f7;
  const odd3 = C7 * f1 - C5 * f3 + C3 * f5 - C1 * f7;
  work[from] = even0 + odd0;
  work[from + step] = even1 + odd1;
  work[from + 2 * step] = even2 + odd2;
  work[from + 3 * step] = even3 + odd3;
  work[from + 4 * step] = even3 - odd3;
  work[from + 5 * step] = even2 - odd2;
  work[from + 6 * step] = even1 - odd1;
  work[from + 7 * step] = even0 - odd0;
}
