// Powers and cosines of single numbers with the same bits everywhere. Math.pow and Math.cos differ between JavaScript engines in the last bit;
// products do not, and neither do our own kernels in deterministic mode.

import { onCpu } from "../engine/beside.ts";
import { pow } from "../ops/exponentials.ts";
import { cos } from "../ops/trigonometry.ts";
import { tensor } from "../tensor/create.ts";
import { scope } from "../tensor/tensor.ts";

/** base^n for a whole n from 0 on, by squaring. */
export function wholePower(base: number, n: number): number {
  let result = 1;
  let square = base;
  for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** base^exponent for a base from 0 on. */
export function power(base: number, exponent: number): number {
  if (Number.isSafeInteger(exponent) && exponent >= 0) return wholePower(base, exponent);
  return onCpu(() => scope(() => pow(tensor(base, "float64"), exponent).item()));
}

/** cos(x), x in radians. */
export function cosine(x: number): number {
  return onCpu(() => scope(() => cos(tensor(x, "float64")).item()));
}
