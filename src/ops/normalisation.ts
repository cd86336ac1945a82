// Normalisation: values are brought to mean 0 and variance 1 over a batch or a row, or divided by the strength of their neighbours. Forward and
// gradient are fused kernels; where gradients of gradients are followed, the gradient is built from operations instead.

import { knownOptions, whole } from "../engine/checks.ts";
import { isFloat, promote } from "../engine/dtype.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { full, zeros } from "../tensor/create.ts";
import { isRecording, record, tracked } from "../tensor/graph.ts";
import { formatShape, normaliseAxes, normaliseAxis, type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { empty, packed, type Tensor } from "../tensor/tensor.ts";
import { add, div, mul, neg, square, sub } from "./arithmetic.ts";
import { broadcastTo, sum } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { pow, rsqrt } from "./exponentials.ts";
import type { Axes } from "./folding.ts";
import { type Windows, windowSum } from "./pooling.ts";
import { mean } from "./reduce.ts";
import { reshape } from "./views.ts";

/** The operands in one float dtype. */
function floats<T extends readonly Tensor[]>(operation: string, ...operands: T): { [I in keyof T]: Tensor } {
  for (const x of operands) checkTensor(operation, x);
  const common = operands.map((x) => x.dtype).reduce(promote);
  const dtype = isFloat(common) ? common : "float32";
  return operands.map((x) => cast(x, dtype)) as { [I in keyof T]: Tensor };
}

function checkEpsilon(operation: string, epsilon: number): number {
  if (Number.isFinite(epsilon) && epsilon >= 0) return epsilon;
  throw new RangeError(`${operation}: epsilon must be a finite number from 0 on, got ${quote(epsilon)}`);
}

function anyFollowed(...tensors: readonly Tensor[]): boolean {
  return isRecording() && tensors.some((x) => x.node !== null);
}

/** x seen as [outer, channels, inner]. */
function layout(x: Tensor, axis: number): [outer: number, channels: number, inner: number] {
  return [sizeOf(x.shape.slice(0, axis)), x.shape[axis], sizeOf(x.shape.slice(axis + 1))];
}

function checkChannels(
  operation: string,
  names: string,
  tensors: readonly Tensor[],
  channels: number,
  axis: number,
): void {
  for (const t of tensors) {
    if (!sameShape(t.shape, [channels])) {
      throw new RangeError(
        `${operation}: ${names} must have shape (${channels},), one number a channel (axis ${axis}), got ${formatShape(t.shape)}`,
      );
    }
  }
}

// By channel

/** Sum over all axes but `axis`. Gradient: dy to every element of its channel. Internal: the gradient of a bias. */
export function channelSum(x: Tensor, axis: number): Tensor {
  const [outer, channels, inner] = layout(x, axis);
  if (x.size === 0) return zeros([channels], x.dtype);
  const y = empty("channelSum", [channels], x.dtype);
  engine().kernel("channelSum", x.dtype, packed(x), y, outer, channels, inner, 0);
  return tracked(x) ? record("channelSum", y, [x], (dy) => [alongAxis(dy, x.shape, axis)]) : y;
}

/** One number a channel, repeated to a shape; a view. */
function alongAxis(values: Tensor, shape: Shape, axis: number): Tensor {
  return broadcastTo(reshape(values, [-1, ...shape.slice(axis + 1).map(() => 1)]), shape);
}

/** y = (x - centre) scale + shift with one number of each a channel; null leaves it out. */
function channelAffine(x: Tensor, centre: Tensor | null, scale: Tensor, shift: Tensor | null, axis: number): Tensor {
  const y = empty("batchNormInference", x.shape, x.dtype);
  const each = [centre && packed(centre), packed(scale), shift && packed(shift)] as const;
  if (y.size > 0) engine().kernel("channelAffine", x.dtype, packed(x), ...each, y, ...layout(x, axis));
  const inputs = [x, centre, scale, shift].filter((t) => t !== null);
  if (!anyFollowed(...inputs)) return y;
  return record("batchNormInference", y, inputs, (dy) => {
    const dx = x.node || centre?.node ? channelAffine(dy, null, scale, null, axis) : undefined;
    const away = centre === null ? x : sub(x, alongAxis(centre, x.shape, axis));
    const gradients: (Tensor | undefined)[] = [x.node ? dx : undefined];
    if (centre) gradients.push(centre.node ? neg(channelSum(dx!, axis)) : undefined);
    gradients.push(scale.node ? channelSum(mul(dy, away), axis) : undefined);
    if (shift) gradients.push(shift.node ? channelSum(dy, axis) : undefined);
    return gradients;
  });
}

/** What `batchNorm` returns: the result, and the batch's statistics [channels], through which no gradient flows. */
export interface BatchNormResult {
  y: Tensor;
  mean: Tensor;
  /** Of the population: divided by the number of elements. */
  variance: Tensor;
}

/** Options of `batchNorm` and `batchNormInference`. */
export interface BatchNormOptions {
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
  /** The axis of channels; default 1. */
  axis?: number;
}

const BATCH_OPTIONS = ["epsilon", "axis"];

/**
 * Batch normalisation while training (Ioffe and Szegedy, 2015): y = gamma z + beta with z = (x - mean) / sqrt(variance + epsilon), mean and variance
 * taken over the batch and all positions, channel by channel. x [batch, channels, ...], gamma and beta [channels].
 * Returns y in the shape of x, and the mean and variance [channels] for running statistics.
 *
 * Gradients: by x gamma / sqrt(variance + epsilon) (dy - mean(dy) - z mean(dy z)), by gamma sum(dy z), by beta sum(dy).
 * @throws RangeError if shapes don't fit or there is nothing to average over.
 * @example
 * ```ts
 * batchNorm(tensor([[1], [3]]), tensor([1]), tensor([0]), { epsilon: 0 }).y.toArray(); // [[-1], [1]]
 * ```
 */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, options: BatchNormOptions = {}): BatchNormResult {
  knownOptions("batchNorm", options, BATCH_OPTIONS);
  const [input, g, b] = floats("batchNorm", x, gamma, beta);
  const epsilon = checkEpsilon("batchNorm", options.epsilon ?? 1e-5);
  const axis = normaliseAxis("batchNorm", options.axis ?? 1, input.rank);
  const [outer, channels, inner] = layout(input, axis);
  checkChannels("batchNorm", "gamma and beta", [g, b], channels, axis);
  if (input.size === 0) {
    throw new RangeError(`batchNorm: shape ${formatShape(x.shape)} has no elements to take the mean of`);
  }
  const y = empty("batchNorm", input.shape, input.dtype);
  const centre = empty("batchNorm", [channels], input.dtype);
  const spread = empty("batchNorm", [channels], input.dtype);
  const results = [y, centre, spread] as const;
  engine().kernel(
    "batchNorm",
    y.dtype,
    packed(input),
    packed(g),
    packed(b),
    ...results,
    outer,
    channels,
    inner,
    epsilon,
  );
  const result = { y, mean: centre, variance: spread };
  if (!anyFollowed(input, g, b)) return result;
  record("batchNorm", y, [input, g, b], (dy) => {
    if (anyFollowed(input, g, dy)) return batchGradients(input, g, dy, axis, epsilon);
    const dx = input.node ? empty("batchNormGradient", input.shape, input.dtype) : null;
    const dgamma = empty("batchNormGradient", [channels], input.dtype);
    const dbeta = empty("batchNormGradient", [channels], input.dtype);
    const operands = [packed(input), packed(dy), centre, spread, packed(g), dx, dgamma, dbeta] as const;
    engine().kernel("batchNormGradient", y.dtype, ...operands, outer, channels, inner, epsilon);
    return [dx ?? undefined, dgamma, dbeta];
  });
  return result;
}

