// Indexing as NumPy does it. Integers, slices, new axes and the ellipsis only move a window: the result is a view. Index arrays and masks
// become row numbers of a matrix whose rows are what lies behind the indexed axes: one gather to read, one scatter to write or to add up.
import { engine } from "../engine/engine.ts";
import { arange, tensor, zeros } from "../tensor/create.ts";
import { isCollecting, record, tracked, withRecording } from "../tensor/graph.ts";
import {
  broadcastShapes,
  formatShape,
  MAXIMUM_RANK,
  normaliseAxis,
  type Shape,
  sameShape,
  sizeOf,
} from "../tensor/shape.ts";
import { empty, type NestedArray, packed, Tensor, windowOf } from "../tensor/tensor.ts";
import { add, cast, checkTensor, floorDivide, less, mul, remainder, where } from "./elementwise.ts";
import { broadcastTo, reshape, resolveSlice, transpose } from "./shape.ts";

/** A range along one axis by Python's rules: negative bounds count from the end, a negative step runs backwards. */
export interface Slice {
  /** First position; default: the beginning, or the end if the step is negative. */
  readonly start?: number;
  /** The position before which it ends; default: includes all up to the other end. */
  readonly stop?: number;
  /** Not 0; default 1. */
  readonly step?: number;
}

/** As an index: a new axis of length 1 at this place. */
export const newAxis = null;

/** As an index: all axes that the other indices leave, in full. */
export const ellipsis = "...";

/**
 * A range as an index: `s(1, 3)` is Python's `1:3`, `s(undefined, undefined, -1)` its `::-1`. The strings "1:3" and
 * "::-1" say the same.
 * @param start first position; default: the beginning, or the end if the step is negative.
 * @param stop the position before which it ends; default: includes all up to the other end.
 * @param step distance of neighbouring positions, negative to go backwards; default 1.
 * @example
 * ```ts
 * tensor([0, 1, 2, 3]).get(s(1, 3)).toArray(); // [1, 2]
 * tensor([0, 1, 2, 3]).get(s(undefined, undefined, -2)).toArray(); // [3, 1]
 * ```
 */
export function s(start?: number, stop?: number, step?: number): Slice {
  return { start, stop, step };
}

/**
 * What may stand for an axis:
 * - a whole number: that position, from the end if negative; the axis goes;
 * - `s(start, stop, step)` or a string "start:stop:step": a range;
 * - `newAxis` (null): a new axis; `ellipsis` ("..."): all axes that are left;
 * - an int32 tensor or an array of whole numbers: these positions;
 * - a bool tensor or an array of booleans: the positions where it is true, along as many axes as it has.
 */
export type Index = NestedArray | Slice | Tensor | string | null;

// Reading indices

type Part =
  | { kind: "integer"; value: number }
  | { kind: "slice"; slice: Slice }
  | { kind: "newAxis" }
  | { kind: "ellipsis" }
  | { kind: "positions"; indices: Tensor }
  | { kind: "mask"; mask: Tensor };

function parseSlice(operation: string, text: string): Part {
  const fields = text.split(":").map((field) => field.trim());
  if (fields.length < 2 || fields.length > 3 || fields.some((field) => !/^([+-]?\d+)?$/.test(field))) {
    throw new TypeError(`${operation}: "${text}" is no index; write "start:stop", "start:stop:step" or "..."`);
  }
  const [start, stop, step] = fields.map((field) => (field === "" ? undefined : Number(field)));
  return { kind: "slice", slice: { start, stop, step } };
}

function parseTensor(operation: string, x: Tensor): Part {
  if (x.dtype === "bool") return { kind: "mask", mask: x };
  if (x.dtype !== "int32") {
    throw new TypeError(`${operation}: an index tensor must be int32 or bool, got ${x.dtype}; cast it`);
  }
  return { kind: "positions", indices: x };
}

function parse(operation: string, index: Index): Part {
  if (typeof index === "number") return { kind: "integer", value: index };
  if (index === null) return { kind: "newAxis" };
  if (typeof index === "string") return index.trim() === "..." ? { kind: "ellipsis" } : parseSlice(operation, index);
  if (index instanceof Tensor) return parseTensor(operation, index);
  if (typeof index === "boolean") return { kind: "mask", mask: tensor(index) };
  if (Array.isArray(index)) {
    const values = tensor(index, { dtype: arrayType(operation, index) });
    return parseTensor(operation, values);
  }
  if (typeof index === "object") return { kind: "slice", slice: index };
  throw new TypeError(
    `${operation}: ${String(index)} (${typeof index}) is no index; use a whole number, s(start, stop), "start:stop", null, "...", or an array`,
  );
}

