// Convolution in two steps: each channel by itself, then all of them at each place.
import { knownOptions } from "../../engine/checks.ts";
import type { Padding, Pair } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ActivationName } from "../activations.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import type { Initialiser } from "../initialisers.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Penalty } from "../penalties.ts";
import type { OpenShape } from "../shapes.ts";
import { Conv2D } from "./conv2d.ts";
import { asSetting, filterOptionsOf, paddingSetting, pairFrom } from "./convolution-options.ts";
import { DepthwiseConv2D } from "./depthwise-conv2d.ts";

/** How a separable convolution is laid, and what it takes beside. */
export interface SeparableConv2DOptions extends LayerOptions {
  /** Filters a channel in the first step; default 1. */
  depthMultiplier?: number;
  /** Of the first step, a number or [down, across]; default 1. */
  stride?: Pair;
  /** Of the first step, as of `Conv2D`; default "valid". */
  padding?: Padding<Pair>;
  /** Of the first step; default 1. */
  dilation?: Pair;
  /** After the second step; default "linear". */
  activation?: ActivationName;
  /** Default: Xavier. */
  depthwiseWeights?: Initialiser;
  /** Default: Xavier; He for relu and its relatives, "scaled" for selu. */
  pointwiseWeights?: Initialiser;
  /** Of the second step; the first has none. Default: zeros; null leaves it out. */
  bias?: Initialiser | null;
  /** On the first step's weights, added to the loss. */
  depthwisePenalty?: Penalty;
  /** On the second step's weights, added to the loss. */
  pointwisePenalty?: Penalty;
}

const OPTIONS = [
  ...["depthMultiplier", "stride", "padding", "dilation", "activation", "depthwiseWeights", "pointwiseWeights", "bias"],
  ...["depthwisePenalty", "pointwisePenalty", ...LAYER_OPTIONS],
];

/**
 * Depthwise separable convolution (Chollet 2017): `DepthwiseConv2D` without a bias, then `Conv2D` with windows of 1 by 1. Far fewer numbers than one
 * convolution with as many filters.
 *
 * Shapes: x [n, channels, height, width] to [n, filters, outHeight, outWidth], out as of `Conv2D`. Parameters: depthwise.weights [channels m, 1,
 * kernelHeight, kernelWidth], pointwise.weights [filters, channels m, 1, 1] and pointwise.bias [filters], m the depth multiplier.
 * @throws RangeError for sizes that are not whole numbers from 1 on, or a window that is larger than the padded input; TypeError for an
 * unknown activation.
 * @example
 * ```ts
 * const model = new Sequential([new SeparableConv2D(64, 3, { padding: "same" })], { inputShape: [32, 8, 8] });
 * model.parameterCount; // 2400
 * new Sequential([new Conv2D(64, 3, { padding: "same" })], { inputShape: [32, 8, 8] }).parameterCount; // 18496
 * ```
 */
export class SeparableConv2D extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "separableConv2d";
  private readonly depthwise: DepthwiseConv2D;
  private readonly pointwise: Conv2D;

  constructor(
    readonly filters: number,
    kernelSize: Pair,
    private readonly options: SeparableConv2DOptions = {},
  ) {
    super(options);
    knownOptions("SeparableConv2D", options, OPTIONS);
    const { depthMultiplier, stride, padding, dilation, activation, bias } = options;
    this.depthwise = this.owns(
      "depthwise",
      new DepthwiseConv2D(kernelSize, {
        ...{ depthMultiplier, stride, padding, dilation, bias: null },
        ...{ weights: options.depthwiseWeights, kernelPenalty: options.depthwisePenalty },
      }),
    );
    this.pointwise = this.owns(
      "pointwise",
      new Conv2D(filters, 1, {
        ...{ activation, bias, weights: options.pointwiseWeights, kernelPenalty: options.pointwisePenalty },
      }),
    );
  }

  build(inputShape: OpenShape): OpenShape {
    return this.pointwise.build(this.depthwise.build(inputShape));
  }

  call(x: Tensor): Tensor {
    return this.pointwise.call(this.depthwise.call(x));
  }

  override logits(x: Tensor): Tensor {
    return this.pointwise.logits(this.depthwise.call(x));
  }

  override get outputActivation(): ActivationName | undefined {
    return this.pointwise.outputActivation;
  }

  config(): LayerConfig {
    const { kernelSize, depthMultiplier, stride, padding, dilation } = this.depthwise;
    const { depthwiseWeights, pointwiseWeights, depthwisePenalty, pointwisePenalty, bias } = this.options;
    return {
      ...{ type: this.type, filters: this.filters, kernelSize: asSetting(kernelSize), depthMultiplier },
      ...{ stride: asSetting(stride), padding: asSetting(padding), dilation: asSetting(dilation) },
      ...{ activation: this.pointwise.activation, bias: bias !== null },
      ...(typeof depthwiseWeights === "string" && { depthwiseWeights }),
      ...(typeof pointwiseWeights === "string" && { pointwiseWeights }),
      ...(depthwisePenalty && { depthwisePenalty }),
      ...(pointwisePenalty && { pointwisePenalty }),
    };
  }
}

export const separableConv2dKind: LayerKind = {
  type: "separableConv2d",
  settings: {
    ...{
      filters: is.count,
      kernelSize: pairFrom(1),
      depthMultiplier: optional(is.count),
      stride: optional(pairFrom(1)),
    },
    ...{ padding: optional(paddingSetting), dilation: optional(pairFrom(1)), activation: optional(is.activation) },
    ...{
      bias: optional(is.flag),
      depthwiseWeights: optional(is.initialiser),
      pointwiseWeights: optional(is.initialiser),
    },
    ...{ depthwisePenalty: optional(is.penalty), pointwisePenalty: optional(is.penalty) },
  },
  make({ type: _, filters, kernelSize, ...settings }) {
    const options = filterOptionsOf(settings) as SeparableConv2DOptions;
    return new SeparableConv2D(filters as number, kernelSize as Pair, options);
  },
};
