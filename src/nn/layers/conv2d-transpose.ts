// Transposed convolution of images: the way back up.
import { whole } from "../../engine/checks.ts";
import { convTranspose2d, transposeAlong } from "../../ops/convolution.ts";
import { type Padding, type Pair, paddingPair, pair } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { LayerConfig } from "../base-layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, checkRank, formatOpen, type OpenShape } from "../shapes.ts";
import {
  type AfterSum,
  asSetting,
  channelsOf,
  FILTER_SETTINGS,
  type FilterOptions,
  filterConfig,
  filterOptionsOf,
  paddingSetting,
  pairFrom,
} from "./convolution-options.ts";
import { FilterLayer, type Filters } from "./filter-layer.ts";

/** How a transposed convolution is laid, and what it takes beside. */
export interface Conv2DTransposeOptions extends FilterOptions {
  /** Steps between neighbouring inputs in the output, a number or [down, across]; default 1. */
  stride?: Pair;
  /** Rows and columns cut off the output on each side; "valid" for none, or "same" for as many as leave it input stride long. Default "valid". */
  padding?: Padding<Pair>;
  /** Rows and columns added below and at the right; less than the stride or the dilation, and not with padding "same". Default 0. */
  outputPadding?: Pair;
  /** Steps between neighbouring taps of a filter; default 1. */
  dilation?: Pair;
  /** Groups that channels and filters fall into; default 1. */
  groups?: number;
}

const OPTIONS = ["stride", "padding", "outputPadding", "dilation", "groups"];

/**
 * Transposed convolution: every pixel spreads its filter over the output, the adjoint of `Conv2D` with the same settings.
 * y[n, o, i s - p + k d, j s - p + l d] = g(b[o] + the sum of w[c, o, k, l] x[n, c, i, j] over all that meet there).
 *
 * Shapes: x [n, channels, height, width] to [n, filters, outHeight, outWidth], out = (in - 1) s - 2 p + d (kernel - 1) + outputPadding + 1, or
 * in s for padding "same"; height and width may be open. Parameters: weights [channels, filters / groups, kernelHeight, kernelWidth] and bias
 * [filters]. Initialisation as `Dense`, with the pixels that meet in one of the output as fan-in, channels / groups times the window /
 * strides, and filters / groups times the window as fan-out; the bias is 0.
 * @throws RangeError for sizes that are not whole numbers from 1 on, groups that divide not both channels and filters, or nothing left of
 * the output; TypeError for an unknown activation.
 * @example
 * ```ts
 * const layer = new Conv2DTranspose(8, 2, { stride: 2, activation: "relu" });
 * const model = new Sequential([layer], { inputShape: [16, 7, 7] });
 * model.outputShape; // [8, 14, 14]
 * model.parameterCount; // 520
 * ```
 */
export class Conv2DTranspose extends FilterLayer<Conv2DTransposeOptions> {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "conv2dTranspose";
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: Padding<readonly [number, number]>;
  readonly outputPadding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;

  constructor(
    readonly filters: number,
    kernelSize: Pair,
    options: Conv2DTransposeOptions = {},
  ) {
    const owner = "Conv2DTranspose";
    super(owner, OPTIONS, options);
    whole(owner, "filters", filters, 1);
    this.kernelSize = pair(owner, "kernelSize", kernelSize, 1);
    this.stride = pair(owner, "stride", options.stride ?? 1, 1);
    this.padding = paddingPair(owner, options.padding ?? "valid");
    this.outputPadding = pair(owner, "outputPadding", options.outputPadding ?? 0, 0);
    this.dilation = pair(owner, "dilation", options.dilation ?? 1, 1);
    this.groups = whole(owner, "groups", options.groups ?? 1, 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const { filters, groups, kernelSize, stride } = this;
    const channels = channelsOf(this.name, inputShape, groups, filters);
    const size = inputShape.slice(1).map((length, axis) => this.lengthOf(length, axis, inputShape));
    const window = kernelSize[0] * kernelSize[1];
    const meeting = Math.max(1, window / (stride[0] * stride[1]));
    this.declareFilters(filters, [channels, filters / groups, ...kernelSize], {
      fanIn: (channels / groups) * meeting,
      fanOut: (filters / groups) * window,
    });
    return [filters, ...size];
  }

  private lengthOf(length: number | null, axis: number, inputShape: OpenShape): number | null {
    if (length === null) return null;
    const { kernelSize, stride, dilation, outputPadding, padding } = this;
    const span = dilation[axis] * (kernelSize[axis] - 1) + 1;
    const own = typeof padding === "string" ? padding : padding[axis];
    const { out } = transposeAlong(this.name, length, span, stride[axis], own, outputPadding[axis]);
    if (out >= 1) return out;
    throw new RangeError(
      `${this.name}: nothing is left of the output of inputs ${formatOpen(inputShape)}; use less padding`,
    );
  }

  protected sums(x: Tensor, activation: AfterSum["fused"], { weights, bias }: Filters): Tensor {
    const { stride, padding, outputPadding, dilation, groups } = this;
    const options = { stride, padding, outputPadding, dilation, groups, activation };
    return convTranspose2d(x, weights, bias, options);
  }

  config(): LayerConfig {
    const { stride, padding, dilation } = this;
    return {
      ...{ type: this.type, filters: this.filters, kernelSize: asSetting(this.kernelSize), stride: asSetting(stride) },
      ...{ padding: asSetting(padding), outputPadding: asSetting(this.outputPadding), dilation: asSetting(dilation) },
      ...{ groups: this.groups, ...filterConfig(this.activation, this.options) },
    };
  }
}

export const conv2dTransposeKind: LayerKind = {
  type: "conv2dTranspose",
  settings: {
    ...{ filters: is.count, kernelSize: pairFrom(1), stride: optional(pairFrom(1)), padding: optional(paddingSetting) },
    ...{ outputPadding: optional(pairFrom(0)), dilation: optional(pairFrom(1)), groups: optional(is.count) },
    ...FILTER_SETTINGS,
  },
  make({ type: _, filters, kernelSize, ...settings }) {
    const options = filterOptionsOf(settings) as Conv2DTransposeOptions;
    return new Conv2DTranspose(filters as number, kernelSize as Pair, options);
  },
};