/** The gradients of batchNorm, in operations. */
function batchGradients(x: Tensor, gamma: Tensor, dy: Tensor, axis: number, epsilon: number): Tensor[] {
  const others = x.shape.map((_, i) => i).filter((i) => i !== axis);
  const wide = alongAxis(gamma, x.shape, axis);
  const { z, dx } = normalisedGradient(x, mul(dy, wide), others, epsilon);
  return [dx, sum(mul(dy, z), others), sum(dy, others)];
}

/** z = (x - mean) / sqrt(variance + epsilon) over the axes, and the gradient by x of sum(z g), in operations. */
function normalisedGradient(x: Tensor, g: Tensor, axes: Axes, epsilon: number): { z: Tensor; dx: Tensor } {
  const away = sub(x, mean(x, axes, true));
  const inverse = rsqrt(add(mean(square(away), axes, true), epsilon));
  const z = mul(away, inverse);
  const rest = sub(sub(g, mean(g, axes, true)), mul(z, mean(mul(g, z), axes, true)));
  return { z, dx: mul(inverse, rest) };
}

/**
 * Batch normalisation with known statistics, as after training: y = gamma (x - mean) / sqrt(variance + epsilon) + beta. x [batch, channels, ...], the
 * others [channels]. Differentiable by all five.
 * @throws RangeError if shapes don't fit.
 * @example
 * ```ts
 * batchNormInference(tensor([[5]]), tensor([3]), tensor([4]), tensor([1]), tensor([0]), { epsilon: 0 }).item(); // 1
 * ```
 */