/** int32 for whole numbers, bool for booleans; mixtures and fractions are mistakes. */
function arrayType(operation: string, values: NestedArray[]): "int32" | "bool" {
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

function outOfRange(operation: string, value: number, axis: number, length: number): RangeError {
  const range = length === 0 ? "the axis is empty" : `indices go from ${-length} to ${length - 1}`;
  return new RangeError(
    `${operation}: index ${value} is out of range for axis ${axis} with length ${length}; ${range}`,
  );
}

/** Positions along an axis as row-major int32 from 0 on. Throws for one out of range. */
function resolvePositions(operation: string, indices: Tensor, axis: number, length: number): Tensor {
  const source = packed(indices);
  if (source.size === 0) return source;
  const check = (x: Tensor): number => engine().kernel("checkIndices", "int32", x, x.size, length);
  if (check(source) < 0) return source;
  const fromStart = where(less(source, 0), add(source, length), source);
  const bad = check(fromStart);
  if (bad >= 0) throw outOfRange(operation, engine().readElement(source, bad), axis, length);
  return fromStart;
}

/** Row-major positions of the true elements, int32. */
function truePositions(mask: Tensor): Tensor {
  const source = packed(mask);
  const found = empty("nonZero", [source.size], "int32");
  const count = source.size === 0 ? 0 : engine().kernel("maskIndices", "bool", source, found, source.size);
  if (count === source.size) return found;
  const positions = empty("nonZero", [count], "int32");
  if (count > 0) engine().copy(windowOf(found, [count], 0, null), positions);
  return positions;
}

/** Row-major positions in `shape`, taken apart into positions along each axis. */
function unravel(positions: Tensor, shape: Shape): Tensor[] {
  if (shape.length === 1) return [positions];
  let rest = positions;
  const result: Tensor[] = [];
  for (let axis = shape.length - 1; axis > 0; axis--) {
    result.unshift(remainder(rest, shape[axis]));
    rest = floorDivide(rest, shape[axis]);
  }
  return [rest, ...result];
}

// Planning: a view, and index arrays on some of its axes

/** A view described without its base: the same plan fits every tensor of the base's shape. */
interface View {
  /** Where the window starts along each axis of the base. */
  starts: number[];
  /** Axes of the view: the base's axis (-1 for a new one), its step and its length. */
  axes: { source: number; step: number; length: number }[];
}

interface Plan {
  view: View;
  /** Index arrays and the axes of the view that they stand on. */
  arrays: { axis: number; positions: Tensor }[];
  /** Whether the axes that the arrays make stay in place; otherwise they come first. */
  inPlace: boolean;
}

/** How many axes of the base an index takes. */
function axesTaken(part: Part): number {
  if (part.kind === "newAxis" || part.kind === "ellipsis") return 0;
  return part.kind === "mask" ? part.mask.rank : 1;
}

function planFor(operation: string, shape: Shape, indices: readonly Index[]): Plan {
  const parts = indices.map((index) => parse(operation, index));
  const taken = parts.reduce((count, part) => count + axesTaken(part), 0);
  const ellipses = parts.filter((part) => part.kind === "ellipsis").length;
  if (ellipses > 1) throw new RangeError(`${operation}: only one "..." may stand among the indices`);
  if (taken > shape.length) {
    throw new RangeError(
      `${operation}: ${taken} indices are too many for shape ${formatShape(shape)} with ${shape.length} axes`,
    );
  }
  if (ellipses === 0 && taken < shape.length) parts.push({ kind: "ellipsis" });

  const view: View = { starts: new Array<number>(shape.length).fill(0), axes: [] };
  const arrays: Plan["arrays"] = [];
  // Index arrays side by side, integers counted among them, leave their axes in place (NumPy's rule).
  const groups: boolean[] = [];
  let axis = 0;
  const keep = (): void => {
    view.axes.push({ source: axis, step: 1, length: shape[axis] });
    axis += 1;
  };
  const putArray = (positions: Tensor): void => {
    arrays.push({ axis: view.axes.length, positions });
  };
  for (const part of parts) {
    const grouped = part.kind === "integer" || part.kind === "positions" || part.kind === "mask";
    if (groups.length === 0 || groups.at(-1) !== grouped) groups.push(grouped);
    switch (part.kind) {
      case "integer": {
        const length = shape[axis];
        const { value } = part;
        if (!Number.isInteger(value)) {
          throw new TypeError(`${operation}: index ${value} for axis ${axis} is not a whole number`);
        }
        if (value < -length || value >= length) throw outOfRange(operation, value, axis, length);
        view.starts[axis] = value < 0 ? value + length : value;
        axis += 1;
        break;
      }
      case "slice": {
        const { start, stop, step } = part.slice;
        const window = resolveSlice(operation, shape[axis], start, stop, step);
        view.starts[axis] = window.length > 0 ? window.start : 0;
        view.axes.push({ source: axis, step: window.step, length: window.length });
        axis += 1;
        break;
      }
      case "newAxis":
        view.axes.push({ source: -1, step: 0, length: 1 });
        break;
      case "ellipsis":
        for (let left = shape.length - taken; left > 0; left--) keep();
        break;
      case "positions":
        putArray(resolvePositions(operation, part.indices, axis, shape[axis]));
        keep();
        break;
      case "mask": {
        const { mask } = part;
        const covered = shape.slice(axis, axis + mask.rank);
        if (!sameShape(mask.shape, covered)) {
          throw new RangeError(
            `${operation}: a mask of shape ${formatShape(mask.shape)} does not fit ${formatShape(covered)}, ` +
              `the axes from ${axis} on of shape ${formatShape(shape)}`,
          );
        }
        if (mask.rank === 0) {
          // One truth value: a new axis of length 1, taken or not.
          putArray(truePositions(reshape(mask, [1])));
          view.axes.push({ source: -1, step: 0, length: 1 });
        } else {
          for (const positions of unravel(truePositions(mask), mask.shape)) {
            putArray(positions);
            keep();
          }
        }
        break;
      }
    }
  }
  return { view, arrays, inPlace: groups.filter((grouped) => grouped).length <= 1 };
}

// Views

function windowAt(x: Tensor, view: View): Tensor {
  let offset = x.offset;
  const { strides } = x;
  for (let axis = 0; axis < strides.length; axis++) offset += view.starts[axis] * strides[axis];
  return windowOf(
    x,
    view.axes.map((axis) => axis.length),
    offset,
    view.axes.map((axis) => (axis.source < 0 ? 0 : strides[axis.source] * axis.step)),
  );
}

/** The view. Gradient: dy in its place, 0 elsewhere. */
function look(x: Tensor, view: View): Tensor {
  const y = windowAt(x, view);
  return tracked(x) ? record("index", y, [x], (dy) => [place(dy, view, x.shape)]) : y;
}

/** dy where the view lies in a tensor of zeros: the gradient of `look`, whose own gradient is `look`. */
function place(dy: Tensor, view: View, shape: Shape): Tensor {
  const y = zeros(shape, dy.dtype);
  if (dy.size > 0) engine().copy(dy, windowAt(y, view));
  return tracked(dy) ? record("place", y, [dy], (g) => [look(g, view)]) : y;
}

// Rows: the base [rows, width] of every gather and scatter

/** y[i] = row number rows[i] of x, seen as rows of `width` elements. Gradient: rows of dy added up where they came from. */
function takeRows(operation: string, x: Tensor, rows: Tensor, width: number, shape: Shape): Tensor {
  if (shape.length > MAXIMUM_RANK) {
    throw new RangeError(`${operation}: the result's shape ${formatShape(shape)} has more than ${MAXIMUM_RANK} axes`);
  }
  const y = empty(operation, shape, x.dtype);
  if (y.size > 0) engine().kernel("gatherRows", x.dtype, packed(x), rows, y, rows.size, width);
  return tracked(x) ? record(operation, y, [x], (dy) => [addRows(dy, rows, width, x.shape)]) : y;
}

/** Zeros of `shape` with each row of dy added at its row number. Gradient: the rows taken back. */
function addRows(dy: Tensor, rows: Tensor, width: number, shape: Shape): Tensor {
  const y = zeros(shape, dy.dtype);
  if (dy.size > 0) engine().kernel("scatterAddRows", dy.dtype, rows, packed(dy), y, rows.size, width);
  return tracked(dy) ? record("scatterAdd", y, [dy], (g) => [takeRows("gather", g, rows, width, dy.shape)]) : y;
}

/** Where index arrays point: the tensor to take rows from, the row numbers, the width of a row and the result's shape. */
interface Rows {
  base: Tensor;
  rows: Tensor;
  width: number;
  shape: Shape;
}

/** Lays x out so that index arrays on some axes become row numbers. */
function rowsOf(operation: string, x: Tensor, arrays: Plan["arrays"], inPlace: boolean): Rows {
  let common: Shape = arrays[0].positions.shape;
  for (const { positions } of arrays) common = broadcastShapes(operation, common, positions.shape);
  const axes = arrays.map((array) => array.axis);
  const first = inPlace ? axes[0] : 0;
  const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...others.slice(0, first), ...axes, ...others.slice(first)];
  const base = order.every((axis, i) => axis === i) ? x : transpose(x, order);
  const outer = base.shape.slice(0, first);
  const inner = base.shape.slice(first + axes.length);

  // Row-major position among the indexed axes, then among the outer ones.
  let position: Tensor | undefined;
  for (const { axis, positions } of arrays) {
    position = position === undefined ? positions : add(mul(position, x.shape[axis]), positions);
  }
  let rows = packed(broadcastTo(position!, common));
  const outerCount = sizeOf(outer);
  if (outerCount !== 1) {
    const stretch = sizeOf(axes.map((axis) => x.shape[axis]));
    const starts = mul(arange(0, outerCount, 1, "int32"), stretch);
    rows = add(reshape(starts, [outerCount, 1]), reshape(rows, [1, rows.size]));
  }
  return { base, rows, width: sizeOf(inner), shape: [...outer, ...common, ...inner] };
}

