// How widely the weighted input of a neuron spreads before it has learnt anything (section 3.3): z = sum of w_j x_j + b over inputs that are 1 or 0, with
// the bias from N(0, 1) and the weights from N(0, 1), or from N(0, 1/n) for n inputs.
import type { Random } from "../../random.ts";

/** The weighted input of one neuron, drawn: `on` of its inputs are 1, the others 0 and without a part in it. */
export function weightedInput(random: Random, on: number, weightDeviation: number): number {
  let z = random.normal();
  for (let j = 0; j < on; j++) z += random.normal(0, weightDeviation);
  return z;
}

/** The standard deviation that theory gives z: variances of independent Gaussian numbers add up. */
export function deviationOfWeightedInput(on: number, weightDeviation: number): number {
  return Math.sqrt(on * weightDeviation ** 2 + 1);
}

/** The share of neurons whose sigma'(z) = a (1 - a) is below `slope`: saturated, they hardly learn. */
export function saturatedShare(outputs: ArrayLike<number>, slope = 0.01): number {
  let saturated = 0;
  for (let i = 0; i < outputs.length; i++) if (outputs[i] * (1 - outputs[i]) < slope) saturated += 1;
  return saturated / outputs.length;
}
