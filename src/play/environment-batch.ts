// Many environments side by side, so that one pass of a network chooses the actions of all of them.
import { callable, list, whole } from "../engine/checks.ts";
import { checkEnvironment, type Environment, observationSize } from "./environment.ts";

/** Makes an environment of a seed: `(seed) => new Catch({ seed })`. */
export type MakeEnvironment = (seed: number) => Environment;

/** What one step of all environments has led to; the arrays are written over by the next step. */
export interface BatchStep {
  /** [count]. */
  readonly rewards: Float32Array;
  /** 1 where an episode has ended by the rules. */
  readonly terminated: Uint8Array;
  /** 1 where an episode was cut off. */
  readonly truncated: Uint8Array;
  /** What was seen behind the step: of an episode that is over the last picture, where `observations` have the next one's first. */
  readonly after: Float32Array;
}

/**
 * `count` environments that are stepped together; one whose episode is over begins the next one at once. The seeds of the environments follow from one seed,
 * and no two seeds share any.
 * @throws TypeError where `make` gives no environment, or one that sees or does something else than the first; RangeError for numbers that are none.
 * @example
 * ```ts
 * const batch = new EnvironmentBatch((seed) => new Catch({ seed }), 4, 1);
 * batch.observations.length; // 1536
 * [...batch.step([1, 1, 0, 2]).rewards]; // [0, 0, 0, 0]
 * ```
 */
export class EnvironmentBatch {
  readonly count: number;
  readonly shape: Environment["shape"];
  readonly actions: readonly string[];
  /** What is seen now, [count, planes, height, width]. */
  readonly observations: Float32Array;
  /** 1 where an action is allowed now, [count, actions]. */
  readonly legal: Uint8Array;
  readonly environments: readonly Environment[];
  private readonly size: number;
  private readonly result: BatchStep;

  constructor(make: MakeEnvironment, count: number, seed: number) {
    const owner = "EnvironmentBatch";
    callable(owner, "the maker of environments", make);
    this.count = whole(owner, "the number of environments", count, 1);
    whole(owner, "seed", seed, 0);
    this.environments = Array.from({ length: count }, (_, i) => checkEnvironment(owner, make(seedOf(seed, i))));
    const [first] = this.environments;
    this.shape = first.shape;
    this.actions = first.actions;
    const stranger = this.environments.find(
      ({ shape, actions }) => shape.join() !== first.shape.join() || actions.length !== first.actions.length,
    );
    if (stranger) throw new TypeError(`${owner}: the environments differ in what is seen, or in their actions`);
    this.size = observationSize(first);
    this.observations = new Float32Array(count * this.size);
    this.legal = new Uint8Array(count * first.actions.length);
    this.result = {
      rewards: new Float32Array(count),
      terminated: new Uint8Array(count),
      truncated: new Uint8Array(count),
      after: new Float32Array(count * this.size),
    };
    this.restart();
  }

  /** Begins the next episode in every environment, wherever it stands. */
  restart(): void {
    this.environments.forEach((environment, i) => {
      environment.reset();
      this.look(i);
    });
  }

  private look(i: number): void {
    const environment = this.environments[i];
    environment.observe(this.observations, i * this.size);
    const { length } = this.actions;
    for (let action = 0; action < length; action++) {
      this.legal[i * length + action] = environment.isLegal(action) ? 1 : 0;
    }
  }

  /**
   * Takes an action in each.
   * @throws RangeError for fewer or more actions than environments, and for what an environment does not allow.
   */
  step(actions: ArrayLike<number>): BatchStep {
    if (!ArrayBuffer.isView(actions)) list("EnvironmentBatch.step", "the actions", actions as readonly number[]);
    if (actions.length !== this.count) {
      throw new RangeError(
        `EnvironmentBatch.step: needs ${this.count} actions, one for each environment, got ${actions.length}`,
      );
    }
    const { rewards, terminated, truncated, after } = this.result;
    for (let i = 0; i < this.count; i++) {
      const environment = this.environments[i];
      const step = environment.step(actions[i]);
      rewards[i] = step.reward;
      terminated[i] = step.terminated ? 1 : 0;
      truncated[i] = step.truncated ? 1 : 0;
      environment.observe(after, i * this.size);
      if (step.terminated || step.truncated) environment.reset();
      this.look(i);
    }
    return this.result;
  }
}

/** The seed of environment `i`: those of one seed are neighbours, those of two seeds lie 65,536 apart. */
function seedOf(seed: number, i: number): number {
  return (seed % 2 ** 37) * 65_536 + i;
}

/** Throws unless an agent was made for environments of this kind. */
export function checkKind(
  owner: string,
  agent: { readonly shape: Environment["shape"]; readonly actions: number },
  batch: EnvironmentBatch,
): void {
  if (agent.shape.join() === batch.shape.join() && agent.actions === batch.actions.length) return;
  const [own, other] = [agent.shape, batch.shape].map((shape) => `[${shape.join(", ")}]`);
  throw new TypeError(
    `${owner}: the agent sees ${own} and has ${agent.actions} actions, the environments show ${other} and have ${batch.actions.length}; make an agent for them`,
  );
}
