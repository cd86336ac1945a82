// Pooling over any number of axes, with whatever padding, by maximum, mean and norm.
import { abs, add, div, mul } from "../../../ops/arithmetic.ts";
import { sum } from "../../../ops/broadcast.ts";
import { pow } from "../../../ops/exponentials.ts";
import { concat } from "../../../ops/join.ts";
import { pad } from "../../../ops/padding.ts";
import { avgPool2d, maxPool2d, windowSum } from "../../../ops/pooling.ts";
import { max, mean } from "../../../ops/reduce.ts";
import { slice } from "../../../ops/slices.ts";
import { moveAxis, reshape } from "../../../ops/views.ts";
import { tensor } from "../../../tensor/create.ts";
import { formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { elementArray, isFloating } from "../onnx-tensor.ts";
import { type Call, expectRank } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, asFloat, fromData, fromNumbers, fromTensor } from "../run/value.ts";
import { around } from "./convolution.ts";
import { type Along, alongAxes, countOf, spanOf } from "./windows.ts";

interface Windows {
  readonly along: readonly Along[];
  readonly counts: readonly number[];
}

function windowsOf(call: Call, shape: readonly number[]): Windows {
  expectRank("x", shape, 3);
  const lengths = shape.slice(2);
  const along = alongAxes(call, lengths, call.attributes.ints("kernel_shape") ?? lengths);
  const ceil = call.attributes.flag("ceil_mode", false);
  const counts = along.map((each, axis) => countOf(lengths[axis], each, ceil));
  if (counts.some((count) => count < 1)) {
    throw new RangeError(
      `a window of ${along.map(spanOf).join(" by ")} is larger than the padded ${formatShape(shape)}`,
    );
  }
  return { along, counts };
}

/** Two axes at a time, the last ones first; a single one with one of length 1 before it. */
function byPairs(x: Tensor, { along, counts }: Windows, two: (x: Tensor, windows: Windows) => Tensor): Tensor {
  const one: Along = { size: 1, stride: 1, dilation: 1, before: 0, after: 0 };
  let y = x;
  for (let axis = along.length - 1; axis >= 0; axis -= axis === along.length - 1 && along.length > 1 ? 2 : 1) {
    const pair = axis === along.length - 1 && along.length > 1;
    const windows: Windows = pair
      ? { along: [along[axis - 1], along[axis]], counts: [counts[axis - 1], counts[axis]] }
      : { along: [one, along[axis]], counts: [1, counts[axis]] };
    const at = axis + 2;
    const moving = pair ? y : moveAxis(y, at, -1);
    const { shape } = moving;
    const picture = pair ? shape.slice(-2) : [1, shape.at(-1)!];
    const lead = pair ? shape.slice(0, -2) : shape.slice(0, -1);
    const pooled = two(reshape(moving, [1, lead.reduce((a, b) => a * b, 1), ...picture]), windows);
    const out = reshape(pooled, [...lead, ...(pair ? pooled.shape.slice(2) : [pooled.shape[3]])]);
    y = pair ? out : moveAxis(out, -1, at);
  }
  return y;
}

/** What has to stand around the picture so that every window lies within it. */
function widthsOf(x: Tensor, { along, counts }: Windows): [number, number][] {
  return [
    [0, 0],
    [0, 0],
    ...along.map((each, axis): [number, number] => {
      const last = (counts[axis] - 1) * each.stride + spanOf(each);
      return [each.before, last - each.before - x.shape[2 + axis]];
    }),
  ];
}

function largest(x: Tensor, windows: Windows): Tensor {
  const [rows, columns] = windows.along as [Along, Along];
  const options = {
    stride: [rows.stride, columns.stride],
    dilation: [rows.dilation, columns.dilation],
  } as const;
  const size = [rows.size, columns.size] as const;
  const plain = windows.along.every(
    (each, axis) =>
      2 * each.before <= each.size &&
      countOf(x.shape[2 + axis], { ...each, after: each.before }, false) === windows.counts[axis],
  );
  if (plain) return maxPool2d(x, size, { ...options, padding: [rows.before, columns.before] });
  const widths = widthsOf(x, windows);
  // Nothing is smaller, so padding is never the largest; what is cut off at the end no window reaches.
  const inside = around(
    x,
    widths.map(([before, after]) => [Math.min(before, 0), Math.min(after, 0)] as const),
  );
  const added = widths.map(([before, after]): [number, number] => [Math.max(before, 0), Math.max(after, 0)]);
  return maxPool2d(pad(inside, added, "constant", Number.NEGATIVE_INFINITY), size, options);
}

