// Group normalisation (Wu and He, 2018): like batch normalisation for images, but of each sample by itself, whatever the size of the batch.
import { knownOptions, notNegative, whole } from "../../engine/checks.ts";
import { groupNorm } from "../../ops/normalisation.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, fixedLength, formatOpen, type OpenShape } from "../shapes.ts";

/** What a group-normalisation layer takes. */
export interface GroupNormalizationOptions extends LayerOptions {
  /** Groups of neighbouring channels; they must divide the channels. Default 32. */
  groups?: number;
  /** Added to the variance, from 0 on; default 1e-5. */
  epsilon?: number;
}

/**
 * Group normalisation (Wu and He, 2018): y = gamma (x - mean) / sqrt(variance + epsilon) + beta, mean and variance taken over all positions of
 * a group of neighbouring channels, sample by sample. One group normalises whole samples; as many as channels each channel by itself (instance
 * normalisation). Shapes: x [n, channels, ...] to the same; gamma and beta [channels]. Parameters: 2 channels; gamma starts at 1, beta at 0,
 * and neither has weight decay. The same while training and after.
 * @throws RangeError for groups that do not divide the channels, or an epsilon out of range.
 * @example
 * ```ts
 * const model = new Sequential([new GroupNormalization({ groups: 2, epsilon: 0 })], { inputShape: [4] });
 * model.call(tensor([[1, 3, 4, 8]])).toArray(); // [[-1, 1, -1, 1]]
 * ```
 */
export class GroupNormalization extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "groupNormalization";
  readonly groups: number;
  readonly epsilon: number;
  private gamma: Parameter | undefined;
  private beta: Parameter | undefined;

  constructor(options: GroupNormalizationOptions = {}) {
    super(options);
    const owner = "GroupNormalization";
    knownOptions(owner, options, ["groups", "epsilon", ...LAYER_OPTIONS]);
    this.groups = whole(owner, "groups", options.groups ?? 32, 1);
    this.epsilon = notNegative(owner, "epsilon", options.epsilon ?? 1e-5);
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape(this.name, inputShape);
    if (inputShape.length === 0) {
      throw new RangeError(`${this.name}: needs inputs with a channels axis, got shape ${formatOpen(inputShape)}`);
    }
    const channels = fixedLength(this.name, inputShape, 0, "channels");
    if (channels % this.groups !== 0) {
      throw new RangeError(`${this.name}: ${channels} channels can't be divided into ${this.groups} groups`);
    }
    this.gamma = this.declare("gamma", [channels], { initialiser: "ones", decay: false });
    this.beta = this.declare("beta", [channels], { initialiser: "zeros", decay: false });
    return inputShape;
  }

  call(x: Tensor): Tensor {
    const { gamma, beta, groups, epsilon } = this;
    if (!gamma || !beta) throw new Error("GroupNormalization: the layer is not built; put it in a model");
    return groupNorm(x, groups, gamma.tensor, beta.tensor, { epsilon });
  }

  config(): LayerConfig {
    return { type: this.type, groups: this.groups, epsilon: this.epsilon };
  }
}

export const groupNormalizationKind: LayerKind = {
  type: "groupNormalization",
  settings: { groups: optional(is.count), epsilon: optional(is.notNegative) },
  make: ({ type: _, ...options }) => new GroupNormalization(options as GroupNormalizationOptions),
};
