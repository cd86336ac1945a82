import { allLines, bestAgainstRandom, census, exactScore, type GridPosition, Oracle, ticTacToe } from "nabla/play";
import { describe, expect, test } from "vitest";
import { Random } from "../../random.ts";
import { anyCell, bestCells, count, EMPTY, minimax, perfect, play, QLearner, shares, winner } from "./tic-tac-toe.ts";

const game = ticTacToe();
const oracle = new Oracle(game);
const boardOf = ({ cells }: GridPosition) => [...cells];

describe("by hand and in the library", () => {
  test("the same counts", () => {
    const { positions, classes, games, first, second, drawn } = count();
    expect(census(game)).toEqual({ positions, classes, games, won: first, lost: second, drawn });
  });

  test("the same values and best cells in every position", () => {
    const known = new Map<string, number>();
    for (const position of oracle.positions()) {
      expect(minimax(boardOf(position), known) + 0).toBe(oracle.value(position));
      expect(bestCells(boardOf(position), known)).toEqual(oracle.bestMoves(position));
    }
  });

  test("the same shares, at random and with the best play", () => {
    const any = (position: GridPosition) => anyCell(boardOf(position));
    const known = new Map<string, number>();
    const first = exactScore(game, bestAgainstRandom(oracle, 0), any);
    const second = exactScore(game, any, bestAgainstRandom(oracle, 1));
    expect(shares([anyCell, anyCell]).drawn).toBeCloseTo(exactScore(game, any, any).drawn, 12);
    expect(shares([perfect(1, known), anyCell]).first).toBeCloseTo(first.won, 12);
    expect(shares([anyCell, perfect(2, known)]).second).toBeCloseTo(second.lost, 12);
  });

  test("a table of Q loses nothing after enough games, and the library counts the same lines", () => {
    const learner = new QLearner({ rate: 1, attempts: 0.8, random: new Random(1) });
    for (let i = 0; i < 200; i++) learner.playGame();
    const player = (positions: readonly GridPosition[]) => positions.map((position) => learner.best(boardOf(position)));
    for (const side of [1, 2] as const)
      expect(learner.lost(side)).toBe(allLines(game, player, (side - 1) as 0 | 1).lost);
    expect(learner.lost(1) + learner.lost(2)).toBeGreaterThan(0);
    for (let i = 0; i < 50_000; i++) learner.playGame();
    expect([learner.lost(1), learner.lost(2)]).toEqual([0, 0]);
  });
});

test("a first update by hand: rate (target - 0)", () => {
  const learner = new QLearner({ rate: 0.5, attempts: 1, random: new Random(3) });
  for (let i = 0; i < 50; i++) learner.playGame();
  const finals = [...learner.table].flatMap(([key, row]) =>
    row.map((q, cell) => ({ board: [...key].map(Number), q, cell })).filter(({ q }) => q !== 0),
  );
  // A win that was seen once, twice, ...: 0.5, 0.75, ...
  for (const { board, q, cell } of finals) {
    const won = winner(play(board, cell));
    if (won !== null && won !== 0) expect([0.5, 0.75, 0.875]).toContain(q);
  }
  expect(finals.length).toBeGreaterThan(20);
});

test("a taken cell", () => {
  expect(() => play(play(EMPTY, 4), 4)).toThrow("tic-tac-toe: cell 4 is taken");
});
