// Functional differentiation: `grad(f)` is a function. It watches its arguments through fresh windows on them, so that nothing outside is
// touched, and records its own backward pass when something outside watches: gradients of gradients come for free.

import { callable, knownOptions, list } from "../engine/checks.ts";
import { isFloat } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { cast } from "../ops/cast.ts";
import { checkTensor, checkTensors } from "../tensor/check.ts";
import { isRecording, Node, record, withRecording } from "../tensor/graph.ts";
import { sameShape } from "../tensor/shape.ts";
import { forEachTensor, Tensor, windowOf } from "../tensor/tensor.ts";
import { propagate, seedFor, zeroGradient } from "./backward.ts";

/** A function of tensors with one tensor as its result. */
export type TensorFunction<A extends readonly Tensor[] = readonly Tensor[]> = (...inputs: A) => Tensor;

/** Which arguments to differentiate by; all by default. */
export interface GradOptions {
  /** Positions of arguments. */
  arguments?: readonly number[];
  /**
   * Record the gradient itself, so that it can be differentiated by tensors that the function captured (a gradient penalty on a model's
   * parameters). Nested `grad` and watched arguments do this by themselves.
   */
  differentiable?: boolean;
}

const OPTIONS = ["arguments", "differentiable"];

let depth = 0;

/** A window on x with a node of its own: gradients stop there, and go on to x where x is watched from outside. */
function watched(operation: string, x: Tensor): Tensor {
  if (!(x instanceof Tensor)) throw new TypeError(`${operation}: arguments must be tensors, got ${quote(x)}`);
  if (!isFloat(x.dtype))
    throw new TypeError(
      `${operation}: ${x.dtype} has no gradient; only float32 and float64 have. Cast it, or leave it out of the arguments to differentiate by`,
    );
  const window = windowOf(x, x.shape, x.offset, x.contiguous ? null : x.strides);
  if (x.node !== null && isRecording()) return record("argument", window, [x], (dy) => [dy]);
  window.node = new Node("argument", [], null);
  return window;
}

interface Trace<A extends readonly Tensor[]> {
  y: Tensor;
  inputs: A;
  positions: readonly number[];
}

function trace<A extends readonly Tensor[]>(
  operation: string,
  f: TensorFunction<A>,
  inputs: A,
  options: GradOptions,
): Trace<A> {
  const positions = options.arguments ?? inputs.map((_, i) => i);
  for (const position of list(operation, "arguments", positions)) {
    if (!Number.isInteger(position) || position < 0 || position >= inputs.length)
      throw new RangeError(
        `${operation}: there is no argument ${quote(position)}; the function was called with ${inputs.length}`,
      );
  }
  return withRecording(true, () => {
    const watchedInputs = inputs.map((x, i) => (positions.includes(i) ? watched(operation, x) : x)) as unknown as A;
    const y = f(...watchedInputs);
    if (!(y instanceof Tensor)) throw new TypeError(`${operation}: the function must return a tensor, got ${quote(y)}`);
    return { y, inputs: watchedInputs, positions };
  });
}

function gradients<A extends readonly Tensor[]>(
  operation: string,
  t: Trace<A>,
  outer: boolean,
  seed?: Tensor,
): Tensor[] {
  const targets = t.positions.map((position) => t.inputs[position]);
  if (t.y.node === null) return targets.map(zeroGradient);
  const found = propagate(
    [{ node: t.y.node, gradient: seedFor(operation, t.y, seed) }],
    targets.map((x) => x.node!),
    outer,
  );
  return targets.map((x) => found.get(x.node!) ?? zeroGradient(x));
}

/** Whether a surrounding grad, or a watched tensor among the inputs, may ask for the gradient of this gradient. */
function watchedFromOutside(inputs: readonly Tensor[]): boolean {
  let outside = depth > 1;
  forEachTensor(inputs, (x) => {
    if (x.node !== null && isRecording()) outside = true;
  });
  return outside;
}

function inside<R>(body: () => R): R {
  depth += 1;
  try {
    return body();
  } finally {
    depth -= 1;
  }
}

/**
 * The gradient of a scalar-valued function: `grad(f)(x)` is df/dx in the shape of x. With several arguments the result
 * is an array, one gradient an argument. Works on its own results: `grad((x) => grad(f)(x).sum())`.
 * @throws RangeError if f's result is not a scalar; TypeError for an argument that has no gradient.
 * @example
 * ```ts
 * const cube = (x: Tensor) => x.mul(x).mul(x).sum();
 * grad(cube)(tensor([1, 2])).toArray(); // [3, 12]
 * grad((x) => grad(cube)(x).sum())(tensor([1, 2])).toArray(); // [6, 12]
 * ```
 */
