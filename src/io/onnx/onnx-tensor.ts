// Arrays as ONNX has them: more element types than tensors have here, so their elements stand in plain arrays of JavaScript; and how they lie in a file.
import type { DType } from "../../engine/dtype.ts";
import { quote } from "../../engine/quote.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { TensorProto } from "./proto/messages.ts";
import type { Damaged, Draft } from "./proto/wire.ts";
import { brainFloat, brainFloatBits, floatOfBits, half, halfBits } from "./small-floats.ts";

/** The standard's element types, by name; `float32` is its FLOAT, `float64` its DOUBLE. Their numbers are `ELEMENT_CODE`'s. */
export type ElementType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool"
  | "string"
  | "complex64"
  | "complex128"
  | "float8e4m3fn"
  | "float8e4m3fnuz"
  | "float8e5m2"
  | "float8e5m2fnuz"
  | "uint4"
  | "int4"
  | "float4e2m1"
  | "float8e8m0"
  | "uint2"
  | "int2";

/** What holds the elements in JavaScript: floats narrower than 32 bits in a Float32Array, integers narrower than 8 and booleans in one of 8. */
export type ElementData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | string[];

/**
 * An array of any of ONNX's element types, row-major: what a model takes and gives where `Tensor` has no such type, such as int64 or strings.
 * @example
 * ```ts
 * const ids: OnnxTensor = { type: "int64", shape: [1, 3], data: BigInt64Array.of(101n, 7n, 102n) };
 * ```
 */
export interface OnnxTensor {
  type: ElementType;
  shape: readonly number[];
  data: ElementData;
}

/** The numbers of the element types in a file (TensorProto.DataType). */
export const ELEMENT_CODE: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  complex64: 14,
  complex128: 15,
  bfloat16: 16,
  float8e4m3fn: 17,
  float8e4m3fnuz: 18,
  float8e5m2: 19,
  float8e5m2fnuz: 20,
  uint4: 21,
  int4: 22,
  float4e2m1: 23,
  float8e8m0: 24,
  uint2: 25,
  int2: 26,
};

const TYPE_OF = new Map(Object.entries(ELEMENT_CODE).map(([type, code]) => [code, type as ElementType]));

/** Bits an element takes in `rawData`. */
const BITS: Readonly<Record<ElementType, number>> = {
  float32: 32,
  uint8: 8,
  int8: 8,
  uint16: 16,
  int16: 16,
  int32: 32,
  int64: 64,
  string: 0,
  bool: 8,
  float16: 16,
  float64: 64,
  uint32: 32,
  uint64: 64,
  complex64: 64,
  complex128: 128,
  bfloat16: 16,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  uint4: 4,
  int4: 4,
  float4e2m1: 4,
  float8e8m0: 8,
  uint2: 2,
  int2: 2,
};

/** The element type of that number in a file; undefined for one that is not known. */
export function elementType(code: number | undefined): ElementType | undefined {
  return code === undefined ? undefined : TYPE_OF.get(code);
}

/** Whether it is one of the floating-point types. */
export function isFloating(type: ElementType): boolean {
  return type.includes("float");
}

/** A new array for so many elements of a type: zeros, or empty strings. */
export function elementArray(type: ElementType, length: number): ElementData {
  switch (type) {
    case "float64":
      return new Float64Array(length);
    case "int8":
    case "int4":
    case "int2":
      return new Int8Array(length);
    case "int16":
      return new Int16Array(length);
    case "int32":
      return new Int32Array(length);
    case "int64":
      return new BigInt64Array(length);
    case "uint8":
    case "bool":
    case "uint4":
    case "uint2":
      return new Uint8Array(length);
    case "uint16":
      return new Uint16Array(length);
    case "uint32":
      return new Uint32Array(length);
    case "uint64":
      return new BigUint64Array(length);
    case "string":
      return new Array<string>(length).fill("");
    default:
      return new Float32Array(length);
  }
}

/** Reads the bytes of another file in which a tensor's elements are. */
export type ExternalData = (location: string) => Uint8Array;

