// Positions along an axis: from nested arrays, from masks, checked and counted from the end. Internal.
import { engine } from "../engine/engine.ts";
import { tensor } from "../tensor/create.ts";
import type { Shape } from "../tensor/shape.ts";
import { empty, type NestedArray, packed, Tensor, windowOf } from "../tensor/tensor.ts";
import { add, floorDivide, remainder } from "./arithmetic.ts";
import { where } from "./choice.ts";
import { less } from "./comparison.ts";

/** int32 for whole numbers, bool for booleans; mixtures and fractions are mistakes. */
export function arrayType(operation: string, values: NestedArray[]): "int32" | "bool" {
  let found: "int32" | "bool" | undefined;
  const visit = (value: NestedArray): void => {
    if (Array.isArray(value)) {
      value.forEach(visit);
      return;
    }
    const type = typeof value === "boolean" ? "bool" : "int32";
    if (type === "int32" && !Number.isInteger(value)) {
      throw new TypeError(`${operation}: an index array holds whole numbers or booleans, got ${String(value)}`);
    }
    if (found !== undefined && found !== type) {
      throw new TypeError(`${operation}: an index array holds whole numbers or booleans, not both`);
    }
    found = type;
  };
  values.forEach(visit);
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
  if (check(source) < 0) return source;
  const fromStart = where(less(source, 0), add(source, length), source);
  const bad = check(fromStart);
  if (bad >= 0) throw outOfRange(operation, engine().readElement(source, bad), axis, length);
  return fromStart;
}

export function asPositions(operation: string, indices: Tensor | NestedArray): Tensor {
  const x =
    indices instanceof Tensor
      ? indices
      : tensor(indices, Array.isArray(indices) ? arrayType(operation, indices) : "int32");
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
