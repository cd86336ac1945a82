// What is measured, as data: every side reads these definitions, so that all do the same work.
// Training jobs are J1 to J9, J11 and J12; J10 is tree search with a network, the others measure one thing each. A job's `targets` are ratios to PyTorch that Nabla wants to reach with two threads.

const dense = (inputs, outputs, activation = "none") => ({ kind: "dense", inputs, outputs, activation });
const convolution = (channels, filters, size, padding) => ({
  kind: "convolution",
  channels,
  filters,
  size,
  padding,
  activation: "relu",
});
const pool = { kind: "pool" };
const flatten = { kind: "flatten" };

const perceptron = [dense(784, 256, "relu"), dense(256, 128, "relu"), dense(128, 10)];
const network3 = [
  convolution(1, 20, 5, 0),
  pool,
  convolution(20, 40, 5, 0),
  pool,
  flatten,
  dense(640, 100, "relu"),
  dense(100, 10),
];
const vgg = [
  convolution(1, 32, 3, 1),
  convolution(32, 32, 3, 1),
  pool,
  convolution(32, 64, 3, 1),
  convolution(64, 64, 3, 1),
  pool,
  flatten,
  dense(3136, 128, "relu"),
  dense(128, 10),
];
/** Letters through recurrent layers of these sizes. */
const characters = (kind, ...sizes) => [
  { kind: "embedding", words: 65, size: 64 },
  ...sizes.map((size, i) => ({ kind, inputs: sizes[i - 1] ?? 64, size })),
  { kind: "rows" },
  dense(sizes.at(-1), 65),
];

/** Batches of pictures, all numbers from one formula. */
export const PICTURES = { batches: 4, shape: [3, 32, 32], classes: 10 };
/** Samples in the images that all jobs share, a multiple of every batch size. */
export const SAMPLES = 10240;
/** Mini-batches of text. */
export const TEXT_BATCHES = 20;

// checkedSteps: how many losses are compared before anything is timed.
const training = [
  {
    id: "J1",
    title: "784-30-10 sigmoid, quadratic cost, batch 10, SGD",
    ...{ input: "vectors", batch: 10, loss: "quadratic", optimizer: "sgd", learningRate: 3, checkedSteps: 100 },
    layers: [dense(784, 30, "sigmoid"), dense(30, 10, "sigmoid")],
    initial: "normal",
    targets: { wasm: 3, native: 4 },
  },
  {
    id: "J2",
    title: "784-256-128-10 ReLU, mean squared error, batch 512, SGD",
    ...{
      input: "vectors",
      batch: 512,
      loss: "meanSquaredError",
      optimizer: "sgd",
      learningRate: 0.1,
      checkedSteps: 20,
    },
    layers: perceptron,
    targets: { wasm: 0.5, native: 1.5 },
  },
  {
    id: "J3",
    title: "784-256-128-10 ReLU, softmax cross-entropy, batch 64, Adam",
    ...{ input: "vectors", batch: 64, loss: "softmax", optimizer: "adam", learningRate: 1e-3, checkedSteps: 20 },
    layers: perceptron,
    targets: { wasm: 0.7, native: 1.5 },
  },
  {
    id: "J4",
    title: "network3: 20@5x5, pool, 40@5x5, pool, 100, 10, ReLU, batch 10, SGD",
    ...{ input: "images", batch: 10, loss: "softmax", optimizer: "sgd", learningRate: 0.03, checkedSteps: 10 },
    layers: network3,
    targets: { wasm: 1.5, native: 3 },
  },
  {
    id: "J5",
    title: "network3, batch 128",
    ...{ input: "images", batch: 128, loss: "softmax", optimizer: "sgd", learningRate: 0.03, checkedSteps: 5 },
    layers: network3,
    targets: { wasm: 1.5, native: 3 },
  },
  {
    id: "J6",
    title: "3x3 filters 32, 32, pool, 64, 64, pool, 128, 10, ReLU, batch 64, SGD",
    ...{ input: "images", batch: 64, loss: "softmax", optimizer: "sgd", learningRate: 0.01, checkedSteps: 5 },
    layers: vgg,
    targets: { wasm: 0.7, native: 1.5 },
  },
  {
    id: "J7",
    title: "character LSTM: embedding 64, state 128, 65 characters, 50 steps, batch 32, Adam",
    ...{ input: "text", steps: 50, batch: 32, loss: "softmax", optimizer: "adam", learningRate: 1e-3, checkedSteps: 5 },
    layers: characters("lstm", 128),
    targets: { wasm: 1.2, native: 2.5 },
  },
  {
    id: "J9",
    title: "ResNet-18 for pictures of 3 x 32 x 32 (a first layer of 3x3, no pooling), batch 32, SGD",
    ...{ input: "pictures", batch: 32, loss: "softmax", optimizer: "sgd", learningRate: 0.01, checkedSteps: 2 },
    // Written by PyTorch, as the networks of the inference jobs are.
    network: "resnet18small",
    sides: ["pytorch", "nabla"],
    targets: { native: 1.5 },
  },
  ...[
    ["J11", "lstm", "LSTM"],
    ["J12", "gru", "GRU"],
  ].map(([id, kind, title]) => ({
    ...{ id, title: `two layers of ${title}: embedding 64, state 256, 65 characters, 128 steps, batch 32, Adam` },
    ...{
      input: "text",
      steps: 128,
      batch: 32,
      loss: "softmax",
      optimizer: "adam",
      learningRate: 1e-3,
      checkedSteps: 5,
    },
    layers: characters(kind, 256, 256),
    sides: ["pytorch", "nabla"],
    targets: { native: 3 },
  })),
].map((job) => ({ kind: "training", ...job }));

