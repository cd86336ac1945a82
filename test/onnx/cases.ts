// Models of every layer, with its options, for what takes models to ONNX and back: how each is made, and batches for it. Parameters are random, so that
// none is left out unseen.
import {
  ACTIVATIONS,
  Activation,
  AdaptiveAveragePooling2D,
  AdaptiveMaxPooling2D,
  Add,
  Average,
  AveragePooling1D,
  AveragePooling2D,
  alexnet,
  type BaseLayer,
  BatchNormalization,
  Bidirectional,
  Concatenate,
  Conv1D,
  Conv2D,
  Conv2DTranspose,
  characterLSTM,
  Dense,
  DepthwiseConv2D,
  Dot,
  Dropout,
  type DType,
  Embedding,
  encoderDecoder,
  Flatten,
  GaussianNoise,
  Generator,
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GRU,
  GroupNormalization,
  googlenet,
  input,
  L2Pooling2D,
  type Layer,
  LayerNormalization,
  LocalResponseNormalization,
  LSTM,
  lenet5,
  Masking,
  Maximum,
  MaxPooling1D,
  MaxPooling2D,
  Minimum,
  Model,
  MultiHeadAttention,
  MultiLayer,
  Multiply,
  network3,
  type OpenShape,
  PartiallyConnectedConv2D,
  Permute,
  PositionalEncoding,
  PositionEmbedding,
  PReLU,
  RadialBasis,
  RepeatVector,
  Rescaling,
  Reshape,
  random,
  resnet,
  SeparableConv2D,
  Sequential,
  SimpleRNN,
  SpatialDropout1D,
  SpatialDropout2D,
  Subsampling2D,
  Subtract,
  type Tensor,
  TimeDistributed,
  TransformerDecoder,
  TransformerEncoder,
  tensor,
  transformerClassifier,
  transformerEncoderDecoder,
  transformerLanguageModel,
  UpSampling2D,
  vgg,
  ZeroPadding2D,
} from "../../src/node.ts";

/** A model, and shapes of batches for it where its own are open. */
export interface ExportCase {
  readonly title: string;
  readonly make: (dtype: DType) => Model;
  /** Lengths of open axes, in their order over all inputs, for each batch that is tried; default: one batch. */
  readonly lengths: readonly (readonly number[])[];
  /** Values of the batches for an input, where they are not random. */
  readonly values?: (shape: readonly number[], name: string) => Tensor;
}

const found: ExportCase[] = [];
const byName: ExportCase[] = [];

function add(title: string, make: ExportCase["make"], rest: Partial<ExportCase> = {}): void {
  found.push({ title, make, lengths: [[]], ...rest });
}

/** The layer between inputs of these shapes and outputs. */
function layer(
  title: string,
  shapes: OpenShape | readonly OpenShape[],
  make: () => BaseLayer,
  rest: Partial<ExportCase> = {},
): void {
  const all = (Array.isArray(shapes[0]) ? shapes : [shapes]) as readonly OpenShape[];
  const open = all.flat().filter((length) => length === null).length;
  add(
    title,
    (dtype) => {
      const inputs = all.map((shape) => input(shape));
      const own = make();
      const outputs = own instanceof MultiLayer ? own.applyAll(inputs) : [(own as Layer).apply(inputs[0])];
      return new Model({ inputs, outputs, seed: 3, dtype });
    },
    { ...(open > 0 && { lengths: [5, 8].map((length) => new Array<number>(open).fill(length)) }), ...rest },
  );
}

const line = (title: string, inputShape: OpenShape, layers: () => BaseLayer[], rest: Partial<ExportCase> = {}): void =>
  add(title, (dtype) => new Sequential(layers(), { inputShape, seed: 3, dtype }), rest);

const twice = <T>(x: T): [T, T] => [x, x];

