// What a step has to do: rows of all samples, or a dataset's batch, and its place in the epoch.
import type { BatchShare } from "../data/dataset/held.ts";
import { type RowOrder, rowsOf } from "../data/row-order.ts";
import type { Rows } from "./parallel.ts";
import type { Prepared } from "./targets.ts";

/** A batch, its size in full batches, and whether no other follows in this epoch. */
export interface Work {
  prepared: Prepared;
  rows: Rows;
  full: number;
  last: boolean;
}

/** A dataset's batch; `share`: where it is a part of one, the rows of the whole. */
export function rowsOfBatch(prepared: Prepared, share: BatchShare | undefined): Rows {
  const first = share?.start ?? 0;
  return {
    count: share?.rows ?? prepared.count,
    all: () => prepared.tensors,
    take: (start, stop) =>
      start === first && stop - start === prepared.count
        ? prepared.tensors
        : prepared.tensors.map((x) => rowsOf(x, start - first, stop - first)),
    numbers: (start, stop) =>
      start === first && stop - start === prepared.count
        ? null
        : Int32Array.from({ length: stop - start }, (_, i) => start - first + i),
  };
}

/** The rows of a step, where samples are tensors. */
export function rowsOfStep(prepared: Prepared, order: RowOrder, step: number, batchSize: number): Work {
  const last = step + 1 === order.batches;
  const count = order.size(step);
  const rows: Rows = {
    count,
    take: (start, stop) => order.take(prepared.tensors, step, start, stop),
    numbers: (start, stop) => order.rows(step).subarray(start, stop),
    all: () => order.take(prepared.tensors, step),
  };
  return { prepared, rows, full: count / batchSize, last };
}
