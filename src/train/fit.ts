// Training as most people want it: epochs over data, with validation, callbacks and a history.

import { type AnySamples, checkSamples, type Samples, sampleRange } from "../data/batches.ts";
import { Dataset } from "../data/dataset/dataset.ts";
import { flag, instance, knownOptions, list, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { type Batches, checkModel, type Model } from "../nn/model.ts";
import { checkMetrics, type Evaluation, evaluateTogether } from "./evaluate.ts";
import { remarkOn } from "./explosion.ts";
import type { StepInfo } from "./figures.ts";
import {
  type Callback,
  checkCallbacks,
  checkMonitor,
  type EpochRecord,
  type FitContext,
  type History,
  type Monitor,
  usualMonitor,
  watched,
} from "./history.ts";
import type { MetricLike } from "./metrics.ts";
import { agreed } from "./parallel.ts";
import type { PerOutput } from "./per-output.ts";
import { progress } from "./progress.ts";
import { Trainer } from "./trainer.ts";
import { checkTrainerOptions, type TrainerOptions } from "./trainer-options.ts";

/** What `runEpochs` takes, and `fit` among its options. */
export interface RunOptions {
  /** Complete epochs at the end: times that every sample is seen. */
  epochs: number;
  /** Held out for validation after every epoch. */
  validation?: AnySamples | Dataset<AnySamples>;
  /** What a reacting schedule is told; default loss or accuracy, whichever it takes for better, of the validation data where there are any. */
  monitor?: Monitor;
  /** Further figures after every epoch: names, functions, or made by hand; for several outputs a list for all, or a record of lists by name. */
  metrics?: PerOutput<readonly MetricLike[]>;
  /** Called in their order. */
  callbacks?: readonly Callback[];
  /** Whether to tell how training goes, see `progress`; default false. */
  verbose?: boolean;
  /** Ends training after the current step. */
  signal?: AbortSignal;
  /** Records of the epochs that are done already. */
  records?: readonly EpochRecord[];
}

/** What `fit` takes beside the model and the data. */
export interface FitOptions extends TrainerOptions, Omit<RunOptions, "epochs" | "records"> {
  /** Times that every sample is seen; default 1. */
  epochs?: number;
  /** Instead of `validation`: this share of the data (below 1), or this number of samples, taken from the end before any shuffling. */
  validationSplit?: number;
}

const RUN_OPTIONS = ["epochs", "validation", "monitor", "metrics", "callbacks", "verbose", "signal"];

/**
 * Cuts the last samples off: [the others, these]. Views.
 * @param last how many (a whole number), or which share (below 1).
 * @throws RangeError if nothing would be left on one side.
 * @example
 * ```ts
 * const data = { x: arange(10).reshape([10, 1]), y: arange(10, undefined, 1, "int32") };
 * const [training, validation] = splitSamples(data, 0.2);
 * validation.y.toArray(); // [8, 9]
 * ```
 */
export function splitSamples<X extends Batches, Y extends Batches>(
  data: Samples<X, Y>,
  last: number,
): [Samples<X, Y>, Samples<X, Y>] {
  const n = checkSamples("splitSamples", data);
  const held = last < 1 ? Math.floor(n * last) : last;
  if (!(last > 0) || !Number.isInteger(held) || held < 1 || held >= n) {
    throw new RangeError(
      `split: of ${n} samples, ${quote(last)} can't be held out; give a share between 0 and 1, or a whole number below ${n}`,
    );
  }
  const cut = n - held;
  return [sampleRange(data, 0, cut), sampleRange(data, cut, n)];
}

/**
 * Trains a model: epochs over shuffled batches, each a step of the optimiser down the gradient of the batch's loss.
 * Shapes: x [n, ...input shape]; y class indices [n] (int32) or values [n, ...outputs]; class indices at every step of sequences are
 * [n, time], for outputs [n, time, classes]. A model of several inputs or outputs takes lists or records by name. The data may be a
 * `Dataset` of batches `{ x, y }`, of which no more is held than a step needs.
 *
 * The loss has to be given where none follows from model and targets: softmaxCrossEntropy does for softmax over several outputs with
 * class indices or rows of shares, crossEntropy for sigmoid outputs with class indices or truth values.
 *
 * A `stateful` model begins every epoch, and every validation, with states of 0 and goes on from batch to batch: see `textStreams`.
 *
 * Every step frees its memory. Same seeds, same bits, whatever the number of threads.
 * @throws NonFiniteLossError when the loss becomes NaN or infinite; RangeError if shapes or options do not fit;
 * TypeError for options that there are not, an unknown loss or optimiser, a loss that can't fit, or if none is given and none follows;
 * Error if another training of the model is running.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
 * const x = linspace(0, 1, 64).reshape([64, 1]);
 * const history = await fit(model, { x, y: x.mul(2) }, { epochs: 100, loss: "meanSquaredError", learningRate: 0.1 });
 * history.epochs.at(-1)!.loss < 1e-3; // true
 * ```
 */
export async function fit(
  model: Model,
  data: AnySamples | Dataset<AnySamples>,
  options: FitOptions = {},
): Promise<History> {
  checkTrainerOptions("fit", options, [...RUN_OPTIONS, "validationSplit"]);
  checkModel("fit", model);
  if (!(data instanceof Dataset)) checkSamples("fit", data);
  const {
    epochs = 1,
    validation,
    validationSplit,
    monitor,
    metrics,
    callbacks,
    verbose,
    signal,
    ...training
  } = options;
  if (validation !== undefined && validationSplit !== undefined) {
    throw new TypeError("fit: give either validation or validationSplit, not both");
  }
  const run = { epochs, monitor, metrics, callbacks, verbose, signal };
  checkRun("fit", { ...run, validation });
  const [samples, held] = validationSplit === undefined ? [data, validation] : split(data, validationSplit);
  const trainer = new Trainer(model, samples, training, "fit");
  return runAlone(trainer, { ...run, validation: held }, () => trainer.useAverage());
}

function split(data: AnySamples | Dataset<AnySamples>, last: number): [AnySamples, AnySamples] {
  if (!(data instanceof Dataset)) return splitSamples(data, last);
  throw new TypeError(
    "fit: a dataset is not split; give validation one of its own: data.take(1000), and train on data.skip(1000)",
  );
}

function checkRun(owner: string, options: RunOptions): void {
  const { epochs, validation, monitor, metrics, callbacks, verbose, signal, records } = options;
  whole(owner, "epochs", epochs, 0);
  if (validation !== undefined && !(validation instanceof Dataset)) checkSamples(`${owner}: validation`, validation);
  if (monitor !== undefined) checkMonitor(owner, monitor);
  if (metrics !== undefined) checkMetrics(owner, metrics);
  if (callbacks !== undefined) checkCallbacks(owner, callbacks);
  if (verbose !== undefined) flag(owner, "verbose", verbose);
  if (records !== undefined) list(owner, "records", records);
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw new TypeError(`${owner}: signal must be the signal of an AbortController, got ${quote(signal)}`);
  }
}

