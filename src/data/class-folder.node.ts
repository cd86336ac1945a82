// Pictures in folders that are called like their classes: `train/cat/1.png`, `test/dog/7.jpg`, or without `train` and `test`.
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { knownOptions, oneOf, share, text, whole } from "../engine/checks.ts";
import { type Group, gatherBytes } from "../engine/group.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import type { Samples } from "./batches.ts";
import { Dataset } from "./dataset/dataset.ts";
import { hold } from "./dataset/held.ts";
import { numbered } from "./dataset/stage.ts";
import { explain, MOST_BYTES, nameOf } from "./file.node.ts";
import { readImageFile } from "./image-file.node.ts";
import { checkImageSet, holdOut, type ImageSet, type TrainAndTest } from "./image-set.ts";
import type { Picture } from "./picture.ts";
import { type Channels, isColoured, resizePlanes, toPlanes } from "./planes.ts";
import { shades } from "./samples.ts";
import { cut } from "./shares.ts";

/** How pictures of a folder are read. */
export interface ClassFolderOptions {
  /** 1 for grey, 3 for red, green and blue. Default: as the first picture is; one in colour after a first in grey is an error. */
  readonly channels?: Channels;
  /** Height and width that all pictures are brought to, or one number for both. Default: that of the first, which all others must have. */
  readonly size?: number | readonly [height: number, width: number];
  /** Share of each class that is kept for testing where there is no folder for it; default 0.2. */
  readonly testShare?: number;
}

/** Files of pictures and the numbers of their classes. */
interface Listing {
  readonly files: readonly string[];
  readonly labels: readonly number[];
}

const PICTURE = /\.(png|jpe?g|gif|webp)$/i;
const TRAIN = /^train(ing)?$/i;
/** In this order. */
const TEST = [/^test(ing)?$/i, /^val(id(ation)?)?$/i];
/** Most classes: a label is a byte. */
const MOST_CLASSES = 256;

interface Tree {
  readonly classNames: string[];
  readonly train: Listing;
  readonly test: Listing;
  readonly notes: string[];
}

/** Whether a folder is laid out so: it holds folders, and in them (or those of `train`) a picture. */
export async function isClassFolder(path: string): Promise<boolean> {
  try {
    const inner = await foldersIn(path);
    const train = inner.find((name) => TRAIN.test(name));
    const root = train === undefined ? path : join(path, train);
    for (const name of train === undefined ? inner : await foldersIn(root)) {
      if ((await readdir(join(root, name))).some((file) => PICTURE.test(file))) return true;
    }
  } catch {
    // Not a folder, or none that may be read: whoever reads it says so.
  }
  return false;
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const visible = entries.filter(({ name }) => !name.startsWith(".") && name !== "__MACOSX");
  return visible
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .sort();
}

