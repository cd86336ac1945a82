// Elements gathered in batches of one size, or of sequences of like length.
import { quote } from "../../engine/quote.ts";
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

/**
 * Batches of `count` elements; the last one may be short, or is left out. `gathers`: whether the stage before may make whole batches itself. `pick`:
 * which rows of a batch are made, of so many; default all.
 */
export function batched(
  stage: Stage<unknown>,
  count: number,
  dropLast: boolean,
  join: Join,
  gathers: boolean,
  pick?: (rows: number) => { start: number; stop: number },
): Stage<unknown> {
  const { at, gather } = stage;
  const samples = (stage.batch ?? 1) * count;
  const size = stage.size === undefined ? undefined : (dropLast ? Math.floor : Math.ceil)(stage.size / count);
  // Batches of batches have rows within their elements.
  const share: Stage<unknown>["share"] =
    stage.batch === undefined ? (chosen) => batched(stage, count, dropLast, join, gathers, chosen) : undefined;
  const told = (element: Held<unknown>, start: number, rows: number): Held<unknown> =>
    pick === undefined ? element : { ...element, share: { start, rows } };
  if (at !== undefined && size !== undefined) {
    const batch = async (index: number, epoch: number): Promise<Held<unknown>> => {
      const rows = Math.min(count, stage.size! - index * count);
      const { start, stop } = pick?.(rows) ?? { start: 0, stop: rows };
      const first = index * count + start;
      const length = stop - start;
      if (gathers && gather !== undefined) {
        const numbers = Int32Array.from({ length }, (_, k) => first + k);
        return told(await gather(numbers, epoch), start, rows);
      }
      let k = first;
      return told(joined(await collect(length, async () => at(k++, epoch)), join), start, rows);
    };
    return { ...numbered(size, samples, batch), share };
  }
  return {
    ...{ size, batch: samples, share },
    open(epoch) {
      const flow = stage.open(epoch);
      return {
        async next() {
          const elements = await collect(count, () => flow.next());
          const rows = elements.length;
          if (rows === count || (rows > 0 && !dropLast)) {
            const { start, stop } = pick?.(rows) ?? { start: 0, stop: rows };
            // How many there are is known only when all were taken: those of others end.
            for (const element of [...elements.slice(0, start), ...elements.slice(stop)]) end(element);
            return told(joined(elements.slice(start, stop), join), start, rows);
          }
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
          `Dataset.bucketByLength: element ${context.index} of the pass has length ${quote(length)}; a length must be a whole number` +
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
