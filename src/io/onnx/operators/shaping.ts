// Operators that arrange elements anew: the same for every element type.
import { broadcastTo } from "../../../ops/broadcast.ts";
import { where } from "../../../ops/choice.ts";
import { lowerMask, upperMask } from "../../../ops/diagonals.ts";
import { gather, takeAlongAxis } from "../../../ops/gather.ts";
import { concat } from "../../../ops/join.ts";
import { pad } from "../../../ops/padding.ts";
import { tile } from "../../../ops/repeat.ts";
import { split, windowAlongAxes } from "../../../ops/slices.ts";
import { reshape, transpose } from "../../../ops/views.ts";
import { tensor } from "../../../tensor/create.ts";
import { broadcastShapes, formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { axisOf, type Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromNumbers, isNative, moved, movedOne } from "../run/value.ts";
import { numbersOfPadding } from "./windows.ts";

function reshaped(call: Call): ArrayValue[] {
  const x = call.value(0);
  const given = call.intsAt(1, "shape") ?? [];
  const zeroIsZero = call.attributes.flag("allowzero", false);
  const shape = given.map((length, axis) => (length === 0 && !zeroIsZero ? x.shape[axis] : length));
  const open = shape.indexOf(-1);
  if (open >= 0) {
    const known = shape.reduce((product, length, axis) => (axis === open ? product : product * length), 1);
    shape[open] = known === 0 ? 0 : x.size / known;
  }
  if (shape.reduce((product, length) => product * length, 1) !== x.size) {
    throw new RangeError(
      `${formatShape(x.shape)} has ${x.size} elements, and (${given.join(", ")}) asks for another number`,
    );
  }
  return [movedOne(x, (t) => reshape(t, shape))];
}

function flattened(call: Call): ArrayValue[] {
  const x = call.value(0);
  const axis = call.attributes.int("axis", 1);
  const at = axis < 0 ? axis + x.rank : axis;
  const rows = x.shape.slice(0, at).reduce((product, length) => product * length, 1);
  const columns = x.shape.slice(at).reduce((product, length) => product * length, 1);
  return [movedOne(x, (t) => reshape(t, [rows, columns]))];
}

function squeezed(call: Call): ArrayValue[] {
  const x = call.value(0);
  const axes = call.intsAt(1, "axes")?.map((axis) => axisOf(axis, x.rank));
  const shape = x.shape.filter((length, axis) => (axes === undefined ? length !== 1 : !axes.includes(axis)));
  const wrong = axes?.find((axis) => x.shape[axis] !== 1);
  if (wrong !== undefined) throw new RangeError(`axis ${wrong} of ${formatShape(x.shape)} has not length 1`);
  return [movedOne(x, (t) => reshape(t, shape))];
}

function unsqueezed(call: Call): ArrayValue[] {
  const x = call.value(0);
  const given = call.intsAt(1, "axes") ?? [];
  const rank = x.rank + given.length;
  const axes = given.map((axis) => axisOf(axis, rank));
  if (new Set(axes).size !== axes.length) throw new RangeError(`axes ${given.join(", ")} name one twice`);
  const lengths = [...x.shape];
  const shape = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : lengths.shift()!));
  return [movedOne(x, (t) => reshape(t, shape))];
}

function transposed(call: Call): ArrayValue[] {
  const x = call.value(0);
  const axes = call.attributes.ints("perm")?.map((axis) => axisOf(axis, x.rank));
  if (axes !== undefined && (axes.length !== x.rank || new Set(axes).size !== x.rank)) {
    throw new RangeError(`perm (${axes.join(", ")}) is no order of the axes of ${formatShape(x.shape)}`);
  }
  return [movedOne(x, (t) => transpose(t, axes))];
}

function concatenated(call: Call): ArrayValue[] {
  const all = call.inputs.map((_, i) => call.value(i));
  const axis = axisOf(call.attributes.int("axis", 1), all[0].rank);
  if (all.length === 1) return all;
  return [moved(all, (tensors) => concat(tensors, axis))];
}

/** The lengths of the parts: given, or as equal as can be, the last one shorter. */
export function partsOf(call: Call, length: number, count: number): number[] {
  const given = call.intsAt(1, "split");
  if (given !== undefined) return given;
  const size = Math.ceil(length / count);
  return Array.from({ length: count }, (_, i) => Math.max(Math.min(size, length - i * size), 0));
}

function splitUp(call: Call): ArrayValue[] {
  const x = call.value(0);
  const axis = axisOf(call.attributes.int("axis", 0), x.rank);
  const parts = partsOf(call, x.shape[axis], call.attributes.int("num_outputs", call.wanted.length));
  return cut(x, parts, axis);
}

/** The parts of an array along an axis. */
export function cut(x: ArrayValue, parts: readonly number[], axis: number): ArrayValue[] {
  if (isNative(x.type) || x.isTensor) {
    const tensors = split(x.tensor, parts, axis);
    return tensors.map((t) => movedOne(x, () => t));
  }
  return parts.map((_, i) => movedOne(x, (t) => split(t, parts, axis)[i]));
}