export function grad(f: TensorFunction<readonly [Tensor]>, options?: GradOptions): (x: Tensor) => Tensor;
export function grad<A extends readonly Tensor[]>(
  f: TensorFunction<A>,
  options?: GradOptions,
): (...inputs: A) => Tensor[];
export function grad<A extends readonly Tensor[]>(
  f: TensorFunction<A>,
  options: GradOptions = {},
): (...inputs: A) => Tensor | Tensor[] {
  callable("grad", "the argument", f);
  knownOptions("grad", options, OPTIONS);
  return (...inputs) =>
    inside(() => {
      const outer = options.differentiable || watchedFromOutside(inputs);
      const all = gradients("grad", trace("grad", f, inputs, options), outer);
      return inputs.length === 1 ? all[0] : all;
    });
}

/**
 * Value and gradients in one pass: `[f(x), [df/dx, ...]]`, one gradient an argument, in its shape.
 * @throws RangeError if f's result is not a scalar; TypeError for an argument that has no gradient.
 * @example
 * ```ts
 * const [value, [gradient]] = valueAndGrad((x: Tensor) => x.mul(x).sum())(tensor([3]));
 * value.item(); // 9
 * gradient!.toArray(); // [6]
 * ```
 */
export function valueAndGrad<A extends readonly Tensor[]>(
  f: TensorFunction<A>,
  options: GradOptions = {},
): (...inputs: A) => [Tensor, Tensor[]] {
  callable("valueAndGrad", "the argument", f);
  knownOptions("valueAndGrad", options, OPTIONS);
  return (...inputs) =>
    inside(() => {
      const outer = options.differentiable || watchedFromOutside(inputs);
      const t = trace("valueAndGrad", f, inputs, options);
      const all = gradients("valueAndGrad", t, outer);
      return [outer ? t.y : untracked(t.y), all];
    });
}

/**
 * Vector-Jacobian product: the value y = f(x), and the function that pulls a gradient dy in y's shape back to the
 * arguments, sum over y of dy dy/dx, one tensor an argument.
 * @throws RangeError, from the second, if dy has not the shape of y; TypeError for an argument that has no gradient.
 * @example
 * ```ts
 * const [y, pullBack] = vjp((x: Tensor) => x.mul(x), tensor([1, 2, 3]));
 * y.toArray(); // [1, 4, 9]
 * pullBack(tensor([1, 0, 1]))[0].toArray(); // [2, 0, 6]
 * ```
 */
export function vjp<A extends readonly Tensor[]>(
  f: TensorFunction<A>,
  ...inputs: A
): [Tensor, (dy: Tensor) => Tensor[]] {
  callable("vjp", "the first argument", f);
  const outer = inside(() => watchedFromOutside(inputs));
  const t = trace("vjp", f, inputs, {});
  return [outer ? t.y : untracked(t.y), (dy) => gradients("vjp", t, outer, dy)];
}

/**
 * The gradient dy of f's value pulled back to the arguments; `differentiable` says whether these gradients have gradients.
 * @internal
 */
export function pulledBack(
  f: TensorFunction<readonly Tensor[]>,
  inputs: readonly Tensor[],
  dy: Tensor,
  differentiable: boolean,
): Tensor[] {
  return gradients("vjp", trace("vjp", f, inputs, {}), differentiable, dy);
}

/**
 * Jacobian-vector product: the value y = f(x) and its tangent, sum over the arguments of dy/dx v, in the shape of y: how y
 * changes when the arguments move along the tangents v. Exact, by two backward passes: the gradient of x is linear in that of y, and
 * the tangent is the gradient of (gradient of x) . v by it. Can itself be differentiated.
 * @param inputs the arguments.
 * @param tangents a direction for each, in its shape.
 * @throws RangeError unless there is a tangent of its shape for each argument; TypeError for an argument that has no gradient; Error if an
 * operation in f has a gradient that can't be differentiated (the message names it).
 * @example
 * ```ts
 * const [y, tangent] = jvp((x: Tensor) => x.mul(x), [tensor([1, 2, 3])], [tensor([1, 0, 1])]);
 * y.toArray(); // [1, 4, 9]
 * tangent.toArray(); // [2, 0, 6]
 * ```
 */
