// Games for two on a board, with everything in sight: what search and solvers need of the rules. Positions are values that nobody changes.
import { quote } from "../engine/quote.ts";

/** Who is to move: 0 began. */
export type Side = 0 | 1;

/** What a game has come to for the side that began: won, lost or drawn. */
export type Result = 1 | 0 | -1;

/** A way to turn or mirror the board that changes nothing of the game. */
export interface Symmetry {
  /** Cell k of the turned board is cell `cells[k]` of the board. */
  readonly cells: readonly number[];
  /** Move k on the turned board is move `moves[k]` on the board. */
  readonly moves: readonly number[];
}

/** The rules of a game for two on a board. */
export interface BoardGame<Position = unknown> {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /** Moves are numbered from 0 to moves - 1. */
  readonly moves: number;
  /** All symmetries, the one that leaves everything in its place first. */
  readonly symmetries: readonly Symmetry[];
  start(): Position;
  toMove(position: Position): Side;
  /** Moves that are allowed, in ascending order; none where the game is over. */
  legalMoves(position: Position): readonly number[];
  /**
   * The position after a move.
   * @throws RangeError for a move that there is not or that the rules forbid; Error where the game is over.
   */
  play(position: Position, move: number): Position;
  /** What it has come to; null while it goes on. */
  result(position: Position): Result | null;
  /** Equal for equal positions, different for different ones. */
  key(position: Position): string;
  /** The position as it looks turned or mirrored. */
  turn(position: Position, symmetry: Symmetry): Position;
  /** Writes two planes of height * width: the stones of who is to move, and the other's. */
  encode(position: Position, into: Float32Array, at: number): void;
  /** The board as lines of characters. */
  show(position: Position): string;
}

/** Throws unless a value has what the rules of a game must have. */
export function checkGame<Position>(owner: string, game: BoardGame<Position>): BoardGame<Position> {
  const given = game as Partial<BoardGame<Position>> | null | undefined;
  const methods = ["start", "toMove", "legalMoves", "play", "result", "key", "turn", "encode", "show"] as const;
  const complete = typeof given === "object" && given !== null && Array.isArray(given.symmetries);
  if (complete && methods.every((name) => typeof given[name] === "function")) return game;
  throw new TypeError(`${owner}: needs the rules of a game, such as ticTacToe() or connectFour(), got ${quote(game)}`);
}

/** The same of a position for each way to turn the board: the key that is first in the alphabet. */
export function turnedKey<Position>(game: BoardGame<Position>, position: Position): string {
  let least = game.key(position);
  for (let i = 1; i < game.symmetries.length; i++) {
    const key = game.key(game.turn(position, game.symmetries[i]));
    if (key < least) least = key;
  }
  return least;
}
