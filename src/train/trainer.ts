// One training run as a machine that takes steps and can be stopped after any of them: everything that decides the next step is in its state,
// so a run that was interrupted and resumed ends with the same bits as one that was not.

import { backward } from "../autograd/backward.ts";
import { checkSamples, EpochOrder, type Samples } from "../data/batches.ts";
import { callable, fields, finite, flag, instance, knownOptions, notNegative, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { platform } from "../engine/platform.ts";
import { giveBackFound } from "../engine/storage.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { checkParameters, type LoadOptions, type Parameter, refuseNonFinite } from "../nn/parameters.ts";
import { add } from "../ops/arithmetic.ts";
import { cast } from "../ops/cast.ts";
import { clone } from "../ops/views.ts";
import { type OptimizerName, optimizerByName } from "../optim/index.ts";
import { Optimizer, type OptimizerState } from "../optim/optimizer.ts";
import { checkSchedule, type Schedule, type ScheduleState } from "../optim/schedules.ts";
import { checkTensor } from "../tensor/check.ts";
import { Generator, type RandomState } from "../tensor/random.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import { NonFiniteLossError, remedyFor } from "./explosion.ts";
import { type Loss, type LossLike, lossFor } from "./losses.ts";
import { classesOf, classIndices, countCorrect } from "./metrics.ts";
import { labelsOrValues, lossOf, objectiveFor, targetsFor } from "./objective.ts";
import { Replay, type StepResult } from "./replay.ts";

/** What a trainer works with. */
export interface TrainerOptions {
  /**
   * A name, a function (outputs, targets) => tensor, or a loss made by hand. Default: softmaxCrossEntropy for a model that ends in
   * softmax over several outputs, with class indices or rows of shares; crossEntropy for one that ends in sigmoid, with class indices
   * or truth values. Otherwise it has to be given.
   */
  loss?: LossLike;
  /** By name with its usual learning rate, or made by hand. Default adam. */
  optimizer?: OptimizerName | Optimizer;
  /** Instead of the optimiser's usual learning rate, where it is given by name. */
  learningRate?: number;
  /** Samples a step; default 32. */
  batchSize?: number;
  /** Whether every epoch has its own order; default true. */
  shuffle?: boolean;
  /** Seed of the shuffling; default 0. */
  seed?: number;
  /** The learning rate over time: sets the optimiser's before every step. */
  schedule?: Schedule;
  /**
   * Whether steps may be replayed: the kernels of one step are recorded, and run again for the next ones without the
   * JavaScript of layers and loss. Same bits, less time; only where layers and loss are repeatable. Default true.
   */
  replay?: boolean;
}

/** Where a run stands, as JSON; the parameters and the optimiser's memory are tensors beside it. */
export interface TrainerState {
  /** Complete epochs. */
  epoch: number;
  /** Steps done in the current epoch. */
  step: number;
  /** Sum of losses over the samples of the current epoch so far; their mean is lossSum / seen. */
  lossSum: number;
  /** Samples whose class was right in the current epoch so far. */
  correct: number;
  /** Samples seen in the current epoch so far. */
  seen: number;
  /** The shuffling generator before the current epoch was shuffled. */
  shuffle: RandomState;
  /** The model's generator (dropout). */
  random: RandomState;
  optimizer: OptimizerState;
  schedule?: ScheduleState;
}

/** What is known after a step. */
export interface StepInfo {
  /** Epoch in progress, from 0. */
  epoch: number;
  /** Step just done, from 0. */
  step: number;
  /** Steps an epoch. */
  steps: number;
  /** Loss of this batch. */
  loss: number;
  /** Mean over the epoch so far. */
  meanLoss: number;
  /** Share of samples whose class was right in the epoch so far, 0 to 1. */
  accuracy: number;
  /** Samples seen in this epoch. */
  seen: number;
}

/** How long steps run before waiting events get a turn, in milliseconds. */
const BURST = 30;

/**
 * A training run step by step, for loops of your own: `fit` is built on it, and its defaults are the same. All that decides
 * the next step is in `state()` and `tensors()`, so that a run that was saved and restored ends with the same bits as one that was
 * not.
 * @throws RangeError if there are no samples, x and y hold different numbers of them, or the batch size is not a whole
 * number from 1 on; TypeError for options that there are not, an unknown loss or optimiser, a loss that can't fit, or if none is
 * given and none follows from model and targets.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
 * const x = linspace(0, 1, 8).reshape([8, 1]);
 * const trainer = new Trainer(model, { x, y: x.mul(2) }, {
 *   loss: "meanSquaredError",
 *   learningRate: 0.1,
 *   batchSize: 4,
 * });
 * const first = trainer.takeStep().loss;
 * while (trainer.epoch < 50) await trainer.finishEpoch();
 * trainer.takeStep().loss < first; // true
 * ```
 */
export class Trainer {
  /** Complete epochs. */
  epoch = 0;
  /** Steps done in the current epoch. */
  step = 0;
  private lossSum = 0;
  private correct = 0;
  private seen = 0;
  private readonly shuffle: Generator;
  private readonly shuffles: boolean;
  private shuffleBefore: RandomState;
  /** The current epoch's order, once it has begun; its memory serves the next epoch. */
  private order: EpochOrder | undefined;
  private started = false;
  private readonly samples: Samples;
  /** The true class of each sample, where there are classes. */
  private readonly classes: Int32Array | null;
  private readonly replay: Replay;
  /** What is minimised. */
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /** The learning rate over time, where one was given. */
  readonly schedule: Schedule | undefined;
  private readonly batchSize: number;
  /** What layers keep by themselves, as it was before the step. */
  private readonly kept: readonly { now: Tensor; before: Tensor }[];
  private readonly constrained: readonly Parameter[];
  /** The loss of the first step, or undefined before it. */
  private first: number | undefined;

  /** `owner` is what errors name: `fit` makes trainers, too. */
  constructor(
    readonly model: Model,
    readonly data: Samples,
    options: TrainerOptions = {},
    owner = "Trainer",
  ) {
    checkTrainerOptions(owner, options);
    checkModel(owner, model);
    checkSamples(owner, data);
    const { batchSize = 32, shuffle = true, seed = 0, replay = true, schedule } = options;
    const loss = objectiveFor(owner, model, data.y, options.loss);
    this.loss = loss;
    this.optimizer =
      typeof options.optimizer === "object"
        ? options.optimizer
        : optimizerByName(options.optimizer ?? "adam", { learningRate: options.learningRate });
    this.schedule = schedule;
    this.batchSize = batchSize;
    const y = labelsOrValues(loss, model, data.y);
    this.samples = keep(scope(() => ({ x: cast(data.x, model.inputs[0].dtype), y: targetsFor(loss, model, y) })));
    this.classes = classesOf(y, loss);
    this.replay = new Replay(model, loss, batchSize, replay);
    this.shuffle = new Generator(seed);
    this.shuffles = shuffle;
    this.shuffleBefore = this.shuffle.state();
    this.constrained = model.parameters.filter(({ options: { constraint } }) => constraint !== undefined);
    this.kept = model.parameters
      .filter(({ isState }) => isState)
      .map(({ tensor: now }) => ({ now, before: keep(scope(() => clone(now))) }));
  }

  /** Batches that hold all samples; the last may be short. */
  get stepsPerEpoch(): number {
    return Math.ceil(this.samples.x.shape[0] / this.batchSize);
  }

  /** The loss of the first step that this trainer took; undefined before it. */
  get firstLoss(): number | undefined {
    return this.first;
  }

  /** Number of training samples. */
  get sampleCount(): number {
    return this.samples.x.shape[0];
  }

  private get accuracy(): number {
    return this.classes ? this.correct / this.seen : Number.NaN;
  }

  /** The current epoch's order, drawn where the epoch begins. */
  private epochOrder(): EpochOrder {
    if (this.order !== undefined && this.started) return this.order;
    this.shuffleBefore = this.shuffle.state();
    const { batchSize, shuffles } = this;
    if (this.order === undefined) this.order = new EpochOrder(this.samples, batchSize, shuffles ? this.shuffle : null);
    else this.order.draw();
    this.started = true;
    return this.order;
  }

  private endEpoch(): void {
    this.epoch += 1;
    this.step = 0;
    this.lossSum = 0;
    this.correct = 0;
    this.seen = 0;
    this.started = false;
    this.shuffleBefore = this.shuffle.state();
  }

  /** Loss of a batch, and its gradients in the model's block. */
  private readonly differentiate = (batch: Samples): StepResult => {
    const { value: ofOutputs, outputs, threshold } = lossOf(this.loss, this.model, batch, true);
    const penalty = this.model.penalty();
    const value = penalty === null ? ofOutputs : add(ofOutputs, penalty);
    this.model.block.clearGradients();
    backward(value);
    return { loss: value, predicted: this.classes && classIndices(outputs, threshold) };
  };

  /**
   * Whether steps are replayed from a recording, and if not, why not. The first steps never are, nor a last batch that
   * is short; where `obstacle` is null, the others will be.
   */
  get replaying(): { active: boolean; obstacle: string | null } {
    const { active, obstacle } = this.replay;
    return { active, obstacle };
  }

  /**
   * One step: forward, backward, update. After the last step of an epoch it begins the next one, where `finishEpoch`
   * has not.
   * @throws NonFiniteLossError if the loss is not finite. Parameters, what layers keep by themselves and random numbers are then
   * those before the step, as after any other error.
   */
  takeStep(): StepInfo {
    if (this.step >= this.stepsPerEpoch) this.endEpoch();
    const order = this.epochOrder();
    const { optimizer, schedule, kept } = this;
    if (schedule) optimizer.learningRate = schedule.rate(optimizer.iterations, this.epoch);
    const random = this.model.generator.state();
    for (let i = 0; i < kept.length; i++) engine().copy(kept[i].now, kept[i].before);
    let value = 0;
    try {
      scope(() => {
        const batch = order.batch(this.step);
        const { loss, predicted } = this.replay.run(batch, this.differentiate);
        value = loss.item();
        if (!Number.isFinite(value)) {
          throw new NonFiniteLossError(this.epoch, this.step, value, remedyFor(optimizer, batch));
        }
        optimizer.step(this.model.block);
        for (const parameter of this.constrained) parameter.constrain();
        const count = batch.x.shape[0];
        this.lossSum += value * count;
        if (this.classes && predicted) {
          this.correct += countCorrect(predicted.dataSync() as Int32Array, this.classes, order.rows(this.step));
        }
        this.seen += count;
      });
    } catch (error) {
      for (const { now, before } of kept) engine().copy(before, now);
      this.model.generator.restore(random);
      throw error;
    }
    this.replay.settle();
    this.first ??= value;
    this.step += 1;
    return {
      epoch: this.epoch,
      step: this.step - 1,
      steps: order.batches,
      loss: value,
      meanLoss: this.lossSum / this.seen,
      accuracy: this.accuracy,
      seen: this.seen,
    };
  }

  /**
   * Steps to the end of the epoch. Waiting events get a turn every 30 ms. Returns the epoch's mean loss and accuracy,
   * or null if `stop` became true before a step: then the epoch can be continued later.
   * @throws NonFiniteLossError if the loss is not finite.
   */
  async finishEpoch(
    onStep?: (info: StepInfo) => void,
    stop?: () => boolean,
  ): Promise<{ loss: number; accuracy: number } | null> {
    if (onStep !== undefined) callable("Trainer.finishEpoch", "onStep", onStep);
    if (stop !== undefined) callable("Trainer.finishEpoch", "stop", stop);
    await giveBackFound();
    let turn = performance.now();
    while (this.step < this.stepsPerEpoch) {
      if (stop?.()) return null;
      const info = this.takeStep();
      onStep?.(info);
      if (performance.now() - turn > BURST) {
        await platform().yieldToEvents();
        turn = performance.now();
      }
    }
    const result = { loss: this.lossSum / this.seen, accuracy: this.accuracy };
    this.endEpoch();
    return result;
  }

  /** Where the run stands, as JSON; what it needs beside it is in `tensors()`. */
  state(): TrainerState {
    return {
      epoch: this.epoch,
      step: this.step,
      lossSum: this.lossSum,
      correct: this.correct,
      seen: this.seen,
      shuffle: this.shuffleBefore,
      random: this.model.generator.state(),
      optimizer: this.optimizer.state(),
      ...(this.schedule && { schedule: this.schedule.state() }),
    };
  }

  /** The tensors of the state: parameters by name, and the optimiser's memory as `optimizer.<name>`. */
  tensors(): Record<string, Tensor> {
    const tensors: Record<string, Tensor> = {};
    for (const { name, parameter } of this.model.named) tensors[name] = parameter.tensor;
    for (const [name, slot] of Object.entries(this.optimizer.slots())) tensors[`optimizer.${name}`] = slot;
    return tensors;
  }

  /**
   * Goes back to a saved state, to the same bits.
   * @param options `allowNonFinite`: take parameters and optimiser memory with NaN or infinities, too; default false.
   * @throws Error, RangeError or TypeError if the state is damaged or of another run: a number that can't be, a tensor that is missing,
   * does not fit or is not finite, another optimiser or schedule. Nothing has changed then.
   */
  restore(state: TrainerState, tensors: Record<string, Tensor>, options: LoadOptions = {}): void {
    const owner = "Trainer.restore";
    knownOptions(owner, options, ["allowNonFinite"]);
    checkState(owner, state, this.stepsPerEpoch);
    const slots: Record<string, Tensor> = Object.create(null) as Record<string, Tensor>;
    for (const [name, value] of Object.entries(fields(owner, "tensors", tensors))) {
      if (name.startsWith("optimizer.")) slots[name.slice("optimizer.".length)] = value;
    }
    const { schedule, model } = this;
    if (schedule !== undefined && state.schedule === undefined) {
      throw new Error(`${owner}: the saved state has no learning-rate schedule, this run has one`);
    }
    checkParameters(owner, model.named, model.dtype, tensors, options);
    for (const [name, slot] of Object.entries(slots)) {
      checkTensor(`${owner}: the optimiser's ${name}`, slot);
      if (options.allowNonFinite !== true) refuseNonFinite(`${owner}: the optimiser's ${name}`, slot);
    }
    // What may refuse its part comes first, each whole or not at all; what was done before a refusal is undone.
    const before = { random: model.generator.state(), shuffle: this.shuffle.state(), schedule: schedule?.state() };
    try {
      model.generator.restore(state.random);
      this.shuffle.restore(state.shuffle);
      schedule?.restore(state.schedule!);
      this.optimizer.restore(state.optimizer, slots);
    } catch (error) {
      model.generator.restore(before.random);
      this.shuffle.restore(before.shuffle);
      schedule?.restore(before.schedule!);
      throw error;
    }
    for (const parameter of model.parameters) parameter.assign(tensors[parameter.name]);
    this.shuffleBefore = this.shuffle.state();
    this.epoch = state.epoch;
    this.started = false;
    if (state.step > 0) this.epochOrder();
    this.step = state.step;
    this.lossSum = state.lossSum;
    this.correct = state.correct;
    this.seen = state.seen;
  }
}

/** The names of `TrainerOptions`. */
export const TRAINER_OPTIONS = [
  "loss",
  "optimizer",
  "learningRate",
  "batchSize",
  "shuffle",
  "seed",
  "schedule",
  "replay",
];

/** Throws for options of training that there are not, or of the wrong type; `own` are those that only this function has. */
export function checkTrainerOptions(owner: string, options: TrainerOptions, own: readonly string[] = []): void {
  knownOptions(owner, options, TRAINER_OPTIONS, own);
  const { loss, optimizer, learningRate, batchSize, shuffle, seed, schedule, replay } = options;
  if (loss !== undefined) lossFor(loss);
  if (optimizer !== undefined && typeof optimizer !== "string") {
    instance(owner, "optimizer", optimizer, Optimizer, `a name such as "adam", or an optimiser such as new Adam()`);
    if (learningRate !== undefined) {
      throw new TypeError(
        `${owner}: the optimiser has a learning rate already, ${optimizer.learningRate}; give the rate to it, or its name in its place`,
      );
    }
  }
  if (learningRate !== undefined) notNegative(owner, "learningRate", learningRate);
  if (batchSize !== undefined) whole(owner, "batchSize", batchSize, 1);
  if (shuffle !== undefined) flag(owner, "shuffle", shuffle);
  if (seed !== undefined) whole(owner, "seed", seed, 0);
  if (replay !== undefined) flag(owner, "replay", replay);
  if (schedule !== undefined) checkSchedule(owner, schedule);
}

/** Throws for a state that no run can have been in. */
function checkState(owner: string, state: TrainerState, steps: number): void {
  const { epoch, step, lossSum, correct, seen } = fields(owner, "the state", state);
  for (const [name, value] of Object.entries({ epoch, step, correct, seen }))
    whole(owner, `the state's ${name}`, value, 0);
  finite(owner, "the state's lossSum", lossSum);
  if (step > steps) {
    throw new RangeError(
      `${owner}: the state is after step ${step}, but an epoch has ${steps}; it belongs to other data`,
    );
  }
  fields(owner, "the state's optimizer", state.optimizer);
  fields(owner, "the state's random", state.random);
  fields(owner, "the state's shuffle", state.shuffle);
}
