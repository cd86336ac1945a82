// The data sets that the command line knows, as tensors: pixels 0 to 1 in rows, labels as class indices.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Samples } from "../src/data/batches.ts";
import { digits } from "../src/data/digits.ts";
import { loadImageFolder } from "../src/data/idx-folder.node.ts";
import type { ImageSet, TrainAndTest } from "../src/data/image-set.ts";
import { findMnist, loadMnist } from "../src/data/mnist.node.ts";
import { toSamples } from "../src/data/samples.ts";
import { splitSamples } from "../src/train/fit.ts";
import { commandName } from "./command-name.ts";
import { suggestion, UserError } from "./errors.ts";

/** Samples made for `--dataset digits`. */
const DIGITS = { train: 20_000, test: 4_000 };

export interface LoadedDataset {
  /** As it is to be shown: a folder's own name without the path to it. */
  name: string;
  training: Samples;
  validation: Samples | undefined;
  test: Samples;
  /** The test set's pictures, for the report. */
  testImages: ImageSet;
  inputs: number;
  classes: number;
  sums: DataSums;
}

/** SHA-256 of the pixels and labels as they are read, so that a run knows its data again wherever they lie. */
export interface DataSums {
  trainImages: string;
  trainLabels: string;
  testImages: string;
  testLabels: string;
}

function sumsOf({ train, test }: TrainAndTest): DataSums {
  const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  return {
    trainImages: sum(train.images),
    trainLabels: sum(train.labels),
    testImages: sum(test.images),
    testLabels: sum(test.labels),
  };
}

const PARTS: Readonly<Record<keyof DataSums, string>> = {
  trainImages: "training images",
  trainLabels: "training labels",
  testImages: "test images",
  testLabels: "test labels",
};

/** What of the data is no longer what it was, in words; empty if all is. */
export function changedParts(before: DataSums, now: DataSums): string[] {
  return (Object.keys(PARTS) as (keyof DataSums)[])
    .filter((part) => before[part] !== now[part])
    .map((part) => PARTS[part]);
}

/** "mnist" where it is on the machine, else "digits". */
export async function defaultDataset(): Promise<"mnist" | "digits"> {
  return (await findMnist()).found ? "mnist" : "digits";
}

async function readSets(name: string): Promise<TrainAndTest> {
  if (name === "mnist") return loadMnist();
  // The digits are the same for every seed of the network, so that runs compare; they are data, not part of the run's chance.
  if (name === "digits") return digits({ ...DIGITS, seed: 1 });
  if (!existsSync(name)) {
    throw new UserError(
      `there is no data set and no folder ${name}.${suggestion(name, ["mnist", "digits"])} --dataset takes mnist, digits, or a folder with four IDX files`,
    );
  }
  return loadImageFolder(name);
}

/**
 * Loads a data set by name or folder; with `split`, the training set's first `split` samples are for training and the rest for validation.
 * @throws UserError naming what is missing or wrong.
 */
export async function loadDataset(name: string, split: number | null): Promise<LoadedDataset> {
  let sets: TrainAndTest;
  try {
    sets = await readSets(name);
  } catch (error) {
    if (error instanceof UserError) throw error;
    // The library says how npm finds the command; here it is known how it was called.
    throw new UserError((error as Error).message.replace("npx nabla", commandName()), { cause: error });
  }
  const { train, test } = sets;
  const all = toSamples(train);
  let training = all;
  let validation: Samples | undefined;
  if (split !== null) {
    if (split > train.count) {
      throw new UserError(`--split ${split} is more than the ${train.count} training images of ${name}`);
    }
    if (split < train.count) [training, validation] = splitSamples(all, train.count - split);
  }
  return {
    name: basename(name),
    training,
    validation,
    test: toSamples(test),
    testImages: test,
    inputs: train.height * train.width,
    classes: train.classes,
    sums: sumsOf(sets),
  };
}
