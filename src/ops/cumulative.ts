// Running sums and products along an axis.
import { engine } from "../engine/engine.ts";
import { fullLike } from "../tensor/create.ts";
import { anyTracked, record, tracked } from "../tensor/graph.ts";
import { normaliseAxis, sizeOf } from "../tensor/shape.ts";
import { empty, packed, type Tensor } from "../tensor/tensor.ts";
import { mul } from "./arithmetic.ts";
import { number } from "./cast.ts";
import { concat } from "./join.ts";
import { flip, slice } from "./slices.ts";

function cumulative(operation: "cumsum" | "cumprod", x: Tensor, axis: number): Tensor {
  const at = normaliseAxis(operation, axis, x.rank);
  const y = empty(operation, x.shape, x.dtype);
  const outer = sizeOf(x.shape.slice(0, at));
  const inner = sizeOf(x.shape.slice(at + 1));
  if (y.size > 0) engine().reduce(operation, packed(x), y, outer, x.shape[at], inner);
  return y;
}

/**
 * Running sum along an axis, the first by default. Shape: that of x; bool counts as int32.
 *
 * Gradient: the running sum of dy from the other end.
 * @throws RangeError for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * cumsum(tensor([1, 2, 3])).toArray(); // [1, 3, 6]
 * ```
 */
export function cumsum(x: Tensor, axis = 0): Tensor {
  const input = number("cumsum", x);
  const y = cumulative("cumsum", input, axis);
  if (!tracked(input)) return y;
  return record("cumsum", y, [input], (dy) => [flip(cumsum(flip(dy, axis), axis), axis)]);
}

/**
 * Running product along an axis, the first by default. Shape: that of x; bool counts as int32.
 *
 * Gradient: for each element the product of those before it, times the sum from there on of dy times the product of
 * those between; right also where elements are 0.
 * @throws RangeError for an axis that is out of range; TypeError if x is not a tensor.
 * @example
 * ```ts
 * cumprod(tensor([1, 2, 3])).toArray(); // [1, 2, 6]
 * ```
 */
export function cumprod(x: Tensor, axis = 0): Tensor {
  const input = number("cumprod", x);
  const y = cumulative("cumprod", input, axis);
  if (!tracked(input)) return y;
  return record("cumprod", y, [input], (dy) => {
    // s_i = dy_i + x_(i + 1) s_(i + 1): what an element passes on, from itself to the end.
    const passed = flip(decayingSum(flip(dy, axis), flip(later(input, axis), axis), axis), axis);
    return [mul(earlier(y, axis), passed)];
  });
}

/** Each element's predecessor along an axis, 1 before the first. */
function earlier(x: Tensor, axis: number): Tensor {
  const one = fullLike(slice(x, 0, 1, 1, axis), 1);
  return concat([one, slice(x, 0, -1, 1, axis)], axis);
}

/** Each element's successor along an axis, 1 after the last. */
function later(x: Tensor, axis: number): Tensor {
  return flip(earlier(flip(x, axis), axis), axis);
}

/**
 * A running sum whose past decays: y_i = x_i + f_i y_(i - 1) along an axis, 0 before the first. Internal.
 *
 * Gradients: g_i = dy_i + f_(i + 1) g_(i + 1), the same from the other end; g_i y_(i - 1).
 */
function decayingSum(x: Tensor, factors: Tensor, axis: number): Tensor {
  const at = normaliseAxis("cumprod", axis, x.rank);
  const y = empty("cumprod", x.shape, x.dtype);
  const outer = sizeOf(x.shape.slice(0, at));
  const inner = sizeOf(x.shape.slice(at + 1));
  if (y.size > 0) {
    engine().kernel("decayingSum", x.dtype, packed(x), packed(factors), y, outer, x.shape[at], inner);
  }
  if (!anyTracked(x, factors)) return y;
  return record("cumprod", y, [x, factors], (dy) => {
    const g = flip(decayingSum(flip(dy, at), flip(later(factors, at), at), at), at);
    const before = concat([fullLike(slice(y, 0, 1, 1, at), 0), slice(y, 0, -1, 1, at)], at);
    return [g, mul(g, before)];
  });
}
