// Every layer with settings that take different ways through it, and the shapes of its inputs.
import {
  Activation,
  AdaptiveAveragePooling2D,
  AdaptiveMaxPooling2D,
  Add,
  Average,
  AveragePooling1D,
  AveragePooling2D,
  type BaseLayer,
  BatchNormalization,
  Bidirectional,
  Concatenate,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  Dense,
  DepthwiseConv2D,
  Dot,
  Dropout,
  Flatten,
  GaussianNoise,
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GRU,
  GroupNormalization,
  L2Pooling2D,
  LayerNormalization,
  LocalResponseNormalization,
  LSTM,
  Masking,
  Maximum,
  MaxPooling1D,
  MaxPooling2D,
  Minimum,
  MultiHeadAttention,
  Multiply,
  PartiallyConnectedConv2D,
  Permute,
  PositionalEncoding,
  PositionEmbedding,
  PReLU,
  RadialBasis,
  RepeatVector,
  Rescaling,
  Reshape,
  SeparableConv2D,
  SimpleRNN,
  SpatialDropout1D,
  SpatialDropout2D,
  Subsampling2D,
  Subtract,
  TimeDistributed,
  TransformerDecoder,
  TransformerEncoder,
  UpSampling2D,
  ZeroPadding2D,
} from "../src/node.ts";

/** A row: the layer with more options, and the shapes of its inputs. */
export interface Row {
  title: string;
  make: (more?: object) => BaseLayer;
  shapes: readonly number[][];
  /** It draws random numbers while training: gradients are checked without. */
  random?: true;
}

export const row = (
  title: string,
  shapes: readonly number[] | readonly number[][],
  make: Row["make"],
  rest: Partial<Row> = {},
): Row => ({
  ...{ title, make, ...rest },
  shapes: (Array.isArray(shapes[0]) ? shapes : [shapes]) as readonly number[][],
});

export const pair = (shape: number[]): number[][] => [shape, shape];