/**
 * NumPy's x[indices] for reading. Integers, slices, `newAxis` and `ellipsis` give a view; with index arrays or masks it is a copy.
 * Axes that index arrays make stand where the arrays stood if these are side by side (integers counted among them), else first.
 *
 * `indices` holds one index an axis (see `Index`); a single tensor, string or number may stand alone.
 * Gradient: dy in its place; positions taken several times add up.
 * @throws RangeError for a position out of range (axis, position and length are named), too many indices, or a mask that does not fit.
 * @example
 * ```ts
 * index(tensor([[1, 2], [3, 4]]), [0, -1]).item(); // 2
 * index(tensor([1, 2, 3, 4]), ["::-2"]).toArray(); // [4, 2]
 * index(tensor([1, 2, 3, 4]), [[0, 0, 3]]).toArray(); // [1, 1, 4]
 * ```
 */
export function index(x: Tensor, indices: readonly Index[] | Tensor | string | number): Tensor {
  return read("index", x, indices);
}

function read(operation: string, x: Tensor, indices: readonly Index[] | Tensor | string | number): Tensor {
  checkTensor(operation, x);
  const plan = planFor(operation, x.shape, asList(indices));
  const view = look(x, plan.view);
  if (plan.arrays.length === 0) return view;
  const { base, rows, width, shape } = rowsOf(operation, view, plan.arrays, plan.inPlace);
  return takeRows(operation, base, rows, width, shape);
}