export function batchNormInference(
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  gamma: Tensor,
  beta: Tensor,
  options: BatchNormOptions = {},
): Tensor {
  knownOptions("batchNormInference", options, BATCH_OPTIONS);
  const [input, centre, spread, g, b] = floats("batchNormInference", x, mean, variance, gamma, beta);
  const epsilon = checkEpsilon("batchNormInference", options.epsilon ?? 1e-5);
  const axis = normaliseAxis("batchNormInference", options.axis ?? 1, input.rank);
  const names = "mean, variance, gamma and beta";
  checkChannels("batchNormInference", names, [centre, spread, g, b], input.shape[axis], axis);
  return channelAffine(input, centre, mul(g, rsqrt(add(spread, epsilon))), b, axis);
}

// By row

/** Options of `layerNorm`. */
export interface LayerNormOptions {
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
  /** The axes of a sample, which must be the last ones; default -1. */
  axes?: Axes;
}

const LAYER_OPTIONS = ["epsilon", "axes"];

/**
 * Layer normalisation (Ba, Kiros and Hinton, 2016): y = gamma z + beta with z = (x - mean) / sqrt(variance + epsilon), mean and variance taken over
 * the last axes, sample by sample. gamma and beta have the shape of those axes.
 *
 * Gradients, with g = dy gamma: by x (g - mean(g) - z mean(g z)) / sqrt(variance + epsilon), by gamma sum(dy z), by beta sum(dy).
 * @throws RangeError if shapes don't fit or the axes are not the last ones.
 * @example
 * ```ts
 * layerNorm(tensor([[1, 3]]), tensor([1, 1]), tensor([0, 0]), { epsilon: 0 }).toArray(); // [[-1, 1]]
 * ```
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, options: LayerNormOptions = {}): Tensor {
  knownOptions("layerNorm", options, LAYER_OPTIONS);
  const [input, g, b] = floats("layerNorm", x, gamma, beta);
  const epsilon = checkEpsilon("layerNorm", options.epsilon ?? 1e-5);
  const axes = normaliseAxes("layerNorm", options.axes ?? -1, input.rank);
  const first = input.rank - axes.length;
  if (axes.length === 0 || axes[0] !== first) {
    throw new RangeError(
      `layerNorm: axes [${axes.join(", ")}] must be the last ones of ${formatShape(x.shape)}; transpose x first`,
    );
  }
  const shape = input.shape.slice(first);
  for (const t of [g, b]) {
    if (!sameShape(t.shape, shape)) {
      throw new RangeError(
        `layerNorm: gamma and beta must have shape ${formatShape(shape)}, got ${formatShape(t.shape)}`,
      );
    }
  }
  const n = sizeOf(shape);
  const rows = sizeOf(input.shape.slice(0, first));
  if (n === 0) throw new RangeError(`layerNorm: shape ${formatShape(x.shape)} has no elements to take the mean of`);
  const y = empty("layerNorm", input.shape, input.dtype);
  const followed = anyFollowed(input, g, b);
  const centre = followed ? empty("layerNorm", [rows], input.dtype) : null;
  const inverse = followed ? empty("layerNorm", [rows], input.dtype) : null;
  engine().kernel("layerNorm", y.dtype, packed(input), packed(g), packed(b), y, centre, inverse, rows, n, epsilon);
  if (!followed) return y;
  return record("layerNorm", y, [input, g, b], (dy) => {
    if (anyFollowed(input, g, dy)) return rowGradients(input, g, dy, axes, epsilon);
    const dx = input.node ? empty("layerNormGradient", input.shape, input.dtype) : null;
    const dgamma = empty("layerNormGradient", shape, input.dtype);
    const dbeta = empty("layerNormGradient", shape, input.dtype);
    const operands = [packed(input), packed(dy), centre, inverse, packed(g), dx, dgamma, dbeta] as const;
    engine().kernel("layerNormGradient", y.dtype, ...operands, rows, n);
    return [dx ?? undefined, dgamma, dbeta];
  });
}

/** The gradients of layerNorm, in operations. */
function rowGradients(x: Tensor, gamma: Tensor, dy: Tensor, axes: number[], epsilon: number): Tensor[] {
  const samples = x.shape.map((_, i) => i).slice(0, x.rank - axes.length);
  const { z, dx } = normalisedGradient(x, mul(dy, gamma), axes, epsilon);
  return [dx, sum(mul(dy, z), samples), sum(dy, samples)];
}

