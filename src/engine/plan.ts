// Where temporary storages of a known program lie: two that are never needed at the same time may share bytes.

/** A storage's size, and the first and last step of the program that use it. */
export interface Lifetime {
  bytes: number;
  first: number;
  last: number;
}

/** Blocks begin at cache lines, and take up whole ones. */
const ALIGNMENT = 64;

/**
 * Offsets in one block of memory, in the order of the lifetimes, and how long that block must be. The largest are placed first, each in the
 * smallest gap that is free as long as it lives (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
 */
export function planMemory(lifetimes: readonly Lifetime[]): { offsets: number[]; bytes: number } {
  const sizes = lifetimes.map(({ bytes }) => Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT);
  const order = lifetimes
    .map((_, i) => i)
    .sort((a, b) => sizes[b] - sizes[a] || lifetimes[a].first - lifetimes[b].first);
  const offsets = new Array<number>(lifetimes.length).fill(0);
  /** What is placed already, by offset. */
  const placed: number[] = [];
  let end = 0;
  for (const i of order) {
    const { first, last } = lifetimes[i];
    let best = -1;
    let bestGap = Number.POSITIVE_INFINITY;
    let free = 0;
    for (const other of placed) {
      if (lifetimes[other].first > last || lifetimes[other].last < first) continue;
      const gap = offsets[other] - free;
      if (gap >= sizes[i] && gap < bestGap) {
        best = free;
        bestGap = gap;
      }
      free = Math.max(free, offsets[other] + sizes[other]);
    }
    offsets[i] = best < 0 ? free : best;
    end = Math.max(end, offsets[i] + sizes[i]);
    let at = placed.length;
    while (at > 0 && offsets[placed[at - 1]] > offsets[i]) at -= 1;
    placed.splice(at, 0, i);
  }
  return { offsets, bytes: end };
}
