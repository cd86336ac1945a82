// Players against each other: over many games from many openings, and over every line of play that an opponent can choose.
import { philoxStream } from "../data/philox.ts";
import { callable, knownOptions, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { type BoardGame, checkGame, type Side } from "./board-game.ts";
import { checkSize, MOST_POSITIONS } from "./census.ts";
import type { Score } from "./oracle.ts";
import { ask, type Player } from "./players.ts";

/** What `playMatch` takes. */
export interface MatchOptions {
  /** Games, an even number; default 100. */
  games?: number;
  /** Moves at random with which a game begins; default 2. Each opening is played twice, with sides changed. */
  opening?: number;
  /** Decides the openings; default 0. */
  seed?: number;
}

/** A game that was played. */
export interface PlayedGame {
  /** All moves, those of the opening included. */
  readonly moves: readonly number[];
  /** The side that the first of the two players had. */
  readonly side: Side;
  /** What it came to for the first of the two players. */
  readonly score: 1 | 0 | -1;
}

/** What a match came to for the first of the two players. */
export interface MatchResult extends Score {
  readonly games: readonly PlayedGame[];
}

interface Board<Position> {
  position: Position;
  readonly moves: number[];
  readonly side: Side;
}

/** A position that `opening` moves at random lead to, none of which ends the game. */
function openingOf<Position>(
  game: BoardGame<Position>,
  opening: number,
  below: (n: number) => number,
): { position: Position; moves: number[] } {
  for (let tries = 0; tries < 1000; tries++) {
    let position = game.start();
    const moves: number[] = [];
    while (moves.length < opening && game.result(position) === null) {
      const legal = game.legalMoves(position);
      moves.push(legal[below(legal.length)]);
      position = game.play(position, moves[moves.length - 1]);
    }
    if (game.result(position) === null) return { position, moves };
  }
  throw new RangeError(`playMatch: games are over after ${opening} moves at random; choose a shorter opening`);
}

/**
 * Many games of two players, all of them at once: half of them begun by the one, half by the other, from the same openings.
 * @returns games won, drawn and lost by the first player, as counts
 * @throws RangeError for an odd number of games, or numbers that are none; TypeError for what are no rules or players, or for an unknown option; what a
 * player's illegal move makes the rules throw.
 * @example
 * ```ts
 * const game = ticTacToe();
 * const careful = minimaxPlayer(game, { depth: 9 });
 * const { won, drawn, lost } = playMatch(game, careful, randomPlayer(game), { games: 20, opening: 0 });
 * [won + drawn, lost]; // [20, 0]
 * ```
 */
export function playMatch<Position>(
  game: BoardGame<Position>,
  player: Player<Position>,
  opponent: Player<Position>,
  options: MatchOptions = {},
): MatchResult {
  const owner = "playMatch";
  checkGame(owner, game);
  const players = [callable(owner, "the player", player), callable(owner, "the opponent", opponent)];
  const { games = 100, opening = 2, seed = 0 } = knownOptions(owner, options, ["games", "opening", "seed"]);
  whole(owner, "games", games, 2);
  if (games % 2 !== 0)
    throw new RangeError(`${owner}: games must be even, for each opening is played twice, got ${games}`);
  whole(owner, "opening", opening, 0);
  const draws = philoxStream(whole(owner, "seed", seed, 0));
  const boards: Board<Position>[] = [];
  for (let i = 0; i < games / 2; i++) {
    const { position, moves } = openingOf(game, opening, (n) => draws.below(n));
    for (const side of [0, 1] as const) boards.push({ position, moves: [...moves], side });
  }
  for (;;) {
    const open = boards.filter(({ position }) => game.result(position) === null);
    if (open.length === 0) break;
    for (const which of [0, 1]) {
      const turn = open.filter(({ position, side }) => (game.toMove(position) === side) === (which === 0));
      if (turn.length === 0) continue;
      const moves = ask(
        owner,
        players[which],
        turn.map(({ position }) => position),
      );
      // Whoever answers now is asked again in the next round only.
      turn.forEach((board, i) => {
        board.moves.push(moves[i]);
      });
    }
    for (const board of open) board.position = game.play(board.position, board.moves[board.moves.length - 1]);
  }
  const played = boards.map(({ position, moves, side }): PlayedGame => {
    const result = game.result(position)!;
    return { moves, side, score: side === 0 ? result : ((-result + 0) as 1 | 0 | -1) };
  });
  const count = (wanted: number) => played.filter(({ score }) => score === wanted).length;
  return { won: count(1), drawn: count(0), lost: count(-1), games: played };
}

/** What comes of a player over all lines of an opponent. */
export interface AllLines extends Score {
  /** Games, of which each differs from the others in a move of the opponent. */
  lines: number;
  /** The moves of a game that is lost, if there is one. */
  lostLine: readonly number[] | null;
}

/**
 * Plays on every game that an opponent's moves can make, once through: the player is asked once for each position, and in each line every legal move of
 * the opponent is tried. A player that loses none of these lines can't be beaten.
 * @param side the side that the player has
 * @throws RangeError for a side that is none, or where more than 2,000,000 positions come up; TypeError for what are no rules or no player.
 * @example
 * ```ts
 * const game = ticTacToe();
 * const { lines, lost } = allLines(game, oraclePlayer(new Oracle(game)), 0);
 * lines > 50; // true
 * lost; // 0
 * ```
 */
export function allLines<Position>(game: BoardGame<Position>, player: Player<Position>, side: Side): AllLines {
  const owner = "allLines";
  checkGame(owner, game);
  callable(owner, "the player", player);
  if (side !== 0 && side !== 1) throw new RangeError(`${owner}: the side is 0, who begins, or 1, got ${quote(side)}`);
  const found: AllLines = { lines: 0, won: 0, drawn: 0, lost: 0, lostLine: null };
  type Reached = { position: Position; ways: number; moves: readonly number[] };
  const start = game.start();
  let level = new Map<string, Reached>([[game.key(start), { position: start, ways: 1, moves: [] }]]);
  let positions = 0;
  while (level.size > 0) {
    positions += level.size;
    checkSize(owner, positions, MOST_POSITIONS);
    const next = new Map<string, Reached>();
    const reach = ({ position, ways, moves }: Reached, move: number): void => {
      const after = game.play(position, move);
      const key = game.key(after);
      const known = next.get(key);
      if (known) known.ways += ways;
      else next.set(key, { position: after, ways, moves: [...moves, move] });
    };
    const own: Reached[] = [];
    for (const reached of level.values()) {
      const { position, ways, moves } = reached;
      const result = game.result(position);
      if (result !== null) {
        const score = side === 0 ? result : -result;
        found.lines += ways;
        if (score > 0) found.won += ways;
        else if (score === 0) found.drawn += ways;
        else {
          found.lost += ways;
          found.lostLine ??= moves;
        }
      } else if (game.toMove(position) === side) own.push(reached);
      else for (const move of game.legalMoves(position)) reach(reached, move);
    }
    if (own.length > 0) {
      const answers = ask(
        owner,
        player,
        own.map(({ position }) => position),
      );
      own.forEach((reached, i) => {
        reach(reached, answers[i]);
      });
    }
    level = next;
  }
  return found;
}
