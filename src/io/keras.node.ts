// Weights of Keras and TensorFlow.js on disk.
import { dirname, join } from "node:path";
import { writeFileAtomically } from "../data/atomic.node.ts";
import { readRegularFile } from "../data/file.node.ts";
import { knownOptions, positive, text } from "../engine/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { H5Wasm } from "./hdf5.ts";
import { H5WASM, notInstalled, walkInThread } from "./hdf5-thread.node.ts";
import { gather, openKeras } from "./keras-file.ts";
import { writeKeras } from "./keras-write.ts";
import { MOST_TENSOR_BYTES } from "./npy.node.ts";
import type { TensorFile } from "./safetensors.ts";
import { readTfjs, tfjsFiles } from "./tfjs.ts";

/** The package h5wasm; an error with the remedy where it is not installed. */
async function importH5Wasm(path: string): Promise<H5Wasm> {
  try {
    return (await import(H5WASM)) as H5Wasm;
  } catch (cause) {
    throw notInstalled(path, "write", cause);
  }
}

/** How a file of Keras is read. */
export interface KerasReadOptions {
  /** Seconds after which HDF5's library is ended, if it has not come to an end; default 60. Infinity: never. */
  readonly timeLimit?: number;
}

const READ_OPTIONS = ["timeLimit"] as const;
/** Long enough for gigabytes. */
const TIME_LIMIT = 60;

/**
 * The weights in a file of Keras, .weights.h5, .keras or .h5: see `readKeras`. The package h5wasm has to be installed. It works in a thread of its own, since
 * on some damaged files it never ends: it is stopped after the time limit, and can't fill memory beyond what the file is plausibly worth.
 * @throws Error naming the file and what is wrong, that h5wasm is missing, or that it did not end in time; RangeError for a time limit that is none.
 * @example
 * ```ts
 * const fill = async (model: Model, path: string) => loadParameters(model, await loadKeras(path), { from: "keras" });
 * const careful = (path: string) => loadKeras(path, { timeLimit: 5 });
 * ```
 */
export async function loadKeras(path: string, options: KerasReadOptions = {}): Promise<TensorFile> {
  const owner = "loadKeras";
  text(owner, "the path", path);
  const { timeLimit = TIME_LIMIT } = knownOptions(owner, options, READ_OPTIONS);
  if (timeLimit !== Number.POSITIVE_INFINITY) positive(owner, "timeLimit", timeLimit);
  return readKerasInThread(await readRegularFile(path, MOST_TENSOR_BYTES), path, timeLimit);
}

/** `loadKeras` of bytes that have been read; they are given away, and gone afterwards. */
export async function readKerasInThread(bytes: Uint8Array, path: string, timeLimit = TIME_LIMIT): Promise<TensorFile> {
  const opened = openKeras(bytes, path);
  return gather(opened, await walkInThread(opened, path, timeLimit));
}

/**
 * The weights of a model of TensorFlow.js: model.json, and the files that it names beside it; see `readTfjs`.
 * @throws Error naming the file and what is wrong.
 * @example
 * ```ts
 * const fill = async (model: Model, path: string) => loadParameters(model, await loadTfjs(path), { from: "keras" });
 * ```
 */
export async function loadTfjs(path: string): Promise<TensorFile> {
  text("loadTfjs", "the path", path);
  const json = new TextDecoder().decode(await readRegularFile(path, MOST_TENSOR_BYTES));
  const files: Uint8Array[] = [];
  for (const file of tfjsFiles(json, path))
    files.push(await readRegularFile(join(dirname(path), file), MOST_TENSOR_BYTES));
  return readTfjs(json, files, path);
}

/**
 * Writes tensors as an HDF5 file, whole or not at all: see `writeKeras`. The package h5wasm has to be installed.
 * @throws Error if it is missing, or the file can't be written.
 * @example
 * ```ts
 * const back = async (model: Model, path: string) => saveKeras(path, kerasParameters(model));
 * ```
 */
export async function saveKeras(path: string, tensors: Readonly<Record<string, Tensor>>): Promise<void> {
  text("saveKeras", "the path", path);
  await writeFileAtomically(path, await writeKeras(tensors, await importH5Wasm(path)));
}
