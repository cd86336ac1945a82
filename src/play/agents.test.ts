import { describe, expect, test } from "vitest";
import { Dense, Flatten } from "../node.ts";
import {
  actorCritic,
  allLines,
  averageReturn,
  BoardEnvironment,
  bestAgainstRandom,
  Catch,
  connectFour,
  Dodge,
  deepQLearning,
  EnvironmentBatch,
  Gather,
  generalAdvantages,
  learnFromPlayer,
  minimaxPlayer,
  networkPlayer,
  Oracle,
  oraclePlayer,
  PixelGame,
  PolicyAgent,
  PolicyValueNetwork,
  QAgent,
  QTable,
  ReplayBuffer,
  randomPlayer,
  reinforce,
  searchPlayer,
  selfPlay,
  ticTacToe,
} from "./index.ts";
import { MultiStep } from "./multi-step.ts";

const game = ticTacToe();
const oracle = new Oracle(game);
/** One ball on a screen of which only neurons take account: learnt in a second. */
const layers = () => [new Flatten(), new Dense(64, { activation: "relu" as const })];
const one = (seed: number) => new Catch({ balls: 1, seed });

/** Two doors: the first gives 1 at once and ends it, the second 0 and then, whatever is done, 10 at the third step. */
class Doors extends PixelGame {
  private at = 0;
  constructor(seed = 0) {
    super("doors", ["now", "later"], 100, { seed });
  }
  protected begin(): void {
    this.at = 0;
  }
  protected advance(action: number) {
    this.at += 1;
    if (this.at === 1 && action === 0) return { reward: 1, over: true };
    return this.at === 3 ? { reward: 10, over: true } : { reward: 0 };
  }
  protected paint(dot: (color: number, row: number, column: number) => void): void {
    dot(0, 0, this.at);
  }
}

describe("a table", () => {
  test("Q-learning finds the values of two doors: gamma^2 10 = 2.5 for the second at gamma 0.5", () => {
    const table = new QTable({ learningRate: 0.5, discount: 0.5, attempts: 0.5, seed: 1 });
    const environment = new Doors();
    table.train(environment, 200);
    environment.reset();
    expect(table.values(environment)[0]).toBeCloseTo(1, 6);
    expect(table.values(environment)[1]).toBeCloseTo(2.5, 6);
    expect(table.act(environment)).toBe(1);
  });

  test("one update by hand: alpha (r + gamma max Q' - Q)", () => {
    const table = new QTable({ learningRate: 0.25, discount: 0.5, attempts: 0, initial: 4, key: () => "all" });
    const environment = new BoardEnvironment(connectFour({ rows: 2, columns: 1, inARow: 2 }), (p) => p.map(() => 0), {
      side: "first",
    });
    // One move each, then a draw: Q = 4 + 0.25 (0 - 4) = 3, without what is ahead.
    table.train(environment, 1);
    expect([...table.values(environment)]).toEqual([3]);
  });

  test("wrong calls", () => {
    expect(() => new QTable({ attempts: 1 })).toThrow("QTable: attempts must be at least 0 and below 1, got 1");
    expect(() => new QTable().train({} as never, 1)).toThrow("QTable.train: an environment has shape, actions");
    expect(() => new QTable().train(new Doors(), 0)).toThrow(
      "the number of episodes must be a whole number of at least 1",
    );
  });
});