for (const activation of ACTIVATIONS) layer(`Activation ${activation}`, [7], () => new Activation(activation));
for (const activation of ["relu", "softmax", "gelu", "linear"] as const) {
  layer(`Dense ${activation}`, [5], () => new Dense(3, { activation }));
}
layer("Dense without bias", [5], () => new Dense(3, { bias: null, activation: "tanh" }));
layer("Dense, step by step", [null, 4], () => new Dense(2, { activation: "softmax" }));
layer("Dropout", [6], () => new Dropout(0.4));
layer("Dropout that scales at the end", [6], () => new Dropout(0.4, "atTest"));
layer("GaussianNoise", [6], () => new GaussianNoise(0.4));
layer("SpatialDropout1D", [3, 4], () => new SpatialDropout1D(0.4));
layer("SpatialDropout2D", [4, 2, 2], () => new SpatialDropout2D(0.4));
layer("Flatten", [2, 3, 2], () => new Flatten());
layer("Flatten of one axis", [3], () => new Flatten());
layer("Reshape", [2, 6], () => new Reshape([3, -1]));
layer("Reshape of an open length", [null, 6], () => new Reshape([-1, 3]));
layer("Reshape to nothing", [0, 6], () => new Reshape([3, 0, 2]));
layer("Permute", [2, 3, 4], () => new Permute([3, 1, 2]));
layer("RepeatVector", [3], () => new RepeatVector(4));
layer("Rescaling", [3], () => new Rescaling(1 / 3, { offset: -0.5 }));
layer(
  "ZeroPadding2D",
  [2, 2, 3],
  () =>
    new ZeroPadding2D([
      [1, 0],
      [2, 1],
    ]),
);
layer("ZeroPadding2D by nothing", [2, 2, 3], () => new ZeroPadding2D(0));
layer("UpSampling2D", [2, 2, 3], () => new UpSampling2D([2, 3]));
layer("UpSampling2D, bilinear, open", [2, null, null], () => new UpSampling2D(2, { method: "bilinear" }));
layer("UpSampling2D, bilinear", [2, 4, 3], () => new UpSampling2D([3, 2], { method: "bilinear" }));
layer("TimeDistributed", [4, 2, 3], () => new TimeDistributed(new Flatten()));
layer("TimeDistributed, open", [null, 1, 5, 5], () => new TimeDistributed(new Conv2D(2, 3, { activation: "relu" })));

layer(
  "Add",
  [
    [3, 2],
    [1, 2],
    [3, 1],
  ],
  () => new Add(),
);
layer("Add of two", twice([3]), () => new Add());
layer("Subtract", twice([3]), () => new Subtract());
layer(
  "Multiply",
  [
    [3, 2],
    [3, 2],
    [3, 1],
  ],
  () => new Multiply(),
);
layer("Average", [[4], [4], [4]], () => new Average());
layer("Maximum", [[4], [4], [1]], () => new Maximum());
layer("Minimum", twice([4]), () => new Minimum());
layer("Concatenate", [[2], [3], [1]], () => new Concatenate());
layer(
  "Concatenate, channels",
  [
    [2, 3, 2],
    [1, 3, 2],
  ],
  () => new Concatenate({ axis: 1 }),
);
layer("Concatenate, time", twice([null, 2]), () => new Concatenate({ axis: 1 }), {
  lengths: [
    [3, 5],
    [1, 2],
  ],
});
layer("Dot of vectors", twice([4]), () => new Dot(-1));
layer(
  "Dot of sequences, cosines",
  [
    [3, 2],
    [2, 4],
  ],
  () => new Dot([2, 1], { normalise: true }),
);
layer(
  "Dot of open sequences",
  [
    [null, 2],
    [null, 2],
  ],
  () => new Dot(2),
  { lengths: [[3, 5]] },
);

layer("BatchNormalization of images", [3, 2, 4], () => new BatchNormalization({ epsilon: 1e-3 }));
layer("BatchNormalization of vectors", [3], () => new BatchNormalization());
layer("BatchNormalization along time", [3, null], () => new BatchNormalization());
layer("LayerNormalization", [null, 4], () => new LayerNormalization({ epsilon: 1e-3 }));
layer("LayerNormalization of images", [2, 2, 3], () => new LayerNormalization({ axes: [1, 2, 3] }));
layer("GroupNormalization", [6, 2, 3], () => new GroupNormalization({ groups: 3 }));
layer("GroupNormalization, open", [6, null, null], () => new GroupNormalization({ groups: 2, epsilon: 1e-2 }));
layer("GroupNormalization of vectors", [6], () => new GroupNormalization({ groups: 2 }));
const numbers = { alpha: 0.5, beta: 0.7, k: 2 };
layer("LocalResponseNormalization", [6, 2, 3], () => new LocalResponseNormalization(3, numbers));
layer("LocalResponseNormalization, even", [6, 2, 3], () => new LocalResponseNormalization(4, numbers));
layer("LocalResponseNormalization of vectors", [6], () => new LocalResponseNormalization(5, numbers));

