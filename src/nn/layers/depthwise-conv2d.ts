// Convolution channel by channel.
import { knownOptions, whole } from "../../engine/checks.ts";
import { conv2d } from "../../ops/convolution.ts";
import { type Padding, type Pair, paddingPair, pair } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ActivationName } from "../activations.ts";
import { LAYER_OPTIONS, type LayerConfig } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";
import {
  type AfterSum,
  afterSum,
  asSetting,
  checkFilterOptions,
  FILTER_OPTIONS,
  FILTER_SETTINGS,
  type FilterOptions,
  filterConfig,
  filterOptionsOf,
  lengthAfter,
  paddingSetting,
  pairFrom,
} from "./convolution-options.ts";
import { initialiserFor } from "./dense.ts";

/** How a depthwise convolution is laid, and what it takes beside. */
export interface DepthwiseConv2DOptions extends FilterOptions {
  /** Filters a channel; default 1. */
  depthMultiplier?: number;
  /** Steps between neighbouring outputs, a number or [down, across]; default 1. */
  stride?: Pair;
  /** As of `Conv2D`; default "valid". */
  padding?: Padding<Pair>;
  /** Steps between neighbouring taps of a filter; default 1. */
  dilation?: Pair;
  /** What each filter is brought back to after every step. */
  kernelConstraint?: Constraint;
}

const OPTIONS = [
  ...["depthMultiplier", "stride", "padding", "dilation", "kernelConstraint"],
  ...[...FILTER_OPTIONS, ...LAYER_OPTIONS],
];

/**
 * Convolution of each channel by itself, with `depthMultiplier` m filters of its own: `Conv2D` with m channels filters in as many groups as channels.
 *
 * Shapes: x [n, channels, height, width] to [n, channels m, outHeight, outWidth], those of channel c at c m and following; out as of `Conv2D`.
 * Parameters: weights [channels m, 1, kernelHeight, kernelWidth] and bias [channels m]. Initialisation as `Dense`, with the window as fan-in
 * and m times it as fan-out; the bias is 0.
 * @throws RangeError for sizes that are not whole numbers from 1 on, or a window that is larger than the padded input; TypeError for an
 * unknown activation.
 * @example
 * ```ts
 * const model = new Sequential([new DepthwiseConv2D(3, { depthMultiplier: 2 })], { inputShape: [4, 8, 8] });
 * model.outputShape; // [8, 6, 6]
 * model.parameterCount; // 80
 * ```
 */
export class DepthwiseConv2D extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "depthwiseConv2d";
  readonly activation: ActivationName;
  readonly kernelSize: readonly [number, number];
  readonly depthMultiplier: number;
  readonly stride: readonly [number, number];
  readonly padding: Padding<readonly [number, number]>;
  readonly dilation: readonly [number, number];
  private readonly after: AfterSum;
  private weights: Parameter | undefined;
  private bias: Parameter | undefined;

  constructor(
    kernelSize: Pair,
    private readonly options: DepthwiseConv2DOptions = {},
  ) {
    super(options);
    const owner = "DepthwiseConv2D";
    knownOptions(owner, options, OPTIONS);
    checkFilterOptions(owner, options);
    this.kernelSize = pair(owner, "kernelSize", kernelSize, 1);
    this.depthMultiplier = whole(owner, "depthMultiplier", options.depthMultiplier ?? 1, 1);
    this.stride = pair(owner, "stride", options.stride ?? 1, 1);
    this.padding = paddingPair(owner, options.padding ?? "valid");
    this.dilation = pair(owner, "dilation", options.dilation ?? 1, 1);
    this.activation = options.activation ?? "linear";
    this.after = afterSum(this.activation, 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const { depthMultiplier, kernelSize, stride, dilation, padding, options } = this;
    const filters = fixedLength(this.name, inputShape, 0, "channels") * depthMultiplier;
    const size = inputShape.slice(1).map((length, axis) => {
      const own = typeof padding === "string" ? padding : padding[axis];
      return lengthAfter(this.name, length, kernelSize[axis], stride[axis], dilation[axis], own);
    });
    const window = kernelSize[0] * kernelSize[1];
    this.weights = this.declare("weights", [filters, 1, ...kernelSize], {
      initialiser: options.weights ?? initialiserFor(this.activation),
      decay: true,
      fans: { fanIn: window, fanOut: depthMultiplier * window },
      penalty: options.kernelPenalty,
      constraint: options.kernelConstraint,
    });
    if (options.bias !== null) {
      this.bias = this.declare("bias", [filters], {
        ...{ initialiser: options.bias ?? "zeros", decay: false, fans: { fanIn: 1, fanOut: filters } },
      });
    }
    return [filters, ...size];
  }

  call(x: Tensor): Tensor {
    const y = this.sums(x, this.after.fused);
    return this.after.rest === null ? y : this.after.rest(y);
  }

  /** Without the activation; where that is softmax, over the filters, it belongs to the layer. */
  override logits(x: Tensor): Tensor {
    return this.activation === "softmax" ? this.call(x) : this.sums(x, "none");
  }

  private sums(x: Tensor, activation: AfterSum["fused"]): Tensor {
    const { weights, bias, stride, padding, dilation, depthMultiplier } = this;
    if (weights === undefined) throw new Error("DepthwiseConv2D: the layer is not built; put it in a model");
    const groups = weights.shape[0] / depthMultiplier;
    return conv2d(x, weights.tensor, bias?.tensor ?? null, { stride, padding, dilation, groups, activation });
  }

  override get outputActivation(): ActivationName | undefined {
    return this.activation === "softmax" ? undefined : this.activation;
  }

  config(): LayerConfig {
    const { kernelSize, depthMultiplier, stride, padding, dilation } = this;
    return {
      ...{ type: this.type, kernelSize: asSetting(kernelSize), depthMultiplier, stride: asSetting(stride) },
      ...{ padding: asSetting(padding), dilation: asSetting(dilation) },
      ...filterConfig(this.activation, this.options),
    };
  }
}

export const depthwiseConv2dKind: LayerKind = {
  type: "depthwiseConv2d",
  settings: {
    ...{ kernelSize: pairFrom(1), depthMultiplier: optional(is.count), stride: optional(pairFrom(1)) },
    ...{
      padding: optional(paddingSetting),
      dilation: optional(pairFrom(1)),
      kernelConstraint: optional(is.constraint),
    },
    ...FILTER_SETTINGS,
  },
  make({ type: _, kernelSize, ...settings }) {
    return new DepthwiseConv2D(kernelSize as Pair, filterOptionsOf(settings) as DepthwiseConv2DOptions);
  },
};
