// Optimisers for tensors outside a model, in loops written by hand. Their gradients are gathered in one buffer, so that clipping sees them all
// and the caller's own gradients stay as they are; then everything goes as for a model's block.

import { instance, list } from "../engine/checks.ts";
import { isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { callAgain } from "../engine/recording.ts";
import { checkTensors } from "../tensor/check.ts";
import { zeros } from "../tensor/create.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { keep, scope, Tensor, windowOf } from "../tensor/tensor.ts";
import { Optimizer } from "./optimizer.ts";
import type { Stretch, Target } from "./target.ts";

interface Bound extends Target {
  source: readonly Tensor[];
  /** Windows on the gathered gradients, one a tensor, in its shape. */
  places: readonly Tensor[];
}

const bound = new WeakMap<Optimizer, Bound>();

function checkTrainable(tensors: readonly Tensor[]): void {
  if (!Array.isArray(tensors) || tensors.length === 0) {
    throw new TypeError("updateTensors: needs a list of at least one tensor");
  }
  Array.from(tensors).forEach((x, i) => {
    const what = `updateTensors: tensor ${i}`;
    if (!(x instanceof Tensor)) throw new TypeError(`${what} must be a tensor, got ${quote(x)}`);
    if (!isFloat(x.dtype)) throw new TypeError(`${what} is ${x.dtype}; only float32 and float64 can be trained`);
    if (x.dtype !== tensors[0].dtype) {
      throw new TypeError(`${what} is ${x.dtype}, tensor 0 ${tensors[0].dtype}; use one optimiser for each dtype`);
    }
    if (!x.contiguous) throw new TypeError(`${what} is a view with gaps; update the tensor that it is a view of`);
    if (x.node !== null && x.node.rule !== null) {
      throw new TypeError(
        `${what} is the result of ${x.node.operation}; update the tensors that requireGradient() was called on`,
      );
    }
    if (tensors.indexOf(x) !== i)
      throw new TypeError(`${what} is in the list twice, at ${tensors.indexOf(x)} and ${i}`);
  });
}

function targetOf(tensors: readonly Tensor[]): Bound {
  checkTrainable(tensors);
  const { dtype } = tensors[0];
  const size = tensors.reduce((sum, x) => sum + x.size, 0);
  const gradients = keep(scope(() => zeros([size], dtype)));
  const stretches: Stretch[] = [];
  const places: Tensor[] = [];
  let start = 0;
  for (const values of tensors) {
    const length = values.size;
    const window = windowOf(gradients, [length], start, null);
    places.push(windowOf(gradients, values.shape, start, null));
    if (length > 0) stretches.push({ decay: true, group: undefined, values, gradients: window, start, length });
    start += length;
  }
  return { source: [...tensors], version: 0, dtype, size, gradients, stretches, places };
}

/**
 * One step of an optimiser on tensors outside a model. Weight decay and l1 apply to all of them; parameter groups need a model.
 *
 * @param tensors the same ones, in the same order, at every step: the optimiser's memory belongs to them.
 * @param gradients in the order of `tensors`, of their shapes; left as they are. By default what `backward` collected in `.gradient`.
 * @throws TypeError for tensors that can't be updated in place; RangeError for gradients of other shapes or another number of them;
 *   Error for a tensor without gradient, or other tensors than at the step before.
 * @example
 * ```ts
 * const w = tensor([3]).requireGradient();
 * backward(w.mul(w).sum());
 * updateTensors(new SGD({ learningRate: 0.5 }), [w]);
 * w.item(); // 0
 * ```
 */
export function updateTensors(optimizer: Optimizer, tensors: readonly Tensor[], gradients?: readonly Tensor[]): void {
  instance("updateTensors", "the first argument", optimizer, Optimizer, "an optimiser such as new Adam()");
  if (gradients !== undefined) list("updateTensors", "gradients", gradients);
  list("updateTensors", "tensors", tensors);
  const known = bound.get(optimizer);
  const same = known?.source.length === tensors.length && known.source.every((x, i) => x === tensors[i]);
  const target = same ? known : targetOf(tensors);
  if (gradients !== undefined && gradients.length !== tensors.length) {
    throw new RangeError(`updateTensors: ${gradients.length} gradients for ${tensors.length} tensors`);
  }
  // All are checked before the first is copied.
  const given = tensors.map((x, i) => gradientFor(x, i, gradients));
  given.forEach((gradient, i) => {
    if (gradient.size > 0) engine().copy(gradient, target.places[i]);
  });
  callAgain(() => optimizer.advance(target));
  if (!same) bound.set(optimizer, target);
}

function gradientFor(x: Tensor, i: number, gradients: readonly Tensor[] | undefined): Tensor {
  const gradient = gradients === undefined ? x.gradient : gradients[i];
  if (!(gradient instanceof Tensor)) {
    throw new Error(
      `updateTensors: tensor ${i} has no gradient; call requireGradient() on it and backward() before, or pass gradients`,
    );
  }
  if (!sameShape(gradient.shape, x.shape) || gradient.dtype !== x.dtype) {
    throw new RangeError(
      `updateTensors: gradient ${i} is ${gradient.dtype} ${formatShape(gradient.shape)}, its tensor ${x.dtype} ${formatShape(x.shape)}`,
    );
  }
  return gradient;
}

/**
 * Forgets what `backward` collected in the tensors: the next backward starts anew instead of adding.
 * @example
 * ```ts
 * const w = tensor([1]).requireGradient();
 * backward(w.mul(2).sum());
 * clearGradients([w]);
 * backward(w.mul(3).sum());
 * w.gradient!.toArray(); // [3]
 * ```
 */
export function clearGradients(tensors: readonly Tensor[]): void {
  checkTensors("clearGradients", "tensors", tensors);
  for (const x of tensors) if (x.node?.slot) x.node.slot.fresh = true;
}
