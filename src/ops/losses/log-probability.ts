// Logarithms of probabilities that may be 0.
import { record, tracked, withRecording } from "../../tensor/graph.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { div } from "../arithmetic.ts";
import { maximum } from "../choice.ts";
import { log } from "../exponentials.ts";

/**
 * ln p, at least -100. Its gradient is dy / max(p, 1e-12): large and finite at 0, so that the sample that is most wrong goes on
 * learning. Both bounds are PyTorch's.
 */
export function logProbability(p: Tensor): Tensor {
  // Rounding takes 1 - p a little below 0.
  const y = withRecording(false, () => maximum(log(maximum(p, 0)), -100));
  return tracked(p) ? record("logProbability", y, [p], (dy) => [div(dy, maximum(p, 1e-12))]) : y;
}
