// Pooling: one number for each window that slides over an image. Forwards and gradients are pairs of adjoint operations (gather and scatter by
// remembered places; window sum and spreading), so gradients have gradients to any order.

import { knownOptions } from "../engine/checks.ts";
import { isFloat } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { record, tracked } from "../tensor/graph.ts";
import { checkShape, formatShape } from "../tensor/shape.ts";
import { empty, packed, type Tensor } from "../tensor/tensor.ts";
import { reluGradient } from "./activations.ts";
import { div, mul } from "./arithmetic.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { where } from "./choice.ts";
import { equal } from "./comparison.ts";
import { isRectified, markMasked } from "./rectified.ts";
import { mean } from "./reduce.ts";
import { reshape } from "./views.ts";

/** A length along the height and along the width; one number means both. */
export type Pair = number | readonly [number, number];

/** How pooling windows are laid. */
export interface PoolingOptions<Sides = Pair> {
  /** Steps between neighbouring windows; default: the window's size, so that they touch and do not overlap. */
  stride?: Sides;
  /** Rows and columns around the image that windows may reach, at most half the window's size; default 0. */
  padding?: Sides;
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

/** What is wrong with an option that should be a whole number or two. Internal. */
export function notWhole(operation: string, name: string, value: unknown, least: number): RangeError {
  return new RangeError(
    `${operation}: ${name} must be a whole number of at least ${least}, or a pair of them, got ${quote(value)}`,
  );
}

/** A number for each of two axes. Internal. */
export function pair(operation: string, name: string, value: Pair, least: number): [number, number] {
  const both = typeof value === "number" ? [value, value] : value;
  const valid =
    Array.isArray(both) && both.length === 2 && both.every((n) => Number.isInteger(n) && n >= least && n < 2 ** 31);
  if (!valid) throw notWhole(operation, name, value, least);
  return [both[0], both[1]!];
}

interface Plan {
  input: Tensor;
  windows: Windows;
  shape: number[];
}

const OPTIONS = ["stride", "padding"];

function planOf(operation: string, x: Tensor, size: Pair, options: PoolingOptions): Plan {
  knownOptions(operation, options, OPTIONS);
  checkTensor(operation, x);
  if (x.rank !== 4) {
    throw new RangeError(`${operation}: x must be [batch, channels, height, width], got shape ${formatShape(x.shape)}`);
  }
  return plan(operation, x, pair(operation, "size", size, 1), options);
}

function plan(operation: string, x: Tensor, size: readonly [number, number], options: PoolingOptions): Plan {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const stride = options.stride === undefined ? size : pair(operation, "stride", options.stride, 1);
  const padding = pair(operation, "padding", options.padding ?? 0, 0);
  const out = [height, width].map((length, axis) => {
    if (2 * padding[axis] > size[axis]) {
      throw new RangeError(
        `${operation}: padding ${padding[axis]} is more than half of the window's size, ${size[axis]}; a window must not lie outside the image`,
      );
    }
    return Math.floor((length + 2 * padding[axis] - size[axis]) / stride[axis]) + 1;
  }) as [number, number];
  if (out[0] < 1 || out[1] < 1 || height === 0 || width === 0) {
    throw new RangeError(
      `${operation}: a window of ${size.join(" by ")} is larger than the padded input, ${height + 2 * padding[0]} by ${width + 2 * padding[1]}`,
    );
  }
  const shape = [batch, channels, ...out];
  checkShape(operation, shape);
  const windows = [batch * channels, height, width, ...out, ...size, ...stride, ...padding] as const;
  return { input: isFloat(x.dtype) ? x : cast(x, "float32"), windows, shape };
}

/** A sequence [batch, channels, length] as an image of one row, its window and options with it. */
function asRow(
  operation: string,
  x: Tensor,
  size: number,
  options: PoolingOptions<number>,
): [Tensor, [number, number], PoolingOptions] {
  knownOptions(operation, options, OPTIONS);
  checkTensor(operation, x);
  if (x.rank !== 3)
    throw new RangeError(`${operation}: x must be [batch, channels, length], got shape ${formatShape(x.shape)}`);
  const [length] = pair(operation, "size", size, 1);
  const [stride] = pair(operation, "stride", options.stride ?? length, 1);
  const [padding] = pair(operation, "padding", options.padding ?? 0, 0);
  const row = reshape(x, [x.shape[0], x.shape[1], 1, x.shape[2]!]);
  return [row, [1, length], { stride: [1, stride], padding: [0, padding] }];
}

function withoutRow(y: Tensor): Tensor {
  return reshape(y, [y.shape[0], y.shape[1], y.shape[3]!]);
}

// Largest element

/**
 * The largest element of each window; NaN wins. x [batch, channels, height, width] gives [batch, channels, outHeight, outWidth] with
 * out = floor((in + 2 padding - size) / stride) + 1. Padding is never the largest.
 * Gradient: dy to the place of the largest element, the first one (row by row) of equals; overlapping windows add up.
 * @throws RangeError if x has not four axes, the window is larger than the padded input, or padding is more than half of it.
 * @example
 * ```ts
 * maxPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).item(); // 4
 * ```
 */
export function maxPool2d(x: Tensor, size: Pair, options: PoolingOptions = {}): Tensor {
  return largest("maxPool2d", planOf("maxPool2d", x, size, options));
}

/**
 * `maxPool2d` along one axis: x [batch, channels, length] gives [batch, channels, outLength].
 * @example
 * ```ts
 * maxPool1d(tensor([[[1, 3, 2, 4]]]), 2).toArray(); // [[[3, 4]]]
 * ```
 */
export function maxPool1d(x: Tensor, size: number, options: PoolingOptions<number> = {}): Tensor {
  const [row, window, walk] = asRow("maxPool1d", x, size, options);
  return withoutRow(largest("maxPool1d", plan("maxPool1d", row, window, walk)));
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

function largest(operation: string, { input, windows, shape }: Plan): Tensor {
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
 * The mean of each window, padding counted as zeros. x [batch, channels, height, width] gives [batch, channels, outHeight, outWidth] with
 * out = floor((in + 2 padding - size) / stride) + 1.
 * Gradient: dy / (elements of a window) to every element of it; overlapping windows add up.
 * @throws RangeError if x has not four axes, the window is larger than the padded input, or padding is more than half of it.
 * @example
 * ```ts
 * avgPool2d(tensor([[[[1, 2], [3, 4]]]]), 2).item(); // 2.5
 * ```
 */
export function avgPool2d(x: Tensor, size: Pair, options: PoolingOptions = {}): Tensor {
  const { input, windows, shape } = planOf("avgPool2d", x, size, options);
  return windowSum("avgPool2d", input, windows, windows[5] * windows[6], shape);
}

/**
 * `avgPool2d` along one axis: x [batch, channels, length] gives [batch, channels, outLength].
 * @example
 * ```ts
 * avgPool1d(tensor([[[1, 3, 2, 4]]]), 2).toArray(); // [[[2, 3]]]
 * ```
 */
export function avgPool1d(x: Tensor, size: number, options: PoolingOptions<number> = {}): Tensor {
  const [row, window, walk] = asRow("avgPool1d", x, size, options);
  const { input, windows, shape } = plan("avgPool1d", row, window, walk);
  return withoutRow(windowSum("avgPool1d", input, windows, window[1], shape));
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