/** Where a slice begins along an axis, how many elements it takes, and at which distance, with bounds cut off as the standard says. */
function windowOf(
  length: number,
  start: number,
  end: number,
  step: number,
): { start: number; length: number; step: number } {
  if (step === 0) throw new RangeError("a step is 0");
  const from = start < 0 ? start + length : start;
  const to = end < 0 ? end + length : end;
  if (step > 0) {
    const [first, last] = [Math.min(Math.max(from, 0), length), Math.min(Math.max(to, 0), length)];
    return { start: first, length: Math.max(Math.ceil((last - first) / step), 0), step };
  }
  const [first, last] = [Math.min(Math.max(from, -1), length - 1), Math.min(Math.max(to, -1), length - 1)];
  return { start: first, length: Math.max(Math.ceil((first - last) / -step), 0), step };
}

function sliced(call: Call): ArrayValue[] {
  const x = call.value(0);
  const starts = call.intsAt(1, "starts") ?? [];
  const ends = call.intsAt(2, "ends") ?? [];
  const axes = (call.intsAt(3, "axes") ?? starts.map((_, i) => i)).map((axis) => axisOf(axis, x.rank));
  const steps = call.numbers(4) ?? starts.map(() => 1);
  const windows = x.shape.map((length) => ({ start: 0, length: length, step: 1 }));
  axes.forEach((axis, i) => {
    windows[axis] = windowOf(x.shape[axis], starts[i], ends[i], steps[i]);
  });
  if (windows.some(({ length }) => length === 0)) {
    return [
      fromNumbers(
        x.type,
        windows.map(({ length }) => length),
        [],
      ),
    ];
  }
  return [movedOne(x, (t) => window(t, windows))];
}

function window(x: Tensor, windows: readonly { start: number; length: number; step: number }[]): Tensor {
  // Steps beyond what an address can be take one element.
  return windowAlongAxes(
    "Slice",
    x,
    windows.map(({ start, length, step }) => ({ start, length, step: length === 1 ? 1 : step })),
  );
}

function expanded(call: Call): ArrayValue[] {
  const x = call.value(0);
  const shape = broadcastShapes("Expand", x.shape, call.value(1).numbers);
  return [movedOne(x, (t) => broadcastTo(t, shape))];
}

function tiled(call: Call): ArrayValue[] {
  const x = call.value(0);
  let repeats = call.value(1).numbers;
  // The first version: how often, and along which axis.
  if (call.has(2)) {
    const axis = call.value(2).number;
    repeats = x.shape.map((_, i) => (i === axis ? repeats[0] : 1));
  }
  return [movedOne(x, (t) => tile(t, repeats))];
}

/** Lengths before and after each axis: attributes before version 11, then inputs, for some axes only from version 18 on. */
function padded(call: Call): ArrayValue[] {
  const x = call.value(0);
  const given = call.intsAt(1, call.opset < 2 ? "paddings" : "pads") ?? [];
  const axes = (call.numbers(3) ?? x.shape.map((_, i) => i)).map((axis) => axisOf(axis, x.rank));
  const widths = x.shape.map((): [number, number] => [0, 0]);
  axes.forEach((axis, i) => {
    widths[axis] = [given[i], given[i + axes.length]];
  });
  const mode = call.attributes.text("mode", "constant");
  // What is cut off by negative widths is cut first.
  const windows = x.shape.map((length, axis) => {
    const start = Math.max(-widths[axis][0], 0);
    return { start, length: Math.max(length - start - Math.max(-widths[axis][1], 0), 0), step: 1 };
  });
  const whole = windows.every(({ length }, axis) => length === x.shape[axis]);
  const base = whole ? x : movedOne(x, (t) => window(t, windows));
  const added = widths.map(([before, after]): [number, number] => [Math.max(before, 0), Math.max(after, 0)]);
  if (added.every(([before, after]) => before === 0 && after === 0)) return [base];
  if (mode === "constant") {
    const value = call.has(2)
      ? call.value(2)
      : fromNumbers(x.type, [], x.type === "string" ? [] : [call.attributes.float("value", 0)]);
    if (isNative(x.type)) return [movedOne(base, (t) => pad(t, added, "constant", value.number))];
    return [moved([base, value], ([t, c]) => withConstant(t, c, added))];
  }
  return [movedOne(base, (t) => extended(t, added, mode))];
}

/** For arrays that are no tensors: the constant's number stands where it is added. */
function withConstant(x: Tensor, constant: Tensor, widths: readonly [number, number][]): Tensor {
  const known = pad(x, widths, "constant", -1);
  return where(known.less(0), reshape(constant, []), known);
}