/** The sum of each window. */
function sums(x: Tensor, windows: Windows): Tensor {
  const padded = around(x, widthsOf(x, windows));
  const [rows, columns] = windows.along as [Along, Along];
  const [outRows, outColumns] = windows.counts as [number, number];
  const [n, channels, height, width] = padded.shape as [number, number, number, number];
  if (rows.dilation === 1 && columns.dilation === 1) {
    const places = [
      n * channels,
      height,
      width,
      outRows,
      outColumns,
      rows.size,
      columns.size,
      rows.stride,
      columns.stride,
      0,
      0,
    ] as const;
    return windowSum("AveragePool", padded, places, 1, [n, channels, outRows, outColumns]);
  }
  let total: Tensor | null = null;
  for (let i = 0; i < rows.size; i++) {
    const band = strided(padded, i * rows.dilation, outRows, rows.stride, 2);
    for (let j = 0; j < columns.size; j++) {
      const part = strided(band, j * columns.dilation, outColumns, columns.stride, 3);
      total = total === null ? part : add(total, part);
    }
  }
  return total!;
}

function strided(x: Tensor, start: number, count: number, stride: number, axis: number): Tensor {
  return slice(x, start, start + (count - 1) * stride + 1, stride, axis);
}

/** How many elements each window along an axis holds: of the axis, or of the axis with the padding that was asked for. */
function held(length: number, along: Along, count: number, withPadding: boolean): number[] {
  const [from, to] = withPadding ? [-along.before, length + along.after] : [0, length];
  return Array.from({ length: count }, (_, i) => {
    const start = i * along.stride - along.before;
    let inside = 0;
    for (let k = 0; k < along.size; k++) {
      const at = start + k * along.dilation;
      if (at >= from && at < to) inside += 1;
    }
    return inside;
  });
}

function average(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const windows = windowsOf(call, x.shape);
  const withPadding = call.attributes.flag("count_include_pad", false);
  const { along, counts } = windows;
  const divisors = along.map((each, axis) => held(x.shape[2 + axis], each, counts[axis], withPadding));
  const even = divisors.every((list) => list.every((count) => count === list[0]));
  if (
    along.length === 2 &&
    even &&
    along.every(({ before, after, dilation }) => before === 0 && after === 0 && dilation === 1)
  ) {
    const [rows, columns] = along;
    return [fromTensor(avgPool2d(x, [rows.size, columns.size], { stride: [rows.stride, columns.stride] }), type)];
  }
  const added = byPairs(x, windows, sums);
  if (even) return [fromTensor(mul(added, 1 / divisors.reduce((product, [count]) => product * count, 1)), type)];
  let y = added;
  divisors.forEach((list, axis) => {
    const shape = counts.map((_, i) => (i === axis ? counts[axis] : 1));
    y = div(y, tensor(Float32Array.from(list), { shape, dtype: x.dtype }));
  });
  return [fromTensor(y, type)];
}

function maximumPool(call: Call): ArrayValue[] {
  const x = call.value(0);
  const windows = windowsOf(call, x.shape);
  const pooled = byPairs(asFloat(x.tensor), windows, largest);
  const y = isFloating(x.type) ? fromTensor(pooled, x.type) : fromNumbers(x.type, pooled.shape, pooled.dataSync());
  if (!call.wanted[1]) return [y];
  return [y, largestPlaces(x, windows, call.attributes.flag("storage_order", false))];
}

/** Where the largest element of each window stands in all of x, row-major or with each picture column by column. */
function largestPlaces(x: ArrayValue, { along, counts }: Windows, columnMajor: boolean): ArrayValue {
  const lengths = x.shape.slice(2);
  const values = x.numbers;
  const inner = lengths.reduce((product, length) => product * length, 1);
  const planes = x.size / inner;
  const strides = lengths.map((_, axis) => lengths.slice(axis + 1).reduce((product, length) => product * length, 1));
  const stored = columnMajor
    ? lengths.map((_, axis) => lengths.slice(0, axis).reduce((product, length) => product * length, 1))
    : strides;
  const out = counts.reduce((product, count) => product * count, 1);
  const size = along.reduce((product, { size }) => product * size, 1);
  const places = new BigInt64Array(planes * out);
  for (let plane = 0; plane < planes; plane++) {
    for (let o = 0; o < out; o++) {
      let [best, place] = [Number.NEGATIVE_INFINITY, -1];
      for (let k = 0; k < size; k++) {
        let [restOut, restWindow, from, to, inside] = [o, k, 0, 0, true];
        for (let axis = lengths.length - 1; axis >= 0; axis--) {
          const at =
            (restOut % counts[axis]) * along[axis].stride -
            along[axis].before +
            (restWindow % along[axis].size) * along[axis].dilation;
          restOut = Math.floor(restOut / counts[axis]);
          restWindow = Math.floor(restWindow / along[axis].size);
          inside &&= at >= 0 && at < lengths[axis];
          from += at * strides[axis];
          to += at * stored[axis];
        }
        if (!inside) continue;
        const value = values[plane * inner + from];
        if (place < 0 || value > best) [best, place] = [value, plane * inner + to];
      }
      places[plane * out + o] = BigInt(place);
    }
  }
  return fromData("int64", [...x.shape.slice(0, 2), ...counts], places);
}