layer("Conv1D", [7, 2], () => new Conv1D(3, 3, { activation: "tanh" }));
layer(
  "Conv1D, causal, dilated, in groups",
  [null, 4],
  () => new Conv1D(2, 2, { padding: "causal", dilation: 2, groups: 2, activation: "softmax" }),
);
layer("Conv1D, same, strided", [7, 2], () => new Conv1D(3, 4, { padding: "same", stride: 2, bias: null }));
layer("Conv1D, same, strided, open", [null, 2], () => new Conv1D(3, 4, { padding: "same", stride: 2 }));
layer("Conv1D, same, dilated, open", [null, 2], () => new Conv1D(3, 4, { padding: "same", dilation: 2 }));
layer("Conv2D", [2, 5, 4], () => new Conv2D(3, 3, { activation: "sigmoid", padding: 1 }));
layer(
  "Conv2D, strided, dilated, in groups",
  [4, 7, 6],
  () => new Conv2D(6, [3, 2], { stride: [2, 1], dilation: [1, 2], padding: [1, 0], groups: 2, activation: "gelu" }),
);
layer(
  "Conv2D, same, softmax over filters",
  [2, 5, 5],
  () => new Conv2D(3, 2, { padding: "same", stride: 2, activation: "softmax" }),
);
layer("Conv2D, same, open", [2, null, 5], () => new Conv2D(3, [2, 4], { padding: "same", stride: [2, 3] }));
layer("Conv2D, valid, open", [2, null, null], () => new Conv2D(3, 3, { dilation: 2 }));
layer("Conv2DTranspose", [3, 3, 2], () => new Conv2DTranspose(2, 3, { stride: 2, activation: "tanh" }));
layer(
  "Conv2DTranspose, padded, in groups",
  [4, null, 3],
  () => new Conv2DTranspose(2, [3, 2], { stride: [2, 3], padding: [1, 0], outputPadding: 1, groups: 2 }),
);
layer("Conv2DTranspose, dilated", [2, 3, 3], () => new Conv2DTranspose(2, 3, { dilation: 2, outputPadding: 1 }));
layer(
  "Conv2DTranspose, dilated, padded on one side",
  [2, 3, null],
  () => new Conv2DTranspose(2, 3, { dilation: [3, 1], padding: [2, 1], outputPadding: [2, 0], bias: null }),
);
layer(
  "Conv1D, same, dilated, strided, open",
  [null, 2],
  () => new Conv1D(3, 4, { padding: "same", dilation: 2, stride: 2 }),
);
layer(
  "MaxPooling2D, same, dilated, strided, open",
  [2, 7, null],
  () => new MaxPooling2D(2, { stride: 2, padding: "same", dilation: 3 }),
);
layer(
  "Conv2DTranspose, same, strides beyond filters",
  [2, 3, 3],
  () => new Conv2DTranspose(2, 2, { stride: 3, padding: "same" }),
);
layer(
  "Conv2DTranspose, same",
  [2, null, 3],
  () => new Conv2DTranspose(2, [4, 1], { stride: 2, padding: "same", activation: "elu", bias: null }),
);
layer("Conv2DTranspose, same, odd", [2, 3, 3], () => new Conv2DTranspose(2, 5, { stride: 2, padding: "same" }));
layer(
  "DepthwiseConv2D",
  [3, 5, 5],
  () => new DepthwiseConv2D(3, { depthMultiplier: 2, stride: 2, padding: "same", activation: "softplus" }),
);
layer("SeparableConv2D", [3, 5, 5], () => new SeparableConv2D(4, 3, { depthMultiplier: 2, activation: "tanh" }));
layer(
  "PartiallyConnectedConv2D",
  [3, 5, 4],
  () => new PartiallyConnectedConv2D([[0], [2, 0], [1, 2], [0, 1, 2]], [3, 2], { activation: "tanh" }),
);

