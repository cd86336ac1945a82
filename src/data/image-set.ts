// Labelled grey pictures of one size, as plain bytes: the common shape of MNIST, of generated digits and of a user's own folder.
// Kept apart from tensors so that readers and generators need no engine.

import { whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";

/** Labelled pictures. Pixels are row-major, 0 is background and 255 full ink. */
export interface ImageSet {
  /** `count * height * width` bytes. */
  readonly images: Uint8Array;
  /** `count` bytes, each below `classes`. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

/** A training set and a test set of the same kind. */
export interface TrainAndTest {
  readonly train: ImageSet;
  readonly test: ImageSet;
}

/** Returns `set` if its parts agree.
 *
 * @param name what the set is called in error messages, such as a folder or a file
 * @throws if the images or labels do not match `count`, or if a label is not below `classes` (its position is named) */
export function checkImageSet(set: ImageSet, name = "image set"): ImageSet {
  const { images, labels, count, height, width, classes } = set;
  for (const [what, bytes] of Object.entries({ images, labels })) {
    if (!(bytes instanceof Uint8Array))
      throw new TypeError(`${name}: ${what} must be a Uint8Array, got ${quote(bytes)}`);
  }
  for (const [what, number] of Object.entries({ count, height, width, classes })) whole(name, what, number, 0);
  if (count === 0) throw new Error(`${name}: holds no images; a data set needs at least one`);
  if (images.length !== count * height * width) {
    throw new Error(
      `${name}: ${count} images of ${height}x${width} take ${count * height * width} bytes, but there are ${images.length}`,
    );
  }
  if (labels.length !== count) {
    throw new Error(
      `${name}: ${count} images but ${labels.length} labels; every image needs exactly one label, so check that the two files belong together`,
    );
  }
  const bad = labels.findIndex((label) => label >= classes);
  if (bad >= 0) {
    throw new Error(
      `${name}: label ${labels[bad]} at position ${bad} (counted from 0) is not below ${classes}; labels must be whole numbers from 0 to ${classes - 1}`,
    );
  }
  return set;
}
