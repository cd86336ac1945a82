// Sums whose bits do not depend on who computes what: each micro-batch brings a row of numbers, and rows are added along one tree, the same for any
// number of ranks. A rank adds the nodes that lie within its own micro-batches; the rest is cut into slices, and each rank adds one slice.
import { engine } from "../engine/engine.ts";
import type { Group } from "../engine/group.ts";
import { zeros } from "../tensor/create.ts";
import { keep, scope, type Tensor, windowOf } from "../tensor/tensor.ts";
import { middleOf, nodesOf, type Stretch } from "./shares.ts";

const keyOf = ({ from, to }: Stretch): string => `${from}-${to}`;

export class FixedSum {
  /** Numbers of a slice; rows are as long as all slices. */
  private readonly slice: number;
  private readonly free: Tensor[] = [];
  private readonly freeSlices: Tensor[] = [];
  private readonly result: Tensor;

  /** @param size numbers of a row. */
  constructor(
    private readonly group: Group | null,
    size: number,
    private readonly dtype: "float32" | "float64",
  ) {
    const ranks = group?.size ?? 1;
    this.slice = Math.ceil(size / ranks / 16) * 16;
    this.result = this.row(this.slice * ranks);
  }

  private row(length: number): Tensor {
    return keep(scope(() => zeros([length], this.dtype)));
  }

  private take(): Tensor {
    return this.free.pop() ?? this.row(this.slice * (this.group?.size ?? 1));
  }

  /**
   * The sum over all micro-batches, on every rank; good until the next call. `fill` writes the row of a micro-batch of this rank; it is asked for
   * them in order.
   */
  of(leaves: number, fill: (leaf: number, row: Tensor) => void, what: string): Tensor {
    const { group } = this;
    const rank = group?.rank ?? 0;
    const size = group?.size ?? 1;
    const own = nodesOf(leaves, size, rank);
    const rows = own.map((node) => this.sumOf(node, fill));
    if (group === null) return this.kept(rows);
    const slices = new Map(own.map((node, i) => [keyOf(node), this.sliceOf(rows[i], rank)]));
    const lent: Tensor[] = [];
    for (let other = 0; other < size; other++) {
      if (other === rank) continue;
      for (const node of nodesOf(leaves, size, other)) {
        const slice = this.freeSlices.pop() ?? this.row(this.slice);
        lent.push(slice);
        slices.set(keyOf(node), slice);
        group.startReceive(other, slice);
      }
      for (const row of rows) group.startSend(other, this.sliceOf(row, other));
    }
    group.finish(what);
    const sum = this.join({ from: 0, to: leaves }, slices);
    engine().copy(sum, this.sliceOf(this.result, rank));
    group.startGather(this.result);
    group.finish(what);
    this.freeSlices.push(...lent);
    return this.kept(rows, this.result);
  }

  /** The rows that served become free, when the result has been read. */
  private kept(rows: readonly Tensor[], result?: Tensor): Tensor {
    this.free.push(...rows);
    return result ?? rows[0];
  }

  private sliceOf(row: Tensor, rank: number): Tensor {
    return windowOf(row, [this.slice], row.offset + rank * this.slice, null);
  }

  private sumOf(node: Stretch, fill: (leaf: number, row: Tensor) => void): Tensor {
    if (node.to - node.from === 1) {
      const row = this.take();
      fill(node.from, row);
      return row;
    }
    const left = this.sumOf({ from: node.from, to: middleOf(node) }, fill);
    const right = this.sumOf({ from: middleOf(node), to: node.to }, fill);
    engine().binary("add", left, right, left);
    this.free.push(right);
    return left;
  }

  /** The sum of a node from those of nodes below it. */
  private join(node: Stretch, slices: ReadonlyMap<string, Tensor>): Tensor {
    const known = slices.get(keyOf(node));
    if (known !== undefined) return known;
    const left = this.join({ from: node.from, to: middleOf(node) }, slices);
    const right = this.join({ from: middleOf(node), to: node.to }, slices);
    engine().binary("add", left, right, left);
    return left;
  }
}
