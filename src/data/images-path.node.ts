// Pictures with labels under a path, whichever way they are laid out: IDX files, CIFAR, folders of classes, CSV.
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { flag, knownOptions, text } from "../engine/checks.ts";
import type { Group } from "../engine/group.ts";
import { findCifar, loadCifar } from "./cifar.node.ts";
import { type ClassFolderOptions, isClassFolder, loadClassFoldersTogether } from "./class-folder.node.ts";
import type { CsvRow } from "./csv.ts";
import { csvFileRows } from "./csv-file.node.ts";
import type { Dataset } from "./dataset/dataset.ts";
import { idxGroups, loadImageFolder } from "./idx-folder.node.ts";
import { holdOut, type ImageSet, pickImages, type TrainAndTest } from "./image-set.ts";
import { imagesFromCsv, pixelColumns } from "./pixel-csv.ts";

/** How a path is read; each option belongs to some of the layouts. */
export interface ImagesOptions extends ClassFolderOptions {
  /** IDX: whether rows and columns change places. Default: where the names say EMNIST. */
  readonly transpose?: boolean;
}

/** What lies under a path. */
export type DataLayout = "idx" | "cifar" | "classes" | "csv" | "nothing";

/** CSV by its name. */
const CSV = /\.(csv|tsv)(\.gz)?$/i;

/** The files of CSV in a folder by the part that each plays. */
interface CsvPaths {
  readonly train: string;
  readonly test: string | undefined;
}

/** Where CSV lies under a path: a file of its own, or `train.csv` and perhaps `test.csv` in a folder (`mnist_train.csv`, too). */
export async function findCsv(path: string): Promise<CsvPaths | undefined> {
  if (!(await stat(path)).isDirectory()) return CSV.test(path) ? { train: path, test: undefined } : undefined;
  const names = (await readdir(path)).filter((name) => CSV.test(name) && !name.startsWith(".")).sort();
  const named = (part: RegExp) => names.filter((name) => part.test(name)).map((name) => join(path, name));
  const [train] = named(/(^|[-_.])train/i);
  const [test] = named(/(^|[-_.])test/i);
  if (train !== undefined) return { train, test };
  return names.length === 1 ? { train: join(path, names[0]), test: undefined } : undefined;
}

/** How the data under a path are laid out, by names alone. @throws the file system's error */
export async function layoutOf(path: string): Promise<DataLayout> {
  if (!(await stat(path)).isDirectory()) return (await findCsv(path)) === undefined ? "nothing" : "csv";
  if ((await idxGroups(path)).size > 0) return "idx";
  if ((await findCifar(path)) !== undefined) return "cifar";
  if (await isClassFolder(path)) return "classes";
  return (await findCsv(path)) === undefined ? "nothing" : "csv";
}

/** The rows of a CSV file, with names of columns if its first line is no numbers. */
export async function csvFileOf(path: string): Promise<Dataset<CsvRow>> {
  return csvFileRows(path, { header: await hasHeader(path) });
}

/** Whether the first line of a CSV file names columns. */
export async function hasHeader(path: string): Promise<boolean> {
  const [first] = await csvFileRows(path, { header: false }).take(1).toArray();
  return first === undefined || !first.values.every((value) => value.trim() !== "" && Number.isFinite(Number(value)));
}

/** Whether the first row of a CSV file is a picture. */
export async function holdsPictures(rows: Dataset<CsvRow>): Promise<boolean> {
  const [first] = await rows.take(1).toArray();
  return first !== undefined && pixelColumns(first) !== undefined;
}

const OPTIONS = ["transpose", "channels", "size", "testShare"];

/**
 * Loads pictures with labels for training and for test, however they are laid out: a folder of four IDX files under any of their names
 * (`loadImageFolder`), of CIFAR in its binary form (`loadCifar`), of a folder of pictures for each class (`loadClassFolders`), or CSV with a line a picture
 * (`imagesFromCsv`), alone or as `train.csv` and `test.csv` in a folder. Where there is nothing to test with, a share of every class is kept for it.
 * `notes` says what a person should know.
 * @throws Error naming what is missing or wrong, and where.
 * @example
 * ```ts
 * const load = async (path: string) => {
 *   const { train, notes = [] } = await loadImages(path);
 *   console.log(notes.join("\n"));
 *   return imageDataset(train).shuffle().batch(32);
 * };
 * ```
 */
