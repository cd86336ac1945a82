// The safetensors format (huggingface/safetensors): 8 bytes with the header's length, a JSON header with each tensor's dtype, shape and place, then
// the bytes. Nothing in a file is executed, and every length is checked before it is used.
import { type DType, type TypedArray, typedArray } from "../engine/dtype.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

const NAMES: Record<DType, string> = { float32: "F32", float64: "F64", int32: "I32", bool: "BOOL" };
const DTYPE_OF = Object.fromEntries(Object.entries(NAMES).map(([dtype, name]) => [name, dtype as DType]));
/** The format's own limit. */
const MAXIMUM_HEADER = 100_000_000;

/** What a safetensors file holds: tensors by name, and text by name. */
export interface SafetensorsFile {
  tensors: Record<string, Tensor>;
  metadata: Record<string, string>;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
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
): Uint8Array {
  const header: Record<string, unknown> = {};
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
 * @throws Error naming the file and what is wrong: truncated, a header that is not one, places outside the file, an
 * unknown dtype.
 * @example
 * ```ts
 * const { tensors, metadata } = readSafetensors(writeSafetensors({ x: tensor([1, 2]) }, { unit: "m" }));
 * tensors["x"].toArray(); // [1, 2]
 * metadata; // { unit: "m" }
 * ```
 */
export function readSafetensors(bytes: Uint8Array, name = "safetensors file"): SafetensorsFile {
  const damaged = (what: string): Error =>
    new Error(`${name}: ${what}; the file is damaged or not in the safetensors format`);
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes are too few`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAXIMUM_HEADER || 8 + length > bytes.length)
    throw damaged(`the header would be ${length} bytes long, the file has ${bytes.length}`);
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.slice(8, 8 + length))) as Record<
      string,
      unknown
    >;
  } catch {
    throw damaged("the header is not JSON");
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw damaged("the header is not a JSON object");
  const data = bytes.subarray(8 + length);
  const tensors: Record<string, Tensor> = {};
  for (const [key, value] of Object.entries(header)) {
    if (key === "__metadata__") continue;
    tensors[key] = readTensor(value as Entry, data, (what) => damaged(`tensor ${JSON.stringify(key)}: ${what}`));
  }
  return { tensors, metadata: readMetadata(header["__metadata__"], damaged) };
}

function readMetadata(value: unknown, damaged: (what: string) => Error): Record<string, string> {
  if (value === undefined) return {};
  const isText =
    typeof value === "object" && value !== null && Object.values(value).every((text) => typeof text === "string");
  if (!isText) throw damaged("__metadata__ is not a map of strings");
  return value as Record<string, string>;
}

function readTensor(entry: Entry, data: Uint8Array, damaged: (what: string) => Error): Tensor {
  const { dtype: label, shape, data_offsets: offsets } = entry ?? {};
  const valid =
    Array.isArray(shape) &&
    shape.every((n) => Number.isInteger(n) && n >= 0) &&
    Array.isArray(offsets) &&
    offsets.length === 2;
  if (!valid) throw damaged("shape or place is missing");
  const [start, stop] = offsets;
  const half = label === "F16" || label === "BF16";
  const dtype = half ? "float32" : DTYPE_OF[label];
  if (dtype === undefined)
    throw damaged(`dtype ${JSON.stringify(label)} is not supported (F32, F64, I32, BOOL, F16, BF16 are)`);
  const size = sizeOf(shape);
  const elementBytes = half ? 2 : typedArray(dtype, 0).BYTES_PER_ELEMENT;
  if (!(start >= 0 && stop >= start && stop <= data.length))
    throw damaged(`bytes ${start} to ${stop} are outside the file's ${data.length}`);
  if (stop - start !== size * elementBytes) {
    throw damaged(`shape ${formatShape(shape)} of ${label} needs ${size * elementBytes} bytes, got ${stop - start}`);
  }
  // Not slice: a Node Buffer's slice shares memory, and the views below need bytes of their own, aligned.
  const copy = new Uint8Array(stop - start);
  copy.set(data.subarray(start, stop));
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