function asList(indices: readonly Index[] | Tensor | string | number): readonly Index[] {
  return Array.isArray(indices) ? indices : [indices as Index];
}

/**
 * `index` with the indices as arguments: `x.get(0, "1:3")`.
 *
 * Gradient: dy in its place; positions taken several times add up.
 * @throws RangeError, TypeError as `index`.
 * @example
 * ```ts
 * tensor([[1, 2], [3, 4]]).get(":", 1).toArray(); // [2, 4]
 * ```
 */
export function get(x: Tensor, ...indices: Index[]): Tensor {
  return read("get", x, indices);
}

/**
 * NumPy's x[indices] = value: writes into x's memory, and so into every view of it. The value (a number, nested arrays or a tensor) is broadcast to what
 * the indices select, and cast to x's dtype. Where a position is named twice, the last value stays. Returns x.
 *
 * @throws Error if the write would escape differentiation: x has a gradient to follow (write inside noGrad, or to a clone), is the result of
 * a recorded operation (write to a clone), or the value has one; RangeError as `index`, or if the value can't be broadcast.
 * @example
 * ```ts
 * zeros([2, 2]).set([0, ":"], [1, 2]).toArray(); // [[1, 2], [0, 0]]
 * ```
 */
export function set(
  x: Tensor,
  indices: readonly Index[] | Tensor | string | number,
  value: Tensor | NestedArray,
): Tensor {
  checkTensor("set", x);
  checkWritable(x);
  const plan = planFor("set", x.shape, asList(indices));
  const source = value instanceof Tensor ? value : tensor(value, x.dtype);
  if (tracked(source)) {
    throw new Error(
      "set: gradients do not pass through a write, but the value has one to follow; " +
        "build the tensor with where, concat or scatterAdd, or write stopGradient(value)",
    );
  }
  withRecording(false, () => {
    const view = windowAt(x, plan.view);
    // A source that shares x's memory is read before anything is written.
    const ready = cast(source, x.dtype);
    const values = ready.storage === x.storage ? packedCopy(ready) : ready;
    if (plan.arrays.length === 0) {
      const spread = spreadTo(values, view.shape);
      if (view.size > 0) engine().copy(spread, view);
    } else {
      const { base, rows, width, shape } = rowsOf("set", view, plan.arrays, plan.inPlace);
      const spread = packed(spreadTo(values, shape));
      if (spread.size > 0) {
        const target = packed(base);
        engine().kernel("scatterRows", x.dtype, rows, spread, target, rows.size, width);
        if (target !== base) engine().copy(target, base);
      }
    }
  });
  x.storage.version += 1;
  return x;
}

