// What holds of every layer: a row a layer and setting. Gradients equal differences; what is saved is loaded to the same bits; replayed
// steps have the bits of those that are not; a last batch may be short; frozen parameters stay; shared layers do; strange options are named.
import { describe, expect, test } from "vitest";
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
  expectGradients,
  Flatten,
  GaussianNoise,
  Generator,
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GRU,
  GroupNormalization,
  input,
  L2Pooling2D,
  Layer,
  type LayerConfig,
  LayerNormalization,
  LocalResponseNormalization,
  LSTM,
  loadModel,
  Masking,
  Maximum,
  MaxPooling1D,
  MaxPooling2D,
  Minimum,
  Model,
  MultiHeadAttention,
  MultiLayer,
  Multiply,
  type OpenShape,
  type Parameter,
  PartiallyConnectedConv2D,
  Permute,
  PositionalEncoding,
  PositionEmbedding,
  PReLU,
  RadialBasis,
  RepeatVector,
  Reshape,
  random,
  registerLayer,
  SeparableConv2D,
  SimpleRNN,
  SpatialDropout1D,
  SpatialDropout2D,
  Subsampling2D,
  Subtract,
  type Symbolic,
  saveModel,
  scope,
  stopGradient,
  type Tensor,
  TimeDistributed,
  Trainer,
  TransformerDecoder,
  TransformerEncoder,
  UpSampling2D,
  ZeroPadding2D,
} from "../../node.ts";

/** A row: the layer with more options, and the shapes of its inputs. */
interface Row {
  title: string;
  make: (more?: object) => BaseLayer;
  shapes: readonly number[][];
  /** It draws random numbers while training: gradients are checked without. */
  random?: true;
}

const row = (
  title: string,
  shapes: readonly number[] | readonly number[][],
  make: Row["make"],
  rest: Partial<Row> = {},
): Row => ({
  ...{ title, make, ...rest },
  shapes: (Array.isArray(shapes[0]) ? shapes : [shapes]) as readonly number[][],
});

const pair = (shape: number[]): number[][] => [shape, shape];

