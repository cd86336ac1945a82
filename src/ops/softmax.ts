// Sums of exponentials without overflow: their logarithm, and shares in them along an axis.
import { engine } from "../engine/engine.ts";
import { record, tracked } from "../tensor/graph.ts";
import { normaliseAxis } from "../tensor/shape.ts";
import { empty, packed, type Tensor, windowOf } from "../tensor/tensor.ts";
import { mul, sub } from "./arithmetic.ts";
import { sum, unfold } from "./broadcast.ts";
import { real } from "./cast.ts";
import { exp } from "./exponentials.ts";
import { type Axes, fold, plan } from "./folding.ts";

/**
 * ln(sum of e^x) over axes, without overflow. Shape as in `sum`; int32 and bool become float32.
 *
 * Gradient: dy e^(x - y), which is dy softmax(x).
 * @throws RangeError for an axis that is out of range or named twice; TypeError if x is not a tensor.
 * @example
 * ```ts
 * logSumExp(tensor([1000, 1000])).item(); // 1000.6931472
 * ```
 */
export function logSumExp(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const input = real("logSumExp", x);
  const p = plan("logSumExp", input, axes);
  const y = fold("logSumExp", p, keepDims, input.dtype);
  if (!tracked(input)) return y;
  return record("logSumExp", y, [input], (dy) => [
    mul(unfold(dy, p, input.shape), exp(sub(input, unfold(y, p, input.shape)))),
  ]);
}

/** Applies a row kernel along an axis: the axis is brought to the end and back. */
function alongRows(
  operation: string,
  x: Tensor,
  axis: number,
  rowKernel: (rows: Tensor, count: number, n: number) => Tensor,
): Tensor {
  const at = normaliseAxis(operation, axis, x.rank);
  if (at === x.rank - 1) {
    const n = x.shape[at];
    return rowKernel(packed(x), n === 0 ? 0 : x.size / n, n);
  }
  const order = [...x.shape.keys()].filter((i) => i !== at).concat(at);
  const moved = packed(
    windowOf(
      x,
      order.map((i) => x.shape[i]),
      x.offset,
      order.map((i) => x.strides[i]),
    ),
  );
  const n = x.shape[at];
  const y = rowKernel(moved, n === 0 ? 0 : x.size / n, n);
  const inverse = order.map((_, i) => order.indexOf(i));
  return packed(
    windowOf(
      y,
      x.shape,
      y.offset,
      inverse.map((i) => y.strides[i]),
    ),
  );
}

export function rows(operation: string, ...operands: Tensor[]): (source: Tensor, count: number, n: number) => Tensor {
  return (source, count, n) => {
    const y = empty(operation, source.shape, source.dtype);
    if (y.size > 0) engine().kernel(operation, y.dtype, source, ...operands, y, count, n);
    return y;
  };
}

/**
 * Softmax along an axis, the last by default: y = e^x / sum(e^x), without overflow. Shape: that of x; int32 and bool
 * become float32.
 *
 * Gradient: y (dy - sum(dy y)).
 * @throws RangeError for a scalar or an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * softmax(tensor([[0, 0], [0, Math.log(3)]])).toArray(); // [[0.5, 0.5], [0.25, 0.75]]
 * ```
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  const input = real("softmax", x);
  if (input.rank === 0) throw new RangeError("softmax: a scalar has no axis to normalise over");
  const y = alongRows("softmax", input, axis, rows("softmax"));
  if (!tracked(input)) return y;
  const at = normaliseAxis("softmax", axis, input.rank);
  return record("softmax", y, [input], (dy) => [softmaxGradient(y, dy, at)]);
}

/** y (dy - sum(dy y)): the gradient of softmax from its result. Fused where nothing follows gradients through it. */
function softmaxGradient(y: Tensor, dy: Tensor, axis: number): Tensor {
  if (!tracked(y) && !tracked(dy) && axis === y.rank - 1) {
    const dx = empty("softmaxGradient", y.shape, y.dtype);
    const n = y.shape[axis];
    if (dx.size > 0) engine().kernel("softmaxGradient", y.dtype, packed(y), packed(dy), dx, y.size / n, n);
    return dx;
  }
  return mul(y, sub(dy, sum(mul(dy, y), axis, true)));
}

/**
 * Logarithm of `softmax` along an axis, the last by default: y = x - ln(sum(e^x)), without overflow. Shape: that of x.
 *
 * Gradient: dy - softmax(x) sum(dy).
 * @throws RangeError for a scalar or an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * logSoftmax(tensor([0, 0])).toArray(); // [-0.6931472, -0.6931472]
 * ```
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const input = real("logSoftmax", x);
  if (input.rank === 0) throw new RangeError("logSoftmax: a scalar has no axis to normalise over");
  const y = alongRows("logSoftmax", input, axis, rows("logSoftmax"));
  if (!tracked(input)) return y;
  const at = normaliseAxis("logSoftmax", axis, input.rank);
  return record("logSoftmax", y, [input], (dy) => [sub(dy, mul(exp(y), sum(dy, at, true)))]);
}