/** edge, reflect, wrap: by the places of the elements along each axis. */
function extended(x: Tensor, widths: readonly [number, number][], mode: string): Tensor {
  let y = x;
  widths.forEach(([before, after], axis) => {
    if (before === 0 && after === 0) return;
    const places = numbersOfPadding(y.shape[axis], before, after, mode);
    y = gather(y, tensor(Int32Array.from(places)), axis);
  });
  return y;
}

function depthToSpace(call: Call): ArrayValue[] {
  const x = call.value(0);
  const b = call.attributes.int("blocksize", 1);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const columns = call.attributes.text("mode", "DCR") === "CRD";
  const out = c / (b * b);
  return [
    movedOne(x, (t) =>
      reshape(
        columns
          ? transpose(reshape(t, [n, out, b, b, h, w]), [0, 1, 4, 2, 5, 3])
          : transpose(reshape(t, [n, b, b, out, h, w]), [0, 3, 4, 1, 5, 2]),
        [n, out, h * b, w * b],
      ),
    ),
  ];
}

function spaceToDepth(call: Call): ArrayValue[] {
  const x = call.value(0);
  const b = call.attributes.int("blocksize", 1);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return [
    movedOne(x, (t) =>
      reshape(transpose(reshape(t, [n, c, h / b, b, w / b, b]), [0, 3, 5, 1, 2, 4]), [n, c * b * b, h / b, w / b]),
    ),
  ];
}

function triangle(call: Call): ArrayValue[] {
  const x = call.value(0);
  const k = call.number(1, 0);
  const upper = call.attributes.flag("upper", true);
  const zero = fromNumbers(x.type, [], [0]);
  return [
    moved([x, zero], ([t, z]) => {
      const kept = upper ? upperMask(t, clampDiagonal(k, t)) : lowerMask(t, clampDiagonal(k, t));
      return where(kept, t, z);
    }),
  ];
}

function clampDiagonal(k: number, x: Tensor): number {
  const most = Math.max(...x.shape.slice(-2)) + 1;
  return Math.min(Math.max(k, -most), most);
}

function reversedSequence(call: Call): ArrayValue[] {
  const x = call.value(0);
  const lengths = call.value(1).numbers;
  const [timeAxis, batchAxis] = [call.attributes.int("time_axis", 0), call.attributes.int("batch_axis", 1)];
  const steps = x.shape[timeAxis];
  const shape = x.shape.map((length, axis) => (axis === timeAxis || axis === batchAxis ? length : 1));
  const batchStride = batchAxis > timeAxis ? 1 : steps;
  const timeStride = batchAxis > timeAxis ? lengths.length : 1;
  const places = new Int32Array(steps * lengths.length);
  lengths.forEach((length, b) => {
    for (let t = 0; t < steps; t++) places[b * batchStride + t * timeStride] = t < length ? length - 1 - t : t;
  });
  return [movedOne(x, (t) => takeAlongAxis(t, broadcastTo(tensor(places, { shape }), x.shape), timeAxis))];
}

/** Cut or padded in the middle; of an odd difference the larger half is after. */
function centred(call: Call): ArrayValue[] {
  const x = call.value(0);
  const wanted = call.value(1).numbers;
  const axes = (call.attributes.ints("axes") ?? x.shape.map((_, i) => i)).map((axis) => axisOf(axis, x.rank));
  const windows = x.shape.map((length) => ({ start: 0, length: length, step: 1 }));
  const widths = x.shape.map((): [number, number] => [0, 0]);
  axes.forEach((axis, i) => {
    const difference = wanted[i] - x.shape[axis];
    if (difference < 0) windows[axis] = { start: Math.floor(-difference / 2), length: wanted[i], step: 1 };
    else widths[axis] = [Math.floor(difference / 2), Math.ceil(difference / 2)];
  });
  const zero = fromNumbers(x.type, [], [0]);
  return [
    moved([x, zero], ([t, z]) =>
      isNative(x.type) ? pad(window(t, windows), widths) : withConstant(window(t, windows), z, widths),
    ),
  ];
}

/** Operators of this family. */
export const shaping: OperatorTable = {
  Reshape: entry(reshaped, { shapedBy: "values" }),
  Flatten: entry(flattened),
  Squeeze: entry(squeezed, { shapedBy: "values" }),
  Unsqueeze: entry(unsqueezed, { shapedBy: "values" }),
  Transpose: entry(transposed),
  Concat: entry(concatenated),
  Split: entry(splitUp, { shapedBy: "values" }),
  Slice: entry(sliced, { shapedBy: "values" }),
  Expand: entry(expanded, { shapedBy: "values" }),
  Tile: entry(tiled, { shapedBy: "values" }),
  Pad: entry(padded, { shapedBy: "values" }),
  DepthToSpace: entry(depthToSpace),
  SpaceToDepth: entry(spaceToDepth),
  Trilu: entry(triangle),
  ReverseSequence: entry(reversedSequence),
  CenterCropPad: entry(centred, { shapedBy: "values" }),
};
