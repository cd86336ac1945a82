// What inverses and decompositions share: their operands are batches of matrices in the last two axes. They are read once, computed in float64
// whatever their dtype, one matrix after the other, and the results are written in the operand's dtype.
import { tensor } from "../../tensor/create.ts";
import { formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { real } from "../cast.ts";
import { expandDims, swapAxes } from "../views.ts";

/** A batch of matrices, read. */
export interface Matrices {
  /** The operand in a float dtype: int32 and bool became float32. */
  x: Tensor;
  /** Axes before the last two. */
  batch: Shape;
  /** Number of matrices. */
  count: number;
  rows: number;
  columns: number;
  /** All elements, row-major; the caller's own. */
  values: Float64Array;
}

/** Throws unless the last two axes hold matrices of finite numbers. */
export function readMatrices(operation: string, x: Tensor): Matrices {
  const input = real(operation, x);
  if (input.rank < 2) {
    throw new RangeError(`${operation}: needs matrices in the last two axes, got shape ${formatShape(input.shape)}`);
  }
  const batch = input.shape.slice(0, -2);
  const [rows, columns] = input.shape.slice(-2) as [number, number];
  const values = Float64Array.from(input.dataSync());
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    const within = at % (rows * columns);
    const place = nameOfMatrix(batch, Math.floor(at / (rows * columns)));
    throw new RangeError(
      `${operation}: ${place} has ${values[at]} in row ${Math.floor(within / columns)}, column ${within % columns}; ` +
        "only finite numbers can be decomposed: look for where it comes from, with isfinite",
    );
  }
  return { x: input, batch, count: sizeOf(batch), rows, columns, values };
}

/** The same for square matrices: [..., n, n]. */
export function readSquare(operation: string, x: Tensor): Matrices {
  const matrices = readMatrices(operation, x);
  if (matrices.rows !== matrices.columns) {
    throw new RangeError(`${operation}: needs square matrices [..., n, n], got shape ${formatShape(x.shape)}`);
  }
  return matrices;
}

/** "the matrix", or which one of the batch. */
export function nameOfMatrix(batch: Shape, position: number): string {
  if (batch.length === 0) return "the matrix";
  let rest = position;
  const index = batch.toReversed().map((length) => {
    const at = rest % length;
    rest = (rest - at) / length;
    return at;
  });
  return `matrix [${index.reverse().join(", ")}] of the batch of shape ${formatShape(batch)}`;
}

/** Calls `each` with every matrix's elements, which it may overwrite, and its number. */
export function forEachMatrix(
  { values, count, rows, columns }: Matrices,
  each: (a: Float64Array, position: number) => void,
): void {
  for (let i = 0; i < count; i++) each(values.subarray(i * rows * columns, (i + 1) * rows * columns), i);
}

/** A result, in the dtype of the operand. */
export function written({ x, batch }: Matrices, shape: Shape, values: Float64Array): Tensor {
  return tensor(values, { dtype: x.dtype, shape: [...batch, ...shape] });
}

/** The transposed matrices. */
export function transposed(x: Tensor): Tensor {
  return swapAxes(x, -1, -2);
}

/** A number for every matrix, [...], in a shape that broadcasts with them: [..., 1, 1]. */
export function overMatrices(x: Tensor): Tensor {
  return expandDims(expandDims(x, -1), -1);
}
