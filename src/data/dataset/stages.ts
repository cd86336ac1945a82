// The stages that change elements or choose among them, one by one.
import { flag } from "../../engine/checks.ts";
import { borrowed, end, type Held, merged, transform } from "./held.ts";
import { contextOf, type ElementContext, type Flow, numbered, type Stage, skipByTaking } from "./stage.ts";

/** What `map` is given. */
export type MapFunction<T, U> = (element: T, context: ElementContext) => U | Promise<U>;

/** Each element changed by a function, which is not called for what is passed over. */
export function mapped<T, U>(stage: Stage<T>, change: MapFunction<T, U>): Stage<U> {
  const apply = (element: Held<T>, index: number, epoch: number): Held<U> | Promise<Held<U>> =>
    transform(element, (value) => change(value, contextOf(stage, index, epoch)));
  const { at, size, batch } = stage;
  if (at !== undefined && size !== undefined) {
    return numbered(size, batch, async (index, epoch) => apply(await at(index, epoch), index, epoch));
  }
  return {
    ...{ size, batch },
    open(epoch) {
      const flow = stage.open(epoch);
      let index = 0;
      return {
        async next() {
          const element = await flow.next();
          return element && apply(element, index++, epoch);
        },
        async skip(count) {
          const passed = await flow.skip(count);
          index += passed;
          return passed;
        },
        close: () => flow.close(),
      };
    },
  };
}

/** Those elements for which a function says yes. */
export function filtered<T>(
  stage: Stage<T>,
  test: (element: T, context: ElementContext) => boolean | Promise<boolean>,
): Stage<T> {
  return {
    size: undefined,
    batch: stage.batch,
    open(epoch) {
      const flow = stage.open(epoch);
      let index = 0;
      const next = async (): Promise<Held<T> | undefined> => {
        while (true) {
          const element = await flow.next();
          if (element === undefined) return undefined;
          const context = contextOf(stage, index++, epoch);
          let chosen = false;
          try {
            // The question is asked in a scope of its own: the element itself lives on.
            const { value: answer } = await transform(borrowed(element.value), (value) => test(value, context));
            chosen = flag("Dataset.filter", "what the function returns", answer);
          } finally {
            if (!chosen) end(element);
          }
          if (chosen) return element;
        }
      };
      return { next, skip: (count) => skipByTaking({ next }, count), close: () => flow.close() };
    },
  };
}

/** The first elements. */
export function first<T>(stage: Stage<T>, count: number): Stage<T> {
  const { at, gather, batch } = stage;
  const size = stage.size === undefined ? undefined : Math.min(stage.size, count);
  if (at !== undefined && size !== undefined) return numbered(size, batch, at, gather);
  return {
    ...{ size, batch },
    open(epoch) {
      const flow = stage.open(epoch);
      let left = count;
      return {
        async next() {
          if (left <= 0) {
            // Files and generators behind it have no reason to stay open.
            await flow.close();
            return undefined;
          }
          left -= 1;
          return flow.next();
        },
        async skip(wanted) {
          const passed = await flow.skip(Math.min(wanted, left));
          left -= passed;
          return passed;
        },
        close: () => flow.close(),
      };
    },
  };
}

/** All but the first elements. */
export function without<T>(stage: Stage<T>, count: number): Stage<T> {
  const { at, gather, batch } = stage;
  const size = stage.size === undefined ? undefined : Math.max(0, stage.size - count);
  if (at !== undefined && size !== undefined) {
    return numbered(
      size,
      batch,
      (index, epoch) => at(index + count, epoch),
      gather &&
        ((indices, epoch) =>
          gather(
            indices.map((index) => index + count),
            epoch,
          )),
    );
  }
  return {
    ...{ size, batch },
    open(epoch) {
      const flow = stage.open(epoch);
      let begun = false;
      const begin = async (): Promise<void> => {
        if (begun) return;
        begun = true;
        await flow.skip(count);
      };
      return {
        async next() {
          await begin();
          return flow.next();
        },
        async skip(wanted) {
          await begin();
          return flow.skip(wanted);
        },
        close: () => flow.close(),
      };
    },
  };
}

