import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allLines,
  BoardEnvironment,
  type BoardGame,
  bestAgainstRandom,
  Catch,
  census,
  connectFour,
  Dodge,
  type Environment,
  exactScore,
  Gather,
  type GridPosition,
  minimaxPlayer,
  Oracle,
  observationSize,
  oraclePlayer,
  playMatch,
  randomPlayer,
  Squash,
  ticTacToe,
} from "./index.ts";

const PIXEL_GAMES = [
  ["catch", (seed?: number) => new Catch({ seed })],
  ["squash", (seed?: number) => new Squash({ seed })],
  ["dodge", (seed?: number) => new Dodge({ seed })],
  ["gather", (seed?: number) => new Gather({ seed })],
] as const;
const game = ticTacToe();
const oracle = new Oracle(game);
const anyMove = (position: GridPosition) => game.legalMoves(position).map((_, __, all) => 1 / all.length);

/** Rewards of an episode, and all that was seen. */
function episode(environment: Environment, choose: (step: number) => number) {
  const rewards: number[] = [];
  const seen: number[][] = [];
  const picture = new Float32Array(observationSize(environment));
  environment.reset();
  for (let step = 0; ; step++) {
    environment.observe(picture);
    seen.push([...picture]);
    const { reward, terminated, truncated } = environment.step(choose(step));
    rewards.push(reward);
    if (terminated || truncated) return { rewards, seen, terminated, truncated };
  }
}
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("tic-tac-toe, counted", () => {
  test("5,478 positions, 765 up to symmetry, 255,168 games: X wins 131,184, O 77,904, 46,080 draws", () => {
    const counted = { positions: 5478, classes: 765, games: 255168, won: 131184, lost: 77904, drawn: 46080 };
    expect(census(game)).toEqual(counted);
  });

  test("value 0, and every first move keeps it", () => {
    expect(oracle.value(game.start())).toBe(0);
    expect(oracle.bestMoves(game.start())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("random play: X 58.49%, O 28.81%, drawn 12.70%", () => {
    const { won, drawn, lost } = exactScore(game, anyMove, anyMove);
    expect(won).toBeCloseTo(0.5849, 4);
    expect(lost).toBeCloseTo(0.2881, 4);
    expect(drawn).toBeCloseTo(0.127, 4);
  });

  test("best minimax play against random: X wins 99.48%, O 91.64%, never loses", () => {
    const first = exactScore(game, bestAgainstRandom(oracle, 0), anyMove);
    const second = exactScore(game, anyMove, bestAgainstRandom(oracle, 1));
    expect(first.won).toBeCloseTo(0.9948, 4);
    expect(second.lost).toBeCloseTo(0.9164, 4);
    expect([first.lost, second.won]).toEqual([0, 0]);
  });

  test("the oracle loses no line of its opponent, on either side; a random player loses some", () => {
    for (const side of [0, 1] as const) {
      expect(allLines(game, oraclePlayer(oracle), side)).toMatchObject({ lost: 0, lostLine: null });
      const bad = allLines(game, randomPlayer(game), side);
      expect(bad.lost).toBeGreaterThan(0);
      let position = game.start();
      for (const move of bad.lostLine!) position = game.play(position, move);
      expect(game.result(position)).toBe(side === 0 ? -1 : 1);
    }
  });
});

describe("Connect-Four", () => {
  test("on 4 x 4: 161,029 positions, as John Tromp counts them", () => {
    expect(census(connectFour({ rows: 4, columns: 4 })).positions).toBe(161_029);
  });

  test("a line wins in every direction, and one of three does not", () => {
    const four = connectFour({ rows: 6, columns: 6 });
    const after = (moves: readonly number[]) => moves.reduce((p, move) => four.play(p, move), four.start());
    expect(four.result(after([0, 1, 0, 1, 0, 1]))).toBeNull();
    expect(four.result(after([0, 1, 0, 1, 0, 1, 0]))).toBe(1);
    expect(four.result(after([0, 0, 1, 1, 2, 2, 3]))).toBe(1);
    expect(four.result(after([0, 1, 1, 2, 2, 3, 2, 3, 3, 5, 3]))).toBe(1);
    expect(four.result(after([5, 4, 4, 3, 3, 2, 3, 2, 2, 0, 2]))).toBe(1);
    expect(four.result(after([5, 0, 5, 1, 4, 2, 4, 3]))).toBe(-1);
  });

  test("minimax of any depth gives the moves of minimax without cuts", () => {
    const four = connectFour({ rows: 4, columns: 4, inARow: 3 });
    const plain = (position: GridPosition, depth: number): number => {
      const result = four.result(position);
      if (result !== null) return (four.toMove(position) === 0 ? result : -result) * (1 + 1e-3 * depth);
      if (depth === 0) return 0;
      return Math.max(...four.legalMoves(position).map((move) => -plain(four.play(position, move), depth - 1)));
    };
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { maxLength: 10 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(100),
        (tries, depth, seed) => {
          let position = four.start();
          for (const move of tries) if (four.legalMoves(position).includes(move)) position = four.play(position, move);
          if (four.result(position) !== null) return;
          const values = four.legalMoves(position).map((move) => -plain(four.play(position, move), depth - 1));
          const best = four.legalMoves(position).filter((_, i) => values[i] === Math.max(...values));
          expect(best).toContain(minimaxPlayer(four, { depth, seed })([position])[0]);
        },
      ),
    );
  });
});

test.each([ticTacToe(), connectFour({ rows: 4, columns: 5, inARow: 3 })])(
  "$name: a symmetry turns moves, results and boards alike",
  (rules: BoardGame<GridPosition>) => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(rules.moves - 1), { maxLength: 12 }),
        fc.nat(rules.symmetries.length - 1),
        (tries, i) => {
          const symmetry = rules.symmetries[i];
          let [position, turned] = [rules.start(), rules.start()];
          for (const move of tries) {
            const there = symmetry.moves[move];
            if (!rules.legalMoves(position).includes(there)) continue;
            position = rules.play(position, there);
            turned = rules.play(turned, move);
            expect(rules.key(rules.turn(position, symmetry))).toBe(rules.key(turned));
            expect(rules.result(turned)).toBe(rules.result(position));
          }
        },
      ),
    );
  },
);

