// Keeping gradients from exploding (Pascanu, Mikolov & Bengio 2013): cut each number, or scale all by one factor, which keeps the direction.
import { engine } from "../engine/engine.ts";
import type { ParameterBlock } from "../nn/parameters.ts";
import { abs, div } from "../ops/elementwise.ts";
import { max, norm } from "../ops/reduce.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { positive } from "./checks.ts";

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
 * The Euclidean norm of a model's gradient, all parameters together. Parameters that no backward reached count as 0.
 * @returns NaN or Infinity if a gradient is.
 */
export function gradientNorm(block: ParameterBlock): number {
  block.completeGradients();
  return euclidean(block.gradients);
}

/**
 * Scales a model's gradients by min(1, limit / norm), in place, and returns the norm they had.
 * @throws RangeError if `limit` is not above 0; Error if a gradient is not finite: no factor helps then.
 */
export function clipGradientNorm(block: ParameterBlock, limit: number): number {
  block.completeGradients();
  return clipTensorNorm("clipGradientNorm", block.gradients, positive("clipGradientNorm", "limit", limit));
}

/**
 * Cuts each of a model's gradients to [-limit, limit], in place.
 * @throws RangeError if `limit` is not above 0.
 */
export function clipGradientValues(block: ParameterBlock, limit: number): void {
  block.completeGradients();
  clipTensorValues(block.gradients, positive("clipGradientValues", "limit", limit));
}

/** Internal: the same on a contiguous tensor. */
export function clipTensorNorm(owner: string, gradients: Tensor, limit: number): number {
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

/** Internal: the same on a contiguous tensor. */
export function clipTensorValues(gradients: Tensor, limit: number): void {
  if (gradients.size === 0) return;
  engine().kernel("clipValue", gradients.dtype, gradients, gradients.size, limit);
  gradients.storage.version += 1;
}
