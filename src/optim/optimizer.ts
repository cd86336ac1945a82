// What all optimisers share: they own one parameter block, walk it in fused passes, count steps, and can be saved and restored to the same bits.
// A subclass says how many numbers it remembers per parameter, and which kernel updates a stretch of them.

import { fields, finite, knownOptions, notNegative, positive, whole } from "../engine/checks.ts";
import { engine } from "../engine/engine.ts";
import { quote } from "../engine/quote.ts";
import { callAgain } from "../engine/recording.ts";
import { keepStorage } from "../engine/storage.ts";
import type { ParameterBlock } from "../nn/parameters.ts";
import { checkTensor } from "../tensor/check.ts";
import { zeros } from "../tensor/create.ts";
import { formatShape } from "../tensor/shape.ts";
import { packed, scope, type Tensor, windowOf } from "../tensor/tensor.ts";
import { clipTensorNorm, clipTensorValues } from "./clip.ts";
import {
  checkGroups,
  describeGroups,
  type ParameterGroup,
  type Stretch,
  type Target,
  targetOfBlock,
} from "./target.ts";

/** What every optimiser takes. */
export interface OptimizerOptions {
  /** Step length, from 0 on; each optimiser has a default of its own. */
  learningRate?: number;
  /** L2: weightDecay * p is added to the gradient of p (AdamW: decoupled from it). Biases and normalisation are left out. Default 0. */
  weightDecay?: number;
  /** L1: each step also takes learningRate * l1 * sign(p) off p (Nielsen, section 3.2). Same parameters as weight decay. Default 0. */
  l1?: number;
  /** Gradients are scaled down, all by one factor, when their common Euclidean norm is above this. */
  clipNorm?: number;
  /** Each gradient is cut to [-clipValue, clipValue], before clipNorm. */
  clipValue?: number;
  /** Parameters with a learning rate or weight decay of their own. */
  groups?: readonly ParameterGroup[];
}

/** An optimiser's own settings by name, as its constructor takes them. */
export type OptimizerSettings = Record<string, number | boolean>;

/** An optimiser's settings and count as JSON; its memory is in `slots()`. */
export interface OptimizerState {
  /** The name that `optimizerByName` knows the optimiser by. */
  type: string;
  /** Its settings, parameter groups left out. */
  config: OptimizerSettings;
  /** Steps done. */
  iterations: number;
  /** The learning rate of the next step. */
  learningRate: number;
  /** Parameter groups, described; they are not made again from this, only compared. Left out where there are none. */
  groups?: string[];
}

const COMMON = ["learningRate", "weightDecay", "l1", "clipNorm", "clipValue", "groups"] as const;

/**
 * What all optimisers are: each updates the parameters of one model from their gradients, a step at a time, and counts
 * its steps. What it remembers of a parameter are its slots, one number each; `state` and `slots` together are all that
 * the next step depends on. Make one by its class (`SGD`, `Adam`, ...) or with `optimizerByName`; `updateTensors` takes
 * it for tensors outside a model.
 * @example
 * ```ts
 * const model = new Sequential([new Dense(1, { weights: "ones" })], { inputShape: [1] });
 * const optimizer: Optimizer = new SGD({ learningRate: 0.05 });
 * // The loss 2^2, whose gradients are 8 by the weight and 4 by the bias.
 * backward(model.call(tensor([[2]])).square().sum());
 * optimizer.step(model.block);
 * model.block.clearGradients();
 * model.parameters.map(({ tensor }) => tensor.toArray()); // [[[0.6]], [-0.2]]
 * ```
 */
export abstract class Optimizer {
  /** The name that `optimizerByName` knows it by. */
  abstract readonly type: string;
  /** Steps done. */
  iterations = 0;
  /**
   * Whether all its updates at one learning rate have the same numbers, however many came before.
   * @internal
   */
  readonly steady: boolean = false;
  /** As in `OptimizerOptions`. */
  readonly weightDecay: number;
  /** As in `OptimizerOptions`. */
  readonly l1: number;
  /** As in `OptimizerOptions`; undefined: no limit. */
  readonly clipNorm: number | undefined;
  /** As in `OptimizerOptions`; undefined: no limit. */
  readonly clipValue: number | undefined;
  private readonly owner: string;
  private readonly groups: readonly ParameterGroup[];
  private rate: number;
  private target: Target | undefined;
  /** One tensor [size] a slot, once there is a target or a restored state. */
  private memory: Tensor[] | undefined;
  /** For each stretch, its windows on the memory. */
  private windows: Tensor[][] = [];