// By groups of channels

/**
 * Group normalisation (Wu and He, 2018): y = gamma z + beta with z = (x - mean) / sqrt(variance + epsilon), mean and variance taken over all
 * positions of a group of neighbouring channels, sample by sample. x [batch, channels, ...], gamma and beta [channels]; `groups` divides
 * the channels. One group normalises a whole sample, as many as channels each channel by itself (instance normalisation).
 *
 * Gradients: those of `layerNorm` over a group, and by gamma sum(dy z), by beta sum(dy) over samples and positions.
 * @throws RangeError if shapes don't fit, the groups don't divide the channels, or there is nothing to average over.
 * @example
 * ```ts
 * groupNorm(tensor([[1, 3, 4, 8]]), 2, ones([4]), zeros([4]), { epsilon: 0 }).toArray(); // [[-1, 1, -1, 1]]
 * ```
 */
export function groupNorm(
  x: Tensor,
  groups: number,
  gamma: Tensor,
  beta: Tensor,
  options: { epsilon?: number } = {},
): Tensor {
  const operation = "groupNorm";
  knownOptions(operation, options, ["epsilon"]);
  const [input, g, b] = floats(operation, x, gamma, beta);
  if (input.rank < 2) {
    throw new RangeError(`${operation}: x must be [batch, channels, ...], got shape ${formatShape(x.shape)}`);
  }
  const channels = input.shape[1];
  whole(operation, "groups", groups, 1);
  if (channels % groups !== 0) {
    throw new RangeError(`${operation}: ${channels} channels can't be divided into ${groups} groups`);
  }
  checkChannels(operation, "gamma and beta", [g, b], channels, 1);
  if (input.size === 0) {
    throw new RangeError(`${operation}: shape ${formatShape(x.shape)} has no elements to take the mean of`);
  }
  const size = sizeOf(input.shape.slice(1)) / groups;
  const grouped = reshape(input, [input.shape[0], groups, size]);
  const neutral = [full([size], 1, input.dtype), zeros([size], input.dtype)] as const;
  const z = layerNorm(grouped, ...neutral, { epsilon: checkEpsilon(operation, options.epsilon ?? 1e-5) });
  return channelAffine(reshape(z, input.shape), null, g, b, 1);
}

