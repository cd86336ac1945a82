// A folder of four IDX files, called as they are found in the wild, and read as pictures with labels: of any number of classes, labels that begin
// at 0 or 1, pictures upright or turned over.
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fields, flag, knownOptions, positive, text, whole } from "../engine/checks.ts";
import { type MnistPart, mnistFiles } from "./catalogue.ts";
import { errorCode, explain, nameOf } from "./file.node.ts";
import type { IdxArray } from "./idx.ts";
import { readIdxFile } from "./idx-file.node.ts";
import { idxName } from "./idx-names.ts";
import { checkImageSet, type ImageSet, type TrainAndTest } from "./image-set.ts";

export const idxParts = Object.keys(mnistFiles) as MnistPart[];
/** Where the four files of a data set lie. */
export type IdxPaths = Readonly<Record<MnistPart, string>>;

/** What `loadImageFolder` may be told. */
export interface ImageFolderOptions {
  /** How many classes there are, from label 0. Default: as many as the labels say. */
  readonly classes?: number;
  /** The longest file to read, decompressed. Default 1 GiB. */
  readonly maxBytes?: number;
  /** Which data set, where the folder holds several: what stands before "train" in the files' names, such as "emnist-letters". */
  readonly prefix?: string;
  /** Whether rows and columns change places. Default: where the names say EMNIST, whose pictures are stored so. */
  readonly transpose?: boolean;
}

/** The files of one data set that a folder holds, by the part that each plays. */
export type IdxGroup = Partial<Record<MnistPart, string>>;

/**
 * The data sets of a folder by the prefix of their files. A file may lie in a folder of its own name; plain ones go before compressed ones.
 * @throws the file system's error
 */
export async function idxGroups(folder: string): Promise<Map<string, IdxGroup>> {
  const groups = new Map<string, IdxGroup>();
  const found: { path: string; rank: number; name: string }[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (idxName(entry.name) === undefined) continue;
    const path = join(folder, entry.name);
    const rank = entry.name.endsWith(".gz") ? 1 : 0;
    if (await isFile(entry, path)) found.push({ path, rank, name: entry.name });
    else for (const inner of await filesIn(path)) found.push({ path: join(path, inner), rank: rank + 2, name: inner });
  }
  found.sort((a, b) => a.rank - b.rank || (a.path < b.path ? -1 : 1));
  for (const { path, name } of found) {
    const known = idxName(name);
    if (known === undefined) continue;
    const group = groups.get(known.prefix) ?? {};
    group[known.part] ??= path;
    groups.set(known.prefix, group);
  }
  return groups;
}

