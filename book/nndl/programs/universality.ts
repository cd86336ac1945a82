// Chapter 4, networks that approximate a function by construction, not by training: every weight comes from a formula. Here is what needs
// one hidden layer of neurons: steps, bumps, and functions of one input; towers over two and more inputs are in universality-towers.ts.

export function sigmoid(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

/** The inverse of the sigmoid: the weighted sum that makes an output neuron answer y. */
export function logit(y: number): number {
  return Math.log(y / (1 - y));
}

export function relu(z: number): number {
  return Math.max(0, z);
}

/** An activation with wiggles and the limits -0.5 and 2, to stand for the book's "generic" one. */
export function wiggly(z: number): number {
  return 2.5 * sigmoid(z) - 0.5 + 0.8 * Math.sin(3 * z) * Math.exp((-z * z) / 8);
}

/** A hidden neuron, and the weight by which its output enters the next sum. */
export interface HiddenNeuron {
  readonly weights: readonly number[];
  readonly bias: number;
  readonly out: number;
}

/** One hidden layer, and an output neuron whose weighted sum is what the constructions aim at. */
export class OneHiddenLayer {
  readonly neurons: readonly HiddenNeuron[];
  readonly activation: (z: number) => number;
  /** The output neuron's. The book sets it to 0; a construction from ReLUs needs it. */
  readonly outputBias: number;

  constructor(neurons: readonly HiddenNeuron[], activation: (z: number) => number = sigmoid, outputBias = 0) {
    this.neurons = neurons;
    this.activation = activation;
    this.outputBias = outputBias;
  }

  /** Sum of w a over the hidden neurons. */
  weightedSum(x: readonly number[]): number {
    let sum = this.outputBias;
    for (const { weights, bias, out } of this.neurons) {
      let z = bias;
      for (let i = 0; i < weights.length; i++) z += weights[i] * x[i];
      sum += out * this.activation(z);
    }
    return sum;
  }

  /** What the output neuron, a sigmoid one, answers. */
  output(x: readonly number[]): number {
    return sigmoid(this.weightedSum(x));
  }
}

/** A neuron that jumps from 0 to 1 at x = s. Its bias is -w s, so s = -b / w. */
export function step(s: number, w: number, out = 1): HiddenNeuron {
  return { weights: [w], bias: -w * s, out };
}

/** Height h from s1 to s2 and 0 elsewhere: one step up, one down. */
export function bump(s1: number, s2: number, h: number, w: number): HiddenNeuron[] {
  return [step(s1, w, h), step(s2, w, -h)];
}

/** Which value of the target a bump takes: that at its middle, or the median over its interval. */
export type Height = "middle" | "median";

function heightOn(target: (x: number) => number, from: number, to: number, height: Height): number {
  if (height === "middle") return target((from + to) / 2);
  const values = Array.from({ length: 201 }, (_, i) => target(from + ((i + 0.5) / 201) * (to - from)));
  return values.sort((a, b) => a - b)[100];
}

/** The hidden layer whose weighted sum is close to `target` on [0, 1]: n bumps side by side. */
export function bumps(target: (x: number) => number, n: number, w: number, height: Height = "middle"): HiddenNeuron[] {
  return Array.from({ length: n }, (_, k) => {
    const [from, to] = [k / n, (k + 1) / n];
    return bump(from, to, heightOn(target, from, to, height), w);
  }).flat();
}

/**
 * M families of bumps for target / M each, every family shifted against the one before by 1 / M of a bump: where one
 * family is between two steps, the others are not. Each has a bump beyond either end of [0, 1], so that no step stands
 * at the end itself.
 */
export function overlappingBumps(
  target: (x: number) => number,
  n: number,
  w: number,
  families: number,
): HiddenNeuron[] {
  return Array.from({ length: families }, (_, m) =>
    Array.from({ length: n + 2 }, (_, k) => {
      const from = (k - 1 + m / families) / n;
      const to = from + 1 / n;
      return bump(from, to, target(Math.min(1, Math.max(0, (from + to) / 2))) / families, w);
    }).flat(),
  ).flat();
}

/**
 * The same for an activation whose limits are not 0 and 1: its output is scaled and shifted. Returns the neurons and the
 * bias of the output neuron that takes the shift back.
 */
export function bumpsOf(
  target: (x: number) => number,
  n: number,
  w: number,
  limits: { readonly low: number; readonly high: number },
): { neurons: HiddenNeuron[]; outputBias: number } {
  const rise = limits.high - limits.low;
  if (!(Math.abs(rise) > 0)) throw new RangeError("bumpsOf: the limits at both ends must differ, or there is no step");
  const neurons = bumps(target, n, w).map((neuron) => ({ ...neuron, out: neuron.out / rise }));
  // Each bump is one step up and one down, so the low ends cancel out.
  return { neurons, outputBias: -neurons.reduce((sum, { out }) => sum + out * limits.low, 0) };
}

/** A step from two ReLUs: 0 up to s, 1 from s + 1 / w on, straight between. A single ReLU has no limit at infinity. */
export function stepOfRelus(s: number, w: number, out = 1): HiddenNeuron[] {
  return [
    { weights: [w], bias: -w * s, out },
    { weights: [w], bias: -w * s - 1, out: -out },
  ];
}

/** ReLUs whose sum is the polygon through the target's values at 0, 1/n, ..., 1: each adds the change of slope at its kink. */
export function polygon(target: (x: number) => number, n: number): { neurons: HiddenNeuron[]; outputBias: number } {
  const slopes = Array.from({ length: n }, (_, k) => (target((k + 1) / n) - target(k / n)) * n);
  const neurons = slopes.map((slope, k) => ({ weights: [1], bias: -k / n, out: slope - (slopes[k - 1] ?? 0) }));
  return { neurons, outputBias: target(0) };
}

/** f of equation (113). */
export function f113(x: number): number {
  return 0.2 + 0.4 * x * x + 0.3 * x * Math.sin(15 * x) + 0.05 * Math.cos(50 * x);
}

/** The middles of `count` equal parts of [0, 1]. */
export function middles(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 0.5) / count);
}

/** Mean and largest distance of two functions over points. */
export function deviation<P>(
  points: readonly P[],
  f: (point: P) => number,
  g: (point: P) => number,
): { mean: number; largest: number } {
  let [sum, largest] = [0, 0];
  for (const point of points) {
    const distance = Math.abs(f(point) - g(point));
    sum += distance;
    largest = Math.max(largest, distance);
  }
  return { mean: sum / points.length, largest };
}

/** The power p in error ~ n^p, by least squares on logarithms. */
export function order(n: readonly number[], error: readonly number[]): number {
  const [x, y] = [n.map(Math.log), error.map(Math.log)];
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i] - meanY), 0);
  return covariance / x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
}
