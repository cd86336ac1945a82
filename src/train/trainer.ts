// One training run as a machine that takes steps and can be stopped after any of them: everything that decides the next step is in its state,
// so a run that was interrupted and resumed ends with the same bits as one that was not.

import { type AnySamples, checkSamples } from "../data/batches.ts";
import { Dataset } from "../data/dataset/dataset.ts";
import { type BatchShare, end, type Held } from "../data/dataset/held.ts";
import { callable, knownOptions, text, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import type { Group } from "../engine/group.ts";
import { platform } from "../engine/platform.ts";
import { giveBackFound } from "../engine/storage.ts";
import { checkModel, type Model } from "../nn/model.ts";
import { checkParameters, type LoadOptions } from "../nn/parameters.ts";
import { clone } from "../ops/views.ts";
import { optimizerByName } from "../optim/index.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { Schedule } from "../optim/schedules.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import { ParameterAverage } from "./average.ts";
import { Bursts } from "./bursts.ts";
import { DatasetBatches } from "./dataset-batches.ts";
import { EpochOrder } from "./epoch-order.ts";
import { ownBatches, targetsOf } from "./evaluate.ts";
import { type EpochFigures, Figures, type StepInfo } from "./figures.ts";
import { LateSteps, type NextStep } from "./late-steps.ts";
import { isOwnLoss, type Loss, type LossName } from "./losses.ts";
import { Moments } from "./moments.ts";
import { type Head, headsFor, OBJECTIVE_OPTIONS, type ObjectiveOptions, onlyLoss } from "./objective.ts";
import { agreed, type Parallel, parallelFor } from "./parallel.ts";
import { obstacleOf, Replay } from "./replay.ts";
import { type StepResult, tensorsOf } from "./step-result.ts";
import { rowsOfBatch, rowsOfStep, type Work } from "./step-work.ts";
import { type Known, Steps } from "./steps.ts";
import { type Prepared, prepare } from "./targets.ts";
import { checkTrainerOptions, type TrainerOptions } from "./trainer-options.ts";
import {
  AVERAGE,
  blockTensor,
  checkSlots,
  checkState,
  GATHERED,
  restoreParts,
  slotsOf,
  type TrainerState,
} from "./trainer-state.ts";
import { Updates } from "./updates.ts";

/** How long steps run before waiting events get a turn, in milliseconds. */
const BURST = 30;

/** Of a trainer, in errors. */
const LONGEST_NAME = 60;

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
  private readonly figures: Figures;
  private readonly shuffles: boolean;
  /** The order of rows, where samples are tensors. */
  private readonly order: EpochOrder;
  /** All samples, where they are tensors. */
  private readonly prepared: Prepared | undefined;
  /** What a dataset's batches go through; known from the first one on. */
  private known: Known | undefined;
  /** Where batches come from, if not from tensors. */
  private readonly batches: DatasetBatches | undefined;
  private samplesOfEpoch = 0;
  readonly optimizer: Optimizer;
  /** The learning rate over time, where one was given. */
  readonly schedule: Schedule | undefined;
  /** Samples a step, where they are tensors. @internal */
  readonly batchSize: number;
  private readonly accumulate: number;
  private readonly updates: Updates;
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
  /** How many steps are taken in one call; null where none ever are. */
  private readonly bursts: Bursts | null;
  /** What this process does of a step, where not all or not at once; null else. */
  private readonly parallel: Parallel | null;
  /** When waiting events last had their turn: short epochs are one burst together. */
  private turn = performance.now();
  private readonly steps: Steps;
  private readonly moments = new Moments();
  /** Steps on devices that answer late. */
  private readonly late: LateSteps;
  /** Whether the model goes on from batch to batch; then every epoch begins with states of 0. */
  private readonly stateful: boolean;

  /** `owner` is what errors name: `fit` makes trainers, too. */
  constructor(
    readonly model: Model,
    readonly data: AnySamples | Dataset<AnySamples>,
    options: TrainerOptions = {},
    private readonly owner = "Trainer",
  ) {
    if (text("Trainer", "the name that errors have for it", owner).length > LONGEST_NAME)
      throw new RangeError(`Trainer: the name that errors have for it may have ${LONGEST_NAME} characters`);
    checkTrainerOptions(owner, options);
    checkModel(owner, model);
    this.stateful = model.isStateful;
    this.figures = new Figures(model.outputs.length);
    if (this.stateful && options.shuffle === true) {
      throw new TypeError(
        `${owner}: a stateful model goes on from batch to batch, so their rows can't be shuffled; leave shuffle out, or make the model without stateful`,
      );
    }
    const { batchSize = 32, shuffle = !this.stateful, seed = 0, replay = true } = options;
    const { schedule, accumulate = 1, averageDecay } = options;
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
      this.figures.differing = this.differs(this.prepared);
      this.know(heads);
    }
    const { learningRate, clipNorm, clipValue } = options;
    this.optimizer =
      typeof options.optimizer === "object"
        ? options.optimizer
        : optimizerByName(options.optimizer ?? "adam", { learningRate, clipNorm, clipValue });
    this.schedule = schedule;
    this.batchSize = batchSize;
    this.shuffles = shuffle;
    this.order = new EpochOrder(owner, batchSize, shuffle, seed);
    this.decay = averageDecay;
    this.average = averageDecay === undefined ? undefined : new ParameterAverage(model.block, averageDecay);
    this.updates = new Updates(model, this.optimizer, accumulate, this.average);
    this.parallel = parallelFor(owner, model, options);
    if (data instanceof Dataset) this.batches = new DatasetBatches(data, this.parallel);
    this.kept = model.parameters
      .filter(({ isState }) => isState)
      .map(({ tensor: now }) => ({ now, before: keep(scope(() => clone(now))) }));
    const { stateful, optimizer, average, updates, parallel, kept, figures } = this;
    const learning = { optimizer, schedule, accumulate, average, updates };
    this.steps = new Steps({ owner, model, stateful, ...learning, parallel, kept, figures });
    this.bursts = this.burstsFor();
    this.late = this.lateSteps();
  }

  private burstsFor(): Bursts | null {
    const { prepared, known, parallel, updates } = this;
    if (prepared === undefined || known === undefined || parallel !== null) return null;
    if (!updates.isPlain || this.stateful) return null;
    const { model, optimizer, schedule, batchSize, kept, figures } = this;
    return Bursts.of({ model, optimizer, schedule, prepared, batchSize, kept, figures, replay: known.replay });
  }

  /**
   * The ranks that train together; null where this process trains alone.
   * @internal
   */
  get group(): Group | null {
    return this.parallel?.group ?? null;
  }

  private headsOf(data: AnySamples): readonly Head[] {
    checkSamples(this.owner, data);
    const heads = headsFor(this.owner, this.model, data, this.objective);
    if (heads.length > 0) return heads;
    throw new TypeError(`${this.owner}: y has no targets for any of the model's outputs`);
  }

  private know(heads: readonly Head[]): Known {
    const losses = heads.map(({ loss }) => loss);
    const replay = new Replay<StepResult>(this.model, losses, this.wantsReplay, tensorsOf);
    const known = { heads, replay };
    this.known = known;
    this.figures.know(heads);
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
    const { batches, prepared } = this;
    return prepared === undefined ? batches!.perEpoch : Math.ceil(prepared.count / this.batchSize);
  }

  /** The loss of the first step that this trainer took; undefined before it. */
  get firstLoss(): number | undefined {
    return this.figures.first;
  }

  /** Number of training samples; for a dataset, those of the last complete epoch. */
  get sampleCount(): number {
    return this.prepared?.count ?? this.samplesOfEpoch;
  }

  private endEpoch(): void {
    this.epoch += 1;
    this.step = 0;
    this.figures.clear();
    this.order.end();
    this.batches?.begin();
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
    if (this.prepared === undefined) {
      throw new Error(`${this.owner}: the batches of a dataset have to be waited for; call await trainer.nextStep()`);
    }
    if (engine().asynchronous) {
      throw new Error(
        `${this.owner}: on the engine ${JSON.stringify(engine().name)} a step's loss comes later; call await trainer.nextStep()`,
      );
    }
    return this.stepOn(this.nextRows(this.prepared));
  }

  /**
   * So many steps, as `takeStep` takes them one by one, and to the same bits; what is known after the last. Where steps are replayed, and nothing
   * between them is any of JavaScript's business, many are taken in one call: small networks learn several times as fast.
   * @throws as `takeStep`, at the step that it happens in: those before it have been taken, as `optimizer.iterations` tells.
   * @example
   * ```ts
   * const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
   * const x = linspace(0, 1, 8).reshape([8, 1]);
   * const trainer = new Trainer(model, { x, y: x.mul(2) }, { loss: "meanSquaredError", learningRate: 0.1, batchSize: 4 });
   * trainer.takeSteps(1000).loss < 1e-4; // true
   * ```
   */
  takeSteps(count: number): StepInfo {
    whole(`${this.owner}.takeSteps`, "count", count, 1);
    for (let left = count; left > 0; ) left -= this.takeSome(left);
    return this.latest!;
  }

  /** Takes up to so many steps, at least one; how many it were. `latest` says what is known after the last. */
  private takeSome(most: number): number {
    const { bursts } = this;
    const together = bursts === null ? 0 : this.takeTogether(bursts, most);
    if (together > 0) return together;
    const untold = bursts !== null && bursts.pace === Number.POSITIVE_INFINITY;
    const began = untold ? performance.now() : 0;
    this.latest = this.takeStep();
    // The first ones are recorded, and take longer.
    if (untold && this.known!.replay.active) bursts.pace = performance.now() - began;
    return 1;
  }

  private latest: StepInfo | undefined;

  /** Takes up to so many steps in one call; 0 where that can't be done, or does not pay, and the next step is to be taken as it is. */
  private takeTogether(bursts: Bursts, most: number): number {
    const wanted = bursts.wanted(most);
    const found = wanted < 2 ? null : bursts.program();
    if (found === null) return 0;
    if (this.step >= this.stepsPerEpoch) this.endEpoch();
    const { count: samples } = this.prepared!;
    const order = this.order.of(samples);
    const count = Math.min(wanted, Math.floor(samples / this.batchSize) - this.step);
    if (count < 2) return 0;
    const done = bursts.run(found, order, this.epoch, this.step, count);
    if (done > 0) {
      this.step += done;
      this.latest = this.infoOf(this.step - 1, bursts.loss);
    }
    if (bursts.failure !== undefined) throw bursts.failure.error;
    return done;
  }

  /** The rows of the next step, where samples are tensors. */
  private nextRows(prepared: Prepared): Work {
    if (this.step >= this.stepsPerEpoch) this.endEpoch();
    return rowsOfStep(prepared, this.order.of(prepared.count), this.step, this.batchSize);
  }

  /**
   * As `takeStep`, also for a dataset. Null at the end of a dataset's epoch; the call after it begins the next one.
   * @throws as `takeStep`.
   */
  async nextStep(): Promise<StepInfo | null> {
    const { batches } = this;
    if (engine().asynchronous) return this.late.takeStep();
    if (batches === undefined) return this.takeStep();
    const element = await this.nextElement(batches);
    if (element === null) return null;
    try {
      const batch = element.value;
      return scope(() => this.stepOn(this.workOf(batch, element.share)));
    } finally {
      end(element);
    }
  }

  /** The next batch of a dataset; null at the end of its epoch. */
  private async nextElement(batches: DatasetBatches): Promise<Held<AnySamples> | null> {
    if (batches.over) this.endEpoch();
    const element = await batches.take(this.epoch, this.step);
    if (element !== undefined) return element;
    if (this.step === 0) throw new RangeError(`${this.owner}: the dataset gives no batch`);
    batches.end(this.step);
    if (this.updates.gathered > 0) scope(() => this.updates.run());
    return null;
  }

  /** What a step has to do of a dataset's batch. */
  private workOf(batch: AnySamples, share: BatchShare | undefined): Work {
    const { heads } = this.known ?? this.know(this.headsOf(batch));
    const prepared = prepare(this.owner, this.model, heads, batch, share !== undefined);
    this.figures.differing ||= this.differs(prepared);
    return { prepared, rows: rowsOfBatch(prepared, share), full: 1, last: false };
  }

  private stepOn(work: Work): StepInfo {
    this.align();
    const loss = this.steps.take(this.known!, work, this.epoch, this.step);
    this.step += 1;
    return this.infoOf(this.step - 1, loss);
  }

  private infoOf(step: number, loss: number): StepInfo {
    const { figures } = this;
    return {
      epoch: this.epoch,
      step,
      steps: this.stepsPerEpoch,
      loss,
      meanLoss: figures.meanLoss,
      accuracy: figures.accuracy,
      seen: figures.seen,
    };
  }

  /** What steps on devices that answer late are given. */
  private lateSteps(): LateSteps {
    const { owner, batches, optimizer, moments, updates, steps } = this;
    // Of what else changes with the parameters there is no undoing.
    const strict = this.kept.length > 0 || !updates.isPlain;
    return new LateSteps({
      optimizer,
      strict,
      moments,
      next: () => (batches === undefined ? this.nextOfRows() : this.nextOf(batches)),
      begin: () => {
        if (this.parallel !== null)
          throw new Error(`${owner}: several processes train together on the engines "wasm" and "native" only`);
        this.align();
        const { epoch, step } = this;
        const undo = steps.begin(this.known!, epoch, step);
        return () => {
          undo();
          this.step = step;
        };
      },
      differentiate: (work) => steps.differentiate(this.known!, work),
      update: ({ full, last }, step) => {
        updates.gathered += full;
        if (updates.completes(step, last)) scope(() => updates.run());
      },
      launched: () => {
        this.known!.replay.settle();
        this.step += 1;
      },
      settled: (counted, step, loss) => {
        this.figures.count(counted);
        return this.infoOf(step, loss);
      },
      explosion: (prepared, batch, step, loss) => steps.explosion(prepared, batch, this.epoch, step, loss),
      state: () => this.state(),
      turn: () => this.giveTurn(),
    });
  }

  private nextOfRows(): NextStep {
    const work = this.nextRows(this.prepared!);
    return { work, step: this.step, done: () => {} };
  }

  private async nextOf(batches: DatasetBatches): Promise<NextStep | null> {
    const element = await this.nextElement(batches);
    if (element === null) return null;
    const done = (): void => end(element);
    try {
      await engine().prefetch?.(targetsOf(element.value));
      const work = keep(scope(() => this.workOf(element.value, element.share)));
      return { work, step: this.step, done };
    } catch (error) {
      done();
      throw error;
    }
  }

  /**
   * Keeps the moment, where the engine has a fallback: there `rescue` goes back to.
   * @internal
   */
  async keepMoment(): Promise<void> {
    await this.moments.keep(() => this.state());
  }

  /**
   * If an error is the device's and the engine has a fallback: the run is what it was at the last moment that was kept, on another engine. Else
   * it throws the error.
   * @internal
   */
  async rescue(error: unknown): Promise<void> {
    await this.pause();
    const moment = this.moments.after(error);
    this.late.underWay = 0;
    this.order.forget();
    this.updates.gathered = this.gatheredAt(moment.step);
    const tensors = this.tensors();
    // Memory that an optimiser has made since is none of that moment.
    if (moment.optimizer.iterations === 0) {
      for (const name of Object.keys(this.optimizer.slots())) delete tensors[`optimizer.${name}`];
    }
    this.restore(moment, tensors, { allowNonFinite: true });
  }

  /** Before the first step, and after a state was restored: all ranks begin alike. */
  private align(): void {
    const { parallel, prepared, model } = this;
    if (parallel === null) return;
    parallel.align({
      "the number of parameters": model.block.values.size,
      "the number of samples": prepared?.count ?? -1,
      "the batch size": this.batchSize,
      accumulate: this.accumulate,
      "the epoch": this.epoch,
      "the step": this.step,
    });
  }

  /**
   * Steps to the end of the epoch. Waiting events get a turn every 30 ms. Returns the epoch's mean loss and accuracy,
   * or null if `stop` became true before a step: then the epoch can be continued later.
   * @throws NonFiniteLossError if the loss is not finite.
   */
  async finishEpoch(onStep?: (info: StepInfo) => void, stop?: () => boolean): Promise<EpochFigures | null> {
    return this.runEpoch(onStep, stop, onStep === undefined && stop === undefined);
  }

  /**
   * As `finishEpoch`. `together`: whether steps may be taken many in one call; then `stop` is asked between the calls.
   * @internal
   */
  async runEpoch(
    onStep: ((info: StepInfo) => void) | undefined,
    stop: (() => boolean) | undefined,
    together: boolean,
  ): Promise<EpochFigures | null> {
    if (onStep !== undefined) callable("Trainer.finishEpoch", "onStep", onStep);
    if (stop !== undefined) callable("Trainer.finishEpoch", "stop", stop);
    await giveBackFound();
    const { prepared, group } = this;
    const { steps } = this;
    steps.stopping = group !== null && agreed(group, stop?.() ?? false, "the beginning of an epoch");
    steps.wish = stop;
    if (engine().asynchronous) {
      const more = (): boolean => prepared === undefined || this.step < this.stepsPerEpoch;
      if (!(await this.late.takeSteps(more, onStep, stop))) return null;
      return this.endFigures();
    }
    while (prepared === undefined || this.step < this.stepsPerEpoch) {
      // Ranks stop together: what one of them wants has gone round with the step's figures.
      if (group === null ? stop?.() : steps.stopping) return null;
      if (together && prepared !== undefined) this.takeSome(this.stepsPerEpoch - this.step);
      else {
        const info = prepared === undefined ? await this.nextStep() : this.takeStep();
        if (info === null) break;
        onStep?.(info);
      }
      const turn = this.giveTurn();
      if (turn !== null) await turn;
    }
    return this.endFigures();
  }

  /** Gives waiting events a turn, where they have waited long enough; null where not. */
  private giveTurn(): Promise<void> | null {
    return performance.now() - this.turn > BURST ? this.yieldToEvents() : null;
  }

  private async yieldToEvents(): Promise<void> {
    await platform().yieldToEvents();
    if (this.prepared === undefined) await giveBackFound();
    this.turn = performance.now();
  }

  /** The figures of the epoch that is over. */
  private endFigures(): EpochFigures {
    const result = this.figures.ofEpoch();
    this.samplesOfEpoch = this.figures.seen;
    this.endEpoch();
    return result;
  }

  /**
   * Closes what a dataset has open; the next step goes on where it stood.
   * @internal
   */
  async pause(): Promise<void> {
    await this.batches?.pause();
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
    return average === undefined || average.inUse ? body() : average.during(body);
  }

  /** The model's parameters become their averages for good, where there are some: the end of training. */
  useAverage(): void {
    this.average?.use();
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
    const { underWay } = this.late;
    if (underWay > 0) {
      throw new Error(
        `${this.owner}: ${underWay} steps are under way, whose figures are not there yet; ask at the end of an epoch, or take steps by await trainer.nextStep()`,
      );
    }
    return {
      epoch: this.epoch,
      step: this.step,
      ...this.figures.state(),
      shuffle: this.order.before,
      random: this.model.generator.state(),
      optimizer: this.optimizer.state(),
      ...(this.schedule && { schedule: this.schedule.state() }),
    };
  }

  /**
   * The tensors of the state: parameters by name, and as `optimizer.<name>` the optimiser's memory, the gradients that are gathered and the
   * averages of the parameters. Of several ranks that gather gradients (`accumulate`) all have to ask: the first one's are those of all.
   */
  tensors(): Record<string, Tensor> {
    const { average, model } = this;
    if (average?.inUse)
      throw new Error(`${this.owner}: the model has its averages at the moment; ask outside withAverage`);
    const tensors: Record<string, Tensor> = {};
    for (const { name, parameter } of model.named) tensors[name] = parameter.tensor;
    for (const [name, slot] of Object.entries(this.optimizer.slots())) tensors[`optimizer.${name}`] = slot;
    if (this.updates.gathered > 0) {
      this.parallel?.gatherOnFirst();
      tensors[`optimizer.${GATHERED}`] = model.block.gradients;
    }
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
    this.figures.check(owner, state);
    const slots = slotsOf(owner, tensors);
    const { schedule, model, average } = this;
    if (schedule !== undefined && state.schedule === undefined) {
      throw new Error(`${owner}: the saved state has no learning-rate schedule, this run has one`);
    }
    checkParameters(owner, model.named, model.dtype, tensors, options);
    checkSlots(owner, slots, options);
    const gathered = blockTensor(owner, model.block, GATHERED, slots, this.gatheredAt(state.step) > 0);
    const averages = blockTensor(owner, model.block, AVERAGE, slots, average !== undefined);
    const { optimizer, order, updates } = this;
    restoreParts(state, slots, { random: model.generator, shuffle: order.generator, schedule, optimizer });
    for (const parameter of model.parameters) parameter.assign(tensors[parameter.name]);
    if (averages !== undefined) engine().copy(averages, average!.values);
    updates.gathered = this.gatheredAt(state.step);
    if (gathered !== undefined) {
      updates.restore(gathered);
      // It is the sum of all ranks': it counts once.
      this.parallel?.keepOnFirst();
    }
    this.epoch = state.epoch;
    order.end();
    this.batches?.begin();
    if (state.step > 0 && this.prepared !== undefined) order.of(this.prepared.count);
    this.step = state.step;
    this.figures.restore(state, this.prepared);
    this.parallel?.realign();
  }

  /** How many full batches are gathered after so many steps of an epoch. */
  private gatheredAt(step: number): number {
    if (this.accumulate === 1 || (this.prepared !== undefined && step >= this.stepsPerEpoch)) return 0;
    return step % this.accumulate;
  }
}
