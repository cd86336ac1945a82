// A pipeline is a chain of stages, each of which asks the one before it. Where elements can be reached by number, so can those of what is made from
// them: shuffling moves numbers only, and a run that goes on starts where it stood. What comes one after the other is passed over again.
import { borrowed, end, type Held } from "./held.ts";

/** Where an element stands: what functions of `map` are told, and what random changes are drawn by. */
export interface ElementContext {
  /** Which pass over the data, from 0. */
  readonly epoch: number;
  /** Number of the element in this pass, from 0. */
  readonly index: number;
  /** Samples in an element: 1, or the batch size behind `batch`. */
  readonly samples: number;
  /** Whether the element is a batch. */
  readonly batched: boolean;
}

/** The elements of one pass, one after the other. Calls must wait for the one before. */
export interface Flow<T> {
  /** The next element, or undefined behind the last. */
  next(): Promise<Held<T> | undefined>;
  /** Passes over so many elements, without making them where that is possible; how many there were. */
  skip(count: number): Promise<number>;
  /** Ends the pass early. */
  close(): Promise<void>;
}

/** A step of a pipeline. */
export interface Stage<T> {
  /** Elements of a pass, where known. */
  readonly size: number | undefined;
  /** Samples in an element where elements are batches, else undefined. */
  readonly batch: number | undefined;
  /** Element number `index` of a pass; undefined where elements come one after the other only. */
  readonly at?: (index: number, epoch: number) => Held<T> | Promise<Held<T>>;
  /** Several elements by their numbers as one batch, where that is quicker than one by one. */
  readonly gather?: (indices: Int32Array, epoch: number) => Held<unknown> | Promise<Held<unknown>>;
  /**
   * The same batches, of each only the rows that `pick` chooses of so many: the others are not made, and not read where elements are reached by
   * number. Only where the stage makes batches.
   */
  readonly share?: (pick: (rows: number) => { start: number; stop: number }) => Stage<T>;
  /** Begins a pass. */
  open(epoch: number): Flow<T>;
}

/** A stage whose elements are reached by number. */
export function numbered<T>(
  size: number,
  batch: number | undefined,
  at: NonNullable<Stage<T>["at"]>,
  gather?: Stage<T>["gather"],
): Stage<T> {
  return {
    ...{ size, batch, at, gather },
    open(epoch) {
      let position = 0;
      return {
        next: async () => (position < size ? at(position++, epoch) : undefined),
        async skip(count) {
          const passed = Math.min(count, size - position);
          position += passed;
          return passed;
        },
        async close() {
          position = size;
        },
      };
    },
  };
}

/** Passes over elements by taking them. */
export async function skipByTaking(flow: Pick<Flow<unknown>, "next">, count: number): Promise<number> {
  for (let passed = 0; passed < count; passed++) {
    const element = await flow.next();
    if (element === undefined) return passed;
    end(element);
  }
  return count;
}

/** The numbers of an array as elements: what tests and sources of plain values need. */
export function valuesOf<T>(values: readonly T[]): Stage<T> {
  return numbered(values.length, undefined, (index) => borrowed(values[index]));
}

/** Where the element `index` of a stage stands. */
export function contextOf(stage: Stage<unknown>, index: number, epoch: number): ElementContext {
  return { epoch, index, samples: stage.batch ?? 1, batched: stage.batch !== undefined };
}
