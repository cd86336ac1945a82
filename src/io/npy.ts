// npy, NumPy's format for one array: a magic word, a version, a header that is a Python dictionary of dtype, order and shape, then the elements.
// Source: numpy.lib.format, NumPy 1.24.
import { refuseLfsPointer } from "../data/lfs.ts";
import { bytesOfFile, knownOptions, oneOf, text } from "../engine/checks.ts";
import type { Bytes } from "../engine/dtype.ts";
import { quote } from "../engine/quote.ts";
import { transpose } from "../ops/views.ts";
import { checkTensor } from "../tensor/check.ts";
import { tensor } from "../tensor/create.ts";
import { formatShape, MAXIMUM_RANK, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  decodeElements,
  dtypeOfStored,
  encodeElements,
  STORED_TYPES,
  type StoredType,
  type WideIntegers,
  WRITTEN_TYPES,
  type WrittenType,
} from "./elements.ts";
import { type PythonLiteral, parsePythonLiteral } from "./python-literal.ts";
import type { Damaged } from "./zip.ts";

/** What readers of NumPy's files may be told. */
export interface NpyReadOptions {
  /**
   * What int64, uint64 and uint32 become: "int32" (default), or "float64", which holds whole numbers up to 2^53. A value that does not fit is an
   * error either way.
   */
  int64?: WideIntegers;
}

/** What writers of NumPy's files may be told. */
export interface NpyWriteOptions {
  /** The type in the file; default the tensor's own. Floats are rounded to the nearest, integers have to fit. bfloat16 is none of NumPy's. */
  dtype?: NpyType;
}

/** Element types of NumPy that are written. */
export type NpyType = Exclude<WrittenType, "bfloat16">;

export const NPY_READ_OPTIONS = ["int64"];
export const NPY_WRITE_OPTIONS = ["dtype"];
const NPY_TYPES = WRITTEN_TYPES.filter((type): type is NpyType => type !== "bfloat16");

/** NumPy's codes: kind and bytes. */
const CODES: Record<NpyType, string> = {
  ...{ float64: "f8", float32: "f4", float16: "f2", bool: "b1" },
  ...{ int64: "i8", int32: "i4", int16: "i2", int8: "i1" },
  ...{ uint64: "u8", uint32: "u4", uint16: "u2", uint8: "u1" },
};
const TYPE_OF = new Map(Object.entries(CODES).map(([type, code]) => [code, type as StoredType]));

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** The elements begin at a multiple of it. */
const ALIGNMENT = 64;
/** Far above what any header of numbers takes. */
const LONGEST_HEADER = 2 ** 20;

/** What the header of an npy file says. */
export interface NpyHeader {
  readonly type: StoredType;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin, and where the file has to end. */
  readonly start: number;
  readonly stop: number;
}

/**
 * An array in NumPy's npy format, for `np.load`.
 * @throws TypeError for another dtype than there are; RangeError for values that it does not hold.
 * @example
 * ```ts
 * const bytes = writeNpy(tensor([[1, 2], [3, 4]]), { dtype: "float16" });
 * readNpy(bytes).toArray(); // [[1, 2], [3, 4]]
 * ```
 */
export function writeNpy(x: Tensor, options: NpyWriteOptions = {}): Bytes {
  checkTensor("writeNpy", x);
  return npyOf("writeNpy", x, knownOptions("writeNpy", options, NPY_WRITE_OPTIONS));
}

