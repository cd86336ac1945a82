// Layers, initialisers and models.

export { ACTIVATIONS, type ActivationName, activationByName } from "./activations.ts";
export {
  BaseLayer,
  type CallContext,
  type LayerCall,
  type LayerConfig,
  type LayerOptions,
  Symbolic,
} from "./base-layer.ts";
export type { Constraint } from "./constraints.ts";
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
export { Layer } from "./layer.ts";
export { Activation } from "./layers/activation.ts";
export { BatchNormalization, type BatchNormalizationOptions } from "./layers/batch-normalisation.ts";
export { Concatenate, type ConcatenateOptions } from "./layers/concatenate.ts";
export { Dense, type DenseOptions } from "./layers/dense.ts";
export { Dot, type DotOptions } from "./layers/dot.ts";
export { Dropout } from "./layers/dropout.ts";
export { Flatten } from "./layers/flatten.ts";
export { Add, Average, Maximum, Minimum, Multiply, Subtract } from "./layers/merge.ts";
export { registerLayer } from "./layers/registry.ts";
export {
  type Batches,
  type GraphConfig,
  type InputOptions,
  input,
  Model,
  type ModelConfig,
  type ModelInput,
  type ModelOptions,
  type ModelOutput,
  type SequentialConfig,
  type Symbolics,
} from "./model.ts";
export { modelFromConfig } from "./model-config.ts";
export { MultiLayer } from "./multi-layer.ts";
export {
  type BlockRange,
  type LoadOptions,
  type NamedParameter,
  Parameter,
  ParameterBlock,
  type ParameterOptions,
} from "./parameters.ts";
export type { Penalty } from "./penalties.ts";
export { Sequential, type SequentialOptions } from "./sequential.ts";
export type { OpenShape } from "./shapes.ts";
export type { LayerSummary } from "./summary.ts";
