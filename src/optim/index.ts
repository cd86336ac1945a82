// Optimisers, gradient clipping, learning-rate schedules, and minimisers for small problems.
export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { NAdam, type NAdamOptions, RAdam, type RAdamOptions } from "./adam-variants.ts";
export {
  AdaDelta,
  type AdaDeltaOptions,
  AdaGrad,
  type AdaGradOptions,
  RMSProp,
  type RMSPropOptions,
} from "./adaptive.ts";
export { clipGradientNorm, clipGradientValues, gradientNorm } from "./clip.ts";
export { Lion, type LionOptions } from "./lion.ts";
export { Optimizer, type OptimizerOptions, type OptimizerSettings, type OptimizerState } from "./optimizer.ts";
export { OPTIMIZERS, type OptimizerName, type OptimizerOptionsByName, optimizerByName } from "./registry.ts";
export {
  type CosineOptions,
  type OneCycleOptions,
  type PlateauOptions,
  type PolynomialOptions,
  type Schedule,
  type ScheduleState,
  type ScheduleUnit,
  type StepwiseOptions,
  schedule,
} from "./schedules.ts";
export { Momentum, type MomentumOptions, Nesterov, SGD } from "./sgd.ts";
export {
  type ConjugateGradientOptions,
  conjugateGradient,
  type GradientDescentOptions,
  gradientDescent,
  type LbfgsOptions,
  lbfgs,
  type MinimiserOptions,
  type MinimiserResult,
  type MinimiserStep,
  type NewtonOptions,
  newton,
  type Objective,
} from "./small.ts";
export type { ParameterGroup } from "./target.ts";
export { clearGradients, updateTensors } from "./tensors.ts";