export function jvp<A extends readonly Tensor[]>(
  f: TensorFunction<A>,
  inputs: A,
  tangents: { readonly [K in keyof A]: Tensor },
): [Tensor, Tensor] {
  callable("jvp", "the first argument", f);
  if (!Array.isArray(inputs) || !Array.isArray(tangents) || inputs.length !== tangents.length) {
    throw new RangeError("jvp: needs an array of arguments and an array of as many tangents: jvp(f, [x], [v])");
  }
  const directions: Tensor[] = inputs.map((x, i) => {
    const v = tangents[i] as Tensor;
    if (!(v instanceof Tensor) || !(x instanceof Tensor) || !sameShape(v.shape, x.shape)) {
      throw new RangeError(
        `jvp: tangent ${i} must be a tensor of its argument's shape, got ${quote(v)} for ${quote(x)}`,
      );
    }
    return cast(v, x.dtype);
  });
  const outer = inside(() => watchedFromOutside([...inputs, ...directions]));
  const t = trace("jvp", f, inputs, {});
  const pulled = (seed: Tensor): Tensor =>
    gradients("jvp", t, true, seed)
      .map((gradient, i) => sum(mul(gradient, directions[i])))
      .reduce((a, b) => add(a, b));
  const start = zeroGradient(t.y);
  const tangent = inputs.length === 0 ? start : valueAndGrad(pulled, { differentiable: outer })(start)[1][0];
  return [outer ? t.y : untracked(t.y), tangent];
}

function untracked(x: Tensor): Tensor {
  return x.node === null ? x : windowOf(x, x.shape, x.offset, x.contiguous ? null : x.strides);
}

/**
 * The same values, a view, where gradients do not pass: the result counts as a constant.
 * @example
 * ```ts
 * grad((x) => x.mul(stopGradient(x)).sum())(tensor([3])).toArray(); // [3]
 * ```
 */
export function stopGradient(x: Tensor): Tensor {
  checkTensor("stopGradient", x);
  return untracked(x);
}

/**
 * Runs `body` without recording and returns its result: nothing in it can be differentiated, and it is a little faster.
 * @throws what body throws.
 * @example
 * ```ts
 * const w = tensor([2]).requireGradient();
 * noGrad(() => w.mul(3)).tracked; // false
 * ```
 */
export function noGrad<R>(body: () => R): R {
  return withRecording(false, callable("noGrad", "the argument", body));
}

/**
 * Remembers what happens in `record`, so that gradients by any watched tensor can be asked for afterwards, as
 * TensorFlow's GradientTape does.
 * @example
 * ```ts
 * const w = tensor([2]);
 * const tape = new GradientTape();
 * const loss = tape.record([w], () => w.mul(w).sum());
 * tape.gradient(loss, [w])[0].toArray(); // [4]
 * ```
 */
export class GradientTape {
  private readonly watchedNodes = new Map<Tensor, Node>();

  /**
   * Follows operations on `x` from now on.
   * @throws TypeError if x has no gradient.
   */
  watch(x: Tensor): void {
    checkTensor("GradientTape.watch", x);
    if (!isFloat(x.dtype))
      throw new TypeError(`GradientTape.watch: ${x.dtype} has no gradient; only float32 and float64 have`);
    x.node ??= new Node("variable", [], null);
    this.watchedNodes.set(x, x.node);
  }

  /** Runs `body` with recording on, watching `variables` (those with `requireGradient()` are watched anyway). */
  record<R>(variables: readonly Tensor[], body: () => R): R;
  record<R>(body: () => R): R;
  record<R>(first: readonly Tensor[] | (() => R), second?: () => R): R {
    const [variables, body] = typeof first === "function" ? [[], first] : [first, second!];
    checkTensors("GradientTape.record", "variables", variables);
    callable("GradientTape.record", "what to record", body);
    for (const x of variables) this.watch(x);
    return withRecording(true, body);
  }

  /**
   * Gradients of `y` by the variables, in their order; zeros for one that `y` does not depend on.
   * @throws Error for a variable that was not watched; RangeError if `y` is no scalar and `outputGradient` is missing.
   */
  gradient(y: Tensor, variables: readonly Tensor[], outputGradient?: Tensor): Tensor[] {
    checkTensor("GradientTape.gradient", y);
    checkTensors("GradientTape.gradient", "variables", variables);
    const targets = variables.map((x) => {
      if (x.node === null)
        throw new Error(
          "GradientTape.gradient: a variable was not watched; pass it to record([...], ...) or watch(x) before computing",
        );
      return x.node;
    });
    if (y.node === null) return variables.map(zeroGradient);
    const found = propagate(
      [{ node: y.node, gradient: seedFor("GradientTape.gradient", y, outputGradient) }],
      targets,
      false,
    );
    return variables.map((x) => found.get(x.node!) ?? zeroGradient(x));
  }
}
