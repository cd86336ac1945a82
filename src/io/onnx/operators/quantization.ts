// Numbers as small integers with a scale: x = (q - zero point) scale.
import { add, div, mul, sub } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { clip } from "../../../ops/choice.ts";
import { matmul } from "../../../ops/linalg.ts";
import { max, min } from "../../../ops/reduce.ts";
import { repeat } from "../../../ops/repeat.ts";
import { round } from "../../../ops/rounding.ts";
import { slice } from "../../../ops/slices.ts";
import { reshape } from "../../../ops/views.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type ElementType, elementType, isFloating } from "../onnx-tensor.ts";
import { axisOf, type Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, asFloat, fromNumbers, fromTensor } from "../run/value.ts";
import { toType } from "./casting.ts";
import { convolutionOf } from "./convolution.ts";

const RANGES: Partial<Record<ElementType, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint4: [0, 15],
  int4: [-8, 7],
  uint2: [0, 3],
  int2: [-2, 1],
};

/** Scales or zero points of the whole array, of an axis, or of blocks along it, so that they broadcast with x. */
function spread(values: Tensor, shape: readonly number[], axis: number, block: number): Tensor {
  if (values.size === 1) return reshape(values, []);
  if (block > 0 && values.rank === shape.length) {
    const y = repeat(values, block, axis);
    return y.shape[axis] === shape[axis] ? y : slice(y, 0, shape[axis], 1, axis);
  }
  return values.rank === 1
    ? reshape(
        values,
        shape.map((_, i) => (i === axis ? values.size : 1)),
      )
    : values;
}

/** Rounded to the nearest, of two the even one, and cut off at the ends of the type. */
function toQuantized(
  x: Tensor,
  scale: Tensor,
  zero: Tensor | number,
  type: ElementType,
  saturate: boolean,
): ArrayValue {
  const scaled = div(x, scale);
  if (isFloating(type)) return toType(fromTensor(add(scaled, zero), "float32"), type, saturate);
  const range = RANGES[type];
  if (range === undefined) throw new TypeError(`quantizing to ${type} is not supported`);
  const y = clip(add(round(scaled), zero), range[0], range[1]);
  return fromNumbers(type, y.shape, y.dataSync());
}

function quantized(call: Call): ArrayValue[] {
  const { attributes } = call;
  const x = asFloat(call.tensor(0));
  const type = call.has(2) ? call.value(2).type : (elementType(attributes.int("output_dtype", 0)) ?? "uint8");
  const axis =
    x.rank === 0 ? 0 : axisOf(attributes.int("axis", 1) === 1 && x.rank === 1 ? 0 : attributes.int("axis", 1), x.rank);
  const block = attributes.int("block_size", 0);
  const scale = spread(asFloat(call.tensor(1)), x.shape, axis, block);
  const zero = call.has(2) ? spread(asFloat(call.tensor(2)), x.shape, axis, block) : 0;
  return [toQuantized(x, scale, zero, type, attributes.flag("saturate", true))];
}

function dequantized(call: Call): ArrayValue[] {
  const { attributes } = call;
  const x = asFloat(call.tensor(0));
  const axis =
    x.rank === 0 ? 0 : axisOf(attributes.int("axis", 1) === 1 && x.rank === 1 ? 0 : attributes.int("axis", 1), x.rank);
  const block = attributes.int("block_size", 0);
  const scale = spread(asFloat(call.tensor(1)), x.shape, axis, block);
  const shifted = call.has(2) ? sub(x, spread(asFloat(call.tensor(2)), x.shape, axis, block)) : x;
  const type = elementType(attributes.int("output_dtype", 0)) ?? call.value(1).type;
  return [toType(fromTensor(mul(shifted, scale), "float32"), type)];
}

/** To 8 bits from the range of the numbers themselves, which holds 0. */
function dynamic(call: Call): ArrayValue[] {
  const x = call.tensor(0);
  const [low, high] = [Math.min(min(x).item(), 0), Math.max(max(x).item(), 0)];
  const scale = Math.fround(Math.fround(high - low) / 255);
  const zero = Math.min(Math.max(halfEven(scale === 0 ? 0 : -low / scale), 0), 255);
  const own = fromNumbers("float32", [], [scale]);
  return [
    toQuantized(x, scale === 0 ? fromNumbers("float32", [], [1]).tensor : own.tensor, zero, "uint8", true),
    own,
    fromNumbers("uint8", [], [zero]),
  ];
}

function halfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

function quantizedConvolution(call: Call): ArrayValue[] {
  const x = sub(cast(call.tensor(0), "float64"), cast(call.tensor(2), "float64"));
  const weights = cast(call.tensor(3), "float64");
  const filters = (values: Tensor, rank: number, first: boolean): Tensor =>
    values.size === 1
      ? reshape(values, [])
      : reshape(
          values,
          Array.from({ length: rank }, (_, i) => (i === (first ? 0 : 1) ? values.size : 1)),
        );
  const w = sub(weights, filters(cast(call.tensor(5), "float64"), weights.rank, true));
  const bias = call.has(8) ? cast(call.tensor(8), "float64") : null;
  const y = convolutionOf(call, x, w, bias);
  const scale = div(
    mul(cast(call.tensor(1), "float64"), filters(cast(call.tensor(4), "float64"), y.rank, false)),
    cast(call.tensor(6), "float64"),
  );
  const one = fromNumbers("float64", [], [1]).tensor;
  return [toQuantized(mul(y, scale), one, cast(call.tensor(7), "float64"), call.value(7).type, true)];
}

function quantizedProduct(call: Call): ArrayValue[] {
  const part = (i: number, rows: boolean): { x: Tensor; scale: Tensor } => {
    const x = cast(call.tensor(i), "float64");
    // Of a row of A, or of a column of B, where there are several.
    const own = (values: Tensor): Tensor =>
      values.rank === 1 && values.size > 1 && rows
        ? reshape(values, [values.size, 1])
        : values.size === 1
          ? reshape(values, [])
          : values;
    return { x: sub(x, own(cast(call.tensor(i + 2), "float64"))), scale: own(cast(call.tensor(i + 1), "float64")) };
  };
  const [a, b] = [part(0, true), part(3, false)];
  const scale = div(mul(a.scale, b.scale), cast(call.tensor(6), "float64"));
  const one = fromNumbers("float64", [], [1]).tensor;
  return [toQuantized(mul(matmul(a.x, b.x), scale), one, cast(call.tensor(7), "float64"), call.value(7).type, true)];
}

/** Operators of this family. */
export const quantization: OperatorTable = {
  QuantizeLinear: entry(quantized),
  DequantizeLinear: entry(dequantized),
  DynamicQuantizeLinear: entry(dynamic),
  QLinearConv: entry(quantizedConvolution),
  QLinearMatMul: entry(quantizedProduct),
};
