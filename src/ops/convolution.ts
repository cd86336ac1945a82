// Convolution of images and sequences. One trilinear form T(x, w, dy) stands behind everything: the convolution, its gradient by the input and its
// gradient by the weights are T with one of the three left open, so each one's gradients are the other two, to any order.

import { isNameIn, knownOptions } from "../engine/checks.ts";
import { type DType, isFloat, promote } from "../engine/dtype.ts";
import { engine, type FusedActivation } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { zeros } from "../tensor/create.ts";
import { anyTracked, isCollecting, isRecording, record, withRecording } from "../tensor/graph.ts";
import { checkShape, formatShape, type Shape, sameShape } from "../tensor/shape.ts";
import { empty, packed, scope, type Tensor } from "../tensor/tensor.ts";
import { sigmoidGradient } from "./activations.ts";
import { cast } from "./cast.ts";
import { checkTensor } from "./check.ts";
import { channelSum } from "./normalisation.ts";
import { pad } from "./padding.ts";
import { markRectified, rectifierGradient } from "./rectified.ts";
import { slice } from "./slices.ts";
import { tanhGradient } from "./trigonometry.ts";
import { reshape } from "./views.ts";
import { notWhole, type Padding, type Pair, paddingPair, pair, windowsAlong } from "./windows.ts";

/** How a convolution walks over its input. */
export interface ConvolutionOptions<Sides = Pair> {
  /** Steps between neighbouring outputs; default 1. */
  stride?: Sides;
  /** Default 0. */
  padding?: Padding<Sides>;
  /** Steps between neighbouring taps of the kernel; default 1. */
  dilation?: Sides;
  /** Number of groups that channels and filters fall into, each filter seeing the channels of its group; default 1. */
  groups?: number;
  /** Applied to the result in the same pass; default "none". */
  activation?: FusedActivation;
}

const OPTIONS = ["stride", "padding", "dilation", "groups", "activation"];

/** How a transposed convolution spreads its input. */
export interface ConvolutionTransposeOptions {
  /** Steps between neighbouring inputs in the output; default 1. */
  stride?: Pair;
  /**
   * Rows and columns cut off the output on each side; "valid" for none, or "same" for as many as leave it input stride long (an odd one below or
   * right). Default 0.
   */
  padding?: Padding<Pair>;
  /** Rows and columns added at the lower and right end; less than the stride or the dilation, and not with padding "same". Default 0. */
  outputPadding?: Pair;
  /** Default 1. */
  dilation?: Pair;
  /** Default 1. */
  groups?: number;
  /** Default "none". */
  activation?: FusedActivation;
}

/** The shapes of a convolution: image [batch, channels, height, width] to [batch, filters, outHeight, outWidth]. */
interface Shapes {
  batch: number;
  channels: number;
  height: number;
  width: number;
  filters: number;
  kernel: readonly [number, number];
  stride: readonly [number, number];
  /** Zeros above and to the left. Those below and to the right are as many as the outputs need. */
  padding: readonly [number, number];
  dilation: readonly [number, number];
  groups: number;
  outHeight: number;
  outWidth: number;
}

interface Geometry extends Shapes {
  /** The same in the order in which kernels take it. */
  readonly numbers: readonly number[];
  /** Bytes of workspace by kind, dtype and what the engine makes of it, once asked for. */
  readonly workspaces: Map<string, number>;
}

const KINDS = { convolution: 0, convolutionInputGradient: 1, convolutionWeightGradient: 2 } as const;
const ACTIVATIONS: Record<FusedActivation, number> = { none: 0, sigmoid: 1, tanh: 2, relu: 3 };
const ACTIVATION_GRADIENTS: Record<FusedActivation, (dy: Tensor, y: Tensor) => Tensor> = {
  none: (dy) => dy,
  sigmoid: sigmoidGradient,
  tanh: tanhGradient,
  relu: rectifierGradient,
};

// Public operations

