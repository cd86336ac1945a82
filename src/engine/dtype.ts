// Element types, their sizes, and what comes out when two of them meet.
import { quote } from "./quote.ts";

/**
 * Element type of a tensor. float32 for training, float64 for checking, int32 for indices, bool (one byte, 0 or 1) for masks. What becomes int32 goes
 * to its ends where it is beyond them, NaN to 0; what is computed in int32 wraps around, modulo 2^32.
 */
export type DType = "float32" | "float64" | "int32" | "bool";

/** The typed array that holds elements of a dtype in JavaScript. */
// What `of` returns: an array on a buffer of its own, in words that TypeScript before 5.7 knows too (its `Float32Array` takes no type).
export type TypedArray =
  | ReturnType<typeof Float32Array.of>
  | ReturnType<typeof Float64Array.of>
  | ReturnType<typeof Int32Array.of>
  | Bytes;

/** Bytes on a buffer of their own, as files and requests take them. */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** All dtypes, in the order of their names in messages. */
export const DTYPES: readonly DType[] = ["float32", "float64", "int32", "bool"];

/** Bytes an element takes. */
export function bytesOf(dtype: DType): number {
  return dtype === "float64" ? 8 : dtype === "bool" ? 1 : 4;
}

/** Whether values of the dtype have a gradient. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** Whether a value names a dtype. */
export function isDType(value: unknown): value is DType {
  return value === "float32" || value === "float64" || value === "int32" || value === "bool";
}

/** Throws unless `value` names a dtype. */
export function checkDType(operation: string, value: unknown): DType {
  if (isDType(value)) return value;
  throw noDType(operation, value);
}

function noDType(operation: string, value: unknown): TypeError {
  return new TypeError(`${operation}: unknown dtype ${quote(value)}; use one of ${DTYPES.join(", ")}`);
}

const RANK: Record<DType, number> = { bool: 0, int32: 1, float32: 2, float64: 3 };

/** The dtype of an operation on both: the later of bool, int32, float32, float64. */
export function promote(a: DType, b: DType): DType {
  return RANK[a] >= RANK[b] ? a : b;
}

/**
 * A number as an element of a dtype: the one rule by which `tensor`, `full`, `set` and `cast` convert. To int32 a fraction is cut off, what is beyond
 * its range goes to its ends and NaN to 0; to bool everything but 0 is true. Only arithmetic on int32, sums included, wraps around.
 */
export function asElement(value: number, dtype: DType): number {
  if (dtype === "bool") return value !== 0 ? 1 : 0;
  if (dtype !== "int32") return value;
  return Math.trunc(Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1)) || 0;
}

/** Whether int32 holds a number exactly. */
export function isInt32(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
}

/** A new typed array for `length` elements. */
export function typedArray(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "bool":
      return new Uint8Array(length);
  }
}
