// The safetensors format (huggingface/safetensors): 8 bytes with the header's length, a JSON header with each tensor's dtype, shape and place, then
// the bytes. Nothing in a file is executed, and every length is checked before it is used.

import { lfsPointer } from "../data/lfs.ts";
import { bytesOfFile, fields, text } from "../engine/checks.ts";
import { type Bytes, type DType, type TypedArray, typedArray } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkTensor } from "../tensor/check.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, MAXIMUM_RANK, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

const NAMES: Record<DType, string> = { float32: "F32", float64: "F64", int32: "I32", bool: "BOOL" };
const DTYPE_OF = new Map(Object.entries(NAMES).map(([dtype, name]) => [name, dtype as DType]));
/** The format's own limit. */
const MAXIMUM_HEADER = 100_000_000;
const OPENING_BRACE = 0x7b;

/** What a safetensors file holds: tensors by name, and text by name. */
export interface SafetensorsFile {
  tensors: Record<string, Tensor>;
  metadata: Record<string, string>;
}

/**
 * Writes tensors and text to safetensors bytes. Equal tensors and metadata give equal bytes: names are sorted, lengths
 * padded with spaces.
 * @throws TypeError for a tensor named `__metadata__`.
 * @example
 * ```ts
 * const bytes = writeSafetensors({ weights: tensor([[1, 2], [3, 4]]) }, { made: "by hand" });
 * readSafetensors(bytes).tensors["weights"].toArray(); // [[1, 2], [3, 4]]
 * ```
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Bytes {
  fields("safetensors", "the first argument, tensors by name,", tensors);
  for (const [name, x] of Object.entries(tensors)) checkTensor(`safetensors: ${quote(name)}`, x);
  fields("safetensors", "metadata", metadata);
  for (const [name, value] of Object.entries(metadata)) text("safetensors", `metadata ${quote(name)}`, value);
  const header: Record<string, unknown> = Object.create(null);
  if (Object.keys(metadata).length > 0) {
    header["__metadata__"] = Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  const parts: Uint8Array[] = [];
  let offset = 0;
  // Larger elements first, so that each tensor begins at a multiple of its element's size.
  const names = Object.keys(tensors).sort(
    (a, b) => bytesOfElement(tensors[b]) - bytesOfElement(tensors[a]) || (a < b ? -1 : 1),
  );
  for (const name of names) {
    if (name === "__metadata__") throw new TypeError("safetensors: a tensor can't be named __metadata__");
    const x = tensors[name];
    const values = x.dataSync();
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    header[name] = { dtype: NAMES[x.dtype], shape: [...x.shape], data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  }
  let json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  if (padded !== json.length) {
    const spaced = new Uint8Array(padded).fill(32);
    spaced.set(json);
    json = spaced;
  }
  const file = new Uint8Array(8 + json.length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  let at = 8 + json.length;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function bytesOfElement(x: Tensor): number {
  return x.dtype === "float64" ? 8 : x.dtype === "bool" ? 1 : 4;
}

/**
 * Reads safetensors bytes. F32, F64, I32 and BOOL are taken as they are; F16 and BF16 become float32.
 * @param name what to call the file in errors.
 * @throws Error naming the file and what is wrong: truncated, a Git LFS pointer, a header that is not one, two entries of one name, an
 * unknown dtype, and, as the reference implementation has it, tensors that overlap, leave gaps or end before the file does. `tensors`
 * and `metadata` have no prototype: any name is only a name.
 * @example
 * ```ts
 * const { tensors, metadata } = readSafetensors(writeSafetensors({ x: tensor([1, 2]) }, { unit: "m" }));
 * tensors["x"].toArray(); // [1, 2]
 * metadata; // { unit: "m" }
 * ```
 */
