// Gradient descent on mini-batches, plain and with momentum. Formulas are per parameter p with gradient g (weight decay included) and learning
// rate r.
import { engine } from "../engine/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { momentumOf, Optimizer, type OptimizerOptions, type OptimizerSettings } from "./optimizer.ts";
import type { Stretch } from "./target.ts";

/**
 * Stochastic gradient descent: p = p - r g, for a parameter p with gradient g and learning rate r, default 0.01. No slots.
 *
 * With weight decay c it is p = (1 - r c) p - r g: Nielsen's rule (section 3.2) with c = lambda / n.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([1, 2]);
 * updateTensors(new SGD({ learningRate: 0.5 }), [w], [tensor([2, -2])]);
 * w.toArray(); // [0, 3]
 * ```
 */
export class SGD extends Optimizer {
  readonly type = "sgd";
  /** @internal */
  override readonly steady = true;
  protected readonly slotNames = [];

  constructor(options: OptimizerOptions = {}) {
    super("SGD", options, 0.01);
  }

  protected settings(): OptimizerSettings {
    return {};
  }

  /** @internal */
  protected update(s: Stretch, _slots: readonly Tensor[], learningRate: number, weightDecay: number): void {
    engine().kernel("sgd", s.values.dtype, s.values, s.gradients, s.length, learningRate, weightDecay);
  }
}

/** What `Momentum` and `Nesterov` take. */
export interface MomentumOptions extends OptimizerOptions {
  /** Share of its velocity that a parameter keeps, 0.9 by default. Any finite number; sensible ones are at least 0 and below 1. */
  momentum?: number;
}

/**
 * Momentum: v = m v + g, p = p - r v (Polyak 1964), for a parameter p with gradient g, learning rate r, default 0.01, and
 * momentum m, default 0.9. Slot: `velocity`, v, at first 0.
 *
 * While r stays the same this is v = m v - r g, p = p + v (Nielsen, section 3.6). Weight decay is added to the gradient.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([0]);
 * const optimizer = new Momentum({ learningRate: 0.1, momentum: 0.5 });
 * updateTensors(optimizer, [w], [tensor([1])]);
 * updateTensors(optimizer, [w], [tensor([1])]);
 * w.item(); // -0.25: 0.1, then 0.15
 * ```
 */
export class Momentum extends Optimizer {
  readonly type = "momentum";
  /** @internal */
  override readonly steady = true;
  readonly momentum: number;
  protected readonly slotNames = ["velocity"];

  constructor(options: MomentumOptions = {}) {
    super("Momentum", options, 0.01, ["momentum"]);
    this.momentum = momentumOf("Momentum", options.momentum ?? 0.9);
  }

  protected settings(): OptimizerSettings {
    return { momentum: this.momentum };
  }

  /** @internal */
  protected update(s: Stretch, slots: readonly Tensor[], learningRate: number, weightDecay: number): void {
    const { values, gradients, length } = s;
    engine().kernel(
      "momentum",
      values.dtype,
      values,
      gradients,
      slots[0],
      length,
      learningRate,
      this.momentum,
      weightDecay,
    );
  }
}

/**
 * Nesterov's accelerated gradient: v = m v + g, p = p - r (g + m v) (Nesterov 1983, in the form of Sutskever et al. 2013),
 * for a parameter p with gradient g, learning rate r, default 0.01, and momentum m, default 0.9. Slot: `velocity`, v, at
 * first 0. Weight decay is added to the gradient.
 * @throws RangeError, TypeError for settings that are no finite numbers in their range, or misspelt.
 * @example
 * ```ts
 * const w = tensor([0]);
 * const optimizer = new Nesterov({ learningRate: 0.1, momentum: 0.5 });
 * updateTensors(optimizer, [w], [tensor([1])]);
 * updateTensors(optimizer, [w], [tensor([1])]);
 * w.item(); // -0.325: 0.15, then 0.175
 * ```
 */
export class Nesterov extends Optimizer {
  readonly type = "nesterov";
  /** @internal */
  override readonly steady = true;
  readonly momentum: number;
  protected readonly slotNames = ["velocity"];

  constructor(options: MomentumOptions = {}) {
    super("Nesterov", options, 0.01, ["momentum"]);
    this.momentum = momentumOf("Nesterov", options.momentum ?? 0.9);
  }

  protected settings(): OptimizerSettings {
    return { momentum: this.momentum };
  }

  /** @internal */
  protected update(s: Stretch, slots: readonly Tensor[], learningRate: number, weightDecay: number): void {
    const { values, gradients, length } = s;
    engine().kernel(
      "nesterov",
      values.dtype,
      values,
      gradients,
      slots[0],
      length,
      learningRate,
      this.momentum,
      weightDecay,
    );
  }
}