describe.each(PIXEL_GAMES)("%s", (_, make) => {
  test("the same seed gives the same games, another one others", () => {
    const play = (environment: Environment) =>
      [1, 2, 3].map(() => episode(environment, (step) => (step * 7) % environment.actions.length));
    const first = make(5);
    const games = play(first);
    expect(play(make(5))).toEqual(games);
    first.reset(5);
    expect(play(make(6))).not.toEqual(games);
  });

  test("an episode is the same whatever was played before it", () => {
    const [a, b] = [make(3), make(3)];
    episode(a, () => 0);
    episode(b, () => 2);
    expect(episode(a, () => 1)).toEqual(episode(b, () => 1));
  });

  test("what is seen is 0 or 1, two frames of three colours", () => {
    const environment = make(1);
    expect(environment.shape).toEqual([6, 8, 8]);
    const { seen } = episode(environment, () => 1);
    expect(new Set(seen.flat())).toEqual(new Set([0, 1]));
    for (let i = 1; i < seen.length; i++) expect(seen[i].slice(192)).toEqual(seen[i - 1].slice(0, 192));
  });

  test("wrong calls", () => {
    const environment = make();
    expect(() => environment.step(0)).toThrow(
      `${environment.name}.step: the episode has not begun; reset() begins the next one`,
    );
    environment.reset();
    expect(() => environment.step(9)).toThrow(`${environment.name}.step: an action is a whole number from 0 to`);
    expect(() => environment.step(0.5)).toThrow("got 0.5");
    expect(() => environment.observe(new Float32Array(10))).toThrow(
      "writes 384 numbers from place 0 on, and the array has 10",
    );
    expect(() => environment.observe([] as never)).toThrow("needs a Float32Array to write into");
    expect(() => environment.reset(-1)).toThrow("seed must be a whole number of at least 0, got -1");
    episode(environment, () => 0);
    expect(environment.isLegal(0)).toBe(false);
    expect(() => environment.step(0)).toThrow("the episode is over; reset() begins the next one");
    expect(() => make(0.5)).toThrow("seed must be a whole number");
  });
});

describe("the best that a game can bring", () => {
  test("catch: every ball; squash: every return; dodge: every rock", () => {
    for (const [environment, best] of [
      [new Catch(), 5],
      [new Squash(), 10],
      [new Dodge(), 10],
    ] as const) {
      for (let i = 0; i < 200; i++) {
        const { rewards, terminated } = episode(environment, () => environment.expert());
        expect(sum(rewards)).toBe(best);
        expect(terminated).toBe(true);
      }
    }
  });

  test("gather: a shortest way to each thing", () => {
    const environment = new Gather();
    const totals = Array.from({ length: 300 }, () => sum(episode(environment, () => environment.expert()).rewards));
    // 10.34 over 3,000 episodes; 0.4 is four standard errors of 300.
    expect(Math.abs(sum(totals) / 300 - 10.34)).toBeLessThan(0.4);
    expect(episode(environment, () => environment.expert())).toMatchObject({ terminated: false, truncated: true });
  });
});

