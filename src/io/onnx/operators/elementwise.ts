// Arithmetic, comparison and logic, element by element with broadcasting.

import { abs, add, div, mul, neg, reciprocal, remainder, sign, sub } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { maximum, minimum, where } from "../../../ops/choice.ts";
import {
  equal as equalTensors,
  greater,
  greaterEqual,
  isinf,
  isnan,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
} from "../../../ops/comparison.ts";
import { pow } from "../../../ops/exponentials.ts";
import { trunc } from "../../../ops/rounding.ts";
import { reshape } from "../../../ops/views.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { isFloating } from "../onnx-tensor.ts";
import { axisOf, type Call, type Operator } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { each, type IntegerPair, integerPair, isWide, larger, pairwise, smaller } from "../run/integers.ts";
import { type ArrayValue, fromTensor, isNative, moved } from "../run/value.ts";

/** Before version 7 an operand is broadcast only if `broadcast` says so, and from `axis` on. */
function operands(call: Call): [ArrayValue, ArrayValue] {
  const [a, b] = [call.value(0), call.value(1)];
  if (call.opset >= 7 || !call.attributes.has("axis") || b.rank === 0) return [a, b];
  const axis = axisOf(call.attributes.int("axis", 0), a.rank);
  const trailing = a.rank - axis - b.rank;
  if (trailing <= 0) return [a, b];
  const shape = [...b.shape, ...new Array<number>(trailing).fill(1)];
  return [a, moved([b], ([x]) => reshape(x, shape))];
}

function arithmetic(float: (a: Tensor, b: Tensor) => Tensor, integers: IntegerPair): Operator {
  return (call) => {
    const [a, b] = operands(call);
    if (isFloating(a.type)) return [fromTensor(float(a.tensor, b.tensor), a.type)];
    return [integerPair(a, b, integers)];
  };
}

const ADD: IntegerPair = { wide: (x, y) => x + y, narrow: (x, y) => x + y };
const SUB: IntegerPair = { wide: (x, y) => x - y, narrow: (x, y) => x - y };
const MUL: IntegerPair = { wide: (x, y) => x * y, narrow: Math.imul };
/** Towards zero; by zero, which the standard leaves open, 0. */
const DIV: IntegerPair = {
  wide: (x, y) => (y === 0n ? 0n : x / y),
  narrow: (x, y) => (y === 0 ? 0 : Math.trunc(x / y)),
};
/** The sign of the divisor. */
const MOD: IntegerPair = {
  wide: (x, y) => (y === 0n ? 0n : ((x % y) + y) % y),
  narrow: (x, y) => (y === 0 ? 0 : ((x % y) + y) % y),
};
/** The sign of the dividend. */
const FMOD: IntegerPair = {
  wide: (x, y) => (y === 0n ? 0n : x % y),
  narrow: (x, y) => (y === 0 ? 0 : x % y),
};
const MAX: IntegerPair = { wide: larger, narrow: Math.max };
const MIN: IntegerPair = { wide: smaller, narrow: Math.min };
const AND: IntegerPair = { wide: (x, y) => x & y, narrow: (x, y) => x & y };
const OR: IntegerPair = { wide: (x, y) => x | y, narrow: (x, y) => x | y };
const XOR: IntegerPair = { wide: (x, y) => x ^ y, narrow: (x, y) => x ^ y };

function modulo(call: Call): ArrayValue[] {
  const [a, b] = [call.value(0), call.value(1)];
  const fmod = call.attributes.flag("fmod", false);
  if (!isFloating(a.type)) return [integerPair(a, b, fmod ? FMOD : MOD)];
  const [x, y] = [a.tensor, b.tensor];
  return [fromTensor(fmod ? sub(x, mul(trunc(div(x, y)), y)) : remainder(x, y), a.type)];
}

