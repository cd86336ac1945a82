// Pooling: one number for each window that slides over an image. Forwards and gradients are pairs of adjoint operations (gather and scatter by
// remembered places; window sum and spreading), so gradients have gradients to any order.

import { flag, knownOptions } from "../engine/checks.ts";
import { isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { tensor } from "../tensor/create.ts";
import { record, tracked, withRecording } from "../tensor/graph.ts";
import { checkShape, formatShape } from "../tensor/shape.ts";
import { checkRoom, empty, packed, type Tensor } from "../tensor/tensor.ts";
import { reluGradient } from "./activations.ts";
import { div, mul } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { where } from "./choice.ts";
import { equal } from "./comparison.ts";
import { gather, takeAlongAxis } from "./gather.ts";
import { concat, stack } from "./join.ts";
import { pad } from "./padding.ts";
import { isRectified, markMasked } from "./rectified.ts";
import { argmax, mean } from "./reduce.ts";
import { slice } from "./slices.ts";
import { reshape } from "./views.ts";
import { type Padding, type Pair, paddingPair, pair, windowsAlong, windowsBeginning } from "./windows.ts";

/** How pooling windows are laid. */
export interface PoolingOptions<Sides = Pair> {
  /** Steps between neighbouring windows; default: the window's size, so that they touch and do not overlap. */
  stride?: Sides;
  /**
   * Rows and columns around the image that windows may reach, at most half the window's size; "valid" for none, or "same" for as many as
   * make the output input / stride long, rounded up. Default 0.
   */
  padding?: Padding<Sides>;
  /** Whether windows that only begin inside the image (or the padding before it) count: out is rounded up. Default false. */
  ceilMode?: boolean;
}

/** What pooling by the largest element takes. */
export interface MaxPoolingOptions<Sides = Pair> extends PoolingOptions<Sides> {
  /** Steps between neighbouring elements of a window, whose size counts its elements; default 1: they touch. */
  dilation?: Sides;
}

/** What pooling by the mean takes. */
export interface AveragePoolingOptions<Sides = Pair> extends PoolingOptions<Sides> {
  /** Whether padding counts, as zeros (default, but for padding "same"), or the mean is over the elements of the image alone. */
  countIncludePadding?: boolean;
}

/** Planes (batch times channels) of height by width, windows and results, in the order in which kernels take them. */
export type Windows = readonly [
  planes: number,
  height: number,
  width: number,
  outHeight: number,
  outWidth: number,
  kernelHeight: number,
  kernelWidth: number,
  strideHeight: number,
  strideWidth: number,
  padTop: number,
  padLeft: number,
];

interface Plan {
  input: Tensor;
  windows: Windows;
  shape: number[];
  /** Padding below and to the right. */
  after: readonly [number, number];
  /** Whether the padding is "same". */
  same: boolean;
  /** Steps between the elements of a window, along each axis, and what they span. */
  dilation: readonly [number, number];
  spans: readonly [number, number];
}

const OPTIONS = ["stride", "padding", "ceilMode"];

function planOf(
  operation: string,
  x: Tensor,
  size: Pair,
  options: PoolingOptions & MaxPoolingOptions,
  own: readonly string[] = [],
): Plan {
  knownOptions(operation, options, [...OPTIONS, ...own]);
  checkTensor(operation, x);
  if (x.rank !== 4) {
    throw new RangeError(`${operation}: x must be [batch, channels, height, width], got shape ${formatShape(x.shape)}`);
  }
  return plan(operation, x, pair(operation, "size", size, 1), options);
}

function plan(
  operation: string,
  x: Tensor,
  size: readonly [number, number],
  options: PoolingOptions & MaxPoolingOptions,
): Plan {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const stride = options.stride === undefined ? size : pair(operation, "stride", options.stride, 1);
  const padding = paddingPair(operation, options.padding ?? 0);
  const dilation = pair(operation, "dilation", options.dilation ?? 1, 1);
  const ceilMode = flag(operation, "ceilMode", options.ceilMode ?? false);
  // What a window spans, from its first element to its last.
  const spans = size.map((count, axis) => dilation[axis] * (count - 1) + 1) as [number, number];
  const along = [height, width].map((length, axis) => {
    const own = typeof padding === "string" ? padding : padding[axis];
    if (typeof own === "number" && 2 * own > size[axis]) {
      throw new RangeError(
        `${operation}: padding ${own} is more than half of the window's size, ${size[axis]}; a window must not lie outside the image`,
      );
    }
    const settings = { span: spans[axis], stride: stride[axis], padding: own };
    return ceilMode ? windowsBeginning(length, settings) : windowsAlong(length, settings);
  });
  const [rows, columns] = along as [(typeof along)[0], (typeof along)[0]];
  if (rows.out < 1 || columns.out < 1 || height === 0 || width === 0) {
    throw new RangeError(
      `${operation}: a window of ${spans.join(" by ")} is larger than the padded input, ${height + rows.total} by ${width + columns.total}`,
    );
  }
  const out = [rows.out, columns.out] as const;
  const shape = [batch, channels, ...out];
  checkShape(operation, shape);
  const before = [rows.before, columns.before] as const;
  const after = [rows.total - rows.before, columns.total - columns.before] as const;
  const windows = [batch * channels, height, width, ...out, ...size, ...stride, ...before] as const;
  const input = isFloat(x.dtype) ? x : cast(x, "float32");
  return { input, windows, shape, after, same: padding === "same", dilation, spans };
}

/** A sequence [batch, channels, length] as an image of one row, its window and options with it. */
function asRow(
  operation: string,
  x: Tensor,
  size: number,
  options: MaxPoolingOptions<number>,
  own: readonly string[],
): [Tensor, [number, number], MaxPoolingOptions] {
  knownOptions(operation, options, [...OPTIONS, ...own]);
  checkTensor(operation, x);
  if (x.rank !== 3)
    throw new RangeError(`${operation}: x must be [batch, channels, length], got shape ${formatShape(x.shape)}`);
  const [length] = pair(operation, "size", size, 1);
  const [stride] = pair(operation, "stride", options.stride ?? length, 1);
  const padding = paddingPair(operation, options.padding ?? 0);
  const [dilation] = pair(operation, "dilation", options.dilation ?? 1, 1);
  const row = reshape(x, [x.shape[0], x.shape[1], 1, x.shape[2]!]);
  const ceilMode = options.ceilMode ?? false;
  const sides = typeof padding === "string" ? padding : ([0, padding[0]] as const);
  return [row, [1, length], { stride: [1, stride], padding: sides, dilation: [1, dilation], ceilMode }];
}

function withoutRow(y: Tensor): Tensor {
  return reshape(y, [y.shape[0], y.shape[1], y.shape[3]!]);
}

// Largest element

/**
 * The largest element of each window; NaN wins. x [batch, channels, height, width] gives [batch, channels, outHeight, outWidth] with
 * out = floor((in + 2 padding - dilation (size - 1) - 1) / stride) + 1, or rounded up. Padding is never the largest.
 * Gradient: dy to the place of the largest element, the first one (row by row) of equals; overlapping windows add up.
 * @throws RangeError if x has not four axes, the window is larger than the padded input, or padding is more than half of it.
 * @example
 * ```ts
 * maxPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).item(); // 4
 * ```
 */
export function maxPool2d(x: Tensor, size: Pair, options: MaxPoolingOptions = {}): Tensor {
  return largest("maxPool2d", planOf("maxPool2d", x, size, options, ["dilation"]));
}

/**
 * `maxPool2d` along one axis: x [batch, channels, length] gives [batch, channels, outLength].
 * @example
 * ```ts
 * maxPool1d(tensor([[[1, 3, 2, 4]]]), 2).toArray(); // [[[3, 4]]]
 * ```
 */
export function maxPool1d(x: Tensor, size: number, options: MaxPoolingOptions<number> = {}): Tensor {
  const [row, window, walk] = asRow("maxPool1d", x, size, options, ["dilation"]);
  return withoutRow(largest("maxPool1d", plan("maxPool1d", row, window, walk)));
}

/**
 * The largest element of each of outputSize bins: bin i of an axis goes from floor(i in / out) up to ceil((i + 1) in / out), so that
 * an image of any size gives [batch, channels, ...outputSize]. Gradient: dy to its place, the first (row by row) of equals.
 * @throws RangeError if x has not four axes or no elements along one, or the size is not a whole number (or two) from 1 on.
 * @example
 * ```ts
 * adaptiveMaxPool2d(tensor([[[[1, 2, 3], [4, 5, 6]]]]), [1, 2]).toArray(); // [[[[5, 6]]]]
 * ```
 */
export function adaptiveMaxPool2d(x: Tensor, outputSize: Pair): Tensor {
  const [rows, columns] = binsOf("adaptiveMaxPool2d", x, outputSize);
  const largestOf = (part: Tensor): Tensor =>
    largest("adaptiveMaxPool2d", plan("adaptiveMaxPool2d", part, [part.shape[2], part.shape[3]!], {}));
  const bands = rows.bins.map(([top, bottom]) => {
    const band = slice(x, top, bottom, 1, 2);
    return concat(
      columns.bins.map(([left, right]) => largestOf(slice(band, left, right, 1, 3))),
      3,
    );
  });
  return spread(spread(concat(bands, 2), rows, 2), columns, 3);
}

/**
 * The mean of each of outputSize bins, which are those of `adaptiveMaxPool2d`: [batch, channels, height, width] to
 * [batch, channels, ...outputSize]. Gradient: dy / (elements of a bin) to every element of it; overlapping bins add up.
 * @throws RangeError if x has not four axes or no elements along one, or the size is not a whole number (or two) from 1 on.
 * @example
 * ```ts
 * adaptiveAvgPool2d(tensor([[[[1, 2, 3], [4, 5, 6]]]]), [1, 2]).toArray(); // [[[[3, 4]]]]
 * ```
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: Pair): Tensor {
  const [rows, columns] = binsOf("adaptiveAvgPool2d", x, outputSize);
  // A bin is a rectangle: the mean of its rows' means.
  const alongAxis = (y: Tensor, { bins }: Bins, axis: number): Tensor =>
    concat(
      bins.map(([start, end]) => mean(slice(y, start, end, 1, axis), axis, true)),
      axis,
    );
  return spread(spread(alongAxis(alongAxis(x, rows, 2), columns, 3), rows, 2), columns, 3);
}

/** The bins of an axis, each once; where several results have the same, the bin of each result. */
interface Bins {
  readonly bins: readonly (readonly [start: number, end: number])[];
  readonly places: Int32Array | null;
}

/** What was found in each bin, at the places of the results. */
function spread(y: Tensor, { places }: Bins, axis: number): Tensor {
  return places === null ? y : gather(y, tensor(places, "int32"), axis);
}

function binsOf(operation: string, x: Tensor, outputSize: Pair): [rows: Bins, columns: Bins] {
  checkTensor(operation, x);
  if (x.rank !== 4 || x.shape[2] === 0 || x.shape[3] === 0) {
    throw new RangeError(
      `${operation}: x must be [batch, channels, height, width] with rows and columns, got shape ${formatShape(x.shape)}`,
    );
  }
  const out = pair(operation, "outputSize", outputSize, 1);
  checkRoom(operation, [x.shape[0], x.shape[1]!, ...out], x.dtype);
  const bins = out.map((count, axis): Bins => {
    const length = x.shape[2 + axis];
    const found: [number, number][] = [];
    const places = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const [start, end] = [Math.floor((i * length) / count), Math.ceil(((i + 1) * length) / count)];
      const last = found.at(-1);
      if (last?.[0] !== start || last[1] !== end) found.push([start, end]);
      places[i] = found.length - 1;
    }
    return { bins: found, places: found.length < count ? places : null };
  });
  return [bins[0], bins[1]!];
}

