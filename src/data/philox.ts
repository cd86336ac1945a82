// Random numbers by Philox (engine/philox.ts): a function of a key and a counter, with no state to carry.
// Whoever needs number 17 of sample 4711 computes it directly, so a sample never depends on which others were drawn before it.

import { philox } from "../engine/philox.ts";
import { quote } from "../engine/quote.ts";

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
    throw new RangeError(`seed ${quote(seed)} is not usable: give a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
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
