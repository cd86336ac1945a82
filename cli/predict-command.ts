// `nabla predict`: what a trained network reads in a picture.
import { existsSync, statSync } from "node:fs";
import type { Command } from "commander";
import { readRegularFileSync } from "../src/data/file.node.ts";
import { fitAsMnist } from "../src/data/fit-image.ts";
import { readImageFile } from "../src/data/image-file.node.ts";
import { loadParameters } from "../src/io/model.ts";
import { readSafetensors } from "../src/io/safetensors.ts";
import type { Model } from "../src/nn/model.ts";
import { tensor } from "../src/tensor/create.ts";
import { scope, type Tensor } from "../src/tensor/tensor.ts";
import { predict } from "../src/train/predict.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import { optimizerOfRun } from "./run-config.ts";
import { type Checkpoint, RunFolder, refuseNonFinite } from "./run-folder.ts";
import { networkOf } from "./run-network.ts";

const SIDE = 28;
const DIGITS = 10;

const help = (name: string): string => `
Examples:
  ${name} predict runs/mnist-1 seven.png
  ${name} predict runs/mnist-1 a.png b.jpg --json

Pictures may be PNG or JPEG of any size, grey or coloured, dark ink on light paper or light on dark. Each is fitted as
MNIST was made: the ink scaled into 20 x 20 pixels, centred by its mass in 28 x 28.`;

interface PredictOptions {
  json?: boolean;
  allowNonFinite?: boolean;
}

interface Reading {
  image: string;
  /** null where the network's answer is no number. */
  digit: number | null;
  probability: number | null;
  probabilities: number[];
}

export function addPredictCommand(program: Command): void {
  program
    .command("predict")
    .summary("read digits in pictures")
    .description("Reads a digit in each picture with the network of a run.")
    .argument("<folder>", "the folder of a run")
    .argument("<image...>", "PNG or JPEG files")
    .option("--json", "print one JSON object as the last line on standard output")
    .option("--allow-non-finite", "use a network whose parameters are NaN or infinite")
    .addHelpText("after", () => help(commandName()))
    .action(async (path: string, images: string[], options: PredictOptions) => {
      process.exitCode = await readPictures(path, images, options);
    });
}

/**
 * The network of a run in its newest whole state: the finished one, or a checkpoint where the run went on since, is not
 * finished, or the finished one is damaged. What is taken in place of something newer or expected is told to `say`.
 * @throws UserError if there is none, or it is not the network that the run's configuration asks for.
 */
export function loadRunModel(path: string, allowNonFinite: boolean, say: (line: string) => void): Model {
  const folder = new RunFolder(path);
  const config = folder.readConfig();
  // Runs of version 1 do not say how many classes they have: it was ten always.
  const classes = config.classes ?? DIGITS;
  if (classes !== DIGITS)
    throw new UserError(`the network in ${path} tells ${classes} classes, not the ${DIGITS} digits`);
  const model = networkOf(config, { inputs: SIDE * SIDE, picture: [1, SIDE, SIDE], classes }, folder);
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
    return model;
  }
  if (finished !== undefined) {
    for (const { message } of problems) say(message);
    const { tensors } = finished;
    rethrowing(() => loadParameters(model, { tensors, metadata: {} }, file, { allowNonFinite }));
    return model;
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
): { tensors: Record<string, Tensor>; epochs: number | undefined } {
  const { tensors, metadata } = rethrowing(() => readSafetensors(readRegularFileSync(file), file));
  const { epochs, architecture } = metadata;
  if (architecture !== wanted) throw otherNetwork(file, architecture);
  if (!allowNonFinite) refuseNonFinite(tensors, file);
  if (epochs !== undefined && !/^\d+$/.test(epochs)) {
    throw new UserError(`${file} is damaged: epochs is ${JSON.stringify(epochs)}: a whole number is expected`);
  }
  return { tensors, epochs: epochs === undefined ? undefined : Number(epochs) };
}

/** Says what the network is, where it is not for digits. */
function otherNetwork(file: string, architecture: string | undefined): UserError {
  try {
    const { inputShape } = JSON.parse(architecture ?? "") as { inputShape: unknown };
    if (Array.isArray(inputShape) && inputShape.join() !== String(SIDE * SIDE)) {
      return new UserError(
        `the network in ${file} takes inputs of shape (${inputShape.slice(0, 8).join(", ")}), not 28 x 28 pictures`,
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

async function readPictures(path: string, images: readonly string[], options: PredictOptions): Promise<number> {
  const { json = false, allowNonFinite = false } = options;
  const model = loadRunModel(path, allowNonFinite, (line) => process.stderr.write(`${line}\n`));
  const readings: Reading[] = [];
  let failures = 0;
  for (const image of images) {
    try {
      const reading = await readPicture(model, image, allowNonFinite);
      readings.push(reading);
      if (!json || images.length > 1) (json ? process.stderr : process.stdout).write(`${describe(reading)}\n`);
    } catch (error) {
      failures += 1;
      process.stderr.write(`error: ${(error as Error).message}\n`);
    }
  }
  if (json) process.stdout.write(`${JSON.stringify({ folder: path, predictions: readings })}\n`);
  return failures > 0 ? 1 : 0;
}

async function readPicture(model: Model, image: string, allowNonFinite: boolean): Promise<Reading> {
  if (existsSync(image) && statSync(image).isDirectory())
    throw new UserError(`${image} is a folder; give picture files`);
  let pixels: Float32Array;
  try {
    pixels = fitAsMnist(await readImageFile(image));
  } catch (error) {
    const message = (error as Error).message;
    throw new UserError(message.includes(image) ? message : `${image}: ${message}`, { cause: error });
  }
  const outputs = scope(() => predict(model, tensor(pixels, { shape: [1, pixels.length] })).dataSync());
  // Sigmoid outputs need not add up to 1; as shares of their sum they read like probabilities.
  const values = Array.from(outputs);
  if (!values.every(Number.isFinite)) {
    if (!allowNonFinite) throw new UserError(`${image}: the network answers ${values.join(", ")}: it is of no use`);
    return { image, digit: null, probability: null, probabilities: values };
  }
  const sum = values.reduce((a, b) => a + b, 0);
  const probabilities = values.map((value) => (sum > 0 ? value / sum : 1 / outputs.length));
  const digit = probabilities.indexOf(Math.max(...probabilities));
  return { image, digit, probability: probabilities[digit], probabilities };
}

function describe({ image, digit, probability, probabilities }: Reading): string {
  if (digit === null || probability === null) return `${image}: no number`;
  const others = probabilities
    .map((value, i) => ({ value, i }))
    .filter(({ i, value }) => i !== digit && value >= 0.01)
    .sort((a, b) => b.value - a.value)
    .slice(0, 3)
    .map(({ value, i }) => `${i} ${(100 * value).toFixed(1)}%`);
  return `${image}: ${digit}  (${(100 * probability).toFixed(1)}%${others.length > 0 ? `; then ${others.join(", ")}` : ""})`;
}
