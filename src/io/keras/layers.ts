// What there is here for each layer of Keras. Pictures have their channels last there and first here: axes are renamed, and where an order counts (flattening,
// reshaping, a dense layer on pictures) they are turned before and turned back behind.
import { quote } from "../../engine/quote.ts";
import type { ActivationName } from "../../nn/activations.ts";
import type { BaseLayer, LayerOptions } from "../../nn/base-layer.ts";
import { initialiser } from "../../nn/initialisers.ts";
import type { Layer } from "../../nn/layer.ts";
import { Activation } from "../../nn/layers/activation.ts";
import { BatchNormalization } from "../../nn/layers/batch-normalisation.ts";
import { Bidirectional, type BidirectionalMerge } from "../../nn/layers/bidirectional.ts";
import { Concatenate } from "../../nn/layers/concatenate.ts";
import { Conv1D } from "../../nn/layers/conv1d.ts";
import { Conv2D } from "../../nn/layers/conv2d.ts";
import { Conv2DTranspose } from "../../nn/layers/conv2d-transpose.ts";
import { Dense } from "../../nn/layers/dense.ts";
import { DepthwiseConv2D } from "../../nn/layers/depthwise-conv2d.ts";
import { Dot } from "../../nn/layers/dot.ts";
import { Dropout } from "../../nn/layers/dropout.ts";
import { Embedding } from "../../nn/layers/embedding.ts";
import { Flatten } from "../../nn/layers/flatten.ts";
import { GaussianNoise } from "../../nn/layers/gaussian-noise.ts";
import {
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
} from "../../nn/layers/global-pooling.ts";
import { GroupNormalization } from "../../nn/layers/group-normalisation.ts";
import { GRU } from "../../nn/layers/gru.ts";
import { LayerNormalization } from "../../nn/layers/layer-normalisation.ts";
import { LSTM } from "../../nn/layers/lstm.ts";
import { Masking } from "../../nn/layers/masking.ts";
import { Add, Average, Maximum, Minimum, Multiply, Subtract } from "../../nn/layers/merge.ts";
import { MultiHeadAttention } from "../../nn/layers/multi-head-attention.ts";
import { Permute } from "../../nn/layers/permute.ts";
import { AveragePooling1D, MaxPooling1D } from "../../nn/layers/pooling1d.ts";
import { AveragePooling2D, MaxPooling2D } from "../../nn/layers/pooling2d.ts";
import { PReLU } from "../../nn/layers/prelu.ts";
import type { RecurrentLayer, RecurrentOptions } from "../../nn/layers/recurrent.ts";
import { RepeatVector } from "../../nn/layers/repeat-vector.ts";
import { Rescaling } from "../../nn/layers/rescaling.ts";
import { Reshape } from "../../nn/layers/reshape.ts";
import { SeparableConv2D } from "../../nn/layers/separable-conv2d.ts";
import { SimpleRNN, type SimpleRNNOptions } from "../../nn/layers/simple-rnn.ts";
import { SpatialDropout1D, SpatialDropout2D } from "../../nn/layers/spatial-dropout.ts";
import { TimeDistributed } from "../../nn/layers/time-distributed.ts";
import { UpSampling2D } from "../../nn/layers/up-sampling2d.ts";
import { ZeroPadding2D } from "../../nn/layers/zero-padding2d.ts";
import type { OpenShape } from "../../nn/shapes.ts";
import { isOperation, type KerasLayer, record } from "./config.ts";
import { Settings, shown } from "./settings.ts";

/** Where channels stand in the pictures of the file. */
export type Channels = "last" | "first";

/** What a layer of Keras becomes: layers in line, the first of which takes the inputs. None for what changes nothing. */
export interface Made {
  readonly layers: readonly BaseLayer[];
  /** The one among them that has the layer's weights. */
  readonly weights?: BaseLayer | undefined;
}

/** Makes the layers for inputs of these shapes, as they are here. */
export type Make = (shapes: readonly OpenShape[]) => Made;

interface Context {
  readonly channels: Channels;
  /** Name and whether it learns, for the layer that stands for the one of Keras. */
  readonly own: LayerOptions;
  /** The same by class for layers within others. */
  maker(layer: KerasLayer, own: LayerOptions): Make;
  /** What the calls say beside the inputs. */
  readonly extras: Readonly<Record<string, unknown>>;
}

