// Pooling of images: one number for each window of each channel.
import { flag, knownOptions } from "../../engine/checks.ts";
import { adaptiveAvgPool2d, adaptiveMaxPool2d, avgPool2d, l2Pool2d, maxPool2d } from "../../ops/pooling.ts";
import { type Padding, type Pair, paddingPair, pair, windowsAlong, windowsBeginning } from "../../ops/windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { type Check, is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";
import { asSetting, paddingSetting, pairFrom } from "./convolution-options.ts";

/** How the windows of a pooling layer are laid. */
export interface Pooling2DOptions extends LayerOptions {
  /** Steps between neighbouring windows, a number or [down, across]; default: the window's size, so that they touch and do not overlap. */
  stride?: Pair;
  /**
   * Rows and columns around the image that windows may reach, at most half the window's size; "valid" for none, or "same" for as many as
   * make the output input / stride long, rounded up. Default "valid".
   */
  padding?: Padding<Pair>;
  /** Whether windows that only begin inside the image (or the padding before it) count: out is rounded up. Default false. */
  ceilMode?: boolean;
}

/** What pooling by the largest element takes. */
export interface MaxPooling2DOptions extends Pooling2DOptions {
  /** Steps between neighbouring elements of a window, whose size counts its elements; default 1: they touch. */
  dilation?: Pair;
}

/** What pooling by the mean takes. */
export interface AveragePooling2DOptions extends Pooling2DOptions {
  /** Whether padding counts, as zeros, or the mean is over the image alone; default true, but false for padding "same". */
  countIncludePadding?: boolean;
}

const OPTIONS = ["stride", "padding", "ceilMode", ...LAYER_OPTIONS];

/** Length after windows, or what is wrong with it. */
export function pooledLength(
  owner: string,
  length: number | null,
  size: number,
  stride: number,
  padding: Padding<number>,
  ceilMode: boolean,
  dilation = 1,
): number | null {
  if (length === null) return null;
  const settings = { span: dilation * (size - 1) + 1, stride, padding };
  const { out, total } = ceilMode ? windowsBeginning(length, settings) : windowsAlong(length, settings);
  if (out >= 1 && length > 0) return out;
  throw new RangeError(
    `${owner}: a window that spans ${settings.span} is larger than its input, ${length} long${total > 0 ? ` and ${total} of padding` : ""}; use a smaller one, or padding "same"`,
  );
}

/** Padding is at most half of a window: none lies outside the image. */
export function checkPoolPadding(owner: string, padding: number, size: number): void {
  if (2 * padding <= size) return;
  throw new RangeError(`${owner}: padding ${padding} is more than half of the window's size, ${size}; use less`);
}

/** Layers that pool images. */
abstract class Pooling2D extends Layer {
  readonly size: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: Padding<readonly [number, number]>;
  readonly ceilMode: boolean;

  constructor(size: Pair, options: Pooling2DOptions, own: readonly string[] = []) {
    super(options);
    const owner = this.constructor.name;
    knownOptions(owner, options, [...OPTIONS, ...own]);
    this.size = pair(owner, "size", size, 1);
    this.stride = options.stride === undefined ? this.size : pair(owner, "stride", options.stride, 1);
    const padding = paddingPair(owner, options.padding ?? "valid");
    if (typeof padding !== "string") for (const axis of [0, 1]) checkPoolPadding(owner, padding[axis], this.size[axis]);
    this.padding = padding;
    this.ceilMode = flag(owner, "ceilMode", options.ceilMode ?? false);
  }

  /** Steps between a window's elements. */
  protected get gaps(): readonly [number, number] {
    return [1, 1];
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const { size, stride, padding, ceilMode, gaps } = this;
    const lengths = inputShape.slice(1).map((length, axis) => {
      const own = typeof padding === "string" ? padding : padding[axis];
      return pooledLength(this.name, length, size[axis], stride[axis], own, ceilMode, gaps[axis]);
    });
    return [inputShape[0], ...lengths];
  }

