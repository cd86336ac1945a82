// `nabla predict`: what a trained network reads in a picture.
import { existsSync, readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import { fitAsMnist } from "../src/data/fit-image.ts";
import { readImageFile } from "../src/data/image-file.node.ts";
import { loadModel, loadParameters } from "../src/io/model.ts";
import { readSafetensors } from "../src/io/safetensors.ts";
import { type ModelConfig, Sequential } from "../src/nn/sequential.ts";
import { tensor } from "../src/tensor/create.ts";
import { scope } from "../src/tensor/tensor.ts";
import { predict } from "../src/train/evaluate.ts";
import { commandName } from "./command-name.ts";
import { UserError } from "./errors.ts";
import { modelOfRun } from "./run-config.ts";
import { type Checkpoint, RunFolder } from "./run-folder.ts";

const SIDE = 28;

const HELP = `
Examples:
  nabla predict runs/mnist-1 seven.png
  nabla predict runs/mnist-1 a.png b.jpg --json

Pictures may be PNG or JPEG of any size, grey or coloured, dark ink on light paper or light on dark. Each is fitted as
MNIST was made: the ink scaled into 20 x 20 pixels, centred by its mass in 28 x 28.`;

interface Reading {
  image: string;
  digit: number;
  probability: number;
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
    .addHelpText("after", HELP)
    .action(async (path: string, images: string[], options: { json?: boolean }) => {
      process.exitCode = await readPictures(path, images, options.json ?? false);
    });
}

/**
 * The network of a run in its newest whole state: the finished one, or a checkpoint where the run went on since or is not
 * finished. What is taken in place of something newer or expected is told to `say`.
 * @throws UserError if there is none, or it is not the network that the run's configuration asks for.
 */
export function loadRunModel(path: string, say: (line: string) => void): Sequential {
  const folder = new RunFolder(path);
  const config = folder.readConfig();
  const file = folder.file("model.safetensors");
  const finished = existsSync(file) ? readFinished(file) : undefined;
  const checkpoint = folder.readNewestCheckpoint((damage) => say(`${damage}; using what is before it`));
  const newer = checkpoint !== undefined && (finished === undefined || isNewer(checkpoint, file, finished.epochs));
  const model = newer ? modelOf(checkpoint) : finished?.model;
  if (newer) {
    const { epoch, step } = checkpoint.state;
    const taken = `using its checkpoint after epoch ${epoch}${step > 0 ? ` and ${step} steps` : ""}`;
    say(
      finished === undefined
        ? `${path} is not finished: ${taken}`
        : `${path} went on after ${file} was written: ${taken}`,
    );
  }
  if (model === undefined) {
    throw new UserError(
      `${path} holds no trained network yet: no epoch was complete. Go on with: ${commandName()} train --resume ${path}`,
    );
  }
  const wanted = modelOfRun(config, model.inputShape[0], config.classes ?? model.outputShape[0]);
  if (JSON.stringify(wanted.config()) !== JSON.stringify(model.config())) {
    throw new UserError(
      `the network in ${path} is another one than its config.json asks for; the files are not of one run. Restore the one that was changed.`,
    );
  }
  return model;
}

/** The network of a finished run, and how many epochs it has learnt; runs of version 1 do not say. */
function readFinished(file: string): { model: Sequential; epochs: number | undefined } {
  return rethrowing(() => {
    const bytes = readFileSync(file);
    const { epochs } = readSafetensors(bytes, file).metadata;
    return { model: loadModel(bytes, file), epochs: epochs === undefined ? undefined : Number(epochs) };
  });
}

/** Whether a checkpoint is of a later state than the finished network in `file`, which has learnt so many epochs. */
function isNewer({ path, state }: Checkpoint, file: string, epochs: number | undefined): boolean {
  if (epochs === undefined) return statSync(path).mtimeMs > statSync(file).mtimeMs;
  return state.epoch > epochs || (state.epoch === epochs && state.step > 0);
}

function modelOf({ architecture, tensors, path }: Checkpoint): Sequential {
  return rethrowing(() => {
    const model = Sequential.fromConfig(JSON.parse(architecture) as ModelConfig);
    loadParameters(model, { tensors, metadata: {} }, path);
    return model;
  });
}

function rethrowing<R>(body: () => R): R {
  try {
    return body();
  } catch (error) {
    throw new UserError((error as Error).message, { cause: error });
  }
}

async function readPictures(path: string, images: readonly string[], json: boolean): Promise<number> {
  const model = loadRunModel(path, (line) => process.stderr.write(`${line}\n`));
  if (model.inputShape.join() !== String(SIDE * SIDE)) {
    throw new UserError(
      `the network in ${path} takes inputs of shape (${model.inputShape.join(", ")}), not 28 x 28 pictures`,
    );
  }
  const readings: Reading[] = [];
  let failures = 0;
  for (const image of images) {
    try {
      const reading = await readPicture(model, image);
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

async function readPicture(model: Sequential, image: string): Promise<Reading> {
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
  const sum = values.reduce((a, b) => a + b, 0);
  const probabilities = values.map((value) => (sum > 0 ? value / sum : 1 / outputs.length));
  const digit = probabilities.indexOf(Math.max(...probabilities));
  return { image, digit, probability: probabilities[digit], probabilities };
}

function describe({ image, digit, probability, probabilities }: Reading): string {
  const others = probabilities
    .map((value, i) => ({ value, i }))
    .filter(({ i, value }) => i !== digit && value >= 0.01)
    .sort((a, b) => b.value - a.value)
    .slice(0, 3)
    .map(({ value, i }) => `${i} ${(100 * value).toFixed(1)}%`);
  return `${image}: ${digit}  (${(100 * probability).toFixed(1)}%${others.length > 0 ? `; then ${others.join(", ")}` : ""})`;
}
