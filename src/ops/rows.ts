// What index arrays select, as rows of a matrix [rows, width] whose rows are what lies behind the indexed axes: one gather to read, one
// scatter to add up, each the gradient of the other. Internal.
import { engine } from "../engine/engine.ts";
import { arange, zeros } from "../tensor/create.ts";
import { record, tracked } from "../tensor/graph.ts";
import { broadcastShapes, formatShape, MAXIMUM_RANK, type Shape, sizeOf } from "../tensor/shape.ts";
import { empty, packed, type Tensor } from "../tensor/tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { broadcastTo } from "./broadcast.ts";
import type { Plan } from "./index-plan.ts";
import { reshape, transpose } from "./views.ts";

/** y[i] = row number rows[i] of x, seen as rows of `width` elements. Gradient: rows of dy added up where they came from. */
export function takeRows(operation: string, x: Tensor, rows: Tensor, width: number, shape: Shape): Tensor {
  if (shape.length > MAXIMUM_RANK) {
    throw new RangeError(`${operation}: the result's shape ${formatShape(shape)} has more than ${MAXIMUM_RANK} axes`);
  }
  const y = empty(operation, shape, x.dtype);
  if (y.size > 0) engine().kernel("gatherRows", x.dtype, packed(x), rows, y, rows.size, width);
  return tracked(x) ? record(operation, y, [x], (dy) => [addRows(dy, rows, width, x.shape)]) : y;
}

/** Zeros of `shape` with each row of dy added at its row number. Gradient: the rows taken back. */
export function addRows(dy: Tensor, rows: Tensor, width: number, shape: Shape): Tensor {
  const y = zeros(shape, dy.dtype);
  if (dy.size > 0) engine().kernel("scatterAddRows", dy.dtype, rows, packed(dy), y, rows.size, width);
  return tracked(dy) ? record("scatterAdd", y, [dy], (g) => [takeRows("gather", g, rows, width, dy.shape)]) : y;
}

/** Where index arrays point: the tensor to take rows from, the row numbers, the width of a row and the result's shape. */
export interface Rows {
  base: Tensor;
  rows: Tensor;
  width: number;
  shape: Shape;
}

/** Lays x out so that index arrays on some axes become row numbers. */
export function rowsOf(operation: string, x: Tensor, arrays: Plan["arrays"], inPlace: boolean): Rows {
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
