// A folder of CIFAR-10 or CIFAR-100 in the binary form, as its archive unpacks.
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { knownOptions, oneOf, text } from "../engine/checks.ts";
import { type CifarOptions, readCifar } from "./cifar.ts";
import { explain, MOST_BYTES, nameOf, readRegularFile } from "./file.node.ts";
import { checkImageSet, type ImageSet, type TrainAndTest } from "./image-set.ts";

/** The files of each, and where the names of classes stand. */
const FORMS = {
  "cifar-10": {
    train: [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`),
    test: "test_batch.bin",
    names: { fine: "batches.meta.txt", coarse: "batches.meta.txt" },
    inner: "cifar-10-batches-bin",
  },
  "cifar-100": {
    train: ["train.bin"],
    test: "test.bin",
    names: { fine: "fine_label_names.txt", coarse: "coarse_label_names.txt" },
    inner: "cifar-100-binary",
  },
} as const;
type CifarName = keyof typeof FORMS;

/** Which of the two a folder holds by its files, and where; undefined if neither. */
export async function findCifar(path: string): Promise<{ folder: string; set: CifarName } | undefined> {
  for (const set of Object.keys(FORMS) as CifarName[]) {
    for (const folder of [path, join(path, FORMS[set].inner)]) {
      const names = await namesIn(folder);
      const parts = [...FORMS[set].train, FORMS[set].test];
      // One file of CIFAR-10 is unmistakable; "train.bin" alone may be anything.
      const there = parts.filter((part) => names.includes(part));
      if (set === "cifar-10" ? there.length > 0 : there.length === 2) return { folder, set };
    }
  }
  return undefined;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

/**
 * Loads CIFAR-10 or CIFAR-100 from the folder that its binary archive unpacks to: `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, or
 * `train.bin` and `test.bin`. CIFAR-10 may have fewer of the five.
 * @param options `labels`: for CIFAR-100, the 100 "fine" classes (default) or the 20 "coarse" ones.
 * @throws Error if the folder holds neither, or a file is not sound; the message names the file.
 * @example
 * ```ts
 * const load = async (folder: string) => imageDataset((await loadCifar(folder)).train).shuffle().batch(64);
 * ```
 */
export async function loadCifar(path: string, options: Pick<CifarOptions, "labels"> = {}): Promise<TrainAndTest> {
  text("loadCifar", "the path", path);
  knownOptions("loadCifar", options, ["labels"]);
  const { labels = "fine" } = options;
  oneOf("loadCifar", "labels", labels, ["fine", "coarse"]);
  const place = await findCifar(resolve(path));
  if (place === undefined) throw await nothingIn(resolve(path));
  const { folder, set } = place;
  const { train, test, names } = FORMS[set];
  const there = await namesIn(folder);
  const present = train.filter((name) => there.includes(name));
  if (present.length === 0) throw new Error(`${folder}: no ${train[0]}; unpack the whole archive`);
  const classNames = there.includes(names[labels]) ? await classNamesIn(join(folder, names[labels])) : undefined;
  const read = async (files: readonly string[]): Promise<ImageSet> => {
    const parts: ImageSet[] = [];
    for (const file of files) {
      const place = join(folder, file);
      parts.push(readCifar(await readRegularFile(place, MOST_BYTES), { set, labels }, place));
    }
    const named = classNames?.length === parts[0].classes ? { classNames } : {};
    return checkImageSet({ ...joined(parts), ...named }, folder);
  };
  const missing = train.filter((name) => !there.includes(name));
  const notes =
    missing.length > 0 ? [`${missing.join(", ")} of CIFAR-10 ${missing.length > 1 ? "are" : "is"} not there.`] : [];
  const both = { train: await read(present), test: await read([test]) };
  return notes.length > 0 ? { ...both, notes } : both;
}

function joined(parts: readonly ImageSet[]): ImageSet {
  if (parts.length === 1) return parts[0];
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const size = parts[0].images.length / parts[0].count;
  const images = new Uint8Array(count * size);
  const labels = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    images.set(part.images, at * size);
    labels.set(part.labels, at);
    at += part.count;
  }
  return { ...parts[0], images, labels, count };
}

/** A name a line; empty lines stand at the end of CIFAR's own file. */
async function classNamesIn(path: string): Promise<string[]> {
  const lines = new TextDecoder().decode(await readRegularFile(path, 2 ** 20)).split(/\r?\n/);
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}

async function nothingIn(folder: string): Promise<Error> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    return new Error(`${nameOf(folder)}: ${explain(error)}; give the folder that CIFAR's binary archive unpacks to`);
  }
  const python = names.includes("data_batch_1") || names.includes("cifar-10-batches-py") || names.includes("train");
  const packed = names.find((name) => /^cifar.*\.tar(\.gz)?$/.test(name));
  const remedy = python
    ? "it seems to be the Python version; get the binary version"
    : packed !== undefined
      ? `unpack ${packed} first`
      : "a folder of CIFAR holds data_batch_1.bin and test_batch.bin, or train.bin and test.bin";
  return new Error(`${folder}: no CIFAR in its binary form; ${remedy}`);
}