async function isFile(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Those of the four files that a group has not, as MNIST calls them. */
export function missingIn(group: IdxGroup | undefined): string[] {
  return idxParts.filter((part) => group?.[part] === undefined).map((part) => mnistFiles[part].name);
}

/**
 * Loads a folder of four IDX files: pictures and labels for training and for test. Their names are those of MNIST (`train-images-idx3-ubyte`,
 * `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`) or like them: with dots for dashes, `test` for `t10k`, a prefix
 * (`emnist-letters-train-images-idx3-ubyte`), `.gz` behind, or each file in a folder of its own name. A path that ends in a prefix, `FOLDER/emnist-letters`,
 * chooses one of several data sets. Images may have any size, the same in all.
 *
 * Labels that begin at 1 are moved to begin at 0, and pictures of EMNIST are turned upright; `notes` says so.
 * @throws Error if the folder or a file is missing, a file is not sound, sizes differ, or a class has no training image; the message names the file
 * @example
 * ```ts
 * const load = async (folder: string) => toSamples((await loadImageFolder(folder)).train);
 * ```
 */
export async function loadImageFolder(path: string, options: ImageFolderOptions = {}): Promise<TrainAndTest> {
  const owner = "loadImageFolder";
  text(owner, "the path", path);
  fields(owner, "options", options);
  knownOptions(owner, options, ["classes", "maxBytes", "prefix", "transpose"]);
  if (options.maxBytes !== undefined) positive(owner, "maxBytes", options.maxBytes);
  if (options.classes !== undefined) whole(owner, "classes", options.classes, 1);
  if (options.prefix !== undefined) text(owner, "prefix", options.prefix);
  if (options.transpose !== undefined) flag(owner, "transpose", options.transpose);
  const { folder, prefix, paths } = await locate(resolve(path), options.prefix);
  const transpose = options.transpose ?? /emnist/i.test(`${basename(folder)}/${prefix}`);
  return readIdxParts(paths, { ...options, transpose });
}

interface Located {
  folder: string;
  prefix: string;
  paths: IdxPaths;
}

/** Where the four files are: in a folder, or in the folder above for what is a prefix and no folder. */
export async function locate(path: string, wanted?: string): Promise<Located> {
  let folder = path;
  let prefix = wanted;
  let groups: Map<string, IdxGroup>;
  try {
    if (!(await stat(folder)).isDirectory()) {
      throw new Error(`${folder}: is a file; give the folder that holds the four IDX files`);
    }
    groups = await idxGroups(folder);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    const above = wanted === undefined ? await groupAbove(path) : undefined;
    if (above === undefined) {
      throw new Error(
        `${nameOf(folder)}: ${explain(error)}; give a folder that holds four IDX files named as those of MNIST`,
      );
    }
    [folder, prefix, groups] = [dirname(path), basename(path), above];
  }
  const chosen = prefix ?? choose(folder, groups);
  const group = groups.get(chosen);
  const missing = missingIn(group);
  if (missing.length === 0) return { folder, prefix: chosen, paths: group as IdxPaths };
  const named = chosen === "" ? missing : missing.map((name) => `${chosen}-${name}`);
  const others = [...groups.keys()].filter((other) => missingIn(groups.get(other)).length === 0);
  const instead = others.length > 0 ? `; whole data sets in it: ${listed(others)}` : "";
  throw new Error(
    `${folder}: no ${named.join(", no ")}; a data folder holds ${idxParts.map((part) => mnistFiles[part].name).join(", ")}, ` +
      `plain or with .gz, also with a prefix to all, dots for dashes, or test for t10k${instead}`,
  );
}

/** The data sets in the folder above a path, if one of them has the path's last part for a prefix. */
async function groupAbove(path: string): Promise<Map<string, IdxGroup> | undefined> {
  try {
    const groups = await idxGroups(dirname(path));
    return groups.has(basename(path)) ? groups : undefined;
  } catch {
    return undefined;
  }
}

/** The prefix of the only whole data set, or of that without one; "" where there is none that is whole and names tell nothing. */
function choose(folder: string, groups: ReadonlyMap<string, IdxGroup>): string {
  const whole = [...groups.keys()].filter((prefix) => missingIn(groups.get(prefix)).length === 0).sort();
  if (whole.length === 1) return whole[0];
  if (whole.length === 0) return groups.size === 1 ? [...groups.keys()][0] : "";
  if (whole.includes("")) return "";
  throw new Error(
    `${folder}: holds several data sets: ${listed(whole)}; choose one by its prefix, as ${join(folder, whole[0])}`,
  );
}

function listed(prefixes: readonly string[]): string {
  const shown = prefixes.map((prefix) => (prefix === "" ? "that without a prefix" : prefix));
  return shown.length > 8 ? `${shown.slice(0, 8).join(", ")} and ${shown.length - 8} more` : shown.join(", ");
}

/** Reads the four files. @throws Error naming the one that is not sound, or does not fit the others. */
export async function readIdxParts(
  paths: IdxPaths,
  options: { classes?: number; maxBytes?: number; transpose?: boolean },
): Promise<TrainAndTest> {
  const { maxBytes, transpose = false } = options;
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all(
    idxParts.map((part) => readIdxFile(paths[part], maxBytes)),
  );
  checkFiles(trainImages, paths.trainImages, trainLabels, paths.trainLabels);
  checkFiles(testImages, paths.testImages, testLabels, paths.testLabels);
  const notes: string[] = [];
  const labels = { train: trainLabels.data as Uint8Array, test: testLabels.data as Uint8Array };
  const most = Math.max(maximum(labels.train), maximum(labels.test));
  const least = Math.min(minimum(labels.train), minimum(labels.test));
  let { classes } = options;
  if (least === 1 && (classes === undefined || most === classes)) {
    labels.train = labels.train.map((label) => label - 1);
    labels.test = labels.test.map((label) => label - 1);
    classes = most;
    notes.push(`The labels begin at 1: 1 to ${most} became 0 to ${most - 1}.`);
  }
  if (classes === undefined && labels.train.length > 0) {
    classes = maximum(labels.train) + 1;
    checkClasses(labels.train, classes, paths.trainLabels);
  }
  const part = (images: IdxArray, path: string, own: Uint8Array, labelPath: string): ImageSet => {
    const [count, height, width] = images.shape;
    const set = { images: images.data as Uint8Array, labels: own, count, height, width, classes: classes ?? 0 };
    return checkImageSet(set, count === 0 ? path : labelPath);
  };
  const train = part(trainImages, paths.trainImages, labels.train, paths.trainLabels);
  const test = part(testImages, paths.testImages, labels.test, paths.testLabels);
  if (train.height !== test.height || train.width !== test.width) {
    throw new Error(
      `${paths.testImages}: images of ${test.height}x${test.width}, but those of ${paths.trainImages} are ${train.height}x${train.width}; they must have one size`,
    );
  }
  if (transpose) notes.push("The pictures were turned over: their rows are the columns of the files, as in EMNIST.");
  const both = transpose ? { train: transposed(train), test: transposed(test) } : { train, test };
  return notes.length > 0 ? { ...both, notes } : both;
}

function checkFiles(images: IdxArray, imagePath: string, labels: IdxArray, labelPath: string): void {
  if (images.shape.length !== 3 || images.type !== "uint8") {
    throw new Error(
      `${imagePath}: holds ${images.type} of shape (${images.shape.join(", ")}), expected uint8 of shape (count, height, width)`,
    );
  }
  if (labels.shape.length !== 1 || labels.type !== "uint8") {
    throw new Error(
      `${labelPath}: holds ${labels.type} of shape (${labels.shape.join(", ")}), expected uint8 of shape (count)`,
    );
  }
  const [count] = images.shape;
  if (labels.shape[0] !== count) {
    throw new Error(
      `${labelPath}: ${labels.shape[0]} labels, but ${imagePath} holds ${count} images; every image needs exactly one label, so check that the two files belong together`,
    );
  }
}

function checkClasses(labels: Uint8Array, classes: number, path: string): void {
  const seen = new Set(labels);
  const without = Array.from({ length: classes }, (_, label) => label).filter((label) => !seen.has(label));
  if (without.length === 0) return;
  const shown =
    without.length > 8 ? `${without.slice(0, 8).join(", ")} and ${without.length - 8} more` : without.join(", ");
  const last = labels.indexOf(classes - 1);
  throw new Error(
    `${path}: no image of class ${shown}, though the labels go up to ${classes - 1} (at position ${last}, counted from 0); ` +
      `a class without a sample can't be learnt, so check that the file is whole, or set classes if that is meant`,
  );
}

const maximum = (bytes: Uint8Array): number => bytes.reduce((most, byte) => Math.max(most, byte), 0);
const minimum = (bytes: Uint8Array): number => bytes.reduce((least, byte) => Math.min(least, byte), 255);

/** Each picture with rows and columns in each other's place. */
function transposed(set: ImageSet): ImageSet {
  const { images, count, height, width } = set;
  const turned = new Uint8Array(images.length);
  const size = height * width;
  for (let n = 0; n < count; n++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        turned[n * size + column * height + row] = images[n * size + row * width + column];
      }
    }
  }
  return { ...set, images: turned, height: width, width: height };
}
