// Philox4x32-10: random numbers as a function of a key and a counter, with no state to carry.
// Whoever needs number 17 of sample 4711 computes it directly, so a sample never depends on which others were drawn before it.
// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

const rounds = 10;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned words, one given as its two halves. */
function multiplyHigh(a: number, high: number, low: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  // No partial sum exceeds 32 bits, so wrapping signed arithmetic keeps every bit.
  const middle = (Math.imul(aHigh, low) + (Math.imul(aLow, low) >>> 16)) | 0;
  const other = (Math.imul(aLow, high) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, high) + (middle >>> 16) + (other >>> 16)) | 0;
}

/** Fills `out` with the four words that Philox4x32-10 gives for a 64-bit key and a 128-bit counter, low words first. */
export function philox(
  out: Uint32Array,
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  counter2: number,
  counter3: number,
): void {
  let [a, b, c, d] = [counter0 | 0, counter1 | 0, counter2 | 0, counter3 | 0];
  let k0 = key0 | 0;
  let k1 = key1 | 0;
  for (let round = 0; round < rounds; round++) {
    const high0 = multiplyHigh(a, 0xd251, 0x1f53);
    const low0 = Math.imul(a, 0xd2511f53);
    const high1 = multiplyHigh(c, 0xcd9e, 0x8d57);
    const low1 = Math.imul(c, 0xcd9e8d57);
    a = high1 ^ b ^ k0;
    b = low1;
    c = high0 ^ d ^ k1;
    d = low0;
    k0 = (k0 + weyl0) | 0;
    k1 = (k1 + weyl1) | 0;
  }
  out[0] = a;
  out[1] = b;
  out[2] = c;
  out[3] = d;
}

/** Numbers drawn one after the other from one place in the counter space. */
export interface PhiloxStream {
  /** Moves to the start of the stream of item `index` with the given `purpose`; streams never overlap. */
  seek(index: number, purpose: number): void;
  /** A whole number in [0, 2^32). */
  word(): number;
  /** A number in [0, 1), a multiple of 2^-32. */
  uniform(): number;
  /** A whole number in [0, n) for small n. */
  below(n: number): number;
  /** Mean 0 and variance 1, bell-shaped, never beyond 3.5: the sum of four uniform numbers. Uses no logarithm or sine, whose last bits differ
   * between JavaScript engines. */
  bell(): number;
}

/** A stream for `seed`.
 *
 * @param seed a whole number from 0 to 2^53 - 1 */
export function philoxStream(seed: number): PhiloxStream {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed ${seed} is not usable: give a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
  const key0 = seed >>> 0;
  const key1 = Math.floor(seed / 2 ** 32) >>> 0;
  const block = new Uint32Array(4);
  let [draw, indexLow, indexHigh, purposeWord, used] = [0, 0, 0, 0, 4];

  function word(): number {
    if (used === 4) {
      philox(block, key0, key1, draw++, indexLow, indexHigh, purposeWord);
      used = 0;
    }
    return block[used++];
  }
  const scale = 1 / 2 ** 32;
  return {
    seek(index, purpose) {
      indexLow = index >>> 0;
      indexHigh = Math.floor(index / 2 ** 32) >>> 0;
      purposeWord = purpose;
      draw = 0;
      used = 4;
    },
    word,
    uniform: () => word() * scale,
    below: (n) => Math.floor(word() * scale * n),
    bell() {
      // Four 16-bit numbers from two words: the variance of their sum is 4/12.
      const a = word();
      const b = word();
      const sum = (a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16);
      return (sum - 131070) * (1.7320508075688772 / 65536);
    },
  };
}
