// From one element type to another.
import { abs, mul, sub } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { where } from "../../../ops/choice.ts";
import { greater, less } from "../../../ops/comparison.ts";
import { round } from "../../../ops/rounding.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type ElementType, elementArray, elementType, isFloating } from "../onnx-tensor.ts";
import type { Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { isWide } from "../run/integers.ts";
import { type ArrayValue, dtypeOf, fromData, fromNumbers, fromTensor } from "../run/value.ts";
import { nearestOf } from "../small-floats.ts";

/**
 * Rounds float32 to the numbers of binary16 or bfloat16, by operations, so that gradients pass: c = (2^k + 1) x, x - (x - c) keeps all but the
 * last k bits (Dekker 1971).
 */
function rounded(x: Tensor, type: "float16" | "bfloat16"): Tensor {
  const size = abs(x);
  if (type === "bfloat16") {
    const large = greater(size, 2 ** 100);
    const y = where(large, mul(x, 2 ** -20), x);
    const c = mul(y, 2 ** 16 + 1);
    const kept = sub(c, sub(c, y));
    return where(greater(size, 3.3961775e38), x, where(large, mul(kept, 2 ** 20), kept));
  }
  const c = mul(where(greater(size, 2 ** 100), 0, x), 2 ** 13 + 1);
  const kept = sub(c, sub(c, x));
  const small = mul(round(mul(x, 2 ** 24)), 2 ** -24);
  const beyond = where(greater(x, 0), Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  return where(less(size, 2 ** -14), small, where(greater(abs(kept), 65504), beyond, kept));
}

/** A value in another type. */
export function toType(x: ArrayValue, to: ElementType, saturate = true): ArrayValue {
  if (x.type === to) return x;
  if (to === "string") {
    const { data } = x;
    return fromData(
      to,
      x.shape,
      Array.from(data as ArrayLike<number | bigint>, (value) => textOf(value, x.type)),
    );
  }
  if (x.type === "string") return parsed(x, to);
  if (isFloating(to)) {
    if (x.lasting && !x.isTensor && !isFloating(x.type))
      return narrowed(
        fromNumbers(dtypeOf(to) === "float64" ? "float64" : "float32", x.shape, x.data as ArrayLike<number>),
        to,
        saturate,
      );
    // Numbers beyond int32 have no tensor; as floats they do.
    const tensor =
      x.isTensor || !(isWide(x.type) || x.type === "uint32")
        ? cast(x.tensor, dtypeOf(to))
        : fromNumbers(dtypeOf(to) as ElementType, x.shape, x.data as ArrayLike<number>).tensor;
    return narrowed(fromTensor(tensor, dtypeOf(to) as ElementType), to, saturate);
  }
  if (to === "bool") {
    if (x.isTensor || isFloating(x.type)) return fromTensor(cast(x.tensor, "bool"));
    return fromData(
      to,
      x.shape,
      Uint8Array.from(x.numbers, (value) => (value !== 0 ? 1 : 0)),
    );
  }
  // Booleans, and integers that are tensors and fit, stay tensors.
  if (
    x.type === "bool" ||
    (x.isTensor && x.type === "int32" && to === "int64") ||
    (x.isTensor && x.type === "int64" && to === "int32")
  )
    return fromTensor(cast(x.tensor, "int32"), to);
  return toInteger(x, to);
}

function toInteger(x: ArrayValue, to: ElementType): ArrayValue {
  const elements = elementArray(to, x.size);
  const { data } = x;
  const wide = isWide(to);
  const [low, high] =
    to === "int4"
      ? [-8, 7]
      : to === "uint4"
        ? [0, 15]
        : to === "int2"
          ? [-2, 1]
          : to === "uint2"
            ? [0, 3]
            : [undefined, undefined];
  for (let i = 0; i < x.size; i++) {
    const value = data[i] as number | bigint;
    if (typeof value === "bigint") elements[i] = (wide ? value : Number(BigInt.asIntN(32, value))) as never;
    else if (wide) elements[i] = BigInt(Number.isFinite(value) ? Math.trunc(value) : 0) as never;
    else if (low !== undefined) elements[i] = Math.min(Math.max(Math.trunc(value), low), high) as never;
    else elements[i] = Math.trunc(value) as never;
  }
  return fromData(to, x.shape, elements);
}

/** float32 to what the type holds. */
function narrowed(x: ArrayValue, to: ElementType, saturate: boolean): ArrayValue {
  if (to === "float32" || to === "float64") return x;
  if (to === "float16" || to === "bfloat16") return fromTensor(rounded(x.tensor, to), to);
  return fromData(
    to,
    x.shape,
    Float32Array.from(x.numbers, (value) => nearestOf(to, value, saturate)),
  );
}

function parsed(x: ArrayValue, to: ElementType): ArrayValue {
  const { strings } = x;
  if (isWide(to))
    return fromNumbers(
      to,
      x.shape,
      strings.map((text) => BigInt(text.trim())),
    );
  const number = (text: string): number => {
    const plain = text.trim().toLowerCase();
    if (/^[+-]?inf(inity)?$/.test(plain))
      return plain.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const value = Number(plain);
    if (Number.isNaN(value) && plain !== "nan") throw new RangeError(`${JSON.stringify(text)} is no number`);
    return value;
  };
  const numbers = strings.map(number);
  if (!isFloating(to)) return toInteger(fromNumbers("float64", x.shape, numbers), to);
  return narrowed(fromNumbers(to === "float64" ? "float64" : "float32", x.shape, numbers), to, true);
}

/** A number as the standard's reference (NumPy) writes it: the shortest that reads back as the same number of its type. */
function textOf(value: number | bigint, type: ElementType): string {
  if (typeof value === "bigint") return String(value);
  if (type === "bool") return value !== 0 ? "True" : "False";
  if (!isFloating(type)) return String(value);
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "INF" : "-INF";
  let text = String(value);
  if (type !== "float64") {
    for (let digits = 1; digits < 10; digits++) {
      text = value.toPrecision(digits);
      if (Math.fround(Number(text)) === value) break;
    }
    text = String(Number(text));
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent] = Number(text).toExponential().split("e");
    const sign = exponent.startsWith("-") ? "-" : "+";
    return `${digits}e${sign}${exponent.slice(1).padStart(2, "0")}`;
  }
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function castTo(call: Call): ArrayValue[] {
  const to = elementType(call.attributes.int("to", 0));
  if (to === undefined) throw new TypeError(`there is no element type ${call.attributes.int("to", 0)}`);
  return [toType(call.value(0), to, call.attributes.flag("saturate", true))];
}

/** Operators of this family. */
export const casting: OperatorTable = {
  Cast: entry(castTo),
  CastLike: entry((call) => [toType(call.value(0), call.value(1).type, call.attributes.flag("saturate", true))]),
};
