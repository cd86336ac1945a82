// npz, NumPy's format for several arrays: a zip archive of npy files, stored by np.savez, deflated by np.savez_compressed.
import { refuseLfsPointer } from "../data/lfs.ts";
import { bytesOfFile, fields, flag, knownOptions, positive, text } from "../engine/checks.ts";
import type { Bytes } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkTensor } from "../tensor/check.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import {
  NPY_READ_OPTIONS,
  NPY_WRITE_OPTIONS,
  type NpyReadOptions,
  type NpyWriteOptions,
  npyOf,
  tensorOfNpy,
} from "./npy.ts";
import type { TensorFile } from "./safetensors.ts";
import { type Damaged, unzip, writeZip, zipEntries } from "./zip.ts";

/** What `readNpz` may be told. */
export interface NpzReadOptions extends NpyReadOptions {
  /** Most bytes that all arrays together may unpack to; default 64 times the file's, and at least 128 MiB. */
  maxBytes?: number;
}

/** What `writeNpz` may be told. */
export interface NpzWriteOptions extends NpyWriteOptions {
  /** Deflate, as np.savez_compressed does; default store. */
  compress?: boolean;
}

export const NPZ_READ_OPTIONS = [...NPY_READ_OPTIONS, "maxBytes"];
const NPZ_WRITE_OPTIONS = [...NPY_WRITE_OPTIONS, "compress"];

/**
 * Arrays by name in NumPy's npz format, for `np.load`. Equal arrays in the same order give equal bytes.
 * @throws TypeError for what is no tensor, or another dtype than there are; RangeError for values that it does not hold.
 * @example
 * ```ts
 * const bytes = writeNpz({ x: tensor([1, 2]), y: tensor([3], "int32") }, { compress: true });
 * readNpz(bytes).tensors["y"].toArray(); // [3]
 * ```
 */
export function writeNpz(tensors: Readonly<Record<string, Tensor>>, options: NpzWriteOptions = {}): Bytes {
  const owner = "writeNpz";
  fields(owner, "the first argument, tensors by name,", tensors);
  const { compress = false, dtype } = knownOptions(owner, options, NPZ_WRITE_OPTIONS);
  flag(owner, "compress", compress);
  const parts = Object.entries(tensors).map(([name, x]) => {
    checkTensor(`${owner}: ${quote(name)}`, x);
    return { name: `${name}.npy`, bytes: npyOf(`${owner}: ${quote(name)}`, x, { dtype }) };
  });
  return writeZip(owner, parts, { deflate: compress });
}

/**
 * The arrays in bytes of NumPy's npz format, stored or deflated; each as `readNpy` has it.
 * @param name what to call the file in errors.
 * @throws Error naming the file, the array and what is wrong; also for archives that unpack to implausibly many bytes, see `maxBytes`.
 * @example
 * ```ts
 * const { tensors } = readNpz(writeNpz({ weights: tensor([[1, 2]]) }));
 * tensors["weights"].shape; // [1, 2]
 * ```
 */
export function readNpz(bytes: Uint8Array, name = "npz file", options: NpzReadOptions = {}): TensorFile {
  const owner = "readNpz";
  bytesOfFile(owner, bytes);
  text(owner, "name", name);
  const { maxBytes, ...npy } = knownOptions(owner, options, NPZ_READ_OPTIONS);
  if (maxBytes !== undefined) positive(owner, "maxBytes", maxBytes);
  const damaged: Damaged = (what) => new Error(`${name}: ${what}; the file is damaged or not in NumPy's npz format`);
  refuseLfsPointer(name, bytes);
  const entries = zipEntries(bytes, damaged, maxBytes);
  return scope(() => {
    const tensors: Record<string, Tensor> = Object.create(null);
    for (const entry of entries) {
      const array = /^(.*)\.npy$/s.exec(entry.name)?.[1];
      if (array === undefined) throw damaged(`entry ${quote(entry.name)} is no npy file`);
      tensors[array] = tensorOfNpy(owner, unzip(bytes, entry, damaged), `${name}: array ${quote(array)}`, npy);
    }
    return { tensors, metadata: Object.create(null) };
  });
}
