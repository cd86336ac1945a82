// Learning from games against itself: search plays both sides with a network, the network learns the moves that search preferred and what the games came to, and makes
// the next search better (Silver and others 2017). And the beginning that AlphaGo had: learning from games of others (Silver and others 2016).
import { type PhiloxStream, philoxStream } from "../data/philox.ts";
import { callable, knownOptions, notNegative, positive, whole } from "../engine/checks.ts";
import { pause } from "./agent.ts";
import type { Symmetry } from "./board-game.ts";
import { ask, type Player } from "./players.ts";
import { checkNetwork, type PolicyValueNetwork, type PositionSample } from "./policy-value.ts";
import { type SearchOptions, SearchTree, searchTrees } from "./tree-search.ts";

/** A position of a game, and what there is to learn of it. */
interface Moment<Position> {
  readonly position: Position;
  /** Wanted probabilities of the moves. */
  readonly policy: Float32Array;
}

/** A moment with what its game came to. */
interface Lesson<Position> extends Moment<Position> {
  readonly value: number;
}

/** The newest lessons. */
class Lessons<Position> {
  private readonly kept: Lesson<Position>[] = [];
  private next = 0;
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get length(): number {
    return this.kept.length;
  }

  add(lesson: Lesson<Position>): void {
    if (this.kept.length < this.capacity) this.kept.push(lesson);
    else this.kept[this.next] = lesson;
    this.next = (this.next + 1) % this.capacity;
  }

  /** `n` of them, each turned or mirrored at random: the game is the same. */
  draw(n: number, network: PolicyValueNetwork<Position>, draws: PhiloxStream): PositionSample[] {
    const { game } = network;
    return Array.from({ length: n }, () => {
      const lesson = this.kept[draws.below(this.kept.length)];
      const symmetry = game.symmetries[draws.below(game.symmetries.length)];
      const board = new Float32Array(2 * game.height * game.width);
      game.encode(game.turn(lesson.position, symmetry), board, 0);
      return { board, policy: turnedPolicy(lesson.policy, symmetry), value: lesson.value };
    });
  }
}

function turnedPolicy(policy: Float32Array, { moves }: Symmetry): Float32Array {
  return Float32Array.from(moves, (move) => policy[move]);
}

/** Hands the moments of a game on, each with what it came to for who was to move. */
function conclude<Position>(
  network: PolicyValueNetwork<Position>,
  lessons: Lessons<Position>,
  moments: readonly Moment<Position>[],
  end: Position,
): void {
  const { game } = network;
  const result = game.result(end)!;
  for (const { position, policy } of moments) {
    lessons.add({ position, policy, value: game.toMove(position) === 0 ? result : -result + 0 });
  }
}

/** What `learnFromPlayer` takes. */
export interface ImitationOptions {
  /** Games that the player plays against itself; default 500. */
  games?: number;
  /** Share of moves that are made at random, so that games differ; what the player would have done is learnt all the same. Default 0.2. */
  attempts?: number;
  /** Steps of learning; default 500. */
  steps?: number;
  /** Positions a step; default 128. */
  batchSize?: number;
  /** Default 0. */
  seed?: number;
}

/**
 * Teaches a network from the games of a player, the supervised start of AlphaGo: the moves that the player makes, and what its games come to.
 * @returns both parts of the loss, averaged over the last tenth of the steps
 * @throws TypeError for what is no network or no player, or for an unknown option; RangeError for numbers that are none.
 * @example
 * ```ts
 * const game = ticTacToe();
 * const network = new PolicyValueNetwork(game, { seed: 1 });
 * const { policy } = learnFromPlayer(network, oraclePlayer(new Oracle(game)), { games: 50, steps: 50 });
 * policy < Math.log(9); // true
 * ```
 */
