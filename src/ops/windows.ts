// How the windows of convolution and pooling are laid along the axes of an image: what their settings may be, and how many there are.
import { quote } from "../engine/quote.ts";

/** A length along the height and along the width; one number means both. */
export type Pair = number | readonly [number, number];

/** Zeros around the image: a number on each side, "valid" for none, or "same" for as many as make the output input / stride long, rounded up. */
export type Padding<Sides> = Sides | "same" | "valid";

/** What is wrong with an option that should be a whole number or two. Internal. */
export function notWhole(operation: string, name: string, value: unknown, least: number): RangeError {
  return new RangeError(
    `${operation}: ${name} must be a whole number of at least ${least}, or a pair of them, got ${quote(value)}`,
  );
}

/** A number for each of two axes. Internal. */
export function pair(operation: string, name: string, value: Pair, least: number): [number, number] {
  const both = typeof value === "number" ? [value, value] : value;
  const valid =
    Array.isArray(both) && both.length === 2 && both.every((n) => Number.isInteger(n) && n >= least && n < 2 ** 31);
  if (!valid) throw notWhole(operation, name, value, least);
  return [both[0], both[1]!];
}

/** A padding for each of two axes. Internal. */
export function paddingPair(operation: string, padding: Padding<Pair>): Padding<[number, number]> {
  if (padding === "same" || padding === "valid") return padding;
  if (typeof padding !== "string") return pair(operation, "padding", padding, 0);
  throw new TypeError(
    `${operation}: padding must be a whole number from 0 on, a pair of them, "same" or "valid", got ${quote(padding)}`,
  );
}

/** Windows along an axis. */
export interface WindowSettings {
  /** From a window's first element to its last. */
  readonly span: number;
  readonly stride: number;
  readonly padding: Padding<number>;
}

/** How windows lie along an axis. Internal. */
export interface WindowsAlong {
  /** Number of windows; below 1 if they are larger than the padded axis. */
  readonly out: number;
  /** Padding before the first element. */
  readonly before: number;
  /** Padding on both sides together. */
  readonly total: number;
}

/** Windows along an axis of that length. Internal. */
export function windowsAlong(length: number, { span, stride, padding }: WindowSettings): WindowsAlong {
  if (padding === "same") {
    const out = Math.ceil(length / stride);
    const total = Math.max(0, (out - 1) * stride + span - length);
    return { out, before: Math.floor(total / 2), total };
  }
  const before = padding === "valid" ? 0 : padding;
  return { out: Math.floor((length + 2 * before - span) / stride) + 1, before, total: 2 * before };
}

/** As `windowsAlong`, counting windows that only begin inside the axis, or the padding before it. Internal. */
export function windowsBeginning(length: number, settings: WindowSettings): WindowsAlong {
  const { span, stride, padding } = settings;
  const exact = windowsAlong(length, settings);
  if (padding === "same") return exact;
  const { before, total } = exact;
  // A window that begins in the padding after the image holds nothing.
  const rounded = Math.ceil((length + total - span) / stride);
  return { before, total, out: rounded * stride >= length + before ? rounded : rounded + 1 };
}
