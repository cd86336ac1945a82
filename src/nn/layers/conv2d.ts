// Convolution of images.
import { whole } from "../../engine/checks.ts";
import { conv2d } from "../../ops/convolution.ts";
import { type Padding, type Pair, paddingPair, pair } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LayerConfig } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";
import {
  type AfterSum,
  asSetting,
  channelsOf,
  FILTER_SETTINGS,
  type FilterOptions,
  filterConfig,
  filterOptionsOf,
  lengthAfter,
  paddingSetting,
  pairFrom,
} from "./convolution-options.ts";
import { FilterLayer, type Filters } from "./filter-layer.ts";

/** How a two-dimensional convolution is laid, and what it takes beside. */
export interface Conv2DOptions extends FilterOptions {
  /** Steps between neighbouring outputs, a number or [down, across]; default 1. */
  stride?: Pair;
  /**
   * Rows and columns of zeros on each side, a number or [above and below, left and right]; "valid" for none, or "same" for as many as make
   * the output input / stride long, rounded up. Default "valid".
   */
  padding?: Padding<Pair>;
  /** Steps between neighbouring taps of a filter; default 1. */
  dilation?: Pair;
  /** Groups that channels and filters fall into, each filter seeing the channels of its own; default 1. */
  groups?: number;
  /** What each filter is brought back to after every step. */
  kernelConstraint?: Constraint;
}

const OPTIONS = ["stride", "padding", "dilation", "groups", "kernelConstraint"];

/**
 * Convolution of images with learnt filters (cross-correlation, as everywhere in the field):
 * y[n, f, i, j] = g(b[f] + sum over c, k, l of w[f, c, k, l] x[n, c, i s - p + k d, j s - p + l d]).
 *
 * Shapes: x [n, channels, height, width] to [n, filters, outHeight, outWidth], out = floor((in + 2 p - d (kernel - 1) - 1) / s) + 1; height and
 * width may be open. Parameters: weights [filters, channels / groups, kernelHeight, kernelWidth] and bias [filters], filters (channels / groups
 * kernelHeight kernelWidth + 1) numbers. Initialisation as `Dense`, with fan-in channels / groups times the window, fan-out filters /
 * groups times it; the bias is 0.
 * @throws RangeError for sizes that are not whole numbers from 1 on, groups that divide not both channels and filters, or a window that is
 * larger than the padded input; TypeError for an unknown activation.
 * @example
 * ```ts
 * const model = new Sequential([new Conv2D(32, 3, { padding: "same", activation: "relu" })], { inputShape: [3, 8, 8] });
 * model.outputShape; // [32, 8, 8]
 * model.parameterCount; // 896
 * const layer = new Conv2D(1, [1, 2], { weights: "ones", stride: 2 });
 * new Sequential([layer], { inputShape: [1, 1, 4] }).call(tensor([[[[1, 2, 3, 4]]]])).toArray(); // [[[[3, 7]]]]
 * ```
 */
export class Conv2D extends FilterLayer<Conv2DOptions> {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "conv2d";
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: Padding<readonly [number, number]>;
  readonly dilation: readonly [number, number];
  readonly groups: number;

  constructor(
    readonly filters: number,
    kernelSize: Pair,
    options: Conv2DOptions = {},
  ) {
    const owner = "Conv2D";
    super(owner, OPTIONS, options);
    whole(owner, "filters", filters, 1);
    this.kernelSize = pair(owner, "kernelSize", kernelSize, 1);
    this.stride = pair(owner, "stride", options.stride ?? 1, 1);
    this.padding = paddingPair(owner, options.padding ?? "valid");
    this.dilation = pair(owner, "dilation", options.dilation ?? 1, 1);
    this.groups = whole(owner, "groups", options.groups ?? 1, 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const { filters, groups, kernelSize, stride, dilation, padding } = this;
    const channels = channelsOf(this.name, inputShape, groups, filters);
    const size = inputShape.slice(1).map((length, axis) => {
      const own = typeof padding === "string" ? padding : padding[axis];
      return lengthAfter(this.name, length, kernelSize[axis], stride[axis], dilation[axis], own);
    });
    const window = kernelSize[0] * kernelSize[1];
    this.declareFilters(filters, [filters, channels / groups, ...kernelSize], {
      fanIn: (channels / groups) * window,
      fanOut: (filters / groups) * window,
    });
    return [filters, ...size];
  }

  protected sums(x: Tensor, activation: AfterSum["fused"], { weights, bias }: Filters): Tensor {
    const { stride, padding, dilation, groups } = this;
    return conv2d(x, weights, bias, { stride, padding, dilation, groups, activation });
  }

  config(): LayerConfig {
    const { stride, padding, dilation } = this;
    return {
      ...{ type: this.type, filters: this.filters, kernelSize: asSetting(this.kernelSize), stride: asSetting(stride) },
      ...{ padding: asSetting(padding), dilation: asSetting(dilation), groups: this.groups },
      ...filterConfig(this.activation, this.options),
    };
  }
}

export const conv2dKind: LayerKind = {
  type: "conv2d",
  settings: {
    ...{ filters: is.count, kernelSize: pairFrom(1), stride: optional(pairFrom(1)), padding: optional(paddingSetting) },
    ...{ dilation: optional(pairFrom(1)), groups: optional(is.count), kernelConstraint: optional(is.constraint) },
    ...FILTER_SETTINGS,
  },
  make({ type: _, filters, kernelSize, ...settings }) {
    return new Conv2D(filters as number, kernelSize as Pair, filterOptionsOf(settings) as Conv2DOptions);
  },
};
