// Systems of linear equations and the inverse, by elimination with partial pivoting.
import { tensor } from "../../tensor/create.ts";
import { anyTracked, record, tracked } from "../../tensor/graph.ts";
import { broadcastShapes, formatShape, type Shape, sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { neg } from "../arithmetic.ts";
import { sumTo } from "../broadcast.ts";
import { floats, matmul } from "../linalg.ts";
import { expandDims, squeeze } from "../views.ts";
import { type Elimination, eliminate, substitute } from "./lu.ts";
import {
  forEachMatrix,
  type Matrices,
  nameOfMatrix,
  readMatrices,
  readSquare,
  transposed,
  written,
} from "./operands.ts";

/** Eliminates every matrix of the batch in its place. */
function eliminated(operation: string, matrices: Matrices): Elimination[] {
  const results: Elimination[] = [];
  forEachMatrix(matrices, (a, position) => {
    const result = eliminate(a, matrices.rows);
    if (result.missing >= 0) {
      throw new RangeError(
        `${operation}: ${nameOfMatrix(matrices.batch, position)} is singular: column ${result.missing} depends on those before it, ` +
          "so there is no inverse; add a small multiple of the identity to it, or use svd for a solution by least squares",
      );
    }
    results.push(result);
  });
  return results;
}

/** For each place of the broadcast batch, the one in `own`. */
function placesIn(own: Shape, batch: Shape): number[] {
  const lead = batch.length - own.length;
  return Array.from({ length: sizeOf(batch) }, (_, flat) => {
    let rest = flat;
    let place = 0;
    let step = 1;
    for (let axis = batch.length - 1; axis >= lead; axis--) {
      const length = own[axis - lead];
      if (length !== 1) place += (rest % batch[axis]) * step;
      rest = Math.floor(rest / batch[axis]);
      step *= length;
    }
    return place;
  });
}

/** a^-1 b for matrices on both sides, in one float dtype. */
function solution(operation: string, a: Tensor, b: Tensor): Tensor {
  const left = readSquare(operation, a);
  const right = readMatrices(operation, b);
  const n = left.rows;
  const { columns } = right;
  if (right.rows !== n) {
    throw new RangeError(
      `${operation}: a of shape ${formatShape(a.shape)} needs b with ${n} rows, got shape ${formatShape(b.shape)}; ` +
        "b is one vector [n] or matrices [..., n, k]: a batch of vectors is expandDims(b, -1)",
    );
  }
  const batch = broadcastShapes(operation, left.batch, right.batch);
  const eliminations = eliminated(operation, left);
  const fromB = placesIn(right.batch, batch);
  const values = new Float64Array(fromB.length * n * columns);
  placesIn(left.batch, batch).forEach((at, i) => {
    const lu = left.values.subarray(at * n * n, (at + 1) * n * n);
    const one = right.values.subarray(fromB[i] * n * columns, (fromB[i] + 1) * n * columns);
    values.set(substitute(lu, eliminations[at].order, n, one, columns), i * n * columns);
  });
  const x = tensor(values, { dtype: a.dtype, shape: [...batch, n, columns] });
  if (!anyTracked(a, b)) return x;
  return record(operation, x, [a, b], (dx) => {
    const db = solution(operation, transposed(a), dx);
    return [
      a.node ? sumTo(neg(matmul(db, transposed(x))), a.shape) : undefined,
      b.node ? sumTo(db, b.shape) : undefined,
    ];
  });
}

/**
 * The x of a x = b. Shapes: a [..., n, n]; b is one vector [n], which gives [..., n], or of two axes and more, which are matrices [..., n, k]
 * with a vector in each column: leading axes broadcast, as NumPy 2 has it. Computed in float64; int32 and bool become float32. A matrix that is
 * nearly singular gives what its rounding makes of it.
 *
 * Gradients, with g = a^-T dx: of b it is g, of a it is -g x^T.
 *
 * Source: Golub and Van Loan, Matrix Computations, section 3.4.
 * @throws RangeError if a is not square, singular or not finite, or b does not fit; TypeError unless both are tensors.
 * @example
 * ```ts
 * solve(tensor([[2, 0], [0, 4]]), tensor([2, 8])).toArray(); // [1, 2]
 * solve(tensor([[2, 0], [0, 4]]), tensor([[2], [8]])).toArray(); // [[1], [2]]
 * ```
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  const [matrix, right] = floats("solve", a, b);
  if (right.rank === 0) throw new RangeError("solve: b must be a vector [n] or matrices [..., n, k], got a scalar");
  return right.rank === 1
    ? squeeze(solution("solve", matrix, expandDims(right, 1)), -1)
    : solution("solve", matrix, right);
}

/** The inverse, in the name of the operation that needs it. */
export function inverse(operation: string, x: Tensor): Tensor {
  const matrices = readSquare(operation, x);
  const { x: input, rows: n } = matrices;
  const eliminations = eliminated(operation, matrices);
  const unit = new Float64Array(n * n);
  for (let i = 0; i < n; i++) unit[i * n + i] = 1;
  forEachMatrix(matrices, (a, position) => a.set(substitute(a, eliminations[position].order, n, unit, n)));
  const y = written(matrices, [n, n], matrices.values);
  if (!tracked(input)) return y;
  return record("inv", y, [input], (dy) => {
    const t = transposed(y);
    return [neg(matmul(t, matmul(dy, t)))];
  });
}

/**
 * The inverse matrix: inv(x) x = I. Shape: [..., n, n], each matrix for itself. Computed in float64; int32 and bool become float32. To solve
 * equations `solve` is faster and more exact.
 *
 * Gradient, with y the inverse: -y^T dy y^T.
 *
 * Source: Golub and Van Loan, Matrix Computations, section 3.4.
 * @throws RangeError if a matrix is not square, singular or not finite; TypeError if x is not a tensor.
 * @example
 * ```ts
 * inv(tensor([[2, 0], [0, 4]])).toArray(); // [[0.5, 0], [0, 0.25]]
 * ```
 */
export function inv(x: Tensor): Tensor {
  return inverse("inv", x);
}
