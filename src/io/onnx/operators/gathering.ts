// Taking elements by their places, and putting them there.
import { add, mul } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { maximum, minimum, where } from "../../../ops/choice.ts";
import { equal, less } from "../../../ops/comparison.ts";
import { gather, scatterAdd, takeAlongAxis } from "../../../ops/gather.ts";
import { concat } from "../../../ops/join.ts";
import { slice } from "../../../ops/slices.ts";
import { topK } from "../../../ops/sorting.ts";
import { moveAxis, reshape } from "../../../ops/views.ts";
import { arange, tensor } from "../../../tensor/create.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type ElementData, isFloating } from "../onnx-tensor.ts";
import { axisOf, type Call } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { larger, smaller } from "../run/integers.ts";
import { type ArrayValue, fromData, fromNumbers, fromTensor, isNative, moved, movedOne } from "../run/value.ts";

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Places of an axis as an int32 tensor, none negative. */
function placesOf(value: ArrayValue, length: number): Tensor {
  if (value.isTensor && !value.lasting) {
    const places = cast(value.tensor, "int32");
    return where(less(places, 0), add(places, length), places);
  }
  const numbers = value.numbers;
  const bad = numbers.find((place) => place < -length || place >= length);
  if (bad !== undefined) throw new RangeError(`the place ${bad} is not in -${length} to ${length - 1}`);
  return tensor(
    Int32Array.from(numbers, (place) => (place < 0 ? place + length : place)),
    { shape: value.shape },
  );
}

function gathered(call: Call): ArrayValue[] {
  const x = call.value(0);
  const axis = axisOf(call.attributes.int("axis", 0), x.rank);
  const places = placesOf(call.value(1), x.shape[axis]);
  return [movedOne(x, (t) => gather(t, places, axis))];
}

function gatheredElements(call: Call): ArrayValue[] {
  const x = call.value(0);
  const axis = axisOf(call.attributes.int("axis", 0), x.rank);
  const at = call.value(1);
  const places = placesOf(at, x.shape[axis]);
  // Other axes may be shorter than those of x: their beginning is meant.
  const cut = (t: Tensor): Tensor =>
    at.shape.reduce((y, length, i) => (i === axis || length === y.shape[i] ? y : slice(y, 0, length, 1, i)), t);
  return [movedOne(x, (t) => takeAlongAxis(cut(t), places, axis))];
}

/** For every row of indices the place of its first element in an array flattened from `from` on. */
function flatPlaces(
  indices: ArrayValue,
  shape: readonly number[],
  batch: number,
): { places: Int32Array; inner: number[] } {
  const depth = indices.shape.at(-1)!;
  const numbers = indices.numbers;
  const rows = sizeOf(indices.shape.slice(0, -1));
  const indexed = shape.slice(batch, batch + depth);
  const inner = shape.slice(batch + depth);
  const perBatch = rows / Math.max(sizeOf(shape.slice(0, batch)), 1);
  const places = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let place = batch === 0 ? 0 : Math.floor(row / perBatch);
    for (let k = 0; k < depth; k++) {
      const index = numbers[row * depth + k];
      const length = indexed[k];
      if (index < -length || index >= length)
        throw new RangeError(`the index ${index} is not in -${length} to ${length - 1}`);
      place = place * length + (index < 0 ? index + length : index);
    }
    places[row] = place;
  }
  return { places, inner };
}

function gatheredPoints(call: Call): ArrayValue[] {
  const [x, indices] = [call.value(0), call.value(1)];
  const { places, inner } = flatPlaces(indices, x.shape, call.attributes.int("batch_dims", 0));
  const shape = [...indices.shape.slice(0, -1), ...inner];
  return [movedOne(x, (t) => reshape(gather(reshape(t, [-1, ...inner]), tensor(places), 0), shape))];
}

type Reduction = "none" | "add" | "mul" | "max" | "min";