const ROWS: readonly Row[] = [
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
const SEQUENCE_ROWS: readonly Row[] = [
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
  row("TimeDistributed", [4, 2, 3], (more) => new TimeDistributed(new Flatten(), more)),
];

/** y = factor x: gives layers without parameters something that learns before them. */
class Gain extends Layer {
  static override readonly repeatable = true;
  readonly type = "everyLayerGain";
  private factor: Parameter | undefined;
  build(inputShape: OpenShape): OpenShape {
    this.factor = this.declare("factor", inputShape as number[], { initialiser: "normal", decay: false });
    return inputShape;
  }
  call(x: Tensor): Tensor {
    return x.mul(this.factor!.tensor);
  }
  config(): LayerConfig {
    return { type: this.type };
  }
}
registerLayer("everyLayerGain", () => new Gain());

type Float = "float32" | "float64";

function applied(layer: BaseLayer, xs: readonly Symbolic[]): Symbolic {
  if (layer instanceof MultiLayer) return layer.apply(xs);
  return (layer as Layer).apply(xs[0]);
}

const normal = (shape: readonly number[], seed: number, dtype: Float = "float32"): Tensor =>
  random.normal([...shape], 0, 1, { dtype, generator: new Generator(seed) });

const batches = ({ shapes }: Row, n: number, dtype: Float = "float32"): Tensor[] =>
  shapes.map((shape, i) => normal([n, ...shape], 10 + i, dtype));

/** The layer by itself. */
function alone(row: Row, dtype: Float = "float32", more: object = {}): Model {
  const xs = row.shapes.map((shape) => input(shape));
  return new Model({ inputs: xs, outputs: applied(row.make(more), xs), seed: 3, dtype });
}

/** The layer behind parameters, all its inputs made from one of that size. */
function behindGains(row: Row, more: object = {}): Model {
  const shape = row.shapes[0];
  const x = input(shape);
  const xs = row.shapes.map((own) => new Gain().apply(own.join() === shape.join() ? x : new Cut(own).apply(x)));
  return new Model({ inputs: x, outputs: applied(row.make(more), xs), seed: 4 });
}

/** The first elements of a sample, in another shape. */
class Cut extends Layer {
  static override readonly repeatable = true;
  readonly type = "everyLayerCut";
  constructor(readonly shape: readonly number[]) {
    super();
  }
  build(): OpenShape {
    return this.shape;
  }
  call(x: Tensor): Tensor {
    const size = this.shape.reduce((a, b) => a * b, 1);
    const flat = x.reshape([x.shape[0], -1]);
    return flat
      .tile([1, Math.ceil(size / flat.shape[1])])
      .slice(0, size, 1, 1)
      .reshape([x.shape[0], ...this.shape]);
  }
  config(): LayerConfig {
    return { type: this.type, shape: this.shape };
  }
}
registerLayer("everyLayerCut", ({ shape }) => new Cut(shape as number[]));

function trained(model: Model, row: Row, replay: boolean, steps = 7): { bytes: Uint8Array; replaying: boolean } {
  const x = normal([10, ...row.shapes[0]], 21);
  const y = normal([10, ...(model.outputShape as number[])], 22);
  // Ten samples by four: the third batch of an epoch holds two.
  const trainer = new Trainer(
    model,
    { x, y },
    { loss: "meanSquaredError", optimizer: "momentum", learningRate: 0.01, batchSize: 4, replay },
  );
  for (let i = 0; i < steps; i++) trainer.takeStep();
  return { bytes: saveModel(model), replaying: trainer.replaying.active };
}

describe.each([...ROWS, ...SEQUENCE_ROWS].map((each) => [each.title, each] as const))("%s", (_, row) => {
  test("has the gradients that differences show, by inputs and parameters", () => {
    scope(() => {
      const model = alone(row, "float64");
      const xs = batches(row, 2, "float64");
      const weight = normal(model.call(xs).shape, 30, "float64");
      const value = (inputs: readonly Tensor[]): Tensor =>
        model
          .call(inputs, { training: row.random !== true })
          .mul(weight)
          .sum();
      // So small that no step goes over a kink.
      const options = { step: 1e-5 };
      expectGradients((...inputs) => value(inputs), xs, options);
      for (const parameter of model.parameters.filter(({ trainable }) => trainable)) {
        const before = parameter.tensor;
        const moved = (p: Tensor): Tensor => {
          parameter.place(p);
          const y = value(xs);
          parameter.place(before);
          return y;
        };
        // Away from where it starts: biases of 0 say little.
        const noise = normal(before.shape, 40, "float64").mul(0.1);
        expectGradients(moved, [stopGradient(before).add(noise)], options);
      }
    });
  });

  test("gives the shape that it says, the same for a sample alone and among others, in both float types", () => {
    scope(() => {
      const [narrow, wide] = [alone(row), alone(row, "float64")];
      const xs = batches(row, 5);
      const y = narrow.call(xs);
      expect(y.shape).toEqual([5, ...narrow.outputShape]);
      expect(y.dtype).toBe("float32");
      wide.setWeights(narrow.weights().map((w) => w.cast("float64")));
      const exact = wide.call(xs.map((x) => x.cast("float64")));
      expect(exact.dtype).toBe("float64");
      expect(exact.sub(y.cast("float64")).abs().max().item()).toBeLessThan(1e-4);
      const few = narrow.call(xs.map((x) => x.slice(0, 2)));
      expect(few.sub(y.slice(0, 2)).abs().max().item()).toBeLessThan(1e-5);
    });
  });

  test("is saved and loaded to the same bits, with name and settings", () => {
    const model = behindGains(row, { name: "it" });
    trained(model, row, true, 2);
    const again = loadModel(saveModel(model));
    expect(again.config()).toEqual(model.config());
    expect(again.layer("it").fullConfig()).toEqual(model.layer("it").fullConfig());
    expect(JSON.parse(JSON.stringify(model.config()))).toEqual(model.config());
    const x = normal([3, ...row.shapes[0]], 50);
    expect(again.call(x).dataSync()).toEqual(model.call(x).dataSync());
  });

  test("replayed steps have the same bits, short last batches included", () => {
    const [eager, replayed] = [false, true].map((replay) => trained(behindGains(row), row, replay));
    expect(eager.replaying).toBe(false);
    expect(replayed.replaying).toBe(true);
    expect(replayed.bytes).toEqual(eager.bytes);
  });

  test("keeps its parameters where it is not trainable", () => {
    const model = behindGains(row, { name: "it", trainable: false });
    const before = model.layer("it").parameters.map(({ tensor }) => tensor.toArray());
    const gains = model.parameters.filter(({ trainable }) => trainable);
    expect(gains).toHaveLength(row.shapes.length);
    const start = gains[0].tensor.toArray();
    trained(model, row, true, 3);
    expect(model.layer("it").parameters.map(({ tensor }) => tensor.toArray())).toEqual(before);
    expect(gains[0].tensor.toArray()).not.toEqual(start);
  });

  test("is shared between inputs", () => {
    const layer = row.make();
    const [one, two] = [0, 1].map(() => row.shapes.map((shape) => input(shape)));
    const model = new Model({
      inputs: [...one, ...two],
      outputs: new Concatenate().apply([applied(layer, one), applied(layer, two)]),
      seed: 3,
    });
    expect(layer.uses).toHaveLength(2);
    const xs = batches(row, 3);
    const others = xs.map((x) => x.mul(0.5));
    const single = alone(row);
    expect(model.parameters).toHaveLength(single.parameters.length);
    const y = model.call([...xs, ...others]);
    const half = y.shape.at(-1)! / 2;
    const expected = [single.call(xs), single.call(others)];
    expected.forEach((want, i) => {
      expect(
        y
          .slice(i * half, (i + 1) * half, 1, -1)
          .sub(want)
          .abs()
          .max()
          .item(),
      ).toBeLessThan(1e-6);
    });
  });

  test("names an option that there is not", () => {
    expect(() => row.make({ nonsense: 1 })).toThrow(/there is no option nonsense/);
  });
});
