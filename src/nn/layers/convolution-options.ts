// What the layers of convolution have in common: their settings, and how they go on after the sum.
import { whole } from "../../engine/checks.ts";
import type { FusedActivation } from "../../engine/engine.ts";
import { softmax } from "../../ops/softmax.ts";
import { type Padding, type Pair, paddingPair, pair, windowsAlong } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ActivationName, activationByName, fusedActivation } from "../activations.ts";
import type { LayerConfig, LayerOptions } from "../base-layer.ts";
import { type Constraint, checkConstraint } from "../constraints.ts";
import { checkInitialiser, type Initialiser } from "../initialisers.ts";
import { type Check, is, optional } from "../layer-kind.ts";
import { checkPenalty, type Penalty } from "../penalties.ts";
import { fixedLength, type OpenShape } from "../shapes.ts";

/** What layers with filters take beside what they are laid by. */
export interface FilterOptions extends LayerOptions {
  /** Default "linear". "softmax" is over the filters. */
  activation?: ActivationName;
  /** Default: Xavier; He for relu and its relatives, "scaled" for selu. */
  weights?: Initialiser;
  /** Default: zeros; null leaves the bias out. */
  bias?: Initialiser | null;
  /** On the weights, added to the loss. */
  kernelPenalty?: Penalty;
}

/** The names of `FilterOptions` but for those of every layer. */
export const FILTER_OPTIONS = ["activation", "weights", "bias", "kernelPenalty"] as const;

/** Throws for filter options that are wrong. */
export function checkFilterOptions(owner: string, options: FilterOptions & { kernelConstraint?: Constraint }): void {
  if (options.weights !== undefined) checkInitialiser(options.weights);
  if (options.bias !== undefined && options.bias !== null) checkInitialiser(options.bias);
  if (options.kernelPenalty !== undefined) checkPenalty(owner, options.kernelPenalty);
  if (options.kernelConstraint !== undefined) checkConstraint(owner, options.kernelConstraint);
}

/** The settings of filters in a configuration. */
export function filterConfig(
  activation: ActivationName,
  options: FilterOptions & { kernelConstraint?: Constraint },
): Omit<LayerConfig, "type"> {
  const { weights, bias, kernelPenalty, kernelConstraint } = options;
  return {
    ...{ activation, bias: bias !== null },
    ...(typeof weights === "string" && { weights }),
    ...(kernelPenalty && { kernelPenalty }),
    ...(kernelConstraint && { kernelConstraint }),
  };
}

/** What `filterConfig` gives, looked at. */
export const FILTER_SETTINGS: Readonly<Record<string, Check>> = {
  activation: optional(is.activation),
  bias: optional(is.flag),
  weights: optional(is.initialiser),
  kernelPenalty: optional(is.penalty),
};

/** From settings to options: a bias that is not there is null. */
export function filterOptionsOf({ bias, ...options }: Record<string, unknown>): Record<string, unknown> {
  return { ...options, ...(bias === false && { bias: null }) };
}

/** An activation after images [n, channels, height, width]: what a convolution applies in its own pass, and what has to follow. */
export interface AfterSum {
  readonly fused: FusedActivation;
  readonly rest: ((x: Tensor) => Tensor) | null;
}

/** How the activation is applied where channels are on `channelAxis`. */
export function afterSum(activation: ActivationName, channelAxis: number): AfterSum {
  const fused = fusedActivation(activation);
  if (fused !== undefined) return { fused, rest: null };
  const own = activationByName(activation);
  return { fused: "none", rest: activation === "softmax" ? (x) => softmax(x, channelAxis) : own };
}

/** A setting that is a whole number or a pair of them, from `least` on. */
export const pairFrom =
  (least: number): Check =>
  (owner, name, value) =>
    pair(owner, name, value as Pair, least);

/** A padding as images have it. */
export const paddingSetting: Check = (owner, _, value) => paddingPair(owner, value as Padding<Pair>);

/** A number as a setting, a pair as a list of its own. */
export function asSetting(value: Padding<Pair>): Padding<Pair> {
  return typeof value === "object" ? [value[0], value[1]] : value;
}

/** The channels of images, which groups have to divide. */
export function channelsOf(owner: string, inputShape: OpenShape, groups: number, filters: number): number {
  const channels = fixedLength(owner, inputShape, 0, "channels");
  return dividedInto(owner, channels, groups, filters);
}

/** Throws unless the groups divide channels and filters. */
export function dividedInto(owner: string, channels: number, groups: number, filters: number): number {
  whole(owner, "groups", groups, 1);
  for (const [count, what] of [
    [channels, "channels"],
    [filters, "filters"],
  ] as const) {
    if (count % groups !== 0) throw new RangeError(`${owner}: ${count} ${what} can't be divided into ${groups} groups`);
  }
  return channels;
}

/** The length that windows make of an axis's; open where it is. */
export function lengthAfter(
  owner: string,
  length: number | null,
  size: number,
  stride: number,
  dilation: number,
  padding: Padding<number>,
): number | null {
  if (length === null) return null;
  const span = dilation * (size - 1) + 1;
  const { out, total } = windowsAlong(length, { span, stride, padding });
  if (out >= 1 && length > 0) return out;
  throw new RangeError(
    `${owner}: a window that spans ${span} is larger than its input, ${length} long${total > 0 ? ` and ${total} of padding` : ""}; use a smaller one, or padding "same"`,
  );
}
