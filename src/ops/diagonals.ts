// Diagonals and triangles of matrices.
import { integer } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { zeros } from "../tensor/create.ts";
import { record, tracked } from "../tensor/graph.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { type Tensor, windowOf } from "../tensor/tensor.ts";
import { sum } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { where } from "./choice.ts";

function triangle(operation: string, x: Tensor, inside: (row: number, column: number) => boolean): Tensor {
  checkTensor(operation, x);
  if (x.rank < 2) throw new RangeError(`${operation}: needs at least two axes, got shape ${formatShape(x.shape)}`);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const mask = zeros([rows, columns], x.dtype);
  const values = mask.dataSync();
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) if (inside(i, j)) values[i * columns + j] = 1;
  engine().write(mask, values);
  return mask;
}

/**
 * A mask in the shape of x's last two axes: true on and below the `offset`-th diagonal (0: the main one, above it
 * positive). Its values are not read.
 * @throws RangeError for fewer than two axes; TypeError if x is not a tensor.
 * @example
 * ```ts
 * lowerMask(zeros([2, 2])).toArray(); // [[true, false], [true, true]]
 * ```
 */
export function lowerMask(x: Tensor, offset = 0): Tensor {
  integer("lowerMask", "the offset", offset);
  return cast(
    triangle("lowerMask", x, (i, j) => j <= i + offset),
    "bool",
  );
}

/**
 * A mask in the shape of x's last two axes: true on and above the `offset`-th diagonal (0: the main one, above it
 * positive). Its values are not read.
 * @throws RangeError for fewer than two axes; TypeError if x is not a tensor.
 * @example
 * ```ts
 * upperMask(zeros([2, 2])).toArray(); // [[true, true], [false, true]]
 * ```
 */
export function upperMask(x: Tensor, offset = 0): Tensor {
  integer("upperMask", "the offset", offset);
  return cast(
    triangle("upperMask", x, (i, j) => j >= i + offset),
    "bool",
  );
}

/**
 * A copy with 0 above the `offset`-th diagonal of the last two axes: NumPy's tril. Gradient: dy on and below it.
 * @throws RangeError for fewer than two axes.
 * @example
 * ```ts
 * lowerTriangle(tensor([[1, 2], [3, 4]])).toArray(); // [[1, 0], [3, 4]]
 * ```
 */
export function lowerTriangle(x: Tensor, offset = 0): Tensor {
  return where(lowerMask(x, offset), x, zeros([], x.dtype));
}

/**
 * A copy with 0 below the `offset`-th diagonal of the last two axes: NumPy's triu. Gradient: dy on and above it.
 * @throws RangeError for fewer than two axes.
 * @example
 * ```ts
 * upperTriangle(tensor([[1, 2], [3, 4]])).toArray(); // [[1, 2], [0, 4]]
 * ```
 */
export function upperTriangle(x: Tensor, offset = 0): Tensor {
  return where(upperMask(x, offset), x, zeros([], x.dtype));
}

/**
 * The elements on the `offset`-th diagonal of a matrix (0: the main one, above it positive), a view: [m, n] to
 * [length].
 *
 * Gradient: dy on the diagonal, 0 elsewhere.
 * @throws RangeError unless x is a matrix; TypeError if x is not a tensor.
 * @example
 * ```ts
 * diagonal(tensor([[1, 2], [3, 4]])).toArray(); // [1, 4]
 * ```
 */
export function diagonal(x: Tensor, offset = 0): Tensor {
  checkTensor("diagonal", x);
  integer("diagonal", "the offset", offset);
  if (x.rank !== 2) throw new RangeError(`diagonal: needs a matrix, got shape ${formatShape(x.shape)}`);
  const [rows, columns] = x.shape as [number, number];
  const row = Math.max(0, -offset);
  const column = Math.max(0, offset);
  const length = Math.max(0, Math.min(rows - row, columns - column));
  const [rowStride, columnStride] = x.strides as [number, number];
  const start = length === 0 ? x.offset : x.offset + row * rowStride + column * columnStride;
  const y = windowOf(x, [length], start, [rowStride + columnStride]);
  if (!tracked(x)) return y;
  return record("diagonal", y, [x], (dy) => [diagonalMatrix(dy, [rows, columns], offset)]);
}

/** A matrix with `x` on its diagonal and 0 elsewhere: the gradient of `diagonal`. */
function diagonalMatrix(x: Tensor, shape: Shape, offset: number): Tensor {
  const y = zeros(shape, x.dtype);
  if (x.size > 0) engine().copy(x, diagonal(y, offset));
  return tracked(x) ? record("diagonalMatrix", y, [x], (dy) => [diagonal(dy, offset)]) : y;
}

/**
 * Sum of a matrix's diagonal: [m, n] to a scalar.
 *
 * Gradient: dy on the diagonal, 0 elsewhere.
 * @throws RangeError unless x is a matrix; TypeError if x is not a tensor.
 * @example
 * ```ts
 * trace(tensor([[1, 2], [3, 4]])).item(); // 5
 * ```
 */
export function trace(x: Tensor): Tensor {
  return sum(diagonal(x));
}
