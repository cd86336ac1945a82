// Sequences [n, time, ...] whose steps stand one after the other in memory: [time, n, ...] seen with the first two axes exchanged, which is what recurrent
// layers read and give. What treats all places alike computes in the order of memory and shows its result the same way, so that nothing is copied. Internal.
import { packed, type Tensor } from "../tensor/tensor.ts";
import { swapAxes } from "./views.ts";

/** Whether x [n, time, ...] lies in memory as [time, n, ...]; not where both orders are the same. */
export function isTimeFirst(x: Tensor): boolean {
  if (x.rank < 2 || x.contiguous) return false;
  const { shape, strides } = x;
  const [n, time] = shape;
  if (n < 2 || time < 2) return false;
  let expected = 1;
  for (let axis = x.rank - 1; axis >= 2; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return strides[0] === expected && strides[1] === n * expected;
}

/** Indices [n, time], copied to lie in memory as [time, n] unless they do. Gradients do not follow. */
export function timeFirst(x: Tensor): Tensor {
  return isTimeFirst(x) ? x : swapAxes(packed(swapAxes(x, 0, 1)), 0, 1);
}

/** What `operation` makes of x [time, n, ...], seen as of [n, time, ...]. */
export function inTimeOrder(x: Tensor, operation: (x: Tensor) => Tensor): Tensor {
  return swapAxes(operation(swapAxes(x, 0, 1)), 0, 1);
}
