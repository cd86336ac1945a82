// Adam: momentum on the gradient, divided by the running size of the gradient, both freed of the bias of having started at 0.
import { engine } from "../engine/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { share } from "./checks.ts";
import { epsilonOf, Optimizer, type OptimizerOptions } from "./optimizer.ts";
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
}

/** What Adam and AdamW share: everything but where the weight decay goes, which their kernels know. */
abstract class AdamBase extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  protected abstract readonly kernel: string;
  protected readonly slotNames = ["mean", "variance"];

  constructor(owner: string, options: AdamOptions, weightDecay: number) {
    super(owner, options, 0.001, ["beta1", "beta2", "epsilon"], weightDecay);
    this.beta1 = share(owner, "beta1", options.beta1 ?? 0.9);
    this.beta2 = share(owner, "beta2", options.beta2 ?? 0.999);
    this.epsilon = epsilonOf(owner, options.epsilon ?? 1e-8);
  }

  protected settings(): Record<string, number> {
    return { beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon };
  }

  /** @internal */
  protected update(s: Stretch, slots: readonly Tensor[], learningRate: number, weightDecay: number, t: number): void {
    const { beta1, beta2, epsilon } = this;
    const corrections = [1 - wholePower(beta1, t), 1 - wholePower(beta2, t)] as const;
    const operands = [s.values, s.gradients, slots[0], slots[1]!] as const;
    // biome-ignore format: the kernel's arguments in their order
    engine().kernel(this.kernel, s.values.dtype, ...operands, s.length, learningRate, beta1, beta2, epsilon, weightDecay, ...corrections);
  }
}

/**
 * Adam (Kingma & Ba 2015): m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, p = p - r m' / (sqrt(v') + e), for a parameter p
 * with gradient g, learning rate r, default 0.001, and m' = m / (1 - b1^t), v' = v / (1 - b2^t) at step t, from 1.
 * Slots: `mean`, m, and `variance`, v, both at first 0. Weight decay is added to the gradient.
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
  protected readonly kernel = "adam";

  constructor(options: AdamOptions = {}) {
    super("Adam", options, 0);
  }
}

/**
 * Adam with decoupled weight decay c: p = p - r c p, then the step of `Adam`, whose gradient is without weight decay
 * (Loshchilov & Hutter 2019). Default r 0.001, c 0.01. Slots: `mean`, `variance`.
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
  protected readonly kernel = "adamW";

  constructor(options: AdamOptions = {}) {
    super("AdamW", options, 0.01);
  }
}
