// Batches of rows: a kernel gathers the rows of an index list, so that shuffling moves no data but the batch.

import { instance } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { Generator, random } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { empty, keep, scope, Tensor, windowOf } from "../tensor/tensor.ts";

/** Inputs [n, ...] and their targets: class indices [n] (int32), or values [n, ...]. */
export interface Samples {
  x: Tensor;
  y: Tensor;
}

/** Throws unless x and y hold the same number of samples, at least one. */
export function checkSamples(operation: string, samples: Samples): void {
  const { x, y } = (samples ?? {}) as Samples;
  if (!(x instanceof Tensor) || !(y instanceof Tensor)) {
    const what =
      "the data must be { x, y }, two tensors: inputs [n, ...] and targets, class indices [n] or values [n, ...]";
    throw new TypeError(`${operation}: ${what}; got ${quote(samples)}`);
  }
  if (x.rank === 0 || y.rank === 0 || x.shape[0] !== y.shape[0]) {
    throw new RangeError(
      `${operation}: x ${formatShape(x.shape)} and y ${formatShape(y.shape)} must hold the same number of samples along their first axis`,
    );
  }
  if (x.shape[0] === 0) throw new RangeError(`${operation}: there are no samples`);
}

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

/**
 * The samples of one epoch in batches, in an order drawn by the generator, or as they are where it is null. The last
 * batch may be short. For the next epoch, `draw` gives it another order in the same memory.
 * @throws RangeError if the batch size is not a whole number from 1 on, or x and y hold different numbers of samples.
 * @example
 * ```ts
 * const data = { x: arange(10).reshape([5, 2]), y: arange(5, undefined, 1, "int32") };
 * const order = new EpochOrder(data, 2, null);
 * order.batches; // 3
 * order.batch(2).x.toArray(); // [[8, 9]]
 * ```
 */
export class EpochOrder {
  /** Number of batches. */
  readonly batches: number;
  private readonly order: Tensor | null;
  /** The order in JavaScript, once asked for. */
  private numbers: Int32Array | undefined;

  constructor(
    private readonly samples: Samples,
    private readonly batchSize: number,
    private readonly generator: Generator | null,
  ) {
    checkSamples("EpochOrder", samples);
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`EpochOrder: the batch size must be a whole number from 1 on, got ${quote(batchSize)}`);
    }
    if (generator !== null) instance("EpochOrder", "generator", generator, Generator, "a Generator, or null");
    const n = samples.x.shape[0];
    this.batches = Math.ceil(n / batchSize);
    this.order = generator ? keep(scope(() => random.permutation(n, { generator }))) : null;
  }

  /** Draws the next epoch's order, and makes nothing for it. Does nothing where the samples come as they are. */
  draw(): void {
    const { order, generator } = this;
    if (order === null || generator === null) return;
    this.numbers = undefined;
    scope(() => engine().copy(random.permutation(order.size, { generator }), order));
  }

  /** First and last row of batch i, the last not included. */
  private range(i: number): [number, number] {
    if (!Number.isInteger(i) || i < 0 || i >= this.batches) {
      throw new RangeError(`EpochOrder: there is no batch ${quote(i)}; the epoch has ${this.batches}, numbered from 0`);
    }
    const start = i * this.batchSize;
    return [start, Math.min(start + this.batchSize, this.samples.x.shape[0])];
  }

  /**
   * Inputs and targets of batch i, from 0. Without shuffling they are views.
   * @throws RangeError if there is no such batch.
   */
  batch(i: number): Samples {
    const { x, y } = this.samples;
    const [start, stop] = this.range(i);
    if (this.order === null) return { x: rowsOf(x, start, stop), y: rowsOf(y, start, stop) };
    const indices = rowsOf(this.order, start, stop);
    return { x: takeRows(x, indices), y: takeRows(y, indices) };
  }

  /**
   * The sample numbers of batch i, from 0.
   * @throws RangeError if there is no such batch.
   */
  rows(i: number): Int32Array {
    const n = this.samples.x.shape[0];
    const [start, stop] = this.range(i);
    this.numbers ??= this.order
      ? (this.order.dataSync() as Int32Array)
      : Int32Array.from({ length: n }, (_, row) => row);
    return this.numbers.subarray(start, stop);
  }
}