// Across neighbouring channels

/** The numbers of `localResponseNorm`'s formula. */
export interface LocalResponseNormOptions {
  /** Weight of the neighbours' squares; default 1e-4. */
  alpha?: number;
  /** Exponent; default 0.75. */
  beta?: number;
  /** What is there without neighbours; default 1. */
  k?: number;
}

const LOCAL_OPTIONS = ["alpha", "beta", "k"];

/** A task of the gradient kernel keeps two vectors a channel in a thread's scratch memory. */
const MOST_CHANNELS = 32768;

/**
 * Local response normalisation (Krizhevsky, Sutskever and Hinton, 2012): y = x / (k + alpha / size * s)^beta, s the sum of x^2 over the `size`
 * channels from c - floor(size / 2) to c + floor((size - 1) / 2) that exist. x [batch, channels, ...]. As PyTorch has it, alpha is divided by size.
 * Gradient: dy d^-beta - 2 alpha / size beta x (sum of dy x d^(-beta - 1) over the channels whose windows hold this one), d the bracket.
 * @throws RangeError if x has no channels axis or the size is no whole number of at least 1.
 * @example
 * ```ts
 * localResponseNorm(tensor([[2]]), 1, { alpha: 1, beta: 1, k: 0 }).item(); // 0.5
 * ```
 */
export function localResponseNorm(x: Tensor, size: number, options: LocalResponseNormOptions = {}): Tensor {
  knownOptions("localResponseNorm", options, LOCAL_OPTIONS);
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  const [input] = floats("localResponseNorm", x);
  if (input.rank < 2) {
    throw new RangeError(`localResponseNorm: x must be [batch, channels, ...], got shape ${formatShape(x.shape)}`);
  }
  if (!Number.isInteger(size) || size < 1 || size >= 2 ** 31) {
    throw new RangeError(`localResponseNorm: size must be a whole number of at least 1, got ${quote(size)}`);
  }
  for (const [name, value] of Object.entries({ alpha, beta, k })) {
    if (!Number.isFinite(value))
      throw new RangeError(`localResponseNorm: ${name} must be a finite number, got ${quote(value)}`);
  }
  const y = empty("localResponseNorm", input.shape, input.dtype);
  const numbers = [...layout(input, 1), size, alpha / size, beta, k] as const;
  if (y.size > 0) engine().kernel("localResponse", y.dtype, packed(input), y, ...numbers);
  if (!tracked(input)) return y;
  return record("localResponseNorm", y, [input], (dy) => {
    if (anyFollowed(input, dy) || input.shape[1] > MOST_CHANNELS)
      return [responseGradient(input, dy, size, alpha / size, beta, k)];
    const dx = empty("localResponseNormGradient", input.shape, input.dtype);
    if (dx.size > 0) engine().kernel("localResponseGradient", y.dtype, packed(input), packed(dy), dx, ...numbers);
    return [dx];
  });
}

/** The gradient of localResponseNorm, in operations. */
function responseGradient(x: Tensor, dy: Tensor, size: number, alpha: number, beta: number, k: number): Tensor {
  const [batch, channels, inner] = layout(x, 1);
  // Channels as the rows of an image, so that a window over channels is a window of one column.
  const windowsFrom = (before: number): Windows => [batch, channels, inner, channels, inner, size, 1, 1, 1, before, 0];
  const neighbours = (t: Tensor, before: number): Tensor => windowSum("windowSum", t, windowsFrom(before), 1, t.shape);
  const d = add(mul(neighbours(square(x), Math.floor(size / 2)), alpha), k);
  const factor = pow(d, -beta);
  const shares = neighbours(div(mul(mul(dy, x), factor), d), Math.floor((size - 1) / 2));
  return sub(mul(dy, factor), mul(mul(x, shares), 2 * alpha * beta));
}