/**
 * Cross-correlation of images with filters, as everywhere in the field:
 * y[n, f, i, j] = b[f] + sum over c, k, l of w[f, c, k, l] x[n, c, i s - p + k d, j s - p + l d].
 *
 * Shapes: x [batch, channels, height, width], weights [filters, channels / groups, kernelHeight, kernelWidth], bias [filters] or null; the
 * result is [batch, filters, outHeight, outWidth] with out = floor((in + 2 p - d (kernel - 1) - 1) / s) + 1, or ceil(in / s) for padding "same"
 * (an odd row or column of zeros goes below or right). int32 and bool operands become float32.
 * Gradients: by x the transposed convolution of dy, by the weights the correlation of x with dy, by the bias the sum of dy.
 * @throws RangeError if ranks, channels or groups do not fit, or the kernel is larger than the padded input.
 * @example
 * ```ts
 * conv2d(tensor([[[[1, 2], [3, 4]]]]), tensor([[[[1, 1], [1, 1]]]])).item(); // 10
 * ```
 */
export function conv2d(
  x: Tensor,
  weights: Tensor,
  bias: Tensor | null = null,
  options: ConvolutionOptions = {},
): Tensor {
  knownOptions("conv2d", options, OPTIONS);
  const [input, w, b] = operands("conv2d", x, weights, bias, 4);
  const g = geometryOf("conv2d", input, w, {
    stride: pair("conv2d", "stride", options.stride ?? 1, 1),
    padding: paddingPair("conv2d", options.padding ?? 0),
    dilation: pair("conv2d", "dilation", options.dilation ?? 1, 1),
    groups: options.groups ?? 1,
  });
  checkBias("conv2d", b, g.filters);
  return convolve("conv2d", input, w, b, g, checkActivation("conv2d", options.activation));
}

/**
 * Cross-correlation of sequences: x [batch, channels, length], weights [filters, channels / groups, kernel], bias [filters] or null; the result is
 * [batch, filters, outLength]. Formula, lengths, gradients and errors are those of `conv2d` along one axis.
 * @example
 * ```ts
 * conv1d(tensor([[[1, 2, 3]]]), tensor([[[1, 1]]])).toArray(); // [[[3, 5]]]
 * ```
 */
export function conv1d(
  x: Tensor,
  weights: Tensor,
  bias: Tensor | null = null,
  options: ConvolutionOptions<number> = {},
): Tensor {
  knownOptions("conv1d", options, OPTIONS);
  const [input, w, b] = operands("conv1d", x, weights, bias, 3);
  const along = (name: string, value: number | undefined, least: number): [number, number] => {
    const other = least; // what leaves the axis of length 1 as it is: stride 1, dilation 1, padding 0
    if (value !== undefined && typeof value !== "number") throw notWhole("conv1d", name, value, least);
    return [pair("conv1d", name, value ?? least, least)[0], other];
  };
  // The sequence runs down the image's height: kernels share their work among threads by rows.
  const column = reshape(input, [...input.shape, 1]);
  const filters = reshape(w, [...w.shape, 1]);
  const g = geometryOf("conv1d", column, filters, {
    stride: along("stride", options.stride, 1),
    padding:
      typeof options.padding === "string"
        ? paddingPair("conv1d", options.padding)
        : along("padding", options.padding, 0),
    dilation: along("dilation", options.dilation, 1),
    groups: options.groups ?? 1,
  });
  checkBias("conv1d", b, g.filters);
  const y = convolve("conv1d", column, filters, b, g, checkActivation("conv1d", options.activation));
  return reshape(y, [g.batch, g.filters, g.outHeight]);
}

/**
 * Transposed convolution: every input element spreads its filter over the output, the adjoint of `conv2d` with the same weights and options.
 * y[n, o, i s - p + k d, j s - p + l d] = b[o] + the sum of w[c, o, k, l] x[n, c, i, j] over all that meet there.
 *
 * Shapes: x [batch, in, height, width], weights [in, out / groups, kernelHeight, kernelWidth], bias [out] or null; the result is
 * [batch, out, outHeight, outWidth] with out = (in - 1) s - 2 p + d (kernel - 1) + outputPadding + 1,
 * or in s for padding "same".
 * Gradients: by x the convolution of dy, by the weights the correlation of dy with x, by the bias the sum of dy.
 * @throws RangeError if ranks, channels or groups do not fit, or nothing is left of the output.
 * @example
 * ```ts
 * convTranspose2d(tensor([[[[2]]]]), tensor([[[[1, 2], [3, 4]]]])).toArray(); // [[[[2, 4], [6, 8]]]]
 * ```
 */
