// Batch normalisation (Ioffe and Szegedy, 2015): each channel is brought to mean 0 and variance 1 over the batch, then scaled and shifted by
// what is learnt. While training it also keeps running statistics, which stand in for the batch's afterwards.
import { knownOptions, notNegative, share } from "../../engine/checks.ts";
import { add, mul } from "../../ops/arithmetic.ts";
import { batchNormTogether, SharedSums } from "../../ops/batch-norm-together.ts";
import { batchNorm, batchNormInference } from "../../ops/normalisation.ts";
import { scope, type Tensor } from "../../tensor/tensor.ts";
import { type CallContext, LAYER_OPTIONS, type LayerConfig, type LayerOptions } from "../base-layer.ts";
import { checkContext, Layer } from "../layer.ts";
import { is, type LayerKind, optional } from "../layer-kind.ts";
import type { Parameter } from "../parameters.ts";
import { checkOpenShape, fixedLength, formatOpen, type OpenShape } from "../shapes.ts";

/** What a batch-normalisation layer takes. */
export interface BatchNormalizationOptions extends LayerOptions {
  /** Share of the running statistics that a training step keeps, at least 0 and below 1; default 0.9. */
  momentum?: number;
  /** Added to the variance, from 0 on; default 1e-5. */
  epsilon?: number;
}

/**
 * Batch normalisation (Ioffe and Szegedy, 2015): y = gamma (x - mean) / sqrt(variance + epsilon) + beta, channel by channel.
 * Shapes: x [n, channels, ...] to the same; gamma, beta, mean and variance [channels]. Trainable parameters: 2 channels;
 * gamma starts at 1, beta at 0, and neither has weight decay.
 *
 * While training, mean and variance are those of the batch over all axes but the channels' (the variance divided by the
 * number of elements), and the running statistics follow them: running = momentum running + (1 - momentum) batch, from
 * mean 0 and variance 1. Otherwise, and where the layer is not trainable, the running statistics are used. They are saved and restored with the model.
 * @throws RangeError for a momentum or epsilon out of range, or inputs without a channels axis.
 * @example
 * ```ts
 * const model = new Sequential([new BatchNormalization({ epsilon: 0 })], { inputShape: [1] });
 * model.call(tensor([[1], [3]]), { training: true }).toArray(); // [[-1], [1]]
 * model.parameters.map(({ name, trainable }) => [name, trainable]).at(-1); // ["0.batchNormalization.runningVariance", false]
 * model.parameterCount; // 2
 * ```
 */
export class BatchNormalization extends Layer {
  /** See `Layer`. */
  static override readonly repeatable = true;
  readonly type = "batchNormalization";
  readonly momentum: number;
  readonly epsilon: number;
  private gamma: Parameter | undefined;
  private beta: Parameter | undefined;
  private runningMean: Parameter | undefined;
  private runningVariance: Parameter | undefined;

  constructor(options: BatchNormalizationOptions = {}) {
    super(options);
    const owner = "BatchNormalization";
    knownOptions(owner, options, ["momentum", "epsilon", ...LAYER_OPTIONS]);
    this.momentum = share(owner, "momentum", options.momentum ?? 0.9);
    this.epsilon = notNegative(owner, "epsilon", options.epsilon ?? 1e-5);
  }

  build(inputShape: OpenShape): OpenShape {
    checkOpenShape("BatchNormalization", inputShape);
    if (inputShape.length === 0) {
      throw new RangeError(`${this.name}: needs inputs with a channels axis, got shape ${formatOpen(inputShape)}`);
    }
    const channels = [fixedLength(this.name, inputShape, 0, "channels")];
    this.gamma = this.declare("gamma", channels, { initialiser: "ones", decay: false });
    this.beta = this.declare("beta", channels, { initialiser: "zeros", decay: false });
    const kept = { decay: false, trainable: false };
    this.runningMean = this.declare("runningMean", channels, { initialiser: "zeros", ...kept });
    this.runningVariance = this.declare("runningVariance", channels, { initialiser: "ones", ...kept });
    return inputShape;
  }

  call(x: Tensor, context: CallContext): Tensor {
    const { training, group } = checkContext("BatchNormalization", context);
    const { gamma, beta, runningMean, runningVariance, epsilon } = this;
    if (!gamma || !beta || !runningMean || !runningVariance) {
      throw new Error("BatchNormalization: the layer is not built; put it in a model");
    }
    if (!training || !this.trainable) {
      const statistics = [runningMean.tensor, runningVariance.tensor] as const;
      return batchNormInference(x, ...statistics, gamma.tensor, beta.tensor, { epsilon });
    }
    const { y, mean, variance } =
      group === undefined
        ? batchNorm(x, gamma.tensor, beta.tensor, { epsilon })
        : batchNormTogether(group, this.sumsOf(gamma), x, gamma.tensor, beta.tensor, epsilon);
    this.follow(runningMean, mean);
    this.follow(runningVariance, variance);
    return y;
  }

  private sums: SharedSums | undefined;

  private sumsOf(gamma: Parameter): SharedSums {
    this.sums ??= new SharedSums(gamma.size, gamma.tensor.dtype as "float32");
    return this.sums;
  }

  /** running = momentum running + (1 - momentum) batch */
  private follow(running: Parameter, batch: Tensor): void {
    scope(() => running.assign(add(mul(running.tensor, this.momentum), mul(batch, 1 - this.momentum))));
  }

  config(): LayerConfig {
    return { type: this.type, momentum: this.momentum, epsilon: this.epsilon };
  }
}

export const batchNormalizationKind: LayerKind = {
  type: "batchNormalization",
  settings: { momentum: optional(is.share), epsilon: optional(is.notNegative) },
  make: ({ type: _, ...options }) => new BatchNormalization(options as BatchNormalizationOptions),
};
