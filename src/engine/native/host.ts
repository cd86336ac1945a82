// What the native engine lends to those who compute for it, and how they cut a batch.
import type { Storage } from "../storage.ts";
import type { Calls } from "./thread.ts";

/** The engine's memory and threads. */
export interface Host {
  readonly calls: Calls;
  readonly task: Uint32Array;
  /** Where each thread's steps are written, the calling one's first. */
  readonly steps: readonly Float64Array[];
  allocate(bytes: number): number;
  release(address: number, bytes: number): void;
  /** Memory that goes when nobody refers to it any more; null if there is none. */
  allocateKept(bytes: number): Storage | null;
  copy(from: number, to: number, bytes: number): void;
  /** So many numbers at an address; good until the next allocation. */
  floats(address: number, count: number): Float32Array;
  /** A float32 matrix [rows, columns] as [columns, rows]. */
  transpose(from: number, rows: number, columns: number, to: number): void;
  /** out[i] = sum over the rows of x[row, i]. */
  sumRows(x: number, rows: number, elements: number, out: number): void;
  /** A convolution's number of parts by minimal filtering, 0 if it is not done so: see kernels/native-winograd.ts. */
  beginWinograd(...values: number[]): number;
  endWinograd(kind: number, result: number, how: number, size: number): void;
  /** Bytes of patches that fit in a thread's scratch memory. */
  patchBytes(): number;
  /** Runs parts 0 to parts - 1 of the task on all threads. */
  fork(parts: number): void;
}

/** The numbers that end the arguments of a convolution's kernel, in their order. */
export type Geometry = readonly [
  batch: number,
  channels: number,
  height: number,
  width: number,
  filters: number,
  kernelHeight: number,
  kernelWidth: number,
  strideHeight: number,
  strideWidth: number,
  padTop: number,
  padLeft: number,
  dilationHeight: number,
  dilationWidth: number,
  groups: number,
  outHeight: number,
  outWidth: number,
];

/** So many images that a part is worth handing out; a divisor of the batch if there is one near. */
export function imagesAtOnce(batch: number, work: number, partWork: number): number {
  const least = Math.min(batch, Math.max(1, Math.ceil(partWork / work)));
  for (let images = least; images <= Math.min(batch, 2 * least); images++) {
    if (batch % images === 0) return images;
  }
  return least;
}

/** Multiply-adds of the smallest part of a convolution that is worth handing out. */
export const PART_WORK = 1_000_000;
/** Parts that a convolution should have, and filters that make a part of it worth its own pass over the image. */
const [WANTED_PARTS, SLICE_FILTERS] = [4, 32];

/** Among how many parts the filters of each image are shared: it follows from the shapes, never from the threads that are there. */
export function slicesOf(batch: number, filters: number, work: number): number {
  let slices = 1;
  while (
    batch * slices < WANTED_PARTS &&
    (filters / slices) % (2 * SLICE_FILTERS) === 0 &&
    work / slices > 2 * PART_WORK
  ) {
    slices *= 2;
  }
  return slices;
}
