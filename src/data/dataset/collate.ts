// Many elements as one batch: numbers become a vector, vectors and tensors are stacked, objects go entry by entry, and what is no number (text) stays
// in an array.
import type { DType, TypedArray } from "../../engine/dtype.ts";
import { engine } from "../../engine/engine.ts";
import { quote } from "../../engine/quote.ts";
import { tensor } from "../../tensor/create.ts";
import { formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";
import { empty, type NestedArray, Tensor } from "../../tensor/tensor.ts";
import { rowsOf } from "../row-order.ts";
import { below, checkDepth, isRecord } from "./structure.ts";

/** What elements become in a batch: tensors of one more axis, entry by entry where they are objects, arrays of what is no number. */
export type Batched<T> = T extends undefined
  ? undefined
  : T extends Tensor | number | boolean | NumericArray | NestedArray
    ? Tensor
    : T extends string
      ? string[]
      : T extends object
        ? { [Key in keyof T]: Batched<T[Key]> }
        : T[];

type NumericArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array;

/** How rows of unequal shape are made equal: filled at the end, to the longest of the batch or to a length. */
export interface PaddingRule {
  /** What is filled in, by the entry of the element: `padding.x`. */
  readonly value: number | Readonly<Record<string, number>>;
  /** Length of the first axis; default the longest of the batch. */
  readonly length: number | undefined;
}

/** The elements as one batch. Tensors that it makes belong to the running scope. */
export function collate(owner: string, values: readonly unknown[], padding?: PaddingRule): unknown {
  return collateAt(owner, values, padding, "", 0);
}

function collateAt(
  owner: string,
  values: readonly unknown[],
  padding: PaddingRule | undefined,
  path: string,
  depth: number,
): unknown {
  checkDepth(owner, depth);
  const [first] = values;
  if (first instanceof Tensor) return stackTensors(owner, values, padding, path);
  if (typeof first === "number" || typeof first === "boolean") return vector(owner, values, path);
  if (isNumericArray(first) || isNested(first))
    return stackTensors(
      owner,
      values.map((value) => row(owner, value, path)),
      padding,
      path,
    );
  if (Array.isArray(first)) {
    const parts = first.map((_, k) => values.map((value) => (Array.isArray(value) ? value[k] : undefined)));
    const odd = values.find((value) => !Array.isArray(value) || value.length !== first.length);
    if (odd !== undefined) throw unlike(owner, path, first, odd);
    return parts.map((part, k) => collateAt(owner, part, padding, below(path, k), depth + 1));
  }
  if (!isRecord(first)) return [...values];
  const keys = Object.keys(first);
  for (const value of values) {
    if (
      !isRecord(value) ||
      Object.keys(value).length !== keys.length ||
      keys.some((key) => !Object.hasOwn(value, key))
    ) {
      throw unlike(owner, path, first, value);
    }
  }
  return Object.fromEntries(
    keys.map((key) => {
      const part = (values as Record<string, unknown>[]).map((value) => value[key]);
      return [key, collateAt(owner, part, padding, below(path, key), depth + 1)];
    }),
  );
}

function unlike(owner: string, path: string, first: unknown, other: unknown): TypeError {
  const where = path === "" ? "elements" : `elements' ${path}`;
  return new TypeError(
    `${owner}: ${where} must be alike to lie in one batch; one is ${quote(first)}, another ${quote(other)}`,
  );
}

function vector(owner: string, values: readonly unknown[], path: string): Tensor {
  const [first] = values;
  for (const value of values) if (typeof value !== typeof first) throw unlike(owner, path, first, value);
  return tensor(values as number[]);
}

/** Numbers or booleans, in arrays of any depth. */
function isNested(value: unknown): value is NestedArray {
  let inner = value;
  for (let depth = 0; Array.isArray(inner) && depth < 8; depth++) inner = inner[0];
  return Array.isArray(value) && value.length > 0 && (typeof inner === "number" || typeof inner === "boolean");
}

function isNumericArray(value: unknown): value is NumericArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && typeof (value as Uint8Array)[0] !== "bigint";
}