function checkWritable(x: Tensor): void {
  if (x.node !== null && x.node.rule !== null) {
    throw new Error(
      `set: this tensor is the result of ${x.node.operation}, whose gradient may need its values; write to x.clone() inside noGrad, or to stopGradient(x).clone()`,
    );
  }
  if (tracked(x)) {
    throw new Error(
      "set: this tensor requires a gradient, which can't follow the write; write inside noGrad(() => ...)",
    );
  }
  if (x.size > 0 && x.strides.some((stride, axis) => stride === 0 && x.shape[axis] > 1)) {
    throw new Error("set: this view repeats the same elements (broadcastTo); write to x.clone()");
  }
}

function packedCopy(x: Tensor): Tensor {
  const copy = empty("set", x.shape, x.dtype);
  if (x.size > 0) engine().copy(x, copy);
  return copy;
}

/** Whether a value of one shape can stand wherever the other shape is asked for. */
function broadcastsTo(from: Shape, to: Shape): boolean {
  const lead = to.length - from.length;
  return lead >= 0 && from.every((length, i) => length === 1 || length === to[i + lead]);
}

/** Broadcast to the shape that is written; axes of length 1 in front may be too many, as in NumPy. */
function spreadTo(value: Tensor, shape: Shape): Tensor {
  let lead = 0;
  while (value.rank - lead > shape.length && value.shape[lead] === 1) lead += 1;
  const trimmed = lead === 0 ? value : reshape(value, value.shape.slice(lead));
  if (!broadcastsTo(trimmed.shape, shape)) {
    throw new RangeError(
      `set: a value of shape ${formatShape(value.shape)} can't be broadcast to the selected shape ${formatShape(shape)}`,
    );
  }
  return broadcastTo(trimmed, shape);
}

// Gathering and scattering along one axis

function asPositions(operation: string, indices: Tensor | NestedArray): Tensor {
  const x =
    indices instanceof Tensor
      ? indices
      : tensor(indices, Array.isArray(indices) ? arrayType(operation, indices) : "int32");
  if (x.dtype !== "int32") throw new TypeError(`${operation}: indices must be int32, got ${x.dtype}; cast them`);
  return x;
}

function alongAxis(operation: string, x: Tensor, indices: Tensor | NestedArray, axis: number): Rows {
  const at = normaliseAxis(operation, axis, x.rank);
  const positions = resolvePositions(operation, asPositions(operation, indices), at, x.shape[at]);
  return rowsOf(operation, x, [{ axis: at, positions }], true);
}

