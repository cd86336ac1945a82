// Optimisers by name, for configurations and checkpoints.
import { byNameIn } from "../engine/names.ts";
import { Adam, type AdamOptions, AdamW } from "./adam.ts";
import { NAdam, type NAdamOptions, RAdam, type RAdamOptions } from "./adam-variants.ts";
import {
  AdaDelta,
  type AdaDeltaOptions,
  AdaGrad,
  type AdaGradOptions,
  RMSProp,
  type RMSPropOptions,
} from "./adaptive.ts";
import { Lion, type LionOptions } from "./lion.ts";
import type { Optimizer, OptimizerOptions, OptimizerSettings } from "./optimizer.ts";
import { Momentum, type MomentumOptions, Nesterov, SGD } from "./sgd.ts";

/** The options of each optimiser, by its name. */
export interface OptimizerOptionsByName {
  sgd: OptimizerOptions;
  momentum: MomentumOptions;
  nesterov: MomentumOptions;
  adaGrad: AdaGradOptions;
  rmsProp: RMSPropOptions;
  adaDelta: AdaDeltaOptions;
  adam: AdamOptions;
  adamW: AdamOptions;
  nAdam: NAdamOptions;
  rAdam: RAdamOptions;
  lion: LionOptions;
}

/** The name of an optimiser, for `optimizerByName` and `fit`. */
export type OptimizerName = keyof OptimizerOptionsByName;

const makers: { [Name in OptimizerName]: (options: OptimizerOptionsByName[Name]) => Optimizer } = {
  sgd: (options) => new SGD(options),
  momentum: (options) => new Momentum(options),
  nesterov: (options) => new Nesterov(options),
  adaGrad: (options) => new AdaGrad(options),
  rmsProp: (options) => new RMSProp(options),
  adaDelta: (options) => new AdaDelta(options),
  adam: (options) => new Adam(options),
  adamW: (options) => new AdamW(options),
  nAdam: (options) => new NAdam(options),
  rAdam: (options) => new RAdam(options),
  lion: (options) => new Lion(options),
};

const makersByName = new Map<string, (options: object) => Optimizer>(Object.entries(makers));

/** The names of all optimisers. */
export const OPTIMIZERS = Object.keys(makers) as OptimizerName[];

/**
 * Makes an optimiser: `optimizerByName(state.type, state.config)` makes the one that a state was saved from.
 * @param name one of `OPTIMIZERS`.
 * @param options those of its constructor.
 * @throws TypeError for an unknown name; whatever the optimiser's constructor throws.
 * @example
 * ```ts
 * optimizerByName("momentum", { learningRate: 0.1 }).type; // "momentum"
 * ```
 */
export function optimizerByName<Name extends OptimizerName>(
  name: Name,
  options?: OptimizerOptionsByName[Name],
): Optimizer;
export function optimizerByName(name: string, options?: OptimizerSettings): Optimizer;
export function optimizerByName(name: string, options: object = {}): Optimizer {
  return byNameIn("optimizer", name, makersByName)(options);
}
