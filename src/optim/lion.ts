// Lion: the sign of a mean of gradients is the step, so each parameter moves by the learning rate.

import { share } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Optimizer, type OptimizerOptions, type OptimizerSettings } from "./optimizer.ts";
import type { Stretch } from "./target.ts";

/** What `Lion` takes. */
export interface LionOptions extends OptimizerOptions {
  /** Share of the memory in the step's direction, in [0, 1); 0.9 by default. */
  beta1?: number;
  /** What the memory keeps of itself in a step, in [0, 1); 0.99 by default. */
  beta2?: number;
}

/**
 * Lion (Chen et al. 2023, algorithm 2): c = b1 m + (1 - b1) g, p = p - r (sign(c) + w p), m = b2 m + (1 - b2) g, for a parameter
 * p with gradient g, learning rate r, default 0.0001, and decoupled weight decay w, default 0. As every step has the length of
 * the rate, the rate should be 3 to 10 times smaller than Adam's, and weight decay as many times larger. Slot: `mean`, m, at
 * first 0.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([0, 0, 1]);
 * updateTensors(new Lion({ learningRate: 0.1 }), [w], [tensor([4, -0.5, 0])]);
 * w.toArray(); // [-0.1, 0.1, 1]
 * ```
 */
export class Lion extends Optimizer {
  readonly type = "lion";
  /** @internal */
  override readonly steady = true;
  readonly beta1: number;
  readonly beta2: number;
  protected readonly slotNames = ["mean"];

  constructor(options: LionOptions = {}) {
    super("Lion", options, 0.0001, ["beta1", "beta2"]);
    this.beta1 = share("Lion", "beta1", options.beta1 ?? 0.9);
    this.beta2 = share("Lion", "beta2", options.beta2 ?? 0.99);
  }

  protected settings(): OptimizerSettings {
    return { beta1: this.beta1, beta2: this.beta2 };
  }

  /** @internal */
  protected update(s: Stretch, slots: readonly Tensor[], learningRate: number, weightDecay: number): void {
    const operands = [s.values, s.gradients, slots[0]] as const;
    engine().kernel("lion", s.values.dtype, ...operands, s.length, learningRate, this.beta1, this.beta2, weightDecay);
  }
}
