// Q-learning with a table (Watkins 1989): a number for every situation and action that has come up, without any network.
import { philoxStream } from "../data/philox.ts";
import { callable, knownOptions, notNegative, share, whole } from "../engine/checks.ts";
import { checkEnvironment, type Environment } from "./environment.ts";

/** What `QTable` takes. */
export interface QTableOptions {
  /** Part of the error by which an entry is mended: alpha; default 0.1. */
  learningRate?: number;
  /** What a reward is worth one step later: gamma; default 0.97. */
  discount?: number;
  /** Share of actions that are drawn at random while learning: epsilon; default 0.1. */
  attempts?: number;
  /** What an entry is before anything is known; default 0. */
  initial?: number;
  /** Default 0. */
  seed?: number;
  /** What makes two situations the same; default: what `environment.toString()` shows. */
  key?: (environment: Environment) => string;
}

/**
 * An agent with a table of values Q(s, a). An action a in s that earned r and led to s' mends its entry:
 *
 *   Q(s, a) += alpha (r + gamma max over a' of Q(s', a') - Q(s, a)),   without the gamma term where the episode ended.
 *
 * @throws RangeError for numbers that are none; TypeError for an unknown option.
 * @example
 * ```ts
 * const game = ticTacToe();
 * const table = new QTable({ seed: 1 });
 * const environment = new BoardEnvironment(game, randomPlayer(game, { seed: 1 }), { side: "first" });
 * table.train(environment, 2000).length; // 2000
 * table.size > 500; // true
 * ```
 */
export class QTable {
  private readonly entries = new Map<string, Float64Array>();
  private readonly learningRate: number;
  private readonly discount: number;
  private readonly attempts: number;
  private readonly initial: number;
  private readonly key: (environment: Environment) => string;
  private readonly draws: ReturnType<typeof philoxStream>;

  constructor(options: QTableOptions = {}) {
    const owner = "QTable";
    knownOptions(owner, options, ["learningRate", "discount", "attempts", "initial", "seed", "key"]);
    const { learningRate = 0.1, discount = 0.97, attempts = 0.1, initial = 0, seed = 0, key = shown } = options;
    this.learningRate = notNegative(owner, "learningRate", learningRate);
    this.discount = notNegative(owner, "discount", discount);
    this.attempts = share(owner, "attempts", attempts);
    if (!Number.isFinite(initial)) throw new RangeError(`${owner}: initial must be a finite number`);
    this.initial = initial;
    this.key = callable(owner, "key", key);
    this.draws = philoxStream(whole(owner, "seed", seed, 0));
  }

  /** Situations that have come up. */
  get size(): number {
    return this.entries.size;
  }

  /** The entries of a situation, as the environment stands; those of one that has not come up are the initial ones. */
  values(environment: Environment): Float64Array {
    checkEnvironment("QTable.values", environment);
    return this.row(environment).slice();
  }

  private row(environment: Environment): Float64Array {
    return this.entries.get(this.key(environment)) ?? new Float64Array(environment.actions.length).fill(this.initial);
  }

  /** The allowed action with the largest entry; of several one at random. */
  act(environment: Environment): number {
    return this.best(checkEnvironment("QTable.act", environment), this.row(environment));
  }

  private best(environment: Environment, row: Float64Array): number {
    const allowed = allowedIn(environment);
    const most = Math.max(...allowed.map((action) => row[action]));
    const best = allowed.filter((action) => row[action] === most);
    return best[this.draws.below(best.length)];
  }

  /**
   * Plays episodes and learns from every step.
   * @returns the return of each episode
   * @throws TypeError for what is no environment; RangeError for a number of episodes that is none.
   */
  train(environment: Environment, episodes: number): number[] {
    checkEnvironment("QTable.train", environment);
    whole("QTable.train", "the number of episodes", episodes, 1);
    return Array.from({ length: episodes }, () => this.episode(environment));
  }

  private episode(environment: Environment): number {
    environment.reset();
    let total = 0;
    for (;;) {
      const key = this.key(environment);
      const row = this.row(environment);
      this.entries.set(key, row);
      const allowed = allowedIn(environment);
      const action =
        this.draws.uniform() < this.attempts ? allowed[this.draws.below(allowed.length)] : this.best(environment, row);
      const { reward, terminated, truncated } = environment.step(action);
      total += reward;
      const later = terminated ? 0 : this.discount * this.most(environment, truncated);
      row[action] += this.learningRate * (reward + later - row[action]);
      if (terminated || truncated) return total;
    }
  }

  /** max over the allowed actions of Q; over all of them where the episode was cut off, after which none is allowed. */
  private most(environment: Environment, truncated: boolean): number {
    const row = this.row(environment);
    if (truncated) return Math.max(...row);
    return Math.max(...allowedIn(environment).map((action) => row[action]));
  }
}

const shown = (environment: Environment): string => environment.toString();

function allowedIn(environment: Environment): number[] {
  const found: number[] = [];
  for (let action = 0; action < environment.actions.length; action++) {
    if (environment.isLegal(action)) found.push(action);
  }
  return found;
}
