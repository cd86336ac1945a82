// Single tensors out of safetensors files: only headers are read at first, and of the data what is asked for. A model in several files has an index that says
// which holds what.
import { refuseLfsPointer } from "../data/lfs.ts";
import { text } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import type { Shape } from "../tensor/shape.ts";
import { keep, type Tensor } from "../tensor/tensor.ts";
import { type BlobLike, type ByteSource, sourceOf } from "./byte-source.ts";
import { type SafetensorsReadOptions, type TensorFile, tensorAt, wideOf } from "./safetensors.ts";
import {
  damagedSafetensors,
  headerLength,
  type Place,
  readHeader,
  type SafetensorsHeader,
} from "./safetensors-header.ts";

/** What a file of tensors says of one of them. */
export interface TensorEntry {
  name: string;
  shape: Shape;
  /** Its type as the file's format calls it: F32 in safetensors, <f4 in npy, float32 in PyTorch. */
  dtype: string;
}

/** A file whose header is known. Internal. */
export interface OpenSafetensors extends SafetensorsHeader {
  readonly name: string;
  readonly source: ByteSource;
}

/** Reads the header of a file. Internal. */
export async function openHeader(source: ByteSource, name: string): Promise<OpenSafetensors> {
  const length = headerLength(await source.read(0, Math.min(1024, source.size)), source.size, name);
  const json = await source.read(8, 8 + length);
  if (json.length < length) throw damagedSafetensors(name)("it has been cut while it was read");
  return { name, source, ...readHeader(json, source.size, name) };
}

/**
 * Safetensors of one file or several, of which nothing but the headers has been read: `openSafetensors` makes it.
 * @example
 * ```ts
 * const file = await openSafetensors(writeSafetensors({ a: tensor([1, 2]), b: tensor([3]) }));
 * file.entries.map(({ name, dtype }) => [name, dtype]); // [["a", "F32"], ["b", "F32"]]
 * (await file.read("b")).toArray(); // [3]
 * await file.close();
 * ```
 */
export class LazySafetensors {
  /** What it holds, in the order of headers. */
  readonly entries: readonly TensorEntry[];
  /** Text by name; of several files, of the first that has some of that name. */
  readonly metadata: Record<string, string>;
  readonly #files: readonly OpenSafetensors[];
  readonly #places = new Map<string, { file: OpenSafetensors; place: Place }>();

  /** `openSafetensors` makes them. @internal */
  constructor(files: readonly OpenSafetensors[], metadata: Record<string, string>) {
    this.#files = files;
    this.metadata = metadata;
    this.entries = files.flatMap((file) =>
      file.places.map((place) => {
        const other = this.#places.get(place.name);
        if (other !== undefined) {
          throw new Error(
            `${file.name}: holds tensor ${quote(place.name)}, as ${other.file.name} does; which is meant is not known`,
          );
        }
        this.#places.set(place.name, { file, place });
        return { name: place.name, shape: place.shape, dtype: place.label };
      }),
    );
  }

  /** Whether there is a tensor of that name. */
  has(name: string): boolean {
    return this.#places.has(name);
  }

