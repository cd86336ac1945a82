// Arithmetic on shapes: sizes, strides, axes, broadcasting, and the errors that go with them.
import { quote } from "../engine/quote.ts";

/** Lengths of a tensor's axes, from the outermost to the innermost; [] for a scalar. */
export type Shape = readonly number[];

/** Most axes that a tensor may have. */
export const MAXIMUM_RANK = 8;
/** More elements than this can't be addressed. */
const MAXIMUM_SIZE = 2 ** 31 - 1;

/** `(2, 3)`, `(4,)`, `()`, as Python writes a shape. */
export function formatShape(shape: Shape): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/** Product of the lengths. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}

/** A shape that may be none, as an error quotes it. */
function quoteShape(shape: Shape): string {
  return shape.length < 20 && shape.every((length) => typeof length === "number") ? formatShape(shape) : quote(shape);
}

/** What is wrong with more axes than a tensor may have. */
export function rankError(operation: string, shape: Shape): RangeError {
  return new RangeError(
    `${operation}: rank ${shape.length} of shape ${quoteShape(shape)} is above the largest, ${MAXIMUM_RANK}`,
  );
}

/** Throws unless `shape` is an array that may be a shape; its lengths are still to be looked at. */
export function checkLengths(operation: string, shape: Shape): void {
  if (!Array.isArray(shape)) throw noArray(operation, shape);
  if (shape.length > MAXIMUM_RANK) throw rankError(operation, shape);
}

function noArray(operation: string, shape: unknown): TypeError {
  return new TypeError(`${operation}: a shape is an array of lengths such as [2, 3], got ${quote(shape)}`);
}

/**
 * The number of elements. Throws unless every length is a whole number from 0 on, the rank is possible, and the elements can be addressed.
 */
export function checkShape(operation: string, shape: Shape): number {
  checkLengths(operation, shape);
  let size = 1;
  for (let i = 0; i < shape.length; i++) {
    const length = shape[i];
    if (!Number.isInteger(length) || length < 0) throw lengthError(operation, length, shape);
    size *= length;
  }
  if (size > MAXIMUM_SIZE) throw sizeError(operation, shape);
  return size;
}

function lengthError(operation: string, length: unknown, shape: Shape): RangeError {
  return new RangeError(
    `${operation}: lengths must be whole numbers from 0 on, got ${quote(length)} in shape ${quoteShape(shape)}`,
  );
}

function sizeError(operation: string, shape: Shape): RangeError {
  return new RangeError(
    `${operation}: shape ${formatShape(shape)} has ${sizeOf(shape)} elements; at most ${MAXIMUM_SIZE} are possible`,
  );
}

/** Strides of a row-major array, in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/** Lowest and highest place that strides lead to from an array's first element, in elements; of a shape with elements. */
export function reachOf(shape: Shape, strides: readonly number[]): { lowest: number; highest: number } {
  let lowest = 0;
  let highest = 0;
  for (let i = 0; i < shape.length; i++) {
    const far = (shape[i] - 1) * strides[i];
    if (far < 0) lowest += far;
    else highest += far;
  }
  return { lowest, highest };
}

/** Whether the strides walk through memory row-major without gaps. */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 0) return true;
    if (shape[i] !== 1 && strides[i] !== step) return false;
    step *= shape[i];
  }
  return true;
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The shape two operands broadcast to: axes are aligned at the end, a length of 1 repeats. */
export function broadcastShapes(operation: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = i <= a.length ? a[a.length - i] : 1;
    const y = i <= b.length ? b[b.length - i] : 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new RangeError(
        `${operation}: shapes ${formatShape(a)} and ${formatShape(b)} can't be broadcast together: ` +
          `${x} (axis ${a.length - i}) and ${y} (axis ${b.length - i}) must be equal or one of them 1`,
      );
    }
    result[rank - i] = x === 1 ? y : x;
  }
  return result;
}

/** An axis from 0 to rank - 1; negative ones count from the end. */
export function normaliseAxis(operation: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? "a scalar has no axes" : `axes go from ${-rank} to ${rank - 1}`;
    throw (
      notAnAxis(operation, axis) ??
      new RangeError(`${operation}: axis ${axis} is out of range for rank ${rank}; ${range}`)
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/** What is wrong with an axis that is not even a whole number: most often it came in an object, as other libraries take it. */
function notAnAxis(operation: string, axis: unknown): TypeError | undefined {
  if (typeof axis === "number") return undefined;
  return new TypeError(`${operation}: an axis is a whole number such as 0 or -1, got ${quote(axis)}`);
}

/** Axes, each once, ascending. undefined means all. */
export function normaliseAxes(operation: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  if (typeof axes === "number") return [normaliseAxis(operation, axes, rank)];
  if (!Array.isArray(axes)) {
    throw new TypeError(
      `${operation}: axes are given as a number or an array of numbers, ${operation}(1) or ${operation}([0, 1]), got ${quote(axes)}`,
    );
  }
  if (axes.length > rank) throw new RangeError(`${operation}: ${axes.length} axes ${quote(axes)} for rank ${rank}`);
  const list = Array.from(axes, (axis) => normaliseAxis(operation, axis, rank));
  if (new Set(list).size !== list.length) {
    throw new RangeError(`${operation}: axes ${quote(axes)} name an axis twice`);
  }
  return list.sort((a, b) => a - b);
}
