// What agents share: the network that looks at pictures, how well one plays, and the course of its learning.
import { callable, knownOptions, whole } from "../engine/checks.ts";
import type { BaseLayer } from "../nn/base-layer.ts";
import { Conv2D } from "../nn/layers/conv2d.ts";
import { Dense } from "../nn/layers/dense.ts";
import { Flatten } from "../nn/layers/flatten.ts";
import { EnvironmentBatch, type MakeEnvironment } from "./environment-batch.ts";

/** Whoever chooses actions. */
export interface Agent {
  /**
   * An action for each of the pictures in `observations`, [n, planes, height, width]; `legal` has a 1 for each action that is allowed, [n, actions]. What
   * it would do in earnest: without the attempts that learning takes.
   */
  act(observations: Float32Array, legal: Uint8Array): ArrayLike<number>;
}

/** The layers between what is seen and the outputs. */
export type HiddenLayers = (shape: readonly [number, number, number]) => readonly BaseLayer[];

/** 16 filters of 3 x 3, then 128 neurons: enough for a screen of 8 by 8, and for three by three cells. */
export const hiddenLayers: HiddenLayers = () => [
  new Conv2D(16, 3, { activation: "relu" }),
  new Flatten(),
  new Dense(128, { activation: "relu" }),
];

/** The course of learning, a number for each record. */
export interface LearningCurve {
  /** Steps in the environments so far, all of them together. */
  readonly steps: number[];
  /** Mean return of the episodes that have ended since the record before; where none has, that record's. */
  readonly returns: number[];
}

/** What all learning takes. */
export interface LearningOptions {
  /** Steps in the environments, all of them together. */
  steps?: number;
  /** Environments side by side. */
  environments?: number;
  /** Step length of Adam. */
  learningRate?: number;
  /** What a reward is worth one step later: gamma. */
  discount?: number;
  /** Decides the environments' seeds and all draws; default 0. */
  seed?: number;
  /** Steps between records of the curve; default: a fiftieth of all. */
  every?: number;
  /** Called at every record. */
  onRecord?: (steps: number, meanReturn: number) => void;
}

/** Adds up rewards to returns of episodes, and keeps the curve. */
export class CurveKeeper {
  readonly curve: LearningCurve = { steps: [], returns: [] };
  private readonly totals: Float64Array;
  private sum = 0;
  private count = 0;
  private taken = 0;
  private readonly every: number;
  private readonly onRecord: LearningOptions["onRecord"];

  constructor(environments: number, every: number, onRecord: LearningOptions["onRecord"]) {
    this.totals = new Float64Array(environments);
    this.every = every;
    this.onRecord = onRecord;
  }

  /** Leaves out what the episodes that are under way have earned so far: they are given up. */
  forget(): void {
    this.totals.fill(0);
  }

  /** Takes in a step of all environments; says whether a record was made. */
  add(rewards: Float32Array, terminated: Uint8Array, truncated: Uint8Array): boolean {
    const { totals, curve } = this;
    for (let i = 0; i < totals.length; i++) {
      totals[i] += rewards[i];
      if (!terminated[i] && !truncated[i]) continue;
      this.sum += totals[i];
      this.count += 1;
      totals[i] = 0;
    }
    const before = Math.floor(this.taken / this.every);
    this.taken += totals.length;
    if (Math.floor(this.taken / this.every) === before) return false;
    // Before the first end of an episode there is nothing to tell.
    const last = curve.returns[curve.returns.length - 1];
    if (this.count === 0 && last === undefined) return false;
    const mean = this.count === 0 ? last : this.sum / this.count;
    curve.steps.push(this.taken);
    curve.returns.push(mean);
    [this.sum, this.count] = [0, 0];
    this.onRecord?.(this.taken, mean);
    return true;
  }
}

/** Lets others run: a page's events, a signal. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** What `averageReturn` takes. */
export interface AverageOptions {
  /** Episodes; default 100. */
  episodes?: number;
  /** Default 0. */
  seed?: number;
}

/** How well an agent plays. */
export interface AverageReturn {
  readonly mean: number;
  readonly least: number;
  readonly most: number;
  /** Standard deviation of the returns. */
  readonly deviation: number;
}

/** Chooses among the allowed actions, all equally likely. */
export function anyAction(legal: Uint8Array, actions: number, below: (n: number) => number): Int32Array {
  return Int32Array.from({ length: legal.length / actions }, (_, i) => {
    const allowed: number[] = [];
    for (let action = 0; action < actions; action++) if (legal[i * actions + action]) allowed.push(action);
    return allowed[below(allowed.length)];
  });
}

/**
 * How well an agent plays: the returns of the first episodes of as many environments, each with a seed of its own.
 * @throws TypeError for what is no agent or makes no environments, or for an unknown option; RangeError for numbers that are none.
 * @example
 * ```ts
 * const still = { act: (_: Float32Array, legal: Uint8Array) => new Int32Array(legal.length / 3).fill(1) };
 * averageReturn(still, (seed) => new Catch({ seed }), { episodes: 200 }).mean < -2; // true
 * ```
 */
export function averageReturn(agent: Agent, make: MakeEnvironment, options: AverageOptions = {}): AverageReturn {
  const owner = "averageReturn";
  callable(owner, "the agent's act", agent?.act);
  const { episodes = 100, seed = 0 } = knownOptions(owner, options, ["episodes", "seed"]);
  const batch = new EnvironmentBatch(make, whole(owner, "episodes", episodes, 1), seed);
  const returns = new Float64Array(episodes);
  const over = new Uint8Array(episodes);
  for (let left = episodes; left > 0; ) {
    const { rewards, terminated, truncated } = batch.step(agent.act(batch.observations, batch.legal));
    for (let i = 0; i < episodes; i++) {
      if (over[i]) continue;
      returns[i] += rewards[i];
      if (terminated[i] || truncated[i]) {
        over[i] = 1;
        left -= 1;
      }
    }
  }
  const mean = returns.reduce((a, b) => a + b, 0) / episodes;
  const variance = returns.reduce((a, b) => a + (b - mean) ** 2, 0) / episodes;
  return { mean, least: Math.min(...returns), most: Math.max(...returns), deviation: Math.sqrt(variance) };
}