  /**
   * One tensor, read from its place; outside every scope, as what is waited for has to be.
   * @throws RangeError for a name that there is not; Error for a file that has been cut since.
   */
  async read(name: string, options: SafetensorsReadOptions = {}): Promise<Tensor> {
    text("safetensors", "the name", name);
    const wide = wideOf("safetensors", options);
    const found = this.#places.get(name);
    if (found === undefined) {
      const names = [...this.#places.keys()];
      const more = names.length > 20 ? `, and ${names.length - 20} more` : "";
      throw new RangeError(
        `${this.#files[0]?.name ?? "safetensors"}: has no tensor ${quote(name)}; it has ${names.slice(0, 20).join(", ")}${more}`,
      );
    }
    const { file, place } = found;
    const bytes = await file.source.read(file.dataStart + place.start, file.dataStart + place.stop);
    if (bytes.length < place.stop - place.start)
      throw damagedSafetensors(file.name)("it has been cut since it was opened");
    return keep(tensorAt(place, bytes, file.name, wide));
  }

  /** All tensors, one after the other. */
  async readAll(options: SafetensorsReadOptions = {}): Promise<TensorFile> {
    wideOf("safetensors", options);
    const tensors: Record<string, Tensor> = Object.create(null);
    for (const { name } of this.entries) tensors[name] = await this.read(name, options);
    return { tensors, metadata: this.metadata };
  }

  /** Closes the files. */
  async close(): Promise<void> {
    for (const { source } of this.#files) await source.close?.();
  }

  /** Where each tensor stands. @internal */
  get files(): readonly OpenSafetensors[] {
    return this.#files;
  }
}

/**
 * Opens safetensors to read single tensors: bytes, a Blob (what a page's file input gives), or anything with `size` and `read(start, stop)`, such as
 * ranges of an address. In Node a path, too: to a file, to the index of a model in several files, or to the folder where it lies.
 * @param name what to call the file in errors.
 * @throws what `readSafetensors` throws of headers.
 * @example
 * ```ts
 * const blob = new Blob([writeSafetensors({ a: tensor([1, 2]) })]);
 * const file = await openSafetensors(blob);
 * (await file.read("a")).toArray(); // [1, 2]
 * ```
 */
export async function openSafetensors(
  source: Uint8Array | BlobLike | ByteSource,
  name = "safetensors file",
): Promise<LazySafetensors> {
  text("openSafetensors", "name", name);
  const file = await openHeader(sourceOf("openSafetensors", source), name);
  return new LazySafetensors([file], file.metadata);
}

/** Which file holds which tensor, by `model.safetensors.index.json`. */
export interface SafetensorsIndex {
  /** Names of files, in the order in which they come first. */
  readonly files: readonly string[];
  /** File by tensor. */
  readonly places: ReadonlyMap<string, string>;
}

/**
 * The index of a model in several files: `weight_map` says which holds what.
 * @param name what to call it in errors.
 * @throws Error for what is no such index, or names files elsewhere than beside it.
 * @example
 * ```ts
 * const index = readSafetensorsIndex('{"metadata":{},"weight_map":{"a":"model-00001-of-00002.safetensors"}}');
 * index.files; // ["model-00001-of-00002.safetensors"]
 * ```
 */
export function readSafetensorsIndex(json: string, name = "safetensors index"): SafetensorsIndex {
  text("readSafetensorsIndex", "the index", json);
  text("readSafetensorsIndex", "name", name);
  refuseLfsPointer(name, json);
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw new Error(`${name}: is not JSON; the file is damaged or no index of safetensors`);
  }
  const map: unknown =
    typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>)["weight_map"] : undefined;
  if (typeof map !== "object" || map === null || Array.isArray(map))
    throw new Error(`${name}: has no weight_map; it is no index of safetensors`);
  const places = new Map<string, string>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[^/\\]+$/.test(file) || file === "." || file === "..") {
      throw new Error(
        `${name}: tensor ${quote(tensor)} is in ${quote(file)}, which is no name of a file beside the index`,
      );
    }
    places.set(tensor, file);
  }
  return { files: [...new Set(places.values())], places };
}

/** The files of an index, each of which has to hold what it says. Internal. */
export function joinFiles(index: SafetensorsIndex, files: readonly OpenSafetensors[], name: string): LazySafetensors {
  const metadata: Record<string, string> = Object.create(null);
  for (const file of files) for (const [key, value] of Object.entries(file.metadata)) metadata[key] ??= value;
  const joined = new LazySafetensors(files, metadata);
  const held = new Map(files.map((file, k) => [index.files[k], new Set(file.places.map((place) => place.name))]));
  for (const [tensor, file] of index.places) {
    if (!held.get(file)?.has(tensor))
      throw new Error(
        `${name}: tensor ${quote(tensor)} should be in ${file}, and is not; the files are not of one model`,
      );
  }
  return joined;
}
