// Philox4x32-10: random numbers as a function of a key and a counter, with no state to carry.
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
