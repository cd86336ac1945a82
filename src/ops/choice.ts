// One value or another for each element: by a condition, by size, or within bounds.
import { numeric } from "../engine/checks.ts";
import type { DType } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { anyTracked, record } from "../tensor/graph.ts";
import { broadcastShapes, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, packed, Tensor, type TensorLike } from "../tensor/tensor.ts";
import { mul } from "./arithmetic.ts";
import { sumTo } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { equal, greater, greaterEqual, less, lessEqual, logicalAnd } from "./comparison.ts";
import { binary, differentiable, dtypeOfPair, run } from "./dispatch.ts";

/**
 * a where the condition is true (not 0), else b. All three shapes broadcast; the dtype is the later one of bool, int32,
 * float32, float64 (float32 for two numbers).
 *
 * Gradients: dy where the operand was chosen, else 0.
 * @throws RangeError if the shapes do not broadcast; TypeError if the condition is not a tensor.
 * @example
 * ```ts
 * where(tensor([true, false]), tensor([1, 2]), 0).toArray(); // [1, 0]
 * ```
 */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  checkTensor("where", condition);
  const dtype = typeof a === "number" && typeof b === "number" ? "float32" : dtypeOfPair("where", a, b);
  const left = typeof a === "number" ? scalar(a, dtype) : cast(a, dtype);
  const right = typeof b === "number" ? scalar(b, dtype) : cast(b, dtype);
  const shape = broadcastShapes("where", condition.shape, broadcastShapes("where", left.shape, right.shape));
  const chooser = expand(cast(condition, "bool"), shape);
  const y = empty("where", shape, dtype);
  if (y.size > 0) engine().where(chooser, expand(left, shape), expand(right, shape), y);
  if (!anyTracked(left, right)) return y;
  return record("where", y, [left, right], (dy) => [
    left.node ? sumTo(where(condition, dy, 0), left.shape) : undefined,
    right.node ? sumTo(where(condition, 0, dy), right.shape) : undefined,
  ]);
}

/** A 0-d tensor. Internal. */
export function scalar(value: number, dtype: DType): Tensor {
  const x = empty("scalar", [], dtype);
  engine().fill(x, value);
  return x;
}

/** A row-major copy broadcast to `shape`; not recorded. */
function expand(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return packed(x);
  const lead = shape.length - x.shape.length;
  const strides = shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : x.strides[i - lead]));
  const size = shape.reduce((product, length) => product * length, 1);
  return packed(new Tensor(x.storage, x.dtype, shape, size, x.offset, strides));
}

/**
 * The larger of a and b, element by element; NaN wins. Shapes and dtypes as in `add`.
 *
 * Gradient: dy to the larger one, half to each where they are equal, dy to both where one of them is NaN.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * maximum(tensor([1, 5]), 3).toArray(); // [3, 5]
 * ```
 */
export function maximum(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "maximum",
    a,
    b,
    (dy, x, y) => share(dy, less(x, y), x, y),
    (dy, x, y) => share(dy, greater(x, y), x, y),
  );
}

/**
 * The smaller of a and b, element by element; NaN wins. Shapes and dtypes as in `add`.
 *
 * Gradient: dy to the smaller one, half to each where they are equal, dy to both where one of them is NaN.
 * @throws RangeError if the shapes do not broadcast; TypeError if neither operand is a tensor.
 * @example
 * ```ts
 * minimum(tensor([1, 5]), 3).toArray(); // [1, 3]
 * ```
 */
export function minimum(a: TensorLike, b: TensorLike): Tensor {
  return binary(
    "minimum",
    a,
    b,
    (dy, x, y) => share(dy, greater(x, y), x, y),
    (dy, x, y) => share(dy, less(x, y), x, y),
  );
}

/** dy where this operand wins or one of them is NaN, half of it where both are equal. */
function share(dy: Tensor, loses: Tensor, a: TensorLike, b: TensorLike): Tensor {
  return where(loses, 0, where(equal(a, b), mul(dy, 0.5), dy));
}

/**
 * y = min(max(x, low), high). Shape: that of x; int32 stays int32, bool becomes float32.
 *
 * Gradient: dy where low <= x <= high, else 0.
 * @throws RangeError if low > high or one of them is NaN; TypeError if x is not a tensor.
 * @example
 * ```ts
 * clip(tensor([-2, 0, 9]), -1, 1).toArray(); // [-1, 0, 1]
 * ```
 */
export function clip(x: Tensor, low: number, high: number): Tensor {
  checkTensor("clip", x);
  numeric("clip", "the lower bound", low);
  numeric("clip", "the upper bound", high);
  if (!(low <= high)) throw new RangeError(`clip: the lower bound ${low} must not be above the upper bound ${high}`);
  if (x.dtype === "int32") return run("clip", x, low, high);
  return differentiable(
    "clip",
    x,
    (dy, input) => where(logicalAnd(greaterEqual(input, low), lessEqual(input, high)), dy, 0),
    low,
    high,
  );
}