/** An array as it lies in a file, its length checked. */
export interface StoredArray {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Its elements as memory has them, without a copy: floats of 32 and 64 bits that are not spelt out one by one. */
  readonly bytes: Uint8Array | undefined;
  decode(): ElementData;
}

/** A file's array. @throws what `damaged` makes of one whose elements are missing, too many, or of a type that is not supported. */
export function readTensorProto(proto: TensorProto, damaged: Damaged, external?: ExternalData): OnnxTensor {
  const { type, shape, decode } = storedArray(proto, damaged, external);
  return { type, shape, data: decode() };
}

/** `readTensorProto` that reads no element yet. */
export function storedArray(proto: TensorProto, damaged: Damaged, external?: ExternalData): StoredArray {
  const what = `tensor ${quote(proto.name ?? "")}`;
  const type = elementType(proto.dataType);
  if (type === undefined) throw damaged(`${what} has the element type ${proto.dataType ?? "none"}, which is not known`);
  if (type === "complex64" || type === "complex128")
    throw damaged(`${what} is ${type}`, "complex numbers are not supported");
  const shape = proto.dims;
  let size = 1;
  for (const length of shape) {
    if (length < 0) throw damaged(`${what} has an axis of length ${length}`);
    size *= length;
  }
  if (!Number.isSafeInteger(size)) throw damaged(`${what} has ${size} elements`);
  const raw = proto.dataLocation === 1 ? externalBytes(proto, what, damaged, external) : proto.rawData;
  // Some writers give an empty rawData beside the typed field.
  if (raw !== undefined && type !== "string" && (raw.length > 0 || size === 0)) {
    const needed = Math.ceil((size * BITS[type]) / 8);
    if (raw.length !== needed) {
      throw damaged(`${what}: ${size} elements of ${type} need ${needed} bytes, got ${raw.length}`);
    }
    const bytes = type === "float32" || type === "float64" ? raw : undefined;
    return { type, shape, bytes, decode: () => fromRaw(type, raw, size) };
  }
  return { type, shape, bytes: undefined, decode: () => fromFields(proto, type, size, what, damaged) };
}

function externalBytes(
  { externalData }: TensorProto,
  what: string,
  damaged: Damaged,
  external: ExternalData | undefined,
): Uint8Array {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location");
  if (location === undefined) throw damaged(`${what} is in another file, and no location says which`);
  if (external === undefined) {
    throw new Error(
      `${what} is in another file, ${quote(location)}; give its bytes as externalData: { ${quote(location)}: bytes }, or load the model by its path with loadOnnx`,
    );
  }
  const bytes = external(location);
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? bytes.length - offset);
  if (!(Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0)) {
    throw damaged(
      `${what}: its place in ${quote(location)} is no place, ${entries.get("offset")} and ${entries.get("length")}`,
    );
  }
  if (offset + length > bytes.length) {
    throw damaged(
      `${what}: bytes ${offset} to ${offset + length} are outside the ${bytes.length} of ${quote(location)}`,
    );
  }
  return bytes.subarray(offset, offset + length);
}

/** Elements from little-endian bytes. */
function fromRaw(type: ElementType, raw: Uint8Array, size: number): ElementData {
  const bits = BITS[type];
  if (bits < 8) return fromPacked(type, raw, size);
  // A copy: aligned, and not a window that would keep the whole file.
  const bytes = new Uint8Array(raw);
  switch (type) {
    case "float32":
      return new Float32Array(bytes.buffer);
    case "float64":
      return new Float64Array(bytes.buffer);
    case "int8":
      return new Int8Array(bytes.buffer);
    case "int16":
      return new Int16Array(bytes.buffer);
    case "int32":
      return new Int32Array(bytes.buffer);
    case "int64":
      return new BigInt64Array(bytes.buffer);
    case "uint16":
      return new Uint16Array(bytes.buffer);
    case "uint32":
      return new Uint32Array(bytes.buffer);
    case "uint64":
      return new BigUint64Array(bytes.buffer);
    case "uint8":
    case "bool":
      return bytes;
    case "float16":
    case "bfloat16":
      return fromBits(type, new Uint16Array(bytes.buffer));
    default:
      return fromBits(type, bytes);
  }
}

