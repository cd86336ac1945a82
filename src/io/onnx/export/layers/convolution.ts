// Convolutions of images and sequences.
import type { ActivationName } from "../../../../nn/activations.ts";
import type { BaseLayer } from "../../../../nn/base-layer.ts";
import type { Conv1D } from "../../../../nn/layers/conv1d.ts";
import type { Conv2D } from "../../../../nn/layers/conv2d.ts";
import type { Conv2DTranspose } from "../../../../nn/layers/conv2d-transpose.ts";
import type { DepthwiseConv2D } from "../../../../nn/layers/depthwise-conv2d.ts";
import type { PartiallyConnectedConv2D } from "../../../../nn/layers/partially-connected-conv2d.ts";
import type { SeparableConv2D } from "../../../../nn/layers/separable-conv2d.ts";
import { type Padding, windowsAlong } from "../../../../ops/windows.ts";
import type { OnnxAttribute, OnnxSymbol } from "../graph.ts";
import type { OnnxLayerExport, OnnxScope } from "../scope.ts";
import { activate } from "./activations.ts";

/** How windows lie along some axes. */
export interface Windows {
  readonly lengths: readonly (number | null)[];
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation?: readonly number[];
  readonly padding: Padding<readonly number[]>;
}

/** From a window's first element to its last, along each axis. */
function spansOf({ size, dilation }: Windows): readonly number[] {
  return size.map((length, axis) => (dilation?.[axis] ?? 1) * (length - 1) + 1);
}

/**
 * Padding on both sides of each axis as attributes: zeros before all axes, then those behind; by name where a length is open and they depend on it. Undefined
 * for windows with gaps whose padding depends on open lengths: ONNX Runtime refuses their name in a convolution, and takes it wrongly in pooling.
 */
export function paddingOf(windows: Windows): Readonly<Record<string, OnnxAttribute>> | undefined {
  const { lengths, size, stride, dilation, padding } = windows;
  if (padding === "valid") return { pads: [...size, ...size].map(() => 0) };
  if (padding !== "same") return { pads: [...padding, ...padding] };
  const spans = spansOf(windows);
  if (lengths.some((length, axis) => length === null && stride[axis] > 1)) {
    return dilation?.some((step) => step > 1) ? undefined : { auto_pad: "SAME_UPPER" };
  }
  // Windows that begin at every element need the same padding whatever the length.
  const along = lengths.map((length, axis) =>
    windowsAlong(length ?? 1, { span: spans[axis], stride: stride[axis], padding }),
  );
  return { pads: [...along.map(({ before }) => before), ...along.map(({ before, total }) => total - before)] };
}

/** x [n, channels, ...] with the padding "same" around it, as much as its lengths ask for. */
export function framedAsSame(to: OnnxScope, x: OnnxSymbol, windows: Windows, value: number): OnnxSymbol {
  const spans = spansOf(windows);
  const { stride } = windows;
  const op = (operator: string, a: OnnxSymbol, b: OnnxSymbol | number): OnnxSymbol =>
    to.node(operator, [a, typeof b === "number" ? to.ints([b]) : b]);
  const along = stride.map((step, axis) => {
    const length = to.lengths(x, 2 + axis, 3 + axis);
    const before = op("Div", op("Add", length, step - 1), step);
    const reach = op("Add", op("Mul", op("Sub", before, 1), step), spans[axis]);
    const total = op("Max", op("Sub", reach, length), 0);
    const half = op("Div", total, 2);
    return [half, op("Sub", total, half)] as const;
  });
  const none = to.ints([0, 0]);
  const pads = [none, ...along.map(([before]) => before), none, ...along.map(([, after]) => after)];
  return to.node("Pad", [x, to.node("Concat", pads, { axis: 0 }), to.number(value)]);
}

function convolve(
  to: OnnxScope,
  x: OnnxSymbol,
  [weights, bias]: readonly [OnnxSymbol, OnnxSymbol | null],
  windows: Windows,
  groups: number,
  pads = paddingOf(windows),
): OnnxSymbol {
  const { size, stride, dilation } = windows;
  const input = pads === undefined ? framedAsSame(to, x, windows, 0) : x;
  return to.node("Conv", bias === null ? [input, weights] : [input, weights, bias], {
    ...{ kernel_shape: size, strides: stride, dilations: dilation ?? size.map(() => 1), group: groups, ...pads },
  });
}

/** A convolution whose weights are as the layer declares them. */
function plain(
  layer: BaseLayer & { activation: ActivationName; kernelSize: readonly number[]; stride: readonly number[] } & {
    padding: Padding<readonly number[]>;
    dilation: readonly number[];
  },
  x: OnnxSymbol,
  groups: number,
  to: OnnxScope,
): OnnxSymbol {
  const { kernelSize: size, stride, dilation, padding } = layer;
  const windows = { lengths: to.shapes[0].slice(1), size, stride, dilation, padding };
  const filters = [to.parameter("weights")!, to.parameter("bias")] as const;
  return activate(to, convolve(to, to.real(x), filters, windows, groups), layer.activation, 1);
}