/** Puts the largest elements back where they stood, among zeros. */
function unpooled(call: Call): ArrayValue[] {
  const [x, places] = [call.value(0), call.value(1)];
  const [n, channels, ...lengths] = x.shape;
  const along = alongAxes(call, lengths, call.attributes.ints("kernel_shape") ?? lengths);
  const inferred = lengths.map(
    (length, axis) => (length - 1) * along[axis].stride - along[axis].before - along[axis].after + along[axis].size,
  );
  const shape = call.has(2) ? call.value(2).numbers : [n, channels, ...inferred];
  // The places count in the shape that follows from the windows; a larger one has each picture at its beginning.
  const own = [n, channels, ...inferred];
  const elements = elementArray(
    x.type,
    shape.reduce((product, length) => product * length, 1),
  ) as unknown as number[];
  const [values, at] = [x.numbers, places.numbers];
  for (let i = 0; i < values.length; i++) {
    let [rest, to, stride] = [at[i], 0, 1];
    for (let axis = own.length - 1; axis >= 0; axis--) {
      to += (rest % own[axis]) * stride;
      rest = Math.floor(rest / own[axis]);
      stride *= shape[axis];
    }
    elements[to] = values[i];
  }
  return [fromData(x.type, shape, elements as never)];
}

/** (sum of |x|^p)^(1/p) of each window. */
function normPool(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const p = call.attributes.int("p", 2);
  const powers = p === 1 ? abs(x) : pow(abs(x), p);
  const y = byPairs(powers, windowsOf(call, x.shape), sums);
  return [fromTensor(p === 1 ? y : pow(y, 1 / p), type)];
}

/** Over all of each channel. */
function whole(f: (x: Tensor, axes: number[], call: Call) => Tensor): (call: Call) => ArrayValue[] {
  return (call) => {
    const { type, tensor: x } = call.value(0);
    expectRank("x", x.shape, 2);
    const axes = x.shape.slice(2).map((_, i) => i + 2);
    return [fromTensor(axes.length === 0 ? x : f(x, axes, call), type)];
  };
}

/** The largest element of each cell of a grid over regions of interest [regions, 5]: batch, and corners in whole pixels after scaling. */
function regionPool(call: Call): ArrayValue[] {
  const { type, tensor: x } = call.value(0);
  const regions = call.value(1).numbers;
  const [rows, columns] = call.attributes.ints("pooled_shape") ?? [1, 1];
  const scale = call.attributes.float("spatial_scale", 1);
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const parts: Tensor[] = [];
  for (let r = 0; r * 5 < regions.length; r++) {
    const [b, ...corners] = regions.slice(r * 5, r * 5 + 5);
    const [x1, y1, x2, y2] = corners.map((corner) => Math.round(corner * scale));
    const [cellHeight, cellWidth] = [Math.max(y2 - y1 + 1, 1) / rows, Math.max(x2 - x1 + 1, 1) / columns];
    const picture = slice(x, b, b + 1, 1, 0);
    for (let i = 0; i < rows; i++) {
      const [top, bottom] = bounded(y1 + Math.floor(i * cellHeight), y1 + Math.ceil((i + 1) * cellHeight), height);
      for (let j = 0; j < columns; j++) {
        const [left, right] = bounded(x1 + Math.floor(j * cellWidth), x1 + Math.ceil((j + 1) * cellWidth), width);
        const empty = top >= bottom || left >= right;
        parts.push(
          empty
            ? mul(slice(slice(picture, 0, 1, 1, 2), 0, 1, 1, 3), 0)
            : max(slice(slice(picture, top, bottom, 1, 2), left, right, 1, 3), [2, 3], true),
        );
      }
    }
  }
  const count = regions.length / 5;
  const cells = parts.map((part) => reshape(part, [1, channels]));
  if (cells.length === 0) return [fromNumbers(type, [0, channels, rows, columns], [])];
  const y = reshape(concat(cells, 0), [count, rows, columns, channels]);
  return [fromTensor(moveAxis(y, 3, 1), type)];
}

function bounded(from: number, to: number, length: number): [number, number] {
  return [Math.min(Math.max(from, 0), length), Math.min(Math.max(to, 0), length)];
}

/** Operators of this family. */
export const pooling: OperatorTable = {
  AveragePool: entry(average),
  MaxPool: entry(maximumPool),
  LpPool: entry(normPool),
  MaxUnpool: entry(unpooled, { shapedBy: "data" }),
  GlobalAveragePool: entry(whole((x, axes) => mean(x, axes, true))),
  GlobalMaxPool: entry(whole((x, axes) => max(x, axes, true))),
  GlobalLpPool: entry(
    whole((x, axes, { attributes }) => {
      const p = attributes.int("p", 2);
      return pow(sum(p === 1 ? abs(x) : pow(abs(x), p), axes, true), 1 / p);
    }),
  ),
  MaxRoiPool: entry(regionPool, { shapedBy: "values" }),
};
