// Samples: what a model is given and what it should answer, as rows of tensors, and an epoch of them in batches.

import { hintAt } from "../engine/names.ts";
import { quote } from "../engine/quote.ts";
import type { Batches } from "../nn/model.ts";
import type { Generator } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { RowOrder, rowsOf } from "./row-order.ts";

/**
 * Inputs [n, ...] and their targets: class indices [n] (int32), or values [n, ...]. For a model of several inputs or outputs, lists in
 * their order, or records by name.
 */
export interface Samples<X extends Batches = Tensor, Y extends Batches = Tensor> {
  x: X;
  y: Y;
  /**
   * How much each sample counts in the loss, [n], or each step of its sequences, [n, time], from 0 on; what weighs 0 counts for
   * nothing, in accuracy and metrics neither. For several outputs, a list or a record by name, which may leave some out. Default: all
   * count alike.
   */
  sampleWeights?: Batches | undefined;
}

/** Samples of any model: one input and output or several. */
export type AnySamples = Samples<Batches, Batches>;

/** The tensors with their names: the key where there are several, else ''. */
export function namedTensors(given: Batches): [string, Tensor][] {
  return given instanceof Tensor ? [["", given]] : Object.entries(given);
}

function areTensors(value: unknown): value is Batches {
  if (value instanceof Tensor) return true;
  if (typeof value !== "object" || value === null) return false;
  const all = Object.values(value);
  return all.length > 0 && all.every((x) => x instanceof Tensor);
}

const PARTS = ["x", "y", "sampleWeights"];

/** How many samples there are; throws unless x and y hold the same number of them, at least one. */
export function checkSamples(operation: string, samples: AnySamples): number {
  const { x, y, sampleWeights } = (samples ?? {}) as AnySamples;
  if (!areTensors(x) || !areTensors(y)) {
    const what =
      "the data must be { x, y }, two tensors: inputs [n, ...] and targets, class indices [n] or values [n, ...]";
    throw new TypeError(`${operation}: ${what}; got ${quote(samples)}`);
  }
  if (sampleWeights !== undefined && !areTensors(sampleWeights)) {
    throw new TypeError(
      `${operation}: sampleWeights must be a tensor, [n] or [n, time], or one an output by name; got ${quote(sampleWeights)}`,
    );
  }
  // Data may carry more than training asks for, but not a part of it under another name.
  for (const [name, value] of Object.entries(samples)) {
    const hint = PARTS.includes(name) || !areTensors(value) ? "" : hintAt(name, ["sampleWeights"]);
    if (hint !== "")
      throw new TypeError(`${operation}: the data have no ${quote(name)}${hint}; they are { x, y, sampleWeights }`);
  }
  const of = (kind: string, given: Batches): { name: string; x: Tensor }[] =>
    namedTensors(given).map(([key, tensor]) => ({ name: key === "" ? kind : `${kind}.${key}`, x: tensor }));
  const all = [...of("x", x), ...of("y", y), ...(sampleWeights ? of("sampleWeights", sampleWeights) : [])];
  const [first] = all;
  for (const other of all) {
    if (first.x.rank > 0 && other.x.rank > 0 && other.x.shape[0] === first.x.shape[0]) continue;
    const against = other === first ? all[1] : other;
    throw new RangeError(
      `${operation}: ${first.name} ${formatShape(first.x.shape)} and ${against.name} ${formatShape(against.x.shape)} must hold the same number of samples along their first axis`,
    );
  }
  if (first.x.shape[0] === 0) throw new RangeError(`${operation}: there are no samples`);
  return first.x.shape[0];
}

/** The same structure with each tensor changed. */
export function mapTensors<B extends Batches>(given: B, change: (x: Tensor) => Tensor): B {
  if (given instanceof Tensor) return change(given) as Batches as B;
  if (Array.isArray(given)) return given.map(change) as Batches as B;
  const entries = Object.entries(given as Readonly<Record<string, Tensor>>).map(([key, x]) => [key, change(x)]);
  return Object.fromEntries(entries) as Batches as B;
}

/** Samples start to stop - 1, views. */
export function sampleRange<X extends Batches, Y extends Batches>(
  { x, y, sampleWeights }: Samples<X, Y>,
  start: number,
  stop: number,
): Samples<X, Y> {
  const cut = (tensor: Tensor): Tensor => rowsOf(tensor, start, stop);
  return {
    x: mapTensors(x, cut),
    y: mapTensors(y, cut),
    ...(sampleWeights && { sampleWeights: mapTensors(sampleWeights, cut) }),
  };
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
export class EpochOrder<X extends Batches = Tensor, Y extends Batches = Tensor> {
  private readonly order: RowOrder;

  constructor(
    private readonly samples: Samples<X, Y>,
    batchSize: number,
    generator: Generator | null,
  ) {
    this.order = new RowOrder("EpochOrder", checkSamples("EpochOrder", samples), batchSize, generator);
  }

  /** Number of batches. */
  get batches(): number {
    return this.order.batches;
  }

  /** Draws the next epoch's order, and makes nothing for it. Does nothing where the samples come as they are. */
  draw(): void {
    this.order.draw();
  }

  /**
   * Inputs and targets of batch i, from 0. Without shuffling they are views.
   * @throws RangeError if there is no such batch.
   */
  batch(i: number): Samples<X, Y> {
    const { x, y, sampleWeights } = this.samples;
    const take = (tensor: Tensor): Tensor => this.order.take([tensor], i)[0];
    return {
      x: mapTensors(x, take),
      y: mapTensors(y, take),
      ...(sampleWeights && { sampleWeights: mapTensors(sampleWeights, take) }),
    };
  }

  /**
   * The sample numbers of batch i, from 0.
   * @throws RangeError if there is no such batch.
   */
  rows(i: number): Int32Array {
    return this.order.rows(i);
  }
}
