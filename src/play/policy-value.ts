// A network with two answers to a position: where to move, and who will win. Search asks it; what search and games have found out, it learns.
import { backward } from "../autograd/backward.ts";
import { noGrad } from "../autograd/grad.ts";
import { fields, knownOptions, list, notNegative, whole } from "../engine/checks.ts";
import { Conv2D } from "../nn/layers/conv2d.ts";
import { Dense } from "../nn/layers/dense.ts";
import { Flatten } from "../nn/layers/flatten.ts";
import { Sequential } from "../nn/sequential.ts";
import { add, mul, square, sub } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { slice } from "../ops/slices.ts";
import { logSoftmax } from "../ops/softmax.ts";
import { tanh } from "../ops/trigonometry.ts";
import { Adam } from "../optim/adam.ts";
import { tensor } from "../tensor/create.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { type Captured, capture } from "../train/capture.ts";
import type { HiddenLayers } from "./agent.ts";
import { type BoardGame, checkGame } from "./board-game.ts";
import type { Player } from "./players.ts";

/** Small boards need no more than neurons; larger ones are looked at through filters that know no place. */
const boardLayers: HiddenLayers = ([, height, width]) =>
  height * width <= 16
    ? [new Flatten(), new Dense(64, { activation: "relu" }), new Dense(64, { activation: "relu" })]
    : [
        new Conv2D(32, 3, { padding: "same", activation: "relu" }),
        new Conv2D(32, 3, { padding: "same", activation: "relu" }),
        new Flatten(),
        new Dense(64, { activation: "relu" }),
      ];

/** Positions are asked for in batches of these sizes, filled up with empty boards, so that few different steps are recorded. */
const BATCHES = [1, 8, 32, 128, 256, 512];

/** What `PolicyValueNetwork` takes. */
export interface PolicyValueOptions {
  /** Decides the initial weights; default 0. */
  seed?: number;
  /** The layers between the board, [2, height, width], and the outputs; default: by the size of the board. */
  layers?: HiddenLayers;
  /** Step length of Adam; default 0.002. */
  learningRate?: number;
  /** L2 penalty; default 0.0001. */
  weightDecay?: number;
}

/** What a network says of positions. */
export interface PositionAnswers {
  /** Probabilities of the moves, 0 for those that are not allowed, [n, moves]. */
  readonly policies: Float32Array;
  /** From -1, lost, to 1, won, for who is to move, [n]. */
  readonly values: Float32Array;
}

/** Positions to learn from. */
export interface PositionSample {
  /** Two planes of the board, as `BoardGame.encode` writes them. */
  readonly board: Float32Array;
  /** Wanted probabilities of the moves. */
  readonly policy: Float32Array;
  /** What the game came to for who was to move. */
  readonly value: number;
}

/** Both parts of the loss. */
export interface PositionLoss {
  /** Mean of -sum p log q. */
  readonly policy: number;
  /** Mean of (z - v)^2. */
  readonly value: number;
}

/**
 * A network for a board game: [n, 2, height, width] to the scores of all moves and, last, the value before its tanh, [n, moves + 1].
 * @throws TypeError for what are no rules, or for an unknown option; RangeError for numbers that are none.
 * @example
 * ```ts
 * const game = ticTacToe();
 * const network = new PolicyValueNetwork(game, { seed: 1 });
 * const { policies, values } = network.evaluate([game.start()]);
 * policies.reduce((sum, share) => sum + share, 0).toFixed(4); // "1.0000"
 * Math.abs(values[0]) < 1; // true
 * ```
 */
export class PolicyValueNetwork<Position> {
  readonly game: BoardGame<Position>;
  readonly model: Sequential;
  /** Positions that it has been asked for. */
  evaluations = 0;
  private readonly answer: Captured<[Tensor], Tensor>;
  private readonly step: Captured<[Tensor, Tensor, Tensor], Tensor>;
  private readonly optimizer: Adam;
  private readonly size: number;

  constructor(game: BoardGame<Position>, options: PolicyValueOptions = {}) {
    const owner = "PolicyValueNetwork";
    this.game = checkGame(owner, game);
    const {
      seed = 0,
      layers = boardLayers,
      learningRate = 2e-3,
      weightDecay = 1e-4,
    } = knownOptions(owner, options, ["seed", "layers", "learningRate", "weightDecay"]);
    whole(owner, "seed", seed, 0);
    const shape = [2, game.height, game.width] as const;
    this.size = 2 * game.height * game.width;
    const model = new Sequential([...layers(shape), new Dense(game.moves + 1)], { inputShape: [...shape], seed });
    this.model = model;
    this.optimizer = new Adam({
      learningRate: notNegative(owner, "learningRate", learningRate),
      weightDecay: notNegative(owner, "weightDecay", weightDecay),
    });
    this.answer = capture((x: Tensor) => model.call(x));
    const moves = game.moves;
    this.step = capture((x: Tensor, policies: Tensor, values: Tensor) => {
      const outputs = model.call(x, { training: true });
      const n = x.shape[0];
      const logs = logSoftmax(slice(outputs, 0, moves, 1, 1), 1);
      const value = tanh(slice(outputs, moves, moves + 1, 1, 1));
      const policyLoss = mul(sum(mul(logs, policies)), -1 / n);
      const valueLoss = mul(sum(square(sub(value, values))), 1 / n);
      model.block.clearGradients();
      backward(add(policyLoss, valueLoss));
      this.optimizer.step(model.block);
      return [policyLoss, valueLoss] as never;
    });
  }

