// Data as a pipeline: where elements come from and what is done to them on the way, worked out only when one is asked for. Never more lies in memory
// than a step needs, and every order follows from seeds.
import { callable, flag, knownOptions, list, numeric, text, whole } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { tensor } from "../../tensor/create.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { type Bucket, batched, bucketed, type Join } from "./batch.ts";
import { type Batched, collate, type PaddingRule } from "./collate.ts";
import { checkState, DatasetIterator, type DatasetState, forEachOf } from "./iteration.ts";
import { prefetched } from "./prefetch.ts";
import { buffered, reordered } from "./shuffle.ts";
import { type DatasetSource, iterated, rowsOfTensors } from "./sources.ts";
import type { ElementContext, Stage } from "./stage.ts";
import { concatenated, filtered, first, type MapFunction, mapped, repeated, without, zipped } from "./stages.ts";
import { isRecord } from "./structure.ts";

/** How `shuffle` goes about it. */
export interface ShuffleOptions {
  /** Seed of the order; every epoch has another one, which follows from it. Default 0. */
  seed?: number;
}

/** How `batch` goes about it. */
export interface BatchOptions {
  /** Leaves out the last batch where it is short; default false. */
  dropLast?: boolean;
}

/** How sequences of unequal length come into one batch. */
export interface PaddingOptions extends BatchOptions {
  /** What is filled in behind the end: a number, or one for an entry, `{ x: 0, y: -1 }` (0 where none is named). Default 0. */
  padding?: number | Readonly<Record<string, number>>;
  /** Length of all sequences; default the longest of the batch. */
  length?: number;
  /** Name of the entry whose lengths stand beside the others as `lengths`, int32 [n]. Default none. */
  lengthsOf?: string;
}

/** How `bucketByLength` goes about it. */
export interface BucketOptions<T> extends Omit<PaddingOptions, "length"> {
  /** Longest sequence of each bucket, ascending. Longer ones are an error. */
  boundaries: readonly number[];
  /** Sequences in a batch, for all buckets or each. */
  batchSize: number | readonly number[];
  /** The length of an element; default that of the element or of its entry `x`. */
  length?: (element: T, context: ElementContext) => number;
}

const PADDING_OPTIONS = ["padding", "length", "lengthsOf", "dropLast"];

/**
 * Elements one after the other: rows of tensors, values of an array, lines of a file, pictures of a folder. Each step makes a new dataset and does
 * nothing yet; elements are made when `for await`, `fit` or the next step asks for them, one at a time.
 *
 * Where elements are reached by number (tensors, arrays, folders, and what `map`, `take`, `batch` and the like make of them), shuffling moves no data,
 * and a pass that is restored starts where it stood. Elsewhere (generators, files read line by line, `filter`, buckets), those before are made again
 * and passed over.
 *
 * Every pass is an epoch of its own, with an order of its own. Equal seeds give equal elements on every machine. The tensors of an element live
 * as long as something refers to them; `forEach` frees them at once.
 * @example
 * ```ts
 * const data = Dataset.fromTensors({ x: arange(10).reshape([5, 2]), y: arange(5) });
 * for await (const { x, y } of data.shuffle({ seed: 1 }).batch(2)) {
 *   console.log(x.shape, y.shape);
 * }
 * ```
 */
export class Dataset<T> implements AsyncIterable<T> {
  private epochs = 0;

  /**
   * `Dataset.from` and `Dataset.fromTensors` make datasets.
   * @internal
   */
  constructor(/** @internal */ readonly stage: Stage<T>) {}

  /**
   * Elements of an array, of anything that can be iterated, synchronous or not, or of what a function opens for every pass (it is given the
   * epoch). A generator can be passed over once: give the function that makes it.
   * @throws TypeError for anything else.
   * @example
   * ```ts
   * const squares = Dataset.from(function* () {
   *   for (let n = 1; n <= 3; n++) yield n * n;
   * });
   * await squares.toArray(); // [1, 4, 9]
   * ```
   */
  static from<T>(source: DatasetSource<T>): Dataset<T> {
    return new Dataset(iterated(source));
  }