layer("MaxPooling1D", [7, 2], () => new MaxPooling1D(3, { stride: 2, padding: 1 }));
layer("MaxPooling1D, same, open", [null, 2], () => new MaxPooling1D(3, { stride: 2, padding: "same" }));
layer("AveragePooling1D", [7, 2], () => new AveragePooling1D(2, { padding: "same" }));
layer(
  "AveragePooling1D, padding counts, open",
  [null, 2],
  () => new AveragePooling1D(3, { padding: "same", countIncludePadding: true, stride: 1 }),
);
layer("MaxPooling2D", [2, 5, 6], () => new MaxPooling2D());
layer(
  "MaxPooling2D, overlapping, dilated, rounded up",
  [2, 7, 6],
  () => new MaxPooling2D([2, 3], { stride: 2, padding: 1, dilation: [2, 1], ceilMode: true }),
);
layer(
  "MaxPooling2D, far apart, rounded up",
  [2, 8, 7],
  () => new MaxPooling2D(2, { stride: 3, dilation: 3, ceilMode: true }),
);
for (const size of [6, 7, 8, 9]) {
  for (const padding of [0, 1]) {
    const options = { stride: 3, padding, ceilMode: true };
    layer(`MaxPooling2D rounded up, ${size}, padding ${padding}`, [1, size, 6], () => new MaxPooling2D(2, options));
    layer(
      `AveragePooling2D rounded up, ${size}, padding ${padding}`,
      [1, size, 6],
      () => new AveragePooling2D(2, options),
    );
    layer(
      `AveragePooling2D of the image rounded up, ${size}, padding ${padding}`,
      [1, size, 6],
      () => new AveragePooling2D(3, { ...options, stride: 2, countIncludePadding: false }),
    );
    layer(
      `AveragePooling2D with padding rounded up, ${size}, padding ${padding}`,
      [1, size, 6],
      () => new AveragePooling2D(3, { ...options, stride: 2 }),
    );
    layer(
      `L2Pooling2D rounded up, ${size}, padding ${padding}`,
      [1, size, 6],
      () => new L2Pooling2D(3, { ...options, stride: 2 }),
    );
  }
}
const sizes = { lengths: [6, 7, 8, 9].map((length) => [length, 13 - length]) };
for (const padding of [0, 1]) {
  for (const stride of [2, 3, 4]) {
    const options = { stride, padding, ceilMode: true };
    layer(
      `MaxPooling2D rounded up, open, stride ${stride}, padding ${padding}`,
      [1, null, null],
      () => new MaxPooling2D(3, options),
      sizes,
    );
    layer(
      `AveragePooling2D rounded up, open, stride ${stride}, padding ${padding}`,
      [1, null, null],
      () => new AveragePooling2D(3, { ...options, countIncludePadding: false }),
      sizes,
    );
  }
}
layer("MaxPooling2D, same", [2, 5, null], () => new MaxPooling2D(3, { stride: 2, padding: "same" }));
layer(
  "MaxPooling2D, same, dilated, open",
  [2, 7, null],
  () => new MaxPooling2D(2, { stride: 1, padding: "same", dilation: 3 }),
);
layer(
  "AveragePooling2D",
  [2, 5, 6],
  () => new AveragePooling2D(3, { stride: 2, padding: 1, countIncludePadding: false }),
);
layer(
  "AveragePooling2D, same, padding counts",
  [2, 5, 6],
  () => new AveragePooling2D(3, { stride: 2, padding: "same", countIncludePadding: true }),
);
layer("AveragePooling2D, same, open", [2, null, 6], () => new AveragePooling2D(3, { stride: 2, padding: "same" }));
layer("L2Pooling2D", [2, 4, 4], () => new L2Pooling2D(2));
layer("L2Pooling2D, same, open", [2, null, 4], () => new L2Pooling2D(3, { stride: 2, padding: "same" }));
layer("AdaptiveAveragePooling2D", [2, 5, 4], () => new AdaptiveAveragePooling2D([2, 3]));
layer("AdaptiveAveragePooling2D, open", [2, null, null], () => new AdaptiveAveragePooling2D([2, 3]));
layer("AdaptiveAveragePooling2D to one", [2, null, 4], () => new AdaptiveAveragePooling2D(1));
layer("AdaptiveMaxPooling2D", [2, 5, 4], () => new AdaptiveMaxPooling2D([2, 3]));
layer("AdaptiveMaxPooling2D, open", [2, null, 4], () => new AdaptiveMaxPooling2D([3, 1]));
layer("AdaptiveMaxPooling2D to one", [2, 5, 4], () => new AdaptiveMaxPooling2D(1));
for (const keepDims of [false, true]) {
  const kept = keepDims ? ", axes kept" : "";
  layer(`GlobalAveragePooling1D${kept}`, [null, 3], () => new GlobalAveragePooling1D({ keepDims }));
  layer(`GlobalMaxPooling1D${kept}`, [null, 3], () => new GlobalMaxPooling1D({ keepDims }));
  layer(`GlobalAveragePooling2D${kept}`, [3, 2, 4], () => new GlobalAveragePooling2D({ keepDims }));
  layer(`GlobalMaxPooling2D${kept}`, [3, null, 4], () => new GlobalMaxPooling2D({ keepDims }));
}
layer("Subsampling2D", [3, 5, 4], () => new Subsampling2D(2, { activation: "scaledTanh" }));
layer("Subsampling2D without bias", [3, 6, 4], () => new Subsampling2D([3, 2], { bias: null }));
layer("PReLU", [3, 2], () => new PReLU());
layer("PReLU, a slope a channel", [3, null, 2], () => new PReLU({ sharedAxes: [2, 3] }));
layer("RadialBasis", [4], () => new RadialBasis(3));

