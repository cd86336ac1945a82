// One neuron and four rules by which it learns: Hebb's without a teacher, Oja's repair of it, the delta rule with a teacher, and a reward.
import type { Random } from "../../random.ts";

export function weightedSum(weights: ArrayLike<number>, x: ArrayLike<number>, bias = 0): number {
  let sum = bias;
  for (let i = 0; i < weights.length; i++) sum += weights[i] * x[i];
  return sum;
}

function move(weights: number[], x: ArrayLike<number>, amount: number): void {
  for (let i = 0; i < weights.length; i++) weights[i] += amount * x[i];
}

/** Hebb: what fires together grows together. w += eta y x with y = w x; the weights have no bound. */
export function hebb(weights: number[], x: ArrayLike<number>, eta: number): number {
  const y = weightedSum(weights, x);
  move(weights, x, eta * y);
  return y;
}

/** Oja (1982): w += eta y (x - y w). The second term holds the length of w at 1. */
export function oja(weights: number[], x: ArrayLike<number>, eta: number): number {
  const y = weightedSum(weights, x);
  for (let i = 0; i < weights.length; i++) weights[i] += eta * y * (x[i] - y * weights[i]);
  return y;
}

/** Delta rule for a linear neuron: w += eta (d - y) x, down the gradient of (d - y)^2 / 2. A bias is a weight of the input 1. */
export function delta(weights: number[], x: ArrayLike<number>, d: number, eta: number): number {
  const y = weightedSum(weights, x);
  move(weights, x, eta * (d - y));
  return y;
}

/**
 * A reward alone (Williams 1992): the neuron fires with probability p = sigmoid(w x), and w += eta r (a - p) x for the action a it took and
 * the reward r it got. Nobody says which action would have been right.
 */
export function reinforce(
  weights: number[],
  x: ArrayLike<number>,
  rewardFor: (action: number) => number,
  eta: number,
  random: Random,
): number {
  const p = 1 / (1 + Math.exp(-weightedSum(weights, x)));
  const action = random.uniform() < p ? 1 : 0;
  move(weights, x, eta * rewardFor(action) * (action - p));
  return action;
}
