// Convolution and its transpose over any number of axes: those over one or two are the library's own; of more, the first is a sum over the kernel's
// places along it.
import { relu } from "../../../ops/activations.ts";
import { add, sub } from "../../../ops/arithmetic.ts";
import { cast } from "../../../ops/cast.ts";
import { conv2d, convTranspose2d } from "../../../ops/convolution.ts";
import { concat } from "../../../ops/join.ts";
import { pad } from "../../../ops/padding.ts";
import { slice } from "../../../ops/slices.ts";
import { moveAxis, reshape } from "../../../ops/views.ts";
import { eye, zeros } from "../../../tensor/create.ts";
import { formatShape } from "../../../tensor/shape.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type Call, expectRank } from "../run/call.ts";
import { entry, type OperatorTable } from "../run/entry.ts";
import { type ArrayValue, fromTensor } from "../run/value.ts";
import { type Along, alongAxes, countOf, spanOf } from "./windows.ts";

type Activation = "none" | "relu";

/** x [n, channels, ...lengths] with weights [filters, channels / groups, ...sizes]. */
export function convolve(
  x: Tensor,
  weights: Tensor,
  bias: Tensor | null,
  along: readonly Along[],
  groups: number,
  activation: Activation = "none",
): Tensor {
  if (along.length === 1) {
    const y = convolve(
      reshape(x, [x.shape[0], x.shape[1], 1, x.shape[2]]),
      reshape(weights, [weights.shape[0], weights.shape[1], 1, weights.shape[2]]),
      bias,
      [{ size: 1, stride: 1, dilation: 1, before: 0, after: 0 }, along[0]],
      groups,
      activation,
    );
    return reshape(y, [y.shape[0], y.shape[1], y.shape[3]]);
  }
  if (along.length > 2) {
    const y = deep(x, weights, bias, along, groups);
    return activation === "relu" ? relu(y) : y;
  }
  const [rows, columns] = along as [Along, Along];
  const options = {
    stride: [rows.stride, columns.stride] as const,
    dilation: [rows.dilation, columns.dilation] as const,
    groups,
    activation,
  };
  if (along.every(({ before, after }, axis) => before === after || reaches(x.shape[2 + axis], along[axis]))) {
    return conv2d(x, weights, bias, { ...options, padding: [rows.before, columns.before] });
  }
  const same = along.every((each, axis) => isSame(x.shape[2 + axis], each));
  if (same) return conv2d(x, weights, bias, { ...options, padding: "same" });
  const widths: [number, number][] = [
    [0, 0],
    [0, 0],
    ...along.map(({ before, after }): [number, number] => [before, after]),
  ];
  return conv2d(around(x, widths), weights, bias, options);
}

/** Whether padding after the axis of another length than before makes no difference: the last window ends before it. */
function reaches(length: number, along: Along): boolean {
  return (
    along.after < along.before &&
    countOf(length, along, false) === countOf(length, { ...along, after: along.before }, false)
  );
}

/** Whether the padding is what "same" stands for. */
function isSame(length: number, { size, stride, dilation, before, after }: Along): boolean {
  const total = Math.max((Math.ceil(length / stride) - 1) * stride + spanOf({ size, dilation }) - length, 0);
  return before === Math.floor(total / 2) && after === total - before;
}

/** Zeros around it; negative widths cut off. */
export function around(x: Tensor, widths: readonly (readonly [number, number])[]): Tensor {
  let y = x;
  widths.forEach(([before, after], axis) => {
    if (before < 0 || after < 0) y = slice(y, Math.max(-before, 0), y.shape[axis] - Math.max(-after, 0), 1, axis);
  });
  const added = widths.map(([before, after]): [number, number] => [Math.max(before, 0), Math.max(after, 0)]);
  return added.every(([before, after]) => before === 0 && after === 0) ? y : pad(y, added);
}

function deep(x: Tensor, weights: Tensor, bias: Tensor | null, along: readonly Along[], groups: number): Tensor {
  const [first, ...rest] = along;
  const padded = around(
    x,
    x.shape.map((_, axis): [number, number] => (axis === 2 ? [first.before, first.after] : [0, 0])),
  );
  const out = countOf(x.shape[2], first, false);
  if (out < 1)
    throw new RangeError(`the kernel ${formatShape(weights.shape)} is larger than the padded ${formatShape(x.shape)}`);
  const [n, channels, , ...inner] = x.shape;
  let sum: Tensor | null = null;
  for (let k = 0; k < first.size; k++) {
    const start = k * first.dilation;
    // The layers that the kernel's k-th meets, as so many more pictures of the batch.
    const layers = moveAxis(slice(padded, start, start + (out - 1) * first.stride + 1, first.stride, 2), 2, 1);
    const part = convolve(
      reshape(layers, [n * out, channels, ...inner]),
      takeAt(weights, k),
      k === 0 ? bias : null,
      rest,
      groups,
    );
    sum = sum === null ? part : add(sum, part);
  }
  const y = sum!;
  return moveAxis(reshape(y, [n, out, ...y.shape.slice(1)]), 1, 2);
}