type Row = (settings: Settings, context: Context) => Make;

const one = (layer: BaseLayer): Made => ({ layers: [layer], weights: layer });
const always =
  (make: () => BaseLayer): Make =>
  () =>
    one(make());

/** Pictures to the order that Keras has them in, [height, width, channels], and back. */
const toTheirs = (): Permute => new Permute([2, 3, 1]);
const toOurs = (): Permute => new Permute([3, 1, 2]);

/** Whether samples of this shape are pictures in another order than there. */
const isTurned = (shape: OpenShape, channels: Channels): boolean => channels === "last" && shape.length === 3;

/** Layers that see samples as they are in Keras. `after` is the number of axes that come out. */
function asThere(
  shape: OpenShape,
  { channels }: Context,
  layers: readonly BaseLayer[],
  weights?: BaseLayer,
  after = shape.length,
): Made {
  const before = isTurned(shape, channels) ? [toTheirs()] : [];
  const behind = channels === "last" && after === 3 ? [toOurs()] : [];
  return { layers: [...before, ...layers, ...behind], weights };
}

/** An axis of Keras, the batch's being 0, as it is called here; from 1 on. */
function axisHere(settings: Settings, axis: number, rank: number, channels: Channels): number {
  const there = axis < 0 ? rank + 1 + axis : axis;
  if (there < 1 || there > rank) throw settings.unsupported(`axis ${axis} of inputs with ${rank} axes`);
  return rank === 3 && channels === "last" ? [2, 3, 1][there - 1] : there;
}

/** Normalisation along the features, which are the last axis there; here the first after the batch's where channels stand. */
function alongChannels(settings: Settings, context: Context, make: () => BaseLayer): Make {
  return ([shape]) => {
    const rank = shape.length;
    const axis = settings.get("axis");
    // Keras 2 writes a list.
    const named = Array.isArray(axis) && axis.length === 1 ? (axis[0] as unknown) : (axis ?? -1);
    if (typeof named !== "number") throw settings.unsupported("several axes are not supported");
    const here = axisHere(settings, named, rank, context.channels);
    const layer = make();
    if (here === 1) return one(layer);
    if (rank === 2) return { layers: [new Permute([2, 1]), layer, new Permute([2, 1])], weights: layer };
    throw settings.unsupported(`axis ${named} is not supported; the channels' is`);
  };
}

function filterOptions(settings: Settings): { activation: ActivationName; bias?: null; kernelPenalty?: object } {
  settings.leftOut("bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint");
  const penalty = settings.penalty("kernel_regularizer");
  return {
    activation: settings.activation(),
    ...(!settings.flag("use_bias", true) && { bias: null }),
    ...(penalty && { kernelPenalty: penalty }),
  };
}

const dense: Row = (settings, context) => {
  settings.only("lora_rank");
  const units = settings.whole("units");
  const options = { ...filterOptions(settings), ...context.own };
  return ([shape]) => {
    const layer = new Dense(units, options);
    if (shape.length < 3) return one(layer);
    // Pixel by pixel: rows of features.
    const [height, width] = context.channels === "last" ? shape.slice(1) : shape;
    if (height === null || width === null || shape.length > 3)
      throw settings.unsupported("inputs of open sizes are not supported");
    return asThere(
      shape,
      context,
      [
        new Reshape([-1, (context.channels === "last" ? shape[0] : shape[2])!]),
        layer,
        new Reshape([height, width, units]),
      ],
      layer,
    );
  };
};

const conv2d: Row = (settings, { own }) => {
  const common = { ...filterOptions(settings), ...own };
  const [filters, kernelSize] = [settings.whole("filters"), settings.pair("kernel_size")];
  const [stride, dilation] = [settings.pair("strides", 1), settings.pair("dilation_rate", 1)];
  const [padding, groups] = [settings.padding(), settings.whole("groups", 1)];
  return always(() => new Conv2D(filters, kernelSize, { stride, padding, dilation, groups, ...common }));
};

