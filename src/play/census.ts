// Everything that can happen in a small game, counted: positions, games, and what they come to.
import { whole } from "../engine/checks.ts";
import { type BoardGame, checkGame, turnedKey } from "./board-game.ts";

/** Positions that a game may have for it to be gone through whole. */
export const MOST_POSITIONS = 2_000_000;

/** What there is in a game. */
export interface Census {
  /** Different positions that can arise, the first and the final ones included. */
  positions: number;
  /** The same, those that are equal after turning or mirroring counted once. */
  classes: number;
  /** Different sequences of moves from the start to an end. */
  games: number;
  /** Of these, how many the side that began wins, loses, and draws. */
  won: number;
  lost: number;
  drawn: number;
}

/** Throws where a game turns out too large. */
export function checkSize(owner: string, positions: number, most: number): void {
  if (positions > most) {
    throw new RangeError(
      `${owner}: the game has more than ${most} positions, too many to go through; use minimaxPlayer with a depth, or a smaller board`,
    );
  }
}

/**
 * Counts positions and games, exactly: a game's number of sequences is added up from position to position, so that no sequence is gone through by itself.
 * @param most positions at which it gives up; default 2,000,000
 * @throws RangeError for a game of more positions; TypeError for what are no rules of a game.
 * @example
 * ```ts
 * census(ticTacToe()); // { positions: 5478, classes: 765, games: 255168, won: 131184, lost: 77904, drawn: 46080 }
 * ```
 */
export function census<Position>(game: BoardGame<Position>, most: number = MOST_POSITIONS): Census {
  checkGame("census", game);
  whole("census", "the number of positions", most, 1);
  const classes = new Set<string>();
  const found = { positions: 0, classes: 0, games: 0, won: 0, lost: 0, drawn: 0 };
  // Positions of so many moves, and in how many ways each arises.
  let level = new Map<string, { position: Position; ways: number }>();
  const start = game.start();
  level.set(game.key(start), { position: start, ways: 1 });
  while (level.size > 0) {
    const next = new Map<string, { position: Position; ways: number }>();
    found.positions += level.size;
    checkSize("census", found.positions, most);
    for (const { position, ways } of level.values()) {
      classes.add(turnedKey(game, position));
      const result = game.result(position);
      if (result !== null) {
        found.games += ways;
        if (result > 0) found.won += ways;
        else if (result < 0) found.lost += ways;
        else found.drawn += ways;
        continue;
      }
      for (const move of game.legalMoves(position)) {
        const after = game.play(position, move);
        const key = game.key(after);
        const known = next.get(key);
        if (known) known.ways += ways;
        else next.set(key, { position: after, ways });
      }
    }
    level = next;
  }
  found.classes = classes.size;
  return found;
}
