// Deep Q-learning (Mnih and others, "Human-level control through deep reinforcement learning", 2015), with the two networks of double Q-learning (van Hasselt,
// Guez and Silver 2016): a network says what each action is worth, and learns from what it remembers.

import { backward } from "../autograd/backward.ts";
import { noGrad } from "../autograd/grad.ts";
import { philoxStream } from "../data/philox.ts";
import { knownOptions, notNegative, positive, whole } from "../engine/checks.ts";
import { Dense } from "../nn/layers/dense.ts";
import { modelFromConfig } from "../nn/model-config.ts";
import { Sequential } from "../nn/sequential.ts";
import { mul } from "../ops/arithmetic.ts";
import { sum } from "../ops/broadcast.ts";
import { huber } from "../ops/losses/regression.ts";
import { Adam } from "../optim/adam.ts";
import { tensor } from "../tensor/create.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { type Captured, capture } from "../train/capture.ts";
import {
  type Agent,
  anyAction,
  CurveKeeper,
  type HiddenLayers,
  hiddenLayers,
  type LearningCurve,
  type LearningOptions,
  pause,
} from "./agent.ts";
import { checkEnvironment, checkLegal, countPictures, type Environment, observationSize } from "./environment.ts";
import { checkKind, EnvironmentBatch, type MakeEnvironment } from "./environment-batch.ts";
import { MultiStep } from "./multi-step.ts";
import { ReplayBuffer } from "./replay-buffer.ts";

/** What agents with a network take. */
export interface AgentOptions {
  /** Decides the initial weights; default 0. */
  seed?: number;
  /** The layers between picture and outputs; default: a convolution of 16 filters of 3 x 3 and 128 neurons. */
  layers?: HiddenLayers;
}

/**
 * An agent that takes the action that its network thinks worth most.
 * @throws TypeError for what is no environment, or for an unknown option; RangeError for a seed that is none.
 * @example
 * ```ts
 * const agent = new QAgent(new Catch(), { seed: 1 });
 * const { mean } = averageReturn(agent, (seed) => new Catch({ seed }), { episodes: 10 });
 * mean < 0; // true
 * await deepQLearning(agent, (seed) => new Catch({ seed }), { steps: 200 });
 * ```
 */
export class QAgent implements Agent {
  /** What each action is worth: [n, planes, height, width] to [n, actions]. */
  readonly model: Sequential;
  readonly actions: number;
  readonly shape: Environment["shape"];
  private readonly answer: Captured<[Tensor], Tensor>;

  constructor(environment: Environment, options: AgentOptions = {}) {
    const { shape, actions } = checkEnvironment("QAgent", environment);
    const { seed = 0, layers = hiddenLayers } = knownOptions("QAgent", options, ["seed", "layers"]);
    whole("QAgent", "seed", seed, 0);
    this.shape = shape;
    this.actions = actions.length;
    this.model = new Sequential([...layers(shape), new Dense(actions.length)], { inputShape: [...shape], seed });
    this.answer = capture((x: Tensor) => this.model.call(x));
  }

  /** What each action is worth, [n, actions]. */
  values(observations: Float32Array): Float32Array {
    return valuesOf(this.answer, observations, this.shape);
  }

  /** See `Agent`. */
  act(observations: Float32Array, legal: Uint8Array): Int32Array {
    checkLegal("QAgent.act", legal, countPictures("QAgent.act", observations, this.shape), this.actions);
    return bestActions(this.values(observations), legal, this.actions);
  }
}

function valuesOf(
  answer: Captured<[Tensor], Tensor>,
  observations: Float32Array,
  shape: Environment["shape"],
): Float32Array {
  const n = countPictures("QAgent", observations, shape);
  return noGrad(() =>
    scope(() => answer(tensor(observations, { shape: [n, ...shape] })).dataSync() as Float32Array).slice(),
  );
}

/** For each row the allowed action with the largest value. */
function bestActions(values: Float32Array, legal: Uint8Array, actions: number): Int32Array {
  return Int32Array.from({ length: values.length / actions }, (_, i) => {
    let best = -1;
    for (let action = 0; action < actions; action++) {
      if (!legal[i * actions + action]) continue;
      if (best < 0 || values[i * actions + action] > values[i * actions + best]) best = action;
    }
    return Math.max(best, 0);
  });
}

/** What `deepQLearning` takes. */
export interface DeepQOptions extends LearningOptions {
  /** Transitions a step of learning; default 64. */
  batchSize?: number;
  /** Transitions that are remembered; default 20,000. */
  memory?: number;
  /** Steps whose rewards are looked at themselves before the value stands for what is to come; default 3. */
  multiStep?: number;
  /** Steps of learning between updates of the network that says what lies ahead; default 100. */
  targetEvery?: number;
  /** Share of steps, from the first on, over which attempts at random grow fewer; default 0.4. */
  exploring?: number;
  /** Share of attempts at random that remain; default 0.02. */
  attempts?: number;
}

