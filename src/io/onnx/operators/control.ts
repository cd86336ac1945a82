// Branches, loops and lists.
import { concat } from "../../../ops/join.ts";
import { slice } from "../../../ops/slices.ts";
import { expandDims, reshape } from "../../../ops/views.ts";
import { axisOf, type Body, type Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromData, fromNumbers, moved, movedOne, SequenceValue, type Value } from "../run/value.ts";
import { cut } from "./shaping.ts";

/** Iterations of a loop, at most: one that has no other end would go on for ever. */
const MOST_ITERATIONS = 10_000_000;

function bodyOf(call: Call, name: string): Body {
  const body = call.bodies[name];
  if (body === undefined) throw new TypeError(`has no graph ${name}`);
  return body;
}

function branch(call: Call): readonly Value[] {
  return bodyOf(call, call.value(0).number !== 0 ? "then_branch" : "else_branch").run([]);
}

function truth(yes: boolean): ArrayValue {
  return fromData("bool", [], Uint8Array.of(yes ? 1 : 0));
}

/** Arrays of one shape as one, along a new axis. */
function stacked(all: readonly ArrayValue[], axis: number): ArrayValue {
  return moved(all, (tensors) =>
    concat(
      tensors.map((x) => expandDims(x, axis)),
      axis,
    ),
  );
}

function loop(call: Call): Value[] {
  const body = bodyOf(call, "body");
  const most = call.has(0) ? call.value(0).number : Number.POSITIVE_INFINITY;
  let goesOn = call.has(1) ? call.value(1).number !== 0 : true;
  let carried: (Value | undefined)[] = call.inputs.slice(2);
  const scanned: ArrayValue[][] = Array.from({ length: body.outputs - 1 - carried.length }, () => []);
  for (let i = 0; i < most && goesOn; i++) {
    if (i >= MOST_ITERATIONS) throw new RangeError(`has not ended after ${MOST_ITERATIONS} iterations`);
    const results = body.run([fromNumbers("int64", [], [i]), truth(goesOn), ...carried]);
    goesOn = (results[0] as ArrayValue).number !== 0;
    const next = results.slice(1, 1 + carried.length);
    scanned.forEach((list, k) => {
      list.push(results[1 + carried.length + k] as ArrayValue);
    });
    carried = next;
  }
  return [
    ...(carried as Value[]),
    ...scanned.map((list) => (list.length === 0 ? fromNumbers("float32", [0], []) : stacked(list, 0))),
  ];
}

/** Since version 9; version 8 has a batch axis and lengths first. */
function scan(call: Call): Value[] {
  if (call.opset < 9) return batchedScan(call);
  const { attributes } = call;
  const body = bodyOf(call, "body");
  const count = attributes.int("num_scan_inputs", 0);
  const states = call.inputs.length - count;
  const outputs = body.outputs - states;
  const axes = attributes.ints("scan_input_axes") ?? new Array<number>(count).fill(0);
  const backwards = attributes.ints("scan_input_directions") ?? new Array<number>(count).fill(0);
  const outAxes = attributes.ints("scan_output_axes") ?? new Array<number>(outputs).fill(0);
  const outBackwards = attributes.ints("scan_output_directions") ?? new Array<number>(outputs).fill(0);
  const scanned = axes.map((axis, i) => {
    const x = call.value(states + i);
    return { x, axis: axisOf(axis, x.rank) };
  });
  return overSteps(body, call.inputs.slice(0, states) as Value[], scanned, backwards, outAxes, outBackwards);
}

function overSteps(
  body: Body,
  initial: readonly Value[],
  scanned: readonly { x: ArrayValue; axis: number }[],
  backwards: readonly number[],
  outAxes: readonly number[],
  outBackwards: readonly number[],
): Value[] {
  const steps = scanned[0].x.shape[scanned[0].axis];
  let carried: readonly Value[] = initial;
  const lists: ArrayValue[][] = outAxes.map(() => []);
  for (let t = 0; t < steps; t++) {
    const elements = scanned.map(({ x, axis }, i) => {
      const at = backwards[i] === 1 ? steps - 1 - t : t;
      const shape = x.shape.filter((_, k) => k !== axis);
      return movedOne(x, (tensor) => reshape(slice(tensor, at, at + 1, 1, axis), shape));
    });
    const results = body.run([...carried, ...elements]);
    carried = results.slice(0, carried.length);
    lists.forEach((list, k) => {
      list.push(results[carried.length + k] as ArrayValue);
    });
  }
  return [
    ...carried,
    ...lists.map((list, k) => {
      const inOrder = outBackwards[k] === 1 ? list.toReversed() : list;
      return stacked(inOrder, outAxes[k] < 0 ? outAxes[k] + inOrder[0].rank + 1 : outAxes[k]);
    }),
  ];
}