const cells = {
  SimpleRNN: (options: object) => new SimpleRNN(2, options),
  "SimpleRNN relu": (options: object) => new SimpleRNN(2, { activation: "relu", ...options }),
  "SimpleRNN linear": (options: object) => new SimpleRNN(2, { activation: "linear", ...options }),
  "SimpleRNN sigmoid": (options: object) => new SimpleRNN(2, { activation: "sigmoid", ...options }),
  LSTM: (options: object) => new LSTM(2, options),
  "LSTM without tanh on the cell": (options: object) => new LSTM(2, { cellActivation: "linear", ...options }),
  GRU: (options: object) => new GRU(2, options),
  "GRU, reset before": (options: object) => new GRU(2, { reset: "before", ...options }),
  "GRU, update writes": (options: object) => new GRU(2, { update: "writes", ...options }),
  "GRU, reset before, update writes": (options: object) =>
    new GRU(2, { reset: "before", update: "writes", ...options }),
};
for (const [name, make] of Object.entries(cells)) {
  const states = name.startsWith("LSTM") ? 2 : 1;
  layer(name, [null, 3], () => make({}));
  layer(`${name}, sequences, without bias`, [4, 3], () => make({ returnSequences: true, bias: null }));
  layer(`${name}, backward, all states`, [null, 3], () =>
    make({ direction: "backward", returnSequences: true, returnState: true }),
  );
  layer(`${name}, two layers, first states`, [[4, 3], ...new Array(2 * states).fill([2])], () =>
    make({ layers: 2, returnState: true, returnSequences: true, dropout: 0.3, layerDropout: 0.2 }),
  );
  layer(`${name}, two layers, last state`, [4, 3], () => make({ layers: 2, direction: "backward" }));
  line(`${name}, masked`, [null, 3], () => [new Masking(), make({ returnSequences: true }) as BaseLayer], {
    ...{ lengths: [[6], [1]], values: withHoles },
  });
  line(
    `${name}, masked, last state, backward`,
    [5, 3],
    () => [new Masking(), make({ direction: "backward" }) as BaseLayer],
    {
      values: withHoles,
    },
  );
  layer(
    `${name}, in both directions, first states`,
    [[4, 3], ...new Array(2 * states).fill([2])],
    () => new Bidirectional(make({ returnState: true }) as LSTM, { merge: "sum" }),
  );
}
for (const merge of ["concat", "average", "multiply", "none"] as const) {
  layer(`Bidirectional ${merge}`, [null, 3], () => new Bidirectional(new GRU(2, { returnSequences: true }), { merge }));
}
add(
  "states that are given, masked",
  (dtype) => {
    const [x, h, c] = [input([null, 3], { name: "x" }), input([2], { name: "h" }), input([2], { name: "c" })];
    const masked = new Masking().apply(x);
    const outputs = new LSTM(2, { layers: 1, returnState: true, returnSequences: true }).applyAll([masked, h, c]);
    return new Model({ inputs: { x, h, c }, outputs: [...outputs], dtype });
  },
  { lengths: [[5]], values: (shape, name) => (name === "x" ? withHoles(shape) : normal(shape, 5)) },
);
line(
  "masked, both directions, two layers, averaged over time",
  [null],
  () => [
    new Embedding(9, 4, { maskZero: true }),
    new Bidirectional(new LSTM(3, { layers: 2, returnSequences: true })),
    new Dropout(0.2),
    new GlobalAveragePooling1D(),
  ],
  { lengths: [[6], [3]], values: indices(9) },
);