  /** The learning rate of the steps to come. */
  set learningRate(rate: number) {
    this.optimizer.learningRate = rate;
  }

  get learningRate(): number {
    return this.optimizer.learningRate;
  }

  /** What it says of positions; none of them is at its end. */
  evaluate(positions: readonly Position[]): PositionAnswers {
    const { game } = this;
    const { moves } = game;
    list("PolicyValueNetwork.evaluate", "the positions", positions);
    const policies = new Float32Array(positions.length * moves);
    const values = new Float32Array(positions.length);
    for (let from = 0; from < positions.length; ) {
      const left = positions.length - from;
      const batch = BATCHES.find((size) => size >= left) ?? BATCHES[BATCHES.length - 1];
      const n = Math.min(left, batch);
      const boards = new Float32Array(batch * this.size);
      for (let i = 0; i < n; i++) game.encode(positions[from + i], boards, i * this.size);
      const outputs = this.outputs(boards, batch);
      for (let i = 0; i < n; i++) {
        const at = i * (moves + 1);
        softmaxOver(game.legalMoves(positions[from + i]), outputs, at, policies, (from + i) * moves);
        values[from + i] = Math.tanh(outputs[at + moves]);
      }
      from += n;
    }
    this.evaluations += positions.length;
    return { policies, values };
  }

  private outputs(boards: Float32Array, n: number): Float32Array {
    const { height, width } = this.game;
    return noGrad(() =>
      scope(() => (this.answer(tensor(boards, { shape: [n, 2, height, width] })).dataSync() as Float32Array).slice()),
    );
  }

  /**
   * One step of Adam on -sum p log q + (z - v)^2, the mean over the samples.
   * @throws RangeError without samples, or for some of another size.
   */
  learn(samples: readonly PositionSample[]): PositionLoss {
    const owner = "PolicyValueNetwork.learn";
    const { height, width, moves } = this.game;
    const n = list(owner, "the samples", samples).length;
    if (n === 0) throw new RangeError(`${owner}: needs at least one sample`);
    const boards = new Float32Array(n * this.size);
    const policies = new Float32Array(n * moves);
    const values = new Float32Array(n);
    samples.forEach((sample, i) => {
      const { board, policy, value } = fields(owner, "a sample", sample);
      if (board?.length !== this.size || policy?.length !== moves) {
        throw new RangeError(`${owner}: a sample's board has ${this.size} numbers and its policy ${moves}`);
      }
      boards.set(board, i * this.size);
      policies.set(policy, i * moves);
      values[i] = value;
    });
    return scope(() => {
      const [policy, value] = this.step(
        tensor(boards, { shape: [n, 2, height, width] }),
        tensor(policies, { shape: [n, moves] }),
        tensor(values, { shape: [n, 1] }),
      ) as unknown as [Tensor, Tensor];
      return { policy: policy.item(), value: value.item() };
    });
  }
}

/** Writes exp(score) over the sum for the allowed moves. */
function softmaxOver(
  legal: readonly number[],
  scores: Float32Array,
  from: number,
  into: Float32Array,
  at: number,
): void {
  let most = Number.NEGATIVE_INFINITY;
  for (const move of legal) if (scores[from + move] > most) most = scores[from + move];
  let total = 0;
  for (const move of legal) {
    const share = Math.exp(scores[from + move] - most);
    into[at + move] = share;
    total += share;
  }
  for (const move of legal) into[at + move] /= total;
}

/**
 * Plays the most probable move, without any search.
 * @example
 * ```ts
 * const game = connectFour({ columns: 1, inARow: 2 });
 * networkPlayer(new PolicyValueNetwork(game))([game.start()]); // [0]
 * ```
 */
export function networkPlayer<Position>(network: PolicyValueNetwork<Position>): Player<Position> {
  checkNetwork("networkPlayer", network);
  const { moves } = network.game;
  return (positions) => {
    const { policies } = network.evaluate(list("a player", "positions", positions));
    return positions.map((_, i) => {
      const row = policies.subarray(i * moves, (i + 1) * moves);
      return row.indexOf(Math.max(...row));
    });
  };
}

/** Throws unless it is one. */
export function checkNetwork<Position>(
  owner: string,
  network: PolicyValueNetwork<Position>,
): PolicyValueNetwork<Position> {
  if (network instanceof PolicyValueNetwork) return network;
  throw new TypeError(`${owner}: needs a network: new PolicyValueNetwork(game)`);
}