  /**
   * Rows along the first axis: of a tensor, or of tensors in an object or array, which all have as many. The tensors are kept.
   * @throws TypeError for what is no tensor; RangeError for a scalar, or unequal numbers of rows.
   * @example
   * ```ts
   * const rows = Dataset.fromTensors({ x: tensor([[1, 2], [3, 4]]), y: tensor([0, 1], "int32") });
   * rows.size; // 2
   * (await rows.toArray())[1].x.toArray(); // [3, 4]
   * ```
   */
  static fromTensors<T>(tensors: T): Dataset<T> {
    return new Dataset(rowsOfTensors(tensors));
  }

  /**
   * Elements of several datasets side by side: `{ x, y }` under names, or an array. Ends with the shortest.
   * @throws TypeError unless all are datasets, at least one.
   * @example
   * ```ts
   * const pairs = Dataset.zip({ x: Dataset.from([1, 2, 3]), y: Dataset.from(["a", "b"]) });
   * await pairs.toArray(); // [{ x: 1, y: "a" }, { x: 2, y: "b" }]
   * ```
   */
  static zip<Parts extends readonly Dataset<unknown>[] | Readonly<Record<string, Dataset<unknown>>>>(
    parts: Parts,
  ): Dataset<{ [Key in keyof Parts]: Parts[Key] extends Dataset<infer T> ? T : never }> {
    const isList = Array.isArray(parts);
    if (!isList && !isRecord(parts)) {
      throw new TypeError(`Dataset.zip: takes an object or array of datasets, got ${quote(parts)}`);
    }
    const datasets = Object.values(parts) as Dataset<unknown>[];
    if (datasets.length === 0) throw new TypeError("Dataset.zip: needs at least one dataset");
    for (const dataset of datasets) checkDataset("Dataset.zip", dataset);
    const keys = Object.keys(parts);
    const join = (values: unknown[]): unknown =>
      isList ? values : Object.fromEntries(values.map((value, k) => [keys[k], value]));
    return new Dataset(
      zipped(
        datasets.map(({ stage }) => stage),
        join,
      ),
    ) as never;
  }

  /** Elements of a pass; undefined where only passing over them would tell. */
  get size(): number | undefined {
    return this.stage.size;
  }

  /**
   * Each element changed by a function, which may wait. It is given the element and where that stands: epoch, and number in the pass. What a
   * synchronous function makes beside its result is freed. A pass can be restored if the result depends on nothing else.
   * @throws TypeError if it is no function.
   * @example
   * ```ts
   * await Dataset.from([1, 2, 3]).map((n, { index }) => n * 10 + index).toArray(); // [10, 21, 32]
   * ```
   */
  map<U>(change: MapFunction<T, U>): Dataset<U> {
    callable("Dataset.map", "the argument", change);
    return new Dataset(mapped(this.stage, change));
  }

  /**
   * The elements for which a function, which may wait, says true.
   * @throws TypeError if it is no function; later, if it answers something else than true or false.
   * @example
   * ```ts
   * await Dataset.from([1, 2, 3, 4]).filter((n) => n % 2 === 0).toArray(); // [2, 4]
   * ```
   */
  filter(test: (element: T, context: ElementContext) => boolean | Promise<boolean>): Dataset<T> {
    callable("Dataset.filter", "the argument", test);
    return new Dataset(filtered(this.stage, test));
  }

