// Small trainings of every kind, as one of several ranks or alone. Each rank writes a file of JSON to the folder FOUND: what came out of each, and a digest of all numbers
// that the model ends with. Arguments: names of trainings; none for all.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const nabla = await import(new URL("../../../dist/node.js", import.meta.url).href);
const { BatchNormalization, Conv2D, Dense, digits, Dropout, Embedding, fit, Flatten } = nabla;
const {
  LSTM,
  MaxPooling2D,
  Model,
  imageDataset,
  input,
  random,
  ranks,
  runEpochs,
  Sequential,
  tensor,
  toSamples,
  Trainer,
} = nabla;

random.seed(5);
const { train, test } = digits({ train: 90, test: 40 });
const samples = (set) => {
  const { x, y } = toSamples(set);
  return { x: x.reshape([-1, 1, 28, 28]), y };
};
const data = samples(train);
const validation = samples(test);
const softmax = () => new Dense(10, { activation: "softmax" });
const dense = (...between) =>
  new Sequential([new Flatten(), new Dense(12, { activation: "tanh" }), ...between, softmax()], {
    inputShape: [1, 28, 28],
    seed: 1,
  });
const convolution = () =>
  new Sequential(
    [new Conv2D(3, 5, { activation: "relu" }), new BatchNormalization(), new MaxPooling2D(2), new Flatten(), softmax()],
    { inputShape: [1, 28, 28], seed: 1 },
  );

function heads() {
  const x = input([6]);
  const hidden = new Dense(5, { activation: "tanh", kernelPenalty: { l2: 0.01 } }).apply(x);
  const outputs = { kind: new Dense(3, { activation: "softmax" }).apply(hidden), value: new Dense(1).apply(hidden) };
  return new Model({ inputs: x, outputs, seed: 2 });
}

/** Several outputs, rows that weigh differently, and labels that do not count at all. */
async function weighed(options, metrics) {
  const x = random.normal([40, 6], 0, 1, { generator: new nabla.Generator(3) });
  const kinds = Array.from({ length: 40 }, (_, i) => (i % 7 === 0 ? -1 : i % 3));
  const y = { kind: tensor(kinds, "int32"), value: x.sum(1, true) };
  const sampleWeights = { value: tensor(Array.from({ length: 40 }, (_, i) => (i % 5) / 2)) };
  const model = heads();
  const loss = { kind: "softmaxCrossEntropy", value: "meanSquaredError" };
  return [
    model,
    await fit(
      model,
      { x, y, sampleWeights },
      {
        ...options,
        metrics,
        epochs: 3,
        batchSize: 13,
        loss,
        ignoreIndex: { kind: -1 },
        lossWeights: { value: 0.5 },
        learningRate: 0.02,
      },
    ),
  ];
}

/** Sequences of unequal length, masked by the model. */
async function masked(options, metrics) {
  const words = Array.from({ length: 26 }, (_, i) =>
    Array.from({ length: 5 }, (_, t) => (t <= i % 5 ? 1 + ((i * 3 + t) % 6) : 0)),
  );
  const x = tensor(words, "int32");
  const y = tensor(
    words.map((row) => row.map((word) => word % 3)),
    "int32",
  );
  const model = new Sequential(
    [
      new Embedding(7, 4, { maskZero: true }),
      new LSTM(5, { returnSequences: true }),
      new Dense(3, { activation: "softmax" }),
    ],
    { inputShape: [null], seed: 1 },
  );
  return [model, await fit(model, { x, y }, { ...options, metrics, epochs: 2, batchSize: 9, learningRate: 0.05 })];
}

const classifier = async (model, options) => [
  model,
  await fit(model, data, { batchSize: 17, learningRate: 0.01, epochs: 2, validation, ...options }),
];

const pipeline = () => imageDataset(train).shuffle({ seed: 3 }).batch(17).prefetch(2);

/** A mean over samples: the largest output. */
const surest = (outputs) => outputs.max(1);
/** A figure of one's own that depends on the order of batches and on their sizes. */
const mostAtOnce = {
  name: "mostAtOnce",
  start() {
    let [batch, found] = [0, 0];
    return {
      add({ outputs, targets, classes }) {
        batch += 1;
        found = found / 2 + batch * outputs.shape[0] + classes.reduce((sum, k) => sum + k, 0) + targets.size;
      },
      result: () => found,
    };
  },
};