export function convTranspose2d(
  x: Tensor,
  weights: Tensor,
  bias: Tensor | null = null,
  options: ConvolutionTransposeOptions = {},
): Tensor {
  const operation = "convTranspose2d";
  knownOptions(operation, options, OPTIONS, ["outputPadding"]);
  const [input, w, b] = operands(operation, x, weights, bias, 4);
  const [batch, filters, outHeight, outWidth] = input.shape as [number, number, number, number];
  const [rows, perGroup, ...kernel] = w.shape as [number, number, number, number];
  const stride = pair(operation, "stride", options.stride ?? 1, 1);
  const sides = paddingPair(operation, options.padding ?? 0);
  const extra = pair(operation, "outputPadding", options.outputPadding ?? 0, 0);
  const dilation = pair(operation, "dilation", options.dilation ?? 1, 1);
  const groups = checkGroups(operation, options.groups ?? 1, filters, "input channels");
  if (rows !== filters) {
    throw new RangeError(
      `${operation}: weights ${formatShape(w.shape)} are for ${rows} input channels, x ${formatShape(x.shape)} has ${filters}`,
    );
  }
  checkKernel(operation, w.shape);
  const along = [0, 1].map((axis): TransposeAlong => {
    if (extra[axis] >= Math.max(stride[axis], dilation[axis])) {
      throw new RangeError(
        `${operation}: outputPadding ${extra[axis]} must be less than the stride ${stride[axis]} or the dilation ${dilation[axis]}`,
      );
    }
    const span = dilation[axis] * (kernel[axis] - 1) + 1;
    const padding = typeof sides === "string" ? sides : sides[axis];
    return transposeAlong(operation, input.shape[2 + axis], span, stride[axis], padding, extra[axis]);
  });
  const size = along.map(({ out }) => out) as [number, number];
  const padding = along.map(({ before }) => before) as [number, number];
  if (input.size > 0 && (size[0] < 1 || size[1] < 1)) {
    throw new RangeError(
      `${operation}: padding ${[sides].flat().join(", ")} leaves an output of ${size.join(" by ")} for input ${formatShape(x.shape)}; use less`,
    );
  }
  if (outHeight === 0 || outWidth === 0)
    throw new RangeError(`${operation}: x ${formatShape(x.shape)} has no elements to spread`);
  const channels = perGroup * groups;
  checkShape(operation, [batch, channels, size[0] + 2 * padding[0], size[1] + 2 * padding[1]]);
  checkBias(operation, b, channels);
  const [height, width] = size;
  const shape = { batch, channels, height, width, filters, kernel, groups, outHeight, outWidth };
  const g = withNumbers({ ...shape, stride, padding, dilation });
  const activation = checkActivation(operation, options.activation);
  const y = runInputGradient(operation, input, w, b, g, activation);
  if (!isRecording() || (input.node === null && w.node === null && (b === null || b.node === null))) return y;
  return record(operation, y, b === null ? [input, w] : [input, w, b], (dy) => {
    const dz = ACTIVATION_GRADIENTS[activation](dy, y);
    return [
      input.node ? convolve("conv2d", dz, w, null, g, "none") : undefined,
      w.node ? weightGradient(dz, input, g, w) : undefined,
      b?.node ? biasGradient(dz, b) : undefined,
    ];
  });
}

interface TransposeAlong {
  /** Length of the output. */
  readonly out: number;
  /** What is cut off at its beginning. */
  readonly before: number;
}

/** The output of a transposed convolution along an axis of that length, where a filter spans `span`. Internal. */
export function transposeAlong(
  operation: string,
  length: number,
  span: number,
  stride: number,
  padding: Padding<number>,
  extra: number,
): TransposeAlong {
  const whole = (length - 1) * stride + span;
  if (padding !== "same") {
    const before = padding === "valid" ? 0 : padding;
    return { out: whole - 2 * before + extra, before };
  }
  if (extra > 0) {
    throw new RangeError(
      `${operation}: padding "same" makes the output input stride long; outputPadding has no place beside it`,
    );
  }
  return { out: length * stride, before: Math.max(0, Math.floor((span - stride) / 2)) };
}

// The three faces of the form, each with the other two as its gradients

