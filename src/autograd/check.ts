// Gradients checked against differences: every entry of every argument is moved a little to both sides, in float64.

import { callable, knownOptions, positive } from "../engine/checks.ts";
import { isFloat } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { cast } from "../ops/cast.ts";
import { checkTensor, checkTensors } from "../tensor/check.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import { noGrad, type TensorFunction, valueAndGrad } from "./grad.ts";

/** What `checkGradients` found. */
export interface GradientCheck {
  /** Largest relative error |a - n| / max(1, |a|, |n|) over all entries. */
  maxRelativeError: number;
  /** The entry where it occurs: by backpropagation, and by differences. */
  worst: { argument: number; index: number[]; analytic: number; numeric: number };
  /** Entries compared. */
  entries: number;
  /** Whether the largest error is below the tolerance. */
  passed: boolean;
}

/** How differences are taken and judged. */
export interface GradientCheckOptions {
  /** Step to each side, above 0; default 1e-3 with order 4, 1e-5 with order 2. */
  step?: number;
  /** Largest relative error allowed; default 1e-6. */
  tolerance?: number;
  /**
   * Order of the difference formula: 2 is (f(x + h) - f(x - h)) / 2h; 4 is more exact with a larger step. Default 4; 2
   * for `numericalGradient`.
   */
  order?: 2 | 4;
}

const OPTIONS = ["step", "tolerance", "order"];

/**
 * Gradients of a scalar function by central differences, (f(x + h) - f(x - h)) / 2h: one tensor an argument, in its
 * shape and dtype. f runs twice an entry, four times with order 4. Use float64 arguments: in float32 the differences
 * drown in rounding.
 * @throws RangeError if f's result has more than one element.
 * @example
 * ```ts
 * const [slope] = numericalGradient((x) => x.mul(x).sum(), [tensor([3], "float64")]);
 * slope!.item().toFixed(6); // "6.000000"
 * ```
 */
export function numericalGradient(
  f: TensorFunction,
  inputs: readonly Tensor[],
  options: GradientCheckOptions = {},
): Tensor[] {
  const owner = "numericalGradient";
  callable(owner, "the first argument", f);
  checkTensors(owner, "inputs", inputs);
  const { order = 2, step: h = order === 4 ? 1e-3 : 1e-5 } = knownOptions(owner, options, OPTIONS);
  positive(owner, "step", h);
  if (order !== 2 && order !== 4) throw new RangeError(`${owner}: order must be 2 or 4, got ${quote(order)}`);
  const evaluate = (values: readonly Tensor[]): number =>
    scope(() =>
      noGrad(() => {
        const y = f(...values);
        checkTensor(`${owner}: the function's value`, y);
        return y.item();
      }),
    );
  return inputs.map((x, argument) => {
    const flat = x.dataSync();
    const slopes = new Float64Array(x.size);
    const moved = (i: number, by: number): number => {
      const before = flat[i];
      flat[i] = before + by;
      const value = scope(() =>
        evaluate(inputs.map((other, j) => (j === argument ? tensor(flat, { dtype: x.dtype, shape: x.shape }) : other))),
      );
      flat[i] = before;
      return value;
    };
    for (let i = 0; i < x.size; i++) {
      const near = moved(i, h) - moved(i, -h);
      slopes[i] = order === 2 ? near / (2 * h) : (8 * near - (moved(i, 2 * h) - moved(i, -2 * h))) / (12 * h);
    }
    return tensor(slopes, { dtype: x.dtype, shape: x.shape });
  });
}

/**
 * Compares the gradients of a scalar function with differences, in float64: the arguments are cast. Use it on your own
 * layers and losses.
 *
 * Relative error: |a - n| / max(1, |a|, |n|), a from backpropagation, n from differences. A wrong gradient is not an
 * error: see `passed`, or use `expectGradients`.
 * @throws RangeError if f's result is not a scalar; TypeError for an argument that has no gradient.
 * @example
 * ```ts
 * checkGradients((x) => x.sin().sum(), [tensor([0.3, -1])]).passed; // true
 * ```
 */
export function checkGradients(
  f: TensorFunction,
  inputs: readonly Tensor[],
  options: GradientCheckOptions = {},
): GradientCheck {
  callable("checkGradients", "the first argument", f);
  checkTensors("checkGradients", "inputs", inputs);
  const { tolerance = 1e-6, ...differences } = knownOptions("checkGradients", options, OPTIONS);
  positive("checkGradients", "tolerance", tolerance);
  return scope(() => {
    for (const x of inputs)
      if (!isFloat(x.dtype))
        throw new TypeError(`checkGradients: ${x.dtype} has no gradient; bind such arguments in the function`);
    const exact = inputs.map((x) => keep(cast(x, "float64")));
    const [, analytic] = valueAndGrad(f)(...exact);
    const numeric = numericalGradient(f, exact, { order: 4, ...differences });
    let worst: GradientCheck["worst"] = { argument: 0, index: [], analytic: 0, numeric: 0 };
    let largest = -1;
    let entries = 0;
    exact.forEach((x, argument) => {
      const a = analytic[argument].dataSync();
      const n = numeric[argument].dataSync();
      for (let i = 0; i < x.size; i++) {
        entries += 1;
        const error = Math.abs(a[i] - n[i]) / Math.max(1, Math.abs(a[i]), Math.abs(n[i]));
        if (error > largest || Number.isNaN(error)) {
          largest = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
          worst = { argument, index: indexOf(i, x.shape), analytic: a[i], numeric: n[i] };
        }
      }
    });
    const maxRelativeError = Math.max(largest, 0);
    return { maxRelativeError, worst, entries, passed: maxRelativeError < tolerance };
  });
}

/**
 * As `checkGradients`, but throws where a gradient is wrong and names the worst entry: what a test wants.
 * @throws Error for a wrong gradient; RangeError and TypeError as `checkGradients`.
 * @example
 * ```ts
 * expectGradients((x, y) => x.mul(y).sum(), [tensor([1, 2]), tensor([3, 4])]).entries; // 4
 * ```
 */
export function expectGradients(
  f: TensorFunction,
  inputs: readonly Tensor[],
  options: GradientCheckOptions = {},
): GradientCheck {
  knownOptions("expectGradients", options, OPTIONS);
  const result = checkGradients(f, inputs, options);
  if (!result.passed) {
    const { argument, index, analytic, numeric } = result.worst;
    throw new Error(
      `gradient check: argument ${argument} of shape ${formatShape(inputs[argument].shape)}, entry [${index.join(", ")}]: ` +
        `backpropagation gives ${analytic}, differences give ${numeric} (relative error ${result.maxRelativeError.toExponential(2)})`,
    );
  }
  return result;
}

function indexOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = position;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return index;
}