/** The models that are being trained. */
const busy = new WeakSet<Model>();

/**
 * Runs a trainer up to `epochs` complete epochs, from wherever it stands: what `fit` does after its preparations, and
 * what resuming a run needs.
 * @throws NonFiniteLossError when the loss becomes NaN or infinite; RangeError, TypeError for options out of range, or that there are
 * not; Error if another training of the model is running.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1] });
 * const data = { x: tensor([[0], [1]]), y: tensor([[0], [2]]) };
 * const trainer = new Trainer(model, data, { loss: "meanSquaredError", optimizer: "sgd" });
 * trainer.takeStep();
 * const history = await runEpochs(trainer, { epochs: 3 });
 * history.epochs.map(({ epoch }) => epoch); // [1, 2, 3]
 * ```
 */
export async function runEpochs(trainer: Trainer, options: RunOptions): Promise<History> {
  knownOptions("runEpochs", options, RUN_OPTIONS, ["records"]);
  instance("runEpochs", "the first argument", trainer, Trainer, "a Trainer");
  checkRun("runEpochs", options);
  return runAlone(trainer, options, () => {});
}

/** `finish` is called when the last epoch is over, before the callbacks' `onEnd`. */
async function runAlone(trainer: Trainer, options: RunOptions, finish: () => void): Promise<History> {
  const { model } = trainer;
  if (busy.has(model)) {
    throw new Error("fit: the model is being trained already; await that training first, or train a model of its own");
  }
  busy.add(model);
  const { group } = trainer;
  group?.enter();
  try {
    return await run(trainer, options, finish);
  } finally {
    busy.delete(model);
    group?.leave();
    await trainer.pause();
  }
}

