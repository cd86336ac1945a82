// The safetensors format (huggingface/safetensors): 8 bytes with the header's length, a JSON header with each tensor's dtype, shape and place, then
// the bytes. Nothing in a file is executed, and every length is checked before it is used.

import { bytesOfFile, fields, knownOptions, oneOf, text } from "../engine/checks.ts";
import { type Bytes, type DType, isFloat } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { checkTensor } from "../tensor/check.ts";
import { tensor } from "../tensor/create.ts";
import { scope, type Tensor } from "../tensor/tensor.ts";
import {
  decodeElements,
  dtypeOfStored,
  encodeElements,
  STORED_TYPES,
  type StoredType,
  type WideIntegers,
} from "./elements.ts";
import { headerLength, type Place, readHeader, SAFETENSORS_NAMES } from "./safetensors-header.ts";

const NAME_OF = new Map(Object.entries(SAFETENSORS_NAMES).map(([label, type]) => [type as StoredType, label]));

/** What a file of tensors holds, whatever its format: tensors by name, and text by name where the format has some. */
export interface TensorFile {
  tensors: Record<string, Tensor>;
  metadata: Record<string, string>;
}

/** What a safetensors file holds: tensors by name, and text by name. */
export type SafetensorsFile = TensorFile;

/** What readers of safetensors may be told. */
export interface SafetensorsReadOptions {
  /**
   * What I64, U64 and U32 become: "int32" (default), or "float64", which holds whole numbers up to 2^53. A value that does not fit is an error
   * either way.
   */
  int64?: WideIntegers;
}

/** What writers of safetensors may be told. */
export interface SafetensorsWriteOptions {
  /** The type of floating-point tensors in the file: default their own; "float16" and "bfloat16" round to the nearest, for half the size. */
  floats?: "float32" | "float64" | "float16" | "bfloat16";
}

export const SAFETENSORS_READ_OPTIONS = ["int64"];
const FLOATS = ["float32", "float64", "float16", "bfloat16"] as const;

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
  options: SafetensorsWriteOptions = {},
): Bytes {
  const { floats } = knownOptions("writeSafetensors", options, ["floats"]);
  if (floats !== undefined) oneOf("writeSafetensors", "floats", floats, FLOATS);
  const typeOf = (dtype: DType) => (floats !== undefined && isFloat(dtype) ? floats : dtype);
  const bytesOfElement = (x: Tensor): number => STORED_TYPES[typeOf(x.dtype)].bytes;
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
    const type = typeOf(x.dtype);
    const bytes = encodeElements(type, x.dataSync(), x.dtype);
    header[name] = { dtype: NAME_OF.get(type), shape: [...x.shape], data_offsets: [offset, offset + bytes.length] };
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

/**
 * Reads safetensors bytes. F32, F64, I32 and BOOL are taken as they are; F16, BF16, F8_E4M3 and F8_E5M2 become float32, other integers int32.
 * @param name what to call the file in errors.
 * @throws Error naming the file and what is wrong: truncated, a Git LFS pointer, a header that is not one, two entries of one name, an
 * unknown dtype, an integer that does not fit, and, as the reference implementation has it, tensors that overlap, leave gaps or end before the
 * file does. `tensors` and `metadata` have no prototype: any name is only a name.
 * @example
 * ```ts
 * const { tensors, metadata } = readSafetensors(writeSafetensors({ x: tensor([1, 2]) }, { unit: "m" }));
 * tensors["x"].toArray(); // [1, 2]
 * metadata; // { unit: "m" }
 * ```
 */
export function readSafetensors(
  bytes: Uint8Array,
  name = "safetensors file",
  options: SafetensorsReadOptions = {},
): SafetensorsFile {
  bytesOfFile("readSafetensors", bytes);
  text("readSafetensors", "name", name);
  const wide = wideOf("readSafetensors", options);
  const length = headerLength(bytes, bytes.length, name);
  const { places, metadata, dataStart } = readHeader(bytes.subarray(8, 8 + length), bytes.length, name);
  const data = bytes.subarray(dataStart);
  // Made only when all is known to be sound: a damaged file leaves nothing behind.
  return scope(() => {
    // Without a prototype, so that a tensor may have any name.
    const tensors: Record<string, Tensor> = Object.create(null);
    for (const place of places)
      tensors[place.name] = tensorAt(place, data.subarray(place.start, place.stop), name, wide);
    return { tensors, metadata };
  });
}

/** What wide integers become, as the options have it. */
export function wideOf(owner: string, options: SafetensorsReadOptions): WideIntegers {
  const { int64 = "int32" } = knownOptions(owner, options, SAFETENSORS_READ_OPTIONS);
  return oneOf(owner, "int64", int64, ["int32", "float64"]);
}

/** The tensor of a place whose bytes these are. */
export function tensorAt({ name, type, shape }: Place, bytes: Uint8Array, file: string, wide: WideIntegers): Tensor {
  try {
    return tensor(decodeElements(type, bytes, false, wide), { dtype: dtypeOfStored(type, wide), shape });
  } catch (error) {
    throw error instanceof RangeError ? new RangeError(`${file}: tensor ${quote(name)}: ${error.message}`) : error;
  }
}