export function loadImages(path: string, options: ImagesOptions = {}): Promise<TrainAndTest> {
  return loadImagesTogether(null, path, options);
}

/** As `loadImages`, on all ranks of a group: pictures in files of their own are read and decoded once, each by one of the ranks. */
export async function loadImagesTogether(
  group: Group | null,
  path: string,
  options: ImagesOptions,
): Promise<TrainAndTest> {
  text("loadImages", "the path", path);
  const { transpose, ...rest } = knownOptions("loadImages", options, OPTIONS);
  if (transpose !== undefined) flag("loadImages", "transpose", transpose);
  const place = resolve(path);
  let layout: DataLayout;
  try {
    layout = await layoutOf(place);
  } catch {
    // A path may be a folder and the prefix of its files; and whoever reads IDX says what is wrong with a path.
    layout = "idx";
  }
  const turning = transpose === undefined ? {} : { transpose };
  if (transpose !== undefined && layout !== "idx") {
    throw new Error(`${place}: transpose is for IDX files, and there are none`);
  }
  const odd = (["size", "channels"] as const).find((name) => rest[name] !== undefined);
  if (odd !== undefined && layout !== "classes" && layout !== "nothing") {
    throw new Error(`${place}: ${odd} is for folders of pictures a class; the pictures there have one size and colour`);
  }
  switch (layout) {
    case "idx":
      return loadImageFolder(place, turning);
    case "cifar":
      return loadCifar(place);
    case "classes":
      return loadClassFoldersTogether(group, place, rest);
    case "csv":
      return loadCsvImages((await findCsv(place))!, options.testShare ?? 0.2);
    default:
      throw nothingIn(place);
  }
}

/** Says what a data set may be. */
export function nothingIn(path: string): Error {
  return new Error(
    `${path}: holds no data set: no IDX files (such as train-images-idx3-ubyte), no folder of pictures (PNG, JPEG, GIF, WebP) for each class, ` +
      "no CIFAR in its binary form (data_batch_1.bin), no CSV file (or several, none of them called train.csv)",
  );
}

async function loadCsvImages({ train, test }: CsvPaths, testShare: number): Promise<TrainAndTest> {
  const set = await imagesFromCsv(await csvFileOf(train), train);
  checkClasses(set, train);
  const notes: string[] = [];
  if (test !== undefined) {
    const rows = await csvFileOf(test);
    const [first] = await rows.take(1).toArray();
    const form = first && pixelColumns(first);
    if (form === undefined || form.label >= 0) {
      const tested = await imagesFromCsv(rows, test);
      if (tested.height !== set.height) {
        throw new Error(
          `${test}: images of ${tested.height}x${tested.width}, but those of ${train} are ${set.height}x${set.width}`,
        );
      }
      if (tested.classes > set.classes) {
        throw new Error(`${test}: label ${tested.classes - 1}, but those of ${train} go up to ${set.classes - 1}`);
      }
      return { train: set, test: { ...tested, classes: set.classes } };
    }
    notes.push(`${basename(test)} has no labels (as Kaggle's), so it can't be tested with.`);
  }
  const numbers = holdOut(set.labels, testShare, train);
  notes.push(`${numbers.test.length} of ${set.count} pictures, the same share of every class, are kept for testing.`);
  return { train: pickImages(set, numbers.train), test: pickImages(set, numbers.test), notes };
}

function checkClasses({ labels, classes }: ImageSet, path: string): void {
  const seen = new Set(labels);
  const without = Array.from({ length: classes }, (_, label) => label).find((label) => !seen.has(label));
  if (without === undefined) return;
  throw new Error(
    `${path}: no picture of class ${without}, though the labels go up to ${classes - 1}; a class without a sample can't be learnt`,
  );
}
