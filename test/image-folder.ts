// A folder laid out like MNIST, with a few generated digits, for the tests of what reads such folders.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mnistFiles } from "../src/data/catalogue.ts";
import { drawDigits } from "../src/data/digits.ts";
import { writeIdx } from "../src/data/idx.ts";
import type { ImageSet } from "../src/data/image-set.ts";

/** The pictures of a set as an IDX file. */
export function imageBytes(set: ImageSet): Uint8Array {
  return writeIdx({ type: "uint8", shape: [set.count, set.height, set.width], data: set.images });
}

/** Its labels as an IDX file. */
export function labelBytes(set: ImageSet): Uint8Array {
  return writeIdx({ type: "uint8", shape: [set.count], data: set.labels });
}

/** What the folder holds. */
export const small = { train: drawDigits(20, 1), test: drawDigits(10, 2) };

/** The files' names in MNIST. */
export const names = {
  trainImages: mnistFiles.trainImages.name,
  trainLabels: mnistFiles.trainLabels.name,
  testImages: mnistFiles.testImages.name,
  testLabels: mnistFiles.testLabels.name,
};

/** Writes the folder; some files may be replaced, or (null) left out. */
export async function writeFolder(
  path: string,
  replaced: Partial<Record<keyof typeof names, Uint8Array | null>> = {},
): Promise<void> {
  await mkdir(path, { recursive: true });
  const content = {
    trainImages: imageBytes(small.train),
    trainLabels: labelBytes(small.train),
    testImages: imageBytes(small.test),
    testLabels: labelBytes(small.test),
    ...replaced,
  };
  for (const [part, bytes] of Object.entries(content)) {
    if (bytes) await writeFile(join(path, names[part as keyof typeof names]), bytes);
  }
}
