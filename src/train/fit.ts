// Training as most people want it: epochs over data, with validation, callbacks and a history.

import type { Samples } from "../data/batches.ts";
import { checkSamples, rowsOf } from "../data/batches.ts";
import { fields, instance, list } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { Sequential } from "../nn/sequential.ts";
import { type Optimizer, type OptimizerName, optimizerByName } from "../optim/index.ts";
import type { Schedule } from "../optim/schedules.ts";
import { evaluate } from "./evaluate.ts";
import { type Loss, type LossName, lossFor } from "./losses.ts";
import type { Metric, MetricName } from "./metrics.ts";
import { type StepInfo, Trainer } from "./trainer.ts";

/** A figure of an epoch that schedules and early stopping can watch. */
export type Monitor = "loss" | "accuracy" | "validationLoss" | "validationAccuracy";

/** What is known after an epoch. */
export interface EpochRecord {
  /** From 1. */
  epoch: number;
  /** Mean over the epoch's samples, as they were trained. */
  loss: number;
  /** Share of samples whose class was right as they were trained, 0 to 1. */
  accuracy: number;
  validationLoss?: number;
  validationAccuracy?: number;
  /** The metrics that were asked for, on the validation data (on the training data where there are none). */
  metrics?: Record<string, number>;
  /** During this epoch. */
  learningRate: number;
  /** Training only, without validation. */
  seconds: number;
  samplesPerSecond: number;
}

/** What `fit` did. */
export interface History {
  epochs: EpochRecord[];
  /** Why training ended: all epochs done, a callback asked for it, or the signal did. */
  ended: "finished" | "stopped" | "interrupted";
}

/** What callbacks may look at and do. */
export interface FitContext {
  model: Sequential;
  optimizer: Optimizer;
  trainer: Trainer;
  /** The epochs so far. */
  history: History;
  /** Ends training after the current epoch (after the current step, when called from `onStep`). */
  stop(): void;
}

/** Hooks into training; each may be asynchronous but `onStep`. */
export interface Callback {
  onStart?(context: FitContext): void | Promise<void>;
  onEpochStart?(epoch: number, context: FitContext): void | Promise<void>;
  onStep?(info: StepInfo, context: FitContext): void;
  onEpochEnd?(record: EpochRecord, context: FitContext): void | Promise<void>;
  onEnd?(context: FitContext): void | Promise<void>;
}

/** What `fit` takes beside the model and the data. */
export interface FitOptions {
  /** Times that every sample is seen; default 1. */
  epochs?: number;
  /** Default 32. */
  batchSize?: number;
  /** Default softmaxCrossEntropy. */
  loss?: LossName | Loss;
  /** By name with its usual learning rate, or made by hand. Default adam. */
  optimizer?: OptimizerName | Optimizer;
  /** Overrides the optimiser's learning rate, when it is given by name. */
  learningRate?: number;
  /** The learning rate over time; overrides the optimiser's. One that reacts to a metric is told `monitor` after every epoch. */
  schedule?: Schedule;
  /** What a reacting schedule is told; default loss or accuracy, whichever it takes for better, of the validation data where there are any. */
  monitor?: Monitor;
  /** Further figures after every epoch, by name or made by hand. */
  metrics?: readonly (MetricName | Metric)[];
  /** Held out for validation after every epoch. */
  validation?: Samples;
  /** Instead: this share of the data (below 1), or this number of samples, taken from the end before any shuffling. */
  validationSplit?: number;
  /** Whether every epoch has its own order; default true. */
  shuffle?: boolean;
  /** Seed of the shuffling; default 0. */
  seed?: number;
  /** Whether steps may be replayed from a recording, see `TrainerOptions`; default true. */
  replay?: boolean;
  /** Called in their order. */
  callbacks?: readonly Callback[];
  /** Ends training after the current step. */
  signal?: AbortSignal;
}

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
export function splitSamples(data: Samples, last: number): [Samples, Samples] {
  checkSamples("splitSamples", data);
  const n = data.x.shape[0];
  const held = last < 1 ? Math.floor(n * last) : last;
  if (!(last > 0) || !Number.isInteger(held) || held < 1 || held >= n) {
    throw new RangeError(
      `split: of ${n} samples, ${quote(last)} can't be held out; give a share between 0 and 1, or a whole number below ${n}`,
    );
  }
  const cut = n - held;
  const part = (start: number, stop: number): Samples => ({
    x: rowsOf(data.x, start, stop),
    y: rowsOf(data.y, start, stop),
  });
  return [part(0, cut), part(cut, n)];
}

