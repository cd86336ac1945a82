// Running sums and products along an axis.
import { engine } from "../engine/engine.ts";
import { record, tracked } from "../tensor/graph.ts";
import { normaliseAxis, sizeOf } from "../tensor/shape.ts";
import { empty, packed, type Tensor } from "../tensor/tensor.ts";
import { div, mul } from "./arithmetic.ts";
import { number } from "./cast.ts";
import { flip } from "./slices.ts";

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
 * Gradient: the running sum of dy y from the other end, divided by x; elements of x must not be 0.
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
  return record("cumprod", y, [input], (dy) => [div(flip(cumsum(flip(mul(dy, y), axis), axis), axis), input)]);
}
