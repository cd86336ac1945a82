// Arithmetic on arrays of integers, element by element on plain arrays: exact for every type, int64 included, with the wrap-around of its width.
import { broadcastShapes } from "../../../tensor/shape.ts";
import { type ElementData, type ElementType, elementArray } from "../onnx-tensor.ts";
import { type ArrayValue, fromData } from "./value.ts";

/** Whether elements of the type are bigints. */
export function isWide(type: ElementType): boolean {
  return type === "int64" || type === "uint64";
}

/** For each element of `shape`, row-major, the place of the element of an array of shape `from` that is broadcast to it. */
export function broadcastPlaces(from: readonly number[], shape: readonly number[]): (i: number) => number {
  const size = from.reduce((product, length) => product * length, 1);
  if (size === 1) return () => 0;
  const lead = shape.length - from.length;
  if (lead === 0 && from.every((length, axis) => length === shape[axis])) return (i) => i;
  const strides = new Array<number>(shape.length).fill(0);
  let stride = 1;
  for (let axis = from.length - 1; axis >= 0; axis--) {
    if (from[axis] !== 1) strides[axis + lead] = stride;
    stride *= from[axis];
  }
  return (i) => {
    let [rest, place] = [i, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return place;
  };
}

/** f of every pair of elements, as an array of `type`. */
export function pairwise<T>(
  type: ElementType,
  a: ArrayValue,
  b: ArrayValue,
  f: (x: T, y: T) => number | bigint | boolean | string,
): ArrayValue {
  const shape = broadcastShapes("onnx", a.shape, b.shape);
  const size = shape.reduce((product, length) => product * length, 1);
  const [left, right] = [broadcastPlaces(a.shape, shape), broadcastPlaces(b.shape, shape)];
  const [xs, ys] = [a.data as unknown as ArrayLike<T>, b.data as unknown as ArrayLike<T>];
  const elements = elementArray(type, size);
  for (let i = 0; i < size; i++) elements[i] = f(xs[left(i)], ys[right(i)]) as never;
  return fromData(type, shape, elements);
}

/** f of every element, as an array of `type`. */
export function each<T>(
  type: ElementType,
  x: ArrayValue,
  f: (element: T) => number | bigint | boolean | string,
): ArrayValue {
  const data = x.data as unknown as ArrayLike<T>;
  const elements = elementArray(type, data.length);
  for (let i = 0; i < data.length; i++) elements[i] = f(data[i]) as never;
  return fromData(type, x.shape, elements);
}

/** The larger of two elements, bigints or not. */
export function larger<T extends number | bigint>(x: T, y: T): T {
  if (x > y) return x;
  return y;
}

/** The smaller of two elements. */
export function smaller<T extends number | bigint>(x: T, y: T): T {
  if (x < y) return x;
  return y;
}

/** Functions of two integers: for elements of 64 bits, and for narrower ones, whose arrays cut off what is beyond their width. */
export interface IntegerPair {
  readonly wide: (x: bigint, y: bigint) => bigint;
  readonly narrow: (x: number, y: number) => number;
}

/** An integer operation on two arrays of one type. */
export function integerPair(a: ArrayValue, b: ArrayValue, { wide, narrow }: IntegerPair): ArrayValue {
  return isWide(a.type) ? pairwise<bigint>(a.type, a, b, wide) : pairwise<number>(a.type, a, b, narrow);
}

/**
 * Folds an array along axes: for each place of the output `start`, then `step` with every element of its part. Keeps the axes with length 1.
 */
export function foldAlong<T>(
  x: ArrayValue,
  axes: readonly number[],
  start: T | null,
  step: (sum: T, element: T) => T,
): { shape: number[]; elements: ElementData } {
  const shape = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const size = shape.reduce((product, length) => product * length, 1);
  const place = broadcastPlaces(shape, x.shape);
  const data = x.data as unknown as ArrayLike<T>;
  const elements = elementArray(x.type, size);
  const begun = new Uint8Array(size);
  if (start !== null) {
    for (let i = 0; i < size; i++) elements[i] = start as never;
    begun.fill(1);
  }
  for (let i = 0; i < data.length; i++) {
    const at = place(i);
    elements[at] = (begun[at] === 0 ? data[i] : step(elements[at] as T, data[i])) as never;
    begun[at] = 1;
  }
  return { shape, elements };
}
