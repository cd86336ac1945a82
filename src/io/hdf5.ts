// How HDF5 is walked with h5wasm: the one description of it, for the thread that calls and for the worker that Node reads files of strangers in
// (hdf5-thread.node.ts). A worker is given this function as text, so it refers to nothing outside itself.
import type { StoredType } from "./elements.ts";

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

type Attributes = Record<string, { readonly value: unknown } | undefined>;

/** A file or a group of HDF5. */
interface H5Group {
  keys(): string[];
  get(name: string): unknown;
  readonly attrs: Attributes;
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
  readonly attrs: Attributes;
  readonly file_id: bigint;
  readonly path: string;
}

/** What is found, in the file's order; `wrong` is the last. */
export type Hdf5Part =
  | {
      readonly kind: "array";
      readonly name: string;
      readonly type: StoredType;
      readonly shape: readonly number[];
      /** Little-endian, whatever the file's order. */
      readonly bytes: Uint8Array;
    }
  /** A text beside the arrays. */
  | { readonly kind: "text"; readonly name: string; readonly text: string }
  /** Why it can't be read. `name` stands after `what`, quoted, and `more` behind it. */
  | { readonly kind: "wrong"; readonly what: string; readonly name?: string; readonly more?: string };

export interface Hdf5Limits {
  /** Most bytes that all arrays may unpack to. */
  readonly bytes: number;
  readonly rank: number;
  readonly depth: number;
  readonly arrays: number;
}

/**
 * All that a file of HDF5 holds. Nothing that is wrong with it is thrown.
 * @param module what h5wasm's `ready` gives; `path` names the file there for as long as it is read.
 */
export function* walkHdf5(
  h5wasm: H5Wasm,
  ready: unknown,
  content: Uint8Array,
  path: string,
  limits: Hdf5Limits,
): Generator<Hdf5Part, void> {
  type Wrong = Extract<Hdf5Part, { kind: "wrong" }>;
  const module = ready as H5Module;
  let count = 0;
  let total = 0;

  const isGroup = (value: unknown): value is H5Group =>
    typeof value === "object" && value !== null && "keys" in value && typeof value.keys === "function";

  const isDataset = (value: unknown): value is H5Dataset =>
    typeof value === "object" && value !== null && "metadata" in value && "shape" in value;

  /** Names in a group: as its attribute has them, which tells the order of layers, else as HDF5 has them. */
  const inOrder = (group: H5Group): string[] => {
    const keys = group.keys();
    const listed = group.attrs["layer_names"]?.value;
    if (!Array.isArray(listed)) return keys;
    const place = new Map(listed.map((key, i) => [String(key), i]));
    return [...keys].sort((a, b) => (place.get(a) ?? keys.length) - (place.get(b) ?? keys.length));
  };

  /** Numbers of HDF5's types: 0 whole, 1 floating-point, 5 opaque, which is how Keras stores bfloat16, 8 named numbers, which is how h5py stores bool. */
  const typeOf = ({ metadata, attrs }: H5Dataset): StoredType | undefined => {
    const { type, size, signed } = metadata;
    if (type === 1) return size === 8 ? "float64" : size === 4 ? "float32" : size === 2 ? "float16" : undefined;
    if (type === 0)
      return [1, 2, 4, 8].includes(size) ? (`${signed ? "" : "u"}int${8 * size}` as StoredType) : undefined;
    if (type === 5) return size === 2 && attrs["dtype"]?.value === "bfloat16" ? "bfloat16" : undefined;
    const { members = {} } = metadata.enum_type ?? {};
    return type === 8 && size === 1 && members["FALSE"] === 0 && members["TRUE"] === 1 ? "bool" : undefined;
  };

  /** Numbers in the order of little-endian machines. Not by `value`, which has no float16. */
  const bytesOf = (dataset: H5Dataset, size: number): Uint8Array => {
    if (size === 0) return new Uint8Array(0);
    const address = module._malloc(size);
    if (address === 0) throw new Error(`no memory for ${size} bytes`);
    try {
      module.get_dataset_data(dataset.file_id, dataset.path, null, null, null, BigInt(address));
      return module.HEAPU8.slice(address, address + size);
    } finally {
      module._free(address);
    }
  };

  const arrayOf = (dataset: H5Dataset, name: string): Hdf5Part => {
    const { shape, metadata } = dataset;
    const type = typeOf(dataset);
    if (type === undefined || shape === null)
      return { kind: "wrong", what: "", name, more: " holds no numbers that are supported" };
    if (shape.length > limits.rank) {
      const more = ` has ${shape.length} axes, and at most ${limits.rank} are supported`;
      return { kind: "wrong", what: "", name, more };
    }
    total += shape.reduce((a, b) => a * b, 1) * Math.max(metadata.size, 4);
    if (!(total <= limits.bytes)) {
      const more = ` it unpacks to ${total} bytes, and at most ${limits.bytes} are read from so short a file`;
      return { kind: "wrong", what: "with ", name, more };
    }
    const bytes = bytesOf(
      dataset,
      shape.reduce((a, b) => a * b, metadata.size),
    );
    return { kind: "array", name, type, shape: [...shape], bytes };
  };

  /** Ends with what is wrong, if something is. */
  function* walk(group: H5Group, names: readonly string[]): Generator<Hdf5Part, Wrong | undefined> {
    if (names.length > limits.depth)
      return { kind: "wrong", what: `groups inside each other, more than ${limits.depth} deep or without end` };
    for (const key of inOrder(group)) {
      if (++count > limits.arrays) return { kind: "wrong", what: `more than ${limits.arrays} arrays` };
      const inner = group.get(key);
      const path = [...names, key];
      const name = path.join("/");
      if (isGroup(inner)) {
        const wrong = yield* walk(inner, path);
        if (wrong !== undefined) return wrong;
      } else if (isDataset(inner)) {
        const part = arrayOf(inner, name);
        if (part.kind === "wrong") return part;
        yield part;
      } else return { kind: "wrong", what: "", name, more: " is a link to what is not in the file" };
    }
    return undefined;
  }

  let file: H5Group | undefined;
  try {
    // Otherwise HDF5 writes what is wrong to the console, and h5wasm goes on.
    module.activate_throwing_error_handler?.();
    module.FS.writeFile(path, content);
    file = new h5wasm.File(path, "r") as H5Group;
    const wrong = yield* walk(file, []);
    if (wrong !== undefined) yield wrong;
    else {
      for (const [name, attribute] of Object.entries(file.attrs))
        if (typeof attribute?.value === "string") yield { kind: "text", name, text: attribute.value };
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const what =
      error instanceof WebAssembly.RuntimeError
        ? "HDF5's library, h5wasm, fails on it"
        : `HDF5 can't be read (${message.split("\n")[0].slice(0, 200)})`;
    yield { kind: "wrong", what };
  } finally {
    try {
      file?.close?.();
      module.FS.unlink(path);
    } catch {
      // What fails here has failed before, and was told.
    }
  }
}