/** weights[:, :, k]. */
function takeAt(weights: Tensor, k: number): Tensor {
  return reshape(slice(weights, k, k + 1, 1, 2), [...weights.shape.slice(0, 2), ...weights.shape.slice(3)]);
}

function kernelOf(call: Call, weights: Tensor): number[] {
  const sizes = weights.shape.slice(2);
  const said = call.attributes.ints("kernel_shape");
  if (said !== undefined && said.join() !== sizes.join()) {
    throw new RangeError(
      `kernel_shape is ${said.join(", ")}, and the weights have shape ${formatShape(weights.shape)}`,
    );
  }
  return [...sizes];
}

/** The convolution that a node's attributes describe. */
export function convolutionOf(
  call: Call,
  x: Tensor,
  weights: Tensor,
  bias: Tensor | null,
  activation: Activation = "none",
): Tensor {
  expectRank("x", x.shape, 3);
  expectRank("the weights", weights.shape, x.rank, x.rank);
  const along = alongAxes(call, x.shape.slice(2), kernelOf(call, weights));
  return convolve(x, weights, bias, along, call.attributes.int("group", 1), activation);
}

function convolution(call: Call): ArrayValue[] {
  const activation = call.attributes.text("nabla.activation", "none") as Activation;
  return [
    fromTensor(convolutionOf(call, call.tensor(0), call.tensor(1), call.optional(2), activation), call.value(0).type),
  ];
}

/** Whole numbers of 8 bits, from which zero points are subtracted; the result is int32. */
function integerConvolution(call: Call): ArrayValue[] {
  const x = sub(cast(call.tensor(0), "float32"), call.has(2) ? cast(call.tensor(2), "float32") : 0);
  let zero: Tensor | number = call.has(3) ? cast(call.tensor(3), "float32") : 0;
  const weights = cast(call.tensor(1), "float32");
  if (typeof zero !== "number" && zero.rank === 1 && zero.size > 1)
    zero = reshape(zero, [zero.size, ...weights.shape.slice(1).map(() => 1)]);
  return [fromTensor(cast(convolutionOf(call, x, sub(weights, zero), null), "int32"))];
}

/** How a transposed convolution lies along an axis: what is cut off, or added, at both ends of all that it spreads to. */
interface Spread {
  readonly stride: number;
  readonly dilation: number;
  readonly size: number;
  readonly before: number;
  readonly after: number;
}

function spreads(call: Call, lengths: readonly number[], sizes: readonly number[]): Spread[] {
  const { attributes } = call;
  const strides = attributes.ints("strides") ?? lengths.map(() => 1);
  const dilations = attributes.ints("dilations") ?? lengths.map(() => 1);
  const extras = attributes.ints("output_padding") ?? lengths.map(() => 0);
  const pads = attributes.ints("pads") ?? new Array<number>(lengths.length * 2).fill(0);
  const auto = attributes.text("auto_pad", "NOTSET");
  let wanted = attributes.ints("output_shape");
  // Some writers give batch and channels, too.
  if (wanted !== undefined && wanted.length > lengths.length) wanted = wanted.slice(-lengths.length);
  return lengths.map((length, axis) => {
    const common = { stride: strides[axis], dilation: dilations[axis], size: sizes[axis] };
    const whole = (length - 1) * common.stride + spanOf(common);
    const same = auto === "SAME_UPPER" || auto === "SAME_LOWER";
    const out = wanted?.[axis] ?? (same ? length * common.stride : undefined);
    if (out === undefined) {
      const [before, after] = auto === "VALID" ? [0, 0] : [pads[axis], pads[axis + lengths.length]];
      return { ...common, before, after: after - extras[axis] };
    }
    const total = Math.max(whole + extras[axis] - out, 0);
    const less = Math.floor(total / 2);
    const before = auto === "SAME_UPPER" ? less : total - less;
    return { ...common, before, after: whole - before - out };
  });
}