layer("MultiHeadAttention, self, causal", [3, 4], () => new MultiHeadAttention(2, { causal: true }));
layer(
  "MultiHeadAttention, self, causal, open, weights",
  [null, 4],
  () => new MultiHeadAttention(2, { causal: true, returnWeights: true }),
);
layer(
  "MultiHeadAttention, cross, sizes of its own",
  [
    [3, 4],
    [2, 3],
    [2, 5],
  ],
  () => new MultiHeadAttention(2, { keySize: 2, valueSize: 3, outputSize: 5, returnWeights: true }),
);
layer(
  "MultiHeadAttention without biases",
  [
    [3, 4],
    [null, 4],
  ],
  () => new MultiHeadAttention(4, { bias: null }),
);
layer("TransformerEncoder", [null, 4], () => new TransformerEncoder(2, 5, { activation: "tanh" }));
layer(
  "TransformerEncoder, normalised first",
  [3, 4],
  () => new TransformerEncoder(1, 5, { normaliseFirst: true, activation: "gelu", dropout: 0.2 }),
);
layer("TransformerDecoder", [3, 4], () => new TransformerDecoder(2, 5));
layer(
  "TransformerDecoder with a memory",
  [
    [null, 4],
    [null, 3],
  ],
  () => new TransformerDecoder(2, 5, { activation: "gelu" }),
  {
    lengths: [[3, 5]],
  },
);
layer("PositionalEncoding", [4, 3], () => new PositionalEncoding({ scale: 2, base: 100 }));
layer("PositionalEncoding, open", [null, 5], () => new PositionalEncoding(), { lengths: [[4], [3000]] });
layer("PositionEmbedding", [4, 3], () => new PositionEmbedding(5));
layer("PositionEmbedding, whole", [5, 3], () => new PositionEmbedding(5));
layer("PositionEmbedding, open", [null, 3], () => new PositionEmbedding(9));
line("Embedding", [null], () => [new Embedding(9, 4)], { lengths: [[3], [6]], values: indices(9) });
line("Masking", [4, 3], () => [new Masking(0.5)], {
  values: (shape) =>
    tensor(
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i % 7 < 4 ? 0.5 : i)),
      { shape: [...shape] },
    ),
});
for (const pool of [GlobalAveragePooling1D, GlobalMaxPooling1D]) {
  for (const keepDims of [false, true]) {
    line(
      `${pool.name}, masked${keepDims ? ", axes kept" : ""}`,
      [null],
      () => [new Embedding(9, 4, { maskZero: true }), new pool({ keepDims })],
      { lengths: [[5]], values: indices(9) },
    );
  }
}
const words = { lengths: [[6], [2]], values: indices(9) };
line(
  "masks through layers: attention and transformers",
  [null],
  () => [
    new Embedding(9, 4, { maskZero: true }),
    new PositionalEncoding(),
    new MultiHeadAttention(2, { causal: true }),
    new Conv1D(4, 3, { padding: "same" }),
    new LayerNormalization(),
    new TransformerEncoder(2, 5),
    new Dense(3),
    new GlobalAveragePooling1D(),
  ],
  words,
);
line(
  "masks end where steps are lost",
  [null],
  () => [new Embedding(9, 4, { maskZero: true }), new Conv1D(4, 2), new GRU(3)],
  { ...words, lengths: [[6], [3]] },
);
line(
  "masks through other orders",
  [null],
  () => [
    new Embedding(9, 4, { maskZero: true }),
    new Permute([1, 2]),
    new TimeDistributed(new Dense(3)),
    new SimpleRNN(3),
  ],
  words,
);
add(
  "masks of inputs that are merged, beside each other, and one behind the other",
  (dtype) => {
    const [a, b] = ["a", "b"].map((name) => input([null], { name, dtype: "int32" }));
    const [x, y] = [a, b].map((indices) => new Embedding(9, 4, { maskZero: true }).apply(indices));
    const plain = new Dense(4).apply(new Reshape([-1, 4]).apply(x));
    const outputs = [
      new Add().apply([x, y]),
      new Concatenate().apply([x, y, x]),
      new Concatenate({ axis: 1 }).apply([x, plain]),
      new Multiply().apply([x, plain]),
    ].map((merged) => new GlobalAveragePooling1D().apply(merged));
    return new Model({ inputs: { a, b }, outputs, seed: 3, dtype });
  },
  { lengths: [[5, 5]], values: indices(9) },
);
add(
  "masks of a memory",
  (dtype) => {
    const [a, b] = ["a", "b"].map((name) => input([null], { name, dtype: "int32" }));
    const [x, y] = [a, b].map((indices) => new Embedding(9, 4, { maskZero: true }).apply(indices));
    const [seen] = new MultiHeadAttention(2).applyAll([x, y]);
    const decoded = new TransformerDecoder(2, 5).apply([seen, y]);
    return new Model({ inputs: { a, b }, outputs: { seen, decoded }, seed: 3, dtype });
  },
  { lengths: [[5, 3]], values: indices(9) },
);