function power(call: Call): ArrayValue[] {
  const [a, b] = operands(call);
  if (isFloating(a.type)) {
    const exponent = b.size === 1 && b.lasting && b.rank <= a.rank ? b.number : undefined;
    if (exponent !== undefined) return [fromTensor(pow(a.tensor, exponent), a.type)];
    return [fromTensor(cast(pow(a.tensor, cast(b.tensor, a.tensor.dtype)), a.tensor.dtype), a.type)];
  }
  const wide = isWide(a.type);
  return [
    pairwise<number | bigint>(a.type, a, b, (x, y) => {
      if (wide && typeof y === "bigint" && y >= 0n) return (x as bigint) ** y;
      const value = Math.trunc(Number(x) ** Number(y));
      return wide ? BigInt(Number.isFinite(value) ? value : 0) : value;
    }),
  ];
}

/** An operator of any number of operands, folded from the left. */
function variadic(float: (a: Tensor, b: Tensor) => Tensor, integers: IntegerPair): Operator {
  return (call) => {
    let result = call.value(0);
    for (let i = 1; i < call.inputs.length; i++) {
      const next = call.value(i);
      result = isFloating(result.type)
        ? fromTensor(float(result.tensor, next.tensor), result.type)
        : integerPair(result, next, integers);
    }
    return [result];
  };
}

function meanOf(call: Call): ArrayValue[] {
  const { type } = call.value(0);
  const all = call.inputs.map((_, i) => call.tensor(i));
  return [fromTensor(all.length === 1 ? all[0] : div(all.reduce(add), all.length), type)];
}

function comparison(
  tensors: (a: Tensor, b: Tensor) => Tensor,
  elements: (x: number | bigint | string, y: number | bigint | string) => boolean,
): Operator {
  return (call) => {
    const [a, b] = operands(call);
    // Integers that are tensors already stay there: nothing has to wait for their numbers.
    if (isNative(a.type) || (a.type !== "string" && (a.isTensor || b.isTensor)))
      return [fromTensor(tensors(a.tensor, b.tensor))];
    return [pairwise<number | bigint | string>("bool", a, b, elements)];
  };
}

function logic(f: (a: Tensor, b: Tensor) => Tensor): Operator {
  return (call) => {
    const [a, b] = operands(call);
    return [fromTensor(f(a.tensor, b.tensor))];
  };
}

function bits(integers: IntegerPair): Operator {
  return (call) => [integerPair(call.value(0), call.value(1), integers)];
}

function shift(call: Call): ArrayValue[] {
  const left = call.attributes.text("direction", "") === "LEFT";
  const wide = (x: bigint, y: bigint): bigint => (y >= 64n ? 0n : left ? x << y : x >> y);
  const narrow = (x: number, y: number): number => (y >= 32 ? 0 : left ? x << y : x >>> y);
  return [integerPair(call.value(0), call.value(1), { wide, narrow })];
}

/** One operand: a function of tensors, and one of integers. */
function unary(float: (x: Tensor) => Tensor, wide: (x: bigint) => bigint, narrow: (x: number) => number): Operator {
  return (call) => {
    const x = call.value(0);
    if (isFloating(x.type)) return [fromTensor(float(x.tensor), x.type)];
    return [isWide(x.type) ? each<bigint>(x.type, x, wide) : each<number>(x.type, x, narrow)];
  };
}

function infinite(call: Call): ArrayValue[] {
  const x = call.tensor(0);
  const positive = call.attributes.flag("detect_positive", true);
  const negative = call.attributes.flag("detect_negative", true);
  if (positive && negative) return [fromTensor(isinf(x))];
  if (!positive && !negative) return [fromTensor(logicalAnd(isinf(x), logicalNot(isinf(x))))];
  return [fromTensor(logicalAnd(isinf(x), positive ? greater(x, 0) : less(x, 0)))];
}

function whereOf(call: Call): ArrayValue[] {
  const condition = call.tensor(0);
  return [moved([call.value(1), call.value(2)], ([a, b]) => where(condition, a, b))];
}

