// What a file of weights holds, whichever of the formats that are read: names, shapes, types.
import { basename } from "node:path";
import { readRegularFile } from "../data/file.node.ts";
import { text } from "../engine/checks.ts";
import { scope } from "../tensor/tensor.ts";
import { loadTfjs, readKerasInThread } from "./keras.node.ts";
import type { TensorEntry } from "./lazy-safetensors.ts";
import { MOST_TENSOR_BYTES } from "./npy.node.ts";
import { readNpy } from "./npy.ts";
import { readNpz } from "./npz.ts";
import { pyTorchEntries } from "./pytorch.ts";
import { openSafetensors } from "./safetensors.node.ts";
import type { TensorFile } from "./safetensors.ts";
import { type Damaged, isZip, zipEntries } from "./zip.ts";

/** What a file of weights holds. */
export interface TensorListing {
  format: "safetensors" | "npy" | "npz" | "pytorch" | "keras" | "tfjs";
  entries: readonly TensorEntry[];
  metadata: Readonly<Record<string, string>>;
}

/**
 * What a file of weights holds: names, shapes and types, in the file's order. The format is told by the first bytes: safetensors (also an index, or a folder),
 * npy, npz, PyTorch, HDF5 and .keras of Keras, model.json of TensorFlow.js.
 * @throws Error naming the file and what is wrong, or that it is none of these.
 * @example
 * ```ts
 * const namesIn = async (path: string) => (await listTensors(path)).entries.map(({ name }) => name);
 * ```
 */
export async function listTensors(path: string): Promise<TensorListing> {
  text("listTensors", "the path", path);
  const name = basename(path);
  if (/\.json$/i.test(name) && !/\.index\.json$/i.test(name)) {
    const file = await loadTfjs(path);
    return listed("tfjs", () => file);
  }
  // Of safetensors the header is enough, and folders and indices are theirs.
  if (!/\.(npy|npz|pt|pth|bin|ckpt|h5|hdf5|keras)$/i.test(name)) {
    const file = await openSafetensors(path);
    await file.close();
    return { format: "safetensors", entries: file.entries, metadata: file.metadata };
  }
  const bytes = await readRegularFile(path, MOST_TENSOR_BYTES);
  const format = formatOf(bytes, path);
  if (format === "pytorch") return { format, entries: pyTorchEntries(bytes, path), metadata: {} };
  if (format === "npz") return listed(format, () => readNpz(bytes, path, { int64: "float64" }));
  if (format === "npy") {
    return listed(format, () => ({ tensors: { "": readNpy(bytes, path, { int64: "float64" }) }, metadata: {} }));
  }
  const file = await readKerasInThread(bytes, path);
  return listed(format, () => file);
}

function listed(format: TensorListing["format"], read: () => TensorFile): TensorListing {
  return scope(() => {
    const { tensors, metadata } = read();
    return {
      format,
      entries: Object.entries(tensors).map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
      metadata,
    };
  });
}

function formatOf(bytes: Uint8Array, path: string): "npy" | "npz" | "keras" | "pytorch" {
  if (bytes[0] === 0x93 && bytes[1] === 0x4e) return "npy";
  if (bytes[0] === 0x89 && bytes[1] === 0x48) return "keras";
  if (!isZip(bytes)) return "pytorch";
  const damaged: Damaged = (what) => new Error(`${path}: ${what}; the file is damaged`);
  const names = zipEntries(bytes, damaged).map((entry) => entry.name);
  if (names.includes("model.weights.h5")) return "keras";
  return names.every((each) => each.endsWith(".npy")) ? "npz" : "pytorch";
}
