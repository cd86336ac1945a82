// What `nabla` means to the books' programs when they run in the studio: the library for browsers, and the data sets that Node reads from files,
// here from the server.
import { type ImageSet, type LabelledTree, parseTrees, readIdx, type TrainAndTest } from "../../src/index.ts";
import { dataAddress, hasData, readData } from "./data-files.ts";

export * from "../../src/index.ts";

export type MnistPlace =
  | { readonly found: true; readonly folder: string }
  | {
      readonly found: false;
      readonly looked: readonly { readonly folder: string; readonly missing: readonly string[] }[];
    };

const FILES = {
  trainImages: "train-images-idx3-ubyte",
  trainLabels: "train-labels-idx1-ubyte",
  testImages: "t10k-images-idx3-ubyte",
  testLabels: "t10k-labels-idx1-ubyte",
} as const;

/** Whether MNIST can be had here. */
export async function findMnist(): Promise<MnistPlace> {
  const folder = dataAddress("mnist").href;
  if (await hasData(`mnist/${FILES.testLabels}`)) return { found: true, folder };
  return { found: false, looked: [{ folder, missing: Object.values(FILES) }] };
}

async function read(file: string): Promise<Uint8Array> {
  const bytes = await readData(`mnist/${file}`);
  if (bytes !== undefined) return bytes;
  throw new Error(
    "MNIST is not at hand: start the studio with `nabla studio` on a machine that has it (`nabla data get mnist` fetches it)",
  );
}

async function setOf(images: string, labels: string): Promise<ImageSet> {
  const [pictures, answers] = (await Promise.all([read(images), read(labels)])).map((bytes) => readIdx(bytes));
  const [count, height, width] = pictures.shape;
  return {
    ...{ images: pictures.data as Uint8Array, labels: answers.data as Uint8Array },
    ...{ count, height, width, classes: 10 },
  };
}

/** MNIST: 60,000 images for training and 10,000 for test. @throws Error where there is none, with what to do. */
export async function mnist(): Promise<TrainAndTest> {
  const [train, test] = await Promise.all([
    setOf(FILES.trainImages, FILES.trainLabels),
    setOf(FILES.testImages, FILES.testLabels),
  ]);
  return { train, test };
}

const SST_PARTS = ["train", "dev", "test"] as const;

/** Whether the Stanford Sentiment Treebank can be had here: its address, or null. */
export async function findSst(): Promise<string | null> {
  return (await hasData(`sst/${SST_PARTS[0]}.txt`)) ? dataAddress("sst").href : null;
}

/** The Stanford Sentiment Treebank. @throws Error where there is none, with what to do. */
export async function loadSst(): Promise<Readonly<Record<(typeof SST_PARTS)[number], readonly LabelledTree[]>>> {
  const [train, dev, test] = await Promise.all(
    SST_PARTS.map(async (part) => {
      const bytes = await readData(`sst/${part}.txt`);
      if (bytes === undefined) {
        throw new Error(
          "the Stanford Sentiment Treebank is not at hand: start the studio with `nabla studio` on a machine that has it",
        );
      }
      return parseTrees(new TextDecoder().decode(bytes), { source: `sst/${part}.txt` });
    }),
  );
  return { train, dev, test };
}

const NO_FILES = "a page reads no files: run this experiment with `nabla book run`";

/** A page has no files to read. */
export function readImageFile(_path: string): Promise<{ width: number; height: number; data: Uint8Array }> {
  throw new Error(NO_FILES);
}

/** See readImageFile. */
export function cacheFolder(): string {
  throw new Error(NO_FILES);
}
