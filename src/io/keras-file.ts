// Weights of Keras: HDF5 files (.weights.h5, and .h5 of before Keras 3) and .keras, a zip archive with one of them. HDF5 is read by h5wasm, which is not part of
// Nabla and is given by the caller: of four megabytes, few need any.
import { lfsPointer } from "../data/lfs.ts";
import { bytesOfFile, fields, text } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { tensor } from "../tensor/create.ts";
import { MAXIMUM_RANK } from "../tensor/shape.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import { decodeElements, dtypeOfStored, type StoredType } from "./elements.ts";
import type { TensorFile } from "./safetensors.ts";
import { type Damaged, isZip, unzip, zipEntries } from "./zip.ts";

/** What is used of h5wasm, 0.7 or later: `import * as h5wasm from "h5wasm"`. */
export interface H5Wasm {
  readonly ready: Promise<unknown>;
  readonly File: new (name: string, mode: string) => unknown;
}

/** What the module that `ready` gives has. */
interface H5Module {
  readonly FS: { writeFile(name: string, bytes: Uint8Array): void; unlink(name: string): void };
  activate_throwing_error_handler?(): unknown;
  /** Its memory, into which arrays are read as they are. */
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(address: number): void;
  get_dataset_data(file: bigint, path: string, count: null, offset: null, stride: null, address: bigint): unknown;
}

/** A file or a group of HDF5. */
interface H5Group {
  keys(): string[];
  get(name: string): unknown;
  readonly attrs: Record<string, { readonly value: unknown } | undefined>;
  close?(): unknown;
}

/** An array of HDF5. */
interface H5Dataset {
  readonly shape: readonly number[] | null;
  readonly metadata: {
    readonly type: number;
    readonly size: number;
    readonly signed: boolean;
    readonly enum_type?: { readonly members: Readonly<Record<string, number>> };
  };
  readonly attrs: Record<string, { readonly value: unknown } | undefined>;
  readonly file_id: bigint;
  readonly path: string;
}

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
 * HDF5's library is another's: on one damaged file in some thousands h5wasm 0.10.3 never ends. Files of strangers are read in a worker that can be stopped.
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
  const damaged: Damaged = (what) => new Error(`${name}: ${what}; the file is damaged or no weights of Keras`);
  const pointer = lfsPointer(bytes);
  if (pointer !== undefined) throw new Error(`${name}: ${pointer}`);
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
  const module = (await h5wasm.ready) as H5Module;
  // Otherwise HDF5 writes what is wrong to the console, and h5wasm goes on.
  module.activate_throwing_error_handler?.();
  const path = `nabla-${++counter}.h5`;
  module.FS.writeFile(path, content);
  let file: H5Group | undefined;
  try {
    file = new h5wasm.File(path, "r") as H5Group;
    const root = file;
    return scope(() => {
      const tensors: Record<string, Tensor> = Object.create(null);
      new Reader(tensors, damaged, content.length, module).group(root, [], 0);
      for (const [key, attribute] of Object.entries(root.attrs))
        if (typeof attribute?.value === "string") metadata[key] = attribute.value;
      return { tensors, metadata };
    });
  } catch (error) {
    if (error instanceof Error && error.message.startsWith(name)) throw error;
    if (error instanceof WebAssembly.RuntimeError) throw damaged("HDF5's library, h5wasm, fails on it");
    const message = error instanceof Error ? error.message : String(error);
    throw damaged(`HDF5 can't be read (${message.split("\n")[0].slice(0, 200)})`);
  } finally {
    file?.close?.();
    module.FS.unlink(path);
  }
}

class Reader {
  private count = 0;
  private total = 0;

  constructor(
    private readonly tensors: Record<string, Tensor>,
    private readonly damaged: Damaged,
    private readonly length: number,
    private readonly module: H5Module,
  ) {}

