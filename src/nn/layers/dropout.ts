// Dropout (Hinton et al. 2012): each unit is left out with some probability while training.

import { knownOptions, oneOf, share } from "../../engine/checks.ts";
import { mul } from "../../ops/arithmetic.ts";
import { checkTensor } from "../../tensor/check.ts";
import { random } from "../../tensor/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { checkContext, Layer } from "../layer.ts";
import { among, is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, type OpenShape } from "../shapes.ts";

/**
 * Sets each element to 0 with probability `rate` while training, and does nothing otherwise (Hinton et al. 2012).
 * Shapes: [n, ...] to the same. No parameters.
 *
 * `scaling` "inverted" (default) divides what is kept by 1 - rate while training; "atTest" keeps it as it is and
 * multiplies by 1 - rate when not training, as the first papers and Nielsen's network3 do. Both have the same
 * expectation.
 * @throws RangeError unless 0 <= rate < 1.
 * @example
 * ```ts
 * const model = new Sequential([new Dropout(0.5)], { inputShape: [2] });
 * model.call(tensor([[3, 4]])).toArray(); // [[3, 4]]
 * model.call(ones([1, 2]), { training: true }).lessEqual(2).toArray(); // [[true, true]]
 * ```
 */
export class Dropout extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "dropout";

  constructor(
    readonly rate: number,
    readonly scaling: "inverted" | "atTest" = "inverted",
    options: LayerOptions = {},
  ) {
    super(options);
    knownOptions("Dropout", options, LAYER_OPTIONS);
    oneOf("Dropout", "scaling", scaling, ["inverted", "atTest"]);
    share("Dropout", "rate", rate);
  }

  build(inputShape: OpenShape): OpenShape {
    return checkOpenShape("Dropout", inputShape);
  }

  call(x: Tensor, context: CallContext): Tensor {
    checkTensor("Dropout", x);
    const { training, generator } = checkContext("Dropout", context);
    if (this.rate === 0) return x;
    const kept = 1 - this.rate;
    if (!training) return this.scaling === "atTest" ? mul(x, kept) : x;
    const value = this.scaling === "inverted" ? 1 / kept : 1;
    return mul(x, random.bernoulli(x.shape, kept, { dtype: x.dtype, generator, value }));
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1;
  }

  config(): LayerConfig {
    return { type: this.type, rate: this.rate, scaling: this.scaling };
  }
}

export const dropoutKind: LayerKind = {
  type: "dropout",
  settings: { rate: is.share, scaling: optional(among("inverted", "atTest")) },
  make: ({ rate, scaling }) => new Dropout(rate as number, scaling as "inverted" | "atTest" | undefined),
};