  /**
   * `owner` names the class in errors, `own` are the options it adds.
   * @internal
   */
  protected constructor(
    owner: string,
    options: OptimizerOptions,
    learningRate: number,
    own: readonly string[] = [],
    weightDecay = 0,
  ) {
    knownOptions(owner, options, [...COMMON, ...own]);
    this.owner = owner;
    this.rate = notNegative(owner, "learningRate", options.learningRate ?? learningRate);
    this.weightDecay = notNegative(owner, "weightDecay", options.weightDecay ?? weightDecay);
    this.l1 = notNegative(owner, "l1", options.l1 ?? 0);
    this.clipNorm = options.clipNorm === undefined ? undefined : positive(owner, "clipNorm", options.clipNorm);
    this.clipValue = options.clipValue === undefined ? undefined : positive(owner, "clipValue", options.clipValue);
    this.groups = checkGroups(owner, options.groups ?? []);
  }

  /**
   * Names of what it remembers, one number a parameter each.
   * @internal
   */
  protected abstract readonly slotNames: readonly string[];

  /**
   * Updates one stretch in one pass. `slots` are its windows on the memory, in the order of `slotNames`; `t` counts steps from 1.
   * @internal
   */
  protected abstract update(
    stretch: Stretch,
    slots: readonly Tensor[],
    learningRate: number,
    weightDecay: number,
    t: number,
  ): void;

  /**
   * Own settings beside the common ones.
   * @internal
   */
  protected abstract settings(): OptimizerSettings;

  /**
   * Step length; may be changed between steps.
   * @throws RangeError if it is set to a negative or non-finite number.
   */
  get learningRate(): number {
    return this.rate;
  }

  set learningRate(value: number) {
    this.rate = notNegative(this.owner, "learningRate", value);
  }

  /**
   * One step: gradients that no backward reached count as 0, all are clipped, each stretch of parameters is updated in one pass.
   * The gradients stay (clipped): call `block.clearGradients()` before the next backward.
   * @param block a model's `block`.
   * @throws Error if the optimiser has stepped another block: its memory belongs to that; or, with clipNorm, if gradients are not finite.
   */
  step(block: ParameterBlock): void {
    const target =
      this.target !== undefined && this.target.source === block && this.target.version === block.version
        ? this.target
        : targetOfBlock(this.owner, block, this.groups, this.weightDecay > 0 || this.l1 > 0);
    block.completeGradients();
    callAgain(() => this.advance(target));
  }

  /**
   * One step on whatever `target` lays out, its gradients complete.
   * @internal
   */
  advance(target: Target): void {
    if (target !== this.target) this.bind(target);
    if (this.clipValue !== undefined) clipTensorValues(target.gradients, this.clipValue);
    if (this.clipNorm !== undefined) clipTensorNorm(this.owner, target.gradients, this.clipNorm);
    const { stretches } = target;
    const t = this.iterations + 1;
    for (let i = 0; i < stretches.length; i++) {
      const stretch = stretches[i];
      const { group, decay, values } = stretch;
      const rate = this.rate * (group?.learningRateFactor ?? 1);
      const l1 = group?.l1 ?? (decay ? this.l1 : 0);
      // Before the update, as in Nielsen's rule: the sign is that of the old weight.
      if (l1 > 0) engine().kernel("shrink", target.dtype, values, stretch.length, rate * l1);
      this.update(stretch, this.windows[i], rate, group?.weightDecay ?? (decay ? this.weightDecay : 0), t);
      // A graph that used the old values can't be differentiated any more; backward says so.
      values.storage.version += 1;
    }
    this.iterations = t;
  }

  private bind(target: Target): void {
    if (this.target !== undefined && this.target.source !== target.source) {
      throw new Error(
        `${this.owner}: this optimiser belongs to other parameters (${this.target.size} numbers), its memory is theirs; ` +
          `make one optimiser for each model. The parameters given have ${target.size} numbers`,
      );
    }
    if (this.groups.length > 0 && target.stretches.every((stretch) => stretch.group === undefined)) {
      throw new Error(`${this.owner}: parameter groups need a model's parameters, which have names; leave groups out`);
    }
    if (this.memory !== undefined) this.checkMemory(this.memory, target);
    this.checkPrecision(target);
    this.memory ??= this.slotNames.map(() => keepMemory(scope(() => zeros([target.size], target.dtype))));
    const memory = this.memory;
    this.windows = target.stretches.map(({ start, length }) =>
      memory.map((slot) => windowOf(slot, [length], slot.offset + start, null)),
    );
    this.target = target;
  }

  private checkMemory(memory: readonly Tensor[], target: Target): void {
    memory.forEach((slot, i) => {
      if (slot.size === target.size && slot.dtype === target.dtype) return;
      throw new Error(
        `${this.owner}: the restored ${this.slotNames[i]} has ${slot.size} ${slot.dtype} numbers, ` +
          `the parameters ${target.size} ${target.dtype}; restore the state of an optimiser of the same model`,
      );
    });
  }