/** How elements that meet in one place are put together. */
const PUT: Readonly<Record<Exclude<Reduction, "none">, (a: never, b: never) => number | bigint>> = {
  add: (a: number, b: number) => a + b,
  mul: (a: number, b: number) => a * b,
  max: larger<number>,
  min: smaller<number>,
};

/** Floating-point rows of `updates` put into the rows of x at these places. */
function putRows(x: Tensor, updates: Tensor, places: Int32Array, reduction: Reduction): Tensor {
  const rows = tensor(places);
  if (reduction === "add") return scatterAdd(x, rows, updates);
  if (reduction === "none") {
    // Where a place is named twice the last one stays: a row is taken from x, or from the updates.
    const source = Int32Array.from({ length: x.shape[0] }, (_, i) => i);
    places.forEach((place, i) => {
      source[place] = x.shape[0] + i;
    });
    return gather(concat([x, updates]), tensor(source));
  }
  // Each time a place is named, another round: a round names no place twice.
  const rounds: number[][] = [];
  const times = new Map<number, number>();
  places.forEach((place, i) => {
    const round = times.get(place) ?? 0;
    times.set(place, round + 1);
    rounds[round] = [...(rounds[round] ?? []), i];
  });
  const combine = { mul, max: maximum, min: minimum }[reduction];
  let y = x;
  for (const round of rounds) {
    const at = Int32Array.from(round, (i) => places[i]);
    const part = combine(gather(y, tensor(at)), gather(updates, tensor(Int32Array.from(round))));
    y = putRows(y, part, at, "none");
  }
  return y;
}

/** Elements put at places of the flattened array, `width` neighbours each. */
function put(x: ArrayValue, updates: ArrayValue, places: Int32Array, width: number, reduction: Reduction): ArrayValue {
  if (places.length === 0) return x;
  if (isFloating(x.type)) {
    const y = putRows(reshape(x.tensor, [-1, width]), reshape(updates.tensor, [-1, width]), places, reduction);
    return fromTensor(reshape(y, x.shape), x.type);
  }
  const elements = x.data.slice() as unknown as (number | bigint | string)[];
  const given = updates.data as unknown as (number | bigint | string)[];
  places.forEach((place, i) => {
    for (let k = 0; k < width; k++) {
      const [to, from] = [place * width + k, given[i * width + k]];
      elements[to] = reduction === "none" ? from : PUT[reduction](elements[to] as never, from as never);
    }
  });
  return fromData(x.type, x.shape, elements as never as ElementData);
}

function reductionOf(call: Call): Reduction {
  const name = call.attributes.text("reduction", "none");
  if (name === "none" || Object.hasOwn(PUT, name)) return name as Reduction;
  throw new RangeError(`there is no reduction ${JSON.stringify(name)}`);
}

function scatteredPoints(call: Call): ArrayValue[] {
  const [x, indices, updates] = [call.value(0), call.value(1), call.value(2)];
  const { places, inner } = flatPlaces(indices, x.shape, 0);
  return [put(x, updates, places, sizeOf(inner), reductionOf(call))];
}

function scatteredElements(call: Call): ArrayValue[] {
  const [x, indices, updates] = [call.value(0), call.value(1), call.value(2)];
  const axis = axisOf(call.attributes.int("axis", 0), x.rank);
  const numbers = indices.numbers;
  const strides = x.shape.map((_, i) => sizeOf(x.shape.slice(i + 1)));
  const places = new Int32Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    let [rest, place] = [i, 0];
    for (let k = x.rank - 1; k >= 0; k--) {
      const own = rest % indices.shape[k];
      rest = Math.floor(rest / indices.shape[k]);
      let at = own;
      if (k === axis) {
        at = numbers[i] < 0 ? numbers[i] + x.shape[k] : numbers[i];
        if (at < 0 || at >= x.shape[k])
          throw new RangeError(`the place ${numbers[i]} is not in -${x.shape[k]} to ${x.shape[k] - 1}`);
      }
      place += at * strides[k];
    }
    places[i] = place;
  }
  return [put(x, updates, places, 1, reductionOf(call))];
}

