// IDX, the file format of MNIST: two zero bytes, a type code, the number of dimensions, the sizes as 32-bit words, then the numbers themselves.
// All big endian. The header says exactly how long the file must be, so every damage by truncation or appending is found.
// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".

import { bytesOfFile, fields, list, oneOf, text } from "../engine/checks.ts";
import type { Bytes } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { refuseLfsPointer } from "./lfs.ts";

/** The element types of IDX. */
export type IdxType = "uint8" | "int8" | "int16" | "int32" | "float32" | "float64";

/** An array as IDX files hold it. */
export interface IdxArray {
  readonly type: IdxType;
  /** At most 255 sizes, each below 2^32; none for a single number. */
  readonly shape: readonly number[];
  /** The elements, row-major, in the array class that `type` names. */
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

const codes: Readonly<Record<IdxType, number>> = {
  uint8: 0x08,
  int8: 0x09,
  int16: 0x0b,
  int32: 0x0c,
  float32: 0x0d,
  float64: 0x0e,
};
const widths: Readonly<Record<IdxType, number>> = { uint8: 1, int8: 1, int16: 2, int32: 4, float32: 4, float64: 8 };
const arrays = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

const remedy = "the file is damaged or incomplete, so fetch it again";

/** A shape for messages: IDX allows 255 sizes. */
function short(shape: readonly number[]): string {
  return shape.length > 8 ? `${shape.slice(0, 8).join(", ")}, and ${shape.length - 8} more` : shape.join(", ");
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** What an IDX file's first bytes say. */
interface IdxHeader {
  readonly type: IdxType;
  readonly shape: readonly number[];
  /** How long the header is, and how many elements follow. */
  readonly header: number;
  readonly count: number;
}

/** @returns undefined if `bytes` end within the header @throws if it is not one of IDX */
function readHeader(bytes: Uint8Array, name: string): IdxHeader | undefined {
  if (bytes.length < 4) return undefined;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new Error(`${name}: compressed with gzip; decompress it before reading it as IDX`);
  }
  refuseLfsPointer(name, bytes);
  if (bytes[0] !== 0 || bytes[1] !== 0) {
    throw new Error(
      `${name}: not an IDX file: it starts with ${hex(bytes.subarray(0, 4))}, expected 00 00, a type code and the number of dimensions`,
    );
  }
  const type = (Object.keys(codes) as IdxType[]).find((candidate) => codes[candidate] === bytes[2]);
  if (type === undefined) {
    const known = Object.entries(codes).map(([known, code]) => `${hex(Uint8Array.of(code))} ${known}`);
    throw new Error(
      `${name}: unknown IDX type code ${hex(bytes.subarray(2, 3))}, expected one of ${known.join(", ")}; is it an IDX file?`,
    );
  }
  const rank = bytes[3];
  const header = 4 + 4 * rank;
  if (bytes.length < header) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // Many sizes multiply to infinity, and infinity times 0 is no number.
  const count = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  return { type, shape, header, count };
}

/** How long a whole IDX file is, by its first bytes; undefined if they are too few to tell. @throws if they are not those of IDX */
export function idxSize(start: Uint8Array, name: string): number | undefined {
  const read = readHeader(start, name);
  return read && read.header + read.count * widths[read.type];
}

/**
 * Reads an uncompressed IDX file, the format of MNIST.
 *
 * A `uint8` array is a view of `bytes`; other types are copied, since their bytes are swapped.
 * @param name what to call the bytes in error messages, such as the file's path.
 * @throws Error if the first bytes or the type code are not those of IDX, if the bytes are compressed, or if their number
 * is not what the header says.
 * @example
 * ```ts
 * const bytes = Uint8Array.of(0, 0, 0x08, 2, 0, 0, 0, 1, 0, 0, 0, 2, 50, 60);
 * const { type, shape, data } = readIdx(bytes);
 * type; // "uint8"
 * shape; // [1, 2]
 * data; // [50, 60]
 * ```
 */
export function readIdx(bytes: Uint8Array, name = "IDX data"): IdxArray {
  bytesOfFile("readIdx", bytes);
  text("readIdx", "name", name);
  const read = readHeader(bytes, name);
  if (read === undefined) {
    const what =
      bytes.length < 4
        ? "an IDX file starts with 4 bytes of header"
        : `an IDX header of ${bytes[3]} dimensions takes ${4 + 4 * bytes[3]} bytes`;
    throw new Error(`${name}: ${what}, but there are ${bytes.length}; ${remedy}`);
  }
  const { type, shape, header, count } = read;
  const width = widths[type];
  const expected = header + count * width;
  if (bytes.length !== expected) {
    const difference = bytes.length - expected;
    const what = difference < 0 ? `${-difference} are missing` : `${difference} follow the end`;
    throw new Error(
      `${name}: the header says ${type} of shape (${short(shape)}), which takes ${expected} bytes, but there are ${bytes.length} (${what}); ${remedy}`,
    );
  }
  // Node's Buffer has a slice() that does not copy: go by the memory itself.
  const stored = new Uint8Array(bytes.buffer, bytes.byteOffset + header, count * width);
  if (type === "uint8") return { type, shape, data: stored };
  const body = new Uint8Array(stored);
  if (littleEndian) swapBytes(body, width);
  return { type, shape, data: new arrays[type](body.buffer, 0, count) };
}

/**
 * Writes an array as an uncompressed IDX file, the format of MNIST: 4 bytes, 4 for each dimension, then the elements,
 * all big endian.
 * @throws Error if `shape`, `type` and `data` do not agree, if a size is not a whole number below 2^32, or if there are
 * more than 255 dimensions.
 * @example
 * ```ts
 * writeIdx({ type: "int16", shape: [2], data: Int16Array.of(1, -1) }); // [0, 0, 11, 1, 0, 0, 0, 2, 0, 1, 255, 255]
 * ```
 */
export function writeIdx(array: IdxArray): Bytes {
  const { type, shape, data } = fields("writeIdx", "the argument, { type, shape, data },", array);
  oneOf("writeIdx", "type", type, Object.keys(arrays) as IdxType[]);
  if (!(data instanceof arrays[type])) {
    throw new Error(`writeIdx: type ${type} needs a ${arrays[type].name}, got ${quote(data)}`);
  }
  list("writeIdx", "shape", shape);
  if (shape.length > 255) throw new Error(`writeIdx: ${shape.length} dimensions, but IDX holds at most 255`);
  for (const [axis, size] of shape.entries()) {
    if (!Number.isInteger(size) || size < 0 || size > 0xffffffff) {
      throw new Error(`writeIdx: size ${quote(size)} of dimension ${axis} is not a whole number from 0 to 4294967295`);
    }
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (data.length !== count) {
    throw new Error(`writeIdx: shape (${shape.join(", ")}) takes ${count} numbers, but there are ${data.length}`);
  }
  const header = 4 + 4 * shape.length;
  const bytes = new Uint8Array(header + data.byteLength);
  const view = new DataView(bytes.buffer);
  bytes[2] = codes[type];
  bytes[3] = shape.length;
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header);
  if (littleEndian) swapBytes(bytes.subarray(header), widths[type]);
  return bytes;
}

function swapBytes(bytes: Uint8Array, width: number): void {
  if (width === 1) return;
  for (let start = 0; start < bytes.length; start += width) bytes.subarray(start, start + width).reverse();
}
