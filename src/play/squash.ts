// A ball against a wall: as Pong, with the wall for an opponent that never misses.
import { knownOptions, whole } from "../engine/checks.ts";
import { type Draws, PixelGame, type PixelGameOptions, type PixelStep, SCREEN } from "./pixel-game.ts";

/** What `Squash` takes. */
export interface SquashOptions extends PixelGameOptions {
  /** Returns that win the game; default 10. */
  returns?: number;
}

/** Pixels of the racket. */
const RACKET = 2;

/**
 * Squash: the ball flies diagonally and is thrown back by the walls; the wall in front throws it left or right at random. Along the bottom row moves a racket
 * of two pixels: 1 for a ball that it returns; one that it misses costs 1 and ends the game, and so do ten returns. The ball is never faster than the
 * racket, so the most that an episode can bring is 10; moves at random bring about -0.6.
 * @throws RangeError for a number of returns, of steps or a seed that is none; TypeError for an unknown option.
 * @example
 * ```ts
 * const game = new Squash({ returns: 3 });
 * game.reset();
 * let [total, over] = [0, false];
 * while (!over) {
 *   const { reward, terminated } = game.step(game.expert());
 *   total += reward;
 *   over = terminated;
 * }
 * total; // 3
 * ```
 */
export class Squash extends PixelGame {
  private readonly returns: number;
  private done = 0;
  private player = 0;
  private row = 0;
  private column = 0;
  private down = 1;
  private right = 1;

  constructor(options: SquashOptions = {}) {
    knownOptions("Squash", options, ["seed", "steps", "returns"]);
    super("squash", ["left", "stay", "right"], 1_000_000, options);
    this.returns = whole("Squash", "returns", options.returns ?? 10, 1);
  }

  protected begin(draws: Draws): void {
    this.done = 0;
    this.player = (SCREEN - RACKET) >> 1;
    this.row = 0;
    this.column = draws.below(SCREEN);
    this.down = 1;
    this.right = draws.below(2) * 2 - 1;
  }

  private fly(): void {
    if (this.column + this.right < 0 || this.column + this.right >= SCREEN) this.right = -this.right;
    this.column += this.right;
    this.row += this.down;
  }

  protected advance(action: number, draws: Draws): PixelStep {
    this.player = Math.min(SCREEN - RACKET, Math.max(0, this.player + action - 1));
    this.fly();
    if (this.row === 0) {
      this.down = 1;
      this.right = draws.below(2) * 2 - 1;
    }
    if (this.row < SCREEN - 1) return { reward: 0 };
    if (this.column < this.player || this.column >= this.player + RACKET) return { reward: -1, over: true };
    this.down = -1;
    this.done += 1;
    return { reward: 1, over: this.done === this.returns };
  }

  protected paint(dot: (color: number, row: number, column: number) => void): void {
    for (let i = 0; i < RACKET; i++) dot(0, SCREEN - 1, this.player + i);
    dot(1, this.row, this.column);
  }

  /** Goes where the ball comes down, or to the middle while it flies up. */
  expert(): number {
    if (this.down < 0) return Math.sign(((SCREEN - RACKET) >> 1) - this.player) + 1;
    let [row, column, right] = [this.row, this.column, this.right];
    while (row < SCREEN - 1) {
      if (column + right < 0 || column + right >= SCREEN) right = -right;
      column += right;
      row += 1;
    }
    if (column < this.player) return 0;
    return column >= this.player + RACKET ? 2 : 1;
  }
}