/** Floats of 16 bits and fewer, from their bits. */
function fromBits(type: ElementType, bits: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: bits.length }, (_, i) => floatOfBits(type, bits[i]));
}

/** Elements of four or two bits, the first in the lowest. */
function fromPacked(type: ElementType, bytes: Uint8Array, size: number): ElementData {
  const bits = BITS[type];
  const perByte = 8 / bits;
  const data = elementArray(type, size) as Float32Array | Int8Array | Uint8Array;
  for (let i = 0; i < size; i++) {
    const element = (bytes[Math.floor(i / perByte)] >> ((i % perByte) * bits)) & ((1 << bits) - 1);
    if (type === "float4e2m1") data[i] = floatOfBits(type, element);
    else data[i] = type.startsWith("int") && element >= 1 << (bits - 1) ? element - (1 << bits) : element;
  }
  return data;
}

/** Elements from the field of their type. */
function fromFields(proto: TensorProto, type: ElementType, size: number, what: string, damaged: Damaged): ElementData {
  const counted = <T extends { readonly length: number }>(values: T, needed = size): T => {
    if (values.length === needed) return values;
    throw damaged(`${what}: has ${values.length} elements of ${type}, and its shape ${needed}`);
  };
  switch (type) {
    case "float32":
      return counted(proto.floatData).slice();
    case "float64":
      return counted(proto.doubleData).slice();
    case "int64":
      return counted(proto.int64Data).slice();
    case "uint64":
      return counted(proto.uint64Data).slice();
    case "uint32":
      return Uint32Array.from(counted(proto.uint64Data), Number);
    case "string": {
      const decoder = new TextDecoder("utf-8");
      return counted(proto.stringData).map((bytes) => decoder.decode(bytes));
    }
    case "int32":
      return counted(proto.int32Data).slice();
    case "float16":
    case "bfloat16":
      return fromBits(type, Uint16Array.from(counted(proto.int32Data)));
    default: {
      const bits = BITS[type];
      if (bits < 8) {
        return fromPacked(type, Uint8Array.from(counted(proto.int32Data, Math.ceil((size * bits) / 8))), size);
      }
      if (isFloating(type)) return fromBits(type, Uint8Array.from(counted(proto.int32Data)));
      const data = elementArray(type, size) as Int8Array;
      data.set(counted(proto.int32Data));
      return data;
    }
  }
}

/** An array as a file has it, its elements in `rawData` (strings in `stringData`), under that name. */
export function tensorProto({ type, shape, data }: OnnxTensor, name?: string): Draft<TensorProto> {
  const common = { name, dims: shape, dataType: ELEMENT_CODE[type] };
  if (type === "string") {
    const encoder = new TextEncoder();
    return { ...common, stringData: (data as string[]).map((text) => encoder.encode(text)) };
  }
  return { ...common, rawData: rawOf(type, data as Exclude<ElementData, string[]>) };
}

function rawOf(type: ElementType, data: Exclude<ElementData, string[]>): Uint8Array {
  if (type === "float16" || type === "bfloat16") {
    const bits = Uint16Array.from(data as Float32Array, type === "float16" ? halfBits : brainFloatBits);
    return new Uint8Array(bits.buffer);
  }
  const width = BITS[type];
  if (width < 8 || (isFloating(type) && width === 8)) throw new Error(`onnx: writing ${type} is not supported`);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

const TYPE_OF_DTYPE: Readonly<Record<DType, ElementType>> = {
  float32: "float32",
  float64: "float64",
  int32: "int32",
  bool: "bool",
};

/** A tensor's elements as an array of ONNX's. */
export function onnxTensorOf(x: Tensor): OnnxTensor {
  return { type: TYPE_OF_DTYPE[x.dtype], shape: [...x.shape], data: x.dataSync() };
}

/** A number rounded to what a floating-point type holds. */
export function roundTo(type: ElementType, value: number): number {
  if (type === "float16") return half(halfBits(value));
  if (type === "bfloat16") return brainFloat(brainFloatBits(value));
  return type === "float32" ? Math.fround(value) : value;
}
