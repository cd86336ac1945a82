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
    return this.going(async () => {
      const flow = await this.opened();
      const element = await flow.next();
      if (element === undefined) this.over = true;
      else this.takenSoFar += 1;
      return element;
    }, undefined);
  }

  /**
   * Passes over an element, which is not made where elements are reached by number; false behind the last.
   * @internal
   */
  skip(): Promise<boolean> {
    return this.going(async () => {
      const flow = await this.opened();
      const passed = await flow.skip(1);
      if (passed === 0) this.over = true;
      this.takenSoFar += passed;
      return passed > 0;
    }, false);
  }

  private async opened(): Promise<Flow<T>> {
    if (this.flow === undefined) {
      this.flow = this.stage.open(this.from.epoch);
      if (this.from.taken > 0) await this.flow.skip(this.from.taken);
    }
    return this.flow;
  }

  /** Takes its turn while the pass goes on, `atEnd` behind it. What fails ends the pass. */
  private going<R>(body: () => Promise<R>, atEnd: R): Promise<R> {
    return this.inTurn(async () => {
      if (this.over) return atEnd;
      try {
        return await body();
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

/**
 * Calls `body` for each element of a pass and frees it afterwards, with what the body made of it. Elements for which `passOver` says so are not read
 * where that can be, and `missed` is called instead.
 */
export async function forEachOf<T>(
  pass: DatasetIterator<T>,
  body: (element: T, index: number) => unknown,
  { passOver, missed }: { passOver?: (index: number) => boolean; missed?: () => void } = {},
): Promise<void> {
  try {
    for (let index = 0; ; index++) {
      if (passOver?.(index)) {
        if (!(await pass.skip())) return;
        missed?.();
        continue;
      }
      const element = await pass.take();
      if (element === undefined) return;
      end(await transform(element, (value) => body(value, index)));
      await giveBackFound();
    }
  } finally {
    await pass.return();
  }
}
