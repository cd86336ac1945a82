// Batch and stochastic gradient descent for the linear hypothesis h(x) = t0 + t1 x1 + ..., with every evaluation of a sample's gradient counted.

export interface RegressionData {
  /** Samples in rows of `features` numbers, the first of them 1. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly features: number;
}

export interface Descent {
  readonly theta: number[];
  /** Gradients of single samples that were computed. */
  readonly evaluations: number;
  /** Where theta was: after each step, or after every `every` samples. */
  readonly path: number[][];
}

function hypothesis({ x, features }: RegressionData, theta: readonly number[], i: number): number {
  let h = 0;
  for (let j = 0; j < features; j++) h += theta[j] * x[i * features + j];
  return h;
}

/** J = 1/2 sum (h(x) - y)^2, divided by the number of samples so that sets of any size compare. */
export function cost(data: RegressionData, theta: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < data.y.length; i++) sum += (hypothesis(data, theta, i) - data.y[i]) ** 2;
  return sum / (2 * data.y.length);
}

/** A step needs the gradients of all samples: theta -= rate mean (h(x) - y) x. */
export function batchDescent(data: RegressionData, start: readonly number[], rate: number, passes: number): Descent {
  const theta = [...start];
  const path = [[...theta]];
  const count = data.y.length;
  let evaluations = 0;
  for (let pass = 0; pass < passes; pass++) {
    const gradient = new Float64Array(data.features);
    for (let i = 0; i < count; i++) {
      const error = hypothesis(data, theta, i) - data.y[i];
      for (let j = 0; j < data.features; j++) gradient[j] += error * data.x[i * data.features + j];
      evaluations += 1;
    }
    for (let j = 0; j < data.features; j++) theta[j] -= (rate * gradient[j]) / count;
    path.push([...theta]);
  }
  return { theta, evaluations, path };
}

/** A step after every sample: theta -= rate (h(x) - y) x. One pass over the data in its order. */
export function stochasticDescent(
  data: RegressionData,
  start: readonly number[],
  rate: number,
  every: number,
  samples = data.y.length,
): Descent {
  const theta = [...start];
  const path = [[...theta]];
  let evaluations = 0;
  for (let i = 0; i < samples; i++) {
    const error = hypothesis(data, theta, i) - data.y[i];
    evaluations += 1;
    for (let j = 0; j < data.features; j++) theta[j] -= rate * error * data.x[i * data.features + j];
    if ((i + 1) % every === 0) path.push([...theta]);
  }
  return { theta, evaluations, path };
}