/** A cache's rows overwritten from given places on, around its end if `circular`. */
function scatteredCache(call: Call): ArrayValue[] {
  const [past, update] = [call.value(0), call.value(1)];
  const axis = axisOf(call.attributes.int("axis", -2), past.rank);
  const circular = call.attributes.text("mode", "linear") === "circular";
  const lead = past.shape.slice(0, axis);
  const [batch, length, added] = [past.shape[0], past.shape[axis], update.shape[axis]];
  const starts = call.numbers(2) ?? new Array<number>(batch).fill(0);
  const rows = sizeOf(lead);
  const places = new Int32Array(rows * added);
  for (let row = 0; row < rows; row++) {
    const start = starts[Math.floor(row / (rows / batch))];
    for (let k = 0; k < added; k++) {
      const at = circular ? (start + k) % length : start + k;
      if (at >= length) throw new RangeError(`place ${at} of a cache of length ${length}`);
      places[row * added + k] = row * length + at;
    }
  }
  return [put(past, update, places, sizeOf(past.shape.slice(axis + 1)), "none")];
}

function compressed(call: Call): ArrayValue[] {
  const x = call.value(0);
  const kept = call.value(1).numbers.flatMap((yes, i) => (yes !== 0 ? [i] : []));
  const places = tensor(Int32Array.from(kept));
  if (!call.attributes.has("axis")) return [movedOne(x, (t) => gather(reshape(t, [t.size]), places))];
  const axis = axisOf(call.attributes.int("axis", 0), x.rank);
  return [movedOne(x, (t) => gather(t, places, axis))];
}

function nonZero(call: Call): ArrayValue[] {
  const x = call.value(0);
  const { data } = x;
  const found: number[] = [];
  for (let i = 0; i < x.size; i++) if (Number(data[i]) !== 0) found.push(i);
  const strides = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  const numbers = x.shape.flatMap((length, axis) => found.map((i) => Math.floor(i / strides[axis]) % length));
  return [fromNumbers("int64", [x.rank, found.length], numbers)];
}

/** One of two values at each place of a new axis; indices out of range have none, negative ones count from the end. */
function oneHot(call: Call): ArrayValue[] {
  const [indices, depth, values] = [call.value(0), call.value(1).number, call.value(2)];
  const axis = axisOf(call.attributes.int("axis", -1), indices.rank + 1);
  const given = reshape(isFloating(indices.type) ? cast(indices.tensor, "int32") : indices.tensor, [
    ...indices.shape,
    1,
  ]);
  const at = where(less(given, 0), add(given, depth), given);
  const hot = moveAxis(equal(at, arange(0, depth, 1, "int32")), -1, axis);
  const [off, on] = [0, 1].map((i) => movedOne(values, (t) => reshape(slice(t, i, i + 1), [])));
  return [moved([on, off], ([a, b]) => where(hot, a, b))];
}

/** The k largest, or smallest, along an axis; equal ones in the order of their places. */
function largest(call: Call): ArrayValue[] {
  const x = call.value(0);
  const axis = axisOf(call.attributes.int("axis", -1), x.rank);
  const k = call.has(1) ? call.value(1).number : call.attributes.int("k", 1);
  const up = call.attributes.flag("largest", true);
  if (k === 0) {
    const shape = x.shape.map((length, i) => (i === axis ? 0 : length));
    return [fromNumbers(x.type, shape, []), fromNumbers("int64", shape, [])];
  }
  if (isNative(x.type)) {
    const { values, indices } = topK(x.tensor, k, axis, up);
    return [fromTensor(values, x.type), fromTensor(indices, "int64")];
  }
  const { indices } = ranked(x, axis, k, up);
  return [movedOne(x, (t) => takeAlongAxis(t, indices, axis)), fromTensor(indices, "int64")];
}

