// Safetensors on disk. Tensors whose elements lie in the file as they do in memory are read into it without a copy in between.
import { closeSync, openSync, readSync } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeFileAtomically } from "../data/atomic.node.ts";
import { errorCode, explain, MOST_BYTES, nameOf, readRegularFile } from "../data/file.node.ts";
import { fields, text } from "../engine/checks.ts";
import { typedArray } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { empty, keep, scope, type Tensor } from "../tensor/tensor.ts";
import type { BlobLike, ByteSource } from "./byte-source.ts";
import { STORED_TYPES } from "./elements.ts";
import {
  joinFiles,
  type LazySafetensors,
  type OpenSafetensors,
  openHeader,
  openSafetensors as openSource,
  readSafetensorsIndex,
} from "./lazy-safetensors.ts";
import {
  type SafetensorsReadOptions,
  type SafetensorsWriteOptions,
  type TensorFile,
  tensorAt,
  wideOf,
  writeSafetensors,
} from "./safetensors.ts";
import { damagedSafetensors, type Place } from "./safetensors-header.ts";

const INDEX = /\.index\.json$/;

/** A regular file that is read in parts, until `close`. */
export async function fileSource(path: string): Promise<ByteSource & { close(): Promise<void> }> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw new Error("is a folder, not a file");
    if (!status.isFile())
      throw new Error("is a device, a pipe or a socket, not a regular file; give a file that has an end");
    const file = await open(path);
    return {
      size: status.size,
      async read(start, stop) {
        const bytes = new Uint8Array(stop - start);
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return bytes.subarray(0, filled);
      },
      close: () => file.close(),
    };
  } catch (error) {
    throw new Error(`${nameOf(path)}: ${explain(error)}`, { cause: error });
  }
}

async function openFile(path: string): Promise<OpenSafetensors> {
  const source = await fileSource(path);
  try {
    return await openHeader(source, path);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The file or the index that a path means. */
async function resolvePath(path: string): Promise<string> {
  const status = await stat(path).catch((error: unknown) => {
    throw new Error(`${nameOf(path)}: ${explain(error)}`, { cause: error });
  });
  if (!status.isDirectory()) return path;
  const names = (await readdir(path)).filter(
    (name) => name.endsWith(".safetensors") || name.endsWith(".safetensors.index.json"),
  );
  const indices = names.filter((name) => INDEX.test(name));
  const found = indices.length > 0 ? indices : names;
  if (found.length === 1) return join(path, found[0]);
  if (found.length === 0) throw new Error(`${path}: a folder without a .safetensors file or the index of several`);
  throw new Error(
    `${path}: a folder of ${found.length} of them (${found.slice(0, 5).map(quote).join(", ")}${found.length > 5 ? ", ..." : ""}); name the one that is meant`,
  );
}

/**
 * Opens safetensors to read single tensors. A path leads to a file, to the index of a model in several files (model.safetensors.index.json), or to
 * the folder where either lies; otherwise as in a browser. Close it at the end.
 * @throws Error naming the file and what is wrong with it, or with the index.
 * @example
 * ```ts
 * const file = await openSafetensors(writeSafetensors({ a: tensor([1, 2]) }));
 * (await file.read("a")).toArray(); // [1, 2]
 * ```
 */
export async function openSafetensors(
  source: string | Uint8Array | BlobLike | ByteSource,
  name = typeof source === "string" ? source : "safetensors file",
): Promise<LazySafetensors> {
  if (typeof source !== "string") return openSource(source, name);
  text("openSafetensors", "name", name);
  const path = await resolvePath(source);
  const isIndex = INDEX.test(path);
  const index = isIndex
    ? readSafetensorsIndex(new TextDecoder().decode(await readRegularFile(path, MOST_BYTES)), path)
    : { files: [basename(path)], places: new Map<string, string>() };
  const files: OpenSafetensors[] = [];
  try {
    for (const file of index.files) files.push(await openFile(isIndex ? join(dirname(path), file) : path));
    return joinFiles(index, files, path);
  } catch (error) {
    for (const file of files) await file.source.close?.();
    throw error;
  }
}

/**
 * The tensors and texts of a safetensors file, or of a model in several: see `openSafetensors` for what `path` may be, and `readSafetensors` for what
 * becomes of types. Read straight into the tensors' memory.
 * @throws Error naming the file and what is wrong.
 * @example
 * ```ts
 * const weightsOf = async (path: string) => (await loadSafetensors(path)).tensors;
 * ```
 */
export async function loadSafetensors(path: string, options: SafetensorsReadOptions = {}): Promise<TensorFile> {
  text("loadSafetensors", "the path", path);
  const wide = wideOf("loadSafetensors", options);
  const opened = await openSafetensors(path);
  await opened.close();
  return keep(
    scope(() => {
      const tensors: Record<string, Tensor> = Object.create(null);
      for (const file of opened.files) {
        const descriptor = openSync(file.name, "r");
        try {
          for (const place of file.places) {
            const direct = place.type === STORED_TYPES[place.type].dtype && place.type !== "bool";
            tensors[place.name] = direct
              ? readDirectly(descriptor, file, place)
              : tensorAt(
                  place,
                  readPart(descriptor, file, place, new Uint8Array(place.stop - place.start)),
                  file.name,
                  wide,
                );
          }
        } catch (error) {
          if (errorCode(error) === undefined) throw error;
          throw new Error(`${file.name}: ${explain(error)}`, { cause: error });
        } finally {
          closeSync(descriptor);
        }
      }
      return { tensors, metadata: opened.metadata };
    }),
  );
}

function readDirectly(descriptor: number, file: OpenSafetensors, place: Place): Tensor {
  const x = empty("loadSafetensors", place.shape, STORED_TYPES[place.type].dtype);
  if (x.size === 0) return x;
  if (!engine().asynchronous) {
    readPart(descriptor, file, place, engine().window(x));
    return x;
  }
  const values = typedArray(x.dtype, x.size);
  readPart(descriptor, file, place, new Uint8Array(values.buffer));
  engine().write(x, values);
  return x;
}

function readPart(descriptor: number, file: OpenSafetensors, place: Place, into: Uint8Array): Uint8Array {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(descriptor, into, filled, into.length - filled, file.dataStart + place.start + filled);
    if (count === 0) throw damagedSafetensors(file.name)("it has been cut while it was read");
    filled += count;
  }
  return into;
}

/**
 * Writes tensors and text to a safetensors file, whole or not at all; missing folders are made.
 * @throws what `writeSafetensors` throws; Error naming the path where it can't be written.
 * @example
 * ```ts
 * const save = (path: string) => saveSafetensors(path, { x: tensor([1, 2]) }, { made: "by hand" });
 * ```
 */
export async function saveSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
  options: SafetensorsWriteOptions = {},
): Promise<void> {
  text("saveSafetensors", "the path", path);
  fields("saveSafetensors", "options", options);
  await writeNamed(path, writeSafetensors(tensors, metadata, options));
}

/** Writes a file whole or not at all; errors name it. */
export async function writeNamed(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFileAtomically(path, bytes);
  } catch (error) {
    throw new Error(`${nameOf(path)}: ${explain(error)}`, { cause: error });
  }
}