describe("many environments", () => {
  test("environments have seeds of their own; the same seed gives the same batch", () => {
    const make = () => new EnvironmentBatch((seed) => new Gather({ seed }), 5, 3);
    const [a, b] = [make(), make()];
    const rows = Array.from({ length: 5 }, (_, i) => a.observations.slice(i * 384, (i + 1) * 384).join());
    expect(new Set(rows).size).toBeGreaterThan(3);
    for (let i = 0; i < 60; i++) {
      const actions = Array.from({ length: 5 }, (_, k) => (i + k) % 4);
      const [one, two] = [a.step(actions), b.step(actions)];
      expect([one.rewards.join(), one.truncated.join()]).toEqual([two.rewards.join(), two.truncated.join()]);
      expect(a.observations.join()).toBe(b.observations.join());
    }
  });

  test("behind an end there is its last picture in `after`, and the next episode's first in `observations`", () => {
    const batch = new EnvironmentBatch(() => new Doors(), 1, 0);
    const { rewards, terminated, after } = batch.step([0]);
    expect([rewards[0], terminated[0]]).toEqual([1, 1]);
    expect(after[1]).toBe(1);
    expect(batch.observations[0]).toBe(1);
    expect(batch.observations[1]).toBe(0);
  });

  test("wrong calls", () => {
    expect(() => new EnvironmentBatch(() => ({}) as never, 1, 0)).toThrow("EnvironmentBatch: an environment has shape");
    expect(() => new EnvironmentBatch((seed) => (seed % 2 ? new Gather() : new Catch()), 2, 0)).toThrow(
      "differ in what is seen",
    );
    expect(() => new EnvironmentBatch(one, 2, 0).step([0])).toThrow("needs 2 actions, one for each environment, got 1");
    expect(() => new EnvironmentBatch(one, 1, 0).step([7])).toThrow(
      "catch.step: an action is a whole number from 0 to 2",
    );
  });
});

describe("returns", () => {
  test("generalised advantages by hand: gamma 0.5, lambda 0.5, an end in the middle", () => {
    // d = [1 + 0.5*2 - 1, 2 - 2, 3 + 0.5*4 - 3] = [1, 0, 2]; A_2 = 2, A_1 = 0 (ended), A_0 = 1 + 0.25*0.
    const { advantages, returns } = generalAdvantages([1, 2, 3], [1, 2, 3, 4], [0, 1, 0], 1, {
      discount: 0.5,
      lambda: 0.5,
    });
    expect([...advantages]).toEqual([1, 0, 2]);
    expect([...returns]).toEqual([2, 2, 5]);
  });

  test("lambda 1 gives whole returns less the value", () => {
    const { returns } = generalAdvantages([1, 10, 2, 20], [5, 6, 7, 8, 100, 200], [0, 0, 0, 0], 2, {
      discount: 0.5,
      lambda: 1,
    });
    expect([...returns]).toEqual([1 + 1 + 25, 10 + 10 + 50, 2 + 50, 20 + 100]);
  });

  test("three steps together: r_0 + gamma r_1 + gamma^2 r_2, and gamma^3 for what is ahead; ends cut it short", () => {
    const buffer = new ReplayBuffer(10, 1, 1);
    const steps = new MultiStep(buffer, 1, 3, 0.5);
    const picture = (value: number) => Float32Array.of(value);
    const legal = Uint8Array.of(1);
    for (let t = 0; t < 4; t++) steps.add(0, picture(t), 0, 2 ** t, picture(t + 1), legal, false, false);
    expect(buffer.length).toBe(2);
    steps.add(0, picture(4), 0, 16, picture(5), legal, true, false);
    const drawn = [0, 1, 2, 3, 4].map((i) => buffer.draw(1, () => i));
    expect(drawn.map(({ rewards }) => rewards[0])).toEqual([1 + 1 + 1, 2 + 2 + 2, 4 + 4 + 4, 8 + 8, 16]);
    expect(drawn.map(({ ahead }) => ahead[0])).toEqual([0.125, 0.125, 0, 0, 0]);
    expect(drawn.map(({ after }) => after[0])).toEqual([3, 4, 5, 5, 5]);
  });

  test("a buffer keeps the newest", () => {
    const buffer = new ReplayBuffer(2, 1, 1);
    expect(() => buffer.draw(1, () => 0)).toThrow("there is nothing in it yet");
    expect(() => buffer.add({ before: new Float32Array(2) } as never)).toThrow("pictures have 1 numbers");
  });
});

