// A random order, the same as the CPU's kernel draws: each change depends on the one before, which is nothing for a device.
import { philox } from "../philox.ts";

/** 0 to n - 1 in random order (Fisher and Yates): from the last place down, each changes with one at or before it. */
export function permutation(
  n: number,
  keyLow: number,
  keyHigh: number,
  counterLow: number,
  counterHigh: number,
): Int32Array<ArrayBuffer> {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const block = new Uint32Array(4);
  for (let used = 0; used < n - 1; used++) {
    if (used % 4 === 0) {
      const low = (counterLow >>> 0) + used / 4;
      philox(block, keyLow, keyHigh, low, counterHigh + (low >= 2 ** 32 ? 1 : 0), 0, 0);
    }
    const i = n - 1 - used;
    const j = Math.floor((block[used % 4] * (i + 1)) / 2 ** 32);
    const kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  return order;
}
