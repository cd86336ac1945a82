// Noise while training: what is learnt must not depend on the last digit of an input.
import { knownOptions, notNegative } from "../../engine/checks.ts";
import { add } from "../../ops/arithmetic.ts";
import { checkTensor } from "../../tensor/check.ts";
import { random } from "../../tensor/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { checkContext, Layer } from "../layer.ts";
import { is, type LayerKind } from "../layer-kind.ts";
import { checkOpenShape, type OpenShape } from "../shapes.ts";

/**
 * Adds normal noise of mean 0 while training, and does nothing otherwise: y = x + N(0, deviation^2). Shapes: [n, ...] to the same. No parameters.
 * @param deviation its standard deviation, from 0 on.
 * @throws RangeError for a deviation below 0.
 * @example
 * ```ts
 * const model = new Sequential([new GaussianNoise(0.1)], { inputShape: [2] });
 * model.call(tensor([[3, 4]])).toArray(); // [[3, 4]]
 * model.call(tensor([[3, 4]]), { training: true }).sub(tensor([[3, 4]])).abs().max().item() > 0; // true
 * ```
 */
export class GaussianNoise extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "gaussianNoise";

  constructor(
    readonly deviation: number,
    options: LayerOptions = {},
  ) {
    super(options);
    knownOptions("GaussianNoise", options, LAYER_OPTIONS);
    notNegative("GaussianNoise", "deviation", deviation);
  }

  build(inputShape: OpenShape): OpenShape {
    return checkOpenShape(this.name, inputShape);
  }

  call(x: Tensor, context: CallContext): Tensor {
    checkTensor("GaussianNoise", x);
    const { training, generator } = checkContext("GaussianNoise", context);
    if (!training || this.deviation === 0) return x;
    const dtype = x.dtype === "float64" ? "float64" : "float32";
    return add(x, random.normal(x.shape, 0, this.deviation, { dtype, generator }));
  }

  config(): LayerConfig {
    return { type: this.type, deviation: this.deviation };
  }
}

export const gaussianNoiseKind: LayerKind = {
  type: "gaussianNoise",
  settings: { deviation: is.notNegative },
  make: ({ deviation }) => new GaussianNoise(deviation as number),
};
