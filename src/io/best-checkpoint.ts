// Keeping the best: whenever a figure is better than ever before, the model or the whole run is given as the bytes of a file.
import { callable, knownOptions, notNegative, oneOf } from "../engine/checks.ts";
import type { Bytes } from "../engine/dtype.ts";
import { Best } from "../train/best.ts";
import { type Callback, checkMonitor, type EpochRecord, type Monitor } from "../train/history.ts";
import { saveModel } from "./model.ts";
import { saveTraining } from "./training.ts";

/** What `bestCheckpoint` takes. */
export interface BestCheckpointOptions {
  /** Takes the bytes of the file; may wait. */
  save: (bytes: Bytes, record: EpochRecord) => void | Promise<void>;
  /** The figure that is watched; default validationLoss where there are validation data, else loss. */
  monitor?: Monitor;
  /** How much better counts as better, from 0 on; default 0. */
  minimumChange?: number;
  /** Whether the file holds the model (default), or the run, to go on from. */
  content?: "model" | "training";
}

/**
 * A callback that saves the model whenever a figure has improved: the file that was written last is the best. Losses and errors improve
 * downwards, everything else upwards. Where training averages parameters, the model is saved with the averages.
 * @throws RangeError, TypeError for options out of range, or that there are not; Error, while training, if the history lacks the figure.
 * @example
 * ```ts
 * let best: Uint8Array | undefined;
 * const checkpoint = bestCheckpoint({ save: (bytes) => void (best = bytes) });
 * const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
 * const data = { x: tensor([[0], [1]]), y: tensor([[0], [2]]) };
 * await fit(model, data, { epochs: 5, loss: "meanSquaredError", callbacks: [checkpoint] });
 * loadModel(best!).parameterCount; // 2
 * ```
 */
export function bestCheckpoint(options: BestCheckpointOptions): Callback {
  const owner = "bestCheckpoint";
  knownOptions(owner, options, ["save", "monitor", "minimumChange", "content"]);
  const save = callable(owner, "save", options.save);
  const content = oneOf(owner, "content", options.content ?? "model", ["model", "training"]);
  notNegative(owner, "minimumChange", options.minimumChange ?? 0);
  if (options.monitor !== undefined) checkMonitor(owner, options.monitor);
  const best = new Best(owner, options.monitor, options.minimumChange ?? 0);
  return {
    onStart({ history, validation }) {
      best.begin(history.epochs, validation !== undefined);
    },
    async onEpochEnd(record, { model, trainer, history }) {
      if (!best.improves(record)) return;
      const bytes =
        content === "training" ? saveTraining(trainer, { history }) : trainer.withAverage(() => saveModel(model));
      await save(bytes, record);
    },
  };
}