export function learnFromPlayer<Position>(
  network: PolicyValueNetwork<Position>,
  player: Player<Position>,
  options: ImitationOptions = {},
): { policy: number; value: number } {
  const owner = "learnFromPlayer";
  checkNetwork(owner, network);
  callable(owner, "the player", player);
  const {
    games = 500,
    attempts = 0.2,
    steps = 500,
    batchSize = 128,
    seed = 0,
  } = knownOptions(owner, options, ["games", "attempts", "steps", "batchSize", "seed"]);
  whole(owner, "games", games, 1);
  whole(owner, "steps", steps, 1);
  whole(owner, "batchSize", batchSize, 1);
  notNegative(owner, "attempts", attempts);
  const draws = philoxStream(whole(owner, "seed", seed, 0));
  draws.seek(0, 2);
  const { game } = network;
  const lessons = new Lessons<Position>(Number.POSITIVE_INFINITY);
  const boards = Array.from({ length: games }, () => ({ position: game.start(), moments: [] as Moment<Position>[] }));
  for (;;) {
    const open = boards.filter(({ position }) => game.result(position) === null);
    if (open.length === 0) break;
    const answers = ask(
      owner,
      player,
      open.map(({ position }) => position),
    );
    open.forEach((board, i) => {
      const policy = new Float32Array(game.moves);
      policy[answers[i]] = 1;
      board.moments.push({ position: board.position, policy });
      const legal = game.legalMoves(board.position);
      const move = draws.uniform() < attempts ? legal[draws.below(legal.length)] : answers[i];
      board.position = game.play(board.position, move);
    });
  }
  for (const { position, moments } of boards) conclude(network, lessons, moments, position);
  const last = { policy: 0, value: 0 };
  const tenth = Math.max(1, Math.floor(steps / 10));
  for (let step = 0; step < steps; step++) {
    const loss = network.learn(lessons.draw(batchSize, network, draws));
    if (step < steps - tenth) continue;
    last.policy += loss.policy / tenth;
    last.value += loss.value / tenth;
  }
  return last;
}

/** What `selfPlay` takes. */
export interface SelfPlayOptions extends SearchOptions {
  /** Rounds of games and learning; default 20. */
  rounds?: number;
  /** Games that come to their end in a round; default 100. */
  games?: number;
  /** Games that are played side by side; default: as many as a round has. */
  sideBySide?: number;
  /** Moves of a game that are drawn in proportion to how often search tried them; the later ones are the most tried. Default 10. */
  drawnMoves?: number;
  /** Share of noise in the priors of a root; default 0.25. */
  noise?: number;
  /** Concentration of the noise, a Dirichlet distribution; default 10 over the number of moves. */
  concentration?: number;
  /** Positions that are remembered; default 20,000. */
  memory?: number;
  /** Steps of learning a round; default 50. */
  steps?: number;
  /** Positions a step; default 128. */
  batchSize?: number;
  /** Default 0. */
  seed?: number;
  /** Called after every round. */
  onRound?: (round: SelfPlayRound) => void;
}

/** A round of self-play. */
export interface SelfPlayRound {
  /** From 0 on. */
  readonly round: number;
  /** Positions that the network was asked for. */
  readonly evaluations: number;
  /** Entropy of the network's policy at the positions that were played, on average, in nats. */
  readonly entropy: number;
  /** Mean of (z - v)^2 at these positions, as the network stood when they were played. */
  readonly valueError: number;
  /** Both parts of the loss while learning. */
  readonly policyLoss: number;
  readonly valueLoss: number;
  /** Moves a game, on average. */
  readonly length: number;
}

interface Played<Position> {
  tree: SearchTree<Position>;
  moments: (Moment<Position> & { entropy: number; value: number })[];
}

/**
 * Teaches a network by games against itself. A round plays until `games` of them are over, with search at every move, noise at the root and the first moves drawn, then
 * makes `steps` steps of learning from the newest positions, each turned or mirrored at random.
 * @throws TypeError for what is no network, or for an unknown option; RangeError for numbers that are none.
 * @example
 * ```ts
 * const network = new PolicyValueNetwork(ticTacToe(), { seed: 1 });
 * const rounds = await selfPlay(network, { rounds: 2, games: 10, simulations: 20, steps: 5 });
 * rounds.length; // 2
 * rounds[0].entropy > 1; // true
 * ```
 */