  /**
   * The elements in random order, another one every epoch. Where they are reached by number, all are shuffled and no buffer is needed; where
   * they come one after the other, each is drawn from the next `buffer` ones, which are held in memory.
   * @throws RangeError for a buffer that is not a whole number from 1 on, or none where one is needed.
   * @example
   * ```ts
   * const data = Dataset.from([1, 2, 3, 4, 5]).shuffle({ seed: 1 });
   * const [first, second] = [await data.toArray(), await data.toArray()];
   * first.sort(); // [1, 2, 3, 4, 5]
   * ```
   */
  shuffle(buffer?: number | ShuffleOptions, options: ShuffleOptions = {}): Dataset<T> {
    const owner = "Dataset.shuffle";
    const [most, rest] = typeof buffer === "object" && buffer !== null ? [undefined, buffer] : [buffer, options];
    const { seed = 0 } = knownOptions(owner, rest, ["seed"]);
    whole(owner, "seed", seed, 0);
    if (most !== undefined) whole(owner, "the buffer", most, 1);
    if (this.stage.at !== undefined) return new Dataset(reordered(this.stage, seed));
    if (most === undefined) {
      throw new RangeError(
        `${owner}: these elements come one after the other, so that only those in a buffer can be shuffled: say how many it holds, shuffle(1000)`,
      );
    }
    return new Dataset(buffered(this.stage, most, seed));
  }

  /**
   * So many elements as one: tensors and vectors are stacked along a new first axis, numbers become a vector (float32; booleans bool), objects go
   * entry by entry, text stays in an array. The last batch may be short.
   * @throws RangeError for a size that is not a whole number from 1 on; later, if elements of unequal shape meet.
   * @example
   * ```ts
   * const batches = Dataset.from([1, 2, 3, 4, 5]).batch(2);
   * (await batches.toArray()).map((batch) => batch.toArray()); // [[1, 2], [3, 4], [5]]
   * ```
   */
  batch(size: number, options: BatchOptions = {}): Dataset<Batched<T>> {
    const owner = "Dataset.batch";
    whole(owner, "the size", size, 1);
    const { dropLast = false } = knownOptions(owner, options, ["dropLast"]);
    flag(owner, "dropLast", dropLast);
    const join: Join = (values) => collate(owner, values);
    return new Dataset(batched(this.stage, size, dropLast, join, true)) as never;
  }

  /**
   * `batch` for sequences of unequal length: each is filled up at its end, to the longest of the batch or to `length`.
   * @throws RangeError for a size that is not a whole number from 1 on; later, if a sequence is longer than `length`.
   * @example
   * ```ts
   * const words = Dataset.from([[1, 2, 3], [4]]).paddedBatch(2, { padding: -1 });
   * (await words.toArray())[0].toArray(); // [[1, 2, 3], [4, -1, -1]]
   * ```
   */
  paddedBatch(size: number, options: PaddingOptions = {}): Dataset<Batched<T> & { lengths?: Tensor }> {
    const owner = "Dataset.paddedBatch";
    whole(owner, "the size", size, 1);
    const { dropLast = false, length } = knownOptions(owner, options, PADDING_OPTIONS);
    flag(owner, "dropLast", dropLast);
    if (length !== undefined) whole(owner, "length", length, 1);
    return new Dataset(batched(this.stage, size, dropLast, paddingJoin(owner, options, length), false)) as never;
  }

  /**
   * Padded batches of sequences of like length, so that little is filled in: each goes into the first bucket whose boundary it does not exceed,
   * and a bucket that is full is a batch. At the end come those that are not full, the shortest first.
   * @throws RangeError for boundaries that do not ascend, or sizes that are not whole numbers from 1 on; later, for an element longer than the
   * last boundary.
   * @example
   * ```ts
   * const words = Dataset.from([[1], [1, 2, 3], [2], [4, 5, 6, 7]]);
   * const batches = await words.bucketByLength({ boundaries: [2, 4], batchSize: 2 }).toArray();
   * batches.map(({ shape }) => shape); // [[2, 1], [2, 4]]
   * ```
   */
  bucketByLength(options: BucketOptions<T>): Dataset<Batched<T> & { lengths?: Tensor }> {
    const owner = "Dataset.bucketByLength";
    knownOptions(owner, options, ["boundaries", "batchSize", ...PADDING_OPTIONS]);
    const { boundaries, batchSize, dropLast = false, length = lengthOf } = options;
    list(owner, "boundaries", boundaries);
    flag(owner, "dropLast", dropLast);
    callable(owner, "length", length);
    const counts = Array.isArray(batchSize)
      ? (batchSize as readonly number[])
      : boundaries.map(() => batchSize as number);
    if (boundaries.length === 0 || counts.length !== boundaries.length) {
      throw new RangeError(
        `${owner}: needs boundaries and a batchSize, one for all or one for each; got ${boundaries.length} boundaries and ${quote(batchSize)}`,
      );
    }
    const buckets: Bucket[] = boundaries.map((upTo, k) => {
      whole(owner, `boundaries[${k}]`, upTo, k === 0 ? 1 : boundaries[k - 1] + 1);
      return { upTo, count: whole(owner, "batchSize", counts[k], 1) };
    });
    return new Dataset(
      bucketed(this.stage, buckets, length, dropLast, paddingJoin(owner, options, undefined)),
    ) as never;
  }

