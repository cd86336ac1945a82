// The entry `nabla/inspect`: looking inside trained models. Runs in every JavaScript engine, on the tensors and models of `nabla`.
export {
  type Attack,
  type AttackOptions,
  fastGradient,
  type IteratedOptions,
  iteratedGradient,
  type NoiseOptions,
  randomNoise,
} from "./adversarial.ts";
export type { AttackLoss } from "./attack-loss.ts";
export {
  type ActivationDistributionOptions,
  activationDistributions,
  type Distribution,
  type DistributionOptions,
  distributionOf,
  type GradientDistributionOptions,
  gradientDistributions,
  weightDistributions,
} from "./distributions.ts";
export {
  type EnsembleAnswers,
  type EnsembleErrors,
  type EnsembleMistake,
  type EnsembleMistakesOptions,
  type EnsembleOptions,
  ensemble,
  ensembleMistakes,
} from "./ensemble.ts";
export { type FiltersOptions, filters, type LayerFilters, pictureOf } from "./filters.ts";
export { type FoolingImages, type FoolingOptions, foolingImages } from "./fooling.ts";
export { type GradCamOptions, gradCam } from "./grad-cam.ts";
export type { Classes, Score, Target, TargetOptions } from "./inputs.ts";
export {
  type FeatureMapsOptions,
  featureMaps,
  type LayerMaps,
  type LayerOutput,
  type LayerOutputsOptions,
  layerOutputs,
} from "./layer-outputs.ts";
export { type Mistake, type MistakesOptions, mistakes, mistakesIn } from "./mistakes.ts";
export type { PerturbationNorm } from "./norms.ts";
export { type OcclusionMap, type OcclusionOptions, occlusion } from "./occlusion.ts";
export { type AttributionMapOptions, attributionMap, type SaliencyOptions, saliency } from "./saliency.ts";
export { type SuccessCurve, type SuccessCurveOptions, successCurve } from "./success-curve.ts";
export { type DeadUnitsOptions, deadUnits, type LayerUnits } from "./units.ts";