  config(): LayerConfig {
    const { size, stride, padding, ceilMode } = this;
    return {
      ...{ type: this.type, size: asSetting(size), stride: asSetting(stride), padding: asSetting(padding), ceilMode },
    };
  }
}

/**
 * The largest element of each window: [n, channels, height, width] to [n, channels, outHeight, outWidth], out = floor((in + 2 padding - dilation
 * (size - 1) - 1) / stride) + 1, or rounded up; height and width may be open. No parameters. Gradient: to the place of the largest, the first
 * (row by row) of equals.
 * @param size of a window, a number or [height, width]; default 2.
 * @throws RangeError for sizes that are not whole numbers, padding of more than half a window, or windows that are larger than the padded input.
 * @example
 * ```ts
 * const model = new Sequential([new MaxPooling2D()], { inputShape: [1, 2, 4] });
 * model.call(tensor([[[[1, 2, 5, 6], [3, 4, 7, 8]]]])).toArray(); // [[[[4, 8]]]]
 * new Sequential([new MaxPooling2D(3, { stride: 2 })], { inputShape: [96, 55, 55] }).outputShape; // [96, 27, 27]
 * ```
 */
export class MaxPooling2D extends Pooling2D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "maxPooling2d";
  readonly dilation: readonly [number, number];

  constructor(size: Pair = 2, options: MaxPooling2DOptions = {}) {
    super(size, options, ["dilation"]);
    this.dilation = pair("MaxPooling2D", "dilation", options.dilation ?? 1, 1);
  }

  protected override get gaps(): readonly [number, number] {
    return this.dilation;
  }

  call(x: Tensor): Tensor {
    const { stride, padding, ceilMode, dilation } = this;
    return maxPool2d(x, this.size, { stride, padding, ceilMode, dilation });
  }

  override config(): LayerConfig {
    return { ...super.config(), dilation: asSetting(this.dilation) };
  }
}

/**
 * The mean of each window: [n, channels, height, width] to [n, channels, outHeight, outWidth], out = floor((in + 2 padding - size) / stride) + 1, or
 * rounded up; height and width may be open. No parameters.
 * @param size of a window, a number or [height, width]; default 2.
 * @throws RangeError as `MaxPooling2D`.
 * @example
 * ```ts
 * const model = new Sequential([new AveragePooling2D()], { inputShape: [1, 2, 4] });
 * model.call(tensor([[[[1, 2, 5, 6], [3, 4, 7, 8]]]])).toArray(); // [[[[2.5, 6.5]]]]
 * ```
 */
export class AveragePooling2D extends Pooling2D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "averagePooling2d";
  readonly countIncludePadding: boolean;

  constructor(size: Pair = 2, options: AveragePooling2DOptions = {}) {
    super(size, options, ["countIncludePadding"]);
    const counts = options.countIncludePadding ?? this.padding !== "same";
    this.countIncludePadding = flag("AveragePooling2D", "countIncludePadding", counts);
  }

  call(x: Tensor): Tensor {
    const { stride, padding, ceilMode, countIncludePadding } = this;
    return avgPool2d(x, this.size, { stride, padding, ceilMode, countIncludePadding });
  }

  override config(): LayerConfig {
    return { ...super.config(), countIncludePadding: this.countIncludePadding };
  }
}

/**
 * The root of the sum of squares of each window (Nielsen, chapter 6), padding counted as zeros: [n, channels, height, width] to [n, channels,
 * outHeight, outWidth], sizes as `AveragePooling2D`. No parameters. Gradient: dy x / y to every element of a window, 0 where y is 0.
 * @param size of a window, a number or [height, width]; default 2.
 * @throws RangeError as `MaxPooling2D`.
 * @example
 * ```ts
 * new Sequential([new L2Pooling2D()], { inputShape: [1, 2, 2] }).call(tensor([[[[3, 4], [0, 0]]]])).toArray(); // [[[[5]]]]
 * ```
 */
