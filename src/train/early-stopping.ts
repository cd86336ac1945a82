// Stopping early: training ends when a figure has not improved for some epochs, and may go back to the parameters of the best one.
import { flag, knownOptions, notNegative, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import type { Model } from "../nn/model.ts";
import { clone } from "../ops/views.ts";
import { keep, scope, type Tensor } from "../tensor/tensor.ts";
import { Best } from "./best.ts";
import { type Callback, checkMonitor, type Monitor } from "./history.ts";

/** What `earlyStopping` takes. */
export interface EarlyStoppingOptions {
  /** Epochs without improvement after which training ends; default 10. */
  patience?: number;
  /** The figure that is watched; default validationLoss where there are validation data, else loss. */
  monitor?: Monitor;
  /** How much better counts as better, from 0 on; default 0. */
  minimumChange?: number;
  /** Whether the model has the parameters of the best epoch when training ends, for whatever reason; default false. */
  restoreBest?: boolean;
}

/** A model's parameters, and what its layers keep, at some moment. */
class Moment {
  private readonly copies: readonly Tensor[];

  constructor(private readonly model: Model) {
    this.copies = keep(scope(() => model.parameters.map(({ tensor }) => clone(tensor))));
  }

  /** From now on it is this moment. */
  take(): void {
    this.model.parameters.forEach(({ tensor, size }, i) => {
      if (size > 0) engine().copy(tensor, this.copies[i]);
    });
  }

  giveBack(): void {
    this.model.parameters.forEach((parameter, i) => {
      parameter.assign(this.copies[i]);
    });
  }
}

/**
 * A callback that ends training when a figure has not improved for `patience` epochs (Nielsen, section 3.5: no
 * improvement in n). Losses improve downwards, accuracies upwards.
 * @param options `patience` (default 10); `monitor`, the figure (default validationLoss where there are validation data, else loss);
 * `minimumChange`, how much better counts as better (default 0); `restoreBest`, whether the model ends with the parameters of the best
 * epoch (default false).
 * @throws RangeError, TypeError for options out of range, or that there are not; Error, while training, if the history lacks
 * the figure.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1] });
 * const data = { x: tensor([[0], [1]]), y: tensor([[0], [2]]) };
 * const stopping = earlyStopping({ patience: 2, minimumChange: 1 });
 * const history = await fit(model, data, { epochs: 100, loss: "meanSquaredError", callbacks: [stopping] });
 * history.ended; // "stopped"
 * history.epochs.length; // 3
 * ```
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const owner = "earlyStopping";
  knownOptions(owner, options, ["patience", "monitor", "minimumChange", "restoreBest"]);
  const patience = whole(owner, "patience", options.patience ?? 10, 1);
  const minimumChange = notNegative(owner, "minimumChange", options.minimumChange ?? 0);
  const restoreBest = flag(owner, "restoreBest", options.restoreBest ?? false);
  if (options.monitor !== undefined) checkMonitor(owner, options.monitor);
  const best = new Best(owner, options.monitor, minimumChange);
  let waited = 0;
  let moment: Moment | undefined;
  return {
    onStart({ validation }) {
      best.begin([], validation !== undefined);
      waited = 0;
      moment = undefined;
    },
    onEpochEnd(record, { model, trainer, stop }) {
      if (best.improves(record)) {
        waited = 0;
        if (!restoreBest) return;
        trainer.withAverage(() => {
          if (moment === undefined) moment = new Moment(model);
          else moment.take();
        });
      } else {
        waited += 1;
        if (waited >= patience) stop();
      }
    },
    onEnd() {
      moment?.giveBack();
      moment = undefined;
    },
  };
}
