// Who computes what of a batch, and in which order sums are taken: pure rules that every rank follows alike, so that nobody has to be asked.
import { cut, rowsOfRank } from "../data/shares.ts";

export { cut };

/** A rank's rows of a batch. */
export interface Share {
  readonly start: number;
  readonly stop: number;
  /** What the rank's mean counts in the batch's. */
  readonly weight: number;
  /** Whether the rank's figures are counted: false where another one has computed the same rows. */
  readonly counted: boolean;
}

/** A rank's rows, and what they count: where all ranks compute all rows, one part in `size` each. */
export function shareOf(rows: number, size: number, rank: number): Share {
  const { start, stop } = rowsOfRank(rows, size, rank);
  if (rows < size) return { start, stop, weight: 1 / size, counted: rank === 0 };
  return { start, stop, weight: (stop - start) / rows, counted: true };
}

/** A stretch of micro-batches, and a node of the tree that adds them: from the first to before the last. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** The middle of a node: its children end and begin there. */
export const middleOf = ({ from, to }: Stretch): number => (from + to) >> 1;

/**
 * The largest nodes of the tree over `leaves` that lie within the leaves of a rank, in order: what it can add by itself. The tree halves its
 * nodes down to single leaves, and is the same for any number of ranks: so the sum at its root has the same bits.
 */
export function nodesOf(leaves: number, size: number, rank: number): Stretch[] {
  const mine = { from: cut(leaves, size, rank), to: cut(leaves, size, rank + 1) };
  const found: Stretch[] = [];
  const visit = (node: Stretch): void => {
    if (node.from >= mine.to || node.to <= mine.from) return;
    if (node.from >= mine.from && node.to <= mine.to) {
      found.push(node);
      return;
    }
    visit({ from: node.from, to: middleOf(node) });
    visit({ from: middleOf(node), to: node.to });
  };
  if (mine.to > mine.from) visit({ from: 0, to: leaves });
  return found;
}

/** A seed for the random numbers of one part of a batch; that of the first part is the seed itself. */
export function seedOfPart(seed: number, part: number): number {
  if (part === 0) return seed;
  // Steps of 2^53 divided by the golden ratio: far apart for neighbours, and different for all parts below 2^53.
  return Number((BigInt(seed) + BigInt(part) * 0x13c6ef372fe94fn) % (1n << 53n));
}
