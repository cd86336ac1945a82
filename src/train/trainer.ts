// One training run as a machine that takes steps and can be stopped after any of them: everything that decides the next step is in its state,
// so a run that was interrupted and resumed ends with the same bits as one that was not.

import { backward } from "../autograd/backward.ts";
import { type AnySamples, checkSamples } from "../data/batches.ts";
import { Dataset } from "../data/dataset/dataset.ts";
import { end } from "../data/dataset/held.ts";
import type { DatasetIterator } from "../data/dataset/iteration.ts";
import { RowOrder } from "../data/row-order.ts";
import { callable, fields, finite, flag, instance, knownOptions, notNegative, share, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { platform } from "../engine/platform.ts";
import { giveBackFound } from "../engine/storage.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { checkParameters, type LoadOptions, type Parameter, refuseNonFinite } from "../nn/parameters.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { clone } from "../ops/views.ts";
import { type OptimizerName, optimizerByName } from "../optim/index.ts";
import { Optimizer, type OptimizerState } from "../optim/optimizer.ts";
import { checkSchedule, type Schedule, type ScheduleState } from "../optim/schedules.ts";
import { checkTensor } from "../tensor/check.ts";
import { Generator, type RandomState } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import { ParameterAverage } from "./average.ts";
import { ownBatches } from "./evaluate.ts";
import { NonFiniteLossError, remedyFor } from "./explosion.ts";
import { forward, predictedBy, totalOf } from "./forward.ts";
import { isOwnLoss, type Loss, type LossName } from "./losses.ts";
import {
  checkObjective,
  type Head,
  headsFor,
  OBJECTIVE_OPTIONS,
  type ObjectiveOptions,
  onlyLoss,
} from "./objective.ts";
import { countCorrect, countCorrectAt } from "./predicted-classes.ts";
import { obstacleOf, Replay } from "./replay.ts";
import { checkTallies, Tally, type TallyState } from "./tally.ts";
import { type Prepared, prepare } from "./targets.ts";

/** What a trainer works with. */
export interface TrainerOptions extends ObjectiveOptions {
  /** By name with its usual learning rate, or made by hand. Default adam. */
  optimizer?: OptimizerName | Optimizer;
  /** Instead of the optimiser's usual learning rate, where it is given by name. */
  learningRate?: number;
  /** As the optimiser's, where it is given by name: gradients are scaled down when their common norm is above this. */
  clipNorm?: number;
  /** As the optimiser's, where it is given by name: each gradient is cut to [-clipValue, clipValue]. */
  clipValue?: number;
  /** Samples a step; default 32. A dataset has batches of its own. */
  batchSize?: number;
  /**
   * Steps whose gradients are gathered for one update: as one step with so many batches in one. The last update of an epoch has those
   * that are left. Default 1.
   */
  accumulate?: number;
  /**
   * Decay of an exponential moving average of the parameters, from 0 up to 1, such as 0.999: after every update
   * a <- decay a + (1 - decay) p. Validation and the callbacks that keep parameters use it, and `fit` ends with it in the model.
   * Default none.
   */
  averageDecay?: number;
  /** Whether every epoch has its own order; default true. A dataset has the order that its own `shuffle` gives it. */
  shuffle?: boolean;
  /** Seed of the shuffling; default 0. */
  seed?: number;
  /** The learning rate over time: sets the optimiser's before every update. */
  schedule?: Schedule;
  /**
   * Whether steps may be replayed: the kernels of a step are listed once, their memory is planned, and every step runs them without the
   * JavaScript of layers and loss. Same bits, less time and memory; only where layers and loss are repeatable. Default true.
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
  /** Samples whose class was right in the current epoch so far; 0 for several outputs. */
  correct: number;
  /** Samples seen in the current epoch so far. */
  seen: number;
  /** What they count together, where they count differently: then the mean is lossSum / weight. */
  weight?: number;
  /** The same of each output, where there are several, or rows count differently. */
  heads?: TallyState[];
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
  /** Steps an epoch; NaN where a dataset doesn't know. */
  steps: number;
  /** Loss of this batch. */
  loss: number;
  /** Mean over the epoch so far. */
  meanLoss: number;
  /** Share of samples whose class was right in the epoch so far, 0 to 1; NaN where there are no classes, and for several outputs. */
  accuracy: number;
  /** Samples seen in this epoch. */
  seen: number;
}

/** The figures of an epoch. */
export interface EpochFigures {
  loss: number;
  /** NaN where there are no classes, and for several outputs. */
  accuracy: number;
  /** Of several outputs: the loss of each, `kind.loss`, and the accuracy where there are classes, `kind.accuracy`. */
  heads?: Record<string, number>;
}

/** What is read after a step: the total, and of each head what is counted. */
interface StepResult {
  readonly loss: Tensor;
  readonly heads: readonly {
    /** Where there are several heads. */
    readonly loss: Tensor | null;
    readonly total: Tensor | null;
    readonly weights: Tensor | null;
    readonly predicted: Tensor | null;
  }[];
}

function tensorsOf({ loss, heads }: StepResult): Tensor[] {
  const tensors = [loss];
  for (const { loss: own, total, weights, predicted } of heads) {
    for (const x of [own, total, weights, predicted]) if (x !== null && !tensors.includes(x)) tensors.push(x);
  }
  return tensors;
}

/** The names that the optimiser's memory does not have, under which its other tensors are saved. */
const GATHERED = "gathered";
const AVERAGE = "average";

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
  private weight = 0;
  private seen = 0;
  private readonly shuffle: Generator;
  private readonly shuffles: boolean;
  private shuffleBefore: RandomState;
  /** The current epoch's order, once it has begun; its memory serves the next epoch. */
  private order: RowOrder | undefined;
  private started = false;
  /** All samples, where they are tensors. */
  private readonly prepared: Prepared | undefined;
  /** What a dataset's batches go through; known from the first one on. */
  private known: { heads: readonly Head[]; tallies: readonly Tally[]; replay: Replay<StepResult> } | undefined;
  private pass: DatasetIterator<AnySamples> | undefined;
  /** Whether the dataset's epoch has come to its end. */
  private over = false;
  /** Steps of a dataset's epoch, once one is complete. */
  private counted: number | undefined;
  private samplesOfEpoch = 0;
  /** Whether rows may count differently: then the state has more to say. */
  private differing = false;
  readonly optimizer: Optimizer;
  /** The learning rate over time, where one was given. */
  readonly schedule: Schedule | undefined;
  private readonly batchSize: number;
  private readonly accumulate: number;
  /** What the gathered batches count so far, in full batches. */
  private gathered = 0;
  /** The gathered gradients before the step. */
  private readonly gatheredBefore: Tensor | undefined;
  private readonly average: ParameterAverage | undefined;
  private readonly decay: number | undefined;
  /**
   * Losses and what belongs to them, as they were asked for.
   * @internal
   */
  readonly objective: ObjectiveOptions;
  private readonly wantsReplay: boolean;
  /** What layers keep by themselves, as it was before the step. */
  private readonly kept: readonly { now: Tensor; before: Tensor }[];
  private readonly constrained: readonly Parameter[];
  /** The loss of the first step, or undefined before it. */
  private first: number | undefined;

  /** `owner` is what errors name: `fit` makes trainers, too. */
  constructor(
    readonly model: Model,
    readonly data: AnySamples | Dataset<AnySamples>,
    options: TrainerOptions = {},
    private readonly owner = "Trainer",
  ) {
    checkTrainerOptions(owner, options);
    checkModel(owner, model);
    const { batchSize = 32, shuffle = true, seed = 0, replay = true, schedule, accumulate = 1, averageDecay } = options;
    this.wantsReplay = replay;
    this.accumulate = accumulate;
    this.objective = Object.fromEntries(
      OBJECTIVE_OPTIONS.map((name) => [name, options[name as keyof ObjectiveOptions]]),
    );
    if (data instanceof Dataset) {
      if (options.batchSize !== undefined) throw new TypeError(ownBatches(owner));
      if (options.shuffle === true) {
        throw new TypeError(`${owner}: a dataset has an order of its own; leave shuffle out, and say data.shuffle()`);
      }
    } else {
      const heads = this.headsOf(data);
      this.prepared = keep(scope(() => prepare(owner, model, heads, data)));
      this.differing = this.differs(this.prepared);
      this.know(heads);
    }
    const { learningRate, clipNorm, clipValue } = options;
    this.optimizer =
      typeof options.optimizer === "object"
        ? options.optimizer
        : optimizerByName(options.optimizer ?? "adam", { learningRate, clipNorm, clipValue });
    this.schedule = schedule;
    this.batchSize = batchSize;
    this.shuffle = new Generator(seed);
    this.shuffles = shuffle;
    this.shuffleBefore = this.shuffle.state();
    this.decay = averageDecay;
    this.average = averageDecay === undefined ? undefined : new ParameterAverage(model.block, averageDecay);
    if (accumulate > 1) this.gatheredBefore = keep(scope(() => clone(model.block.gradients)));
    this.constrained = model.parameters.filter(({ options: { constraint } }) => constraint !== undefined);
    this.kept = model.parameters
      .filter(({ isState }) => isState)
      .map(({ tensor: now }) => ({ now, before: keep(scope(() => clone(now))) }));
  }

  private headsOf(data: AnySamples): readonly Head[] {
    checkSamples(this.owner, data);
    const heads = headsFor(this.owner, this.model, data, this.objective);
    if (heads.length > 0) return heads;
    throw new TypeError(`${this.owner}: y has no targets for any of the model's outputs`);
  }

  private know(heads: readonly Head[]): NonNullable<Trainer["known"]> {
    const losses = heads.map(({ loss }) => loss);
    const replay = new Replay<StepResult>(this.model, losses, this.wantsReplay, tensorsOf);
    const known = { heads, tallies: heads.map(() => new Tally()), replay };
    this.known = known;
    if (this.restored?.heads !== undefined) {
      const names = heads.map(({ name }) => name);
      checkTallies("Trainer.restore", this.restored.heads, names);
    }
    this.restoreTallies();
    return known;
  }

  /** Whether figures are more than sums over samples. */
  private differs({ heads }: Prepared): boolean {
    const { model } = this;
    return (
      model.makesMasks || model.outputs.length > 1 || heads.some(({ weights, places }) => weights >= 0 || places > 1)
    );
  }

  /**
   * The outputs that are trained, each with its loss.
   * @throws Error for a dataset before its first batch.
   */
  get heads(): readonly Head[] {
    if (this.known !== undefined) return this.known.heads;
    throw new Error(`${this.owner}: what is trained is known with the dataset's first batch; take a step before`);
  }

  /**
   * What is minimised, where one output is trained.
   * @throws RangeError for several: see `heads`.
   */
  get loss(): Loss {
    return onlyLoss(this.heads);
  }

  /** Batches that hold all samples; the last may be short. NaN for a dataset that doesn't know before its end. */
  get stepsPerEpoch(): number {
    const { data, prepared } = this;
    if (prepared !== undefined) return Math.ceil(prepared.count / this.batchSize);
    return (data as Dataset<AnySamples>).size ?? this.counted ?? Number.NaN;
  }

  /** The loss of the first step that this trainer took; undefined before it. */
  get firstLoss(): number | undefined {
    return this.first;
  }

  /** Number of training samples; for a dataset, those of the last complete epoch. */
  get sampleCount(): number {
    return this.prepared?.count ?? this.samplesOfEpoch;
  }

  private get accuracy(): number {
    return this.model.outputs.length === 1 && this.known !== undefined ? this.known.tallies[0].accuracy : Number.NaN;
  }

  private figures(): EpochFigures {
    const { model, known } = this;
    const figures = { loss: this.lossSum / this.weight, accuracy: this.accuracy };
    if (model.outputs.length === 1 || known === undefined) return figures;
    const heads: Record<string, number> = {};
    known.tallies.forEach((tally, k) => {
      const { name } = known.heads[k];
      heads[`${name}.loss`] = tally.loss;
      if (!Number.isNaN(tally.accuracy)) heads[`${name}.accuracy`] = tally.accuracy;
    });
    return { ...figures, heads };
  }

  /** The current epoch's order, drawn where the epoch begins. */
  private epochOrder(prepared: Prepared): RowOrder {
    if (this.order !== undefined && this.started) return this.order;
    this.shuffleBefore = this.shuffle.state();
    const { batchSize, shuffles, owner } = this;
    if (this.order === undefined) {
      this.order = new RowOrder(owner, prepared.count, batchSize, shuffles ? this.shuffle : null);
    } else this.order.draw();
    this.started = true;
    return this.order;
  }

  private endEpoch(): void {
    this.epoch += 1;
    this.step = 0;
    this.lossSum = 0;
    this.weight = 0;
    this.seen = 0;
    for (const tally of this.known?.tallies ?? []) tally.clear();
    this.started = false;
    this.pass = undefined;
    this.over = false;
    this.shuffleBefore = this.shuffle.state();
  }

  /** Loss of a batch, and its gradients in the model's block: alone, or added to those that are gathered. */
  private differentiate(prepared: Prepared, batch: readonly Tensor[], factor: number): StepResult {
    const { model, accumulate } = this;
    const { heads } = this.known!;
    const runs = forward(model, heads, prepared, batch, true);
    const ofOutputs = totalOf(heads, runs);
    const penalty = model.penalty();
    const value = penalty === null ? ofOutputs : add(ofOutputs, penalty);
    if (accumulate === 1) model.block.clearGradients();
    backward(factor === 1 ? value : mul(value, factor));
    const several = heads.length > 1;
    return {
      loss: value,
      heads: runs.map((run, k) => ({
        loss: several ? run.loss : null,
        total: run.total,
        weights: prepared.heads[k].classes === null ? null : run.weights,
        predicted: prepared.heads[k].classes === null ? null : predictedBy(heads[k], run),
      })),
    };
  }

  /**
   * Whether steps are replayed from a recording, and if not, why not. A last batch that is short may not be;
   * where `obstacle` is null, the others are.
   */
  get replaying(): { active: boolean; obstacle: string | null } {
    if (this.known === undefined) return { active: false, obstacle: obstacleOf(this.model, []) };
    const { active, obstacle } = this.known.replay;
    return { active, obstacle };
  }

  /**
   * One step: forward, backward, update. After the last step of an epoch it begins the next one, where `finishEpoch`
   * has not.
   * @throws NonFiniteLossError if the loss is not finite. Parameters, what layers keep by themselves and random numbers are then
   * those before the step, as after any other error. Error for a dataset, whose batches have to be waited for: see `nextStep`.
   */
  takeStep(): StepInfo {
    const { prepared } = this;
    if (prepared === undefined) {
      throw new Error(`${this.owner}: the batches of a dataset have to be waited for; call await trainer.nextStep()`);
    }
    if (this.step >= this.stepsPerEpoch) this.endEpoch();
    const order = this.epochOrder(prepared);
    const { step, batchSize } = this;
    const last = step + 1 === order.batches;
    return this.stepOn(
      prepared,
      () => order.take(prepared.tensors, step),
      () => order.rows(step),
      order.size(step) / batchSize,
      last,
    );
  }

  /**
   * As `takeStep`, also for a dataset. Null at the end of a dataset's epoch; the call after it begins the next one.
   * @throws as `takeStep`.
   */
  async nextStep(): Promise<StepInfo | null> {
    const { data } = this;
    if (!(data instanceof Dataset)) return this.takeStep();
    if (this.over) this.endEpoch();
    this.pass ??= data.restore({ epoch: this.epoch, taken: this.step });
    const element = await this.pass.take();
    if (element === undefined) {
      if (this.step === 0) throw new RangeError(`${this.owner}: the dataset gives no batch`);
      this.counted = this.step;
      this.pass = undefined;
      this.over = true;
      if (this.gathered > 0) scope(() => this.update());
      return null;
    }
    try {
      const batch = element.value;
      return scope(() => {
        const { heads } = this.known ?? this.know(this.headsOf(batch));
        const prepared = prepare(this.owner, this.model, heads, batch);
        this.differing ||= this.differs(prepared);
        return this.stepOn(
          prepared,
          () => prepared.tensors,
          () => null,
          1,
          false,
        );
      });
    } finally {
      end(element);
    }
  }

  /** A step on a batch; `full` is its size in full batches, `last` whether no other follows in this epoch. */
  private stepOn(
    prepared: Prepared,
    take: () => readonly Tensor[],
    rowsOf: () => Int32Array | null,
    full: number,
    last: boolean,
  ): StepInfo {
    const { optimizer, schedule, kept, known, accumulate } = this;
    const { replay } = known!;
    if (schedule) optimizer.learningRate = schedule.rate(optimizer.iterations, this.epoch);
    if (this.average?.inUse)
      throw new Error(`${this.owner}: the model has its averages at the moment; step outside withAverage`);
    const { block, generator } = this.model;
    const random = generator.state();
    for (let i = 0; i < kept.length; i++) engine().copy(kept[i].now, kept[i].before);
    const { gathered, gatheredBefore } = this;
    if (gatheredBefore !== undefined) {
      if (gathered === 0) {
        block.clearGradients();
        block.completeGradients();
      }
      engine().copy(block.gradients, gatheredBefore);
    }
    let value = 0;
    try {
      scope(() => {
        const batch = take();
        const step = (tensors: readonly Tensor[]): StepResult =>
          this.differentiate(prepared, tensors, accumulate > 1 ? full : 1);
        const result = full === 1 ? replay.run(batch, step) : step(batch);
        value = result.loss.item();
        if (!Number.isFinite(value)) {
          throw new NonFiniteLossError(
            this.epoch,
            this.step,
            value,
            remedyFor(optimizer, namedBatch(this.model, prepared, batch)),
          );
        }
        this.gathered += full;
        // Steps that are gathered count by number: a short one is one of them.
        const complete = accumulate === 1 || (this.step + 1) % accumulate === 0 || last;
        if (complete) this.update();
        this.count(prepared, result, value, batch[0].shape[0], rowsOf);
      });
    } catch (error) {
      for (const { now, before } of kept) engine().copy(before, now);
      if (gatheredBefore !== undefined) engine().copy(gatheredBefore, block.gradients);
      this.gathered = gathered;
      generator.restore(random);
      replay.discard();
      throw error;
    }
    replay.settle();
    this.first ??= value;
    this.step += 1;
    return {
      epoch: this.epoch,
      step: this.step - 1,
      steps: this.stepsPerEpoch,
      loss: value,
      meanLoss: this.lossSum / this.weight,
      accuracy: this.accuracy,
      seen: this.seen,
    };
  }

  /** The optimiser's step on the gradients that are there. */
  private update(): void {
    const { optimizer, model, accumulate, gathered } = this;
    if (accumulate > 1) {
      const { gradients } = model.block;
      engine().kernel("scale", gradients.dtype, gradients, gradients.size, 1 / gathered);
      gradients.storage.version += 1;
    }
    optimizer.step(model.block);
    this.gathered = 0;
    for (const parameter of this.constrained) parameter.constrain();
    this.average?.update();
  }

  /** Adds a step to the sums of the epoch. */
  private count(
    prepared: Prepared,
    { heads }: StepResult,
    value: number,
    samples: number,
    rowsOf: () => Int32Array | null,
  ): void {
    const { tallies } = this.known!;
    for (let k = 0; k < heads.length; k++) {
      const { loss, total, weights, predicted } = heads[k];
      const { classes, places } = prepared.heads[k];
      const tally = tallies[k];
      const weight = total === null ? samples : total.item();
      tally.lossSum += (loss === null ? value : loss.item()) * weight;
      tally.weight += weight;
      if (classes === null || predicted === null) {
        tally.counted = 0;
        continue;
      }
      const guesses = predicted.dataSync() as Int32Array;
      if (weights === null && places === 1) {
        tally.correct += countCorrect(guesses, classes, rowsOf());
        tally.counted += guesses.length;
      } else {
        const counts = (weights?.dataSync() ?? null) as ArrayLike<number> | null;
        const [correct, counted] = countCorrectAt(guesses, classes, rowsOf(), places, counts);
        tally.correct += correct;
        tally.counted += counted;
      }
    }
    const { total } = heads[0];
    const weight = heads.length > 1 || total === null ? samples : total.item();
    this.lossSum += value * weight;
    this.weight += weight;
    this.seen += samples;
  }

  /**
   * Steps to the end of the epoch. Waiting events get a turn every 30 ms. Returns the epoch's mean loss and accuracy,
   * or null if `stop` became true before a step: then the epoch can be continued later.
   * @throws NonFiniteLossError if the loss is not finite.
   */
  async finishEpoch(onStep?: (info: StepInfo) => void, stop?: () => boolean): Promise<EpochFigures | null> {
    if (onStep !== undefined) callable("Trainer.finishEpoch", "onStep", onStep);
    if (stop !== undefined) callable("Trainer.finishEpoch", "stop", stop);
    await giveBackFound();
    let turn = performance.now();
    const { prepared } = this;
    while (prepared === undefined || this.step < this.stepsPerEpoch) {
      if (stop?.()) return null;
      const info = prepared === undefined ? await this.nextStep() : this.takeStep();
      if (info === null) break;
      onStep?.(info);
      if (performance.now() - turn > BURST) {
        await platform().yieldToEvents();
        if (prepared === undefined) await giveBackFound();
        turn = performance.now();
      }
    }
    const result = this.figures();
    this.samplesOfEpoch = this.seen;
    this.endEpoch();
    return result;
  }

  /**
   * Closes what a dataset has open; the next step goes on where it stood.
   * @internal
   */
  async pause(): Promise<void> {
    const { pass } = this;
    this.pass = undefined;
    await pass?.return();
  }

  /**
   * Calls a function while the model has the averages of its parameters, where `averageDecay` asks for them: to evaluate or to save them.
   * Afterwards it has its parameters again.
   * @example
   * ```ts
   * const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
   * const data = { x: tensor([[1], [2]]), y: tensor([[2], [4]]) };
   * const trainer = new Trainer(model, data, { loss: "meanSquaredError", averageDecay: 0.9 });
   * await trainer.finishEpoch();
   * const bytes = trainer.withAverage(() => saveModel(model));
   * ```
   */
  withAverage<R>(body: () => R): R {
    callable("Trainer.withAverage", "the argument", body);
    const { average } = this;
    if (average === undefined || average.inUse) return body();
    average.exchange();
    let result: R;
    try {
      result = body();
    } catch (error) {
      average.exchange();
      throw error;
    }
    if (!(result instanceof Promise)) {
      average.exchange();
      return result;
    }
    return result.finally(() => average.exchange()) as R;
  }

  /** The model's parameters become their averages for good, where there are some: the end of training. */
  useAverage(): void {
    const { average } = this;
    if (average === undefined) return;
    engine().copy(average.values, this.model.block.values);
    this.model.block.values.storage.version += 1;
  }

  /**
   * What it was asked for, as far as JSON holds it, and the outputs whose loss it doesn't hold. The optimiser is in the state.
   * @internal
   */
  settings(): { settings: Partial<TrainerOptions>; ownLosses: string[] } {
    const { objective, accumulate, known } = this;
    const heads = known?.heads ?? [];
    const ownLosses = heads.filter(({ loss }) => !isOwnLoss(loss)).map(({ name }) => name);
    const { loss: _, ...rest } = objective;
    const loss = Object.fromEntries(heads.map((head) => [head.name, head.loss.name as LossName]));
    const settings: Partial<TrainerOptions> = {
      ...rest,
      ...(ownLosses.length === 0 && heads.length > 0 && { loss }),
      ...(accumulate > 1 && { accumulate }),
      ...(this.decay !== undefined && { averageDecay: this.decay }),
      ...(this.prepared !== undefined && { batchSize: this.batchSize, shuffle: this.shuffles }),
    };
    return { settings, ownLosses };
  }

  /** Where the run stands, as JSON; what it needs beside it is in `tensors()`. */
  state(): TrainerState {
    const { known } = this;
    return {
      epoch: this.epoch,
      step: this.step,
      lossSum: this.lossSum,
      correct: this.model.outputs.length === 1 ? (known?.tallies[0].correct ?? 0) : 0,
      seen: this.seen,
      ...(this.differing && {
        weight: this.weight,
        heads: known?.tallies.map((tally, k) => tally.state(known.heads[k].name)) ?? [],
      }),
      shuffle: this.shuffleBefore,
      random: this.model.generator.state(),
      optimizer: this.optimizer.state(),
      ...(this.schedule && { schedule: this.schedule.state() }),
    };
  }

  /**
   * The tensors of the state: parameters by name, and as `optimizer.<name>` the optimiser's memory, the gradients that are gathered and the
   * averages of the parameters.
   */
  tensors(): Record<string, Tensor> {
    const { average, model } = this;
    if (average?.inUse)
      throw new Error(`${this.owner}: the model has its averages at the moment; ask outside withAverage`);
    const tensors: Record<string, Tensor> = {};
    for (const { name, parameter } of model.named) tensors[name] = parameter.tensor;
    for (const [name, slot] of Object.entries(this.optimizer.slots())) tensors[`optimizer.${name}`] = slot;
    if (this.gathered > 0) tensors[`optimizer.${GATHERED}`] = model.block.gradients;
    if (average !== undefined) tensors[`optimizer.${AVERAGE}`] = average.values;
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
    if (state.heads !== undefined && this.known !== undefined) {
      checkTallies(
        owner,
        state.heads,
        this.known.heads.map(({ name }) => name),
      );
    }
    const slots: Record<string, Tensor> = Object.create(null) as Record<string, Tensor>;
    for (const [name, value] of Object.entries(fields(owner, "tensors", tensors))) {
      if (name.startsWith("optimizer.")) slots[name.slice("optimizer.".length)] = value;
    }
    const { schedule, model, average } = this;
    if (schedule !== undefined && state.schedule === undefined) {
      throw new Error(`${owner}: the saved state has no learning-rate schedule, this run has one`);
    }
    checkParameters(owner, model.named, model.dtype, tensors, options);
    for (const [name, slot] of Object.entries(slots)) {
      checkTensor(`${owner}: the optimiser's ${name}`, slot);
      if (options.allowNonFinite !== true) refuseNonFinite(`${owner}: the optimiser's ${name}`, slot);
    }
    const gathered = this.checkBlockTensor(owner, GATHERED, slots, this.gatheredAt(state.step) > 0);
    const averages = this.checkBlockTensor(owner, AVERAGE, slots, average !== undefined);
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
    if (averages !== undefined) engine().copy(averages, average!.values);
    this.gathered = this.gatheredAt(state.step);
    if (gathered !== undefined) {
      model.block.clearGradients();
      model.block.completeGradients();
      engine().copy(gathered, model.block.gradients);
    }
    this.shuffleBefore = this.shuffle.state();
    this.epoch = state.epoch;
    this.started = false;
    this.pass = undefined;
    this.over = false;
    this.differing ||= state.heads !== undefined;
    if (state.step > 0 && this.prepared !== undefined) this.epochOrder(this.prepared);
    this.step = state.step;
    this.lossSum = state.lossSum;
    this.seen = state.seen;
    this.weight = state.weight ?? state.seen;
    this.restored = state;
    this.restoreTallies();
  }

  /** A state whose sums wait for a dataset's first batch. */
  private restored: TrainerState | undefined;

  private restoreTallies(): void {
    const { known, restored } = this;
    if (known === undefined || restored === undefined) return;
    const { lossSum, seen, correct, heads } = restored;
    known.tallies.forEach((tally, k) => {
      const counted = this.prepared?.heads[k].classes === null ? 0 : seen;
      tally.restore(heads?.[k] ?? { name: "", lossSum, weight: seen, correct, counted });
    });
    this.restored = undefined;
  }

  /** How many full batches are gathered after so many steps of an epoch. */
  private gatheredAt(step: number): number {
    if (this.accumulate === 1 || (this.prepared !== undefined && step >= this.stepsPerEpoch)) return 0;
    return step % this.accumulate;
  }

  /** A tensor of the block's size out of the optimiser's; throws unless it is there where it has to be. */
  private checkBlockTensor(
    owner: string,
    name: string,
    slots: Record<string, Tensor>,
    needed: boolean,
  ): Tensor | undefined {
    const x: Tensor | undefined = slots[name];
    delete slots[name];
    if (!needed && x === undefined) return undefined;
    const what = name === AVERAGE ? "averages of the parameters" : "gathered gradients";
    if (x === undefined) throw new Error(`${owner}: the saved state has no ${what}, this run needs them`);
    if (!needed) throw new Error(`${owner}: the saved state has ${what}, and this run asks for none`);
    const { values } = this.model.block;
    if (x.rank === 1 && x.size === values.size && x.dtype === values.dtype) return x;
    throw new Error(
      `${owner}: the ${what} are ${x.dtype} ${formatShape(x.shape)}, the parameters ${values.dtype} ${formatShape(values.shape)}`,
    );
  }
}