export function readSafetensors(bytes: Uint8Array, name = "safetensors file"): SafetensorsFile {
  bytesOfFile("readSafetensors", bytes);
  text("readSafetensors", "name", name);
  const damaged: Damaged = (what) =>
    new Error(`${name}: ${what}; the file is damaged or not in the safetensors format`);
  const pointer = lfsPointer(bytes);
  if (pointer !== undefined) throw new Error(`${name}: ${pointer}`);
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes are too few`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAXIMUM_HEADER) throw damaged(`a header of ${length} bytes, and the format allows ${MAXIMUM_HEADER}`);
  if (8 + length > bytes.length)
    throw damaged(`the header would be ${length} bytes long, the file has ${bytes.length}`);
  const header = parseHeader(bytes.slice(8, 8 + length), damaged);
  const data = bytes.subarray(8 + length);
  const places = Object.entries(header)
    .filter(([key]) => key !== "__metadata__")
    .map(([key, value]) => placeOf(key, value, (what) => damaged(`tensor ${quote(key)}: ${what}`)));
  const metadata = readMetadata(header["__metadata__"], damaged);
  checkCover(places, data.length, damaged);
  // Without a prototype, so that a tensor may have any name. Made only when all is known to be sound: a damaged file leaves nothing behind.
  const tensors: Record<string, Tensor> = Object.create(null);
  for (const place of places) tensors[place.name] = readTensor(place, data);
  return { tensors, metadata };
}

type Damaged = (what: string) => Error;

/** Where a tensor stands in the data, every number of it checked. */
interface Place {
  readonly name: string;
  readonly label: string;
  readonly dtype: DType;
  readonly shape: number[];
  readonly start: number;
  readonly stop: number;
}

function parseHeader(bytes: Uint8Array, damaged: Damaged): Record<string, unknown> {
  if (bytes[0] !== OPENING_BRACE) throw damaged("the header does not begin with {");
  if (bytes.at(-1) === 0) throw damaged("the header ends in zero bytes (spaces may fill it up)");
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw damaged("the header is not JSON");
  }
  const twice = doubleKey(text);
  if (twice !== undefined) throw damaged(`two entries are called ${quote(twice)}`);
  return header as Record<string, unknown>;
}

/** The first key that an object in the JSON `text` has twice: JSON.parse keeps the last one without a word. */
function doubleKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"\s*:?|[{}[\]]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token.endsWith(":")) {
      const key = JSON.parse(token.slice(0, -1)) as string;
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}

function readMetadata(value: unknown, damaged: Damaged): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  if (value === undefined) return metadata;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw damaged("__metadata__ is not a map of strings");
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string")
      throw damaged(`__metadata__ is not a map of strings: ${quote(key)} is ${quote(text)}`);
    metadata[key] = text;
  }
  return metadata;
}

function placeOf(name: string, value: unknown, damaged: Damaged): Place {
  if (typeof value !== "object" || value === null) throw damaged("shape or place is missing");
  const { dtype: label, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (typeof label !== "string")
    throw damaged(`the dtype is ${label === undefined ? "missing" : quote(label)}, not a name`);
  const half = label === "F16" || label === "BF16";
  const dtype = half ? "float32" : DTYPE_OF.get(label);
  if (dtype === undefined) {
    throw damaged(`dtype ${quote(label)} is not supported (F32, F64, I32, BOOL, F16, BF16 are)`);
  }
  const counts = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!counts(shape))
    throw damaged(`the shape is ${shape === undefined ? "missing" : quote(shape)}, not a list of sizes`);
  if (!counts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    const what = offsets === undefined ? "missing" : quote(offsets);
    throw damaged(`the place in the data is ${what}, not where it begins and ends`);
  }
  if (shape.length > MAXIMUM_RANK) throw damaged(`${shape.length} axes, and at most ${MAXIMUM_RANK} are supported`);
  const [start, stop] = offsets;
  const needed = shape.includes(0) ? 0 : sizeOf(shape) * (half ? 2 : typedArray(dtype, 0).BYTES_PER_ELEMENT);
  if (stop - start !== needed) {
    throw damaged(`shape ${formatShape(shape)} of ${label} needs ${needed} bytes, got ${stop - start}`);
  }
  return { name, label, dtype, shape, start, stop };
}

/** Every byte belongs to exactly one tensor, as the format has it: what hides in a file would otherwise go unseen. */
function checkCover(places: readonly Place[], length: number, damaged: Damaged): void {
  const inOrder = [...places].sort((a, b) => a.start - b.start || a.stop - b.stop);
  let covered = 0;
  for (const { name, start, stop } of inOrder) {
    const tensor = `tensor ${quote(name)}`;
    if (stop > length) throw damaged(`${tensor}: bytes ${start} to ${stop} are outside the file's ${length}`);
    if (start < covered)
      throw damaged(`${tensor}: bytes ${start} to ${stop} overlap another tensor's, which end at ${covered}`);
    if (start > covered)
      throw damaged(`${tensor}: begins at byte ${start}, and bytes ${covered} to ${start} are no tensor's`);
    covered = stop;
  }
  if (covered < length) throw damaged(`${length - covered} bytes follow the last tensor`);
}

function readTensor({ label, dtype, shape, start, stop }: Place, data: Uint8Array): Tensor {
  // Not slice: a Node Buffer's slice shares memory, and the views below need bytes of their own, aligned.
  const copy = new Uint8Array(stop - start);
  copy.set(data.subarray(start, stop));
  const half = label === "F16" || label === "BF16";
  return tensor(half ? widen(copy, label) : valuesOf(copy, dtype), { dtype, shape });
}

function valuesOf(bytes: Uint8Array<ArrayBuffer>, dtype: DType): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(bytes.buffer);
    case "float64":
      return new Float64Array(bytes.buffer);
    case "int32":
      return new Int32Array(bytes.buffer);
    case "bool":
      return bytes;
  }
}

/** Half precision to float32: IEEE binary16 or bfloat16. */
function widen(bytes: Uint8Array<ArrayBuffer>, label: string): Float32Array {
  const halves = new Uint16Array(bytes.buffer);
  if (label === "BF16") return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
  return Float32Array.from(halves, (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