export async function selfPlay<Position>(
  network: PolicyValueNetwork<Position>,
  options: SelfPlayOptions = {},
): Promise<SelfPlayRound[]> {
  const owner = "selfPlay";
  checkNetwork(owner, network);
  knownOptions(owner, options, [
    ...["simulations", "exploration", "rounds", "games", "sideBySide", "drawnMoves", "noise", "concentration"],
    ...["memory", "steps", "batchSize", "seed", "onRound"],
  ]);
  const { game } = network;
  const rounds = whole(owner, "rounds", options.rounds ?? 20, 1);
  const games = whole(owner, "games", options.games ?? 100, 1);
  const sideBySide = whole(owner, "sideBySide", options.sideBySide ?? games, 1);
  const simulations = whole(owner, "simulations", options.simulations ?? 100, 1);
  const exploration = notNegative(owner, "exploration", options.exploration ?? 1.5);
  const drawnMoves = whole(owner, "drawnMoves", options.drawnMoves ?? 10, 0);
  const noise = notNegative(owner, "noise", options.noise ?? 0.25);
  const concentration = positive(owner, "concentration", options.concentration ?? 10 / game.moves);
  const steps = whole(owner, "steps", options.steps ?? 50, 0);
  const batchSize = whole(owner, "batchSize", options.batchSize ?? 128, 1);
  const lessons = new Lessons<Position>(whole(owner, "memory", options.memory ?? 20_000, 1));
  const draws = philoxStream(whole(owner, "seed", options.seed ?? 0, 0));
  draws.seek(0, 3);
  const begin = (): Played<Position> => ({ tree: new SearchTree(game, game.start()), moments: [] });
  const boards = Array.from({ length: sideBySide }, begin);
  const found: SelfPlayRound[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = network.evaluations;
    let [over, played, entropy, valueError] = [0, 0, 0, 0];
    while (over < games) {
      searchTrees(
        boards.map(({ tree }) => tree),
        network,
        simulations,
        exploration,
        (tree) => {
          if (noise > 0) tree.noisy = withNoise(tree.root.priors, noise, concentration, draws);
        },
      );
      boards.forEach((board, k) => {
        const { tree, moments } = board;
        const { root } = tree;
        const policy = new Float32Array(game.moves);
        root.moves.forEach((move, i) => {
          policy[move] = root.visits[i] / root.count;
        });
        moments.push({ position: root.position, policy, entropy: entropyOf(root.priors), value: root.value });
        tree.advance(root.moves[moveOf(root.visits, moments.length <= drawnMoves, draws)]);
        if (tree.root.final === null) return;
        conclude(network, lessons, moments, tree.root.position);
        const result = game.result(tree.root.position)!;
        for (const moment of moments) {
          entropy += moment.entropy;
          valueError += ((game.toMove(moment.position) === 0 ? result : -result) - moment.value) ** 2;
        }
        over += 1;
        played += moments.length;
        boards[k] = begin();
      });
    }
    const loss = { policy: 0, value: 0 };
    for (let step = 0; step < steps; step++) {
      const { policy, value } = network.learn(lessons.draw(batchSize, network, draws));
      loss.policy += policy / steps;
      loss.value += value / steps;
    }
    const record: SelfPlayRound = {
      round,
      evaluations: network.evaluations - before,
      entropy: entropy / played,
      valueError: valueError / played,
      policyLoss: loss.policy,
      valueLoss: loss.value,
      length: played / over,
    };
    found.push(record);
    options.onRound?.(record);
    await pause();
  }
  return found;
}

function entropyOf(shares: readonly number[]): number {
  return shares.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);
}

/** Which move is made: drawn in proportion to the visits, or the most visited. */
function moveOf(visits: readonly number[], drawn: boolean, draws: PhiloxStream): number {
  if (!drawn) return visits.indexOf(Math.max(...visits));
  let left = draws.uniform() * visits.reduce((a, b) => a + b, 0);
  const i = visits.findIndex((count) => {
    left -= count;
    return left < 0;
  });
  return i < 0 ? visits.indexOf(Math.max(...visits)) : i;
}

/** (1 - share) P + share D, D of a Dirichlet distribution: gamma variates over their sum. */
function withNoise(priors: readonly number[], share: number, concentration: number, draws: PhiloxStream): number[] {
  const parts = priors.map(() => gammaVariate(concentration, draws));
  const total = parts.reduce((a, b) => a + b, 0);
  return priors.map((prior, i) => (1 - share) * prior + (share * parts[i]) / total);
}

/** A gamma variate of scale 1, by Marsaglia and Tsang (2000); below a shape of 1 by the power of a uniform number. */
function gammaVariate(shape: number, draws: PhiloxStream): number {
  if (shape < 1) return gammaVariate(shape + 1, draws) * (1 - draws.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - draws.uniform())) * Math.cos(2 * Math.PI * draws.uniform());
    const v = (1 + c * normal) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - draws.uniform()) < normal ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
