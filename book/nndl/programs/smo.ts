// Sequential minimal optimisation for one support vector machine: the dual problem is solved two multipliers at a time, and the pair is chosen
// by second-order information (R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working set selection using second order information for training support
// vector machines", JMLR 6, 2005; the update of two multipliers is Platt's, 1998).

/** Kernel values between example i and all examples, in order. */
export type KernelRow = (i: number) => Float32Array;

export interface TwoClassProblem {
  /** +1 or -1 an example. */
  readonly y: Int8Array;
  /** May return the same array for every i; `second` is asked for while `first`'s row is in use. */
  readonly first: KernelRow;
  readonly second: KernelRow;
  /** K(i, i). */
  readonly diagonal: number;
  /** Upper bound of every multiplier. */
  readonly C: number;
  /** Ends once the optimality conditions hold up to this much. */
  readonly tolerance: number;
}

export interface TwoClassSolution {
  /** The multiplier of each example; above 0 for support vectors. */
  readonly alpha: Float64Array;
  /** The machine's output is sum of alpha_i y_i K(x_i, x) + bias. */
  readonly bias: number;
  readonly iterations: number;
}

/** Keeps the quotient of a step finite where two examples coincide. */
const LEAST_CURVATURE = 1e-12;

/**
 * Minimises 1/2 sum_ij alpha_i alpha_j y_i y_j K_ij - sum_i alpha_i with 0 <= alpha_i <= C and sum of alpha_i y_i = 0.
 * `diagonal` is one number: of a kernel with K(x, x) = 1 everywhere, such as the Gaussian one.
 */
export function solveTwoClasses({ y, first, second, diagonal, C, tolerance }: TwoClassProblem): TwoClassSolution {
  const n = y.length;
  const alpha = new Float64Array(n);
  // The gradient of the dual; at alpha = 0 it is -1 everywhere.
  const gradient = new Float64Array(n).fill(-1);
  const mayRise = (t: number) => (y[t] > 0 ? alpha[t] < C : alpha[t] > 0);
  const mayFall = (t: number) => (y[t] > 0 ? alpha[t] > 0 : alpha[t] < C);
  let iterations = 0;
  for (;;) {
    let i = -1;
    let highest = Number.NEGATIVE_INFINITY;
    for (let t = 0; t < n; t++) {
      const value = -y[t] * gradient[t];
      if (value > highest && mayRise(t)) {
        highest = value;
        i = t;
      }
    }
    if (i < 0) break;
    const rowI = first(i);
    let j = -1;
    let lowest = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let t = 0; t < n; t++) {
      if (!mayFall(t)) continue;
      const value = -y[t] * gradient[t];
      if (value < lowest) lowest = value;
      const violation = highest - value;
      if (violation <= 0) continue;
      const curvature = Math.max(2 * (diagonal - rowI[t]), LEAST_CURVATURE);
      const gain = (violation * violation) / curvature;
      if (gain > most) {
        most = gain;
        j = t;
      }
    }
    if (j < 0 || highest - lowest < tolerance) break;
    const rowJ = second(j);
    // Along (alpha_i, alpha_j) += step (y_i, -y_j) the sum of alpha y stays 0.
    const curvature = Math.max(2 * (diagonal - rowI[j]), LEAST_CURVATURE);
    const room = Math.min(roomFor(alpha[i], y[i], C), roomFor(alpha[j], -y[j], C));
    const step = Math.min((highest + y[j] * gradient[j]) / curvature, room);
    moveBy(alpha, i, y[i] * step, C);
    moveBy(alpha, j, -y[j] * step, C);
    for (let t = 0; t < n; t++) gradient[t] += y[t] * step * (rowI[t] - rowJ[t]);
    iterations += 1;
  }
  return { alpha, bias: biasOf(alpha, gradient, y, C), iterations };
}

/** How far a multiplier can go in a direction before it meets 0 or C. */
function roomFor(alpha: number, direction: number, C: number): number {
  return direction > 0 ? C - alpha : alpha;
}

/** Exactly 0 or C at the ends, so that rounding leaves no multiplier beside them. */
function moveBy(alpha: Float64Array, i: number, step: number, C: number): void {
  const moved = alpha[i] + step;
  alpha[i] = moved < 1e-12 * C ? 0 : moved > (1 - 1e-12) * C ? C : moved;
}

/** From the examples on the margin, whose output is y exactly; without any, the middle of what the others allow. */
function biasOf(alpha: Float64Array, gradient: Float64Array, y: Int8Array, C: number): number {
  let sum = 0;
  let free = 0;
  let high = Number.POSITIVE_INFINITY;
  let low = Number.NEGATIVE_INFINITY;
  for (let t = 0; t < y.length; t++) {
    const value = -y[t] * gradient[t];
    if (alpha[t] > 0 && alpha[t] < C) {
      sum += value;
      free += 1;
    } else if ((alpha[t] === 0) === y[t] > 0) low = Math.max(low, value);
    else high = Math.min(high, value);
  }
  return free > 0 ? sum / free : (low + high) / 2;
}
