// The costs of network2: each knows its value for one sample, and the error delta of the output layer, where its derivative and that of the
// neurons meet. network2 asks for delta and not for the cost's derivative, because for cross-entropy the derivative alone is a division by
// a (1 - a), which is 0 for a neuron that is saturated: the factor that cancels it must be cancelled on paper, not by the machine.
import type { Matrix } from "../../matrix.ts";
import type { Neuron, NeuronName } from "./neurons.ts";

export interface Cost {
  /** As network2 saves it. */
  readonly name: "QuadraticCost" | "CrossEntropyCost" | "LogLikelihoodCost";
  /** The output neurons it belongs to. */
  readonly output: NeuronName;
  /** Cost of one sample with output `a` and desired output `y`. */
  fn(a: Matrix, y: Matrix): number;
  /** Error of the output layer. */
  delta(z: Matrix, a: Matrix, y: Matrix, output: Neuron): Matrix;
}

/** |a - y|^2 / 2; delta = (a - y) f'(z), which for linear neurons is a - y (69). */
export const QuadraticCost: Cost = {
  name: "QuadraticCost",
  output: "sigmoid",
  fn: (a, y) => 0.5 * a.minus(y).norm() ** 2,
  delta: (z, a, y, output) => a.minus(y).times(output.prime(z)),
};

/** sum -y ln a - (1 - y) ln(1 - a); delta = a - y for sigmoid neurons (66). */
export const CrossEntropyCost: Cost = {
  name: "CrossEntropyCost",
  output: "sigmoid",
  fn: (a, y) => a.zip(y, (p, t) => nanToNum(-t * Math.log(p) - (1 - t) * Math.log(1 - p))).sum(),
  delta: (_z, a, y) => a.minus(y),
};

/** -ln a_y, for softmax neurons (80); delta = a - y (84). `y` is one-hot, or a distribution. */
export const LogLikelihoodCost: Cost = {
  name: "LogLikelihoodCost",
  output: "softmax",
  fn: (a, y) => a.zip(y, (p, t) => nanToNum(-t * Math.log(p))).sum(),
  delta: (_z, a, y) => a.minus(y),
};

export const COSTS: readonly Cost[] = [QuadraticCost, CrossEntropyCost, LogLikelihoodCost];

/** NumPy's nan_to_num: 0 * ln 0 counts as 0, an infinite cost as the largest number. */
function nanToNum(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
