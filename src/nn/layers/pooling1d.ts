// Pooling of sequences over time: one number for each window of each feature. A sequence is an image of one channel, time down and features across,
// so nothing has to be moved.
import { flag, knownOptions, whole } from "../../engine/checks.ts";
import { avgPool2d, maxPool2d } from "../../ops/pooling.ts";
import { reshape } from "../../ops/views.ts";
import { type Padding, type Pair, paddingPair } from "../../ops/windows.ts";
import { checkTensor } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { type Check, is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";
import { checkPoolPadding, pooledLength } from "./pooling2d.ts";

/** How the windows of pooling over time are laid. */
export interface Pooling1DOptions extends LayerOptions {
  /** Steps between neighbouring windows; default: the window's size, so that they touch and do not overlap. */
  stride?: number;
  /**
   * Steps around the sequence that windows may reach, at most half the window's size; "valid" for none, or "same" for as many as make the
   * output input / stride long, rounded up. Default "valid".
   */
  padding?: Padding<number>;
  /** Whether windows that only begin inside the sequence (or the padding before it) count: out is rounded up. Default false. */
  ceilMode?: boolean;
}

/** What pooling over time by the mean takes. */
export interface AveragePooling1DOptions extends Pooling1DOptions {
  /** Whether padding counts, as zeros, or the mean is over the sequence alone; default true, but false for padding "same". */
  countIncludePadding?: boolean;
}

const OPTIONS = ["stride", "padding", "ceilMode", ...LAYER_OPTIONS];

/** Padding over time: one number, or a name. */
const paddingOf = (owner: string, padding: Padding<number>): Padding<number> => {
  const both = paddingPair(owner, padding as Padding<Pair>);
  return typeof both === "string" ? both : whole(owner, "padding", padding as number, 0);
};

/** Layers that pool over time. */
abstract class Pooling1D extends Layer {
  readonly stride: number;
  readonly padding: Padding<number>;
  readonly ceilMode: boolean;

  constructor(
    readonly size: number,
    options: Pooling1DOptions,
    own: readonly string[] = [],
  ) {
    super(options);
    const owner = this.constructor.name;
    knownOptions(owner, options, [...OPTIONS, ...own]);
    whole(owner, "size", size, 1);
    this.stride = whole(owner, "stride", options.stride ?? size, 1);
    this.padding = paddingOf(owner, options.padding ?? "valid");
    if (typeof this.padding === "number") checkPoolPadding(owner, this.padding, size);
    this.ceilMode = flag(owner, "ceilMode", options.ceilMode ?? false);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 2, "[time, features]");
    const { size, stride, padding, ceilMode } = this;
    return [pooledLength(this.name, inputShape[0], size, stride, padding, ceilMode), inputShape[1]];
  }

  call(x: Tensor): Tensor {
    checkTensor(this.constructor.name, x);
    if (x.rank !== 3) {
      throw new RangeError(`${this.constructor.name}: x must be [n, time, features], got ${x.rank} axes`);
    }
    const { size, stride, padding, ceilMode } = this;
    const down = typeof padding === "string" ? padding : ([padding, 0] as const);
    const image = reshape(x, [x.shape[0], 1, x.shape[1], x.shape[2]!]);
    const y = this.pool(image, [size, 1], { stride: [stride, 1], padding: down, ceilMode });
    return reshape(y, [y.shape[0], y.shape[2]!, y.shape[3]!]);
  }

  /** Of an image. */
  protected abstract pool(
    x: Tensor,
    size: Pair,
    options: { stride: Pair; padding: Padding<Pair>; ceilMode: boolean },
  ): Tensor;

  config(): LayerConfig {
    const { size, stride, padding, ceilMode } = this;
    return { type: this.type, size, stride, padding, ceilMode };
  }
}

/**
 * The largest element of each window over time, feature by feature: [n, time, features] to [n, outTime, features], out = floor((in + 2 padding -
 * size) / stride) + 1, or rounded up; the time may be open. No parameters. Gradient: to the place of the largest, the first of equals.
 * @param size of a window in steps; default 2.
 * @throws RangeError for sizes that are not whole numbers, padding of more than half a window, or windows that are longer than the padded sequence.
 * @example
 * ```ts
 * const model = new Sequential([new MaxPooling1D()], { inputShape: [null, 2] });
 * model.call(tensor([[[1, 8], [3, 6], [2, 5], [4, 7]]])).toArray(); // [[[3, 8], [4, 7]]]
 * ```
 */
export class MaxPooling1D extends Pooling1D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "maxPooling1d";

  constructor(size = 2, options: Pooling1DOptions = {}) {
    super(size, options);
  }

  protected pool(x: Tensor, size: Pair, options: { stride: Pair; padding: Padding<Pair>; ceilMode: boolean }): Tensor {
    return maxPool2d(x, size, options);
  }
}

/**
 * The mean of each window over time, feature by feature: [n, time, features] to [n, outTime, features], out = floor((in + 2 padding - size) /
 * stride) + 1, or rounded up; the time may be open. No parameters.
 * @param size of a window in steps; default 2.
 * @throws RangeError as `MaxPooling1D`.
 * @example
 * ```ts
 * const model = new Sequential([new AveragePooling1D()], { inputShape: [null, 2] });
 * model.call(tensor([[[1, 8], [3, 6], [2, 5], [4, 7]]])).toArray(); // [[[2, 7], [3, 6]]]
 * ```
 */
export class AveragePooling1D extends Pooling1D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "averagePooling1d";
  readonly countIncludePadding: boolean;

  constructor(size = 2, options: AveragePooling1DOptions = {}) {
    super(size, options, ["countIncludePadding"]);
    const counts = options.countIncludePadding ?? this.padding !== "same";
    this.countIncludePadding = flag("AveragePooling1D", "countIncludePadding", counts);
  }

  protected pool(x: Tensor, size: Pair, options: { stride: Pair; padding: Padding<Pair>; ceilMode: boolean }): Tensor {
    return avgPool2d(x, size, { ...options, countIncludePadding: this.countIncludePadding });
  }

  override config(): LayerConfig {
    return { ...super.config(), countIncludePadding: this.countIncludePadding };
  }
}

const LAID: Readonly<Record<string, Check>> = {
  ...{ size: optional(is.count), stride: optional(is.count), ceilMode: optional(is.flag) },
  padding: optional((owner, _, value) => paddingOf(owner, value as number)),
};

export const maxPooling1dKind: LayerKind = {
  type: "maxPooling1d",
  settings: LAID,
  make: ({ type: _, size, ...options }) => new MaxPooling1D(size as number, options as Pooling1DOptions),
};

export const averagePooling1dKind: LayerKind = {
  type: "averagePooling1d",
  settings: { ...LAID, countIncludePadding: optional(is.flag) },
  make: ({ type: _, size, ...options }) => new AveragePooling1D(size as number, options as AveragePooling1DOptions),
};