/** The tensors of a batch by name, for errors. */
function namedBatch(model: Model, prepared: Prepared, batch: readonly Tensor[]): Record<string, Tensor> {
  const { inputs } = model;
  const named: Record<string, Tensor> = {};
  inputs.forEach(({ name }, i) => {
    named[inputs.length === 1 ? "x" : `x.${name}`] = batch[i];
  });
  prepared.heads.forEach(({ targets }, k) => {
    named[prepared.heads.length === 1 ? "y" : `y (target ${k + 1})`] = batch[targets];
  });
  return named;
}

/** The names of `TrainerOptions`. */
export const TRAINER_OPTIONS = [
  "loss",
  "optimizer",
  "learningRate",
  "batchSize",
  "accumulate",
  "averageDecay",
  "clipNorm",
  "clipValue",
  ...OBJECTIVE_OPTIONS.slice(1),
  "shuffle",
  "seed",
  "schedule",
  "replay",
];

/** Throws for options of training that there are not, or of the wrong type; `own` are those that only this function has. */
export function checkTrainerOptions(owner: string, options: TrainerOptions, own: readonly string[] = []): void {
  knownOptions(owner, options, TRAINER_OPTIONS, own);
  const { optimizer, learningRate, batchSize, shuffle, seed, schedule, replay } = options;
  const { accumulate, averageDecay, clipNorm, clipValue } = options;
  checkObjective(owner, options);
  if (optimizer !== undefined && typeof optimizer !== "string") {
    instance(owner, "optimizer", optimizer, Optimizer, `a name such as "adam", or an optimiser such as new Adam()`);
    if (learningRate !== undefined) {
      throw new TypeError(
        `${owner}: the optimiser has a learning rate already, ${optimizer.learningRate}; give the rate to it, or its name in its place`,
      );
    }
    if (clipNorm !== undefined || clipValue !== undefined) {
      throw new TypeError(`${owner}: clipNorm and clipValue are the optimiser's where one is given: give them to it`);
    }
  }
  if (learningRate !== undefined) notNegative(owner, "learningRate", learningRate);
  if (accumulate !== undefined) whole(owner, "accumulate", accumulate, 1);
  if (averageDecay !== undefined) share(owner, "averageDecay", averageDecay);
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
