// Minimising functions of a few hundred numbers at most, in float64: gradient descent as a baseline, Newton's method, conjugate gradients and
// L-BFGS, which look for a good step along each direction. All take a function of one tensor and give the same kind of result.
import { valueAndGrad } from "../autograd/grad.ts";
import { hessian } from "../autograd/second.ts";
import { knownOptions, notNegative, whole } from "../engine/checks.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { type NestedArray, scope, Tensor } from "../tensor/tensor.ts";
import { along, dot, lineSearch, type Point } from "./line-search.ts";

/** A function of one tensor with one number as its result. */
export type Objective = (x: Tensor) => Tensor;

/** Where a minimiser stands. */
export interface MinimiserStep {
  /** Iterations done. */
  iteration: number;
  /** The point, flat, row-major. */
  x: number[];
  /** The function's value there. */
  value: number;
  /** The Euclidean norm of its gradient there. */
  gradientNorm: number;
}

interface CommonOptions {
  /** Called after each iteration, and before the first with iteration 0. */
  onStep?: (step: MinimiserStep) => void;
  /** Keep all points in `path`. */
  path?: boolean;
}

/** What `newton`, `conjugateGradient` and `lbfgs` take. */
export interface MinimiserOptions extends CommonOptions {
  /** Default 1000; Newton 100. */
  maxIterations?: number;
  /** Ends when the gradient's Euclidean norm is at most this; default 1e-8. */
  gradientTolerance?: number;
}

/** Where a minimiser ended, and why. */
export interface MinimiserResult {
  /** The last point, float64, in the shape of the start. */
  x: Tensor;
  /** The function's value there. */
  value: number;
  /** The Euclidean norm of its gradient there. */
  gradientNorm: number;
  /** Iterations done. */
  iterations: number;
  /** Times the function and its gradient were computed. */
  evaluations: number;
  /** Whether the gradient is within the tolerance. */
  converged: boolean;
  /** Why it ended: the gradient is small, the iterations are used up, or no step along the direction lowers the value any more. */
  reason: "gradient" | "iterations" | "noDecrease";
  /** All points from the start to the end, flat, if asked for. */
  path?: number[][];
}

const COMMON = ["onStep", "path", "maxIterations", "gradientTolerance"];

/** The function with its start: evaluates points, counts, and refuses values that are not finite. */
class Problem {
  readonly owner: string;
  readonly shape: Shape;
  readonly start: Point;
  evaluations = 0;
  private readonly f: Objective;

  constructor(owner: string, f: Objective, x0: Tensor | NestedArray) {
    if (typeof f !== "function")
      throw new TypeError(`${owner}: the first argument must be a function, got ${typeof f}`);
    this.owner = owner;
    this.f = f;
    const [x, shape] = scope(() => {
      const start = tensor(x0 instanceof Tensor ? x0 : (x0 as NestedArray), "float64");
      return [Float64Array.from(start.dataSync()), start.shape] as const;
    });
    if (x.length === 0) throw new RangeError(`${owner}: the start has shape ${formatShape(shape)}, no numbers at all`);
    this.shape = shape;
    if (!x.every(Number.isFinite)) throw new RangeError(`${owner}: the start is not finite: [${show(x)}]`);
    this.start = this.evaluate(x);
    this.check(this.start, "at the start");
  }

  tensorOf(x: Float64Array): Tensor {
    return tensor(x, { shape: this.shape, dtype: "float64" });
  }

  evaluate = (x: Float64Array): Point => {
    this.evaluations += 1;
    return scope(() => {
      const [value, [gradient]] = valueAndGrad<readonly [Tensor]>(this.f)(this.tensorOf(x));
      return { x, value: value.item(), gradient: Float64Array.from(gradient!.dataSync()) };
    });
  };

  check(point: Point, where: string, remedy = ""): void {
    if (Number.isFinite(point.value) && point.gradient.every(Number.isFinite)) return;
    const what = Number.isFinite(point.value)
      ? `gradient is [${show(point.gradient)}]`
      : `function's value is ${point.value}`;
    throw new Error(`${this.owner}: the ${what} ${where}, x = [${show(point.x)}]${remedy}`);
  }

  hessian(x: Float64Array): Float64Array {
    const h = scope(() => Float64Array.from(hessian(this.f, this.tensorOf(x)).dataSync()));
    if (!h.every(Number.isFinite)) {
      throw new Error(`${this.owner}: the second derivatives are not finite at x = [${show(x)}]`);
    }
    return h;
  }
}