function row(owner: string, value: unknown, path: string): Tensor {
  if (value instanceof Tensor) return value;
  if (isNumericArray(value) || Array.isArray(value)) return tensor(value as NestedArray);
  throw new TypeError(`${owner}: ${path === "" ? "an element" : path} must hold numbers, got ${quote(value)}`);
}

function stackTensors(
  owner: string,
  values: readonly unknown[],
  padding: PaddingRule | undefined,
  path: string,
): Tensor {
  const rows = values as readonly Tensor[];
  const [first] = rows;
  for (const value of rows) {
    if (!(value instanceof Tensor) || value.dtype !== first.dtype) {
      throw value instanceof Tensor
        ? new TypeError(
            `${owner}: ${path === "" ? "elements" : path} of dtypes ${first.dtype} and ${value.dtype} can't lie in one batch; cast them first`,
          )
        : unlike(owner, path, first, value);
    }
  }
  const shape = padding === undefined ? equalShape(owner, rows, path) : paddedShape(owner, rows, padding, path);
  const out = empty("batch", [rows.length, ...shape], first.dtype);
  const ragged = padding !== undefined && rows.some((value) => formatShape(value.shape) !== formatShape(shape));
  if (ragged) engine().fill(out, paddingAt(padding, path));
  if (out.size > 0)
    rows.forEach((value, k) => {
      if (value.size > 0) engine().copy(value, placeOf(out, k, value.shape));
    });
  return out;
}

/** Row k of a batch, as much of it as `shape` takes. */
function placeOf(out: Tensor, k: number, shape: Shape): Tensor {
  const place = rowsOf(out, k, k + 1);
  return new Tensor(out.storage, out.dtype, shape, sizeOf(shape), place.offset, out.strides.slice(1));
}

function equalShape(owner: string, rows: readonly Tensor[], path: string): Shape {
  const { shape } = rows[0];
  const odd = rows.findIndex((value) => formatShape(value.shape) !== formatShape(shape));
  if (odd >= 0) {
    throw new RangeError(
      `${owner}: ${path === "" ? "elements" : path} of shapes ${formatShape(shape)} and ${formatShape(rows[odd].shape)} can't lie in one batch ` +
        `(number ${odd} of the batch differs from number 0); for sequences of unequal length use paddedBatch or bucketByLength`,
    );
  }
  return shape;
}

function paddedShape(owner: string, rows: readonly Tensor[], padding: PaddingRule, path: string): Shape {
  const rank = rows[0].shape.length;
  const odd = rows.find((value) => value.shape.length !== rank);
  if (odd !== undefined) {
    throw new RangeError(
      `${owner}: ${path === "" ? "elements" : path} of shapes ${formatShape(rows[0].shape)} and ${formatShape(odd.shape)} can't be padded to one shape: they have unequal numbers of axes`,
    );
  }
  const shape = rows[0].shape.map((_, axis) => Math.max(...rows.map((value) => value.shape[axis])));
  const { length } = padding;
  if (length !== undefined && rank > 0) {
    if (shape[0] > length) {
      throw new RangeError(
        `${owner}: ${path === "" ? "an element" : path} of length ${shape[0]} is longer than the length of ${length} asked for; cut it first, or leave length out`,
      );
    }
    shape[0] = length;
  }
  return shape;
}

function paddingAt({ value }: PaddingRule, path: string): number {
  if (typeof value === "number") return value;
  return Object.hasOwn(value, path) ? value[path] : 0;
}

/** Values of a dtype as a tensor of that shape: what readers make their elements of. */
export function tensorOf(values: TypedArray, shape: Shape, dtype: DType): Tensor {
  const x = empty("element", shape, dtype);
  if (x.size > 0) engine().write(x, values);
  return x;
}
