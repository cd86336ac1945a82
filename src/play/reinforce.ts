// REINFORCE (Williams 1992): actions that were followed by much become more probable. Whole episodes are played first, then learnt from.
import { philoxStream } from "../data/philox.ts";
import { knownOptions, notNegative, oneOf, positive, whole } from "../engine/checks.ts";
import { Adam } from "../optim/adam.ts";
import { scaled } from "./actor-critic.ts";
import { CurveKeeper, type LearningCurve, type LearningOptions, pause } from "./agent.ts";
import { observationSize } from "./environment.ts";
import { checkKind, EnvironmentBatch, type MakeEnvironment } from "./environment-batch.ts";
import { chances, drawActions, PolicyAgent, policyStep } from "./policy-agent.ts";

const BASELINES = ["value", "mean", "none"] as const;

/** What `reinforce` takes. */
export interface ReinforceOptions extends LearningOptions {
  /**
   * What an action's return is compared with: the network's value of the situation ("value", the default), the mean of all returns ("mean"), or nothing ("none").
   * On average the gradient is the same; its noise is not.
   */
  baseline?: (typeof BASELINES)[number];
  /** Weight of the value's error; default 0.5. */
  valueWeight?: number;
  /** Weight of the policy's entropy; default 0.01. */
  entropyWeight?: number;
}

/** The steps of one episode. */
class Episode {
  readonly observations: Float32Array[] = [];
  readonly legal: Uint8Array[] = [];
  readonly actions: number[] = [];
  readonly rewards: number[] = [];
  readonly values: number[] = [];
}

/** Fewest steps in a batch; larger ones have twice as many, and so on, so that steps of learning come in few sizes. */
const SMALLEST = 256;

/**
 * Teaches an agent by REINFORCE: every environment plays an episode to its end, then one step of Adam follows on all their steps, with the returns
 *
 *   G_t = r_t + gamma r_{t+1} + gamma^2 r_{t+2} + ...
 *
 * less the baseline for advantages, scaled to deviation 1. Default: 100,000 steps in 16 environments, learning rate 0.002, discount 0.97.
 * @returns the mean returns while learning
 * @throws TypeError for what is no PolicyAgent or makes no environments of its kind, or for an unknown option; RangeError for numbers that are none.
 * @example
 * ```ts
 * const agent = new PolicyAgent(new Catch({ balls: 1 }));
 * const { returns } = await reinforce(agent, (seed) => new Catch({ balls: 1, seed }), { steps: 500, every: 100, baseline: "mean" });
 * returns.length > 3; // true
 * ```
 */
export async function reinforce(
  agent: PolicyAgent,
  make: MakeEnvironment,
  options: ReinforceOptions = {},
): Promise<LearningCurve> {
  const owner = "reinforce";
  if (!(agent instanceof PolicyAgent)) {
    throw new TypeError(`${owner}: needs a PolicyAgent: new PolicyAgent(environment)`);
  }
  knownOptions(owner, options, [
    ...["steps", "environments", "learningRate", "discount", "seed", "every", "onRecord"],
    ...["baseline", "valueWeight", "entropyWeight"],
  ]);
  const steps = whole(owner, "steps", options.steps ?? 100_000, 1);
  const discount = notNegative(owner, "discount", options.discount ?? 0.97);
  const baseline = oneOf(owner, "baseline", options.baseline ?? "value", BASELINES);
  const seed = options.seed ?? 0;
  const batch = new EnvironmentBatch(make, options.environments ?? 16, seed);
  checkKind(owner, agent, batch);
  const { count, actions } = batch;
  const every = whole(owner, "every", options.every ?? Math.max(count, Math.floor(steps / 50)), 1);
  const optimizer = new Adam({
    learningRate: positive(owner, "learningRate", options.learningRate ?? 2e-3),
    clipNorm: 1,
  });
  const learn = policyStep(agent, optimizer, {
    valueWeight: baseline === "value" ? notNegative(owner, "valueWeight", options.valueWeight ?? 0.5) : 0,
    entropyWeight: notNegative(owner, "entropyWeight", options.entropyWeight ?? 0.01),
  });
  const draws = philoxStream(seed);
  draws.seek(0, 1);
  const keeper = new CurveKeeper(count, every, options.onRecord);
  const size = observationSize(batch.environments[0]);

  let running = Array.from({ length: count }, () => new Episode());
  for (let taken = 0; taken < steps; ) {
    const complete: (Episode | null)[] = new Array<null>(count).fill(null);
    let recorded = false;
    while (complete.includes(null)) {
      const answer = agent.ask(batch.observations);
      const chosen = drawActions(chances(answer.scores, batch.legal, actions.length), actions.length, draws.uniform);
      running.forEach((episode, i) => {
        if (complete[i] !== null) return;
        episode.observations.push(batch.observations.slice(i * size, (i + 1) * size));
        episode.legal.push(batch.legal.slice(i * actions.length, (i + 1) * actions.length));
        episode.actions.push(chosen[i]);
        episode.values.push(answer.values[i]);
      });
      const step = batch.step(chosen);
      taken += count;
      recorded = keeper.add(step.rewards, step.terminated, step.truncated) || recorded;
      running.forEach((episode, i) => {
        if (complete[i] !== null) return;
        episode.rewards.push(step.rewards[i]);
        if (step.terminated[i] || step.truncated[i]) complete[i] = episode;
      });
    }
    learn(samplesOf(complete as Episode[], { size, actions: actions.length, discount, baseline }));
    running = Array.from({ length: count }, () => new Episode());
    // Environments that went on past their end begin anew, so that no episode is learnt from by half.
    batch.restart();
    keeper.forget();
    if (recorded) await pause();
  }
  return keeper.curve;
}

function samplesOf(
  episodes: readonly Episode[],
  plan: { size: number; actions: number; discount: number; baseline: (typeof BASELINES)[number] },
) {
  const { size, actions, discount, baseline } = plan;
  const total = episodes.reduce((sum, { rewards }) => sum + rewards.length, 0);
  let n = SMALLEST;
  while (n < total) n *= 2;
  const samples = {
    observations: new Float32Array(n * size),
    legal: new Uint8Array(n * actions).fill(1),
    actions: new Int32Array(n),
    advantages: new Float32Array(n),
    returns: new Float32Array(n),
    weights: new Float32Array(n).fill(1 / total, 0, total),
  };
  let at = 0;
  for (const episode of episodes) {
    let later = 0;
    for (let t = episode.rewards.length - 1; t >= 0; t--) {
      later = episode.rewards[t] + discount * later;
      samples.returns[at + t] = later;
      samples.advantages[at + t] = later - (baseline === "value" ? episode.values[t] : 0);
      samples.observations.set(episode.observations[t], (at + t) * size);
      samples.legal.set(episode.legal[t], (at + t) * actions);
      samples.actions[at + t] = episode.actions[t];
    }
    at += episode.rewards.length;
  }
  const raw = samples.advantages.subarray(0, total);
  samples.advantages.set(baseline === "none" ? spread(raw) : scaled(raw));
  return samples;
}

/** Root of the mean square 1, without taking a mean away. */
function spread(values: Float32Array): Float32Array {
  const square = values.reduce((a, b) => a + b * b, 0) / values.length;
  return values.map((value) => value / (Math.sqrt(square) + 1e-6));
}
