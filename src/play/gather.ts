// A maze of four rooms in which one thing after the other is to be fetched.
import { knownOptions } from "../engine/checks.ts";
import { type Draws, PixelGame, type PixelGameOptions, type PixelStep, SCREEN } from "./pixel-game.ts";

/** What `Gather` takes. */
export type GatherOptions = PixelGameOptions;

const MAZE = ["########", "#...#..#", "#......#", "#...#..#", "##.###.#", "#...#..#", "#......#", "########"];
const isWall = (row: number, column: number): boolean => MAZE[row]?.[column] !== ".";
const FREE = Array.from({ length: SCREEN * SCREEN }, (_, place) => place).filter(
  (place) => !isWall(Math.floor(place / SCREEN), place % SCREEN),
);
/** Rows and columns that an action goes on by. */
const WAYS = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
] as const;

/** Where an action leads from a place: against a wall it leads nowhere. */
function goOn(place: number, action: number): number {
  const [row, column] = [Math.floor(place / SCREEN) + WAYS[action][0], (place % SCREEN) + WAYS[action][1]];
  return isWall(row, column) ? place : row * SCREEN + column;
}

/** Steps from every place to one, by breadth-first search; Infinity behind walls. */
function distancesTo(goal: number): Float64Array {
  const distances = new Float64Array(SCREEN * SCREEN).fill(Number.POSITIVE_INFINITY);
  distances[goal] = 0;
  const queue = [goal];
  for (const place of queue) {
    for (let action = 0; action < WAYS.length; action++) {
      const next = goOn(place, action);
      if (distances[next] !== Number.POSITIVE_INFINITY) continue;
      distances[next] = distances[place] + 1;
      queue.push(next);
    }
  }
  return distances;
}

/**
 * Gather: four rooms with doors between them, a player, and something to fetch at a random place: 1 for reaching it, and the next one appears. An episode
 * has 50 steps. Where the next thing appears does not depend on the way taken, so nobody fetches more than `expert`, who takes a shortest way: about 10.3
 * an episode; moves at random fetch about 0.5.
 * @throws RangeError for a number of steps or a seed that is none; TypeError for an unknown option.
 * @example
 * ```ts
 * const game = new Gather({ seed: 1, steps: 30 });
 * game.reset();
 * game.actions; // ["up", "down", "left", "right"]
 * game.toString().split("\n")[0]; // "########"
 * ```
 */
export class Gather extends PixelGame {
  private player = 0;
  private thing = 0;

  constructor(options: GatherOptions = {}) {
    knownOptions("Gather", options, ["seed", "steps"]);
    super("gather", ["up", "down", "left", "right"], 50, options);
  }

  protected begin(draws: Draws): void {
    this.player = FREE[draws.below(FREE.length)];
    this.place(draws);
  }

  private place(draws: Draws): void {
    do this.thing = FREE[draws.below(FREE.length)];
    while (this.thing === this.player);
  }

  protected advance(action: number, draws: Draws): PixelStep {
    this.player = goOn(this.player, action);
    if (this.player !== this.thing) return { reward: 0 };
    this.place(draws);
    return { reward: 1 };
  }

  protected paint(dot: (color: number, row: number, column: number) => void): void {
    for (let row = 0; row < SCREEN; row++) {
      for (let column = 0; column < SCREEN; column++) if (isWall(row, column)) dot(2, row, column);
    }
    dot(1, Math.floor(this.thing / SCREEN), this.thing % SCREEN);
    dot(0, Math.floor(this.player / SCREEN), this.player % SCREEN);
  }

  /** The first step of a shortest way. */
  expert(): number {
    const distances = distancesTo(this.thing);
    let best = 0;
    for (let action = 1; action < WAYS.length; action++) {
      if (distances[goOn(this.player, action)] < distances[goOn(this.player, best)]) best = action;
    }
    return best;
  }
}
