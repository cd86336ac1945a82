// Positions along an axis: from nested arrays, from masks, checked and counted from the end. Internal.

import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { MAXIMUM_RANK, type Shape } from "../tensor/shape.ts";
import { empty, type NestedArray, packed, Tensor, windowOf } from "../tensor/tensor.ts";
import { add, floorDivide, remainder } from "./arithmetic.ts";
import { where } from "./choice.ts";
import { less } from "./comparison.ts";

/** int32 for whole numbers, bool for booleans; mixtures and fractions are mistakes. */
export function arrayType(operation: string, values: NestedArray[]): "int32" | "bool" {
  let found: "int32" | "bool" | undefined;
  const visit = (value: NestedArray, depth: number): void => {
    if (Array.isArray(value)) {
      // An array that holds itself would go on for ever.
      if (depth === MAXIMUM_RANK) {
        throw new RangeError(
          `${operation}: an index array is nested deeper than the ${MAXIMUM_RANK} axes that a tensor may have`,
        );
      }
      for (const part of value) visit(part, depth + 1);
      return;
    }
    const type = typeof value === "boolean" ? "bool" : "int32";
    if (type === "int32" && !Number.isInteger(value)) {
      throw new TypeError(`${operation}: an index array holds whole numbers or booleans, got ${quote(value)}`);
    }
    if (found !== undefined && found !== type) {
      throw new TypeError(`${operation}: an index array holds whole numbers or booleans, not both`);
    }
    found = type;
  };
  visit(values, 0);
  return found ?? "int32";
}

export function outOfRange(operation: string, value: number, axis: number, length: number): RangeError {
  const range = length === 0 ? "the axis is empty" : `indices go from ${-length} to ${length - 1}`;
  return new RangeError(
    `${operation}: index ${value} is out of range for axis ${axis} with length ${length}; ${range}`,
  );
}

/** Positions along an axis as row-major int32 from 0 on. Throws for one out of range. */
export function resolvePositions(operation: string, indices: Tensor, axis: number, length: number): Tensor {
  const source = packed(indices);
  if (source.size === 0) return source;
  const check = (x: Tensor): number => engine().kernel("checkIndices", "int32", x, x.size, length);
  // Where the answer comes later, it has to be about positions from 0 on.
  if (!engine().asynchronous && check(source) < 0) return source;
  const fromStart = where(less(source, 0), add(source, length), source);
  const bad = check(fromStart);
  if (bad >= 0) throw outOfRange(operation, engine().readElement(source, bad), axis, length);
  return fromStart;
}

/** Throws for what is neither a number nor an array, as which `tensor` would take a typed array too. */
function indexValues(operation: string, indices: NestedArray): NestedArray {
  if (Array.isArray(indices) || typeof indices === "number") return indices;
  throw new TypeError(`${operation}: indices are an int32 tensor or an array of whole numbers, got ${quote(indices)}`);
}

export function asPositions(operation: string, indices: Tensor | NestedArray): Tensor {
  const x =
    indices instanceof Tensor
      ? indices
      : tensor(indexValues(operation, indices), Array.isArray(indices) ? arrayType(operation, indices) : "int32");
  if (x.dtype !== "int32") throw new TypeError(`${operation}: indices must be int32, got ${x.dtype}; cast them`);
  return x;
}

/** Row-major positions of the true elements, int32. */
export function truePositions(mask: Tensor): Tensor {
  const source = packed(mask);
  const found = empty("nonZero", [source.size], "int32");
  const count = source.size === 0 ? 0 : engine().kernel("maskIndices", "bool", source, found, source.size);
  if (count === source.size) return found;
  const positions = empty("nonZero", [count], "int32");
  if (count > 0) engine().copy(windowOf(found, [count], 0, null), positions);
  return positions;
}

/** Row-major positions in `shape`, taken apart into positions along each axis. */
export function unravel(positions: Tensor, shape: Shape): Tensor[] {
  if (shape.length === 1) return [positions];
  let rest = positions;
  const result: Tensor[] = [];
  for (let axis = shape.length - 1; axis > 0; axis--) {
    result.unshift(remainder(rest, shape[axis]));
    rest = floorDivide(rest, shape[axis]);
  }
  return [rest, ...result];
}
