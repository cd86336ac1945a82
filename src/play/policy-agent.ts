// An agent with a policy: probabilities of actions, and beside them what the situation is worth. One step of learning serves REINFORCE and actor-critic alike;
// they differ in what they take for the advantage of an action.
import { backward } from "../autograd/backward.ts";
import { noGrad } from "../autograd/grad.ts";
import { knownOptions, whole } from "../engine/checks.ts";
import { Dense } from "../nn/layers/dense.ts";
import { Sequential } from "../nn/sequential.ts";
import { add, mul, square, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { exp } from "../ops/exponentials.ts";
import { slice } from "../ops/slices.ts";
import { logSoftmax } from "../ops/softmax.ts";
import { reshape } from "../ops/views.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { tensor } from "../tensor/create.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { type Captured, capture } from "../train/capture.ts";
import { type Agent, hiddenLayers } from "./agent.ts";
import { checkEnvironment, checkLegal, countPictures, type Environment } from "./environment.ts";
import type { AgentOptions } from "./q-agent.ts";

/** Added to the score of an action that is not allowed: its probability is 0. */
const FORBIDDEN = -1e9;

/** What the network says of pictures. */
export interface PolicyAnswer {
  /** Scores of the actions, [n, actions]. */
  readonly scores: Float32Array;
  /** What is to be expected from here on, [n]. */
  readonly values: Float32Array;
}

/** Steps to learn from, [n, ...]. */
export interface PolicySamples {
  readonly observations: Float32Array;
  readonly legal: Uint8Array;
  readonly actions: Int32Array;
  /** How much better than expected each action did. */
  readonly advantages: Float32Array;
  /** What the value should have been. */
  readonly returns: Float32Array;
  /** How much each step counts; they add up to 1. */
  readonly weights: Float32Array;
}

/** Parts of the loss. */
export interface PolicyLossOptions {
  /** Weight of the value's squared error. */
  readonly valueWeight: number;
  /** Weight of the policy's entropy, which is to stay large. */
  readonly entropyWeight: number;
}

/**
 * An agent that draws its actions from a policy while it learns, and in earnest takes the most probable one. Its network gives for each picture the scores of the
 * actions and, last, a value, [n, actions + 1].
 * @throws TypeError for what is no environment, or for an unknown option; RangeError for a seed that is none.
 * @example
 * ```ts
 * const agent = new PolicyAgent(new Catch({ balls: 1 }), { seed: 1 });
 * await actorCritic(agent, (seed) => new Catch({ balls: 1, seed }), { steps: 1000 });
 * agent.model.outputShape; // [4]
 * ```
 */
export class PolicyAgent implements Agent {
  readonly model: Sequential;
  readonly actions: number;
  readonly shape: Environment["shape"];
  private readonly forward: Captured<[Tensor], Tensor>;

  constructor(environment: Environment, options: AgentOptions = {}) {
    const { shape, actions } = checkEnvironment("PolicyAgent", environment);
    const { seed = 0, layers = hiddenLayers } = knownOptions("PolicyAgent", options, ["seed", "layers"]);
    whole("PolicyAgent", "seed", seed, 0);
    this.shape = shape;
    this.actions = actions.length;
    this.model = new Sequential([...layers(shape), new Dense(actions.length + 1)], { inputShape: [...shape], seed });
    this.forward = capture((x: Tensor) => this.model.call(x));
  }

  /** What the network says of pictures, [n, planes, height, width]. */
  ask(observations: Float32Array): PolicyAnswer {
    const { shape, actions } = this;
    const n = countPictures("PolicyAgent", observations, shape);
    const outputs = noGrad(() =>
      scope(() => this.forward(tensor(observations, { shape: [n, ...shape] })).dataSync() as Float32Array).slice(),
    );
    const scores = new Float32Array(n * actions);
    const values = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      for (let action = 0; action < actions; action++)
        scores[i * actions + action] = outputs[i * (actions + 1) + action];
      values[i] = outputs[i * (actions + 1) + actions];
    }
    return { scores, values };
  }

  /** Probabilities of the actions, [n, actions]: 0 for those that are not allowed. */
  policy(observations: Float32Array, legal: Uint8Array): Float32Array {
    const n = countPictures("PolicyAgent.policy", observations, this.shape);
    checkLegal("PolicyAgent.policy", legal, n, this.actions);
    return chances(this.ask(observations).scores, legal, this.actions);
  }

  /** See `Agent`. */
  act(observations: Float32Array, legal: Uint8Array): Int32Array {
    const shares = this.policy(observations, legal);
    const { actions } = this;
    return Int32Array.from({ length: shares.length / actions }, (_, i) => {
      const row = shares.subarray(i * actions, (i + 1) * actions);
      return row.indexOf(Math.max(...row));
    });
  }
}

