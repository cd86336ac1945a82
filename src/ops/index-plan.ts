// What NumPy's x[indices] means: the ways to write an index, and the plan they make, a view with index arrays on some of its axes.
import { knownOptions } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { type NestedArray, Tensor } from "../tensor/tensor.ts";
import { arrayType, outOfRange, resolvePositions, truePositions, unravel } from "./positions.ts";
import { resolveSlice } from "./slices.ts";
import { reshape } from "./views.ts";

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
 * What may stand for an axis:
 * - a whole number: that position, from the end if negative; the axis goes;
 * - a string "start:stop:step" or `{ start, stop, step }`, each part of which may be left out: a range by Python's rules;
 * - `newAxis` (null): a new axis; `ellipsis` ("..."): all axes that are left;
 * - an int32 tensor or an array of whole numbers: these positions;
 * - a bool tensor or an array of booleans: the positions where it is true, along as many axes as it has.
 */
export type Index = NestedArray | Slice | Tensor | string | null;

type Part =
  | { kind: "integer"; value: number }
  | { kind: "slice"; slice: Slice }
  | { kind: "newAxis" }
  | { kind: "ellipsis" }
  | { kind: "positions"; indices: Tensor }
  | { kind: "mask"; mask: Tensor };

const SLICE = ["start", "stop", "step"];

function parseSlice(operation: string, text: string): Part {
  const fields = text.split(":").map((field) => field.trim());
  if (fields.length < 2 || fields.length > 3 || fields.some((field) => !/^([+-]?\d+)?$/.test(field))) {
    throw new TypeError(`${operation}: ${quote(text)} is no index; write "start:stop", "start:stop:step" or "..."`);
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
  if (isPlain(index)) return { kind: "slice", slice: knownOptions(`${operation}: a range`, index, SLICE) };
  throw new TypeError(
    `${operation}: ${quote(index)} is no index; use a whole number, "start:stop", { start, stop, step }, null, "...", or an array`,
  );
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A view described without its base: the same plan fits every tensor of the base's shape. */
export interface View {
  /** Where the window starts along each axis of the base. */
  starts: number[];
  /** Axes of the view: the base's axis (-1 for a new one), its step and its length. */
  axes: { source: number; step: number; length: number }[];
}

export interface Plan {
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

export function planFor(operation: string, shape: Shape, indices: readonly Index[]): Plan {
  const parts = Array.from(indices, (index) => parse(operation, index));
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
          throw new TypeError(`${operation}: index ${quote(value)} for axis ${axis} is not a whole number`);
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