const products = [256, 512, 1024].map((size) => ({
  kind: "product",
  id: `product${size}`,
  title: `matrix product ${size} x ${size} x ${size}`,
  column: `${size}³`,
  size,
  ...(size === 1024 && { targets: { wasm: 0.25, native: 1.1 } }),
}));

// Inference: `targets` are ratios to ONNX Runtime with as many threads: onnxruntime-node for native, onnxruntime-web for wasm.
const inference = [
  ["perceptron", [784], 1, "784-30-10 sigmoid, batch 1", { wasm: 2, native: 2 }],
  ["network3", [1, 28, 28], 1, "network3, batch 1", { wasm: 2, native: 2 }],
  ["network3", [1, 28, 28], 128, "network3, batch 128", { wasm: 1, native: 1 }],
  ["vgg16", [3, 224, 224], 1, "VGG-16, 224 x 224, batch 1", { wasm: 1, native: 1 }],
  ["resnet18", [3, 224, 224], 1, "ResNet-18, 224 x 224, batch 1", { wasm: 1, native: 1 }],
  ["lstmStep", [1, 64], 1, "a step of an LSTM of 128, 65 outputs, batch 1", { wasm: 1, native: 1 }],
].map(([network, input, batch, title, targets]) => ({
  kind: "inference",
  id: `inference-${network}-${batch}`,
  ...{ title, network, input, batch, targets },
}));

// A network from its ONNX file: how soon it has answered for the first time, the file read each time, and how fast it goes on answering.
const fromOnnx = [
  ["loading", "first", "ResNet-50 from ONNX, file to first answer"],
  ["inference", "answers", "ResNet-50 from ONNX, 224 x 224, batch 1"],
].map(([kind, id, title]) => ({
  ...{ kind, id: `onnx-resnet50-${id}`, title, column: "ms", network: "resnet50", from: "onnx" },
  ...{ input: [3, 224, 224], batch: 1 },
}));

/** Numbers in an array of 16 MiB. */
const LENGTH = 4 << 20;
// `arrays`: how many arrays of that length are read or written.
const bandwidth = [
  ["copy", "copy", 2],
  ["add", "x + y", 3],
  ["scale", "2 x", 2],
  ["relu", "ReLU", 2],
  ["sum", "sum", 1],
  ["sumRows", "row sums", 1],
  ["sumColumns", "column sums", 1],
].map(([operation, column, arrays]) => ({
  kind: "bandwidth",
  id: `bandwidth-${operation}`,
  title: `${column} of [2048, 2048], 16 MiB`,
  ...{ operation, column },
  length: LENGTH,
  bytes: 4 * LENGTH * arrays,
}));

const overhead = [
  { id: "overhead", column: "not recorded", title: "x + y of one element each", recorded: false },
  { id: "overhead-recorded", column: "recorded", title: "the same, recorded for gradients", recorded: true },
].map((job) => ({ kind: "overhead", ...job }));

const startup = [
  {
    ...{ kind: "startup", id: "startup", column: "ms", title: "import to first step of J1, fresh process" },
    model: training[0],
  },
];

// Tree search guided by a network, for many games at once: all 216 openings of three moves of Connect-Four on six by six, 40 simulations each, too few to come to an end of a game. `evaluations` are the
// positions that the network is asked for, `target` how many a second `native` wants to answer.
const search = [
  {
    ...{ kind: "search", id: "J10", column: "evaluations/s", title: "tree search in 216 games of Connect-Four, 6 x 6" },
    ...{ opening: 3, simulations: 40, evaluations: 6 ** 3 * 41, target: 20_000 },
  },
];

export const JOBS = [
  ...training,
  ...inference,
  ...fromOnnx,
  ...products,
  ...bandwidth,
  ...overhead,
  ...search,
  ...startup,
];

/** Parameters of a layer: name and shape, and the standard deviation they are drawn with. Weights of dense layers are [inputs, outputs]. */
export function parametersOf(layer, initial) {
  switch (layer.kind) {
    case "dense": {
      const deviation = initial === "normal" ? 1 : Math.sqrt((layer.activation === "relu" ? 2 : 1) / layer.inputs);
      return [
        { name: "weights", shape: [layer.inputs, layer.outputs], deviation },
        { name: "bias", shape: [layer.outputs], deviation: initial === "normal" ? 1 : 0 },
      ];
    }
    case "convolution": {
      const fan = layer.channels * layer.size ** 2;
      const shape = [layer.filters, layer.channels, layer.size, layer.size];
      return [
        { name: "weights", shape, deviation: Math.sqrt(2 / fan) },
        { name: "bias", shape: [layer.filters], deviation: 0 },
      ];
    }
    case "embedding":
      return [{ name: "weights", shape: [layer.words, layer.size], deviation: 1 }];
    case "lstm":
    case "gru": {
      const deviation = 1 / Math.sqrt(layer.size);
      const rows = { lstm: 4, gru: 3 }[layer.kind] * layer.size;
      return [
        { name: "inputWeights", shape: [rows, layer.inputs], deviation },
        { name: "stateWeights", shape: [rows, layer.size], deviation },
        { name: "inputBias", shape: [rows], deviation },
        { name: "stateBias", shape: [rows], deviation },
      ];
    }
    default:
      return [];
  }
}
