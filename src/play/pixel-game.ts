// Games on a small screen. A game says how an episode begins, what a step does and what is painted; seeds, episodes, frames and checks are here, the same
// for all, so that one agent can play every one of them.

import { type PhiloxStream, philoxStream } from "../data/philox.ts";
import { fields, text, whole } from "../engine/checks.ts";
import { checkAction, checkRoom, type Environment, type StepResult } from "./environment.ts";

/** Planes of a frame: what the player moves, what is to be reached, what is in the way. */
export const COLORS = 3;
/** Frames that are seen, the newest first: two show which way things move. */
const FRAMES = 2;
/** Height and width of every screen. */
export const SCREEN = 8;
const FRAME = COLORS * SCREEN * SCREEN;

/** What all pixel games take. */
export interface PixelGameOptions {
  /** Decides all that is random; default 0. */
  seed?: number;
  /** Steps after which an episode is cut off. */
  steps?: number;
}

/** Random draws of a game: `uniform()` in [0, 1), `below(n)` a whole number from 0 to n - 1. */
export type Draws = Pick<PhiloxStream, "uniform" | "below">;

/** What a step of a pixel game earns, and whether the episode is over by it. */
export interface PixelStep {
  readonly reward: number;
  readonly over?: boolean;
}

/**
 * The ground of games on a screen of 8 by 8 in three colours; the newest frame and the one before are seen, [6, 8, 8]. A game of your own extends it with
 * `begin`, `advance` and `paint`. Equal seeds give equal games, episode by episode, whatever was played in the episodes before.
 * @example
 * ```ts
 * class Button extends PixelGame {
 *   constructor() {
 *     super("button", ["wait", "press"], 5, {});
 *   }
 *   protected begin() {}
 *   protected advance(action: number) {
 *     return { reward: action };
 *   }
 *   protected paint(dot: (color: number, row: number, column: number) => void) {
 *     dot(1, 3, 3);
 *   }
 * }
 * const game = new Button();
 * game.reset();
 * game.step(1); // { reward: 1, terminated: false, truncated: false }
 * ```
 */
export abstract class PixelGame implements Environment {
  readonly name: string;
  readonly shape: readonly [number, number, number] = [FRAMES * COLORS, SCREEN, SCREEN];
  readonly actions: readonly string[];
  /** Steps after which an episode is cut off. */
  readonly steps: number;
  private stream: PhiloxStream;
  private episode = -1;
  private taken = 0;
  private over = true;
  private frames = [new Float32Array(FRAME), new Float32Array(FRAME)];

  /** @throws RangeError for a seed or a number of steps that is none. */
  constructor(name: string, actions: readonly string[], steps: number, options: PixelGameOptions) {
    const { seed = 0, steps: wanted = steps } = fields(text("PixelGame", "the name", name), "the options", options);
    this.name = name;
    this.actions = actions;
    this.steps = whole(name, "steps", wanted, 1);
    this.stream = philoxStream(whole(name, "seed", seed, 0));
  }

  /** Sets the game up for an episode. */
  protected abstract begin(draws: Draws): void;
  /** Does what a step does. */
  protected abstract advance(action: number, draws: Draws): PixelStep;
  /** Calls `dot` for every lit pixel. */
  protected abstract paint(dot: (color: number, row: number, column: number) => void): void;

  /** See `Environment`. */
  reset(seed?: number): void {
    if (seed !== undefined) {
      this.stream = philoxStream(whole(`${this.name}.reset`, "seed", seed, 0));
      this.episode = -1;
    }
    this.episode += 1;
    this.stream.seek(this.episode, 0);
    this.taken = 0;
    this.over = false;
    this.begin(this.stream);
    this.draw(this.frames[0]);
    this.frames[1].set(this.frames[0]);
  }

  /** See `Environment`. */
  step(action: number): StepResult {
    checkAction(`${this.name}.step`, action, this.actions);
    if (this.over) {
      const why = this.episode < 0 ? "has not begun" : "is over";
      throw new Error(`${this.name}.step: the episode ${why}; reset() begins the next one`);
    }
    const { reward, over = false } = this.advance(action, this.stream);
    this.taken += 1;
    const truncated = !over && this.taken >= this.steps;
    this.over = over || truncated;
    this.frames.reverse();
    this.draw(this.frames[0]);
    return { reward, terminated: over, truncated };
  }

  /** See `Environment`. */
  isLegal(action: number): boolean {
    checkAction(`${this.name}.isLegal`, action, this.actions);
    return !this.over;
  }

  /** See `Environment`. */
  observe(into: Float32Array, at = 0): void {
    checkRoom(`${this.name}.observe`, into, at, FRAMES * FRAME);
    for (let i = 0; i < FRAMES; i++) into.set(this.frames[i], at + i * FRAME);
  }

  private draw(frame: Float32Array): void {
    frame.fill(0);
    this.paint((color, row, column) => {
      frame[(color * SCREEN + row) * SCREEN + column] = 1;
    });
  }

  /** The newest frame: `A` what the player moves, `o` what is to be reached, `#` what is in the way. */
  toString(): string {
    const [frame] = this.frames;
    const lines = Array.from({ length: SCREEN }, (_, row) =>
      Array.from({ length: SCREEN }, (_, column) => {
        for (let color = 0; color < COLORS; color++) {
          if (frame[(color * SCREEN + row) * SCREEN + column] > 0) return "Ao#"[color];
        }
        return ".";
      }).join(""),
    );
    return lines.join("\n");
  }
}
