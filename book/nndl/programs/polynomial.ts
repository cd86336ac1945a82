// Least-squares polynomials by hand: the normal equations in an orthogonal basis, so that a ninth-order fit to ten points stays exact.
import type { Random } from "../../random.ts";

/** A polynomial through or near the points, as a function. `order` below the number of points fits exactly at `order = points - 1`. */
export function fitPolynomial(x: readonly number[], y: readonly number[], order: number): (at: number) => number {
  if (x.length !== y.length || order >= x.length) {
    throw new RangeError(
      `fitPolynomial: order ${order} needs more than ${order} points, got ${x.length} x and ${y.length} y`,
    );
  }
  // Polynomials orthogonal on the points (Forsythe 1957): p_{k+1} = (t - alpha_k) p_k - beta_k p_{k-1}.
  const alpha: number[] = [];
  const beta: number[] = [];
  const coefficients: number[] = [];
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  let before = x.map(() => 0);
  let current = x.map(() => 1);
  let normBefore = 1;
  for (let k = 0; k <= order; k++) {
    const norm = dot(current, current);
    coefficients.push(dot(current, y) / norm);
    alpha.push(
      dot(
        current.map((p, i) => p * x[i]),
        current,
      ) / norm,
    );
    beta.push(k === 0 ? 0 : norm / normBefore);
    const next = current.map((p, i) => (x[i] - alpha[k]) * p - beta[k] * before[i]);
    [before, current, normBefore] = [current, next, norm];
  }
  return (at) => {
    let [past, now, sum] = [0, 1, 0];
    for (let k = 0; k <= order; k++) {
      sum += coefficients[k] * now;
      [past, now] = [now, (at - alpha[k]) * now - beta[k] * past];
    }
    return sum;
  };
}

export function rootMeanSquareError(f: (x: number) => number, x: readonly number[], y: readonly number[]): number {
  return Math.sqrt(x.reduce((sum, at, i) => sum + (f(at) - y[i]) ** 2, 0) / x.length);
}

/** The standard deviation of the noise in `noisyLine`. */
export const NOISE = 0.15;

/** Points of y = 2x with Gaussian noise, at the middles of `count` equal parts of [0, 1]. */
export function noisyLine(random: Random, count = 10): { x: number[]; y: number[] } {
  const x = Array.from({ length: count }, (_, i) => (i + 0.5) / count);
  return { x, y: x.map((at) => 2 * at + random.normal(0, NOISE)) };
}
