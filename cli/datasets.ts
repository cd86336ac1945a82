// The data sets that the command line knows, as tensors: pixels 0 to 1 in rows, labels as class indices.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Samples } from "../src/data/batches.ts";
import { digits } from "../src/data/digits.ts";
import type { ImageSet, TrainAndTest } from "../src/data/image-set.ts";
import { csvFileOf, findCsv, holdsPictures, layoutOf, loadImagesTogether } from "../src/data/images-path.node.ts";
import { findMnist, loadMnist } from "../src/data/mnist.node.ts";
import { toSamples } from "../src/data/samples.ts";
import type { Group } from "../src/engine/group.ts";
import { splitSamples } from "../src/train/fit.ts";
import { commandName } from "./command-name.ts";
import { suggestion, UserError } from "./errors.ts";
import { loadTable } from "./table.ts";

/** Samples made for `--dataset digits`. */
export const DIGITS = { train: 20_000, test: 4_000 };

export interface LoadedDataset {
  /** As it is to be shown: a folder's own name without the path to it. */
  name: string;
  training: Samples;
  validation: Samples | undefined;
  test: Samples;
  /** The test set's pictures, for the report; undefined where the samples are no pictures. */
  testImages: ImageSet | undefined;
  inputs: number;
  /** Channels, height and width of a picture; undefined where the samples are none. */
  picture: readonly [channels: number, height: number, width: number] | undefined;
  classes: number;
  classNames: readonly string[];
  /** What a person should know of how the data were read, in sentences. */
  notes: readonly string[];
  /** What belongs into the model's file beside its parameters. */
  metadata: Readonly<Record<string, string>>;
  sums: DataSums;
}

/** How a data set of the user's is read, as the command line asks for it. */
export interface ReadOptions {
  /** Rows and columns of IDX pictures change places. */
  transpose?: boolean | undefined;
  /** Height and width that pictures of a folder are brought to. */
  size?: readonly [number, number] | undefined;
  /** Column of a table that is the class. */
  label?: string | undefined;
}

/** SHA-256 of the pixels and labels as they are read, so that a run knows its data again wherever they lie. */
export interface DataSums {
  trainImages: string;
  trainLabels: string;
  testImages: string;
  testLabels: string;
}

const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function sumsOf({ train, test }: TrainAndTest): DataSums {
  return {
    trainImages: sum(train.images),
    trainLabels: sum(train.labels),
    testImages: sum(test.images),
    testLabels: sum(test.labels),
  };
}

/** What each is called; tables have rows where pictures are meant. */
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

/** Layouts that a path may have, for messages. */
const LAYOUTS = "a folder with IDX files, with a folder of pictures for each class or with CIFAR, or a CSV file";

async function readSets(name: string, options: ReadOptions, group: Group | null): Promise<TrainAndTest> {
  const { transpose, size } = options;
  if (name === "mnist" || name === "digits") {
    const given = Object.entries(options).find(([, value]) => value !== undefined);
    if (given !== undefined) throw new UserError(`--${given[0]} is for data of your own, not for ${name}`);
    // The digits are the same for every seed of the network, so that runs compare; they are data, not part of the run's chance.
    return name === "mnist" ? loadMnist() : digits({ ...DIGITS, seed: 1 });
  }
  if (options.label !== undefined) throw new UserError(`--label is for tables in CSV, and ${name} holds pictures`);
  return loadImagesTogether(group, name, {
    ...(transpose !== undefined && { transpose }),
    ...(size !== undefined && { size }),
  });
}

export interface TableFile {
  readonly path: string;
  readonly rows: Awaited<ReturnType<typeof csvFileOf>>;
}

/** The rows of a table in CSV, where the path leads to one. */
export async function tableOf(name: string): Promise<TableFile | undefined> {
  if (name === "mnist" || name === "digits") return undefined;
  if (!existsSync(name)) {
    // What is no path may be a folder and the prefix of its files.
    if (existsSync(dirname(resolve(name))) && name.includes("/")) return undefined;
    throw new UserError(
      `there is no data set and no folder ${name}.${suggestion(name, ["mnist", "digits"])} --dataset takes mnist, digits, ${LAYOUTS}`,
    );
  }
  if ((await layoutOf(name)) !== "csv") return undefined;
  const path = (await findCsv(name))!.train;
  const rows = await csvFileOf(path);
  return (await holdsPictures(rows)) ? undefined : { path, rows };
}

/**
 * Loads a data set by name or path; with `split`, the training set's first `split` samples are for training and the rest for validation. Ranks that load
 * it together (`group`) share out what is slow to read.
 * @throws UserError naming what is missing or wrong.
 */
export async function loadDataset(
  name: string,
  split: number | null,
  options: ReadOptions = {},
  group: Group | null = null,
): Promise<LoadedDataset> {
  try {
    const table = await tableOf(name);
    const whole =
      table === undefined ? picturesOf(await readSets(name, options, group)) : await tableData(table, options);
    return { ...whole, name: basename(name), ...splitOf(whole.training, split, name) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    // The library says how npm finds the command and what its options are called; here it is known how it was called.
    const message = (error as Error).message
      .replace("npx nabla", commandName())
      .replace("set size to bring them to one", "--size 32x32 brings them to one");
    throw new UserError(message, { cause: error });
  }
}

function splitOf(all: Samples, split: number | null, name: string): Pick<LoadedDataset, "training" | "validation"> {
  const count = all.x.shape[0];
  if (split === null || split === count) return { training: all, validation: undefined };
  if (split > count) throw new UserError(`--split ${split} is more than the ${count} training images of ${name}`);
  const [training, validation] = splitSamples(all, count - split);
  return { training, validation };
}

/** All of a data set before it is split, and without its name. */
type Whole = Omit<LoadedDataset, "name" | "validation">;

function picturesOf(sets: TrainAndTest): Whole {
  const { train, test, notes = [] } = sets;
  const { channels = 1, height, width, classes } = train;
  if (classes < 2) throw new UserError("the data hold one class only; there must be two to tell apart");
  const classNames = train.classNames ?? Array.from({ length: classes }, (_, label) => String(label));
  return {
    training: toSamples(train),
    test: toSamples(test),
    testImages: test,
    inputs: channels * height * width,
    picture: [channels, height, width],
    ...{ classes, classNames, notes },
    metadata: train.classNames === undefined ? {} : { classNames: JSON.stringify(classNames) },
    sums: sumsOf(sets),
  };
}

async function tableData({ path, rows }: TableFile, options: ReadOptions): Promise<Whole> {
  const odd = (["transpose", "size"] as const).find((name) => options[name] !== undefined);
  if (odd !== undefined) throw new UserError(`--${odd} is for pictures, and ${path} is a table`);
  const { train, test, inputs, classNames, notes, metadata } = await loadTable(rows, path, options.label);
  const sumOf = (values: ArrayBufferView): string =>
    sum(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return {
    ...{ training: train, test, testImages: undefined, inputs, picture: undefined },
    ...{ classes: classNames.length, classNames, notes },
    metadata: { ...metadata, classNames: JSON.stringify(classNames) },
    sums: {
      trainImages: sumOf(train.x.dataSync()),
      trainLabels: sumOf(train.y.dataSync()),
      testImages: sumOf(test.x.dataSync()),
      testLabels: sumOf(test.y.dataSync()),
    },
  };
}
