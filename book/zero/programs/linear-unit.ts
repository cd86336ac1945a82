// The linear unit of the second part: the perceptron with f(x) = x. The rule stays as it is, and has become gradient descent on the squared
// error; batch descent and the exact least-squares line stand beside it for comparison.
import { Perceptron } from "./perceptron.ts";

type Inputs = readonly (readonly number[])[];

export class LinearUnit extends Perceptron {
  constructor(inputs: number) {
    super(inputs, (x) => x);
  }

  /** E(w) = 1/2 sum (y - h(x))^2 over all samples: a sum, not a mean. */
  error(inputs: Inputs, labels: readonly number[]): number {
    return inputs.reduce((sum, input, i) => sum + (labels[i] - this.predict(input)) ** 2, 0) / 2;
  }

  /** One step of batch descent, w += rate * sum (y - h(x)) x: every sample is seen before anything moves. */
  oneBatchStep(inputs: Inputs, labels: readonly number[], rate: number): void {
    const deltas = inputs.map((input, i) => labels[i] - this.predict(input));
    this.weights = this.weights.map(
      (w, j) => w + rate * deltas.reduce((sum, delta, i) => sum + delta * inputs[i][j], 0),
    );
    this.bias += rate * deltas.reduce((sum, delta) => sum + delta, 0);
  }
}

/** The line with the least squared error, from the normal equations. */
export function leastSquares(x: readonly number[], y: readonly number[]): { slope: number; intercept: number } {
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i] - meanY), 0);
  const variance = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const slope = covariance / variance;
  return { slope, intercept: meanY - slope * meanX };
}
