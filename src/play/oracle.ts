// The exact value of every position of a small game, by minimax to the end, and what comes of two ways to play, exactly.
import { callable, instance } from "../engine/checks.ts";
import { type BoardGame, checkGame, type Side } from "./board-game.ts";
import { checkSize, MOST_POSITIONS } from "./census.ts";

/**
 * An oracle of a game that is small enough: what each position is worth when both sides play without a mistake. Values are for who is to move: 1 won, 0
 * drawn, -1 lost.
 * @throws RangeError where more than 2,000,000 positions come up; TypeError for what are no rules of a game.
 * @example
 * ```ts
 * const game = ticTacToe();
 * const oracle = new Oracle(game);
 * oracle.value(game.start()); // 0
 * const afterCentre = game.play(game.start(), 4);
 * oracle.bestMoves(afterCentre); // [0, 2, 6, 8]
 * ```
 */
export class Oracle<Position> {
  readonly game: BoardGame<Position>;
  private readonly values = new Map<string, number>();

  constructor(game: BoardGame<Position>) {
    this.game = checkGame("Oracle", game);
  }

  /** v(p) = max over moves of -v(p after the move); at the end what the game came to. */
  value(position: Position): number {
    const { game } = this;
    const key = game.key(position);
    const known = this.values.get(key);
    if (known !== undefined) return known;
    const result = game.result(position);
    let value: number;
    if (result !== null) value = game.toMove(position) === 0 ? result : -result;
    else {
      value = -1;
      for (const move of game.legalMoves(position)) value = Math.max(value, -this.value(game.play(position, move)));
    }
    // Not -0, which a table would show.
    value += 0;
    this.values.set(key, value);
    checkSize("Oracle", this.values.size, MOST_POSITIONS);
    return value;
  }

  /** The moves that keep the position's value; none at the end. */
  bestMoves(position: Position): number[] {
    const value = this.value(position);
    return this.game.legalMoves(position).filter((move) => -this.value(this.game.play(position, move)) + 0 === value);
  }

  /** Every position with a move to be made that can arise, in the order of the number of moves. */
  positions(): Position[] {
    const { game } = this;
    const seen = new Set<string>();
    const found: Position[] = [];
    let level = [game.start()];
    while (level.length > 0) {
      const next: Position[] = [];
      for (const position of level) {
        const key = game.key(position);
        if (seen.has(key) || game.result(position) !== null) continue;
        seen.add(key);
        checkSize("Oracle", seen.size, MOST_POSITIONS);
        found.push(position);
        for (const move of game.legalMoves(position)) next.push(game.play(position, move));
      }
      level = next;
    }
    return found;
  }
}

/** How often a side wins, draws and loses. */
export interface Score {
  won: number;
  drawn: number;
  lost: number;
}

/** Probabilities of a position's legal moves, in their order. */
export type MoveChances<Position> = (position: Position) => readonly number[];

/**
 * What comes of two ways to play against each other, as probabilities for the side that begins: exact, over all games.
 * @param first chances of each legal move for the side that begins
 * @param second those of the other side
 * @throws RangeError where more than 2,000,000 positions come up; TypeError for what are no rules or no functions.
 * @example
 * ```ts
 * const game = ticTacToe();
 * const anyMove = (position: GridPosition) => game.legalMoves(position).map((_, __, all) => 1 / all.length);
 * const { won, drawn, lost } = exactScore(game, anyMove, anyMove);
 * [won, lost, drawn].map((share) => share.toFixed(4)); // ["0.5849", "0.2881", "0.1270"]
 * ```
 */
export function exactScore<Position>(
  game: BoardGame<Position>,
  first: MoveChances<Position>,
  second: MoveChances<Position>,
): Score {
  checkGame("exactScore", game);
  const chances = [
    callable("exactScore", "the first way to play", first),
    callable("exactScore", "the second", second),
  ];
  const known = new Map<string, Score>();
  const visit = (position: Position): Score => {
    const key = game.key(position);
    const before = known.get(key);
    if (before) return before;
    const score = { won: 0, drawn: 0, lost: 0 };
    const result = game.result(position);
    if (result !== null) score[result > 0 ? "won" : result < 0 ? "lost" : "drawn"] = 1;
    else {
      const shares = chances[game.toMove(position)](position);
      game.legalMoves(position).forEach((move, i) => {
        if (!(shares[i] > 0)) return;
        const after = visit(game.play(position, move));
        score.won += shares[i] * after.won;
        score.drawn += shares[i] * after.drawn;
        score.lost += shares[i] * after.lost;
      });
    }
    known.set(key, score);
    checkSize("exactScore", known.size, MOST_POSITIONS);
    return score;
  };
  return visit(game.start());
}

/**
 * Of the moves that minimax leaves open, those that win most often against an opponent who moves at random: the best play that never gives anything away.
 * @example
 * ```ts
 * const game = ticTacToe();
 * const best = bestAgainstRandom(new Oracle(game), 0);
 * best(game.start()).findIndex((share) => share > 0); // 0
 * ```
 */
export function bestAgainstRandom<Position>(oracle: Oracle<Position>, side: Side): MoveChances<Position> {
  const { game } = instance("bestAgainstRandom", "the oracle", oracle, Oracle, "an Oracle: new Oracle(game)");
  const known = new Map<string, number>();
  const winning = (position: Position): number => {
    const key = game.key(position);
    const before = known.get(key);
    if (before !== undefined) return before;
    const result = game.result(position);
    let share: number;
    if (result !== null) share = (side === 0 ? result : -result) > 0 ? 1 : 0;
    else if (game.toMove(position) === side) {
      share = Math.max(...oracle.bestMoves(position).map((move) => winning(game.play(position, move))));
    } else {
      const moves = game.legalMoves(position);
      share = moves.reduce((sum, move) => sum + winning(game.play(position, move)), 0) / moves.length;
    }
    known.set(key, share);
    return share;
  };
  return (position) => {
    const moves = game.legalMoves(position);
    const best = oracle.bestMoves(position);
    const shares = best.map((move) => winning(game.play(position, move)));
    const chosen = best[shares.indexOf(Math.max(...shares))];
    return moves.map((move) => (move === chosen ? 1 : 0));
  };
}