/**
 * Trains a model: epochs over shuffled batches, each a step of the optimiser down the gradient of the batch's loss.
 * Shapes: x [n, ...input shape]; y class indices [n] (int32) or values [n, ...outputs].
 *
 * Every step frees its memory. Same seeds, same bits, whatever the number of threads.
 * @throws NonFiniteLossError when the loss becomes NaN or infinite; RangeError if shapes or options do not fit;
 * TypeError for an unknown loss or optimiser.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
 * const x = linspace(0, 1, 64).reshape([64, 1]);
 * const history = await fit(model, { x, y: x.mul(2) }, { epochs: 100, loss: "meanSquaredError", learningRate: 0.1 });
 * history.epochs.at(-1)!.loss < 1e-3; // true
 * ```
 */
export async function fit(model: Sequential, data: Samples, options: FitOptions = {}): Promise<History> {
  checkSamples("fit", data);
  const epochs = options.epochs ?? 1;
  if (!Number.isInteger(epochs) || epochs < 0)
    throw new RangeError(`fit: epochs must be a whole number from 0 on, got ${quote(epochs)}`);
  if (options.validation && options.validationSplit !== undefined) {
    throw new TypeError("fit: give either validation or validationSplit, not both");
  }
  const [training, validation] =
    options.validationSplit === undefined ? [data, options.validation] : splitSamples(data, options.validationSplit);
  const loss = lossFor(options.loss ?? "softmaxCrossEntropy");
  const optimizer =
    typeof options.optimizer === "object"
      ? options.optimizer
      : optimizerByName(options.optimizer ?? "adam", { learningRate: options.learningRate });
  const trainer = new Trainer(model, training, {
    loss,
    optimizer,
    batchSize: options.batchSize ?? 32,
    shuffle: options.shuffle ?? true,
    seed: options.seed ?? 0,
    schedule: options.schedule,
    replay: options.replay,
  });
  return runEpochs(trainer, { ...options, epochs, loss, optimizer, validation });
}

/**
 * Runs a trainer up to `epochs` complete epochs, from wherever it stands: what `fit` does after its preparations, and
 * what resuming a run needs.
 * @throws NonFiniteLossError when the loss becomes NaN or infinite.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1] });
 * const loss = lossFor("meanSquaredError");
 * const optimizer = new SGD({ learningRate: 0.1 });
 * const data = { x: tensor([[0], [1]]), y: tensor([[0], [2]]) };
 * const trainer = new Trainer(model, data, { loss, optimizer, batchSize: 2, shuffle: true, seed: 0 });
 * trainer.takeStep();
 * const history = await runEpochs(trainer, { epochs: 3, loss, optimizer });
 * history.epochs.map(({ epoch }) => epoch); // [1, 2, 3]
 * ```
 */