describe("a board game as an environment", () => {
  test("returns and planes are the agent's own, on either side", () => {
    for (const side of ["first", "second"] as const) {
      const environment = new BoardEnvironment(game, randomPlayer(game, { seed: 3 }), { side });
      const picture = new Float32Array(18);
      for (let k = 0; k < 40; k++) {
        environment.reset();
        let [own, total, over] = [0, 0, false];
        while (!over) {
          const action = environment.actions.findIndex((_, i) => environment.isLegal(i));
          const { reward, terminated } = environment.step(action);
          own += 1;
          environment.observe(picture);
          expect(sum([...picture.subarray(0, 9)])).toBe(own);
          expect(picture[action]).toBe(1);
          total += reward;
          over = terminated;
        }
        const lines = environment.toString().replaceAll("\n", "");
        const line = (stone: string) =>
          [
            [0, 1, 2],
            [3, 4, 5],
            [6, 7, 8],
            [0, 3, 6],
            [1, 4, 7],
            [2, 5, 8],
            [0, 4, 8],
            [2, 4, 6],
          ].some((cells) => cells.every((cell) => lines[cell] === stone));
        const [mine, theirs] = side === "first" ? ["X", "O"] : ["O", "X"];
        expect(total).toBe(line(mine) ? 1 : line(theirs) ? -1 : 0);
      }
    }
  });

  test("wrong calls", () => {
    const environment = new BoardEnvironment(game, randomPlayer(game), { side: "first" });
    expect(() => environment.step(0)).toThrow("tic-tac-toe.step: the episode has not begun");
    environment.reset();
    environment.step(4);
    expect(() => environment.step(4)).toThrow("tic-tac-toe: cell 4 is taken; free are");
    expect(() => environment.step(9)).toThrow("an action is a whole number from 0 to 8");
    expect(() => new BoardEnvironment(game, "random" as never)).toThrow("the opponent must be a function");
    expect(() => new BoardEnvironment({} as never, randomPlayer(game))).toThrow("needs the rules of a game");
    const silent = new BoardEnvironment(game, () => [], { side: "second" });
    expect(() => silent.reset()).toThrow("a player gives a move for each of the 1 positions");
  });
});

test("rules refuse what is no move, and go on after no end", () => {
  const four = connectFour({ rows: 2, columns: 2, inARow: 2 });
  const start = four.start();
  expect(() => four.play(start, 2)).toThrow("connect-four: a move is a column from 0 to 1, got 2");
  expect(() => four.play(four.play(four.play(start, 0), 0), 0)).toThrow("connect-four: column 0 is full; free are 1");
  const won = [0, 0, 1].reduce((p, move) => four.play(p, move), start);
  expect(() => four.play(won, 1)).toThrow("connect-four: the game is over");
  expect(() => four.result(game.start())).toThrow("connect-four: a position has 2 x 2 cells");
  expect(() => four.result(null as never)).toThrow("connect-four: the position must be an object");
  expect(() => connectFour({ rows: 3, columns: 3 })).toThrow("connectFour: 4 in a row do not fit on 3 x 3 cells");
  expect(() => connectFour({ rows: 20, columns: 20 })).toThrow("at most 100 cells");
  expect(() => census(connectFour(), 1000)).toThrow("census: the game has more than 1000 positions");
});

test("a match: sides and openings are shared out evenly, seeds repeat it", () => {
  const four = connectFour({ rows: 6, columns: 6 });
  const play = () =>
    playMatch(four, minimaxPlayer(four, { depth: 2 }), randomPlayer(four, { seed: 2 }), { games: 20, seed: 4 });
  const { won, drawn, lost, games } = play();
  expect(play().games).toEqual(games);
  expect(won + drawn + lost).toBe(20);
  expect(won).toBeGreaterThan(12);
  for (let i = 0; i < 20; i += 2) {
    expect(games[i].moves.slice(0, 2)).toEqual(games[i + 1].moves.slice(0, 2));
    expect([games[i].side, games[i + 1].side]).toEqual([0, 1]);
  }
  expect(() => playMatch(four, randomPlayer(four), randomPlayer(four), { games: 3 })).toThrow("games must be even");
});