describe("agents learn one ball of catch", () => {
  const mean = (agent: QAgent | PolicyAgent) => averageReturn(agent, one, { episodes: 200, seed: 9 }).mean;

  test("deep Q-learning", async () => {
    const agent = new QAgent(one(0), { seed: 1, layers });
    expect(mean(agent)).toBeLessThan(0);
    const { returns } = await deepQLearning(agent, one, { steps: 16_000, seed: 1, exploring: 0.3 });
    expect(mean(agent)).toBeGreaterThan(0.9);
    expect(returns.at(-1)).toBeGreaterThan(returns[0]);
  });

  test.each([
    ["REINFORCE", (agent: PolicyAgent) => reinforce(agent, one, { steps: 30_000, seed: 1, learningRate: 0.005 })],
    ["actor-critic", (agent: PolicyAgent) => actorCritic(agent, one, { steps: 30_000, seed: 1, learningRate: 0.005 })],
  ])("%s", async (_, learn) => {
    const agent = new PolicyAgent(one(0), { seed: 1, layers });
    await learn(agent);
    expect(mean(agent)).toBeGreaterThan(0.7);
  });

  test("the same seed learns the same", async () => {
    const curve = () =>
      deepQLearning(new QAgent(one(0), { seed: 4, layers }), one, { steps: 800, seed: 4, every: 200 });
    expect(await curve()).toEqual(await curve());
  });

  test("with the rules of a board: no agent takes a cell that is taken", async () => {
    const make = (seed: number) => new BoardEnvironment(game, randomPlayer(game, { seed }), { seed });
    const q = new QAgent(make(0), { layers });
    await deepQLearning(q, make, { steps: 600 });
    const policy = new PolicyAgent(make(0), { layers });
    await actorCritic(policy, make, { steps: 1000 });
    await reinforce(policy, make, { steps: 500, baseline: "none" });
    for (const agent of [q, policy]) expect(averageReturn(agent, make, { episodes: 50 }).mean).toBeGreaterThan(-1);
  });

  test("wrong calls", async () => {
    const agent = new QAgent(one(0));
    await expect(deepQLearning({} as never, one)).rejects.toThrow("deepQLearning: needs a QAgent");
    await expect(actorCritic(agent as never, one)).rejects.toThrow("actorCritic: needs a PolicyAgent");
    await expect(deepQLearning(agent, (seed) => new Gather({ seed }))).rejects.toThrow(
      "the agent sees [6, 8, 8] and has 3 actions, the environments show [6, 8, 8] and have 4; make an agent for them",
    );
    await expect(deepQLearning(agent, one, { steps: 0 })).rejects.toThrow("steps must be a whole number of at least 1");
    expect(() => averageReturn({} as never, one)).toThrow("averageReturn: the agent's act must be a function");
    expect(
      averageReturn(new QAgent(new Dodge()), (seed) => new Dodge({ seed }), { episodes: 3 }).most,
    ).toBeLessThanOrEqual(10);
  });
});

