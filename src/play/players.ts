// Whoever moves in games for two: asked for many games at once, so that a network answers for all of them in one pass.
import { philoxStream } from "../data/philox.ts";
import { callable, knownOptions, list, whole } from "../engine/checks.ts";
import { type BoardGame, checkGame } from "./board-game.ts";
import { Oracle } from "./oracle.ts";

/** A move for each position; none of them is at its end. */
export type Player<Position> = (positions: readonly Position[]) => readonly number[];

/** What players at random take. */
export interface RandomPlayerOptions {
  /** Default 0. */
  seed?: number;
}

/**
 * Any legal move, all equally likely.
 * @throws RangeError for a seed that is none; TypeError for what are no rules, or for an unknown option.
 * @example
 * ```ts
 * const game = connectFour({ columns: 1, inARow: 2 });
 * randomPlayer(game, { seed: 1 })([game.start()]); // [0]
 * ```
 */
export function randomPlayer<Position>(game: BoardGame<Position>, options: RandomPlayerOptions = {}): Player<Position> {
  checkGame("randomPlayer", game);
  const { seed = 0 } = knownOptions("randomPlayer", options, ["seed"]);
  const draws = philoxStream(whole("randomPlayer", "seed", seed, 0));
  return (positions) =>
    list("a player", "positions", positions).map((position) => {
      const moves = game.legalMoves(position);
      return moves[draws.below(moves.length)];
    });
}

/** What `minimaxPlayer` takes. */
export interface MinimaxOptions<Position> {
  /** Moves, of both sides together, that it looks ahead; default 4. */
  depth?: number;
  /** Decides between moves of equal value; default 0. */
  seed?: number;
  /** What a position at the end of its sight is worth to who is to move there, above -1 and below 1; default: 0 always, as a game that is open. */
  evaluate?: (position: Position) => number;
}

/** A game that is won a move sooner is worth so much more. */
const SOONER = 1e-3;

/**
 * Plain minimax to a depth, with alpha-beta cuts, which change nothing of the result: of the moves that are worth most one at random; a win sooner is worth
 * more than one later.
 * @throws RangeError for a depth or a seed that is none; TypeError for what are no rules or no function, or for an unknown option.
 * @example
 * ```ts
 * const game = ticTacToe();
 * let position = game.start();
 * for (const move of [4, 1, 0]) position = game.play(position, move);
 * minimaxPlayer(game, { depth: 2 })([position]); // [8]
 * ```
 */
export function minimaxPlayer<Position>(
  game: BoardGame<Position>,
  options: MinimaxOptions<Position> = {},
): Player<Position> {
  const owner = "minimaxPlayer";
  checkGame(owner, game);
  const { depth = 4, seed = 0, evaluate = () => 0 } = knownOptions(owner, options, ["depth", "seed", "evaluate"]);
  whole(owner, "depth", depth, 1);
  callable(owner, "evaluate", evaluate);
  const draws = philoxStream(whole(owner, "seed", seed, 0));
  /** For who is to move; exact between `low` and `high`. */
  const worth = (position: Position, left: number, low: number, high: number): number => {
    const result = game.result(position);
    if (result !== null) return (game.toMove(position) === 0 ? result : -result) * (1 + SOONER * left);
    if (left === 0) return evaluate(position);
    let best = Number.NEGATIVE_INFINITY;
    for (const move of game.legalMoves(position)) {
      const value = -worth(game.play(position, move), left - 1, -high, -Math.max(low, best));
      if (value > best) best = value;
      if (best >= high) break;
    }
    return best;
  };
  return (positions) =>
    list("a player", "positions", positions).map((position) => {
      let best: number[] = [];
      let most = Number.NEGATIVE_INFINITY;
      for (const move of game.legalMoves(position)) {
        // A move as good as the best must be told from a worse one: the window is open by a little below the best.
        const value = -worth(game.play(position, move), depth - 1, Number.NEGATIVE_INFINITY, -(most - SOONER / 2));
        if (value > most) [most, best] = [value, [move]];
        else if (value === most) best.push(move);
      }
      return best[draws.below(best.length)];
    });
}

/**
 * Plays without a mistake, by an oracle; of the moves that keep the value one at random.
 * @throws TypeError for what is no oracle, or for an unknown option; RangeError for a seed that is none.
 * @example
 * ```ts
 * const oracle = new Oracle(ticTacToe());
 * const afterCorner = oracle.game.play(oracle.game.start(), 0);
 * oraclePlayer(oracle)([afterCorner]); // [4]
 * ```
 */
export function oraclePlayer<Position>(oracle: Oracle<Position>, options: RandomPlayerOptions = {}): Player<Position> {
  if (!(oracle instanceof Oracle)) throw new TypeError("oraclePlayer: needs an oracle: new Oracle(game)");
  const { seed = 0 } = knownOptions("oraclePlayer", options, ["seed"]);
  const draws = philoxStream(whole("oraclePlayer", "seed", seed, 0));
  return (positions) =>
    list("a player", "positions", positions).map((position) => {
      const moves = oracle.bestMoves(position);
      return moves[draws.below(moves.length)];
    });
}

/** Asks a player, and throws where the answers are not as many as the positions. */
export function ask<Position>(
  owner: string,
  player: Player<Position>,
  positions: readonly Position[],
): readonly number[] {
  const moves = player(positions);
  if (Array.isArray(moves) && moves.length === positions.length) return moves;
  throw new TypeError(`${owner}: a player gives a move for each of the ${positions.length} positions it is asked for`);
}
