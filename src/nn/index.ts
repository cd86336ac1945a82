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
export { Bidirectional, type BidirectionalMerge, type BidirectionalOptions } from "./layers/bidirectional.ts";
export { Concatenate, type ConcatenateOptions } from "./layers/concatenate.ts";
export { Conv1D, type Conv1DOptions } from "./layers/conv1d.ts";
export { Conv2D, type Conv2DOptions } from "./layers/conv2d.ts";
export { Conv2DTranspose, type Conv2DTransposeOptions } from "./layers/conv2d-transpose.ts";
export type { FilterOptions } from "./layers/convolution-options.ts";
export { Dense, type DenseOptions } from "./layers/dense.ts";
export { DepthwiseConv2D, type DepthwiseConv2DOptions } from "./layers/depthwise-conv2d.ts";
export { Dot, type DotOptions } from "./layers/dot.ts";
export { Dropout } from "./layers/dropout.ts";
export { Embedding, type EmbeddingOptions } from "./layers/embedding.ts";
export { Flatten } from "./layers/flatten.ts";
export { GaussianNoise } from "./layers/gaussian-noise.ts";
export {
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  type GlobalPoolingOptions,
} from "./layers/global-pooling.ts";
export { GroupNormalization, type GroupNormalizationOptions } from "./layers/group-normalisation.ts";
export { GRU, type GRUOptions } from "./layers/gru.ts";
export { Lambda, type LambdaOptions } from "./layers/lambda.ts";
export { LayerNormalization, type LayerNormalizationOptions } from "./layers/layer-normalisation.ts";
export {
  LocalResponseNormalization,
  type LocalResponseNormalizationOptions,
} from "./layers/local-response-normalisation.ts";
export { LSTM, type LSTMOptions } from "./layers/lstm.ts";
export { Masking } from "./layers/masking.ts";
export { Add, Average, Maximum, Minimum, Multiply, Subtract } from "./layers/merge.ts";
export { MultiHeadAttention, type MultiHeadAttentionOptions } from "./layers/multi-head-attention.ts";
export { type Connections, PartiallyConnectedConv2D } from "./layers/partially-connected-conv2d.ts";
export { Permute } from "./layers/permute.ts";
export {
  AveragePooling1D,
  type AveragePooling1DOptions,
  MaxPooling1D,
  type Pooling1DOptions,
} from "./layers/pooling1d.ts";
export {
  AdaptiveAveragePooling2D,
  AdaptiveMaxPooling2D,
  AveragePooling2D,
  type AveragePooling2DOptions,
  L2Pooling2D,
  MaxPooling2D,
  type MaxPooling2DOptions,
  type Pooling2DOptions,
} from "./layers/pooling2d.ts";
export {
  PositionalEncoding,
  type PositionalEncodingOptions,
  PositionEmbedding,
  type PositionEmbeddingOptions,
} from "./layers/positions.ts";
export { PReLU, type PReLUOptions } from "./layers/prelu.ts";
export { RadialBasis, type RadialBasisOptions } from "./layers/radial-basis.ts";
export { RecurrentLayer, type RecurrentOptions } from "./layers/recurrent.ts";
export { registerLayer } from "./layers/registry.ts";
export { RepeatVector } from "./layers/repeat-vector.ts";
export { Rescaling, type RescalingOptions } from "./layers/rescaling.ts";
export { Reshape } from "./layers/reshape.ts";
export { SeparableConv2D, type SeparableConv2DOptions } from "./layers/separable-conv2d.ts";
export { type RecurrentActivation, SimpleRNN, type SimpleRNNOptions } from "./layers/simple-rnn.ts";
export { SpatialDropout1D, SpatialDropout2D } from "./layers/spatial-dropout.ts";
export { Subsampling2D } from "./layers/subsampling2d.ts";
export { TimeDistributed } from "./layers/time-distributed.ts";
export { TransformerDecoder, TransformerEncoder, type TransformerOptions } from "./layers/transformer.ts";
export { encodeTrees, TreeLayer, type TreeLayerOptions } from "./layers/tree-layer.ts";
export { TreeLSTM, type TreeLSTMOptions } from "./layers/tree-lstm.ts";
export { TreeRNN, type TreeRNNOptions } from "./layers/tree-rnn.ts";
export { UpSampling2D, type UpSampling2DOptions } from "./layers/up-sampling2d.ts";
export { type Frame, ZeroPadding2D } from "./layers/zero-padding2d.ts";
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
export * from "./models/index.ts";
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