  group(group: H5Group, path: readonly string[], depth: number): void {
    if (depth > DEEPEST) throw this.damaged(`groups inside each other, more than ${DEEPEST} deep or without end`);
    for (const key of inOrder(group)) {
      if (++this.count > MOST_ARRAYS) throw this.damaged(`more than ${MOST_ARRAYS} arrays`);
      const inner = group.get(key);
      const names = [...path, key];
      if (isGroup(inner)) this.group(inner, names, depth + 1);
      else if (isDataset(inner)) this.dataset(inner, names.join("/"));
      else throw this.damaged(`${quote(names.join("/"))} is a link to what is not in the file`);
    }
  }

  private dataset(dataset: H5Dataset, name: string): void {
    const { shape, metadata } = dataset;
    const type = typeOf(dataset);
    if (type === undefined || shape === null) throw this.damaged(`${quote(name)} holds no numbers that are supported`);
    if (shape.length > MAXIMUM_RANK)
      throw this.damaged(`${quote(name)} has ${shape.length} axes, and at most ${MAXIMUM_RANK} are supported`);
    this.total += shape.reduce((a, b) => a * b, 1) * Math.max(metadata.size, 4);
    const most = Math.max(FREE_SIZE, PLAUSIBLE_INFLATION * this.length);
    if (!(this.total <= most))
      throw this.damaged(
        `with ${quote(name)} it unpacks to ${this.total} bytes, and at most ${most} are read from so short a file`,
      );
    const bytes = this.bytesOf(
      dataset,
      shape.reduce((a, b) => a * b, metadata.size),
    );
    // Counts of steps and states of random numbers fill 64 bits.
    this.tensors[name] = tensor(decodeElements(type, bytes, false, "float64"), {
      dtype: dtypeOfStored(type, "float64"),
      shape,
    });
  }

  /** Numbers in the order of little-endian machines, whatever the file's. Not by `value`, which has no float16. */
  private bytesOf({ file_id, path }: H5Dataset, size: number): Uint8Array {
    if (size === 0) return new Uint8Array(0);
    const { module } = this;
    const address = module._malloc(size);
    if (address === 0) throw new Error(`no memory for ${size} bytes`);
    try {
      module.get_dataset_data(file_id, path, null, null, null, BigInt(address));
      return module.HEAPU8.slice(address, address + size);
    } finally {
      module._free(address);
    }
  }
}

/** Names in a group: as its attribute has them, which tells the order of layers, else as HDF5 has them. */
function inOrder(group: H5Group): string[] {
  const keys = group.keys();
  const listed = group.attrs["layer_names"]?.value;
  if (!Array.isArray(listed)) return keys;
  const place = new Map(listed.map((key, i) => [String(key), i]));
  return [...keys].sort((a, b) => (place.get(a) ?? keys.length) - (place.get(b) ?? keys.length));
}

function isGroup(value: unknown): value is H5Group {
  return typeof value === "object" && value !== null && "keys" in value && typeof value.keys === "function";
}

function isDataset(value: unknown): value is H5Dataset {
  return typeof value === "object" && value !== null && "metadata" in value && "shape" in value;
}

/** Numbers of HDF5's types: 0 whole, 1 floating-point, 5 opaque, which is how Keras stores bfloat16, 8 named numbers, which is how h5py stores bool. */
function typeOf({ metadata, attrs }: H5Dataset): StoredType | undefined {
  const { type, size, signed } = metadata;
  if (type === 1) return size === 8 ? "float64" : size === 4 ? "float32" : size === 2 ? "float16" : undefined;
  if (type === 0) return [1, 2, 4, 8].includes(size) ? (`${signed ? "" : "u"}int${8 * size}` as StoredType) : undefined;
  if (type === 5) return size === 2 && attrs["dtype"]?.value === "bfloat16" ? "bfloat16" : undefined;
  const { members = {} } = metadata.enum_type ?? {};
  return type === 8 && size === 1 && members["FALSE"] === 0 && members["TRUE"] === 1 ? "bool" : undefined;
}