export const ROWS: readonly Row[] = [
  row("Add", [...pair([3, 2]), [1, 2]], (more) => new Add(more)),
  row("Subtract", pair([3]), (more) => new Subtract(more)),
  row("Multiply", [...pair([3, 2]), [3, 1]], (more) => new Multiply(more)),
  row("Average", [...pair([4]), [4]], (more) => new Average(more)),
  row("Maximum", pair([4]), (more) => new Maximum(more)),
  row("Minimum", pair([4]), (more) => new Minimum(more)),
  row("Concatenate", [[2], [3], [1]], (more) => new Concatenate(more)),
  row(
    "Concatenate, channels",
    [
      [2, 3, 2],
      [1, 3, 2],
    ],
    (more) => new Concatenate({ axis: 1, ...more }),
  ),
  row("Dot of vectors", pair([4]), (more) => new Dot(-1, more)),
  row(
    "Dot of sequences, cosines",
    [
      [3, 2],
      [2, 3],
    ],
    (more) => new Dot([2, 1], { normalise: true, ...more }),
  ),
  row("Activation", [4], (more) => new Activation("softplus", more)),
  row("Dense", [5], (more) => new Dense(3, { activation: "tanh", ...more })),
  row("Dense, step by step", [3, 4], (more) => new Dense(2, { activation: "elu", bias: null, ...more })),
  row("Dropout", [6], (more) => (more ? new Dropout(0.4, "inverted", more) : new Dropout(0.4)), { random: true }),
  row("Flatten", [2, 3], (more) => new Flatten(more)),
  row("BatchNormalization", [3, 2, 2], (more) => new BatchNormalization(more)),
  row("LayerNormalization", [3, 4], (more) => new LayerNormalization({ epsilon: 1e-3, ...more })),
  row("LayerNormalization of images", [2, 2, 3], (more) => new LayerNormalization({ axes: [1, 2, 3], ...more })),
  row("GroupNormalization", [6, 2, 2], (more) => new GroupNormalization({ groups: 3, ...more })),
  row(
    "LocalResponseNormalization",
    [6, 2, 2],
    (more) => new LocalResponseNormalization(3, { alpha: 0.5, beta: 0.7, k: 2, ...more }),
  ),
  row("Conv1D", [7, 2], (more) => new Conv1D(3, 3, { activation: "tanh", ...more })),
  row(
    "Conv1D, causal, dilated, in groups",
    [7, 4],
    (more) => new Conv1D(2, 2, { padding: "causal", dilation: 2, groups: 2, activation: "softmax", ...more }),
  ),
  row(
    "Conv1D, same, strided",
    [7, 2],
    (more) => new Conv1D(3, 4, { padding: "same", stride: 2, bias: null, kernelPenalty: { l2: 0.1 }, ...more }),
  ),
  row("Conv2D", [2, 5, 4], (more) => new Conv2D(3, 3, { activation: "sigmoid", padding: 1, ...more })),
  row(
    "Conv2D, strided, dilated, in groups",
    [4, 7, 6],
    (more) =>
      new Conv2D(6, [3, 2], {
        ...{ stride: [2, 1], dilation: [1, 2], padding: [1, 0], groups: 2, activation: "gelu", bias: "normal" },
        ...{ kernelConstraint: { maxNorm: 0.5 }, ...more },
      }),
  ),
  row(
    "Conv2D, same, softmax over filters",
    [2, 5, 5],
    (more) => new Conv2D(3, 2, { padding: "same", stride: 2, activation: "softmax", weights: "normal", ...more }),
  ),
  row("Conv2DTranspose", [3, 3, 2], (more) => new Conv2DTranspose(2, 3, { stride: 2, activation: "tanh", ...more })),
  row(
    "Conv2DTranspose, padded, in groups",
    [4, 3, 3],
    (more) => new Conv2DTranspose(2, [3, 2], { stride: [2, 3], padding: [1, 0], outputPadding: 1, groups: 2, ...more }),
  ),
  row(
    "Conv2DTranspose, same",
    [2, 3, 3],
    (more) => new Conv2DTranspose(2, [4, 1], { stride: 2, padding: "same", activation: "elu", bias: null, ...more }),
  ),
  row(
    "DepthwiseConv2D",
    [3, 5, 5],
    (more) =>
      new DepthwiseConv2D(3, { depthMultiplier: 2, stride: 2, padding: "same", activation: "softplus", ...more }),
  ),
  row(
    "SeparableConv2D",
    [3, 5, 5],
    (more) =>
      new SeparableConv2D(4, 3, { depthMultiplier: 2, activation: "tanh", depthwisePenalty: { l1: 0.01 }, ...more }),
  ),
  row("MaxPooling1D", [7, 2], (more) => new MaxPooling1D(3, { stride: 2, padding: 1, ...more })),
  row("AveragePooling1D", [7, 2], (more) => new AveragePooling1D(2, { padding: "same", ...more })),
  row("MaxPooling2D", [2, 5, 6], (more) => new MaxPooling2D(undefined, more)),
  row(
    "MaxPooling2D, overlapping, dilated, rounded up",
    [2, 7, 6],
    (more) => new MaxPooling2D([2, 3], { stride: 2, padding: 1, dilation: [2, 1], ceilMode: true, ...more }),
  ),
  row(
    "AveragePooling2D",
    [2, 5, 6],
    (more) => new AveragePooling2D(3, { stride: 2, padding: 1, countIncludePadding: false, ...more }),
  ),
  row("L2Pooling2D", [2, 4, 4], (more) => new L2Pooling2D(2, more)),
  row("AdaptiveAveragePooling2D", [2, 5, 4], (more) => new AdaptiveAveragePooling2D([2, 3], more)),
  row("AdaptiveMaxPooling2D", [2, 5, 4], (more) => new AdaptiveMaxPooling2D([2, 3], more)),
  row("GlobalAveragePooling1D", [4, 3], (more) => new GlobalAveragePooling1D(more)),
  row("GlobalMaxPooling1D", [4, 3], (more) => new GlobalMaxPooling1D({ keepDims: true, ...more })),
  row("GlobalAveragePooling2D", [3, 2, 4], (more) => new GlobalAveragePooling2D({ keepDims: true, ...more })),
  row("GlobalMaxPooling2D", [3, 2, 4], (more) => new GlobalMaxPooling2D(more)),
  row("Reshape", [2, 6], (more) => new Reshape([3, -1], more)),
  row("Permute", [2, 3, 4], (more) => new Permute([3, 1, 2], more)),
  row(
    "ZeroPadding2D",
    [2, 2, 3],
    (more) =>
      new ZeroPadding2D(
        [
          [1, 0],
          [2, 1],
        ],
        more,
      ),
  ),
  row("UpSampling2D", [2, 2, 3], (more) => new UpSampling2D([2, 3], more)),
  row("UpSampling2D, bilinear", [2, 2, 3], (more) => new UpSampling2D(2, { method: "bilinear", ...more })),
  row("GaussianNoise", [4], (more) => new GaussianNoise(0.3, more), { random: true }),
  row("SpatialDropout1D", [3, 4], (more) => new SpatialDropout1D(0.4, more), { random: true }),
  row("SpatialDropout2D", [4, 2, 2], (more) => new SpatialDropout2D(0.4, more), { random: true }),
  row("PReLU", [3, 2], (more) => new PReLU({ alpha: "normal", ...more })),
  row(
    "PReLU, a slope a channel",
    [3, 2, 2],
    (more) =>
      new PReLU({ sharedAxes: [2, 3], alpha: "ones", penalty: { l2: 0.1 }, constraint: "nonNegative", ...more }),
  ),
  row(
    "PartiallyConnectedConv2D",
    [3, 5, 4],
    (more) => new PartiallyConnectedConv2D([[0], [2, 0], [1, 2], [0, 1, 2]], [3, 2], { activation: "tanh", ...more }),
  ),
  row("Subsampling2D", [3, 5, 4], (more) => new Subsampling2D(2, { activation: "scaledTanh", ...more })),
  row("RadialBasis", [4], (more) => new RadialBasis(3, more)),
];