/** All pictures below a folder, in the order of their names, and what else lies there. */
async function picturesIn(folder: string): Promise<{ pictures: string[]; others: string[] }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .filter(({ name }) => !name.startsWith(".") && !/^(Thumbs\.db|desktop\.ini)$/i.test(name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
  return {
    pictures: files.filter((file) => PICTURE.test(file)),
    others: files.filter((file) => !PICTURE.test(file)),
  };
}

async function listTree(path: string, testShare: number): Promise<Tree> {
  const root = resolve(path);
  let inner: string[];
  try {
    inner = await foldersIn(root);
  } catch (error) {
    throw new Error(`${nameOf(root)}: ${explain(error)}; give a folder that holds a folder of pictures for each class`);
  }
  const trainName = inner.find((name) => TRAIN.test(name));
  const trainRoot = trainName === undefined ? root : join(root, trainName);
  const testName = trainName && TEST.map((pattern) => inner.find((name) => pattern.test(name))).find(Boolean);
  const classNames = trainName === undefined ? inner : await foldersIn(trainRoot);
  if (classNames.length === 0) {
    throw new Error(
      `${trainRoot}: holds no folders; put the pictures of each class into a folder with the class's name`,
    );
  }
  if (classNames.length > MOST_CLASSES) {
    throw new Error(`${trainRoot}: ${classNames.length} folders; at most ${MOST_CLASSES} classes are read`);
  }
  const others: string[] = [];
  const list = async (place: string, names: readonly string[], all: boolean): Promise<Listing> => {
    const files: string[] = [];
    const labels: number[] = [];
    for (const name of names) {
      const found = await picturesIn(join(place, name));
      others.push(...found.others);
      if (found.pictures.length === 0 && all) throw noPicture(join(place, name), found.others);
      for (const file of found.pictures) {
        files.push(file);
        labels.push(classNames.indexOf(name));
      }
    }
    return { files, labels };
  };
  const train = await list(trainRoot, classNames, true);
  const notes: string[] = [];
  let parts = { train, test: train };
  if (testName !== undefined) {
    const testRoot = join(root, testName);
    const names = await foldersIn(testRoot);
    const unknown = names.find((name) => !classNames.includes(name));
    if (unknown !== undefined) {
      throw new Error(
        `${join(testRoot, unknown)}: a class that ${trainRoot} has no folder for; there are ${shown(classNames)}`,
      );
    }
    parts = { train, test: await list(testRoot, names, false) };
    if (parts.test.files.length === 0) throw noPicture(testRoot, []);
  } else {
    const numbers = holdOut(train.labels, testShare, root);
    const pick = (chosen: readonly number[]): Listing => ({
      files: chosen.map((k) => train.files[k]),
      labels: chosen.map((k) => train.labels[k]),
    });
    parts = { train: pick(numbers.train), test: pick(numbers.test) };
    notes.push(
      `There is no folder of test pictures: ${numbers.test.length} of ${train.files.length} pictures, the same share of every class, are kept for testing.`,
    );
  }
  if (others.length > 0) {
    notes.push(
      `${others.length} file${others.length > 1 ? "s that are no pictures (PNG, JPEG, GIF, WebP) were" : " that is no picture (PNG, JPEG, GIF, WebP) was"} left out, such as ${others[0]}.`,
    );
  }
  return { classNames, ...parts, notes };
}

function noPicture(folder: string, others: readonly string[]): Error {
  const found =
    others.length > 0 ? ` (but ${others[0]}${others.length > 1 ? ` and ${others.length - 1} more` : ""})` : "";
  return new Error(
    `${folder}: holds no PNG, JPEG, GIF or WebP picture${found}; a class without a sample can't be learnt, so add pictures or remove the folder`,
  );
}

function shown(names: readonly string[]): string {
  return names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ");
}

/** What all pictures are brought to. */
interface Form {
  readonly channels: Channels;
  readonly height: number;
  readonly width: number;
  /** Whether other sizes are fitted, and colours made grey. */
  readonly fits: boolean;
  readonly converts: boolean;
  readonly first: string;
}

async function formOf(file: string, options: ClassFolderOptions): Promise<Form> {
  const { size, channels } = options;
  const picture = size === undefined || channels === undefined ? await readImageFile(file) : undefined;
  const [height, width] = typeof size === "number" ? [size, size] : (size ?? [picture!.height, picture!.width]);
  const own = channels ?? (picture!.channels < 3 ? 1 : 3);
  return { channels: own, height, width, fits: size !== undefined, converts: channels !== undefined, first: file };
}

/** The planes of a picture file in the form of all. @throws Error naming the file */
async function readPlanes(file: string, form: Form): Promise<Uint8Array> {
  const picture: Picture = await readImageFile(file);
  const { channels, height, width } = form;
  if (!form.fits && (picture.height !== height || picture.width !== width)) {
    throw new Error(
      `${file}: ${picture.width}x${picture.height} pixels (width x height), but ${form.first} has ${width}x${height}; all pictures must have one size: set size to bring them to one`,
    );
  }
  if (channels === 1 && !form.converts && isColoured(picture)) {
    throw new Error(
      `${file}: is in colour, but ${form.first} is grey; set channels to 3 to read all in colour, or to 1 to make all grey`,
    );
  }
  return resizePlanes(toPlanes(picture, channels), channels, picture.height, picture.width, height, width);
}

const OPTIONS = ["channels", "size", "testShare"];

function checkOptions(owner: string, path: string, options: ClassFolderOptions): number {
  text(owner, "the path", path);
  knownOptions(owner, options, OPTIONS);
  const { channels, size, testShare = 0.2 } = options;
  if (channels !== undefined) oneOf(owner, "channels", channels, [1, 3]);
  if (size !== undefined && typeof size !== "number" && !(Array.isArray(size) && size.length === 2)) {
    throw new TypeError(`${owner}: size must be a number of pixels, or [height, width], got ${quote(size)}`);
  }
  if (size !== undefined) for (const side of typeof size === "number" ? [size] : size) whole(owner, "size", side, 1);
  return share(owner, "testShare", testShare);
}

/** Pictures of a folder as datasets. */
export interface ClassFolders {
  /** Sorted; a label is a place in this list. */
  readonly classNames: readonly string[];
  readonly train: Dataset<Samples>;
  readonly test: Dataset<Samples>;
  /** What a person should know of how the folder was read, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Pictures (PNG, JPEG, GIF, WebP) in a folder for each class: `train/CLASS/*` and `test/CLASS/*` (or `val`), or `CLASS/*`, of which a share is kept for testing.
 * As datasets of `{ x, y }`: pixels divided by 255, float32 [channels, height, width], and the class's number, int32. Names of classes are sorted. A
 * picture is read when it is asked for; shuffling moves names of files.
 * @throws Error if the folder is missing or holds no classes, or a class no picture; later, for a picture that is damaged or of another size. The
 * message names it.
 * @example
 * ```ts
 * const batches = async (folder: string) => {
 *   const { train } = await classFolders(folder, { size: 32, channels: 3 });
 *   return train.shuffle({ seed: 1 }).batch(64).prefetch(1);
 * };
 * ```
 */
export async function classFolders(path: string, options: ClassFolderOptions = {}): Promise<ClassFolders> {
  const { classNames, train, test, notes } = await listTree(path, checkOptions("classFolders", path, options));
  const form = await formOf(train.files[0], options);
  return { classNames, train: picturesOf(train, form), test: picturesOf(test, form), notes };
}

function picturesOf({ files, labels }: Listing, form: Form): Dataset<Samples> {
  const { channels, height, width } = form;
  const shape = [channels, height, width];
  const size = channels * height * width;
  return new Dataset(
    numbered<Samples>(
      files.length,
      undefined,
      async (index) => {
        const planes = await readPlanes(files[index], form);
        return hold(() => ({ x: shades(planes, shape), y: tensor(Int32Array.of(labels[index]), { shape: [] }) }));
      },
      async (indices) => {
        const bytes = new Uint8Array(indices.length * size);
        // Several files are read at a time: most of the time of a small one is waiting.
        await Promise.all(
          Array.from(indices, async (index, k) => bytes.set(await readPlanes(files[index], form), k * size)),
        );
        return hold(() => ({
          x: shades(bytes, [indices.length, ...shape]),
          y: tensor(indices.map((index) => labels[index])),
        }));
      },
    ),
  );
}

/**
 * All pictures of a folder as `classFolders` reads them, in memory as bytes.
 * @throws Error as `classFolders`, and if they take more than 1 GiB.
 * @example
 * ```ts
 * const load = async (folder: string) => toSamples((await loadClassFolders(folder, { size: 28 })).train, "images");
 * ```
 */
export function loadClassFolders(path: string, options: ClassFolderOptions = {}): Promise<TrainAndTest> {
  return loadClassFoldersTogether(null, path, options);
}

/** As `loadClassFolders`, on all ranks of a group: each reads and decodes its share of the files, and all have all pictures. */
export async function loadClassFoldersTogether(
  group: Group | null,
  path: string,
  options: ClassFolderOptions,
): Promise<TrainAndTest> {
  const { classNames, train, test, notes } = await listTree(path, checkOptions("loadClassFolders", path, options));
  const form = await formOf(train.files[0], options);
  const { channels, height, width } = form;
  const size = channels * height * width;
  const count = train.files.length + test.files.length;
  if (count * size > MOST_BYTES) {
    throw new Error(
      `${resolve(path)}: ${count} pictures of ${channels} x ${height} x ${width} bytes take more than ${MOST_BYTES}; set a smaller size, or read them as they are needed with classFolders`,
    );
  }
  const load = async ({ files, labels }: Listing): Promise<ImageSet> => {
    const images = new Uint8Array(files.length * size);
    const begins = (rank: number): number => cut(files.length, group?.size ?? 1, rank);
    const rank = group?.rank ?? 0;
    // From here on others wait for this one: a picture that it can't read ends them all.
    group?.enter();
    for (let k = begins(rank); k < begins(rank + 1); k++) images.set(await readPlanes(files[k], form), k * size);
    if (group !== null) {
      const mine = images.subarray(begins(rank) * size, begins(rank + 1) * size);
      for (const [which, bytes] of gatherBytes(group, mine, "the pictures").entries()) {
        if (bytes.length !== (begins(which + 1) - begins(which)) * size) {
          throw new Error(
            `${resolve(path)}: holds other pictures on this machine than on that of rank ${which}; give all machines the same files`,
          );
        }
        images.set(bytes, begins(which) * size);
      }
    }
    group?.leave();
    const set = { images, labels: Uint8Array.from(labels), count: files.length, height, width, channels };
    return checkImageSet({ ...set, classes: classNames.length, classNames }, path);
  };
  return { train: await load(train), test: await load(test), notes };
}
