// From a run's figures to what its report shows: the worst mistakes, the first layer's weights, the command that repeats it.
import type { ImageSet } from "../src/data/image-set.ts";
import { engineStatus } from "../src/engine/configure.ts";
import type { Model } from "../src/nn/model.ts";
import { fixedShape } from "../src/nn/shapes.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { commandName } from "./command-name.ts";
import type { LoadedDataset } from "./datasets.ts";
import type { Mistake, RunReport, RunStatus } from "./report.ts";
import type { RunConfig, RunRecord } from "./run-config.ts";
import { networkName } from "./run-layers.ts";

const MISTAKES = 40;
const NEURONS = 60;

export interface RunResult {
  config: RunConfig;
  data: LoadedDataset;
  model: Model;
  records: readonly RunRecord[];
  status: RunStatus;
  /** The model's outputs for the test set, row-major [n, classes]. */
  outputs: ArrayLike<number>;
  confusion: number[][];
}

function quoted(word: string): string {
  return /\s/.test(word) ? JSON.stringify(word) : word;
}

/** What says which network it is: a name, which has its own activation; a line; or sizes. */
function networkWords({ model, layers, hidden, activation }: RunConfig): string[] {
  if (model !== undefined) return [`--model ${model}`];
  const network =
    layers === undefined ? `--hidden ${hidden.join(",") || "none"}` : `--layers ${JSON.stringify(layers)}`;
  return [network, `--activation ${activation}`];
}

/** The command that does the run again. */
export function commandOf(config: RunConfig): string {
  const words = [
    `${commandName()} train`,
    `--dataset ${quoted(config.dataset)}`,
    ...(config.transpose === undefined ? [] : [config.transpose ? "--transpose" : "--no-transpose"]),
    ...(config.size === undefined ? [] : [`--size ${config.size.join("x")}`]),
    ...(config.label === undefined ? [] : [`--label ${quoted(config.label)}`]),
    ...networkWords(config),
    `--loss ${config.loss} --optimizer ${config.optimizer}`,
    `--lr ${config.lr} --batch ${config.batch} --epochs ${config.epochs}`,
    ...(config.l2 > 0 ? [`--l2 ${config.l2}`] : []),
    ...(config.dropout > 0 ? [`--dropout ${config.dropout}`] : []),
    ...(config.init !== "auto" ? [`--init ${config.init}`] : []),
    ...(config.split !== null ? [`--split ${config.split}`] : []),
    `--seed ${config.seed}`,
  ];
  return words.join(" ");
}

/** A picture in shades: the report's pictures have no colour. */
function greyOf({ images, width, height, channels = 1 }: ImageSet, index: number): Uint8Array {
  const size = width * height;
  const planes = images.subarray(index * channels * size, (index + 1) * channels * size);
  if (channels === 1) return planes;
  return Uint8Array.from(
    { length: size },
    (_, p) => 0.299 * planes[p] + 0.587 * planes[size + p] + 0.114 * planes[2 * size + p],
  );
}

/** Wrong answers, those with the least probability for the right class first. */
function worstMistakes(images: ImageSet, outputs: ArrayLike<number>): Mistake[] {
  const { classes, width, height } = images;
  const mistakes: Mistake[] = [];
  for (let i = 0; i < images.count; i++) {
    const row = Array.from({ length: classes }, (_, j) => outputs[i * classes + j]);
    // Sigmoid outputs need not add up to 1; shares of their sum compare with softmax.
    const sum = row.reduce((a, b) => a + b, 0) || 1;
    const probabilities = row.map((value) => value / sum);
    const prediction = probabilities.indexOf(Math.max(...probabilities));
    const label = images.labels[i];
    if (prediction === label) continue;
    const pixels = greyOf(images, i);
    const loss = -Math.log(Math.max(probabilities[label], 1e-12));
    mistakes.push({
      width,
      height,
      pixels,
      label,
      prediction,
      probability: probabilities[prediction],
      probabilities,
      loss,
    });
  }
  return mistakes.sort((a, b) => b.loss - a.loss).slice(0, MISTAKES);
}

/** The filters of a first convolution, of pictures of one channel. */
function filters(weights: Tensor): RunReport["firstLayerWeights"] {
  const [count, channels, height, width] = weights.shape as [number, number, number, number];
  if (channels !== 1) return undefined;
  const values = weights.dataSync() as Float32Array;
  const size = height * width;
  const neurons = Array.from({ length: Math.min(count, NEURONS) }, (_, f) => values.slice(f * size, (f + 1) * size));
  return { width, height, neurons };
}

/** The weights of each neuron of the first layer, as a picture. */
function firstLayer(model: Model, images: ImageSet | undefined): RunReport["firstLayerWeights"] {
  if (images === undefined) return undefined;
  const weights = model.parameters[0].tensor;
  if (weights.rank === 4) return filters(weights);
  const [inputs, neurons] = weights.shape as [number, number];
  if (inputs !== images.width * images.height) return undefined;
  const values = weights.dataSync();
  return {
    width: images.width,
    height: images.height,
    neurons: Array.from({ length: Math.min(neurons, NEURONS) }, (_, j) =>
      Float32Array.from({ length: inputs }, (__, i) => values[i * neurons + j]),
    ),
  };
}

function hyperparameters(config: RunConfig): Record<string, string | number> {
  return {
    activation: config.activation,
    loss: config.loss,
    optimizer: config.optimizer,
    "learning rate": config.lr,
    "batch size": config.batch,
    epochs: config.epochs,
    "L2 (lambda)": config.l2,
    dropout: config.dropout,
    initialisation: config.init,
  };
}

/** Everything the report shows. */
export function reportOf({ config, data, model, records, status, outputs, confusion }: RunResult): RunReport {
  const { engine, threads } = engineStatus();
  const last = records.at(-1);
  const seconds = records.reduce((sum, record) => sum + record.seconds, 0);
  const trained = data.training.x.shape[0];
  return {
    title: `${networkName(config, data)} on ${data.name}`,
    status,
    config: {
      dataset: data.name,
      trainingImages: trained,
      validationImages: data.validation?.x.shape[0],
      testImages: data.test.x.shape[0],
      network: networkName(config, data),
      hyperparameters: hyperparameters(config),
      engine,
      threads,
      seed: config.seed,
      command: commandOf(config),
    },
    network: [
      { name: "input", outputShape: fixedShape("input", model.inputShape), parameters: 0 },
      ...model.summaryRows().map((row) => ({ ...row, outputShape: fixedShape(row.name, row.outputShape) })),
    ],
    history: records,
    testAccuracy: last?.testAccuracy ?? null,
    testLoss: last?.testLoss ?? null,
    classNames: data.classNames,
    confusion,
    worstMistakes: data.testImages === undefined ? [] : worstMistakes(data.testImages, outputs),
    firstLayerWeights: firstLayer(model, data.testImages),
    totals: {
      seconds,
      samplesPerSecond: seconds > 0 ? (records.length * trained) / seconds : 0,
      parameters: model.parameterCount,
    },
  };
}