const conv1d: Row = (settings, { own }) => {
  const common = { ...filterOptions(settings), ...own };
  settings.only("data_format", "channels_last");
  const [filters, [size]] = [settings.whole("filters"), settings.lengths("kernel_size", 1)];
  const [[stride], [dilation]] = [settings.lengths("strides", 1, 1), settings.lengths("dilation_rate", 1, 1)];
  const [padding, groups] = [settings.padding("causal"), settings.whole("groups", 1)];
  return always(() => new Conv1D(filters, size, { stride, padding, dilation, groups, ...common }));
};

const conv2dTranspose: Row = (settings, { own }) => {
  const common = { ...filterOptions(settings), ...own };
  settings.only("output_padding");
  const [filters, kernelSize, stride] = [
    settings.whole("filters"),
    settings.pair("kernel_size"),
    settings.pair("strides", 1),
  ];
  const [dilation, padding] = [settings.pair("dilation_rate", 1), settings.padding()];
  // There the output is never shorter than the strides are long.
  const more = kernelSize.map((size, i) => Math.max(0, stride[i] - ((size - 1) * dilation[i] + 1)));
  const outputPadding = padding === "valid" ? ([more[0], more[1]] as const) : 0;
  return always(
    () =>
      new Conv2DTranspose(filters, kernelSize, {
        stride,
        padding,
        dilation,
        ...(padding === "valid" && { outputPadding }),
        ...common,
      }),
  );
};

const depthwise: Row = (settings, { own }) => {
  const { kernelPenalty: _, ...common } = filterOptions(settings);
  settings.leftOut("depthwise_regularizer", "depthwise_constraint");
  const [kernelSize, stride] = [settings.pair("kernel_size"), settings.pair("strides", 1)];
  const [dilation, padding] = [settings.pair("dilation_rate", 1), settings.padding()];
  const depthMultiplier = settings.whole("depth_multiplier", 1);
  return always(
    () => new DepthwiseConv2D(kernelSize, { stride, padding, dilation, depthMultiplier, ...common, ...own }),
  );
};

const separable: Row = (settings, { own }) => {
  const { kernelPenalty: _, ...common } = filterOptions(settings);
  settings.leftOut("depthwise_regularizer", "pointwise_regularizer", "depthwise_constraint", "pointwise_constraint");
  const [filters, kernelSize, stride] = [
    settings.whole("filters"),
    settings.pair("kernel_size"),
    settings.pair("strides", 1),
  ];
  const [dilation, padding] = [settings.pair("dilation_rate", 1), settings.padding()];
  const depthMultiplier = settings.whole("depth_multiplier", 1);
  return always(
    () => new SeparableConv2D(filters, kernelSize, { stride, padding, dilation, depthMultiplier, ...common, ...own }),
  );
};

type Pooling2D = new (
  size: readonly [number, number],
  options: { stride: readonly [number, number]; padding: "same" | "valid" },
) => BaseLayer;
const pooling2d =
  (Pool: Pooling2D): Row =>
  (settings, { own }) => {
    const size = settings.pair("pool_size", 2);
    const stride = settings.get("strides") === undefined ? size : settings.pair("strides");
    const padding = settings.padding();
    return always(() => new Pool(size, { stride, padding, ...own }));
  };

type Pooling1D = new (size: number, options: { stride: number; padding: "same" | "valid" }) => BaseLayer;
const pooling1d =
  (Pool: Pooling1D): Row =>
  (settings, { own }) => {
    settings.only("data_format", "channels_last");
    const [size] = settings.lengths("pool_size", 1, 2);
    const [stride] = settings.get("strides") === undefined ? [size] : settings.lengths("strides", 1);
    const padding = settings.padding();
    return always(() => new Pool(size, { stride, padding, ...own }));
  };

const globalPooling =
  (Pool: new (options: LayerOptions & { keepDims: boolean }) => BaseLayer, sequences: boolean): Row =>
  (settings, { own }) => {
    if (sequences) settings.only("data_format", "channels_last");
    const keepDims = settings.flag("keepdims", false);
    return always(() => new Pool({ keepDims, ...own }));
  };

