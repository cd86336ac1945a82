// MNIST as the books use it: 50,000 images for training, 10,000 for validation, 10,000 for test, pixels 0 to 1.
import { mnist, type Samples, type TrainAndTest, tensor } from "nabla";
import type { SmallImage, Text } from "nabla/plot";

const PIXELS = 784;

export interface DigitSet {
  /** `count * 784` numbers from 0 (paper) to 1 (ink), image after image. */
  readonly images: Float32Array;
  /** The digit each image shows. */
  readonly labels: Uint8Array;
  readonly count: number;
}

export interface Mnist {
  readonly training: DigitSet;
  readonly validation: DigitSet;
  readonly test: DigitSet;
  /** All 60,000 + 10,000 as they are stored: bytes 0 to 255. */
  readonly bytes: TrainAndTest;
}

let loading: Promise<Mnist> | undefined;

/** Reads MNIST once. @throws Error with where it looked and how to get it. */
export function loadBookMnist(): Promise<Mnist> {
  loading ??= read().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function read(): Promise<Mnist> {
  const bytes = await mnist();
  const all = digitSet(bytes.train.images, bytes.train.labels);
  return {
    training: part(all, 0, 50_000),
    validation: part(all, 50_000, 60_000),
    test: digitSet(bytes.test.images, bytes.test.labels),
    bytes,
  };
}

/** Pixels as bytes 0 to 255 become numbers 0 to 1. */
export function digitSet(bytes: Uint8Array, labels: Uint8Array): DigitSet {
  const images = new Float32Array(bytes.length);
  for (let i = 0; i < images.length; i++) images[i] = bytes[i] / 255;
  return { images, labels, count: labels.length };
}

/** Images from `start` up to `end`, sharing memory. */
export function part(set: DigitSet, start: number, end: number): DigitSet {
  const stop = Math.min(end, set.count);
  return {
    images: set.images.subarray(start * PIXELS, stop * PIXELS),
    labels: set.labels.subarray(start, stop),
    count: stop - start,
  };
}

/** The first `count` images. */
export function first(set: DigitSet, count: number): DigitSet {
  return part(set, 0, count);
}

/** For the framework: x [n, 784] float32, y [n] int32 class indices. */
export function toSamples(set: DigitSet): Samples {
  return {
    x: tensor(set.images, { shape: [set.count, PIXELS] }),
    y: tensor(Int32Array.from(set.labels), { shape: [set.count] }),
  };
}

/** For programs by hand: image `index` as a column of 784 numbers. */
export function imageAt(set: DigitSet, index: number): Float64Array {
  return Float64Array.from(set.images.subarray(index * PIXELS, (index + 1) * PIXELS));
}

/** For figures, in colours "ink". */
export function pictureOf(set: DigitSet, index: number, caption?: Text): SmallImage {
  const pixels = Array.from(set.images.subarray(index * PIXELS, (index + 1) * PIXELS), (value) =>
    Math.round(255 * value),
  );
  return { width: 28, height: 28, pixels, caption };
}
