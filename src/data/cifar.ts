// CIFAR-10 and CIFAR-100 in their binary form: one record a picture, a byte of label (two in CIFAR-100: coarse, then fine), then 3 planes of 32 x 32
// bytes, red, green, blue. No header: only the length and the labels tell whether a file is sound.
// Source: A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
import { bytesOfFile, knownOptions, oneOf, text } from "../engine/checks.ts";
import type { ImageSet } from "./image-set.ts";
import { refuseLfsPointer } from "./lfs.ts";

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;

/** Which of the two data sets, and which of CIFAR-100's labels: its 100 fine or its 20 coarse ones. */
export interface CifarOptions {
  /** Default "cifar-10". */
  readonly set?: "cifar-10" | "cifar-100";
  /** For CIFAR-100; default "fine". */
  readonly labels?: "fine" | "coarse";
}

/** Where a record has the label that is asked for, how long its labels are, and how many classes there are. */
function formOf({ set = "cifar-10", labels = "fine" }: CifarOptions): { head: number; at: number; classes: number } {
  if (set === "cifar-10") return { head: 1, at: 0, classes: 10 };
  return labels === "fine" ? { head: 2, at: 1, classes: 100 } : { head: 2, at: 0, classes: 20 };
}

/**
 * Reads a binary file of CIFAR-10 or CIFAR-100: pictures of 32x32 pixels in red, green and blue.
 * @param name what to call the bytes in error messages, such as the file's path.
 * @throws Error if the bytes are no whole number of records, or a label is too high (its position is named).
 * @example
 * ```ts
 * const record = new Uint8Array(1 + 3 * 32 * 32);
 * record[0] = 7;
 * const { count, classes, labels } = readCifar(record);
 * count; // 1
 * classes; // 10
 * labels; // [7]
 * ```
 */
export function readCifar(bytes: Uint8Array, options: CifarOptions = {}, name = "CIFAR data"): ImageSet {
  const owner = "readCifar";
  bytesOfFile(owner, bytes);
  knownOptions(owner, options, ["set", "labels"]);
  text(owner, "name", name);
  if (options.set !== undefined) oneOf(owner, "set", options.set, ["cifar-10", "cifar-100"]);
  if (options.labels !== undefined) oneOf(owner, "labels", options.labels, ["fine", "coarse"]);
  const { head, at, classes } = formOf(options);
  const record = head + PIXELS;
  refuseLfsPointer(name, bytes);
  const count = Math.floor(bytes.length / record);
  if (count === 0 || count * record !== bytes.length) {
    throw new Error(
      `${name}: ${bytes.length} bytes are no whole number of records of ${record} bytes (${head} of labels, 3 x 32 x 32 of colours); ` +
        `the file is damaged, incomplete, or not ${options.set ?? "cifar-10"} in its binary form`,
    );
  }
  const images = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let k = 0; k < count; k++) {
    const from = k * record;
    labels[k] = bytes[from + at];
    if (labels[k] >= classes) {
      throw new Error(
        `${name}: label ${labels[k]} at picture ${k} (counted from 0) is not below ${classes}; the file is damaged, so fetch it again`,
      );
    }
    images.set(bytes.subarray(from + head, from + record), k * PIXELS);
  }
  return { images, labels, count, height: SIDE, width: SIDE, classes, channels: 3 };
}
