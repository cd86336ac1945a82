// Training told while it runs: a line an epoch; on a terminal, before it is over, a line that moves.
import { callable, knownOptions, whole } from "../engine/checks.ts";
import { platform } from "../engine/platform.ts";
import type { StepInfo } from "./figures.ts";
import type { Callback, EpochRecord } from "./history.ts";
import { clock, lossText, percent, rate } from "./wording.ts";

const BAR = 24;
/** Milliseconds between redraws. */
const REDRAW = 100;

/** What `progress` takes. */
export interface ProgressOptions {
  /** A line each so many epochs, and after the last; default 1. */
  every?: number;
  /** Takes each line, without its end; then no line moves. Default: the terminal, or the console. */
  write?: (line: string) => void;
}

function epochLine(record: EpochRecord, epochs: number): string {
  const { accuracy, validationLoss, validationAccuracy, metrics = {} } = record;
  return [
    `epoch ${String(record.epoch).padStart(String(epochs).length)}/${epochs}`,
    `loss ${lossText(record.loss)}`,
    ...(accuracy === undefined ? [] : [`accuracy ${percent(accuracy)}`]),
    ...(validationLoss === undefined ? [] : [`validation loss ${lossText(validationLoss)}`]),
    ...(validationAccuracy === undefined ? [] : [`validation accuracy ${percent(validationAccuracy)}`]),
    ...Object.entries(metrics).map(([name, figure]) => `${name} ${lossText(figure)}`),
    rate(record.samplesPerSecond),
    `${record.seconds.toFixed(2)} s`,
  ].join("  ");
}

function movingLine(info: StepInfo, epochs: number, elapsed: number, done: number): string {
  const share = (info.step + 1) / info.steps;
  const filled = Math.round(share * BAR);
  const finished = info.epoch - done + share;
  return [
    `epoch ${info.epoch + 1}/${epochs}`,
    `${"█".repeat(filled)}${"░".repeat(BAR - filled)}`,
    `loss ${lossText(info.meanLoss)}`,
    ...(Number.isNaN(info.accuracy) ? [] : [`accuracy ${percent(info.accuracy)}`]),
    `${clock((elapsed / finished) * (epochs - done - finished))} left`,
  ].join("  ");
}

/**
 * A callback that tells how training goes: a line an epoch with its figures, and on a terminal a line that moves before the epoch is
 * over. `fit` with `verbose: true` has one. It ends with a remark where the loss has exploded.
 * @param options `every`: a line each so many epochs (default 1); `write`: takes the lines (default: the terminal, or the console).
 * @throws RangeError, TypeError for options out of range, or that there are not.
 * @example
 * ```ts
 * const lines: string[] = [];
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [1] });
 * const data = { x: tensor([[1], [2]]), y: tensor([[1], [3]]) };
 * const callbacks = [progress({ write: (line) => lines.push(line) })];
 * await fit(model, data, { epochs: 2, loss: "meanSquaredError", learningRate: 0, callbacks });
 * lines.map((line) => line.split("  ").slice(0, 2)); // [["epoch 1/2", "loss 0.5000"], ["epoch 2/2", "loss 0.5000"]]
 * ```
 */
export function progress(options: ProgressOptions = {}): Callback {
  const owner = "progress";
  knownOptions(owner, options, ["every", "write"]);
  const every = whole(owner, "every", options.every ?? 1, 1);
  if (options.write !== undefined) callable(owner, "write", options.write);
  const terminal = options.write === undefined ? platform().terminal() : null;
  let [done, startedAt, drawnAt, drawn] = [0, 0, 0, 0];

  const clear = (): void => {
    if (drawn > 0) terminal?.write(`\r${" ".repeat(drawn)}\r`);
    drawn = 0;
  };
  const say = (line: string): void => {
    clear();
    if (options.write !== undefined) options.write(line);
    else if (terminal !== null) terminal.write(`${line}\n`);
    else console.log(line);
  };
  return {
    onStart({ trainer }) {
      [done, startedAt, drawnAt, drawn] = [trainer.epoch, performance.now(), 0, 0];
    },
    ...(terminal !== null && {
      onStep(info, { epochs }) {
        const now = performance.now();
        if (now - drawnAt < REDRAW) return;
        drawnAt = now;
        // A terminal wraps what is too long, and a wrapped line can't be drawn over.
        const line = movingLine(info, epochs, (now - startedAt) / 1000, done).slice(
          0,
          Math.max(20, terminal.columns() - 1),
        );
        terminal.write(`\r${line.padEnd(drawn)}`);
        drawn = line.length;
      },
    }),
    onEpochEnd(record, { epochs }) {
      if (record.epoch % every === 0 || record.epoch === epochs) say(epochLine(record, epochs));
    },
    onEnd({ history }) {
      clear();
      if (history.remark !== undefined) say(`remark: ${history.remark}`);
    },
  };
}