/**
 * The largest element of each channel: [batch, channels, height, width] to [batch, channels]. Gradient: dy to its place, the first of equals.
 * @example
 * ```ts
 * globalMaxPool2d(tensor([[[[1, 2], [3, 4]]]])).toArray(); // [[4]]
 * ```
 */
export function globalMaxPool2d(x: Tensor): Tensor {
  checkTensor("globalMaxPool2d", x);
  const p = planOf("globalMaxPool2d", x, x.rank === 4 ? [x.shape[2], x.shape[3]!] : 1, {});
  return reshape(largest("globalMaxPool2d", p), p.shape.slice(0, 2));
}

function largest(operation: string, p: Plan): Tensor {
  if (p.dilation[0] > 1 || p.dilation[1] > 1) return largestDilated(p);
  const { input, windows, shape } = p;
  const y = empty(operation, shape, input.dtype);
  const indices = tracked(input) ? empty(operation, shape, "int32") : null;
  if (y.size > 0) engine().kernel("maxPool", y.dtype, packed(input), y, indices, ...windows);
  if (indices === null) return y;
  return record(operation, y, [input], (dy) => {
    if (tracked(dy) || !isRectified(input)) return [placed(dy, indices, windows, input.shape)];
    const dx = placed(reluGradient(dy, y), indices, windows, input.shape);
    markMasked(dx, input);
    return [dx];
  });
}

