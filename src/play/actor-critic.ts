// Advantage actor-critic (Mnih and others, "Asynchronous methods for deep reinforcement learning", 2016, its synchronous form), with the generalised advantages of
// Schulman and others (2016): learning after a few steps in many environments, not at the end of episodes.
import { philoxStream } from "../data/philox.ts";
import { fields, knownOptions, list, notNegative, numeric, positive, whole } from "../engine/checks.ts";
import { Adam } from "../optim/adam.ts";
import { CurveKeeper, type LearningCurve, type LearningOptions, pause } from "./agent.ts";
import { observationSize } from "./environment.ts";
import { checkKind, EnvironmentBatch, type MakeEnvironment } from "./environment-batch.ts";
import { chances, drawActions, PolicyAgent, policyStep } from "./policy-agent.ts";

/** What `actorCritic` takes. */
export interface ActorCriticOptions extends LearningOptions {
  /** Steps in every environment before each step of learning; default 16. */
  rollout?: number;
  /** How far rewards are looked at themselves before the value stands for what is to come, from 0 (one step) to 1 (all of the rollout): lambda; default 0.95. */
  lambda?: number;
  /** Weight of the value's error; default 0.5. */
  valueWeight?: number;
  /** Weight of the policy's entropy; default 0.01. */
  entropyWeight?: number;
}

/**
 * Advantages and returns of a rollout, [time, n]: with the error d_t = r_t + gamma v_{t+1} - v_t, where what follows an end counts nothing,
 *
 *   A_t = d_t + gamma lambda A_{t+1},   R_t = A_t + v_t.
 *
 * @param rewards [time, n]
 * @param values [time + 1, n]: the last row is what is to be expected behind the rollout
 * @param ended [time, n]: 1 where an episode was over by that step
 * @throws RangeError where the lengths do not fit.
 * @example
 * ```ts
 * const { advantages } = generalAdvantages([1, 1], [0, 0.5, 2], [0, 0], 1, { discount: 1, lambda: 1 });
 * [...advantages]; // [4, 2.5]
 * ```
 */
export function generalAdvantages(
  rewards: ArrayLike<number>,
  values: ArrayLike<number>,
  ended: ArrayLike<number>,
  n: number,
  plan: { discount: number; lambda: number },
): { advantages: Float32Array; returns: Float32Array } {
  const owner = "generalAdvantages";
  const { discount, lambda } = fields(owner, "discount and lambda", plan);
  numeric(owner, "discount", discount);
  numeric(owner, "lambda", lambda);
  for (const given of [rewards, values, ended]) {
    if (ArrayBuffer.isView(given)) continue;
    for (const value of list(owner, "rewards, values and ends", given as readonly number[]))
      if (typeof value !== "boolean") numeric(owner, "rewards, values and ends", value);
  }
  const time = rewards.length / whole(owner, "n", n, 1);
  if (!Number.isInteger(time) || values.length !== rewards.length + n || ended.length !== rewards.length) {
    throw new RangeError(
      `${owner}: needs rewards and ends of [time, ${n}] and values of [time + 1, ${n}], got ${rewards.length}, ${ended.length} and ${values.length} numbers`,
    );
  }
  const advantages = new Float32Array(rewards.length);
  const returns = new Float32Array(rewards.length);
  for (let i = 0; i < n; i++) {
    let advantage = 0;
    for (let t = time - 1; t >= 0; t--) {
      const at = t * n + i;
      const goesOn = ended[at] ? 0 : 1;
      const error = rewards[at] + goesOn * discount * values[at + n] - values[at];
      advantage = error + goesOn * discount * lambda * advantage;
      advantages[at] = advantage;
      returns[at] = advantage + values[at];
    }
  }
  return { advantages, returns };
}