function show(x: Float64Array): string {
  return x.length <= 6 ? x.join(", ") : `${x.slice(0, 6).join(", ")}, ...`;
}

function normOf(x: Float64Array): number {
  return Math.sqrt(dot(x, x));
}

/** Repeats `next` until the gradient is small, the iterations are used up, or there is no next point. */
function minimise(
  problem: Problem,
  options: CommonOptions,
  maxIterations: number,
  tolerance: number,
  next: (point: Point) => Point | undefined,
): MinimiserResult {
  const path: number[][] = [];
  let point = problem.start;
  let iterations = 0;
  let reason: MinimiserResult["reason"];
  for (;;) {
    const gradientNorm = normOf(point.gradient);
    if (options.path) path.push([...point.x]);
    options.onStep?.({ iteration: iterations, x: [...point.x], value: point.value, gradientNorm });
    if (gradientNorm <= tolerance) {
      reason = "gradient";
      break;
    }
    if (iterations === maxIterations) {
      reason = "iterations";
      break;
    }
    const after = next(point);
    if (after === undefined) {
      reason = "noDecrease";
      break;
    }
    point = after;
    iterations += 1;
  }
  const result: MinimiserResult = {
    x: problem.tensorOf(point.x),
    value: point.value,
    gradientNorm: normOf(point.gradient),
    iterations,
    evaluations: problem.evaluations,
    converged: reason === "gradient",
    reason,
  };
  if (options.path) result.path = path;
  return result;
}

function limits(owner: string, options: MinimiserOptions, maxIterations: number, tolerance: number): [number, number] {
  return [
    whole(owner, "maxIterations", options.maxIterations ?? maxIterations, 0),
    notNegative(owner, "gradientTolerance", options.gradientTolerance ?? tolerance),
  ];
}

/** What `gradientDescent` takes. */
export interface GradientDescentOptions extends CommonOptions {
  /** From 0 on; default 0.01. */
  learningRate?: number;
  /** How many; default 100. */
  steps?: number;
  /** Ends before when the gradient's norm is at most this; default 0. */
  gradientTolerance?: number;
}

/**
 * Gradient descent with a fixed learning rate: x = x - learningRate * gradient, `steps` times. On a quadratic function it converges for rates below
 * 2 / (largest eigenvalue of the Hessian).
 *
 * @param x0 the start: a tensor, a number or nested arrays.
 * @throws Error where the value or gradient is not finite (too large a learning rate); RangeError, TypeError for wrong settings.
 * @example
 * ```ts
 * gradientDescent((x) => x.mul(x).sum(), [-3, 4], { learningRate: 0.1, steps: 100 }).value < 1e-15; // true
 * ```
 */
export function gradientDescent(
  f: Objective,
  x0: Tensor | NestedArray,
  options: GradientDescentOptions = {},
): MinimiserResult {
  const owner = "gradientDescent";
  knownOptions(owner, options, ["learningRate", "steps", "gradientTolerance", "onStep", "path"]);
  const learningRate = notNegative(owner, "learningRate", options.learningRate ?? 0.01);
  const steps = whole(owner, "steps", options.steps ?? 100, 0);
  const tolerance = notNegative(owner, "gradientTolerance", options.gradientTolerance ?? 0);
  const problem = new Problem(owner, f, x0);
  let done = 0;
  return minimise(problem, options, steps, tolerance, (point) => {
    const after = problem.evaluate(along(point.x, -learningRate, point.gradient));
    done += 1;
    problem.check(after, `after step ${done}`, `; learningRate ${learningRate} is too large`);
    return after;
  });
}

/** What `newton` takes. */
export interface NewtonOptions extends MinimiserOptions {
  /** Added to the Hessian's diagonal, from 0 on (Levenberg); default 0. More is added by itself where the Hessian is not positive definite. */
  damping?: number;
  /** Whether to look for a good step along the direction (default), or take the whole one every time. */
  lineSearch?: boolean;
}

/**
 * Newton's method: x = x - s H^-1 g, with the Hessian H, the gradient g and a step s from a line search that starts at 1. Exact in one iteration
 * on a quadratic function. Costs n backward passes and n^3 / 6 multiplications an iteration for n numbers.
 *
 * @throws Error where the value, gradient or Hessian is not finite, or f can't be differentiated twice; RangeError, TypeError for wrong settings.
 * @example
 * ```ts
 * newton((x) => x.sub(3).square().sum(), [0, 0]).x.toArray(); // [3, 3]
 * ```
 */