/** The largest element of windows with gaps: one strided slice of the padded image for each of a window's elements, the first of equals. */
function largestDilated({ input, windows, shape, dilation, spans }: Plan): Tensor {
  const [, height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, top, left] =
    windows;
  // Positions of the first element of all windows lie within these lengths; beyond the image there is -Infinity.
  const [rows, columns] = [(outHeight - 1) * strideHeight + 1, (outWidth - 1) * strideWidth + 1];
  const bottom = Math.max(0, rows - 1 + spans[0] - top - height);
  const right = Math.max(0, columns - 1 + spans[1] - left - width);
  const around = [
    [0, 0],
    [0, 0],
    [top, bottom],
    [left, right],
  ] as const;
  const padded = pad(input, around, "constant", Number.NEGATIVE_INFINITY);
  const taps: Tensor[] = [];
  for (let i = 0; i < kernelHeight; i++) {
    const band = slice(padded, i * dilation[0], i * dilation[0] + rows, strideHeight, 2);
    for (let j = 0; j < kernelWidth; j++) {
      taps.push(slice(band, j * dilation[1], j * dilation[1] + columns, strideWidth, 3));
    }
  }
  const all = stack(taps);
  const places = withRecording(false, () => argmax(all, 0, true));
  return reshape(takeAlongAxis(all, places, 0), shape);
}

