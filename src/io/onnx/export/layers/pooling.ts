// Pooling of images and sequences.
import type { BaseLayer } from "../../../../nn/base-layer.ts";
import type { AveragePooling1D, MaxPooling1D } from "../../../../nn/layers/pooling1d.ts";
import type { AveragePooling2D, L2Pooling2D, MaxPooling2D } from "../../../../nn/layers/pooling2d.ts";
import type { Subsampling2D } from "../../../../nn/layers/subsampling2d.ts";
import { windowsBeginning } from "../../../../ops/windows.ts";
import type { OnnxAttribute, OnnxSymbol } from "../graph.ts";
import type { OnnxLayerExport, OnnxScope } from "../scope.ts";
import { activate } from "./activations.ts";
import { framed, framedAsSame, paddingOf, type Windows } from "./convolution.ts";

type Attributes = Readonly<Record<string, OnnxAttribute>>;

/**
 * Padding of pooling as attributes. Where windows that only begin inside the image count, there is as much padding behind it as they reach: runtimes do
 * not agree on what `ceil_mode` does with a window that begins beyond the image. Undefined where that would need to know an open length.
 */
function pooledPadding(windows: Windows, ceilMode: boolean): Attributes | undefined {
  const { lengths, size, stride, dilation, padding } = windows;
  if (!ceilMode || padding === "same") return paddingOf(windows);
  const pads = lengths.map((length, axis): [number, number] | undefined => {
    const before = padding === "valid" ? 0 : padding[axis];
    if (length === null) return stride[axis] === 1 ? [before, before] : undefined;
    const span = (dilation?.[axis] ?? 1) * (size[axis] - 1) + 1;
    const { out } = windowsBeginning(length, { span, stride: stride[axis], padding: before });
    return [before, Math.max(0, (out - 1) * stride[axis] + span - length - before)];
  });
  if (pads.includes(undefined)) return undefined;
  return { pads: [0, 1].flatMap((side) => pads.map((both) => both![side])) };
}

function pooled(
  to: OnnxScope,
  operator: string,
  x: OnnxSymbol,
  windows: Windows,
  ceilMode: boolean,
  rest: Attributes,
): OnnxSymbol {
  const attributes = { kernel_shape: windows.size, strides: windows.stride, ...rest };
  const padding = pooledPadding(windows, ceilMode);
  if (padding !== undefined) return to.node(operator, [x], { ...attributes, ...padding });
  // Rounded up: padding "same" of windows with gaps, the other case without attributes, is that of `largest`.
  if (operator === "LpPool") to.fail(`its windows are rounded up (ceilMode), ${OPEN}`);
  return to.node(operator, [x], { ...attributes, ...paddingOf(windows), ceil_mode: 1 });
}

const OPEN = "and the length of its inputs is open; give the model's input a fixed shape";

function largest(to: OnnxScope, x: OnnxSymbol, windows: Windows, ceilMode: boolean): OnnxSymbol {
  const { size, stride, dilation = size.map(() => 1) } = windows;
  const dilated = dilation.some((step) => step > 1);
  const pads = pooledPadding(windows, ceilMode)?.["pads"] as readonly number[] | undefined;
  const rest: Attributes = dilated ? { dilations: dilation } : {};
  if (dilated && paddingOf(windows) === undefined) {
    const inner = framedAsSame(to, x, windows, Number.NEGATIVE_INFINITY);
    return to.node("MaxPool", [inner], { kernel_shape: size, strides: stride, ...rest });
  }
  const long = pads?.some((length, i) => length >= size[i % size.length]) ?? false;
  if (!long) return pooled(to, "MaxPool", x, windows, ceilMode, rest);
  // Runtimes refuse as much padding as a window has elements, which one with gaps may need: then it is a node of its own.
  const inner = framed(to, x, pads!, Number.NEGATIVE_INFINITY);
  return to.node("MaxPool", [inner], { kernel_shape: size, strides: stride, ...rest });
}

