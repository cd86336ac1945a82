// Weights of Keras: HDF5 files (.weights.h5, and .h5 of before Keras 3) and .keras, a zip archive with one of them. HDF5 is read by h5wasm, which is not part of
// Nabla and is given by the caller: of four megabytes, few need any.
import { refuseLfsPointer } from "../data/lfs.ts";
import { bytesOfFile, fields, text } from "../engine/checks.ts";
import type { TypedArray } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { MAXIMUM_RANK } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { decodeElements, dtypeOfStored } from "./elements.ts";
import { type H5Wasm, type Hdf5Limits, type Hdf5Part, walkHdf5 } from "./hdf5.ts";
import type { TensorFile } from "./safetensors.ts";
import { type Damaged, isZip, unzip, zipEntries } from "./zip.ts";

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Compressed arrays may unpack to more than the file holds; to much more only if they are meant to fill memory. */
const PLAUSIBLE_INFLATION = 64;
const FREE_SIZE = 128 * 2 ** 20;
const DEEPEST = 32;
const MOST_ARRAYS = 100_000;
let counter = 0;

/**
 * The weights in bytes of a file of Keras: .weights.h5 and .keras of Keras 3 and 2, .h5 of before. Tensors have the names that the file has,
 * `layers/dense/vars/0` or `dense/dense/kernel:0`; `loadParameters(model, file, { from: "keras" })` finds what they belong to.
 * @param h5wasm the package of that name, which reads HDF5: `import * as h5wasm from "h5wasm"`. In Node `loadKeras` finds it by itself.
 * @param name what to call the file in errors.
 * HDF5's library is another's: on one damaged file in some hundreds h5wasm 0.10.3 never ends, and this function with it. `loadKeras` in Node reads in a thread
 * that it can stop; a page that reads files of strangers calls this in a worker of its own, which it can end.
 * @throws Error naming the file and what is wrong.
 * @example
 * ```ts
 * const read = async (bytes: Uint8Array, h5wasm: H5Wasm) => (await readKeras(bytes, h5wasm)).tensors;
 * ```
 */
export async function readKeras(bytes: Uint8Array, h5wasm: H5Wasm, name = "Keras file"): Promise<TensorFile> {
  const owner = "readKeras";
  bytesOfFile(owner, bytes);
  text(owner, "name", name);
  if (typeof fields(owner, "h5wasm", h5wasm).File !== "function") {
    throw new TypeError(`${owner}: needs the package h5wasm to read HDF5: import * as h5wasm from "h5wasm"`);
  }
  const opened = openKeras(bytes, name);
  const { content, limits } = opened;
  return gather(opened, walkHdf5(h5wasm, await h5wasm.ready, content, `nabla-${++counter}.h5`, limits));
}

/** A file of Keras whose HDF5 has not been looked into. */
export interface OpenedKeras {
  readonly damaged: Damaged;
  /** The HDF5; of an archive that is not compressed a window on it. */
  readonly content: Uint8Array;
  readonly limits: Hdf5Limits;
  readonly metadata: Readonly<Record<string, string>>;
}

/** @throws Error naming the file, if it is none of Keras. */
export function openKeras(bytes: Uint8Array, name: string): OpenedKeras {
  const damaged: Damaged = (what) => new Error(`${name}: ${what}; the file is damaged or no weights of Keras`);
  refuseLfsPointer(name, bytes);
  const metadata: Record<string, string> = Object.create(null);
  let content = bytes;
  if (isZip(bytes)) {
    const entries = zipEntries(bytes, damaged);
    const weights = entries.find((entry) => entry.name === "model.weights.h5");
    if (weights === undefined) throw damaged("an archive without model.weights.h5");
    for (const entry of entries) {
      if (entry.name === "config.json" || entry.name === "metadata.json") {
        metadata[entry.name.replace(".json", "")] = new TextDecoder().decode(unzip(bytes, entry, damaged));
      }
    }
    content = unzip(bytes, weights, damaged);
  }
  if (!HDF5.every((byte, k) => content[k] === byte)) throw damaged("does not begin as HDF5 does");
  const most = Math.max(FREE_SIZE, PLAUSIBLE_INFLATION * content.length);
  const limits = { bytes: most, rank: MAXIMUM_RANK, depth: DEEPEST, arrays: MOST_ARRAYS };
  return { damaged, content, limits, metadata };
}

/** Tensors and texts of what a walk finds. @throws Error naming the file and what is wrong. */
export function gather(opened: OpenedKeras, parts: Iterable<Hdf5Part>): TensorFile {
  return scope(() => {
    const tensors: Record<string, Tensor> = Object.create(null);
    const metadata: Record<string, string> = Object.assign(Object.create(null), opened.metadata);
    for (const part of parts) {
      if (part.kind === "wrong") {
        const { what, name, more = "" } = part;
        throw opened.damaged(name === undefined ? what : `${what}${quote(name)}${more}`);
      }
      if (part.kind === "text") metadata[part.name] = part.text;
      else tensors[part.name] = tensorOf(part, opened.damaged);
    }
    return { tensors, metadata };
  });
}

function tensorOf({ type, bytes, shape }: Extract<Hdf5Part, { kind: "array" }>, damaged: Damaged): Tensor {
  // Counts of steps and states of random numbers fill 64 bits.
  const dtype = dtypeOfStored(type, "float64");
  let values: TypedArray;
  try {
    values = decodeElements(type, bytes, false, "float64");
  } catch (error) {
    throw damaged(`HDF5 can't be read (${(error as Error).message.slice(0, 200)})`);
  }
  return tensor(values, { dtype, shape });
}
