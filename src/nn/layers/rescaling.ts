// Inputs brought to the range that a network has learnt with.
import { finite, knownOptions } from "../../engine/checks.ts";
import { add, mul } from "../../ops/arithmetic.ts";
import { checkTensor } from "../../tensor/check.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, type OpenShape } from "../shapes.ts";

/** What rescaling takes beside the factor. */
export interface RescalingOptions extends LayerOptions {
  /** Added after the factor; default 0. */
  offset?: number;
}

/**
 * y = scale x + offset, element by element: [n, ...] to the same. No parameters. It makes a network take what it is given, such as pixels of 0 to 255.
 * @throws RangeError for what is no finite number.
 * @example
 * ```ts
 * const model = new Sequential([new Rescaling(1 / 127.5, { offset: -1 })], { inputShape: [2] });
 * model.call(tensor([[0, 255]])).toArray(); // [[-1, 1]]
 * ```
 */
export class Rescaling extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "rescaling";
  readonly offset: number;

  constructor(
    readonly scale: number,
    options: RescalingOptions = {},
  ) {
    super(options);
    knownOptions("Rescaling", options, ["offset", ...LAYER_OPTIONS]);
    finite("Rescaling", "scale", scale);
    this.offset = finite("Rescaling", "offset", options.offset ?? 0);
  }

  build(inputShape: OpenShape): OpenShape {
    return checkOpenShape(this.name, inputShape);
  }

  call(x: Tensor): Tensor {
    checkTensor(this.name, x);
    const y = mul(x, this.scale);
    return this.offset === 0 ? y : add(y, this.offset);
  }

  config(): LayerConfig {
    return { type: this.type, scale: this.scale, offset: this.offset };
  }
}

export const rescalingKind: LayerKind = {
  type: "rescaling",
  settings: { scale: is.finite, offset: optional(is.finite) },
  make: ({ type: _, scale, ...options }) => new Rescaling(scale as number, options as RescalingOptions),
};
