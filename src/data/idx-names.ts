// What IDX files of pictures and labels are called in the wild: `train-images-idx3-ubyte` as MNIST has it, with dots for dashes, with a prefix
// (`emnist-letters-train-images-idx3-ubyte`), `test` for `t10k`, and `.gz` behind.
import type { MnistPart } from "./catalogue.ts";

/** What a file's name tells. */
export interface IdxName {
  /** What stands before `train`: "emnist-letters", or "". */
  readonly prefix: string;
  readonly part: MnistPart;
}

const PATTERN = /^(?:(.*)[-_.])?(train|t10k|test)[-_.](image|label)s?[-_.]idx[13](?:[-_.]ubyte)?(?:\.gz)?$/i;

/** The part that a file plays by its name; undefined if it plays none. */
export function idxName(file: string): IdxName | undefined {
  const [, prefix = "", set, kind] = PATTERN.exec(file.slice(0, 200)) ?? [];
  if (set === undefined || kind === undefined) return undefined;
  const training = set.toLowerCase() === "train";
  const images = kind.toLowerCase() === "image";
  const part = training ? (images ? "trainImages" : "trainLabels") : images ? "testImages" : "testLabels";
  return { prefix, part };
}
