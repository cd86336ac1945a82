import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Generator, matmul, memory, random, scope, type Tensor, tensor } from "../node.ts";
import { conjugateGradient, gradientDescent, lbfgs, type MinimiserResult, newton, type Objective } from "./index.ts";
import { lineSearch } from "./line-search.ts";

/** Sum of 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2: a bent valley, minimum 0 at (1, ..., 1). */
const rosenbrock: Objective = (x) => {
  const n = x.size - 1;
  const [head, tail] = [x.slice(0, n, 1, 0), x.slice(1, n + 1, 1, 0)];
  const bend = tail.sub(head.mul(head));
  const rest = head.sub(1);
  return bend.mul(bend).mul(100).add(rest.mul(rest)).sum();
};

/** x^T A x / 2 - sum(x), with A's eigenvalues given and its axes turned by a reflection. */
function quadratic(eigenvalues: readonly number[]): { f: Objective; minimum: number[] } {
  const n = eigenvalues.length;
  const v = Array.from({ length: n }, (_, i) => Math.sin(i + 1));
  const squared = v.reduce((sum, value) => sum + value * value, 0);
  const q = (i: number, j: number): number => Number(i === j) - (2 * v[i] * v[j]) / squared;
  const entry = (power: 1 | -1, i: number, j: number): number =>
    eigenvalues.reduce((sum, value, k) => sum + q(i, k) * value ** power * q(k, j), 0);
  const rows = (power: 1 | -1): number[][] =>
    Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => entry(power, i, j)));
  const a = rows(1);
  const f: Objective = (x) => {
    const ax = matmul(tensor(a, "float64"), x.reshape([n, 1])).reshape([n]);
    return x.mul(ax).sum().div(2).sub(x.sum());
  };
  return { f, minimum: rows(-1).map((row) => row.reduce((sum, value) => sum + value, 0)) };
}

function geometric(n: number, condition: number): number[] {
  return Array.from({ length: n }, (_, i) => condition ** (i / (n - 1)));
}

function expectAt(result: MinimiserResult, wanted: readonly number[], tolerance: number): void {
  expect(result.converged).toBe(true);
  expect(result.reason).toBe("gradient");
  result.x.dataSync().forEach((value, i) => {
    expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(tolerance * (1 + Math.abs(wanted[i])));
  });
}

const methods = { newton, conjugateGradient, lbfgs };