/**
 * Teaches an agent by actor-critic: `rollout` steps in every environment with actions drawn from the policy, then one step of Adam on all of them, with advantages
 * scaled to mean 0 and deviation 1. What an episode that was cut off would have brought is the value of its last picture. Default: 100,000 steps in 16
 * environments, learning rate 0.001, discount 0.97.
 * @returns the mean returns while learning
 * @throws TypeError for what is no PolicyAgent or makes no environments of its kind, or for an unknown option; RangeError for numbers that are none.
 * @example
 * ```ts
 * const agent = new PolicyAgent(new Squash());
 * const { steps } = await actorCritic(agent, (seed) => new Squash({ seed }), { steps: 1024, every: 512 });
 * steps; // [512, 1024]
 * ```
 */
export async function actorCritic(
  agent: PolicyAgent,
  make: MakeEnvironment,
  options: ActorCriticOptions = {},
): Promise<LearningCurve> {
  const owner = "actorCritic";
  if (!(agent instanceof PolicyAgent))
    throw new TypeError(`${owner}: needs a PolicyAgent: new PolicyAgent(environment)`);
  knownOptions(owner, options, [
    ...["steps", "environments", "learningRate", "discount", "seed", "every", "onRecord"],
    ...["rollout", "lambda", "valueWeight", "entropyWeight"],
  ]);
  const steps = whole(owner, "steps", options.steps ?? 100_000, 1);
  const time = whole(owner, "rollout", options.rollout ?? 16, 1);
  const discount = notNegative(owner, "discount", options.discount ?? 0.97);
  const lambda = notNegative(owner, "lambda", options.lambda ?? 0.95);
  const seed = options.seed ?? 0;
  const batch = new EnvironmentBatch(make, options.environments ?? 16, seed);
  checkKind(owner, agent, batch);
  const { count, actions } = batch;
  const every = whole(owner, "every", options.every ?? Math.max(count, Math.floor(steps / 50)), 1);
  const optimizer = new Adam({
    learningRate: positive(owner, "learningRate", options.learningRate ?? 1e-3),
    clipNorm: 1,
  });
  const learn = policyStep(agent, optimizer, {
    valueWeight: notNegative(owner, "valueWeight", options.valueWeight ?? 0.5),
    entropyWeight: notNegative(owner, "entropyWeight", options.entropyWeight ?? 0.01),
  });
  const draws = philoxStream(seed);
  draws.seek(0, 1);
  const keeper = new CurveKeeper(count, every, options.onRecord);

  const size = observationSize(batch.environments[0]);
  const n = time * count;
  const observations = new Float32Array(n * size);
  const legal = new Uint8Array(n * actions.length);
  const taken = new Int32Array(n);
  const rewards = new Float32Array(n);
  const values = new Float32Array(n + count);
  const ended = new Uint8Array(n);
  const weights = new Float32Array(n).fill(1 / n);
  for (let done = 0; done < steps; done += n) {
    let recorded = false;
    for (let t = 0; t < time; t++) {
      const answer = agent.ask(batch.observations);
      const chosen = drawActions(chances(answer.scores, batch.legal, actions.length), actions.length, draws.uniform);
      observations.set(batch.observations, t * count * size);
      legal.set(batch.legal, t * count * actions.length);
      taken.set(chosen, t * count);
      values.set(answer.values, t * count);
      const step = batch.step(chosen);
      recorded = keeper.add(step.rewards, step.terminated, step.truncated) || recorded;
      const cut = step.truncated.includes(1) ? agent.ask(step.after).values : null;
      for (let i = 0; i < count; i++) {
        const at = t * count + i;
        rewards[at] = step.rewards[i] + (cut !== null && step.truncated[i] ? discount * cut[i] : 0);
        ended[at] = step.terminated[i] | step.truncated[i];
      }
    }
    values.set(agent.ask(batch.observations).values, n);
    const { advantages, returns } = generalAdvantages(rewards, values, ended, count, { discount, lambda });
    learn({ observations, legal, actions: taken, advantages: scaled(advantages), returns, weights });
    if (recorded) await pause();
  }
  return keeper.curve;
}

/** Mean 0, deviation 1. */
export function scaled(values: Float32Array): Float32Array {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  const factor = 1 / (Math.sqrt(variance) + 1e-6);
  return values.map((value) => (value - mean) * factor);
}
