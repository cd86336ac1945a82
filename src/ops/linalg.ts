// Products of matrices and vectors. Operands are used where they lie: a transposed matrix is only other strides to the kernel.
import { isFloat, promote } from "../engine/dtype.ts";
import { engine, type FusedActivation, type MatrixView } from "../engine/engine.ts";
import { zerosLike } from "../tensor/create.ts";
import { anyTracked, isCollecting, isRecording, record } from "../tensor/graph.ts";
import { broadcastShapes, formatShape, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { empty, packed, type Tensor, windowOf } from "../tensor/tensor.ts";
import { reluGradient, sigmoidGradient } from "./activations.ts";
import { mul } from "./arithmetic.ts";
import { broadcastTo, sum, sumTo } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { inTimeOrder, isTimeFirst } from "./memory-order.ts";
import { tanhGradient } from "./trigonometry.ts";
import { expandDims, reshape, squeeze, swapAxes } from "./views.ts";

/** The operands in one float dtype. */
export function floats(operation: string, a: Tensor, b: Tensor): [Tensor, Tensor] {
  checkTensor(operation, a);
  checkTensor(operation, b);
  const common = promote(a.dtype, b.dtype);
  const dtype = isFloat(common) ? common : "float32";
  return [cast(a, dtype), cast(b, dtype)];
}

function notAligned(operation: string, a: Shape, b: Shape): RangeError {
  const axisA = a.length - 1;
  const axisB = b.length === 1 ? 0 : b.length - 2;
  const write = (shape: Shape): string => `(${shape.join(",")}${shape.length === 1 ? "," : ""})`;
  return new RangeError(
    `${operation}: shapes ${write(a)} and ${write(b)} not aligned: ${a[axisA]} (dim ${axisA}) != ${b[axisB]} (dim ${axisB})`,
  );
}

/**
 * Matrix product: [..., m, k] by [..., k, n] gives [..., m, n], leading axes broadcast. As in NumPy a vector counts as
 * a row on the left and as a column on the right, and its axis is dropped again. int32 and bool become float32.
 *
 * Gradients: dy b^T, a^T dy.
 * @throws RangeError if the inner lengths differ or an operand is a scalar; TypeError unless both are tensors.
 * @example
 * ```ts
 * matmul(tensor([[1, 2], [3, 4]]), tensor([[5], [6]])).toArray(); // [[17], [39]]
 * ```
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const [x, y] = floats("matmul", a, b);
  if (x.rank === 0 || y.rank === 0) throw new RangeError("matmul: a scalar can't be multiplied as a matrix; use mul");
  if (x.shape.at(-1) !== y.shape.at(y.rank === 1 ? 0 : -2)) throw notAligned("matmul", a.shape, b.shape);
  if (x.rank === 1 && y.rank === 1) return reshape(product(expandDims(x, 0), expandDims(y, 1)), []);
  if (x.rank === 1) return squeeze(product(expandDims(x, 0), y), -2);
  if (y.rank === 1) return squeeze(product(x, expandDims(y, 1)), -1);
  return product(x, y);
}

/** Both operands of rank 2 or more. */
function product(a: Tensor, b: Tensor): Tensor {
  const c = multiply(a, b);
  if (!anyTracked(a, b)) return c;
  return record("matmul", c, [a, b], (dy) => [
    a.node ? sumTo(product(dy, swapAxes(b, -1, -2)), a.shape) : undefined,
    b.node ? gradientOfRight(a, b, dy) : undefined,
  ]);
}

/** a^T dy. Where b is one matrix for a whole batch, the batch joins the rows and no sum over it is needed. */
function gradientOfRight(a: Tensor, b: Tensor, dy: Tensor): Tensor {
  if (b.rank === 2 && a.rank > 2) {
    return product(swapAxes(asRows(a), 0, 1), asRows(dy));
  }
  return sumTo(product(swapAxes(a, -1, -2), dy), b.shape);
}

/** All but the last axis in one: [..., n] as [rows, n], also where n is 0. */
function asRows(x: Tensor): Tensor {
  return x.rank === 2 ? x : reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);
}