/** dy at the remembered places, 0 elsewhere. */
function placed(dy: Tensor, indices: Tensor, windows: Windows, shape: readonly number[]): Tensor {
  const dx = empty("maxPoolGradient", shape, dy.dtype);
  if (dx.size > 0) engine().kernel("maxPoolGradient", dy.dtype, packed(dy), indices, dx, ...windows);
  return tracked(dy) ? record("maxPoolGradient", dx, [dy], (ddx) => [taken(ddx, indices, windows, shape)]) : dx;
}

/** The elements at the remembered places. */
function taken(x: Tensor, indices: Tensor, windows: Windows, shape: readonly number[]): Tensor {
  const y = empty("maxPoolGather", indices.shape, x.dtype);
  if (y.size > 0) engine().kernel("maxPoolGather", x.dtype, packed(x), indices, y, ...windows.slice(0, 5));
  return tracked(x) ? record("maxPoolGather", y, [x], (dy) => [placed(dy, indices, windows, shape)]) : y;
}

// Sums

/**
 * The mean of each window, padding counted as zeros unless `countIncludePadding` is false. x [batch, channels, height, width] gives [batch, channels, outHeight, outWidth] with
 * out = floor((in + 2 padding - size) / stride) + 1.
 * Gradient: dy / (elements of a window) to every element of it; overlapping windows add up.
 * @throws RangeError if x has not four axes, the window is larger than the padded input, or padding is more than half of it.
 * @example
 * ```ts
 * avgPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).item(); // 2.5
 * ```
 */
export function avgPool2d(x: Tensor, size: Pair, options: AveragePoolingOptions = {}): Tensor {
  return average("avgPool2d", planOf("avgPool2d", x, size, options, ["countIncludePadding"]), options);
}

/** The mean of each window: over its size where all windows hold as many elements, else over what each holds. */
function average(
  operation: string,
  { input, windows, shape, after, same }: Plan,
  options: AveragePoolingOptions<unknown>,
): Tensor {
  const withPadding = flag(operation, "countIncludePadding", options.countIncludePadding ?? !same);
  const [, height, width, outHeight, outWidth, kernelHeight, kernelWidth, strideHeight, strideWidth, top, left] =
    windows;
  const rows = counts(height, outHeight, kernelHeight, strideHeight, top, withPadding ? [top, after[0]] : NONE);
  const columns = counts(width, outWidth, kernelWidth, strideWidth, left, withPadding ? [left, after[1]] : NONE);
  if (rows.every((n) => n === kernelHeight) && columns.every((n) => n === kernelWidth)) {
    return windowSum(operation, input, windows, kernelHeight * kernelWidth, shape);
  }
  const held = tensor(
    rows.map((row) => columns.map((column) => row * column)),
    input.dtype,
  );
  return div(windowSum(operation, input, windows, 1, shape), held);
}