function mean(to: OnnxScope, x: OnnxSymbol, windows: Windows, ceilMode: boolean, withPadding: boolean): OnnxSymbol {
  const { lengths, size, stride, padding } = windows;
  const some = padding === "same" || (padding !== "valid" && padding.some((length) => length > 0));
  const counts = withPadding && some;
  if (!counts || !ceilMode || typeof padding === "string") {
    return pooled(to, "AveragePool", x, windows, ceilMode, { count_include_pad: counts ? 1 : 0 });
  }
  // Padding counts, and what windows reach beyond it, rounded up, does not: the padding is a frame of zeros, and the rest padding.
  const beyond = lengths.map((length, axis) => {
    if (length === null) return to.fail(`its padding counts, its windows are rounded up (ceilMode), ${OPEN}`);
    const settings = { span: size[axis], stride: stride[axis], padding: padding[axis] };
    const { out, total } = windowsBeginning(length, settings);
    return Math.max(0, (out - 1) * stride[axis] + size[axis] - length - total);
  });
  return to.node("AveragePool", [framed(to, x, [...padding, ...padding], 0)], {
    ...{ kernel_shape: size, strides: stride, pads: [...size.map(() => 0), ...beyond], count_include_pad: 0 },
  });
}

type Pooling2D = MaxPooling2D | AveragePooling2D | L2Pooling2D;

function windowsOf({ size, stride, padding }: Pooling2D, to: OnnxScope): Windows {
  return { lengths: to.shapes[0].slice(1), size, stride, padding };
}

export const maxPooling2d: OnnxLayerExport<MaxPooling2D> = (layer, [x], to) =>
  largest(to, to.real(x), { ...windowsOf(layer, to), dilation: layer.dilation }, layer.ceilMode);

export const averagePooling2d: OnnxLayerExport<AveragePooling2D> = (layer, [x], to) =>
  mean(to, to.real(x), windowsOf(layer, to), layer.ceilMode, layer.countIncludePadding);

export const l2Pooling2d: OnnxLayerExport<L2Pooling2D> = (layer, [x], to) =>
  pooled(to, "LpPool", to.real(x), windowsOf(layer, to), layer.ceilMode, { p: 2 });

/** A sequence is an image of one channel, time down and features across. */
function overTime(
  { size, stride, padding }: MaxPooling1D | AveragePooling1D,
  x: OnnxSymbol,
  to: OnnxScope,
  pool: (image: OnnxSymbol, windows: Windows) => OnnxSymbol,
): OnnxSymbol {
  const windows: Windows = {
    ...{ lengths: to.shapes[0], size: [size, 1], stride: [stride, 1] },
    padding: typeof padding === "string" ? padding : [padding, 0],
  };
  return to.squeeze(pool(to.unsqueeze(to.real(x), 1), windows), 1);
}

export const maxPooling1d: OnnxLayerExport<MaxPooling1D> = (layer, [x], to) =>
  overTime(layer, x, to, (image, windows) => largest(to, image, windows, layer.ceilMode));

export const averagePooling1d: OnnxLayerExport<AveragePooling1D> = (layer, [x], to) =>
  overTime(layer, x, to, (image, windows) => mean(to, image, windows, layer.ceilMode, layer.countIncludePadding));

/** Pooling to a size: of each bin along one axis, then of each along the other. */
const adaptive =
  (operator: "ReduceMean" | "ReduceMax"): OnnxLayerExport<BaseLayer & { readonly outputSize: readonly number[] }> =>
  ({ outputSize }, [x], to) => {
    let y = to.real(x);
    if (outputSize.every((length) => length === 1)) {
      return to.node(operator === "ReduceMean" ? "GlobalAveragePool" : "GlobalMaxPool", [y]);
    }
    for (const axis of [2, 3]) {
      const length = to.shapes[0][axis - 1];
      const count = outputSize[axis - 2];
      const open = length === null ? to.length(y, axis) : null;
      const bins = Array.from({ length: count }, (_, i) => {
        const [start, end] = binOf(to, length, open, i, count);
        const part = to.node("Slice", [y, start, end, to.ints([axis])]);
        return to.node(operator, [part], { axes: [axis], keepdims: 1 });
      });
      y = count === 1 ? bins[0] : to.node("Concat", bins, { axis });
    }
    return y;
  };