/** For integers: the places of the first k in order. */
function ranked(x: ArrayValue, axis: number, k: number, up: boolean): { indices: Tensor } {
  const length = x.shape[axis];
  const inner = sizeOf(x.shape.slice(axis + 1));
  const { data } = x;
  const shape = x.shape.map((own, i) => (i === axis ? k : own));
  const indices = new Int32Array(sizeOf(shape));
  for (let row = 0; row < x.size / length; row++) {
    const [outer, within] = [Math.floor(row / inner), row % inner];
    const at = (i: number): number | bigint => data[outer * length * inner + i * inner + within] as number | bigint;
    const order = Array.from({ length }, (_, i) => i).sort((a, b) => {
      const [first, second] = up ? [at(b), at(a)] : [at(a), at(b)];
      return first < second ? -1 : first > second ? 1 : a - b;
    });
    for (let i = 0; i < k; i++) indices[outer * k * inner + i * inner + within] = order[i];
  }
  return { indices: tensor(indices, { shape }) };
}

/** The different elements, or rows along an axis; with the place where each is first, which one each is, and how often there are. */
function uniqueOf(call: Call): ArrayValue[] {
  const x = call.value(0);
  const flat = !call.attributes.has("axis");
  const axis = flat ? 0 : axisOf(call.attributes.int("axis", 0), x.rank);
  const base = flat ? movedOne(x, (t) => reshape(t, [t.size])) : movedOne(x, (t) => moveAxis(t, axis, 0));
  const { data, shape } = base;
  const width = sizeOf(shape.slice(1));
  const compare = (a: number, b: number): number => {
    for (let i = 0; i < width; i++) {
      const [p, q] = [data[a * width + i], data[b * width + i]];
      if (p !== q) return p < q ? -1 : 1;
    }
    return 0;
  };
  // Rows in order; those that are equal stand side by side, the first of them first.
  const order = Array.from({ length: shape[0] }, (_, i) => i).sort((a, b) => compare(a, b) || a - b);
  const firsts: number[] = [];
  const groupOf = new Array<number>(shape[0]);
  order.forEach((row, i) => {
    if (i === 0 || compare(order[i - 1], row) !== 0) firsts.push(row);
    groupOf[row] = firsts.length - 1;
  });
  const sorted = call.attributes.flag("sorted", true);
  const ranks = firsts.map((_, i) => i);
  if (!sorted) ranks.sort((a, b) => firsts[a] - firsts[b]);
  const placeOfGroup = new Array<number>(firsts.length);
  ranks.forEach((group, i) => {
    placeOfGroup[group] = i;
  });
  const inverse = groupOf.map((group) => placeOfGroup[group]);
  const counts = new Array<number>(firsts.length).fill(0);
  for (const group of inverse) counts[group] += 1;
  const at = tensor(Int32Array.from(ranks, (group) => firsts[group]));
  const y = movedOne(base, (t) => (flat ? gather(t, at) : moveAxis(gather(t, at), 0, axis)));
  const ints = (numbers: number[]): ArrayValue => fromNumbers("int64", [numbers.length], numbers);
  return [y, ints(ranks.map((group) => firsts[group])), ints(inverse), ints(counts)];
}

/** Operators of this family. */
export const gathering: OperatorTable = {
  Gather: entry(gathered),
  GatherElements: entry(gatheredElements),
  GatherND: entry(gatheredPoints),
  Scatter: entry(scatteredElements),
  ScatterElements: entry(scatteredElements),
  ScatterND: entry(scatteredPoints),
  TensorScatter: entry(scatteredCache),
  Compress: entry(compressed, { shapedBy: "data" }),
  NonZero: entry(nonZero, { shapedBy: "data" }),
  OneHot: entry(oneHot, { shapedBy: "values" }),
  TopK: entry(largest, { shapedBy: "values" }),
  Unique: entry(uniqueOf, { shapedBy: "data" }),
};
