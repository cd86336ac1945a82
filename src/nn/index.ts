// Layers, initialisers and models.
export {
  INITIALISERS,
  type Initialiser,
  type InitialiserContext,
  type InitialiserName,
  initialise,
  initialiser,
  type TruncatedNormalOptions,
  type VarianceScalingOptions,
} from "./initialisers.ts";
export { type CallContext, Layer, type LayerConfig } from "./layer.ts";
export { ACTIVATIONS, Activation, type ActivationName, activationByName } from "./layers/activation.ts";
export { BatchNormalization, type BatchNormalizationOptions } from "./layers/batch-normalisation.ts";
export { Dense, type DenseOptions } from "./layers/dense.ts";
export { Dropout } from "./layers/dropout.ts";
export { Flatten } from "./layers/flatten.ts";
export { registerLayer } from "./layers/registry.ts";
export { type BlockRange, type LoadOptions, Parameter, ParameterBlock, type ParameterOptions } from "./parameters.ts";
export { type LayerSummary, type ModelConfig, Sequential, type SequentialOptions } from "./sequential.ts";
