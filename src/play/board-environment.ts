// A game for two as an environment for one: the opponent's moves are part of what a step does.
import { type PhiloxStream, philoxStream } from "../data/philox.ts";
import { callable, knownOptions, oneOf, whole } from "../engine/checks.ts";
import { type BoardGame, checkGame, type Side } from "./board-game.ts";
import { checkAction, checkRoom, type Environment, type StepResult } from "./environment.ts";
import { ask, type Player } from "./players.ts";

/** What `BoardEnvironment` takes. */
export interface BoardEnvironmentOptions {
  /** Who begins: the agent "first", the opponent ("second"), or a coin decides ("either", the default). */
  side?: "first" | "second" | "either";
  /** Decides who begins; default 0. */
  seed?: number;
}

const SIDES = ["first", "second", "either"] as const;

/**
 * A board game against an opponent, as an environment: what is seen are two planes, the agent's stones and the opponent's; action k is move k; 1 for a game
 * that is won, -1 for one that is lost, 0 for a draw and for every move before the end.
 * @throws TypeError for what are no rules or no player, or for an unknown option; RangeError for a seed that is none.
 * @example
 * ```ts
 * const game = ticTacToe();
 * const environment = new BoardEnvironment(game, minimaxPlayer(game, { depth: 1 }), { side: "first" });
 * environment.reset();
 * environment.step(4); // { reward: 0, terminated: false, truncated: false }
 * environment.isLegal(4); // false
 * ```
 */
export class BoardEnvironment<Position> implements Environment {
  readonly name: string;
  readonly shape: readonly [number, number, number];
  readonly actions: readonly string[];
  private readonly game: BoardGame<Position>;
  private readonly opponent: Player<Position>;
  private readonly sides: (typeof SIDES)[number];
  private draws: PhiloxStream;
  private episode = -1;
  private side: Side = 0;
  private position: Position;

  constructor(game: BoardGame<Position>, opponent: Player<Position>, options: BoardEnvironmentOptions = {}) {
    const owner = "BoardEnvironment";
    this.game = checkGame(owner, game);
    this.opponent = callable(owner, "the opponent", opponent);
    const { side = "either", seed = 0 } = knownOptions(owner, options, ["side", "seed"]);
    this.sides = oneOf(owner, "side", side, SIDES);
    this.draws = philoxStream(whole(owner, "seed", seed, 0));
    this.name = game.name;
    this.shape = [2, game.height, game.width];
    this.actions = Array.from({ length: game.moves }, (_, move) => `move ${move}`);
    this.position = game.start();
  }

  /** See `Environment`. */
  reset(seed?: number): void {
    if (seed !== undefined) {
      this.draws = philoxStream(whole(`${this.name}.reset`, "seed", seed, 0));
      this.episode = -1;
    }
    this.episode += 1;
    this.draws.seek(this.episode, 0);
    const either = this.draws.below(2) as Side;
    this.side = this.sides === "either" ? either : this.sides === "first" ? 0 : 1;
    this.position = this.game.start();
    if (this.side === 1) this.answer();
  }

  private answer(): void {
    const [move] = ask(`${this.name}: the opponent`, this.opponent, [this.position]);
    this.position = this.game.play(this.position, move);
  }

  /** See `Environment`. */
  step(action: number): StepResult {
    const { game } = this;
    checkAction(`${this.name}.step`, action, this.actions);
    if (this.episode < 0 || game.result(this.position) !== null) {
      const why = this.episode < 0 ? "has not begun" : "is over";
      throw new Error(`${this.name}.step: the episode ${why}; reset() begins the next one`);
    }
    this.position = game.play(this.position, action);
    if (game.result(this.position) === null) this.answer();
    const result = game.result(this.position);
    const reward = result === null ? 0 : this.side === 0 ? result : -result + 0;
    return { reward, terminated: result !== null, truncated: false };
  }

  /** See `Environment`. */
  isLegal(action: number): boolean {
    checkAction(`${this.name}.isLegal`, action, this.actions);
    return this.game.legalMoves(this.position).includes(action);
  }

  /** See `Environment`. */
  observe(into: Float32Array, at = 0): void {
    const { game, position } = this;
    const size = game.height * game.width;
    checkRoom(`${this.name}.observe`, into, at, 2 * size);
    game.encode(position, into, at);
    // At the end the opponent may be to move: the agent's stones still come first.
    if (game.toMove(position) === this.side) return;
    const other = into.slice(at, at + size);
    into.copyWithin(at, at + size, at + 2 * size);
    into.set(other, at + size);
  }

  /** The board as the game shows it. */
  toString(): string {
    return this.game.show(this.position);
  }
}