export function newton(f: Objective, x0: Tensor | NestedArray, options: NewtonOptions = {}): MinimiserResult {
  const owner = "newton";
  knownOptions(owner, options, [...COMMON, "damping", "lineSearch"]);
  const [maxIterations, tolerance] = limits(owner, options, 100, 1e-8);
  const damping = notNegative(owner, "damping", options.damping ?? 0);
  const searching = options.lineSearch ?? true;
  const problem = new Problem(owner, f, x0);
  return minimise(problem, options, maxIterations, tolerance, (point) => {
    const direction = solveShifted(problem.hessian(point.x), point.gradient, damping).map((value) => -value);
    if (searching) return lineSearch(problem.evaluate, point, direction, 1, 0.9)?.point;
    const after = problem.evaluate(along(point.x, 1, direction));
    problem.check(after, "after a whole Newton step", "; leave lineSearch on, or raise damping");
    return after;
  });
}

/** Solves (H + shift I) d = g by Cholesky's decomposition, with the first shift from `damping` on that makes the matrix positive definite. */
function solveShifted(h: Float64Array, g: Float64Array, damping: number): Float64Array {
  const n = g.length;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(h[i * n + i]));
  let shift = damping;
  for (;;) {
    const lower = cholesky(h, n, shift, 1e-14 * largest);
    if (lower !== undefined) return solveTriangular(lower, g);
    shift = Math.max(2 * shift, 1e-3 * (largest || 1));
  }
}

/** Lower triangle L with L L^T = (H + H^T) / 2 + shift I, or undefined if a pivot is not above `least`. */
function cholesky(h: Float64Array, n: number, shift: number, least: number): Float64Array | undefined {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = (h[i * n + j] + h[j * n + i]) / 2 + (i === j ? shift : 0);
      for (let k = 0; k < j; k++) rest -= lower[i * n + k] * lower[j * n + k];
      if (i !== j) lower[i * n + j] = rest / lower[j * n + j];
      else if (rest > least) lower[i * n + i] = Math.sqrt(rest);
      else return undefined;
    }
  }
  return lower;
}

/** Solves L L^T d = g. */
function solveTriangular(lower: Float64Array, g: Float64Array): Float64Array {
  const n = g.length;
  const d = Float64Array.from(g);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) d[i] -= lower[i * n + k] * d[k];
    d[i] /= lower[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) d[i] -= lower[k * n + i] * d[k];
    d[i] /= lower[i * n + i];
  }
  return d;
}

/** Directions that build on each other need a nearly exact minimum along each. */
const CONJUGATE_CURVATURE = 0.01;

/** A first step that changes x by about 1 at most: nothing is known about the function's scale yet. */
function firstStep(gradient: Float64Array): number {
  return Math.min(1, 1 / normOf(gradient));
}

/** What `conjugateGradient` takes. */
export interface ConjugateGradientOptions extends MinimiserOptions {
  /** Iterations after which the direction starts again from the gradient, beside b = 0, which does the same; default: none. */
  restart?: number;
}

/**
 * Conjugate gradients: direction d = -g + b d_before with b = max(0, g . (g - g_before) / g_before . g_before) (Polak & Ribiere 1969), the step from
 * a nearly exact line search. On a quadratic function about as many iterations as the Hessian has different eigenvalues; needs no Hessian and
 * memory for a few vectors only.
 *
 * @throws Error where the value or gradient at the start is not finite; RangeError, TypeError for wrong settings.
 * @example
 * ```ts
 * conjugateGradient((x) => x.sub(3).square().sum(), [0, 0]).converged; // true
 * ```
 */
