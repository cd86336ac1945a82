// Tic-tac-toe without any library: its rules, everything that can happen in it, minimax, and Q-learning with a table. Section 6.5 tells of networks that learn to
// play; this is what stands behind them, small enough to be checked to the last game.
import type { Random } from "../../random.ts";

/** Nine cells by rows: 0 empty, 1 the side that began (X), 2 the other (O). */
export type Board = readonly number[];

export const EMPTY: Board = [0, 0, 0, 0, 0, 0, 0, 0, 0];

const LINES = [
  [0, 1, 2],
  [3, 4, 5],
  [6, 7, 8],
  [0, 3, 6],
  [1, 4, 7],
  [2, 5, 8],
  [0, 4, 8],
  [2, 4, 6],
];

/** Where cell k of the turned or mirrored board lies on the board: the eight symmetries of a square. */
const SYMMETRIES = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8],
  [6, 3, 0, 7, 4, 1, 8, 5, 2],
  [8, 7, 6, 5, 4, 3, 2, 1, 0],
  [2, 5, 8, 1, 4, 7, 0, 3, 6],
  [2, 1, 0, 5, 4, 3, 8, 7, 6],
  [6, 7, 8, 3, 4, 5, 0, 1, 2],
  [0, 3, 6, 1, 4, 7, 2, 5, 8],
  [8, 5, 2, 7, 4, 1, 6, 3, 0],
];

/** Whose stone is set next: 1 or 2. */
export const toMove = (board: Board): number => (board.filter((cell) => cell !== 0).length % 2) + 1;

export const free = (board: Board): number[] => board.flatMap((cell, k) => (cell === 0 ? [k] : []));

export function play(board: Board, cell: number): Board {
  if (board[cell] !== 0) throw new RangeError(`tic-tac-toe: cell ${cell} is taken, or there is none`);
  return board.map((stone, k) => (k === cell ? toMove(board) : stone));
}

/** 1 or 2 for the side with three in a row, 0 for a draw, null while it goes on. */
export function winner(board: Board): number | null {
  for (const [a, b, c] of LINES) if (board[a] !== 0 && board[a] === board[b] && board[a] === board[c]) return board[a];
  return board.includes(0) ? null : 0;
}

/** What all games come to. */
export interface Counts {
  positions: number;
  classes: number;
  games: number;
  first: number;
  second: number;
  drawn: number;
}

/** Counts positions, and games one by one. */
export function count(): Counts {
  const positions = new Set<string>();
  const counts = { positions: 0, classes: 0, games: 0, first: 0, second: 0, drawn: 0 };
  const visit = (board: Board): void => {
    positions.add(board.join(""));
    const won = winner(board);
    if (won === null) for (const cell of free(board)) visit(play(board, cell));
    else {
      counts.games += 1;
      counts[won === 1 ? "first" : won === 2 ? "second" : "drawn"] += 1;
    }
  };
  visit(EMPTY);
  counts.positions = positions.size;
  counts.classes = new Set([...positions].map(representative)).size;
  return counts;
}

/** The same for all boards that can be turned or mirrored into each other. */
function representative(key: string): string {
  return SYMMETRIES.map((cells) => cells.map((cell) => key[cell]).join("")).sort()[0];
}

/** v(board) = max over cells of -v(after), for who is to move: 1, 0 or -1. */
export function minimax(board: Board, known = new Map<string, number>()): number {
  const key = board.join("");
  const before = known.get(key);
  if (before !== undefined) return before;
  const won = winner(board);
  // Who is to move at the end has not made the last move.
  let value = won === null ? -1 : won === 0 ? 0 : -1;
  if (won === null) for (const cell of free(board)) value = Math.max(value, -minimax(play(board, cell), known));
  known.set(key, value);
  return value;
}

/** The cells that keep the value. */
export function bestCells(board: Board, known: Map<string, number>): number[] {
  const value = minimax(board, known);
  return free(board).filter((cell) => -minimax(play(board, cell), known) === value);
}

/** How often each side wins. */
export interface Shares {
  first: number;
  second: number;
  drawn: number;
}

