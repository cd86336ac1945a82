// Derivatives from differences, and descent along them. Slow (two evaluations of f a number) and nearly impossible to get wrong, which is what
// makes it the judge of backpropagation.
import type { Matrix } from "../../matrix.ts";

/** (f(x + h) - f(x - h)) / 2h. The error of the formula is of order h^2; rounding adds one of order 1e-16 / h. */
export function numericalDiff(f: (x: number) => number, x: number, h = 1e-4): number {
  return (f(x + h) - f(x - h)) / (2 * h);
}

/** (f(x + h) - f(x)) / h, whose error is of order h: for comparison. */
export function forwardDiff(f: (x: number) => number, x: number, h = 1e-4): number {
  return (f(x + h) - f(x)) / h;
}

/** The partial derivative by every element of x, each moved to both sides in place and put back. */
export function numericalGradient(f: (x: Matrix) => number, x: Matrix, h = 1e-4): Matrix {
  const grad = x.copy();
  for (let i = 0; i < x.values.length; i++) {
    const before = x.values[i];
    x.values[i] = before + h;
    const fxh1 = f(x);
    x.values[i] = before - h;
    const fxh2 = f(x);
    grad.values[i] = (fxh1 - fxh2) / (2 * h);
    x.values[i] = before;
  }
  return grad;
}

/** Where descent ends, and every point on the way. The Python function walks in the array it is given; this one in a copy. */
export function gradientDescent(
  f: (x: Matrix) => number,
  initX: Matrix,
  lr = 0.01,
  stepNum = 100,
): { x: Matrix; history: Matrix[] } {
  let x = initX.copy();
  const history = [x];
  for (let i = 0; i < stepNum; i++) {
    x = x.minus(numericalGradient(f, x).map((slope) => lr * slope));
    history.push(x);
  }
  return { x, history };
}