  /**
   * Keeps up to `count` elements ready, made in the background while the caller waits for something: a file, a download, a turn of the event loop.
   * It stands last in a pipeline.
   * @throws RangeError unless it is a whole number from 1 on.
   * @example
   * ```ts
   * await Dataset.from([1, 2, 3]).map(async (n) => n + 1).prefetch(2).toArray(); // [2, 3, 4]
   * ```
   */
  prefetch(count: number): Dataset<T> {
    whole("Dataset.prefetch", "the count", count, 1);
    return new Dataset(prefetched(this.stage, count));
  }

  /**
   * The first `count` elements of every pass.
   * @throws RangeError unless it is a whole number from 0 on.
   * @example
   * ```ts
   * await Dataset.from([1, 2, 3]).take(2).toArray(); // [1, 2]
   * ```
   */
  take(count: number): Dataset<T> {
    whole("Dataset.take", "the count", count, 0);
    return new Dataset(first(this.stage, count));
  }

  /**
   * All but the first `count` elements of every pass.
   * @throws RangeError unless it is a whole number from 0 on.
   * @example
   * ```ts
   * await Dataset.from([1, 2, 3]).skip(2).toArray(); // [3]
   * ```
   */
  skip(count: number): Dataset<T> {
    whole("Dataset.skip", "the count", count, 0);
    return new Dataset(without(this.stage, count));
  }

  /**
   * The elements so many times in one pass, each time in an order of its own; for ever without a number.
   * @throws RangeError unless it is a whole number from 1 on.
   * @example
   * ```ts
   * await Dataset.from([1, 2]).repeat(2).toArray(); // [1, 2, 1, 2]
   * await Dataset.from([1, 2]).repeat().take(5).toArray(); // [1, 2, 1, 2, 1]
   * ```
   */
  repeat(times?: number): Dataset<T> {
    if (times !== undefined) whole("Dataset.repeat", "the number of times", times, 1);
    return new Dataset(repeated(this.stage, times ?? Number.POSITIVE_INFINITY));
  }

  /**
   * These elements, then those of the others.
   * @throws TypeError unless all are datasets.
   * @example
   * ```ts
   * await Dataset.from([1, 2]).concat(Dataset.from([3])).toArray(); // [1, 2, 3]
   * ```
   */
  concat(...others: readonly Dataset<T>[]): Dataset<T> {
    for (const other of others) checkDataset("Dataset.concat", other);
    return new Dataset(concatenated([this, ...others].map(({ stage }) => stage)));
  }

  /**
   * A pass over the elements: that of the epoch asked for, else the one behind the last that was begun.
   * @throws RangeError unless the epoch is a whole number from 0 on.
   * @example
   * ```ts
   * const data = Dataset.from([1, 2, 3]).shuffle();
   * const pass = data.iterate({ epoch: 7 });
   * pass.state(); // { epoch: 7, taken: 0 }
   * ```
   */
  iterate(options: { epoch?: number } = {}): DatasetIterator<T> {
    const { epoch = this.epochs } = knownOptions("Dataset.iterate", options, ["epoch"]);
    return this.restore({ epoch, taken: 0 });
  }

