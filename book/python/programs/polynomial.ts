// Polynomials fitted to noisy points: the plainest models that can be too stiff, right, or too supple.
import { Matrix } from "../../matrix.ts";
import type { Random } from "../../random.ts";
import { leastSquares } from "./least-squares.ts";

export interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** The curve behind the points, one wave of the sine over [0, 1]. */
export function truth(x: number): number {
  return Math.sin(2 * Math.PI * x);
}

/** `count` points of the curve, x uniform between two bounds, with Gaussian noise on y. */
export function noisyPoints(count: number, random: Random, noise = 0.25, [low, high] = [0, 1]): Points {
  const x = Array.from({ length: count }, () => random.uniform(low, high)).sort((a, b) => a - b);
  return { x, y: x.map((at) => truth(at) + random.normal(0, noise)) };
}

export class Polynomial {
  readonly degree: number;
  /** Of the Chebyshev polynomials of 2x - 1: the same curves as powers of x, without their near-dependence. */
  readonly weights: Matrix;

  private constructor(degree: number, weights: Matrix) {
    this.degree = degree;
    this.weights = weights;
  }

  /** Least squares on the points; `lambda` weighs the squared coefficients against the squared errors. */
  static fit({ x, y }: Points, degree: number, lambda = 0): Polynomial {
    return new Polynomial(degree, leastSquares(basis(x, degree), Matrix.column(y), lambda));
  }

  at(x: readonly number[]): number[] {
    return [...basis(x, this.degree).dot(this.weights).values];
  }

  /** Mean squared error on points. */
  error({ x, y }: Points): number {
    return this.at(x).reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / x.length;
  }
}

/** T_0 to T_degree of 2x - 1, a row a point: T_k+1(u) = 2 u T_k(u) - T_k-1(u). */
function basis(x: readonly number[], degree: number): Matrix {
  const result = new Matrix(x.length, degree + 1);
  x.forEach((at, i) => {
    const u = 2 * at - 1;
    for (let k = 0; k <= degree; k++) {
      const before = (back: number) => result.at(i, k - back);
      result.values[i * (degree + 1) + k] = k === 0 ? 1 : k === 1 ? u : 2 * u * before(1) - before(2);
    }
  });
  return result;
}