const flatten: Row =
  (_, context) =>
  ([shape]) => {
    const size = shape.reduce<number | null>((a, b) => (a === null || b === null ? null : a * b), 1);
    // In Keras' order; `Flatten` has channels first behind it, which the reader of weights would turn.
    if (shape.length === 3 && size !== null)
      return asThere(shape, context, [new Reshape([size], context.own)], undefined, 1);
    return asThere(shape, context, [new Flatten(context.own)], undefined, 1);
  };

const reshape: Row = (settings, context) => {
  const target = settings.axes("target_shape");
  return ([shape]) => asThere(shape, context, [new Reshape(target, context.own)], undefined, target.length);
};

const permute: Row = (settings, context) => {
  const axes = settings.axes("dims");
  return ([shape]) => asThere(shape, context, [new Permute(axes, context.own)]);
};

const softmax = (settings: Settings, context: Context): Make => {
  const axis = settings.get("axis") ?? -1;
  return ([shape]) => {
    if (axis !== -1 && axis !== shape.length)
      throw settings.unsupported("an axis other than the last is not supported");
    return asThere(shape, context, [new Activation("softmax", context.own)]);
  };
};

const activation: Row = (settings, context) => {
  const name = settings.activation();
  return name === "softmax" ? softmax(settings, context) : always(() => new Activation(name, context.own));
};

/** Rectifiers with slopes of their own, which do not learn. */
const fixedSlope =
  (settings: Settings, slope: number): Make =>
  ([shape]) => {
    const sharedAxes = shape.map((_, i) => i + 1);
    return {
      layers: [new PReLU({ alpha: initialiser.constant(slope), sharedAxes, name: nameOf(settings), trainable: false })],
    };
  };
const nameOf = (settings: Settings): string => settings.layer.name.replaceAll(/[^A-Za-z0-9_-]/g, "_");

const relu: Row = (settings, { own }) => {
  const [most, slope, least] = [
    settings.get("max_value"),
    settings.number(["negative_slope", "alpha"], 0),
    settings.number("threshold", 0),
  ];
  if (least !== 0) throw settings.unsupported("a threshold is not supported");
  if (most === 6 && slope === 0) return always(() => new Activation("relu6", own));
  if (most !== undefined) throw settings.unsupported(`max_value ${quote(most)} is not supported, 6 is`);
  return slope === 0 ? always(() => new Activation("relu", own)) : fixedSlope(settings, slope);
};

const elu: Row = (settings, { own }) => {
  if (settings.number("alpha", 1) !== 1) throw settings.unsupported("alpha other than 1 is not supported");
  return always(() => new Activation("elu", own));
};

const prelu: Row = (settings, context) => {
  settings.leftOut("alpha_regularizer", "alpha_constraint");
  const shared = settings.get("shared_axes") === undefined ? [] : settings.axes("shared_axes");
  return ([shape]) =>
    one(
      new PReLU({
        sharedAxes: shared.map((axis) => axisHere(settings, axis, shape.length, context.channels)),
        ...context.own,
      }),
    );
};

const batchNormalization: Row = (settings, context) => {
  settings.leftOut("gamma_regularizer", "beta_regularizer", "gamma_constraint", "beta_constraint");
  settings.only("renorm", false);
  const options = { momentum: settings.number("momentum", 0.99), epsilon: settings.number("epsilon", 1e-3) };
  return alongChannels(settings, context, () => new BatchNormalization({ ...options, ...context.own }));
};

const groupNormalization: Row = (settings, context) => {
  const groups = settings.get("groups");
  if (typeof groups !== "number" || groups < 1)
    throw settings.unsupported("groups of one channel each are not supported");
  const options = { groups, epsilon: settings.number("epsilon", 1e-3) };
  return ([shape]) => {
    if (shape.length === 1) throw settings.unsupported("inputs that are vectors are not supported");
    return alongChannels(settings, context, () => new GroupNormalization({ ...options, ...context.own }))([shape]);
  };
};

const layerNormalization: Row = (settings, context) => {
  settings.only("rms_scaling", false);
  const axis = settings.get("axis") === undefined ? [-1] : settings.axes("axis");
  const epsilon = settings.number("epsilon", 1e-3);
  return ([shape]) => {
    const layer = new LayerNormalization({ axes: axis, epsilon, ...context.own });
    return asThere(shape, context, [layer], layer);
  };
};

