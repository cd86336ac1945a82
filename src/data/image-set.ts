// Labelled pictures of one size, as plain bytes: the common shape of MNIST, CIFAR, generated digits and a user's own folder.
// Kept apart from tensors so that readers and generators need no engine.

import { list, oneOf, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { philoxStream } from "./philox.ts";

/** Labelled pictures. Pixels are row-major; in grey ones of digits 0 is background and 255 full ink. */
export interface ImageSet {
  /** `count * channels * height * width` bytes: of a picture in colour its red, then its green, then its blue plane. */
  readonly images: Uint8Array;
  /** `count` bytes, each below `classes`. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** 1 for grey, which is the default, or 3 for red, green and blue. */
  readonly channels?: number;
  /** What the classes are called, where they have names. */
  readonly classNames?: readonly string[];
}

/** A training set and a test set of the same kind. */
export interface TrainAndTest {
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** What was done with the data on reading that a person should know, in sentences. */
  readonly notes?: readonly string[];
}

/** Returns `set` if its parts agree.
 *
 * @param name what the set is called in error messages, such as a folder or a file
 * @throws if the images or labels do not match `count`, or if a label is not below `classes` (its position is named) */
export function checkImageSet(set: ImageSet, name = "image set"): ImageSet {
  const { images, labels, count, height, width, classes, channels = 1, classNames } = set;
  for (const [what, bytes] of Object.entries({ images, labels })) {
    if (!(bytes instanceof Uint8Array))
      throw new TypeError(`${name}: ${what} must be a Uint8Array, got ${quote(bytes)}`);
  }
  for (const [what, number] of Object.entries({ count, height, width, classes })) whole(name, what, number, 0);
  oneOf(name, "channels", channels, [1, 3]);
  if (classNames !== undefined && list(name, "classNames", classNames).length !== classes) {
    throw new Error(`${name}: ${classNames.length} names of classes, but there are ${classes} classes`);
  }
  if (count === 0) throw new Error(`${name}: holds no images; a data set needs at least one`);
  const bytes = count * channels * height * width;
  if (images.length !== bytes) {
    const kind = channels === 1 ? "" : ` in ${channels} channels`;
    throw new Error(
      `${name}: ${count} images of ${height}x${width}${kind} take ${bytes} bytes, but there are ${images.length}`,
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

/** The pictures of these numbers, copied. */
export function pickImages(set: ImageSet, numbers: readonly number[]): ImageSet {
  const size = set.images.length / set.count;
  const images = new Uint8Array(numbers.length * size);
  const labels = new Uint8Array(numbers.length);
  numbers.forEach((number, k) => {
    images.set(set.images.subarray(number * size, (number + 1) * size), k * size);
    labels[k] = set.labels[number];
  });
  return { ...set, images, labels, count: numbers.length };
}

/**
 * Numbers of samples kept for testing, and the others: of each class the same share, at least one where it has two, drawn by a fixed seed.
 * @throws Error if no class has two.
 */
export function holdOut(labels: ArrayLike<number>, share: number, name: string): { train: number[]; test: number[] } {
  const stream = philoxStream(0);
  const byClass = new Map<number, number[]>();
  for (let k = 0; k < labels.length; k++) {
    const members = byClass.get(labels[k]);
    if (members === undefined) byClass.set(labels[k], [k]);
    else members.push(k);
  }
  const held = new Set<number>();
  for (const [label, members] of byClass) {
    stream.seek(label, 0);
    const wanted = members.length < 2 ? 0 : Math.max(1, Math.floor(members.length * share));
    for (let k = 0; k < wanted; k++) held.add(members.splice(stream.below(members.length), 1)[0]);
  }
  if (held.size === 0) throw new Error(`${name}: no class has two samples, so that none can be kept for testing`);
  const all = Array.from(labels, (_, k) => k);
  return { train: all.filter((k) => !held.has(k)), test: all.filter((k) => held.has(k)) };
}