add("several inputs and outputs, an input that is an output, one output twice", (dtype) => {
  const [a, b] = [input([4], { name: "a" }), input([2], { name: "b" })];
  const hidden = new Concatenate().apply([new Dense(3, { activation: "tanh" }).apply(a), b]);
  const kind = new Dense(2, { activation: "softmax", name: "kind" }).apply(hidden);
  return new Model({ inputs: { a, b }, outputs: { kind, hidden, again: kind, b }, seed: 3, dtype });
});
add("a layer that is shared", (dtype) => {
  const [a, b] = [input([4]), input([4])];
  const shared = new Dense(3, { activation: "tanh" });
  return new Model({
    inputs: [a, b],
    outputs: new Subtract().apply([shared.apply(a), shared.apply(b)]),
    seed: 3,
    dtype,
  });
});
add(
  "models within models, shared and masked",
  (dtype) => {
    const inner = new Sequential([new Dense(3, { activation: "relu" }), new Dense(3)], {
      inputShape: [null, 4],
      dtype,
    });
    const middle = new Sequential([inner, new LSTM(3)], { inputShape: [null, 4], name: "middle", dtype });
    const [a, b] = ["a", "b"].map((name) => input([null], { name, dtype: "int32" }));
    const words = new Embedding(9, 4, { maskZero: true });
    const [x, y] = [a, b].map((indices) => middle.apply(words.apply(indices)));
    return new Model({ inputs: { a, b }, outputs: new Dot(-1).apply([x, y]), seed: 3, dtype });
  },
  { lengths: [[4, 6]], values: indices(9) },
);
line("names of your own", [4], () => [new Dense(3, { name: "output" }), new Dense(2, { name: "input" })]);

const picture = { classes: 3, seed: 3 };
const zoo: Record<string, (dtype: DType) => Model> = {
  network3: (dtype) => network3({ ...picture, dtype }),
  "network3 without convolutions": (dtype) => network3({ ...picture, dtype, convolutions: 0, activation: "sigmoid" }),
  "lenet5 original": (dtype) => lenet5({ variant: "original", dtype }),
  "lenet5 usual": (dtype) => lenet5({ ...picture, variant: "usual", dtype }),
  "lenet5 caffe": (dtype) => lenet5({ ...picture, variant: "caffe", dtype }),
  "alexnet twoTowers": (dtype) => alexnet({ ...picture, variant: "twoTowers", inputShape: [3, 67, 67], dtype }),
  "alexnet oneTower": (dtype) => alexnet({ ...picture, variant: "oneTower", inputShape: [3, 67, 67], dtype }),
  "alexnet torchvision": (dtype) => alexnet({ ...picture, variant: "torchvision", inputShape: [3, 63, 63], dtype }),
  vgg11: (dtype) => vgg(11, { ...picture, inputShape: [3, 32, 32], pooledSize: 1, hidden: [8], dtype }),
  "vgg13 with normalisation": (dtype) =>
    vgg(13, { ...picture, inputShape: [3, 32, 32], pooledSize: 1, hidden: [8], batchNormalization: true, dtype }),
  vgg16: (dtype) => vgg(16, { ...picture, inputShape: [3, 40, 40], pooledSize: 2, hidden: [8], dtype }),
  vgg19: (dtype) => vgg(19, { ...picture, inputShape: [3, 32, 32], pooledSize: 1, hidden: [8], dtype }),
  resnet18: (dtype) => resnet(18, { ...picture, inputShape: [3, 16, 16], stem: "small", dtype }),
  resnet34: (dtype) => resnet(34, { ...picture, inputShape: [3, 32, 32], dtype }),
  resnet50: (dtype) => resnet(50, { ...picture, inputShape: [3, 32, 32], strideIn: "1x1", dtype }),
  resnet101: (dtype) => resnet(101, { ...picture, inputShape: [3, 32, 32], dtype }),
  resnet152: (dtype) => resnet(152, { ...picture, inputShape: [3, 32, 32], dtype }),
  "googlenet paper": (dtype) =>
    googlenet({ ...picture, variant: "paper", inputShape: [3, 64, 64], auxiliary: false, dtype }),
  "googlenet torchvision": (dtype) =>
    googlenet({ ...picture, variant: "torchvision", inputShape: [3, 64, 64], auxiliary: false, dtype }),
  "googlenet with all outputs": (dtype) => googlenet({ ...picture, inputShape: [3, 224, 224], dtype }),
};
for (const [name, make] of Object.entries(zoo)) byName.push({ title: name, make, lengths: [[]] });
const sentences = { lengths: [[5], [7]], values: indices(9) };
const text = { symbols: 9, size: 8, heads: 2, hidden: 6, layers: 2, length: 7, seed: 3 };
byName.push(
  {
    title: "characterLSTM",
    make: (dtype) => characterLSTM({ symbols: 9, embedding: 4, units: 5, dtype }),
    ...sentences,
  },
  ...(["lstm", "gru"] as const).flatMap((cell) =>
    [false, true].map((attention) => ({
      title: `encoderDecoder ${cell}${attention ? " with attention" : ""}`,
      make: (dtype: DType) => encoderDecoder({ symbols: 9, embedding: 4, units: 5, layers: 2, cell, attention, dtype }),
      ...{ lengths: [[5, 3]], values: indices(9) },
    })),
  ),
  { title: "transformerLanguageModel", make: (dtype) => transformerLanguageModel({ ...text, dtype }), ...sentences },
  {
    title: "transformerClassifier",
    make: (dtype) => transformerClassifier({ ...text, classes: 3, dtype }),
    ...sentences,
  },
  {
    title: "transformerEncoderDecoder",
    make: (dtype) => transformerEncoderDecoder({ ...text, dtype }),
    ...{ lengths: [[5, 3]], values: indices(9) },
  },
);