const embedding: Row = (settings, { own }) => {
  settings.leftOut("embeddings_regularizer", "embeddings_constraint", "activity_regularizer");
  const [words, size] = [settings.whole("input_dim"), settings.whole("output_dim")];
  const maskZero = settings.flag("mask_zero", false);
  return always(() => new Embedding(words, size, { maskZero, ...own }));
};

function recurrentOptions(settings: Settings, own: LayerOptions): RecurrentOptions {
  for (const name of ["return_state", "stateful", "time_major", "unroll_last"]) settings.only(name, false);
  settings.leftOut(
    "recurrent_regularizer",
    "bias_regularizer",
    "kernel_constraint",
    "recurrent_constraint",
    "bias_constraint",
  );
  const penalty = settings.penalty("kernel_regularizer");
  const [returnSequences, backward] = [settings.flag("return_sequences", false), settings.flag("go_backwards", false)];
  if (returnSequences && backward)
    throw settings.unsupported(
      "go_backwards with return_sequences is not supported: outputs stand at their steps here",
    );
  return {
    ...own,
    returnSequences,
    ...(backward && { direction: "backward" as const }),
    dropout: settings.number("dropout", 0),
    recurrentDropout: settings.number("recurrent_dropout", 0),
    ...(!settings.flag("use_bias", true) && { bias: null }),
    ...(penalty && { kernelPenalty: penalty }),
  };
}

function gatesAsUsual(settings: Settings): void {
  settings.only("activation", "tanh");
  // Before Keras 3 the default was another; files say it.
  settings.only("recurrent_activation", "sigmoid");
}

const lstm: Row = (settings, { own }) => {
  gatesAsUsual(settings);
  const [units, options] = [settings.whole("units"), recurrentOptions(settings, own)];
  return always(() => new LSTM(units, options));
};

const gru: Row = (settings, { own }) => {
  gatesAsUsual(settings);
  const [units, options] = [settings.whole("units"), recurrentOptions(settings, own)];
  const reset = settings.flag("reset_after", false) ? "after" : "before";
  return always(() => new GRU(units, { reset, ...options }));
};

const simpleRNN: Row = (settings, { own }) => {
  const [units, options] = [settings.whole("units"), recurrentOptions(settings, own)];
  const named = settings.activation("activation", "tanh");
  if (!["tanh", "relu", "sigmoid", "linear"].includes(named))
    throw settings.unsupported(`activation ${named} is not supported`);
  return always(
    () => new SimpleRNN(units, { ...options, activation: named as NonNullable<SimpleRNNOptions["activation"]> }),
  );
};

const MERGES: ReadonlyMap<unknown, BidirectionalMerge> = new Map([
  ["concat", "concat"],
  ["sum", "sum"],
  ["ave", "average"],
  ["mul", "multiply"],
]);

/** The layer within another. */
function inner(settings: Settings): KerasLayer {
  const entry = record(settings.get("layer"));
  const [className, config] = [entry["class_name"], record(entry["config"])];
  if (typeof className !== "string") throw settings.unsupported("has no layer within");
  if (["Sequential", "Functional", "Model"].includes(className))
    throw settings.unsupported("models within it are not supported");
  const module = typeof entry["module"] === "string" ? entry["module"] : "";
  return { className, module, name: settings.layer.name, settings: config, calls: [], model: undefined, key: "" };
}

const bidirectional: Row = (settings, context) => {
  const merge = MERGES.get(settings.get("merge_mode"));
  if (merge === undefined) throw settings.unsupported("outputs that are not merged are not supported");
  const layer = inner(settings);
  if (!["LSTM", "GRU", "SimpleRNN"].includes(layer.className))
    throw settings.unsupported(`${shown(layer.className)} within it is not supported`);
  const make = context.maker(layer, {});
  return () =>
    one(new Bidirectional(make([]).layers[0] as RecurrentLayer<RecurrentOptions>, { merge, ...context.own }));
};

const timeDistributed: Row = (settings, context) => {
  const make = context.maker(inner(settings), {});
  return ([shape]) => {
    const { layers } = make([shape.slice(1)]);
    if (layers.length !== 1 || shape.length > 2)
      throw settings.unsupported("only a layer of vectors within it is supported");
    return one(new TimeDistributed(layers[0] as Layer, context.own));
  };
};

