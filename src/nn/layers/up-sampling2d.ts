// Images made larger.
import { knownOptions, oneOf } from "../../engine/checks.ts";
import { resize } from "../../ops/resize.ts";
import { type Pair, pair } from "../../ops/windows.ts";
import { checkTensor } from "../../tensor/check.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { among, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, checkRank, type OpenShape } from "../shapes.ts";
import { asSetting, pairFrom } from "./convolution-options.ts";

const METHODS = ["nearest", "bilinear"] as const;

/** What up-sampling takes beside its factors. */
export interface UpSampling2DOptions extends LayerOptions {
  /** "nearest" (default): every pixel is repeated; "bilinear": interpolated between pixels' centres, as `resize` does. */
  method?: "nearest" | "bilinear";
}

/**
 * Images made larger by whole factors: [n, channels, height, width] to [n, channels, f height, g width]; height and width may be open. No parameters.
 * @param size the factors, a number or [down, across]; default 2.
 * @throws RangeError for factors that are not whole numbers from 1 on; TypeError for another method.
 * @example
 * ```ts
 * const model = new Sequential([new UpSampling2D([1, 2])], { inputShape: [1, 1, 2] });
 * model.call(tensor([[[[0, 4]]]])).toArray(); // [[[[0, 0, 4, 4]]]]
 * new Sequential([new UpSampling2D([1, 2], { method: "bilinear" })], { inputShape: [1, 1, 2] }).call(tensor([[[[0, 4]]]])).toArray(); // [[[[0, 1, 3, 4]]]]
 * ```
 */
export class UpSampling2D extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "upSampling2d";
  readonly size: readonly [number, number];
  readonly method: "nearest" | "bilinear";

  constructor(size: Pair = 2, options: UpSampling2DOptions = {}) {
    super(options);
    knownOptions("UpSampling2D", options, ["method", ...LAYER_OPTIONS]);
    this.size = pair("UpSampling2D", "size", size, 1);
    this.method = oneOf("UpSampling2D", "method", options.method ?? "nearest", METHODS);
  }

  build(inputShape: OpenShape): OpenShape {
    checkRank(this.name, checkOpenShape(this.name, inputShape), 3, "[channels, height, width]");
    const [channels, ...size] = inputShape;
    return checkOpenShape(this.name, [
      channels,
      ...size.map((length, axis) => (length === null ? null : length * this.size[axis])),
    ]);
  }

  call(x: Tensor): Tensor {
    checkTensor("UpSampling2D", x);
    if (x.rank !== 4) {
      throw new RangeError(`UpSampling2D: x must be [n, channels, height, width], got ${formatShape(x.shape)}`);
    }
    const [down, across] = this.size;
    return resize(x, [x.shape[2]! * down, x.shape[3]! * across], { method: this.method });
  }

  config(): LayerConfig {
    return { type: this.type, size: asSetting(this.size), method: this.method };
  }
}

export const upSampling2dKind: LayerKind = {
  type: "upSampling2d",
  settings: { size: optional(pairFrom(1)), method: optional(among(...METHODS)) },
  make: ({ type: _, size, ...options }) => new UpSampling2D(size as Pair | undefined, options as UpSampling2DOptions),
};