  /**
   * Goes on with a pass from the state that its `state()` gave, in this process or another: gives exactly the elements that were left.
   * @throws RangeError for a state that is none.
   * @example
   * ```ts
   * const data = Dataset.from([1, 2, 3, 4]).shuffle({ seed: 1 });
   * const pass = data.iterate();
   * await pass.next();
   * const rest = data.restore(JSON.parse(JSON.stringify(pass.state())));
   * (await rest.next()).value === (await pass.next()).value; // true
   * ```
   */
  restore(state: DatasetState): DatasetIterator<T> {
    const from = checkState("Dataset.restore", state);
    this.epochs = from.epoch + 1;
    return new DatasetIterator(this.stage, from);
  }

  /**
   * The same batches with some of their rows alone, which are all that is read; undefined where batches can't be made in part.
   * @internal
   */
  inPart(pick: (rows: number) => { start: number; stop: number }): Dataset<T> | undefined {
    const { share } = this.stage;
    return share && new Dataset(share(pick));
  }

  /** Begins the next epoch's pass, for `for await`. */
  [Symbol.asyncIterator](): DatasetIterator<T> {
    return this.iterate();
  }

  /**
   * Calls a function, which may wait, for every element of the next epoch, and frees the element's tensors and those that the function made when it
   * has returned: what is to live longer goes into `keep`.
   * @throws TypeError if it is no function.
   * @example
   * ```ts
   * let sum = 0;
   * await Dataset.fromTensors(arange(10)).batch(5).forEach((batch) => {
   *   sum += batch.sum().item();
   * });
   * console.log(sum); // 45
   * ```
   */
  forEach(body: (element: T, index: number) => unknown): Promise<void> {
    callable("Dataset.forEach", "the argument", body);
    return forEachOf(this.iterate(), body);
  }

  /**
   * All elements of the next epoch in an array.
   * @example
   * ```ts
   * await Dataset.from(new Set(["a", "b"])).toArray(); // ["a", "b"]
   * ```
   */
  async toArray(): Promise<T[]> {
    if (this.size === Number.POSITIVE_INFINITY) {
      throw new RangeError("Dataset.toArray: the elements have no end; take some of them, take(100)");
    }
    const elements: T[] = [];
    for await (const element of this) elements.push(element);
    return elements;
  }
}

/** Throws unless a value is a dataset. */
export function checkDataset(owner: string, value: unknown): void {
  if (!(value instanceof Dataset)) throw new TypeError(`${owner}: must be a Dataset, got ${quote(value)}`);
}

/** The length of a sequence, or of the entry `x` of an element. */
function lengthOf(element: unknown): number {
  if (element instanceof Tensor) return element.shape[0] ?? 0;
  if (Array.isArray(element) || typeof element === "string") return element.length;
  if (ArrayBuffer.isView(element) && "length" in element) return element.length as number;
  if (isRecord(element) && "x" in element && !isRecord(element["x"])) return lengthOf(element["x"]);
  throw new TypeError(
    `Dataset.bucketByLength: an element ${quote(element)} has no length of its own; give one, length: (element) => ...`,
  );
}

/** Joins elements filled up to one length, and puts their lengths beside them where asked to. */
function paddingJoin(owner: string, options: PaddingOptions | BucketOptions<never>, length: number | undefined): Join {
  const { padding = 0, lengthsOf } = options;
  if (typeof padding === "number") numeric(owner, "padding", padding);
  else if (isRecord(padding))
    for (const [key, value] of Object.entries(padding)) numeric(owner, `padding.${key}`, value as number);
  else throw new TypeError(`${owner}: padding must be a number, or numbers by entry, got ${quote(padding)}`);
  if (lengthsOf !== undefined) text(owner, "lengthsOf", lengthsOf);
  const rule: PaddingRule = { value: padding, length };
  return (values) => {
    const batch = collate(owner, values, rule);
    if (lengthsOf === undefined) return batch;
    const lengths = values.map((value) => {
      if (!isRecord(value) || !Object.hasOwn(value, lengthsOf)) {
        throw new TypeError(
          `${owner}: lengthsOf is ${quote(lengthsOf)}, but an element ${quote(value)} has no such entry`,
        );
      }
      return lengthOf(value[lengthsOf]);
    });
    return { ...(batch as object), lengths: tensor(Int32Array.from(lengths)) };
  };
}