const attention: Row = (settings, context) => {
  // Of [n, time, features] there is one.
  settings.only("attention_axes", 1);
  settings.only("output_shape");
  settings.only("flash_attention", false);
  settings.leftOut("bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint");
  const [heads, keySize] = [settings.whole("num_heads"), settings.whole("key_dim")];
  const penalty = settings.penalty("kernel_regularizer");
  const options = {
    keySize,
    valueSize: settings.get("value_dim") === undefined ? keySize : settings.whole("value_dim"),
    dropout: settings.number("dropout", 0),
    ...(!settings.flag("use_bias", true) && { bias: null }),
    ...(penalty && { kernelPenalty: penalty }),
    causal: context.extras["use_causal_mask"] === true,
  };
  return always(() => new MultiHeadAttention(heads, { ...options, ...context.own }));
};

const merge =
  (Layer: new (options: LayerOptions) => BaseLayer): Row =>
  (settings, { own }) =>
  (shapes) => {
    const rank = Math.max(...shapes.map((shape) => shape.length));
    const layer = new Layer(own);
    if (shapes.every((shape) => shape.length === rank)) return { layers: [layer] };
    throw settings.unsupported(`inputs with unlike numbers of axes are not supported`);
  };

const concatenate: Row = (settings, { own, channels }) => {
  const axis = settings.number("axis", -1);
  return ([shape]) => ({
    layers: [new Concatenate({ axis: axisHere(settings, axis, shape.length, channels), ...own })],
  });
};

const dot: Row = (settings, { own }) => {
  const axes = settings.axes("axes");
  const normalise = settings.flag("normalize", false);
  return (shapes) => {
    if (shapes.some((shape) => shape.length > 2)) throw settings.unsupported("pictures are not supported");
    return { layers: [new Dot([axes[0], axes[1] ?? axes[0]], { normalise, ...own })] };
  };
};

const zeroPadding: Row = (settings, { own }) => {
  const value = settings.get("padding") ?? 1;
  const sides = Array.isArray(value) ? (value as unknown[]) : [value, value];
  const frame = sides.map((side) => (Array.isArray(side) ? side : [side, side]) as unknown[]);
  const good =
    frame.length === 2 && frame.every((side) => side.length === 2 && side.every((n) => Number.isSafeInteger(n)));
  if (!good) throw settings.unsupported("padding is not as Keras writes it");
  return always(() => new ZeroPadding2D(frame as unknown as [[number, number], [number, number]], own));
};

const upSampling: Row = (settings, { own }) => {
  const method = settings.text("interpolation", "nearest");
  if (method !== "nearest" && method !== "bilinear")
    throw settings.unsupported(`interpolation ${quote(method)} is not supported`);
  const size = settings.pair("size", 2);
  return always(() => new UpSampling2D(size, { method, ...own }));
};

const rescaling: Row = (settings, { own }) => {
  const [scale, offset] = [settings.number("scale"), settings.number("offset", 0)];
  return always(() => new Rescaling(scale, { offset, ...own }));
};

/** Changes nothing but while training. */
const leftOut: Row = (settings) => {
  const { name, className } = settings.layer;
  settings.notes.push(`${shown(name)}: ${className} acts while training only, and is left out`);
  return () => ({ layers: [] });
};