describe.each(Object.entries(methods))("%s", (_, minimise) => {
  it("finds (1, 1) on Rosenbrock's function from (-1.2, 1)", () => {
    const result = minimise(rosenbrock, [-1.2, 1]);
    expectAt(result, [1, 1], 1e-7);
    expect(result.value).toBeLessThan(1e-14);
    expect(result.gradientNorm).toBeLessThanOrEqual(1e-8);
    expect(result.iterations).toBeLessThan(100);
  });

  it("finds (1, ..., 1) in ten dimensions", () => {
    expectAt(minimise(rosenbrock, new Array<number>(10).fill(0)), new Array<number>(10).fill(1), 1e-7);
  });

  it.each([10, 1e3])("a quadratic function of condition number %d", (condition) => {
    const { f, minimum } = quadratic(geometric(12, condition));
    expectAt(minimise(f, new Array<number>(12).fill(3)), minimum, 1e-6);
  });

  it("keeps the start's shape, gives float64, and leaves the start as it is", () => {
    const start = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const result = minimise((x) => x.sub(2).mul(x.sub(2)).sum(), start);
    expect([result.x.shape, result.x.dtype]).toEqual([[2, 3], "float64"]);
    expectAt(result, new Array<number>(6).fill(2), 1e-7);
    expect(start.toArray()).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(minimise((x) => x.mul(x), 3).x.item()).toBeCloseTo(0, 7);
  });

  it("reports each step and the path", () => {
    const seen: number[][] = [];
    const result = minimise(rosenbrock, [-1.2, 1], {
      path: true,
      onStep: ({ x, iteration, value, gradientNorm }) => {
        expect(iteration).toBe(seen.length);
        expect(Number.isFinite(value) && gradientNorm >= 0).toBe(true);
        seen.push(x);
      },
    });
    expect(result.path).toEqual(seen);
    expect(seen).toHaveLength(result.iterations + 1);
    expect(seen[0]).toEqual([-1.2, 1]);
    expect(seen.at(-1)).toEqual([...result.x.dataSync()]);
  });

  it("stops after maxIterations, and at once at a minimum", () => {
    const few = minimise(rosenbrock, [-1.2, 1], { maxIterations: 2 });
    expect([few.iterations, few.converged, few.reason]).toEqual([2, false, "iterations"]);
    const none = minimise(rosenbrock, [1, 1]);
    expect([none.iterations, none.evaluations, none.converged]).toEqual([0, 1, true]);
  });

  it("says where rounding ends it when the tolerance asks for more", () => {
    const result = minimise((x) => x.sub(0.1).mul(x.sub(0.1)).sum().add(1e6), [5], { gradientTolerance: 0 });
    expect(["noDecrease", "gradient"]).toContain(result.reason);
    expect(result.x.dataSync()[0]).toBeCloseTo(0.1, 3);
  });

  it("steps back where the function ends: x - ln x from 100", () => {
    expectAt(
      minimise((x) => x.sub(x.log()).sum(), [100]),
      [1],
      1e-6,
    );
  });

  it("never ends above the start, on random functions with several minima", () => {
    const number = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1, maxLength: 4 }),
        fc.double({ min: 1, max: 5, noNaN: true }),
        (start, k) => {
          const f: Objective = (x) => x.mul(x).mul(0.1).add(x.mul(k).sin()).sum();
          const result = minimise(f, start, { path: true, gradientTolerance: 1e-6 });
          expect(result.converged).toBe(true);
          const before = scope(() => f(tensor(start, "float64")).item());
          expect(result.value).toBeLessThanOrEqual(before + 1e-12);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("leaves no tensors behind but the result", () => {
    const before = memory().tensors;
    scope(() => {
      minimise(rosenbrock, [-1.2, 1]);
    });
    expect(memory().tensors).toBe(before);
  });

  it("names values that are not finite", () => {
    expect(() => minimise((x) => x.log().sum(), [-1, 2])).toThrow(
      "the function's value is NaN at the start, x = [-1, 2]",
    );
    expect(() => minimise(rosenbrock, [1, Number.NaN])).toThrow("the start is not finite: [1, NaN]");
    expect(() => minimise((x) => x.sqrt().sum(), [0])).toThrow("gradient is [Infinity] at the start, x = [0]");
  });

  it("names wrong arguments", () => {
    expect(() => minimise(rosenbrock, [0, 0], { maxIterations: 0.5 })).toThrow("maxIterations must be a whole number");
    expect(() => minimise(rosenbrock, [0, 0], { gradientTolerance: -1 })).toThrow("gradientTolerance");
    expect(() => minimise(rosenbrock, [0, 0], { tol: 1 } as object)).toThrow("there is no option tol");
    expect(() => minimise(rosenbrock, [])).toThrow("the start has shape (0,), no numbers at all");
    expect(() => minimise((x) => x, [0, 0])).toThrow("sum it");
    expect(() => minimise(3 as unknown as Objective, [0])).toThrow("must be a function, got number");
  });
});

describe("newton", () => {
  it("is exact in one iteration on a quadratic function, whatever its condition", () => {
    const { f, minimum } = quadratic(geometric(8, 1e4));
    const result = newton(f, new Array<number>(8).fill(-1));
    expect(result.iterations).toBe(1);
    expectAt(result, minimum, 1e-8);
  });

  it("leaves a saddle and a maximum: the Hessian is made positive definite", () => {
    const f: Objective = (x) => {
      const squares = x.mul(x);
      return squares
        .mul(squares)
        .sub(squares.mul(tensor([2, -1], "float64")))
        .sum();
    };
    expectAt(newton(f, [0.1, 1]), [1, 0], 1e-6);
  });

  it("without line search and with damping: whole steps of (H + c I)^-1 g", () => {
    const f: Objective = (x) => x.mul(x).sum();
    const result = newton(f, [8], { lineSearch: false, damping: 2, maxIterations: 3, path: true });
    expect(result.path).toEqual([[8], [4], [2], [1]]);
    const cliff: Objective = (x) => x.mul(x).add(1).log().sum();
    expect(() => newton((x) => x.sub(x.log()).sum(), [100], { lineSearch: false })).toThrow(
      "after a whole Newton step",
    );
    expect(newton(cliff, [3]).converged).toBe(true);
  });
});

describe("conjugateGradient", () => {
  it("needs about as many iterations as there are different eigenvalues", () => {
    const { f, minimum } = quadratic([1, 1, 1, 1, 50, 50, 50, 50, 1000, 1000, 1000, 1000]);
    const result = conjugateGradient(f, new Array<number>(12).fill(3), { gradientTolerance: 1e-6 });
    expectAt(result, minimum, 1e-5);
    expect(result.iterations).toBeLessThanOrEqual(6);
  });

  it("comes down to rounding at condition number 1e6, two evaluations an iteration", () => {
    const { f, minimum } = quadratic(geometric(12, 1e6));
    const result = conjugateGradient(f, new Array<number>(12).fill(3), { gradientTolerance: 1e-3 });
    expectAt(result, minimum, 2e-3);
    expect(result.iterations).toBeLessThan(100);
    expect(result.evaluations).toBeLessThan(4 * result.iterations);
  });

  it("starts again from the gradient every `restart` iterations: with 1 it is steepest descent", () => {
    const { f } = quadratic([1, 10]);
    const path = (restart?: number): number => conjugateGradient(f, [3, -1], { restart }).iterations;
    expect(path()).toBeLessThan(path(1));
    expect(() => path(0)).toThrow("conjugateGradient: restart");
  });
});

describe("gradientDescent", () => {
  it("x - r g: f(x0, x1) = x0^2 + x1^2 from (-3, 4), r 0.1, 100 steps: (-3, 4) 0.8^100", () => {
    const result = gradientDescent((x) => x.mul(x).sum(), [-3, 4], { learningRate: 0.1, steps: 100 });
    const [x, y] = result.x.dataSync() as Float64Array;
    expect(x! / (-3 * 0.8 ** 100)).toBeCloseTo(1, 10);
    expect(y! / (4 * 0.8 ** 100)).toBeCloseTo(1, 10);
    expect([result.iterations, result.converged]).toEqual([100, false]);
  });

  it("at the best rate 2 / (l + L) the error shrinks by (k - 1) / (k + 1) a step, k = L / l", () => {
    for (const k of [2, 10, 100]) {
      const f: Objective = (x) =>
        x
          .mul(x)
          .mul(tensor([0.5, k / 2], "float64"))
          .sum();
      const { path } = gradientDescent(f, [k, 1], { learningRate: 2 / (1 + k), steps: 20, path: true });
      const lengths = path!.map((x) => Math.hypot(...x));
      for (let i = 1; i < lengths.length; i++) expect(lengths[i] / lengths[i - 1]).toBeCloseTo((k - 1) / (k + 1), 9);
    }
  });

  it("ends at a tolerance if one is given", () => {
    const result = gradientDescent((x) => x.mul(x).sum(), 1, {
      learningRate: 0.25,
      steps: 1000,
      gradientTolerance: 1e-3,
    });
    expect([result.iterations, result.converged]).toEqual([11, true]);
  });

  it("says when the learning rate is too large", () => {
    const f: Objective = (x) => x.mul(x).mul(x.mul(x)).sum();
    expect(() => gradientDescent(f, [3], { learningRate: 1 })).toThrow(/after step \d+, x = .*learningRate 1 is too/);
    expect(() => gradientDescent(f, [3], { learningRate: -1 })).toThrow("gradientDescent: learningRate");
    expect(() => gradientDescent(f, [3], { steps: 1.5 })).toThrow("gradientDescent: steps");
  });
});

describe("a small logistic regression with penalty", () => {
  const generator = new Generator(3);
  const features = random.normal([60, 3], 0, 1, { dtype: "float64", generator });
  const noise = random.normal([60, 1], 0, 1, { dtype: "float64", generator });
  const truth = tensor([[1], [-2], [0.5]], "float64");
  const signs = matmul(features, truth).add(noise).greater(0).cast("float64").mul(2).sub(1);
  /** mean of ln(1 + e^(-y x.w)) + 0.01 |w|^2 */
  const loss: Objective = (w) =>
    matmul(features, w).mul(signs).neg().softplus().mean().add(w.mul(w).sum().mul(0.01)) as Tensor;

  it("all methods find the same weights, where the gradient by hand is 0; Newton in a few iterations", () => {
    const results = Object.values(methods).map((minimise) => minimise(loss, [[0], [0], [0]]));
    const [x, y] = [features.dataSync(), signs.dataSync()];
    for (const result of results) {
      expect(result.converged).toBe(true);
      const w = result.x.dataSync();
      for (let j = 0; j < 3; j++) {
        let slope = 0.02 * w[j];
        for (let i = 0; i < 60; i++) {
          const margin = y[i] * (x[3 * i] * w[0] + x[3 * i + 1] * w[1] + x[3 * i + 2] * w[2]);
          slope -= (y[i] * x[3 * i + j]) / (1 + Math.exp(margin)) / 60;
        }
        expect(Math.abs(slope)).toBeLessThan(1e-7);
      }
      expect(result.value).toBeCloseTo(results[0].value, 12);
    }
    expect(results[0].iterations).toBeLessThan(10);
  });
});

describe("lineSearch", () => {
  it("ends where the strong Wolfe conditions hold, on random quartics", () => {
    const number = fc.double({ min: 0.1, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        number,
        number,
        number,
        fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
        fc.constantFrom(0.1, 0.9),
        (a, b, c, step, curvature) => {
          // a x^4 - b x^3 - c x from 0: falls at first, rises in the end.
          const evaluate = (x: Float64Array) => {
            const t = x[0];
            return {
              x,
              value: a * t ** 4 - b * t ** 3 - c * t,
              gradient: Float64Array.of(4 * a * t ** 3 - 3 * b * t ** 2 - c),
            };
          };
          const start = evaluate(Float64Array.of(0));
          const found = lineSearch(evaluate, start, Float64Array.of(1), step, curvature)!;
          expect(found.point.value).toBeLessThanOrEqual(-1e-4 * c * found.step);
          expect(Math.abs(found.point.gradient[0])).toBeLessThanOrEqual(curvature * c);
          expect(found.point.x[0]).toBe(found.step);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("finds nothing where every step rises", () => {
    const evaluate = (x: Float64Array) => ({ x, value: x[0] === 0 ? 0 : 1, gradient: Float64Array.of(-1) });
    expect(lineSearch(evaluate, evaluate(Float64Array.of(0)), Float64Array.of(1), 1, 0.9)).toBeUndefined();
  });
});