export const conv2d: OnnxLayerExport<Conv2D> = (layer, [x], to) => plain(layer, x, layer.groups, to);

/** As many groups as channels. */
export const depthwiseConv2d: OnnxLayerExport<DepthwiseConv2D> = (layer, [x], to) =>
  plain(layer, x, to.shapes[0][0]!, to);

export const separableConv2d: OnnxLayerExport<SeparableConv2D> = (layer, inputs, to) => {
  const [depthwise, pointwise] = layer.children;
  const { outputs, shapes } = to.within(depthwise, inputs, to.shapes, []);
  return to.call(pointwise, outputs, shapes);
};

export const partiallyConnectedConv2d: OnnxLayerExport<PartiallyConnectedConv2D> = (layer, [x], to) => {
  const { connections, kernelSize } = layer;
  const channels = to.shapes[0][0]!;
  const window = kernelSize[0] * kernelSize[1];
  const { data } = to.values("weights")!;
  // All filters side by side, with zeros where there is no connection.
  const whole = new Float64Array(connections.length * channels * window);
  let next = 0;
  connections.forEach((row, f) => {
    for (const channel of row) {
      whole.set(data.subarray(next * window, (next + 1) * window), (f * channels + channel) * window);
      next += 1;
    }
  });
  const weights = to.array("weights", whole, [connections.length, channels, ...kernelSize]);
  const windows = { lengths: to.shapes[0].slice(1), size: kernelSize, stride: [1, 1], padding: "valid" } as const;
  return activate(to, convolve(to, to.real(x), [weights, to.parameter("bias")], windows, 1), layer.activation, 1);
};

/** Sequences are [n, time, features] here and [n, features, time] in ONNX. */
export const conv1d: OnnxLayerExport<Conv1D> = (layer, [x], to) => {
  const { kernelSize, stride, dilation, padding, groups } = layer;
  const named = padding === "causal" ? "valid" : typeof padding === "number" ? [padding] : padding;
  const [size, lengths] = [[kernelSize], [to.shapes[0][0]]];
  const windows: Windows = { lengths, size, stride: [stride], dilation: [dilation], padding: named };
  const pads = padding === "causal" ? { pads: [dilation * (kernelSize - 1), 0] } : paddingOf(windows);
  const filters = [to.parameter("weights")!, to.parameter("bias")] as const;
  const y = convolve(to, to.transpose(to.real(x), 0, 2, 1), filters, windows, groups, pads);
  return to.transpose(activate(to, y, layer.activation, 1), 0, 2, 1);
};

export const conv2dTranspose: OnnxLayerExport<Conv2DTranspose> = (layer, [x], to) => {
  const { kernelSize, stride, dilation, padding, outputPadding, groups } = layer;
  const along = kernelSize.map((size, axis) => {
    const span = dilation[axis] * (size - 1) + 1;
    if (padding !== "same") {
      const cut = padding === "valid" ? 0 : padding[axis];
      return { before: cut, after: cut, extra: outputPadding[axis] };
    }
    // The output is input stride long: what is over is cut off, half of it before; what is missing is added behind.
    const over = span - stride[axis];
    const before = Math.max(0, Math.floor(over / 2));
    return over >= 0 ? { before, after: over - before, extra: 0 } : { before: 0, after: 0, extra: -over };
  });
  const weights = to.parameter("weights")!;
  const bias = to.parameter("bias");
  const long = along.some(({ extra }, axis) => extra >= stride[axis]);
  // ONNX Runtime takes no more output padding than the stride; it is so much less cut off, and a frame of zeros where nothing is.
  const pads = long ? along.map(({ before, after, extra }) => ({ before, after: Math.max(0, after - extra) })) : along;
  const y = to.node("ConvTranspose", bias === null || long ? [to.real(x), weights] : [to.real(x), weights, bias], {
    ...{ kernel_shape: kernelSize, strides: stride, dilations: dilation, group: groups },
    pads: [...pads.map(({ before }) => before), ...pads.map(({ after }) => after)],
    output_padding: long ? undefined : along.map(({ extra }) => extra),
  });
  if (!long) return activate(to, y, layer.activation, 1);
  const frame = [0, 0, ...along.map(({ after, extra }) => Math.max(0, extra - after))];
  const whole = framed(to, y, frame, 0);
  if (bias === null) return activate(to, whole, layer.activation, 1);
  const column = to.array("bias", to.values("bias")!.data, [layer.filters, 1, 1]);
  return activate(to, to.node("Add", [whole, column]), layer.activation, 1);
};

/** A frame of a value around images [n, channels, height, width], its widths before both axes, then those behind. */
export function framed(to: OnnxScope, x: OnnxSymbol, widths: readonly number[], value: number): OnnxSymbol {
  if (widths.every((width) => width === 0)) return x;
  const [top, left, bottom, right] = widths;
  return to.node("Pad", [x, to.ints([0, 0, top, left, 0, 0, bottom, right]), to.number(value)]);
}