describe("a network with search", () => {
  test("finds a win in one and blocks a loss in one, whatever the network says", () => {
    const player = searchPlayer(new PolicyValueNetwork(game, { seed: 3 }), { simulations: 400 });
    const after = (moves: readonly number[]) => moves.reduce((p, move) => game.play(p, move), game.start());
    expect(player([after([0, 3, 1, 4])])).toEqual([2]);
    expect(player([after([0, 4, 1])])).toEqual([2]);
    expect(player([after([0, 3, 1, 4]), after([0, 4, 1])])).toEqual([2, 2]);
  });

  test("learns positions by heart: policy and value", () => {
    const network = new PolicyValueNetwork(game, { seed: 1, learningRate: 0.01, weightDecay: 0 });
    const board = new Float32Array(18);
    board[4] = 1;
    const policy = new Float32Array(9);
    policy[2] = 1;
    for (let i = 0; i < 200; i++) network.learn([{ board, policy, value: -1 }]);
    const position = { cells: Int8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0), stones: 0, result: null };
    const { policies, values } = network.evaluate([position]);
    expect(policies[2]).toBeGreaterThan(0.95);
    expect(values[0]).toBeLessThan(-0.95);
  });

  test("taken cells have probability 0, and a batch says what single positions are told", () => {
    const network = new PolicyValueNetwork(game, { seed: 1 });
    const positions = oracle.positions().slice(0, 700);
    const all = network.evaluate(positions);
    for (const i of [0, 5, 130, 699]) {
      const single = network.evaluate([positions[i]]);
      const row = all.policies.subarray(i * 9, (i + 1) * 9);
      single.policies.forEach((share, k) => {
        expect(row[k]).toBeCloseTo(share, 5);
      });
      expect(all.values[i]).toBeCloseTo(single.values[0], 5);
      for (const k of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
        expect(row[k] > 0).toBe(game.legalMoves(positions[i]).includes(k));
      }
    }
    expect(network.evaluations).toBe(704);
  });

  test("a supervised start and some self-play: with search it loses no line of its opponent, on either side", async () => {
    const network = new PolicyValueNetwork(game, { seed: 1 });
    learnFromPlayer(network, oraclePlayer(oracle, { seed: 1 }), { games: 100, steps: 300, seed: 1 });
    const rounds = await selfPlay(network, { rounds: 12, games: 40, simulations: 25, steps: 40, seed: 1 });
    expect(rounds.map(({ round }) => round)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    const player = searchPlayer(network, { simulations: 400, exploration: 4 });
    for (const side of [0, 1] as const) expect(allLines(game, player, side).lost).toBe(0);
    expect(allLines(game, networkPlayer(new PolicyValueNetwork(game)), 1).lost).toBeGreaterThan(0);
  });

  test("pictures and positions of another kind", () => {
    const agent = new QAgent(one(0));
    expect(() => agent.act(new Float32Array(10), new Uint8Array(3))).toThrow(
      "QAgent.act: pictures of [6, 8, 8] have 384 numbers each, and 10 are no whole number of them",
    );
    expect(() => agent.act(new Float32Array(384), new Uint8Array(2))).toThrow("a 0 or 1 for each of 1 x 3 actions");
    const network = new PolicyValueNetwork(game);
    expect(() => network.evaluate([connectFour().start() as never])).toThrow("a position has 3 x 3 cells");
    expect(() => network.evaluate(undefined as never)).toThrow("the positions must be an array");
    expect(() => bestAgainstRandom({} as never, 0)).toThrow("the oracle must be an Oracle");
  });

  test("the same seed plays and learns the same", async () => {
    const run = async () => {
      const network = new PolicyValueNetwork(game, { seed: 2 });
      const rounds = await selfPlay(network, {
        rounds: 2,
        games: 6,
        sideBySide: 4,
        simulations: 10,
        steps: 3,
        seed: 5,
      });
      return { rounds, values: [...network.evaluate([game.start()]).values] };
    };
    expect(await run()).toEqual(await run());
  });

  test("wrong calls", async () => {
    const network = new PolicyValueNetwork(game);
    expect(() => networkPlayer({} as never)).toThrow("networkPlayer: needs a network");
    expect(() => searchPlayer(network, { simulations: 0 })).toThrow("simulations must be a whole number of at least 1");
    await expect(selfPlay(network, { rounds: 0.5 })).rejects.toThrow("selfPlay: rounds must be a whole number");
    expect(() => network.learn([])).toThrow("needs at least one sample");
    expect(() => network.learn([{ board: new Float32Array(3), policy: new Float32Array(9), value: 0 }])).toThrow(
      "a sample's board has 18 numbers and its policy 9",
    );
    const nothing = undefined as never;
    for (const player of [searchPlayer(network), networkPlayer(network)])
      expect(() => player(nothing)).toThrow("a player: positions must be an array, got undefined");
    expect(() => learnFromPlayer(network, () => [1])).toThrow("a player gives a move for each of the 500 positions");
    expect(() => learnFromPlayer(network, minimaxPlayer(game), { games: 0 })).toThrow("games must be a whole number");
  });
});