function batchedScan(call: Call): Value[] {
  const body = bodyOf(call, "body");
  const count = call.attributes.int("num_scan_inputs", 0);
  const states = call.inputs.length - 1 - count;
  const backwards = call.attributes.ints("directions") ?? new Array<number>(count).fill(0);
  const batch = call.value(1).shape[0];
  const lengths = call.numbers(0);
  const outputs = body.outputs - states;
  const results = Array.from({ length: batch }, (_, b) => {
    const own = (x: ArrayValue, steps?: number): ArrayValue => {
      const shape = steps === undefined ? x.shape.slice(1) : [steps, ...x.shape.slice(2)];
      return movedOne(x, (t) => {
        const row = reshape(slice(t, b, b + 1), t.shape.slice(1));
        return steps === undefined ? row : reshape(slice(row, 0, steps), shape);
      });
    };
    const scanned = Array.from({ length: count }, (_, i) => {
      const x = call.value(1 + states + i);
      return { x: own(x, lengths?.[b] ?? x.shape[1]), axis: 0 };
    });
    const initial = Array.from({ length: states }, (_, i) => own(call.value(1 + i)));
    return overSteps(
      body,
      initial,
      scanned,
      backwards,
      new Array<number>(outputs).fill(0),
      new Array<number>(outputs).fill(0),
    );
  });
  return results[0].map((_, k) =>
    stacked(
      results.map((each) => each[k] as ArrayValue),
      0,
    ),
  );
}

// Lists

function placeIn(call: Call, i: number, length: number, otherwise: number): number {
  const given = call.number(i, otherwise);
  const at = given < 0 ? given + length : given;
  if (at < 0 || at > length) throw new RangeError(`the place ${given} is not in a sequence of ${length}`);
  return at;
}

function inserted(call: Call): Value[] {
  const { items } = call.sequence(0);
  const at = placeIn(call, 2, items.length, items.length);
  return [new SequenceValue([...items.slice(0, at), call.inputs[1]!, ...items.slice(at)])];
}

function erased(call: Call): Value[] {
  const { items } = call.sequence(0);
  const at = placeIn(call, 1, items.length, items.length - 1);
  return [new SequenceValue(items.filter((_, i) => i !== at))];
}

function itemAt(call: Call): Value[] {
  const { items } = call.sequence(0);
  const value = items[placeIn(call, 1, items.length, 0)];
  if (value === undefined) throw new RangeError(`a sequence of ${items.length} has no such place`);
  return [value];
}

function joined(call: Call): Value[] {
  const all = call.sequence(0).items as ArrayValue[];
  const fresh = call.attributes.flag("new_axis", false);
  const axis = call.attributes.int("axis", 0);
  const at = axisOf(axis, all[0].rank + (fresh ? 1 : 0));
  return [fresh ? stacked(all, at) : moved(all, (tensors) => concat(tensors, at))];
}

function splitToSequence(call: Call): Value[] {
  const x = call.value(0);
  const axis = axisOf(call.attributes.int("axis", 0), x.rank);
  const length = x.shape[axis];
  const given = call.numbers(1);
  let parts: number[];
  if (given === undefined) parts = new Array<number>(length).fill(1);
  else if (call.value(1).rank === 0) {
    const size = given[0];
    parts = Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size));
  } else parts = given;
  const pieces = cut(x, parts, axis);
  // Single elements lose their axis if so said; a given split keeps it.
  if (given !== undefined || call.attributes.flag("keepdims", true)) return [new SequenceValue(pieces)];
  const shape = x.shape.filter((_, i) => i !== axis);
  return [new SequenceValue(pieces.map((piece) => movedOne(piece, (t) => reshape(t, shape))))];
}

function mapped(call: Call): Value[] {
  const body = bodyOf(call, "body");
  const { items } = call.sequence(0);
  const others = call.inputs.slice(1);
  const results = items.map((item, i) =>
    body.run([item, ...others.map((other) => (other instanceof SequenceValue ? other.items[i] : other))]),
  );
  return Array.from({ length: body.outputs }, (_, k) => new SequenceValue(results.map((each) => each[k])));
}

const DATA = { shapedBy: "data" } as const;

/** Operators of this family. */
export const control: OperatorTable = {
  If: entry(branch, DATA),
  Loop: entry(loop, DATA),
  Scan: entry(scan, DATA),
  SequenceEmpty: entry(() => [new SequenceValue([])], DATA),
  SequenceConstruct: entry((call) => [new SequenceValue(call.inputs.map((_, i) => call.value(i)))], DATA),
  SequenceInsert: entry(inserted, DATA),
  SequenceErase: entry(erased, DATA),
  SequenceAt: entry(itemAt, DATA),
  SequenceLength: entry((call) => [fromNumbers("int64", [], [call.sequence(0).items.length])], DATA),
  ConcatFromSequence: entry(joined, DATA),
  SplitToSequence: entry(splitToSequence, DATA),
  SequenceMap: entry(mapped, DATA),
};
