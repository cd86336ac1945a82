// Values that a graph begins with, and what is known of others: shapes and sizes.
import { ELEMENT_CODE, type ElementType, elementArray, elementType, type OnnxTensor } from "../onnx-tensor.ts";
import type { Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { isWide } from "../run/integers.ts";
import { ArrayValue, fromData, fromInts, fromNumbers, NoValue, SequenceValue, type Value } from "../run/value.ts";

/** A tensor of a file as a value. */
export function fromFile({ type, shape, data }: OnnxTensor): ArrayValue {
  return fromData(type, shape, data);
}

function constant({ attributes }: Call): Value[] {
  const tensor = attributes.tensor("value");
  if (tensor !== undefined) return [fromFile(tensor)];
  if (attributes.has("value_float")) return [fromNumbers("float32", [], [attributes.float("value_float", 0)])];
  if (attributes.has("value_int")) return [fromNumbers("int64", [], [attributes.exact("value_int") ?? 0n])];
  if (attributes.has("value_string")) return [fromData("string", [], [attributes.text("value_string", "")])];
  const floats = attributes.floats("value_floats");
  if (floats !== undefined) return [fromNumbers("float32", [floats.length], floats)];
  const ints = attributes.ints("value_ints");
  if (ints !== undefined) return [fromInts(ints)];
  const texts = attributes.texts("value_strings");
  if (texts !== undefined) return [fromData("string", [texts.length], texts)];
  throw new TypeError("has no value that is supported");
}

/** How many elements a shape that is data has. @throws RangeError if it is none. */
function sizeOf(shape: readonly number[]): number {
  const size = shape.reduce((product, length) => product * length, 1);
  if (!shape.every((length) => length >= 0) || size > 2 ** 30)
    throw new RangeError(`the shape (${shape.join(", ")}) is none`);
  return size;
}

function constantOfShape(call: Call): ArrayValue[] {
  const shape = call.value(0).numbers;
  const size = sizeOf(shape);
  const given = call.attributes.tensor("value");
  const type = given?.type ?? "float32";
  const elements = elementArray(type, size);
  (elements as unknown as number[]).fill((given?.data[0] ?? 0) as number);
  return [fromData(type, shape, elements)];
}

const FILLED = ["float32", "int32", "int64", "bool"];

/** Never a part of the standard, and gone with version 9; PyTorch exports recurrent layers of an open batch with it for those before. */
function constantFill(call: Call): ArrayValue[] {
  const { attributes } = call;
  const type = elementType(attributes.int("dtype", ELEMENT_CODE.float32)) ?? "";
  if (!FILLED.includes(type)) throw new TypeError(`dtype must be one of ${FILLED.join(", ")}`);
  const value = attributes.float("value", 0);
  const fill = (shape: number[]) => [
    fromNumbers(type as ElementType, shape, new Float64Array(sizeOf(shape)).fill(value)),
  ];
  if (call.inputs.length === 0) return fill(attributes.ints("shape") ?? []);
  const like = attributes.flag("input_as_shape", false) ? call.value(0).numbers : call.value(0).shape;
  return fill([...like, ...(attributes.ints("extra_shape") ?? [])]);
}

function shape(call: Call): ArrayValue[] {
  const { shape } = call.value(0);
  return [
    fromInts(
      shape.slice(
        call.attributes.int("start", 0),
        call.attributes.has("end") ? call.attributes.int("end", 0) : undefined,
      ),
    ),
  ];
}

function range(call: Call): ArrayValue[] {
  const [start, limit, delta] = [call.value(0), call.value(1), call.value(2)];
  const { type } = start;
  if (isWide(type)) {
    const [from, to, by] = [start.data[0], limit.data[0], delta.data[0]] as bigint[];
    if (by === 0n) throw new RangeError("its step is 0");
    const numbers: bigint[] = [];
    for (let x = from; by > 0n ? x < to : x > to; x += by) numbers.push(x);
    return [fromNumbers(type, [numbers.length], numbers)];
  }
  const [from, to, by] = [start.number, limit.number, delta.number];
  if (by === 0) throw new RangeError("its step is 0");
  const count = Math.max(Math.ceil((to - from) / by), 0);
  return [
    fromNumbers(
      type,
      [count],
      Float64Array.from({ length: count }, (_, i) => from + i * by),
    ),
  ];
}

function eyeLike(call: Call): ArrayValue[] {
  const x = call.value(0);
  const [rows, columns] = x.shape as [number, number];
  const type = elementType(call.attributes.int("dtype", 0)) ?? x.type;
  const k = call.attributes.int("k", 0);
  return [
    fromNumbers(
      type,
      [rows, columns],
      Float64Array.from({ length: rows * columns }, (_, i) => (i % columns === Math.floor(i / columns) + k ? 1 : 0)),
    ),
  ];
}

function optional(call: Call): Value[] {
  return [call.inputs[0] ?? new NoValue()];
}

function element(call: Call): Value[] {
  const value = call.inputs[0];
  if (value === undefined || value instanceof NoValue) throw new TypeError("the optional value is not there");
  return [value];
}

/** Operators of this family. */
export const constants: OperatorTable = {
  Constant: entry(constant),
  ConstantOfShape: entry(constantOfShape, { shapedBy: "data" }),
  ConstantFill: entry(constantFill, { until: 8, shapedBy: "data" }),
  Identity: entry((call) => [call.inputs[0]]),
  Shape: entry(shape, { ofShape: true }),
  Size: entry((call) => [fromNumbers("int64", [], [call.value(0).size])], { ofShape: true }),
  Range: entry(range, { shapedBy: "data" }),
  EyeLike: entry(eyeLike, { ofShape: true }),
  Optional: entry(optional, { shapedBy: "data" }),
  OptionalGetElement: entry(element, { shapedBy: "data" }),
  OptionalHasElement: entry((call) => {
    const value = call.inputs[0];
    const there = value instanceof ArrayValue || value instanceof SequenceValue;
    return [fromData("bool", [], Uint8Array.of(there ? 1 : 0))];
  }),
};
