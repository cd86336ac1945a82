// Weights as an HDF5 file, as Keras' load_weights takes them. h5wasm, which is given by the caller, writes it.
import { fields, isNameIn } from "../engine/checks.ts";
import type { Bytes } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkTensor } from "../tensor/check.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { H5Wasm } from "./hdf5.ts";

/** A file or a group that is written. */
interface H5Writable {
  create_group(name: string): H5Writable;
  create_dataset(options: { name: string; data: ArrayLike<number>; shape: readonly number[]; dtype: string }): unknown;
  close?(): unknown;
}

const TYPES = { float32: "<f", float64: "<d", int32: "<i", bool: "<B" } as const;
let counter = 0;

/**
 * Tensors as an HDF5 file, names with slashes being groups: what `kerasParameters` gives becomes a file for `model.load_weights("model.weights.h5")` of Keras 3.
 * @param h5wasm the package of that name, 0.7 or later: `import * as h5wasm from "h5wasm"`.
 * @throws TypeError without the package, or for what is no tensor; RangeError for names that can't be paths.
 * @example
 * ```ts
 * const write = (model: Model, h5wasm: H5Wasm) => writeKeras(kerasParameters(model), h5wasm);
 * ```
 */
export async function writeKeras(tensors: Readonly<Record<string, Tensor>>, h5wasm: H5Wasm): Promise<Bytes> {
  const owner = "writeKeras";
  for (const [name, x] of Object.entries(fields(owner, "the tensors", tensors))) {
    checkTensor(`${owner}: ${quote(name)}`, x);
    if (name.split("/").some((part) => part === "" || part === "." || part === ".."))
      throw new RangeError(`${owner}: ${quote(name)} is no path within a file`);
  }
  if (typeof fields(owner, "h5wasm", h5wasm).File !== "function") {
    throw new TypeError(`${owner}: needs the package h5wasm to write HDF5: import * as h5wasm from "h5wasm"`);
  }
  const module = (await h5wasm.ready) as {
    FS: { readFile(name: string): Uint8Array; unlink(name: string): void };
    activate_throwing_error_handler?(): unknown;
  };
  module.activate_throwing_error_handler?.();
  const path = `nabla-out-${++counter}.h5`;
  const file = new h5wasm.File(path, "w") as H5Writable;
  let open = true;
  try {
    const groups = new Map<string, H5Writable>([["", file]]);
    const groupAt = (parts: readonly string[]): H5Writable => {
      const key = parts.join("/");
      const known = groups.get(key);
      if (known !== undefined) return known;
      const made = groupAt(parts.slice(0, -1)).create_group(parts.at(-1)!);
      groups.set(key, made);
      return made;
    };
    for (const [name, x] of Object.entries(tensors)) {
      const parts = name.split("/");
      const data = await x.data();
      if (!isNameIn(TYPES, x.dtype)) throw new TypeError(`${owner}: ${quote(name)} is ${String(x.dtype)}`);
      groupAt(parts.slice(0, -1)).create_dataset({
        ...{ name: parts.at(-1)!, shape: x.shape, dtype: TYPES[x.dtype] },
        // A view of memory that is shared can't be taken.
        data: data.slice(),
      });
    }
    file.close?.();
    open = false;
    return module.FS.readFile(path) as Bytes;
  } finally {
    if (open) file.close?.();
    module.FS.unlink(path);
  }
}