export function conjugateGradient(
  f: Objective,
  x0: Tensor | NestedArray,
  options: ConjugateGradientOptions = {},
): MinimiserResult {
  const owner = "conjugateGradient";
  knownOptions(owner, options, [...COMMON, "restart"]);
  const [maxIterations, tolerance] = limits(owner, options, 1000, 1e-8);
  const problem = new Problem(owner, f, x0);
  const restart =
    options.restart === undefined ? Number.POSITIVE_INFINITY : whole(owner, "restart", options.restart, 1);
  let before: { gradient: Float64Array; direction: Float64Array; decrease: number } | undefined;
  let sinceRestart = 0;
  return minimise(problem, options, maxIterations, tolerance, (point) => {
    const { gradient } = point;
    const downhill = gradient.map((value) => -value);
    let direction: Float64Array = downhill;
    if (before !== undefined && sinceRestart < restart) {
      const squared = dot(before.gradient, before.gradient);
      const b = Math.max(0, (dot(gradient, gradient) - dot(gradient, before.gradient)) / squared);
      direction = along(downhill, b, before.direction);
    }
    if (!(dot(gradient, direction) < 0)) direction = downhill;
    // The value will fall about as much as the last time.
    const guess = before === undefined ? firstStep(gradient) : before.decrease / -dot(gradient, direction);
    let found = lineSearch(problem.evaluate, point, direction, guess, CONJUGATE_CURVATURE);
    if (found === undefined && direction !== downhill) {
      direction = downhill;
      found = lineSearch(problem.evaluate, point, direction, firstStep(gradient), CONJUGATE_CURVATURE);
    }
    if (found === undefined) return undefined;
    sinceRestart = direction === downhill ? 1 : sinceRestart + 1;
    before = { gradient, direction, decrease: -found.step * dot(gradient, direction) };
    return found.point;
  });
}

/** What `lbfgs` takes. */
export interface LbfgsOptions extends MinimiserOptions {
  /** Steps that it remembers, at least 1; default 10. */
  history?: number;
}

/**
 * L-BFGS (Nocedal 1980): Newton's direction from an approximate inverse Hessian, which the last `history` steps and their changes of gradient
 * describe; the step from a line search that starts at 1. The method to try first.
 *
 * @throws Error where the value or gradient at the start is not finite; RangeError, TypeError for wrong settings.
 * @example
 * ```ts
 * lbfgs((x) => x.sub(3).square().sum(), [0, 0]).converged; // true
 * ```
 */
export function lbfgs(f: Objective, x0: Tensor | NestedArray, options: LbfgsOptions = {}): MinimiserResult {
  const owner = "lbfgs";
  knownOptions(owner, options, [...COMMON, "history"]);
  const [maxIterations, tolerance] = limits(owner, options, 1000, 1e-8);
  const history = whole(owner, "history", options.history ?? 10, 1);
  const problem = new Problem(owner, f, x0);
  let pairs: Pair[] = [];
  return minimise(problem, options, maxIterations, tolerance, (point) => {
    let direction: Float64Array = inverseTimes(pairs, point.gradient).map((value) => -value);
    if (!(dot(point.gradient, direction) < 0)) {
      pairs = [];
      direction = point.gradient.map((value) => -value);
    }
    const step = pairs.length === 0 ? firstStep(point.gradient) : 1;
    let found = lineSearch(problem.evaluate, point, direction, step, 0.9);
    if (found === undefined && pairs.length > 0) {
      pairs = [];
      direction = point.gradient.map((value) => -value);
      found = lineSearch(problem.evaluate, point, direction, firstStep(point.gradient), 0.9);
    }
    if (found === undefined) return undefined;
    const moved = along(found.point.x, -1, point.x);
    const change = along(found.point.gradient, -1, point.gradient);
    const product = dot(moved, change);
    // The approximation stays positive definite only with pairs along which the slope grew.
    if (product > Number.EPSILON * dot(change, change)) {
      pairs.push({ moved, change, product });
      if (pairs.length > history) pairs.shift();
    }
    return found.point;
  });
}

/** A step and how it changed the gradient. */
interface Pair {
  moved: Float64Array;
  change: Float64Array;
  product: number;
}

/** The approximate inverse Hessian times v, without the matrix (Nocedal & Wright 2006, algorithm 7.4). */
function inverseTimes(pairs: readonly Pair[], v: Float64Array): Float64Array {
  let result: Float64Array = v;
  const shares: number[] = [];
  for (const { moved, change, product } of [...pairs].reverse()) {
    const part = dot(moved, result) / product;
    shares.push(part);
    result = along(result, -part, change);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.product / dot(last.change, last.change);
    result = result.map((value) => scale * value);
  }
  for (const { moved, change, product } of pairs) {
    const part = dot(change, result) / product;
    result = along(result, shares.pop()! - part, moved);
  }
  return result;
}