function convolve(
  operation: string,
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  g: Geometry,
  activation: FusedActivation,
): Tensor {
  const y = run(operation, x, w, b, g, activation);
  if (!isRecording() || (x.node === null && w.node === null && (b === null || b.node === null))) return y;
  if (activation === "relu") markRectified(y);
  return record(operation, y, b === null ? [x, w] : [x, w, b], (dy) => {
    const dz = ACTIVATION_GRADIENTS[activation](dy, y);
    // By the input last: a device does the slope of what was before along with it.
    const db = b?.node ? biasGradient(dz, b) : undefined;
    const dw = w.node ? weightGradient(x, dz, g, w) : undefined;
    return [x.node ? inputGradient(dz, w, g) : undefined, dw, db];
  });
}

/** The gradient by the input: the transposed convolution of dy. */
function inputGradient(dy: Tensor, w: Tensor, g: Geometry): Tensor {
  const dx = runInputGradient("convolutionInputGradient", dy, w, null, g, "none");
  if (!anyTracked(dy, w)) return dx;
  return record("convolutionInputGradient", dx, [dy, w], (ddx) => [
    dy.node ? convolve("conv2d", ddx, w, null, g, "none") : undefined,
    w.node ? weightGradient(ddx, dy, g, w) : undefined,
  ]);
}

/** The gradient by the weights, written or added straight to where that of `w` is collected, if nothing follows gradients through it. */
function weightGradient(x: Tensor, dy: Tensor, g: Geometry, w: Tensor): Tensor {
  const slot = isCollecting() ? w.node?.slot : null;
  const followed = anyTracked(x, dy);
  if (slot && !followed && slot.tensor.dtype === x.dtype && slot.tensor.contiguous && slot.tensor.size > 0) {
    runWeightGradient(x, dy, g, slot.tensor, !slot.fresh);
    slot.fresh = false;
    return slot.tensor;
  }
  const dw = empty("convolutionWeightGradient", [g.filters, g.channels / g.groups, ...g.kernel], x.dtype);
  runWeightGradient(x, dy, g, dw, false);
  if (!followed) return dw;
  return record("convolutionWeightGradient", dw, [x, dy], (ddw) => [
    x.node ? inputGradient(dy, ddw, g) : undefined,
    dy.node ? convolve("conv2d", x, ddw, null, g, "none") : undefined,
  ]);
}

function biasGradient(dz: Tensor, bias: Tensor): Tensor {
  const slot = isCollecting() ? bias.node?.slot : null;
  if (!slot || anyTracked(dz, dz) || slot.tensor.dtype !== dz.dtype || !slot.tensor.contiguous)
    return channelSum(dz, 1);
  const [batch, channels, height, width] = dz.shape as [number, number, number, number];
  const accumulate = slot.fresh ? 0 : 1;
  engine().kernel("channelSum", dz.dtype, packed(dz), slot.tensor, batch, channels, height * width, accumulate);
  slot.fresh = false;
  return slot.tensor;
}

// Running the kernels

function withNumbers(shapes: Shapes): Geometry {
  const { batch, channels, height, width, filters, kernel, stride, padding, dilation, groups } = shapes;
  const numbers = [
    ...[batch, channels, height, width, filters, ...kernel, ...stride],
    ...[...padding, ...dilation, groups, shapes.outHeight, shapes.outWidth],
  ];
  return { ...shapes, numbers, workspaces: new Map() };
}

/** Calls `kernel` with the workspace it needs. False if the padded image is too large for it: pad the image itself, and try again. */
function withWorkspace(
  kind: keyof typeof KINDS,
  dtype: DType,
  g: Geometry,
  kernel: (workspace: Tensor, geometry: readonly number[]) => void,
): boolean {
  const key = `${kind} ${dtype} ${engine().workspaceKey}`;
  let bytes = g.workspaces.get(key);
  if (bytes === undefined) {
    bytes = engine().kernel("convolutionWorkspace", dtype, KINDS[kind], ...g.numbers);
    g.workspaces.set(key, bytes);
  }
  if (bytes < 0) return false;
  const length = Math.ceil(bytes / 4);
  scope(() => kernel(empty("convolution workspace", [length], "float32"), g.numbers));
  return true;
}