/** Bin i of `count`: from floor(i length / count) up to ceil((i + 1) length / count). */
function binOf(
  to: OnnxScope,
  length: number | null,
  open: OnnxSymbol | null,
  i: number,
  count: number,
): [OnnxSymbol, OnnxSymbol] {
  if (open === null) {
    return [to.ints([Math.floor((i * length!) / count)]), to.ints([Math.ceil(((i + 1) * length!) / count)])];
  }
  const share = (k: number, more: number): OnnxSymbol => {
    const whole = to.node("Add", [to.node("Mul", [open, to.int(k)]), to.int(more)]);
    return to.reshape(to.node("Div", [whole, to.int(count)]), [1]);
  };
  return [share(i, 0), share(i + 1, count - 1)];
}

export const adaptiveAveragePooling2d = adaptive("ReduceMean");
export const adaptiveMaxPooling2d = adaptive("ReduceMax");

type GlobalPooling = BaseLayer & { readonly keepDims: boolean };

const whole =
  (operator: string): OnnxLayerExport<GlobalPooling> =>
  ({ keepDims }, [x], to) => {
    const y = to.node(operator, [to.real(x)]);
    return keepDims ? y : to.node("Flatten", [y], { axis: 1 });
  };

export const globalAveragePooling2d = whole("GlobalAveragePool");
export const globalMaxPooling2d = whole("GlobalMaxPool");

/** Truth values [n, time], as an element type that can be summed, [n, time, 1]. */
const counted = (to: OnnxScope, mask: OnnxSymbol): OnnxSymbol => to.unsqueeze(to.cast(mask, to.float), 2);

export const globalAveragePooling1d: OnnxLayerExport<GlobalPooling> = (layer, [x], to) => {
  const keepdims = layer.keepDims ? 1 : 0;
  const mask = to.masks[0];
  if (mask === null) return to.node("ReduceMean", [to.real(x)], { axes: [1], keepdims });
  const shown = to.where(to.unsqueeze(mask.value, 2), to.real(x), 0);
  const sum = to.node("ReduceSum", [shown, to.ints([1])], { keepdims });
  const count = to.node("ReduceSum", [counted(to, mask.value), to.ints([1])], { keepdims });
  return to.node("Div", [sum, to.node("Max", [count, to.number(1)])]);
};

export const globalMaxPooling1d: OnnxLayerExport<GlobalPooling> = (layer, [x], to) => {
  const settings = { axes: [1], keepdims: layer.keepDims ? 1 : 0 };
  const mask = to.masks[0];
  if (mask === null) return to.node("ReduceMax", [to.real(x)], settings);
  const shown = to.where(to.unsqueeze(mask.value, 2), to.real(x), Number.NEGATIVE_INFINITY);
  const some = to.cast(to.node("ReduceMax", [counted(to, mask.value)], settings), "bool");
  return to.where(some, to.node("ReduceMax", [shown], settings), 0);
};

/** The sum of a window is its mean times its size. */
export const subsampling2d: OnnxLayerExport<Subsampling2D> = (layer, [x], to) => {
  const { size } = layer;
  const windows: Windows = { lengths: to.shapes[0].slice(1), size, stride: size, padding: "valid" };
  const weights = to.values("weights")!;
  const factors = Float64Array.from(weights.data, (w) => w * size[0] * size[1]);
  const y = to.node("Mul", [mean(to, to.real(x), windows, false, false), to.array("factors", factors, weights.shape)]);
  const bias = to.parameter("bias");
  return activate(to, bias === null ? y : to.node("Add", [y, bias]), layer.activation);
};