/** The bytes, for whoever has looked at the arguments. */
export function npyOf(owner: string, x: Tensor, { dtype = x.dtype }: NpyWriteOptions): Bytes {
  oneOf(owner, "dtype", dtype, NPY_TYPES);
  let data: Bytes;
  try {
    data = encodeElements(dtype, x.dataSync(), x.dtype);
  } catch (error) {
    throw error instanceof RangeError ? new RangeError(`${owner}: ${error.message}`) : error;
  }
  const order = STORED_TYPES[dtype].bytes === 1 ? "|" : "<";
  const fields = `{'descr': '${order}${CODES[dtype]}', 'fortran_order': False, 'shape': ${formatShape(x.shape)}, }`;
  const length = Math.ceil((10 + fields.length + 1) / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(length + data.length);
  file.set(MAGIC);
  file.set([1, 0, (length - 10) & 255, (length - 10) >> 8], 6);
  file.set(new TextEncoder().encode(`${fields.padEnd(length - 11)}\n`), 10);
  file.set(data, length);
  return file;
}

/**
 * The array in bytes of NumPy's npy format, versions 1 to 3, of any numbers in any order: float16 becomes float32, integers become int32. An array
 * in Fortran's order is a transposed view.
 * @param name what to call the file in errors.
 * @throws Error naming the file and what is wrong: damaged, more or fewer bytes than the shape takes, complex numbers, structures, texts, dates,
 * Python objects; RangeError for an integer that does not fit.
 * @example
 * ```ts
 * const x = readNpy(writeNpy(tensor([1, 2, 3], "int32")));
 * x.dtype; // "int32"
 * ```
 */
export function readNpy(bytes: Uint8Array, name = "npy file", options: NpyReadOptions = {}): Tensor {
  bytesOfFile("readNpy", bytes);
  text("readNpy", "name", name);
  knownOptions("readNpy", options, NPY_READ_OPTIONS);
  return tensorOfNpy("readNpy", bytes, name, options);
}

/** The array, for whoever has looked at the arguments. */
export function tensorOfNpy(
  owner: string,
  bytes: Uint8Array,
  name: string,
  { int64 = "int32" }: NpyReadOptions,
): Tensor {
  oneOf(owner, "int64", int64, ["int32", "float64"]);
  const { type, bigEndian, fortran, shape, start, stop } = npyHeader(bytes, name, bytes.length);
  const dtype = dtypeOfStored(type, int64);
  try {
    const values = decodeElements(type, bytes.subarray(start, stop), bigEndian, int64);
    if (!fortran || shape.length < 2) return tensor(values, { dtype, shape });
    return transpose(tensor(values, { dtype, shape: [...shape].reverse() }));
  } catch (error) {
    throw error instanceof RangeError ? new RangeError(`${name}: ${error.message}`) : error;
  }
}

/**
 * What the header says, compared with the file's length.
 * @param bytes the file, or as much of its beginning as holds the header.
 */
export function npyHeader(bytes: Uint8Array, name: string, length: number): NpyHeader {
  const damaged: Damaged = (what) => new Error(`${name}: ${what}; the file is damaged or not in NumPy's npy format`);
  refuseLfsPointer(name, bytes);
  if (!MAGIC.every((byte, k) => bytes[k] === byte)) throw damaged("does not begin as npy files do");
  const version = bytes[6];
  if (version !== 1 && version !== 2 && version !== 3)
    throw damaged(`version ${version ?? "missing"}, and 1 to 3 are known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = version === 1 ? 10 : 12;
  if (bytes.length < begin) throw damaged("it ends within its header");
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (headerLength > LONGEST_HEADER)
    throw damaged(`a header of ${headerLength} bytes, and at most ${LONGEST_HEADER} are read`);
  const start = begin + headerLength;
  if (start > bytes.length) throw damaged("it ends within its header");
  let header: PythonLiteral;
  try {
    header = parsePythonLiteral(
      new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.subarray(begin, start)),
    );
  } catch (error) {
    throw damaged(`its header is no Python dictionary (${(error as Error).message})`);
  }
  if (!(header instanceof Map)) throw damaged("its header is no Python dictionary");
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((key) => header.get(key));
  if (header.size !== 3 || descr === undefined || typeof fortran !== "boolean" || shape === undefined) {
    throw damaged(`its header has ${quote([...header.keys()])} and not descr, fortran_order and shape`);
  }
  const { type, bigEndian } = typeOfDescr(descr, name, damaged);
  const counts =
    Array.isArray(shape) && shape.every((n): n is number => typeof n === "number" && n >= 0 && n < 2 ** 31);
  if (!counts) throw damaged("its shape is no tuple of sizes");
  if (shape.length > MAXIMUM_RANK)
    throw new Error(
      `${name}: ${shape.length} axes, and at most ${MAXIMUM_RANK} are supported; reshape the array in NumPy`,
    );
  const needed = shape.includes(0) ? 0 : sizeOf(shape as number[]) * STORED_TYPES[type].bytes;
  const there = length - start;
  if (there < needed)
    throw damaged(
      `shape ${formatShape(shape as number[])} of ${type} needs ${needed} bytes, and ${there} follow the header`,
    );
  if (there > needed) {
    throw damaged(
      `${there - needed} bytes follow the array (several arrays in one file are not supported: use np.savez)`,
    );
  }
  return { type, bigEndian, fortran, shape: shape as number[], start, stop: start + needed };
}

/** What NumPy has beside numbers, and how they can be had as numbers. */
const OTHER_KINDS: Record<string, string> = {
  c: "complex numbers; save their parts: np.save(file, np.stack([x.real, x.imag]))",
  O: "Python objects, which only Python can read; save an array of numbers: x.astype(np.float32)",
  S: "texts; save numbers, and the texts as JSON",
  U: "texts; save numbers, and the texts as JSON",
  V: "raw bytes, or numbers that NumPy itself does not have, such as bfloat16; save x.astype(np.float32)",
  M: "dates; save x.astype(np.float64)",
  m: "times; save x.astype(np.float64)",
};

function typeOfDescr(descr: PythonLiteral, name: string, damaged: Damaged): { type: StoredType; bigEndian: boolean } {
  if (Array.isArray(descr)) {
    throw new Error(
      `${name}: holds structures of several fields; save each field as an array of its own: np.savez(file, a=x["a"])`,
    );
  }
  const [, order, kind, size] = (typeof descr === "string" && /^([<>|=]?)([a-zA-Z])(\d*)/.exec(descr)) || [];
  if (kind === undefined) throw damaged(`the dtype ${quote(descr)} is none of NumPy's`);
  const type = TYPE_OF.get(kind + size);
  if (type !== undefined && `${order}${kind}${size}` === descr) return { type, bigEndian: order === ">" };
  const what = Object.hasOwn(OTHER_KINDS, kind) ? OTHER_KINDS[kind] : undefined;
  if (what !== undefined) throw new Error(`${name}: dtype ${quote(descr)}: holds ${what}`);
  throw new Error(`${name}: dtype ${quote(descr)} is not supported; save x.astype(np.float64)`);
}
