// The order in which an epoch goes through rows: drawn once an epoch, cut into batches, and applied to as many tensors as there are.
import { instance } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { Generator, random } from "../tensor/random.ts";
import { empty, keep, scope, type Tensor, windowOf } from "../tensor/tensor.ts";

/** Rows start to stop - 1, a view. */
export function rowsOf(x: Tensor, start: number, stop: number): Tensor {
  const stride = x.strides[0];
  return windowOf(x, [stop - start, ...x.shape.slice(1)], x.offset + start * stride, x.contiguous ? null : x.strides);
}

/** The rows whose numbers `indices` (int32) holds, a copy. Indices must be in range. */
export function takeRows(x: Tensor, indices: Tensor): Tensor {
  const count = indices.size;
  const y = empty("batch", [count, ...x.shape.slice(1)], x.dtype);
  if (y.size > 0) engine().kernel("gatherRows", x.dtype, x, indices, y, count, y.size / count);
  return y;
}

/** An order of n rows in batches, drawn by the generator, or as they are where it is null. The last batch may be short. */
export class RowOrder {
  /** Number of batches. */
  readonly batches: number;
  private readonly order: Tensor | null;
  /** The order in JavaScript, once asked for. */
  private numbers: Int32Array | undefined;

  /** @throws RangeError if the batch size is not a whole number from 1 on. */
  constructor(
    private readonly owner: string,
    private readonly count: number,
    private readonly batchSize: number,
    private readonly generator: Generator | null,
  ) {
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`${owner}: the batch size must be a whole number from 1 on, got ${quote(batchSize)}`);
    }
    if (generator !== null) instance(owner, "generator", generator, Generator, "a Generator, or null");
    this.batches = Math.ceil(count / batchSize);
    this.order = generator ? keep(scope(() => random.permutation(count, { generator }))) : null;
  }

  /** Draws the next epoch's order, and makes nothing for it. Does nothing where the rows come as they are. */
  draw(): void {
    const { order, generator } = this;
    if (order === null || generator === null) return;
    this.numbers = undefined;
    scope(() => engine().copy(random.permutation(order.size, { generator }), order));
  }

  /** First and last row of batch i, the last not included. */
  private range(i: number): [number, number] {
    if (!Number.isInteger(i) || i < 0 || i >= this.batches) {
      throw new RangeError(
        `${this.owner}: there is no batch ${quote(i)}; the epoch has ${this.batches}, numbered from 0`,
      );
    }
    const start = i * this.batchSize;
    return [start, Math.min(start + this.batchSize, this.count)];
  }

  /** Number of rows in batch i. */
  size(i: number): number {
    const [start, stop] = this.range(i);
    return stop - start;
  }

  /** The rows of batch i of each tensor, or those from `first` to before `last` of them. Without a generator they are views. */
  take(tensors: readonly Tensor[], i: number, first = 0, last?: number): Tensor[] {
    const [begin, end] = this.range(i);
    const [start, stop] = [begin + first, last === undefined ? end : begin + last];
    const batch: Tensor[] = new Array<Tensor>(tensors.length);
    if (this.order === null) for (let k = 0; k < tensors.length; k++) batch[k] = rowsOf(tensors[k], start, stop);
    else {
      const indices = rowsOf(this.order, start, stop);
      for (let k = 0; k < tensors.length; k++) batch[k] = takeRows(tensors[k], indices);
    }
    return batch;
  }

  /** The rows' numbers in their order, int32; null where they come as they are. */
  get permutation(): Tensor | null {
    return this.order;
  }

  /** The row numbers of batch i. */
  rows(i: number): Int32Array {
    const [start, stop] = this.range(i);
    this.numbers ??= this.order
      ? (this.order.dataSync() as Int32Array)
      : Int32Array.from({ length: this.count }, (_, row) => row);
    return this.numbers.subarray(start, stop);
  }
}