const deterministic = { distributed: true, deterministic: true };
const TRAININGS = {
  dense: () => classifier(dense(), { distributed: true }),
  accumulated: () => classifier(dense(), { distributed: true, accumulate: 3, optimizer: "momentum" }),
  /** Saved in the middle of a gathering, restored into another trainer, and gone on with. */
  gathered: async () => {
    const options = { distributed: true, accumulate: 3, batchSize: 17, learningRate: 0.01 };
    const before = new Trainer(dense(), data, options);
    for (let step = 0; step < 2; step++) before.takeStep();
    const [state, tensors] = [before.state(), before.tensors()];
    const model = dense();
    const trainer = new Trainer(model, data, options);
    trainer.restore(state, tensors);
    return [model, await runEpochs(trainer, { epochs: 2, validation })];
  },
  averaged: () => classifier(dense(), { distributed: { pieceBytes: 256 }, averageDecay: 0.9, clipNorm: 0.5 }),
  tinyBatches: () => classifier(dense(), { distributed: true, batchSize: 2, epochs: 1 }),
  dataset: async () => {
    const model = dense();
    return [
      model,
      await fit(model, pipeline(), {
        distributed: true,
        epochs: 2,
        learningRate: 0.01,
        validation: imageDataset(test).batch(9),
      }),
    ];
  },
  weighed: () => weighed({ distributed: true }),
  masked: () => masked({ distributed: true }),
  float64: async () => {
    const model = new Sequential([new Dense(4, { activation: "tanh" }), new Dense(1)], {
      inputShape: [3],
      seed: 1,
      dtype: "float64",
    });
    const x = random.normal([31, 3], 0, 1, { dtype: "float64", generator: new nabla.Generator(4) });
    return [
      model,
      await fit(
        model,
        { x, y: x.sum(1, true) },
        { distributed: true, epochs: 3, batchSize: 8, loss: "meanSquaredError" },
      ),
    ];
  },
  synchronized: () => classifier(convolution(), { distributed: { batchNormalization: "synchronized" } }),
  eager: () => classifier(dense(), { distributed: true, replay: false }),
  bfloat16: () => classifier(dense(), { distributed: { gradients: "bfloat16" } }),
  ownStatistics: () => classifier(convolution(), { distributed: true }),
  dropout: () => classifier(dense(new Dropout(0.4)), { distributed: true }),
  fixedDense: () => classifier(dense(), deterministic),
  fixedDropout: () => classifier(dense(new Dropout(0.4)), deterministic),
  fixedConvolution: () => classifier(convolution(), deterministic),
  fixedAccumulated: () => classifier(dense(), { ...deterministic, accumulate: 3 }),
  fixedTiny: () => classifier(dense(), { ...deterministic, batchSize: 2, epochs: 1 }),
  fixedWeighed: () => weighed(deterministic),
  fixedMasked: () => masked(deterministic),
  fixedDataset: async () => {
    const model = dense();
    return [model, await fit(model, pipeline(), { ...deterministic, epochs: 2, learningRate: 0.01 })];
  },
  /** Metrics that are means, and some that see everything; batches of one size, and a last one that is smaller. */
  fixedMetrics: async () => {
    const model = dense();
    const metrics = ["perplexity", "top5Accuracy", "f1", surest, mostAtOnce];
    const counted = imageDataset(test).map((sample) => {
      pictures += 1;
      return sample;
    });
    const batches = counted.batch(7);
    return [model, await fit(model, data, { ...deterministic, epochs: 1, validation: batches, metrics })];
  },
  /** By outputs, of tensors, with rows that do not count. */
  fixedHeadMetrics: () => weighed(deterministic, { kind: ["f1", "accuracy"], value: ["r2", "meanAbsoluteError"] }),
  /** By steps, with those that the model masks left out. */
  fixedMaskedMetrics: () => masked(deterministic, ["accuracy", "f1", mostAtOnce]),
  fixedParts: () => classifier(dense(), { ...deterministic, microBatches: 5 }),
};

/** Validation pictures that this rank has made. */
let pictures = 0;
const { rank, size } = ranks();
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(TRAININGS);
const found = {};
for (const name of names) {
  const [model, history] = await TRAININGS[name]();
  const digest = createHash("sha256");
  const numbers = [];
  for (const { tensor: values } of model.parameters) {
    const own = values.dataSync();
    digest.update(new Uint8Array(own.buffer, own.byteOffset, own.byteLength));
    numbers.push(...own.slice(0, 6));
  }
  const { loss, accuracy = null, validationLoss = null, heads, metrics } = history.epochs.at(-1);
  const figures = { ...heads, ...metrics };
  found[name] = { loss, accuracy, validationLoss, figures, numbers, digest: digest.digest("hex") };
}
// In files: launchers mix what ranks print.
writeFileSync(join(process.env.FOUND, `${rank}.json`), JSON.stringify({ rank, size, found, pictures }));
