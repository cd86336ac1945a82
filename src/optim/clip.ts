// Keeping gradients from exploding (Pascanu, Mikolov & Bengio 2013): cut each number, or scale all by one factor, which keeps the direction.

import { positive } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { checkBlock, type ParameterBlock } from "../nn/parameters.ts";
import { abs, div } from "../ops/arithmetic.ts";
import { max, norm } from "../ops/reduce.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";

/** Euclidean norm of all numbers of x, also where their squares overflow. NaN or Infinity if one of them is. */
function euclidean(x: Tensor): number {
  if (x.size === 0) return 0;
  return scope(() => {
    const plain = norm(x).item();
    if (Number.isFinite(plain)) return plain;
    const largest = max(abs(x)).item();
    return Number.isFinite(largest) ? largest * norm(div(x, largest)).item() : largest;
  });
}

/**
 * The Euclidean norm of a model's gradient, sqrt(sum of g^2) over all parameters together. Parameters that no backward
 * reached count as 0.
 * @param block a model's `block`.
 * @returns a number from 0 on, right also where the squares overflow; NaN or Infinity if a gradient is.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { bias: null })], { inputShape: [1] });
 * backward(model.call(tensor([[1]])).mul(tensor([3, -4])).sum());
 * gradientNorm(model.block); // 5
 * ```
 */
export function gradientNorm(block: ParameterBlock): number {
  checkBlock("gradientNorm", block).completeGradients();
  return euclidean(block.gradients);
}

/**
 * Scales a model's gradients by min(1, limit / norm), in place, and returns the norm they had (Pascanu, Mikolov & Bengio
 * 2013). Call it between `backward` and the optimiser's step, or give the optimiser `clipNorm`, which does the same.
 * @param block a model's `block`.
 * @throws RangeError if `limit` is not a finite number above 0; Error if a gradient is not finite: no factor helps then.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { bias: null })], { inputShape: [1] });
 * backward(model.call(tensor([[1]])).mul(tensor([3, -4])).sum());
 * clipGradientNorm(model.block, 1); // 5
 * model.parameters[0].tensor.gradient!.toArray(); // [[0.6, -0.8]]
 * ```
 */
export function clipGradientNorm(block: ParameterBlock, limit: number): number {
  positive("clipGradientNorm", "limit", limit);
  checkBlock("clipGradientNorm", block).completeGradients();
  if (engine().asynchronous) {
    throw new Error(
      "clipGradientNorm: on this engine a norm comes later; give the optimiser clipNorm, which needs none here",
    );
  }
  return clipTensorNorm("clipGradientNorm", block.gradients, limit);
}

/**
 * Cuts each number of a model's gradients to [-limit, limit], in place, which can change the gradient's direction. Call it
 * between `backward` and the optimiser's step, or give the optimiser `clipValue`, which does the same.
 * @param block a model's `block`.
 * @throws RangeError if `limit` is not a finite number above 0.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(2, { bias: null })], { inputShape: [1] });
 * backward(model.call(tensor([[1]])).mul(tensor([3, -4])).sum());
 * clipGradientValues(model.block, 3.5);
 * model.parameters[0].tensor.gradient!.toArray(); // [[3, -3.5]]
 * ```
 */
export function clipGradientValues(block: ParameterBlock, limit: number): void {
  positive("clipGradientValues", "limit", limit);
  checkBlock("clipGradientValues", block).completeGradients();
  clipTensorValues(block.gradients, limit);
}

/**
 * The same on a contiguous tensor.
 * @internal
 */
export function clipTensorNorm(owner: string, gradients: Tensor, limit: number): number {
  if (engine().asynchronous) {
    // The norm stays where it is; one that is not finite leaves the gradients as they are, and the loss says what is wrong.
    scope(() => engine().kernel("scaleToNorm", gradients.dtype, gradients, norm(gradients), gradients.size, limit));
    gradients.storage.version += 1;
    return Number.NaN;
  }
  const length = euclidean(gradients);
  if (!Number.isFinite(length)) {
    throw new Error(
      `${owner}: the norm of the gradients is ${length}, and clipping can't help; ` +
        "look for log or division by 0 in the loss, or lower the learning rate of the steps before",
    );
  }
  if (length > limit) {
    engine().kernel("scale", gradients.dtype, gradients, gradients.size, limit / length);
    gradients.storage.version += 1;
  }
  return length;
}

/**
 * The same on a contiguous tensor.
 * @internal
 */
export function clipTensorValues(gradients: Tensor, limit: number): void {
  if (gradients.size === 0) return;
  engine().kernel("clipValue", gradients.dtype, gradients, gradients.size, limit);
  gradients.storage.version += 1;
}