/** Chances of the free cells, in their order. */
export type Chances = (board: Board) => readonly number[];

export const anyCell: Chances = (board) => free(board).map((_, __, all) => 1 / all.length);

/** What comes of two ways to play, exactly: the average over all games, weighted with their probabilities. */
export function shares(
  ways: readonly [Chances, Chances],
  board: Board = EMPTY,
  known = new Map<string, Shares>(),
): Shares {
  const key = board.join("");
  const before = known.get(key);
  if (before) return before;
  const won = winner(board);
  const sum = { first: won === 1 ? 1 : 0, second: won === 2 ? 1 : 0, drawn: won === 0 ? 1 : 0 };
  if (won === null) {
    const chances = ways[toMove(board) - 1](board);
    free(board).forEach((cell, i) => {
      if (chances[i] === 0) return;
      const after = shares(ways, play(board, cell), known);
      sum.first += chances[i] * after.first;
      sum.second += chances[i] * after.second;
      sum.drawn += chances[i] * after.drawn;
    });
  }
  known.set(key, sum);
  return sum;
}

/** Of the cells that minimax leaves open the one that wins most often against random play. */
export function perfect(side: number, known: Map<string, number>): Chances {
  const wins = new Map<string, number>();
  const winning = (board: Board): number => {
    const key = board.join("");
    const before = wins.get(key);
    if (before !== undefined) return before;
    const won = winner(board);
    const behind = (cells: number[]) => cells.map((cell) => winning(play(board, cell)));
    let share: number;
    if (won !== null) share = won === side ? 1 : 0;
    else if (toMove(board) === side) share = Math.max(...behind(bestCells(board, known)));
    else share = behind(free(board)).reduce((a, b) => a + b, 0) / free(board).length;
    wins.set(key, share);
    return share;
  };
  return (board) => {
    const best = bestCells(board, known);
    const behind = best.map((cell) => winning(play(board, cell)));
    const chosen = best[behind.indexOf(Math.max(...behind))];
    return free(board).map((cell) => (cell === chosen ? 1 : 0));
  };
}

/** Q-learning with a table, both sides by the same one: what is good for the next player is bad for this one. */
export class QLearner {
  readonly table = new Map<string, number[]>();
  readonly rate: number;
  readonly attempts: number;
  readonly random: Random;

  constructor({ rate, attempts, random }: { rate: number; attempts: number; random: Random }) {
    this.rate = rate;
    this.attempts = attempts;
    this.random = random;
  }

  /** Q of the nine cells. */
  values(board: Board): number[] {
    const key = board.join("");
    let row = this.table.get(key);
    if (row === undefined) {
      row = new Array<number>(9).fill(0);
      this.table.set(key, row);
    }
    return row;
  }

  /** The largest Q among free cells. */
  most(board: Board): number {
    const row = this.values(board);
    return Math.max(...free(board).map((cell) => row[cell]));
  }

  /** The cell with the largest Q, the first of several. */
  best(board: Board): number {
    const row = this.values(board);
    const most = this.most(board);
    return free(board).find((cell) => row[cell] === most)!;
  }

  /** One game against itself: Q(s, a) += rate (target - Q(s, a)), the target 1 for a win, 0 for a draw, else -max of Q(s', .). */
  playGame(): void {
    let board = EMPTY;
    while (winner(board) === null) {
      const open = free(board);
      const tries = this.random.uniform() < this.attempts;
      const cell = tries ? open[this.random.below(open.length)] : this.best(board);
      const after = play(board, cell);
      const won = winner(after);
      const target = won === null ? -this.most(after) : won === 0 ? 0 : 1;
      const row = this.values(board);
      row[cell] += this.rate * (target - row[cell]);
      board = after;
    }
  }

  /** Games lost over all lines of the opponent, with the learner as side 1 or 2. */
  lost(side: number, board: Board = EMPTY): number {
    const won = winner(board);
    if (won !== null) return won !== 0 && won !== side ? 1 : 0;
    const cells = toMove(board) === side ? [this.best(board)] : free(board);
    return cells.reduce((sum, cell) => sum + this.lost(side, play(board, cell)), 0);
  }
}