/** The bounds are inputs from version 11 on, attributes before. */
function clipped(call: Call): ArrayValue[] {
  const x = call.value(0);
  const bound = (name: string): number | undefined =>
    call.opset < 11 ? (call.attributes.has(name) ? call.attributes.float(name, 0) : undefined) : undefined;
  if (!isFloating(x.type)) {
    let result = x;
    if (call.has(1)) result = integerPair(result, call.value(1), MAX);
    if (call.has(2)) result = integerPair(result, call.value(2), MIN);
    return [result];
  }
  let y = x.tensor;
  const [low, high] = [bound("min"), bound("max")];
  if (low !== undefined) y = clipLow(y, low);
  if (high !== undefined) y = clipHigh(y, high);
  if (call.opset >= 11) {
    if (call.has(1)) y = clipLow(y, limit(call.value(1)));
    if (call.has(2)) y = clipHigh(y, limit(call.value(2)));
  }
  return [fromTensor(y, x.type)];
}

function limit(value: ArrayValue): Tensor | number {
  return value.lasting ? value.number : value.tensor;
}

// Not `clip`: its bounds may cross here, and then the upper one holds. The gradient passes at a bound, as that of `clip` does.
function clipLow(x: Tensor, low: Tensor | number): Tensor {
  return typeof low === "number" && low === Number.NEGATIVE_INFINITY ? x : where(less(x, low), low, x);
}

function clipHigh(x: Tensor, high: Tensor | number): Tensor {
  return typeof high === "number" && high === Number.POSITIVE_INFINITY ? x : where(greater(x, high), high, x);
}

/** Operators of this family. */
export const elementwise: OperatorTable = {
  Add: entry(arithmetic(add, ADD)),
  Sub: entry(arithmetic(sub, SUB)),
  Mul: entry(arithmetic(mul, MUL)),
  Div: entry(arithmetic(div, DIV)),
  Mod: entry(modulo),
  Pow: entry(power),
  Max: entry(variadic(maximum, MAX)),
  Min: entry(variadic(minimum, MIN)),
  Sum: entry(variadic(add, ADD)),
  Mean: entry(meanOf),
  Equal: entry(comparison(equalTensors, (x, y) => x === y)),
  Less: entry(comparison(less, (x, y) => x < y)),
  LessOrEqual: entry(comparison(lessEqual, (x, y) => x <= y)),
  Greater: entry(comparison(greater, (x, y) => x > y)),
  GreaterOrEqual: entry(comparison(greaterEqual, (x, y) => x >= y)),
  And: entry(logic(logicalAnd)),
  Or: entry(logic(logicalOr)),
  Xor: entry(logic(logicalXor)),
  Not: entry((call) => [fromTensor(logicalNot(call.tensor(0)))]),
  BitwiseAnd: entry(bits(AND)),
  BitwiseOr: entry(bits(OR)),
  BitwiseXor: entry(bits(XOR)),
  BitwiseNot: entry((call) => {
    const x = call.value(0);
    return [
      isWide(x.type)
        ? each<bigint>(x.type, x, (v) => (x.type === "uint64" ? BigInt.asUintN(64, ~v) : ~v))
        : each<number>(x.type, x, (v) => ~v),
    ];
  }),
  BitShift: entry(shift),
  Neg: entry(
    unary(
      neg,
      (x) => -x,
      (x) => -x,
    ),
  ),
  Abs: entry(unary(abs, (x) => (x < 0n ? -x : x), Math.abs)),
  Sign: entry(unary(sign, (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n), Math.sign)),
  Reciprocal: entry((call) => [fromTensor(reciprocal(call.tensor(0)), call.value(0).type)]),
  IsNaN: entry((call) => [fromTensor(isnan(call.tensor(0)))]),
  IsInf: entry(infinite),
  Where: entry(whereOf),
  Clip: entry(clipped),
};