/** Layers of sequences: what is said of one cell holds of its options. */
export const SEQUENCE_ROWS: readonly Row[] = [
  row("SimpleRNN", [4, 3], (more) => new SimpleRNN(2, more)),
  row("SimpleRNN of two layers, backward", [4, 3], (more) => {
    const options = { layers: 2, direction: "backward", returnSequences: true, activation: "sigmoid" } as const;
    return new SimpleRNN(2, { ...options, ...more });
  }),
  row("LSTM", [4, 3], (more) => new LSTM(2, more)),
  row("LSTM without tanh on the cell, without bias, penalised", [4, 3], (more) => {
    const options = { cellActivation: "linear", bias: null, returnSequences: true } as const;
    return new LSTM(2, { ...options, kernelPenalty: { l2: 0.1 }, recurrentConstraint: { maxNorm: 1 }, ...more });
  }),
  row("LSTM with first states", [[4, 3], [2], [2]], (more) => new LSTM(2, more)),
  row(
    "LSTM of two layers with every dropout",
    [4, 3],
    (more) => {
      const rates = { dropout: 0.2, recurrentDropout: 0.3, layerDropout: 0.4 };
      return new LSTM(3, { ...rates, layers: 2, ...more });
    },
    { random: true },
  ),
  row("GRU", [4, 3], (more) => new GRU(2, { returnSequences: true, ...more })),
  row("GRU, reset before, update writes", [4, 3], (more) => new GRU(2, { reset: "before", update: "writes", ...more })),
  row("GRU of one step, with a first state", [[1, 3], [2]], (more) => new GRU(2, more)),
  row("Bidirectional", [4, 3], (more) => new Bidirectional(new LSTM(2, { returnSequences: true }), more)),
  row(
    "Bidirectional, sum, last states, first states",
    [[4, 3], [2], [2]],
    (more) => new Bidirectional(new GRU(2), { merge: "sum", ...more }),
  ),
  row("Masking", [4, 3], (more) => new Masking(0, more)),
  row("MultiHeadAttention, self, causal", [3, 4], (more) => new MultiHeadAttention(2, { causal: true, ...more })),
  row(
    "MultiHeadAttention, cross, sizes of its own, with dropout",
    [
      [3, 4],
      [2, 3],
      [2, 5],
    ],
    (more) => {
      const sizes = { keySize: 2, valueSize: 3, outputSize: 5 };
      return new MultiHeadAttention(2, { ...sizes, dropout: 0.2, kernelPenalty: { l1: 0.01 }, ...more });
    },
    { random: true },
  ),
  row(
    "MultiHeadAttention without biases",
    [
      [3, 4],
      [2, 4],
    ],
    (more) => new MultiHeadAttention(4, { bias: null, ...more }),
  ),
  row("PositionalEncoding", [4, 3], (more) => new PositionalEncoding({ scale: 2, base: 100, ...more })),
  row("PositionEmbedding", [4, 3], (more) => new PositionEmbedding(5, more)),
  row("TransformerEncoder", [3, 4], (more) => new TransformerEncoder(2, 5, { activation: "tanh", ...more })),
  row(
    "TransformerEncoder, normalised first, with dropout",
    [3, 4],
    (more) => {
      const options = { normaliseFirst: true, dropout: 0.2, activation: "gelu" } as const;
      return new TransformerEncoder(1, 5, { ...options, ...more });
    },
    { random: true },
  ),
  row("TransformerDecoder", [3, 4], (more) => new TransformerDecoder(2, 5, { activation: "tanh", ...more })),
  row(
    "TransformerDecoder with a memory",
    [
      [3, 4],
      [2, 3],
    ],
    (more) => new TransformerDecoder(2, 5, { activation: "gelu", ...more }),
  ),
  row("RepeatVector", [3], (more) => new RepeatVector(4, more)),
  row("Rescaling", [3], (more) => new Rescaling(0.5, { offset: -1, ...more })),
  row("TimeDistributed", [4, 2, 3], (more) => new TimeDistributed(new Flatten(), more)),
];