/**
 * Teaches an agent by deep Q-learning. An action is drawn at random with a probability that falls from 1; all steps are remembered; each round of steps, one
 * in every environment, is followed by a step of learning on a batch from memory. Of an action a in s that earned r_0, r_1, ... in n steps and led to s', the network Q learns
 *
 *   y = sum over k < n of gamma^k r_k + gamma^n Q'(s', argmax over a' of Q(s', a')),
 *
 * without the last term where the episode ended, by Huber's loss and Adam; Q' is Q as it was some steps ago. Default: 40,000 steps in 16 environments, learning rate 0.001, discount 0.97.
 * @returns the mean returns while learning, attempts included
 * @throws TypeError for what is no QAgent or makes no environments of its kind, or for an unknown option; RangeError for numbers that are none.
 * @example
 * ```ts
 * const agent = new QAgent(new Catch({ balls: 1 }));
 * const { returns } = await deepQLearning(agent, (seed) => new Catch({ balls: 1, seed }), { steps: 500, every: 100 });
 * returns.length; // 5
 * ```
 */
export async function deepQLearning(
  agent: QAgent,
  make: MakeEnvironment,
  options: DeepQOptions = {},
): Promise<LearningCurve> {
  const owner = "deepQLearning";
  if (!(agent instanceof QAgent)) throw new TypeError(`${owner}: needs a QAgent: new QAgent(environment)`);
  knownOptions(owner, options, [
    ...["steps", "environments", "learningRate", "discount", "seed", "every", "onRecord"],
    ...["batchSize", "memory", "targetEvery", "exploring", "attempts", "multiStep"],
  ]);
  const steps = whole(owner, "steps", options.steps ?? 40_000, 1);
  const discount = notNegative(owner, "discount", options.discount ?? 0.97);
  const batchSize = whole(owner, "batchSize", options.batchSize ?? 64, 1);
  const targetEvery = whole(owner, "targetEvery", options.targetEvery ?? 100, 1);
  const exploring = notNegative(owner, "exploring", options.exploring ?? 0.4);
  const multiStep = whole(owner, "multiStep", options.multiStep ?? 3, 1);
  const attempts = notNegative(owner, "attempts", options.attempts ?? 0.02);
  const seed = options.seed ?? 0;
  const batch = new EnvironmentBatch(make, options.environments ?? 16, seed);
  checkKind(owner, agent, batch);
  const { count, actions } = batch;
  const every = whole(owner, "every", options.every ?? Math.max(count, Math.floor(steps / 50)), 1);
  const size = observationSize(batch.environments[0]);
  const memory = new ReplayBuffer(options.memory ?? 20_000, size, actions.length);
  const optimizer = new Adam({
    learningRate: positive(owner, "learningRate", options.learningRate ?? 1e-3),
    clipNorm: 10,
  });
  const draws = philoxStream(seed);
  draws.seek(0, 1);
  const keeper = new CurveKeeper(count, every, options.onRecord);

  const { model } = agent;
  const target = modelFromConfig(model.config());
  const follow = (): void => scope(() => target.setWeights(model.weights()));
  const ahead = capture((x: Tensor) => target.call(x));
  const learn = capture((x: Tensor, chosen: Tensor, y: Tensor) => {
    const loss = huber(sum(mul(model.call(x, { training: true }), chosen), 1), y);
    model.block.clearGradients();
    backward(loss);
    optimizer.step(model.block);
  });

  const before = new Float32Array(count * size);
  const all = new Uint8Array(actions.length).fill(1);
  const together = new MultiStep(memory, count, multiStep, discount);
  follow();
  for (let round = 0, learnt = 0; round * count < steps; round++) {
    const explored = exploring === 0 ? 1 : (round * count) / (exploring * steps);
    const chance = Math.max(attempts, 1 - explored);
    const chosen = agent.act(batch.observations, batch.legal);
    const random = anyAction(batch.legal, actions.length, draws.below);
    for (let i = 0; i < count; i++) if (draws.uniform() < chance) chosen[i] = random[i];
    before.set(batch.observations);
    const { rewards, terminated, truncated, after } = batch.step(chosen);
    for (let i = 0; i < count; i++) {
      const [seen, next] = [before, after].map((all) => all.subarray(i * size, (i + 1) * size));
      // `batch.legal` is the next episode's where this one was cut off.
      const legal = truncated[i] ? all : batch.legal.subarray(i * actions.length, (i + 1) * actions.length);
      together.add(i, seen, chosen[i], rewards[i], next, legal, terminated[i] === 1, truncated[i] === 1);
    }
    if (keeper.add(rewards, terminated, truncated)) await pause();
    if (memory.length < 4 * batchSize) continue;
    const drawn = memory.draw(batchSize, draws.below);
    const best = bestActions(agent.values(drawn.after), drawn.legal, actions.length);
    const later = valuesOf(ahead, drawn.after, agent.shape);
    const y = drawn.rewards;
    const oneHot = new Float32Array(batchSize * actions.length);
    for (let i = 0; i < batchSize; i++) {
      y[i] += drawn.ahead[i] * later[i * actions.length + best[i]];
      oneHot[i * actions.length + drawn.actions[i]] = 1;
    }
    scope(() => {
      learn(
        tensor(drawn.before, { shape: [batchSize, ...agent.shape] }),
        tensor(oneHot, { shape: [batchSize, actions.length] }),
        tensor(y),
      );
    });
    learnt += 1;
    if (learnt % targetEvery === 0) follow();
  }
  return keeper.curve;
}
