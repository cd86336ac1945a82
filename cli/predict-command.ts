// `nabla predict`: what a trained network reads in a picture.
import { existsSync, readFileSync, statSync } from "node:fs";
import type { Command } from "commander";
import { fitAsMnist } from "../src/data/fit-image.ts";
import { readImageFile } from "../src/data/image-file.node.ts";
import { loadModel, loadParameters } from "../src/io/model.ts";
import { type ModelConfig, Sequential } from "../src/nn/sequential.ts";
import { tensor } from "../src/tensor/create.ts";
import { scope } from "../src/tensor/tensor.ts";
import { predict } from "../src/train/evaluate.ts";
import { UserError } from "./errors.ts";
import { RunFolder } from "./run-folder.ts";

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

/** The network of a run: the finished one, or the newest checkpoint of one that is not. */
export function loadRunModel(path: string): Sequential {
  const folder = new RunFolder(path);
  folder.readConfig();
  const file = folder.file("model.safetensors");
  if (existsSync(file)) return rethrowing(() => loadModel(readFileSync(file), file));
  const checkpoint = folder.readNewestCheckpoint();
  if (checkpoint === undefined) {
    throw new UserError(
      `${path} holds no trained network yet: no epoch was complete. Go on with: nabla train --resume ${path}`,
    );
  }
  return rethrowing(() => {
    const model = Sequential.fromConfig(JSON.parse(checkpoint.architecture) as ModelConfig);
    loadParameters(model, { tensors: checkpoint.tensors, metadata: {} }, checkpoint.path);
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
  const model = loadRunModel(path);
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
