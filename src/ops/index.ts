// The operations that users call.

export {
  elu,
  erf,
  erfinv,
  gaussian,
  gelu,
  hardSigmoid,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  softsign,
  step,
} from "./activations.ts";
export { abs, add, div, floorDivide, mul, neg, reciprocal, remainder, sign, square, sub } from "./arithmetic.ts";
export { type AttentionOptions, type AttentionResult, scaledDotProductAttention } from "./attention.ts";
export { broadcastTo, sum } from "./broadcast.ts";
export { cast } from "./cast.ts";
export { clip, maximum, minimum, where } from "./choice.ts";
export {
  equal,
  greater,
  greaterEqual,
  isfinite,
  isinf,
  isnan,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  notEqual,
} from "./comparison.ts";
export {
  type ConvolutionOptions,
  type ConvolutionTransposeOptions,
  conv1d,
  conv2d,
  convTranspose2d,
} from "./convolution.ts";
export { cumprod, cumsum } from "./cumulative.ts";
export { diagonal, lowerMask, lowerTriangle, trace, upperMask, upperTriangle } from "./diagonals.ts";
export { einsum } from "./einsum.ts";
export { exp, exp2, expm1, log, log1p, log2, log10, pow, rsqrt, sqrt } from "./exponentials.ts";
export type { Axes } from "./folding.ts";
export { embedding, gather, scatterAdd, takeAlongAxis } from "./gather.ts";
export { logspace, meshgrid } from "./grids.ts";
export { ellipsis, type Index, newAxis, type Slice } from "./index-plan.ts";
export { iterate } from "./indexing.ts";
export { concat, roll, stack } from "./join.ts";
export { dot, linear, matmul, outer } from "./linalg.ts";
export {
  type BinaryLossOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type HingeOptions,
  hinge,
} from "./losses/binary.ts";
export { type ClassLossOptions, negativeLogLikelihood, softmaxCrossEntropy } from "./losses/classes.ts";
export {
  type CosineEmbeddingOptions,
  cosineDistance,
  cosineEmbeddingLoss,
  cosineSimilarity,
  type DivergenceOptions,
  klDivergence,
} from "./losses/distances.ts";
export type { LossOptions, Reduction } from "./losses/reduction.ts";
export {
  type GaussianOptions,
  gaussianNegativeLogLikelihood,
  type HuberOptions,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  type PoissonOptions,
  poissonNegativeLogLikelihood,
  quadraticCost,
} from "./losses/regression.ts";
export { maskedSelect, nonZero } from "./masks.ts";
export { cholesky } from "./matrices/cholesky.ts";
export { det, slogdet } from "./matrices/determinant.ts";
export { eigh } from "./matrices/eigh.ts";
export { qr } from "./matrices/qr.ts";
export { inv, solve } from "./matrices/solve.ts";
export { type SvdOptions, type SvdResult, svd } from "./matrices/svd.ts";
export {
  type BatchNormOptions,
  type BatchNormResult,
  batchNorm,
  batchNormInference,
  groupNorm,
  type LayerNormOptions,
  type LocalResponseNormOptions,
  layerNorm,
  localResponseNorm,
} from "./normalisation.ts";
export { oneHot } from "./onehot.ts";
export { type PadMode, pad } from "./padding.ts";
export {
  type AveragePoolingOptions,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  globalAvgPool2d,
  globalMaxPool2d,
  l2Pool2d,
  type MaxPoolingOptions,
  maxPool1d,
  maxPool2d,
  type PoolingOptions,
} from "./pooling.ts";
export { type ChoiceOptions, type DrawOptions, random, type TruncatedOptions } from "./random.ts";
export { type GruOptions, gru } from "./recurrent/gru.ts";
export { bidirectional, splitConcatenated, stackedLayers } from "./recurrent/layers.ts";
export { type LstmOptions, type LstmResult, lstm } from "./recurrent/lstm.ts";
export { type RnnOptions, rnn } from "./recurrent/rnn.ts";
export type { Direction, RecurrentParameters, RecurrentResult, SequenceOptions } from "./recurrent/setup.ts";
export {
  all,
  any,
  argmax,
  argmin,
  countNonZero,
  max,
  mean,
  min,
  norm,
  prod,
  standardDeviation,
  variance,
} from "./reduce.ts";
export { repeat, tile } from "./repeat.ts";
export { type ResizeOptions, resize } from "./resize.ts";
export { ceil, floor, round, trunc } from "./rounding.ts";
export { flip, slice, split } from "./slices.ts";
export { logSoftmax, logSumExp, softmax } from "./softmax.ts";
export { argsort, bincount, histogram, median, quantile, searchSorted, sort, topK, unique } from "./sorting.ts";
export {
  allclose,
  argwhere,
  type ClosenessOptions,
  correlation,
  covariance,
  diff,
  type InterpolationOptions,
  interp,
  type NanToNumOptions,
  nanToNum,
  percentile,
} from "./statistics.ts";
export { Forest, type ForestOptions, forest, type Level, type Tree } from "./trees/forest.ts";
export { type TreeLstmOptions, type TreeLstmParameters, type TreeLstmResult, treeLstm } from "./trees/tree-lstm.ts";
export { type TreeResult, type TreeRnnOptions, treeRnn } from "./trees/tree-rnn.ts";
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cos,
  cosh,
  hypot,
  sin,
  sinh,
  tan,
  tanh,
} from "./trigonometry.ts";
export { clone, expandDims, flatten, moveAxis, reshape, squeeze, swapAxes, transpose } from "./views.ts";
export type { Padding, Pair } from "./windows.ts";
