// Rocks fall, and whoever stands below steps aside.
import { knownOptions, whole } from "../engine/checks.ts";
import { type Draws, PixelGame, type PixelGameOptions, type PixelStep, SCREEN } from "./pixel-game.ts";

/** What `Dodge` takes. */
export interface DodgeOptions extends PixelGameOptions {
  /** Rocks that win the game; default 10. */
  rocks?: number;
}

/** Pixels of a rock, and rows between one and the next. */
const [ROCK, APART] = [3, 4];

interface Rock {
  row: number;
  /** Its leftmost pixel. */
  readonly column: number;
}

/**
 * Dodge: rocks of three pixels fall a row a step, four rows apart; the player moves along the bottom row: 1 for each rock that has come down beside it; one that
 * hits costs 1 and ends the game, and so do ten rocks. Four steps are enough to leave the place where any rock comes down, so the most that an episode
 * can bring is 10; moves at random bring about 0.7.
 * @throws RangeError for a number of rocks, of steps or a seed that is none; TypeError for an unknown option.
 * @example
 * ```ts
 * const game = new Dodge({ seed: 2 });
 * game.reset();
 * game.actions; // ["left", "stay", "right"]
 * [0, 1].includes(game.expert() % 2); // true
 * ```
 */
export class Dodge extends PixelGame {
  private readonly rocks: number;
  private passed = 0;
  private player = 0;
  private falling: Rock[] = [];

  constructor(options: DodgeOptions = {}) {
    knownOptions("Dodge", options, ["seed", "steps", "rocks"]);
    super("dodge", ["left", "stay", "right"], 1_000_000, options);
    this.rocks = whole("Dodge", "rocks", options.rocks ?? 10, 1);
  }

  protected begin(draws: Draws): void {
    this.passed = 0;
    this.player = draws.below(SCREEN);
    this.falling = [{ row: 0, column: draws.below(SCREEN - ROCK + 1) }];
  }

  protected advance(action: number, draws: Draws): PixelStep {
    this.player = Math.min(SCREEN - 1, Math.max(0, this.player + action - 1));
    if (this.falling[0].row === SCREEN - 1) this.falling.shift();
    for (const rock of this.falling) rock.row += 1;
    if (this.falling[this.falling.length - 1].row === APART) {
      this.falling.push({ row: 0, column: draws.below(SCREEN - ROCK + 1) });
    }
    const [{ row, column }] = this.falling;
    if (row < SCREEN - 1) return { reward: 0 };
    if (this.player >= column && this.player < column + ROCK) return { reward: -1, over: true };
    this.passed += 1;
    return { reward: 1, over: this.passed === this.rocks };
  }

  protected paint(dot: (color: number, row: number, column: number) => void): void {
    dot(0, SCREEN - 1, this.player);
    for (const { row, column } of this.falling) for (let i = 0; i < ROCK; i++) dot(2, row, column + i);
  }

  /** Leaves the place where the next rock comes down by the shorter side. */
  expert(): number {
    const next = this.falling.find(({ row }) => row < SCREEN - 1);
    if (next === undefined) return 1;
    const { column } = next;
    if (this.player < column || this.player >= column + ROCK) return 1;
    const [left, right] = [this.player - column + 1, column + ROCK - this.player];
    const goesLeft = column > 0 && (left <= right || column + ROCK === SCREEN);
    return goesLeft ? 0 : 2;
  }
}
