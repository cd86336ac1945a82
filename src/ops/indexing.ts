// Indexing as NumPy does it. Integers, slices, new axes and the ellipsis only move a window: the result is a view. Index arrays and masks
// become row numbers: one gather to read, one scatter to write.
import { engine } from "../engine/engine.ts";
import { tensor, zeros } from "../tensor/create.ts";
import { record, tracked, withRecording } from "../tensor/graph.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { empty, type NestedArray, packed, Tensor, windowOf } from "../tensor/tensor.ts";
import { broadcastsTo, broadcastTo } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { type Index, planFor, type View } from "./index-plan.ts";
import { rowsOf, takeRows } from "./rows.ts";
import { reshape } from "./views.ts";

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
  return tracked(x) ? record("get", y, [x], (dy) => [place(dy, view, x.shape)]) : y;
}

/** dy where the view lies in a tensor of zeros: the gradient of `look`, whose own gradient is `look`. */
function place(dy: Tensor, view: View, shape: Shape): Tensor {
  const y = zeros(shape, dy.dtype);
  if (dy.size > 0) engine().copy(dy, windowAt(y, view));
  return tracked(dy) ? record("place", y, [dy], (g) => [look(g, view)]) : y;
}

/**
 * NumPy's x[...] for reading, `x.get(0, "1:3")`: one index an axis, see `Index`; axes without one are taken in full. Numbers, ranges, `newAxis` and
 * `ellipsis` give a view; with index arrays or masks it is a copy. Axes that index arrays make stand where the arrays stood if these are
 * side by side (numbers counted among them), else first.
 *
 * Gradient: dy in its place; positions taken several times add up.
 * @throws RangeError for a position out of range (axis, position and length are named), too many indices, or a mask that does not fit;
 * TypeError for what is no index.
 * @example
 * ```ts
 * tensor([[1, 2], [3, 4]]).get(0, -1).item(); // 2
 * tensor([[1, 2], [3, 4]]).get(":", 1).toArray(); // [2, 4]
 * tensor([1, 2, 3, 4]).get("::-2").toArray(); // [4, 2]
 * tensor([1, 2, 3, 4]).get({ start: 1, stop: -1 }).toArray(); // [2, 3]
 * tensor([1, 2, 3, 4]).get([0, 0, 3]).toArray(); // [1, 1, 4]
 * ```
 */
export function get(x: Tensor, ...indices: Index[]): Tensor {
  checkTensor("get", x);
  const plan = planFor("get", x.shape, indices);
  const view = look(x, plan.view);
  if (plan.arrays.length === 0) return view;
  const { base, rows, width, shape } = rowsOf("get", view, plan.arrays, plan.inPlace);
  return takeRows("get", base, rows, width, shape);
}

/**
 * NumPy's x[indices] = value: writes into x's memory, and so into every view of it. `indices` are an array of those that `get` takes, or a single
 * number, string or tensor. The value (a number, nested arrays or a tensor) is broadcast to what
 * the indices select, and cast to x's dtype. Where a position is named twice, the last value stays. Returns x.
 *
 * @throws Error if the write would escape differentiation: x has a gradient to follow (write inside noGrad, or to a clone), is the result of
 * a recorded operation (write to a clone), or the value has one; RangeError as `get`, or if the value can't be broadcast.
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
  const plan = planFor("set", x.shape, Array.isArray(indices) ? indices : [indices as Index]);
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