function multiply(a: Tensor, b: Tensor): Tensor {
  const m = a.shape.at(-2)!;
  const k = a.shape.at(-1)!;
  const n = b.shape.at(-1)!;
  if (a.rank === 2 && b.rank === 2) {
    const c = empty("matmul", [m, n], a.dtype);
    if (c.size > 0) engine().matmul(matrix(a, 0), matrix(b, 0), c, m, n, k, 1);
    return c;
  }
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const c = empty("matmul", [...batch, m, n], a.dtype);
  const count = sizeOf(batch);
  if (c.size === 0) return c;
  if (b.rank === 2 && a.contiguous) {
    engine().matmul(matrix(reshape(detached(a), [count * m, k]), 0), matrix(b, 0), c, count * m, n, k, 1);
    return c;
  }
  const left = matrixBatch(detached(a), batch);
  const right = matrixBatch(detached(b), batch);
  engine().matmul(left, right, c, m, n, k, count);
  return c;
}

function detached(x: Tensor): Tensor {
  return x.node === null ? x : windowOf(x, x.shape, x.offset, x.strides);
}

function matrix(x: Tensor, batchStride: number): MatrixView {
  return { view: x, offset: x.offset, rowStride: x.strides.at(-2)!, columnStride: x.strides.at(-1)!, batchStride };
}

/** The operand with its leading axes broadcast to `batch` and walked in one stride; copied only if they can't be. */
function matrixBatch(x: Tensor, batch: Shape): MatrixView {
  const own = x.shape.slice(0, -2);
  if (sizeOf(own) === 1) return matrix(x, 0);
  const spread = sameShape(own, batch) ? x : broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  const lead = batch.length;
  let stride = spread.strides[lead - 1];
  let span = batch[lead - 1];
  let innermost = lead - 1;
  while (innermost > 0 && span === 1) {
    innermost -= 1;
    stride = spread.strides[innermost];
    span = batch[innermost];
  }
  for (let axis = innermost - 1; axis >= 0; axis--) {
    if (batch[axis] !== 1 && spread.strides[axis] !== stride * span) {
      const copy = packed(spread);
      return matrix(copy, copy.shape.at(-2)! * copy.shape.at(-1)!);
    }
    span *= batch[axis];
  }
  return matrix(spread, stride);
}

/**
 * NumPy's dot: for two vectors the inner product, for matrices the matrix product, with a scalar the elementwise
 * product. With more axes, every row of a with every column of b: [..., m, k] by [...', k, n] gives [..., m, ...', n].
 *
 * Gradients: those of `matmul`.
 * @throws RangeError `dot: shapes (2,3) and (2,2) not aligned: 3 (dim 1) != 2 (dim 0)` if the inner lengths differ;
 * TypeError unless both are tensors.
 * @example
 * ```ts
 * dot(tensor([1, 2]), tensor([3, 4])).item(); // 11
 * ```
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkTensor("dot", a);
  checkTensor("dot", b);
  if (a.rank === 0 || b.rank === 0) return mul(a, b);
  if (a.shape.at(-1) !== b.shape.at(b.rank === 1 ? 0 : -2)) throw notAligned("dot", a.shape, b.shape);
  if (a.rank <= 2 && b.rank <= 2) return matmul(a, b);
  // Every row of a with every column of b, as NumPy's dot has it: shape [...a without last, ...b without second to last].
  const k = a.shape.at(-1)!;
  const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), k]);
  const across = [...b.shape.slice(0, -2), b.shape.at(-1)!];
  const columns = b.rank === 1 ? expandDims(b, 1) : reshape(swapAxes(b, -1, -2), [sizeOf(across), k]);
  const y = b.rank === 1 ? matmul(rows, columns) : matmul(rows, swapAxes(columns, 0, 1));
  return reshape(y, [...a.shape.slice(0, -1), ...(b.rank === 1 ? [] : across)]);
}

/**
 * Outer product, every element of a with every one of b: [n] and [m] give [n, m]; more axes are flattened.
 *
 * Gradients: the rows of dy times b, the columns of dy times a.
 * @throws TypeError unless both are tensors.
 * @example
 * ```ts
 * outer(tensor([1, 2]), tensor([3, 4])).toArray(); // [[3, 4], [6, 8]]
 * ```
 */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkTensor("outer", a);
  checkTensor("outer", b);
  return mul(reshape(a, [a.size, 1]), reshape(b, [1, b.size]));
}

/** The gradient of a fused activation from its result. */
function activationGradient(activation: FusedActivation, dy: Tensor, y: Tensor): Tensor {
  switch (activation) {
    case "none":
      return dy;
    case "sigmoid":
      return sigmoidGradient(dy, y);
    case "tanh":
      return tanhGradient(dy, y);
    case "relu":
      return reluGradient(dy, y);
  }
}

