// Adam with another answer to its first steps: NAdam looks ahead along a momentum that warms up, RAdam waits with the division until the mean
// square can be trusted. Both are one formula with two rates: p = p - (q g + r m) / (c sqrt(v) + e).

import { notNegative, share } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { epsilonOf, Optimizer, type OptimizerOptions, type OptimizerSettings } from "./optimizer.ts";
import { power, wholePower } from "./power.ts";
import type { Stretch } from "./target.ts";

/** What `RAdam` takes. */
export interface RAdamOptions extends OptimizerOptions {
  /** Memory of the mean, in [0, 1); 0.9 by default. */
  beta1?: number;
  /** Memory of the mean square, in [0, 1); 0.999 by default. */
  beta2?: number;
  /** Keeps the divisor from 0, above 0; 1e-8 by default. */
  epsilon?: number;
}

/** What `NAdam` takes. */
export interface NAdamOptions extends RAdamOptions {
  /** How fast the momentum warms up, from 0 on; 0.004 by default. */
  momentumDecay?: number;
}

/** The two rates and the divisor of a step. */
interface MixedStep {
  gradientRate: number;
  meanRate: number;
  correction: number;
  epsilon: number;
}

/** What both share: the running means of g and g^2, and the kernel. */
abstract class MixedAdam extends Optimizer {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  protected readonly slotNames = ["mean", "variance"];

  constructor(owner: string, options: RAdamOptions, learningRate: number, own: readonly string[] = []) {
    super(owner, options, learningRate, ["beta1", "beta2", "epsilon", ...own]);
    this.beta1 = share(owner, "beta1", options.beta1 ?? 0.9);
    this.beta2 = share(owner, "beta2", options.beta2 ?? 0.999);
    this.epsilon = epsilonOf(owner, options.epsilon ?? 1e-8);
  }

  protected settings(): OptimizerSettings {
    return { beta1: this.beta1, beta2: this.beta2, epsilon: this.epsilon };
  }

  protected abstract mixedStep(learningRate: number, t: number): MixedStep;

  /** @internal */
  protected update(s: Stretch, slots: readonly Tensor[], learningRate: number, weightDecay: number, t: number): void {
    const { beta1, beta2 } = this;
    const { gradientRate, meanRate, correction, epsilon } = this.mixedStep(learningRate, t);
    // biome-ignore format: the kernel's arguments in their order
    engine().kernel("mixedAdam", s.values.dtype, s.values, s.gradients, ...slots, s.length, gradientRate, meanRate, beta1, beta2, epsilon, weightDecay, correction);
  }
}

/**
 * NAdam, Adam with Nesterov's momentum (Dozat 2016, as PyTorch computes it): m and v as in `Adam`, momentum
 * u_t = b1 (1 - 0.96^(t d) / 2) with momentum decay d, default 0.004, and U_t = u_1 u_2 ... u_t; then
 * p = p - r ((1 - u_t) / (1 - U_t) g + u_(t+1) / (1 - U_(t+1)) m) / (sqrt(v') + e), for a parameter p with gradient g, learning
 * rate r, default 0.002, and v' = v / (1 - b2^t) at step t, from 1. Slots: `mean`, m, and `variance`, v, both at first 0. Weight
 * decay is added to the gradient.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([0]);
 * updateTensors(new NAdam({ learningRate: 0.1, beta1: 0.5, momentumDecay: 0 }), [w], [tensor([4])]);
 * w.item(); // -0.1133333: 0.1 x (0.75 / 0.75 + 0.25 / 0.9375 x 0.5)
 * ```
 */
export class NAdam extends MixedAdam {
  readonly type = "nAdam";
  readonly momentumDecay: number;
  /** U_t of a step t. */
  private products = { t: 0, product: 1 };

  constructor(options: NAdamOptions = {}) {
    super("NAdam", options, 0.002, ["momentumDecay"]);
    this.momentumDecay = notNegative("NAdam", "momentumDecay", options.momentumDecay ?? 0.004);
  }

  protected override settings(): OptimizerSettings {
    return { ...super.settings(), momentumDecay: this.momentumDecay };
  }

  private momentum(t: number): number {
    return this.beta1 * (1 - 0.5 * power(0.96, t * this.momentumDecay));
  }

  /** Always multiplied from the first factor on: a resumed run has the same bits. So small a product is not seen in 1 - U. */
  private productTo(t: number): number {
    let { t: at, product } = this.products.t <= t ? this.products : { t: 0, product: 1 };
    while (at < t && product > 1e-20) {
      at += 1;
      product *= this.momentum(at);
    }
    this.products = { t, product };
    return product;
  }

  protected mixedStep(learningRate: number, t: number): MixedStep {
    const product = this.productTo(t);
    const next = this.momentum(t + 1);
    return {
      gradientRate: (learningRate * (1 - this.momentum(t))) / (1 - product),
      meanRate: (learningRate * next) / (1 - product * next),
      correction: 1 / Math.sqrt(1 - wholePower(this.beta2, t)),
      epsilon: this.epsilon,
    };
  }
}

/**
 * RAdam, rectified Adam (Liu et al. 2020): with m, v and m' as in `Adam`, R = 2 / (1 - b2) - 1 and
 * R_t = R - 2 t b2^t / (1 - b2^t), the step is p = p - r m' while R_t <= 5, and then
 * p = p - r m' q sqrt(1 - b2^t) / (sqrt(v) + e) with q = sqrt((R_t - 4) (R_t - 2) R / ((R - 4) (R - 2) R_t)): it divides only
 * once enough gradients were seen, a warm-up of its own. For a parameter p with gradient g, learning rate r, default 0.001, at
 * step t, from 1. Slots: `mean`, m, and `variance`, v, both at first 0. Weight decay is added to the gradient.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([0]);
 * updateTensors(new RAdam({ learningRate: 0.1 }), [w], [tensor([4])]);
 * w.item(); // -0.4: at first a step along the mean
 * ```
 */
export class RAdam extends MixedAdam {
  readonly type = "rAdam";

  constructor(options: RAdamOptions = {}) {
    super("RAdam", options, 0.001);
  }

  protected mixedStep(learningRate: number, t: number): MixedStep {
    const { beta1, beta2 } = this;
    const rate = learningRate / (1 - wholePower(beta1, t));
    const kept = wholePower(beta2, t);
    const most = 2 / (1 - beta2) - 1;
    const length = most - (2 * t * kept) / (1 - kept);
    // A divisor of 1.
    if (length <= 5) return { gradientRate: 0, meanRate: rate, correction: 0, epsilon: 1 };
    const rectified = Math.sqrt(((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length));
    return {
      gradientRate: 0,
      meanRate: rate * rectified * Math.sqrt(1 - kept),
      correction: 1,
      epsilon: this.epsilon,
    };
  }
}
