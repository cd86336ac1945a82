// Dropout of whole channels (Tompson et al. 2015): neighbouring pixels say the same, so dropping them one by one would hide little.
import { knownOptions, share } from "../../engine/checks.ts";
import { mul } from "../../ops/arithmetic.ts";
import { checkTensor } from "../../tensor/check.ts";
import { random } from "../../tensor/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { checkContext, Layer } from "../layer.ts";
import { is, type LayerKind } from "../layer-kind.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";

/** Layers that drop whole channels. */
abstract class SpatialDropout extends Layer {
  /** Axes of a batch along which all is kept or all dropped. */
  protected abstract readonly together: readonly number[];
  /** Axes of an input. */
  protected abstract readonly layout: string;

  constructor(
    readonly rate: number,
    options: LayerOptions = {},
  ) {
    super(options);
    const owner = this.constructor.name;
    knownOptions(owner, options, LAYER_OPTIONS);
    share(owner, "rate", rate);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), this.together.length + 1, this.layout);
    return inputShape;
  }

  call(x: Tensor, context: CallContext): Tensor {
    checkTensor(this.constructor.name, x);
    const { training, generator } = checkContext(this.constructor.name, context);
    if (!training || this.rate === 0) return x;
    const kept = 1 - this.rate;
    const shape = x.shape.map((length, axis) => (this.together.includes(axis) ? 1 : length));
    return mul(x, random.bernoulli(shape, kept, { dtype: x.dtype, generator, value: 1 / kept }));
  }

  config(): LayerConfig {
    return { type: this.type, rate: this.rate };
  }
}

/**
 * Sets whole channels of an image to 0 with probability `rate` while training, divides the others by 1 - rate, and does nothing otherwise
 * (Tompson et al. 2015). Shapes: [n, channels, height, width] to the same. No parameters.
 * @throws RangeError unless 0 <= rate < 1.
 * @example
 * ```ts
 * const model = new Sequential([new SpatialDropout2D(0.5)], { inputShape: [8, 2, 2] });
 * const y = model.call(ones([1, 8, 2, 2]), { training: true });
 * allclose(y.max([2, 3]), y.min([2, 3])); // true
 * ```
 */
export class SpatialDropout2D extends SpatialDropout {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "spatialDropout2d";
  protected readonly together = [2, 3];
  protected readonly layout = "[channels, height, width]";
}

/**
 * Sets whole features of a sequence to 0, at all its steps, with probability `rate` while training, divides the others by 1 - rate, and does
 * nothing otherwise (Tompson et al. 2015). Shapes: [n, time, features] to the same. No parameters.
 * @throws RangeError unless 0 <= rate < 1.
 * @example
 * ```ts
 * const model = new Sequential([new SpatialDropout1D(0.5)], { inputShape: [5, 8] });
 * const y = model.call(ones([1, 5, 8]), { training: true });
 * allclose(y.max(1), y.min(1)); // true
 * ```
 */
export class SpatialDropout1D extends SpatialDropout {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "spatialDropout1d";
  protected readonly together = [1];
  protected readonly layout = "[time, features]";
}

export const spatialDropout2dKind: LayerKind = {
  type: "spatialDropout2d",
  settings: { rate: is.share },
  make: ({ rate }) => new SpatialDropout2D(rate as number),
};

export const spatialDropout1dKind: LayerKind = {
  type: "spatialDropout1d",
  settings: { rate: is.share },
  make: ({ rate }) => new SpatialDropout1D(rate as number),
};