/** The same convolution of an image that contains its padding, and the widths of that padding. */
function withoutPadding(g: Geometry): { whole: Geometry; widths: [number, number][] } {
  const sides = [g.height, g.width].map((length, axis): [number, number] => {
    const outputs = axis === 0 ? g.outHeight : g.outWidth;
    const reach = (outputs - 1) * g.stride[axis] + (g.kernel[axis] - 1) * g.dilation[axis] + 1;
    const before = g.padding[axis];
    return [before, Math.max(0, reach - before - length)];
  }) as [[number, number], [number, number]];
  const [[top, bottom], [left, right]] = sides;
  const [height, width] = [top + g.height + bottom, left + g.width + right];
  const whole = withNumbers({ ...g, height, width, padding: [0, 0] });
  return { whole, widths: [[0, 0], [0, 0], ...sides] };
}

function padded(x: Tensor, widths: [number, number][]): Tensor {
  return withRecording(false, () => pad(x, widths));
}

function run(
  operation: string,
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  g: Geometry,
  activation: FusedActivation,
): Tensor {
  const y = empty(operation, [g.batch, g.filters, g.outHeight, g.outWidth], x.dtype);
  if (y.size === 0) return y;
  const call = (image: Tensor, shape: Geometry): boolean =>
    withWorkspace("convolution", x.dtype, shape, (workspace, geometry) => {
      const operands = [packed(image), packed(w), b && packed(b), y, workspace, ACTIVATIONS[activation]] as const;
      engine().kernel("convolution", x.dtype, ...operands, ...geometry);
    });
  if (!call(x, g)) {
    const { whole, widths } = withoutPadding(g);
    scope(() => void call(padded(x, widths), whole));
  }
  return y;
}

function runInputGradient(
  operation: string,
  dy: Tensor,
  w: Tensor,
  b: Tensor | null,
  g: Geometry,
  activation: FusedActivation,
): Tensor {
  const dx = empty(operation, [g.batch, g.channels, g.height, g.width], dy.dtype);
  if (dx.size === 0) return dx;
  const call = (image: Tensor, shape: Geometry): boolean =>
    withWorkspace("convolutionInputGradient", dy.dtype, shape, (workspace, geometry) => {
      const operands = [packed(dy), packed(w), b && packed(b), image, workspace, ACTIVATIONS[activation]] as const;
      engine().kernel("convolutionInputGradient", dy.dtype, ...operands, ...geometry);
    });
  if (!call(dx, g)) {
    scope(() => {
      const { whole } = withoutPadding(g);
      const image = empty(operation, [g.batch, g.channels, whole.height, whole.width], dy.dtype);
      call(image, whole);
      const rows = slice(image, g.padding[0], g.padding[0] + g.height, 1, 2);
      engine().copy(slice(rows, g.padding[1], g.padding[1] + g.width, 1, 3), dx);
    });
  }
  return dx;
}

function runWeightGradient(x: Tensor, dy: Tensor, g: Geometry, dw: Tensor, accumulate: boolean): void {
  if (dy.size === 0) {
    if (!accumulate) engine().copy(zeros(dw.shape, dw.dtype), dw);
    return;
  }
  const call = (image: Tensor, shape: Geometry): boolean =>
    withWorkspace("convolutionWeightGradient", x.dtype, shape, (workspace, geometry) => {
      const operands = [packed(image), packed(dy), dw, workspace, accumulate ? 1 : 0] as const;
      engine().kernel("convolutionWeightGradient", x.dtype, ...operands, ...geometry);
    });
  if (!call(x, g)) {
    const { whole, widths } = withoutPadding(g);
    scope(() => void call(padded(x, widths), whole));
  }
}

// Checks

