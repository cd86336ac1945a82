// Adam: momentum on the gradient, divided by the running size of the gradient, both freed of the bias of having started at 0.

import { flag, share } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { epsilonOf, Optimizer, type OptimizerOptions, type OptimizerSettings } from "./optimizer.ts";
import { wholePower } from "./power.ts";
import type { Stretch } from "./target.ts";

/** What `Adam` and `AdamW` take. */
export interface AdamOptions extends OptimizerOptions {
  /** Memory of the mean, in [0, 1); 0.9 by default. */
  beta1?: number;
  /** Memory of the mean square, in [0, 1); 0.999 by default. */
  beta2?: number;
  /** Keeps the divisor from 0, above 0; 1e-8 by default. */
  epsilon?: number;
  /** Divide by the largest mean square so far instead of the last: steps never grow again (Reddi et al. 2018). Default false. */
  amsGrad?: boolean;
}

/** What Adam and AdamW share: everything but where the weight decay goes, which their kernels know. */
abstract class AdamBase extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly amsGrad: boolean;
  /** The kernel's name, and its name with `amsGrad`. */
  protected abstract readonly kernels: readonly [plain: string, amsGrad: string];
  protected readonly slotNames: readonly string[];

  constructor(owner: string, options: AdamOptions, weightDecay: number) {
    super(owner, options, 0.001, ["beta1", "beta2", "epsilon", "amsGrad"], weightDecay);
    this.beta1 = share(owner, "beta1", options.beta1 ?? 0.9);
    this.beta2 = share(owner, "beta2", options.beta2 ?? 0.999);
    this.epsilon = epsilonOf(owner, options.epsilon ?? 1e-8);
    this.amsGrad = flag(owner, "amsGrad", options.amsGrad ?? false);
    this.slotNames = this.amsGrad ? ["mean", "variance", "largestVariance"] : ["mean", "variance"];
  }

  protected settings(): OptimizerSettings {
    const { beta1, beta2, epsilon, amsGrad } = this;
    return { beta1, beta2, epsilon, ...(amsGrad && { amsGrad }) };
  }

  /** @internal */
  protected update(s: Stretch, slots: readonly Tensor[], learningRate: number, weightDecay: number, t: number): void {
    const { beta1, beta2, epsilon } = this;
    const corrections = [1 - wholePower(beta1, t), 1 - wholePower(beta2, t)] as const;
    const kernel = this.kernels[this.amsGrad ? 1 : 0];
    // biome-ignore format: the kernel's arguments in their order
    engine().kernel(kernel, s.values.dtype, s.values, s.gradients, ...slots, s.length, learningRate, beta1, beta2, epsilon, weightDecay, ...corrections);
  }
}

/**
 * Adam (Kingma & Ba 2015): m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, p = p - r m' / (sqrt(v') + e), for a parameter p
 * with gradient g, learning rate r, default 0.001, and m' = m / (1 - b1^t), v' = v / (1 - b2^t) at step t, from 1.
 * Slots: `mean`, m, and `variance`, v, both at first 0; with `amsGrad` also `largestVariance`, w = max(w, v), which then takes the
 * place of v in the step (Reddi, Kale & Kumar 2018). Weight decay is added to the gradient.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([0, 0]);
 * updateTensors(new Adam({ learningRate: 0.1 }), [w], [tensor([4, -0.5])]);
 * w.toArray(); // [-0.1, 0.1]: the first step has the length of the learning rate
 * ```
 */
export class Adam extends AdamBase {
  readonly type = "adam";
  protected readonly kernels = ["adam", "amsGrad"] as const;

  constructor(options: AdamOptions = {}) {
    super("Adam", options, 0);
  }
}

/**
 * Adam with decoupled weight decay c: p = p - r c p, then the step of `Adam`, whose gradient is without weight decay
 * (Loshchilov & Hutter 2019). Default r 0.001, c 0.01. Slots and `amsGrad` as in `Adam`.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([1]);
 * updateTensors(new AdamW({ learningRate: 0.1, weightDecay: 0.5 }), [w], [tensor([4])]);
 * w.item(); // 0.85: 1 - 0.1 x 0.5 - 0.1
 * ```
 */
export class AdamW extends AdamBase {
  readonly type = "adamW";
  protected readonly kernels = ["adamW", "amsGradW"] as const;

  constructor(options: AdamOptions = {}) {
    super("AdamW", options, 0.01);
  }
}
