// A learning rate for each parameter, from the size of its own gradients so far. Formulas are per parameter p with gradient g (weight decay
// included), learning rate r and epsilon e, which keeps divisors from 0.

import { flag, share } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { epsilonOf, Optimizer, type OptimizerOptions, type OptimizerSettings } from "./optimizer.ts";
import type { Stretch } from "./target.ts";

/** What `AdaGrad` takes. */
export interface AdaGradOptions extends OptimizerOptions {
  /** Keeps the divisor from 0, above 0; 1e-7 by default. */
  epsilon?: number;
}

/**
 * AdaGrad (Duchi, Hazan & Singer 2011): h = h + g^2, p = p - r g / (sqrt(h) + e), for a parameter p with gradient g and
 * learning rate r, default 0.01. Slot: `squares`, h, at first 0. Weight decay is added to the gradient.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([0, 0]);
 * updateTensors(new AdaGrad({ learningRate: 0.1 }), [w], [tensor([4, -0.5])]);
 * w.toArray(); // [-0.1, 0.1]: the first step has the length of the learning rate
 * ```
 */
export class AdaGrad extends Optimizer {
  readonly type = "adaGrad";
  /** @internal */
  override readonly steady = true;
  readonly epsilon: number;
  protected readonly slotNames = ["squares"];

  constructor(options: AdaGradOptions = {}) {
    super("AdaGrad", options, 0.01, ["epsilon"]);
    this.epsilon = epsilonOf("AdaGrad", options.epsilon ?? 1e-7);
  }

  protected settings(): OptimizerSettings {
    return { epsilon: this.epsilon };
  }

  /** @internal */
  protected update(s: Stretch, slots: readonly Tensor[], learningRate: number, weightDecay: number): void {
    const operands = [s.values, s.gradients, slots[0]!] as const;
    engine().kernel("adaGrad", s.values.dtype, ...operands, s.length, learningRate, this.epsilon, weightDecay);
  }
}

/** What `RMSProp` takes. */
export interface RMSPropOptions extends OptimizerOptions {
  /** Memory of the mean square, in [0, 1); 0.9 by default. */
  decay?: number;
  /** Keeps the divisor from 0, above 0; 1e-7 by default. */
  epsilon?: number;
  /** Divide by the root of the variance, the mean square less the square of the mean (Graves 2013). Default false. */
  centred?: boolean;
}

/**
 * RMSProp (Tieleman & Hinton 2012, lecture 6e): h = d h + (1 - d) g^2, p = p - r g / (sqrt(h) + e), for a parameter p with
 * gradient g, learning rate r, default 0.001, and decay d, default 0.9. Slot: `squares`, h, at first 0; where `centred`, also
 * `mean`, a = d a + (1 - d) g, and the divisor is sqrt(h - a^2) + e: a larger step where gradients agree (Graves 2013). Weight
 * decay is added to the gradient.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([0]);
 * updateTensors(new RMSProp({ learningRate: 0.1, decay: 0.75 }), [w], [tensor([4])]);
 * w.item(); // -0.2: 0.1 x 4 / sqrt(0.25 x 16)
 * ```
 */
export class RMSProp extends Optimizer {
  readonly type = "rmsProp";
  /** @internal */
  override readonly steady = true;
  readonly decay: number;
  readonly epsilon: number;
  readonly centred: boolean;
  protected readonly slotNames: readonly string[];

  constructor(options: RMSPropOptions = {}) {
    super("RMSProp", options, 0.001, ["decay", "epsilon", "centred"]);
    this.decay = share("RMSProp", "decay", options.decay ?? 0.9);
    this.epsilon = epsilonOf("RMSProp", options.epsilon ?? 1e-7);
    this.centred = flag("RMSProp", "centred", options.centred ?? false);
    this.slotNames = this.centred ? ["squares", "mean"] : ["squares"];
  }

  protected settings(): OptimizerSettings {
    const { decay, epsilon, centred } = this;
    return { decay, epsilon, ...(centred && { centred }) };
  }

  /** @internal */
  protected update(s: Stretch, slots: readonly Tensor[], learningRate: number, weightDecay: number): void {
    const operands = [s.values, s.gradients, ...slots] as const;
    const { decay, epsilon } = this;
    const kernel = this.centred ? "centredRmsProp" : "rmsProp";
    engine().kernel(kernel, s.values.dtype, ...operands, s.length, learningRate, decay, epsilon, weightDecay);
  }
}

/** What `AdaDelta` takes. */
export interface AdaDeltaOptions extends OptimizerOptions {
  /** Memory of both mean squares, in [0, 1); 0.95 by default. */
  decay?: number;
  /** Above 0; 1e-6 by default. Here it also starts the steps: too small a value starts slowly. */
  epsilon?: number;
}

/**
 * AdaDelta (Zeiler 2012): h = d h + (1 - d) g^2, x = g sqrt(u + e) / sqrt(h + e), u = d u + (1 - d) x^2, p = p - r x, for a
 * parameter p with gradient g, learning rate r, default 1, and decay d, default 0.95. Slots: `squares`, h, and `updates`,
 * u, both at first 0. Weight decay is added to the gradient.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([0]);
 * updateTensors(new AdaDelta({ epsilon: 1 }), [w], [tensor([2])]);
 * w.item(); // -1.8257419: 2 / sqrt(0.05 x 4 + 1)
 * ```
 */
export class AdaDelta extends Optimizer {
  readonly type = "adaDelta";
  /** @internal */
  override readonly steady = true;
  readonly decay: number;
  readonly epsilon: number;
  protected readonly slotNames = ["squares", "updates"];

  constructor(options: AdaDeltaOptions = {}) {
    super("AdaDelta", options, 1, ["decay", "epsilon"]);
    this.decay = share("AdaDelta", "decay", options.decay ?? 0.95);
    this.epsilon = epsilonOf("AdaDelta", options.epsilon ?? 1e-6);
  }

  protected settings(): OptimizerSettings {
    return { decay: this.decay, epsilon: this.epsilon };
  }

  /** @internal */
  protected update(s: Stretch, slots: readonly Tensor[], learningRate: number, weightDecay: number): void {
    const operands = [s.values, s.gradients, slots[0], slots[1]!] as const;
    const { decay, epsilon } = this;
    engine().kernel("adaDelta", s.values.dtype, ...operands, s.length, learningRate, decay, epsilon, weightDecay);
  }
}