export class L2Pooling2D extends Pooling2D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "l2Pooling2d";

  constructor(size: Pair = 2, options: Pooling2DOptions = {}) {
    super(size, options);
  }

  call(x: Tensor): Tensor {
    const { stride, padding, ceilMode } = this;
    return l2Pool2d(x, this.size, { stride, padding, ceilMode });
  }
}

/** Layers that pool images of any size to one. */
abstract class AdaptivePooling2D extends Layer {
  readonly outputSize: readonly [number, number];

  constructor(outputSize: Pair, options: LayerOptions) {
    super(options);
    const owner = this.constructor.name;
    knownOptions(owner, options, LAYER_OPTIONS);
    this.outputSize = pair(owner, "outputSize", outputSize, 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    return [inputShape[0], ...this.outputSize];
  }

  config(): LayerConfig {
    return { type: this.type, outputSize: asSetting(this.outputSize) };
  }
}

/**
 * The mean of each of outputSize bins: bin i of an axis goes from floor(i in / out) up to ceil((i + 1) in / out), so that images of any size,
 * open or not, give [n, channels, ...outputSize]. No parameters.
 * @throws RangeError for a size that is not a whole number, or two, from 1 on.
 * @example
 * ```ts
 * const model = new Sequential([new AdaptiveAveragePooling2D([1, 2])], { inputShape: [1, null, null] });
 * model.call(tensor([[[[1, 2, 3], [4, 5, 6]]]])).toArray(); // [[[[3, 4]]]]
 * ```
 */
export class AdaptiveAveragePooling2D extends AdaptivePooling2D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "adaptiveAveragePooling2d";

  constructor(outputSize: Pair, options: LayerOptions = {}) {
    super(outputSize, options);
  }

  call(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
}

/**
 * The largest element of each of outputSize bins, those of `AdaptiveAveragePooling2D`: images of any size to [n, channels, ...outputSize]. No
 * parameters.
 * @throws RangeError for a size that is not a whole number, or two, from 1 on.
 * @example
 * ```ts
 * const model = new Sequential([new AdaptiveMaxPooling2D([1, 2])], { inputShape: [1, null, null] });
 * model.call(tensor([[[[1, 2, 3], [4, 5, 6]]]])).toArray(); // [[[[5, 6]]]]
 * ```
 */
export class AdaptiveMaxPooling2D extends AdaptivePooling2D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "adaptiveMaxPooling2d";

  constructor(outputSize: Pair, options: LayerOptions = {}) {
    super(outputSize, options);
  }

  call(x: Tensor): Tensor {
    return adaptiveMaxPool2d(x, this.outputSize);
  }
}

const LAID: Readonly<Record<string, Check>> = {
  ...{ size: optional(pairFrom(1)), stride: optional(pairFrom(1)), padding: optional(paddingSetting) },
  ceilMode: optional(is.flag),
};

export const maxPooling2dKind: LayerKind = {
  type: "maxPooling2d",
  settings: { ...LAID, dilation: optional(pairFrom(1)) },
  make: ({ type: _, size, ...options }) => new MaxPooling2D(size as Pair, options as MaxPooling2DOptions),
};

export const averagePooling2dKind: LayerKind = {
  type: "averagePooling2d",
  settings: { ...LAID, countIncludePadding: optional(is.flag) },
  make: ({ type: _, size, ...options }) => new AveragePooling2D(size as Pair, options as AveragePooling2DOptions),
};

export const l2Pooling2dKind: LayerKind = {
  type: "l2Pooling2d",
  settings: LAID,
  make: ({ type: _, size, ...options }) => new L2Pooling2D(size as Pair, options as Pooling2DOptions),
};

export const adaptiveAveragePooling2dKind: LayerKind = {
  type: "adaptiveAveragePooling2d",
  settings: { outputSize: pairFrom(1) },
  make: ({ outputSize }) => new AdaptiveAveragePooling2D(outputSize as Pair),
};

export const adaptiveMaxPooling2dKind: LayerKind = {
  type: "adaptiveMaxPooling2d",
  settings: { outputSize: pairFrom(1) },
  make: ({ outputSize }) => new AdaptiveMaxPooling2D(outputSize as Pair),
};
