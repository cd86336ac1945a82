// Local response normalisation (Krizhevsky, Sutskever and Hinton, 2012): each element is divided by the strength of its neighbours in other channels.
import { finite, knownOptions, whole } from "../../engine/checks.ts";
import { localResponseNorm } from "../../ops/normalisation.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import { checkOpenShape, formatOpen, type OpenShape } from "../shapes.ts";

/** The numbers of local response normalisation. */
export interface LocalResponseNormalizationOptions extends LayerOptions {
  /** Weight of the neighbours' mean square; default 1e-4. */
  alpha?: number;
  /** Exponent; default 0.75. */
  beta?: number;
  /** What is there without neighbours; default 1. */
  k?: number;
}

/**
 * Local response normalisation (Krizhevsky, Sutskever and Hinton, 2012): y = x / (k + alpha / size s)^beta, s the sum of x^2 over the `size`
 * channels around this one, at the same place. As PyTorch has it, alpha is divided by size. Shapes: x [n, channels, ...] to the same. No parameters.
 * @param size number of channels, default 5.
 * @throws RangeError for a size that is not a whole number from 1 on, numbers that are not finite, or inputs without channels.
 * @example
 * ```ts
 * const model = new Sequential([new LocalResponseNormalization(1, { alpha: 1, beta: 1, k: 0 })], { inputShape: [1, 1, 1] });
 * model.call(tensor([[[[2]]]])).item(); // 0.5
 * ```
 */
export class LocalResponseNormalization extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "localResponseNormalization";
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;

  constructor(
    readonly size = 5,
    options: LocalResponseNormalizationOptions = {},
  ) {
    super(options);
    const owner = "LocalResponseNormalization";
    knownOptions(owner, options, ["alpha", "beta", "k", ...LAYER_OPTIONS]);
    whole(owner, "size", size, 1);
    this.alpha = finite(owner, "alpha", options.alpha ?? 1e-4);
    this.beta = finite(owner, "beta", options.beta ?? 0.75);
    this.k = finite(owner, "k", options.k ?? 1);
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape(this.name, inputShape);
    if (inputShape.length > 0) return inputShape;
    throw new RangeError(`${this.name}: needs inputs with a channels axis, got shape ${formatOpen(inputShape)}`);
  }

  call(x: Tensor): Tensor {
    const { alpha, beta, k } = this;
    return localResponseNorm(x, this.size, { alpha, beta, k });
  }

  config(): LayerConfig {
    return { type: this.type, size: this.size, alpha: this.alpha, beta: this.beta, k: this.k };
  }
}

export const localResponseNormalizationKind: LayerKind = {
  type: "localResponseNormalization",
  settings: {
    ...{ size: optional(is.count), alpha: optional(is.finite), beta: optional(is.finite), k: optional(is.finite) },
  },
  make: ({ type: _, size, ...options }) =>
    new LocalResponseNormalization(size as number | undefined, options as LocalResponseNormalizationOptions),
};
