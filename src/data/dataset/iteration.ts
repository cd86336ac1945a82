// One pass over a dataset, which can be stopped anywhere and gone on with: the epoch and how many elements were taken say it all.
import { fields, whole } from "../../engine/checks.ts";
import { giveBackFound } from "../../engine/storage.ts";
import { end, type Held, handOver, transform } from "./held.ts";
import type { Flow, Stage } from "./stage.ts";

/** Where a pass over a dataset stands, as JSON. */
export interface DatasetState {
  /** Which pass, from 0. */
  epoch: number;
  /** Elements taken of it. */
  taken: number;
}

/** Checks a state that may come from a file. */
export function checkState(owner: string, state: DatasetState): DatasetState {
  const { epoch, taken } = fields(owner, "the state, { epoch, taken },", state);
  return { epoch: whole(owner, "epoch", epoch, 0), taken: whole(owner, "taken", taken, 0) };
}

/**
 * One pass over a dataset: what `for await` takes its elements from. `dataset.iterate()` makes it.
 *
 * The tensors of an element live as long as something refers to them.
 * @example
 * ```ts
 * const pass = Dataset.from([10, 20, 30]).iterate();
 * (await pass.next()).value; // 10
 * pass.state(); // { epoch: 0, taken: 1 }
 * ```
 */
export class DatasetIterator<T> implements AsyncIterableIterator<T> {
  private flow: Flow<T> | undefined;
  private over = false;
  private takenSoFar = 0;
  /** Calls that did not wait for the one before are answered in their order. */
  private last: Promise<unknown> = Promise.resolve();

  /**
   * `dataset.iterate()` makes it.
   * @internal
   */
  constructor(
    private readonly stage: Stage<T>,
    private readonly from: DatasetState,
  ) {}

  /** The next element. */
  async next(): Promise<IteratorResult<T, undefined>> {
    const element = await this.take();
    await giveBackFound();
    return element === undefined ? { done: true, value: undefined } : { done: false, value: handOver(element) };
  }

  /** Ends the pass: files and generators behind it are closed, and what was made in advance is freed. */
  async return(): Promise<IteratorResult<T, undefined>> {
    await this.inTurn(async () => {
      this.over = true;
      await this.flow?.close();
    });
    return { done: true, value: undefined };
  }

  /** Where the pass stands: behind the element that was given last. `dataset.restore` goes on from there. */
  state(): DatasetState {
    return { epoch: this.from.epoch, taken: this.from.taken + this.takenSoFar };
  }

  /** This pass itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * The next element with its tensors, which the caller ends; undefined behind the last.
   * @internal
   */
  take(): Promise<Held<T> | undefined> {
    return this.inTurn(async () => {
      if (this.over) return undefined;
      try {
        if (this.flow === undefined) {
          this.flow = this.stage.open(this.from.epoch);
          if (this.from.taken > 0) await this.flow.skip(this.from.taken);
        }
        const element = await this.flow.next();
        if (element === undefined) this.over = true;
        else this.takenSoFar += 1;
        return element;
      } catch (error) {
        this.over = true;
        await this.flow?.close();
        throw error;
      }
    });
  }

  private inTurn<R>(body: () => Promise<R>): Promise<R> {
    const result = this.last.then(body, body);
    this.last = result;
    return result;
  }
}

/** Calls `body` for each element of a pass and frees it afterwards, with what the body made of it. */
export async function forEachOf<T>(
  pass: DatasetIterator<T>,
  body: (element: T, index: number) => unknown,
): Promise<void> {
  try {
    for (let index = 0; ; index++) {
      const element = await pass.take();
      if (element === undefined) return;
      end(await transform(element, (value) => body(value, index)));
      await giveBackFound();
    }
  } finally {
    await pass.return();
  }
}