/** Softmax over what is allowed, row by row. */
export function chances(scores: Float32Array, legal: Uint8Array, actions: number): Float32Array {
  const found = new Float32Array(scores.length);
  for (let start = 0; start < scores.length; start += actions) {
    let most = Number.NEGATIVE_INFINITY;
    for (let i = start; i < start + actions; i++) if (legal[i] && scores[i] > most) most = scores[i];
    let total = 0;
    for (let i = start; i < start + actions; i++) {
      if (legal[i]) found[i] = Math.exp(scores[i] - most);
      total += found[i];
    }
    for (let i = start; i < start + actions; i++) found[i] /= total;
  }
  return found;
}

/** Draws an action of each row's probabilities. */
export function drawActions(shares: Float32Array, actions: number, uniform: () => number): Int32Array {
  return Int32Array.from({ length: shares.length / actions }, (_, i) => {
    let left = uniform();
    let last = 0;
    for (let action = 0; action < actions; action++) {
      const share = shares[i * actions + action];
      if (share === 0) continue;
      last = action;
      left -= share;
      if (left < 0) break;
    }
    return last;
  });
}

/**
 * Makes the step of learning: with w the weights of the samples, A the advantages, R the returns, H the entropy of the policy,
 *
 *   loss = sum of w (-A log p(action) + valueWeight (v - R)^2 / 2 - entropyWeight H).
 */
export function policyStep(
  agent: PolicyAgent,
  optimizer: Optimizer,
  { valueWeight, entropyWeight }: PolicyLossOptions,
): (samples: PolicySamples) => void {
  const { model, actions } = agent;
  const learn = capture((x: Tensor, mask: Tensor, chosen: Tensor, figures: Tensor) => {
    const outputs = model.call(x, { training: true });
    const n = x.shape[0];
    const logs = logSoftmax(add(slice(outputs, 0, actions, 1, 1), mask), 1);
    const value = reshape(slice(outputs, actions, actions + 1, 1, 1), [n]);
    const [advantages, returns, weights] = [0, 1, 2].map((row) => reshape(slice(figures, row, row + 1), [n]));
    const gain = mul(sum(mul(logs, chosen), 1), advantages);
    const entropy = mul(sum(mul(exp(logs), logs), 1), -entropyWeight);
    const error = mul(square(sub(value, returns)), valueWeight / 2);
    const loss = sum(mul(weights, sub(sub(error, gain), entropy)));
    model.block.clearGradients();
    backward(loss);
    optimizer.step(model.block);
  });
  return ({ observations, legal, actions: taken, advantages, returns, weights }) => {
    const n = taken.length;
    const mask = Float32Array.from(legal, (allowed) => (allowed ? 0 : FORBIDDEN));
    const chosen = new Float32Array(n * actions);
    for (let i = 0; i < n; i++) chosen[i * actions + taken[i]] = 1;
    const figures = new Float32Array(3 * n);
    figures.set(advantages);
    figures.set(returns, n);
    figures.set(weights, 2 * n);
    scope(() => {
      learn(
        tensor(observations, { shape: [n, ...agent.shape] }),
        tensor(mask, { shape: [n, actions] }),
        tensor(chosen, { shape: [n, actions] }),
        tensor(figures, { shape: [3, n] }),
      );
    });
  };
}
