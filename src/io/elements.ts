// Numbers as files store them, and as tensors hold them: the element types of npy, safetensors, PyTorch and the like, in either byte order. What a tensor has no
// type for becomes the nearest type that holds every value, or is an error: no reader rounds or wraps an integer.
import { type Bytes, type DType, isInt32, type TypedArray, typedArray } from "../engine/dtype.ts";

/** What an element type of a file is called here. */
export type StoredType = keyof typeof STORED_TYPES;

/** Bytes an element takes, and the dtype of the tensor that it becomes. */
export const STORED_TYPES = {
  float64: { bytes: 8, dtype: "float64" },
  float32: { bytes: 4, dtype: "float32" },
  float16: { bytes: 2, dtype: "float32" },
  bfloat16: { bytes: 2, dtype: "float32" },
  /** Four bits of exponent, three of fraction, no infinities: "fn" (Micikevicius et al. 2022). */
  float8_e4m3fn: { bytes: 1, dtype: "float32" },
  float8_e5m2: { bytes: 1, dtype: "float32" },
  int64: { bytes: 8, dtype: "int32" },
  int32: { bytes: 4, dtype: "int32" },
  int16: { bytes: 2, dtype: "int32" },
  int8: { bytes: 1, dtype: "int32" },
  uint64: { bytes: 8, dtype: "int32" },
  uint32: { bytes: 4, dtype: "int32" },
  uint16: { bytes: 2, dtype: "int32" },
  uint8: { bytes: 1, dtype: "int32" },
  bool: { bytes: 1, dtype: "bool" },
} as const satisfies Record<string, { bytes: number; dtype: DType }>;

/** What integers that int32 may not hold become. */
export type WideIntegers = "int32" | "float64";

/** The dtype of a tensor of such elements. */
export function dtypeOfStored(type: StoredType, wide: WideIntegers = "int32"): DType {
  return isWide(type) ? wide : STORED_TYPES[type].dtype;
}

function isWide(type: StoredType): type is "int64" | "uint64" | "uint32" {
  return type === "int64" || type === "uint64" || type === "uint32";
}

/**
 * Elements for a tensor of `dtypeOfStored(type, wide)`. Where bytes and memory agree the result is a window on `bytes`: it is to be copied or only read.
 * @throws RangeError for an integer that does not fit, with its value and place.
 */
export function decodeElements(
  type: StoredType,
  bytes: Uint8Array,
  bigEndian = false,
  wide: WideIntegers = "int32",
): TypedArray {
  const size = STORED_TYPES[type].bytes;
  const own = bigEndian && size > 1 ? swapped(bytes, size) : aligned(bytes, size);
  const [buffer, start, count] = [own.buffer as ArrayBuffer, own.byteOffset, Math.floor(own.byteLength / size)];
  switch (type) {
    case "float64":
      return new Float64Array(buffer, start, count);
    case "float32":
      return new Float32Array(buffer, start, count);
    case "int32":
      return new Int32Array(buffer, start, count);
    case "bool":
      return own as Bytes;
    case "int16":
      return Int32Array.from(new Int16Array(buffer, start, count));
    case "int8":
      return Int32Array.from(new Int8Array(buffer, start, count));
    case "uint16":
      return Int32Array.from(new Uint16Array(buffer, start, count));
    case "uint8":
      return Int32Array.from(own);
    case "float16":
      return looked(new Uint16Array(buffer, start, count), HALVES.float16());
    case "bfloat16":
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer, start, count), (bits) => bits << 16).buffer);
    case "float8_e4m3fn":
      return looked(own, HALVES.float8_e4m3fn());
    case "float8_e5m2":
      return looked(own, HALVES.float8_e5m2());
    default:
      return narrowed(type, new Uint32Array(buffer, start, (count * size) / 4), count, wide);
  }
}

/** The same bytes at a multiple of the element's size. */
function aligned(bytes: Uint8Array, size: number): Uint8Array {
  // Not slice: a Node Buffer's slice shares its memory.
  return bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
}

/** A copy with the bytes of every element in the opposite order. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  const whole = bytes.length - (bytes.length % size);
  for (let at = 0; at < whole; at += size) {
    for (let k = 0; k < size; k++) result[at + k] = bytes[at + size - 1 - k];
  }
  return result;
}

function looked(codes: Uint8Array | Uint16Array, table: Float32Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i]];
  return values;
}

/** Integers of 32 bits without sign, or of 64, which stand as pairs of words, the low one first. */
function narrowed(type: StoredType, words: Uint32Array, count: number, wide: WideIntegers): TypedArray {
  const values = typedArray(wide, count);
  const [step, signed] = [type === "uint32" ? 1 : 2, type === "int64"];
  for (let i = 0; i < count; i++) {
    const low = words[i * step];
    const high = step === 1 ? 0 : signed ? words[2 * i + 1] | 0 : words[2 * i + 1];
    const value = high * 2 ** 32 + low;
    if (wide === "int32" ? !isInt32(value) : !Number.isSafeInteger(value)) {
      const exact = BigInt(high) * 2n ** 32n + BigInt(low);
      const remedy =
        wide === "int32"
          ? 'read it with { int64: "float64" }, which holds whole numbers up to 2^53'
          : "store it as float64";
      throw new RangeError(`${type} element ${i} is ${exact}, which ${wide} does not hold; ${remedy}`);
    }
    values[i] = value;
  }
  return values;
}

