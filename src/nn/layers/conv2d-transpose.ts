// Transposed convolution of images: the way back up.
import { knownOptions, whole } from "../../engine/checks.ts";
import { convTranspose2d, transposeAlong } from "../../ops/convolution.ts";
import { type Padding, type Pair, paddingPair, pair } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ActivationName } from "../activations.ts";
import { LAYER_OPTIONS, type LayerConfig } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, checkRank, formatOpen, type OpenShape } from "../shapes.ts";
import {
  type AfterSum,
  afterSum,
  asSetting,
  channelsOf,
  checkFilterOptions,
  FILTER_OPTIONS,
  FILTER_SETTINGS,
  type FilterOptions,
  filterConfig,
  filterOptionsOf,
  paddingSetting,
  pairFrom,
} from "./convolution-options.ts";
import { initialiserFor } from "./dense.ts";

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

const OPTIONS = [
  ...["stride", "padding", "outputPadding", "dilation", "groups"],
  ...[...FILTER_OPTIONS, ...LAYER_OPTIONS],
];

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
export class Conv2DTranspose extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "conv2dTranspose";
  readonly activation: ActivationName;
  readonly kernelSize: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: Padding<readonly [number, number]>;
  readonly outputPadding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
  private readonly after: AfterSum;
  private weights: Parameter | undefined;
  private bias: Parameter | undefined;

  constructor(
    readonly filters: number,
    kernelSize: Pair,
    private readonly options: Conv2DTransposeOptions = {},
  ) {
    super(options);
    const owner = "Conv2DTranspose";
    knownOptions(owner, options, OPTIONS);
    checkFilterOptions(owner, options);
    whole(owner, "filters", filters, 1);
    this.kernelSize = pair(owner, "kernelSize", kernelSize, 1);
    this.stride = pair(owner, "stride", options.stride ?? 1, 1);
    this.padding = paddingPair(owner, options.padding ?? "valid");
    this.outputPadding = pair(owner, "outputPadding", options.outputPadding ?? 0, 0);
    this.dilation = pair(owner, "dilation", options.dilation ?? 1, 1);
    this.groups = whole(owner, "groups", options.groups ?? 1, 1);
    this.activation = options.activation ?? "linear";
    this.after = afterSum(this.activation, 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const { filters, groups, kernelSize, stride, options } = this;
    const channels = channelsOf(this.name, inputShape, groups, filters);
    const size = inputShape.slice(1).map((length, axis) => this.lengthOf(length, axis, inputShape));
    const window = kernelSize[0] * kernelSize[1];
    const meeting = Math.max(1, window / (stride[0] * stride[1]));
    this.weights = this.declare("weights", [channels, filters / groups, ...kernelSize], {
      initialiser: options.weights ?? initialiserFor(this.activation),
      decay: true,
      fans: { fanIn: (channels / groups) * meeting, fanOut: (filters / groups) * window },
      penalty: options.kernelPenalty,
    });
    if (options.bias !== null) {
      this.bias = this.declare("bias", [filters], {
        ...{ initialiser: options.bias ?? "zeros", decay: false, fans: { fanIn: 1, fanOut: filters } },
      });
    }
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

  call(x: Tensor): Tensor {
    const y = this.sums(x, this.after.fused);
    return this.after.rest === null ? y : this.after.rest(y);
  }

  /** Without the activation; where that is softmax, over the filters, it belongs to the layer. */
  override logits(x: Tensor): Tensor {
    return this.activation === "softmax" ? this.call(x) : this.sums(x, "none");
  }

  private sums(x: Tensor, activation: AfterSum["fused"]): Tensor {
    const { weights, bias, stride, padding, outputPadding, dilation, groups } = this;
    if (weights === undefined) throw new Error("Conv2DTranspose: the layer is not built; put it in a model");
    const options = { stride, padding, outputPadding, dilation, groups, activation };
    return convTranspose2d(x, weights.tensor, bias?.tensor ?? null, options);
  }

  override get outputActivation(): ActivationName | undefined {
    return this.activation === "softmax" ? undefined : this.activation;
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