export async function runEpochs(
  trainer: Trainer,
  options: {
    epochs: number;
    loss: Loss;
    optimizer: Optimizer;
    validation?: Samples;
    callbacks?: readonly Callback[];
    signal?: AbortSignal;
    monitor?: Monitor;
    metrics?: readonly (MetricName | Metric)[];
    /** Records of the epochs that are done already. */
    records?: readonly EpochRecord[];
  },
): Promise<History> {
  instance("runEpochs", "the first argument", trainer, Trainer, "a Trainer");
  fields("runEpochs", "options", options);
  const { model } = trainer;
  const callbacks = list("runEpochs", "callbacks", options.callbacks ?? []);
  for (const callback of callbacks) fields("runEpochs", "a callback", callback);
  let stopped = false;
  const history: History = { epochs: [...(options.records ?? [])], ended: "finished" };
  const context: FitContext = {
    model,
    optimizer: options.optimizer,
    trainer,
    history,
    stop() {
      stopped = true;
    },
  };
  const halted = (): boolean => stopped || (options.signal?.aborted ?? false);
  for (const callback of callbacks) await callback.onStart?.(context);
  const onStep = callbacks.some((callback) => callback.onStep)
    ? (info: StepInfo): void => {
        for (const callback of callbacks) callback.onStep?.(info, context);
      }
    : undefined;
  while (trainer.epoch < options.epochs && !halted()) {
    for (const callback of callbacks) await callback.onEpochStart?.(trainer.epoch + 1, context);
    const start = performance.now();
    const result = await trainer.finishEpoch(onStep, halted);
    if (result === null) break;
    const seconds = (performance.now() - start) / 1000;
    const record: EpochRecord = {
      epoch: trainer.epoch,
      ...result,
      learningRate: options.optimizer.learningRate,
      seconds,
      samplesPerSecond: trainer.sampleCount / seconds,
    };
    if (options.validation) {
      const held = evaluate(model, options.validation, { loss: options.loss, metrics: options.metrics });
      record.validationLoss = held.loss;
      record.validationAccuracy = held.accuracy;
      if (options.metrics) record.metrics = held.metrics;
    } else if (options.metrics) {
      record.metrics = evaluate(model, trainer.data, { loss: options.loss, metrics: options.metrics }).metrics;
    }
    history.epochs.push(record);
    if (trainer.schedule) {
      const figure = trainer.schedule.better === "larger" ? "accuracy" : "loss";
      const usual = options.validation ? (figure === "loss" ? "validationLoss" : "validationAccuracy") : figure;
      trainer.schedule.observe(watched(record, options.monitor ?? usual));
      stopped ||= trainer.schedule.finished;
    }
    for (const callback of callbacks) await callback.onEpochEnd?.(record, context);
  }
  if (trainer.epoch < options.epochs) history.ended = options.signal?.aborted ? "interrupted" : "stopped";
  for (const callback of callbacks) await callback.onEnd?.(context);
  return history;
}

function watched(record: EpochRecord, monitor: Monitor): number {
  const value = record[monitor];
  if (value === undefined)
    throw new Error(`fit: the history has no ${monitor}; give validation data, or monitor another figure`);
  return value;
}

/**
 * A callback that ends training when a figure has not improved for `patience` epochs (Nielsen, section 3.5: no
 * improvement in n).
 * @param options `patience` (default 10); `monitor`, the figure (default validationAccuracy); `minimumChange`, how much
 * better counts as better (default 0).
 * @throws RangeError for a patience that is not a whole number from 1 on; Error, while training, if the history lacks
 * the figure.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1] });
 * const data = { x: tensor([[0], [1]]), y: tensor([[0], [2]]) };
 * const stopping = earlyStopping({ monitor: "loss", patience: 2, minimumChange: 1 });
 * const history = await fit(model, data, { epochs: 100, loss: "meanSquaredError", callbacks: [stopping] });
 * history.ended; // "stopped"
 * history.epochs.length; // 3
 * ```
 */
export function earlyStopping(
  options: { patience?: number; monitor?: Monitor; minimumChange?: number } = {},
): Callback {
  const patience = options.patience ?? 10;
  if (!Number.isInteger(patience) || patience < 1) {
    throw new RangeError(`earlyStopping: patience must be a whole number from 1 on, got ${quote(patience)}`);
  }
  const monitor = options.monitor ?? "validationAccuracy";
  const sign = monitor.toLowerCase().endsWith("loss") ? -1 : 1;
  let best = Number.NEGATIVE_INFINITY;
  let waited = 0;
  return {
    onEpochEnd(record, context) {
      const value = watched(record, monitor);
      if (sign * value > best + (options.minimumChange ?? 0)) {
        best = sign * value;
        waited = 0;
      } else {
        waited += 1;
        if (waited >= patience) context.stop();
      }
    },
  };
}