/** A minifloat: a sign, bits of exponent, bits of fraction; `finite` formats have no infinities and one NaN. */
function minifloats(exponentBits: number, fractionBits: number, finite: boolean): Float32Array {
  const size = 2 ** (1 + exponentBits + fractionBits);
  const bias = 2 ** (exponentBits - 1) - 1;
  const top = 2 ** exponentBits - 1;
  const scale = 2 ** fractionBits;
  return Float32Array.from({ length: size }, (_, bits) => {
    const sign = bits >= size / 2 ? -1 : 1;
    const exponent = Math.floor(bits / scale) % (top + 1);
    const fraction = bits % scale;
    if (exponent === 0) return (sign * fraction * 2 ** (1 - bias)) / scale;
    if (exponent === top && finite && fraction === scale - 1) return Number.NaN;
    if (exponent === top && !finite) return fraction > 0 ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1 + fraction / scale) * 2 ** (exponent - bias);
  });
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** All values of the small formats, made when first asked for. */
const HALVES = {
  float16: once(() => minifloats(5, 10, false)),
  float8_e4m3fn: once(() => minifloats(4, 3, true)),
  float8_e5m2: once(() => minifloats(5, 2, false)),
};

/** Types that `encodeElements` writes. */
export const WRITTEN_TYPES = [
  ...["float64", "float32", "float16", "bfloat16"],
  ...["int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool"],
] as readonly WrittenType[];

/** Types that files can be written in. */
export type WrittenType = Exclude<StoredType, "float8_e4m3fn" | "float8_e5m2">;

/** Least and greatest value of the integer types; those of 64 bits are held by no number that is exact, and int32 and safe integers fit. */
const RANGES: Partial<Record<StoredType, readonly [number, number]>> = {
  int64: [-(2 ** 63), 2 ** 63],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int16: [-(2 ** 15), 2 ** 15 - 1],
  int8: [-(2 ** 7), 2 ** 7 - 1],
  uint64: [0, 2 ** 64],
  uint32: [0, 2 ** 32 - 1],
  uint16: [0, 2 ** 16 - 1],
  uint8: [0, 255],
};

/**
 * Little-endian bytes of the values in a stored type; to fewer bits floats are rounded to the nearest, ties to even.
 * @throws RangeError for a value that an integer type does not hold, with its place.
 */
export function encodeElements(type: WrittenType, values: TypedArray, dtype: DType): Bytes {
  if (type === dtype) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength) as Bytes;
  const range = RANGES[type];
  if (range !== undefined) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!Number.isInteger(value) || value < range[0] || value > range[1]) {
        throw new RangeError(
          `element ${i} is ${value}, which ${type} does not hold; round or clip it first, or choose another dtype`,
        );
      }
    }
  }
  switch (type) {
    case "float64":
      return bytesOfArray(Float64Array.from(values));
    case "float32":
      return bytesOfArray(Float32Array.from(values));
    case "float16":
      return bytesOfArray(Uint16Array.from(values, halfBits));
    case "bfloat16":
      return bytesOfArray(bfloats(values));
    case "int64":
    case "uint64":
      return bytesOfArray(
        BigInt64Array.from(values as ArrayLike<number> as number[], (value) => BigInt.asIntN(64, BigInt(value))),
      );
    case "int32":
      return bytesOfArray(Int32Array.from(values));
    case "int16":
      return bytesOfArray(Int16Array.from(values));
    case "int8":
      return bytesOfArray(Int8Array.from(values));
    case "uint32":
      return bytesOfArray(Uint32Array.from(values));
    case "uint16":
      return bytesOfArray(Uint16Array.from(values));
    case "uint8":
      return Uint8Array.from(values);
    case "bool":
      return Uint8Array.from(values, (value) => (value !== 0 ? 1 : 0));
  }
}

function bytesOfArray(array: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): Bytes {
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

/** The bits of the float16 nearest to a value. */
function halfBits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  // Half a step above the greatest, 65504, everything is infinite.
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | nearestEven(size * 2 ** 24);
  let exponent = Math.floor(Math.log2(size));
  // The logarithm may be rounded up to a whole number, or down below one.
  if (2 ** exponent > size) exponent--;
  else if (2 ** (exponent + 1) <= size) exponent++;
  // Rounding up to the next power of two goes on into the exponent's bits, as it should.
  return sign | (((exponent + 15) << 10) + nearestEven((size / 2 ** exponent - 1) * 1024));
}

function nearestEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The bits of the bfloat16 nearest to each value: the upper half of a float32's. */
function bfloats(values: TypedArray): Uint16Array {
  const words = new Uint32Array(Float32Array.from(values).buffer);
  return Uint16Array.from(words, (bits) => {
    if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fc0;
    return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  });
}