/**
 * Slices of x at the given positions of an axis, NumPy's take: [..., n, ...] with indices [i, j] gives [..., i, j, ...].
 * Gradient: dy added up at the positions.
 * @throws RangeError for a position out of range; TypeError unless the indices are int32.
 * @example
 * ```ts
 * gather(tensor([[1, 2], [3, 4], [5, 6]]), [2, 0]).toArray(); // [[5, 6], [1, 2]]
 * ```
 */
export function gather(x: Tensor, indices: Tensor | NestedArray, axis = 0): Tensor {
  checkTensor("gather", x);
  const { base, rows, width, shape } = alongAxis("gather", x, indices, axis);
  return takeRows("gather", base, rows, width, shape);
}

/**
 * x with `updates` added at the given positions of an axis; a position that occurs several times gets all of them.
 * updates has (or broadcasts to) the shape that `gather(x, indices, axis)` has. Gradients: dy, and dy gathered.
 * @throws RangeError for a position out of range or updates that don't fit.
 * @example
 * ```ts
 * scatterAdd(tensor([0, 0, 0]), [2, 0, 2], tensor([1, 2, 3])).toArray(); // [2, 0, 4]
 * ```
 */
export function scatterAdd(x: Tensor, indices: Tensor | NestedArray, updates: Tensor, axis = 0): Tensor {
  checkTensor("scatterAdd", x);
  checkTensor("scatterAdd", updates);
  const { rows, width, shape } = alongAxis("scatterAdd", x, indices, axis);
  if (!broadcastsTo(updates.shape, shape)) {
    throw new RangeError(
      `scatterAdd: updates of shape ${formatShape(updates.shape)} can't be broadcast to ${formatShape(shape)}, the shape of what is indexed`,
    );
  }
  return add(x, addRows(broadcastTo(cast(updates, x.dtype), shape), rows, width, x.shape));
}

/**
 * One element for each index: y[i, j, k] = x[i, indices[i, j, k], k] (for axis 1). Axes beside `axis` broadcast. Undoes argsort: `takeAlongAxis(x, argsort(x))` is `sort(x)`.
 * Gradient: dy added up at the positions.
 * @throws RangeError for a position out of range, or if the ranks differ.
 * @example
 * ```ts
 * takeAlongAxis(tensor([[1, 2], [3, 4]]), tensor([[1], [0]], "int32"), 1).toArray(); // [[2], [3]]
 * ```
 */
export function takeAlongAxis(x: Tensor, indices: Tensor | NestedArray, axis = -1): Tensor {
  checkTensor("takeAlongAxis", x);
  const at = normaliseAxis("takeAlongAxis", axis, x.rank);
  const given = asPositions("takeAlongAxis", indices);
  if (given.rank !== x.rank) {
    throw new RangeError(
      `takeAlongAxis: indices of shape ${formatShape(given.shape)} must have as many axes as ${formatShape(x.shape)}`,
    );
  }
  const beside = broadcastShapes("takeAlongAxis", x.shape.with(at, 1), given.shape.with(at, 1));
  const n = x.shape[at];
  const base = broadcastTo(x, beside.with(at, n));
  const shape = beside.with(at, given.shape[at]);
  const positions = resolvePositions("takeAlongAxis", broadcastTo(given, shape), at, n);
  const outer = sizeOf(shape.slice(0, at));
  const inner = sizeOf(shape.slice(at + 1));
  let rows = reshape(positions, [outer, shape[at], inner]);
  if (inner > 1) rows = add(mul(rows, inner), arange(0, inner, 1, "int32"));
  if (outer > 1) rows = add(rows, reshape(mul(arange(0, outer, 1, "int32"), n * inner), [outer, 1, 1]));
  return takeRows("takeAlongAxis", base, rows, 1, shape);
}

/**
 * Rows of a table for each index: weights [words, size] and indices [...] give [..., size]. Gradient: dy added up in the rows that were taken.
 * @throws RangeError for an index that is not in 0 to words - 1.
 * @example
 * ```ts
 * embedding(tensor([[1, 2], [3, 4]]), tensor([1, 1], "int32")).toArray(); // [[3, 4], [3, 4]]
 * ```
 */