/** The operands in one float dtype; x and the weights have `rank` axes. */
function operands(
  operation: string,
  x: Tensor,
  weights: Tensor,
  bias: Tensor | null,
  rank: 3 | 4,
): [Tensor, Tensor, Tensor | null] {
  checkTensor(operation, x);
  checkTensor(operation, weights);
  if (bias !== null) checkTensor(operation, bias);
  const space = rank === 4 ? "height, width" : "length";
  if (x.rank !== rank) {
    throw new RangeError(`${operation}: x must be [batch, channels, ${space}], got shape ${formatShape(x.shape)}`);
  }
  if (weights.rank !== rank) {
    const kernel = rank === 4 ? "kernelHeight, kernelWidth" : "kernel";
    throw new RangeError(
      `${operation}: weights must have ${rank} axes, the last ${kernel}, got shape ${formatShape(weights.shape)}`,
    );
  }
  const common = promote(x.dtype, weights.dtype);
  const dtype = isFloat(common) ? common : "float32";
  return [cast(x, dtype), cast(weights, dtype), bias && cast(bias, dtype)];
}

function checkGroups(operation: string, groups: number, channels: number, what: string): number {
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    throw new RangeError(`${operation}: ${channels} ${what} can't be divided into ${quote(groups)} groups`);
  }
  return groups;
}

function checkKernel(operation: string, shape: Shape): void {
  if (shape.some((length) => length === 0)) {
    throw new RangeError(
      `${operation}: weights ${formatShape(shape)} have no elements; every length must be at least 1`,
    );
  }
}

function checkBias(operation: string, bias: Tensor | null, filters: number): void {
  if (bias !== null && !sameShape(bias.shape, [filters])) {
    throw new RangeError(`${operation}: bias must have shape (${filters},), got ${formatShape(bias.shape)}`);
  }
}

function checkActivation(operation: string, activation: FusedActivation = "none"): FusedActivation {
  if (isNameIn(ACTIVATIONS, activation)) return activation;
  const names = Object.keys(ACTIVATIONS).join(", ");
  throw new TypeError(`${operation}: unknown activation ${quote(activation)}; use one of ${names}`);
}

interface Walk {
  stride: [number, number];
  padding: Padding<[number, number]>;
  dilation: [number, number];
  groups: number;
}

/** Geometries that were met; a program that meets more starts anew. */
const known = new Map<string, Geometry>();
const MOST_KNOWN = 256;

function geometryOf(operation: string, x: Tensor, w: Tensor, walk: Walk): Geometry {
  // A training loop meets the same few in every step.
  const key = `${operation} ${x.shape} ${w.shape} ${walk.stride} ${walk.padding} ${walk.dilation} ${walk.groups}`;
  let g = known.get(key);
  if (g === undefined) {
    g = withNumbers(checkedShapes(operation, x, w, walk));
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, g);
  }
  return g;
}

function checkedShapes(operation: string, x: Tensor, w: Tensor, walk: Walk): Shapes {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [filters, perGroup, ...kernel] = w.shape as [number, number, number, number];
  const { stride, dilation } = walk;
  checkKernel(operation, operation === "conv1d" ? w.shape.slice(0, 3) : w.shape);
  const groups = checkGroups(operation, walk.groups, channels, "channels");
  checkGroups(operation, groups, filters, "filters");
  if (perGroup * groups !== channels) {
    const part = groups === 1 ? "" : ` in each of ${groups} groups`;
    throw new RangeError(
      `${operation}: weights of shape ${formatShape(w.shape)} are for ${perGroup} channels${part}, but x of shape ${formatShape(x.shape)} has ${channels}`,
    );
  }
  const axes = [height, width].map((length, axis) => {
    const reach = dilation[axis] * (kernel[axis] - 1) + 1;
    const padding = typeof walk.padding === "string" ? walk.padding : walk.padding[axis];
    return windowsAlong(length, { span: reach, stride: stride[axis], padding });
  });
  const [rows, columns] = axes as [(typeof axes)[0], (typeof axes)[0]];
  checkShape(operation, [batch, channels, height + rows.total, width + columns.total]);
  if (rows.out < 1 || columns.out < 1) {
    const dilated = dilation[0] > 1 || dilation[1] > 1 ? ` with dilation ${dilation.join(", ")}` : "";
    throw new RangeError(
      `${operation}: a kernel of ${kernel.join(" by ")}${dilated} is larger than the padded input, ${height + rows.total} by ${width + columns.total}`,
    );
  }
  checkShape(operation, [batch, filters, rows.out, columns.out]);
  const shape = { batch, channels, height, width, filters, kernel, groups, outHeight: rows.out, outWidth: columns.out };
  return { ...shape, stride, padding: [rows.before, columns.before], dilation };
}
