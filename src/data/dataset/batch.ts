// Elements gathered in batches of one size, or of sequences of like length.
import { end, type Held, hold } from "./held.ts";
import { contextOf, type ElementContext, numbered, type Stage, skipByTaking } from "./stage.ts";

/** How elements become a batch: runs in a scope, and its result is the batch. */
export type Join = (values: readonly unknown[]) => unknown;

/** A batch of the elements, which end. */
function joined(elements: readonly Held<unknown>[], join: Join): Held<unknown> {
  try {
    return hold(() => join(elements.map(({ value }) => value)));
  } finally {
    for (const element of elements) end(element);
  }
}

/** Takes up to `count` elements; all are freed where one can't be made. */
async function collect(count: number, next: () => Promise<Held<unknown> | undefined>): Promise<Held<unknown>[]> {
  const elements: Held<unknown>[] = [];
  try {
    while (elements.length < count) {
      const element = await next();
      if (element === undefined) break;
      elements.push(element);
    }
    return elements;
  } catch (error) {
    for (const element of elements) end(element);
    throw error;
  }
}

/** Batches of `count` elements; the last one may be short, or is left out. `gathers`: whether the stage before may make whole batches itself. */
export function batched(
  stage: Stage<unknown>,
  count: number,
  dropLast: boolean,
  join: Join,
  gathers: boolean,
): Stage<unknown> {
  const { at, gather } = stage;
  const samples = (stage.batch ?? 1) * count;
  const size = stage.size === undefined ? undefined : (dropLast ? Math.floor : Math.ceil)(stage.size / count);
  if (at !== undefined && size !== undefined) {
    return numbered(size, samples, async (index, epoch) => {
      const start = index * count;
      const length = Math.min(count, stage.size! - start);
      if (gathers && gather !== undefined)
        return gather(
          Int32Array.from({ length }, (_, k) => start + k),
          epoch,
        );
      let k = start;
      return joined(await collect(length, async () => at(k++, epoch)), join);
    });
  }
  return {
    ...{ size, batch: samples },
    open(epoch) {
      const flow = stage.open(epoch);
      return {
        async next() {
          const elements = await collect(count, () => flow.next());
          if (elements.length === count || (elements.length > 0 && !dropLast)) return joined(elements, join);
          for (const element of elements) end(element);
          return undefined;
        },
        // What is passed over is not joined.
        async skip(wanted) {
          const passed = await flow.skip(wanted * count);
          return (dropLast ? Math.floor : Math.ceil)(passed / count);
        },
        close: () => flow.close(),
      };
    },
  };
}

/** What `bucketByLength` knows of a bucket. */
export interface Bucket {
  /** Longest sequence that goes into it. */
  readonly upTo: number;
  /** Sequences in a batch. */
  readonly count: number;
}

/** Batches of sequences of like length: each goes into the first bucket that it fits, and a bucket that is full is a batch. */
export function bucketed<T>(
  stage: Stage<T>,
  buckets: readonly Bucket[],
  lengthOf: (element: T, context: ElementContext) => number,
  dropLast: boolean,
  join: Join,
): Stage<unknown> {
  return {
    size: undefined,
    batch: Math.max(...buckets.map(({ count }) => count)),
    open(epoch) {
      const flow = stage.open(epoch);
      const filling: Held<T>[][] = buckets.map(() => []);
      let index = 0;
      let ended = false;
      const next = async (): Promise<Held<unknown> | undefined> => {
        while (!ended) {
          const element = await flow.next();
          if (element === undefined) {
            ended = true;
            break;
          }
          const which = place(element, contextOf(stage, index++, epoch));
          filling[which].push(element);
          if (filling[which].length === buckets[which].count) return joined(filling[which].splice(0), join);
        }
        for (const rest of filling) {
          const elements = rest.splice(0);
          if (elements.length > 0 && !dropLast) return joined(elements, join);
          for (const element of elements) end(element);
        }
        return undefined;
      };
      const place = (element: Held<T>, context: ElementContext): number => {
        const { value: length } = hold(() => lengthOf(element.value, context));
        const which = buckets.findIndex(({ upTo }) => length <= upTo);
        if (which >= 0) return which;
        end(element);
        throw new RangeError(
          `Dataset.bucketByLength: element ${context.index} of the pass has length ${String(length)}; a length must be a whole number` +
            ` of at most ${buckets.at(-1)!.upTo}, the last boundary; cut or leave out what is longer, or add a boundary`,
        );
      };
      return {
        next,
        skip: (count) => skipByTaking({ next }, count),
        async close() {
          ended = true;
          for (const rest of filling) for (const element of rest.splice(0)) end(element);
          await flow.close();
        },
      };
    },
  };
}
