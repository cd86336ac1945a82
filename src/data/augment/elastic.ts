// Elastic distortion: every pixel is moved a little, neighbours by nearly the same, as a hand moves.
// Source: P. Simard, D. Steinkraus, J. Platt, "Best practices for convolutional neural networks applied to visual document analysis", ICDAR 2003, 2.
import type { PhiloxStream } from "../philox.ts";

/** Weights of a Gaussian with that standard deviation, which sum to 1, up to four deviations away. */
export function gaussianWeights(sigma: number): Float64Array {
  const reach = Math.max(1, Math.ceil(4 * sigma));
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((k - reach) ** 2) / (2 * sigma * sigma)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** How far each pixel moves along one axis: numbers drawn from [-1, 1), smoothed by the Gaussian, times alpha. */
export function displacements(
  height: number,
  width: number,
  alpha: number,
  weights: Float64Array,
  chance: PhiloxStream,
): Float64Array {
  const field = Float64Array.from({ length: height * width }, () => 2 * chance.uniform() - 1);
  const across = smooth(field, height, width, 1, width, weights);
  const both = smooth(across, width, height, width, 1, weights);
  return both.map((value) => alpha * value);
}

/** Convolves lines with weights; beyond their ends nothing moves. `step`: from an element of a line to the next, `stride`: from a line to the next. */
function smooth(
  field: Float64Array,
  lines: number,
  length: number,
  step: number,
  stride: number,
  weights: Float64Array,
): Float64Array {
  const smoothed = new Float64Array(field.length);
  const reach = (weights.length - 1) / 2;
  for (let line = 0; line < lines; line++) {
    const start = line * stride;
    for (let k = 0; k < length; k++) {
      const first = Math.max(0, k - reach);
      const last = Math.min(length - 1, k + reach);
      let sum = 0;
      for (let j = first; j <= last; j++) sum += weights[j - k + reach] * field[start + j * step];
      smoothed[start + k * step] = sum;
    }
  }
  return smoothed;
}
