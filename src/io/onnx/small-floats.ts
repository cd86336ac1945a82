// Floating-point numbers of 16 bits and fewer, from their bits and back: IEEE binary16, bfloat16, and the formats of 8 and 4 bits of the
// Open Compute Project (OFP8; MX) and of Graphcore ("uz": no negative zero).
import type { ElementType } from "./onnx-tensor.ts";

/** How bits make a number: sign, exponent with a bias, fraction; and which bits are infinite or no number. */
interface Form {
  readonly exponent: number;
  readonly fraction: number;
  readonly bias: number;
  /** ieee: the largest exponent is infinity and NaN; finite: NaN where all bits but the sign are 1; unsigned zero: NaN is minus zero; none: neither. */
  readonly special: "ieee" | "finite" | "unsigned zero" | "none";
}

const FORMS: Partial<Record<ElementType, Form>> = {
  float16: { exponent: 5, fraction: 10, bias: 15, special: "ieee" },
  float8e4m3fn: { exponent: 4, fraction: 3, bias: 7, special: "finite" },
  float8e4m3fnuz: { exponent: 4, fraction: 3, bias: 8, special: "unsigned zero" },
  float8e5m2: { exponent: 5, fraction: 2, bias: 15, special: "ieee" },
  float8e5m2fnuz: { exponent: 5, fraction: 2, bias: 16, special: "unsigned zero" },
  float4e2m1: { exponent: 2, fraction: 1, bias: 1, special: "none" },
};

/** The number that the bits of a type mean. */
export function floatOfBits(type: ElementType, bits: number): number {
  if (type === "bfloat16") return brainFloat(bits);
  if (type === "float8e8m0") return bits === 255 ? Number.NaN : 2 ** (bits - 127);
  const { exponent: width, fraction: places, bias, special } = FORMS[type]!;
  const sign = bits >> (width + places) ? -1 : 1;
  const exponent = (bits >> places) & ((1 << width) - 1);
  const fraction = bits & ((1 << places) - 1);
  const top = (1 << width) - 1;
  if (special === "unsigned zero" && sign < 0 && exponent === 0 && fraction === 0) return Number.NaN;
  if (special === "ieee" && exponent === top) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (special === "finite" && exponent === top && fraction === (1 << places) - 1) return Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - places);
  return sign * (1 + fraction / (1 << places)) * 2 ** (exponent - bias);
}

/**
 * The nearest number of a type of 8 or 4 bits, the even one of two as near. What is beyond its range becomes its largest number if
 * `saturate`, else infinity, or NaN where the type has none.
 */
export function nearestOf(type: ElementType, value: number, saturate: boolean): number {
  if (Number.isNaN(value)) return value;
  if (type === "float8e8m0") return 2 ** Math.min(Math.max(Math.round(Math.log2(value)), -127), 127);
  const { exponent: width, fraction: places, bias, special } = FORMS[type]!;
  const top = (1 << width) - (special === "ieee" ? 2 : 1);
  const all = (1 << places) - (special === "finite" ? 2 : 1);
  const largest = (1 + all / (1 << places)) * 2 ** (top - bias);
  const sign = Math.sign(value) < 0 || Object.is(value, -0) ? -1 : 1;
  const beyond =
    special === "ieee" ? sign * Number.POSITIVE_INFINITY : special === "none" ? sign * largest : Number.NaN;
  const size = Math.abs(value);
  if (size === Number.POSITIVE_INFINITY) return saturate ? sign * largest : beyond;
  const least = 2 ** (Math.max(size === 0 ? 0 : Math.floor(Math.log2(size)), 1 - bias) - places);
  const rounded = roundHalfEven(size / least) * least;
  if (rounded > largest) return saturate ? sign * largest : beyond;
  if (rounded === 0 && special === "unsigned zero") return 0;
  return sign * rounded;
}

/** IEEE binary16 from its bits. */
export function half(bits: number): number {
  return floatOfBits("float16", bits);
}

/** The bits of the nearest number of binary16, the even one of two as near; beyond its range infinity. */
export function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // In units of the last place at that size.
  const exponent = Math.max(Math.floor(Math.log2(size || 2 ** -24)), -14);
  const least = 2 ** (exponent - 10);
  const units = roundHalfEven(size / least);
  // 2^11 units are the next exponent's first number, which the sum gives by its carry.
  return sign | (units + (exponent + 14) * 1024);
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16 from its bits: the upper half of a float32. */
export function brainFloat(bits: number): number {
  word.setUint16(0, bits);
  word.setUint16(2, 0);
  return word.getFloat32(0);
}

/** The bits of the nearest bfloat16, the even one of two as near. */
export function brainFloatBits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  word.setFloat32(0, value);
  const bits = word.getUint32(0);
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) / 65536) & 0xffff;
}
