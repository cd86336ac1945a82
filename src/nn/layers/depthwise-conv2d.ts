// Convolution channel by channel.
import { whole } from "../../engine/checks.ts";
import { conv2d } from "../../ops/convolution.ts";
import { type Padding, type Pair, paddingPair, pair } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LayerConfig } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";
import {
  type AfterSum,
  asSetting,
  FILTER_SETTINGS,
  type FilterOptions,
  filterConfig,
  filterOptionsOf,
  lengthAfter,
  paddingSetting,
  pairFrom,
} from "./convolution-options.ts";
import { FilterLayer, type Filters } from "./filter-layer.ts";

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

const OPTIONS = ["depthMultiplier", "stride", "padding", "dilation", "kernelConstraint"];

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
export class DepthwiseConv2D extends FilterLayer<DepthwiseConv2DOptions> {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "depthwiseConv2d";
  readonly kernelSize: readonly [number, number];
  readonly depthMultiplier: number;
  readonly stride: readonly [number, number];
  readonly padding: Padding<readonly [number, number]>;
  readonly dilation: readonly [number, number];

  constructor(kernelSize: Pair, options: DepthwiseConv2DOptions = {}) {
    const owner = "DepthwiseConv2D";
    super(owner, OPTIONS, options);
    this.kernelSize = pair(owner, "kernelSize", kernelSize, 1);
    this.depthMultiplier = whole(owner, "depthMultiplier", options.depthMultiplier ?? 1, 1);
    this.stride = pair(owner, "stride", options.stride ?? 1, 1);
    this.padding = paddingPair(owner, options.padding ?? "valid");
    this.dilation = pair(owner, "dilation", options.dilation ?? 1, 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const { depthMultiplier, kernelSize, stride, dilation, padding } = this;
    const filters = fixedLength(this.name, inputShape, 0, "channels") * depthMultiplier;
    const size = inputShape.slice(1).map((length, axis) => {
      const own = typeof padding === "string" ? padding : padding[axis];
      return lengthAfter(this.name, length, kernelSize[axis], stride[axis], dilation[axis], own);
    });
    const window = kernelSize[0] * kernelSize[1];
    this.declareFilters(filters, [filters, 1, ...kernelSize], { fanIn: window, fanOut: depthMultiplier * window });
    return [filters, ...size];
  }

  protected sums(x: Tensor, activation: AfterSum["fused"], { weights, bias }: Filters): Tensor {
    const { stride, padding, dilation, depthMultiplier } = this;
    const groups = weights.shape[0] / depthMultiplier;
    return conv2d(x, weights, bias, { stride, padding, dilation, groups, activation });
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
