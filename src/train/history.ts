// What training tells: a record an epoch, the figures that schedules and callbacks may watch, and the hooks that are told.
import type { AnySamples } from "../data/batches.ts";
import type { Dataset } from "../data/dataset/dataset.ts";
import { fields, list } from "../engine/checks.ts";
import { hintAt } from "../engine/names.ts";
import { quote } from "../engine/quote.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { StepInfo } from "./figures.ts";
import type { Trainer } from "./trainer.ts";

/**
 * A figure of an epoch that schedules and callbacks can watch: one of these, that of one output of several, "kind.validationAccuracy", or a
 * metric that was asked for, "metrics.f1".
 */
export type Monitor = Whole | `${string}.${Whole}` | `metrics.${string}`;

type Whole = "loss" | "accuracy" | "validationLoss" | "validationAccuracy";

export const MONITORS: readonly Monitor[] = ["loss", "accuracy", "validationLoss", "validationAccuracy"];

/** Throws for what can be no figure's name. */
export function checkMonitor(owner: string, monitor: Monitor): Monitor {
  const whole = MONITORS as readonly string[];
  if (typeof monitor === "string") {
    if (whole.includes(monitor) || /^metrics\../.test(monitor)) return monitor;
    const dot = monitor.lastIndexOf(".");
    if (dot > 0 && whole.includes(monitor.slice(dot + 1))) return monitor;
  }
  throw new TypeError(
    `${owner}: monitor must be one of ${MONITORS.join(", ")}, one of these of an output, "kind.loss", or a metric, "metrics.f1"; got ${quote(monitor)}`,
  );
}

/** Whether smaller is better: of losses, errors and perplexity; of everything else larger is. */
export function lessIsBetter(monitor: Monitor): boolean {
  return /(loss|error|perplexity)$/i.test(monitor);
}

/** What is known after an epoch. */
export interface EpochRecord {
  /** From 1. */
  epoch: number;
  /** Mean over the epoch's samples, as they were trained. */
  loss: number;
  /** Share of samples whose class was right as they were trained, 0 to 1; left out where the targets are values, not classes. */
  accuracy?: number;
  validationLoss?: number;
  /** As `accuracy`. */
  validationAccuracy?: number;
  /** The metrics that were asked for, on the validation data (on the training data where there are none). */
  metrics?: Record<string, number>;
  /**
   * Of a model of several outputs, for each: `kind.loss`, `kind.accuracy`, `kind.validationLoss`, `kind.validationAccuracy`; accuracies where
   * there are classes.
   */
  heads?: Record<string, number>;
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
  /** What is wrong with the last epoch, and what to do about it: a loss far above the first one. Left out where nothing is. */
  remark?: string;
}

/** What callbacks may look at and do. */
export interface FitContext {
  model: Model;
  optimizer: Optimizer;
  trainer: Trainer;
  /** Epochs after which training ends. */
  epochs: number;
  /** What the model is validated on, if anything. */
  validation?: AnySamples | Dataset<AnySamples>;
  /** The epochs so far. */
  history: History;
  /** Ends training after the current epoch (after the current step, when called from `onStep`). */
  stop(): void;
}

/**
 * Hooks into training; each may be asynchronous. Training waits for what they give, but for `onStep`, whose promises it waits for
 * at the end of the epoch; one that is rejected ends training with its error. An aborted signal ends the waiting.
 */
export interface Callback {
  onStart?(context: FitContext): void | Promise<void>;
  onEpochStart?(epoch: number, context: FitContext): void | Promise<void>;
  onStep?(info: StepInfo, context: FitContext): void | Promise<void>;
  onEpochEnd?(record: EpochRecord, context: FitContext): void | Promise<void>;
  onEnd?(context: FitContext): void | Promise<void>;
  /** Training ends with an error, such as a loss that is not finite, in place of `onEnd`. What is thrown here is left out of account. */
  onError?(error: unknown, context: FitContext): void | Promise<void>;
}

const HOOKS = ["onStart", "onEpochStart", "onStep", "onEpochEnd", "onEnd", "onError"];

/** Throws for what is no list of callbacks, and for a hook that there is not: it would never be called. */
export function checkCallbacks(owner: string, callbacks: readonly Callback[]): void {
  list(owner, "callbacks", callbacks).forEach((callback, i) => {
    const name = `callbacks[${i}]`;
    for (const [key, hook] of Object.entries(fields(owner, name, callback))) {
      if (HOOKS.includes(key)) {
        if (hook !== undefined && typeof hook !== "function") {
          throw new TypeError(`${owner}: ${name}.${key} must be a function, got ${quote(hook)}`);
        }
      } else if (/^on[A-Z_]/.test(key)) {
        throw new TypeError(
          `${owner}: ${name} has ${key}, which is never called${hintAt(key, HOOKS)}; the hooks are ${HOOKS.join(", ")}`,
        );
      }
    }
  });
}

/** What is watched where nothing is named: the loss, or with "larger" the accuracy, of the validation data where there are any. */
export function usualMonitor(validated: boolean, better: "smaller" | "larger" = "smaller"): Monitor {
  if (better === "larger") return validated ? "validationAccuracy" : "accuracy";
  return validated ? "validationLoss" : "loss";
}

function figureOf(record: EpochRecord, monitor: Monitor): number | undefined {
  if (monitor.startsWith("metrics.")) return record.metrics?.[monitor.slice("metrics.".length)];
  return (record as unknown as Record<string, number | undefined>)[monitor] ?? record.heads?.[monitor];
}

/** The figure of a record. */
export function watched(owner: string, record: EpochRecord, monitor: Monitor): number {
  const value = figureOf(record, monitor);
  if (value !== undefined) return value;
  if (monitor.startsWith("metrics.") || monitor.includes(".")) {
    const there = [
      ...Object.keys(record.heads ?? {}),
      ...Object.keys(record.metrics ?? {}).map((name) => `metrics.${name}`),
    ];
    throw new Error(
      `${owner}: the history has no ${monitor}${hintAt(monitor, there)}; it has ${[...MONITORS.filter((name) => record[name as Whole] !== undefined), ...there].join(", ")}`,
    );
  }
  const why =
    monitor === "accuracy" || (monitor === "validationAccuracy" && record.validationLoss !== undefined)
      ? "the targets are values, not classes; monitor a loss"
      : "there are no validation data; give some, or monitor another figure";
  throw new Error(`${owner}: the history has no ${monitor}: ${why}`);
}