/**
 * A layer's affine map with its activation, in one pass: f(x W + b). Shapes: x [..., in], W [in, out], b [out] or null,
 * result [..., out].
 *
 * Gradients, with dz = dy f'(z): dz W^T, x^T dz, and dz summed over the rows.
 * @throws RangeError if the lengths do not fit; TypeError unless the operands are tensors.
 * @example
 * ```ts
 * linear(tensor([[1, 2]]), tensor([[3], [4]]), tensor([5])).toArray(); // [[16]]
 * linear(tensor([[1, 2]]), tensor([[3], [-4]]), null, "relu").toArray(); // [[0]]
 * ```
 */
export function linear(
  x: Tensor,
  weights: Tensor,
  bias: Tensor | null = null,
  activation: FusedActivation = "none",
): Tensor {
  const [input, w] = floats("linear", x, weights);
  if (w.rank !== 2)
    throw new RangeError(`linear: weights must be a matrix [in, out], got shape ${formatShape(w.shape)}`);
  const [inputs, outputs] = w.shape as [number, number];
  if (input.rank === 0) throw new RangeError("linear: x is a scalar; it needs an axis of inputs, [..., in]");
  if (input.shape.at(-1) !== inputs) throw notAligned("linear", input.shape, w.shape);
  const b = bias === null ? null : cast(bias, w.dtype);
  if (b !== null && !sameShape(b.shape, [outputs])) {
    throw new RangeError(`linear: bias must have shape (${outputs},), got ${formatShape(b.shape)}`);
  }
  if (input.rank === 3 && isTimeFirst(input)) return inTimeOrder(input, (x) => linear(x, w, b, activation));
  const rows = input.rank === 2 ? input : packed(input);
  const count = inputs === 0 ? sizeOf(input.shape.slice(0, -1)) : input.size / inputs;
  const y = empty("linear", [...input.shape.slice(0, -1), outputs], w.dtype);
  const rowStride = input.rank === 2 ? rows.strides[0] : inputs;
  const columnStride = input.rank === 2 ? rows.strides[1] : 1;
  const left: MatrixView = { view: rows, offset: rows.offset, rowStride, columnStride, batchStride: 0 };
  if (y.size > 0) {
    engine().matmul(left, matrix(w, 0), y, count, outputs, inputs, 1, {
      bias: b === null ? undefined : packed(b),
      activation,
    });
  }
  if (!isRecording() || (input.node === null && w.node === null && (b === null || b.node === null))) return y;
  return record("linear", y, b === null ? [input, w] : [input, w, b], (dy) => {
    const dz = activationGradient(activation, dy, y);
    const flat = asRows(dz);
    const dx = input.node ? matmul(dz.rank === 1 ? reshape(dz, [1, -1]) : dz, swapAxes(w, 0, 1)) : undefined;
    return [
      dx && (dz.rank === 1 ? reshape(dx, [-1]) : dx),
      w.node ? gradientOfWeights(input, flat, w) : undefined,
      b?.node ? gradientOfBias(flat, b) : undefined,
    ];
  });
}

/** x^T dz, written (or added) straight into the place where the gradient of the weights is collected, if nothing follows gradients through it. */
function gradientOfWeights(input: Tensor, dz: Tensor, weights: Tensor): Tensor {
  const slot = isCollecting() ? weights.node?.slot : null;
  const rows = asRows(input);
  if (
    !slot ||
    anyTracked(input, dz) ||
    dz.dtype !== slot.tensor.dtype ||
    !slot.tensor.contiguous ||
    slot.tensor.size === 0
  ) {
    return matmul(swapAxes(rows, 0, 1), dz);
  }
  const left: MatrixView = {
    view: rows,
    offset: rows.offset,
    rowStride: rows.strides[1],
    columnStride: rows.strides[0],
    batchStride: 0,
  };
  const [inputs, outputs] = weights.shape as [number, number];
  if (rows.shape[0] === 0) return zerosLike(weights);
  engine().matmul(left, matrix(dz, 0), slot.tensor, inputs, outputs, rows.shape[0], 1, { accumulate: !slot.fresh });
  slot.fresh = false;
  return slot.tensor;
}

function gradientOfBias(dz: Tensor, bias: Tensor): Tensor {
  const slot = isCollecting() ? bias.node?.slot : null;
  if (
    !slot?.fresh ||
    anyTracked(dz, dz) ||
    !dz.contiguous ||
    dz.dtype !== slot.tensor.dtype ||
    !slot.tensor.contiguous
  ) {
    return sum(dz, 0);
  }
  if (dz.size === 0) return zerosLike(bias);
  engine().reduce("sum", dz, slot.tensor, 1, dz.shape[0], dz.shape[1]);
  slot.fresh = false;
  return slot.tensor;
}
