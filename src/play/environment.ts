// What an agent plays: it sees a picture, chooses an action, and gets a reward and the next picture. Every game of this room is one, and so is whatever
// else has these few members; agents know nothing more about a game.
import { whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";

/** What an action has led to. */
export interface StepResult {
  /** What the action earned. */
  readonly reward: number;
  /** The episode has come to its end by the rules: nothing can be earned any more. */
  readonly terminated: boolean;
  /** The episode was cut off at its longest: what lies ahead still has a value. */
  readonly truncated: boolean;
}

/** A game for one player, in episodes; what is random in it follows from its seed. */
export interface Environment {
  /** What it is called: "catch". */
  readonly name: string;
  /** What is seen: [planes, height, width]. */
  readonly shape: readonly [planes: number, height: number, width: number];
  /** Names of the actions; action k is the k-th. */
  readonly actions: readonly string[];
  /** Begins the next episode; with a seed, the first episode of that seed. */
  reset(seed?: number): void;
  /**
   * Takes an action, 0 to actions.length - 1.
   * @throws RangeError for an action that there is not, or that the rules forbid here; Error where the episode is over.
   */
  step(action: number): StepResult;
  /** Whether the rules allow an action now. */
  isLegal(action: number): boolean;
  /**
   * Writes what is seen into `into` from place `at` on (default 0), planes one after the other, rows from the top: numbers from 0 to 1.
   * @throws RangeError where it has no room for planes * height * width numbers.
   */
  observe(into: Float32Array, at?: number): void;
  /** The action of a player who knows the rules, where the game has one. */
  expert?(): number;
  /** The picture as lines of characters. */
  toString(): string;
}

/**
 * Numbers in what is seen: planes * height * width.
 * @throws TypeError for what is no environment.
 * @example
 * ```ts
 * observationSize(new Catch()); // 384
 * ```
 */
export function observationSize(environment: Environment): number {
  const { shape } = checkEnvironment("observationSize", environment);
  return shape[0] * shape[1] * shape[2];
}

/** Throws unless there is such an action. */
export function checkAction(owner: string, action: number, actions: readonly string[]): number {
  if (Number.isInteger(action) && action >= 0 && action < actions.length) return action;
  const names = actions.map((name, i) => `${i} ${name}`).join(", ");
  const shown = actions.length <= 10 ? ` (${names})` : "";
  throw new RangeError(
    `${owner}: an action is a whole number from 0 to ${actions.length - 1}${shown}, got ${quote(action)}`,
  );
}

/** Throws unless `size` numbers fit into an array from a place on. */
export function checkRoom(owner: string, into: Float32Array, at: number, size: number): void {
  if (!(into instanceof Float32Array)) {
    throw new TypeError(`${owner}: needs a Float32Array to write into, got ${quote(into)}`);
  }
  whole(owner, "the place to write at", at, 0);
  if (at + size > into.length) {
    throw new RangeError(
      `${owner}: writes ${size} numbers from place ${at} on, and the array has ${into.length}; make it at least ${at + size} long`,
    );
  }
}

/** Throws unless a value has what an environment must have. */
export function checkEnvironment(owner: string, value: Environment): Environment {
  const given = value as Partial<Environment> | null | undefined;
  const complete =
    typeof given === "object" &&
    given !== null &&
    Array.isArray(given.shape) &&
    Array.isArray(given.actions) &&
    (["reset", "step", "isLegal", "observe"] as const).every((name) => typeof given[name] === "function");
  if (complete) return value;
  throw new TypeError(
    `${owner}: an environment has shape, actions, reset, step, isLegal and observe, got ${quote(value)}`,
  );
}

/** How many pictures there are in an array of them; throws where it holds none, or a part of one. */
export function countPictures(owner: string, observations: Float32Array, shape: Environment["shape"]): number {
  const size = shape[0] * shape[1] * shape[2];
  if (!(observations instanceof Float32Array)) {
    throw new TypeError(`${owner}: pictures come in a Float32Array, got ${quote(observations)}`);
  }
  const n = observations.length / size;
  if (Number.isInteger(n) && n > 0) return n;
  throw new RangeError(
    `${owner}: pictures of [${shape.join(", ")}] have ${size} numbers each, and ${observations.length} are no whole number of them`,
  );
}

/** Throws unless there is a 0 or 1 for each action of each picture. */
export function checkLegal(owner: string, legal: Uint8Array, n: number, actions: number): void {
  if (legal instanceof Uint8Array && legal.length === n * actions) return;
  throw new RangeError(
    `${owner}: what is allowed comes as a Uint8Array with a 0 or 1 for each of ${n} x ${actions} actions, got ${quote(legal)}`,
  );
}
