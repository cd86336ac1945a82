// The network of a run that is there already, in its newest whole state, with what it learns from.
import { existsSync, statSync } from "node:fs";
import { readRegularFileSync } from "../src/data/file.node.ts";
import { loadParameters } from "../src/io/model.ts";
import { readSafetensors } from "../src/io/safetensors.ts";
import type { Sequential } from "../src/nn/sequential.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import { optimizerOfRun, type RunConfig, type RunRecord } from "./run-config.ts";
import { type Checkpoint, RunFolder, refuseNonFinite } from "./run-folder.ts";
import { CLASSIFIER_RUN } from "./run-kind.ts";
import { networkOf } from "./run-network.ts";

const SIDE = 28;
const DIGITS = 10;

/** Channels, height and width of a picture. */
export type PictureShape = readonly [channels: number, height: number, width: number];

/** A run's network and what belongs to it. */
export interface LoadedRun {
  folder: RunFolder<RunConfig, RunRecord>;
  config: RunConfig;
  model: Sequential;
  /** What it learns from; of older runs, and of tables, whose networks do not load as such, that of digits. */
  picture: PictureShape;
  /** What the classes are called, where they have names and the run is finished. */
  classNames: readonly string[] | undefined;
  /** Complete epochs that it has learnt; runs of version 1 do not say. */
  epoch: number | undefined;
}

/** The pictures that a run learns from. */
function pictureOf({ picture }: RunConfig): PictureShape {
  return picture?.length === 3 ? [picture[0], picture[1], picture[2]] : [1, SIDE, SIDE];
}

/**
 * The network of a run in its newest whole state: the finished one, or a checkpoint where the run went on since, is not
 * finished, or the finished one is damaged. What is taken in place of something newer or expected is told to `say`.
 * @throws UserError if there is none, or it is not the network that the run's configuration asks for.
 */
export function loadRunModel(path: string, allowNonFinite: boolean, say: (line: string) => void): LoadedRun {
  const folder = new RunFolder(path, CLASSIFIER_RUN);
  const config = folder.readConfig();
  // Older runs do not say what they learn from: it was digits always, or a table, which the network's file tells.
  const classes = config.classes ?? DIGITS;
  const picture = pictureOf(config);
  const inputs = picture.reduce((product, length) => product * length, 1);
  const model = networkOf(config, { inputs, picture, classes }, folder);
  const architecture = JSON.stringify(model.config());
  const file = folder.file("model.safetensors");
  const problems: UserError[] = [];
  const attempt = <R>(read: () => R): R | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  const finished = existsSync(file) ? attempt(() => readFinished(file, architecture, allowNonFinite)) : undefined;
  const fit = { architecture, optimizer: optimizerOfRun(config, 1).type, batch: config.batch, allowNonFinite };
  const checkpoint = attempt(() => folder.readNewestCheckpoint(fit, (damage) => say(`${damage}; using another`)));
  if (checkpoint !== undefined && (finished === undefined || isNewer(checkpoint, file, finished.epochs))) {
    for (const { message } of problems) say(message);
    const { epoch, step } = checkpoint.state;
    const taken = `using its checkpoint after epoch ${epoch}${step > 0 ? ` and ${step} steps` : ""}`;
    const unfinished = existsSync(file) ? `${path} went on after ${file} was written` : `${path} is not finished`;
    say(problems.length > 0 ? taken : `${unfinished}: ${taken}`);
    const { tensors, path: from } = checkpoint;
    rethrowing(() => loadParameters(model, { tensors, metadata: {} }, from, { allowNonFinite }));
    return { folder, config, model, picture, classNames: finished?.classNames, epoch };
  }
  if (finished !== undefined) {
    for (const { message } of problems) say(message);
    const { tensors } = finished;
    rethrowing(() => loadParameters(model, { tensors, metadata: {} }, file, { allowNonFinite }));
    return { folder, config, model, picture, classNames: finished.classNames, epoch: finished.epochs };
  }
  if (problems.length > 0) throw problems[0];
  throw new UserError(
    `${path} holds no trained network yet: no epoch was complete. Go on with: ${commandName()} train --resume ${path}`,
  );
}

/** The parameters of a finished run, and how many epochs it has learnt; runs of version 1 do not say. */
function readFinished(
  file: string,
  wanted: string,
  allowNonFinite: boolean,
): { tensors: Record<string, Tensor>; epochs: number | undefined; classNames: readonly string[] | undefined } {
  const { tensors, metadata } = rethrowing(() => readSafetensors(readRegularFileSync(file), file));
  const { epochs, architecture } = metadata;
  if (architecture !== wanted) throw otherNetwork(file, architecture, wanted);
  if (!allowNonFinite) refuseNonFinite(tensors, file);
  if (epochs !== undefined && !/^\d+$/.test(epochs)) {
    throw new UserError(`${file} is damaged: epochs is ${JSON.stringify(epochs)}: a whole number is expected`);
  }
  const classNames = namesIn(metadata["classNames"]);
  return { tensors, epochs: epochs === undefined ? undefined : Number(epochs), classNames };
}

/** What the classes are called, where the file says it. */
function namesIn(text: string | undefined): readonly string[] | undefined {
  try {
    const names: unknown = JSON.parse(text ?? "null");
    return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : undefined;
  } catch {
    return undefined;
  }
}

/** Says what the network is, where it is not for such pictures. */
function otherNetwork(file: string, architecture: string | undefined, wanted: string): UserError {
  try {
    const { inputShape } = JSON.parse(architecture ?? "") as { inputShape: unknown };
    const { inputShape: expected } = JSON.parse(wanted) as { inputShape: unknown[] };
    if (Array.isArray(inputShape) && inputShape.join() !== expected.join()) {
      return new UserError(
        `the network in ${file} takes inputs of shape (${inputShape.slice(0, 8).join(", ")}), not pictures of ${expected.join(", ")} numbers: it learns from a table, or is of another run`,
      );
    }
  } catch {
    // No architecture at all.
  }
  return new UserError(
    `the network in ${file} is another one than its config.json asks for; the files are not of one run. Restore the one that was changed.`,
  );
}

/** Whether a checkpoint is of a later state than the finished network in `file`, which has learnt so many epochs. */
function isNewer({ path, state }: Checkpoint, file: string, epochs: number | undefined): boolean {
  if (epochs === undefined) return statSync(path).mtimeMs > statSync(file).mtimeMs;
  return state.epoch > epochs || (state.epoch === epochs && state.step > 0);
}

function rethrowing<R>(body: () => R): R {
  try {
    return body();
  } catch (error) {
    throw new UserError((error as Error).message, { cause: error });
  }
}
