// Rounding to whole numbers.
import type { Tensor } from "../tensor/tensor.ts";
import { constantByPieces } from "./dispatch.ts";

/**
 * Largest whole number not above x. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * floor(tensor([1.5, -1.5])).toArray(); // [1, -2]
 * ```
 */
export function floor(x: Tensor): Tensor {
  return constantByPieces("floor", x);
}

/**
 * Smallest whole number not below x. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * ceil(tensor([1.5, -1.5])).toArray(); // [2, -1]
 * ```
 */
export function ceil(x: Tensor): Tensor {
  return constantByPieces("ceil", x);
}

/**
 * Nearest whole number, the even one at a half. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * round(tensor([0.5, 1.5, 2.4])).toArray(); // [0, 2, 2]
 * ```
 */
export function round(x: Tensor): Tensor {
  return constantByPieces("round", x);
}

/**
 * x without its fraction. Shape: that of x; int32 and bool become float32.
 *
 * No gradient: the function is constant by pieces.
 * @throws TypeError if x is not a tensor.
 * @example
 * ```ts
 * trunc(tensor([1.7, -1.7])).toArray(); // [1, -1]
 * ```
 */
export function trunc(x: Tensor): Tensor {
  return constantByPieces("trunc", x);
}
