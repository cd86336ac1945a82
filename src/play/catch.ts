// Balls fall, one after the other; whoever stands below catches them.
import { knownOptions, whole } from "../engine/checks.ts";
import { type Draws, PixelGame, type PixelGameOptions, type PixelStep, SCREEN } from "./pixel-game.ts";

/** What `Catch` takes. */
export interface CatchOptions extends PixelGameOptions {
  /** Balls an episode; default 5. */
  balls?: number;
}

/**
 * Catch: a ball falls a row a step from a random column, the player moves along the bottom row, 1 for a ball that is caught and -1 for one that is not, five
 * balls. Each can be caught from everywhere, so the most that an episode can bring is 5; moves at random bring about -3.7.
 * @throws RangeError for a number of balls, of steps or a seed that is none; TypeError for an unknown option.
 * @example
 * ```ts
 * const game = new Catch({ seed: 3 });
 * game.reset();
 * game.shape; // [6, 8, 8]
 * game.actions; // ["left", "stay", "right"]
 * game.step(game.expert()).reward; // 0
 * ```
 */
export class Catch extends PixelGame {
  private readonly balls: number;
  private left = 0;
  private player = 0;
  private row = 0;
  private column = 0;

  constructor(options: CatchOptions = {}) {
    knownOptions("Catch", options, ["seed", "steps", "balls"]);
    super("catch", ["left", "stay", "right"], 1_000_000, options);
    this.balls = whole("Catch", "balls", options.balls ?? 5, 1);
  }

  protected begin(draws: Draws): void {
    this.left = this.balls;
    this.player = SCREEN >> 1;
    this.row = 0;
    this.column = draws.below(SCREEN);
  }

  protected advance(action: number, draws: Draws): PixelStep {
    this.player = Math.min(SCREEN - 1, Math.max(0, this.player + action - 1));
    this.row += 1;
    if (this.row < SCREEN - 1) return { reward: 0 };
    const reward = this.player === this.column ? 1 : -1;
    this.left -= 1;
    this.row = 0;
    this.column = draws.below(SCREEN);
    return { reward, over: this.left === 0 };
  }

  protected paint(dot: (color: number, row: number, column: number) => void): void {
    dot(1, this.row, this.column);
    dot(0, SCREEN - 1, this.player);
  }

  /** Goes below the ball. */
  expert(): number {
    return Math.sign(this.column - this.player) + 1;
  }
}
