// Shapes as layers see them: without the batch axis, and with lengths that may be open until a batch comes.
import { quote } from "../engine/quote.ts";
import { checkLengths, checkShape, type Shape, sizeOf } from "../tensor/shape.ts";

/**
 * A shape without the batch axis, from the outermost axis to the innermost. null is a length that may differ from batch to batch,
 * as that of sequences: [null, 8] are sequences of any length with 8 features a step.
 */
export type OpenShape = readonly (number | null)[];

/** `(28, 28)`, `(any, 8)`, `()`. */
export function formatOpen(shape: OpenShape): string {
  const lengths = shape.map((length) => length ?? "any");
  return lengths.length === 1 ? `(${lengths[0]},)` : `(${lengths.join(", ")})`;
}

/** Throws unless every length is null or a whole number from 0 on, and the rank is possible with a batch axis. */
export function checkOpenShape(owner: string, shape: OpenShape): OpenShape {
  checkLengths(owner, shape as Shape);
  checkShape(owner, [1, ...shape.map((length) => length ?? 1)]);
  return shape;
}

/** The length of an axis (negative: from the end) that has to be known; `what` says what it is: "features". */
export function fixedLength(owner: string, shape: OpenShape, axis: number, what: string): number {
  const length = shape.at(axis);
  if (typeof length === "number") return length;
  throw new RangeError(
    `${owner}: needs a fixed number of ${what} (axis ${axis < 0 ? shape.length + axis : axis} of one input), got inputs of shape ${formatOpen(shape)}`,
  );
}

/** The shape where all lengths are known. */
export function fixedShape(owner: string, shape: OpenShape): Shape {
  if (isFixed(shape)) return shape;
  throw new RangeError(`${owner}: needs inputs of one fixed shape, got ${formatOpen(shape)}`);
}

/** Whether no length is open. */
export function isFixed(shape: OpenShape): shape is Shape {
  return shape.every((length) => length !== null);
}

/** Number of elements, or null where a length is open. */
export function openSize(shape: OpenShape): number | null {
  return isFixed(shape) ? sizeOf(shape) : null;
}

/** Whether the shapes are the same, open lengths included. */
export function sameOpenShape(a: OpenShape, b: OpenShape): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** Whether a tensor of that shape, its batch axis left out, is one of `shape`. */
export function fitsOpenShape(batch: Shape, shape: OpenShape): boolean {
  if (batch.length !== shape.length + 1) return false;
  for (let i = 0; i < shape.length; i++) if (shape[i] !== null && shape[i] !== batch[i + 1]) return false;
  return true;
}

/** Throws unless the layer's inputs have that many axes; `layout` names them: "[channels, height, width]". */
export function checkRank(owner: string, shape: OpenShape, rank: number, layout: string): void {
  if (!Array.isArray(shape)) throw new TypeError(`${owner}: a shape is an array of lengths, got ${quote(shape)}`);
  if (shape.length === rank) return;
  throw new RangeError(
    `${owner}: takes inputs of ${rank} axes, ${layout} without the batch axis, but its inputs have shape ${formatOpen(shape)}`,
  );
}
