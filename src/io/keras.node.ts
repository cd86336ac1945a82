// Weights of Keras and TensorFlow.js on disk.
import { dirname, join } from "node:path";
import { writeFileAtomically } from "../data/atomic.node.ts";
import { readRegularFile } from "../data/file.node.ts";
import { text } from "../engine/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type H5Wasm, readKeras } from "./keras-file.ts";
import { writeKeras } from "./keras-write.ts";
import { MOST_TENSOR_BYTES } from "./npy.node.ts";
import type { TensorFile } from "./safetensors.ts";
import { readTfjs, tfjsFiles } from "./tfjs.ts";

/** Not a literal: bundlers would look for the package, which few need. */
const H5WASM = "h5wasm";

/** The package h5wasm; an error with the remedy where it is not installed. */
export async function importH5Wasm(path: string): Promise<H5Wasm> {
  try {
    return (await import(H5WASM)) as H5Wasm;
  } catch (cause) {
    throw new Error(`${path}: to read HDF5, the package h5wasm is needed, which is not installed: npm install h5wasm`, {
      cause,
    });
  }
}

/**
 * The weights in a file of Keras, .weights.h5, .keras or .h5: see `readKeras`. The package h5wasm has to be installed.
 * @throws Error naming the file and what is wrong, or that h5wasm is missing.
 * @example
 * ```ts
 * const fill = async (model: Model, path: string) => loadParameters(model, await loadKeras(path), { from: "keras" });
 * ```
 */
export async function loadKeras(path: string): Promise<TensorFile> {
  text("loadKeras", "the path", path);
  const bytes = await readRegularFile(path, MOST_TENSOR_BYTES);
  return readKeras(bytes, await importH5Wasm(path), path);
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
