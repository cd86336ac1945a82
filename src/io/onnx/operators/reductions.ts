// Reductions along axes, and places of the largest and smallest.
import { abs, neg, square } from "../../../ops/arithmetic.ts";
import { sum } from "../../../ops/broadcast.ts";
import { exp, log, sqrt } from "../../../ops/exponentials.ts";
import { argmax, argmin, max, mean, min, prod } from "../../../ops/reduce.ts";
import { flip } from "../../../ops/slices.ts";
import { logSumExp } from "../../../ops/softmax.ts";
import { full } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { isFloating } from "../onnx-tensor.ts";
import { axisOf, type Call, type Operator } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { each, foldAlong, isWide, larger, smaller } from "../run/integers.ts";
import { type ArrayValue, fromData, fromTensor } from "../run/value.ts";

/** A reduction of integers: what stands before an element, the beginning, and one more element. */
interface IntegerFold {
  readonly before?: (x: number) => number;
  readonly start: number | null;
  readonly step: (sum: number, x: number) => number;
}

/** What a reduction of integers that is done in floating point makes. */
const THROUGH_FLOATS = "floats";

/** The axes: attributes, from versions 13 or 18 on an input; none means all, or with `noop_with_empty_axes` nothing. */
function axesOf(call: Call, rank: number): number[] | null {
  const given = call.intsAt(1, "axes");
  if (given === undefined || given.length === 0) {
    if (call.attributes.flag("noop_with_empty_axes", false)) return null;
    return Array.from({ length: rank }, (_, axis) => axis);
  }
  return [...new Set(given.map((axis) => axisOf(axis, rank)))];
}

function reduction(
  float: (x: Tensor, axes: number[], keep: boolean) => Tensor,
  /** Of an axis without elements. */
  empty: number,
  integers: IntegerFold | typeof THROUGH_FLOATS,
  /** What is done to single elements where nothing is reduced. */
  alone: (x: Tensor) => Tensor = (x) => x,
): Operator {
  return (call) => {
    const x = call.value(0);
    const keep = call.attributes.flag("keepdims", true);
    const axes = axesOf(call, x.rank);
    const shape = x.shape.flatMap((length, axis) => (axes?.includes(axis) ? (keep ? [1] : []) : [length]));
    if (isFloating(x.type)) {
      if (axes === null || x.rank === 0) return [fromTensor(alone(x.tensor), x.type)];
      if (x.size === 0) return [fromTensor(full(shape, empty, x.tensor.dtype), x.type)];
      return [fromTensor(float(x.tensor, axes, keep), x.type)];
    }
    if (axes === null)
      return [integers === THROUGH_FLOATS || integers.before === undefined ? x : folded(x, [], integers, x.shape)];
    if (x.type === "bool" && integers !== THROUGH_FLOATS) {
      // Maximum and minimum of booleans: as whole numbers.
      const y = folded(fromData("uint8", x.shape, x.data), axes, integers, shape);
      return [fromData("bool", y.shape, y.data)];
    }
    if (integers !== THROUGH_FLOATS) return [folded(x, axes, integers, shape)];
    const y = float(x.tensor.cast("float64"), axes, keep);
    return [
      each<number>(x.type, fromTensor(y, "float64"), (value) =>
        isWide(x.type) ? BigInt(Math.trunc(value)) : Math.trunc(value),
      ),
    ];
  };
}

function folded(
  x: ArrayValue,
  axes: readonly number[],
  { before, start, step }: IntegerFold,
  shape: readonly number[],
): ArrayValue {
  if (isWide(x.type)) {
    // The same in bigints: sums and products of int64 are exact.
    const wide = (value: bigint): bigint =>
      before === undefined ? value : before === Math.abs ? (value < 0n ? -value : value) : value * value;
    const steps = new Map<unknown, (a: bigint, b: bigint) => bigint>([
      [plus, (a, b) => a + b],
      [times, (a, b) => a * b],
      [Math.max, larger],
      [Math.min, smaller],
    ]);
    const mapped = before === undefined ? x : each<bigint>(x.type, x, wide);
    const { elements } = foldAlong<bigint>(mapped, axes, start === null ? null : BigInt(start), steps.get(step)!);
    return fromData(x.type, shape, elements);
  }
  const mapped = before === undefined ? x : each<number>(x.type, x, before);
  return fromData(x.type, shape, foldAlong<number>(mapped, axes, start, step).elements);
}

const plus = (a: number, b: number): number => a + b;
const times = (a: number, b: number): number => Math.imul(a, b);

/** Place of the largest or smallest along an axis; the last of equals if `select_last_index`. */
function place(find: (x: Tensor, axis: number, keep: boolean) => Tensor): Operator {
  return (call) => {
    const x = call.tensor(0);
    const axis = axisOf(call.attributes.int("axis", 0), x.rank);
    const keep = call.attributes.flag("keepdims", true);
    if (!call.attributes.flag("select_last_index", false)) return [fromTensor(find(x, axis, keep), "int64")];
    const fromEnd = find(flip(x, axis), axis, keep);
    return [fromTensor(neg(fromEnd).add(x.shape[axis] - 1), "int64")];
  };
}

const INFINITY = Number.POSITIVE_INFINITY;

/** Operators of this family. */
export const reductions: OperatorTable = Object.fromEntries(
  Object.entries({
    ReduceSum: reduction(sum, 0, { start: 0, step: plus }),
    ReduceMean: reduction(mean, Number.NaN, THROUGH_FLOATS),
    ReduceMax: reduction(max, -INFINITY, { start: null, step: Math.max }),
    ReduceMin: reduction(min, INFINITY, { start: null, step: Math.min }),
    ReduceProd: reduction(prod, 1, { start: 1, step: times }),
    ReduceL1: reduction((x, axes, keep) => sum(abs(x), axes, keep), 0, { before: Math.abs, start: 0, step: plus }, abs),
    ReduceL2: reduction((x, axes, keep) => sqrt(sum(square(x), axes, keep)), 0, THROUGH_FLOATS, abs),
    ReduceLogSum: reduction((x, axes, keep) => log(sum(x, axes, keep)), -INFINITY, THROUGH_FLOATS, log),
    ReduceLogSumExp: reduction(logSumExp, -INFINITY, THROUGH_FLOATS, (x) => log(exp(x))),
    ReduceSumSquare: reduction(
      (x, axes, keep) => sum(square(x), axes, keep),
      0,
      { before: (x) => Math.imul(x, x), start: 0, step: plus },
      square,
    ),
  }).map(([name, run]) => [name, entry(run, { shapedBy: "values" })]),
);

/** Places of extremes. */
export const places: OperatorTable = {
  ArgMax: entry(place(argmax)),
  ArgMin: entry(place(argmin)),
};