export function embedding(weights: Tensor, indices: Tensor | NestedArray): Tensor {
  checkTensor("embedding", weights);
  if (weights.rank !== 2) {
    throw new RangeError(`embedding: weights must be a matrix [words, size], got shape ${formatShape(weights.shape)}`);
  }
  const [words, size] = weights.shape as [number, number];
  const rows = packed(asPositions("embedding", indices));
  const bad = rows.size === 0 ? -1 : engine().kernel("checkIndices", "int32", rows, rows.size, words);
  if (bad >= 0) {
    throw new RangeError(
      `embedding: index ${engine().readElement(rows, bad)} at position ${bad} is not in 0 to ${words - 1}`,
    );
  }
  const y = withRecording(false, () => takeRows("embedding", weights, rows, size, [...rows.shape, size]));
  return tracked(weights) ? record("embedding", y, [weights], (dy) => [embeddingGradient(weights, dy, rows)]) : y;
}

/** dy added up in the rows, straight in the place where the gradient of the weights is collected if nothing follows gradients through it. */
function embeddingGradient(weights: Tensor, dy: Tensor, rows: Tensor): Tensor {
  const width = weights.shape[1];
  const slot = isCollecting() ? weights.node?.slot : null;
  if (!slot || tracked(dy) || dy.dtype !== slot.tensor.dtype || !slot.tensor.contiguous || slot.tensor.size === 0) {
    return addRows(dy, rows, width, weights.shape);
  }
  if (slot.fresh) engine().fill(slot.tensor, 0);
  if (dy.size > 0) engine().kernel("scatterAddRows", dy.dtype, rows, packed(dy), slot.tensor, rows.size, width);
  slot.fresh = false;
  return slot.tensor;
}

// Selecting by truth

/**
 * The elements of x where the mask is true, in row-major order. Shape: [count]; the mask is bool and broadcast to x.
 *
 * Gradient: dy in the places of the elements, 0 elsewhere.
 * @throws TypeError unless x is a tensor and the mask a bool one; RangeError if it can't be broadcast to x.
 * @example
 * ```ts
 * maskedSelect(tensor([1, 2, 3]), tensor([true, false, true])).toArray(); // [1, 3]
 * ```
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  checkTensor("maskedSelect", x);
  checkTensor("maskedSelect", mask);
  if (mask.dtype !== "bool") throw new TypeError(`maskedSelect: the mask must be bool, got ${mask.dtype}`);
  return takeRows("maskedSelect", x, ...rowsWhere(broadcastTo(mask, x.shape)));
}

function rowsWhere(mask: Tensor): [rows: Tensor, width: number, shape: Shape] {
  const rows = truePositions(mask);
  return [rows, 1, rows.shape];
}

/**
 * Positions of the elements that are not 0, in row-major order: one int32 tensor [count] an axis, as NumPy gives them.
 * `x.get(...nonZero(x))` are the elements themselves.
 *
 * No gradient.
 * @throws RangeError for a scalar; TypeError if x is not a tensor.
 * @example
 * ```ts
 * const [rows, columns] = nonZero(tensor([[0, 5], [7, 0]]));
 * rows.toArray(); // [0, 1]
 * columns.toArray(); // [1, 0]
 * ```
 */
export function nonZero(x: Tensor): Tensor[] {
  checkTensor("nonZero", x);
  if (x.rank === 0) throw new RangeError("nonZero: a scalar has no axes to give positions along");
  return unravel(truePositions(cast(x, "bool")), x.shape);
}

/**
 * x's slices along the first axis, one after the other: [n, ...] gives n views [...]. `for (const row of x)` does the same.
 *
 * Gradient: dy in the slice's place, 0 elsewhere.
 * @throws TypeError if x is a scalar, or not a tensor.
 * @example
 * ```ts
 * [...iterate(tensor([[1, 2], [3, 4]]))].map((row) => row.toArray()); // [[1, 2], [3, 4]]
 * ```
 */
export function iterate(x: Tensor): IterableIterator<Tensor> {
  checkTensor("iterate", x);
  if (x.rank === 0) throw new TypeError("iterate: a scalar has no axis to iterate over");
  return slices(x);
}

function* slices(x: Tensor): IterableIterator<Tensor> {
  for (let i = 0; i < x.shape[0]; i++) yield get(x, i);
}
