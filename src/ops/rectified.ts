// A rectifier followed by a pooling of largest elements: where the pooled element is not positive, neither is the element that it was taken from.
// So the pooling can drop those gradients while they are few, and the rectifier's own pass over its large result falls away.
import type { Tensor } from "../tensor/tensor.ts";
import { reluGradient } from "./activations.ts";

/** Results of rectifiers. */
const rectified = new WeakSet<Tensor>();
/** Gradients that are zero already wherever this result of a rectifier is not positive. */
const masked = new WeakMap<Tensor, Tensor>();

/** Remembers that y = max(0, z). */
export function markRectified(y: Tensor): void {
  rectified.add(y);
}

export function isRectified(y: Tensor): boolean {
  return rectified.has(y);
}

/** Says of a gradient by y, which no other gradient is added to, that the rectifier's is in it. */
export function markMasked(dy: Tensor, y: Tensor): void {
  masked.set(dy, y);
}

/** The gradient of a rectifier from its result, unless it is in dy already. */
export function rectifierGradient(dy: Tensor, y: Tensor): Tensor {
  return masked.get(dy) === y ? dy : reluGradient(dy, y);
}
