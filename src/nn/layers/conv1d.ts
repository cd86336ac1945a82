// Convolution of sequences.
import { whole } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { conv1d } from "../../ops/convolution.ts";
import { pad } from "../../ops/padding.ts";
import { transpose } from "../../ops/views.ts";
import { type Padding, pair } from "../../ops/windows.ts";
import { checkTensor } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ActivationName } from "../activations.ts";
import type { LayerConfig } from "../base-layer.ts";
import type { Constraint } from "../constraints.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, checkRank, fixedLength, type OpenShape } from "../shapes.ts";
import {
  type AfterSum,
  dividedInto,
  FILTER_SETTINGS,
  type FilterOptions,
  filterConfig,
  filterOptionsOf,
  lengthAfter,
} from "./convolution-options.ts";
import { FilterLayer, type Filters } from "./filter-layer.ts";

/** How a convolution over time is laid, and what it takes beside. */
export interface Conv1DOptions extends FilterOptions {
  /** Steps between neighbouring outputs; default 1. */
  stride?: number;
  /**
   * Zeros before and after the sequence: a number; "valid" for none; "same" for as many as make the output input / stride long, rounded up;
   * "causal" for dilation (kernel - 1) before it alone, so that no output sees later steps. Default "valid".
   */
  padding?: Padding<number> | "causal";
  /** Steps between neighbouring taps of a filter; default 1. */
  dilation?: number;
  /** Groups that features and filters fall into, each filter seeing the features of its own; default 1. */
  groups?: number;
  /** What each filter is brought back to after every step. */
  kernelConstraint?: Constraint;
}

const OPTIONS = ["stride", "padding", "dilation", "groups", "kernelConstraint"];

function checkPadding(owner: string, padding: Padding<number> | "causal"): Padding<number> | "causal" {
  if (padding === "same" || padding === "valid" || padding === "causal") return padding;
  if (typeof padding === "number") return pair(owner, "padding", padding, 0)[0];
  throw new TypeError(
    `${owner}: padding must be a whole number from 0 on, "same", "valid" or "causal", got ${quote(padding)}`,
  );
}

/**
 * Convolution over time with learnt filters: y[n, t, f] = g(b[f] + sum over c, k of w[f, c, k] x[n, t s - p + k d, c]).
 *
 * Shapes: x [n, time, features] to [n, outTime, filters], out = floor((in + 2 p - d (kernel - 1) - 1) / s) + 1; the time may be open. Parameters:
 * weights [filters, features / groups, kernel] and bias [filters], filters (features / groups kernel + 1) numbers. Initialisation as `Conv2D`.
 * The result is a view of [n, filters, outTime], which the next convolution over time takes as it is.
 * @throws RangeError for sizes that are not whole numbers from 1 on, groups that divide not both features and filters, or a window that is
 * longer than the padded sequence; TypeError for an unknown activation.
 * @example
 * ```ts
 * const layer = new Conv1D(1, 2, { weights: "ones", padding: "causal" });
 * const model = new Sequential([layer], { inputShape: [null, 1] });
 * model.call(tensor([[[1], [2], [3]]])).toArray(); // [[[1], [3], [5]]]
 * new Sequential([new Conv1D(16, 3, { stride: 2 })], { inputShape: [10, 4] }).outputShape; // [4, 16]
 * ```
 */
export class Conv1D extends FilterLayer<Conv1DOptions> {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "conv1d";
  readonly stride: number;
  readonly padding: Padding<number> | "causal";
  readonly dilation: number;
  readonly groups: number;

  constructor(
    readonly filters: number,
    readonly kernelSize: number,
    options: Conv1DOptions = {},
  ) {
    const owner = "Conv1D";
    super(owner, OPTIONS, options);
    whole(owner, "filters", filters, 1);
    whole(owner, "kernelSize", kernelSize, 1);
    this.stride = whole(owner, "stride", options.stride ?? 1, 1);
    this.padding = checkPadding(owner, options.padding ?? "valid");
    this.dilation = whole(owner, "dilation", options.dilation ?? 1, 1);
    this.groups = whole(owner, "groups", options.groups ?? 1, 1);
  }

  /** Zeros before the sequence where they are not on both sides. */
  private get lead(): number {
    return this.padding === "causal" ? this.dilation * (this.kernelSize - 1) : 0;
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 2, "[time, features]");
    const { filters, groups, kernelSize, padding } = this;
    const features = fixedLength(this.name, inputShape, 1, "features");
    dividedInto(this.name, features, groups, filters);
    const [time] = inputShape;
    const own = padding === "causal" ? 0 : padding;
    const length = time === null ? null : time + this.lead;
    const out = lengthAfter(this.name, length, kernelSize, this.stride, this.dilation, own);
    this.declareFilters(filters, [filters, features / groups, kernelSize], {
      fanIn: (features / groups) * kernelSize,
      fanOut: (filters / groups) * kernelSize,
    });
    return [out, filters];
  }

  override call(x: Tensor): Tensor {
    return transpose(super.call(x), [0, 2, 1]);
  }

  override logits(x: Tensor): Tensor {
    return transpose(this.filtered(x, "none"), [0, 2, 1]);
  }

  /** [n, filters, outTime] */
  protected sums(x: Tensor, activation: AfterSum["fused"], { weights, bias }: Filters): Tensor {
    const { stride, dilation, groups, padding, lead } = this;
    checkTensor("Conv1D", x);
    if (x.rank !== 3) throw new RangeError(`Conv1D: x must be [n, time, features], got ${x.rank} axes`);
    const byFeature = transpose(x, [0, 2, 1]);
    const input =
      lead > 0
        ? pad(byFeature, [
            [0, 0],
            [0, 0],
            [lead, 0],
          ])
        : byFeature;
    const options = {
      stride,
      padding: padding === "causal" ? ("valid" as const) : padding,
      dilation,
      groups,
      activation,
    };
    return conv1d(input, weights, bias, options);
  }

  override get outputActivation(): ActivationName {
    return this.activation;
  }

  config(): LayerConfig {
    const { filters, kernelSize, stride, padding, dilation, groups } = this;
    return {
      ...{ type: this.type, filters, kernelSize, stride, padding, dilation, groups },
      ...filterConfig(this.activation, this.options),
    };
  }
}

export const conv1dKind: LayerKind = {
  type: "conv1d",
  settings: {
    ...{ filters: is.count, kernelSize: is.count, stride: optional(is.count), dilation: optional(is.count) },
    padding: optional((owner, _, value) => checkPadding(owner, value as number)),
    ...{ groups: optional(is.count), kernelConstraint: optional(is.constraint) },
    ...FILTER_SETTINGS,
  },
  make({ type: _, filters, kernelSize, ...settings }) {
    return new Conv1D(filters as number, kernelSize as number, filterOptionsOf(settings) as Conv1DOptions);
  },
};
