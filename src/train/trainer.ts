// One training run as a machine that takes steps and can be stopped after any of them: everything that decides the next step is in its state,
// so a run that was interrupted and resumed ends with the same bits as one that was not.

import { backward } from "../autograd/backward.ts";
import { checkSamples, EpochOrder, type Samples } from "../data/batches.ts";
import { callable, fields, instance } from "../engine/checks.ts";
import { platform } from "../engine/platform.ts";
import { quote } from "../engine/quote.ts";
import { giveBackFound } from "../engine/storage.ts";
import { checkModel, type Sequential } from "../nn/sequential.ts";
import { cast } from "../ops/cast.ts";
import { Optimizer, type OptimizerState } from "../optim/optimizer.ts";
import { checkSchedule, type Schedule, type ScheduleState } from "../optim/schedules.ts";
import { Generator, type RandomState } from "../tensor/random.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import { labelsOrValues, lossOf, targetsFor } from "./evaluate.ts";
import type { Loss } from "./losses.ts";
import { classesOf, classIndices, countCorrect } from "./metrics.ts";
import { Replay, type StepResult } from "./replay.ts";

/** What a trainer works with. */
export interface TrainerOptions {
  loss: Loss;
  optimizer: Optimizer;
  batchSize: number;
  shuffle: boolean;
  /** Seed of the shuffling. */
  seed: number;
  /** Sets the optimiser's learning rate before every step. */
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

/**
 * The loss became NaN or infinite: training can't go on from there. Says at which epoch and step (both from 0).
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1] });
 * const data = { x: tensor([[NaN]]), y: tensor([[1]]) };
 * const problem = await fit(model, data, { loss: "meanSquaredError" }).catch((error: unknown) => error);
 * problem instanceof NonFiniteLossError; // true
 * ```
 */
export class NonFiniteLossError extends Error {
  override readonly name = "NonFiniteLossError";
  constructor(
    readonly epoch: number,
    readonly step: number,
    readonly loss: number,
    learningRate: number,
  ) {
    super(
      `training: the loss became ${loss} at epoch ${epoch + 1}, step ${step + 1}; the parameters are past use from this step on. ` +
        `Try a lower learning rate (it is ${learningRate}), for example ${learningRate / 10}.`,
    );
  }
}

/** How long steps run before waiting events get a turn, in milliseconds. */
const BURST = 30;

/**
 * A training run step by step, for loops of your own: `fit` is built on it. All that decides the next step is in
 * `state()` and `tensors()`, so that a run that was saved and restored ends with the same bits as one that was not.
 * @throws RangeError if there are no samples, x and y hold different numbers of them, or the batch size is not a whole
 * number from 1 on.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
 * const x = linspace(0, 1, 8).reshape([8, 1]);
 * const trainer = new Trainer(model, { x, y: x.mul(2) }, {
 *   loss: lossFor("meanSquaredError"),
 *   optimizer: new Adam({ learningRate: 0.1 }),
 *   batchSize: 4,
 *   shuffle: true,
 *   seed: 1,
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
  private shuffleBefore: RandomState;
  /** The current epoch's order, once it has begun; its memory serves the next epoch. */
  private order: EpochOrder | undefined;
  private started = false;
  private readonly samples: Samples;
  /** The true class of each sample, where there are classes. */
  private readonly classes: Int32Array | null;
  private readonly replay: Replay;

  constructor(
    readonly model: Sequential,
    readonly data: Samples,
    private readonly options: TrainerOptions,
  ) {
    checkModel("fit", model);
    checkSamples("fit", data);
    const { batchSize, loss, optimizer, schedule } = fields("Trainer", "options", options);
    fields("Trainer", "loss", loss);
    callable("Trainer", "loss.compute", loss.compute);
    instance("Trainer", "optimizer", optimizer, Optimizer, "an optimiser such as new Adam()");
    if (schedule !== undefined) checkSchedule("Trainer", schedule);
    const y = labelsOrValues(loss, model, data.y);
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new RangeError(`fit: the batch size must be a whole number from 1 on, got ${quote(batchSize)}`);
    }
    this.samples = keep(scope(() => ({ x: cast(data.x, model.dtype), y: targetsFor(loss, model, y) })));
    this.classes = classesOf(y, loss);
    this.replay = new Replay(model, loss, batchSize, options.replay ?? true);
    this.shuffle = new Generator(options.seed);
    this.shuffleBefore = this.shuffle.state();
  }

  /** Batches that hold all samples; the last may be short. */
  get stepsPerEpoch(): number {
    return Math.ceil(this.samples.x.shape[0] / this.options.batchSize);
  }

  /** The learning rate over time, where one was given. */
  get schedule(): Schedule | undefined {
    return this.options.schedule;
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
    const { batchSize, shuffle } = this.options;
    if (this.order === undefined) this.order = new EpochOrder(this.samples, batchSize, shuffle ? this.shuffle : null);
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
    const { value, outputs, threshold } = lossOf(this.options.loss, this.model, batch, true);
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
   * @throws NonFiniteLossError, before the update, if the loss is not finite.
   */
  takeStep(): StepInfo {
    if (this.step >= this.stepsPerEpoch) this.endEpoch();
    const order = this.epochOrder();
    const { optimizer, schedule } = this.options;
    if (schedule) optimizer.learningRate = schedule.rate(optimizer.iterations, this.epoch);
    let value = 0;
    scope(() => {
      const batch = order.batch(this.step);
      const { loss, predicted } = this.replay.run(batch, this.differentiate);
      value = loss.item();
      if (!Number.isFinite(value)) throw new NonFiniteLossError(this.epoch, this.step, value, optimizer.learningRate);
      optimizer.step(this.model.block);
      const count = batch.x.shape[0];
      this.lossSum += value * count;
      if (this.classes && predicted) {
        this.correct += countCorrect(predicted.dataSync() as Int32Array, this.classes, order.rows(this.step));
      }
      this.seen += count;
    });
    this.replay.settle();
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
      optimizer: this.options.optimizer.state(),
      ...(this.options.schedule && { schedule: this.options.schedule.state() }),
    };
  }

  /** The tensors of the state: parameters by name, and the optimiser's memory as `optimizer.<name>`. */
  tensors(): Record<string, Tensor> {
    const tensors: Record<string, Tensor> = {};
    for (const parameter of this.model.parameters) tensors[parameter.name] = parameter.tensor;
    for (const [name, slot] of Object.entries(this.options.optimizer.slots())) tensors[`optimizer.${name}`] = slot;
    return tensors;
  }

  /**
   * Goes back to a saved state, to the same bits.
   * @throws Error if a tensor is missing or does not fit.
   */
  restore(state: TrainerState, tensors: Record<string, Tensor>): void {
    fields("restore", "the state", state);
    fields("restore", "the tensors", tensors);
    const slots: Record<string, Tensor> = {};
    for (const [name, value] of Object.entries(tensors)) {
      if (name.startsWith("optimizer.")) slots[name.slice("optimizer.".length)] = value;
    }
    for (const parameter of this.model.parameters) {
      const value = tensors[parameter.name];
      if (value === undefined)
        throw new Error(
          `restore: the saved state has no parameter ${parameter.name}; it belongs to another architecture`,
        );
      parameter.assign(value);
    }
    this.options.optimizer.restore(state.optimizer, slots);
    if (this.options.schedule) {
      if (state.schedule === undefined)
        throw new Error("restore: the saved state has no learning-rate schedule, this run has one");
      this.options.schedule.restore(state.schedule);
    }
    this.model.generator.restore(state.random);
    this.shuffle.restore(state.shuffle);
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
