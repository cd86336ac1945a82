// Pooling of whole images and whole sequences: one number a channel.
import { flag, knownOptions } from "../../engine/checks.ts";
import { div } from "../../ops/arithmetic.ts";
import { sum } from "../../ops/broadcast.ts";
import { cast } from "../../ops/cast.ts";
import { maximum, where } from "../../ops/choice.ts";
import { globalAvgPool2d, globalMaxPool2d } from "../../ops/pooling.ts";
import { any, max, mean } from "../../ops/reduce.ts";
import { expandDims, reshape } from "../../ops/views.ts";
import { checkTensor } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";

/** What pooling of everything takes. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Whether the axes that are pooled stay, with length 1; default false. */
  keepDims?: boolean;
}

/** Layers that pool all there is of a channel. */
abstract class GlobalPooling extends Layer {
  readonly keepDims: boolean;

  constructor(options: GlobalPoolingOptions = {}) {
    super(options);
    const owner = this.constructor.name;
    knownOptions(owner, options, ["keepDims", ...LAYER_OPTIONS]);
    this.keepDims = flag(owner, "keepDims", options.keepDims ?? false);
  }

  config(): LayerConfig {
    return { type: this.type, keepDims: this.keepDims };
  }
}

/** Of images. */
abstract class GlobalPooling2D extends GlobalPooling {
  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    return this.keepDims ? [inputShape[0], 1, 1] : [inputShape[0]];
  }

  call(x: Tensor): Tensor {
    const y = this.pool(x);
    return this.keepDims ? reshape(y, [...y.shape, 1, 1]) : y;
  }

  /** [n, channels] */
  protected abstract pool(x: Tensor): Tensor;
}

/** Of sequences, of which only the steps count that the mask says. */
abstract class GlobalPooling1D extends GlobalPooling {
  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 2, "[time, features]");
    return this.keepDims ? [1, inputShape[1]] : [inputShape[1]];
  }

  call(x: Tensor, context: CallContext): Tensor {
    checkTensor(this.constructor.name, x);
    const mask = context?.masks?.[0] ?? null;
    return this.pool(x, mask === null ? null : expandDims(mask, 2));
  }

  /** [n, features]; the mask is [n, time, 1]. */
  protected abstract pool(x: Tensor, mask: Tensor | null): Tensor;

  override maskOf(): null[] {
    return [null];
  }
}

/**
 * The mean of each channel of images (Lin, Chen & Yan 2014): [n, channels, height, width] to [n, channels]; height and width may be open. No parameters.
 * @throws RangeError for inputs that are no images.
 * @example
 * ```ts
 * const model = new Sequential([new GlobalAveragePooling2D()], { inputShape: [1, 2, 2] });
 * model.call(tensor([[[[1, 2], [3, 4]]]])).toArray(); // [[2.5]]
 * ```
 */
export class GlobalAveragePooling2D extends GlobalPooling2D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "globalAveragePooling2d";

  protected pool(x: Tensor): Tensor {
    return globalAvgPool2d(x);
  }
}

/**
 * The largest element of each channel of images: [n, channels, height, width] to [n, channels]; height and width may be open. No parameters.
 * @throws RangeError for inputs that are no images.
 * @example
 * ```ts
 * const model = new Sequential([new GlobalMaxPooling2D()], { inputShape: [1, 2, 2] });
 * model.call(tensor([[[[1, 2], [3, 4]]]])).toArray(); // [[4]]
 * ```
 */
export class GlobalMaxPooling2D extends GlobalPooling2D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "globalMaxPooling2d";

  protected pool(x: Tensor): Tensor {
    return globalMaxPool2d(x);
  }
}

/**
 * The mean of each feature over time: [n, time, features] to [n, features]; the time may be open. Where there is a mask, the mean is over the
 * steps that count, 0 where none does. No parameters.
 * @throws RangeError for inputs that are no sequences of vectors.
 * @example
 * ```ts
 * const model = new Sequential([new GlobalAveragePooling1D()], { inputShape: [null, 2] });
 * model.call(tensor([[[1, 10], [3, 30]]])).toArray(); // [[2, 20]]
 * ```
 */
export class GlobalAveragePooling1D extends GlobalPooling1D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "globalAveragePooling1d";

  protected pool(x: Tensor, mask: Tensor | null): Tensor {
    if (mask === null) return mean(x, 1, this.keepDims);
    const count = sum(cast(mask, x.dtype), 1, this.keepDims);
    return div(sum(where(mask, x, 0), 1, this.keepDims), maximum(count, 1));
  }
}

/**
 * The largest element of each feature over time: [n, time, features] to [n, features]; the time may be open. Where there is a mask, only the steps
 * that count are looked at, and the result is 0 where none does. No parameters. Gradient: to the largest; equals share it.
 * @throws RangeError for inputs that are no sequences of vectors.
 * @example
 * ```ts
 * const model = new Sequential([new GlobalMaxPooling1D()], { inputShape: [null, 2] });
 * model.call(tensor([[[1, 30], [3, 10]]])).toArray(); // [[3, 30]]
 * ```
 */
export class GlobalMaxPooling1D extends GlobalPooling1D {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "globalMaxPooling1d";

  protected pool(x: Tensor, mask: Tensor | null): Tensor {
    if (mask === null) return max(x, 1, this.keepDims);
    const largest = max(where(mask, x, Number.NEGATIVE_INFINITY), 1, this.keepDims);
    return where(any(mask, 1, this.keepDims), largest, 0);
  }
}

const settings = { keepDims: optional(is.flag) };

export const globalAveragePooling2dKind: LayerKind = {
  ...{ type: "globalAveragePooling2d", settings },
  make: ({ type: _, ...options }) => new GlobalAveragePooling2D(options as GlobalPoolingOptions),
};

export const globalMaxPooling2dKind: LayerKind = {
  ...{ type: "globalMaxPooling2d", settings },
  make: ({ type: _, ...options }) => new GlobalMaxPooling2D(options as GlobalPoolingOptions),
};

export const globalAveragePooling1dKind: LayerKind = {
  ...{ type: "globalAveragePooling1d", settings },
  make: ({ type: _, ...options }) => new GlobalAveragePooling1D(options as GlobalPoolingOptions),
};

export const globalMaxPooling1dKind: LayerKind = {
  ...{ type: "globalMaxPooling1d", settings },
  make: ({ type: _, ...options }) => new GlobalMaxPooling1D(options as GlobalPoolingOptions),
};