async function run(trainer: Trainer, options: RunOptions, finish: () => void): Promise<History> {
  const { model, optimizer } = trainer;
  const { epochs, validation } = options;
  const { group } = trainer;
  // One rank speaks for all.
  const speaks = options.verbose === true && (group?.rank ?? 0) === 0;
  const callbacks = [...(speaks ? [progress()] : []), ...(options.callbacks ?? [])];
  let stopped = false;
  const history: History = { epochs: [...(options.records ?? [])], ended: "finished" };
  const context: FitContext = {
    ...{ model, optimizer, trainer, epochs, validation, history },
    stop() {
      stopped = true;
    },
  };
  try {
    return await runTold(trainer, options, finish, callbacks, context, () => stopped);
  } catch (error) {
    for (const callback of callbacks) {
      try {
        await callback.onError?.(error, context);
      } catch {
        // What ended training is what is told.
      }
    }
    throw error;
  }
}

async function runTold(
  trainer: Trainer,
  options: RunOptions,
  finish: () => void,
  callbacks: readonly Callback[],
  context: FitContext,
  isStopped: () => boolean,
): Promise<History> {
  const { group } = trainer;
  const { epochs, validation, metrics, signal } = options;
  const { history, optimizer } = context;
  let over = false;
  const steps = new StepHooks(callbacks, context);
  const halted = (): boolean => over || isStopped() || steps.failed || (signal?.aborted ?? false);
  await trainer.keepMoment();
  for (const callback of callbacks) await unlessAborted(callback.onStart?.(context), signal);
  while (trainer.epoch < epochs && !agreed(group, halted(), "the end of an epoch")) {
    for (const callback of callbacks) await unlessAborted(callback.onEpochStart?.(trainer.epoch + 1, context), signal);
    const start = performance.now();
    await rescued(trainer, () => trainer.keepMoment());
    const result = await rescued(trainer, async () => {
      const figures = await trainer.runEpoch(steps.call, halted, steps.call === undefined);
      await trainer.keepMoment();
      return figures;
    });
    const seconds = (performance.now() - start) / 1000;
    await unlessAborted(steps.settled(), signal);
    if (result === null) break;
    const record: EpochRecord = {
      epoch: trainer.epoch,
      loss: result.loss,
      ...(!Number.isNaN(result.accuracy) && { accuracy: result.accuracy }),
      learningRate: optimizer.learningRate,
      seconds,
      samplesPerSecond: trainer.sampleCount / seconds,
    };
    if (result.heads) record.heads = { ...result.heads };
    if (validation) {
      const held = await rescued(trainer, () => judge(trainer, validation, metrics));
      addValidation(record, held, metrics !== undefined);
    } else if (metrics) {
      record.metrics = (await rescued(trainer, () => judge(trainer, trainer.data, metrics))).metrics;
    }
    history.epochs.push(record);
    const remark = remarkOn(optimizer, trainer.firstLoss ?? history.epochs[0].loss, record.loss);
    if (remark === undefined) delete history.remark;
    else history.remark = remark;
    if (trainer.schedule) {
      const monitor = options.monitor ?? usualMonitor(validation !== undefined, trainer.schedule.better);
      trainer.schedule.observe(watched("fit", record, monitor));
      over ||= trainer.schedule.finished;
    }
    for (const callback of callbacks) {
      await rescued(trainer, () => unlessAborted(callback.onEpochEnd?.(record, context), signal));
    }
  }
  finish();
  const interrupted = trainer.epoch < epochs && agreed(group, signal?.aborted ?? false, "the end");
  if (trainer.epoch < epochs) history.ended = interrupted ? "interrupted" : "stopped";
  for (const callback of callbacks) await unlessAborted(callback.onEnd?.(context), signal);
  return history;
}