/** Models by name. */
export const ZOO: readonly ExportCase[] = byName;

/** All cases. */
export const CASES: readonly ExportCase[] = found;

function normal(shape: readonly number[], seed: number): Tensor {
  return random.normal([...shape], 0, 1, { generator: new Generator(seed) });
}

/** Sequences with zeros at some steps: none, at the end, in the middle, all. */
function withHoles(shape: readonly number[]): Tensor {
  const [n, time] = shape;
  const counts = Array.from({ length: n * time }, (_, i) => {
    const [sample, t] = [Math.floor(i / time), i % time];
    return sample === 0 ? 1 : sample === 1 ? Number(t < time - 2) : sample === 2 ? t % 2 : 0;
  });
  return normal(shape, 8).mul(tensor(counts, { shape: [n, time, 1] }));
}

/** Indices below `words`, 0 among them. */
function indices(words: number): (shape: readonly number[]) => Tensor {
  return (shape) => {
    const [n, time] = shape;
    const values = Array.from({ length: n * time }, (_, i) => {
      const [sample, t] = [Math.floor(i / time), i % time];
      const hole = sample === 1 ? t >= time - 1 : sample === 2 ? t % 2 === 0 : sample === 3;
      return hole ? 0 : 1 + ((7 * i + 3) % (words - 1));
    });
    return tensor(Int32Array.from(values), { shape: [n, time] });
  };
}

/** The model with random parameters; variances are positive. */
export function filled(model: Model): Model {
  model.named.forEach(({ name, parameter }, i) => {
    const noise = random.normal(parameter.shape as number[], 0, 0.5, {
      generator: new Generator(100 + i),
      dtype: model.dtype as "float32",
    });
    parameter.assign(name.endsWith("runningVariance") ? noise.abs().add(0.1) : noise);
  });
  return model;
}

/** Batches for the model's inputs, by name, for each choice of open lengths. */
export function batchesOf({ lengths, values }: ExportCase, model: Model, n = 4): Record<string, Tensor>[] {
  return lengths.map((open) => {
    let next = 0;
    return Object.fromEntries(
      model.inputs.map(({ name, shape, dtype }, i) => {
        const whole = [n, ...shape.map((length) => length ?? open[next++])];
        const x = values?.(whole, name) ?? normal(whole, 10 + i);
        return [name, dtype === "int32" ? x : x.cast(dtype)];
      }),
    );
  });
}
