// Layer normalisation (Ba, Kiros and Hinton, 2016): each sample, or each step of a sequence, is brought to mean 0 and variance 1 by itself.
import { integer, knownOptions, notNegative } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import { layerNorm } from "../../ops/normalisation.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { either, is, type LayerKind, listOf, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, fixedLength, formatOpen, type OpenShape } from "../shapes.ts";

/** What a layer-normalisation layer takes. */
export interface LayerNormalizationOptions extends LayerOptions {
  /** The axes that are normalised over, which must be the last ones; default -1, the features. */
  axes?: number | readonly number[];
  /** Added to the variance, from 0 on; default 1e-5. */
  epsilon?: number;
}

/**
 * Layer normalisation (Ba, Kiros and Hinton, 2016): y = gamma (x - mean) / sqrt(variance + epsilon) + beta, mean and variance taken over the
 * last axes, sample by sample; the variance is divided by the number of elements. Shapes: x [n, ...] to the same; gamma and beta have the shape
 * of the axes. Parameters: twice their size; gamma starts at 1, beta at 0, and neither has weight decay. The same while training and after.
 * @throws RangeError for an epsilon out of range, or axes that are not the last ones or have open lengths.
 * @example
 * ```ts
 * const model = new Sequential([new LayerNormalization({ epsilon: 0 })], { inputShape: [2] });
 * model.call(tensor([[1, 3], [10, 30]])).toArray(); // [[-1, 1], [-1, 1]]
 * new Sequential([new LayerNormalization({ axes: [1, 2, 3] })], { inputShape: [3, 4, 4] }).parameterCount; // 96
 * ```
 */
export class LayerNormalization extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "layerNormalization";
  readonly axes: readonly number[];
  readonly epsilon: number;
  private gamma: Parameter | undefined;
  private beta: Parameter | undefined;

  constructor(options: LayerNormalizationOptions = {}) {
    super(options);
    const owner = "LayerNormalization";
    knownOptions(owner, options, ["axes", "epsilon", ...LAYER_OPTIONS]);
    const axes: unknown = [options.axes ?? -1].flat();
    this.axes = (axes as number[]).map((axis) => integer(owner, "axes", axis));
    if (this.axes.length === 0) throw new RangeError(`${owner}: axes must name at least one axis, got []`);
    this.epsilon = notNegative(owner, "epsilon", options.epsilon ?? 1e-5);
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape(this.name, inputShape);
    const rank = inputShape.length + 1;
    const found = this.axes.map((axis) => (axis < 0 ? rank + axis : axis)).sort((a, b) => a - b);
    const first = rank - found.length;
    if (first < 1 || found.some((axis, i) => axis !== first + i)) {
      throw new RangeError(
        `${this.name}: axes ${quote(this.axes)} must be the last ones of inputs ${formatOpen(inputShape)} (1 is the first after the batch's, -1 the last)`,
      );
    }
    const shape = found.map((axis) => fixedLength(this.name, inputShape, axis - 1, "elements"));
    this.gamma = this.declare("gamma", shape, { initialiser: "ones", decay: false });
    this.beta = this.declare("beta", shape, { initialiser: "zeros", decay: false });
    return inputShape;
  }

  call(x: Tensor): Tensor {
    const { gamma, beta, epsilon } = this;
    if (!gamma || !beta) throw new Error("LayerNormalization: the layer is not built; put it in a model");
    return layerNorm(x, gamma.tensor, beta.tensor, { epsilon, axes: gamma.shape.map((_, i) => -1 - i) });
  }

  /** See `BaseLayer`. @internal */
  override isStepwise(inputs: number): boolean {
    return inputs === 1 && this.axes.length === 1;
  }

  config(): LayerConfig {
    return { type: this.type, axes: [...this.axes], epsilon: this.epsilon };
  }
}

export const layerNormalizationKind: LayerKind = {
  type: "layerNormalization",
  settings: { axes: optional(either(is.integer, listOf(is.integer))), epsilon: optional(is.notNegative) },
  make: ({ type: _, ...options }) => new LayerNormalization(options as LayerNormalizationOptions),
};