const NONE = [0, 0] as const;

/** How many elements each window holds along an axis: of the image and of the padding that counts before and after it. */
function counts(
  length: number,
  out: number,
  size: number,
  stride: number,
  pad: number,
  [before, after]: readonly [number, number],
): number[] {
  return Array.from({ length: out }, (_, i) => {
    const start = i * stride - pad;
    return Math.min(start + size, length + after) - Math.max(start, -before);
  });
}

/**
 * `avgPool2d` along one axis: x [batch, channels, length] gives [batch, channels, outLength].
 * @example
 * ```ts
 * avgPool1d(tensor([[[1, 3, 2, 4]]]), 2).toArray(); // [[[2, 3]]]
 * ```
 */
export function avgPool1d(x: Tensor, size: number, options: AveragePoolingOptions<number> = {}): Tensor {
  const [row, window, walk] = asRow("avgPool1d", x, size, options, ["countIncludePadding"]);
  return withoutRow(average("avgPool1d", plan("avgPool1d", row, window, walk), options));
}

/**
 * The mean of each channel: [batch, channels, height, width] to [batch, channels]. Gradient: dy / (height width) everywhere.
 * @example
 * ```ts
 * globalAvgPool2d(tensor([[[[1, 2], [3, 4]]]])).toArray(); // [[2.5]]
 * ```
 */
export function globalAvgPool2d(x: Tensor): Tensor {
  checkTensor("globalAvgPool2d", x);
  const { input } = planOf("globalAvgPool2d", x, x.rank === 4 ? [x.shape[2], x.shape[3]!] : 1, {});
  return mean(input, [2, 3]);
}

/** Sum of each window divided by `divisor`. Internal: windows are checked by the caller. */
export function windowSum(
  operation: string,
  x: Tensor,
  windows: Windows,
  divisor: number,
  shape: readonly number[],
): Tensor {
  const y = empty(operation, shape, x.dtype);
  if (y.size > 0) engine().kernel("windowSum", x.dtype, packed(x), y, 0, divisor, ...windows);
  return tracked(x) ? record(operation, y, [x], (dy) => [windowSpread(dy, windows, divisor, x.shape)]) : y;
}

/** dy / divisor added to every element of its window: the adjoint of `windowSum`. */
function windowSpread(dy: Tensor, windows: Windows, divisor: number, shape: readonly number[]): Tensor {
  const dx = empty("windowSumGradient", shape, dy.dtype);
  if (dx.size > 0) engine().kernel("windowSumGradient", dy.dtype, packed(dy), dx, divisor, ...windows);
  if (!tracked(dy)) return dx;
  return record("windowSumGradient", dx, [dy], (ddx) => [windowSum("windowSum", ddx, windows, divisor, dy.shape)]);
}

/**
 * The root of the sum of squares of each window, padding counted as zeros. Shapes as `avgPool2d`.
 * Gradient: dy x / y to every element of the window, 0 where y is 0; overlapping windows add up.
 * @throws RangeError if x has not four axes, the window is larger than the padded input, or padding is more than half of it.
 * @example
 * ```ts
 * l2Pool2d(tensor([[[[3, 4], [0, 0]]]]), 2).item(); // 5
 * ```
 */
export function l2Pool2d(x: Tensor, size: Pair, options: PoolingOptions = {}): Tensor {
  const { input, windows, shape } = planOf("l2Pool2d", x, size, options);
  const y = empty("l2Pool2d", shape, input.dtype);
  if (y.size > 0) engine().kernel("windowSum", y.dtype, packed(input), y, 1, 1, ...windows);
  if (!tracked(input)) return y;
  return record("l2Pool2d", y, [input], (dy) => {
    // A root of 0 is replaced before the division: what is discarded afterwards must not be infinite, or its gradient would be NaN.
    const zero = equal(y, 0);
    const ratio = where(zero, 0, div(dy, where(zero, 1, y)));
    return [mul(input, windowSpread(ratio, windows, 1, input.shape))];
  });
}