/** Does something, and once more on another engine where the device fails and the engine has a fallback: see `Trainer.rescue`. */
async function rescued<R>(trainer: Trainer, body: () => Promise<R>): Promise<R> {
  try {
    return await body();
  } catch (error) {
    await trainer.rescue(error);
    return body();
  }
}

/** The model on some data, with the averages of its parameters where there are some. */
async function judge(
  trainer: Trainer,
  data: AnySamples | Dataset<AnySamples>,
  metrics: PerOutput<readonly MetricLike[]> | undefined,
): Promise<Evaluation> {
  const { model } = trainer;
  const options = { ...trainer.objective, metrics };
  // A stateful model takes batches of one size only.
  const batches = model.isStateful && !(trainer.data instanceof Dataset) ? { batchSize: trainer.batchSize } : {};
  return trainer.withAverage(() =>
    data instanceof Dataset
      ? evaluateTogether(trainer.group, model, data, options)
      : evaluateTogether(trainer.group, model, data, { ...options, ...batches }),
  );
}

function addValidation(record: EpochRecord, held: Evaluation, measured: boolean): void {
  record.validationLoss = held.loss;
  if (!Number.isNaN(held.accuracy)) record.validationAccuracy = held.accuracy;
  for (const [name, figure] of Object.entries(held.heads ?? {})) {
    const dot = name.lastIndexOf(".") + 1;
    const kind = `validation${name[dot].toUpperCase()}${name.slice(dot + 1)}`;
    record.heads = { ...record.heads, [`${name.slice(0, dot)}${kind}`]: figure };
  }
  if (measured) record.metrics = held.metrics;
}

/** Waits for a callback, but no longer than until the signal, if it is not aborted yet, becomes so. */
async function unlessAborted(pending: void | Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (pending === undefined || signal === undefined || signal.aborted) return pending;
  let end = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    end = resolve;
    signal.addEventListener("abort", end, { once: true });
  });
  try {
    await Promise.race([pending, aborted]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** The hooks that see every step. A step does not wait for them; what is rejected is kept, and ends training. */
class StepHooks {
  /** Whether one was rejected. */
  failed = false;
  private error: unknown;
  private readonly pending = new Set<Promise<void>>();
  /** Undefined where nobody looks at steps. */
  readonly call: ((info: StepInfo) => void) | undefined;

  constructor(callbacks: readonly Callback[], context: FitContext) {
    const hooks = callbacks.filter((callback) => callback.onStep);
    if (hooks.length === 0) return;
    this.call = (info) => {
      for (const callback of hooks) {
        const given = callback.onStep?.(info, context);
        if (given instanceof Promise) this.follow(given);
      }
    };
  }

  private follow(given: Promise<void>): void {
    const settled = given
      .catch((error: unknown) => {
        if (!this.failed) this.error = error;
        this.failed = true;
      })
      .finally(() => this.pending.delete(settled));
    this.pending.add(settled);
  }

  /** When all of them are; throws what the first was rejected with. */
  async settled(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
    if (this.failed) throw this.error;
  }
}
