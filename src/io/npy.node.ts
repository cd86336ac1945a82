// npy and npz on disk.
import { MOST_BYTES, readRegularFile } from "../data/file.node.ts";
import { knownOptions, text } from "../engine/checks.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { NPY_READ_OPTIONS, type NpyReadOptions, type NpyWriteOptions, readNpy, writeNpy } from "./npy.ts";
import { NPZ_READ_OPTIONS, type NpzReadOptions, type NpzWriteOptions, readNpz, writeNpz } from "./npz.ts";
import { writeNamed } from "./safetensors.node.ts";
import type { TensorFile } from "./safetensors.ts";

/** Files of tensors of up to this many bytes are read: as many as an array of JavaScript may hold. */
export const MOST_TENSOR_BYTES = 4 * MOST_BYTES;

/**
 * The array in a file that `np.save` wrote: see `readNpy`.
 * @throws Error naming the file and what is wrong.
 * @example
 * ```ts
 * const load = (path: string) => loadNpy(path, { int64: "float64" });
 * ```
 */
export async function loadNpy(path: string, options: NpyReadOptions = {}): Promise<Tensor> {
  text("loadNpy", "the path", path);
  knownOptions("loadNpy", options, NPY_READ_OPTIONS);
  return readNpy(await readRegularFile(path, MOST_TENSOR_BYTES), path, options);
}

/**
 * Writes an array for `np.load`, whole or not at all: see `writeNpy`.
 * @throws what `writeNpy` throws; Error naming the path where it can't be written.
 * @example
 * ```ts
 * const save = (path: string) => saveNpy(path, tensor([1, 2, 3]));
 * ```
 */
export async function saveNpy(path: string, x: Tensor, options: NpyWriteOptions = {}): Promise<void> {
  text("saveNpy", "the path", path);
  await writeNamed(path, writeNpy(x, options));
}

/**
 * The arrays in a file that `np.savez` or `np.savez_compressed` wrote: see `readNpz`.
 * @throws Error naming the file and what is wrong.
 * @example
 * ```ts
 * const imagesOf = async (path: string) => (await loadNpz(path)).tensors["x_train"];
 * ```
 */
export async function loadNpz(path: string, options: NpzReadOptions = {}): Promise<TensorFile> {
  text("loadNpz", "the path", path);
  knownOptions("loadNpz", options, NPZ_READ_OPTIONS);
  return readNpz(await readRegularFile(path, MOST_TENSOR_BYTES), path, options);
}

/**
 * Writes arrays by name for `np.load`, whole or not at all: see `writeNpz`.
 * @throws what `writeNpz` throws; Error naming the path where it can't be written.
 * @example
 * ```ts
 * const save = (path: string) => saveNpz(path, { x: tensor([1, 2]) }, { compress: true });
 * ```
 */
export async function saveNpz(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  options: NpzWriteOptions = {},
): Promise<void> {
  text("saveNpz", "the path", path);
  await writeNamed(path, writeNpz(tensors, options));
}
