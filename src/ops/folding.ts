// How a reduction runs: the axes to fold are brought together, [outer, n, inner], and a kernel folds n. Internal.
import { flag } from "../engine/checks.ts";
import type { DType } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { formatShape, normaliseAxes, sizeOf } from "../tensor/shape.ts";
import { empty, packed, type Tensor, windowOf } from "../tensor/tensor.ts";

/** Which axes to fold: one, several, or (undefined) all. */
export type Axes = number | readonly number[];

/** What a kernel needs to fold axes, and the shapes of the result. */
export interface Plan {
  axes: number[];
  /** Row-major elements to reduce as [outer, n, inner]. */
  source: Tensor;
  outer: number;
  n: number;
  inner: number;
  /** Result's shape without and with the folded axes kept as 1. */
  shape: number[];
  keptShape: number[];
}

/** Lays x out as [outer, n, inner] with n the folded axes: no copy where they are neighbours in a row-major tensor. */
export function plan(operation: string, x: Tensor, axes: Axes | undefined): Plan {
  const folded = normaliseAxes(operation, axes, x.rank);
  const shape: number[] = [];
  const keptShape: number[] = [];
  for (let i = 0; i < x.rank; i++) {
    const isFolded = folded.includes(i);
    if (!isFolded) shape.push(x.shape[i]);
    keptShape.push(isFolded ? 1 : x.shape[i]);
  }
  const neighbours = folded.length === 0 || folded.at(-1)! - folded[0] === folded.length - 1;
  if (neighbours) {
    const first = folded[0] ?? x.rank;
    const last = folded.at(-1) ?? x.rank - 1;
    const outer = sizeOf(x.shape.slice(0, first));
    const inner = sizeOf(x.shape.slice(last + 1));
    return {
      axes: folded,
      source: packed(x),
      outer,
      n: sizeOf(x.shape.slice(first, last + 1)),
      inner,
      shape,
      keptShape,
    };
  }
  const kept = x.shape.map((_, i) => i).filter((i) => !folded.includes(i));
  const order = [...kept, ...folded];
  const moved = windowOf(
    x,
    order.map((i) => x.shape[i]),
    x.offset,
    order.map((i) => x.strides[i]),
  );
  return {
    axes: folded,
    source: packed(moved),
    outer: sizeOf(shape),
    n: sizeOf(folded.map((i) => x.shape[i])),
    inner: 1,
    shape,
    keptShape,
  };
}

/** Folds by the kernel of that name. */
export function fold(operation: string, p: Plan, keepDims: boolean, dtype: DType): Tensor {
  flag(operation, "keepDims", keepDims);
  const y = empty(operation, keepDims ? p.keptShape : p.shape, dtype);
  if (y.size > 0) engine().reduce(operation, p.source, y, p.outer, p.n, p.inner);
  return y;
}

/** Throws where nothing is folded: an extreme of no elements does not exist. */
export function checkNotEmpty(operation: string, p: Plan, x: Tensor): void {
  if (p.n === 0)
    throw new RangeError(
      `${operation}: no elements to compare in axes [${p.axes.join(", ")}] of shape ${formatShape(x.shape)}`,
    );
}
