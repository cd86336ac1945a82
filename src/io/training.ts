// A training run as one file: the model as `saveModel` has it, the optimiser's memory beside the parameters, and as text where the run stands, what
// it was asked for and how it went. `loadModel` reads it, too.
import type { AnySamples } from "../data/batches.ts";
import type { Dataset } from "../data/dataset/dataset.ts";
import { bytesOfFile, fields, instance, knownOptions, list, text } from "../engine/checks.ts";
import type { Bytes } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import type { Model } from "../nn/model.ts";
import type { LoadOptions } from "../nn/parameters.ts";
import { OPTIMIZERS, type OptimizerName, optimizerByName } from "../optim/index.ts";
import { scope } from "../tensor/tensor.ts";
import type { EpochRecord, History } from "../train/history.ts";
import { Trainer } from "../train/trainer.ts";
import type { TrainerOptions } from "../train/trainer-options.ts";
import type { TrainerState } from "../train/trainer-state.ts";
import { checkVersion, modelOf, modelTexts } from "./model.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

/** What goes into the file beside the run. */
export interface SaveTrainingOptions {
  /** How the run went: its epochs come back with `loadTraining`. */
  history?: History;
  /** Text of your own by name. */
  metadata?: Readonly<Record<string, string>>;
}

/** What `loadTraining` gives. */
export interface LoadedTraining {
  trainer: Trainer;
  model: Model;
  /** The epochs that are done, for `runEpochs`. */
  records: EpochRecord[];
  /** The text that was saved with it. */
  metadata: Record<string, string>;
}

/** What is in the file as JSON. */
interface Run {
  state: TrainerState;
  settings: Partial<TrainerOptions>;
  /** Outputs whose loss is no name. */
  ownLosses: string[];
  records: EpochRecord[];
}

/**
 * A training run as the bytes of one safetensors file: architecture and parameters, the optimiser's memory, epoch, step, random numbers,
 * schedule, what the run was asked for, its history and text of your own. `loadTraining` goes on from it, to the same bits as if the
 * run had never stopped; `loadModel` takes the model out of it.
 * @throws TypeError for what is no trainer, or options that there are not.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1)], { inputShape: [1], seed: 1 });
 * const data = { x: tensor([[0], [1], [2]]), y: tensor([[0], [2], [4]]) };
 * const trainer = new Trainer(model, data, { loss: "meanSquaredError", batchSize: 2 });
 * const history = await runEpochs(trainer, { epochs: 3 });
 * const bytes = saveTraining(trainer, { history });
 * const { trainer: again, records } = loadTraining(bytes, data);
 * again.epoch; // 3
 * records.length; // 3
 * again.takeStep().loss === trainer.takeStep().loss; // true
 * ```
 */
export function saveTraining(trainer: Trainer, options: SaveTrainingOptions = {}): Bytes {
  const owner = "saveTraining";
  instance(owner, "the first argument", trainer, Trainer, "a Trainer");
  const { history, metadata = {} } = knownOptions(owner, options, ["history", "metadata"]);
  const { settings, ownLosses } = trainer.settings();
  const records = history === undefined ? [] : list(owner, "history.epochs", fields(owner, "history", history).epochs);
  const run: Run = { state: trainer.state(), settings, ownLosses, records: [...records] };
  return writeSafetensors(trainer.tensors(), {
    ...fields(owner, "metadata", metadata),
    ...modelTexts(trainer.model),
    training: JSON.stringify(run),
  });
}

/**
 * The run that `saveTraining` saved, on its data, to go on with: `takeStep`, `finishEpoch`, or `runEpochs(trainer, { epochs, records })`.
 * @param options of the trainer: those given hold instead of the saved ones. What no file holds has to be given again: losses of your own,
 * a schedule, an optimiser of your own or with parameter groups. Also `allowNonFinite`, as for `loadModel`.
 * @param name what to call the file in errors.
 * @throws Error if the bytes are damaged, written by a newer version, hold a model and no run, or a run that does not fit the data or the
 * options; TypeError for a layer that is not registered, with what to register, and for what has to be given again.
 * @example
 * ```ts
 * const model = new Sequential([new Dropout(0.5), new Dense(1)], { inputShape: [2], seed: 1 });
 * const data = { x: ones([8, 2]), y: zeros([8, 1]) };
 * const trainer = new Trainer(model, data, { loss: "huber", batchSize: 2 });
 * trainer.takeStep();
 * const bytes = saveTraining(trainer, { metadata: { note: "interrupted" } });
 * loadTraining(bytes, data).metadata["note"]; // "interrupted"
 * ```
 */
export function loadTraining(
  bytes: Uint8Array,
  data: AnySamples | Dataset<AnySamples>,
  options: TrainerOptions & LoadOptions = {},
  name = "training file",
): LoadedTraining {
  const owner = "loadTraining";
  bytesOfFile(owner, bytes);
  text(owner, "name", name);
  const { allowNonFinite, ...given } = fields(owner, "options", options);
  const load = { allowNonFinite: allowNonFinite ?? false };
  return scope(() => {
    const file = readSafetensors(bytes, name);
    checkVersion(name, file.metadata);
    const { training, ...metadata } = file.metadata;
    if (training === undefined) {
      throw new Error(
        `${name}: holds no training run, only ${file.metadata["architecture"] ? "a model: loadModel reads it" : "tensors"}`,
      );
    }
    const { state, settings, ownLosses, records } = runOf(name, training);
    const model = modelOf(name, file, load);
    if (ownLosses.length > 0 && given.loss === undefined) {
      throw new TypeError(
        `${name}: the run had a loss of its own for ${ownLosses.join(", ")}, which no file holds; give it again, { loss: ... }`,
      );
    }
    if (state.schedule !== undefined && given.schedule === undefined) {
      throw new TypeError(
        `${name}: the run had a learning-rate schedule (${state.schedule.type}), which no file holds; make it again, { schedule: ... }`,
      );
    }
    const optimizer = given.optimizer ?? optimizerOf(name, state);
    const trainer = new Trainer(model, data, { ...settings, ...given, optimizer }, owner);
    trainer.restore(state, file.tensors, load);
    for (const key of ["architecture", "format", "version"]) delete metadata[key];
    return { trainer, model, records, metadata: { ...metadata } };
  });
}

function runOf(name: string, training: string): Run {
  let run: Run;
  try {
    run = JSON.parse(training) as Run;
  } catch {
    throw new Error(`${name}: the training state is not JSON; the file is damaged`);
  }
  const parts = fields(name, "the training state", run);
  fields(name, "the training state's settings", parts.settings);
  fields(name, "the trainer's state", parts.state);
  fields(name, "the optimiser's state", parts.state.optimizer);
  list(name, "the training state's records", parts.records);
  list(name, "the training state's ownLosses", parts.ownLosses);
  return run;
}

/** The optimiser as it was. */
function optimizerOf(name: string, { optimizer }: TrainerState): ReturnType<typeof optimizerByName> {
  const { type, config, groups } = optimizer;
  if (!OPTIMIZERS.includes(type as OptimizerName)) {
    throw new TypeError(
      `${name}: the run had an optimiser ${quote(type)} of its own; give it again, { optimizer: ... }`,
    );
  }
  if (groups !== undefined) {
    throw new TypeError(
      `${name}: the run's optimiser had parameter groups, which no file holds; make it again, { optimizer: ... }`,
    );
  }
  return optimizerByName(type as OptimizerName, config);
}