/** One part after the other: `open(part)` begins the next, undefined behind the last. */
function inTurn<T>(open: (part: number) => Flow<T> | undefined): Flow<T> {
  let part = 0;
  let flow = open(0);
  return {
    async next() {
      for (let empty = 0; flow !== undefined; empty++) {
        const element = await flow.next();
        if (element !== undefined) return element;
        // Repeating what is empty would never end.
        if (empty > MOST_EMPTY) return undefined;
        flow = open(++part);
      }
      return undefined;
    },
    async skip(count) {
      let passed = 0;
      for (let empty = 0; flow !== undefined && passed < count; ) {
        const now = await flow.skip(count - passed);
        passed += now;
        empty = now > 0 ? 0 : empty + 1;
        if (empty > MOST_EMPTY) break;
        if (passed < count) flow = open(++part);
      }
      return passed;
    },
    async close() {
      await flow?.close();
      flow = undefined;
    },
  };
}

/** After so many parts without an element nothing is expected any more. */
const MOST_EMPTY = 1000;

/** The elements again and again, in the order of another epoch each time. */
export function repeated<T>(stage: Stage<T>, times: number): Stage<T> {
  const { at, size, batch } = stage;
  const inner = (epoch: number, round: number): number =>
    times === Number.POSITIVE_INFINITY ? round : epoch * times + round;
  if (at !== undefined && size !== undefined && times !== Number.POSITIVE_INFINITY) {
    return numbered(size * times, batch, (index, epoch) => at(index % size, inner(epoch, Math.floor(index / size))));
  }
  return {
    size: size === undefined ? undefined : size === 0 ? 0 : size * times,
    batch,
    open: (epoch) => inTurn((round) => (round < times ? stage.open(inner(epoch, round)) : undefined)),
  };
}

/** The elements of one stage, then those of the next. */
export function concatenated<T>(stages: readonly Stage<T>[]): Stage<T> {
  const sizes = stages.map(({ size }) => size);
  const known = sizes.every((size) => size !== undefined) ? (sizes as number[]) : undefined;
  const batch = stages.every((stage) => stage.batch === stages[0].batch) ? stages[0].batch : undefined;
  const size = known?.reduce((sum, part) => sum + part, 0);
  if (size !== undefined && known !== undefined && stages.every(({ at }) => at !== undefined)) {
    return numbered(size, batch, (index, epoch) => {
      let [part, rest] = [0, index];
      while (rest >= known[part]) rest -= known[part++];
      return stages[part].at!(rest, epoch);
    });
  }
  return { size, batch, open: (epoch) => inTurn((part) => stages[part]?.open(epoch)) };
}

/** Elements of several stages side by side, as arrays or under names; ends with the shortest. */
export function zipped(stages: readonly Stage<unknown>[], join: (values: unknown[]) => unknown): Stage<unknown> {
  const sizes = stages.map(({ size }) => size).filter((size) => size !== undefined);
  const size = sizes.length === stages.length ? Math.min(...sizes) : undefined;
  const batch = stages.every((stage) => stage.batch === stages[0].batch) ? stages[0].batch : undefined;
  /** One element that owns what its parts own. */
  const joined = (parts: readonly Held<unknown>[]): Held<unknown> =>
    merged(parts, join(parts.map(({ value }) => value)));
  if (size !== undefined && stages.every(({ at }) => at !== undefined)) {
    return numbered(size, batch, async (index, epoch) => {
      const parts: Held<unknown>[] = [];
      for (const { at } of stages) parts.push(await at!(index, epoch));
      return joined(parts);
    });
  }
  return {
    ...{ size, batch },
    open(epoch) {
      const flows = stages.map((stage) => stage.open(epoch));
      const close = async (): Promise<void> => {
        for (const flow of flows) await flow.close();
      };
      return {
        close,
        async next() {
          const parts: Held<unknown>[] = [];
          for (const flow of flows) {
            const element = await flow.next();
            if (element === undefined) {
              for (const part of parts) end(part);
              await close();
              return undefined;
            }
            parts.push(element);
          }
          return joined(parts);
        },
        async skip(count) {
          let passed = count;
          for (const flow of flows) passed = Math.min(passed, await flow.skip(count));
          return passed;
        },
      };
    },
  };
}
