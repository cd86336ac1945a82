// Where elements come from: rows of tensors, arrays, and whatever can be iterated.
import { callable } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { tensor } from "../../tensor/create.ts";
import { formatShape } from "../../tensor/shape.ts";
import { forEachTensor, keep, packed, Tensor, windowOf } from "../../tensor/tensor.ts";
import { rowsOf, takeRows } from "../row-order.ts";
import { borrowed, hold } from "./held.ts";
import { type Flow, numbered, type Stage, skipByTaking, valuesOf } from "./stage.ts";
import { mapLeaves } from "./structure.ts";

/** What can be iterated, now or after waiting. */
export type AnyIterable<T> = Iterable<T> | AsyncIterable<T>;
/** What `Dataset.from` takes; a function is called for every pass, and told its number. */
export type DatasetSource<T> = AnyIterable<T> | ((epoch: number) => AnyIterable<T> | Promise<AnyIterable<T>>);

/** The rows of tensors that lie in arrays and objects, all of the same number of rows. */
export function rowsOfTensors<T>(tensors: T): Stage<T> {
  const leaves: Tensor[] = [];
  forEachTensor(tensors, (x) => leaves.push(x));
  const owner = "Dataset.fromTensors";
  if (leaves.length === 0) {
    throw new TypeError(
      `${owner}: needs a tensor, or an object or array of tensors such as { x, y }, got ${quote(tensors)}`,
    );
  }
  const kept = keep(
    mapLeaves(tensors, (leaf, path) => {
      if (!(leaf instanceof Tensor)) {
        throw new TypeError(
          `${owner}: ${path || "the argument"} must be a tensor, got ${quote(leaf)}; wrap it in tensor(...)`,
        );
      }
      if (leaf.rank === 0) throw new RangeError(`${owner}: ${path || "the tensor"} is a scalar and has no rows`);
      if (leaf.shape[0] !== leaves[0].shape[0]) {
        const shapes = leaves.map(({ shape }) => formatShape(shape)).join(" and ");
        throw new RangeError(`${owner}: ${shapes} must hold the same number of samples along their first axis`);
      }
      return packed(leaf);
    }),
  );
  const [size] = leaves[0].shape;
  const row = (x: Tensor, index: number): Tensor => {
    const rest = x.shape.slice(1);
    return windowOf(x, rest, x.offset + index * x.strides[0], null);
  };
  const isRange = (indices: Int32Array): boolean => indices.every((index, k) => index === indices[0] + k);
  return numbered(
    size,
    undefined,
    (index) => borrowed(mapLeaves(kept, (x) => row(x as Tensor, index)) as T),
    (indices) => {
      if (isRange(indices)) {
        const [start] = indices;
        return borrowed(mapLeaves(kept, (x) => rowsOf(x as Tensor, start, start + indices.length)));
      }
      return hold(() => {
        const numbers = tensor(indices);
        return mapLeaves(kept, (x) => takeRows(x as Tensor, numbers));
      });
    },
  );
}

/** The elements of an array or of anything that can be iterated. */
export function iterated<T>(source: DatasetSource<T>): Stage<T> {
  if (Array.isArray(source)) return valuesOf(source as readonly T[]);
  const owner = "Dataset.from";
  if (typeof source === "function") callable(owner, "the source", source);
  else checkIterable(owner, source);
  let used = false;
  return {
    size: sizeOf(source),
    batch: undefined,
    open(epoch) {
      const begin = async (): Promise<AnyIterator<T>> => {
        if (typeof source === "function") {
          const opened = await source(epoch);
          checkIterable(`${owner}: what the function returns`, opened);
          return iteratorOf(opened);
        }
        const iterator = iteratorOf(source);
        // A generator is its own iterator, and ends once.
        if ((iterator as unknown) === source && used) {
          throw new Error(
            `${owner}: this iterator was used up by an earlier pass; give a function that begins anew, Dataset.from(() => generator())`,
          );
        }
        used = true;
        return iterator;
      };
      return flowOf(begin);
    },
  };
}

type AnyIterator<T> = Iterator<T> | AsyncIterator<T>;

function flowOf<T>(begin: () => Promise<AnyIterator<T>>): Flow<T> {
  let iterator: AnyIterator<T> | undefined;
  let done = false;
  const flow: Flow<T> = {
    async next() {
      if (done) return undefined;
      try {
        iterator ??= await begin();
        const result = await iterator.next();
        if (result.done !== true) return borrowed(result.value);
      } catch (error) {
        done = true;
        throw error;
      }
      done = true;
      return undefined;
    },
    skip: (count) => skipByTaking(flow, count),
    async close() {
      if (done) return;
      done = true;
      await iterator?.return?.();
    },
  };
  return flow;
}

function iteratorOf<T>(iterable: AnyIterable<T>): AnyIterator<T> {
  return Symbol.asyncIterator in iterable
    ? iterable[Symbol.asyncIterator]()
    : (iterable as Iterable<T>)[Symbol.iterator]();
}

function sizeOf(source: unknown): number | undefined {
  if (source instanceof Set || source instanceof Map) return source.size;
  return ArrayBuffer.isView(source) && "length" in source ? (source.length as number) : undefined;
}

function checkIterable(owner: string, value: unknown): void {
  const isObject = typeof value === "object" && value !== null && !(value instanceof Tensor);
  const methods = isObject ? (value as Record<symbol, unknown>) : {};
  if (typeof methods[Symbol.asyncIterator] === "function" || typeof methods[Symbol.iterator] === "function") return;
  const tensors =
    value instanceof Tensor || (isObject && Object.values(value as object).some((x) => x instanceof Tensor));
  const remedy = tensors ? "; for rows of tensors use Dataset.fromTensors" : "";
  throw new TypeError(
    `${owner}: must be an array, something to iterate, or a function that returns such, got ${quote(value)}${remedy}`,
  );
}
