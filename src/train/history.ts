// What training tells: a record an epoch, the figures that schedules and callbacks may watch, and the hooks that are told.
import type { Samples } from "../data/batches.ts";
import { fields, list } from "../engine/checks.ts";
import { hintAt } from "../engine/names.ts";
import { quote } from "../engine/quote.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import type { StepInfo, Trainer } from "./trainer.ts";

/** A figure of an epoch that schedules and early stopping can watch. */
export type Monitor = "loss" | "accuracy" | "validationLoss" | "validationAccuracy";

export const MONITORS: readonly Monitor[] = ["loss", "accuracy", "validationLoss", "validationAccuracy"];

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
  validation?: Samples;
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
}

const HOOKS = ["onStart", "onEpochStart", "onStep", "onEpochEnd", "onEnd"];

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

/** The figure of a record. */
export function watched(owner: string, record: EpochRecord, monitor: Monitor): number {
  const value = record[monitor];
  if (value !== undefined) return value;
  const why =
    monitor === "accuracy" || (monitor === "validationAccuracy" && record.validationLoss !== undefined)
      ? "the targets are values, not classes; monitor a loss"
      : "there are no validation data; give some, or monitor another figure";
  throw new Error(`${owner}: the history has no ${monitor}: ${why}`);
}