/** All that x is spread to by its weights [channels, filters / groups, ...sizes]; nothing is cut off. */
function spread(x: Tensor, weights: Tensor, along: readonly Spread[], groups: number): Tensor {
  if (along.length === 1) {
    const y = convTranspose2d(
      reshape(x, [x.shape[0], x.shape[1], 1, x.shape[2]]),
      reshape(weights, [weights.shape[0], weights.shape[1], 1, weights.shape[2]]),
      null,
      { stride: [1, along[0].stride], dilation: [1, along[0].dilation], groups },
    );
    return reshape(y, [y.shape[0], y.shape[1], y.shape[3]]);
  }
  if (along.length === 2) {
    const [rows, columns] = along;
    return convTranspose2d(x, weights, null, {
      stride: [rows.stride, columns.stride],
      dilation: [rows.dilation, columns.dilation],
      groups,
    });
  }
  const [first, ...rest] = along;
  const [n, channels, length, ...inner] = x.shape;
  const layers = reshape(moveAxis(x, 2, 1), [n * length, channels, ...inner]);
  const whole = (length - 1) * first.stride + spanOf(first);
  let sum: Tensor | null = null;
  for (let k = 0; k < first.size; k++) {
    const part = spread(layers, takeAt(weights, k), rest, groups);
    const [, filters, ...lengths] = part.shape;
    // Between the layers stride - 1 of zeros.
    let y: Tensor = reshape(part, [n, length, 1, filters, ...lengths]);
    if (first.stride > 1) y = concat([y, zeros([n, length, first.stride - 1, filters, ...lengths], y.dtype)], 2);
    y = slice(reshape(y, [n, length * first.stride, filters, ...lengths]), 0, (length - 1) * first.stride + 1, 1, 1);
    const start = k * first.dilation;
    const placed = around(
      y,
      y.shape.map((own, axis): [number, number] => (axis === 1 ? [start, whole - start - own] : [0, 0])),
    );
    sum = sum === null ? placed : add(sum, placed);
  }
  return moveAxis(sum!, 1, 2);
}

function transposedConvolution(call: Call): ArrayValue[] {
  const [x, weights, bias] = [call.tensor(0), call.tensor(1), call.optional(2)];
  expectRank("x", x.shape, 3);
  const along = spreads(call, x.shape.slice(2), kernelOf(call, weights));
  const groups = call.attributes.int("group", 1);
  const { type } = call.value(0);
  if (along.length === 2 && along.every(({ before, after }) => before === after && before >= 0)) {
    const [rows, columns] = along;
    const options = {
      stride: [rows.stride, columns.stride],
      dilation: [rows.dilation, columns.dilation],
      groups,
      padding: [rows.before, columns.before],
    } as const;
    return [fromTensor(convTranspose2d(x, weights, bias, options), type)];
  }
  const whole = spread(x, weights, along, groups);
  const y = around(whole, [[0, 0], [0, 0], ...along.map(({ before, after }) => [-before, -after] as const)]);
  return [fromTensor(bias === null ? y : add(y, reshape(bias, [bias.size, ...along.map(() => 1)])), type)];
}

/** The inverse of taking blocks apart: columns [n, channels * block, places] added where they belong in the picture. */
function columnsToImage(call: Call): ArrayValue[] {
  const [x, picture, block] = [call.tensor(0), call.value(1).numbers, call.value(2).numbers];
  const { attributes } = call;
  const ones = picture.map(() => 1);
  const [strides, dilations] = [attributes.ints("strides") ?? ones, attributes.ints("dilations") ?? ones];
  const pads = attributes.ints("pads") ?? new Array<number>(picture.length * 2).fill(0);
  const along = picture.map((length, axis) => ({
    size: block[axis],
    stride: strides[axis],
    dilation: dilations[axis],
    before: pads[axis],
    after: pads[axis + picture.length],
    length,
  }));
  const places = along.map((each) => countOf(each.length, each, false));
  const count = block.reduce((product, size) => product * size, 1);
  const [n, rows] = x.shape;
  const channels = rows / count;
  // A transposed convolution whose filters each hold a single 1 at their own place.
  const filters = reshape(eye(count), [count, 1, ...block]);
  const y = spread(reshape(x, [n * channels, count, ...places]), filters, along, 1);
  const whole = around(y, [
    [0, 0],
    [0, 0],
    ...along.map(({ before, length }, axis) => [-before, length + before - y.shape[axis + 2]] as const),
  ]);
  return [fromTensor(reshape(whole, [n, channels, ...picture]), call.value(0).type)];
}

/** Operators of this family. */
export const convolutions: OperatorTable = {
  Conv: entry(convolution),
  ConvTranspose: entry(transposedConvolution),
  ConvInteger: entry(integerConvolution),
  Col2Im: entry(columnsToImage, { shapedBy: "values" }),
};