const TABLE: ReadonlyMap<string, Row> = new Map<string, Row>(
  Object.entries({
    ...{ Dense: dense, Conv1D: conv1d, Conv2D: conv2d, Conv2DTranspose: conv2dTranspose, DepthwiseConv2D: depthwise },
    ...{ Convolution1D: conv1d, Convolution2D: conv2d, Convolution2DTranspose: conv2dTranspose },
    ...{ SeparableConv2D: separable, SeparableConvolution2D: separable },
    ...{ MaxPooling1D: pooling1d(MaxPooling1D), AveragePooling1D: pooling1d(AveragePooling1D) },
    ...{ MaxPooling2D: pooling2d(MaxPooling2D), AveragePooling2D: pooling2d(AveragePooling2D) },
    GlobalAveragePooling1D: globalPooling(GlobalAveragePooling1D, true),
    GlobalMaxPooling1D: globalPooling(GlobalMaxPooling1D, true),
    GlobalAveragePooling2D: globalPooling(GlobalAveragePooling2D, false),
    GlobalMaxPooling2D: globalPooling(GlobalMaxPooling2D, false),
    ...{ Flatten: flatten, Reshape: reshape, Permute: permute, ZeroPadding2D: zeroPadding, UpSampling2D: upSampling },
    RepeatVector: (settings, { own }) => always(() => new RepeatVector(settings.whole("n"), own)),
    ...{ Activation: activation, Softmax: softmax, ReLU: relu, ELU: elu, PReLU: prelu, Rescaling: rescaling },
    LeakyReLU: (settings) => fixedSlope(settings, settings.number(["negative_slope", "alpha"], 0.3)),
    Dropout: (settings, { own }) => always(() => new Dropout(settings.number("rate"), "inverted", own)),
    SpatialDropout1D: (settings, { own }) => always(() => new SpatialDropout1D(settings.number("rate"), own)),
    SpatialDropout2D: (settings, { own }) => always(() => new SpatialDropout2D(settings.number("rate"), own)),
    GaussianNoise: (settings, { own }) => always(() => new GaussianNoise(settings.number("stddev"), own)),
    ...{ BatchNormalization: batchNormalization, LayerNormalization: layerNormalization },
    ...{ GroupNormalization: groupNormalization, Embedding: embedding },
    Masking: (settings, { own }) => always(() => new Masking(settings.number("mask_value", 0), own)),
    ...{ LSTM: lstm, GRU: gru, SimpleRNN: simpleRNN, Bidirectional: bidirectional, TimeDistributed: timeDistributed },
    ...{ MultiHeadAttention: attention, Concatenate: concatenate, Dot: dot },
    ...{ Add: merge(Add), Subtract: merge(Subtract), Multiply: merge(Multiply), Average: merge(Average) },
    ...{ Maximum: merge(Maximum), Minimum: merge(Minimum) },
    Identity: () => () => ({ layers: [] }),
    ...Object.fromEntries(
      [
        ...["RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness"],
        ...["RandomHeight", "RandomWidth", "RandomShear", "RandomErasing", "RandomSaturation", "RandomHue"],
        ...["RandomSharpness", "RandomGrayscale", "RandomColorJitter", "RandomInvert", "RandomPosterization"],
        ...["GaussianDropout", "AlphaDropout", "ActivityRegularization"],
      ].map((name) => [name, leftOut] as const),
    ),
  } satisfies Record<string, Row>),
);

/** Operations on tensors that are layers here. */
const OPERATIONS: ReadonlySet<string> = new Set(["Add", "Subtract", "Multiply", "Maximum", "Minimum"]);

/** Arguments of calls that change nothing here: masks find their way by themselves. */
const CALL_ARGUMENTS = new Set([
  "training",
  "mask",
  "use_causal_mask",
  "value",
  "key",
  "query_mask",
  "value_mask",
  "key_mask",
]);

/** How to make what stands for a layer. Notes go to `settings.notes`. @throws Unsupported, naming what there is nothing for. */
export function makerOf(settings: Settings, own: LayerOptions, channels: Channels): Make {
  const { layer, version } = settings;
  const row = TABLE.get(layer.className);
  const operation = isOperation(layer.module);
  if (row === undefined || (operation && !OPERATIONS.has(layer.className))) {
    throw settings.unsupported(operation ? "the operation is not supported" : "the layer is not supported");
  }
  if (!operation && layer.module !== "" && !/^(keras|tensorflow|tf_keras)\b/.test(layer.module))
    throw settings.unsupported(`a class of one's own, from ${shown(layer.module)}, is not supported`);
  const extras: Record<string, unknown> = Object.assign({}, ...layer.calls.map((call) => call.extras));
  for (const [name, value] of Object.entries(extras)) {
    if (value === null || value === false || CALL_ARGUMENTS.has(name)) continue;
    throw settings.unsupported(`the argument ${shown(name)} of its call is not supported`);
  }
  return row(settings, {
    ...{ channels, own, extras },
    maker(within, options) {
      const inside = new Settings(within, version);
      const make = makerOf(inside, options, channels);
      settings.notes.push(...inside.notes);
      return make;
    },
  });
}