  /** An epsilon that vanishes in float32 makes 0 / 0 where gradients are 0. */
  private checkPrecision(target: Target): void {
    const { epsilon } = this.settings();
    if (typeof epsilon === "number" && target.dtype === "float32" && epsilon < 2 ** -126) {
      throw new RangeError(
        `${this.owner}: epsilon ${epsilon} is 0 in float32; use one of at least 1.2e-38, or a float64 model`,
      );
    }
  }

  /** Its memory by name, one tensor [block size] each; empty before the first step. They go on changing: clone to keep a moment. */
  slots(): Record<string, Tensor> {
    return Object.fromEntries((this.memory ?? []).map((slot, i) => [this.slotNames[i], slot]));
  }

  /** Settings, learning rate and count, as JSON. With `slots()` it is all that the next step depends on. */
  state(): OptimizerState {
    const groups = describeGroups(this.groups);
    return {
      ...{ type: this.type, config: this.config(), iterations: this.iterations, learningRate: this.rate },
      ...(groups.length > 0 && { groups }),
    };
  }

  private config(): OptimizerSettings {
    const { weightDecay, l1, clipNorm, clipValue } = this;
    const config: OptimizerSettings = { ...this.settings(), weightDecay, l1 };
    if (clipNorm !== undefined) config["clipNorm"] = clipNorm;
    if (clipValue !== undefined) config["clipValue"] = clipValue;
    return config;
  }

  /**
   * Goes back to a saved state: from there, the same gradients give the same bits. `slots` are copied.
   * @throws Error for the state of another type of optimiser, other settings, or memory of another size. Nothing has changed then.
   */
  restore(state: OptimizerState, slots: Record<string, Tensor>): void {
    const what = `${this.owner}: restore`;
    if (state?.type !== this.type) {
      throw new Error(`${what}: the state is of type ${quote(state?.type)}, the optimiser ${this.type}`);
    }
    const config = this.config();
    for (const key of new Set([...Object.keys(config), ...Object.keys(state.config ?? {})])) {
      const saved = state.config?.[key];
      if (saved === config[key]) continue;
      throw new Error(
        `${what}: the state was saved with ${key} ${quote(saved)}, the optimiser has ${quote(config[key])}; ` +
          "make it with the saved settings: optimizerByName(state.type, state.config)",
      );
    }
    const groups = { saved: quote(state.groups ?? []), own: quote(describeGroups(this.groups)) };
    if (groups.saved !== groups.own) {
      throw new Error(
        `${what}: the state was saved with parameter groups ${groups.saved}, the optimiser has ${groups.own}; make it with the same groups`,
      );
    }
    const iterations = whole(what, "iterations", state.iterations, 0);
    const learningRate = notNegative(what, "learningRate", state.learningRate);
    const given = Object.keys(fields(what, "slots", slots));
    const missing = this.slotNames.filter((name) => !given.includes(name));
    const none = given.length === 0 && iterations === 0;
    if ((missing.length > 0 && !none) || given.some((name) => !this.slotNames.includes(name))) {
      const expected = this.slotNames.join(", ") || "none";
      throw new Error(`${what}: the slots are ${given.join(", ") || "none"}, expected ${expected}`);
    }
    const sources = none ? [] : this.slotNames.map((name) => slots[name]);
    for (const [i, x] of sources.entries()) {
      checkTensor(`${what}: slot ${this.slotNames[i]}`, x);
      if (x.rank !== 1 || x.size !== sources[0].size || x.dtype !== sources[0].dtype) {
        throw new Error(
          `${what}: slot ${this.slotNames[i]} is ${x.dtype} ${formatShape(x.shape)}; slots are [block size], all alike`,
        );
      }
    }
    if (this.target !== undefined) this.checkMemory(sources, this.target);
    this.memory = none ? undefined : sources.map(copyToKeep);
    this.iterations = iterations;
    this.rate = learningRate;
    const target = this.target;
    if (target !== undefined) this.bind(target);
  }
}

/** The checks of the numbers that several optimisers share. */
export const epsilonOf = (owner: string, value: number): number => positive(owner, "epsilon", value);
/** Any finite momentum is allowed: what goes wrong below 0 and above 1 is worth seeing (Nielsen, section 3.6, exercises). */
export const momentumOf = (owner: string, value: number): number => finite(owner, "momentum", value);

function keepMemory(x: Tensor): Tensor {
  keepStorage(x.storage);
  return x;
}

function copyToKeep(x: Tensor): Tensor {
  return keepMemory(
    scope(() => {
      const copy = zeros(x.shape, x.dtype);
      if (x.size > 0) engine().copy(packed(x), copy);
      return copy;
    }),
  );
}
